//! Identifiers of the learners met so far, each with its account, close together in memory.

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use std::hash::BuildHasher;

/// An identifier and its account in twelve bytes: there may be millions.
#[derive(Clone, Copy)]
struct Entry {
    /// Half of its hash: enough to find its place anew where the table grows.
    tag: u32,
    /// Where its text stands.
    text: u32,
    learner: u32,
}

/// Accounts by scheme and identifier.
#[derive(Default)]
pub struct Identifiers {
    entries: HashTable<Entry>,
    /// Scheme, length and text of each, one after the other.
    texts: Vec<u8>,
    /// Those whose numbers are too large for an entry.
    others: HashMap<(i64, Box<str>), i64>,
    hasher: DefaultHashBuilder,
}

/// Bytes of a scheme and a length before a text.
const HEAD: usize = 4;

/// Scheme and length, as they stand before a text; none where they are too large.
fn head(scheme: i64, value: &str) -> Option<[u8; HEAD]> {
    let (scheme, length) = (u16::try_from(scheme).ok()?, u16::try_from(value.len()).ok()?);
    Some((u32::from(scheme) << 16 | u32::from(length)).to_le_bytes())
}

/// The hash of a tag, spread over all bits.
fn spread(tag: u32) -> u64 {
    u64::from(tag).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Identifiers {
    fn tag(&self, scheme: i64, value: &str) -> u32 {
        self.hasher.hash_one((scheme, value)) as u32
    }

    /// Whether an entry is the identifier with that head and value.
    fn is(&self, entry: &Entry, head: &[u8; HEAD], value: &str) -> bool {
        let (from, value) = (entry.text as usize, value.as_bytes());
        let text = self.texts.get(from..from + HEAD + value.len());
        text.is_some_and(|text| text[..HEAD] == head[..] && text[HEAD..] == *value)
    }

    fn find(&self, tag: u32, scheme: i64, value: &str) -> Option<&Entry> {
        let head = head(scheme, value)?;
        self.entries.find(spread(tag), |entry| entry.tag == tag && self.is(entry, &head, value))
    }

    /// The account that an identifier belongs to.
    pub fn get(&self, scheme: i64, value: &str) -> Option<i64> {
        match self.find(self.tag(scheme, value), scheme, value) {
            Some(entry) => Some(i64::from(entry.learner)),
            None if self.others.is_empty() => None,
            None => self.others.get(&(scheme, value.into())).copied(),
        }
    }

    /// The accounts that identifiers belong to, each given with its scheme.
    ///
    /// The look-ups follow each other with nothing in between, so that the processor waits for several at
    /// once: they are far apart in memory.
    pub fn get_all<'v>(&self, wanted: impl Iterator<Item = Option<(i64, &'v str)>>) -> Vec<Option<i64>> {
        let tagged: Vec<(u32, Option<(i64, &str)>)> = wanted
            .map(|wanted| (wanted.map_or(0, |(scheme, value)| self.tag(scheme, value)), wanted))
            .collect();
        let find = |(tag, wanted): &(u32, Option<(i64, &str)>)| {
            let (scheme, value) = (*wanted)?;
            self.find(*tag, scheme, value).map(|entry| i64::from(entry.learner))
        };
        tagged.iter().map(find).collect()
    }

    /// Forgets an identifier.
    pub fn remove(&mut self, scheme: i64, value: &str) {
        if !self.others.is_empty() {
            self.others.remove(&(scheme, value.into()));
        }
        let tag = self.tag(scheme, value);
        let Some(at) = self.find(tag, scheme, value).map(|entry| entry.text) else { return };
        if let Ok(entry) = self.entries.find_entry(spread(tag), |entry| entry.text == at) {
            entry.remove();
        }
    }

    /// Remembers whose an identifier is; the last word counts.
    pub fn insert(&mut self, scheme: i64, value: &str, learner: i64) {
        self.remove(scheme, value);
        let numbers = (head(scheme, value), u32::try_from(self.texts.len()), u32::try_from(learner));
        let (Some(head), Ok(text), Ok(learner)) = numbers else {
            self.others.insert((scheme, value.into()), learner);
            return;
        };
        self.texts.extend_from_slice(&head);
        self.texts.extend_from_slice(value.as_bytes());
        let tag = self.tag(scheme, value);
        self.entries.insert_unique(spread(tag), Entry { tag, text, learner }, |entry| spread(entry.tag));
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
