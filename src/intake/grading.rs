//! Files of grading scales, conversions of grades and grading tables: TOML for all three, CSV for tables.

mod fault;
mod from_csv;
mod from_toml;
mod method;
mod value;

pub use fault::{CODES, Code, GradeFault, GradeFaults};
pub use from_csv::{COLUMNS, parse_csv};
pub use from_toml::parse_toml;

pub(crate) use fault::Found;
pub(crate) use value::scale_fault;

use super::place::Place;
use crate::domain::grading::{Conversion, GradingTable};
use crate::domain::scale::GradingScale;

/// A part of a file and where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sited<T> {
    /// The part.
    pub value: T,
    /// Where it begins.
    pub at: Place,
    /// Where its rows or counts stand, in their order.
    pub parts: Vec<Place>,
}

/// A file as it is written. Versions are 0: the bank numbers them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GradeFile {
    /// Name of the file, for the messages.
    pub file: String,
    /// The grading scales.
    pub scales: Vec<Sited<GradingScale>>,
    /// The conversions.
    pub conversions: Vec<Sited<Conversion>>,
    /// The grading tables.
    pub tables: Vec<Sited<GradingTable>>,
}

#[cfg(test)]
mod tests;
