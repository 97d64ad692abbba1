//! Posting: gives entries their places, their leaves and their effect on what is derived.
//!
//! One [`Poster`] writes one batch inside a store's transaction. It is the only way into the
//! journal, whichever engine keeps it.

mod claim;
pub mod origin;
mod people;
mod prepared;
pub mod replace;
mod sums;
mod tree;

use crate::domain::credits::Credits;
use crate::domain::entry::{Achievement, EntryId, EntryKind, Movement};
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::Row;
use crate::ledger::links::Links;
use crate::ledger::lots::Cut;
use crate::ops::batch::{BatchPayload, random};
use crate::ops::names::Names;
use crate::proof::leaf::{self, BatchId, Key, Ordinal, Remainder, Salter};
use crate::proof::merkle::{self, Frontier, Hash};
use crate::proof::tile::{TileWriter, partials_of};
use crate::store::{Act, ActRow, BatchRow, DecisionRow, Head, Identity, Read, Refusal, Staged, Tx, act_row};
pub use claim::{Standing, Verdict, contradiction};
pub use prepared::{Prepared, Rare};
use replace::{Policy, Replaced};
use std::collections::HashMap;
use std::rc::Rc;
use sums::Sums;

/// Finished tiles are handed to the store when that many wait.
const TILES_AT_ONCE: usize = 64;

/// Gives registry rows one by one to what takes them.
pub type Rows<'r> = &'r mut dyn FnMut(&mut dyn FnMut(ActRow) -> Result<()>) -> Result<()>;

/// Achievements that are handed to the store at a time: few enough to stay near the processor.
const ROWS_AT_ONCE: usize = 1024;

/// A movement to be posted about a lot.
#[derive(Debug, Clone)]
pub struct NewMovement<'a> {
    /// Convert-out, convert-in, release, hold, unhold or reverse.
    pub kind: EntryKind,
    /// The lot.
    pub lot: &'a Achievement,
    /// Share of the lot.
    pub share: (i64, i64),
    /// Credit system of the amount.
    pub system: i64,
    /// The amount.
    pub amount: Credits,
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

impl Fact {
    /// Adds the fact to those whose leaves in their enrol act are computed together.
    pub fn add_to(&self, leaves: &mut leaf::Many, salt: (&Salter, &BatchId, Ordinal), scratch: &mut Vec<u8>) {
        let (from, to) = (self.valid_from.as_deref(), self.valid_to.as_deref());
        leaf::identity_payload(self.learner, self.nth, self.scheme, &self.value, from, to, scratch);
        leaves.committed(salt, EntryKind::Enrol, scratch);
    }
}

/// Writes one batch.
pub struct Poster<'t> {
    tx: &'t mut dyn Tx,
    head: Head,
    tree: tree::Tree,
    batch: BatchRow,
    batch_id: BatchId,
    sums: Sums,
    claims: claim::Claims,
    /// Whose account is whose.
    links: Links,
    names: Rc<Names>,
    salters: HashMap<i64, Salter>,
    enrol_acts: u32,
    policy: Policy,
    replaced: Replaced,
    scratch: Vec<u8>,
    /// Achievements that wait to be handed to the store.
    posted: Vec<Achievement>,
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
        let tree = tree::Tree::new(resume_tiles(tx, &head)?);
        let json = serde_json::to_string(payload).map_err(|error| Fault::new("S901", error.to_string()))?;
        let entry = EntryId::new(head.log, head.size);
        let last_learner = tx.last_learner()?;
        let links = Links::at(&tx.links()?, &Cut::default());
        let names = Rc::new(Names::default());
        let mut poster = Poster {
            tx,
            head,
            tree,
            batch: BatchRow { entry, no, size: 0, payload: json.clone() },
            batch_id: payload.id_bytes(),
            sums: Sums::new(last_learner),
            claims: claim::Claims::new(last_learner, entry, Rc::clone(&names), links.clone()),
            links,
            names,
            salters: HashMap::new(),
            enrol_acts: 0,
            policy: Policy::default(),
            replaced: Replaced::default(),
            scratch: Vec::new(),
            posted: Vec::with_capacity(ROWS_AT_ONCE),
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
        self.claims.expect(achievements as usize, self.head.size);
    }

    /// The place of the next entry.
    pub fn next_entry(&self) -> EntryId {
        EntryId::new(self.head.log, self.tree.size())
    }

    /// The ledger as it stands inside this batch.
    pub fn read(&self) -> &dyn Tx {
        self.tx
    }

    /// What was replaced since this was asked last.
    pub fn take_replaced(&mut self) -> Replaced {
        std::mem::take(&mut self.replaced)
    }

    /// Registry rows as this batch sees them.
    pub fn names(&self) -> Rc<Names> {
        Rc::clone(&self.names)
    }

    fn push(&mut self, leaf: Hash) -> Result<EntryId> {
        let entry = self.next_entry();
        self.tree.push(leaf)?;
        self.batch.size += 1;
        Ok(entry)
    }

    fn drain_tiles(&mut self) -> Result<()> {
        let tiles = self.tree.take_full();
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
        self.register_all(&mut |put| rows.iter().cloned().try_for_each(put))
    }

    /// Introduces or replaces registry rows, of which there may be too many to hold.
    ///
    /// # Errors
    /// Where the ledger refuses a row; whatever `rows` ends with.
    pub fn register_all(&mut self, rows: Rows<'_>) -> Result<EntryId> {
        let entry = self.next_entry();
        let (tx, mut root, mut waiting) = (&mut *self.tx, Frontier::new(), Vec::new());
        rows(&mut |row| {
            let ord = root.size() as i64;
            root.push(leaf::act_row(&row.table, &row.row));
            waiting.push(ActRow { ord, ..row });
            if waiting.len() < ROWS_AT_ONCE {
                return Ok(());
            }
            tx.put_act_rows(entry, &waiting)?;
            waiting.clear();
            Ok(())
        })?;
        self.tx.put_act_rows(entry, &waiting)?;
        let (kind, payload) = (EntryKind::Register, "{}".to_owned());
        self.push(leaf::act(kind, &payload, root.size(), &root.root()))?;
        self.tx.put_act(&Act { entry, kind, learner: None, payload })?;
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

    /// Ends an import's batch with its own account of what was taken.
    ///
    /// # Errors
    /// Where the ledger cannot be written.
    pub fn receipt(&mut self, payload: String) -> Result<EntryId> {
        self.public_act(EntryKind::Receipt, payload, &[])
    }

    /// Opens accounts and records facts of identity; every new account needs at least one fact.
    ///
    /// # Errors
    /// Where the ledger refuses a row.
    pub fn enrol(&mut self, keys: &[(i64, Key)], facts: Vec<Fact>) -> Result<EntryId> {
        // Facts come learner by learner, as new accounts do: a salter serves until the next learner.
        let mut new_keys = keys.iter().peekable();
        let mut salter: Option<(i64, Salter)> = None;
        let mut many = leaf::Many::default();
        for (fact, ord) in facts.iter().zip(0..) {
            let salter = match &salter {
                Some((known, salter)) if *known == fact.learner => salter,
                _ => {
                    while new_keys.next_if(|(id, _)| *id < fact.learner).is_some() {}
                    let key = match new_keys.peek() {
                        Some((id, key)) if *id == fact.learner => *key,
                        _ => key_of(self.tx, fact.learner)?,
                    };
                    &salter.insert((fact.learner, Salter::new(&key))).1
                }
            };
            let ordinal = Ordinal::Fact { place: self.enrol_acts, ord };
            fact.add_to(&mut many, (salter, &self.batch_id, ordinal), &mut self.scratch);
        }
        let mut leaves = Vec::with_capacity(facts.len());
        many.take(&mut leaves);
        self.enrol_hashed(keys, facts, &leaves)
    }

    /// The same with the facts' leaves, which name the act by the number of enrol acts that the batch has
    /// before it.
    ///
    /// # Errors
    /// Where the ledger refuses a row.
    pub fn enrol_hashed(
        &mut self,
        keys: &[(i64, Key)],
        facts: Vec<Fact>,
        leaves: &[Hash],
    ) -> Result<EntryId> {
        let payload = format!("{{\"act\":{}}}", self.enrol_acts);
        self.enrol_acts += 1;
        self.tx.put_keys(keys)?;
        let entry = self.public_act(EntryKind::Enrol, payload, leaves)?;
        let numbered: Vec<Identity> =
            facts.into_iter().zip(0..).map(|(fact, ord)| identity(fact, entry, ord)).collect();
        self.tx.put_identities(&numbered)?;
        self.keep_descriptions(keys, &numbered)?;
        Ok(entry)
    }

    /// Posts prepared achievements, sorted by key, each exactly once, and tells what became of each.
    /// The leaves are those of rows that are the first of their key.
    ///
    /// # Errors
    /// Where the ledger cannot be read or written; a repeated row is a verdict, not an error.
    pub fn achievements(
        &mut self,
        rows: &[Prepared],
        leaves: &[Hash],
        tell: &mut dyn FnMut(&Prepared, Verdict),
    ) -> Result<()> {
        let first = self.next_entry();
        let mut claimed = self.claims.judge(self.tx, rows)?.into_iter().peekable();
        let mut prepared = Vec::with_capacity(ROWS_AT_ONCE);
        let mut corrections = Vec::new();
        for (at, (row, leaf)) in rows.iter().zip(leaves).enumerate() {
            let mut corrects = None;
            let nth = match claimed.next_if(|(claimed, _)| *claimed == at) {
                None => 0,
                Some((_, claim::Claim::Again { nth })) => nth,
                Some((_, claim::Claim::Correct(found))) => {
                    let nth = found.nth;
                    corrects = Some(found);
                    nth
                }
                Some((_, claim)) => {
                    tell(row, claim.into_verdict(first));
                    continue;
                }
            };
            let mut achievement = row.achievement();
            let mut leaf = *leaf;
            if nth > 0 {
                achievement.nth = nth;
                let salter = Salter::new(&key_of(self.tx, row.learner)?);
                leaf = row.leaf(&achievement, &salter, &self.batch_id, &mut self.scratch);
            }
            achievement.entry = self.push(leaf)?;
            let verdict = match corrects {
                None => Verdict::Posted(achievement.entry),
                Some(found) => {
                    let standing = Standing::of(&found.old);
                    corrections.push((found.old, achievement.entry, found.how.clone()));
                    Verdict::Corrected(achievement.entry, standing, found.how)
                }
            };
            tell(row, verdict);
            self.posted.push(achievement);
            prepared.push(row);
            if prepared.len() == ROWS_AT_ONCE {
                self.put_achievements(&mut prepared)?;
            }
        }
        self.put_achievements(&mut prepared)?;
        for (old, by, why) in corrections {
            self.correct(&old, by, why)?;
        }
        for repeated in self.claims.take_repeats() {
            self.count_one(repeated)?;
        }
        self.drain_tiles()
    }

    /// Writes achievements that have their places, and adds up what they deposit.
    fn put_achievements(&mut self, prepared: &mut Vec<&Prepared>) -> Result<()> {
        self.tx.put_achievements(&self.posted)?;
        self.sums.deposits(self.tx, &self.names, prepared)?;
        self.posted.clear();
        prepared.clear();
        Ok(())
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

    /// Posts an act about a learner, whose payload is private to them.
    fn private_act(&mut self, kind: EntryKind, learner: i64, payload: String) -> Result<EntryId> {
        let entry = self.next_entry();
        let commitment = self.commit_place(learner, entry, payload.as_bytes())?;
        self.push(leaf::committed(kind, &commitment))?;
        self.tx.put_act(&Act { entry, kind, learner: Some(learner), payload })?;
        Ok(entry)
    }

    /// Opens a decision. With a learner its payload is private to them.
    ///
    /// # Errors
    /// Where the ledger cannot be written.
    pub fn decision(&mut self, decision: DecisionRow, payload: String) -> Result<EntryId> {
        let entry = match decision.learner {
            None => self.public_act(EntryKind::Decision, payload, &[])?,
            Some(learner) => self.private_act(EntryKind::Decision, learner, payload)?,
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
        if self.tree.size() % (TILES_AT_ONCE as u64 * 256) < rows.len() as u64 {
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
        self.sums.movement(self.tx, &self.names, new, years)?;
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

    /// Keeps files that wait for a second officer, piece by piece.
    ///
    /// # Errors
    /// Where a piece cannot be had, or the ledger not be written.
    pub fn stage(&mut self, pieces: &mut dyn Iterator<Item = Result<(i64, Vec<u8>)>>) -> Result<EntryId> {
        let entry = self.next_entry();
        let mut hashes = Vec::new();
        for (piece, ord) in pieces.zip(0..) {
            let (file, bytes) = piece?;
            let salt = random()?;
            hashes.push(leaf::staged_piece(&salt, file, &bytes, &mut self.scratch));
            self.tx.put_staged(&[Staged { entry, ord, salt, file, bytes }])?;
        }
        self.public_act(EntryKind::Stage, "{}".to_owned(), &hashes)
    }

    /// Ends the batch: derived tables, tiles and head.
    ///
    /// # Errors
    /// Where the ledger cannot be written.
    pub fn seal(mut self) -> Result<Sealed> {
        let sums = std::mem::take(&mut self.sums);
        self.tx.add_summaries(&sums.summary_rows())?;
        let (tx, links) = (&mut *self.tx, &self.links);
        people::add_balances(tx, links, sums)?;
        self.tx.put_batch(&self.batch)?;
        let (full, tiles) = self.tree.finish()?;
        let head =
            Head { size: tiles.size(), root: tiles.root(), frontier: tiles.frontier().clone(), ..self.head };
        self.tx.put_head(&head)?;
        self.tx.put_tiles(head.log, &full)?;
        self.tx.put_tiles(head.log, &tiles.partials())?;
        Ok(Sealed { batch: self.batch, head })
    }
}

/// A fact as the ledger keeps it.
pub fn identity(fact: Fact, entry: EntryId, ord: i64) -> Identity {
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
