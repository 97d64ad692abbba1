//! Exactly once, all or nothing, dry runs, loads of groups.

use crate::bank::{Bank, text};

const MATH: &str = "Mei,NVC,MATH1,2024-06-30,3,CN,80";

#[test]
fn the_same_file_deposits_once() {
    let bank = Bank::open();
    bank.import("a.csv", &[MATH, "Jo,NVC,MATH1,2024-06-30,3,CN,70"]);
    let again = bank.changes_nothing("import a.csv --profile results.toml", 0).says("N102");
    assert_eq!(Bank::counted(&again, "rows recorded before"), "2");
    assert_eq!(Bank::counted(&again, "rows deposited"), "0");
    assert_eq!((bank.has("Mei"), bank.has("Jo")), ("CN held 3".into(), "CN held 3".into()));
    // What of it was reversed since is deposited again, and nothing else.
    bank.does(&format!("reverse {} --reason=wrong", bank.lot("Jo", "MATH1")));
    let third = bank.does("import a.csv --profile results.toml");
    assert_eq!(Bank::counted(&third, "rows deposited"), "1");
    assert_eq!(Bank::counted(&third, "rows recorded before"), "1");
    bank.changes_nothing("import a.csv --profile results.toml", 0);
    assert_eq!((bank.has("Mei"), bank.has("Jo")), ("CN held 3".into(), "CN held 3".into()));
}

#[test]
fn the_same_achievement_deposits_once_in_two_files_or_in_one() {
    let bank = Bank::open();
    let twice = bank.import("twice.csv", &[MATH, MATH]);
    assert_eq!(Bank::counted(&twice, "rows deposited"), "1");
    assert_eq!(Bank::counted(&twice, "rows recorded before"), "1");
    let other = bank.import("other.csv", &[MATH, "Mei,NVC,ART1,2024-06-30,2,CN,80"]);
    assert_eq!(Bank::counted(&other, "rows deposited"), "1");
    assert_eq!(bank.has("Mei"), "CN held 5");
}

#[test]
fn a_row_that_contradicts_the_ledger_is_refused_and_names_batch_and_line() {
    let bank = Bank::open();
    bank.import("a.csv", &[MATH]);
    bank.file("b.csv", &["Mei,NVC,MATH1,2024-06-30,3,CN,81", "Jo,NVC,MATH1,2024-06-30,3,CN,70"]);
    let why = "grade 80 → 81, recorded in batch B3, line 2 of a.csv";
    bank.refuses("import b.csv --profile results.toml", "E403").says(why).says("line 2").says("b.csv");
    assert_eq!(bank.run("report balances Jo").code, 1, "nobody was enrolled");

    let kept = bank.ends("import b.csv --profile results.toml --keep-going", 3);
    assert_eq!(Bank::counted(&kept, "rows deposited"), "1");
    assert_eq!(Bank::counted(&kept, "rows refused"), "1");
    kept.shows("E403").shows(why);
    assert_eq!((bank.has("Mei"), bank.has("Jo")), ("CN held 3".into(), "CN held 3".into()));
    let refused = std::fs::read_to_string(bank.session.path("b.refused.csv")).unwrap();
    assert!(refused.contains("Mei,NVC,MATH1") && !refused.contains("Jo"), "{refused}");
}

#[test]
fn a_file_that_contradicts_itself_is_refused_and_names_the_line() {
    let bank = Bank::open();
    bank.file("a.csv", &[MATH, "Mei,NVC,MATH1,2024-06-30,3,CN,81"]);
    let why = "grade 80 → 81, against line 2 of the file";
    bank.refuses("import a.csv --profile results.toml", "E404").says("line 3").says(why);
    let kept = bank.ends("import a.csv --profile results.toml --keep-going", 3).shows("E404");
    assert_eq!(Bank::counted(&kept, "rows deposited"), "1");
    assert_eq!(bank.has("Mei"), "CN held 3");
}

#[test]
fn what_was_reversed_can_be_deposited_again() {
    let bank = Bank::open();
    bank.import("a.csv", &[MATH]);
    let first = bank.lot("Mei", "MATH1");
    bank.does("reverse B3 --reason=wrong-profile");
    assert_eq!(bank.has("Mei"), "");
    let again = bank.does("import a.csv --profile results.toml").says("N102");
    assert_eq!(Bank::counted(&again, "rows deposited"), "1");
    assert_eq!(bank.has("Mei"), "CN held 3");
    assert_ne!(bank.lot("Mei", "MATH1"), first);
    bank.changes_nothing("import a.csv --profile results.toml", 0);
    bank.refuses("reverse B4 --reason=back", "U102").says(&bank.lot("Mei", "MATH1"));
}

#[test]
fn an_institutions_own_record_id_is_the_key_where_it_gives_one() {
    let bank = Bank::open();
    for college in ["NVC", "SVC"] {
        bank.does(&format!("institution add {college} --name {college}"));
        bank.does(&format!("outcome add {college}/GOLF --title Golf --repeatable"));
    }
    // One course taken twice within the day: only the institution's numbers tell the results apart.
    let (one, two) =
        ("Mei,NVC,GOLF,2024-06-30,1,CN,80,formal,,R1", "Mei,NVC,GOLF,2024-06-30,1,CN,80,formal,,R2");
    bank.import("a.csv", &[one, two]);
    assert_eq!(bank.has("Mei"), "CN held 2");
    let again = bank.import("b.csv", &[two, "Mei,NVC,GOLF,2024-06-30,1,CN,80,formal,,R3"]);
    assert_eq!(Bank::counted(&again, "rows recorded before"), "1");
    assert_eq!(bank.has("Mei"), "CN held 3");
    // The same number from another institution is another record.
    bank.import("c.csv", &["Mei,SVC,GOLF,2024-06-30,1,CN,80,formal,,R1"]);
    assert_eq!(bank.has("Mei"), "CN held 4");
    // A number that stands already for something else is a contradiction, in the ledger …
    for (row, what) in [
        ("Jo,NVC,GOLF,2024-06-30,1,CN,80,formal,,R1", "another learner"),
        ("Mei,NVC,CHESS,2024-06-30,1,CN,80,formal,,R1", "outcome GOLF → CHESS"),
        ("Mei,NVC,GOLF,2024-06-29,1,CN,80,formal,,R1", "period 2024-06-30 → 2024-06-29"),
    ] {
        bank.file("d.csv", &[row]);
        bank.refuses("import d.csv --profile results.toml", "E403").says(what);
    }
    // … and within a file.
    bank.file(
        "e.csv",
        &["Jo,NVC,A,2024-06-30,1,CN,80,formal,,R9", "Mei,NVC,B,2024-06-30,2,CN,80,formal,,R9"],
    );
    bank.refuses("import e.csv --profile results.toml", "E404")
        .says("another learner, outcome A → B, credits 1 → 2, against line 2 of the file");
}

#[test]
fn a_mended_file_deposits_just_what_was_refused() {
    let bank = Bank::open();
    let good = ["Mei,NVC,MATH1,2024-06-30,3,CN,80", "Jo,NVC,MATH1,2024-06-30,3,CN,70"];
    let bad = ["Li,NVC,ART1,2024-02-30,2,CN,60", "Ana,NVC,ART2,2024-06-30,2.5,CN,60,formal,99"];
    bank.file("a.csv", &[good[0], bad[0], good[1], bad[1]]);
    bank.refuses("import a.csv --profile results.toml", "I201").says("line 3").says("line 5");
    bank.ends("import a.csv --profile results.toml --keep-going", 3);
    let waiting = |bank: &Bank| -> Vec<String> {
        let rows = bank.rows("report open-items", "refused");
        rows.iter().map(|row| format!("{} {}", text(row, "learner"), text(row, "code"))).collect()
    };
    assert_eq!(waiting(&bank), ["Li E232", "Ana E307"]);

    // One row is mended, one is not: it waits once, however often it is sent.
    bank.file("a.csv", &[good[0], bad[0], good[1], "Ana,NVC,ART2,2024-06-30,2.5,CN,60,formal,5"]);
    let sent = bank.ends("import a.csv --profile results.toml --keep-going", 3);
    assert_eq!(Bank::counted(&sent, "rows deposited"), "1");
    assert_eq!(Bank::counted(&sent, "rows recorded before"), "2");
    assert_eq!(bank.has("Ana"), "CN held 2.5");
    assert_eq!(waiting(&bank), ["Li E232"]);
    // The mended row's deposit is reversed: it waits again.
    let lot = bank.lot("Ana", "ART2");
    bank.does(&format!("reverse {lot} --reason=test"));
    assert_eq!(waiting(&bank), ["Ana E307", "Li E232"]);
}

#[test]
fn a_row_whose_date_was_the_fault_is_mended_by_one_that_agrees_in_all_else() {
    let bank = Bank::open();
    let send = |rows: &[&str], code: i32| {
        bank.file("a.csv", rows);
        bank.ends("import a.csv --profile results.toml --keep-going", code);
    };
    let waiting = || -> Vec<String> {
        let rows = bank.rows("report open-items", "refused");
        rows.iter()
            .map(|row| format!("{} {} {}", text(row, "learner"), text(row, "outcome"), text(row, "period")))
            .collect()
    };
    send(
        &[
            "Li,NVC,ART1,2024-02-30,2,CN,60",
            "Jo,NVC,ART1,30/02,2,CN,70",
            "Mei,NVC,ART1,,2,CN,",
            "Mei,NVC,ART2,2024-06-30,3,CN,1",
        ],
        3,
    );
    assert_eq!(waiting(), ["Li ART1 2024-02-30", "Jo ART1 30/02", "Mei ART1 "]);
    // Still wrong, and so one row as before; a re-sit with another grade, and another course, mend nothing.
    send(&["Li,NVC,ART1,2024-02-31,2,CN,60"], 3);
    send(&["Jo,NVC,ART1,2024-07-30,2,CN,80", "Jo,NVC,ART2,2024-02-28,2,CN,70"], 0);
    assert_eq!(waiting(), ["Jo ART1 30/02", "Mei ART1 ", "Li ART1 2024-02-31"]);
    send(&["Li,NVC,ART1,2024-02-29,2,CN,60", "Mei,NVC,ART1,2024-03,2,CN,"], 0);
    assert_eq!(waiting(), ["Jo ART1 30/02"]);
    // One result mends one of two rows.
    send(&["Jo,NVC,ART1,31/02,2,CN,70"], 3);
    send(&["Li,NVC,ART3,2023-02-30,2,CN,60", "Li,NVC,ART3,2024-02-30,2,CN,60"], 3);
    send(&["Jo,NVC,ART1,2024-02-28,2,CN,70", "Li,NVC,ART3,2024-02-28,2,CN,60"], 0);
    assert_eq!(waiting(), ["Li ART3 2024-02-30"]);
    bank.does(&format!("reverse {} --reason=test", bank.lot("Jo", "ART1")));
    bank.does("verify");
}

#[test]
fn a_row_with_a_record_number_is_mended_whatever_the_fault_was() {
    let bank = Bank::open();
    bank.file(
        "a.csv",
        &["Mie,NVC,ART1,2024-02-30,2,CN,60,formal,99,R7", "Jo,NVC,ART1,2024-02-29,x,CN,60,formal,,R8"],
    );
    bank.ends("import a.csv --profile results.toml --keep-going", 3);
    bank.file("b.csv", &["Mei,NVC,ART2,2024-02-28,2.5,CN,61,formal,,R7"]);
    bank.does("import b.csv --profile results.toml");
    let rows = bank.rows("report open-items", "refused");
    assert_eq!(rows.iter().map(|row| text(row, "learner")).collect::<Vec<_>>(), ["Jo"]);
}

#[test]
fn a_dry_run_shows_what_a_commit_does_and_changes_nothing() {
    let bank = Bank::open();
    bank.file("a.csv", &["Mei,NVC,Q1,2024-06-30,1,US-QTR,80", "Jo,NVC,Q1,2024-07,1,US-QTR,"]);
    // What a batch says of itself names the command, which differs.
    let entries = |rows: &[serde_json::Value]| -> Vec<serde_json::Value> {
        rows.iter().filter(|row| row["kind"] != "batch").cloned().collect()
    };
    let dry = bank.changes_nothing("import a.csv --profile results.toml --dry-run --format json", 0);
    let shown: serde_json::Value = serde_json::from_str(&dry.out).unwrap();
    bank.does("import a.csv --profile results.toml");
    let posted = bank.rows("report journal --batch B3", "entries");
    assert_eq!(entries(shown["entries"].as_array().unwrap()), entries(&posted));
    assert_eq!(posted.len(), 7, "batch, profile, registers, people, two deposits, receipt");

    let steps =
        ["convert --all --to US-SEM", "release --all --to US-SEM", "reverse B3 --reason=test --cascade"];
    for step in steps {
        let dry = bank.changes_nothing(&format!("{step} --dry-run --format json"), 0);
        let mut dry: serde_json::Value = serde_json::from_str(&dry.out).unwrap();
        let mut done = bank.json(step);
        for report in [&mut dry, &mut done] {
            let notes = report["notes"].as_array_mut().unwrap();
            notes.retain(|note| !note.as_str().unwrap().contains("posted"));
        }
        assert_eq!(dry, done, "{step}");
    }
    assert_eq!(bank.has("Mei"), "");
}

#[test]
fn rows_that_share_a_load_must_agree_on_it() {
    let bank = Bank::open();
    bank.loads("a.csv", &["Mei,AAA,2024-02,60,passed", "Mei,BBB,2024-02,60,failed"]);
    bank.refuses("import a.csv --profile loads.toml", "E401").says("1 earn credit and 1 do not");
    bank.loads("b.csv", &["Mei,AAA,2024-02,60,passed", "Mei,BBB,2024-02,30,passed"]);
    bank.refuses("import b.csv --profile loads.toml", "E402").says("different loads");
    bank.loads(
        "c.csv",
        &["Mei,AAA,2024-02,100,passed", "Mei,BBB,2024-02,100,passed", "Mei,CCC,2024-02,100,passed"],
    );
    bank.does("import c.csv --profile loads.toml");
    let rows = bank.rows("report statement Mei", "lots");
    let shares: Vec<String> = rows.iter().map(|row| text(row, "amount")).collect();
    assert_eq!(shares, ["33.334", "33.333", "33.333"]);
    assert_eq!(bank.has("Mei"), "UK held 100");
}

#[test]
fn a_load_that_was_counted_is_not_counted_again() {
    let bank = Bank::open();
    bank.loads("a.csv", &["Mei,AAA,2024-02,60,passed", "Mei,BBB,2024-02,60,passed"]);
    bank.does("import a.csv --profile loads.toml");
    // The row that was forgotten, alone: its load is that of the group, which is counted.
    bank.loads("late.csv", &["Mei,CCC,2024-02,60,passed"]);
    let why = "counted 60 of this period already";
    bank.refuses("import late.csv --profile loads.toml", "E407").says(&bank.lot("Mei", "AAA")).says(why);
    bank.ends("import late.csv --profile loads.toml --keep-going", 3).shows("E407");
    assert_eq!(bank.has("Mei"), "UK held 60");
    assert_eq!(text(&bank.rows("report open-items", "refused")[0], "code"), "E407");
    // The whole group with the row in it: the recorded rows have other shares.
    bank.loads(
        "all.csv",
        &["Mei,AAA,2024-02,60,passed", "Mei,BBB,2024-02,60,passed", "Mei,CCC,2024-02,60,passed"],
    );
    bank.refuses("import all.csv --profile loads.toml", "E407").says("E403");
    // Other periods and other people have their own loads.
    bank.loads("other.csv", &["Mei,CCC,2024-10,30,passed", "Jo,CCC,2024-02,30,passed"]);
    bank.does("import other.csv --profile loads.toml");
    assert_eq!((bank.has("Mei"), bank.has("Jo")), ("UK held 90".into(), "UK held 30".into()));
    // As the remedy says: reverse the batch and send the group again.
    bank.does("reverse B3 --reason=incomplete");
    bank.does("import all.csv --profile loads.toml");
    // Two shares of 20; the third is of what she passed in October, and an outcome gives its credit once.
    assert_eq!(bank.has("Mei"), "UK held 70");
    bank.changes_nothing("import all.csv --profile loads.toml", 0);
    assert!(bank.rows("report open-items", "refused").is_empty());
    // The reversal of the reversal would count the load twice.
    let reversal = bank.rows("batch list", "batches");
    let reversal = reversal.iter().find(|row| text(row, "why") == "incomplete").unwrap();
    bank.refuses(&format!("reverse {} --reason=back", text(reversal, "batch")), "U102");
}
