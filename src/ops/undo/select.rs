//! Which entries a batch or a decision consists of.

use crate::domain::entry::{EntryId, EntryKind, Movement};
use crate::domain::fault::{Fault, Result};
use crate::ledger::lots::Cut;
use crate::ops::post::replace::{CORRECT, Correction};
use crate::store::Read;
use std::collections::BTreeMap;

/// What is to be undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Everything that a batch posted, by its number.
    Batch(i64),
    /// Decisions, each by the entry that opened it; a deposit is its own decision.
    Decisions(Vec<EntryId>),
    /// Everything of some learners that stands placed at a target, or at any.
    Placed {
        /// Accounts; all where nothing is said.
        learners: Option<Vec<i64>>,
        /// Code of the target.
        target: Option<String>,
    },
}

/// Reads `B7`, or an entry number.
///
/// # Errors
/// `U104` where it is neither.
pub fn select(text: &str) -> Result<Selection> {
    let number = text.strip_prefix(['B', 'b']).and_then(|rest| rest.parse().ok());
    match (number, EntryId::parse(text)) {
        (Some(no), _) => Ok(Selection::Batch(no)),
        (None, Some(entry)) => Ok(Selection::Decisions(vec![entry])),
        _ => Err(Fault::new(
            "U104",
            format!("`{text}` is neither a batch such as B7 nor a decision such as 123"),
        )
        .remedy("`creditbank batch list` and `creditbank report journal` show the numbers")
        .exit(crate::domain::fault::Exit::Usage)),
    }
}

/// The entries to be undone, by learner.
pub fn targets(read: &(impl Read + ?Sized), selection: &Selection) -> Result<BTreeMap<i64, Vec<EntryId>>> {
    match selection {
        Selection::Batch(no) => of_batch(read, *no),
        Selection::Decisions(decisions) => {
            let mut targets: BTreeMap<i64, Vec<EntryId>> = BTreeMap::new();
            for decision in decisions {
                for (learner, entry) in of_decision(read, *decision)? {
                    targets.entry(learner).or_default().push(entry);
                }
            }
            Ok(targets)
        }
        Selection::Placed { learners, target } => placed(read, learners.as_deref(), target.as_deref()),
    }
}

fn of_batch(read: &(impl Read + ?Sized), no: i64) -> Result<BTreeMap<i64, Vec<EntryId>>> {
    let batch = read.batch(no)?.ok_or_else(|| {
        Fault::new("U105", format!("there is no batch B{no}")).remedy("`creditbank batch list` shows them")
    })?;
    let end = batch.entry.plus(batch.size as u64);
    let mut targets: BTreeMap<i64, Vec<EntryId>> = BTreeMap::new();
    read.achievements(batch.entry, end, &mut |row, _| {
        targets.entry(row.learner).or_default().push(row.entry);
        Ok(())
    })?;
    read.movements(batch.entry, end, &mut |row, _| {
        no_hold(&row)?;
        targets.entry(row.learner).or_default().push(row.entry);
        Ok(())
    })?;
    if targets.is_empty() {
        return Err(Fault::new("U106", format!("batch B{no} moved nothing that could be reversed"))
            .why("it only registered things; registries get newer versions, they are not reversed"));
    }
    Ok(targets)
}

/// A hold ends in one way only, and for good.
fn no_hold(row: &Movement) -> Result<()> {
    match row.kind {
        EntryKind::Hold => {
            Err(Fault::new("U112", format!("decision {} put lot {} on hold", row.decision, row.lot))
                .why("a hold is not reversed, it is lifted")
                .remedy(format!("lift it with `creditbank lot unhold {}`", row.lot)))
        }
        EntryKind::Unhold => {
            Err(Fault::new("U112", format!("decision {} took lot {} off hold", row.decision, row.lot))
                .why("the end of a hold is not reversed")
                .remedy(format!("put it on hold again with `creditbank lot hold {}`", row.lot)))
        }
        _ => Ok(()),
    }
}

fn of_decision(read: &(impl Read + ?Sized), entry: EntryId) -> Result<Vec<(i64, EntryId)>> {
    if let Some(row) = read.achievement(entry)? {
        let Some(group) = row.group_line else { return Ok(vec![(row.learner, entry)]) };
        let batch = read.batch_of(entry)?;
        let same_batch = |other: EntryId| {
            batch
                .as_ref()
                .is_some_and(|batch| other >= batch.entry && other < batch.entry.plus(batch.size as u64))
        };
        let group: Vec<(i64, EntryId)> = read
            .achievements_of(row.learner)?
            .into_iter()
            .filter(|other| {
                other.group_line == Some(group) && other.file == row.file && same_batch(other.entry)
            })
            .map(|other| (other.learner, other.entry))
            .collect();
        return Ok(group);
    }
    let decision = match read.movement(entry)? {
        Some(row) => row.decision,
        None => entry,
    };
    let movements = read.movements_of_decision(decision)?;
    movements.iter().try_for_each(no_hold)?;
    let corrected = correction(read, decision)?;
    if movements.is_empty() {
        return Err(Fault::new("U107", format!("entry {entry} is no decision that moved credit"))
            .remedy("`creditbank report journal` shows the entries, `creditbank explain` what one is"));
    }
    let own = movements.into_iter().map(|row| (row.learner, row.entry));
    Ok(own.chain(corrected).collect())
}

/// What a correction recorded in the place of what it reversed: both are undone together.
fn correction(read: &(impl Read + ?Sized), decision: EntryId) -> Result<Option<(i64, EntryId)>> {
    let Some(row) = read.decision(decision)?.filter(|row| row.verb == CORRECT) else { return Ok(None) };
    let act = read.act(decision)?;
    let recorded = act.and_then(|act| serde_json::from_str::<Correction>(&act.payload).ok());
    Ok(row.learner.zip(recorded.map(|recorded| recorded.by)))
}

fn placed(
    read: &(impl Read + ?Sized),
    learners: Option<&[i64]>,
    target: Option<&str>,
) -> Result<BTreeMap<i64, Vec<EntryId>>> {
    if let Some(target) = target {
        crate::ops::convert::target(read, target)?;
    }
    let mut targets: BTreeMap<i64, Vec<EntryId>> = BTreeMap::new();
    let all: Vec<i64> = match learners {
        Some(learners) => {
            let links = crate::ops::learners::links(read, &Cut::default())?;
            learners.iter().flat_map(|learner| links.accounts(*learner)).collect()
        }
        None => (1..=read.last_learner()?).collect(),
    };
    for learner in all {
        for row in read.movements_of(learner)? {
            if !matches!(row.kind, EntryKind::ConvertOut | EntryKind::ConvertIn) {
                continue;
            }
            let decision = read.decision(row.decision)?;
            let fits = target
                .is_none_or(|target| decision.as_ref().is_some_and(|d| d.target.as_deref() == Some(target)));
            if fits {
                targets.entry(learner).or_default().push(row.entry);
            }
        }
    }
    Ok(targets)
}
