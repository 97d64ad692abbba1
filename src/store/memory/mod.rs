//! The small model: everything in memory, as plain as can be.
//!
//! Rows stand in ordered maps under their primary keys, and what the SQL schema demands of a row
//! (keys, uniqueness) is checked when it is put, references when its batch commits. Speed is no aim here: the tests judge
//! the other engine by this one, so that it must be right at a glance.

mod read;
mod registry;
mod write;

use super::{Act, ActRow, BatchRow, DecisionRow, Head, Identity, Object, Read, Refusal, Staged, Store};
use super::{SummaryKey, SummarySums, Work};
use crate::domain::entry::{Achievement, Balance, EntryId, Movement};
use crate::domain::fault::Result;
use crate::domain::link::{Description, Link, Pair};
use crate::proof::leaf::Key;
use crate::proof::tile::Tile;
use std::collections::{BTreeMap, BTreeSet};

/// A ledger in memory.
#[derive(Debug, Clone, Default)]
pub struct Memory(Tables);

impl Memory {
    /// A ledger without a log.
    pub fn new() -> Memory {
        Memory::default()
    }
}

impl Store for Memory {
    fn append(&mut self, log: i64, expected: Option<&Head>, work: Work<'_>) -> Result<bool> {
        super::check_head(log, self.0.logs.get(&log), expected)?;
        let mut draft = self.0.clone();
        let commit = work(&mut draft)?;
        if commit {
            draft.check_references()?;
            self.0 = draft;
        }
        Ok(commit)
    }

    fn reader(&self) -> Result<Box<dyn Read + Send>> {
        Ok(Box::new(self.clone()))
    }
}

/// All rows, by primary key.
#[derive(Debug, Clone, Default)]
struct Tables {
    logs: BTreeMap<i64, Head>,
    tiles: BTreeMap<(i64, u8, u64), Tile>,
    acts: BTreeMap<EntryId, Act>,
    act_rows: BTreeMap<(EntryId, i64), ActRow>,
    achievements: BTreeMap<EntryId, Achievement>,
    /// Exactly once: achievements by learner, outcome, period, attempt and nth.
    by_key: BTreeMap<[i64; 5], EntryId>,
    movements: BTreeMap<EntryId, Movement>,
    refusals: BTreeMap<(EntryId, i64), Refusal>,
    staged: BTreeMap<(EntryId, i64), Staged>,
    keys: BTreeMap<i64, Key>,
    identities: BTreeMap<(i64, i64), Identity>,
    registries: BTreeMap<&'static str, BTreeMap<i64, Object>>,
    batches: BTreeMap<EntryId, BatchRow>,
    decisions: BTreeMap<EntryId, DecisionRow>,
    links: BTreeMap<EntryId, Link>,
    pairs: BTreeMap<EntryId, Pair>,
    descriptions: BTreeSet<Description>,
    balances: BTreeMap<(i64, i64), Balance>,
    summaries: BTreeMap<SummaryKey, SummarySums>,
}

/// Whatever has the tables can be read: the ledger as committed, and a batch's draft of it.
trait Kept {
    fn tables(&self) -> &Tables;
}

impl Kept for Tables {
    fn tables(&self) -> &Tables {
        self
    }
}

impl Kept for Memory {
    fn tables(&self) -> &Tables {
        &self.0
    }
}
