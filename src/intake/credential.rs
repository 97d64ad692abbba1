//! Open Badges 3.0 and Comprehensive Learner Records 2.0 as JSON: each credential about an achievement becomes a
//! row. Signatures are not checked here, and every row says so.
//!
//! Sources: the 1EdTech JSON schemas `ob_v3p0_achievementcredential_schema.json` and
//! `clr_v2p0_clrcredential_schema.json`, and the W3C's Verifiable Credentials Data Model 1.1 and 2.0.

mod kind;
mod rows;
mod table;
mod tree;
mod unwrap;

use super::json::{Documents, JsonFault};
pub use rows::{COLUMNS, Row};
use std::collections::VecDeque;
use std::io::BufRead;
pub use table::CredentialTable;

/// How many credentials carry which evidence of their issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Evidence {
    /// With a proof or a signature, which nobody checked.
    pub unchecked: u64,
    /// With neither.
    pub bare: u64,
}

/// The rows of a file of credentials: one, a list, or one after the other, as JSON or as signed tokens.
pub struct Credentials<R: BufRead> {
    documents: Documents<R>,
    rows: VecDeque<Row>,
    evidence: Evidence,
}

impl<R: BufRead> Credentials<R> {
    /// Reads a file in UTF-8.
    pub fn new(file: R) -> Credentials<R> {
        Credentials { documents: Documents::new(file), rows: VecDeque::new(), evidence: Evidence::default() }
    }

    /// The next row; none at the end of the file.
    ///
    /// # Errors
    /// Says what makes the rest of the file unreadable.
    pub fn next_row(&mut self) -> Result<Option<Row>, JsonFault> {
        while self.rows.is_empty() {
            let Some(document) = self.documents.next_document()? else { return Ok(None) };
            let found = unwrap::credentials(&document)?;
            for row in tree::rows(&found) {
                match (&row.refused, row.is_bare()) {
                    (Some(_), _) => {}
                    (None, true) => self.evidence.bare += 1,
                    (None, false) => self.evidence.unchecked += 1,
                }
                self.rows.push_back(row);
            }
        }
        Ok(self.rows.pop_front())
    }

    /// What the rows so far have as evidence of their issuer.
    pub fn evidence(&self) -> Evidence {
        self.evidence
    }
}

#[cfg(test)]
mod tests;
