//! `creditbank rule publish` and `releases`.

use super::list::recorded;
use crate::cli::Done;
use crate::cli::context::Context;
use crate::cli::output::{Output, usage};
use crate::domain::date::parse_iso;
use crate::domain::fault::Result;
use crate::ops::rules::publish::{Published, Request, publish};
use crate::ops::rules::release::{History, Pinned, Release};
use crate::report::{self, Cell, Column, Query, Section};
use std::collections::BTreeMap;

#[derive(Debug, clap::Args)]
pub struct Publish {
    /// Its name, such as 2027: 1 to 40 of a–z, 0–9 and `-`
    name: String,
    /// Its books; the newest version of each where none is given
    #[arg(required = true, value_name = "BOOK[@VERSION]")]
    books: Vec<String>,
    /// First day on which decisions use it
    #[arg(long, value_name = "DATE")]
    from: String,
    /// Who decided it
    #[arg(long, value_name = "TEXT")]
    authority: String,
    /// A book that counts until then and that the release leaves out on purpose
    #[arg(long, value_name = "BOOK")]
    without: Vec<String>,
    /// What counts for a learner who is pinned to it: it alone, or the better of it and the release in force
    #[arg(long, value_enum, default_value_t = Policy::Own)]
    pinned: Policy,
    /// Why: recorded with the batch, and needed where --from is over
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Show exactly what would be posted, and post nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Policy {
    Own,
    Better,
}

#[derive(Debug, clap::Args)]
pub struct Releases {
    #[command(flatten)]
    output: Output,
}

/// A book and its version, as the command line writes them.
pub(super) fn book(text: &str) -> Result<(String, Option<i64>)> {
    let Some((name, version)) = text.split_once('@') else { return Ok((text.to_owned(), None)) };
    match version.parse() {
        Ok(version) => Ok((name.to_owned(), Some(version))),
        Err(_) => {
            let what = format!("`{text}`: `{version}` is no version of a book");
            Err(usage("R404", what, "write BOOK or BOOK@VERSION, such as regional@3"))
        }
    }
}

impl Publish {
    /// Runs the command.
    pub fn run(&self, context: &Context) -> Result<Done> {
        let from = parse_iso(&self.from).map_err(|error| {
            usage("C104", format!("--from `{}`: {error}", self.from), "write the day as 2027-01-01")
        })?;
        let mut store = context.open()?;
        let request = Request {
            name: self.name.clone(),
            books: self.books.iter().map(|text| book(text)).collect::<Result<_>>()?,
            without: self.without.clone(),
            from,
            authority: self.authority.clone(),
            pinned: match self.pinned {
                Policy::Own => Pinned::Own,
                Policy::Better => Pinned::Better,
            },
            reason: self.reason.clone(),
            today: context.today(&store)?,
            dry_run: self.dry_run,
            log: 0,
        };
        let published = publish(&mut store, &context.actor, &request)?;
        let columns = [
            Column::text("book", "Book"),
            Column::number("before", "Before"),
            Column::number("version", "Now"),
            Column::text("sha256", "SHA-256"),
        ];
        let query = Query { moment: context.actor.now.to_string(), ..Query::default() };
        let section = Section::new("books", format!("Release {}", self.name), &columns);
        let meta = report::meta(&store, "rule-publish", &query, vec![section.clone()])?;
        self.output.write(|sink| {
            sink.begin(&meta)?;
            sink.section(section.key, &section.title, &columns)?;
            for cells in compared(&published) {
                sink.row(&cells)?;
            }
            sink.note(&format!(
                "in force from {from}, by {}; pinned to it: {}",
                self.authority,
                of_pinned(request.pinned)
            ))?;
            sink.note(&match published.batch {
                Some(no) if !self.dry_run => format!("posted as batch B{no}"),
                _ => "dry run: nothing was posted".to_owned(),
            })?;
            sink.end()
        })?;
        Ok(Done::Well)
    }
}

fn of_pinned(pinned: Pinned) -> &'static str {
    match pinned {
        Pinned::Own => "it alone counts",
        Pinned::Better => "the better of it and the release in force counts",
    }
}

/// Each book before and now.
fn compared(published: &Published) -> Vec<[Cell; 4]> {
    let mut books: BTreeMap<&str, [Cell; 4]> = BTreeMap::new();
    for (book, version) in &published.before {
        books.insert(book, [book.as_str().into(), Cell::Int(*version), Cell::Empty, Cell::Empty]);
    }
    for member in &published.release.books {
        let row = books.entry(&member.book);
        let cells = row.or_insert([member.book.as_str().into(), Cell::Empty, Cell::Empty, Cell::Empty]);
        (cells[2], cells[3]) = (Cell::Int(member.version), member.sha256.as_str().into());
    }
    books.into_values().collect()
}

impl Releases {
    /// Runs the command.
    pub fn run(&self, context: &Context) -> Result<Done> {
        let columns = [
            Column::text("release", "Release"),
            Column::text("from", "In force from"),
            Column::text("in_force", "In force"),
            Column::text("books", "Books"),
            Column::text("authority", "Authority"),
            Column::text("pinned", "Pinned"),
            Column::text("published", "Published"),
            Column::number("entry", "Entry"),
        ];
        context.open_read()?.at_one_moment(|read| {
            let history = History::read(read, None)?;
            let today = history.on(context.today(read)?)?;
            let query = Query { moment: context.actor.now.to_string(), ..Query::default() };
            let section = Section::new("releases", "Releases of the rules", &columns);
            let meta = report::meta(read, "rule-releases", &query, vec![section.clone()])?;
            self.output.write(|sink| {
                sink.begin(&meta)?;
                sink.section(section.key, &section.title, &columns)?;
                for release in &history.releases {
                    sink.row(&[
                        release.name.as_str().into(),
                        release.from.to_string().into(),
                        Cell::Flag(today.name() == Some(&release.name)),
                        books(release).into(),
                        release.authority.as_str().into(),
                        release.pinned.name().into(),
                        recorded(read, Some(release.entry))?.into(),
                        release.entry.into(),
                    ])?;
                }
                if history.releases.is_empty() {
                    sink.note("nothing is published: the newest version of every book counts")?;
                }
                sink.end()
            })
        })?;
        Ok(Done::Well)
    }
}

fn books(release: &Release) -> String {
    let books = release.books.iter().map(|member| format!("{}@{}", member.book, member.version));
    books.collect::<Vec<_>>().join(" ")
}
