//! The tiles as kept, and the tree as it should be, compared block by block.

use super::audit::LogRow;
use super::codes::Findings;
use crate::domain::entry::EntryId;
use crate::domain::fault::Result;
use crate::ops::batch::hex;
use crate::proof::merkle::{self, Frontier, Hash};
use crate::proof::tile::{Tile, TileWriter, WIDTH};
use crate::store::{Cell, Read};

/// Reads tiles, remembering the last of level 0.
pub struct Tiles<'a> {
    read: &'a dyn Read,
    last: Option<(i64, u64, Option<Tile>)>,
}

impl<'a> Tiles<'a> {
    /// The tiles of a ledger.
    pub fn new(read: &'a dyn Read) -> Tiles<'a> {
        Tiles { read, last: None }
    }

    /// A tile of level 0.
    pub fn block(&mut self, log: i64, index: u64) -> Result<Option<&Tile>> {
        if self.last.as_ref().is_none_or(|(known, at, _)| (*known, *at) != (log, index)) {
            self.last = Some((log, index, self.read.tile(log, 0, index)?));
        }
        Ok(self.last.as_ref().and_then(|(_, _, tile)| tile.as_ref()))
    }

    /// The leaf hash kept for an entry.
    pub fn leaf(&mut self, entry: EntryId) -> Result<Option<Hash>> {
        let (index, at) = (entry.seq() / WIDTH as u64, (entry.seq() % WIDTH as u64) as usize);
        Ok(self.block(entry.log(), index)?.and_then(|tile| tile.hashes.get(at).copied()))
    }

    /// How many leaves the tiles of level 0 hold without a gap.
    pub fn leaves(&mut self, log: i64) -> Result<u64> {
        let mut index = 0;
        loop {
            let width = self.block(log, index)?.map_or(0, |tile| tile.hashes.len());
            if width < WIDTH {
                return Ok(index * WIDTH as u64 + width as u64);
            }
            index += 1;
        }
    }

    /// The root over the leaf hashes as kept, up to a size.
    pub fn root(&mut self, log: i64, size: u64) -> Result<Option<Hash>> {
        let mut frontier = Frontier::new();
        for seq in 0..size {
            match self.leaf(EntryId::new(log, seq))? {
                Some(leaf) => frontier.push(leaf),
                None => return Ok(None),
            }
        }
        Ok(Some(frontier.root()))
    }

    /// The entry whose leaf hash this is.
    pub fn find(&mut self, log: i64, size: u64, leaf: &Hash) -> Result<Option<u64>> {
        for index in 0..size.div_ceil(WIDTH as u64) {
            let hashes = self.block(log, index)?.map_or(&[][..], |tile| &tile.hashes);
            if let Some(at) = hashes.iter().position(|hash| hash == leaf) {
                return Ok(Some(index * WIDTH as u64 + at as u64));
            }
        }
        Ok(None)
    }

    /// What stands above a block of level 0: the hash in the tile above, or, for the last block, the
    /// end of the frontier. `None` where neither can be read.
    fn above(&self, log: &LogRow, size: u64, index: u64) -> Result<Option<Above>> {
        let width = WIDTH as u64;
        if (index + 1) * width <= size {
            let tile = self.read.tile(log.id, 1, index / width)?;
            let hash = tile.and_then(|tile| tile.hashes.get((index % width) as usize).copied());
            return Ok(hash.map(Above::Root));
        }
        let subtrees = (size % width).count_ones() as usize;
        let frontier = log.frontier.as_deref().and_then(|bytes| Frontier::from_bytes(size, bytes));
        Ok(frontier.map(|it| Above::Subtrees(it.subtrees()[it.subtrees().len() - subtrees..].to_vec())))
    }

    /// Whether these leaf hashes make up a block as the hashes above it say; `None` where nothing says.
    pub fn fits_above(&self, log: &LogRow, size: u64, index: u64, leaves: &[Hash]) -> Result<Option<bool>> {
        let frontier: Frontier = leaves.iter().copied().collect();
        Ok(self.above(log, size, index)?.map(|above| match above {
            Above::Root(root) => frontier.root() == root,
            Above::Subtrees(subtrees) => frontier.subtrees() == subtrees,
        }))
    }
}

enum Above {
    Root(Hash),
    Subtrees(Vec<Hash>),
}

/// The first bytes of a hash, for people.
pub fn short(hash: &Hash) -> String {
    format!("{}…", hex(&hash[..8]))
}

/// The tree over the leaves that are believed, and beside it, once they differ, the one over the
/// leaves as recomputed, by which outside checkpoints are judged.
pub struct Tree {
    believed: TileWriter,
    recomputed: Option<Frontier>,
}

impl Tree {
    /// Before the first leaf.
    pub fn new() -> Tree {
        Tree { believed: TileWriter::empty(), recomputed: None }
    }

    /// Appends a leaf: what is believed, and what the rows say, if anything.
    pub fn push(&mut self, believed: Hash, recomputed: Option<Hash>) {
        if recomputed != Some(believed) && self.recomputed.is_none() {
            self.recomputed = Some(self.believed.frontier().clone());
        }
        if let Some(frontier) = &mut self.recomputed {
            frontier.push(recomputed.unwrap_or_default());
        }
        self.believed.push(believed);
    }

    /// How many leaves.
    pub fn size(&self) -> u64 {
        self.believed.size()
    }

    /// The root over the leaves as recomputed from the rows.
    pub fn recomputed_root(&self) -> Hash {
        self.recomputed.as_ref().map_or_else(|| self.believed.root(), Frontier::root)
    }

    /// Compares the upper tiles that have become full.
    pub fn check_full(&mut self, read: &dyn Read, log: i64, findings: &mut Findings) -> Result<()> {
        let full = self.believed.take_full();
        full.iter().filter(|tile| tile.level > 0).try_for_each(|tile| check_upper(read, log, tile, findings))
    }

    /// Compares the unfinished upper tiles and the log's own row.
    pub fn finish(&self, read: &dyn Read, log: &LogRow, findings: &mut Findings) -> Result<()> {
        let partials = self.believed.partials();
        for tile in partials.iter().filter(|tile| tile.level > 0) {
            check_upper(read, log.id, tile, findings)?;
        }
        let root = self.believed.root();
        if log.root.is_some_and(|kept| kept != root) {
            let what = format!(
                "the root is {}, the {} leaves make {}",
                log.root.as_ref().map(short).unwrap_or_default(),
                self.size(),
                short(&root)
            );
            findings.add("V204", format!("log {}, column root", log.id), what);
        }
        if log.frontier.as_ref().is_some_and(|kept| *kept != self.believed.frontier().to_bytes()) {
            let what = "the hashes of its complete subtrees are not those of the leaves";
            findings.add("V204", format!("log {}, column frontier", log.id), what);
        }
        check_extent(read, log, self.size(), findings)
    }
}

fn check_upper(read: &dyn Read, log: i64, tile: &Tile, findings: &mut Findings) -> Result<()> {
    let place = format!("tile level {} index {} of log {log}", tile.level, tile.index);
    let Some(kept) = read.tile(log, tile.level, tile.index)? else {
        findings.add("V203", place, "it is missing, or its column hashes is not whole hashes");
        return Ok(());
    };
    if kept.hashes.len() != tile.hashes.len() {
        let what = format!("it holds {} hashes instead of {}", kept.hashes.len(), tile.hashes.len());
        findings.add("V203", format!("{place}, column hashes"), what);
    }
    for (at, (kept, right)) in kept.hashes.iter().zip(&tile.hashes).enumerate() {
        if kept != right {
            let what = format!("it is {}, the leaves below make {}", short(kept), short(right));
            findings.add("V202", format!("{place}, column hashes, hash {at}"), what);
        }
    }
    Ok(())
}

/// Tiles that a log of that size does not have.
fn check_extent(read: &dyn Read, log: &LogRow, size: u64, findings: &mut Findings) -> Result<()> {
    read.scan("tile", &["log", "level", "idx"], Some((log.id, log.id)), &mut |cells| {
        let (Cell::Int(level), Cell::Int(index)) = (&cells[1], &cells[2]) else { return Ok(()) };
        let hashes =
            u32::try_from(*level).ok().and_then(|level| size.checked_shr(level.checked_mul(8)?)).unwrap_or(0);
        let due = u64::try_from(*index).is_ok_and(|index| index < hashes.div_ceil(WIDTH as u64));
        if !due {
            let what = format!("a log of {size} entries has no such tile");
            findings.add("V203", format!("tile level {level} index {index} of log {}", log.id), what);
        }
        Ok(())
    })
}

/// All nodes over the rows of an act, so that one row can be exchanged at the cost of its path.
pub struct Nodes(Vec<Vec<Hash>>);

impl Nodes {
    /// Over these row hashes.
    pub fn over(rows: Vec<Hash>) -> Nodes {
        let mut levels = vec![rows];
        while let Some(last) = levels.last().filter(|level| level.len() > 1) {
            let next = last
                .chunks(2)
                .map(|pair| match pair {
                    [left, right] => merkle::node_hash(left, right),
                    alone => alone[0],
                })
                .collect();
            levels.push(next);
        }
        Nodes(levels)
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.0[0].len()
    }

    /// The root with another hash for one row.
    pub fn root_with(&self, row: usize, hash: Hash) -> Hash {
        let (mut at, mut hash) = (row, hash);
        for level in &self.0[..self.0.len().saturating_sub(1)] {
            hash = match (at % 2, level.get(at ^ 1)) {
                (0, Some(right)) => merkle::node_hash(&hash, right),
                (1, Some(left)) => merkle::node_hash(left, &hash),
                _ => hash,
            };
            at /= 2;
        }
        hash
    }

    /// The row hashes.
    pub fn rows(&self) -> &[Hash] {
        &self.0[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exchanging_a_row_gives_the_root_over_the_other_rows() {
        let rows: Vec<Hash> = (0..11_u8).map(|n| merkle::leaf_hash(&[n])).collect();
        for len in 1..=rows.len() {
            let nodes = Nodes::over(rows[..len].to_vec());
            for at in 0..len {
                let mut other = rows[..len].to_vec();
                other[at] = merkle::leaf_hash(b"other");
                let expected = merkle::root_of(other.iter().copied());
                assert_eq!(nodes.root_with(at, other[at]), expected, "row {at} of {len}");
            }
        }
    }
}
