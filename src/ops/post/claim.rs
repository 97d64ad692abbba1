//! Exactly once: whether a row is new, or says again what stands already.
//!
//! The key is the institution's own record id where it gives one, else learner, outcome, period as
//! written and attempt. It binds standing entries only: one that was reversed leaves it free. The load
//! of a group counts once: a row that comes after its group was counted is refused.

use super::Prepared;
use crate::domain::credits::Credits;
use crate::domain::date::Period;
use crate::domain::entry::{Achievement, EntryId};
use crate::domain::fault::Result;
use crate::intake::rules::Rule;
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
    /// What stands already contradicts it.
    Conflict {
        /// The rule that it breaks.
        rule: Rule,
        /// What stands, and how the row differs.
        reason: String,
    },
}

/// Where an achievement that stands was recorded.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    entry: EntryId,
    file: i64,
    line: i64,
}

impl Standing {
    fn of(row: &Achievement) -> Standing {
        Standing { entry: row.entry, file: row.file, line: row.line }
    }

    /// How a row of that file is told what it contradicts; entries from `batch` on are of its own import.
    fn told(self, file: i64, batch: EntryId) -> (Rule, String) {
        if self.entry < batch {
            return (Rule::Conflict, format!("entry {}", self.entry));
        }
        let place = if self.file == file {
            "the file".to_owned()
        } else {
            format!("file {} of the import", self.file + 1)
        };
        (Rule::ConflictInFile, format!("line {} of {place}", self.line))
    }
}

/// A verdict before entries have places; in-run earlier rows are named by their position among the
/// rows that are posted.
#[derive(Debug)]
pub enum Claim {
    New {
        nth: i64,
    },
    Recorded(Standing, Vec<&'static str>),
    InRun(usize, Vec<&'static str>),
    /// An entry of another batch, and the load of the row's group that it shares.
    Counted(EntryId, Credits),
}

impl Claim {
    /// The verdict on a row of that file, with the rows that were posted and the batch's first entry.
    pub fn into_verdict(self, posted: &[Achievement], file: i64, batch: EntryId) -> Verdict {
        let (standing, columns) = match self {
            Claim::Recorded(standing, columns) => (standing, columns),
            Claim::InRun(at, columns) => (Standing::of(&posted[at]), columns),
            Claim::Counted(entry, load) => {
                let reason = format!("entry {entry} and its group counted {load} of this period already");
                return Verdict::Conflict { rule: Rule::GroupCounted, reason };
            }
            Claim::New { .. } => unreachable!("a new row is posted"),
        };
        if columns.is_empty() {
            return Verdict::Already(standing.entry);
        }
        let (rule, place) = standing.told(file, batch);
        let reason = format!("{place} records this achievement with another {}", columns.join(", "));
        Verdict::Conflict { rule, reason }
    }
}

/// Bits of the filter per key, about: one false alarm in a hundred.
const BITS_PER_KEY: usize = 10;

/// What the batch has posted so far, as a Bloom filter: a key that is not in it, of a learner whom the
/// batch itself enrolled, is new for certain and needs no look-up.
pub struct Claims {
    last_known_learner: i64,
    /// The batch's first entry.
    batch: EntryId,
    bits: Vec<u64>,
    keys: usize,
    hasher: hashbrown::DefaultHashBuilder,
}

impl Claims {
    /// Learners up to this one were there before the batch, which begins with this entry.
    pub fn new(last_known_learner: i64, batch: EntryId) -> Claims {
        Claims {
            last_known_learner,
            batch,
            bits: vec![0; 16 << 10],
            keys: 0,
            hasher: hashbrown::DefaultHashBuilder::default(),
        }
    }

    /// Judges rows that are sorted by key.
    pub fn judge(&mut self, tx: &dyn Tx, rows: &[Prepared]) -> Result<Vec<Claim>> {
        let mut claims: Vec<Claim> = Vec::with_capacity(rows.len());
        let mut posted: Vec<usize> = Vec::with_capacity(rows.len());
        // By institution and record: the place among the rows that are posted, and among all.
        let mut records: hashbrown::HashMap<(i64, &str), (usize, usize)> = hashbrown::HashMap::new();
        let mut run_start = 0;
        for (at, row) in rows.iter().enumerate() {
            let same_key = at > 0 && key(&rows[at - 1].achievement) == key(&row.achievement);
            if !same_key {
                run_start = posted.len();
            }
            let earlier = &posted[run_start..];
            let claim = self.judge_one(tx, rows, row, earlier, run_start, &records)?;
            if matches!(claim, Claim::New { .. }) {
                if let Some(record) = &row.achievement.record {
                    records.insert((row.institution, record), (posted.len(), at));
                }
                posted.push(at);
            }
            claims.push(claim);
        }
        for row in rows {
            self.remember(&row.achievement);
        }
        Ok(claims)
    }

    fn judge_one(
        &self,
        tx: &dyn Tx,
        rows: &[Prepared],
        row: &Prepared,
        earlier: &[usize],
        run_start: usize,
        records: &hashbrown::HashMap<(i64, &str), (usize, usize)>,
    ) -> Result<Claim> {
        let new = &row.achievement;
        let kept = if self.may_be_kept(new) {
            tx.same_key(new.learner, new.outcome, new.period, new.attempt)?
        } else {
            Vec::new()
        };
        if let Some(record) = &new.record {
            if let Some(&(at, position)) = records.get(&(row.institution, record.as_str())) {
                return Ok(Claim::InRun(at, differences(&rows[position].achievement, new)));
            }
            for old in tx.by_record(record)? {
                if institution_of(tx, &old)? == row.institution && stands(tx, &old)? {
                    return Ok(Claim::Recorded(Standing::of(&old), differences(&old, new)));
                }
            }
        }
        let other_record = |old: &Achievement| old.record.is_some() && new.record.is_some();
        for old in &kept {
            if !other_record(old) && stands(tx, old)? {
                return Ok(Claim::Recorded(Standing::of(old), differences(old, new)));
            }
        }
        for (at, &position) in earlier.iter().enumerate() {
            let old = &rows[position].achievement;
            if !other_record(old) {
                return Ok(Claim::InRun(run_start + at, differences(old, new)));
            }
        }
        if let Some(counted) = self.counted(tx, row)? {
            return Ok(counted);
        }
        Ok(Claim::New { nth: (kept.len() + earlier.len()) as i64 })
    }

    /// The standing entry of an earlier batch among which the load of the row's group was divided.
    fn counted(&self, tx: &dyn Tx, row: &Prepared) -> Result<Option<Claim>> {
        let new = &row.achievement;
        if new.group_load.is_none() || new.learner > self.last_known_learner {
            return Ok(None);
        }
        for old in tx.achievements_of(new.learner)? {
            let Some(load) = old.group_load.filter(|_| old.period == new.period && old.entry < self.batch)
            else {
                continue;
            };
            if institution_of(tx, &old)? == row.institution && stands(tx, &old)? {
                return Ok(Some(Claim::Counted(old.entry, load)));
            }
        }
        Ok(None)
    }

    fn may_be_kept(&self, row: &Achievement) -> bool {
        row.learner <= self.last_known_learner
            || self.probes(row).into_iter().all(|(word, bit)| self.bits[word] & bit != 0)
    }

    fn remember(&mut self, row: &Achievement) {
        self.keys += 1;
        for (word, bit) in self.probes(row) {
            self.bits[word] |= bit;
        }
    }

    fn probes(&self, row: &Achievement) -> [(usize, u64); 4] {
        let hash = self.hasher.hash_one(key(row));
        let (first, step) = (hash as u32, (hash >> 32) as u32 | 1);
        std::array::from_fn(|i| {
            let bit = first.wrapping_add(step.wrapping_mul(i as u32)) as usize % (self.bits.len() * 64);
            (bit / 64, 1 << (bit % 64))
        })
    }

    /// Grows the filter for a batch of about that many rows; only before the first row.
    pub fn expect(&mut self, rows: usize) {
        if self.keys == 0 {
            self.bits = vec![0; (rows * BITS_PER_KEY / 64).max(16 << 10)];
        }
    }
}

fn key(row: &Achievement) -> (i64, i64, i64, i64) {
    (row.learner, row.outcome, row.period, row.attempt)
}

fn institution_of(tx: &dyn Tx, row: &Achievement) -> Result<i64> {
    Ok(crate::store::get::<crate::domain::registry::Outcome>(tx, row.outcome)?.institution)
}

/// Whether an achievement has not been reversed.
fn stands(tx: &dyn Tx, row: &Achievement) -> Result<bool> {
    let movements = tx.movements_of_lot(row.learner, row.entry)?;
    let never_asked = |_| Period::day(jiff::civil::Date::ZERO);
    let (_, undone) = standing(&movements, &Cut::default(), &never_asked);
    Ok(!undone.contains_key(&row.entry))
}

/// The columns in which two rows of one key differ; the file and the line do not count. Under an
/// institution's own record id that may be all of them.
fn differences(old: &Achievement, new: &Achievement) -> Vec<&'static str> {
    let same = [
        ("learner", old.learner == new.learner),
        ("outcome", old.outcome == new.outcome),
        ("period", old.period == new.period),
        ("attempt", old.attempt == new.attempt),
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
