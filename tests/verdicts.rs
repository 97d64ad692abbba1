//! What became of every row of a file: new, recorded already and where, in conflict with what, or refused.
//! Everybody in these files is fictitious.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Session, project};
use serde_json::Value;

const HEADER: &str = "learner,outcome,date,credits";

fn bank() -> Session {
    let session = Session::bank();
    let profile = std::fs::read_to_string(project("tests/import-rules/profile.toml")).unwrap();
    session.write("p.toml", profile);
    session
}

fn file(session: &Session, name: &str, rows: &[&str]) {
    session.write(name, format!("{HEADER}\n{}\n", rows.join("\n")));
}

fn run(session: &Session, command: &str, code: i32) -> String {
    session.run(&command.split(' ').collect::<Vec<_>>()).exits(code).out
}

/// Line, verdict, batch, file and line of what is recorded, rule, reason.
fn verdicts(report: &str) -> Vec<String> {
    let report: Value = serde_json::from_str(report).unwrap();
    let columns = ["line", "verdict", "batch", "of_file", "of_line", "rule", "reason"];
    let row = |row: &Value| {
        let cells = columns.map(|column| match &row[column] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        cells.join("|").trim_end_matches('|').to_owned()
    };
    report["verdicts"].as_array().unwrap().iter().map(row).collect()
}

const FIRST: [&str; 2] = ["L1,MA101,2024-06-30,3", "L2,MA102,2024-06-30,4"];
const SECOND: [&str; 6] = [
    "L1,MA101,2024-06-30,3.5",
    "L3,MA102,2024-06-30,4",
    "L2,MA102,2024-06-30,4",
    "L4,MA102,someday,4",
    "L3,MA102,2024-06-30,4",
    "L3,MA102,2024-06-30,2",
];

#[test]
fn of_attributes_those_are_told_that_differ() {
    let session = bank();
    let profile = std::fs::read_to_string(session.path("p.toml")).unwrap();
    let names = ["room", "mode", "language", "campus", "note"];
    let columns: String = names.map(|name| format!("{name} = \"{name}\"\n")).concat();
    session.write("p.toml", format!("{profile}\n[attributes]\n{columns}"));
    let send = |name: &str, values: &str| {
        let header = format!("{HEADER},{}", names.join(","));
        session.write(name, format!("{header}\nL1,MA101,2024-06-30,3,{values}\n"));
        session.run(&["import", name, "--profile", "p.toml"])
    };
    send("a.csv", "R1,online,en,North,").exits(0);
    let why = "room R1 → R2, mode online → none, note none → late, recorded in batch B2";
    send("b.csv", "R2,,en,North,late").exits(1).says("E403").says(why);
    send("c.csv", "R2,,zh,South,late").exits(1).says("language en → zh, 2 other attributes, recorded in");
}

#[test]
fn every_row_has_its_verdict_in_a_dry_run_as_in_the_import() {
    let session = bank();
    file(&session, "a.csv", &FIRST);
    file(&session, "b.csv", &SECOND);
    run(&session, "import a.csv --profile p.toml", 0);
    // The catalogue has 3 and 4 credits: let rows say otherwise.
    let profile = std::fs::read_to_string(session.path("p.toml")).unwrap();
    let varied = profile.replace("[outcome]", "[outcome]\ndiffers = \"version\"");
    session.write("p.toml", varied);
    let dry = run(&session, "import b.csv --profile p.toml --dry-run --keep-going --format json", 3);
    let done = run(&session, "import b.csv --profile p.toml --keep-going --format json --verdicts v.csv", 3);
    let expected = [
        "2|conflict||||E403|line 2: credits 3 → 3.5, recorded in batch B2, line 2 of a.csv",
        "3|new",
        "4|already recorded|B2|a.csv|3",
        "5|refused||||E231|",
        "6|already recorded|this import|b.csv|3",
        "7|conflict||||E404|line 7: credits 4 → 2, against line 3 of the file",
    ];
    for report in [&dry, &done] {
        let found = verdicts(report);
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.starts_with(expected), "{found} is not {expected}");
        }
    }
    let written = std::fs::read_to_string(session.path("v.csv")).unwrap();
    assert_eq!(written.lines().count(), 7, "{written}");
    assert!(written.contains("b.csv,4,,already recorded,"), "{written}");
    // People see the rows of which nothing else is said, and how many there are.
    let shown =
        session.run(&["import", "b.csv", "--profile", "p.toml", "--dry-run", "--keep-going"]).exits(3);
    shown.shows("of these in conflict").shows("already recorded").shows("a.csv");
}

#[test]
fn a_long_list_of_rows_that_are_not_new_is_cut_and_says_so() {
    let session = bank();
    let rows: Vec<String> = (0..30).map(|at| format!("L{at:02},MA101,2024-06-30,3")).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    file(&session, "a.csv", &rows);
    run(&session, "import a.csv --profile p.toml", 0);
    file(&session, "b.csv", &rows[5..]);
    let shown = session.run(&["import", "b.csv", "--profile", "p.toml"]).exits(0);
    shown.shows("15 more rows are not new; --verdicts FILE lists every row");
    let all = run(&session, "import b.csv --profile p.toml --format json", 0);
    assert_eq!(verdicts(&all)[24], "26|already recorded|B2|a.csv|31");
    // Of a delivery taken before byte by byte, each row is told as well where it is asked for.
    let all = run(&session, "import a.csv --profile p.toml --format json", 0);
    assert_eq!(verdicts(&all).len(), 30);
}

#[test]
fn only_a_table_is_cut() {
    let session = bank();
    let rows: Vec<String> = (0..30).map(|at| format!("L{at:02},MA101,2024-06-30,3")).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    file(&session, "a.csv", &rows[..25]);
    run(&session, "import a.csv --profile p.toml", 0);
    file(&session, "b.csv", &rows);
    let lines = |text: &str, word: &str| {
        text.lines().filter(|line| ["b.csv", word].iter().all(|part| line.contains(part))).count()
    };
    for format in ["csv", "markdown", "ndjson"] {
        let whole = run(&session, &format!("import b.csv --profile p.toml --dry-run --format {format}"), 0);
        assert_eq!(lines(&whole, "already recorded"), 25, "{format}: {whole}");
    }
    // The screen stays as short with the file as without.
    let shown = run(&session, "import b.csv --profile p.toml --verdicts v.csv", 0);
    assert_eq!(lines(&shown, "already recorded"), 10, "{shown}");
    assert!(shown.contains("15 more rows are not new"), "{shown}");
    let written = std::fs::read_to_string(session.path("v.csv")).unwrap();
    assert_eq!((lines(&written, "already recorded"), written.lines().count()), (25, 31), "{written}");
}

#[test]
fn rows_of_a_catalogue_have_verdicts_as_well() {
    let session = bank();
    session.write(
        "c.toml",
        "name = \"c\"\ntarget = \"outcomes\"\n[columns]\noutcome = \"course\"\n[constants]\ninstitution = \"LJU\"\n\
         system = \"CN\"\nkind = \"formal\"\n[institution]\nunknown = \"create\"\n",
    );
    session.write("a.csv", "course\nQ1\n");
    run(&session, "import a.csv --profile c.toml", 0);
    session.write("b.csv", "course\nQ1\nQ2\n");
    let report = run(&session, "import b.csv --profile c.toml --format json", 0);
    assert_eq!(verdicts(&report), ["2|already recorded", "3|new"]);
}
