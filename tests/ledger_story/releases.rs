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
    assert_eq!(listed(&bank, ""), ["2  × 3 UK 2020-01-01"]);
    bank.run("rule releases").exits(0).shows("nothing is published");
    bank.does("convert Mei --to UK");
    assert_eq!(bank.has("Mei"), "UK converted 12; US-QTR placed 4");
}

#[test]
fn what_is_published_counts_and_a_later_version_waits() {
    let bank = published();
    assert_eq!(listed(&bank, ""), ["1 2026 × 2 UK 2020-01-01"]);
    assert_eq!(listed(&bank, "--release draft"), ["2  × 3 UK 2020-01-01"]);
    assert_eq!(listed(&bank, "--version 2"), ["2  × 3 UK 2020-01-01"]);
    bank.run("rule show pace/p").exits(0).shows("\"ratio\":\"2\"");
    bank.run("rule show pace/p --version 2").exits(0).shows("\"ratio\":\"3\"");
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
fn the_rules_are_asked_for_by_day_and_by_what_was_known() {
    let bank = published();
    let before_draft = bank.size();
    bank.does("rule publish 2027 pace@2 systems --from 2027-01-01 --authority Senate");
    let now = bank.size();
    // The day on which it counts, and what the journal knew: 2027 is in force on its first day, where it is known.
    let cases = [
        ("--as-of 2026-12-31", vec!["1 2026 × 2 UK 2020-01-01"]),
        ("--as-of 2027-01-01", vec!["2 2027 × 3 UK 2020-01-01"]),
        (&format!("--as-of 2027-01-01 --known {before_draft}"), vec!["1 2026 × 2 UK 2020-01-01"]),
        (&format!("--as-of 2027-01-01 --known {now}"), vec!["2 2027 × 3 UK 2020-01-01"]),
        ("--as-of 2027-01-01 --known 2026-09-01T08:00:00Z", vec!["2 2027 × 3 UK 2020-01-01"]),
        // Before the first release, what was the newest when it was published.
        ("--as-of 2026-04-30", vec!["1  × 2 UK 2020-01-01"]),
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
    bank.does("convert Mei --to UK --release 2026 --date 2027-01-01");
    assert_eq!(bank.has("Mei"), "UK converted 8; US-QTR placed 4");
}
