//! What a batch may write, and what the schema demands of it.

use super::{Tables, registry};
use crate::domain::entry::{Achievement, Balance, EntryId, Movement, Place};
use crate::domain::fault::{Fault, Result};
use crate::domain::link::{Description, Link, Pair};
use crate::proof::leaf::Key;
use crate::proof::tile::Tile;
use crate::store::{
    Act, ActRow, BatchRow, DecisionRow, Head, Identity, Refusal, Staged, SummaryKey, SummarySums, Tx,
};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Refuses a row whose unique columns another row has.
pub(super) fn taken(table: &str, columns: &str) -> Fault {
    Fault::new("S501", format!("table `{table}` already has a row with the same {columns}"))
}

/// Refuses a row that refers to one that is not there.
fn dangling(table: &str, column: &str, target: &str) -> Fault {
    Fault::new("S501", format!("a row of table `{table}` names a {column} that table `{target}` has not"))
}

/// Keeps a row under a key that no other row has.
fn keep<K: Ord, V>(map: &mut BTreeMap<K, V>, table: &str, columns: &str, key: K, row: V) -> Result<()> {
    match map.entry(key) {
        Entry::Vacant(place) => place.insert(row),
        Entry::Occupied(_) => return Err(taken(table, columns)),
    };
    Ok(())
}

impl Tables {
    /// A row that stands already, to the letter, is only projected again: so registries are rebuilt.
    fn keep_act_row(&mut self, entry: EntryId, row: &ActRow) -> Result<()> {
        keep(&mut self.act_rows, "act_row", "entry, ord", (entry, row.ord), row.clone())
    }

    /// Refuses what a commit would leave pointing nowhere.
    pub(super) fn check_references(&self) -> Result<()> {
        let act = |(entry, _): &(EntryId, i64)| self.acts.contains_key(entry);
        if !self.act_rows.keys().all(act) {
            return Err(dangling("act_row", "entry", "act"));
        }
        if !self.refusals.keys().all(act) {
            return Err(dangling("refusal", "entry", "act"));
        }
        if !self.staged.keys().all(act) {
            return Err(dangling("staged", "entry", "act"));
        }
        if !self.identities.keys().all(|(learner, _)| self.keys.contains_key(learner)) {
            return Err(dangling("identity", "learner", "learner"));
        }
        if !self.tiles.keys().all(|(log, _, _)| self.logs.contains_key(log)) {
            return Err(dangling("tile", "log", "log"));
        }
        Ok(())
    }
}

impl Tx for Tables {
    fn put_act(&mut self, act: &Act) -> Result<()> {
        keep(&mut self.acts, "act", "entry", act.entry, act.clone())
    }

    fn put_act_rows(&mut self, entry: EntryId, rows: &[ActRow]) -> Result<()> {
        rows.iter().try_for_each(|row| self.keep_act_row(entry, row))?;
        self.project_act_rows(rows)
    }

    fn project_act_rows(&mut self, rows: &[ActRow]) -> Result<()> {
        for row in rows {
            let registry = registry::named(&row.table)?;
            registry.keep(self.registries.entry(registry.table).or_default(), &row.row)?;
        }
        Ok(())
    }

    fn put_achievements(&mut self, rows: &[Achievement]) -> Result<()> {
        for row in rows {
            let key = [row.learner, row.outcome, row.period, row.attempt, row.nth];
            let columns = "learner, outcome, period, attempt, nth";
            keep(&mut self.by_key, "achievement", columns, key, row.entry)?;
            keep(&mut self.achievements, "achievement", "entry", row.entry, row.clone())?;
        }
        Ok(())
    }

    fn put_movements(&mut self, rows: &[Movement]) -> Result<()> {
        rows.iter().try_for_each(|row| keep(&mut self.movements, "movement", "entry", row.entry, row.clone()))
    }

    fn put_refusals(&mut self, rows: &[Refusal]) -> Result<()> {
        for row in rows {
            keep(&mut self.refusals, "refusal", "entry, ord", (row.entry, row.ord), row.clone())?;
        }
        Ok(())
    }

    fn put_staged(&mut self, rows: &[Staged]) -> Result<()> {
        for row in rows {
            keep(&mut self.staged, "staged", "entry, ord", (row.entry, row.ord), row.clone())?;
        }
        Ok(())
    }

    fn put_keys(&mut self, keys: &[(i64, Key)]) -> Result<()> {
        keys.iter().try_for_each(|(learner, key)| keep(&mut self.keys, "learner", "id", *learner, *key))
    }

    fn put_identities(&mut self, rows: &[Identity]) -> Result<()> {
        for row in rows {
            keep(&mut self.identities, "identity", "learner, nth", (row.learner, row.nth), row.clone())?;
        }
        Ok(())
    }

    fn put_batch(&mut self, batch: &BatchRow) -> Result<()> {
        if self.batches.values().any(|other| other.no == batch.no && other.entry != batch.entry) {
            return Err(taken("batch", "no"));
        }
        self.batches.insert(batch.entry, batch.clone());
        Ok(())
    }

    fn put_decision(&mut self, decision: &DecisionRow) -> Result<()> {
        keep(&mut self.decisions, "decision", "entry", decision.entry, decision.clone())
    }

    fn put_link(&mut self, link: &Link) -> Result<()> {
        self.links.insert(link.entry, link.clone());
        Ok(())
    }

    fn put_pair(&mut self, pair: &Pair) -> Result<()> {
        self.pairs.insert(pair.entry, pair.clone());
        Ok(())
    }

    fn put_descriptions(&mut self, rows: &[Description]) -> Result<()> {
        self.descriptions.extend(rows.iter().cloned());
        Ok(())
    }

    fn add_balances(&mut self, rows: &[(i64, i64, Balance)]) -> Result<()> {
        for (learner, system, balance) in rows {
            let kept = self.balances.entry((*learner, *system)).or_default();
            kept.add(balance);
            // No column keeps the source: it is minus the sum of the others.
            let source = Place::Recognised as usize;
            kept.0[source] = -kept.0[source + 1..].iter().sum::<i64>();
            if kept.is_empty() {
                self.balances.remove(&(*learner, *system));
            }
        }
        Ok(())
    }

    fn add_summaries(&mut self, rows: &[(SummaryKey, SummarySums)]) -> Result<()> {
        for (key, sums) in rows {
            let kept = self.summaries.entry(key.clone()).or_default();
            kept.add(sums);
            if kept.is_empty() {
                self.summaries.remove(key);
            }
        }
        Ok(())
    }

    fn clear_derived(&mut self) -> Result<()> {
        self.batches.clear();
        self.decisions.clear();
        self.links.clear();
        self.pairs.clear();
        self.descriptions.clear();
        self.balances.clear();
        self.summaries.clear();
        self.registries.clear();
        Ok(())
    }

    fn put_tiles(&mut self, log: i64, tiles: &[Tile]) -> Result<()> {
        for tile in tiles {
            self.tiles.insert((log, tile.level, tile.index), tile.clone());
        }
        Ok(())
    }

    fn put_head(&mut self, head: &Head) -> Result<()> {
        if self.logs.values().any(|other| other.origin == head.origin && other.log != head.log) {
            return Err(taken("log", "origin"));
        }
        let kept = self.logs.entry(head.log).or_insert_with(|| head.clone());
        let origin = kept.origin.clone(); // A log keeps the name that it was opened with.
        *kept = Head { origin, ..head.clone() };
        Ok(())
    }
}
