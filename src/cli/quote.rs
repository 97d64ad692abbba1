//! `creditbank quote`.

use super::Done;
use super::context::Context;
use super::output::{Output, usage};
use crate::domain::account::Account;
use crate::domain::credits::Credits;
use crate::domain::date::parse_iso;
use crate::domain::fault::Result;
use crate::ops::quote::{Placed, Quoted, Request, Total, quote};
use crate::ops::{convert, learners};
use crate::report::{Cell, Column, Query, Section, Sink, meta};
use std::collections::BTreeMap;

/// What a learner's free credit would convert into, what would be lost and why, and what would rescue it.
/// Nothing is posted
#[derive(Debug, clap::Args)]
pub struct Quote {
    /// Account number or identifier
    #[arg(value_name = "LEARNER")]
    learner: String,
    /// Codes of credit systems or institutions [default: all that a rule leads to]
    #[arg(long, value_name = "SYSTEM|INSTITUTION", num_args = 1..)]
    to: Vec<String>,
    /// As of this day: the rules that hold then [default: today in the bank's time zone]
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    /// Try this release of the rules, or `draft` for what is loaded and not published [default: the one in force]
    #[arg(long, value_name = "NAME|draft")]
    release: Option<String>,
    #[command(flatten)]
    output: Output,
}

impl Quote {
    pub fn run(&self, context: &Context) -> Result<Done> {
        let store = context.open_read()?;
        store.at_one_moment(|store| {
            let date = match &self.as_of {
                None => context.today(store)?,
                Some(text) => parse_iso(text).map_err(|error| {
                    usage("C104", format!("--as-of `{text}`: {error}"), "write the day as 2026-08-31")
                })?,
            };
            let targets = self.to.iter().map(|code| convert::target(store, code)).collect::<Result<_>>()?;
            let request = Request {
                learner: learners::find(store, &self.learner)?,
                targets,
                date,
                release: self.release.clone(),
            };
            let quoted = quote(store, &request)?;
            let query = Query {
                moment: context.actor.now.to_string(),
                as_of_text: Some(date.to_string()),
                learner: Some(request.learner),
                ..Query::default()
            };
            let sections = vec![
                Section::new("targets", TARGETS, &columns()),
                Section::new("kept", KEPT, &kept_columns()),
                Section::new("lost", LOST, &lost_columns()),
                Section::new("placed", PLACED, &PLACED_COLUMNS),
                Section::new("denied", DENIED, &denied_columns()),
                Section::new("precedents", PRECEDENTS, &PRECEDENT),
            ];
            let mut meta = meta(store, "quote", &query, sections)?;
            if !self.to.is_empty() {
                meta.filter.push(("to".into(), self.to.join(", ")));
            }
            self.output.write(|sink| {
                sink.begin(&meta)?;
                compare(sink, &quoted.targets, &quoted.placed)?;
                kept(sink, &quoted.targets)?;
                lost(sink, &quoted.targets)?;
                placed(sink, &quoted.placed)?;
                denied(sink, &quoted.targets)?;
                precedents(sink, &quoted.targets)?;
                sink.note(&format!("a quote for {}: nothing was posted", Account(request.learner)))?;
                sink.end()
            })
        })?;
        store.check_unchanged()?;
        Ok(Done::Well)
    }
}

const TARGETS: &str = "What each target keeps";
const KEPT: &str = "What would convert";
const LOST: &str = "What would be lost, and why";
const PLACED: &str = "What is placed already";
const DENIED: &str = "What is denied whatever was learned";

fn columns() -> [Column; 13] {
    [
        Column::text("target", "Target"),
        Column::text("system", "Of"),
        Column::number("kept", "Kept"),
        Column::number("lost", "Lost"),
        Column::number("waits", "Waits"),
        Column::number("placed", "Placed"),
        Column::number("lots_kept", "Lots kept"),
        Column::number("lots_lost", "Lots lost"),
        Column::number("lots_waiting", "Lots waiting"),
        Column::text("worth", "Worth"),
        Column::text("sort", "Sort"),
        Column::text("release", "Release"),
        Column::text("instead", "The other release"),
    ]
}

/// Every system of which a learner has free or placed credit has a line at every target.
fn compare(sink: &mut dyn Sink, quoted: &[Quoted], placed: &[Placed]) -> Result<()> {
    let mut stands: BTreeMap<&str, Credits> = BTreeMap::new();
    for placed in placed {
        stands.entry(&placed.credit.system).or_default().0 += placed.credit.amount.0;
    }
    sink.section("targets", TARGETS, &columns())?;
    for of in quoted {
        let mut shares = of.shares();
        for system in stands.keys() {
            shares.entry(system).or_default();
        }
        for (system, share) in shares {
            let worth: Vec<String> =
                share.worth.iter().map(|(system, worth)| format!("{worth} {system}")).collect();
            let count = |(_, lots): (Credits, usize)| Cell::Int(lots as i64);
            sink.row(&[
                of.target.code().into(),
                system.into(),
                Cell::Amount(share.kept.0),
                Cell::Amount(share.lost.0),
                Cell::Amount(share.waits.0),
                Cell::Amount(stands.get(system).copied().unwrap_or_default()),
                count(share.kept),
                count(share.lost),
                count(share.waits),
                worth.join(" + ").into(),
                of.sort().into(),
                of.release.clone().into(),
                of.other.as_ref().map(instead).into(),
            ])?;
        }
    }
    Ok(())
}

/// What the other release would give to a learner of whom the better counts.
fn instead((release, total): &(Option<String>, Total)) -> String {
    let gives: Vec<String> =
        total.gives.iter().map(|(system, amount)| format!("{amount} {system}")).collect();
    let gives = if gives.is_empty() { "nothing".to_owned() } else { gives.join(" + ") };
    format!("{} gives {gives}", release.as_deref().unwrap_or("newest versions"))
}

fn kept_columns() -> [Column; 12] {
    [
        Column::text("target", "Target"),
        Column::text("lot", "Lot"),
        Column::text("institution", "Institution"),
        Column::text("outcome", "Outcome"),
        Column::number("amount", "Credits"),
        Column::text("system", "System"),
        Column::text("into", "Into"),
        Column::number("worth", "Worth"),
        Column::text("worth_system", "Worth in"),
        Column::text("rule", "Rule"),
        Column::text("proven", "Proven best"),
        Column::text("arithmetic", "Arithmetic"),
    ]
}

fn kept(sink: &mut dyn Sink, quoted: &[Quoted]) -> Result<()> {
    sink.section("kept", KEPT, &kept_columns())?;
    for of in quoted {
        for kept in &of.kept {
            sink.row(&[
                of.target.code().into(),
                kept.credit.lot.into(),
                kept.credit.institution.as_str().into(),
                kept.credit.outcome.as_str().into(),
                Cell::Amount(kept.credit.amount),
                kept.credit.system.as_str().into(),
                kept.into.as_str().into(),
                Cell::Amount(kept.worth),
                kept.worth_system.as_str().into(),
                kept.rule.as_str().into(),
                Cell::Flag(kept.proven),
                kept.arithmetic.as_str().into(),
            ])?;
        }
    }
    Ok(())
}

fn lost_columns() -> [Column; 11] {
    [
        Column::text("target", "Target"),
        Column::text("lot", "Lot"),
        Column::text("institution", "Institution"),
        Column::text("outcome", "Outcome"),
        Column::number("amount", "Credits"),
        Column::text("system", "System"),
        Column::text("why", "Why"),
        Column::text("rescue", "What would rescue it"),
        Column::text("rule", "Rule"),
        Column::text("waits", "Waits"),
        Column::text("code", "Code"),
    ]
}

fn lost(sink: &mut dyn Sink, quoted: &[Quoted]) -> Result<()> {
    sink.section("lost", LOST, &lost_columns())?;
    for of in quoted {
        for lost in &of.lost {
            sink.row(&[
                of.target.code().into(),
                lost.credit.lot.into(),
                lost.credit.institution.as_str().into(),
                lost.credit.outcome.as_str().into(),
                Cell::Amount(lost.credit.amount),
                lost.credit.system.as_str().into(),
                lost.why.as_str().into(),
                lost.rescue.clone().into(),
                lost.rule.clone().into(),
                Cell::Flag(lost.waits),
                lost.code.into(),
            ])?;
        }
    }
    Ok(())
}

const PLACED_COLUMNS: [Column; 7] = [
    Column::text("lot", "Lot"),
    Column::text("institution", "Institution"),
    Column::text("outcome", "Outcome"),
    Column::number("amount", "Credits"),
    Column::text("system", "System"),
    Column::text("target", "At"),
    Column::text("release", "To free it"),
];

/// What stands; nothing is said where nothing does.
fn placed(sink: &mut dyn Sink, placed: &[Placed]) -> Result<()> {
    if placed.is_empty() {
        return Ok(());
    }
    sink.section("placed", PLACED, &PLACED_COLUMNS)?;
    for placed in placed {
        sink.row(&[
            placed.credit.lot.into(),
            placed.credit.institution.as_str().into(),
            placed.credit.outcome.as_str().into(),
            Cell::Amount(placed.credit.amount),
            placed.credit.system.as_str().into(),
            placed.target.as_str().into(),
            format!("creditbank release {}", placed.decision).into(),
        ])?;
    }
    Ok(())
}

fn denied_columns() -> [Column; 5] {
    [
        Column::text("target", "Target"),
        Column::text("from", "From"),
        Column::text("into", "Into"),
        Column::text("why", "Why"),
        Column::text("rule", "Rule"),
    ]
}

fn denied(sink: &mut dyn Sink, quoted: &[Quoted]) -> Result<()> {
    sink.section("denied", DENIED, &denied_columns())?;
    for of in quoted {
        for denied in &of.denied {
            sink.row(&[
                of.target.code().into(),
                denied.from.as_str().into(),
                denied.into.as_str().into(),
                denied.why.as_str().into(),
                denied.rule.as_str().into(),
            ])?;
        }
    }
    Ok(())
}

const PRECEDENTS: &str = "Precedents of what would be lost";

const PRECEDENT: [Column; 7] = [
    Column::text("target", "Target"),
    Column::text("lot", "Lot"),
    Column::text("outcome", "Outcome"),
    Column::text("decision", "Decision"),
    Column::text("verdict", "Verdict"),
    Column::text("given", "Given"),
    Column::text("codes", "Codes"),
];

/// Decisions of equal inputs; nothing is said where there are none.
fn precedents(sink: &mut dyn Sink, quoted: &[Quoted]) -> Result<()> {
    if quoted.iter().all(|of| of.precedents.is_empty()) {
        return Ok(());
    }
    sink.section("precedents", PRECEDENTS, &PRECEDENT)?;
    for of in quoted {
        for (credit, offered) in &of.precedents {
            sink.row(&[
                of.target.code().into(),
                credit.lot.into(),
                credit.outcome.as_str().into(),
                offered.case.into(),
                offered.verdict.name().into(),
                offered.given.as_ref().map(|(worth, system)| format!("{worth} {system}")).into(),
                offered.codes.join(", ").into(),
            ])?;
        }
    }
    Ok(())
}
