//! What an import has to say: sums, findings, and what each rule found.

use crate::domain::fault::Result;
use crate::domain::text::visible;
use crate::ops::batch::hex;
use crate::ops::import::Outcome;
use crate::ops::import::verdict::{COLUMNS, Extent};
use crate::report::{self, Cell, Column, Section, Sink};

const SUMMARY: [Column; 2] = [Column::text("what", "What"), Column::text("value", "Value")];
const DEPOSITED: [Column; 2] = [Column::text("system", "System"), Column::number("deposited", "Deposited")];
const FINDINGS: [Column; 8] = [
    Column::text("file", "File"),
    Column::number("line", "Line"),
    Column::text("column", "Column"),
    Column::text("value", "Value"),
    Column::text("rule", "Rule"),
    Column::text("severity", "Severity"),
    Column::text("reason", "Reason"),
    Column::text("remedy", "Remedy"),
];
const RULES: [Column; 5] = [
    Column::text("rule", "Rule"),
    Column::text("severity", "Severity"),
    Column::number("times", "Times"),
    Column::text("summary", "What is wrong"),
    Column::text("lenient", "Lenient because"),
];
const UNCHECKED: [Column; 3] = [
    Column::text("rule", "Rule"),
    Column::number("rows", "Rows"),
    Column::text("summary", "What a bank would look for"),
];

/// What became of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// They were imported.
    Import,
    /// It was shown what an import would do.
    DryRun,
    /// They were only checked.
    Check,
}

pub fn sections() -> Vec<Section> {
    vec![
        Section::new("summary", "Import", &SUMMARY),
        Section::new("deposited", "Deposited", &DEPOSITED),
        Section::new("findings", "Findings", &FINDINGS),
        Section::new("rules", "By rule", &RULES),
        Section::new("verdicts", "Rows", &COLUMNS),
        Section::new("unchecked", "Not checked: only a bank knows", &UNCHECKED),
        Section::new("entries", "Would be posted", &report::journal::COLUMNS),
    ]
}

pub fn tell(sink: &mut dyn Sink, outcome: &Outcome, mode: Mode, extent: Extent) -> Result<()> {
    sink.section("summary", "Import", &SUMMARY)?;
    let mut fact = |what: &str, value: Cell| match value {
        Cell::Empty => Ok(()),
        value => sink.row(&[Cell::from(what), value]),
    };
    fact("batch", outcome.batch.filter(|_| mode == Mode::Import).map(|no| format!("B{no}")).into())?;
    match mode {
        Mode::Check => fact("posted", "nothing: this is a check".into())?,
        _ if outcome.staged => fact("posted", "nothing yet: the files wait for a second officer".into())?,
        _ if outcome.withheld.is_some() => fact("posted", "nothing: what was found is in the way".into())?,
        _ if outcome.batch.is_none() => fact("posted", "nothing: there is nothing new".into())?,
        Mode::DryRun => fact("posted", "nothing: this is a dry run".into())?,
        Mode::Import => {}
    }
    let count = |number: u64| Cell::Int(number as i64);
    fact("rows read", count(outcome.rows))?;
    fact("rows deposited", count(outcome.deposited))?;
    fact("rows recorded without credit", count(outcome.recorded))?;
    fact("rows registered", count(outcome.registered))?;
    fact("rows recorded before", count(outcome.already))?;
    for (what, rows) in [
        ("rows that correct what was recorded", outcome.corrected),
        ("rows that say what was corrected since", outcome.outdated),
        ("results of which another counts", outcome.superseded),
        ("of these recorded by earlier batches", outcome.replaced),
    ] {
        fact(what, if rows > 0 { count(rows) } else { Cell::Empty })?;
    }
    let gathered = (outcome.gathered > 0).then(|| count(outcome.gathered));
    fact("rows that say more of another", gathered.unwrap_or_default())?;
    fact("rows refused", count(outcome.refused))?;
    let conflicts = outcome.verdicts.conflicts();
    let conflicts = (conflicts > 0).then(|| count(conflicts));
    fact("of these in conflict with what is recorded", conflicts.unwrap_or_default())?;
    fact("rows with warnings", count(outcome.findings.warned()))?;
    if mode != Mode::Check {
        fact("accounts opened", count(outcome.learners))?;
        if outcome.reviews > 0 {
            fact("people to review", count(outcome.reviews))?;
        }
        fact("entries", Cell::Int(outcome.entries))?;
        fact("profile version", Cell::Int(outcome.profile_version))?;
        fact("result", outcome.result.clone().into())?;
    }
    let rejects: Vec<String> = outcome.rejects.iter().map(|path| path.display().to_string()).collect();
    fact("refused rows are in", rejects.join(", ").into())?;
    if let Some(head) = outcome.head.as_ref().filter(|_| mode == Mode::Import) {
        fact("journal size", Cell::Int(head.size as i64))?;
        fact("journal root", hex(&head.root).into())?;
    }
    if !outcome.credits.is_empty() {
        sink.section("deposited", "Deposited", &DEPOSITED)?;
    }
    for (system, amount) in &outcome.credits {
        sink.row(&[Cell::from(system.as_str()), Cell::Amount(*amount)])?;
    }
    findings(sink, outcome)?;
    rules(sink, outcome)?;
    if !outcome.verdicts.is_empty(extent) {
        sink.section("verdicts", "Rows", &COLUMNS)?;
        outcome.verdicts.tell(&outcome.files, extent, sink)?;
    }
    unchecked(sink, outcome)
}

fn unchecked(sink: &mut dyn Sink, outcome: &Outcome) -> Result<()> {
    if !outcome.unchecked.is_empty() {
        sink.section("unchecked", "Not checked: only a bank knows", &UNCHECKED)?;
    }
    for (rule, rows) in &outcome.unchecked {
        sink.row(&[rule.code().into(), Cell::Int(*rows as i64), rule.summary().into()])?;
    }
    Ok(())
}

fn findings(sink: &mut dyn Sink, outcome: &Outcome) -> Result<()> {
    let listed = outcome.findings.listed();
    if !listed.is_empty() {
        sink.section("findings", "Findings", &FINDINGS)?;
    }
    for finding in listed {
        let problem = &finding.problem;
        sink.row(&[
            outcome.files.get(finding.file).map(String::as_str).into(),
            // What is about a whole file stands on no line of it.
            Some(problem.line).filter(|line| *line > 0).map_or(Cell::Empty, |line| Cell::Int(line as i64)),
            problem.column.as_ref().map(|column| format!("{} {}", column.number, column.name)).into(),
            problem.value.as_str().into(),
            problem.rule.code().into(),
            problem.severity.name().into(),
            problem.reason.as_str().into(),
            problem.rule.remedy().into(),
        ])?;
    }
    match outcome.findings.hidden() {
        0 => Ok(()),
        hidden => sink.note(&format!("{hidden} more findings are not listed; --limit lists more")),
    }
}

fn rules(sink: &mut dyn Sink, outcome: &Outcome) -> Result<()> {
    let mut counts = outcome.findings.counts().peekable();
    if counts.peek().is_some() {
        sink.section("rules", "By rule", &RULES)?;
    }
    for (rule, severity, times) in counts {
        let lenient = outcome.lenient.iter().find(|leniency| leniency.rule == rule);
        sink.row(&[
            rule.code().into(),
            severity.name().into(),
            Cell::Int(times as i64),
            rule.summary().into(),
            lenient.map(|leniency| leniency.reason.as_str()).into(),
        ])?;
    }
    Ok(())
}

/// Notices, beside the data.
pub fn aside(outcome: &Outcome) {
    for (file, batch) in &outcome.seen {
        eprintln!("notice: {} was imported before, in batch B{batch} [N102]", visible(file));
    }
    for (file, notice) in &outcome.notices {
        eprintln!("notice: {}: {}", visible(file), visible(&notice.to_string()));
    }
    for word in outcome.repaired() {
        let (from, to) = (visible(&word.from), visible(&word.to));
        eprintln!("notice: {} `{from}` read as `{to}` in {} rows [N104]", word.field, word.rows);
    }
}
