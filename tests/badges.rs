//! Open Badges and learner records through the program: the examples, a university cooperation's, a validator's.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Answer, Session, project};
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

fn shared(test: &str, folder: &str) -> Option<PathBuf> {
    let shared =
        std::env::var_os("CREDITBANK_SHARED").map_or_else(|| project("../shared").into(), PathBuf::from);
    let folder = shared.join(folder);
    if !folder.is_dir() {
        let _ = writeln!(std::io::stderr(), "skipped: {test}: ../shared is absent");
        return None;
    }
    Some(folder)
}

fn import(session: &Session, file: impl AsRef<Path>, options: &[&str]) -> Answer {
    let file = file.as_ref().to_string_lossy().into_owned();
    session.run(&[&["import", &file, "--profile", "open-badges", "--format", "json"], options].concat())
}

/// What an import deposited: system and sum.
fn deposited(answer: &Answer) -> Vec<(String, String)> {
    let import: Value = serde_json::from_str(&answer.out).unwrap();
    let rows = import["deposited"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    rows.iter().map(|row| (text(&row["system"]), text(&row["deposited"]))).collect()
}

fn sums(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(system, sum)| ((*system).to_owned(), (*sum).to_owned())).collect()
}

#[test]
fn the_examples_are_what_the_page_says_they_are() {
    let session = Session::bank();
    let answer = import(&session, project("examples/formats/badge.json"), &[]).exits(0);
    assert_eq!(deposited(&answer), sums(&[("ECTS", "1.5")]));
    answer.says("1 credential is unverified: proofs are not checked, and 1 has none [N122]");
    // The programme of 6 holds the 3 of its course.
    let answer = import(&session, project("examples/formats/record.clr.json"), &[]).exits(0);
    assert_eq!(deposited(&answer), sums(&[("ECTS", "6")]));
    answer.shows("the credit of `Cataloguing` counts in `Data for museums");

    let statement = session.run(&["report", "statement", "CB00000001X", "--format", "json"]).exits(0);
    let statement: Value = serde_json::from_str(&statement.out).unwrap();
    let lots = statement["lots"].as_array().unwrap();
    assert_eq!(lots.len(), 3);
    let badge =
        lots.iter().find(|lot| lot["outcome"] == "https://museum.example/achievements/guide").unwrap();
    for (field, value) in [
        ("amount", "1.5"),
        ("hours", "40"),
        ("period", "2025-04-30"),
        ("grade", "17"),
        ("scale", "RawScore 0–20"),
        ("kind", "non-formal"),
        ("level", "EQF 4"),
    ] {
        assert_eq!(badge[field], value, "{field}");
    }
    let facts = statement["learner"].to_string();
    assert!(facts.contains("identity-hash") && facts.contains("sha256$0f1e2d3c museum"), "{facts}");
    let entry = badge["entry"].as_str().unwrap();
    session.run(&["explain", entry]).exits(0).shows("\"verified\":\"no\"").shows("\"proof\":\"none\"");
    session.run(&["verify"]).exits(0);

    // A new issue of the same credential, valid from another day, is no second deposit.
    let issued = std::fs::read_to_string(project("examples/formats/badge.json")).unwrap();
    session.write("again.json", issued.replace("\"validFrom\": \"2025-05-02", "\"validFrom\": \"2025-06-02"));
    import(&session, session.path("again.json"), &[]).exits(1).says("E403");
}

#[test]
fn a_university_cooperations_badges() {
    let test = "a_university_cooperations_badges";
    let Some(folder) = shared(test, "data/edubadges") else { return };
    // File, deposit, hours, level: as the files give them.
    let expected = [
        ("mbob_eo_eov_extracurricular_full", "1 ITEM", "120", "3"),
        ("mbob_eo_eov_regular_full", "1 ITEM", "3000", "5"),
        ("theed_extracurricular_embedded_ho", "1 ITEM", "", ""),
        ("theed_extracurricular_full_mbo", "1 ITEM", "13", "3"),
        ("theed_microcredential_embedded_ho", "3 ECTS", "", ""),
        ("theed_regular_embedded_ho", "6 ECTS", "", ""),
        ("theed_regular_full_mbo", "1 ITEM", "24", ""),
        ("uvh_at_microcredential_full_1", "3 ECTS", "", ""),
        ("uvh_at_regular_full", "180 ECTS", "", ""),
        ("uvh_fvhz_microcredential_full", "4.5 ECTS", "", ""),
    ];
    for (name, credit, hours, level) in expected {
        let session = Session::bank();
        let answer = import(&session, folder.join(format!("{name}.json")), &[]).exits(0).says("N122");
        let (amount, system) = credit.split_once(' ').unwrap();
        assert_eq!(deposited(&answer), sums(&[(system, amount)]), "{name}");
        let statement = session.run(&["report", "statement", "CB00000001X", "--format", "json"]).exits(0);
        let statement: Value = serde_json::from_str(&statement.out).unwrap();
        let lot = &statement["lots"][0];
        if !hours.is_empty() {
            assert_eq!(lot["hours"], hours, "{name}");
        }
        if !level.is_empty() {
            assert_eq!(lot["level"], format!("EQF {level}"), "{name}");
        }
        let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
        let badge: Value = serde_json::from_str(&text).unwrap();
        let (subject, result) = (&badge["credentialSubject"], &badge["credentialSubject"]["result"][0]);
        assert_eq!(lot["grade"], result["value"], "{name}");
        // Some results refer to a description that is not there: their scale is unknown, and stays so.
        let described = &subject["achievement"]["resultDescription"][0];
        let known = result["resultDescription"] == described["id"];
        let scale = if known { Value::from("ECTSGradeScore 1–10") } else { Value::Null };
        assert_eq!(lot["scale"], scale, "{name}");
        session.run(&["verify"]).exits(0);
    }
    // All of them read, each alone; together they use the same identifiers for different achievements, which
    // is told and deposited once.
    let files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 15);
    let session = Session::bank();
    for file in &files {
        let single = Session::bank();
        import(&single, file, &[]).exits(0);
        let answer = import(&session, file, &["--keep-going", "--rejects", "refused.csv"]);
        assert!(
            answer.code == 0 || answer.code == 3 && answer.out.contains("E4") || answer.out.contains("E305"),
            "{}",
            answer.err
        );
    }
    session.run(&["verify"]).exits(0);
}

#[test]
fn a_validators_credentials() {
    let Some(folder) = shared("a_validators_credentials", "data/vc-tests") else { return };
    let cases = [
        ("simple.json", 0, "1 ITEM", "proofs are not checked [N122]"),
        ("simple-did-key-method.json", 0, "1 ITEM", "N122"),
        ("clr-simple.json", 0, "1 ITEM", "N122"),
        ("simple-noproof.json", 0, "1 ITEM", "and 1 has none [N122]"),
        ("simple-err-type.json", 1, "", "its type is VerifiableCredential, OtherCredential"),
        // 42 credit hours, and nobody says whose.
        ("complete.json", 1, "", "`credit-hours`"),
    ];
    for (name, code, credit, part) in cases {
        let session = Session::bank();
        let answer = import(&session, folder.join(name), &[]).exits(code).says(part);
        if let Some((amount, system)) = credit.split_once(' ') {
            assert_eq!(deposited(&answer), sums(&[(system, amount)]), "{name}");
        }
    }
    // A profile that extends the built-in one says whose hours they are.
    let session = Session::bank();
    session.write(
        "own.toml",
        "name = \"own\"\nextends = \"open-badges\"\n[values.system]\ncredit-hours = \"US-SEM\"\n",
    );
    let file = folder.join("complete.json").to_string_lossy().into_owned();
    let answer = session.run(&["import", &file, "--profile", "own.toml", "--format", "json"]).exits(0);
    assert_eq!(deposited(&answer), sums(&[("US-SEM", "42")]));
}

#[test]
fn the_examples_fit_the_published_schemas() {
    let test = "the_examples_fit_the_published_schemas";
    let Some(folder) = shared(test, "standards") else { return };
    let script = "import json, sys\nfrom jsonschema import Draft201909Validator as V\n\
                  errors = list(V(json.load(open(sys.argv[1]))).iter_errors(json.load(open(sys.argv[2]))))\n\
                  [print(list(e.path), e.message[:200]) for e in errors]\nsys.exit(1 if errors else 0)\n";
    let python = |code: &str, arguments: &[PathBuf]| {
        Command::new("python3").arg("-c").arg(code).args(arguments).output()
    };
    if !python("import jsonschema", &[]).is_ok_and(|output| output.status.success()) {
        let _ = writeln!(std::io::stderr(), "skipped: {test}: Python's jsonschema is absent");
        return;
    }
    let cases = [
        ("ob3/ob_v3p0_achievementcredential_schema.json", "badge.json"),
        ("clr2/clr_v2p0_clrcredential_schema.json", "record.clr.json"),
    ];
    for (schema, example) in cases {
        let files = [folder.join(schema), project(&format!("examples/formats/{example}")).into()];
        let output = python(script, &files).unwrap();
        assert!(
            output.status.success(),
            "{example}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn several_credentials_in_one_file_are_taken_or_refused_one_by_one() {
    let session = Session::bank();
    let one = std::fs::read_to_string(project("examples/formats/badge.json")).unwrap();
    let other = one
        .replace("guide-17", "guide-18")
        .replace("fictitious-mira", "fictitious-noor")
        .replace("0f1e2d3c", "3c2d1e0f");
    let wrong = one.replace("\"OpenBadgeCredential\"", "\"DriversLicence\"");
    session.write("list.json", format!("[{one},{wrong},{other}]"));
    let answer = import(&session, session.path("list.json"), &["--keep-going"]).exits(3);
    assert_eq!(deposited(&answer), sums(&[("ECTS", "3")]));
    answer.says("2 credentials are unverified").shows("E131").shows("DriversLicence").hides("E201");
    // As lines, and broken.
    let line = |text: &str| serde_json::from_str::<Value>(text).unwrap().to_string();
    session.write("lines.ndjson", format!("{}\n{}\n", line(&one), line(&other)));
    import(&session, session.path("lines.ndjson"), &[]).exits(0).shows("there is nothing new");
    session.write("broken.json", one.replacen("\"type\": [", "\"type\": ", 1));
    import(&session, session.path("broken.json"), &[])
        .exits(1)
        .says("E031")
        .says("broken.json: line 7, column");
    session.write("deep.json", format!("{{\"a\":{}1{}}}", "[".repeat(100), "]".repeat(100)));
    import(&session, session.path("deep.json"), &[]).exits(1).says("E032");
}
