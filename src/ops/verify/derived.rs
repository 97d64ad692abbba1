//! The derived tables against what the journal says: batches, decisions, balances, the summary.

use super::audit::{Audit, LogRow};
use super::columns::{account, number, shown};
use crate::domain::entry::{Balance, EntryId, Place};
use crate::domain::fault::Result;
use crate::domain::registry::SystemRow;
use crate::store::{self, Act, BatchRow, Cell, DecisionRow, SummaryKey, SummarySums};
use std::collections::HashSet;

/// Columns of the derived tables and whether each holds text.
const COLUMNS: [(&str, &[(&str, bool)]); 4] = [
    ("batch", &[("entry", false), ("no", false), ("size", false), ("payload", true)]),
    (
        "decision",
        &[
            ("entry", false),
            ("learner", false),
            ("verb", true),
            ("target", true),
            ("rule", false),
            ("about", false),
        ],
    ),
    (
        "balance",
        &[
            ("learner", false),
            ("system", false),
            ("held", false),
            ("placed", false),
            ("converted", false),
            ("redeemed", false),
            ("expired", false),
            ("transferred", false),
        ],
    ),
    (
        "summary",
        &[
            ("institution", false),
            ("system", false),
            ("kind", false),
            ("framework", true),
            ("level", true),
            ("field", true),
            ("year", true),
            ("status", false),
            ("achievements", false),
            ("deposited", false),
            ("placed", false),
            ("converted", false),
        ],
    ),
];

/// The derived row of a decision act: what its payload says, as far as it can be read.
pub fn decision_of(act: &Act) -> DecisionRow {
    let payload: serde_json::Value = serde_json::from_str(&act.payload).unwrap_or_default();
    let text = |key: &str| payload.get(key).and_then(|value| value.as_str()).map(str::to_owned);
    DecisionRow {
        entry: act.entry,
        learner: act.learner,
        verb: text("verb").unwrap_or_default(),
        target: text("target"),
        rule: payload.get("rule").and_then(serde_json::Value::as_i64),
        about: text("decision").and_then(|entry| EntryId::parse(&entry)),
    }
}

/// What two rows of a decision are compared by.
pub fn key_of(row: &DecisionRow) -> impl std::hash::Hash {
    let numbers = [Some(row.entry.0), row.learner, row.rule, row.about.map(|entry| entry.0)];
    (numbers, &row.verb, row.target.as_deref())
}

/// The derived rows of all batches, without their payloads. Batches are numbered in the order of the
/// journal.
pub fn batches(entries: &[i64], size_of: impl Fn(i64) -> u64) -> Vec<BatchRow> {
    let row = |(at, entry): (usize, &i64)| {
        let entry = EntryId(*entry);
        let next = entries.get(at + 1).map(|next| EntryId(*next)).filter(|next| next.log() == entry.log());
        let end = next.map_or_else(|| size_of(entry.log()), EntryId::seq);
        let size = end.saturating_sub(entry.seq()) as i64;
        BatchRow { entry, no: at as i64 + 1, size, payload: String::new() }
    };
    entries.iter().enumerate().map(row).collect()
}

impl Audit<'_> {
    /// Compares all derived tables.
    pub fn check_derived(&mut self, logs: &[LogRow]) -> Result<()> {
        self.check_batches(logs)?;
        self.check_decisions()?;
        self.check_links()?;
        self.check_pairs()?;
        self.check_descriptions()?;
        self.check_balances()?;
        self.check_summary()?;
        if self.recount.overflows > 0 {
            let what = format!("{} sums do not fit the ledger's integers", self.recount.overflows);
            self.findings.add("V506", "balance", what);
        }
        Ok(())
    }

    /// A table that cannot be read as what it is: which of its values cannot.
    fn say_undecodable(&mut self, table: &'static str) -> Result<()> {
        let Some((_, columns)) = COLUMNS.iter().find(|(name, _)| *name == table) else { return Ok(()) };
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let findings = &mut self.findings;
        self.read.scan(table, &names, None, &mut |cells| {
            for ((name, text), cell) in columns.iter().zip(cells) {
                let fits = match cell {
                    Cell::Null => true,
                    Cell::Int(_) => !text,
                    Cell::Text(_) => *text,
                    Cell::Bytes(_) | Cell::Odd(_) => false,
                };
                if !fits {
                    let place = format!("{table} of {} {}, column {name}", columns[0].0, shown(&cells[0]));
                    findings.add("V106", place, format!("it is {}", shown(cell)));
                }
            }
            Ok(())
        })
    }

    fn recorded_act(&self, entry: EntryId) -> Option<Act> {
        let known = self.acts.get(&entry.0).cloned();
        known.or_else(|| self.read.act(entry).unwrap_or_default())
    }

    fn check_batches(&mut self, logs: &[LogRow]) -> Result<()> {
        let entries: Vec<i64> = self.leaves.batches.iter().map(|batch| batch.entry).collect();
        let size_of = |log| logs.iter().find(|row| row.id == log).map_or(0, |row| row.size);
        let due = batches(&entries, size_of);
        let mut seen: HashSet<i64> = HashSet::new();
        let mut kept = Vec::new();
        let typed = self.read.batches(&mut |row| {
            kept.push(row);
            Ok(())
        });
        if typed.is_err() {
            return self.say_undecodable("batch");
        }
        self.count("batch", kept.len());
        for row in kept {
            let place = format!("batch {} (entry {})", row.no, row.entry);
            let Ok(at) = due.binary_search_by_key(&row.entry, |due| due.entry) else {
                self.findings.add("V401", format!("{place}, column entry"), "no batch act has this entry");
                continue;
            };
            seen.insert(row.entry.0);
            let mut say = |column: &str, is: String, was: String| {
                if is != was {
                    let what = format!("it is {is}, the journal says {was}");
                    self.findings.add("V401", format!("{place}, column {column}"), what);
                }
            };
            say("no", row.no.to_string(), due[at].no.to_string());
            say("size", row.size.to_string(), due[at].size.to_string());
            let payload = self.recorded_act(row.entry).map(|act| act.payload).unwrap_or_default();
            if payload != row.payload {
                let what = format!("it is {}, the journal says {payload}", row.payload);
                self.findings.add("V401", format!("{place}, column payload"), what);
            }
        }
        for row in due.iter().filter(|row| !seen.contains(&row.entry.0)) {
            self.findings.add("V401", format!("batch {} (entry {})", row.no, row.entry), "it is missing");
        }
        Ok(())
    }

    fn check_decisions(&mut self) -> Result<()> {
        let mut differing: Vec<DecisionRow> = Vec::new();
        let mut missing: Vec<i64> = Vec::new();
        let mut due = self.decisions.iter().peekable();
        let mut rows = 0;
        let registers = &self.registers;
        let typed = self.read.decisions(&mut |row| {
            rows += 1;
            while let Some((entry, _)) = due.next_if(|(entry, _)| *entry < row.entry.0) {
                missing.push(*entry);
            }
            let fits = due
                .next_if(|(entry, _)| *entry == row.entry.0)
                .is_some_and(|(_, digest)| *digest == registers.digest_of(key_of(&row)));
            if !fits {
                differing.push(row);
            }
            Ok(())
        });
        if typed.is_err() {
            return self.say_undecodable("decision");
        }
        missing.extend(due.map(|(entry, _)| *entry));
        self.count("decision", rows);
        for row in differing {
            self.say_decision(&row);
        }
        for entry in missing {
            self.findings.add("V402", format!("decision entry {}", EntryId(entry)), "it is missing");
        }
        Ok(())
    }

    fn say_decision(&mut self, row: &DecisionRow) {
        let place = format!("decision entry {}", row.entry);
        let known = self.decisions.binary_search_by_key(&row.entry.0, |(entry, _)| *entry).is_ok();
        let Some(act) = self.recorded_act(row.entry).filter(|_| known) else {
            return self.findings.add(
                "V402",
                format!("{place}, column entry"),
                "no decision act has this entry",
            );
        };
        let due = decision_of(&act);
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "empty".to_owned());
        let columns = [
            ("learner", number(row.learner), number(due.learner)),
            ("verb", row.verb.clone(), due.verb.clone()),
            ("target", text(&row.target), text(&due.target)),
            ("rule", number(row.rule), number(due.rule)),
            ("about", number(row.about.map(|entry| entry.0)), number(due.about.map(|entry| entry.0))),
        ];
        for (column, is, was) in columns.into_iter().filter(|(_, is, was)| is != was) {
            let what = format!("it is {is}, the journal says {was}");
            self.findings.add("V402", format!("{place}, column {column}"), what);
        }
    }

    fn check_balances(&mut self) -> Result<()> {
        let links = self.people.acts.standing();
        let tainted = std::mem::take(&mut self.tainted);
        self.tainted = tainted.into_iter().map(|learner| links.person(learner)).collect();
        let due = self.recount.take_balances(&links);
        let at =
            |learner: i64, system: i64| due.binary_search_by_key(&(learner, system), |row| (row.0, row.1));
        let mut seen = vec![false; due.len()];
        let mut differing: Vec<(i64, i64, Balance)> = Vec::new();
        let mut rows = 0;
        let typed = self.read.balances(None, &mut |learner, system, balance| {
            rows += 1;
            match at(learner, system) {
                Ok(at) => {
                    seen[at] = true;
                    if due[at].2 != balance {
                        differing.push((learner, system, balance));
                    }
                }
                Err(_) => differing.push((learner, system, balance)),
            }
            Ok(())
        });
        if typed.is_err() {
            return self.say_undecodable("balance");
        }
        self.count("balance", rows);
        for (learner, system, balance) in differing {
            let due = at(learner, system).ok().map(|at| due[at].2);
            self.say_balance(learner, system, Some(balance), due);
        }
        for (at, (learner, system, balance)) in due.iter().enumerate() {
            if !seen[at] {
                self.say_balance(*learner, *system, None, Some(*balance));
            }
        }
        Ok(())
    }

    fn say_balance(&mut self, learner: i64, system: i64, kept: Option<Balance>, due: Option<Balance>) {
        if self.tainted.contains(&learner) {
            return;
        }
        let code =
            store::get::<SystemRow>(self.read, system).map_or_else(|_| system.to_string(), |row| row.code);
        let place = format!("balance {} {code}", account(learner));
        let (Some(kept), Some(due)) = (kept, due) else {
            let what = if kept.is_some() { "nothing in the journal makes it" } else { "it is missing" };
            return self.findings.add("V403", place, what);
        };
        for at in &Place::ALL[1..] {
            let (is, was) = (kept.at(*at).0, due.at(*at).0);
            if is != was {
                let what = format!("it is {is}, the journal says {was}");
                self.findings.add("V403", format!("{place}, column {}", at.name()), what);
            }
        }
    }

    fn check_summary(&mut self) -> Result<()> {
        let mut due = self.recount.take_summary(&self.registers);
        let mut differing: Vec<(SummaryKey, SummarySums, Option<SummarySums>)> = Vec::new();
        let mut rows = 0;
        let typed = self.read.summaries(&mut |key, sums| {
            rows += 1;
            let was = due.remove(&key);
            if was != Some(sums) {
                differing.push((key, sums, was));
            }
            Ok(())
        });
        if typed.is_err() {
            return self.say_undecodable("summary");
        }
        self.count("summary", rows);
        for (key, is, was) in differing {
            let place = summary_place(&key);
            let Some(was) = was else {
                self.findings.add("V404", place, "nothing in the journal makes a row of these dimensions");
                continue;
            };
            let columns = [
                ("achievements", is.achievements, was.achievements),
                ("deposited", is.deposited, was.deposited),
                ("placed", is.placed, was.placed),
                ("converted", is.converted, was.converted),
            ];
            for (column, is, was) in columns.into_iter().filter(|(_, is, was)| is != was) {
                let what = format!("it is {is}, the journal says {was}");
                self.findings.add("V404", format!("{place}, column {column}"), what);
            }
        }
        for key in due.keys() {
            self.findings.add("V404", summary_place(key), "it is missing");
        }
        Ok(())
    }
}

fn summary_place(key: &SummaryKey) -> String {
    let SummaryKey { institution, system, kind, framework, level, field, year, status } = key;
    format!(
        "summary institution {institution}, system {system}, kind {kind}, framework {framework:?}, \
         level {level:?}, field {field:?}, year {year}, status {status}"
    )
}
