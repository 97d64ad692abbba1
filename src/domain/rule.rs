//! Conversion rules: what converts into what, under which conditions, by which arithmetic.

use super::credits::{Credits, Ratio, RoundingMode};
use super::outcome::Kind;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// One side of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Side {
    /// Any credit of a credit system.
    System {
        /// The system's code.
        system: String,
    },
    /// One outcome of an institution.
    Outcome {
        /// The institution's code.
        institution: String,
        /// The outcome's code there.
        outcome: String,
    },
}

/// What a placement is worth at the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Worth {
    /// The original amount times an exact fraction.
    Ratio(Ratio),
    /// A fixed amount for the whole outcome.
    Credits(Credits),
}

/// A rule of a rule book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its id within its book.
    pub id: String,
    /// What it converts.
    pub from: Side,
    /// What it converts into.
    pub to: Side,
    /// Code of the credit system of what results: the target system, or the receiving outcome's.
    pub system: String,
    /// The arithmetic.
    pub worth: Worth,
    /// How the sum of an act is rounded.
    #[serde(default)]
    pub rounding: RoundingMode,
    /// Onto multiples of what.
    #[serde(default = "finest")]
    pub step: Credits,
    /// Lowest grade accepted, on `scale`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_grade: Option<String>,
    /// The grading scale of `min_grade`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<String>,
    /// Lowest score accepted, where the grade is a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_score: Option<Credits>,
    /// Framework of `min_level`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub framework: Option<String>,
    /// Lowest level accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_level: Option<String>,
    /// Kinds of learning accepted; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<Kind>,
    /// First day on which decisions may use the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Date>,
    /// Last day on which decisions may use the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Date>,
    /// First day on which the outcome may have been achieved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_from: Option<Date>,
    /// Last day on which the outcome may have been achieved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_to: Option<Date>,
    /// Who decided the rule.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub authority: String,
    /// The agreement or law.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reference: String,
}

/// The finest step: a thousandth of a credit.
pub fn finest() -> Credits {
    Credits(1)
}
