//! `creditbank rule`.

mod diff;
mod translate;

use super::Done;
use super::context::Context;
use super::output::{Output, meta, usage};
use crate::domain::fault::{Exit, Fault, Result};
use crate::domain::registry::{Book, RuleRow};
use crate::domain::rule::{Age, From, Rule, To, Worth};
use crate::intake::rulebook::{BookFile, parse_toml, scan_csv};
use crate::ops::rules::{Options, load};
use crate::report::{Cell, Column, Sink};
use crate::store;
use crate::store::sqlite::Sqlite;
use std::path::{Path, PathBuf};

/// Rule books: what converts into what
#[derive(Debug, clap::Args)]
pub struct RuleCommand {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Load a rule book from a TOML or CSV file; a changed file becomes the book's next version
    Load {
        /// The file; see docs/rule-books.md for both forms
        file: PathBuf,
        /// Name of the book, for a CSV file [default: the file's name]
        #[arg(long)]
        book: Option<String>,
        /// Why: recorded with the batch
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Check everything, and load nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Check a file without a bank; exit 4 where something is wrong
    Check {
        /// The file
        file: PathBuf,
    },
    /// Read agreements in a form of others as a rule book, to be looked through and loaded
    Translate(translate::Translate),
    /// What only one of two rule books says, whatever the ids of its rules
    Diff(diff::Diff),
    Lint(super::lint::Lint),
    /// The rules in force: those of the newest version of every book
    List {
        /// Only this book
        #[arg(long)]
        book: Option<String>,
        /// This version of it
        #[arg(long, requires = "book")]
        version: Option<i64>,
        #[command(flatten)]
        output: Output,
    },
    /// The books and their versions
    Books {
        #[command(flatten)]
        output: Output,
    },
    /// One rule, whole
    Show {
        /// The rule, as BOOK/ID
        rule: String,
    },
}

pub(super) fn parse(path: &Path, book: Option<&str>) -> Result<BookFile> {
    let name = path.display().to_string();
    let unreadable = |error: std::io::Error| Fault::new("R161", format!("{name} cannot be read: {error}"));
    let is_csv = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    let file = match is_csv {
        true => scan_csv(path, book)?,
        false => parse_toml(&std::fs::read_to_string(path).map_err(unreadable)?, &name)?,
    };
    Ok(file)
}

impl RuleCommand {
    pub fn run(&self, context: &Context) -> Result<Done> {
        match &self.verb {
            Verb::Load { file, book, reason, dry_run } => {
                let parsed = parse(file, book.as_deref())?;
                let options = Options { dry_run: *dry_run, reason: reason.clone(), log: 0 };
                let mut ledger = context.open()?;
                let loaded = store::again(|| load(&mut ledger, &context.actor, &parsed, &options))?;
                println!("{}", said(&loaded, *dry_run));
                Ok(Done::Well)
            }
            Verb::Check { file } => match parse(file, None) {
                Ok(parsed) => {
                    println!(
                        "{}: book {} with {} rules, no faults",
                        file.display(),
                        parsed.book,
                        parsed.count
                    );
                    Ok(Done::Well)
                }
                Err(fault) => Err(fault.exit(Exit::Found)),
            },
            Verb::Translate(verb) => verb.run(),
            Verb::Diff(verb) => verb.run(context),
            Verb::Lint(lint) => lint.run(context),
            Verb::List { book, version, output } => {
                let store = context.open_read()?;
                let rows = rules(&store, book.as_deref(), *version)?;
                output.write(|sink| list(sink, context, &rows))?;
                Ok(Done::Well)
            }
            Verb::Books { output } => {
                let books: Vec<Book> = store::all(&context.open_read()?)?;
                output.write(|sink| list_books(sink, context, &books))?;
                Ok(Done::Well)
            }
            Verb::Show { rule } => {
                let (book, code) = rule.split_once('/').ok_or_else(|| {
                    usage(
                        "R301",
                        format!("`{rule}` does not name a rule"),
                        "write it as BOOK/ID; `creditbank rule list` shows them",
                    )
                })?;
                let rows = rules(&context.open_read()?, Some(book), None)?;
                let found = rows.into_iter().find(|(row, _, _)| row.code == code);
                let (row, _, _) =
                    found.ok_or_else(|| Fault::new("R302", format!("book {book} has no rule {code}")))?;
                println!("{}", row.body);
                Ok(Done::Well)
            }
        }
    }
}

fn said(loaded: &crate::ops::rules::Loaded, dry_run: bool) -> String {
    let book = format!("book {} version {}", loaded.book, loaded.version);
    match (loaded.new, dry_run) {
        (false, _) => format!("{book} holds this very file already: nothing was posted"),
        (true, true) => format!("{book} would be loaded: {} rules; this is a dry run", loaded.rules),
        (true, false) => {
            let batch = loaded.batch.map(|no| format!(", posted as batch B{no}")).unwrap_or_default();
            format!("{book} loaded: {} rules{batch}", loaded.rules)
        }
    }
}

type Rules = Vec<(RuleRow, Rule, Book)>;

fn rules(read: &Sqlite, book: Option<&str>, version: Option<i64>) -> Result<Rules> {
    let mut newest: std::collections::BTreeMap<String, Book> = std::collections::BTreeMap::new();
    for row in store::all::<Book>(read)? {
        let asked =
            book.is_none_or(|name| name == row.name) && version.is_none_or(|version| version == row.version);
        if asked && newest.get(&row.name).is_none_or(|known| known.version < row.version) {
            newest.insert(row.name.clone(), row);
        }
    }
    let mut found = Vec::new();
    for book in newest.into_values() {
        for row in store::find::<RuleRow>(read, "book", book.id)? {
            let rule = serde_json::from_str(&row.body).map_err(|error| {
                Fault::new("S912", format!("rule {} cannot be read: {error}", row.code))
                    .remedy("run `creditbank verify`")
            })?;
            found.push((row, rule, book.clone()));
        }
    }
    Ok(found)
}

fn from(from: &From) -> String {
    match from {
        From::System { system } => system.clone(),
        From::Outcomes { institution, required } => format!("{institution}/{required}"),
    }
}

fn to(to: &To) -> String {
    match to {
        To::System { system } => system.clone(),
        To::Outcomes { institution, received } => format!("{institution}/{received}"),
        To::Category { institution, category } => format!("{institution}: {category}"),
    }
}

fn worth(rule: &Rule) -> String {
    match &rule.worth {
        Worth::Ratio(ratio) => format!("× {ratio} {}", rule.system),
        Worth::Credits(fixed) => format!("{fixed} {}", rule.system),
        Worth::Original => format!("as it is, {}", rule.system),
        Worth::Range { low, high, chosen } => format!("{chosen} of {low} to {high} {}", rule.system),
        Worth::Denied { reason } => format!("denied: {reason}"),
    }
}

fn list(sink: &mut dyn Sink, context: &Context, rows: &Rules) -> Result<()> {
    let columns = [
        Column::text("book", "Book"),
        Column::number("version", "Version"),
        Column::text("rule", "Rule"),
        Column::text("from", "From"),
        Column::text("to", "To"),
        Column::text("worth", "Worth"),
        Column::text("rounding", "Rounding"),
        Column::number("step", "Step"),
        Column::text("conditions", "Conditions"),
    ];
    sink.begin(&meta("rules", context))?;
    sink.section("rules", "Rules", &columns)?;
    for (row, rule, book) in rows {
        sink.row(&[
            book.name.as_str().into(),
            Cell::Int(book.version),
            row.code.as_str().into(),
            from(&rule.from).into(),
            to(&rule.to).into(),
            worth(rule).into(),
            rule.rounding.name().into(),
            Cell::Amount(rule.step),
            conditions(rule).into(),
        ])?;
    }
    sink.end()
}

fn conditions(rule: &Rule) -> String {
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

fn list_books(sink: &mut dyn Sink, context: &Context, books: &[Book]) -> Result<()> {
    let columns = [
        Column::text("book", "Book"),
        Column::number("version", "Version"),
        Column::text("sha256", "SHA-256"),
    ];
    sink.begin(&meta("rule-books", context))?;
    sink.section("books", "Rule books", &columns)?;
    for book in books {
        sink.row(&[book.name.as_str().into(), Cell::Int(book.version), book.sha256.as_str().into()])?;
    }
    sink.end()
}
