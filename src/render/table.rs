//! Tables for people: the first rows size the columns, the rest stream.

use super::layout::{GAP, Measure, widths};
use super::{meta_lines, unwritten};
use crate::domain::fault::Result;
use crate::domain::text::visible;
use crate::report::{Cell, Column, Meta, Sink};
use comfy_table::{
    Cell as TableCell, CellAlignment, ColumnConstraint, ContentLineStyle, LineStyle, Row, Table, TableStyle,
    Width,
};
use std::borrow::Cow;
use std::io::Write;
use unicode_width::UnicodeWidthStr;

/// Rows that are laid out together; the first lot of them decides the widths.
const ROWS: usize = 500;

/// A rule under the header and nothing else.
const STYLE: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none())
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .content_lines(ContentLineStyle::none());

/// How the rows of the current section are shown.
enum Shape {
    /// Not yet decided: no rows were laid out.
    Open,
    /// A table of those widths.
    Table(Vec<usize>),
    /// One row below the other, a line a column, because a table does not fit.
    Records(usize),
}

/// Writes tables of at most a terminal's width; without one, as wide as they are.
pub struct TableSink<W: Write> {
    out: W,
    width: Option<u16>,
    titled: bool,
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
    shape: Shape,
    in_section: bool,
    notes: Vec<String>,
}

impl<W: Write> TableSink<W> {
    /// A sink over a writer.
    pub fn new(writer: W, width: Option<u16>) -> TableSink<W> {
        TableSink {
            out: writer,
            width,
            titled: false,
            columns: Vec::new(),
            rows: Vec::new(),
            shape: Shape::Open,
            in_section: false,
            notes: Vec::new(),
        }
    }

    fn line(&mut self, text: &str) -> Result<()> {
        writeln!(self.out, "{}", text.trim_end()).map_err(unwritten)
    }

    /// A line of prose, wrapped to the terminal.
    fn prose(&mut self, text: &str) -> Result<()> {
        let Some(width) = self.width.map(usize::from) else { return self.line(text) };
        let mut line = String::new();
        for word in text.split(' ') {
            if !line.is_empty() && line.width() + 1 + word.width() > width {
                self.line(&std::mem::take(&mut line))?;
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.line(&line)
    }

    /// Lays out the rows that wait and writes them.
    fn flush(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.rows);
        let first = matches!(self.shape, Shape::Open);
        if first {
            self.shape = self.decide(&rows);
        }
        match &self.shape {
            Shape::Open => Ok(()),
            Shape::Table(widths) => {
                let table = self.table(widths, rows, first);
                for line in table.lines() {
                    self.line(&line)?;
                }
                Ok(())
            }
            Shape::Records(before) => {
                let before = *before;
                self.shape = Shape::Records(before + rows.len());
                rows.iter().enumerate().try_for_each(|(at, row)| self.record(before + at, row))
            }
        }
    }

    fn decide(&self, rows: &[Vec<String>]) -> Shape {
        let measures: Vec<Measure> = self
            .columns
            .iter()
            .enumerate()
            .map(|(at, column)| {
                let cells = rows.iter().filter_map(|row| row.get(at)).map(String::as_str);
                Measure::new(&column.title, column.right, cells)
            })
            .collect();
        widths(&measures, self.width).map_or(Shape::Records(0), Shape::Table)
    }

    fn table(&self, widths: &[usize], rows: Vec<Vec<String>>, with_header: bool) -> Table {
        let mut table = Table::new();
        table.load_style(STYLE).force_no_tty();
        if with_header {
            let titles = self.columns.iter().map(|column| TableCell::new(&column.title));
            table.set_header(self.aligned(titles));
        }
        for row in rows {
            table.add_row(self.aligned(row.into_iter().map(TableCell::new_owned)));
        }
        let last = self.columns.len().saturating_sub(1);
        for (at, (column, width)) in table.column_iter_mut().zip(widths).enumerate() {
            // The table itself puts one blank between columns.
            let gap = if at == last { 0 } else { GAP - 1 };
            column.set_padding((0, gap as u16));
            let width = u16::try_from(width + gap).unwrap_or(u16::MAX);
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
        }
        table
    }

    fn aligned(&self, cells: impl Iterator<Item = TableCell>) -> Row {
        let align = |(cell, column): (TableCell, &Column)| match column.right {
            true => cell.set_alignment(CellAlignment::Right),
            false => cell,
        };
        Row::from(cells.zip(&self.columns).map(align).collect::<Vec<_>>())
    }

    /// One row as a record: a line for each column that has a value.
    fn record(&mut self, at: usize, row: &[String]) -> Result<()> {
        if at > 0 {
            self.line("")?;
        }
        let names: Vec<String> = self.columns.iter().map(|column| column.title.to_string()).collect();
        let widest = names.iter().map(|name| name.width()).max().unwrap_or(0);
        let room = self.width.map_or(usize::MAX, usize::from).saturating_sub(widest + GAP).max(1);
        for (name, value) in names.iter().zip(row).filter(|(_, value)| !value.is_empty()) {
            let blanks = " ".repeat(widest - name.width() + GAP);
            for (nth, piece) in pieces(value, room).into_iter().enumerate() {
                let head = if nth == 0 { format!("{name}{blanks}") } else { " ".repeat(widest + GAP) };
                self.line(&format!("{head}{piece}"))?;
            }
        }
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        if !self.in_section {
            return Ok(());
        }
        self.in_section = false;
        let empty = self.rows.is_empty() && matches!(self.shape, Shape::Open);
        if empty {
            return self.line("(none)");
        }
        if matches!(self.shape, Shape::Open) && matches!(self.decide(&self.rows), Shape::Records(_)) {
            self.drop_empty_columns();
        }
        self.flush()
    }

    /// Leaves out the columns in which no row of the section has a value, to make a table fit.
    fn drop_empty_columns(&mut self) {
        let used = |at: &usize| self.rows.iter().any(|row| row.get(*at).is_some_and(|cell| !cell.is_empty()));
        let kept: Vec<usize> = (0..self.columns.len()).filter(used).collect();
        self.columns = kept.iter().map(|at| self.columns[*at].clone()).collect();
        for row in &mut self.rows {
            *row = kept.iter().filter_map(|at| row.get(*at).cloned()).collect();
        }
    }
}

/// Cuts a text into pieces of at most `room` columns.
fn pieces(text: &str, room: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut used = 0;
    for c in text.chars() {
        let wide = c.encode_utf8(&mut [0; 4]).width();
        if used + wide > room && used > 0 {
            pieces.push(String::new());
            used = 0;
        }
        used += wide;
        if let Some(last) = pieces.last_mut() {
            last.push(c);
        }
    }
    pieces
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => match visible(text) {
            Cow::Borrowed(text) => text.to_owned(),
            Cow::Owned(text) => text,
        },
        Cell::Int(number) => number.to_string(),
        Cell::Amount(amount) => amount.to_string(),
        Cell::Flag(flag) => if *flag { "yes" } else { "NO" }.to_owned(),
    }
}

impl<W: Write> Sink for TableSink<W> {
    fn begin(&mut self, meta: &Meta) -> Result<()> {
        self.titled = meta.sections.len() > 1;
        meta_lines(meta).iter().try_for_each(|line| self.prose(line))
    }

    fn section(&mut self, _key: &'static str, title: &str, columns: &[Column]) -> Result<()> {
        self.close()?;
        self.line("")?;
        if self.titled {
            self.prose(&format!("{}:", visible(title)))?;
        }
        self.columns = columns.to_vec();
        self.shape = Shape::Open;
        self.in_section = true;
        Ok(())
    }

    fn row(&mut self, cells: &[Cell]) -> Result<()> {
        self.rows.push(cells.iter().map(text).collect());
        if self.rows.len() < ROWS { Ok(()) } else { self.flush() }
    }

    fn note(&mut self, text: &str) -> Result<()> {
        self.notes.push(format!("Note: {}", visible(text)));
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        self.close()?;
        let notes = std::mem::take(&mut self.notes);
        if !notes.is_empty() {
            self.line("")?;
        }
        notes.iter().try_for_each(|note| self.prose(note))?;
        self.out.flush().map_err(unwritten)
    }
}
