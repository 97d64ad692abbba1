//! `creditbank system`.

use super::{Asked, WriteArgs, count, open, page, yes};
use crate::cli::Done;
use crate::cli::context::Context;
use crate::cli::output::Output;
use crate::domain::fault::Result;
use crate::domain::registry::SystemRow;
use crate::domain::system;
use crate::ops::registry::search::Needle;
use crate::ops::registry::system::{add, each, get, hours};
use crate::ops::registry::values;
use crate::report::{Cell, Column, Section};

/// Register and find credit systems
#[derive(Debug, clap::Args)]
pub struct System {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Register a credit system beside those that the program knows
    ///
    /// Its hours describe a credit and never convert by themselves: only a rule converts.
    Add(Box<Add>),
    /// All credit systems
    List {
        #[command(flatten)]
        output: Output,
    },
    /// One credit system
    Show {
        /// Its code
        code: String,
        #[command(flatten)]
        output: Output,
    },
    /// Credit systems by part of their code or name; case and width of letters make no difference
    Find {
        /// Words of the name in any order, or a code
        text: String,
        #[command(flatten)]
        output: Output,
    },
}

#[derive(Debug, clap::Args)]
struct Add {
    /// 2 to 12 characters of A–Z, 0–9 and -, a letter first
    code: String,
    /// English name
    #[arg(long, value_name = "NAME")]
    name: String,
    /// Name in its own language
    #[arg(long, value_name = "NAME")]
    name_local: Option<String>,
    /// Its country, by the two letters of ISO 3166-1
    #[arg(long, value_name = "XX")]
    country: Option<String>,
    /// Notional hours of one credit: a figure such as 10, or a range such as 25-30
    #[arg(long, value_name = "HOURS")]
    hours: Option<String>,
    /// The law or standard, its section, year and address
    #[arg(long, value_name = "TEXT")]
    citation: String,
    /// The figure was read in the text or on the site of the body that answers for it
    #[arg(long)]
    verified: bool,
    /// Amounts are whole items and never fractions
    #[arg(long)]
    indivisible: bool,
    #[command(flatten)]
    write: WriteArgs,
}

impl Add {
    fn run(&self, context: &Context) -> Result<Done> {
        let system = system::System {
            code: values::text("the code", &self.code)?,
            name: values::text("--name", &self.name)?,
            name_local: values::optional("--name-local", self.name_local.as_deref())?.unwrap_or_default(),
            country: values::country(self.country.as_deref())?.unwrap_or_default(),
            hours: values::hours(self.hours.as_deref())?,
            indivisible: self.indivisible,
            citation: values::text("--citation", &self.citation)?,
            verified: self.verified,
        };
        let mut store = context.open()?;
        let posted = add(&mut store, &self.write.act(context)?, system)?;
        self.write.tell(&store, context, "system-add", &posted)
    }
}

impl System {
    /// Runs the command.
    pub fn run(&self, context: &Context) -> Result<Done> {
        match &self.verb {
            Verb::Add(args) => return args.run(context),
            Verb::List { output } => list(context, output, ("system-list", None), None)?,
            Verb::Show { code, output } => show(context, output, code)?,
            Verb::Find { text, output } => {
                list(context, output, ("system-find", Some(text)), Some(&Needle::new(text)?))?
            }
        }
        Ok(Done::Well)
    }
}

fn section(title: &str) -> Section {
    let columns = [
        Column::text("code", "Code"),
        Column::text("name", "Name"),
        Column::text("name_local", "Local name"),
        Column::text("country", "Country"),
        Column::text("hours", "Hours per credit"),
        Column::text("indivisible", "Whole only"),
        Column::text("verified", "Verified at its source"),
        Column::text("citation", "Citation"),
    ];
    Section::new("systems", title, &columns)
}

fn cells(row: &SystemRow) -> [Cell; 8] {
    [
        row.code.as_str().into(),
        row.name.as_str().into(),
        row.name_local.as_str().into(),
        row.country.as_str().into(),
        hours(row).into(),
        yes(row.indivisible),
        yes(row.verified),
        row.citation.as_str().into(),
    ]
}

fn list(context: &Context, output: &Output, asked: Asked, needle: Option<&Needle>) -> Result<()> {
    context.open_read()?.at_one_moment(|read| {
        let section = section("Credit systems");
        page(read, context, output, asked, std::slice::from_ref(&section), |sink| {
            open(sink, &section)?;
            let mut number = 0;
            each(read, needle, &mut |row| {
                number += 1;
                sink.row(&cells(row))
            })?;
            sink.note(&count(number, "credit system"))
        })
    })
}

fn show(context: &Context, output: &Output, code: &str) -> Result<()> {
    context.open_read()?.at_one_moment(|read| {
        let row = get(read, code)?;
        let section = section(&row.name);
        page(read, context, output, ("system-show", None), std::slice::from_ref(&section), |sink| {
            open(sink, &section)?;
            sink.row(&cells(&row))
        })
    })
}
