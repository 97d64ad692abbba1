//! Decisions and appeals: sessions of the program, and the same story told to both engines by two officers. All
//! learners are fictitious.
#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

mod common;

use common::{Answer, Session, answer};
use creditbank::domain::credits::Credits;
use creditbank::domain::decision::State;
use creditbank::domain::entry::EntryId;
use creditbank::intake::procedure::Procedure;
use creditbank::intake::profile::Profile;
use creditbank::intake::rulebook::parse_toml;
use creditbank::ledger::convert::Target;
use creditbank::ops::batch::Actor;
use creditbank::ops::decision::{self, Answer as Step, Ask, Exception, Grant, How, Of};
use creditbank::ops::rebuild::rebuild;
use creditbank::ops::registry::{self, authority, procedure};
use creditbank::ops::undo::Dependents;
use creditbank::ops::verify::{Options, verify};
use creditbank::ops::{import, init, learners, rules};
use creditbank::report::cases;
use creditbank::store::memory::Memory;
use creditbank::store::sqlite::Sqlite;
use creditbank::store::{self, Store};
use jiff::civil::{Date, date};
use serde_json::Value;

const PROFILE: &str = r#"
name = "results"
target = "achievements"
[columns]
learner = "learner"
outcome = "course"
period = "date"
credits = "credits"
grade = "grade"
[constants]
institution = "NVC"
system = "US-QTR"
kind = "formal"
scale = "letters"
[learner]
scheme = "student-number"
issuer = "TEST"
unknown = "create"
[institution]
unknown = "create"
[outcome]
unknown = "create"
"#;

const ROWS: &str = "learner,course,date,credits,grade\n\
    林一,MATH,2024-06-30,4,B\n林一,ART,2024-06-30,3,A\n\
    Mei,MATH,2024-06-30,4,D\nMei,ART,2024-06-30,3,C\n\
    Ada,MATH,2024-06-30,4,D\nAda,ART,2024-06-30,3,B\n";

const BOOK: &str = r#"
book = "state"
[[scale]]
name = "letters"
grades = ["F", "D", "C", "B", "A"]
pass = "C"
[[rule]]
id = "math"
from = { institution = "NVC", outcome = "MATH" }
to = { system = "US-SEM" }
credits = "3"
min_grade = "C"
scale = "letters"
"#;

const RULES: &str = r#"
name = "state-rules"
officers = 2
[decide]
within = "4 months"
citation = "a test"
[file]
within = "15 days"
citation = "a test"
[answer]
within = "15 days"
citation = "a test"
[silence]
request = "institution"
appeal = "learner"
citation = "a test"
"#;

fn bank() -> Session {
    let session = Session::bank();
    session.write("results.toml", PROFILE);
    session.write("book.toml", BOOK);
    session.write("rules.toml", RULES);
    session.write("a.csv", ROWS);
    run(&session, "import a.csv --profile results.toml").exits(0);
    run(&session, "rule load book.toml").exits(0);
    session
}

/// Runs a command, given as words; `_` stands for a blank inside one.
fn run(session: &Session, command: &str) -> Answer {
    on(session, "2026-09-01", command)
}

/// The same on another day.
fn on(session: &Session, day: &str, command: &str) -> Answer {
    let words: Vec<String> = command.split_whitespace().map(|word| word.replace('_', " ")).collect();
    let mut program = session.command();
    program.args(words).env("CREDITBANK_NOW", format!("{day}T08:00:00Z"));
    answer(program.output().unwrap())
}

fn json(answer: &Answer) -> Value {
    serde_json::from_str(&answer.out).unwrap()
}

/// The number of the decision that a command names.
fn number(answer: &Answer) -> String {
    let said = json(answer);
    let rows = said["decision"].as_array().unwrap();
    rows.iter().find(|row| row["what"] == "decision").unwrap()["value"].as_str().unwrap().to_owned()
}

fn sound(session: &Session) {
    run(session, "verify --deep").exits(0);
    run(session, "rebuild").exits(0);
    run(session, "verify").exits(0).shows("clean");
}

#[test]
fn a_request_is_refused_appealed_and_overturned_by_an_authority() {
    let session = bank();
    run(&session, "procedure add rules.toml").exits(0).shows("state-rules");
    let asked = run(
        &session,
        "decision request Mei --to US-SEM --outcome NVC/MATH --received 2026-08-31 --format json",
    );
    let asked = asked.exits(0);
    let request = number(&asked);
    assert!(asked.out.contains("2026-12-31"), "four months: {}", asked.out);
    // The rules refuse it for its grade, and for nothing else.
    run(&session, &format!("decision decide {request} --accept")).exits(1).says("D113").says("grade");
    run(&session, &format!("decision decide {request} --refuse --reason-code cap")).exits(1).says("D114");
    run(&session, &format!("decision decide {request} --refuse --reason-code bad")).exits(2).says("D115");
    run(&session, &format!("decision decide {request} --refuse --dry-run")).exits(0).shows("dry run");
    let refused = run(&session, &format!("decision decide {request} --refuse")).exits(0);
    refused.shows("decided").shows("grade").shows("2026-09-16");
    run(&session, &format!("decision decide {request} --refuse")).exits(1).says("D106").says("decided");
    run(&session, "decision list").exits(0).shows("refused").shows("grade").shows("state-rules 1");
    // In time until the fifteenth day.
    on(&session, "2026-09-17", &format!("decision appeal {request} --ground late"))
        .exits(1)
        .says("2026-09-16");
    on(&session, "2026-09-16", &format!("decision appeal {request} --ground the_grade_was_corrected"))
        .exits(0)
        .shows("appealed")
        .shows("2026-10-01");
    on(&session, "2026-10-01", "decision list --overdue").exits(0).shows("0 listed");
    on(&session, "2026-10-02", "decision list --overdue").exits(0).shows("1 listed").shows("learner");
    // Whoever refused does not answer the appeal.
    on(&session, "2026-09-20", &format!("decision uphold {request} --reason no")).exits(1).says("D107");
    on(&session, "2026-10-01", &format!("decision lapse {request}")).exits(1).says("until 2026-10-01");
    // Silence is for the learner, and no rule says how much: an authority does.
    let lapse = format!("decision lapse {request}");
    on(&session, "2026-10-02", &lapse).exits(1).says("D113");
    let by = format!("{lapse} --by DEAN --credits 2.5");
    on(&session, "2026-10-02", &by).exits(1).says("G104");
    run(&session, "authority add DEAN --name The_dean --most 2 --system US-SEM --citation Statutes_7")
        .exits(0);
    on(&session, "2026-10-02", &by).exits(1).says("D109").says("at most 2");
    on(&session, "2026-10-02", &format!("{lapse} --by DEAN --credits 2")).exits(0).shows("overturned");
    let shown = run(&session, &format!("decision show {request}")).exits(0);
    shown.shows("lapse").shows("DEAN 1").shows("the grade was corrected").shows("overturned");
    run(&session, "report statement Mei").exits(0).shows("exception by DEAN");
    run(&session, "report balances Mei --format csv").exits(0).shows("US-SEM,0,0,2,");
    sound(&session);
}

#[test]
fn a_conversion_is_appealed_released_and_comes_back() {
    let session = bank();
    run(&session, "convert 林一 --to US-SEM").exits(0);
    let listed = json(&run(&session, "decision list --all --format json").exits(0));
    let conversion = listed["decisions"][0]["decision"].as_str().unwrap().to_owned();
    assert_eq!(listed["decisions"][0]["state"], "posted");
    let listed = run(&session, "decision list").exits(0).shows("0 listed");
    listed.shows("1 conversions that nothing happened to are not listed: --all lists them");
    for (asked, told) in [
        ("--state posted", true),
        ("--state decided", false),
        ("--to ECTS", false),
        ("--learner Mei", false),
        ("--learner 林一 --as-of 2020-01-01", false),
        ("--overdue", false),
        ("--all", false),
    ] {
        let listed = run(&session, &format!("decision list {asked}")).exits(0);
        assert_eq!(listed.out.contains("not listed"), told, "{asked}: {}", listed.out);
    }
    run(&session, &format!("decision uphold {conversion} --reason x")).exits(1).says("D106").says("posted");
    run(
        &session,
        &format!("decision appeal {conversion} --ground wants_it_elsewhere --procedure lisbon-2010"),
    )
    .exits(0)
    .shows("appealed");
    run(&session, "procedure list").exits(0).shows("lisbon-2010").shows("in the bank");
    run(&session, &format!("decision withdraw {conversion} --reason mistaken")).exits(0).shows("posted");
    run(&session, &format!("decision appeal {conversion} --ground again")).exits(0);
    run(&session, &format!("decision overturn {conversion} --reason granted")).exits(0).shows("overturned");
    run(&session, "report balances 林一 --format csv").exits(0).shows("US-QTR,7,0,0,");
    let asked = run(&session, "decision request 林一 --to US-SEM --by-rules --format json").exits(0);
    assert!(asked.out.contains("posted") && asked.out.contains("no-rule"), "{}", asked.out);
    run(&session, "report balances 林一 --format csv").exits(0).shows("US-QTR,3,4,0,").shows("US-SEM,0,0,3,");
    run(&session, &format!("explain {}", number(&asked))).exits(0).shows("request").shows("agrees");
    sound(&session);
    // What was then, and what was known then.
    run(&session, &format!("decision list --known {conversion} --all --format csv")).exits(0).hides("posted");
    run(&session, "decision list --state nowhere").exits(2).says("D117");
    run(&session, "decision list --learner Mei").exits(0).shows("0 listed");
    run(&session, "decision codes").exits(0).shows("substantial-difference").shows("cap");
    run(&session, "decision show 3").exits(1).says("D105");
    run(&session, "decision request Mei --to US-SEM --received 2026-09-02").exits(2).says("D111");
    run(&session, "decision request Mei --to US-SEM --outcome NVC/LAW").exits(1).says("D108");
}

#[test]
fn equal_cases_are_offered_the_precedent_and_inconsistency_is_listed() {
    let session = bank();
    run(&session, "authority add DEAN --name The_dean --target US-SEM --citation Statutes_7").exits(0);
    let except = "decision except Mei --to US-SEM --outcome NVC/ART --by DEAN --credits 2";
    run(&session, except).exits(2).says("--reason");
    let excepted = run(&session, &format!("{except} --reason portfolio --format json")).exits(0);
    let exception = number(&excepted);
    run(&session, &format!("decision precedent {exception} --reason like_cases")).exits(0);
    run(&session, &format!("decision precedent {exception} --reason again")).exits(1).says("D106");
    // Ada's ART has another grade in the same band, and no rule takes either.
    run(&session, "quote Ada --to US-SEM").exits(0).shows("Precedents").shows(&exception);
    let asked = run(&session, "decision request Ada --to US-SEM --outcome NVC/ART --format json").exits(0);
    assert!(asked.out.contains("precedents"), "{}", asked.out);
    let request = number(&asked);
    run(&session, &format!("decision decide {request} --refuse")).exits(1).says("D116").says(&exception);
    run(&session, &format!("decision decide {request} --refuse --reason no_portfolio")).exits(0);
    let differences = run(&session, "report consistency --format json").exits(0);
    let rows = json(&differences)["differences"].as_array().unwrap().clone();
    let verdicts: Vec<&str> = rows.iter().map(|row| row["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["exception", "refused"]);
    // Decided alike, nothing is left to list.
    let alike = format!("decision except --decision {request} --by DEAN --credits 2 --reason alike");
    run(&session, &alike).exits(0).shows("posted");
    run(&session, "report consistency").exits(0).shows("0 sets");
    run(&session, &format!("release {exception}")).exits(0);
    run(&session, &format!("decision precedent {exception} --reason superseded --withdraw")).exits(0);
    run(&session, "quote Ada --to US-SEM").exits(0).hides("Precedents");
    run(&session, "authority list").exits(0).shows("Statutes 7");
    sound(&session);
}

// ------------------------------------------------------------------ both engines, two officers

fn officer(name: &str) -> Actor {
    let now = "2026-09-01T08:00:00Z".parse().unwrap();
    Actor { name: name.into(), site: "test".into(), now, command: "test".into() }
}

fn how(date: Date, reason: &str) -> How {
    How { date, reason: reason.into(), dry_run: false, log: 0 }
}

fn founded(store: &mut dyn Store, folder: &std::path::Path) {
    let founding = init::Founding {
        name: "Bank".into(),
        identifier: "bank.example".into(),
        home_system: "CN".into(),
        time_zone: "UTC".into(),
    };
    init::init(store, &founding, &officer("li")).unwrap();
    let files = [folder.join("a.csv")];
    std::fs::write(&files[0], ROWS).unwrap();
    let profile = Profile::parse(PROFILE, "p.toml").unwrap();
    let request = import::Request {
        files: &files,
        profile: &profile,
        keep_going: false,
        dry_run: false,
        reason: None,
        rejects: None,
        expected: Default::default(),
        verdicts: false,
        limit: 100,
        log: 0,
    };
    import::import(store, &officer("li"), &request, &mut |_, _, _| Ok(()), &|_, _| ()).unwrap();
    let book = parse_toml(BOOK, "b.toml").unwrap();
    rules::load(store, &officer("li"), &book, &Default::default()).unwrap();
    let act = registry::Act { actor: &officer("li"), reason: None, dry_run: false, log: 0 };
    procedure::add(store, &act, &Procedure::parse(RULES, "r.toml").unwrap()).unwrap();
    let dean = authority::New {
        code: "DEAN".into(),
        name: "The dean".into(),
        targets: vec!["US-SEM".into()],
        most: Some((Credits(4_000), "US-SEM".into())),
        officers: vec!["wang".into()],
        valid_from: Some(date(2026, 1, 1)),
        valid_to: Some(date(2026, 12, 31)),
        citation: "statutes".into(),
    };
    authority::add(store, &act, &dean).unwrap();
}

/// A store that holds its own story: the size and root of its journal, and what it answers.
fn story(store: &mut dyn Store, folder: &std::path::Path) -> (u64, Vec<State>) {
    founded(store, folder);
    let (li, wang) = (officer("li"), officer("wang"));
    let day = date(2026, 9, 1);
    let learner = learners::find(store, "Ada").unwrap();
    let request = |store: &mut dyn Store| {
        let ask = Ask {
            learner,
            lots: Vec::new(),
            target: Target::System("US-SEM".into()),
            received: day,
            procedure: None,
            by_rules: false,
            how: how(day, ""),
        };
        decision::ask(store, &li, &ask).unwrap().case.entry
    };
    let case = request(store);
    let mut states = Vec::new();
    let mut step = |store: &mut dyn Store, actor: &Actor, entry: EntryId, given: Step, reason: &str| {
        let done = decision::answer(store, actor, entry, &given, &how(day, reason));
        done.map(|done| states.push(done.case.state)).map_err(|fault| fault.code)
    };
    assert_eq!(step(store, &li, case, Step::Accept, ""), Err("D113"));
    assert_eq!(step(store, &li, case, Step::Refuse(vec![]), ""), Ok(()));
    assert_eq!(step(store, &li, case, Step::Appeal(None), ""), Err("D112"));
    assert_eq!(step(store, &li, case, Step::Appeal(None), "portfolio"), Ok(()));
    assert_eq!(step(store, &li, case, Step::Uphold, "no"), Err("D107"));
    let grant = |credits| Grant {
        authority: "DEAN".into(),
        credits: Credits(credits),
        system: None,
        outcomes: Vec::new(),
    };
    let overturn = |credits| Step::Overturn(Some(grant(credits)), Dependents::Refuse);
    assert_eq!(step(store, &wang, case, overturn(4_001), "yes"), Err("D109"));
    assert_eq!(step(store, &wang, case, Step::Overturn(None, Dependents::Refuse), "yes"), Err("D113"));
    assert_eq!(step(store, &wang, case, overturn(3_500), "yes"), Ok(()));
    assert_eq!(step(store, &li, case, Step::Appeal(None), "more"), Err("D106"));
    assert_eq!(step(store, &li, case, Step::Precedent, "like cases"), Ok(()));
    // Seven credits of two lots are worth 3.5 together: 2 and 1.5, by largest remainder.
    let mut worths = Vec::new();
    for row in store.movements_of(learner).unwrap() {
        worths.push(row.amount.0);
    }
    assert_eq!(worths, [4_000, 2_000, 3_000, 1_500]);
    let exception = |officer: &str, date| {
        let exception = Exception {
            of: Of::Lots(learner, Vec::new(), Target::System("US-SEM".into())),
            grant: grant(1_000),
            procedure: None,
            how: how(date, "x"),
        };
        (exception, officer.to_owned())
    };
    let (none_left, name) = exception("wang", day);
    assert_eq!(decision::except(store, &officer(&name), &none_left).unwrap_err().code, "D108");
    let verdict = verify(store, &Options { deep: true, ..Options::default() }, &|_, _| ()).unwrap();
    assert!(verdict.is_clean(), "{:#?}", verdict.findings);
    rebuild(store).unwrap();
    let verdict = verify(store, &Options::default(), &|_, _| ()).unwrap();
    assert!(verdict.is_clean(), "{:#?}", verdict.findings);
    assert_eq!(cases::one(store, case).unwrap().state, State::Overturned);
    assert_eq!(store.decisions_about(case).unwrap().len(), 4);
    (store::head(store, 0).unwrap().size, states)
}

#[test]
fn both_engines_take_the_same_steps() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::create(&folder.path().join("ledger.db")).unwrap();
    let mut engines: [Box<dyn Store>; 2] = [Box::new(Memory::new()), Box::new(sqlite)];
    let told = engines.each_mut().map(|store| story(store.as_mut(), folder.path()));
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0].1, [State::Decided, State::Appealed, State::Overturned, State::Overturned]);
}

#[test]
fn an_authority_acts_within_its_targets_its_days_and_through_its_officers() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Memory::new();
    founded(&mut store, folder.path());
    let learner = learners::find(&store, "Mei").unwrap();
    let cases = [
        ("wang", date(2026, 9, 1), "US-SEM", 4_000, None),
        ("li", date(2026, 9, 1), "US-SEM", 4_000, Some("not through li")),
        ("wang", date(2025, 12, 31), "US-SEM", 4_000, Some("from 2026-01-01 on")),
        ("wang", date(2026, 12, 31), "US-SEM", 4_000, None),
        ("wang", date(2027, 1, 1), "US-SEM", 4_000, Some("until 2026-12-31")),
        ("wang", date(2026, 9, 1), "CN", 4_000, Some("not for CN")),
        ("wang", date(2026, 9, 1), "US-SEM", 4_001, Some("at most 4")),
    ];
    for (name, day, target, credits, why) in cases {
        let grant =
            Grant { authority: "DEAN".into(), credits: Credits(credits), system: None, outcomes: Vec::new() };
        let of = Of::Lots(learner, Vec::new(), Target::System(target.into()));
        let dry = How { dry_run: true, ..how(day, "x") };
        let exception = Exception { of, grant, procedure: None, how: dry };
        let done = decision::except(&mut store, &officer(name), &exception);
        match why {
            None => assert_eq!(done.unwrap().case.state, State::Posted),
            Some(why) => {
                let fault = done.unwrap_err();
                assert_eq!(fault.code, "D109");
                assert!(fault.why.contains(why), "{}", fault.why);
            }
        }
    }
}
