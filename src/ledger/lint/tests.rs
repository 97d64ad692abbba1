//! Each check by small books: what it finds, and what comes near and is fine.

#![allow(clippy::unwrap_used)]

use super::said::Said;
use super::{Catalogue, Check, Known, Linter, Severity, Version};
use crate::domain::credits::{Credits, DecimalMark};
use crate::domain::outcome::Kind;
use crate::intake::rulebook::parse_toml;
use crate::ledger::convert::Orders;
use jiff::civil::{Date, date};

const DAY: Date = date(2026, 9, 1);

struct Letters;
impl Orders for Letters {
    fn grade(&self, _: &str, grade: &str) -> Option<usize> {
        ["F", "D", "C", "B", "A"].iter().position(|known| *known == grade)
    }
    fn level(&self, _: &str, level: &str) -> Option<usize> {
        level.parse().ok()
    }
}

/// Institution, code, credits, level, first day, last day, more than once.
type Row = (&'static str, &'static str, &'static str, &'static str, Option<Date>, Option<Date>, bool);

const OUTCOMES: &[Row] = &[
    ("NVC", "MATH 1", "3", "5", Some(date(2000, 9, 1)), None, false),
    ("NVC", "MATH 2", "4", "5", Some(date(2000, 9, 1)), None, false),
    ("NVC", "MATH 3", "4", "6", None, None, false),
    ("NVC", "OLD 1", "3", "5", Some(date(1990, 9, 1)), Some(date(2015, 6, 30)), false),
    ("NVC", "NEW 1", "3", "5", Some(date(2024, 9, 1)), None, false),
    ("NVC", "WORK 1", "3", "5", None, None, true),
    ("NVC", "BADGE", "", "5", None, None, false),
    ("STATE", "M 101", "3", "5", None, None, false),
    ("STATE", "M 102", "4", "5", None, None, false),
    ("STATE", "M 301", "3", "6", None, None, false),
    ("STATE", "GONE 1", "3", "5", None, Some(date(2018, 6, 30)), false),
];

fn catalogue() -> Catalogue {
    let mut catalogue = Catalogue::default();
    for (institution, code, credits, level, first, last, repeatable) in OUTCOMES {
        let version = Version {
            number: 1,
            first: *first,
            last: *last,
            credits: Credits::parse(credits, DecimalMark::Point)
                .ok()
                .map(|amount| (amount, "SEM".to_owned())),
            level: Some(("EQF".to_owned(), (*level).to_owned())),
            hours: Some(Credits(45_000)),
            kind: Some(Kind::Formal),
            field: None,
        };
        let (code, repeatable) = ((*code).to_owned(), *repeatable);
        catalogue.add(institution, Known { code, repeatable, versions: vec![version] });
    }
    catalogue
}

/// A book of lines such as `a: NVC/MATH 1 > STATE/M 101; credits = 3`, and `cap: c; credits = 3`.
fn book(lines: &str) -> String {
    let mut text =
        "book = \"b\"\n[[scale]]\nname = \"L\"\ngrades = [\"F\", \"D\", \"C\", \"B\", \"A\"]\n".to_owned();
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (head, rest) = line.split_once(';').unwrap_or((line, ""));
        let (id, sides) = head.split_once(": ").unwrap();
        if id == "cap" {
            text.push_str(&format!("[[cap]]\nname = \"{}\"\n", sides.trim()));
        } else {
            let (from, to) = sides.split_once(" > ").unwrap();
            text.push_str(&format!(
                "[[rule]]\nid = \"{id}\"\nfrom = {}\nto = {}\n",
                side(from, false),
                side(to, true)
            ));
        }
        rest.split(';').for_each(|key| text.push_str(&format!("{}\n", key.trim())));
    }
    text
}

fn side(text: &str, receives: bool) -> String {
    match text.trim().split_once('/') {
        None => format!("{{ system = \"{}\" }}", text.trim()),
        Some((institution, rest)) => {
            let system = if receives { ", system = \"SEM\"" } else { "" };
            match rest.strip_prefix(':') {
                Some(category) => {
                    format!("{{ institution = \"{institution}\", category = \"{category}\"{system} }}")
                }
                None => format!("{{ institution = \"{institution}\", outcome = \"{rest}\"{system} }}"),
            }
        }
    }
}

/// What is found, as `rule check other`.
fn found(lines: &str) -> Vec<String> {
    let (catalogue, text) = (catalogue(), book(lines));
    let file = parse_toml(&text, "b.toml").map_err(|faults| format!("{faults:?}\n{text}")).unwrap();
    let mut linter = Linter::new(&catalogue, &Letters, DAY);
    linter.begin(&file.book, file.caps.iter().map(|cap| cap.value.clone()).collect());
    for rule in &file.rules {
        linter.rule(&serde_json::to_string(&rule.value).unwrap()).unwrap();
    }
    let lint = linter.finish();
    let said = |finding: super::Finding| {
        let other = finding.other.map(|(_, code)| format!(" {code}")).unwrap_or_default();
        format!("{} {}{other}", finding.rule, finding.check.word())
    };
    lint.findings(Severity::Notice).map(said).collect()
}

#[track_caller]
fn cases(cases: &[(&str, &[&str])]) {
    for (lines, expected) in cases {
        assert_eq!(found(lines), *expected, "{lines}");
    }
}

#[test]
fn dead_references() {
    cases(&[
        ("a: NVC/MATH 9 > STATE/M 101; credits = 3", &["a dead-reference"]),
        ("a: NVC/MATH 1 > STATE/M 999; credits = 3", &["a dead-reference"]),
        ("a: NVC/MATH 1 & MATH 9 | MATH 2 > STATE/M 101; credits = 3", &["a dead-reference"]),
        ("a: NVC/CHEM * > STATE/M 101; credits = 3", &["a dead-reference"]),
        ("a: NVC/MATH 1 @ STATE > STATE/M 101; credits = 3", &["a dead-reference"]),
        ("a: NVC/* [level EQF 8] > STATE/M 101; credits = 3", &["a dead-reference"]),
        ("a: NVC/MATH 9 > STATE/M 101; deny = 'no'", &["a dead-reference"]),
        ("a: NVC/MATH * > STATE/M 101; credits = 3", &[]),
        ("a: NVC/M 101 @ STATE > STATE/:elective; credits = 3", &[]),
        ("a: */M 101 > STATE/:elective; credits = 3", &[]),
        ("a: */M 9 > STATE/:elective; credits = 3", &["a dead-reference"]),
        ("a: NVC/* [level EQF 5, kind formal] > STATE/M 101; credits = 3", &[]),
        ("a: SEM > STATE/:elective; ratio = '1/1'", &[]),
    ]);
}

#[test]
fn inactive_outcomes() {
    cases(&[
        ("a: NVC/MATH 1 > STATE/GONE 1; credits = 3", &["a inactive-outcome"]),
        ("a: NVC/OLD 1 > STATE/M 101; credits = 3", &["a inactive-outcome"]),
        ("a: NVC/MATH 1 | OLD 1 > STATE/M 101; credits = 3", &["a inactive-outcome"]),
        ("a: NVC/OLD 1 > STATE/M 101; credits = 3; taken_to = 2015-06-30", &[]),
        ("a: NVC/OLD 1 > STATE/M 101; deny = 'no'", &[]),
        ("a: NVC/NEW 1 > STATE/M 101; credits = 3", &[]),
    ]);
}

#[test]
fn rules_that_are_not_used() {
    cases(&[
        ("a: NVC/MATH 1 > STATE/M 101; credits = 3; sender_approval = 'yes'", &["a waits-for-approval"]),
        ("a: NVC/MATH 1 > STATE/M 101; credits = 3; receiver_approval = 'yes'", &["a waits-for-approval"]),
        ("a: NVC/MATH 1 > STATE/M 101; credits = 3; sender_approval = 'y'; receiver_approval = 'y'", &[]),
        // What waits is compared with nothing: it may be there to replace the other.
        (
            "a: NVC/MATH 1 > STATE/M 101; credits = 3
             b: NVC/MATH 1 > STATE/M 101; credits = 3; sender_approval = 'yes'",
            &["b waits-for-approval"],
        ),
        (
            "a: NVC/MATH 1 > STATE/M 101; credits = 3; sender_approval = 'yes'
             b: NVC/MATH * > STATE/M 101; credits = 4",
            &["a waits-for-approval"],
        ),
        ("a: NVC/MATH 1 > STATE/M 101; credits = 3; valid_to = 2026-08-31", &["a expired"]),
        ("a: NVC/MATH 1 > STATE/M 101; credits = 3; valid_to = 2026-09-01", &[]),
        // What is over is looked at no further.
        (
            "a: NVC/MATH 9 > STATE/GONE 1; credits = 0; valid_to = 2020-01-01
             b: NVC/MATH 9 > STATE/GONE 1; credits = 0; valid_to = 2020-01-01",
            &["a expired", "b expired"],
        ),
    ]);
}

#[test]
fn rules_that_give_nothing() {
    cases(&[
        ("a: NVC/MATH 1 > STATE/M 101; credits = 0", &["a no-credit"]),
        ("a: NVC/MATH 1 > STATE/M 101; credits = 3; most = 0", &["a no-credit"]),
        ("a: NVC/MATH 1 > STATE/M 101; ratio = '1/2'; step = 2", &["a no-credit"]),
        ("a: NVC/MATH 2 > STATE/M 101; ratio = '1/2'; step = 2", &[]),
        ("a: NVC/MATH 1 & MATH 2 > STATE/M 101; ratio = '1/2'; step = 2", &[]),
        // One of the two gives something.
        ("a: NVC/MATH 1 | MATH 2 > STATE/M 101; ratio = '1/2'; step = 2", &[]),
        ("a: NVC/BADGE > STATE/M 101; ratio = '1/2'", &[]),
        ("a: NVC/BADGE > STATE/M 101; ratio = 'original'", &["a no-credit"]),
        ("a: NVC/BADGE > STATE/M 101; credits = 3", &[]),
        ("a: NVC/MATH 1 > STATE/:elective; ratio = 'original'", &[]),
        ("a: NVC/MATH 1 > QTR; ratio = 'original'", &["a no-credit"]),
        ("a: NVC/MATH 1 > STATE/M 101; deny = 'no'", &[]),
        ("a: SEM > QTR; ratio = '1/2'; step = 5", &[]),
    ]);
}

#[test]
fn ranges_read_as_numbers() {
    cases(&[
        ("a: NVC/MATH 1 > STATE/M 101; credits = 36", &["a range-as-number"]),
        ("a: NVC/MATH 2 > STATE/M 102; credits = 36", &["a range-as-number"]),
        ("a: NVC/MATH 1 > STATE/:elective; credits = 24", &["a range-as-number"]),
        ("a: NVC/MATH * > STATE/M 101; credits = 36", &["a range-as-number"]),
        // 63 is no range, 56 does not hold what the outcomes have, 45 is what they have.
        ("a: NVC/MATH 1 > STATE/M 101; credits = 63", &[]),
        ("a: NVC/MATH 1 > STATE/M 101; credits = 56", &[]),
        ("a: NVC/MATH 1 > STATE/M 101; credits = 3.6", &[]),
        // Fourteen and a half of another system may well be right.
        ("a: NVC/MATH 1 > UK; credits = 15", &[]),
        ("a: NVC/BADGE > STATE/:elective; credits = 36", &[]),
        ("a: NVC/MATH 1 > STATE/M 101; credits = 6; credits_low = 3; credits_high = 6", &[]),
    ]);
}

#[test]
fn levels() {
    cases(&[
        ("a: NVC/MATH 1 > STATE/M 301; credits = 3", &["a level-inflation"]),
        ("a: NVC/MATH 1 & MATH 2 > STATE/M 301; credits = 3", &["a level-inflation"]),
        ("a: NVC/MATH 3 | MATH 1 > STATE/M 301; credits = 3", &["a level-inflation"]),
        ("a: NVC/MATH 1 & MATH 3 > STATE/M 301; credits = 3", &[]),
        ("a: NVC/MATH 3 > STATE/M 301; credits = 3", &[]),
        ("a: NVC/MATH 3 > STATE/M 101; credits = 3", &[]),
        ("a: NVC/MATH 1 > STATE/M 101 & M 301; credits = 3", &[]),
        ("a: NVC/MATH 1 > STATE/M 301; deny = 'no'", &[]),
        ("a: NVC/2 of (MATH 1, MATH 2) > STATE/M 301; credits = 3", &[]),
    ]);
}

#[test]
fn rounding_that_gains() {
    cases(&[
        ("a: QTR > SEM; ratio = '2/3'; rounding = 'half-up'", &["a rounding-gain"]),
        ("a: QTR > SEM; ratio = '2/3'; rounding = 'half-even'", &["a rounding-gain"]),
        ("a: QTR > SEM; ratio = '2/3'; rounding = 'up'; step = 0.5", &["a rounding-gain"]),
        ("a: QTR > SEM; ratio = '2/3'", &[]),
        ("a: QTR > SEM; ratio = '2'; rounding = 'up'", &[]),
        ("a: QTR > SEM; ratio = '2'; rounding = 'up'; step = 1", &["a rounding-gain"]),
        // 3 × 2/3 is 2; 4 × 2/3 is 2.667, of which half-up makes 3; 4 × 1/3 is 1.333, and it 1.
        ("a: NVC/MATH 1 > STATE/M 101; ratio = '2/3'; rounding = 'half-up'; step = 1", &[]),
        ("a: NVC/MATH 2 > STATE/M 101; ratio = '2/3'; rounding = 'half-up'; step = 1", &["a rounding-gain"]),
        ("a: NVC/MATH 2 > STATE/M 101; ratio = '1/3'; rounding = 'half-up'; step = 1", &[]),
        ("a: NVC/MATH 2 > STATE/M 101; ratio = '1/3'; rounding = 'up'; step = 1", &["a rounding-gain"]),
        ("a: NVC/MATH * > STATE/M 101; ratio = '2/3'; rounding = 'half-up'; step = 1", &["a rounding-gain"]),
    ]);
}

#[test]
fn caps_that_never_bind() {
    cases(&[
        ("a: NVC/MATH 1 > STATE/M 101; credits = 3; most = 3", &["a cap-never-binds"]),
        ("a: NVC/MATH 1 > STATE/M 101; credits = 3; most = 2", &[]),
        // Either of the two may be given.
        ("a: NVC/MATH 1 | MATH 2 > STATE/M 101; credits = 3; most = 3", &[]),
        ("a: NVC/MATH 1 | MATH 2 > STATE/M 101; credits = 3; most = 6", &["a cap-never-binds"]),
        ("a: NVC/WORK 1 > STATE/M 101; credits = 3; most = 9", &[]),
        ("a: NVC/MATH * > STATE/M 101; credits = 3; most = 99", &[]),
        ("a: QTR > SEM; ratio = '2/3'; most = 60", &[]),
        ("a: NVC/MATH 2 > STATE/M 101; ratio = '1/2'; most = 2", &["a cap-never-binds"]),
        (
            "cap: c; credits = 9; system = 'SEM'\n a: NVC/MATH 1 > STATE/M 101; credits = 3",
            &["cap c cap-never-binds"],
        ),
        (
            "cap: c; credits = 9; system = 'QTR'
             a: NVC/MATH 1 > STATE/M 101; credits = 3; caps = ['c']",
            &["cap c cap-never-binds"],
        ),
        (
            "cap: c; credits = 6; system = 'SEM'
             a: NVC/MATH 1 > STATE/M 101; credits = 3; caps = ['c']
             b: NVC/MATH 2 > STATE/M 102; credits = 4; caps = ['c']",
            &[],
        ),
        (
            "cap: c; credits = 7; system = 'SEM'
             a: NVC/MATH 1 > STATE/M 101; credits = 3; caps = ['c']
             b: NVC/MATH 2 > STATE/M 102; credits = 4; caps = ['c']",
            &["cap c cap-never-binds"],
        ),
        (
            "cap: c; credits = 9; system = 'SEM'; kinds = ['formal']\n a: NVC/WORK * > STATE/M 101; credits = 3",
            &[],
        ),
        (
            "cap: c; credits = 9; system = 'SEM'; target = 'OTHER'\n a: NVC/WORK * > STATE/M 101; credits = 3",
            &["cap c cap-never-binds"],
        ),
    ]);
}

#[test]
fn rules_whose_own_conditions_nothing_meets() {
    cases(&[
        ("a: NVC/NEW 1 > STATE/M 101; credits = 3; taken_to = 2024-08-31", &["a unreachable"]),
        ("a: NVC/NEW 1 > STATE/M 101; credits = 3; taken_to = 2024-09-01", &[]),
        (
            "a: NVC/OLD 1 > STATE/M 101; credits = 3; taken_from = 2015-07-01; taken_to = 2016-01-01",
            &["a unreachable"],
        ),
        ("a: NVC/MATH 1 & NEW 1 > STATE/M 101; credits = 3; taken_to = 2020-01-01", &["a unreachable"]),
        ("a: NVC/MATH 1 | NEW 1 > STATE/M 101; credits = 3; taken_to = 2020-01-01", &[]),
        ("a: NVC/MATH 1 > STATE/M 101; credits = 3; framework = 'EQF'; min_level = '6'", &["a unreachable"]),
        ("a: NVC/MATH 1 > STATE/M 101; credits = 3; framework = 'EQF'; min_level = '5'", &[]),
        ("a: NVC/MATH 1 > STATE/M 101; credits = 3; framework = 'RQF'; min_level = '6'", &[]),
        ("a: NVC/MATH 1 > STATE/M 101; credits = 3; min_hours = 45.5", &["a unreachable"]),
        ("a: NVC/MATH 1 > STATE/M 101; credits = 3; min_hours = 45", &[]),
        (
            "a: NVC/MATH 1 > STATE/M 101; credits = 3; valid_to = 2027-01-01; taken_from = 2027-01-02",
            &["a unreachable"],
        ),
        ("a: NVC/MATH 1 > STATE/M 101; credits = 3; valid_to = 2027-01-01; taken_from = 2027-01-01", &[]),
        (
            "a: NVC/MATH 1 > STATE/M 101; credits = 3; valid_from = 2026-01-02; taken_to = 2021-01-01; max_age = '5 years'",
            &["a unreachable"],
        ),
        (
            "a: NVC/MATH 1 > STATE/M 101; credits = 3; valid_from = 2026-01-01; taken_to = 2021-01-01; max_age = '5 years'",
            &[],
        ),
    ]);
}

#[test]
fn shadowed_rules() {
    cases(&[
        // Within a priority: the other asks for less and gives as much.
        (
            "a: NVC/MATH 1 > STATE/M 101; credits = 3
             b: NVC/MATH 1 > STATE/M 101; credits = 3; min_grade = 'B'; scale = 'L'",
            &["b shadowed a"],
        ),
        (
            "a: NVC/MATH 1 > STATE/M 101; credits = 2; min_grade = 'B'; scale = 'L'
             b: NVC/MATH 1 > STATE/M 101; credits = 3; min_grade = 'C'; scale = 'L'",
            &["a shadowed b"],
        ),
        // The better offer for the better grade.
        (
            "a: NVC/MATH 1 > STATE/M 101; credits = 4; min_grade = 'B'; scale = 'L'
             b: NVC/MATH 1 > STATE/M 101; credits = 3; min_grade = 'C'; scale = 'L'",
            &[],
        ),
        (
            "a: NVC/MATH 1 | MATH 2 > STATE/M 101; credits = 3
             b: NVC/MATH 2 > STATE/M 101; credits = 3; kinds = ['formal']",
            &["b shadowed a"],
        ),
        (
            "a: NVC/MATH 1 > STATE/M 101; credits = 3
             b: NVC/MATH 1 & MATH 2 > STATE/M 101; credits = 3",
            &["b shadowed a"],
        ),
        // Two courses for more, or for another outcome.
        (
            "a: NVC/MATH 1 > STATE/M 101; credits = 3
             b: NVC/MATH 1 & MATH 2 > STATE/M 101; credits = 7",
            &[],
        ),
        (
            "a: NVC/MATH 1 > STATE/M 101; credits = 3
             b: NVC/MATH 1 & MATH 2 > STATE/M 102; credits = 3",
            &[],
        ),
        (
            "a: NVC/MATH 1 > STATE/M 101; credits = 3\n b: NVC/MATH * > STATE/M 101; credits = 3",
            &["a shadowed b"],
        ),
        ("a: NVC/MATH 1 > STATE/M 101; credits = 3\n b: NVC/* > STATE/M 101; credits = 2", &[]),
        ("a: NVC/* [kind formal] > STATE/M 101; credits = 3\n b: NVC/MATH 1 > STATE/M 101; credits = 3", &[]),
        (
            "a: NVC/* > STATE/M 101; credits = 3\n b: NVC/MATH * [kind formal] > STATE/M 101; credits = 3",
            &["b shadowed a"],
        ),
        // A limit lets the other one through.
        (
            "a: NVC/WORK 1 > STATE/M 101; credits = 3; most = 6
             b: NVC/WORK 1 > STATE/M 101; credits = 3; min_grade = 'B'; scale = 'L'",
            &[],
        ),
        (
            "cap: c; credits = 6; system = 'SEM'
             a: NVC/WORK 1 > STATE/M 101; credits = 3; caps = ['c']
             b: NVC/WORK 1 > STATE/M 101; credits = 3; min_grade = 'B'; scale = 'L'",
            &[],
        ),
        (
            "cap: c; credits = 6; system = 'SEM'
             a: NVC/WORK 1 > STATE/M 101; credits = 3; caps = ['c']
             b: NVC/WORK 1 > STATE/M 101; credits = 3; min_grade = 'B'; scale = 'L'; caps = ['c']",
            &["b shadowed a"],
        ),
        // An earlier priority takes it, whatever it gives and to which outcome.
        (
            "a: NVC/MATH 1 > STATE/M 101; credits = 3
             b: NVC/MATH 1 > STATE/M 102; credits = 4; priority = 1",
            &["b shadowed a"],
        ),
        (
            "a: NVC/MATH 1 > STATE/M 102; credits = 4; priority = 1
             b: NVC/MATH 1 > STATE/M 101; credits = 3; min_grade = 'C'; scale = 'L'",
            &[],
        ),
        (
            "a: NVC/MATH 1 > STATE/M 101; credits = 0
             b: NVC/MATH 1 > STATE/M 102; credits = 4; priority = 1",
            &["a no-credit"],
        ),
        ("a: SEM > QTR; ratio = '3/2'\n b: SEM > QTR; ratio = '3/2'; kinds = ['formal']", &["b shadowed a"]),
        ("a: SEM > QTR; ratio = '3/2'\n b: SEM > QTR; ratio = '2'; kinds = ['formal']", &[]),
        // An original amount is refused where it is of another system.
        (
            "a: NVC/MATH * > STATE/:elective; ratio = 'original'
             b: NVC/MATH * > STATE/:elective; credits = 3; priority = 1",
            &[],
        ),
        // A denial that comes first.
        (
            "a: NVC/MATH 1 > STATE/M 101; deny = 'no'
             b: NVC/MATH 1 > STATE/M 101; credits = 3; priority = 1",
            &["b shadowed a"],
        ),
        (
            "a: NVC/* > STATE/:*; deny = 'no'
             b: NVC/MATH 1 > STATE/M 101; credits = 3; priority = 1",
            &["b shadowed a"],
        ),
        // All else is denied.
        (
            "a: NVC/MATH 1 > STATE/M 101; credits = 3
             b: NVC/* > STATE/M 101; deny = 'no'; priority = 1",
            &[],
        ),
        (
            "a: NVC/MATH 1 > STATE/M 102; deny = 'no'
             b: NVC/MATH 1 > STATE/M 101; credits = 3; priority = 1",
            &[],
        ),
        // Other receivers are other decisions.
        ("a: NVC/MATH 1 > STATE/M 101; credits = 3\n b: NVC/MATH 1 > QTR; credits = 3; priority = 1", &[]),
    ]);
}

#[test]
fn duplicates() {
    cases(&[
        (
            "a: NVC/MATH 1 > STATE/M 101; credits = 3; reference = 'page 1'
             b: NVC/MATH 1 > STATE/M 101; credits = 3; reference = 'page 2'",
            &["b duplicate a"],
        ),
        (
            "a: NVC/MATH 1 | MATH 2 > STATE/M 101; credits = 3
             b: NVC/MATH 2 | MATH 1 > STATE/M 101; credits = 3",
            &["b duplicate a"],
        ),
        (
            "a: NVC/MATH 1 & MATH 2 > STATE/M 101; deny = 'no'
             b: NVC/MATH 2 & MATH 1 > STATE/M 101; deny = 'no'",
            &["b duplicate a"],
        ),
        ("a: NVC/MATH 1 > STATE/M 101; credits = 3\n b: NVC/MATH 1 > QTR; credits = 3", &[]),
        (
            "a: NVC/MATH 1 > STATE/M 101; credits = 3; taken_to = 2020-01-01
             b: NVC/MATH 1 > STATE/M 101; credits = 3; taken_from = 2020-01-02",
            &[],
        ),
        (
            "a: NVC/MATH * > STATE/M 101; credits = 3\n b: NVC/MATH * > STATE/M 101; credits = 3",
            &["b duplicate a"],
        ),
    ]);
}

#[test]
fn contradictions() {
    cases(&[
        (
            "a: NVC/MATH 1 > STATE/M 101; credits = 3\n b: NVC/MATH 1 > STATE/M 101; credits = 4",
            &["b contradiction a"],
        ),
        (
            "a: NVC/MATH 1 > STATE/M 101; credits = 3\n b: NVC/MATH 1 > STATE/M 101; deny = 'no'",
            &["b contradiction a"],
        ),
        (
            "a: NVC/MATH 1 > STATE/M 101; deny = 'no'
             b: NVC/MATH 1 > STATE/M 101; credits = 3; min_grade = 'C'; scale = 'L'",
            &["b contradiction a"],
        ),
        (
            "a: NVC/MATH * > STATE/M 101; deny = 'no'\n b: NVC/MATH 1 > STATE/M 101; credits = 3",
            &["b contradiction a"],
        ),
        // The dates of the two overlap, or do not.
        (
            "a: NVC/MATH 1 > STATE/M 101; credits = 3; taken_from = 2010-01-01
             b: NVC/MATH 1 > STATE/M 101; deny = 'no'; taken_to = 2010-01-01",
            &["b contradiction a"],
        ),
        (
            "a: NVC/MATH 1 > STATE/M 101; credits = 3; taken_from = 2010-01-02
             b: NVC/MATH 1 > STATE/M 101; deny = 'no'; taken_to = 2010-01-01",
            &[],
        ),
        // An exception is narrower than the rule.
        (
            "a: NVC/MATH 1 > STATE/M 101; credits = 3
             b: NVC/MATH 1 > STATE/M 101; deny = 'no'; kinds = ['informal']",
            &[],
        ),
        ("a: NVC/MATH * > STATE/M 101; credits = 3\n b: NVC/MATH 1 > STATE/M 101; deny = 'no'", &[]),
        ("a: NVC/MATH 1 > STATE/M 101; credits = 3\n b: NVC/MATH 1 > STATE/M 102; deny = 'no'", &[]),
    ]);
}

#[test]
fn overlaps() {
    cases(&[
        (
            "a: NVC/MATH 1 > STATE/M 101; credits = 3; taken_to = 2020-01-01
             b: NVC/MATH 1 > STATE/M 101; credits = 3; taken_from = 2020-01-01",
            &["b overlap a"],
        ),
        (
            "a: NVC/MATH 1 > STATE/M 101; credits = 3\n b: NVC/MATH 1 > STATE/M 102; credits = 4",
            &["b overlap a"],
        ),
        (
            "a: NVC/MATH 1 | MATH 2 > STATE/M 101; credits = 3\n b: NVC/MATH 2 > STATE/:elective; credits = 4",
            &["b overlap a"],
        ),
        (
            "a: NVC/MATH 1 > STATE/M 101; credits = 3; kinds = ['formal', 'informal']
             b: NVC/MATH 1 > STATE/M 101; credits = 4; kinds = ['formal', 'non-formal']",
            &["b overlap a"],
        ),
        (
            "a: NVC/MATH 1 > STATE/M 101; credits = 3; kinds = ['formal']
             b: NVC/MATH 1 > STATE/M 102; credits = 4; kinds = ['non-formal']",
            &[],
        ),
        (
            "a: NVC/MATH 1 > STATE/M 101; credits = 3; attributes = 'region = North'
             b: NVC/MATH 1 > STATE/M 102; credits = 4; attributes = 'region = South | West'",
            &[],
        ),
        // The better outcome for the better grade, and one course beside two.
        (
            "a: NVC/MATH 1 > STATE/M 102; credits = 4; min_grade = 'A'; scale = 'L'
             b: NVC/MATH 1 > STATE/M 101; credits = 3; min_grade = 'C'; scale = 'L'",
            &[],
        ),
        ("a: NVC/MATH 1 & MATH 2 > STATE/M 102; credits = 4\n b: NVC/MATH 1 > STATE/M 101; credits = 3", &[]),
    ]);
}

#[test]
fn tiers() {
    cases(&[
        (
            "a: NVC/BADGE > STATE/M 101; credits = 3; min_score = 50; max_score = 59
             b: NVC/BADGE > STATE/M 102; credits = 4; min_score = 61",
            &["b tier-gap a"],
        ),
        (
            "a: NVC/BADGE > STATE/M 101; credits = 3; min_score = 50; max_score = 59
             b: NVC/BADGE > STATE/M 102; credits = 4; min_score = 60",
            &[],
        ),
        (
            "a: NVC/BADGE > STATE/M 101; credits = 3; min_score = 50; max_score = 59.5
             b: NVC/BADGE > STATE/M 102; credits = 4; min_score = 60
             c: NVC/BADGE > STATE/M 102; credits = 2; min_score = 40; max_score = 49",
            &["a tier-gap c"],
        ),
        // A denial is a decision about what lies between.
        (
            "a: NVC/BADGE > STATE/M 101; credits = 3; max_score = 3
             b: NVC/BADGE > STATE/M 102; deny = 'no'; min_score = 4; max_score = 4
             c: NVC/BADGE > STATE/M 102; credits = 4; min_score = 5",
            &[],
        ),
        (
            "a: NVC/BADGE > STATE/M 101; credits = 3; min_score = 3; max_score = 4
             b: NVC/BADGE > STATE/M 101; credits = 6; min_score = 4; max_score = 5",
            &["b tier-overlap a"],
        ),
        // Thresholds: whoever has 4 has 3.
        (
            "a: NVC/BADGE > STATE/M 101; credits = 3; min_score = 3
             b: NVC/BADGE > STATE/M 101; credits = 6; min_score = 4",
            &[],
        ),
        (
            "a: NVC/BADGE > STATE/M 101; credits = 3; min_score = 3; max_score = 5
             b: NVC/BADGE > STATE/M 101; credits = 6; min_score = 5; max_score = 5",
            &[],
        ),
        // Tiers of another outcome, and of another date, are other tiers.
        (
            "a: NVC/BADGE > STATE/M 101; credits = 3; min_score = 3; max_score = 4
             b: NVC/MATH 1 > STATE/M 101; credits = 6; min_score = 6; max_score = 7",
            &[],
        ),
        (
            "a: NVC/BADGE > STATE/M 101; credits = 3; min_score = 3; max_score = 4; taken_to = 2020-01-01
             b: NVC/BADGE > STATE/M 101; credits = 6; min_score = 6; max_score = 7; taken_from = 2021-01-01",
            &[],
        ),
    ]);
}

#[test]
fn ways_that_lead_back() {
    cases(&[
        // An equivalence, and two that are none.
        ("a: NVC/MATH 1 > STATE/M 102; credits = 4\n b: STATE/M 102 > NVC/MATH 1; credits = 3", &[]),
        (
            "a: NVC/MATH 1 > STATE/M 102; credits = 4\n b: STATE/M 102 > NVC/MATH 1; credits = 2",
            &["b cycle a"],
        ),
        (
            "a: NVC/MATH 1 > STATE/M 102; credits = 4\n b: STATE/M 102 > NVC/MATH 1; credits = 4",
            &["b round-trip-gain a"],
        ),
        (
            "a: NVC/MATH 1 > STATE/M 102; credits = 4; valid_to = 2027-01-01
             b: STATE/M 102 > NVC/MATH 1; credits = 4; valid_from = 2027-01-02",
            &[],
        ),
        (
            "a: NVC/MATH 1 > STATE/M 101; ratio = 'original'\n b: STATE/M 101 > NVC/MATH 1; ratio = 'original'",
            &[],
        ),
        ("a: NVC/BADGE > STATE/M 101; credits = 3\n b: STATE/M 101 > NVC/BADGE; credits = 3", &["b cycle a"]),
        ("a: NVC/MATH 1 > STATE/M 102; credits = 4\n b: STATE/M 102 > NVC/MATH 1; deny = 'no'", &[]),
        // Between systems: exact inverses, a loss, a gain, and a gain by rounding alone.
        ("a: QTR > SEM; ratio = '2/3'\n b: SEM > QTR; ratio = '3/2'", &[]),
        ("a: QTR > SEM; ratio = '1/2'\n b: SEM > QTR; ratio = '3/2'", &["b cycle a"]),
        ("a: QTR > SEM; ratio = '2/3'\n b: SEM > QTR; ratio = '8/5'", &["b round-trip-gain a"]),
        (
            "a: QTR > SEM; ratio = '2/3'; rounding = 'half-up'\n b: SEM > QTR; ratio = '3/2'; rounding = 'half-up'",
            &["a rounding-gain", "b rounding-gain", "b round-trip-gain a"],
        ),
        (
            "a: A > B; ratio = '1/2'\n b: B > C; ratio = '1/2'\n c: C > A; ratio = '5'",
            &["c round-trip-gain a"],
        ),
        ("a: A > B; ratio = '1/2'\n b: B > C; ratio = '1/2'\n c: C > A; ratio = '4'", &[]),
    ]);
}

#[test]
fn every_check_is_met_in_these_cases() {
    let text = include_str!("tests.rs");
    for check in Check::ALL {
        let word = check.word();
        assert!(text.contains(&format!(" {word}\"")) || text.contains(&format!(" {word} a\"")), "{word}");
    }
}

/// A rule that says all that a rule can.
const FULL: &str = "a: NVC/MATH 1 > STATE/M 101; credits = 3; credits_low = 1; credits_high = 4; rounding = 'up'; \
    step = 0.5; priority = 3; most = 2; min_grade = 'B'; scale = 'L'; min_score = 1; max_score = 2; \
    framework = 'EQF'; min_level = '5'; min_hours = 1; kinds = ['formal']; max_age = '5 years'; accredited = true; \
    attributes = 'a = b'; valid_from = 2020-01-01; valid_to = 2030-01-01; taken_from = 2020-01-01; \
    taken_to = 2021-01-01; authority = 'x'; reference = 'x'; sender_approval = 'x'; receiver_approval = 'x'";

#[test]
fn whatever_a_rule_says_is_read() {
    let file = parse_toml(&book(FULL), "b.toml").unwrap();
    let text = serde_json::to_string(&file.rules[0].value).unwrap();
    let written: serde_json::Value = serde_json::from_str(&text).unwrap();
    // Every field of a rule but the caps, which this one names none of.
    assert_eq!(written.as_object().unwrap().len(), 28, "{text}");
    let said: Said = serde_json::from_str(&text).unwrap();
    assert_eq!(said.max_score, Some(Credits(2_000)));
    assert!(!said.waits() && !said.denies());
}
