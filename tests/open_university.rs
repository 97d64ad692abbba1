//! A university's real file, from import to proof: 5,432 rows in UK credits.
#![allow(clippy::unwrap_used)]

mod common;
mod oulad;

use common::{Answer, Session};
use oulad::OpenUniversity;
use serde_json::Value;
use std::collections::BTreeSet;

fn json(answer: &Answer) -> Value {
    serde_json::from_str(&answer.out).unwrap()
}

/// A value of an import's summary.
fn summary<'v>(import: &'v Value, what: &str) -> &'v Value {
    let rows = import["summary"].as_array().unwrap();
    &rows.iter().find(|row| row["what"] == what).unwrap()["value"]
}

/// The sums over all learners of one system: held, placed, converted.
fn sums(session: &Session, system: &str) -> [String; 3] {
    let report = json(&session.run(&["report", "trial-balance", "--format", "json"]).exits(0));
    let rows = report["trial_balance"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["agrees"] == true), "{rows:?}");
    let total = |row: &&Value| row["place"] == "total";
    assert!(rows.iter().filter(total).all(|row| row["recounted"] == "0"), "{rows:?}");
    ["held", "placed", "converted"].map(|place| {
        let row = rows.iter().find(|row| row["system"] == system && row["place"] == place).unwrap();
        row["recounted"].as_str().unwrap().to_owned()
    })
}

#[test]
fn open_university() {
    let Some(university) = OpenUniversity::found("open_university") else { return };
    let session = &university.session;
    university.courses().exits(0);

    let imported = university.results(&["--format", "json"]).exits(3).says("20-Oct").says("10-20%");
    let import = json(&imported);
    assert_eq!(summary(&import, "rows read"), 5_432);
    assert_eq!(summary(&import, "rows refused"), 90);
    let deposited = import["deposited"].as_array().unwrap();
    assert_eq!(deposited.len(), 1);
    assert_eq!((&deposited[0]["system"], &deposited[0]["deposited"]), (&"UK".into(), &"182895".into()));

    // Refused are the groups of modules that share one load and do not share a result.
    let problems = import["findings"].as_array().unwrap();
    assert_eq!(problems.len(), 90);
    assert!(problems.iter().all(|problem| problem["rule"] == "E401"));
    let group = |problem: &Value| {
        let reason = problem["reason"].as_str().unwrap();
        let at = reason.split_once("starts on line ").unwrap().1;
        at.split(',').next().unwrap().to_owned()
    };
    assert_eq!(problems.iter().map(group).collect::<BTreeSet<_>>().len(), 45);
    let rejects = std::fs::read_to_string(session.path("refused.csv")).unwrap();
    assert_eq!(rejects.lines().count(), 91);

    // Exactly once: the same file again deposits nothing.
    let head = session.head();
    let again = json(&university.results(&["--format", "json"]).exits(3).says("N102"));
    assert_eq!(summary(&again, "rows deposited"), 0);
    assert_eq!(summary(&again, "rows refused"), 90);
    assert_eq!(again["deposited"].as_array().map_or(0, Vec::len), 0);
    assert_eq!(session.head(), head);
    assert_eq!(sums(session, "UK"), ["182895", "0", "0"]);

    // A presentation is a term: the day of the result is not known, and none is made up.
    let statement = json(&session.run(&["report", "statement", "45462", "--format", "json"]).exits(0));
    let lot = &statement["lots"][0];
    assert_eq!((&lot["period"], &lot["precision"]), (&"2013J".into(), &"term".into()));

    // 182895 × 1/2, all of it on multiples of 0.5.
    university.convert().exits(0).shows("91447.5");
    assert_eq!(sums(session, "UK"), ["0", "182895", "0"]);
    assert_eq!(sums(session, "ECTS"), ["0", "0", "91447.5"]);
    let head = session.head();
    session.run(&["convert", "--all", "--to", "ECTS"]).exits(0).shows("nothing was posted");
    assert_eq!(session.head(), head);

    session.run(&["verify"]).exits(0).shows("clean");
}
