//! Conversion rules: what converts into what, under which conditions, by which arithmetic, within which limits.

use super::credits::{Credits, Ratio, RoundingMode};
use super::outcome::Kind;
use super::requirement::{Received, Requirement};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What a rule converts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum From {
    /// Any credit of a credit system, all of it in one act.
    System {
        /// The system's code.
        system: String,
    },
    /// Achievements that meet a requirement.
    Outcomes {
        /// Code of the institution whose outcomes they are, where a choice names no other.
        institution: String,
        /// What is required.
        #[serde(rename = "outcome")]
        required: Requirement,
    },
}

/// What a rule converts into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum To {
    /// Credit of a credit system.
    System {
        /// The system's code.
        system: String,
    },
    /// Outcomes of an institution.
    Outcomes {
        /// The institution's code.
        institution: String,
        /// The outcomes, each with its part of the credit where the rule says it.
        #[serde(rename = "outcome")]
        received: Received,
    },
    /// Credit of a category at an institution, for no outcome in particular.
    Category {
        /// The institution's code.
        institution: String,
        /// Its name for the category: "elective", "general education area 2".
        category: String,
    },
}

impl To {
    /// Code of the institution where the credit is to count.
    pub fn institution(&self) -> Option<&str> {
        match self {
            To::System { .. } => None,
            To::Outcomes { institution, .. } | To::Category { institution, .. } => Some(institution),
        }
    }
}

/// What a placement is worth at the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Worth {
    /// The original amount times an exact fraction.
    Ratio(Ratio),
    /// A fixed amount for all that the requirement takes.
    Credits(Credits),
    /// The original amount, where it is credit of the system that results.
    Original,
    /// A fixed amount that was chosen from a range which the authority gives.
    Range {
        /// The least that the authority allows.
        low: Credits,
        /// The most.
        high: Credits,
        /// What counts.
        chosen: Credits,
    },
    /// Nothing: it is decided that this does not convert, and why.
    Denied {
        /// The reason.
        reason: String,
    },
}

/// How old an achievement may be on the day of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Age {
    /// So many years.
    Years(u16),
    /// So many months.
    Months(u16),
}

/// A rule of a rule book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its id within its book.
    pub id: String,
    /// What it converts.
    pub from: From,
    /// What it converts into.
    pub to: To,
    /// Code of the credit system of what results: the target system, or the receiving outcome's.
    pub system: String,
    /// The arithmetic.
    pub worth: Worth,
    /// How the sum of an act is rounded.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rounding: RoundingMode,
    /// Onto multiples of what.
    #[serde(default = "finest", skip_serializing_if = "is_finest")]
    pub step: Credits,
    /// Lower numbers come first: what a rule of one takes is not left for a rule of another.
    #[serde(default, skip_serializing_if = "is_default")]
    pub priority: u16,
    /// Most credit that a learner gets by this rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<Credits>,
    /// Names of the book's caps that count what it gives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caps: Vec<String>,
    /// Lowest grade accepted, on `scale`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_grade: Option<String>,
    /// The grading scale of `min_grade`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<String>,
    /// Lowest score accepted, where the grade is a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_score: Option<Credits>,
    /// Highest score for which the rule is meant: the upper end of a tier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_score: Option<Credits>,
    /// Framework of `min_level`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub framework: Option<String>,
    /// Lowest level accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_level: Option<String>,
    /// Fewest hours of work that the outcome must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_hours: Option<Credits>,
    /// Kinds of learning accepted; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<Kind>,
    /// How old the achievement may be at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Age>,
    /// Whether the outcome must have been accredited when it was achieved.
    #[serde(default, skip_serializing_if = "is_default")]
    pub accredited: bool,
    /// Attributes that the achievement must carry, each with the values accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<(String, Vec<String>)>,
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
    /// How the sending side agreed to it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sender_approval: String,
    /// How the receiving side agreed to it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub receiver_approval: String,
}

impl Rule {
    /// A rule without conditions and limits, which rounds down to a thousandth of a credit.
    pub fn new(id: &str, from: From, to: To, system: &str, worth: Worth) -> Rule {
        Rule {
            id: id.to_owned(),
            from,
            to,
            system: system.to_owned(),
            worth,
            rounding: RoundingMode::default(),
            step: finest(),
            priority: 0,
            most: None,
            caps: Vec::new(),
            min_grade: None,
            scale: None,
            min_score: None,
            max_score: None,
            framework: None,
            min_level: None,
            min_hours: None,
            kinds: Vec::new(),
            max_age: None,
            accredited: false,
            attributes: Vec::new(),
            valid_from: None,
            valid_to: None,
            taken_from: None,
            taken_to: None,
            authority: String::new(),
            reference: String::new(),
            sender_approval: String::new(),
            receiver_approval: String::new(),
        }
    }
}

/// A limit on what a learner gets by several rules together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cap {
    /// Its name within its book, by which rules ask for it.
    pub name: String,
    /// Most credit, of `system`.
    pub credits: Credits,
    /// Code of the credit system of the amount; what results in other systems is not counted.
    pub system: String,
    /// It counts what every rule of the book gives for these kinds of learning.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<Kind>,
    /// It counts what every rule of the book gives at this target: a credit system or an institution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Who set it, and where.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reference: String,
}

/// The finest step: a thousandth of a credit.
pub fn finest() -> Credits {
    Credits(1)
}

fn is_finest(step: &Credits) -> bool {
    *step == finest()
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
