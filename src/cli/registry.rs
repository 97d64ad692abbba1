//! The registries by hand: `creditbank institution`, `outcome`, `learner`, `system`, `scale` and
//! `profile`.

pub mod authority;
pub mod institution;
pub mod learner;
pub mod outcome;
pub mod people;
pub mod pin;
pub mod procedure;
pub mod profile;
pub mod scale;
pub mod system;

use super::Done;
use super::context::Context;
use super::output::Output;
use crate::domain::fault::{Fault, Result};
use crate::ops::registry::{Act, Posted, values};
use crate::report::{self, Cell, Column, Query, Section, Sink};
use crate::store::Read;
use std::io::Read as _;
use std::path::Path;

/// What every command takes that writes.
#[derive(Debug, Clone, clap::Args)]
pub struct WriteArgs {
    /// Why: recorded with the batch, for everybody who reads the journal
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Show exactly what would be posted, and post nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: Output,
}

impl WriteArgs {
    pub(super) fn act<'a>(&self, context: &'a Context) -> Result<Act<'a>> {
        let reason = values::optional("--reason", self.reason.as_deref())?;
        Ok(Act { actor: &context.actor, reason, dry_run: self.dry_run, log: 0 })
    }

    /// Says what was posted.
    pub(super) fn tell(
        &self,
        read: &dyn Read,
        context: &Context,
        report: &'static str,
        posted: &Posted,
    ) -> Result<Done> {
        let columns = [
            Column::text("what", "What"),
            Column::text("which", "Which"),
            Column::text("field", "Field"),
            Column::text("before", "Before"),
            Column::text("after", "Now"),
        ];
        let section = Section::new("changes", "Recorded", &columns);
        page(read, context, &self.output, (report, None), std::slice::from_ref(&section), |sink| {
            open(sink, &section)?;
            for change in &posted.changes {
                let (which, field) = (change.which.as_str(), change.field.as_str());
                let (before, after) = (change.before.as_str(), change.after.as_str());
                sink.row(&[change.what.into(), which.into(), field.into(), before.into(), after.into()])?;
            }
            sink.note(&match posted.batch {
                None => "nothing was posted: all of it stands already".to_owned(),
                Some(_) if self.dry_run => "dry run: nothing was posted".to_owned(),
                Some(no) => format!("posted as batch B{no}, {} entries", posted.entries),
            })
        })?;
        Ok(Done::Well)
    }
}

/// A report's name, and the text that it searches for.
pub(super) type Asked<'a> = (&'static str, Option<&'a str>);

/// Writes a report over the registries.
pub(super) fn page(
    read: &dyn Read,
    context: &Context,
    output: &Output,
    asked: Asked,
    sections: &[Section],
    fill: impl FnOnce(&mut dyn Sink) -> Result<()>,
) -> Result<()> {
    let query = Query { moment: context.actor.now.to_string(), ..Query::default() };
    let mut meta = report::meta(read, asked.0, &query, sections.to_vec())?;
    meta.filter.extend(asked.1.map(|text| ("find".to_owned(), text.to_owned())));
    output.write(|sink| {
        sink.begin(&meta)?;
        fill(sink)?;
        sink.end()
    })
}

pub(super) fn open(sink: &mut dyn Sink, section: &Section) -> Result<()> {
    sink.section(section.key, &section.title, &section.columns)
}

/// `3 outcomes`, `1 outcome`, `no outcomes`.
pub(super) fn count(number: u64, noun: &str) -> String {
    match number {
        0 => format!("no {noun}s"),
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

/// The text of a file, or of standard input for `-`.
pub(super) fn read_file(path: &Path, code: &'static str) -> Result<String> {
    let mut text = String::new();
    let read = match path.as_os_str() == "-" {
        true => std::io::stdin().read_to_string(&mut text).map(drop),
        false => std::fs::read_to_string(path).map(|read| text = read),
    };
    read.map_err(|error| {
        Fault::new(code, format!("{} cannot be read: {error}", path.display()))
            .remedy("check the file's name, that you may read it, and that it is UTF-8 text")
    })?;
    Ok(text)
}

pub(super) fn yes(flag: i64) -> Cell {
    Cell::Flag(flag == 1)
}
