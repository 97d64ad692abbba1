//! Questions: a read snapshot to a typed report. No formatting.
//!
//! Every report reads one snapshot and writes into a [`Sink`], row by row, so that a listing of a
//! whole journal needs no more memory than one of its windows.

pub mod balances;
pub mod batches;
pub mod cases;
pub mod decisions;
pub mod export;
mod facts;
pub mod grading;
pub mod holds;
pub mod journal;
mod meta;
pub mod open_items;
pub mod receipt;
mod refused;
pub mod reviews;
pub mod statement;
pub mod totals;
pub mod trial_balance;

#[cfg(test)]
mod tests;

pub use balances::balances;
pub use batches::{batch, batches};
pub use export::{Dialect, export};
pub use journal::journal;
pub use meta::meta;
pub use open_items::open_items;
pub use receipt::receipt;
pub use reviews::reviews;
pub use statement::statement;
pub use totals::totals;
pub use trial_balance::trial_balance;

use crate::domain::credits::Credits;
use crate::domain::entry::EntryId;
use crate::domain::fault::Result;
use crate::ledger::lots::Cut;
use std::borrow::Cow;

/// One value of a row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Cell {
    /// No value.
    #[default]
    Empty,
    /// A text from the ledger or of the program.
    Text(String),
    /// A number that is not an amount of credit.
    Int(i64),
    /// An amount of credit.
    Amount(Credits),
    /// Yes or no.
    Flag(bool),
}

impl From<&str> for Cell {
    /// An empty text is no value.
    fn from(text: &str) -> Cell {
        if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        if text.is_empty() { Cell::Empty } else { Cell::Text(text) }
    }
}

impl From<Credits> for Cell {
    fn from(amount: Credits) -> Cell {
        Cell::Amount(amount)
    }
}

impl From<EntryId> for Cell {
    fn from(entry: EntryId) -> Cell {
        Cell::Text(entry.to_string())
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Cell {
        value.map_or(Cell::Empty, Into::into)
    }
}

/// A column of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Name in JSON and CSV.
    pub key: Cow<'static, str>,
    /// Heading for people.
    pub title: Cow<'static, str>,
    /// Aligned to the right: numbers.
    pub right: bool,
}

impl Column {
    /// A column of texts.
    pub const fn text(key: &'static str, title: &'static str) -> Column {
        Column { key: Cow::Borrowed(key), title: Cow::Borrowed(title), right: false }
    }

    /// A column of numbers.
    pub const fn number(key: &'static str, title: &'static str) -> Column {
        Column { key: Cow::Borrowed(key), title: Cow::Borrowed(title), right: true }
    }
}

/// The shape of a section, told before its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Name in JSON and CSV.
    pub key: &'static str,
    /// Heading for people.
    pub title: String,
    /// The columns of its rows.
    pub columns: Vec<Column>,
}

impl Section {
    /// A section of those columns.
    pub fn new(key: &'static str, title: impl Into<String>, columns: &[Column]) -> Section {
        Section { key, title: title.into(), columns: columns.to_vec() }
    }

    /// Opens it in a sink.
    fn open(&self, sink: &mut dyn Sink) -> Result<()> {
        sink.section(self.key, &self.title, &self.columns)
    }
}

/// A log that a report was read from, as it then stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogState {
    /// Number of the log.
    pub log: i64,
    /// Its public name.
    pub origin: String,
    /// How many entries were known.
    pub size: u64,
    /// The root over them, hexadecimal.
    pub root: String,
}

/// What a report says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Meta {
    /// The report's name: `trial-balance`.
    pub report: &'static str,
    /// The bank's name.
    pub bank: String,
    /// The bank's identifier.
    pub identifier: String,
    /// When it was asked, RFC 3339 in UTC; given by the caller.
    pub moment: String,
    /// What was asked for, as asked: as-of, known, learner, by, batch.
    pub filter: Vec<(String, String)>,
    /// The journal that it was read from.
    pub logs: Vec<LogState>,
    /// The sections to come. A sink that writes one table out of several sections needs them; a report
    /// of one section may leave them out.
    pub sections: Vec<Section>,
}

/// Takes a report, row by row.
pub trait Sink {
    /// Takes what the report says of itself.
    fn begin(&mut self, meta: &Meta) -> Result<()>;
    /// Opens a section; the one before is complete.
    fn section(&mut self, key: &'static str, title: &str, columns: &[Column]) -> Result<()>;
    /// Takes a row of the section: one cell a column.
    fn row(&mut self, cells: &[Cell]) -> Result<()>;
    /// Takes a remark about the whole report.
    fn note(&mut self, text: &str) -> Result<()>;
    /// The report is complete: everything is written out.
    fn end(&mut self) -> Result<()>;
    /// What the shape has no room for, for the caller to show elsewhere: a CSV file holds rows only.
    fn unsaid(&self) -> Vec<String> {
        Vec::new()
    }
}

/// What is asked of a report.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// From where the ledger is looked at.
    pub cut: Cut,
    /// `--as-of` as asked.
    pub as_of_text: Option<String>,
    /// `--known` as asked.
    pub known_text: Option<String>,
    /// When it is asked, RFC 3339 in UTC.
    pub moment: String,
    /// Only this account.
    pub learner: Option<i64>,
    /// Only this batch, by its number.
    pub batch: Option<i64>,
    /// The dimensions of totals, in that order.
    pub by: Vec<String>,
    /// On which scale a statement shows grades beside the original.
    pub grades_on: Option<GradesOn>,
}

/// On which scale grades are shown beside the original.
#[derive(Debug, Clone)]
pub struct GradesOn {
    /// The scale's name.
    pub scale: String,
    /// The institution whose grading table is the target's.
    pub institution: Option<String>,
    /// The day of the question.
    pub day: jiff::civil::Date,
}

impl Query {
    /// True where the ledger is looked at from an earlier point.
    pub fn is_cut(&self) -> bool {
        self.cut.as_of.is_some() || self.cut.known.is_some()
    }
}
