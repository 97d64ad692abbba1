//! What the rules look at: the facts of lots, and what a learner has under limits already.

use crate::domain::credits::Credits;
use crate::domain::date::parse_iso;
use crate::domain::entry::{Achievement, EntryId};
use crate::domain::fault::{Fault, Result};
use crate::domain::outcome::Kind;
use crate::domain::registry::{Attrs, Book, OutcomeVersion, RuleRow};
use crate::ledger::convert::{RuleSet, Source, Standing, Used};
use crate::ledger::lots::Lot;
use crate::ops::names::Names;
use crate::store::{self, Read};
use jiff::civil::Date;
use serde_json::{Map, Value};

/// What the rules look at in a lot of which so much is free.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn source(
    read: &(impl Read + ?Sized),
    names: &Names,
    row: &Achievement,
    held: Credits,
) -> Result<Source> {
    let outcome = names.outcome(read, row.outcome)?;
    let version = names.version(read, row.outcome, row.version)?;
    let grade = match row.grade {
        None => None,
        Some(id) => {
            let grade = names.grade(read, id)?;
            Some((grade.scale.clone(), grade.written.clone()))
        }
    };
    let attributes = match row.attrs {
        None => Vec::new(),
        Some(id) => attributes(&store::get::<Attrs>(read, id)?)?,
    };
    Ok(Source {
        lot: row.entry,
        system: names.system(read, row.system)?.code.clone(),
        held,
        institution: names.institution(read, outcome.institution)?.code.clone(),
        outcome: outcome.code.clone(),
        kind: Kind::from_code(row.kind as i64).unwrap_or(Kind::Formal),
        field: version.field.clone(),
        level: version.framework.clone().zip(version.level.clone()),
        hours: version.hours.map(Credits),
        grade,
        period: (*names.period(read, row.period)?).clone(),
        attributes,
        accredited: accreditation(&version)?,
    })
}

fn attributes(row: &Attrs) -> Result<Vec<(String, String)>> {
    let object: Map<String, Value> = serde_json::from_str(&row.json).map_err(|error| {
        Fault::new("S914", format!("attributes {} cannot be read: {error}", row.id))
            .remedy("run `creditbank verify` to see what was changed")
    })?;
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    Ok(object.into_iter().map(|(name, value)| (name, text(value))).collect())
}

/// The days of an accreditation, where either is recorded.
fn accreditation(version: &OutcomeVersion) -> Result<Option<(Option<Date>, Option<Date>)>> {
    let day = |text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => parse_iso(text).map(Some).map_err(|error| {
            Fault::new("S915", format!("outcome version {} has no such day `{text}`: {error}", version.id))
                .remedy("run `creditbank verify` to see what was changed")
        }),
    };
    let (from, to) = (day(&version.accredited_from)?, day(&version.accredited_to)?);
    Ok((from.is_some() || to.is_some()).then_some((from, to)))
}

/// What a learner's standing placements use of the limits of some rules.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn used(read: &(impl Read + ?Sized), set: &RuleSet, lots: &[Lot]) -> Result<Used> {
    if !set.has_limits() {
        return Ok(Used::new());
    }
    let mut standing = Vec::new();
    for lot in lots.iter().filter(|lot| lot.stands()) {
        for placement in &lot.placements {
            if let Some((book, rule)) = rule_of(read, placement.decision)? {
                let (kind, worth) = (lot.achievement.kind, placement.worth);
                standing.push(Standing { book, rule, kind, worth });
            }
        }
    }
    Ok(set.used(&standing))
}

/// The rule of a decision, with its book's name.
fn rule_of(
    read: &(impl Read + ?Sized),
    decision: EntryId,
) -> Result<Option<(String, crate::domain::rule::Rule)>> {
    let Some(rule) = read.decision(decision)?.and_then(|decision| decision.rule) else { return Ok(None) };
    let row: RuleRow = store::get(read, rule)?;
    let book: Book = store::get(read, row.book)?;
    let rule = serde_json::from_str(&row.body)
        .map_err(|error| Fault::new("S912", format!("a conversion rule cannot be read: {error}")))?;
    Ok(Some((book.name, rule)))
}
