//! Drafts, row faults, faults of whole files and files of others.

use super::*;
use crate::domain::date::Precision;
use crate::intake::profile::Field;
use crate::intake::rejects::RejectWriter;
use crate::intake::rules::{Problem, Rule};
use crate::intake::source::Source;

const COLUMNS: [&str; 12] = [
    "learner",
    "outcome",
    "period",
    "status",
    "credits",
    "hours",
    "attempt",
    "kind",
    "record",
    "field",
    "title",
    "birth_date",
];
const SOUND: [&str; 12] =
    ["000123", "CS101", "2024-01-31", "Pass", "2.5", "40", "2", "formal", "r-1", "0613", "Été", "2001-02-03"];

fn profile(more: &str) -> Profile {
    let columns: Vec<String> = COLUMNS.iter().map(|name| format!("{name} = \"c_{name}\"\n")).collect();
    let text = format!(
        "name = \"t\"\ntarget = \"achievements\"\n[columns]\n{}[constants]\ninstitution = \"OU\"\n\
         [values.status]\nPass = \"passed\"\n\"-\" = \"\"\n[values.tone]\nold = \"new\"\n{NAMED}{more}",
        columns.concat()
    );
    Profile::parse(&text, "t.toml").unwrap_or_else(|error| panic!("{error}"))
}

fn file(rows: &[[&str; 12]]) -> String {
    let mut text = COLUMNS.map(|name| format!("c_{name}")).join(",") + ",tone,ssn\n";
    for row in rows {
        text += &row.map(|value| format!("\"{}\"", value.replace('"', "\"\""))).join(",");
        text += ",old,4409810000\n";
    }
    text
}

/// Reads bytes under a profile.
fn open<'p>(profile: &'p Profile, bytes: &[u8]) -> Result<Reader<'p>, IntakeError> {
    Reader::open(profile, &Incoming::of(Source::from(bytes), profile)?)
}

const NAMED: &str = "[attributes]\ntone = \"tone\"\n[identifiers]\nnational = \"ssn\"\n";

#[test]
fn a_sound_row_becomes_a_draft() {
    let profile = profile("");
    let text = file(&[SOUND]);
    let mut reader = open(&profile, text.as_bytes()).unwrap();
    let (mut record, mut problems) = (Record::new(), Vec::new());
    assert!(reader.next(&mut record).unwrap());
    let draft = reader.mapping().draft(&record, &mut problems).unwrap();
    assert_eq!(
        (draft.line, &*draft.learner, &*draft.institution, &*draft.outcome),
        (2, "000123", "OU", "CS101")
    );
    assert_eq!((draft.credits, draft.hours), (Some(Credits(2_500)), Some(Credits(40_000))));
    assert_eq!((draft.status, draft.kind, draft.attempt), (Status::Passed, Some(Kind::Formal), 2));
    assert_eq!((draft.title.as_deref(), draft.field.as_deref()), (Some("Été"), Some("0613")));
    assert_eq!(draft.birth_date.unwrap().precision, Precision::Day);
    assert_eq!(draft.attributes, [("tone", Cow::Borrowed("new"))]);
    assert_eq!(draft.identifiers, [("national", Cow::Borrowed("4409810000"))]);
    assert_eq!((draft.level, draft.name, draft.repeatable), (None, None, None));
    assert!(problems.is_empty() && !reader.next(&mut record).unwrap());
    let mended: Vec<_> = reader.mended().iter().map(|m| (m.field, m.from, m.to, m.rows)).collect();
    assert_eq!(mended, [("status", "Pass", "passed", 1), ("tone", "old", "new", 1)]);
}

/// The problems of the sound row with some values replaced.
fn problems_with(changes: &[(&str, &str)]) -> Vec<Problem> {
    let mut row = SOUND;
    for (name, value) in changes {
        row[COLUMNS.iter().position(|column| column == name).unwrap()] = value;
    }
    let (profile, text) = (profile(""), file(&[row]));
    let mut reader = open(&profile, text.as_bytes()).unwrap();
    let (mut record, mut problems) = (Record::new(), Vec::new());
    reader.next(&mut record).unwrap();
    let draft = reader.mapping().draft(&record, &mut problems);
    assert_eq!(draft.is_none(), !problems.is_empty());
    problems
}

#[test]
fn each_faulty_value_breaks_its_rule_in_its_column() {
    let long = "x".repeat(501);
    let cases = [
        ("learner", " \u{3000}", "E201"),
        ("outcome", "", "E201"),
        ("period", "", "E201"),
        ("credits", "abc", "E202"),
        ("credits", "1.2.3", "E202"),
        ("credits", "2,5", "E203"),
        ("credits", "-1.0", "E204"),
        ("hours", "1e3", "E205"),
        ("credits", "0.1234", "E206"),
        ("hours", "1000001", "E207"),
        ("learner", "4.40981E+17", "E211"),
        ("record", "4,40981E+17", "E211"),
        ("learner", "00\u{1b}12", "E212"),
        ("outcome", "CS\u{202e}1", "E212"),
        ("title", &long, "E213"),
        ("status", "Passed?", "E221"),
        ("kind", "rumour", "E222"),
        ("attempt", "0", "E223"),
        ("attempt", "+1", "E223"),
        ("attempt", "100", "E223"),
        ("field", "6", "E224"),
        ("field", "06131", "E224"),
        ("birth_date", "03.02.2001", "E231"),
        ("birth_date", "2001-02-30", "E232"),
        ("birth_date", "0201-02-03", "E233"),
    ];
    for (name, value, code) in cases {
        let problems = problems_with(&[(name, value)]);
        let codes: Vec<&str> = problems.iter().map(|problem| problem.rule.code()).collect();
        assert_eq!(codes, [code], "{name} {value:?} {problems:?}");
        let column = problems[0].column.clone().unwrap();
        assert_eq!((problems[0].line, column.name), (2, format!("c_{name}")));
        assert_eq!(COLUMNS[column.number - 1], name);
    }
    for (name, value) in [("credits", ""), ("kind", ""), ("attempt", ""), ("status", "-"), ("title", "-")] {
        assert_eq!(problems_with(&[(name, value)]), [], "{name} {value:?}");
    }
}

#[test]
fn all_problems_of_a_row_are_told_and_words_are_listed() {
    let problems = problems_with(&[("credits", "2,5"), ("status", "Merit"), ("learner", "")]);
    let mut codes: Vec<&str> = problems.iter().map(|problem| problem.rule.code()).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["E201", "E203", "E221"]);
    let text = problems.iter().map(ToString::to_string).collect::<String>();
    assert!(text.contains("Pass, -, passed, failed"), "{text}");
    assert!(text.contains("line 2, column 5 `c_credits`: `2,5`: it uses"), "{text}");
}

#[test]
fn an_unfit_file_is_refused_as_a_whole() {
    let profile = profile("[file]\nencoding = \"utf-8\"\n");
    let header = file(&[]).trim_end().to_owned();
    let with = |text: &str| format!("{header}\n{text}").into_bytes();
    let cases: [(Vec<u8>, &str, &str); 10] = [
        (b"".to_vec(), "E002", "empty"),
        (b"\n\r\n  \n,,\n".to_vec(), "E002", "empty"),
        (with(""), "E003", "header"),
        (with(",,,\n\n"), "E003", "header"),
        (header.replace("c_period", "c_perod").into_bytes(), "E004", "did you mean `c_perod`?"),
        (format!("{header},c_kind\n").into_bytes(), "E005", "columns 8 and 15"),
        (with("a\né").into_iter().map(|b| if b == 0xc3 { 0xff } else { b }).collect(), "E006", "line 3"),
        (with("a\n\0"), "E007", "line 3"),
        (with("a\n\"b\nc"), "E009", "line 3"),
        (",".repeat(5_000).into_bytes(), "E010", "line 1"),
    ];
    for (bytes, code, part) in cases {
        let error = first_error(&profile, &bytes);
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(part), "{error}");
        assert!(!error.remedy().is_empty());
    }
}

fn first_error(profile: &Profile, bytes: &[u8]) -> IntakeError {
    let mut reader = match open(profile, bytes) {
        Ok(reader) => reader,
        Err(error) => return error,
    };
    let mut record = Record::new();
    loop {
        match reader.next(&mut record) {
            Ok(true) => {}
            Ok(false) => panic!("no fault was found"),
            Err(error) => return error,
        }
    }
}

#[test]
fn refused_rows_can_be_put_right_and_sent_again() {
    let profile = profile("");
    let mut bad = SOUND;
    bad[4] = "2,5";
    bad[10] = "say \"so\"";
    let mut text = file(&[bad, SOUND]) + "short,row\n";
    for round in 0..2 {
        let incoming = Incoming::of(Source::from(text.as_bytes()), &profile).unwrap();
        let mut reader = Reader::open(&profile, &incoming).unwrap();
        let into = std::io::Cursor::new(Vec::new());
        let mut rejects = RejectWriter::new(into, reader.mapping(), &incoming.reading).unwrap();
        let (mut record, mut problems, mut drafts) = (Record::new(), Vec::new(), 0);
        while reader.next(&mut record).unwrap() {
            problems.clear();
            match reader.mapping().draft(&record, &mut problems) {
                Some(_) => drafts += 1,
                None => rejects.write(&record, &problems, "0f:2").unwrap(),
            }
        }
        assert_eq!((drafts, rejects.rows()), (1 - round, 2), "round {round}");
        let again = String::from_utf8(rejects.finish().unwrap().into_inner()).unwrap();
        let lines: Vec<&str> = again.lines().collect();
        assert!(lines[0].ends_with(",tone,ssn,creditbank_code,creditbank_reason,creditbank_row"), "{again}");
        assert!(lines[1].contains("\"say \"\"so\"\"\"") && lines[1].contains(",E203,"), "{again}");
        assert!(lines[2].starts_with("short,row,E101,"), "{again}");
        text = again;
    }
    let mended = text.replacen("\"2,5\"", "2.5", 1);
    let mut reader = open(&profile, mended.as_bytes()).unwrap();
    let mut record = Record::new();
    reader.next(&mut record).unwrap();
    assert!(reader.mapping().draft(&record, &mut Vec::new()).is_some());
}

#[test]
fn a_file_without_header_goes_by_numbers() {
    let text = "name = \"n\"\ntarget = \"outcomes\"\n[file]\nheader = false\ndelimiter = \";\"\n\
                decimal_mark = \",\"\n[columns]\noutcome = 1\ncredits = 2\n[constants]\ninstitution = \"X\"\n";
    let profile = Profile::parse(text, "n.toml").unwrap();
    let mut reader = open(&profile, &b"A1;2,5\nA2;x\n"[..]).unwrap();
    let (mut record, mut problems) = (Record::new(), Vec::new());
    assert!(reader.next(&mut record).unwrap());
    let draft = reader.mapping().draft(&record, &mut problems).unwrap();
    assert_eq!((draft.line, draft.credits), (1, Some(Credits(2_500))));
    assert!(reader.next(&mut record).unwrap());
    assert!(reader.mapping().draft(&record, &mut problems).is_none());
    assert!(problems[0].to_string().starts_with("line 2, column 2: `x`"), "{}", problems[0]);
    assert_eq!(first_error(&profile, b"A1\n").code(), "E004");
    assert_eq!(first_error(&profile, b"\n").code(), "E002");
}

#[test]
fn periods_are_read_with_the_calendar() {
    let profile = profile("[dates]\nformats = [\"term\", \"YYYY-MM-DD\"]\n");
    let text = file(&[SOUND]);
    let reader = open(&profile, text.as_bytes()).unwrap();
    let calendar = crate::domain::date::Calendar::default();
    let code = |text: &str| reader.mapping().read_period(text, &calendar).map_err(|fault| fault.rule.code());
    assert!(code("2024-02-29").is_ok());
    assert_eq!(code("2013J"), Err("E231"));
    assert_eq!(code("2023-02-30"), Err("E232"));
    let problem = reader.mapping().problem(9, Field::Period, "2013X", Rule::PeriodNotOffered, "not offered");
    assert!(
        problem.to_string().starts_with("line 9, column 3 `c_period`: `2013X`: not offered"),
        "{problem}"
    );
}

/// A file among the data of others, or nothing, said by name.
fn shared(name: &str) -> Option<Vec<u8>> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").to_owned();
    let folder = std::env::var("CREDITBANK_SHARED").unwrap_or(beside);
    let bytes = std::fs::read(format!("{folder}/data/{name}")).ok();
    if bytes.is_none() {
        println!("skipped: {name} is not there");
    }
    bytes
}

fn records_of(bytes: &[u8], encoding: &str) -> Vec<(u64, Vec<String>)> {
    let decode = Decode::new(bytes, crate::intake::decode::encoding(encoding).unwrap());
    let (mut records, mut record, mut rows) = (csv::Records::new(decode, b','), Record::new(), Vec::new());
    while records.next(&mut record).unwrap() {
        rows.push((record.line(), record.fields().map(String::from).collect()));
    }
    rows
}

#[test]
fn chinese_and_japanese_files_equal_their_twins() {
    let pairs = [
        ("huazhong/curriculum.gb18030.csv", "gb18030", "huazhong/curriculum.utf8.csv"),
        ("tsukuba/catalogue-500.cp932.csv", "cp932", "tsukuba/catalogue-500.utf8.csv"),
    ];
    for (name, encoding, twin) in pairs {
        let (Some(bytes), Some(twin)) = (shared(name), shared(twin)) else { return };
        let rows = records_of(&bytes, encoding);
        assert!(rows.len() > 20);
        assert_eq!(rows, records_of(&twin, "utf-8"), "{name}");
    }
}

#[test]
fn the_open_university_is_read_without_a_fault() {
    let Some(bytes) = shared("oulad/studentInfo-sixth.csv") else { return };
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/open-university/profile.toml");
    let profile = Profile::parse(&std::fs::read_to_string(path).unwrap(), path).unwrap();
    let mut reader = open(&profile, &bytes[..]).unwrap();
    let (mut record, mut problems, mut rows) = (Record::new(), Vec::new(), 0);
    while reader.next(&mut record).unwrap() {
        let draft = reader.mapping().draft(&record, &mut problems).unwrap();
        let period = reader.mapping().read_period(&draft.period, &profile.institutions[0].calendar).unwrap();
        assert_eq!(period.precision, Precision::Term);
        rows += 1;
    }
    assert_eq!(rows + 1, bytes.iter().filter(|byte| **byte == b'\n').count());
    assert_eq!(reader.bytes_read(), bytes.len() as u64);
    let bands = reader.mended().into_iter().find(|mended| mended.field == "imd_band").unwrap();
    assert_eq!((bands.from, bands.to, bands.rows), ("20-Oct", "10-20%", 572));
}

proptest::proptest! {
    #[test]
    fn arbitrary_rows_never_panic(bytes in proptest::collection::vec(proptest::arbitrary::any::<u8>(), 0..300)) {
        let profile = profile("");
        let mut text = file(&[]).into_bytes();
        text.extend(bytes);
        let Ok(mut reader) = open(&profile, &text[..]) else { return Ok(()) };
        let (mut record, mut problems) = (Record::new(), Vec::new());
        while let Ok(true) = reader.next(&mut record) {
            let _ = reader.mapping().draft(&record, &mut problems);
        }
    }
}
