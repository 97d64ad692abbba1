//! Checks of a row against what the registries say beside the catalogue: scales, accreditation, today.

use super::catalogue::Catalogue;
use crate::domain::date::parse_iso;
use crate::domain::registry::OutcomeVersion;
use crate::domain::scale::{Grades, GradingScale};
use hashbrown::{HashMap, HashSet};
use jiff::civil::Date;

/// The registered grading scales that rows have named so far, in all their versions; none where a name is not
/// registered.
#[derive(Default)]
pub struct Scales(HashMap<String, Vec<Allowed>>);

/// What a version of a scale allows.
struct Allowed {
    scale: GradingScale,
    /// Its grades, where they are listed.
    listed: HashSet<String>,
}

impl Allowed {
    fn new(scale: &GradingScale) -> Allowed {
        Allowed { scale: scale.clone(), listed: scale.listed().iter().cloned().collect() }
    }

    fn fault(&self, grade: &str) -> Option<String> {
        match &self.scale.grades {
            Grades::Listed(_) if self.listed.contains(grade) => None,
            Grades::Numbers { bounds: None, .. } if is_number(grade) => None,
            _ => self.scale.fault(grade),
        }
    }
}

impl Scales {
    /// Why a grade is on no version of its scale. A scale that is not registered allows every grade.
    pub fn fault(&mut self, catalogue: &Catalogue, scale: &str, grade: &str) -> Option<String> {
        if !self.0.contains_key(scale) {
            self.0.insert(scale.to_owned(), catalogue.scale(scale).iter().map(Allowed::new).collect());
        }
        let versions = self.0.get(scale)?;
        let newest = versions.last()?.fault(grade)?;
        versions.iter().all(|version| version.fault(grade).is_some()).then_some(newest)
    }
}

/// Digits with at most one decimal mark between them.
fn is_number(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, decimals) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    digits(whole) && digits(decimals)
}

/// Why an outcome was not accredited at any time of a period. A period that only reaches beyond the
/// accreditation is within it: nobody knows the day.
pub fn accreditation_fault(version: &OutcomeVersion, first: Date, last: Date) -> Option<String> {
    let from = version.accredited_from.as_deref();
    let to = version.accredited_to.as_deref();
    if from.is_none() && to.is_none() {
        return None;
    }
    let day = |text: Option<&str>| text.and_then(|text| parse_iso(text).ok());
    if day(from).is_some_and(|from| last < from) {
        return Some(format!("it was accredited from {}", from.unwrap_or_default()));
    }
    if day(to).is_some_and(|to| first > to) {
        return Some(format!("it was accredited until {}", to.unwrap_or_default()));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_digits_and_at_most_one_mark() {
        for number in ["0", "87", "87.5", "2,7"] {
            assert!(is_number(number), "{number}");
        }
        for other in ["", "A", "8.", ".5", "1.2.3", "-1", "1e3", "缺考"] {
            assert!(!is_number(other), "{other}");
        }
    }

    #[test]
    fn a_period_lies_outside_accreditation_only_with_all_its_days() {
        let version = |from: Option<&str>, to: Option<&str>| OutcomeVersion {
            id: 1,
            outcome: 1,
            version: 1,
            title: "T".into(),
            kind: None,
            framework: None,
            level: None,
            field: None,
            hours: None,
            credits: None,
            system: None,
            valid_from: None,
            valid_to: None,
            accredited_from: from.map(str::to_owned),
            accredited_to: to.map(str::to_owned),
        };
        let date = |text: &str| parse_iso(text).unwrap();
        let cases = [
            (None, None, "2024-01-01", "2024-12-31", None),
            (Some("2024-07-01"), None, "2024-01-01", "2024-12-31", None),
            (Some("2024-07-01"), None, "2024-01-01", "2024-06-30", Some("it was accredited from 2024-07-01")),
            (None, Some("2024-07-01"), "2024-07-01", "2024-07-01", None),
            (
                None,
                Some("2024-07-01"),
                "2024-07-02",
                "2024-07-02",
                Some("it was accredited until 2024-07-01"),
            ),
        ];
        for (from, to, first, last, expected) in cases {
            let fault = accreditation_fault(&version(from, to), date(first), date(last));
            assert_eq!(fault.as_deref(), expected, "{from:?} {to:?} {first} {last}");
        }
    }
}
