//! Learners as an import sees them: found by identifier, or enrolled.

mod alike;

use super::identifiers::Identifiers;
use crate::domain::account::Account;
use crate::domain::fault::{Fault, Result};
use crate::ledger::links::Links;
use crate::ledger::lots::Cut;
use crate::ops::batch::random;
use crate::ops::learners::links;
use crate::ops::people::ReviewAct;
use crate::ops::post::{Fact, key_of};
use crate::proof::leaf::{Key, Salter};
use crate::store::Read;
use hashbrown::{HashMap, HashSet};
use jiff::civil::Date;

/// Learners whose salters are kept: 16 MiB of them.
const SALTERS: usize = 1 << 18;

/// Identifiers are loaded where the file has a row for so many accounts.
const WORTH_LOADING: u64 = 8;

/// Of more accounts than this nothing is loaded, because of the memory that it takes.
const MOST_LOADED: u64 = 4_000_000;

/// The learners of one import.
pub struct People {
    read: Box<dyn Read + Send>,
    by_identifier: Identifiers,
    /// Whose account is whose.
    links: Links,
    /// The schemes of which every identifier in the ledger is among them.
    loaded: HashSet<i64>,
    /// What salts the commitments of accounts that were there before, for the rows at hand, by account.
    known_salters: Vec<(i64, Salter)>,
    first_new: i64,
    /// What the keys of new accounts are derived from, forgotten with the import.
    seed: Salter,
    /// How many accounts were opened.
    opened: u64,
    /// What salts the commitments of the first of them.
    salters: Vec<Salter>,
    /// How many of them were handed over with their keys.
    told: u64,
    facts: Vec<Fact>,
    /// Place of the next fact about learners who got facts after their first ones.
    next_fact: HashMap<i64, i64>,
    /// Schemes of which accounts that were there before got an identifier.
    further: HashSet<(i64, i64)>,
    /// How many facts a new account began with, and of which schemes, where further ones may follow.
    begun: Option<HashMap<i64, Vec<i64>>>,
    /// Names and birth dates of the accounts opened.
    described: alike::Described,
    /// Birth dates that the ledger has, by account.
    births: HashMap<i64, Vec<Date>>,
    reviews: Vec<ReviewAct>,
}

impl People {
    /// Nobody met yet.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn new(read: Box<dyn Read + Send>) -> Result<People> {
        let first_new = read.last_learner()? + 1;
        let links = links(read.as_ref(), &Cut::default())?;
        Ok(People {
            read,
            by_identifier: Identifiers::default(),
            links,
            loaded: HashSet::new(),
            known_salters: Vec::new(),
            first_new,
            seed: Salter::new(&random()?),
            opened: 0,
            told: 0,
            salters: Vec::new(),
            facts: Vec::new(),
            next_fact: HashMap::new(),
            further: HashSet::new(),
            begun: None,
            described: alike::Described::default(),
            births: HashMap::new(),
            reviews: Vec::new(),
        })
    }

    /// Reads all identifiers of some schemes at once where a file of about that many rows will ask for many
    /// of them: one by one each costs as much as ten in a row.
    ///
    /// # Errors
    /// As [`People::find`].
    pub fn load(&mut self, schemes: &[i64], rows: u64) -> Result<()> {
        let known = (self.first_new - 1) as u64;
        if known == 0 || schemes.is_empty() || rows < known / WORTH_LOADING || known > MOST_LOADED {
            return Ok(());
        }
        let by_identifier = &mut self.by_identifier;
        by_identifier.reserve(known as usize);
        self.read.values_of_identity(&mut |learner, scheme, value| {
            let before =
                schemes.contains(&scheme).then(|| by_identifier.claim(scheme, value, learner)).flatten();
            match before.filter(|before| *before != learner) {
                Some(other) => Err(shared(other, learner)),
                None => Ok(()),
            }
        })?;
        self.loaded = schemes.iter().copied().collect();
        Ok(())
    }

    /// Those of the accounts that were met before, by scheme and identifier.
    pub fn met<'v>(&self, wanted: impl Iterator<Item = Option<(i64, &'v str)>>) -> Vec<Option<i64>> {
        self.by_identifier.get_all(wanted)
    }

    /// The account that an identifier belongs to; none where nobody has it.
    ///
    /// # Errors
    /// `S919` where two accounts have it, which no command lets happen; where the ledger cannot be read.
    pub fn find(&mut self, scheme: i64, value: &str) -> Result<Option<i64>> {
        if let Some(id) = self.by_identifier.get(scheme, value) {
            return Ok(Some(id));
        }
        if self.first_new == 1 || self.loaded.contains(&scheme) {
            return Ok(None);
        }
        let mut found = None;
        for fact in self.read.identities_with(value)?.into_iter().filter(|fact| fact.scheme == scheme) {
            match found {
                Some(other) if other != fact.learner => return Err(shared(other, fact.learner)),
                _ => found = Some(fact.learner),
            }
        }
        if let Some(id) = found {
            self.by_identifier.insert(scheme, value, id);
        }
        Ok(found)
    }

    /// Whether some people have several accounts.
    pub fn has_links(&self) -> bool {
        !self.links.is_empty()
    }

    /// Whether two accounts are one person's.
    pub fn same(&self, one: i64, other: i64) -> bool {
        self.links.same(one, other)
    }

    /// Says that learners may get further identifiers after their first facts.
    pub fn expect_further(&mut self) {
        self.begun = Some(HashMap::new());
    }

    /// Whether the person whose account it is has an identifier of a scheme.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn has(&self, learner: i64, scheme: i64) -> Result<bool> {
        for account in self.links.accounts(learner) {
            if self.account_has(account, scheme)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn account_has(&self, learner: i64, scheme: i64) -> Result<bool> {
        match self.begun.as_ref().and_then(|begun| begun.get(&learner)) {
            Some(schemes) => Ok(schemes.contains(&scheme)),
            None if self.further.contains(&(learner, scheme)) => Ok(true),
            None => Ok(self.read.identities_of(learner)?.iter().any(|fact| fact.scheme == scheme)),
        }
    }

    /// Adds an identifier to an account that has it not.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn identify(&mut self, learner: i64, scheme: i64, value: &str) -> Result<()> {
        let begun = self.begun.as_mut().and_then(|begun| begun.get_mut(&learner));
        let first = match (self.next_fact.get(&learner), &begun) {
            (Some(next), _) => *next,
            (None, Some(schemes)) => schemes.len() as i64,
            (None, None) => {
                let known = self.read.identities_of(learner)?;
                known.iter().map(|fact| fact.nth + 1).max().unwrap_or(0)
            }
        };
        match begun {
            Some(schemes) => schemes.push(scheme),
            None => drop(self.further.insert((learner, scheme))),
        }
        self.next_fact.insert(learner, first + 1);
        self.by_identifier.insert(scheme, value, learner);
        let value = value.to_owned();
        self.facts.push(Fact { learner, nth: first, scheme, value, valid_from: None, valid_to: None });
        Ok(())
    }

    /// Opens an account with its first facts, scheme id and value: identifiers, then what else is known.
    pub fn enrol(
        &mut self,
        identifiers: impl IntoIterator<Item = (i64, String)>,
        others: impl IntoIterator<Item = (i64, String)>,
    ) -> i64 {
        let id = self.first_new + self.opened as i64;
        self.opened += 1;
        let first = self.facts.len();
        let identifiers = identifiers.into_iter().map(|fact| (fact, true));
        let others = others.into_iter().map(|fact| (fact, false));
        for (nth, ((scheme, value), identifies)) in (0..).zip(identifiers.chain(others)) {
            if identifies {
                self.by_identifier.insert(scheme, &value, id);
            }
            self.facts.push(Fact { learner: id, nth, scheme, value, valid_from: None, valid_to: None });
        }
        if let Some(begun) = &mut self.begun {
            begun.insert(id, self.facts[first..].iter().map(|fact| fact.scheme).collect());
        }
        id
    }

    /// Accounts opened and facts met since the last call.
    pub fn take_new(&mut self) -> (Vec<(i64, Key)>, Vec<Fact>) {
        let keys = self.seed.derive_each(self.told..self.opened);
        let kept = keys.len().min(SALTERS - self.salters.len());
        self.salters.extend(Salter::each(&keys[..kept]));
        let first = self.first_new + self.told as i64;
        self.told = self.opened;
        ((first..).zip(keys).collect(), std::mem::take(&mut self.facts))
    }

    /// How many accounts were opened.
    pub fn opened(&self) -> u64 {
        self.opened
    }

    /// Looks up together what the salters of a run need, whose learners are given in order.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn expect_salters(&mut self, learners: impl Iterator<Item = i64>) -> Result<()> {
        let mut known: Vec<i64> = learners.take_while(|learner| *learner < self.first_new).collect();
        known.dedup();
        let (accounts, keys): (Vec<i64>, Vec<Key>) = self.read.keys_of(&known)?.into_iter().unzip();
        self.known_salters = accounts.into_iter().zip(Salter::each(&keys)).collect();
        Ok(())
    }

    /// What salts a learner's commitments.
    ///
    /// # Errors
    /// Where the ledger cannot be read or has no key.
    pub fn salter(&self, learner: i64) -> Result<Salter> {
        let Ok(at) = usize::try_from(learner - self.first_new) else {
            return match self.known_salters.binary_search_by_key(&learner, |(known, _)| *known) {
                Ok(at) => Ok(self.known_salters[at].1.clone()),
                Err(_) => Ok(Salter::new(&key_of(self.read.as_ref(), learner)?)),
            };
        };
        if let Some(salter) = self.salters.get(at) {
            return Ok(salter.clone());
        }
        match (at as u64) < self.opened {
            true => Ok(Salter::new(&self.seed.derive(at as u64))),
            false => Ok(Salter::new(&key_of(self.read.as_ref(), learner)?)),
        }
    }
}

/// A ledger in which two accounts have one identifier.
fn shared(one: i64, other: i64) -> Fault {
    let what = format!("{} and {} have the same identifier", Account(one), Account(other));
    Fault::new("S919", what)
        .why("an identifier belongs to one account, and no command gives it to a second one")
        .remedy("run `creditbank verify`")
}
