//! Conversion and release: by ratio and by outcome, with conditions; one place at a time.

use crate::bank::{Bank, text};

const QUARTERS: [&str; 3] = [
    "Mei,NVC,Q1,2024-06-30,1,US-QTR,80",
    "Mei,NVC,Q2,2024-06-30,1,US-QTR,80",
    "Mei,NVC,Q3,2024-06-30,1,US-QTR,80",
];

fn quarters() -> Bank {
    let bank = Bank::open();
    bank.import("a.csv", &QUARTERS);
    bank
}

#[test]
fn a_ratio_rounds_the_sum_once_and_apportions_it() {
    let bank = quarters();
    bank.does("convert Mei --to US-SEM").shows("1 decisions, 3 lots placed");
    assert_eq!(bank.has("Mei"), "US-QTR placed 3; US-SEM converted 2");
    let rows = bank.rows("report statement Mei", "lots");
    let worths: Vec<String> = rows.iter().map(|row| text(row, "converted")).collect();
    assert_eq!(worths, ["0.667", "0.667", "0.666"]);
    // The original stands beside it as it was.
    for row in &rows {
        let facts =
            ["amount", "system", "grade", "period", "taken", "converted_system", "rule", "rule_version"];
        let facts = facts.map(|key| text(row, key)).join(" ");
        assert_eq!(facts, "1 US-QTR 80 2024-06-30 1 US-SEM systems/qtr-sem 1");
    }
    let decision = bank.decision("Mei", "Q1");
    let why = bank.does(&format!("explain {decision}"));
    why.shows("3 US-QTR × 2/3 = 2 US-SEM, rounded down to a multiple of 0.001").shows("0 thousandths");
}

#[test]
fn converting_twice_posts_nothing() {
    let bank = quarters();
    bank.does("convert --all --to US-SEM");
    bank.changes_nothing("convert --all --to US-SEM", 0).shows("nothing was posted");
    bank.import("late.csv", &["Mei,NVC,Q4,2024-06-30,2,US-QTR,80"]);
    bank.does("convert Mei Mei --to US-SEM").shows("1 decisions, 1 lots placed");
    assert_eq!(bank.has("Mei"), "US-QTR placed 5; US-SEM converted 3.333");
}

#[test]
fn an_amount_that_rounds_to_nothing_stays_where_it_is() {
    let bank = quarters();
    let rule = "book = \"whole\"\n[[rule]]\nid = \"w\"\nfrom = { system = \"US-QTR\" }\nto = { system = \"UK\" }\nratio = \"1/10\"\nstep = \"1\"\n";
    bank.session.write("whole.toml", rule);
    bank.does("rule load whole.toml");
    bank.changes_nothing("convert --all --to UK", 0).shows("comes to nothing");
    assert_eq!(bank.has("Mei"), "US-QTR held 3");
}

#[test]
fn a_rule_takes_a_lot_at_each_bound_and_refuses_it_beyond() {
    // (condition, what is at the bound, what is beyond it, why): date, grade, kind, level.
    let cases = [
        (
            "min_score = \"50\"",
            "2024-06-30,3,CN,50,formal,5",
            "2024-06-30,3,CN,49,formal,5",
            "the score is 49",
        ),
        (
            "min_grade = \"C\"\nscale = \"letters\"",
            "2024-06-30,3,CN,C,formal,5",
            "2024-06-30,3,CN,D,formal,5",
            "the grade is D",
        ),
        (
            "framework = \"EQF\"\nmin_level = \"5\"",
            "2024-06-30,3,CN,80,formal,5",
            "2024-06-30,3,CN,80,formal,4",
            "the level is 4",
        ),
        (
            "kinds = [\"formal\"]",
            "2024-06-30,3,CN,80,formal,5",
            "2024-06-30,3,CN,80,informal,5",
            "informal learning is not accepted",
        ),
        (
            "taken_to = \"2024-08-31\"",
            "2024-08-31,3,CN,80,formal,5",
            "2024-09-01,3,CN,80,formal,5",
            "achieved 2024-09-01",
        ),
        (
            "taken_from = \"2024-09-01\"",
            "2024-09-01,3,CN,80,formal,5",
            "2024-08-31,3,CN,80,formal,5",
            "achieved 2024-08-31",
        ),
    ];
    let bank = Bank::open();
    let mut results = Vec::new();
    let mut catalogue = "institution,course\n".to_owned();
    let mut book =
        "book = \"state\"\n[[scale]]\nname = \"letters\"\ngrades = [\"F\", \"D\", \"C\", \"B\", \"A\"]\n"
            .to_owned();
    for (at, (condition, within, beyond, _)) in cases.iter().enumerate() {
        results.push(format!("Mei,NVC,C{at},{within}"));
        results.push(format!("Jo,NVC,C{at},{beyond}"));
        catalogue.push_str(&format!("STATE,S{at}\n"));
        book.push_str(&format!(
            "[[rule]]\nid = \"r{at}\"\nfrom = {{ institution = \"NVC\", outcome = \"C{at}\" }}\n\
             to = {{ institution = \"STATE\", outcome = \"S{at}\", system = \"ECTS\" }}\ncredits = \"2\"\n{condition}\n"
        ));
    }
    bank.session.write("catalogue.csv", catalogue);
    bank.does("import catalogue.csv --profile catalogue.toml");
    bank.import("a.csv", &results.iter().map(String::as_str).collect::<Vec<_>>());
    bank.session.write("state.toml", book);
    bank.does("rule load state.toml");

    let left = bank.rows("convert --all --to STATE", "left");
    assert_eq!(bank.has("Mei"), "CN placed 18; ECTS converted 12");
    assert_eq!(bank.has("Jo"), "CN held 18");
    let reasons: Vec<String> = left.iter().map(|row| text(row, "why")).collect();
    for (at, (_, _, _, why)) in cases.iter().enumerate() {
        let named = |reason: &&String| reason.starts_with(&format!("rule r{at}:"));
        let reason = reasons.iter().find(named).unwrap();
        assert!(reason.contains(why), "{reason}");
    }
    assert_eq!(reasons.len(), cases.len());
}

#[test]
fn a_rule_holds_for_decisions_from_its_first_day_to_its_last() {
    let bank = quarters();
    let rule = "book = \"dated\"\n[[rule]]\nid = \"d\"\nfrom = { system = \"US-QTR\" }\nto = { system = \"UK\" }\nratio = \"1\"\nvalid_from = \"2025-09-01\"\nvalid_to = \"2026-08-31\"\n";
    bank.session.write("dated.toml", rule);
    bank.does("rule load dated.toml");
    bank.changes_nothing("convert --all --to UK", 0).shows("valid only until 2026-08-31");
    bank.changes_nothing("convert --all --to UK --date 2025-08-31", 0).shows("valid only from 2025-09-01");
    bank.changes_nothing("convert --all --to UK --date 2025-09-01 --dry-run", 0).shows("3 lots placed");
    bank.does("convert --all --to UK --date 2026-08-31").shows("3 lots placed");
    assert_eq!(bank.has("Mei"), "UK converted 3; US-QTR placed 3");
}

#[test]
fn a_boundary_inside_a_month_is_undecided_and_said_once() {
    let bank = Bank::open();
    bank.import("a.csv", &["Mei,NVC,Q1,2024-08,1,US-QTR,80", "Mei,NVC,Q2,2024-07,1,US-QTR,80"]);
    let rule = "book = \"summer\"\n[[rule]]\nid = \"s\"\nfrom = { system = \"US-QTR\" }\nto = { system = \"UK\" }\nratio = \"1\"\ntaken_to = \"2024-08-15\"\n";
    bank.session.write("summer.toml", rule);
    bank.does("rule load summer.toml");
    let waiting = |bank: &Bank| -> Vec<String> {
        let rows = bank.rows("report open-items", "undecided");
        rows.iter()
            .map(|row| format!("{} {} {}", text(row, "account"), text(row, "outcome"), text(row, "rule")))
            .collect()
    };
    bank.does("convert --all --to UK").shows("straddles … to 2024-08-15: needs the day");
    assert_eq!(bank.has("Mei"), "UK converted 1; US-QTR held 1 placed 1");
    let account = text(&bank.rows("report balances Mei", "balances")[0], "account");
    assert_eq!(waiting(&bank), [format!("{account} Q1 summer/s, version 1")]);
    bank.changes_nothing("convert --all --to UK", 0).shows("needs the day");

    // A second lot of the same learner waits too, and is said once as well.
    bank.import("b.csv", &["Mei,NVC,Q3,2024-08,1,US-QTR,80"]);
    bank.does("convert Mei Mei --to UK");
    assert_eq!(waiting(&bank).len(), 2);
    assert!(waiting(&bank)[1].contains("Q3"), "{:?}", waiting(&bank));
    bank.changes_nothing("convert --all --to UK", 0);

    // Placed elsewhere it waits no longer; nor does one that is reversed and sent again with its day.
    bank.does("convert --all --to US-SEM");
    assert!(waiting(&bank).is_empty(), "{:?}", waiting(&bank));
    bank.does("reverse B3 --reason=no-day --cascade");
    bank.does("release --all --to US-SEM");
    bank.import("c.csv", &["Mei,NVC,Q1,2024-08-15,1,US-QTR,80"]);
    bank.does("convert --all --to UK");
    assert_eq!(bank.lots("Mei", "").last().unwrap(), "Q1: placed at UK");
}

/// A bank with a rule book for STATE: two courses for two, a better offer, a denial, and a cap over all.
fn state() -> Bank {
    let bank = Bank::open();
    bank.session.write("catalogue.csv", "institution,course\nSTATE,S0\nNVC,GYM\n");
    bank.does("import catalogue.csv --profile catalogue.toml");
    let rule = |id: &str, from: &str, to: &str, rest: &str| {
        format!(
            "[[rule]]\nid = \"{id}\"\nfrom = {{ institution = \"NVC\", outcome = \"{from}\" }}\n\
             to = {{ institution = \"STATE\", {to}, system = \"US-SEM\" }}\n{rest}\n"
        )
    };
    let mut book =
        "book = \"state\"\n[[cap]]\nname = \"calculus\"\ncredits = \"8\"\nsystem = \"US-SEM\"\n".to_owned();
    book += &rule("single", "CALC A", "outcome = \"CALC 1\"", "credits = \"3\"\ncaps = [\"calculus\"]");
    book +=
        &rule("both", "CALC A & CALC B", "outcome = \"CALC 1 = 4 & CALC 2 = 4\"", "caps = [\"calculus\"]");
    book += &rule("more", "CALC C", "outcome = \"CALC 3\"", "credits = \"4\"\ncaps = [\"calculus\"]");
    book += &rule("history", "HIST *", "outcome = \"HIST 1\"", "deny = \"not articulated\"");
    book += &rule("elective", "*", "category = \"elective\"", "ratio = \"2/3\"\npriority = 1");
    bank.session.write("state.toml", book);
    bank.does("rule load state.toml");
    bank
}

#[test]
fn several_courses_convert_together_within_a_cap_and_what_was_passed_over_is_recorded() {
    let bank = state();
    bank.import("a.csv", &["Mei,NVC,CALC A,2024-06-30,4,US-QTR,80", "Mei,NVC,CALC B,2024-06-30,4,US-QTR,80"]);
    bank.does("convert Mei --to STATE").shows("1 decisions, 2 lots placed, 0 left");
    assert_eq!(bank.has("Mei"), "US-QTR placed 8; US-SEM converted 8");
    assert_eq!(bank.lots("Mei", "")[0], "CALC A: placed at STATE for CALC 1, CALC 2");
    let decision = bank.decision("Mei", "CALC A");
    bank.does(&format!("explain {decision}"))
        .shows("the outcomes together count 8 US-SEM")
        .shows("4 US-SEM for CALC 1")
        .shows("state/single, version 1")
        .shows("state/elective, version 1")
        .shows("proven: no other gives more")
        .shows("decided again to the same bytes");

    // The cap counts what stands: a third course of calculus gets nothing of it, and becomes an elective.
    bank.import("b.csv", &["Mei,NVC,CALC C,2024-06-30,4,US-QTR,80"]);
    bank.does("convert Mei --to STATE").shows("1 decisions, 1 lots placed");
    assert_eq!(bank.has("Mei"), "US-QTR placed 12; US-SEM converted 10.666");
    let explained = bank.does(&format!("explain {}", bank.decision("Mei", "CALC C")));
    explained.shows("state/elective, version 1").shows("2.666 US-SEM for elective");

    // Released, all three are chosen for anew: the cap cuts nothing, because one is of more worth elsewhere.
    bank.does("release --learner Mei");
    bank.does("convert Mei --to STATE").shows("2 decisions, 3 lots placed");
    assert_eq!(bank.has("Mei"), "US-QTR placed 12; US-SEM converted 10.666");
}

#[test]
fn a_denial_and_a_missing_course_are_said_of_the_lots_that_stay() {
    let bank = state();
    let rule = "book = \"denied\"\n[[rule]]\nid = \"none\"\nfrom = { institution = \"NVC\", outcome = \"GYM\" }\n\
                to = { institution = \"STATE\", category = \"*\", system = \"US-SEM\" }\ndeny = \"no credit for sports\"\n";
    bank.session.write("denied.toml", rule);
    bank.does("rule load denied.toml");
    bank.import("a.csv", &["Mei,NVC,HIST 1,2024-06-30,3,US-QTR,80", "Mei,NVC,GYM,2024-06-30,3,US-QTR,80"]);
    // History does not count as history, and does as an elective; sports count as nothing.
    bank.does("convert Mei --to STATE")
        .shows("1 decisions, 1 lots placed, 1 left")
        .shows("rule none: denied: no credit for sports; rule elective: rule none denies it");
    assert_eq!(bank.lots("Mei", "").len(), 2);
    assert_eq!(bank.has("Mei"), "US-QTR held 3 placed 3; US-SEM converted 2");
}

#[test]
fn four_quarter_hours_are_two_and_two_thirds_semester_hours() {
    let bank = Bank::open();
    let rule = "book = \"half-up\"\n[[rule]]\nid = \"q\"\nfrom = { system = \"US-QTR\" }\nto = { system = \"UK\" }\nratio = \"2/3\"\nrounding = \"half-up\"\n";
    bank.session.write("half-up.toml", rule);
    bank.does("rule load half-up.toml");
    bank.import("a.csv", &["Mei,NVC,Q1,2024-06-30,4,US-QTR,80"]);
    bank.does("convert Mei --to UK");
    assert_eq!(bank.has("Mei"), "UK converted 2.667; US-QTR placed 4");
}

#[test]
fn what_stands_at_one_target_is_free_for_another_only_after_its_release() {
    let bank = quarters();
    bank.does("convert --all --to US-SEM");
    bank.changes_nothing("convert --all --to ECTS", 0).shows("0 decisions");
    // Converted credit is no original: no rule takes it further, not even back.
    let back = "book = \"back\"\n[[rule]]\nid = \"b\"\nfrom = { system = \"US-SEM\" }\nto = { system = \"ECTS\" }\nratio = \"3\"\n";
    bank.session.write("back.toml", back);
    bank.does("rule load back.toml");
    bank.changes_nothing("convert --all --to ECTS", 0).shows("0 decisions");

    let decision = bank.decision("Mei", "Q1");
    bank.does(&format!("release {decision}"));
    assert_eq!(bank.has("Mei"), "US-QTR held 3");
    bank.does("convert --all --to ECTS");
    assert_eq!(bank.has("Mei"), "ECTS converted 3; US-QTR placed 3");
    bank.changes_nothing(&format!("release {decision}"), 0).shows("nothing of it stands");
}

#[test]
fn placements_are_released_by_decision_by_learner_or_by_target() {
    let bank = quarters();
    bank.import("b.csv", &["Jo,NVC,Q1,2024-06-30,2,US-QTR,80", "Jo,NVC,Q2,2024-07-31,1,US-QTR,80"]);
    bank.does("convert --all --to US-SEM");
    bank.import("c.csv", &["Mei,NVC,Q5,2024-06-30,6,US-QTR,80"]);
    bank.does("convert Mei --to ECTS");
    let original = |bank: &Bank| -> Vec<String> {
        let rows = bank.rows("report statement Mei", "lots");
        let keys = ["entry", "outcome", "period", "grade", "level", "amount", "system"];
        rows.iter().map(|row| keys.map(|key| text(row, key)).join(" ")).collect()
    };
    let before = original(&bank);
    assert_eq!(bank.has("Mei"), "ECTS converted 6; US-QTR placed 9; US-SEM converted 2");

    bank.does("release --learner Mei --to ECTS");
    assert_eq!(bank.has("Mei"), "US-QTR held 6 placed 3; US-SEM converted 2");
    bank.does("convert Mei --to ECTS");
    bank.does("release --learner Mei --reason=moved-away");
    assert_eq!(
        (bank.has("Mei"), bank.has("Jo")),
        ("US-QTR held 9".into(), "US-QTR placed 3; US-SEM converted 2".into())
    );
    // What was placed by two decisions is released by two, each naming the one that it undoes.
    let rows = bank.rows(&format!("report journal --batch {}", bank.batch()), "entries");
    assert_eq!(rows.iter().filter(|row| row["kind"] == "decision").count(), 2);

    bank.does("release --all --to US-SEM");
    assert_eq!(bank.has("Jo"), "US-QTR held 3");
    assert_eq!(original(&bank), before, "the original is as it was");
    for again in ["release --all", "release --learner Jo", "release --all --to US-SEM"] {
        bank.changes_nothing(again, 0).shows("nothing of it stands");
    }
    bank.refuses("release --all --to NOWHERE", "K101");
    bank.refuses("release 3", "U108");
}
