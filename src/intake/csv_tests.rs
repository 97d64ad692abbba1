//! Records against hand-made cases, the `csv` crate's writer and arbitrary bytes.

use super::*;
use crate::intake::decode::Decode;
use proptest::prelude::*;

type Rows = Vec<(u64, Vec<String>)>;
type Expected<'a> = (u64, &'a [&'a str]);

/// Hands out a few bytes at a time, so that records cross the ends of buffers.
struct Drip<'a>(&'a [u8], usize);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.0.len().min(self.1).min(buffer.len());
        buffer[..size].copy_from_slice(&self.0[..size]);
        self.0 = &self.0[size..];
        Ok(size)
    }
}

fn rows_in(bytes: &[u8], piece: usize) -> Result<Rows, IntakeError> {
    let mut records = Records::new(Decode::new(Drip(bytes, piece), encoding_rs::UTF_8), b',');
    let (mut record, mut rows) = (Record::new(), Vec::new());
    while records.next(&mut record)? {
        assert_eq!(record.fields().count(), record.len());
        rows.push((record.line(), record.fields().map(String::from).collect()));
    }
    assert!(!records.next(&mut record)?, "the end of a file stays its end");
    Ok(rows)
}

/// Reads whole and in pieces, which must agree.
fn rows(bytes: &[u8]) -> Result<Rows, IntakeError> {
    let whole = rows_in(bytes, usize::MAX);
    for piece in [1, 2, 3, 7] {
        let pieces = rows_in(bytes, piece);
        assert_eq!(format!("{whole:?}"), format!("{pieces:?}"), "in pieces of {piece}");
    }
    whole
}

#[test]
fn all_line_endings_and_quoted_line_breaks_keep_the_count() {
    let cases: [(&str, &[Expected]); 12] = [
        ("", &[]),
        ("\n\r\n\r", &[]),
        ("a,b\nc,d\n", &[(1, &["a", "b"]), (2, &["c", "d"])]),
        ("a,b\r\nc,d\r\n", &[(1, &["a", "b"]), (2, &["c", "d"])]),
        ("a,b\rc,d\r", &[(1, &["a", "b"]), (2, &["c", "d"])]),
        ("a,b\nc,d", &[(1, &["a", "b"]), (2, &["c", "d"])]),
        ("\u{feff}a\n\n\nb\r\n\r\nc", &[(1, &["a"]), (4, &["b"]), (6, &["c"])]),
        ("\"a\nb\",c\nd,e\n", &[(1, &["a\nb", "c"]), (3, &["d", "e"])]),
        ("\"a\r\nb\r\",c\r\nd,e", &[(1, &["a\r\nb\r", "c"]), (4, &["d", "e"])]),
        ("a,\"x \"\"y\"\"\"\n,\n\"\"\n", &[(1, &["a", "x \"y\""]), (2, &["", ""]), (3, &[""])]),
        ("学,分\n\"é,\",b\"c\n", &[(1, &["学", "分"]), (2, &["é,", "b\"c"])]),
        ("a", &[(1, &["a"])]),
    ];
    for (text, expected) in cases {
        let expected: Rows = expected
            .iter()
            .map(|(line, fields)| (*line, fields.iter().map(ToString::to_string).collect()))
            .collect();
        assert_eq!(rows(text.as_bytes()).unwrap(), expected, "{text:?}");
    }
}

#[test]
fn what_cannot_be_read_says_where() {
    let cases: [(&[u8], &str, u64); 6] = [
        (b"a,b\nc,\0d\n", "E007", 2),
        (b"a\r\n\"b\nc\"\n\0", "E007", 4),
        (b"a,b\n1,\"x\ny\nz\n", "E009", 2),
        (b"a,b\n\"1\n\n\",\"x\ny", "E009", 4),
        (b"a,b\n\"", "E009", 2),
        (b"a,b\n1,\xff\n", "E006", 2),
    ];
    for (bytes, code, line) in cases {
        let error = rows(bytes).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(&format!("line {line}")), "{error}");
    }
}

#[test]
fn a_record_is_bounded() {
    let long = |text: &str| format!("a,b\n1,2\n{text}{}", "x,".repeat(2_000) + &"y".repeat(MAX_RECORD));
    let cases = [
        (long(""), "E008"),
        (long("\""), "E009"),
        (format!("{}\n", ",".repeat(MAX_COLUMNS)), "E010"),
        (format!("\"\"{}\n", ",".repeat(MAX_COLUMNS)), "E010"),
    ];
    for (text, code) in cases {
        let error = rows_in(text.as_bytes(), usize::MAX).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
    }
    let widest = format!("{}\n", ",".repeat(MAX_COLUMNS - 1));
    assert_eq!(rows_in(widest.as_bytes(), usize::MAX).unwrap()[0].1.len(), MAX_COLUMNS);
    let quoted = format!("\"\"{widest}");
    assert_eq!(rows_in(quoted.as_bytes(), usize::MAX).unwrap()[0].1.len(), MAX_COLUMNS);
}

proptest! {
    #[test]
    fn what_the_csv_crate_writes_comes_back(
        written in prop::collection::vec(prop::collection::vec("[a-c,\"\r\n é学]{0,6}", 1..5), 1..8),
        piece in 1usize..40,
    ) {
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        for row in &written {
            writer.write_record(row).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        let read: Vec<Vec<String>> = rows_in(&bytes, piece).unwrap().into_iter().map(|row| row.1).collect();
        prop_assert_eq!(read, written);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), piece in 1usize..50) {
        let _ = rows_in(&bytes, piece);
    }

    #[test]
    fn arbitrary_quotes_and_breaks_read_alike_whole_and_in_pieces(
        text in "[a,\"\r\n]{0,40}", piece in 1usize..9,
    ) {
        let (whole, pieces) = (rows_in(text.as_bytes(), usize::MAX), rows_in(text.as_bytes(), piece));
        prop_assert_eq!(format!("{whole:?}"), format!("{pieces:?}"));
    }
}
