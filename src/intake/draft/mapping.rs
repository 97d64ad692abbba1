//! Which column fills which field, and which words mean what.

use super::repeat::Groups;
use super::row::tidy;
use super::schemes::Schemes;
use crate::domain::date::{Calendar, DateError, DateFormat, Period};
use crate::intake::csv::Record;
use crate::intake::fault::{IntakeError, nearest};
use crate::intake::profile::{Column, Field, Profile, REPEATED, ValueMap};
use crate::intake::rejects::CODE_COLUMNS;
use crate::intake::rules::{ColumnRef, Problem, Rule};
use hashbrown::HashMap;
use std::cell::{Cell, RefCell};

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
    /// The groups of rows of several results.
    pub(super) groups: Option<Groups>,
    /// The group of the row that was read last, for the places of what is found in it.
    pub(super) part: Cell<u16>,
    /// What is known of the values of schemes that are checked.
    pub(super) schemes: Schemes,
    /// Columns that stand under another name than the profile's first.
    renamed: Vec<Problem>,
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
        let columns = Columns { header: &header, width, line: top.line(), renamed: RefCell::default() };
        let numbers = columns.numbers(profile)?;
        let place = |name: &str, column: &Column| columns.first(name, column, &numbers);
        let mut slots = [Slot { origin: Origin::Nothing, map: None }; Field::COUNT];
        for (field, column) in &profile.columns {
            let origin = place(field.name(), column)?.map_or(Origin::Nothing, Origin::Column);
            slots[*field as usize] = Slot { origin, map: map(field.name()) };
        }
        for (field, value) in &profile.constants {
            slots[*field as usize].origin = Origin::Constant(value);
        }
        let named = |list: &'p [(String, Column)]| -> Result<Vec<(&'p str, Slot<'p>)>, IntakeError> {
            let slot = |(name, column): &'p (String, Column)| {
                let origin = place(name, column)?.map_or(Origin::Nothing, Origin::Column);
                Ok((name.as_str(), Slot { origin, map: map(name) }))
            };
            list.iter().map(slot).collect()
        };
        let (attributes, identifiers) = (named(&profile.attributes)?, named(&profile.identifiers)?);
        let words = profile.values.iter().map(Words::new).collect();
        let description = DESCRIPTION.iter().filter_map(|field| match slots[*field as usize] {
            Slot { origin: Origin::Column(index), map } => Some((index, map)),
            _ => None,
        });
        let description = description.collect();
        let groups = columns.groups(profile, &numbers)?;
        let renamed = columns.renamed.into_inner();
        let schemes = Schemes::new(profile);
        let part = Cell::new(0);
        Ok(Mapping {
            profile,
            header,
            width,
            slots,
            attributes,
            identifiers,
            words,
            description,
            groups,
            part,
            schemes,
            renamed,
        })
    }

    /// What is to be told of the file as a whole.
    pub fn findings(&self) -> Vec<Problem> {
        let mut found = self.renamed.clone();
        found.extend(self.schemes.findings(self));
        found
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
        record.len() == self.width && record.doubts().is_empty() && record.fault().is_none()
    }

    /// The words that the value maps replace in a row's description: map and place in it.
    pub fn described_words(&self, record: &Record) -> Box<[(usize, usize)]> {
        let word = |(index, map): &(usize, Option<usize>)| {
            let value = tidy(record.get(*index)?);
            Some(((*map)?, *self.words[(*map)?].places.get(value.as_ref())?))
        };
        self.description.iter().filter_map(word).collect()
    }

    /// Which refused row of the bank a row is, in a file of such rows.
    pub fn refused_row<'r>(&self, record: &'r Record) -> Option<&'r str> {
        let at = self.header().iter().position(|name| name == CODE_COLUMNS[2])?;
        // In a row of another width it is taken to stand last, where it was written.
        let at = if record.len() == self.width { at } else { record.len().checked_sub(1)? };
        record.get(at).filter(|row| row.matches(':').count() == 1)
    }

    /// Whether the file holds rows that were refused, as they were given back to be mended.
    pub fn is_of_refused_rows(&self) -> bool {
        self.header().iter().any(|name| name == CODE_COLUMNS[0])
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

    /// A problem with a further identifier of the learner.
    pub fn identifier_problem(
        &self,
        line: u64,
        scheme: &str,
        value: &str,
        rule: Rule,
        reason: impl Into<String>,
    ) -> Problem {
        let nothing = Slot { origin: Origin::Nothing, map: None };
        let slot =
            self.identifiers.iter().find(|(name, _)| *name == scheme).map_or(nothing, |(_, slot)| *slot);
        self.judged(rule, line, slot, value, reason)
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
        let shown =
            self.schemes.of(self, slot).filter(|scheme| scheme.masked).map(|scheme| scheme.shown(value));
        let value = shown.as_deref().unwrap_or(value);
        Problem { severity, ..Problem::new(rule, line, self.column(slot), value, reason) }
    }

    pub(super) fn slot(&self, field: Field) -> Slot<'p> {
        self.slots[field as usize]
    }

    pub(super) fn column(&self, slot: Slot<'_>) -> Option<ColumnRef> {
        let Origin::Column(index) = slot.origin else { return None };
        Some(self.column_at(index))
    }

    /// A column of the file, by the column from which the row at hand has its value.
    pub(super) fn column_at(&self, index: usize) -> ColumnRef {
        let index = self.groups.as_ref().map_or(index, |groups| groups.origin(index, self.part.get()));
        let name = self.header.get(index).cloned().unwrap_or_default();
        ColumnRef { number: index + 1, name }
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

/// Finds the profile's columns in a header.
struct Columns<'h> {
    header: &'h [String],
    width: usize,
    line: u64,
    renamed: RefCell<Vec<Problem>>,
}

impl Columns<'_> {
    /// The numbers of the groups that the header has.
    fn numbers(&self, profile: &Profile) -> Result<Vec<u16>, IntakeError> {
        let outcome = profile.columns.iter().find(|(field, _)| *field == Field::Outcome);
        let (Some(repeat), Some((_, outcome))) = (&profile.repeat, outcome) else { return Ok(Vec::new()) };
        let there = |n: &u16| outcome.names().iter().any(|name| self.find(name, Some(*n)).is_some());
        let numbers: Vec<u16> = (1..=repeat.to).filter(there).collect();
        if numbers.is_empty() {
            self.at(Field::Outcome.name(), outcome, Some(1))?;
        }
        Ok(numbers)
    }

    /// Where a column stands, that of the first group for one that repeats; none where it may be missing.
    fn first(&self, field: &str, column: &Column, numbers: &[u16]) -> Result<Option<usize>, IntakeError> {
        let first = numbers.first().copied();
        if column.is_optional() && !self.is_there(column, numbers) {
            return Ok(None);
        }
        self.at(field, column, first).map(Some)
    }

    /// Whether a column that may be missing is there, in any group.
    fn is_there(&self, column: &Column, numbers: &[u16]) -> bool {
        let there = |n: Option<u16>| column.names().iter().any(|name| self.find(name, n).is_some());
        there(None) || numbers.iter().any(|n| there(Some(*n)))
    }

    fn groups(&self, profile: &Profile, numbers: &[u16]) -> Result<Option<Groups>, IntakeError> {
        let Some(repeat) = &profile.repeat else { return Ok(None) };
        let mut groups = Groups { width: self.width, mark: profile.file.decimal_mark, ..Groups::default() };
        groups.columns = vec![Vec::new(); numbers.len()];
        let fields = profile.columns.iter().map(|(field, column)| (Some(*field), field.name(), column));
        let attributes = profile.attributes.iter().map(|(name, column)| (None, name.as_str(), column));
        for (field, name, column) in fields.chain(attributes).filter(|(.., column)| column.repeats()) {
            let Some(first) = self.first(name, column, numbers)? else { continue };
            let known = groups.columns[0].iter().position(|column| *column == first);
            let place = known.unwrap_or(groups.columns[0].len());
            if known.is_none() {
                for (n, group) in numbers.iter().zip(&mut groups.columns) {
                    group.push(self.at(name, column, Some(*n))?);
                }
            }
            match field {
                Some(Field::Outcome) => groups.outcome = place,
                Some(Field::Credits) => groups.credits = Some(place),
                _ => {}
            }
        }
        groups.total = match &repeat.total {
            None => None,
            Some(column) => self.first("repeat.total", column, &[])?,
        };
        Ok(Some(groups))
    }

    fn find(&self, name: &str, n: Option<u16>) -> Option<usize> {
        let name = numbered(name, n);
        let wanted = crate::domain::text::clean(&name);
        self.header.iter().position(|column| *column == wanted)
    }

    fn at(&self, field: &str, column: &Column, n: Option<u16>) -> Result<usize, IntakeError> {
        if let Column::Number(number) = column {
            return match *number <= self.width {
                true => Ok(number - 1),
                false => {
                    let (field, number) = (field.to_owned(), *number);
                    Err(IntakeError::ColumnBeyond { field, number, columns: self.width })
                }
            };
        }
        let names = column.names();
        for (nth, name) in names.iter().enumerate() {
            let Some(index) = self.find(name, n) else { continue };
            if nth > 0 {
                self.rename(&numbered(&names[0], n), index);
            }
            return Ok(index);
        }
        let name = names.first().map(|name| numbered(name, n)).unwrap_or_default();
        let near = nearest(&name, self.header.iter().map(String::as_str)).map(str::to_owned);
        let (field, header) = (field.to_owned(), self.header.to_vec());
        Err(IntakeError::ColumnMissing { field, column: name, header, nearest: near })
    }

    fn rename(&self, wanted: &str, index: usize) {
        let (number, name) = (index + 1, self.header[index].clone());
        if self
            .renamed
            .borrow()
            .iter()
            .any(|known| known.column.as_ref().is_some_and(|at| at.number == number))
        {
            return;
        }
        let reason = format!("the layout's name for it is `{wanted}`");
        let column = Some(ColumnRef { number, name: name.clone() });
        self.renamed.borrow_mut().push(Problem::new(Rule::ColumnRenamed, self.line, column, &name, reason));
    }
}

/// The name of a column in a group.
fn numbered(name: &str, n: Option<u16>) -> String {
    n.map_or_else(|| name.to_owned(), |n| name.replace(REPEATED, &n.to_string()))
}
