//! What a decision to convert records: all that it was decided from, and how.

use super::in_force::{Because, Counting, Ruling};
use crate::domain::account::Account;
use crate::domain::credits::Credits;
use crate::domain::entry::EntryId;
use crate::domain::fault::{Fault, Result};
use crate::ledger::convert::{Act, CutBy, Left, Part, Plan, RuleSet, Source, Taken, Target, Total, Used};
use crate::ledger::lots::Lot;
use crate::store::Read;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::rc::Rc;

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
    /// The release of the rules; nothing where none is published and the books of the batch count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<Applied>,
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

/// The release of the rules that a decision applied, and why that one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// Its name; nothing where the newest versions turned out better than the release of a pin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Why that one.
    pub because: Because,
    /// The decision that pinned the learner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<EntryId>,
    /// What it was compared with, where the better counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared: Option<Compared>,
}

/// What the learner's pinned release and the one in force would have given, together with all that was free.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// The release in force; nothing where none had begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_force: Option<String>,
    /// The release to which the learner is pinned.
    pub pinned: Option<String>,
    /// What the pinned one gives.
    pub by_pinned: Total,
    /// What the one in force gives.
    pub by_in_force: Total,
    /// The lots that were free.
    pub lots: Vec<EntryId>,
    /// The entry before which they were.
    pub before: EntryId,
}

impl Compared {
    /// Of the two releases the one that has not this name, and what it would have given.
    pub fn other_than(self, name: &Option<String>) -> (Option<String>, Total) {
        match *name == self.in_force {
            true => (self.pinned, self.by_pinned),
            false => (self.in_force, self.by_in_force),
        }
    }
}

/// By which release the better of two counts already for what stands at a target, where a decision under the same pin
/// placed it: the rest follows it, or a learner would have the best parts of both. Nothing in the inner place is the
/// newest versions.
///
/// # Errors
/// Where the ledger cannot be read; `X105` where a decision cannot be.
pub fn standing_choice(
    read: &(impl Read + ?Sized),
    lots: &[Lot],
    target: &str,
    pin: EntryId,
) -> Result<Option<Option<String>>> {
    let standing = lots.iter().filter(|lot| lot.stands()).flat_map(|lot| &lot.placements);
    let decisions: BTreeSet<EntryId> = standing.map(|placement| placement.decision).collect();
    for entry in decisions {
        let here = read.decision(entry)?.is_some_and(|row| row.target.as_deref() == Some(target));
        let Some(act) = read.act(entry)?.filter(|_| here) else { continue };
        let applied = Decision::read(&act.payload, entry)?.release;
        let chosen = |it: &Applied| matches!(it.because, Because::Better | Because::Stands);
        if let Some(applied) = applied.filter(|it| it.pin == Some(pin) && chosen(it)) {
            return Ok(Some(applied.name));
        }
    }
    Ok(None)
}

/// A plan by the rules that count for a learner.
#[derive(Debug)]
pub struct Decided {
    /// The rules.
    pub ruling: Rc<Ruling>,
    /// What the learner had under their limits.
    pub used: Used,
    /// The plan.
    pub plan: Plan,
    /// What decisions record of the release.
    pub applied: Option<Applied>,
}

/// Settles by which rules a learner's plan stands: by the better of two where the other is given, and by the one to
/// which the learner is pinned where both are as good.
pub fn settle(
    counting: &Counting,
    own: Decided,
    other: Option<Decided>,
    lots: impl Iterator<Item = EntryId>,
    before: EntryId,
) -> Decided {
    let (because, pin) = (counting.because, counting.pin);
    let Some(other) = other else {
        let name = own.ruling.release.clone();
        let applied =
            (name.is_some() || pin.is_some()).then_some(Applied { name, because, pin, compared: None });
        return Decided { applied, ..own };
    };
    let total = |decided: &Decided| Total::of(&decided.plan, &decided.ruling.set);
    let compared = Compared {
        in_force: other.ruling.release.clone(),
        pinned: own.ruling.release.clone(),
        by_pinned: total(&own),
        by_in_force: total(&other),
        lots: lots.collect(),
        before,
    };
    let better = if compared.by_in_force.compare(&compared.by_pinned).is_gt() { other } else { own };
    let name = better.ruling.release.clone();
    let applied = Some(Applied { name, because: Because::Better, pin, compared: Some(compared) });
    Decided { applied, ..better }
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
    /// The release of its rules.
    pub applied: Option<&'p Applied>,
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
            release: self.applied.cloned(),
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
