//! What is kept of a rule until all are read: numbers of what it shares with others.

use crate::domain::credits::{Credits, RoundingMode};
use crate::domain::rule::Worth;
use std::collections::HashMap;
use std::hash::Hash;

/// A rule in short.
#[derive(Debug, Clone)]
pub(super) struct Record {
    /// Where its id ends among all ids; it begins where the one before ends.
    pub(super) code_end: u32,
    pub(super) book: u16,
    pub(super) priority: u16,
    pub(super) source: u32,
    pub(super) target: u32,
    pub(super) receiver: u32,
    pub(super) conditions: u32,
    pub(super) gives: u32,
    pub(super) limits: u32,
    pub(super) denies: bool,
    /// Whether it is beside others: not over, and not waiting for a side's approval.
    pub(super) stands: bool,
}

/// What a rule gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gives {
    pub(super) worth: Worth,
    pub(super) system: String,
    pub(super) rounding: RoundingMode,
    pub(super) step: Credits,
}

/// The limits that count what a rule gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Limits {
    /// Its own.
    pub(super) most: Option<Credits>,
    /// Caps of its book, ascending.
    pub(super) caps: Vec<u32>,
}

/// Things kept once, by number.
#[derive(Debug)]
pub(super) struct Pool<T> {
    pub(super) all: Vec<T>,
    numbers: HashMap<T, u32>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Pool { all: Vec::new(), numbers: HashMap::new() }
    }
}

impl<T: Hash + Eq + Clone> Pool<T> {
    /// The number of a thing.
    pub(super) fn number(&mut self, thing: T) -> u32 {
        if let Some(known) = self.numbers.get(&thing) {
            return *known;
        }
        let number = self.all.len() as u32;
        self.all.push(thing.clone());
        self.numbers.insert(thing, number);
        number
    }

    /// The thing of a number.
    pub(super) fn get(&self, number: u32) -> &T {
        &self.all[number as usize]
    }
}

impl Gives {
    /// A fixed amount.
    pub(super) fn fixed(&self) -> Option<Credits> {
        match self.worth {
            Worth::Credits(fixed) | Worth::Range { chosen: fixed, .. } => Some(fixed),
            _ => None,
        }
    }

    /// Whether it gives something whatever is taken. An original amount is refused in another system, and a
    /// ratio of little may be nothing.
    pub(super) fn is_something(&self) -> bool {
        self.fixed().is_some_and(|fixed| fixed > Credits::ZERO)
    }

    /// Whether it gives for the same achievements at least what the other does, as far as the rules say.
    pub(super) fn at_least(&self, other: &Gives) -> bool {
        if self.system != other.system {
            return false;
        }
        if let (Some(own), Some(other)) = (self.fixed(), other.fixed()) {
            return own >= other;
        }
        match (&self.worth, &other.worth) {
            (Worth::Original, Worth::Original) => true,
            (Worth::Ratio(own), Worth::Ratio(ratio)) => {
                let same_steps = self.rounding == other.rounding && self.step == other.step;
                let (left, right) =
                    (i128::from(own.num()) * i128::from(ratio.den()), i128::from(ratio.num()));
                same_steps && left >= right * i128::from(own.den())
            }
            _ => false,
        }
    }
}

impl Limits {
    /// Whether whatever limit stops the one stops the other too.
    pub(super) fn within(&self, other: &Limits) -> bool {
        self.most.is_none() && self.caps.iter().all(|cap| other.caps.binary_search(cap).is_ok())
    }
}
