//! `creditbank profile diff`.

use crate::cli::Done;
use crate::cli::context::Context;
use crate::cli::output::{Output, meta};
use crate::domain::fault::{Exit, Result};
use crate::ops::registry::profile::{differences, sides};
use crate::report::{Column, Meta, Section};
use crate::store::Read;
use std::path::Path;

#[derive(Debug, clap::Args)]
pub struct Diff {
    /// A TOML file, the name of a profile (its newest version), or NAME@VERSION
    first: String,
    /// The same [default: what is in the bank is compared with the file FIRST, or the version before it with
    /// the profile FIRST]
    second: Option<String>,
    #[command(flatten)]
    output: Output,
}

impl Diff {
    pub fn run(&self, context: &Context) -> Result<Done> {
        let is_file = |asked: &String| Path::new(asked).is_file();
        let both_files = is_file(&self.first) && self.second.as_ref().is_some_and(is_file);
        let bank = if both_files || !context.ledger.exists() { None } else { Some(context.open_read()?) };
        let read = bank.as_ref().map(|bank| bank as &dyn Read);
        let (before, after) = sides(read, &self.first, self.second.as_deref())?;
        let found = differences(&before.profile, &after.profile);
        let columns =
            [Column::text("key", "Key"), Column::text("before", "Before"), Column::text("after", "After")];
        let section = Section::new("differences", "Differences", &columns);
        let mut meta = Meta { sections: vec![section.clone()], ..meta("profile-diff", context) };
        meta.filter.push(("before".to_owned(), before.called));
        meta.filter.push(("after".to_owned(), after.called));
        self.output.write(|sink| {
            sink.begin(&meta)?;
            sink.section(section.key, &section.title, &section.columns)?;
            for one in &found {
                sink.row(&[one.key.as_str().into(), one.before.clone().into(), one.after.clone().into()])?;
            }
            sink.note(
                match (found.len(), before.profile.sha256 == after.profile.sha256) {
                    (0, true) => "the same text".to_owned(),
                    (0, false) => "the same by meaning: only remarks or layout differ".to_owned(),
                    (1, _) => "1 key differs".to_owned(),
                    (keys, _) => format!("{keys} keys differ"),
                }
                .as_str(),
            )?;
            sink.end()
        })?;
        Ok(if found.is_empty() { Done::Well } else { Done::But(Exit::Found) })
    }
}
