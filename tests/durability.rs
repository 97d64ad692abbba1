//! What happens to a ledger when two write at once, when a process is killed, when the disk is full,
//! when the folder may not be written.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Session, project};
use creditbank::store::Store;
use creditbank::store::sqlite::Sqlite;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

fn workload(rows: usize, start: usize) -> String {
    let mut file = String::from(
        "learner_id,institution,course_code,title,level,hours,credits,grade,award_date,source_type\n",
    );
    for at in start..start + rows {
        let learner = at % 997;
        writeln!(file, "L{learner},INST1,C{at},课程 {at},5,32,2.5,80,2025-01-{:02},formal", 1 + at % 28)
            .unwrap();
    }
    file
}

fn profile() -> String {
    project("examples/workload/profile.toml")
}

fn deposited(session: &Session) -> String {
    let answer = session.run(&["report", "totals", "--by", "system", "--format", "csv"]).exits(0);
    answer.out.lines().last().unwrap_or_default().to_owned()
}

#[test]
fn two_writers_at_once_both_succeed_or_one_is_told_to_wait() {
    let session = Session::bank();
    session.write("a.csv", workload(20_000, 0));
    session.write("b.csv", workload(20_000, 20_000));
    let start = |file: &str| {
        let mut command = session.command();
        command.args(["import", file, "--profile", &profile()]).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let (a, b) = (start("a.csv"), start("b.csv"));
    let codes: Vec<i32> = [a, b]
        .into_iter()
        .map(|child| {
            let answer = common::answer(child.wait_with_output().unwrap());
            assert!([0, 5].contains(&answer.code), "{}\n{}", answer.code, answer.err);
            answer.code
        })
        .collect();
    assert!(codes.contains(&0), "one of them had the ledger: {codes:?}");
    for file in ["a.csv", "b.csv"] {
        session.run(&["import", file, "--profile", &profile()]).exits(0);
    }
    assert_eq!(deposited(&session), "CN,40000,100000,100000,0,0");
    session.run(&["verify"]).exits(0);
}

/// Whoever closes a ledger last takes its write-ahead log away; the one who writes must not lose it to another.
#[test]
fn another_program_leaves_the_log_of_a_ledger_that_is_open() {
    let session = Session::bank();
    let ledger = Sqlite::open(&session.path("creditbank.db")).unwrap();
    // A report of this program, while it holds the ledger.
    drop(ledger.reader().unwrap());
    let Ok(shell) =
        Command::new("sqlite3").arg(session.path("creditbank.db")).arg("SELECT no FROM batch").output()
    else {
        eprintln!("skipped: another_program_leaves_the_log_of_a_ledger_that_is_open: sqlite3 is absent");
        return;
    };
    assert_eq!(String::from_utf8_lossy(&shell.stdout), "1\n");
    assert!(session.path("creditbank.db-wal").exists(), "the log was taken away");
    drop(ledger);
    assert!(!session.path("creditbank.db-wal").exists());
}

#[test]
fn a_kill_at_any_moment_leaves_the_last_committed_state() {
    let session = Session::bank();
    session.write("a.csv", workload(1_000, 0));
    session.write("b.csv", workload(30_000, 1_000));
    session.run(&["import", "a.csv", "--profile", &profile()]).exits(0);
    let before = session.head();
    for step in 0..12u64 {
        let mut child = session
            .command()
            .args(["import", "b.csv", "--profile", &profile()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(step * step * 7));
        child.kill().unwrap();
        child.wait().unwrap();
        let after = deposited(&session);
        let whole = ["CN,1000,2500,2500,0,0", "CN,31000,77500,77500,0,0"];
        assert!(whole.contains(&after.as_str()), "killed after {} ms: {after}", step * step * 7);
        session.run(&["verify"]).exits(0);
        if after == whole[0] {
            assert_eq!(session.head(), before);
        }
    }
    session.run(&["import", "b.csv", "--profile", &profile()]).exits(0);
    assert_eq!(deposited(&session), "CN,31000,77500,77500,0,0");
    session.run(&["verify"]).exits(0);
}

/// Rows of a first delivery that is large enough to be written without the write-ahead log: 4 MiB.
const FILLING: usize = 75_000;

/// An empty bank and a delivery that fills it.
fn to_be_filled() -> Session {
    let session = Session::bank();
    let delivery = workload(FILLING, 0);
    assert!(delivery.len() >= 4 << 20, "{} bytes", delivery.len());
    session.write("a.csv", delivery);
    session
}

fn open(session: &Session) -> rusqlite::Connection {
    rusqlite::Connection::open(session.path("creditbank.db")).unwrap()
}

fn journal_mode(session: &Session) -> String {
    open(session).query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap()
}

#[test]
fn a_kill_while_a_ledger_is_filled_leaves_it_empty_or_full() {
    let session = to_be_filled();
    let empty = session.head();
    for step in 0..12u64 {
        let arguments = ["import", "a.csv", "--profile", &profile()];
        let mut command = session.command();
        let mut child = command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(step * step * 12));
        child.kill().unwrap();
        child.wait().unwrap();
        session.run(&["verify"]).exits(0);
        assert_eq!(journal_mode(&session), "wal");
        if session.head() != empty {
            assert_eq!(deposited(&session), "CN,75000,187500,187500,0,0");
        }
    }
    session.run(&["import", "a.csv", "--profile", &profile()]).exits(0);
    assert_eq!(deposited(&session), "CN,75000,187500,187500,0,0");
    assert_eq!(journal_mode(&session), "wal");
    session.run(&["verify"]).exits(0);
}

#[test]
fn a_ledger_that_somebody_reads_is_filled_all_the_same() {
    let session = to_be_filled();
    let other = open(&session);
    other.execute_batch("BEGIN; SELECT count(*) FROM log").unwrap();
    session.run(&["import", "a.csv", "--profile", &profile()]).exits(0);
    let seen: i64 = other.query_row("SELECT count(*) FROM achievement", [], |row| row.get(0)).unwrap();
    assert_eq!(seen, 0, "a reader stays at the moment of its opening");
    drop(other);
    assert_eq!(deposited(&session), "CN,75000,187500,187500,0,0");
    session.run(&["verify"]).exits(0);
}

#[test]
fn whoever_reads_while_a_ledger_is_filled_waits_or_is_told_to() {
    let session = to_be_filled();
    let mut command = session.command();
    command.args(["import", "a.csv", "--profile", &profile()]).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    while child.try_wait().unwrap().is_none() {
        let answer = session.run(&["report", "totals", "--by", "system", "--format", "csv"]);
        assert!([0, 5].contains(&answer.code), "{}\n{}", answer.code, answer.err);
    }
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(deposited(&session), "CN,75000,187500,187500,0,0");
}

#[test]
fn a_full_disk_undoes_the_batch() {
    let session = Session::empty();
    let small = session.path("small");
    std::fs::create_dir(&small).unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(&small).status();
    if !mounted.is_ok_and(|status| status.success()) {
        println!("skipped: a_full_disk_undoes_the_batch: no small file system can be mounted here");
        return;
    }
    let outcome = std::panic::catch_unwind(|| fill(&session, &small));
    Command::new("umount").arg(&small).status().unwrap();
    outcome.unwrap();
}

fn fill(session: &Session, small: &Path) {
    let ledger = small.join("bank.db");
    let on_it = |arguments: &[&str]| {
        let mut command = session.command();
        common::answer(command.arg("--ledger").arg(&ledger).args(arguments).output().unwrap())
    };
    on_it(&["init", "--name", "N", "--identifier", "i.example", "--home-system", "CN", "--time-zone", "UTC"])
        .exits(0);
    session.write("few.csv", workload(100, 0));
    session.write("many.csv", workload(FILLING, 100));
    // The first delivery is written in another way than later ones.
    on_it(&["import", "many.csv", "--profile", &profile()]).exits(1).says("S107").says("make room");
    on_it(&["verify"]).exits(0);
    on_it(&["import", "few.csv", "--profile", &profile()]).exits(0);
    let before = on_it(&["report", "totals", "--by", "system", "--format", "csv"]).exits(0).out;
    on_it(&["import", "many.csv", "--profile", &profile()]).exits(1).says("S107").says("make room");
    assert_eq!(on_it(&["report", "totals", "--by", "system", "--format", "csv"]).exits(0).out, before);
    on_it(&["verify"]).exits(0);
}

/// Runs the program as a user who may not write here; needs to be root to become somebody else.
fn as_nobody(session: &Session, arguments: &[&str]) -> common::Answer {
    let mut command = session.command();
    command.uid(65_534).gid(65_534).args(arguments);
    common::answer(command.output().unwrap())
}

#[test]
fn a_ledger_that_may_not_be_written_is_read_and_verified() {
    let name = "a_ledger_that_may_not_be_written_is_read_and_verified";
    let session = Session::bank();
    session.write("a.csv", workload(100, 0));
    session.run(&["import", "a.csv", "--profile", &profile()]).exits(0);
    let mode =
        |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(&session.path("creditbank.db"), 0o444);
    mode(session.folder.path(), 0o555);
    let probe = std::panic::catch_unwind(|| as_nobody(&session, &["--version"]));
    if !probe.is_ok_and(|answer| answer.code == 0) {
        println!("skipped: {name}: only root can become somebody else, who can also reach the program");
        mode(session.folder.path(), 0o755);
        return;
    }
    as_nobody(&session, &["report", "balances", "--format", "csv"]).exits(0).shows("CN,");
    as_nobody(&session, &["verify"]).exits(0);
    as_nobody(&session, &["import", "a.csv", "--profile", &profile()]).exits(1).says("S106");
    session.write("creditbank.db-wal", "changes that wait");
    as_nobody(&session, &["verify"]).exits(1).says("S108").says("backup");
    mode(session.folder.path(), 0o755);
}
