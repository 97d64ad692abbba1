//! Shapes out: a typed report to text, CSV, JSON.
//!
//! Nothing here prints: every shape writes into the writer that it is given.

mod csv;
mod json;
mod layout;
mod markdown;
mod table;

#[cfg(test)]
mod tests;

pub use csv::CsvSink;
pub use json::{JsonSink, NdjsonSink};
pub use markdown::MarkdownSink;
pub use table::TableSink;

use crate::domain::fault::{Exit, Fault, Result};
use crate::domain::text::visible;
use crate::report::{LogState, Meta, Sink};
use std::io::{BufWriter, ErrorKind, Write};
use std::str::FromStr;

/// A shape of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people at a terminal.
    Table,
    /// RFC 4180, one table.
    Csv,
    /// One JSON object.
    Json,
    /// One JSON object a line: what the report says of itself, then its rows.
    Ndjson,
    /// A page of tables in Markdown.
    Markdown,
}

impl Format {
    /// All shapes.
    pub const ALL: [Format; 5] = [Format::Table, Format::Csv, Format::Json, Format::Ndjson, Format::Markdown];

    /// The name for it.
    pub fn name(self) -> &'static str {
        ["table", "csv", "json", "ndjson", "markdown"][self as usize]
    }

    /// The shape that a file's name asks for by its ending.
    pub fn of_file(name: &str) -> Option<Format> {
        match name.rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
            "txt" => Some(Format::Table),
            "csv" => Some(Format::Csv),
            "json" => Some(Format::Json),
            "ndjson" | "jsonl" => Some(Format::Ndjson),
            "md" => Some(Format::Markdown),
            _ => None,
        }
    }
}

impl FromStr for Format {
    type Err = Fault;
    fn from_str(text: &str) -> Result<Format> {
        Format::ALL.into_iter().find(|format| format.name() == text).ok_or_else(|| {
            Fault::new("R201", format!("`{}` is not a format", visible(text)))
                .remedy("use table, csv, json, ndjson or markdown")
                .exit(Exit::Usage)
        })
    }
}

/// A sink of that shape over a writer, which it buffers; `width` is the terminal's, none for a file.
pub fn sink<'a>(format: Format, writer: impl Write + 'a, width: Option<u16>) -> Box<dyn Sink + 'a> {
    match format {
        Format::Table => Box::new(TableSink::new(BufWriter::new(writer), width)),
        Format::Csv => Box::new(CsvSink::new(writer)),
        Format::Json => Box::new(JsonSink::new(BufWriter::new(writer))),
        Format::Ndjson => Box::new(NdjsonSink::new(BufWriter::new(writer))),
        Format::Markdown => Box::new(MarkdownSink::new(BufWriter::new(writer))),
    }
}

/// The code of the fault where the reader of the output went away, as `head` does.
pub const READER_GONE: &str = "R202";

/// What stopped a report from being written.
fn unwritten(error: std::io::Error) -> Fault {
    let code = if error.kind() == ErrorKind::BrokenPipe { READER_GONE } else { "R203" };
    Fault::new(code, format!("the report could not be written: {error}"))
}

/// What a report says of itself, in lines for people.
pub fn meta_lines(meta: &Meta) -> Vec<String> {
    let mut first = vec![format!("{} — {} ({})", title(meta.report), meta.bank, meta.identifier)];
    if !meta.moment.is_empty() {
        first.push(meta.moment.clone());
    }
    if first[0].ends_with(" ()") {
        // No bank stands behind the report: a profile that is checked, a file that is read.
        first[0] = title(meta.report);
    }
    let mut lines = vec![visible(&first.join(" · ")).into_owned()];
    lines.extend(meta.logs.iter().map(|log| log_text(log, meta.logs.len() > 1)));
    if !meta.filter.is_empty() {
        let asked: Vec<String> = meta.filter.iter().map(|(key, value)| format!("{key} {value}")).collect();
        lines.push(visible(&format!("filter: {}", asked.join(", "))).into_owned());
    }
    lines
}

fn log_text(log: &LogState, named: bool) -> String {
    let name = if named { format!("journal {}", log.log) } else { "journal".to_owned() };
    let entries = if log.size == 1 { "entry" } else { "entries" };
    format!("{name}: {} {entries}, root {}", log.size, log.root)
}

/// A report's name as a heading: `trial-balance` becomes `Trial balance`.
fn title(report: &str) -> String {
    let mut words = report.replace(['-', '_'], " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}
