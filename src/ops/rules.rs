//! Rule books: loading a new version, and finding the rules in force.

pub mod export;
pub mod impact;
mod orders;
pub mod pin;
pub mod publish;
mod references;
pub mod release;
mod write;

pub use crate::intake::agreements;
pub use crate::intake::rulebook::{to_toml as export_toml, write_csv as export_csv};
pub use orders::{BankOrders, OrdersThen, orders};

use crate::domain::fault::{Fault, Result};
use crate::domain::registry::{Book, CapRow, Row, RuleRow};
use crate::domain::rule::{Cap, Rule};
use crate::intake::rulebook::BookFile;
use crate::ledger::convert::{InBook, Target};
use crate::ops::batch::{Actor, BatchPayload, SourceFile};
use crate::ops::import::FILLING;
use crate::ops::post::Poster;
use crate::store::{self, Head, Object, Read, Store, Tx};
use references::References;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use write::Writer;

/// How a book is loaded.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Check everything and leave the ledger as it was.
    pub dry_run: bool,
    /// Why.
    pub reason: Option<String>,
    /// Log to append to.
    pub log: i64,
}

/// What a load did, or would do.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The book's name.
    pub book: String,
    /// Its version: the one loaded, or the one that has the same bytes already.
    pub version: i64,
    /// How many rules it has.
    pub rules: usize,
    /// How many grading scales it introduced.
    pub scales: usize,
    /// False where the newest version has the same bytes, and nothing was posted.
    pub new: bool,
    /// Number of the batch; none where nothing is posted.
    pub batch: Option<i64>,
    /// The log's head after the load; in a dry run what it would be.
    pub head: Head,
}

/// Loads a rule book as the next version of its name, whole or not at all.
///
/// # Errors
/// `R100` lists every rule whose references the bank does not know; `S401` where another writer came
/// first.
pub fn load(store: &mut dyn Store, actor: &Actor, book: &BookFile, options: &Options) -> Result<Loaded> {
    let reader = store.reader()?;
    let head = store::head(reader.as_ref(), options.log)?;
    let newest = store::find::<Book>(reader.as_ref(), "name", book.book.as_str())?
        .into_iter()
        .max_by_key(|row| row.version);
    let mut loaded = Loaded {
        book: book.book.clone(),
        version: newest.as_ref().map_or(1, |row| row.version + 1),
        rules: book.count,
        scales: 0,
        new: true,
        batch: None,
        head: head.clone(),
    };
    if let Some(same) = newest.filter(|row| row.sha256 == book.sha256) {
        return Ok(Loaded { version: same.version, new: false, ..loaded });
    }
    let references = References::load(reader.as_ref(), book)?;
    let mut writer = Writer::new(reader.as_ref(), book, &references, loaded.version)?;
    let fills = !options.dry_run && book.bytes >= FILLING && reader.last_learner()? == 0;
    drop(reader);
    let payload = payload(actor, book, options)?;
    let work = &mut |tx: &mut dyn Tx| {
        let mut poster = Poster::open(tx, options.log, &payload)?;
        poster.register_all(&mut |put| writer.write(put))?;
        loaded.scales = writer.scales.len();
        let sealed = poster.seal()?;
        loaded.batch = Some(sealed.batch.no);
        loaded.head = sealed.head;
        Ok(!options.dry_run)
    };
    match fills {
        true => store.fill(options.log, Some(&head), work)?,
        false => store.append(options.log, Some(&head), work)?,
    };
    Ok(loaded)
}

fn payload(actor: &Actor, book: &BookFile, options: &Options) -> Result<BatchPayload> {
    let mut payload = BatchPayload::new(actor)?;
    payload.why = options.reason.clone().unwrap_or_default();
    let name = std::path::Path::new(&book.file).file_name();
    let name = name.map_or_else(|| book.file.clone(), |name| name.to_string_lossy().into_owned());
    payload.files = vec![SourceFile { name, sha256: book.sha256.clone(), bytes: book.bytes, read: None }];
    Ok(payload)
}

fn id_in(row: &Object, column: &str) -> i64 {
    row.get(column).and_then(Value::as_i64).unwrap_or(0)
}

/// The newest version of every book, by name.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn newest_books(read: &dyn Read) -> Result<Vec<Book>> {
    let mut newest: BTreeMap<String, Book> = BTreeMap::new();
    for book in store::all::<Book>(read)? {
        if newest.get(&book.name).is_none_or(|known| known.version < book.version) {
            newest.insert(book.name.clone(), book);
        }
    }
    Ok(newest.into_values().collect())
}

/// The rules of some books that speak of a target, in the order of the books' names and of each book's file.
///
/// # Errors
/// Where the ledger cannot be read; `S912` where a rule does not fit.
pub fn rules_of(read: &dyn Read, books: &[Book], target: &Target) -> Result<Vec<InBook>> {
    let books: HashMap<i64, &Book> = books.iter().map(|book| (book.id, book)).collect();
    let column = match target {
        Target::System(_) => "to_system",
        Target::Institution(_) => "to_institution",
    };
    let mut found = Vec::new();
    // Rules of other versions are passed over unread: a large book may have many.
    read.rows(RuleRow::TABLE, Some((column, target.code().into())), &mut |row| {
        if let Some(book) = books.get(&id_in(&row, "book")) {
            found.push(in_book(store::typed(row)?, book)?);
        }
        Ok(())
    })?;
    found.sort_by(|one, other| one.book.cmp(&other.book).then(one.id.cmp(&other.id)));
    Ok(found)
}

/// The caps of some books, each with its book's name, in the order of the books and of each book's file.
///
/// # Errors
/// Where the ledger cannot be read; `S912` where a cap does not fit.
pub fn caps_of(read: &dyn Read, books: &[Book]) -> Result<Vec<(String, Cap)>> {
    let mut caps = Vec::new();
    for book in books {
        for row in store::find::<CapRow>(read, "book", book.id)? {
            caps.push((book.name.clone(), serde_json::from_str(&row.body).map_err(misfit)?));
        }
    }
    Ok(caps)
}

/// What a rule says.
///
/// # Errors
/// `S912` where it cannot be read.
pub fn typed_rule(row: &RuleRow) -> Result<Rule> {
    serde_json::from_str(&row.body).map_err(misfit)
}

fn misfit(error: serde_json::Error) -> Fault {
    Fault::new("S912", format!("a conversion rule cannot be read: {error}"))
        .remedy("run `creditbank verify` to see what was changed")
}

/// A rule with what a decision names it by.
///
/// # Errors
/// `S912` where the rule does not fit.
pub fn in_book(row: RuleRow, book: &Book) -> Result<InBook> {
    let rule = typed_rule(&row)?;
    let name = format!("{}/{}, version {}", book.name, rule.id, book.version);
    Ok(InBook { id: row.id, book: book.name.clone(), name, rule })
}

#[cfg(test)]
mod tests;
