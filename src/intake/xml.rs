//! XML as a stream of elements, each with its place: bounded in depth and in size, and without entities of its
//! own, which can blow a small file up or fetch what nobody sent.

use super::decode::{Malformed, encoding};
use super::place::Place;
use super::rules::Rule;
use encoding_rs::Encoding;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;
use std::io::{self, BufRead, Read};

/// Elements within each other.
const MAX_DEPTH: usize = 256;
/// Bytes of one tag or one text, such as an attached document.
const MAX_PIECE: u64 = 64 << 20;

/// What makes the rest of an XML file unreadable.
#[derive(Debug)]
pub struct XmlFault {
    /// Where it was met.
    pub place: Place,
    /// The rule that it breaks.
    pub rule: Rule,
    /// What is wrong.
    pub what: String,
}

/// An attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its namespace; empty where it has no prefix.
    pub space: String,
    /// Its name without prefix.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// The start of an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// Its namespace; empty where it has none.
    pub space: String,
    /// Its name without prefix.
    pub name: String,
    /// Its attributes, without declarations of namespaces.
    pub attributes: Vec<Attribute>,
    /// Where its tag begins.
    pub place: Place,
}

/// A piece of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// An element begins.
    Start(Start),
    /// The element ends.
    End,
    /// Text, with references replaced.
    Text(String),
    /// The file ends.
    Eof,
}

/// An XML file.
pub struct Xml<R: BufRead> {
    reader: NsReader<Counted<R>>,
    buffer: Vec<u8>,
    depth: usize,
    /// Whether the root element was met.
    rooted: bool,
}

impl<R: BufRead> Xml<R> {
    /// Reads XML in UTF-8.
    pub fn new(inner: R) -> Xml<R> {
        let mut reader =
            NsReader::from_reader(Counted { inner, place: Place { line: 1, column: 1 }, piece: 0 });
        reader.config_mut().expand_empty_elements = true;
        Xml { reader, buffer: Vec::new(), depth: 0, rooted: false }
    }

    /// The next piece.
    ///
    /// # Errors
    /// Says what makes the rest of the file unreadable.
    pub fn next_piece(&mut self) -> Result<Piece, XmlFault> {
        loop {
            let place = self.reader.get_ref().place;
            self.reader.get_mut().piece = 0;
            self.buffer.clear();
            let fault = |rule, what: String| XmlFault { place, rule, what };
            let (space, event) = self
                .reader
                .read_resolved_event_into(&mut self.buffer)
                .map_err(|error| broken(&error, place))?;
            return match event {
                // An empty element comes as a start and an end.
                Event::Start(tag) | Event::Empty(tag) => {
                    if self.depth == 0 && self.rooted {
                        return Err(fault(Rule::XmlBroken, "a second root element begins".into()));
                    }
                    (self.depth, self.rooted) = (self.depth + 1, true);
                    if self.depth > MAX_DEPTH {
                        return Err(fault(
                            Rule::XmlUnsafe,
                            format!("elements stand within each other more than {MAX_DEPTH} deep"),
                        ));
                    }
                    let space = space_of(&space).map_err(|what| fault(Rule::XmlBroken, what))?;
                    let tag = tag.into_owned();
                    self.start(&tag, space, place).map(Piece::Start)
                }
                Event::End(_) => {
                    self.depth -= 1;
                    Ok(Piece::End)
                }
                Event::Text(text) => Ok(Piece::Text(text.xml10_content().into_owned())),
                Event::CData(text) => Ok(Piece::Text(text.xml10_content().into_owned())),
                Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                    Err(error) => Err(broken(&error, place)),
                    Ok(Some(c)) => Ok(Piece::Text(c.to_string())),
                    Ok(None) => {
                        let name = reference.into_inner();
                        quick_xml::escape::resolve_predefined_entity(&name)
                            .map(|text| Piece::Text(text.to_owned()))
                            .ok_or_else(|| {
                                fault(
                                    Rule::XmlUnsafe,
                                    format!("`&{name};` is an entity that XML itself does not have"),
                                )
                            })
                    }
                },
                Event::DocType(_) => {
                    Err(fault(Rule::XmlUnsafe, "it has a document type declaration (<!DOCTYPE …>)".into()))
                }
                Event::Eof if self.depth > 0 => {
                    Err(fault(Rule::XmlBroken, "the file ends within an element: it was cut off".into()))
                }
                Event::Eof if !self.rooted => Err(fault(Rule::XmlBroken, "there is no element in it".into())),
                Event::Eof => Ok(Piece::Eof),
                Event::Comment(_) | Event::PI(_) | Event::Decl(_) => continue,
            };
        }
    }

    /// Reads on past the end of an element that has begun.
    ///
    /// # Errors
    /// As [`Xml::next_piece`].
    pub fn skip(&mut self) -> Result<(), XmlFault> {
        let outside = self.depth - 1;
        while self.depth > outside {
            self.next_piece()?;
        }
        Ok(())
    }

    fn start(&self, tag: &BytesStart<'_>, space: String, place: Place) -> Result<Start, XmlFault> {
        let fault = |what: String| XmlFault { place, rule: Rule::XmlBroken, what };
        let mut attributes = Vec::new();
        for attribute in tag.attributes() {
            let attribute =
                attribute.map_err(|error| fault(format!("in `{}`: {error}", text(tag.name().0))))?;
            if attribute.key.as_namespace_binding().is_some() {
                continue;
            }
            let (space, name) = self.reader.resolver().resolve_attribute(attribute.key);
            let space = space_of(&space).map_err(fault)?;
            let value =
                attribute.normalized_value(XmlVersion::default()).map_err(|error| broken(&error, place))?;
            attributes.push(Attribute { space, name: text(name.into_inner()), value: value.into_owned() });
        }
        Ok(Start { space, name: text(tag.local_name().into_inner()), attributes, place })
    }
}

fn text(name: &str) -> String {
    name.to_owned()
}

fn space_of(space: &ResolveResult<'_>) -> Result<String, String> {
    match space {
        ResolveResult::Unbound => Ok(String::new()),
        ResolveResult::Bound(space) => Ok(text(space.0)),
        ResolveResult::Unknown(prefix) => Err(format!("the prefix `{prefix}` stands for no namespace")),
    }
}

/// What the XML reader says, by the rule that is broken.
fn broken(error: &quick_xml::Error, place: Place) -> XmlFault {
    let (rule, what) = match error {
        quick_xml::Error::Io(error) => {
            match error.get_ref().and_then(|inner| inner.downcast_ref::<Malformed>()) {
                Some(bad) => {
                    (Rule::Encoding, format!("byte {} of the file: this is not {}", bad.offset, bad.encoding))
                }
                None if error.kind() == io::ErrorKind::FileTooLarge => (Rule::XmlUnsafe, error.to_string()),
                None => (Rule::Unreadable, error.to_string()),
            }
        }
        quick_xml::Error::Escape(error) => (Rule::XmlUnsafe, error.to_string()),
        error => (Rule::XmlBroken, error.to_string()),
    };
    XmlFault { place, rule, what }
}

/// The encoding that an XML declaration names, which stands in ASCII at the start of the file.
pub fn declared(start: &[u8]) -> Option<&'static Encoding> {
    let declaration = start.strip_prefix(b"<?xml")?;
    let end = declaration.iter().position(|byte| *byte == b'>')?;
    let declaration = std::str::from_utf8(&declaration[..end]).ok()?;
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    encoding(value[1..].split(quote).next()?)
}

/// Counts lines and columns, and the bytes of one piece.
struct Counted<R> {
    inner: R,
    place: Place,
    piece: u64,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let size = self.fill_buf()?.read(into)?;
        self.consume(size);
        Ok(size)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.piece > MAX_PIECE {
            let what = format!("a tag or a text is longer than {} MiB", MAX_PIECE >> 20);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, what));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, size: usize) {
        // What was filled last is still there.
        if let Ok(bytes) = self.inner.fill_buf() {
            for byte in &bytes[..size.min(bytes.len())] {
                match byte {
                    b'\n' => self.place = Place { line: self.place.line + 1, column: 1 },
                    byte if byte & 0xc0 != 0x80 => self.place.column = self.place.column.saturating_add(1),
                    _ => {}
                }
            }
        }
        self.piece += size as u64;
        self.inner.consume(size);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Result<Vec<(Place, String)>, XmlFault> {
        let mut xml = Xml::new(text.as_bytes());
        let mut pieces = Vec::new();
        loop {
            match xml.next_piece()? {
                Piece::Eof => return Ok(pieces),
                Piece::Start(start) => pieces.push((start.place, format!("{}|{}", start.space, start.name))),
                Piece::Text(text) => pieces.push((Place { line: 0, column: 0 }, text)),
                Piece::End => {}
            }
        }
    }

    #[test]
    fn elements_know_their_place_and_namespace() {
        let found =
            all("<?xml version='1.0'?>\n<!-- é -->\n<a xmlns='u'>\n 学<p:b xmlns:p='v'/><c/></a>").unwrap();
        let starts: Vec<_> = found
            .iter()
            .filter(|(place, _)| place.line > 0)
            .map(|(at, name)| (at.line, at.column, name.as_str()))
            .collect();
        assert_eq!(starts, [(3, 1, "u|a"), (4, 3, "v|b"), (4, 21, "u|c")]);
    }

    #[test]
    fn references_and_sections_are_text() {
        let text: String = all("<a>x &lt;b<![CDATA[r> &amp; ]]>&#233;&#x5b66;</a>")
            .unwrap()
            .into_iter()
            .skip(1)
            .map(|(_, text)| text)
            .collect();
        assert_eq!(text, "x <br> &amp; é学");
    }

    #[test]
    fn what_is_unsafe_or_broken_is_refused_where_it_stands() {
        let deep = format!("{}{}", "<a>".repeat(300), "</a>".repeat(300));
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;\">]>\n<a>&c;</a>";
        let cases = [
            (bomb, "E022", "document type"),
            ("<a>\n&b;</a>", "E022", "`&b;`"),
            ("<a b='&c;'/>", "E022", "c"),
            (&deep, "E022", "256 deep"),
            ("<a>\n<b></a>", "E021", "b"),
            ("<a><b>", "E021", "cut off"),
            ("<a/><b/>", "E021", "second root"),
            ("<a b='1' b='2'/>", "E021", "duplicate"),
            ("<p:a/>", "E021", "prefix `p`"),
            ("", "E021", "no element"),
            ("<a b=>", "E021", ""),
        ];
        for (text, code, part) in cases {
            let fault = all(text).unwrap_err();
            assert!(fault.rule.code() == code && fault.what.contains(part), "{text:.30}: {fault:?}");
        }
        assert_eq!(all("<a>\n  <b></a>").unwrap_err().place.line, 2);
    }

    #[test]
    fn the_declaration_names_an_encoding() {
        let name = |text: &str| declared(text.as_bytes()).map(Encoding::name);
        assert_eq!(name("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a/>"), Some("windows-1252"));
        assert_eq!(name("<?xml version='1.0' encoding = 'utf-8' ?>"), Some("UTF-8"));
        assert_eq!(name("<?xml version='1.0'?>"), None);
        assert_eq!(name("<a encoding='utf-8'>"), None);
    }
}
