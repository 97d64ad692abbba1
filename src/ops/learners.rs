//! Learners as commands name them, and their lots.

use crate::domain::account::{Account, AccountError};
use crate::domain::entry::{Achievement, Movement};
use crate::domain::fault::{Fault, Result};
use crate::domain::identifier::DESCRIPTIONS;
use crate::domain::registry::Scheme;
use crate::ledger::links::Links;
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
    if found.len() > 1 {
        let links = links(read, &Cut::default())?;
        if found.iter().all(|(learner, _)| links.same(*learner, found[0].0)) {
            return Ok(links.person(found[0].0));
        }
    }
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
    DESCRIPTIONS.contains(&scheme.name.as_str())
}

/// Whose account is whose, in a cut.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn links(read: &(impl Read + ?Sized), cut: &Cut) -> Result<Links> {
    Ok(Links::at(&read.links()?, cut))
}

/// The account that names the person whom a text means, in a cut.
///
/// # Errors
/// As [`find`].
pub fn find_person(read: &(impl Read + ?Sized), text: &str, cut: &Cut) -> Result<i64> {
    Ok(links(read, cut)?.person(find(read, text)?))
}

/// The entries of some accounts: achievements and movements, by entry.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn entries_of(
    read: &(impl Read + ?Sized),
    accounts: &[i64],
) -> Result<(Vec<Achievement>, Vec<Movement>)> {
    let (mut achievements, mut movements) = (Vec::new(), Vec::new());
    for account in accounts {
        achievements.extend(read.achievements_of(*account)?);
        movements.extend(read.movements_of(*account)?);
    }
    achievements.sort_by_key(|row| row.entry);
    movements.sort_by_key(|row| row.entry);
    Ok((achievements, movements))
}

/// The lots of the person whose account it is, as they stand in a cut.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn lots(read: &(impl Read + ?Sized), names: &Names, learner: i64, cut: &Cut) -> Result<Vec<Lot>> {
    lots_of(read, names, &links(read, cut)?.accounts(learner), cut)
}

/// The lots of some accounts, as they stand in a cut.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn lots_of(read: &(impl Read + ?Sized), names: &Names, accounts: &[i64], cut: &Cut) -> Result<Vec<Lot>> {
    let (achievements, movements) = entries_of(read, accounts)?;
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
