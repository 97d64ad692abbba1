//! `creditbank lot`.

use super::Done;
use super::context::Context;
use super::output::{Output, meta, usage};
use crate::domain::entry::EntryId;
use crate::domain::fault::Result;
use crate::ops::hold::{Outcome, Request, hold};
use crate::report::Column;

/// Put credit on hold, and lift the hold
#[derive(Debug, clap::Args)]
pub struct Lot {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Put lots on hold: a dispute, a missing document. They count, and nobody places or redeems them
    Hold(Args),
    /// Lift a hold: the lots are free again
    Unhold(Args),
}

#[derive(Debug, clap::Args)]
struct Args {
    /// Lots, by the number of the entry that deposited each
    #[arg(required = true, value_name = "LOT")]
    lots: Vec<String>,
    /// Why: recorded for good, among what is private to the learner
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Show exactly what would be posted, and post nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: Output,
}

impl Lot {
    pub fn run(&self, context: &Context) -> Result<Done> {
        let (args, lift) = match &self.verb {
            Verb::Hold(args) => (args, false),
            Verb::Unhold(args) => (args, true),
        };
        if args.reason.trim().is_empty() {
            return Err(usage("H106", "a hold and its end need a reason", "say why with --reason"));
        }
        let lots = args.lots.iter().map(|text| lot(text)).collect::<Result<Vec<EntryId>>>()?;
        let mut store = context.open()?;
        let date = context.today(&store)?;
        let request =
            Request { lots, lift, reason: args.reason.clone(), date, dry_run: args.dry_run, log: 0 };
        let verb = if lift { "unhold" } else { "hold" };
        // A reason may name people, so the batch's public account of itself does not repeat it.
        let actor = context.actor_of(format!("lot {verb} {}", args.lots.join(" ")));
        let outcome = hold(&mut store, &actor, &request)?;
        args.tell(context, if lift { "lot-unhold" } else { "lot-hold" }, &outcome)?;
        Ok(Done::Well)
    }
}

fn lot(text: &str) -> Result<EntryId> {
    EntryId::parse(text).ok_or_else(|| {
        let remedy = "write it as 123; `creditbank report statement LEARNER` shows the numbers";
        usage("H102", format!("`{text}` is not the number of a lot"), remedy)
    })
}

impl Args {
    fn tell(&self, context: &Context, report: &'static str, outcome: &Outcome) -> Result<()> {
        let columns = [
            Column::number("lot", "Lot"),
            Column::text("account", "Account"),
            Column::number("decision", "Decision"),
        ];
        let title = if report == "lot-hold" { "Put on hold" } else { "Taken off hold" };
        self.output.write(|sink| {
            sink.begin(&meta(report, context))?;
            sink.section("lots", title, &columns)?;
            for done in &outcome.lots {
                sink.row(&[done.lot.into(), done.account.to_string().into(), done.decision.into()])?;
            }
            sink.note(&match outcome.batch {
                Some(no) if !self.dry_run => format!("posted as batch B{no}"),
                _ => "dry run: nothing was posted".to_owned(),
            })?;
            sink.end()
        })
    }
}
