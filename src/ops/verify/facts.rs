//! Facts of identity, folded into the roots that their enrol acts commit to. They are kept by account,
//! so they are read once, sorted by act, before the walk.

use super::audit::Audit;
use super::codes::Findings;
use super::keep::{self, Checked};
use super::leaves::Leaves;
use crate::domain::fault::Result;
use crate::proof::merkle::{Frontier, Hash};
use crate::store::{Act, Identity};
use std::collections::{BTreeMap, BTreeSet};

/// The rows of one act, folded.
#[derive(Debug, Clone, Default)]
pub struct Folded {
    /// How many.
    pub count: u64,
    /// Merkle frontier over their hashes.
    pub frontier: Frontier,
    /// Whether the hash of each could be computed.
    pub whole: bool,
    /// Place that the next row is due at.
    due: i64,
    /// Whether a row was found at another place than its due one.
    pub gap: bool,
}

/// What the enrol acts commit to.
#[derive(Default)]
pub struct Facts {
    /// Place of each enrol act among those of its batch.
    places: BTreeMap<i64, u32>,
    /// Rows of each enrol act.
    folded: BTreeMap<i64, Folded>,
    /// Accounts about which there is a fact, for those beyond the dense run from 1.
    known: BTreeSet<i64>,
    dense: i64,
    rows: usize,
}

impl Facts {
    /// Notes an enrol act, the so-manieth of its batch.
    pub fn expect(&mut self, act: &Act, counted: u32) {
        let said: Option<serde_json::Value> = serde_json::from_str(&act.payload).ok();
        let said = said.and_then(|object| u32::try_from(object.get("act")?.as_i64()?).ok());
        self.places.insert(act.entry.0, said.unwrap_or(counted));
    }

    /// The place of an enrol act among those of its batch.
    pub fn place(&self, entry: i64) -> Option<u32> {
        self.places.get(&entry).copied()
    }

    /// Sets the place of an enrol act.
    pub fn set_place(&mut self, entry: i64, place: u32) {
        self.places.insert(entry, place);
    }

    /// Folds the rows of an enrol act once more.
    pub fn refold(&mut self, entry: i64, hashes: &[Option<Hash>]) {
        let frontier = hashes.iter().map(|hash| hash.unwrap_or_default()).collect();
        let whole = hashes.iter().all(Option::is_some);
        let folded = Folded { count: hashes.len() as u64, frontier, whole, ..Folded::default() };
        self.folded.insert(entry, folded);
    }

    /// The rows of an enrol act.
    pub fn of(&self, entry: i64) -> Folded {
        self.folded.get(&entry).cloned().unwrap_or(Folded { whole: true, ..Folded::default() })
    }

    /// Whether there is a fact about an account.
    pub fn knows(&self, learner: i64) -> bool {
        (1..=self.dense).contains(&learner) || self.known.contains(&learner)
    }

    fn note(&mut self, learner: i64) {
        if self.knows(learner) {
            return;
        }
        self.known.insert(learner);
        while self.known.remove(&(self.dense + 1)) {
            self.dense += 1;
        }
    }

    fn take(&mut self, fact: &Identity, leaves: &mut Leaves, findings: &mut Findings) {
        self.rows += 1;
        self.note(fact.learner);
        let place = self.places.get(&fact.entry.0).copied();
        let at = format!("identity of learner {}, fact {}", fact.learner, fact.nth);
        let Some(place) = place else {
            let what = format!("it belongs to entry {}, which is no enrol act", fact.entry);
            return findings.add("V103", format!("{at}, column entry"), what);
        };
        let folded = self.folded.entry(fact.entry.0).or_insert(Folded { whole: true, ..Folded::default() });
        if fact.ord != folded.due {
            folded.gap = true;
            let what =
                format!("it is row {} of enrol act {} where row {} is due", fact.ord, fact.entry, folded.due);
            findings.add("V110", format!("{at} (entry {}), column ord", fact.entry), what);
        }
        folded.due = fact.ord.saturating_add(1);
        let hash = leaves.fact(fact, place);
        folded.whole &= hash.is_some();
        folded.count += 1;
        folded.frontier.push(hash.unwrap_or_default());
    }
}

impl Audit<'_> {
    /// Reads and folds all facts of identity.
    pub fn read_facts(&mut self) -> Result<()> {
        let Audit { read, facts, leaves, findings, .. } = self;
        let mut trial = Findings::new(usize::MAX);
        let typed = read.identities(&mut |fact| {
            facts.take(&fact, leaves, &mut trial);
            Ok(())
        });
        match typed {
            Ok(()) => {
                for found in trial.list {
                    findings.add(found.code, found.place, found.what);
                }
            }
            Err(_) => {
                *facts = Facts { places: std::mem::take(&mut facts.places), ..Facts::default() };
                keep::raw_identities(*read, &mut |fact| {
                    note_bad("identity", &fact, findings);
                    facts.take(&fact.0, leaves, findings);
                    Ok(())
                })?;
            }
        }
        let rows = self.facts.rows;
        self.count("identity", rows);
        Ok(())
    }

    /// Accounts that nobody enrolled, and facts about accounts that are not there.
    pub fn check_accounts(&mut self) {
        for (id, _) in &self.leaves.keys {
            if !self.facts.knows(*id) {
                self.findings.add("V111", format!("learner {id}"), "no enrol act has a fact about it");
            }
        }
        let beyond = self.facts.known.iter().copied();
        for learner in (1..=self.facts.dense).chain(beyond) {
            if !self.leaves.has_key(learner) {
                let what = "the account or its key is gone, so its entries cannot be checked";
                self.findings.add("V111", format!("learner {learner}, column id"), what);
            }
        }
    }
}

fn note_bad(table: &str, (fact, bad): &Checked<Identity>, findings: &mut Findings) {
    for (column, what) in bad {
        let place = format!(
            "{table} of learner {}, fact {} (entry {}), column {column}",
            fact.learner, fact.nth, fact.entry
        );
        findings.add("V106", place, format!("it is {what}"));
    }
}

/// The root over folded rows, where all could be hashed.
pub fn root_of(folded: &Folded) -> Option<Hash> {
    folded.whole.then(|| folded.frontier.root())
}
