//! Whatever is changed in the file from outside, `verify` finds it and names the place.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

#[path = "tamper/bank.rs"]
mod bank;

use creditbank::ops::rebuild::rebuild;
use creditbank::ops::verify::{Options, Verdict, verify};
use creditbank::store::sqlite::Sqlite;
use creditbank::store::{self, Read};
use rusqlite::Connection;
use rusqlite::types::Value;
use std::path::PathBuf;

/// A ledger in a folder of its own.
struct Copy {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Copy {
    fn founded() -> Copy {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        bank::found(&path);
        let bank = Copy { _folder: folder, path };
        let conn = bank.open();
        for trigger in strings(&conn, "SELECT name FROM sqlite_schema WHERE type = 'trigger'") {
            conn.execute_batch(&format!("DROP TRIGGER {trigger}")).unwrap();
        }
        bank
    }

    fn again(&self) -> Copy {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        std::fs::copy(&self.path, &path).unwrap();
        Copy { _folder: folder, path }
    }

    /// The file as somebody has it who wants to change it: its guards are gone since it was founded.
    fn open(&self) -> Connection {
        let conn = Connection::open(&self.path).unwrap();
        conn.pragma_update(None, "foreign_keys", false).unwrap();
        conn.pragma_update(None, "synchronous", "OFF").unwrap();
        conn
    }

    fn verify(&self) -> Verdict {
        let ledger = Sqlite::open_read(&self.path).unwrap();
        verify(&ledger, &Options::default(), &|_, _| ()).unwrap()
    }

    /// Runs a change in a copy and verifies it.
    fn after(&self, sql: &str) -> Verdict {
        let copy = self.again();
        let conn = copy.open();
        conn.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        conn.close().unwrap();
        copy.verify()
    }

    /// Expects a finding with that code whose place contains the text.
    #[track_caller]
    fn expect(&self, sql: &str, code: &str, place: &str) {
        let verdict = self.after(sql);
        let found = verdict.findings.iter().any(|it| it.code == code && it.place.contains(place));
        assert!(found, "{sql}: no {code} at {place:?} in {:#?}", verdict.findings);
    }
}

fn strings(conn: &Connection, sql: &str) -> Vec<String> {
    let mut statement = conn.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn a_ledger_as_written_is_clean() {
    let bank = Copy::founded();
    let verdict = bank.verify();
    assert!(verdict.is_clean(), "{:#?}", verdict.findings);
    assert!(verdict.warnings.is_empty(), "{:#?}", verdict.warnings);
    assert_eq!(verdict.heads.len(), 1);
    let conn = bank.open();
    for table in strings(&conn, TABLES) {
        let rows: i64 =
            conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        assert!(rows > 0, "the bank of this test has no row in {table}");
        if table != "tile" {
            assert_eq!(verdict.checked.get(table.as_str()), Some(&(rows as u64)), "{table}");
        }
    }
}

const TABLES: &str =
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";

/// A column of a table and its declared type.
fn columns(conn: &Connection, table: &str) -> Vec<(String, String)> {
    let mut statement = conn.prepare(&format!("PRAGMA table_info({table})")).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(1)?, row.get(2)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// What a value is changed into; a number in two ways, for where the first is taken.
fn changed(value: &Value, declared: &str) -> [Value; 2] {
    match value {
        Value::Null if declared == "INTEGER" => [Value::Integer(1), Value::Integer(2)],
        Value::Null if declared == "TEXT" => [Value::Text("x".into()), Value::Text("y".into())],
        Value::Null => [Value::Blob(vec![0; 32]), Value::Blob(vec![1; 32])],
        Value::Integer(number) => [Value::Integer(number + 1), Value::Integer(number + 1000)],
        Value::Text(text) => [Value::Text(format!("{text}x")), Value::Text(format!("{text}y"))],
        Value::Blob(bytes) => {
            let mut other = bytes.clone();
            other[0] ^= 1;
            [Value::Blob(other.clone()), Value::Blob(other)]
        }
        Value::Real(_) => panic!("a ledger has no real numbers"),
    }
}

/// Changes one value of the row at that place in the table; false where there is no such row.
fn tamper(conn: &Connection, table: &str, (column, declared): &(String, String), row: usize) -> bool {
    let keys: Vec<String> = {
        let mut statement = conn.prepare(&format!("PRAGMA table_info({table})")).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(1)?, row.get::<_, i64>(5)?))).unwrap();
        rows.map(Result::unwrap).filter(|(_, key)| *key > 0).map(|(name, _): (String, _)| name).collect()
    };
    let named: Vec<String> = keys.iter().map(|key| format!("\"{key}\"")).collect();
    let select = format!("SELECT \"{column}\", {} FROM {table} LIMIT 1 OFFSET {row}", named.join(", "));
    let found = conn.query_row(&select, [], |row| {
        let key: Vec<Value> = (0..keys.len()).map(|at| row.get(at + 1)).collect::<Result<_, _>>()?;
        Ok((row.get::<_, Value>(0)?, key))
    });
    let Ok((value, key)) = found else { return false };
    let condition: Vec<String> = named.iter().map(|name| format!("{name} = ?")).collect();
    let update = format!("UPDATE {table} SET \"{column}\" = ? WHERE {}", condition.join(" AND "));
    let mut run = |value: Value| {
        let all: Vec<Value> = [value].into_iter().chain(key.clone()).collect();
        conn.execute(&update, rusqlite::params_from_iter(all)).is_ok_and(|rows| rows == 1)
    };
    changed(&value, declared).into_iter().any(&mut run)
}

/// Columns whose change can be told from the row or the act only: texts behind one commitment or one
/// hash, and keys of rows that are then another row.
fn column_is_told(table: &str, column: &str) -> bool {
    match table {
        "identity" => !["value", "valid_from", "valid_to", "learner", "nth", "entry"].contains(&column),
        "refusal" => ["file", "line", "ord", "entry"].contains(&column),
        "staged" => ["file", "ord", "entry"].contains(&column),
        "tile" => column == "hashes",
        "balance" => !["learner", "system"].contains(&column),
        "summary" => ["achievements", "deposited", "placed", "converted"].contains(&column),
        "described" => false,
        "batch" | "decision" | "link" | "pair" | "log" | "learner" | "act_row" => {
            !["entry", "id", "ord", "tbl", "row"].contains(&column)
        }
        _ => true,
    }
}

fn check_every_value(tables: &[&str]) {
    let bank = Copy::founded();
    let conn = bank.open();
    let mut untold = Vec::new();
    for table in strings(&conn, TABLES).iter().filter(|table| tables.contains(&table.as_str())) {
        for column in columns(&conn, table) {
            // A text behind a commitment is looked for long; once is enough.
            let rows = if column.0 == "record" { 1 } else { 3 };
            for row in 0..rows {
                let copy = bank.again();
                let other = copy.open();
                if !tamper(&other, table, &column, row) {
                    continue;
                }
                other.close().unwrap();
                let verdict = copy.verify();
                let at = format!("{table}.{} of row {row}", column.0);
                assert!(!verdict.is_clean(), "{at}: nothing found");
                let places: Vec<&str> = verdict.findings.iter().map(|it| it.place.as_str()).collect();
                assert!(
                    places.iter().any(|place| place.contains(table.as_str())),
                    "{at}: {:#?}",
                    verdict.findings
                );
                let named = places.iter().any(|place| {
                    place.contains(table.as_str()) && place.contains(&format!("column {}", column.0))
                });
                if !named && column_is_told(table, &column.0) {
                    untold.push(format!("{at}: {:?}", verdict.findings));
                }
            }
        }
    }
    assert!(untold.is_empty(), "the column is not named:\n{}", untold.join("\n"));
}

#[test]
fn every_value_of_the_acts_and_their_rows() {
    check_every_value(&["act", "act_row", "identity", "learner", "refusal", "staged"]);
}

#[test]
fn every_value_of_the_achievements() {
    check_every_value(&["achievement"]);
}

#[test]
fn every_value_of_the_movements() {
    check_every_value(&["movement"]);
}

#[test]
fn every_value_of_the_log_and_of_what_is_derived() {
    check_every_value(&[
        "log",
        "tile",
        "batch",
        "decision",
        "link",
        "pair",
        "described",
        "balance",
        "summary",
    ]);
}

#[test]
fn every_value_of_the_registries() {
    check_every_value(creditbank::domain::registry::TABLES);
}

#[test]
fn no_number_makes_it_panic() {
    let bank = Copy::founded();
    for table in strings(&bank.open(), TABLES) {
        for (column, _) in columns(&bank.open(), &table).iter().filter(|(_, declared)| declared == "INTEGER")
        {
            for value in [i64::MIN, i64::MAX] {
                let copy = bank.again();
                let conn = copy.open();
                let sql = format!(
                    "UPDATE {table} SET \"{column}\" = {value} WHERE rowid = (SELECT max(rowid) FROM {table})"
                );
                let sql = match table.as_str() {
                    "act_row" | "refusal" | "staged" | "identity" | "described" | "balance" | "summary" => {
                        format!("UPDATE OR IGNORE {table} SET \"{column}\" = {value}")
                    }
                    _ => sql,
                };
                conn.execute_batch(&sql).unwrap();
                conn.close().unwrap();
                assert!(!copy.verify().is_clean(), "{table}.{column} = {value}");
            }
        }
    }
}

#[test]
fn no_table_is_left_out() {
    let bank = Copy::founded();
    let mut tested = vec!["act", "act_row", "identity", "learner", "refusal", "staged"];
    tested.extend(["achievement", "movement"]);
    tested.extend(["log", "tile", "batch", "decision", "link", "pair", "described", "balance", "summary"]);
    tested.extend(creditbank::domain::registry::TABLES);
    for table in strings(&bank.open(), TABLES) {
        assert!(tested.contains(&table.as_str()), "{table} is not tampered with");
    }
}

/// The entry of the so-manieth row of a journal table.
fn entry(bank: &Copy, table: &str, row: usize) -> i64 {
    let sql = format!("SELECT entry FROM {table} ORDER BY entry LIMIT 1 OFFSET {row}");
    bank.open().query_row(&sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn a_row_that_is_gone() {
    let bank = Copy::founded();
    for table in ["act", "achievement", "movement"] {
        let gone = entry(&bank, table, 2);
        bank.expect(&format!("DELETE FROM {table} WHERE entry = {gone}"), "V101", &format!("entry {gone}"));
    }
    bank.expect("DELETE FROM achievement", "V101", "entries ");
    bank.expect("DELETE FROM institution WHERE id = 2", "V302", "institution 2");
    bank.expect("DELETE FROM balance WHERE learner = 1", "V403", "balance CB");
    bank.expect("DELETE FROM decision", "V402", "decision entry");
    bank.expect("DELETE FROM batch WHERE no = 2", "V401", "batch 2");
    bank.expect("DELETE FROM link", "V405", "link entry");
    bank.expect("DELETE FROM pair", "V406", "pair entry");
    bank.expect("DELETE FROM described WHERE learner = 6", "V407", "described of CB");
    bank.expect("DELETE FROM learner WHERE id = 3", "V111", "learner 3");
    bank.expect("DELETE FROM identity WHERE learner = 6", "V105", "identity");
    bank.expect("DELETE FROM act_row WHERE ord = 0 AND tbl = 'institution'", "V110", "act_row");
    bank.expect("DELETE FROM refusal WHERE ord = 2", "V105", "refusal");
    bank.expect("DELETE FROM staged WHERE ord = 2", "V105", "staged");
    bank.expect("UPDATE staged SET file = 0 WHERE ord = 2", "V104", "ord 2, column file");
    bank.expect("DELETE FROM tile", "V203", "tile level 0 index 0");
    let no_log = bank.after("DELETE FROM log");
    assert!(no_log.more > 0 || !no_log.findings.is_empty());
}

#[test]
fn a_row_that_was_added() {
    let bank = Copy::founded();
    let twin = "INSERT INTO achievement SELECT {}, learner, outcome, version, period, 9, nth, status, kind, system, \
                amount, grade, attrs, file, line, group_line, group_load, record, commitment FROM achievement LIMIT 1";
    for at in [1_000_i64, i64::MAX, -5, 1 << 41] {
        bank.expect(&twin.replace("{}", &at.to_string()), "V103", "achievement entry");
    }
    let act = entry(&bank, "act", 3);
    bank.expect(&twin.replace("{}", &act.to_string()), "V102", &format!("achievement entry {act}"));
    bank.expect("INSERT INTO learner VALUES (99, zeroblob(32))", "V111", "learner 99");
    bank.expect("INSERT INTO grade VALUES (9, 'letters', 'A+')", "V303", "grade 9");
    bank.expect("INSERT INTO act_row VALUES (0, 0, 'grade', '{}')", "V103", "act_row entry 0");
    bank.expect(
        "INSERT INTO act_row SELECT entry, 1, tbl, row FROM act_row WHERE tbl = 'bank'",
        "V110",
        "act_row",
    );
    bank.expect("INSERT INTO balance VALUES (1, 9, 5, 0, 0, 0, 0, 0)", "V403", "balance CB");
    bank.expect("INSERT INTO tile VALUES (0, 0, 7, zeroblob(32))", "V203", "tile level 0 index 7");
    bank.expect("INSERT INTO tile VALUES (4, 0, 0, zeroblob(32))", "V203", "log 4");
    bank.expect("INSERT INTO batch VALUES (7, 99, 1, '{}')", "V401", "batch 99");
    bank.expect("INSERT INTO link VALUES (7, 2, 1, '2024-01-01', NULL, NULL)", "V405", "link entry 7");
}

#[test]
fn rows_that_were_exchanged() {
    let bank = Copy::founded();
    let swap = |table: &str, a: i64, b: i64| {
        format!(
            "UPDATE {table} SET entry = -1 WHERE entry = {a}; UPDATE {table} SET entry = {a} WHERE entry = {b}; \
             UPDATE {table} SET entry = {b} WHERE entry = -1"
        )
    };
    let (a, b) = (entry(&bank, "achievement", 0), entry(&bank, "achievement", 4));
    bank.expect(&swap("achievement", a, b), "V108", &format!("achievement entry {a}"));
    let names =
        "UPDATE institution SET name = CASE id WHEN 2 THEN 'G' ELSE 'Beta College' END WHERE id IN (2, 3)";
    bank.expect(names, "V301", "institution 2, column name");
    bank.expect(names, "V301", "institution 3, column name");
    let ords = "UPDATE act_row SET ord = -1 WHERE tbl = 'institution' AND ord = 1; \
                UPDATE act_row SET ord = 1 WHERE tbl = 'institution' AND ord = 2; \
                UPDATE act_row SET ord = 2 WHERE tbl = 'institution' AND ord = -1";
    bank.expect(ords, "V108", "act_row");
}

#[test]
fn a_rule_a_mark_a_tile_a_balance() {
    let bank = Copy::founded();
    bank.expect("UPDATE rule SET body = '{\"ratio\":\"3/4\"}' WHERE id = 1", "V301", "rule 1, column body");
    let both = "UPDATE rule SET body = '{}' WHERE id = 2; \
                UPDATE act_row SET row = replace(row, '2/3', '3/4') WHERE tbl = 'rule'";
    bank.expect(both, "V105", "act_row");
    bank.expect("UPDATE achievement SET commitment = zeroblob(32)", "V107", "achievement entry");
    bank.expect(
        "UPDATE tile SET hashes = CAST(zeroblob(32) || substr(hashes, 33) AS BLOB)",
        "V201",
        "leaf 0",
    );
    bank.expect("UPDATE balance SET held = held + 500 WHERE learner = 2", "V403", "ECTS, column held");
    bank.expect("UPDATE log SET size = size - 1", "V204", "log 0, column size");
    bank.expect("UPDATE log SET size = 9000000000000000000", "V204", "log 0, column size");
}

#[test]
fn values_that_cannot_be() {
    let bank = Copy::founded();
    let lot = entry(&bank, "achievement", 1);
    let set = |value: &str| format!("UPDATE achievement SET {value} WHERE entry = {lot}");
    bank.expect(&set("status = 99"), "V106", &format!("achievement entry {lot}, column status"));
    bank.expect(
        &set("amount = -9223372036854775808"),
        "V104",
        &format!("achievement entry {lot}, column amount"),
    );
    bank.expect(
        &set("record = CAST(x'ff' AS TEXT)"),
        "V106",
        &format!("achievement entry {lot}, column record"),
    );
    bank.expect("UPDATE act SET kind = 77 WHERE entry = 1", "V104", "act entry 1, column kind");
    bank.expect("UPDATE movement SET kind = 77", "V106", "movement entry");
    bank.expect("UPDATE learner SET key = x'00' WHERE id = 2", "V111", "learner 2, column key");
    bank.expect("UPDATE log SET root = x'00'", "V204", "log 0, column root");
    bank.expect("UPDATE tile SET hashes = x'00'", "V203", "tile level 0 index 0");
    bank.expect("UPDATE refusal SET salt = x'00' WHERE ord = 1", "V106", "column salt");
    bank.expect(
        "UPDATE institution SET name = CAST(x'ff' AS TEXT) WHERE id = 1",
        "V301",
        "institution 1, column name",
    );
    bank.expect("UPDATE batch SET payload = CAST(x'ff' AS TEXT) WHERE no = 1", "V106", "column payload");
    bank.expect(
        "UPDATE identity SET value = CAST(x'ff' AS TEXT) WHERE learner = 1",
        "V106",
        "identity of learner 1",
    );
    bank.expect(
        "UPDATE balance SET held = 9223372036854775807, placed = 9223372036854775807",
        "V403",
        "column held",
    );
    let hostile = "UPDATE movement SET num = -9223372036854775808, den = -1, amount = 9223372036854775807, undoes = entry";
    assert!(!bank.after(hostile).is_clean());
    assert!(!bank.after("UPDATE achievement SET amount = 9223372036854775807").is_clean());
}

#[test]
fn a_hold_that_is_not_kept() {
    use bank::Wrong;
    let bank = Copy::founded();
    for (wrong, code) in [
        (Wrong::Placed, "V511"),
        (Wrong::HeldTwice, "V511"),
        (Wrong::HoldReversed, "V504"),
        (Wrong::HoldOfNothing, "V502"),
    ] {
        let copy = bank.again();
        bank::write_wrong(&copy.path, wrong);
        let codes: Vec<&str> = copy.verify().findings.iter().map(|it| it.code).collect();
        assert_eq!(codes, [code], "{wrong:?}");
    }
}

#[test]
fn credit_that_is_given_twice() {
    use bank::Counted;
    let bank = Copy::founded();
    for (wrong, code) in
        [(Counted::Twice, "V515"), (Counted::SupersededTwice, "V501"), (Counted::InPart, "V502")]
    {
        let copy = bank.again();
        bank::count_wrong(&copy.path, wrong);
        let codes: Vec<&str> = copy.verify().findings.iter().map(|it| it.code).collect();
        assert_eq!(codes, [code], "{wrong:?}");
    }
}

#[test]
fn an_approval_that_is_none() {
    use bank::Settled;
    let bank = Copy::founded();
    for (wrong, says) in [
        (Settled::BySelf, "staged themselves"),
        (Settled::Twice, "settled by batch B6 before"),
        (Settled::NeverStaged, "no batch before it was staged as B3"),
        (Settled::OtherFiles, "not those staged"),
    ] {
        let copy = bank.again();
        bank::settle_wrong(&copy.path, wrong);
        let findings = copy.verify().findings;
        assert_eq!(findings.len(), 1, "{wrong:?}: {findings:#?}");
        assert!(findings[0].code == "V512" && findings[0].what.contains(says), "{wrong:?}: {findings:#?}");
    }
}

#[test]
fn a_checkpoint_from_outside() {
    let bank = Copy::founded();
    let ledger = Sqlite::open_read(&bank.path).unwrap();
    let head = store::head(&ledger, 0).unwrap();
    let codes = |size, root| {
        let options = Options { against: vec![(size, root, 0)], ..Options::default() };
        let verdict = verify(&ledger, &options, &|_, _| ()).unwrap();
        verdict.findings.iter().map(|it| it.code).collect::<Vec<_>>()
    };
    assert_eq!(codes(head.size, head.root), [""; 0]);
    assert_eq!(codes(head.size, [0; 32]), ["V205"]);
    assert_eq!(codes(3, head.root), ["V205"]);
    assert_eq!(codes(head.size + 1, head.root), ["V206"]);
    assert_eq!(verify(&ledger, &Options::default(), &|_, _| ()).unwrap().notes.len(), 1);
}

#[test]
fn the_recorded_value_is_told() {
    let bank = Copy::founded();
    let lot = entry(&bank, "achievement", 0);
    let verdict = bank.after(&format!("UPDATE achievement SET amount = 3500 WHERE entry = {lot}"));
    assert_eq!(verdict.findings.len(), 1, "{:#?}", verdict.findings);
    assert_eq!(verdict.findings[0].place, format!("achievement entry {lot}, column amount"));
    assert_eq!(verdict.findings[0].what, "it is 3500, recorded was 3000");
    let key = bank.after("UPDATE learner SET key = zeroblob(32) WHERE id = 1");
    assert!(key.findings.iter().all(|it| it.place == "learner 1, column key"), "{:#?}", key.findings);
}

#[test]
fn what_is_derived_can_be_made_again() {
    let bank = Copy::founded();
    let root = |copy: &Copy| store::head(&Sqlite::open_read(&copy.path).unwrap(), 0).unwrap().root;
    let before = root(&bank);
    let copy = bank.again();
    let conn = copy.open();
    for table in
        ["batch", "decision", "link", "balance", "summary", "institution", "rule", "period", "outcome"]
    {
        conn.execute_batch(&format!("DELETE FROM {table}")).unwrap();
    }
    conn.execute_batch("UPDATE system SET name = 'x'; INSERT INTO grade VALUES (77, 'a', 'b')").unwrap();
    conn.close().unwrap();
    assert!(!copy.verify().is_clean());
    let mut ledger = Sqlite::open(&copy.path).unwrap();
    let rebuilt = rebuild(&mut ledger).unwrap();
    assert_eq!((rebuilt.batches, rebuilt.decisions, rebuilt.links, rebuilt.pairs), (4, 10, 2, 2));
    assert!(ledger.heads().is_ok());
    drop(ledger);
    let verdict = copy.verify();
    assert!(verdict.is_clean(), "{:#?}", verdict.findings);
    assert_eq!(root(&copy), before);
}
