//! Which row of an act was changed: the act commits to the root over its rows, so one row at a time
//! is exchanged until the act's leaf fits.

use super::acts::Rows;
use super::audit::Audit;
use super::keep;
use super::tiles::Nodes;
use crate::domain::fault::Result;
use crate::domain::registry::TABLES;
use crate::proof::leaf;
use crate::proof::merkle::{self, Hash};
use crate::store::{Act, ActRow, Identity, Object};

/// Pairs of rows are exchanged in acts of up to that many rows.
const PAIRS: usize = 64;
/// Rows of a registry that are tried for one row of an act.
const ROWS: u64 = 200_000;

/// Facts of identity that are tried for one act.
const FACTS: u64 = 1_000_000;

type Put<T> = fn(&mut T, i64) -> bool;

impl Audit<'_> {
    /// Finds the changed row of an act, if one can be told; says so, and takes it as recorded.
    pub fn blame_rows(&mut self, act: &Act, rows: &mut Rows, want: Hash) -> Result<bool> {
        if let Rows::Enrol(..) = rows {
            return self.blame_facts(act, want);
        }
        let Some(nodes) = self.nodes(rows).filter(|nodes| nodes.len() > 0) else { return Ok(false) };
        let table = rows.table();
        if self.blame_order(act, table, nodes.rows(), want) {
            return Ok(true);
        }
        match rows {
            Rows::Register(rows) => self.blame_registered(act, rows, &nodes, want),
            Rows::Refuse(rows) => {
                let mut rows = rows.clone();
                for (at, row) in rows.iter_mut().enumerate() {
                    let columns: [(&str, i64, Put<_>); 2] = [
                        ("file", row.file, |row: &mut crate::store::Refusal, value| {
                            row.file = value;
                            true
                        }),
                        ("line", row.line, |row, value| {
                            row.line = value;
                            true
                        }),
                    ];
                    for (column, kept, put) in columns {
                        let near = (1..=64).flat_map(|by| [kept.wrapping_add(by), kept.wrapping_sub(by)]);
                        for value in near.chain(0..=20_000) {
                            put(row, value);
                            let hash = self.leaves.refusal(row);
                            if self.fits_with(act, &nodes, at, hash, want) {
                                let place =
                                    format!("refusal entry {}, ord {}, column {column}", act.entry, row.ord);
                                self.findings.add(
                                    "V104",
                                    place,
                                    format!("it is {kept}, recorded was {value}"),
                                );
                                return Ok(true);
                            }
                        }
                        put(row, kept);
                    }
                }
                Ok(false)
            }
            Rows::Stage(_) => self.blame_pieces(act, &nodes, want),
            Rows::None | Rows::Enrol(..) => Ok(false),
        }
    }

    /// The piece of a staged file that was said to be of another file.
    fn blame_pieces(&mut self, act: &Act, nodes: &Nodes, want: Hash) -> Result<bool> {
        let mut found = None;
        let mut scratch = Vec::new();
        let mut at = 0;
        keep::staged(self.read, act.entry, &mut |(piece, _)| {
            for file in 0..=64 {
                let hash = leaf::staged_piece(&piece.salt, file, &piece.bytes, &mut scratch);
                let root = nodes.root_with(at, hash);
                if leaf::act(act.kind, &act.payload, nodes.len() as u64, &root) == want {
                    found.get_or_insert((piece.ord, piece.file, file));
                }
            }
            at += 1;
        })?;
        let Some((ord, is, was)) = found else { return Ok(false) };
        let place = format!("staged entry {}, ord {ord}, column file", act.entry);
        self.findings.add("V104", place, format!("it is {is}, recorded was {was}"));
        Ok(true)
    }

    fn fits_with(&mut self, act: &Act, nodes: &Nodes, at: usize, hash: Hash, want: Hash) -> bool {
        self.leaves.act(act, nodes.len() as u64, &nodes.root_with(at, hash)) == Some(want)
    }

    /// Rows exchanged, or added at the end.
    fn blame_order(&mut self, act: &Act, table: &str, hashes: &[Hash], want: Hash) -> bool {
        for drop in 1..=hashes.len().min(8) {
            let fewer = &hashes[..hashes.len() - drop];
            let root = merkle::root_of(fewer.iter().copied());
            if self.leaves.act(act, fewer.len() as u64, &root) == Some(want) {
                let what = format!("the act recorded {} rows, so the last {drop} was added", fewer.len());
                self.findings.add(
                    "V110",
                    format!("{table} of entry {}, ord {}", act.entry, fewer.len()),
                    what,
                );
                return true;
            }
        }
        if hashes.len() > PAIRS {
            return false;
        }
        let mut hashes = hashes.to_vec();
        for a in 0..hashes.len() {
            for b in a + 1..hashes.len() {
                hashes.swap(a, b);
                let root = merkle::root_of(hashes.iter().copied());
                if self.leaves.act(act, hashes.len() as u64, &root) == Some(want) {
                    let place = format!("{table} of entry {}, column ord", act.entry);
                    self.findings.add("V108", place, format!("rows {a} and {b} were exchanged"));
                    return true;
                }
                hashes.swap(a, b);
            }
        }
        false
    }

    /// The registries keep a copy of every newest row: if one fits, the act's own row was changed.
    fn blame_registered(&mut self, act: &Act, rows: &[ActRow], nodes: &Nodes, want: Hash) -> Result<bool> {
        for (at, row) in rows.iter().enumerate() {
            let parsed: Option<Object> = serde_json::from_str(&row.row).ok();
            let id = parsed.as_ref().and_then(|object| object.get("id")?.as_i64());
            let tables =
                if TABLES.contains(&row.table.as_str()) { vec![row.table.as_str()] } else { TABLES.to_vec() };
            for table in tables {
                // The same text under another table's name.
                let mut found = (table != row.table)
                    .then(|| row.row.clone())
                    .filter(|text| self.fits_with(act, nodes, at, leaf::act_row(table, text), want));
                if found.is_none() {
                    found = self.registry_copy(act, (table, id), nodes, at, want)?;
                }
                if let Some(text) = found {
                    let (column, what) = if table == row.table {
                        ("row", format!("it is {}, recorded was {text}", row.row))
                    } else {
                        ("tbl", format!("it is {:?}, recorded was {table:?}", row.table))
                    };
                    let place = format!("act_row entry {}, ord {}, column {column}", act.entry, row.ord);
                    self.findings.add("V104", place, what);
                    self.act_rows.insert((act.entry.0, row.ord), (table.to_owned(), text));
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// A registry's row, the one of that id first, as the text that the act would have hashed.
    fn registry_copy(
        &mut self,
        act: &Act,
        (table, id): (&str, Option<i64>),
        nodes: &Nodes,
        at: usize,
        want: Hash,
    ) -> Result<Option<String>> {
        for by in [id, None] {
            let mut found = None;
            let mut tried = 0;
            let by = by.map(|id| ("id", id.into()));
            let whole = by.is_none();
            let _ = self.read.rows(table, by, &mut |object| {
                tried += 1;
                if found.is_none() && tried <= ROWS {
                    let text = serde_json::Value::Object(object).to_string();
                    let root = nodes.root_with(at, leaf::act_row(table, &text));
                    if leaf::act(act.kind, &act.payload, nodes.len() as u64, &root) == want {
                        found = Some(text);
                    }
                }
                Ok(())
            });
            // A row that reads well and names its id is tried against that id only, unless it is alone.
            if found.is_some() || (!whole && nodes.len() > 256) {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn blame_facts(&mut self, act: &Act, want: Hash) -> Result<bool> {
        let facts: Vec<Identity> =
            keep::identities_of_act(self.read, act.entry.0)?.into_iter().map(|(fact, _)| fact).collect();
        let mut learners: Vec<i64> = facts.iter().map(|fact| fact.learner).collect();
        learners.dedup();
        for learner in learners.into_iter().take(4_096) {
            if self.key_is_wrong(learner)? {
                return Ok(true);
            }
        }
        if self.facts.of(act.entry.0).gap {
            // A row that is missing or out of place has been said.
            return Ok(true);
        }
        let place = self.facts.place(act.entry.0).unwrap_or(0);
        let hashes: Vec<Hash> =
            facts.iter().map(|fact| self.leaves.fact(fact, place).unwrap_or_default()).collect();
        if hashes.is_empty() {
            return Ok(false);
        }
        if self.blame_order(act, "identity", &hashes, want) {
            return Ok(true);
        }
        let nodes = Nodes::over(hashes);
        let mut tried = 0;
        for (at, fact) in facts.iter().enumerate() {
            let said =
                format!("identity of learner {}, fact {} (entry {})", fact.learner, fact.nth, act.entry);
            for (column, trial, was) in self.other_facts(fact) {
                let Some(hash) = self.leaves.fact(&trial, place) else { continue };
                if self.fits_with(act, &nodes, at, hash, want) {
                    self.findings.add(
                        "V104",
                        format!("{said}, column {column}"),
                        format!("recorded was {was}"),
                    );
                    return Ok(true);
                }
                tried += 1;
                if tried == FACTS {
                    return Ok(false);
                }
            }
        }
        Ok(false)
    }

    /// A fact with one column changed.
    fn other_facts(&self, fact: &Identity) -> Vec<(&'static str, Identity, String)> {
        let mut trials = Vec::new();
        for scheme in self.registers.ids("scheme") {
            trials.push(("scheme", Identity { scheme, ..fact.clone() }, scheme.to_string()));
        }
        for nth in 0..=64 {
            trials.push(("nth", Identity { nth, ..fact.clone() }, nth.to_string()));
        }
        let learners = self.leaves.keys.iter().map(|(id, _)| *id);
        let at = learners.clone().position(|id| id == fact.learner).unwrap_or(0);
        for learner in learners.skip(at.saturating_sub(512)).take(1_024) {
            trials.push(("learner", Identity { learner, ..fact.clone() }, learner.to_string()));
        }
        let empty = || "empty".to_owned();
        trials.push(("valid_from", Identity { valid_from: None, ..fact.clone() }, empty()));
        trials.push(("valid_to", Identity { valid_to: None, ..fact.clone() }, empty()));
        trials
    }
}
