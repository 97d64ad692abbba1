//! What an import writes beside the ledger: refused rows go back to each supplier in their own layout, nothing that is
//! read or kept is written over, and mended rows are no delivery of their own. Everybody in these files is fictitious.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Session, project};

fn profile(more: &str) -> String {
    format!("{}\n{more}", std::fs::read_to_string(project("tests/import-rules/profile.toml")).unwrap())
}

fn office(more: &str) -> Session {
    let session = Session::bank();
    session.write("p.toml", profile(more));
    session
}

fn text(session: &Session, name: &str) -> String {
    std::fs::read_to_string(session.path(name)).unwrap()
}

#[test]
fn the_refused_rows_of_each_file_go_back_in_its_own_columns() {
    let session = office("");
    session.write("jan.csv", "learner,outcome,date,credits\nL1,MA101,2024-06-30,3\nL2,MA101,2024-06-30,x\n");
    session.write("feb.csv", "outcome;learner;credits;date\nPH202;L3;x;2024-06-30\n");
    let import = |files: &[&str], more: &[&str]| {
        session.run(&[&["import"], files, &["--profile", "p.toml", "--keep-going"], more].concat())
    };
    import(&["jan.csv", "feb.csv"], &[]).exits(3).shows("jan.refused.csv, feb.refused.csv");
    assert!(text(&session, "jan.refused.csv").starts_with("learner,outcome,date,credits,creditbank_code,"));
    let feb = text(&session, "feb.refused.csv");
    assert!(feb.starts_with("outcome;learner;credits;date;creditbank_code;"), "{feb}");
    assert!(feb.contains("PH202;L3;x;2024-06-30;E202;"), "{feb}");
    // Mended, each goes to the learner whose row it was.
    for (name, mended) in [("jan", ",x,"), ("feb", ";x;")] {
        let name = format!("{name}.refused.csv");
        session.write(&name, text(&session, &name).replace(mended, &mended.replace('x', "3")));
    }
    import(&["jan.refused.csv", "feb.refused.csv"], &[]).exits(0).shows("rows deposited");
    for (learner, outcome) in [("L2", "MA101"), ("L3", "PH202")] {
        session.run(&["report", "statement", learner, "--format", "csv"]).exits(0).shows(outcome);
    }
    session.run(&["report", "open-items"]).exits(0).hides("E202");
    import(&["jan.csv", "feb.csv"], &["--rejects", "all.csv"]).exits(2).says("[I205]").says("one by one");
}

#[test]
fn refused_rows_replace_none_that_may_be_half_mended() {
    let session = office("");
    let import = |rows: &str| {
        session.write("r.csv", format!("learner,outcome,date,credits\n{rows}"));
        session.run(&["import", "r.csv", "--profile", "p.toml", "--keep-going"]).exits(3)
    };
    import("L1,MA101,2024-06-30,3\nL2,MA101,2024-06-30,x\n").shows("r.refused.csv");
    import("L3,MA101,2024-06-30,3\nL4,MA101,2024-06-30,x\n").shows("r.refused.2.csv");
    // They can be had again, though the same rows were refused before.
    import("L3,MA101,2024-06-30,3\nL4,MA101,2024-06-30,x\n").shows("r.refused.3.csv").shows("nothing new");
    assert!(text(&session, "r.refused.csv").contains("L2"));
    assert!(text(&session, "r.refused.2.csv").contains("L4"));
    assert_eq!(text(&session, "r.refused.2.csv"), text(&session, "r.refused.3.csv"));
}

#[test]
fn nothing_that_is_read_or_kept_is_written_over() {
    let session = office("");
    session.write("r.csv", "learner,outcome,date,credits\nL1,MA101,2024-06-30,x\nL2,MA101,2024-06-30,3\n");
    session.write("m.toml", "rows = 2\n");
    std::fs::create_dir(session.path("folder")).unwrap();
    let before = || {
        ["creditbank.db", "p.toml", "r.csv", "m.toml"].map(|name| std::fs::read(session.path(name)).unwrap())
    };
    let kept = before();
    let ledger = session.path("creditbank.db").display().to_string();
    for (option, file, code, exit) in [
        ("--receipt", "creditbank.db", "[C112]", 2),
        ("--verdicts", ledger.as_str(), "[C112]", 2),
        ("--output", "./creditbank.db", "[C112]", 2),
        ("--rejects", "r.csv", "[C112]", 2),
        ("--rejects", "folder/../p.toml", "[C112]", 2),
        ("--receipt", "p.toml", "[C112]", 2),
        ("--verdicts", "m.toml", "[C112]", 2),
        ("--receipt", "nowhere/receipt.txt", "[C103]", 1),
        ("--verdicts", "nowhere/verdicts.csv", "[C103]", 1),
        ("--rejects", "folder", "[C103]", 1),
    ] {
        let import = ["import", "r.csv", "--profile", "p.toml", "--keep-going", "--manifest", "m.toml"];
        session.run(&[&import[..], &[option, file]].concat()).exits(exit).says(code);
        assert_eq!(before(), kept, "{option} {file}");
    }
    let two = ["import", "r.csv", "--profile", "p.toml", "--receipt", "a.csv", "--verdicts", "a.csv"];
    session.run(&two).exits(2).says("[C112]").says("--receipt");
    session
        .run(&["import-check", "r.csv", "--profile", "p.toml", "--output", "r.csv"])
        .exits(2)
        .says("[C112]");
    session.run(&["report", "journal", "--output", "creditbank.db"]).exits(2).says("[C112]");
    assert_eq!(before(), kept);
    // Nor is any file left behind by what was refused.
    assert!(!session.path("a.csv").exists());
}

#[test]
fn a_dry_run_that_would_be_refused_says_so() {
    let session = office("");
    session.write("r.csv", "learner,outcome,date,credits\nL1,MA101,2024-06-30,x\nL2,MA101,2024-06-30,3\n");
    let import = ["import", "r.csv", "--profile", "p.toml", "--dry-run"];
    let answer = session.run(&import).exits(1).shows("E202").says("nothing would be posted");
    answer.hides("Would be posted").hides("journal root");
    session
        .run(&[&import[..], &["--keep-going"]].concat())
        .exits(3)
        .shows("Would be posted")
        .shows("deposit");
}

#[test]
fn mended_rows_are_no_delivery() {
    let session = office("[standard]\nfewer_rows = \"10%\"\nrows = 10\n");
    let rows = |count: usize, bad: usize| {
        let row = |at| format!("L{at},MA101,2024-06-30,{}\n", if at < bad { "x" } else { "3" });
        format!("learner,outcome,date,credits\n{}", (0..count).map(row).collect::<String>())
    };
    let import = |name: &str| session.run(&["import", name, "--profile", "p.toml", "--keep-going"]);
    session.write("sept.csv", rows(10, 1));
    import("sept.csv").exits(3);
    session.write("mended.csv", text(&session, "sept.refused.csv").replace(",x,", ",3,"));
    import("mended.csv").exits(0).shows("rows deposited");
    // The next delivery is compared with the whole one before it, and with the control total.
    session.write("oct.csv", rows(4, 0).replace("MA101", "PH202"));
    import("oct.csv").exits(1).says("4 rows after 10 in batch B2").says("E502");
    // What was taken before is nothing new, not a smaller delivery.
    session.write("old.csv", rows(4, 0));
    import("old.csv").exits(0).shows("nothing new");
}

#[test]
fn a_row_whose_key_was_the_fault_is_no_longer_open_when_it_is_mended() {
    let session = office("");
    let import = |name: &str, exit: i32| {
        session.run(&["import", name, "--profile", "p.toml", "--keep-going"]).exits(exit)
    };
    session.write(
        "r.csv",
        "learner,outcome,date,credits\n,MA101,2024-06-30,3\nL2,,2024-06-30,3\nL3,MA101,2024-06-30\n4.40981E+17,MA101,2024-06-30,3\n",
    );
    import("r.csv", 3);
    let open = || session.run(&["report", "open-items", "--format", "json"]).exits(0).out;
    let count = || open().matches("\"file\":").count();
    assert_eq!(count(), 4, "{}", open());
    assert_eq!(open().matches("r.csv").count(), 4, "{}", open());
    // Of four rows two are mended, one is still wrong, and one lacks its last field as before.
    let mended = text(&session, "r.refused.csv")
        .replace("\n,MA101", "\nL1,MA101")
        .replace("L2,,", "L2,PH202,")
        .replace("4.40981E+17", "4.40982E+17");
    session.write("once.csv", mended);
    import("once.csv", 3).shows("once.refused.csv");
    assert_eq!(count(), 2, "{}", open());
    assert!(!open().contains("4.40981E+17") && open().contains("4.40982E+17"), "{}", open());
    let mended = text(&session, "once.refused.csv")
        .replace("4.40982E+17", "440982000000000000")
        .replace("L3,MA101,2024-06-30,", "L3,MA101,2024-06-30,3,");
    session.write("twice.csv", mended);
    import("twice.csv", 0);
    assert_eq!(count(), 0, "{}", open());
    session.run(&["verify"]).exits(0);
    // The same once more is nothing new.
    import("twice.csv", 0).shows("nothing new");
}

#[test]
fn what_refuses_an_import_goes_to_programs_too() {
    let session = office("");
    session.write("r.csv", "learner,outcome,date,credits\nL1,MA101,2024-06-30,x\nL2,MA101,2024-06-30,3\n");
    let before = session.head();
    let answer = session.run(&["import", "r.csv", "--profile", "p.toml", "--format", "json"]).exits(1);
    let report: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    let finding = &report["findings"][0];
    assert_eq!((&finding["rule"], &finding["line"]), (&"E202".into(), &2.into()), "{report:#}");
    answer.says("[I201]").says("1 row was refused");
    // People read it once.
    let answer = session.run(&["import", "r.csv", "--profile", "p.toml"]).exits(1).says("[I201]");
    assert!(answer.out.is_empty(), "{}", answer.out);
    assert_eq!(session.head(), before);
}

#[cfg(unix)]
#[test]
fn a_report_goes_into_a_pipe_without_waiting_for_it() {
    let session = office("");
    let pipe = session.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::thread::spawn(move || std::fs::read_to_string(pipe).unwrap());
    session.run(&["report", "journal", "--output", "pipe", "--format", "csv"]).exits(0);
    assert!(reader.join().unwrap().contains("genesis"));
}

/// A row that is wrong in two ways goes back once: its date is looked at even where its credits say that it is refused.
#[test]
fn a_row_tells_all_that_is_wrong_with_it() {
    let session = office("");
    session.write(
        "r.csv",
        "learner,outcome,date,credits\nL1,MA101,2024-02-30,x\nL2,MA101,,x\nL3,MA101,2024-02-29,x\nL4,MA101,30.06.2024,3\n\
         L5,2024-02-30,3\n",
    );
    let answer = session.run(&["import-check", "r.csv", "--profile", "p.toml", "--format", "json"]).exits(4);
    let report: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    let found = report["findings"].as_array().unwrap().iter();
    let found: Vec<String> =
        found.map(|row| format!("{} {}", row["line"], row["rule"].as_str().unwrap())).collect();
    assert_eq!(found, ["2 E202", "2 E232", "3 E201", "3 E202", "4 E202", "5 E231", "6 E101"]);
}

#[test]
fn files_of_one_name_are_told_apart_in_what_is_said_of_them() {
    let session = office("");
    for (folder, credits) in [("jan", "x"), ("feb", "y")] {
        std::fs::create_dir(session.path(folder)).unwrap();
        session.write(
            &format!("{folder}/r.csv"),
            format!("learner,outcome,date,credits\nL1,MA101,2024-06-30,{credits}\n"),
        );
    }
    let import = ["import", "jan/r.csv", "feb/r.csv", "--profile", "p.toml"];
    session.run(&import).exits(1).says("jan/r.csv: line 2").says("feb/r.csv: line 2");
    session
        .run(&[&import[..], &["--stage", "--keep-going"]].concat())
        .exits(3)
        .shows("jan/r.csv")
        .shows("feb/r.csv");
    let approved = session.run(&["batch", "approve", "B2", "--dry-run", "--format", "csv"]);
    approved.shows("jan/r.csv,2,").shows("feb/r.csv,2,");
}
