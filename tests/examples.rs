//! The bank of the examples, run by the script that people run, and its figures counted by hand.
#![allow(clippy::unwrap_used)]

mod common;

use common::Session;
use std::process::Command;

/// The table of a report in CSV, without its header.
fn rows(session: &Session, report: &[&str]) -> Vec<String> {
    let arguments = [&["--ledger", "riverside.db", "report"], report, &["--format", "csv"]].concat();
    session.run(&arguments).exits(0).out.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn the_examples_come_to_the_figures_counted_by_hand() {
    let session = Session::empty();
    let script = Command::new("sh")
        .args([&common::project("examples/run.sh"), "."])
        .current_dir(session.folder.path())
        .env("CREDITBANK", env!("CARGO_BIN_EXE_creditbank"))
        .env("CREDITBANK_NOW", "2025-01-15T02:00:00Z")
        .output()
        .unwrap();
    let script = common::answer(script).exits(0).shows("clean: everything agrees with the journal");
    // Its reports show what the reports below are asked for.
    assert!(script.out.contains("CB00000001X"), "{}", script.out);

    // Lanjiang University: 3 + 3 + 4 + 2.5, 3 + 2 + 1, 4 + 2 and 1 of CN, 25.5 in all; the failed
    // examination deposits nothing, and the row with 4 credits for a course of 3 is refused.
    // Hochschule Silbersee: 5 + 7.5 + 2.5 + 5, 5 + 5 + 5 + 7.5 and 5 of ECTS, 47.5 in all.
    // Beyond school: 1 + 1.5 + 1.5 + 1 of CN, 4 + 3 + 4 of ECTS, 3 of ITEM.
    // Placed at LJU: two ECTS lots of statistics at 2.5 CN, one of logistics at 2 CN, one ITEM at 1.5 CN.
    // Placed in CN at a half, rounded down to halves once a learner: 4 → 2, 3 → 1.5, 15 → 7.5,
    // 21.5 → 10.5 (10.75 before rounding).
    let expected = [
        "CB00000001X,ECTS,0,9,0,0,0,0,-9",       // 5 statistics + 4 online
        "CB00000001X,CN,12.5,0,4.5,0,0,0,-17",   // 2.5 + 2
        "CB000000028,CN,7,0,1.5,0,0,0,-8.5",     // 6 + 1 of safety; the crane
        "CB000000028,ITEM,0,1,0,0,0,0,-1",       // the crane
        "CB000000036,ECTS,0,3,0,0,0,0,-3",       // online
        "CB000000036,CN,7.5,0,1.5,0,0,0,-9",     // 6 + 1.5 as a guide, undecided; 3 × 1/2
        "CB000000036,ITEM,1,0,0,0,0,0,-1",       // lectures
        "CB000000044,ECTS,0,20,0,0,0,0,-20",     // all of it placed
        "CB000000044,CN,2.5,0,9.5,0,0,0,-12",    // 1 + 1.5; 2 + 7.5
        "CB000000052,ECTS,0,26.5,0,0,0,0,-26.5", // 22.5 + 4
        "CB000000052,CN,0,0,13,0,0,0,-13",       // 2.5 + 10.5
        "CB000000060,CN,1,0,0,0,0,0,-1",         // safety
        "CB000000060,ITEM,1,0,0,0,0,0,-1",       // the crane, a year too early
    ];
    assert_eq!(rows(&session, &["balances"]), expected);

    let trial = rows(&session, &["trial-balance"]);
    assert!(trial.iter().all(|row| row.ends_with(",true")), "{trial:#?}");
    for figure in [
        "CN,recognised,-60.5,-60.5,true",
        "CN,held,30.5,30.5,true",
        "CN,converted,30,30,true",
        "ECTS,placed,58.5,58.5,true",
        "ECTS,held,0,0,true",
        "ITEM,held,2,2,true",
        "ITEM,placed,1,1,true",
        "CN,total,0,0,true",
        "ECTS,total,0,0,true",
        "ITEM,total,0,0,true",
    ] {
        assert!(trial.iter().any(|row| row == figure), "{figure} is not in {trial:#?}");
    }

    // One row waits for the university, one result for the day on which it was achieved.
    let open = rows(&session, &["open-items"]);
    assert_eq!(open.len(), 2, "{open:#?}");
    assert!(
        open[0].starts_with("refused,B3,,,,,,,,,,results.csv,11,LJU,88010003,MA102,202401,1,E305,"),
        "{}",
        open[0]
    );
    assert!(open[1].starts_with("undecided,") && open[1].contains("needs the day"), "{}", open[1]);

    let by_kind = rows(&session, &["totals", "--by", "kind"]);
    assert!(by_kind.iter().any(|row| row == "informal,ITEM,2,2,1,1,0"), "{by_kind:#?}");
    assert!(by_kind.iter().any(|row| row == "formal,ECTS,10,47.5,0,47.5,0"), "{by_kind:#?}");
}
