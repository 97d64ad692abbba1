//! `creditbank import`.

pub mod check;
mod delivery;
mod tell;

use super::Done;
use super::context::Context;
use super::officer::check_own_name;
use super::output::{Output, check_outputs, meta, progress};
use crate::domain::fault::{Exit, Fault, Result};
use crate::ops::import::findings::LISTED;
use crate::ops::import::verdict::{COLUMNS, Extent};
use crate::ops::import::{Inspect, Outcome, Progress, Request, import, stage};
use crate::ops::registry::profile;
use crate::report::{self, Cell, Column, Meta, Query, Section, Sink};
use crate::store::Read;
use crate::store::sqlite::Sqlite;
use delivery::DeliveryArgs;
use std::path::{Path, PathBuf};
pub use tell::Mode;
use tell::{aside, sections, tell};

/// Import files of achievements, outcomes, institutions or learners
#[derive(Debug, clap::Args)]
pub struct Import {
    /// The files, read as one batch: delimited text, xlsx, xls, ods, each also packed by gzip; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The profile that says how to read them: a TOML file, or the name of one kept in the bank or built in
    #[arg(long, short, value_name = "PROFILE")]
    profile: String,
    /// Commit the good rows although others are refused, and exit 3
    #[arg(long)]
    keep_going: bool,
    /// Show exactly what would be posted, and post nothing
    #[arg(long)]
    dry_run: bool,
    /// Check the files and leave them waiting: another officer approves them with `batch approve`
    #[arg(long)]
    stage: bool,
    /// Why: recorded with the batch, and needed for dates in a closed period
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Where the refused rows of the only FILE go [default: each FILE with .refused.csv, or .refused.xlsx of a workbook]
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// How many findings of each severity to list; all are counted
    #[arg(long, value_name = "N", default_value_t = LISTED)]
    limit: usize,
    /// Write the batch's receipt into a file, in the shape of its name: .txt, .json, .csv, .md
    #[arg(long, value_name = "FILE", conflicts_with_all = ["dry_run", "stage"])]
    receipt: Option<PathBuf>,
    /// Say of every row what became of it, in a file, in the shape of its name: .csv, .json, .ndjson, .md
    #[arg(long, value_name = "FILE")]
    verdicts: Option<PathBuf>,
    #[command(flatten)]
    delivery: DeliveryArgs,
    #[command(flatten)]
    output: Output,
}

impl Import {
    pub fn run(&self, context: &Context) -> Result<Done> {
        let outputs = outputs(&self.rejects, &self.receipt, &self.verdicts, &self.output);
        check_outputs(&outputs, &inputs(context, &self.files, &self.profile, &self.delivery))?;
        let mut store = context.open()?;
        let profile = profile::load(Some(&store), &self.profile)?;
        let request = Request {
            files: &self.files,
            profile: &profile,
            keep_going: self.keep_going,
            dry_run: self.dry_run,
            reason: self.reason.clone().filter(|reason| !reason.trim().is_empty()),
            rejects: self.rejects.clone(),
            expected: self.delivery.expected()?,
            verdicts: wants_verdicts(self.verdicts.as_deref(), &self.output)?,
            limit: self.limit,
            log: 0,
        };
        let actor = &context.actor;
        let mode = if self.dry_run { Mode::DryRun } else { Mode::Import };
        let outcome = shown(&self.output, context, "import", mode, |inspect, progress| {
            match self.stage && !self.dry_run {
                true => {
                    check_own_name(actor)?;
                    stage(&mut store, actor, &request, progress)
                }
                false => import(&mut store, actor, &request, inspect, progress),
            }
        })?;
        give_verdicts(self.verdicts.as_deref(), context, &outcome)?;
        give_receipt(self.receipt.as_deref(), &store, &outcome)?;
        if self.dry_run && !self.keep_going && outcome.refused > 0 {
            eprintln!(
                "notice: rows are refused, so nothing would be posted; --keep-going would post the others"
            );
            return Ok(Done::But(Exit::Refused));
        }
        Ok(done(&outcome))
    }
}

/// A fault in telling what was done already: the batch stands, whatever the exit code.
fn after(outcome: &Outcome, fault: Fault) -> Fault {
    match outcome.batch {
        Some(no) => {
            let what = format!("batch B{no} was posted, but {}", fault.what);
            Fault { what, ..fault }.remedy(format!("`creditbank receipt B{no}` tells what was posted"))
        }
        None => fault,
    }
}

/// What an import writes, by the option that names it.
pub fn outputs<'a>(
    rejects: &'a Option<PathBuf>,
    receipt: &'a Option<PathBuf>,
    verdicts: &'a Option<PathBuf>,
    output: &'a Output,
) -> [(&'static str, Option<&'a Path>); 4] {
    [
        ("--rejects", rejects.as_deref()),
        ("--receipt", receipt.as_deref()),
        ("--verdicts", verdicts.as_deref()),
        ("--output", output.path()),
    ]
}

/// What an import reads, so that nothing is written over it.
fn inputs<'a>(
    context: &'a Context,
    files: &'a [PathBuf],
    profile: &'a str,
    delivery: &'a DeliveryArgs,
) -> Vec<(&'static str, &'a Path)> {
    let mut inputs: Vec<(&str, &Path)> =
        vec![("the ledger", &context.ledger), ("the profile", Path::new(profile))];
    inputs.extend(files.iter().map(|file| ("a file to be imported", file.as_path())));
    inputs.extend(delivery.manifests().iter().map(|file| ("a manifest", file.as_path())));
    inputs
}

/// Whether every row is wanted with its verdict: in a file, or in a report that is no table for the screen.
pub fn wants_verdicts(path: Option<&Path>, output: &Output) -> Result<bool> {
    Ok(path.is_some() || !output.is_table()?)
}

/// Which verdicts a report has: a table few, everything else all.
fn extent(output: &Output) -> Result<Extent> {
    Ok(if output.is_table()? { Extent::Few } else { Extent::Whole })
}

/// Writes what became of every row, where it is asked for.
pub fn give_verdicts(path: Option<&Path>, context: &Context, outcome: &Outcome) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    let section = Section::new("verdicts", "Rows", &COLUMNS);
    let mut meta = meta("verdicts", context);
    meta.sections = vec![section.clone()];
    Output::new(None, Some(path.to_owned()), false)
        .write(|sink| {
            sink.begin(&meta)?;
            sink.section(section.key, &section.title, &section.columns)?;
            outcome.verdicts.tell(&outcome.files, Extent::Whole, sink)?;
            sink.end()
        })
        .map_err(|fault| after(outcome, fault))
}

/// Writes the receipt of what was imported, where it is asked for.
pub fn give_receipt(path: Option<&Path>, store: &Sqlite, outcome: &Outcome) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    let Some(no) = outcome.batch else {
        eprintln!("notice: nothing was posted, so there is no receipt to write");
        return Ok(());
    };
    let output = Output::new(None, Some(path.to_owned()), false);
    let written = store.at_one_moment(|read| output.write(|sink| report::receipt(read, no, sink)));
    written.map_err(|fault| after(outcome, fault))
}

/// How an import ends that was not refused.
pub fn done(outcome: &Outcome) -> Done {
    if outcome.refused > 0 { Done::But(Exit::Rejected) } else { Done::Well }
}

/// Imports, and shows what was done; the entries of a dry run are shown before they are undone.
pub fn shown(
    output: &Output,
    context: &Context,
    name: &'static str,
    mode: Mode,
    work: impl FnOnce(Inspect, Progress) -> Result<Outcome>,
) -> Result<Outcome> {
    let mut meta = meta(name, context);
    meta.sections = sections();
    let mut result = Ok(Outcome::default());
    let (limit, for_programs) = (output.is_table()?.then_some(SHOWN), output.is_json()?);
    let extent = extent(output)?;
    output
        .write(|sink| {
            // People read of a refused import on standard error, and programs in its report.
            let mut begun = false;
            result = watched(context, sink, &meta, limit, &mut begun, work);
            match &result {
                Ok(outcome) if outcome.withheld.is_some() && !for_programs => Ok(()),
                Ok(outcome) => {
                    if !begun {
                        sink.begin(&meta)?;
                    }
                    tell(sink, outcome, mode, extent)?;
                    sink.end()
                }
                Err(fault) => Err(fault.clone()),
            }
        })
        .map_err(|fault| match &result {
            Ok(outcome) if mode == Mode::Import => after(outcome, fault),
            _ => fault,
        })?;
    let outcome = result?;
    if outcome.withheld.is_none() {
        aside(&outcome);
    }
    outcome.refusal().map_or(Ok(outcome), Err)
}

/// Imports under a progress bar; `begun` says whether the report was begun.
fn watched(
    context: &Context,
    sink: &mut dyn Sink,
    meta: &Meta,
    limit: Option<usize>,
    begun: &mut bool,
    work: impl FnOnce(Inspect, Progress) -> Result<Outcome>,
) -> Result<Outcome> {
    let bar = progress("{bar:40} {bytes} of {total_bytes}, {eta} left");
    let told = |done: u64, all: u64| {
        bar.set_length(all);
        bar.set_position(done);
    };
    let mut inspect = |read: &dyn Read, first, _| {
        bar.finish_and_clear();
        if !std::mem::replace(begun, true) {
            sink.begin(meta)?;
        }
        let batch = read.batch_of(first)?.map(|batch| batch.no);
        let query = Query { batch, moment: context.actor.now.to_string(), ..Query::default() };
        let mut inner = Entries { sink: &mut *sink, left: limit, more: 0 };
        report::journal(read, &query, &mut inner)?;
        match inner.more {
            0 => Ok(()),
            more => sink
                .note(&format!("{more} more entries would be posted; --format csv or ndjson shows them all")),
        }
    };
    let result = work(&mut inspect, &told);
    bar.finish_and_clear();
    result
}

/// Entries of a dry run that a table shows.
const SHOWN: usize = 50;

/// Passes the rows of the journal on into a report of another name.
struct Entries<'s> {
    sink: &'s mut dyn Sink,
    left: Option<usize>,
    more: u64,
}

impl Sink for Entries<'_> {
    fn begin(&mut self, _: &Meta) -> Result<()> {
        Ok(())
    }
    fn section(&mut self, key: &'static str, _: &str, columns: &[Column]) -> Result<()> {
        self.sink.section(key, "Would be posted", columns)
    }
    fn row(&mut self, cells: &[Cell]) -> Result<()> {
        match &mut self.left {
            Some(0) => {
                self.more += 1;
                return Ok(());
            }
            Some(left) => *left -= 1,
            None => {}
        }
        self.sink.row(cells)
    }
    fn note(&mut self, text: &str) -> Result<()> {
        self.sink.note(text)
    }
    fn end(&mut self) -> Result<()> {
        Ok(())
    }
}
