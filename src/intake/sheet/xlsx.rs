//! Workbooks of Office Open XML: bounded here, read by calamine.

use super::cell::{self, Cell};
use super::contain::contained;
use super::xml::{Bounds, LONGEST, archive, damaged, from_io, part, protected};
use super::{Named, Rows, date_cell};
use crate::domain::credits::DecimalMark;
use crate::intake::csv::Record;
use crate::intake::fault::IntakeError;
use crate::intake::rules::Rule;
use crate::intake::source::{Content, Source};
use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx, XlsxError};
use std::io::{BufReader, Read};

const MIB: u64 = 1 << 20;

/// Bounds of a part, by what calamine keeps of it: sheets pass by, strings and styles stay.
fn bounds(name: &str, packed: u64) -> Bounds {
    let name = name.to_ascii_lowercase();
    let any = u64::MAX;
    if name.ends_with("sharedstrings.xml") {
        return Bounds { bytes: (16 * MIB).max(packed.saturating_mul(40)), tags: any, longest: LONGEST };
    }
    if name.ends_with("styles.xml") || name.ends_with("workbook.xml") || name.ends_with(".rels") {
        return Bounds { bytes: 16 * MIB, tags: 200_000, longest: LONGEST };
    }
    let longest = if name.ends_with(".xml") { LONGEST } else { 32 * MIB };
    Bounds { bytes: (64 * MIB).max(packed.saturating_mul(100)), tags: any, longest }
}

/// Unpacks every part once to see that it keeps the bounds, and names the sheets.
pub(super) fn survey(source: &Source) -> Result<Vec<Named>, IntakeError> {
    let mut archive = archive(source)?;
    let limit = (256 * MIB).max(source.size()?.saturating_mul(200));
    let mut all = 0;
    for index in 0..archive.len() {
        let name = archive
            .name_for_index(index)
            .and_then(Result::ok)
            .map(|name| name.into_owned())
            .unwrap_or_default();
        let mut part = part(source, &mut archive, index, |packed| bounds(&name, packed))?;
        let mut start = Vec::new();
        part.by_ref().take(4_096).read_to_end(&mut start).map_err(from_io)?;
        let size = start.len() as u64 + std::io::copy(&mut part, &mut std::io::sink()).map_err(from_io)?;
        if name.to_ascii_lowercase().ends_with("sharedstrings.xml") {
            check_count(&start, size)?;
        }
        all += size;
        if all > limit {
            let what = format!("its parts unpack to more than {limit} bytes together");
            return Err(IntakeError::Unfit { rule: Rule::Unpacked, line: None, what });
        }
    }
    let book = open(source)?;
    let named = |sheet: &calamine::Sheet| Named {
        name: sheet.name.clone(),
        is_shown: sheet.visible == SheetVisible::Visible,
    };
    Ok(book.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet).map(named).collect())
}

/// The count of strings, for which room is made before they are read, cannot be higher than they can be short.
fn check_count(start: &[u8], size: u64) -> Result<(), IntakeError> {
    let Some(at) = memchr::memmem::find(start, b"uniqueCount") else { return Ok(()) };
    let digits =
        start[at..].iter().skip_while(|byte| !byte.is_ascii_digit()).take_while(|byte| byte.is_ascii_digit());
    let count =
        digits.fold(0u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
    if count.saturating_mul(5) <= size.max(4_096) {
        return Ok(());
    }
    Err(damaged(&format!("it claims {count} strings in {size} bytes")))
}

fn open(source: &Source) -> Result<Xlsx<BufReader<Content>>, IntakeError> {
    contained(|| Xlsx::new(BufReader::new(source.content())).map_err(fault))
}

fn fault(error: XlsxError) -> IntakeError {
    match error {
        XlsxError::Password => protected(),
        XlsxError::Io(error) => from_io(error),
        other => damaged(&other),
    }
}

/// Reads a sheet from its first row to its last, giving each row to `take` until that says no.
pub(super) fn read(
    source: &Source,
    sheet: &str,
    mark: DecimalMark,
    rows: &mut Rows,
) -> Result<(), IntakeError> {
    let mut book = open(source)?;
    let mut cells = book.worksheet_cells_reader(sheet).map_err(fault)?;
    let zeros: Vec<usize> =
        cells.styles().iter().map(|style| zeros_of(style.number_format.as_ref())).collect();
    let mut record = Record::new();
    while let Some((found, style)) = cells.next_cell_with_style_id().map_err(fault)? {
        let (row, column) = found.get_position();
        let line = u64::from(row) + 1;
        if line != record.line() {
            if line < record.line() {
                return Err(damaged(&format!("row {line} stands below row {}", record.line())));
            }
            if !rows.give(&mut record) {
                return Ok(());
            }
            record.begin(line);
        }
        let zeros = zeros.get(style).copied().unwrap_or(0);
        let cell = cell_of(found.get_value(), zeros, mark);
        if cell.text.is_empty() {
            continue;
        }
        if (column as usize) < record.len() {
            return Err(damaged(&format!("row {line} holds column {} twice or out of order", column + 1)));
        }
        cell::put(&mut record, column as usize, cell)?;
    }
    rows.give(&mut record);
    Ok(())
}

fn cell_of(value: &DataRef, zeros: usize, mark: DecimalMark) -> Cell {
    match value {
        DataRef::Empty => Cell::text(""),
        DataRef::String(text) => Cell::text(text.as_str()),
        DataRef::SharedString(text) => Cell::text(*text),
        DataRef::Bool(flag) => Cell::text(flag.to_string()),
        DataRef::Int(number) => Cell::text(number.to_string()),
        DataRef::Float(number) => Cell::number(*number, zeros, mark),
        DataRef::DateTime(date) => date_cell(date, mark),
        DataRef::DateTimeIso(text) => Cell::iso(text),
        DataRef::DurationIso(text) => Cell::text(text.as_str()),
        DataRef::Error(error) => Cell::error(error.to_string()),
    }
}

/// Digits that a format of zeros alone, such as `000000`, shows at least.
fn zeros_of(format: Option<&calamine::NumberFormat>) -> usize {
    let code = format.map_or("", |format| format.format_code.as_str());
    if code.len() > 1 && code.len() <= 30 && code.bytes().all(|byte| byte == b'0') { code.len() } else { 0 }
}
