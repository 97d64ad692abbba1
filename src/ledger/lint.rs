//! Checks of rule books: what is dead, doubled, contradicted, out of reach or worth nothing, told by named checks.
//!
//! Rules are read once, in their order, and of each some forty bytes are kept: numbers of what it takes, of what
//! it gives and of its conditions, each of which is kept once. What the catalogue says is asked once of each
//! source and target. At the end the records are sorted by receiver and outcome, and only those that stand
//! together then are compared.

mod alone;
mod catalogue;
mod check;
mod conditions;
mod cover;
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

use crate::domain::credits::Credits;
use crate::domain::rule::{Cap, Worth};
use crate::ledger::convert::Orders;
use alone::Alone;
use conditions::Conditions;
use jiff::civil::Date;
use pairs::Pair;
use record::{Gives, Limits, Pool, Record};
use rounds::{Edge, Rounds};
use said::Said;
use sides::Sides;
use std::collections::HashMap;
use tiers::Tier;

/// Rules after a rule in its group that it is compared with; groups are rarely larger than ten.
const WINDOW: usize = 1_000;

/// Comparisons of rules that name patterns with all others of their receiver.
const PATTERN_BUDGET: usize = 20_000_000;

/// In place of the other rule, where there is none.
const NOBODY: u32 = u32::MAX;

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding<'l> {
    /// The book.
    pub book: &'l str,
    /// The rule's id, or `cap` and the cap's name.
    pub rule: String,
    /// Which check.
    pub check: Check,
    /// What, with values.
    pub what: &'l str,
    /// Book and id of the other rule, where there are two.
    pub other: Option<(&'l str, &'l str)>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    /// Rules first, in their order, then caps.
    is_cap: bool,
    subject: u32,
    check: Check,
    other: u32,
    what: Box<str>,
}

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

/// What was found in all books.
#[derive(Debug)]
pub struct Lint {
    books: Vec<String>,
    caps: Vec<(u16, String)>,
    codes: String,
    /// Book and end of the id of each rule.
    ends: Vec<(u16, u32)>,
    found: Vec<Found>,
    /// Groups of rules too large to compare every rule with every other.
    pub large_groups: u64,
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

    fn pair(&self, one: u32, other: u32) -> Option<(u32, Check, u32)> {
        let places = [one.min(other), one.max(other)];
        let records = places.map(|at| &self.records[at as usize]);
        let pair = Pair {
            records,
            sources: records.map(|record| &self.sides.sources[record.source as usize]),
            targets: records.map(|record| &self.sides.targets[record.target as usize]),
            conditions: records.map(|record| self.conditions.get(record.conditions)),
            gives: records.map(|record| &self.gives[record.gives as usize]),
            limits: records.map(|record| self.limits.get(record.limits)),
        };
        let (about, check) = pair.judge()?;
        Some((places[about], check, places[1 - about]))
    }

    /// Compares the rules that speak of the same; how many groups were too large.
    fn compare(&mut self) -> u64 {
        let mut places = std::mem::take(&mut self.places);
        places.sort_unstable();
        let mut pairs = Vec::new();
        let mut large = 0;
        for group in places.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
            large += u64::from(group.len() > WINDOW);
            for (at, (_, _, one)) in group.iter().enumerate() {
                let others = group[at + 1..].iter().take(WINDOW);
                pairs.extend(others.filter_map(|(_, _, other)| self.pair(*one, *other)));
            }
        }
        large += u64::from(!self.compare_patterns(&mut pairs));
        for (rule, check, other) in pairs {
            let what = self.shown(check, rule, other);
            self.add(rule, check, other, what);
        }
        large
    }

    /// Compares rules with patterns with all others of their receiver; false where there are too many.
    fn compare_patterns(&self, pairs: &mut Vec<(u32, Check, u32)>) -> bool {
        let mut by_receiver: HashMap<u32, Vec<u32>> = HashMap::new();
        for at in &self.vague {
            by_receiver.entry(self.records[*at as usize].receiver).or_default().push(*at);
        }
        let mut budget = PATTERN_BUDGET;
        for (at, record) in self.records.iter().enumerate() {
            let Some(vague) = by_receiver.get(&record.receiver) else { continue };
            let others = vague.iter().filter(|other| **other != at as u32);
            for other in others {
                // Two rules with patterns meet once.
                let twice = *other < at as u32 && self.sides.sources[record.source as usize].vague;
                if twice || !record.stands {
                    continue;
                }
                budget = budget.saturating_sub(1);
                if budget == 0 {
                    return false;
                }
                pairs.extend(self.pair(at as u32, *other));
            }
        }
        true
    }

    /// What two rules are to each other, in words.
    fn shown(&self, check: Check, rule: u32, other: u32) -> String {
        let [one, two] = [rule, other].map(|at| &self.records[at as usize]);
        let amount = |record: &Record| {
            let gives = &self.gives[record.gives as usize];
            match &gives.worth {
                Worth::Denied { reason } => format!("denied ({reason})"),
                Worth::Ratio(ratio) => format!("× {ratio} {}", gives.system),
                Worth::Original => format!("as it is, {}", gives.system),
                Worth::Credits(fixed) | Worth::Range { chosen: fixed, .. } => {
                    format!("{fixed} {}", gives.system)
                }
            }
        };
        match check {
            Check::Shadowed if two.denies => format!("priority {} denies it all", two.priority),
            Check::Shadowed if two.priority < one.priority => {
                format!("priority {} comes before {} and takes the same", two.priority, one.priority)
            }
            Check::Shadowed => format!("it gives {}, the other {} for no more", amount(one), amount(two)),
            Check::Duplicate => format!("both say {}", amount(one)),
            Check::Contradiction => format!("here {}, there {}", amount(one), amount(two)),
            _ => format!("here {}, there {}, and some achievement meets both", amount(one), amount(two)),
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

    /// Whether two rules are in force on some day together.
    fn together(&self, one: u32, other: u32) -> bool {
        let valid = |at: u32| self.conditions.get(self.records[at as usize].conditions).valid;
        let ((from, to), (other_from, other_to)) = (valid(one), valid(other));
        let begins =
            |from: Option<Date>, to: Option<Date>| from.is_none_or(|from| to.is_none_or(|to| from <= to));
        begins(from, other_to) && begins(other_from, to)
    }

    fn idle_caps(&self) -> Vec<Found> {
        let idle = |(at, used): (usize, &CapUse)| {
            let bound = used.bound.filter(|bound| used.cap.credits >= *bound)?;
            let CapUse { cap, .. } = used;
            let what = match bound {
                Credits::ZERO => format!("it lets {} {} through and counts no rule", cap.credits, cap.system),
                _ => format!(
                    "it lets {} {} through, and never more than {bound} can result",
                    cap.credits, cap.system
                ),
            };
            let (subject, check) = (at as u32, Check::CapNeverBinds);
            Some(Found { is_cap: true, subject, check, other: NOBODY, what: what.into() })
        };
        self.caps.iter().enumerate().filter_map(idle).collect()
    }
}

impl Lint {
    /// How many rules were read.
    pub fn rules(&self) -> usize {
        self.ends.len()
    }

    /// How many findings a check has.
    pub fn count(&self, check: Check) -> u64 {
        self.found.iter().filter(|found| found.check == check).count() as u64
    }

    /// Findings of a severity and above, by book, rule and check; those about caps at the end.
    pub fn findings(&self, least: Severity) -> impl Iterator<Item = Finding<'_>> {
        self.found
            .iter()
            .filter(move |found| found.check.severity() >= least)
            .map(|found| self.finding(found))
    }

    fn finding<'l>(&'l self, found: &'l Found) -> Finding<'l> {
        let at = found.subject as usize;
        let (book, rule) = match found.is_cap {
            true => (self.books[self.caps[at].0 as usize].as_str(), format!("cap {}", self.caps[at].1)),
            false => {
                let (book, code) = self.name(found.subject);
                (book, code.to_owned())
            }
        };
        let other = (found.other != NOBODY).then(|| self.name(found.other));
        Finding { book, rule, check: found.check, what: &found.what, other }
    }

    /// Book and id of a rule.
    fn name(&self, rule: u32) -> (&str, &str) {
        let at = rule as usize;
        let begin = at.checked_sub(1).map_or(0, |before| self.ends[before].1);
        let (book, end) = self.ends[at];
        (&self.books[book as usize], &self.codes[begin as usize..end as usize])
    }
}
