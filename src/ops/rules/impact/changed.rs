//! Which rules differ between the version of a book that counts and another one, by target.

use super::super::references::References;
use super::super::write::resolved;
use super::super::{BankOrders, caps_of, rules_of};
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::Book;
use crate::domain::rule::{Cap, Rule, To};
use crate::intake::rulebook::{BookFile, Collector};
use crate::ledger::convert::{InBook, RuleSet, Target, counts};
use crate::ops::rules::release::Edition;
use crate::store::Read;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};

/// What changes at one target.
#[derive(Debug, Default)]
pub struct AtTarget {
    /// Rules of the other version that are new or say something else, with their places in it.
    pub new: Vec<(usize, Rule)>,
    /// Rules of the version that counts that are gone or said something else.
    pub old: Vec<Rule>,
}

/// What changes between two versions of a book.
#[derive(Debug)]
pub struct Changed {
    /// The book's name.
    pub book: String,
    /// The version that counts.
    pub now: Option<Book>,
    /// The other version, in words.
    pub then: String,
    /// How many rules are new.
    pub added: usize,
    /// How many say something else.
    pub altered: usize,
    /// How many are gone.
    pub removed: usize,
    by_target: BTreeMap<Target, AtTarget>,
    /// The other version's caps.
    caps: Vec<Cap>,
    /// Places of the other version's rules, by id.
    places: HashMap<String, usize>,
    hasher: RandomState,
    /// Digests of the rules that count, by id; those that the other version has as well are taken out.
    known: HashMap<String, u64>,
    /// Caps that differ.
    other_caps: Vec<Cap>,
}

/// The rules of a target by which learners' credit is compared.
#[derive(Debug)]
pub struct Sets {
    /// Where to.
    pub target: Target,
    /// Those that count.
    pub now: RuleSet,
    /// Those in question.
    pub then: RuleSet,
    /// The rules that differ: whoever has nothing that they speak of is not concerned.
    pub differing: RuleSet,
}

fn read_rule(text: &str) -> Result<Rule> {
    serde_json::from_str(text).map_err(|error| {
        Fault::new("S912", format!("a conversion rule cannot be read: {error}"))
            .remedy("run `creditbank verify` to see what was changed")
    })
}

fn target_of(rule: &Rule) -> Target {
    match &rule.to {
        To::System { system } => Target::System(system.clone()),
        To::Outcomes { institution, .. } | To::Category { institution, .. } => {
            Target::Institution(institution.clone())
        }
    }
}

impl Changed {
    fn begin(
        read: &dyn Read,
        edition: &Edition,
        book: &str,
        then: String,
        caps: Vec<Cap>,
    ) -> Result<Changed> {
        let now = edition.books.iter().find(|known| known.name == book).cloned();
        let own: Vec<Book> = now.iter().cloned().collect();
        let old_caps: Vec<Cap> = caps_of(read, &own)?.into_iter().map(|(_, cap)| cap).collect();
        let differs = |cap: &&Cap, others: &[Cap]| !others.contains(*cap);
        let gone = old_caps.iter().filter(|cap| differs(cap, &caps));
        let other_caps = gone.chain(caps.iter().filter(|cap| differs(cap, &old_caps))).cloned().collect();
        let mut changed = Changed {
            book: book.to_owned(),
            then,
            added: 0,
            altered: 0,
            removed: 0,
            by_target: BTreeMap::new(),
            caps,
            places: HashMap::new(),
            hasher: RandomState::new(),
            known: HashMap::new(),
            other_caps,
            now,
        };
        if let Some(book) = &changed.now {
            read.rule_texts(book.id, &mut |text| {
                let rule = read_rule(text)?;
                let digest = changed.hasher.hash_one(text);
                changed.known.insert(rule.id, digest);
                Ok(())
            })?;
        }
        Ok(changed)
    }

    fn is_capped_otherwise(&self, rule: &Rule) -> bool {
        self.other_caps.iter().any(|cap| counts(cap, rule))
    }

    /// Takes a rule of the other version, with its text.
    fn take(&mut self, rule: Rule, text: &str) {
        let place = self.places.len();
        self.places.insert(rule.id.clone(), place);
        let digest = self.hasher.hash_one(text);
        match self.known.get(&rule.id) {
            Some(known) if *known == digest && !self.is_capped_otherwise(&rule) => {
                self.known.remove(&rule.id);
                return;
            }
            Some(_) => self.altered += 1,
            None => self.added += 1,
        }
        self.by_target.entry(target_of(&rule)).or_default().new.push((place, rule));
    }

    /// What is left of the version that counts is gone or said something else.
    fn finish(mut self, read: &dyn Read) -> Result<Changed> {
        if let Some(book) = self.now.clone().filter(|_| !self.known.is_empty()) {
            read.rule_texts(book.id, &mut |text| {
                let rule = read_rule(text)?;
                if self.known.contains_key(&rule.id) {
                    self.removed += usize::from(!self.places.contains_key(&rule.id));
                    self.by_target.entry(target_of(&rule)).or_default().old.push(rule);
                }
                Ok(())
            })?;
        }
        Ok(self)
    }

    /// What a file changes, checked like a load of it. Scales that it introduces are added to the orders.
    ///
    /// # Errors
    /// `R100` with every fault of the book's references; where the ledger or the file cannot be read.
    pub fn of_file(
        read: &dyn Read,
        edition: &Edition,
        file: &BookFile,
        orders: &mut BankOrders,
    ) -> Result<Changed> {
        let references = References::load(read, file)?;
        let mut faults = Collector::default();
        for scale in references.head(file, &mut faults)? {
            orders.add(scale)?;
        }
        let caps = file.caps.iter().map(|cap| cap.value.clone()).collect();
        let mut changed = Changed::begin(read, edition, &file.book, file.file.clone(), caps)?;
        let mut failed = None;
        file.each(&mut |rule| {
            references.check(file, rule, &mut faults);
            if !faults.is_empty() {
                return true;
            }
            match resolved(&references, &rule.value) {
                Ok((rule, text)) => changed.take(rule, &text),
                Err(fault) => failed = Some(fault),
            }
            failed.is_none()
        })?;
        if let Some(fault) = failed {
            return Err(fault);
        }
        faults.finish(&file.file)?;
        changed.finish(read)
    }

    /// What a loaded version changes.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn of_version(read: &dyn Read, edition: &Edition, book: &Book) -> Result<Changed> {
        let own = std::slice::from_ref(book);
        let caps = caps_of(read, own)?.into_iter().map(|(_, cap)| cap).collect();
        let then = format!("version {}", book.version);
        let mut changed = Changed::begin(read, edition, &book.name, then, caps)?;
        read.rule_texts(book.id, &mut |text| {
            changed.take(read_rule(text)?, text);
            Ok(())
        })?;
        changed.finish(read)
    }

    /// The targets at which rules differ, in order.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.by_target.keys()
    }

    /// The rules that differ at each target, of both versions.
    pub fn differing(&self) -> impl Iterator<Item = impl Iterator<Item = &Rule>> {
        self.by_target.values().map(|at| at.new.iter().map(|(_, rule)| rule).chain(&at.old))
    }

    /// The rules of a target, those that count and those in question.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn sets(&self, read: &dyn Read, edition: &Edition, target: &Target) -> Result<Sets> {
        let nothing = AtTarget::default();
        let at = self.by_target.get(target).unwrap_or(&nothing);
        let now = rules_of(read, &edition.books, target)?;
        let now_caps = caps_of(read, &edition.books)?;
        let stays = |rule: &&InBook| rule.book != self.book || !self.known.contains_key(&rule.rule.id);
        let mut then: Vec<InBook> = now.iter().filter(stays).cloned().collect();
        then.extend(at.new.iter().map(|(place, rule)| self.in_book(*place, rule)));
        let place = |rule: &InBook| match rule.book == self.book {
            true => self.places.get(&rule.rule.id).map_or(0, |place| *place as i64),
            false => rule.id,
        };
        then.sort_by(|one, other| one.book.cmp(&other.book).then(place(one).cmp(&place(other))));
        let others = now_caps.iter().filter(|(book, _)| *book != self.book).cloned();
        let mut then_caps: Vec<(String, Cap)> = others.collect();
        then_caps.extend(self.caps.iter().map(|cap| (self.book.clone(), cap.clone())));
        let differing = at.new.iter().map(|(_, rule)| rule).chain(&at.old);
        let differing = differing.enumerate().map(|(place, rule)| self.in_book(place, rule)).collect();
        Ok(Sets {
            target: target.clone(),
            now: RuleSet::new(target.clone(), now, now_caps),
            then: RuleSet::new(target.clone(), then, then_caps),
            differing: RuleSet::new(target.clone(), differing, Vec::new()),
        })
    }

    /// A rule that is not loaded, or is not looked up: it has no number of the registry, so it gets one that none has.
    fn in_book(&self, place: usize, rule: &Rule) -> InBook {
        let name = format!("{}/{}, {}", self.book, rule.id, self.then);
        InBook { id: -1 - place as i64, book: self.book.clone(), name, rule: rule.clone() }
    }
}
