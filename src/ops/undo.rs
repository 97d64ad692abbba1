//! `release` and `reverse`: placements and whole decisions undone by new entries, never erased.

mod select;

use crate::domain::account::Account;
use crate::domain::entry::{Achievement, EntryId, EntryKind, Movement, Place};
use crate::domain::fault::{Fault, Result};
use crate::ledger::lots::{Cut, accounts_of, standing};
use crate::ops::batch::{Actor, BatchPayload};
use crate::ops::convert::day;
use crate::ops::post::{NewMovement, Poster};
use crate::store::{self, DecisionRow, Head, Read, Store};
use jiff::civil::Date;
pub use select::{Selection, select};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What depends on a decision may stay, stop the reversal, or go with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dependents {
    /// Refuse, and name them.
    Refuse,
    /// Undo them too, newest first.
    Cascade,
    /// Leave what they use, and reverse the rest.
    Unused,
}

/// What to undo.
#[derive(Debug, Clone)]
pub struct Request {
    /// The decisions.
    pub selection: Selection,
    /// Release of placements rather than a reversal.
    pub release: bool,
    /// What to do with dependents.
    pub dependents: Dependents,
    /// Why.
    pub reason: Option<String>,
    /// Effective date of releases; a reversal takes effect when what it reverses did.
    pub date: Date,
    /// Show what would be posted and leave everything as it was.
    pub dry_run: bool,
    /// The log.
    pub log: i64,
}

/// Something that depends on what is to be undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dependent {
    /// The learner.
    pub account: Account,
    /// The lot that is in use.
    pub lot: EntryId,
    /// The decision that uses it.
    pub decision: EntryId,
}

/// What was undone, or would be.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Number of the batch; none where nothing was posted.
    pub batch: Option<i64>,
    /// Entries undone.
    pub undone: u64,
    /// Entries that were undone before.
    pub before: u64,
    /// Dependents that were undone as well.
    pub cascaded: Vec<Dependent>,
    /// What stays because it is in use.
    pub stays: Vec<Dependent>,
    /// The closed period that is touched, by its last day.
    pub closed: Option<String>,
    /// The log after the batch.
    pub head: Option<Head>,
}

/// The entries of one learner, and what of them stands.
struct Person {
    achievements: HashMap<EntryId, Achievement>,
    movements: HashMap<EntryId, Movement>,
    undone: BTreeMap<EntryId, EntryId>,
}

/// Undoes decisions.
///
/// # Errors
/// `U101` where something depends on them and nothing was said of it, `U102` where a key would stand
/// twice, `U103` where all of it is undone already.
pub fn undo(store: &mut dyn Store, actor: &Actor, request: &Request) -> Result<Outcome> {
    store::again(|| undo_once(store, actor, request))
}

fn undo_once(store: &mut dyn Store, actor: &Actor, request: &Request) -> Result<Outcome> {
    let targets = select::targets(store, &request.selection)?;
    let closed = super::import::closed_through(store)?;
    let mut payload = BatchPayload::new(actor)?;
    payload.why = request.reason.clone().unwrap_or_default();
    payload.closed_period = touched(store, &targets, closed, request)?;
    let head = store::head(store, request.log)?;
    let mut outcome = Outcome { closed: payload.closed_period.clone(), ..Outcome::default() };
    store.append(request.log, Some(&head), &mut |tx| {
        let poster = Poster::open(tx, request.log, &payload)?;
        let mut run = Run {
            poster,
            request,
            outcome: outcome.clone(),
            refused: Vec::new(),
            period: None,
            opened: None,
        };
        for (learner, entries) in &targets {
            run.learner(*learner, entries)?;
        }
        if !run.refused.is_empty() {
            return Err(in_use(&run.refused));
        }
        outcome = std::mem::take(&mut run.outcome);
        if outcome.undone == 0 {
            return Ok(false);
        }
        let sealed = run.poster.seal()?;
        (outcome.batch, outcome.head) = (Some(sealed.batch.no), Some(sealed.head));
        Ok(!request.dry_run)
    })?;
    Ok(outcome)
}

fn in_use(dependents: &[Dependent]) -> Fault {
    let shown: Vec<String> = dependents
        .iter()
        .take(20)
        .map(|d| format!("\n  {}: lot {} is used by decision {}", d.account, d.lot, d.decision))
        .collect();
    let more = dependents.len().saturating_sub(20);
    let more = if more > 0 { format!("\n  … and {more} more") } else { String::new() };
    Fault::new("U101", format!("nothing was reversed: other decisions depend on it{}{more}", shown.concat()))
        .remedy("undo them too with --cascade, or reverse only what is unused with --unused")
}

/// The closed books that reversals reach into: they take effect when what they reverse did.
fn touched(
    read: &(impl Read + ?Sized),
    targets: &BTreeMap<i64, Vec<EntryId>>,
    closed: Option<Date>,
    request: &Request,
) -> Result<Option<String>> {
    let Some(closed) = closed else { return Ok(None) };
    let names = crate::ops::names::Names::default();
    let mut late = request.release && request.date <= closed;
    for entry in targets.values().flatten().take_while(|_| !request.release) {
        let period = match read.achievement(*entry)? {
            Some(row) => row.period,
            None => match read.movement(*entry)? {
                Some(row) => row.period,
                None => continue,
            },
        };
        if names.period(read, period)?.first <= closed {
            late = true;
            break;
        }
    }
    if late && request.reason.is_none() {
        return Err(Fault::new(
            "I301",
            format!("this reaches into the books that are closed through {closed}"),
        )
        .remedy("give the reason with --reason"));
    }
    Ok(late.then(|| closed.to_string()))
}

impl Person {
    fn load(read: &(impl Read + ?Sized), learner: i64) -> Result<Person> {
        let movements = read.movements_of(learner)?;
        let no_date = |_| crate::domain::date::Period::day(Date::ZERO);
        let (_, undone) = standing(&movements, &Cut::default(), &no_date);
        Ok(Person {
            achievements: read.achievements_of(learner)?.into_iter().map(|row| (row.entry, row)).collect(),
            movements: movements.into_iter().map(|row| (row.entry, row)).collect(),
            undone,
        })
    }

    fn stands(&self, entry: EntryId) -> bool {
        !self.undone.contains_key(&entry)
    }

    fn kind_of(&self, entry: EntryId) -> Option<(EntryKind, Option<EntryId>)> {
        match self.achievements.get(&entry) {
            Some(row) => Some((row.entry_kind(), None)),
            None => self.movements.get(&entry).map(|row| (row.kind, row.undoes)),
        }
    }

    fn lot_of(&self, entry: EntryId) -> Option<EntryId> {
        if self.achievements.contains_key(&entry) {
            Some(entry)
        } else {
            self.movements.get(&entry).map(|row| row.lot)
        }
    }

    /// Decisions whose standing placements use a lot, other than those that are being undone.
    fn users(&self, lot: EntryId, entries: &BTreeSet<EntryId>) -> BTreeSet<EntryId> {
        self.movements
            .values()
            .filter(|row| row.lot == lot && row.kind == EntryKind::ConvertOut)
            .filter(|row| self.stands(row.entry) && !entries.contains(&row.entry))
            .map(|row| row.decision)
            .collect()
    }

    /// The standing entries of a decision, newest first.
    fn entries_of(&self, decision: EntryId) -> Vec<EntryId> {
        let mut entries: Vec<EntryId> = self
            .movements
            .values()
            .filter(|row| row.decision == decision && self.stands(row.entry))
            .map(|row| row.entry)
            .collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(*entry));
        entries
    }

    /// Undoing this entry takes a lot away from held: it must be free.
    fn needs_free_lot(&self, entry: EntryId) -> bool {
        match self.kind_of(entry) {
            Some((EntryKind::Deposit | EntryKind::Record, _)) => true,
            Some((EntryKind::Release | EntryKind::Reverse, Some(_))) => true,
            _ => false,
        }
    }
}

/// One undoing in progress.
struct Run<'t, 'r> {
    poster: Poster<'t>,
    request: &'r Request,
    outcome: Outcome,
    refused: Vec<Dependent>,
    /// Registry id of the effective date of releases.
    period: Option<i64>,
    /// The decision under which a whole batch is reversed.
    opened: Option<EntryId>,
}

impl Run<'_, '_> {
    fn learner(&mut self, learner: i64, entries: &[EntryId]) -> Result<()> {
        let mut person = Person::load(self.poster.read(), learner)?;
        let all: BTreeSet<EntryId> = entries.iter().copied().collect();
        let mut going: Vec<EntryId> =
            all.iter().rev().copied().filter(|entry| person.stands(*entry)).collect();
        self.outcome.before += (all.len() - going.len()) as u64;
        let dependents = self.dependents(&person, learner, &going, &all);
        match self.request.dependents {
            Dependents::Refuse => self.refused.extend(dependents),
            Dependents::Unused => {
                let used: BTreeSet<EntryId> = dependents.iter().map(|dependent| dependent.lot).collect();
                going.retain(|entry| person.lot_of(*entry).is_none_or(|lot| !used.contains(&lot)));
                self.outcome.stays.extend(dependents);
            }
            Dependents::Cascade => {
                let mut decisions: Vec<EntryId> =
                    dependents.iter().map(|dependent| dependent.decision).collect();
                decisions.sort_by_key(|decision| std::cmp::Reverse(*decision));
                decisions.dedup();
                for decision in decisions {
                    let entries = person.entries_of(decision);
                    self.post(&person, learner, Some(decision), &entries)?;
                    person.undone.extend(entries.iter().map(|entry| (*entry, EntryId(i64::MAX))));
                }
                self.outcome.cascaded.extend(dependents);
            }
        }
        if !self.refused.is_empty() || going.is_empty() {
            return Ok(());
        }
        self.check_keys(&person, &going)?;
        let decision = match &self.request.selection {
            Selection::Batch(_) => None,
            _ => person.movements.get(&going[0]).map(|row| row.decision).or(Some(going[0])),
        };
        self.post(&person, learner, decision, &going)
    }

    fn dependents(
        &self,
        person: &Person,
        learner: i64,
        going: &[EntryId],
        all: &BTreeSet<EntryId>,
    ) -> Vec<Dependent> {
        let mut found = Vec::new();
        for entry in going.iter().filter(|entry| person.needs_free_lot(**entry)) {
            let Some(lot) = person.lot_of(*entry) else { continue };
            for decision in person.users(lot, all) {
                found.push(Dependent { account: Account(learner), lot, decision });
            }
        }
        found.sort_by_key(|dependent| (dependent.lot, dependent.decision));
        found.dedup();
        found
    }

    /// A reversal of a reversal lets an achievement stand again: its key must be free.
    fn check_keys(&self, person: &Person, going: &[EntryId]) -> Result<()> {
        let key = |row: &Achievement| (row.outcome, row.period, row.attempt, row.record.clone());
        for entry in going {
            let undone = person.movements.get(entry).and_then(|row| row.undoes);
            let Some(back) = undone.and_then(|entry| person.achievements.get(&entry)) else { continue };
            let taken = person
                .achievements
                .values()
                .find(|row| row.entry != back.entry && key(row) == key(back) && person.stands(row.entry));
            if let Some(other) = taken {
                return Err(Fault::new("U102", format!("entry {} cannot stand again", back.entry))
                    .why(format!("entry {} records the same achievement", other.entry))
                    .remedy(format!("reverse decision {} first", other.entry)));
            }
        }
        Ok(())
    }

    /// Opens the decision and posts what undoes the entries, newest first.
    fn post(
        &mut self,
        person: &Person,
        learner: i64,
        of: Option<EntryId>,
        entries: &[EntryId],
    ) -> Result<()> {
        let decision = self.open(learner, of)?;
        let mut movements = Vec::with_capacity(entries.len());
        for entry in entries {
            movements.push(self.undoing(person, *entry)?);
        }
        self.outcome.undone += movements.len() as u64;
        self.poster.movements(decision, &movements)
    }

    fn undoing<'p>(&mut self, person: &'p Person, entry: EntryId) -> Result<NewMovement<'p>> {
        let missing = || {
            Fault::new("S912", format!("entry {entry} refers to a lot that is not there"))
                .remedy("run `creditbank verify`")
        };
        let lot = person.lot_of(entry).and_then(|lot| person.achievements.get(&lot)).ok_or_else(missing)?;
        let kind_of = |entry| person.kind_of(entry);
        let accounts = accounts_of(EntryKind::Reverse, Some(entry), &kind_of)
            .unwrap_or((Place::Held, Place::Recognised));
        let (system, amount, share, own_period) = match person.movements.get(&entry) {
            Some(row) => (row.system, row.amount, (row.num, row.den), row.period),
            None => (lot.system, lot.amount, (1, 1), lot.period),
        };
        let (kind, period) = match self.request.release {
            true => (EntryKind::Release, self.release_period()?),
            false => (EntryKind::Reverse, own_period),
        };
        Ok(NewMovement { kind, lot, share, system, amount, period, undoes: Some(entry), accounts })
    }

    fn release_period(&mut self) -> Result<i64> {
        match self.period {
            Some(period) => Ok(period),
            None => {
                // A register act may not stand between a decision and its movements' places.
                Err(Fault::new("S913", "the effective date was not prepared"))
            }
        }
    }

    fn open(&mut self, learner: i64, of: Option<EntryId>) -> Result<EntryId> {
        if self.request.release && self.period.is_none() {
            self.period = Some(day(&mut self.poster, self.request.date)?);
        }
        let verb = if self.request.release { "release" } else { "reverse" };
        let reason = self.request.reason.clone().unwrap_or_default();
        let row = |learner| DecisionRow {
            entry: EntryId(0),
            learner,
            verb: verb.to_owned(),
            target: None,
            rule: None,
        };
        if let Some(decision) = of {
            let payload = serde_json::json!({
                "verb": verb, "learner": Account(learner), "decision": decision, "reason": reason,
            });
            return self.poster.decision(row(Some(learner)), payload.to_string());
        }
        if let Some(opened) = self.opened {
            return Ok(opened);
        }
        let Selection::Batch(no) = &self.request.selection else {
            return Err(Fault::new("S914", "a reversal without decision or batch"));
        };
        let payload = serde_json::json!({ "verb": verb, "batch": format!("B{no}"), "reason": reason });
        let opened = self.poster.decision(row(None), payload.to_string())?;
        self.opened = Some(opened);
        Ok(opened)
    }
}
