//! Reads elements and holds them against the schema on the way. Every departure is noted with its place.

use super::schema::{Child, ELMO, SIGNATURE, Text, Type};
use super::value;
use crate::domain::text::{shorten, visible};
use crate::intake::fault::nearest;
use crate::intake::place::Place;
use crate::intake::rules::Rule;
use crate::intake::xml::{Attribute, Piece, Start, Xml, XmlFault};
use std::fmt;
use std::io::BufRead;

/// Departures that are listed; after so many the file is given up.
const LISTED: usize = 50;
/// Longest text that is read further, in bytes.
const MAX_TEXT: usize = 256 << 10;
/// Elements of one learner that are read further.
const MAX_ELEMENTS: usize = 1 << 20;

const XML: &str = "http://www.w3.org/XML/1998/namespace";
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// An element that is read further.
#[derive(Debug, Default)]
pub struct Element {
    /// Its name; all are of ELMO's namespace.
    pub name: String,
    /// The line on which its tag begins.
    pub line: u64,
    /// Its attributes.
    pub attributes: Vec<Attribute>,
    /// Its text, tidied as the schema says.
    pub text: String,
    /// The elements in it that are read further.
    pub children: Vec<Element>,
}

impl Element {
    /// The elements in it of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first element in it of a name.
    pub fn first(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first element in it of a name; empty where there is none.
    pub fn text_of(&self, name: &str) -> &str {
        self.first(name).map_or("", |child| &child.text)
    }

    /// The value of an attribute; empty where there is none.
    pub fn attribute(&self, name: &str) -> &str {
        let found = self.attributes.iter().find(|attribute| attribute.name == name);
        found.map_or("", |attribute| &attribute.value)
    }
}

/// Where a file departs from the schema, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// Where.
    pub place: Place,
    /// How.
    pub what: String,
}

impl fmt::Display for Departure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.place.line, self.place.column, self.what)
    }
}

/// Reads elements of ELMO's schema.
pub struct Elements<R: BufRead> {
    xml: Xml<R>,
    departures: Vec<Departure>,
    elements: usize,
}

/// Where an element stands in its parent's order.
struct Order {
    of: &'static Type,
    /// The child that came last, and how often.
    at: usize,
    times: u32,
}

impl<R: BufRead> Elements<R> {
    /// Reads from a file.
    pub fn new(xml: Xml<R>) -> Elements<R> {
        Elements { xml, departures: Vec::new(), elements: 0 }
    }

    /// The file.
    pub fn xml(&mut self) -> &mut Xml<R> {
        &mut self.xml
    }

    /// The departures noted since the last call.
    pub fn departures(&mut self) -> Vec<Departure> {
        std::mem::take(&mut self.departures)
    }

    fn note(&mut self, place: Place, what: String) -> Result<(), XmlFault> {
        if self.departures.len() == LISTED {
            let what = "… and there is more: the list ends here".to_owned();
            return Err(XmlFault { place, rule: Rule::ElmoInvalid, what });
        }
        self.departures.push(Departure { place, what });
        Ok(())
    }

    /// Reads an element that has begun, to its end.
    ///
    /// # Errors
    /// Says what makes the rest of the file unreadable.
    pub fn read(&mut self, start: Start, of: &'static Type) -> Result<Element, XmlFault> {
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            let what = format!("it has more than {MAX_ELEMENTS} elements about one learner");
            return Err(XmlFault { place: start.place, rule: Rule::XmlUnsafe, what });
        }
        self.check_attributes(&start, of)?;
        let Start { name, attributes, place, .. } = start;
        let mut element = Element { name, line: place.line, ..Element::default() };
        let mut order = Order { of, at: 0, times: 0 };
        let mut length = 0;
        loop {
            match self.xml.next_piece()? {
                Piece::End | Piece::Eof => break,
                Piece::Text(text) if of.text == Text::None => {
                    if !text.trim().is_empty() {
                        let what =
                            format!("`{}` holds elements and no text: `{}`", element.name, shown(&text));
                        self.note(place, what)?;
                    }
                }
                Piece::Text(text) => {
                    length += text.len();
                    // Of what is not read further, the beginning is enough to check it.
                    if element.text.len() + text.len() <= MAX_TEXT {
                        element.text.push_str(&text);
                    } else if of.kept {
                        let what =
                            format!("the text of `{}` is longer than {} KiB", element.name, MAX_TEXT >> 10);
                        return Err(XmlFault { place, rule: Rule::XmlUnsafe, what });
                    }
                }
                Piece::Start(start) => {
                    if let Some(child) = self.child(start, &element.name, &mut order)?
                        && of.kept
                    {
                        element.children.push(child);
                    }
                }
            }
        }
        if length <= MAX_TEXT {
            element.text = value::tidy(of.text, &element.text);
            if let Err(why) = value::check(of.text, &element.text) {
                let what = format!("`{}` is `{}`: {why}", element.name, shown(&element.text));
                self.note(place, what)?;
            }
        }
        let rest = order.of.children.iter().skip(order.at);
        let missing: Vec<&Child> = rest
            .enumerate()
            .filter(|(at, child)| child.min > if *at == 0 { order.times } else { 0 })
            .map(|(_, child)| child)
            .collect();
        for child in missing {
            self.note(place, format!("`{}` has no `{}`, which it needs", element.name, child.name))?;
        }
        if of.kept {
            element.attributes = attributes;
        } else {
            element.text = String::new();
        }
        Ok(element)
    }

    /// Reads an element within another; none where the schema has none there.
    fn child(&mut self, start: Start, parent: &str, order: &mut Order) -> Result<Option<Element>, XmlFault> {
        if let Text::Open(foreign) = order.of.text {
            if foreign && (start.space == ELMO || start.space.is_empty()) {
                let what = format!(
                    "`{}` stands in an extension and is not of another namespace",
                    visible(&start.name)
                );
                self.note(start.place, what)?;
            }
            return self.xml.skip().map(|()| None);
        }
        let space = if start.name == "Signature" { SIGNATURE } else { ELMO };
        let known =
            order.of.children.iter().position(|child| child.name == start.name && start.space == space);
        let Some(at) = known else {
            let what = unknown(&start, parent, order.of);
            self.note(start.place, what)?;
            return self.xml.skip().map(|()| None);
        };
        if at < order.at {
            let after = order.of.children[order.at].name;
            self.note(
                start.place,
                format!("`{}` stands after `{after}` in `{parent}`, and belongs before it", start.name),
            )?;
            return self.xml.skip().map(|()| None);
        }
        if at > order.at {
            for (nth, child) in order.of.children.iter().enumerate().take(at).skip(order.at) {
                let times = if nth == order.at { order.times } else { 0 };
                if times < child.min {
                    let what =
                        format!("`{parent}` has no `{}` before `{}`, and needs one", child.name, start.name);
                    self.note(start.place, what)?;
                }
            }
            (order.at, order.times) = (at, 0);
        }
        order.times += 1;
        let child = &order.of.children[at];
        if order.times > child.max {
            self.note(start.place, format!("`{parent}` has a second `{}`", child.name))?;
        }
        let of = child.of;
        self.read(start, of).map(|element| of.kept.then_some(element))
    }

    fn check_attributes(&mut self, start: &Start, of: &'static Type) -> Result<(), XmlFault> {
        let place = start.place;
        if matches!(of.text, Text::Open(_)) {
            return Ok(());
        }
        for attribute in &start.attributes {
            let space = if attribute.name == "lang" { XML } else { "" };
            let known =
                of.attributes.iter().find(|known| known.name == attribute.name && attribute.space == space);
            match known {
                None if attribute.space == INSTANCE && attribute.name != "nil" => {}
                None => {
                    let what = format!(
                        "`{}` has an attribute `{}`, which the schema does not have",
                        visible(&start.name),
                        visible(&attribute.name)
                    );
                    self.note(place, what)?;
                }
                Some(known) => {
                    if let Err(why) = value::check(known.value, &value::tidy(known.value, &attribute.value)) {
                        let what = format!(
                            "the attribute `{}` of `{}` is `{}`: {why}",
                            known.name,
                            start.name,
                            shown(&attribute.value)
                        );
                        self.note(place, what)?;
                    }
                }
            }
        }
        for needed in of.attributes.iter().filter(|known| known.required) {
            if start.attributes.iter().all(|attribute| attribute.name != needed.name) {
                self.note(
                    place,
                    format!("`{}` has no attribute `{}`, which it needs", start.name, needed.name),
                )?;
            }
        }
        Ok(())
    }
}

fn shown(text: &str) -> String {
    shorten(text.trim(), 60)
}

/// What is said of an element that has no place in its parent.
fn unknown(start: &Start, parent: &str, of: &Type) -> String {
    let name = visible(&start.name);
    if start.space != ELMO && of.children.iter().any(|child| child.name == start.name) {
        let space = if start.space.is_empty() {
            "no namespace".into()
        } else {
            format!("namespace {}", visible(&start.space))
        };
        return format!("`{name}` in `{parent}` is of {space}, and not of ELMO's");
    }
    let known: Vec<&str> = of.children.iter().map(|child| child.name).collect();
    let hint = match nearest(&start.name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "it holds text only".to_owned(),
        None => format!("it may hold {}", known.join(", ")),
    };
    format!("`{name}` has no place in `{parent}`; {hint}")
}
