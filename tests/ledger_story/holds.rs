//! Credit on hold: it counts everywhere, and nobody places, reverses or takes it until the hold is lifted.

use crate::bank::{Bank, text};
use serde_json::Value;

/// Mei has Q1 and Q2, Jo has Q1, all held; Mei's Q1 is on hold.
fn held() -> (Bank, String) {
    let bank = Bank::open();
    bank.import(
        "a.csv",
        &[
            "Mei,NVC,Q1,2024-06-30,1,US-QTR,80",
            "Mei,NVC,Q2,2024-06-30,2,US-QTR,80",
            "Jo,NVC,Q1,2024-06-30,4,US-QTR,80",
            "Jo,NVC,Q9,2024-06-30,4,US-QTR,80,formal,,,failed",
        ],
    );
    let lot = bank.lot("Mei", "Q1");
    bank.does(&format!("lot hold {lot} --reason=disputed"));
    (bank, lot)
}

fn on_hold(bank: &Bank) -> Vec<Value> {
    bank.rows("report open-items", "holds")
}

#[test]
fn a_lot_on_hold_counts_and_is_passed_over() {
    let (bank, lot) = held();
    assert_eq!(bank.has("Mei"), "US-QTR held 3");
    let done = bank.json("convert --all --to US-SEM");
    assert_eq!(bank.has("Mei"), "US-QTR held 1 placed 2; US-SEM converted 1.333");
    let left = done["left"].as_array().unwrap();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(text(&left[0], "lot"), lot);
    let why = text(&left[0], "why");
    assert!(why.starts_with("on hold since 2026-09-01: disputed (decision "), "{why}");
}

#[test]
fn a_hold_is_seen_wherever_the_lot_is() {
    let (bank, lot) = held();
    let rows = bank.rows("report statement Mei", "lots");
    let row = rows.iter().find(|row| row["outcome"] == "Q1").unwrap();
    assert_eq!(text(row, "where"), "held");
    assert!(text(row, "on_hold").contains("disputed"), "{row}");
    bank.run("report statement Mei").exits(0).shows("1 on hold: counted");
    let holds = on_hold(&bank);
    assert_eq!(holds.len(), 1);
    let shown = ["lot", "since", "reason"].map(|key| text(&holds[0], key));
    assert_eq!(shown, [lot.as_str(), "2026-09-01", "disputed"]);
    let decision = text(&holds[0], "decision");
    bank.does(&format!("explain {decision}")).shows("disputed");
    let before = bank.size() - 3;
    assert!(bank.rows(&format!("report open-items --known {before}"), "holds").is_empty());
}

#[test]
fn only_unhold_ends_a_hold() {
    let (bank, lot) = held();
    let decision = text(&on_hold(&bank)[0], "decision");
    for command in [format!("reverse {decision} --reason=x"), "reverse B4 --reason=x".to_owned()] {
        bank.refuses(&command, "U112").says(&format!("lot unhold {lot}"));
    }
    bank.refuses(&format!("lot hold {lot} --reason=again"), "H104").says("disputed");
    bank.does(&format!("lot unhold {lot} --reason=settled"));
    assert!(on_hold(&bank).is_empty());
    bank.refuses("reverse B5 --reason=x", "U112");
    bank.refuses(&format!("lot unhold {lot} --reason=twice"), "H105");
    bank.does("convert Mei --to US-SEM");
    assert_eq!(bank.has("Mei"), "US-QTR placed 3; US-SEM converted 2");
    // And again: the second hold is another one.
    bank.does(&format!("lot hold {lot} --reason=once-more"));
    assert_eq!(text(&on_hold(&bank)[0], "reason"), "once-more");
}

#[test]
fn a_lot_on_hold_is_not_reversed() {
    let (bank, lot) = held();
    bank.refuses(&format!("reverse {lot} --reason=wrong"), "U111").says(&format!("lot {lot} is put on hold"));
    bank.refuses("reverse B3 --reason=wrong", "U111");
    bank.refuses("reverse B3 --reason=wrong --cascade", "U111");
    let done = bank.json("reverse B3 --reason=wrong --unused");
    assert_eq!(text(&done["stays"][0], "lot"), lot);
    assert_eq!((bank.has("Mei"), bank.has("Jo")), ("US-QTR held 1".to_owned(), String::new()));
}

#[test]
fn what_is_placed_can_be_put_on_hold_and_released_but_not_placed_again() {
    let (bank, lot) = held();
    bank.does(&format!("lot unhold {lot} --reason=settled"));
    bank.does("convert Mei --to US-SEM");
    bank.does(&format!("lot hold {lot} --reason=document-is-missing"));
    bank.does("release --learner Mei");
    assert_eq!(bank.has("Mei"), "US-QTR held 3");
    bank.refuses("reverse B8 --reason=back", "U111");
    bank.does("convert Mei --to US-SEM");
    assert_eq!(bank.has("Mei"), "US-QTR held 1 placed 2; US-SEM converted 1.333");
}

#[test]
fn only_standing_credit_is_put_on_hold_and_all_or_none() {
    let (bank, _) = held();
    let failed = bank.lot("Jo", "Q9");
    let good = bank.lot("Jo", "Q1");
    bank.refuses(&format!("lot hold {good} {failed} --reason=x"), "H103").says("without credit");
    bank.refuses("lot hold 1 --reason=x", "H101");
    bank.changes_nothing("lot hold one --reason=x", 2).says("H102");
    bank.changes_nothing(&format!("lot hold {good} --reason="), 2).says("H106");
    bank.changes_nothing(&format!("lot hold {good}"), 2).says("--reason");
    bank.changes_nothing(&format!("lot hold {good} --reason=x --dry-run"), 0).shows("nothing was posted");
    bank.does(&format!("reverse {good} --reason=wrong"));
    bank.refuses(&format!("lot hold {good} --reason=x"), "H103").says("reversed by");
    // The reason may name people: the batch's public account of itself has none of it.
    assert!(!bank.json("batch list").to_string().contains("disputed"));
}
