//! Decisions and other acts, explained.

use super::{Agrees, Facts, batch_facts, facts, replay};
use crate::domain::account::Account;
use crate::domain::decision::{Granted, Verb};
use crate::domain::entry::{EntryId, EntryKind, Movement};
use crate::domain::fault::Result;
use crate::ops::batch::BatchPayload;
use crate::ops::convert::Again;
use crate::ops::names::Names;
use crate::report::cases::{event, one};
use crate::report::decisions::verdict;
use crate::report::{Cell, Column, Sink};
use crate::store::{Act, BatchRow, Read};

/// Columns of the entries that a decision moved.
pub const MOVEMENTS: [Column; 6] = [
    Column::number("entry", "Entry"),
    Column::text("kind", "What"),
    Column::number("lot", "Lot"),
    Column::number("amount", "Amount"),
    Column::text("system", "System"),
    Column::number("undoes", "Undoes"),
];
/// Columns of the rows that an act registers.
pub const ROWS: [Column; 2] = [Column::text("table", "Registry"), Column::text("row", "Row")];

/// A movement: what it is, and then the decision that it belongs to.
pub fn movement(
    read: &dyn Read,
    names: &Names,
    row: &Movement,
    batch: Option<&BatchRow>,
    sink: &mut dyn Sink,
) -> Result<Agrees> {
    let list: Facts = vec![
        ("entry", row.entry.into()),
        ("what it is", row.kind.name().into()),
        ("learner", Account(row.learner).to_string().into()),
        ("lot", row.lot.into()),
        ("share of the lot", format!("{}/{}", row.num, row.den).into()),
        ("amount", format!("{} {}", row.amount, names.system(read, row.system)?.code).into()),
        ("effective", names.period(read, row.period)?.written.clone().into()),
        ("undoes entry", row.undoes.into()),
        ("decision", row.decision.into()),
    ];
    facts(sink, "entry", "The movement", &list)?;
    match read.act(row.decision)? {
        Some(act) => decision(read, names, &act, batch, sink),
        None => Ok(false),
    }
}

/// A decision: its inputs, its rule, its arithmetic, its entries; planned again.
pub fn decision(
    read: &dyn Read,
    names: &Names,
    act: &Act,
    batch: Option<&BatchRow>,
    sink: &mut dyn Sink,
) -> Result<Agrees> {
    let row = read.decision(act.entry)?;
    let verb = row.as_ref().map(|row| row.verb.clone()).unwrap_or_default();
    let list: Facts = vec![
        ("decision", act.entry.into()),
        ("what it is", verb.as_str().into()),
        ("learner", act.learner.map(|learner| Account(learner).to_string()).into()),
        ("target", row.and_then(|row| row.target).into()),
        ("recorded inputs", act.payload.as_str().into()),
    ];
    facts(sink, "decision", "The decision", &list)?;
    facts(sink, "batch", "Recorded by", &batch_facts(batch)?)?;
    if Verb::from_name(&verb).is_some() {
        case(read, act.entry, sink)?;
    }
    movements(read, names, act.entry, sink)?;
    let replayed = match verb.as_str() {
        "convert" | "undecided" => Some(super::conversion::conversion(read, act, batch, sink)?),
        _ => None,
    };
    finish(read, act, batch, replayed, sink)
}

/// A step of a decision on what a learner asked for: where that is, and by whose authority a step gives credit.
fn case(read: &dyn Read, entry: EntryId, sink: &mut dyn Sink) -> Result<()> {
    let case = one(read, entry)?;
    let Some(event) = event(read, entry)? else { return Ok(()) };
    let step = event.step;
    let lot = |granted: &Granted| {
        let system = step.system.as_deref().unwrap_or_default();
        ("granted without a rule", Cell::from(format!("lot {}: {} {system}", granted.lot, granted.worth)))
    };
    let mut list: Facts = vec![
        ("step of decision", case.entry.into()),
        ("which is now", case.state.name().into()),
        ("and ended for the learner", verdict(&case).into()),
        ("procedure", case.terms.as_ref().map(|terms| format!("{} {}", terms.name, terms.version)).into()),
        ("codes", step.codes.join(", ").into()),
        ("key of its inputs", step.key.clone().into()),
    ];
    if let Some(by) = &step.authority {
        list.push(("exception by authority", format!("{}, version {}", by.code, by.version).into()));
    }
    list.extend(step.granted.iter().map(lot));
    facts(sink, "case", "The decision that it is a step of", &list)
}

/// Any other act: its payload and how many rows it carries.
pub fn act(read: &dyn Read, act: &Act, batch: Option<&BatchRow>, sink: &mut dyn Sink) -> Result<Agrees> {
    let list: Facts = vec![
        ("entry", act.entry.into()),
        ("what it is", act.kind.name().into()),
        ("payload", act.payload.as_str().into()),
    ];
    facts(sink, "entry", "The act", &list)?;
    facts(sink, "batch", "Recorded by", &batch_facts(batch)?)?;
    if act.kind == EntryKind::Register {
        sink.section("rows", "What it registers", &ROWS)?;
        read.act_rows(act.entry, &mut |row| sink.row(&[row.table.into(), row.row.into()]))?;
    }
    sink.note("`creditbank verify` recomputes the leaf of this act")?;
    Ok(true)
}

fn movements(read: &dyn Read, names: &Names, decision: EntryId, sink: &mut dyn Sink) -> Result<()> {
    sink.section("movements", "What it moved", &MOVEMENTS)?;
    for row in read.movements_of_decision(decision)? {
        let system = names.system(read, row.system)?.code.clone();
        sink.row(&[
            row.entry.into(),
            row.kind.name().into(),
            row.lot.into(),
            Cell::Amount(row.amount),
            system.into(),
            row.undoes.into(),
        ])?;
    }
    Ok(())
}

fn finish(
    read: &dyn Read,
    act: &Act,
    batch: Option<&BatchRow>,
    replayed: Option<Again>,
    sink: &mut dyn Sink,
) -> Result<Agrees> {
    let Some(batch) = batch else { return Ok(false) };
    let payload = BatchPayload::read(&batch.payload)?;
    let kept = replay::kept_leaf(read, act.entry)?;
    let computed = replay::act_leaf(read, act, batch.entry, &payload)?;
    let leaf_agrees = computed.is_some() && computed == kept;
    let mut list: Facts = computed.map(|computed| replay::verdict(computed, kept)).unwrap_or_default();
    let same = replayed.as_ref().is_none_or(|again| *again == Again::Same);
    if let Some(again) = replayed {
        list.push(("decided again to the same bytes", Cell::Flag(same)));
        match again {
            Again::Same => {}
            Again::Differs { field, recorded, again } => {
                list.push(("differs in", field.into()));
                list.push(("recorded", recorded.into()));
                list.push(("decided again", again.into()));
            }
            Again::Impossible(why) => list.push(("cannot be decided again", why.into())),
        }
    }
    let agrees = leaf_agrees && same;
    list.push(("agrees", Cell::Flag(agrees)));
    facts(sink, "replay", "Replayed from the recorded inputs", &list)?;
    Ok(agrees)
}
