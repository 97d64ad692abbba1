//! The rules that may speak of what a learner has. A book may have a million others.

use crate::domain::fault::Result;
use crate::domain::registry::RuleRow;
use crate::ledger::convert::{InBook, Source, Target};
use crate::ops::convert::Finder;
use crate::ops::rules;
use crate::ops::rules::release::Edition;
use crate::store::{self, Read};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Rules by target.
type ByTarget = BTreeMap<Target, Vec<InBook>>;

/// Finds them.
#[derive(Debug)]
pub struct Asked {
    ids: BTreeSet<i64>,
    /// Those of each release, or of the newest versions.
    found: RefCell<BTreeMap<Option<String>, Rc<ByTarget>>>,
}

impl Asked {
    /// The rules of whatever version that ask for what a learner has.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn find(read: &dyn Read, sources: &[Source]) -> Result<Asked> {
        let asked: BTreeSet<(&str, &str, &str)> = sources
            .iter()
            .map(|source| (source.system.as_str(), source.institution.as_str(), source.outcome.as_str()))
            .collect();
        let mut ids = BTreeSet::new();
        for (system, institution, outcome) in asked {
            ids.extend(read.rules_asking(system, institution, outcome)?);
        }
        Ok(Asked { ids, found: RefCell::default() })
    }

    /// The targets of the rules of a release.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn targets(&self, read: &dyn Read, edition: &Edition) -> Result<Vec<Target>> {
        Ok(self.of(read, edition)?.keys().cloned().collect())
    }

    fn of(&self, read: &dyn Read, edition: &Edition) -> Result<Rc<ByTarget>> {
        let name = edition.name().map(str::to_owned);
        if let Some(known) = self.found.borrow().get(&name) {
            return Ok(Rc::clone(known));
        }
        let found = Rc::new(self.by_target(read, edition)?);
        self.found.borrow_mut().insert(name, Rc::clone(&found));
        Ok(found)
    }

    /// The rules of a release, by target and in the order of books and rules.
    fn by_target(&self, read: &dyn Read, edition: &Edition) -> Result<ByTarget> {
        let mut found = ByTarget::new();
        for id in &self.ids {
            let row: RuleRow = store::get(read, *id)?;
            let Some(book) = edition.books.iter().find(|book| book.id == row.book) else { continue };
            let target = match (&row.to_system, &row.to_institution) {
                (Some(system), _) => Target::System(system.clone()),
                (None, institution) => Target::Institution(institution.clone().unwrap_or_default()),
            };
            found.entry(target).or_default().push(rules::in_book(row, book)?);
        }
        for rules in found.values_mut() {
            rules.sort_by(|one, other| one.book.cmp(&other.book).then(one.id.cmp(&other.id)));
        }
        Ok(found)
    }
}

impl Finder for Asked {
    fn rules(&self, read: &dyn Read, edition: &Edition, target: &Target) -> Result<Vec<InBook>> {
        Ok(self.of(read, edition)?.get(target).cloned().unwrap_or_default())
    }
}
