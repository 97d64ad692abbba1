//! Institutions: bodies that award or accept outcomes.

use super::search::Needle;
use super::{Act, Draft, Fields, Posted, known_already, not_known, usage};
use crate::domain::date::Calendar;
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::{Institution, SystemRow};
use crate::domain::text::shorten;
use crate::store::{self, Read, Store};
use serde_json::Value;

/// What is said of an institution; none where nothing is.
#[derive(Debug, Clone, Default)]
pub struct Details {
    /// Its name.
    pub name: Option<String>,
    /// ISO 3166-1 alpha-2 code.
    pub country: Option<String>,
    /// Region, in the bank's own words.
    pub region: Option<String>,
    /// Sector, in the bank's own words.
    pub sector: Option<String>,
    /// Its terms and academic years.
    pub calendar: Option<Calendar>,
}

/// The institution of that code.
///
/// # Errors
/// `G104` where there is none.
pub fn get(read: &dyn Read, code: &str) -> Result<Institution> {
    let code = crate::domain::text::clean(code);
    store::find(read, "code", code.as_ref())?.pop().ok_or_else(|| not_known("institution", &code))
}

/// All institutions in order of their registration, or those whose code or name is searched for.
///
/// # Errors
/// Where the ledger cannot be read, or `each` fails.
pub fn each(
    read: &dyn Read,
    needle: Option<&Needle>,
    each: &mut dyn FnMut(&Institution) -> Result<()>,
) -> Result<()> {
    for row in store::all::<Institution>(read)? {
        if needle.is_none_or(|needle| needle.within(&row.code) || needle.within(&row.name)) {
            each(&row)?;
        }
    }
    Ok(())
}

/// How many outcomes an institution has.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn outcomes(read: &dyn Read, institution: i64) -> Result<i64> {
    let mut count = 0;
    read.rows("outcome", Some(("institution", Value::from(institution))), &mut |_| {
        count += 1;
        Ok(())
    })?;
    Ok(count)
}

/// An institution's calendar; one without terms where it has none.
///
/// # Errors
/// `S911` where it cannot be read, which only a change from outside causes.
pub fn calendar(row: &Institution) -> Result<Calendar> {
    let Some(json) = &row.calendar else { return Ok(Calendar::default()) };
    serde_json::from_str(json).map_err(|error| {
        Fault::new("S911", format!("the calendar of institution {} cannot be read: {error}", row.code))
            .remedy("run `creditbank verify`")
    })
}

/// Reads a calendar's TOML text; `file` is for the messages.
///
/// # Errors
/// `G108` where it is no calendar, or one of its terms has no valid days.
pub fn read_calendar(text: &str, file: &str) -> Result<Calendar> {
    let fault = |what: String| {
        usage(
            "G108",
            format!("{file}: {what}"),
            "write each term as [[term]] with written = \"{year}J\", first = \"10-01\", last = \"07-31\", and year = true for a whole academic year",
        )
    };
    let calendar: Calendar = toml::from_str(text).map_err(|error| fault(error.to_string()))?;
    if calendar.terms.is_empty() {
        return Err(fault("it has no terms".to_owned()));
    }
    for (at, term) in calendar.terms.iter().enumerate() {
        if crate::domain::text::clean(&term.written) != term.written.as_str() || term.written.is_empty() {
            return Err(fault(format!("term {} has `written` empty or with blanks at its ends", at + 1)));
        }
        if calendar.terms[..at].iter().any(|earlier| earlier.written == term.written) {
            return Err(fault(format!("term `{}` is there twice", shorten(&term.written, 40))));
        }
    }
    calendar.check().map_err(fault)?;
    Ok(calendar)
}

/// Registers an institution.
///
/// # Errors
/// `G103` where its code is taken by an institution or a credit system, `G101` where it has no name.
pub fn add(store: &mut dyn Store, act: &Act, code: &str, details: &Details) -> Result<Posted> {
    let mut draft = Draft::open(store, act.log)?;
    let known: Vec<Institution> = store::find(store, "code", code)?;
    if !known.is_empty() {
        let remedy = format!("`creditbank institution set {code} …` changes what is said of it");
        return Err(known_already("institution", code, remedy));
    }
    let systems: Vec<SystemRow> = store::find(store, "code", code)?;
    if !systems.is_empty() {
        let remedy = "choose another code: `convert --to` takes the codes of both";
        return Err(known_already("credit system", code, remedy));
    }
    let Some(name) = details.name.clone() else {
        return Err(usage("G101", "an institution needs a name", "give --name"));
    };
    let bare = Institution {
        id: draft.fresh::<Institution>(store)?,
        code: code.to_owned(),
        name,
        country: None,
        region: None,
        sector: None,
        calendar: None,
    };
    let row = with(&bare, details)?;
    draft.put(&row)?;
    draft.note("institution", code, &Fields::new(), fields(&row)?);
    draft.post(store, act)
}

/// Says something else of an institution: a newer version of its row.
///
/// # Errors
/// `G104` where there is none of that code.
pub fn set(store: &mut dyn Store, act: &Act, code: &str, details: &Details) -> Result<Posted> {
    let mut draft = Draft::open(store, act.log)?;
    let known = get(store, code)?;
    let row = with(&known, details)?;
    if row != known {
        draft.put(&row)?;
        draft.note("institution", &known.code, &fields(&known)?, fields(&row)?);
    }
    draft.post(store, act)
}

/// A row with details in place of what it said.
fn with(row: &Institution, details: &Details) -> Result<Institution> {
    let or = |new: &Option<String>, old: &Option<String>| new.clone().or_else(|| old.clone());
    let calendar = match &details.calendar {
        None => row.calendar.clone(),
        Some(calendar) => {
            Some(serde_json::to_string(calendar).map_err(|error| Fault::new("S901", error.to_string()))?)
        }
    };
    Ok(Institution {
        id: row.id,
        code: row.code.clone(),
        name: details.name.clone().unwrap_or_else(|| row.name.clone()),
        country: or(&details.country, &row.country),
        region: or(&details.region, &row.region),
        sector: or(&details.sector, &row.sector),
        calendar,
    })
}

fn fields(row: &Institution) -> Result<Fields> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let terms: Vec<String> = calendar(row)?
        .terms
        .iter()
        .map(|term| format!("{} {}–{}", term.written, term.first, term.last))
        .collect();
    Ok(vec![
        ("name", row.name.clone()),
        ("country", text(&row.country)),
        ("region", text(&row.region)),
        ("sector", text(&row.sector)),
        ("calendar", terms.join("; ")),
    ])
}
