//! What a batch adds to balances and to the summary.

use super::NewMovement;
use crate::domain::credits::Credits;
use crate::domain::entry::{Achievement, Balance, EntryKind, Place};
use crate::domain::fault::Result;
use crate::ops::names::Names;
use crate::store::{Read, SummaryKey, SummarySums};

/// Dimensions of the summary as small integers, until the batch is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Cell {
    outcome: i64,
    version: i32,
    years: (i16, i16),
    kind: u8,
    status: u8,
    system: i32,
}

/// Rows of the balance table: learner, system, amounts to add.
pub type BalanceRows = Vec<(i64, i64, Balance)>;
/// Rows of the summary table to add.
pub type SummaryRows = Vec<(SummaryKey, SummarySums)>;

/// The sums of one batch.
#[derive(Default)]
pub struct Sums {
    balances: hashbrown::HashMap<(i64, i32), Balance>,
    summary: hashbrown::HashMap<Cell, SummarySums>,
}

fn cell(lot: &Achievement, years: (i16, i16), system: i64) -> Cell {
    Cell {
        outcome: lot.outcome,
        version: lot.version as i32,
        years,
        kind: lot.kind as u8,
        status: lot.status as u8,
        system: system as i32,
    }
}

impl Sums {
    /// An achievement that was posted.
    pub fn deposit(&mut self, row: &Achievement, years: (i16, i16)) {
        if row.amount != Credits::ZERO {
            let balance = self.balances.entry((row.learner, row.system as i32)).or_default();
            balance.shift(Place::Recognised, Place::Held, row.amount);
        }
        let sums = self.summary.entry(cell(row, years, row.system)).or_default();
        sums.achievements += 1;
        sums.deposited += row.amount.0;
    }

    /// A movement that was posted.
    pub fn movement(&mut self, new: &NewMovement, years: (i16, i16)) {
        let (from, to) = new.accounts;
        if new.amount != Credits::ZERO {
            let balance = self.balances.entry((new.lot.learner, new.system as i32)).or_default();
            balance.shift(from, to, new.amount);
        }
        let sums = self.summary.entry(cell(new.lot, years, new.system)).or_default();
        let mut shift = |place, amount: i64| match place {
            Place::Placed => sums.placed += amount,
            Place::Converted => sums.converted += amount,
            _ => {}
        };
        shift(from, -new.amount.0);
        shift(to, new.amount.0);
        if new.kind == EntryKind::Reverse && new.undoes == Some(new.lot.entry) {
            sums.achievements -= 1;
            sums.deposited -= new.amount.0;
        }
    }

    /// The rows to add, in the order of their tables' keys.
    pub fn finish(self, read: &(impl Read + ?Sized), names: &Names) -> Result<(BalanceRows, SummaryRows)> {
        let mut balances: BalanceRows = self
            .balances
            .into_iter()
            .filter(|(_, balance)| !balance.is_empty())
            .map(|((learner, system), balance)| (learner, i64::from(system), balance))
            .collect();
        balances.sort_unstable_by_key(|(learner, system, _)| (*learner, *system));
        let mut rows: hashbrown::HashMap<SummaryKey, SummarySums> = hashbrown::HashMap::new();
        for (cell, sums) in self.summary {
            let institution = names.outcome(read, cell.outcome)?.institution;
            let version = names.version(read, cell.outcome, i64::from(cell.version))?;
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            let key = SummaryKey {
                institution,
                system: i64::from(cell.system),
                kind: i64::from(cell.kind),
                framework: text(&version.framework),
                level: text(&version.level),
                field: text(&version.field),
                year: year_label(cell.years),
                status: i64::from(cell.status),
            };
            rows.entry(key).or_default().add(&sums);
        }
        let mut rows: SummaryRows = rows.into_iter().filter(|(_, sums)| !sums.is_empty()).collect();
        rows.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Ok((balances, rows))
    }
}

/// The calendar year, or `2013–2014` where the period spans two.
fn year_label((first, last): (i16, i16)) -> String {
    if first == last { first.to_string() } else { format!("{first}–{last}") }
}
