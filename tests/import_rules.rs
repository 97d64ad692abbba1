//! Every rule of the catalogue has its smallest example in `tests/import-rules`, which really raises it.
//!
//! A folder holds what a partner would send (`results.csv`, or `.xlsx` and so on; or `results.csv.recipe`, whose lines
//! are a text, a tab and how often), and what it needs: `profile.toml` where the common one will not do, `before` (commands
//! that a bank sees first; where the file is missing, the example needs no bank), `arguments` of the check,
//! and `message`, which the catalogue shows. `UPDATE_EXAMPLES=1` writes the messages anew.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Answer, Session, project};
use creditbank::intake::rules::{Rule, Severity};
use std::path::{Path, PathBuf};

fn folder(rule: Rule) -> PathBuf {
    Path::new(&project("tests/import-rules")).join(rule.code())
}

/// The example in a folder of its own, with a bank that has seen what comes before where one is needed.
fn stage(rule: Rule) -> (Session, Option<String>) {
    let from = folder(rule);
    let before = std::fs::read_to_string(from.join("before")).ok();
    let session = if before.is_some() { Session::bank() } else { Session::empty() };
    std::fs::copy(project("tests/import-rules/profile.toml"), session.path("profile.toml")).unwrap();
    for entry in std::fs::read_dir(&from).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, session.path(path.file_name().unwrap().to_str().unwrap())).unwrap();
    }
    if let Ok(recipe) = std::fs::read_to_string(from.join("results.csv.recipe")) {
        let line = |line: &str| {
            let (text, times) = line.rsplit_once('\t').unwrap();
            text.replace("\\n", "\n").repeat(times.parse().unwrap())
        };
        session.write("results.csv", recipe.lines().map(line).collect::<String>());
    }
    for command in before.iter().flat_map(|text| text.lines()) {
        session.run(&command.split(' ').collect::<Vec<_>>()).exits(0);
    }
    (session, before)
}

/// What the partner would send.
fn sent(session: &Session) -> &'static str {
    let names = ["results.csv", "results.xlsx", "results.json", "results.xml"];
    names.into_iter().find(|name| session.path(name).exists()).unwrap_or("results.csv")
}

fn check(rule: Rule, session: &Session, bank: bool) -> Answer {
    let arguments = std::fs::read_to_string(folder(rule).join("arguments")).unwrap_or_default();
    let mut command = vec!["import-check", sent(session), "--profile", "profile.toml", "--format", "json"];
    if bank {
        command.extend(["--ledger", "creditbank.db"]);
    }
    command.extend(arguments.split_whitespace());
    session.run(&command)
}

/// The message of a finding under that rule: the value, and why.
fn message(rule: Rule, answer: &Answer) -> Option<String> {
    let said = serde_json::from_str::<serde_json::Value>(&answer.out).unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let listed = said["findings"].as_array().into_iter().flatten();
    if let Some(found) = listed.into_iter().find(|found| found["rule"] == rule.code()) {
        let (value, reason) = (text(&found["value"]), text(&found["reason"]));
        return Some(if value.is_empty() { reason } else { format!("`{value}`: {reason}") });
    }
    let mark = format!("[{rule}]");
    let aside = answer.err.lines().find(|line| line.contains(&mark));
    if let Some(line) = aside {
        let line = line.trim_start_matches("creditbank: ").trim_start_matches("notice: ");
        return Some(line.replace(&mark, "").trim().to_owned());
    }
    let mut counted = said["rules"].as_array().into_iter().flatten();
    counted.any(|counted| counted["rule"] == rule.code()).then(|| rule.summary().to_owned())
}

#[test]
fn every_rule_has_an_example_that_raises_it() {
    let mut faults = Vec::new();
    for rule in Rule::ALL {
        let (session, before) = stage(*rule);
        let answer = check(*rule, &session, before.is_some());
        let told = message(*rule, &answer);
        let Some(told) = told else {
            faults.push(format!("{rule} is not raised:\n{}\n{}", answer.out, answer.err));
            continue;
        };
        let code = if rule.severity() == Severity::Error { 4 } else { 0 };
        if answer.code != code {
            faults.push(format!("{rule}: exit code {}", answer.code));
        }
        if std::env::var_os("UPDATE_EXAMPLES").is_some() {
            std::fs::write(folder(*rule).join("message"), format!("{told}\n")).unwrap();
        } else if told != rule.message() {
            faults.push(format!("{rule} says `{told}`, the catalogue `{}`", rule.message()));
        }
        if before.is_none() && session.path("creditbank.db").exists() {
            faults.push(format!("{rule}: a check without a bank made one"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_example_is_left_without_its_rule() {
    for entry in std::fs::read_dir(project("tests/import-rules")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name == "profile.toml" || Rule::from_code(&name).is_some(), "{name}");
    }
}

#[test]
fn a_profile_is_lenient_about_the_rules_that_allow_it_and_about_no_others() {
    for rule in Rule::ALL {
        let (session, before) = stage(*rule);
        let profile = std::fs::read_to_string(session.path("profile.toml")).unwrap();
        session.write("profile.toml", format!("{profile}\n[lenient]\n{rule} = \"agreed with the sender\"\n"));
        let answer = check(*rule, &session, before.is_some());
        if rule.lenient().is_none() {
            answer.exits(1).says("I102").says(&format!("cannot be lenient for {rule}"));
            continue;
        }
        let answer = answer.exits(0).shows("agreed with the sender");
        let said: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
        let found = &said["findings"][0];
        assert_eq!((&found["rule"], &found["severity"]), (&rule.code().into(), &"warning".into()), "{rule}");
    }
}
