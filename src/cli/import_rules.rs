//! `creditbank import-rules`.

use super::Done;
use super::context::Context;
use super::output::{Output, meta};
use crate::domain::fault::Result;
use crate::ops::import_rules::import_rules;

/// List the rules that imported files are held to: what each is about, what it says, how to mend it
#[derive(Debug, clap::Args)]
pub struct ImportRules {
    /// Only these, by number, such as E203
    #[arg(value_name = "CODE")]
    codes: Vec<String>,
    #[command(flatten)]
    output: Output,
}

impl ImportRules {
    pub fn run(&self, context: &Context) -> Result<Done> {
        self.output.write(|sink| import_rules(&self.codes, meta("import-rules", context), sink))?;
        Ok(Done::Well)
    }
}
