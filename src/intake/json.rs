//! JSON documents out of a file: one, the elements of a list, or one after the other. Numbers keep their digits,
//! values keep their place.

use super::decode::Malformed;
use super::place::Place;
use super::rules::Rule;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::fmt;
use std::io::BufRead;

/// Objects and lists within each other.
const MAX_DEPTH: usize = 64;
/// Bytes of one document, such as a credential with its pictures.
const MAX_DOCUMENT: usize = 16 << 20;

/// What makes the rest of a file unreadable.
#[derive(Debug)]
pub struct JsonFault {
    /// Where it was met.
    pub place: Place,
    /// The rule that it breaks.
    pub rule: Rule,
    /// What is wrong.
    pub what: String,
}

/// A value, and where it begins in its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The line of the file on which it begins.
    pub line: u64,
    /// The value.
    pub value: Value,
}

/// A value as JSON has them; a number is kept as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Flag(bool),
    /// A number's own digits.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// An object, in the order of the file.
    Object(Vec<(String, Node)>),
}

impl Node {
    /// A member of an object, unless it is null.
    pub fn get(&self, name: &str) -> Option<&Node> {
        let Value::Object(members) = &self.value else { return None };
        members.iter().find(|(known, node)| known == name && node.value != Value::Null).map(|(_, node)| node)
    }

    /// The elements of a list, or the value itself: JSON-LD writes one without its list.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => std::slice::from_ref(self),
        }
    }

    /// The elements of a member, which may be one without its list.
    pub fn each(&self, name: &str) -> &[Node] {
        self.get(name).map_or(&[], Node::items)
    }

    /// The value as text: of a number its digits; of a text in several languages the English one, or the first.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Number(text) => Some(text),
            Value::Flag(flag) => Some(if *flag { "true" } else { "false" }),
            Value::Object(members) => {
                let english = members.iter().find(|(language, _)| language.starts_with("en"));
                let (_, node) = english.or_else(|| members.first())?;
                let is_text = |node: &Node| matches!(node.value, Value::Text(_));
                members.iter().all(|(_, node)| is_text(node)).then(|| node.text())?
            }
            Value::Null | Value::List(_) => None,
        }
    }

    /// The text of a member; empty where there is none.
    pub fn text_of(&self, name: &str) -> &str {
        self.get(name).and_then(Node::text).unwrap_or_default()
    }
}

/// One document of a file, not yet read.
#[derive(Debug, PartialEq, Eq)]
pub struct Document {
    /// Its bytes.
    pub text: String,
    /// Where it begins.
    pub place: Place,
}

impl Document {
    /// Reads it.
    ///
    /// # Errors
    /// Names the line and column at which it stops being JSON, or a name that an object has twice.
    pub fn read(&self) -> Result<Node, JsonFault> {
        let raw: &RawValue = serde_json::from_str(&self.text).map_err(|error| self.fault(&error))?;
        let mut lines: Vec<usize> = memchr::memchr_iter(b'\n', self.text.as_bytes()).collect();
        lines.push(usize::MAX);
        self.build(raw, &lines)
    }

    fn fault(&self, error: &serde_json::Error) -> JsonFault {
        let column = u32::try_from(error.column()).unwrap_or(u32::MAX);
        let line = error.line().max(1) as u64;
        let from = if line == 1 { self.place.column.saturating_sub(1) } else { 0 };
        let place = Place { line: self.place.line + line - 1, column: column.saturating_add(from) };
        let what = error.to_string();
        let what = what.rsplit_once(" at line ").map_or(what.as_str(), |(what, _)| what).to_owned();
        JsonFault { place, rule: Rule::JsonBroken, what }
    }

    fn build(&self, raw: &RawValue, lines: &[usize]) -> Result<Node, JsonFault> {
        let text = raw.get();
        // A raw value is a piece of the document's own text.
        let offset = text.as_ptr() as usize - self.text.as_ptr() as usize;
        let line = self.place.line + lines.partition_point(|at| *at < offset) as u64;
        let fault = |error: serde_json::Error| JsonFault {
            place: Place { line, column: 1 },
            rule: Rule::JsonBroken,
            what: error.to_string(),
        };
        let value = match text.as_bytes()[0] {
            b'{' => {
                let Members(members) = serde_json::from_str(text).map_err(fault)?;
                let mut seen = HashSet::new();
                if let Some((twice, _)) = members.iter().find(|(name, _)| !seen.insert(name.as_str())) {
                    let what =
                        format!("an object has the name `{}` twice", crate::domain::text::visible(twice));
                    return Err(JsonFault { place: Place { line, column: 1 }, rule: Rule::JsonBroken, what });
                }
                let read = members.into_iter().map(|(name, raw)| Ok((name, self.build(raw, lines)?)));
                Value::Object(read.collect::<Result<_, _>>()?)
            }
            b'[' => {
                let items: Vec<&RawValue> = serde_json::from_str(text).map_err(fault)?;
                Value::List(items.into_iter().map(|raw| self.build(raw, lines)).collect::<Result<_, _>>()?)
            }
            b'"' => Value::Text(serde_json::from_str(text).map_err(fault)?),
            b't' => Value::Flag(true),
            b'f' => Value::Flag(false),
            b'n' => Value::Null,
            _ => Value::Number(text.to_owned()),
        };
        Ok(Node { line, value })
    }
}

/// The members of an object with their text.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Deserialize<'a> for Members<'a> {
    fn deserialize<D: Deserializer<'a>>(from: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'a> Visitor<'a> for Each {
            type Value = Members<'a>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Members<'a>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        from.deserialize_map(Each)
    }
}

/// Where in the file the next document is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    /// In a list around all documents; true before the first.
    List(bool),
    /// Documents follow each other.
    Row,
    End,
}

/// The documents of a file in UTF-8.
pub struct Documents<R> {
    inner: R,
    place: Place,
    state: State,
}

impl<R: BufRead> Documents<R> {
    /// Reads a file.
    pub fn new(inner: R) -> Documents<R> {
        Documents { inner, place: Place { line: 1, column: 1 }, state: State::Start }
    }

    /// The next document; none at the end. What is no object, list or text in quotes is given as a bare word.
    ///
    /// # Errors
    /// Says what makes the rest of the file unreadable.
    pub fn next_document(&mut self) -> Result<Option<Document>, JsonFault> {
        let mut byte = self.look()?;
        if (self.state, byte) == (State::Start, Some(b'[')) {
            self.step(b'[');
            self.state = State::List(true);
            byte = self.look()?;
        }
        if let State::List(first) = self.state {
            match byte {
                Some(b']') => {
                    self.step(b']');
                    self.state = State::End;
                    byte = self.look()?;
                }
                Some(b',') if !first => {
                    self.step(b',');
                    byte = self.look()?;
                }
                Some(_) if !first => return Err(self.broken("expected `,` or `]`")),
                None => return Err(self.broken("the file ends within a list: it was cut off")),
                Some(_) => {}
            }
        }
        match (self.state, byte) {
            (State::End, Some(_)) => Err(self.broken("something follows the list")),
            (State::Start, None) => Err(JsonFault {
                place: self.place,
                rule: Rule::EmptyFile,
                what: "there is nothing in it".into(),
            }),
            (_, None) => Ok(None),
            (state, Some(_)) => {
                self.state = if matches!(state, State::List(_)) { State::List(false) } else { State::Row };
                self.document().map(Some)
            }
        }
    }

    fn broken(&self, what: &str) -> JsonFault {
        JsonFault { place: self.place, rule: Rule::JsonBroken, what: what.to_owned() }
    }

    fn peek(&mut self) -> Result<Option<u8>, JsonFault> {
        let place = self.place;
        match self.inner.fill_buf() {
            Ok(bytes) => Ok(bytes.first().copied()),
            Err(error) => Err(match error.get_ref().and_then(|inner| inner.downcast_ref::<Malformed>()) {
                Some(bad) => JsonFault {
                    place,
                    rule: Rule::Encoding,
                    what: format!("byte {} of the file: this is not {}", bad.offset, bad.encoding),
                },
                None => JsonFault { place, rule: Rule::Unreadable, what: error.to_string() },
            }),
        }
    }

    /// Moves past the byte at hand.
    fn step(&mut self, byte: u8) {
        self.inner.consume(1);
        match byte {
            b'\n' => self.place = Place { line: self.place.line + 1, column: 1 },
            byte if byte & 0xc0 != 0x80 => self.place.column = self.place.column.saturating_add(1),
            _ => {}
        }
    }

    /// The next byte that is no blank.
    fn look(&mut self) -> Result<Option<u8>, JsonFault> {
        loop {
            match self.peek()? {
                Some(byte @ (b' ' | b'\t' | b'\r' | b'\n')) => self.step(byte),
                byte => return Ok(byte),
            }
        }
    }

    /// Takes the bytes of the document at hand: up to where its brackets close, its quote closes, or its word ends.
    fn document(&mut self) -> Result<Document, JsonFault> {
        let place = self.place;
        let (mut bytes, mut depth) = (Vec::new(), 0_usize);
        let (mut quoted, mut escaped) = (false, false);
        while let Some(byte) = self.peek()? {
            let ends_word =
                depth == 0 && !quoted && matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n');
            if ends_word && !bytes.is_empty() {
                break;
            }
            self.step(byte);
            bytes.push(byte);
            if bytes.len() > MAX_DOCUMENT {
                let what = format!("a document is longer than {} MiB", MAX_DOCUMENT >> 20);
                return Err(JsonFault { place, rule: Rule::JsonUnsafe, what });
            }
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                b'{' | b'[' if !quoted => depth += 1,
                b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > MAX_DEPTH {
                let what = format!("objects and lists stand within each other more than {MAX_DEPTH} deep");
                return Err(JsonFault { place: self.place, rule: Rule::JsonUnsafe, what });
            }
            if depth == 0 && !quoted && matches!(byte, b'}' | b']' | b'"') {
                break;
            }
        }
        let text = String::from_utf8(bytes).map_err(|_| JsonFault {
            place,
            rule: Rule::Encoding,
            what: "it is not UTF-8".to_owned(),
        })?;
        Ok(Document { text, place })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(text: &str) -> Result<Vec<(u64, String)>, JsonFault> {
        let mut documents = Documents::new(text.as_bytes());
        let mut found = Vec::new();
        while let Some(document) = documents.next_document()? {
            document.read()?;
            found.push((document.place.line, document.text));
        }
        Ok(found)
    }

    #[test]
    fn a_file_holds_one_document_a_list_or_a_row_of_them() {
        let cases: [(&str, &[(u64, &str)]); 6] = [
            ("\n {\"a\": \"}]\\\"\"}\n", &[(2, "{\"a\": \"}]\\\"\"}")]),
            ("[{\"a\":1},\n{\"b\":[2]}]", &[(1, "{\"a\":1}"), (2, "{\"b\":[2]}")]),
            ("{\"a\":1}\n\n{\"b\":2}\n", &[(1, "{\"a\":1}"), (3, "{\"b\":2}")]),
            ("[\"x.y.z\"]", &[(1, "\"x.y.z\"")]),
            ("[ ]", &[]),
            ("{}{}", &[(1, "{}"), (1, "{}")]),
        ];
        for (text, expected) in cases {
            let expected: Vec<_> = expected.iter().map(|(line, text)| (*line, (*text).to_owned())).collect();
            assert_eq!(documents(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_refused_where_it_stands() {
        let deep = format!("{}{}", "[".repeat(70), "]".repeat(70));
        let cases = [
            ("", "E002", 1, 1),
            ("{\"a\": 1,\n  \"b\" 2}", "E031", 2, 7),
            ("[{\"a\": 1},\n  {\"b\": 1 2}]", "E031", 2, 11),
            ("{\"a\": [1, 2}", "E031", 1, 12),
            ("{\"a\":\n 1", "E031", 2, 2),
            ("{\"a\": 1, \"a\": 2}", "E031", 1, 1),
            ("[{}", "E031", 1, 4),
            ("[{} {}]", "E031", 1, 5),
            ("[{}] x", "E031", 1, 6),
            ("{\"a\": 01}", "E031", 1, 8),
            (&deep, "E032", 1, 67),
        ];
        for (text, code, line, column) in cases {
            let fault = documents(text).unwrap_err();
            assert_eq!(
                (fault.rule.code(), fault.place.line, fault.place.column),
                (code, line, column),
                "{text:.40}: {fault:?}"
            );
        }
    }

    #[test]
    fn numbers_keep_their_digits_and_values_their_lines() {
        let document = Document {
            text: "{\"a\": 4.50,\n \"b\": {\"nl\": \"twee\",\n \"en\": \"two\"}, \"c\": 1}".into(),
            place: Place { line: 7, column: 1 },
        };
        let node = document.read().unwrap();
        assert_eq!((node.text_of("a"), node.text_of("b"), node.text_of("d")), ("4.50", "two", ""));
        assert_eq!((node.line, node.get("b").unwrap().line, node.get("c").unwrap().line), (7, 8, 9));
        assert_eq!((node.each("c").len(), node.each("d").len()), (1, 0));
    }
}
