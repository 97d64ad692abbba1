//! `creditbank import`.

pub mod check;
mod delivery;
mod tell;

use super::Done;
use super::context::Context;
use super::output::{Output, meta, progress};
use crate::domain::fault::{Exit, Result};
use crate::ops::import::findings::LISTED;
use crate::ops::import::{Outcome, Request, import, substandard};
use crate::ops::registry::profile;
use crate::report::{self, Cell, Column, Meta, Query, Sink};
use crate::store::Read;
use crate::store::sqlite::Sqlite;
use delivery::DeliveryArgs;
use std::path::PathBuf;
use tell::{Mode, aside, sections, tell};

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
    /// Why: recorded with the batch, and needed for dates in a closed period
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Where refused rows go [default: FILE with .refused.csv]
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// How many findings of each severity to list; all are counted
    #[arg(long, value_name = "N", default_value_t = LISTED)]
    limit: usize,
    /// Write the batch's receipt into a file, in the shape of its name: .txt, .json, .csv, .md
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    receipt: Option<PathBuf>,
    #[command(flatten)]
    delivery: DeliveryArgs,
    #[command(flatten)]
    output: Output,
}

impl Import {
    pub fn run(&self, context: &Context) -> Result<Done> {
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
            limit: self.limit,
            log: 0,
        };
        let mut meta = meta("import", context);
        meta.sections = sections();
        let mut result = Ok(Outcome::default());
        self.output.write(|sink| {
            // A refused import has no report: nothing of one may be begun before it is known.
            let mut begun = false;
            result = self.import(context, &mut store, &request, sink, &meta, &mut begun);
            match &result {
                Ok(outcome) => {
                    if !begun {
                        sink.begin(&meta)?;
                    }
                    tell(sink, outcome, if self.dry_run { Mode::DryRun } else { Mode::Import })?;
                    sink.end()
                }
                Err(fault) => Err(fault.clone()),
            }
        })?;
        let outcome = result?;
        aside(&outcome);
        if outcome.substandard {
            return Err(substandard(&outcome));
        }
        self.give_receipt(&store, &outcome)?;
        Ok(if outcome.refused > 0 { Done::But(Exit::Rejected) } else { Done::Well })
    }

    fn give_receipt(&self, store: &Sqlite, outcome: &Outcome) -> Result<()> {
        let Some(path) = &self.receipt else { return Ok(()) };
        let Some(no) = outcome.batch else {
            eprintln!("notice: nothing was posted, so there is no receipt to write");
            return Ok(());
        };
        let output = Output::new(None, Some(path.clone()), false);
        store.at_one_moment(|read| output.write(|sink| report::receipt(read, no, sink)))
    }

    /// Imports; the entries of a dry run are shown before they are undone.
    fn import(
        &self,
        context: &Context,
        store: &mut Sqlite,
        request: &Request,
        sink: &mut dyn Sink,
        meta: &Meta,
        begun: &mut bool,
    ) -> Result<Outcome> {
        let bar = progress("{bar:40} {bytes} of {total_bytes}, {eta} left");
        let told = |done: u64, all: u64| {
            bar.set_length(all);
            bar.set_position(done);
        };
        let limit = self.output.is_table()?.then_some(SHOWN);
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
                more => sink.note(&format!(
                    "{more} more entries would be posted; --format csv or ndjson shows them all"
                )),
            }
        };
        let result = import(store, &context.actor, request, &mut inspect, &told);
        bar.finish_and_clear();
        result
    }
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
