//! Identifiers of the learners met so far, each with its account, close together in memory.

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use std::hash::BuildHasher;

/// Accounts by scheme and identifier: there may be millions, so the table holds nothing but where each stands.
#[derive(Default)]
pub struct Identifiers {
    places: HashTable<u32>,
    /// Account, scheme and length of each, and its text, one after the other.
    texts: Vec<u8>,
    /// Those whose numbers are too large for that.
    others: HashMap<(i64, Box<str>), i64>,
    hasher: DefaultHashBuilder,
}

/// Bytes of an account.
const ACCOUNT: usize = 4;

/// Bytes of a scheme and a length.
const HEAD: usize = 4;

/// Scheme and length, as they stand before a text; none where they are too large.
fn head(scheme: i64, value: &str) -> Option<[u8; HEAD]> {
    let (scheme, length) = (u16::try_from(scheme).ok()?, u16::try_from(value.len()).ok()?);
    Some((u32::from(scheme) << 16 | u32::from(length)).to_le_bytes())
}

/// Head and text of what stands at a place.
fn told(texts: &[u8], place: u32) -> (&[u8], &[u8]) {
    let (head, rest) = texts[place as usize + ACCOUNT..].split_at(HEAD);
    (head, &rest[..usize::from(u16::from_le_bytes([head[0], head[1]]))])
}

fn hash_of(hasher: &DefaultHashBuilder, head: &[u8], text: &[u8]) -> u64 {
    hasher.hash_one((head, text))
}

/// Where an identifier is looked for.
struct Wanted<'v> {
    hash: u64,
    head: [u8; HEAD],
    text: &'v [u8],
}

impl Identifiers {
    fn wanted<'v>(&self, scheme: i64, value: &'v str) -> Option<Wanted<'v>> {
        let (head, text) = (head(scheme, value)?, value.as_bytes());
        Some(Wanted { hash: hash_of(&self.hasher, &head, text), head, text })
    }

    fn find(&self, wanted: &Wanted) -> Option<u32> {
        let is = |place: &u32| told(&self.texts, *place) == (&wanted.head[..], wanted.text);
        self.places.find(wanted.hash, is).copied()
    }

    fn learner_at(&self, place: u32) -> i64 {
        let at = place as usize;
        let bytes = self.texts[at..at + ACCOUNT].try_into().unwrap_or_default();
        i64::from(u32::from_le_bytes(bytes))
    }

    /// The account that an identifier belongs to.
    pub fn get(&self, scheme: i64, value: &str) -> Option<i64> {
        match self.wanted(scheme, value).and_then(|wanted| self.find(&wanted)) {
            Some(place) => Some(self.learner_at(place)),
            None => self.other(scheme, value),
        }
    }

    /// The same of those that are kept apart, which hardly any ledger has.
    fn other(&self, scheme: i64, value: &str) -> Option<i64> {
        if self.others.is_empty() { None } else { self.others.get(&(scheme, value.into())).copied() }
    }

    /// The accounts that identifiers belong to, each given with its scheme.
    ///
    /// The look-ups follow each other with nothing in between, so that the processor waits for several at
    /// once: they are far apart in memory.
    pub fn get_all<'v>(&self, wanted: impl Iterator<Item = Option<(i64, &'v str)>>) -> Vec<Option<i64>> {
        let wanted: Vec<Option<Wanted>> =
            wanted.map(|wanted| wanted.and_then(|(scheme, value)| self.wanted(scheme, value))).collect();
        let find = |wanted: &Option<Wanted>| Some(self.learner_at(self.find(wanted.as_ref()?)?));
        wanted.iter().map(find).collect()
    }

    /// Forgets an identifier.
    pub fn remove(&mut self, scheme: i64, value: &str) {
        if !self.others.is_empty() {
            self.others.remove(&(scheme, value.into()));
        }
        let Some(wanted) = self.wanted(scheme, value) else { return };
        let Some(found) = self.find(&wanted) else { return };
        if let Ok(entry) = self.places.find_entry(wanted.hash, |place| *place == found) {
            entry.remove();
        }
    }

    /// Remembers whose an identifier is; the last word counts.
    pub fn insert(&mut self, scheme: i64, value: &str, learner: i64) {
        if self.claim(scheme, value, learner).is_some_and(|before| before != learner) {
            self.remove(scheme, value);
            self.claim(scheme, value, learner);
        }
    }

    /// Remembers whose an identifier is, unless it belongs to somebody already, whom it gives.
    pub fn claim(&mut self, scheme: i64, value: &str, learner: i64) -> Option<i64> {
        let wanted = self.wanted(scheme, value);
        if let Some(place) = wanted.as_ref().and_then(|wanted| self.find(wanted)) {
            return Some(self.learner_at(place));
        }
        if let Some(before) = self.other(scheme, value) {
            return Some(before);
        }
        self.add(wanted, (scheme, value), learner);
        None
    }

    /// Makes room for so many more.
    pub fn reserve(&mut self, more: usize) {
        let (texts, hasher) = (&self.texts, &self.hasher);
        self.places.reserve(more, |place| rehash(hasher, texts, *place));
    }

    fn add(&mut self, wanted: Option<Wanted>, identifier: (i64, &str), learner: i64) {
        let numbers = (wanted, u32::try_from(self.texts.len()), u32::try_from(learner));
        let (Some(wanted), Ok(place), Ok(learner)) = numbers else {
            self.others.insert((identifier.0, identifier.1.into()), learner);
            return;
        };
        self.texts.extend_from_slice(&learner.to_le_bytes());
        self.texts.extend_from_slice(&wanted.head);
        self.texts.extend_from_slice(wanted.text);
        let (texts, hasher) = (&self.texts, &self.hasher);
        self.places.insert_unique(wanted.hash, place, |place| rehash(hasher, texts, *place));
    }
}

/// The hash of what stands at a place.
fn rehash(hasher: &DefaultHashBuilder, texts: &[u8], place: u32) -> u64 {
    let (head, text) = told(texts, place);
    hash_of(hasher, head, text)
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
        known.insert(1, "a", 1 << 40);
        assert_eq!(known.get(1, "a"), Some(1 << 40));
        for (scheme, text) in [(1, "a"), (2, "01234567890123456789"), (1 << 40, "a"), (2, "nobody's")] {
            known.remove(scheme, text);
            assert_eq!(known.get(scheme, text), None);
        }
        assert_eq!(known.get(2, "a"), Some(5));
    }

    #[test]
    fn many_are_told_apart() {
        let mut known = Identifiers::default();
        for number in 0..50_000 {
            known.insert(1, &number.to_string(), number);
        }
        assert!((0..50_000).all(|number| known.get(1, &number.to_string()) == Some(number)));
        assert_eq!(known.get(1, "50000"), None);
    }
}
