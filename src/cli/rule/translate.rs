//! `creditbank rule translate`.

use super::form::{Form as Written, write_file};
use crate::cli::Done;
use crate::domain::fault::{Fault, Result};
use crate::intake::rulebook::Faults;
use crate::ops::rules::agreements::ctdl::{self, Profiles};
use crate::ops::rules::agreements::{self, Sides};
use std::path::PathBuf;

/// What `rule translate` is asked.
#[derive(Debug, clap::Args)]
pub struct Translate {
    /// The file
    file: PathBuf,
    /// Its form
    #[arg(long, value_enum)]
    form: Form,
    /// Code of the sending institution: the college, the examining board, the one that renamed its courses
    #[arg(long, value_name = "INSTITUTION")]
    from: String,
    /// Code of the receiving institution, where the file names none: the one that takes examinations
    #[arg(long, value_name = "INSTITUTION", required_if_eq_any([("form", "examinations"), ("form", "ctdl")]))]
    to: Option<String>,
    /// Code of the credit system of what results
    #[arg(long, value_name = "SYSTEM")]
    system: String,
    /// Name of the book [default: the name of the file that is written]
    #[arg(long)]
    book: Option<String>,
    /// Where the book goes: a file in TOML or CSV, by its ending
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
}

/// Forms in which others keep agreements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// CSV, a row a receiving course, with groups of sending courses side by side
    Articulation,
    /// The same as JSON: college, university, group
    ArticulationJson,
    /// JSON: examinations, scores and the courses for which they count
    Examinations,
    /// CSV: old and new codes of courses
    Aliases,
    /// JSON-LD: Transfer Value Profiles; a value's own unit goes before --system
    Ctdl,
}

impl Translate {
    pub fn run(&self) -> Result<Done> {
        let sides = Sides {
            from: self.from.clone(),
            to: self.to.clone().unwrap_or_default(),
            system: self.system.clone(),
        };
        let name = self.file.display().to_string();
        let text = std::fs::read_to_string(&self.file)
            .map_err(|error| Fault::new("R161", format!("{name} cannot be read: {error}")))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let Profiles { rules, left_out } = self.form.rules(text, &name, &sides)?;
        for (profile, why) in left_out {
            eprintln!("left out: {profile}: {why}");
        }
        let stem = self.output.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let book = self.book.clone().or(stem).unwrap_or_default();
        let form = Written::of(&self.output, &[Written::Toml, Written::Csv])?;
        write_file(&self.output, "--output", &form.book(&book, &[], &rules)?)?;
        eprintln!(
            "{}: {} rules from {name}; look through it, then load it",
            self.output.display(),
            rules.len()
        );
        Ok(Done::Well)
    }
}

impl Form {
    fn rules(self, text: &str, name: &str, sides: &Sides) -> std::result::Result<Profiles, Faults> {
        let rules = match self {
            Form::Ctdl => return ctdl::read(text, name, sides),
            Form::Articulation => agreements::articulation_csv(text.as_bytes(), name, sides),
            Form::ArticulationJson => agreements::articulation_json(text, name, sides),
            Form::Examinations => agreements::examinations(text, name, sides),
            Form::Aliases => agreements::aliases(text.as_bytes(), name, sides),
        };
        Ok(Profiles { rules: rules?, ..Profiles::default() })
    }
}
