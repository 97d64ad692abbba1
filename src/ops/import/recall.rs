//! What rows say of their outcomes, remembered: most rows describe theirs as an earlier one did, and then
//! neither the description is read again nor what it refers to looked up.

use super::catalogue::KnownSystem;
use super::people::Found;
use super::resolve::{Located, Resolver};
use super::whose::Whose;
use crate::domain::credits::Credits;
use crate::domain::fault::Result;
use crate::domain::outcome::Kind;
use crate::intake::csv::Record;
use crate::intake::draft::{Draft, Mapping};
use crate::intake::profile::{Alike, Field, Offered, Unknown};
use crate::intake::rules::Problem;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;
use std::rc::Rc;

/// Descriptions that are kept; beyond that they hardly repeat.
const MOST: usize = 1 << 16;

/// What a description stands for. All of it was found right.
#[derive(Debug)]
pub struct Known {
    institution: usize,
    outcome: usize,
    /// Position among the outcome's versions.
    version: usize,
    /// The only period of which that is known, where it depends on the period.
    period: Option<i64>,
    system: KnownSystem,
    kind: Kind,
    credits: Credits,
    /// Scheme of the learner's identifier.
    scheme: i64,
    /// Words of the description that the profile replaces.
    words: Box<[(usize, usize)]>,
}

/// A description's place among the texts, and what it stands for.
struct Entry {
    start: u32,
    length: u32,
    known: u32,
}

/// The descriptions met so far, in the file's own bytes, side by side in memory.
#[derive(Default)]
pub struct Memory {
    entries: HashTable<Entry>,
    texts: Vec<u8>,
    known: Vec<Rc<Known>>,
    hasher: DefaultHashBuilder,
    /// How often all was forgotten.
    forgotten: u64,
    /// The descriptions of the rows at hand.
    wanted: Vec<u8>,
}

/// A row that says of its outcome what an earlier one said.
pub struct Recalled {
    /// How often all had been forgotten then: what was recalled before does not hold after.
    forgotten: u64,
    known: Rc<Known>,
    /// The learner's account, where they were met before.
    learner: Option<i64>,
}

impl Memory {
    fn text(&self, entry: &Entry) -> &[u8] {
        let start = entry.start as usize;
        &self.texts[start..start + entry.length as usize]
    }

    fn find(&self, hash: u64, text: &[u8]) -> Option<usize> {
        self.entries.find(hash, |entry| self.text(entry) == text).map(|entry| entry.known as usize)
    }

    fn insert(&mut self, text: &[u8], known: Known) {
        let hash = self.hasher.hash_one(text);
        if let Some(at) = self.find(hash, text) {
            self.known[at] = Rc::new(known);
            return;
        }
        if self.known.len() == MOST {
            self.forget();
        }
        let (Ok(start), Ok(length)) = (u32::try_from(self.texts.len()), u32::try_from(text.len())) else {
            return;
        };
        self.texts.extend_from_slice(text);
        let entry = Entry { start, length, known: self.known.len() as u32 };
        self.known.push(Rc::new(known));
        let hash_of = |entry: &Entry| {
            let start = entry.start as usize;
            self.hasher.hash_one(&self.texts[start..start + entry.length as usize])
        };
        self.entries.insert_unique(hash, entry, hash_of);
    }

    /// Forgets all, because an outcome changed or another file has other columns.
    pub fn forget(&mut self) {
        self.forgotten += 1;
        self.entries.clear();
        self.texts.clear();
        self.known.clear();
    }
}

impl Resolver<'_> {
    /// False where the credit of a row depends on other rows.
    fn remembers(&self) -> bool {
        self.profile.group.is_none() && self.profile.part.is_none() && self.profile.gather.is_empty()
    }

    /// Recalls what rows say of their outcomes, and the learners met before.
    ///
    /// Equal steps are taken together, because what they look up is far apart in memory, and a processor
    /// waits for several look-ups at once where nothing else stands between.
    pub fn recall(&mut self, mapping: &Mapping, records: &[Record]) -> Vec<Option<Recalled>> {
        if !self.remembers() {
            return records.iter().map(|_| None).collect();
        }
        let memory = &mut self.memory;
        memory.wanted.clear();
        let mut wanted = Vec::with_capacity(records.len());
        for record in records {
            let start = memory.wanted.len();
            let whole = mapping.description(record, &mut memory.wanted);
            wanted.push((start..memory.wanted.len(), whole));
        }
        let text = |(place, _): &(std::ops::Range<usize>, bool)| &memory.wanted[place.clone()];
        let hashes: Vec<u64> = wanted.iter().map(|wanted| memory.hasher.hash_one(text(wanted))).collect();
        let find = |(hash, wanted): (&u64, &(std::ops::Range<usize>, bool))| {
            memory.find(*hash, text(wanted)).filter(|_| wanted.1)
        };
        let found: Vec<Option<usize>> = hashes.iter().zip(&wanted).map(find).collect();
        let learners: Vec<_> = records.iter().map(|record| mapping.written(record, Field::Learner)).collect();
        let identified = found
            .iter()
            .zip(&learners)
            .map(|(found, learner)| found.map(|at| (memory.known[at].scheme, learner.as_ref())));
        let met = self.people.met(identified);
        let recalled = |(found, learner): (Option<usize>, Option<i64>)| {
            let forgotten = memory.forgotten;
            found.map(|at| Recalled { forgotten, known: Rc::clone(&memory.known[at]), learner })
        };
        found.into_iter().zip(met).map(recalled).collect()
    }

    /// Locates a row whose description was recalled; none where something in it needs to be told, or
    /// looked up in full.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn locate_known<'r>(
        &mut self,
        mapping: &'r Mapping,
        record: &'r Record,
        recalled: Recalled,
        problems: &mut Vec<Problem>,
    ) -> Result<Option<(Draft<'r>, Located)>> {
        let Recalled { forgotten, known, learner } = recalled;
        if forgotten != self.memory.forgotten {
            return Ok(None);
        }
        let Some(draft) = mapping.draft_result(record, problems) else { return Ok(None) };
        let Ok(period) = self.period(mapping, &draft, Some(known.institution))? else { return Ok(None) };
        let other_period = known.period.is_some_and(|only| only != period.id);
        if other_period || period.first > self.today || !draft.counted || self.off_scale(&draft) {
            return Ok(None);
        }
        if !draft.identifiers.is_empty() {
            return Ok(None);
        }
        let learner = match learner {
            Some(id) => Some(id),
            None => match self.people.find(known.scheme, &draft.learner)? {
                Found::One(id) => Some(id),
                Found::Nobody if self.opens_unseen() => None,
                _ => return Ok(None),
            },
        };
        mapping.count_words(&known.words);
        let located = Located {
            institution: Some(known.institution),
            outcome: Some(known.outcome),
            version: Some(known.version),
            period,
            system: known.system,
            kind: known.kind,
            credits: known.credits,
            whose: Whose::plain(learner),
            scheme: known.scheme,
        };
        Ok(Some((draft, located)))
    }

    /// Whether an account is opened for an unknown learner, whoever they are like.
    fn opens_unseen(&self) -> bool {
        let rule = &self.profile.learner;
        rule.unknown == Unknown::Create && rule.alike != Alike::Refuse
    }

    fn off_scale(&mut self, draft: &Draft) -> bool {
        let (Some(scale), Some(grade)) = (&draft.scale, &draft.grade) else { return false };
        self.profile.deposit.contains(&draft.status)
            && self.scales.fault(&self.catalogue, scale, grade).is_some()
    }

    /// Remembers what a row's description stands for, all of which was found right.
    pub fn remember(&mut self, mapping: &Mapping, record: &Record, located: &Located) {
        let (Some(institution), Some(outcome), Some(version)) =
            (located.institution, located.outcome, located.version)
        else {
            return;
        };
        let mut text = Vec::new();
        if !self.remembers() || !mapping.description(record, &mut text) {
            return;
        }
        let item = &self.catalogue.outcomes[outcome];
        let checked = self.profile.offered == Offered::Check && !item.offered.is_empty();
        let dated = item.versions.len() > 1
            || item.versions.iter().any(|row| {
                [&row.valid_from, &row.valid_to, &row.accredited_from, &row.accredited_to]
                    .iter()
                    .any(|day| day.is_some())
            });
        let known = Known {
            institution,
            outcome,
            version,
            period: (checked || dated).then_some(located.period.id),
            system: located.system,
            kind: located.kind,
            credits: located.credits,
            scheme: located.scheme,
            words: mapping.described_words(record),
        };
        self.memory.insert(&text, known);
    }
}
