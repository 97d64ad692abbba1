//! From a partner's file to its first dry run: `profile new`, and `profile diff` between versions.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Session, project};
use std::path::PathBuf;

/// A row of a table of files: path, further arguments, the exit code of the dry run, and what it shows.
type Case<'a> = (&'a str, &'a [&'a str], i32, &'a [&'a str]);

/// Drafts a profile of a file and tries it.
fn dry_run(session: &Session, file: &str, arguments: &[&str], code: i32, parts: &[&str]) {
    let draft = session.path("draft.toml");
    let _ = std::fs::remove_file(&draft);
    session.run(&[&["profile", "new", file, "--output", "draft.toml"], arguments].concat()).exits(0);
    session.run(&["profile", "check", "draft.toml"]).exits(0);
    let before = session.head();
    let answer =
        session.run(&["import", file, "--profile", "draft.toml", "--dry-run", "--keep-going"]).exits(code);
    let said = format!("{}{}", answer.out, answer.err);
    for part in parts {
        assert!(
            said.contains(part),
            "{part:?} of {file} is not in:\n{said}\n{}",
            std::fs::read_to_string(&draft).unwrap()
        );
    }
    assert_eq!(session.head(), before);
}

#[test]
fn the_examples_can_be_tried_at_once() {
    let session = Session::bank();
    let cases: &[Case] = &[
        ("catalogue.csv", &[], 0, &["rows registered               18", "rows refused                  0"]),
        // One course stands there with 3 and with 4 credits: the draft asks, the import refuses.
        (
            "lanjiang/results.csv",
            &["--institution", "LJU"],
            3,
            &["rows refused                  1", "11  7 学分", "E305"],
        ),
        (
            "silbersee/results.csv",
            &["--institution", "HSS"],
            0,
            &["rows deposited                9", "rows recorded without credit  1", "ECTS         47.5"],
        ),
        ("beyond-school/results.csv", &[], 0, &["rows deposited                10"]),
    ];
    for (file, arguments, code, parts) in cases {
        dry_run(&session, &project(&format!("examples/riverside/{file}")), arguments, *code, parts);
    }
}

#[test]
fn a_table_below_a_title_can_be_tried_at_once() {
    let session = Session::bank();
    let text = "某大学成绩表\n\n学号,姓名,课程代码,课程名称,学分,日期\n1,虚构,A,数据结构,3,2024-01-31\n";
    session.write("a.csv", &*encoding_rs::GB18030.encode(text).0);
    dry_run(&session, "a.csv", &["--institution", "LJU"], 0, &["rows deposited                1"]);
    let draft = std::fs::read_to_string(session.path("draft.toml")).unwrap();
    assert!(draft.contains("encoding = \"gb18030\"") && draft.contains("\nheader_row = 3 "), "{draft}");
}

#[test]
fn a_damaged_file_is_refused_where_it_is_damaged() {
    let session = Session::empty();
    let mut bytes = encoding_rs::GB18030.encode("id,name,title\n1,林知远,数据结构\n").0.into_owned();
    bytes.extend(b"2,\xd1\x20,\n");
    session.write("a.csv", bytes);
    session.run(&["profile", "new", "a.csv"]).exits(1).says("line 3, byte 34 of the file").says("E006");
}

/// A file of the data shared beside the project; `None` where it is absent, which is said.
fn shared(path: &str) -> Option<String> {
    let root = std::env::var_os("CREDITBANK_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let file = root.join("data").join(path);
    if !file.exists() {
        eprintln!("skipped: {path} is absent");
        return None;
    }
    Some(file.to_string_lossy().into_owned())
}

#[test]
fn files_that_others_wrote_can_be_tried_at_once() {
    let session = Session::bank();
    let cases: &[Case] = &[
        (
            "registrar-header/export.csv",
            &["--institution", "A"],
            0,
            &["rows deposited                3", "CN             15"],
        ),
        // Blank codes, and one course with 3 and with 1 credit.
        ("huazhong/curriculum.utf8.csv", &["--institution", "B"], 3, &["E201", "E305", "314300001006"]),
        ("huazhong/curriculum.gb18030.csv", &["--institution", "C"], 3, &["E201", "E305", "314300001006"]),
        (
            "tsukuba/catalogue-500.utf8.csv",
            &["--institution", "D"],
            0,
            &["rows registered               500"],
        ),
        (
            "tsukuba/catalogue-500.cp932.csv",
            &["--institution", "E"],
            0,
            &["rows registered               500"],
        ),
        // Terms need the institution's calendar, which no file can say.
        ("oulad/courses.csv", &["--institution", "F"], 3, &["E231", "2013J"]),
        ("oulad/studentInfo-sixth.csv", &["--institution", "G"], 3, &["E231", "E306"]),
    ];
    for (path, arguments, code, parts) in cases {
        if let Some(file) = shared(path) {
            dry_run(&session, &file, arguments, *code, parts);
        }
    }
}

#[test]
fn what_others_files_leave_open_is_asked() {
    let session = Session::empty();
    let cases = [
        (
            "oulad/studentInfo-sixth.csv",
            vec!["# [group]", "\"Distinction\" = \"passed\"", "written = \"{year}J\"", "5432 rows"],
        ),
        (
            "huazhong/curriculum.gb18030.csv",
            vec!["lines 2 and 18 give one outcome different values of `学分`"],
        ),
        ("registrar-header/export.csv", vec!["1 with leading zeros", "`总评成绩` goes from 85 to 90"]),
        (
            "registrar-header/semicolon-decimal-comma.cp1252.csv",
            vec!["decimal_mark = \",\"", "(`learner`)", "(`period`)"],
        ),
    ];
    for (path, parts) in cases {
        let Some(file) = shared(path) else { continue };
        let answer = session.run(&["profile", "new", &file]).exits(0);
        let text = answer.out.replace("\n#   ", " ");
        for part in parts {
            assert!(text.contains(part), "{part:?} of {path} is not in:\n{}", answer.out);
        }
    }
}

#[test]
fn a_file_of_a_published_layout_is_known() {
    let session = Session::empty();
    let cases = [
        ("china/courses.csv", "`cn-course-results` finds all its 14 columns"),
        ("china/certificates.csv", "`cn-certificate-conversions` finds all its"),
        ("china/external.csv", "`cn-external-courses` finds all its"),
        ("india/subjects.csv", "`in-abc-subjects` finds all its"),
        ("india/marksheets.csv", "`in-abc-marksheets` finds all its"),
    ];
    for (file, part) in cases {
        let answer = session.run(&["profile", "new", &project(&format!("examples/formats/{file}"))]).exits(0);
        let text = answer.out.replace("\n#   ", " ");
        assert!(text.contains(part), "{part:?} of {file} is not in:\n{}", answer.out);
    }
    let other = session.run(&["profile", "new", &project("examples/riverside/lanjiang/results.csv")]);
    assert!(!other.out.contains("built-in"), "{}", other.out);
}

#[test]
fn a_draft_without_a_required_field_is_refused_by_the_ordinary_error() {
    let session = Session::bank();
    session.write("a.csv", "学号,课程代码,成绩,日期\n1,A,85,2024-01-01\n");
    let draft = session.run(&["profile", "new", "a.csv"]).exits(0).shows("# institution = \"CODE\"");
    assert!(draft.err.contains("1 rows looked at"), "{}", draft.err);
    session.write("a.toml", &draft.out);
    session
        .run(&["import", "a.csv", "--profile", "a.toml", "--dry-run"])
        .exits(1)
        .says("field `institution` is missing")
        .says("I102");
}

#[test]
fn what_was_found_goes_to_scripts_too() {
    let session = Session::empty();
    session.write("成绩.csv", "学号,课程代码,结果,日期\n1,A,通过,2024-01-01\n2,A,缓考,2024-01-01\n");
    let answer =
        session.run(&["profile", "new", "成绩.csv", "--institution", "LJU", "--format", "json"]).exits(0);
    let found: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!(found["schema"], "creditbank/profile-new/1");
    assert_eq!(
        found["file"][0]["value"], "lju",
        "the name is the institution's where the file's has no letters"
    );
    assert_eq!(found["columns"][0]["field"], "learner");
    assert_eq!(found["words"][0]["word"], "缓考");
    assert!(found["questions"].as_array().unwrap().iter().any(|row| row["about"] == "values.status"));
    session.run(&["profile", "new", "成绩.csv", "--output", "found.csv"]).exits(0);
    assert!(std::fs::read_to_string(session.path("found.csv")).unwrap().contains("columns"));
}

#[test]
fn bad_requests_are_refused_and_nothing_is_overwritten() {
    let session = Session::empty();
    session.write("a.csv", "学号,课程代码\n1,A\n");
    session.write("mine.toml", "mine");
    session.write("empty.csv", "");
    let cases: &[(&[&str], i32, &str)] = &[
        (&["a.csv", "--output", "mine.toml"], 1, "C103"),
        (&["a.csv", "--format", "json", "--output", "mine.toml"], 1, "C103"),
        (&["a.csv", "--name", "Ä"], 2, "I111"),
        (&["a.csv", "--target", "courses"], 2, "I112"),
        (&["a.csv", "--format", "xml"], 2, "R201"),
        (&["missing.csv"], 1, "E001"),
        (&["."], 1, "E001"),
        (&["empty.csv"], 1, "E002"),
    ];
    for (arguments, code, part) in cases {
        let answer = session.run(&[&["profile", "new"], *arguments].concat()).exits(*code).says(part);
        assert!(answer.out.is_empty(), "{}", answer.out);
    }
    assert_eq!(std::fs::read_to_string(session.path("mine.toml")).unwrap(), "mine");
}

const PROFILE: &str = "name = \"lju\"\ntarget = \"outcomes\"\n[columns]\noutcome = \"课程代码\"\n\
    [constants]\ninstitution = \"LJU\"\n";

#[test]
fn versions_and_files_are_compared_by_meaning() {
    let session = Session::bank();
    session.write("one.toml", PROFILE);
    session.write("same.toml", format!("# a remark\n{PROFILE}[file]\nheader = true\n"));
    session.write("two.toml", PROFILE.replace("课程代码", "课程编号") + "credits = \"3\"\n");
    session.run(&["profile", "diff", "one.toml", "same.toml"]).exits(0).shows("the same by meaning");
    session.run(&["profile", "diff", "one.toml", "one.toml"]).exits(0).shows("the same text");
    session.run(&["profile", "diff", "one.toml"]).exits(1).says("I104");
    session.run(&["profile", "add", "one.toml"]).exits(0);
    session.run(&["profile", "diff", "lju"]).exits(1).says("I104");
    session.run(&["profile", "diff", "same.toml"]).exits(0);
    session.run(&["profile", "diff", "two.toml"]).exits(4).shows("columns.outcome");
    session.run(&["profile", "add", "two.toml"]).exits(0);
    for arguments in [&["lju"][..], &["lju@1", "lju@2"], &["one.toml", "lju"], &["lju@1", "two.toml"]] {
        let answer = session.run(&[&["profile", "diff"], arguments, &["--format", "json"]].concat()).exits(4);
        let found: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
        let rows = found["differences"].as_array().unwrap();
        assert_eq!(rows.len(), 2, "{arguments:?} {rows:?}");
        assert_eq!((&rows[0]["before"], &rows[0]["after"]), (&"课程代码".into(), &"课程编号".into()));
        assert_eq!(
            (&rows[1]["key"], &rows[1]["before"]),
            (&"constants.credits".into(), &serde_json::Value::Null)
        );
    }
    session.run(&["profile", "diff", "lju@7", "lju"]).exits(1).says("no version 7");
    session.run(&["profile", "diff", "lju@x", "lju"]).exits(2).says("I103");
    session.run(&["profile", "diff", "nowhere", "lju"]).exits(1).says("I101");
}

#[test]
fn a_file_of_too_many_columns_is_refused_at_once() {
    let session = Session::bank();
    for columns in [4_097, 100_000] {
        let names: Vec<String> = (0..columns).map(|at| format!("c{at}")).collect();
        session.write("wide.csv", format!("{}\n{}\n", names.join(","), vec!["1"; columns].join(",")));
        session.run(&["profile", "new", "wide.csv", "--output", "draft.toml"]).exits(1).says("E010");
    }
}
