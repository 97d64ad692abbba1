//! What a batch adds to balances and to the summary.

use super::{NewMovement, Prepared};
use crate::domain::credits::Credits;
use crate::domain::entry::{Achievement, Balance, Place};
use crate::domain::fault::Result;
use crate::ops::names::Names;
use crate::store::{Read, SummaryKey, SummarySums};
use hashbrown::HashMap;
use std::hash::{Hash, Hasher};

/// Deposits that are gathered before those of one learner are added up.
const GATHERED: usize = 1 << 17;

/// Of no more new accounts than these the sums stand by position.
const OPENED: usize = 1 << 24;

/// Rows of the balance table that are given at once.
const ROWS: usize = 1 << 12;

/// Outcomes with a lower id are looked up by position.
const DENSE: usize = 1 << 20;

/// What a summary row says of the outcome: institution, framework, level and field.
type Class = (i64, String, String, String);

/// Dimensions of the summary as small integers, until the batch is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cell {
    class: u32,
    system: u32,
    years: (i16, i16),
    kind: u8,
    status: u8,
}

impl Hash for Cell {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (first, last) = self.years;
        state.write_u64(u64::from(self.class) << 32 | u64::from(self.system));
        let years = u64::from(first as u16) << 16 | u64::from(last as u16);
        state.write_u64(years << 16 | u64::from(self.kind) << 8 | u64::from(self.status));
    }
}

/// Rows of the balance table: learner, system, amounts to add.
pub type BalanceRows = Vec<(i64, i64, Balance)>;
/// Rows of the summary table to add.
pub type SummaryRows = Vec<(SummaryKey, SummarySums)>;

/// The sums of one batch.
#[derive(Default)]
pub struct Sums {
    /// Accounts up to this one were there before the batch.
    last_known: i64,
    /// What the accounts that the batch opened got in the system that it met first: nearly all get something.
    opened: (Option<u16>, Vec<i64>),
    /// Other learners, systems and amounts, in little room: many of one learner until they are added up.
    deposits: Vec<(u32, u32, i64)>,
    /// How many of them stand for themselves since they were last added up.
    added_up: usize,
    balances: HashMap<(i64, u32), Balance>,
    classes: Vec<Class>,
    class_ids: HashMap<Class, u32>,
    class_of: HashMap<(i64, i64), u32>,
    /// The version of each outcome that was met last, and its class.
    last_class: Vec<(i64, u32)>,
    /// Achievements that stand, and the credit that they deposited.
    standing: HashMap<Cell, (i64, i64)>,
    /// Credit placed and converted.
    moved: HashMap<Cell, (i64, i64)>,
}

impl Sums {
    /// Nothing summed, in a ledger whose last account is this one.
    pub fn new(last_known: i64) -> Sums {
        Sums { last_known, ..Sums::default() }
    }

    /// Achievements that were posted; those of a learner in one system come together.
    ///
    /// Each step is a loop of its own: its look-ups are far apart in memory, and a processor waits for
    /// several of them at once where nothing else stands between.
    ///
    /// # Errors
    /// Where the registries cannot be read.
    pub fn deposits(&mut self, read: &(impl Read + ?Sized), names: &Names, rows: &[&Prepared]) -> Result<()> {
        for row in rows.iter().filter(|row| row.amount != Credits::ZERO) {
            if let Some(sum) = self.sum_of_opened(row) {
                *sum += row.amount.0;
                continue;
            }
            let system = u32::from(row.system);
            let Ok(learner) = u32::try_from(row.learner) else {
                let balance = self.balances.entry((row.learner, system)).or_default();
                balance.shift(Place::Recognised, Place::Held, row.amount);
                continue;
            };
            match self.deposits.last_mut() {
                Some((last, of, amount)) if (*last, *of) == (learner, system) => *amount += row.amount.0,
                _ => self.deposits.push((learner, system, row.amount.0)),
            }
        }
        if self.deposits.len() >= GATHERED + self.added_up + self.added_up / 4 {
            self.add_up();
        }
        let mut cells = Vec::with_capacity(rows.len());
        for row in rows {
            cells.push(Cell {
                class: self.class(read, names, i64::from(row.outcome), i64::from(row.version))?,
                system: u32::from(row.system),
                years: row.years,
                kind: row.kind as u8,
                status: row.status as u8,
            });
        }
        for (cell, row) in cells.into_iter().zip(rows) {
            let (achievements, deposited) = self.standing.entry(cell).or_default();
            *achievements += 1;
            *deposited += row.amount.0;
        }
        Ok(())
    }

    /// Where the sum of a new account stands, if it has a place of its own.
    fn sum_of_opened(&mut self, row: &Prepared) -> Option<&mut i64> {
        let at = usize::try_from(row.learner - self.last_known - 1).ok()?;
        let (system, sums) = &mut self.opened;
        if *system.get_or_insert(row.system) != row.system || at > OPENED {
            return None;
        }
        if at >= sums.len() {
            sums.resize(at + 1, 0);
        }
        Some(&mut sums[at])
    }

    fn add_up(&mut self) {
        // They come in portions that are in order: a stable sort merges them.
        self.deposits.sort_by_key(|(learner, system, _)| (*learner, *system));
        self.deposits.dedup_by(|next, kept| {
            let same = (next.0, next.1) == (kept.0, kept.1);
            kept.2 += if same { next.2 } else { 0 };
            same
        });
        self.added_up = self.deposits.len();
    }

    fn class(
        &mut self,
        read: &(impl Read + ?Sized),
        names: &Names,
        outcome: i64,
        version: i64,
    ) -> Result<u32> {
        let at = outcome as usize;
        if let Some((_, class)) = self.last_class.get(at).filter(|(last, _)| *last == version) {
            return Ok(*class);
        }
        let class = self.find_class(read, names, outcome, version)?;
        if at < DENSE {
            self.last_class.resize(self.last_class.len().max(at + 1), (0, 0));
            self.last_class[at] = (version, class);
        }
        Ok(class)
    }

    fn find_class(
        &mut self,
        read: &(impl Read + ?Sized),
        names: &Names,
        outcome: i64,
        version: i64,
    ) -> Result<u32> {
        if let Some(class) = self.class_of.get(&(outcome, version)) {
            return Ok(*class);
        }
        let institution = names.outcome(read, outcome)?.institution;
        let row = names.version(read, outcome, version)?;
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let class = (institution, text(&row.framework), text(&row.level), text(&row.field));
        let next = self.classes.len() as u32;
        let id = *self.class_ids.entry(class.clone()).or_insert(next);
        if id == next {
            self.classes.push(class);
        }
        self.class_of.insert((outcome, version), id);
        Ok(id)
    }

    /// A movement that was posted.
    ///
    /// # Errors
    /// Where the registries cannot be read.
    pub fn movement(
        &mut self,
        read: &(impl Read + ?Sized),
        names: &Names,
        new: &NewMovement,
        years: (i16, i16),
    ) -> Result<()> {
        let (from, to) = new.accounts;
        if new.amount != Credits::ZERO {
            let balance = self.balances.entry((new.lot.learner, new.system as u32)).or_default();
            balance.shift(from, to, new.amount);
        }
        let Achievement { outcome, version, kind, status, .. } = new.lot;
        let cell = Cell {
            class: self.class(read, names, *outcome, *version)?,
            system: new.system as u32,
            years,
            kind: *kind as u8,
            status: *status as u8,
        };
        let (placed, converted) = self.moved.entry(cell).or_default();
        let mut shift = |place, amount: i64| match place {
            Place::Placed => *placed += amount,
            Place::Converted => *converted += amount,
            _ => {}
        };
        shift(from, -new.amount.0);
        shift(to, new.amount.0);
        // The achievement itself goes, or stands again where its reversal is reversed.
        let sign = match new.accounts {
            (Place::Held, Place::Recognised) => -1,
            (Place::Recognised, Place::Held) => 1,
            _ => 0,
        };
        let (achievements, deposited) = self.standing.entry(cell).or_default();
        *achievements += sign;
        *deposited += sign * new.amount.0;
        Ok(())
    }

    /// The rows of the summary to add, in the order of the table's key.
    pub fn summary_rows(&self) -> SummaryRows {
        let mut filled = self.filled_cells();
        // There are far more cells than texts: the texts are sorted once, and the cells by their places.
        let texts = |class: u32| {
            let (_, framework, level, field) = &self.classes[class as usize];
            [framework, level, field]
        };
        let classes = places(filled.iter().map(|(cell, _)| cell.class), texts);
        let years = places(filled.iter().map(|(cell, _)| cell.years), year_label);
        filled.sort_unstable_by_key(|(cell, _)| {
            let institution = self.classes[cell.class as usize].0;
            (institution, cell.system, cell.kind, classes[&cell.class], years[&cell.years], cell.status)
        });
        filled.into_iter().map(|(cell, sums)| (self.key_of(&cell), sums)).collect()
    }

    fn filled_cells(&self) -> Vec<(Cell, SummarySums)> {
        let sums_of = |cell: &Cell| {
            let (achievements, deposited) = self.standing.get(cell).copied().unwrap_or_default();
            let (placed, converted) = self.moved.get(cell).copied().unwrap_or_default();
            SummarySums { achievements, deposited, placed, converted }
        };
        let only_moved = self.moved.keys().filter(|cell| !self.standing.contains_key(*cell));
        let cells = self.standing.keys().chain(only_moved).map(|cell| (*cell, sums_of(cell)));
        cells.filter(|(_, sums)| !sums.is_empty()).collect()
    }

    /// A cell's key; no two cells have the same.
    fn key_of(&self, cell: &Cell) -> SummaryKey {
        let (institution, framework, level, field) = &self.classes[cell.class as usize];
        SummaryKey {
            institution: *institution,
            system: i64::from(cell.system),
            kind: i64::from(cell.kind),
            framework: framework.clone(),
            level: level.clone(),
            field: field.clone(),
            year: year_label(cell.years),
            status: i64::from(cell.status),
        }
    }

    /// Gives the balance rows to add, some at a time, in the order of the table's key.
    ///
    /// # Errors
    /// Those of `put`.
    pub fn balance_rows(mut self, put: &mut dyn FnMut(&BalanceRows) -> Result<()>) -> Result<()> {
        self.add_up();
        let mut moved: BalanceRows =
            self.balances.into_iter().map(|(key, balance)| (key.0, i64::from(key.1), balance)).collect();
        moved.sort_unstable_by_key(|(learner, system, _)| (*learner, *system));
        let mut moved = moved.into_iter().peekable();
        let mut rows = BalanceRows::with_capacity(ROWS);
        let mut give = |row: (i64, i64, Balance), rows: &mut BalanceRows| {
            rows.extend(Some(row).filter(|(_, _, balance)| !balance.is_empty()));
            if rows.len() < ROWS {
                return Ok(());
            }
            put(rows).map(|()| rows.clear())
        };
        let (of_opened, sums) = self.opened;
        let of_opened = i64::from(of_opened.unwrap_or_default());
        let opened = sums.into_iter().zip(self.last_known + 1..).filter(|(amount, _)| *amount != 0);
        let opened = opened.map(|(amount, learner)| ((learner, of_opened), amount));
        let others = self.deposits.into_iter();
        let others =
            others.map(|(learner, system, amount)| ((i64::from(learner), i64::from(system)), amount));
        for (key, amount) in in_order(opened, others) {
            while let Some(row) = moved.next_if(|row| (row.0, row.1) < key) {
                give(row, &mut rows)?;
            }
            let mut balance = moved.next_if(|row| (row.0, row.1) == key).map(|row| row.2).unwrap_or_default();
            balance.shift(Place::Recognised, Place::Held, Credits(amount));
            give((key.0, key.1, balance), &mut rows)?;
        }
        moved.try_for_each(|row| give(row, &mut rows))?;
        put(&rows)
    }
}

/// A learner and a system, and an amount to add.
type Deposit = ((i64, i64), i64);

/// Two sequences in order as one; where both have a key, they follow each other.
fn in_order(
    one: impl Iterator<Item = Deposit>,
    other: impl Iterator<Item = Deposit>,
) -> impl Iterator<Item = Deposit> {
    let (mut one, mut other) = (one.peekable(), other.peekable());
    std::iter::from_fn(move || match (one.peek(), other.peek()) {
        (Some(first), Some(second)) if second.0 < first.0 => other.next(),
        (Some(_), _) => one.next(),
        (None, _) => other.next(),
    })
}

/// The place of each key in the order of what it stands for.
fn places<K: Copy + Ord + Hash, T: Ord>(
    keys: impl Iterator<Item = K>,
    of: impl Fn(K) -> T,
) -> HashMap<K, usize> {
    let mut keys: Vec<K> = keys.collect();
    keys.sort_unstable();
    keys.dedup();
    keys.sort_by_cached_key(|key| of(*key));
    keys.into_iter().zip(0..).collect()
}

/// The calendar year, or `2013–2014` where the period spans two.
fn year_label((first, last): (i16, i16)) -> String {
    if first == last { first.to_string() } else { format!("{first}–{last}") }
}
