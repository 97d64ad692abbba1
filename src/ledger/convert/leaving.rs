//! Why lots stay where they are: every rule that speaks of one, with its reason.

use super::judging::Answer;
use super::planning::{Application, Planner};
use super::reason::Reason;
use super::rules::denies;
use super::{Left, Plan, Used};
use crate::domain::credits::Credits;
use crate::domain::entry::EntryId;
use crate::domain::rule::{From, Rule, Worth};
use std::collections::{BTreeSet, HashMap};

impl Planner<'_> {
    /// Adds the lots that no act takes. `full` are the limits of which nothing is left; `with` gives the lots
    /// that are judged together with one, and what is used of their limits.
    pub(super) fn leave(
        &self,
        full: &BTreeSet<usize>,
        with: &dyn Fn(usize) -> (Vec<usize>, Used),
        plan: &mut Plan,
    ) {
        let placed: HashMap<EntryId, usize> =
            plan.acts.iter().flat_map(|act| act.lots.iter().map(|taken| (taken.lot, act.rule))).collect();
        let mut leaving = Leaving { planner: self, placed, full, of_lot: HashMap::new() };
        for application in &self.applications {
            for lot in &application.lots {
                leaving.of_lot.entry(*lot).or_default().push(application);
            }
        }
        for (lot, source) in self.sources.iter().enumerate() {
            let silent = self.spoken[lot].is_empty() && self.is_there(lot);
            if source.held <= Credits::ZERO || silent || leaving.placed.contains_key(&source.lot) {
                continue;
            }
            let left = leaving.left(lot);
            match left.waits_for {
                Some(_) => {
                    let (together, used) = with(lot);
                    plan.undecided.push(Left { together, used, ..left });
                }
                None => plan.refused.push(left),
            }
        }
    }
}

struct Leaving<'p, 's> {
    planner: &'p Planner<'s>,
    /// The rule that took each placed lot.
    placed: HashMap<EntryId, usize>,
    full: &'p BTreeSet<usize>,
    /// The applications to each lot.
    of_lot: HashMap<usize, Vec<&'p Application>>,
}

impl Leaving<'_, '_> {
    fn rule(&self, at: usize) -> &Rule {
        self.planner.set.rule(at)
    }

    fn left(&self, lot: usize) -> Left {
        let reason = |(rule, answer): &(usize, Answer)| {
            let reason = match answer {
                Answer::Refuses(reason) | Answer::Undecided(reason) => reason.clone(),
                Answer::Accepts => self.although_accepted(lot, *rule),
            };
            (*rule, reason)
        };
        let waiting = self.planner.bars[lot].iter().filter(|bar| bar.undecided);
        Left {
            lot: self.planner.sources[lot].lot,
            reasons: self.planner.spoken[lot].iter().map(reason).collect(),
            waits_for: waiting.map(|bar| bar.rule).min_by_key(|rule| (self.rule(*rule).priority, *rule)),
            together: Vec::new(),
            used: Used::new(),
        }
    }

    /// Why a rule does not take a lot that meets its conditions.
    fn although_accepted(&self, lot: usize, at: usize) -> Reason {
        let rule = self.rule(at);
        if let Worth::Denied { reason } = &rule.worth {
            let bars = self.planner.bars[lot].iter().any(|bar| bar.rule == at);
            return if bars { Reason::Denied { why: reason.clone() } } else { self.incomplete(lot, at) };
        }
        if let Some(bar) = self.planner.barring(lot, at) {
            let by = self.rule(bar.rule).id.clone();
            return if bar.undecided { Reason::Waits { by } } else { Reason::Barred { by } };
        }
        let of_lot = self.of_lot.get(&lot).map(Vec::as_slice).unwrap_or_default();
        let mut applications = of_lot.iter().filter(|application| application.rule == at).peekable();
        if applications.peek().is_none() {
            return self.never_applied(lot, at);
        }
        let other = applications.find_map(|application| {
            application.lots.iter().find_map(|lot| self.placed.get(&self.planner.sources[*lot].lot))
        });
        if let Some(by) = other {
            return Reason::Better { by: self.rule(*by).id.clone() };
        }
        let limits = self.planner.set.limits_of(at);
        match limits.iter().find(|limit| self.full.contains(limit)).or(limits.first()) {
            Some(limit) => {
                let limit = self.planner.set.limit(*limit);
                Reason::Cap { limit: limit.name.clone(), most: limit.most }
            }
            None => self.nothing(at, &self.pool(lot, at)),
        }
    }

    /// The lots that a rule from a system left together; otherwise the lot alone.
    fn pool(&self, lot: usize, at: usize) -> Vec<usize> {
        let pooled = |it: &&Application| it.pooled && it.rule == at;
        let lots: Vec<usize> =
            self.planner.applications.iter().filter(pooled).flat_map(|it| it.lots.clone()).collect();
        if lots.is_empty() { vec![lot] } else { lots }
    }

    /// Why no application of a rule has the lot: others are missing, or it comes to nothing.
    fn never_applied(&self, lot: usize, at: usize) -> Reason {
        let alone = matches!(self.rule(at).from, From::System { .. });
        let accepted = self.accepted(at);
        let complete = self.planner.fittings(at, &accepted).into_iter().find_map(|fitting| {
            let (sets, _) = if fitting.completes(lot) { fitting.sets() } else { Default::default() };
            sets.into_iter().find(|set| set.contains(&lot))
        });
        match complete {
            Some(set) => self.nothing(at, &set),
            None if alone => self.nothing(at, &[lot]),
            None => self.incomplete(lot, at),
        }
    }

    /// The lots that a rule accepts and that nothing keeps from it.
    fn accepted(&self, at: usize) -> Vec<usize> {
        let accepts = |lot: &usize| {
            let answers = &self.planner.spoken[*lot];
            let said = answers.binary_search_by_key(&at, |(rule, _)| *rule).map(|place| &answers[place].1);
            matches!(said, Ok(Answer::Accepts))
                && (denies(self.rule(at)) || self.planner.barring(*lot, at).is_none())
        };
        (0..self.planner.sources.len()).filter(accepts).collect()
    }

    /// What is missing of the alternative that comes nearest.
    fn incomplete(&self, lot: usize, at: usize) -> Reason {
        let accepted = self.accepted(at);
        let nearest = self.planner.fittings(at, &accepted).into_iter().filter_map(|fitting| {
            let missing = fitting.missing_with(lot)?;
            Some((missing, fitting.alternative))
        });
        let nearest = nearest.min_by_key(|(missing, _)| missing.iter().sum::<usize>());
        let Some((missing, alternative)) = nearest else {
            return Reason::RequirementIncomplete { missing: Vec::new() };
        };
        let terms = missing.iter().zip(&alternative.0).filter(|(missing, _)| **missing > 0);
        let text = |(missing, term): (&usize, &crate::domain::requirement::Term)| {
            let more = crate::domain::requirement::Term { count: *missing as u16, of: term.of.clone() };
            more.to_string()
        };
        Reason::RequirementIncomplete { missing: terms.map(text).collect() }
    }

    fn nothing(&self, at: usize, lots: &[usize]) -> Reason {
        match self.planner.count(at, lots) {
            Some(counted) => Reason::ComesToNothing { arithmetic: counted.arithmetic },
            None => Reason::TooLarge,
        }
    }
}
