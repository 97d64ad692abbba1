//! From lots and rules to a plan: what each rule says of each lot, which applications there are, which of them
//! exclude each other, and what the best choice posts.

use super::arithmetic::{self, Counted};
use super::choosing::{Candidate, Problem, Room};
use super::judging::{Answer, judge, not_in_force};
use super::matching::Fitting;
use super::rules::{closes, denies, fits};
use super::{
    Act, Choice, CutBy, Orders, PASSED_OVER, PassedOver, Plan, RuleSet, Source, Taken, Target, Used,
};
use crate::domain::credits::Credits;
use crate::domain::rule::{From, Rule, Worth};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Plans the conversion of one learner's lots under the rules of a target, on a day.
///
/// `used` is what the learner has under the rules' limits already.
pub fn plan(sources: &[Source], set: &RuleSet, used: &Used, day: Date, orders: &impl Orders) -> Plan {
    let mut planner = Planner::hear(sources, set, day, orders);
    planner.match_rules();
    planner.choose(used)
}

/// What a denial, or a rule that waits for a day, keeps a lot from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bar {
    /// The rule.
    pub rule: usize,
    /// Whether it waits for a day.
    pub undecided: bool,
}

/// An application of a rule, by positions of sources.
#[derive(Debug, Clone)]
pub(super) struct Application {
    /// The rule.
    pub rule: usize,
    /// The lots, ascending.
    pub lots: Vec<usize>,
    /// What it is worth without a limit; of a pool, what the lot is worth alone.
    pub worth: i64,
    /// Whether the lots of all applications of the rule are one act.
    pub pooled: bool,
}

/// A plan in the making.
pub(super) struct Planner<'s> {
    /// The lots.
    pub sources: &'s [Source],
    /// The rules.
    pub set: &'s RuleSet,
    /// What every rule that speaks of a lot says of it, by source and in order of rules.
    pub spoken: Vec<Vec<(usize, Answer)>>,
    /// What keeps each lot from rules.
    pub bars: Vec<Vec<Bar>>,
    /// Applications by priority, rule and lots.
    pub applications: Vec<Application>,
    /// Rules of which not every application was looked at.
    unfinished: BTreeSet<usize>,
    /// Lots that are chosen for together.
    together: Together,
}

/// The lots that a rule accepts, and those for which it waits for a day.
#[derive(Debug, Clone, Default)]
struct Heard {
    accepted: Vec<usize>,
    undecided: Vec<usize>,
}

impl<'s> Planner<'s> {
    /// Asks the rules about every lot.
    fn hear(sources: &'s [Source], set: &'s RuleSet, day: Date, orders: &impl Orders) -> Planner<'s> {
        let answer = |rule: usize, source: &Source| {
            let rule = set.rule(rule);
            match not_in_force(rule, day) {
                Some(reason) => Answer::Refuses(reason),
                None => judge(rule, source, day, orders),
            }
        };
        let heard = |source: &Source| -> Vec<(usize, Answer)> {
            if source.held <= Credits::ZERO {
                return Vec::new();
            }
            set.speaking_of(source).into_iter().map(|rule| (rule, answer(rule, source))).collect()
        };
        Planner {
            sources,
            set,
            spoken: sources.iter().map(heard).collect(),
            bars: vec![Vec::new(); sources.len()],
            applications: Vec::new(),
            unfinished: BTreeSet::new(),
            together: Together((0..sources.len()).collect()),
        }
    }

    /// Finds what each rule can be applied to.
    fn match_rules(&mut self) {
        let mut heard: BTreeMap<usize, Heard> = BTreeMap::new();
        for (lot, answers) in self.spoken.iter().enumerate() {
            for (rule, answer) in answers {
                match answer {
                    Answer::Accepts => heard.entry(*rule).or_default().accepted.push(lot),
                    Answer::Undecided(_) => heard.entry(*rule).or_default().undecided.push(lot),
                    Answer::Refuses(_) => {}
                }
            }
        }
        for (rule, heard) in &heard {
            self.add_bars(*rule, heard);
        }
        for (rule, heard) in heard {
            if !denies(self.set.rule(rule)) {
                let open = |lot: &usize| self.barring(*lot, rule).is_none();
                let open: Vec<usize> = heard.accepted.into_iter().filter(open).collect();
                self.apply(rule, &open);
            }
        }
        let set = self.set;
        self.applications.sort_by(|one, other| {
            let key = |it: &Application| (set.rule(it.rule).priority, it.rule);
            key(one).cmp(&key(other)).then_with(|| one.lots.cmp(&other.lots))
        });
    }

    fn add_bars(&mut self, rule: usize, heard: &Heard) {
        let said = self.set.rule(rule);
        let mut bar = |lot: usize, undecided: bool| self.bars[lot].push(Bar { rule, undecided });
        let From::Outcomes { institution, required } = &said.from else {
            heard.undecided.iter().for_each(|lot| bar(*lot, true));
            if denies(said) {
                heard.accepted.iter().for_each(|lot| bar(*lot, false));
            }
            return;
        };
        let mut possible: Vec<usize> = heard.accepted.iter().chain(&heard.undecided).copied().collect();
        possible.sort_unstable();
        let completes = |lots: &[usize], lot: usize| {
            required.0.iter().any(|alternative| {
                let fits = |term: usize, lot: usize| {
                    let source = &self.sources[lot];
                    alternative.0[term].of.iter().any(|choice| fits(choice, institution, source))
                };
                Fitting::new(alternative, lots, fits).completes(lot)
            })
        };
        let waiting = heard.undecided.iter().filter(|lot| completes(&possible, **lot));
        let denied = heard.accepted.iter().filter(|lot| denies(said) && completes(&heard.accepted, **lot));
        let barred: Vec<(usize, bool)> =
            waiting.map(|lot| (*lot, true)).chain(denied.map(|lot| (*lot, false))).collect();
        barred.into_iter().for_each(|(lot, undecided)| bar(lot, undecided));
        if required.0.iter().any(|alternative| !is_single(alternative)) {
            self.together.join(&possible);
        }
    }

    /// What keeps a lot from a rule.
    pub fn barring(&self, lot: usize, rule: usize) -> Option<Bar> {
        let said = self.set.rule(rule);
        let bars = |bar: &&Bar| {
            let other = self.set.rule(bar.rule);
            other.priority <= said.priority && (!denies(other) || closes(other, said))
        };
        self.bars[lot].iter().find(bars).copied()
    }

    /// The alternatives of a rule with lots that fit their terms; of one system each, where amounts are added.
    pub fn fittings(&self, rule: usize, lots: &[usize]) -> Vec<Fitting<'s>> {
        let said = self.set.rule(rule);
        let From::Outcomes { institution, required } = &said.from else { return Vec::new() };
        let adds = matches!(said.worth, Worth::Ratio(_) | Worth::Original);
        let mut systems: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for lot in lots {
            let system = if adds { self.sources[*lot].system.as_str() } else { "" };
            systems.entry(system).or_default().push(*lot);
        }
        let mut fittings = Vec::new();
        for alternative in &required.0 {
            for lots in systems.values() {
                fittings.push(Fitting::new(alternative, lots, |term, lot| {
                    let source = &self.sources[lot];
                    alternative.0[term].of.iter().any(|choice| fits(choice, institution, source))
                }));
            }
        }
        fittings
    }

    /// Adds the applications of a rule to lots that it accepts.
    fn apply(&mut self, rule: usize, lots: &[usize]) {
        if matches!(self.set.rule(rule).from, From::System { .. }) {
            for lot in lots {
                let worth = self.worth(rule, &[*lot]).unwrap_or_default().0;
                self.applications.push(Application { rule, lots: vec![*lot], worth, pooled: true });
            }
            return self.together.join(lots);
        }
        let mut sets: BTreeSet<Vec<usize>> = BTreeSet::new();
        for fitting in self.fittings(rule, lots) {
            if fitting.is_single() {
                sets.extend(fitting.lots[0].iter().map(|lot| vec![*lot]));
                continue;
            }
            let (found, complete) = fitting.sets();
            sets.extend(found);
            if !complete {
                self.unfinished.insert(rule);
                sets.extend(fitting.apart(|lot| self.sources[lot].held.0));
            }
        }
        for lots in sets {
            if let Some(worth) = self.worth(rule, &lots).filter(|worth| *worth > Credits::ZERO) {
                self.together.join(&lots);
                self.applications.push(Application { rule, lots, worth: worth.0, pooled: false });
            }
        }
    }

    /// What lots are worth together under a rule, without a limit.
    pub fn worth(&self, rule: usize, lots: &[usize]) -> Option<Credits> {
        arithmetic::amount(self.set.rule(rule), arithmetic::sum(lots.iter().map(|lot| &self.sources[*lot]))?)
    }

    /// The same with the arithmetic.
    pub fn count(&self, rule: usize, lots: &[usize]) -> Option<Counted> {
        let sources = lots.iter().map(|lot| &self.sources[*lot]);
        let system = lots.first().map_or("", |lot| self.sources[*lot].system.as_str());
        arithmetic::count(self.set.rule(rule), system, arithmetic::sum(sources)?, lots.len())
    }

    /// Whether a lot is at the target already, where nothing needs to be said of it.
    pub fn is_there(&self, lot: usize) -> bool {
        let source = &self.sources[lot];
        match self.set.target() {
            Target::System(code) => *code == source.system,
            Target::Institution(code) => *code == source.institution,
        }
    }

    /// The best choice, as acts.
    fn choose(mut self, used: &Used) -> Plan {
        let mut first_under: HashMap<usize, usize> = HashMap::new();
        for application in &self.applications {
            for limit in self.set.limits_of(application.rule) {
                let first = *first_under.entry(*limit).or_insert(application.lots[0]);
                self.together.join(&[first, application.lots[0]]);
            }
        }
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (at, application) in self.applications.iter().enumerate() {
            groups.entry(self.together.head(application.lots[0])).or_default().push(at);
        }
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for lot in 0..self.sources.len() {
            members.entry(self.together.head(lot)).or_default().push(lot);
        }
        let mut plan = Plan::default();
        let (mut full, mut used_by) = (BTreeSet::new(), HashMap::new());
        for (head, applications) in groups {
            let group = Group { planner: &self, lots: &members[&head], applications: &applications };
            full.extend(group.choose(used, &mut plan));
            used_by.insert(head, group.used(used));
        }
        plan.acts.sort_by_key(|act| (act.rule, act.lots[0].lot));
        let heads: Vec<usize> = (0..self.sources.len()).map(|lot| self.together.head(lot)).collect();
        let with = |lot: usize| {
            let head = heads[lot];
            (members[&head].clone(), used_by.get(&head).cloned().unwrap_or_default())
        };
        self.leave(&full, &with, &mut plan);
        plan
    }
}

fn is_single(alternative: &crate::domain::requirement::Alternative) -> bool {
    matches!(alternative.0.as_slice(), [term] if term.count == 1)
}

/// Applications of which one excludes another, with their lots.
struct Group<'p, 's> {
    planner: &'p Planner<'s>,
    lots: &'p [usize],
    applications: &'p [usize],
}

impl<'s> Group<'_, 's> {
    fn application(&self, at: usize) -> &Application {
        &self.planner.applications[at]
    }

    fn rule(&self, at: usize) -> &'s Rule {
        self.planner.set.rule(self.application(at).rule)
    }

    /// Adds the acts of the best choice; the limits that it leaves nothing of.
    fn choose(&self, used: &Used, plan: &mut Plan) -> Vec<usize> {
        let limits = self.limits();
        let problem = self.problem(&limits, used);
        let (chosen, mut proven) = match self.at_once(&limits) {
            Some(chosen) => (chosen, true),
            None => {
                let chosen = problem.choose();
                (chosen.candidates, chosen.proven)
            }
        };
        proven &=
            self.applications.iter().all(|at| !self.planner.unfinished.contains(&self.application(*at).rule));
        let mut left = problem.left();
        let mut acts: Vec<(usize, Vec<usize>)> = Vec::new();
        for at in chosen {
            let Application { rule, lots, pooled, .. } = self.application(self.applications[at]);
            match acts.last_mut() {
                Some((of, pool)) if *pooled && of == rule => pool.extend(lots),
                _ => acts.push((*rule, lots.clone())),
            }
        }
        for (rule, lots) in acts {
            if let Some(act) = self.act(rule, &lots, &problem, &limits, &mut left) {
                plan.acts.push(Act { choice: plan.choices.len(), ..act });
            }
        }
        if plan.acts.iter().any(|act| act.choice == plan.choices.len()) {
            plan.choices.push(Choice { sources: self.lots.to_vec(), proven, used: self.used(used) });
        }
        limits.into_iter().zip(left).filter(|(_, left)| *left <= 0).map(|(limit, _)| limit).collect()
    }

    /// What the learner has under its limits already.
    fn used(&self, used: &Used) -> Used {
        let names = self.limits().into_iter().map(|limit| self.planner.set.limit(limit).name.clone());
        names.filter_map(|name| used.get(&name).copied().map(|had| (name, had))).collect()
    }

    /// The limits of its rules.
    fn limits(&self) -> Vec<usize> {
        let limits =
            self.applications.iter().flat_map(|at| self.planner.set.limits_of(self.application(*at).rule));
        limits.copied().collect::<BTreeSet<usize>>().into_iter().collect()
    }

    /// The choice where it needs no search: one lot, or one rule from a system; by positions of the group's
    /// applications.
    fn at_once(&self, limits: &[usize]) -> Option<Vec<usize>> {
        if !limits.is_empty() {
            return None;
        }
        let of = |at: &usize| self.application(*at);
        let first = of(self.applications.first()?);
        if first.pooled && self.applications.iter().all(|at| of(at).rule == first.rule) {
            let lots: Vec<usize> = self.applications.iter().flat_map(|at| of(at).lots.clone()).collect();
            let worth = self.planner.worth(first.rule, &lots).filter(|worth| *worth > Credits::ZERO);
            return Some(worth.map_or_else(Vec::new, |_| (0..self.applications.len()).collect()));
        }
        if self.applications.iter().any(|at| of(at).lots != first.lots || of(at).lots.len() > 1) {
            return None;
        }
        let key = |place: &usize| {
            let at = self.applications[*place];
            let rule = self.rule(at);
            (rule.priority, rule.system.as_str(), std::cmp::Reverse(of(&at).worth), *place)
        };
        let giving = (0..self.applications.len()).filter(|place| of(&self.applications[*place]).worth > 0);
        Some(giving.min_by_key(key).into_iter().collect())
    }

    fn problem(&self, limits: &[usize], used: &Used) -> Problem<'s> {
        let mut ranks: Vec<(u16, &str)> = self
            .applications
            .iter()
            .map(|at| (self.rule(*at).priority, self.rule(*at).system.as_str()))
            .collect();
        ranks.sort_unstable();
        ranks.dedup();
        let local = |lot: usize| self.lots.binary_search(&lot).unwrap_or_default();
        let candidate = |at: &usize| {
            let application = self.application(*at);
            let rule = self.rule(*at);
            let rank = ranks.binary_search(&(rule.priority, rule.system.as_str())).unwrap_or_default();
            let of_rule = self.planner.set.limits_of(application.rule);
            Candidate {
                rule,
                at: application.rule,
                rank,
                lots: application.lots.iter().map(|lot| local(*lot)).collect(),
                held: application.lots.iter().map(|lot| self.planner.sources[*lot].held.0).sum(),
                worth: application.worth,
                pooled: application.pooled,
                limits: of_rule.iter().filter_map(|limit| limits.binary_search(limit).ok()).collect(),
            }
        };
        let room = |limit: &usize| {
            let limit = self.planner.set.limit(*limit);
            let had = used.get(&limit.name).copied().unwrap_or_default();
            let counts = |lot: &usize| limit.counts(self.planner.sources[*lot].kind);
            Room { left: (limit.most.0 - had.0).max(0), counted: self.lots.iter().map(counts).collect() }
        };
        Problem {
            held: self.lots.iter().map(|lot| self.planner.sources[*lot].held.0).collect(),
            candidates: self.applications.iter().map(candidate).collect(),
            rooms: limits.iter().map(room).collect(),
            ranks: ranks.len(),
        }
    }

    /// An act, cut to what the limits leave.
    fn act(
        &self,
        rule: usize,
        lots: &[usize],
        problem: &Problem,
        limits: &[usize],
        left: &mut [i64],
    ) -> Option<Act> {
        let Counted { amount, arithmetic, lost } = self.planner.count(rule, lots)?;
        let set = self.planner.set;
        let local: Vec<usize> = lots.iter().filter_map(|lot| self.lots.binary_search(lot).ok()).collect();
        let own: Vec<usize> =
            set.limits_of(rule).iter().filter_map(|limit| limits.binary_search(limit).ok()).collect();
        let given = problem.give(amount.0, &local, &own, left)?;
        let taken = |(lot, part): (&usize, &i64)| {
            let Source { lot, held, .. } = &self.planner.sources[*lot];
            Taken { lot: *lot, amount: *held, worth: Credits(*part) }
        };
        let cut = |(limit, took): &(usize, i64)| {
            let limit = set.limit(limits[*limit]);
            CutBy { limit: limit.name.clone(), most: limit.most, took: Credits(*took) }
        };
        Some(Act {
            rule,
            lots: lots.iter().zip(&given.parts).map(taken).collect(),
            received: arithmetic::received(set.rule(rule), Credits(given.parts.iter().sum())),
            arithmetic,
            lost,
            cut: given.cut.iter().map(cut).collect(),
            passed_over: self.passed_over(rule, lots),
            choice: 0,
        })
    }

    /// Other rules that could have taken one of the lots, with the most that each would have given.
    fn passed_over(&self, rule: usize, lots: &[usize]) -> Vec<PassedOver> {
        let mut others: Vec<PassedOver> = Vec::new();
        for at in self.applications {
            let Application { rule: other, lots: theirs, worth, pooled } = self.application(*at);
            if *other == rule || !theirs.iter().any(|lot| lots.contains(lot)) {
                continue;
            }
            let gives = Credits(*worth);
            match others.last_mut().filter(|last| last.rule == *other) {
                Some(last) if *pooled => last.gives.0 += gives.0,
                Some(last) => last.gives = last.gives.max(gives),
                None => others.push(PassedOver { rule: *other, gives }),
            }
        }
        others.truncate(PASSED_OVER);
        others
    }
}

/// Lots that are chosen for together: each points to one with a lower number, or to itself.
struct Together(Vec<usize>);

impl Together {
    fn head(&mut self, lot: usize) -> usize {
        let mut head = lot;
        while self.0[head] != head {
            self.0[head] = self.0[self.0[head]];
            head = self.0[head];
        }
        head
    }

    fn join(&mut self, lots: &[usize]) {
        for pair in lots.windows(2) {
            let (one, other) = (self.head(pair[0]), self.head(pair[1]));
            self.0[one.max(other)] = one.min(other);
        }
    }
}
