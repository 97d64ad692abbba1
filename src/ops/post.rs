//! Posting: gives entries their places, their leaves and their effect on what is derived.
//!
//! One [`Poster`] writes one batch inside a store's transaction. It is the only way into the
//! journal, whichever engine keeps it.

mod claim;
mod sums;

use crate::domain::entry::{Achievement, EntryId, EntryKind, Movement};
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::Row;
use crate::ops::batch::BatchPayload;
use crate::ops::names::Names;
use crate::proof::leaf::{self, BatchId, Key, Ordinal, Remainder, Salter};
use crate::proof::merkle::{self, Frontier, Hash};
use crate::proof::tile::{TileWriter, partials_of};
use crate::store::{Act, ActRow, BatchRow, DecisionRow, Head, Identity, Read, Refusal, Tx, act_row};
pub use claim::Verdict;
use std::collections::HashMap;
use std::rc::Rc;
use sums::Sums;

/// Finished tiles are handed to the store when that many wait.
const TILES_AT_ONCE: usize = 64;

/// An achievement ready to be posted, hashed as if it were the first of its key.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The row; its entry and `nth` are set when it is posted.
    pub achievement: Achievement,
    /// Awarding institution.
    pub institution: i64,
    /// First and last year of the period.
    pub years: (i16, i16),
    /// The commitment for `nth` 0.
    pub commitment: leaf::Commitment,
}

/// A movement to be posted about a lot.
#[derive(Debug, Clone)]
pub struct NewMovement<'a> {
    /// Convert-out, convert-in, release or reverse.
    pub kind: EntryKind,
    /// The lot.
    pub lot: &'a Achievement,
    /// Share of the lot.
    pub share: (i64, i64),
    /// Credit system of the amount.
    pub system: i64,
    /// The amount.
    pub amount: crate::domain::credits::Credits,
    /// Effective date.
    pub period: i64,
    /// The entry that it undoes, and the accounts that it thereby moves between.
    pub undoes: Option<EntryId>,
    /// From which account to which.
    pub accounts: (crate::domain::entry::Place, crate::domain::entry::Place),
}

/// A fact of identity to be recorded.
#[derive(Debug, Clone)]
pub struct Fact {
    /// The account.
    pub learner: i64,
    /// Place among the learner's facts.
    pub nth: i64,
    /// The scheme's id.
    pub scheme: i64,
    /// The value.
    pub value: String,
    /// First day on which it holds.
    pub valid_from: Option<String>,
    /// Last day on which it holds.
    pub valid_to: Option<String>,
}

/// Writes one batch.
pub struct Poster<'t> {
    tx: &'t mut dyn Tx,
    head: Head,
    tiles: TileWriter,
    batch: BatchRow,
    batch_id: BatchId,
    sums: Sums,
    claims: claim::Claims,
    names: Rc<Names>,
    salters: HashMap<i64, Salter>,
    enrol_acts: u32,
    scratch: Vec<u8>,
}

/// What a sealed batch left behind.
#[derive(Debug, Clone)]
pub struct Sealed {
    /// The batch.
    pub batch: BatchRow,
    /// The log's new head.
    pub head: Head,
}

impl<'t> Poster<'t> {
    /// Opens a batch: its first entry is the batch act.
    ///
    /// # Errors
    /// Where the ledger cannot be read or written.
    pub fn open(tx: &'t mut dyn Tx, log: i64, payload: &BatchPayload) -> Result<Poster<'t>> {
        let head = crate::store::head(tx, log)?;
        let no = newest_batch(tx)? + 1;
        Self::start(tx, head, no, payload)
    }

    fn start(tx: &'t mut dyn Tx, head: Head, no: i64, payload: &BatchPayload) -> Result<Poster<'t>> {
        let tiles = resume_tiles(tx, &head)?;
        let json = serde_json::to_string(payload).map_err(|error| Fault::new("S901", error.to_string()))?;
        let entry = EntryId::new(head.log, head.size);
        let last_learner = tx.last_learner()?;
        let mut poster = Poster {
            tx,
            head,
            tiles,
            batch: BatchRow { entry, no, size: 0, payload: json.clone() },
            batch_id: payload.id_bytes(),
            sums: Sums::default(),
            claims: claim::Claims::new(last_learner, entry),
            names: Rc::new(Names::default()),
            salters: HashMap::new(),
            enrol_acts: 0,
            scratch: Vec::new(),
        };
        poster.public_act(EntryKind::Batch, json, &[])?;
        Ok(poster)
    }

    /// Founds a log: the genesis act is its first entry, the batch act its second.
    ///
    /// # Errors
    /// Where the ledger cannot be written.
    pub fn found(
        tx: &'t mut dyn Tx,
        log: i64,
        origin: &str,
        genesis: &str,
        payload: &BatchPayload,
    ) -> Result<Poster<'t>> {
        let mut tiles = TileWriter::empty();
        let entry = EntryId::new(log, 0);
        tx.put_act(&Act { entry, kind: EntryKind::Genesis, learner: None, payload: genesis.to_owned() })?;
        tiles.push(leaf::act(EntryKind::Genesis, genesis, 0, &merkle::EMPTY_ROOT));
        let head = Head {
            log,
            origin: origin.to_owned(),
            size: 1,
            root: tiles.root(),
            frontier: tiles.frontier().clone(),
        };
        tx.put_head(&head)?;
        tx.put_tiles(log, &tiles.partials())?;
        Self::start(tx, head, 1, payload)
    }

    /// The batch's random id.
    pub fn batch_id(&self) -> BatchId {
        self.batch_id
    }

    /// The batch act.
    pub fn batch_entry(&self) -> EntryId {
        self.batch.entry
    }

    /// Number of the batch.
    pub fn batch_no(&self) -> i64 {
        self.batch.no
    }

    /// Says about how many achievements will come, before the first.
    pub fn expect(&mut self, achievements: u64) {
        self.claims.expect(achievements as usize);
    }

    /// The place of the next entry.
    pub fn next_entry(&self) -> EntryId {
        EntryId::new(self.head.log, self.tiles.size())
    }

    /// The ledger as it stands inside this batch.
    pub fn read(&self) -> &dyn Tx {
        self.tx
    }

    /// Registry rows as this batch sees them.
    pub fn names(&self) -> Rc<Names> {
        Rc::clone(&self.names)
    }

    fn push(&mut self, leaf: Hash) -> Result<EntryId> {
        let entry = self.next_entry();
        self.tiles.push(leaf);
        self.batch.size += 1;
        Ok(entry)
    }

    fn drain_tiles(&mut self) -> Result<()> {
        let tiles = self.tiles.take_full();
        self.tx.put_tiles(self.head.log, &tiles)
    }

    fn place(&self, entry: EntryId) -> u64 {
        (entry.0 - self.batch.entry.0) as u64
    }

    fn public_act(&mut self, kind: EntryKind, payload: String, rows: &[Hash]) -> Result<EntryId> {
        let root = merkle::root_of(rows.iter().copied());
        let entry = self.push(leaf::act(kind, &payload, rows.len() as u64, &root))?;
        self.tx.put_act(&Act { entry, kind, learner: None, payload })?;
        Ok(entry)
    }

    /// Introduces or replaces registry rows.
    ///
    /// # Errors
    /// Where the ledger refuses a row.
    pub fn register(&mut self, rows: &[ActRow]) -> Result<EntryId> {
        let hashes: Vec<Hash> = rows.iter().map(|row| leaf::act_row(&row.table, &row.row)).collect();
        let entry = self.public_act(EntryKind::Register, "{}".to_owned(), &hashes)?;
        let numbered: Vec<ActRow> =
            rows.iter().zip(0..).map(|(row, ord)| ActRow { ord, ..row.clone() }).collect();
        self.tx.put_act_rows(entry, &numbered)?;
        Ok(entry)
    }

    /// Introduces or replaces one registry row.
    ///
    /// # Errors
    /// Where the ledger refuses it.
    pub fn register_one<T: Row>(&mut self, row: &T) -> Result<EntryId> {
        self.register(&[act_row(0, row)?])
    }

    /// Closes the books through a day, which the payload names.
    ///
    /// # Errors
    /// Where the ledger cannot be written.
    pub fn close(&mut self, payload: String) -> Result<EntryId> {
        self.public_act(EntryKind::Close, payload, &[])
    }

    /// Opens accounts and records facts of identity; every new account needs at least one fact.
    ///
    /// # Errors
    /// Where the ledger refuses a row.
    pub fn enrol(&mut self, keys: &[(i64, Key)], facts: Vec<Fact>) -> Result<EntryId> {
        let place = self.enrol_acts;
        self.enrol_acts += 1;
        self.tx.put_keys(keys)?;
        let mut salters: HashMap<i64, Salter> =
            keys.iter().map(|(id, key)| (*id, Salter::new(key))).collect();
        let mut hashes = Vec::with_capacity(facts.len());
        for (ord, fact) in facts.iter().enumerate() {
            let Fact { learner, nth, scheme, value, valid_from, valid_to } = fact;
            let (from, to) = (valid_from.as_deref(), valid_to.as_deref());
            leaf::identity_payload(*learner, *nth, *scheme, value, from, to, &mut self.scratch);
            let salter = match salters.entry(*learner) {
                std::collections::hash_map::Entry::Occupied(found) => found.into_mut(),
                std::collections::hash_map::Entry::Vacant(free) => {
                    free.insert(Salter::new(&key_of(self.tx, *learner)?))
                }
            };
            let ordinal = Ordinal::Fact { place, ord: ord as u64 };
            hashes.push(leaf::committed(
                EntryKind::Enrol,
                &salter.commit(&self.batch_id, ordinal, &self.scratch),
            ));
        }
        let payload = format!("{{\"act\":{place}}}");
        let entry = self.public_act(EntryKind::Enrol, payload, &hashes)?;
        let numbered: Vec<Identity> =
            facts.into_iter().zip(0..).map(|(fact, ord)| identity(fact, entry, ord)).collect();
        self.tx.put_identities(&numbered)?;
        Ok(entry)
    }

    /// Posts prepared achievements, sorted by key, each exactly once.
    ///
    /// # Errors
    /// Where the ledger cannot be read or written; a repeated row is a verdict, not an error.
    pub fn achievements(&mut self, rows: Vec<Prepared>) -> Result<Vec<Verdict>> {
        let verdicts = self.claims.judge(self.tx, &rows)?;
        let mut posted = Vec::with_capacity(rows.len());
        let mut answers = Vec::with_capacity(rows.len());
        for (mut row, verdict) in rows.into_iter().zip(verdicts) {
            let claim::Claim::New { nth } = verdict else {
                let file = row.achievement.file;
                answers.push(verdict.into_verdict(&posted, file, self.batch.entry));
                continue;
            };
            let achievement = &mut row.achievement;
            if nth > 0 {
                achievement.nth = nth;
                row.commitment = self.commit_row(achievement)?;
            }
            let remainder = Remainder {
                system: achievement.system,
                institution: row.institution,
                year: row.years.0,
                amount: achievement.amount,
            };
            achievement.entry =
                self.push(leaf::moved(achievement.entry_kind(), &remainder, &row.commitment))?;
            self.sums.deposit(achievement, row.years);
            answers.push(Verdict::Posted(achievement.entry));
            posted.push(row.achievement);
        }
        self.tx.put_achievements(&posted)?;
        self.drain_tiles()?;
        Ok(answers)
    }

    fn commit_row(&mut self, achievement: &Achievement) -> Result<leaf::Commitment> {
        leaf::achievement_payload(achievement, &mut self.scratch);
        let salter = Salter::new(&key_of(self.tx, achievement.learner)?);
        let ordinal = Ordinal::Row { file: achievement.file as u32, line: achievement.line as u64 };
        Ok(salter.commit(&self.batch_id, ordinal, &self.scratch))
    }

    fn commit_place(&mut self, learner: i64, entry: EntryId, payload: &[u8]) -> Result<leaf::Commitment> {
        let place = Ordinal::Place(self.place(entry));
        if !self.salters.contains_key(&learner) {
            if self.salters.len() > 4096 {
                self.salters.clear();
            }
            self.salters.insert(learner, Salter::new(&key_of(self.tx, learner)?));
        }
        Ok(self.salters[&learner].commit(&self.batch_id, place, payload))
    }

    /// Opens a decision. With a learner its payload is private to them.
    ///
    /// # Errors
    /// Where the ledger cannot be written.
    pub fn decision(&mut self, decision: DecisionRow, payload: String) -> Result<EntryId> {
        let entry = match decision.learner {
            None => self.public_act(EntryKind::Decision, payload, &[])?,
            Some(learner) => {
                let entry = self.next_entry();
                let commitment = self.commit_place(learner, entry, payload.as_bytes())?;
                self.push(leaf::committed(EntryKind::Decision, &commitment))?;
                self.tx.put_act(&Act {
                    entry,
                    kind: EntryKind::Decision,
                    learner: Some(learner),
                    payload,
                })?;
                entry
            }
        };
        self.tx.put_decision(&DecisionRow { entry, ..decision })?;
        Ok(entry)
    }

    /// Posts movements of a decision.
    ///
    /// # Errors
    /// Where the ledger cannot be written.
    pub fn movements(&mut self, decision: EntryId, movements: &[NewMovement]) -> Result<()> {
        let mut rows = Vec::with_capacity(movements.len());
        for new in movements {
            rows.push(self.movement(decision, new)?);
        }
        self.tx.put_movements(&rows)?;
        if self.tiles.size() % (TILES_AT_ONCE as u64 * 256) < rows.len() as u64 {
            self.drain_tiles()?;
        }
        Ok(())
    }

    fn movement(&mut self, decision: EntryId, new: &NewMovement) -> Result<Movement> {
        let names = self.names();
        let outcome = names.outcome(self.tx, new.lot.outcome)?;
        let lot_period = names.period(self.tx, new.lot.period)?;
        let period = names.period(self.tx, new.period)?;
        let row = Movement {
            entry: self.next_entry(),
            kind: new.kind,
            decision,
            learner: new.lot.learner,
            lot: new.lot.entry,
            num: new.share.0,
            den: new.share.1,
            system: new.system,
            amount: new.amount,
            period: new.period,
            undoes: new.undoes,
        };
        let mut payload = std::mem::take(&mut self.scratch);
        leaf::movement_payload(&row, &mut payload);
        let commitment = self.commit_place(row.learner, row.entry, &payload)?;
        self.scratch = payload;
        let remainder = Remainder {
            system: row.system,
            institution: outcome.institution,
            year: period.first.year(),
            amount: row.amount,
        };
        self.push(leaf::moved(row.kind, &remainder, &commitment))?;
        let years = (lot_period.first.year(), lot_period.last.year());
        self.sums.movement(new, years);
        Ok(row)
    }

    /// Keeps rows that an import refused.
    ///
    /// # Errors
    /// Where the ledger cannot be written.
    pub fn refusals(&mut self, mut rows: Vec<Refusal>) -> Result<()> {
        let mut hashes = Vec::with_capacity(rows.len());
        for row in &rows {
            let texts = [row.code.as_str(), &row.reason, &row.row, &row.subject];
            let commitment =
                leaf::refusal_commitment(&row.salt, row.file, row.line, texts, &mut self.scratch);
            hashes.push(leaf::committed(EntryKind::Refuse, &commitment));
        }
        let entry = self.public_act(EntryKind::Refuse, "{}".to_owned(), &hashes)?;
        for (row, ord) in rows.iter_mut().zip(0..) {
            (row.entry, row.ord) = (entry, ord);
        }
        self.tx.put_refusals(&rows)
    }

    /// Ends the batch: derived tables, tiles and head.
    ///
    /// # Errors
    /// Where the ledger cannot be written.
    pub fn seal(mut self) -> Result<Sealed> {
        self.drain_tiles()?;
        let sums = std::mem::take(&mut self.sums);
        let (balances, summaries) = sums.finish(self.tx, &self.names)?;
        self.tx.add_balances(&balances)?;
        self.tx.add_summaries(&summaries)?;
        self.tx.put_batch(&self.batch)?;
        let head = Head {
            size: self.tiles.size(),
            root: self.tiles.root(),
            frontier: self.tiles.frontier().clone(),
            ..self.head.clone()
        };
        self.tx.put_head(&head)?;
        self.tx.put_tiles(head.log, &self.tiles.partials())?;
        Ok(Sealed { batch: self.batch, head })
    }
}

fn identity(fact: Fact, entry: EntryId, ord: i64) -> Identity {
    Identity {
        learner: fact.learner,
        nth: fact.nth,
        scheme: fact.scheme,
        value: fact.value,
        valid_from: fact.valid_from,
        valid_to: fact.valid_to,
        entry,
        ord,
    }
}

/// The secret of a learner's account.
///
/// # Errors
/// `S910` where there is none: the learner was erased, or never enrolled.
pub fn key_of(read: &(impl Read + ?Sized), learner: i64) -> Result<Key> {
    read.key(learner)?.ok_or_else(|| {
        Fault::new("S910", format!("account {} has no key", crate::domain::account::Account(learner)))
            .remedy("run `creditbank verify`")
    })
}

/// The highest batch number; 0 before the first.
fn newest_batch(read: &dyn Tx) -> Result<i64> {
    let mut newest = 0;
    read.batches(&mut |batch| {
        newest = batch.no;
        Ok(())
    })?;
    Ok(newest)
}

fn resume_tiles(read: &dyn Tx, head: &Head) -> Result<TileWriter> {
    let damaged = || {
        Fault::new("S109", format!("the tiles of log {} do not fit its root", head.log))
            .remedy("run `creditbank verify`")
    };
    let mut partials = Vec::new();
    for (level, index, _) in partials_of(head.size) {
        partials.push(read.tile(head.log, level, index)?.ok_or_else(damaged)?);
    }
    let tiles = TileWriter::resume(head.size, partials).ok_or_else(damaged)?;
    if tiles.root() == head.root { Ok(tiles) } else { Err(damaged()) }
}

/// An empty log's head, before its genesis.
pub fn empty_head(log: i64, origin: &str) -> Head {
    Head { log, origin: origin.to_owned(), size: 0, root: merkle::EMPTY_ROOT, frontier: Frontier::new() }
}
