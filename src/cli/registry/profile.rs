//! `creditbank profile`.

use super::{WriteArgs, count, open, page, read_file};
use crate::cli::Done;
use crate::cli::context::Context;
use crate::cli::output::Output;
use crate::domain::fault::{Exit, Fault, Result};
use crate::domain::text::visible;
use crate::intake::profile::Profile as Parsed;
use crate::ops::registry::profile;
use crate::report::{Cell, Column, Section};
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
    /// The profiles that the bank keeps, every version
    List {
        #[command(flatten)]
        output: Output,
    },
    /// The TOML text of a profile, as it was kept
    Show {
        /// Its name
        name: String,
        /// Which version [default: the newest]
        #[arg(long, value_name = "N")]
        version: Option<i64>,
    },
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
            Verb::List { output } => list(context, output)?,
            Verb::Show { name, version } => {
                let row = profile::get(&context.open_read()?, name, *version)?;
                print(&row.source)?;
            }
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

fn list(context: &Context, output: &Output) -> Result<()> {
    context.open_read()?.at_one_moment(|read| {
        let rows = profile::all(read)?;
        let columns = [
            Column::text("name", "Name"),
            Column::number("version", "Version"),
            Column::text("target", "Reads"),
            Column::text("sha256", "SHA-256"),
        ];
        let section = Section::new("profiles", "Import profiles", &columns);
        page(read, context, output, ("profile-list", None), std::slice::from_ref(&section), |sink| {
            open(sink, &section)?;
            for row in &rows {
                let (version, target) = (Cell::Int(row.version), profile::target(row).into());
                sink.row(&[row.name.as_str().into(), version, target, row.sha256.as_str().into()])?;
            }
            sink.note(&count(rows.len() as u64, "profile version"))
        })
    })
}
