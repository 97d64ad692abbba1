//! Exactly once, whatever happens on the way: files sent again, files that overlap, rows that are refused,
//! two writers at once, and the process killed at any moment.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Session, project};
use rusqlite::Connection;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Rows of a partner's results; each 97th has no course and is refused.
fn rows(range: std::ops::Range<usize>) -> String {
    let mut file = String::from(
        "learner_id,institution,course_code,title,level,hours,credits,grade,award_date,source_type\n",
    );
    for at in range {
        let (learner, day) = (at % 997, 1 + at % 28);
        let course = if at % 97 == 13 { String::new() } else { format!("C{at}") };
        writeln!(file, "L{learner},INST1,{course},课程 {at},5,32,2.5,80,2025-01-{day:02},formal").unwrap();
    }
    file
}

fn import(session: &Session, file: &str) -> std::process::Command {
    let mut command = session.command();
    let rejects = session.path(&format!("{file}.refused"));
    command.args(["import", file, "--keep-going", "--profile", &project("examples/workload/profile.toml")]);
    command.arg("--rejects").arg(rejects).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Imports, once more where somebody else is writing.
fn import_whole(session: &Session, file: &str) {
    loop {
        match import(session, file).status().unwrap().code() {
            Some(0 | 3) => return,
            Some(5) => {}
            other => panic!("{file}: exit {other:?}"),
        }
    }
}

/// Starts an import and kills it, unless it ends before.
fn killed_after(session: &Session, file: &str, wait: Duration) {
    let mut child = import(session, file).spawn().unwrap();
    std::thread::sleep(wait);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// What each person has, and how many deposits there are. Account numbers depend on who came first, so
/// people are known by their identifiers.
fn state(ledger: &Path) -> (Vec<(String, String, i64)>, i64) {
    let ledger = Connection::open(ledger).unwrap();
    let sql = "SELECT l.value, b.system, b.held FROM v_balance b JOIN v_learner l ON l.learner = b.learner ORDER BY 1, 2";
    let mut statement = ledger.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    let balances = rows.collect::<Result<_, _>>().unwrap();
    let count = "SELECT count(*) FROM achievement WHERE amount > 0";
    (balances, ledger.query_row(count, [], |row| row.get(0)).unwrap())
}

fn ledger(session: &Session) -> std::path::PathBuf {
    session.path("creditbank.db")
}

/// Rows of the import that is killed.
const ROWS: usize = 12_000;

#[test]
fn fifty_kills_and_the_same_command_again() {
    let clean = Session::bank();
    let empty = std::fs::read(ledger(&clean)).unwrap();
    clean.write("results.csv", rows(0..ROWS));
    let begin = Instant::now();
    import_whole(&clean, "results.csv");
    let (whole, expected) = (begin.elapsed(), state(&ledger(&clean)));
    assert_eq!(expected.1, (0..ROWS).filter(|at| at % 97 != 13).count() as i64);

    let session = Session::bank();
    session.write("results.csv", rows(0..ROWS));
    let mut dice = Dice(50);
    let mut unfinished = 0;
    for kill in 0..50 {
        std::fs::write(ledger(&session), &empty).unwrap();
        let wait = whole * (dice.throw(1_000) as u32) / 1_000;
        killed_after(&session, "results.csv", wait);
        let after = state(&ledger(&session));
        assert!(after == expected || after == (Vec::new(), 0), "kill {kill} after {wait:?}: {}", after.1);
        unfinished += u32::from(after.1 == 0);
        import_whole(&session, "results.csv");
        assert_eq!(state(&ledger(&session)), expected, "kill {kill} after {wait:?}");
        if kill % 10 == 0 {
            session.run(&["verify"]).exits(0);
        }
    }
    assert!(unfinished > 10, "most kills came too late to tell anything: {unfinished}");
}

#[test]
fn files_in_any_order_any_number_of_times() {
    // Slices that overlap, as partners send the term so far each month.
    let slices = [0..3_000, 1_000..4_000, 0..5_000, 4_500..7_000, 2_000..6_000, 6_000..8_000];
    let names: Vec<String> = (0..slices.len()).map(|at| format!("part-{at}.csv")).collect();
    let write_all = |session: &Session| {
        for (name, slice) in names.iter().zip(&slices) {
            session.write(name, rows(slice.clone()));
        }
    };
    let clean = Session::bank();
    clean.write("all.csv", rows(0..8_000));
    let begin = Instant::now();
    import_whole(&clean, "all.csv");
    let (whole, expected) = (begin.elapsed(), state(&ledger(&clean)));

    for seed in 1..=6 {
        let mut dice = Dice(seed);
        let session = Session::bank();
        write_all(&session);
        for _ in 0..14 {
            let name = &names[dice.throw(names.len() as u64) as usize];
            match dice.throw(4) {
                0 => import_whole(&session, name),
                1 => {
                    let mut other = import(&session, name).spawn().unwrap();
                    import_whole(&session, &names[dice.throw(names.len() as u64) as usize]);
                    assert!([Some(0), Some(3), Some(5)].contains(&other.wait().unwrap().code()));
                }
                _ => killed_after(&session, name, whole * (dice.throw(1_000) as u32) / 1_000),
            }
        }
        for name in &names {
            import_whole(&session, name);
        }
        assert_eq!(state(&ledger(&session)), expected, "seed {seed}");
        session.run(&["verify"]).exits(0);
    }
}
