//! Replaying: the same inputs must give the same bytes.

use super::{Agrees, Facts};
use crate::domain::credits::Credits;
use crate::domain::entry::{Achievement, EntryId};
use crate::domain::fault::{Fault, Result};
use crate::intake::csv::Record;
use crate::intake::draft::Reader;
use crate::intake::hash::HashingRead;
use crate::intake::incoming::Incoming;
use crate::intake::profile::Profile;
use crate::ops::batch::{BatchPayload, hex};
use crate::ops::import::file_fault;
use crate::ops::names::Names;
use crate::ops::post::key_of;
use crate::proof::leaf::{self, Ordinal, Remainder, Salter};
use crate::proof::merkle::Hash;
use crate::proof::tile::WIDTH;
use crate::report::Cell;
use crate::store::Read;
use std::path::Path;

/// The leaf hash that the log keeps for an entry.
pub fn kept_leaf(read: &dyn Read, entry: EntryId) -> Result<Option<Hash>> {
    let width = WIDTH as u64;
    let tile = read.tile(entry.log(), 0, entry.seq() / width)?;
    Ok(tile.and_then(|tile| tile.hashes.get((entry.seq() % width) as usize).copied()))
}

/// The leaf hash that an achievement's columns give.
pub fn achievement_leaf(
    read: &dyn Read,
    names: &Names,
    row: &Achievement,
    batch: Option<&BatchPayload>,
) -> Result<Hash> {
    let mut payload = Vec::new();
    leaf::achievement_payload(row, &mut payload);
    let salter = Salter::new(&key_of(read, row.learner)?);
    let ordinal = Ordinal::Row { file: row.file as u32, line: row.line as u64 };
    let batch_id = batch.map(BatchPayload::id_bytes).unwrap_or_default();
    let remainder = Remainder {
        system: row.system,
        institution: names.outcome(read, row.outcome)?.institution,
        year: names.period(read, row.period)?.first.year(),
        amount: row.amount,
    };
    Ok(leaf::moved(row.entry_kind(), &remainder, &salter.commit(&batch_id, ordinal, &payload)))
}

/// The leaf hash that a learner's act gives.
pub fn act_leaf(
    read: &dyn Read,
    act: &crate::store::Act,
    first: EntryId,
    batch: &BatchPayload,
) -> Result<Option<Hash>> {
    let Some(learner) = act.learner else {
        return Ok(Some(leaf::act(act.kind, &act.payload, 0, &crate::proof::merkle::EMPTY_ROOT)));
    };
    let salter = Salter::new(&key_of(read, learner)?);
    let ordinal = Ordinal::Place((act.entry.0 - first.0) as u64);
    Ok(Some(leaf::committed(act.kind, &salter.commit(&batch.id_bytes(), ordinal, act.payload.as_bytes()))))
}

/// What the comparison of a recomputed leaf with the kept one says.
pub fn verdict(computed: Hash, kept: Option<Hash>) -> Facts {
    vec![("leaf recomputed", hex(&computed).into()), ("leaf in the log", kept.map(|kept| hex(&kept)).into())]
}

/// Reads the row again from its source file.
pub fn from_source(
    row: &Achievement,
    path: &Path,
    batch: Option<&BatchPayload>,
    profile: Option<&Profile>,
) -> Result<(Facts, Agrees)> {
    let file = batch.and_then(|batch| batch.files.get(row.file as usize));
    let (Some(file), Some(profile)) = (file, profile) else {
        return Err(Fault::new("X103", "this entry did not come from a file").remedy("leave out --source"));
    };
    let unreadable =
        |error: std::io::Error| Fault::new("E001", format!("{} cannot be read: {error}", path.display()));
    let fault = |error| file_fault(path, &error);
    let incoming = Incoming::open(path, profile).map_err(fault)?;
    let mut hashing = HashingRead::new(incoming.source.sent());
    std::io::copy(&mut hashing, &mut std::io::sink()).map_err(unreadable)?;
    if hashing.sha256_hex() != file.sha256 {
        return Err(Fault::new("X104", format!("{} is not the file that was imported", path.display()))
            .why(format!("its SHA-256 is {}, not {}", hashing.sha256_hex(), file.sha256))
            .remedy(format!("give the very file `{}` as it was then", file.name)));
    }
    let incoming = match &file.read {
        Some(recorded) => incoming.as_recorded(recorded),
        None => incoming,
    };
    let mut reader = Reader::open(profile, &incoming).map_err(fault)?;
    let mut record = Record::new();
    while reader.next(&mut record).map_err(fault)? {
        if record.place().number() != row.line {
            continue;
        }
        let fields: Vec<&str> = record.fields().collect();
        let mut problems = Vec::new();
        let draft = reader.mapping().draft(&record, &mut problems);
        let again = draft.map(|draft| (draft.credits, draft.status));
        let wanted = row.group_load.unwrap_or(row.amount);
        let agrees = again.is_some_and(|(credits, status)| {
            status == row.status
                && (row.amount == Credits::ZERO || credits.is_none_or(|credits| credits == wanted))
        });
        return Ok((
            vec![("row read again", fields.join(" | ").into()), ("row gives the same", Cell::Flag(agrees))],
            agrees,
        ));
    }
    Ok((vec![("row read again", "the file has no such line".into())], false))
}
