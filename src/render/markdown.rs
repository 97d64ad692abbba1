//! Markdown: each section a heading and a table, for a page that people keep.

use super::{meta_lines, unwritten};
use crate::domain::fault::Result;
use crate::domain::text::visible;
use crate::report::{Cell, Column, Meta, Sink};
use std::io::Write;

/// Writes a page of tables.
pub struct MarkdownSink<W: Write> {
    out: W,
    begun: bool,
    notes: Vec<String>,
}

impl<W: Write> MarkdownSink<W> {
    /// A sink over a writer.
    pub fn new(writer: W) -> MarkdownSink<W> {
        MarkdownSink { out: writer, begun: false, notes: Vec::new() }
    }

    fn line(&mut self, cells: impl Iterator<Item = String>) -> Result<()> {
        let cells: Vec<String> = cells.collect();
        writeln!(self.out, "| {} |", cells.join(" | ")).map_err(unwritten)
    }
}

/// A text in a cell: one line, nothing that would end the cell or begin a tag.
fn escaped(text: &str) -> String {
    visible(text).replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace('*', "\\*")
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => escaped(text),
        Cell::Int(number) => number.to_string(),
        Cell::Amount(amount) => amount.to_string(),
        Cell::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
    }
}

impl<W: Write> Sink for MarkdownSink<W> {
    fn begin(&mut self, meta: &Meta) -> Result<()> {
        for (at, line) in meta_lines(meta).iter().enumerate() {
            let mark = if at == 0 { "# " } else { "" };
            writeln!(self.out, "{mark}{}\n", escaped(line)).map_err(unwritten)?;
        }
        Ok(())
    }

    fn section(&mut self, _: &'static str, title: &str, columns: &[Column]) -> Result<()> {
        let gap = if std::mem::replace(&mut self.begun, true) { "\n" } else { "" };
        writeln!(self.out, "{gap}## {}\n", escaped(title)).map_err(unwritten)?;
        self.line(columns.iter().map(|column| escaped(&column.title)))?;
        let rule = |column: &Column| if column.right { "---:" } else { "---" }.to_owned();
        writeln!(self.out, "|{}|", columns.iter().map(rule).collect::<Vec<_>>().join("|")).map_err(unwritten)
    }

    fn row(&mut self, cells: &[Cell]) -> Result<()> {
        self.line(cells.iter().map(shown))
    }

    fn note(&mut self, text: &str) -> Result<()> {
        self.notes.push(escaped(text));
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        for note in std::mem::take(&mut self.notes) {
            writeln!(self.out, "\n{note}").map_err(unwritten)?;
        }
        self.out.flush().map_err(unwritten)
    }
}
