//! What rows say of their outcomes, remembered: most rows describe theirs as an earlier one did, and then
//! neither the description is read again nor what it refers to looked up.

use super::catalogue::KnownSystem;
use super::resolve::{Accounts, Located, Resolver};
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
use std::num::NonZeroU32;
use std::ops::Range;

/// Descriptions that are kept; beyond that they hardly repeat.
const MOST: usize = 1 << 16;

/// What a description stands for. All of it was found right.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    institution: u32,
    outcome: u32,
    /// Position among the outcome's versions.
    version: u32,
    /// The registries' numbers of institution and outcome.
    numbers: (u32, u32),
    /// The only period of which that is known, where it depends on the period.
    period: Option<NonZeroU32>,
    system: u32,
    /// Words of the description that the profile replaces, by place among the lists of such words.
    words: u32,
    credits: Credits,
    /// Scheme of the learner's identifier.
    scheme: i64,
    indivisible: bool,
    kind: Kind,
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
    known: Vec<Known>,
    /// The different lists of words that the profile replaces in a description.
    words: Vec<Box<[(usize, usize)]>>,
    hasher: DefaultHashBuilder,
    /// How often all was forgotten.
    forgotten: u64,
    /// The descriptions of the rows at hand, side by side.
    wanted: Vec<u8>,
    /// Where each is, whether it is all that the row says of its outcome, and its hash.
    places: Vec<(Range<usize>, bool, u64)>,
    /// What each stands for.
    found: Vec<Option<usize>>,
}

/// A row that says of its outcome what an earlier one said.
pub struct Recalled {
    /// How often all had been forgotten then: what was recalled before does not hold after.
    forgotten: u64,
    known: Known,
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

    /// Finds what the descriptions of rows stand for.
    fn find_all(&mut self, mapping: &Mapping, records: &[Record]) {
        self.wanted.clear();
        self.places.clear();
        for record in records {
            let start = self.wanted.len();
            let whole = mapping.description(record, &mut self.wanted);
            self.places.push((start..self.wanted.len(), whole, 0));
        }
        for (place, _, hash) in &mut self.places {
            *hash = self.hasher.hash_one(&self.wanted[place.clone()]);
        }
        let mut found = std::mem::take(&mut self.found);
        found.clear();
        found.extend(
            self.places
                .iter()
                .map(|(place, whole, hash)| self.find(*hash, &self.wanted[place.clone()]).filter(|_| *whole)),
        );
        self.found = found;
    }

    fn insert(&mut self, text: &[u8], known: Known) {
        let hash = self.hasher.hash_one(text);
        if let Some(at) = self.find(hash, text) {
            self.known[at] = known;
            return;
        }
        let (Ok(start), Ok(length)) = (u32::try_from(self.texts.len()), u32::try_from(text.len())) else {
            return;
        };
        self.texts.extend_from_slice(text);
        let entry = Entry { start, length, known: self.known.len() as u32 };
        self.known.push(known);
        let hash_of = |entry: &Entry| {
            let start = entry.start as usize;
            self.hasher.hash_one(&self.texts[start..start + entry.length as usize])
        };
        self.entries.insert_unique(hash, entry, hash_of);
    }

    /// The place of a list of words.
    fn place_of(&mut self, words: Box<[(usize, usize)]>) -> u32 {
        let known = self.words.iter().position(|known| *known == words);
        known.unwrap_or_else(|| {
            self.words.push(words);
            self.words.len() - 1
        }) as u32
    }

    /// Forgets all, because an outcome changed or another file has other columns.
    pub fn forget(&mut self) {
        self.forgotten += 1;
        self.entries.clear();
        self.texts.clear();
        self.known.clear();
        self.words.clear();
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
    pub fn recall(&mut self, mapping: &Mapping, records: &[Record], recalled: &mut Vec<Option<Recalled>>) {
        recalled.clear();
        if !self.remembers() {
            recalled.resize_with(records.len(), || None);
            return;
        }
        self.memory.find_all(mapping, records);
        let Memory { found, known, forgotten, .. } = &self.memory;
        let recalled_of = |at: usize| Recalled { forgotten: *forgotten, known: known[at], learner: None };
        recalled.extend(found.iter().map(|found| found.map(recalled_of)));
        if self.accounts == Accounts::Kept {
            let learners: Vec<_> =
                records.iter().map(|record| mapping.written(record, Field::Learner)).collect();
            let identified = recalled.iter().zip(&learners).map(|(recalled, learner)| {
                recalled.as_ref().map(|recalled| (recalled.known.scheme, learner.as_ref()))
            });
            let met = self.people.met(identified);
            for (recalled, learner) in recalled.iter_mut().zip(met) {
                if let Some(recalled) = recalled {
                    recalled.learner = learner;
                }
            }
        }
    }

    /// Locates a row whose description was recalled, and drafts what else it says; none where something in it needs
    /// to be told, or looked up in full.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn locate_known<'r>(
        &mut self,
        mapping: &'r Mapping,
        record: &'r Record,
        recalled: Recalled,
        problems: &mut Vec<Problem>,
        draft: &mut Draft<'r>,
    ) -> Result<Option<Located>> {
        let Recalled { forgotten, known, learner } = recalled;
        if forgotten != self.memory.forgotten || !mapping.draft_result(record, problems, draft) {
            return Ok(None);
        }
        let institution = known.institution as usize;
        let Ok(period) = self.period(mapping, draft, Some(institution))? else { return Ok(None) };
        let other_period = known.period.is_some_and(|only| i64::from(only.get()) != period.id);
        if other_period || period.first > self.today || !draft.counted || self.off_scale(draft) {
            return Ok(None);
        }
        // What a row says of a person is compared with what is known.
        if !draft.identifiers.is_empty() || draft.birth_date.is_some() {
            return Ok(None);
        }
        let learner = match (learner, self.accounts) {
            (Some(id), _) => Some(id),
            (None, Accounts::Unasked) => None,
            (None, Accounts::Kept) => match self.people.find(known.scheme, &draft.learner)? {
                Some(id) => Some(id),
                None if self.opens_unseen() => None,
                None => return Ok(None),
            },
        };
        mapping.count_words(&self.memory.words[known.words as usize]);
        Ok(Some(Located {
            institution: Some(institution),
            outcome: Some(known.outcome as usize),
            version: Some(known.version as usize),
            numbers: Some(known.numbers),
            period,
            system: KnownSystem { id: i64::from(known.system), indivisible: known.indivisible },
            kind: known.kind,
            credits: known.credits,
            whose: Whose::plain(learner),
            scheme: known.scheme,
        }))
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
        let place = |at: usize| u32::try_from(at).ok();
        let number = |id: i64| u32::try_from(id).ok();
        let only = (checked || dated).then_some(located.period.id);
        let (Some(institution_place), Some(outcome_place), Some(version), Some(system)) =
            (place(institution), place(outcome), place(version), number(located.system.id))
        else {
            return;
        };
        let numbers = (number(self.catalogue.known[institution].row.id), number(item.row.id));
        let ((Some(institution_number), Some(outcome_number)), Ok(period)) =
            (numbers, only.map(u32::try_from).transpose())
        else {
            return;
        };
        if self.memory.known.len() == MOST {
            self.memory.forget();
        }
        let known = Known {
            institution: institution_place,
            outcome: outcome_place,
            version,
            numbers: (institution_number, outcome_number),
            period: period.and_then(NonZeroU32::new),
            system,
            words: self.memory.place_of(mapping.described_words(record)),
            credits: located.credits,
            scheme: located.scheme,
            indivisible: located.system.indivisible,
            kind: located.kind,
        };
        self.memory.insert(&text, known);
    }
}
