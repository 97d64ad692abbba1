//! Balances and the summary counted anew from the journal, as the posting batches summed them up.

use super::registers::Registers;
use crate::domain::credits::Credits;
use crate::domain::entry::{Achievement, Balance, EntryId, EntryKind, Movement, Place, accounts};
use crate::ledger::links::Links;
use crate::store::{SummaryKey, SummarySums};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Dimensions of the summary as numbers; `state` is which of its states the outcome's version was in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Cell {
    outcome: i64,
    version: i64,
    state: usize,
    institution: i64,
    years: (i16, i16),
    kind: u8,
    status: u8,
    system: i64,
}

/// Sums over the journal. All arithmetic is checked: what does not fit is counted in `overflows`.
#[derive(Default)]
pub struct Recount {
    /// By learner and system.
    pub balances: hashbrown::HashMap<(i64, i64), Balance>,
    cells: hashbrown::HashMap<Cell, SummarySums>,
    /// Learners about whom there are movements.
    pub movers: BTreeSet<i64>,
    /// How many sums did not fit.
    pub overflows: u64,
}

impl Recount {
    /// An achievement: what it deposits.
    pub fn achievement(&mut self, row: &Achievement, registers: &Registers) {
        self.shift(row.learner, row.system, (Place::Recognised, Place::Held), row.amount);
        let sums = SummarySums { achievements: 1, deposited: row.amount.0, ..SummarySums::default() };
        self.sum(row, row.entry, row.system, &sums, registers);
    }

    /// A movement about a lot, between those accounts.
    pub fn movement(
        &mut self,
        row: &Movement,
        lot: &Achievement,
        (from, to): (Place, Place),
        registers: &Registers,
    ) {
        self.shift(row.learner, row.system, (from, to), row.amount);
        let mut sums = SummarySums::default();
        for (place, amount) in [(from, row.amount.0.wrapping_neg()), (to, row.amount.0)] {
            match place {
                Place::Placed => sums.placed = amount,
                Place::Converted => sums.converted = amount,
                _ => {}
            }
        }
        // The achievement itself goes, or stands again where its reversal is reversed.
        match (from, to) {
            (Place::Held, Place::Recognised) => {
                sums.achievements = -1;
                sums.deposited = row.amount.0.wrapping_neg();
            }
            (Place::Recognised, Place::Held) => {
                sums.achievements = 1;
                sums.deposited = row.amount.0;
            }
            _ => {}
        }
        self.sum(lot, row.entry, row.system, &sums, registers);
    }

    fn shift(&mut self, learner: i64, system: i64, (from, to): (Place, Place), amount: Credits) {
        if amount == Credits::ZERO {
            return;
        }
        let balance = self.balances.entry((learner, system)).or_default();
        let less = balance.0[from as usize].checked_sub(amount.0);
        let more = balance.0[to as usize].checked_add(amount.0);
        match less.zip(more) {
            Some((less, more)) => {
                balance.0[from as usize] = less;
                balance.0[to as usize] = more;
            }
            None => self.overflows += 1,
        }
    }

    fn sum(
        &mut self,
        lot: &Achievement,
        entry: EntryId,
        system: i64,
        add: &SummarySums,
        registers: &Registers,
    ) {
        let (Some(years), Some(institution), Some(state)) = (
            registers.years(lot.period),
            registers.institution(lot.outcome, entry.0),
            registers.state(lot.outcome, lot.version, entry.0),
        ) else {
            return;
        };
        let cell = Cell {
            outcome: lot.outcome,
            version: lot.version,
            state,
            institution,
            years,
            kind: lot.kind as u8,
            status: lot.status as u8,
            system,
        };
        if !add_checked(self.cells.entry(cell).or_default(), add) {
            self.overflows += 1;
        }
    }

    /// The balances that are not empty, by the account that names the person and by system.
    pub fn take_balances(&mut self, links: &Links) -> Vec<(i64, i64, Balance)> {
        let mut sums = std::mem::take(&mut self.balances);
        let linked: Vec<(i64, i64)> =
            sums.keys().copied().filter(|(learner, _)| !links.is_person(*learner)).collect();
        for (learner, system) in linked {
            let Some(balance) = sums.remove(&(learner, system)) else { continue };
            let kept = sums.entry((links.person(learner), system)).or_default();
            for (mine, theirs) in kept.0.iter_mut().zip(balance.0) {
                match mine.checked_add(theirs) {
                    Some(sum) => *mine = sum,
                    None => self.overflows += 1,
                }
            }
        }
        let mut rows: Vec<_> = sums
            .into_iter()
            .filter(|(_, balance)| !balance.is_empty())
            .map(|((learner, system), balance)| (learner, system, balance))
            .collect();
        rows.sort_unstable_by_key(|(learner, system, _)| (*learner, *system));
        rows
    }

    /// The rows of the summary that are not empty.
    pub fn take_summary(&mut self, registers: &Registers) -> BTreeMap<SummaryKey, SummarySums> {
        let mut rows: BTreeMap<SummaryKey, SummarySums> = BTreeMap::new();
        for (cell, sums) in std::mem::take(&mut self.cells) {
            let Some(version) = registers.version(cell.outcome, cell.version, cell.state) else { continue };
            let (first, last) = cell.years;
            let key = SummaryKey {
                institution: cell.institution,
                system: cell.system,
                kind: i64::from(cell.kind),
                framework: version.framework.clone(),
                level: version.level.clone(),
                field: version.field.clone(),
                year: if first == last { first.to_string() } else { format!("{first}–{last}") },
                status: i64::from(cell.status),
            };
            if !add_checked(rows.entry(key).or_default(), &sums) {
                self.overflows += 1;
            }
        }
        rows.retain(|_, sums| !sums.is_empty());
        rows
    }
}

fn add_checked(sums: &mut SummarySums, add: &SummarySums) -> bool {
    let added = || {
        Some(SummarySums {
            achievements: sums.achievements.checked_add(add.achievements)?,
            deposited: sums.deposited.checked_add(add.deposited)?,
            placed: sums.placed.checked_add(add.placed)?,
            converted: sums.converted.checked_add(add.converted)?,
        })
    };
    added().map(|added| *sums = added).is_some()
}

/// Between which accounts each movement of one learner moves, in order of entries; `None` where it
/// undoes what it cannot undo. An entry is undone by a later one only, so nothing goes in circles.
pub fn accounts_in_order(
    lots: &HashMap<EntryId, Achievement>,
    movements: &[Movement],
) -> Vec<Option<(Place, Place)>> {
    let mut known: HashMap<EntryId, (Place, Place)> = HashMap::new();
    let mut all = Vec::with_capacity(movements.len());
    for movement in movements {
        let own = match movement.undoes {
            None if movement.kind == EntryKind::Deposit => None,
            None => accounts(movement.kind),
            Some(undone) if undone >= movement.entry => None,
            Some(undone) if lots.contains_key(&undone) => Some((Place::Held, Place::Recognised)),
            Some(undone) => known.get(&undone).map(|(from, to)| (*to, *from)),
        };
        if let Some(own) = own {
            known.insert(movement.entry, own);
        }
        all.push(own);
    }
    all
}
