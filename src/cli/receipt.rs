//! `creditbank receipt`.

use super::Done;
use super::batch::number;
use super::context::Context;
use super::output::Output;
use crate::domain::fault::Result;
use crate::report;

/// The receipt of an import: what was taken, what was not and why, the files' hashes, the journal's root
#[derive(Debug, clap::Args)]
pub struct Receipt {
    /// The batch, such as B7
    batch: String,
    #[command(flatten)]
    output: Output,
}

impl Receipt {
    pub fn run(&self, context: &Context) -> Result<Done> {
        let no = number(&self.batch)?;
        context
            .open_read()?
            .at_one_moment(|read| self.output.write(|sink| report::receipt(read, no, sink)))?;
        Ok(Done::Well)
    }
}
