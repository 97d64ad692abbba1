//! `creditbank authority`.

use super::{WriteArgs, open, page};
use crate::cli::Done;
use crate::cli::context::Context;
use crate::cli::output::{Output, usage};
use crate::domain::credits::Credits;
use crate::domain::date::parse_iso;
use crate::domain::fault::Result;
use crate::ops::registry::authority::{self, New};
use crate::report::{Cell, Column, Section};
use jiff::civil::Date;

/// Who may place credit without a rule: for which targets, up to how much, through whom, from when to when
#[derive(Debug, clap::Args)]
pub struct Authority {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Register an authority; for a code that is known, a new version
    Add(Box<Add>),
    /// The authorities, every version
    List {
        #[command(flatten)]
        output: Output,
    },
}

#[derive(Debug, clap::Args)]
struct Add {
    /// Its code
    code: String,
    /// Its name
    #[arg(long)]
    name: String,
    /// A target that it decides for [default: all]
    #[arg(long = "target", value_name = "SYSTEM|INSTITUTION")]
    targets: Vec<String>,
    /// The most that one exception gives
    #[arg(long, value_name = "CREDITS", requires = "system")]
    most: Option<String>,
    /// The credit system of that
    #[arg(long, value_name = "SYSTEM", requires = "most")]
    system: Option<String>,
    /// The system account of somebody who may act for it [default: everybody]
    #[arg(long = "officer", value_name = "ACCOUNT")]
    officers: Vec<String>,
    /// First day on which it may decide
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// Last day on which it may decide
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// The statute or the minute that gives it its remit
    #[arg(long, value_name = "TEXT")]
    citation: String,
    #[command(flatten)]
    write: WriteArgs,
}

fn day(option: &str, text: Option<&String>) -> Result<Option<Date>> {
    let read = |text: &String| {
        parse_iso(text).map_err(|error| {
            usage("C104", format!("{option} `{text}`: {error}"), "write the day as 2026-08-31")
        })
    };
    text.map(read).transpose()
}

impl Authority {
    /// Runs the command.
    pub fn run(&self, context: &Context) -> Result<Done> {
        match &self.verb {
            Verb::Add(add) => add.run(context),
            Verb::List { output } => list(context, output).map(|()| Done::Well),
        }
    }
}

impl Add {
    fn run(&self, context: &Context) -> Result<Done> {
        let most = self.most.as_deref().map(crate::cli::decision::credits).transpose()?;
        let new = New {
            code: self.code.clone(),
            name: self.name.clone(),
            targets: self.targets.clone(),
            most: most.zip(self.system.clone()),
            officers: self.officers.clone(),
            valid_from: day("--from", self.from.as_ref())?,
            valid_to: day("--to", self.to.as_ref())?,
            citation: self.citation.clone(),
        };
        let mut store = context.open()?;
        let posted = authority::add(&mut store, &self.write.act(context)?, &new)?;
        self.write.tell(&store, context, "authority-add", &posted)
    }
}

const COLUMNS: [Column; 10] = [
    Column::text("code", "Code"),
    Column::number("version", "Version"),
    Column::text("name", "Name"),
    Column::text("targets", "Targets"),
    Column::number("most", "At most"),
    Column::text("system", "System"),
    Column::text("officers", "Officers"),
    Column::text("from", "From"),
    Column::text("to", "To"),
    Column::text("citation", "By"),
];

fn list(context: &Context, output: &Output) -> Result<()> {
    context.open_read()?.at_one_moment(|read| {
        let section = Section::new("authorities", "Authorities", &COLUMNS);
        let rows = authority::all(read)?;
        page(read, context, output, ("authority-list", None), std::slice::from_ref(&section), |sink| {
            open(sink, &section)?;
            let list = |json: &str| serde_json::from_str::<Vec<String>>(json).unwrap_or_default().join(", ");
            for row in &rows {
                sink.row(&[
                    row.code.as_str().into(),
                    Cell::Int(row.version),
                    row.name.as_str().into(),
                    list(&row.targets).into(),
                    row.most.map(Credits).into(),
                    row.system.clone().into(),
                    list(&row.officers).into(),
                    row.valid_from.clone().into(),
                    row.valid_to.clone().into(),
                    row.citation.as_str().into(),
                ])?;
            }
            Ok(())
        })
    })
}
