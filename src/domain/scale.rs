//! Grading scales: which grades there are, which of two is better, and which pass.

use super::date::parse_iso;
use super::fault::{Fault, Result};
use super::registry::Scale;
use jiff::civil::Date;
use std::cmp::Ordering;
use std::fmt;

/// Parts of one in a [`Mark`].
const UNIT: i64 = 1_000_000;

/// Decimals of a [`Mark`].
const DECIMALS: usize = 6;

/// A grade that is a number, exactly: millionths, so that averages of recorded grades fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark(pub i64);

impl Mark {
    /// Reads `2.7`, `2,7`, `-3` or `02`; nothing where the text is no number, has more than six
    /// decimals or lies beyond a million.
    pub fn parse(text: &str) -> Option<Mark> {
        let (sign, digits) = match text.strip_prefix(['-', '−']) {
            Some(rest) => (-1, rest),
            None => (1, text),
        };
        let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let (whole, decimals) = digits.split_once(['.', ',']).unwrap_or((digits, "0"));
        if !is_digits(whole) || !is_digits(decimals) {
            return None;
        }
        let decimals = decimals.trim_end_matches('0');
        if decimals.len() > DECIMALS {
            return None;
        }
        let whole: i64 = whole.parse().ok().filter(|whole| *whole <= UNIT)?;
        let part: i64 = format!("{decimals:0<DECIMALS$}").parse().ok()?;
        Some(Mark(sign * (whole * UNIT + part)))
    }

    /// How many decimals it needs.
    pub fn decimals(self) -> usize {
        let digits = format!("{:0>DECIMALS$}", self.0.unsigned_abs() % UNIT as u64);
        digits.trim_end_matches('0').len()
    }

    /// Written with at least so many decimals: `2.0`.
    pub fn with_decimals(self, decimals: usize) -> String {
        let decimals = decimals.max(self.decimals());
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, part) = (self.0.unsigned_abs() / UNIT as u64, self.0.unsigned_abs() % UNIT as u64);
        match decimals {
            0 => format!("{sign}{whole}"),
            _ => format!("{sign}{whole}.{}", &format!("{part:0>DECIMALS$}")[..decimals]),
        }
    }
}

impl fmt::Display for Mark {
    /// Writes the shortest exact decimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.with_decimals(0))
    }
}

/// The bounds of a scale of numbers. Where the best is the lower number, less is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The best grade that there is.
    pub best: Mark,
    /// The worst grade that there is.
    pub worst: Mark,
}

/// Which grades a scale has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grades {
    /// These, from worst to best.
    Listed(Vec<String>),
    /// Numbers; more is better where there are no bounds that say otherwise.
    Numbers {
        /// The best and the worst.
        bounds: Option<Bounds>,
        /// Onto multiples of what converted grades are brought, counted from the worst.
        step: Option<Mark>,
    },
}

/// One version of a grading scale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GradingScale {
    /// Its name, as profiles, rule books and achievements write it.
    pub name: String,
    /// From 1; a changed definition is a new version.
    pub version: i64,
    /// Its grades.
    pub grades: Grades,
    /// The lowest passing grade.
    pub pass: Option<String>,
    /// First day of the grades that this version reads; none for all before the next.
    pub valid_from: Option<Date>,
    /// Where it is written down.
    pub citation: String,
    /// Whether it was read there.
    pub verified: bool,
}

impl GradingScale {
    /// Reads a registry's row.
    ///
    /// # Errors
    /// `S913` where a value cannot be read, which only a change from outside causes.
    pub fn from_row(row: &Scale) -> Result<GradingScale> {
        let damaged = |what: &str| {
            Fault::new("S913", format!("the {what} of scale {} cannot be read", row.name))
                .remedy("run `creditbank verify` to see what was changed")
        };
        let mark = |what: &str, text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => Mark::parse(text).map(Some).ok_or_else(|| damaged(what)),
        };
        let grades = match row.numeric {
            1 => {
                let (best, worst) = (mark("best", &row.best)?, mark("worst", &row.worst)?);
                let bounds = best.zip(worst).map(|(best, worst)| Bounds { best, worst });
                Grades::Numbers { bounds, step: mark("step", &row.step)? }
            }
            _ => Grades::Listed(serde_json::from_str(&row.grades).map_err(|_| damaged("grades"))?),
        };
        let valid_from = row.valid_from.as_deref().map(parse_iso).transpose();
        Ok(GradingScale {
            name: row.name.clone(),
            version: row.version,
            grades,
            pass: row.pass.clone(),
            valid_from: valid_from.map_err(|_| damaged("first day"))?,
            citation: row.citation.clone(),
            verified: row.verified == 1,
        })
    }

    /// The registry's row of that id.
    ///
    /// # Errors
    /// `S901` where the grades cannot be written.
    pub fn to_row(&self, id: i64) -> Result<Scale> {
        let (bounds, step) = match &self.grades {
            Grades::Listed(_) => (None, None),
            Grades::Numbers { bounds, step } => (*bounds, *step),
        };
        let json = serde_json::to_string(self.listed());
        Ok(Scale {
            id,
            name: self.name.clone(),
            version: self.version,
            numeric: i64::from(matches!(self.grades, Grades::Numbers { .. })),
            grades: json.map_err(|error| Fault::new("S901", error.to_string()))?,
            pass: self.pass.clone(),
            best: bounds.map(|bounds| bounds.best.to_string()),
            worst: bounds.map(|bounds| bounds.worst.to_string()),
            step: step.map(|step| step.to_string()),
            valid_from: self.valid_from.map(|day| day.to_string()),
            citation: self.citation.clone(),
            verified: i64::from(self.verified),
        })
    }

    /// Whether two versions say the same of grades, whatever their numbers and days.
    pub fn says_the_same(&self, other: &GradingScale) -> bool {
        let mine = (&self.grades, &self.pass, &self.citation, self.verified);
        mine == (&other.grades, &other.pass, &other.citation, other.verified)
    }

    /// The grades from worst to best; none where they are numbers.
    pub fn listed(&self) -> &[String] {
        match &self.grades {
            Grades::Listed(grades) => grades,
            Grades::Numbers { .. } => &[],
        }
    }

    /// True where the lower number is the better grade.
    pub fn is_less_better(&self) -> bool {
        matches!(self.grades, Grades::Numbers { bounds: Some(Bounds { best, worst }), .. } if best < worst)
    }

    /// Place of a grade among all, the worst first; nothing where it is none of the scale.
    pub fn rank(&self, grade: &str) -> Option<i64> {
        match &self.grades {
            Grades::Listed(grades) => grades.iter().position(|known| known == grade).map(|at| at as i64),
            Grades::Numbers { bounds: None, .. } => Mark::parse(grade).map(|mark| mark.0),
            Grades::Numbers { bounds: Some(Bounds { best, worst }), .. } => {
                let mark = Mark::parse(grade)?;
                let within = mark >= *best.min(worst) && mark <= *best.max(worst);
                within.then(|| (mark.0 - worst.0) * (best.0 - worst.0).signum())
            }
        }
    }

    /// Whether the first grade is worse or better than the second.
    pub fn compare(&self, one: &str, other: &str) -> Option<Ordering> {
        Some(self.rank(one)?.cmp(&self.rank(other)?))
    }

    /// Whether a grade passes; nothing where it is none of the scale or no line is drawn.
    pub fn passes(&self, grade: &str) -> Option<bool> {
        Some(self.compare(grade, self.pass.as_deref()?)? != Ordering::Less)
    }

    /// Why a grade is none of the scale.
    pub fn fault(&self, grade: &str) -> Option<String> {
        if self.rank(grade).is_some() {
            return None;
        }
        let name = &self.name;
        Some(match &self.grades {
            Grades::Listed(_) => format!("{name} has the grades {}", self.grades_text()),
            Grades::Numbers { .. } if Mark::parse(grade).is_none() => {
                format!("the grades of {name} are numbers")
            }
            Grades::Numbers { .. } => format!("the grades of {name} are {}", self.grades_text()),
        })
    }

    /// What its grades are, for a message.
    pub fn grades_text(&self) -> String {
        match &self.grades {
            Grades::Listed(grades) => grades.join(", "),
            Grades::Numbers { bounds: None, .. } => "decimal numbers".to_owned(),
            Grades::Numbers { bounds: Some(Bounds { best, worst }), step } => {
                let decimals = step.map_or(0, Mark::decimals);
                let [worst, best] = [worst, best].map(|mark| mark.with_decimals(decimals));
                format!("numbers from {worst}, the worst, to {best}, the best")
            }
        }
    }
}

/// The version of a scale, from all of one name in order, that reads grades of a day.
fn at(versions: &[GradingScale], day: Date) -> Option<&GradingScale> {
    let begun = |version: &&GradingScale| version.valid_from.is_none_or(|from| from <= day);
    versions.iter().rev().find(begun).or_else(|| versions.first())
}

/// The version of a scale that reads the grades of an interval of days. `Err` holds the two between
/// which nobody can choose without the day.
///
/// # Errors
/// Where a version begins inside the interval and says something else of grades.
#[allow(
    clippy::result_large_err,
    clippy::type_complexity,
    reason = "the error is two versions, by reference"
)]
pub fn version_at(
    versions: &[GradingScale],
    (first, last): (Date, Date),
) -> std::result::Result<Option<&GradingScale>, (&GradingScale, &GradingScale)> {
    match (at(versions, first), at(versions, last)) {
        (Some(early), Some(late)) if early.version != late.version && !early.says_the_same(late) => {
            Err((early, late))
        }
        (_, late) => Ok(late),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(best: &str, worst: &str, pass: &str) -> GradingScale {
        let [best, worst] = [best, worst].map(|text| Mark::parse(text).unwrap());
        GradingScale {
            name: "S".into(),
            version: 1,
            grades: Grades::Numbers { bounds: Some(Bounds { best, worst }), step: Mark::parse("0.1") },
            pass: Some(pass.into()),
            valid_from: None,
            citation: String::new(),
            verified: false,
        }
    }

    #[test]
    fn marks_are_read_and_written_exactly() {
        let cases = [
            ("2.7", Some(2_700_000)),
            ("2,7", Some(2_700_000)),
            ("02", Some(2_000_000)),
            ("-3", Some(-3_000_000)),
            ("-0.5", Some(-500_000)),
            ("2.333333", Some(2_333_333)),
            ("2.33333300", Some(2_333_333)),
            ("2.3333333", None),
            ("1000000", Some(1_000_000_000_000)),
            ("1000001", None),
            ("", None),
            ("A", None),
            (".5", None),
            ("5.", None),
            ("1e3", None),
            ("1.2.3", None),
        ];
        for (text, millionths) in cases {
            assert_eq!(Mark::parse(text).map(|mark| mark.0), millionths, "{text:?}");
        }
        for (text, decimals, written) in
            [("2", 1, "2.0"), ("2.75", 1, "2.75"), ("-0.5", 0, "-0.5"), ("30", 0, "30"), ("0", 2, "0.00")]
        {
            assert_eq!(Mark::parse(text).unwrap().with_decimals(decimals), written);
        }
    }

    #[test]
    fn the_passing_line_has_two_sides_whichever_way_is_better() {
        let cases = [
            (numbers("1.0", "5.0", "4.0"), "4.0", Some(true)),
            (numbers("1.0", "5.0", "4.0"), "4,0", Some(true)),
            (numbers("1.0", "5.0", "4.0"), "4.1", Some(false)),
            (numbers("1.0", "5.0", "4.0"), "1.0", Some(true)),
            (numbers("1.0", "5.0", "4.0"), "0.9", None),
            (numbers("100", "0", "60"), "60", Some(true)),
            (numbers("100", "0", "60"), "59.9", Some(false)),
            (numbers("100", "0", "60"), "100.1", None),
            (numbers("100", "0", "60"), "passed", None),
        ];
        for (scale, grade, passes) in cases {
            assert_eq!(scale.passes(grade), passes, "{scale:?} {grade}");
            assert_eq!(scale.fault(grade).is_none(), passes.is_some());
        }
        let german = numbers("1.0", "5.0", "4.0");
        assert_eq!(german.compare("1.3", "2.0"), Some(Ordering::Greater));
        assert!(german.is_less_better());
        assert_eq!(
            german.fault("6").unwrap(),
            "the grades of S are numbers from 5.0, the worst, to 1.0, the best"
        );
    }

    #[test]
    fn a_row_comes_back_as_it_was() {
        let listed = GradingScale {
            grades: Grades::Listed(vec!["不及格".into(), "及格".into()]),
            pass: Some("及格".into()),
            valid_from: Some(jiff::civil::date(2024, 9, 1)),
            ..numbers("1", "5", "4")
        };
        for scale in [numbers("1.0", "5.0", "4.0"), listed] {
            assert_eq!(GradingScale::from_row(&scale.to_row(3).unwrap()).unwrap(), scale);
        }
    }

    #[test]
    fn a_version_that_begins_inside_the_interval_needs_the_day() {
        let day = |month, day| jiff::civil::date(2024, month, day);
        let old = numbers("100", "0", "60");
        let new = GradingScale { version: 2, valid_from: Some(day(9, 1)), ..numbers("100", "0", "50") };
        let versions = [old, new.clone()];
        let of = |first, last| version_at(&versions, (first, last)).map(|found| found.unwrap().version);
        assert_eq!(of(day(8, 31), day(8, 31)), Ok(1));
        assert_eq!(of(day(9, 1), day(9, 1)), Ok(2));
        assert_eq!(of(day(1, 1), day(8, 31)), Ok(1));
        assert!(of(day(8, 31), day(9, 1)).is_err());
        let same = [new.clone(), GradingScale { version: 3, valid_from: Some(day(10, 1)), ..new }];
        assert!(version_at(&same, (day(9, 1), day(12, 1))).is_ok());
    }
}
