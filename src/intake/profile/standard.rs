//! The minimum standard that a partner's files are held to.

use crate::domain::credits::{Credits, DecimalMark};
use crate::intake::fault::IntakeError;
use crate::intake::rules::Rule;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// An exact share of a whole, from none to any multiple.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    num: u64,
    den: u64,
}

/// Largest numerator or denominator of a share.
const LIMIT: u64 = 1_000_000_000;

impl Share {
    /// Reads `10%`, `2.5 %` or `1/10`.
    pub fn parse(text: &str) -> Option<Share> {
        let text = text.trim();
        if let Some(percent) = text.strip_suffix('%') {
            let amount = Credits::parse(percent.trim(), DecimalMark::Point).ok()?;
            return Share::new(u64::try_from(amount.0).ok()?, 100_000);
        }
        let (num, den) = text.split_once('/')?;
        Share::new(num.trim().parse().ok()?, den.trim().parse().ok()?)
    }

    fn new(num: u64, den: u64) -> Option<Share> {
        ((1..=LIMIT).contains(&den) && num <= LIMIT).then_some(Share { num, den })
    }

    /// How a part of a whole compares with this share of it, exactly.
    pub fn compare(self, part: u64, whole: u64) -> std::cmp::Ordering {
        let left = u128::from(part) * u128::from(self.den);
        left.cmp(&(u128::from(whole) * u128::from(self.num)))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let thousandths = u128::from(self.num) * 100_000;
        if thousandths.is_multiple_of(u128::from(self.den)) {
            let amount = i64::try_from(thousandths / u128::from(self.den)).unwrap_or(i64::MAX);
            return write!(f, "{} %", Credits(amount));
        }
        write!(f, "{}/{}", self.num, self.den)
    }
}

/// What the files of a profile are held to, beside the rules of their rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standard {
    /// The largest share of rows that may be refused.
    pub refused_at_most: Option<Share>,
    /// From this share on, fewer rows than in the batch before must be expected.
    pub fewer_rows: Option<Share>,
    /// The same of more rows.
    pub more_rows: Option<Share>,
    /// The same of less credit.
    pub less_credit: Option<Share>,
    /// The same of more credit.
    pub more_credit: Option<Share>,
    /// Whether each file needs a manifest.
    pub manifest: bool,
    /// What the files add up to.
    pub control: Control,
}

/// Control totals: what files are said to add up to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Control {
    /// Rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Credits by system: all systems, where any is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credits: Option<BTreeMap<String, Credits>>,
}

impl Control {
    /// True where nothing is said.
    pub fn is_empty(&self) -> bool {
        self.rows.is_none() && self.credits.is_none()
    }
}

/// What a manifest says of one file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Manifest {
    /// Its control totals.
    pub control: Control,
    /// SHA-256 of its bytes, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    rows: Option<u64>,
    sha256: Option<String>,
    credits: Option<BTreeMap<String, Amount>>,
}

/// An amount as a text or a whole number: a number with decimals would be a binary fraction.
#[derive(Deserialize, Clone)]
#[serde(untagged, expecting = "expected an amount in quotes, such as \"25.5\", or a whole number")]
pub(super) enum Amount {
    Whole(u32),
    Text(String),
}

impl Amount {
    pub(super) fn read(&self) -> Option<Credits> {
        let text = match self {
            Amount::Whole(number) => number.to_string(),
            Amount::Text(text) => text.clone(),
        };
        Credits::parse_sum(&text, DecimalMark::Point).ok()
    }
}

impl Manifest {
    /// Reads a manifest: JSON where the text begins with a brace, else TOML.
    ///
    /// # Errors
    /// `E510` where it is neither, or says what no manifest says.
    pub fn parse(text: &str) -> Result<Manifest, IntakeError> {
        let unfit = |what: String| IntakeError::Unfit { rule: Rule::ManifestUnread, line: None, what };
        let written: Written = match text.trim_start().starts_with('{') {
            true => serde_json::from_str(text).map_err(|error| unfit(error.to_string()))?,
            false => toml::from_str(text).map_err(|error| unfit(error.message().replace('\n', ", ")))?,
        };
        let read = |(system, amount): (String, Amount)| match amount.read() {
            Some(credits) => Ok((system, credits)),
            None => Err(unfit(format!("the credits of {system} are no amount"))),
        };
        let credits = written.credits.map(|credits| credits.into_iter().map(read).collect()).transpose()?;
        let sha256 = written.sha256.map(|hash| hash.trim().to_ascii_lowercase());
        if let Some(hash) = sha256.as_ref().filter(|hash| hash.len() != 64) {
            return Err(unfit(format!("`{hash}` is no SHA-256: it has not 64 digits")));
        }
        Ok(Manifest { control: Control { rows: written.rows, credits }, sha256 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cmp::Ordering::{Equal, Greater, Less};

    #[test]
    fn shares_are_exact() {
        let cases = [
            ("10%", 1, 10, Equal),
            ("10%", 10, 100, Equal),
            ("10%", 11, 100, Greater),
            ("10%", 9, 100, Less),
            ("1/3", 1, 3, Equal),
            ("1/3", 333_333_333, 1_000_000_000, Less),
            ("2.5 %", 1, 40, Equal),
            ("0%", 0, 7, Equal),
            ("0%", 1, 1_000_000_000_000, Greater),
        ];
        for (share, part, whole, expected) in cases {
            assert_eq!(Share::parse(share).unwrap().compare(part, whole), expected, "{share} {part}/{whole}");
        }
        for text in ["", "10", "%", "-1%", "1/0", "a/b", "1.2345%", "0.1"] {
            assert_eq!(Share::parse(text), None, "{text}");
        }
        let shown = ["10%", "1/10", "2.5%", "1/3"].map(|text| Share::parse(text).unwrap().to_string());
        assert_eq!(shown, ["10 %", "10 %", "2.5 %", "1/3"]);
    }

    #[test]
    fn manifests_are_toml_or_json() {
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let toml = format!("rows = 3\nsha256 = \"{hash}\"\n[credits]\nCN = \"2.5\"\nECTS = 5\n");
        let json = format!(r#"{{"rows":3,"sha256":"{hash}","credits":{{"CN":"2.5","ECTS":5}}}}"#);
        let read = Manifest::parse(&toml).unwrap();
        assert_eq!(read, Manifest::parse(&json).unwrap());
        assert_eq!(read.control.rows, Some(3));
        assert_eq!(read.control.credits.unwrap()["CN"], Credits(2500));
        for bad in ["rows = -1", "row = 1", "{\"rows\":", "sha256 = \"abc\"", "[credits]\nCN = 2.5"] {
            assert_eq!(Manifest::parse(bad).unwrap_err().code(), "E510", "{bad}");
        }
    }
}
