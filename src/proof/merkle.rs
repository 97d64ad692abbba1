//! The Merkle log of RFC 6962 over SHA-256.
//!
//! A log of n leaves has one hash, its root, that commits to every leaf and to
//! their order. From the same hashes come two kinds of evidence: that a leaf is
//! in the log (inclusion) and that an earlier log is the beginning of a later
//! one (consistency). Both can be checked by someone who holds nothing but the
//! roots.

use super::block;
use sha2::{Digest, Sha256};

/// The SHA-256 hash of a leaf, of a subtree or of a whole log (RFC 6962 §2.1).
pub type Hash = [u8; 32];

/// The root of a log without leaves: SHA-256 of the empty string (RFC 6962 §2.1).
pub const EMPTY_ROOT: Hash = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27,
    0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// What sets leaves apart from nodes, so that no node can pass for a leaf.
pub(super) const LEAF_PREFIX: u8 = 0x00;
const NODE_PREFIX: u8 = 0x01;

/// The hash of a leaf, `SHA-256(0x00 || leaf)` (RFC 6962 §2.1).
///
/// A leaf of at most 54 bytes costs one block of SHA-256.
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    if leaf.len() < block::LAST {
        let mut buffer = [0; 128];
        buffer[0] = LEAF_PREFIX;
        buffer[1..=leaf.len()].copy_from_slice(leaf);
        return block::finish(block::START, 0, &mut buffer, leaf.len() + 1);
    }
    let mut hasher = Sha256::new();
    hasher.update([LEAF_PREFIX]);
    hasher.update(leaf);
    hasher.finalize().into()
}

/// The hash of an interior node, `SHA-256(0x01 || left || right)` (RFC 6962 §2.1).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut buffer = [0; 128];
    buffer[0] = NODE_PREFIX;
    buffer[1..33].copy_from_slice(left);
    buffer[33..65].copy_from_slice(right);
    block::finish(block::START, 0, &mut buffer, 65)
}

/// Fewer nodes than this are not worth laying out beside each other.
const FEW: usize = 8;

/// The hashes of interior nodes, each given as its left and its right hash.
fn node_hashes(nodes: &[[Hash; 2]]) -> Vec<Hash> {
    if nodes.len() < FEW {
        return nodes.iter().map(|[left, right]| node_hash(left, right)).collect();
    }
    let mut hashes = Vec::with_capacity(nodes.len());
    let mut states = [block::START; block::ABREAST];
    // A node takes 65 bytes: a block, and one byte of the next.
    let (mut firsts, mut seconds) = ([[0; 64]; block::ABREAST], [[0; 64]; block::ABREAST]);
    seconds.iter_mut().for_each(|second| block::pad(second, 1, 1));
    for nodes in nodes.chunks(block::ABREAST) {
        let states = &mut states[..nodes.len()];
        states.fill(block::START);
        for ((node, first), second) in nodes.iter().zip(&mut firsts).zip(&mut seconds) {
            let node = node.as_flattened();
            first[0] = NODE_PREFIX;
            first[1..].copy_from_slice(&node[..63]);
            second[0] = node[63];
        }
        block::absorb_each(states, &firsts);
        block::absorb_each(states, &seconds);
        hashes.extend(states.iter().map(|state| block::hash_of(*state)));
    }
    hashes
}

/// Cuts concatenated hashes apart; `None` when a piece is left over.
pub(super) fn split_hashes(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks();
    rest.is_empty().then(|| hashes.to_vec())
}

/// The right edge of a growing log: all that is needed to append and to give
/// the root.
///
/// It keeps the hash of every complete subtree that the recursive definition of
/// RFC 6962 §2.1 splits off, one for each set bit of the size, largest first.
///
/// ```
/// use creditbank::proof::merkle::{EMPTY_ROOT, Frontier, leaf_hash};
///
/// let mut log = Frontier::new();
/// assert_eq!(log.root(), EMPTY_ROOT);
/// log.push(leaf_hash(b"first"));
/// assert_eq!(log.root(), leaf_hash(b"first"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    subtrees: Vec<Hash>,
}

impl Frontier {
    /// The frontier of the log without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends the leaf with this hash (see [`leaf_hash`]).
    pub fn push(&mut self, leaf_hash: Hash) {
        self.extend_with(&[leaf_hash], |_, _| {});
    }

    /// Appends leaves and tells `completed` the level and hashes of the subtrees that they complete, from the leaves
    /// themselves (level 0) upwards, those of one level together and in order.
    ///
    /// Tiles need the smaller of these as well, and once merged into a larger
    /// subtree they can be had only by hashing again.
    pub(super) fn extend_with(&mut self, leaf_hashes: &[Hash], mut completed: impl FnMut(u8, &[Hash])) {
        // What is left over at the end of each level, smallest first.
        let mut left_over: Vec<Hash> = Vec::new();
        let mut row = leaf_hashes.to_vec();
        for level in 0.. {
            if row.is_empty() {
                break;
            }
            completed(level, &row);
            // As in binary addition, what waited at a level pairs with what comes.
            if self.size >> level & 1 == 1 {
                row.splice(..0, self.subtrees.pop());
            }
            let (pairs, single) = row.as_chunks();
            left_over.extend(single);
            row = node_hashes(pairs);
        }
        self.subtrees.extend(left_over.into_iter().rev());
        self.size += leaf_hashes.len() as u64;
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The hashes of the complete subtrees, largest first.
    pub fn subtrees(&self) -> &[Hash] {
        &self.subtrees
    }

    /// The Merkle Tree Hash of all leaves so far (RFC 6962 §2.1), [`EMPTY_ROOT`]
    /// if there are none.
    pub fn root(&self) -> Hash {
        let smallest_first = self.subtrees.iter().rev().copied();
        smallest_first.reduce(|right, left| node_hash(&left, &right)).unwrap_or(EMPTY_ROOT)
    }

    /// The hashes of the complete subtrees, largest first, one after another.
    ///
    /// The size is not among them: keep it beside.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.subtrees.as_flattened().to_vec()
    }

    /// Takes back what [`to_bytes`](Self::to_bytes) gave for a log of `size`
    /// leaves; `None` unless there is one hash for each set bit of `size`.
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Option<Self> {
        Self::from_subtrees(size, split_hashes(bytes)?)
    }

    /// The frontier with these complete subtrees, largest first; `None` unless
    /// there is one for each set bit of `size`.
    pub(super) fn from_subtrees(size: u64, subtrees: Vec<Hash>) -> Option<Self> {
        (subtrees.len() == size.count_ones() as usize).then_some(Self { size, subtrees })
    }
}

/// How many leaves of a sequence are hashed together.
const AT_ONCE: usize = 1 << 10;

/// The frontier of the log with these leaf hashes.
impl FromIterator<Hash> for Frontier {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaf_hashes: I) -> Self {
        let (mut frontier, mut leaf_hashes) = (Self::new(), leaf_hashes.into_iter());
        let mut together = Vec::new();
        loop {
            together.extend(leaf_hashes.by_ref().take(AT_ONCE));
            if together.is_empty() {
                return frontier;
            }
            frontier.extend_with(&together, |_, _| {});
            together.clear();
        }
    }
}

/// The root of the log with these leaf hashes (RFC 6962 §2.1).
pub fn root_of(leaf_hashes: impl IntoIterator<Item = Hash>) -> Hash {
    leaf_hashes.into_iter().collect::<Frontier>().root()
}

/// Where the hashes of a log are kept.
///
/// Every root and proof of RFC 6962 is made of complete subtrees alone, and
/// those never change once their last leaf is in.
pub trait HashSource {
    /// The hash of the complete subtree number `index` (from 0, left to right)
    /// among those of `2^level` leaves; `None` if the source lacks it.
    fn subtree(&self, level: u8, index: u64) -> Option<Hash>;
}

/// `MTH(D[start:end])` of RFC 6962 §2.1, for a range that the recursive
/// definition arrives at: `start` is a multiple of the largest power of two in
/// `end - start`, rounded up.
fn range_hash(source: &impl HashSource, start: u64, end: u64) -> Option<Hash> {
    let mut hash = None;
    let mut begin = end;
    // The complete subtrees of the range from the right, smallest first,
    // because the smallest are hashed together deepest.
    while begin > start {
        let level = (begin - start).trailing_zeros();
        begin -= 1 << level;
        let left = source.subtree(level as u8, begin >> level)?;
        hash = Some(match hash {
            None => left,
            Some(right) => node_hash(&left, &right),
        });
    }
    hash
}

/// Where RFC 6962 §2.1 splits the two or more leaves from `start` to `end`: the
/// left part is as large a power of two as leaves something to the right.
fn split(start: u64, end: u64) -> u64 {
    start + (1 << (end - start - 1).ilog2())
}

/// The root that the log had, or has, at `size` leaves (RFC 6962 §2.1); `None`
/// if the source lacks a hash it takes.
pub fn root_at(source: &impl HashSource, size: u64) -> Option<Hash> {
    if size == 0 {
        return Some(EMPTY_ROOT);
    }
    range_hash(source, 0, size)
}

/// The audit path of leaf number `index` (from 0) in the log of `size` leaves,
/// the sibling of the leaf first: `PATH(m, D[n])` of RFC 6962 §2.1.1.
///
/// `None` if there is no such leaf or the source lacks a hash.
pub fn inclusion_proof(source: &impl HashSource, index: u64, size: u64) -> Option<Vec<Hash>> {
    if index >= size {
        return None;
    }
    let mut path = Vec::new();
    let (mut start, mut end) = (0, size);
    while end - start > 1 {
        let middle = split(start, end);
        if index < middle {
            path.push(range_hash(source, middle, end)?);
            end = middle;
        } else {
            path.push(range_hash(source, start, middle)?);
            start = middle;
        }
    }
    path.reverse();
    Some(path)
}

/// Whether `proof` shows the leaf with this hash to be number `index` in the
/// log with this size and root (RFC 9162 §2.1.3.2).
///
/// A root alone does not fix the size of its log, so that the two must come from
/// the same trusted place.
pub fn verify_inclusion(leaf_hash: Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    // The number of the node reached and that of the last node, at its level.
    let (mut node, mut last) = (index, size - 1);
    let mut hash = leaf_hash;
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if node % 2 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            // A last node without a sibling rises unchanged to where it has one.
            let risen = node.trailing_zeros();
            node >>= risen;
            last >>= risen;
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// The proof that the log of `old` leaves is the beginning of that of `new`:
/// `PROOF(m, D[n])` of RFC 6962 §2.1.2.
///
/// It is empty where nothing needs proof, for `old == new` and for `old == 0`
/// (which the RFC leaves undefined). `None` if `old > new` or the source lacks
/// a hash.
pub fn consistency_proof(source: &impl HashSource, old: u64, new: u64) -> Option<Vec<Hash>> {
    if old > new {
        return None;
    }
    let mut proof = Vec::new();
    if old == 0 {
        return Some(proof);
    }
    let (mut start, mut end) = (0, new);
    while end != old {
        let middle = split(start, end);
        if old <= middle {
            proof.push(range_hash(source, middle, end)?);
            end = middle;
        } else {
            proof.push(range_hash(source, start, middle)?);
            start = middle;
        }
    }
    // Arrived at the whole old log, its hash is its root, which the verifier has.
    if start != 0 {
        proof.push(range_hash(source, start, end)?);
    }
    proof.reverse();
    Some(proof)
}

/// Whether `proof` shows the log with the old size and root to be the beginning
/// of the one with the new size and root (RFC 9162 §2.1.4.2).
///
/// Equal sizes need equal roots; the empty log is the beginning of every log.
/// As for inclusion, each size must come from the same trusted place as its root.
pub fn verify_consistency(
    old_size: u64,
    new_size: u64,
    old_root: &Hash,
    new_root: &Hash,
    proof: &[Hash],
) -> bool {
    if old_size > new_size {
        return false;
    }
    if old_size == 0 && *old_root != EMPTY_ROOT {
        return false;
    }
    if old_size == new_size {
        return proof.is_empty() && old_root == new_root;
    }
    if old_size == 0 {
        return proof.is_empty();
    }
    // An old log of a power of two is one complete subtree: the proof starts
    // from its root, which it therefore does not repeat.
    let (seed, path) = if old_size.is_power_of_two() {
        (old_root, proof)
    } else if let Some((first, rest)) = proof.split_first() {
        (first, rest)
    } else {
        return false;
    };
    roots_from(*seed, path, old_size, new_size) == Some((*old_root, *new_root))
}

/// The old and the new root that a consistency proof leads to, starting from
/// the last complete subtree of the old log; `None` if the proof has the wrong
/// length (steps 3 to 7 of RFC 9162 §2.1.4.2).
fn roots_from(seed: Hash, path: &[Hash], old_size: u64, new_size: u64) -> Option<(Hash, Hash)> {
    // The number of the old log's last node and of the new one's, at the level
    // of the seed.
    let level = (old_size - 1).trailing_ones();
    let (mut node, mut last) = ((old_size - 1) >> level, (new_size - 1) >> level);
    let (mut old, mut new) = (seed, seed);
    for sibling in path {
        if last == 0 {
            return None;
        }
        if node % 2 == 1 || node == last {
            old = node_hash(sibling, &old);
            new = node_hash(sibling, &new);
            // A last node without a sibling rises unchanged to where it has one.
            let risen = node.trailing_zeros();
            node >>= risen;
            last >>= risen;
        } else {
            new = node_hash(&new, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    (last == 0).then_some((old, new))
}

#[cfg(test)]
mod tests;
