//! A decision to convert, explained: its rule, its inputs, its arithmetic, what was passed over; decided again.

use super::{Facts, facts};
use crate::domain::entry::EntryId;
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::{Book, RuleRow};
use crate::domain::rule::Rule;
use crate::ledger::convert::{NODES, Receiver, Source};
use crate::ops::batch::BatchPayload;
use crate::ops::convert::{Again, Applied, Because, Decision, Replay};
use crate::report::{Cell, Column, Sink};
use crate::store::{self, Act, BatchRow, Read};

/// Columns of the lots that a decision was made from.
pub const INPUTS: [Column; 14] = [
    Column::number("lot", "Lot"),
    Column::text("institution", "Institution"),
    Column::text("outcome", "Outcome"),
    Column::text("kind", "Kind"),
    Column::text("field", "Field"),
    Column::text("level", "Level"),
    Column::number("hours", "Hours"),
    Column::text("achieved", "Achieved"),
    Column::text("grade", "Grade"),
    Column::text("accredited", "Accredited"),
    Column::text("attributes", "Attributes"),
    Column::number("amount", "Taken"),
    Column::text("system", "System"),
    Column::number("worth", "Worth"),
];
/// Columns of the rules that could have taken one of the lots.
pub const PASSED_OVER: [Column; 3] = [
    Column::text("rule", "Rule"),
    Column::number("gives", "Would have given"),
    Column::text("system", "System"),
];

/// Explains a decision to convert, and makes it again from its recorded inputs.
pub fn conversion(
    read: &dyn Read,
    act: &Act,
    batch: Option<&BatchRow>,
    sink: &mut dyn Sink,
) -> Result<Again> {
    let recorded = Decision::read(&act.payload, act.entry)?;
    rule(read, &recorded, sink)?;
    inputs(&recorded, sink)?;
    if !recorded.passed_over.is_empty() {
        sink.section("passed_over", "Rules that were passed over", &PASSED_OVER)?;
        for passed in &recorded.passed_over {
            sink.row(&[passed.rule.as_str().into(), passed.gives.into(), passed.system.as_str().into()])?;
        }
    }
    let books = match batch {
        Some(batch) => BatchPayload::read(&batch.payload)?.books,
        None => Vec::new(),
    };
    Replay::new(read)?.decide(act, &books)
}

fn rule(read: &dyn Read, recorded: &Decision, sink: &mut dyn Sink) -> Result<()> {
    let row: RuleRow = store::get(read, recorded.rule)?;
    let book: Book = store::get(read, row.book)?;
    let rule: Rule = serde_json::from_str(&row.body)
        .map_err(|error| Fault::new("X105", format!("rule {} cannot be read: {error}", row.code)))?;
    let mut list: Facts = vec![
        ("rule", recorded.rule_name.as_str().into()),
        ("rule book", format!("{}, version {}, SHA-256 {}", book.name, book.version, book.sha256).into()),
        ("the rule says", row.body.as_str().into()),
        ("authority", some(&rule.authority)),
        ("reference", some(&rule.reference)),
        ("effective", recorded.date.to_string().into()),
        ("arithmetic", some(&recorded.arithmetic)),
    ];
    if !recorded.lost.is_empty() {
        list.push(("lost by rounding", format!("{} thousandths of a credit", recorded.lost).into()));
    }
    if let Some(applied) = &recorded.release {
        list.extend(release(applied));
    }
    for (limit, had) in &recorded.used {
        list.push(("had under a limit", format!("{had} under {limit}").into()));
    }
    for cut in &recorded.cut {
        let text = format!("{} by {}, which lets {} through", cut.took, cut.limit, cut.most);
        list.push(("cut", text.into()));
    }
    for part in &recorded.received {
        let (Receiver::Outcome(name) | Receiver::Category(name)) = &part.to;
        let text = match part.credits {
            Some(credits) => format!("{credits} {} for {name}", recorded.system),
            None => format!("{name}, in one amount with the others"),
        };
        list.push(("received", text.into()));
    }
    match recorded.proven {
        Some(true) => list.push(("best choice", "proven: no other gives more".into())),
        Some(false) => {
            list.push(("best choice", format!("not proven: the best found in {NODES} steps").into()));
        }
        None => {}
    }
    if !recorded.weighed.is_empty() {
        let lots: Vec<String> = recorded.weighed.iter().map(EntryId::to_string).collect();
        list.push(("weighed with lots", lots.join(", ").into()));
    }
    for waiting in &recorded.undecided {
        list.push(("waits", waiting.why.as_str().into()));
    }
    facts(sink, "rule", "The rule and its arithmetic", &list)
}

/// Which release of the rules was applied, why, and what the other would have given.
fn release(applied: &Applied) -> Facts {
    let title = |name: &Option<String>| name.clone().unwrap_or_else(|| "the newest versions".to_owned());
    let because = match applied.because {
        Because::InForce => "in force on the day",
        Because::Chosen => "chosen by name",
        Because::Pinned => "the learner is pinned to it",
        Because::Stands => "it was the better one for what stands at the target",
        Because::Better => "the better of the learner's own and the one in force",
    };
    let mut list: Facts =
        vec![("release of the rules", format!("{}: {because}", title(&applied.name)).into())];
    if let Some(pin) = applied.pin {
        list.push(("pinned by decision", pin.into()));
    }
    if let Some(compared) = &applied.compared {
        for (name, total) in
            [(&compared.pinned, &compared.by_pinned), (&compared.in_force, &compared.by_in_force)]
        {
            let gives: Vec<String> =
                total.gives.iter().map(|(system, amount)| format!("{amount} {system}")).collect();
            let gives = if gives.is_empty() { "nothing".to_owned() } else { gives.join(" + ") };
            list.push(("of all that was free", format!("{} gives {gives}", title(name)).into()));
        }
    }
    list
}

fn some(text: &str) -> Cell {
    if text.is_empty() { Cell::Empty } else { text.into() }
}

/// What the rules looked at, as recorded.
fn inputs(recorded: &Decision, sink: &mut dyn Sink) -> Result<()> {
    sink.section("inputs", "What it was decided from", &INPUTS)?;
    for source in &recorded.sources {
        let taken = recorded.lots.iter().find(|taken| taken.lot == source.lot);
        let mut cells = looked_at(source);
        cells.push(taken.map_or(source.held, |taken| taken.amount).into());
        cells.push(source.system.as_str().into());
        cells.push(taken.map(|taken| taken.worth).into());
        sink.row(&cells)?;
    }
    Ok(())
}

fn looked_at(source: &Source) -> Vec<Cell> {
    let level = source.level.as_ref().map(|(framework, level)| format!("{framework} {level}"));
    let grade = source.grade.as_ref().map(|(scale, grade)| match scale.is_empty() {
        true => grade.clone(),
        false => format!("{grade} ({scale})"),
    });
    let day = |day: Option<jiff::civil::Date>| day.map_or("…".to_owned(), |day| day.to_string());
    let accredited = source.accredited.map(|(from, to)| format!("{} to {}", day(from), day(to)));
    let attributes: Vec<String> =
        source.attributes.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    vec![
        source.lot.into(),
        source.institution.as_str().into(),
        source.outcome.as_str().into(),
        source.kind.name().into(),
        source.field.clone().into(),
        level.into(),
        source.hours.into(),
        source.period.written.as_str().into(),
        grade.into(),
        accredited.into(),
        some(&attributes.join("; ")),
    ]
}
