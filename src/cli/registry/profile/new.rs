//! `creditbank profile new`.

use super::print;
use crate::cli::context::Context;
use crate::cli::output::{Output, meta};
use crate::domain::fault::{Fault, Result};
use crate::ops::sketch::{ROWS, Request, Sketch, draft, look};
use crate::report::{Cell, Column, Meta, Section, Sink};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct New {
    /// The partner's file, or - for standard input
    file: PathBuf,
    /// What becomes of its rows: achievements, outcomes, institutions or learners [default: by its columns]
    #[arg(long, value_name = "TARGET")]
    target: Option<String>,
    /// The profile's name [default: from the file's name]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The code of the institution, where all rows are of one
    #[arg(long, value_name = "CODE")]
    institution: Option<String>,
    /// How many rows to look at
    #[arg(long, value_name = "N", default_value_t = ROWS)]
    rows: u64,
    /// The draft itself (toml), or what was found: table, csv, json or ndjson [default: by the name of
    /// --output, else toml]
    #[arg(long, short, value_name = "FORMAT")]
    format: Option<String>,
    /// Write to a new file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl New {
    pub fn run(&self, context: &Context) -> Result<()> {
        let request = Request {
            file: &self.file,
            rows: self.rows,
            target: self.target.as_deref(),
            name: self.name.as_deref(),
            institution: self.institution.as_deref(),
        };
        let output = match self.format.as_deref() {
            Some("toml") => None,
            Some(format) => Some(Output::new(Some(format), self.output.clone(), true)),
            None => Some(Output::new(None, self.output.clone(), true)).filter(Output::is_named_by_file),
        };
        let sketch = look(&request)?;
        match output {
            Some(output) => findings(&output, context, &sketch),
            None => match &self.output {
                Some(path) if path.as_os_str() != "-" => {
                    let mut writer = Output::new(None, Some(path.clone()), true).writer()?;
                    let written = writer.write_all(draft(&sketch).as_bytes()).and_then(|()| writer.flush());
                    written.map_err(|error| {
                        Fault::new("C103", format!("{} cannot be written: {error}", path.display()))
                    })
                }
                _ => print(&draft(&sketch)),
            },
        }?;
        let (rows, questions) = (sketch.rows, sketch.questions.len());
        let all = if sketch.complete { "all of them" } else { "not all of them: see --rows" };
        eprintln!("{rows} rows looked at, {all}; questions left open: {questions}");
        Ok(())
    }
}

const FACTS: [Column; 2] = [Column::text("what", "What"), Column::text("value", "Value")];
const COLUMNS: [Column; 8] = [
    Column::number("number", "No"),
    Column::text("heading", "Heading"),
    Column::text("field", "Field"),
    Column::text("by", "Known by"),
    Column::text("read", "Read"),
    Column::number("filled", "Filled"),
    Column::number("different", "Different"),
    Column::text("shape", "Values"),
];
const WORDS: [Column; 4] = [
    Column::text("field", "Field"),
    Column::text("word", "Word"),
    Column::text("meaning", "Meaning"),
    Column::number("rows", "Rows"),
];
const QUESTIONS: [Column; 2] = [Column::text("about", "About"), Column::text("question", "Question")];

/// What was found, for scripts and for those who decide before they draft.
fn findings(output: &Output, context: &Context, sketch: &Sketch) -> Result<()> {
    let sections = [
        Section::new("file", "The file", &FACTS),
        Section::new("columns", "Columns", &COLUMNS),
        Section::new("words", "Words", &WORDS),
        Section::new("questions", "Questions", &QUESTIONS),
    ];
    let meta = Meta { sections: sections.to_vec(), ..meta("profile-new", context) };
    output.write(|sink| {
        sink.begin(&meta)?;
        let mut sections = sections.iter();
        let mut open = |sink: &mut dyn Sink| match sections.next() {
            Some(section) => sink.section(section.key, &section.title, &section.columns),
            None => Ok(()),
        };
        open(sink)?;
        facts(sink, sketch)?;
        open(sink)?;
        columns(sink, sketch)?;
        open(sink)?;
        for (field, words) in &sketch.words {
            for word in words {
                let meaning = word
                    .meant
                    .as_deref()
                    .map_or("?", |meant| if meant.is_empty() { "(nothing)" } else { meant });
                sink.row(&[
                    field.name().into(),
                    word.written.as_str().into(),
                    meaning.into(),
                    Cell::Int(word.times as i64),
                ])?;
            }
        }
        open(sink)?;
        for question in &sketch.questions {
            sink.row(&[question.about.key().into(), question.text.as_str().into()])?;
        }
        sink.end()
    })
}

fn facts(sink: &mut dyn Sink, sketch: &Sketch) -> Result<()> {
    let delimiter = char::from(sketch.written.delimiter);
    let mut fact = |what: &str, value: Cell| match value {
        Cell::Empty => Ok(()),
        value => sink.row(&[what.into(), value]),
    };
    fact("name", sketch.options.name.as_str().into())?;
    fact("target", sketch.target.name().into())?;
    fact("encoding", sketch.written.encoding.name().into())?;
    fact("encoding known by", sketch.written.because.into())?;
    fact("delimiter", if delimiter == '\t' { "tab".into() } else { delimiter.to_string().into() })?;
    fact("decimal mark", char::from(sketch.decimal_mark.byte()).to_string().into())?;
    fact("header", Cell::Flag(sketch.header))?;
    fact("header row", sketch.header_row.map_or(Cell::Empty, |row| Cell::Int(row as i64)))?;
    fact("rows looked at", Cell::Int(sketch.rows as i64))?;
    fact("all rows", Cell::Flag(sketch.complete))?;
    fact("dates", sketch.dates.join(", ").into())?;
    for (field, value) in &sketch.constants {
        fact(field.name(), value.as_str().into())?;
    }
    Ok(())
}

fn columns(sink: &mut dyn Sink, sketch: &Sketch) -> Result<()> {
    for (at, column) in sketch.columns.iter().enumerate() {
        let filled: Vec<_> = sketch.fields.iter().filter(|filled| filled.column == at).collect();
        let fields = filled.iter().map(|filled| filled.field.name().to_owned());
        let schemes = sketch.identifiers.iter().filter(|(_, column)| *column == at);
        let names: Vec<String> =
            fields.chain(schemes.map(|(scheme, _)| format!("identifiers.{scheme}"))).collect();
        sink.row(&[
            Cell::Int(column.number as i64),
            column.heading.as_str().into(),
            names.join(", ").into(),
            filled.first().map(|filled| filled.by.name()).into(),
            Cell::Flag(sketch.is_read(at)),
            Cell::Int(column.filled as i64),
            column.different().map_or(Cell::Empty, |count| Cell::Int(count as i64)),
            column.shape().into(),
        ])?;
    }
    Ok(())
}
