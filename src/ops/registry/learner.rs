//! Learners: accounts, and the dated facts that identify and describe a person.
//!
//! A batch's own account of itself is public within the log and outlives an erasure, so no command
//! that carries personal data is recorded there with its values.

use super::search::Needle;
use super::values::Days;
use super::{Act, Change, Draft, Posted};
use crate::domain::account::Account;
use crate::domain::fault::{Fault, Result};
use crate::domain::identifier::{DESCRIPTIONS, Identifier, sort};
use crate::domain::registry::Scheme;
use crate::ops::batch::{Actor, random};
use crate::ops::post::Fact;
use crate::store::{self, Identity, Read, Store};
use std::collections::{BTreeSet, HashMap};

/// What is said of a person, beside identifiers: a scheme of [`DESCRIPTIONS`] and the value.
pub type Description = (&'static str, String);

/// A person as they are enrolled.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// At least one.
    pub identifiers: Vec<Identifier>,
    /// When the identifiers hold.
    pub days: Days,
    /// What else is said.
    pub descriptions: Vec<Description>,
}

/// Opens an account.
///
/// # Errors
/// `G120` where the person has no identifier, `G122` where another account has one of them.
pub fn add(store: &mut dyn Store, act: &Act, person: &Person) -> Result<(Account, Posted)> {
    if person.identifiers.is_empty() {
        return Err(Fault::new("G120", "an account needs an identifier").remedy("give --identifier"));
    }
    let mut draft = Draft::open(store, act.log)?;
    let learner = store.last_learner()? + 1;
    draft.keys.push((learner, random::<32>()?));
    let mut facts = Facts { draft, learner, known: Vec::new() };
    for identifier in &person.identifiers {
        facts.identifier(store, identifier, person.days)?;
    }
    for (scheme, value) in &person.descriptions {
        facts.add(store, (scheme, ""), value, Days::default())?;
    }
    let posted = facts.draft.post(store, &Act { actor: &discreet(act.actor, "add"), ..act.clone() })?;
    Ok((Account(learner), posted))
}

/// Adds an identifier to an account.
///
/// # Errors
/// `G122` where another account has it, `G123` where this one has it for the same days.
pub fn identify(
    store: &mut dyn Store,
    act: &Act,
    learner: i64,
    identifier: &Identifier,
    days: Days,
) -> Result<Posted> {
    let mut facts = Facts::of(store, act, learner)?;
    facts.identifier(store, identifier, days)?;
    facts.draft.post(store, &Act { actor: &discreet(act.actor, "identify"), ..act.clone() })
}

/// Adds facts that describe a person to their account.
///
/// # Errors
/// `G123` where the account has one of them for the same days.
pub fn describe(
    store: &mut dyn Store,
    act: &Act,
    learner: i64,
    descriptions: &[Description],
    days: Days,
) -> Result<Posted> {
    let mut facts = Facts::of(store, act, learner)?;
    for (scheme, value) in descriptions {
        facts.add(store, (scheme, ""), value, days)?;
    }
    facts.draft.post(store, &Act { actor: &discreet(act.actor, "describe"), ..act.clone() })
}

/// The actor, with the command named but not its values.
fn discreet(actor: &Actor, verb: &str) -> Actor {
    Actor { command: format!("learner {verb} …"), ..actor.clone() }
}

/// New facts about one learner.
struct Facts {
    draft: Draft,
    learner: i64,
    known: Vec<Identity>,
}

impl Facts {
    fn of(store: &dyn Store, act: &Act, learner: i64) -> Result<Facts> {
        let draft = Draft::open(store, act.log)?;
        Ok(Facts { draft, learner, known: store.identities_of(learner)? })
    }

    fn identifier(&mut self, read: &dyn Read, identifier: &Identifier, days: Days) -> Result<()> {
        let Identifier { scheme, issuer, value } = identifier;
        let id = self.draft.scheme(read, scheme, issuer)?;
        for spelling in identifier.spellings() {
            let facts = read.identities_with(&spelling)?;
            if let Some(other) = facts.iter().find(|fact| fact.scheme == id && fact.learner != self.learner) {
                let owner = Account(other.learner);
                let mut what = format!("account {owner} has the identifier {identifier} already");
                if self.draft.keys.is_empty() {
                    what.push_str(&format!("; it cannot become {}'s", Account(self.learner)));
                }
                let remedy = format!("`creditbank learner show {owner}` shows whose it is; check the value");
                return Err(Fault::new("G122", what)
                    .why("an identifier belongs to one person")
                    .remedy(remedy));
            }
        }
        self.add(read, (scheme, issuer), value, days)
    }

    fn add(&mut self, read: &dyn Read, scheme: (&str, &str), value: &str, days: Days) -> Result<()> {
        let (name, issuer) = scheme;
        let id = self.draft.scheme(read, name, issuer)?;
        let (valid_from, valid_to) = (days.first(), days.last());
        let stored =
            self.known.iter().map(|fact| (fact.scheme, &fact.value, &fact.valid_from, &fact.valid_to));
        let new =
            self.draft.facts.iter().map(|fact| (fact.scheme, &fact.value, &fact.valid_from, &fact.valid_to));
        let value = value.to_owned();
        if stored.chain(new).any(|fact| fact == (id, &value, &valid_from, &valid_to)) {
            let what = format!("{}:{value} is there already, for the same days", sort(name, issuer));
            return Err(Fault::new("G123", what).remedy("leave it out, or give other days"));
        }
        let taken = self.known.iter().map(|fact| fact.nth + 1).max().unwrap_or(0);
        let nth = taken + self.draft.facts.len() as i64;
        let which = Account(self.learner).to_string();
        let (field, after) = (sort(name, issuer), said(&value, &valid_from, &valid_to));
        self.draft.changes.push(Change { what: "learner", which, field, before: String::new(), after });
        let learner = self.learner;
        self.draft.facts.push(Fact { learner, nth, scheme: id, value, valid_from, valid_to });
        Ok(())
    }
}

/// A value with the days on which it holds.
fn said(value: &str, from: &Option<String>, to: &Option<String>) -> String {
    let from = from.as_ref().map(|day| format!(" from {day}")).unwrap_or_default();
    let to = to.as_ref().map(|day| format!(" to {day}")).unwrap_or_default();
    format!("{value}{from}{to}")
}

/// The schemes of identity by their ids.
pub struct Schemes(HashMap<i64, Scheme>);

impl Schemes {
    /// Reads them.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn read(read: &dyn Read) -> Result<Schemes> {
        Ok(Schemes(store::all::<Scheme>(read)?.into_iter().map(|row| (row.id, row)).collect()))
    }

    /// Name and issuer of a fact's scheme.
    pub fn of(&self, fact: &Identity) -> (&str, &str) {
        self.0.get(&fact.scheme).map_or(("", ""), |row| (row.name.as_str(), row.issuer.as_str()))
    }

    fn is_description(&self, fact: &Identity) -> bool {
        DESCRIPTIONS.contains(&self.of(fact).0)
    }
}

/// A learner in a list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The account.
    pub account: Account,
    /// Names, in the order in which they were recorded.
    pub names: Vec<String>,
    /// Identifiers with their schemes and issuers.
    pub identifiers: Vec<String>,
}

fn listed(read: &dyn Read, schemes: &Schemes, learner: i64) -> Result<Listed> {
    let mut row = Listed { account: Account(learner), names: Vec::new(), identifiers: Vec::new() };
    for fact in read.identities_of(learner)? {
        let (scheme, issuer) = schemes.of(&fact);
        let text = match scheme {
            "name" => fact.value.clone(),
            _ if schemes.is_description(&fact) => continue,
            _ => format!("{}:{}", sort(scheme, issuer), fact.value),
        };
        let list = if scheme == "name" { &mut row.names } else { &mut row.identifiers };
        if !list.contains(&text) {
            list.push(text);
        }
    }
    Ok(row)
}

/// All learners by account, or those whom a text names: by account number, by an identifier or by
/// part of a name.
///
/// # Errors
/// Where the ledger cannot be read, or `each` fails.
pub fn each(read: &dyn Read, text: Option<&str>, each: &mut dyn FnMut(Listed) -> Result<()>) -> Result<()> {
    let schemes = Schemes::read(read)?;
    let Some(text) = text else {
        return read.keys(&mut |learner, _| each(listed(read, &schemes, learner)?));
    };
    for learner in found(read, &schemes, text)? {
        each(listed(read, &schemes, learner)?)?;
    }
    Ok(())
}

fn found(read: &dyn Read, schemes: &Schemes, text: &str) -> Result<BTreeSet<i64>> {
    let needle = Needle::new(text)?;
    let mut found = BTreeSet::new();
    if let Ok(account) = Account::parse(text)
        && read.key(account.0)?.is_some()
    {
        found.insert(account.0);
    }
    read.identities(&mut |fact| {
        let (scheme, issuer) = schemes.of(&fact);
        let meant = match scheme {
            "name" => needle.within(&fact.value),
            _ if schemes.is_description(&fact) => false,
            _ => needle.is(&fact.value) || needle.is(&format!("{}:{}", sort(scheme, issuer), fact.value)),
        };
        if meant {
            found.insert(fact.learner);
        }
        Ok(())
    })?;
    Ok(found)
}
