//! What a decision to convert records: all that it was decided from, and how.

use crate::domain::account::Account;
use crate::domain::credits::Credits;
use crate::domain::entry::EntryId;
use crate::domain::fault::{Fault, Result};
use crate::ledger::convert::{Act, CutBy, Left, Part, Plan, RuleSet, Source, Taken, Target, Used};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The verb of a decision that placed lots.
pub const CONVERT: &str = "convert";
/// The verb of a decision that a lot waits for a day.
pub const UNDECIDED: &str = "undecided";

/// What a decision to convert records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// `convert`, or `undecided` where a date must be known to the day first.
    pub verb: String,
    /// The learner.
    pub learner: Account,
    /// Code of the target.
    pub target: String,
    /// The target, by sort.
    pub to: Target,
    /// Effective date.
    pub date: Date,
    /// Registry id of the rule.
    pub rule: i64,
    /// The rule's own id, with its book and version.
    pub rule_name: String,
    /// The lots, what is taken of each and what it is worth.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lots: Vec<Taken>,
    /// What the rules looked at in these lots.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Source>,
    /// Code of the credit system of the worth.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub system: String,
    /// The receiving outcomes or the category.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub received: Vec<Part>,
    /// The arithmetic.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub arithmetic: String,
    /// What rounding took, in thousandths of a credit.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub lost: String,
    /// What limits took.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cut: Vec<CutBy>,
    /// What the learner had under the limits concerned before it.
    #[serde(default, skip_serializing_if = "Used::is_empty")]
    pub used: Used,
    /// Whether it was proven that no other choice is better.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven: Option<bool>,
    /// Rules that could have taken one of the lots, and what each would have given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed_over: Vec<Passed>,
    /// The other lots that were weighed together with these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weighed: Vec<EntryId>,
    /// The entry before which they stood as they were weighed, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weighed_before: Option<EntryId>,
    /// Lots that wait for a day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undecided: Vec<Undecided>,
}

/// A rule that was passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// The rule's own id, with its book and version.
    pub rule: String,
    /// What it would have given, before any limit.
    pub gives: Credits,
    /// Code of the credit system of that.
    pub system: String,
}

/// A lot that waits for a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undecided {
    /// The lot.
    pub lot: EntryId,
    /// The rule's name.
    pub rule: String,
    /// Why.
    pub why: String,
}

/// What is the same for all decisions of one plan.
#[derive(Debug, Clone, Copy)]
pub struct Planned<'p> {
    /// The plan.
    pub plan: &'p Plan,
    /// Its rules.
    pub set: &'p RuleSet,
    /// Its lots.
    pub sources: &'p [Source],
    /// The first entry after the state that it was made from.
    pub before: EntryId,
    /// Effective date.
    pub date: Date,
}

impl Planned<'_> {
    fn blank(&self, verb: &str, account: Account, rule: usize) -> Decision {
        let (target, in_book) = (self.set.target(), self.set.in_book(rule));
        Decision {
            verb: verb.to_owned(),
            learner: account,
            target: target.code().to_owned(),
            to: target.clone(),
            date: self.date,
            rule: in_book.id,
            rule_name: in_book.name.clone(),
            lots: Vec::new(),
            sources: Vec::new(),
            system: String::new(),
            received: Vec::new(),
            arithmetic: String::new(),
            lost: String::new(),
            cut: Vec::new(),
            used: Used::new(),
            proven: None,
            passed_over: Vec::new(),
            weighed: Vec::new(),
            weighed_before: None,
            undecided: Vec::new(),
        }
    }

    /// The decision to make an act of the plan.
    pub fn decision(&self, act: &Act, account: Account) -> Decision {
        let choice = &self.plan.choices[act.choice];
        let taken = |lot: EntryId| act.lots.iter().any(|taken| taken.lot == lot);
        let sources = || choice.sources.iter().map(|at| &self.sources[*at]);
        let weighed: Vec<EntryId> = sources().map(|it| it.lot).filter(|lot| !taken(*lot)).collect();
        let passed = act.passed_over.iter().map(|passed| {
            let in_book = self.set.in_book(passed.rule);
            Passed { rule: in_book.name.clone(), gives: passed.gives, system: in_book.rule.system.clone() }
        });
        Decision {
            lots: act.lots.clone(),
            sources: sources().filter(|source| taken(source.lot)).cloned().collect(),
            system: self.set.rule(act.rule).system.clone(),
            received: act.received.clone(),
            arithmetic: act.arithmetic.clone(),
            lost: act.lost.clone(),
            cut: act.cut.clone(),
            used: choice.used.clone(),
            proven: Some(choice.proven),
            passed_over: passed.collect(),
            weighed_before: (!weighed.is_empty()).then_some(self.before),
            weighed,
            ..self.blank(CONVERT, account, act.rule)
        }
    }

    /// The decision that a lot waits for a day.
    pub fn waiting(&self, left: &Left, account: Account) -> Decision {
        let rule = left.waits_for.unwrap_or_default();
        let own = self.sources.iter().filter(|source| source.lot == left.lot);
        let others = left.together.iter().map(|at| self.sources[*at].lot);
        let weighed: Vec<EntryId> = others.filter(|lot| *lot != left.lot).collect();
        let name = self.set.in_book(rule).name.clone();
        Decision {
            sources: own.cloned().collect(),
            undecided: vec![Undecided { lot: left.lot, rule: name, why: left.why(self.set) }],
            weighed_before: (!weighed.is_empty()).then_some(self.before),
            weighed,
            used: left.used.clone(),
            ..self.blank(UNDECIDED, account, rule)
        }
    }
}

impl Decision {
    /// Reads a payload.
    ///
    /// # Errors
    /// `X105` where it cannot be read.
    pub fn read(payload: &str, entry: EntryId) -> Result<Decision> {
        serde_json::from_str(payload).map_err(|error| {
            Fault::new("X105", format!("decision {entry} cannot be read: {error}"))
                .remedy("run `creditbank verify`")
        })
    }

    /// The payload, byte by byte.
    ///
    /// # Errors
    /// `S901` where it cannot be written.
    pub fn payload(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| Fault::new("S901", error.to_string()))
    }
}
