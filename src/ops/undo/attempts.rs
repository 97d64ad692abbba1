//! Which of several results counts, when some of them are undone: credit that was superseded by one that
//! goes counts again, and no outcome gives its credit twice.

use super::person::Person;
use crate::domain::account::Account;
use crate::domain::credits::Credits;
use crate::domain::entry::{Achievement, EntryId, EntryKind, Movement, Place};
use crate::domain::fault::{Fault, Result};
use crate::domain::outcome::Attempts;
use crate::ledger::attempts::winner;
use crate::ops::names::Names;
use crate::ops::post::replace::{attempt, policy_of};
use crate::ops::rules::orders;
use crate::store::Read;
use std::collections::{BTreeMap, BTreeSet};

/// What is undone otherwise than was asked, so that one result in each outcome counts.
#[derive(Debug, Default)]
pub struct Also {
    /// Entries that are undone as well, each with the entry that makes it so.
    pub with: BTreeMap<EntryId, EntryId>,
    /// Entries that are not undone: another result would count instead of one that does not stand.
    pub without: BTreeSet<EntryId>,
}

/// A result that earned credit, before and after the undoing.
struct Attempted<'p> {
    row: &'p Achievement,
    /// The standing entry by which another counts instead.
    superseded: Option<&'p Movement>,
    /// What is undone so that another counts instead again.
    again: Option<EntryId>,
    /// The standing entry is undone.
    lifted: bool,
    /// It stands afterwards.
    stands: bool,
}

impl Attempted<'_> {
    /// It counts afterwards, as far as what was asked goes.
    fn counts(&self) -> bool {
        self.stands && self.again.is_none() && (self.superseded.is_none() || self.lifted)
    }
}

/// What is undone otherwise, so that one result in each outcome counts afterwards, if any stands; or only so that no
/// result is taken from twice, where that is counted anew in any case.
///
/// # Errors
/// `U114` where two would count, or none although one stands.
pub fn also(
    read: &(impl Read + ?Sized),
    person: &Person,
    going: &[EntryId],
    recounted: bool,
) -> Result<Also> {
    let mut also = Also::default();
    let mut touched: BTreeMap<i64, EntryId> = BTreeMap::new();
    for entry in going {
        let root = person.root(*entry);
        let counts = person.movements.get(&root).is_none_or(|row| row.kind == EntryKind::Supersede);
        let lot = person.lot_of(root).and_then(|lot| person.achievements.get(&lot));
        if let Some(row) = lot.filter(|row| counts && row.amount > Credits::ZERO) {
            touched.entry(row.outcome).or_insert(*entry);
        }
    }
    for (outcome, cause) in touched {
        let results = afterwards(person, going, outcome);
        for result in &results {
            let lot = result.row.entry;
            match (result.again, result.superseded) {
                (Some(again), _) if !result.stands => drop(also.without.insert(again)),
                // A lot that does not count goes back to where it came from first; and is taken from once.
                (again, Some(by))
                    if !result.lifted && (again.is_some() || !result.stands) && person.stands(lot) =>
                {
                    also.with.insert(by.entry, cause_of(person, going, lot).unwrap_or(cause));
                }
                _ => {}
            }
        }
        if !recounted {
            one_counts(read, person, &results, (outcome, cause), &mut also)?;
        }
    }
    Ok(also)
}

/// The entry among those that go by which a lot is undone.
fn cause_of(person: &Person, going: &[EntryId], lot: EntryId) -> Option<EntryId> {
    going.iter().copied().find(|entry| person.lot_of(*entry) == Some(lot))
}

fn one_counts(
    read: &(impl Read + ?Sized),
    person: &Person,
    results: &[Attempted],
    (outcome, cause): (i64, EntryId),
    also: &mut Also,
) -> Result<()> {
    let names = Names::default();
    if names.outcome(read, outcome)?.repeatable != 0 {
        return Ok(());
    }
    let standing: Vec<&Attempted> = results.iter().filter(|result| result.stands).collect();
    let counting: Vec<&&Attempted> = standing.iter().filter(|result| result.counts()).collect();
    let code = &names.outcome(read, outcome)?.code;
    if let [first, second, ..] = counting[..] {
        return Err(Fault::new("U114", format!("outcome {code} would give credit twice"))
            .why(format!("lots {} and {} would both count", first.row.entry, second.row.entry))
            .remedy(format!("reverse {} as well, or first", first.row.entry.max(second.row.entry))));
    }
    if !counting.is_empty() || standing.is_empty() {
        return Ok(());
    }
    let newest = standing.iter().filter_map(|result| result.superseded).max_by_key(|row| row.entry);
    let policy = newest.map(|row| policy_of(read, row)).transpose()?.unwrap_or_default();
    let grades = (policy == Attempts::Best).then(|| orders(read)).transpose()?;
    let free = || standing.iter().filter(|result| result.again.is_none());
    let mut attempts = Vec::new();
    for result in free() {
        attempts.push(attempt(read, &names, grades.as_ref(), result.row, false)?);
    }
    let Some(chosen) = winner(policy, &attempts) else {
        let lots: Vec<String> = standing.iter().map(|result| result.row.entry.to_string()).collect();
        let account = Account(person.learner);
        return Err(Fault::new("U114", format!("outcome {code} would give {account} no credit"))
            .why(format!("lot {} would stand, and not count", lots.join(" and lot ")))
            .remedy(format!("reverse {} instead", lots.join(" and "))));
    };
    let superseded = free().find(|result| result.row.entry == chosen).and_then(|result| result.superseded);
    also.with.extend(superseded.map(|row| (row.entry, cause)));
    Ok(())
}

/// The person's results in an outcome that earned credit.
fn afterwards<'p>(person: &'p Person, going: &[EntryId], outcome: i64) -> Vec<Attempted<'p>> {
    let way = |root: EntryId, way| {
        let mut entries = going.iter().copied().filter(|entry| person.root(*entry) == root);
        entries.find(|entry| person.accounts_of_undoing(*entry) == Some(way))
    };
    let (to, back) = ((Place::Held, Place::Recognised), (Place::Recognised, Place::Held));
    let rows =
        person.achievements.values().filter(|row| row.outcome == outcome && row.amount > Credits::ZERO);
    let attempted = |row: &'p Achievement| {
        let superseded = person.superseded(row.entry);
        let of_lot = |other: &&Movement| other.kind == EntryKind::Supersede && other.lot == row.entry;
        let goes = way(row.entry, to).is_some();
        Attempted {
            row,
            superseded,
            again: person.movements.values().filter(of_lot).find_map(|other| way(other.entry, to)),
            lifted: superseded.is_some_and(|by| way(by.entry, back).is_some()),
            stands: (person.stands(row.entry) && !goes) || way(row.entry, back).is_some(),
        }
    };
    let mut all: Vec<Attempted> = rows.map(attempted).collect();
    all.sort_by_key(|result| result.row.entry);
    all
}
