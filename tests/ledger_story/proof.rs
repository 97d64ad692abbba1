//! Copies, explanations and proofs.

use crate::bank::{Bank, text};
use crate::books::long_story;

const ROW: &str = "Mei,NVC,Q1,2024-06-30,3,US-QTR,80";

#[test]
fn a_backup_is_taken_while_others_read_and_write() {
    let bank = Bank::open();
    bank.import("a.csv", &[ROW]);
    let root = bank.root();
    let other = rusqlite::Connection::open(bank.session.path("creditbank.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; DELETE FROM balance").unwrap();
    bank.run("backup copy.db").exits(0).shows(root.split('@').next().unwrap());
    other.execute_batch("ROLLBACK").unwrap();
    drop(other);
    bank.run("backup copy.db").exits(1);
    bank.run("--ledger copy.db verify").exits(0).shows(root.split('@').next().unwrap());
    let copied = bank.json("--ledger copy.db report balances");
    assert_eq!(copied, bank.json("report balances"));
}

#[test]
fn a_backup_is_restored_onto_nothing_or_onto_its_own_past() {
    let bank = Bank::open();
    bank.does("backup early.db");
    bank.import("a.csv", &[ROW]);
    bank.does("backup late.db");
    let root = bank.root();

    bank.run("--ledger new.db restore late.db").exits(0);
    bank.run(&format!("--ledger new.db verify --against {root}")).exits(0);
    bank.run("--ledger new.db import a.csv --profile results.toml").exits(0).says("N102");
    std::fs::copy(bank.session.path("early.db"), bank.session.path("past.db")).unwrap();
    bank.run("--ledger past.db restore late.db").exits(0);
    bank.run(&format!("--ledger past.db verify --against {root}")).exits(0);
    bank.run("--ledger past.db restore late.db").exits(0);
    let held = bank.json("--ledger past.db report balances");
    assert_eq!(held["balances"], bank.json("report balances")["balances"]);
}

#[test]
fn a_backup_is_not_restored_over_what_it_does_not_hold() {
    let bank = Bank::open();
    bank.does("backup early.db");
    bank.import("a.csv", &[ROW]);
    bank.does("backup late.db");
    bank.refuses("restore early.db", "K202").says("lose");

    // Another way from the same past: shorter than the backup, then as long.
    std::fs::copy(bank.session.path("early.db"), bank.session.path("other.db")).unwrap();
    let diverged = |code: &str| {
        let bytes = std::fs::read(bank.session.path("other.db")).unwrap();
        bank.run("--ledger other.db restore late.db").exits(1).says(code);
        assert_eq!(std::fs::read(bank.session.path("other.db")).unwrap(), bytes, "it was touched");
    };
    bank.run("--ledger other.db period close 2020-12-31").exits(0);
    diverged("K203");
    bank.file("b.csv", &["Jo,NVC,Q1,2024-06-30,3,US-QTR,80"]);
    bank.run("--ledger other.db import b.csv --profile results.toml").exits(0);
    diverged("K202");
    let founding = "init --name Other --identifier other.example --home-system CN --time-zone UTC";
    bank.run(&format!("--ledger third.db {founding}")).exits(0);
    bank.run("--ledger third.db restore late.db").exits(1).says("K203").says("another bank");
    bank.run("restore none.db").exits(1);
    bank.session.write("text.db", "no ledger");
    bank.refuses("restore text.db", "S102");
}

#[test]
fn every_entry_explains_itself_and_agrees() {
    let bank = Bank::open();
    long_story(&bank, |_| ());
    for entry in 0..bank.size() {
        let report = bank.json(&format!("explain {entry}"));
        let replay = report["replay"].as_array();
        let agrees: Vec<String> = replay
            .into_iter()
            .flatten()
            .filter(|row| row["what"] == "agrees" || row["what"] == "decided again to the same bytes")
            .map(|row| text(row, "value"))
            .collect();
        assert!(agrees.iter().all(|agrees| agrees == "true"), "{entry}: {report}");
        let is_act = report["entry"][1]["value"].as_str().is_some_and(|what| {
            ["genesis", "batch", "register", "enrol", "refuse", "close", "receipt"].contains(&what)
        });
        assert!(is_act || !agrees.is_empty(), "{entry}: {report}");
    }
    bank.run(&format!("explain {}", bank.size())).exits(1).says("X101");
    bank.run("explain x").exits(2).says("U104");
}

#[test]
fn an_explanation_reads_the_source_row_again() {
    let bank = Bank::open();
    bank.import("a.csv", &[ROW, "Mei,NVC,Q2,2024-06-30,3,US-QTR,49"]);
    let lot = bank.lot("Mei", "Q2");
    let report = bank.json(&format!("explain {lot} --source a.csv"));
    let said = |what: &str| {
        let rows = report["replay"].as_array().unwrap();
        rows.iter().find(|row| row["what"] == what).map(|row| text(row, "value")).unwrap()
    };
    assert!(said("row read again").starts_with("Mei | NVC | Q2 | 2024-06-30 | 3"));
    assert_eq!((said("row gives the same"), said("agrees")), ("true".into(), "true".into()));
    bank.file("b.csv", &[ROW]);
    bank.run(&format!("explain {lot} --source b.csv")).exits(1).says("X104").says("a.csv");
    bank.run(&format!("explain {lot} --source none.csv")).exits(1).says("E001");

    bank.loads("c.csv", &["Mei,AAA,2024-02,60,passed", "Mei,BBB,2024-02,60,passed"]);
    bank.does("import c.csv --profile loads.toml");
    let shared = bank.does(&format!("explain {} --source c.csv", bank.lot("Mei", "BBB")));
    shared.shows("60 UK, counted once for 2 rows").shows("30 UK");
    // A figure that somebody changed in the file of the ledger does not agree any more.
    let ledger = rusqlite::Connection::open(bank.session.path("creditbank.db")).unwrap();
    let triggers: Vec<String> = ledger
        .prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for trigger in triggers {
        ledger.execute_batch(&format!("DROP TRIGGER {trigger}")).unwrap();
    }
    ledger.execute("UPDATE achievement SET amount = 9000 WHERE entry = ?", [&lot]).unwrap();
    drop(ledger);
    bank.run(&format!("explain {lot}")).exits(4).says("verify");
}

#[test]
fn a_root_that_was_never_the_ledgers_is_found() {
    let bank = Bank::open();
    bank.import("a.csv", &[ROW]);
    let root = bank.root();
    let (hash, size) = root.split_once('@').unwrap();
    bank.run(&format!("verify --against {root}")).exits(0);
    let first = if hash.starts_with('0') { "1" } else { "0" };
    bank.run(&format!("verify --against {first}{}@{size}", &hash[1..])).exits(4);
    bank.run(&format!("verify --against {hash}@{}", bank.size() - 1)).exits(4);
    bank.run(&format!("verify --against {hash}@9999")).exits(4);
    bank.run("verify --against nonsense").exits(2).says("V001");
    bank.does("convert --all --to US-SEM");
    bank.run(&format!("verify --against {root}")).exits(0);
}
