//! The walk along a log: every entry once, its leaf computed anew and compared with the tile.

use super::audit::{Audit, LogRow, WINDOW};
use super::columns::{Columns, Kept};
use super::keep::{self, Checked};
use super::search::LeafOf;
use super::tiles::{Tree, short};
use crate::domain::entry::{Achievement, EntryId, Movement};
use crate::domain::fault::Result;
use crate::proof::merkle::Hash;
use crate::proof::tile::WIDTH;
use crate::store::{Act, Refusal};
use std::collections::BTreeMap;

/// A row that claims an entry.
enum Line {
    Act(Kept<Act>),
    Achievement(Kept<Achievement>),
    Movement(Kept<Movement>),
}

impl Line {
    fn table(&self) -> &'static str {
        match self {
            Line::Act(_) => "act",
            Line::Achievement(_) => "achievement",
            Line::Movement(_) => "movement",
        }
    }
}

/// An entry of the block that is being walked.
struct Seen {
    table: &'static str,
    leaf: Option<Hash>,
    kept: Option<Hash>,
}

/// Where the walk is.
pub struct Walk<'l> {
    log: &'l LogRow,
    tree: Tree,
    block: Vec<Seen>,
    /// Whether the tile of the current block fits what stands above it; asked only where it matters.
    sound: Option<bool>,
    missing: Option<(u64, u64)>,
    /// Outside checkpoints of this log by size.
    against: Vec<(u64, Hash)>,
}

impl<'a> Audit<'a> {
    /// Walks along a log.
    pub fn walk(&mut self, log: &LogRow, against: Vec<(u64, Hash)>, at: &dyn Fn(u64)) -> Result<()> {
        let mut walk =
            Walk { log, tree: Tree::new(), block: Vec::new(), sound: None, missing: None, against };
        walk.against.sort_unstable();
        walk.against.reverse();
        self.check_against(&mut walk);
        for from in (0..log.size).step_by(WINDOW as usize) {
            let to = (from + WINDOW).min(log.size);
            self.window(&mut walk, from, to)?;
            walk.tree.check_full(self.read, log.id, &mut self.findings)?;
            at(to);
        }
        self.say_missing(&mut walk);
        walk.tree.finish(self.read, log, &mut self.findings)?;
        for (size, root) in std::mem::take(&mut walk.against) {
            let what = format!(
                "a checkpoint over {size} entries with root {} was seen; the log has {}",
                short(&root),
                log.size
            );
            self.findings.add("V206", format!("log {}", log.id), what);
        }
        Ok(())
    }

    fn window(&mut self, walk: &mut Walk, from: u64, to: u64) -> Result<()> {
        let (start, end) = (EntryId::new(walk.log.id, from).0, EntryId::new(walk.log.id, to).0);
        let acts = keep::acts(self.read, start, end)?;
        let achievements = keep::achievements(self.read, start, end)?;
        let movements = keep::movements(self.read, start, end)?;
        self.count("act", acts.len());
        self.count("achievement", achievements.len());
        self.count("movement", movements.len());
        let mut refused: BTreeMap<i64, Vec<Checked<Refusal>>> = BTreeMap::new();
        for row in keep::refusals(self.read, start, end)? {
            refused.entry(row.0.entry.0).or_default().push(row);
        }
        let mut acts = acts.into_iter().peekable();
        let mut achievements = achievements.into_iter().peekable();
        let mut movements = movements.into_iter().peekable();
        for seq in from..to {
            let entry = EntryId::new(walk.log.id, seq);
            let lines = [
                acts.next_if(|kept| kept.row.entry == entry).map(Line::Act),
                achievements.next_if(|kept| kept.row.entry == entry).map(Line::Achievement),
                movements.next_if(|kept| kept.row.entry == entry).map(Line::Movement),
            ];
            self.entry(walk, entry, lines, &mut refused)?;
        }
        for (entry, rows) in refused {
            let what = format!("entry {} refuses no rows", EntryId(entry));
            let place = format!("refusal entry {}, ord {}, column entry", EntryId(entry), rows[0].0.ord);
            self.findings.add("V103", place, what);
        }
        Ok(())
    }

    fn entry(
        &mut self,
        walk: &mut Walk,
        entry: EntryId,
        lines: [Option<Line>; 3],
        refused: &mut BTreeMap<i64, Vec<Checked<Refusal>>>,
    ) -> Result<()> {
        let kept = self.tiles.leaf(entry)?;
        let seen = match self.choose(entry, lines, kept) {
            None => {
                self.note_missing(walk, entry.seq());
                Seen { table: "act", leaf: None, kept }
            }
            Some(line) => {
                let table = line.table();
                let leaf = match line {
                    Line::Act(row) => {
                        let refused = refused.remove(&entry.0).unwrap_or_default();
                        self.act_line(walk, row, refused, kept)?
                    }
                    Line::Achievement(row) => {
                        let (row, leaf) =
                            self.line(walk, row, kept, Audit::achievement_leaf, |audit, row| {
                                audit.achievements.insert(row.entry.0, row.clone());
                            })?;
                        self.take_achievement(&row);
                        leaf
                    }
                    Line::Movement(row) => {
                        let (row, leaf) =
                            self.line(walk, row, kept, Audit::movement_leaf, |audit, row| {
                                audit.movements.insert(row.entry.0, row.clone());
                            })?;
                        self.take_movement(&row);
                        leaf
                    }
                };
                Seen { table, leaf, kept }
            }
        };
        walk.block.push(seen);
        if walk.block.len() == WIDTH || entry.seq() + 1 == walk.log.size {
            self.close_block(walk, entry.seq() / WIDTH as u64)?;
        }
        Ok(())
    }

    /// The row that stands at an entry; where several claim it, the one that fits, else the first.
    fn choose(&mut self, entry: EntryId, lines: [Option<Line>; 3], kept: Option<Hash>) -> Option<Line> {
        let mut lines: Vec<Line> = lines.into_iter().flatten().collect();
        if lines.len() < 2 {
            return lines.pop();
        }
        let fits = lines.iter().position(|line| {
            let leaf = match line {
                Line::Act(_) => None,
                Line::Achievement(row) => self.achievement_leaf(&row.row),
                Line::Movement(row) => self.movement_leaf(&row.row),
            };
            leaf.is_some() && leaf == kept
        });
        let chosen = lines.remove(fits.unwrap_or(0));
        for other in lines {
            let what = format!("{} has a row of that entry as well", chosen.table());
            self.findings.add("V102", format!("{} entry {entry}, column entry", other.table()), what);
        }
        Some(chosen)
    }

    /// Compares an achievement or a movement; gives it as recorded, as far as that is known.
    fn line<T: Columns>(
        &mut self,
        walk: &mut Walk,
        line: Kept<T>,
        kept: Option<Hash>,
        leaf_of: LeafOf<'a, T>,
        remember: fn(&mut Audit<'a>, &T),
    ) -> Result<(T, Option<Hash>)> {
        let leaf = leaf_of(self, &line.row);
        let entry = line.row.entry();
        if line.marked {
            self.say_marked(T::TABLE, entry);
        }
        if leaf == kept && leaf.is_some() && line.bad.is_empty() {
            return Ok((line.row, leaf));
        }
        // A row that does not decode has no leaf of its own, even where its remains fit.
        let own = leaf.filter(|_| line.bad.is_empty());
        let Some(want) = kept else {
            self.say_bad::<T>(&format!("{} entry {entry}", T::TABLE), &line.bad, None);
            return Ok((line.row, own));
        };
        if !self.is_sound(walk, entry)? {
            self.say_bad::<T>(&format!("{} entry {entry}", T::TABLE), &line.bad, None);
            return Ok((line.row, own));
        }
        let (row, known) = self.blame(line, leaf, want, leaf_of)?;
        if known {
            remember(self, &row);
        }
        Ok((row, own))
    }

    fn act_line(
        &mut self,
        walk: &mut Walk,
        line: Kept<Act>,
        refused: Vec<Checked<Refusal>>,
        kept: Option<Hash>,
    ) -> Result<Option<Hash>> {
        let entry = line.row.entry;
        if line.marked {
            self.say_marked("act", entry);
        }
        let mut rows = self.rows_of(&line.row, refused)?;
        let leaf = self.act_leaf(&line.row, &rows);
        if leaf == kept && leaf.is_some() && line.bad.is_empty() {
            self.take_act(&line.row, &rows);
            return Ok(leaf);
        }
        let own = leaf.filter(|_| line.bad.is_empty());
        let act = match kept {
            Some(want) if self.is_sound(walk, entry)? => self.blame_act(line, &mut rows, leaf, want)?,
            _ => line.row,
        };
        self.take_act(&act, &rows);
        Ok(own)
    }

    fn say_marked(&mut self, table: &str, entry: EntryId) {
        let what = "it is set, which marks the entry as erased; no erase act covers it";
        self.findings.add("V107", format!("{table} entry {entry}, column commitment"), what);
    }

    /// Whether the tile of an entry is what the hashes above it say.
    fn is_sound(&mut self, walk: &mut Walk, entry: EntryId) -> Result<bool> {
        if let Some(sound) = walk.sound {
            return Ok(sound);
        }
        let index = entry.seq() / WIDTH as u64;
        let leaves = self.tiles.block(walk.log.id, index)?.map_or_else(Vec::new, |tile| tile.hashes.clone());
        let sound = self.tiles.fits_above(walk.log, walk.log.size, index, &leaves)?.unwrap_or(true);
        walk.sound = Some(sound);
        Ok(sound)
    }

    /// Settles what is believed of a block, and grows the tree by it.
    fn close_block(&mut self, walk: &mut Walk, index: u64) -> Result<()> {
        let block = std::mem::take(&mut walk.block);
        let start = index * WIDTH as u64;
        let tile = format!("tile level 0 index {index} of log {}", walk.log.id);
        let width = self.tiles.block(walk.log.id, index)?.map(|tile| tile.hashes.len());
        match width {
            None => {
                self.findings.add("V203", &tile, "it is missing, or its column hashes is not whole hashes")
            }
            Some(width) if width != block.len() => {
                let what = format!("it holds {width} hashes instead of {}", block.len());
                self.findings.add("V203", format!("{tile}, column hashes"), what);
            }
            Some(_) => {}
        }
        let rows_fit = self.rows_fit(walk, index, &block)?;
        for (at, seen) in block.iter().enumerate() {
            let seq = start + at as u64;
            let differs = seen.leaf != seen.kept;
            if let (true, false, Some(kept)) = (differs, walk.sound.unwrap_or(true), seen.kept) {
                self.say_unsound(&tile, walk, seq, seen, &kept, rows_fit);
            }
            let believed = if rows_fit { seen.leaf.or(seen.kept) } else { seen.kept.or(seen.leaf) };
            walk.tree.push(believed.unwrap_or_default(), seen.leaf);
            self.check_against(walk);
        }
        walk.sound = None;
        Ok(())
    }

    /// Where a tile does not fit what stands above it, whether the rows do.
    fn rows_fit(&mut self, walk: &mut Walk, index: u64, block: &[Seen]) -> Result<bool> {
        if block.iter().all(|seen| seen.leaf == seen.kept) {
            return Ok(true);
        }
        self.is_sound(walk, EntryId::new(walk.log.id, index * WIDTH as u64))?;
        let leaves: Option<Vec<Hash>> = block.iter().map(|seen| seen.leaf).collect();
        let Some(leaves) = leaves.filter(|_| walk.sound == Some(false)) else { return Ok(false) };
        Ok(self.tiles.fits_above(walk.log, walk.log.size, index, &leaves)?.unwrap_or(false))
    }

    fn say_unsound(&mut self, tile: &str, walk: &Walk, seq: u64, seen: &Seen, kept: &Hash, rows_fit: bool) {
        let entry = EntryId::new(walk.log.id, seq);
        let leaf = seen.leaf.as_ref().map_or_else(|| "unknown".to_owned(), short);
        if rows_fit {
            let what = format!("it is {}, the {} makes {leaf}", short(kept), seen.table);
            self.findings.add("V201", format!("{tile}, column hashes, leaf {entry}"), what);
        } else {
            let what = format!(
                "its leaf is {leaf}, the tile says {}, and the hashes above fit neither: entry and tile were changed",
                short(kept)
            );
            self.findings.add("V105", format!("{} entry {entry}", seen.table), what);
        }
    }

    fn check_against(&mut self, walk: &mut Walk) {
        while walk.against.last().is_some_and(|(size, _)| *size == walk.tree.size()) {
            let Some((size, root)) = walk.against.pop() else { return };
            let found = walk.tree.recomputed_root();
            if found != root {
                let what = format!(
                    "its first {size} entries have root {}, the checkpoint says {}",
                    short(&found),
                    short(&root)
                );
                self.findings.add("V205", format!("log {}", walk.log.id), what);
            }
        }
    }

    fn note_missing(&mut self, walk: &mut Walk, seq: u64) {
        match &mut walk.missing {
            Some((_, last)) if *last + 1 == seq => *last = seq,
            _ => {
                self.say_missing(walk);
                walk.missing = Some((seq, seq));
            }
        }
    }

    fn say_missing(&mut self, walk: &mut Walk) {
        let Some((first, last)) = walk.missing.take() else { return };
        let (from, to) = (EntryId::new(walk.log.id, first), EntryId::new(walk.log.id, last));
        let place = if first == last { format!("entry {from}") } else { format!("entries {from} to {to}") };
        self.findings.add("V101", place, "neither act, achievement nor movement has a row of it");
    }
}
