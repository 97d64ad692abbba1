//! Tables of cases: every condition at its boundary, arithmetic, denials, limits, priorities.

use super::*;
use crate::domain::credits::{DecimalMark, Ratio, RoundingMode};
use crate::domain::date::{DateFormat, Period};
use crate::domain::requirement;
use crate::domain::rule::{Age, Cap, From, Rule, To, Worth};
use jiff::civil::{Date, date};

pub(super) struct Letters;
impl Orders for Letters {
    fn grade(&self, scale: &str, grade: &str) -> Option<usize> {
        let known = scale.is_empty() || scale == "letters";
        ["F", "D", "C", "B", "A"].iter().position(|letter| known && *letter == grade)
    }
    fn level(&self, _: &str, level: &str) -> Option<usize> {
        level.parse().ok()
    }
}

pub(super) fn credits(text: &str) -> Credits {
    Credits::parse(text, DecimalMark::Point).unwrap()
}

/// A lot: its number, its outcome at NVC, and what is held in quarter hours.
pub(super) fn lot(number: u64, outcome: &str, held: &str) -> Source {
    Source {
        lot: EntryId::new(0, number),
        system: "US-QTR".into(),
        held: credits(held),
        institution: "NVC".into(),
        outcome: outcome.into(),
        kind: Kind::Formal,
        field: Some("0541".into()),
        level: Some(("EQF".into(), "5".into())),
        hours: Some(credits("30")),
        grade: Some((String::new(), "B".into())),
        period: Period::day(date(2020, 8, 31)),
        attributes: vec![("route".into(), "evening".into())],
        accredited: Some((Some(date(2020, 1, 1)), Some(date(2020, 12, 31)))),
    }
}

/// From US quarter hours to semester hours.
fn quarters(ratio: &str) -> Rule {
    let (from, to) = (From::System { system: "US-QTR".into() }, To::System { system: "US-SEM".into() });
    Rule::new("q2s", from, to, "US-SEM", Worth::Ratio(Ratio::parse(ratio).unwrap()))
}

/// From outcomes at NVC to an outcome at STATE, for so much.
pub(super) fn outcomes(id: &str, required: &str, received: &str, worth: &str) -> Rule {
    let from = From::Outcomes { institution: "NVC".into(), required: required.parse().unwrap() };
    let received: requirement::Received = received.parse().unwrap();
    let to = To::Outcomes { institution: "STATE".into(), received };
    Rule::new(id, from, to, "US-SEM", Worth::Credits(credits(worth)))
}

pub(super) fn set_of(target: &Target, rules: &[Rule], caps: &[Cap]) -> RuleSet {
    let rule = |(rule, id): (&Rule, i64)| InBook {
        id,
        book: "b".into(),
        name: format!("b/{}", rule.id),
        rule: rule.clone(),
    };
    let caps = caps.iter().map(|cap| ("b".to_owned(), cap.clone())).collect();
    RuleSet::new(target.clone(), rules.iter().zip(1..).map(rule).collect(), caps)
}

pub(super) const DAY: Date = date(2025, 8, 31);

fn at_state(lots: &[Source], rules: &[Rule]) -> Plan {
    under(lots, rules, &[], &[])
}

fn under(lots: &[Source], rules: &[Rule], caps: &[Cap], used: &[(&str, &str)]) -> Plan {
    let used = used.iter().map(|(name, had)| ((*name).to_owned(), credits(had))).collect();
    plan(lots, &set_of(&Target::Institution("STATE".into()), rules, caps), &used, DAY, &Letters)
}

fn to_semester(lots: &[Source], rules: &[Rule]) -> Plan {
    plan(lots, &set_of(&Target::System("US-SEM".into()), rules, &[]), &Used::new(), DAY, &Letters)
}

/// The acts as `rule: lots = worths`.
pub(super) fn acts(plan: &Plan, rules: &[Rule]) -> Vec<String> {
    let text = |act: &Act| {
        let lots: Vec<String> = act.lots.iter().map(|taken| taken.lot.to_string()).collect();
        let worths: Vec<String> = act.lots.iter().map(|taken| taken.worth.to_string()).collect();
        format!("{}: {} = {}", rules[act.rule].id, lots.join(" "), worths.join(" "))
    };
    plan.acts.iter().map(text).collect()
}

/// Why the first lot that stays does.
fn why(plan: &Plan, rules: &[Rule]) -> String {
    let set = set_of(&Target::Institution("STATE".into()), rules, &[]);
    plan.refused.iter().chain(&plan.undecided).next().map_or(String::new(), |left| left.why(&set))
}

#[test]
fn the_sum_of_an_act_is_rounded_once_and_apportioned() {
    let three = [lot(1, "A", "1"), lot(2, "B", "1"), lot(3, "C", "1")];
    let rules = [quarters("2/3")];
    let planned = to_semester(&three, &rules);
    assert_eq!(acts(&planned, &rules), ["q2s: 1 2 3 = 0.667 0.667 0.666"], "2.000 in all, not 2.001");
    assert_eq!((planned.acts[0].worth(), planned.acts[0].lost.as_str()), (credits("2"), "0"));

    for (rounding, step, result) in [
        (RoundingMode::HalfUp, "0.001", "2.667"),
        (RoundingMode::Down, "0.001", "2.666"),
        (RoundingMode::HalfUp, "0.5", "2.5"),
        (RoundingMode::Up, "1", "3"),
    ] {
        let rules = [Rule { rounding, step: credits(step), ..quarters("2/3") }];
        let planned = to_semester(&[lot(1, "A", "4")], &rules);
        assert_eq!(acts(&planned, &rules), [format!("q2s: 1 = {result}")], "4 quarter hours, {rounding:?}");
    }
    let rules = [Rule { step: credits("1"), ..quarters("2/3") }];
    let planned = to_semester(&[lot(1, "A", "1")], &rules);
    assert!(planned.acts.is_empty(), "0.667 of a whole credit is none: the original stays");
    assert!(
        planned.refused[0]
            .why(&set_of(&Target::System("US-SEM".into()), &rules, &[]))
            .contains("comes to nothing")
    );
}

#[test]
fn conditions_hold_at_their_boundary_and_fail_beyond_it() {
    let rule = || outcomes("r", "A", "S1", "3");
    let graded = |grade: &str| Source { grade: Some((String::new(), grade.into())), ..lot(1, "A", "4") };
    let scaled = |scale: &str| Source { grade: Some((scale.into(), "A".into())), ..lot(1, "A", "4") };
    let worked = |hours: &str| Source { hours: Some(credits(hours)), ..lot(1, "A", "4") };
    let plain = || lot(1, "A", "4");
    let min_grade = || Rule { min_grade: Some("B".into()), scale: Some("letters".into()), ..rule() };
    let tier = || Rule { min_score: Some(credits("50")), max_score: Some(credits("59")), ..rule() };
    let level = |level: &str| Rule { framework: Some("EQF".into()), min_level: Some(level.into()), ..rule() };
    let valid = |from: Option<Date>, to: Option<Date>| Rule { valid_from: from, valid_to: to, ..rule() };
    let needs =
        |name: &str| Rule { attributes: vec![(name.into(), vec!["day".into(), "evening".into()])], ..rule() };
    let hours = || Rule { min_hours: Some(credits("25")), ..rule() };
    // (lot, rule, why it is refused)
    let cases = [
        (graded("B"), min_grade(), ""),
        (graded("C"), min_grade(), "needs grade B; the grade is C"),
        (graded("P"), min_grade(), "needs grade B; grade P is not on scale letters"),
        (scaled("numbers"), min_grade(), "needs grade B on scale letters; the grade is on scale numbers"),
        (Source { grade: None, ..plain() }, min_grade(), "needs grade B; none is recorded"),
        (graded("50"), tier(), ""),
        (graded("49"), tier(), "needs a score of 50 to 59; the score is 49"),
        (graded("59"), tier(), ""),
        (graded("60"), tier(), "needs a score of 50 to 59; the score is 60"),
        (graded("A"), tier(), "needs a score of 50 to 59; grade A is not a number"),
        (plain(), level("5"), ""),
        (plain(), level("6"), "needs level EQF 6; the level is 5"),
        (Source { level: None, ..plain() }, level("5"), "needs level EQF 5; none is recorded"),
        (worked("25"), hours(), ""),
        (worked("24.999"), hours(), "needs 25 hours of work; the outcome has 24.999"),
        (Source { hours: None, ..plain() }, hours(), "needs 25 hours of work; none are recorded"),
        (plain(), Rule { kinds: vec![Kind::Formal], ..rule() }, ""),
        (plain(), Rule { kinds: vec![Kind::Informal], ..rule() }, "formal learning is not accepted"),
        (plain(), needs("route"), ""),
        (plain(), needs("campus"), "needs campus = day or evening; none is recorded"),
        (plain(), valid(Some(DAY), None), ""),
        (plain(), valid(None, Some(DAY)), ""),
        (plain(), valid(Some(date(2025, 9, 1)), None), "valid only from 2025-09-01"),
        (plain(), valid(None, Some(date(2025, 8, 30))), "valid only until 2025-08-30"),
        (
            plain(),
            Rule { sender_approval: "minute 4".into(), ..rule() },
            "waits for the receiving side's approval",
        ),
        (
            plain(),
            Rule { receiver_approval: "minute 4".into(), ..rule() },
            "waits for the sending side's approval",
        ),
        (plain(), Rule { sender_approval: "a".into(), receiver_approval: "b".into(), ..rule() }, ""),
        (Source { held: Credits::ZERO, ..plain() }, rule(), ""),
    ];
    for (source, rule, reason) in cases {
        let (rules, placed) = ([rule], usize::from(reason.is_empty() && source.held > Credits::ZERO));
        let planned = at_state(&[source], &rules);
        let expected = if reason.is_empty() { String::new() } else { format!("rule r: {reason}") };
        assert_eq!((planned.acts.len(), why(&planned, &rules)), (placed, expected), "{rules:?}");
    }
}

#[test]
fn dates_are_accepted_through_the_last_day_and_undecided_where_the_day_matters() {
    let read = |text: &str| {
        let format = if text.len() == 10 { "YYYY-MM-DD" } else { "YYYY-MM" };
        DateFormat::parse(format).unwrap().read(text, &Default::default()).unwrap()
    };
    let rule = || outcomes("r", "A", "S1", "3");
    let aged = |age: Age| Rule { max_age: Some(age), ..rule() };
    let taken = |from: Option<Date>, to: Option<Date>| Rule { taken_from: from, taken_to: to, ..rule() };
    let accredited = || Rule { accredited: true, ..rule() };
    let years = |years| aged(Age::Years(years));
    // (achieved, rule, day of the decision, taken / refused / undecided)
    let cases = [
        ("2020-08-31", years(5), date(2025, 8, 31), (1, 0, 0)),
        ("2020-08-31", years(5), date(2025, 9, 1), (0, 1, 0)),
        ("2020-02-29", years(1), date(2021, 2, 28), (1, 0, 0)),
        ("2020-02-29", years(1), date(2021, 3, 1), (0, 1, 0)),
        ("2020-02-29", years(4), date(2024, 2, 29), (1, 0, 0)),
        ("2020-02-29", years(4), date(2024, 3, 1), (0, 1, 0)),
        ("2020-08-31", aged(Age::Months(6)), date(2021, 2, 28), (1, 0, 0)),
        ("2020-08-31", aged(Age::Months(6)), date(2021, 3, 1), (0, 1, 0)),
        ("2020-08", years(5), date(2025, 8, 1), (1, 0, 0)),
        ("2020-08", years(5), date(2025, 8, 2), (0, 0, 1)),
        ("2020-08", years(5), date(2025, 8, 31), (0, 0, 1)),
        ("2020-08", years(5), date(2025, 9, 1), (0, 1, 0)),
        ("2020-08-31", taken(None, Some(date(2020, 8, 31))), DAY, (1, 0, 0)),
        ("2020-08-31", taken(None, Some(date(2020, 8, 30))), DAY, (0, 1, 0)),
        ("2020-08-31", taken(Some(date(2020, 9, 1)), None), DAY, (0, 1, 0)),
        ("2020-08", taken(None, Some(date(2020, 8, 31))), DAY, (1, 0, 0)),
        ("2020-08", taken(None, Some(date(2020, 8, 30))), DAY, (0, 0, 1)),
        ("2020-08", taken(None, Some(date(2020, 7, 31))), DAY, (0, 1, 0)),
        ("2020-12-31", accredited(), DAY, (1, 0, 0)),
        ("2021-01-01", accredited(), DAY, (0, 1, 0)),
        ("2019-12-31", accredited(), DAY, (0, 1, 0)),
        ("2020-12", accredited(), DAY, (1, 0, 0)),
    ];
    for (achieved, rule, day, expected) in cases {
        let source = Source { period: read(achieved), ..lot(1, "A", "4") };
        let set = set_of(&Target::Institution("STATE".into()), &[rule], &[]);
        let planned = plan(&[source], &set, &Used::new(), day, &Letters);
        let found = (planned.acts.len(), planned.refused.len(), planned.undecided.len());
        assert_eq!(found, expected, "{achieved} on {day}: {:?}", set.rule(0));
    }
    let unknown = Source { accredited: None, ..lot(1, "A", "4") };
    let rules = [accredited()];
    let planned = at_state(&[unknown], &rules);
    assert_eq!(why(&planned, &rules), "rule r: needs an accredited outcome; no accreditation is recorded");
    let closing = Source {
        accredited: Some((None, Some(date(2020, 8, 15)))),
        period: read("2020-08"),
        ..lot(1, "A", "4")
    };
    assert_eq!(at_state(&[closing], &rules).undecided.len(), 1);
}

#[test]
fn a_requirement_takes_as_many_different_lots_as_it_asks_for() {
    let field =
        |number, code: &str, field: &str| Source { field: Some(field.into()), ..lot(number, code, "2") };
    let elsewhere = |number, code: &str| Source { institution: "OU".into(), ..lot(number, code, "2") };
    let plain = |codes: &[&str]| -> Vec<Source> {
        codes.iter().zip(1..).map(|(code, number)| lot(number, code, "2")).collect()
    };
    // (lots, requirement, acts, why the first lot that stays does)
    let cases: Vec<(Vec<Source>, &str, &[&str], &str)> = vec![
        (plain(&["A", "B"]), "A & B", &["r: 1 2 = 2 2"], ""),
        (plain(&["A"]), "A & B", &[], "rule r: needs as well: B"),
        (plain(&["A", "A"]), "A & A", &["r: 1 2 = 2 2"], ""),
        (plain(&["A"]), "A & A", &[], "rule r: needs as well: A"),
        (plain(&["B"]), "A | B", &["r: 1 = 4"], ""),
        (plain(&["A", "C", "B"]), "A & B | C", &["r: 1 3 = 2 2", "r: 2 = 4"], ""),
        (
            plain(&["A", "B", "C"]),
            "2 of (A, B, C)",
            &["r: 1 2 = 2 2"],
            "rule r: rule r serves the learner better",
        ),
        (plain(&["A", "D"]), "2 of (A, B, C)", &[], "rule r: needs as well: A, B or C"),
        (
            plain(&["MATH 1", "MATH 2", "ART 1"]),
            "MATH *",
            &["r: 1 = 4", "r: 2 = 4"],
            "no rule converts it to STATE",
        ),
        (plain(&["A"]), "3 of (*)", &[], "rule r: needs as well: 2 of (*)"),
        (
            vec![field(1, "A", "0541"), field(2, "B", "0611")],
            "* [field 05]",
            &["r: 1 = 4"],
            "no rule converts it to STATE",
        ),
        (plain(&["A"]), "* [level EQF 6]", &[], "no rule converts it to STATE"),
        (plain(&["A"]), "* [kind formal, level EQF 5]", &["r: 1 = 4"], ""),
        (vec![elsewhere(1, "A")], "A", &[], "no rule converts it to STATE"),
        (vec![elsewhere(1, "A")], "A @ OU", &["r: 1 = 4"], ""),
        (vec![elsewhere(1, "A"), lot(2, "A", "2")], "A @ *", &["r: 1 = 4", "r: 2 = 4"], ""),
    ];
    for (lots, required, expected, reason) in cases {
        let rules = [outcomes("r", required, "S1", "4")];
        let planned = at_state(&lots, &rules);
        assert_eq!(acts(&planned, &rules), expected, "{required}");
        let reason = reason.replace("A, B or C", "1 of (A, B, C)");
        assert_eq!(why(&planned, &rules), reason, "{required}");
    }
}

#[test]
fn what_is_added_is_of_one_system_and_is_rounded_once() {
    let ects = |number, code: &str| Source { system: "ECTS".into(), ..lot(number, code, "1") };
    let ratio =
        Rule { worth: Worth::Ratio(Ratio::parse("2/3").unwrap()), ..outcomes("r", "A & B & C", "S1", "1") };
    let rules = [ratio];
    let lots = [lot(1, "A", "1"), lot(2, "B", "1"), lot(3, "C", "1")];
    assert_eq!(acts(&at_state(&lots, &rules), &rules), ["r: 1 2 3 = 0.667 0.667 0.666"]);
    assert_eq!(acts(&at_state(&[lots[0].clone(), lots[1].clone(), ects(3, "C")], &rules), &rules), [""; 0]);
    let rules = [Rule { worth: Worth::Original, ..outcomes("r", "A", "S1", "1") }];
    let semester = Source { system: "US-SEM".into(), ..lot(2, "A", "2.5") };
    let planned = at_state(&[lots[0].clone(), semester], &rules);
    assert_eq!(acts(&planned, &rules), ["r: 2 = 2.5"]);
    assert_eq!(why(&planned, &rules), "rule r: takes credit of US-SEM as it is; this is US-QTR");
}

#[test]
fn what_results_is_divided_over_lots_and_over_what_receives_it() {
    let received = |rule: Rule, lots: &[Source]| -> Vec<(String, Option<String>)> {
        let planned = at_state(lots, &[rule]);
        let part = |part: &Part| match &part.to {
            Receiver::Outcome(code) | Receiver::Category(code) => {
                (code.clone(), part.credits.map(|credits| credits.to_string()))
            }
        };
        planned.acts[0].received.iter().map(part).collect()
    };
    let some = |code: &str, text: &str| (code.to_owned(), Some(text.to_owned()));
    let lots = [lot(1, "A", "1"), lot(2, "B", "2")];
    let two = outcomes("r", "A & B", "S1 = 4 & S2 = 2", "6");
    assert_eq!(received(two.clone(), &lots), [some("S1", "4"), some("S2", "2")]);
    assert_eq!(
        acts(&at_state(&lots, std::slice::from_ref(&two)), std::slice::from_ref(&two)),
        ["r: 1 2 = 2 4"],
        "by original credits"
    );
    assert_eq!(received(Rule { most: Some(credits("3")), ..two }, &lots), [some("S1", "2"), some("S2", "1")]);
    let together = outcomes("r", "A & B", "S1 & S2", "6");
    assert_eq!(received(together, &lots), [("S1".into(), None), ("S2".into(), None)], "no part is made up");
    let to = To::Category { institution: "STATE".into(), category: "elective".into() };
    let chosen = Worth::Range { low: credits("25"), high: credits("30"), chosen: credits("27") };
    let category = Rule { to, worth: chosen, ..outcomes("r", "A", "S1", "1") };
    assert_eq!(received(category.clone(), &lots), [some("elective", "27")]);
    let arithmetic = &at_state(&lots, &[category]).acts[0].arithmetic;
    assert_eq!(arithmetic, "the outcome as a whole counts 27 US-SEM, chosen from the range of 25 to 30");
}

#[test]
fn a_denial_closes_what_it_names_to_rules_of_its_priority_and_later_ones() {
    let denial = |required: &str, received: &str, priority| Rule {
        worth: Worth::Denied { reason: "not articulated".into() },
        priority,
        ..outcomes("no", required, received, "1")
    };
    let rule = |received: &str, priority| Rule { priority, ..outcomes("yes", "A", received, "3") };
    let everything = |category: &str| Rule {
        to: To::Category { institution: "STATE".into(), category: category.into() },
        ..denial("A", "S1", 0)
    };
    // (denial, rule, whether the rule takes the lot)
    let cases = [
        (denial("A", "S1", 1), rule("S1", 1), false),
        (denial("A", "S1", 1), rule("S1", 2), false),
        (denial("A", "S1", 1), rule("S1", 0), true),
        (denial("A", "S1", 0), rule("S2", 0), true),
        (denial("A", "S1", 0), rule("S1 & S2", 0), false),
        (denial("A", "S1 & S2", 0), rule("S1", 0), true),
        (denial("B", "S1", 0), rule("S1", 0), true),
        (denial("A & B", "S1", 0), rule("S1", 0), true),
        (Rule { min_grade: Some("A".into()), ..denial("A", "S1", 0) }, rule("S1", 0), true),
        (everything("*"), rule("S1", 0), false),
        (everything("elective"), rule("S1", 0), true),
    ];
    for (denial, rule, taken) in cases {
        let rules = [denial, rule];
        let planned = at_state(&[lot(1, "A", "4")], &rules);
        assert_eq!(planned.acts.len() == 1, taken, "{rules:?}");
        if !taken {
            assert_eq!(
                why(&planned, &rules),
                "rule no: denied: not articulated; rule yes: rule no denies it"
            );
        }
    }
    let both = [denial("A & B", "S1", 0), rule("S1", 0)];
    let planned = at_state(&[lot(1, "A", "4"), lot(2, "B", "4")], &both);
    assert!(planned.acts.is_empty(), "with B beside it the denial is met");
}

#[test]
fn a_rule_that_needs_the_day_keeps_a_lot_from_rules_of_its_priority_and_later_ones() {
    let month = Period { first: date(2020, 8, 1), last: date(2020, 8, 31), ..lot(1, "A", "4").period };
    let vague = Source { period: month, ..lot(1, "A", "4") };
    let dated = |priority, required: &str| Rule {
        taken_to: Some(date(2020, 8, 15)),
        priority,
        ..outcomes("dated", required, "S1", "4")
    };
    let plain = |priority| Rule { priority, ..outcomes("plain", "A", "S2", "3") };
    for (dated_rule, plain_rule, placed) in [
        (dated(0, "A"), plain(0), false),
        (dated(0, "A"), plain(1), false),
        (dated(1, "A"), plain(0), true),
        // Without a B it could not be used on any day.
        (dated(0, "A & B"), plain(0), true),
    ] {
        let rules = [dated_rule, plain_rule];
        let planned = at_state(std::slice::from_ref(&vague), &rules);
        assert_eq!((planned.acts.len() == 1, planned.undecided.is_empty()), (placed, placed), "{rules:?}");
    }
    let rules = [dated(0, "A & B"), plain(0)];
    let early = Source { period: Period::day(date(2020, 8, 1)), ..lot(2, "B", "4") };
    let planned = at_state(&[vague, early], &rules);
    assert_eq!(planned.undecided[0].together, [0, 1]);
    assert_eq!(planned.undecided[0].waits_for, Some(0));
}

#[test]
fn the_best_choice_is_taken_within_priorities() {
    let with = |priority, rule: Rule| Rule { priority, ..rule };
    // (rules, acts), with lots A, B and C.
    let cases: Vec<(Vec<Rule>, &[&str])> = vec![
        (vec![outcomes("low", "A", "S1", "2"), outcomes("high", "A", "S2", "3")], &["high: 1 = 3"]),
        (vec![outcomes("first", "A", "S1", "3"), outcomes("second", "A", "S2", "3")], &["first: 1 = 3"]),
        // Together they are worth more than each alone, or less.
        (
            vec![
                outcomes("a", "A", "S1", "2"),
                outcomes("b", "B", "S2", "2"),
                outcomes("ab", "A & B", "S3", "5"),
            ],
            &["ab: 1 2 = 2.5 2.5"],
        ),
        (
            vec![
                outcomes("a", "A", "S1", "2"),
                outcomes("b", "B", "S2", "2"),
                outcomes("ab", "A & B", "S3", "3"),
            ],
            &["a: 1 = 2", "b: 2 = 2"],
        ),
        // What an earlier priority takes is not left, however much more a later one would give.
        (
            vec![
                with(1, outcomes("later", "A & B", "S3", "9")),
                with(0, outcomes("earlier", "A", "S1", "1")),
            ],
            &["earlier: 1 = 1"],
        ),
        // A greedy choice of the pair A, B leaves C alone.
        (
            vec![
                outcomes("ab", "A & B", "S1", "4"),
                outcomes("bc", "B & C", "S2", "3.5"),
                outcomes("a", "A", "S3", "2"),
            ],
            &["bc: 2 3 = 1.75 1.75", "a: 1 = 2"],
        ),
    ];
    for (rules, expected) in cases {
        let lots = [lot(1, "A", "4"), lot(2, "B", "4"), lot(3, "C", "4")];
        let planned = at_state(&lots, &rules);
        assert_eq!(acts(&planned, &rules), expected);
        assert!(planned.choices.iter().all(|choice| choice.proven));
    }
    let rules = [outcomes("low", "A", "S1", "2"), outcomes("high", "A", "S2", "3")];
    let passed = &at_state(&[lot(1, "A", "4")], &rules).acts[0].passed_over;
    assert_eq!(passed, &[PassedOver { rule: 0, gives: credits("2") }]);
}

#[test]
fn limits_cut_what_they_leave_and_no_lot_is_placed_for_nothing() {
    let capped = |rule: Rule| Rule { caps: vec!["calculus".into()], ..rule };
    let cap = |credits_: &str| Cap {
        name: "calculus".into(),
        credits: credits(credits_),
        system: "US-SEM".into(),
        kinds: Vec::new(),
        target: None,
        reference: String::new(),
    };
    let ab = || [capped(outcomes("ab", "AB", "S1", "4")), capped(outcomes("bc", "BC", "S2", "8"))];
    let lots = [lot(1, "AB", "4"), lot(2, "BC", "8")];
    // (limit, used, acts): at most 8 for AB and BC together.
    let cases: [(&str, &str, &[&str]); 5] = [
        ("12", "0", &["ab: 1 = 4", "bc: 2 = 8"]),
        ("8", "0", &["bc: 2 = 8"]),
        ("10", "0", &["ab: 1 = 4", "bc: 2 = 6"]),
        ("8", "5", &["ab: 1 = 3"]),
        ("8", "8", &[]),
    ];
    for (limit, used, expected) in cases {
        let planned = under(&lots, &ab(), &[cap(limit)], &[("b/calculus", used)]);
        assert_eq!(acts(&planned, &ab()), expected, "{limit} of which {used} are used");
    }
    let planned = under(&lots, &ab(), &[cap("10")], &[]);
    let cut = CutBy { limit: "b/calculus".into(), most: credits("10"), took: credits("2") };
    assert_eq!(planned.acts[1].cut, [cut]);
    let planned = under(&lots, &ab(), &[cap("8")], &[("b/calculus", "8")]);
    assert_eq!(why(&planned, &ab()), "rule ab: limit b/calculus of 8 credits is reached");

    // A rule's own limit counts what it gave before.
    let rules = [Rule { most: Some(credits("5")), ..outcomes("r", "A", "S1", "3") }];
    let many = [lot(1, "A", "1"), lot(2, "A", "1"), lot(3, "A", "1")];
    assert_eq!(acts(&under(&many, &rules, &[], &[]), &rules), ["r: 1 = 3", "r: 2 = 2"]);
    assert_eq!(acts(&under(&many, &rules, &[], &[("b/rule r", "4")]), &rules), ["r: 1 = 1"]);

    // A limit on what informal learning gives cuts that part alone.
    let informal = Source { kind: Kind::Informal, ..lot(2, "B", "4") };
    let rules = [outcomes("r", "A & B", "S1", "8")];
    let on_kind = Cap { kinds: vec![Kind::Informal], ..cap("1") };
    let planned = under(&[lot(1, "A", "4"), informal], &rules, &[on_kind], &[]);
    assert_eq!(acts(&planned, &rules), ["r: 1 2 = 4 1"]);
}

#[test]
fn a_limited_rule_from_a_system_takes_as_few_lots_as_reach_the_limit() {
    let rules = [Rule { most: Some(credits("4")), ..quarters("1/1") }];
    let lots = [lot(1, "A", "1"), lot(2, "B", "3"), lot(3, "C", "3"), lot(4, "D", "2")];
    let planned = to_semester(&lots, &rules);
    assert_eq!(acts(&planned, &rules), ["q2s: 1 2 = 1 3"]);
    let rules = [Rule { most: Some(credits("20")), ..quarters("1/1") }];
    assert_eq!(acts(&to_semester(&lots, &rules), &rules), ["q2s: 1 2 3 4 = 1 3 3 2"]);
}

#[test]
fn rules_into_several_systems_are_compared_by_the_code_of_the_system() {
    let into = |system: &str, rule: Rule| Rule { system: system.into(), ..rule };
    let rules =
        [into("ECTS", outcomes("ects", "A", "S1", "1")), into("CN", outcomes("cn", "A", "S2", "0.5"))];
    assert_eq!(acts(&at_state(&[lot(1, "A", "4")], &rules), &rules), ["cn: 1 = 0.5"]);
}

#[test]
fn hundreds_of_lots_under_two_rules_of_a_system_need_no_long_search() {
    let lots: Vec<Source> = (1..=300).map(|number| lot(number, "A", "3")).collect();
    let rules = [quarters("1/2"), Rule { id: "better".into(), ..quarters("2/3") }];
    let planned = to_semester(&lots, &rules);
    assert_eq!(planned.acts.len(), 1);
    assert_eq!((planned.acts[0].worth(), planned.choices[0].proven), (credits("600"), true));
}

#[test]
fn too_many_sets_are_not_proven_and_still_used() {
    let lots: Vec<Source> = (1..=30).map(|number| lot(number, "A", "3")).collect();
    let rules = [outcomes("five", "5 of (*)", "S1", "4")];
    let planned = at_state(&lots, &rules);
    assert_eq!(planned.acts.len(), 6);
    assert!(!planned.choices[0].proven);
}
