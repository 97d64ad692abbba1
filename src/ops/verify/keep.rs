//! Journal rows by windows: typed where every row of the window decodes, else cell by cell, so that
//! one bad value is a finding and not the end of the run.

use super::columns::{Columns, Kept, decode, scanned, shown};
use crate::domain::entry::{Achievement, EntryId, EntryKind, Movement};
use crate::domain::fault::Result;
use crate::store::{Act, Cell, Identity, Read, Refusal, Staged};

/// A row and the columns that hold what they cannot hold.
pub type Checked<T> = (T, Vec<(&'static str, String)>);

/// Columns of an act in the order in which they are scanned.
const ACT: &[&str] = &["entry", "kind", "learner", "payload", "commitment"];
const IDENTITY: &[&str] = &["entry", "ord", "learner", "nth", "scheme", "value", "valid_from", "valid_to"];
const STAGED: &[&str] = &["entry", "ord", "salt", "file", "bytes"];
const REFUSAL: &[&str] = &["entry", "ord", "salt", "file", "line", "code", "reason", "row", "subject"];

/// Achievements from one entry to another, the end excluded.
pub fn achievements(read: &dyn Read, from: i64, to: i64) -> Result<Vec<Kept<Achievement>>> {
    let mut rows = Vec::new();
    let typed = read.achievements(EntryId(from), EntryId(to), &mut |row, commitment| {
        rows.push(Kept { row, marked: commitment.is_some(), bad: Vec::new() });
        Ok(())
    });
    typed.map(|()| rows).or_else(|_| raw(read, from, to))
}

/// Movements from one entry to another, the end excluded.
pub fn movements(read: &dyn Read, from: i64, to: i64) -> Result<Vec<Kept<Movement>>> {
    let mut rows = Vec::new();
    let typed = read.movements(EntryId(from), EntryId(to), &mut |row, commitment| {
        rows.push(Kept { row, marked: commitment.is_some(), bad: Vec::new() });
        Ok(())
    });
    typed.map(|()| rows).or_else(|_| raw(read, from, to))
}

fn raw<T: Columns>(read: &dyn Read, from: i64, to: i64) -> Result<Vec<Kept<T>>> {
    let mut rows = Vec::new();
    read.scan(T::TABLE, &scanned::<T>(), Some((from, to - 1)), &mut |cells| {
        rows.push(decode(cells));
        Ok(())
    })?;
    Ok(rows)
}

/// Acts from one entry to another, the end excluded. An undecodable kind reads as one no act has.
pub fn acts(read: &dyn Read, from: i64, to: i64) -> Result<Vec<Kept<Act>>> {
    let mut rows = Vec::new();
    let typed = read.acts(EntryId(from), EntryId(to), &mut |row, commitment| {
        rows.push(Kept { row, marked: commitment.is_some(), bad: Vec::new() });
        Ok(())
    });
    if typed.is_ok() {
        return Ok(rows);
    }
    rows.clear();
    read.scan("act", ACT, Some((from, to - 1)), &mut |cells| {
        rows.push(act(cells));
        Ok(())
    })?;
    Ok(rows)
}

fn act(cells: &[Cell]) -> Kept<Act> {
    let mut take = Take { cells, columns: ACT, bad: Vec::new() };
    let entry = EntryId(take.int(0));
    let code = take.int(1);
    let kind = EntryKind::from_code(code).unwrap_or_else(|| {
        take.bad.push(("kind", code.to_string()));
        EntryKind::Deposit
    });
    let learner = match &cells[2] {
        Cell::Null => None,
        _ => Some(take.int(2)),
    };
    let payload = take.text_or_null(3).unwrap_or_default();
    let marked = cells[4] != Cell::Null;
    if marked && !matches!(&cells[4], Cell::Bytes(bytes) if bytes.len() == 32) {
        take.bad.push(("commitment", shown(&cells[4])));
    }
    Kept { row: Act { entry, kind, learner, payload }, marked, bad: take.bad }
}

/// All facts of identity by act and place, where some do not decode.
pub fn raw_identities(read: &dyn Read, each: &mut dyn FnMut(Checked<Identity>) -> Result<()>) -> Result<()> {
    read.scan("identity", IDENTITY, None, &mut |cells| each(identity(cells)))
}

/// The facts of identity of one act.
pub fn identities_of_act(read: &dyn Read, entry: i64) -> Result<Vec<Checked<Identity>>> {
    let mut facts = Vec::new();
    read.scan("identity", IDENTITY, Some((entry, entry)), &mut |cells| {
        facts.push(identity(cells));
        Ok(())
    })?;
    Ok(facts)
}

fn identity(cells: &[Cell]) -> Checked<Identity> {
    let mut take = Take { cells, columns: IDENTITY, bad: Vec::new() };
    let fact = Identity {
        entry: EntryId(take.int(0)),
        ord: take.int(1),
        learner: take.int(2),
        nth: take.int(3),
        scheme: take.int(4),
        value: take.text(5),
        valid_from: take.text_or_null(6),
        valid_to: take.text_or_null(7),
    };
    (fact, take.bad)
}

/// Refused rows from one entry to another, the end excluded.
pub fn refusals(read: &dyn Read, from: i64, to: i64) -> Result<Vec<Checked<Refusal>>> {
    let mut rows = Vec::new();
    let typed = read.refusals(EntryId(from), EntryId(to), &mut |row| {
        rows.push((row, Vec::new()));
        Ok(())
    });
    if typed.is_ok() {
        return Ok(rows);
    }
    rows.clear();
    read.scan("refusal", REFUSAL, Some((from, to - 1)), &mut |cells| {
        rows.push(refusal(cells));
        Ok(())
    })?;
    Ok(rows)
}

fn refusal(cells: &[Cell]) -> Checked<Refusal> {
    let mut take = Take { cells, columns: REFUSAL, bad: Vec::new() };
    let row = Refusal {
        entry: EntryId(take.int(0)),
        ord: take.int(1),
        salt: take.bytes(2),
        file: take.int(3),
        line: take.int(4),
        code: take.text(5),
        reason: take.text(6),
        row: take.text(7),
        subject: take.text(8),
    };
    (row, take.bad)
}

/// Gives the pieces of the staged files of an act to `each`, with the columns that do not decode.
pub fn staged(read: &dyn Read, entry: EntryId, each: &mut dyn FnMut(&Checked<Staged>)) -> Result<()> {
    let mut seen = 0;
    let typed = read.staged(entry, &mut |piece| {
        seen += 1;
        each(&(piece, Vec::new()));
        Ok(())
    });
    if typed.is_ok() {
        return Ok(());
    }
    // Some piece does not decode: those that came before it are not given twice.
    let mut again = 0;
    read.scan("staged", STAGED, Some((entry.0, entry.0)), &mut |cells| {
        again += 1;
        if again > seen {
            each(&staged_piece(cells));
        }
        Ok(())
    })
}

fn staged_piece(cells: &[Cell]) -> Checked<Staged> {
    let mut take = Take { cells, columns: STAGED, bad: Vec::new() };
    let bytes = match &cells[4] {
        Cell::Bytes(bytes) => bytes.clone(),
        other => {
            take.bad.push((STAGED[4], shown(other)));
            Vec::new()
        }
    };
    let piece = Staged {
        entry: EntryId(take.int(0)),
        ord: take.int(1),
        salt: take.bytes(2),
        file: take.int(3),
        bytes,
    };
    (piece, take.bad)
}

/// Takes cells as what their columns should hold, and notes which do not.
pub struct Take<'a> {
    /// The row.
    pub cells: &'a [Cell],
    /// Names of its columns.
    pub columns: &'static [&'static str],
    /// The columns that did not fit, and what they hold.
    pub bad: Vec<(&'static str, String)>,
}

impl Take<'_> {
    fn misfit<T: Default>(&mut self, at: usize) -> T {
        self.bad.push((self.columns[at], shown(&self.cells[at])));
        T::default()
    }

    /// A number.
    pub fn int(&mut self, at: usize) -> i64 {
        match &self.cells[at] {
            Cell::Int(number) => *number,
            _ => self.misfit(at),
        }
    }

    /// A text.
    pub fn text(&mut self, at: usize) -> String {
        match &self.cells[at] {
            Cell::Text(text) => text.clone(),
            _ => self.misfit(at),
        }
    }

    /// A text or nothing.
    pub fn text_or_null(&mut self, at: usize) -> Option<String> {
        match &self.cells[at] {
            Cell::Null => None,
            Cell::Text(text) => Some(text.clone()),
            _ => self.misfit(at),
        }
    }

    /// Bytes of exactly that length.
    pub fn bytes<const N: usize>(&mut self, at: usize) -> [u8; N] {
        if let Cell::Bytes(bytes) = &self.cells[at]
            && let Ok(bytes) = bytes.as_slice().try_into()
        {
            return bytes;
        }
        self.bad.push((self.columns[at], shown(&self.cells[at])));
        [0; N]
    }
}
