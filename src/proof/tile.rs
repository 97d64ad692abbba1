//! The hashes of a Merkle log cut into tiles, as C2SP tlog-tiles lays them out.
//!
//! A tile stands for a subtree eight levels high and holds only its bottom row.
//! The tiles of level 0 hold leaf hashes, and each hash in a tile of a higher
//! level is the root of one full tile below. Full tiles never change, so that
//! they can be written once and copied by anyone.

use std::array;
use std::cell::RefCell;
use std::mem;

use super::merkle::{Frontier, Hash, HashSource, node_hash, split_hashes};

/// How many hashes a full tile holds (C2SP tlog-tiles, "Merkle Tree").
pub const WIDTH: usize = 256;

/// How many levels of the tree one tile spans.
const HEIGHT: u8 = 8;

/// How many levels of tiles a log can have whose size is a `u64`.
const LEVELS: u8 = 64 / HEIGHT;

/// Consecutive hashes of one level (C2SP tlog-tiles, "Merkle Tree").
///
/// Hash `i` is that of the complete subtree of 256^`level` leaves that has the
/// number `index * 256 + i` among its equals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// The level of the tile, 0 for leaf hashes.
    pub level: u8,
    /// The number of the tile in its level, from 0.
    pub index: u64,
    /// [`WIDTH`] hashes, or fewer in a partial tile.
    pub hashes: Vec<Hash>,
}

impl Tile {
    /// The tile as it is stored: its hashes one after another.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.hashes.as_flattened().to_vec()
    }

    /// Takes back what [`to_bytes`](Self::to_bytes) gave.
    ///
    /// `None` unless the bytes are 1 to [`WIDTH`] whole hashes (empty tiles do
    /// not exist) and a log with 64-bit sizes has such a level.
    pub fn from_bytes(level: u8, index: u64, bytes: &[u8]) -> Option<Self> {
        let hashes = split_hashes(bytes)?;
        let sound = level < LEVELS && (1..=WIDTH).contains(&hashes.len());
        sound.then_some(Self { level, index, hashes })
    }

    /// The place for hashes that a tile starts from.
    fn empty(level: u8, index: u64) -> Self {
        Self { level, index, hashes: Vec::new() }
    }
}

/// How many tiles of this level are full in a log of `size` leaves.
fn full_count(level: u8, size: u64) -> u64 {
    let leaves_log2 = u32::from(HEIGHT) * (u32::from(level) + 1);
    // Not even the largest log fills a tile of the top level.
    size.checked_shr(leaves_log2).unwrap_or(0)
}

/// The full tiles of a log of `size` leaves as (level, index), lowest level
/// first (C2SP tlog-tiles, "Merkle Tree").
pub fn full_tiles_of(size: u64) -> impl Iterator<Item = (u8, u64)> {
    (0..LEVELS).flat_map(move |level| (0..full_count(level, size)).map(move |index| (level, index)))
}

/// The partial tiles of a log of `size` leaves as (level, index, width), lowest
/// level first (C2SP tlog-tiles, "Partial Tiles").
pub fn partials_of(size: u64) -> Vec<(u8, u64, usize)> {
    (0..LEVELS)
        .map(|level| {
            let hashes = size >> (HEIGHT * level);
            let width = (hashes % WIDTH as u64) as usize;
            (level, full_count(level, size), width)
        })
        .filter(|&(_, _, width)| width > 0)
        .collect()
}

/// The path a tile is served at, such as `tile/0/x001/x234/067`, or
/// `tile/1/000.p/5` for a partial one (C2SP tlog-tiles, "Merkle Tree").
///
/// `width` is the number of hashes, 1 to [`WIDTH`].
pub fn path(level: u8, index: u64, width: usize) -> String {
    let mut number = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        number = format!("x{:03}/{number}", rest % 1000);
        rest /= 1000;
    }
    if width < WIDTH { format!("tile/{level}/{number}.p/{width}") } else { format!("tile/{level}/{number}") }
}

/// Writes the tiles of a growing log.
///
/// ```
/// use creditbank::proof::merkle::leaf_hash;
/// use creditbank::proof::tile::TileWriter;
///
/// let mut writer = TileWriter::empty();
/// for n in 0..300_u32 {
///     writer.push(leaf_hash(&n.to_be_bytes()));
/// }
/// let full = writer.take_full();
/// assert_eq!((full.len(), full[0].level, full[0].index), (1, 0, 0));
///
/// let resumed = TileWriter::resume(300, writer.partials());
/// assert_eq!(resumed.map(|it| it.root()), Some(writer.root()));
/// ```
#[derive(Clone, Debug)]
pub struct TileWriter {
    frontier: Frontier,
    /// The tile of each level that takes the next hash; never full.
    open: [Tile; LEVELS as usize],
    full: Vec<Tile>,
}

impl TileWriter {
    /// The writer of a log without leaves.
    pub fn empty() -> Self {
        Self {
            frontier: Frontier::new(),
            open: array::from_fn(|level| Tile::empty(level as u8, 0)),
            full: Vec::new(),
        }
    }

    /// Continues a log of `size` leaves from its partial tiles, in any order;
    /// `None` unless they are exactly the ones [`partials_of`] names.
    pub fn resume(size: u64, mut partial_tiles: Vec<Tile>) -> Option<Self> {
        partial_tiles.sort_by_key(|tile| tile.level);
        let given = partial_tiles.iter().map(|tile| (tile.level, tile.index, tile.hashes.len()));
        if !given.eq(partials_of(size)) {
            return None;
        }
        // A level's partial tile covers what the full tiles above leave over,
        // so its own complete subtrees are the log's, the highest level's first.
        let subtrees = partial_tiles.iter().rev().flat_map(|tile| {
            let within: Frontier = tile.hashes.iter().copied().collect();
            within.subtrees().to_vec()
        });
        let frontier = Frontier::from_subtrees(size, subtrees.collect())?;
        let mut open = array::from_fn(|level| {
            let level = level as u8;
            Tile::empty(level, full_count(level, size))
        });
        for tile in partial_tiles {
            let level = usize::from(tile.level);
            open[level] = tile;
        }
        Some(Self { frontier, open, full: Vec::new() })
    }

    /// Appends the leaf with this hash.
    pub fn push(&mut self, leaf_hash: Hash) {
        self.extend(&[leaf_hash]);
    }

    /// Appends the leaves with these hashes: many together take less time than one by one.
    pub fn extend(&mut self, leaf_hashes: &[Hash]) {
        let Self { frontier, open, full } = self;
        // The frontier passes by the root of every tile as it completes the
        // tile's subtree, so that no node is hashed a second time for a tile.
        frontier.extend_with(leaf_hashes, |level, mut hashes| {
            if level % HEIGHT != 0 {
                return;
            }
            let tile = &mut open[usize::from(level / HEIGHT)];
            while !hashes.is_empty() {
                tile.hashes.reserve_exact(WIDTH - tile.hashes.len());
                let room = WIDTH - tile.hashes.len();
                let (these, rest) = hashes.split_at(room.min(hashes.len()));
                tile.hashes.extend_from_slice(these);
                hashes = rest;
                if tile.hashes.len() == WIDTH {
                    let next = Tile::empty(tile.level, tile.index + 1);
                    full.push(mem::replace(tile, next));
                }
            }
        });
    }

    /// The tiles that have become full since the last call, those of one level
    /// in order.
    ///
    /// They stay in memory until taken: 8 KiB for every 256 leaves.
    pub fn take_full(&mut self) -> Vec<Tile> {
        mem::take(&mut self.full)
    }

    /// The partial tiles of the log as it is now, lowest level first, one for
    /// each level with a tile begun and not full.
    pub fn partials(&self) -> Vec<Tile> {
        let begun = self.open.iter().filter(|tile| !tile.hashes.is_empty());
        begun.cloned().collect()
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The root of the log as it is now (RFC 6962 §2.1).
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// The right edge of the log as it is now.
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }
}

/// How many tiles a source remembers. A proof reads, on each level of tiles, at
/// most the tile above the leaf and the rightmost one.
const REMEMBERED: usize = 2 * LEVELS as usize;

/// A tile with the rows of the tree above it that were asked for so far.
struct TileTree {
    level: u8,
    index: u64,
    /// Row 0 holds the hashes of the tile, each further row half as many.
    rows: Vec<Vec<Hash>>,
}

impl TileTree {
    fn new(tile: Tile) -> Self {
        Self { level: tile.level, index: tile.index, rows: vec![tile.hashes] }
    }

    /// Node `at` of the row `height` levels above the hashes of the tile.
    fn node(&mut self, height: usize, at: usize) -> Option<Hash> {
        while self.rows.len() <= height {
            // A node left over at the end has no complete subtree above it.
            let (pairs, _) = self.rows.last()?.as_chunks();
            let row = pairs.iter().map(|[left, right]| node_hash(left, right));
            self.rows.push(row.collect());
        }
        self.rows[height].get(at).copied()
    }
}

/// The hashes of a log of one size, read from its tiles.
///
/// `load` is called with the level and index of a tile and gives the widest
/// form of it there is: the full tile, or else the partial one. The last few
/// tiles are remembered, so that proofs for neighbouring leaves read and hash
/// each tile once; make a new source for a log that has grown.
pub struct TileSource<F: Fn(u8, u64) -> Option<Tile>> {
    load: F,
    /// Least recently used first.
    remembered: RefCell<Vec<TileTree>>,
}

impl<F: Fn(u8, u64) -> Option<Tile>> TileSource<F> {
    /// The hashes of the log whose tiles `load` gives.
    pub fn new(load: F) -> Self {
        Self { load, remembered: RefCell::default() }
    }

    /// The tile asked for, remembered or loaded; `None` if `load` has none or
    /// gives another.
    fn tree(&self, level: u8, index: u64) -> Option<TileTree> {
        let mut remembered = self.remembered.borrow_mut();
        let is_asked_for = |tree: &TileTree| (tree.level, tree.index) == (level, index);
        if let Some(at) = remembered.iter().position(is_asked_for) {
            return Some(remembered.remove(at));
        }
        // `load` is foreign code and may come back to this source.
        drop(remembered);
        (self.load)(level, index).map(TileTree::new).filter(is_asked_for)
    }

    /// Keeps the tile as the most recently used, instead of the least.
    fn remember(&self, tree: TileTree) {
        let mut remembered = self.remembered.borrow_mut();
        if remembered.len() == REMEMBERED {
            remembered.remove(0);
        }
        remembered.push(tree);
    }
}

impl<F: Fn(u8, u64) -> Option<Tile>> HashSource for TileSource<F> {
    fn subtree(&self, level: u8, index: u64) -> Option<Hash> {
        let height = usize::from(level % HEIGHT);
        let nodes_in_row = WIDTH as u64 >> height;
        let mut tree = self.tree(level / HEIGHT, index / nodes_in_row)?;
        let node = tree.node(height, (index % nodes_in_row) as usize);
        self.remember(tree);
        node
    }
}

#[cfg(test)]
mod tests {
    use super::super::merkle::{
        consistency_proof, inclusion_proof, leaf_hash, root_at, root_of, verify_consistency, verify_inclusion,
    };
    use super::*;
    use proptest::prelude::*;
    use std::cell::Cell;
    use std::collections::BTreeMap;

    fn leaf(n: u64) -> Hash {
        leaf_hash(&n.to_be_bytes())
    }

    fn push_until(writer: &mut TileWriter, size: u64) {
        for n in writer.size()..size {
            writer.push(leaf(n));
        }
    }

    /// A writer that has got to `size`, and the tiles it has filled so far.
    fn written(size: u64) -> (TileWriter, Vec<Tile>) {
        let mut writer = TileWriter::empty();
        push_until(&mut writer, size);
        let full = writer.take_full();
        (writer, full)
    }

    /// The same with a halt at each cut, where only the bytes of the partial
    /// tiles outlive the writer.
    fn written_with_halts(cuts: &[u64], size: u64) -> (TileWriter, Vec<Tile>) {
        let mut writer = TileWriter::empty();
        let mut full = Vec::new();
        for &cut in cuts {
            push_until(&mut writer, cut);
            full.extend(writer.take_full());
            let stored = writer.partials().into_iter().map(|tile| {
                let bytes = tile.to_bytes();
                Tile::from_bytes(tile.level, tile.index, &bytes).unwrap()
            });
            writer = TileWriter::resume(cut, stored.collect()).unwrap();
        }
        push_until(&mut writer, size);
        full.extend(writer.take_full());
        (writer, full)
    }

    type Key = (u8, u64);

    fn shelf(writer: &TileWriter, full: Vec<Tile>) -> BTreeMap<Key, Tile> {
        let tiles = full.into_iter().chain(writer.partials());
        tiles.map(|tile| ((tile.level, tile.index), tile)).collect()
    }

    fn keys(tiles: &[Tile]) -> Vec<Key> {
        tiles.iter().map(|tile| (tile.level, tile.index)).collect()
    }

    fn widths(tiles: &[Tile]) -> Vec<(u8, u64, usize)> {
        let width = |tile: &Tile| (tile.level, tile.index, tile.hashes.len());
        tiles.iter().map(width).collect()
    }

    /// The complete subtrees that a tile should hold, hashed from the leaves.
    fn expected(level: u8, index: u64, width: usize) -> Vec<Hash> {
        let leaves = 1 << (HEIGHT * level);
        let first = index * WIDTH as u64;
        (first..first + width as u64).map(|n| root_of((n * leaves..(n + 1) * leaves).map(leaf))).collect()
    }

    #[test]
    fn paths_are_those_of_tlog_tiles() {
        assert_eq!(path(0, 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(path(0, 0, 256), "tile/0/000");
        assert_eq!(path(0, 999, 256), "tile/0/999");
        assert_eq!(path(0, 1000, 256), "tile/0/x001/000");
        assert_eq!(path(1, 0, 5), "tile/1/000.p/5");
        assert_eq!(path(2, 12_345, 255), "tile/2/x012/345.p/255");
    }

    /// The example of the specification.
    #[test]
    fn a_log_of_70_000_leaves() {
        let full: Vec<Key> = full_tiles_of(70_000).collect();
        assert_eq!(full.iter().filter(|(level, _)| *level == 0).count(), 273);
        assert_eq!(full.last(), Some(&(1, 0)));
        assert_eq!(full.len(), 274);
        assert_eq!(partials_of(70_000), [(0, 273, 112), (1, 1, 17), (2, 0, 1)]);
    }

    #[test]
    fn the_tiles_around_the_first_full_ones() {
        let full = |size| full_tiles_of(size).count();
        assert_eq!((full(0), partials_of(0)), (0, vec![]));
        assert_eq!((full(1), partials_of(1)), (0, vec![(0, 0, 1)]));
        assert_eq!((full(255), partials_of(255)), (0, vec![(0, 0, 255)]));
        assert_eq!((full(256), partials_of(256)), (1, vec![(1, 0, 1)]));
        assert_eq!((full(257), partials_of(257)), (1, vec![(0, 1, 1), (1, 0, 1)]));
        assert_eq!((full(65_535), partials_of(65_535)), (255, vec![(0, 255, 255), (1, 0, 255)]));
        assert_eq!((full(65_536), partials_of(65_536)), (257, vec![(2, 0, 1)]));
        assert_eq!((full(65_537), partials_of(65_537)), (257, vec![(0, 256, 1), (2, 0, 1)]));
    }

    #[test]
    fn the_largest_log_has_a_partial_tile_on_every_level() {
        let partials = partials_of(u64::MAX);
        assert_eq!(partials.len(), 8);
        assert_eq!(partials[0], (0, u64::MAX >> 8, 255));
        assert_eq!(partials[7], (7, 0, 255));
        assert_eq!(full_tiles_of(u64::MAX).next(), Some((0, 0)));
    }

    #[test]
    fn the_written_tiles_are_the_listed_ones() {
        let mut writer = TileWriter::empty();
        let mut full = Vec::new();
        for size in [0, 1, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537] {
            push_until(&mut writer, size);
            full.extend(writer.take_full());
            full.sort_by_key(|tile| (tile.level, tile.index));
            assert_eq!(writer.size(), size);
            assert_eq!(keys(&full), full_tiles_of(size).collect::<Vec<_>>());
            assert_eq!(widths(&writer.partials()), partials_of(size));
            assert_eq!(writer.root(), root_of((0..size).map(leaf)));
        }
        assert!(full.iter().all(|tile| tile.hashes.len() == WIDTH));
    }

    #[test]
    fn a_tile_holds_the_roots_of_its_subtrees() {
        let (writer, full) = written(66_000);
        for tile in full.into_iter().chain(writer.partials()) {
            let hashes = expected(tile.level, tile.index, tile.hashes.len());
            assert!(tile.hashes == hashes, "{} {}", tile.level, tile.index);
        }
    }

    #[test]
    fn halts_at_the_edges_of_tiles_change_nothing() {
        let cuts = [0, 1, 255, 256, 257, 512, 65_535, 65_536, 65_537];
        let (once, full_once) = written(66_000);
        let (halted, full_halted) = written_with_halts(&cuts, 66_000);
        assert!(full_once == full_halted);
        assert!(once.partials() == halted.partials());
        assert_eq!(once.frontier(), halted.frontier());
    }

    #[test]
    fn only_the_partial_tiles_of_the_size_resume_a_log() {
        let (writer, full) = written(300);
        let tiles = writer.partials();
        let resumes = |size, tiles: Vec<Tile>| TileWriter::resume(size, tiles).is_some();
        assert!(resumes(300, tiles.clone()));
        assert!(resumes(300, tiles.iter().rev().cloned().collect()));
        assert!(resumes(0, vec![]));

        assert!(!resumes(301, tiles.clone()));
        assert!(!resumes(300, tiles[1..].to_vec()));
        assert!(!resumes(300, [tiles.clone(), full].concat()));
        assert!(!resumes(300, [&tiles[..], &tiles[..1]].concat()));
        let mut elsewhere = tiles;
        elsewhere[0].index += 1;
        assert!(!resumes(300, elsewhere));
    }

    #[test]
    fn a_tile_is_1_to_256_whole_hashes() {
        let bytes = [7; 257 * 32];
        let width =
            |level, length: usize| Tile::from_bytes(level, 3, &bytes[..length]).map(|tile| tile.hashes.len());
        assert_eq!(width(0, 32), Some(1));
        assert_eq!(width(7, 8192), Some(256));
        assert_eq!(width(0, 0), None);
        assert_eq!(width(0, 33), None);
        assert_eq!(width(0, 257 * 32), None);
        assert_eq!(width(8, 32), None);
    }

    #[test]
    fn proofs_from_tiles_verify() {
        let (writer, full) = written(66_000);
        let tiles = shelf(&writer, full);
        let source = TileSource::new(|level, index| tiles.get(&(level, index)).cloned());
        assert_eq!(root_at(&source, 66_000), Some(writer.root()));

        let edges = [1, 255, 256, 257, 65_535, 65_536, 65_537, 66_000];
        for size in edges {
            let root = root_at(&source, size).unwrap();
            for index in edges.map(|edge| edge - 1).into_iter().filter(|n| *n < size) {
                let proof = inclusion_proof(&source, index, size).unwrap();
                assert!(verify_inclusion(leaf(index), index, size, &proof, &root));
            }
            for old in edges.into_iter().filter(|old| *old <= size) {
                let old_root = root_at(&source, old).unwrap();
                let proof = consistency_proof(&source, old, size).unwrap();
                assert!(verify_consistency(old, size, &old_root, &root, &proof));
            }
        }
    }

    #[test]
    fn proofs_for_all_leaves_load_each_tile_once() {
        let (writer, full) = written(3000);
        let tiles = shelf(&writer, full);
        let loads = Cell::new(0);
        let source = TileSource::new(|level, index| {
            loads.set(loads.get() + 1);
            tiles.get(&(level, index)).cloned()
        });
        for index in 0..3000 {
            let proof = inclusion_proof(&source, index, 3000).unwrap();
            assert!(verify_inclusion(leaf(index), index, 3000, &proof, &writer.root()));
        }
        assert_eq!(loads.get(), tiles.len());
    }

    #[test]
    fn a_source_with_more_tiles_than_it_remembers_forgets_the_oldest() {
        let (writer, full) = written(256 * 40);
        let tiles = shelf(&writer, full);
        let source = TileSource::new(|level, index| tiles.get(&(level, index)).cloned());
        for index in (0..40).chain(0..40) {
            let hashes = tiles[&(0, index)].hashes.iter().copied();
            let left_half = source.subtree(7, 2 * index);
            assert_eq!(left_half, Some(root_of(hashes.take(128))));
        }
        assert_eq!(source.remembered.borrow().len(), REMEMBERED);
    }

    #[test]
    fn what_the_tiles_lack_is_not_made_up() {
        let (writer, full) = written(300);
        let tiles = shelf(&writer, full);
        let source = TileSource::new(|level, index| tiles.get(&(level, index)).cloned());
        assert_eq!(source.subtree(0, 299), Some(leaf(299)));
        assert_eq!(source.subtree(0, 300), None);
        assert_eq!(source.subtree(9, 0), None);
        assert_eq!(source.subtree(255, u64::MAX), None);
        assert_eq!(root_at(&source, 301), None);

        let mistaken = TileSource::new(|_, _| tiles.get(&(0, 0)).cloned());
        assert_eq!(mistaken.subtree(0, 0), Some(leaf(0)));
        assert_eq!(mistaken.subtree(0, 256), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn halts_anywhere_change_nothing(
            mut cuts in prop::collection::vec(0_u64..1500, 0..6),
            beyond in 0_u64..600,
        ) {
            cuts.sort_unstable();
            let size = cuts.last().unwrap_or(&0) + beyond;
            let (once, full_once) = written(size);
            let (halted, full_halted) = written_with_halts(&cuts, size);
            prop_assert_eq!(full_once, full_halted);
            prop_assert_eq!(once.partials(), halted.partials());
            prop_assert_eq!(once.frontier(), halted.frontier());
        }

        #[test]
        fn every_subtree_can_be_read_from_the_tiles(size in 1_u64..1200, level in 0_u8..11) {
            let (writer, full) = written(size);
            let tiles = shelf(&writer, full);
            let source = TileSource::new(|level, index| tiles.get(&(level, index)).cloned());
            let complete = size >> level;
            for index in 0..complete {
                let leaves = (index << level)..((index + 1) << level);
                prop_assert_eq!(source.subtree(level, index), Some(root_of(leaves.map(leaf))));
            }
            prop_assert_eq!(source.subtree(level, complete), None);
        }
    }
}
