//! Identifiers of the learners met so far, each with its account, close together in memory.

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use std::hash::BuildHasher;

/// Bytes of an identifier that its entry holds; longer ones are kept elsewhere.
const SHORT: usize = 19;

/// A scheme and an identifier in one piece, half a cache line.
struct Entry {
    learner: i64,
    scheme: u32,
    length: u8,
    text: [u8; SHORT],
}

/// Accounts by scheme and identifier.
#[derive(Default)]
pub struct Identifiers {
    short: HashTable<Entry>,
    long: HashMap<(i64, Box<str>), i64>,
    hasher: DefaultHashBuilder,
}

/// The entry of an identifier, if it fits into one.
fn entry(scheme: i64, value: &str, learner: i64) -> Option<Entry> {
    let (scheme, mut text) = (u32::try_from(scheme).ok()?, [0; SHORT]);
    text.get_mut(..value.len())?.copy_from_slice(value.as_bytes());
    Some(Entry { learner, scheme, length: value.len() as u8, text })
}

impl Entry {
    fn same(&self, other: &Entry) -> bool {
        (self.scheme, self.length, self.text) == (other.scheme, other.length, other.text)
    }

    fn hash(&self, hasher: &DefaultHashBuilder) -> u64 {
        hasher.hash_one((self.scheme, self.length, self.text))
    }
}

impl Identifiers {
    /// The account that an identifier belongs to.
    pub fn get(&self, scheme: i64, value: &str) -> Option<i64> {
        match entry(scheme, value, 0) {
            Some(wanted) => {
                let found = self.short.find(wanted.hash(&self.hasher), |known| known.same(&wanted))?;
                Some(found.learner)
            }
            None => self.long.get(&(scheme, value.into())).copied(),
        }
    }

    /// Remembers whose an identifier is; the last word counts.
    pub fn insert(&mut self, scheme: i64, value: &str, learner: i64) {
        let Some(new) = entry(scheme, value, learner) else {
            self.long.insert((scheme, value.into()), learner);
            return;
        };
        let hash = new.hash(&self.hasher);
        match self.short.find_mut(hash, |known| known.same(&new)) {
            Some(known) => known.learner = learner,
            None => {
                self.short.insert_unique(hash, new, |known| known.hash(&self.hasher));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_its_scheme_and_its_whole_text() {
        let mut known = Identifiers::default();
        let texts = ["", "a", "a\0", "学号-000123", "0123456789012345678", "01234567890123456789"];
        let all = || texts.iter().flat_map(|text| [(1, *text), (2, *text), (1 << 40, *text)]).zip(1..);
        for ((scheme, text), learner) in all() {
            assert_eq!(known.get(scheme, text), None, "{scheme} {text:?}");
            known.insert(scheme, text, learner);
        }
        for ((scheme, text), learner) in all() {
            assert_eq!(known.get(scheme, text), Some(learner), "{scheme} {text:?}");
        }
        known.insert(1, "a", 99);
        assert_eq!(known.get(1, "a"), Some(99));
    }
}
