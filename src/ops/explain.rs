//! `explain`: an entry, a lot or a decision, replayed from its recorded inputs.

mod conversion;
mod decision;
mod replay;

use crate::domain::account::Account;
use crate::domain::credits::{Credits, apportion};
use crate::domain::entry::{Achievement, EntryId, EntryKind, RowPlace};
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::{Attrs, ProfileRow};
use crate::intake::profile::{Column as FileColumn, Profile};
use crate::ledger::lots::Cut;
use crate::ops::batch::BatchPayload;
use crate::ops::learners;
use crate::ops::names::Names;
use crate::report::{Cell, Column, Meta, Sink, meta};
use crate::report::{Query, Section};
use crate::store::{self, BatchRow, Read};
use std::path::PathBuf;

/// What to explain.
#[derive(Debug, Clone)]
pub struct Request {
    /// The entry: also the name of a lot or of a decision.
    pub entry: EntryId,
    /// The source file, to read the row again from where it came.
    pub source: Option<PathBuf>,
    /// When it is asked, RFC 3339 in UTC.
    pub moment: String,
}

/// Whether everything that was replayed came out as recorded.
pub type Agrees = bool;

/// Facts of one section: label and value.
type Facts = Vec<(&'static str, Cell)>;

const FACT: [Column; 2] = [Column::text("what", "What"), Column::text("value", "Value")];

fn facts(sink: &mut dyn Sink, key: &'static str, title: &str, facts: &Facts) -> Result<()> {
    sink.section(key, title, &FACT)?;
    for (label, value) in facts.iter().filter(|(_, value)| *value != Cell::Empty) {
        sink.row(&[Cell::from(*label), value.clone()])?;
    }
    Ok(())
}

/// Explains an entry into a sink.
///
/// # Errors
/// `X101` where there is no such entry; where the ledger or the source file cannot be read.
pub fn explain(read: &dyn Read, request: &Request, sink: &mut dyn Sink) -> Result<Agrees> {
    let names = Names::default();
    let query = Query { moment: request.moment.clone(), ..Query::default() };
    let mut meta: Meta = meta(read, "explain", &query, sections())?;
    meta.filter.push(("entry".to_owned(), request.entry.to_string()));
    let missing = || {
        Fault::new("X101", format!("there is no entry {}", request.entry))
            .remedy("`creditbank report journal` lists the entries")
    };
    if read.heads()?.iter().all(|head| head.log != request.entry.log() || head.size <= request.entry.seq()) {
        return Err(missing());
    }
    let batch = read.batch_of(request.entry)?;
    sink.begin(&meta)?;
    let agrees = if let Some(row) = read.achievement(request.entry)? {
        achievement(read, &names, request, &row, batch.as_ref(), sink)?
    } else if let Some(row) = read.movement(request.entry)? {
        decision::movement(read, &names, &row, batch.as_ref(), sink)?
    } else {
        let act = read.act(request.entry)?.ok_or_else(missing)?;
        match act.kind {
            EntryKind::Decision => decision::decision(read, &names, &act, batch.as_ref(), sink)?,
            _ => decision::act(read, &act, batch.as_ref(), sink)?,
        }
    };
    sink.end()?;
    Ok(agrees)
}

/// Every section that an explanation may have.
fn sections() -> Vec<Section> {
    let facts = ["entry", "decision", "batch", "case", "source", "rule", "arithmetic", "now", "replay"];
    let mut sections: Vec<Section> = facts.iter().map(|key| Section::new(key, *key, &FACT)).collect();
    sections.push(Section::new("movements", "movements", &decision::MOVEMENTS));
    sections.push(Section::new("rows", "rows", &decision::ROWS));
    sections.push(Section::new("inputs", "inputs", &conversion::INPUTS));
    sections.push(Section::new("passed_over", "passed_over", &conversion::PASSED_OVER));
    sections
}

/// The batch that an entry belongs to.
fn batch_facts(batch: Option<&BatchRow>) -> Result<Facts> {
    let Some(batch) = batch else { return Ok(Vec::new()) };
    let payload = BatchPayload::read(&batch.payload)?;
    Ok(vec![
        ("batch", Cell::from(format!("B{}", batch.no))),
        ("recorded", Cell::from(payload.recorded)),
        ("by", Cell::from(format!("{} on {}", payload.actor, payload.site))),
        ("command", Cell::from(payload.command)),
        ("program", Cell::from(payload.program)),
        ("reason", Cell::from(payload.why)),
        ("into closed period through", Cell::from(payload.closed_period)),
    ])
}

fn achievement(
    read: &dyn Read,
    names: &Names,
    request: &Request,
    row: &Achievement,
    batch: Option<&BatchRow>,
    sink: &mut dyn Sink,
) -> Result<Agrees> {
    facts(sink, "entry", "The achievement as recorded", &recorded(read, names, row)?)?;
    let payload = batch.map(|batch| BatchPayload::read(&batch.payload)).transpose()?;
    facts(sink, "batch", "Recorded by", &batch_facts(batch)?)?;
    let profile = profile(read, payload.as_ref())?;
    source(row, payload.as_ref(), profile.as_ref(), sink)?;
    let (arithmetic, amounts_agree) = arithmetic(read, names, row, profile.as_ref(), batch)?;
    facts(sink, "arithmetic", "How the amount came about", &arithmetic)?;
    facts(sink, "now", "Where the credit is now", &whereabouts(read, names, row)?)?;
    let leaf = replay::achievement_leaf(read, names, row, payload.as_ref())?;
    let kept = replay::kept_leaf(read, row.entry)?;
    let mut replayed = replay::verdict(leaf, kept);
    let mut agrees = amounts_agree && Some(leaf) == kept;
    if let Some(path) = &request.source {
        let (again, same) = replay::from_source(row, path, payload.as_ref(), profile.as_ref())?;
        replayed.extend(again);
        agrees &= same;
    }
    replayed.push(("agrees", Cell::Flag(agrees)));
    facts(sink, "replay", "Replayed from the recorded inputs", &replayed)?;
    Ok(agrees)
}

fn recorded(read: &dyn Read, names: &Names, row: &Achievement) -> Result<Facts> {
    let outcome = names.outcome(read, row.outcome)?;
    let institution = names.institution(read, outcome.institution)?;
    let version = names.version(read, row.outcome, row.version)?;
    let period = names.period(read, row.period)?;
    let system = names.system(read, row.system)?;
    let grade = row.grade.map(|id| names.grade(read, id)).transpose()?;
    let attrs = row.attrs.map(|id| store::get::<Attrs>(read, id)).transpose()?;
    let level = version
        .framework
        .clone()
        .zip(version.level.clone())
        .map(|(framework, level)| format!("{framework} {level}"));
    Ok(vec![
        ("entry", row.entry.into()),
        ("what it is", row.entry_kind().name().into()),
        ("learner", Account(row.learner).to_string().into()),
        ("answers for", person_of(read, row.learner)?),
        ("institution", format!("{} ({})", institution.name, institution.code).into()),
        ("outcome", format!("{} {}, version {}", outcome.code, version.title, version.version).into()),
        ("kind", row.kind.name().into()),
        ("level", level.into()),
        ("field", version.field.clone().into()),
        ("hours", version.hours.map(Credits).into()),
        (
            "achieved",
            format!(
                "{} (known by {}: {} to {})",
                period.written,
                period.precision.name(),
                period.first,
                period.last
            )
            .into(),
        ),
        ("status", row.status.name().into()),
        ("grade", grade.as_ref().map(|grade| grade.written.clone()).into()),
        ("grading scale", grade.map(|grade| grade.scale.clone()).into()),
        ("attempt", Cell::Int(row.attempt)),
        ("record", row.record.clone().into()),
        ("attributes as of then", attrs.map(|attrs| attrs.json).into()),
        ("amount", format!("{} {}", row.amount, system.code).into()),
    ])
}

/// The account that names the person, where it is another.
fn person_of(read: &dyn Read, learner: i64) -> Result<Cell> {
    let person = learners::links(read, &Cut::default())?.person(learner);
    Ok((person != learner).then(|| Account(person).to_string()).into())
}

/// The profile version that read the row.
fn profile(read: &dyn Read, payload: Option<&BatchPayload>) -> Result<Option<Profile>> {
    let Some(in_force) = payload.and_then(|payload| payload.profile.as_ref()) else { return Ok(None) };
    let rows: Vec<ProfileRow> = store::find(read, "name", in_force.name.as_str())?;
    let row = rows.into_iter().find(|row| row.version == in_force.version);
    let Some(row) = row else { return Ok(None) };
    Profile::parse(&row.source, &row.name)
        .map(Some)
        .map_err(|error| Fault::new("X102", format!("profile {} version {}: {error}", row.name, row.version)))
}

fn source(
    row: &Achievement,
    payload: Option<&BatchPayload>,
    profile: Option<&Profile>,
    sink: &mut dyn Sink,
) -> Result<()> {
    let mut list: Facts = Vec::new();
    if let Some(file) = payload.and_then(|payload| payload.files.get(row.file as usize)) {
        list.push(("file", file.name.as_str().into()));
        list.push(("SHA-256", file.sha256.as_str().into()));
        let place = RowPlace::of(row.line);
        list.push(("line", Cell::Int(place.line as i64)));
        if place.part > 0 {
            list.push(("result in the row", Cell::Int(i64::from(place.part))));
        }
        list.extend(file.read.as_ref().map(|read| ("read as", read.to_string().into())));
    }
    if let Some(in_force) = payload.and_then(|payload| payload.profile.as_ref()) {
        list.push(("profile", format!("{}, version {}", in_force.name, in_force.version).into()));
        list.push(("profile's SHA-256", in_force.sha256.as_str().into()));
    }
    for (field, column) in profile.iter().flat_map(|profile| &profile.columns) {
        let column = match column {
            FileColumn::Number(number) => format!("column {number}"),
            named => format!("column `{}`", named.names().join("` or `")),
        };
        list.push((field.name(), column.into()));
    }
    for (field, value) in profile.iter().flat_map(|profile| &profile.constants) {
        list.push((field.name(), format!("`{value}` in every row").into()));
    }
    facts(sink, "source", "The source row", &list)
}

/// How the amount came about, replayed where the row shares the load of a group.
fn arithmetic(
    read: &dyn Read,
    names: &Names,
    row: &Achievement,
    profile: Option<&Profile>,
    batch: Option<&BatchRow>,
) -> Result<(Facts, Agrees)> {
    let system = names.system(read, row.system)?.code.clone();
    let (Some(group), Some(load)) = (row.group_line, row.group_load) else {
        let earns = profile.is_none_or(|profile| profile.deposit.contains(&row.status));
        let version = names.version(read, row.outcome, row.version)?;
        let what = match (row.amount == Credits::ZERO, earns) {
            (true, false) => {
                format!("a result of status {} deposits nothing under the profile", row.status.name())
            }
            (true, true) => "the outcome carries no credit".to_owned(),
            _ if version.credits == Some(row.amount.0) => {
                format!(
                    "{} {system}, as the row or the catalogue (version {}) gives it",
                    row.amount, version.version
                )
            }
            _ => format!("{} {system}, as the row gives it", row.amount),
        };
        return Ok((
            vec![("amount", what.into()), ("rounding", "none: kept to the thousandth".into())],
            true,
        ));
    };
    let same_batch = |entry: EntryId| {
        batch.is_some_and(|batch| entry >= batch.entry && entry < batch.entry.plus(batch.size as u64))
    };
    let mut rows: Vec<Achievement> = read
        .achievements_of(row.learner)?
        .into_iter()
        .filter(|other| other.group_line == Some(group) && other.file == row.file && same_batch(other.entry))
        .collect();
    rows.sort_by_key(|other| other.line);
    let shares = apportion(load, &vec![1; rows.len()]);
    let agrees = rows.iter().zip(&shares).all(|(row, share)| row.amount == *share);
    let mut list: Facts = vec![
        (
            "load of the group",
            format!("{load} {system}, counted once for {} rows from line {group} on", rows.len()).into(),
        ),
        ("apportioned", "in equal parts by largest remainder, in the order of the file".into()),
    ];
    for (other, share) in rows.iter().zip(shares) {
        let mark = if other.entry == row.entry { " (this one)" } else { "" };
        list.push((
            "share",
            format!("line {}: {share} {system}, entry {}{mark}", other.line, other.entry).into(),
        ));
    }
    Ok((list, agrees))
}

fn whereabouts(read: &dyn Read, names: &Names, row: &Achievement) -> Result<Facts> {
    let lots = learners::lots(read, names, row.learner, &Cut::default())?;
    let Some(lot) = lots.into_iter().find(|lot| lot.achievement.entry == row.entry) else {
        return Ok(Vec::new());
    };
    let mut list: Facts = Vec::new();
    if let Some(by) = lot.reversed_by {
        list.push(("reversed", format!("by entry {by}").into()));
        return Ok(list);
    }
    if row.amount == Credits::ZERO {
        list.push(("no credit", "the achievement stands without credit".into()));
    }
    if let Some(by) = lot.superseded {
        list.push(("not counted", format!("another result in the outcome counts, by entry {by}").into()));
    }
    if lot.held > Credits::ZERO {
        list.push(("held", lot.held.into()));
    }
    for placement in &lot.placements {
        let system = names.system(read, placement.system)?.code.clone();
        let decision =
            read.decision(placement.decision)?.and_then(|decision| decision.target).unwrap_or_default();
        list.push((
            "placed",
            format!(
                "{} at {decision}, worth {} {system}, by decision {}",
                placement.taken, placement.worth, placement.decision
            )
            .into(),
        ));
    }
    Ok(list)
}
