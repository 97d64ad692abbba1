//! Uploads to China's credit banks: course results, and certificates and external courses with what they
//! were converted into.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Answer, Session, project};
use serde_json::Value;

fn example(name: &str) -> String {
    project(&format!("examples/formats/china/{name}"))
}

fn text(name: &str) -> String {
    std::fs::read_to_string(example(name)).unwrap()
}

fn import(session: &Session, file: &str, profile: &str) -> Answer {
    session.run(&["import", file, "--profile", &example(profile)])
}

fn balances(session: &Session) -> Vec<String> {
    let answer = session.run(&["report", "balances", "--format", "csv"]).exits(0);
    answer.out.lines().skip(1).map(str::to_owned).collect()
}

/// The rows of `v_achievement`, as the statements of all learners tell them.
fn statement(session: &Session, account: &str) -> Value {
    let answer = session.run(&["report", "statement", account, "--format", "json"]).exits(0);
    serde_json::from_str(&answer.out).unwrap()
}

#[test]
fn course_results_are_deposited_by_month_with_both_identifiers() {
    let session = Session::bank();
    let answer = import(&session, &example("courses.csv"), "courses.toml").exits(0);
    // A small x is read as X, and said to be.
    assert!(answer.out.contains("N112") && answer.out.contains("it is kept as"), "{}", answer.out);
    assert_eq!(
        balances(&session),
        [
            "CB00000001X,CN,7.5,0,0,0,0,0,-7.5",
            "CB000000028,CN,4,0,0,0,0,0,-4",
            "CB000000036,CN,3.5,0,0,0,0,0,-3.5"
        ]
    );
    let shown = session.run(&["learner", "show", "CB000000028"]).exits(0);
    let lower = text("courses.csv").lines().nth(3).unwrap().split(',').nth(1).unwrap().to_owned();
    assert!(lower.ends_with('x'));
    shown.shows(&lower.to_uppercase()).shows("student-number").shows("00010002");
    // An old number of 15 digits stays as it is.
    session.run(&["learner", "show", "CB000000036"]).exits(0).shows("110101850101002");
    let statement = statement(&session, "CB00000001X").to_string();
    assert!(statement.contains("202406") && statement.contains("良好"), "{statement}");
    import(&session, &example("courses.csv"), "courses.toml").exits(0).shows("nothing: there is nothing new");
    session.run(&["verify"]).exits(0);
}

#[test]
fn identity_numbers_and_marks_are_checked() {
    let first = text("courses.csv").lines().nth(1).unwrap().split(',').nth(1).unwrap().to_owned();
    let last = first.chars().last().unwrap().to_digit(10).unwrap();
    let wrong = format!("{}{}", &first[..17], (last + 1) % 10);
    let region = "990101850101002";
    let cases = [
        (first.as_str(), wrong.as_str(), 1, "E217", "its check character should be"),
        (first.as_str(), "1101012000010", 1, "E216", "17 digits"),
        ("110101850101002", region, 0, "W211", "no province has the region code 99"),
        ("202406", "202413", 1, "E232", "202413"),
    ];
    for (from, to, exit, code, said) in cases {
        let session = Session::bank();
        session.write("courses.csv", text("courses.csv").replace(from, to));
        let answer = import(&session, "courses.csv", "courses.toml").exits(exit);
        let all = answer.out + &answer.err;
        assert!(all.contains(code) && all.contains(said), "{from} → {to}\n{all}");
    }
    // A mark below the lowest and a word that does not pass deposit nothing.
    let session = Session::bank();
    session.write("failed.csv", text("courses.csv").replace(",86,", ",59,").replace("合格", "不合格"));
    import(&session, "failed.csv", "courses.toml").exits(0);
    let held: Vec<String> =
        balances(&session).iter().map(|row| row.split(',').nth(2).unwrap().into()).collect();
    assert_eq!(held, ["3.5", "4"]);
}

#[test]
fn a_certificate_on_three_rows_is_one_item_that_keeps_what_it_replaced() {
    let session = Session::bank();
    let answer = import(&session, &example("certificates.csv"), "certificates.toml").exits(0);
    assert!(answer.out.contains("N113") && answer.out.contains("line 2 records it"), "{}", answer.out);
    // The level that is always 85 and the credits that are always 0 are told.
    assert!(
        answer.err.contains("certificate-level `85`") && answer.err.contains("stated-credits `0`"),
        "{}",
        answer.err
    );
    assert_eq!(balances(&session), ["CB00000001X,ITEM,1,0,0,0,0,0,-1", "CB000000028,ITEM,1,0,0,0,0,0,-1"]);
    let totals = session.run(&["report", "totals", "--by", "attribute:converted-course", "--format", "csv"]);
    assert!(totals.out.contains("K101; K102; K103"), "{}{}", totals.out, totals.err);
    assert!(totals.out.contains("K110"), "{}", totals.out);
    import(&session, &example("certificates.csv"), "certificates.toml")
        .exits(0)
        .shows("nothing: there is nothing new");
    // A row that says something else of the certificate itself is refused with the first one's line.
    let session = Session::bank();
    let mut lines: Vec<String> = text("certificates.csv").lines().map(str::to_owned).collect();
    lines[3] = lines[3].replace("合格", "优秀");
    session.write("differs.csv", lines.join("\n"));
    import(&session, "differs.csv", "certificates.toml")
        .exits(1)
        .says("E404")
        .says("line 2 gives it otherwise");
}

#[test]
fn an_external_course_is_deposited_as_what_it_was_and_not_as_what_it_replaced() {
    let session = Session::bank();
    let answer = import(&session, &example("external.csv"), "external.toml").exits(0);
    // Credits of 0 are recorded as they are, and somebody is told.
    assert!(answer.out.contains("W221"), "{}", answer.out);
    assert_eq!(balances(&session), ["CB00000001X,CN,4,0,0,0,0,0,-4"]);
    session
        .run(&["learner", "show", "CB00000001X", "--format", "csv"])
        .exits(0)
        .shows("student-number,LJU,00010001");
    // Without credits in the file or in the catalogue nobody knows what to deposit.
    session.write("blank.csv", text("external.csv").replace(",32,4,72,", ",32,,72,").replace("微观", "宏观"));
    import(&session, "blank.csv", "external.toml").exits(1).says("E309");
}

const LEARNERS: &str = "name = \"learners\"\ntarget = \"achievements\"\n[columns]\nlearner = \"id\"\noutcome = \"course\"\n\
    period = \"day\"\ncredits = \"credits\"\n[constants]\ninstitution = \"OU\"\nsystem = \"CN\"\nkind = \"formal\"\n\
    [learner]\nscheme = \"card\"\nunknown = \"create\"\nissuer = \"BANK\"\n[outcome]\nunknown = \"create\"\n\
    [institution]\nunknown = \"create\"\n[identifiers]\nstudent-number = \"number\"\n\
    national = { column = \"nid\", issuer = \"STATE\" }\n";

fn rows(session: &Session, rows: &[&str]) -> Answer {
    session.write("learners.toml", LEARNERS);
    session.write("rows.csv", format!("id,course,day,credits,number,nid\n{}\n", rows.join("\n")));
    session.run(&["import", "rows.csv", "--profile", "learners.toml"])
}

#[test]
fn new_identifiers_of_a_known_learner_are_recorded_and_one_of_two_people_is_refused() {
    let session = Session::bank();
    rows(&session, &["C1,A,2024-01-01,1,,"]).exits(0);
    // A later file says more of the same learner, in the same row and in the next.
    rows(&session, &["C1,A,2024-01-01,1,0007,", "C1,B,2024-01-01,1,0007,N1", "C2,A,2024-01-01,1,0008,N2"])
        .exits(0);
    session
        .run(&["learner", "show", "CB00000001X", "--format", "csv"])
        .exits(0)
        .shows("student-number,OU,0007")
        .shows("national,STATE,N1");
    // Nothing but a new identifier is a batch too, and the same once more is none.
    rows(&session, &["C2,A,2024-01-01,1,0008-2,N2"]).exits(0).shows("entries");
    session
        .run(&["learner", "show", "CB000000028", "--format", "csv"])
        .exits(0)
        .shows("student-number,OU,0008-2");
    rows(&session, &["C2,A,2024-01-01,1,0008-2,N2"]).exits(0).shows("nothing: there is nothing new");
    // One identifier on two people names both accounts.
    rows(&session, &["C2,C,2024-01-01,1,0007,"])
        .exits(1)
        .says("E317")
        .says("it belongs to account CB00000001X, and the row's learner is CB000000028");
    rows(&session, &["C9,C,2024-01-01,1,0007,"]).exits(1).says("E317").says("would be a new account");
    // Somebody known by another identifier only is found by it, and gets the card.
    session.run(&["learner", "add", "--identifier", "national@STATE:N3", "--name", "虚构"]).exits(0);
    rows(&session, &["C3,A,2024-01-01,1,,N3", "C3,B,2024-01-01,1,,"]).exits(0);
    session.run(&["learner", "show", "CB000000036", "--format", "csv"]).exits(0).shows("card,BANK,C3");
    session.run(&["verify"]).exits(0);
    // The same number of another college is another person's.
    let other = LEARNERS.replace("institution = \"OU\"", "institution = \"XU\"");
    session.write("other.toml", other);
    session.write("other.csv", "id,course,day,credits,number,nid\nC4,A,2024-01-01,1,0007,\n");
    session.run(&["import", "other.csv", "--profile", "other.toml"]).exits(0);
    session
        .run(&["learner", "show", "CB000000044", "--format", "csv"])
        .exits(0)
        .shows("student-number,XU,0007");
}

#[test]
fn a_word_of_which_nobody_said_whether_it_passes_is_refused() {
    let session = Session::bank();
    session.write("courses.toml", text("courses.toml"));
    let row = text("courses.csv").lines().nth(1).unwrap().to_owned();
    let header = text("courses.csv").lines().next().unwrap().to_owned();
    for (grade, deposited, refused) in [
        ("86", 1, 0),
        ("60", 1, 0),
        ("59", 0, 0),
        ("良好", 1, 0),
        ("不及格", 0, 0),
        ("作弊", 0, 0),
        ("缓考", 0, 1),
        ("", 0, 1),
        ("-1", 0, 1),
    ] {
        let mut fields: Vec<&str> = row.split(',').collect();
        fields[8] = grade;
        session.write("one.csv", format!("{header}\n{}\n", fields.join(",")));
        let arguments = ["import-check", "one.csv", "--profile", "courses.toml", "--format", "json"];
        let report = session.run(&arguments).exits(if refused > 0 { 4 } else { 0 });
        let report: Value = serde_json::from_str(&report.out).unwrap();
        let value = |what: &str| {
            let facts = report["summary"].as_array().unwrap();
            facts.iter().find(|fact| fact["what"] == what).unwrap()["value"].as_i64().unwrap()
        };
        assert_eq!((value("rows deposited"), value("rows refused")), (deposited, refused), "{grade:?}");
    }
}
