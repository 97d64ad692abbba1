//! Grades on other scales, as sessions at a terminal. All learners are fictitious.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Answer, Session};
use serde_json::Value;

const GRADES: &str = include_str!("grades/grades.toml");
const TABLES: &str = include_str!("grades/tables.csv");

const SCALES: &str = "[[scale]]\nname = \"German 1–5\"\nnumeric = true\nbest = \"1.0\"\nworst = \"5.0\"\npass = \"4.0\"\nstep = \"0.1\"\n";

const PROFILE: &str = r#"
name = "results"
target = "achievements"

[columns]
learner = "student"
outcome = "course"
title = "title"
credits = "ects"
status = "status"
grade = "mark"
scale = "scale"
period = "day"
field = "field"
level = "level"

[constants]
institution = "HSS"
system = "ECTS"
kind = "formal"
framework = "EQF"

[dates]
formats = ["YYYY-MM-DD"]

[learner]
scheme = "student-number"
issuer = "HSS"
unknown = "create"

[outcome]
unknown = "create"

[values.status]
"passed" = "passed"
"failed" = "failed"
"#;

const RESULTS: &str = "student,course,title,ects,status,mark,scale,day,field,level\n\
    9001,C1,Algorithms,5,passed,\"1,3\",German 1–5,2024-02-14,0613,6\n\
    9001,C2,Databases,5,passed,3.0,German 1–5,2024-07-10,0612,6\n\
    9001,C3,Networks,5,failed,5.0,German 1–5,2024-07-11,0612,6\n\
    9001,C4,Ethics,2,passed,good,own words,2024-07-12,0223,6\n";

fn bank() -> Session {
    let bank = Session::bank();
    for (name, text) in [
        ("grades.toml", GRADES),
        ("tables.csv", TABLES),
        ("profile.toml", PROFILE),
        ("results.csv", RESULTS),
        ("scales.toml", SCALES),
    ] {
        bank.write(name, text);
    }
    bank.run(&["institution", "add", "HSS", "--name", "Hochschule Silbersee", "--country", "DE"]).exits(0);
    bank.run(&["institution", "add", "LJU", "--name", "Lanjiang University", "--country", "CN"]).exits(0);
    bank
}

fn json(answer: Answer) -> Value {
    serde_json::from_str(&answer.exits(0).out).unwrap()
}

fn convert(bank: &Session, args: &[&str]) -> Value {
    let shape = ["--format", "json"];
    let all = [&["grade", "convert"], args, &shape].concat();
    json(bank.run(&all))["grades"][0].clone()
}

#[test]
fn a_file_of_grades_is_taken_once_and_whole() {
    let bank = bank();
    bank.run(&["grade", "import", "grades.toml", "--dry-run"]).exits(0).shows("dry run: nothing was posted");
    bank.run(&["scale", "list"]).exits(0).shows("no scales");
    bank.run(&["grade", "import", "grades.toml"]).exits(0).shows("posted as batch B4, 2 entries");
    bank.run(&["grade", "import", "grades.toml"])
        .exits(0)
        .shows("nothing was posted: all of it stands already");
    bank.run(&["grade", "import", "tables.csv"]).exits(0).shows("HSS 0613 first 2022–2024");
    bank.run(&["grade", "list"]).exits(0).shows("hss-lju-shares").shows("4 conversions");
    bank.run(&["grade", "show", "hss-lju-table"]).exits(0).shows("Rows").shows("4 rows");
    bank.run(&["grade", "tables"]).exits(0).shows("4 grading tables");
    bank.run(&["grade", "tables", "--institution", "HSS", "--field", "06", "--grades"])
        .exits(0)
        .shows("33.3 %");
    bank.run(&["scale", "show", "German 1–5"]).exits(0).shows("4.0").shows("5.0");
    bank.run(&["verify"]).exits(0).shows("clean");
    bank.run(&["rebuild"]).exits(0);
    bank.run(&["verify"]).exits(0).shows("clean");
    // Other counts of the same years are the table's next version.
    let more = TABLES.replacen("1.0,20", "1.0,21", 1);
    bank.write("tables.csv", more);
    bank.run(&["grade", "import", "tables.csv"]).exits(0).shows("version");
    bank.run(&["grade", "tables"]).exits(0).shows("4 grading tables");
    bank.run(&["grade", "show", "nothing"]).exits(1).says("G104").says("grade list");
}

#[test]
fn each_method_says_the_range_the_suggestion_and_why() {
    let bank = bank();
    bank.run(&["grade", "import", "grades.toml"]).exits(0);
    bank.run(&["grade", "import", "tables.csv"]).exits(0);
    let from = ["--from-scale", "German 1–5", "--to-scale", "百分制", "--grade"];
    let ask = |rest: &[&str]| convert(&bank, &[&from, rest].concat());

    let line = ask(&["1.3", "--by", "hss-lju-line"]);
    assert_eq!((line["grade"].as_str(), line["suggested"].as_str()), (Some("1.3"), Some("96")));
    assert_eq!(line["basis"], "100 − 40 × (1 − 1.3) / (1 − 4) = 96, which is 96");

    // Without an institution only the line, which is for everybody, can speak.
    assert_eq!(ask(&["1.3"])["conversion"], "hss-lju-line");
    let shares = ask(&[
        "1.3",
        "--institution",
        "HSS",
        "--field",
        "0613",
        "--level",
        "first",
        "--by",
        "hss-lju-shares",
    ]);
    assert_eq!(shares["answer"], "converted", "{shares}");
    assert_eq!(
        (shares["low"].as_str(), shares["suggested"].as_str(), shares["high"].as_str()),
        (Some("85"), Some("90"), Some("90"))
    );
    assert!(shares["basis"].as_str().unwrap().contains("HSS 0613, first cycle, 2022–2024"), "{shares}");

    // 0612 is counted too little, so both sides are widened to 061.
    let widened = ask(&[
        "1.3",
        "--institution",
        "HSS",
        "--field",
        "0612",
        "--level",
        "EQF:6",
        "--by",
        "hss-lju-shares",
    ]);
    assert!(widened["basis"].as_str().unwrap().contains("HSS 061, first cycle"), "{widened}");
    let nowhere = ask(&["1.3", "--institution", "LJU", "--by", "hss-lju-shares"]);
    assert_eq!(nowhere["answer"], "no grading table");

    // An agreed table for the institution comes first.
    let table = ask(&["1.3", "--institution", "HSS"]);
    assert_eq!(
        (table["conversion"].as_str(), table["method"].as_str()),
        (Some("hss-lju-table"), Some("table"))
    );
    assert_eq!(
        (table["low"].as_str(), table["suggested"].as_str(), table["high"].as_str()),
        (Some("90"), Some("94"), Some("100"))
    );

    let failing = ask(&["5.0", "--by", "hss-lju-line"]);
    assert_eq!((failing["answer"].as_str(), failing["suggested"].as_str()), (Some("fails"), None));
    assert_eq!(ask(&["7.0"])["answer"], "not on its scale");
    let back = convert(&bank, &["--from-scale", "百分制", "--grade", "90", "--to-scale", "German 1–5"]);
    assert_eq!((back["conversion"].as_str(), back["suggested"].as_str()), (Some("bavarian"), Some("1.7")));
    bank.run(&[&["grade", "convert"], &from[..], &["1.3"]].concat()).exits(0).shows("Reads as");
    for (args, code, part) in [
        (&["--from-scale", "none", "--grade", "1", "--to-scale", "百分制"][..], 1, "G301"),
        (&["--from-scale", "百分制", "--grade", "90", "--to-scale", "none"], 1, "G301"),
        (&["--from-scale", "百分制", "--grade", "90", "--to-scale", "German 1–5", "--by", "x"], 2, "G302"),
        (
            &["--from-scale", "百分制", "--grade", "90", "--to-scale", "German 1–5", "--level", "MA"],
            2,
            "G304",
        ),
        (
            &["--from-scale", "百分制", "--grade", "90", "--to-scale", "German 1–5", "--institution", "X"],
            1,
            "G104",
        ),
        (
            &["--from-scale", "百分制", "--grade", "90", "--to-scale", "German 1–5", "--field", "CS"],
            2,
            "G102",
        ),
        (&["--grade", "90", "--to-scale", "German 1–5"], 2, "--from-scale"),
        (&["--to-scale", "German 1–5"], 2, "LEARNER"),
    ] {
        bank.run(&[&["grade", "convert"], args].concat()).exits(code).says(part);
    }
}

#[test]
fn a_learners_grades_stand_beside_the_originals() {
    let bank = bank();
    bank.run(&["grade", "import", "grades.toml"]).exits(0);
    bank.run(&["grade", "import", "tables.csv"]).exits(0);
    bank.run(&["import", "results.csv", "--profile", "profile.toml"]).exits(0);
    let grades = json(bank.run(&["grade", "convert", "9001", "--to-scale", "百分制", "--format", "json"]));
    let rows: Vec<String> = grades["grades"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let text = |key: &str| row[key].as_str().unwrap_or("-").to_owned();
            format!(
                "{} {} {} {} {}",
                text("outcome"),
                text("grade"),
                text("answer"),
                text("suggested"),
                text("conversion")
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            "C1 1,3 converted 94 hss-lju-table",
            "C2 3.0 converted 60 hss-lju-shares",
            "C3 5.0 fails - hss-lju-table",
            "C4 good no conversion - -",
        ],
        "{grades:#}"
    );
    assert_eq!(grades["grades"][0]["cycle"], "first");
    // The table has no row for 3.0, and says so.
    let over = grades["grades"][1]["passed_over"].as_str().unwrap();
    assert!(over.starts_with("hss-lju-table: the table has no row for 3.0"), "{over}");

    let statement =
        json(bank.run(&["report", "statement", "9001", "--grades-on", "百分制", "--format", "json"]));
    let lot = &statement["lots"][0];
    assert_eq!((lot["grade"].as_str(), lot["scale"].as_str()), (Some("1,3"), Some("German 1–5")));
    assert_eq!(
        (lot["grade_suggested"].as_str(), lot["grade_low"].as_str(), lot["grade_high"].as_str()),
        (Some("94"), Some("90"), Some("100"))
    );
    assert_eq!(lot["grade_by"], "hss-lju-table, version 1");
    assert_eq!(statement["lots"][2]["grade_by"], "fails");
    let plain = json(bank.run(&["report", "statement", "9001", "--format", "json"]));
    assert_eq!(plain["lots"][0].get("grade_suggested"), None);
    bank.run(&["report", "statement", "9001", "--grades-on", "none"]).exits(1).says("G301");

    let counted = bank.run(&[
        "grade",
        "count",
        "HSS",
        "--scale",
        "German 1–5",
        "--first-year",
        "2024",
        "--last-year",
        "2024",
        "-o",
        "counted.csv",
    ]);
    counted.exits(0);
    let text = std::fs::read_to_string(bank.folder.path().join("counted.csv")).unwrap();
    assert!(
        text.contains("HSS,German 1–5,0613,first,2024,2024,\"1,3\",1,counted by the bank on 2026-09-01"),
        "{text}"
    );
    bank.run(&["grade", "import", "counted.csv"]).exits(1).says("G233").says("overlaps");
}

#[test]
fn a_scale_that_changes_reads_each_grade_by_its_day() {
    let bank = bank();
    bank.run(&[
        "scale",
        "add",
        "points",
        "--numeric",
        "--best",
        "100",
        "--worst",
        "0",
        "--pass",
        "60",
        "--step",
        "1",
    ])
    .exits(0);
    let add = |rest: &[&str]| {
        let all =
            [&["scale", "add", "points", "--numeric", "--best", "100", "--worst", "0", "--step", "1"], rest]
                .concat();
        bank.run(&all)
    };
    add(&["--pass", "60"]).exits(0).shows("nothing was posted");
    add(&["--pass", "50"]).exits(1).says("G103").says("--valid-from");
    add(&["--pass", "50", "--valid-from", "2025-09-01"]).exits(0).shows("60").shows("50");
    add(&["--pass", "40", "--valid-from", "2024-09-01"]).exits(2).says("G131");
    bank.write("g.toml", "[[scale]]\nname = \"letters\"\ngrades = [\"F\", \"P\"]\npass = \"P\"\n\n[[conversion]]\nname = \"t\"\nfrom = \"points\"\nto = \"letters\"\nmethod = \"linear\"\nrounding = \"worse\"\nequal_steps = true\nto_pass = \"F\"\n");
    bank.run(&["scale", "import", "g.toml"]).exits(2).says("G132").says("g.toml:6:1");
    bank.run(&["grade", "import", "g.toml"]).exits(0);
    let ask = |day| {
        convert(&bank, &["--from-scale", "points", "--grade", "55", "--to-scale", "letters", "--given", day])
    };
    assert_eq!(ask("2025-08-31")["answer"], "fails");
    assert_eq!(ask("2025-09-01")["answer"], "converted");
    bank.run(&["scale", "list", "--versions"]).exits(0).shows("3 versions");
}

const RULES: &str = r#"
book = "hss-lju"

[[rule]]
id = "good"
from = { system = "ECTS" }
to = { system = "CN" }
ratio = "1/2"
min_grade = "2.0"
scale = "German 1–5"
"#;

/// Less is better on this scale, so 1,3 is a 2.0 at least and 3.0 is not. A decision keeps to the scale as it was.
#[test]
fn a_rules_minimum_is_read_on_the_scale_as_it_was_when_it_was_decided() {
    let bank = bank();
    bank.write("rules.toml", RULES);
    bank.run(&["scale", "import", "scales.toml"]).exits(0);
    bank.run(&["import", "results.csv", "--profile", "profile.toml"]).exits(0);
    bank.run(&["rule", "load", "rules.toml"]).exits(0);
    let kept = json(bank.run(&["quote", "9001", "--to", "CN", "--format", "json"])).to_string();
    assert!(kept.contains("German 1–5"), "{kept}");
    bank.run(&["convert", "9001", "--to", "CN"]).exits(0).shows("2.5");
    bank.run(&["verify", "--deep"]).exits(0).shows("clean");
    let turned = ["scale", "add", "German 1–5", "--numeric", "--best", "5", "--worst", "1", "--pass", "2"];
    bank.run(&[&turned[..], &["--correct"]].concat()).exits(0);
    bank.run(&["verify", "--deep"]).exits(0).shows("clean");
}

#[test]
fn bad_files_say_where_and_how_to_mend_them() {
    let bank = bank();
    bank.run(&["grade", "import", "grades.toml"]).exits(0);
    let cases: &[(&str, &str, &str)] = &[
        ("from = \"German 1–5\"", "from = \"German\"", "unknown scale `German`"),
        ("institution = \"HSS\"", "institution = \"XXX\"", "there is no institution `XXX`"),
        ("to_institution = \"LJU\"", "to_institution = \"XXX\"", "there is no institution `XXX`"),
        ("grade = \"1.0\"", "grade = \"0.7\"", "grade `0.7`: the grades of German 1–5 are numbers"),
        ("low = \"90\"", "low = \"95\"", "on 百分制 that does not rise"),
        ("grade = \"1.3\"", "grade = \"1.0\"", "the table has two rows for `1.0`"),
        ("pass = \"60\"\n", "", "says no lowest pass"),
    ];
    for (old, new, part) in cases {
        assert!(GRADES.contains(old), "{old}");
        let text = GRADES.replacen(old, new, 1).replace("hss-lju", "other").replace("百分制", "百分");
        let part = part.replace("百分制", "百分");
        bank.write("bad.toml", text);
        bank.run(&["grade", "import", "bad.toml"]).exits(1).says("G200").says(&part).says("bad.toml:");
    }
    for (old, new, part) in [
        ("LJU,百分制", "LJU,百分", "unknown scale `百分`"),
        (
            "HSS,German 1–5,0613,first,2022,2024,4.0",
            "HSS,German 1–5,0613,first,2022,2024,4.3",
            "grade `4.3` fails: the lowest pass of German 1–5 is 4.0",
        ),
        (
            "HSS,German 1–5,0613,first,2022,2024,4.0",
            "HSS,German 1–5,0613,first,2022,2024,A",
            "grade `A`: the grades of German 1–5 are numbers",
        ),
        ("1.3,40", "\"1,0\",40", "is counted twice"),
    ] {
        assert!(TABLES.contains(old), "{old}");
        bank.write("bad.csv", TABLES.replacen(old, new, 1));
        bank.run(&["grade", "import", "bad.csv"]).exits(1).says(part).says("bad.csv:");
    }
    let changed = GRADES.replacen("pass = \"60\"", "pass = \"50\"", 1);
    bank.write("changed.toml", changed);
    bank.run(&["grade", "import", "changed.toml"]).exits(1).says("G214").says("valid_from");
    bank.run(&["grade", "import", "changed.toml", "--correct"]).exits(0);
    bank.run(&["grade", "import", "missing.toml"]).exits(1).says("G199");
    bank.run(&["grade", "tables"]).exits(0).shows("no grading tables");
    bank.run(&["verify"]).exits(0).shows("clean");
}

#[test]
fn a_transcripts_distribution_becomes_a_grading_table() {
    let bank = Session::bank();
    let scale = "Austrian grades, 1 (very good) to 5 (failed)";
    bank.run(&["import", &common::project("examples/formats/transcript.elmo.xml"), "--profile", "elmo"])
        .exits(0);
    let years = ["--scale", scale, "--first-year", "2024", "--last-year", "2025", "--distributions"];
    let count = [&["grade", "count", "silbersee.example"][..], &years].concat();
    bank.run(&count).exits(1).says("G303");
    bank.run(&["scale", "add", scale, "--grades", "5,4,3,2,1", "--pass", "4"]).exits(0);
    bank.run(&[&count[..], &["--output", "table.csv"]].concat()).exits(0).says("not counted: 1 failing");
    bank.run(&["grade", "import", "table.csv"]).exits(0).shows("4: 8; 3: 11; 2: 19; 1: 7").shows("45");
    bank.run(&["grade", "tables", "--field", "0413", "--level", "first"]).exits(0).shows("1 grading table");
    bank.run(&["verify"]).exits(0).shows("clean");
}
