//! `creditbank batch`.

use super::Done;
use super::context::Context;
use super::cut::CutArgs;
use super::import::{Mode, done, give_receipt, give_verdicts, outputs, shown, wants_verdicts};
use super::officer::check_own_name;
use super::output::{Output, check_outputs, meta, usage};
use crate::domain::fault::Result;
use crate::ops::approval::{self, reject};
use crate::ops::import::approve;
use crate::ops::import::findings::LISTED;
use crate::report;
use std::path::PathBuf;

/// What was recorded when, by whom, from which file; and what waits for a second officer
#[derive(Debug, clap::Args)]
pub struct Batch {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// The batches: who recorded what, when, from which file, why
    List {
        /// Only those that wait for a second officer
        #[arg(long)]
        waiting: bool,
        #[command(flatten)]
        cut: CutArgs,
        #[command(flatten)]
        output: Output,
    },
    /// One batch: what it says of itself, its files and its entries; for one that waits, what it would do
    Show {
        /// The batch, such as B7
        batch: String,
        #[command(flatten)]
        cut: CutArgs,
        #[command(flatten)]
        output: Output,
    },
    /// Import what somebody else staged; who acts is whose system account runs this
    Approve(Approve),
    /// Let a staged batch go, with a reason
    Reject {
        /// The batch, such as B7
        batch: String,
        /// Why: recorded for good
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Show what would be recorded, and record nothing
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        output: Output,
    },
}

#[derive(Debug, clap::Args)]
struct Approve {
    /// The batch, such as B7
    batch: String,
    /// The result that you have seen, where it is another than the one staged
    #[arg(long, value_name = "RESULT")]
    result: Option<String>,
    /// Why [default: the reason that it was staged with]
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Where the refused rows of the only file go [default: each file's name with .refused.csv or .refused.xlsx]
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Show exactly what would be posted, and post nothing
    #[arg(long)]
    dry_run: bool,
    /// Write the receipt into a file, in the shape of its name: .txt, .json, .csv, .md
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    receipt: Option<PathBuf>,
    /// Say of every row what became of it, in a file, in the shape of its name: .csv, .json, .ndjson, .md
    #[arg(long, value_name = "FILE")]
    verdicts: Option<PathBuf>,
    /// How many findings of each severity to list; all are counted
    #[arg(long, value_name = "N", default_value_t = LISTED)]
    limit: usize,
    #[command(flatten)]
    output: Output,
}

/// The number of a batch such as `B7`.
pub fn number(text: &str) -> Result<i64> {
    text.trim_start_matches(['B', 'b']).parse().map_err(|_| {
        let remedy = "write it as B7; `creditbank batch list` lists them";
        usage("C107", format!("`{text}` is not a batch"), remedy)
    })
}

impl Batch {
    pub fn run(&self, context: &Context) -> Result<Done> {
        match &self.verb {
            Verb::List { waiting, cut, output } => context.open_read()?.at_one_moment(|read| {
                let query = cut.query(context, read)?;
                output.write(|sink| report::batches(read, &query, *waiting, sink))
            })?,
            Verb::Show { batch, cut, output } => context.open_read()?.at_one_moment(|read| {
                let mut query = cut.query(context, read)?;
                query.batch = Some(number(batch)?);
                output.write(|sink| report::batch(read, &query, sink))
            })?,
            Verb::Approve(approve) => return approve.run(context),
            Verb::Reject { batch, reason, dry_run, output } => {
                let no = number(batch)?;
                if !dry_run {
                    check_own_name(&context.actor)?;
                }
                let sealed = reject(&mut context.open()?, &context.actor, no, reason, *dry_run, 0)?;
                output.write(|sink| {
                    sink.begin(&meta("batch-reject", context))?;
                    sink.note(&match dry_run {
                        true => format!("dry run: B{no} still waits"),
                        false => format!("B{no} was rejected, recorded as batch B{}", sealed.batch.no),
                    })?;
                    sink.end()
                })?;
            }
        }
        Ok(Done::Well)
    }
}

impl Approve {
    fn run(&self, context: &Context) -> Result<Done> {
        let outputs = outputs(&self.rejects, &self.receipt, &self.verdicts, &self.output);
        check_outputs(&outputs, &[("the ledger", &context.ledger)])?;
        let request = approval::Request {
            batch: number(&self.batch)?,
            result: self.result.clone(),
            reason: self.reason.clone().filter(|reason| !reason.trim().is_empty()),
            rejects: self.rejects.clone(),
            dry_run: self.dry_run,
            verdicts: wants_verdicts(self.verdicts.as_deref(), &self.output)?,
            limit: self.limit,
            log: 0,
        };
        if !self.dry_run {
            check_own_name(&context.actor)?;
        }
        let mut store = context.open()?;
        let mode = if self.dry_run { Mode::DryRun } else { Mode::Import };
        let outcome = shown(&self.output, context, "batch-approve", mode, |inspect, progress| {
            approve(&mut store, &context.actor, &request, inspect, progress)
        })?;
        give_verdicts(self.verdicts.as_deref(), context, &outcome)?;
        give_receipt(self.receipt.as_deref(), &store, &outcome)?;
        Ok(done(&outcome))
    }
}
