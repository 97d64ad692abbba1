//! `creditbank explain`.

use super::Done;
use super::context::Context;
use super::output::{Output, usage};
use crate::domain::entry::EntryId;
use crate::domain::fault::{Exit, Result};
use crate::ops::explain::{Request, explain};
use std::path::PathBuf;

/// Explain an entry, a lot or a decision, and replay it from its recorded inputs
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// Number of the entry; a lot is named by its deposit, a decision by the entry that opened it
    #[arg(value_name = "ENTRY|LOT|DECISION")]
    entry: String,
    /// The source file, to read the row again from where it came
    #[arg(long, value_name = "FILE")]
    source: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

impl Explain {
    pub fn run(&self, context: &Context) -> Result<Done> {
        let entry = EntryId::parse(&self.entry).ok_or_else(|| {
            usage("U104", format!("`{}` is not the number of an entry", self.entry), "write it as 123")
        })?;
        let request = Request { entry, source: self.source.clone(), moment: context.actor.now.to_string() };
        let mut agrees = true;
        context.open_read()?.at_one_moment(|read| {
            self.output.write(|sink| {
                agrees = explain(read, &request, sink)?;
                Ok(())
            })
        })?;
        if agrees {
            return Ok(Done::Well);
        }
        eprintln!("the replay does not agree with what is recorded: run `creditbank verify`");
        Ok(Done::But(Exit::Found))
    }
}
