//! A small bank to tell stories with. All its learners are fictitious.

use crate::common::{Answer, Session};
use serde_json::Value;
use std::cell::RefCell;

const RESULTS: &str = r#"
name = "results"
target = "achievements"
[columns]
learner = "learner"
institution = "institution"
outcome = "course"
period = "date"
credits = "credits"
system = "system"
grade = "grade"
kind = "kind"
level = "level"
record = "record"
status = "status"
[constants]
framework = "EQF"
[dates]
formats = ["YYYY-MM-DD", "YYYY-MM"]
[learner]
scheme = "student-number"
issuer = "TEST"
unknown = "create"
[institution]
unknown = "create"
[outcome]
unknown = "create"
differs = "version"
"#;

/// The header of every file that `results.toml` reads.
const HEADER: &str = "learner,institution,course,date,credits,system,grade,kind,level,record,status";

const LOADS: &str = r#"
name = "loads"
target = "achievements"
[columns]
learner = "learner"
outcome = "course"
period = "date"
credits = "load"
status = "status"
[constants]
institution = "OPEN"
system = "UK"
kind = "formal"
[dates]
formats = ["YYYY-MM-DD", "YYYY-MM"]
[learner]
scheme = "student-number"
issuer = "TEST"
unknown = "create"
[institution]
unknown = "create"
[outcome]
unknown = "create"
[group]
by = ["learner", "period"]
mixed = "refuse"
"#;

const CATALOGUE: &str = r#"
name = "catalogue"
target = "outcomes"
[columns]
institution = "institution"
outcome = "course"
[constants]
system = "CN"
kind = "formal"
[institution]
unknown = "create"
[outcome]
unknown = "create"
"#;

const SYSTEMS: &str = r#"
book = "systems"
[[rule]]
id = "qtr-sem"
from = { system = "US-QTR" }
to = { system = "US-SEM" }
ratio = "2/3"
[[rule]]
id = "qtr-ects"
from = { system = "US-QTR" }
to = { system = "ECTS" }
ratio = "1"
"#;

/// A bank whose every step is verified, against every root that was seen before.
pub struct Bank {
    pub session: Session,
    seen: RefCell<Vec<String>>,
}

impl Bank {
    /// A bank with profiles, and rules from US quarter credits to US semester credits and to ECTS.
    pub fn open() -> Bank {
        let bank = Bank { session: Session::bank(), seen: RefCell::default() };
        bank.session.write("results.toml", RESULTS);
        bank.session.write("loads.toml", LOADS);
        bank.session.write("catalogue.toml", CATALOGUE);
        bank.session.write("systems.toml", SYSTEMS);
        bank.does("rule load systems.toml");
        bank
    }

    /// A file of results; each row is `learner,institution,course,date,credits,system,grade` and may go
    /// on with kind, level, record and status.
    pub fn file(&self, name: &str, rows: &[&str]) {
        let columns = HEADER.split(',').count();
        let mut text = format!("{HEADER}\n");
        for row in rows {
            let mut fields: Vec<&str> = row.split(',').collect();
            fields.resize(columns, "");
            if fields[7].is_empty() {
                fields[7] = "formal";
            }
            text.push_str(&fields.join(","));
            text.push('\n');
        }
        self.session.write(name, text);
    }

    /// Writes a file of results and imports it.
    #[track_caller]
    pub fn import(&self, name: &str, rows: &[&str]) -> Answer {
        self.file(name, rows);
        self.does(&format!("import {name} --profile results.toml"))
    }

    /// A file of modules that share one load a learner and date: `learner,course,date,load,status`.
    pub fn loads(&self, name: &str, rows: &[&str]) {
        self.session.write(name, format!("learner,course,date,load,status\n{}\n", rows.join("\n")));
    }

    /// Runs a command, words divided by blanks.
    pub fn run(&self, command: &str) -> Answer {
        self.session.run(&command.split_whitespace().collect::<Vec<_>>())
    }

    /// Runs a command that must succeed, and verifies the ledger.
    #[track_caller]
    pub fn does(&self, command: &str) -> Answer {
        self.ends(command, 0)
    }

    /// Runs a command that must end with this code, and verifies the ledger.
    #[track_caller]
    pub fn ends(&self, command: &str, code: i32) -> Answer {
        let answer = self.run(command).exits(code);
        self.verify();
        answer
    }

    /// Runs a command that must be refused, leaving the ledger's file as it was.
    #[track_caller]
    pub fn refuses(&self, command: &str, code: &str) -> Answer {
        self.changes_nothing(command, 1).says(code)
    }

    /// Runs a command that must leave the ledger's file as it was.
    #[track_caller]
    pub fn changes_nothing(&self, command: &str, code: i32) -> Answer {
        let before = self.bytes();
        let answer = self.run(command).exits(code);
        assert_eq!(self.bytes(), before, "{command}: the file changed");
        answer
    }

    fn bytes(&self) -> Vec<u8> {
        assert!(!self.session.path("creditbank.db-wal").exists(), "a WAL was left");
        std::fs::read(self.session.path("creditbank.db")).unwrap()
    }

    /// Everything must agree with the journal, and every earlier state be a beginning of it.
    #[track_caller]
    fn verify(&self) {
        let against: Vec<String> = self.seen.borrow().iter().map(|at| format!(" --against {at}")).collect();
        self.run(&format!("verify --deep{}", against.concat())).exits(0);
        let now = self.root();
        if !self.seen.borrow().contains(&now) {
            self.seen.borrow_mut().push(now);
        }
    }

    /// `ROOT@SIZE` of the journal.
    pub fn root(&self) -> String {
        let head: Value = serde_json::from_str(&self.session.head()).unwrap();
        format!("{}@{}", head[0]["root"].as_str().unwrap(), head[0]["size"])
    }

    /// The size of the journal.
    pub fn size(&self) -> u64 {
        self.root().split_once('@').unwrap().1.parse().unwrap()
    }

    /// What a command that must succeed shows, as JSON.
    #[track_caller]
    pub fn json(&self, command: &str) -> Value {
        let answer = self.run(&format!("{command} --format json")).exits(0);
        serde_json::from_str(&answer.out).unwrap()
    }

    /// What a learner has, as `SYSTEM place amount …; SYSTEM …`, by the code of the system.
    #[track_caller]
    pub fn has(&self, learner: &str) -> String {
        self.had(learner, "")
    }

    /// What a learner has, looked at with options.
    #[track_caller]
    pub fn had(&self, learner: &str, options: &str) -> String {
        let mut systems: Vec<String> = self
            .rows(&format!("report balances {learner} {options}"), "balances")
            .iter()
            .map(|row| {
                let places = ["held", "placed", "converted"];
                let mut text = row["system"].as_str().unwrap().to_owned();
                for place in places.iter().filter(|place| row[**place] != "0") {
                    text.push_str(&format!(" {place} {}", row[*place].as_str().unwrap()));
                }
                text
            })
            .collect();
        systems.sort();
        systems.join("; ")
    }

    /// The rows of a section.
    #[track_caller]
    pub fn rows(&self, command: &str, section: &str) -> Vec<Value> {
        self.json(command)[section].as_array().cloned().unwrap_or_default()
    }

    /// A learner's lots, as `entry course: where`.
    #[track_caller]
    pub fn lots(&self, learner: &str, options: &str) -> Vec<String> {
        let rows = self.rows(&format!("report statement {learner} {options}"), "lots");
        rows.iter().map(|row| format!("{}: {}", text(row, "outcome"), text(row, "where"))).collect()
    }

    /// The entry of the newest standing deposit of a learner's course.
    #[track_caller]
    pub fn lot(&self, learner: &str, course: &str) -> String {
        let rows = self.rows(&format!("report statement {learner}"), "lots");
        let found = rows.iter().rfind(|row| row["outcome"] == course && row["reversed_by"].is_null());
        text(found.expect("the lot stands"), "entry")
    }

    /// The decision by which a learner's course stands placed.
    #[track_caller]
    pub fn decision(&self, learner: &str, course: &str) -> String {
        let rows = self.rows(&format!("report statement {learner}"), "lots");
        let found = rows.iter().rfind(|row| row["outcome"] == course && row["reversed_by"].is_null());
        text(found.expect("the lot stands"), "decision")
    }

    /// The entries of the newest batch beside its acts, as `kind lot amount system from>to`.
    #[track_caller]
    pub fn posted(&self) -> Vec<String> {
        let batch = self.batch();
        let rows = self.rows(&format!("report journal --batch {batch}"), "entries");
        rows.iter()
            .filter(|row| !row["from"].is_null())
            .map(|row| {
                let part = |key| text(row, key);
                let (kind, lot, amount, system) = (part("kind"), part("lot"), part("amount"), part("system"));
                format!("{kind} {lot} {amount} {system} {}>{}", part("from"), part("to"))
            })
            .collect()
    }

    /// The newest batch.
    #[track_caller]
    pub fn batch(&self) -> String {
        text(self.rows("batch list", "batches").last().unwrap(), "batch")
    }

    /// A figure of the summary of an import.
    #[track_caller]
    pub fn counted(answer: &Answer, what: &str) -> String {
        let line = answer.out.lines().find(|line| line.starts_with(what));
        line.unwrap_or_else(|| panic!("no {what} in {}", answer.out))[what.len()..].trim().to_owned()
    }
}

/// A cell as text; empty where it has no value.
pub fn text(row: &Value, key: &str) -> String {
    match &row[key] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
