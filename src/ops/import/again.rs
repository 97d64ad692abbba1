//! A delivery that was taken before, byte by byte, needs no reading: all its rows are recorded.

use super::receipt::Account;
use super::standard::Expected;
use super::{Outcome, Request};
use crate::domain::entry::EntryId;
use crate::domain::fault::Result;
use crate::intake::incoming::Incoming;
use crate::intake::profile::{Profile, Standard, Target};
use crate::ops::batch::{BatchPayload, SourceFile};
use crate::store::{BatchRow, Read};

/// What an import of files finds that one earlier batch took whole, under the same profile: nothing new.
///
/// None where anything could be otherwise: there was something to tell of a row then, or it was recorded before;
/// something of the batch was undone since; or the delivery is held to a standard, which compares it with others.
pub fn taken_before(
    read: &dyn Read,
    request: &Request,
    files: &[Incoming],
    sources: &[SourceFile],
) -> Result<Option<Outcome>> {
    let Request { profile, expected, .. } = request;
    let held_to = profile.standard != Standard::default() || *expected != Expected::default();
    if profile.target != Target::Achievements || held_to {
        return Ok(None);
    }
    let mut taken: Option<(BatchRow, i64)> = None;
    read.batches(&mut |batch| {
        let payload = BatchPayload::read(&batch.payload)?;
        let version = payload.profile.as_ref().map_or(0, |profile| profile.version);
        if took(&payload, profile, sources) {
            taken = Some((batch, version));
        }
        Ok(())
    })?;
    let Some((batch, profile_version)) = taken else { return Ok(None) };
    let Some(account) = Account::of(read, &batch)? else { return Ok(None) };
    let end = EntryId(batch.entry.0 + batch.size);
    let whole = account.refused == 0 && account.already == 0 && account.rules.is_empty();
    if !whole || read.is_any_undone(batch.entry, end)? {
        return Ok(None);
    }
    let told = |file: &Incoming| {
        let name = file.source.name();
        file.reading.notices.iter().map(move |notice| (name.clone(), notice.clone())).collect::<Vec<_>>()
    };
    Ok(Some(Outcome {
        files: sources.iter().map(|source| source.name.clone()).collect(),
        notices: files.iter().flat_map(told).collect(),
        lenient: profile.lenient.clone(),
        profile_version,
        rows: account.rows,
        already: account.deposited + account.recorded,
        totals: account.files,
        ..Outcome::default()
    }))
}

/// Whether a batch read these files, in this order and in this way.
fn took(payload: &BatchPayload, profile: &Profile, sources: &[SourceFile]) -> bool {
    let same =
        |(one, other): (&SourceFile, &SourceFile)| one.sha256 == other.sha256 && one.read == other.read;
    payload.profile.as_ref().is_some_and(|known| known.sha256 == profile.sha256)
        && payload.files.len() == sources.len()
        && payload.files.iter().zip(sources).all(same)
}
