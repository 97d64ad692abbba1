//! Faults of a rule book, each with its place and its rule.

use super::{Check, Place};
use crate::domain::fault::Fault;
use crate::domain::text::{shorten, visible};
use crate::intake::place::unknown_word;
use std::fmt;

/// Faults that are listed; the rest are counted.
pub const LIMIT: usize = 100;

/// Longest value that a message shows, in characters.
const SHOWN: usize = 60;

/// One fault of a rule book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookFault {
    /// Where.
    pub at: Place,
    /// Id of the rule, where it is about one that has an id.
    pub rule: Option<String>,
    /// Which check found it.
    pub check: Check,
    /// What is wrong.
    pub what: String,
    /// Why it is wrong.
    pub why: String,
    /// What puts it right.
    pub remedy: String,
}

/// Why a file is not taken as a rule book: its faults in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    /// Name of the file.
    pub file: String,
    /// The first faults, at least one and at most [`LIMIT`].
    pub faults: Vec<BookFault>,
    /// How many more there are.
    pub more: u64,
}

impl Faults {
    /// How many there are, in words.
    pub fn count(&self) -> String {
        match self.faults.len() as u64 + self.more {
            1 => "1 fault".to_owned(),
            count => format!("{count} faults"),
        }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, fault) in self.faults.iter().enumerate() {
            let BookFault { at, rule, check, what, why, remedy } = fault;
            let separator = if nth == 0 { "" } else { "\n" };
            write!(f, "{separator}{}:{}:{}: ", self.file, at.line, at.column)?;
            if let Some(id) = rule {
                write!(f, "rule {}: ", visible(id))?;
            }
            write!(f, "{what}: {why} — {remedy} [{}]", check.code())?;
        }
        if self.more > 0 {
            write!(f, "\n… and {} more", self.more)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

impl From<Faults> for Fault {
    fn from(faults: Faults) -> Fault {
        let list = faults.to_string().replace('\n', "\n  ");
        Fault::new("R100", format!("no rule was loaded: {} has {}\n  {list}", faults.file, faults.count()))
            .remedy("mend the file and load it again")
    }
}

/// Collects the faults of one file.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    found: Vec<BookFault>,
    more: u64,
}

impl Collector {
    /// True while nothing was found.
    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// True where further faults are only counted.
    pub(crate) fn is_full(&self) -> bool {
        self.found.len() == LIMIT
    }

    /// Notes a fault with the check's own remedy.
    pub(crate) fn add(
        &mut self,
        at: Place,
        rule: Option<&str>,
        check: Check,
        what: impl Into<String>,
        why: impl Into<String>,
    ) {
        self.push(at, rule, check, what.into(), why.into(), check.remedy().to_owned());
    }

    /// Notes a word that is none of those known.
    pub(crate) fn add_unknown(
        &mut self,
        at: Place,
        rule: Option<&str>,
        check: Check,
        (kind, word): (&str, &str),
        known: &[&str],
    ) {
        let (why, remedy) = unknown_word(word, known);
        self.push(at, rule, check, format!("unknown {kind} {}", shown(word)), why, remedy);
    }

    /// Notes a fault with a remedy of its own.
    pub(crate) fn push(
        &mut self,
        at: Place,
        rule: Option<&str>,
        check: Check,
        what: String,
        why: String,
        remedy: String,
    ) {
        if self.is_full() {
            self.more += 1;
            return;
        }
        let rule = rule.map(|id| shorten(id, SHOWN));
        self.found.push(BookFault { at, rule, check, what, why, remedy });
    }

    /// What was found, in the order of the file; nothing where the file is sound.
    pub(crate) fn finish(mut self, file: &str) -> Result<(), Faults> {
        if self.found.is_empty() {
            return Ok(());
        }
        self.found.sort_by_key(|fault| fault.at);
        Err(Faults { file: file.to_owned(), faults: self.found, more: self.more })
    }
}

/// A value as messages show it.
pub(crate) fn shown(value: &str) -> String {
    format!("`{}`", shorten(value, SHOWN))
}
