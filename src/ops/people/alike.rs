//! Whoever is like somebody: found by name and birth date among the accounts of the bank.

use super::ReviewAct;
use crate::domain::account::Account;
use crate::domain::date::parse_iso;
use crate::domain::fault::Result;
use crate::domain::likeness::{Likeness, Name, compare_births, exchanged};
use crate::domain::text::clean;
use crate::ledger::links::Links;
use crate::store::{Identity, Read};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// So many of those who are like one account are noted.
const NOTED: usize = 5;

/// What is said of a person.
#[derive(Debug, Clone, Default)]
pub struct Person<'a> {
    /// Their names, and whether each is a former one.
    pub names: Vec<(&'a str, bool)>,
    /// Their birth date; several where sources do not agree.
    pub births: Vec<Date>,
}

/// Schemes of facts: of names and former names, and of birth dates ([`super::describing`]).
pub type Schemes = ([Option<i64>; 2], Option<i64>);

impl<'a> Person<'a> {
    /// What facts of identity say.
    pub fn of(facts: &[&'a Identity], (names, births): Schemes) -> Person<'a> {
        let mut person = Person::default();
        for fact in facts {
            let scheme = Some(fact.scheme);
            if scheme == births {
                person.births.extend(parse_iso(&fact.value).ok());
            } else if names.contains(&scheme) {
                person.names.push((&fact.value, names[1] == scheme || fact.valid_to.is_some()));
            }
        }
        person
    }

    /// How much another is like them, at best.
    fn likeness(&self, other: &Person) -> Option<Likeness> {
        let born = self.births.iter().filter_map(|born| compare_births(*born, &other.births)).max()?;
        let mut best: Option<Likeness> = None;
        for (name, former) in &self.names {
            let name = Name::new(name);
            for (another, also) in &other.names {
                let Some(spelt) = name.compare(&Name::new(another)) else { continue };
                let likeness = Likeness { spelt, former: *former || *also, born };
                if best.is_none_or(|best| best.score() < likeness.score()) {
                    best = Some(likeness);
                }
            }
        }
        best
    }
}

/// Somebody whom a description fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Like {
    /// The account that names them.
    pub account: i64,
    /// How much.
    pub likeness: Likeness,
}

/// Those found so far, each at best.
#[derive(Debug)]
pub struct Best {
    line: u32,
    found: BTreeMap<i64, Likeness>,
}

impl Best {
    /// Nobody yet; whoever is below the line is not noted.
    pub fn new(line: u32) -> Best {
        Best { line, found: BTreeMap::new() }
    }

    /// Notes a person, by the account that names them.
    pub fn note(&mut self, person: i64, likeness: Likeness) {
        let known = self.found.get(&person).map_or(0, |known| known.score());
        if likeness.score() >= self.line.max(known + 1) {
            self.found.insert(person, likeness);
        }
    }

    /// Notes the people of the bank whom a description fits.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn search(
        &mut self,
        read: &(impl Read + ?Sized),
        links: &Links,
        schemes: Schemes,
        person: &Person,
    ) -> Result<()> {
        for account in candidates(read, schemes.0, person, self.line)? {
            let facts = read.identities_of(account)?;
            let other = Person::of(&facts.iter().collect::<Vec<_>>(), schemes);
            if let Some(likeness) = person.likeness(&other) {
                self.note(links.person(account), likeness);
            }
        }
        Ok(())
    }

    /// Those found, the most like first.
    pub fn most_like(self) -> Vec<Like> {
        let found = self.found.into_iter();
        let mut found: Vec<Like> = found.map(|(account, likeness)| Like { account, likeness }).collect();
        found.sort_by_key(|like| std::cmp::Reverse(like.likeness.score()));
        found
    }
}

/// The bank's accounts that may be like a description.
fn candidates(
    read: &(impl Read + ?Sized),
    names: [Option<i64>; 2],
    person: &Person,
    line: u32,
) -> Result<BTreeSet<i64>> {
    let mut found = BTreeSet::new();
    for (name, _) in &person.names {
        for key in Name::new(name).keys() {
            for born in &person.births {
                for date in [Some(*born), exchanged(*born)].into_iter().flatten() {
                    found.extend(read.described(&date.to_string(), &key)?);
                }
            }
        }
        if Likeness::UNDATED.score() >= line {
            let facts = read.identities_with(&clean(name))?;
            let named = facts.iter().filter(|fact| names.contains(&Some(fact.scheme)));
            found.extend(named.map(|fact| fact.learner));
        }
    }
    Ok(found)
}

/// What somebody is to look at: an account and those whom it is like.
pub fn reviews(account: i64, alike: &[Like]) -> impl Iterator<Item = ReviewAct> {
    alike.iter().take(NOTED).map(move |like| ReviewAct {
        account: Account(account),
        other: Account(like.account),
        score: like.likeness.score(),
        why: like.likeness.why(),
    })
}

/// Those like a known account who are not noted with it already, and are not the same person.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn unnoted(
    read: &(impl Read + ?Sized),
    links: &Links,
    account: i64,
    alike: Vec<Like>,
) -> Result<Vec<Like>> {
    let pairs = read.pairs()?;
    let noted = |other: i64| {
        let ends = |one: i64, two: i64| links.same(one, account) && links.same(two, other);
        pairs.iter().any(|pair| ends(pair.account, pair.other) || ends(pair.other, pair.account))
    };
    let new = |like: &Like| !links.same(like.account, account) && !noted(like.account);
    Ok(alike.into_iter().filter(new).collect())
}
