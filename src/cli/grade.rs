//! `creditbank grade`.

use super::Done;
use super::context::Context;
use super::cut::CutArgs;
use super::output::{Output, usage};
use super::registry::{WriteArgs, count, open, page, read_file, yes};
use crate::domain::fault::Result;
use crate::domain::grading::{Conversion, Cycle, GradingTable, Method, Source};
use crate::ops::learners;
use crate::ops::registry::grades::{self, TableFilter, import, method_text};
use crate::ops::registry::values;
use crate::report::grading::{
    Ask, Counting, Grader, Options, Origin, grade_conversion, grade_counts, learner_grades, table_bands,
};
use crate::report::{Cell, Column, Section};
use crate::store::Read;
use std::path::{Path, PathBuf};

/// Convert grades between scales: by agreed tables, by a line, by grading tables
#[derive(Debug, clap::Args)]
pub struct Grade {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// What a grade, or every grade of a learner, reads as on another scale: original, range, suggestion, and why
    Convert(Box<Convert>),
    /// Register the scales, conversions and grading tables of a TOML file, or grading tables of a CSV file
    Import {
        /// The file, or - for TOML on standard input; see docs/grades.md for both forms
        file: PathBuf,
        /// Replace newest versions of scales that were wrong, without a new first day
        #[arg(long)]
        correct: bool,
        #[command(flatten)]
        write: WriteArgs,
    },
    /// The conversions, the newest version of each
    List {
        /// Every version
        #[arg(long)]
        versions: bool,
        #[command(flatten)]
        output: Output,
    },
    /// One conversion: its versions, and the rows of the newest where it is a table
    Show {
        /// Its name
        name: String,
        #[command(flatten)]
        output: Output,
    },
    /// The grading tables: how often each passing grade was given
    Tables {
        #[command(flatten)]
        filter: FilterArgs,
        /// A row a grade, with its share and its band
        #[arg(long)]
        grades: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Count grading tables out of the ledger, in the form that `grade import` takes; registers nothing
    Count(Box<Count>),
}

#[derive(Debug, clap::Args)]
struct Convert {
    /// Account number or identifier: all grades of this learner
    #[arg(required_unless_present = "grade", conflicts_with_all = ["grade", "from_scale"])]
    learner: Option<String>,
    /// The grade, as written
    #[arg(long, value_name = "GRADE", requires = "from_scale", allow_negative_numbers = true)]
    grade: Option<String>,
    /// Name of its scale
    #[arg(long, value_name = "SCALE", requires = "grade")]
    from_scale: Option<String>,
    /// Name of the scale to read it on
    #[arg(long, value_name = "SCALE")]
    to_scale: String,
    /// Institution that gave it [default: for a learner, the one that awarded each result]
    #[arg(long, value_name = "CODE")]
    institution: Option<String>,
    /// Institution whose grading table is the target's
    #[arg(long, value_name = "CODE")]
    to_institution: Option<String>,
    /// ISCED-F field of study, 2 to 4 digits [default: for a learner, that of each outcome]
    #[arg(long, value_name = "ISCED-F")]
    field: Option<String>,
    /// short, first, second or third cycle, or an EQF level such as EQF:6
    #[arg(long, value_name = "CYCLE")]
    level: Option<String>,
    /// Only by this conversion
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Day on which the grade was given, for scales that changed
    #[arg(long, value_name = "DATE", requires = "grade")]
    given: Option<String>,
    #[command(flatten)]
    cut: CutArgs,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, clap::Args)]
struct FilterArgs {
    /// Of this institution
    #[arg(long, value_name = "CODE")]
    institution: Option<String>,
    /// On this scale
    #[arg(long, value_name = "SCALE")]
    scale: Option<String>,
    /// Of this field, or of those within it
    #[arg(long, value_name = "ISCED-F")]
    field: Option<String>,
    /// Of this cycle
    #[arg(long, value_name = "CYCLE")]
    level: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Count {
    /// Code of the institution that gave the grades
    institution: String,
    /// Name of the scale
    #[arg(long, value_name = "SCALE")]
    scale: String,
    /// First year; a result belongs to the year in which its period ends
    #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(i64).range(1900..=2200))]
    first_year: i64,
    /// Last year
    #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(i64).range(1900..=2200))]
    last_year: i64,
    /// Only this field and those within it
    #[arg(long, value_name = "ISCED-F")]
    field: Option<String>,
    /// Add up the distributions that transcripts carried (ELMO), in place of the grades that the bank holds
    #[arg(long)]
    distributions: bool,
    #[command(flatten)]
    output: Output,
}

/// A cycle by its word, or by a level of the EQF.
fn cycle(text: Option<&str>) -> Result<Option<Cycle>> {
    let Some(text) = text else { return Ok(None) };
    let level = text.split_once(':').and_then(|(framework, level)| Cycle::of_level(framework, level));
    let found = Cycle::from_word(text).or(level);
    let unknown = || {
        usage(
            "G304",
            format!("--level `{text}` is no cycle of higher education"),
            "write short, first, second or third, or EQF:5 to EQF:8",
        )
    };
    found.map(Some).ok_or_else(unknown)
}

impl Convert {
    fn run(&self, context: &Context) -> Result<()> {
        let options = Options {
            institution: self.institution.clone(),
            field: values::field(self.field.as_deref())?,
            cycle: cycle(self.level.as_deref())?,
        };
        let given = values::day("--given", self.given.as_deref())?;
        context.open_read()?.at_one_moment(|read| {
            let query = self.cut.query(context, read)?;
            let day = match query.cut.as_of {
                Some(day) => day,
                None => context.today(read)?,
            };
            for code in self.institution.iter().chain(&self.to_institution) {
                crate::ops::registry::institution::get(read, code)?;
            }
            let to_institution = self.to_institution.as_deref();
            let grader = Grader::open(read, &self.to_scale, to_institution, self.by.as_deref(), day)?;
            let Some(grade) = &self.grade else {
                let learner = self.learner.as_deref().unwrap_or_default();
                let learner = learners::find_person(read, learner, &query.cut)?;
                let query = crate::report::Query { learner: Some(learner), ..query };
                return self.output.write(|sink| learner_grades(&grader, learner, &options, &query, sink));
            };
            let ask = Ask {
                grade: values::text("--grade", grade)?,
                scale: values::text("--from-scale", self.from_scale.as_deref().unwrap_or_default())?,
                institution: options.institution.clone(),
                field: options.field.clone(),
                cycle: options.cycle,
                given: given.map(|day| (day, day)),
            };
            self.output.write(|sink| grade_conversion(&grader, &ask, &query, sink))
        })
    }
}

impl FilterArgs {
    fn filter(&self) -> Result<TableFilter> {
        Ok(TableFilter {
            institution: self.institution.clone(),
            scale: self.scale.clone(),
            field: values::field(self.field.as_deref())?,
            cycle: cycle(self.level.as_deref())?,
        })
    }
}

impl Count {
    fn run(&self, context: &Context) -> Result<()> {
        if self.last_year < self.first_year {
            let what = format!("--last-year {} lies before --first-year {}", self.last_year, self.first_year);
            return Err(usage("G305", what, "give the earlier year first; both are included"));
        }
        let origin = if self.distributions { Origin::Distributions } else { Origin::Achievements };
        context.open_read()?.at_one_moment(|read| {
            crate::ops::registry::institution::get(read, &self.institution)?;
            let day = context.today(read)?;
            let counting = Counting {
                institution: self.institution.clone(),
                scale: self.scale.clone(),
                years: (self.first_year, self.last_year),
                field: values::field(self.field.as_deref())?,
                origin,
                source: match origin {
                    Origin::Achievements => format!("counted by the bank on {day}"),
                    Origin::Distributions => format!("distributions of transcripts, added up on {day}"),
                },
            };
            let query = crate::report::Query { moment: context.actor.now.to_string(), ..Default::default() };
            self.output.write(|sink| grade_counts(read, &counting, &query, sink))
        })
    }
}

impl Grade {
    /// Runs the command.
    pub fn run(&self, context: &Context) -> Result<Done> {
        match &self.verb {
            Verb::Convert(args) => args.run(context)?,
            Verb::Import { file, correct, write } => return import_file(context, file, *correct, write),
            Verb::List { versions, output } => list(context, output, *versions)?,
            Verb::Show { name, output } => show(context, output, name)?,
            Verb::Tables { filter, grades, output } => tables(context, output, &filter.filter()?, *grades)?,
            Verb::Count(args) => args.run(context)?,
        }
        Ok(Done::Well)
    }
}

fn import_file(context: &Context, path: &Path, correct: bool, write: &WriteArgs) -> Result<Done> {
    let name = path.display().to_string();
    let file = match path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
        true => grades::read_csv(read_file(path, "G199")?.as_bytes(), &name)?,
        false => grades::read_toml(&read_file(path, "G199")?, &name)?,
    };
    let act = write.act(context)?;
    let mut store = context.open()?;
    let posted = import(&mut store, &act, &file, correct)?;
    write.tell(&store, context, "grade-import", &posted)
}

fn columns() -> Vec<Column> {
    vec![
        Column::text("name", "Name"),
        Column::number("version", "Version"),
        Column::text("from_scale", "From scale"),
        Column::text("to_scale", "To scale"),
        Column::text("institution", "Of institution"),
        Column::text("method", "Method"),
        Column::text("how", "How"),
        Column::text("valid_from", "From"),
        Column::text("valid_to", "To"),
        Column::text("verified", "Verified at its source"),
        Column::text("citation", "Source"),
    ]
}

fn cells(conversion: &Conversion) -> Vec<Cell> {
    let how = match &conversion.method {
        Method::Table { rows } => count(rows.len() as u64, "row"),
        other => method_text(other),
    };
    vec![
        conversion.name.as_str().into(),
        Cell::Int(conversion.version),
        conversion.from.as_str().into(),
        conversion.to.as_str().into(),
        conversion.institution.as_deref().into(),
        conversion.method.word().into(),
        how.into(),
        conversion.valid_from.map(|day| day.to_string()).into(),
        conversion.valid_to.map(|day| day.to_string()).into(),
        yes(i64::from(conversion.verified)),
        conversion.citation.as_str().into(),
    ]
}

fn list(context: &Context, output: &Output, versions: bool) -> Result<()> {
    context.open_read()?.at_one_moment(|read| {
        let all = grades::conversions(read)?;
        let is_newest = |row: &&Conversion| {
            !all.iter().any(|other| other.name == row.name && other.version > row.version)
        };
        let rows: Vec<&Conversion> = all.iter().filter(|row| versions || is_newest(row)).collect();
        let section = Section::new("conversions", "Conversions of grades", &columns());
        page(read, context, output, ("grade-list", None), std::slice::from_ref(&section), |sink| {
            open(sink, &section)?;
            for row in &rows {
                sink.row(&cells(row))?;
            }
            sink.note(&count(rows.len() as u64, if versions { "version" } else { "conversion" }))
        })
    })
}

fn show(context: &Context, output: &Output, name: &str) -> Result<()> {
    context.open_read()?.at_one_moment(|read| {
        let versions = grades::conversion(read, name)?;
        let row = [
            Column::text("grade", "Grade"),
            Column::text("and_better", "And better"),
            Column::text("suggested", "Reads as"),
            Column::text("low", "Lowest"),
            Column::text("high", "Highest"),
        ];
        let sections = [Section::new("conversion", name, &columns()), Section::new("rows", "Rows", &row)];
        page(read, context, output, ("grade-show", None), &sections, |sink| {
            open(sink, &sections[0])?;
            for version in versions.iter().rev() {
                sink.row(&cells(version))?;
            }
            open(sink, &sections[1])?;
            let Some(Method::Table { rows }) = versions.last().map(|newest| &newest.method) else {
                return Ok(());
            };
            for row in rows {
                let (grade, better) = match &row.from {
                    Source::Grade(grade) => (grade, false),
                    Source::AtLeast(grade) => (grade, true),
                };
                let [suggested, low, high] =
                    [&row.suggested, &row.low, &row.high].map(|text| text.as_str().into());
                sink.row(&[grade.as_str().into(), Cell::Flag(better), suggested, low, high])?;
            }
            Ok(())
        })
    })
}

fn group_columns() -> Vec<Column> {
    vec![
        Column::text("institution", "Institution"),
        Column::text("scale", "Scale"),
        Column::text("field", "Field"),
        Column::text("cycle", "Cycle"),
        Column::number("first_year", "First year"),
        Column::number("last_year", "Last year"),
    ]
}

fn group_cells(table: &GradingTable) -> Vec<Cell> {
    vec![
        table.institution.as_str().into(),
        table.scale.as_str().into(),
        table.field.as_str().into(),
        table.cycle.map(Cycle::word).into(),
        Cell::Int(table.years.0),
        Cell::Int(table.years.1),
    ]
}

fn tables(context: &Context, output: &Output, filter: &TableFilter, by_grade: bool) -> Result<()> {
    context.open_read()?.at_one_moment(|read| {
        let rows = grades::tables(read, filter)?;
        let mut columns = group_columns();
        match by_grade {
            true => columns.extend([
                Column::text("grade", "Grade"),
                Column::number("count", "Count"),
                Column::number("share", "Share"),
                Column::number("worse", "Worse"),
                Column::number("up_to", "Up to"),
            ]),
            false => columns.extend([Column::number("grades", "Grades"), Column::number("total", "Total")]),
        }
        columns.extend([Column::number("version", "Version"), Column::text("source", "Source")]);
        let section = Section::new("tables", "Grading tables", &columns);
        page(read, context, output, ("grade-tables", None), std::slice::from_ref(&section), |sink| {
            open(sink, &section)?;
            for table in &rows {
                let own = if by_grade { band_cells(read, table)? } else { vec![total_cells(table)] };
                for own in own {
                    let mut cells = group_cells(table);
                    cells.extend(own);
                    cells.extend([Cell::Int(table.version), table.source.as_str().into()]);
                    sink.row(&cells)?;
                }
            }
            sink.note(&count(rows.len() as u64, "grading table"))
        })
    })
}

fn total_cells(table: &GradingTable) -> Vec<Cell> {
    vec![Cell::Int(table.counts.len() as i64), Cell::Int(table.total())]
}

/// Each grade's share of all, and the shares below it and up to it.
fn band_cells(read: &dyn Read, table: &GradingTable) -> Result<Vec<Vec<Cell>>> {
    let cells = table_bands(read, table)?.into_iter().map(|band| {
        vec![
            band.grade.as_str().into(),
            Cell::Int(band.count),
            band.to.minus(band.from).percent().into(),
            band.from.percent().into(),
            band.to.percent().into(),
        ]
    });
    Ok(cells.collect())
}
