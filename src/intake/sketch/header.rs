//! Which row names the columns: the first, or one below a title. An import finds it by its profile's columns; here it is
//! known by its own words and by its width.

use super::column::Column;
use super::headings::Headings;
use super::opening::Rows;
use crate::domain::text::clean;
use crate::intake::csv::Record;
use crate::intake::fault::IntakeError;

/// Rows in which a header is looked for, as an import does.
const LOOKED_AT: usize = 50;
/// Headings that are known from which a row is taken to name columns.
const ENOUGH: usize = 2;

/// What was found at the top of a file.
pub(super) struct Top {
    /// Whether rows stand above it that are passed over.
    pub(super) above: bool,
    /// The row that would name the columns.
    pub(super) top: Record,
    /// What was read below it.
    pub(super) below: Vec<Record>,
}

/// Finds the row that would name the columns among the first that are not blank.
pub(super) fn find(records: &mut Rows, headings: &Headings) -> Result<Top, IntakeError> {
    let (mut rows, mut record) = (Vec::new(), Record::new());
    let most = if records.names_columns() { 1 } else { LOOKED_AT };
    while rows.len() < most && records.next(&mut record)? {
        if !record.is_blank() {
            rows.push(std::mem::take(&mut record));
        }
    }
    if rows.is_empty() {
        return Err(IntakeError::Empty);
    }
    let at = place(&rows, headings);
    let mut below = rows.split_off(at);
    let top = below.remove(0);
    Ok(Top { above: at > 0, top, below })
}

/// A header below a title has more cells than all above it, none of which is a number. It is known by its headings, or
/// because it is as wide as the table below a title of one cell.
fn place(rows: &[Record], headings: &Headings) -> usize {
    let widths: Vec<usize> = rows.iter().map(filled).collect();
    let widest = widths.iter().max().copied().unwrap_or_default();
    if knows(&rows[0], headings) >= ENOUGH {
        return 0;
    }
    let names = |at: usize| {
        let above = widths[..at].iter().max().copied().unwrap_or_default();
        widths[at] > above
            && !cells(&rows[at]).iter().any(|cell| is_number(cell))
            && (knows(&rows[at], headings) >= ENOUGH || (above == 1 && widths[at] == widest))
    };
    (1..rows.len()).find(|at| names(*at)).unwrap_or(0)
}

/// Whether a row names the columns: it holds headings that are known, or else texts over numbers.
pub(super) fn is(top: &Record, columns: &[Column], headings: &Headings) -> bool {
    let cells = cells(top);
    let known = knows(top, headings);
    if cells.iter().any(|cell| is_number(cell)) {
        return known * 2 > cells.len();
    }
    let over_numbers = columns.iter().zip(&cells).any(|(column, cell)| {
        let numbers = column.numbers() + column.dates.count();
        !cell.is_empty() && column.filled > 0 && column.mostly(numbers)
    });
    known > 0 || over_numbers || cells.iter().all(|cell| !cell.is_empty())
}

fn cells(row: &Record) -> Vec<String> {
    row.fields().map(|cell| clean(cell).into_owned()).collect()
}

fn filled(row: &Record) -> usize {
    row.fields().filter(|cell| !cell.trim().is_empty()).count()
}

fn knows(row: &Record, headings: &Headings) -> usize {
    row.fields().filter(|cell| headings.knows(cell)).count()
}

/// Digits and marks alone, as in numbers and dates.
fn is_number(cell: &str) -> bool {
    let is_value = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '/' | ':' | ' ' | '%');
    cell.bytes().any(|byte| byte.is_ascii_digit()) && cell.chars().all(is_value)
}
