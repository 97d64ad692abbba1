//! Learners: accounts, and the dated facts that identify and describe a person.
//!
//! A batch's own account of itself is public within the log and outlives an erasure, so no command
//! that carries personal data is recorded there with its values.

use super::search::Needle;
use super::values::Days;
use super::{Act, Change, Draft, Posted};
use crate::domain::account::Account;
use crate::domain::entry::EntryId;
use crate::domain::fault::{Fault, Result};
use crate::domain::identifier::{DESCRIPTIONS, Identifier, sort};
use crate::domain::likeness::LINE;
use crate::domain::registry::Scheme;
use crate::ledger::links::Links;
use crate::ledger::lots::Cut;
use crate::ops::batch::{Actor, random};
use crate::ops::learners::links;
use crate::ops::people::alike::{self, Best};
use crate::ops::people::{NAMES, describing};
use crate::ops::post::{Fact, identity};
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
    let mut facts = Facts { draft, learner, known: Vec::new(), links: links(store, &Cut::default())? };
    for identifier in &person.identifiers {
        facts.identifier(store, identifier, person.days)?;
    }
    for (scheme, value) in &person.descriptions {
        facts.add(store, (scheme, ""), value, Days::default())?;
    }
    facts.review(store)?;
    let posted = facts.draft.post(store, &Act { actor: &discreet(act.actor, "add"), ..act.clone() })?;
    Ok((Account(learner), posted))
}

/// Adds an identifier to an account.
///
/// # Errors
/// `G122` where another account has it, `G123` where this one has it for the same days, or another one of the same person.
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
    facts.review(store)?;
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
    links: Links,
}

impl Facts {
    fn of(store: &dyn Store, act: &Act, learner: i64) -> Result<Facts> {
        let draft = Draft::open(store, act.log)?;
        let links = links(store, &Cut::default())?;
        Ok(Facts { draft, learner, known: store.identities_of(learner)?, links })
    }

    fn identifier(&mut self, read: &dyn Read, identifier: &Identifier, days: Days) -> Result<()> {
        let Identifier { scheme, issuer, value } = identifier;
        let id = self.draft.scheme(read, scheme, issuer)?;
        for spelling in identifier.spellings() {
            let facts = read.identities_with(&spelling)?;
            let elsewhere = |fact: &&Identity| fact.scheme == id && fact.learner != self.learner;
            if let Some(other) = facts.iter().find(elsewhere) {
                return Err(self.taken(Account(other.learner), identifier));
            }
        }
        self.add(read, (scheme, issuer), value, days)
    }

    /// Why an identifier that another account has is not recorded again.
    fn taken(&self, owner: Account, identifier: &Identifier) -> Fault {
        let mut what = format!("account {owner} has the identifier {identifier} already");
        if self.links.same(owner.0, self.learner) {
            what.push_str(&format!(", and answers for the same person as {}", Account(self.learner)));
            return Fault::new("G123", what)
                .why("should the accounts be parted again, it would be two people's")
                .remedy("leave it out: it finds the person already");
        }
        if self.draft.keys.is_empty() {
            what.push_str(&format!("; it cannot become {}'s", Account(self.learner)));
        }
        let remedy = format!(
            "`creditbank learner show {owner}` shows whose it is; check the value, or merge the accounts"
        );
        Fault::new("G122", what).why("an identifier belongs to one person").remedy(remedy)
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

impl Facts {
    /// Notes those who are like the learner, by what is known and by what is new, for somebody to look at.
    fn review(&mut self, read: &dyn Read) -> Result<()> {
        let (names, births) = describing(read)?;
        // Schemes that the batch introduces are known to it alone.
        let of = |id: Option<i64>, name| id.map_or_else(|| self.draft.known_scheme(name), Some);
        let schemes = ([of(names[0], NAMES[0]), of(names[1], NAMES[1])], of(births, "birth-date"));
        let new: Vec<Identity> =
            self.draft.facts.iter().cloned().map(|fact| identity(fact, EntryId(0), 0)).collect();
        let told: Vec<&Identity> = self.known.iter().chain(&new).collect();
        if !new.iter().any(|fact| schemes.0.contains(&Some(fact.scheme)) || schemes.1 == Some(fact.scheme)) {
            return Ok(());
        }
        let mut best = Best::new(LINE);
        best.search(read, &self.links, schemes, &alike::Person::of(&told, schemes))?;
        let alike = alike::unnoted(read, &self.links, self.learner, best.most_like())?;
        for act in alike::reviews(self.learner, &alike) {
            let (which, field) = (act.account.to_string(), format!("like {}", act.other));
            let after = format!("{} points: {}", act.score, act.why);
            self.draft.changes.push(Change { what: "to review", which, field, before: String::new(), after });
            self.draft.reviews.push(act);
        }
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
    /// The account that names the person, where it is another.
    pub person: Option<Account>,
}

fn listed(read: &dyn Read, schemes: &Schemes, links: &Links, learner: i64) -> Result<Listed> {
    let person = Some(links.person(learner)).filter(|person| *person != learner).map(Account);
    let mut row = Listed { account: Account(learner), names: Vec::new(), identifiers: Vec::new(), person };
    for fact in read.identities_of(learner)? {
        let (scheme, issuer) = schemes.of(&fact);
        let text = match scheme {
            "name" | "former-name" => fact.value.clone(),
            _ if schemes.is_description(&fact) => continue,
            _ => format!("{}:{}", sort(scheme, issuer), fact.value),
        };
        let list = if NAMES.contains(&scheme) { &mut row.names } else { &mut row.identifiers };
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
    let links = links(read, &Cut::default())?;
    let Some(text) = text else {
        return read.keys(&mut |learner, _| each(listed(read, &schemes, &links, learner)?));
    };
    for learner in found(read, &schemes, text)? {
        each(listed(read, &schemes, &links, learner)?)?;
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
            "name" | "former-name" => needle.within(&fact.value),
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
