//! Import profiles that the bank keeps.

use super::{Act, Draft, Fields, Posted, not_known};
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::ProfileRow;
use crate::intake::profile::Profile;
use crate::store::{self, Read, Store};

/// All versions of all profiles, by name and version.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn all(read: &dyn Read) -> Result<Vec<ProfileRow>> {
    let mut rows: Vec<ProfileRow> = store::all(read)?;
    rows.sort_by(|a, b| (&a.name, a.version).cmp(&(&b.name, b.version)));
    Ok(rows)
}

/// What becomes of the rows that a profile reads; empty where this program cannot read the profile.
pub fn target(row: &ProfileRow) -> &'static str {
    Profile::parse(&row.source, &row.name).map_or("", |profile| profile.target.name())
}

/// A version of a profile, the newest where none is named.
///
/// # Errors
/// `G104` where the bank has no such profile, or no such version of it.
pub fn get(read: &dyn Read, name: &str, version: Option<i64>) -> Result<ProfileRow> {
    let mut rows = versions(read, name)?;
    let newest = rows.last().map(|row| row.version).ok_or_else(|| not_known("profile", name))?;
    let wanted = version.unwrap_or(newest);
    rows.retain(|row| row.version == wanted);
    rows.pop().ok_or_else(|| {
        Fault::new("G104", format!("profile `{name}` has no version {wanted}"))
            .remedy(format!("its versions are 1 to {newest}"))
    })
}

fn versions(read: &dyn Read, name: &str) -> Result<Vec<ProfileRow>> {
    let mut rows: Vec<ProfileRow> = store::find(read, "name", name)?;
    rows.sort_by_key(|row| row.version);
    Ok(rows)
}

/// Keeps a profile; a changed text is a new version, and one that is kept already is left alone.
///
/// # Errors
/// Where the ledger cannot be read or written.
pub fn add(store: &mut dyn Store, act: &Act, profile: &Profile) -> Result<(ProfileRow, Posted)> {
    let mut draft = Draft::open(store, act.log)?;
    let mut known = versions(store, &profile.name)?;
    if let Some(same) = known.iter().rposition(|row| row.sha256 == profile.sha256) {
        return Ok((known.swap_remove(same), Posted::default()));
    }
    let row = ProfileRow {
        id: draft.fresh::<ProfileRow>(store)?,
        name: profile.name.clone(),
        version: known.last().map_or(1, |row| row.version + 1),
        sha256: profile.sha256.clone(),
        source: profile.source.clone(),
    };
    draft.put(&row)?;
    let before = known.last().map(fields).unwrap_or_default();
    let after: Fields = fields(&row);
    draft.note("profile", &row.name, &before, after);
    let posted = draft.post(store, act)?;
    Ok((row, posted))
}

fn fields(row: &ProfileRow) -> Fields {
    vec![
        ("version", row.version.to_string()),
        ("target", target(row).to_owned()),
        ("sha256", row.sha256.clone()),
    ]
}
