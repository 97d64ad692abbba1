//! Exactly once: whether a row is new, or says again what stands already.
//!
//! The key is the institution's own record id where it gives one, else learner, outcome, period as
//! written and attempt. It binds standing entries only: one that was reversed leaves it free. The load
//! of a group counts once: a row that comes after its group was counted is refused.

use super::Prepared;
use crate::domain::credits::Credits;
use crate::domain::date::Period;
use crate::domain::entry::{Achievement, EntryId, RowPlace};
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
        (Rule::ConflictInFile, format!("{} of {place}", RowPlace::of(self.line)))
    }
}

/// A verdict before entries have places; in-run earlier rows are named by their position among the
/// rows that are posted.
#[derive(Debug)]
pub enum Claim {
    /// New, though others of its key came before it.
    Again {
        nth: i64,
    },
    Recorded(Standing, Vec<&'static str>),
    /// An earlier row of the run: its place among the posted ones stands for its entry.
    InRun(u64, Standing, Vec<&'static str>),
    /// An entry of another batch, and the load of the row's group that it shares.
    Counted(EntryId, Credits),
}

impl Claim {
    /// The verdict on a row of that file that is not posted, given the entry of the run's first posted
    /// row and the batch's first entry.
    pub fn into_verdict(self, first: EntryId, file: i64, batch: EntryId) -> Verdict {
        let (standing, columns) = match self {
            Claim::Recorded(standing, columns) => (standing, columns),
            Claim::InRun(at, standing, columns) => (Standing { entry: first.plus(at), ..standing }, columns),
            Claim::Counted(entry, load) => {
                let reason = format!("entry {entry} and its group counted {load} of this period already");
                return Verdict::Conflict { rule: Rule::GroupCounted, reason };
            }
            Claim::Again { .. } => unreachable!("a new row is posted"),
        };
        if columns.is_empty() {
            return Verdict::Already(standing.entry);
        }
        let (rule, place) = standing.told(file, batch);
        Verdict::Conflict { rule, reason: told(&place, &columns) }
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
    /// The batch's first entry.
    batch: EntryId,
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
    /// By institution and record: place among the posted, position in the run.
    records: hashbrown::HashMap<(u32, &'r str), (u64, usize)>,
}

impl Claims {
    /// Learners up to this one were there before the batch, which begins with this entry.
    pub fn new(last_known_learner: i64, batch: EntryId) -> Claims {
        Claims {
            last_known_learner,
            batch,
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
            let claim = match (may_be_kept, run.same_key.is_empty(), row.record()) {
                (false, true, None) => None,
                _ => self.judge_one(tx, rows, at, may_be_kept, &run)?,
            };
            if matches!(claim, None | Some(Claim::Again { .. })) {
                if let Some(record) = row.record() {
                    run.records.insert((row.institution, record), (run.posted, at));
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

    /// What stands against a row; none where nothing does.
    fn judge_one(
        &self,
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
            if let Some(&(posted, position)) = run.records.get(&(row.institution, record.as_str())) {
                let old = &rows[position].achievement();
                return Ok(Some(Claim::InRun(posted, Standing::of(old), differences(old, new))));
            }
            for old in tx.by_record(record)? {
                if institution_of(tx, &old)? == i64::from(row.institution) && stands(tx, &old)? {
                    return Ok(Some(Claim::Recorded(Standing::of(&old), differences(&old, new))));
                }
            }
        }
        let other_record = |old: &Achievement| old.record.is_some() && new.record.is_some();
        for old in &kept {
            if !other_record(old) && stands(tx, old)? {
                return Ok(Some(Claim::Recorded(Standing::of(old), differences(old, new))));
            }
        }
        for &(position, posted) in &run.same_key {
            let old = &rows[position].achievement();
            if !other_record(old) {
                return Ok(Some(Claim::InRun(posted, Standing::of(old), differences(old, new))));
            }
        }
        if let Some(counted) = self.counted(tx, row)? {
            return Ok(Some(counted));
        }
        let nth = (kept.len() + run.same_key.len()) as i64;
        Ok((nth > 0).then_some(Claim::Again { nth }))
    }

    /// The standing entry of an earlier batch among which the load of the row's group was divided.
    fn counted(&self, tx: &dyn Tx, row: &Prepared) -> Result<Option<Claim>> {
        let new = row.achievement();
        if new.group_load.is_none() || new.learner > self.last_known_learner {
            return Ok(None);
        }
        for old in tx.achievements_of(new.learner)? {
            let shared = old.group_load.filter(|_| old.period == new.period && old.entry < self.batch);
            let Some(load) = shared else { continue };
            if institution_of(tx, &old)? == i64::from(row.institution) && stands(tx, &old)? {
                return Ok(Some(Claim::Counted(old.entry, load)));
            }
        }
        Ok(None)
    }

    /// Grows the filter for a batch of about that many rows; only before the first row.
    pub fn expect(&mut self, rows: usize) {
        if self.keys == 0 {
            self.words = vec![0; (rows * BITS_PER_KEY / 64).max(16 << 10)];
        }
    }
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

/// How a row of an import is told that an earlier row of the same import contradicts it; none
/// where both say the same.
pub fn contradiction(old: &Prepared, new: &Prepared) -> Option<(Rule, String)> {
    let (old, new) = (old.achievement(), new.achievement());
    let columns = differences(&old, &new);
    if columns.is_empty() {
        return None;
    }
    let (rule, place) = Standing::of(&old).told(new.file, EntryId(0));
    Some((rule, told(&place, &columns)))
}

fn told(place: &str, columns: &[&str]) -> String {
    format!("{place} records this achievement with another {}", columns.join(", "))
}

/// The columns in which two rows of one key differ. The file and the line do not count, nor what the row says of its
/// outcome: where that changes, the outcome has a new version, and the result is still the same.
fn differences(old: &Achievement, new: &Achievement) -> Vec<&'static str> {
    let same = [
        ("learner", old.learner == new.learner),
        ("outcome", old.outcome == new.outcome),
        ("period", old.period == new.period),
        ("attempt", old.attempt == new.attempt),
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
