//! Formats in: bytes to drafts or row errors.

pub mod agreements;
pub mod credential;
pub mod csv;
pub mod decode;
pub mod delimiter;
pub mod draft;
pub mod elmo;
pub mod fault;
pub mod format;
pub mod grading;
pub mod guess;
pub mod hash;
pub mod incoming;
pub mod json;
pub mod place;
pub mod procedure;
pub mod profile;
pub mod rejects;
pub mod rulebook;
pub mod rules;
mod sheet;
pub mod sketch;
pub mod source;
pub mod table;
pub mod xml;
