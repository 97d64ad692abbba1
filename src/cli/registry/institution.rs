//! `creditbank institution`.

use super::{Asked, WriteArgs, count, open, page, read_file};
use crate::cli::Done;
use crate::cli::context::Context;
use crate::cli::output::{Output, usage};
use crate::domain::fault::Result;
use crate::domain::registry::Institution as Row;
use crate::ops::registry::institution::{self, Details};
use crate::ops::registry::search::Needle;
use crate::ops::registry::values;
use crate::report::{Cell, Column, Section, Sink};
use crate::store::Read;
use std::path::PathBuf;

/// Characters that separate an institution's code from other parts of a name.
const MARKS: [char; 2] = ['/', ':'];

/// Register, change and find institutions
#[derive(Debug, clap::Args)]
pub struct Institution {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Register an institution
    ///
    /// Many at once come from a CSV file: `creditbank import` with a profile whose target is
    /// `institutions`.
    Add(Box<Edit>),
    /// Say something else of an institution: a newer version of what is registered
    ///
    /// What is not named stays as it is. Every earlier version stays in the journal.
    Set(Box<Edit>),
    /// All institutions
    List {
        #[command(flatten)]
        output: Output,
    },
    /// One institution, with its calendar
    Show {
        /// Its code
        code: String,
        #[command(flatten)]
        output: Output,
    },
    /// Institutions by part of their code or name; case and width of letters make no difference
    Find {
        /// Words of the name in any order, or a code
        text: String,
        #[command(flatten)]
        output: Output,
    },
}

#[derive(Debug, clap::Args)]
struct Edit {
    /// Short code, one word, unique in the bank
    code: String,
    /// Its name, in any script
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Its country, by the two letters of ISO 3166-1
    #[arg(long, value_name = "XX")]
    country: Option<String>,
    /// Its region, in the bank's own words
    #[arg(long, value_name = "TEXT")]
    region: Option<String>,
    /// Its sector, in the bank's own words
    #[arg(long, value_name = "TEXT")]
    sector: Option<String>,
    /// A TOML file of its terms: [[term]] with written = "{year}J", first = "10-01", last = "07-31",
    /// and year = true for a whole academic year
    #[arg(long, value_name = "FILE")]
    calendar: Option<PathBuf>,
    #[command(flatten)]
    write: WriteArgs,
}

impl Edit {
    fn details(&self) -> Result<Details> {
        let calendar = match &self.calendar {
            None => None,
            Some(path) => {
                let text = read_file(path, "G109")?;
                Some(institution::read_calendar(&text, &path.display().to_string())?)
            }
        };
        Ok(Details {
            name: values::optional("--name", self.name.as_deref())?,
            country: values::country(self.country.as_deref())?,
            region: values::optional("--region", self.region.as_deref())?,
            sector: values::optional("--sector", self.sector.as_deref())?,
            calendar,
        })
    }

    fn add(&self, context: &Context) -> Result<Done> {
        let (code, details) = (values::code("the code", &self.code, &MARKS)?, self.details()?);
        let mut store = context.open()?;
        let posted = institution::add(&mut store, &self.write.act(context)?, &code, &details)?;
        self.write.tell(&store, context, "institution-add", &posted)
    }

    fn set(&self, context: &Context) -> Result<Done> {
        let details = self.details()?;
        let Details { name, country, region, sector, calendar } = &details;
        if name.is_none() && country.is_none() && region.is_none() && sector.is_none() && calendar.is_none() {
            let remedy = "give --name, --country, --region, --sector or --calendar";
            return Err(usage("G110", "there is nothing to set", remedy));
        }
        let mut store = context.open()?;
        let posted = institution::set(&mut store, &self.write.act(context)?, &self.code, &details)?;
        self.write.tell(&store, context, "institution-set", &posted)
    }
}

impl Institution {
    /// Runs the command.
    pub fn run(&self, context: &Context) -> Result<Done> {
        match &self.verb {
            Verb::Add(edit) => return edit.add(context),
            Verb::Set(edit) => return edit.set(context),
            Verb::List { output } => list(context, output, ("institution-list", None), None)?,
            Verb::Show { code, output } => show(context, output, code)?,
            Verb::Find { text, output } => {
                list(context, output, ("institution-find", Some(text)), Some(&Needle::new(text)?))?;
            }
        }
        Ok(Done::Well)
    }
}

fn columns() -> Vec<Column> {
    vec![
        Column::text("code", "Code"),
        Column::text("name", "Name"),
        Column::text("country", "Country"),
        Column::text("region", "Region"),
        Column::text("sector", "Sector"),
        Column::number("terms", "Terms"),
    ]
}

fn cells(row: &Row) -> Result<Vec<Cell>> {
    let terms = institution::calendar(row)?.terms.len() as i64;
    let text = |value: &Option<String>| Cell::from(value.as_deref());
    let (code, name) = (row.code.as_str().into(), row.name.as_str().into());
    Ok(vec![code, name, text(&row.country), text(&row.region), text(&row.sector), Cell::Int(terms)])
}

fn list(context: &Context, output: &Output, asked: Asked, needle: Option<&Needle>) -> Result<()> {
    context.open_read()?.at_one_moment(|read| {
        let section = Section::new("institutions", "Institutions", &columns());
        page(read, context, output, asked, std::slice::from_ref(&section), |sink| {
            open(sink, &section)?;
            let mut number = 0;
            institution::each(read, needle, &mut |row| {
                number += 1;
                sink.row(&cells(row)?)
            })?;
            sink.note(&count(number, "institution"))
        })
    })
}

fn show(context: &Context, output: &Output, code: &str) -> Result<()> {
    context.open_read()?.at_one_moment(|read| {
        let row = institution::get(read, code)?;
        let mut own = columns();
        own.push(Column::number("outcomes", "Outcomes"));
        let terms = [
            Column::text("written", "Written"),
            Column::text("first", "First day"),
            Column::text("last", "Last day"),
            Column::text("year", "Academic year"),
        ];
        let sections = [
            Section::new("institution", row.name.as_str(), &own),
            Section::new("calendar", "Calendar", &terms),
        ];
        page(read, context, output, ("institution-show", None), &sections, |sink| {
            fill(read, sink, &row, &sections)
        })
    })
}

fn fill(read: &dyn Read, sink: &mut dyn Sink, row: &Row, sections: &[Section; 2]) -> Result<()> {
    open(sink, &sections[0])?;
    let mut cells = cells(row)?;
    cells.push(Cell::Int(institution::outcomes(read, row.id)?));
    sink.row(&cells)?;
    open(sink, &sections[1])?;
    for term in institution::calendar(row)?.terms {
        sink.row(&[term.written.into(), term.first.into(), term.last.into(), Cell::Flag(term.year)])?;
    }
    Ok(())
}
