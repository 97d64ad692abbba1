//! Rule books of the bank, written for others.

use super::agreements::ctdl::{self, Catalogue, Resource};
use super::release::History;
use super::{publish::find_book, typed_rule};
use crate::domain::fault::{Fault, Result};
use crate::domain::outcome::Kind;
use crate::domain::registry::{Bank, Institution, Outcome, OutcomeVersion, RuleRow};
use crate::domain::rule::{Cap, Rule};
use crate::store::{self, Read};

pub use ctdl::Written;

/// A version of a book, as it was loaded.
#[derive(Debug, Clone)]
pub struct Exported {
    /// Its name.
    pub book: String,
    /// Its version.
    pub version: i64,
    /// Its caps, in the order of the file.
    pub caps: Vec<Cap>,
    /// Its rules, in the order of the file.
    pub rules: Vec<Rule>,
}

/// A version of a book, the newest where none is given.
///
/// # Errors
/// `R404` where there is none; where the ledger cannot be read.
pub fn export(read: &dyn Read, name: &str, version: Option<i64>) -> Result<Exported> {
    let history = History::read(read, None)?;
    let book = find_book(&history, name, version)?;
    let mut rows = store::find::<RuleRow>(read, "book", book.id)?;
    rows.sort_by_key(|row| row.id);
    let rules = rows.iter().map(typed_rule).collect::<Result<_>>()?;
    let caps = super::caps_of(read, std::slice::from_ref(book))?.into_iter().map(|(_, cap)| cap).collect();
    Ok(Exported { book: book.name.clone(), version: book.version, caps, rules })
}

/// Its rules as Transfer Value Profiles, with what the catalogue says of what they name.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn as_profiles(read: &dyn Read, exported: &Exported) -> Result<Written> {
    let bank = store::all::<Bank>(read)?.into_iter().next_back();
    let institution = |code: &str| {
        store::find::<Institution>(read, "code", code).ok()?.into_iter().map(|row| row.name).next_back()
    };
    let outcome = |institution: &str, code: &str| {
        let owner = store::find::<Institution>(read, "code", institution).ok()?.pop()?;
        let outcomes = store::find::<Outcome>(read, "code", code).ok()?;
        let outcome = outcomes.into_iter().find(|row| row.institution == owner.id)?;
        let versions = store::find::<OutcomeVersion>(read, "outcome", outcome.id).ok()?;
        let newest = versions.into_iter().max_by_key(|row| row.version)?;
        Some(Resource { title: newest.title, kind: newest.kind.and_then(Kind::from_code) })
    };
    let namespace = bank.map(|bank| bank.identifier).unwrap_or_default();
    let catalogue = Catalogue { namespace, institution: &institution, outcome: &outcome };
    let book = format!("{}@{}", exported.book, exported.version);
    ctdl::write(&book, &exported.rules, &catalogue).map_err(|error| Fault::new("S901", error.to_string()))
}
