//! Exactly once: whether a row is new, or says again what stands already.
//!
//! The key is the institution's own record id where it gives one, else learner, outcome, period as
//! written and attempt. It binds standing entries only: one that was reversed leaves it free.

use super::Prepared;
use crate::domain::date::Period;
use crate::domain::entry::{Achievement, EntryId};
use crate::domain::fault::Result;
use crate::ledger::lots::{Cut, standing};
use crate::store::Tx;
use std::hash::BuildHasher;

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Posted as this entry.
    Posted(EntryId),
    /// The same achievement stands already.
    Already(EntryId),
    /// An achievement of this key stands already and says something else.
    Conflict {
        /// The standing entry.
        entry: EntryId,
        /// Names of the columns that differ.
        columns: Vec<&'static str>,
    },
}

/// A verdict before entries have places; in-run earlier rows are named by their position among the
/// rows that are posted.
#[derive(Debug)]
pub enum Claim {
    /// New, though others of its key came before it.
    Again {
        nth: i64,
    },
    Recorded(EntryId, Vec<&'static str>),
    InRun(u64, Vec<&'static str>),
}

impl Claim {
    /// The verdict on a row that is not posted, given the entry of the run's first posted row.
    pub fn into_verdict(self, first: EntryId) -> Verdict {
        let (entry, columns) = match self {
            Claim::Recorded(entry, columns) => (entry, columns),
            Claim::InRun(at, columns) => (first.plus(at), columns),
            Claim::Again { .. } => unreachable!("a new row is posted"),
        };
        if columns.is_empty() { Verdict::Already(entry) } else { Verdict::Conflict { entry, columns } }
    }
}

/// The rows of a run that are not plainly new, by position, in order.
pub type Claimed = Vec<(usize, Claim)>;

/// Bits of the filter per key: with four of them in one word, some three false alarms in a hundred
/// when it is full, which it never is.
const BITS_PER_KEY: usize = 10;

/// What the batch has posted so far, as a Bloom filter: a key that is not in it, of a learner whom the
/// batch itself enrolled, is new for certain and needs no look-up.
pub struct Claims {
    last_known_learner: i64,
    words: Vec<u64>,
    keys: usize,
    hasher: hashbrown::DefaultHashBuilder,
}

/// What the run so far says about the keys of the rows that follow.
#[derive(Default)]
struct Run<'r> {
    /// Rows posted so far.
    posted: u64,
    /// Posted rows of the key at hand: position in the run, place among the posted.
    same_key: Vec<(usize, u64)>,
    records: hashbrown::HashMap<(u32, &'r str), u64>,
}

impl Claims {
    /// Learners up to this one were there before the batch.
    pub fn new(last_known_learner: i64) -> Claims {
        Claims {
            last_known_learner,
            words: vec![0; 16 << 10],
            keys: 0,
            hasher: hashbrown::DefaultHashBuilder::default(),
        }
    }

    /// Judges rows that are sorted by key; the batch holds none of them yet.
    pub fn judge(&mut self, tx: &dyn Tx, rows: &[Prepared]) -> Result<Claimed> {
        let mut claimed = Claimed::new();
        let mut run = Run::default();
        let filled = self.keys > 0;
        // The run's own keys enter the filter after it, since equal ones stand side by side.
        for (at, row) in rows.iter().enumerate() {
            if at == 0 || rows[at - 1].key() != row.key() {
                run.same_key.clear();
            }
            let may_be_kept = row.learner <= self.last_known_learner || (filled && self.has(row));
            let claim = match (may_be_kept, run.same_key.is_empty(), &row.record) {
                (false, true, None) => None,
                _ => judge_one(tx, rows, at, may_be_kept, &run)?,
            };
            if matches!(claim, None | Some(Claim::Again { .. })) {
                if let Some(record) = &row.record {
                    run.records.insert((row.institution, record), run.posted);
                }
                run.same_key.push((at, run.posted));
                run.posted += 1;
            }
            claimed.extend(claim.map(|claim| (at, claim)));
        }
        for row in rows {
            let (word, bits) = self.place(row);
            self.words[word] |= bits;
        }
        self.keys += rows.len();
        Ok(claimed)
    }

    fn has(&self, row: &Prepared) -> bool {
        let (word, bits) = self.place(row);
        self.words[word] & bits == bits
    }

    /// A row's word of the filter, and four bits in it.
    fn place(&self, row: &Prepared) -> (usize, u64) {
        let hash = self.hasher.hash_one(row.key());
        let bits = (0..4).fold(0, |bits, nth| bits | 1 << (hash >> (6 * nth) & 63));
        let word = ((hash >> 32) * self.words.len() as u64) >> 32;
        (word as usize, bits)
    }

    /// Grows the filter for a batch of about that many rows; only before the first row.
    pub fn expect(&mut self, rows: usize) {
        if self.keys == 0 {
            self.words = vec![0; (rows * BITS_PER_KEY / 64).max(16 << 10)];
        }
    }
}

/// What stands against a row; none where nothing does.
fn judge_one(
    tx: &dyn Tx,
    rows: &[Prepared],
    at: usize,
    may_be_kept: bool,
    run: &Run<'_>,
) -> Result<Option<Claim>> {
    let row = &rows[at];
    let new = &row.achievement();
    let kept = match may_be_kept {
        true => tx.same_key(new.learner, new.outcome, new.period, new.attempt)?,
        false => Vec::new(),
    };
    if let Some(record) = &new.record {
        if let Some(&at) = run.records.get(&(row.institution, record.as_str())) {
            return Ok(Some(Claim::InRun(at, Vec::new())));
        }
        for old in tx.by_record(record)? {
            let institution =
                crate::store::get::<crate::domain::registry::Outcome>(tx, old.outcome)?.institution;
            if institution == i64::from(row.institution) && stands(tx, &old)? {
                return Ok(Some(Claim::Recorded(old.entry, differences(&old, new))));
            }
        }
    }
    let other_record = |old: &Achievement| old.record.is_some() && new.record.is_some();
    for old in &kept {
        if !other_record(old) && stands(tx, old)? {
            return Ok(Some(Claim::Recorded(old.entry, differences(old, new))));
        }
    }
    for &(position, posted) in &run.same_key {
        let old = &rows[position].achievement();
        if !other_record(old) {
            return Ok(Some(Claim::InRun(posted, differences(old, new))));
        }
    }
    let nth = (kept.len() + run.same_key.len()) as i64;
    Ok((nth > 0).then_some(Claim::Again { nth }))
}

/// Whether an achievement has not been reversed.
fn stands(tx: &dyn Tx, row: &Achievement) -> Result<bool> {
    let movements = tx.movements_of_lot(row.learner, row.entry)?;
    let never_asked = |_| Period::day(jiff::civil::Date::ZERO);
    let (_, undone) = standing(&movements, &Cut::default(), &never_asked);
    Ok(!undone.contains_key(&row.entry))
}

/// The columns in which two rows of one key differ; the file and the line do not count.
fn differences(old: &Achievement, new: &Achievement) -> Vec<&'static str> {
    let same = [
        ("outcome version", old.version == new.version),
        ("status", old.status == new.status),
        ("kind", old.kind == new.kind),
        ("system", old.system == new.system),
        ("credits", old.amount == new.amount),
        ("grade", old.grade == new.grade),
        ("attributes", old.attrs == new.attrs),
        ("group load", old.group_load == new.group_load),
        ("record", old.record.is_none() || new.record.is_none() || old.record == new.record),
    ];
    same.into_iter().filter(|(_, same)| !same).map(|(column, _)| column).collect()
}
