//! `creditbank learner pin` and `unpin`.

use super::{open, page};
use crate::cli::Done;
use crate::cli::context::Context;
use crate::cli::output::{Output, usage};
use crate::domain::date::parse_iso;
use crate::domain::fault::Result;
use crate::ops::learners::find;
use crate::ops::rules::pin::{Request, pin};
use crate::report::{Column, Section};

/// What both take.
#[derive(Debug, Clone, clap::Args)]
struct PinArgs {
    /// From this day on [default: today in the bank's time zone]
    #[arg(long, value_name = "DATE")]
    date: Option<String>,
    /// Why: recorded with the decision, where only the learner's key opens it
    #[arg(long, value_name = "TEXT", required = true)]
    reason: String,
    /// Show exactly what would be posted, and post nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, clap::Args)]
pub struct Pin {
    /// Account number or identifier
    learner: String,
    /// The release of the rules; `creditbank rule releases` lists them
    release: String,
    #[command(flatten)]
    args: PinArgs,
}

#[derive(Debug, clap::Args)]
pub struct Unpin {
    /// Account number or identifier
    learner: String,
    #[command(flatten)]
    args: PinArgs,
}

impl Pin {
    /// Runs the command.
    pub fn run(&self, context: &Context) -> Result<Done> {
        let command = format!("learner pin … {}", self.release);
        record(context, &self.learner, Some(self.release.clone()), &self.args, command, "learner-pin")
    }
}

impl Unpin {
    /// Runs the command.
    pub fn run(&self, context: &Context) -> Result<Done> {
        record(context, &self.learner, None, &self.args, "learner unpin …".to_owned(), "learner-unpin")
    }
}

fn record(
    context: &Context,
    learner: &str,
    release: Option<String>,
    args: &PinArgs,
    command: String,
    report: &'static str,
) -> Result<Done> {
    let mut store = context.open()?;
    let date = match &args.date {
        None => context.today(&store)?,
        Some(text) => parse_iso(text).map_err(|error| {
            usage("C104", format!("--date `{text}`: {error}"), "write the day as 2026-08-31")
        })?,
    };
    let learner = find(&store, learner)?;
    let request =
        Request { learner, release, date, reason: args.reason.clone(), dry_run: args.dry_run, log: 0 };
    let done = pin(&mut store, &context.actor_of(command), &request)?;
    let columns = [
        Column::text("account", "Account"),
        Column::text("before", "Pinned to"),
        Column::text("now", "Now"),
        Column::text("from", "From"),
        Column::number("decision", "Decision"),
    ];
    let section = Section::new("pin", "Rules of a release", &columns);
    page(&store, context, &args.output, (report, None), std::slice::from_ref(&section), |sink| {
        open(sink, &section)?;
        sink.row(&[
            done.account.to_string().into(),
            done.before.clone().into(),
            done.now.clone().unwrap_or_else(|| "the release in force".to_owned()).into(),
            date.to_string().into(),
            done.decision.into(),
        ])?;
        sink.note(&match args.dry_run {
            true => "dry run: nothing was posted".to_owned(),
            false => format!("posted as batch B{}", done.batch),
        })
    })?;
    Ok(Done::Well)
}
