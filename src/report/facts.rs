//! The facts that reports look up: registry rows by id, each read once, and a learner's lots.

use crate::domain::date::{Period, Precision, parse_iso};
use crate::domain::entry::{Achievement, EntryId, EntryKind, Movement, Place};
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::{
    Attrs, Book, Grade, Institution, Outcome, OutcomeVersion, PeriodRow, Row, RuleRow, Scheme, SystemRow,
};
use crate::ledger::links::Links;
use crate::ledger::lots::{Cut, Lot, accounts_of, fold};
use crate::store::{BatchRow, Read, find, get};
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::ops::Range;
use std::rc::Rc;

/// Rows kept of one registry; past it the cache starts anew, so that a report over millions of
/// outcomes needs no memory for them all.
const KEPT: usize = 50_000;

struct Cache<K, T>(RefCell<HashMap<K, Rc<T>>>);

impl<K: Hash + Eq + Copy, T> Cache<K, T> {
    fn new() -> Self {
        Cache(RefCell::new(HashMap::new()))
    }

    fn get(&self, key: K, load: impl FnOnce() -> Result<T>) -> Result<Rc<T>> {
        if let Some(found) = self.0.borrow().get(&key) {
            return Ok(Rc::clone(found));
        }
        let loaded = Rc::new(load()?);
        let mut kept = self.0.borrow_mut();
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(key, Rc::clone(&loaded));
        Ok(loaded)
    }
}

/// Looks facts up in one snapshot and remembers them.
pub struct Facts<'a> {
    /// The snapshot.
    pub read: &'a dyn Read,
    systems: Cache<i64, SystemRow>,
    institutions: Cache<i64, Institution>,
    outcomes: Cache<i64, Outcome>,
    versions: Cache<(i64, i64), OutcomeVersion>,
    periods: Cache<i64, Period>,
    grades: Cache<i64, Grade>,
    attrs: Cache<i64, Map<String, Value>>,
    schemes: Cache<i64, Scheme>,
    rules: Cache<i64, (RuleRow, Book)>,
    batch: RefCell<Option<(Range<i64>, Rc<BatchRow>)>>,
    links: RefCell<Option<(Cut, Rc<Links>)>>,
}

impl<'a> Facts<'a> {
    /// Looks facts up in that snapshot.
    pub fn new(read: &'a dyn Read) -> Facts<'a> {
        Facts {
            read,
            systems: Cache::new(),
            institutions: Cache::new(),
            outcomes: Cache::new(),
            versions: Cache::new(),
            periods: Cache::new(),
            grades: Cache::new(),
            attrs: Cache::new(),
            schemes: Cache::new(),
            rules: Cache::new(),
            batch: RefCell::new(None),
            links: RefCell::new(None),
        }
    }

    fn row<T: Row>(&self, cache: &Cache<i64, T>, id: i64) -> Result<Rc<T>> {
        cache.get(id, || get(self.read, id))
    }

    /// A credit system.
    pub fn system(&self, id: i64) -> Result<Rc<SystemRow>> {
        self.row(&self.systems, id)
    }

    /// Code of a credit system.
    pub fn system_code(&self, id: i64) -> Result<String> {
        Ok(self.system(id)?.code.clone())
    }

    /// An institution.
    pub fn institution(&self, id: i64) -> Result<Rc<Institution>> {
        self.row(&self.institutions, id)
    }

    /// An outcome.
    pub fn outcome(&self, id: i64) -> Result<Rc<Outcome>> {
        self.row(&self.outcomes, id)
    }

    /// The institution that awards an outcome.
    pub fn awarder(&self, outcome: i64) -> Result<Rc<Institution>> {
        self.institution(self.outcome(outcome)?.institution)
    }

    /// One version of an outcome.
    pub fn version(&self, outcome: i64, version: i64) -> Result<Rc<OutcomeVersion>> {
        self.versions.get((outcome, version), || {
            let all: Vec<OutcomeVersion> = find(self.read, "outcome", outcome)?;
            all.into_iter().find(|row| row.version == version).ok_or_else(|| {
                Fault::new("R102", format!("outcome {outcome} has no version {version}"))
                    .remedy("run `creditbank verify`")
            })
        })
    }

    /// A grade.
    pub fn grade(&self, id: i64) -> Result<Rc<Grade>> {
        self.row(&self.grades, id)
    }

    /// A scheme of identifiers.
    pub fn scheme(&self, id: i64) -> Result<Rc<Scheme>> {
        self.row(&self.schemes, id)
    }

    /// A rule and the version of the book that it stands in.
    pub fn rule(&self, id: i64) -> Result<Rc<(RuleRow, Book)>> {
        self.rules.get(id, || {
            let rule: RuleRow = get(self.read, id)?;
            let book = get(self.read, rule.book)?;
            Ok((rule, book))
        })
    }

    /// One attribute of an achievement; hyphens and underscores in its name are one.
    pub fn attribute(&self, attrs: Option<i64>, name: &str) -> Result<Option<String>> {
        let Some(id) = attrs else { return Ok(None) };
        let object = self.attrs.get(id, || {
            let row: Attrs = get(self.read, id)?;
            Ok(serde_json::from_str(&row.json).unwrap_or_default())
        })?;
        let plain = |text: &str| text.replace('-', "_");
        let value = object
            .get(name)
            .or_else(|| object.iter().find(|(key, _)| plain(key) == plain(name)).map(|(_, value)| value));
        Ok(value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
    }

    /// A date as written, with its interval.
    pub fn period(&self, id: i64) -> Result<Rc<Period>> {
        self.periods.get(id, || {
            let row: PeriodRow = get(self.read, id)?;
            let bad = || {
                Fault::new("R103", format!("period {id} (`{}`) is damaged", row.written))
                    .remedy("run `creditbank verify`")
            };
            Ok(Period {
                precision: Precision::from_name(&row.precision).ok_or_else(bad)?,
                first: parse_iso(&row.first).map_err(|_| bad())?,
                last: parse_iso(&row.last).map_err(|_| bad())?,
                written: row.written.clone(),
            })
        })
    }

    /// The batch that an entry belongs to; asked in order of the log, each is read once.
    pub fn batch(&self, entry: EntryId) -> Result<Option<Rc<BatchRow>>> {
        if let Some((entries, batch)) = &*self.batch.borrow()
            && entries.contains(&entry.0)
        {
            return Ok(Some(Rc::clone(batch)));
        }
        let Some(found) = self.read.batch_of(entry)? else { return Ok(None) };
        let entries = found.entry.0..found.entry.0 + found.size;
        let found = Rc::new(found);
        *self.batch.borrow_mut() = Some((entries, Rc::clone(&found)));
        Ok(Some(found))
    }

    /// A batch's number, as people write it, or nothing.
    pub fn batch_name(&self, entry: EntryId) -> Result<String> {
        Ok(self.batch(entry)?.map_or_else(String::new, |batch| format!("B{}", batch.no)))
    }

    /// The accounts between which a movement moves its amount.
    pub fn accounts(&self, movement: &Movement) -> Result<Option<(Place, Place)>> {
        let failed = RefCell::new(None);
        let kind_of = |entry: EntryId| {
            self.kind_of(entry).unwrap_or_else(|fault| {
                *failed.borrow_mut() = Some(fault);
                None
            })
        };
        let found = accounts_of(movement.kind, movement.undoes, &kind_of);
        match failed.into_inner() {
            Some(fault) => Err(fault),
            None => Ok(found),
        }
    }

    /// The kind of an entry that moves an amount, and what it undoes.
    fn kind_of(&self, entry: EntryId) -> Result<Option<(EntryKind, Option<EntryId>)>> {
        if let Some(movement) = self.read.movement(entry)? {
            return Ok(Some((movement.kind, movement.undoes)));
        }
        Ok(self.read.achievement(entry)?.map(|achievement| (achievement.entry_kind(), None)))
    }

    /// Whose account is whose, at a cut.
    pub fn links(&self, cut: &Cut) -> Result<Rc<Links>> {
        if let Some((known, links)) = &*self.links.borrow()
            && known == cut
        {
            return Ok(Rc::clone(links));
        }
        let links = Rc::new(Links::at(&self.read.links()?, cut));
        *self.links.borrow_mut() = Some((*cut, Rc::clone(&links)));
        Ok(links)
    }

    /// The accounts that name people at a cut: all, or the one whose account is asked for.
    pub fn people(&self, learner: Option<i64>, cut: &Cut) -> Result<impl Iterator<Item = i64>> {
        let links = self.links(cut)?;
        let all = match learner {
            None => 1..=self.read.last_learner()?,
            Some(learner) => links.person(learner)..=links.person(learner),
        };
        Ok(all.filter(move |learner| links.is_person(*learner)))
    }

    /// The lots at a cut of the person whose account it is.
    pub fn lots(&self, learner: i64, cut: &Cut) -> Result<Vec<Lot>> {
        let (mut achievements, mut movements) = (Vec::new(), Vec::new());
        for account in self.links(cut)?.accounts(learner) {
            achievements.extend(self.read.achievements_of(account)?);
            movements.extend(self.read.movements_of(account)?);
        }
        achievements.sort_by_key(|row| row.entry);
        self.fold(achievements, &movements, cut)
    }

    /// One lot at a cut.
    pub fn lot(&self, achievement: Achievement, cut: &Cut) -> Result<Option<Lot>> {
        let movements = self.read.movements_of_lot(achievement.learner, achievement.entry)?;
        Ok(self.fold(vec![achievement], &movements, cut)?.pop())
    }

    fn fold(&self, achievements: Vec<Achievement>, movements: &[Movement], cut: &Cut) -> Result<Vec<Lot>> {
        let mut periods: HashMap<i64, Rc<Period>> = HashMap::new();
        if cut.as_of.is_some() {
            let named = achievements.iter().map(|row| row.period);
            for id in named.chain(movements.iter().map(|row| row.period)) {
                periods.insert(id, self.period(id)?);
            }
        }
        Ok(fold(achievements, movements, cut, &|id| Period::clone(&periods[&id])))
    }
}

/// The words for a level: its framework, then the level.
pub fn level_text(framework: &str, level: &str) -> String {
    [framework, level].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}
