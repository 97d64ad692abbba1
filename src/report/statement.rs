//! A learner's statement: who they are, every lot and where it is, and what they have.

use super::balances::OWN;
use super::cases::event;
use super::facts::{Facts, level_text};
use super::grading::{Grader, Options, achievement_ask};
use super::holds::why;
use super::{Cell, Column, GradesOn, Query, Section, Sink, meta};
use crate::domain::account::Account;
use crate::domain::credits::Credits;
use crate::domain::date::Within;
use crate::domain::entry::EntryId;
use crate::domain::fault::{Fault, Result};
use crate::ledger::convert::{Part, Receiver};
use crate::ledger::lots::{Lot, Placement, balances};
use crate::store::Read;

const WHO: [Column; 5] = [
    Column::text("fact", "Fact"),
    Column::text("issuer", "Issuer"),
    Column::text("value", "Value"),
    Column::text("valid_from", "From"),
    Column::text("valid_to", "To"),
];

const LOTS: [Column; 26] = [
    Column::number("entry", "Entry"),
    Column::text("institution", "Institution"),
    Column::text("outcome", "Outcome"),
    Column::text("title", "Title"),
    Column::text("kind", "Kind"),
    Column::text("level", "Level"),
    Column::number("hours", "Hours"),
    Column::text("period", "Period"),
    Column::text("precision", "Known by"),
    Column::number("attempt", "Attempt"),
    Column::text("grade", "Grade"),
    Column::text("scale", "Scale"),
    Column::text("status", "Status"),
    Column::number("amount", "Credits"),
    Column::text("system", "System"),
    Column::number("apportioned_from", "Share of"),
    Column::text("where", "Where"),
    Column::number("taken", "Placed"),
    Column::number("converted", "Worth"),
    Column::text("converted_system", "There in"),
    Column::text("rule", "Rule"),
    Column::number("rule_version", "Version"),
    Column::number("decision", "Decision"),
    Column::number("reversed_by", "Reversed by"),
    Column::text("on_hold", "On hold"),
    Column::text("account", "Account"),
];

const BALANCES: [Column; 7] = [
    Column::text("system", "System"),
    Column::number("held", "Held"),
    Column::number("placed", "Placed"),
    Column::number("converted", "Converted"),
    Column::number("redeemed", "Redeemed"),
    Column::number("expired", "Expired"),
    Column::number("transferred", "Transferred"),
];

/// Where grades on another scale stand: after the grade and its own scale.
const ON_SCALE: usize = 12;

/// Columns of a lot's own facts, before those of a placement.
const OWN_FACTS: usize = 16;

/// The statement of one person, over all accounts that are theirs. A lot that stands at several targets has a row for each; the later
/// ones repeat its entry and leave its own facts out, so that a column's sum stays right.
///
/// Only the registry rows that it needs are looked up, whatever the size of the bank.
///
/// # Errors
/// Where no learner is asked for or there is none of that number; where the ledger cannot be read.
pub fn statement(read: &dyn Read, query: &Query, sink: &mut dyn Sink) -> Result<()> {
    let learner = query.learner.ok_or_else(|| Fault::new("R110", "a statement is about one learner"))?;
    if learner < 1 || learner > read.last_learner()? {
        return Err(Fault::new("R111", format!("there is no account {}", Account(learner)))
            .remedy("look the learner up with `creditbank learner find`"));
    }
    let grader = query.grades_on.as_ref().map(|on| grader(read, on)).transpose()?;
    let sections = [
        Section::new("learner", "Learner", &WHO),
        Section::new("lots", "Learning outcomes", &columns(query)),
        Section::new("balances", "Balances", &BALANCES),
    ];
    sink.begin(&meta(read, "statement", query, sections.to_vec())?)?;
    let facts = Facts::new(read);
    sections[0].open(sink)?;
    who(&facts, learner, query, sink)?;
    sections[1].open(sink)?;
    let lots = facts.lots(learner, &query.cut)?;
    let person = facts.links(&query.cut)?.person(learner);
    for lot in &lots {
        lot_rows(&facts, lot, person, grader.as_ref(), sink)?;
    }
    sections[2].open(sink)?;
    for (system, balance) in balances(&lots) {
        let mut cells = vec![Cell::from(facts.system_code(system)?)];
        cells.extend(OWN.map(|place| Cell::Amount(balance.at(place))));
        sink.row(&cells)?;
    }
    notes(&lots, sink)?;
    if let Some(grader) = &grader {
        let to = &grader.to;
        sink.note(&format!(
            "grades on {to} are suggested and decide nothing; `grade convert` shows what they rest on"
        ))?;
    }
    sink.end()
}

fn grader<'a>(read: &'a dyn Read, on: &GradesOn) -> Result<Grader<'a>> {
    Grader::open(read, &on.scale, on.institution.as_deref(), None, on.day)
}

/// The columns of the lots, with those of grades on another scale where one is asked for.
fn columns(query: &Query) -> Vec<Column> {
    let mut columns = LOTS.to_vec();
    if let Some(on) = &query.grades_on {
        let suggested =
            Column { title: format!("On {}", on.scale).into(), ..Column::text("grade_suggested", "") };
        let others = [
            Column::text("grade_low", "Lowest"),
            Column::text("grade_high", "Highest"),
            Column::text("grade_by", "By"),
        ];
        columns.splice(ON_SCALE..ON_SCALE, std::iter::once(suggested).chain(others));
    }
    columns
}

/// The suggested grade on another scale, its range, and by which conversion or why there is none.
fn on_scale(facts: &Facts, lot: &Lot, grader: &Grader) -> Result<[Cell; 4]> {
    let Some(ask) = achievement_ask(facts, lot, &Options::default())? else {
        return Ok([const { Cell::Empty }; 4]);
    };
    let answered = grader.ask(&ask)?;
    Ok(match &answered.answer {
        Ok(reading) => {
            let by = answered.by.as_ref().map(|by| format!("{}, version {}", by.name, by.version));
            let by = by.unwrap_or_else(|| "same scale".to_owned());
            let [suggested, low, high] =
                [&reading.suggested, &reading.low, &reading.high].map(|grade| grade.as_str().into());
            [suggested, low, high, by.into()]
        }
        Err(silent) => [Cell::Empty, Cell::Empty, Cell::Empty, silent.why.word().into()],
    })
}

fn who(facts: &Facts, learner: i64, query: &Query, sink: &mut dyn Sink) -> Result<()> {
    for account in facts.links(&query.cut)?.accounts(learner) {
        account_facts(facts, account, query, sink)?;
    }
    Ok(())
}

/// An account with the days on which it is linked to another, and its facts.
fn account_facts(facts: &Facts, account: i64, query: &Query, sink: &mut dyn Sink) -> Result<()> {
    let to = facts.links(&query.cut)?.parent(account);
    let links = facts.read.links()?;
    let own = links.iter().rfind(|link| link.account == account && Some(link.person) == to);
    let since = own.map(|link| link.since.to_string());
    let number = Account(account).to_string();
    sink.row(&["account".into(), Cell::Empty, number.into(), since.into(), Cell::Empty])?;
    for identity in facts.read.identities_of(account)? {
        if !query.cut.knows(identity.entry) {
            continue;
        }
        let scheme = facts.scheme(identity.scheme)?;
        sink.row(&[
            scheme.name.as_str().into(),
            scheme.issuer.as_str().into(),
            identity.value.into(),
            identity.valid_from.into(),
            identity.valid_to.into(),
        ])?;
    }
    Ok(())
}

fn notes(lots: &[Lot], sink: &mut dyn Sink) -> Result<()> {
    let undecided =
        lots.iter().filter(|lot| lot.reversed_by.is_none() && lot.effective == Within::Undecided).count();
    if undecided > 0 {
        sink.note(&format!("{undecided} undecided: the day asked for falls inside their period"))?;
    }
    let on_hold = lots.iter().filter(|lot| lot.on_hold.is_some()).count();
    if on_hold > 0 {
        sink.note(&format!(
            "{on_hold} on hold: counted, but placed or redeemed by nobody until the hold is lifted"
        ))?;
    }
    let not_counted = lots.iter().filter(|lot| lot.stands() && lot.superseded.is_some()).count();
    if not_counted > 0 {
        sink.note(&format!(
            "{not_counted} not counted: another result in the same outcome gives the credit"
        ))?;
    }
    if lots.iter().any(|lot| lot.achievement.group_load.is_some()) {
        sink.note("where `share of` stands, the source gave one load for a group, apportioned over it")?;
    }
    Ok(())
}

fn lot_rows(
    facts: &Facts,
    lot: &Lot,
    person: i64,
    grader: Option<&Grader>,
    sink: &mut dyn Sink,
) -> Result<()> {
    // Under which account it was recorded, where that is not the one that names the person.
    let account = (lot.achievement.learner != person).then(|| Account(lot.achievement.learner).to_string());
    let account = Cell::from(account);
    let mut cells = own_facts(facts, lot)?;
    let first = if lot.stands() { lot.placements.first() } else { None };
    let reversed_by = Cell::from(lot.reversed_by);
    cells.push(whereabouts(facts, lot)?.into());
    cells.extend(placement_cells(facts, first)?);
    cells.push(reversed_by);
    cells.push(lot.on_hold.map(|decision| why(facts.read, decision)).transpose()?.into());
    cells.push(account.clone());
    if let Some(grader) = grader {
        cells.splice(ON_SCALE..ON_SCALE, on_scale(facts, lot, grader)?);
    }
    sink.row(&cells)?;
    let further = if lot.stands() { lot.placements.get(1..).unwrap_or_default() } else { &[] };
    for placement in further {
        let mut cells = vec![Cell::Empty; OWN_FACTS];
        cells[0] = lot.achievement.entry.into();
        cells.push(format!("also {}", placed_at(facts, placement, Some(placement.taken))?).into());
        cells.extend(placement_cells(facts, Some(placement))?);
        cells.extend([Cell::Empty, Cell::Empty, account.clone()]);
        if grader.is_some() {
            cells.splice(ON_SCALE..ON_SCALE, [const { Cell::Empty }; 4]);
        }
        sink.row(&cells)?;
    }
    Ok(())
}

fn own_facts(facts: &Facts, lot: &Lot) -> Result<Vec<Cell>> {
    let a = &lot.achievement;
    let version = facts.version(a.outcome, a.version)?;
    let period = facts.period(a.period)?;
    let grade = a.grade.map(|id| facts.grade(id)).transpose()?;
    let level = level_text(
        version.framework.as_deref().unwrap_or_default(),
        version.level.as_deref().unwrap_or_default(),
    );
    Ok(vec![
        a.entry.into(),
        facts.awarder(a.outcome)?.code.as_str().into(),
        facts.outcome(a.outcome)?.code.as_str().into(),
        version.title.as_str().into(),
        a.kind.name().into(),
        level.into(),
        version.hours.map(Credits).into(),
        period.written.as_str().into(),
        period.precision.name().into(),
        Cell::Int(a.attempt),
        grade.as_ref().map(|grade| grade.written.as_str()).into(),
        grade.as_ref().map(|grade| grade.scale.as_str()).into(),
        a.status.name().into(),
        a.amount.into(),
        facts.system_code(a.system)?.into(),
        a.group_load.into(),
    ])
}

/// Where the lot's credit is, in words.
fn whereabouts(facts: &Facts, lot: &Lot) -> Result<String> {
    if let Some(entry) = lot.reversed_by {
        return Ok(match corrected(facts, entry)? {
            Some(by) => format!("corrected by {by}"),
            None => format!("reversed by {entry}"),
        });
    }
    match lot.effective {
        Within::No => return Ok("not yet".to_owned()),
        Within::Undecided => return Ok("undecided, needs the day".to_owned()),
        Within::Yes => {}
    }
    if lot.achievement.amount == Credits::ZERO {
        return Ok("no credit".to_owned());
    }
    if let Some(entry) = lot.superseded {
        return Ok(match counted(facts, entry)? {
            Some(by) => format!("not counted: {by} counts"),
            None => "not counted".to_owned(),
        });
    }
    let Some(first) = lot.placements.first() else { return Ok("held".to_owned()) };
    if lot.held == Credits::ZERO && lot.placements.len() == 1 {
        return placed_at(facts, first, None);
    }
    let placed = placed_at(facts, first, Some(first.taken))?;
    Ok(if lot.held == Credits::ZERO { placed } else { format!("held {}; {placed}", lot.held) })
}

/// The achievement that was recorded in the place of one that this entry reversed.
fn corrected(facts: &Facts, reversal: EntryId) -> Result<Option<String>> {
    said(facts, reversal, "correct", "by")
}

/// The achievement that counts by that entry's decision.
fn counted(facts: &Facts, entry: EntryId) -> Result<Option<String>> {
    said(facts, entry, "count", "lot")
}

/// What the decision of a movement says under a key, where it is of that verb.
fn said(facts: &Facts, entry: EntryId, verb: &str, key: &str) -> Result<Option<String>> {
    let Some(movement) = facts.read.movement(entry)? else { return Ok(None) };
    if facts.read.decision(movement.decision)?.is_none_or(|decision| decision.verb != verb) {
        return Ok(None);
    }
    let Some(act) = facts.read.act(movement.decision)? else { return Ok(None) };
    let payload: serde_json::Value = serde_json::from_str(&act.payload).unwrap_or_default();
    Ok(payload[key].as_str().map(str::to_owned))
}

fn placed_at(facts: &Facts, placement: &Placement, share: Option<Credits>) -> Result<String> {
    let target = match facts.read.decision(placement.decision)?.and_then(|decision| decision.target) {
        Some(target) => target,
        None => facts.system_code(placement.system)?,
    };
    let received = received(facts, placement.decision)?;
    let at = if received.is_empty() { target } else { format!("{target} for {}", received.join(", ")) };
    Ok(share.map_or_else(|| format!("placed at {at}"), |share| format!("{share} placed at {at}")))
}

/// The receiving outcomes or the category that a decision names.
fn received(facts: &Facts, decision: EntryId) -> Result<Vec<String>> {
    let Some(act) = facts.read.act(decision)? else { return Ok(Vec::new()) };
    // A payload that cannot be read is for `verify` to find.
    let payload: serde_json::Value = serde_json::from_str(&act.payload).unwrap_or_default();
    let parts: Vec<Part> = serde_json::from_value(payload["received"].clone()).unwrap_or_default();
    let name = |part: Part| match part.to {
        Receiver::Outcome(name) | Receiver::Category(name) => name,
    };
    Ok(parts.into_iter().map(name).collect())
}

/// Taken, worth, its system, rule, version and decision of a placement.
fn placement_cells(facts: &Facts, placement: Option<&Placement>) -> Result<Vec<Cell>> {
    let Some(placement) = placement else { return Ok(vec![Cell::Empty; 6]) };
    let (rule, version) = rule_of(facts, placement.decision)?;
    Ok(vec![
        placement.taken.into(),
        placement.worth.into(),
        facts.system_code(placement.system)?.into(),
        rule,
        version,
        placement.decision.into(),
    ])
}

/// The rule that a decision applied, as `book/code`, and the version of its book.
fn rule_of(facts: &Facts, decision: EntryId) -> Result<(Cell, Cell)> {
    let row = facts.read.decision(decision)?;
    let Some(id) = row.as_ref().and_then(|decision| decision.rule) else {
        let placed = row.filter(|row| row.verb != "convert");
        let by = placed.map(|_| event(facts.read, decision)).transpose()?.flatten();
        let by = by.and_then(|event| event.step.authority);
        return Ok((by.map(|by| format!("exception by {}", by.code)).into(), Cell::Empty));
    };
    let found = facts.rule(id)?;
    let (rule, book) = &*found;
    Ok((format!("{}/{}", book.name, rule.code).into(), Cell::Int(book.version)))
}
