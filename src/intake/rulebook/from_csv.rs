//! Reads a rule book as a table: one row a rule, as a stream.

use super::check::Checker;
use super::raw::{Key, Raw};
use super::{BookFile, Check, Collector, Faults, Place, Placed, shown};
use crate::domain::rule::Rule;
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
    let mut checker = Checker::new(Collector::default());
    let hash = read_all(read, &mut checker, &mut |_| true);
    finish(checker, file_name, book, hash)
}

/// Checks a rule book as CSV in UTF-8, and leaves its rules in the file.
///
/// # Errors
/// As [`parse_csv`], and where the file cannot be opened.
pub fn scan_csv(path: &Path, book: Option<&str>) -> Result<BookFile, Faults> {
    let name = path.display().to_string();
    let mut checker = Checker::new(Collector::default());
    let hash = read_all(open(path)?, &mut checker, &mut |rules| {
        rules.clear();
        true
    });
    Ok(BookFile { stays_in: Some(path.to_owned()), ..finish(checker, &name, book, hash)? })
}

/// Gives the rules of a book that was scanned.
///
/// # Errors
/// Where the file is no longer what it was then.
pub(super) fn read_again(
    path: &Path,
    book: &BookFile,
    take: &mut dyn FnMut(&Placed<Rule>) -> bool,
) -> Result<(), Faults> {
    let mut checker = Checker::new(Collector::default());
    checker.knows_ids = true;
    let mut going = true;
    let (sha256, _) = read_all(open(path)?, &mut checker, &mut |rules| {
        going = going && rules.iter().all(&mut *take);
        rules.clear();
        going
    });
    if going && sha256 != book.sha256 {
        let why = "it changed while it was read";
        checker.faults.add(START, None, Check::Unreadable, "the file is not what it was", why);
    }
    checker.faults.finish(&book.file)
}

/// Where a fault of the file as a whole stands.
const START: Place = Place { line: 1, column: 1 };

fn open(path: &Path) -> Result<std::fs::File, Faults> {
    std::fs::File::open(path).map_err(|error| {
        let mut faults = Collector::default();
        faults.add(START, None, Check::Unreadable, "the file cannot be opened", error.to_string());
        // A fault was added, so there is one.
        faults.finish(&path.display().to_string()).err().unwrap_or(Faults {
            file: path.display().to_string(),
            faults: Vec::new(),
            more: 0,
        })
    })
}

fn finish(
    checker: Checker,
    file_name: &str,
    book: Option<&str>,
    hash: (String, u64),
) -> Result<BookFile, Faults> {
    let stem = Path::new(file_name).file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
    checker.finish(file_name, (book.unwrap_or(&stem), START), None, hash)
}

/// Reads to the end, or until `after`, which is given the rules of each row, has enough; SHA-256 and size of what
/// was read.
fn read_all(
    read: impl Read,
    checker: &mut Checker,
    after: &mut dyn FnMut(&mut Vec<Placed<Rule>>) -> bool,
) -> (String, u64) {
    let decode = Decode::new(HashingRead::new(read), encoding_rs::UTF_8);
    let mut records = Records::new(decode, b',');
    if let Err(error) = rows(&mut records, checker, after) {
        let at = Place { line: line_of(&error), column: 1 };
        let what = "the file cannot be read as a table";
        checker.faults.add(at, None, Check::Unreadable, what, error.to_string());
    }
    let hashing = records.get_ref().get_ref();
    (hashing.sha256_hex(), hashing.size())
}

fn rows<R: Read>(
    records: &mut Records<R>,
    checker: &mut Checker,
    after: &mut dyn FnMut(&mut Vec<Placed<Rule>>) -> bool,
) -> Result<(), IntakeError> {
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
            if !after(&mut checker.rules) {
                return Ok(());
            }
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
