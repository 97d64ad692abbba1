//! What a file is, by its content; its name counts for nothing.

use super::fault::IntakeError;
use super::rules::Rule;
use super::source::Source;
use serde::Deserialize;
use std::io::{Read, Seek};

/// Bytes at the start of a file by which its format is known.
const LOOKED_AT: u64 = 4_096;

/// A format of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Delimited text.
    Text,
    /// An Office Open XML workbook.
    Xlsx,
    /// A workbook of Excel 97 to 2003.
    Xls,
    /// An OpenDocument spreadsheet.
    Ods,
    /// XML.
    Xml,
    /// JSON.
    Json,
}

impl Format {
    /// The word for it, in profiles and batches.
    pub fn name(self) -> &'static str {
        ["text", "xlsx", "xls", "ods", "xml", "json"][self as usize]
    }

    /// What it is, for people.
    pub fn described(self) -> &'static str {
        [
            "delimited text",
            "an Excel workbook (xlsx)",
            "an Excel 97–2003 workbook (xls)",
            "an OpenDocument spreadsheet (ods)",
            "an XML file",
            "a JSON file",
        ][self as usize]
    }

    /// True for what holds sheets of cells.
    pub fn is_spreadsheet(self) -> bool {
        matches!(self, Format::Xlsx | Format::Xls | Format::Ods)
    }
}

/// Tells the format of a file from its content.
///
/// # Errors
/// Where it cannot be read, or is something that is known and not read: a folder of other files in a zip
/// archive, a web page under the name of a workbook.
pub fn sniff(source: &Source) -> Result<Format, IntakeError> {
    let mut start = Vec::new();
    source.content().take(LOOKED_AT).read_to_end(&mut start).map_err(IntakeError::Unreadable)?;
    match &start[..] {
        [b'P', b'K', 3 | 5, 4 | 6, ..] => of_archive(source.content()),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => Ok(Format::Xls),
        [0x1f, 0x8b, ..] => Err(unread("it is packed twice: unpack it once and import what comes out")),
        bytes => of_text(&beginning(bytes)),
    }
}

fn unread(what: &str) -> IntakeError {
    IntakeError::Unfit { rule: Rule::FormatUnread, line: None, what: what.to_owned() }
}

/// The first words of a text in whatever Unicode form, as ASCII where they are that.
fn beginning(bytes: &[u8]) -> String {
    let (text, ..) = encoding_rs::UTF_8.decode(bytes);
    text.trim_start().to_owned()
}

/// Tells XML and JSON from tables by the first character and what follows it.
fn of_text(text: &str) -> Result<Format, IntakeError> {
    let lower: String = text.chars().take(1_000).collect::<String>().to_lowercase();
    if lower.starts_with("<html") || lower.starts_with("<!doctype html") || lower.starts_with("<table") {
        return Err(unread("it is a web page, whatever its name says: save it as xlsx or as CSV"));
    }
    let is_tag = |c: char| c.is_alphabetic() || matches!(c, '?' | '!' | '_');
    if text.starts_with('<') && text[1..].starts_with(is_tag) && text.contains('>') {
        return match lower.contains("progid=\"excel.sheet\"") {
            true => Err(unread("it is an XML spreadsheet of 2003: save it as xlsx")),
            false => Ok(Format::Xml),
        };
    }
    // A compact JWS: the header begins with `{"` in base64url.
    let first = text.split(char::is_whitespace).next().unwrap_or_default();
    if first.starts_with("eyJ")
        && first.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    {
        return Ok(Format::Json);
    }
    let follows = |chars: &[char]| text[1..].trim_start().starts_with(chars);
    let json = match text.chars().next() {
        Some('{') => follows(&['"', '}']),
        Some('[') => follows(&['{', '[', '"', ']']),
        _ => false,
    };
    Ok(if json { Format::Json } else { Format::Text })
}

/// Tells the workbooks apart that are zip archives.
fn of_archive(content: impl Read + Seek) -> Result<Format, IntakeError> {
    let Ok(archive) = zip::ZipArchive::new(content) else {
        return Err(unread("it is a damaged zip archive, or a workbook that was cut off"));
    };
    let has = |name: &str| archive.file_names().flatten().any(|known| known.eq_ignore_ascii_case(name));
    if has("xl/workbook.xml") {
        return Ok(Format::Xlsx);
    }
    if has("content.xml") && has("mimetype") {
        return Ok(Format::Ods);
    }
    Err(unread("it is a zip archive without a workbook: unpack it and import the files in it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides() {
        let cases: [(&[u8], &str); 16] = [
            (b"eyJhbGciOiJFUzI1NiJ9.eyJ9.c2ln\n", "json"),
            (b"eyJ,abc\n1,2\n", "text"),
            (b"a,b\n1,2\n", "text"),
            (b"", "text"),
            (b"\xef\xbb\xbf <?xml version=\"1.0\"?><elmo/>", "xml"),
            (b"\xff\xfe<\0e\0l\0m\0o\0>\0", "xml"),
            (b"<elmo xmlns='x'>", "xml"),
            (b"<5,>6\n", "text"),
            (b"\n{ \"type\": 1}", "json"),
            (b"[{\"a\":1}]", "json"),
            (b"[id],[name]\n", "text"),
            (b"{id},{name}\n", "text"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1", "xls"),
            (b"<HTML><table>", "E012"),
            (b"PK\x03\x04 and no more", "E012"),
            (b"<?xml version=\"1.0\"?><?mso-application progid=\"Excel.Sheet\"?>", "E012"),
        ];
        for (bytes, expected) in cases {
            let found = match sniff(&Source::from(bytes)) {
                Ok(format) => format.name(),
                Err(error) => error.code(),
            };
            assert_eq!(found, expected, "{:?}", String::from_utf8_lossy(bytes));
        }
    }
}
