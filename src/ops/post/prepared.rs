//! Achievements ready to be posted.

use crate::domain::credits::Credits;
use crate::domain::entry::{Achievement, EntryId, RowPlace};
use crate::domain::outcome::{Kind, Status};
use crate::proof::leaf::{self, BatchId, Ordinal, Remainder, Salter};
use crate::proof::merkle::Hash;
use std::num::NonZeroU32;

/// An achievement ready to be posted, with the registries' ids as small as they are: a line of the
/// processor's cache holds one.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Account of the learner.
    pub learner: i64,
    /// Credit deposited.
    pub amount: Credits,
    /// What few rows have.
    pub rare: Option<Box<Rare>>,
    /// Line in its file.
    pub line: u32,
    /// Catalogue item.
    pub outcome: u32,
    /// Which version of it.
    pub version: u32,
    /// When it was achieved.
    pub period: u32,
    /// Awarding institution.
    pub institution: u32,
    /// Grade.
    pub grade: Option<NonZeroU32>,
    /// Attributes.
    pub attrs: Option<NonZeroU32>,
    /// First and last year of the period.
    pub years: (i16, i16),
    /// Credit system of the amount.
    pub system: u16,
    /// Which file of the batch.
    pub file: u16,
    /// Which attempt.
    pub attempt: u8,
    /// How the attempt ended.
    pub status: Status,
    /// The setting of the learning.
    pub kind: Kind,
}

/// What few achievements have.
#[derive(Debug, Clone, Default)]
pub struct Rare {
    /// The institution's own record id.
    pub record: Option<Box<str>>,
    /// Line of the group's first row and the group's load.
    pub group: Option<(i64, Credits)>,
    /// Which result of its row it is, from 1; 0 where the row is one result.
    pub part: u16,
}

impl Rare {
    /// Boxed where there is anything.
    pub fn boxed(self) -> Option<Box<Rare>> {
        (self.record.is_some() || self.group.is_some() || self.part > 0).then(|| Box::new(self))
    }
}

impl Prepared {
    /// What an achievement is known by, in the order in which rows are posted.
    pub fn key(&self) -> (i64, u32, u32, u8) {
        (self.learner, self.outcome, self.period, self.attempt)
    }

    /// The row as the journal keeps it, the first of its key, without its place yet.
    pub fn achievement(&self) -> Achievement {
        Achievement {
            entry: EntryId(0),
            learner: self.learner,
            outcome: i64::from(self.outcome),
            version: i64::from(self.version),
            period: i64::from(self.period),
            attempt: i64::from(self.attempt),
            nth: 0,
            status: self.status,
            kind: self.kind,
            system: i64::from(self.system),
            amount: self.amount,
            grade: self.grade.map(|grade| i64::from(grade.get())),
            attrs: self.attrs.map(|attrs| i64::from(attrs.get())),
            file: i64::from(self.file),
            line: self.place().number(),
            group_line: self.group().map(|group| group.0),
            group_load: self.group().map(|group| group.1),
            record: self.record().map(str::to_owned),
        }
    }

    /// The institution's own record id.
    pub fn record(&self) -> Option<&str> {
        self.rare.as_ref()?.record.as_deref()
    }

    /// Where the row stands in its file.
    pub fn place(&self) -> RowPlace {
        let part = self.rare.as_ref().map_or(0, |rare| rare.part);
        RowPlace { line: u64::from(self.line), part }
    }

    /// First line and load of the group whose load the row shares.
    pub fn group(&self) -> Option<(i64, Credits)> {
        self.rare.as_ref()?.group
    }

    /// The leaf of the row as the journal keeps it.
    pub fn leaf(&self, row: &Achievement, salter: &Salter, batch: &BatchId, scratch: &mut Vec<u8>) -> Hash {
        leaf::achievement_payload(row, scratch);
        let commitment = salter.commit(batch, self.ordinal(), scratch);
        leaf::moved(row.entry_kind(), &self.remainder(), &commitment)
    }

    /// Adds the row to those whose leaves are computed together, as the first of its key.
    pub fn add_to(&self, leaves: &mut leaf::Many, salter: &Salter, batch: &BatchId, scratch: &mut Vec<u8>) {
        let row = self.achievement();
        leaf::achievement_payload(&row, scratch);
        leaves.moved((salter, batch, self.ordinal()), row.entry_kind(), &self.remainder(), scratch);
    }

    fn ordinal(&self) -> Ordinal {
        Ordinal::Row { file: u32::from(self.file), line: self.place().number() as u64 }
    }

    fn remainder(&self) -> Remainder {
        Remainder {
            system: i64::from(self.system),
            institution: i64::from(self.institution),
            year: self.years.0,
            amount: self.amount,
        }
    }
}
