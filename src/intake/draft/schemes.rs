//! The schemes of a file's identifiers: which are checked, and what their values have in common.

use super::mapping::{Mapping, Origin, Slot};
use crate::domain::scheme::{self, Scheme, passes_verhoeff};
use crate::intake::profile::{Field, Profile};
use crate::intake::rules::{Problem, Rule};
use hashbrown::HashSet;
use std::cell::{Cell, RefCell};
use std::hash::BuildHasher;

/// The scheme whose column exporters are known to fill with Aadhaar numbers.
const FILLED_WRONGLY: &str = "in-abc-id";

/// Fewer different values than that prove nothing: all of ten random numbers pass once in 10^10 files.
const ENOUGH: u64 = 10;

/// Different values that are looked at.
const LOOKED_AT: usize = 10_000;

/// The schemes of a file's identifiers.
#[derive(Debug)]
pub(super) struct Schemes {
    /// That of the field `learner`, where it is one that is checked.
    pub(super) learner: Option<&'static Scheme>,
    /// Hashes of the different values that may be Aadhaar numbers.
    seen: RefCell<HashSet<u64>>,
    /// How many of them pass the check of Aadhaar numbers.
    passing: Cell<u64>,
}

impl Schemes {
    pub(super) fn new(profile: &Profile) -> Schemes {
        let learner = scheme::find(&profile.learner.scheme);
        Schemes { learner, seen: RefCell::default(), passing: Cell::new(0) }
    }

    /// The scheme of the values of a slot.
    pub(super) fn of(&self, mapping: &Mapping<'_>, slot: Slot<'_>) -> Option<&'static Scheme> {
        let Origin::Column(index) = slot.origin else { return None };
        let is_here = |slot: Slot<'_>| matches!(slot.origin, Origin::Column(own) if own == index);
        if is_here(mapping.slot(Field::Learner)) {
            return self.learner;
        }
        let found = mapping.identifiers.iter().find(|(_, slot)| is_here(*slot));
        found.and_then(|(name, _)| scheme::find(name))
    }

    /// Notes a value.
    pub(super) fn saw(&self, scheme: &Scheme, value: &str) {
        let mut seen = self.seen.borrow_mut();
        if scheme.name != FILLED_WRONGLY || seen.len() >= LOOKED_AT {
            return;
        }
        let hash = seen.hasher().hash_one(value);
        if seen.insert(hash) && passes_verhoeff(value) {
            self.passing.set(self.passing.get() + 1);
        }
    }

    /// What is to be told of all values together.
    pub(super) fn findings(&self, mapping: &Mapping<'_>) -> Option<Problem> {
        let (seen, passing) = (self.seen.borrow().len() as u64, self.passing.get());
        if seen < ENOUGH || passing * 10 < seen * 9 {
            return None;
        }
        let is_it =
            |slot: Slot<'_>| self.of(mapping, slot).is_some_and(|scheme| scheme.name == FILLED_WRONGLY);
        let further = mapping.identifiers.iter().map(|(_, slot)| *slot);
        let slot = std::iter::once(mapping.slot(Field::Learner)).chain(further).find(|slot| is_it(*slot))?;
        let reason = format!(
            "{passing} of {seen} different values pass the check of Aadhaar numbers, which one in ten would by \
             chance"
        );
        let column = mapping.column(slot);
        Some(Problem::new(Rule::AadhaarLikely, 1, column, "", reason))
    }
}
