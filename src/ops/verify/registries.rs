//! The registries' rows against the newest rows of the register acts.

use super::audit::Audit;
use super::columns::shown;
use super::registers::{Newest, Registers, slot};
use crate::domain::entry::EntryId;
use crate::domain::fault::Result;
use crate::domain::registry::TABLES;
use crate::store::{Cell, Object};
use serde_json::Value;

/// A registry, compared with what the acts say.
#[derive(Default)]
struct Compared {
    newest: hashbrown::HashMap<i64, Newest>,
    differing: Vec<(Object, Newest)>,
    extra: Vec<Value>,
    rows: usize,
}

impl Compared {
    fn take(&mut self, object: Object, registers: &Registers) {
        self.rows += 1;
        let id = object.get("id").and_then(Value::as_i64);
        match id.and_then(|id| self.newest.get_mut(&id)) {
            Some(known) => {
                known.seen = true;
                if known.digest != registers.digest(&object) {
                    let known = *known;
                    self.differing.push((object, known));
                }
            }
            None => self.extra.push(object.get("id").cloned().unwrap_or_default()),
        }
    }
}

impl Audit<'_> {
    /// Compares every registry, column by column where a row differs.
    pub fn check_registries(&mut self) -> Result<()> {
        for table in TABLES {
            self.check_registry(table)?;
        }
        self.check_orphans()
    }

    fn check_registry(&mut self, table: &'static str) -> Result<()> {
        let newest = slot(table).map(|slot| self.registers.take(slot)).unwrap_or_default();
        let mut seen = Compared { newest, ..Compared::default() };
        let typed = self.read.rows(table, None, &mut |object| {
            seen.take(object, &self.registers);
            Ok(())
        });
        if typed.is_err() {
            // Some row does not decode: the whole registry once more, cell by cell.
            seen.newest.values_mut().for_each(|known| known.seen = false);
            seen = Compared { newest: seen.newest, ..Compared::default() };
            let columns = self.columns_of(&seen.newest);
            let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
            self.read.scan(table, &columns, None, &mut |cells| {
                let named = columns.iter().zip(cells).map(|(name, cell)| ((*name).to_owned(), value(cell)));
                seen.take(named.collect(), &self.registers);
                Ok(())
            })?;
        }
        self.count(table, seen.rows);
        self.say_compared(table, seen);
        Ok(())
    }

    fn say_compared(&mut self, table: &str, seen: Compared) {
        for (object, known) in seen.differing {
            self.say_differs(table, &object, known);
        }
        for id in seen.extra {
            self.findings.add(
                "V303",
                format!("{table} {id}, column id"),
                "no act introduced a row of this id",
            );
        }
        let mut missing: Vec<_> = seen.newest.into_iter().filter(|(_, known)| !known.seen).collect();
        missing.sort_unstable_by_key(|(id, _)| *id);
        for (id, known) in missing {
            let what = format!("act_row entry {}, ord {} introduced it", EntryId(known.entry), known.ord);
            self.findings.add("V302", format!("{table} {id}"), what);
        }
    }

    /// The columns of a registry, as any act about it names them.
    fn columns_of(&self, newest: &hashbrown::HashMap<i64, Newest>) -> Vec<String> {
        let recorded = newest.values().find_map(|known| self.registered_row(*known));
        recorded.map_or_else(|| vec!["id".to_owned()], |object| object.keys().cloned().collect())
    }

    fn registered_row(&self, known: Newest) -> Option<Object> {
        if let Some((_, row)) = self.act_rows.get(&(known.entry, known.ord)) {
            return serde_json::from_str(row).ok();
        }
        let mut found = None;
        let _ = self.read.act_rows(EntryId(known.entry), &mut |row| {
            if row.ord == known.ord {
                found = serde_json::from_str(&row.row).ok();
            }
            Ok(())
        });
        found
    }

    fn say_differs(&mut self, table: &str, object: &Object, known: Newest) {
        let recorded = self.registered_row(known).unwrap_or_default();
        let id = object.get("id").cloned().unwrap_or_default();
        for (column, value) in object {
            let was = recorded.get(column).unwrap_or(&Value::Null);
            if was != value {
                let what = format!(
                    "it is {value}, act_row entry {}, ord {} says {was}",
                    EntryId(known.entry),
                    known.ord
                );
                self.findings.add("V301", format!("{table} {id}, column {column}"), what);
            }
        }
    }

    /// Rows of register and stage acts that belong to no such act.
    fn check_orphans(&mut self) -> Result<()> {
        for (table, word, acts) in
            [("act_row", "register", &self.registered), ("staged", "stage", &self.staged)]
        {
            let mut orphans: Vec<i64> = Vec::new();
            self.read.scan(table, &["entry"], None, &mut |cells| {
                if let Cell::Int(entry) = cells[0]
                    && acts.binary_search(&entry).is_err()
                    && orphans.last() != Some(&entry)
                {
                    orphans.push(entry);
                }
                Ok(())
            })?;
            for entry in orphans {
                let place = format!("{table} entry {}, column entry", EntryId(entry));
                self.findings.add("V103", place, format!("no {word} act has this entry"));
            }
        }
        Ok(())
    }
}

/// A raw value as JSON; what no registry holds is described.
fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Int(number) => Value::from(*number),
        Cell::Text(text) => Value::from(text.clone()),
        other => Value::from(format!("({})", shown(other))),
    }
}
