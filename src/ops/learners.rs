//! Learners as commands name them, and their lots.

use crate::domain::account::{Account, AccountError};
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::Scheme;
use crate::ledger::lots::{Cut, Lot, fold};
use crate::ops::names::Names;
use crate::store::{self, Read};

/// The account that a text names: an account number, an identifier's value, or `scheme:value` or
/// `scheme@issuer:value` where the value alone belongs to several people.
///
/// # Errors
/// `L101` where nobody is meant, `L102` where several people are, each of them named.
pub fn find(read: &(impl Read + ?Sized), text: &str) -> Result<i64> {
    let unknown = |why: String| {
        Fault::new("L101", format!("no learner `{text}`")).why(why).remedy(
            "give an account number or an identifier; `creditbank learner find TEXT` searches names too",
        )
    };
    match Account::parse(text) {
        Ok(account) if read.key(account.0)?.is_some() => return Ok(account.0),
        Ok(_) => return Err(unknown("no account has this number".into())),
        Err(error @ AccountError::Check { .. }) => return Err(unknown(error.to_string())),
        Err(AccountError::Shape) => {}
    }
    let (scheme, value) = match text.split_once(':') {
        Some((scheme, value)) => (Some(scheme), value),
        None => (None, text),
    };
    let value = crate::domain::text::clean(value);
    let mut found: Vec<(i64, Scheme)> = Vec::new();
    for fact in read.identities_with(&value)? {
        let row: Scheme = store::get(read, fact.scheme)?;
        let named = format!("{}@{}", row.name, row.issuer);
        if scheme.is_none_or(|scheme| scheme == row.name || scheme == named) && !is_description(&row) {
            found.push((fact.learner, row));
        }
    }
    found.dedup_by_key(|(learner, _)| *learner);
    match found.as_slice() {
        [] => Err(unknown("no identifier has this value".into())),
        [(learner, _)] => Ok(*learner),
        several => {
            let list: Vec<String> = several
                .iter()
                .map(|(learner, scheme)| {
                    format!("{} ({}@{}:{value})", Account(*learner), scheme.name, scheme.issuer)
                })
                .collect();
            Err(Fault::new(
                "L102",
                format!("`{text}` is an identifier of several people: {}", list.join(", ")),
            )
            .remedy("name the account, or the scheme with its issuer"))
        }
    }
}

/// True for facts that describe a person rather than identify one.
fn is_description(scheme: &Scheme) -> bool {
    matches!(scheme.name.as_str(), "name" | "birth-date" | "sex" | "region" | "sector")
}

/// A learner's lots, as they stand in a cut.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn lots(read: &(impl Read + ?Sized), names: &Names, learner: i64, cut: &Cut) -> Result<Vec<Lot>> {
    let achievements = read.achievements_of(learner)?;
    let movements = read.movements_of(learner)?;
    let mut periods = std::collections::HashMap::new();
    if cut.as_of.is_some() {
        for id in achievements.iter().map(|row| row.period).chain(movements.iter().map(|row| row.period)) {
            periods.insert(id, names.period(read, id)?);
        }
    }
    let no_date = crate::domain::date::Period::day(jiff::civil::Date::ZERO);
    let period = |id| periods.get(&id).map_or_else(|| no_date.clone(), |period| (**period).clone());
    Ok(fold(achievements, &movements, cut, &period))
}
