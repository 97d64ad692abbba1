//! From a record to a draft: what the row says, in the ledger's words.

mod mapping;
mod row;

pub use mapping::{Mapping, Mended, PeriodFault};

use super::csv::{Record, Records};
use super::decode::Decode;
use super::fault::IntakeError;
use super::profile::Profile;
use crate::domain::credits::Credits;
use crate::domain::date::Period;
use crate::domain::outcome::{Kind, Status};
use std::borrow::Cow;
use std::io::Read;

/// What one row says. Texts are cleaned and in Unicode NFC; what the row leaves empty is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft<'a> {
    /// Physical line on which the row starts, from 1.
    pub line: u64,
    /// The institution's code; empty where the target has none.
    pub institution: Cow<'a, str>,
    /// The learner's identifier; empty where the target has none.
    pub learner: Cow<'a, str>,
    /// The outcome's code; empty where the target has none.
    pub outcome: Cow<'a, str>,
    /// The period as written, to be read by [`Mapping::read_period`]; empty where the target has none.
    pub period: Cow<'a, str>,
    /// The institution's own number of the record.
    pub record: Option<Cow<'a, str>>,
    /// The outcome's title.
    pub title: Option<Cow<'a, str>>,
    /// The kind of learning.
    pub kind: Option<Kind>,
    /// The outcome's level.
    pub level: Option<Cow<'a, str>>,
    /// The framework of the level.
    pub framework: Option<Cow<'a, str>>,
    /// The ISCED-F code of the field of education.
    pub field: Option<Cow<'a, str>>,
    /// Hours of study, in thousandths.
    pub hours: Option<Credits>,
    /// The amount of credit, or the load of the row's group.
    pub credits: Option<Credits>,
    /// The credit system of the amount.
    pub system: Option<Cow<'a, str>>,
    /// How it ended; passed where the source does not say.
    pub status: Status,
    /// The grade as awarded.
    pub grade: Option<Cow<'a, str>>,
    /// The name of the grading scale.
    pub scale: Option<Cow<'a, str>>,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// The person's or the institution's name.
    pub name: Option<Cow<'a, str>>,
    /// The person's day of birth.
    pub birth_date: Option<Period>,
    /// The person's sex as the source writes it.
    pub sex: Option<Cow<'a, str>>,
    /// The region.
    pub region: Option<Cow<'a, str>>,
    /// The institution's sector.
    pub sector: Option<Cow<'a, str>>,
    /// The country.
    pub country: Option<Cow<'a, str>>,
    /// Whether the outcome can be achieved again.
    pub repeatable: Option<bool>,
    /// The first day of this version of the outcome.
    pub valid_from: Option<Period>,
    /// The last day of this version of the outcome.
    pub valid_to: Option<Period>,
    /// The first day of accreditation.
    pub accredited_from: Option<Period>,
    /// The last day of accreditation.
    pub accredited_to: Option<Period>,
    /// A period in which the outcome is offered, as written.
    pub offering: Option<Cow<'a, str>>,
    /// What is kept with the achievement, in the profile's order, without what is empty.
    pub attributes: Vec<(&'a str, Cow<'a, str>)>,
    /// Further identifiers by scheme, in the profile's order, without what is empty.
    pub identifiers: Vec<(&'a str, Cow<'a, str>)>,
}

/// The rows of one file under one profile.
pub struct Reader<'p, R> {
    rows: Rows<R>,
    mapping: Mapping<'p>,
}

/// The data rows of a file, without its header and without rows that are all blank.
pub struct Rows<R> {
    records: Records<Decode<R>>,
    /// The first record of a file without header, which was read for its width.
    first: Option<Record>,
    seen: bool,
}

impl<'p, R: Read> Reader<'p, R> {
    /// Begins to read a file and finds the profile's columns in it.
    ///
    /// # Errors
    /// Says what makes the file as a whole unfit.
    pub fn open(profile: &'p Profile, read: R) -> Result<Reader<'p, R>, IntakeError> {
        let decode = Decode::new(read, profile.file.encoding);
        let mut records = Records::new(decode, profile.file.delimiter);
        let mut top = Record::new();
        loop {
            if !records.next(&mut top)? {
                return Err(IntakeError::Empty);
            }
            if !top.is_blank() {
                break;
            }
        }
        let mapping = Mapping::resolve(profile, &top)?;
        let first = (!profile.file.header).then_some(top);
        Ok(Reader { rows: Rows { records, first, seen: false }, mapping })
    }

    /// Reads the next row; `false` at the end of the file.
    ///
    /// # Errors
    /// Says what makes the rest of the file unreadable, or that there was no row at all.
    pub fn next(&mut self, record: &mut Record) -> Result<bool, IntakeError> {
        self.rows.next(record)
    }

    /// What the columns mean.
    pub fn mapping(&self) -> &Mapping<'p> {
        &self.mapping
    }

    /// The rows and the mapping, to read on while drafts are held.
    pub fn split(&mut self) -> (&mut Rows<R>, &Mapping<'p>) {
        (&mut self.rows, &self.mapping)
    }

    /// The words that the profile's value maps replaced so far.
    pub fn mended(&self) -> Vec<Mended<'p>> {
        self.mapping.mended()
    }

    /// What the file is read from, such as a [`HashingRead`](super::hash::HashingRead).
    pub fn get_ref(&self) -> &R {
        self.rows.records.get_ref().get_ref()
    }
}

impl<R: Read> Rows<R> {
    /// Reads the next row; `false` at the end of the file.
    ///
    /// # Errors
    /// Says what makes the rest of the file unreadable, or that there was no row at all.
    pub fn next(&mut self, record: &mut Record) -> Result<bool, IntakeError> {
        if let Some(first) = self.first.take() {
            *record = first;
            self.seen = true;
            return Ok(true);
        }
        while self.records.next(record)? {
            if !record.is_blank() {
                self.seen = true;
                return Ok(true);
            }
        }
        if self.seen { Ok(false) } else { Err(IntakeError::HeaderOnly) }
    }
}

#[cfg(test)]
mod tests;
