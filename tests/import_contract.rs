//! The contract with partners: what a check finds is what an import does, a delivery is held to its standard,
//! and a receipt says the same for ever. Everybody in these files is fictitious.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Session, project};
use serde_json::Value;

const HEADER: &str = "learner,outcome,date,credits\n";

/// The common profile of the examples with more at its end.
fn profile(more: &str) -> String {
    format!("{}\n{more}", std::fs::read_to_string(project("tests/import-rules/profile.toml")).unwrap())
}

/// A file of that many good rows, each of another learner, and then of that many bad ones.
fn rows(good: usize, bad: usize) -> String {
    let row = |at: usize, credits: &str| format!("L{at:04},MA101,2024-06-30,{credits}\n");
    let good = (0..good).map(|at| row(at, "2.5"));
    let bad = (5000..5000 + bad).map(|at| row(at, "none"));
    HEADER.chars().map(String::from).chain(good).chain(bad).collect()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The summary without what only a commit or a bank gives.
fn sums(report: &Value) -> Vec<(String, String)> {
    let only = ["rows read", "rows deposited", "rows recorded without credit", "rows recorded before"];
    let facts = report["summary"].as_array().unwrap().iter();
    let facts = facts.map(|fact| (fact["what"].as_str().unwrap().to_owned(), fact["value"].to_string()));
    facts
        .filter(|(what, _)| only.contains(&&**what) || what == "rows refused" || what.contains("warn"))
        .collect()
}

#[test]
fn credit_that_an_outcome_gives_once_is_added_up_once_without_a_bank_too() {
    let once = "L1,MA101,2025-06-30,3\nL1,MA101,2024-06-30,5\nL2,MA101,2024-06-30,2\nL2,MA101,2025-06-30,2\n";
    let choir = "L3,CHOIR,2024-06-30,1,yes\nL3,CHOIR,2025-06-30,1,yes\nL3,MA101,2024-06-30,1,no\nL3,MA101,2025-06-30,4,no\n";
    for (counts, header, rows, sum, others) in [
        ("first", "learner,outcome,date,credits", once, "7", 2),
        ("latest", "learner,outcome,date,credits", once, "5", 2),
        ("first", "learner,outcome,date,credits,repeatable", choir, "3", 1),
        ("latest", "learner,outcome,date,credits,repeatable", choir, "6", 1),
    ] {
        let session = Session::bank();
        let mut text = profile(&format!("[attempts]\ncounts = \"{counts}\"\n"));
        text = text.replace("[outcome]", "[outcome]\ndiffers = \"version\"");
        if header.ends_with("repeatable") {
            text = text.replace("[constants]", "repeatable = \"repeatable\"\n[constants]");
        }
        session.write("p.toml", text);
        session.write("r.csv", format!("{header}\n{rows}"));
        for command in [&["import-check"][..], &["import", "--dry-run"], &["import"]] {
            let arguments = [command, &["r.csv", "--profile", "p.toml", "--format", "json"]].concat();
            let report = json(&session.run(&arguments).exits(0).out);
            let summary = report["summary"].as_array().unwrap();
            let value = |name: &str| {
                let fact = summary.iter().find(|fact| fact["what"] == name);
                fact.map(|fact| fact["value"].clone()).unwrap_or_default()
            };
            assert_eq!(report["deposited"][0]["deposited"], sum, "{command:?} {counts} {report:#}");
            assert_eq!(value("rows deposited"), 4, "{command:?} {counts}");
            assert_eq!(value("results of which another counts"), others, "{command:?} {counts}");
        }
    }
}

#[test]
fn a_check_with_and_without_a_bank_a_dry_run_and_an_import_agree() {
    let session = Session::bank();
    session.write(
        "p.toml",
        profile("[lenient]\nE224 = \"agreed\"\n").replace("[constants]", "field = \"f\"\n[constants]"),
    );
    let file = "learner,outcome,date,credits,f\n\
        L1,MA101,2024-06-30,3,0541\n\
        L2,MA101,2024-02-30,x,0541\n\
        L3,MA101,2046-06-30,3,\n\
        L1,MA101,2024-06-30,3,0541\n\
        L4,MA101,2024-06-30,4,0541\n\
        L5,MA102,2024-06-30,2.5,54-1\n\
        L6,MA102\n";
    session.write("r.csv", file);
    let run = |arguments: &[&str], code| {
        let common = ["r.csv", "--profile", "p.toml", "--format", "json"];
        json(&session.run(&[arguments, &common].concat()).exits(code).out)
    };
    let alone = run(&["import-check"], 4);
    let against = run(&["import-check", "--ledger", "creditbank.db"], 4);
    let dry = run(&["import", "--dry-run"], 1);
    let kept = run(&["import", "--keep-going"], 3);
    for (name, report) in [("alone", &alone), ("against", &against), ("committed", &kept)] {
        assert_eq!(sums(report), sums(&dry), "{name}");
        for part in ["findings", "rules", "deposited"] {
            assert_eq!(report[part], dry[part], "{name}: {part}");
        }
    }
    let found: Vec<(i64, &str, &str)> = dry["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["line"].as_i64().unwrap(), f["rule"].as_str().unwrap(), f["severity"].as_str().unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            (3, "E202", "error"),
            (3, "E232", "error"),
            (4, "W241", "warning"),
            (6, "E305", "error"),
            (7, "E224", "warning"),
            (8, "E101", "error"),
        ]
    );
    // A check posts nothing, not even a receipt.
    let before = session.head();
    run(&["import-check", "--ledger", "creditbank.db"], 4);
    assert_eq!(session.head(), before);
}

#[test]
fn a_check_without_a_bank_makes_none_and_says_what_it_cannot_know() {
    let session = Session::empty();
    session.write("p.toml", profile("").replace("[learner]\nunknown = \"create\"", ""));
    session.write("r.csv", rows(3, 0));
    let check = ["import-check", "r.csv", "--profile", "p.toml", "--format", "json"];
    let report = json(&session.run(&check).exits(0).out);
    let unchecked: Vec<&str> =
        report["unchecked"].as_array().unwrap().iter().map(|row| row["rule"].as_str().unwrap()).collect();
    assert_eq!(unchecked, ["E301", "E312", "E403", "N116"]);
    let left: Vec<_> =
        std::fs::read_dir(session.folder.path()).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
    session.run(&["import-check", "none.csv", "--profile", "p.toml"]).exits(4).says("E001");
    session.run(&["import-check", "r.csv", "--profile", "none.toml"]).exits(1).says("I101");
}

#[test]
fn results_that_a_file_holds_twice_are_found_without_a_bank() {
    let session = Session::empty();
    session.write(
        "p.toml",
        profile("").replace("[constants]", "grade = \"grade\"\nrecord = \"no\"\n[constants]"),
    );
    let head = "learner,outcome,date,credits,grade,no\n";
    let cases = [
        ("L1,M,2024-06-30,3,80,1\nL1,M,2024-06-30,3,80,1\n", "1", "0"),
        ("L1,M,2024-06-30,3,80,1\nL1,M,2024-06-30,3,80,2\n", "0", "0"),
        ("L1,M,2024-06-30,3,80,\nL1,M,2024-06-30,3,81,\n", "0", "1"),
        ("L1,M,2024-06-30,3,80,\nL1,M,2024-06-29,3,81,\n", "0", "0"),
    ];
    for (text, already, refused) in cases {
        session.write("r.csv", format!("{head}{text}"));
        let check = ["import-check", "r.csv", "--profile", "p.toml", "--format", "json"];
        let report = json(&session.run(&check).out);
        let sums = sums(&report);
        assert!(sums.contains(&("rows recorded before".into(), already.into())), "{text}{sums:?}");
        assert!(sums.contains(&("rows refused".into(), refused.into())), "{text}{sums:?}");
        // A bank finds the same.
        let bank = Session::bank();
        for name in ["p.toml", "r.csv"] {
            std::fs::copy(session.path(name), bank.path(name)).unwrap();
        }
        let import = ["import", "r.csv", "--profile", "p.toml", "--format", "json", "--dry-run"];
        assert_eq!(self::sums(&json(&bank.run(&import).out)), sums, "{text}");
    }
}

#[test]
fn a_delivery_is_compared_with_the_one_before_it_exactly() {
    // Rows before, rows now, the share, and whether it needs to be expected.
    let cases = [
        (10, 9, "10%", true),
        (100, 89, "10%", true),
        (100, 90, "10%", true),
        (100, 91, "10%", false),
        (3, 2, "1/3", true),
        (4, 3, "1/3", false),
        (10, 10, "0%", false),
        (10, 9, "0%", true),
        (10, 20, "10%", false),
    ];
    for (before, now, share, needs) in cases {
        let session = Session::bank();
        session.write("p.toml", profile(&format!("[standard]\nfewer_rows = \"{share}\"\n")));
        session.write("before.csv", rows(before, 0));
        session.write("now.csv", format!("{}L9999,MA102,2024-06-30,1\n", rows(now - 1, 0)));
        session.run(&["import", "before.csv", "--profile", "p.toml"]).exits(0);
        let head = session.head();
        let import = ["import", "now.csv", "--profile", "p.toml", "--keep-going"];
        if needs {
            session.run(&import).exits(1).says("E502").says("I204").says("--expect-smaller");
            session.run(&[&import[..], &["--dry-run"]].concat()).exits(1).shows("E502").says("I204");
            assert_eq!(session.head(), head, "{before} {now}");
            let check = ["import-check", "now.csv", "--profile", "p.toml", "--ledger", "creditbank.db"];
            session.run(&check).exits(4).shows("E502");
        }
        session.run(&[&import[..], &["--expect-smaller"]].concat()).exits(0);
        if !needs {
            continue;
        }
        session.run(&["receipt", "B3"]).exits(0).shows("smaller");
    }
}

#[test]
fn the_share_of_refused_rows_is_compared_exactly() {
    for (good, bad, meets) in [(9, 1, true), (8, 2, false), (90, 10, true), (89, 11, false), (10, 0, true)] {
        let session = Session::bank();
        session.write("p.toml", profile("[standard]\nrefused_at_most = \"10%\"\n"));
        session.write("r.csv", rows(good, bad));
        let answer = session.run(&["import", "r.csv", "--profile", "p.toml", "--keep-going"]);
        match (meets, bad) {
            (true, 0) => drop(answer.exits(0)),
            (true, _) => drop(answer.exits(3)),
            (false, _) => {
                answer.exits(1).says("E501").says("I204");
                assert!(!session.path("r.refused.csv").exists());
            }
        }
    }
}

#[test]
fn control_totals_come_from_the_command_line_the_profile_or_a_manifest() {
    let session = Session::bank();
    session.write("p.toml", profile(""));
    session.write("r.csv", rows(4, 0));
    let check = |more: &[&str]| {
        let command = ["import-check", "r.csv", "--profile", "p.toml"];
        session.run(&[&command[..], more].concat())
    };
    check(&["--rows", "4", "--credits", "CN=10"]).exits(0);
    check(&["--rows", "4", "--credits", "CN=10.0", "--credits", "ECTS=0"]).exits(0);
    check(&["--rows", "5"]).exits(4).shows("E506").shows("there are 4 rows, the control total is 5");
    // What is about a whole file stands on no line of it.
    let whole = json(&check(&["--rows", "5", "--format", "json"]).exits(4).out);
    assert_eq!(
        (&whole["findings"][0]["rule"], &whole["findings"][0]["line"]),
        (&"E506".into(), &Value::Null)
    );
    let table = check(&["--rows", "5"]).out;
    let row =
        table.lines().find(|line| line.contains("E506") && line.contains("control total is 5")).unwrap();
    assert!(row.trim_start().starts_with("4 "), "{row}");
    check(&["--rows", "5", "--format", "markdown"]).exits(4).shows("|  |  |  | 4 | E506 | error |");
    check(&["--credits", "CN=9.999"]).exits(4).shows("E507").shows("10 CN");
    check(&["--credits", "ECTS=10"]).exits(4).shows("E507");
    check(&["--credits", "CN"]).exits(2).says("C111");
    session.write(
        "p.toml",
        profile("[standard]\nrows = 4\ncredits = { CN = \"10\" }\nmanifest = \"required\"\n"),
    );
    check(&[]).exits(4).shows("E509").shows("r.csv.manifest.toml");
    let hash = std::process::Command::new("sha256sum").arg(session.path("r.csv")).output().unwrap().stdout;
    let hash = String::from_utf8(hash[..64].to_vec()).unwrap();
    let manifest = format!("{{\"rows\":4,\"sha256\":\"{hash}\",\"credits\":{{\"CN\":\"10\"}}}}");
    session.write("r.csv.manifest.json", &manifest);
    check(&[]).exits(0);
    session.write("r.csv.manifest.toml", "rows = 4\n");
    let twice =
        check(&[]).says("E511").says("r.csv.manifest.toml and r.csv.manifest.json").says("--manifest");
    assert!(twice.out.is_empty(), "{}", twice.out);
    check(&["--manifest", "r.csv.manifest.json"]).exits(0);
    std::fs::remove_file(session.path("r.csv.manifest.toml")).unwrap();
    session.write("elsewhere.json", manifest.replace("\"rows\":4", "\"rows\":3"));
    check(&["--manifest", "elsewhere.json"]).exits(4).shows("E506");
    session.write("r.csv", rows(4, 0).replace("L0000", "L9000"));
    check(&[]).exits(4).shows("E508").shows(&hash);
    // A refused row's credit is counted as far as it can be read, and said where it cannot.
    session.write("p.toml", profile(""));
    std::fs::remove_file(session.path("r.csv.manifest.json")).unwrap();
    session.write("r.csv", format!("{}L7,MA101,2024-02-31,2.5\n", rows(3, 0)));
    check(&["--credits", "CN=10"]).exits(4).shows("E232");
    session.write("r.csv", rows(3, 1));
    check(&["--credits", "CN=10"]).exits(4).shows("1 refused rows are not in the sum");
}

/// The catalogue has nothing of the outcome: that it gives no credits, unit and kind for it is no fault of its own.
#[test]
fn an_unknown_outcome_is_one_fault() {
    let session = Session::bank();
    let text = profile("").replace("credits = \"credits\"\n", "");
    let text = text.replace("system = \"CN\"\nkind = \"formal\"\n", "");
    session
        .write("p.toml", text.replace("[outcome]\nunknown = \"create\"", "[outcome]\nunknown = \"refuse\""));
    session.write("r.csv", "learner,outcome,date\nL1,MA101,2024-06-30\n");
    let refused = session.run(&["import", "r.csv", "--profile", "p.toml", "--dry-run", "--format", "json"]);
    let rules = json(&refused.exits(1).out)["rules"].clone();
    let rules: Vec<&Value> = rules.as_array().unwrap().iter().map(|rule| &rule["rule"]).collect();
    assert_eq!(rules, ["E303"]);
}

#[test]
fn a_receipt_says_the_same_when_it_is_written_and_ever_after() {
    let session = Session::bank();
    session.write("p.toml", profile(""));
    session.write("r.csv", format!("{}L8,MA101,2046-06-30,2.5\n", rows(3, 1)));
    let import = ["import", "r.csv", "--profile", "p.toml", "--keep-going", "--receipt"];
    session.run(&[&import[..], &["receipt.json"]].concat()).exits(3);
    let head = session.head();
    session.write("more.csv", "learner,outcome,date,credits\nL99,MA102,2024-06-30,1\n");
    session.run(&["import", "more.csv", "--profile", "p.toml"]).exits(0);
    session.run(&["reverse", "B2", "--reason", "a mistake"]);
    let written = std::fs::read_to_string(session.path("receipt.json")).unwrap();
    let later = session.run(&["receipt", "B2", "--format", "json"]).exits(0).out;
    assert_eq!(written, later);
    let receipt = json(&later);
    assert_eq!(receipt["journal"].to_string(), head);
    let rows: Vec<i64> =
        receipt["rows"].as_array().unwrap().iter().map(|r| r["rows"].as_i64().unwrap()).collect();
    assert_eq!(rows, [5, 4, 0, 0, 0, 1, 1]);
    assert_eq!(receipt["totals"][0]["stated"], "10");
    assert_eq!(receipt["totals"][1]["deposited"], "10");
    assert_eq!(receipt["refused"][0]["rule"], "E202");
    assert_eq!(
        (&receipt["warnings"][0]["line"], &receipt["warnings"][0]["rule"]),
        (&6.into(), &"W241".into())
    );
    let rules: Vec<_> =
        receipt["rules"].as_array().unwrap().iter().map(|r| r["rule"].as_str().unwrap()).collect();
    assert_eq!(rules, ["E202", "W241"]);
    assert_eq!(receipt["files"][0]["sha256"].as_str().unwrap().len(), 64);
    session.run(&["receipt", "B1"]).exits(1).says("R112");
    session.run(&["receipt", "B99"]).exits(1).says("R111");
    session.run(&["verify"]).exits(0);
    session
        .run(&["import", "more.csv", "--profile", "p.toml", "--receipt", "none.txt"])
        .exits(0)
        .says("no receipt");
    assert!(!session.path("none.txt").exists());
}

#[test]
fn a_batch_of_more_than_a_million_credits_is_followed_by_others() {
    let session = Session::bank();
    session.write("p.toml", profile("[standard]\nless_credit = \"10%\"\n"));
    session.write("r.csv", "learner,outcome,date,credits\nL1,A,2024-06-30,600000\nL2,A,2024-06-30,600000\n");
    let import = ["import", "r.csv", "--profile", "p.toml", "--credits", "CN=1200000"];
    session.run(&import).exits(0);
    session.run(&["receipt", "B2"]).exits(0).shows("1200000");
    session.write("next.csv", "learner,outcome,date,credits\nL3,A,2024-06-30,600000\n");
    let next = ["import", "next.csv", "--profile", "p.toml"];
    session.run(&next).exits(1).says("I204");
    session.run(&[&next[..], &["--expect-smaller"]].concat()).exits(0);
    session.run(&["verify"]).exits(0);
}

#[test]
fn the_catalogue_is_printed_whole_or_by_number() {
    let session = Session::empty();
    let all = json(&session.run(&["import-rules", "--format", "json"]).exits(0).out);
    assert!(all["rules"].as_array().unwrap().len() > 60);
    session
        .run(&["import-rules", "e203", "W241", "--format", "csv"])
        .exits(0)
        .shows("E203,error")
        .shows("W241,warning");
    session.run(&["import-rules", "E999"]).exits(2).says("C110");
    session
        .run(&["import-rules", "E203", "--format", "markdown"])
        .exits(0)
        .shows("| E203 | error | credits, hours |");
}

#[test]
fn the_number_of_findings_listed_can_be_set_and_all_are_counted() {
    let session = Session::empty();
    session.write("p.toml", profile(""));
    session.write("r.csv", rows(1, 120));
    let check = |more: &[&str]| {
        let command = ["import-check", "r.csv", "--profile", "p.toml", "--format", "json"];
        json(&session.run(&[&command[..], more].concat()).exits(4).out)
    };
    for (more, listed) in [(&[][..], 100), (&["--limit", "7"], 7), (&["--limit", "500"], 120)] {
        let report = check(more);
        assert_eq!(report["findings"].as_array().unwrap().len(), listed);
        assert_eq!(report["rules"][0]["times"], 120);
    }
}

/// What a check and a dry run must have in common.
fn told(report: &Value) -> [Value; 4] {
    let summary = report["summary"].as_array().unwrap().iter();
    let rows = summary.filter(|fact| fact["what"].as_str().unwrap().starts_with("rows")).cloned().collect();
    [rows, report["findings"].clone(), report["rules"].clone(), report["deposited"].clone()]
}

/// Compares a check without a bank, one against an empty bank, and a dry run on that.
#[track_caller]
fn agree(session: &Session, files: &[&str], profile: &str) {
    let common = ["--profile", profile, "--format", "json", "--limit", "1000"];
    let run = |verb: &[&str]| told(&json(&session.run(&[verb, files, &common].concat()).out));
    let dry = run(&["import", "--dry-run"]);
    assert_eq!(run(&["import-check", "--ledger", "creditbank.db"]), dry, "{files:?} against the bank");
    assert_eq!(run(&["import-check"]), dry, "{files:?} without a bank");
}

#[test]
fn files_of_every_format_are_checked_without_a_bank_as_they_are_imported() {
    let session = Session::bank();
    let cases = [
        ("examples/formats/transcript.elmo.xml", "elmo"),
        ("examples/formats/badge.json", "open-badges"),
        ("examples/formats/record.clr.json", "open-badges"),
        ("examples/formats/china/courses.csv", "examples/formats/china/courses.toml"),
        ("examples/formats/china/certificates.csv", "examples/formats/china/certificates.toml"),
        ("examples/formats/china/external.csv", "examples/formats/china/external.toml"),
        ("examples/formats/india/catalogue.csv", "examples/formats/india/catalogue.toml"),
        ("tests/import-rules/N108/results.xlsx", "tests/import-rules/profile.toml"),
        ("tests/import-rules/E214/results.xlsx", "tests/import-rules/profile.toml"),
    ];
    for (file, profile) in cases {
        let profile = if profile.ends_with(".toml") { project(profile) } else { profile.to_owned() };
        agree(&session, &[&project(file)], &profile);
    }
}

/// Numbers that are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn one_of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        texts[(self.0 >> 33) as usize % texts.len()]
    }
}

#[test]
fn rows_that_repeat_and_contradict_each_other_are_told_without_a_bank_as_by_an_import() {
    let session = Session::bank();
    // Columns, and what the profile says of them.
    let variants = [
        ("", "", ""),
        ("no", "record = \"no\"", ""),
        ("no,within", "record = \"no\"\npart_of = \"within\"", "[part]\nof = \"record\"\nby = [\"learner\"]"),
        ("card", "", "[identifiers]\ncard = { column = \"card\", issuer = \"LJU\" }"),
        ("card", "", "[group]\nby = [\"learner\", \"period\"]"),
        ("x", "", "[attributes]\nx = \"x\"\n[gather]\nattributes = [\"x\"]"),
    ];
    let head = "learner,outcome,date,credits,grade";
    for ((more, columns, tables), seed) in variants.into_iter().cycle().zip(0..36) {
        let columns = format!("grade = \"grade\"\n{columns}\n[constants]");
        session.write("p.toml", profile(tables).replace("[constants]", &columns));
        let mut numbers = Numbers(seed);
        for name in ["a.csv", "b.csv"] {
            let mut text = format!("{head}{}{more}\n", if more.is_empty() { "" } else { "," });
            for _ in 0..14 {
                let values = [
                    numbers.one_of(&["A", "B", "C"]),
                    numbers.one_of(&["M", "N"]),
                    numbers.one_of(&["2024-06-30", "2024-06-30", "2024-01-31", "2024-02-30"]),
                    numbers.one_of(&["3", "3", "3", "4", "0", "x"]),
                    numbers.one_of(&["80", "81"]),
                ];
                text.push_str(&values.join(","));
                for _ in more.split(',').filter(|name| !name.is_empty()) {
                    text.push(',');
                    text.push_str(numbers.one_of(&["", "1", "2", "3", "4"]));
                }
                text.push('\n');
            }
            session.write(name, text);
        }
        agree(&session, &["a.csv", "b.csv"], "p.toml");
    }
}
