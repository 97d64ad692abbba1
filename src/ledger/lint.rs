//! Checks of rule books: what is dead, doubled, contradicted, out of reach or worth nothing, told by named checks.
//!
//! Rules are read once, in their order, and of each some forty bytes are kept: numbers of what it takes, of what
//! it gives and of its conditions, each of which is kept once. What the catalogue says is asked once of each
//! source and target. At the end the records are sorted by receiver and outcome, and only those that stand
//! together then are compared.

mod alone;
mod catalogue;
mod check;
mod compare;
mod conditions;
mod cover;
mod credit;
mod found;
mod pairs;
mod record;
mod rounds;
mod said;
mod sides;
mod tiers;

#[cfg(test)]
mod tests;

pub use catalogue::{Catalogue, Known, Version};
pub use check::{Check, Severity};
pub use found::{Finding, Lint};

use crate::domain::credits::Credits;
use crate::domain::rule::Cap;
use crate::ledger::convert::Orders;
use alone::Alone;
use conditions::Conditions;
use found::{Found, NOBODY};
use jiff::civil::Date;
use record::{Gives, Limits, Pool, Record};
use rounds::{Edge, Rounds};
use said::Said;
use sides::Sides;
use std::collections::HashMap;
use tiers::Tier;

struct CapUse {
    book: u16,
    cap: Cap,
    /// What the rules that it counts can give; nothing where that is not known.
    bound: Option<Credits>,
}

/// Reads rules and keeps what is needed to compare them.
pub struct Linter<'c, O> {
    catalogue: &'c Catalogue,
    orders: &'c O,
    day: Date,
    books: Vec<String>,
    caps: Vec<CapUse>,
    /// Caps of the book being read, by name.
    named_caps: HashMap<String, u32>,
    /// Those of them that count all of some kinds or at a target.
    wide_caps: Vec<u32>,
    codes: String,
    records: Vec<Record>,
    sides: Sides,
    conditions: Pool<Conditions>,
    gives: Vec<Gives>,
    gives_names: HashMap<String, u32>,
    limits: Pool<Limits>,
    /// Receiver, name and rule, to find rules that speak of the same.
    places: Vec<(u32, u32, u32)>,
    /// Rules that speak of outcomes by patterns.
    vague: Vec<u32>,
    tiers: Vec<Tier>,
    outcome_edges: Vec<Edge>,
    system_edges: Vec<Edge>,
    systems: Vec<String>,
    found: Vec<Found>,
}

impl<'c, O: Orders> Linter<'c, O> {
    /// Begins, to look at rules as of a day.
    pub fn new(catalogue: &'c Catalogue, orders: &'c O, day: Date) -> Linter<'c, O> {
        Linter {
            catalogue,
            orders,
            day,
            books: Vec::new(),
            caps: Vec::new(),
            named_caps: HashMap::new(),
            wide_caps: Vec::new(),
            codes: String::new(),
            records: Vec::new(),
            sides: Sides::default(),
            conditions: Pool::default(),
            gives: Vec::new(),
            gives_names: HashMap::new(),
            limits: Pool::default(),
            places: Vec::new(),
            vague: Vec::new(),
            tiers: Vec::new(),
            outcome_edges: Vec::new(),
            system_edges: Vec::new(),
            systems: Vec::new(),
            found: Vec::new(),
        }
    }

    /// The rules that follow are of this book, which has these caps.
    pub fn begin(&mut self, book: &str, caps: Vec<Cap>) {
        let place = self.books.len() as u16;
        self.books.push(book.to_owned());
        self.named_caps.clear();
        self.wide_caps.clear();
        for (cap, at) in caps.into_iter().zip(self.caps.len() as u32..) {
            if !cap.kinds.is_empty() || cap.target.is_some() {
                self.wide_caps.push(at);
            }
            self.named_caps.insert(cap.name.clone(), at);
            self.caps.push(CapUse { book: place, cap, bound: Some(Credits::ZERO) });
        }
    }

    /// Takes the next rule, as its JSON text.
    ///
    /// # Errors
    /// Says why the text is none.
    pub fn rule(&mut self, text: &str) -> Result<(), String> {
        let said: Said = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let at = self.records.len() as u32;
        let source = self.sides.source(&said.from, self.catalogue)?;
        let target = self.sides.target(&said.to, self.catalogue)?;
        let is_over = said.valid_to.is_some_and(|last| last < self.day);
        if let Some(last) = said.valid_to.filter(|_| is_over) {
            self.add(at, Check::Expired, NOBODY, format!("it was valid until {last}"));
        } else {
            self.alone(&said, at, source, target);
        }
        self.codes.push_str(said.id.as_ref());
        let conditions = self.conditions.number(Conditions::of(&said, self.orders));
        let caps = self.caps_of(&said, target);
        let record = Record {
            code_end: self.codes.len() as u32,
            book: (self.books.len() as u16).saturating_sub(1),
            priority: said.priority,
            source,
            target,
            receiver: self.sides.targets[target as usize].receiver,
            conditions,
            gives: self.gives_number(&said),
            limits: self.limits.number(Limits { most: said.most, caps }),
            denies: said.denies(),
            stands: !is_over && !said.waits(),
        };
        if record.stands {
            self.place(at, &record);
        }
        self.records.push(record);
        Ok(())
    }

    fn add(&mut self, rule: u32, check: Check, other: u32, what: String) {
        self.found.push(Found { is_cap: false, subject: rule, check, other, what: what.into() });
    }

    /// What the rule shows by itself, and what it gives under caps.
    fn alone(&mut self, said: &Said, at: u32, source: u32, target: u32) {
        let alone = Alone {
            rule: said,
            source: &self.sides.sources[source as usize],
            target: &self.sides.targets[target as usize],
            catalogue: self.catalogue,
            orders: self.orders,
            day: self.day,
        };
        let found = &mut self.found;
        let mut add = |check, what: String| {
            found.push(Found { is_cap: false, subject: at, check, other: NOBODY, what: what.into() });
        };
        alone.check(&mut add);
        if let Some(what) = alone.idle_limit() {
            add(Check::CapNeverBinds, what);
        }
        let caps = self.caps_of(said, target);
        if said.denies() || caps.is_empty() {
            return;
        }
        let bound = alone.bound();
        for at in caps {
            let used = &mut self.caps[at as usize].bound;
            *used = used.and_then(|sum| sum.checked_add(bound?));
        }
    }

    /// The caps of the book that count what a rule gives, ascending.
    fn caps_of(&self, said: &Said, target: u32) -> Vec<u32> {
        let target = &self.sides.targets[target as usize];
        let code = target.system.as_ref().unwrap_or(&target.institution);
        let named = said.caps.iter().filter_map(|name| self.named_caps.get(name.as_ref()));
        let at_target =
            |at: &&u32| self.caps[**at as usize].cap.target.as_ref().is_none_or(|wanted| wanted == code);
        let wide = self.wide_caps.iter().filter(at_target);
        let of_system = |at: &u32| self.caps[*at as usize].cap.system == said.system.as_ref();
        let mut caps: Vec<u32> = named.chain(wide).copied().filter(of_system).collect();
        caps.sort_unstable();
        caps.dedup();
        caps
    }

    fn gives_number(&mut self, said: &Said) -> u32 {
        let name = format!("{:?} {} {:?} {}", said.worth, said.system.0, said.rounding, said.step.0);
        if let Some(known) = self.gives_names.get(&name) {
            return *known;
        }
        let number = self.gives.len() as u32;
        let system = said.system.0.to_string();
        self.gives.push(Gives {
            worth: said.worth.clone(),
            system,
            rounding: said.rounding,
            step: said.step,
        });
        self.gives_names.insert(name, number);
        number
    }

    /// Puts a rule where others find it.
    fn place(&mut self, at: u32, record: &Record) {
        let source = &self.sides.sources[record.source as usize];
        let target = &self.sides.targets[record.target as usize];
        self.places.extend(source.keys.iter().map(|key| (record.receiver, *key, at)));
        if source.vague {
            self.vague.push(at);
        }
        let conditions = self.conditions.get(record.conditions);
        let (min, max) = conditions.score;
        if min.is_some() || max.is_some() {
            let unscored = conditions.of_any_score();
            let family = (record.receiver, record.source, self.conditions.number(unscored));
            let (priority, denies) = (record.priority, record.denies);
            self.tiers.push(Tier { family, min, max, rule: at, priority, denies });
        }
        if record.denies {
            return;
        }
        if let (Some(from), Some(to)) = (source.single(), target.single()) {
            if from != to {
                self.outcome_edges.push(Edge { from, to, rule: at });
            }
        } else if let (Some(from), Some(to)) = (&source.system, &target.system) {
            let [from, to] =
                [from, to].map(|code| match self.systems.iter().position(|known| known == code) {
                    Some(place) => place as u32,
                    None => {
                        self.systems.push(code.clone());
                        self.systems.len() as u32 - 1
                    }
                });
            self.system_edges.push(Edge { from, to, rule: at });
        }
    }

    /// Compares all rules with each other and says what was found.
    pub fn finish(mut self) -> Lint {
        let large_groups = self.compare();
        let mut more = Vec::new();
        let mut found = |rule, check, other, what: String| {
            more.push(Found { is_cap: false, subject: rule, check, other, what: what.into() });
        };
        let mut tiers = std::mem::take(&mut self.tiers);
        tiers::check(&mut tiers, &mut found);
        let mut edges = std::mem::take(&mut self.outcome_edges);
        let together = |one: u32, other: u32| self.together(one, other);
        let rounds = Rounds {
            records: &self.records,
            gives: &self.gives,
            together: &together,
            catalogue: self.catalogue,
        };
        rounds.outcomes(&mut edges, &mut found);
        rounds.systems(&self.system_edges, &self.systems, &mut found);
        more.extend(self.idle_caps());
        self.found.append(&mut more);
        // One finding of each check about a rule.
        self.found.sort_unstable();
        self.found.dedup_by_key(|found| (found.is_cap, found.subject, found.check));
        Lint {
            books: self.books,
            caps: self.caps.into_iter().map(|used| (used.book, used.cap.name)).collect(),
            codes: self.codes,
            ends: self.records.iter().map(|record| (record.book, record.code_end)).collect(),
            found: self.found,
            large_groups,
        }
    }
}
