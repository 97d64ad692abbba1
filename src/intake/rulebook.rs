//! Rule books as files: TOML for people, CSV for millions of rules. Both are checked alike, and every
//! fault of a file is told at once.

mod cap;
mod check;
mod code;
mod fault;
mod from_csv;
mod from_toml;
mod raw;
mod write;

pub use super::place::Place;
pub use code::Check;
pub use fault::{BookFault, Faults, LIMIT};
pub use from_csv::{parse_csv, scan_csv};
pub use from_toml::parse_toml;
pub use write::{to_toml, write_csv};

pub(crate) use fault::{Collector, shown};

use crate::domain::credits::{Credits, DecimalMark};
use crate::domain::rule::{Cap, Rule};
use std::path::PathBuf;

/// A part of a file and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    /// The part.
    pub value: T,
    /// Where it begins.
    pub at: Place,
}

/// A grading scale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaleDef {
    /// Its name.
    pub name: String,
    /// True where grades are numbers and more is better.
    pub numeric: bool,
    /// The grades from worst to best; empty for a numeric scale.
    pub grades: Vec<String>,
    /// The lowest passing grade.
    pub pass: Option<String>,
}

impl ScaleDef {
    /// Place of a grade on the scale, the worst first; thousandths where grades are numbers.
    pub fn rank(&self, grade: &str) -> Option<usize> {
        if self.numeric {
            let score = Credits::parse(grade, DecimalMark::Point).ok()?;
            return usize::try_from(score.0).ok();
        }
        self.grades.iter().position(|known| known == grade)
    }

    /// What the scale's grades are, for a message.
    pub fn grades_text(&self) -> String {
        if self.numeric { "decimal numbers".to_owned() } else { self.grades.join(", ") }
    }
}

/// A rule book as its file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookFile {
    /// Name of the file, for the messages.
    pub file: String,
    /// The book's name: `[a-z0-9-]{1,40}`.
    pub book: String,
    /// Its title for people.
    pub title: Option<String>,
    /// The grading scales that it defines.
    pub scales: Vec<Placed<ScaleDef>>,
    /// The caps that its rules share.
    pub caps: Vec<Placed<Cap>>,
    /// Its rules, in the order of the file, unless they stay there. `system` is empty where a rule leaves it to
    /// the receiving outcome's own in the catalogue.
    pub rules: Vec<Placed<Rule>>,
    /// How many rules it has.
    pub count: usize,
    /// A rule leaves its system to the catalogue.
    pub asks_catalogue: bool,
    /// Where the rules are read again, because there may be too many to hold.
    pub stays_in: Option<PathBuf>,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// Size of the file in bytes.
    pub bytes: u64,
}

impl BookFile {
    /// Gives the rules one by one, until somebody has enough.
    ///
    /// # Errors
    /// Where they stay in the file, and that is not what it was.
    pub fn each(&self, take: &mut dyn FnMut(&Placed<Rule>) -> bool) -> Result<(), Faults> {
        match &self.stays_in {
            None => {
                let _ = self.rules.iter().all(take);
                Ok(())
            }
            Some(path) => from_csv::read_again(path, self, take),
        }
    }
}

/// Whether a text is the name of a book or of a cap.
fn is_book_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=40).contains(&name.len()) && name.bytes().all(fits)
}

#[cfg(test)]
mod tests;
