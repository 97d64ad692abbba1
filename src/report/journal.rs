//! The journal itself: every entry in order.

use super::batches::scalar;
use super::facts::Facts;
use super::meta::known_size;
use super::{Cell, Column, Query, Section, Sink, meta};
use crate::domain::account::Account;
use crate::domain::credits::Credits;
use crate::domain::date::Within;
use crate::domain::entry::{Achievement, EntryId, EntryKind, Movement, Place, accounts};
use crate::domain::fault::{Fault, Result};
use crate::domain::text::shorten;
use crate::store::{Act, Head, Read};
use serde_json::Value;
use std::ops::Range;

/// Entries read at a time: what the report keeps in memory.
const WINDOW: u64 = 50_000;

/// Characters of an act's gist.
const GIST: usize = 100;

/// Columns of the entries.
pub const COLUMNS: [Column; 14] = [
    Column::number("entry", "Entry"),
    Column::text("batch", "Batch"),
    Column::text("recorded", "Recorded"),
    Column::text("kind", "Kind"),
    Column::text("account", "Account"),
    Column::number("lot", "Lot"),
    Column::text("system", "System"),
    Column::number("amount", "Amount"),
    Column::text("from", "From"),
    Column::text("to", "To"),
    Column::text("effective", "Effective"),
    Column::number("decision", "Decision"),
    Column::number("undoes", "Undoes"),
    Column::text("what", "What"),
];

enum Entry {
    Act(Act),
    Achievement(Achievement),
    Movement(Movement),
}

impl Entry {
    fn id(&self) -> EntryId {
        match self {
            Entry::Act(act) => act.entry,
            Entry::Achievement(achievement) => achievement.entry,
            Entry::Movement(movement) => movement.entry,
        }
    }
}

/// Every entry in order of its log, or those of one person's accounts or one batch.
///
/// With an as-of day, entries that were certainly not effective by then are left out, and those whose
/// period the day falls inside are counted in a note.
///
/// # Errors
/// Where there is no such batch, the ledger cannot be read or the report not written.
pub fn journal(read: &dyn Read, query: &Query, sink: &mut dyn Sink) -> Result<()> {
    let section = Section::new("entries", "Entries", &COLUMNS);
    sink.begin(&meta(read, "journal", query, vec![section.clone()])?)?;
    section.open(sink)?;
    let facts = Facts::new(read);
    let links = facts.links(&query.cut)?;
    let accounts = query.learner.map(|learner| links.accounts(learner));
    let mut undecided = 0;
    for head in read.heads()? {
        let Some(range) = range(read, query, &head)? else { continue };
        let mut from = range.start;
        while from < range.end {
            let to = (from + WINDOW).min(range.end);
            let window = EntryId::new(head.log, from)..EntryId::new(head.log, to);
            for entry in entries(read, accounts.as_deref(), &window)? {
                undecided += usize::from(write(&facts, query, &entry, sink)?);
            }
            from = to;
        }
    }
    if undecided > 0 {
        sink.note(&format!(
            "{undecided} entries are undecided: the day asked for falls inside their period"
        ))?;
    }
    sink.end()
}

/// The sequence numbers of a log that are asked for.
fn range(read: &dyn Read, query: &Query, head: &Head) -> Result<Option<Range<u64>>> {
    let size = known_size(head, query.cut.known);
    let Some(no) = query.batch else { return Ok(Some(0..size)) };
    let batch = read.batch(no)?.ok_or_else(|| {
        Fault::new("R130", format!("there is no batch B{no}"))
            .remedy("list them with `creditbank batch list`")
    })?;
    let first = batch.entry.seq();
    Ok((batch.entry.log() == head.log).then(|| first..(first + batch.size.unsigned_abs()).min(size)))
}

/// The entries of a window, in order.
fn entries(read: &dyn Read, accounts: Option<&[i64]>, window: &Range<EntryId>) -> Result<Vec<Entry>> {
    let mut all = Vec::new();
    let (from, to) = (window.start, window.end);
    read.acts(from, to, &mut |act, _| {
        let about = |accounts: &[i64]| act.learner.is_some_and(|learner| accounts.contains(&learner));
        if accounts.is_none_or(about) {
            all.push(Entry::Act(act));
        }
        Ok(())
    })?;
    match accounts {
        Some(accounts) => {
            for account in accounts {
                let achievements = read.achievements_of(*account)?.into_iter().map(Entry::Achievement);
                let movements = read.movements_of(*account)?.into_iter().map(Entry::Movement);
                all.extend(achievements.chain(movements).filter(|entry| window.contains(&entry.id())));
            }
        }
        None => {
            read.achievements(from, to, &mut |achievement, _| {
                all.push(Entry::Achievement(achievement));
                Ok(())
            })?;
            read.movements(from, to, &mut |movement, _| {
                all.push(Entry::Movement(movement));
                Ok(())
            })?;
        }
    }
    all.sort_by_key(Entry::id);
    Ok(all)
}

/// Writes an entry; true where it is undecided.
fn write(facts: &Facts, query: &Query, entry: &Entry, sink: &mut dyn Sink) -> Result<bool> {
    let period = match entry {
        Entry::Act(_) => None,
        Entry::Achievement(achievement) => Some(facts.period(achievement.period)?),
        Entry::Movement(movement) => Some(facts.period(movement.period)?),
    };
    let effective = period.as_ref().map_or(Within::Yes, |period| query.cut.effective(period));
    if effective == Within::No {
        return Ok(false);
    }
    let batch = facts.batch(entry.id())?;
    let recorded = batch.as_ref().map_or_else(String::new, |batch| recorded(&batch.payload));
    let mut cells =
        vec![entry.id().into(), batch.map(|batch| format!("B{}", batch.no)).into(), recorded.into()];
    let effective_cell = Cell::from(period.map(|period| period.written.clone()));
    cells.extend(match entry {
        Entry::Act(act) => act_cells(act),
        Entry::Achievement(achievement) => achievement_cells(facts, achievement, effective_cell)?,
        Entry::Movement(movement) => movement_cells(facts, movement, effective_cell)?,
    });
    sink.row(&cells)?;
    Ok(effective == Within::Undecided)
}

fn recorded(payload: &str) -> String {
    let payload: Value = serde_json::from_str(payload).unwrap_or_default();
    scalar(&payload["recorded"])
}

fn account(learner: i64) -> Cell {
    Account(learner).to_string().into()
}

fn act_cells(act: &Act) -> Vec<Cell> {
    let mut cells = vec![act.kind.name().into(), act.learner.map_or(Cell::Empty, account)];
    cells.resize(10, Cell::Empty);
    cells.push(gist(act.kind, &act.payload).into());
    cells
}

fn places(accounts: Option<(Place, Place)>) -> [Cell; 2] {
    let moved = accounts.filter(|(from, to)| from != to);
    moved.map_or([Cell::Empty, Cell::Empty], |(from, to)| [from.name().into(), to.name().into()])
}

fn achievement_cells(facts: &Facts, a: &Achievement, effective: Cell) -> Result<Vec<Cell>> {
    let carries = a.amount != Credits::ZERO;
    let [from, to] = places(accounts(a.entry_kind()));
    let code = &facts.outcome(a.outcome)?.code;
    let awarder = &facts.awarder(a.outcome)?.code;
    let title = &facts.version(a.outcome, a.version)?.title;
    Ok(vec![
        a.entry_kind().name().into(),
        account(a.learner),
        a.entry.into(),
        if carries { facts.system_code(a.system)?.into() } else { Cell::Empty },
        if carries { a.amount.into() } else { Cell::Empty },
        from,
        to,
        effective,
        Cell::Empty,
        Cell::Empty,
        format!("{awarder} {code} {title}, {}", a.status.name()).into(),
    ])
}

fn movement_cells(facts: &Facts, m: &Movement, effective: Cell) -> Result<Vec<Cell>> {
    let [from, to] = places(facts.accounts(m)?);
    let target = facts.read.decision(m.decision)?.and_then(|decision| decision.target);
    // A hold moves nothing.
    let moves = !matches!(m.kind, EntryKind::Hold | EntryKind::Unhold);
    Ok(vec![
        m.kind.name().into(),
        account(m.learner),
        m.lot.into(),
        if moves { facts.system_code(m.system)?.into() } else { Cell::Empty },
        if moves { m.amount.into() } else { Cell::Empty },
        from,
        to,
        effective,
        m.decision.into(),
        m.undoes.into(),
        target.map(|target| format!("{}/{} of the lot, target {target}", m.num, m.den)).into(),
    ])
}

/// The gist of an act: the values of its payload that say most, or all of it, cut short.
fn gist(kind: EntryKind, payload: &str) -> String {
    let keys: &[&str] = match kind {
        EntryKind::Batch => &["command", "actor", "why"],
        EntryKind::Decision => &["verb", "decision", "target", "rule", "why", "reason"],
        EntryKind::Genesis => &["name", "identifier"],
        EntryKind::Close => &["through", "why"],
        EntryKind::Receipt => &["rows", "deposited", "recorded", "already", "refused"],
        EntryKind::Merge | EntryKind::Unmerge => &["account", "person", "reason"],
        EntryKind::Review => &["account", "other", "score", "why"],
        EntryKind::Distinct => &["account", "other", "reason"],
        _ => &[],
    };
    let value: Value = serde_json::from_str(payload).unwrap_or_default();
    let said = keys.iter().map(|key| scalar(&value[*key])).filter(|text| !text.is_empty());
    let said = said.collect::<Vec<_>>().join("; ");
    let plain = if said.is_empty() && payload != "{}" { payload } else { &said };
    shorten(plain, GIST)
}
