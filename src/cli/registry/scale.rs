//! `creditbank scale`.

use super::{WriteArgs, count, open, page, read_file, yes};
use crate::cli::Done;
use crate::cli::context::Context;
use crate::cli::output::Output;
use crate::domain::fault::Result;
use crate::domain::scale::{Grades, GradingScale, Mark};
use crate::ops::registry::grades::{import, read_scales};
use crate::ops::registry::scale;
use crate::ops::registry::values;
use crate::report::{Cell, Column, Section};
use std::path::PathBuf;

/// Register and show grading scales
#[derive(Debug, clap::Args)]
pub struct Scale {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Register a grading scale, or the next version of one
    ///
    /// A changed scale keeps its name: --valid-from says from which day grades are read by the new version, and
    /// earlier grades keep the old one.
    Add(Box<Add>),
    /// Register the grading scales of a TOML file, whole or not at all
    Import {
        /// The file, or - for standard input; see docs/grades.md
        file: PathBuf,
        /// Replace newest versions that were wrong, without a new first day
        #[arg(long)]
        correct: bool,
        #[command(flatten)]
        write: WriteArgs,
    },
    /// All scales, the newest version of each
    List {
        /// Every version
        #[arg(long)]
        versions: bool,
        #[command(flatten)]
        output: Output,
    },
    /// One scale: its versions, and the grades of the newest, a grade a row
    Show {
        /// Its name
        name: String,
        #[command(flatten)]
        output: Output,
    },
}

#[derive(Debug, clap::Args)]
struct Add {
    /// Its name, as rule books and profiles write it
    name: String,
    /// The grades from worst to best, separated by commas: "Fail,Pass,Distinction"
    #[arg(long, value_name = "GRADE,…", required_unless_present = "numeric", conflicts_with = "numeric")]
    grades: Option<String>,
    /// Grades are numbers; more is better, unless --best is less than --worst
    #[arg(long)]
    numeric: bool,
    /// The best number
    #[arg(long, value_name = "NUMBER", requires = "numeric", allow_negative_numbers = true)]
    best: Option<String>,
    /// The worst number
    #[arg(long, value_name = "NUMBER", requires = "numeric", allow_negative_numbers = true)]
    worst: Option<String>,
    /// Onto multiples of what converted grades are brought, counted from the worst: 0.1
    #[arg(long, value_name = "NUMBER", requires = "numeric")]
    step: Option<String>,
    /// The lowest passing grade
    #[arg(long, value_name = "GRADE", allow_negative_numbers = true)]
    pass: Option<String>,
    /// First day of the grades that this version reads
    #[arg(long, value_name = "DATE")]
    valid_from: Option<String>,
    /// Where the scale is written down
    #[arg(long, value_name = "TEXT")]
    citation: Option<String>,
    /// It was read there, with the body that answers for it
    #[arg(long)]
    verified: bool,
    /// Replace the newest version, which was wrong
    #[arg(long)]
    correct: bool,
    #[command(flatten)]
    write: WriteArgs,
}

impl Add {
    fn run(&self, context: &Context) -> Result<Done> {
        let grades = match &self.grades {
            Some(list) => scale::read_grades(list)?,
            None => scale::read_numbers(self.best.as_deref(), self.worst.as_deref(), self.step.as_deref())?,
        };
        let scale = GradingScale {
            name: values::text("the name", &self.name)?,
            version: 1,
            grades,
            pass: values::optional("--pass", self.pass.as_deref())?,
            valid_from: values::day("--valid-from", self.valid_from.as_deref())?,
            citation: values::optional("--citation", self.citation.as_deref())?.unwrap_or_default(),
            verified: self.verified,
        };
        let act = self.write.act(context)?;
        let mut store = context.open()?;
        let posted = scale::add(&mut store, &act, scale, self.correct)?;
        self.write.tell(&store, context, "scale-add", &posted)
    }
}

impl Scale {
    /// Runs the command.
    pub fn run(&self, context: &Context) -> Result<Done> {
        match &self.verb {
            Verb::Add(args) => return args.run(context),
            Verb::Import { file, correct, write } => {
                let file = read_scales(&read_file(file, "G199")?, &file.display().to_string())?;
                let act = write.act(context)?;
                let mut store = context.open()?;
                let posted = import(&mut store, &act, &file, *correct)?;
                return write.tell(&store, context, "scale-import", &posted);
            }
            Verb::List { versions, output } => list(context, output, *versions)?,
            Verb::Show { name, output } => show(context, output, name)?,
        }
        Ok(Done::Well)
    }
}

fn columns() -> Vec<Column> {
    vec![
        Column::text("name", "Name"),
        Column::number("version", "Version"),
        Column::text("numeric", "Numeric"),
        Column::text("grades", "Grades, worst first"),
        Column::text("worst", "Worst"),
        Column::text("pass", "Lowest pass"),
        Column::text("best", "Best"),
        Column::text("step", "Step"),
        Column::text("valid_from", "From"),
        Column::text("verified", "Verified at its source"),
        Column::text("citation", "Citation"),
    ]
}

fn cells(scale: &GradingScale) -> Vec<Cell> {
    let (bounds, step) = match &scale.grades {
        Grades::Numbers { bounds, step } => (*bounds, *step),
        Grades::Listed(_) => (None, None),
    };
    let decimals = step.map_or(0, Mark::decimals);
    let ends = match (bounds, scale.listed()) {
        (Some(bounds), _) => [bounds.worst, bounds.best].map(|mark| Some(mark.with_decimals(decimals))),
        (None, [worst, .., best]) => [worst, best].map(|grade| Some(grade.clone())),
        _ => [None, None],
    };
    let [worst, best] = ends;
    vec![
        scale.name.as_str().into(),
        Cell::Int(scale.version),
        yes(i64::from(matches!(scale.grades, Grades::Numbers { .. }))),
        scale.listed().join(", ").into(),
        worst.into(),
        scale.pass.as_deref().into(),
        best.into(),
        step.map(|step| step.to_string()).into(),
        scale.valid_from.map(|day| day.to_string()).into(),
        yes(i64::from(scale.verified)),
        scale.citation.as_str().into(),
    ]
}

fn list(context: &Context, output: &Output, versions: bool) -> Result<()> {
    context.open_read()?.at_one_moment(|read| {
        let all = scale::all(read)?;
        let is_newest = |row: &&GradingScale| {
            !all.iter().any(|other| other.name == row.name && other.version > row.version)
        };
        let rows: Vec<&GradingScale> = all.iter().filter(|row| versions || is_newest(row)).collect();
        let section = Section::new("scales", "Grading scales", &columns());
        page(read, context, output, ("scale-list", None), std::slice::from_ref(&section), |sink| {
            open(sink, &section)?;
            for row in &rows {
                sink.row(&cells(row))?;
            }
            sink.note(&count(rows.len() as u64, if versions { "version" } else { "scale" }))
        })
    })
}

fn show(context: &Context, output: &Output, name: &str) -> Result<()> {
    context.open_read()?.at_one_moment(|read| {
        let versions = scale::versions(read, name)?;
        let ranks = [
            Column::number("rank", "Rank"),
            Column::text("grade", "Grade"),
            Column::text("passes", "Passes"),
        ];
        let sections = [Section::new("scale", name, &columns()), Section::new("grades", "Grades", &ranks)];
        page(read, context, output, ("scale-show", None), &sections, |sink| {
            open(sink, &sections[0])?;
            for version in versions.iter().rev() {
                sink.row(&cells(version))?;
            }
            open(sink, &sections[1])?;
            let Some(newest) = versions.last() else { return Ok(()) };
            for (at, grade) in newest.listed().iter().enumerate() {
                let passes = newest.passes(grade).map_or(Cell::Empty, Cell::Flag);
                sink.row(&[Cell::Int(at as i64 + 1), grade.as_str().into(), passes])?;
            }
            Ok(())
        })
    })
}
