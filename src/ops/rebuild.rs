//! `rebuild`: makes everything again that is derived from the journal.
//!
//! It takes the journal as it stands; `verify` says whether it stands as it was written.

use crate::domain::entry::{EntryId, EntryKind};
use crate::domain::fault::{Fault, Result};
use crate::ops::people::acts::PeopleActs;
use crate::ops::people::{describing, descriptions};
use crate::ops::verify::derived::{batches, decision_of};
use crate::ops::verify::laws::Entries;
use crate::ops::verify::recount::Recount;
use crate::ops::verify::registers::Registers;
use crate::store::{ActRow, BatchRow, Head, Store, Tx};

/// Entries read at a time.
const WINDOW: u64 = 16_384;

/// What was made anew, by number of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rebuilt {
    /// Rows of register acts projected into registries.
    pub registry_rows: u64,
    /// Batches.
    pub batches: u64,
    /// Decisions.
    pub decisions: u64,
    /// Links between accounts.
    pub links: u64,
    /// Pairs of accounts to review.
    pub pairs: u64,
    /// Descriptions by which people are looked up.
    pub descriptions: u64,
    /// Balances.
    pub balances: u64,
    /// Rows of the summary.
    pub summaries: u64,
}

/// Drops and makes again the registries, batches, decisions, balances and the summary, in one
/// transaction; the journal and its log stay as they are.
///
/// # Errors
/// Where the journal cannot be read as it must be, for example after a change from outside: then
/// nothing is changed.
pub fn rebuild(store: &mut dyn Store) -> Result<Rebuilt> {
    let heads = store.heads()?;
    let Some(first) = heads.first().cloned() else { return Ok(Rebuilt::default()) };
    let mut rebuilt = Rebuilt::default();
    store.append(first.log, Some(&first), &mut |tx| {
        rebuilt = Rebuilder::new().run(tx, &heads)?;
        Ok(true)
    })?;
    Ok(rebuilt)
}

struct Rebuilder {
    registers: Registers,
    recount: Recount,
    batches: Vec<i64>,
    people: PeopleActs,
    rebuilt: Rebuilt,
}

impl Rebuilder {
    fn new() -> Rebuilder {
        Rebuilder {
            registers: Registers::new(),
            recount: Recount::default(),
            batches: Vec::new(),
            people: PeopleActs::default(),
            rebuilt: Rebuilt::default(),
        }
    }

    fn run(mut self, tx: &mut dyn Tx, heads: &[Head]) -> Result<Rebuilt> {
        tx.clear_derived()?;
        for head in heads {
            for from in (0..head.size).step_by(WINDOW as usize) {
                let to = (from + WINDOW).min(head.size);
                self.window(tx, EntryId::new(head.log, from), EntryId::new(head.log, to))?;
            }
        }
        for learner in std::mem::take(&mut self.recount.movers) {
            Entries::of(tx, learner)?.recount(&mut self.recount, &self.registers);
        }
        self.write_batches(tx, heads)?;
        self.write_sums(tx)?;
        Ok(self.rebuilt)
    }

    fn window(&mut self, tx: &mut dyn Tx, from: EntryId, to: EntryId) -> Result<()> {
        let mut registers = Vec::new();
        let mut decisions = Vec::new();
        tx.acts(from, to, &mut |act, _| {
            match act.kind {
                EntryKind::Batch => self.batches.push(act.entry.0),
                EntryKind::Register => registers.push(act.entry),
                EntryKind::Decision => decisions.push(decision_of(&act)),
                _ => self.people.take(&act).map_err(|why| {
                    Fault::new("S908", format!("act entry {}: {why}", act.entry))
                        .remedy("run `creditbank verify`")
                })?,
            }
            Ok(())
        })?;
        // All of the window's registrations come before its achievements: an id is given once.
        for entry in registers {
            self.register(tx, entry)?;
        }
        for decision in &decisions {
            tx.put_decision(decision)?;
        }
        self.rebuilt.decisions += decisions.len() as u64;
        tx.achievements(from, to, &mut |row, _| {
            self.recount.achievement(&row, &self.registers);
            Ok(())
        })?;
        tx.movements(from, to, &mut |row, _| {
            self.recount.movers.insert(row.learner);
            Ok(())
        })
    }

    fn register(&mut self, tx: &mut dyn Tx, entry: EntryId) -> Result<()> {
        let mut rows: Vec<ActRow> = Vec::new();
        tx.act_rows(entry, &mut |row| {
            rows.push(row);
            Ok(())
        })?;
        for row in &rows {
            self.registers.apply(entry.0, row.ord, &row.table, &row.row).map_err(|why| {
                Fault::new("S906", format!("act_row entry {entry}, ord {}: {why}", row.ord))
                    .remedy("run `creditbank verify`")
            })?;
        }
        self.rebuilt.registry_rows += rows.len() as u64;
        tx.project_act_rows(&rows)
    }

    fn write_batches(&mut self, tx: &mut dyn Tx, heads: &[Head]) -> Result<()> {
        let size_of = |log| heads.iter().find(|head| head.log == log).map_or(0, |head| head.size);
        let rows = batches(&self.batches, size_of);
        for row in &rows {
            let payload = tx.act(row.entry)?.map(|act| act.payload).unwrap_or_default();
            tx.put_batch(&BatchRow { payload, ..row.clone() })?;
        }
        self.rebuilt.batches = rows.len() as u64;
        Ok(())
    }

    fn write_people(&mut self, tx: &mut dyn Tx) -> Result<()> {
        for link in self.people.links() {
            tx.put_link(link)?;
            self.rebuilt.links += 1;
        }
        for pair in self.people.pairs() {
            tx.put_pair(pair)?;
            self.rebuilt.pairs += 1;
        }
        let schemes = describing(tx)?;
        if schemes.1.is_none() {
            return Ok(());
        }
        for learner in 1..=tx.last_learner()? {
            let facts = tx.identities_of(learner)?;
            let rows = descriptions(learner, &facts.iter().collect::<Vec<_>>(), schemes);
            tx.put_descriptions(&rows)?;
            self.rebuilt.descriptions += rows.len() as u64;
        }
        Ok(())
    }

    fn write_sums(&mut self, tx: &mut dyn Tx) -> Result<()> {
        self.write_people(tx)?;
        let balances = self.recount.take_balances(&self.people.standing());
        let summaries: Vec<_> = self.recount.take_summary(&self.registers).into_iter().collect();
        if self.recount.overflows > 0 {
            return Err(Fault::new("S915", "the amounts of the journal add up to more than can be counted")
                .remedy("run `creditbank verify`"));
        }
        tx.add_balances(&balances)?;
        tx.add_summaries(&summaries)?;
        self.rebuilt.balances = balances.len() as u64;
        self.rebuilt.summaries = summaries.len() as u64;
        Ok(())
    }
}
