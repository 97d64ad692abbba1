//! Workbooks as Excel writes them, as others write them, and as nobody should.

use super::*;
use crate::intake::draft::Reader;
use rust_xlsxwriter::{Format as Style, Formula, Workbook};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

fn profile(file: &str) -> Profile {
    let text = format!(
        "name = \"t\"\ntarget = \"outcomes\"\n[file]\n{file}\n[columns]\noutcome = \"code\"\ntitle = \"title\"\n\
         credits = \"credits\"\nvalid_from = \"from\"\n[constants]\ninstitution = \"X\"\n"
    );
    Profile::parse(&text, "t.toml").unwrap_or_else(|error| panic!("{error}"))
}

type Rows = Vec<(u64, Vec<String>, Vec<&'static str>)>;

/// Rows with their numbers and the rules that their cells break.
fn rows(bytes: &[u8], file: &str) -> Result<Rows, IntakeError> {
    let profile = profile(file);
    let incoming = Incoming::of(Source::from(bytes), &profile)?;
    let mut reader = Reader::open(&profile, &incoming)?;
    let (mut record, mut found) = (Record::new(), Vec::new());
    while reader.next(&mut record)? {
        let mut problems = Vec::new();
        reader.mapping().draft(&record, &mut problems);
        let rules = problems.iter().map(|problem| problem.rule.code()).collect();
        found.push((record.line(), record.fields().map(String::from).collect(), rules));
    }
    Ok(found)
}

fn fault(bytes: &[u8], file: &str) -> &'static str {
    rows(bytes, file).unwrap_err().code()
}

/// A workbook as Excel would save it.
fn excel(fill: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in ["code", "title", "credits", "from"].into_iter().enumerate() {
        sheet.write(0, column as u16, name).unwrap();
    }
    fill(sheet);
    book.save_to_buffer().unwrap()
}

#[test]
fn numbers_texts_and_dates_of_excel() {
    let day = Style::new().set_num_format("dd.mm.yyyy");
    let zeros = Style::new().set_num_format("000000");
    let bytes = excel(|sheet| {
        sheet.write(1, 0, "000123").unwrap();
        sheet.write(1, 1, "数据结构 & <更多>").unwrap();
        sheet.write(1, 2, 2.0).unwrap();
        sheet.write_with_format(1, 3, 45_322.0, &day).unwrap();
        sheet.write_with_format(2, 0, 123, &zeros).unwrap();
        sheet.write(2, 1, "text").unwrap();
        sheet.write(2, 2, "2.5").unwrap();
        sheet.write(2, 3, "2024-01-31").unwrap();
        sheet.write(4, 0, 440_981_000_000_000_000.0).unwrap();
        sheet.write(4, 2, 1.1).unwrap();
        sheet.write(5, 0, "4.40981E+17").unwrap();
        sheet.write_formula(6, 0, Formula::new("=A2").set_result("C7")).unwrap();
        sheet.write_formula(6, 2, Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
        sheet.write_with_format(6, 3, 45_322.5, &day).unwrap();
    });
    let found = rows(&bytes, "format = \"xlsx\"").unwrap();
    let strings = |row: usize| found[row].1.iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(found.iter().map(|row| row.0).collect::<Vec<_>>(), [2, 3, 5, 6, 7]);
    assert_eq!(strings(0), ["000123", "数据结构 & <更多>", "2", "2024-01-31"]);
    assert_eq!(strings(1), ["000123", "text", "2.5", "2024-01-31"]);
    assert_eq!(strings(2), ["440981000000000000", "", "1.1", ""]);
    assert_eq!((&found[2].2[..], &found[3].2[..]), (&["E211"][..], &["E211"][..]));
    assert_eq!(strings(4)[3], "2024-01-31 12:00:00");
    assert!(found[0].2.is_empty() && found[1].2.is_empty(), "{found:?}");
}

#[test]
fn a_decimal_comma_of_the_profile_is_that_of_its_numbers() {
    let bytes = excel(|sheet| {
        sheet.write(1, 0, "A").unwrap();
        sheet.write(1, 2, 2.5).unwrap();
        sheet.write(2, 0, "B").unwrap();
        sheet.write(2, 2, "2,5").unwrap();
    });
    let found = rows(&bytes, "decimal_mark = \",\"").unwrap();
    assert!(found.iter().all(|row| row.1[2] == "2,5" && row.2.is_empty()), "{found:?}");
}

#[test]
fn sheets_are_chosen_by_name_by_number_or_as_the_first() {
    let mut book = Workbook::new();
    for (name, code) in [("封面", "x"), ("成绩", "C1"), ("Old", "C0")] {
        let sheet = book.add_worksheet();
        sheet.set_name(name).unwrap();
        let top = if name == "封面" { 0 } else { 3 };
        for (column, title) in ["code", "title", "credits", "from"].into_iter().enumerate() {
            sheet.write(top, column as u16, title).unwrap();
        }
        sheet.write(0, 5, "学校名称").unwrap();
        sheet.write(top + 1, 0, code).unwrap();
    }
    let bytes = book.save_to_buffer().unwrap();
    let first = |file: &str| rows(&bytes, file).unwrap()[0].1[0].clone();
    assert_eq!(first("sheet = \"成绩\""), "C1");
    assert_eq!(first("sheet = 3"), "C0");
    assert_eq!(first("sheet = 3\nheader_row = 4"), "C0");
    assert_eq!(first(""), "x");
    assert_eq!(fault(&bytes, "sheet = \"成\""), "E013");
    assert_eq!(fault(&bytes, "sheet = 4"), "E013");
    assert_eq!(fault(&bytes, "format = \"ods\""), "E011");
    let incoming = Incoming::of(Source::from(&bytes[..]), &profile("")).unwrap();
    assert_eq!(incoming.reading.notices[0].rule, Rule::SheetChosen);
    assert_eq!(incoming.reading.recorded().unwrap().sheet.as_deref(), Some("封面"));
}

/// An archive of parts.
fn pack(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

/// A workbook made by hand: its properties, its strings, the rows of its sheet.
fn xlsx(properties: &str, strings: &str, data: &str) -> Vec<u8> {
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
    let relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let book = format!(
        "{head}<workbook xmlns=\"{MAIN}\" xmlns:r=\"{relation}\">{properties}<sheets>\
         <sheet name=\"S\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
    );
    let relations = format!(
        "{head}<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
         <Relationship Id=\"rId1\" Type=\"{relation}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
    );
    let root = format!(
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
         <Relationship Id=\"rId1\" Type=\"{relation}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
    );
    let styles = format!(
        "{head}<styleSheet xmlns=\"{MAIN}\"><cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>"
    );
    let sheet = format!("{head}<worksheet xmlns=\"{MAIN}\">{data}</worksheet>");
    pack(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("_rels/.rels", root.as_bytes()),
        ("xl/workbook.xml", book.as_bytes()),
        ("xl/_rels/workbook.xml.rels", relations.as_bytes()),
        ("xl/styles.xml", styles.as_bytes()),
        ("xl/sharedStrings.xml", format!("{head}{strings}").as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ])
}

const HEADER: &str = "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>code</t></is></c><c r=\"B1\" t=\"s\"><v>0</v></c>\
                      <c r=\"C1\" t=\"inlineStr\"><is><t>credits</t></is></c><c r=\"D1\" t=\"inlineStr\"><is><t>from</t></is></c></row>";

fn strings(inner: &str) -> String {
    format!("<sst xmlns=\"{MAIN}\">{inner}</sst>")
}

#[test]
fn other_programs_workbooks_are_read_alike() {
    let table = strings(
        "<si><t>title</t></si><si><r><t xml:space=\"preserve\">rich </t></r><r><t>text</t></r><rPh sb=\"0\" eb=\"1\"><t>xx</t></rPh></si>",
    );
    let row = "<row><c t=\"str\"><v>A&amp;B</v></c><c t=\"s\"><v>1</v></c><c><v>2.0</v></c><c s=\"1\"><v>0</v></c></row>\
               <row r=\"9\"><c r=\"A9\" t=\"n\"><v>7</v></c><c r=\"D9\" t=\"d\"><v>2024-01-31T00:00:00</v></c></row>\
               <row r=\"10\"><c r=\"A10\"><v>8</v></c><c r=\"D10\" s=\"1\"><v>43861</v></c></row>";
    let data = format!("<dimension ref=\"A1:XFD1048576\"/><sheetData>{HEADER}{row}</sheetData>");
    let bytes = xlsx("<workbookPr date1904=\"1\"/>", &table, &data);
    let found = rows(&bytes, "").unwrap();
    let texts: Vec<String> = found.iter().map(|row| row.1.join("|")).collect();
    assert_eq!(found.iter().map(|row| row.0).collect::<Vec<_>>(), [2, 9, 10]);
    assert_eq!(texts[0].split_once("|2|").unwrap().0, "A&B|rich text");
    assert_eq!((texts[1].as_str(), texts[2].as_str()), ("7|||2024-01-31", "8|||2024-02-01"));
}

#[test]
fn bombs_are_refused_by_number() {
    let table = strings("<si><t>title</t></si>");
    let sheet = |data: &str| xlsx("", &table, &format!("<sheetData>{HEADER}{data}</sheetData>"));
    let long = "x".repeat(2 << 20);
    let cases = [
        (
            "a cell of 2 MiB",
            sheet(&format!("<row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>{long}</t></is></c></row>")),
            "E014",
        ),
        (
            "100,000 columns",
            sheet(&format!("<row r=\"2\">{}</row>", "<c t=\"str\"><v>x</v></c>".repeat(100_000))),
            "E010",
        ),
        ("a far column", sheet("<row r=\"2\"><c r=\"XFD2\"><v>1</v></c></row>"), "E010"),
        (
            "rows out of order",
            sheet("<row r=\"5\"><c r=\"A5\"><v>1</v></c></row><row r=\"4\"><c r=\"A4\"><v>1</v></c></row>"),
            "E016",
        ),
        ("deep nesting", sheet(&"<a>".repeat(10_000)), "E016"),
        ("blanks without end", sheet(&" ".repeat(80 << 20)), "E014"),
        ("cut off", sheet("")[..900].to_vec(), "E012"),
        ("no string of that number", sheet("<row r=\"2\"><c r=\"A2\" t=\"s\"><v>99</v></c></row>"), "E016"),
        (
            "an entity bomb",
            xlsx(
                "",
                &format!("<!DOCTYPE sst [<!ENTITY a \"aa\"><!ENTITY b \"&a;&a;\">]>{table}"),
                "<sheetData/>",
            ),
            "E016",
        ),
        (
            "strings that are only claimed",
            xlsx("", &table.replace("<sst", "<sst uniqueCount=\"99999999999\""), "<sheetData/>"),
            "E016",
        ),
        (
            "strings repeated",
            xlsx("", &strings(&"<si><t>a</t></si>".repeat(2 << 20)), "<sheetData/>"),
            "E014",
        ),
        ("an archive without a workbook", pack(&[("a.csv", b"x")]), "E012"),
    ];
    for (name, bytes, code) in cases {
        assert_eq!(fault(&bytes, ""), code, "{name}");
    }
    let far = sheet("<row r=\"1048576\"><c r=\"A1048576\"><v>1</v></c></row>");
    assert_eq!(rows(&far, "").unwrap()[0].0, 1_048_576);
}

fn ods(body: &str) -> Vec<u8> {
    let content = format!(
        "<?xml version=\"1.0\"?><office:document-content xmlns:office=\"o\" xmlns:table=\"t\" xmlns:text=\"x\" \
         xmlns:calcext=\"c\"><office:body><office:spreadsheet>{body}</office:spreadsheet></office:body>\
         </office:document-content>"
    );
    pack(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", b"<manifest/>"),
        ("content.xml", content.as_bytes()),
    ])
}

fn words(words: &[&str]) -> String {
    let cell = |word: &&str| {
        format!("<table:table-cell office:value-type=\"string\"><text:p>{word}</text:p></table:table-cell>")
    };
    words.iter().map(cell).collect()
}

#[test]
fn open_document_sheets_are_read() {
    let header = words(&["code", "title", "credits", "from"]);
    let body = format!(
        "<table:table table:name=\"Other\"><table:table-row>{}</table:table-row></table:table>\
         <table:table table:name=\"S\"><table:table-column table:number-columns-repeated=\"16384\"/>\
         <table:table-row>{header}<table:table-cell table:number-columns-repeated=\"16380\"/></table:table-row>\
         <table:table-row table:number-rows-repeated=\"3\"><table:table-cell/></table:table-row>\
         <table:table-row table:number-rows-repeated=\"2\">\
         <table:table-cell office:value-type=\"float\" office:value=\"123\"><text:p>000123</text:p></table:table-cell>\
         <table:table-cell office:value-type=\"string\"><office:annotation><text:p>a note</text:p></office:annotation>\
         <text:p>A&amp;<text:s text:c=\"2\"/>B</text:p><text:p>second</text:p></table:table-cell>\
         <table:table-cell office:value-type=\"float\" office:value=\"2.50\"><text:p>2,5</text:p></table:table-cell>\
         <table:table-cell office:value-type=\"date\" office:date-value=\"2024-01-31\"><text:p>31.01.24</text:p></table:table-cell>\
         </table:table-row><table:table-row>\
         <table:table-cell office:value-type=\"float\" office:value=\"4.40981198001011E+17\"><text:p>4.41E+17</text:p></table:table-cell>\
         <table:table-cell table:number-columns-repeated=\"16383\"/></table:table-row>\
         <table:table-row table:number-rows-repeated=\"1048000\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>\
         </table:table>",
        words(&["x"])
    );
    let found = rows(&ods(&body), "sheet = \"S\"").unwrap();
    assert_eq!(found.iter().map(|row| row.0).collect::<Vec<_>>(), [5, 6, 7]);
    assert_eq!(found[0].1, ["000123", "A&  B\nsecond", "2.5", "2024-01-31"]);
    assert_eq!(found[1].1, found[0].1);
    assert_eq!(found[2].2, ["E211"]);
}

#[test]
fn open_document_bombs_are_refused() {
    let header = words(&["code", "title", "credits", "from"]);
    let table = |rows: &str| {
        ods(&format!(
            "<table:table table:name=\"S\"><table:table-row>{header}</table:table-row>{rows}</table:table>"
        ))
    };
    let wide = words(&["x"])
        .replace("<table:table-cell", "<table:table-cell table:number-columns-repeated=\"4294967295\"");
    let heavy = words(&[&"x".repeat(60_000)])
        .replace("<table:table-cell", "<table:table-cell table:number-columns-repeated=\"4000\"");
    let cases = [
        ("a cell repeated", table(&format!("<table:table-row>{wide}</table:table-row>")), "E010"),
        ("a long text repeated", table(&format!("<table:table-row>{heavy}</table:table-row>")), "E008"),
        (
            "a row repeated",
            table(&format!(
                "<table:table-row table:number-rows-repeated=\"4294967295\">{}</table:table-row>",
                words(&["x"])
            )),
            "E014",
        ),
        (
            "an entity",
            table(
                "<table:table-row><table:table-cell><text:p>&lol;</text:p></table:table-cell></table:table-row>",
            ),
            "E016",
        ),
        ("a doctype", pack(&[("mimetype", b"m"), ("content.xml", b"<!DOCTYPE x []><x/>")]), "E016"),
        (
            "a password",
            pack(&[
                ("mimetype", b"m"),
                ("META-INF/manifest.xml", b"<a><manifest:encryption-data/></a>"),
                ("content.xml", b"?"),
            ]),
            "E015",
        ),
    ];
    for (name, bytes, code) in cases {
        assert_eq!(fault(&bytes, ""), code, "{name}");
    }
}

/// A compound file with one stream.
fn compound(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    file.create_stream(name).unwrap().write_all(bytes).unwrap();
    file.flush().unwrap();
    file.into_inner().into_inner()
}

fn biff(records: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let one = |(kind, data): &(u16, Vec<u8>)| {
        [&kind.to_le_bytes()[..], &(data.len() as u16).to_le_bytes(), data].concat()
    };
    records.iter().flat_map(one).collect()
}

#[test]
fn old_workbooks_are_bounded_before_they_are_read() {
    let number = |row: u16, column: u16| {
        let place = [row.to_le_bytes(), column.to_le_bytes(), [0, 0]].concat();
        (0x0203, [place, 1f64.to_le_bytes().to_vec()].concat())
    };
    let begin = (0x0809, vec![0, 6, 0x10, 0, 0, 0, 0, 0]);
    let wide = biff(&[begin.clone(), number(0, 0), number(65_535, 255)]);
    let claims =
        biff(&[begin.clone(), (0x0200, [vec![0; 4], vec![255; 4], vec![0, 0, 255, 0, 0, 0]].concat())]);
    let mut shared = [1u32.to_le_bytes(), 1u32.to_le_bytes()].concat();
    shared.extend(8_000u16.to_le_bytes());
    shared.push(0);
    shared.extend(vec![b'x'; 8_000]);
    let label = (0x00fd, vec![0; 10]);
    let repeated: Vec<(u16, Vec<u8>)> = [vec![begin.clone(), (0x00fc, shared)], vec![label; 5_000]].concat();
    let cases = [
        ("cells far apart", compound("/Workbook", &wide), "E014"),
        ("a size that is only claimed", compound("/Workbook", &claims), "E014"),
        ("one text in many cells", compound("/Workbook", &biff(&repeated)), "E014"),
        ("a password of its own", compound("/Workbook", &biff(&[begin, (0x002f, vec![0; 6])])), "E015"),
        ("a password of an xlsx", compound("/EncryptedPackage", b"x"), "E015"),
        ("a letter", compound("/WordDocument", b"x"), "E012"),
        ("no workbook behind its signature", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(), "E016"),
    ];
    for (name, bytes, code) in cases {
        assert_eq!(fault(&bytes, ""), code, "{name}");
    }
}

#[test]
fn shared_strings_are_measured_across_records() {
    let first = [vec![0; 8], vec![5, 0, 0], b"abc".to_vec()].concat();
    let second = [vec![0], b"de".to_vec(), vec![2, 0, 1, b'f', 0, b'g', 0]].concat();
    assert_eq!(xls::lengths(&[&first, &second]), [10, 6]);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn damaged_workbooks_never_panic(
        places in proptest::collection::vec((0usize..6_000, proptest::arbitrary::any::<u8>()), 1..20)
    ) {
        let mut bytes = xlsx("", &strings("<si><t>title</t></si>"), &format!("<sheetData>{HEADER}</sheetData>"));
        for (place, byte) in places {
            let length = bytes.len();
            bytes[place % length] = byte;
        }
        let _ = rows(&bytes, "");
    }
}
