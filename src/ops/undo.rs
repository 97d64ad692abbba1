//! `release` and `reverse`: placements and whole decisions undone by new entries, never erased.

mod attempts;
pub(crate) mod keys;
mod person;
mod select;

use crate::domain::account::Account;
use crate::domain::entry::{EntryId, EntryKind, Place};
use crate::domain::fault::{Fault, Result};
use crate::ledger::links::Links;
use crate::ledger::lots::Cut;
use crate::ops::batch::{Actor, BatchPayload};
use crate::ops::convert::day;
use crate::ops::names::Names;
use crate::ops::post::{NewMovement, Poster};
use crate::store::{self, DecisionRow, Head, Read, Store};
use attempts::Also;
use jiff::civil::Date;
use person::{Person, Unit, Unplaceable};
pub use select::{Selection, select};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

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

impl Request {
    /// The reversal of decisions, refused where anything depends on them.
    pub fn reversal(decisions: Vec<EntryId>, reason: &str, date: Date, dry_run: bool, log: i64) -> Request {
        Request {
            selection: Selection::Decisions(decisions),
            release: false,
            dependents: Dependents::Refuse,
            reason: Some(reason.to_owned()),
            date,
            dry_run,
            log,
        }
    }
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
    /// The decisions that undo them.
    pub decisions: Vec<EntryId>,
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

/// Undoes decisions.
///
/// # Errors
/// `U101` where something depends on them and nothing was said of it, `U111` where a lot is on hold,
/// `U112` where a hold is meant, `U114` where an outcome would give credit twice, `U102` where a key would stand
/// twice, `U110` where a lot would be placed that does not stand, does not count or stands elsewhere, `U113` where a
/// decision would stand again over lots of two people.
pub fn undo(store: &mut dyn Store, actor: &Actor, request: &Request) -> Result<Outcome> {
    store::again(|| undo_once(store, actor, request))
}

fn undo_once(store: &mut dyn Store, actor: &Actor, request: &Request) -> Result<Outcome> {
    let targets = select::targets(store, &request.selection)?;
    let payload = payload_of(store, actor, request, &targets)?;
    let head = store::head(store, request.log)?;
    let mut outcome = Outcome { closed: payload.closed_period.clone(), ..Outcome::default() };
    store.append(request.log, Some(&head), &mut |tx| {
        let poster = Poster::open(tx, request.log, &payload)?;
        let (poster, done) = run(poster, request, &targets, outcome.clone(), false)?;
        outcome = done;
        if outcome.undone == 0 {
            return Ok(false);
        }
        let sealed = poster.seal()?;
        (outcome.batch, outcome.head) = (Some(sealed.batch.no), Some(sealed.head));
        Ok(!request.dry_run)
    })?;
    Ok(outcome)
}

/// What a batch begins with that undoes decisions among other things: why, and the closed books that it
/// reaches into.
///
/// # Errors
/// `I301` where it reaches into them without a reason.
pub fn payload(read: &(impl Read + ?Sized), actor: &Actor, request: &Request) -> Result<BatchPayload> {
    payload_of(read, actor, request, &select::targets(read, &request.selection)?)
}

fn payload_of(
    read: &(impl Read + ?Sized),
    actor: &Actor,
    request: &Request,
    targets: &BTreeMap<i64, Vec<EntryId>>,
) -> Result<BatchPayload> {
    let mut payload = BatchPayload::new(actor)?;
    payload.why = request.reason.clone().unwrap_or_default();
    payload.closed_period = touched(read, targets, request)?;
    Ok(payload)
}

/// Undoes decisions as a part of another batch, which then counts anew which results give credit.
///
/// # Errors
/// As [`undo`].
pub fn within<'t>(poster: Poster<'t>, request: &Request) -> Result<(Poster<'t>, Outcome)> {
    let targets = select::targets(poster.read(), &request.selection)?;
    run(poster, request, &targets, Outcome::default(), true)
}

fn run<'t>(
    poster: Poster<'t>,
    request: &Request,
    targets: &BTreeMap<i64, Vec<EntryId>>,
    outcome: Outcome,
    recounted: bool,
) -> Result<(Poster<'t>, Outcome)> {
    let people = by_person(targets, poster.links());
    let mut run = Run {
        poster,
        request,
        outcome,
        refused: Vec::new(),
        on_hold: Vec::new(),
        period: None,
        opened: None,
        recounted,
    };
    for (person, entries) in &people {
        run.person(*person, entries)?;
    }
    if !run.on_hold.is_empty() {
        return Err(on_hold(&run.on_hold));
    }
    if run.refused.is_empty() { Ok((run.poster, run.outcome)) } else { Err(in_use(&run.refused)) }
}

/// Entries by the account that names the person instead of their own.
fn by_person(targets: &BTreeMap<i64, Vec<EntryId>>, links: &Links) -> BTreeMap<i64, Vec<EntryId>> {
    let mut people: BTreeMap<i64, Vec<EntryId>> = BTreeMap::new();
    for (account, entries) in targets {
        people.entry(links.person(*account)).or_default().extend(entries);
    }
    people
}

/// The first of some dependents, one a line.
fn listed(dependents: &[Dependent], how: &str) -> String {
    let shown = dependents.iter().take(20);
    let shown =
        shown.map(|d| format!("\n  {}: lot {} is {how} by decision {}", d.account, d.lot, d.decision));
    let more = dependents.len().saturating_sub(20);
    let more = if more > 0 { format!("\n  … and {more} more") } else { String::new() };
    format!("{}{more}", shown.collect::<String>())
}

fn in_use(dependents: &[Dependent]) -> Fault {
    let listed = listed(dependents, "used");
    Fault::new("U101", format!("nothing was reversed: other decisions depend on it{listed}"))
        .remedy("undo them too with --cascade, or reverse only what is unused with --unused")
}

fn on_hold(dependents: &[Dependent]) -> Fault {
    Fault::new("U111", format!("nothing was undone: lots are on hold{}", listed(dependents, "put on hold")))
        .remedy("lift the holds with `creditbank lot unhold`, or reverse only the others with --unused")
}

/// Entries by the decision that they belong to, in their order: a deposit is its own, and the rows that
/// share a load have the newest of them.
fn by_decision(
    read: &(impl Read + ?Sized),
    person: &Person,
    going: &[EntryId],
    also: &BTreeMap<EntryId, EntryId>,
) -> Result<Vec<(EntryId, Vec<EntryId>)>> {
    let mut found: Vec<(Unit, EntryId, Vec<EntryId>)> = Vec::new();
    for entry in going {
        // What goes because another entry does belongs to that one's decision.
        let cause = also.get(entry).unwrap_or(entry);
        let movement = person.movements.get(cause);
        let unit = match movement {
            Some(row) => (row.decision, None),
            None => person.unit(read, *cause)?,
        };
        let decision = movement.map_or(*cause, |row| row.decision);
        match found.iter_mut().find(|(known, ..)| *known == unit) {
            Some((_, _, entries)) => entries.push(*entry),
            None => found.push((unit, decision, vec![*entry])),
        }
    }
    Ok(found.into_iter().map(|(_, decision, entries)| (decision, entries)).collect())
}

/// The closed books that reversals reach into: they take effect when what they reverse did.
fn touched(
    read: &(impl Read + ?Sized),
    targets: &BTreeMap<i64, Vec<EntryId>>,
    request: &Request,
) -> Result<Option<String>> {
    let Some(closed) = super::import::closed_through(read)? else { return Ok(None) };
    let late = match request.release {
        true => request.date <= closed,
        false => reaches(read, targets, closed, request.dependents)?,
    };
    if late && !is_reason(request.reason.as_deref()) {
        return Err(Fault::new(
            "I301",
            format!("this reaches into the books that are closed through {closed}"),
        )
        .remedy("give the reason with --reason"));
    }
    Ok(late.then(|| closed.to_string()))
}

/// Whether anything that stands, or what is undone with it, took effect in the closed books.
fn reaches(
    read: &(impl Read + ?Sized),
    targets: &BTreeMap<i64, Vec<EntryId>>,
    closed: Date,
    dependents: Dependents,
) -> Result<bool> {
    let names = Names::default();
    let links = super::learners::links(read, &Cut::default())?;
    for (learner, entries) in &by_person(targets, &links) {
        let person = Person::load(read, &links.accounts(*learner))?;
        let mut going = person.standing(&entries.iter().copied().collect());
        if dependents == Dependents::Cascade {
            let users = person.dependents(&going);
            going.extend(users.iter().flat_map(|user| person.entries_of(user.decision)));
        }
        for period in going.into_iter().filter_map(|entry| person.period_of(entry)) {
            if names.period(read, period)?.first <= closed {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Whether a reason says anything.
pub fn is_reason(reason: Option<&str>) -> bool {
    reason.is_some_and(|reason| !reason.trim().is_empty())
}

/// One undoing in progress.
struct Run<'t, 'r> {
    poster: Poster<'t>,
    request: &'r Request,
    outcome: Outcome,
    refused: Vec<Dependent>,
    /// Lots on hold that would be reversed or placed.
    on_hold: Vec<Dependent>,
    /// Registry id of the effective date of releases.
    period: Option<i64>,
    /// The decision under which a whole batch is reversed.
    opened: Option<EntryId>,
    /// Which results give credit is counted anew afterwards.
    recounted: bool,
}

impl Run<'_, '_> {
    fn person(&mut self, named: i64, entries: &[EntryId]) -> Result<()> {
        let accounts = self.poster.links().accounts(named);
        let mut person = Person::load(self.poster.read(), &accounts)?;
        let all: BTreeSet<EntryId> = entries.iter().copied().collect();
        let mut going = person.standing(&all);
        self.outcome.before += (all.len() - going.len()) as u64;
        if self.request.dependents != Dependents::Unused {
            self.on_hold.extend(person.on_hold(&going));
        }
        if !self.on_hold.is_empty() {
            return Ok(());
        }
        match self.request.dependents {
            Dependents::Refuse => self.refused.extend(person.dependents(&going)),
            Dependents::Unused => self.leave_used(&person, &mut going)?,
            Dependents::Cascade => self.cascade(&mut person, &going)?,
        }
        if !self.refused.is_empty() || going.is_empty() {
            return Ok(());
        }
        self.check_whole(&person, &going)?;
        keys::check(self.poster.read(), &person, &going)?;
        let also = match self.request.release {
            true => Also::default(),
            false => attempts::also(self.poster.read(), &person, &going, self.recounted)?,
        };
        going.retain(|entry| !also.without.contains(entry));
        going.extend(also.with.keys());
        going.sort_by_key(|entry| std::cmp::Reverse(*entry));
        if let Some(Unplaceable { entry, lot, obstacle, how }) = person.without_lot(&going).first() {
            return Err(Fault::new("U110", format!("entry {entry} cannot be undone"))
                .why(format!("lot {lot} would be placed again, {how} {obstacle}"))
                .remedy(format!("reverse {obstacle} first, with a reason")));
        }
        if matches!(self.request.selection, Selection::Batch(_)) {
            return self.post(&person, None, &going);
        }
        for (decision, entries) in by_decision(self.poster.read(), &person, &going, &also.with)? {
            self.post(&person, Some(decision), &entries)?;
        }
        Ok(())
    }

    /// Refuses to let a decision stand again whose lots have become two people's since.
    fn check_whole(&self, person: &Person, going: &[EntryId]) -> Result<()> {
        for decision in person.placing_again(going) {
            let all = self.poster.read().movements_of_decision(decision)?;
            let Some(other) = all.iter().find(|row| !person.movements.contains_key(&row.entry)) else {
                continue;
            };
            let (one, other) = (Account(person.learner), Account(other.learner));
            return Err(Fault::new("U113", format!("decision {decision} cannot stand again"))
                .why(format!("it uses lots of {one} and of {other}, who are two people since an unmerge"))
                .remedy(format!(
                    "merge them again first, or convert the lots of each anew: {one}, {other}"
                )));
        }
        Ok(())
    }

    /// Takes out what is in use, with all that stands and falls with it.
    fn leave_used(&mut self, person: &Person, going: &mut Vec<EntryId>) -> Result<()> {
        let mut dependents = person.dependents(going);
        dependents.extend(person.on_hold(going));
        let mut used: BTreeSet<EntryId> = dependents.iter().map(|dependent| dependent.lot).collect();
        for Unplaceable { entry, lot, obstacle, .. } in person.without_lot(going) {
            let account = Account(person.learner);
            let decision = person.movements.get(&obstacle).map_or(obstacle, |row| row.decision);
            dependents.push(Dependent { account, lot, decision });
            used.insert(lot);
            used.extend(person.lot_of(entry));
        }
        if used.is_empty() {
            return Ok(());
        }
        let mut units = BTreeSet::new();
        for entry in
            going.iter().filter(|entry| person.lot_of(**entry).is_some_and(|lot| used.contains(&lot)))
        {
            units.insert(person.unit(self.poster.read(), *entry)?);
        }
        let mut left = Vec::with_capacity(going.len());
        for entry in going.drain(..) {
            if !units.contains(&person.unit(self.poster.read(), entry)?) {
                left.push(entry);
            }
        }
        *going = left;
        self.outcome.stays.extend(dependents);
        Ok(())
    }

    /// Undoes what depends on the entries, newest first.
    fn cascade(&mut self, person: &mut Person, going: &[EntryId]) -> Result<()> {
        let dependents = person.dependents(going);
        let decisions: BTreeSet<EntryId> = dependents.iter().map(|dependent| dependent.decision).collect();
        for decision in decisions.into_iter().rev() {
            let entries = person.entries_of(decision);
            self.post(person, Some(decision), &entries)?;
            person.undone.extend(entries.iter().map(|entry| (*entry, EntryId(i64::MAX))));
        }
        self.outcome.cascaded.extend(dependents);
        Ok(())
    }

    /// Opens the decision and posts what undoes the entries, newest first.
    fn post(&mut self, person: &Person, of: Option<EntryId>, entries: &[EntryId]) -> Result<()> {
        let decision = self.open(person.account_of(entries), of)?;
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
        let accounts = person.accounts_of_undoing(entry).unwrap_or((Place::Held, Place::Recognised));
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
            about: of,
        };
        if let Some(decision) = of {
            let payload = serde_json::json!({
                "verb": verb, "learner": Account(learner), "decision": decision, "reason": reason,
            });
            let opened = self.poster.decision(row(Some(learner)), payload.to_string())?;
            self.outcome.decisions.push(opened);
            return Ok(opened);
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
        self.outcome.decisions.push(opened);
        Ok(opened)
    }
}
