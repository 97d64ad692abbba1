//! The batches: who committed what, when, from which file.

use super::{Cell, Column, Query, Section, Sink, meta};
use crate::domain::fault::Result;
use crate::store::{BatchRow, Read};
use serde_json::Value;

const COLUMNS: [Column; 16] = [
    Column::text("batch", "Batch"),
    Column::number("entry", "Entry"),
    Column::number("entries", "Entries"),
    Column::text("recorded", "Recorded"),
    Column::text("actor", "Actor"),
    Column::text("site", "Site"),
    Column::text("command", "Command"),
    Column::text("files", "Files"),
    Column::number("bytes", "Bytes"),
    Column::text("sha256", "SHA-256"),
    Column::text("profile", "Profile"),
    Column::text("book", "Rule book"),
    Column::text("closed_period", "Closed period"),
    Column::text("why", "Why"),
    Column::text("id", "Id"),
    Column::text("profile_sha256", "Profile's SHA-256"),
];

/// All batches by number, or one.
///
/// # Errors
/// Where the ledger cannot be read or the report not written.
pub fn batches(read: &dyn Read, query: &Query, sink: &mut dyn Sink) -> Result<()> {
    let section = Section::new("batches", "Batches", &COLUMNS);
    sink.begin(&meta(read, "batches", query, vec![section.clone()])?)?;
    section.open(sink)?;
    match query.batch {
        Some(no) => {
            if let Some(batch) = read.batch(no)?.filter(|batch| query.cut.knows(batch.entry)) {
                sink.row(&cells(&batch))?;
            }
        }
        None => read.batches(&mut |batch| {
            if query.cut.knows(batch.entry) { sink.row(&cells(&batch)) } else { Ok(()) }
        })?,
    }
    sink.end()
}

fn cells(batch: &BatchRow) -> Vec<Cell> {
    let payload: Value = serde_json::from_str(&batch.payload).unwrap_or_default();
    let text = |key: &str| Cell::from(scalar(&payload[key]));
    let files = payload["files"].as_array().map(Vec::as_slice).unwrap_or_default();
    let each = |key: &str| files.iter().map(|file| scalar(&file[key])).collect::<Vec<_>>().join("; ");
    let bytes: Option<i64> = files.iter().filter_map(|file| file["bytes"].as_i64()).reduce(|a, b| a + b);
    vec![
        format!("B{}", batch.no).into(),
        batch.entry.into(),
        Cell::Int(batch.size),
        text("recorded"),
        text("actor"),
        text("site"),
        text("command"),
        each("name").into(),
        bytes.map_or(Cell::Empty, Cell::Int),
        each("sha256").into(),
        versioned(&payload["profile"]).into(),
        versioned(&payload["book"]).into(),
        text("closed_period"),
        text("why"),
        text("id"),
        scalar(&payload["profile"]["sha256"]).into(),
    ]
}

/// A name and its version as one text: `moocs 2`.
fn versioned(value: &Value) -> String {
    if !value.is_object() {
        return scalar(value);
    }
    let parts = [scalar(&value["name"]), scalar(&value["version"])];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A JSON value as a reader expects it in a cell.
pub(super) fn scalar(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
