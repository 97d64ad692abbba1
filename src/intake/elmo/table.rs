//! An ELMO file as a table.

use super::{COLUMNS, Elmo, Unfit};
use crate::intake::csv::Record;
use crate::intake::decode::Decode;
use crate::intake::fault::IntakeError;
use crate::intake::incoming::Incoming;
use crate::intake::rules::Rule;
use crate::intake::source::Content;
use crate::intake::table::{Lines, Notice, Table};
use crate::intake::xml;
use std::io::{BufReader, Read};

/// Bytes in which an XML declaration is looked for.
const DECLARATION: u64 = 256;

/// The rows of an ELMO file.
pub struct ElmoTable {
    elmo: Elmo<BufReader<Decode<Content>>>,
    begun: bool,
    lines: Lines,
    rows: u64,
}

impl ElmoTable {
    /// Opens a file. Its encoding is the one that it declares, else the profile's.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn open(incoming: &Incoming) -> Result<ElmoTable, IntakeError> {
        let mut start = Vec::new();
        incoming
            .source
            .content()
            .take(DECLARATION)
            .read_to_end(&mut start)
            .map_err(IntakeError::Unreadable)?;
        let encoding = xml::declared(&start).unwrap_or(incoming.reading.encoding);
        let decode = Decode::new(incoming.source.content(), encoding);
        let elmo = Elmo::new(BufReader::with_capacity(1 << 16, decode));
        Ok(ElmoTable { elmo, begun: false, lines: Lines::default(), rows: 0 })
    }
}

impl Table for ElmoTable {
    fn next(&mut self, record: &mut Record) -> Result<bool, IntakeError> {
        if !std::mem::replace(&mut self.begun, true) {
            record.begin(1);
            COLUMNS.iter().for_each(|column| record.push(column));
            return Ok(true);
        }
        let Some(row) = self.elmo.next_row()? else { return Ok(false) };
        self.rows += 1;
        record.begin(self.lines.next(row.line));
        row.values.iter().for_each(|value| record.push(value));
        Ok(true)
    }

    fn names_columns(&self) -> bool {
        true
    }

    fn may_be_empty(&self) -> bool {
        true
    }

    fn notices(&self) -> Vec<Notice> {
        let text = match (self.rows, self.elmo.empty_reports()) {
            (0, _) => "the transcript holds no results".to_owned(),
            (_, 0) => return Vec::new(),
            (_, 1) => "1 report holds no results".to_owned(),
            (_, empty) => format!("{empty} reports hold no results"),
        };
        vec![Notice::new(Rule::NoResults, text)]
    }
}

impl From<Unfit> for IntakeError {
    fn from(unfit: Unfit) -> IntakeError {
        let each: Vec<String> = unfit.departures.iter().map(ToString::to_string).collect();
        IntakeError::Unfit { rule: unfit.rule, line: None, what: each.join("\n  ") }
    }
}
