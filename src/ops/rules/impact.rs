//! `rule impact`: what learners would gain and lose by other rules, before they are published. Nothing is posted.
//!
//! Only what changes is looked at: the rules that differ name the targets, these the lots, and these the learners. The
//! targets come one after the other, so that the rules of one of them are in memory at a time.

mod changed;
mod concerned;
mod effect;

use super::orders;
use super::publish::find_book;
use super::release::{Edition, History};
use crate::domain::account::Account;
use crate::domain::credits::Credits;
use crate::domain::entry::EntryId;
use crate::domain::fault::Result;
use crate::intake::rulebook::BookFile;
use crate::ops::names::Names;
use crate::store::Read;
use changed::Changed;
use concerned::concerned;
use effect::{Judge, Sums};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// How many changes are told one by one.
const LARGEST: usize = 20;

/// The rules in question.
#[derive(Debug)]
pub enum Candidate<'a> {
    /// A rule book that is not loaded.
    File(&'a BookFile),
    /// A loaded version, the newest where none is given.
    Loaded(String, Option<i64>),
}

/// What is asked.
#[derive(Debug)]
pub struct Request<'a> {
    /// The rules in question.
    pub candidate: Candidate<'a>,
    /// The day for which both are compared.
    pub day: Date,
    /// How many broken placements are told one by one; the others are counted.
    pub listed: usize,
}

/// What a learner's credit gives at a target in one of its credit systems, by either rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The person.
    pub person: Account,
    /// Code of the target.
    pub target: String,
    /// Code of the credit system.
    pub system: String,
    /// By the rules that count now.
    pub now: Credits,
    /// By the rules in question.
    pub then: Credits,
}

impl Difference {
    /// How much more it is; less than nothing where it is less.
    pub fn change(&self) -> Credits {
        Credits(self.then.0 - self.now.0)
    }
}

/// A placement that stands and that the rules in question would not give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The decision that placed it.
    pub decision: EntryId,
    /// The person.
    pub person: Account,
    /// Code of the target.
    pub target: String,
    /// Code of the credit system of its worth.
    pub system: String,
    /// What it gives.
    pub stands: Credits,
    /// What the same lots would give.
    pub then: Credits,
    /// How many of its lots would not be placed.
    pub lots_lost: usize,
}

/// What all learners gain and lose at a target in one of its credit systems.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sum {
    /// Credit gained, by those who gain.
    pub gained: Credits,
    /// How many gain.
    pub gaining: u64,
    /// Credit lost, by those who lose.
    pub lost: Credits,
    /// How many lose.
    pub losing: u64,
}

/// What the rules in question would change.
#[derive(Debug, Default)]
pub struct Impact {
    /// The book.
    pub book: String,
    /// Its version that counts now; none where the book is new.
    pub now: Option<i64>,
    /// The rules in question: a version, or a file's name.
    pub then: String,
    /// What the learners' rules are compared with: the release in force, or the newest versions.
    pub against: String,
    /// Rules that only the ones in question have.
    pub added: usize,
    /// Rules that say something else, or stand under another cap.
    pub altered: usize,
    /// Rules that are there no more.
    pub removed: usize,
    /// Targets of these rules.
    pub targets: usize,
    /// People with credit that one of these rules may speak of, each counted once.
    pub looked_at: u64,
    /// Of these, whose rules are those of a release to which they are pinned.
    pub pinned: u64,
    /// People who gain or lose.
    pub affected: u64,
    /// By target and credit system.
    pub sums: BTreeMap<(String, String), Sum>,
    /// The largest changes, the largest first.
    pub largest: Vec<Difference>,
    /// Placements that would break, in order of target and person; as many as are listed.
    pub broken: Vec<Broken>,
    /// How many there are in all.
    pub broken_in_all: u64,
    /// Placements that neither rules give: they stand by earlier ones.
    pub standing_by_earlier: u64,
}

/// Compares what learners get by the rules that count on a day with what they would get.
///
/// # Errors
/// `R100` where the file names what the bank does not know, `R404` for an unknown book; where the ledger cannot be
/// read.
pub fn impact(read: &dyn Read, request: &Request) -> Result<Impact> {
    let history = History::read(read, None)?;
    let now = history.on(request.day)?;
    let mut orders = orders(read)?;
    let changed = match &request.candidate {
        Candidate::File(file) => Changed::of_file(read, &now, file, &mut orders)?,
        Candidate::Loaded(name, version) => {
            Changed::of_version(read, &now, find_book(&history, name, *version)?)?
        }
    };
    let mut impact = begun(&now, &changed);
    let names = Names::default();
    let who = concerned(read, &changed)?;
    let (mut affected, mut looked_at, mut pinned) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (at, target) in changed.targets().enumerate() {
        let sets = changed.sets(read, &now, target)?;
        let mut judge = Judge::new(read, &names, &history, &orders, &sets, request.day);
        for person in who.of_target(at) {
            let Some(effect) = judge.person(person)? else { continue };
            looked_at.insert(person);
            if effect.pinned {
                pinned.insert(person);
            }
            if !effect.differences.is_empty() {
                affected.insert(person);
            }
            impact.take(effect.differences);
            impact.standing_by_earlier += effect.standing_by_earlier;
            impact.broken_in_all += effect.broken.len() as u64;
            let room = request.listed.saturating_sub(impact.broken.len());
            impact.broken.extend(effect.broken.into_iter().take(room));
        }
    }
    (impact.looked_at, impact.pinned) = (looked_at.len() as u64, pinned.len() as u64);
    impact.affected = affected.len() as u64;
    Ok(impact)
}

fn begun(now: &Edition, changed: &Changed) -> Impact {
    Impact {
        book: changed.book.clone(),
        now: changed.now.as_ref().map(|book| book.version),
        then: changed.then.clone(),
        against: now.title().to_owned(),
        added: changed.added,
        altered: changed.altered,
        removed: changed.removed,
        targets: changed.targets().count(),
        ..Impact::default()
    }
}

impl Impact {
    fn take(&mut self, differences: Vec<Difference>) {
        for difference in differences {
            let change = difference.change().0;
            let sum = self.sums.entry((difference.target.clone(), difference.system.clone())).or_default();
            if change > 0 {
                (sum.gained.0, sum.gaining) = (sum.gained.0 + change, sum.gaining + 1);
            } else {
                (sum.lost.0, sum.losing) = (sum.lost.0 - change, sum.losing + 1);
            }
            self.largest.push(difference);
        }
        if self.largest.len() > LARGEST {
            // Of changes of one size those come first that were met first: by target, then by account.
            self.largest.sort_by_key(|difference| std::cmp::Reverse(difference.change().0.abs()));
            self.largest.truncate(LARGEST);
        }
    }

    /// The largest changes in order.
    pub fn largest(&self) -> Vec<&Difference> {
        let mut largest: Vec<&Difference> = self.largest.iter().collect();
        largest.sort_by_key(|difference| std::cmp::Reverse(difference.change().0.abs()));
        largest
    }
}

/// Sums by credit system that differ.
fn differences(person: Account, target: &str, now: &Sums, then: &Sums) -> Vec<Difference> {
    let systems: BTreeSet<&String> = now.keys().chain(then.keys()).collect();
    let at = |sums: &Sums, system: &String| sums.get(system).copied().unwrap_or_default();
    let difference = |system: &String| Difference {
        person,
        target: target.to_owned(),
        system: system.clone(),
        now: at(now, system),
        then: at(then, system),
    };
    systems.into_iter().map(difference).filter(|difference| difference.now != difference.then).collect()
}
