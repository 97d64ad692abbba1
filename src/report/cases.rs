//! Decisions on what learners ask for, read from the journal.

use crate::domain::credits::Credits;
use crate::domain::decision::{Step, Verb};
use crate::domain::entry::EntryId;
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::Scale;
use crate::ledger::cases::{Bands, Case, Cases, Conversion, Event, Verdict, compared, key};
use crate::ledger::convert::{CutBy, Source, Taken};
use crate::ledger::lots::Cut;
use crate::store::{self, Read};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;

/// How far behind a conversion the step may stand that it is a part of.
const NEAR: u64 = 4_096;

/// What a conversion records, as far as it is compared.
#[derive(Deserialize)]
struct Converted {
    target: String,
    date: Date,
    #[serde(default)]
    lots: Vec<Taken>,
    #[serde(default)]
    sources: Vec<Source>,
    #[serde(default)]
    system: String,
    #[serde(default)]
    cut: Vec<CutBy>,
}

fn damaged(entry: EntryId, error: &serde_json::Error) -> Fault {
    Fault::new("D199", format!("decision {entry} cannot be read: {error}")).remedy("run `creditbank verify`")
}

/// Who posted an entry's batch.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn actor(read: &(impl Read + ?Sized), entry: EntryId) -> Result<String> {
    let batch = read.batch_of(entry)?;
    let said: Value = batch.and_then(|batch| serde_json::from_str(&batch.payload).ok()).unwrap_or_default();
    Ok(said["actor"].as_str().unwrap_or_default().to_owned())
}

/// The step that an act is; none where it is another act.
///
/// # Errors
/// `D199` where it cannot be read.
pub fn event(read: &(impl Read + ?Sized), entry: EntryId) -> Result<Option<Event>> {
    let Some(row) = read.decision(entry)?.filter(|row| Verb::from_name(&row.verb).is_some()) else {
        return Ok(None);
    };
    let Some(act) = read.act(row.entry)? else { return Ok(None) };
    let step: Step = serde_json::from_str(&act.payload).map_err(|error| damaged(entry, &error))?;
    Ok(Some(Event { entry, learner: act.learner, actor: actor(read, entry)?, step }))
}

/// A conversion as a decision that may be appealed; none where the entry is none.
///
/// # Errors
/// `D199` where it cannot be read.
pub fn conversion(read: &(impl Read + ?Sized), entry: EntryId) -> Result<Option<Conversion>> {
    let Some(row) = read.decision(entry)?.filter(|row| row.verb == "convert") else { return Ok(None) };
    let (Some(learner), Some(act)) = (row.learner, read.act(entry)?) else { return Ok(None) };
    let said: Converted = serde_json::from_str(&act.payload).map_err(|error| damaged(entry, &error))?;
    let lots = said.lots.iter().map(|taken| taken.lot).collect();
    let (target, date) = (said.target, said.date);
    Ok(Some(Conversion { entry, learner, target, date, actor: actor(read, entry)?, lots }))
}

/// All decisions that were opened, or that something happened to, in a cut.
///
/// # Errors
/// `D199` where a step cannot be read or cannot be.
pub fn cases(read: &(impl Read + ?Sized), cut: &Cut) -> Result<Cases> {
    let mut steps = Vec::new();
    read.decisions(&mut |row| {
        if cut.knows(row.entry) && Verb::from_name(&row.verb).is_some() {
            steps.push(row.entry);
        }
        Ok(())
    })?;
    let mut cases = Cases::default();
    for entry in steps {
        let Some(event) = event(read, entry)? else { continue };
        if cut.as_of.is_none_or(|day| event.step.date <= day) {
            take(read, &mut cases, &event)?;
        }
    }
    Ok(cases)
}

/// An error that is a fault or a text.
enum Why {
    Fault(Fault),
    Text(String),
}

impl From<String> for Why {
    fn from(text: String) -> Why {
        Why::Text(text)
    }
}

fn take(read: &(impl Read + ?Sized), cases: &mut Cases, event: &Event) -> Result<()> {
    cases.take(event, |entry| conversion(read, entry).map_err(Why::Fault)).map_err(|why| match why {
        Why::Fault(fault) => fault,
        Why::Text(text) => Fault::new("D199", format!("step {} cannot be: {text}", event.entry))
            .remedy("run `creditbank verify`"),
    })
}

/// The decision that an entry names: the one that it opened, that it is a step of, or that it is a part of.
///
/// # Errors
/// `D105` where it names none.
pub fn one(read: &(impl Read + ?Sized), entry: EntryId) -> Result<Case> {
    let unknown = || {
        Fault::new("D105", format!("entry {entry} names no decision on what a learner asked for"))
            .remedy("`creditbank decision list` shows their numbers")
    };
    let row = read.decision(entry)?.ok_or_else(unknown)?;
    let opener = match Verb::from_name(&row.verb) {
        Some(_) => row.about.unwrap_or(entry),
        None => whole(read, entry)?.unwrap_or(entry),
    };
    let mut cases = Cases::default();
    match event(read, opener)? {
        Some(event) => take(read, &mut cases, &event)?,
        None => {
            let conversion = conversion(read, opener)?.ok_or_else(unknown)?;
            if read.decisions_about(opener)?.iter().all(|row| Verb::from_name(&row.verb).is_none()) {
                return Ok(Case::of_conversion(conversion));
            }
        }
    }
    for row in read.decisions_about(opener)? {
        if let Some(event) = event(read, row.entry)? {
            take(read, &mut cases, &event)?;
        }
    }
    cases.get(opener).cloned().ok_or_else(unknown)
}

/// The decision to which a conversion belongs that did not open it: the step stands behind it in its batch.
fn whole(read: &(impl Read + ?Sized), part: EntryId) -> Result<Option<EntryId>> {
    let Some(batch) = read.batch_of(part)? else { return Ok(None) };
    let end = batch.entry.plus(batch.size.unsigned_abs()).min(part.plus(NEAR));
    let mut found = None;
    read.acts(part.plus(1), end, &mut |act, _| {
        if found.is_none()
            && let Ok(step) = serde_json::from_str::<Step>(&act.payload)
            && step.placed.contains(&part)
        {
            found = step.decision;
        }
        Ok(())
    })?;
    Ok(found)
}

/// The bands of grades that the bank's scales give.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn bands(read: &(impl Read + ?Sized)) -> Result<Bands> {
    Ok(Bands::new(store::all::<Scale>(read)?))
}

/// What a case is compared by: as its steps record it, or as a conversion's inputs give it.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn key_of(read: &(impl Read + ?Sized), case: &Case, bands: &Bands) -> Result<Option<String>> {
    if case.key.is_some() {
        return Ok(case.key.clone());
    }
    let act = read.act(case.entry)?;
    let Some(said) = act.and_then(|act| serde_json::from_str::<Converted>(&act.payload).ok()) else {
        return Ok(None);
    };
    let mut lots = Vec::with_capacity(said.sources.len());
    for source in &said.sources {
        let amount = read.achievement(source.lot)?.map_or(source.held, |row| row.amount);
        lots.push((source, amount, Vec::new()));
    }
    Ok(Some(key(&compared(&said.target, lots.into_iter(), bands))))
}

/// What a decision gave: how much in which system; nothing of what a limit cut, which other credit decides.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn given(read: &(impl Read + ?Sized), case: &Case) -> Result<Option<(Credits, String)>> {
    let (mut sum, mut of) = (Credits::ZERO, String::new());
    for entry in &case.placed {
        let Some(act) = read.act(*entry)? else { continue };
        let (worth, system) = match event(read, *entry)? {
            Some(event) => {
                let worth = event.step.granted.iter().map(|granted| granted.worth.0).sum();
                (worth, event.step.system.unwrap_or_default())
            }
            None => {
                let said: Converted =
                    serde_json::from_str(&act.payload).map_err(|error| damaged(*entry, &error))?;
                if !said.cut.is_empty() {
                    return Ok(None);
                }
                (said.lots.iter().map(|taken| taken.worth.0).sum::<i64>(), said.system)
            }
        };
        sum.0 += worth;
        of = system;
    }
    Ok((!case.placed.is_empty()).then_some((sum, of)))
}

/// A precedent that equal cases are offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// The decision.
    pub case: EntryId,
    /// How it ended.
    pub verdict: Verdict,
    /// Since when it is so.
    pub since: Date,
    /// Stable words for the reasons.
    pub codes: Vec<String>,
    /// What was given.
    pub given: Option<(Credits, String)>,
    /// The key.
    pub key: String,
}

/// The precedents of the bank.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn precedents(read: &(impl Read + ?Sized)) -> Result<Vec<Offered>> {
    let mut marked = Vec::new();
    read.decisions(&mut |row| {
        if row.verb == Verb::Precedent.name() {
            marked.extend(row.about);
        }
        Ok(())
    })?;
    marked.sort();
    marked.dedup();
    let bands = bands(read)?;
    let mut offered = Vec::new();
    for entry in marked {
        let case = one(read, entry)?;
        let Some(verdict) = case.verdict.filter(|_| case.precedent.is_some() && case.is_settled()) else {
            continue;
        };
        if let Some(key) = key_of(read, &case, &bands)? {
            let (given, codes) = (given(read, &case)?, case.codes.clone());
            offered.push(Offered { case: case.entry, verdict, since: case.since, codes, given, key });
        }
    }
    Ok(offered)
}
