//! Transfer Value Profiles of the Credential Transparency Description Language (CTDL) as rules, and rules as such
//! profiles.
//!
//! A profile says which value learning has when it is transferred: from a set of resources, for another set, each
//! "collectively" (<https://credreg.net/ctdl/terms#transferValueFrom>): all of the one give all of the other. What
//! both can say is one or more outcomes that give outcomes or a category, a fixed amount or a range of it, and the
//! first and last day. Whatever either says beyond that is left out whole, and told with its reason: half a rule is
//! another rule.

mod read;
mod write;

#[cfg(test)]
mod tests;

pub use read::read;
pub use write::{Catalogue, Resource, Written, write};

/// Where the names of CTDL's terms are explained to a machine.
const CONTEXT: &str = "https://credreg.net/ctdl/schema/context/json";

/// Concepts of <https://credreg.net/ctdl/terms#CreditUnit>, and the credit systems that they are.
const UNITS: [(&str, &str); 2] =
    [("creditUnit:SemesterHour", "US-SEM"), ("creditUnit:QuarterHour", "US-QTR")];

/// Kinds of identifiers that the program writes beside CTIDs, so that it knows its own codes again.
const INSTITUTION: &str = "creditbank institution";
const RULE: &str = "creditbank rule";

/// What of a file is a rule, and what is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profiles {
    /// The rules.
    pub rules: Vec<crate::domain::rule::Rule>,
    /// Profiles that no rule can stand for, by name, each with the reason.
    pub left_out: Vec<(String, String)>,
}
