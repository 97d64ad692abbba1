//! `rule lint` on a generated book: every fault that was planted is found, and nothing else; and as a session.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Answer, Session, project};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

/// The program that makes rule books: cargo builds it beside the tests.
fn generator() -> PathBuf {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_creditbank"));
    program.with_file_name("examples").join(format!("rules{}", std::env::consts::EXE_SUFFIX))
}

/// A bank with the generated catalogue, and the generated book loaded as `rules`.
fn generated(rules: &str, seed: &str) -> Option<Session> {
    let session = Session::bank();
    let mut command = Command::new(generator());
    command.args(["--rules", rules, "--colleges", "5", "--courses", "1200", "--seed", seed, "--out"]);
    match command.arg(session.folder.path()).status() {
        Ok(status) => assert!(status.success()),
        Err(error) => {
            println!("skipped: {}: {error}; `cargo build --examples` makes it", generator().display());
            return None;
        }
    }
    for (file, profile) in [("institutions.csv", "institutions.toml"), ("catalogue.csv", "catalogue.toml")] {
        let profile = project(&format!("examples/rules/{profile}"));
        session.run(&["import", file, "--profile", &profile]).exits(0);
    }
    session.run(&["scale", "add", "College letters", "--grades", "F,D,C,B,A", "--pass", "D"]).exits(0);
    session.run(&["rule", "load", "rules.csv"]).exits(0);
    Some(session)
}

/// Rule and check of each line of a table.
fn pairs(text: &str, rule: usize, check: usize) -> Vec<(String, String)> {
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let field = |row: &csv::StringRecord, at: usize| row.get(at).unwrap().to_owned();
    rows.records().map(|row| row.unwrap()).map(|row| (field(&row, rule), field(&row, check))).collect()
}

/// What a report in ndjson lists as findings.
fn findings(answer: &Answer) -> Vec<(String, String)> {
    let rows = answer.out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let text = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap().to_owned();
    rows.filter(|row| row.get("what").is_some())
        .map(|row| (text(&row, "rule"), text(&row, "check")))
        .collect()
}

#[test]
fn every_planted_fault_is_found_and_nothing_else() {
    for seed in ["1", "2"] {
        let Some(session) = generated("5000", seed) else { return };
        let planted = std::fs::read_to_string(session.path("planted.csv")).unwrap();
        let planted: BTreeSet<_> = pairs(&planted, 0, 1).into_iter().collect();
        let checks: BTreeSet<_> = planted.iter().map(|(_, check)| check).collect();
        assert_eq!(checks.len(), 18, "every check has a fault of its own");
        for books in [&["rules"][..], &["--file", "rules.csv"]] {
            let lint = ["rule", "lint", "--level", "notice", "--format", "ndjson"];
            let answer = session.run(&[&lint[..], books].concat()).exits(4);
            let found = findings(&answer);
            let all: BTreeSet<_> = found.iter().cloned().collect();
            assert_eq!(found.len(), all.len(), "each is told once");
            let missed: Vec<_> = planted.difference(&all).take(20).collect();
            let false_ones: Vec<_> = all.difference(&planted).take(20).collect();
            assert!(missed.is_empty() && false_ones.is_empty(), "missed {missed:?}, false {false_ones:?}");
        }
    }
}

const BOOK: &str = r#"book = "small"

[[rule]]
id = "one"
from = { institution = "A", outcome = "X 1" }
to = { institution = "B", outcome = "Y 1", system = "US-SEM" }
credits = "3"

[[rule]]
id = "two"
from = { institution = "A", outcome = "X 1" }
to = { institution = "B", outcome = "Y 1", system = "US-SEM" }
credits = "3"
valid_to = "2030-12-31"
"#;

/// A bank with two courses.
fn two_courses() -> Session {
    let session = Session::bank();
    for (institution, outcome) in [("A", "X 1"), ("B", "Y 1")] {
        session.run(&["institution", "add", institution, "--name", "College"]).exits(0);
        let credits = ["--credits", "3", "--system", "US-SEM", "--title", "Course"];
        session
            .run(&[&["outcome", "add", &format!("{institution}/{outcome}")][..], &credits].concat())
            .exits(0);
    }
    session
}

#[test]
fn a_book_is_linted_before_and_after_it_is_loaded() {
    let session = two_courses();
    let path = session.write("small.toml", BOOK);
    session
        .run(&["rule", "lint", "--file", path.to_str().unwrap()])
        .exits(4)
        .shows("shadowed")
        .shows("2 rules: 0 errors, 1 warning, 0 notices");
    session.run(&["rule", "load", "small.toml"]).exits(0);
    session.run(&["rule", "lint"]).exits(4).shows("two");
    session.run(&["rule", "lint", "small", "--level", "error"]).exits(0).hides("shadowed");
    let expired = ["rule", "lint", "--as-of", "2031-01-01", "--level", "notice"];
    session.run(&expired).exits(4).shows("expired").hides("shadowed");
    session.run(&["rule", "lint", "--as-of", "2031-01-01"]).exits(0);
    let json = session.run(&["rule", "lint", "--format", "json"]).exits(4);
    let report: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let first = &report["findings"][0];
    assert_eq!((&first["rule"], &first["code"]), (&"two".into(), &"L302".into()), "{}", json.out);
    assert_eq!((&first["other"], &first["severity"]), (&"one".into(), &"warning".into()));
    assert_eq!(report["summary"][0]["findings"], 1);
}

#[test]
fn what_is_asked_wrongly_is_refused() {
    let session = two_courses();
    session.run(&["rule", "lint"]).exits(0).shows("0 rules");
    session.run(&["rule", "lint", "nobody"]).exits(2).says("R303").says("rule books");
    session.run(&["rule", "lint", "--as-of", "soon"]).exits(2).says("C104");
    session.run(&["rule", "lint", "--level", "grave"]).exits(2).says("notice");
    session.run(&["rule", "lint", "--file", "none.toml"]).exits(1).says("none.toml");
    session.write("bad.toml", "book = \"bad\"\n[[rule]]\nid = \"a\"\n");
    session.run(&["rule", "lint", "--file", "bad.toml"]).exits(1).says("R111");
    session.run(&["rule", "lint", "--checks"]).exits(0).shows("L101").shows("round-trip-gain");
}

#[test]
fn a_file_is_checked_before_anything_is_loaded() {
    let session = Session::bank();
    session.write("good.toml", "book = \"b\"\n[[rule]]\nid = \"r\"\nfrom = { system = \"CN\" }\nto = { system = \"ECTS\" }\nratio = \"3/2\"\n");
    session.run(&["rule", "check", "good.toml"]).exits(0).shows("book b with 1 rules, no faults");
    session.write("bad.toml", "book = \"b\"\n[[rule]]\nid = \"r\"\nfrom = { system = \"CN\" }\nto = { system = \"ECTS\" }\nratio = \"half\"\n");
    session.run(&["rule", "check", "bad.toml"]).exits(4).shows("bad.toml has 1 fault").shows("half");
    let answer = session.run(&["rule", "check", "bad.toml", "--format", "json"]).exits(4);
    let report: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!(report["schema"], "creditbank/rule-check/1");
    let fault = &report["faults"][0];
    assert_eq!((&fault["line"], &fault["column"], &fault["rule"]), (&6.into(), &9.into(), &"r".into()));
    for key in ["code", "what", "why", "remedy"] {
        assert!(fault[key].as_str().is_some_and(|text| !text.is_empty()), "{fault}");
    }
    // What cannot be read was not checked.
    for missing in ["none.toml", "none.csv"] {
        session.run(&["rule", "check", missing]).exits(1).says("[R161]").says("name another file");
    }
}
