//! Decisions and other acts, explained.

use super::{Agrees, Facts, batch_facts, facts, replay};
use crate::domain::account::Account;
use crate::domain::credits::Credits;
use crate::domain::entry::{EntryId, EntryKind, Movement};
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::{Book, RuleRow};
use crate::domain::rule::Rule;
use crate::ledger::convert::plan;
use crate::ledger::lots::Cut;
use crate::ops::batch::BatchPayload;
use crate::ops::convert::{Decision, source};
use crate::ops::names::Names;
use crate::ops::{learners, rules};
use crate::report::{Cell, Column, Sink};
use crate::store::{self, Act, BatchRow, Read};

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
    movements(read, names, act.entry, sink)?;
    let replayed = match verb.as_str() {
        "convert" => Some(convert(read, names, act, sink)?),
        _ => None,
    };
    finish(read, act, batch, replayed, sink)
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

/// Plans a conversion again from its recorded inputs; true where the same bytes result.
fn convert(read: &dyn Read, names: &Names, act: &Act, sink: &mut dyn Sink) -> Result<Agrees> {
    let recorded: Decision = serde_json::from_str(&act.payload).map_err(|error| {
        Fault::new("X105", format!("decision {} cannot be read: {error}", act.entry))
            .remedy("run `creditbank verify`")
    })?;
    let row: RuleRow = store::get(read, recorded.rule)?;
    let book: Book = store::get(read, row.book)?;
    let rule: Rule = serde_json::from_str(&row.body)
        .map_err(|error| Fault::new("X105", format!("rule {} cannot be read: {error}", row.code)))?;
    let list: Facts = vec![
        ("rule", recorded.rule_name.as_str().into()),
        ("rule book", format!("{}, version {}, SHA-256 {}", book.name, book.version, book.sha256).into()),
        ("the rule says", row.body.as_str().into()),
        ("authority", rule.authority.as_str().into()),
        ("reference", rule.reference.as_str().into()),
        ("effective", recorded.date.to_string().into()),
        ("arithmetic", recorded.arithmetic.as_str().into()),
        ("lost by rounding", format!("{} thousandths of a credit", recorded.lost).into()),
    ];
    facts(sink, "rule", "The rule and its arithmetic", &list)?;
    let again = replayed(read, names, act, &recorded, rule)?;
    Ok(again.as_deref() == Some(act.payload.as_str()))
}

/// The decision's bytes, planned again from the lots as they stood before it.
fn replayed(
    read: &dyn Read,
    names: &Names,
    act: &Act,
    recorded: &Decision,
    rule: Rule,
) -> Result<Option<String>> {
    let Some(learner) = act.learner else { return Ok(None) };
    let cut = Cut { as_of: None, known: Some(act.entry) };
    let lots = learners::lots(read, names, learner, &cut)?;
    let mut sources = Vec::new();
    for lot in lots.iter().filter(|lot| lot.held > Credits::ZERO) {
        if recorded.lots.iter().any(|taken| taken.lot == lot.achievement.entry) {
            sources.push(source(read, names, &lot.achievement, lot.held)?);
        }
    }
    let orders = rules::orders(read)?;
    let plan = plan(&sources, &[rule], &recorded.to, recorded.date, &orders);
    let found = plan.acts.into_iter().find(|act| act.lots == recorded.lots);
    let again = found.map(|act| Decision {
        lots: act.lots,
        arithmetic: act.arithmetic,
        lost: act.lost,
        ..recorded.clone()
    });
    Ok(again.and_then(|again| serde_json::to_string(&again).ok()))
}

fn finish(
    read: &dyn Read,
    act: &Act,
    batch: Option<&BatchRow>,
    replayed: Option<Agrees>,
    sink: &mut dyn Sink,
) -> Result<Agrees> {
    let Some(batch) = batch else { return Ok(false) };
    let payload = BatchPayload::read(&batch.payload)?;
    let kept = replay::kept_leaf(read, act.entry)?;
    let computed = replay::act_leaf(read, act, batch.entry, &payload)?;
    let leaf_agrees = computed.is_some() && computed == kept;
    let mut list: Facts = computed.map(|computed| replay::verdict(computed, kept)).unwrap_or_default();
    if let Some(same) = replayed {
        list.push(("decided again to the same bytes", Cell::Flag(same)));
    }
    let agrees = leaf_agrees && replayed.unwrap_or(true);
    list.push(("agrees", Cell::Flag(agrees)));
    facts(sink, "replay", "Replayed from the recorded inputs", &list)?;
    Ok(agrees)
}
