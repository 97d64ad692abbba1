//! A rule as its text has it: read a million times, so nothing is copied that need not be.

use crate::domain::credits::{Credits, RoundingMode};
use crate::domain::outcome::Kind;
use crate::domain::rule::{Age, Worth, finest};
use jiff::civil::Date;
use serde::Deserialize;
use std::borrow::Cow;

/// A text that stands in the rule's.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// What a rule converts, or into what.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Side<'a> {
    #[serde(default, borrow)]
    pub(super) system: Option<Text<'a>>,
    #[serde(default, borrow)]
    pub(super) institution: Option<Text<'a>>,
    #[serde(default, borrow)]
    pub(super) outcome: Option<Text<'a>>,
    #[serde(default, borrow)]
    pub(super) category: Option<Text<'a>>,
}

/// The same as [`crate::domain::rule::Rule`], which a test makes sure of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Said<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    pub(super) from: Side<'a>,
    pub(super) to: Side<'a>,
    pub(super) system: Text<'a>,
    pub(super) worth: Worth,
    #[serde(default)]
    pub(super) rounding: RoundingMode,
    #[serde(default = "finest")]
    pub(super) step: Credits,
    #[serde(default)]
    pub(super) priority: u16,
    #[serde(default)]
    pub(super) most: Option<Credits>,
    #[serde(default)]
    pub(super) caps: Vec<Text<'a>>,
    #[serde(default)]
    pub(super) min_grade: Option<Text<'a>>,
    #[serde(default)]
    pub(super) scale: Option<Text<'a>>,
    #[serde(default)]
    pub(super) min_score: Option<Credits>,
    #[serde(default)]
    pub(super) max_score: Option<Credits>,
    #[serde(default)]
    pub(super) framework: Option<Text<'a>>,
    #[serde(default)]
    pub(super) min_level: Option<Text<'a>>,
    #[serde(default)]
    pub(super) min_hours: Option<Credits>,
    #[serde(default)]
    pub(super) kinds: Vec<Kind>,
    #[serde(default)]
    pub(super) max_age: Option<Age>,
    #[serde(default)]
    pub(super) accredited: bool,
    #[serde(default)]
    pub(super) attributes: Vec<(String, Vec<String>)>,
    #[serde(default)]
    pub(super) valid_from: Option<Date>,
    #[serde(default)]
    pub(super) valid_to: Option<Date>,
    #[serde(default)]
    pub(super) taken_from: Option<Date>,
    #[serde(default)]
    pub(super) taken_to: Option<Date>,
    #[serde(default, rename = "authority")]
    _authority: Text<'a>,
    #[serde(default, rename = "reference")]
    _reference: Text<'a>,
    #[serde(default)]
    pub(super) sender_approval: Text<'a>,
    #[serde(default)]
    pub(super) receiver_approval: Text<'a>,
}

impl Default for Text<'_> {
    fn default() -> Self {
        Text(Cow::Borrowed(""))
    }
}

impl AsRef<str> for Text<'_> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Said<'_> {
    /// Whether it says that something does not convert.
    pub(super) fn denies(&self) -> bool {
        matches!(self.worth, Worth::Denied { .. })
    }

    /// The fixed amount that it gives.
    pub(super) fn fixed(&self) -> Option<Credits> {
        match self.worth {
            Worth::Credits(fixed) | Worth::Range { chosen: fixed, .. } => Some(fixed),
            _ => None,
        }
    }

    /// Whether one side has approved it and the other has not.
    pub(super) fn waits(&self) -> bool {
        self.sender_approval.0.is_empty() != self.receiver_approval.0.is_empty()
    }
}
