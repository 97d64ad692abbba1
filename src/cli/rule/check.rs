//! `creditbank rule check`.

use super::read;
use crate::cli::Done;
use crate::cli::context::Context;
use crate::cli::output::{Output, meta};
use crate::domain::fault::{Exit, Result};
use crate::report::{Cell, Column};
use std::path::PathBuf;

/// What `rule check` is asked.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// The file
    file: PathBuf,
    #[command(flatten)]
    output: Output,
}

const COLUMNS: [Column; 7] = [
    Column::number("line", "Line"),
    Column::number("column", "Column"),
    Column::text("rule", "Rule"),
    Column::text("code", "Code"),
    Column::text("what", "What"),
    Column::text("why", "Why"),
    Column::text("remedy", "What to do"),
];

impl Check {
    pub fn run(&self, context: &Context) -> Result<Done> {
        let (found, file) = (read(&self.file, None)?, self.file.display());
        self.output.write(|sink| {
            sink.begin(&meta("rule-check", context))?;
            sink.section("faults", "Faults of the file", &COLUMNS)?;
            for fault in found.as_ref().err().map_or(&[][..], |faults| &faults.faults) {
                sink.row(&[
                    Cell::Int(fault.at.line as i64),
                    Cell::Int(fault.at.column as i64),
                    fault.rule.as_deref().into(),
                    fault.check.code().into(),
                    fault.what.as_str().into(),
                    fault.why.as_str().into(),
                    fault.remedy.as_str().into(),
                ])?;
            }
            sink.note(&match &found {
                Ok(book) => format!("{file}: book {} with {} rules, no faults", book.book, book.count),
                Err(faults) => format!("{file} has {}", faults.count()),
            })?;
            sink.end()
        })?;
        Ok(if found.is_ok() { Done::Well } else { Done::But(Exit::Found) })
    }
}
