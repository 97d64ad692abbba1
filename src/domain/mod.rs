//! Nouns: amounts, systems, dates, identifiers, outcomes. Pure: no input or output, no SQL.

pub mod account;
pub mod credits;
pub mod date;
pub mod deadline;
pub mod decision;
pub mod entry;
pub mod fault;
pub mod grading;
pub mod identifier;
pub mod level;
pub mod likeness;
pub mod link;
pub mod outcome;
pub mod registry;
pub mod requirement;
pub mod rule;
pub mod scale;
pub mod scheme;
pub mod system;
pub mod text;
