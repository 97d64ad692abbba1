//! Every shape against small reports, letter by letter.

use super::*;
use crate::domain::credits::Credits;
use crate::report::{Cell, Column, Section};

const COLUMNS: [Column; 3] =
    [Column::text("title", "Title"), Column::number("amount", "Credits"), Column::text("agrees", "Agrees")];
const WHO: [Column; 2] = [Column::text("fact", "Fact"), Column::text("title", "Title")];

fn meta(sections: Vec<Section>) -> Meta {
    Meta {
        report: "trial-balance",
        bank: "国开学分银行".into(),
        identifier: "bank.example".into(),
        moment: "2025-01-02T03:04:05Z".into(),
        filter: vec![("as-of".into(), "2024-12-31".into())],
        logs: vec![LogState {
            log: 0,
            origin: "bank.example/x".into(),
            size: 123,
            root: "0123456789abcdef".into(),
        }],
        sections,
    }
}

fn rows() -> Vec<[Cell; 3]> {
    vec![
        ["数据结构".into(), Credits(3_000).into(), Cell::Flag(true)],
        ["=1+2".into(), Credits(-12_500).into(), Cell::Flag(false)],
        ["a\u{1b}[31mb, \"c\"".into(), Cell::Int(-7), Cell::Empty],
    ]
}

fn one_section(format: Format, width: Option<u16>) -> (String, Vec<String>) {
    let mut out = Vec::new();
    let mut sink = sink(format, &mut out, width);
    sink.begin(&meta(vec![Section::new("rows", "Rows", &COLUMNS)])).unwrap();
    sink.section("rows", "Rows", &COLUMNS).unwrap();
    for row in rows() {
        sink.row(&row).unwrap();
    }
    sink.note("two\u{9b}fold").unwrap();
    sink.end().unwrap();
    let unsaid = sink.unsaid();
    drop(sink);
    (String::from_utf8(out).unwrap(), unsaid)
}

fn two_sections(format: Format) -> String {
    let mut out = Vec::new();
    let mut sink = sink(format, &mut out, None);
    let sections = [Section::new("who", "Learner", &WHO), Section::new("rows", "Rows", &COLUMNS)];
    sink.begin(&meta(sections.to_vec())).unwrap();
    sink.section("who", "Learner", &WHO).unwrap();
    sink.row(&["name".into(), "王小明".into()]).unwrap();
    sink.section("rows", "Rows", &COLUMNS).unwrap();
    sink.end().unwrap();
    drop(sink);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_table_aligns_chinese_and_shows_control_characters() {
    let expected = "\
Trial balance — 国开学分银行 (bank.example) · 2025-01-02T03:04:05Z
journal: 123 entries, root 0123456789abcdef
filter: as-of 2024-12-31

Title              Credits  Agrees
──────────────────────────────────
数据结构                 3  yes
=1+2                 -12.5  NO
a\\u{1b}[31mb, \"c\"       -7

Note: two\\u{9b}fold
";
    assert_eq!(one_section(Format::Table, None).0, expected);
}

#[test]
fn a_narrow_table_wraps_and_a_narrower_one_becomes_records() {
    let expected = "\
Title        Credits  Agrees
────────────────────────────
数据结构           3  yes
=1+2           -12.5  NO
a\\u{1b}[31m       -7
b, \"c\"
";
    let wrapped = one_section(Format::Table, Some(28)).0;
    assert!(wrapped.contains(expected), "{wrapped}");
    assert!(wrapped.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= 28), "{wrapped}");
    let expected = "
Title    数据结构
Credits  3
Agrees   yes

Title    =1+2
Credits  -12.5
Agrees   NO

Title    a\\u{1b}[31m
         b, \"c\"
Credits  -7
";
    let records = one_section(Format::Table, Some(20)).0;
    assert!(records.contains(expected), "{records}");
}

#[test]
fn columns_without_a_value_give_way() {
    let mut out = Vec::new();
    let mut sink = sink(Format::Table, &mut out, Some(20));
    sink.begin(&Meta::default()).unwrap();
    sink.section("rows", "Rows", &COLUMNS).unwrap();
    sink.row(&["数据结构".into(), Cell::Int(7), Cell::Empty]).unwrap();
    sink.end().unwrap();
    drop(sink);
    let text = String::from_utf8(out).unwrap();
    assert!(text.ends_with("Title     Credits\n─────────────────\n数据结构        7\n"), "{text}");
}

#[test]
fn a_long_table_streams_with_the_widths_of_its_first_rows() {
    let mut out = Vec::new();
    let mut sink = sink(Format::Table, &mut out, Some(40));
    sink.begin(&meta(Vec::new())).unwrap();
    sink.section("rows", "Rows", &COLUMNS).unwrap();
    for at in 0..1_200 {
        let title = if at < 500 { "数据结构".to_owned() } else { format!("row {at} is longer") };
        sink.row(&[title.into(), Cell::Int(at), Cell::Empty]).unwrap();
    }
    sink.end().unwrap();
    drop(sink);
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.matches("Credits").count(), 1);
    assert!(text.contains("\n数据结构      499\n"), "{}", &text[..2_000]);
    assert!(text.contains("\nrow 1199     1199\n"), "{}", &text[text.len() - 200..]);
}

#[test]
fn csv_holds_rows_only_and_no_formula() {
    let (text, unsaid) = one_section(Format::Csv, None);
    let expected =
        "title,amount,agrees\r\n数据结构,3,true\r\n'=1+2,-12.5,false\r\n\"a\\u{1b}[31mb, \"\"c\"\"\",-7,\r\n";
    assert_eq!(text, expected);
    assert_eq!(unsaid.last().unwrap(), "two\\u{9b}fold");
    assert!(unsaid[0].starts_with("Trial balance — "));
}

#[test]
fn several_sections_are_one_csv_table() {
    let expected = "section,fact,title,amount,agrees\r\nwho,name,王小明,,\r\n";
    assert_eq!(two_sections(Format::Csv), expected);
}

#[test]
fn json_is_one_object_with_amounts_as_strings() {
    let expected = r#"{"schema":"creditbank/trial-balance/1","bank":{"name":"国开学分银行","identifier":"bank.example"},"moment":"2025-01-02T03:04:05Z","filter":{"as-of":"2024-12-31"},"journal":[{"log":0,"origin":"bank.example/x","size":123,"root":"0123456789abcdef"}],
"rows":[
{"title":"数据结构","amount":"3","agrees":true},
{"title":"=1+2","amount":"-12.5","agrees":false},
{"title":"a\u001b[31mb, \"c\"","amount":-7,"agrees":null}
],
"notes":["two\u009bfold"]}
"#;
    let text = one_section(Format::Json, None).0;
    assert_eq!(text, expected);
    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(read["notes"][0], "two\u{9b}fold");
    let read: serde_json::Value = serde_json::from_str(&two_sections(Format::Json)).unwrap();
    assert_eq!((read["who"].as_array().unwrap().len(), read["rows"].as_array().unwrap().len()), (1, 0));
}

#[test]
fn ndjson_is_one_object_a_line() {
    let text = one_section(Format::Ndjson, None).0;
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 5);
    assert_eq!(lines[0]["journal"][0]["size"], 123);
    assert_eq!(lines[2]["section"], "rows");
    assert_eq!(lines[2]["amount"], "-12.5");
    assert_eq!(lines[4]["note"], "two\u{9b}fold");
}

#[test]
fn formats_have_names_and_endings() {
    for format in Format::ALL {
        assert_eq!(format.name().parse::<Format>().unwrap(), format);
    }
    assert_eq!("xml".parse::<Format>().unwrap_err().exit, Exit::Usage);
    assert_eq!(Format::of_file("/tmp/a.JSONL"), Some(Format::Ndjson));
    assert_eq!(Format::of_file("a.db"), None);
}
