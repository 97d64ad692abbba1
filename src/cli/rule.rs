//! `creditbank rule`.

mod check;
mod diff;
mod export;
mod form;
mod impact;
mod list;
mod publish;
mod translate;

use super::Done;
use super::context::Context;
use crate::domain::fault::{Fault, Result};
use crate::intake::rulebook::{BookFile, Faults, parse_toml, scan_csv};
use crate::ops::rules::{Options, load};
use crate::store;
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
    Check(check::Check),
    /// Read agreements in a form of others as a rule book, to be looked through and loaded
    Translate(translate::Translate),
    /// Write a rule book of the bank into a file: as TOML, as CSV, or as Transfer Value Profiles for others
    Export(export::Export),
    /// What only one of two rule books says, whatever the ids of its rules
    Diff(diff::Diff),
    Lint(super::lint::Lint),
    /// The rules that count on a day, as the journal knows them now or knew them then
    ///
    /// Where releases are published, those of the release in force on that day; else those of the newest version of
    /// every book. With --as-of only rules that are valid on the day; with --known the books and releases of then.
    List(list::List),
    /// The books and their versions: when each was loaded, and which releases have it
    Books(list::Books),
    /// One rule, whole
    Show(list::Show),
    /// What learners would gain and lose by a rule book, before it is published; nothing is posted
    Impact(impact::Impact),
    /// Publish versions of rule books under a name: from that day on decisions use these
    ///
    /// A release is all that counts: name every book. It is never changed; of two that begin on one day the one
    /// published later counts. A bank that publishes nothing uses the newest version of every book.
    Publish(publish::Publish),
    /// The releases: what each has, since when it counts, and who published it
    Releases(publish::Releases),
}

pub(super) fn parse(path: &Path, book: Option<&str>) -> Result<BookFile> {
    Ok(read(path, book)??)
}

/// The book in a file, or what is wrong with it.
fn read(path: &Path, book: Option<&str>) -> Result<std::result::Result<BookFile, Faults>> {
    let name = path.display().to_string();
    let unreadable = |error: std::io::Error| {
        Fault::new("R161", format!("{name} cannot be read: {error}")).remedy("name another file")
    };
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
        std::fs::File::open(path).map_err(unreadable)?;
        return Ok(scan_csv(path, book));
    }
    Ok(parse_toml(&std::fs::read_to_string(path).map_err(unreadable)?, &name))
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
            Verb::Check(verb) => verb.run(context),
            Verb::Translate(verb) => verb.run(),
            Verb::Export(verb) => verb.run(context),
            Verb::Diff(verb) => verb.run(context),
            Verb::Lint(lint) => lint.run(context),
            Verb::List(verb) => verb.run(context),
            Verb::Books(verb) => verb.run(context),
            Verb::Show(verb) => verb.run(context),
            Verb::Impact(verb) => verb.run(context),
            Verb::Publish(verb) => verb.run(context),
            Verb::Releases(verb) => verb.run(context),
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
