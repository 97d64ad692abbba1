//! Leaves and keys of many entries at once.
//!
//! Behind a leaf stand four blocks of SHA-256 that wait for each other: two of the salt, the commitment's and the
//! leaf's. Those of different entries do not. So entries are gathered, and each step is taken for all of them before
//! the next: the processor, which works at several blocks at a time where it can, then has what it needs.

use super::{
    ALGORITHM, BatchId, INNER, Key, OUTER, Ordinal, Remainder, Salter, TAG, VERSION, before_commitment,
    commitment, derived, padded, placed,
};
use crate::domain::entry::EntryKind;
use crate::proof::block::{self, ABREAST, State};
use crate::proof::merkle::{Hash, LEAF_PREFIX};

/// Where a salt stands in the message of a commitment.
const SALT: std::ops::Range<usize> = TAG.len()..TAG.len() + 32;

/// The longest payload that fits one block with tag and salt.
const SHORT: usize = block::LAST - SALT.end;

/// Gathers entries about learners and gives their leaves.
#[derive(Default)]
pub struct Many {
    /// The states of each entry's key.
    inner: Vec<State>,
    outer: Vec<State>,
    /// The block of each entry's place, from which its salt comes.
    places: Vec<[u8; 64]>,
    /// The block of each commitment, with a gap for the salt.
    messages: Vec<[u8; 64]>,
    /// Payloads that do not fit one, by entry.
    long: Vec<(usize, Vec<u8>)>,
    /// The block of each leaf with a gap for the commitment, and where that begins.
    leaves: Vec<[u8; 64]>,
    gaps: Vec<usize>,
    done: Vec<Hash>,
}

impl Many {
    /// Adds an achievement or a movement, with what its salt comes from.
    pub fn moved(
        &mut self,
        salt: (&Salter, &BatchId, Ordinal),
        kind: EntryKind,
        remainder: &Remainder,
        payload: &[u8],
    ) {
        self.add(salt, &before_commitment(kind, remainder), payload);
    }

    /// Adds an act about one learner, or one fact of identity.
    pub fn committed(&mut self, salt: (&Salter, &BatchId, Ordinal), kind: EntryKind, payload: &[u8]) {
        self.add(salt, &[VERSION, ALGORITHM, kind as u8], payload);
    }

    /// Moves the leaves of what was added, in that order, behind others.
    pub fn take(&mut self, into: &mut Vec<Hash>) {
        self.hash();
        into.append(&mut self.done);
    }

    fn add(&mut self, salt: (&Salter, &BatchId, Ordinal), before_commitment: &[u8], payload: &[u8]) {
        let (salter, batch, ordinal) = salt;
        self.inner.push(salter.inner);
        self.outer.push(salter.outer);
        self.places.push(ending(&placed(batch, ordinal), 1));
        let (mut message, end) = ([0; 64], SALT.end + payload.len());
        message[..SALT.start].copy_from_slice(TAG);
        match payload.len() <= SHORT {
            true => {
                message[SALT.end..end].copy_from_slice(payload);
                block::pad(&mut message, 0, end);
            }
            false => self.long.push((self.messages.len(), payload.to_vec())),
        }
        self.messages.push(message);
        let (mut leaf, gap) = ([0; 64], 1 + before_commitment.len());
        leaf[0] = LEAF_PREFIX;
        leaf[1..gap].copy_from_slice(before_commitment);
        block::pad(&mut leaf, 0, gap + 32);
        self.leaves.push(leaf);
        self.gaps.push(gap);
        if self.leaves.len() == ABREAST {
            self.hash();
        }
    }

    /// Hashes what was gathered, step by step.
    fn hash(&mut self) {
        mac_each(&mut self.inner, &mut self.outer, &mut self.places);
        for (message, salt) in self.messages.iter_mut().zip(&self.outer) {
            message[SALT].copy_from_slice(&block::hash_of(*salt));
        }
        let mut states = [block::START; ABREAST];
        block::absorb_each(&mut states, &self.messages);
        for ((leaf, gap), commitment) in self.leaves.iter_mut().zip(&self.gaps).zip(&states) {
            leaf[*gap..gap + 32].copy_from_slice(&block::hash_of(*commitment));
        }
        for (at, payload) in self.long.drain(..) {
            let salt = block::hash_of(self.outer[at]);
            let gap = self.gaps[at];
            self.leaves[at][gap..gap + 32].copy_from_slice(&commitment(&salt, &payload));
        }
        states.fill(block::START);
        block::absorb_each(&mut states, &self.leaves);
        self.done.extend(states[..self.leaves.len()].iter().map(|state| block::hash_of(*state)));
        self.inner.clear();
        self.outer.clear();
        self.places.clear();
        self.messages.clear();
        self.leaves.clear();
        self.gaps.clear();
    }
}

/// A block that ends a message after `absorbed` others.
fn ending(bytes: &[u8], absorbed: u64) -> [u8; 64] {
    let mut block = [0; 64];
    block[..bytes.len()].copy_from_slice(bytes);
    block::pad(&mut block, absorbed, bytes.len());
    block
}

/// HMAC-SHA256 of messages of one block each: the outer states then stand for the codes. The blocks are used again.
fn mac_each(inner: &mut [State], outer: &mut [State], messages: &mut [[u8; 64]]) {
    block::absorb_each(inner, messages);
    for (message, state) in messages.iter_mut().zip(inner) {
        *message = ending(&block::hash_of(*state), 1);
    }
    block::absorb_each(outer, messages);
}

impl Salter {
    /// The same as [`Salter::derive`] for a row of numbers.
    pub fn derive_each(&self, numbers: std::ops::Range<u64>) -> Vec<Key> {
        let mut keys = Vec::with_capacity(numbers.clone().count());
        let mut blocks = Vec::with_capacity(ABREAST);
        let mut numbers = numbers.peekable();
        while numbers.peek().is_some() {
            blocks.clear();
            blocks.extend(numbers.by_ref().take(ABREAST).map(|number| ending(&derived(number), 1)));
            let (mut inner, mut outer) = ([self.inner; ABREAST], [self.outer; ABREAST]);
            mac_each(&mut inner, &mut outer, &mut blocks);
            keys.extend(outer[..blocks.len()].iter().map(|state| block::hash_of(*state)));
        }
        keys
    }

    /// Prepares learners' keys, as [`Salter::new`] does one.
    pub fn each(keys: &[Key]) -> Vec<Salter> {
        let mut salters = Vec::with_capacity(keys.len());
        for keys in keys.chunks(ABREAST) {
            let (mut inner, mut outer) = ([block::START; ABREAST], [block::START; ABREAST]);
            let blocks = |pad| keys.iter().map(|key| padded(key, pad)).collect::<Vec<_>>();
            block::absorb_each(&mut inner, &blocks(INNER));
            block::absorb_each(&mut outer, &blocks(OUTER));
            let states = inner.iter().zip(&outer).take(keys.len());
            salters.extend(states.map(|(inner, outer)| Salter { inner: *inner, outer: *outer }));
        }
        salters
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::credits::Credits;

    /// More than are hashed at a time, with payloads around what fits one block.
    #[test]
    fn many_together_are_what_each_is_alone() {
        let seed = Salter::new(&[5; 32]);
        let keys = seed.derive_each(7..207);
        assert!((7..207).zip(&keys).all(|(number, key)| seed.derive(number) == *key));
        let salters = Salter::each(&keys);
        let batch = [9; 16];
        for together in [1, ABREAST - 1, ABREAST, ABREAST + 1, 200] {
            let (mut many, mut expected, mut leaves) = (Many::default(), Vec::new(), vec![[0; 32]]);
            for at in 0..together {
                let payload = vec![at as u8; at % 2 * SHORT + at % 5];
                let ordinal = Ordinal::Row { file: 1, line: at as u64 };
                let alone = Salter::new(&keys[at]).commit(&batch, ordinal, &payload);
                let salt = (&salters[at], &batch, ordinal);
                if at % 3 == 0 {
                    many.committed(salt, EntryKind::Enrol, &payload);
                    expected.push(super::super::committed(EntryKind::Enrol, &alone));
                } else {
                    let amount = Credits(at as i64);
                    let remainder = Remainder { system: 3, institution: at as i64, year: 2024, amount };
                    many.moved(salt, EntryKind::Deposit, &remainder, &payload);
                    expected.push(super::super::moved(EntryKind::Deposit, &remainder, &alone));
                }
            }
            many.take(&mut leaves);
            assert_eq!(leaves[1..], expected, "{together}");
        }
        let mut none = Vec::new();
        Many::default().take(&mut none);
        assert!(none.is_empty() && seed.derive_each(3..3).is_empty());
    }
}
