//! What a report says of itself: the bank, the question, and the journal that it was read from.

use super::{LogState, Meta, Query, Section};
use crate::domain::account::Account;
use crate::domain::entry::EntryId;
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::Bank;
use crate::proof::merkle::{Hash, root_at};
use crate::proof::tile::TileSource;
use crate::store::{Head, Read, all};
use std::cell::RefCell;

/// The meta data of a report of that name with those sections.
///
/// # Errors
/// Where the ledger cannot be read, or its tiles do not give the root at an earlier size.
pub fn meta(read: &dyn Read, report: &'static str, query: &Query, sections: Vec<Section>) -> Result<Meta> {
    let bank: Option<Bank> = all(read)?.pop();
    let (name, identifier) = bank.map(|bank| (bank.name, bank.identifier)).unwrap_or_default();
    Ok(Meta {
        report,
        bank: name,
        identifier,
        moment: query.moment.clone(),
        filter: filter(query),
        logs: logs(read, query.cut.known)?,
        sections,
    })
}

fn filter(query: &Query) -> Vec<(String, String)> {
    let as_of = query.as_of_text.clone().or_else(|| query.cut.as_of.map(|day| day.to_string()));
    let known = query.known_text.clone().or_else(|| query.cut.known.map(|entry| entry.to_string()));
    let asked = [
        ("as-of", as_of),
        ("known", known),
        ("learner", query.learner.map(|learner| Account(learner).to_string())),
        ("batch", query.batch.map(|batch| format!("B{batch}"))),
        ("by", (!query.by.is_empty()).then(|| query.by.join(","))),
        ("grades-on", query.grades_on.as_ref().map(|on| on.scale.clone())),
    ];
    asked.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

/// The logs as they stood, those that were still empty left out.
fn logs(read: &dyn Read, known: Option<EntryId>) -> Result<Vec<LogState>> {
    let mut states = Vec::new();
    for head in read.heads()? {
        let size = known_size(&head, known);
        if size == 0 && head.size > 0 {
            continue;
        }
        let root = if size == head.size { head.root } else { earlier_root(read, &head, size)? };
        states.push(LogState { log: head.log, origin: head.origin, size, root: hex(&root) });
    }
    Ok(states)
}

/// How many entries of a log were known.
pub fn known_size(head: &Head, known: Option<EntryId>) -> u64 {
    match known {
        None => head.size,
        Some(known) if known.log() > head.log => head.size,
        Some(known) if known.log() == head.log => known.seq().min(head.size),
        Some(_) => 0,
    }
}

fn earlier_root(read: &dyn Read, head: &Head, size: u64) -> Result<Hash> {
    let failed = RefCell::new(None);
    let source = TileSource::new(|level, index| match read.tile(head.log, level, index) {
        Ok(tile) => tile,
        Err(fault) => {
            *failed.borrow_mut() = Some(fault);
            None
        }
    });
    let root = root_at(&source, size);
    if let Some(fault) = failed.borrow_mut().take() {
        return Err(fault);
    }
    root.ok_or_else(|| {
        Fault::new("R101", format!("the tiles of log {} give no root at size {size}", head.log))
            .remedy("run `creditbank verify`")
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
