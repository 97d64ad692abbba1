//! Checks of a row against what the registries say beside the catalogue: scales, accreditation, today.

use super::catalogue::Catalogue;
use crate::domain::date::parse_iso;
use crate::domain::registry::OutcomeVersion;
use hashbrown::{HashMap, HashSet};
use jiff::civil::Date;

/// What a registered scale allows.
enum Grades {
    /// Any decimal number.
    Numbers,
    /// These, from worst to best.
    Listed(HashSet<String>, String),
}

/// The registered grading scales that rows have named so far; none where a name is not registered.
#[derive(Default)]
pub struct Scales(HashMap<String, Option<Grades>>);

impl Scales {
    /// Why a grade is not on its scale. A scale that is not registered allows every grade.
    pub fn fault(&mut self, catalogue: &Catalogue, scale: &str, grade: &str) -> Option<String> {
        if !self.0.contains_key(scale) {
            self.0.insert(scale.to_owned(), grades(catalogue, scale));
        }
        match self.0.get(scale)?.as_ref()? {
            Grades::Numbers if is_number(grade) => None,
            Grades::Numbers => Some(format!("the grades of {scale} are numbers")),
            Grades::Listed(known, _) if known.contains(grade) => None,
            Grades::Listed(_, text) => Some(format!("{scale} has the grades {text}")),
        }
    }
}

fn grades(catalogue: &Catalogue, scale: &str) -> Option<Grades> {
    let row = catalogue.scale(scale)?;
    if row.numeric == 1 {
        return Some(Grades::Numbers);
    }
    let listed: Vec<String> = serde_json::from_str(&row.grades).ok()?;
    let text = listed.join(", ");
    Some(Grades::Listed(listed.into_iter().collect(), text))
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
