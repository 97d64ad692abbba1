//! Import profiles that the bank keeps.

use super::{Act, Draft, Fields, Posted, not_known};
use crate::domain::fault::{Exit, Fault, Result};
use crate::domain::registry::ProfileRow;
pub use crate::intake::profile::diff::differences;

use crate::intake::profile::{Profile, builtin};
use crate::store::{self, Read, Store};

/// A profile in a list.
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Its version in the bank; none where it is built into the program.
    pub version: Option<i64>,
    /// SHA-256 of its text, hexadecimal.
    pub sha256: String,
    /// What it says; none where this program cannot read it.
    pub profile: Option<Profile>,
}

/// All versions of the bank's profiles, by name and version, then those built into the program.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn all(read: Option<&dyn Read>) -> Result<Vec<Listed>> {
    let mut rows: Vec<ProfileRow> = read.map(store::all).transpose()?.unwrap_or_default();
    rows.sort_by(|a, b| (&a.name, a.version).cmp(&(&b.name, b.version)));
    let mut listed: Vec<Listed> = Vec::new();
    for ProfileRow { name, version, sha256, source, .. } in rows {
        let profile = Profile::parse(&source, &name).ok();
        listed.push(Listed { name, version: Some(version), sha256, profile });
    }
    for known in builtin::ALL {
        let profile = known.profile().map_err(|error| Fault::new("I102", error.to_string()))?;
        let (name, sha256) = (known.name.to_owned(), profile.sha256.clone());
        listed.push(Listed { name, version: None, sha256, profile: Some(profile) });
    }
    Ok(listed)
}

/// True for the name of a profile that is built into the program.
pub fn is_built_in(name: &str) -> bool {
    builtin::find(name.strip_prefix(BUILT_IN).unwrap_or(name)).is_some()
}

/// Before a name: the program's profile, whatever the bank keeps under the name.
const BUILT_IN: &str = "builtin:";

/// What becomes of the rows that a profile reads; empty where this program cannot read the profile.
pub fn target(row: &ProfileRow) -> &'static str {
    Profile::parse(&row.source, &row.name).map_or("", |profile| profile.target.name())
}

/// The text of a profile by its name, as messages call it: the bank's own comes before the program's.
///
/// `builtin:NAME` is the program's in any case.
///
/// # Errors
/// `G104` where neither has it, or where the bank has no such version.
pub fn text(read: Option<&dyn Read>, name: &str, version: Option<i64>) -> Result<(String, String)> {
    let built_in = name.strip_prefix(BUILT_IN);
    if let (Some(read), None) = (read, built_in)
        && (version.is_some() || !versions(read, name)?.is_empty() || builtin::find(name).is_none())
    {
        let row = get(read, name, version)?;
        return Ok((row.source, format!("profile {name} version {}", row.version)));
    }
    let wanted = built_in.unwrap_or(name);
    match builtin::find(wanted) {
        Some(known) => Ok((known.text.to_owned(), format!("built-in profile {wanted}"))),
        None => Err(Fault::new("G104", format!("profile `{name}` is not known"))
            .why("neither the bank nor the program has it")
            .remedy("`creditbank profile list` shows what there is")),
    }
}

/// A profile by the name of its file, or else by its own name.
///
/// # Errors
/// `I101` where there is neither, `I102` where the text is no profile.
pub fn load(read: Option<&dyn Read>, name: &str) -> Result<Profile> {
    let (text, file) = match std::fs::read_to_string(name) {
        Ok(text) => (text, name.to_owned()),
        Err(error) => text(read, name, None).map_err(|_| {
            Fault::new("I101", format!("profile {name}: {error}"))
                .why("it is neither a file nor the name of a profile kept in the bank or built into the program")
                .remedy("name a TOML file; `creditbank profile list` shows what there is by name")
        })?,
    };
    Profile::parse(&text, &file)
        .map_err(|error| Fault::new("I102", error.to_string()).remedy("mend the profile; nothing was read"))
}

/// One side of a comparison.
pub struct Side {
    /// How messages call it: a file's name, or `profile NAME version N`.
    pub called: String,
    /// What it says.
    pub profile: Profile,
}

/// Two profiles to compare, each a TOML file or a name, perhaps with a version as `NAME@N`.
///
/// Where one alone is given, a file is compared with the newest version of its name in the bank, and a name's
/// newest version with the one before it.
///
/// # Errors
/// `I101` where there is no such file or profile, `I102` where a text is no profile, `I103` for a version that is
/// no number, `I104` where there is nothing to compare with.
pub fn sides(read: Option<&dyn Read>, first: &str, second: Option<&str>) -> Result<(Side, Side)> {
    if let Some(second) = second {
        return Ok((side(read, first)?, side(read, second)?));
    }
    let given = side(read, first)?;
    let name = given.profile.name.clone();
    let known: Vec<i64> = match read {
        Some(read) => versions(read, &name)?.iter().map(|row| row.version).collect(),
        None => Vec::new(),
    };
    let is_file = given.called == first;
    let before = if is_file { known.last() } else { known.iter().rev().nth(1) };
    match before {
        Some(version) => Ok((side(read, &format!("{name}@{version}"))?, given)),
        None => Err(Fault::new("I104", format!("{} has nothing to be compared with", given.called))
            .why(match is_file {
                true => format!("the bank keeps no profile `{name}`"),
                false => format!("the bank keeps no version of `{name}` before it"),
            })
            .remedy("name two profiles: `creditbank profile diff A B`")),
    }
}

fn side(read: Option<&dyn Read>, asked: &str) -> Result<Side> {
    let (text, called) = match std::fs::read_to_string(asked) {
        Ok(text) => (text, asked.to_owned()),
        Err(error) => {
            let (name, version) = name_and_version(asked)?;
            text(read, name, version).map_err(|fault| match version {
                Some(_) => fault,
                None => Fault::new("I101", format!("profile {asked}: {error}"))
                    .why("it is neither a file nor the name of a profile kept in the bank or built into the program")
                    .remedy("name a TOML file, NAME or NAME@VERSION; `creditbank profile list` shows what there is"),
            })?
        }
    };
    let profile = Profile::parse(&text, &called)
        .map_err(|error| Fault::new("I102", error.to_string()).remedy("mend the profile"))?;
    Ok(Side { called, profile })
}

fn name_and_version(asked: &str) -> Result<(&str, Option<i64>)> {
    let Some((name, version)) = asked.rsplit_once('@') else { return Ok((asked, None)) };
    match version.parse() {
        Ok(version) => Ok((name, Some(version))),
        Err(_) => Err(Fault::new("I103", format!("`{version}` is not the number of a version"))
            .remedy("write NAME@2 for the second version of a profile")
            .exit(Exit::Usage)),
    }
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
