//! `creditbank convert`, `release` and `reverse`.

use super::Done;
use super::context::Context;
use super::output::{Output, meta, usage};
use crate::domain::date::parse_iso;
use crate::domain::entry::EntryId;
use crate::domain::fault::{Fault, Result};
use crate::ops::undo::{self, Dependent, Dependents, Selection, undo};
use crate::ops::{convert, learners};
use crate::report::{Cell, Column, Sink};
use crate::store::Read;
use crate::store::sqlite::Sqlite;
use jiff::civil::Date;

/// Place original credit at a target, under the rule books in force
#[derive(Debug, clap::Args)]
pub struct Convert {
    /// Account numbers or identifiers
    #[arg(required_unless_present = "all", conflicts_with = "all", value_name = "LEARNER")]
    learners: Vec<String>,
    /// Everybody
    #[arg(long)]
    all: bool,
    /// Code of a credit system or of an institution
    #[arg(long, value_name = "SYSTEM|INSTITUTION")]
    to: String,
    /// Apply this release of the rules [default: the one in force on the effective date]
    #[arg(long, value_name = "NAME")]
    release: Option<String>,
    #[command(flatten)]
    act: ActArgs,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, clap::Args)]
struct ActArgs {
    /// Effective date [default: today in the bank's time zone]
    #[arg(long, value_name = "DATE")]
    date: Option<String>,
    /// Why: recorded with the batch, and needed in a closed period
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Show exactly what would be posted, and post nothing
    #[arg(long)]
    dry_run: bool,
}

impl ActArgs {
    fn date(&self, context: &Context, store: &Sqlite) -> Result<Date> {
        match &self.date {
            None => context.today(store),
            Some(text) => parse_iso(text).map_err(|error| {
                usage("C104", format!("--date `{text}`: {error}"), "write the day as 2026-08-31")
            }),
        }
    }
}

fn accounts(store: &Sqlite, all: bool, names: &[String]) -> Result<Option<Vec<i64>>> {
    if all {
        return Ok(None);
    }
    names.iter().map(|name| learners::find(store, name)).collect::<Result<Vec<i64>>>().map(Some)
}

impl Convert {
    pub fn run(&self, context: &Context) -> Result<Done> {
        let mut store = context.open()?;
        let request = convert::Request {
            learners: accounts(&store, self.all, &self.learners)?,
            lots: None,
            target: convert::target(&store, &self.to)?,
            date: self.act.date(context, &store)?,
            release: self.release.clone(),
            reason: self.act.reason.clone(),
            dry_run: self.act.dry_run,
            log: 0,
        };
        let whom = if self.all { "--all".to_owned() } else { format!("({} learners)", self.learners.len()) };
        let actor = context.actor_of(format!("convert {whom} --to {}", self.to));
        let outcome = convert::convert(&mut store, &actor, &request)?;
        let mut meta = meta("convert", context);
        meta.filter = vec![("to".into(), self.to.clone()), ("date".into(), request.date.to_string())];
        self.output.write(|sink| {
            sink.begin(&meta)?;
            amounts(sink, &outcome)?;
            left(sink, &outcome)?;
            for line in summary(&outcome, self.act.dry_run) {
                sink.note(&line)?;
            }
            sink.end()
        })?;
        Ok(Done::Well)
    }
}

fn amounts(sink: &mut dyn Sink, outcome: &convert::Outcome) -> Result<()> {
    let columns =
        [Column::text("side", "Side"), Column::text("system", "System"), Column::number("amount", "Amount")];
    sink.section("amounts", "Converted", &columns)?;
    for (side, sums) in [("original", &outcome.taken), ("converted", &outcome.given)] {
        for (system, amount) in sums {
            sink.row(&[Cell::from(side), Cell::from(system.as_str()), Cell::Amount(*amount)])?;
        }
    }
    Ok(())
}

fn left(sink: &mut dyn Sink, outcome: &convert::Outcome) -> Result<()> {
    if outcome.left.is_empty() {
        return Ok(());
    }
    let columns = [
        Column::text("account", "Account"),
        Column::number("lot", "Lot"),
        Column::text("why", "Why it stays"),
        Column::text("undecided", "Undecided"),
    ];
    sink.section("left", "Left where it is", &columns)?;
    for left in &outcome.left {
        let undecided = Cell::Flag(left.undecided);
        sink.row(&[left.account.to_string().into(), left.lot.into(), left.why.as_str().into(), undecided])?;
    }
    Ok(())
}

fn summary(outcome: &convert::Outcome, dry_run: bool) -> Vec<String> {
    let mut lines = vec![format!(
        "{} learners looked at, {} decisions, {} lots placed, {} left",
        outcome.learners, outcome.decisions, outcome.lots, outcome.left_in_all
    )];
    for (release, decisions) in &outcome.releases {
        lines.push(format!("{decisions} decisions by release {release} of the rules"));
    }
    if outcome.unproven > 0 {
        lines.push(format!(
            "{} decisions are not proven best: there was too much to choose from, and the best found was taken",
            outcome.unproven
        ));
    }
    lines.push(match outcome.batch {
        None => "nothing was posted: nothing is left to convert".to_owned(),
        Some(_) if dry_run => "dry run: nothing was posted".to_owned(),
        Some(no) => format!("posted as batch B{no}"),
    });
    lines
}

/// Undo placements: the original credit is free again, without loss
#[derive(Debug, clap::Args)]
pub struct Release {
    /// Decisions that placed credit, by number
    #[arg(required_unless_present_any = ["learner", "all"], conflicts_with_all = ["learner", "all"], value_name = "DECISION")]
    decisions: Vec<String>,
    /// Every placement of this learner
    #[arg(long, conflicts_with = "all")]
    learner: Option<String>,
    /// Every placement of everybody
    #[arg(long)]
    all: bool,
    /// Only placements at this credit system or institution
    #[arg(long, value_name = "SYSTEM|INSTITUTION", conflicts_with = "decisions")]
    to: Option<String>,
    #[command(flatten)]
    act: ActArgs,
    #[command(flatten)]
    output: Output,
}

impl Release {
    pub fn run(&self, context: &Context) -> Result<Done> {
        let mut store = context.open()?;
        let selection = if self.decisions.is_empty() {
            let learners = self.learner.as_ref().map(|name| learners::find(&store, name)).transpose()?;
            Selection::Placed { learners: learners.map(|learner| vec![learner]), target: self.to.clone() }
        } else {
            Selection::Decisions(self.placements(&store)?)
        };
        let request = undo::Request {
            selection,
            release: true,
            dependents: Dependents::Refuse,
            reason: self.act.reason.clone(),
            date: self.act.date(context, &store)?,
            dry_run: self.act.dry_run,
            log: 0,
        };
        let whom = match (&self.learner, self.all) {
            (Some(_), _) => "(one learner)".to_owned(),
            (None, true) => "--all".to_owned(),
            (None, false) => self.decisions.join(" "),
        };
        let outcome = undo(&mut store, &context.actor_of(format!("release {whom}")), &request)?;
        self.output.write(|sink| tell(sink, context, "release", &outcome, self.act.dry_run))?;
        Ok(Done::Well)
    }

    fn placements(&self, store: &Sqlite) -> Result<Vec<EntryId>> {
        let mut decisions = Vec::new();
        for text in &self.decisions {
            let entry = EntryId::parse(text).ok_or_else(|| {
                usage("U104", format!("`{text}` is not the number of a decision"), "write it as 123")
            })?;
            if store
                .decision(entry)?
                .is_none_or(|decision| !["convert", "except"].contains(&decision.verb.as_str()))
            {
                return Err(Fault::new(
                    "U108",
                    format!("entry {entry} is not a decision that placed credit"),
                )
                .remedy("`creditbank report statement LEARNER` shows the decisions of placements"));
            }
            decisions.push(entry);
        }
        Ok(decisions)
    }
}

/// Reverse a batch or a decision by new entries, with a reason
#[derive(Debug, clap::Args)]
pub struct Reverse {
    /// A batch such as B7, or a decision by the number of the entry that opened it
    #[arg(value_name = "BATCH|DECISION")]
    what: String,
    /// Why: recorded for good
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Undo what depends on it too, newest first
    #[arg(long, conflicts_with = "unused")]
    cascade: bool,
    /// Reverse only what nothing depends on, and list what stays
    #[arg(long)]
    unused: bool,
    /// Show exactly what would be posted, and post nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: Output,
}

impl Reverse {
    pub fn run(&self, context: &Context) -> Result<Done> {
        if self.reason.trim().is_empty() {
            return Err(usage("U109", "a reversal needs a reason", "say why with --reason"));
        }
        let mut store = context.open()?;
        let dependents = match (self.cascade, self.unused) {
            (true, _) => Dependents::Cascade,
            (_, true) => Dependents::Unused,
            _ => Dependents::Refuse,
        };
        let request = undo::Request {
            selection: undo::select(&self.what)?,
            release: false,
            dependents,
            reason: Some(self.reason.clone()),
            date: context.today(&store)?,
            dry_run: self.dry_run,
            log: 0,
        };
        let outcome = undo(&mut store, &context.actor, &request)?;
        self.output.write(|sink| tell(sink, context, "reverse", &outcome, self.dry_run))?;
        Ok(Done::Well)
    }
}

fn dependents(sink: &mut dyn Sink, key: &'static str, title: &str, list: &[Dependent]) -> Result<()> {
    if list.is_empty() {
        return Ok(());
    }
    let columns = [
        Column::text("account", "Account"),
        Column::number("lot", "Lot"),
        Column::number("decision", "Used by decision"),
    ];
    sink.section(key, title, &columns)?;
    for dependent in list {
        sink.row(&[dependent.account.to_string().into(), dependent.lot.into(), dependent.decision.into()])?;
    }
    Ok(())
}

fn tell(
    sink: &mut dyn Sink,
    context: &Context,
    report: &'static str,
    outcome: &undo::Outcome,
    dry_run: bool,
) -> Result<()> {
    sink.begin(&meta(report, context))?;
    dependents(sink, "cascaded", "Undone as well, because they depended on it", &outcome.cascaded)?;
    dependents(sink, "stays", "Stays, because it is in use", &outcome.stays)?;
    sink.note(&format!("{} entries undone, {} were undone before", outcome.undone, outcome.before))?;
    if let Some(closed) = &outcome.closed {
        sink.note(&format!("this reaches into the books that are closed through {closed}"))?;
    }
    sink.note(&match outcome.batch {
        None => "nothing was posted: nothing of it stands".to_owned(),
        Some(_) if dry_run => "dry run: nothing was posted".to_owned(),
        Some(no) => format!("posted as batch B{no}"),
    })?;
    sink.end()
}
