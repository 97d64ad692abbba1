//! `creditbank outcome`.

use super::{Asked, WriteArgs, count, open, page, yes};
use crate::cli::Done;
use crate::cli::context::Context;
use crate::cli::output::{Output, usage};
use crate::domain::credits::Credits;
use crate::domain::date::Period;
use crate::domain::fault::Result;
use crate::domain::outcome::Kind;
use crate::domain::registry::{Institution, Outcome as Row, OutcomeVersion};
use crate::ops::names::Names;
use crate::ops::registry::institution;
use crate::ops::registry::outcome::{self, Description, level};
use crate::ops::registry::search::Needle;
use crate::ops::registry::values::{self, Days};
use crate::report::{Cell, Column, Section, Sink};
use crate::store::Read;

/// Register and find learning outcomes
#[derive(Debug, clap::Args)]
pub struct Outcome {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Register an outcome, or a new version of one
    ///
    /// Where the outcome is registered already, this is its next version: give it in full, with
    /// --valid-from. Every version before it that reaches beyond that day is registered again with
    /// the day before as its last one, in the same batch; nothing else about it changes, and its
    /// earlier form stays in the journal. Many outcomes at once come from a CSV file: `creditbank
    /// import` with a profile whose target is `outcomes`.
    Add(Box<Add>),
    /// Say in which further periods an outcome is offered
    Offer {
        /// INSTITUTION/CODE
        outcome: String,
        /// As the institution writes them, or a day, a month or a year
        #[arg(required = true, value_name = "PERIOD")]
        periods: Vec<String>,
        #[command(flatten)]
        write: WriteArgs,
    },
    /// All outcomes, each by its newest version
    List {
        /// Only this institution's
        #[arg(long, value_name = "CODE")]
        institution: Option<String>,
        #[command(flatten)]
        output: Output,
    },
    /// One outcome: every version, its accreditation, and when it is offered
    Show {
        /// INSTITUTION/CODE
        outcome: String,
        #[command(flatten)]
        output: Output,
    },
    /// Outcomes by part of their code or title; case and width of letters make no difference
    Find {
        /// Words of the title in any order, or a code
        text: String,
        #[command(flatten)]
        output: Output,
    },
}

#[derive(Debug, clap::Args)]
struct Add {
    /// INSTITUTION/CODE, such as OU/AAA
    outcome: String,
    /// Title, in any script
    #[arg(long, value_name = "TITLE")]
    title: String,
    /// The setting of the learning
    #[arg(long, value_name = "KIND", value_parser = ["formal", "non-formal", "informal"])]
    kind: Option<String>,
    /// Framework and level, such as EQF:5
    #[arg(long, value_name = "FRAMEWORK:LEVEL")]
    level: Option<String>,
    /// ISCED-F field of study, two to four digits
    #[arg(long, value_name = "0613")]
    field: Option<String>,
    /// Notional hours
    #[arg(long, value_name = "HOURS")]
    hours: Option<String>,
    /// Credits
    #[arg(long, value_name = "CREDITS", requires = "system")]
    credits: Option<String>,
    /// Credit system of the credits
    #[arg(long, value_name = "SYSTEM", requires = "credits")]
    system: Option<String>,
    /// It may be credited more than once
    #[arg(long)]
    repeatable: bool,
    /// First day on which this version holds
    #[arg(long, value_name = "DATE")]
    valid_from: Option<String>,
    /// Last day on which this version holds
    #[arg(long, value_name = "DATE")]
    valid_to: Option<String>,
    /// First day of its accreditation
    #[arg(long, value_name = "DATE")]
    accredited_from: Option<String>,
    /// Last day of its accreditation
    #[arg(long, value_name = "DATE")]
    accredited_to: Option<String>,
    /// Periods in which it is offered, as the institution writes them, or a day, a month or a year
    #[arg(long, value_name = "PERIOD", num_args = 1..)]
    offered: Vec<String>,
    #[command(flatten)]
    write: WriteArgs,
}

impl Add {
    fn run(&self, context: &Context) -> Result<Done> {
        let new = self.description()?;
        let mut store = context.open()?;
        let posted = outcome::add(&mut store, &self.write.act(context)?, &self.outcome, &new)?;
        self.write.tell(&store, context, "outcome-add", &posted)
    }

    fn description(&self) -> Result<Description> {
        let days = |options, from: &Option<String>, to: &Option<String>| {
            Days::read(options, from.as_deref(), to.as_deref())
        };
        let accredited = ["--accredited-from", "--accredited-to"];
        let credits = values::number("--credits", self.credits.as_deref())?;
        let system = values::optional("--system", self.system.as_deref())?;
        Ok(Description {
            title: values::text("--title", &self.title)?,
            kind: self.kind.as_deref().and_then(Kind::from_name),
            level: self.level.as_deref().map(framework_and_level).transpose()?,
            field: values::field(self.field.as_deref())?,
            hours: values::number("--hours", self.hours.as_deref())?,
            credits: credits.zip(system),
            repeatable: self.repeatable,
            valid: days(["--valid-from", "--valid-to"], &self.valid_from, &self.valid_to)?,
            accredited: days(accredited, &self.accredited_from, &self.accredited_to)?,
            offered: self.offered.clone(),
        })
    }
}

fn framework_and_level(text: &str) -> Result<(String, String)> {
    let Some((framework, level)) = text.split_once(':') else {
        let what = format!("--level `{text}` has no framework");
        return Err(usage("G107", what, "write it as EQF:5"));
    };
    Ok((values::text("the framework of --level", framework)?, values::text("the level of --level", level)?))
}

impl Outcome {
    /// Runs the command.
    pub fn run(&self, context: &Context) -> Result<Done> {
        match &self.verb {
            Verb::Add(args) => return args.run(context),
            Verb::Offer { outcome, periods, write } => {
                let mut store = context.open()?;
                let posted = outcome::offer(&mut store, &write.act(context)?, outcome, periods)?;
                return write.tell(&store, context, "outcome-offer", &posted);
            }
            Verb::List { institution, output } => {
                list(context, output, ("outcome-list", None), institution.as_deref(), None)?;
            }
            Verb::Show { outcome, output } => show(context, output, outcome)?,
            Verb::Find { text, output } => {
                list(context, output, ("outcome-find", Some(text)), None, Some(&Needle::new(text)?))?;
            }
        }
        Ok(Done::Well)
    }
}

fn version_columns() -> Vec<Column> {
    vec![
        Column::number("version", "Version"),
        Column::text("title", "Title"),
        Column::text("kind", "Kind"),
        Column::text("level", "Level"),
        Column::text("field", "Field"),
        Column::number("hours", "Hours"),
        Column::number("credits", "Credits"),
        Column::text("system", "System"),
        Column::text("valid_from", "Valid from"),
        Column::text("valid_to", "Valid to"),
        Column::text("accredited_from", "Accredited from"),
        Column::text("accredited_to", "Accredited to"),
    ]
}

fn version_cells(read: &dyn Read, names: &Names, row: &OutcomeVersion) -> Result<Vec<Cell>> {
    let system = row.system.map(|id| names.system(read, id)).transpose()?;
    let day = |day: &Option<String>| Cell::from(day.as_deref());
    Ok(vec![
        Cell::Int(row.version),
        row.title.as_str().into(),
        row.kind.and_then(Kind::from_code).map(Kind::name).into(),
        level(row).into(),
        row.field.as_deref().into(),
        row.hours.map(Credits).into(),
        row.credits.map(Credits).into(),
        system.as_ref().map(|system| system.code.as_str()).into(),
        day(&row.valid_from),
        day(&row.valid_to),
        day(&row.accredited_from),
        day(&row.accredited_to),
    ])
}

fn outcome_columns() -> Vec<Column> {
    vec![
        Column::text("institution", "Institution"),
        Column::text("code", "Code"),
        Column::text("repeatable", "Repeatable"),
    ]
}

fn outcome_cells(institution: &Institution, row: &Row) -> Vec<Cell> {
    vec![institution.code.as_str().into(), row.code.as_str().into(), yes(row.repeatable)]
}

fn list(
    context: &Context,
    output: &Output,
    asked: Asked,
    of: Option<&str>,
    needle: Option<&Needle>,
) -> Result<()> {
    context.open_read()?.at_one_moment(|read| {
        let of = of.map(|code| institution::get(read, code)).transpose()?;
        let columns = [outcome_columns(), version_columns()].concat();
        let section = Section::new("outcomes", "Outcomes", &columns);
        let names = Names::default();
        page(read, context, output, asked, std::slice::from_ref(&section), |sink| {
            open(sink, &section)?;
            let mut number = 0;
            outcome::each(read, of.as_ref(), needle, &mut |(institution, row, versions)| {
                number += 1;
                let mut cells = outcome_cells(institution, row);
                match versions.last() {
                    Some(newest) => cells.extend(version_cells(read, &names, newest)?),
                    None => cells.resize(columns.len(), Cell::Empty),
                }
                sink.row(&cells)
            })?;
            sink.note(&count(number, "outcome"))
        })
    })
}

fn show(context: &Context, output: &Output, name: &str) -> Result<()> {
    context.open_read()?.at_one_moment(|read| {
        let (institution, row) = outcome::get(read, name)?;
        let (versions, offered) = (outcome::versions(read, row.id)?, outcome::offerings(read, row.id)?);
        let periods = [
            Column::text("period", "Period"),
            Column::text("precision", "Known to the"),
            Column::text("first", "First day"),
            Column::text("last", "Last day"),
        ];
        let sections = [
            Section::new("outcome", format!("{}/{}", institution.code, row.code), &outcome_columns()),
            Section::new("versions", "Versions", &version_columns()),
            Section::new("offered", "Offered", &periods),
        ];
        page(read, context, output, ("outcome-show", None), &sections, |sink| {
            open(sink, &sections[0])?;
            sink.row(&outcome_cells(&institution, &row))?;
            open(sink, &sections[1])?;
            let names = Names::default();
            for version in &versions {
                sink.row(&version_cells(read, &names, version)?)?;
            }
            open(sink, &sections[2])?;
            offered.iter().try_for_each(|period| period_row(sink, period))
        })
    })
}

fn period_row(sink: &mut dyn Sink, period: &Period) -> Result<()> {
    let (first, last) = (period.first.to_string(), period.last.to_string());
    sink.row(&[period.written.as_str().into(), period.precision.name().into(), first.into(), last.into()])
}
