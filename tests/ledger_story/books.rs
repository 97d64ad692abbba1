//! Closed books, and looking back: as of a day, as known at a size.

use crate::bank::{Bank, text};
use serde_json::Value;
use std::collections::BTreeMap;

/// The closed period and the reason of the newest batch.
fn late(bank: &Bank) -> String {
    let rows = bank.rows("batch list", "batches");
    let row = rows.last().unwrap();
    format!("{} {}", text(row, "closed_period"), text(row, "why"))
}

#[test]
fn closed_books_take_late_entries_with_a_reason_only() {
    let bank = Bank::open();
    bank.import("a.csv", &["Mei,NVC,Q1,2024-12-31,3,US-QTR,80"]);
    bank.does("convert --all --to US-SEM --date 2025-06-30");
    bank.refuses("period close 2026-09-02", "P102");
    bank.refuses("period close 2026-09-01", "P102").says("not over yet");
    bank.does("period close 2024-12-31 --reason=year-end");
    bank.refuses("period close 2024-12-31", "P101");
    bank.refuses("period close 2023-12-31", "P101").says("2024-12-31");
    assert_eq!(text(&bank.rows("period list", "closed")[0], "through"), "2024-12-31");

    bank.file("late.csv", &["Mei,NVC,Q2,2024-12,3,US-QTR,80"]);
    bank.refuses("import late.csv --profile results.toml", "E408").says("--reason");
    bank.does("import late.csv --profile results.toml --reason=lost-in-the-post");
    assert!(late(&bank).ends_with("lost-in-the-post"), "{}", late(&bank));
    bank.import("new.csv", &["Mei,NVC,Q3,2025-01-01,3,US-QTR,80"]);
    assert_eq!(late(&bank), " ", "a date after the close needs no reason");

    bank.refuses("convert --all --to US-SEM --date 2024-12-31", "I301");
    bank.refuses("convert --all --to US-SEM --date 2024-12-31 --reason=", "I301");
    bank.does("convert --all --to US-SEM --date 2024-12-31 --reason=late-decision");
    assert_eq!(late(&bank), "2024-12-31 late-decision");
    bank.refuses("release --all --date 2024-12-31", "I301");
    bank.does("release --all --to US-SEM --date 2025-01-01");
    assert_eq!(late(&bank), " ");

    // A reversal takes effect when what it reverses did.
    bank.does("reverse B3 --reason=never-happened").shows("closed through 2024-12-31");
    assert_eq!(late(&bank), "2024-12-31 never-happened");
    bank.does("reverse B7 --reason=nor-did-this");
    assert_eq!(late(&bank), " nor-did-this");
    bank.does("period close 2025-12-31");
    assert_eq!(bank.rows("period list", "closed").len(), 2);
}

#[test]
fn a_cascade_into_closed_books_is_marked() {
    let bank = Bank::open();
    bank.import("a.csv", &["Mei,NVC,Q1,2025-02-01,3,US-QTR,80"]);
    bank.does("convert --all --to US-SEM --date 2024-12-01");
    bank.does("period close 2024-12-31");
    bank.does("reverse B3 --reason=wrong --cascade");
    assert_eq!(late(&bank), "2024-12-31 wrong");
}

const REPORTS: [&str; 6] = [
    "report statement Mei",
    "report balances",
    "report totals --by institution,kind,status",
    "report trial-balance",
    "report journal",
    "batch list",
];

/// A report without what only says how it was asked, and without what a look back cannot have.
fn figures(mut report: Value) -> Value {
    let object = report.as_object_mut().unwrap();
    object.remove("filter");
    object.remove("notes");
    for section in object.values_mut().filter_map(Value::as_array_mut) {
        for row in section.iter_mut().filter_map(Value::as_object_mut) {
            for key in ["kept", "agrees", "undecided"] {
                row.remove(key);
            }
        }
    }
    report
}

/// Steps that use every verb, some of them twice.
pub fn long_story(bank: &Bank, mut after: impl FnMut(&Bank)) {
    bank.file(
        "a.csv",
        &[
            "Mei,NVC,Q1,2024-06-30,1,US-QTR,80",
            "Mei,NVC,Q2,2024-06,1,US-QTR,80",
            "Jo,NVC,Q1,2024-06-30,2,US-QTR,70",
        ],
    );
    bank.file(
        "b.csv",
        &["Mei,NVC,Q3,2024-07-01,1,US-QTR,60,informal", "Mei,NVC,Q4,2024-07-01,1,US-QTR,20,formal,,,failed"],
    );
    bank.loads("c.csv", &["Mei,AAA,2024-02,60,passed", "Mei,BBB,2024-02,60,passed"]);
    let steps = [
        "import a.csv --profile results.toml",          // B3
        "import b.csv --profile results.toml",          // B4
        "convert Mei --to US-SEM --date 2024-09-01",    // B5
        "import c.csv --profile loads.toml",            // B6
        "release --learner Mei --date 2025-01-15",      // B7
        "convert --all --to ECTS --date 2025-02-01",    // B8
        "reverse B3 --reason=wrong --cascade",          // B9
        "period close 2024-12-31",                      // B10
        "reverse B9 --reason=right",                    // B11
        "reverse B6 --reason=wrong-load",               // B12
        "import c.csv --profile loads.toml --reason=x", // B13
    ];
    for step in steps {
        bank.does(step);
        after(bank);
    }
}

#[test]
fn as_known_at_an_earlier_size_everything_is_as_it_was_reported_then() {
    let bank = Bank::open();
    let mut reported = Vec::new();
    long_story(&bank, |bank| {
        reported.push((bank.size(), REPORTS.map(|report| figures(bank.json(report)))));
    });
    for (size, reports) in reported {
        for (report, then) in REPORTS.iter().zip(reports) {
            let now = figures(bank.json(&format!("{report} --known {size}")));
            assert_eq!(now, then, "{report} --known {size}");
        }
    }
    bank.changes_nothing("report balances --known 9999", 2).says("C105");
}

#[test]
fn as_of_a_day_counts_what_was_effective_and_names_what_needs_the_day() {
    let bank = Bank::open();
    let mut sizes = Vec::new();
    long_story(&bank, |bank| sizes.push(bank.size()));
    let had = |day: &str| bank.had("Mei", &format!("--as-of {day}"));
    assert_eq!(had("2024-01-31"), "");
    assert_eq!(had("2024-02-15"), "", "the load of February is undecided");
    assert_eq!(had("2024-02-29"), "UK held 60");
    assert_eq!(had("2024-06-29"), "UK held 60");
    assert_eq!(had("2024-06-30"), "UK held 60; US-QTR held 2");
    assert_eq!(had("2024-08-31"), "UK held 60; US-QTR held 3");
    assert_eq!(had("2024-09-01"), "UK held 60; US-QTR placed 3; US-SEM converted 2");
    assert_eq!(had("2025-01-14"), "UK held 60; US-QTR placed 3; US-SEM converted 2");
    assert_eq!(had("2025-01-15"), "UK held 60; US-QTR held 3");
    assert_eq!(had("2025-02-01"), "ECTS converted 3; UK held 60; US-QTR placed 3");
    assert_eq!(bank.has("Mei"), had("2026-09-01"));

    // Inside June one lot is undecided; the two of February that were reversed are not.
    let lots = bank.lots("Mei", "--as-of 2024-06-15");
    assert_eq!(lots[..3], ["Q1: not yet", "Q2: undecided, needs the day", "Q3: not yet"]);
    let lots = bank.lots("Mei", "--as-of 2024-02-15");
    let undecided = lots.iter().filter(|lot| lot.ends_with("undecided, needs the day")).count();
    let reversed = lots.iter().filter(|lot| lot.contains("reversed by")).count();
    assert_eq!((undecided, reversed), (2, 2), "{lots:?}");
    let rows = bank.rows("report totals --as-of 2024-02-15", "totals");
    assert_eq!(text(&rows[0], "undecided"), "60");
    assert_eq!(bank.rows("report open-items --as-of 2024-02-15", "undecided").len(), 2);
    assert_eq!(bank.rows("report open-items --as-of 2024-02-29", "undecided").len(), 0);

    // Both: what was known before the release, as of a day after it; and as of a day before anything.
    let known = |at: usize, day: &str| bank.had("Mei", &format!("--known {} --as-of {day}", sizes[at]));
    assert_eq!(known(3, "2025-01-31"), "UK held 60; US-QTR placed 3; US-SEM converted 2");
    assert_eq!(known(4, "2025-01-31"), "UK held 60; US-QTR held 3");
    assert_eq!(known(4, "2024-12-31"), "UK held 60; US-QTR placed 3; US-SEM converted 2");
    assert_eq!(known(0, "2024-06-29"), "");
    assert_eq!(known(6, "2025-12-31"), "UK held 60; US-QTR held 1");
    // The same through the trial balance, which counts entries and not lots.
    for (at, day) in [
        (3, "2025-01-31"),
        (4, "2024-12-31"),
        (6, "2025-02-01"),
        (6, "2024-09-01"),
        (8, "2024-02-15"),
        (10, "2024-06-15"),
    ] {
        let rows =
            bank.rows(&format!("report trial-balance --known {} --as-of {day}", sizes[at]), "trial_balance");
        for row in rows.iter().filter(|row| row["place"] == "total") {
            assert_eq!(text(row, "recounted"), "0", "{day}");
        }
        let sum = |place: &str| -> Vec<String> {
            let fits = |row: &&Value| row["place"] == place && row["recounted"] != "0";
            rows.iter()
                .filter(fits)
                .map(|row| format!("{} {}", text(row, "system"), text(row, "recounted")))
                .collect()
        };
        let mut kept: BTreeMap<String, i64> = BTreeMap::new();
        for row in bank.rows(&format!("report balances --known {} --as-of {day}", sizes[at]), "balances") {
            *kept.entry(text(&row, "system")).or_default() += text(&row, "held").parse::<i64>().unwrap();
        }
        let kept = kept.iter().filter(|(_, sum)| **sum != 0);
        let kept: Vec<String> = kept.map(|(system, sum)| format!("{system} {sum}")).collect();
        let mut sums = sum("held");
        sums.sort();
        assert_eq!(sums, kept, "--known {} --as-of {day}", sizes[at]);
    }
}
