//! Achievements that two accounts both hold: one person may be credited for each once.

use crate::domain::entry::{Achievement, EntryId};
use crate::domain::fault::Result;
use crate::ledger::lots::Cut;
use crate::ops::learners::lots_of;
use crate::ops::names::Names;
use crate::ops::undo::keys;
use crate::store::Read;
use std::collections::BTreeSet;

/// An achievement that stands under both accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubled {
    /// What was recorded first.
    pub first: Achievement,
    /// What was recorded later.
    pub later: Achievement,
    /// What it is, for people: institution, outcome, period, attempt.
    pub what: String,
    /// True where only the load of a period is counted twice: the rows are other results.
    pub load: bool,
}

/// The achievements that stand under accounts of both sides, by the later one.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn doubled(
    read: &(impl Read + ?Sized),
    names: &Names,
    ones: &[i64],
    others: &[i64],
) -> Result<Vec<Doubled>> {
    let (ones, others) = (standing(read, names, ones)?, standing(read, names, others)?);
    let mut found = Vec::new();
    for one in &ones {
        for other in &others {
            let same = keys::same(read, names, one, other)?;
            if same || keys::same_load(read, names, one, other)? {
                let (first, later) = if one.entry < other.entry { (one, other) } else { (other, one) };
                let what = described(read, names, later)?;
                found.push(Doubled { first: first.clone(), later: later.clone(), what, load: !same });
            }
        }
    }
    found.sort_by_key(|pair| (pair.later.entry, pair.first.entry));
    Ok(found)
}

/// The entries to reverse so that nothing stands twice.
pub fn later(found: &[Doubled]) -> Vec<EntryId> {
    let mut going: BTreeSet<EntryId> = BTreeSet::new();
    for pair in found {
        if !going.contains(&pair.first.entry) {
            going.insert(pair.later.entry);
        }
    }
    going.into_iter().collect()
}

fn standing(read: &(impl Read + ?Sized), names: &Names, accounts: &[i64]) -> Result<Vec<Achievement>> {
    let lots = lots_of(read, names, accounts, &Cut::default())?;
    Ok(lots.into_iter().filter(|lot| lot.reversed_by.is_none()).map(|lot| lot.achievement).collect())
}

fn described(read: &(impl Read + ?Sized), names: &Names, row: &Achievement) -> Result<String> {
    let outcome = names.outcome(read, row.outcome)?;
    let institution = names.institution(read, outcome.institution)?;
    let period = names.period(read, row.period)?;
    let attempt = if row.attempt == 1 { String::new() } else { format!(", attempt {}", row.attempt) };
    Ok(format!("{}/{} of {}{attempt}", institution.code, outcome.code, period.written))
}
