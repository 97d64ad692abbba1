//! `creditbank rule export`.

use super::form::{Form, write_file};
use super::publish::book;
use crate::cli::Done;
use crate::cli::context::Context;
use crate::cli::output::Output;
use crate::domain::fault::Result;
use crate::ops::rules::export::{Exported, as_profiles, export};
use crate::report::{self, Column, Query, Section};
use crate::store::Read;
use std::path::PathBuf;

/// What `rule export` is asked.
#[derive(Debug, clap::Args)]
pub struct Export {
    /// The book, its newest version where none is given
    #[arg(value_name = "BOOK[@VERSION]")]
    book: String,
    /// The file, by its ending: .toml or .csv with all that the book says; .jsonld as Transfer Value Profiles of CTDL
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    #[command(flatten)]
    output: Output,
}

const LEFT_OUT: [Column; 2] = [Column::text("rule", "Rule"), Column::text("why", "Why")];

impl Export {
    /// Runs the command.
    pub fn run(&self, context: &Context) -> Result<Done> {
        let (name, version) = book(&self.book)?;
        let store = context.open_read()?;
        store.at_one_moment(|read| {
            let exported = export(read, &name, version)?;
            let (rules, left_out) = self.write(read, &exported)?;
            let query = Query { moment: context.actor.now.to_string(), ..Query::default() };
            let section = Section::new("left_out", "Rules that the file cannot say", &LEFT_OUT);
            let meta = report::meta(read, "rule-export", &query, vec![section.clone()])?;
            self.output.write(|sink| {
                sink.begin(&meta)?;
                sink.section(section.key, &section.title, &LEFT_OUT)?;
                for (rule, why) in &left_out {
                    sink.row(&[rule.as_str().into(), why.as_str().into()])?;
                }
                let (book, version, to) = (&exported.book, exported.version, self.to.display());
                sink.note(&format!("{to}: {rules} rules of book {book}, version {version}"))?;
                sink.end()
            })
        })?;
        store.check_unchanged()?;
        Ok(Done::Well)
    }

    /// How many rules were written, and which were not.
    fn write(&self, read: &dyn Read, exported: &Exported) -> Result<(usize, Vec<(String, String)>)> {
        let form = Form::of(&self.to, &[Form::Toml, Form::Csv, Form::JsonLd])?;
        if form == Form::JsonLd {
            let profiles = as_profiles(read, exported)?;
            write_file(&self.to, "--to", profiles.text.as_bytes())?;
            return Ok((profiles.rules, profiles.left_out));
        }
        let (rules, caps) = (&exported.rules, &exported.caps);
        write_file(&self.to, "--to", &form.book(&exported.book, caps, rules)?)?;
        Ok((rules.len(), Vec::new()))
    }
}
