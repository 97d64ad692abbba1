//! Learners as an import sees them: found by identifier, or enrolled.

use super::identifiers::Identifiers;
use crate::domain::fault::{Fault, Result};
use crate::ops::batch::random;
use crate::ops::post::{Fact, key_of};
use crate::proof::leaf::{Key, Salter};
use crate::store::Read;
use hashbrown::HashMap;

/// Random bytes are asked for that many keys at a time.
const KEYS_AT_ONCE: usize = 32;

/// Learners whose salters are kept: 16 MiB of them.
const SALTERS: usize = 1 << 18;

/// Who an identifier belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// One account.
    One(i64),
    /// Nobody.
    Nobody,
    /// Several people, which is for a person to settle.
    Several,
}

/// The learners of one import.
pub struct People {
    read: Box<dyn Read + Send>,
    by_identifier: Identifiers,
    first_new: i64,
    new_keys: Vec<Key>,
    /// What salts the commitments of the first of them.
    salters: Vec<Salter>,
    /// How many of `new_keys` were handed over already.
    handed: usize,
    facts: Vec<Fact>,
    spare: Vec<Key>,
    /// Place of the next fact about learners who got facts after their first ones.
    next_fact: HashMap<i64, i64>,
    /// How many facts a new account began with, and of which schemes, where further ones may follow.
    begun: Option<HashMap<i64, Vec<i64>>>,
}

impl People {
    /// Nobody met yet.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn new(read: Box<dyn Read + Send>) -> Result<People> {
        let first_new = read.last_learner()? + 1;
        Ok(People {
            read,
            by_identifier: Identifiers::default(),
            first_new,
            new_keys: Vec::new(),
            salters: Vec::new(),
            handed: 0,
            facts: Vec::new(),
            spare: Vec::new(),
            next_fact: HashMap::new(),
            begun: None,
        })
    }

    /// Those of the accounts that were met before, by scheme and identifier.
    pub fn met<'v>(&self, wanted: impl Iterator<Item = Option<(i64, &'v str)>>) -> Vec<Option<i64>> {
        self.by_identifier.get_all(wanted)
    }

    /// The account that an identifier belongs to.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn find(&mut self, scheme: i64, value: &str) -> Result<Found> {
        if let Some(id) = self.by_identifier.get(scheme, value) {
            return Ok(Found::One(id));
        }
        if self.first_new == 1 {
            return Ok(Found::Nobody);
        }
        let mut ids: Vec<i64> = self
            .read
            .identities_with(value)?
            .into_iter()
            .filter(|fact| fact.scheme == scheme)
            .map(|fact| fact.learner)
            .collect();
        ids.dedup();
        match ids.as_slice() {
            [] => Ok(Found::Nobody),
            [id] => {
                self.by_identifier.insert(scheme, value, *id);
                Ok(Found::One(*id))
            }
            _ => Ok(Found::Several),
        }
    }

    /// Says that learners may get further identifiers after their first facts.
    pub fn expect_further(&mut self) {
        self.begun = Some(HashMap::new());
    }

    /// Whether an account has an identifier of a scheme.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn has(&self, learner: i64, scheme: i64) -> Result<bool> {
        if self.facts.iter().any(|fact| fact.learner == learner && fact.scheme == scheme) {
            return Ok(true);
        }
        match self.begun.as_ref().and_then(|begun| begun.get(&learner)) {
            Some(schemes) => Ok(schemes.contains(&scheme)),
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
        if let Some(schemes) = begun {
            schemes.push(scheme);
        }
        self.next_fact.insert(learner, first + 1);
        self.by_identifier.insert(scheme, value, learner);
        let value = value.to_owned();
        self.facts.push(Fact { learner, nth: first, scheme, value, valid_from: None, valid_to: None });
        Ok(())
    }

    /// Opens an account with its first facts: scheme id and value; the first is the identifier.
    ///
    /// # Errors
    /// Where the system gives no random bytes.
    pub fn enrol(&mut self, facts: Vec<(i64, String)>, identifiers: usize) -> Result<i64> {
        let id = self.first_new + self.new_keys.len() as i64;
        if self.spare.is_empty() {
            let bytes = random::<{ 32 * KEYS_AT_ONCE }>()?;
            self.spare = bytes.chunks_exact(32).filter_map(|chunk| chunk.try_into().ok()).collect();
        }
        let key = self.spare.pop().ok_or_else(|| Fault::new("S909", "the system gives no random bytes"))?;
        self.new_keys.push(key);
        if self.salters.len() < SALTERS {
            self.salters.push(Salter::new(&key));
        }
        if let Some(begun) = &mut self.begun {
            begun.insert(id, facts.iter().map(|(scheme, _)| *scheme).collect());
        }
        for (nth, (scheme, value)) in facts.into_iter().enumerate() {
            if nth < identifiers {
                self.by_identifier.insert(scheme, &value, id);
            }
            let nth = nth as i64;
            self.facts.push(Fact { learner: id, nth, scheme, value, valid_from: None, valid_to: None });
        }
        Ok(id)
    }

    /// Accounts opened and facts met since the last call.
    pub fn take_new(&mut self) -> (Vec<(i64, Key)>, Vec<Fact>) {
        let from = self.handed;
        self.handed = self.new_keys.len();
        let keys =
            self.new_keys[from..].iter().zip(from as i64..).map(|(key, at)| (self.first_new + at, *key));
        (keys.collect(), std::mem::take(&mut self.facts))
    }

    /// How many accounts were opened.
    pub fn opened(&self) -> u64 {
        self.new_keys.len() as u64
    }

    /// What salts a learner's commitments.
    ///
    /// # Errors
    /// Where the ledger cannot be read or has no key.
    pub fn salter(&self, learner: i64) -> Result<Salter> {
        let Ok(at) = usize::try_from(learner - self.first_new) else {
            return Ok(Salter::new(&key_of(self.read.as_ref(), learner)?));
        };
        if let Some(salter) = self.salters.get(at) {
            return Ok(salter.clone());
        }
        match self.new_keys.get(at) {
            Some(key) => Ok(Salter::new(key)),
            None => Ok(Salter::new(&key_of(self.read.as_ref(), learner)?)),
        }
    }
}
