//! Files that other people wrote, read in place by profiles of our own, and small files of the same kinds.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Answer, Session, project};
use std::path::PathBuf;

/// A file of the shared data, which is not part of the project; `None` where it is absent.
fn shared(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(project("../shared/data")).join(name);
    if !path.exists() {
        eprintln!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

fn import(session: &Session, file: &str, profile: &str, more: &[&str]) -> Answer {
    session.run(&[&["import", file, "--profile", profile], more].concat())
}

fn outcomes(session: &Session) -> Vec<String> {
    let answer = session.run(&["outcome", "list", "--format", "csv"]).exits(0);
    answer.out.lines().skip(1).map(str::to_owned).collect()
}

/// A curriculum: terms as `第1学期` or `1`, groups of electives without code and credits.
const CURRICULUM: &str = r#"name = "curriculum"
target = "outcomes"
[columns]
outcome = "课程代码"
title = "课程名称"
credits = "学分"
offering = "学期"
[constants]
institution = "HZAU"
system = "CN"
kind = "formal"
[dates]
formats = ["term"]
[values.offering]
1 = "第1学期"
2 = "第2学期"
3 = "第3学期"
8 = "第8学期"
[[institutions]]
code = "HZAU"
name = "A university"
[[institutions.calendar.term]]
written = "第1学期"
first = "2022-09-01"
last = "2023-01-31"
[[institutions.calendar.term]]
written = "第2学期"
first = "2023-02-01"
last = "2023-07-31"
[[institutions.calendar.term]]
written = "第3学期"
first = "2023-09-01"
last = "2024-01-31"
[[institutions.calendar.term]]
written = "第4学期"
first = "2024-02-01"
last = "2024-07-31"
[[institutions.calendar.term]]
written = "第5学期"
first = "2024-09-01"
last = "2025-01-31"
[[institutions.calendar.term]]
written = "第7学期"
first = "2025-09-01"
last = "2026-01-31"
[[institutions.calendar.term]]
written = "第8学期"
first = "2026-02-01"
last = "2026-07-31"
"#;

/// Asserts what every curriculum of this kind must show: the same course with other credits is refused
/// with both lines, and so are groups without a code; the rest is taken.
fn curriculum(file: &str, first: u64, second: u64, refused: usize) {
    let session = Session::bank();
    session.write("curriculum.toml", CURRICULUM);
    let answer = import(&session, file, "curriculum.toml", &["--keep-going", "--format", "json"]).exits(3);
    let report: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    let text = report.to_string();
    let differs: Vec<&serde_json::Value> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|problem| problem["rule"] == "E305" && problem["line"] == second)
        .collect();
    assert_eq!(differs.len(), 1, "{text}");
    let reason = differs[0]["reason"].as_str().unwrap();
    assert!(reason.contains(&format!("line {first}")) && reason.contains("credits"), "{reason}");
    let missing = report["findings"].as_array().unwrap().iter().filter(|problem| problem["rule"] == "E201");
    assert_eq!(missing.count(), refused, "{text}");
    assert!(!outcomes(&session).is_empty());
}

#[test]
fn a_curriculum_of_our_own_has_the_same_course_with_other_credits() {
    let session = Session::empty();
    let path = session.write(
        "own.csv",
        "学院,专业,学期,课程代码,课程名称,学分,备注\n文,史,第1学期,0001,导论,3,必修\n文,史,1,,选修课,,选修类别\n\
         文,史,第2学期,0002,史料,2.5,必修\n文,史,8,0001,导论,1,必修\n",
    );
    curriculum(path.to_str().unwrap(), 2, 5, 1);
}

#[test]
fn huazhong_has_the_same_course_with_three_credits_and_with_one() {
    let Some(path) = shared("huazhong/curriculum.utf8.csv") else { return };
    curriculum(path.to_str().unwrap(), 2, 18, 4);
}

/// A catalogue without a header: code, title, …, credits with a leading space or `-`.
const COURSES: &str = r#"name = "courses"
target = "outcomes"
[file]
encoding = "ENCODING"
header = false
[columns]
outcome = 1
title = 2
credits = 4
[values.credits]
"-" = ""
[constants]
institution = "TSU"
system = "JP"
kind = "formal"
[[institutions]]
code = "TSU"
name = "筑波"
"#;

/// The catalogue that a file gives, and how many rows it has.
fn courses(file: &str, encoding: &str) -> (Vec<String>, String) {
    let session = Session::bank();
    session.write("courses.toml", COURSES.replace("ENCODING", encoding));
    let answer = import(&session, file, "courses.toml", &[]).exits(0);
    (outcomes(&session), answer.out + &answer.err)
}

#[test]
fn a_catalogue_without_header_reads_the_same_in_both_encodings() {
    let session = Session::empty();
    let text = "0001,入門,2, 1.0,1\n0002,演習,2,-,1\n0003,講義,2, 2.5,1";
    let utf8 = session.write("utf8.csv", text);
    let cp932 = session.write("cp932.csv", encoding_rs::SHIFT_JIS.encode(text).0);
    let (first, _) = courses(utf8.to_str().unwrap(), "utf-8");
    let (second, _) = courses(cp932.to_str().unwrap(), "cp932");
    assert_eq!(first.len(), 3);
    assert_eq!(first, second);
    assert!(first[0].contains("入門") && first[0].contains(",1,"), "{first:#?}");
}

#[test]
fn tsukuba_reads_the_same_in_both_encodings() {
    let (Some(utf8), Some(cp932)) =
        (shared("tsukuba/catalogue-500.utf8.csv"), shared("tsukuba/catalogue-500.cp932.csv"))
    else {
        return;
    };
    let (first, told) = courses(utf8.to_str().unwrap(), "utf-8");
    let (second, _) = courses(cp932.to_str().unwrap(), "cp932");
    assert_eq!(first.len(), 500, "{told}");
    assert_eq!(first, second);
}

/// A registrar's export: 15-digit student numbers, days with the time.
const REGISTRAR: &str = r#"name = "registrar"
target = "achievements"
[columns]
learner = "学号"
name = "姓名"
outcome = "课程代码"
title = "课程名称"
credits = "学分"
grade = "总评成绩"
period = "考试具体时间"
[constants]
institution = "REG"
system = "CN"
kind = "formal"
[dates]
formats = ["YYYY-MM-DD hh:mm"]
[pass]
mark = 60
[learner]
unknown = "create"
[outcome]
unknown = "create"
[institution]
unknown = "create"
[attributes]
class = "行政班"
examination = "考试性质"
"#;

fn registrar(file: &str, zero: &str, rows: usize) {
    let session = Session::bank();
    session.write("registrar.toml", REGISTRAR);
    import(&session, file, "registrar.toml", &[]).exits(0).shows("rows deposited");
    // The number is found with its leading zero, and not without it.
    session.run(&["learner", "find", zero]).exits(0).shows(&format!("student-number@REG:{zero}"));
    let found = session.run(&["learner", "find", zero.trim_start_matches('0')]).exits(0);
    assert!(!found.out.contains("student-number"), "{}", found.out);
    let totals = session.run(&["report", "journal", "--format", "json"]).exits(0);
    assert_eq!(totals.out.matches("\"deposit\"").count(), rows, "{}", totals.out);
    session.run(&["verify"]).exits(0);
}

#[test]
fn a_registrar_s_export_of_our_own_keeps_leading_zeros() {
    let session = Session::empty();
    let path = session.write(
        "own.csv",
        "学号,姓名,行政班,课程代码,课程名称,学分,课程性质,总评成绩,任课教师,考试性质,考试具体时间,考试地点,计数\n\
         000000000000017,样例(虚构),一班,0A1,导论,2,必修,77,无,补考,2024-09-28 09:00,A1,1\n\
         100000000000017,样例(虚构),一班,0A1,导论,2,必修,61,无,补考,2024-09-28 09:00,A1,1",
    );
    registrar(path.to_str().unwrap(), "000000000000017", 2);
}

#[test]
fn the_registrar_header_keeps_leading_zeros() {
    let Some(path) = shared("registrar-header/export.csv") else { return };
    registrar(path.to_str().unwrap(), "098765432109876", 3);
}
