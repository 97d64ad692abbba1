//! Agreements of others as rule books, and quotes under them: a small college of our own, and the tables of
//! colleges, examinations and renamed courses that other people wrote, read in place.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Session, project};
use std::path::PathBuf;

/// A folder of the shared data, which is not part of the project; `None` where it is absent.
fn shared(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(project("../shared/data")).join(name);
    if !path.exists() {
        eprintln!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

const TABLE: &str = "UC Name,Group ID,Set ID,Num Required,Receiving,Courses Group 1,Courses Group 2
STATE,Calc1,A,1,CALC 1,MATH 1 (4.00),MATH 1H (5.00)
STATE,Linear,A,1,LINEAR,MATH 4 (4.00); MATH 5 (3.00),
STATE,Intro,A,1,PROG 1,Not Articulated,
";

const RESULTS: &str = r#"name = "results"
target = "achievements"
[columns]
learner = "learner"
outcome = "course"
credits = "credits"
grade = "grade"
period = "date"
[constants]
institution = "NVC"
system = "US-SEM"
kind = "formal"
status = "passed"
[dates]
formats = ["YYYY-MM-DD"]
[learner]
scheme = "student-number"
issuer = "NVC"
unknown = "create"
[institution]
unknown = "create"
[outcome]
unknown = "create"
"#;

/// A bank with one fictitious learner of a college, and two institutions that may take them.
fn bank(results: &str) -> Session {
    let session = Session::bank();
    session.write("results.toml", RESULTS);
    session.write("results.csv", format!("learner,course,credits,grade,date\n{results}"));
    session.run(&["import", "results.csv", "--profile", "results.toml"]).exits(0);
    session.run(&["institution", "add", "STATE", "--name", "State University"]).exits(0);
    session.run(&["institution", "add", "CITY", "--name", "City University"]).exits(0);
    session
}

fn rows(session: &Session, arguments: &[&str], section: &str) -> Vec<String> {
    let arguments = [arguments, &["--format", "json"]].concat();
    let answer = session.run(&arguments).exits(0);
    let report: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Null => String::new(),
        other => other.to_string(),
    };
    let row =
        |row: &serde_json::Value| row.as_object().unwrap().values().map(text).collect::<Vec<_>>().join(",");
    report[section].as_array().unwrap().iter().map(row).collect()
}

fn translate(session: &Session, file: &str, form: &str, from: &str, output: &str) {
    let arguments =
        ["rule", "translate", file, "--form", form, "--from", from, "--system", "US-SEM", "-o", output];
    session.run(&arguments).exits(0);
}

#[test]
fn a_quote_tells_and_or_and_what_is_not_articulated() {
    let session = bank("S1,MATH 1H,5,80,2024-06-30\nS1,MATH 4,4,70,2024-06-30\nS1,HIST 1,3,90,2024-06-30\n");
    session.write("nvc-table.csv", TABLE);
    translate(&session, "nvc-table.csv", "articulation", "NVC", "nvc.toml");
    session.run(&["rule", "load", "nvc.toml"]).exits(0).says("");
    let quote = ["quote", "S1", "--to", "STATE", "CITY"];
    assert_eq!(
        rows(&session, &quote, "targets"),
        ["STATE,US-SEM,5,7,0,0,1,2,0,5 US-SEM,institution,,", "CITY,US-SEM,0,12,0,0,0,3,0,,institution,,"]
    );
    let kept = rows(&session, &quote, "kept");
    assert!(kept[0].contains("NVC,MATH 1H,5,US-SEM,CALC 1") && kept.len() == 1, "{kept:?}");
    let lost = rows(&session, &quote, "lost");
    let told = |part: &str| lost.iter().any(|row| row.contains(part));
    assert!(told("MATH 4,4,US-SEM,needs as well: MATH 5,MATH 5"), "{lost:?}");
    assert!(told("HIST 1,3,US-SEM,no rule converts it to STATE,an agreement with STATE"), "{lost:?}");
    assert_eq!(
        rows(&session, &quote, "denied"),
        ["STATE,NVC,PROG 1,Not Articulated,nvc/state-intro-a, version 1"]
    );
    // A quote posts nothing, and a conversion does what it said.
    session.run(&["convert", "S1", "--to", "STATE"]).exits(0).shows("1 lots placed");
    // Then it is neither kept nor lost elsewhere: it is placed.
    let quote = ["quote", "S1", "--to", "CITY"];
    assert_eq!(rows(&session, &quote, "targets"), ["CITY,US-SEM,0,7,0,5,0,2,0,,institution,,"]);
    let placed = rows(&session, &quote, "placed");
    assert!(
        placed.len() == 1 && placed[0].contains("NVC,MATH 1H,5,US-SEM,STATE,creditbank release "),
        "{placed:?}"
    );
}

#[test]
fn the_agreements_of_twenty_colleges_load_and_their_json_lacks_what_is_told() {
    let Some(folder) = shared("assist") else { return };
    let session = Session::bank();
    for university in ["UCB", "UCD", "UCI", "UCLA", "UCM", "UCR", "UCSD", "UCSB", "UCSC"] {
        session.run(&["institution", "add", university, "--name", university]).exits(0);
    }
    let mut tables: Vec<PathBuf> =
        std::fs::read_dir(folder.join("csv")).unwrap().map(|file| file.unwrap().path()).collect();
    tables.sort();
    assert_eq!(tables.len(), 20);
    let (mut compared, mut denied, mut overwritten) = (0, 0, Vec::new());
    for (at, table) in tables.iter().enumerate() {
        let name = table.file_stem().unwrap().to_string_lossy().replace("_filtered", "");
        let (college, book) = (format!("C{at:02}"), format!("c{at:02}.toml"));
        session.run(&["institution", "add", &college, "--name", &name]).exits(0);
        translate(&session, &table.display().to_string(), "articulation", &college, &book);
        session.run(&["rule", "load", &book]).exits(0);
        let json = folder.join("json").join(format!("{name}_articulation.json"));
        if !json.exists() {
            continue;
        }
        compared += 1;
        translate(&session, &json.display().to_string(), "articulation-json", &college, "json.toml");
        for row in rows(&session, &["rule", "diff", &book, "json.toml"], "rules") {
            assert!(!row.starts_with("json.toml"), "{name}: the table lacks {row}");
            match row.contains("denied: Not Articulated") {
                true => denied += 1,
                false => overwritten.push(row),
            }
        }
    }
    assert_eq!((compared, denied), (18, 156));
    assert_eq!(overwritten.len(), 1, "{overwritten:?}");
    assert!(overwritten[0].contains("ENGR -14 & CPSC -25"), "{overwritten:?}");
}

#[test]
fn a_table_of_examinations_has_tiers_and_several_courses_a_score() {
    let Some(folder) = shared("ap") else { return };
    let session = bank("S1,Calculus AB,1,5,2024-05-30\nS1,Arabic Language,1,2,2024-05-30\n");
    let file = folder.join("uw.json").display().to_string();
    let arguments = ["rule", "translate", &file, "--form", "examinations", "--from", "NVC", "--to", "STATE"];
    session.run(&[&arguments[..], &["--system", "US-QTR", "-o", "ap.csv"]].concat()).exits(0);
    session.run(&["rule", "load", "ap.csv"]).exits(0);
    let kept = rows(&session, &["quote", "S1", "--to", "STATE"], "kept");
    assert!(kept.len() == 1 && kept[0].contains("MATH 124 = 5 & MATH 125 = 5,10,US-QTR"), "{kept:?}");
    let lost = rows(&session, &["quote", "S1", "--to", "STATE"], "lost");
    assert!(
        lost.iter().any(|row| row.contains("needs a score of 3; the score is 2,a score of 3")),
        "{lost:?}"
    );
}

/// At a limit and over it, by the examples: 5 + 3 are the 8 that two examinations give at most; 5 + 8 would be 13, so
/// that the better of them counts alone.
#[test]
fn the_examples_have_the_limits_that_a_table_of_examinations_says_in_its_notes() {
    let session = Session::bank();
    let example = |name: &str| project(&format!("examples/examinations/{name}"));
    session.run(&["import", &example("scores.csv"), "--profile", &example("profile.toml")]).exits(0);
    session.run(&["institution", "add", "FGU", "--name", "Fictitious Grove University"]).exits(0);
    session.run(&["rule", "load", &example("rules.toml")]).exits(0);
    let told = |learner: &str, section: &str| rows(&session, &["quote", learner, "--to", "FGU"], section);
    let holds = |rows: &[String], parts: &[&str]| {
        assert_eq!(rows.len(), parts.len(), "{rows:?}");
        parts.iter().for_each(|part| assert!(rows.iter().any(|row| row.contains(part)), "{part}: {rows:?}"));
    };
    holds(
        &told("70010001", "kept"),
        &["MATH 101 = 5,5,US-QTR", "MATH 102 = 3,3,US-QTR", "CHEM 110 = 5,5,US-QTR"],
    );
    holds(&told("70010001", "lost"), &[]);
    holds(&told("70010002", "kept"), &["CALC-2,1,ITEM,MATH 102 = 3 & MATH 103 = 5,8,US-QTR"]);
    holds(
        &told("70010002", "lost"),
        &[
            "CALC-1,1,ITEM,limit examinations-2026/calculus of 8 credits is reached",
            "CALC-1,1,ITEM,needs a score of 5 or more; the score is 4",
            "CHEM,1,ITEM,needs a score of 4 or more; the score is 3",
        ],
    );
    holds(&told("70010003", "kept"), &[]);
    holds(
        &told("70010003", "lost"),
        &["needs a score of 3 to 4; the score is 2", "needs a score of 5 or more", "no comparable course"],
    );
}

/// What a bank writes as Transfer Value Profiles is sound by somebody else's validator, and comes back as the same rules.
#[test]
fn a_book_goes_out_as_transfer_value_profiles_and_comes_back() {
    let session = bank("S1,MATH 1A,4,80,2024-06-30\nS1,MATH 1B,4,80,2024-06-30\n");
    session.run(&["outcome", "add", "STATE/CALC 1", "--title", "Calculus I", "--kind", "formal"]).exits(0);
    session.write(
        "b.toml",
        r#"book = "b"
[[rule]]
id = "calculus"
from = { institution = "NVC", outcome = "MATH 1A & MATH 1B" }
to = { institution = "STATE", outcome = "CALC 1", system = "US-QTR" }
credits = "5.5"
valid_from = "2024-09-01"
reference = "Guide, page 3"
[[rule]]
id = "by-grade"
from = { institution = "NVC", outcome = "MATH 1A" }
to = { institution = "STATE", category = "elective", system = "US-QTR" }
credits = "3"
min_score = "50"
"#,
    );
    session.run(&["rule", "load", "b.toml"]).exits(0);
    let out = session.run(&["rule", "export", "b", "--to", "b.jsonld", "--format", "csv"]).exits(0);
    out.says("b.jsonld: 1 rules of book b, version 1").shows("by-grade,it asks for a score");
    let file = session.path("b.jsonld").display().to_string();
    let back = ["rule", "translate", &file, "--form", "ctdl", "--from", "X", "--to", "X", "--system", "X"];
    session.run(&[&back[..], &["--book", "b", "-o", "back.toml"]].concat()).exits(0);
    let back = std::fs::read_to_string(session.path("back.toml")).unwrap();
    let first = std::fs::read_to_string(session.path("b.toml")).unwrap();
    let rule = |text: &str| text.split("[[rule]]").nth(1).unwrap().trim().to_owned();
    assert_eq!(rule(&back), rule(&first));
    match std::process::Command::new("ctdl-validate").args([&file, "--format", "json"]).output() {
        Ok(verdict) => {
            let said = String::from_utf8_lossy(&verdict.stdout).into_owned();
            let is_sound = said.contains("\"ERROR\": 0") && said.contains("\"WARNING\": 0");
            assert!(verdict.status.success() && is_sound, "{said}");
        }
        Err(error) => eprintln!("skipped: ctdl-validate cannot be run: {error}"),
    }
}

#[test]
fn a_book_is_written_as_it_was_loaded() {
    let session = bank("S1,MATH 1A,4,80,2024-06-30\n");
    let rules = project("examples/examinations/rules.toml");
    session.run(&["institution", "add", "FGU", "--name", "Fictitious Grove University"]).exits(0);
    session.run(&["institution", "add", "EXAM", "--name", "Fictitious Examinations Board"]).exits(0);
    session.run(&["rule", "load", &rules]).exits(0);
    for file in ["out.toml", "out.csv"] {
        session.run(&["rule", "export", "examinations-2026", "--to", file]).exits(0).shows("6 rules");
        let file = session.path(file).display().to_string();
        let said = session.run(&["rule", "diff", &rules, &file, "--format", "csv"]).exits(0).out;
        assert!(!said.contains("calculus"), "{said}");
    }
    session.run(&["rule", "export", "none", "--to", "x.toml"]).exits(1).says("[R404]");
    session.run(&["rule", "export", "examinations-2026", "--to", "x.doc"]).exits(2).says("[R304]");
}

#[test]
fn renamed_courses_are_rules_of_their_institution() {
    let Some(folder) = shared("course-renames") else { return };
    let session = bank("S1,IN100,2,80,2024-06-30\n");
    translate(&session, &folder.join("former_code.csv").display().to_string(), "aliases", "NVC", "names.csv");
    session.run(&["rule", "load", "names.csv"]).exits(0);
    let kept = rows(&session, &["quote", "S1", "--to", "NVC"], "kept");
    assert!(kept.len() == 1 && kept[0].contains("NVC,IN100,2,US-SEM,LIS1200 = 2,2"), "{kept:?}");
}
