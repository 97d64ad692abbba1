//! A file of credentials as a table.

use super::{COLUMNS, Credentials};
use crate::intake::csv::Record;
use crate::intake::decode::Decode;
use crate::intake::fault::IntakeError;
use crate::intake::incoming::Incoming;
use crate::intake::json::JsonFault;
use crate::intake::rules::Rule;
use crate::intake::source::Content;
use crate::intake::table::{Lines, Notice, Table};
use std::io::BufReader;

/// The rows of a file of credentials.
pub struct CredentialTable {
    credentials: Credentials<BufReader<Decode<Content>>>,
    begun: bool,
    lines: Lines,
}

impl CredentialTable {
    /// Opens a file.
    pub fn open(incoming: &Incoming) -> CredentialTable {
        let decode = Decode::new(incoming.source.content(), incoming.reading.encoding);
        let credentials = Credentials::new(BufReader::with_capacity(1 << 16, decode));
        CredentialTable { credentials, begun: false, lines: Lines::default() }
    }
}

impl Table for CredentialTable {
    fn next(&mut self, record: &mut Record) -> Result<bool, IntakeError> {
        if !std::mem::replace(&mut self.begun, true) {
            record.begin(1);
            COLUMNS.iter().for_each(|column| record.push(column));
            return Ok(true);
        }
        let Some(row) = self.credentials.next_row()? else { return Ok(false) };
        record.begin(self.lines.next(row.line));
        row.values.iter().for_each(|value| record.push(value));
        if let Some(why) = row.refused {
            record.refuse(Rule::NoCredential, why);
        }
        Ok(true)
    }

    fn names_columns(&self) -> bool {
        true
    }

    fn notices(&self) -> Vec<Notice> {
        let evidence = self.credentials.evidence();
        let all = evidence.unchecked + evidence.bare;
        if all == 0 {
            return Vec::new();
        }
        let credentials = if all == 1 { "1 credential is" } else { &format!("{all} credentials are") };
        let none = match evidence.bare {
            0 => String::new(),
            1 => ", and 1 has none".to_owned(),
            bare => format!(", and {bare} have none"),
        };
        let text = format!("{credentials} unverified: proofs are not checked{none}");
        vec![Notice::new(Rule::Unverified, text)]
    }
}

impl From<JsonFault> for IntakeError {
    fn from(fault: JsonFault) -> IntakeError {
        let what = format!("line {}, column {}: {}", fault.place.line, fault.place.column, fault.what);
        IntakeError::Unfit { rule: fault.rule, line: None, what }
    }
}
