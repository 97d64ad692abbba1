//! What stands: one learner's lots, folded from their journal entries.

use crate::domain::credits::Credits;
use crate::domain::date::{Period, Within};
use crate::domain::entry::{Achievement, Balance, EntryId, EntryKind, Movement, Place, accounts};
use jiff::civil::Date;
use std::collections::{BTreeMap, HashSet};

/// From where the ledger is looked at: what was effective by a day, as it stood at a size of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cut {
    /// Count only what was effective by the end of this day.
    pub as_of: Option<Date>,
    /// Count only entries before this one, the size of the log that was known.
    pub known: Option<EntryId>,
}

impl Cut {
    /// Whether an entry was known.
    pub fn knows(&self, entry: EntryId) -> bool {
        self.known.is_none_or(|known| entry < known)
    }

    /// Whether a period was over by the end of the day asked for.
    pub fn effective(&self, period: &Period) -> Within {
        self.as_of.map_or(Within::Yes, |day| period.by(day))
    }
}

/// A standing placement of a lot or a share of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The decision that placed it.
    pub decision: EntryId,
    /// The convert-out entry.
    pub out: EntryId,
    /// The convert-in entry.
    pub into: EntryId,
    /// What was taken of the lot, in its own system.
    pub taken: Credits,
    /// Id of the target's credit system.
    pub system: i64,
    /// What it is worth there.
    pub worth: Credits,
    /// Id of the effective date.
    pub period: i64,
}

/// An achievement and where its credit is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lot {
    /// The achievement as recorded.
    pub achievement: Achievement,
    /// The entry that reversed it.
    pub reversed_by: Option<EntryId>,
    /// Whether it was effective by the day asked for; undecided where the day falls inside its period.
    pub effective: Within,
    /// Original credit free to be placed.
    pub held: Credits,
    /// Standing placements, oldest first.
    pub placements: Vec<Placement>,
    /// The decision that put it on hold: it may not be placed until the hold is lifted.
    pub on_hold: Option<EntryId>,
    /// The entry by which another attempt at the outcome counts instead.
    pub superseded: Option<EntryId>,
}

impl Lot {
    /// Not reversed, and effective for certain.
    pub fn stands(&self) -> bool {
        self.reversed_by.is_none() && self.effective == Within::Yes
    }

    /// It stands, and its credit counts.
    pub fn counts(&self) -> bool {
        self.stands() && self.superseded.is_none()
    }

    /// What of the lot stands at targets.
    pub fn placed(&self) -> Credits {
        Credits(self.placements.iter().map(|placement| placement.taken.0).sum())
    }
}

/// The movements that count: known, effective, and not undone by another that counts.
///
/// Undoing an undoing makes the first entry count again, so the newest are judged first. A reversal
/// takes effect when what it reverses did: a day inside their month leaves neither of them open.
pub fn standing<'a>(
    movements: &'a [Movement],
    cut: &Cut,
    period: &impl Fn(i64) -> Period,
) -> (Vec<&'a Movement>, BTreeMap<EntryId, EntryId>) {
    let mut undone: BTreeMap<EntryId, EntryId> = BTreeMap::new();
    let mut counting = Vec::new();
    let mut sorted: Vec<&Movement> = movements.iter().collect();
    sorted.sort_by_key(|movement| std::cmp::Reverse(movement.entry));
    for movement in sorted {
        if !cut.knows(movement.entry) || undone.contains_key(&movement.entry) {
            continue;
        }
        let effective =
            if cut.as_of.is_some() { cut.effective(&period(movement.period)) } else { Within::Yes };
        let with_its_target = effective == Within::Undecided && movement.kind == EntryKind::Reverse;
        if effective != Within::Yes && !with_its_target {
            continue;
        }
        if let Some(target) = movement.undoes {
            undone.insert(target, movement.entry);
        }
        counting.push(movement);
    }
    counting.reverse();
    (counting, undone)
}

/// Folds one learner's entries into lots, by entry.
pub fn fold(
    achievements: Vec<Achievement>,
    movements: &[Movement],
    cut: &Cut,
    period: &impl Fn(i64) -> Period,
) -> Vec<Lot> {
    let (counting, undone) = standing(movements, cut, period);
    let mut placements = placements(&counting);
    let holds = holds(&counting);
    let superseded = superseded(&counting, &undone);
    let known = achievements.into_iter().filter(|achievement| cut.knows(achievement.entry));
    known
        .map(|achievement| {
            let effective =
                if cut.as_of.is_some() { cut.effective(&period(achievement.period)) } else { Within::Yes };
            let reversed_by = undone.get(&achievement.entry).copied();
            let placements = placements.remove(&achievement.entry).unwrap_or_default();
            let taken: i64 = placements.iter().map(|placement| placement.taken.0).sum();
            let superseded = superseded.get(&achievement.entry).copied();
            let gone = reversed_by.is_some() || superseded.is_some() || effective != Within::Yes;
            let on_hold = holds.get(&achievement.entry).copied();
            let held = if gone { Credits::ZERO } else { Credits(achievement.amount.0 - taken) };
            Lot { achievement, reversed_by, effective, held, placements, on_hold, superseded }
        })
        .collect()
}

fn placements(counting: &[&Movement]) -> BTreeMap<EntryId, Vec<Placement>> {
    let undoers: HashSet<EntryId> = counting.iter().filter_map(|movement| movement.undoes).collect();
    let mut by_lot: BTreeMap<EntryId, Vec<Placement>> = BTreeMap::new();
    let stands = |movement: &&&Movement, kind| movement.kind == kind && !undoers.contains(&movement.entry);
    for out in counting.iter().filter(|movement| stands(movement, EntryKind::ConvertOut)) {
        let into = counting.iter().find(|other| {
            stands(other, EntryKind::ConvertIn) && other.decision == out.decision && other.lot == out.lot
        });
        let Some(into) = into else { continue };
        by_lot.entry(out.lot).or_default().push(Placement {
            decision: out.decision,
            out: out.entry,
            into: into.entry,
            taken: out.amount,
            system: into.system,
            worth: into.amount,
            period: out.period,
        });
    }
    by_lot
}

/// Lots on hold, with the decision that put each there.
fn holds(counting: &[&Movement]) -> BTreeMap<EntryId, EntryId> {
    let standing = counting.iter().filter(|movement| movement.kind == EntryKind::Hold);
    standing.map(|hold| (hold.lot, hold.decision)).collect()
}

/// Lots that another attempt counts for, with the entry that says so.
fn superseded(counting: &[&Movement], undone: &BTreeMap<EntryId, EntryId>) -> BTreeMap<EntryId, EntryId> {
    let stands = |row: &&&Movement| row.kind == EntryKind::Supersede && !undone.contains_key(&row.entry);
    counting.iter().filter(stands).map(|row| (row.lot, row.entry)).collect()
}

/// Balances by credit system of folded lots.
pub fn balances(lots: &[Lot]) -> BTreeMap<i64, Balance> {
    let mut by_system: BTreeMap<i64, Balance> = BTreeMap::new();
    for lot in lots.iter().filter(|lot| lot.counts()) {
        let own = by_system.entry(lot.achievement.system).or_default();
        own.shift(Place::Recognised, Place::Held, lot.achievement.amount);
        for placement in &lot.placements {
            let own = by_system.entry(lot.achievement.system).or_default();
            own.shift(Place::Held, Place::Placed, placement.taken);
            let there = by_system.entry(placement.system).or_default();
            there.shift(Place::Recognised, Place::Converted, placement.worth);
        }
    }
    by_system.retain(|_, balance| !balance.is_empty());
    by_system
}

/// The accounts that a movement moves between; one that undoes an entry goes the other way.
///
/// `kind_of` gives the kind of an entry that is undone, and what that one undid in turn.
pub fn accounts_of(
    kind: EntryKind,
    undoes: Option<EntryId>,
    kind_of: &impl Fn(EntryId) -> Option<(EntryKind, Option<EntryId>)>,
) -> Option<(Place, Place)> {
    match undoes {
        None => accounts(kind),
        Some(entry) => {
            let (kind, undoes) = kind_of(entry)?;
            if kind == EntryKind::Record {
                return Some((Place::Held, Place::Recognised));
            }
            accounts_of(kind, undoes, kind_of).map(|(from, to)| (to, from))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::outcome::{Kind, Status};
    use jiff::civil::date;

    fn deposit(seq: u64, amount: i64) -> Achievement {
        Achievement {
            entry: EntryId::new(0, seq),
            learner: 1,
            outcome: 1,
            version: 1,
            period: 1,
            attempt: 1,
            nth: 0,
            status: Status::Passed,
            kind: Kind::Formal,
            system: 1,
            amount: Credits(amount),
            grade: None,
            attrs: None,
            file: 0,
            line: 1,
            group_line: None,
            group_load: None,
            record: None,
        }
    }

    fn movement(seq: u64, kind: EntryKind, amount: i64, undoes: Option<u64>) -> Movement {
        Movement {
            entry: EntryId::new(0, seq),
            kind,
            decision: EntryId::new(0, 10),
            learner: 1,
            lot: EntryId::new(0, 5),
            num: 1,
            den: 1,
            system: if kind == EntryKind::ConvertIn { 2 } else { 1 },
            amount: Credits(amount),
            period: 2,
            undoes: undoes.map(|seq| EntryId::new(0, seq)),
        }
    }

    fn periods(id: i64) -> Period {
        match id {
            1 => Period::day(date(2024, 8, 31)),
            _ => Period::day(date(2025, 1, 1)),
        }
    }

    fn held_and_converted(movements: &[Movement], cut: Cut) -> (i64, i64, i64) {
        let lots = fold(vec![deposit(5, 10_000)], movements, &cut, &periods);
        let all = balances(&lots);
        let at = |system: i64, place| all.get(&system).map_or(0, |balance: &Balance| balance.at(place).0);
        (at(1, Place::Held), at(1, Place::Placed), at(2, Place::Converted))
    }

    #[test]
    fn a_placement_moves_a_lot_and_a_release_brings_it_back() {
        let out = movement(11, EntryKind::ConvertOut, 10_000, None);
        let into = movement(12, EntryKind::ConvertIn, 5_000, None);
        let release_out = movement(21, EntryKind::Release, 10_000, Some(11));
        let release_in = movement(22, EntryKind::Release, 5_000, Some(12));
        let undo_out = movement(31, EntryKind::Reverse, 10_000, Some(21));
        let undo_in = movement(32, EntryKind::Reverse, 5_000, Some(22));
        let all = [out, into, release_out, release_in, undo_out, undo_in];
        let now = Cut::default();
        assert_eq!(held_and_converted(&all[..0], now), (10_000, 0, 0));
        assert_eq!(held_and_converted(&all[..2], now), (0, 10_000, 5_000));
        assert_eq!(held_and_converted(&all[..4], now), (10_000, 0, 0));
        assert_eq!(held_and_converted(&all, now), (0, 10_000, 5_000), "a release that was reversed");
    }

    #[test]
    fn a_hold_moves_nothing_and_stands_until_it_is_lifted() {
        let hold = movement(11, EntryKind::Hold, 0, None);
        let lift = movement(21, EntryKind::Unhold, 0, Some(11));
        let all = [hold, lift];
        let on_hold = |movements: &[Movement], cut| {
            fold(vec![deposit(5, 10_000)], movements, &cut, &periods).remove(0).on_hold
        };
        let decision = Some(EntryId::new(0, 10));
        assert_eq!(on_hold(&all[..0], Cut::default()), None);
        assert_eq!(on_hold(&all[..1], Cut::default()), decision);
        assert_eq!(on_hold(&all, Cut::default()), None);
        let known = Cut { as_of: None, known: Some(EntryId::new(0, 21)) };
        assert_eq!(on_hold(&all, known), decision);
        let before = Cut { as_of: Some(date(2024, 12, 31)), known: None };
        assert_eq!(on_hold(&all[..1], before), None);
        assert_eq!(held_and_converted(&all[..1], Cut::default()), (10_000, 0, 0));
    }

    #[test]
    fn what_was_reversed_is_not_undecided_inside_its_month() {
        let month = Period { last: date(2024, 8, 31), first: date(2024, 8, 1), ..periods(1) };
        let reversal = Movement { period: 1, ..movement(11, EntryKind::Reverse, 10_000, Some(5)) };
        let cut = Cut { as_of: Some(date(2024, 8, 15)), known: None };
        let folded = |movements: &[Movement]| {
            fold(vec![deposit(5, 10_000)], movements, &cut, &|_| month.clone()).remove(0)
        };
        assert_eq!((folded(&[]).effective, folded(&[]).reversed_by), (Within::Undecided, None));
        assert_eq!(folded(&[reversal]).reversed_by, Some(EntryId::new(0, 11)));
    }

    #[test]
    fn the_cut_decides_by_day_and_by_size() {
        let all = [
            movement(11, EntryKind::ConvertOut, 10_000, None),
            movement(12, EntryKind::ConvertIn, 5_000, None),
        ];
        let as_of = |day| Cut { as_of: Some(day), known: None };
        assert_eq!(held_and_converted(&all, as_of(date(2024, 8, 30))), (0, 0, 0));
        assert_eq!(held_and_converted(&all, as_of(date(2024, 8, 31))), (10_000, 0, 0));
        assert_eq!(held_and_converted(&all, as_of(date(2025, 1, 1))), (0, 10_000, 5_000));
        let known = |seq| Cut { as_of: None, known: Some(EntryId::new(0, seq)) };
        assert_eq!(held_and_converted(&all, known(5)), (0, 0, 0));
        assert_eq!(held_and_converted(&all, known(6)), (10_000, 0, 0));
    }
}
