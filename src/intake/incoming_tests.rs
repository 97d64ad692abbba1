//! Encodings, delimiters and formats: what is stated, what is found, what is told.

use super::*;
use crate::intake::csv::Record;
use crate::intake::draft::Reader;
use encoding_rs::{BIG5, GB18030};

fn profile(file: &str) -> Profile {
    let text = format!(
        "name = \"t\"\ntarget = \"outcomes\"\n[file]\n{file}\n[columns]\noutcome = \"课程\"\ntitle = \"名称\"\n\
         [constants]\ninstitution = \"X\"\n"
    );
    Profile::parse(&text, "t.toml").unwrap_or_else(|error| panic!("{error}"))
}

const TABLE: &str = "课程,名称\nC1,数据结构\nC2,程序设计\n";

fn utf16(text: &str) -> Vec<u8> {
    let units: Vec<u16> = std::iter::once(0xfeff).chain(text.encode_utf16()).collect();
    units.into_iter().flat_map(u16::to_le_bytes).collect()
}

/// The last row's title, the encoding, and the codes of what is told.
fn read(bytes: &[u8], file: &str) -> Result<(String, &'static str, Vec<&'static str>), IntakeError> {
    let profile = profile(file);
    let incoming = Incoming::of(Source::from(bytes), &profile)?;
    let mut reader = Reader::open(&profile, &incoming)?;
    let (mut record, mut title) = (Record::new(), String::new());
    while reader.next(&mut record)? {
        title = record.get(1).unwrap_or_default().to_owned();
    }
    let told =
        incoming.reading.notices.iter().chain(&reader.notices()).map(|notice| notice.rule.code()).collect();
    Ok((title, incoming.reading.encoding.name(), told))
}

#[test]
fn a_mark_then_utf_8_then_the_profile_then_a_guess() {
    let gb = GB18030.encode(TABLE).0;
    let marked = format!("\u{feff}{TABLE}");
    let wide = utf16(TABLE);
    let cases: [(&[u8], &str, &str, &[&str]); 9] = [
        (TABLE.as_bytes(), "", "UTF-8", &[]),
        (TABLE.as_bytes(), "encoding = \"utf-8\"", "UTF-8", &[]),
        (TABLE.as_bytes(), "encoding = \"gb18030\"", "UTF-8", &["N106"]),
        (marked.as_bytes(), "encoding = \"gb18030\"", "UTF-8", &[]),
        (&wide, "encoding = \"gb18030\"", "UTF-16LE", &[]),
        (&wide[2..], "", "UTF-16LE", &["N105"]),
        (&gb, "encoding = \"gbk\"", "GBK", &[]),
        (&gb, "", "gb18030", &["N105"]),
        (&gb, "encoding = \"guess\"", "gb18030", &["N105"]),
    ];
    for (bytes, file, encoding, told) in cases {
        let (title, found, notices) = read(bytes, file).unwrap();
        assert_eq!((title.as_str(), found, &notices[..]), ("程序设计", encoding, told), "{file}");
    }
    assert_eq!(read(&gb, "encoding = \"utf-8\"").unwrap_err().code(), "E006");
}

#[test]
fn a_guess_may_rest_on_what_stands_far_below() {
    let mut text = String::from("课程,名称\n").replace("课程,名称", "a,b");
    text += &"C1,plain\n".repeat(20_000);
    let mut bytes = text.into_bytes();
    bytes.extend(BIG5.encode("C2,資料結構\nC3,程式設計\n").0.iter());
    let incoming = Incoming::of(Source::from(&bytes[..]), &profile("")).unwrap();
    assert_eq!(incoming.reading.encoding.name(), "Big5");
}

#[test]
fn a_decoding_fault_names_line_and_byte() {
    let mut bytes = GB18030.encode("课程,名称\nC1,单位\n").0.into_owned();
    let place = bytes.len() + 3;
    bytes.extend(b"C2,\x81\x20\n");
    let error = read(&bytes, "encoding = \"gb18030\"").unwrap_err();
    assert_eq!(error.to_string(), format!("line 3, byte {place} of the file: this is not gb18030"));
}

#[test]
fn a_damaged_file_is_read_in_its_own_encoding_up_to_the_damage() {
    let text = "course,title\nC1,数据结构与算法\nC2,高等数学\n";
    // Near the beginning, and beyond what a guess looks at.
    for rows in ["", &"C3,线性代数\n".repeat(10_000)] {
        let mut bytes = GB18030.encode(&format!("{text}{rows}")).0.into_owned();
        let line = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
        let place = bytes.len() + 3;
        bytes.extend(b"C4,\xd1\x20\n");
        let profile = Profile::parse(
            "name = \"t\"\ntarget = \"outcomes\"\n[columns]\noutcome = \"course\"\ntitle = \"title\"\n\
             [constants]\ninstitution = \"X\"\n",
            "t.toml",
        )
        .unwrap();
        let incoming = Incoming::of(Source::from(&bytes[..]), &profile).unwrap();
        assert_eq!(incoming.reading.encoding, GB18030);
        let mut reader = Reader::open(&profile, &incoming).unwrap();
        let mut record = Record::new();
        let error = loop {
            match reader.next(&mut record) {
                Ok(more) => assert!(more, "the damage was not met"),
                Err(error) => break error,
            }
        };
        let said = format!("line {line}, byte {place} of the file: this is not gb18030");
        assert_eq!((error.code(), error.to_string()), ("E006", said));
        assert!(error.remedy().contains("the file is damaged there"), "{}", error.remedy());
    }
}

#[test]
fn delimiters_are_found_by_the_profile_s_columns() {
    for (delimiter, told) in [(",", None), (";", Some("N107")), ("\t", Some("N107")), ("|", Some("N107"))] {
        let text = TABLE.replace(',', delimiter).replace("数据结构", "\"数据, 结构\"");
        let (title, _, notices) = read(text.as_bytes(), "").unwrap();
        assert_eq!((title.as_str(), notices.first().copied()), ("程序设计", told), "{text}");
    }
    let stated = read(TABLE.as_bytes(), "delimiter = \";\"").unwrap_err();
    assert_eq!(stated.code(), "E004");
}

#[test]
fn headers_are_given_or_found_below_a_title() {
    let titled = format!("某大学课程表\n\n制表: 2026\n{TABLE}");
    assert_eq!(read(titled.as_bytes(), "").unwrap().2, ["N109"]);
    assert_eq!(read(titled.as_bytes(), "header_row = 4").unwrap().2, Vec::<&str>::new());
    assert_eq!(read(titled.as_bytes(), "header_row = 3").unwrap_err().code(), "E004");
    assert_eq!(read(titled.as_bytes(), "header_row = 2").unwrap_err().code(), "E004");
    assert_eq!(read(titled.as_bytes(), "header_row = 90").unwrap_err().code(), "E004");
}

#[test]
fn a_profile_may_fix_the_format() {
    let braces = "{课程},名称\nC1,x\n";
    assert_eq!(read(braces.as_bytes(), "format = \"xlsx\"").unwrap_err().code(), "E011");
    // JSON is a table of a credential's columns, which this profile does not name.
    assert_eq!(read(b"{\"a\": 1}", "").unwrap_err().code(), "E004");
    assert_eq!(read(b"{\"a\": 1}", "format = \"text\"").unwrap_err().code(), "E004");
}

#[test]
fn what_a_batch_keeps_reads_the_file_the_same_again() {
    let bytes = GB18030.encode(&TABLE.replace(',', ";")).0.into_owned();
    let profile = profile("");
    let incoming = Incoming::of(Source::from(&bytes[..]), &profile).unwrap();
    let kept = incoming.reading.recorded().unwrap();
    assert_eq!(
        serde_json::to_string(&kept).unwrap(),
        r#"{"format":"text","encoding":"gb18030","delimiter":";","guessed":["encoding","delimiter"]}"#
    );
    assert_eq!(kept.to_string(), "text, encoding gb18030 (guessed), divided by a semicolon (guessed)");
    let other = Incoming::of(Source::from(TABLE.as_bytes()), &profile).unwrap();
    assert_eq!(other.reading.recorded(), None);
    assert_eq!(other.as_recorded(&kept).reading.encoding, GB18030);
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

#[test]
fn real_files_equal_their_twins_whether_the_encoding_is_stated_or_guessed() {
    let pairs = [
        ("huazhong/curriculum.gb18030.csv", "gb18030", "huazhong/curriculum.utf8.csv"),
        ("tsukuba/catalogue-500.cp932.csv", "cp932", "tsukuba/catalogue-500.utf8.csv"),
    ];
    for (name, encoding, twin) in pairs {
        let (Some(bytes), Some(twin)) = (shared(name), shared(twin)) else { return };
        let rows = |bytes: &[u8], file: &str| {
            let text = format!(
                "name = \"t\"\ntarget = \"outcomes\"\n[file]\nheader = false\n{file}\n[columns]\noutcome = 1\n\
                 [constants]\ninstitution = \"X\"\n"
            );
            let profile = Profile::parse(&text, "t.toml").unwrap();
            let incoming = Incoming::of(Source::from(bytes), &profile).unwrap();
            let mut reader = Reader::open(&profile, &incoming).unwrap();
            let (mut record, mut rows) = (Record::new(), Vec::new());
            while reader.next(&mut record).unwrap() {
                rows.push((record.line(), record.fields().map(String::from).collect::<Vec<_>>()));
            }
            rows
        };
        let expected = rows(&twin, "");
        assert!(expected.len() > 20);
        assert_eq!(rows(&bytes, &format!("encoding = \"{encoding}\"")), expected, "{name} stated");
        assert_eq!(rows(&bytes, ""), expected, "{name} guessed");
    }
}
