//! `creditbank rule lint`.

use super::Done;
use super::context::Context;
use super::output::{Output, meta, usage};
use crate::domain::date::parse_iso;
use crate::domain::fault::{Exit, Result};
use crate::ops::lint::{self, Check, Severity};
use crate::report::{Cell, Column, Meta, Section, Sink};
use jiff::civil::Date;
use std::path::PathBuf;

/// Look for rules that are dead, doubled, contradicted, out of reach or worth nothing
///
/// Looks at the newest version of every book, or of those named, beside the bank's catalogue; exit 4 where
/// something of the asked level or above is found. docs/rule-lint.md says what each check means.
#[derive(Debug, clap::Args)]
pub struct Lint {
    /// Only these books
    #[arg(value_name = "BOOK")]
    books: Vec<String>,
    /// A file in place of the bank's books, before it is loaded
    #[arg(long, value_name = "FILE", conflicts_with = "books")]
    file: Option<PathBuf>,
    /// Name of the book, for a CSV file [default: the file's name]
    #[arg(long, requires = "file")]
    book: Option<String>,
    /// Findings of this severity and above
    #[arg(long, value_enum, default_value = "warning")]
    level: Level,
    /// The day on which rules must be in force [default: today]
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    /// List the checks, with what each means
    #[arg(long, conflicts_with_all = ["books", "file", "level", "as_of"])]
    checks: bool,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Level {
    /// Everything
    Notice,
    /// What is probably not meant
    Warning,
    /// What is wrong
    Error,
}

const FINDINGS: [Column; 8] = [
    Column::text("book", "Book"),
    Column::text("rule", "Rule"),
    Column::text("code", "Code"),
    Column::text("check", "Check"),
    Column::text("severity", "Severity"),
    Column::text("what", "What"),
    Column::text("other", "Other rule"),
    Column::text("remedy", "What puts it right"),
];

const SUMMARY: [Column; 4] = [
    Column::text("code", "Code"),
    Column::text("check", "Check"),
    Column::text("severity", "Severity"),
    Column::number("findings", "Findings"),
];

impl Lint {
    pub fn run(&self, context: &Context) -> Result<Done> {
        if self.checks {
            self.output.write(|sink| lint::checks(meta("rule-lint-checks", context), sink))?;
            return Ok(Done::Well);
        }
        let day = self.day()?;
        let file = self.file.as_deref().map(|path| super::rule::parse(path, self.book.as_deref()));
        let file = file.transpose()?;
        let store = context.open_read()?;
        let day = day.map_or_else(|| context.today(&store), Ok)?;
        let found = store.at_one_moment(|read| match &file {
            Some(file) => lint::lint_file(read, file, day),
            None => lint::lint(read, &self.books, day),
        })?;
        let least = Severity::ALL[self.level as usize];
        self.output.write(|sink| tell(sink, meta("rule-lint", context), &found, least, day))?;
        let is_clean = found.findings(least).next().is_none();
        Ok(if is_clean { Done::Well } else { Done::But(Exit::Found) })
    }

    fn day(&self) -> Result<Option<Date>> {
        let day = self.as_of.as_ref().map(|text| {
            parse_iso(text).map_err(|error| {
                usage("C104", format!("--as-of `{text}`: {error}"), "write the day as 2026-08-31")
            })
        });
        day.transpose()
    }
}

fn tell(sink: &mut dyn Sink, mut meta: Meta, found: &lint::Lint, least: Severity, day: Date) -> Result<()> {
    meta.filter = vec![("as_of".to_owned(), day.to_string()), ("level".to_owned(), least.name().to_owned())];
    meta.sections =
        vec![Section::new("findings", "Findings", &FINDINGS), Section::new("summary", "By check", &SUMMARY)];
    sink.begin(&meta)?;
    sink.section("findings", "Findings", &FINDINGS)?;
    for finding in found.findings(least) {
        let check = finding.check;
        let other = finding.other.map(|(book, code)| match book == finding.book {
            true => code.to_owned(),
            false => format!("{book}/{code}"),
        });
        sink.row(&[
            finding.book.into(),
            finding.rule.into(),
            check.code().into(),
            check.word().into(),
            check.severity().name().into(),
            finding.what.into(),
            other.into(),
            check.remedy().into(),
        ])?;
    }
    summary(sink, found, least)?;
    sink.note(&said(found, least))?;
    sink.end()
}

fn summary(sink: &mut dyn Sink, found: &lint::Lint, least: Severity) -> Result<()> {
    sink.section("summary", "By check", &SUMMARY)?;
    for check in Check::ALL.iter().filter(|check| check.severity() >= least) {
        let count = found.count(*check);
        if count > 0 {
            let (word, severity) = (check.word(), check.severity().name());
            sink.row(&[check.code().into(), word.into(), severity.into(), Cell::Int(count as i64)])?;
        }
    }
    Ok(())
}

fn said(found: &lint::Lint, least: Severity) -> String {
    let rules = match found.rules() {
        1 => "1 rule".to_owned(),
        rules => format!("{rules} rules"),
    };
    let count = |severity: Severity| {
        let checks = Check::ALL.iter().filter(|check| check.severity() == severity);
        let count: u64 = checks.map(|check| found.count(*check)).sum();
        match count {
            1 => format!("1 {}", severity.name()),
            _ => format!("{count} {}s", severity.name()),
        }
    };
    let shown = Severity::ALL.iter().rev().map(|severity| count(*severity)).collect::<Vec<_>>().join(", ");
    let hidden = match least {
        Severity::Notice => "",
        Severity::Warning => "; --level notice lists notices too",
        Severity::Error => "; --level warning lists more",
    };
    let large = match found.large_groups {
        0 => String::new(),
        groups => format!("; {groups} groups of rules were too large to compare each with each"),
    };
    format!("{rules}: {shown}{hidden}{large}")
}
