//! The columns of achievements and movements as one table each: how to read, set and search them.

use crate::domain::account::Account;
use crate::domain::credits::Credits;
use crate::domain::entry::{Achievement, EntryId, EntryKind, Movement};
use crate::domain::outcome::{Kind, Status};
use crate::store::Cell;

/// Which values a column may have had, when one that fits is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pool {
    /// Small numbers.
    Small,
    /// All accounts.
    Learners,
    /// All rows of that registry.
    Registry(&'static str),
    /// Amounts of credit.
    Amount,
    /// Lines of a file.
    Line,
    /// Entries of the learner, and those shortly before.
    Entries,
}

impl Pool {
    /// Whether it has so many values that they are tried for a few entries only.
    pub fn is_large(self) -> bool {
        matches!(self, Pool::Amount | Pool::Line)
    }
}

/// A column that holds a number or nothing.
pub struct Column<T> {
    /// Its name.
    pub name: &'static str,
    /// What it may have held.
    pub pool: Pool,
    /// Reads it.
    pub get: fn(&T) -> Option<i64>,
    /// Sets it; false where it cannot hold the value.
    pub set: fn(&mut T, Option<i64>) -> bool,
}

/// A journal table with one row an entry.
pub trait Columns: Clone + 'static {
    /// The table's name.
    const TABLE: &'static str;
    /// Its columns but `entry`, `record` and `commitment`.
    const COLUMNS: &'static [Column<Self>];
    /// A text column besides.
    const TEXT: Option<&'static str>;
    /// A row of that entry to be filled column by column.
    fn blank(entry: EntryId) -> Self;
    /// Sets the text column.
    fn set_text(&mut self, text: Option<String>);
    /// Its place in the journal.
    fn entry(&self) -> EntryId;
    /// Whom it is about.
    fn learner(&self) -> i64;
}

/// A row as the journal keeps it.
pub struct Kept<T> {
    /// The row; bad columns hold what [`Columns::blank`] gave them.
    pub row: T,
    /// Whether it is marked as erased.
    pub marked: bool,
    /// Columns that hold what they cannot hold, and what that is.
    pub bad: Vec<(&'static str, String)>,
}

fn put(slot: &mut i64, value: Option<i64>) -> bool {
    value.map(|value| *slot = value).is_some()
}

macro_rules! column {
    ($name:literal $pool:expr, $get:expr, $set:expr) => {
        Column { name: $name, pool: $pool, get: $get, set: $set }
    };
}

impl Columns for Achievement {
    const TABLE: &'static str = "achievement";
    const TEXT: Option<&'static str> = Some("record");
    const COLUMNS: &'static [Column<Self>] = &[
        column!("learner" Pool::Learners, |a| Some(a.learner), |a, v| put(&mut a.learner, v)),
        column!("outcome" Pool::Registry("outcome"), |a| Some(a.outcome), |a, v| put(&mut a.outcome, v)),
        column!("version" Pool::Small, |a| Some(a.version), |a, v| put(&mut a.version, v)),
        column!("period" Pool::Registry("period"), |a| Some(a.period), |a, v| put(&mut a.period, v)),
        column!("attempt" Pool::Small, |a| Some(a.attempt), |a, v| put(&mut a.attempt, v)),
        column!("nth" Pool::Small, |a| Some(a.nth), |a, v| put(&mut a.nth, v)),
        column!("status" Pool::Small, |a| Some(a.status as i64), |a, v| {
            v.and_then(Status::from_code).map(|status| a.status = status).is_some()
        }),
        column!("kind" Pool::Small, |a| Some(a.kind as i64), |a, v| {
            v.and_then(Kind::from_code).map(|kind| a.kind = kind).is_some()
        }),
        column!("system" Pool::Registry("system"), |a| Some(a.system), |a, v| put(&mut a.system, v)),
        column!("amount" Pool::Amount, |a| Some(a.amount.0), |a, v| put(&mut a.amount.0, v)),
        column!("grade" Pool::Registry("grade"), |a| a.grade, |a, v| {
            a.grade = v;
            true
        }),
        column!("attrs" Pool::Registry("attrs"), |a| a.attrs, |a, v| {
            a.attrs = v;
            true
        }),
        column!("file" Pool::Small, |a| Some(a.file), |a, v| put(&mut a.file, v)),
        column!("line" Pool::Line, |a| Some(a.line), |a, v| put(&mut a.line, v)),
        column!("group_line" Pool::Line, |a| a.group_line, |a, v| {
            a.group_line = v;
            true
        }),
        column!("group_load" Pool::Amount, |a| a.group_load.map(|load| load.0), |a, v| {
            a.group_load = v.map(Credits);
            true
        }),
    ];

    fn blank(entry: EntryId) -> Self {
        Achievement {
            entry,
            learner: 0,
            outcome: 0,
            version: 0,
            period: 0,
            attempt: 0,
            nth: 0,
            status: Status::Passed,
            kind: Kind::Formal,
            system: 0,
            amount: Credits::ZERO,
            grade: None,
            attrs: None,
            file: 0,
            line: 0,
            group_line: None,
            group_load: None,
            record: None,
        }
    }

    fn set_text(&mut self, text: Option<String>) {
        self.record = text;
    }

    fn entry(&self) -> EntryId {
        self.entry
    }

    fn learner(&self) -> i64 {
        self.learner
    }
}

impl Columns for Movement {
    const TABLE: &'static str = "movement";
    const TEXT: Option<&'static str> = None;
    const COLUMNS: &'static [Column<Self>] = &[
        column!("kind" Pool::Small, |m| Some(m.kind as i64), |m, v| {
            v.and_then(EntryKind::from_code).map(|kind| m.kind = kind).is_some()
        }),
        column!("decision" Pool::Entries, |m| Some(m.decision.0), |m, v| put(&mut m.decision.0, v)),
        column!("learner" Pool::Learners, |m| Some(m.learner), |m, v| put(&mut m.learner, v)),
        column!("lot" Pool::Entries, |m| Some(m.lot.0), |m, v| put(&mut m.lot.0, v)),
        column!("num" Pool::Amount, |m| Some(m.num), |m, v| put(&mut m.num, v)),
        column!("den" Pool::Amount, |m| Some(m.den), |m, v| put(&mut m.den, v)),
        column!("system" Pool::Registry("system"), |m| Some(m.system), |m, v| put(&mut m.system, v)),
        column!("amount" Pool::Amount, |m| Some(m.amount.0), |m, v| put(&mut m.amount.0, v)),
        column!("period" Pool::Registry("period"), |m| Some(m.period), |m, v| put(&mut m.period, v)),
        column!("undoes" Pool::Entries, |m| m.undoes.map(|entry| entry.0), |m, v| {
            m.undoes = v.map(EntryId);
            true
        }),
    ];

    fn blank(entry: EntryId) -> Self {
        Movement {
            entry,
            kind: EntryKind::Genesis,
            decision: EntryId(0),
            learner: 0,
            lot: EntryId(0),
            num: 0,
            den: 0,
            system: 0,
            amount: Credits::ZERO,
            period: 0,
            undoes: None,
        }
    }

    fn set_text(&mut self, _: Option<String>) {}

    fn entry(&self) -> EntryId {
        self.entry
    }

    fn learner(&self) -> i64 {
        self.learner
    }
}

/// The columns to scan for [`decode`], in its order.
pub fn scanned<T: Columns>() -> Vec<&'static str> {
    let numbers = T::COLUMNS.iter().map(|column| column.name);
    ["entry"].into_iter().chain(numbers).chain(["commitment"]).chain(T::TEXT).collect()
}

/// A row from raw cells in the order of [`scanned`].
pub fn decode<T: Columns>(cells: &[Cell]) -> Kept<T> {
    let entry = match cells.first() {
        Some(Cell::Int(entry)) => *entry,
        _ => i64::MIN,
    };
    let mut kept = Kept { row: T::blank(EntryId(entry)), marked: false, bad: Vec::new() };
    let (numbers, rest) = cells[1..].split_at(T::COLUMNS.len());
    for (column, cell) in T::COLUMNS.iter().zip(numbers) {
        let set = match cell {
            Cell::Int(value) => (column.set)(&mut kept.row, Some(*value)),
            Cell::Null => (column.set)(&mut kept.row, None),
            _ => false,
        };
        if !set {
            kept.bad.push((column.name, shown(cell)));
        }
    }
    kept.marked = rest[0] != Cell::Null;
    if !matches!(&rest[0], Cell::Null) && !matches!(&rest[0], Cell::Bytes(bytes) if bytes.len() == 32) {
        kept.bad.push(("commitment", shown(&rest[0])));
    }
    if let (Some(name), Some(cell)) = (T::TEXT, rest.get(1)) {
        match cell {
            Cell::Null => kept.row.set_text(None),
            Cell::Text(text) => kept.row.set_text(Some(text.clone())),
            other => kept.bad.push((name, shown(other))),
        }
    }
    kept
}

/// A raw value in words.
pub fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Null => "empty".to_owned(),
        Cell::Int(number) => number.to_string(),
        Cell::Text(text) => format!("the text {text:?}"),
        Cell::Bytes(bytes) => format!("{} bytes", bytes.len()),
        Cell::Odd(what) => what.clone(),
    }
}

/// A number or nothing, in words.
pub fn number(value: Option<i64>) -> String {
    value.map_or_else(|| "empty".to_owned(), |value| value.to_string())
}

/// An account's number, for people; a number that no account has is shown as it stands.
pub fn account(learner: i64) -> String {
    if learner > 0 { Account(learner).to_string() } else { learner.to_string() }
}
