//! Identifiers of the learners met so far, each with its account, close together in memory.

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use std::hash::BuildHasher;

/// Bytes of an identifier that its entry holds; longer ones are kept elsewhere.
const SHORT: usize = 19;

/// Text, length and scheme in three words. They are made and compared in registers: bytes that were just
/// written are read again only when all that was written before them has reached the cache.
#[derive(Clone, Copy)]
struct Key(u64, u64, u64);

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        (self.0 ^ other.0) | (self.1 ^ other.1) | (self.2 ^ other.2) == 0
    }
}

/// An identifier and its account: half a cache line.
struct Entry {
    key: Key,
    learner: i64,
}

/// Accounts by scheme and identifier.
#[derive(Default)]
pub struct Identifiers {
    short: HashTable<Entry>,
    long: HashMap<(i64, Box<str>), i64>,
    hasher: DefaultHashBuilder,
}

/// The first eight bytes, or all of fewer.
fn word(bytes: &[u8]) -> u64 {
    match bytes.first_chunk() {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// The key of an identifier that is short enough for one.
fn key(scheme: i64, value: &str) -> Option<Key> {
    let bytes = value.as_bytes();
    let scheme = u32::try_from(scheme).ok().filter(|_| bytes.len() <= SHORT)?;
    let after = |at: usize| word(bytes.get(at..).unwrap_or_default());
    Some(Key(after(0), after(8), after(16) | (bytes.len() as u64) << 24 | u64::from(scheme) << 32))
}

impl Identifiers {
    fn hash(&self, Key(first, second, third): Key) -> u64 {
        self.hasher.hash_one((first, second, third))
    }

    /// The account that an identifier belongs to.
    pub fn get(&self, scheme: i64, value: &str) -> Option<i64> {
        match key(scheme, value) {
            Some(key) => {
                let hash = self.hash(key);
                self.short.find(hash, |known| known.key == key).map(|known| known.learner)
            }
            None => self.long.get(&(scheme, value.into())).copied(),
        }
    }

    /// The accounts that identifiers belong to, each given with its scheme.
    ///
    /// The look-ups follow each other with nothing in between, so that the processor waits for several at
    /// once: they are far apart in memory.
    pub fn get_all<'v>(&self, wanted: impl Iterator<Item = Option<(i64, &'v str)>>) -> Vec<Option<i64>> {
        let keys: Vec<(u64, Option<Key>)> = wanted
            .map(|wanted| {
                let key = wanted.and_then(|(scheme, value)| key(scheme, value));
                (key.map_or(0, |key| self.hash(key)), key)
            })
            .collect();
        let find = |(hash, key): &(u64, Option<Key>)| {
            let found = self.short.find(*hash, |known| Some(known.key) == *key);
            found.map(|known| known.learner)
        };
        keys.iter().map(find).collect()
    }

    /// Remembers whose an identifier is; the last word counts.
    pub fn insert(&mut self, scheme: i64, value: &str, learner: i64) {
        let Some(key) = key(scheme, value) else {
            self.long.insert((scheme, value.into()), learner);
            return;
        };
        let hash = self.hash(key);
        match self.short.find_mut(hash, |known| known.key == key) {
            Some(known) => known.learner = learner,
            None => {
                let hasher = &self.hasher;
                let hash_of = |known: &Entry| hasher.hash_one((known.key.0, known.key.1, known.key.2));
                self.short.insert_unique(hash, Entry { key, learner }, hash_of);
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
        let wanted = [Some((1, "a")), None, Some((7, "a")), Some((2, "学号-000123"))];
        assert_eq!(known.get_all(wanted.into_iter()), [Some(4), None, None, Some(11)]);
        known.insert(1, "a", 99);
        assert_eq!(known.get(1, "a"), Some(99));
    }
}
