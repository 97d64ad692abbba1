//! Whether the books balance: every place recounted from the journal, beside the kept balances.

use super::balances::recognised;
use super::facts::Facts;
use super::meta::known_size;
use super::{Cell, Column, Query, Section, Sink, meta};
use crate::domain::credits::Credits;
use crate::domain::date::Within;
use crate::domain::entry::{Achievement, Balance, EntryId, Movement, Place};
use crate::domain::fault::{Fault, Result};
use crate::store::Read;
use std::collections::{BTreeMap, BTreeSet};

const COLUMNS: [Column; 5] = [
    Column::text("system", "System"),
    Column::text("place", "Place"),
    Column::number("recounted", "Recounted from the journal"),
    Column::number("kept", "Kept balances"),
    Column::text("agrees", "Agrees"),
];

/// For every credit system each place's sum over all learners, recounted from the entries, and the
/// sum of the kept balances beside it; with a cut the recount only. The total of a system is zero.
///
/// # Errors
/// Where the ledger cannot be read or the report not written.
pub fn trial_balance(read: &dyn Read, query: &Query, sink: &mut dyn Sink) -> Result<()> {
    let section = Section::new("trial_balance", "Trial balance", &COLUMNS);
    sink.begin(&meta(read, "trial-balance", query, vec![section.clone()])?)?;
    section.open(sink)?;
    let facts = Facts::new(read);
    let recounted = recount(&facts, query)?;
    let kept = if query.is_cut() { None } else { Some(kept(read)?) };
    let systems: BTreeSet<i64> =
        recounted.keys().chain(kept.iter().flat_map(BTreeMap::keys)).copied().collect();
    let mut disagreeing = 0;
    for id in systems {
        let ours = recounted.get(&id).copied().unwrap_or_default();
        let theirs = kept.as_ref().map(|kept| kept.get(&id).copied().unwrap_or_default());
        disagreeing += system(sink, &facts.system_code(id)?, &ours, theirs.as_ref())?;
    }
    if disagreeing > 0 {
        sink.note(&format!("{disagreeing} figures do not agree: run `creditbank verify`"))?;
    }
    sink.end()
}

/// Writes the rows of one system; how many of them do not agree.
fn system(sink: &mut dyn Sink, code: &str, ours: &Balance, theirs: Option<&Balance>) -> Result<usize> {
    let mut disagreeing = 0;
    let (mut total, mut kept_total) = (0, 0);
    for place in Place::ALL {
        let counted = ours.at(place);
        let kept = theirs.map(|balance| balance.at(place));
        total += counted.0;
        kept_total += kept.map_or(0, |kept| kept.0);
        let agrees = kept.map(|kept| kept == counted);
        disagreeing += usize::from(agrees == Some(false));
        write(sink, code, place.name(), counted, kept, agrees)?;
    }
    let agrees = total == 0 && kept_total == 0;
    write(sink, code, "total", Credits(total), theirs.map(|_| Credits(kept_total)), Some(agrees))?;
    Ok(disagreeing + usize::from(!agrees))
}

fn write(
    sink: &mut dyn Sink,
    system: &str,
    place: &str,
    counted: Credits,
    kept: Option<Credits>,
    agrees: Option<bool>,
) -> Result<()> {
    let agrees = agrees.map_or(Cell::Empty, Cell::Flag);
    sink.row(&[system.into(), place.into(), counted.into(), kept.into(), agrees])
}

/// The sums of the kept balances by system; recognised is by definition minus the others.
fn kept(read: &dyn Read) -> Result<BTreeMap<i64, Balance>> {
    let mut sums: BTreeMap<i64, Balance> = BTreeMap::new();
    read.balances(None, &mut |_, system, mut balance| {
        balance.0[Place::Recognised as usize] = recognised(&balance).0;
        sums.entry(system).or_default().add(&balance);
        Ok(())
    })?;
    Ok(sums)
}

/// The sums by system of all entries that count at the cut.
fn recount(facts: &Facts, query: &Query) -> Result<BTreeMap<i64, Balance>> {
    let mut sums: BTreeMap<i64, Balance> = BTreeMap::new();
    for head in facts.read.heads()? {
        let from = EntryId::new(head.log, 0);
        let to = EntryId::new(head.log, known_size(&head, query.cut.known));
        facts.read.achievements(from, to, &mut |achievement, _| {
            if deposit_counts(facts, query, &achievement)? {
                let sum = sums.entry(achievement.system).or_default();
                sum.shift(Place::Recognised, Place::Held, achievement.amount);
            }
            Ok(())
        })?;
        facts.read.movements(from, to, &mut |movement, _| {
            if movement_counts(facts, query, &movement)? {
                let (from, to) = facts.accounts(&movement)?.ok_or_else(|| nowhere(&movement))?;
                sums.entry(movement.system).or_default().shift(from, to, movement.amount);
            }
            Ok(())
        })?;
    }
    Ok(sums)
}

fn nowhere(movement: &Movement) -> Fault {
    Fault::new("R104", format!("entry {} undoes an entry that moves no amount", movement.entry))
        .remedy("run `creditbank verify`")
}

fn deposit_counts(facts: &Facts, query: &Query, achievement: &Achievement) -> Result<bool> {
    if achievement.amount == Credits::ZERO {
        return Ok(false);
    }
    if query.cut.as_of.is_none() {
        return Ok(true);
    }
    Ok(query.cut.effective(&*facts.period(achievement.period)?) == Within::Yes)
}

/// A movement counts where it, its lot and what it undoes were effective by the day; one that places a
/// lot only where the lot stands by the day, because a reversed one never was.
fn movement_counts(facts: &Facts, query: &Query, movement: &Movement) -> Result<bool> {
    if query.cut.as_of.is_none() {
        return Ok(true);
    }
    if query.cut.effective(&*facts.period(movement.period)?) != Within::Yes {
        return Ok(false);
    }
    let Some(lot) = facts.read.achievement(movement.lot)? else { return Ok(false) };
    if !deposit_counts(facts, query, &lot)? {
        return Ok(false);
    }
    let own = matches!(
        facts.accounts(movement)?,
        Some((Place::Held, Place::Recognised) | (Place::Recognised, Place::Held))
    );
    if !own && facts.lot(lot, &query.cut)?.is_some_and(|lot| lot.reversed_by.is_some()) {
        return Ok(false);
    }
    match movement.undoes.filter(|undone| *undone != movement.lot) {
        None => Ok(true),
        Some(undone) => match facts.read.movement(undone)? {
            Some(undone) => movement_counts(facts, query, &undone),
            None => Ok(false),
        },
    }
}
