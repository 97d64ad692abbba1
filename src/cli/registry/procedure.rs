//! `creditbank procedure`.

use super::{WriteArgs, open, page, read_file};
use crate::cli::Done;
use crate::cli::context::Context;
use crate::cli::output::Output;
use crate::domain::fault::{Exit, Result};
use crate::ops::registry::procedure;
use crate::report::{Cell, Column, Section, Sink};
use std::io::Write;
use std::path::PathBuf;

/// Deadlines of requests and appeals, what silence decides, and how many officers it takes
#[derive(Debug, clap::Args)]
pub struct Procedure {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// The procedures that the bank keeps, every version, and those built into the program
    List {
        #[command(flatten)]
        output: Output,
    },
    /// The TOML text of a procedure
    Show {
        /// Its name
        name: String,
        /// Which version [default: the newest]
        #[arg(long, value_name = "N")]
        version: Option<i64>,
    },
    /// Read a procedure and say everything that is wrong with it; needs no ledger
    Check {
        /// The TOML file, or - for standard input
        file: PathBuf,
    },
    /// Keep a procedure in the bank; a changed text is a new version
    Add {
        /// The TOML file, or - for standard input
        file: PathBuf,
        #[command(flatten)]
        write: WriteArgs,
    },
}

const COLUMNS: [Column; 13] = [
    Column::text("name", "Name"),
    Column::number("version", "Version"),
    Column::text("origin", "Kept"),
    Column::text("from", "From"),
    Column::text("to", "To"),
    Column::text("decide", "Decide within"),
    Column::text("file", "Appeal within"),
    Column::text("answer", "Answer within"),
    Column::text("silence", "Silence decides for"),
    Column::number("officers", "Officers"),
    Column::number("levels", "Appeals"),
    Column::text("unverified", "Not verified"),
    Column::text("citations", "Sources"),
];

impl Procedure {
    /// Runs the command.
    pub fn run(&self, context: &Context) -> Result<Done> {
        match &self.verb {
            Verb::List { output } => list(context, output)?,
            Verb::Show { name, version } => {
                let bank = context.open_read()?;
                let text = procedure::text(&bank, name, *version)?;
                // Whoever closes the pipe has seen enough.
                let _ = std::io::stdout().lock().write_all(text.as_bytes());
            }
            Verb::Check { file } => {
                let name = file.display().to_string();
                let parsed = procedure::parse(&read_file(file, "D101")?, &name);
                let parsed = parsed.map_err(|fault| fault.exit(Exit::Found))?;
                let _ = writeln!(
                    std::io::stdout().lock(),
                    "{name}: procedure `{}`, nothing is wrong",
                    parsed.name
                );
            }
            Verb::Add { file, write } => {
                let parsed = procedure::parse(&read_file(file, "D101")?, &file.display().to_string())?;
                let mut store = context.open()?;
                let posted = procedure::add(&mut store, &write.act(context)?, &parsed)?;
                return write.tell(&store, context, "procedure-add", &posted);
            }
        }
        Ok(Done::Well)
    }
}

fn list(context: &Context, output: &Output) -> Result<()> {
    context.open_read()?.at_one_moment(|read| {
        let section = Section::new("procedures", "Procedures", &COLUMNS);
        let listed = procedure::all(read)?;
        page(read, context, output, ("procedure-list", None), std::slice::from_ref(&section), |sink| {
            open(sink, &section)?;
            listed.iter().try_for_each(|row| line(sink, row))
        })
    })
}

fn line(sink: &mut dyn Sink, row: &procedure::Listed) -> Result<()> {
    let mut cells = vec![
        row.name.as_str().into(),
        row.version.map_or(Cell::Empty, Cell::Int),
        if row.version.is_some() { "in the bank" } else { "built in" }.into(),
    ];
    if let Some(said) = &row.procedure {
        let spans = [("decide", &said.decide), ("file", &said.file), ("answer", &said.answer)];
        let mut sources: Vec<(&str, &str, bool)> = Vec::new();
        for (name, figure) in spans {
            sources.extend(figure.as_ref().map(|figure| (name, figure.citation.as_str(), figure.verified)));
        }
        let silence = said.silence.as_ref();
        sources.extend(silence.map(|figure| ("silence", figure.citation.as_str(), figure.verified)));
        let [request, appeal] = silence.map(|figure| figure.value).unwrap_or_default();
        let doubtful: Vec<&str> = sources.iter().filter(|(.., read)| !read).map(|(name, ..)| *name).collect();
        let cited: Vec<String> = sources.iter().map(|(name, text, _)| format!("{name}: {text}")).collect();
        cells.push(said.valid_from.map(|day| day.to_string()).into());
        cells.push(said.valid_to.map(|day| day.to_string()).into());
        cells.extend(
            spans.map(|(_, figure)| Cell::from(figure.as_ref().map(|figure| figure.value.to_string()))),
        );
        cells.push(format!("request: {}, appeal: {}", request.name(), appeal.name()).into());
        cells.push(Cell::Int(i64::from(said.officers)));
        cells.push(Cell::Int(i64::from(said.levels)));
        cells.push(doubtful.join(", ").into());
        cells.push(cited.join("; ").into());
    }
    cells.resize(COLUMNS.len(), Cell::Empty);
    sink.row(&cells)
}
