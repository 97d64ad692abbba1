//! Other people's accounting programs recount the exported journal: for every learner and credit
//! system they arrive at the balances that the bank reports, to the thousandth.
#![allow(clippy::unwrap_used)]

mod common;
mod oulad;

use common::{Session, answer, project};
use oulad::{OpenUniversity, skipped};
use std::collections::BTreeMap;
use std::process::Command;

/// Account, then credit system, to thousandths of a credit; what is zero is left out.
type Sums = BTreeMap<(String, String), i64>;

const PLACES: [&str; 6] = ["Held", "Placed", "Converted", "Redeemed", "Expired", "Transferred"];
/// All that institutions recognised, which the bank reports by learner and the journal by institution.
const SOURCE: &str = "Recognised";

fn thousandths(text: &str) -> i64 {
    let (negative, digits) = text.trim().strip_prefix('-').map_or((false, text.trim()), |rest| (true, rest));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    assert!(decimals.len() <= 3, "{text} is finer than a thousandth");
    let sum = format!("{whole}{decimals:0<3}").parse::<i64>().unwrap_or_else(|_| panic!("`{text}`"));
    if negative { -sum } else { sum }
}

fn add(sums: &mut Sums, account: &str, system: &str, amount: i64) {
    let account = account.strip_prefix("Assets:").or(account.strip_prefix("Income:")).unwrap_or(account);
    let account = if account.starts_with(SOURCE) { SOURCE } else { account };
    let key = (account.to_owned(), system.trim_matches('"').to_owned());
    let sum = sums.entry(key.clone()).or_default();
    *sum += amount;
    if *sum == 0 {
        sums.remove(&key);
    }
}

/// What the bank itself says.
fn reported(session: &Session, ledger: &str) -> Sums {
    let report = session.run(&["--ledger", ledger, "report", "balances", "--format", "csv"]).exits(0);
    let mut table = csv::Reader::from_reader(report.out.as_bytes());
    let mut sums = Sums::new();
    for row in table.records() {
        let row = row.unwrap();
        for (at, place) in PLACES.iter().enumerate() {
            add(&mut sums, &format!("{place}:{}", &row[0]), &row[1], thousandths(&row[2 + at]));
        }
        add(&mut sums, SOURCE, &row[1], thousandths(&row[8]));
    }
    assert!(!sums.is_empty());
    sums
}

/// Runs a program over an export; none, and a word about it, where the program is absent.
fn run(test: &str, program: &str, arguments: &[&str]) -> Option<String> {
    match Command::new(program).args(arguments).output() {
        Ok(output) => Some(answer(output).exits(0).out),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            skipped(test, &format!("{program} is absent"));
            None
        }
        Err(error) => panic!("{program}: {error}"),
    }
}

fn export(session: &Session, ledger: &str, format: &str) -> String {
    let file = session.path(&format!("export.{format}")).to_string_lossy().into_owned();
    session.run(&["--ledger", ledger, "export", "--format", format, "--output", &file]).exits(0);
    file
}

fn by_hledger(test: &str, file: &str) -> Option<Sums> {
    let wanted = ["balance", "--flat", "--no-total", "--layout=bare", "--output-format=csv"];
    let out = run(test, "hledger", &[&["-f", file], &wanted[..]].concat())?;
    let mut sums = Sums::new();
    for row in csv::Reader::from_reader(out.as_bytes()).records() {
        let row = row.unwrap();
        add(&mut sums, &row[0], &row[1], thousandths(&row[2]));
    }
    Some(sums)
}

fn by_ledger(test: &str, file: &str, systems: &[String]) -> Option<Sums> {
    let mut sums = Sums::new();
    for system in systems {
        let only = format!("commodity == \"{system}\"");
        let shape = "%(account)\t%(quantity(display_total))\n";
        let wanted = ["balance", "--flat", "--no-total", "--limit", &only, "--balance-format", shape];
        let out = run(test, "ledger", &[&["-f", file], &wanted[..]].concat())?;
        for line in out.lines() {
            let (account, amount) = line.split_once('\t').unwrap();
            add(&mut sums, account, system, thousandths(amount));
        }
    }
    Some(sums)
}

/// Beancount's own loader, which fails on any error, and its own inventories.
const BEANCOUNT: &str = "
import collections, sys
try:
    from beancount import loader
    from beancount.core import data, inventory
except ImportError:
    print('absent')
    sys.exit()
entries, errors, _ = loader.load_file(sys.argv[1])
assert not errors, errors[:3]
held = collections.defaultdict(inventory.Inventory)
for entry in entries:
    if isinstance(entry, data.Transaction):
        for posting in entry.postings:
            held[posting.account].add_position(posting)
for account, positions in held.items():
    for position in positions:
        print(account, position.units.currency, position.units.number, sep='\\t')
";

fn by_beancount(test: &str, file: &str) -> Option<Sums> {
    run(test, "bean-check", &[file])?;
    let out = run(test, "python3", &["-c", BEANCOUNT, file])?;
    if out.trim() == "absent" {
        skipped(test, "python3 has no beancount");
        return None;
    }
    let mut sums = Sums::new();
    for line in out.lines() {
        let [account, system, amount] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("`{line}`") };
        add(&mut sums, account, system, thousandths(amount));
    }
    Some(sums)
}

fn recount(test: &str, session: &Session, ledger: &str) {
    let reported = reported(session, ledger);
    let mut systems: Vec<String> = reported.keys().map(|(_, system)| system.clone()).collect();
    systems.sort();
    systems.dedup();
    let recounts = [
        by_hledger(test, &export(session, ledger, "hledger")),
        by_ledger(test, &export(session, ledger, "ledger"), &systems),
        by_beancount(test, &export(session, ledger, "beancount")),
    ];
    for recount in recounts.into_iter().flatten() {
        assert_eq!(recount, reported);
    }
}

#[test]
fn the_examples_are_recounted() {
    let session = Session::empty();
    let script = Command::new("sh")
        .args([&project("examples/run.sh"), "."])
        .current_dir(session.folder.path())
        .env("CREDITBANK", env!("CARGO_BIN_EXE_creditbank"))
        .output()
        .unwrap();
    answer(script).exits(0);
    // Reversals and releases move amounts back, and are recounted too.
    let ledger = ["--ledger", "riverside.db"];
    session.run(&[&ledger[..], &["release", "--learner", "88010004", "--to", "CN"]].concat()).exits(0);
    let reason = ["--reason", "wrong file", "--unused"];
    session.run(&[&ledger[..], &["reverse", "B5"], &reason].concat()).exits(0);
    recount("the_examples_are_recounted", &session, "riverside.db");
}

#[test]
fn the_open_university_is_recounted() {
    let Some(university) = OpenUniversity::found("the_open_university_is_recounted") else { return };
    university.courses().exits(0);
    university.results(&[]).exits(3);
    university.convert().exits(0);
    recount("the_open_university_is_recounted", &university.session, "creditbank.db");
}
