//! Which column of an entry was changed: one column at a time takes other values until the leaf fits.

use super::audit::Audit;
use super::columns::{Column, Columns, Kept, Pool, number};
use super::registers::slot;
use super::tiles::short;
use crate::domain::credits::{MAX, SCALE};
use crate::domain::entry::{Achievement, EntryId, Movement};
use crate::domain::fault::Result;
use crate::proof::merkle::Hash;
use std::collections::btree_map::Entry;

/// Every amount up to that many thousandths is tried.
const AMOUNTS: i64 = 200 * SCALE;
/// Larger amounts in steps of half a credit.
const STEP: usize = 500;
/// Lines that are tried early, and all that are.
const LINES: (i64, i64) = (100_000, 2_000_000);
/// Entries before this one that are tried.
const BEFORE: i64 = 4_096;

/// Computes the leaf of a row.
pub type LeafOf<'a, T> = fn(&mut Audit<'a>, &T) -> Option<Hash>;

type Values = Box<dyn Iterator<Item = Option<i64>>>;

impl<'a> Audit<'a> {
    /// The leaf of an achievement.
    pub fn achievement_leaf(&mut self, row: &Achievement) -> Option<Hash> {
        self.leaves.achievement(row, &self.registers)
    }

    /// The leaf of a movement.
    pub fn movement_leaf(&mut self, row: &Movement) -> Option<Hash> {
        let outcome = self.outcome_of(row.lot)?;
        self.leaves.movement(row, outcome, &self.registers)
    }

    fn outcome_of(&mut self, lot: EntryId) -> Option<i64> {
        if let Some(found) = self.achievements.get(&lot.0) {
            return Some(found.outcome);
        }
        if let Some(found) = self.lots.get(&lot.0) {
            return *found;
        }
        let found = self.read.achievement(lot).ok().flatten().map(|row| row.outcome);
        if self.lots.len() >= 65_536 {
            self.lots.clear();
        }
        self.lots.insert(lot.0, found);
        found
    }

    /// Says what is wrong with a row that does not fit its leaf; gives the row as it was recorded, if
    /// that can be told, and else as it stands.
    pub fn blame<T: Columns>(
        &mut self,
        kept: Kept<T>,
        leaf: Option<Hash>,
        want: Hash,
        leaf_of: LeafOf<'a, T>,
    ) -> Result<(T, bool)> {
        let Kept { row, bad, .. } = kept;
        let place = format!("{} entry {}", T::TABLE, row.entry());
        if leaf == Some(want) {
            self.say_bad::<T>(&place, &bad, Some(&row));
            return Ok((row, true));
        }
        if self.searches > 0 {
            self.searches -= 1;
            if let Some(other) = self.moved(row.entry(), leaf.filter(|_| bad.is_empty()))? {
                let what = format!("this row was recorded as entry {other}: rows were exchanged or moved");
                self.findings.add("V108", format!("{place}, column entry"), what);
                return Ok((row, true));
            }
            if !self.key_is_wrong(row.learner())?
                && let Some((name, was, found)) = self.search(&row, &bad, want, leaf_of)
            {
                self.say_found::<T>(&place, name, &row, &bad, was);
                return Ok((found, true));
            }
        }
        self.say_bad::<T>(&place, &bad, None);
        if bad.is_empty() {
            self.say_unknown::<T>(&place, &row, leaf, &want)?;
        }
        self.tainted.insert(row.learner());
        Ok((row, false))
    }

    /// Where else in the log a row's leaf stands.
    pub fn moved(&mut self, entry: EntryId, leaf: Option<Hash>) -> Result<Option<EntryId>> {
        let Some(leaf) = leaf else { return Ok(None) };
        let size = self.tiles.leaves(entry.log())?;
        let found = self.tiles.find(entry.log(), size, &leaf)?;
        Ok(found.map(|seq| EntryId::new(entry.log(), seq)))
    }

    /// Says which columns hold what they cannot hold, and what was recorded, where that is known.
    pub fn say_bad<T: Columns>(&mut self, place: &str, bad: &[(&'static str, String)], recorded: Option<&T>) {
        for (name, what) in bad {
            let value = recorded.zip(T::COLUMNS.iter().find(|column| column.name == *name));
            let was = value.map_or_else(String::new, |(row, column)| {
                format!(", recorded was {}", number((column.get)(row)))
            });
            self.findings.add("V106", format!("{place}, column {name}"), format!("it is {what}{was}"));
        }
    }

    fn say_found<T: Columns>(
        &mut self,
        place: &str,
        name: &'static str,
        row: &T,
        bad: &[(&'static str, String)],
        was: Option<i64>,
    ) {
        let kept = bad.iter().find(|(bad, _)| *bad == name).map(|(_, what)| what.clone());
        let code = if kept.is_some() { "V106" } else { "V104" };
        let column = T::COLUMNS.iter().find(|column| column.name == name);
        let stands = kept.or_else(|| column.map(|column| number((column.get)(row)))).unwrap_or_default();
        let what = format!("it is {stands}, recorded was {}", number(was));
        self.findings.add(code, format!("{place}, column {name}"), what);
    }

    fn say_unknown<T: Columns>(
        &mut self,
        place: &str,
        row: &T,
        leaf: Option<Hash>,
        want: &Hash,
    ) -> Result<()> {
        if let Some(batch) = self.leaves.batch_of(row.entry()).filter(|batch| !batch.sound) {
            let entry = batch.entry;
            *self.uncheckable.entry(entry).or_default() += 1;
            return Ok(());
        }
        let learner = row.learner();
        if self.key_is_wrong(learner)? || (self.facts.knows(learner) && !self.leaves.has_key(learner)) {
            *self.keyless.entry(learner).or_default() += 1;
            return Ok(());
        }
        let (place, which) = match T::TEXT {
            _ if leaf.is_none() => {
                (place.to_owned(), "it refers to an account, outcome or period that is unknown")
            }
            Some(text) => {
                (format!("{place}, column {text} or several"), "a text or several columns were changed")
            }
            None => (
                format!("{place}, several columns"),
                "several columns were changed, or one beyond what was tried",
            ),
        };
        self.findings.add("V105", place, format!("{which}; its leaf is not {}", short(want)));
        Ok(())
    }

    fn search<T: Columns>(
        &mut self,
        row: &T,
        bad: &[(&'static str, String)],
        want: Hash,
        leaf_of: LeafOf<'a, T>,
    ) -> Option<(&'static str, Option<i64>, T)> {
        let dangling = self.dangling(row);
        let concerned = |column: &&Column<T>| match (bad, &dangling[..]) {
            ([], []) => true,
            ([], dangling) => dangling.contains(&column.name),
            (bad, _) => bad.iter().any(|(bad, _)| *bad == column.name),
        };
        let mut trial = row.clone();
        for stage in 0..3 {
            for column in T::COLUMNS.iter().filter(concerned) {
                let kept = (column.get)(row);
                for value in self.candidates(stage, column.pool, kept, row) {
                    if !(column.set)(&mut trial, value) {
                        continue;
                    }
                    if leaf_of(self, &trial) == Some(want) {
                        return Some((column.name, value, trial));
                    }
                    if stage > 0 && column.pool.is_large() {
                        self.trials -= 1;
                        if self.trials == 0 {
                            break;
                        }
                    }
                }
                (column.set)(&mut trial, kept);
            }
        }
        None
    }

    /// Columns that refer to what does not exist, which nothing recorded ever did.
    fn dangling<T: Columns>(&self, row: &T) -> Vec<&'static str> {
        let dangles = |column: &&Column<T>| match (column.pool, (column.get)(row)) {
            (Pool::Learners, Some(id)) => !self.leaves.has_key(id),
            (Pool::Registry(table), Some(id)) => {
                slot(table).is_some_and(|slot| !self.registers.has(slot, id))
            }
            _ => false,
        };
        T::COLUMNS.iter().filter(dangles).map(|column| column.name).collect()
    }

    /// Values to try: first close ones and small ones, then what ids there are, then all the others.
    fn candidates<T: Columns>(&self, stage: u8, pool: Pool, kept: Option<i64>, row: &T) -> Values {
        let some = |values: Vec<i64>| -> Values { Box::new(values.into_iter().map(Some)) };
        match (stage, pool) {
            (1.., pool) if pool.is_large() && self.trials == 0 => Box::new(std::iter::empty()),
            (0, _) => {
                let near = kept.unwrap_or(row.entry().0);
                let close = (1..=64).flat_map(move |by| [near.wrapping_add(by), near.wrapping_sub(by)]);
                Box::new([None].into_iter().chain(close.chain(0..=200).map(Some)))
            }
            (1, Pool::Learners) => some(self.leaves.keys.iter().map(|(id, _)| *id).collect()),
            (1, Pool::Registry(table)) => some(self.registers.ids(table)),
            (1, Pool::Entries) => some(self.entries_of(row)),
            (1, Pool::Amount) => Box::new((201..=AMOUNTS).map(Some)),
            (1, Pool::Line) => Box::new((201..=LINES.0).map(Some)),
            (2, Pool::Amount) if kept.is_some() => Box::new((AMOUNTS..=MAX.0).step_by(STEP).map(Some)),
            (2, Pool::Line) if kept.is_some() => Box::new((LINES.0..=LINES.1).map(Some)),
            _ => Box::new(std::iter::empty()),
        }
    }

    fn entries_of<T: Columns>(&self, row: &T) -> Vec<i64> {
        let mut entries = Vec::new();
        if let Ok(lots) = self.read.achievements_of(row.learner()) {
            entries.extend(lots.iter().map(|lot| lot.entry.0));
        }
        if let Ok(movements) = self.read.movements_of(row.learner()) {
            entries.extend(movements.iter().map(|movement| movement.entry.0));
        }
        let last = row.entry().0;
        entries.extend(last.saturating_sub(BEFORE)..last);
        entries
    }

    /// Whether an account's key is not the one that its entries were committed with: neither its enrol
    /// acts nor any other of its entries fits.
    pub fn key_is_wrong(&mut self, learner: i64) -> Result<bool> {
        if let Some(known) = self.wrong_keys.get(&learner) {
            return Ok(*known);
        }
        let wrong = self.leaves.has_key(learner) && self.no_entry_fits(learner)?;
        if let Entry::Vacant(free) = self.wrong_keys.entry(learner) {
            free.insert(wrong);
        }
        if wrong {
            let what = "no entry about this account fits its leaf with this key";
            self.findings.add("V111", format!("learner {learner}, column key"), what);
        }
        Ok(wrong)
    }

    fn no_entry_fits(&mut self, learner: i64) -> Result<bool> {
        let lots = self.read.achievements_of(learner).unwrap_or_default();
        let movements = self.read.movements_of(learner).unwrap_or_default();
        for lot in lots.iter().take(16) {
            let leaf = self.achievement_leaf(lot);
            if leaf.is_some() && leaf == self.tiles.leaf(lot.entry)? {
                return Ok(false);
            }
        }
        for movement in movements.iter().take(16) {
            let leaf = self.movement_leaf(movement);
            if leaf.is_some() && leaf == self.tiles.leaf(movement.entry)? {
                return Ok(false);
            }
        }
        if lots.is_empty() && movements.is_empty() {
            return Ok(false);
        }
        let facts = self.read.identities_of(learner).unwrap_or_default();
        for fact in &facts {
            let Ok(Some(act)) = self.read.act(fact.entry) else { continue };
            if self
                .enrol_leaf(&act)
                .is_some_and(|leaf| self.tiles.leaf(fact.entry).ok().flatten() == Some(leaf))
            {
                return Ok(false);
            }
        }
        Ok(!facts.is_empty())
    }
}
