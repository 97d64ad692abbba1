//! Pairs of accounts that may be one person's, for somebody to look at.

use super::facts::Facts;
use super::{Cell, Column, Query, Section, Sink, meta};
use crate::domain::account::Account;
use crate::domain::fault::Result;
use crate::domain::link::Pair;
use crate::store::Read;
use std::collections::BTreeSet;

/// The columns of a pair.
pub const COLUMNS: [Column; 10] = [
    Column::number("pair", "Pair"),
    Column::text("account", "Account"),
    Column::text("name", "Name"),
    Column::text("other", "Is like"),
    Column::text("other_name", "Name there"),
    Column::text("born", "Born"),
    Column::number("score", "Score"),
    Column::text("why", "Why"),
    Column::text("batch", "Batch"),
    Column::text("state", "State"),
];

/// The pairs that wait for somebody; with `all` those as well that are decided.
///
/// # Errors
/// Where the ledger cannot be read or the report not written.
pub fn reviews(read: &dyn Read, query: &Query, all: bool, sink: &mut dyn Sink) -> Result<()> {
    let section = Section::new("people", "People to review", &COLUMNS);
    sink.begin(&meta(read, "learner-review", query, vec![section.clone()])?)?;
    section.open(sink)?;
    let waiting = pairs(&Facts::new(read), query, all, sink)?;
    sink.note(&match waiting {
        0 => "no pair waits".to_owned(),
        1 => "1 pair waits; decide it with `creditbank learner review decide PAIR same` or `different`".to_owned(),
        number => format!(
            "{number} pairs wait; decide each with `creditbank learner review decide PAIR same` or `different`"
        ),
    })?;
    sink.end()
}

/// Writes the pairs; how many of them wait.
pub(super) fn pairs(facts: &Facts, query: &Query, all: bool, sink: &mut dyn Sink) -> Result<usize> {
    let links = facts.links(&query.cut)?;
    let all_known = facts.read.pairs()?.into_iter().filter(|pair| query.cut.knows(pair.entry));
    let all_known: Vec<Pair> = all_known.collect();
    let apart = |pair: &Pair| pair.apart.is_some_and(|entry| query.cut.knows(entry));
    let people = |pair: &Pair| {
        let (one, other) = (links.person(pair.account), links.person(pair.other));
        (one.min(other), one.max(other))
    };
    // What was said of two accounts holds for the people whose they are; nobody is asked twice.
    let decided: BTreeSet<(i64, i64)> = all_known.iter().filter(|pair| apart(pair)).map(people).collect();
    let mut asked: BTreeSet<(i64, i64)> = BTreeSet::new();
    let mut waiting = 0;
    for pair in &all_known {
        if query.learner.is_some_and(|of| !links.same(of, pair.account) && !links.same(of, pair.other)) {
            continue;
        }
        let state = match links.same(pair.account, pair.other) {
            true => "one person",
            false if decided.contains(&people(pair)) => "two people",
            false if !asked.insert(people(pair)) => "asked already",
            false => "",
        };
        waiting += usize::from(state.is_empty());
        if all || state.is_empty() {
            sink.row(&cells(facts, pair, state)?)?;
        }
    }
    Ok(waiting)
}

fn cells(facts: &Facts, pair: &Pair, state: &str) -> Result<[Cell; 10]> {
    let (names, born) = known(facts, pair.account)?;
    let (other_names, _) = known(facts, pair.other)?;
    Ok([
        pair.entry.into(),
        Account(pair.account).to_string().into(),
        names.into(),
        Account(pair.other).to_string().into(),
        other_names.into(),
        born.into(),
        Cell::Int(pair.score),
        pair.why.as_str().into(),
        facts.batch_name(pair.entry)?.into(),
        state.into(),
    ])
}

/// The names and birth dates of an account.
fn known(facts: &Facts, account: i64) -> Result<(String, String)> {
    let (mut names, mut births) = (Vec::new(), Vec::new());
    for fact in facts.read.identities_of(account)? {
        match facts.scheme(fact.scheme)?.name.as_str() {
            "name" | "former-name" => names.push(fact.value),
            "birth-date" => births.push(fact.value),
            _ => {}
        }
    }
    Ok((names.join("; "), births.join("; ")))
}
