//! EMREX ELMO 1.x: transcripts as XML. Each node of a learner's tree becomes a row.
//!
//! What the schema's own text says beyond what a schema can check is kept too: a missing status reads as
//! passed, `ects` is one scheme however it is written, and credit on a node and below it is the same credit.

mod read;
mod rows;
mod schema;
mod table;
mod value;

use super::rules::Rule;
use super::xml::{Piece, Start, Xml, XmlFault};
pub use read::Departure;
use read::Elements;
pub use rows::{COLUMNS, Row};
use std::collections::VecDeque;
use std::io::BufRead;
pub use table::ElmoTable;
pub(in crate::intake) use value::moment;

/// What makes a file unfit.
#[derive(Debug)]
pub struct Unfit {
    /// The rule that it breaks.
    pub rule: Rule,
    /// Where and how, in the order of the file; at least one.
    pub departures: Vec<Departure>,
}

impl From<XmlFault> for Unfit {
    fn from(fault: XmlFault) -> Unfit {
        Unfit { rule: fault.rule, departures: vec![Departure { place: fault.place, what: fault.what }] }
    }
}

/// The rows of an ELMO file: of its root, or of every `elmo` element within a file of another kind.
pub struct Elmo<R: BufRead> {
    elements: Elements<R>,
    rows: VecDeque<Row>,
    /// Whether an `elmo` element was met.
    met: bool,
    root: Option<Start>,
    ended: bool,
    /// Reports without results.
    empty: u64,
}

impl<R: BufRead> Elmo<R> {
    /// Reads a file in UTF-8.
    pub fn new(file: R) -> Elmo<R> {
        Elmo {
            elements: Elements::new(Xml::new(file)),
            rows: VecDeque::new(),
            met: false,
            root: None,
            ended: false,
            empty: 0,
        }
    }

    /// The next row; none at the end of the file.
    ///
    /// # Errors
    /// Names every place in which a learner's results depart from the schema, or what makes the rest of the
    /// file unreadable.
    pub fn next_row(&mut self) -> Result<Option<Row>, Unfit> {
        while self.rows.is_empty() && !self.ended {
            match self.elements.xml().next_piece()? {
                Piece::Start(start) if start.name == "elmo" && start.space == schema::ELMO => {
                    self.met = true;
                    self.learner(start)?;
                }
                Piece::Start(start) if start.name == "elmo" => return Err(other_version(&start)),
                Piece::Start(start) => {
                    self.root.get_or_insert(start);
                }
                Piece::Eof => self.end()?,
                Piece::End | Piece::Text(_) => {}
            }
        }
        Ok(self.rows.pop_front())
    }

    /// How many reports that were read hold no results.
    pub fn empty_reports(&self) -> u64 {
        self.empty
    }

    fn end(&mut self) -> Result<(), Unfit> {
        self.ended = true;
        match &self.root {
            Some(root) if !self.met => {
                let what = format!(
                    "it holds no `elmo` element: its root is `{}`",
                    crate::domain::text::visible(&root.name)
                );
                Err(unfit(root, what))
            }
            _ => Ok(()),
        }
    }

    /// Reads one learner's results.
    fn learner(&mut self, start: Start) -> Result<(), Unfit> {
        let read = self.elements.read(start, &schema::ROOT);
        let mut departures = self.elements.departures();
        let elmo = match read {
            Ok(elmo) if departures.is_empty() => elmo,
            Ok(_) => return Err(Unfit { rule: Rule::ElmoInvalid, departures }),
            Err(fault) => {
                let rule = if departures.is_empty() { fault.rule } else { Rule::ElmoInvalid };
                departures.push(Departure { place: fault.place, what: fault.what });
                return Err(Unfit { rule, departures });
            }
        };
        let (rows, empty) = rows::rows(&elmo);
        self.rows.extend(rows);
        self.empty += empty;
        Ok(())
    }
}

fn unfit(start: &Start, what: String) -> Unfit {
    Unfit { rule: Rule::ElmoInvalid, departures: vec![Departure { place: start.place, what }] }
}

fn other_version(start: &Start) -> Unfit {
    let space = match start.space.as_str() {
        "" => "no namespace".into(),
        space => format!("the namespace {}", crate::domain::text::visible(space)),
    };
    unfit(start, format!("its `elmo` is of {space}; what is read is ELMO 1.x, of {}", schema::ELMO))
}

#[cfg(test)]
mod tests;
