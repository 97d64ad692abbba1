//! How an unknown file is written: its encoding and its delimiter, from its first bytes.

use crate::intake::csv::{Record, Records};
use crate::intake::decode::Decode;
use crate::intake::fault::IntakeError;
use crate::intake::format::Format;
use crate::intake::incoming::{Guessed, Incoming, Reading};
use crate::intake::profile::Profile;
use crate::intake::source::{Content, Source};
use crate::intake::table::{self, Table};
use encoding_rs::Encoding;
use std::io::Read;

/// Bytes that are looked at before the file is read.
const HEAD: usize = 256 * 1024;
/// Records that are looked at for the delimiter.
const RECORDS: usize = 50;

/// What was found about how the file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// What it is.
    pub format: Format,
    /// The encoding of a text.
    pub encoding: &'static Encoding,
    /// How that is known.
    pub because: &'static str,
    /// Whether it is a guess.
    pub guessed: bool,
    /// The byte between two fields of a text.
    pub delimiter: u8,
}

/// The rows of a file of which nothing is known.
pub enum Rows {
    /// Of delimited text.
    Text(Box<Records<Decode<Content>>>),
    /// Of any other table.
    Table(Box<dyn Table>),
}

impl Rows {
    /// Reads the next row; `false` at the end of the file.
    pub fn next(&mut self, record: &mut Record) -> Result<bool, IntakeError> {
        match self {
            Rows::Text(records) => records.next(record),
            Rows::Table(table) => table.next(record),
        }
    }

    /// Whether the reader made the header, which stands first then.
    pub fn names_columns(&self) -> bool {
        matches!(self, Rows::Table(table) if table.names_columns())
    }
}

/// Begins to read a file of which nothing is known, in the way in which an import would.
///
/// # Errors
/// Where the file cannot be read, or is nothing that an import reads.
pub fn open(source: &Source) -> Result<(Written, Rows), IntakeError> {
    let profile = Profile::parse(ANY, "").map_err(|_| IntakeError::Empty)?;
    let incoming = Incoming::of(source.clone(), &profile)?;
    let Reading { format, encoding, mark, ref guessed, .. } = incoming.reading;
    let guessed = guessed.contains(&Guessed::Encoding);
    let written = Written { format, encoding, because: "its format says so", guessed, delimiter: b',' };
    if format != Format::Text {
        return Ok((written, Rows::Table(table::open(&incoming, &profile)?)));
    }
    let mut head = Vec::new();
    source.content().take(HEAD as u64).read_to_end(&mut head).map_err(IntakeError::Unreadable)?;
    let head = whole_lines(&head);
    let because = match (mark, guessed) {
        (true, _) => "the file begins with a byte order mark",
        (_, true) => "the bytes look like it",
        _ if head.is_ascii() => "there are ASCII characters only",
        _ => "every byte fits",
    };
    let delimiter = delimiter_of(head, encoding);
    let records = Records::new(Decode::new(source.content(), encoding), delimiter);
    Ok((Written { because, delimiter, ..written }, Rows::Text(Box::new(records))))
}

/// A profile that asks nothing of a file.
const ANY: &str = "name = \"any\"\ntarget = \"learners\"\n[columns]\nlearner = \"learner\"\n";

/// The head up to its last line break, so that no character is cut; all of it where it is the whole file.
fn whole_lines(head: &[u8]) -> &[u8] {
    let end = match head.len() < HEAD {
        true => head.len(),
        false => memchr::memrchr(b'\n', head).map_or(head.len(), |at| at + 1),
    };
    &head[..end]
}

/// The delimiter under which most of the first records have one width, and among equals the widest.
fn delimiter_of(head: &[u8], encoding: &'static Encoding) -> u8 {
    let score = |delimiter: u8| {
        let mut records = Records::new(Decode::new(head, encoding), delimiter);
        let (mut record, mut widths) = (Record::new(), Vec::new());
        while widths.len() < RECORDS {
            match records.next(&mut record) {
                Ok(true) => widths.push(record.len()),
                // Whoever reads on by it says so.
                Err(IntakeError::TooManyColumns { .. }) => return (usize::MAX, usize::MAX),
                _ => break,
            }
        }
        let most = |width: &usize| widths.iter().filter(|other| *other == width).count();
        let common = widths.iter().copied().max_by_key(|width| (most(width), *width)).unwrap_or(0);
        let fitting = if common > 1 { most(&common) } else { 0 };
        (fitting * 10 / widths.len().max(1), common)
    };
    // The last of equals is taken.
    *b"|\t;,".iter().max_by_key(|delimiter| score(**delimiter)).unwrap_or(&b',')
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{BIG5, EUC_KR, GB18030, SHIFT_JIS, UTF_8, WINDOWS_1252};

    #[test]
    fn encodings_and_delimiters_are_found() {
        let lanjiang = "学习卡号,姓名,课程代码,学分\n1,林知远,CS101,3\n";
        let seoul = "학번;성명;과목코드;학점\n1;가상;CS;3\n";
        let tsukuba = "科目番号\t科目名\t単位数\n1\tフレッシュマン・セミナー\t1.0\n";
        let silbersee = "Name;Modul;Prüfungsdatum\nGrünwald;Ökologie der Flüsse;1,5\n";
        let cases: &[(&'static Encoding, &str, &str, u8)] = &[
            (GB18030, lanjiang, "gb18030", b','),
            (BIG5, "學號|課程名稱|學分\n1|微積分|3\n", "Big5", b'|'),
            (EUC_KR, seoul, "EUC-KR", b';'),
            (SHIFT_JIS, tsukuba, "Shift_JIS", b'\t'),
            (WINDOWS_1252, silbersee, "windows-1252", b';'),
            (UTF_8, lanjiang, "UTF-8", b','),
            (UTF_8, "a,b\n\"x;y;z\",2\n", "UTF-8", b','),
            (UTF_8, "only\none\n", "UTF-8", b','),
            (WINDOWS_1252, "Apellido;Nombre\nÁlvarez;Ángel\n", "windows-1252", b';'),
            (GB18030, "id,name,title\n1,林知远,数据结构\n", "gb18030", b','),
        ];
        for (encoding, text, expected, delimiter) in cases {
            let (bytes, _, faulty) = encoding.encode(text);
            assert!(!faulty, "{text}");
            let (written, mut records) = open(&Source::from(&*bytes)).unwrap();
            assert_eq!((written.encoding.name(), written.delimiter), (*expected, *delimiter), "{text}");
            let mut record = Record::new();
            assert!(records.next(&mut record).unwrap());
            assert!(text.starts_with(record.get(0).unwrap()), "{text}");
        }
    }
}
