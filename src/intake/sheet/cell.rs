//! What a cell says, as text.
//!
//! A number is the shortest text that means the same to a spreadsheet: `2` for 2.0, `1.1` for 1.1000000000000001. It is
//! turned into text at once, and nothing is computed with it.

use crate::domain::credits::DecimalMark;
use crate::intake::csv::{MAX_COLUMNS, MAX_RECORD, Record};
use crate::intake::fault::IntakeError;
use crate::intake::rules::Rule;

/// Digits that a spreadsheet keeps of a number.
const DIGITS: usize = 15;

/// A cell's text, and why it is not to be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    pub text: String,
    pub doubt: Option<(Rule, String)>,
}

impl Cell {
    pub(super) fn text(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), doubt: None }
    }

    pub(super) fn doubtful(text: impl Into<String>, rule: Rule, why: impl Into<String>) -> Cell {
        Cell { text: text.into(), doubt: Some((rule, why.into())) }
    }

    /// An error such as `#REF!`.
    pub(super) fn error(text: impl Into<String>) -> Cell {
        Cell::doubtful(text, Rule::CellError, "the cell holds an error, not a value")
    }

    /// A number; `zeros` digits are shown at least, as a format of zeros asks for.
    pub(super) fn number(value: f64, zeros: usize, mark: DecimalMark) -> Cell {
        let text = value.to_string();
        let text = if text == "-0" { "0".to_owned() } else { text };
        if !value.is_finite() {
            return Cell::error(text);
        }
        let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
        if whole.trim_start_matches('-').len() > DIGITS {
            let why = format!(
                "a cell of numbers keeps {DIGITS} digits and this one has {}: format the column as text before the \
                 numbers are entered",
                whole.trim_start_matches('-').len()
            );
            return Cell::doubtful(text, Rule::IdentifierDamaged, why);
        }
        if decimals.is_empty() {
            return Cell::text(if whole.starts_with('-') { text } else { format!("{whole:0>zeros$}") });
        }
        Cell::text(match mark {
            DecimalMark::Comma => format!("{whole},{decimals}"),
            _ => text,
        })
    }

    /// An ISO date as some programs store it, without a time that says nothing.
    pub(super) fn iso(text: &str) -> Cell {
        let day = text.strip_suffix('Z').unwrap_or(text);
        let day = day.strip_suffix(".000").unwrap_or(day);
        match day.split_once('T') {
            Some((day, "00:00:00" | "00:00")) => Cell::text(day),
            Some((day, time)) => Cell::text(format!("{day} {time}")),
            None => Cell::text(day),
        }
    }
}

/// Puts a cell into its column of a row.
pub(super) fn put(record: &mut Record, column: usize, cell: Cell) -> Result<(), IntakeError> {
    if cell.text.is_empty() && cell.doubt.is_none() {
        return Ok(());
    }
    if column >= MAX_COLUMNS {
        return Err(IntakeError::TooManyColumns { line: record.line() });
    }
    record.pad(column);
    record.push(&cell.text);
    if let Some((rule, why)) = cell.doubt {
        record.doubt(rule, why);
    }
    if record.size() > MAX_RECORD {
        return Err(IntakeError::RecordTooLong { line: record.line() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_a_person_would() {
        let cases = [
            (2.0, 0, "2"),
            (2.5, 0, "2.5"),
            (1.1, 0, "1.1"),
            (-0.0, 0, "0"),
            (-3.0, 6, "-3"),
            (123.0, 6, "000123"),
            (4.5, 6, "4.5"),
            (999_999_999_999_999.0, 0, "999999999999999"),
        ];
        for (value, zeros, text) in cases {
            assert_eq!(Cell::number(value, zeros, DecimalMark::Point), Cell::text(text));
        }
        assert_eq!(Cell::number(2.5, 0, DecimalMark::Comma).text, "2,5");
        for value in [4.40981e17, 1e300, 1_000_000_000_000_000.0] {
            let (rule, why) = Cell::number(value, 0, DecimalMark::Point).doubt.unwrap();
            assert_eq!(rule, Rule::IdentifierDamaged, "{why}");
        }
    }

    #[test]
    fn a_time_of_midnight_is_left_out() {
        let cases = [
            ("2024-01-31", "2024-01-31"),
            ("2024-01-31T00:00:00", "2024-01-31"),
            ("2024-01-31T00:00:00.000Z", "2024-01-31"),
            ("2024-01-31T09:30:00", "2024-01-31 09:30:00"),
        ];
        for (stored, text) in cases {
            assert_eq!(Cell::iso(stored), Cell::text(text));
        }
    }
}
