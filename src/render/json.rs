//! JSON: one object, or one object a line. Amounts are decimal strings; fields are only ever added.

use super::unwritten;
use crate::domain::fault::Result;
use crate::domain::text::visible;
use crate::report::{Cell, Column, Meta, Sink};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::io::Write;

/// A JSON string in which characters that could command a terminal are escaped, without loss.
fn quoted(text: &str) -> String {
    let plain = Value::from(text).to_string();
    let escaped = |c: char| visible(c.encode_utf8(&mut [0; 4])).len() > c.len_utf8();
    if !plain.chars().any(escaped) {
        return plain;
    }
    let mut safe = String::with_capacity(plain.len() + 8);
    for c in plain.chars() {
        if escaped(c) {
            // Everything hidden lies in the basic plane. Writing into a String cannot fail.
            let _ = write!(safe, "\\u{:04x}", u32::from(c));
        } else {
            safe.push(c);
        }
    }
    safe
}

fn value(cell: &Cell) -> String {
    match cell {
        Cell::Empty => "null".to_owned(),
        Cell::Text(text) => quoted(text),
        Cell::Int(number) => number.to_string(),
        Cell::Amount(amount) => format!("\"{amount}\""),
        Cell::Flag(flag) => flag.to_string(),
    }
}

/// `"key":value` of every column, with commas between.
fn members(keys: &[String], cells: &[Cell]) -> String {
    let pairs = keys.iter().zip(cells).map(|(key, cell)| format!("{key}:{}", value(cell)));
    pairs.collect::<Vec<_>>().join(",")
}

fn keys(columns: &[Column]) -> Vec<String> {
    columns.iter().map(|column| quoted(&column.key)).collect()
}

/// The members that a report begins with.
fn head(meta: &Meta) -> String {
    let filter: Map<String, Value> =
        meta.filter.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect();
    let logs = meta
        .logs
        .iter()
        .map(|log| json!({"log": log.log, "origin": log.origin, "size": log.size, "root": log.root}));
    let members = [
        ("schema", json!(format!("creditbank/{}/1", meta.report))),
        ("bank", json!({"name": meta.bank, "identifier": meta.identifier})),
        ("moment", json!(meta.moment)),
        ("filter", Value::Object(filter)),
        ("journal", logs.collect()),
    ];
    let pairs = members.iter().map(|(key, value)| format!("\"{key}\":{}", deep(value)));
    pairs.collect::<Vec<_>>().join(",")
}

/// A JSON value with all its strings escaped.
fn deep(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(items) => format!("[{}]", items.iter().map(deep).collect::<Vec<_>>().join(",")),
        Value::Object(map) => {
            let pairs = map.iter().map(|(key, value)| format!("{}:{}", quoted(key), deep(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

/// Writes one JSON object, row by row.
pub struct JsonSink<W: Write> {
    out: W,
    keys: Vec<String>,
    open: bool,
    rows: usize,
    notes: Vec<String>,
}

impl<W: Write> JsonSink<W> {
    /// A sink over a writer.
    pub fn new(writer: W) -> JsonSink<W> {
        JsonSink { out: writer, keys: Vec::new(), open: false, rows: 0, notes: Vec::new() }
    }

    fn close(&mut self) -> Result<()> {
        if self.open {
            let end = if self.rows > 0 { "\n]" } else { "]" };
            self.out.write_all(end.as_bytes()).map_err(unwritten)?;
        }
        (self.open, self.rows) = (false, 0);
        Ok(())
    }
}

impl<W: Write> Sink for JsonSink<W> {
    fn begin(&mut self, meta: &Meta) -> Result<()> {
        write!(self.out, "{{{}", head(meta)).map_err(unwritten)
    }

    fn section(&mut self, key: &'static str, _title: &str, columns: &[Column]) -> Result<()> {
        self.close()?;
        self.keys = keys(columns);
        self.open = true;
        write!(self.out, ",\n\"{key}\":[").map_err(unwritten)
    }

    fn row(&mut self, cells: &[Cell]) -> Result<()> {
        let comma = if self.rows > 0 { "," } else { "" };
        self.rows += 1;
        write!(self.out, "{comma}\n{{{}}}", members(&self.keys, cells)).map_err(unwritten)
    }

    fn note(&mut self, text: &str) -> Result<()> {
        self.notes.push(quoted(text));
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        self.close()?;
        writeln!(self.out, ",\n\"notes\":[{}]}}", self.notes.join(",")).map_err(unwritten)?;
        self.out.flush().map_err(unwritten)
    }
}

/// Writes one JSON object a line: first what the report says of itself, then each row with its section.
pub struct NdjsonSink<W: Write> {
    out: W,
    keys: Vec<String>,
    section: &'static str,
}

impl<W: Write> NdjsonSink<W> {
    /// A sink over a writer.
    pub fn new(writer: W) -> NdjsonSink<W> {
        NdjsonSink { out: writer, keys: Vec::new(), section: "" }
    }
}

impl<W: Write> Sink for NdjsonSink<W> {
    fn begin(&mut self, meta: &Meta) -> Result<()> {
        writeln!(self.out, "{{{}}}", head(meta)).map_err(unwritten)
    }

    fn section(&mut self, key: &'static str, _title: &str, columns: &[Column]) -> Result<()> {
        self.section = key;
        self.keys = keys(columns);
        Ok(())
    }

    fn row(&mut self, cells: &[Cell]) -> Result<()> {
        let members = members(&self.keys, cells);
        writeln!(self.out, "{{\"section\":\"{}\",{members}}}", self.section).map_err(unwritten)
    }

    fn note(&mut self, text: &str) -> Result<()> {
        writeln!(self.out, "{{\"section\":\"notes\",\"note\":{}}}", quoted(text)).map_err(unwritten)
    }

    fn end(&mut self) -> Result<()> {
        self.out.flush().map_err(unwritten)
    }
}
