//! The rules of a target: those that count for each learner on a day, and those that did when a batch was made.

use super::decision::standing_choice;
use super::rules;
use crate::domain::entry::EntryId;
use crate::domain::fault::{Exit, Fault, Result};
use crate::domain::registry::{Book, Institution, SystemRow};
use crate::ledger::convert::{InBook, RuleSet, Target};
use crate::ledger::lots::Lot;
use crate::ops::batch::InForce;
use crate::ops::rules::pin::{PIN, pin_of};
use crate::ops::rules::release::{DRAFT, Edition, History, Pinned, Release};
use crate::store::{self, Read};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// Why a decision applies the release that it applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Because {
    /// It is in force on the day.
    InForce,
    /// Somebody chose it by name.
    Chosen,
    /// The learner is pinned to it.
    Pinned,
    /// It is the better of the one that the learner is pinned to and the one in force.
    Better,
    /// It was the better one when what stands at the target was placed.
    Stands,
}

/// The rules of one target in one release, or in the newest versions where nothing is published.
#[derive(Debug)]
pub struct Ruling {
    /// The release's name.
    pub release: Option<String>,
    /// Its rules for the target.
    pub set: RuleSet,
}

/// What counts for one learner.
#[derive(Debug, Clone)]
pub struct Counting {
    /// The rules: the learner's own, where they are pinned.
    pub ruling: Rc<Ruling>,
    /// Why these.
    pub because: Because,
    /// The decision that pinned the learner.
    pub pin: Option<EntryId>,
    /// The rules in force, where the better of both counts.
    pub other: Option<Rc<Ruling>>,
}

/// Who finds the rules of a release.
pub trait Finder: std::fmt::Debug {
    /// The rules of a release for a target, in the order of books and rules.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    fn rules(&self, read: &dyn Read, edition: &Edition, target: &Target) -> Result<Vec<InBook>>;
}

/// Finds every rule.
#[derive(Debug)]
struct Every;

impl Finder for Every {
    fn rules(&self, read: &dyn Read, edition: &Edition, target: &Target) -> Result<Vec<InBook>> {
        rules::rules_of(read, &edition.books, target)
    }
}

/// The rules of one target in every release that decisions of a day may apply.
#[derive(Debug)]
pub struct Editions {
    finder: Rc<dyn Finder>,
    target: Target,
    day: Date,
    history: Rc<History>,
    chosen: bool,
    base: Rc<Ruling>,
    in_force: Vec<InForce>,
    others: RefCell<HashMap<String, Rc<Ruling>>>,
}

impl Editions {
    /// The rules for a target that count on a day: by the release in force, or by the one that is named, and by those
    /// to which learners are pinned.
    ///
    /// # Errors
    /// `K101` for an unknown target, `K102` where no rule speaks of it, `R410` and `R411` where the named release does
    /// not count on that day; where the ledger cannot be read.
    pub fn open(read: &dyn Read, target: &Target, day: Date, release: Option<&str>) -> Result<Editions> {
        check_target(read, target)?;
        let history = History::read(read, None)?;
        let edition = match release {
            Some(name) => begun(&history, name, day)?,
            None => history.on(day)?,
        };
        let named = (&edition, release.is_some());
        let editions = Self::found(read, Rc::new(Every), &Rc::new(history), target, day, named)?;
        if editions.base.set.is_empty() && (editions.chosen || !editions.any(read)?) {
            return Err(nothing_speaks_of(target, &edition));
        }
        Ok(editions)
    }

    /// As [`Editions::open`], for a target of which no rule need speak.
    ///
    /// # Errors
    /// `K101` for an unknown target; where the ledger cannot be read.
    pub fn open_any(read: &dyn Read, target: &Target, day: Date) -> Result<Editions> {
        check_target(read, target)?;
        let history = History::read(read, None)?;
        let named = (&history.on(day)?, false);
        Self::found(read, Rc::new(Every), &Rc::new(history), target, day, named)
    }

    /// The rules for a target that a finder finds, by the release that is in force on a day, or that somebody chose, and
    /// by those to which learners are pinned.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn found(
        read: &dyn Read,
        finder: Rc<dyn Finder>,
        history: &Rc<History>,
        target: &Target,
        day: Date,
        (edition, chosen): (&Edition, bool),
    ) -> Result<Editions> {
        let (base, books) = ruling(read, finder.as_ref(), target, edition)?;
        let named = |Book { name, version, sha256, .. }: Book| InForce { name, version, sha256 };
        Ok(Editions {
            finder,
            target: target.clone(),
            day,
            chosen,
            base: Rc::new(base),
            in_force: books.into_iter().map(named).collect(),
            others: RefCell::default(),
            history: Rc::clone(history),
        })
    }

    /// The books of the release in force or chosen, for the batch's own account.
    pub fn in_force(&self) -> Vec<InForce> {
        self.in_force.clone()
    }

    /// Whether somebody is or was pinned to a release that speaks of the target. All decisions are read for it, in the
    /// rare case that the release in force does not speak of it.
    fn any(&self, read: &dyn Read) -> Result<bool> {
        let mut names = BTreeSet::new();
        read.decisions(&mut |row| {
            names.extend(row.target.filter(|_| row.verb == PIN));
            Ok(())
        })?;
        for name in names {
            if !self.of_release(read, &name)?.set.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn of_release(&self, read: &dyn Read, name: &str) -> Result<Rc<Ruling>> {
        if self.base.release.as_deref() == Some(name) {
            return Ok(Rc::clone(&self.base));
        }
        if let Some(known) = self.others.borrow().get(name) {
            return Ok(Rc::clone(known));
        }
        let edition = self.history.edition(self.history.release(name)?)?;
        let found = Rc::new(ruling(read, self.finder.as_ref(), &self.target, &edition)?.0);
        self.others.borrow_mut().insert(name.to_owned(), Rc::clone(&found));
        Ok(found)
    }

    /// What counts for the person of some accounts.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn counting(&self, read: &dyn Read, accounts: &[i64]) -> Result<Counting> {
        let base = |because| Counting { ruling: Rc::clone(&self.base), because, pin: None, other: None };
        if self.chosen {
            return Ok(base(Because::Chosen));
        }
        let Some((own, pin)) = own_release(read, &self.history, accounts, self.day)? else {
            return Ok(base(Because::InForce));
        };
        let ruling = self.of_release(read, &own.name)?;
        let better = own.pinned == Pinned::Better && self.base.release != ruling.release;
        let other = better.then(|| Rc::clone(&self.base));
        Ok(Counting { ruling, because: Because::Pinned, pin: Some(pin), other })
    }
}

impl Editions {
    /// What counts for a learner of whom the better counts, where it was settled by what stands at the target.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn settled(&self, read: &dyn Read, counting: Counting, lots: &[Lot]) -> Result<Counting> {
        let (Some(pin), Some(_)) = (counting.pin, &counting.other) else { return Ok(counting) };
        let ruling = match standing_choice(read, lots, self.target.code(), pin)? {
            None => return Ok(counting),
            Some(None) => Rc::clone(&self.base),
            Some(Some(name)) => self.of_release(read, &name)?,
        };
        Ok(Counting { ruling, because: Because::Stands, pin: Some(pin), other: None })
    }
}

/// The release to which a person is pinned on a day, and the decision that says so.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn own_release<'h>(
    read: &dyn Read,
    history: &'h History,
    accounts: &[i64],
    day: Date,
) -> Result<Option<(&'h Release, EntryId)>> {
    // Without a release nobody can be pinned to one.
    if history.releases.is_empty() {
        return Ok(None);
    }
    let Some(pin) = pin_of(read, accounts, day, None)? else { return Ok(None) };
    Ok(Some((history.release(&pin.release)?, pin.decision)))
}

/// The rules of an edition for a target, and those of its books that have any.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn ruling(
    read: &dyn Read,
    finder: &dyn Finder,
    target: &Target,
    edition: &Edition,
) -> Result<(Ruling, Vec<Book>)> {
    let mut books = edition.books.clone();
    let rules = finder.rules(read, edition, target)?;
    books.retain(|book| rules.iter().any(|rule| rule.book == book.name));
    let caps = rules::caps_of(read, &books)?;
    let release = edition.name().map(str::to_owned);
    Ok((Ruling { release, set: RuleSet::new(target.clone(), rules, caps) }, books))
}

/// A release that may be applied on a day.
fn begun(history: &History, name: &str, day: Date) -> Result<Edition> {
    if name == DRAFT {
        return Err(Fault::new("R411", "nothing is converted by rules that are not published")
            .remedy(
                "publish them with `creditbank rule publish`; `creditbank quote --release draft` tries them",
            )
            .exit(Exit::Usage));
    }
    let release = history.release(name)?;
    if day < release.from {
        return Err(Fault::new(
            "R410",
            format!("release {name} is in force from {}, not on {day}", release.from),
        )
        .remedy(format!("give --date {} or a later day, or another release", release.from))
        .exit(Exit::Usage));
    }
    history.edition(release)
}

fn nothing_speaks_of(target: &Target, edition: &Edition) -> Fault {
    let fault = Fault::new("K102", format!("no rule converts anything to {}", target.code()));
    match edition.name() {
        None => fault.remedy("load a rule book with `creditbank rule load FILE`"),
        Some(name) => fault
            .why(format!("release {name} counts, and none of its books has one"))
            .remedy("publish a release that has, or name another one with --release"),
    }
}

/// The rules for a target that were in force for a batch.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn rules_then(read: &dyn Read, target: &Target, in_force: &[InForce]) -> Result<Ruling> {
    let mut books = Vec::new();
    for book in in_force {
        let versions = store::find::<Book>(read, "name", book.name.as_str())?;
        books.extend(versions.into_iter().filter(|row| row.version == book.version));
    }
    Ok(ruling(read, &Every, target, &Edition { release: None, books })?.0)
}

/// The rules for a target in a release.
///
/// # Errors
/// `R401` where there is none of that name; where the ledger cannot be read.
pub fn rules_in(read: &dyn Read, target: &Target, history: &History, name: &str) -> Result<Ruling> {
    Ok(ruling(read, &Every, target, &history.edition(history.release(name)?)?)?.0)
}

fn check_target(read: &(impl Read + ?Sized), target: &Target) -> Result<()> {
    let known = match target {
        Target::System(code) => !store::find::<SystemRow>(read, "code", code.as_str())?.is_empty(),
        Target::Institution(code) => !store::find::<Institution>(read, "code", code.as_str())?.is_empty(),
    };
    if known {
        return Ok(());
    }
    Err(Fault::new("K101", format!("`{}` is neither a credit system nor an institution", target.code()))
        .remedy("`creditbank system list` and `creditbank institution list` show the codes"))
}

/// A target by its code: a credit system, or else an institution.
///
/// # Errors
/// `K101` where it is neither.
pub fn target(read: &(impl Read + ?Sized), code: &str) -> Result<Target> {
    let system = Target::System(code.to_owned());
    if check_target(read, &system).is_ok() {
        return Ok(system);
    }
    let institution = Target::Institution(code.to_owned());
    check_target(read, &institution).map(|()| institution)
}
