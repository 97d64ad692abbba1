//! `creditbank verify` and `creditbank rebuild`.

use super::Done;
use super::context::Context;
use super::output::{Output, meta, progress, usage};
use crate::domain::fault::{Exit, Result};
use crate::ops::batch::{hex, unhex};
use crate::ops::rebuild::rebuild;
use crate::ops::verify::{Finding, Options, Verdict, verify};
use crate::proof::merkle::Hash;
use crate::report::{Cell, Column, LogState, Section, Sink};

/// Recompute everything from the journal and compare; exit 4 where something was found
#[derive(Debug, clap::Args)]
pub struct Verify {
    /// Prove that an earlier root is a prefix of today's log; may be given several times
    #[arg(long, value_name = "ROOT@SIZE")]
    against: Vec<String>,
    /// Findings to list; the rest are counted
    #[arg(long, default_value_t = 100, value_name = "N")]
    limit: usize,
    /// Decide every conversion again, from its recorded inputs and under the rules of then
    #[arg(long)]
    deep: bool,
    #[command(flatten)]
    output: Output,
}

const FINDING: [Column; 4] = [
    Column::text("code", "Code"),
    Column::text("place", "Place"),
    Column::text("what", "What"),
    Column::text("remedy", "Remedy"),
];
const CHECKED: [Column; 2] = [Column::text("table", "Table"), Column::number("rows", "Rows")];

/// Reads `ROOT@SIZE`, or `ROOT@LOG:SIZE`.
fn checkpoint(text: &str) -> Result<(u64, Hash, i64)> {
    let bad = || {
        usage(
            "V001",
            format!("--against `{text}` is not a root and a size"),
            "write it as ROOT@SIZE: 64 hexadecimal digits, @, a number of entries",
        )
    };
    let (root, place) = text.split_once('@').ok_or_else(bad)?;
    let (log, size) = place.split_once(':').unwrap_or(("0", place));
    let root = unhex(root).ok_or_else(bad)?;
    Ok((size.parse().map_err(|_| bad())?, root, log.parse().map_err(|_| bad())?))
}

impl Verify {
    pub fn run(&self, context: &Context) -> Result<Done> {
        let against = self.against.iter().map(|text| checkpoint(text)).collect::<Result<Vec<_>>>()?;
        let options = Options { against, limit: self.limit, deep: self.deep };
        let ledger = context.open_read()?;
        let bar = progress("{bar:40} {pos} of {len} entries, {eta} left");
        let told = |done: u64, all: u64| {
            bar.set_length(all);
            bar.set_position(done);
        };
        let verdict = ledger.at_one_moment(|read| verify(read, &options, &told));
        bar.finish_and_clear();
        let verdict = verdict?;
        ledger.check_unchanged()?;
        self.output.write(|sink| tell(sink, context, &verdict))?;
        Ok(if verdict.is_clean() { Done::Well } else { Done::But(Exit::Found) })
    }
}

fn tell(sink: &mut dyn Sink, context: &Context, verdict: &Verdict) -> Result<()> {
    let mut meta = meta("verify", context);
    meta.logs = verdict
        .heads
        .iter()
        .map(|log| LogState {
            log: log.log,
            origin: log.origin.clone(),
            size: log.size,
            root: log.root.map(|root| hex(&root)).unwrap_or_default(),
        })
        .collect();
    meta.sections = vec![
        Section::new("findings", "Findings", &FINDING),
        Section::new("warnings", "Warnings", &FINDING),
        Section::new("checked", "Checked", &CHECKED),
    ];
    sink.begin(&meta)?;
    findings(sink, "findings", "Findings", &verdict.findings)?;
    if !verdict.warnings.is_empty() {
        findings(sink, "warnings", "Warnings", &verdict.warnings)?;
    }
    sink.section("checked", "Checked", &CHECKED)?;
    for (table, rows) in &verdict.checked {
        sink.row(&[Cell::from(*table), Cell::Int(*rows as i64)])?;
    }
    if verdict.more > 0 {
        sink.note(&format!("{} more findings are not listed", verdict.more))?;
    }
    for note in &verdict.notes {
        sink.note(note)?;
    }
    sink.note(if verdict.is_clean() { "clean: everything agrees with the journal" } else { "NOT clean" })?;
    sink.end()
}

fn findings(sink: &mut dyn Sink, key: &'static str, title: &str, list: &[Finding]) -> Result<()> {
    sink.section(key, title, &FINDING)?;
    for finding in list {
        sink.row(&[
            finding.code.into(),
            finding.place.as_str().into(),
            finding.what.as_str().into(),
            finding.remedy.into(),
        ])?;
    }
    Ok(())
}

/// Drop registries, balances and summaries and build them again from the journal
#[derive(Debug, clap::Args)]
pub struct Rebuild {}

impl Rebuild {
    pub fn run(&self, context: &Context) -> Result<Done> {
        let rebuilt = rebuild(&mut context.open()?)?;
        println!(
            "rebuilt from the journal: {} registry rows, {} batches, {} decisions, {} links, {} pairs, {} descriptions, {} balances, {} summary rows",
            rebuilt.registry_rows,
            rebuilt.batches,
            rebuilt.decisions,
            rebuilt.links,
            rebuilt.pairs,
            rebuilt.descriptions,
            rebuilt.balances,
            rebuilt.summaries
        );
        Ok(Done::Well)
    }
}
