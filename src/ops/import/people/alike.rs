//! Whoever is like a new learner: found by name and birth date among the bank's accounts and those that the
//! import opened, and noted for somebody to look at.

use super::People;
use crate::domain::date::parse_iso;
use crate::domain::fault::Result;
use crate::domain::likeness::{Born, Likeness, Name, exchanged};
use crate::ops::import::catalogue::Catalogue;
use crate::ops::people::alike::{Best, Like, Person, reviews};
use crate::ops::people::{NAMES, ReviewAct};
use hashbrown::{DefaultHashBuilder, HashTable};
use jiff::civil::Date;
use std::hash::BuildHasher;

/// Accounts whose birth dates are kept.
const BIRTHS: usize = 1 << 16;

/// A name of an account that this import opened; its text stands in [`Described::texts`].
struct Said {
    account: i64,
    born: Date,
    former: bool,
    start: usize,
    length: u32,
}

/// Names and birth dates of the accounts that this import opened.
#[derive(Default)]
pub(super) struct Described {
    /// A hash of a birth date and a key of a name, and a place among `said`.
    places: HashTable<(u64, u32)>,
    said: Vec<Said>,
    texts: String,
    hasher: DefaultHashBuilder,
}

impl Described {
    fn add(&mut self, account: i64, born: Date, text: &str, former: bool) {
        let (Ok(at), Ok(length)) = (u32::try_from(self.said.len()), u32::try_from(text.len())) else {
            return;
        };
        self.said.push(Said { account, born, former, start: self.texts.len(), length });
        self.texts.push_str(text);
        for key in Name::new(text).keys() {
            let hash = self.hasher.hash_one((born, key));
            self.places.insert_unique(hash, (hash, at), |place| place.0);
        }
    }

    /// Those whose birth date and name have this key.
    fn find(&self, born: Date, key: &str) -> impl Iterator<Item = &Said> {
        let hash = self.hasher.hash_one((born, key));
        let places = self.places.iter_hash(hash).filter(move |place| place.0 == hash);
        places.filter_map(|place| self.said.get(place.1 as usize)).filter(move |said| said.born == born)
    }

    /// When an account was said to be born; accounts were described in order.
    fn births_of(&self, account: i64) -> Vec<Date> {
        let first = self.said.partition_point(|said| said.account < account);
        self.said[first..].iter().take_while(|said| said.account == account).map(|said| said.born).collect()
    }

    fn text(&self, said: &Said) -> &str {
        self.texts.get(said.start..said.start + said.length as usize).unwrap_or_default()
    }

    /// Notes those of the import whom a name and a birth date fit.
    fn search(&self, (text, former): (&str, bool), born: Date, best: &mut Best) {
        let name = Name::new(text);
        let dates = [(Some(born), Born::Same), (exchanged(born), Born::Exchanged)];
        for (date, born) in dates.into_iter().filter_map(|(date, born)| Some((date?, born))) {
            for said in name.keys().iter().flat_map(|key| self.find(date, key)) {
                if let Some(spelt) = name.compare(&Name::new(self.text(said))) {
                    best.note(said.account, Likeness { spelt, former: former || said.former, born });
                }
            }
        }
    }
}

impl People {
    /// Remembers what is said of an account that this import opened.
    pub fn describe(&mut self, account: i64, person: &Person) {
        for born in &person.births {
            for (name, former) in &person.names {
                self.described.add(account, *born, name, *former);
            }
        }
    }

    /// The birth dates that are known of the person whose account it is, where a given one is not among them; empty where
    /// it is, or none is known.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn born_otherwise(&mut self, catalogue: &Catalogue, account: i64, born: Date) -> Result<Vec<Date>> {
        let mut births = self.described.births_of(account);
        let first_new = self.first_new;
        for account in self.links.accounts(account).into_iter().filter(|known| *known < first_new) {
            births.extend(self.recorded_births(catalogue, account)?);
        }
        if births.contains(&born) {
            births.clear();
        }
        Ok(births)
    }

    /// The birth dates that the ledger has of an account, read once.
    fn recorded_births(&mut self, catalogue: &Catalogue, account: i64) -> Result<&[Date]> {
        if self.births.len() > BIRTHS {
            self.births.clear();
        }
        if !self.births.contains_key(&account) {
            let scheme = catalogue.known_scheme("birth-date", "");
            let facts = self.read.identities_of(account)?;
            let facts = facts.iter().filter(|fact| Some(fact.scheme) == scheme);
            let births = facts.filter_map(|fact| parse_iso(&fact.value).ok()).collect();
            self.births.insert(account, births);
        }
        Ok(&self.births[&account])
    }

    /// Those whom a description fits, of every person the account that names them, the most like first.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn alike(&self, catalogue: &Catalogue, person: &Person, line: u32) -> Result<Vec<Like>> {
        let mut best = Best::new(line);
        for born in &person.births {
            person.names.iter().for_each(|name| self.described.search(*name, *born, &mut best));
        }
        if self.first_new > 1 {
            let of = |scheme: &str| catalogue.known_scheme(scheme, "");
            let schemes = (NAMES.map(of), of("birth-date"));
            best.search(self.read.as_ref(), &self.links, schemes, person)?;
        }
        Ok(best.most_like())
    }

    /// Notes that somebody is to look at a new account and at those whom it is like.
    pub fn review(&mut self, account: i64, alike: &[Like]) {
        self.reviews.extend(reviews(account, alike));
    }

    /// What somebody is to look at since the last call.
    pub fn take_reviews(&mut self) -> Vec<ReviewAct> {
        std::mem::take(&mut self.reviews)
    }
}
