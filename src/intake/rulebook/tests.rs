use super::*;
use crate::domain::credits::{Ratio, RoundingMode};
use crate::domain::outcome::Kind;
use crate::domain::requirement::{Received, Requirement};
use crate::domain::rule::{Age, Cap, From, To, Worth};
use jiff::civil::Date;
use proptest::prelude::*;

const SOUND: &str = r#"book = "regional-2026"
title = "区域 2026"
[[scale]]
name = "OU result"
grades = ["Fail", "Pass", "Distinction"]
pass = "Pass"
[[rule]]
id = "uk-ects"
from = { system = "UK" }
to = { system = "ECTS" }
ratio = "1/2"
step = 0.5
valid_from = "2020-01-01"
valid_to = 2029-12-31
[[rule]]
id = "aaa-x101"
from = { institution = "OU", outcome = "AAA" }
to = { institution = "NCU", outcome = "X101", system = "CN" }
credits = "3"
min_grade = "Pass"
scale = "OU result"
min_level = 5
framework = "EQF"
kinds = ["formal", "non-formal"]
"#;

/// The messages of a text that is not a sound book.
fn faults(text: &str) -> String {
    parse_toml(text, "b.toml").map_or_else(|faults| faults.to_string(), |_| String::new())
}

#[test]
fn a_sound_book_is_read_with_its_places() {
    let book = parse_toml(SOUND, "b.toml").unwrap();
    assert_eq!((book.book.as_str(), book.title.as_deref()), ("regional-2026", Some("区域 2026")));
    assert_eq!(book.scales[0].at, Place { line: 3, column: 1 });
    assert_eq!(book.scales[0].value.rank("Distinction"), Some(2));
    let [one, two] = &book.rules[..] else { panic!("{:?}", book.rules) };
    assert_eq!((one.at.line, two.at.line), (7, 15));
    assert_eq!((one.value.system.as_str(), two.value.system.as_str()), ("ECTS", "CN"));
    assert_eq!((one.value.step, one.value.rounding), (Credits(500), RoundingMode::Down));
    assert_eq!(one.value.worth, Worth::Ratio(Ratio::new(1, 2).unwrap()));
    assert_eq!(one.value.valid_to.unwrap().to_string(), "2029-12-31");
    assert_eq!(two.value.worth, Worth::Credits(Credits(3_000)));
    assert_eq!(two.value.kinds, [Kind::Formal, Kind::NonFormal]);
    assert_eq!(two.value.min_level.as_deref(), Some("5"));
}

#[test]
fn each_fault_has_its_code_its_place_and_its_rule() {
    // (what stands there, what stands there instead, where, code)
    let cases = [
        ("[[scale]]", "[[scale]", "3:9: ", "R101"),
        ("ratio", "ratoi", "11:1: rule uk-ects: unknown key `ratoi`", "R102"),
        ("system = \"UK\"", "sistem = \"UK\"", "9:10: rule uk-ects: unknown key `sistem`", "R102"),
        ("[[scale]]", "[[scales]]", "3:3: unknown key `scales`", "R102"),
        ("grades =", "grade =", "5:1: unknown key `grade`", "R102"),
        ("\"1/2\"", "true", "11:9: rule uk-ects: `ratio` is written as true or false", "R103"),
        ("[\"formal\", \"non-formal\"]", "5", "24:9: rule aaa-x101: `kinds`", "R103"),
        ("{ system = \"UK\" }", "\"UK\"", "9:8: rule uk-ects: `from` is written as a text", "R103"),
        ("id = \"uk-ects\"\n", "", "7:1: the rule has no id", "R104"),
        (
            "\"aaa-x101\"",
            "\"uk-ects\"",
            "16:6: rule uk-ects: id `uk-ects` stands a second time: the rule of line 7",
            "R105",
        ),
        ("\"UK\"", "\"U\\u0007K\"", "9:19: rule uk-ects: bad from_system", "R106"),
        ("regional-2026", "Regional 2026", "1:8: bad book name", "R108"),
        ("book = \"regional-2026\"\n", "", "1:1: bad book name ``", "R108"),
        ("from = { system = \"UK\" }\n", "", "7:1: rule uk-ects: the rule has no `from`", "R111"),
        (
            "system = \"UK\"",
            "system = \"UK\", institution = \"OU\"",
            "9:19: rule uk-ects: `from` names system",
            "R112",
        ),
        (", outcome = \"AAA\"", "", "17:24: rule aaa-x101: `from` names `OU` alone", "R113"),
        (
            "{ system = \"ECTS\" }",
            "{ institution = \"OU\", outcome = \"A\" }",
            "7:1: rule uk-ects: `from` and `to`",
            "R114",
        ),
        ("\"UK\"", "\"ECTS\"", "10:17: rule uk-ects: both sides are `ECTS`", "R115"),
        ("ratio = \"1/2\"\n", "", "7:1: rule uk-ects: the rule does not say what results", "R121"),
        (
            "credits = \"3\"",
            "credits = \"3\"\nratio = \"1\"",
            "19:11: rule aaa-x101: the rule says in two ways",
            "R122",
        ),
        ("\"1/2\"", "\"0/2\"", "11:9: rule uk-ects: bad ratio `0/2`: it is zero", "R123"),
        ("\"1/2\"", "\"1/0\"", "11:9: rule uk-ects: bad ratio `1/0`: it is zero", "R123"),
        ("\"1/2\"", "\"-1/2\"", "11:9: rule uk-ects: bad ratio `-1/2`: it is negative", "R123"),
        ("\"1/2\"", "\"half\"", "11:9: rule uk-ects: bad ratio `half`: it is not a fraction", "R123"),
        (
            "\"1/2\"",
            "\"1/2000000000\"",
            "11:9: rule uk-ects: bad ratio `1/2000000000`: its numbers go",
            "R123",
        ),
        ("ratio = \"1/2\"", "credits = \"5\"", "11:11: rule uk-ects: credits `5` for a system", "R124"),
        ("\"3\"", "\"3,5\"", "19:11: rule aaa-x101: bad credits `3,5`", "R125"),
        ("\"3\"", "\"-3\"", "19:11: rule aaa-x101: bad credits `-3`: it is negative", "R125"),
        ("\"3\"", "1e3", "19:11: rule aaa-x101: bad credits `1e3`", "R125"),
        ("step = 0.5", "step = 0", "12:8: rule uk-ects: bad step `0`", "R126"),
        ("step = 0.5", "step = 1000.001", "12:8: rule uk-ects: bad step `1000.001`: it is more", "R126"),
        ("step = 0.5", "rounding = \"halfup\"", "12:12: rule uk-ects: unknown rounding `halfup`", "R127"),
        (
            "\"2020-01-01\"",
            "\"2020-02-30\"",
            "13:14: rule uk-ects: bad valid_from `2020-02-30`: there is no",
            "R131",
        ),
        ("\"2020-01-01\"", "\"1.1.2020\"", "13:14: rule uk-ects: bad valid_from", "R131"),
        (
            "\"2020-01-01\"",
            "\"2030-01-01\"",
            "13:14: rule uk-ects: bad valid_from `2030-01-01`: valid_to is 2029",
            "R132",
        ),
        ("scale = \"OU result\"\n", "", "20:13: rule aaa-x101: bad min_grade `Pass`: no scale", "R141"),
        ("min_grade = \"Pass\"\n", "", "20:9: rule aaa-x101: bad scale `OU result`", "R141"),
        (
            "min_grade = \"Pass\"",
            "min_grade = \"pass\"",
            "20:13: rule aaa-x101: bad min_grade `pass`",
            "R142",
        ),
        ("framework = \"EQF\"\n", "", "22:13: rule aaa-x101: bad min_level `5`", "R143"),
        ("min_level = 5\n", "", "22:13: rule aaa-x101: bad framework `EQF`", "R143"),
        ("\"non-formal\"", "\"unformal\"", "24:20: rule aaa-x101: unknown kind `unformal`", "R144"),
        (
            "\"AAA\"",
            "\"AAA &\"",
            "17:40: rule aaa-x101: bad from_outcome `AAA &`: a code is missing (character 6)",
            "R117",
        ),
        ("\"X101\"", "\"X101 = x\"", "18:39: rule aaa-x101: bad to_outcome `X101 = x`", "R118"),
        (
            "credits = \"3\"",
            "credits = \"3\"\ncredits_low = \"4\"\ncredits_high = \"5\"",
            "19:11: rule aaa-x101: bad credits `3`: it must lie between",
            "R128",
        ),
        (
            "\"X101\"",
            "\"X101 = 2 & X102 = 2\"",
            "19:11: rule aaa-x101: bad credits `3`: the parts add up to 4",
            "R129",
        ),
        (
            "min_grade = \"Pass\"",
            "min_grade = \"Pass\"\nmin_score = 5\nmax_score = 4",
            "21:13: rule aaa-x101: bad min_score `5`: the highest is 4",
            "R145",
        ),
        (
            "credits = \"3\"",
            "credits = \"3\"\nmax_age = \"5\"",
            "20:11: rule aaa-x101: bad max_age `5`",
            "R146",
        ),
        (
            "credits = \"3\"",
            "credits = \"3\"\naccredited = \"yes\"",
            "20:14: rule aaa-x101: bad accredited `yes`",
            "R147",
        ),
        (
            "credits = \"3\"",
            "credits = \"3\"\nattributes = \"region\"",
            "20:14: rule aaa-x101: bad attributes `region`",
            "R148",
        ),
        (
            "credits = \"3\"",
            "credits = \"3\"\npriority = 1000",
            "20:12: rule aaa-x101: bad priority `1000`",
            "R171",
        ),
        (
            "[[rule]]\nid = \"uk",
            "[[cap]]\ncredits = 1\n[[rule]]\nid = \"uk",
            "7:1: bad name of a cap",
            "R172",
        ),
        (
            "[[rule]]\nid = \"uk",
            "[[cap]]\nname = \"c\"\n[[rule]]\nid = \"uk",
            "7:1: cap `c` has no limit",
            "R174",
        ),
        (
            "credits = \"3\"",
            "credits = \"3\"\ncaps = [\"c\"]",
            "20:9: rule aaa-x101: unknown cap `c`",
            "R175",
        ),
        ("name = \"OU result\"\n", "", "3:1: the scale has no name", "R151"),
        (
            "[[rule]]\nid = \"uk",
            "[[scale]]\nname = \"OU result\"\nnumeric = true\n[[rule]]\nid = \"uk",
            "7:1: scale `OU result` is defined again: line 3",
            "R152",
        ),
        ("pass = \"Pass\"", "numeric = true", "3:1: bad scale `OU result`: it has both", "R153"),
        ("\"Distinction\"]", "\"Pass\"]", "5:27: grade `Pass` stands twice", "R154"),
        ("pass = \"Pass\"", "pass = \"P\"", "3:1: bad pass `P`", "R155"),
    ];
    for (from, to, place, code) in cases {
        assert!(SOUND.contains(from), "{from}");
        let message = faults(&SOUND.replacen(from, to, 1));
        let (start, end) = (format!("b.toml:{place}"), format!("[{code}]"));
        let is_there = message.lines().any(|line| line.starts_with(&start) && line.ends_with(&end));
        assert!(is_there, "{from} → {to}\n{message}\nexpected {start} … {end}");
    }
    let empty = faults("book = \"b\"\n");
    assert_eq!(empty, "b.toml:1:1: the book is empty: it has no rules — add a [[rule]], or a row [R107]");
}

#[test]
fn all_faults_are_told_at_once_in_the_order_of_the_file() {
    let bad =
        SOUND.replace("ratio", "ratoi").replace("\"3\"", "\"x\"").replace("EQF\"", "EQF\"\nstep = \"0\"");
    let codes: Vec<&str> =
        parse_toml(&bad, "b.toml").unwrap_err().faults.iter().map(|fault| fault.check.code()).collect();
    assert_eq!(codes, ["R121", "R102", "R125", "R126"]);
    assert!(faults(&bad).contains("did you mean `ratio`?"));
    let many = format!("id,from_system,to_system,ratio\n{}", ",UK,ECTS,1/2\n".repeat(150));
    let told = parse_csv(many.as_bytes(), "b.csv", None).unwrap_err();
    assert_eq!((told.faults.len(), told.more), (LIMIT, 50));
    let fault = crate::domain::fault::Fault::from(told);
    assert!(
        fault.what.starts_with("no rule was loaded: b.csv has 150 faults\n  b.csv:2:1: the rule has no id")
    );
    assert!(fault.what.ends_with("\n  … and 50 more"), "{}", fault.what);
}

#[test]
fn tables_are_read_in_any_order_of_columns_and_checked_alike() {
    let table =
        "\u{feff}ratio,to_system,id,from_system,kinds\n1/2,ECTS,a,UK,formal  informal\n,,,,\n2,UK,b,ECTS,\n";
    let book = parse_csv(table.as_bytes(), "dir/province-7.csv", None).unwrap();
    assert_eq!((book.book.as_str(), book.rules.len()), ("province-7", 2));
    assert_eq!(book.rules[0].value.kinds, [Kind::Formal, Kind::Informal]);
    assert_eq!(book.rules[1].at, Place { line: 4, column: 1 });
    assert_eq!(book.bytes, table.len() as u64);
    assert_eq!(parse_csv(table.as_bytes(), "x Y.csv", Some("given")).unwrap().book, "given");
    // (table, expected)
    let cases = [
        ("", "b.csv:1:1: the file cannot be read as a table: the file is empty: it has no rows"),
        ("id,ratio\n", "b.csv:1:1: the book is empty"),
        ("id,ratoi\n1,2\n", "b.csv:1:2: unknown column `ratoi`"),
        ("id,id\n1,2\n", "b.csv:1:2: column `id` stands twice"),
        ("ratio\n1\n", "b.csv:1:1: column `id` is missing"),
        ("id,ratio\na,1,2\n", "b.csv:2:1: rule a: the row has 3 fields: the header has 2"),
        ("id,from_system,to_system,ratio\na,UK,ECTS,1.2.3\n", "b.csv:2:4: rule a: bad ratio `1.2.3`"),
        (
            "id,from_system,to_system,system,ratio\na,UK,ECTS,CN,1\n",
            "b.csv:2:4: rule a: the resulting system is `CN`",
        ),
        (
            "id,from_system,to_system,ratio\na,UK,ECTS,1\n\"a,UK\n",
            "b.csv:3:1: the file cannot be read as a table",
        ),
    ];
    for (table, expected) in cases {
        let message = parse_csv(table.as_bytes(), "b.csv", None).unwrap_err().to_string();
        assert!(
            message.lines().any(|line| line.starts_with(expected)),
            "{table}\n{message}\nexpected {expected}"
        );
    }
    let unnamed = parse_csv(table.as_bytes(), "My rules.csv", None).unwrap_err();
    assert_eq!(unnamed.faults[0].check, Check::BadBookName);
}

#[test]
fn the_examples_of_the_manual_are_sound() {
    let page = include_str!("../../../docs/rule-books.md");
    let block = |form: &str| {
        let (_, rest) = page.split_once(&format!("```{form}\n")).unwrap();
        rest.split_once("```").unwrap().0
    };
    let book = parse_toml(block("toml"), "b.toml").unwrap_or_else(|faults| panic!("{faults}"));
    let table = parse_csv(block("csv").as_bytes(), "b.csv", None).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!((book.rules.len(), table.rules.len()), (5, 2));
    assert_eq!(book.caps.len(), 1);
    for name in raw::Key::NAMES.iter().filter(|name| !name.contains("_system")) {
        assert!(page.contains(&format!("`{name}`")), "{name} is not explained");
    }
}

/// Texts that a rule may hold: any script, quotes, formula signs; no control characters, blanks inside.
fn word() -> impl Strategy<Value = String> {
    "[=+@'\"-]{0,2}[a-zA-Z0-9é学分,;'\"\\\\#=]( ?[a-z学\"'\\\\,]){0,6}"
}

fn day() -> impl Strategy<Value = Date> {
    (1900i16..2100, 1i8..13, 1i8..29).prop_map(|(year, month, day)| Date::constant(year, month, day))
}

fn days() -> impl Strategy<Value = (Option<Date>, Option<Date>)> {
    let order = |(one, other): (Option<Date>, Option<Date>)| match (one, other) {
        (Some(one), Some(other)) => (Some(one.min(other)), Some(one.max(other))),
        open => open,
    };
    (prop::option::of(day()), prop::option::of(day())).prop_map(order)
}

fn sides() -> impl Strategy<Value = (From, To, String, Worth)> {
    let ratio = (1i64..1_000_000_001, 1i64..1_000_000_001)
        .prop_map(|(num, den)| Worth::Ratio(Ratio::new(num, den).unwrap()));
    let amount = || (0i64..1_000_000_001).prop_map(Credits);
    let range = (amount(), amount(), amount()).prop_map(|(one, two, three)| {
        let mut amounts = [one, two, three];
        amounts.sort();
        let [low, chosen, high] = amounts;
        Worth::Range { low, high, chosen }
    });
    let denied = word().prop_map(|reason| Worth::Denied { reason });
    let every =
        prop_oneof![ratio.clone(), amount().prop_map(Worth::Credits), range, denied, Just(Worth::Original)];
    let systems = (word(), word(), ratio).prop_filter("systems differ", |(from, to, _)| from != to).prop_map(
        |(from, to, worth)| (From::System { system: from }, To::System { system: to.clone() }, to, worth),
    );
    let required = prop::sample::select(vec!["A", "A & B | 'C|D'", "2 of (A, B*, C @ X)", "* [field 05]"]);
    let from = (
        word(),
        prop_oneof![
            required.prop_map(|text| text.parse().unwrap()),
            word().prop_map(|code| Requirement::one(&code))
        ],
    )
        .prop_map(|(institution, required)| From::Outcomes { institution, required });
    let to = (word(), word(), any::<bool>()).prop_map(|(institution, code, category)| match category {
        true => To::Category { institution, category: code },
        false => To::Outcomes { institution, received: Received::one(&code) },
    });
    let system = prop::option::of(word()).prop_map(Option::unwrap_or_default);
    prop_oneof![systems, (from, to, system, every)]
}

fn rule() -> impl Strategy<Value = Rule> {
    let modes = [RoundingMode::Down, RoundingMode::HalfUp, RoundingMode::HalfEven, RoundingMode::Up];
    let arithmetic = (sides(), prop::sample::select(modes.to_vec()), 1i64..1_000_001);
    let grade = (prop::option::of((word(), word())), prop::option::of(0i64..1_000_000_001));
    let level = prop::option::of((word(), word()));
    let kinds = prop::sample::subsequence(Kind::ALL.to_vec(), 0..=3);
    let texts = (prop::option::of(word()), prop::option::of(word()));
    let age = prop_oneof![(1u16..1000).prop_map(Age::Years), (1u16..1000).prop_map(Age::Months)];
    let names = prop::collection::btree_map(
        "[a-z_]{1,8}",
        prop::collection::vec("[A-Za-z学 ]{0,4}[a-z]", 1..3),
        0..3,
    );
    let limits = (0u16..1000, prop::option::of((0i64..9_999).prop_map(Credits)), any::<bool>());
    let more = (limits, prop::option::of(age), any::<bool>(), names);
    (arithmetic, grade, level, kinds, days(), days(), texts, more).prop_map(
        |(
            ((from, to, system, worth), rounding, step),
            (grade, score),
            level,
            kinds,
            valid,
            taken,
            texts,
            more,
        )| {
            let ((priority, most, capped), max_age, accredited, names) = more;
            let trimmed = |values: Vec<String>| values.iter().map(|value| value.trim().to_owned()).collect();
            Rule {
                rounding,
                step: Credits(step),
                priority,
                most,
                caps: if capped { vec!["calculus".to_owned()] } else { Vec::new() },
                min_grade: grade.clone().map(|grade| grade.0),
                scale: grade.map(|grade| grade.1),
                min_score: score.map(Credits),
                max_score: score.map(Credits),
                framework: level.clone().map(|level| level.0),
                min_level: level.map(|level| level.1),
                min_hours: score.map(Credits),
                kinds,
                max_age,
                accredited,
                attributes: names.into_iter().map(|(name, values)| (name, trimmed(values))).collect(),
                valid_from: valid.0,
                valid_to: valid.1,
                taken_from: taken.0,
                taken_to: taken.1,
                authority: texts.0.clone().unwrap_or_default(),
                reference: texts.1.clone().unwrap_or_default(),
                sender_approval: texts.0.unwrap_or_default(),
                receiver_approval: texts.1.unwrap_or_default(),
                ..Rule::new("", from, to, &system, worth)
            }
        },
    )
}

fn numbered(rules: Vec<(String, Rule)>) -> Vec<Rule> {
    let rules = rules.into_iter().zip(0..);
    rules.map(|((id, rule), at)| Rule { id: format!("{id}{at}"), ..rule }).collect()
}

fn scale() -> impl Strategy<Value = ScaleDef> {
    let grades = prop::collection::btree_set(word(), 1..5).prop_map(Vec::from_iter);
    let listed = (grades, any::<bool>()).prop_map(|(grades, passes)| {
        let pass = grades.first().filter(|_| passes).cloned();
        ScaleDef { name: "a \"scale\"".into(), numeric: false, grades, pass }
    });
    let pass = Some("4.5".into());
    prop_oneof![listed, Just(ScaleDef { name: "points".into(), numeric: true, grades: vec![], pass })]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn both_forms_lose_nothing(
        rules in prop::collection::vec((word(), rule()), 1..4).prop_map(numbered),
        scale in scale(),
        title in prop::option::of(word()),
    ) {
        let values = |book: &BookFile| book.rules.iter().map(|rule| rule.value.clone()).collect::<Vec<_>>();
        let cap = Cap {
            name: "calculus".into(),
            credits: Credits(8_000),
            system: "US-QTR".into(),
            kinds: vec![Kind::Formal],
            target: Some("STATE".into()),
            reference: "catalogue, page 7".into(),
        };
        let text = to_toml("b-1", title.as_deref(), [&scale], [&cap], &rules);
        let book = parse_toml(&text, "b.toml").unwrap_or_else(|faults| panic!("{faults}\n{text}"));
        prop_assert_eq!(values(&book), rules.clone());
        prop_assert_eq!((&book.scales[0].value, &book.title), (&scale, &title));
        let mut table = Vec::new();
        prop_assert_eq!(&book.caps[0].value, &cap);
        write_csv(&mut table, [&cap], &rules).unwrap();
        let book = parse_csv(&table[..], "b.csv", None).unwrap_or_else(|faults| panic!("{faults}"));
        prop_assert_eq!(values(&book), rules);
        prop_assert_eq!(&book.caps[0].value, &cap);
    }
}
