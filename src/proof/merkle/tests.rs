use super::*;
use proptest::prelude::*;

/// Leaf hashes as a source, by the letter of RFC 6962 §2.1.
struct Leaves(Vec<Hash>);

impl Leaves {
    fn numbered(count: u64) -> Self {
        Self((0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect())
    }

    fn root(&self, size: u64) -> Hash {
        mth(&self.0[..size as usize])
    }
}

impl HashSource for Leaves {
    fn subtree(&self, level: u8, index: u64) -> Option<Hash> {
        let start = (index as usize) << level;
        self.0.get(start..start + (1 << level)).map(mth)
    }
}

/// The Merkle Tree Hash as RFC 6962 §2.1 defines it, on leaf hashes.
fn mth(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&mth(left), &mth(right))
        }
    }
}

fn hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn flipped(hash: &Hash, bit: usize) -> Hash {
    let mut hash = *hash;
    hash[bit / 8 % 32] ^= 1 << (bit % 8);
    hash
}

/// Every list of hashes one hash away from this one: a bit flipped in any
/// hash, any hash dropped or repeated, two neighbours exchanged.
fn spoiled(proof: &[Hash]) -> Vec<Vec<Hash>> {
    let mut all = vec![[proof, &[EMPTY_ROOT]].concat()];
    for at in 0..proof.len() {
        let mut one = proof.to_vec();
        one[at] = flipped(&one[at], 37 * at);
        all.push(one);
        let mut one = proof.to_vec();
        one.remove(at);
        all.push(one);
        let mut one = proof.to_vec();
        one.insert(at, proof[at]);
        all.push(one);
        if at > 0 {
            let mut one = proof.to_vec();
            one.swap(at - 1, at);
            all.push(one);
        }
    }
    all
}

const REFERENCE_LEAVES: [&[u8]; 8] = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
];

/// The roots of the first 1, 2, … 8 reference leaves.
const REFERENCE_ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

#[test]
fn the_certificate_transparency_reference_log() {
    let leaves = Leaves(REFERENCE_LEAVES.map(leaf_hash).to_vec());
    let mut log = Frontier::new();
    for (leaf, root) in leaves.0.iter().zip(REFERENCE_ROOTS) {
        log.push(*leaf);
        assert_eq!(hex(&log.root()), root);
        assert_eq!(root_at(&leaves, log.size()), Some(log.root()));
    }
}

#[test]
fn the_certificate_transparency_reference_proofs() {
    let leaves = Leaves(REFERENCE_LEAVES.map(leaf_hash).to_vec());
    let starts = |proof: Option<Vec<Hash>>| -> Vec<String> {
        let proof = proof.unwrap();
        proof.iter().map(|hash| hex(&hash[..4])).collect()
    };
    assert_eq!(starts(inclusion_proof(&leaves, 5, 8)), ["bc1a0643", "ca854ea1", "d37ee418"]);
    assert_eq!(starts(consistency_proof(&leaves, 6, 8)), ["0ebc5d34", "ca854ea1", "d37ee418"]);
}

#[test]
fn the_empty_log_has_the_hash_of_nothing() {
    assert_eq!(EMPTY_ROOT, <Hash>::from(Sha256::digest([])));
    assert_eq!(Frontier::new().root(), EMPTY_ROOT);
    assert_eq!(root_of([]), EMPTY_ROOT);
    assert_eq!(root_at(&Leaves(vec![]), 0), Some(EMPTY_ROOT));
}

#[test]
fn leaves_of_every_length_hash_alike() {
    for length in 0..200 {
        let input = vec![0; length + 1];
        assert_eq!(leaf_hash(&input[1..]), <Hash>::from(Sha256::digest(&input)), "leaf of {length} bytes");
    }
}

#[test]
fn a_frontier_needs_one_hash_for_each_set_bit() {
    let log: Frontier = Leaves::numbered(5).0.into_iter().collect();
    let bytes = log.to_bytes();
    assert_eq!(bytes.len(), 2 * 32);
    assert_eq!(Frontier::from_bytes(5, &bytes), Some(log));
    assert_eq!(Frontier::from_bytes(7, &bytes), None);
    assert_eq!(Frontier::from_bytes(5, &bytes[1..]), None);
    assert_eq!(Frontier::from_bytes(0, &[]), Some(Frontier::new()));
}

#[test]
fn every_inclusion_proof_verifies_and_no_other() {
    let leaves = Leaves::numbered(71);
    for size in 1..=70 {
        let root = leaves.root(size);
        for index in 0..size {
            let leaf = leaves.0[index as usize];
            let proof = inclusion_proof(&leaves, index, size).unwrap();
            let verifies =
                |leaf, index, proof: &[Hash], root: &Hash| verify_inclusion(leaf, index, size, proof, root);
            assert!(verifies(leaf, index, &proof, &root), "{index} in {size}");

            let bit = (index + size) as usize;
            assert!(!verifies(flipped(&leaf, bit), index, &proof, &root));
            assert!(!verifies(leaf, index, &proof, &flipped(&root, bit)));
            for other in (0..size + 2).filter(|other| *other != index) {
                assert!(!verifies(leaf, other, &proof, &root));
            }
            for proof in spoiled(&proof) {
                assert!(!verifies(leaf, index, &proof, &root));
            }
        }
    }
}

#[test]
fn no_bit_of_a_proof_can_change() {
    let leaves = Leaves::numbered(70);
    let (old_root, root) = (leaves.root(45), leaves.root(70));
    let inclusion = inclusion_proof(&leaves, 45, 70).unwrap();
    let consistency = consistency_proof(&leaves, 45, 70).unwrap();
    for bit in 0..256 {
        for at in 0..inclusion.len() {
            let mut proof = inclusion.clone();
            proof[at] = flipped(&proof[at], bit);
            assert!(!verify_inclusion(leaves.0[45], 45, 70, &proof, &root));
        }
        for at in 0..consistency.len() {
            let mut proof = consistency.clone();
            proof[at] = flipped(&proof[at], bit);
            assert!(!verify_consistency(45, 70, &old_root, &root, &proof));
        }
    }
}

#[test]
fn every_consistency_proof_verifies_and_no_other() {
    let leaves = Leaves::numbered(70);
    for new in 0..=70 {
        let new_root = leaves.root(new);
        for old in 0..=new {
            let old_root = leaves.root(old);
            let proof = consistency_proof(&leaves, old, new).unwrap();
            let verifies = |old_root: &Hash, new_root: &Hash, proof: &[Hash]| {
                verify_consistency(old, new, old_root, new_root, proof)
            };
            assert!(verifies(&old_root, &new_root, &proof), "{old} to {new}");

            let bit = (old + new) as usize;
            assert!(!verifies(&flipped(&old_root, bit), &new_root, &proof));
            // Any log at all continues the empty one.
            let unchecked = old == 0 && new > 0;
            let other = flipped(&new_root, bit);
            assert_eq!(verifies(&old_root, &other, &proof), unchecked);
            for proof in spoiled(&proof) {
                assert!(!verifies(&old_root, &new_root, &proof), "{old} to {new}");
            }
        }
    }
}

#[test]
fn a_log_does_not_shrink_and_has_no_leaf_past_its_end() {
    let leaves = Leaves::numbered(8);
    let (three, four) = (leaves.root(3), leaves.root(4));
    assert_eq!(consistency_proof(&leaves, 4, 3), None);
    assert!(!verify_consistency(4, 3, &four, &three, &[]));
    assert_eq!(inclusion_proof(&leaves, 4, 4), None);
    assert!(!verify_inclusion(leaves.0[0], 0, 0, &[], &EMPTY_ROOT));
}

#[test]
fn a_source_that_lacks_a_hash_gives_no_proof() {
    let leaves = Leaves::numbered(8);
    assert_eq!(root_at(&leaves, 9), None);
    assert_eq!(inclusion_proof(&leaves, 0, 9), None);
    assert_eq!(consistency_proof(&leaves, 8, 9), None);
}

/// Neither kind of proof may overflow where sizes come from a stranger.
#[test]
fn the_largest_sizes_are_refused_without_a_panic() {
    let path = [EMPTY_ROOT; 64];
    for length in [0, 1, 63, 64] {
        for n in [0, 1, 1 << 63, u64::MAX - 1, u64::MAX] {
            let path = &path[..length];
            assert!(!verify_inclusion(EMPTY_ROOT, n, u64::MAX, path, &EMPTY_ROOT));
            let equal_or_empty = length == 0 && (n == 0 || n == u64::MAX);
            assert_eq!(verify_consistency(n, u64::MAX, &EMPTY_ROOT, &EMPTY_ROOT, path), equal_or_empty);
        }
    }
}

proptest! {
    #[test]
    fn the_frontier_has_the_root_of_the_definition(size in 0_u64..600) {
        let leaves = Leaves::numbered(size);
        let mut log = Frontier::new();
        for leaf in &leaves.0 {
            log.push(*leaf);
        }
        prop_assert_eq!(log.size(), size);
        prop_assert_eq!(log.root(), leaves.root(size));
        prop_assert_eq!(root_of(leaves.0.iter().copied()), log.root());
        prop_assert_eq!(root_at(&leaves, size), Some(log.root()));
        prop_assert_eq!(Frontier::from_bytes(size, &log.to_bytes()), Some(log));
    }
}
