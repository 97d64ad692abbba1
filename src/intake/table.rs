//! The seam between files and drafts: whatever a file is, it becomes rows of texts.
//!
//! Delimited text ([`csv::Records`](super::csv::Records)) is read without this trait's indirection, because a
//! million rows of it must be fast. Everything else is a [`Table`].
//!
//! # How a reader of another format plugs in
//!
//! A reader of XML or JSON makes a *virtual table*: it invents a header of fixed column names, which built-in
//! profiles then map to fields, and gives one row for each result.
//!
//! 1. [`format::sniff`](super::format::sniff) knows the format by the file's first bytes.
//! 2. [`open`] has one arm for it, which hands the reader the file's content (unpacked, seekable, read from the
//!    start) and gets the table back.
//! 3. The first row is the header. Each row says with [`Record::begin`] where it stands (a line of the file from
//!    1, or what a person would look for) and gives its values with [`Record::push`], as many as the header has.
//!    A value that cannot be trusted is pushed all the same and marked with [`Record::doubt`]: the row is
//!    refused under that rule where the profile reads the column, and only there.
//! 4. What makes the whole file unfit is an [`IntakeError::Unfit`] with a rule of [`rules`](super::rules); what was
//!    found on the way and stops nothing is a [`Notice`].

use super::credential::CredentialTable;
use super::csv::Record;
use super::elmo::ElmoTable;
use super::fault::IntakeError;
use super::format::Format;
use super::incoming::Incoming;
use super::profile::Profile;
use super::rules::Rule;
use super::sheet;
use std::fmt;

/// Rows of texts, the header first.
pub trait Table: Send {
    /// Fills `record` with the next row; `false` at the end.
    ///
    /// # Errors
    /// Says what makes the rest of the file unreadable.
    fn next(&mut self, record: &mut Record) -> Result<bool, IntakeError>;

    /// Whether the first row is a header that the reader made, which stands wherever the profile looks for one.
    fn names_columns(&self) -> bool {
        false
    }

    /// Whether a file without any row is in order.
    fn may_be_empty(&self) -> bool {
        false
    }

    /// What was found on the way and stops nothing; complete at the end of the table.
    fn notices(&self) -> Vec<Notice> {
        Vec::new()
    }
}

/// Gives each row a line of its own: rows that begin on one line, as in XML without line breaks, are counted on
/// from it.
#[derive(Debug, Default)]
pub struct Lines {
    last: u64,
}

impl Lines {
    /// The line under which a row is known that begins on that line.
    pub fn next(&mut self, line: u64) -> u64 {
        self.last = line.max(self.last + 1);
        self.last
    }
}

/// What is told about a file and stops nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its number.
    pub rule: Rule,
    /// What was found, on one line.
    pub text: String,
}

impl Notice {
    /// A notice under one of the rules that stop nothing.
    pub fn new(rule: Rule, text: impl Into<String>) -> Notice {
        Notice { rule, text: text.into() }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.text, self.rule)
    }
}

/// Opens a file that is no delimited text as a table.
///
/// # Errors
/// Says what makes the file unfit, or that no reader knows its format.
pub fn open(incoming: &Incoming, profile: &Profile) -> Result<Box<dyn Table>, IntakeError> {
    match incoming.reading.format {
        Format::Xlsx | Format::Xls | Format::Ods => sheet::open(incoming, profile),
        Format::Xml => Ok(Box::new(ElmoTable::open(incoming)?)),
        Format::Json => Ok(Box::new(CredentialTable::open(incoming))),
        Format::Text => Err(IntakeError::Unfit {
            rule: Rule::FormatUnread,
            line: None,
            what: format!("it is {}", incoming.reading.format.described()),
        }),
    }
}
