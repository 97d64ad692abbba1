//! Identifiers of the learners met so far, each with its account, close together in memory.

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use std::hash::BuildHasher;

/// Bytes of an identifier that its entry holds; longer ones are kept elsewhere.
const SHORT: usize = 19;

/// Scheme, length and text in three words, which compare and hash faster than bytes.
type Key = [u64; 3];

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

/// The key of an identifier that is short enough for one.
fn key(scheme: i64, value: &str) -> Option<Key> {
    let mut bytes = [0; 24];
    bytes[..SHORT].get_mut(..value.len())?.copy_from_slice(value.as_bytes());
    bytes[SHORT] = value.len() as u8;
    bytes[SHORT + 1..].copy_from_slice(&u32::try_from(scheme).ok()?.to_le_bytes());
    let mut words = bytes.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word));
    Some(std::array::from_fn(|_| words.next().unwrap_or_default()))
}

impl Identifiers {
    /// The account that an identifier belongs to.
    pub fn get(&self, scheme: i64, value: &str) -> Option<i64> {
        match key(scheme, value) {
            Some(key) => {
                let hash = self.hasher.hash_one(key);
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
                (key.map_or(0, |key| self.hasher.hash_one(key)), key)
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
        let hash = self.hasher.hash_one(key);
        match self.short.find_mut(hash, |known| known.key == key) {
            Some(known) => known.learner = learner,
            None => {
                let hash_of = |known: &Entry| self.hasher.hash_one(known.key);
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
