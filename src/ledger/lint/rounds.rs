//! Rules after each other: ways that lead back to where they began.

use super::catalogue::Catalogue;
use super::check::Check;
use super::record::{Gives, Record};
use crate::domain::credits::{self, Credits, RoundingMode};
use crate::domain::rule::Worth;
use std::collections::BTreeMap;

/// Longest way through credit systems.
const LONGEST: usize = 5;

/// Most ways of two rules that are compared between two outcomes.
const MOST: usize = 4_096;

/// A rule from one outcome or system to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edge {
    pub(super) from: u32,
    pub(super) to: u32,
    /// The rule, by its place.
    pub(super) rule: u32,
}

/// What is needed to go round.
pub(super) struct Rounds<'l> {
    pub(super) records: &'l [Record],
    pub(super) gives: &'l [Gives],
    pub(super) together: &'l dyn Fn(u32, u32) -> bool,
    pub(super) catalogue: &'l Catalogue,
}

/// What a way back brings.
enum Back {
    More(String),
    Same,
    Less(String),
}

impl Rounds<'_> {
    fn gives(&self, rule: u32) -> &Gives {
        &self.gives[self.records[rule as usize].gives as usize]
    }

    /// Pairs of rules between two outcomes. The edges are sorted here.
    pub(super) fn outcomes(&self, edges: &mut [Edge], found: &mut dyn FnMut(u32, Check, u32, String)) {
        let ends = |edge: &Edge| (edge.from.min(edge.to), edge.from.max(edge.to));
        edges.sort_unstable_by_key(|edge| (ends(edge), edge.from, edge.rule));
        for group in edges.chunk_by(|one, other| ends(one) == ends(other)) {
            let (there, back) = group.split_at(group.partition_point(|edge| edge.from == group[0].from));
            let ways = there.iter().flat_map(|there| back.iter().map(move |back| (there, back)));
            for (there, back) in ways.take(MOST).filter(|(one, other)| (self.together)(one.rule, other.rule))
            {
                self.judge([self.round(there, back), self.round(back, there)], (there, back), found);
            }
        }
    }

    fn judge(
        &self,
        ways: [Option<Back>; 2],
        (there, back): (&Edge, &Edge),
        found: &mut dyn FnMut(u32, Check, u32, String),
    ) {
        let (rule, other) = (there.rule.max(back.rule), there.rule.min(back.rule));
        let mut less = None;
        let mut unknown = false;
        for way in ways {
            match way {
                Some(Back::More(what)) => return found(rule, Check::RoundTripGain, other, what),
                Some(Back::Less(what)) => less = Some(what),
                Some(Back::Same) => {}
                None => unknown = true,
            }
        }
        let what = less.or(unknown.then(|| "they lead back to where they began".to_owned()));
        if let Some(what) = what {
            found(rule, Check::Cycle, other, what);
        }
    }

    /// What going round from an outcome brings, where it can be compared.
    fn round(&self, there: &Edge, back: &Edge) -> Option<Back> {
        let known = self.catalogue.get(there.from);
        let (own, system) = known.newest()?.credits.as_ref()?;
        let middle = step(self.gives(there.rule), *own, system)?;
        let gives = self.gives(back.rule);
        let end = step(gives, middle, &self.gives(there.rule).system)?;
        if gives.system != *system {
            return None;
        }
        let what = format!("{own} {system} of {} come back as {end}", known.code);
        Some(match end.cmp(own) {
            std::cmp::Ordering::Greater => Back::More(what),
            std::cmp::Ordering::Equal => Back::Same,
            std::cmp::Ordering::Less => Back::Less(what),
        })
    }

    /// Ways through credit systems.
    pub(super) fn systems(
        &self,
        edges: &[Edge],
        names: &[String],
        found: &mut dyn FnMut(u32, Check, u32, String),
    ) {
        let mut by_start: BTreeMap<u32, Vec<&Edge>> = BTreeMap::new();
        edges.iter().for_each(|edge| by_start.entry(edge.from).or_default().push(edge));
        let mut budget = 100_000;
        for start in by_start.keys() {
            self.walk(&by_start, *start, &mut Vec::new(), &mut budget, &mut |way| {
                self.close(way, names, found);
            });
        }
    }

    /// Ways that come back to their start and visit no system twice; the start is the lowest of them.
    fn walk<'e>(
        &self,
        edges: &BTreeMap<u32, Vec<&'e Edge>>,
        start: u32,
        way: &mut Vec<&'e Edge>,
        budget: &mut u32,
        each: &mut dyn FnMut(&[&'e Edge]),
    ) {
        let at = way.last().map_or(start, |edge| edge.to);
        for edge in edges.get(&at).into_iter().flatten() {
            let fits = way.iter().all(|other| (self.together)(other.rule, edge.rule));
            let again = way.iter().any(|other| other.to == edge.to);
            if *budget == 0 || !fits || again || edge.to < start {
                continue;
            }
            *budget -= 1;
            way.push(edge);
            if edge.to == start {
                each(way);
            } else if way.len() < LONGEST {
                self.walk(edges, start, way, budget, each);
            }
            way.pop();
        }
    }

    fn close(&self, way: &[&Edge], names: &[String], found: &mut dyn FnMut(u32, Check, u32, String)) {
        let Some(last) = way.iter().map(|edge| edge.rule).max() else { return };
        let other = way.iter().map(|edge| edge.rule).find(|rule| *rule != last).unwrap_or(last);
        let path = way.iter().map(|edge| names[edge.from as usize].as_str());
        let path = path.chain([names[way[0].from as usize].as_str()]).collect::<Vec<_>>().join(" → ");
        let Some((num, den)) = self.product(way) else { return };
        if num > den {
            return found(last, Check::RoundTripGain, other, format!("{path} multiplies by {num}/{den}"));
        }
        // Down never gains where the product does not.
        let is_down = |edge: &&Edge| self.gives(edge.rule).rounding == RoundingMode::Down;
        let turns = if way.iter().all(is_down) { 0 } else { way.len() };
        for turn in 0..turns {
            let gain = (1..=super::credit::UP_TO).map(Credits).find_map(|amount| {
                let mut order = way.iter().cycle().skip(turn).take(way.len());
                let end = order.try_fold(amount, |amount, edge| {
                    step(self.gives(edge.rule), amount, &names[edge.from as usize])
                });
                end.filter(|end| *end > amount).map(|end| (amount, end))
            });
            if let Some((amount, end)) = gain {
                let system = &names[way[turn].from as usize];
                let what = format!("{path}: {amount} {system} come back as {end}, by rounding");
                return found(last, Check::RoundTripGain, other, what);
            }
        }
        if num < den && way.len() == 2 {
            found(last, Check::Cycle, other, format!("{path} multiplies by {num}/{den}"));
        }
    }

    /// The product of the ratios, in lowest terms.
    fn product(&self, way: &[&Edge]) -> Option<(i128, i128)> {
        way.iter().try_fold((1i128, 1i128), |(num, den), edge| {
            let (a, b) = match self.gives(edge.rule).worth {
                Worth::Ratio(ratio) => (ratio.num(), ratio.den()),
                Worth::Original => (1, 1),
                _ => return None,
            };
            let (num, den) = (num.checked_mul(a.into())?, den.checked_mul(b.into())?);
            let common = gcd(num, den);
            Some((num / common, den / common))
        })
    }
}

/// What an amount becomes under a rule.
fn step(gives: &Gives, amount: Credits, system: &str) -> Option<Credits> {
    match gives.worth {
        Worth::Credits(fixed) | Worth::Range { chosen: fixed, .. } => Some(fixed),
        Worth::Original => (gives.system == system).then_some(amount),
        Worth::Ratio(ratio) => {
            credits::convert(amount, ratio, gives.rounding, gives.step).map(|rounded| rounded.amount)
        }
        Worth::Denied { .. } => None,
    }
}

fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a } else { gcd(b, a % b) }
}
