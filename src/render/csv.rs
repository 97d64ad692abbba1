//! CSV after RFC 4180: a header and rows, nothing else, and no cell that a spreadsheet would run.

use super::{meta_lines, unwritten};
use crate::domain::fault::{Fault, Result};
use crate::domain::text::visible;
use crate::report::{Cell, Column, Meta, Sink};
use csv::{ByteRecord, Terminator, Writer, WriterBuilder};
use std::io::Write;

/// Writes one CSV table. A report of several sections becomes one table too, over the columns of all
/// of them, with the section's name in front.
pub struct CsvSink<W: Write> {
    out: Writer<W>,
    /// Keys of all columns where the report has several sections.
    union: Vec<String>,
    /// Where the columns of the current section stand in the table.
    places: Vec<usize>,
    section: &'static str,
    unsaid: Vec<String>,
    record: ByteRecord,
}

impl<W: Write> CsvSink<W> {
    /// A sink over a writer.
    pub fn new(writer: W) -> CsvSink<W> {
        let out = WriterBuilder::new().terminator(Terminator::CRLF).flexible(true).from_writer(writer);
        let (union, places, unsaid) = (Vec::new(), Vec::new(), Vec::new());
        CsvSink { out, union, places, section: "", unsaid, record: ByteRecord::new() }
    }

    fn write(&mut self) -> Result<()> {
        self.out.write_byte_record(&self.record).map_err(failed)?;
        self.record.clear();
        Ok(())
    }

    fn header<'a>(&mut self, keys: impl Iterator<Item = &'a str>) -> Result<()> {
        for key in keys {
            self.record.push_field(key.as_bytes());
        }
        self.write()
    }
}

fn failed(error: csv::Error) -> Fault {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => unwritten(error),
        other => Fault::new("R204", format!("a row could not be written as CSV: {other:?}")),
    }
}

/// The text of a cell. Only texts are guarded: a negative amount stays a number.
fn text(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => guarded(text),
        Cell::Int(number) => number.to_string(),
        Cell::Amount(amount) => amount.to_string(),
        Cell::Flag(flag) => flag.to_string(),
    }
}

/// A text in front of which an apostrophe stands where a spreadsheet would take it for a formula.
fn guarded(text: &str) -> String {
    let formula = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    let shown = visible(text);
    if text.starts_with(formula) { format!("'{shown}") } else { shown.into_owned() }
}

impl<W: Write> Sink for CsvSink<W> {
    fn begin(&mut self, meta: &Meta) -> Result<()> {
        self.unsaid = meta_lines(meta);
        if meta.sections.len() < 2 {
            return Ok(());
        }
        for column in meta.sections.iter().flat_map(|section| &section.columns) {
            if !self.union.iter().any(|key| *key == column.key) {
                self.union.push(column.key.to_string());
            }
        }
        let keys = self.union.clone();
        self.header(["section"].into_iter().chain(keys.iter().map(String::as_str)))
    }

    fn section(&mut self, key: &'static str, _title: &str, columns: &[Column]) -> Result<()> {
        self.section = key;
        if self.union.is_empty() {
            return self.header(columns.iter().map(|column| column.key.as_ref()));
        }
        let place = |column: &Column| {
            self.union.iter().position(|key| *key == column.key).ok_or_else(|| {
                Fault::new(
                    "R205",
                    format!("section {key} has a column that was not announced: {}", column.key),
                )
            })
        };
        self.places = columns.iter().map(place).collect::<Result<_>>()?;
        Ok(())
    }

    fn row(&mut self, cells: &[Cell]) -> Result<()> {
        if self.union.is_empty() {
            for cell in cells {
                self.record.push_field(text(cell).as_bytes());
            }
            return self.write();
        }
        let mut texts = vec![String::new(); self.union.len()];
        for (cell, place) in cells.iter().zip(&self.places) {
            texts[*place] = text(cell);
        }
        self.record.push_field(self.section.as_bytes());
        for text in &texts {
            self.record.push_field(text.as_bytes());
        }
        self.write()
    }

    fn note(&mut self, text: &str) -> Result<()> {
        self.unsaid.push(visible(text).into_owned());
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        self.out.flush().map_err(unwritten)
    }

    fn unsaid(&self) -> Vec<String> {
        self.unsaid.clone()
    }
}
