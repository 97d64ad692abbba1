//! The rules of one target, indexed by what they ask for, and the limits on what they give.

use super::{Source, Target};
use crate::domain::credits::Credits;
use crate::domain::outcome::Kind;
use crate::domain::requirement::{Choice, Code, Filter};
use crate::domain::rule::{Cap, From, Rule, To, Worth};
use std::collections::{BTreeMap, HashMap, HashSet};

/// In place of an institution's code: all of them.
const ANY: &str = "*";

/// A category whose denial closes the whole institution.
const EVERY_CATEGORY: &str = "*";

/// A rule with what a decision names it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InBook {
    /// Registry id.
    pub id: i64,
    /// The book's name.
    pub book: String,
    /// `book/code, version n`.
    pub name: String,
    /// What it says.
    pub rule: Rule,
}

/// A limit on what a learner gets: a rule's own, or a cap of its book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// `book/name`, with `rule` before the id of a rule.
    pub name: String,
    /// Most credit.
    pub most: Credits,
    /// Kinds of learning that it counts; empty for all.
    pub kinds: Vec<Kind>,
}

impl Limit {
    /// Whether it counts what is given for that kind of learning.
    pub fn counts(&self, kind: Kind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }
}

/// What a learner has under limits already, by the limit's name.
pub type Used = BTreeMap<String, Credits>;

/// What a standing placement gives: it counts under the limits of the rule that placed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Name of the rule's book.
    pub book: String,
    /// The rule, as it was.
    pub rule: Rule,
    /// The setting of the learning that was placed.
    pub kind: Kind,
    /// What it is worth at the target.
    pub worth: Credits,
}

/// The rules of one target in the order of their books' names and of each book, with the books' caps.
#[derive(Debug, Default)]
pub struct RuleSet {
    rules: Vec<InBook>,
    target: Option<Target>,
    caps: Vec<(String, Cap)>,
    limits: Vec<Limit>,
    limit_names: HashSet<String>,
    by_id: HashMap<i64, usize>,
    /// Limits of each rule: its own, then its caps in the order of the book.
    limits_of: Vec<Vec<usize>>,
    by_system: HashMap<String, Vec<usize>>,
    /// By institution, then by outcome.
    by_outcome: HashMap<String, HashMap<String, Vec<usize>>>,
    /// Rules with a pattern of codes at that institution.
    by_institution: HashMap<String, Vec<usize>>,
    /// Rules with a pattern of institutions.
    anywhere: Vec<usize>,
}

impl RuleSet {
    /// Indexes the rules of a target, given in order, and the caps of their books.
    pub fn new(target: Target, rules: Vec<InBook>, caps: Vec<(String, Cap)>) -> RuleSet {
        let mut set = RuleSet { target: Some(target), caps, ..RuleSet::default() };
        let mut places: HashMap<usize, usize> = HashMap::new();
        for (at, in_book) in rules.iter().enumerate() {
            set.index(at, &in_book.rule);
            let limits = set.limits_for(in_book, &mut places);
            set.limits_of.push(limits);
            set.by_id.insert(in_book.id, at);
        }
        set.limit_names = set.limits.iter().map(|limit| limit.name.clone()).collect();
        set.rules = rules;
        set
    }

    fn index(&mut self, at: usize, rule: &Rule) {
        match &rule.from {
            From::System { system } => self.by_system.entry(system.clone()).or_default().push(at),
            From::Outcomes { institution, required } => {
                required.choices().for_each(|choice| self.index_choice(at, institution, choice));
            }
        }
    }

    fn index_choice(&mut self, at: usize, institution: &str, choice: &Choice) {
        let institution = match &choice.institution {
            None => (institution != ANY).then_some(institution),
            Some(Code::Exact(code)) => Some(code.as_str()),
            Some(Code::Pattern(_)) => None,
        };
        let list = match (institution, &choice.code) {
            (Some(institution), Code::Exact(code)) => {
                let outcomes = self.by_outcome.entry(institution.to_owned()).or_default();
                outcomes.entry(code.clone()).or_default()
            }
            (Some(institution), Code::Pattern(_)) => {
                self.by_institution.entry(institution.to_owned()).or_default()
            }
            (None, _) => &mut self.anywhere,
        };
        if list.last() != Some(&at) {
            list.push(at);
        }
    }

    /// The limits of a rule; those that are met for the first time are added.
    fn limits_for(&mut self, in_book: &InBook, places: &mut HashMap<usize, usize>) -> Vec<usize> {
        let mut limits = Vec::new();
        let InBook { book, rule, .. } = in_book;
        if let Some(most) = rule.most {
            limits.push(self.limits.len());
            self.limits.push(Limit { name: own_limit(book, rule), most, kinds: Vec::new() });
        }
        for (at, (of, cap)) in self.caps.iter().enumerate() {
            if of != book || !counts(cap, rule) {
                continue;
            }
            let place = *places.entry(at).or_insert_with(|| {
                let name = format!("{of}/{}", cap.name);
                self.limits.push(Limit { name, most: cap.credits, kinds: cap.kinds.clone() });
                self.limits.len() - 1
            });
            limits.push(place);
        }
        limits
    }

    /// Where its rules place lots.
    pub fn target(&self) -> &Target {
        const NOWHERE: &Target = &Target::System(String::new());
        self.target.as_ref().unwrap_or(NOWHERE)
    }

    /// A rule.
    pub fn rule(&self, at: usize) -> &Rule {
        &self.rules[at].rule
    }

    /// A rule with what a decision names it by.
    pub fn in_book(&self, at: usize) -> &InBook {
        &self.rules[at]
    }

    /// Position of the rule with that registry id.
    pub fn position(&self, id: i64) -> Option<usize> {
        self.by_id.get(&id).copied()
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether any rule has a limit.
    pub fn has_limits(&self) -> bool {
        !self.limits.is_empty()
    }

    /// A limit.
    pub(super) fn limit(&self, at: usize) -> &Limit {
        &self.limits[at]
    }

    /// The limits of a rule.
    pub(super) fn limits_of(&self, rule: usize) -> &[usize] {
        &self.limits_of[rule]
    }

    /// What standing placements give under the limits.
    pub fn used(&self, standing: &[Standing]) -> Used {
        let mut used = Used::new();
        for Standing { book, rule, kind, worth } in standing {
            let mut add = |name: String| used.entry(name).or_default().0 += worth.0;
            add(own_limit(book, rule));
            let caps = self.caps.iter().filter(|(of, cap)| of == book && counts(cap, rule));
            for (of, cap) in caps.filter(|(_, cap)| cap.kinds.is_empty() || cap.kinds.contains(kind)) {
                add(format!("{of}/{}", cap.name));
            }
        }
        used.retain(|name, _| self.limit_names.contains(name));
        used
    }

    /// Whether any rule speaks of a lot.
    pub fn speaks_of(&self, source: &Source) -> bool {
        !self.speaking_of(source).is_empty()
    }

    /// The rules that speak of a lot, in order.
    pub(super) fn speaking_of(&self, source: &Source) -> Vec<usize> {
        let mut found: Vec<usize> = self.by_system.get(&source.system).cloned().unwrap_or_default();
        if let Some(outcomes) = self.by_outcome.get(&source.institution) {
            found.extend(outcomes.get(&source.outcome).into_iter().flatten());
        }
        let patterns = self.by_institution.get(&source.institution).into_iter().flatten();
        found.extend(patterns.chain(&self.anywhere).filter(|at| speaks_of(self.rule(**at), source)));
        found.sort_unstable();
        found.dedup();
        found.retain(|at| speaks_of(self.rule(*at), source));
        found
    }
}

/// How a rule's own limit is named.
fn own_limit(book: &str, rule: &Rule) -> String {
    format!("{book}/rule {}", rule.id)
}

/// Whether a cap counts what a rule of its book gives: the rule names it, or it is a cap on everything of some
/// kinds or at a target.
pub fn counts(cap: &Cap, rule: &Rule) -> bool {
    let everything = !cap.kinds.is_empty() || cap.target.is_some();
    let target = match &rule.to {
        To::System { system } => system,
        To::Outcomes { institution, .. } | To::Category { institution, .. } => institution,
    };
    let at_target = cap.target.as_ref().is_none_or(|wanted| wanted == target);
    cap.system == rule.system && (rule.caps.contains(&cap.name) || (everything && at_target))
}

fn speaks_of(rule: &Rule, source: &Source) -> bool {
    match &rule.from {
        From::System { system } => *system == source.system,
        From::Outcomes { institution, required } => {
            required.choices().any(|choice| fits(choice, institution, source))
        }
    }
}

/// Whether a lot is of the outcomes that a choice means.
pub(super) fn fits(choice: &Choice, institution: &str, source: &Source) -> bool {
    let at = match &choice.institution {
        None => institution == ANY || institution == source.institution,
        Some(code) => code.fits(&source.institution),
    };
    at && choice.code.fits(&source.outcome) && choice.filters.iter().all(|filter| holds(filter, source))
}

fn holds(filter: &Filter, source: &Source) -> bool {
    match filter {
        Filter::Kind(kind) => source.kind == *kind,
        Filter::Field(field) => source.field.as_ref().is_some_and(|own| own.starts_with(field.as_str())),
        Filter::Level(framework, level) => {
            source.level.as_ref().is_some_and(|(own, has)| own == framework && has == level)
        }
    }
}

/// Whether a denial closes what a rule would give: all outcomes that it names, its category, or its system. A
/// denial of the category `*` closes the institution.
pub(super) fn closes(denial: &Rule, rule: &Rule) -> bool {
    match (&denial.to, &rule.to) {
        (To::System { system }, To::System { system: other }) => system == other,
        (To::Category { category, .. }, _) if category == EVERY_CATEGORY => true,
        (To::Category { category, .. }, To::Category { category: other, .. }) => category == other,
        (To::Outcomes { received, .. }, To::Outcomes { received: others, .. }) => {
            let given = |code: &str| others.0.iter().any(|item| item.outcome == code);
            received.0.iter().all(|item| given(&item.outcome))
        }
        _ => false,
    }
}

/// Whether a rule says that something does not convert.
pub(super) fn denies(rule: &Rule) -> bool {
    matches!(rule.worth, Worth::Denied { .. })
}
