//! From a record to a draft: what the row says, in the ledger's words.

mod header;
mod mapping;
mod repeat;
mod row;
mod schemes;

pub use mapping::{Mapping, Mended, PeriodFault};

use super::csv::{self, Record};
use super::decode::Decode;
use super::fault::IntakeError;
use super::format::Format;
use super::incoming::Incoming;
use super::profile::Profile;
use super::rules::Problem;
use super::source::Content;
use super::table::{self, Notice, Table};
use crate::domain::credits::Credits;
use crate::domain::date::Period;
use crate::domain::outcome::{Kind, Status};
use std::borrow::Cow;

/// What one row says. Texts are cleaned and in Unicode NFC; what the row leaves empty is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft<'a> {
    /// Physical line on which the row starts, from 1.
    pub line: u64,
    /// Which group of a row of several results it is, from 1; 0 for a whole row.
    pub part: u16,
    /// The institution's code; empty where the target has none.
    pub institution: Cow<'a, str>,
    /// The learner's identifier; empty where the target has none.
    pub learner: Cow<'a, str>,
    /// The scheme of the learner's identifier, where the row itself says it.
    pub scheme: Option<Cow<'a, str>>,
    /// Who issued the identifier, beside `scheme`.
    pub issuer: Option<Cow<'a, str>>,
    /// The name of the institution, should the row introduce it.
    pub institution_name: Option<Cow<'a, str>>,
    /// The country of the institution, should the row introduce it.
    pub institution_country: Option<Cow<'a, str>>,
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
    /// False where another row counts the credit of this one.
    pub counted: bool,
    /// The row of which this one is a part, or which counts its credit.
    pub part_of: Option<Cow<'a, str>>,
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
    /// A former name of the person.
    pub former_name: Option<Cow<'a, str>>,
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
pub struct Reader<'p> {
    rows: Rows,
    mapping: Mapping<'p>,
    /// What is to be told of the header.
    notice: Option<Notice>,
}

/// The data rows of a file, without its header and without rows that are all blank.
pub struct Rows {
    records: Records,
    /// The first record of a file without header, which was read for its width.
    first: Option<Record>,
    /// Columns of the header, which rows of cells are filled up to.
    width: usize,
    seen: bool,
    /// Takes rows of several results apart.
    apart: Option<repeat::Apart>,
}

/// Delimited text is read without a call through a table of functions.
enum Records {
    Text(Box<csv::Records<Decode<Content>>>),
    Other { table: Box<dyn Table>, size: u64 },
}

impl<'p> Reader<'p> {
    /// Begins to read a file and finds the profile's columns in it.
    ///
    /// # Errors
    /// Says what makes the file as a whole unfit.
    pub fn open(profile: &'p Profile, incoming: &Incoming) -> Result<Reader<'p>, IntakeError> {
        let mut records = Records::open(profile, incoming)?;
        let top = header::find(profile, &mut records)?;
        let apart = top.mapping.groups.clone().map(repeat::Apart::new);
        let rows = Rows { width: top.mapping.width(), records, first: top.first, seen: false, apart };
        Ok(Reader { rows, mapping: top.mapping, notice: top.notice })
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
    pub fn split(&mut self) -> (&mut Rows, &Mapping<'p>) {
        (&mut self.rows, &self.mapping)
    }

    /// The words that the profile's value maps replaced so far.
    pub fn mended(&self) -> Vec<Mended<'p>> {
        self.mapping.mended()
    }

    /// What is to be told of the file as a whole, when it has been read.
    pub fn findings(&self) -> Vec<Problem> {
        self.mapping.findings()
    }

    /// Bytes of the file read so far.
    pub fn bytes_read(&self) -> u64 {
        match &self.rows.records {
            Records::Text(text) => text.get_ref().get_ref().position(),
            Records::Other { size, .. } => *size,
        }
    }

    /// What was found on the way and stops nothing; complete at the end of the file.
    pub fn notices(&self) -> Vec<Notice> {
        let of_table = match &self.rows.records {
            Records::Text(_) => Vec::new(),
            Records::Other { table, .. } => table.notices(),
        };
        self.notice.iter().cloned().chain(of_table).collect()
    }
}

impl Records {
    /// Whether the header is the reader's own.
    fn names_columns(&self) -> bool {
        matches!(self, Records::Other { table, .. } if table.names_columns())
    }

    /// Whether rows end with their last filled cell, as those of sheets do.
    fn is_cells(&self) -> bool {
        matches!(self, Records::Other { .. })
    }

    fn open(profile: &Profile, incoming: &Incoming) -> Result<Records, IntakeError> {
        let reading = &incoming.reading;
        if reading.format != Format::Text {
            let table = table::open(incoming, profile)?;
            return Ok(Records::Other { table, size: incoming.source.size()? });
        }
        let decode = Decode::new(incoming.source.content(), reading.encoding);
        Ok(Records::Text(Box::new(csv::Records::new(decode, reading.delimiter))))
    }

    #[inline]
    fn next(&mut self, record: &mut Record) -> Result<bool, IntakeError> {
        match self {
            Records::Text(text) => text.next(record),
            Records::Other { table, .. } => table.next(record),
        }
    }
}

impl Rows {
    /// Reads the next row; `false` at the end of the file.
    ///
    /// # Errors
    /// Says what makes the rest of the file unreadable, or that there was no row at all.
    pub fn next(&mut self, record: &mut Record) -> Result<bool, IntakeError> {
        if let Some(apart) = &mut self.apart
            && apart.next(record)
        {
            return Ok(true);
        }
        let found = self.next_row(record)?;
        if let (Some(apart), true) = (&mut self.apart, found) {
            apart.take(record);
        }
        Ok(found)
    }

    fn next_row(&mut self, record: &mut Record) -> Result<bool, IntakeError> {
        if let Some(first) = self.first.take() {
            *record = first;
            self.seen = true;
            return Ok(true);
        }
        while self.records.next(record)? {
            if !record.is_blank() {
                if matches!(self.records, Records::Other { .. }) {
                    record.pad(self.width);
                }
                self.seen = true;
                return Ok(true);
            }
        }
        let may_end =
            self.seen || matches!(&self.records, Records::Other { table, .. } if table.may_be_empty());
        if may_end { Ok(false) } else { Err(IntakeError::HeaderOnly) }
    }
}

#[cfg(test)]
mod tests;
