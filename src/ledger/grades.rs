//! Converting grades: by table, by a line, by distributions. Pure and exact: fractions, no floating point.

mod distribution;
mod linear;
mod share;
mod table;

pub use distribution::{Band, Counted, bands, distribution};
pub use linear::{Line, line, linear};
pub use share::Share;
pub use table::table;

use std::fmt;

/// What a source grade reads as on the target scale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The worst grade that it may be.
    pub low: String,
    /// The one that is suggested.
    pub suggested: String,
    /// The best.
    pub high: String,
    /// The arithmetic, or the row that says so.
    pub basis: String,
}

/// Why nothing can be said of a grade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// It is none of its scale.
    NotOnScale,
    /// It fails, and only passing grades are converted.
    Failing,
    /// The table has no row for it.
    NoRow,
    /// No conversion leads from its scale to the target.
    NoConversion,
    /// There is no grading table of its group, or of the target's.
    NoTable,
    /// A grading table rests on too few grades.
    TooFew,
    /// It must be known which day, field or institution is meant.
    Undecided,
}

impl Silence {
    /// Its word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Silence::NotOnScale => "not on its scale",
            Silence::Failing => "fails",
            Silence::NoRow => "no row",
            Silence::NoConversion => "no conversion",
            Silence::NoTable => "no grading table",
            Silence::TooFew => "too few grades",
            Silence::Undecided => "undecided",
        }
    }
}

/// That nothing can be said, and why in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silent {
    /// Why.
    pub why: Silence,
    /// In words, with figures.
    pub what: String,
}

impl Silent {
    /// A silence with its reason in words.
    pub fn new(why: Silence, what: impl Into<String>) -> Silent {
        Silent { why, what: what.into() }
    }
}

impl fmt::Display for Silent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// A reading, or why there is none.
pub type Answer = Result<Reading, Silent>;
