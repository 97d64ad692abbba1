//! `creditbank rule impact`.

use super::parse;
use super::publish::book;
use crate::cli::Done;
use crate::cli::context::Context;
use crate::cli::output::{Output, usage};
use crate::domain::date::parse_iso;
use crate::domain::fault::Result;
use crate::ops::rules::impact::{self, Candidate, Request, impact};
use crate::report::{self, Cell, Column, Query, Section, Sink};
use std::path::Path;

#[derive(Debug, clap::Args)]
pub struct Impact {
    /// A rule book that is not loaded, or a loaded version
    #[arg(value_name = "FILE|BOOK[@VERSION]")]
    what: String,
    /// Name of the book, for a CSV file [default: the file's name]
    #[arg(long)]
    book: Option<String>,
    /// As of this day: the rules that hold then [default: today in the bank's time zone]
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    /// How many broken placements are listed; all are counted
    #[arg(long, value_name = "NUMBER", default_value_t = 1000)]
    list: usize,
    #[command(flatten)]
    output: Output,
}

impl Impact {
    /// Runs the command.
    pub fn run(&self, context: &Context) -> Result<Done> {
        let path = Path::new(&self.what);
        let file = path.is_file().then(|| parse(path, self.book.as_deref())).transpose()?;
        let candidate = match &file {
            Some(file) => Candidate::File(file),
            None => {
                let (name, version) = book(&self.what)?;
                Candidate::Loaded(name, version)
            }
        };
        let store = context.open_read()?;
        store.at_one_moment(|read| {
            let day = match &self.as_of {
                None => context.today(read)?,
                Some(text) => parse_iso(text).map_err(|error| {
                    usage("C104", format!("--as-of `{text}`: {error}"), "write the day as 2026-08-31")
                })?,
            };
            let found = impact(read, &Request { candidate, day, listed: self.list })?;
            let query = Query {
                moment: context.actor.now.to_string(),
                as_of_text: Some(day.to_string()),
                ..Query::default()
            };
            let meta = report::meta(read, "rule-impact", &query, sections().to_vec())?;
            self.output.write(|sink| {
                sink.begin(&meta)?;
                figures(sink, &found)?;
                sums(sink, &found)?;
                largest(sink, &found)?;
                broken(sink, &found)?;
                for line in notes(&found) {
                    sink.note(&line)?;
                }
                sink.end()
            })
        })?;
        store.check_unchanged()?;
        Ok(Done::Well)
    }
}

const FIGURES: [Column; 2] = [Column::text("what", "What"), Column::text("value", "Value")];
const SUMS: [Column; 6] = [
    Column::text("target", "Target"),
    Column::text("system", "System"),
    Column::number("gained", "Gained"),
    Column::number("gaining", "Learners who gain"),
    Column::number("lost", "Lost"),
    Column::number("losing", "Learners who lose"),
];
const LARGEST: [Column; 6] = [
    Column::text("account", "Account"),
    Column::text("target", "Target"),
    Column::text("system", "System"),
    Column::number("now", "Now"),
    Column::number("then", "Then"),
    Column::number("change", "Change"),
];
const BROKEN: [Column; 7] = [
    Column::number("decision", "Decision"),
    Column::text("account", "Account"),
    Column::text("target", "Target"),
    Column::text("system", "System"),
    Column::number("stands", "Stands"),
    Column::number("then", "Then"),
    Column::number("lots_lost", "Lots lost"),
];

fn sections() -> [Section; 4] {
    [
        Section::new("impact", "What would change", &FIGURES),
        Section::new("sums", "Credit gained and lost", &SUMS),
        Section::new("largest", "The largest changes", &LARGEST),
        Section::new("broken", "Placements that would break", &BROKEN),
    ]
}

fn open(sink: &mut dyn Sink, at: usize) -> Result<()> {
    let section = &sections()[at];
    sink.section(section.key, &section.title, &section.columns)
}

fn figures(sink: &mut dyn Sink, found: &impact::Impact) -> Result<()> {
    open(sink, 0)?;
    let now = found.now.map_or("not in it".to_owned(), |version| format!("version {version}"));
    let count = |number: u64| Cell::Int(number as i64);
    let rows: [(&str, Cell); 12] = [
        ("book", found.book.as_str().into()),
        ("rules that count", found.against.as_str().into()),
        ("the book in these", now.into()),
        ("compared with", found.then.as_str().into()),
        ("rules added", count(found.added as u64)),
        ("rules altered", count(found.altered as u64)),
        ("rules removed", count(found.removed as u64)),
        ("learners whom these rules concern", count(found.looked_at)),
        ("of these pinned to a release of their own", count(found.pinned)),
        ("learners affected", count(found.affected)),
        ("placements that would break", count(found.broken_in_all)),
        ("placements that neither rules give", count(found.standing_by_earlier)),
    ];
    rows.into_iter().try_for_each(|(what, value)| sink.row(&[what.into(), value]))
}

fn sums(sink: &mut dyn Sink, found: &impact::Impact) -> Result<()> {
    open(sink, 1)?;
    for ((target, system), sum) in &found.sums {
        sink.row(&[
            target.as_str().into(),
            system.as_str().into(),
            Cell::Amount(sum.gained),
            Cell::Int(sum.gaining as i64),
            Cell::Amount(sum.lost),
            Cell::Int(sum.losing as i64),
        ])?;
    }
    Ok(())
}

fn largest(sink: &mut dyn Sink, found: &impact::Impact) -> Result<()> {
    open(sink, 2)?;
    for difference in found.largest() {
        sink.row(&[
            difference.person.to_string().into(),
            difference.target.as_str().into(),
            difference.system.as_str().into(),
            Cell::Amount(difference.now),
            Cell::Amount(difference.then),
            Cell::Amount(difference.change()),
        ])?;
    }
    Ok(())
}

fn broken(sink: &mut dyn Sink, found: &impact::Impact) -> Result<()> {
    open(sink, 3)?;
    for broken in &found.broken {
        sink.row(&[
            broken.decision.into(),
            broken.person.to_string().into(),
            broken.target.as_str().into(),
            broken.system.as_str().into(),
            Cell::Amount(broken.stands),
            Cell::Amount(broken.then),
            Cell::Int(broken.lots_lost as i64),
        ])?;
    }
    Ok(())
}

fn notes(found: &impact::Impact) -> Vec<String> {
    let mut notes = Vec::new();
    let listed = found.broken.len() as u64;
    if listed < found.broken_in_all {
        notes
            .push(format!("{} more placements would break; --list lists more", found.broken_in_all - listed));
    }
    if found.added + found.altered + found.removed == 0 {
        notes.push("the rules say the same: nothing changes".to_owned());
    }
    notes.push("nothing was posted; what stands stays placed whatever is published".to_owned());
    notes
}
