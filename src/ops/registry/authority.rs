//! Authorities that may place credit without a rule: their remit, their officers, from when to when.

use super::{Act, Draft, Fields, Posted, not_known};
use crate::domain::credits::Credits;
use crate::domain::date::parse_iso;
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::{AuthorityRow, SystemRow};
use crate::ops::convert::target;
use crate::store::{self, Read, Store};
use jiff::civil::Date;

/// What is said of an authority.
#[derive(Debug, Clone)]
pub struct New {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Codes of the targets that it decides for; all where there are none.
    pub targets: Vec<String>,
    /// The most that one exception gives, and the code of its credit system.
    pub most: Option<(Credits, String)>,
    /// The system accounts that may act for it; all where there are none.
    pub officers: Vec<String>,
    /// First day on which it may decide.
    pub valid_from: Option<Date>,
    /// Last day on which it may decide.
    pub valid_to: Option<Date>,
    /// The statute or the minute that gives it its remit.
    pub citation: String,
}

/// All versions, by code and version.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn all(read: &dyn Read) -> Result<Vec<AuthorityRow>> {
    let mut rows: Vec<AuthorityRow> = store::all(read)?;
    rows.sort_by(|a, b| (&a.code, a.version).cmp(&(&b.code, b.version)));
    Ok(rows)
}

/// The newest version of an authority.
///
/// # Errors
/// `G104` where there is no such authority.
pub fn newest(read: &(impl Read + ?Sized), code: &str) -> Result<AuthorityRow> {
    let rows: Vec<AuthorityRow> = store::find(read, "code", code)?;
    rows.into_iter().max_by_key(|row| row.version).ok_or_else(|| not_known("authority", code))
}

/// Registers an authority, or a new version of one.
///
/// # Errors
/// `D104` where the last day is before the first or the citation is empty, `K101` for an unknown target, `K103` for
/// an unknown credit system.
pub fn add(store: &mut dyn Store, act: &Act, new: &New) -> Result<Posted> {
    if new.valid_from.zip(new.valid_to).is_some_and(|(from, to)| to < from) {
        return Err(Fault::new("D104", "the last day is before the first").remedy("correct --from or --to"));
    }
    if new.code.trim().is_empty() || new.name.trim().is_empty() || new.citation.trim().is_empty() {
        return Err(Fault::new("D104", "an authority has a code, a name and what gives it its remit")
            .remedy("name the statute or the minute with --citation"));
    }
    for code in &new.targets {
        target(store, code)?;
    }
    if let Some((_, system)) = &new.most
        && store::find::<SystemRow>(store, "code", system.as_str())?.is_empty()
    {
        return Err(Fault::new("K103", format!("credit system {system} is not registered"))
            .remedy("`creditbank system list` shows the codes"));
    }
    let mut draft = Draft::open(store, act.log)?;
    let known: Vec<AuthorityRow> = store::find(store, "code", new.code.as_str())?;
    let before = known.iter().max_by_key(|row| row.version);
    let list = |texts: &[String]| serde_json::Value::from(texts.to_vec()).to_string();
    let mut row = AuthorityRow {
        id: before.map_or(0, |row| row.id),
        code: new.code.clone(),
        version: before.map_or(0, |row| row.version),
        name: new.name.clone(),
        targets: list(&new.targets),
        most: new.most.as_ref().map(|(most, _)| most.0),
        system: new.most.as_ref().map(|(_, system)| system.clone()),
        officers: list(&new.officers),
        valid_from: new.valid_from.map(|day| day.to_string()),
        valid_to: new.valid_to.map(|day| day.to_string()),
        citation: new.citation.clone(),
    };
    if before == Some(&row) {
        return Ok(Posted::default());
    }
    (row.id, row.version) = (draft.fresh::<AuthorityRow>(store)?, row.version + 1);
    draft.put(&row)?;
    draft.note("authority", &row.code, &before.map(fields).unwrap_or_default(), fields(&row));
    draft.post(store, act)
}

fn fields(row: &AuthorityRow) -> Fields {
    vec![
        ("version", row.version.to_string()),
        ("name", row.name.clone()),
        ("targets", row.targets.clone()),
        ("most", row.most.map(|most| Credits(most).to_string()).unwrap_or_default()),
        ("system", row.system.clone().unwrap_or_default()),
        ("officers", row.officers.clone()),
        ("from", row.valid_from.clone().unwrap_or_default()),
        ("to", row.valid_to.clone().unwrap_or_default()),
        ("citation", row.citation.clone()),
    ]
}

/// Why an exception lies outside an authority's remit: its target, its day, its officer or its amount.
pub fn outside(
    row: &AuthorityRow,
    (target, day): (&str, Date),
    actor: &str,
    (worth, system): (Credits, &str),
) -> Option<String> {
    let list = |json: &str| serde_json::from_str::<Vec<String>>(json).unwrap_or_default();
    let (targets, officers) = (list(&row.targets), list(&row.officers));
    let named = |list: &[String], one: &str| list.is_empty() || list.iter().any(|known| known == one);
    let date = |text: &Option<String>| text.as_deref().and_then(|text| parse_iso(text).ok());
    if !named(&targets, target) {
        return Some(format!("{} decides for {}, not for {target}", row.code, targets.join(", ")));
    }
    if !named(&officers, actor) {
        return Some(format!("{} acts through {}, not through {actor}", row.code, officers.join(", ")));
    }
    if let Some(from) = date(&row.valid_from).filter(|from| day < *from) {
        return Some(format!("{} may decide from {from} on, not on {day}", row.code));
    }
    if let Some(to) = date(&row.valid_to).filter(|to| *to < day) {
        return Some(format!("{} could decide until {to}, not on {day}", row.code));
    }
    match (row.most, &row.system) {
        (Some(most), Some(of)) if of != system => {
            Some(format!("{} gives at most {} {of}, and this is {system}", row.code, Credits(most)))
        }
        (Some(most), _) if worth.0 > most => {
            Some(format!("{} gives at most {}, and this is {worth}", row.code, Credits(most)))
        }
        _ => None,
    }
}
