//! Refused rows of a workbook, as a workbook.

use super::{CODE_COLUMNS, Earlier, fields, said};
use crate::intake::csv::Record;
use crate::intake::draft::Mapping;
use crate::intake::incoming::Reading;
use crate::intake::profile::Sheet;
use crate::intake::rules::Problem;
use rust_xlsxwriter::{IgnoreError, Workbook, Worksheet, XlsxError};
use std::borrow::Cow;
use std::io::{self, Seek, Write};

/// Most characters of a cell.
const CELL: usize = 32_767;

/// Last row and column of a sheet, counted from 0.
const LAST: (u32, u16) = (1_048_575, 16_383);

/// The width of the column of reasons, in characters.
const REASON: f64 = 80.0;

/// Writes refused rows into a sheet of the name, or at the place, where the profile looks for one. All cells are texts, so that
/// no identifier loses its zeros; nothing is ever a formula.
pub struct RejectSheet<W> {
    inner: W,
    workbook: Workbook,
    /// Place of the sheet.
    at: usize,
    row: u32,
    earlier: Earlier,
}

impl<W: Write + Seek + Send> RejectSheet<W> {
    /// Writes the header, if the file has one.
    ///
    /// # Errors
    /// Says what the system says, or why no sheet can be of that name.
    pub fn new(inner: W, mapping: &Mapping<'_>, reading: &Reading) -> io::Result<RejectSheet<W>> {
        let mut workbook = Workbook::new();
        let at = match mapping.profile().file.sheet {
            Some(Sheet::Number(number)) => number - 1,
            _ => 0,
        };
        let name = reading.sheet.as_deref().unwrap_or("refused");
        for before in 0..at {
            let filler = if name == format!("({before})") { "()".to_owned() } else { format!("({before})") };
            workbook.add_worksheet().set_name(filler).map_err(io::Error::other)?.set_hidden(true);
        }
        let sheet = workbook.add_worksheet_with_constant_memory().map_err(io::Error::other)?;
        sheet.set_name(name).map_err(io::Error::other)?.set_active(true);
        let ignored = sheet.ignore_error_range(0, 0, LAST.0, LAST.1, IgnoreError::NumberStoredAsText);
        ignored.map_err(io::Error::other)?;
        let header = mapping.header();
        let earlier = Earlier::of(mapping);
        let mut rejects = RejectSheet { inner, workbook, at, row: 0, earlier };
        if !header.is_empty() {
            rejects.line(header.iter().map(Cow::from), header.len(), CODE_COLUMNS)?;
            rejects.sheet()?.set_freeze_panes(1, 0).map_err(io::Error::other)?;
        }
        Ok(rejects)
    }

    /// Writes one row, what is wrong with it, and which refused row of the bank it is.
    ///
    /// # Errors
    /// Hands on what the system says, and where a sheet holds no more rows.
    pub fn write(&mut self, record: &Record, problems: &[Problem], row: &str) -> io::Result<()> {
        let [codes, reasons] = said(problems);
        self.line(fields(record), record.len(), [&codes, &reasons, row])
    }

    /// Writes the workbook and gives the inner writer back.
    ///
    /// # Errors
    /// Hands on what the system says.
    pub fn finish(mut self) -> io::Result<W> {
        self.workbook.save_to_writer(&mut self.inner).map_err(io::Error::other)?;
        self.inner.flush()?;
        Ok(self.inner)
    }

    fn sheet(&mut self) -> io::Result<&mut Worksheet> {
        self.workbook.worksheet_from_index(self.at).map_err(io::Error::other)
    }

    fn line<'a>(
        &mut self,
        fields: impl Iterator<Item = Cow<'a, str>>,
        len: usize,
        codes: [&str; 3],
    ) -> io::Result<()> {
        let fields: Vec<Cow<str>> = self.earlier.without(fields, len).collect();
        let row = self.row;
        self.row += 1;
        let mut cut = "";
        let sheet = self.sheet()?;
        let mut column = 0;
        for field in fields {
            if put(sheet, row, column, &field)? {
                cut = "; a value was too long for a cell and is cut: the bank keeps it whole";
            }
            column += 1;
        }
        put(sheet, row, column, codes[0])?;
        put(sheet, row, column + 1, &format!("{}{cut}", codes[1]))?;
        if row == 0 {
            sheet.set_column_width(column + 1, REASON).map_err(io::Error::other)?;
        }
        Ok(())
    }
}

/// Writes a text into a cell; says whether it had to be cut.
fn put(sheet: &mut Worksheet, row: u32, column: u16, text: &str) -> io::Result<bool> {
    if text.is_empty() {
        return Ok(false);
    }
    // Counted as the program that reads it may count: in units of UTF-16.
    let is_long = text.len() > CELL && text.encode_utf16().count() > CELL;
    let kept: String;
    let mut units = 0;
    let text = match is_long {
        false => text,
        true => {
            let fits = |c: &char| {
                units += c.len_utf16();
                units <= CELL
            };
            kept = text.chars().take_while(fits).collect();
            &kept
        }
    };
    sheet.write_string(row, column, text).map_err(|error: XlsxError| io::Error::other(error))?;
    Ok(is_long)
}
