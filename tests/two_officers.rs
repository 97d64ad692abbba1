//! Two officers: one stages an import, another approves or rejects it. Who acts is whose system account
//! runs the program, so these sessions run it as two users of the machine, which takes root; the same
//! rules are tried on both engines without. All learners are fictitious.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod common;

use common::{Answer, Session, answer};
use creditbank::intake::profile::Profile;
use creditbank::ops::batch::Actor;
use creditbank::ops::{approval, import, init};
use creditbank::store::memory::Memory;
use creditbank::store::sqlite::Sqlite;
use creditbank::store::{self, Store};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;

const PROFILE: &str = r#"
name = "results"
target = "achievements"
[columns]
learner = "learner"
institution = "institution"
outcome = "course"
period = "date"
credits = "credits"
[constants]
system = "CN"
kind = "formal"
[learner]
scheme = "student-number"
issuer = "TEST"
unknown = "create"
[institution]
unknown = "create"
[outcome]
unknown = "create"
"#;

const ROWS: &str =
    "learner,institution,course,date,credits\n林一,NVC,数学,2024-06-30,3\nMei,NVC,Q1,2024-06-30,4\n";

/// The user of the machine who is the second officer, and what the machine calls them.
const NOBODY: u32 = 65_534;

/// A bank that two users of the machine may write; none where this one may not be two people.
fn office() -> Option<Session> {
    let session = Session::bank();
    let open = |path: PathBuf, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    open(session.folder.path().to_owned(), 0o777);
    open(session.path("creditbank.db"), 0o666);
    session.write("results.toml", PROFILE);
    session.write("a.csv", ROWS);
    let tried = session.command().arg("--version").uid(NOBODY).output();
    if tried.is_ok_and(|tried| tried.status.success()) && is_somebody() {
        return Some(session);
    }
    eprintln!("skipped: two_officers needs root, to run the program as two users");
    None
}

/// Whether these tests run as an account that they share with nobody, but a namespace gave them: then it is no officer.
fn is_somebody() -> bool {
    let session = Session::bank();
    !first(&session, "batch reject B1 --reason none").err.contains("A110")
}

/// Runs a command as the first officer.
fn first(session: &Session, command: &str) -> Answer {
    session.run(&command.split_whitespace().collect::<Vec<_>>())
}

/// Runs a command as the second officer.
fn second(session: &Session, command: &str) -> Answer {
    answer(session.command().args(command.split_whitespace()).uid(NOBODY).output().unwrap())
}

/// Runs a command in a user namespace, in which whoever made it is called root.
fn renamed(session: &Session, command: &str) -> Answer {
    let program = session.command();
    let mut unshare = std::process::Command::new("unshare");
    unshare.args(["-r", "-U"]).arg(program.get_program()).args(command.split_whitespace());
    unshare.current_dir(session.folder.path());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => unshare.env(name, value),
            None => unshare.env_remove(name),
        };
    }
    answer(unshare.output().unwrap())
}

/// Whether anybody may make a user namespace here.
fn can_be_renamed() -> bool {
    let made = std::process::Command::new("unshare").args(["-r", "-U", "true"]).output();
    made.is_ok_and(|made| made.status.success())
}

fn balances(session: &Session) -> usize {
    let rows = first(session, "report balances --format ndjson").exits(0).out;
    rows.lines().filter(|line| line.contains("\"section\":\"balances\"")).count()
}

#[test]
fn nothing_takes_effect_before_another_officer_approves() {
    let Some(session) = office() else { return };
    first(&session, "import a.csv --profile results.toml --stage").exits(0).shows("B2").shows("wait");
    assert_eq!(balances(&session), 0);
    first(&session, "report open-items").exits(0).shows("B2").shows("a.csv");
    first(&session, "batch list --waiting").exits(0).shows("waiting");
    first(&session, "batch show B2").exits(0).shows("deposited").shows("a.csv").shows("stage");
    first(&session, "batch approve B2").exits(1).says("A104").says("second officer");
    // What an option or the environment says of the officer counts for nothing.
    let mut pretended = session.command();
    pretended.args(["batch", "approve", "B2"]).env("USER", "li").env("LOGNAME", "li");
    answer(pretended.output().unwrap()).exits(1).says("A104");
    // The files may be gone, the profile another: what was staged is what is imported.
    std::fs::remove_file(session.path("a.csv")).unwrap();
    session.write("results.toml", "name = \"x\"");
    first(&session, "batch approve B2 --dry-run").exits(0).shows("dry run");
    second(&session, "batch approve B2").exits(0).shows("rows deposited");
    assert_eq!(balances(&session), 2);
    first(&session, "batch list").exits(0).shows("approved by B3").shows("approves B2");
    second(&session, "batch approve B2").exits(1).says("A103").says("B3");
    let open = first(&session, "report open-items --format json").exits(0).out;
    assert!(open.contains("\"staged\":[]"), "{open}");
    first(&session, "verify").exits(0);
    first(&session, "rebuild").exits(0);
    first(&session, "verify").exits(0);
}

#[test]
fn a_name_of_ones_own_choice_is_no_officer() {
    if !can_be_renamed() || !is_somebody() {
        eprintln!("skipped: a_name_of_ones_own_choice_is_no_officer needs user namespaces (`unshare -r -U`)");
        return;
    }
    let session = Session::bank();
    session.write("results.toml", PROFILE);
    session.write("a.csv", ROWS);
    let stage = "import a.csv --profile results.toml --stage";
    renamed(&session, stage).exits(1).says("A110").says("whose account `root` is").says("user namespace");
    first(&session, stage).exits(0).shows("B2");
    let before = session.head();
    renamed(&session, "batch approve B2").exits(1).says("A110").says("outside of `unshare`");
    renamed(&session, "batch reject B2 --reason no").exits(1).says("A110");
    // Whoever only looks need be nobody.
    renamed(&session, "batch approve B2 --dry-run").exits(0).shows("dry run");
    renamed(&session, "batch list --waiting").exits(0).shows("waiting");
    assert_eq!(session.head(), before);
}

#[test]
fn another_result_than_the_one_staged_is_asked_about_again() {
    let Some(session) = office() else { return };
    first(&session, "import a.csv --profile results.toml --stage").exits(0);
    session.write("b.csv", ROWS.lines().take(2).collect::<Vec<_>>().join("\n"));
    first(&session, "import b.csv --profile results.toml").exits(0);
    let asked = second(&session, "batch approve B2").exits(1).says("A105");
    let asked = asked.says("deposited 2 → 1").says("recorded before 0 → 1").says("7 → 4 CN");
    let result = asked.err.split("--result ").nth(1).unwrap().trim().to_owned();
    second(&session, "batch approve B2 --result 000000000000").exits(1).says("A105");
    second(&session, "batch approve B2 --dry-run").exits(0).shows(&result);
    second(&session, &format!("batch approve B2 --result {result}")).exits(0);
    assert_eq!(balances(&session), 2);
    first(&session, "verify").exits(0);
}

#[test]
fn a_batch_is_rejected_with_a_reason_by_anybody_and_settled_once() {
    let Some(session) = office() else { return };
    first(&session, "import a.csv --profile results.toml --stage").exits(0);
    first(&session, "import a.csv --profile results.toml --stage").exits(1).says("A106").says("B2");
    second(&session, "batch reject B2").exits(2).says("--reason");
    second(&session, "batch reject B2 --reason=").exits(2).says("A107");
    second(&session, "batch reject B2 --reason=wrong-term --dry-run").exits(0).shows("still waits");
    second(&session, "batch reject B2 --reason=wrong-term").exits(0).shows("B3");
    first(&session, "batch list").exits(0).shows("rejected by B3").shows("wrong-term");
    second(&session, "batch approve B2").exits(1).says("A103").says("rejected by batch B3");
    second(&session, "batch reject B2 --reason=x").exits(1).says("A103");
    second(&session, "batch approve B1").exits(1).says("A102");
    second(&session, "batch approve B9").exits(1).says("A102");
    first(&session, "import a.csv --profile results.toml --stage").exits(0).shows("B4");
    first(&session, "batch reject B4 --reason=taken-back").exits(0);
    assert_eq!(balances(&session), 0);
    first(&session, "verify").exits(0);
}

#[test]
fn a_profile_may_want_two_officers_and_goes_on_wanting_them() {
    let Some(session) = office() else { return };
    session.write("strict.toml", format!("{PROFILE}[approval]\nofficers = 2\n"));
    first(&session, "import a.csv --profile strict.toml").exits(1).says("A101").says("--stage");
    first(&session, "import a.csv --profile strict.toml --dry-run").exits(0);
    first(&session, "import a.csv --profile strict.toml --stage").exits(0);
    // Whoever may stage could also write a profile that wants one officer only.
    first(&session, "import a.csv --profile results.toml").exits(1).says("A101").says("version 1");
    second(&session, "batch approve B2").exits(0);
    session.write("zero.toml", format!("{PROFILE}[approval]\nofficers = 0\n"));
    first(&session, "profile check zero.toml").exits(4).says("write 1 or 2");
}

#[test]
fn refused_rows_and_registers_wait_like_others() {
    let Some(session) = office() else { return };
    session.write("bad.csv", format!("{ROWS}Jo,NVC,Q1,someday,4\n"));
    first(&session, "import bad.csv --profile results.toml --stage").exits(1).says("I201");
    first(&session, "import bad.csv --profile results.toml --stage --keep-going").exits(3);
    assert!(!session.path("bad.refused.csv").exists());
    second(&session, "batch approve B2").exits(3).shows("bad.refused.csv");
    assert!(std::fs::read_to_string(session.path("bad.refused.csv")).unwrap().contains("someday"));
    let catalogue = "name = \"c\"\ntarget = \"outcomes\"\n[columns]\noutcome = \"course\"\n[constants]\n\
                     institution = \"NVC\"\nsystem = \"CN\"\nkind = \"formal\"\n[approval]\nofficers = 2\n";
    session.write("catalogue.toml", catalogue);
    session.write("courses.csv", "course\nQ7\nQ8\n");
    first(&session, "import courses.csv --profile catalogue.toml").exits(1).says("A101");
    first(&session, "import courses.csv --profile catalogue.toml --stage").exits(0).shows("B4");
    first(&session, "outcome show NVC/Q7").exits(1);
    second(&session, "batch approve B4").exits(0);
    first(&session, "outcome list --institution NVC").exits(0).shows("Q7");
    first(&session, "verify").exits(0);
}

#[test]
fn what_was_said_of_a_delivery_waits_with_it() {
    let Some(session) = office() else { return };
    session.write("a.csv.manifest.toml", "rows = 3\n");
    first(&session, "import a.csv --profile results.toml --stage").exits(1).says("I204").says("E506");
    session.write("a.csv.manifest.toml", "rows = 2\n");
    first(&session, "import a.csv --profile results.toml --stage --credits CN=7").exits(0);
    std::fs::remove_file(session.path("a.csv.manifest.toml")).unwrap();
    std::fs::remove_file(session.path("a.csv")).unwrap();
    let held = format!("{PROFILE}[standard]\nfewer_rows = \"10 %\"\n");
    session.write("results.toml", &held);
    second(&session, "batch approve B2").exits(0);
    first(&session, "receipt B3").exits(0).shows("a.csv").shows("approves");
    // What waits is no delivery yet: the next one is compared with what was taken.
    session.write("c.csv", "learner,institution,course,date,credits\nJo,NVC,Q2,2024-06-30,3\n");
    first(&session, "import c.csv --profile results.toml --stage")
        .exits(1)
        .says("batch B3")
        .says("--expect-smaller");
    first(&session, "import c.csv --profile results.toml --stage --expect-smaller").exits(0).shows("B4");
    first(&session, "import c.csv --profile results.toml --dry-run").exits(1).says("batch B3");
    second(&session, "batch approve B4").exits(0);
    first(&session, "verify").exits(0);
}

fn officer(name: &str) -> Actor {
    let now = "2026-09-01T08:00:00Z".parse().unwrap();
    Actor { name: name.into(), site: "test".into(), now, command: "test".into() }
}

/// Tells the same story to both engines, which need not be two users for it.
#[test]
fn both_engines_keep_the_rule_of_two() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::create(&folder.path().join("ledger.db")).unwrap();
    let files = [folder.path().join("a.csv")];
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
    let mut engines: [Box<dyn Store>; 2] = [Box::new(Memory::new()), Box::new(sqlite)];
    let roots = engines.each_mut().map(|store| {
        let store = store.as_mut();
        let founding = init::Founding {
            name: "Bank".into(),
            identifier: "bank.example".into(),
            home_system: "CN".into(),
            time_zone: "UTC".into(),
        };
        init::init(store, &founding, &officer("li")).unwrap();
        let staged = import::stage(store, &officer("li"), &request, &|_, _| ()).unwrap();
        assert_eq!((staged.batch, staged.staged, staged.deposited), (Some(2), true, 2));
        let mut approve = |name: &str| {
            let asked = approval::Request {
                batch: 2,
                result: None,
                reason: None,
                rejects: None,
                dry_run: false,
                verdicts: false,
                limit: 100,
                log: 0,
            };
            import::approve(store, &officer(name), &asked, &mut |_, _, _| Ok(()), &|_, _| ())
        };
        assert_eq!(approve("li").unwrap_err().code, "A104");
        assert_eq!(approve(Actor::UNKNOWN).unwrap_err().code, "A109");
        assert_eq!(approve("wang").unwrap().deposited, 2);
        assert_eq!(approve("wang").unwrap_err().code, "A103");
        let verdict = creditbank::ops::verify::verify(store, &Default::default(), &|_, _| ()).unwrap();
        assert!(verdict.is_clean(), "{:#?}", verdict.findings);
        store::head(store, 0).unwrap().size
    });
    assert_eq!(roots[0], roots[1]);
}
