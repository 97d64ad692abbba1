//! The receipt of an import: what was taken, what was not and why, as the journal has it.
//!
//! It says nothing of later batches, and its moment is the batch's own, so that it reads the same today
//! and in ten years.

use super::batches::scalar;
use super::{Cell, Column, LogState, Meta, Query, Section, Sink, meta};
use crate::domain::credits::{Credits, DecimalMark};
use crate::domain::entry::{EntryId, EntryKind, RowPlace};
use crate::domain::fault::{Fault, Result};
use crate::ledger::lots::Cut;
use crate::store::{BatchRow, Read};
use serde_json::Value;

const FACTS: [Column; 2] = [Column::text("what", "What"), Column::text("value", "Value")];
const ROWS: [Column; 2] = [Column::text("what", "Rows"), Column::number("rows", "Number")];
const FILES: [Column; 5] = [
    Column::number("file", "File"),
    Column::text("name", "Name"),
    Column::number("bytes", "Bytes"),
    Column::text("sha256", "SHA-256"),
    Column::number("rows", "Rows"),
];
const TOTALS: [Column; 4] = [
    Column::number("file", "File"),
    Column::text("system", "System"),
    Column::number("stated", "In the file"),
    Column::number("deposited", "Deposited"),
];
const RULES: [Column; 4] = [
    Column::text("rule", "Rule"),
    Column::text("severity", "Severity"),
    Column::number("times", "Times"),
    Column::text("lenient", "Lenient because"),
];
const REFUSED: [Column; 4] = [
    Column::number("file", "File"),
    Column::number("line", "Line"),
    Column::text("rule", "Rule"),
    Column::text("reason", "Reason"),
];
const WARNINGS: [Column; 4] = [
    Column::number("file", "File"),
    Column::number("line", "Line"),
    Column::text("rule", "Rule"),
    Column::text("column", "Column"),
];

const CORRECTED: [Column; 5] = [
    Column::number("file", "File"),
    Column::number("line", "Line"),
    Column::text("entry", "Entry"),
    Column::text("corrects", "Instead of entry"),
    Column::text("reason", "How they differ"),
];

fn sections() -> Vec<Section> {
    vec![
        Section::new("batch", "Batch", &FACTS),
        Section::new("files", "Files", &FILES),
        Section::new("rows", "Rows", &ROWS),
        Section::new("totals", "Credit", &TOTALS),
        Section::new("rules", "By rule", &RULES),
        Section::new("corrected", "Corrected", &CORRECTED),
        Section::new("refused", "Not taken", &REFUSED),
        Section::new("warnings", "Taken with a warning", &WARNINGS),
    ]
}

/// What a batch kept of itself.
struct Kept {
    batch: BatchRow,
    payload: Value,
    account: Value,
}

fn kept(read: &dyn Read, no: i64) -> Result<Kept> {
    let batch = read.batch(no)?.ok_or_else(|| {
        Fault::new("R111", format!("there is no batch B{no}")).remedy("`creditbank batch list` lists them")
    })?;
    let last = EntryId(batch.entry.0 + batch.size - 1);
    let act = read.act(last)?.filter(|act| act.kind == EntryKind::Receipt).ok_or_else(|| {
        Fault::new("R112", format!("batch B{no} has no receipt"))
            .why("only an import takes rows that it could give a receipt for")
            .remedy(format!("`creditbank report journal --batch B{no}` shows what it did"))
    })?;
    let read_json = |text: &str| serde_json::from_str(text).unwrap_or_default();
    let (payload, account) = (read_json(&batch.payload), read_json(&act.payload));
    Ok(Kept { batch, payload, account })
}

/// Writes the receipt of a batch.
///
/// # Errors
/// `R111` where there is no such batch, `R112` where it is no import; where the report cannot be written.
pub fn receipt(read: &dyn Read, no: i64, sink: &mut dyn Sink) -> Result<()> {
    let kept = kept(read, no)?;
    let end = EntryId(kept.batch.entry.0 + kept.batch.size);
    let query = Query {
        cut: Cut { as_of: None, known: Some(end) },
        known_text: None,
        moment: scalar(&kept.payload["recorded"]),
        batch: Some(no),
        ..Query::default()
    };
    let mut meta = meta(read, "receipt", &query, sections())?;
    meta.filter = vec![("batch".to_owned(), format!("B{no}"))];
    sink.begin(&meta)?;
    let [batch, files, rows, totals, rules, corrects, refused, warnings] = &meta.sections[..] else {
        return sink.end();
    };
    batch.open(sink)?;
    facts(&kept, &meta, sink)?;
    files.open(sink)?;
    each_file(&kept, sink)?;
    rows.open(sink)?;
    counts(&kept, sink)?;
    totals.open(sink)?;
    credit(&kept, sink)?;
    rules.open(sink)?;
    by_rule(&kept, sink)?;
    corrects.open(sink)?;
    corrected(read, (kept.batch.entry, end), sink)?;
    refused.open(sink)?;
    read.refusals(kept.batch.entry, end, &mut |row| {
        sink.row(&[Cell::Int(row.file), Cell::Int(row.line), row.code.into(), row.reason.into()])
    })?;
    warnings.open(sink)?;
    warned(&kept, sink)?;
    sink.end()
}

fn facts(kept: &Kept, meta: &Meta, sink: &mut dyn Sink) -> Result<()> {
    let (payload, batch) = (&kept.payload, &kept.batch);
    let profile = &payload["profile"];
    let log: Option<&LogState> = meta.logs.iter().find(|state| state.log == batch.entry.log());
    let of_profile = format!("{} version {}", scalar(&profile["name"]), scalar(&profile["version"]));
    let expected = list(&kept.account["expected"]).iter().map(scalar).collect::<Vec<_>>().join(", ");
    let said: [(&str, Cell); 14] = [
        ("batch", format!("B{}", batch.no).into()),
        ("recorded", scalar(&payload["recorded"]).into()),
        ("actor", scalar(&payload["actor"]).into()),
        ("site", scalar(&payload["site"]).into()),
        ("reason", scalar(&payload["why"]).into()),
        ("approves", scalar(&payload["approval"]["given"]).into()),
        ("profile", of_profile.into()),
        ("profile's SHA-256", scalar(&profile["sha256"]).into()),
        ("expected to be", expected.into()),
        ("first entry", batch.entry.into()),
        ("entries", Cell::Int(batch.size)),
        ("journal", log.map(|state| state.origin.as_str()).into()),
        ("journal size", log.map_or(Cell::Empty, |state| Cell::Int(state.size as i64))),
        ("journal root", log.map(|state| state.root.as_str()).into()),
    ];
    for (what, value) in said.into_iter().filter(|(_, value)| *value != Cell::Empty) {
        sink.row(&[what.into(), value])?;
    }
    Ok(())
}

fn each_file(kept: &Kept, sink: &mut dyn Sink) -> Result<()> {
    let totals = list(&kept.account["files"]);
    for (at, file) in list(&kept.payload["files"]).iter().enumerate() {
        let rows = totals.get(at).map(|file| number(&file["rows"]));
        sink.row(&[
            Cell::Int(at as i64),
            scalar(&file["name"]).into(),
            number(&file["bytes"]),
            scalar(&file["sha256"]).into(),
            rows.unwrap_or_default(),
        ])?;
    }
    Ok(())
}

fn counts(kept: &Kept, sink: &mut dyn Sink) -> Result<()> {
    let counted = [
        ("read", "rows"),
        ("deposited", "deposited"),
        ("recorded without credit", "recorded"),
        ("registered", "registered"),
        ("recorded before", "already"),
        ("correcting what was recorded", "corrected"),
        ("corrected since", "outdated"),
        ("of which another result counts", "superseded"),
        ("refused", "refused"),
        ("with warnings", "warned"),
    ];
    for (what, key) in counted {
        let rare = ["corrected", "outdated", "superseded"].contains(&key);
        if rare && kept.account[key].is_null() {
            continue;
        }
        sink.row(&[what.into(), number(&kept.account[key])])?;
    }
    Ok(())
}

/// What the files add up to, then what was deposited of all.
fn credit(kept: &Kept, sink: &mut dyn Sink) -> Result<()> {
    for (at, file) in list(&kept.account["files"]).iter().enumerate() {
        for (system, stated) in members(&file["credits"]) {
            sink.row(&[Cell::Int(at as i64), system.into(), amount(stated), Cell::Empty])?;
        }
    }
    for (system, deposited) in members(&kept.account["credits"]) {
        sink.row(&[Cell::Empty, system.into(), Cell::Empty, amount(deposited)])?;
    }
    Ok(())
}

fn by_rule(kept: &Kept, sink: &mut dyn Sink) -> Result<()> {
    let lenient = list(&kept.payload["lenient"]);
    for rule in list(&kept.account["rules"]) {
        let reason = lenient.iter().find(|lenient| lenient["rule"] == rule["rule"]);
        let reason =
            reason.filter(|_| rule["severity"] == "warning").map(|lenient| scalar(&lenient["reason"]));
        let (code, severity) = (scalar(&rule["rule"]), scalar(&rule["severity"]));
        sink.row(&[code.into(), severity.into(), number(&rule["times"]), reason.into()])?;
    }
    Ok(())
}

/// What the batch recorded in the place of what was recorded before, in the order in which it did; a learner who was
/// forgotten since is left out.
fn corrected(read: &dyn Read, (from, to): (EntryId, EntryId), sink: &mut dyn Sink) -> Result<()> {
    let mut found = Vec::new();
    read.acts(from, to, &mut |act, _| {
        let said: Value = serde_json::from_str(&act.payload).unwrap_or_default();
        if act.kind == EntryKind::Decision && said["verb"] == "correct" {
            found.push(said);
        }
        Ok(())
    })?;
    for said in found {
        let entry = |key: &str| serde_json::from_value::<EntryId>(said[key].clone()).ok();
        let (Some(by), Some(old)) = (entry("by"), entry("lot")) else { continue };
        let Some(row) = read.achievement(by)? else { continue };
        let place = RowPlace::of(row.line);
        sink.row(&[
            Cell::Int(row.file),
            Cell::Int(place.line as i64),
            by.into(),
            old.into(),
            scalar(&said["why"]).into(),
        ])?;
    }
    Ok(())
}

fn warned(kept: &Kept, sink: &mut dyn Sink) -> Result<()> {
    for row in list(&kept.account["warnings"]) {
        let (rule, column) = (scalar(&row["rule"]), scalar(&row["column"]));
        sink.row(&[number(&row["file"]), number(&row["line"]), rule.into(), column.into()])?;
    }
    Ok(())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

fn number(value: &Value) -> Cell {
    value.as_i64().map_or(Cell::Empty, Cell::Int)
}

fn amount(value: &Value) -> Cell {
    let text = scalar(value);
    Credits::parse_sum(&text, DecimalMark::Point).map_or(Cell::Text(text), Cell::Amount)
}
