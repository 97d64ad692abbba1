//! The registry rows of a new version of a book, one after the other.

use super::references::References;
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::{Book, CapRow, RuleRow, RuleSourceRow, Scale};
use crate::domain::requirement::{Code, Requirement};
use crate::domain::rule::{From, Rule, To};
use crate::intake::rulebook::{BookFile, Collector, Placed};
use crate::store::{self, ActRow, Read, act_row};
use serde::Serialize;
use std::collections::BTreeSet;

/// In a column that finds rules: any institution, or whatever fits a pattern.
pub const ANY: &str = "*";

/// Writes the rows of one version of a book.
pub(super) struct Writer<'b> {
    book: &'b BookFile,
    references: &'b References,
    row: Book,
    /// Scales that the book introduces.
    pub(super) scales: Vec<Scale>,
    faults: Collector,
    /// First ids of rules, caps and sources.
    first: (i64, i64, i64),
}

/// Takes a row.
type Put<'p> = &'p mut dyn FnMut(ActRow) -> Result<()>;

impl<'b> Writer<'b> {
    /// Nothing written yet.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub(super) fn new(
        read: &dyn Read,
        book: &'b BookFile,
        references: &'b References,
        version: i64,
    ) -> Result<Writer<'b>> {
        let mut faults = Collector::default();
        let scales = references.head(book, &mut faults)?;
        let id = store::next_id::<Book>(read)?;
        let row = Book { id, name: book.book.clone(), version, sha256: book.sha256.clone() };
        let (rule, cap) = (store::next_id::<RuleRow>(read)?, store::next_id::<CapRow>(read)?);
        let first = (rule, cap, store::next_id::<RuleSourceRow>(read)?);
        Ok(Writer { book, references, row, scales, faults, first })
    }

    /// Gives all rows.
    ///
    /// # Errors
    /// `R100` with every fault of the book's references; whatever `put` ends with.
    pub(super) fn write(&mut self, put: Put<'_>) -> Result<()> {
        self.scales.iter().try_for_each(|scale| put(act_row(0, scale)?))?;
        put(act_row(0, &self.row)?)?;
        for (cap, id) in self.book.caps.iter().zip(self.first.1..) {
            let body = json(&cap.value)?;
            put(act_row(0, &CapRow { id, book: self.row.id, name: cap.value.name.clone(), body })?)?;
        }
        let (mut rule_id, mut source_id, mut failed) = (self.first.0, self.first.2, None);
        let (book, references, faults) = (self.book, self.references, &mut self.faults);
        let book_id = self.row.id;
        book.each(&mut |rule| {
            references.check(book, rule, faults);
            if !faults.is_empty() {
                // Nothing will be written; what else is wrong is still to be told.
                return true;
            }
            let written = rule_rows(references, rule, (rule_id, book_id), &mut source_id, put);
            rule_id += 1;
            failed = written.err();
            failed.is_none()
        })?;
        if let Some(fault) = failed {
            return Err(fault);
        }
        Ok(std::mem::take(&mut self.faults).finish(&self.book.file)?)
    }
}

fn rule_rows(
    references: &References,
    rule: &Placed<Rule>,
    (id, book): (i64, i64),
    source_id: &mut i64,
    put: Put<'_>,
) -> Result<()> {
    let rule = &rule.value;
    let (_, body) = resolved(references, rule)?;
    put(act_row(0, &rule_row(id, book, rule, body))?)?;
    for (institution, outcome) in sources(rule) {
        let row = RuleSourceRow { id: *source_id, rule: id, institution, outcome };
        *source_id += 1;
        put(act_row(0, &row)?)?;
    }
    Ok(())
}

/// A rule as it is kept, with the system of what results, and its text.
pub(super) fn resolved(references: &References, rule: &Rule) -> Result<(Rule, String)> {
    let mut rule = rule.clone();
    if rule.system.is_empty() {
        rule.system = references.own_system(&rule).unwrap_or_default().to_owned();
    }
    let text = json(&rule)?;
    Ok((rule, text))
}

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Fault::new("S901", error.to_string()))
}

/// The one outcome that a rule asks for, where it asks for no more.
fn single(rule: &Rule) -> Option<(&str, &str)> {
    match &rule.from {
        From::Outcomes { institution, required } if institution != ANY => {
            Some((institution, required.single()?))
        }
        _ => None,
    }
}

/// Institutions and outcomes by which a rule is found that asks for more than one outcome.
fn sources(rule: &Rule) -> BTreeSet<(String, String)> {
    let From::Outcomes { institution, required } = &rule.from else { return BTreeSet::new() };
    if single(rule).is_some() {
        return BTreeSet::new();
    }
    places(institution, required)
}

fn places(institution: &str, required: &Requirement) -> BTreeSet<(String, String)> {
    let code = |code: &Code| match code {
        Code::Exact(code) => code.clone(),
        Code::Pattern(_) => ANY.to_owned(),
    };
    let place = |choice: &crate::domain::requirement::Choice| {
        let own = choice.institution.as_ref().map(code);
        (own.unwrap_or_else(|| institution.to_owned()), code(&choice.code))
    };
    required.choices().map(place).collect()
}

/// A rule as the registry keeps it. The target system of an outcome is not in its columns: nothing
/// converts into it as a system.
fn rule_row(id: i64, book: i64, rule: &Rule, body: String) -> RuleRow {
    let some = |text: &str| Some(text.to_owned());
    let (from_institution, from_outcome) =
        single(rule).map(|(one, other)| (some(one), some(other))).unwrap_or_default();
    let from_system = match &rule.from {
        From::System { system } => some(system),
        From::Outcomes { .. } => None,
    };
    let (to_system, to_institution, to_outcome) = match &rule.to {
        To::System { system } => (some(system), None, None),
        To::Outcomes { institution, received } => (None, some(institution), Some(received.to_string())),
        To::Category { institution, category } => (None, some(institution), some(category)),
    };
    let code = rule.id.clone();
    RuleRow {
        id,
        book,
        code,
        from_system,
        from_institution,
        from_outcome,
        to_system,
        to_institution,
        to_outcome,
        body,
    }
}
