//! The tree over a batch's entries. That of a large batch is hashed by a thread of its own.

use crate::domain::fault::{Fault, Result};
use crate::proof::merkle::Hash;
use crate::proof::tile::{Tile, TileWriter};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

/// Leaves that are hashed here before a thread is worth starting.
const FEW: u64 = 1 << 14;

/// Leaves that are handed over at once: 64 KiB of them, so that their memory is used again and not returned to the system.
const AT_ONCE: usize = 1 << 11;

/// Portions of leaves that may wait: 4 MiB.
const WAITING: usize = 64;

/// The tree of a log, to which a batch adds its leaves.
pub struct Tree {
    /// Leaves in all.
    size: u64,
    /// Leaves when the batch began.
    before: u64,
    hashing: Hashing,
}

enum Hashing {
    Here(Box<TileWriter>),
    Beside(Beside),
}

/// A thread that hashes.
struct Beside {
    /// Leaves that were not handed over yet.
    leaves: Vec<Hash>,
    portions: SyncSender<Vec<Hash>>,
    full: Receiver<Vec<Tile>>,
    thread: JoinHandle<TileWriter>,
}

impl Tree {
    /// The tree as it is before the batch.
    pub fn new(writer: TileWriter) -> Tree {
        let size = writer.size();
        Tree { size, before: size, hashing: Hashing::Here(Box::new(writer)) }
    }

    /// How many leaves it has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf.
    ///
    /// # Errors
    /// Where the thread that hashes ended.
    pub fn push(&mut self, leaf: Hash) -> Result<()> {
        self.size += 1;
        match &mut self.hashing {
            Hashing::Here(writer) => {
                writer.push(leaf);
                if self.size - self.before == FEW {
                    let empty = Box::new(TileWriter::empty());
                    let writer = std::mem::replace(writer, empty);
                    self.hashing = Hashing::Beside(Beside::start(*writer));
                }
                Ok(())
            }
            Hashing::Beside(beside) => beside.push(leaf),
        }
    }

    /// The tiles that became full and were not taken yet, as far as they are hashed.
    pub fn take_full(&mut self) -> Vec<Tile> {
        match &mut self.hashing {
            Hashing::Here(writer) => writer.take_full(),
            Hashing::Beside(beside) => beside.full.try_iter().flatten().collect(),
        }
    }

    /// Ends the batch: the tiles that are full and were not taken, and the tree.
    ///
    /// # Errors
    /// Where the thread that hashes ended before.
    pub fn finish(self) -> Result<(Vec<Tile>, TileWriter)> {
        match self.hashing {
            Hashing::Here(mut writer) => Ok((writer.take_full(), *writer)),
            Hashing::Beside(beside) => beside.finish(),
        }
    }
}

impl Beside {
    fn start(writer: TileWriter) -> Beside {
        let (portions, received) = sync_channel(WAITING);
        let (done, full) = channel();
        let thread = std::thread::spawn(move || hash(writer, &received, &done));
        Beside { leaves: Vec::with_capacity(AT_ONCE), portions, full, thread }
    }

    fn push(&mut self, leaf: Hash) -> Result<()> {
        self.leaves.push(leaf);
        if self.leaves.len() < AT_ONCE {
            return Ok(());
        }
        let portion = std::mem::replace(&mut self.leaves, Vec::with_capacity(AT_ONCE));
        self.portions.send(portion).map_err(|_| ended())
    }

    fn finish(self) -> Result<(Vec<Tile>, TileWriter)> {
        let Beside { leaves, portions, full, thread } = self;
        portions.send(leaves).map_err(|_| ended())?;
        // With it closed the thread comes to its end.
        drop(portions);
        let writer = thread.join().map_err(|_| ended())?;
        Ok((full.try_iter().flatten().collect(), writer))
    }
}

fn hash(mut writer: TileWriter, portions: &Receiver<Vec<Hash>>, done: &Sender<Vec<Tile>>) -> TileWriter {
    // What was full before comes first.
    let _ = done.send(writer.take_full());
    for leaves in portions {
        writer.extend(&leaves);
        // Nobody takes them where the batch was given up.
        let _ = done.send(writer.take_full());
    }
    writer
}

fn ended() -> Fault {
    Fault::new("S918", "the thread that hashes the tree stopped unexpectedly")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::merkle::leaf_hash;

    /// Sizes before and after: without a thread, at its border, and with portions that are not full.
    #[test]
    fn a_tree_is_the_same_whoever_hashes_it() {
        for (before, added) in
            [(0, 1), (3, FEW - 1), (3, FEW), (255, FEW + 1), (300, FEW + AT_ONCE as u64), (1, 40_000)]
        {
            let leaf = |at: u64| leaf_hash(&at.to_be_bytes());
            let mut alone = TileWriter::empty();
            (0..before).for_each(|at| alone.push(leaf(at)));
            let mut tree = Tree::new(alone.clone());
            let mut tiles = Vec::new();
            for at in before..before + added {
                alone.push(leaf(at));
                tree.push(leaf(at)).unwrap();
                assert_eq!(tree.size(), at + 1);
                if at % 999 == 0 {
                    tiles.extend(tree.take_full());
                }
            }
            let (rest, writer) = tree.finish().unwrap();
            tiles.extend(rest);
            assert_eq!(writer.root(), alone.root(), "{before} + {added}");
            assert_eq!(writer.partials(), alone.partials());
            assert_eq!(tiles, alone.take_full(), "{before} + {added}");
        }
    }
}
