//! Which column fills which field, and which words mean what.

use super::row::tidy;
use crate::domain::date::{Calendar, DateError, DateFormat, Period};
use crate::intake::csv::Record;
use crate::intake::fault::{IntakeError, nearest};
use crate::intake::profile::{Column, Field, Profile, ValueMap};
use crate::intake::rejects::CODE_COLUMNS;
use crate::intake::rules::{ColumnRef, Problem, Rule};
use hashbrown::HashMap;
use std::cell::Cell;

/// The fields that say something of the outcome and its credit, or of whose identifier the learner's is,
/// rather than of the result.
const DESCRIPTION: [Field; 16] = [
    Field::Institution,
    Field::InstitutionName,
    Field::InstitutionCountry,
    Field::Scheme,
    Field::Issuer,
    Field::Outcome,
    Field::Title,
    Field::Kind,
    Field::Level,
    Field::Framework,
    Field::Field,
    Field::Hours,
    Field::Credits,
    Field::System,
    Field::Repeatable,
    Field::Country,
];

/// Where a value comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Origin<'p> {
    Nothing,
    Column(usize),
    Constant(&'p str),
}

/// A field's, attribute's or identifier's origin and the position of its value map.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot<'p> {
    pub(super) origin: Origin<'p>,
    pub(super) map: Option<usize>,
}

/// A value map with its uses.
#[derive(Debug)]
pub(super) struct Words<'p> {
    source: &'p ValueMap,
    places: HashMap<&'p str, usize>,
    uses: Vec<Cell<u64>>,
}

impl<'p> Words<'p> {
    fn new(source: &'p ValueMap) -> Words<'p> {
        let places = source.words.iter().enumerate().map(|(at, (from, _))| (from.as_str(), at)).collect();
        Words { source, places, uses: vec![Cell::new(0); source.words.len()] }
    }

    /// The word meant by a word of the file.
    pub(super) fn meant(&self, word: &str) -> Option<&'p str> {
        let at = *self.places.get(word)?;
        self.uses[at].set(self.uses[at].get() + 1);
        Some(&self.source.words[at].1)
    }

    pub(super) fn known(&self) -> impl Iterator<Item = &'p str> {
        self.source.words.iter().map(|(from, _)| from.as_str())
    }
}

/// A word of the file that a value map replaced, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mended<'p> {
    /// The field, attribute or identifier scheme.
    pub field: &'p str,
    /// The word in the file.
    pub from: &'p str,
    /// The word meant.
    pub to: &'p str,
    /// Number of rows.
    pub rows: u64,
}

/// Why a text is not a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodFault {
    /// The rule that it breaks.
    pub rule: Rule,
    /// Why it breaks the rule.
    pub reason: String,
}

/// A profile, resolved against one file's columns.
#[derive(Debug)]
pub struct Mapping<'p> {
    pub(super) profile: &'p Profile,
    header: Vec<String>,
    width: usize,
    slots: [Slot<'p>; Field::COUNT],
    pub(super) attributes: Vec<(&'p str, Slot<'p>)>,
    pub(super) identifiers: Vec<(&'p str, Slot<'p>)>,
    pub(super) words: Vec<Words<'p>>,
    /// The columns that describe the outcome, with their value maps.
    description: Vec<(usize, Option<usize>)>,
}

/// No text holds this byte: it is in no UTF-8.
const END: u8 = 0xff;

impl<'p> Mapping<'p> {
    /// Finds the profile's columns in the first record of a file.
    pub(super) fn resolve(
        profile: &'p Profile,
        top: &Record,
        is_header: bool,
    ) -> Result<Mapping<'p>, IntakeError> {
        let header: Vec<String> = match is_header {
            true => top.fields().map(|name| crate::domain::text::clean(name).into_owned()).collect(),
            false => Vec::new(),
        };
        check_header(&header, top.line())?;
        let width = top.len();
        let map = |name: &str| profile.values.iter().position(|map| map.name == name);
        let place = |name: &str, column: &Column| place(name, column, &header, width);
        let mut slots = [Slot { origin: Origin::Nothing, map: None }; Field::COUNT];
        for (field, column) in &profile.columns {
            let origin = Origin::Column(place(field.name(), column)?);
            slots[*field as usize] = Slot { origin, map: map(field.name()) };
        }
        for (field, value) in &profile.constants {
            slots[*field as usize].origin = Origin::Constant(value);
        }
        let named = |columns: &'p [(String, Column)]| -> Result<Vec<(&'p str, Slot<'p>)>, IntakeError> {
            let slot = |(name, column): &'p (String, Column)| {
                let origin = Origin::Column(place(name, column)?);
                Ok((name.as_str(), Slot { origin, map: map(name) }))
            };
            columns.iter().map(slot).collect()
        };
        let (attributes, identifiers) = (named(&profile.attributes)?, named(&profile.identifiers)?);
        let words = profile.values.iter().map(Words::new).collect();
        let description = DESCRIPTION.iter().filter_map(|field| match slots[*field as usize] {
            Slot { origin: Origin::Column(index), map } => Some((index, map)),
            _ => None,
        });
        let description = description.collect();
        Ok(Mapping { profile, header, width, slots, attributes, identifiers, words, description })
    }

    /// The profile.
    pub fn profile(&self) -> &'p Profile {
        self.profile
    }

    /// The header's columns; none where the file has no header.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// Number of columns that each row must have.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The words that the value maps replaced so far.
    pub fn mended(&self) -> Vec<Mended<'p>> {
        let mut mended = Vec::new();
        for words in &self.words {
            for (uses, (from, to)) in words.uses.iter().zip(&words.source.words) {
                if uses.get() > 0 {
                    mended.push(Mended { field: &words.source.name, from, to, rows: uses.get() });
                }
            }
        }
        mended
    }

    /// Reads a period as the profile's date formats and the institution's calendar say.
    ///
    /// # Errors
    /// Says which rule the text breaks, and why.
    pub fn read_period(&self, text: &str, calendar: &Calendar) -> Result<Period, PeriodFault> {
        let mut worst = DateError::Shape;
        for format in &self.profile.dates {
            match format.read(text, calendar) {
                Ok(period) => return Ok(period),
                Err(DateError::Shape) => {}
                Err(error) => worst = error,
            }
        }
        // A spreadsheet's date comes as this, whatever form it had on the screen; it can mean nothing else.
        for format in ["YYYY-MM-DD", "YYYY-MM-DD hh:mm:ss"] {
            if let Ok(period) = DateFormat::Fields(format.to_owned()).read(text, calendar) {
                return Ok(period);
            }
        }
        let (rule, reason) = match worst {
            DateError::Shape => {
                let forms = self.profile.date_texts.join(", ");
                (Rule::DateShape, format!("{worst}: the profile knows {forms}"))
            }
            DateError::NoSuchDay => (Rule::DateNoSuchDay, worst.to_string()),
            DateError::YearRange => (Rule::DateYearRange, worst.to_string()),
        };
        Err(PeriodFault { rule, reason })
    }

    /// The value that a row gives a field, cleaned and mapped but not checked: for naming a row that
    /// cannot be drafted. Empty where the field is not filled.
    pub fn written<'a>(&'a self, record: &'a Record, field: Field) -> std::borrow::Cow<'a, str> {
        let slot = self.slot(field);
        let value = match slot.origin {
            Origin::Nothing => return std::borrow::Cow::Borrowed(""),
            Origin::Constant(value) => return std::borrow::Cow::Borrowed(value),
            Origin::Column(index) => tidy(record.get(index).unwrap_or_default()),
        };
        let words = slot.map.and_then(|map| self.words[map].places.get(value.as_ref()).map(|at| (map, *at)));
        match words {
            Some((map, at)) => std::borrow::Cow::Borrowed(&self.words[map].source.words[at].1),
            None => value,
        }
    }

    /// Adds what a row says of its outcome, in the file's own words: rows of the same bytes say the same,
    /// but for constants, which are those of every row. False where the row has another
    /// width or holds a value that the reader doubts.
    pub fn description(&self, record: &Record, into: &mut Vec<u8>) -> bool {
        for (index, _) in &self.description {
            into.extend_from_slice(record.get(*index).unwrap_or_default().as_bytes());
            into.push(END);
        }
        record.len() == self.width && record.doubts().is_empty()
    }

    /// The words that the value maps replace in a row's description: map and place in it.
    pub fn described_words(&self, record: &Record) -> Box<[(usize, usize)]> {
        let word = |(index, map): &(usize, Option<usize>)| {
            let value = tidy(record.get(*index)?);
            Some(((*map)?, *self.words[(*map)?].places.get(value.as_ref())?))
        };
        self.description.iter().filter_map(word).collect()
    }

    /// Counts words once more that an earlier row of the same description used.
    pub fn count_words(&self, words: &[(usize, usize)]) {
        for (map, at) in words {
            let uses = &self.words[*map].uses[*at];
            uses.set(uses.get() + 1);
        }
    }

    /// A problem with the value of a field, for rules that are checked elsewhere.
    pub fn problem(
        &self,
        line: u64,
        field: Field,
        value: &str,
        rule: Rule,
        reason: impl Into<String>,
    ) -> Problem {
        self.judged(rule, line, self.slot(field), value, reason)
    }

    /// A problem, as severe as the profile has it.
    pub(super) fn judged(
        &self,
        rule: Rule,
        line: u64,
        slot: Slot<'_>,
        value: &str,
        reason: impl Into<String>,
    ) -> Problem {
        let severity = self.profile.severity(rule);
        Problem { severity, ..Problem::new(rule, line, self.column(slot), value, reason) }
    }

    pub(super) fn slot(&self, field: Field) -> Slot<'p> {
        self.slots[field as usize]
    }

    pub(super) fn column(&self, slot: Slot<'_>) -> Option<ColumnRef> {
        let Origin::Column(index) = slot.origin else { return None };
        let name = self.header.get(index).cloned().unwrap_or_default();
        Some(ColumnRef { number: index + 1, name })
    }
}

fn check_header(header: &[String], line: u64) -> Result<(), IntakeError> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (index, name) in header.iter().enumerate() {
        let counts = !name.is_empty() && !CODE_COLUMNS.contains(&name.as_str());
        if let (true, Some(first)) = (counts, seen.insert(name, index)) {
            let (first, second) = (first + 1, index + 1);
            return Err(IntakeError::HeaderRepeated { line, name: name.clone(), first, second });
        }
    }
    Ok(())
}

fn place(field: &str, column: &Column, header: &[String], width: usize) -> Result<usize, IntakeError> {
    match column {
        Column::Number(number) if *number <= width => Ok(number - 1),
        Column::Number(number) => {
            Err(IntakeError::ColumnBeyond { field: field.to_owned(), number: *number, columns: width })
        }
        Column::Name(name) => {
            let wanted = crate::domain::text::clean(name);
            header.iter().position(|column| *column == wanted).ok_or_else(|| IntakeError::ColumnMissing {
                field: field.to_owned(),
                column: name.clone(),
                header: header.to_vec(),
                nearest: nearest(name, header.iter().map(String::as_str)).map(str::to_owned),
            })
        }
    }
}
