//! Leaf hashes computed anew from the rows.

use super::registers::Registers;
use crate::domain::entry::{Achievement, EntryId, Movement};
use crate::proof::leaf::{self, BatchId, Commitment, Key, Ordinal, Remainder, Salter};
use crate::proof::merkle::Hash;
use crate::store::{Act, Identity, Refusal};

/// Prepared keys that are kept at a time.
const SALTERS: usize = 8_192;

/// A batch as its opening act says.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The opening act.
    pub entry: i64,
    /// What salts are derived from.
    pub id: BatchId,
    /// Whether the act fits its leaf, so that the id is the recorded one.
    pub sound: bool,
}

/// All that a leaf depends on beside its row.
#[derive(Default)]
pub struct Leaves {
    /// Accounts and their secrets, by account: 40 bytes each.
    pub keys: Vec<(i64, Key)>,
    /// Batches by opening act.
    pub batches: Vec<Batch>,
    salters: hashbrown::HashMap<i64, Salter>,
    scratch: Vec<u8>,
}

impl Leaves {
    /// The batch that an entry belongs to.
    pub fn batch_of(&self, entry: EntryId) -> Option<&Batch> {
        let after = self.batches.partition_point(|batch| batch.entry <= entry.0);
        let batch = self.batches.get(after.checked_sub(1)?)?;
        (EntryId(batch.entry).log() == entry.log()).then_some(batch)
    }

    /// Whether there is an account of that number.
    pub fn has_key(&self, learner: i64) -> bool {
        self.key(learner).is_some()
    }

    fn key(&self, learner: i64) -> Option<&Key> {
        // Accounts are numbered from 1 without gaps, unless somebody took one away.
        let guess = usize::try_from(learner.wrapping_sub(1)).ok().and_then(|at| self.keys.get(at));
        if let Some((_, key)) = guess.filter(|(id, _)| *id == learner) {
            return Some(key);
        }
        let at = self.keys.binary_search_by_key(&learner, |(id, _)| *id).ok()?;
        Some(&self.keys[at].1)
    }

    /// Commits to what is in `scratch`.
    fn commit(&mut self, learner: i64, batch: &BatchId, ordinal: Ordinal) -> Option<Commitment> {
        if !self.salters.contains_key(&learner) {
            let salter = Salter::new(self.key(learner)?);
            if self.salters.len() >= SALTERS {
                self.salters.clear();
            }
            self.salters.insert(learner, salter);
        }
        Some(self.salters[&learner].commit(batch, ordinal, &self.scratch))
    }

    /// The leaf of an achievement; `None` where its batch, account, outcome or period is unknown.
    pub fn achievement(&mut self, row: &Achievement, registers: &Registers) -> Option<Hash> {
        let batch = self.batch_of(row.entry)?.id;
        let remainder = Remainder {
            system: row.system,
            institution: registers.institution(row.outcome, row.entry.0)?,
            year: registers.years(row.period)?.0,
            amount: row.amount,
        };
        leaf::achievement_payload(row, &mut self.scratch);
        let ordinal = Ordinal::Row { file: row.file as u32, line: row.line as u64 };
        let commitment = self.commit(row.learner, &batch, ordinal)?;
        Some(leaf::moved(row.entry_kind(), &remainder, &commitment))
    }

    /// The leaf of a movement about a lot of that outcome.
    pub fn movement(&mut self, row: &Movement, outcome: i64, registers: &Registers) -> Option<Hash> {
        let batch = self.batch_of(row.entry)?;
        let (place, batch) = ((row.entry.0 - batch.entry) as u64, batch.id);
        let remainder = Remainder {
            system: row.system,
            institution: registers.institution(outcome, row.entry.0)?,
            year: registers.years(row.period)?.0,
            amount: row.amount,
        };
        leaf::movement_payload(row, &mut self.scratch);
        let commitment = self.commit(row.learner, &batch, Ordinal::Place(place))?;
        Some(leaf::moved(row.kind, &remainder, &commitment))
    }

    /// The leaf of an act; where it is public, over that many rows with that root.
    pub fn act(&mut self, act: &Act, rows: u64, root: &Hash) -> Option<Hash> {
        let Some(learner) = act.learner else {
            return Some(leaf::act(act.kind, &act.payload, rows, root));
        };
        let batch = self.batch_of(act.entry)?;
        let (place, batch) = ((act.entry.0 - batch.entry) as u64, batch.id);
        self.scratch.clear();
        self.scratch.extend_from_slice(act.payload.as_bytes());
        let commitment = self.commit(learner, &batch, Ordinal::Place(place))?;
        Some(leaf::committed(act.kind, &commitment))
    }

    /// The hash of a fact of identity in an enrol act that has that place among its batch's.
    pub fn fact(&mut self, fact: &Identity, place: u32) -> Option<Hash> {
        let batch = self.batch_of(fact.entry)?.id;
        let (from, to) = (fact.valid_from.as_deref(), fact.valid_to.as_deref());
        leaf::identity_payload(fact.learner, fact.nth, fact.scheme, &fact.value, from, to, &mut self.scratch);
        let ordinal = Ordinal::Fact { place, ord: fact.ord as u64 };
        let commitment = self.commit(fact.learner, &batch, ordinal)?;
        Some(leaf::committed(crate::domain::entry::EntryKind::Enrol, &commitment))
    }

    /// The hash of a refused row.
    pub fn refusal(&mut self, row: &Refusal) -> Hash {
        let texts = [row.code.as_str(), &row.reason, &row.row, &row.subject];
        let commitment = leaf::refusal_commitment(&row.salt, row.file, row.line, texts, &mut self.scratch);
        leaf::committed(crate::domain::entry::EntryKind::Refuse, &commitment)
    }
}
