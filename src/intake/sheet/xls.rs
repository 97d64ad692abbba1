//! Workbooks of Excel 97 to 2003: their records are looked through here, then read by calamine.
//!
//! [MS-XLS] 2.3 numbers the records. calamine makes room for what a sheet declares and spreads its cells out, so both are
//! bounded first.

use super::cell::{self, Cell};
use super::contain::contained;
use super::xml::{damaged, protected};
use super::{Named, Rows, date_cell};
use crate::domain::credits::DecimalMark;
use crate::intake::csv::Record;
use crate::intake::fault::IntakeError;
use crate::intake::rules::Rule;
use crate::intake::source::{Content, Source};
use calamine::{Data, Reader, SheetType, SheetVisible, Xls, XlsError};
use std::io::{BufReader, Read};

/// Largest file.
const MAX_BYTES: u64 = 64 << 20;
/// Cells that the rectangles of all sheets hold together, for one byte of the file, at least and at most: a cell takes
/// ten bytes and more.
const CELLS_A_BYTE: (u64, u64, u64) = (1, 500_000, 3_000_000);
/// Bytes that the texts of all cells hold together, likewise.
const TEXT_A_BYTE: (u64, u64, u64) = (16, 16 << 20, 256 << 20);

const FILEPASS: u16 = 0x002f;
const BOF: [u16; 4] = [0x0009, 0x0209, 0x0409, 0x0809];
const DIMENSIONS: u16 = 0x0200;
const SST: u16 = 0x00fc;
const CONTINUE: u16 = 0x003c;
const LABEL_SST: u16 = 0x00fd;
const MULTIPLE: [u16; 2] = [0x00bd, 0x00be];
/// Cells that begin with row and column: number, label, rich label, formula, truth, blank, and a number of 30 bits.
const CELLS: [u16; 8] = [0x0203, 0x0204, 0x00d6, 0x0006, 0x0205, 0x0201, 0x027e, LABEL_SST];

/// Names the sheets, after a look through the records.
pub(super) fn survey(source: &Source) -> Result<Vec<Named>, IntakeError> {
    look_through(&workbook(source)?)?;
    let book = open(source)?;
    let named = |sheet: &calamine::Sheet| Named {
        name: sheet.name.clone(),
        is_shown: sheet.visible == SheetVisible::Visible,
    };
    Ok(book.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet).map(named).collect())
}

/// The stream of records in the compound file.
fn workbook(source: &Source) -> Result<Vec<u8>, IntakeError> {
    let size = source.size()?;
    if size > MAX_BYTES {
        return Err(too_much(&format!(
            "it has {size} bytes, and an xls file of more than {MAX_BYTES} is not read"
        )));
    }
    let mut file = cfb::CompoundFile::open(source.content()).map_err(|error| damaged(&error))?;
    if file.exists("/EncryptedPackage") {
        return Err(protected());
    }
    let name = ["/Workbook", "/Book"].into_iter().find(|name| file.exists(name));
    let name = name.ok_or_else(|| IntakeError::Unfit {
        rule: Rule::FormatUnread,
        line: None,
        what: "it is a document of an old Office, but no workbook".into(),
    })?;
    let mut bytes = Vec::new();
    let stream = file.open_stream(name).map_err(|error| damaged(&error))?;
    stream.take(size).read_to_end(&mut bytes).map_err(|error| damaged(&error))?;
    Ok(bytes)
}

fn too_much(what: &str) -> IntakeError {
    IntakeError::Unfit { rule: Rule::Unpacked, line: None, what: what.to_owned() }
}

/// Counts what the records ask for.
fn look_through(bytes: &[u8]) -> Result<(), IntakeError> {
    let limit = |(each, least, most): (u64, u64, u64)| (bytes.len() as u64 * each).clamp(least, most);
    let (max_cells, max_text) = (limit(CELLS_A_BYTE), limit(TEXT_A_BYTE));
    let (mut cells, mut claimed, mut text) = (0u64, 0u64, 0u64);
    let mut extent = Extent::default();
    let mut strings: Vec<u32> = Vec::new();
    let mut records = Records { bytes, at: 0 }.peekable();
    while let Some((kind, data)) = records.next() {
        match kind {
            FILEPASS => return Err(protected()),
            SST => {
                let mut parts = vec![data];
                while let Some((_, more)) = records.next_if(|(kind, _)| *kind == CONTINUE) {
                    parts.push(more);
                }
                strings = lengths(&parts);
            }
            DIMENSIONS if data.len() >= 12 => {
                let rows = u64::from(long(data, 4).saturating_sub(long(data, 0)));
                let columns = u64::from(short(data, 10).saturating_sub(short(data, 8)));
                claimed = claimed.saturating_add(rows.saturating_mul(columns));
            }
            kind if BOF.contains(&kind) => cells = cells.saturating_add(std::mem::take(&mut extent).cells()),
            kind if MULTIPLE.contains(&kind) && data.len() >= 6 => {
                extent.add(short(data, 0), short(data, 2));
                extent.add(short(data, 0), short(data, data.len() - 2));
            }
            kind if CELLS.contains(&kind) && data.len() >= 4 => {
                extent.add(short(data, 0), short(data, 2));
                let length = match kind {
                    LABEL_SST if data.len() >= 10 => {
                        strings.get(long(data, 6) as usize).copied().unwrap_or(0).into()
                    }
                    _ => data.len() as u64,
                };
                text = text.saturating_add(length);
            }
            _ => {}
        }
    }
    cells = cells.saturating_add(extent.cells());
    if cells.max(claimed) > max_cells {
        return Err(too_much(&format!("its sheets spread over more than {max_cells} cells")));
    }
    if text > max_text {
        return Err(too_much(&format!("its cells repeat texts of more than {max_text} bytes together")));
    }
    Ok(())
}

/// The corners of the cells met.
#[derive(Default)]
struct Extent(Option<[u16; 4]>);

impl Extent {
    fn add(&mut self, row: u16, column: u16) {
        let [top, left, bottom, right] = self.0.unwrap_or([row, column, row, column]);
        self.0 = Some([top.min(row), left.min(column), bottom.max(row), right.max(column)]);
    }

    fn cells(self) -> u64 {
        let area = |[top, left, bottom, right]: [u16; 4]| {
            (u64::from(bottom - top) + 1) * (u64::from(right - left) + 1)
        };
        self.0.map_or(0, area)
    }
}

struct Records<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Records<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<(u16, &'a [u8])> {
        let head = self.bytes.get(self.at..self.at + 4)?;
        let (kind, length) = (short(head, 0), usize::from(short(head, 2)));
        let data = self.bytes.get(self.at + 4..self.at + 4 + length)?;
        self.at += 4 + length;
        Some((kind, data))
    }
}

fn short(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).map_or(0, |bytes| u16::from_le_bytes([bytes[0], bytes[1]]))
}

fn long(bytes: &[u8], at: usize) -> u32 {
    u32::from(short(bytes, at)) | u32::from(short(bytes, at + 2)) << 16
}

/// The lengths of the shared strings, in bytes of UTF-8 at most; a string may go on in the next record, which then
/// begins with its flags again.
pub(super) fn lengths(parts: &[&[u8]]) -> Vec<u32> {
    let mut found = Vec::new();
    let (mut part, mut at) = (0, 8);
    while part < parts.len() {
        if at + 3 > parts[part].len() {
            (part, at) = (part + 1, 0);
            continue;
        }
        let data = parts[part];
        let count = usize::from(short(data, at));
        let mut flags = data[at + 2];
        at += 3;
        let runs = if flags & 8 != 0 { usize::from(short(data, at)) } else { 0 };
        at += if flags & 8 != 0 { 2 } else { 0 };
        let extended = if flags & 4 != 0 { long(data, at) as usize } else { 0 };
        at += if flags & 4 != 0 { 4 } else { 0 };
        found.push(count as u32 * if flags & 1 != 0 { 3 } else { 2 });
        let mut left = count;
        while left > 0 && part < parts.len() {
            let width = if flags & 1 != 0 { 2 } else { 1 };
            let here = (parts[part].len().saturating_sub(at) / width).min(left);
            (left, at) = (left - here, at + here * width);
            if left > 0 {
                part += 1;
                flags = parts.get(part).and_then(|data| data.first()).copied().unwrap_or(0);
                at = 1;
            }
        }
        let mut rest = runs * 4 + extended;
        while part < parts.len() && rest > parts[part].len().saturating_sub(at) {
            rest -= parts[part].len().saturating_sub(at);
            (part, at) = (part + 1, 0);
        }
        at += rest;
    }
    found
}

fn open(source: &Source) -> Result<Xls<BufReader<Content>>, IntakeError> {
    contained(|| Xls::new(BufReader::new(source.content())).map_err(fault))
}

fn fault(error: XlsError) -> IntakeError {
    match error {
        XlsError::Password => protected(),
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
    let range = contained(|| book.worksheet_range(sheet).map_err(fault))?;
    let Some((top, left)) = range.start() else { return Ok(()) };
    let mut record = Record::new();
    for (row, cells) in range.rows().enumerate() {
        record.begin(u64::from(top) + row as u64 + 1);
        for (column, value) in cells.iter().enumerate() {
            cell::put(&mut record, left as usize + column, cell_of(value, mark))?;
        }
        if !rows.give(&mut record) {
            break;
        }
    }
    Ok(())
}

fn cell_of(value: &Data, mark: DecimalMark) -> Cell {
    match value {
        Data::Empty => Cell::text(""),
        Data::String(text) => Cell::text(text.as_str()),
        Data::Bool(flag) => Cell::text(flag.to_string()),
        Data::Int(number) => Cell::text(number.to_string()),
        Data::Float(number) => Cell::number(*number, 0, mark),
        Data::DateTime(date) => date_cell(date, mark),
        Data::DateTimeIso(text) => Cell::iso(text),
        Data::DurationIso(text) => Cell::text(text.as_str()),
        Data::Error(error) => Cell::error(error.to_string()),
    }
}
