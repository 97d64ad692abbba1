//! `rule lint`: holds rule books to the named checks, beside the bank's catalogue.

use super::rules::{BankOrders, orders};
use crate::domain::credits::Credits;
use crate::domain::date::parse_iso;
use crate::domain::fault::{Exit, Fault, Result};
use crate::domain::outcome::Kind;
use crate::domain::registry::{Book, CapRow, Institution, Outcome, OutcomeVersion, SystemRow};
use crate::domain::rule::{Cap, Rule, To};
use crate::domain::text::visible;
use crate::intake::rulebook::{BookFile, Placed, ScaleDef};
use crate::ledger::convert::Orders;
use crate::ledger::lint::{Catalogue, Known, Linter, Version};
pub use crate::ledger::lint::{Check, Finding, Lint, Severity};
use crate::report::{Column, Meta, Section, Sink};
use crate::store::{self, Read};
use jiff::civil::Date;
use std::collections::{BTreeMap, HashMap};

/// Lints the newest version of every book, or of those named, as of a day.
///
/// # Errors
/// `R303` for a book that the bank does not have; `S912` where a rule cannot be read.
pub fn lint(read: &dyn Read, books: &[String], day: Date) -> Result<Lint> {
    let books = newest(read, books)?;
    let (catalogue, orders) = (catalogue(read)?, orders(read)?);
    let mut linter = Linter::new(&catalogue, &orders, day);
    for book in &books {
        linter.begin(&book.name, caps(read, book)?);
        read.rule_texts(book.id, &mut |text| linter.rule(text).map_err(|why| unreadable(&book.name, &why)))?;
    }
    Ok(linter.finish())
}

/// Lints a file beside the catalogue, as it would be once it is loaded.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn lint_file(read: &dyn Read, book: &BookFile, day: Date) -> Result<Lint> {
    let catalogue = catalogue(read)?;
    let orders = FileOrders { bank: orders(read)?, own: &book.scales };
    let mut linter = Linter::new(&catalogue, &orders, day);
    linter.begin(&book.book, book.caps.iter().map(|cap| cap.value.clone()).collect());
    let mut misread = None;
    book.each(&mut |rule| {
        let read = text_of(&rule.value, &catalogue);
        let taken = read.and_then(|text| linter.rule(&text).map_err(|why| unreadable(&book.book, &why)));
        misread = taken.err();
        misread.is_none()
    })?;
    misread.map_or_else(|| Ok(linter.finish()), Err)
}

/// A rule's text as it would be kept, with the system that it leaves to the catalogue.
fn text_of(rule: &Rule, catalogue: &Catalogue) -> Result<String> {
    let own = match &rule.to {
        To::Outcomes { institution, received } if rule.system.is_empty() => {
            let codes = received.0.iter().map(|item| item.outcome.as_str());
            catalogue.system(institution, codes)
        }
        _ => None,
    };
    let text = match own {
        None => serde_json::to_string(rule),
        Some(system) => serde_json::to_string(&Rule { system: system.to_owned(), ..rule.clone() }),
    };
    text.map_err(|error| Fault::new("S901", error.to_string()))
}

/// The orders of the bank, and the scales that a file defines.
struct FileOrders<'f> {
    bank: BankOrders,
    own: &'f [Placed<ScaleDef>],
}

impl Orders for FileOrders<'_> {
    fn grade(&self, scale: &str, grade: &str) -> Option<usize> {
        match self.own.iter().find(|own| own.value.name == scale) {
            Some(own) => own.value.rank(grade),
            None => self.bank.grade(scale, grade),
        }
    }

    fn level(&self, framework: &str, level: &str) -> Option<usize> {
        self.bank.level(framework, level)
    }
}

fn unreadable(book: &str, why: &str) -> Fault {
    Fault::new("S912", format!("a rule of book {book} cannot be read: {why}"))
        .remedy("run `creditbank verify` to see what was changed")
}

/// The newest versions of books, by name.
fn newest(read: &dyn Read, asked: &[String]) -> Result<Vec<Book>> {
    let mut newest: BTreeMap<String, Book> = BTreeMap::new();
    for book in store::all::<Book>(read)? {
        if newest.get(&book.name).is_none_or(|known| known.version < book.version) {
            newest.insert(book.name.clone(), book);
        }
    }
    if let Some(unknown) = asked.iter().find(|name| !newest.contains_key(*name)) {
        return Err(Fault::new("R303", format!("the bank has no rule book `{}`", visible(unknown)))
            .remedy("`creditbank rule books` lists them")
            .exit(Exit::Usage));
    }
    newest.retain(|name, _| asked.is_empty() || asked.contains(name));
    Ok(newest.into_values().collect())
}

fn caps(read: &dyn Read, book: &Book) -> Result<Vec<Cap>> {
    let rows = store::find::<CapRow>(read, "book", book.id)?;
    let caps = rows.iter().map(|row| serde_json::from_str(&row.body));
    caps.collect::<std::result::Result<_, _>>().map_err(|error| unreadable(&book.name, &error.to_string()))
}

/// The catalogue, as rules are compared with it.
fn catalogue(read: &dyn Read) -> Result<Catalogue> {
    let systems: HashMap<i64, String> =
        store::all::<SystemRow>(read)?.into_iter().map(|row| (row.id, row.code)).collect();
    let institutions: HashMap<i64, String> =
        store::all::<Institution>(read)?.into_iter().map(|row| (row.id, row.code)).collect();
    let mut versions: HashMap<i64, Vec<Version>> = HashMap::new();
    for row in store::all::<OutcomeVersion>(read)? {
        versions.entry(row.outcome).or_default().push(version(row, &systems));
    }
    let mut catalogue = Catalogue::default();
    for row in store::all::<Outcome>(read)? {
        let versions = versions.remove(&row.id).unwrap_or_default();
        let known = Known { code: row.code, repeatable: row.repeatable == 1, versions };
        if let Some(institution) = institutions.get(&row.institution) {
            catalogue.add(institution, known);
        }
    }
    Ok(catalogue)
}

fn version(row: OutcomeVersion, systems: &HashMap<i64, String>) -> Version {
    let day = |text: Option<String>| text.and_then(|text| parse_iso(&text).ok());
    let system = row.system.and_then(|id| systems.get(&id)).cloned();
    Version {
        number: row.version,
        first: day(row.valid_from),
        last: day(row.valid_to),
        credits: row.credits.map(Credits).zip(system),
        level: row.framework.zip(row.level),
        hours: row.hours.map(Credits),
        kind: row.kind.and_then(Kind::from_code),
        field: row.field,
    }
}

const CHECKS: [Column; 5] = [
    Column::text("code", "Code"),
    Column::text("check", "Check"),
    Column::text("severity", "Severity"),
    Column::text("definition", "What it finds"),
    Column::text("remedy", "What puts it right"),
];

/// Lists the checks.
///
/// # Errors
/// Where the report cannot be written.
pub fn checks(mut meta: Meta, sink: &mut dyn Sink) -> Result<()> {
    let section = Section::new("checks", "Checks of rule books", &CHECKS);
    meta.sections = vec![section.clone()];
    sink.begin(&meta)?;
    sink.section(section.key, &section.title, &section.columns)?;
    for check in Check::ALL {
        sink.row(&[
            check.code().into(),
            check.word().into(),
            check.severity().name().into(),
            check.definition().into(),
            check.remedy().into(),
        ])?;
    }
    sink.end()
}
