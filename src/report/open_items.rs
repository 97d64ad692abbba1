//! What waits for somebody: staged batches, refused rows not yet mended, achievements that nobody could
//! decide, lots on hold, and accounts that may be one person's.

use super::batches::{self, scalar};
use super::facts::Facts;
use super::holds;
use super::meta::known_size;
use super::refused::{self, refused};
use super::reviews;
use super::{Cell, Column, Query, Section, Sink, meta};
use crate::domain::account::Account;
use crate::domain::credits::Credits;
use crate::domain::date::Within;
use crate::domain::entry::{EntryId, EntryKind};
use crate::domain::fault::Result;
use crate::ledger::lots::{Cut, Lot};
use crate::store::{Act, Read};
use serde_json::Value;
use std::collections::BTreeMap;

const UNDECIDED: [Column; 9] = [
    Column::number("lot", "Lot"),
    Column::text("account", "Account"),
    Column::text("institution", "Institution"),
    Column::text("outcome", "Outcome"),
    Column::text("period", "Period"),
    Column::number("amount", "Credits"),
    Column::text("system", "System"),
    Column::text("rule", "Rule"),
    Column::text("why", "Why"),
];

/// Batches that wait for a second officer; refused rows under whose key no achievement stands; achievements
/// whose period the day asked for falls inside; lots that a decision left undecided and that are still held;
/// lots on hold; and pairs of accounts that nobody has looked at.
///
/// # Errors
/// Where the ledger cannot be read or the report not written.
pub fn open_items(read: &dyn Read, query: &Query, sink: &mut dyn Sink) -> Result<()> {
    let sections = [
        Section::new("staged", "Waiting for a second officer", &batches::WAITING),
        Section::new("refused", "Refused rows", &refused::COLUMNS),
        Section::new("undecided", "Undecided", &UNDECIDED),
        Section::new("holds", "On hold", &holds::COLUMNS),
        Section::new("people", "People to review", &reviews::COLUMNS),
    ];
    sink.begin(&meta(read, "open-items", query, sections.to_vec())?)?;
    let facts = Facts::new(read);
    let [staged, refused_rows, undecided, on_hold, people] = &sections;
    staged.open(sink)?;
    batches::waiting(read, query, sink)?;
    refused_rows.open(sink)?;
    refused(&facts, query, sink)?;
    undecided.open(sink)?;
    straddling(&facts, query, sink)?;
    left_open(&facts, query, sink)?;
    on_hold.open(sink)?;
    holds::holds(&facts, query, sink)?;
    people.open(sink)?;
    reviews::pairs(&facts, query, false, sink)?;
    sink.end()
}

/// Standing achievements whose period the day asked for falls inside.
fn straddling(facts: &Facts, query: &Query, sink: &mut dyn Sink) -> Result<()> {
    if query.cut.as_of.is_none() {
        return Ok(());
    }
    for head in facts.read.heads()? {
        let from = EntryId::new(head.log, 0);
        let to = EntryId::new(head.log, known_size(&head, query.cut.known));
        facts.read.achievements(from, to, &mut |achievement, _| {
            let ours = ours(facts, query, achievement.learner)?;
            let period = facts.period(achievement.period)?;
            if !ours || query.cut.effective(&period) != Within::Undecided {
                return Ok(());
            }
            match facts.lot(achievement, &query.cut)?.filter(|lot| lot.reversed_by.is_none()) {
                Some(lot) => {
                    row(facts, sink, &lot, "", "the day asked for falls inside its period: needs the day")
                }
                None => Ok(()),
            }
        })?;
    }
    Ok(())
}

/// Whether an account is of the person asked for, if any is.
fn ours(facts: &Facts, query: &Query, account: i64) -> Result<bool> {
    let links = facts.links(&query.cut)?;
    Ok(query.learner.is_none_or(|learner| links.same(learner, account)))
}

/// Lots that the newest decision about them left undecided, as far as they are still held.
fn left_open(facts: &Facts, query: &Query, sink: &mut dyn Sink) -> Result<()> {
    let mut open: BTreeMap<(EntryId, String), String> = BTreeMap::new();
    for head in facts.read.heads()? {
        let from = EntryId::new(head.log, 0);
        let to = EntryId::new(head.log, known_size(&head, query.cut.known));
        facts.read.acts(from, to, &mut |act, _| {
            open.extend(undecided_of(&act));
            Ok(())
        })?;
    }
    let known = Cut { as_of: None, known: query.cut.known };
    for ((entry, rule), why) in open {
        let Some(achievement) = facts.read.achievement(entry)? else { continue };
        if !ours(facts, query, achievement.learner)? {
            continue;
        }
        let lot = facts.lot(achievement, &known)?;
        if let Some(lot) = lot.filter(|lot| lot.stands() && lot.held > Credits::ZERO) {
            row(facts, sink, &lot, &rule, &why)?;
        }
    }
    Ok(())
}

/// The lots that a decision's payload lists as undecided, each with its rule, and why.
fn undecided_of(act: &Act) -> Vec<((EntryId, String), String)> {
    if act.kind != EntryKind::Decision || !act.payload.contains("\"undecided\"") {
        return Vec::new();
    }
    let payload: Value = serde_json::from_str(&act.payload).unwrap_or_default();
    let listed = payload["undecided"].as_array().map(Vec::as_slice).unwrap_or_default();
    let item = |value: &Value| {
        let lot = EntryId::parse(&scalar(&value["lot"]))?;
        Some(((lot, scalar(&value["rule"])), scalar(&value["why"])))
    };
    listed.iter().filter_map(item).collect()
}

fn row(facts: &Facts, sink: &mut dyn Sink, lot: &Lot, rule: &str, why: &str) -> Result<()> {
    let a = &lot.achievement;
    sink.row(&[
        a.entry.into(),
        Account(a.learner).to_string().into(),
        facts.awarder(a.outcome)?.code.as_str().into(),
        facts.outcome(a.outcome)?.code.as_str().into(),
        facts.period(a.period)?.written.as_str().into(),
        Cell::from(a.amount),
        facts.system_code(a.system)?.into(),
        rule.into(),
        why.into(),
    ])
}
