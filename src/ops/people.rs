//! People who have several accounts, or may have: merging, unmerging, reviewing, and what their acts record.
//!
//! A merge links one account to another. Entries stay under the account for which they were made; every
//! report, conversion and import then takes the accounts for one person's. An unmerge ends the link.

pub mod acts;
pub mod alike;
pub mod doubled;
pub mod merge;
pub mod review;
pub mod unmerge;

use crate::domain::account::Account;
use crate::domain::entry::EntryId;
use crate::domain::fault::{Exit, Fault, Result};
use crate::domain::likeness;
use crate::domain::link::Description;
use crate::domain::registry::Scheme;
use crate::store::{self, Identity, Read};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What a merge act records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeAct {
    /// The account that names the person.
    pub person: Account,
    /// The account that answers for it from then on.
    pub account: Account,
    /// The day, in the bank's time zone.
    pub date: Date,
    /// Why.
    pub reason: String,
    /// Decisions of the same batch that reversed what both accounts had.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reversed: Vec<EntryId>,
}

/// What an unmerge act records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmergeAct {
    /// The account to which the link led.
    pub person: Account,
    /// The account that is its own person's again.
    pub account: Account,
    /// The merge act whose link ends.
    pub merge: EntryId,
    /// The day, in the bank's time zone.
    pub date: Date,
    /// Why.
    pub reason: String,
}

/// What a review act records: a new account, and one that it is like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewAct {
    /// The account that was opened.
    pub account: Account,
    /// The account that it is like.
    pub other: Account,
    /// How much, in points.
    pub score: u32,
    /// What agrees.
    pub why: String,
}

/// What a distinct act records: somebody looked at a pair, and they are two people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DistinctAct {
    /// The review act.
    pub review: EntryId,
    /// The account that was opened.
    pub account: Account,
    /// The account that it is like.
    pub other: Account,
    /// Why.
    pub reason: String,
}

/// The schemes of facts that hold names: of now, and of before.
pub const NAMES: [&str; 2] = ["name", "former-name"];

/// The ids of the schemes by which people are described: those of names, and that of birth dates.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn describing(read: &(impl Read + ?Sized)) -> Result<([Option<i64>; 2], Option<i64>)> {
    let mut ids = [None; 3];
    for (id, name) in ids.iter_mut().zip(NAMES.into_iter().chain(["birth-date"])) {
        let rows: Vec<Scheme> = store::find(read, "name", name)?;
        *id = rows.into_iter().find(|row| row.issuer.is_empty()).map(|row| row.id);
    }
    Ok(([ids[0], ids[1]], ids[2]))
}

/// How one account's facts describe a person: by every birth date known to the day with every name.
pub fn descriptions(
    learner: i64,
    facts: &[&Identity],
    (names, births): ([Option<i64>; 2], Option<i64>),
) -> Vec<Description> {
    let values = |fits: &dyn Fn(Option<i64>) -> bool| -> Vec<&str> {
        facts.iter().filter(|fact| fits(Some(fact.scheme))).map(|fact| fact.value.as_str()).collect()
    };
    let births = values(&|scheme| scheme == births);
    let names = if births.is_empty() { Vec::new() } else { values(&|scheme| names.contains(&scheme)) };
    let keys = likeness::keys(&names, &births);
    keys.into_iter().map(|(birth, name)| Description { birth, name, learner }).collect()
}

/// Refuses an act about people that nobody gives a reason for.
fn check_reason(reason: &str) -> Result<()> {
    if super::undo::is_reason(Some(reason)) {
        return Ok(());
    }
    Err(Fault::new("L105", "an act about whose account is whose needs a reason")
        .remedy("give it with --reason; it is kept for good")
        .exit(Exit::Usage))
}
