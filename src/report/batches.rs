//! The batches: who committed what, when, from which file, and what waits for a second officer.

use super::{Cell, Column, Query, Section, Sink, meta};
use crate::domain::entry::EntryId;
use crate::domain::fault::{Fault, Result};
use crate::store::{BatchRow, Read};
use serde_json::Value;
use std::collections::BTreeMap;

/// The columns of a batch in a list.
pub const COLUMNS: [Column; 17] = [
    Column::text("batch", "Batch"),
    Column::text("state", "State"),
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
    Column::text("books", "Rule books"),
    Column::text("closed_period", "Closed period"),
    Column::text("why", "Why"),
    Column::text("id", "Id"),
    Column::text("profile_sha256", "Profile's SHA-256"),
];

/// What a batch that waits says of itself in `report open-items`.
pub const WAITING: [Column; 10] = [
    Column::text("batch", "Batch"),
    Column::text("recorded", "Staged"),
    Column::text("actor", "By"),
    Column::text("files", "Files"),
    Column::text("profile", "Profile"),
    Column::number("rows", "Rows"),
    Column::number("deposited", "Would deposit"),
    Column::number("refused", "Would refuse"),
    Column::text("result", "Result"),
    Column::text("why", "Why"),
];

const FACTS: [Column; 2] = [Column::text("what", "What"), Column::text("value", "Value")];
const FILES: [Column; 3] =
    [Column::text("name", "Name"), Column::number("bytes", "Bytes"), Column::text("sha256", "SHA-256")];
const ENTRIES: [Column; 2] = [Column::text("kind", "Kind"), Column::number("entries", "Entries")];
const CREDITS: [Column; 2] = [Column::text("system", "System"), Column::text("amount", "Amount")];

/// A batch with what it says of itself.
struct Batch {
    row: BatchRow,
    said: Value,
}

impl Batch {
    fn new(row: BatchRow) -> Batch {
        let said = serde_json::from_str(&row.payload).unwrap_or_default();
        Batch { row, said }
    }

    /// What it asks a second officer to approve.
    fn asked(&self) -> Option<&Value> {
        self.said["approval"].get("asked")
    }

    fn files(&self) -> &[Value] {
        let files = self.asked().map_or(&self.said["files"], |asked| &asked["files"]);
        files.as_array().map(Vec::as_slice).unwrap_or_default()
    }
}

/// What became of the batches that were staged, by their numbers: `approved by B9`.
type Settled = BTreeMap<i64, String>;

fn settled(read: &dyn Read, query: &Query) -> Result<Settled> {
    let mut settled = Settled::new();
    read.batches(&mut |row| {
        if !query.cut.knows(row.entry) {
            return Ok(());
        }
        let batch = Batch::new(row);
        for (verdict, word) in [("given", "approved"), ("refused", "rejected")] {
            let of = scalar(&batch.said["approval"][verdict]);
            if let Some(no) = of.strip_prefix('B').and_then(|no| no.parse().ok()) {
                settled.insert(no, format!("{word} by B{}", batch.row.no));
            }
        }
        Ok(())
    })?;
    Ok(settled)
}

/// What a batch is to a second officer; nothing for most.
fn state(batch: &Batch, settled: &Settled) -> String {
    if batch.asked().is_some() {
        return settled.get(&batch.row.no).cloned().unwrap_or_else(|| "waiting".to_owned());
    }
    let approval = &batch.said["approval"];
    match (scalar(&approval["given"]), scalar(&approval["refused"])) {
        (given, _) if !given.is_empty() => format!("approves {given}"),
        (_, refused) if !refused.is_empty() => format!("rejects {refused}"),
        _ => String::new(),
    }
}

/// All batches by number, or those that wait for a second officer.
///
/// # Errors
/// Where the ledger cannot be read or the report not written.
pub fn batches(read: &dyn Read, query: &Query, waiting: bool, sink: &mut dyn Sink) -> Result<()> {
    let section = Section::new("batches", "Batches", &COLUMNS);
    sink.begin(&meta(read, "batch-list", query, vec![section.clone()])?)?;
    section.open(sink)?;
    let settled = settled(read, query)?;
    read.batches(&mut |row| {
        let batch = Batch::new(row);
        let state = state(&batch, &settled);
        let shown = query.cut.knows(batch.row.entry) && (!waiting || state == "waiting");
        if shown { sink.row(&cells(&batch, &state)) } else { Ok(()) }
    })?;
    sink.end()
}

/// Writes the batches that wait for a second officer.
///
/// # Errors
/// Where the ledger cannot be read or the report not written.
pub fn waiting(read: &dyn Read, query: &Query, sink: &mut dyn Sink) -> Result<()> {
    let settled = settled(read, query)?;
    read.batches(&mut |row| {
        let batch = Batch::new(row);
        let Some(asked) = batch.asked().filter(|_| !settled.contains_key(&batch.row.no)) else {
            return Ok(());
        };
        if !query.cut.knows(batch.row.entry) {
            return Ok(());
        }
        let expected = &asked["expected"];
        let count = |key: &str| expected[key].as_i64().map_or(Cell::Empty, Cell::Int);
        sink.row(&[
            format!("B{}", batch.row.no).into(),
            scalar(&batch.said["recorded"]).into(),
            scalar(&batch.said["actor"]).into(),
            names(&batch, "name").into(),
            versioned(&batch.said["profile"]).into(),
            count("rows"),
            count("deposited"),
            count("refused"),
            scalar(&expected["result"]).into(),
            scalar(&batch.said["why"]).into(),
        ])
    })
}

/// One batch: what it says of itself, its files, its entries, and what it would do where it waits.
///
/// # Errors
/// `R130` where there is no such batch; where the ledger cannot be read or the report not written.
pub fn batch(read: &dyn Read, query: &Query, sink: &mut dyn Sink) -> Result<()> {
    let no = query.batch.unwrap_or_default();
    let row = read.batch(no)?.filter(|row| query.cut.knows(row.entry)).ok_or_else(|| {
        Fault::new("R130", format!("there is no batch B{no}"))
            .remedy("list them with `creditbank batch list`")
    })?;
    let batch = Batch::new(row);
    let sections = [
        Section::new("batch", format!("Batch B{no}"), &FACTS),
        Section::new("expected", "Approved, it would do", &FACTS),
        Section::new("credits", "It would deposit", &CREDITS),
        Section::new("files", "Files", &FILES),
        Section::new("entries", "Entries", &ENTRIES),
    ];
    sink.begin(&meta(read, "batch-show", query, sections.to_vec())?)?;
    let [about, expected, credits, files, entries] = &sections;
    about.open(sink)?;
    let all = cells(&batch, &state(&batch, &settled(read, query)?));
    for (column, cell) in COLUMNS.iter().zip(all) {
        let of_files = ["files", "bytes", "sha256"].contains(&column.key.as_ref());
        if cell != Cell::Empty && !of_files {
            sink.row(&[column.title.to_lowercase().into(), cell])?;
        }
    }
    if let Some(asked) = batch.asked() {
        expected.open(sink)?;
        promised(asked, sink)?;
        credits.open(sink)?;
        for (system, amount) in asked["expected"]["credits"].as_object().into_iter().flatten() {
            sink.row(&[system.as_str().into(), scalar(amount).into()])?;
        }
    }
    files.open(sink)?;
    for file in batch.files() {
        let bytes = file["bytes"].as_i64().map_or(Cell::Empty, Cell::Int);
        sink.row(&[scalar(&file["name"]).into(), bytes, scalar(&file["sha256"]).into()])?;
    }
    entries.open(sink)?;
    for (kind, count) in kinds(read, &batch.row)? {
        sink.row(&[kind.into(), Cell::Int(count)])?;
    }
    sink.note(&format!("`creditbank report journal --batch B{no}` lists its entries"))?;
    sink.end()
}

fn promised(asked: &Value, sink: &mut dyn Sink) -> Result<()> {
    for (what, count) in asked["expected"].as_object().into_iter().flatten() {
        if what != "credits" {
            sink.row(&[what.as_str().into(), scalar(count).into()])?;
        }
    }
    sink.row(&["keep going although rows are refused".into(), Cell::Flag(asked["keep_going"] == true)])
}

/// How many entries of each kind a batch has, by name.
fn kinds(read: &dyn Read, batch: &BatchRow) -> Result<BTreeMap<&'static str, i64>> {
    let (from, to): (EntryId, EntryId) = (batch.entry, batch.entry.plus(batch.size.unsigned_abs()));
    let mut kinds: BTreeMap<&'static str, i64> = BTreeMap::new();
    read.acts(from, to, &mut |act, _| {
        *kinds.entry(act.kind.name()).or_default() += 1;
        Ok(())
    })?;
    read.achievements(from, to, &mut |row, _| {
        *kinds.entry(row.entry_kind().name()).or_default() += 1;
        Ok(())
    })?;
    read.movements(from, to, &mut |row, _| {
        *kinds.entry(row.kind.name()).or_default() += 1;
        Ok(())
    })?;
    Ok(kinds)
}

/// What the files of a batch say under a key.
fn names(batch: &Batch, key: &str) -> String {
    batch.files().iter().map(|file| scalar(&file[key])).collect::<Vec<_>>().join("; ")
}

fn cells(batch: &Batch, state: &str) -> Vec<Cell> {
    let payload = &batch.said;
    let text = |key: &str| Cell::from(scalar(&payload[key]));
    let bytes: Option<i64> =
        batch.files().iter().filter_map(|file| file["bytes"].as_i64()).reduce(|a, b| a + b);
    let books: Vec<String> = payload["books"].as_array().into_iter().flatten().map(versioned).collect();
    vec![
        format!("B{}", batch.row.no).into(),
        state.into(),
        batch.row.entry.into(),
        Cell::Int(batch.row.size),
        text("recorded"),
        text("actor"),
        text("site"),
        text("command"),
        names(batch, "name").into(),
        bytes.map_or(Cell::Empty, Cell::Int),
        names(batch, "sha256").into(),
        versioned(&payload["profile"]).into(),
        books.join(", ").into(),
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
