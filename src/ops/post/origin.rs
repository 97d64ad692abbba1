//! Where entries came from, and how two rows that should say the same differ.

use crate::domain::entry::{Achievement, EntryId, RowPlace};
use crate::domain::fault::Result;
use crate::domain::registry::Attrs;
use crate::domain::text::shorten;
use crate::ops::batch::BatchPayload;
use crate::ops::names::Names;
use crate::store::{self, Read};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Attributes that a difference tells, and the most characters of each.
const ATTRIBUTES: usize = 3;
const SHOWN: usize = 40;

/// A batch, as whoever sent its files knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Its number.
    pub batch: i64,
    /// Names of its files, in order.
    pub files: Vec<String>,
    end: EntryId,
}

/// The batches that were asked about, by their first entry.
#[derive(Debug, Default)]
pub struct Origins(BTreeMap<EntryId, Origin>);

impl Origins {
    /// The batch of an entry; none where it is not sealed yet.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn of(&mut self, read: &(impl Read + ?Sized), entry: EntryId) -> Result<Option<&Origin>> {
        let known = self.0.range(..=entry).next_back().filter(|(_, origin)| entry < origin.end);
        let first = match known.map(|(first, _)| *first) {
            Some(first) => first,
            None => {
                let Some(batch) = read.batch_of(entry)? else { return Ok(None) };
                let payload = BatchPayload::read(&batch.payload)?;
                let files = payload.files.into_iter().map(|file| file.name).collect();
                let end = batch.entry.plus(batch.size.unsigned_abs());
                self.0.insert(batch.entry, Origin { batch: batch.no, files, end });
                batch.entry
            }
        };
        Ok(self.0.get(&first))
    }

    /// Where an achievement of an earlier batch was recorded, in words.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn place(&mut self, read: &(impl Read + ?Sized), row: &Achievement) -> Result<String> {
        let Some(origin) = self.of(read, row.entry)? else { return Ok(format!("as entry {}", row.entry)) };
        let batch = format!("in batch B{}", origin.batch);
        if row.line == 0 {
            return Ok(format!("{batch}, as entry {}", row.entry));
        }
        let file = usize::try_from(row.file).ok().and_then(|at| origin.files.get(at));
        let file = file.map(|name| format!(" of {name}")).unwrap_or_default();
        Ok(format!("{batch}, {}{file}", RowPlace::of(row.line)))
    }
}

/// The columns in which two rows of one key differ. The file and the line do not count, nor what the row says of its
/// outcome: where that changes, the outcome has a new version, and the result is still the same.
pub fn differing(old: &Achievement, new: &Achievement) -> Vec<&'static str> {
    let same = [
        ("learner", old.learner == new.learner),
        ("outcome", old.outcome == new.outcome),
        ("period", old.period == new.period),
        ("attempt", old.attempt == new.attempt),
        ("status", old.status == new.status),
        ("kind", old.kind == new.kind),
        ("system", old.system == new.system),
        ("credits", old.amount == new.amount),
        ("grade", old.grade == new.grade),
        ("attributes", old.attrs == new.attrs),
        ("group load", old.group_load == new.group_load),
        ("record", old.record.is_none() || new.record.is_none() || old.record == new.record),
    ];
    same.into_iter().filter(|(_, same)| !same).map(|(column, _)| column).collect()
}

/// How a row differs from what is recorded, such as `credits 3 → 3.5`; empty where both say the same.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn difference(
    read: &(impl Read + ?Sized),
    names: &Names,
    old: &Achievement,
    new: &Achievement,
) -> Result<String> {
    let mut told = Vec::new();
    for column in differing(old, new) {
        if column == "attributes" {
            told.extend(attributes_apart(read, old, new));
            continue;
        }
        let [before, after] = [old, new].map(|row| value(read, names, row, column));
        // What cannot be named, as learners are not, is told by its column.
        told.push(match (before.ok().flatten(), after.ok().flatten()) {
            (Some(before), Some(after)) if before != after => format!("{column} {before} → {after}"),
            _ => format!("another {column}"),
        });
    }
    Ok(told.join(", "))
}

/// The attributes in which two rows differ, each before and after; of many the first ones.
fn attributes_apart(read: &(impl Read + ?Sized), old: &Achievement, new: &Achievement) -> Vec<String> {
    let all = |row: &Achievement| -> Map<String, Value> {
        let kept = row.attrs.and_then(|id| store::get::<Attrs>(read, id).ok());
        kept.and_then(|kept| serde_json::from_str(&kept.json).ok()).unwrap_or_default()
    };
    let (old, new) = (all(old), all(new));
    let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
    let apart: Vec<&String> = names.filter(|name| old.get(*name) != new.get(*name)).collect();
    let text = |value: Option<&Value>| match value {
        None => "none".to_owned(),
        Some(value) => shorten(value.as_str().unwrap_or(&value.to_string()), SHOWN),
    };
    let one = |name: &&String| format!("{name} {} → {}", text(old.get(*name)), text(new.get(*name)));
    let mut told: Vec<String> = apart.iter().take(ATTRIBUTES).map(one).collect();
    if apart.len() > ATTRIBUTES {
        told.push(format!("{} other attributes", apart.len() - ATTRIBUTES));
    }
    told
}

fn value(
    read: &(impl Read + ?Sized),
    names: &Names,
    row: &Achievement,
    column: &str,
) -> Result<Option<String>> {
    let or_none = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
    Ok(Some(match column {
        "outcome" => names.outcome(read, row.outcome)?.code.clone(),
        "period" => names.period(read, row.period)?.written.clone(),
        "attempt" => row.attempt.to_string(),
        "status" => row.status.name().to_owned(),
        "kind" => row.kind.name().to_owned(),
        "system" => names.system(read, row.system)?.code.clone(),
        "credits" => row.amount.to_string(),
        "grade" => or_none(row.grade.map(|id| names.grade(read, id)).transpose()?.map(|g| g.written.clone())),
        "group load" => or_none(row.group_load.map(|load| load.to_string())),
        "record" => or_none(row.record.clone()),
        _ => return Ok(None),
    }))
}
