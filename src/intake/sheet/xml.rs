//! Parts of an archive, and XML that stays within bounds whatever it was packed from.
//!
//! The readers of XML keep one piece of markup or text in memory, and the names of the elements that are open. Both
//! are bounded here, before a reader sees the bytes, and so is the size to which a part unpacks.

use crate::intake::fault::IntakeError;
use crate::intake::rules::Rule;
use crate::intake::source::{Content, Source};
use flate2::read::DeflateDecoder;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

/// Longest piece of text or markup, in bytes; a cell of Excel holds 32,767 characters.
pub(super) const LONGEST: u64 = 1 << 20;
/// Deepest nesting of elements; a cell of a sheet stands six to ten deep.
const DEEPEST: u32 = 256;

/// What a part may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    /// Bytes.
    pub bytes: u64,
    /// Pieces of markup.
    pub tags: u64,
    /// Bytes of one piece of markup or text.
    pub longest: u64,
}

/// A refusal, carried inside an [`io::Error`] through readers that know nothing of it.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
struct Refused {
    rule: Rule,
    what: String,
}

fn refused(rule: Rule, what: impl Into<String>) -> io::Error {
    io::Error::other(Refused { rule, what: what.into() })
}

/// A fault of the whole file from what a reader met.
pub(super) fn from_io(error: io::Error) -> IntakeError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Refused>()) {
        Some(Refused { rule, what }) => IntakeError::Unfit { rule: *rule, line: None, what: what.clone() },
        None => damaged(&error),
    }
}

/// A workbook that its reader does not understand.
pub(super) fn damaged(what: &dyn std::fmt::Display) -> IntakeError {
    let what = crate::domain::text::shorten(&what.to_string(), 200);
    IntakeError::Unfit {
        rule: Rule::Workbook,
        line: None,
        what: format!("the workbook cannot be read: {what}"),
    }
}

/// An archive of a source.
pub(super) type Archive = zip::ZipArchive<BufReader<Content>>;

/// Opens the archive that a workbook is.
pub(super) fn archive(source: &Source) -> Result<Archive, IntakeError> {
    zip::ZipArchive::new(BufReader::new(source.content())).map_err(|error| damaged(&error))
}

/// A part as it is unpacked.
pub(super) type Part = BufReader<Bounded<Box<dyn Read + Send>>>;

/// Opens a part by its position in the archive, with its packed size.
pub(super) fn part(
    source: &Source,
    archive: &mut Archive,
    index: usize,
    bounds: impl Fn(u64) -> Bounds,
) -> Result<Part, IntakeError> {
    let file = archive.by_index(index).map_err(|error| match error {
        zip::result::ZipError::UnsupportedArchive(zip::result::ZipError::PASSWORD_REQUIRED) => protected(),
        other => damaged(&other),
    })?;
    let name = file.name().map(|name| name.into_owned()).unwrap_or_default();
    let (packed, declared) = (file.compressed_size(), file.size());
    let bounds = bounds(packed);
    if declared > bounds.bytes {
        return Err(from_io(too_large(&name, packed, bounds.bytes)));
    }
    let mut content = source.content();
    let start = file.data_start().ok_or_else(|| damaged(&"a part has no place in the archive"))?;
    content.seek(SeekFrom::Start(start)).map_err(IntakeError::Unreadable)?;
    let packed_bytes = BufReader::new(content.take(packed));
    let inner: Box<dyn Read + Send> = match file.compression() {
        zip::CompressionMethod::Stored => Box::new(packed_bytes),
        zip::CompressionMethod::Deflated => Box::new(DeflateDecoder::new(packed_bytes)),
        other => return Err(damaged(&format!("{name} is packed by {other}"))),
    };
    Ok(BufReader::with_capacity(1 << 16, Bounded::new(inner, name, packed, bounds)))
}

/// The refusal of a workbook that asks for a password.
pub(super) fn protected() -> IntakeError {
    IntakeError::Unfit {
        rule: Rule::Protected,
        line: None,
        what: "the workbook is protected by a password".into(),
    }
}

fn too_large(name: &str, packed: u64, limit: u64) -> io::Error {
    refused(Rule::Unpacked, format!("its part {name} has {packed} bytes and unpacks to more than {limit}"))
}

/// A reader of XML that ends with an error where a bound is passed.
pub(super) struct Bounded<R> {
    inner: R,
    name: String,
    packed: u64,
    bounds: Bounds,
    read: u64,
    tags: u64,
    piece: u64,
    depth: u32,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Text,
    /// After `<`: what came of the word by which comments and the like are known.
    Begun,
    /// After `<!`.
    Bang(u8),
    /// Within a tag: the quote that is open, and the last byte.
    Tag {
        quote: u8,
        last: u8,
        closes: bool,
    },
    /// Within a comment, a section of characters or an instruction: the byte before its end, how many of them.
    Until {
        byte: u8,
        needed: u8,
        seen: u8,
    },
}

impl<R> Bounded<R> {
    fn new(inner: R, name: String, packed: u64, bounds: Bounds) -> Bounded<R> {
        Bounded { inner, name, packed, bounds, read: 0, tags: 0, piece: 0, depth: 0, state: State::Text }
    }

    fn look(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.read += bytes.len() as u64;
        if self.read > self.bounds.bytes {
            return Err(too_large(&self.name, self.packed, self.bounds.bytes));
        }
        let mut at = 0;
        while at < bytes.len() {
            if self.state == State::Text {
                let length = memchr::memchr(b'<', &bytes[at..]).unwrap_or(bytes.len() - at);
                self.piece += length as u64;
                at += length;
                if at == bytes.len() {
                    break;
                }
            }
            self.piece += 1;
            self.state = self.after(bytes[at])?;
            at += 1;
            if self.piece > self.bounds.longest {
                break;
            }
        }
        if self.piece > self.bounds.longest {
            let what =
                format!("its part {} has a value of more than {} bytes", self.name, self.bounds.longest);
            return Err(refused(Rule::Unpacked, what));
        }
        Ok(())
    }

    fn after(&mut self, byte: u8) -> io::Result<State> {
        Ok(match (self.state, byte) {
            (State::Text, _) => {
                (self.piece, self.tags) = (0, self.tags + 1);
                if self.tags > self.bounds.tags {
                    let what = format!("its part {} has more than {} elements", self.name, self.bounds.tags);
                    return Err(refused(Rule::Unpacked, what));
                }
                State::Begun
            }
            (State::Begun, b'!') => State::Bang(0),
            (State::Begun, b'?') => State::Until { byte: b'?', needed: 1, seen: 0 },
            (State::Begun, byte) => State::Tag { quote: 0, last: byte, closes: byte == b'/' },
            (State::Bang(0), b'-') => State::Bang(b'-'),
            (State::Bang(b'-'), b'-') => State::Until { byte: b'-', needed: 2, seen: 0 },
            (State::Bang(0), b'[') => State::Until { byte: b']', needed: 2, seen: 0 },
            (State::Bang(_), _) => {
                let what =
                    format!("its part {} declares a document type, which no workbook needs", self.name);
                return Err(refused(Rule::Workbook, what));
            }
            (State::Tag { quote: 0, last, closes }, b'>') => {
                self.close(closes, last == b'/')?;
                State::Text
            }
            (State::Tag { quote: 0, closes, .. }, b'"' | b'\'') => {
                State::Tag { quote: byte, last: byte, closes }
            }
            (State::Tag { quote, closes, .. }, byte) => {
                State::Tag { quote: if quote == byte { 0 } else { quote }, last: byte, closes }
            }
            (State::Until { needed, seen, .. }, b'>') if seen >= needed => State::Text,
            (State::Until { byte: end, needed, seen }, byte) => {
                State::Until { byte: end, needed, seen: if byte == end { (seen + 1).min(needed) } else { 0 } }
            }
        })
    }

    fn close(&mut self, closes: bool, is_empty: bool) -> io::Result<()> {
        self.piece = 0;
        self.depth = match (closes, is_empty) {
            (true, _) => self.depth.saturating_sub(1),
            (false, true) => self.depth,
            (false, false) => self.depth + 1,
        };
        if self.depth <= DEEPEST {
            return Ok(());
        }
        let what = format!("its part {} nests elements more than {DEEPEST} deep", self.name);
        Err(refused(Rule::Workbook, what))
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.inner.read(buffer)?;
        self.look(&buffer[..size])?;
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(xml: &str) -> Result<String, String> {
        let bounds = Bounds { bytes: 5_000, tags: 600, longest: 100 };
        for piece in [1, 3, 5_001] {
            let inner = BufReader::with_capacity(piece, xml.as_bytes());
            let mut bounded = BufReader::with_capacity(piece, Bounded::new(inner, "p".into(), 9, bounds));
            let mut text = String::new();
            bounded.read_to_string(&mut text).map_err(|error| format!("{}", from_io(error)))?;
            assert_eq!(text, xml);
        }
        Ok(xml.to_owned())
    }

    #[test]
    fn xml_passes_as_long_as_it_keeps_the_bounds() {
        let fine =
            ["", "<?xml version='1.0'?><a b=\"<>'\"><!-- - -- > <x> --><c/><![CDATA[ ]] > ]]>t</a>", "a > b"];
        for xml in fine {
            assert!(read(xml).is_ok(), "{xml}");
        }
        let long = "x".repeat(101);
        let cases = [
            (format!("<a>{long}"), "value of more than 100"),
            (format!("<a b='{}'>", "<".repeat(101)), "value of more than 100"),
            (format!("<!--{}-->", "<a>".repeat(50)), "value of more than 100"),
            ("<a>".repeat(257), "more than 256 deep"),
            ("<a/>".repeat(601), "more than 600 elements"),
            (("x".repeat(90) + "<a/>").repeat(60), "unpacks to more than 5000"),
            ("<!DOCTYPE a [<!ENTITY b 'c'>]>".into(), "document type"),
        ];
        for (xml, part) in cases {
            let error = read(&xml).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
