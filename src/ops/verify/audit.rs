//! What a run of `verify` knows, and how it comes to know it before the walk along the log: the logs,
//! the accounts' keys, the batches' ids.

use super::codes::Findings;
use super::columns::shown;
use super::facts::Facts;
use super::leaves::{Batch, Leaves};
use super::people::People;
use super::recount::Recount;
use super::registers::Registers;
use super::tiles::Tiles;
use super::{Checked, keep};
use crate::domain::entry::{Achievement, EntryId, EntryKind, Movement};
use crate::domain::fault::Result;
use crate::ops::batch::{BatchPayload, unhex};
use crate::proof::merkle::{self, Hash};
use crate::proof::tile::WIDTH;
use crate::store::{Act, Cell, Read};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Entries read at a time.
pub const WINDOW: u64 = 16_384;
/// Entries that fit no leaf and are looked into.
const SEARCHES: u32 = 20;
/// Hashes that all searches together may try for the columns with the most values.
const TRIALS: u64 = 5_000_000;

/// A row of `log`, as far as it decodes.
#[derive(Debug, Clone)]
pub struct LogRow {
    /// The log.
    pub id: i64,
    /// Its public name.
    pub origin: Option<String>,
    /// How many entries it says it has.
    pub size: u64,
    /// The root that it says.
    pub root: Option<Hash>,
    /// The frontier that it says.
    pub frontier: Option<Vec<u8>>,
}

/// A run of `verify`.
pub struct Audit<'a> {
    /// The ledger.
    pub read: &'a dyn Read,
    /// What was found.
    pub findings: Findings,
    /// How many rows were looked at, by table.
    pub checked: Checked,
    /// What leaves depend on.
    pub leaves: Leaves,
    /// The enrol acts' facts.
    pub facts: Facts,
    /// The registries as of the entry that the walk has reached.
    pub registers: Registers,
    /// Balances and summary.
    pub recount: Recount,
    /// Tiles as kept.
    pub tiles: Tiles<'a>,
    /// Rows as recorded, where the search found it.
    pub achievements: HashMap<i64, Achievement>,
    /// The same of movements.
    pub movements: HashMap<i64, Movement>,
    /// The same of acts.
    pub acts: HashMap<i64, Act>,
    /// The same of rows of register acts.
    pub act_rows: HashMap<(i64, i64), (String, String)>,
    /// Accounts with entries whose recorded values are not known: their sums tell nothing.
    pub tainted: BTreeSet<i64>,
    /// Entries that cannot be checked because their batch's act was changed, by that act.
    pub uncheckable: BTreeMap<i64, u64>,
    /// Entries that cannot be checked for want of their account's key, by account.
    pub keyless: BTreeMap<i64, u64>,
    /// Accounts whose keys were looked into: whether they are wrong.
    pub wrong_keys: BTreeMap<i64, bool>,
    /// Register acts, by entry.
    pub registered: Vec<i64>,
    /// Stage acts, by entry.
    pub staged: Vec<i64>,
    /// Decision acts with a digest of what is derived from each.
    pub decisions: Vec<(i64, u64)>,
    /// Keyed digests of institution and record id.
    pub records: hashbrown::HashSet<u64>,
    /// Links between accounts, and what the laws say of them.
    pub people: People,
    /// Rows that may stand twice, to be looked at when all is known.
    pub doubtful: Vec<(i64, i64)>,
    /// Outcomes of lots seen lately.
    pub lots: hashbrown::HashMap<i64, Option<i64>>,
    /// How many more entries are looked into.
    pub searches: u32,
    /// How many more hashes may be tried.
    pub trials: u64,
}

impl<'a> Audit<'a> {
    /// Reads what the walk needs before it starts.
    pub fn start(read: &'a dyn Read, logs: &[LogRow], findings: Findings) -> Result<Audit<'a>> {
        let mut audit = Audit {
            read,
            findings,
            checked: BTreeMap::new(),
            leaves: Leaves::default(),
            facts: Facts::default(),
            registers: Registers::new(),
            recount: Recount::default(),
            tiles: Tiles::new(read),
            achievements: HashMap::new(),
            movements: HashMap::new(),
            acts: HashMap::new(),
            act_rows: HashMap::new(),
            tainted: BTreeSet::new(),
            uncheckable: BTreeMap::new(),
            keyless: BTreeMap::new(),
            wrong_keys: BTreeMap::new(),
            registered: Vec::new(),
            staged: Vec::new(),
            decisions: Vec::new(),
            records: hashbrown::HashSet::new(),
            people: People::default(),
            doubtful: Vec::new(),
            lots: hashbrown::HashMap::new(),
            searches: SEARCHES,
            trials: TRIALS,
        };
        audit.read_keys()?;
        audit.read_batches(logs)?;
        audit.read_facts()?;
        Ok(audit)
    }

    /// Counts rows that were looked at.
    pub fn count(&mut self, table: &'static str, rows: usize) {
        *self.checked.entry(table).or_default() += rows as u64;
    }

    fn read_keys(&mut self) -> Result<()> {
        let mut keys = Vec::new();
        let typed = self.read.keys(&mut |id, key| {
            keys.push((id, key));
            Ok(())
        });
        if typed.is_err() {
            keys.clear();
            let findings = &mut self.findings;
            self.read.scan("learner", &["id", "key"], None, &mut |cells| {
                let Cell::Int(id) = cells[0] else { return Ok(()) };
                match &cells[1] {
                    Cell::Bytes(bytes) if bytes.len() == 32 => {
                        keys.push((id, bytes.as_slice().try_into().unwrap_or_default()));
                    }
                    other => {
                        let place = format!("learner {id}, column key");
                        findings.add("V111", place, format!("it is {}, not 32 bytes", shown(other)));
                    }
                }
                Ok(())
            })?;
        }
        self.count("learner", keys.len());
        self.leaves.keys = keys;
        Ok(())
    }

    /// Finds the batches' ids, and says so where an act of a batch does not fit its leaf.
    fn read_batches(&mut self, logs: &[LogRow]) -> Result<()> {
        let mut last = String::new();
        for log in logs {
            for from in (0..log.size).step_by(WINDOW as usize) {
                let to = (from + WINDOW).min(log.size);
                let acts = keep::acts(self.read, EntryId::new(log.id, from).0, EntryId::new(log.id, to).0)?;
                let mut enrols = 0;
                for act in acts {
                    match act.row.kind {
                        EntryKind::Batch => {
                            self.read_batch(&act.row)?;
                            self.check_time(&act.row, &mut last);
                            enrols = 0;
                        }
                        EntryKind::Enrol => {
                            self.facts.expect(&act.row, enrols);
                            enrols += 1;
                        }
                        _ => {}
                    }
                }
            }
        }
        self.recover_batches()
    }

    fn check_time(&mut self, act: &Act, last: &mut String) {
        let Ok(payload) = BatchPayload::read(&act.payload) else { return };
        let time = |text: &str| text.parse::<jiff::Timestamp>().ok();
        if time(&payload.recorded).zip(time(last)).is_some_and(|(now, before)| now < before) {
            let what = format!("it was recorded at {}, the batch before it at {last}", payload.recorded);
            self.findings.warn("V510", format!("act entry {}, column payload", act.entry), what);
        }
        *last = payload.recorded;
    }

    fn fits(&mut self, act: &Act) -> Result<bool> {
        let leaf = self.leaves.act(act, 0, &merkle::EMPTY_ROOT);
        Ok(self.tiles.leaf(act.entry)?.is_none_or(|want| leaf == Some(want)))
    }

    fn read_batch(&mut self, act: &Act) -> Result<()> {
        let id = |payload: &str| {
            let object: Option<serde_json::Value> = serde_json::from_str(payload).ok();
            object.and_then(|object| unhex(object.get("id")?.as_str()?)).unwrap_or_default()
        };
        let mut batch = Batch { entry: act.entry.0, id: id(&act.payload), sound: self.fits(act)? };
        if !batch.sound {
            // The derived list of batches keeps a copy; only the leaf decides whether it is right.
            let mut copy = None;
            let _ = self.read.batches(&mut |row| {
                if row.entry == act.entry {
                    copy = Some(row.payload);
                }
                Ok(())
            });
            for learner in [act.learner, None] {
                let payload = copy.clone().unwrap_or_else(|| act.payload.clone());
                let recorded = Act { payload, learner, ..act.clone() };
                if self.fits(&recorded)? {
                    batch = Batch { id: id(&recorded.payload), sound: true, ..batch };
                    self.acts.insert(act.entry.0, recorded);
                    break;
                }
            }
        }
        self.leaves.batches.push(batch);
        Ok(())
    }

    /// Batches whose opening act is gone or has another kind, by the derived list's copy.
    fn recover_batches(&mut self) -> Result<()> {
        let mut lost = Vec::new();
        let known = &self.leaves.batches;
        let _ = self.read.batches(&mut |row| {
            if known.binary_search_by_key(&row.entry.0, |batch| batch.entry).is_err() {
                lost.push(row);
            }
            Ok(())
        });
        for row in lost {
            let act = Act { entry: row.entry, kind: EntryKind::Batch, learner: None, payload: row.payload };
            if self.tiles.leaf(act.entry)?.is_some() && self.fits(&act)? {
                self.read_batch(&act)?;
                self.acts.insert(act.entry.0, act);
            }
        }
        self.leaves.batches.sort_by_key(|batch| batch.entry);
        Ok(())
    }
}

/// The rows of `log`; what does not decode is a finding.
pub fn logs(read: &dyn Read, findings: &mut Findings) -> Result<Vec<LogRow>> {
    if let Ok(heads) = read.heads() {
        let row = |head: crate::store::Head| LogRow {
            id: head.log,
            origin: Some(head.origin),
            size: head.size,
            root: Some(head.root),
            frontier: Some(head.frontier.to_bytes()),
        };
        return settle(read, heads.into_iter().map(row).collect(), findings);
    }
    let mut logs = Vec::new();
    read.scan("log", &["id", "origin", "size", "root", "frontier"], None, &mut |cells| {
        logs.push(raw_log(cells, findings));
        Ok(())
    })?;
    settle(read, logs, findings)
}

/// Up to which entry each log is walked: its size, unless its leaves and its root say another.
fn settle(read: &dyn Read, mut logs: Vec<LogRow>, findings: &mut Findings) -> Result<Vec<LogRow>> {
    let mut tiles = Tiles::new(read);
    for log in &mut logs {
        let said = log.size;
        let at = |seq: u64| EntryId::new(log.id, seq);
        if said < 1 << 40
            && tiles.leaf(at(said))?.is_none()
            && (said == 0 || tiles.leaf(at(said - 1))?.is_some())
        {
            continue;
        }
        let leaves = tiles.leaves(log.id)?;
        // Where tiles are missing, so many entries may still be there.
        let most = (read.tile_count(log.id)? + 64) * WIDTH as u64;
        if leaves != said && log.root.is_some() && tiles.root(log.id, leaves)? == log.root {
            let what = format!("it is {said}, but the root is that of {leaves} entries");
            findings.add("V204", format!("log {}, column size", log.id), what);
            log.size = leaves;
        } else if said > most {
            let what = format!("it is {said}, but there are tiles for {leaves} entries");
            findings.add("V204", format!("log {}, column size", log.id), what);
            log.size = leaves;
        }
    }
    Ok(logs)
}

fn raw_log(cells: &[Cell], findings: &mut Findings) -> LogRow {
    let id = if let Cell::Int(id) = cells[0] { id } else { -1 };
    let size = if let Cell::Int(size) = cells[2] { size } else { -1 };
    let origin = if let Cell::Text(origin) = &cells[1] { Some(origin.clone()) } else { None };
    let bytes = |cell: &Cell| if let Cell::Bytes(bytes) = cell { Some(bytes.clone()) } else { None };
    let root: Option<Hash> = bytes(&cells[3]).and_then(|bytes| bytes.try_into().ok());
    let mut bad = |column: &str, cell: &Cell| {
        findings.add("V204", format!("log {id}, column {column}"), format!("it is {}", shown(cell)));
    };
    if origin.is_none() {
        bad("origin", &cells[1]);
    }
    if size < 0 {
        bad("size", &cells[2]);
    }
    if root.is_none() {
        bad("root", &cells[3]);
    }
    let size = u64::try_from(size).unwrap_or(0);
    LogRow { id, origin, size, root, frontier: bytes(&cells[4]) }
}
