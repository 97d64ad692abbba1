//! Files as partners really send them: read, refused, mended, sent again.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

mod common;

use calamine::{Data, Reader, SheetVisible, Xlsx};
use common::{Answer, Session};
use encoding_rs::{Encoding, GB18030, SHIFT_JIS, WINDOWS_1252};
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_xlsxwriter::{Format, Formula, Workbook};
use std::io::{Cursor, Write};
use std::process::Stdio;

/// A profile of four columns; every learner in these files is fictitious.
fn profile(file: &str, columns: [&str; 4]) -> String {
    let [learner, outcome, credits, period] = columns;
    format!(
        "name = \"partner\"\ntarget = \"achievements\"\n[file]\n{file}\n[columns]\nlearner = \"{learner}\"\n\
         outcome = \"{outcome}\"\ncredits = \"{credits}\"\nperiod = \"{period}\"\n[constants]\ninstitution = \"X\"\n\
         system = \"CN\"\nkind = \"formal\"\n[dates]\nformats = [\"DD.MM.YYYY\", \"YYYY-MM-DD\"]\n[learner]\nunknown = \"create\"\n\
         [institution]\nunknown = \"create\"\n[outcome]\nunknown = \"create\"\n"
    )
}

const CHINESE: [&str; 4] = ["学号", "课程", "学分", "日期"];
const JAPANESE: [&str; 4] = ["学籍番号", "科目", "単位", "日付"];
const GERMAN: [&str; 4] = ["Matrikel", "Prüfung", "Punkte", "Datum"];

fn import(session: &Session, file: &str, more: &[&str]) -> Answer {
    session.run(&[&["import", file, "--profile", "p.toml"], more].concat())
}

/// Rows that the summary of an import counts under a heading.
fn count(answer: &Answer, what: &str) -> String {
    let line = answer.out.lines().find(|line| line.contains(what)).unwrap_or_default();
    line.split_whitespace().last().unwrap_or_default().to_owned()
}

/// Imports a file with one bad row, mends the refused row as `mend` does, and sends it back.
#[track_caller]
fn round_trip(name: &str, content: &[u8], profile: &str, mend: impl Fn(Vec<u8>) -> Vec<u8>) {
    let refused = name.trim_end_matches(".gz").rsplit_once('.').unwrap().0.to_owned() + ".refused.csv";
    round_trip_to(name, &refused, content, profile, mend);
}

/// The same, where the refused rows are expected in that file.
#[track_caller]
fn round_trip_to(
    name: &str,
    refused: &str,
    content: &[u8],
    profile: &str,
    mend: impl Fn(Vec<u8>) -> Vec<u8>,
) {
    let session = Session::bank();
    session.write("p.toml", profile);
    session.write(name, content);
    let answer = import(&session, name, &["--keep-going"]).exits(3).shows(refused);
    assert_eq!(count(&answer, "rows deposited"), "2", "{}", answer.out);
    let mended = mend(std::fs::read(session.path(refused)).unwrap());
    session.write("again", mended);
    let answer = import(&session, "again", &[]).exits(0);
    assert_eq!((count(&answer, "rows read"), count(&answer, "rows deposited")), ("1".into(), "1".into()));
    // The whole file mended and sent again then has nothing to add.
    assert_eq!(count(&import(&session, "again", &[]).exits(0), "rows deposited"), "0");
    session.run(&["verify"]).exits(0);
}

fn table(columns: [&str; 4], delimiter: &str, line_break: &str) -> String {
    let rows = [
        columns,
        ["001", "数据结构", "2", "2024-01-31"],
        ["002", "数据结构", "2x", "2024-01-31"],
        ["003", "数据结构", "2", "2024-01-31"],
    ];
    rows.map(|row| row.join(delimiter) + line_break).concat()
}

/// Decodes strictly, mends the amount, and encodes again.
fn mend_in(encoding: &'static Encoding, parts: &'static [&'static str]) -> impl Fn(Vec<u8>) -> Vec<u8> {
    move |bytes| {
        let text = encoding.decode_without_bom_handling_and_without_replacement(&bytes).unwrap();
        for part in parts {
            assert!(text.contains(part), "`{part}` is not in {text:?}");
        }
        encoding.encode(&text.replace("2x", "2")).0.into_owned()
    }
}

#[test]
fn refused_rows_go_back_in_gb18030() {
    let text = table(CHINESE, ",", "\r\n");
    let profile = profile("encoding = \"gbk\"", CHINESE);
    let parts = &[
        "学号,课程,学分,日期,creditbank_code,creditbank_reason,creditbank_row\r\n",
        "002,数据结构,2x,2024-01-31,E202,",
    ];
    round_trip("a.csv", &GB18030.encode(&text).0, &profile, mend_in(GB18030, parts));
}

#[test]
fn refused_rows_go_back_in_shift_jis() {
    let text = table(JAPANESE, ",", "\n").replace("数据结构", "構造");
    let profile = profile("encoding = \"cp932\"", JAPANESE);
    round_trip(
        "a.csv",
        &SHIFT_JIS.encode(&text).0,
        &profile,
        mend_in(SHIFT_JIS, &["002,構造,2x,2024-01-31,E202,"]),
    );
}

#[test]
fn refused_rows_of_utf_16_go_back_as_utf_8_with_a_mark() {
    let text = "\u{feff}".to_owned() + &table(CHINESE, "\t", "\r\n");
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let profile = profile("", CHINESE);
    let parts = &["\u{feff}学号\t课程\t", "\t2x\t"];
    round_trip("a.txt", &bytes, &profile, mend_in(encoding_rs::UTF_8, parts));
}

#[test]
fn refused_rows_go_back_with_semicolons_and_decimal_commas() {
    let text = table(GERMAN, ";", "\r\n").replace("数据结构", "Übung").replace(";2;", ";2,5;");
    let text = text.replace("2024-01-31", "31.01.2024");
    let profile = profile("encoding = \"windows-1252\"\ndecimal_mark = \",\"", GERMAN);
    let mend = |bytes: Vec<u8>| {
        let mend =
            mend_in(WINDOWS_1252, &["Matrikel;Prüfung;Punkte;Datum;", "002;Übung;2x;31.01.2024;E202;"]);
        let text = WINDOWS_1252.decode(&mend(bytes)).0.replace(";2;", ";2,5;");
        WINDOWS_1252.encode(&text).0.into_owned()
    };
    round_trip("a.csv", &WINDOWS_1252.encode(&text).0, &profile, mend);
}

#[test]
fn refused_rows_of_a_guessed_encoding_go_back_in_it_where_it_is_guessed_again() {
    let (chinese, profile) = (table(CHINESE, ";", "\r\n"), profile("", CHINESE));
    let parts = &[
        "学号;课程;学分;日期;creditbank_code;creditbank_reason;creditbank_row\r\n",
        "002;数据结构;2x;2024-01-31;E202;",
    ];
    round_trip("a.csv", &GB18030.encode(&chinese).0, &profile, mend_in(GB18030, parts));
    round_trip("a.csv.gz", &packed(&GB18030.encode(&chinese).0), &profile, mend_in(GB18030, parts));
}

#[test]
fn refused_rows_whose_encoding_would_be_guessed_otherwise_go_back_as_utf_8_with_a_mark() {
    // The whole file has Chinese titles; the row that is refused has none, and so has the header.
    let ascii = ["no", "course", "credits", "date"];
    let text =
        table(ascii, ",", "\n").replacen("数据结构", "数据结构（高级）", 1).replace("002,数据结构", "002,é");
    let mended = mend_in(encoding_rs::UTF_8, &["\u{feff}no,course", "002,é,2x"]);
    round_trip("a.csv", &GB18030.encode(&text).0, &profile("", ascii), mended);
}

/// A workbook with a title above its table, numbers, dates and a text among the numbers.
fn workbook() -> Vec<u8> {
    workbook_after(&[])
}

/// The same behind other sheets.
fn workbook_after(others: &[&str]) -> Vec<u8> {
    let mut book = Workbook::new();
    for name in others {
        book.add_worksheet().set_name(*name).unwrap();
    }
    let day = Format::new().set_num_format("yyyy/m/d");
    let sheet = book.add_worksheet();
    sheet.set_name("成绩").unwrap();
    sheet.write(0, 0, "某大学成绩表").unwrap();
    for (column, name) in CHINESE.into_iter().enumerate() {
        sheet.write(2, column as u16, name).unwrap();
    }
    for (row, learner) in ["001", "002", "003"].into_iter().enumerate() {
        let row = row as u32 + 3;
        sheet.write(row, 0, learner).unwrap();
        sheet.write(row, 1, "数据结构").unwrap();
        sheet.write(row, 2, 2.0).unwrap();
        sheet.write_with_format(row, 3, 45_322.0, &day).unwrap();
    }
    sheet.write(4, 2, "2x").unwrap();
    book.add_worksheet().set_name("说明").unwrap();
    book.save_to_buffer().unwrap()
}

/// All cells of the one sheet of a workbook that is shown: its name, and its rows.
fn cells(bytes: &[u8]) -> (String, Vec<Vec<Data>>) {
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).unwrap();
    let shown = book.sheets_metadata().iter().find(|sheet| sheet.visible == SheetVisible::Visible).unwrap();
    let name = shown.name.clone();
    let range = book.worksheet_range(&name).unwrap();
    (name, range.rows().map(<[Data]>::to_vec).collect())
}

/// Writes texts into a sheet of that name.
fn sheet_of(name: &str, rows: &[Vec<Data>]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name(name).unwrap();
    for (at, row) in rows.iter().enumerate() {
        for (column, cell) in row.iter().enumerate() {
            sheet.write(at as u32, column as u16, cell.to_string()).unwrap();
        }
    }
    book.save_to_buffer().unwrap()
}

/// Looks at the workbook of refused rows, mends the amount, and saves it as the supplier would.
fn mend_sheet(bytes: Vec<u8>) -> Vec<u8> {
    let (name, mut rows) = cells(&bytes);
    assert_eq!(name, "成绩");
    let text = |text: &str| Data::String(text.to_owned());
    assert_eq!(rows[0][..5], [CHINESE.map(text).as_slice(), &[text("creditbank_code")]].concat());
    assert_eq!(rows[1][..5], ["002", "数据结构", "2x", "2024-01-31", "E202"].map(text));
    assert!(rows[1][5].to_string().contains("line 5, column 3 `学分`: `2x`"), "{:?}", rows[1]);
    assert_eq!((rows.len(), rows[1].len()), (2, 6));
    rows[1][2] = text("2");
    sheet_of(&name, &rows)
}

#[test]
fn refused_rows_of_a_workbook_go_back_as_a_workbook() {
    for shape in ["format = \"xlsx\"\nsheet = \"成绩\"\nheader_row = 3", "sheet = 1", ""] {
        round_trip_to("a.xlsx", "a.refused.xlsx", &workbook(), &profile(shape, CHINESE), mend_sheet);
    }
    round_trip_to("a.xlsx.gz", "a.refused.xlsx", &packed(&workbook()), &profile("", CHINESE), mend_sheet);
}

#[test]
fn refused_rows_stand_in_the_sheet_of_the_number_that_the_profile_reads() {
    let session = Session::bank();
    session.write("p.toml", profile("sheet = 2", CHINESE));
    session.write("a.xlsx", workbook_after(&["封面"]));
    import(&session, "a.xlsx", &["--keep-going"]).exits(3);
    // Sent back as it came, the row is refused again, and its codes do not stand twice.
    import(&session, "a.refused.xlsx", &["--keep-going", "--rejects", "again.xlsx"]).exits(3);
    let (name, rows) = cells(&std::fs::read(session.path("again.xlsx")).unwrap());
    assert_eq!((name.as_str(), rows.len(), rows[0].len()), ("成绩", 2, 6));
}

#[test]
fn what_a_workbook_lost_is_refused_again_however_it_goes_back() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in CHINESE.into_iter().enumerate() {
        sheet.write(0, column as u16, name).unwrap();
    }
    for (row, title) in [(1, "A"), (2, "B")] {
        sheet.write(row, 0, "001").unwrap();
        sheet.write(row, 1, title).unwrap();
        sheet.write(row, 2, 2).unwrap();
        sheet.write(row, 3, "2024-01-31").unwrap();
    }
    sheet.write(1, 0, 440_981_199_001_011_234.0).unwrap();
    sheet.write(2, 1, Formula::new("=NA()").set_result("#N/A")).unwrap();
    let book = book.save_to_buffer().unwrap();
    for rejects in ["bad.xlsx", "bad.csv"] {
        let session = Session::bank();
        session.write("p.toml", profile("", CHINESE));
        session.write("a.xlsx", &book);
        for (from, to) in [("a.xlsx", rejects), (rejects, "again.csv")] {
            let answer = import(&session, from, &["--keep-going", "--rejects", to]).exits(3);
            assert_eq!(count(&answer, "rows refused"), "2", "{}", answer.out);
            let text = answer.shows("E211").shows("E214").out;
            assert!(!text.contains("E201"), "{text}");
        }
        let text = std::fs::read_to_string(session.path("again.csv")).unwrap();
        // How many digits a lost number shows is the workbook's affair.
        let lost = text.lines().nth(1).unwrap_or_default();
        assert!(lost.starts_with("4.40981199001011"), "{text}");
        assert!(lost.contains("E+17,A,2,2024-01-31,E211,"), "{text}");
        assert!(text.contains("001,#N/A,2,2024-01-31,E214,"), "{text}");
    }
}

#[test]
fn refused_rows_of_a_workbook_go_back_as_text_where_its_profile_or_somebody_wants_that() {
    let profile = profile("sheet = \"成绩\"\nheader_row = 3", CHINESE);
    let session = Session::bank();
    session.write("p.toml", &profile);
    session.write("a.xlsx", workbook());
    import(&session, "a.xlsx", &["--keep-going", "--rejects", "bad.csv"]).exits(3);
    let text = std::fs::read_to_string(session.path("bad.csv")).unwrap();
    assert!(text.starts_with("\u{feff}学号,课程,学分,日期,creditbank_code,"), "{text}");
    assert!(text.contains("002,数据结构,2x,2024-01-31,E202,"), "{text}");
    session.write("bad.csv", text.replace("2x", "2"));
    assert_eq!(count(&import(&session, "bad.csv", &[]).exits(0), "rows deposited"), "1");
}

#[test]
fn the_refused_rows_of_each_file_keep_its_encoding() {
    let session = Session::bank();
    session.write("p.toml", profile("encoding = \"windows-1252\"\ndelimiter = \";\"", GERMAN));
    let german = WINDOWS_1252.encode("Matrikel;Prüfung;Punkte;Datum\n1;Übung;2x;2024-01-31\n").0.into_owned();
    session.write("a.csv", german);
    session.write("b.csv", "Matrikel;Prüfung;Punkte;Datum\n2;数据;3x;2024-01-31\n");
    let answer = session.run(&["import", "a.csv", "b.csv", "--profile", "p.toml", "--keep-going"]).exits(3);
    assert!(answer.err.contains("N106"), "{}", answer.err);
    // Nothing but refused rows is a batch too.
    let bytes = std::fs::read(session.path("a.refused.csv")).unwrap();
    let german = WINDOWS_1252.decode_without_bom_handling(&bytes).0.into_owned();
    assert!(german.starts_with("Matrikel;Prüfung;") && german.contains("1;Übung;2x"), "{german}");
    let text = std::fs::read_to_string(session.path("b.refused.csv")).unwrap();
    assert!(text.contains("2;数据;3x") && !text.contains("Übung"), "{text}");
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn one_batch_of_files_of_every_kind() {
    let session = Session::bank();
    session.write("p.toml", profile("", CHINESE));
    let row = |learner: &str| format!("学号,课程,学分,日期\n{learner},数据结构,2,2024-01-31\n");
    session.write("plain.csv", row("101"));
    session.write("gb.csv", &*GB18030.encode(&row("102").replace(',', ";")).0);
    session.write("packed.csv.gz", packed(row("103").as_bytes()));
    session.write("book.xlsx", workbook());
    session.write("packed.xlsx.gz", packed(&workbook()));
    let files = ["plain.csv", "gb.csv", "packed.csv.gz", "book.xlsx", "packed.xlsx.gz"];
    let answer =
        session.run(&[&["import"], &files[..], &["--profile", "p.toml", "--keep-going"]].concat()).exits(3);
    assert_eq!(count(&answer, "rows read"), "9", "{}", answer.out);
    assert_eq!(count(&answer, "rows deposited"), "5", "{}", answer.out);
    for said in [
        "gb.csv: it is not UTF-8; the encoding is guessed to be gb18030 [N105]",
        "[N107]",
        "[N108]",
        "[N109]",
    ] {
        assert!(answer.err.contains(said), "`{said}` is not in {}", answer.err);
    }
    let ledger = rusqlite::Connection::open(session.path("creditbank.db")).unwrap();
    let kept: String = ledger
        .query_row("SELECT payload FROM act WHERE payload LIKE '%gb.csv%'", [], |row| row.get(0))
        .unwrap();
    let guessed =
        r#""read":{"format":"text","encoding":"gb18030","delimiter":";","guessed":["encoding","delimiter"]}"#;
    assert!(kept.contains(guessed), "{kept}");
    drop(ledger);
    session.run(&["verify"]).exits(0);
}

#[test]
fn standard_input_is_read_whatever_comes_through_it() {
    for content in
        [table(CHINESE, ",", "\n").into_bytes(), packed(table(CHINESE, ",", "\n").as_bytes()), workbook()]
    {
        let session = Session::bank();
        session.write("p.toml", profile("", CHINESE));
        let mut command = session.command();
        command.args(["import", "-", "--profile", "p.toml", "--keep-going"]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(&content).unwrap();
        let answer = common::answer(child.wait_with_output().unwrap()).exits(3);
        assert_eq!(count(&answer, "rows deposited"), "2", "{}", answer.out);
        let extension = if content.starts_with(b"PK") { "xlsx" } else { "csv" };
        assert!(session.path(&format!("standard-input.refused.{extension}")).exists());
    }
}

#[test]
fn faults_of_files_name_the_file() {
    let session = Session::bank();
    session.write("p.toml", profile("", CHINESE));
    session.write("a.xlsx", &workbook()[..2_000]);
    import(&session, "a.xlsx", &[]).exits(1).says("a.xlsx").says("E012");
    session.write("a.csv", "<html><body><table>");
    import(&session, "a.csv", &[]).exits(1).says("a.csv").says("web page").says("E012");
    session.write("gz.csv", &packed(&vec![b'x'; 100 << 20])[..]);
    import(&session, "gz.csv", &[]).exits(1).says("gz.csv").says("E014");
    session.write("p.toml", profile("sheet = \"none\"", CHINESE));
    session.write("a.xlsx", workbook());
    import(&session, "a.xlsx", &[]).exits(1).says("E013").says("成绩, 说明");
}
