//! The Python program in docs/ledger-file.md recomputes every leaf and the root, with nothing of ours.
#![allow(clippy::unwrap_used)]

mod common;
mod oulad;

use common::{Session, answer, project};
use std::process::Command;

/// The program, out of the page; or a word about why it cannot run.
fn recount(session: &Session, ledger: &str) -> Option<common::Answer> {
    let page = std::fs::read_to_string(project("docs/ledger-file.md")).unwrap();
    let program = page.split_once("```python\n").unwrap().1.split_once("```").unwrap().0;
    session.write("recount.py", program);
    let run =
        Command::new("python3").args(["recount.py", ledger]).current_dir(session.folder.path()).output();
    match run {
        Ok(output) => Some(answer(output)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            oulad::skipped("ledger_page", "python3 is absent");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn the_page_recomputes_every_leaf() {
    let session = Session::empty();
    let script = Command::new("sh")
        .args([&project("examples/run.sh"), "."])
        .current_dir(session.folder.path())
        .env("CREDITBANK", env!("CARGO_BIN_EXE_creditbank"))
        .output()
        .unwrap();
    answer(script).exits(0);
    let bank = |arguments: &[&str]| session.run(&[&["--ledger", "riverside.db"], arguments].concat());
    bank(&["release", "--learner", "88010004", "--to", "CN"]).exits(0);
    bank(&["reverse", "B5", "--reason", "wrong file", "--unused"]).exits(0);
    let lots = bank(&["report", "statement", "88010001", "--format", "ndjson"]).exits(0).out;
    let lot = lots.lines().find(|line| line.contains("\"reversed_by\":null")).unwrap();
    let lot: serde_json::Value = serde_json::from_str(lot).unwrap();
    bank(&["lot", "hold", lot["entry"].as_str().unwrap(), "--reason", "disputed"]).exits(0);
    session
        .write("late.csv", std::fs::read(project("examples/riverside/beyond-school/results.csv")).unwrap());
    let late = String::from_utf8(std::fs::read(session.path("late.csv")).unwrap()).unwrap();
    session.write("late.csv", late.replace("2024-05-20", "2024-05-21"));
    let profile = project("examples/riverside/beyond-school/profile.toml");
    bank(&["import", "late.csv", "--profile", &profile, "--stage"]).exits(0).shows("wait");
    bank(&["period", "close", "2023-12-31", "--reason", "audited"]).exits(0);

    let Some(recounted) = recount(&session, "riverside.db") else { return };
    let recounted = recounted.exits(0);
    let (size, root) = recounted.out.trim().split_once(' ').unwrap();
    bank(&["verify"]).exits(0).shows(&format!("{size} entries, root {root}"));

    // And it finds a grade that somebody changed.
    let changed = "DROP TRIGGER achievement_kept; UPDATE achievement SET status = 0 WHERE status = 1;";
    rusqlite::Connection::open(session.path("riverside.db")).unwrap().execute_batch(changed).unwrap();
    let found = recount(&session, "riverside.db").unwrap().exits(1);
    assert!(found.err.contains("does not fit its leaf"), "{}", found.err);
}
