use super::*;
use crate::domain::registry::{Institution, Outcome, OutcomeVersion, Scale};
use crate::domain::rule::Worth;
use crate::domain::scale::{Grades, GradingScale};
use crate::intake::rulebook::{parse_csv, parse_toml};
use crate::ledger::convert::Orders;
use crate::ops::init::{Founding, init};
use crate::store::memory::Memory;
use crate::store::{ActRow, act_row};

const BOOK: &str = r#"book = "regional"
[[scale]]
name = "OU result"
grades = ["Fail", "Pass"]
[[rule]]
id = "uk-ects"
from = { system = "UK" }
to = { system = "ECTS" }
ratio = "1/2"
[[rule]]
id = "aaa-x101"
from = { institution = "OU", outcome = "AAA" }
to = { institution = "NCU", outcome = "X101" }
credits = "3"
min_grade = "Pass"
scale = "OU result"
framework = "EQF"
min_level = "5"
"#;

fn actor() -> Actor {
    Actor {
        name: "registrar".into(),
        site: "desk".into(),
        now: "2026-01-02T03:04:05Z".parse().unwrap(),
        command: "creditbank rule load".into(),
    }
}

/// A bank with two institutions, an outcome of each and a numeric scale.
fn bank() -> Memory {
    let mut store = Memory::new();
    let founding = Founding {
        name: "Test bank".into(),
        identifier: "bank.example".into(),
        home_system: "ECTS".into(),
        time_zone: "UTC".into(),
    };
    let head = init(&mut store, &founding, &actor()).unwrap();
    let mut rows = Vec::new();
    for (id, institution, code) in [(1, "OU", "AAA"), (2, "NCU", "X101")] {
        let named = Institution {
            id,
            code: institution.into(),
            name: institution.into(),
            country: None,
            region: None,
            sector: None,
            calendar: None,
        };
        rows.push(act_row(0, &named).unwrap());
        rows.push(act_row(0, &Outcome { id, institution: id, code: code.into(), repeatable: 0 }).unwrap());
    }
    rows.push(act_row(0, &version(1, None)).unwrap());
    rows.push(act_row(0, &version(2, Some(1))).unwrap());
    let scale = GradingScale {
        name: "points".into(),
        version: 1,
        grades: Grades::Numbers { bounds: None, step: None },
        pass: Some("50".into()),
        valid_from: None,
        citation: String::new(),
        verified: false,
    };
    let scale: Scale = scale.to_row(7).unwrap();
    rows.push(act_row(0, &scale).unwrap());
    register(&mut store, &head, &rows);
    store
}

/// A version of the receiving outcome.
fn version(version: i64, system: Option<i64>) -> OutcomeVersion {
    OutcomeVersion {
        id: version,
        outcome: 2,
        version,
        title: "X101".into(),
        kind: None,
        framework: None,
        level: None,
        field: None,
        hours: None,
        credits: None,
        system,
        valid_from: None,
        valid_to: None,
        accredited_from: None,
        accredited_to: None,
    }
}

fn register(store: &mut Memory, head: &Head, rows: &[ActRow]) {
    let payload = BatchPayload::new(&actor()).unwrap();
    let mut post = |tx: &mut dyn Tx| {
        let mut poster = Poster::open(tx, 0, &payload)?;
        poster.register(rows)?;
        poster.seal()?;
        Ok(true)
    };
    store.append(0, Some(head), &mut post).unwrap();
}

fn load_text(store: &mut Memory, text: &str) -> Result<Loaded> {
    let book = parse_toml(text, "dir/b.toml")?;
    load(store, &actor(), &book, &Options { reason: Some("agreed".into()), ..Options::default() })
}

fn size(store: &Memory) -> u64 {
    store::head(store, 0).unwrap().size
}

fn ids(store: &Memory, target: Target) -> Vec<(String, i64)> {
    let books = newest_books(store).unwrap();
    let version = |name: &str| books.iter().find(|book| book.name == name).unwrap().version;
    let rules = rules_of(store, &books, &target).unwrap();
    rules.into_iter().map(|in_book| (in_book.rule.id, version(&in_book.book))).collect()
}

#[test]
fn a_book_is_loaded_whole_in_one_act() {
    let mut store = bank();
    let before = size(&store);
    let loaded = load_text(&mut store, BOOK).unwrap();
    assert_eq!((loaded.version, loaded.rules, loaded.scales, loaded.new), (1, 2, 1, true));
    assert_eq!((loaded.batch, loaded.head.size), (Some(3), before + 2), "the batch and one act");
    let payload = BatchPayload::read(&store.batch(3).unwrap().unwrap().payload).unwrap();
    assert_eq!((payload.files[0].name.as_str(), payload.why.as_str()), ("b.toml", "agreed"));

    let books = newest_books(&store).unwrap();
    let rules = rules_of(&store, &books, &Target::Institution("NCU".into())).unwrap();
    let [InBook { id, name, rule, .. }] = &rules[..] else { panic!("{rules:?}") };
    let row: RuleRow = store::get(&store, *id).unwrap();
    assert_eq!((name.as_str(), row.id), ("regional/aaa-x101, version 1", 2));
    assert_eq!((row.from_system, row.to_system, row.to_outcome), (None, None, Some("X101".to_owned())));
    assert_eq!(rule.worth, Worth::Credits(crate::domain::credits::Credits(3_000)));
    let systems = store::find::<crate::domain::registry::SystemRow>(&store, "id", 1).unwrap();
    assert_eq!(rule.system, systems[0].code, "the newest version of the receiving outcome says it");
    assert_eq!(ids(&store, Target::System("ECTS".into())), [("uk-ects".to_owned(), 1)]);
    assert!(ids(&store, Target::System("OU".into())).is_empty());
}

#[test]
fn the_same_bytes_change_nothing_and_others_are_the_next_version() {
    let mut store = bank();
    load_text(&mut store, BOOK).unwrap();
    let before = size(&store);
    let again = load_text(&mut store, BOOK).unwrap();
    assert_eq!((again.new, again.version, again.batch, again.head.size), (false, 1, None, before));
    assert_eq!(size(&store), before);

    let changed = BOOK.replace("uk-ects", "uk-ects-2");
    let next = load_text(&mut store, &changed).unwrap();
    assert_eq!((next.new, next.version, next.scales), (true, 2, 0));
    assert_eq!(ids(&store, Target::System("ECTS".into())), [("uk-ects-2".to_owned(), 2)]);
    assert_eq!(load_text(&mut store, BOOK).unwrap().version, 3, "an earlier text is a new version");

    let table = "id,from_system,to_system,ratio\nz,US-SEM,ECTS,2\na,CN,ECTS,1\n";
    let book = parse_csv(table.as_bytes(), "a.csv", Some("another")).unwrap();
    load(&mut store, &actor(), &book, &Options::default()).unwrap();
    let found = ids(&store, Target::System("ECTS".into()));
    let names: Vec<&str> = found.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(names, ["z", "a", "uk-ects"], "by book, then in the order of the file");
}

#[test]
fn a_dry_run_checks_and_leaves_everything_as_it_was() {
    let mut store = bank();
    let before = size(&store);
    let book = parse_toml(BOOK, "b.toml").unwrap();
    let shown = load(&mut store, &actor(), &book, &Options { dry_run: true, ..Options::default() }).unwrap();
    assert_eq!((shown.version, shown.batch, shown.head.size), (1, Some(3), before + 2));
    assert_eq!(size(&store), before);
    assert!(store::all::<Book>(&store).unwrap().is_empty());
}

#[test]
fn what_the_bank_does_not_know_is_told_and_nothing_is_loaded() {
    let mut store = bank();
    let before = size(&store);
    // (what stands there, what stands there instead, message)
    let cases = [
        (
            "\"UK\"",
            "\"UKK\"",
            "b.toml:5:1: rule uk-ects: unknown credit system `UKK`: no credit system has this code — did you mean `UK`?",
            "R201",
        ),
        ("\"ECTS\"", "\"XYZQ\"", "b.toml:5:1: rule uk-ects: unknown credit system `XYZQ`", "R201"),
        (
            "X101\" }",
            "X101\", system = \"EC\" }",
            "b.toml:10:1: rule aaa-x101: unknown credit system `EC`",
            "R201",
        ),
        ("\"OU\"", "\"UO\"", "b.toml:10:1: rule aaa-x101: unknown institution `UO`", "R202"),
        ("\"NCU\"", "\"NCX\"", "b.toml:10:1: rule aaa-x101: unknown institution `NCX`", "R202"),
        (
            "\"OU\", outcome = \"AAA\" }\nto = { institution = \"NCU\", outcome = \"X101\"",
            "\"NCU\", outcome = \"X101\" }\nto = { institution = \"OU\", outcome = \"AAA\"",
            "b.toml:10:1: rule aaa-x101: no system for what `OU` gives",
            "R204",
        ),
        ("\"EQF\"", "\"EQ\"", "b.toml:10:1: rule aaa-x101: unknown framework `EQ`", "R205"),
        ("\"5\"", "\"9\"", "b.toml:10:1: rule aaa-x101: unknown level `9`: EQF has the levels 1, 2", "R206"),
        (
            "scale = \"OU result\"",
            "scale = \"OU\"",
            "b.toml:10:1: rule aaa-x101: unknown grading scale `OU`",
            "R207",
        ),
        (
            "\"OU result\"\ngrades = [\"Fail\", \"Pass\"]",
            "\"points\"\ngrades = [\"Fail\"]",
            "b.toml:2:1: scale `points` is not the bank's: there it has decimal numbers and pass `50`",
            "R208",
        ),
        (
            "scale = \"OU result\"",
            "scale = \"points\"",
            "b.toml:10:1: rule aaa-x101: bad min_grade `Pass`: scale `points` has decimal",
            "R142",
        ),
    ];
    for (from, to, start, code) in cases {
        let fault = load_text(&mut store, &BOOK.replacen(from, to, 1)).unwrap_err();
        let start = start.replace("b.toml", "dir/b.toml");
        let is_told = fault
            .what
            .lines()
            .any(|line| line.trim().starts_with(&start) && line.ends_with(&format!("[{code}]")));
        assert!(is_told && fault.code == "R100", "{from} → {to}\n{fault}\nexpected {start} … [{code}]");
        assert_eq!(size(&store), before);
    }
}

#[test]
fn the_bank_orders_grades_and_levels() {
    let mut store = bank();
    load_text(&mut store, BOOK).unwrap();
    let orders = orders(&store).unwrap();
    assert_eq!((orders.grade("OU result", "Fail"), orders.grade("OU result", "Pass")), (Some(0), Some(1)));
    assert_eq!((orders.grade("OU result", "pass"), orders.grade("none", "Pass")), (None, None));
    assert_eq!((orders.grade("points", "62.5"), orders.grade("points", "A")), (Some(62_500_000), None));
    assert!(orders.level("EQF", "5") > orders.level("EQF", "4"));
    assert_eq!((orders.level("EQF", "9"), orders.level("none", "1")), (None, None));
}

#[test]
fn what_was_loaded_can_be_written_and_read_again() {
    let mut store = bank();
    load_text(&mut store, BOOK).unwrap();
    let mut rules = Vec::new();
    for target in [Target::System("ECTS".into()), Target::Institution("NCU".into())] {
        let books = newest_books(&store).unwrap();
        rules.extend(rules_of(&store, &books, &target).unwrap().into_iter().map(|in_book| in_book.rule));
    }
    let book = parse_toml(&export_toml("regional", None, [], [], &rules), "b.toml").unwrap();
    let read: Vec<Rule> = book.rules.into_iter().map(|rule| rule.value).collect();
    assert_eq!(read, rules);
}
