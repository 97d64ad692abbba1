//! `decision list`, `decision show`, and `report consistency`.

use super::cases::{Offered, bands, cases, event, given, key_of, one, precedents};
use super::facts::Facts;
use super::{Cell, Column, Query, Section, Sink, meta};
use crate::domain::account::Account;
use crate::domain::decision::State;
use crate::domain::entry::EntryId;
use crate::domain::fault::Result;
use crate::ledger::cases::{Case, Cases, Conversion, Verdict};
use crate::store::{DecisionRow, Read};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// The word for how a decision ends.
pub fn verdict(case: &Case) -> Option<&'static str> {
    case.verdict.map(Verdict::name)
}

/// Which decisions are listed.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only those in one of these states.
    pub states: Vec<State>,
    /// Only those for this target.
    pub target: Option<String>,
    /// Only those whose answer is late.
    pub overdue: bool,
    /// Only precedents.
    pub precedents: bool,
    /// Conversions that nothing has happened to as well.
    pub all: bool,
    /// The day on which it is asked.
    pub day: Date,
}

const COLUMNS: [Column; 16] = [
    Column::number("decision", "Decision"),
    Column::text("state", "State"),
    Column::text("verdict", "Verdict"),
    Column::text("account", "Account"),
    Column::text("target", "Target"),
    Column::number("lots", "Lots"),
    Column::text("received", "Received"),
    Column::text("decided", "Decided"),
    Column::text("due", "Answer due"),
    Column::text("overdue", "Overdue"),
    Column::text("silence", "Silence decides for"),
    Column::text("appeal_until", "Appeal until"),
    Column::text("codes", "Codes"),
    Column::text("procedure", "Procedure"),
    Column::text("precedent", "Precedent"),
    Column::text("reason", "Reason"),
];

/// Writes the decisions, by number.
///
/// # Errors
/// Where the ledger cannot be read or the report not written.
pub fn decisions(read: &dyn Read, query: &Query, filter: &Filter, sink: &mut dyn Sink) -> Result<()> {
    let section = Section::new("decisions", "Decisions", &COLUMNS);
    let mut said = meta(read, "decision-list", query, vec![section.clone()])?;
    let states: Vec<&str> = filter.states.iter().map(|state| state.name()).collect();
    said.filter.extend((!states.is_empty()).then(|| ("state".to_owned(), states.join(","))));
    said.filter.extend(filter.target.clone().map(|target| ("to".to_owned(), target)));
    said.filter.extend(filter.overdue.then(|| ("overdue on".to_owned(), filter.day.to_string())));
    sink.begin(&said)?;
    section.open(sink)?;
    let facts = Facts::new(read);
    let links = facts.links(&query.cut)?;
    let fits = |case: &Case| {
        (filter.states.is_empty() || filter.states.contains(&case.state))
            && filter.target.as_ref().is_none_or(|target| *target == case.target)
            && query.learner.is_none_or(|learner| links.same(learner, case.learner))
            && (!filter.overdue || case.is_overdue(filter.day))
            && (!filter.precedents || case.precedent.is_some())
    };
    let (mut listed, mut overdue) = (0, 0);
    let cases = cases(read, &query.cut)?;
    each(read, query, (&cases, filter.all), &mut |case| {
        if fits(case) {
            listed += 1;
            overdue += u64::from(case.is_overdue(filter.day));
            sink.row(&cells(case, filter.day))?;
        }
        Ok(())
    })?;
    sink.note(&format!("{listed} listed, {overdue} of them overdue on {}", filter.day))?;
    let left_out = if filter.all { 0 } else { left_out(read, query, &cases, &fits)? };
    if left_out > 0 {
        sink.note(&format!(
            "{left_out} conversions that nothing happened to are not listed: --all lists them"
        ))?;
    }
    sink.end()
}

/// Gives the conversions that nothing has happened to, as decisions.
fn untouched(
    read: &dyn Read,
    query: &Query,
    cases: &Cases,
    each: &mut dyn FnMut(&DecisionRow),
) -> Result<()> {
    read.decisions(&mut |row| {
        let known = query.cut.knows(row.entry) && cases.get(row.entry).is_none();
        if row.verb == "convert" && known && cases.whole(row.entry).is_none() {
            each(&row);
        }
        Ok(())
    })
}

/// How many conversions that nothing has happened to fit.
fn left_out(read: &dyn Read, query: &Query, cases: &Cases, fits: &dyn Fn(&Case) -> bool) -> Result<u64> {
    let (mut count, mut dated) = (0, Vec::new());
    untouched(read, query, cases, &mut |row| match query.cut.as_of {
        Some(_) => dated.push(row.entry),
        // There may be a million: what is asked of each stands in its row.
        None => count += u64::from(fits(&Case::of_conversion(in_short(row)))),
    })?;
    for entry in dated {
        let case = conversion_then(read, query, entry)?;
        count += u64::from(case.is_some_and(|case| fits(&case)));
    }
    Ok(count)
}

/// A conversion as far as its row tells.
fn in_short(row: &DecisionRow) -> Conversion {
    Conversion {
        entry: row.entry,
        learner: row.learner.unwrap_or_default(),
        target: row.target.clone().unwrap_or_default(),
        date: Date::ZERO,
        actor: String::new(),
        lots: Vec::new(),
    }
}

/// A conversion as a decision, where it was made by the day of which it is asked.
fn conversion_then(read: &dyn Read, query: &Query, entry: EntryId) -> Result<Option<Case>> {
    let found = super::cases::conversion(read, entry)?;
    let found = found.filter(|found| query.cut.as_of.is_none_or(|day| found.date <= day));
    Ok(found.map(Case::of_conversion))
}

/// Gives every decision to `each`, by number; conversions that nothing has happened to only where asked for.
fn each(
    read: &dyn Read,
    query: &Query,
    (cases, conversions): (&Cases, bool),
    each: &mut dyn FnMut(&Case) -> Result<()>,
) -> Result<()> {
    if !conversions {
        return cases.all().try_for_each(each);
    }
    let mut entries: BTreeSet<EntryId> = cases.all().map(|case| case.entry).collect();
    untouched(read, query, cases, &mut |row| {
        entries.insert(row.entry);
    })?;
    for entry in entries {
        match cases.get(entry) {
            Some(case) => each(case)?,
            None => conversion_then(read, query, entry)?.iter().try_for_each(&mut *each)?,
        }
    }
    Ok(())
}

fn cells(case: &Case, day: Date) -> Vec<Cell> {
    let date = |day: Option<Date>| Cell::from(day.map(|day| day.to_string()));
    let due = case.due();
    let silence = due.map(|_| case.silence().name());
    let procedure = case.terms.as_ref().map(|terms| format!("{} {}", terms.name, terms.version));
    vec![
        case.entry.into(),
        case.state.name().into(),
        case.verdict.map(Verdict::name).into(),
        Account(case.learner).to_string().into(),
        case.target.as_str().into(),
        Cell::Int(case.lots.len() as i64),
        date(case.received),
        date(case.decided),
        date(due),
        Cell::Flag(case.is_overdue(day)),
        silence.into(),
        date(case.appeal_until()),
        case.codes.join(", ").into(),
        procedure.into(),
        Cell::Flag(case.precedent.is_some()),
        case.reason.as_str().into(),
    ]
}

const FACTS: [Column; 2] = [Column::text("what", "What"), Column::text("value", "Value")];
const STEPS: [Column; 9] = [
    Column::number("entry", "Entry"),
    Column::text("step", "Step"),
    Column::text("date", "Day"),
    Column::text("actor", "By"),
    Column::text("authority", "Authority"),
    Column::text("codes", "Codes"),
    Column::text("placed", "Placed"),
    Column::text("released", "Released"),
    Column::text("reason", "Reason"),
];
const LOTS: [Column; 7] = [
    Column::number("lot", "Lot"),
    Column::text("institution", "Institution"),
    Column::text("outcome", "Outcome"),
    Column::number("amount", "Credits"),
    Column::text("system", "System"),
    Column::text("codes", "Codes"),
    Column::text("why", "Why it was refused"),
];
const PRECEDENTS: [Column; 5] = [
    Column::number("decision", "Decision"),
    Column::text("verdict", "Verdict"),
    Column::text("since", "Since"),
    Column::text("codes", "Codes"),
    Column::text("given", "Given"),
];

/// Writes one decision: what it is, its lots, its steps, and the precedents of equal inputs.
///
/// # Errors
/// `D105` where the entry names none; where the ledger cannot be read or the report not written.
pub fn decision(
    read: &dyn Read,
    query: &Query,
    entry: EntryId,
    day: Date,
    sink: &mut dyn Sink,
) -> Result<()> {
    let case = one(read, entry)?;
    let sections = [
        Section::new("decision", format!("Decision {}", case.entry), &FACTS),
        Section::new("lots", "Lots", &LOTS),
        Section::new("steps", "Steps", &STEPS),
        Section::new("precedents", "Precedents of equal inputs", &PRECEDENTS),
    ];
    sink.begin(&meta(read, "decision-show", query, sections.to_vec())?)?;
    sections[0].open(sink)?;
    for (column, cell) in COLUMNS.iter().zip(cells(&case, day)) {
        if cell != Cell::Empty {
            sink.row(&[column.title.to_lowercase().into(), cell])?;
        }
    }
    let key = key_of(read, &case, &bands(read)?)?;
    sink.row(&["key of its inputs".into(), key.clone().into()])?;
    sections[1].open(sink)?;
    let facts = Facts::new(read);
    for lot in &case.lots {
        let Some(row) = read.achievement(*lot)? else { continue };
        let refused = case.refused.iter().find(|refused| refused.lot == *lot);
        sink.row(&[
            (*lot).into(),
            facts.awarder(row.outcome)?.code.as_str().into(),
            facts.outcome(row.outcome)?.code.as_str().into(),
            row.amount.into(),
            facts.system_code(row.system)?.into(),
            refused.map(|refused| refused.codes.join(", ")).into(),
            refused.map(|refused| refused.why.clone()).into(),
        ])?;
    }
    sections[2].open(sink)?;
    for step in &case.steps {
        self::step(read, *step, sink)?;
    }
    sections[3].open(sink)?;
    let equal = |offered: &&Offered| offered.case != case.entry && Some(&offered.key) == key.as_ref();
    for offered in precedents(read)?.iter().filter(equal) {
        precedent(offered, sink)?;
    }
    sink.end()
}

fn step(read: &dyn Read, entry: EntryId, sink: &mut dyn Sink) -> Result<()> {
    let list = |entries: &[EntryId]| entries.iter().map(EntryId::to_string).collect::<Vec<_>>().join(", ");
    let Some(event) = event(read, entry)? else {
        let Some(found) = super::cases::conversion(read, entry)? else { return Ok(()) };
        let mut cells =
            vec![entry.into(), "convert".into(), found.date.to_string().into(), found.actor.into()];
        cells.resize(STEPS.len(), Cell::Empty);
        return sink.row(&cells);
    };
    let said = &event.step;
    sink.row(&[
        entry.into(),
        said.verb.name().into(),
        said.date.to_string().into(),
        event.actor.as_str().into(),
        said.authority.as_ref().map(|by| format!("{} {}", by.code, by.version)).into(),
        said.codes.join(", ").into(),
        list(&said.placed).into(),
        list(&said.released).into(),
        said.reason.as_str().into(),
    ])
}

/// The cells of a precedent.
fn precedent(offered: &Offered, sink: &mut dyn Sink) -> Result<()> {
    sink.row(&[
        offered.case.into(),
        offered.verdict.name().into(),
        offered.since.to_string().into(),
        offered.codes.join(", ").into(),
        offered.given.as_ref().map(|(worth, system)| format!("{worth} {system}")).into(),
    ])
}

const CONSISTENCY: [Column; 8] = [
    Column::text("key", "Key"),
    Column::number("decision", "Decision"),
    Column::text("verdict", "Verdict"),
    Column::text("given", "Given"),
    Column::text("account", "Account"),
    Column::text("target", "Target"),
    Column::text("decided", "Decided"),
    Column::text("codes", "Codes"),
];

/// How a decision ended: its verdict, and what it gave.
type Ended = (Verdict, Option<(i64, String)>);

/// Writes decisions of equal inputs that ended differently, key by key; gives how many keys there are.
///
/// # Errors
/// Where the ledger cannot be read or the report not written.
pub fn consistency(read: &dyn Read, query: &Query, sink: &mut dyn Sink) -> Result<u64> {
    let section = Section::new("differences", "Equal inputs, different decisions", &CONSISTENCY);
    sink.begin(&meta(read, "consistency", query, vec![section.clone()])?)?;
    section.open(sink)?;
    let bands = bands(read)?;
    let mut seen: BTreeMap<String, Vec<(EntryId, Ended)>> = BTreeMap::new();
    let mut found: BTreeMap<EntryId, Case> = BTreeMap::new();
    let cases = cases(read, &query.cut)?;
    each(read, query, (&cases, true), &mut |case| {
        let Some(verdict) = case.verdict.filter(|_| case.is_settled()) else { return Ok(()) };
        let Some(key) = key_of(read, case, &bands)? else { return Ok(()) };
        let given = given(read, case)?.map(|(worth, system)| (worth.0, system));
        let ended = seen.entry(key).or_default();
        // Of many that ended alike one is kept: the first says as much as the others.
        if !ended.iter().any(|(_, known)| *known == (verdict, given.clone())) {
            ended.push((case.entry, (verdict, given)));
            found.insert(case.entry, case.clone());
        }
        Ok(())
    })?;
    let mut keys = 0;
    for (key, ended) in seen.iter().filter(|(_, ended)| ended.len() > 1) {
        keys += 1;
        for (entry, (verdict, given)) in ended {
            let Some(case) = found.get(entry) else { continue };
            let worth = given
                .as_ref()
                .map(|(worth, system)| format!("{} {system}", crate::domain::credits::Credits(*worth)));
            sink.row(&[
                key.as_str().into(),
                case.entry.into(),
                verdict.name().into(),
                worth.into(),
                Account(case.learner).to_string().into(),
                case.target.as_str().into(),
                case.decided.map(|day| day.to_string()).into(),
                case.codes.join(", ").into(),
            ])?;
        }
    }
    sink.note(&format!(
        "{keys} sets of equal inputs with different decisions; each way of deciding is listed once"
    ))?;
    sink.end()?;
    Ok(keys)
}
