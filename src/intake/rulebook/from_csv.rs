//! Reads a rule book as a table: one row a rule, as a stream.

use super::check::Checker;
use super::raw::{Key, Raw};
use super::{BookFile, Check, Collector, Faults, Place, shown};
use crate::intake::csv::{Record, Records};
use crate::intake::decode::Decode;
use crate::intake::fault::IntakeError;
use crate::intake::hash::HashingRead;
use std::borrow::Cow;
use std::io::Read;
use std::path::Path;

/// The characters by which a spreadsheet knows a formula.
pub(super) const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Reads a rule book as CSV in UTF-8. Its name is `book`, else the file's without its extension.
///
/// # Errors
/// Names every fault with its line and field, the rule, the reason and the remedy.
pub fn parse_csv(read: impl Read, file_name: &str, book: Option<&str>) -> Result<BookFile, Faults> {
    let decode = Decode::new(HashingRead::new(read), encoding_rs::UTF_8);
    let mut records = Records::new(decode, b',');
    let mut checker = Checker::new(Collector::default());
    if let Err(error) = rows(&mut records, &mut checker) {
        let at = Place { line: line_of(&error), column: 1 };
        let what = "the file cannot be read as a table";
        checker.faults.add(at, None, Check::Unreadable, what, error.to_string());
    }
    let stem = Path::new(file_name).file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
    let name = book.unwrap_or(&stem);
    let hashing = records.get_ref().get_ref();
    let hash = (hashing.sha256_hex(), hashing.size());
    checker.finish(file_name, (name, Place { line: 1, column: 1 }), None, hash)
}

fn rows<R: Read>(records: &mut Records<R>, checker: &mut Checker) -> Result<(), IntakeError> {
    let mut record = Record::new();
    loop {
        if !records.next(&mut record)? {
            return Err(IntakeError::Empty);
        }
        if !record.is_blank() {
            break;
        }
    }
    let columns = header(&record, &mut checker.faults);
    // What a wrong header would say of every row is said of it once.
    let is_sound = checker.faults.is_empty();
    while is_sound && records.next(&mut record)? {
        if !record.is_blank() {
            row(&record, &columns, checker);
        }
    }
    if !is_sound {
        checker.pass_over();
    }
    Ok(())
}

/// The keys of the columns.
fn header(record: &Record, faults: &mut Collector) -> Vec<Option<Key>> {
    let mut columns: Vec<Option<Key>> = Vec::with_capacity(record.len());
    for (name, column) in record.fields().zip(1..) {
        let at = Place { line: record.line(), column };
        let name = name.trim();
        let key = Key::from_name(name);
        match key {
            None => faults.add_unknown(at, None, Check::UnknownKey, ("column", name), Key::NAMES),
            Some(_) if columns.contains(&key) => {
                let what = format!("column {} stands twice", shown(name));
                faults.add(at, None, Check::ColumnTwice, what, "a rule says one thing under a name");
            }
            Some(_) => {}
        }
        columns.push(key);
    }
    if !columns.contains(&Some(Key::Id)) {
        let at = Place { line: record.line(), column: 1 };
        faults.add(at, None, Check::ColumnMissing, "column `id` is missing", "every rule has an id");
    }
    columns
}

fn row<'r>(record: &'r Record, columns: &[Option<Key>], checker: &mut Checker) {
    let place = |column: usize| Place { line: record.line(), column: column as u32 + 1 };
    let mut raw = Raw::new(place(0));
    let mut set = |at: usize, key: Key, raw: &mut Raw<'r>| {
        let text = record.get(at).unwrap_or_default();
        raw.set(key, Cow::Borrowed(unescaped(text)), place(at), &mut checker.faults);
    };
    if let Some(at) = columns.iter().position(|key| *key == Some(Key::Id)) {
        set(at, Key::Id, &mut raw);
    }
    if record.len() != columns.len() {
        let what = format!("the row has {} fields", record.len());
        let why = format!("the header has {}", columns.len());
        checker.faults.add(raw.at, raw.id(), Check::RowShape, what, why);
        return checker.pass_over();
    }
    for (at, key) in columns.iter().enumerate() {
        if let Some(key) = key.filter(|key| *key != Key::Id) {
            set(at, key, &mut raw);
        }
    }
    match raw.get(Key::Cap) {
        Some(_) => checker.cap(&raw),
        None => checker.rule(&raw),
    }
}

/// A cell without the apostrophe that keeps a spreadsheet from running it.
fn unescaped(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest,
        _ => text,
    }
}

/// Whether a cell is one that is written with an apostrophe before it.
pub(super) fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULA)
}

fn line_of(error: &IntakeError) -> u64 {
    match error {
        IntakeError::HeaderRepeated { line, .. }
        | IntakeError::Encoding { line, .. }
        | IntakeError::NulByte { line }
        | IntakeError::RecordTooLong { line }
        | IntakeError::QuoteOpen { line }
        | IntakeError::TooManyColumns { line } => *line,
        _ => 1,
    }
}
