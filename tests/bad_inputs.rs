//! Whatever a file, a folder or a disk may be: its own clear error, and the ledger as it was.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

mod common;

use common::{Session, project};

const HEADER: &str =
    "learner_id,institution,course_code,title,level,hours,credits,grade,award_date,source_type\n";
const GOOD: &str = "L1,INST1,C1,数据结构,5,32,2.0,80,2025-01-31,formal\n";

fn profile() -> String {
    project("examples/workload/profile.toml")
}

/// A row like the good one, with one field changed.
fn row(column: usize, value: &str) -> String {
    let mut fields: Vec<&str> = GOOD.trim_end().split(',').collect();
    fields[column] = value;
    format!("{HEADER}{GOOD}{}\n", fields.join(",").replacen("L1,", "L2,", 1))
}

/// Imports a file into a bank that holds something already: the code, and nothing may change.
#[track_caller]
fn refused(name: &str, content: &[u8], code: &str, parts: &[&str]) {
    let session = Session::bank();
    let good = session.write("good.csv", format!("{HEADER}{GOOD}"));
    session.run(&["import", good.to_str().unwrap(), "--profile", &profile()]).exits(0);
    let before = session.head();
    let bytes = std::fs::read(session.path("creditbank.db")).unwrap();
    session.write("bad.csv", content);
    let answer = session.run(&["import", "bad.csv", "--profile", &profile()]).exits(1);
    assert!(answer.err.contains(code), "{name}: {code} is not in:\n{}", answer.err);
    for part in parts {
        assert!(answer.err.contains(part), "{name}: `{part}` is not in:\n{}", answer.err);
    }
    assert!(answer.err.contains("bad.csv"), "{name}: the file is not named:\n{}", answer.err);
    assert_eq!(session.head(), before, "{name}: the journal changed");
    assert_eq!(std::fs::read(session.path("creditbank.db")).unwrap(), bytes, "{name}: the file changed");
    assert!(!session.path("creditbank.db-wal").exists(), "{name}: a WAL was left");
}

#[test]
fn values_that_are_not_amounts() {
    let cases = [
        ("\"2,5\"", "E203", "decimal mark"),
        ("-3", "E204", "negative"),
        ("1e3", "E205", "exponent"),
        ("NaN", "E202", "not a decimal number"),
        ("99999999999999999999", "E207", "1,000,000"),
        ("1.2345", "E206", "three decimals"),
    ];
    for (value, code, why) in cases {
        let shown = value.trim_matches('"');
        refused(value, row(6, value).as_bytes(), code, &["line 3", "column 7 `credits`", shown, why]);
    }
}

#[test]
fn values_that_mean_nothing() {
    refused("date", row(8, "2025-02-30").as_bytes(), "E232", &["line 3", "award_date", "no such day"]);
    refused("damaged id", row(0, "4.40981E+17").as_bytes(), "E211", &["line 3", "export the column as text"]);
    refused("level", row(4, "99").as_bytes(), "E307", &["line 3", "EQF"]);
    refused("kind", row(9, "rumour").as_bytes(), "E222", &["line 3", "rumour"]);
    refused("no learner", row(0, "").as_bytes(), "E201", &["line 3", "learner_id"]);
}

#[test]
fn files_that_are_no_tables() {
    let long = format!("{HEADER}{GOOD}{}\n", "x".repeat(10 << 20));
    let header_twice = HEADER.replace("grade", "level");
    let cases: [(&str, Vec<u8>, &str, &str); 9] = [
        ("empty file", Vec::new(), "E002", "empty"),
        ("header only", HEADER.into(), "E003", "no rows"),
        ("another file's columns", b"id,name\n1,x\n".to_vec(), "E004", "is not in the header"),
        ("ragged row", format!("{HEADER}{GOOD}L2,INST1\n").into(), "E101", "line 3"),
        ("NUL bytes", format!("{HEADER}{GOOD}L2\0,\n").into(), "E007", "NUL"),
        ("a 10 MB line", long.into(), "E008", "line 3"),
        ("an open quote", format!("{HEADER}{GOOD}\"L2,INST1\n{GOOD}").into(), "E009", "line 3"),
        (
            "not UTF-8",
            [HEADER.as_bytes(), b"L\xff,I,C,t,5,1,1,1,2025-01-01,formal\n"].concat(),
            "E006",
            "UTF-8",
        ),
        ("a column twice", format!("{header_twice}{GOOD}").into(), "E005", "level"),
    ];
    for (name, content, code, part) in cases {
        refused(name, &content, code, &[part]);
    }
}

#[test]
fn files_that_are_not_there_or_no_files() {
    let session = Session::bank();
    session.run(&["import", "none.csv", "--profile", &profile()]).exits(1).says("E001").says("none.csv");
    session.run(&["import", ".", "--profile", &profile()]).exits(1).says("E001").says("folder");
    session.write("good.csv", format!("{HEADER}{GOOD}"));
    session.run(&["import", "good.csv", "--profile", "none.toml"]).exits(1).says("I101").says("none.toml");
    session.write("bad.toml", "name = \"x\"\ntarget = \"achievments\"\n");
    session.run(&["import", "good.csv", "--profile", "bad.toml"]).exits(1).says("I102").says("bad.toml:2");
    session.run(&["import", "good.csv"]).exits(2).says("--profile");
}

#[test]
fn ledgers_that_are_none() {
    let session = Session::empty();
    session.run(&["report", "balances"]).exits(1).says("S104").says("init");
    session.write(
        "creditbank.db",
        "This is a text file, longer than a header of SQLite would be, and no ledger at all; it is a text.",
    );
    session.run(&["report", "balances"]).exits(1).says("S102");
    session.write("creditbank.db", "");
    session.run(&["verify"]).exits(1).says("S102");
    std::fs::remove_file(session.path("creditbank.db")).unwrap();
    let other = rusqlite::Connection::open(session.path("creditbank.db")).unwrap();
    other.execute_batch("CREATE TABLE t (a)").unwrap();
    drop(other);
    session.run(&["report", "balances"]).exits(1).says("S102").says("another program");
    let founding =
        ["init", "--name", "N", "--identifier", "i.example", "--home-system", "CN", "--time-zone", "UTC"];
    session.run(&founding).exits(1).says("S101").says("not touched");
}

#[test]
fn a_newer_schema_is_left_to_the_newer_program() {
    let session = Session::bank();
    let ledger = rusqlite::Connection::open(session.path("creditbank.db")).unwrap();
    ledger.pragma_update(None, "user_version", 99).unwrap();
    drop(ledger);
    session.run(&["report", "balances"]).exits(1).says("S103").says("99");
}

#[test]
fn a_bank_is_founded_with_care() {
    let session = Session::empty();
    let found = |system: &str, zone: &str| {
        session.run(&[
            "init",
            "--name",
            "N",
            "--identifier",
            "i.example",
            "--home-system",
            system,
            "--time-zone",
            zone,
        ])
    };
    found("XX", "UTC").exits(2).says("B101").says("ECTS");
    found("CN", "Mars/Olympus").exits(2).says("B102");
    assert!(!session.path("creditbank.db").exists());
    found("CN", "UTC").exits(0);
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &session.path("creditbank.db").metadata().unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_row_refused_for_a_bad_value_leaves_the_open_items_when_it_is_mended() {
    let session = Session::bank();
    session.write("a.csv", row(6, "2.5x"));
    session.run(&["import", "a.csv", "--profile", &profile(), "--keep-going"]).exits(3);
    session.run(&["report", "open-items"]).exits(0).shows("E202");
    session.write("mended.csv", row(6, "2.5"));
    session.run(&["import", "mended.csv", "--profile", &profile()]).exits(1).says("E305");
    session.write("mended.csv", row(6, "2.0"));
    session.run(&["import", "mended.csv", "--profile", &profile()]).exits(0);
    let answer = session.run(&["report", "open-items"]).exits(0);
    assert!(!answer.out.contains("E202"), "{}", answer.out);
}
