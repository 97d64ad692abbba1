//! `verify`: proves the ledger's laws, or names the place where they are broken.
//!
//! It only reads. Along each log it computes every leaf anew from the rows and compares it with the
//! tile; where one does not fit it looks for the column. What stands beside the journal (registries,
//! batches, decisions, balances, the summary) is counted anew from it and compared. A value that
//! cannot be read is a finding, never the end of the run.
//!
//! Memory: windows of the journal; beside them 40 bytes an account, the balances, a digest for every
//! registry row, decision and record id.

mod acts;
mod approvals;
mod audit;
mod cases;
mod codes;
mod columns;
mod deep;
pub(crate) mod derived;
mod facts;
mod keep;
pub(crate) mod laws;
mod leaves;
mod people;
pub(crate) mod recount;
pub(crate) mod registers;
mod registries;
mod rows;
mod search;
mod tiles;
mod walk;

use crate::domain::entry::EntryId;
use crate::domain::fault::Result;
use crate::proof::merkle::Hash;
use crate::store::{Cell, Read};
use audit::{Audit, LogRow};
use codes::Findings;
pub use codes::{CODES, Code, Finding};
use std::collections::BTreeMap;

/// How many rows of each table were looked at.
pub type Checked = BTreeMap<&'static str, u64>;

/// What to verify against, and how much to say.
#[derive(Debug, Clone)]
pub struct Options {
    /// Checkpoints that somebody else holds: size, root and log.
    pub against: Vec<(u64, Hash, i64)>,
    /// How many findings to list; the rest are counted.
    pub limit: usize,
    /// Whether every conversion is decided again.
    pub deep: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { against: Vec::new(), limit: 100, deep: false }
    }
}

/// A log as `verify` saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenLog {
    /// The log.
    pub log: i64,
    /// Its public name.
    pub origin: String,
    /// How many entries were walked.
    pub size: u64,
    /// The root that its row holds.
    pub root: Option<Hash>,
}

/// The outcome of a run.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// What is not as it must be, the first ones.
    pub findings: Vec<Finding>,
    /// How many more there are.
    pub more: u64,
    /// What is odd, but breaks nothing.
    pub warnings: Vec<Finding>,
    /// What this run could not see.
    pub notes: Vec<String>,
    /// How many rows of each table were looked at.
    pub checked: Checked,
    /// The logs.
    pub heads: Vec<SeenLog>,
}

impl Verdict {
    /// Whether nothing was found.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty() && self.more == 0
    }
}

/// Verifies a ledger. `progress` hears how many entries of how many have been walked.
///
/// # Errors
/// Only where the ledger cannot be read at all; what is wrong in it is a finding.
pub fn verify(read: &dyn Read, options: &Options, progress: &dyn Fn(u64, u64)) -> Result<Verdict> {
    let mut findings = Findings::new(options.limit);
    let logs = audit::logs(read, &mut findings)?;
    let total = logs.iter().map(|log| log.size).sum();
    let mut audit = Audit::start(read, &logs, findings)?;
    let mut done = 0;
    for log in &logs {
        let against = options.against.iter().filter(|(_, _, of)| *of == log.id);
        let against = against.map(|(size, root, _)| (*size, *root)).collect();
        audit.walk(log, against, &|at| progress(done + at, total))?;
        done += log.size;
    }
    audit.check_origins(&logs);
    audit.check_outside(&logs)?;
    audit.check_accounts();
    audit.say_uncheckable();
    audit.judge_movers()?;
    audit.check_approvals()?;
    audit.judge_people()?;
    audit.judge_identifiers()?;
    audit.check_registries()?;
    audit.check_derived(&logs)?;
    audit.check_cases()?;
    if options.deep {
        audit.decide_again(&logs)?;
    }
    for (size, _, log) in options.against.iter().filter(|(.., of)| logs.iter().all(|log| log.id != *of)) {
        let what = format!("a checkpoint over {size} entries of it was seen; the ledger has no such log");
        audit.findings.add("V206", format!("log {log}"), what);
    }
    Ok(verdict(audit, logs, options))
}

fn verdict(mut audit: Audit, logs: Vec<LogRow>, options: &Options) -> Verdict {
    audit.count("log", logs.len());
    let note = match options.against.iter().max_by_key(|(size, ..)| *size) {
        None => "no outside checkpoint was given: a ledger by itself cannot see that it was replaced \
                 by an older copy of itself, nor that all of it was written anew"
            .to_owned(),
        Some((size, ..)) => format!(
            "the newest outside checkpoint given is over {size} entries: what was changed after it, \
             together with the log, cannot be seen"
        ),
    };
    let head = |log: LogRow| SeenLog {
        log: log.id,
        origin: log.origin.unwrap_or_default(),
        size: log.size,
        root: log.root,
    };
    Verdict {
        findings: audit.findings.list,
        more: audit.findings.more,
        warnings: audit.findings.warnings,
        notes: vec![note],
        checked: audit.checked,
        heads: logs.into_iter().map(head).collect(),
    }
}

impl Audit<'_> {
    /// The genesis act of a log names its origin.
    fn check_origins(&mut self, logs: &[LogRow]) {
        for log in logs.iter().filter(|log| log.size > 0) {
            let Ok(Some(act)) = self.read.act(EntryId::new(log.id, 0)) else { continue };
            let payload: serde_json::Value = serde_json::from_str(&act.payload).unwrap_or_default();
            let Some(said) = payload.get("origin").and_then(|origin| origin.as_str()) else { continue };
            if let Some(origin) = log.origin.as_ref().filter(|origin| *origin != said) {
                let what = format!("it is {origin:?}, the genesis act says {said:?}");
                self.findings.add("V204", format!("log {}, column origin", log.id), what);
            }
        }
    }

    /// Rows of entries that no log has.
    fn check_outside(&mut self, logs: &[LogRow]) -> Result<()> {
        let inside = |entry: i64| {
            let id = EntryId(entry);
            logs.iter().any(|log| log.id == id.log() && id.seq() < log.size)
        };
        for table in ["act", "achievement", "movement", "refusal"] {
            let mut last = None;
            for (from, to) in gaps(logs) {
                let findings = &mut self.findings;
                self.read.scan(table, &["entry"], Some((from, to)), &mut |cells| {
                    if let Cell::Int(entry) = cells[0]
                        && !inside(entry)
                        && last.replace(entry) != Some(entry)
                    {
                        let place = format!("{table} entry {}, column entry", EntryId(entry));
                        findings.add("V103", place, "no log has this entry");
                    }
                    Ok(())
                })?;
            }
        }
        let findings = &mut self.findings;
        self.read.scan("tile", &["log", "level", "idx"], None, &mut |cells| {
            if let [Cell::Int(log), Cell::Int(level), Cell::Int(index)] = cells
                && logs.iter().all(|row| row.id != *log)
            {
                findings.add(
                    "V203",
                    format!("tile level {level} index {index} of log {log}"),
                    "there is no such log",
                );
            }
            Ok(())
        })
    }

    /// Entries that could not be checked for one reason, counted.
    fn say_uncheckable(&mut self) {
        for (batch, entries) in std::mem::take(&mut self.uncheckable) {
            let what =
                format!("the batch's id is not the recorded one, so {entries} entries cannot be checked");
            self.findings.add("V109", format!("act entry {}, column payload", EntryId(batch)), what);
        }
        for (learner, entries) in std::mem::take(&mut self.keyless) {
            let what = format!("{entries} entries about it cannot be checked");
            self.findings.add("V111", format!("learner {learner}, column key"), what);
        }
    }
}

/// The ranges of entries that lie outside all logs, both ends included.
fn gaps(logs: &[LogRow]) -> Vec<(i64, i64)> {
    let mut gaps = Vec::new();
    let mut from = i64::MIN;
    let mut sorted: Vec<&LogRow> = logs.iter().filter(|log| log.size > 0).collect();
    sorted.sort_by_key(|log| EntryId::new(log.id, 0));
    for log in sorted {
        let first = EntryId::new(log.id, 0).0;
        if from < first {
            gaps.push((from, first - 1));
        }
        from = EntryId::new(log.id, log.size).0;
    }
    gaps.push((from, i64::MAX));
    gaps
}
