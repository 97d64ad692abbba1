//! The rules of a target: those in force now, and those that were when a batch was made.

use super::rules;
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::{Book, Institution, SystemRow};
use crate::ledger::convert::{RuleSet, Target};
use crate::ops::batch::InForce;
use crate::store::{self, Read};

/// The rules in force for a target, and their books.
///
/// # Errors
/// `K101` for an unknown target, `K102` where no rule speaks of it; where the ledger cannot be read.
pub fn rules_now(read: &dyn Read, target: &Target) -> Result<(RuleSet, Vec<InForce>)> {
    check_target(read, target)?;
    let mut books = rules::newest_books(read)?;
    let rules = rules::rules_of(read, &books, target)?;
    if rules.is_empty() {
        return Err(Fault::new("K102", format!("no rule converts anything to {}", target.code()))
            .remedy("load a rule book with `creditbank rule load FILE`"));
    }
    books.retain(|book| rules.iter().any(|rule| rule.book == book.name));
    let caps = rules::caps_of(read, &books)?;
    let named = |Book { name, version, sha256, .. }: Book| InForce { name, version, sha256 };
    Ok((RuleSet::new(target.clone(), rules, caps), books.into_iter().map(named).collect()))
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
