//! `creditbank rule list`, `books` and `show`.

use crate::cli::Done;
use crate::cli::context::Context;
use crate::cli::cut::CutArgs;
use crate::cli::output::{Output, usage};
use crate::domain::entry::EntryId;
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::{Book, RuleRow};
use crate::domain::rule::{Age, From, Rule, To, Worth};
use crate::ops::batch::BatchPayload;
use crate::ops::rules::publish::find_book;
use crate::ops::rules::release::{Edition, History};
use crate::ops::rules::typed_rule;
use crate::report::{self, Cell, Column, Query, Section, Sink};
use crate::store::sqlite::Sqlite;
use crate::store::{self, Read};
use jiff::civil::Date;

#[derive(Debug, clap::Args)]
pub struct List {
    /// Only this book
    #[arg(long)]
    book: Option<String>,
    /// This version of it, whether it counts or not
    #[arg(long, requires = "book", conflicts_with = "release")]
    version: Option<i64>,
    /// This release rather than the one in force; `draft` for the newest versions, published or not
    #[arg(long, value_name = "NAME")]
    release: Option<String>,
    #[command(flatten)]
    cut: CutArgs,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, clap::Args)]
pub struct Books {
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, clap::Args)]
pub struct Show {
    /// The rule, as BOOK/ID
    rule: String,
    /// This version of the book [default: the one that counts today]
    #[arg(long)]
    version: Option<i64>,
}

impl List {
    /// Runs the command.
    pub fn run(&self, context: &Context) -> Result<Done> {
        context.open_read()?.at_one_moment(|read| {
            let query = self.cut.query(context, read)?;
            let history = History::read(read, query.cut.known)?;
            let mut edition = self.edition(context, read, &history, query.cut.as_of)?;
            if let Some(book) = &self.book {
                find_book(&history, book, None)?;
                edition.books.retain(|known| known.name == *book);
            }
            let section = Section::new("rules", "Rules", &columns());
            let mut meta = report::meta(read, "rules", &query, vec![section.clone()])?;
            meta.filter.push(("release".into(), edition.title().to_owned()));
            self.output.write(|sink| {
                sink.begin(&meta)?;
                sink.section(section.key, &section.title, &section.columns)?;
                for book in &edition.books {
                    rows(read, &history, &edition, book, query.cut.as_of, sink)?;
                }
                sink.note(&said(&edition, self.version))?;
                sink.end()
            })
        })?;
        Ok(Done::Well)
    }

    fn edition(
        &self,
        context: &Context,
        read: &Sqlite,
        history: &History,
        as_of: Option<Date>,
    ) -> Result<Edition> {
        if let (Some(book), Some(version)) = (&self.book, self.version) {
            return Ok(Edition {
                release: None,
                books: vec![find_book(history, book, Some(version))?.clone()],
            });
        }
        match &self.release {
            Some(name) => history.named(name),
            None => history.on(as_of.map_or_else(|| context.today(read), Ok)?),
        }
    }
}

/// Which versions are listed, in words.
fn said(edition: &Edition, version: Option<i64>) -> String {
    let books: Vec<String> =
        edition.books.iter().map(|book| format!("{} version {}", book.name, book.version)).collect();
    let books = if books.is_empty() { "no book".to_owned() } else { books.join(", ") };
    match (&edition.release, version) {
        (Some(release), _) => {
            format!("release {}, in force from {}: {books}", release.name, release.from)
        }
        (None, Some(_)) => books,
        (None, None) => format!("the newest versions, of no release: {books}"),
    }
}

fn columns() -> [Column; 14] {
    [
        Column::text("book", "Book"),
        Column::number("version", "Version"),
        Column::text("rule", "Rule"),
        Column::text("from", "From"),
        Column::text("to", "To"),
        Column::text("worth", "Worth"),
        Column::text("rounding", "Rounding"),
        Column::number("step", "Step"),
        Column::text("conditions", "Conditions"),
        Column::text("release", "Release"),
        Column::text("valid_from", "Valid from"),
        Column::text("valid_to", "Valid to"),
        Column::text("recorded", "Recorded"),
        Column::number("entry", "Entry"),
    ]
}

/// The rules of a book; on a day, where one is given, those that are valid then.
fn rows(
    read: &Sqlite,
    history: &History,
    edition: &Edition,
    book: &Book,
    day: Option<Date>,
    sink: &mut dyn Sink,
) -> Result<()> {
    let entry = entry_of(history, book);
    let recorded = recorded(read, entry)?;
    read.rows("rule", Some(("book", book.id.into())), &mut |row| {
        let row: RuleRow = store::typed(row)?;
        let rule = typed_rule(&row)?;
        let valid = |day: Date| {
            rule.valid_from.is_none_or(|from| from <= day) && rule.valid_to.is_none_or(|to| day <= to)
        };
        if !day.is_none_or(valid) {
            return Ok(());
        }
        let date = |day: Option<Date>| Cell::from(day.map(|day| day.to_string()));
        sink.row(&[
            book.name.as_str().into(),
            Cell::Int(book.version),
            row.code.as_str().into(),
            from(&rule.from).into(),
            to(&rule.to).into(),
            worth(&rule).into(),
            rule.rounding.name().into(),
            Cell::Amount(rule.step),
            conditions(&rule).into(),
            edition.name().into(),
            date(rule.valid_from),
            date(rule.valid_to),
            recorded.as_str().into(),
            entry.into(),
        ])
    })
}

/// The act that introduced a version of a book.
fn entry_of(history: &History, book: &Book) -> Option<EntryId> {
    history.books.iter().find(|(_, known)| known.id == book.id).map(|(entry, _)| *entry)
}

/// When an entry was recorded, RFC 3339 in UTC.
pub(super) fn recorded(read: &Sqlite, entry: Option<EntryId>) -> Result<String> {
    match entry.map(|entry| read.batch_of(entry)).transpose()?.flatten() {
        Some(batch) => Ok(BatchPayload::read(&batch.payload)?.recorded),
        None => Ok(String::new()),
    }
}

impl Books {
    /// Runs the command.
    pub fn run(&self, context: &Context) -> Result<Done> {
        let columns = [
            Column::text("book", "Book"),
            Column::number("version", "Version"),
            Column::text("sha256", "SHA-256"),
            Column::text("recorded", "Loaded"),
            Column::number("entry", "Entry"),
            Column::text("releases", "Releases"),
        ];
        context.open_read()?.at_one_moment(|read| {
            let history = History::read(read, None)?;
            let query = Query { moment: context.actor.now.to_string(), ..Query::default() };
            let section = Section::new("books", "Rule books", &columns);
            let meta = report::meta(read, "rule-books", &query, vec![section])?;
            self.output.write(|sink| {
                sink.begin(&meta)?;
                sink.section("books", "Rule books", &columns)?;
                for (entry, book) in &history.books {
                    sink.row(&[
                        book.name.as_str().into(),
                        Cell::Int(book.version),
                        book.sha256.as_str().into(),
                        recorded(read, Some(*entry))?.into(),
                        (*entry).into(),
                        releases_with(&history, book).into(),
                    ])?;
                }
                sink.end()
            })
        })?;
        Ok(Done::Well)
    }
}

fn releases_with(history: &History, book: &Book) -> String {
    let has = history.releases.iter().filter(|release| {
        release.books.iter().any(|member| member.book == book.name && member.version == book.version)
    });
    has.map(|release| release.name.as_str()).collect::<Vec<_>>().join(" ")
}

impl Show {
    /// Runs the command.
    pub fn run(&self, context: &Context) -> Result<Done> {
        let (name, code) = self.rule.split_once('/').ok_or_else(|| {
            usage(
                "R301",
                format!("`{}` does not name a rule", self.rule),
                "write it as BOOK/ID; `creditbank rule list` shows them",
            )
        })?;
        let read = context.open_read()?;
        let history = History::read(&read, None)?;
        let newest = find_book(&history, name, self.version)?;
        let counting = history.on(context.today(&read)?)?.books.into_iter().find(|book| book.name == name);
        let book = match (self.version, counting) {
            (None, Some(book)) => book,
            _ => newest.clone(),
        };
        let mut found = None;
        read.rows("rule", Some(("book", book.id.into())), &mut |row| {
            if row.get("code").and_then(serde_json::Value::as_str) == Some(code) {
                found = Some(store::typed::<RuleRow>(row)?);
            }
            Ok(())
        })?;
        let row = found.ok_or_else(|| {
            let what = format!("book {name} version {} has no rule {code}", book.version);
            Fault::new("R302", what).remedy(format!("`creditbank rule list --book {name}` shows its rules"))
        })?;
        println!("{}", row.body);
        Ok(Done::Well)
    }
}

pub(super) fn from(from: &From) -> String {
    match from {
        From::System { system } => system.clone(),
        From::Outcomes { institution, required } => format!("{institution}/{required}"),
    }
}

pub(super) fn to(to: &To) -> String {
    match to {
        To::System { system } => system.clone(),
        To::Outcomes { institution, received } => format!("{institution}/{received}"),
        To::Category { institution, category } => format!("{institution}: {category}"),
    }
}

pub(super) fn worth(rule: &Rule) -> String {
    match &rule.worth {
        Worth::Ratio(ratio) => format!("× {ratio} {}", rule.system),
        Worth::Credits(fixed) => format!("{fixed} {}", rule.system),
        Worth::Original => format!("as it is, {}", rule.system),
        Worth::Range { low, high, chosen } => format!("{chosen} of {low} to {high} {}", rule.system),
        Worth::Denied { reason } => format!("denied: {reason}"),
    }
}

pub(super) fn conditions(rule: &Rule) -> String {
    let mut list = Vec::new();
    let mut add = |what: &str, value: Option<String>| {
        if let Some(value) = value {
            list.push(format!("{what} {value}"));
        }
    };
    add("grade ≥", rule.min_grade.clone());
    add("score ≥", rule.min_score.map(|score| score.to_string()));
    add("score ≤", rule.max_score.map(|score| score.to_string()));
    add("hours ≥", rule.min_hours.map(|hours| hours.to_string()));
    add(
        "age ≤",
        rule.max_age.map(|age| match age {
            Age::Years(years) => format!("{years} years"),
            Age::Months(months) => format!("{months} months"),
        }),
    );
    add("accredited", rule.accredited.then(|| "when achieved".to_owned()));
    for (name, values) in &rule.attributes {
        add(name, Some(values.join(" or ")));
    }
    add("at most", rule.most.map(|most| format!("{most} {}", rule.system)));
    add("caps", (!rule.caps.is_empty()).then(|| rule.caps.join(" ")));
    add("priority", (rule.priority > 0).then(|| rule.priority.to_string()));
    add(
        "level ≥",
        rule.min_level
            .as_ref()
            .map(|level| format!("{} {level}", rule.framework.as_deref().unwrap_or_default())),
    );
    add("taken from", rule.taken_from.map(|day| day.to_string()));
    add("taken to", rule.taken_to.map(|day| day.to_string()));
    add("valid from", rule.valid_from.map(|day| day.to_string()));
    add("valid to", rule.valid_to.map(|day| day.to_string()));
    let kinds: Vec<&str> = rule.kinds.iter().map(|kind| kind.name()).collect();
    add("kind", (!kinds.is_empty()).then(|| kinds.join(" or ")));
    list.join(", ")
}
