//! Which rows are new for certain, without a look-up.

use super::Prepared;
use crate::domain::fault::Result;
use crate::store::Tx;
use std::hash::BuildHasher;

/// Bits of the filter per key: with three of them in each of two words, four false alarms in a thousand when it is
/// full. Each costs a look-up, and is worth more than a few bits.
const BITS_PER_KEY: usize = 12;

/// The smallest filter.
const BLOCKS: usize = 2 << 10;

/// The outcomes of one learner are in one line of the processor's cache.
type Block = [u64; 8];

/// A row for so many entries of the log makes it worth reading what stands once, instead of looking rows up.
const ENTRIES_A_ROW: u64 = 16;

/// What the batch has posted so far, as a Bloom filter over learners and outcomes: a pair that is not in it,
/// of a learner whom the batch itself enrolled, is new for certain and needs no look-up. For a large batch
/// what stood before is in it too, and the same holds for every learner. Rows come sorted by learner, as the ledger's
/// own index is; accounts have numbers without gaps. So one goes through it from end to end, which costs far less than
/// to jump about in it.
pub struct Filter {
    blocks: Vec<Block>,
    /// The last learner that is in it, 0 while nobody is: rows come in their order, so that most are asked for before they
    /// are.
    last: i64,
    /// About how many rows will come, and how many entries stood before the batch.
    expected: (usize, u64),
    /// What stood before the batch is in it as well.
    loaded: bool,
    hasher: hashbrown::DefaultHashBuilder,
}

impl Default for Filter {
    fn default() -> Filter {
        let hasher = hashbrown::DefaultHashBuilder::default();
        Filter { blocks: vec![[0; 8]; BLOCKS], last: 0, expected: (0, 0), loaded: false, hasher }
    }
}

impl Filter {
    /// Makes room for about that many rows, onto a log of that many entries; only before the first.
    pub fn expect(&mut self, rows: usize, entries: u64) {
        if self.last == 0 {
            self.expected = (rows, entries);
            self.blocks = blocks_for(rows);
        }
    }

    /// Reads once what stood before the batch, where the first rows say that it is cheaper than to look each
    /// row up that may have been recorded before: those of learners up to that one.
    pub fn load(&mut self, tx: &dyn Tx, rows: &[Prepared], last_known_learner: i64) -> Result<()> {
        let (expected, entries) = self.expected;
        if self.last > 0 || expected == 0 {
            return Ok(());
        }
        let known = rows.iter().filter(|row| row.learner <= last_known_learner).count();
        if known == 0 {
            return Ok(());
        }
        let looked_up = known as u64 * expected.max(rows.len()) as u64 / rows.len() as u64;
        if looked_up * ENTRIES_A_ROW < entries {
            return Ok(());
        }
        self.blocks = blocks_for(expected + entries as usize);
        tx.achieved(&mut |learner, outcome| {
            self.add((learner, outcome as u32));
            Ok(())
        })?;
        self.loaded = true;
        Ok(())
    }

    /// Whether what stood before the batch is in it.
    pub fn is_loaded(&self) -> bool {
        self.loaded
    }

    /// Adds a learner and an outcome.
    pub fn add(&mut self, pair: (i64, u32)) {
        let (block, words) = self.place(pair);
        for (word, bits) in words {
            self.blocks[block][word] |= bits;
        }
        self.last = self.last.max(pair.0);
    }

    /// Whether they may have been added.
    pub fn has(&self, pair: (i64, u32)) -> bool {
        if pair.0 > self.last {
            return false;
        }
        let (block, words) = self.place(pair);
        words.iter().all(|(word, bits)| self.blocks[block][*word] & bits == *bits)
    }

    /// The block of a pair, two words there, and three bits in each of them.
    fn place(&self, pair: (i64, u32)) -> (usize, [(usize, u64); 2]) {
        let hash = self.hasher.hash_one(pair);
        let words = [(hash >> 61, 0), (hash >> 58, 18)];
        let place = |(word, shift): (u64, u32)| {
            let bits = (0..3).fold(0, |bits, nth| bits | 1 << (hash >> (shift + 6 * nth) & 63));
            ((word & 7) as usize, bits)
        };
        (pair.0 as usize % self.blocks.len(), words.map(place))
    }
}

/// The blocks of a filter for so many keys.
fn blocks_for(keys: usize) -> Vec<Block> {
    vec![[0; 8]; (keys * BITS_PER_KEY / 512).max(BLOCKS)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_found_and_little_else() {
        let mut filter = Filter::default();
        filter.expect(200_000, 0);
        assert!(!filter.has((1, 1)));
        let pairs = |outcomes: std::ops::Range<u32>| {
            (1..=20_000).flat_map(move |learner| outcomes.clone().map(move |outcome| (learner, outcome)))
        };
        pairs(0..10).for_each(|pair| filter.add(pair));
        assert!(pairs(0..10).all(|pair| filter.has(pair)));
        // About one in two hundred of 200,000; how many in a run depends on the hasher's random seed.
        let false_alarms = pairs(10..20).filter(|pair| filter.has(*pair)).count();
        assert!(false_alarms < 4_000, "{false_alarms}");
    }
}
