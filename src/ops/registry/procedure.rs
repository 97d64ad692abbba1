//! Procedures that the bank keeps: deadlines of requests and appeals.

use super::{Act, Draft, Fields, Posted, not_known};
use crate::domain::decision::Terms;
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::ProcedureRow;
use crate::intake::procedure::{Procedure, builtin};
use crate::ops::post::Poster;
use crate::store::{self, Read, Store};
use jiff::civil::Date;

/// A procedure in a list.
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Its version in the bank; none where it is built into the program.
    pub version: Option<i64>,
    /// What it says; none where this program cannot read it.
    pub procedure: Option<Procedure>,
}

/// All versions that the bank keeps, by name and version, then those built into the program.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn all(read: &dyn Read) -> Result<Vec<Listed>> {
    let mut rows: Vec<ProcedureRow> = store::all(read)?;
    rows.sort_by(|a, b| (&a.name, a.version).cmp(&(&b.name, b.version)));
    let kept = rows.into_iter().map(|row| {
        let procedure = Procedure::parse(&row.source, &row.name).ok();
        Listed { name: row.name, version: Some(row.version), procedure }
    });
    let built_in = builtin::ALL.iter().map(|(name, _)| {
        let procedure = builtin::procedure(name);
        Listed { name: (*name).to_owned(), version: None, procedure }
    });
    Ok(kept.chain(built_in).collect())
}

/// Reads the text of a procedure.
///
/// # Errors
/// `D101` with every fault and its place.
pub fn parse(text: &str, file: &str) -> Result<Procedure> {
    Procedure::parse(text, file).map_err(|error| {
        Fault::new("D101", error.to_string())
            .remedy("mend the procedure; docs/decisions-and-appeals.md says what it holds")
    })
}

/// The text of a procedure by its name: the bank's newest or that version, else the program's.
///
/// # Errors
/// `G104` where neither has it.
pub fn text(read: &dyn Read, name: &str, version: Option<i64>) -> Result<String> {
    let rows = versions(read, name)?;
    let found = match version {
        None => rows.into_iter().next_back(),
        Some(version) => rows.into_iter().find(|row| row.version == version),
    };
    if let Some(row) = found {
        return Ok(row.source);
    }
    let built_in = if version.is_none() { builtin::find(name) } else { None };
    built_in.map(str::to_owned).ok_or_else(|| not_known("procedure", name))
}

fn versions(read: &(impl Read + ?Sized), name: &str) -> Result<Vec<ProcedureRow>> {
    let mut rows: Vec<ProcedureRow> = store::find(read, "name", name)?;
    rows.sort_by_key(|row| row.version);
    Ok(rows)
}

/// Keeps a procedure; a changed text is a new version, and one that is kept already is left alone.
///
/// # Errors
/// Where the ledger cannot be read or written.
pub fn add(store: &mut dyn Store, act: &Act, procedure: &Procedure) -> Result<Posted> {
    let mut draft = Draft::open(store, act.log)?;
    let known = versions(store, &procedure.name)?;
    if known.iter().any(|row| row.sha256 == procedure.sha256) {
        return Ok(Posted::default());
    }
    let version = known.last().map_or(1, |row| row.version + 1);
    let row = row(draft.fresh::<ProcedureRow>(store)?, version, procedure);
    draft.put(&row)?;
    let before = known.last().map(fields).unwrap_or_default();
    draft.note("procedure", &row.name, &before, fields(&row));
    draft.post(store, act)
}

fn row(id: i64, version: i64, procedure: &Procedure) -> ProcedureRow {
    let Procedure { name, sha256, source, .. } = procedure.clone();
    ProcedureRow { id, name, version, sha256, source }
}

fn fields(row: &ProcedureRow) -> Fields {
    vec![("version", row.version.to_string()), ("sha256", row.sha256.clone())]
}

/// The procedure that a case follows, and its version: the newest kept version that is valid on a day, or the
/// program's where the bank keeps none of that name (the version is then to be kept). Where no name is given, the
/// only one that the bank keeps, or none.
///
/// # Errors
/// `D102` where the bank keeps several and none is named, `D103` where no version is valid on the day, `G104` where
/// there is no such procedure.
pub fn of_case(read: &dyn Read, name: Option<&str>, day: Date) -> Result<Option<(Procedure, Option<i64>)>> {
    let name = match name {
        Some(name) => name.to_owned(),
        None => {
            let mut names: Vec<String> =
                store::all::<ProcedureRow>(read)?.into_iter().map(|row| row.name).collect();
            names.sort();
            names.dedup();
            match names.as_slice() {
                [] => return Ok(None),
                [name] => name.clone(),
                several => {
                    let what = format!("the bank keeps {} procedures: {}", several.len(), several.join(", "));
                    return Err(Fault::new("D102", what).remedy("name one with --procedure"));
                }
            }
        }
    };
    let kept = versions(read, &name)?;
    let mut found: Vec<(Procedure, Option<i64>)> = Vec::new();
    for row in &kept {
        found.push((
            parse(&row.source, &format!("procedure {name} version {}", row.version))?,
            Some(row.version),
        ));
    }
    if kept.is_empty() {
        let built_in = builtin::procedure(&name).ok_or_else(|| not_known("procedure", &name))?;
        found.push((built_in, None));
    }
    let valid = found.into_iter().rfind(|(procedure, _)| procedure.is_valid_on(day));
    valid.map(Some).ok_or_else(|| {
        Fault::new("D103", format!("procedure {name} is not valid on {day}"))
            .remedy("`creditbank procedure list` shows from when to when each version is")
    })
}

/// What a case records of its procedure, which is kept in the bank where it is the program's.
///
/// # Errors
/// Where the ledger cannot be written.
pub fn keep(poster: &mut Poster, found: Option<&(Procedure, Option<i64>)>) -> Result<Option<Terms>> {
    let Some((procedure, version)) = found else { return Ok(None) };
    let version = match version {
        Some(version) => *version,
        None => {
            let id = store::next_id::<ProcedureRow>(poster.read())?;
            poster.register_one(&row(id, 1, procedure))?;
            1
        }
    };
    Ok(Some(procedure.terms(version)))
}
