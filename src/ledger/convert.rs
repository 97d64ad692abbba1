//! Conversion: which original lots the rules of a target place there, and what they are worth.
//!
//! The plan is a pure function of its inputs, which a decision records; explaining a decision plans it
//! again and must arrive at the same bytes.
//!
//! - `rules` holds the rules of one target, indexed by what they ask for, and the limits that they share;
//! - `matching` finds the sets of lots that meet a requirement;
//! - `judging` holds lots to a rule's conditions, and `reason` says what was found;
//! - `arithmetic` counts what an act is worth, and cuts it to a limit;
//! - `better` compares two plans under different rules;
//! - `planning` brings them together, and `choosing` finds the best choice among applications that
//!   exclude each other.

mod arithmetic;
mod better;
mod choosing;
mod judging;
mod leaving;
mod matching;
mod planning;
mod reason;
mod rules;

pub use better::Total;
pub use choosing::NODES;
pub use planning::plan;
pub use reason::Reason;
pub use rules::{InBook, Limit, RuleSet, Standing, Used, counts};

use crate::domain::credits::Credits;
use crate::domain::date::Period;
use crate::domain::entry::EntryId;
use crate::domain::outcome::Kind;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What rules look at in a lot, as recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The lot.
    pub lot: EntryId,
    /// Code of its credit system.
    pub system: String,
    /// Original credit free to be placed.
    pub held: Credits,
    /// Code of the awarding institution.
    pub institution: String,
    /// The outcome's code.
    pub outcome: String,
    /// The setting of the learning.
    pub kind: Kind,
    /// ISCED-F field of study.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Framework and level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<(String, String)>,
    /// Hours of work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Credits>,
    /// Grading scale (empty where none is named) and grade as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<(String, String)>,
    /// When it was achieved.
    pub period: Period,
    /// Attributes of the achievement, as of then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<(String, String)>,
    /// First and last day of the outcome's accreditation, where one is recorded; a missing day is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accredited: Option<(Option<Date>, Option<Date>)>,
}

/// Orders of grades and levels that minimum conditions need.
pub trait Orders {
    /// Place of a grade on its scale, the worst first.
    fn grade(&self, scale: &str, grade: &str) -> Option<usize>;
    /// Place of a level in its framework, the lowest first.
    fn level(&self, framework: &str, level: &str) -> Option<usize>;
}

/// Where lots are to be placed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// A credit system, by code.
    System(String),
    /// The outcomes of an institution, by code.
    Institution(String),
}

impl Target {
    /// The code.
    pub fn code(&self) -> &str {
        match self {
            Target::System(code) | Target::Institution(code) => code,
        }
    }
}

/// One lot in an act of conversion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The lot.
    pub lot: EntryId,
    /// What is taken of it, in its own system.
    pub amount: Credits,
    /// What it is worth at the target.
    pub worth: Credits,
}

/// What an act counts for at an institution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Receiver {
    /// An outcome.
    Outcome(String),
    /// A category of credit.
    Category(String),
}

/// A receiving outcome or category, with its part of the worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What receives it.
    #[serde(flatten)]
    pub to: Receiver,
    /// Its part; nothing where the rule gives several outcomes one amount together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credits: Option<Credits>,
}

/// What a limit took from the worth of an act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutBy {
    /// The limit's name.
    pub limit: String,
    /// What it lets through.
    pub most: Credits,
    /// What it took.
    pub took: Credits,
}

/// A rule that could have taken a lot of an act, and what it would have given without a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// Position of the rule.
    pub rule: usize,
    /// What it would have given.
    pub gives: Credits,
}

/// One act of conversion: lots placed together under one rule, rounded once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Position of the rule among those given.
    pub rule: usize,
    /// The lots, in order of entry.
    pub lots: Vec<Taken>,
    /// What receives it, where the rule converts to an institution.
    pub received: Vec<Part>,
    /// The arithmetic, step by step.
    pub arithmetic: String,
    /// What rounding took, in thousandths of a credit, as an exact fraction.
    pub lost: String,
    /// What limits took.
    pub cut: Vec<CutBy>,
    /// Rules that could have taken a lot of it, the first [`PASSED_OVER`].
    pub passed_over: Vec<PassedOver>,
    /// Position of the choice of which it is a part.
    pub choice: usize,
}

/// Rules passed over that an act lists.
pub const PASSED_OVER: usize = 20;

impl Act {
    /// What results in all.
    pub fn worth(&self) -> Credits {
        Credits(self.lots.iter().map(|taken| taken.worth.0).sum())
    }
}

/// Lots and rules of which one application excludes another, directly or by a limit: chosen among together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Positions of all the lots that it was made from, placed or not.
    pub sources: Vec<usize>,
    /// Whether no other choice is better; otherwise it is the best that was found within [`NODES`] steps.
    pub proven: bool,
    /// What the learner had under the limits concerned before it, by name.
    pub used: Used,
}

/// A lot that stays where it is, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The lot.
    pub lot: EntryId,
    /// Every rule that speaks of the lot, by position, and why it does not take it; empty where no rule speaks
    /// of it.
    pub reasons: Vec<(usize, Reason)>,
    /// The rule for which it waits, where a boundary falls inside a date that is not known to the day.
    pub waits_for: Option<usize>,
    /// Positions of the lots that are judged together with one that waits, itself among them.
    pub together: Vec<usize>,
    /// What the learner had under the limits concerned, by name.
    pub used: Used,
}

impl Left {
    /// The stable words for the reasons, each once, in order.
    pub fn codes(&self) -> Vec<&'static str> {
        let mut codes: Vec<&str> = self.reasons.iter().map(|(_, reason)| reason.code()).collect();
        if codes.is_empty() {
            codes.push("no-rule");
        }
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    /// The reasons in words.
    pub fn why(&self, set: &RuleSet) -> String {
        let said = |(rule, reason): &(usize, Reason)| format!("rule {}: {reason}", set.rule(*rule).id);
        if self.reasons.is_empty() {
            return Reason::NoRule { target: set.target().code().to_owned() }.to_string();
        }
        let waiting = self.reasons.iter().find(|(rule, _)| self.waits_for == Some(*rule));
        match waiting {
            Some(reason) => said(reason),
            None => self.reasons.iter().map(said).collect::<Vec<String>>().join("; "),
        }
    }
}

/// What a conversion would do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// Acts to post, by rule and lot.
    pub acts: Vec<Act>,
    /// The choices of which the acts are parts.
    pub choices: Vec<Choice>,
    /// Lots that no rule takes.
    pub refused: Vec<Left>,
    /// Lots that wait for a day.
    pub undecided: Vec<Left>,
}

#[cfg(test)]
mod brute_force;
#[cfg(test)]
mod tests;
