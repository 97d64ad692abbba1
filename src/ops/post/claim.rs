//! Exactly once: whether a row is new, or says again what stands already.
//!
//! The key is the institution's own record id where it gives one, else learner, outcome, period as
//! written and attempt. It binds standing entries only: one that was reversed leaves it free. The load
//! of a group counts once: a row that comes after its group was counted is refused.

use super::Prepared;
use super::origin::{Origins, difference};
use crate::domain::date::Period;
use crate::domain::entry::{Achievement, EntryId, RowPlace};
use crate::domain::fault::Result;
use crate::intake::rules::Rule;
use crate::ledger::links::Links;
use crate::ledger::lots::{Cut, standing};
use crate::ops::names::Names;
use crate::store::{Read, Tx};
use hashbrown::HashMap;
use std::hash::BuildHasher;
use std::ops::Range;
use std::rc::Rc;

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Posted as this entry.
    Posted(EntryId),
    /// The same achievement stands already.
    Already(Standing),
    /// What stands already contradicts it.
    Conflict {
        /// The rule that it breaks.
        rule: Rule,
        /// What stands, and how the row differs.
        reason: String,
    },
}

/// Where an achievement that stands was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Its entry.
    pub entry: EntryId,
    /// Which file of its batch.
    pub file: i64,
    /// The number of its place there.
    pub line: i64,
}

impl Standing {
    fn of(row: &Achievement) -> Standing {
        Standing { entry: row.entry, file: row.file, line: row.line }
    }

    /// How a row of that file is told of what it contradicts in its own import.
    fn in_import(self, file: i64) -> String {
        let place = RowPlace::of(self.line);
        if self.file == file {
            format!("{place} of the file")
        } else {
            format!("{place} of file {} of the import", self.file + 1)
        }
    }
}

/// A verdict before entries have places; in-run earlier rows are named by their position among the
/// rows that are posted.
#[derive(Debug)]
pub enum Claim {
    /// New, though others of its key came before it.
    Again { nth: i64 },
    /// The same stands.
    Recorded(Standing),
    /// The same stands among the run's earlier rows: its position, and then its place among the posted ones, stands
    /// for its entry.
    InRun(u64, Standing),
    /// What stands contradicts it.
    Contradicted(Rule, String),
}

impl Claim {
    /// The verdict on a row that is not posted, given the entry of the run's first posted row.
    pub fn into_verdict(self, first: EntryId) -> Verdict {
        match self {
            Claim::Recorded(standing) => Verdict::Already(standing),
            Claim::InRun(at, standing) => Verdict::Already(Standing { entry: first.plus(at), ..standing }),
            Claim::Contradicted(rule, reason) => Verdict::Conflict { rule, reason },
            Claim::Again { .. } => unreachable!("a new row is posted"),
        }
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
    /// Registry id of the first date that is new with the batch, where it is known.
    first_new_period: Option<i64>,
    /// The batch's first entry.
    batch: EntryId,
    words: Vec<u64>,
    keys: usize,
    /// Whose account is whose: what stands under one account of a person binds the others.
    links: Links,
    hasher: hashbrown::DefaultHashBuilder,
    names: Rc<Names>,
    origins: Origins,
}

/// Learner, outcome, period and attempt.
type KeyOf = (i64, u32, u32, u8);

/// What the run so far says about the keys of the rows that follow.
struct Run<'r> {
    /// Whether the row of each position is posted.
    posted: Vec<bool>,
    /// Positions of posted rows whose learner has several accounts, under the person's key.
    linked: HashMap<KeyOf, Vec<usize>>,
    /// Positions of posted rows by institution and record.
    records: HashMap<(u32, &'r str), usize>,
}

impl Claims {
    /// Learners up to this one were there before the batch, which begins with this entry.
    pub fn new(last_known_learner: i64, batch: EntryId, names: Rc<Names>, links: Links) -> Claims {
        Claims {
            last_known_learner,
            first_new_period: None,
            batch,
            words: vec![0; 16 << 10],
            keys: 0,
            links,
            hasher: hashbrown::DefaultHashBuilder::default(),
            names,
            origins: Origins::default(),
        }
    }

    /// Judges rows that are sorted by key; the batch holds none of them yet. Of rows that say the same, the one that
    /// stands first in the files counts.
    pub fn judge(&mut self, tx: &dyn Tx, rows: &[Prepared]) -> Result<Claimed> {
        let mut claimed = Claimed::new();
        let mut run =
            Run { posted: vec![false; rows.len()], linked: HashMap::new(), records: HashMap::new() };
        if rows.iter().any(|row| row.record().is_some() || self.is_linked(row)) {
            // Rows that say the same may have different keys, so that they are not side by side.
            let mut order: Vec<usize> = (0..rows.len()).collect();
            order.sort_unstable_by_key(|at| (rows[*at].file, rows[*at].place()));
            for at in order {
                let claim = self.judge_one(tx, rows, at, self.may_be_kept(&rows[at]), &run)?;
                claimed.extend(self.note(rows, at, claim, &mut run));
            }
            claimed.sort_unstable_by_key(|(at, _)| *at);
        } else {
            for (at, row) in rows.iter().enumerate() {
                let may_be_kept = self.may_be_kept(row);
                let claim = match may_be_kept || (at > 0 && rows[at - 1].key() == row.key()) {
                    true => self.judge_one(tx, rows, at, may_be_kept, &run)?,
                    false => None,
                };
                claimed.extend(self.note(rows, at, claim, &mut run));
            }
        }
        to_places(&mut claimed);
        // The run's own keys enter the filter after it: the run itself knows them.
        for row in rows {
            let (word, bits) = self.place(row);
            self.words[word] |= bits;
        }
        self.keys += rows.len();
        Ok(claimed)
    }

    /// Notes for the rows that follow whether a row is posted.
    fn note<'r>(
        &self,
        rows: &'r [Prepared],
        at: usize,
        claim: Option<Claim>,
        run: &mut Run<'r>,
    ) -> Option<(usize, Claim)> {
        let row = &rows[at];
        run.posted[at] = is_posted(claim.as_ref());
        if run.posted[at] {
            run.records.extend(row.record().map(|record| ((row.institution, record), at)));
            if let Some(key) = self.person_key(row) {
                run.linked.entry(key).or_default().push(at);
            }
        }
        claim.map(|claim| (at, claim))
    }

    /// False where the ledger holds nothing of the row's key for certain.
    fn may_be_kept(&self, row: &Prepared) -> bool {
        self.may_be_known(row) || (self.keys > 0 && self.has(row)) || self.is_linked(row)
    }

    fn has(&self, row: &Prepared) -> bool {
        let (word, bits) = self.place(row);
        self.words[word] & bits == bits
    }

    /// Whether another account of the learner may hold what the row says.
    fn is_linked(&self, row: &Prepared) -> bool {
        !self.links.is_empty() && self.links.accounts(row.learner).len() > 1
    }

    /// The key of a row under the account that names the person, where there are several.
    fn person_key(&self, row: &Prepared) -> Option<KeyOf> {
        if self.links.is_empty() {
            return None;
        }
        let accounts = self.links.accounts(row.learner);
        let (_, outcome, period, attempt) = row.key();
        (accounts.len() > 1).then(|| (accounts[0], outcome, period, attempt))
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
        &mut self,
        tx: &dyn Tx,
        rows: &[Prepared],
        at: usize,
        may_be_kept: bool,
        run: &Run<'_>,
    ) -> Result<Option<Claim>> {
        let row = &rows[at];
        let new = &row.achievement();
        let mut kept = Vec::new();
        if may_be_kept {
            for account in self.links.accounts(new.learner) {
                kept.extend(tx.same_key(account, new.outcome, new.period, new.attempt)?);
            }
        }
        if let Some(record) = &new.record {
            if let Some(&position) = run.records.get(&(row.institution, record.as_str())) {
                let old = &rows[position].achievement();
                return self.in_run(tx, position as u64, old, new).map(Some);
            }
            for old in tx.by_record(record)? {
                if institution_of(tx, &old)? == i64::from(row.institution) && stands(tx, &old)? {
                    return self.against(tx, &old, new).map(Some);
                }
            }
        }
        let other_record = |old: &Achievement| old.record.is_some() && new.record.is_some();
        for old in &kept {
            if !other_record(old) && stands(tx, old)? {
                return self.against(tx, old, new).map(Some);
            }
        }
        let own: Vec<usize> = same_key(rows, at).filter(|at| run.posted[*at]).collect();
        let linked = self.person_key(row).and_then(|key| run.linked.get(&key));
        for &position in linked.unwrap_or(&own) {
            let old = &rows[position].achievement();
            if !other_record(old) {
                return self.in_run(tx, position as u64, old, new).map(Some);
            }
        }
        if let Some(counted) = self.counted(tx, row)? {
            return Ok(Some(counted));
        }
        let before = kept.iter().filter(|old| old.learner == new.learner).count();
        let nth = (before + own.len()) as i64;
        Ok((nth > 0).then_some(Claim::Again { nth }))
    }

    /// How two rows differ, beside the account of the person.
    fn difference(&self, tx: &dyn Tx, old: &Achievement, new: &Achievement) -> Result<String> {
        if old.learner != new.learner && self.links.same(old.learner, new.learner) {
            let old = Achievement { learner: new.learner, ..old.clone() };
            return difference(tx, &self.names, &old, new);
        }
        difference(tx, &self.names, old, new)
    }

    /// A row against an achievement that stands.
    fn against(&mut self, tx: &dyn Tx, old: &Achievement, new: &Achievement) -> Result<Claim> {
        let difference = self.difference(tx, old, new)?;
        if difference.is_empty() {
            return Ok(Claim::Recorded(Standing::of(old)));
        }
        if old.entry >= self.batch {
            return Ok(in_import(&difference, old, new));
        }
        let place = self.origins.place(tx, old)?;
        Ok(Claim::Contradicted(Rule::Conflict, format!("{difference}, recorded {place}")))
    }

    /// A row against an earlier one of its run.
    fn in_run(&self, tx: &dyn Tx, position: u64, old: &Achievement, new: &Achievement) -> Result<Claim> {
        let difference = self.difference(tx, old, new)?;
        Ok(match difference.is_empty() {
            true => Claim::InRun(position, Standing::of(old)),
            false => in_import(&difference, old, new),
        })
    }

    /// The standing entry of an earlier batch among which the load of the row's group was divided.
    fn counted(&self, tx: &dyn Tx, row: &Prepared) -> Result<Option<Claim>> {
        let new = row.achievement();
        if new.group_load.is_none() || new.learner > self.last_known_learner {
            return Ok(None);
        }
        let mut all = Vec::new();
        for account in self.links.accounts(new.learner) {
            all.extend(tx.achievements_of(account)?);
        }
        for old in all {
            let shared = old.group_load.filter(|_| old.period == new.period && old.entry < self.batch);
            let Some(load) = shared else { continue };
            if institution_of(tx, &old)? == i64::from(row.institution) && stands(tx, &old)? {
                let entry = old.entry;
                let reason = format!("entry {entry} and its group counted {load} of this period already");
                return Ok(Some(Claim::Contradicted(Rule::GroupCounted, reason)));
            }
        }
        Ok(None)
    }

    /// Whether the ledger may have held an achievement of the row's key before the batch: not where the
    /// learner or the date is new to it.
    fn may_be_known(&self, row: &Prepared) -> bool {
        row.learner <= self.last_known_learner
            && self.first_new_period.is_none_or(|first| i64::from(row.period) < first)
    }

    /// Grows the filter for a batch of about that many rows; only before the first row. Dates are new
    /// to the registry from this one on.
    pub fn expect(&mut self, rows: usize, first_new_period: i64) {
        self.first_new_period = Some(first_new_period);
        if self.keys == 0 {
            self.words = vec![0; (rows * BITS_PER_KEY / 64).max(16 << 10)];
        }
    }
}

/// Positions of the rows of a key, which stand side by side.
fn same_key(rows: &[Prepared], at: usize) -> Range<usize> {
    let key = rows[at].key();
    let same = |row: &&Prepared| row.key() == key;
    let before = rows[..at].iter().rev().take_while(same).count();
    at - before..at + rows[at..].iter().take_while(same).count()
}

/// Whether a row so claimed is posted.
fn is_posted(claim: Option<&Claim>) -> bool {
    matches!(claim, None | Some(Claim::Again { .. }))
}

/// Turns positions in the run into places among the posted rows.
fn to_places(claimed: &mut Claimed) {
    let refused: Vec<u64> =
        claimed.iter().filter(|(_, claim)| !is_posted(Some(claim))).map(|(at, _)| *at as u64).collect();
    for (_, claim) in claimed {
        if let Claim::InRun(position, ..) = claim {
            *position -= refused.partition_point(|at| at < position) as u64;
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

fn in_import(difference: &str, old: &Achievement, new: &Achievement) -> Claim {
    let place = Standing::of(old).in_import(new.file);
    Claim::Contradicted(Rule::ConflictInFile, format!("{difference}, against {place}"))
}

/// How a row of an import is told that an earlier row of the same import contradicts it; none
/// where both say the same.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn contradiction(
    read: &(impl Read + ?Sized),
    names: &Names,
    old: &Prepared,
    new: &Prepared,
) -> Result<Option<(Rule, String)>> {
    let (old, new) = (old.achievement(), new.achievement());
    let difference = difference(read, names, &old, &new)?;
    Ok(match in_import(&difference, &old, &new) {
        Claim::Contradicted(rule, reason) if !difference.is_empty() => Some((rule, reason)),
        _ => None,
    })
}
