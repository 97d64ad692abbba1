//! Reads grading tables as CSV: a row a grade, as a query over a student system gives them.

use super::fault::{Code, Found, GradeFaults, shown};
use super::value::{count, is_field, proper, year};
use super::{GradeFile, Sited};
use crate::domain::grading::{Cycle, GradingTable};
use crate::intake::csv::{Record, Records};
use crate::intake::decode::Decode;
use crate::intake::fault::IntakeError;
use crate::intake::place::Place;
use std::collections::HashMap;
use std::io::Read;

/// The columns, in the order in which they are written.
pub const COLUMNS: &[&str] =
    &["institution", "scale", "field", "cycle", "first_year", "last_year", "grade", "count", "source"];
const INSTITUTION: usize = 0;
const SCALE: usize = 1;
const FIELD: usize = 2;
const CYCLE: usize = 3;
const FIRST: usize = 4;
const LAST: usize = 5;
const GRADE: usize = 6;
const COUNT: usize = 7;
const SOURCE: usize = 8;
/// Those that may be missing.
const OPTIONAL: &[usize] = &[FIELD, CYCLE, SOURCE];

/// Reads grading tables in UTF-8; `file_name` is for the messages. Rows of one table need not stand together.
///
/// # Errors
/// Names every fault with line, field, value, reason and remedy.
pub fn parse_csv(read: impl Read, file_name: &str) -> Result<GradeFile, GradeFaults> {
    let mut records = Records::new(Decode::new(read, encoding_rs::UTF_8), b',');
    let mut tables = Tables::default();
    if let Err(error) = tables.rows(&mut records) {
        let at = Place { line: tables.line.max(1), column: 1 };
        tables.found.add(at, Code::NotTable, error.to_string());
    }
    tables.found.finish(file_name)?;
    Ok(GradeFile { file: file_name.to_owned(), tables: tables.tables, ..GradeFile::default() })
}

/// Institution, scale, field, cycle, first and last year.
type TableKey = (String, String, String, Option<Cycle>, (i64, i64));

#[derive(Default)]
struct Tables {
    found: Found,
    line: u64,
    tables: Vec<Sited<GradingTable>>,
    places: HashMap<TableKey, usize>,
}

impl Tables {
    fn rows<R: Read>(&mut self, records: &mut Records<R>) -> Result<(), IntakeError> {
        let mut record = Record::new();
        loop {
            if !records.next(&mut record)? {
                return Err(IntakeError::Empty);
            }
            if !record.is_blank() {
                break;
            }
        }
        let columns = self.header(&record);
        let is_sound = self.found.is_empty();
        while is_sound && records.next(&mut record)? {
            self.line = record.line();
            if !record.is_blank() {
                self.row(&record, &columns);
            }
        }
        if is_sound && self.found.is_empty() && self.tables.is_empty() {
            return Err(IntakeError::Empty);
        }
        Ok(())
    }

    /// The place of each of [`COLUMNS`] in the file.
    fn header(&mut self, record: &Record) -> Vec<Option<usize>> {
        let mut columns: Vec<Option<usize>> = vec![None; COLUMNS.len()];
        for (at, name) in record.fields().enumerate() {
            let place = Place { line: record.line(), column: at as u32 + 1 };
            let name = name.trim();
            match COLUMNS.iter().position(|known| *known == name) {
                None => self.found.add_unknown(place, Code::UnknownKey, ("column", name), COLUMNS),
                Some(known) if columns[known].is_some() => {
                    self.found.add(place, Code::Twice, format!("column {} stands twice", shown(name)));
                }
                Some(known) => columns[known] = Some(at),
            }
        }
        for (known, name) in COLUMNS.iter().enumerate() {
            if columns[known].is_none() && !OPTIONAL.contains(&known) {
                let place = Place { line: record.line(), column: 1 };
                self.found.add(place, Code::Missing, format!("column `{name}` is missing"));
            }
        }
        columns
    }

    fn row(&mut self, record: &Record, columns: &[Option<usize>]) {
        let place = |known: usize| Place {
            line: record.line(),
            column: columns[known].map_or(1, |at| at as u32 + 1),
        };
        let mut cells: Vec<String> = Vec::with_capacity(COLUMNS.len());
        for (known, name) in COLUMNS.iter().enumerate() {
            let text = columns[known].and_then(|at| record.get(at)).unwrap_or_default();
            match proper(text.strip_prefix('\'').unwrap_or(text)) {
                Ok(None) if !OPTIONAL.contains(&known) => {
                    return self.found.add(place(known), Code::Missing, format!("`{name}` is empty"));
                }
                Ok(text) => cells.push(text.unwrap_or_default()),
                Err(why) => return self.found.add(place(known), Code::BadText, format!("`{name}` {why}")),
            }
        }
        let bad = |known: usize, wanted: &str| {
            (place(known), format!("`{}` {} is not {wanted}", COLUMNS[known], shown(&cells[known])))
        };
        let read = || {
            if !cells[FIELD].is_empty() && !is_field(&cells[FIELD]) {
                return Err(bad(FIELD, "two to four digits of ISCED-F"));
            }
            let first = year(&cells[FIRST]).ok_or_else(|| bad(FIRST, "a year such as 2024"))?;
            let last = year(&cells[LAST]).ok_or_else(|| bad(LAST, "a year such as 2024"))?;
            let count = count(&cells[COUNT]).ok_or_else(|| bad(COUNT, "a whole number from 0"))?;
            Ok(((first, last), count))
        };
        let (years, count) = match read() {
            Ok(values) => values,
            Err((at, what)) => return self.found.add(at, Code::BadValue, what),
        };
        let cycle = Cycle::from_word(&cells[CYCLE]);
        if cycle.is_none() && !cells[CYCLE].is_empty() {
            return self.found.add_unknown(
                place(CYCLE),
                Code::UnknownWord,
                ("cycle", &cells[CYCLE]),
                Cycle::WORDS,
            );
        }
        self.add(cells, (cycle, years, count), place(GRADE));
    }

    fn add(
        &mut self,
        mut cells: Vec<String>,
        (cycle, years, count): (Option<Cycle>, (i64, i64), i64),
        at: Place,
    ) {
        let mut take = |known: usize| std::mem::take(&mut cells[known]);
        let key = (take(INSTITUTION), take(SCALE), take(FIELD), cycle, years);
        let (grade, source) = (take(GRADE), take(SOURCE));
        let nth = *self.places.entry(key.clone()).or_insert_with(|| {
            let (institution, scale, field, cycle, years) = key;
            let table = GradingTable {
                institution,
                scale,
                field,
                cycle,
                years,
                version: 0,
                counts: Vec::new(),
                source: source.clone(),
            };
            self.tables.push(Sited { value: table, at, parts: Vec::new() });
            self.tables.len() - 1
        });
        let table = &mut self.tables[nth];
        if table.value.source != source {
            let what =
                format!("the source is {}, above it is {}", shown(&source), shown(&table.value.source));
            return self.found.add(at, Code::Twice, what);
        }
        table.value.counts.push((grade, count));
        table.parts.push(at);
    }
}
