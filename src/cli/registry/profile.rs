//! `creditbank profile`.

mod diff;
mod new;

use super::{WriteArgs, count, open, page, read_file};
use crate::cli::Done;
use crate::cli::context::Context;
use crate::cli::output::{Output, meta};
use crate::domain::fault::{Exit, Fault, Result};
use crate::domain::text::visible;
use crate::intake::profile::Profile as Parsed;
use crate::ops::registry::profile::{self, Listed};
use crate::report::{Cell, Column, Meta, Section, Sink};
use crate::store::Read;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Check, keep and show import profiles
#[derive(Debug, clap::Args)]
pub struct Profile {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// The profiles that the bank keeps, every version, and those built into the program
    List {
        /// Only those built into the program; needs no ledger
        #[arg(long)]
        built_in: bool,
        #[command(flatten)]
        output: Output,
    },
    /// The TOML text of a profile, as it was kept or is built in
    Show {
        /// Its name; builtin:NAME for the one that is built in where the bank keeps another
        name: String,
        /// Which version [default: the newest]
        #[arg(long, value_name = "N")]
        version: Option<i64>,
    },
    /// Look at a partner's file and write a commented draft of its profile; needs no ledger
    New(new::New),
    /// Where two profiles differ, key by key; exits 4 where they do
    Diff(diff::Diff),
    /// Read a profile and say everything that is wrong with it; needs no ledger
    Check {
        /// The TOML file, or - for standard input
        file: PathBuf,
    },
    /// Keep a profile in the bank without importing; a changed text is a new version
    Add {
        /// The TOML file, or - for standard input
        file: PathBuf,
        #[command(flatten)]
        write: WriteArgs,
    },
}

impl Profile {
    /// Runs the command.
    pub fn run(&self, context: &Context) -> Result<Done> {
        match &self.verb {
            Verb::List { built_in: true, output } => list_built_in(context, output)?,
            Verb::List { built_in: false, output } => list(context, output)?,
            Verb::Show { name, version } => {
                let needs_none = version.is_none() && profile::is_built_in(name) && !context.ledger.exists();
                let bank = if needs_none { None } else { Some(context.open_read()?) };
                let read = bank.as_ref().map(|bank| bank as &dyn Read);
                print(&profile::text(read, name, *version)?.0)?;
            }
            Verb::Diff(diff) => return diff.run(context),
            Verb::New(new) => new.run(context)?,
            Verb::Check { file } => {
                let profile = parse(file, Exit::Found)?;
                let (name, target) = (&profile.name, profile.target.name());
                print(&format!("{}: profile `{name}` reads {target}, nothing is wrong\n", file.display()))?;
            }
            Verb::Add { file, write } => {
                let parsed = parse(file, Exit::Refused)?;
                let mut store = context.open()?;
                let (_, posted) = profile::add(&mut store, &write.act(context)?, &parsed)?;
                return write.tell(&store, context, "profile-add", &posted);
            }
        }
        Ok(Done::Well)
    }
}

fn parse(file: &Path, exit: Exit) -> Result<Parsed> {
    let text = read_file(file, "I101")?;
    Parsed::parse(&text, &file.display().to_string())
        .map_err(|error| Fault::new("I102", error.to_string()).remedy("mend the profile").exit(exit))
}

/// A text as it is, except that nothing in it commands a terminal.
fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let shown = match out.is_terminal() {
        true => text.split_inclusive(['\n', '\t']).map(shown).collect(),
        false => text.to_owned(),
    };
    match out.write_all(shown.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Fault::new("C103", format!("standard output cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

fn shown(piece: &str) -> String {
    let body = piece.trim_end_matches(['\n', '\t', '\r']);
    format!("{}{}", visible(body), &piece[body.len()..])
}

const COLUMNS: [Column; 7] = [
    Column::text("name", "Name"),
    Column::number("version", "Version"),
    Column::text("target", "Reads"),
    Column::text("origin", "Kept"),
    Column::text("extends", "Extends"),
    Column::text("title", "Title"),
    Column::text("sha256", "SHA-256"),
];

fn list(context: &Context, output: &Output) -> Result<()> {
    context.open_read()?.at_one_moment(|read| {
        let section = Section::new("profiles", "Import profiles", &COLUMNS);
        let listed = profile::all(Some(read))?;
        page(read, context, output, ("profile-list", None), std::slice::from_ref(&section), |sink| {
            rows(sink, &section, &listed)
        })
    })
}

fn list_built_in(context: &Context, output: &Output) -> Result<()> {
    let section = Section::new("profiles", "Import profiles", &COLUMNS);
    let meta = Meta { sections: vec![section.clone()], ..meta("profile-list", context) };
    let listed = profile::all(None)?;
    output.write(|sink| {
        sink.begin(&meta)?;
        rows(sink, &section, &listed)?;
        sink.end()
    })
}

fn rows(sink: &mut dyn Sink, section: &Section, listed: &[Listed]) -> Result<()> {
    open(sink, section)?;
    for row in listed {
        let profile = row.profile.as_ref();
        sink.row(&[
            row.name.as_str().into(),
            row.version.map_or(Cell::Empty, Cell::Int),
            profile.map_or("", |profile| profile.target.name()).into(),
            if row.version.is_some() { "in the bank" } else { "built in" }.into(),
            profile.and_then(|profile| profile.extends.clone()).into(),
            profile.and_then(|profile| profile.title.clone()).into(),
            row.sha256.as_str().into(),
        ])?;
    }
    let kept = listed.iter().filter(|row| row.version.is_some()).count();
    sink.note(&format!("{}, {} built in", count(kept as u64, "profile version"), listed.len() - kept))
}
