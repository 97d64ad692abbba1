//! Whose credit the rules that differ may speak of.

use super::changed::Changed;
use crate::domain::fault::Result;
use crate::domain::registry::{Institution, Outcome, Row, SystemRow};
use crate::domain::requirement::Code;
use crate::domain::rule::{From, Rule};
use crate::ledger::lots::Cut;
use crate::ops::learners;
use crate::store::{self, Read};
use std::collections::{HashMap, HashSet};

/// People, by the targets at which they may be concerned.
pub struct Concerned {
    /// Place of the target, person; in order, each once.
    pairs: Vec<(u32, i64)>,
}

impl Concerned {
    /// The people of a target by its place, in order of account.
    pub fn of_target(&self, target: usize) -> impl Iterator<Item = i64> {
        let begin = self.pairs.partition_point(|(at, _)| (*at as usize) < target);
        let of = self.pairs[begin..].iter().take_while(move |(at, _)| *at as usize == target);
        of.map(|(_, person)| *person)
    }
}

/// What the rules of one target ask for, by code alone.
#[derive(Default)]
struct Asked {
    systems: HashSet<String>,
    exact: HashSet<(String, String)>,
    /// Institution, where one is named, and code.
    patterns: Vec<(Option<Code>, Code)>,
}

impl Asked {
    fn add(&mut self, rule: &Rule) {
        match &rule.from {
            From::System { system } => {
                self.systems.insert(system.clone());
            }
            From::Outcomes { institution, required } => {
                for choice in required.choices() {
                    let own = (institution != "*").then(|| Code::Exact(institution.clone()));
                    match (choice.institution.clone().or(own), &choice.code) {
                        (Some(Code::Exact(institution)), Code::Exact(code)) => {
                            self.exact.insert((institution, code.clone()));
                        }
                        (institution, code) => self.patterns.push((institution, code.clone())),
                    }
                }
            }
        }
    }

    fn fits(&self, place: &(String, String)) -> bool {
        let fits = |(institution, code): &(Option<Code>, Code)| {
            institution.as_ref().is_none_or(|known| known.fits(&place.0)) && code.fits(&place.1)
        };
        self.exact.contains(place) || self.patterns.iter().any(fits)
    }
}

/// Finds the people with credit of the systems, or results in the outcomes, that the differing rules ask for.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn concerned(read: &dyn Read, changed: &Changed) -> Result<Concerned> {
    let asked: Vec<Asked> = changed
        .differing()
        .map(|rules| {
            let mut asked = Asked::default();
            rules.for_each(|rule| asked.add(rule));
            asked
        })
        .collect();
    let links = learners::links(read, &Cut::default())?;
    let mut pairs: Vec<(u32, i64)> = Vec::new();
    let outcomes = outcomes(read, &asked)?;
    if !outcomes.is_empty() {
        read.achieved(&mut |learner, outcome| {
            let person = links.person(learner);
            pairs.extend(outcomes.get(&outcome).into_iter().flatten().map(|at| (*at, person)));
            Ok(())
        })?;
    }
    let systems = systems(read, &asked)?;
    if !systems.is_empty() {
        read.balances(None, &mut |person, system, _| {
            pairs.extend(systems.get(&system).into_iter().flatten().map(|at| (*at, person)));
            Ok(())
        })?;
    }
    pairs.sort_unstable();
    pairs.dedup();
    Ok(Concerned { pairs })
}

/// Targets by the outcomes that are asked for.
fn outcomes(read: &dyn Read, asked: &[Asked]) -> Result<HashMap<i64, Vec<u32>>> {
    let mut codes: HashMap<i64, String> = HashMap::new();
    for row in store::all::<Institution>(read)? {
        codes.insert(row.id, row.code);
    }
    let mut found: HashMap<i64, Vec<u32>> = HashMap::new();
    read.rows(Outcome::TABLE, None, &mut |row| {
        let row: Outcome = store::typed(row)?;
        let place = (codes.get(&row.institution).cloned().unwrap_or_default(), row.code);
        let targets = (0..).zip(asked).filter(|(_, asked)| asked.fits(&place));
        let targets: Vec<u32> = targets.map(|(at, _)| at).collect();
        if !targets.is_empty() {
            found.insert(row.id, targets);
        }
        Ok(())
    })?;
    Ok(found)
}

/// Targets by the credit systems that are asked for.
fn systems(read: &dyn Read, asked: &[Asked]) -> Result<HashMap<i64, Vec<u32>>> {
    let mut found: HashMap<i64, Vec<u32>> = HashMap::new();
    for row in store::all::<SystemRow>(read)? {
        let targets = (0..).zip(asked).filter(|(_, asked)| asked.systems.contains(&row.code));
        let targets: Vec<u32> = targets.map(|(at, _)| at).collect();
        if !targets.is_empty() {
            found.insert(row.id, targets);
        }
    }
    Ok(found)
}
