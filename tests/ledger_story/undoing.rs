//! Reversals: of batches and decisions, with what depends on them, and of reversals.

use crate::bank::{Bank, text};

/// Mei has Q1 and Q2 from batch B3, Q3 from B4, all placed at US-SEM by one decision of B5; Jo has Q1
/// from B3, held.
fn converted() -> Bank {
    let bank = Bank::open();
    bank.import(
        "a.csv",
        &[
            "Mei,NVC,Q1,2024-06-30,1,US-QTR,80",
            "Mei,NVC,Q2,2024-06-30,1,US-QTR,80",
            "Jo,NVC,Q1,2024-06-30,4,US-QTR,80",
        ],
    );
    bank.import("b.csv", &["Mei,NVC,Q3,2024-06-30,1,US-QTR,80"]);
    bank.does("convert Mei --to US-SEM");
    bank
}

#[test]
fn what_depends_on_a_batch_stops_its_reversal_and_is_named() {
    let bank = converted();
    let (lot, decision) = (bank.lot("Mei", "Q1"), bank.decision("Mei", "Q1"));
    let refused = bank.refuses("reverse B3 --reason=wrong", "U101");
    refused.says(&format!("lot {lot} is used by decision {decision}")).says("--cascade").says("--unused");
    bank.changes_nothing("reverse B3", 2).says("--reason");
    bank.changes_nothing("reverse B3 --reason=", 2).says("U109");
    bank.refuses("reverse B99 --reason=x", "U105");
    bank.refuses("reverse B1 --reason=x", "U106");
    bank.changes_nothing("reverse C3 --reason=x", 2).says("U104");
}

#[test]
fn a_cascade_undoes_what_depends_first_and_whole() {
    let bank = converted();
    bank.does("reverse B3 --reason=wrong --cascade");
    // Q3 of another batch was placed by the same decision: it is free again, and stands.
    assert_eq!(bank.lots("Mei", "")[2], "Q3: held");
    assert_eq!((bank.has("Mei"), bank.has("Jo")), ("US-QTR held 1".into(), String::new()));
    let posted = bank.posted();
    assert_eq!(posted.len(), 9, "{posted:?}");
    assert!(
        posted[..6]
            .iter()
            .all(|entry| entry.ends_with("placed>held") || entry.ends_with("converted>recognised"))
    );
    assert!(posted[6..].iter().all(|entry| entry.ends_with("held>recognised")));
    bank.changes_nothing("reverse B3 --reason=again", 0).shows("nothing of it stands");
    bank.does("import a.csv --profile results.toml");
    assert_eq!(bank.has("Mei"), "US-QTR held 3");
}

#[test]
fn unused_reverses_what_nothing_depends_on_and_lists_what_stays() {
    let bank = converted();
    let done = bank.json("reverse B3 --reason=wrong --unused");
    let stays: Vec<String> = done["stays"].as_array().unwrap().iter().map(|row| text(row, "lot")).collect();
    assert_eq!(stays, [bank.lot("Mei", "Q1"), bank.lot("Mei", "Q2")]);
    assert_eq!(
        (bank.has("Mei"), bank.has("Jo")),
        ("US-QTR placed 3; US-SEM converted 2".into(), String::new())
    );
}

#[test]
fn a_decision_to_convert_is_reversed_whole_by_any_of_its_entries() {
    let bank = converted();
    let rows = bank.rows("report journal --batch B5", "entries");
    let leg = text(rows.iter().find(|row| row["kind"] == "convert-in").unwrap(), "entry");
    bank.does(&format!("reverse {leg} --reason=wrong-rule"));
    assert_eq!(bank.has("Mei"), "US-QTR held 3");
    assert_eq!(bank.posted().len(), 6);
    bank.does("convert --all --to ECTS");
    assert_eq!(bank.has("Mei"), "ECTS converted 3; US-QTR placed 3");
    // The reversal cannot be reversed while its lots are in use elsewhere, but with it.
    bank.refuses("reverse B6 --reason=back", "U101").says(&bank.decision("Mei", "Q1"));
    bank.does("reverse B6 --reason=back --cascade");
    assert_eq!(bank.has("Mei"), "US-QTR placed 3; US-SEM converted 2");
}

#[test]
fn a_reversal_is_reversed_and_everything_stands_as_before() {
    let bank = converted();
    let before = (bank.has("Mei"), bank.has("Jo"), bank.lots("Mei", ""));
    bank.does("reverse B3 --reason=wrong --cascade");
    bank.does("reverse B6 --reason=it-was-right");
    assert_eq!((bank.has("Mei"), bank.has("Jo"), bank.lots("Mei", "")), before);
    // A deposit that stands again is found again: its row is not deposited a second time.
    bank.changes_nothing("import a.csv --profile results.toml", 0);
    bank.does("reverse B7 --reason=no-it-was-not");
    assert_eq!(bank.has("Mei"), "US-QTR held 1");
}

#[test]
fn what_stands_again_is_undone_once() {
    let bank = converted();
    let decision = bank.decision("Mei", "Q1");
    bank.does(&format!("release {decision}"));
    bank.does("reverse B6 --reason=it-stays");
    let before = bank.has("Mei");
    bank.does(&format!("release {decision}"));
    // B7 let the placement stand, and B8 ended it: nothing of B7 is left to be undone.
    bank.changes_nothing("reverse B7 --reason=no-it-goes", 0).shows("nothing was posted");
    bank.does("reverse B8 --reason=it-stays-after-all");
    assert_eq!(bank.has("Mei"), before);
    bank.does("reverse B7 --reason=no-it-goes");
    assert_eq!(bank.has("Mei"), "US-QTR held 3");
}

#[test]
fn a_placement_cannot_stand_again_without_its_lot() {
    let bank = converted();
    let decision = bank.decision("Mei", "Q1");
    bank.does(&format!("release {decision}"));
    bank.does(&format!("reverse {} --reason=wrong", bank.lot("Mei", "Q1")));
    bank.refuses("reverse B6 --reason=back", "U110").says("but is reversed by");
    bank.refuses("reverse B6 --reason=back --cascade", "U110");
    bank.changes_nothing("reverse B6 --reason=back --unused", 0).shows("nothing");
    assert_eq!(bank.has("Mei"), "US-QTR held 2");
    bank.does("reverse B7 --reason=it-was-right");
    bank.does("reverse B6 --reason=back");
    assert_eq!(bank.has("Mei"), "US-QTR placed 3; US-SEM converted 2");
}

#[test]
fn a_release_is_reversed_whole_or_not_at_all() {
    let bank = converted();
    bank.does("release --all");
    bank.does("reverse B6 --reason=they-stay");
    assert_eq!(bank.has("Mei"), "US-QTR placed 3; US-SEM converted 2");
    bank.does("release --all");
    let lot = bank.lot("Mei", "Q2");
    bank.does(&format!("reverse {lot} --reason=wrong"));
    bank.does("convert --all --to ECTS");
    bank.does("reverse B9 --reason=right");
    // Q1 and Q3 stand at ECTS, Q2 is free: the decision to place all three at US-SEM stays undone.
    bank.refuses("reverse B8 --reason=back", "U101");
    bank.changes_nothing("reverse B8 --reason=back --unused", 0).shows("nothing was posted");
    bank.does("reverse B8 --reason=back --cascade");
    assert_eq!(bank.has("Mei"), "US-QTR placed 3; US-SEM converted 2");
}

#[test]
fn the_rows_that_share_a_load_are_reversed_together() {
    let bank = Bank::open();
    bank.loads(
        "a.csv",
        &["Mei,AAA,2024-02,60,passed", "Mei,BBB,2024-02,60,passed", "Mei,CCC,2024-10,30,passed"],
    );
    bank.does("import a.csv --profile loads.toml");
    bank.does(&format!("reverse {} --reason=wrong-load", bank.lot("Mei", "BBB")));
    assert_eq!(bank.has("Mei"), "UK held 30");
    assert_eq!(bank.posted().len(), 2);
    bank.does("import a.csv --profile loads.toml");
    assert_eq!(bank.has("Mei"), "UK held 90");

    // Where one of them is in use, none is unused.
    let one = "book = \"one\"\n[[rule]]\nid = \"o\"\nfrom = { institution = \"OPEN\", outcome = \"AAA\" }\nto = { institution = \"OPEN\", outcome = \"CCC\", system = \"UK\" }\nratio = \"1\"\n";
    bank.session.write("one.toml", one);
    bank.does("rule load one.toml");
    bank.does("convert --all --to OPEN");
    let batch = "B5";
    bank.does(&format!("reverse {batch} --reason=test --unused --dry-run")).shows("0 entries undone");
    bank.does("reverse B3 --reason=test --unused");
    assert_eq!(bank.has("Mei"), "UK held 30 placed 30 converted 30");
}

#[test]
fn a_record_without_credit_is_reversed_and_recorded_again() {
    let bank = Bank::open();
    bank.import("a.csv", &["Mei,NVC,MATH1,2024-06-30,3,CN,40,formal,,,failed"]);
    bank.does("reverse B3 --reason=wrong-person");
    assert_eq!(bank.rows("report totals", "totals"), Vec::<serde_json::Value>::new());
    bank.does("import a.csv --profile results.toml");
    assert_eq!(bank.lots("Mei", "").last().unwrap(), "MATH1: no credit");
    assert_eq!(text(&bank.rows("report totals", "totals")[0], "achievements"), "1");
}
