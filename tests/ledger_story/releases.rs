//! Releases of the rules: what counts on which day, as known when; pins; what a new version would change.

use crate::bank::{Bank, text};

/// A book `pace` that gives so many UK credits for a US quarter credit.
fn pace(bank: &Bank, ratio: &str) {
    let rule = format!(
        "book = \"pace\"\n[[rule]]\nid = \"p\"\nfrom = {{ system = \"US-QTR\" }}\nto = {{ system = \"UK\" }}\nratio = \"{ratio}\"\nvalid_from = \"2020-01-01\"\n"
    );
    bank.session.write("pace.toml", rule);
    bank.does("rule load pace.toml");
}

/// Mei and Jo have 4 US quarter credits each; book `pace` has version 1 (ratio 2), which is release 2026 from May on,
/// and version 2 (ratio 3), which is loaded and not published.
fn published() -> Bank {
    let bank = Bank::open();
    bank.import("a.csv", &["Mei,NVC,Q1,2024-06-30,4,US-QTR,80", "Jo,NVC,Q1,2024-06-30,4,US-QTR,80"]);
    pace(&bank, "2");
    bank.does("rule publish 2026 pace systems --from 2026-05-01 --authority Senate --reason late")
        .shows("in force from 2026-05-01, by Senate");
    pace(&bank, "3");
    bank
}

/// `book version rule worth` of the rules that are listed.
fn listed(bank: &Bank, options: &str) -> Vec<String> {
    let rows = bank.rows(&format!("rule list --book pace {options}"), "rules");
    let say = |row| ["version", "release", "worth", "valid_from"].map(|key| text(row, key)).join(" ");
    rows.iter().map(say).collect()
}

#[test]
fn a_bank_that_publishes_nothing_uses_the_newest_versions() {
    let bank = Bank::open();
    bank.import("a.csv", &["Mei,NVC,Q1,2024-06-30,4,US-QTR,80"]);
    pace(&bank, "2");
    pace(&bank, "3");
    assert_eq!(listed(&bank, ""), ["2  × 3/1 UK 2020-01-01"]);
    bank.run("rule releases").exits(0).shows("nothing is published");
    bank.does("convert Mei --to UK");
    assert_eq!(bank.has("Mei"), "UK converted 12; US-QTR placed 4");
}

#[test]
fn what_is_published_counts_and_a_later_version_waits() {
    let bank = published();
    assert_eq!(listed(&bank, ""), ["1 2026 × 2/1 UK 2020-01-01"]);
    assert_eq!(listed(&bank, "--release draft"), ["2  × 3/1 UK 2020-01-01"]);
    assert_eq!(listed(&bank, "--version 2"), ["2  × 3/1 UK 2020-01-01"]);
    bank.run("rule show pace/p").exits(0).shows("\"ratio\":\"2/1\"");
    bank.run("rule show pace/p --version 2").exits(0).shows("\"ratio\":\"3/1\"");
    let worth =
        |options: &str| text(&bank.rows(&format!("quote Mei --to UK {options}"), "targets")[0], "worth");
    assert_eq!([worth(""), worth("--release 2026"), worth("--release draft")], ["8 UK", "8 UK", "12 UK"]);
    bank.changes_nothing("convert Mei --to UK --release draft", 2).says("R411");
    bank.does("convert Mei --to UK");
    assert_eq!(bank.has("Mei"), "UK converted 8; US-QTR placed 4");
    let decision = bank.decision("Mei", "Q1");
    bank.does(&format!("explain {decision}")).shows("pace/p, version 1").shows("pace, version 1");
}

#[test]
fn a_quote_says_which_later_release_would_take_what_is_lost() {
    let bank = Bank::open();
    bank.import("a.csv", &["Mei,NVC,Q1,2024-06-30,4,US-QTR,80"]);
    for (score, release, from) in
        [("90", "2026", "2026-05-01"), ("85", "2027", "2027-01-01"), ("80", "2028", "2028-01-01")]
    {
        bank.session.write(
            "q.toml",
            format!(
                "book = \"q\"\n[[rule]]\nid = \"q\"\nfrom = {{ institution = \"NVC\", outcome = \"Q1\" }}\n\
                 to = {{ system = \"UK\" }}\ncredits = \"3\"\nmin_score = \"{score}\"\n"
            ),
        );
        bank.does("rule load q.toml");
        let others = "--authority Senate --reason late";
        bank.does(&format!("rule publish {release} q systems --from {from} {others}"));
    }
    let rescue = |options: &str| {
        let rows = bank.rows(&format!("quote Mei --to UK {options}"), "lost");
        rows.iter().map(|row| text(row, "rescue")).collect::<Vec<_>>()
    };
    // Release 2027 still asks for more; the one of 2028 is the first that takes it.
    assert_eq!(rescue(""), ["a score of 90, or release 2028, in force from 2028-01-01"]);
    assert_eq!(rescue("--as-of 2027-01-01"), ["a score of 85, or release 2028, in force from 2028-01-01"]);
    assert_eq!(rescue("--release 2027"), ["a score of 85"]);
    assert_eq!(rescue("--as-of 2028-01-01"), [""; 0]);
    // Whose own rules count for good is promised nothing by later ones.
    bank.does("learner pin Mei 2026 --reason entry");
    assert_eq!(rescue(""), ["a score of 90"]);
    assert_eq!(rescue("--as-of 2027-06-01"), ["a score of 90"]);
}

#[test]
fn the_rules_are_asked_for_by_day_and_by_what_was_known() {
    let bank = published();
    let before_draft = bank.size();
    bank.does("rule publish 2027 pace@2 systems --from 2027-01-01 --authority Senate");
    let now = bank.size();
    // The day on which it counts, and what the journal knew: 2027 is in force on its first day, where it is known.
    let cases = [
        ("--as-of 2026-12-31", vec!["1 2026 × 2/1 UK 2020-01-01"]),
        ("--as-of 2027-01-01", vec!["2 2027 × 3/1 UK 2020-01-01"]),
        (&format!("--as-of 2027-01-01 --known {before_draft}"), vec!["1 2026 × 2/1 UK 2020-01-01"]),
        (&format!("--as-of 2027-01-01 --known {now}"), vec!["2 2027 × 3/1 UK 2020-01-01"]),
        ("--as-of 2027-01-01 --known 2026-09-01T08:00:00Z", vec!["2 2027 × 3/1 UK 2020-01-01"]),
        // Before the first release, what was the newest when it was published.
        ("--as-of 2026-04-30", vec!["1  × 2/1 UK 2020-01-01"]),
        // A rule that is not valid on the day is not in force.
        ("--as-of 2019-12-31", vec![]),
    ];
    for (options, expected) in cases {
        assert_eq!(listed(&bank, options), expected, "{options}");
    }
    bank.changes_nothing("rule list --book pace --known 2", 1).says("R404");
    let rows = bank.rows("rule releases", "releases");
    let shown = |row| ["release", "from", "in_force", "books", "pinned"].map(|key| text(row, key)).join(" ");
    let shown: Vec<String> = rows.iter().map(shown).collect();
    assert_eq!(
        shown,
        ["2026 2026-05-01 true pace@1 systems@1 own", "2027 2027-01-01 false pace@2 systems@1 own"]
    );
    let books = bank.rows("rule books", "books");
    let releases: Vec<String> = books.iter().map(|row| text(row, "releases")).collect();
    assert_eq!(releases, ["2026 2027", "2026", "2027"]);
}

#[test]
fn a_release_is_refused_that_is_not_clear() {
    let bank = published();
    let publish = |rest: &str| format!("rule publish {rest} --authority Senate");
    let cases = [
        ("2026 pace systems --from 2027-01-01", 1, "R403"),
        ("draft pace systems --from 2027-01-01", 2, "R402"),
        ("New pace systems --from 2027-01-01", 2, "R402"),
        ("2027 pace@9 systems --from 2027-01-01", 1, "R404"),
        ("2027 pace@x systems --from 2027-01-01", 2, "R404"),
        ("2027 pace pace systems --from 2027-01-01", 2, "R405"),
        ("2027 pace systems --from 2026-08-31", 2, "R407"),
        ("2027 pace systems --from 2027-01-01 --without systems", 2, "R408"),
        ("2027 pace --from 2027-01-01", 1, "R409"),
        ("2027 pace systems --from 1.1.2027", 2, "C104"),
    ];
    for (rest, exit, code) in cases {
        bank.changes_nothing(&publish(rest), exit).says(code);
    }
    bank.changes_nothing("rule publish 2027 pace systems --from 2027-01-01 --authority=", 2).says("R406");
    bank.changes_nothing(&publish("2027 pace systems --from 2027-01-01 --dry-run"), 0).shows("dry run");
    bank.does(&publish("2027 pace --without systems --from 2027-01-01"));
    bank.changes_nothing("convert Mei --to UK --release 2027", 2).says("R410");
    bank.changes_nothing("convert Mei --to US-SEM --date 2027-01-01", 1).says("K102").says("release 2027");
    bank.changes_nothing("convert Mei --to UK --release 2028", 2).says("R401");
    // A learner who is pinned to a release that speaks of it still converts.
    bank.does("learner pin Jo 2026 --reason entered");
    bank.changes_nothing("convert Jo --to US-SEM --date 2027-01-01 --dry-run", 0).shows("1 lots placed");
    bank.does("convert Mei --to UK --release 2026 --date 2027-01-01");
    assert_eq!(bank.has("Mei"), "UK converted 8; US-QTR placed 4");
}

/// The release that each decision of a learner applied, and what it says of the other.
fn explained(bank: &Bank, learner: &str) -> String {
    let decision = bank.decision(learner, "Q1");
    bank.does(&format!("explain {decision}")).out
}

#[test]
fn a_pinned_learner_keeps_the_rules_of_a_release() {
    let bank = published();
    bank.does("rule publish 2027 pace@2 systems --from 2026-09-01 --authority Senate");
    bank.does("learner pin Mei 2026 --date 2026-05-01 --reason entered").shows("2026");
    bank.run("learner show Mei").exits(0).shows("pinned to release 2026 of the rules since 2026-05-01");
    let quoted = |learner: &str| {
        let rows = bank.rows(&format!("quote {learner} --to UK"), "targets");
        ["worth", "release"].map(|key| text(&rows[0], key)).join(" by ")
    };
    assert_eq!([quoted("Mei"), quoted("Jo")], ["8 UK by 2026", "12 UK by 2027"]);
    bank.does("convert --all --to UK").shows("1 decisions by release 2026 of the rules");
    assert_eq!(bank.has("Mei"), "UK converted 8; US-QTR placed 4");
    assert_eq!(bank.has("Jo"), "UK converted 12; US-QTR placed 4");
    assert!(explained(&bank, "Mei").contains("2026: the learner is pinned to it"));
    assert!(explained(&bank, "Jo").contains("2027: in force on the day"));

    // Unpinned, the release in force counts again; the decision of before stays and replays.
    bank.does("release --learner Mei");
    bank.does("learner unpin Mei --reason asked");
    assert_eq!(quoted("Mei"), "12 UK by 2027");
    // A day on which the pin still counted.
    let rows = bank.rows("quote Mei --to UK --as-of 2026-08-31", "targets");
    assert_eq!(text(&rows[0], "worth"), "8 UK");
    bank.does("convert Mei --to UK");
    assert_eq!(bank.has("Mei"), "UK converted 12; US-QTR placed 4");
}

#[test]
fn the_better_of_two_releases_counts_where_the_release_says_so() {
    let bank = Bank::open();
    bank.import("a.csv", &["Mei,NVC,Q1,2024-06-30,4,US-QTR,80", "Jo,NVC,Q1,2024-06-30,4,US-QTR,80"]);
    let publish = |name: &str, from: &str| {
        bank.does(&format!(
            "rule publish {name} pace systems --from {from} --pinned better --authority Senate --reason late"
        ));
    };
    for (ratio, name, from) in
        [("2", "2024", "2024-01-01"), ("1", "2025", "2025-01-01"), ("3", "2026", "2026-01-01")]
    {
        pace(&bank, ratio);
        publish(name, from);
    }
    bank.does("learner pin Mei 2024 --date 2024-09-01 --reason entered");
    bank.does("learner pin Jo 2024 --date 2024-09-01 --reason entered");
    // In 2025 the learner's own is better, in 2026 the one in force.
    bank.does("convert Mei --to UK --date 2025-06-01");
    bank.does("convert Jo --to UK --date 2026-06-01");
    assert_eq!(bank.has("Mei"), "UK converted 8; US-QTR placed 4");
    assert_eq!(bank.has("Jo"), "UK converted 12; US-QTR placed 4");
    let mei = explained(&bank, "Mei");
    for part in ["2024: the better of", "2024 gives 8 UK", "2025 gives 4 UK"] {
        assert!(mei.contains(part), "`{part}` is not in:\n{mei}");
    }
    assert!(explained(&bank, "Jo").contains("2026: the better of"));
    let rows = bank.rows("quote Mei --as-of 2026-06-01 --to UK", "targets");
    // What stands at the target was settled: the rest follows it.
    assert_eq!(["release", "instead"].map(|key| text(&rows[0], key)), ["2024", ""]);
    bank.does("release --learner Mei");
    let rows = bank.rows("quote Mei --as-of 2026-06-01 --to UK", "targets");
    assert_eq!(
        ["release", "worth", "instead"].map(|key| text(&rows[0], key)),
        ["2026", "12 UK", "2024 gives 8 UK"]
    );
}

#[test]
fn a_pin_is_refused_that_means_nothing() {
    let bank = published();
    let cases = [
        ("learner pin Mei 2025 --reason x", 2, "R401"),
        ("learner pin Mei 2026 --date 2026-04-30 --reason x", 1, "R420"),
        ("learner unpin Mei --reason x", 1, "R422"),
        ("learner pin Mei 2026 --reason=", 2, "R424"),
        ("learner pin Mei 2026 --date 1.5.2026 --reason x", 2, "C104"),
    ];
    for (command, exit, code) in cases {
        bank.changes_nothing(command, exit).says(code);
    }
    bank.changes_nothing("learner pin Mei 2026 --reason x --dry-run", 0).shows("dry run");
    bank.does("learner pin Mei 2026 --reason x");
    bank.changes_nothing("learner pin Mei 2026 --reason x", 1).says("R421");
    bank.does("rebuild");
    assert_eq!(text(&bank.rows("quote Mei --to UK", "targets")[0], "release"), "2026");
}

/// A figure of `rule impact`.
fn figure(report: &serde_json::Value, what: &str) -> String {
    let rows = report["impact"].as_array().unwrap();
    text(rows.iter().find(|row| row["what"] == what).unwrap(), "value")
}

#[test]
fn what_a_rule_book_would_change_is_known_before_it_is_published() {
    let bank = Bank::open();
    bank.import(
        "a.csv",
        &[
            "Mei,NVC,Q1,2024-06-30,4,US-QTR,80",
            "Jo,NVC,Q1,2024-06-30,4,US-QTR,40",
            "Ada,NVC,Q2,2024-06-30,4,US-QTR,80",
            "Bo,NVC,Q1,2024-06-30,4,CN,80",
        ],
    );
    let book = |rules: &[(&str, &str, &str)]| {
        let rule = |(id, course, rest): &(&str, &str, &str)| {
            format!(
                "[[rule]]\nid = \"{id}\"\nfrom = {{ institution = \"NVC\", outcome = \"{course}\" }}\nto = {{ system = \"UK\" }}\n{rest}\n"
            )
        };
        format!("book = \"courses\"\n{}", rules.iter().map(rule).collect::<String>())
    };
    bank.session.write(
        "now.toml",
        book(&[
            ("q1", "Q1", "credits = \"6\""),
            ("q2", "Q2", "credits = \"5\""),
            ("q3", "Q3", "credits = \"1\""),
        ]),
    );
    bank.does("rule load now.toml");
    bank.does("convert Mei Jo --to UK");
    // Q1 needs a score of 50 and gives more; Q2 gives less; Q3 is gone.
    let then = book(&[
        ("q1", "Q1", "credits = \"7.5\"\nmin_score = \"50\""),
        ("q2", "Q2", "credits = \"4\""),
        ("q4", "Q4", "credits = \"1\""),
    ]);
    bank.session.write("then.toml", &then);
    let report = || bank.json("rule impact then.toml");
    let of_file = report();
    let figures = ["rules added", "rules altered", "rules removed", "learners whom these rules concern"];
    assert_eq!(figures.map(|what| figure(&of_file, what)), ["1", "2", "1", "4"]);
    let figures = ["learners affected", "placements that would break", "placements that neither rules give"];
    assert_eq!(figures.map(|what| figure(&of_file, what)), ["4", "1", "0"]);
    let sum = &of_file["sums"][0];
    let keys = ["target", "system", "gained", "gaining", "lost", "losing"];
    assert_eq!(keys.map(|key| text(sum, key)), ["UK", "UK", "3", "2", "7", "2"]);
    let largest = of_file["largest"].as_array().unwrap();
    let changes: Vec<String> = largest.iter().map(|row| text(row, "change")).collect();
    assert_eq!(changes, ["-6", "1.5", "1.5", "-1"]);
    let broken = &of_file["broken"][0];
    assert_eq!(text(broken, "decision"), bank.decision("Jo", "Q1"));
    assert_eq!(["stands", "then", "lots_lost"].map(|key| text(broken, key)), ["6", "0", "1"]);
    bank.run("rule impact then.toml --format csv").exits(0).shows("-6");
    bank.changes_nothing("rule impact then.toml", 0).shows("nothing was posted");

    // A file that is loaded afterwards, and not published, changes the same.
    bank.does("rule publish 2026 courses systems --from 2026-09-01 --authority Senate");
    bank.does("rule load then.toml");
    let of_version = bank.json("rule impact courses@2");
    for section in ["sums", "largest", "broken"] {
        assert_eq!(of_version[section], of_file[section], "{section}");
    }
    // Whoever is pinned to the release keeps its rules.
    bank.does("learner pin Jo 2026 --reason entered");
    let pinned = bank.json("rule impact courses");
    let figures =
        ["of these pinned to a release of their own", "learners affected", "placements that would break"];
    assert_eq!(figures.map(|what| figure(&pinned, what)), ["1", "3", "0"]);
    // What would be gained is what is gained.
    bank.does("rule publish 2027 courses systems --from 2027-01-01 --authority Senate");
    bank.does("release --learner Mei");
    bank.does("convert Mei --to UK --date 2027-01-01");
    assert_eq!(bank.has("Mei"), "UK converted 7.5; US-QTR placed 4");
    bank.run("rule impact now.toml --as-of 2026-09-01").exits(0).shows("the rules say the same");
    bank.changes_nothing("rule impact nothing", 1).says("R404");
}
