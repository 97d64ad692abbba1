//! `creditbank import`.

use super::Done;
use super::context::Context;
use super::output::{Output, meta, progress};
use crate::domain::fault::{Exit, Result};
use crate::domain::text::visible;
use crate::ops::batch::hex;
use crate::ops::import::{Outcome, Request, import};
use crate::ops::registry::profile;
use crate::report::{self, Cell, Column, Meta, Query, Section, Sink};
use crate::store::Read;
use crate::store::sqlite::Sqlite;
use std::path::PathBuf;

/// Import files of achievements, outcomes, institutions or learners
#[derive(Debug, clap::Args)]
pub struct Import {
    /// The files, read as one batch
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The profile that says how to read them: a TOML file, or the name of one kept in the bank or built in
    #[arg(long, short, value_name = "PROFILE")]
    profile: String,
    /// Commit the good rows although others are refused, and exit 3
    #[arg(long)]
    keep_going: bool,
    /// Show exactly what would be posted, and post nothing
    #[arg(long)]
    dry_run: bool,
    /// Why: recorded with the batch, and needed for dates in a closed period
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Where refused rows go [default: FILE with .refused.csv]
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

impl Import {
    pub fn run(&self, context: &Context) -> Result<Done> {
        let mut store = context.open()?;
        let profile = profile::load(Some(&store), &self.profile)?;
        let request = Request {
            files: &self.files,
            profile: &profile,
            keep_going: self.keep_going,
            dry_run: self.dry_run,
            reason: self.reason.clone().filter(|reason| !reason.trim().is_empty()),
            rejects: self.rejects.clone(),
            log: 0,
        };
        let mut meta = meta("import", context);
        meta.sections = sections();
        let mut result = Ok(Outcome::default());
        self.output.write(|sink| {
            // A refused import has no report: nothing of one may be begun before it is known.
            let mut begun = false;
            result = self.import(context, &mut store, &request, sink, &meta, &mut begun);
            match &result {
                Ok(outcome) => {
                    if !begun {
                        sink.begin(&meta)?;
                    }
                    tell(sink, outcome, self.dry_run)?;
                    sink.end()
                }
                Err(fault) => Err(fault.clone()),
            }
        })?;
        let outcome = result?;
        aside(&outcome);
        Ok(if outcome.refused > 0 { Done::But(Exit::Rejected) } else { Done::Well })
    }

    /// Imports; the entries of a dry run are shown before they are undone.
    fn import(
        &self,
        context: &Context,
        store: &mut Sqlite,
        request: &Request,
        sink: &mut dyn Sink,
        meta: &Meta,
        begun: &mut bool,
    ) -> Result<Outcome> {
        let bar = progress("{bar:40} {bytes} of {total_bytes}, {eta} left");
        let told = |done: u64, all: u64| {
            bar.set_length(all);
            bar.set_position(done);
        };
        let limit = self.output.is_table()?.then_some(SHOWN);
        let mut inspect = |read: &dyn Read, first, _| {
            bar.finish_and_clear();
            if !std::mem::replace(begun, true) {
                sink.begin(meta)?;
            }
            let batch = read.batch_of(first)?.map(|batch| batch.no);
            let query = Query { batch, moment: context.actor.now.to_string(), ..Query::default() };
            let mut inner = Entries { sink: &mut *sink, left: limit, more: 0 };
            report::journal(read, &query, &mut inner)?;
            match inner.more {
                0 => Ok(()),
                more => sink.note(&format!(
                    "{more} more entries would be posted; --format csv or ndjson shows them all"
                )),
            }
        };
        let result = import(store, &context.actor, request, &mut inspect, &told);
        bar.finish_and_clear();
        result
    }
}

/// Entries of a dry run that a table shows.
const SHOWN: usize = 50;

/// Passes the rows of the journal on into a report of another name.
struct Entries<'s> {
    sink: &'s mut dyn Sink,
    left: Option<usize>,
    more: u64,
}

impl Sink for Entries<'_> {
    fn begin(&mut self, _: &Meta) -> Result<()> {
        Ok(())
    }
    fn section(&mut self, key: &'static str, _: &str, columns: &[Column]) -> Result<()> {
        self.sink.section(key, "Would be posted", columns)
    }
    fn row(&mut self, cells: &[Cell]) -> Result<()> {
        match &mut self.left {
            Some(0) => {
                self.more += 1;
                return Ok(());
            }
            Some(left) => *left -= 1,
            None => {}
        }
        self.sink.row(cells)
    }
    fn note(&mut self, text: &str) -> Result<()> {
        self.sink.note(text)
    }
    fn end(&mut self) -> Result<()> {
        Ok(())
    }
}

const SUMMARY: [Column; 2] = [Column::text("what", "What"), Column::text("value", "Value")];
const DEPOSITED: [Column; 2] = [Column::text("system", "System"), Column::number("deposited", "Deposited")];
const PROBLEMS: [Column; 7] = [
    Column::text("file", "File"),
    Column::number("line", "Line"),
    Column::text("column", "Column"),
    Column::text("value", "Value"),
    Column::text("rule", "Rule"),
    Column::text("reason", "Reason"),
    Column::text("remedy", "Remedy"),
];
/// Fields whose words are only translated, so that nobody needs to be told.
const TRANSLATED: [&str; 3] = ["status", "kind", "repeatable"];

fn sections() -> Vec<Section> {
    vec![
        Section::new("summary", "Import", &SUMMARY),
        Section::new("deposited", "Deposited", &DEPOSITED),
        Section::new("problems", "Refused", &PROBLEMS),
        Section::new("entries", "Would be posted", &report::journal::COLUMNS),
    ]
}

fn tell(sink: &mut dyn Sink, outcome: &Outcome, dry_run: bool) -> Result<()> {
    sink.section("summary", "Import", &SUMMARY)?;
    let mut fact = |what: &str, value: Cell| match value {
        Cell::Empty => Ok(()),
        value => sink.row(&[Cell::from(what), value]),
    };
    fact("batch", outcome.batch.filter(|_| !dry_run).map(|no| format!("B{no}")).into())?;
    if outcome.batch.is_none() {
        fact("posted", "nothing: there is nothing new".into())?;
    } else if dry_run {
        fact("posted", "nothing: this is a dry run".into())?;
    }
    let count = |number: u64| Cell::Int(number as i64);
    fact("rows read", count(outcome.rows))?;
    fact("rows deposited", count(outcome.deposited))?;
    fact("rows recorded without credit", count(outcome.recorded))?;
    fact("rows registered", count(outcome.registered))?;
    fact("rows recorded before", count(outcome.already))?;
    fact("rows refused", count(outcome.refused))?;
    fact("accounts opened", count(outcome.learners))?;
    fact("entries", Cell::Int(outcome.entries))?;
    fact("profile version", Cell::Int(outcome.profile_version))?;
    fact("refused rows are in", outcome.rejects.as_ref().map(|path| path.display().to_string()).into())?;
    if let Some(head) = &outcome.head {
        fact("journal size", Cell::Int(head.size as i64))?;
        fact("journal root", hex(&head.root).into())?;
    }
    if !outcome.credits.is_empty() {
        sink.section("deposited", "Deposited", &DEPOSITED)?;
    }
    for (system, amount) in &outcome.credits {
        sink.row(&[Cell::from(system.as_str()), Cell::Amount(*amount)])?;
    }
    problems(sink, outcome)
}

fn problems(sink: &mut dyn Sink, outcome: &Outcome) -> Result<()> {
    if !outcome.problems.is_empty() {
        sink.section("problems", "Refused", &PROBLEMS)?;
    }
    for (file, problem) in &outcome.problems {
        sink.row(&[
            file.as_str().into(),
            Cell::Int(problem.line as i64),
            problem.column.as_ref().map(|column| format!("{} {}", column.number, column.name)).into(),
            problem.value.as_str().into(),
            problem.rule.code().into(),
            problem.reason.as_str().into(),
            problem.rule.remedy().into(),
        ])?;
    }
    let all: u64 = outcome.by_rule.values().sum();
    let hidden = all - outcome.problems.len() as u64;
    if hidden > 0 {
        sink.note(&format!("{hidden} more problems are not listed"))?;
    }
    for (rule, times) in &outcome.by_rule {
        sink.note(&format!("{rule}: {times} {}", if *times == 1 { "row" } else { "rows" }))?;
    }
    Ok(())
}

/// Notices, beside the data.
fn aside(outcome: &Outcome) {
    for (file, batch) in &outcome.seen {
        eprintln!("notice: {} was imported before, in batch B{batch} [N102]", visible(file));
    }
    for word in outcome.mended.iter().filter(|word| !TRANSLATED.contains(&word.field.as_str())) {
        let (from, to) = (visible(&word.from), visible(&word.to));
        eprintln!("notice: {} `{from}` read as `{to}` in {} rows [N104]", word.field, word.rows);
    }
}
