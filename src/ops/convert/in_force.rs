//! The rules of a target: those in force now, and those that were when a batch was made.

use super::rules;
use crate::domain::fault::{Exit, Fault, Result};
use crate::domain::registry::{Book, Institution, SystemRow};
use crate::ledger::convert::{RuleSet, Target};
use crate::ops::batch::InForce;
use crate::ops::rules::release::{DRAFT, Edition, History};
use crate::store::{self, Read};
use jiff::civil::Date;

/// The rules for a target that count on a day, by the release in force or by the one that is named, and their
/// books.
///
/// # Errors
/// `K101` for an unknown target, `K102` where no rule speaks of it, `R410` and `R411` where the named release does not
/// count on that day; where the ledger cannot be read.
pub fn rules_now(
    read: &dyn Read,
    target: &Target,
    day: Date,
    release: Option<&str>,
) -> Result<(RuleSet, Vec<InForce>)> {
    check_target(read, target)?;
    let history = History::read(read, None)?;
    let edition = match release {
        Some(name) => begun(&history, name, day)?,
        None => history.on(day)?,
    };
    let mut books = edition.books.clone();
    let rules = rules::rules_of(read, &books, target)?;
    if rules.is_empty() {
        return Err(nothing_speaks_of(target, &edition));
    }
    books.retain(|book| rules.iter().any(|rule| rule.book == book.name));
    let caps = rules::caps_of(read, &books)?;
    let named = |Book { name, version, sha256, .. }: Book| InForce { name, version, sha256 };
    Ok((RuleSet::new(target.clone(), rules, caps), books.into_iter().map(named).collect()))
}

/// A release that may be applied on a day.
fn begun(history: &History, name: &str, day: Date) -> Result<Edition> {
    if name == DRAFT {
        return Err(Fault::new("R411", "nothing is converted by rules that are not published")
            .remedy(
                "publish them with `creditbank rule publish`; `creditbank quote --release draft` tries them",
            )
            .exit(Exit::Usage));
    }
    let release = history.release(name)?;
    if day < release.from {
        return Err(Fault::new(
            "R410",
            format!("release {name} is in force from {}, not on {day}", release.from),
        )
        .remedy(format!("give --date {} or a later day, or another release", release.from))
        .exit(Exit::Usage));
    }
    history.edition(release)
}

fn nothing_speaks_of(target: &Target, edition: &Edition) -> Fault {
    let fault = Fault::new("K102", format!("no rule converts anything to {}", target.code()));
    match edition.name() {
        None => fault.remedy("load a rule book with `creditbank rule load FILE`"),
        Some(name) => fault
            .why(format!("release {name} counts, and none of its books has one"))
            .remedy("publish a release that has, or name another one with --release"),
    }
}

/// The rules for a target that were in force for a batch.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn rules_then(read: &dyn Read, target: &Target, in_force: &[InForce]) -> Result<RuleSet> {
    let mut books = Vec::new();
    for book in in_force {
        let versions = store::find::<Book>(read, "name", book.name.as_str())?;
        books.extend(versions.into_iter().filter(|row| row.version == book.version));
    }
    let rules = rules::rules_of(read, &books, target)?;
    Ok(RuleSet::new(target.clone(), rules, rules::caps_of(read, &books)?))
}

fn check_target(read: &(impl Read + ?Sized), target: &Target) -> Result<()> {
    let known = match target {
        Target::System(code) => !store::find::<SystemRow>(read, "code", code.as_str())?.is_empty(),
        Target::Institution(code) => !store::find::<Institution>(read, "code", code.as_str())?.is_empty(),
    };
    if known {
        return Ok(());
    }
    Err(Fault::new("K101", format!("`{}` is neither a credit system nor an institution", target.code()))
        .remedy("`creditbank system list` and `creditbank institution list` show the codes"))
}

/// A target by its code: a credit system, or else an institution.
///
/// # Errors
/// `K101` where it is neither.
pub fn target(read: &(impl Read + ?Sized), code: &str) -> Result<Target> {
    let system = Target::System(code.to_owned());
    if check_target(read, &system).is_ok() {
        return Ok(system);
    }
    let institution = Target::Institution(code.to_owned());
    check_target(read, &institution).map(|()| institution)
}
