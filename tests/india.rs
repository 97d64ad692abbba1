//! Uploads to India's Academic Bank of Credits, in both layouts.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Answer, Session, project};

fn example(name: &str) -> String {
    project(&format!("examples/formats/india/{name}"))
}

/// A bank with the college and its catalogue.
fn bank() -> Session {
    let session = Session::bank();
    session
        .run(&["import", &example("catalogue.csv"), "--profile", &example("catalogue.toml")])
        .exits(0)
        .shows("rows registered");
    session
}

fn import(session: &Session, file: &str, profile: &str) -> Answer {
    session.run(&["import", file, "--profile", profile])
}

fn balances(session: &Session) -> Vec<String> {
    let answer = session.run(&["report", "balances", "--format", "csv"]).exits(0);
    answer.out.lines().skip(1).map(str::to_owned).collect()
}

/// The rows of `marksheets.csv` as cells, its header first.
fn sheet() -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(example("marksheets.csv")).unwrap();
    text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

/// The sheet with the value of a column replaced in one row.
fn with(cells: &[Vec<String>], row: usize, column: &str, value: &str) -> Vec<Vec<String>> {
    let at = cells[0].iter().position(|name| name == column).unwrap();
    let mut cells = cells.to_vec();
    cells[row][at] = value.to_owned();
    cells
}

fn text(cells: &[Vec<String>]) -> String {
    cells.iter().map(|row| row.join(",") + "\n").collect()
}

#[test]
fn a_row_a_subject_takes_its_credits_from_the_catalogue() {
    let session = bank();
    let subjects = example("subjects.csv");
    import(&session, &subjects, "in-abc-subjects").exits(0).shows("accounts opened");
    // 4 + 4 + 3, and 4 + 3 where one subject was failed.
    assert_eq!(balances(&session), ["CB00000001X,IN,11,0,0,0,0,0,-11", "CB000000028,IN,7,0,0,0,0,0,-7"]);
    import(&session, &subjects, "in-abc-subjects").exits(0).shows("nothing: there is nothing new");
    session.run(&["learner", "show", "CB00000001X"]).exits(0).shows("700000000011").shows("EN240001");
    // Without the catalogue nobody knows the credits, and a wrong result word is not guessed at.
    let text = std::fs::read_to_string(&subjects).unwrap();
    session.write("unknown.csv", text.replace("CS101,Programming", "CS999,Programming"));
    import(&session, "unknown.csv", "in-abc-subjects").exits(1).says("E303");
    session.write("word.csv", text.replace(",FAIL,", ",ABSENT,"));
    import(&session, "word.csv", "in-abc-subjects").exits(1).says("E221").says("`ABSENT`");
    session.write("blank.csv", text.replace(",FAIL,", ",,"));
    import(&session, "blank.csv", "in-abc-subjects").exits(1).says("E201").says("`status` is empty");
    session.write("short.csv", text.replace("700000000022", "70000000002"));
    import(&session, "short.csv", "in-abc-subjects")
        .exits(1)
        .says("E216")
        .says("it is no `in-abc-id`: it should have 12 digits")
        .says("`*******0002`");
}

#[test]
fn a_row_a_student_is_read_subject_by_subject() {
    let session = bank();
    let (file, profile) = (example("marksheets.csv"), example("marksheets.toml"));
    let dry = session.run(&["import", &file, "--profile", &profile, "--dry-run"]).exits(0);
    let dry = dry.shows("N111").shows("ACADMIC_COURSE_ID");
    assert!(dry.out.contains("the layout's name for it is `ACADEMIC_COURSE_ID`"), "{}", dry.out);
    import(&session, &file, &profile).exits(0);
    assert_eq!(balances(&session), ["CB00000001X,IN,11,0,0,0,0,0,-11", "CB000000028,IN,4,0,0,0,0,0,-4"]);
    // The entry of the third subject says where it stands.
    let journal = session.run(&["report", "journal", "--format", "json"]).exits(0);
    let journal: serde_json::Value = serde_json::from_str(&journal.out).unwrap();
    let entries = journal["entries"].as_array().unwrap();
    let third = entries.iter().find(|entry| entry.to_string().contains("CS102")).unwrap();
    let entry = third["entry"].as_str().map(str::to_owned).unwrap_or_else(|| third["entry"].to_string());
    session.run(&["explain", &entry]).exits(0).shows("result in the row").shows("CS102");
    import(&session, &file, &profile).exits(0).shows("nothing: there is nothing new");
    session.run(&["verify"]).exits(0);
    session.run(&["rebuild"]).exits(0);
}

#[test]
fn a_control_total_that_differs_refuses_the_whole_row_with_both_figures() {
    let session = bank();
    let sheet = sheet();
    session.write("wrong.csv", text(&with(&sheet, 1, "TOT_CREDIT", "12")));
    let keep = ["import", "wrong.csv", "--profile", &example("marksheets.toml"), "--keep-going"];
    let answer = session.run(&keep).exits(3).shows("E102");
    assert!(
        answer.out.contains("the control total is 12, and the row's 3 results have 11"),
        "{}",
        answer.out
    );
    assert_eq!(balances(&session), ["CB00000001X,IN,4,0,0,0,0,0,-4"]);
    // The refused row goes back as it came, and deposits its three results once it is mended.
    let refused = std::fs::read_to_string(session.path("wrong.refused.csv")).unwrap();
    assert_eq!(refused.lines().count(), 2, "{refused}");
    session.write("mended.csv", refused.replace(",12,", ",11,"));
    import(&session, "mended.csv", &example("marksheets.toml")).exits(0);
    assert_eq!(balances(&session).len(), 2);
    // An empty total controls nothing; one that is no amount is a fault, and so is a credit that is none.
    session.write("none.csv", text(&with(&sheet, 1, "TOT_CREDIT", "")));
    import(&session, "none.csv", &example("marksheets.toml")).exits(0);
    session.write("word.csv", text(&with(&sheet, 1, "TOT_CREDIT", "eleven")));
    import(&session, "word.csv", &example("marksheets.toml")).exits(1).says("the control total is no amount");
    session.write("credit.csv", text(&with(&sheet, 1, "SUB3_CREDIT", "x")));
    import(&session, "credit.csv", &example("marksheets.toml")).exits(1).says("SUB3_CREDIT").says("E102");
}

#[test]
fn one_subject_that_is_refused_goes_back_alone() {
    let session = bank();
    let broken = with(&sheet(), 1, "SUB2_REMARKS", "?");
    session.write("marks.csv", text(&broken));
    let keep = ["import", "marks.csv", "--profile", &example("marksheets.toml"), "--keep-going"];
    session.run(&keep).exits(3).shows("E221").shows("SUB2_REMARKS");
    assert_eq!(balances(&session)[0], "CB00000001X,IN,7,0,0,0,0,0,-7");
    let refused = std::fs::read_to_string(session.path("marks.refused.csv")).unwrap();
    assert!(refused.contains("MA102") && !refused.contains("CS102"), "{refused}");
    session.write("mended.csv", refused.replace(",?,", ",P,"));
    import(&session, "mended.csv", &example("marksheets.toml")).exits(0);
    assert_eq!(balances(&session)[0], "CB00000001X,IN,11,0,0,0,0,0,-11");
}

#[test]
fn a_subject_without_a_code_and_a_row_without_subjects_are_missed() {
    let session = bank();
    session.write("code.csv", text(&with(&sheet(), 1, "SUB2", "")));
    import(&session, "code.csv", &example("marksheets.toml")).exits(1).says("E201").says("`SUB2`");
    let mut empty = sheet();
    let first = empty[0].iter().position(|name| name == "SUB1NM").unwrap();
    for cell in &mut empty[2][first..] {
        cell.clear();
    }
    let empty = with(&empty, 2, "TOT_CREDIT", "");
    session.write("empty.csv", text(&empty));
    import(&session, "empty.csv", &example("marksheets.toml"))
        .exits(1)
        .says("line 3")
        .says("`outcome` is empty");
    // A group that lacks a column is a fault of the file.
    let lacks = text(&sheet()).replace("SUB3_CREDIT,", "SUB3_KREDIT,");
    session.write("lacks.csv", lacks);
    import(&session, "lacks.csv", &example("marksheets.toml")).exits(1).says("E004").says("SUB3_CREDIT");
}

/// Completes eleven digits with Verhoeff's check digit.
fn aadhaar_like(seed: u64) -> String {
    let digits = format!("{:011}", 20_000_000_000 + seed * 7_654_321);
    let passes = creditbank::domain::scheme::passes_verhoeff;
    (0..10).map(|digit| format!("{digits}{digit}")).find(|number| passes(number)).unwrap()
}

#[test]
fn a_column_of_aadhaar_numbers_is_told_and_none_of_them_is_printed() {
    let session = bank();
    let row = |number: &str, subject: &str| {
        format!(
            "{number},Nobody (fictitious),A,B,12-03-2004,OTHER,B.Sc.,BSC,1,E{number},R,Narmada,NAR,U,2024-25,NOV,\
             {subject},Mechanics,100,50,PASS,7,7,20-12-2024\n"
        )
    };
    let header = std::fs::read_to_string(example("subjects.csv")).unwrap();
    let header = format!("{}\n", header.lines().next().unwrap());
    let numbers: Vec<String> = (1..=12).map(aadhaar_like).collect();
    let rows: String = numbers.iter().map(|number| row(number, "PH101")).collect();
    // One row is wrong beside, so that its message would name the number.
    session.write("aadhaar.csv", format!("{header}{rows}{}", row(&format!("{}0", numbers[0]), "PH101")));
    let keep = ["import", "aadhaar.csv", "--profile", "in-abc-subjects", "--keep-going"];
    let answer = session.run(&keep).exits(3).shows("W212").shows("12 of 13").shows("E216");
    for number in &numbers {
        assert!(!answer.out.contains(number.as_str()) && !answer.err.contains(number.as_str()), "{number}");
    }
    // Account numbers at random pass one time in ten, and nothing is told.
    let rows: String = (1..=40).map(|seed| row(&format!("{:012}", seed * 7_919_131_u64), "PH101")).collect();
    session.write("random.csv", format!("{header}{rows}"));
    let answer = import(&session, "random.csv", "in-abc-subjects").exits(0);
    assert!(!answer.out.contains("W212"), "{}", answer.out);
    // Nor does a profile keep them under their own name.
    let profile = "name = \"x\"\nextends = \"in-abc-subjects\"\n[learner]\nscheme = \"aadhaar\"\n";
    session.write("x.toml", profile);
    session.run(&["profile", "check", "x.toml"]).exits(4).says("Aadhaar numbers are not kept");
}
