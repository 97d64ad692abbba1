//! Exactly once: whether a row is new, or says again what stands already.
//!
//! The key is the institution's own record id where it gives one, else learner, outcome, period as
//! written and attempt. It binds standing entries only: one that was reversed leaves it free. The load
//! of a group counts once: a row that comes after its group was counted is refused.

mod filter;
mod repeats;

use super::Prepared;
use super::origin::{Origins, difference, differing};
use super::replace::{CORRECT, Policy, in_use, lot_of};
use crate::domain::entry::{Achievement, EntryId, RowPlace};
use crate::domain::fault::Result;
use crate::intake::profile::Changed;
use crate::intake::rules::Rule;
use crate::ledger::links::Links;
use crate::ops::names::Names;
use crate::ops::rules::BankOrders;
use crate::store::{Read, Tx};
use filter::Filter;
use hashbrown::HashMap;
use std::collections::BTreeSet;
use std::ops::Range;
use std::rc::Rc;

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Posted as this entry.
    Posted(EntryId),
    /// The same achievement stands already.
    Already(Standing),
    /// Posted as this entry; it corrects what stood; how they differ.
    Corrected(EntryId, Standing, String),
    /// It says what was recorded once and corrected since; what stands now stays.
    Outdated(Standing),
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
    /// Where an achievement was recorded.
    pub fn of(row: &Achievement) -> Standing {
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
    /// New, and in the place of an achievement that it corrects.
    Correct(Box<Corrects>),
    /// It says what was recorded once; what was recorded instead.
    Outdated(Standing),
    /// What stands contradicts it.
    Contradicted(Rule, String),
}

/// What a row corrects.
#[derive(Debug)]
pub struct Corrects {
    /// What was recorded.
    pub old: Achievement,
    /// How they differ, and where it was recorded.
    pub how: String,
    /// How many rows of its key came before.
    pub nth: i64,
}

impl Claim {
    /// The verdict on a row that is not posted, given the entry of the run's first posted row.
    pub fn into_verdict(self, first: EntryId) -> Verdict {
        match self {
            Claim::Recorded(standing) => Verdict::Already(standing),
            Claim::InRun(at, standing) => Verdict::Already(Standing { entry: first.plus(at), ..standing }),
            Claim::Outdated(standing) => Verdict::Outdated(standing),
            Claim::Contradicted(rule, reason) => Verdict::Conflict { rule, reason },
            Claim::Again { .. } | Claim::Correct(_) => unreachable!("a new row is posted"),
        }
    }
}

/// The rows of a run that are not plainly new, by position, in order.
pub type Claimed = Vec<(usize, Claim)>;

/// Posted rows of a run, with their positions there.
type Mates = Vec<(usize, Achievement)>;

/// Judges the rows of a batch.
pub struct Claims {
    last_known_learner: i64,
    /// The batch's first entry.
    batch: EntryId,
    filter: Filter,
    /// Whose account is whose: what stands under one account of a person binds the others.
    links: Links,
    names: Rc<Names>,
    origins: Origins,
    policy: Policy,
    /// People and outcomes with several results that earn credit.
    repeats: BTreeSet<(i64, i64)>,
    /// What rows of the batch correct, before that is reversed.
    corrected: BTreeSet<EntryId>,
    grades: Option<BankOrders>,
}

/// What the run so far says about the keys of the rows that follow.
struct Run<'r> {
    /// Whether the row of each position is posted.
    posted: Vec<bool>,
    /// Positions of posted rows whose learner has several accounts, by person and outcome.
    linked: HashMap<(i64, u32), Vec<usize>>,
    /// Positions of posted rows by institution and record.
    records: HashMap<(u32, &'r str), usize>,
}

impl Claims {
    /// Learners up to this one were there before the batch, which begins with this entry.
    pub fn new(last_known_learner: i64, batch: EntryId, names: Rc<Names>, links: Links) -> Claims {
        Claims {
            last_known_learner,
            batch,
            filter: Filter::default(),
            links,
            names,
            origins: Origins::default(),
            policy: Policy::default(),
            repeats: BTreeSet::new(),
            corrected: BTreeSet::new(),
            grades: None,
        }
    }

    /// Says what to do with rows that say otherwise than what is recorded.
    pub fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
    }

    /// The people and outcomes with several results that earn credit, met since they were taken last.
    pub fn take_repeats(&mut self) -> BTreeSet<(i64, i64)> {
        std::mem::take(&mut self.repeats)
    }

    /// Judges rows that are sorted by key; the batch holds none of them yet. Of rows that say the same, the one that
    /// stands first in the files counts.
    pub fn judge(&mut self, tx: &dyn Tx, rows: &[Prepared]) -> Result<Claimed> {
        let mut claimed = Claimed::new();
        let mut run =
            Run { posted: vec![false; rows.len()], linked: HashMap::new(), records: HashMap::new() };
        self.filter.load(tx, rows, self.last_known_learner)?;
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
                let follows = at > 0 && pair(&rows[at - 1]) == pair(row);
                let claim = match may_be_kept || follows || row.rare.is_some() {
                    true => self.judge_one(tx, rows, at, may_be_kept, &run)?,
                    false => None,
                };
                claimed.extend(self.note(rows, at, claim, &mut run));
            }
        }
        to_places(&mut claimed);
        // The run's own rows enter the filter after it: the run itself knows them.
        rows.iter().for_each(|row| self.filter.add(pair(row)));
        Ok(claimed)
    }

    /// Notes for the rows that follow whether a row is posted.
    fn note<'r>(
        &mut self,
        rows: &'r [Prepared],
        at: usize,
        claim: Option<Claim>,
        run: &mut Run<'r>,
    ) -> Option<(usize, Claim)> {
        let row = &rows[at];
        run.posted[at] = is_posted(claim.as_ref());
        if run.posted[at] {
            run.records.extend(row.record().map(|record| ((row.institution, record), at)));
            if let Some(pair) = self.of_person(row) {
                run.linked.entry(pair).or_default().push(at);
            }
        }
        if let Some(Claim::Correct(corrects)) = &claim {
            self.corrected.insert(corrects.old.entry);
        }
        claim.map(|claim| (at, claim))
    }

    /// False where the ledger holds nothing of the row's learner and outcome for certain.
    fn may_be_kept(&self, row: &Prepared) -> bool {
        (row.learner <= self.last_known_learner && !self.filter.is_loaded())
            || self.filter.has(pair(row))
            || self.is_linked(row)
    }

    /// Whether another account of the learner may hold what the row says.
    fn is_linked(&self, row: &Prepared) -> bool {
        !self.links.is_empty() && self.links.accounts(row.learner).len() > 1
    }

    /// The account that names the person, and the outcome, where the person has several accounts.
    fn of_person(&self, row: &Prepared) -> Option<(i64, u32)> {
        self.is_linked(row).then(|| (self.links.person(row.learner), row.outcome))
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
                kept.extend(tx.same_outcome(account, new.outcome)?);
            }
        }
        let mates = self.mates(rows, at, run);
        if let Some(record) = &new.record {
            if let Some(&position) = run.records.get(&(row.institution, record.as_str())) {
                let old = &rows[position].achievement();
                return self.in_run(tx, position as u64, old, new).map(Some);
            }
            for old in tx.by_record(record)? {
                if institution_of(tx, &old)? == i64::from(row.institution) && self.stands(tx, &old)? {
                    return self.against(tx, &old, new, &kept, &mates).map(Some);
                }
            }
        }
        let other_record = |old: &Achievement| old.record.is_some() && new.record.is_some();
        for (position, old) in mates.iter().filter(|(_, old)| same_key(old, new)) {
            if !other_record(old) {
                return self.in_run(tx, *position as u64, old, new).map(Some);
            }
        }
        for old in kept.iter().filter(|old| same_key(old, new) && !other_record(old)) {
            if self.stands(tx, old)? {
                return self.against(tx, old, new, &kept, &mates).map(Some);
            }
        }
        if let Some(counted) = self.counted(tx, row)? {
            return Ok(Some(counted));
        }
        if let Some(refused) = self.repeated(tx, new, &kept, &mates)? {
            return Ok(Some(refused));
        }
        let nth = nth(new, &kept, &mates);
        Ok((nth > 0).then_some(Claim::Again { nth }))
    }

    /// The run's posted rows of a row's person and outcome, with their positions.
    fn mates(&self, rows: &[Prepared], at: usize, run: &Run<'_>) -> Mates {
        let linked = self.of_person(&rows[at]).and_then(|pair| run.linked.get(&pair)).cloned();
        let positions = linked.unwrap_or_else(|| same_pair(rows, at).filter(|at| run.posted[*at]).collect());
        positions.into_iter().map(|at| (at, rows[at].achievement())).collect()
    }

    /// Whether an achievement has not been reversed, and is not corrected by the batch.
    fn stands(&self, tx: &dyn Tx, row: &Achievement) -> Result<bool> {
        Ok(!self.corrected.contains(&row.entry) && lot_of(tx, row)?.reversed_by.is_none())
    }

    /// How two rows differ, beside the account of the person.
    fn difference(&self, tx: &dyn Tx, old: &Achievement, new: &Achievement) -> Result<String> {
        if old.learner != new.learner && self.links.same(old.learner, new.learner) {
            let old = Achievement { learner: new.learner, ..old.clone() };
            return difference(tx, &self.names, &old, new);
        }
        difference(tx, &self.names, old, new)
    }

    /// A row against an achievement that stands, given all of the learner and outcome.
    fn against(
        &mut self,
        tx: &dyn Tx,
        old: &Achievement,
        new: &Achievement,
        kept: &[Achievement],
        mates: &[(usize, Achievement)],
    ) -> Result<Claim> {
        let difference = self.difference(tx, old, new)?;
        if difference.is_empty() {
            return Ok(Claim::Recorded(Standing::of(old)));
        }
        if old.entry >= self.batch {
            return Ok(in_import(&difference, old, new));
        }
        if was_corrected(tx, new, kept)? {
            return Ok(Claim::Outdated(Standing::of(old)));
        }
        let difference = format!("{difference}, recorded {}", self.origins.place(tx, old)?);
        let grouped = old.group_load.is_some() || new.group_load.is_some();
        if self.policy.changed == Changed::Refuse
            || grouped
            || old.learner != new.learner
            || !same_key(old, new)
        {
            return Ok(Claim::Contradicted(Rule::Conflict, difference));
        }
        if let Some(use_) = in_use(&lot_of(tx, old)?) {
            return Ok(Claim::Contradicted(Rule::CreditInUse, format!("{difference}; {use_}")));
        }
        let others = kept.iter().filter(|other| other.entry != old.entry);
        if let Some(refused) = self.repeated(tx, new, others, mates)? {
            return Ok(refused);
        }
        // Another result may count from now on, even where this one no longer earns any credit.
        self.repeats.insert((self.links.person(new.learner), new.outcome));
        let nth = nth(new, kept, mates);
        Ok(Claim::Correct(Box::new(Corrects { old: old.clone(), how: difference, nth })))
    }

    /// A row against an earlier one of its run.
    fn in_run(&self, tx: &dyn Tx, posted: u64, old: &Achievement, new: &Achievement) -> Result<Claim> {
        let difference = self.difference(tx, old, new)?;
        Ok(match difference.is_empty() {
            true => Claim::InRun(posted, Standing::of(old)),
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
            if institution_of(tx, &old)? == i64::from(row.institution) && self.stands(tx, &old)? {
                let entry = old.entry;
                let reason = format!("entry {entry} and its group counted {load} of this period already");
                return Ok(Some(Claim::Contradicted(Rule::GroupCounted, reason)));
            }
        }
        Ok(None)
    }

    /// Says about how many rows will come, onto a log of that many entries; only before the first row.
    pub fn expect(&mut self, rows: usize, entries: u64) {
        self.filter.expect(rows, entries);
    }
}

fn institution_of(tx: &dyn Tx, row: &Achievement) -> Result<i64> {
    Ok(crate::store::get::<crate::domain::registry::Outcome>(tx, row.outcome)?.institution)
}

/// Learner and outcome.
fn pair(row: &Prepared) -> (i64, u32) {
    (row.learner, row.outcome)
}

/// Positions of the rows of a learner and outcome, which stand side by side.
fn same_pair(rows: &[Prepared], at: usize) -> Range<usize> {
    let own = pair(&rows[at]);
    let same = |row: &&Prepared| pair(row) == own;
    let before = rows[..at].iter().rev().take_while(same).count();
    at - before..at + rows[at..].iter().take_while(same).count()
}

/// How many rows of its key come before a row, under its own account.
fn nth(new: &Achievement, kept: &[Achievement], mates: &[(usize, Achievement)]) -> i64 {
    let own = |old: &&Achievement| old.learner == new.learner && same_key(old, new);
    let all = kept.iter().chain(mates.iter().map(|(_, old)| old));
    all.filter(own).count() as i64
}

/// Whether a row so claimed is posted.
fn is_posted(claim: Option<&Claim>) -> bool {
    matches!(claim, None | Some(Claim::Again { .. } | Claim::Correct(_)))
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

fn same_key(one: &Achievement, other: &Achievement) -> bool {
    let key = |row: &Achievement| (row.outcome, row.period, row.attempt);
    key(one) == key(other)
}

/// Whether a row says what was recorded once and then corrected.
fn was_corrected(tx: &dyn Tx, new: &Achievement, kept: &[Achievement]) -> Result<bool> {
    for old in kept.iter().filter(|old| same_key(old, new) && differing(old, new).is_empty()) {
        let Some(reversal) = lot_of(tx, old)?.reversed_by else { continue };
        let Some(reversal) = tx.movement(reversal)? else { continue };
        if tx.decision(reversal.decision)?.is_some_and(|decision| decision.verb == CORRECT) {
            return Ok(true);
        }
    }
    Ok(false)
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
