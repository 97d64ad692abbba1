//! `creditbank scale`.

use super::{WriteArgs, count, open, page, yes};
use crate::cli::Done;
use crate::cli::context::Context;
use crate::cli::output::Output;
use crate::domain::fault::Result;
use crate::domain::registry::Scale as Row;
use crate::ops::registry::scale;
use crate::ops::registry::values;
use crate::report::{Cell, Column, Section};

/// Register and show grading scales
#[derive(Debug, clap::Args)]
pub struct Scale {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Register a grading scale
    Add(Box<Add>),
    /// All scales
    List {
        #[command(flatten)]
        output: Output,
    },
    /// One scale, a grade a row
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
    /// Grades are numbers, and more is better
    #[arg(long)]
    numeric: bool,
    /// The lowest passing grade
    #[arg(long, value_name = "GRADE")]
    pass: Option<String>,
    #[command(flatten)]
    write: WriteArgs,
}

impl Add {
    fn run(&self, context: &Context) -> Result<Done> {
        let name = values::text("the name", &self.name)?;
        let grades = self.grades.as_deref().map(scale::read_grades).transpose()?.unwrap_or_default();
        let pass = values::optional("--pass", self.pass.as_deref())?;
        let act = self.write.act(context)?;
        let mut store = context.open()?;
        let posted = scale::add(&mut store, &act, &name, &grades, pass)?;
        self.write.tell(&store, context, "scale-add", &posted)
    }
}

impl Scale {
    /// Runs the command.
    pub fn run(&self, context: &Context) -> Result<Done> {
        match &self.verb {
            Verb::Add(args) => return args.run(context),
            Verb::List { output } => list(context, output)?,
            Verb::Show { name, output } => show(context, output, name)?,
        }
        Ok(Done::Well)
    }
}

fn columns() -> Vec<Column> {
    vec![
        Column::text("name", "Name"),
        Column::text("numeric", "Numeric"),
        Column::text("grades", "Grades, worst first"),
        Column::text("pass", "Lowest pass"),
    ]
}

fn cells(row: &Row) -> Result<[Cell; 4]> {
    let grades = scale::grades(row)?.join(", ");
    Ok([row.name.as_str().into(), yes(row.numeric), grades.into(), row.pass.as_deref().into()])
}

fn list(context: &Context, output: &Output) -> Result<()> {
    context.open_read()?.at_one_moment(|read| {
        let rows = scale::all(read)?;
        let section = Section::new("scales", "Grading scales", &columns());
        page(read, context, output, ("scale-list", None), std::slice::from_ref(&section), |sink| {
            open(sink, &section)?;
            for row in &rows {
                sink.row(&cells(row)?)?;
            }
            sink.note(&count(rows.len() as u64, "scale"))
        })
    })
}

fn show(context: &Context, output: &Output, name: &str) -> Result<()> {
    context.open_read()?.at_one_moment(|read| {
        let row = scale::get(read, name)?;
        let grades = scale::grades(&row)?;
        let pass = grades.iter().position(|grade| Some(grade) == row.pass.as_ref());
        let ranks = [
            Column::number("rank", "Rank"),
            Column::text("grade", "Grade"),
            Column::text("passes", "Passes"),
        ];
        let sections =
            [Section::new("scale", row.name.as_str(), &columns()), Section::new("grades", "Grades", &ranks)];
        page(read, context, output, ("scale-show", None), &sections, |sink| {
            open(sink, &sections[0])?;
            sink.row(&cells(&row)?)?;
            open(sink, &sections[1])?;
            for (at, grade) in grades.iter().enumerate() {
                let passes = pass.map_or(Cell::Empty, |pass| Cell::Flag(at >= pass));
                sink.row(&[Cell::Int(at as i64 + 1), grade.as_str().into(), passes])?;
            }
            Ok(())
        })
    })
}
