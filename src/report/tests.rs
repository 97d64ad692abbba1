//! Reports over a small bank kept in memory. Its learners are fictitious.

mod bank;

use super::*;
use crate::proof::merkle::leaf_hash;
use crate::render::{Format, sink};
use bank::{SIZE, at, bank};
use jiff::civil::date;
use serde_json::{Value, json};

type Report = fn(&dyn crate::store::Read, &Query, &mut dyn Sink) -> Result<()>;

fn run(report: Report, query: &Query, format: Format) -> String {
    let mut out = Vec::new();
    let mut into = sink(format, &mut out, None);
    report(&bank(), query, &mut *into).unwrap();
    drop(into);
    String::from_utf8(out).unwrap()
}

fn csv(report: Report, query: &Query) -> Vec<String> {
    run(report, query, Format::Csv).lines().skip(1).map(str::to_owned).collect()
}

fn as_of(year: i16, month: i8, day: i8) -> Query {
    Query { cut: Cut { as_of: Some(date(year, month, day)), known: None }, ..Query::default() }
}

fn known(size: u64) -> Query {
    Query {
        cut: Cut { as_of: None, known: Some(at(size)) },
        known_text: Some("then".into()),
        ..Query::default()
    }
}

#[test]
fn a_statement_tells_every_lot_and_where_it_is() {
    let query = Query { learner: Some(1), ..Query::default() };
    let report: Value = serde_json::from_str(&run(statement, &query, Format::Json)).unwrap();
    assert_eq!(
        report["learner"][1],
        json!({"fact": "student-number", "issuer": "开大.1", "value": "001", "valid_from": null, "valid_to": null})
    );
    let placed = &report["lots"][0];
    for (key, value) in [
        ("where", "placed at ECTS"),
        ("level", "EQF 6"),
        ("hours", "48"),
        ("amount", "3"),
        ("converted", "6"),
        ("converted_system", "ECTS"),
        ("rule", "national/R7"),
        ("decision", "12"),
        ("grade", "91"),
        ("precision", "day"),
    ] {
        assert_eq!(placed[key], value, "{key}");
    }
    assert_eq!(placed["rule_version"], 2);
    assert_eq!(
        (&report["lots"][1]["where"], &report["lots"][1]["reversed_by"]),
        (&json!("reversed by 17"), &json!("17"))
    );
    assert_eq!(report["balances"].as_array().unwrap().len(), 2);
    let mut none = sink(Format::Csv, std::io::sink(), None);
    let query = Query { learner: Some(3), ..Query::default() };
    assert_eq!(statement(&bank(), &query, &mut *none).unwrap_err().code, "R111");
}

#[test]
fn a_statement_of_an_earlier_day_says_what_it_cannot_decide() {
    let query = Query { learner: Some(2), ..as_of(2024, 6, 30) };
    let report: Value = serde_json::from_str(&run(statement, &query, Format::Json)).unwrap();
    assert_eq!(report["lots"][0]["where"], "undecided, needs the day");
    assert_eq!(report["lots"][1]["where"], "no credit");
    assert_eq!(report["notes"].as_array().unwrap().len(), 1);
    assert_eq!(report["filter"], json!({"as-of": "2024-06-30", "learner": "CB000000028"}));
}

#[test]
fn balances_are_the_same_kept_and_folded() {
    let kept = csv(balances, &Query::default());
    assert_eq!(kept, csv(balances, &known(SIZE)));
    assert_eq!(kept[0], "CB00000001X,US-SEM,0,3,0,0,0,0,-3");
    assert_eq!(csv(balances, &known(11))[0], "CB00000001X,US-SEM,8,0,0,0,0,0,-8");
    assert_eq!(csv(balances, &Query { learner: Some(2), ..Query::default() }).len(), 1);
}

#[test]
fn the_journal_as_known_has_the_root_of_its_size() {
    let report: Value = serde_json::from_str(&run(balances, &known(11), Format::Json)).unwrap();
    let root = crate::proof::merkle::root_of((0..11u64).map(|leaf| leaf_hash(&leaf.to_be_bytes())));
    let hex: String = root.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(report["journal"][0], json!({"log": 0, "origin": "bank.example/x", "size": 11, "root": hex}));
    assert_eq!(report["filter"]["known"], "then");
}

#[test]
fn totals_are_the_same_summed_and_folded() {
    let by = |names: &[&str], query: Query| Query {
        by: names.iter().map(|name| (*name).to_owned()).collect(),
        ..query
    };
    for names in
        [&["institution"][..], &["level", "year", "field"], &["sector", "status", "kind"], &["system"]]
    {
        let summed = csv(totals, &by(names, Query::default()));
        let folded: Vec<String> = csv(totals, &by(names, known(SIZE)))
            .iter()
            .map(|row| row.strip_suffix(",0").unwrap().to_owned())
            .collect();
        assert_eq!(summed, folded, "{names:?}");
    }
    let regions = csv(totals, &by(&["region", "attribute:age-band"], Query::default()));
    assert_eq!(
        regions,
        [",,US-SEM,2,2.5,2.5,0,0", "Scotland,0-35,ECTS,0,0,0,0,6", "Scotland,0-35,US-SEM,1,3,0,3,0"]
    );
    assert_eq!(
        csv(totals, &by(&[], as_of(2024, 6, 30))),
        ["US-SEM,3,8,8,0,0,2.5"],
        "converted and reversed in 2025"
    );
    let mut none = sink(Format::Csv, std::io::sink(), None);
    let wrong = totals(&bank(), &by(&["colour"], Query::default()), &mut *none).unwrap_err();
    assert_eq!(wrong.code, "R120");
}

#[test]
fn the_trial_balance_balances() {
    let rows = csv(trial_balance, &Query::default());
    assert_eq!(rows.len(), 16);
    assert!(rows.iter().all(|row| row.ends_with(",true")), "{rows:?}");
    assert_eq!(rows[0], "US-SEM,recognised,-5.5,-5.5,true");
    assert_eq!(rows[7], "US-SEM,total,0,0,true");
    let rows = csv(trial_balance, &as_of(2024, 6, 30));
    assert_eq!((rows[1].as_str(), rows[7].as_str()), ("US-SEM,held,8,,", "US-SEM,total,0,,true"));
}

#[test]
fn batches_tell_who_and_from_which_file() {
    let all: Report = |read, query, sink| batches(read, query, false, sink);
    let rows = csv(all, &known(12));
    assert_eq!(rows[0], "B1,,0,11,2025-01-01T00:00:00Z,registrar,,import,a.csv,7,ff,moocs 2,,,,ab,");
    assert_eq!(rows.len(), 2);
}

#[test]
fn the_journal_lists_every_entry_once_and_in_order() {
    let rows = csv(journal, &Query::default());
    assert_eq!(rows.len() as u64, SIZE);
    for (seq, row) in rows.iter().enumerate() {
        assert!(row.starts_with(&format!("{seq},B")), "{row}");
    }
    assert_eq!(
        rows[17],
        "17,B3,2025-01-01T00:00:00Z,reverse,CB00000001X,7,US-SEM,5,held,recognised,2025-01-10,16,7,"
    );
    assert!(
        rows[14].contains(",6,ECTS,6,recognised,converted,2025-01-10,12,,\"1/1 of the lot, target ECTS\""),
        "{}",
        rows[14]
    );
    assert!(rows[10].ends_with(",2023-12-31"), "{}", rows[10]);
    assert_eq!(csv(journal, &Query { batch: Some(2), ..Query::default() }).len(), 4);
    assert_eq!(csv(journal, &Query { learner: Some(2), ..Query::default() }).len(), 4);
    assert_eq!(csv(journal, &known(5)).len(), 5);
}

#[test]
fn open_items_are_what_nobody_mended_or_decided() {
    let rows = csv(open_items, &Query::default());
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(
        rows[0].starts_with("refused,B1,,,,,,,,,,a.csv,4,开大.1,002,CS2,2023,1,I301,no such day,"),
        "{}",
        rows[0]
    );
    assert!(rows[1].contains("needs the day") && rows[1].contains("national/R7"), "{}", rows[1]);
    let rows = csv(open_items, &as_of(2024, 6, 30));
    assert_eq!(rows.iter().filter(|row| row.starts_with("undecided,")).count(), 2);
    assert_eq!(csv(open_items, &known(6)).len(), 2, "no row was mended then");
}

#[test]
fn an_export_has_a_transaction_for_each_amount() {
    for dialect in [Dialect::Hledger, Dialect::Ledger, Dialect::Beancount] {
        let mut out = Vec::new();
        export(&bank(), dialect, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        if let Some(folder) = std::env::var_os("JOURNALS") {
            std::fs::write(std::path::Path::new(&folder).join(format!("bank.{dialect:?}")), &text).unwrap();
        }
        assert_eq!(text.matches(" * ").count(), 6, "{text}");
        assert_eq!(text.matches("Held:CB00000001X  -5.000 ").count(), 1, "{text}");
    }
}
