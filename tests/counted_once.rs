//! A whole and its parts hold the same credit, which counts once: by `counted`, or by a profile's [part].
#![allow(clippy::unwrap_used)]

mod common;

use common::{Answer, Session, project};
use serde_json::Value;
use std::io::Write;

/// A profile of rows `learner,id,part_of,title,credits,status`, with a [part] of its own.
fn profile(part: &str) -> String {
    format!(
        r#"
name = "programmes"
target = "achievements"
[columns]
learner = "learner"
record = "id"
part_of = "part_of"
outcome = "title"
credits = "credits"
status = "status"
[constants]
institution = "INST1"
period = "2026-06-30"
system = "ECTS"
kind = "formal"
[learner]
unknown = "create"
[institution]
unknown = "create"
[outcome]
unknown = "create"
{part}
"#
    )
}

const HEADER: &str = "learner,id,part_of,title,credits,status\n";

fn import(part: &str, rows: &str, options: &[&str]) -> (Session, Answer) {
    let session = Session::bank();
    session.write("profile.toml", profile(part));
    session.write("rows.csv", format!("{HEADER}{rows}"));
    let command = ["import", "rows.csv", "--profile", "profile.toml", "--format", "json"];
    let answer = session.run(&[&command[..], options].concat());
    (session, answer)
}

/// The titles of the results that hold credit, in the order of the statement.
fn holders(session: &Session, learner: &str) -> Vec<String> {
    let answer = session.run(&["report", "statement", learner, "--format", "json"]).exits(0);
    let statement: Value = serde_json::from_str(&answer.out).unwrap();
    let lots = statement["lots"].as_array().unwrap().iter();
    let held = lots.filter(|lot| lot["amount"] != "0" && !lot["amount"].is_null());
    let mut held: Vec<String> = held.map(|lot| lot["outcome"].as_str().unwrap().to_owned()).collect();
    held.sort();
    held
}

const RECORDS: &str = "by = [\"learner\"]\nof = \"record\"\n";

/// A degree of two modules; a course beside it.
const TREE: &str = "L1,d,,Degree,60,passed\nL1,m1,d,Module 1,,passed\nL1,c1,m1,Course 1,30,passed\n\
                    L1,m2,d,Module 2,30,passed\nL1,c2,m2,Course 2,10,passed\nL1,c3,m2,Course 3,20,passed\n\
                    L1,x,,Course X,5,passed\n";

#[test]
fn a_tree_counts_at_its_top_or_at_its_leaves() {
    let cases: [(&str, &str, &str, &[&str]); 6] = [
        ("whole", "", "", &["Course X", "Degree"]),
        ("parts", "count = \"parts\"\n", "", &["Course 1", "Course 2", "Course 3", "Course X"]),
        // A whole that is not passed counts nothing: what stands below it does.
        (
            "whole in progress",
            "",
            "Degree,60,passed=Degree,60,in-progress",
            &["Course 1", "Course X", "Module 2"],
        ),
        (
            "whole without credit",
            "",
            "Degree,60,passed=Degree,0,passed",
            &["Course 1", "Course X", "Module 2"],
        ),
        ("failed part", "", "Course 2,10,passed=Course 2,10,failed", &["Course X", "Degree"]),
        (
            "failed parts",
            "count = \"parts\"\n",
            "Course 2,10,passed=Course 2,10,failed",
            &["Course 1", "Course 3", "Course X"],
        ),
    ];
    for (case, count, change, expected) in cases {
        let (from, to) = change.split_once(",passed=").unwrap_or_default();
        let rows = TREE.replace("Module 1,,", "Module 1,0,").replace(&format!("{from},passed"), to);
        let rows = if change.is_empty() { TREE.replace("Module 1,,", "Module 1,0,") } else { rows };
        let (session, answer) = import(&format!("[part]\n{RECORDS}{count}"), &rows, &[]);
        answer.exits(0);
        assert_eq!(holders(&session, "L1"), expected, "{case}");
        session.run(&["verify"]).exits(0);
    }
}

#[test]
fn parts_are_told_with_what_counts_them_and_the_ledger_keeps_it() {
    let rows = "L1,d,,Degree,60,passed\nL1,c,d,Course,60,passed\nL2,c2,,Course,60,passed\n";
    let (session, answer) = import(&format!("[part]\n{RECORDS}"), rows, &[]);
    answer.exits(0).shows("N121").shows("the credit of `Course` counts in `Degree` on line 2");
    assert_eq!(holders(&session, "L1"), ["Degree"]);
    assert_eq!(holders(&session, "L2"), ["Course"]);
    session.run(&["explain", "8"]).exits(0).shows("counted_in").shows("Degree");
    // The same rows again are the same achievements.
    let again = ["import", "rows.csv", "--profile", "profile.toml"];
    session.run(&again).exits(0).says("N102").shows("there is nothing new");
}

#[test]
fn wholes_that_cannot_be_found_refuse_their_parts() {
    let cases = [
        ("L1,c,nowhere,Course,60,passed\n", "E422", "line 2"),
        ("L2,d,,Degree,60,passed\nL1,c,d,Course,60,passed\n", "E422", "line 3"),
        ("L1,a,b,A,60,passed\nL1,b,a,B,60,passed\n", "E423", "part of itself"),
        ("L1,a,a,A,60,passed\n", "E423", "part of itself"),
    ];
    for (rows, code, part) in cases {
        let (_, answer) = import(&format!("[part]\n{RECORDS}"), rows, &[]);
        answer.exits(1).says(code).says(part);
    }
    // A whole that is refused takes its parts with it, and nobody else.
    let rows = "L1,d,,Degree,60,passed\nL1,c,d,Course,60,passed\nL1,x,,Other,5,passed\n";
    let strict = format!("[part]\n{RECORDS}[values.outcome]\nDegree = \"\"\n");
    let (session, answer) = import(&strict, rows, &["--keep-going"]);
    answer.exits(3).shows("E201").shows("E422");
    assert_eq!(holders(&session, "L1"), ["Other"]);
}

#[test]
fn the_first_of_a_group_stands_above_the_others_if_it_is_their_sum() {
    let first = "[part]\nby = [\"learner\"]\nof = \"first\"\n";
    let rows = "L1,1,,Degree,60,passed\nL1,2,,A,40,passed\nL2,5,,Alone,7.5,passed\nL1,3,,B,20,passed\nL1,4,,C,9,failed\n";
    let (session, answer) = import(first, rows, &[]);
    answer.exits(0);
    assert_eq!(holders(&session, "L1"), ["Degree"]);
    assert_eq!(holders(&session, "L2"), ["Alone"]);
    let (session, answer) = import(&format!("{first}count = \"parts\"\n"), rows, &[]);
    answer.exits(0);
    assert_eq!(holders(&session, "L1"), ["A", "B"]);
    // Nothing is guessed: a sum that does not fit refuses the group.
    let (_, answer) = import(first, &rows.replace("B,20", "B,19.5"), &[]);
    answer.exits(1).says("E421").says("59.5").says("gives 60");
}

#[test]
fn a_column_may_say_it_outright() {
    let session = Session::bank();
    session.write("profile.toml", profile("").replace("status = \"status\"", "counted = \"status\""));
    session.write(
        "rows.csv",
        format!("{HEADER}L1,d,,Degree,60,yes\nL1,c,Degree,Course,60,no\nL1,e,,Class,0,no\n"),
    );
    let answer =
        session.run(&["import", "rows.csv", "--profile", "profile.toml", "--format", "json"]).exits(0);
    let told = answer.shows("the credit of `Course` counts in `Degree`\"");
    assert!(!told.out.contains("credit of `Class`"), "{}", told.out);
    assert_eq!(holders(&session, "L1"), ["Degree"]);
}

#[test]
fn profiles_that_ask_for_what_cannot_be() {
    let cases = [
        ("[part]\nof = \"record\"\nby = []\n", "[part] is by nothing"),
        ("[part]\nof = \"record\"\nby = [\"lerner\"]\n", "did you mean `learner`?"),
        ("[part]\nof = \"sum\"\nby = [\"learner\"]\n", "unknown variant"),
        (
            "[group]\nby = [\"learner\"]\n[part]\nof = \"first\"\nby = [\"learner\"]\n",
            "[part] beside [group]",
        ),
    ];
    for (part, what) in cases {
        let (_, answer) = import(part, "L1,d,,Degree,60,passed\n", &[]);
        answer.exits(1).says(what);
    }
    let (_, answer) = import("[part]\nof = \"record\"\nby = [\"learner\"]\n", "", &[]);
    answer.exits(1).says("E003");
}

#[test]
fn a_university_table_with_its_degree_on_top() {
    let shared = std::env::var("CREDITBANK_SHARED").unwrap_or_else(|_| project("../shared"));
    let file = format!("{shared}/data/registrar-header/semicolon-decimal-comma.cp1252.csv");
    if !std::path::Path::new(&file).exists() {
        let _ = writeln!(
            std::io::stderr(),
            "skipped: a_university_table_with_its_degree_on_top: ../shared is absent"
        );
        return;
    }
    let profile = r#"
name = "degree-table"
target = "achievements"
[file]
encoding = "windows-1252"
delimiter = ";"
decimal_mark = ","
[columns]
outcome = "Vak"
credits = "ECTS"
grade = "Cijfer"
[constants]
learner = "fictitious-1"
institution = "UNI1"
period = "2020"
system = "ECTS"
kind = "formal"
[dates]
formats = ["YYYY"]
[learner]
unknown = "create"
[institution]
unknown = "create"
[outcome]
unknown = "create"
"#;
    // The last courses hold the sum of those after them as well: only the first row may stand above.
    for (part, rows) in [("of = \"first\"", 1), ("of = \"first\"\ncount = \"parts\"", 10)] {
        let session = Session::bank();
        session.write("profile.toml", format!("{profile}[part]\nby = [\"learner\"]\n{part}\n"));
        let answer =
            session.run(&["import", &file, "--profile", "profile.toml", "--format", "json"]).exits(0);
        let import: Value = serde_json::from_str(&answer.out).unwrap();
        assert_eq!(import["deposited"][0]["deposited"], "60", "{part}");
        assert_eq!(holders(&session, "fictitious-1").len(), rows - usize::from(rows == 10), "{part}");
    }
}
