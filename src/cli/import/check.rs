//! `creditbank import-check`.

use super::delivery::DeliveryArgs;
use super::tell::{Mode, aside, sections, tell};
use super::{extent, give_verdicts, inputs, wants_verdicts};
use crate::cli::Done;
use crate::cli::context::Context;
use crate::cli::output::{Output, check_outputs, meta, progress, usage};
use crate::domain::fault::{Exit, Result};
use crate::ops::import::check::check;
use crate::ops::import::findings::LISTED;
use crate::ops::import::{Outcome, Request, import};
use crate::ops::registry::profile;
use std::path::PathBuf;

/// Check files as an import would, and post nothing: with no bank, or, with --ledger, against one
#[derive(Debug, clap::Args)]
pub struct ImportCheck {
    /// The files, read as one batch
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The profile that says how to read them: a TOML file, or the name of one kept in the bank or built in
    #[arg(long, short, value_name = "PROFILE")]
    profile: String,
    /// Why: what an import would need for dates in a closed period
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// How many findings of each severity to list; all are counted
    #[arg(long, value_name = "N", default_value_t = LISTED)]
    limit: usize,
    /// Say of every row what would become of it, in a file, in the shape of its name: .csv, .json, .ndjson, .md; needs --ledger
    #[arg(long, value_name = "FILE")]
    verdicts: Option<PathBuf>,
    #[command(flatten)]
    delivery: DeliveryArgs,
    #[command(flatten)]
    output: Output,
}

impl ImportCheck {
    /// Runs the command, against a bank where one was named.
    pub fn run(&self, context: &Context, names_bank: bool) -> Result<Done> {
        if self.verdicts.is_some() && !names_bank {
            let what = "what becomes of a row only a bank knows";
            return Err(usage("C113", what, "name the bank with --ledger, or leave --verdicts out"));
        }
        let mut inputs = inputs(context, &self.files, &self.profile, &self.delivery);
        inputs.retain(|(what, _)| names_bank || *what != "the ledger");
        let outputs = [("--verdicts", self.verdicts.as_deref()), ("--output", self.output.path())];
        check_outputs(&outputs, &inputs)?;
        // A file that cannot be taken at all is a finding, too.
        let outcome = self.check(context, names_bank).map_err(|fault| match fault.code.as_bytes()[0] {
            b'E' => fault.exit(Exit::Found),
            _ => fault,
        })?;
        let mut meta = meta("import-check", context);
        meta.sections = sections();
        let against = match names_bank {
            true => context.ledger.display().to_string(),
            false => "no bank".to_owned(),
        };
        meta.filter.push(("against".to_owned(), against));
        let extent = extent(&self.output)?;
        self.output.write(|sink| {
            sink.begin(&meta)?;
            tell(sink, &outcome, Mode::Check, extent)?;
            sink.end()
        })?;
        give_verdicts(self.verdicts.as_deref(), context, &outcome)?;
        aside(&outcome);
        let found = outcome.refused > 0 || outcome.substandard;
        Ok(if found { Done::But(Exit::Found) } else { Done::Well })
    }

    fn check(&self, context: &Context, names_bank: bool) -> Result<Outcome> {
        let bar = progress("{bar:40} {bytes} of {total_bytes}, {eta} left");
        let told = |done: u64, all: u64| {
            bar.set_length(all);
            bar.set_position(done);
        };
        let mut store = names_bank.then(|| context.open()).transpose()?;
        let profile = profile::load(store.as_ref().map(|store| store as _), &self.profile)?;
        let request = Request {
            files: &self.files,
            profile: &profile,
            keep_going: false,
            dry_run: true,
            reason: self.reason.clone().filter(|reason| !reason.trim().is_empty()),
            rejects: None,
            expected: self.delivery.expected()?,
            verdicts: names_bank && wants_verdicts(self.verdicts.as_deref(), &self.output)?,
            limit: self.limit,
            log: 0,
        };
        let result: Result<Outcome> = match &mut store {
            Some(store) => import(store, &context.actor, &request, &mut |_, _, _| Ok(()), &told),
            None => check(&context.actor, &request, &told),
        };
        bar.finish_and_clear();
        result
    }
}
