//! Small files, and what a first look makes of them.

use super::*;
use crate::intake::profile::Profile;

fn options() -> Options {
    Options {
        rows: ROWS,
        target: None,
        name: "draft".into(),
        institution: Some("X".into()),
        file: "a.csv".into(),
    }
}

fn look(text: &str) -> Sketch {
    sketch(&Source::from(text.as_bytes()), options()).unwrap()
}

/// The questions about one thing, joined.
fn asked(sketch: &Sketch, about: About) -> String {
    let texts = sketch.questions.iter().filter(|question| question.about == about);
    texts.map(|question| question.text.as_str()).collect::<Vec<_>>().join("\n")
}

/// Asserts that the draft holds a line that begins so.
#[track_caller]
fn holds(draft: &str, line: &str) {
    assert!(draft.lines().any(|found| found.starts_with(line)), "{line:?} is not in:\n{draft}");
}

#[test]
fn drafts_in_many_languages_load_and_name_the_columns() {
    let cases: &[(&str, &[&str])] = &[
        (
            "学号,姓名,课程代码,课程名称,学分,成绩,是否合格,学年学期\n\
             0012,虚构一,CS1,程序设计,3,及格,合格,2023-2024-1\n0013,虚构二,CS1,程序设计,3,59,不合格,2023-2024-1\n",
            &[
                "learner = \"学号\"",
                "credits = \"学分\"",
                "system = \"CN\"",
                "\"合格\" = \"passed\"",
                "formats = [\"term\"]",
            ],
        ),
        (
            "학번,성명,교과목번호,교과목명,학점,성적,합격여부,취득일\n\
             1,가상,CS1,입문,3,A+,합격,2024.02.20\n2,가상,CS1,입문,3,F,불합격,2024.02.21\n",
            &[
                "learner = \"학번\"",
                "outcome = \"교과목번호\"",
                "system = \"KR\"",
                "\"불합격\" = \"failed\"",
                "formats = [\"YYYY.MM.DD\"]",
            ],
        ),
        (
            "学生番号,氏名,科目番号,科目名,単位数,評価,合否,修得日\n\
             1,架空,K1,入門,2,優,合格,2024/02/20\n2,架空,K1,入門,2,不可,不合格,2024/02/21\n",
            &["learner = \"学生番号\"", "credits = \"単位数\"", "system = \"JP\"", "period = \"修得日\""],
        ),
        (
            "ENROLLMENT_NUMBER,STUDENT_NAME,SUBJECT_CODE,SUBJECT_NAME,MARKS_OBTAINED,RESULT_STATUS,RESULT_DATE\n\
             1,Fict,S1,Logic,55,PASS,25-03-2024\n2,Fict,S1,Logic,12,FAIL,01-04-2024\n",
            &["outcome = \"SUBJECT_CODE\"", "status = \"RESULT_STATUS\"", "formats = [\"DD-MM-YYYY\"]"],
        ),
        (
            "Numéro étudiant;Nom complet;Code UE;Intitulé;Crédits ECTS;Note finale;Résultat;Date d'examen\n\
             1;Fictif;UE1;Logique;6,5;12,5;Admis;25/03/2024\n2;Fictif;UE1;Logique;6,5;8;Ajourné;01/04/2024\n",
            &[
                "decimal_mark = \",\"",
                "system = \"ECTS\"",
                "\"Ajourné\" = \"failed\"",
                "formats = [\"DD/MM/YYYY\"]",
            ],
        ),
        (
            "Número de matrícula;Nombre completo;Código asignatura;Asignatura;Créditos;Calificación;Estado;Fecha\n\
             1;Ficticio;A1;Lógica;6;Notable;Aprobado;2024-03-25\n2;Ficticio;A1;Lógica;6;4,0;Suspenso;2024-03-25\n",
            &["learner = \"Número de matrícula\"", "\"Suspenso\" = \"failed\"", "grade = \"Calificación\""],
        ),
    ];
    for (text, lines) in cases {
        let draft = draft(&look(text));
        let profile = Profile::parse(&draft, "draft.toml").unwrap_or_else(|error| panic!("{error}\n{draft}"));
        assert_eq!(profile.target, Target::Achievements);
        for line in *lines {
            holds(&draft, line);
        }
    }
}

#[test]
fn dates_that_can_be_read_both_ways_are_asked_with_the_evidence() {
    let rows = |days: &[&str]| {
        let mut text = "student id,course code,credits,exam date\n".to_owned();
        for (at, day) in days.iter().enumerate() {
            text.push_str(&format!("{at},C{at},3,{day}\n"));
        }
        look(&text)
    };
    let either = rows(&["01/02/2024", "03/04/2024"]);
    assert!(either.dates.is_empty());
    assert!(asked(&either, About::Dates).contains("all 2 dates can be read as DD/MM/YYYY and as MM/DD/YYYY"));
    let text = draft(&either);
    holds(&text, "# [dates]");
    assert!(Profile::parse(&text, "draft.toml").is_ok(), "{text}");
    let both = rows(&["01/02/2024", "25/12/2024", "12/25/2024"]);
    assert!(both.dates.is_empty());
    assert!(asked(&both, About::Dates).contains("line 3 can only be DD/MM/YYYY and line 4 only MM/DD/YYYY"));
    let decided = rows(&["01/02/2024", "25/12/2024"]);
    assert_eq!(
        (decided.dates.as_slice(), asked(&decided, About::Dates).as_str()),
        (&["DD/MM/YYYY".to_owned()][..], "")
    );
    let odd = rows(
        ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-06", "2024-01-07"]
            .iter()
            .chain(&["2024-01-08", "2024-01-09", "2024-01-10", "soon"])
            .copied()
            .collect::<Vec<_>>()
            .as_slice(),
    );
    assert!(asked(&odd, About::Dates).contains("1 of 10 values are no dates"));
}

#[test]
fn numbers_of_days_are_proposed_under_a_heading_that_speaks_of_a_date() {
    let rows = |heading: &str, values: [&str; 3]| {
        let [one, two, three] = values;
        look(&format!("student id,course code,credits,{heading}\n1,A,3,{one}\n2,A,3,{two}\n3,A,3,{three}\n"))
    };
    let days = rows("exam date", ["45291", "45000.5", "43831"]);
    assert_eq!(days.dates, ["serial"]);
    let question = asked(&days, About::Dates);
    assert!(question.contains("Counted from 1900, these are of 2020 to 2023 (`serial`)"), "{question}");
    assert!(question.contains("from 1904 of 2024 to 2028 (`serial-1904`): which is right?"), "{question}");
    let text = draft(&days);
    holds(&text, "period = \"exam date\"");
    holds(&text, "formats = [\"serial\"]");
    assert!(Profile::parse(&text, "draft.toml").is_ok(), "{text}");
    let mixed = rows("exam date", ["2024-01-31", "45000", "2024-02-01"]);
    assert_eq!(mixed.dates, ["YYYY-MM-DD", "serial"]);
    // Numbers of other sizes are no days, nor are any under another heading.
    for (heading, values) in [
        ("exam date", ["1", "2", "3"]),
        ("exam date", ["452910", "452911", "452912"]),
        ("term", ["20241", "20242", "20251"]),
        ("anything", ["45291", "45292", "45293"]),
    ] {
        let other = rows(heading, values);
        assert!(other.dates.is_empty() && other.place_of(Field::Period).is_none(), "{heading} {values:?}");
    }
}

#[test]
fn credits_without_a_unit_are_asked_about() {
    let heads = ["Créditos", "Crédits", "Kreditpunkte", "LP", "Crédits ECTS"];
    for (heading, named) in heads.into_iter().zip([false, false, false, false, true]) {
        let sketch = look(&format!("Matricule;Kursnummer;{heading};Datum\n1;A;6;2024-01-31\n"));
        let asks =
            asked(&sketch, About::Field(Field::System)).contains("in which unit are the credits counted");
        assert_eq!((sketch.is_constant(Field::System), asks), (named, !named), "{heading}");
        let text = draft(&sketch);
        holds(&text, "learner = \"Matricule\"");
        holds(&text, "outcome = \"Kursnummer\"");
        holds(&text, if named { "system = \"ECTS\"" } else { "# system = \"CODE\"" });
    }
}

#[test]
fn words_that_nobody_knows_are_left_to_the_officer() {
    let sketch =
        look("学号,课程代码,结果,日期\n1,A,通过,2024-01-01\n2,A,缓考,2024-01-01\n3,A,未通过,2024-01-01\n");
    let text = draft(&sketch);
    holds(&text, "\"通过\" = \"passed\"");
    holds(&text, "# \"缓考\" = \"\"");
    assert!(asked(&sketch, About::Values(Field::Status)).contains("缓考"));
    let one_column = look(
        "student id,course code,grade,date\n1,A,Pass,2024-01-01\n2,A,Distinction,2024-01-01\n3,A,Fail,2024-01-01\n",
    );
    let text = draft(&one_column);
    holds(&text, "status = \"grade\"");
    holds(&text, "grade = \"grade\"");
    holds(&text, "\"Distinction\" = \"passed\"");
    let silent = look("student id,course code,grade,date\n1,A,85,2024-01-01\n2,A,42,2024-01-01\n");
    assert!(asked(&silent, About::Deposit).contains("goes from 42 to 85"));
}

#[test]
fn damaged_and_shortened_identifiers_are_told_and_never_shown() {
    let sketch = look(
        "学号,身份证号,课程代码,日期\n4.40981E+17,11010519491231002X,A,2024-01-01\n0012345,440524188001010014,A,2024-01-02\n\
         12346,11010519491231002X,B,2024-01-03\n",
    );
    let about = asked(&sketch, About::Learner);
    assert!(about.contains("turned 1 of 3 values into numbers"), "{about}");
    assert!(about.contains("first on line 2"), "{about}");
    let text = draft(&sketch);
    holds(&text, "cn-resident-id = \"身份证号\"");
    assert!(!text.contains("1101051949") && !text.contains("0012345"), "{text}");
    let padded = look("student id,course code,date\n0012345,A,2024-01-01\n12346,A,2024-01-02\n");
    assert!(asked(&padded, About::Learner).contains("begin with a zero"));
}

#[test]
fn a_load_is_told_from_the_credits_of_a_course() {
    let load = "student id,course code,credits,term\n1,A,60,2013J\n1,B,60,2013J\n2,A,120,2013J\n2,B,120,2013J\n3,A,90,2014J\n";
    let sketch = look(load);
    assert!(sketch.shared_load && asked(&sketch, About::Group).contains("counted once"));
    holds(&draft(&sketch), "# [group]");
    let plain = "student id,course code,credits,term\n1,A,3,2013J\n1,B,3,2013J\n2,A,3,2013J\n2,B,3,2013J\n";
    assert!(!look(plain).shared_load);
}

#[test]
fn one_course_with_two_figures_is_named_by_its_lines() {
    let sketch = look("课程代码,课程名称,学分\nA,思想,3\nB,微积分,4\n,空,\nA,思想,1\n,空,2\n");
    assert_eq!(sketch.target, Target::Outcomes);
    let about = asked(&sketch, About::Outcome);
    assert!(about.contains("lines 2 and 5") && about.contains("`学分`:"), "{about}");
    assert!(asked(&sketch, About::Field(Field::Outcome)).contains("empty in 2 of 5 rows"));
}

#[test]
fn a_file_without_header_is_known_by_its_values() {
    let rows: String =
        (0..30).map(|at| format!("11{at:05},入門セミナー {},2, {}.5,-\n", at % 7, at % 2)).collect();
    let sketch = look(&rows);
    assert!(!sketch.header);
    let text = draft(&sketch);
    for line in ["header = false", "outcome = 1 ", "title = 2 ", "credits = 4 "] {
        holds(&text, line);
    }
    assert!(Profile::parse(&text, "draft.toml").is_ok(), "{text}");
}

#[test]
fn a_header_below_a_title_is_found_and_its_row_written_down() {
    let table = "学号,课程代码,学分,日期\n1,A,3,2024-01-01\n2,B,2,2024-01-02\n";
    let unknown = "foo,bar,baz\nA1,x,3\nA2,y,2\n";
    let cases = [
        (table.to_owned(), None),
        (format!("某大学成绩表\n{table}"), Some(2)),
        (format!("某大学成绩表,,,\n\n制表,2026-01-01,,\n{table}"), Some(4)),
        (unknown.to_owned(), None),
        (format!("Results of the year\n{unknown}"), Some(2)),
        // Rows without a header, of which the first is the narrowest, are no title.
        ("A1\nA2,3\nA3,4\n".to_owned(), None),
    ];
    for (text, row) in cases {
        let sketch = look(&text);
        assert_eq!(sketch.header_row, row, "{text}");
        let Some(row) = row else { continue };
        assert_eq!((sketch.rows, sketch.header), (2, true), "{text}");
        let text = draft(&sketch);
        holds(&text, &format!("header_row = {row}  "));
        assert!(Profile::parse(&text, "draft.toml").is_ok() || sketch.fields.is_empty(), "{text}");
    }
}

#[test]
fn people_are_not_copied_into_a_draft() {
    let sketch = look(
        "学号,姓名,手机号,性别,家长姓名,课程代码,日期,Eleve\n1,秘密甲,13900001111,女,秘密乙,A,2024-01-01,Secret One\n\
         1,秘密甲,13900001111,女,秘密乙,B,2024-01-01,Secret One\n2,秘密丙,13900002222,男,秘密丁,A,2024-01-01,Secret Two\n\
         2,秘密丙,13900002222,男,秘密丁,B,2024-01-01,Secret Two\n",
    );
    let text = draft(&sketch);
    for secret in ["秘密", "139", "Secret", "女"] {
        assert!(!text.contains(secret), "{secret} is in:\n{text}");
    }
    assert!(asked(&sketch, About::People).contains("`手机号` (a telephone number)"));
    holds(&text, "# sex = \"性别\"");
}

#[test]
fn no_more_rows_than_asked_are_looked_at() {
    let text: String = (0..100).map(|at| format!("{at},C,3\n")).collect();
    let text = format!("student id,course code,credits\n{text}");
    let sketch = sketch(&Source::from(text.as_bytes()), Options { rows: 10, ..options() }).unwrap();
    assert_eq!((sketch.rows, sketch.complete), (10, false));
    holds(&draft(&sketch), "# A draft of how a.csv is read, made from its first 10 rows.");
}

#[test]
fn whatever_stands_in_a_file_the_draft_is_toml() {
    let nasty = "student id,course code,exam date,\"a \"\"b\"\" \\ # ?\n[x]\u{7f}\",结果\n\
                 1,A,2024-01-01,\"x\ny\",\"pa\"\"ss\"\n2,A,2024-01-02,\u{202e}z,\u{1b}[31m\n";
    let sketch = look(nasty);
    let text = draft(&sketch);
    assert!(Profile::parse(&text, "draft.toml").is_ok(), "{text}");
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
}

#[test]
fn what_is_no_table_is_refused_by_its_rule() {
    let code = |bytes: &[u8]| sketch(&Source::from(bytes), options()).map(|_| ()).unwrap_err().code();
    assert_eq!(code(b""), "E002");
    assert_eq!(code(b"\n \n"), "E002");
    assert_eq!(code("学号,课程代码\n".as_bytes()), "E003");
    assert_eq!(code(b"a,b\n1,\0\n"), "E007");
    assert_eq!(code(b"a,b\n1,\"open\n"), "E009");
}
