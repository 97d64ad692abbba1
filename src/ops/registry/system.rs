//! Credit systems beside those that the program knows out of the box.

use super::search::Needle;
use super::{Act, Draft, Fields, Posted, known_already, not_known, usage};
use crate::domain::fault::Result;
use crate::domain::registry::{Institution, SystemRow};
use crate::domain::system::{Hours, System, check_code};
use crate::ops::init::system_row;
use crate::store::{self, Read, Store};

/// The credit system of that code.
///
/// # Errors
/// `G104` where there is none.
pub fn get(read: &dyn Read, code: &str) -> Result<SystemRow> {
    let code = crate::domain::text::clean(code);
    store::find(read, "code", code.as_ref())?.pop().ok_or_else(|| not_known("system", &code))
}

/// All credit systems in order of their registration, or those whose code or name is searched for.
///
/// # Errors
/// Where the ledger cannot be read, or `each` fails.
pub fn each(
    read: &dyn Read,
    needle: Option<&Needle>,
    each: &mut dyn FnMut(&SystemRow) -> Result<()>,
) -> Result<()> {
    for row in store::all::<SystemRow>(read)? {
        let texts = [&row.code, &row.name, &row.name_local];
        if needle.is_none_or(|needle| texts.iter().any(|text| needle.within(text))) {
            each(&row)?;
        }
    }
    Ok(())
}

/// The notional hours of one credit, as a figure or a range; empty where none could be cited.
pub fn hours(row: &SystemRow) -> String {
    match (row.hours_low, row.hours_high) {
        (Some(low_milli), Some(high_milli)) => Hours { low_milli, high_milli }.to_string(),
        _ => String::new(),
    }
}

/// Registers a credit system.
///
/// # Errors
/// `G102` where its code is badly formed, `G103` where it is taken by a system or an institution,
/// `G101` where its citation is empty.
pub fn add(store: &mut dyn Store, act: &Act, system: System) -> Result<Posted> {
    let code = system.code.clone();
    check_code(&code).map_err(|why| {
        usage("G102", format!("`{code}` is not a system's code: {why}"), "write it as CN-NCEA")
    })?;
    let mut draft = Draft::open(store, act.log)?;
    let known: Vec<SystemRow> = store::find(store, "code", code.as_str())?;
    if !known.is_empty() {
        return Err(known_already(
            "credit system",
            &code,
            "choose another code; amounts keep the system they have",
        ));
    }
    let same: Vec<Institution> = store::find(store, "code", code.as_str())?;
    if !same.is_empty() {
        let remedy = "choose another code: `convert --to` takes the codes of both";
        return Err(known_already("institution", &code, remedy));
    }
    if system.citation.is_empty() {
        let remedy = "name the law or standard, its section, year and address";
        return Err(usage("G101", "a credit system needs a citation", remedy));
    }
    let row = system_row(draft.fresh::<SystemRow>(store)?, system);
    draft.put(&row)?;
    draft.note("credit system", &code, &Fields::new(), fields(&row));
    draft.post(store, act)
}

fn fields(row: &SystemRow) -> Fields {
    let flag = |flag: i64| if flag == 1 { "yes".to_owned() } else { String::new() };
    vec![
        ("name", row.name.clone()),
        ("name_local", row.name_local.clone()),
        ("country", row.country.clone()),
        ("hours", hours(row)),
        ("indivisible", flag(row.indivisible)),
        ("citation", row.citation.clone()),
        ("verified", flag(row.verified)),
    ]
}
