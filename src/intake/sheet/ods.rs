//! OpenDocument spreadsheets, as a stream: rows and cells that repeat are not spread out before they are read.
//!
//! OASIS OpenDocument 1.3, part 3: 9.1 for tables, 19.385 for the types of values.

use super::cell::{self, Cell};
use super::xml::{Bounds, LONGEST, Part, archive, damaged, from_io, part, protected};
use super::{Named, Rows};
use crate::domain::credits::DecimalMark;
use crate::intake::csv::{MAX_COLUMNS, Record};
use crate::intake::fault::IntakeError;
use crate::intake::rules::Rule;
use crate::intake::source::Source;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

const MIB: u64 = 1 << 20;

/// The last row that any program shows.
const MAX_ROWS: u64 = 1 << 20;

/// Most sheets, and the longest name of one in bytes; programs allow some hundreds and 31 to 255 characters.
const MAX_SHEETS: usize = 1_000;
const LONGEST_NAME: usize = 1_024;

/// Elements whose text is no cell's: notes, deleted cells, drawings.
const PASSED_OVER: [&str; 5] =
    ["office:annotation", "table:tracked-changes", "table:shapes", "draw:frame", "draw:custom-shape"];

fn content(source: &Source) -> Result<Reader<Part>, IntakeError> {
    let mut archive = archive(source)?;
    let at = |archive: &super::xml::Archive, name: &str| archive.index_for_name(name);
    if let Some(index) = at(&archive, "META-INF/manifest.xml") {
        let small = |_| Bounds { bytes: MIB, tags: 10_000, longest: LONGEST };
        let mut text = String::new();
        let mut manifest = part(source, &mut archive, index, small)?;
        std::io::Read::read_to_string(&mut manifest, &mut text).map_err(from_io)?;
        if text.contains("encryption-data") {
            return Err(protected());
        }
    }
    let index = at(&archive, "content.xml").ok_or_else(|| damaged(&"it has no content.xml"))?;
    let bounds = |packed: u64| Bounds {
        bytes: (64 * MIB).max(packed.saturating_mul(250)),
        tags: u64::MAX,
        longest: LONGEST,
    };
    let mut reader = Reader::from_reader(part(source, &mut archive, index, bounds)?);
    reader.config_mut().expand_empty_elements = true;
    Ok(reader)
}

fn xml_fault(error: quick_xml::Error) -> IntakeError {
    match error {
        quick_xml::Error::Io(error) => match std::sync::Arc::try_unwrap(error) {
            Ok(error) => from_io(error),
            Err(error) => damaged(&error),
        },
        other => damaged(&other),
    }
}

/// Names the sheets.
pub(super) fn survey(source: &Source) -> Result<Vec<Named>, IntakeError> {
    let mut reader = content(source)?;
    let (mut buffer, mut found) = (Vec::new(), Vec::new());
    let mut hidden: Vec<String> = Vec::new();
    let mut style = String::new();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(xml_fault)? {
            Event::Start(e) if e.name().as_ref() == "style:style" => {
                style = attribute(&e, "style:name").unwrap_or_default();
            }
            Event::Start(e)
                if e.name().as_ref() == "style:table-properties"
                    && attribute(&e, "table:display").as_deref() == Some("false") =>
            {
                hidden.push(style.clone());
            }
            Event::Start(e) if e.name().as_ref() == "table:table" => {
                let is_hidden =
                    attribute(&e, "table:style-name").is_some_and(|style| hidden.contains(&style));
                found.extend(attribute(&e, "table:name").map(|name| Named { name, is_shown: !is_hidden }));
                let is_short = |sheet: &Named| sheet.name.len() <= LONGEST_NAME;
                if found.len() > MAX_SHEETS || !found.last().is_none_or(is_short) {
                    return Err(damaged(&"its sheets have too many or too long names"));
                }
            }
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}

fn attribute(element: &BytesStart, name: &str) -> Option<String> {
    let attribute = element.try_get_attribute(name).ok()??;
    attribute.normalized_value(XmlVersion::Implicit1_0).ok().map(|value| value.into_owned())
}

fn repeated(element: &BytesStart, name: &str) -> u64 {
    attribute(element, name).and_then(|times| times.parse().ok()).unwrap_or(1).max(1)
}

/// A cell while its text is gathered.
#[derive(Default)]
struct Open {
    kind: String,
    value: String,
    shown: String,
    paragraphs: u32,
    times: u64,
    is_error: bool,
}

/// Reads a sheet from its first row to its last, giving each row to `take` until that says no.
pub(super) fn read(
    source: &Source,
    sheet: &str,
    mark: DecimalMark,
    rows: &mut Rows,
) -> Result<(), IntakeError> {
    let mut reader = content(source)?;
    let mut state = State { mark, record: Record::new(), column: 0, line: 0, times: 1, cell: None };
    let mut buffer = Vec::new();
    let (mut inside, mut depth, mut in_paragraph) = (false, 0, false);
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(xml_fault)? {
            Event::Eof => return Ok(()),
            Event::Start(e) if PASSED_OVER.contains(&e.name().as_ref()) => {
                let end = e.to_end().into_owned();
                reader.read_to_end_into(end.name(), &mut Vec::new()).map_err(xml_fault)?;
            }
            Event::Start(e) if e.name().as_ref() == "table:table" => {
                depth += 1;
                inside |= depth == 1 && attribute(&e, "table:name").as_deref() == Some(sheet);
            }
            Event::End(e) if e.name().as_ref() == "table:table" => {
                depth -= 1;
                if inside && depth == 0 {
                    return Ok(());
                }
            }
            _ if !inside => {}
            Event::Start(e) => match e.name().as_ref() {
                "table:table-row" => state.begin_row(repeated(&e, "table:number-rows-repeated")),
                "table:table-cell" | "table:covered-table-cell" => state.begin_cell(&e),
                "text:p" | "text:h" => {
                    in_paragraph = true;
                    state.paragraph();
                }
                "text:s" => state.text(&" ".repeat(repeated(&e, "text:c").min(1_000) as usize)),
                "text:tab" => state.text("\t"),
                "text:line-break" => state.text("\n"),
                _ => {}
            },
            Event::Text(text) if in_paragraph => state.text(&text.xml10_content()),
            Event::CData(text) if in_paragraph => state.text(&text.xml10_content()),
            Event::GeneralRef(name) if in_paragraph => {
                let known = match name.resolve_char_ref() {
                    Ok(Some(c)) => c.to_string(),
                    _ => resolve_predefined_entity(&name)
                        .ok_or_else(|| damaged(&"it names an entity that XML does not have"))?
                        .to_owned(),
                };
                state.text(&known);
            }
            Event::End(e) => match e.name().as_ref() {
                "text:p" | "text:h" => in_paragraph = false,
                "table:table-cell" | "table:covered-table-cell" => state.end_cell()?,
                "table:table-row" => {
                    let more = state.end_row(rows)?;
                    if !more {
                        return Ok(());
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }
}

/// Where the reading of a sheet stands.
struct State {
    mark: DecimalMark,
    record: Record,
    /// Column of the next cell, from 0.
    column: u64,
    /// The last row that was ended.
    line: u64,
    /// How often the row is repeated.
    times: u64,
    cell: Option<Open>,
}

impl State {
    fn begin_row(&mut self, times: u64) {
        self.record.begin(self.line + 1);
        (self.column, self.times) = (0, times);
    }

    fn begin_cell(&mut self, element: &BytesStart) {
        let kind = attribute(element, "office:value-type").unwrap_or_default();
        let value = [
            "office:value",
            "office:date-value",
            "office:boolean-value",
            "office:time-value",
            "office:string-value",
        ]
        .iter()
        .find_map(|name| attribute(element, name));
        self.cell = Some(Open {
            kind,
            value: value.unwrap_or_default(),
            times: repeated(element, "table:number-columns-repeated"),
            is_error: attribute(element, "calcext:value-type").as_deref() == Some("error"),
            ..Open::default()
        });
    }

    fn paragraph(&mut self) {
        if let Some(cell) = &mut self.cell {
            if cell.paragraphs > 0 {
                cell.shown.push('\n');
            }
            cell.paragraphs += 1;
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(cell) = self.cell.as_mut().filter(|cell| cell.shown.len() <= LONGEST as usize) {
            cell.shown.push_str(text);
        }
    }

    fn end_cell(&mut self) -> Result<(), IntakeError> {
        let Some(open) = self.cell.take() else { return Ok(()) };
        let (first, times) = (self.column, open.times);
        self.column = self.column.saturating_add(times);
        let cell = open.read(self.mark);
        if cell.text.is_empty() {
            return Ok(());
        }
        if self.column > MAX_COLUMNS as u64 {
            return Err(IntakeError::TooManyColumns { line: self.record.line() });
        }
        for at in 0..times {
            cell::put(&mut self.record, (first + at) as usize, cell.clone())?;
        }
        Ok(())
    }

    /// Gives the row as often as it is repeated; an empty one is only counted.
    fn end_row(&mut self, rows: &mut Rows) -> Result<bool, IntakeError> {
        let (first, times) = (self.line + 1, std::mem::replace(&mut self.times, 1));
        self.line = self.line.saturating_add(times);
        if self.record.is_empty() {
            return Ok(true);
        }
        if self.line > MAX_ROWS {
            let what = format!("the sheet has more than {MAX_ROWS} rows");
            return Err(IntakeError::Unfit { rule: Rule::Unpacked, line: Some(first), what });
        }
        for line in first..=self.line {
            let mut again = self.record.clone();
            again.stand_on(line);
            if !rows.give(&mut again) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Open {
    fn read(self, mark: DecimalMark) -> Cell {
        if self.is_error {
            return Cell::error(self.shown);
        }
        match self.kind.as_str() {
            "float" | "percentage" | "currency" => match self.value.parse::<f64>() {
                Ok(number) => Cell::number(number, self.zeros(), mark),
                Err(_) => Cell::text(self.value),
            },
            "date" => Cell::iso(&self.value),
            "boolean" | "time" => Cell::text(self.value),
            _ if self.shown.is_empty() => Cell::text(self.value),
            _ => Cell::text(self.shown),
        }
    }

    /// Digits shown, where they are the value behind leading zeros.
    fn zeros(&self) -> usize {
        let shown = self.shown.trim();
        let is_digits =
            !shown.is_empty() && shown.len() <= 30 && shown.bytes().all(|byte| byte.is_ascii_digit());
        if is_digits && shown.starts_with('0') { shown.len() } else { 0 }
    }
}
