//! Reads a file of grades in TOML, keeping the place of every value.

use super::fault::{Code, Found, GradeFaults, shown};
use super::value::{count, is_field, proper, scale_fault, year};
use super::{GradeFile, Sited};
use crate::domain::date::parse_iso;
use crate::domain::grading::{Conversion, Cycle, GradingTable};
use crate::domain::scale::{Bounds, Grades, GradingScale, Mark};
use crate::intake::place::{Lines, Place, toml_message};
use jiff::civil::Date;
use std::borrow::Cow;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub(super) type Value<'a> = Spanned<DeValue<'a>>;

const TOP: &[&str] = &["scale", "conversion", "table"];
const SCALE: &[&str] =
    &["name", "grades", "numeric", "pass", "best", "worst", "step", "valid_from", "citation", "verified"];
const TABLE: &[&str] =
    &["institution", "scale", "field", "cycle", "first_year", "last_year", "counts", "source"];

/// Reads a file of grades; `file_name` is for the messages.
///
/// # Errors
/// Names every fault with line, column, value, reason and remedy. Where the text is not TOML, only what is
/// wrong with that.
pub fn parse_toml(text: &str, file_name: &str) -> Result<GradeFile, GradeFaults> {
    let lines = Lines::new(text);
    let mut found = Found::default();
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let at = lines.place(error.span().map_or(0, |span| span.start));
        found.add(at, Code::NotToml, toml_message(error).0);
    }
    if !found.is_empty() {
        found.finish(file_name)?;
    }
    let mut reader = Reader { lines, found: Found::default() };
    let file = GradeFile { file: file_name.to_owned(), ..reader.file(table.get_ref()) };
    reader.found.finish(file_name)?;
    Ok(file)
}

/// A file being read.
pub(super) struct Reader<'t> {
    lines: Lines<'t>,
    pub(super) found: Found,
}

/// One table of the file, and where it begins.
pub(super) struct Part<'v, 'a> {
    pub(super) at: Place,
    pub(super) table: &'v DeTable<'a>,
}

impl<'t> Reader<'t> {
    fn file(&mut self, table: &DeTable) -> GradeFile {
        let whole = Part { at: Place { line: 1, column: 1 }, table };
        self.known_keys(&whole, TOP);
        let mut file = GradeFile::default();
        for part in self.parts(table.get("scale"), "scale") {
            if let Some(scale) = self.scale(&part) {
                self.once(
                    file.scales.iter().map(|known| (known.at, &known.value.name)),
                    &scale.name,
                    part.at,
                    "scale",
                );
                file.scales.push(Sited { value: scale, at: part.at, parts: Vec::new() });
            }
        }
        for part in self.parts(table.get("conversion"), "conversion") {
            if let Some((conversion, parts)) = self.conversion(&part) {
                let known = file.conversions.iter().map(|known| (known.at, &known.value.name));
                self.once(known, &conversion.name, part.at, "conversion");
                file.conversions.push(Sited { value: conversion, at: part.at, parts });
            }
        }
        for part in self.parts(table.get("table"), "table") {
            if let Some((table, parts)) = self.table(&part) {
                file.tables.push(Sited { value: table, at: part.at, parts });
            }
        }
        file
    }

    fn once<'k>(
        &mut self,
        known: impl Iterator<Item = (Place, &'k String)>,
        name: &str,
        at: Place,
        kind: &str,
    ) {
        if let Some((first, _)) = known.into_iter().find(|(_, known)| *known == name) {
            let what = format!("{kind} {} is defined again, line {} defines it", shown(name), first.line);
            self.found.add(at, Code::Twice, what);
        }
    }

    pub(super) fn place(&self, value: &Value) -> Place {
        self.lines.place(value.span().start)
    }

    pub(super) fn known_keys(&mut self, part: &Part, known: &[&str]) {
        for key in part.table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let at = self.lines.place(key.span().start);
            self.found.add_unknown(at, Code::UnknownKey, ("key", key.get_ref()), known);
        }
    }

    pub(super) fn wrong_sort(&mut self, value: &Value, key: &str, wanted: &str) {
        self.found.add(self.place(value), Code::WrongSort, format!("`{key}` takes {wanted}"));
    }

    /// The tables of a list.
    pub(super) fn parts<'v, 'a>(&mut self, value: Option<&'v Value<'a>>, key: &str) -> Vec<Part<'v, 'a>> {
        let mut parts = Vec::new();
        for item in self.items(value, key, &format!("tables; write [[{key}]]")) {
            match item.get_ref() {
                DeValue::Table(table) => parts.push(Part { at: self.place(item), table }),
                _ => self.wrong_sort(item, key, "tables"),
            }
        }
        parts
    }

    fn items<'v, 'a>(&mut self, value: Option<&'v Value<'a>>, key: &str, wanted: &str) -> Vec<&'v Value<'a>> {
        match value.map(|value| (value, value.get_ref())) {
            None => Vec::new(),
            Some((_, DeValue::Array(items))) => items.iter().collect(),
            Some((value, _)) => {
                self.wrong_sort(value, key, wanted);
                Vec::new()
            }
        }
    }

    /// The text of a value. Numbers and dates may stand without quotes: their text is exact.
    fn text_of(&mut self, value: &Value, key: &str) -> Option<String> {
        let text: Cow<str> = match value.get_ref() {
            DeValue::String(text) => text.as_ref().into(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().into(),
            DeValue::Float(number) => number.as_str().into(),
            DeValue::Datetime(date) => date.to_string().into(),
            _ => {
                self.wrong_sort(value, key, "a text in quotes");
                return None;
            }
        };
        proper(&text).unwrap_or_else(|why| {
            self.found.add(self.place(value), Code::BadText, format!("`{key}` {why}"));
            None
        })
    }

    /// A text that may be left out.
    pub(super) fn text(&mut self, part: &Part, key: &str) -> Option<String> {
        self.text_of(part.table.get(key)?, key)
    }

    /// A text that must be there.
    pub(super) fn needed(&mut self, part: &Part, key: &str) -> Option<String> {
        let text = self.text(part, key);
        if text.is_none() && part.table.get(key).is_none_or(is_blank) {
            self.found.add(part.at, Code::Missing, format!("`{key}` is missing"));
        }
        text
    }

    pub(super) fn flag(&mut self, part: &Part, key: &str) -> bool {
        match part.table.get(key).map(|value| (value, value.get_ref())) {
            None => false,
            Some((_, DeValue::Boolean(flag))) => *flag,
            Some((value, _)) => {
                self.wrong_sort(value, key, "true or false");
                false
            }
        }
    }

    /// A value that a text must be read into.
    pub(super) fn read<T>(
        &mut self,
        part: &Part,
        key: &str,
        wanted: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(part, key)?;
        let value = read(&text);
        if value.is_none() {
            let at = part.table.get(key).map_or(part.at, |value| self.place(value));
            self.found.add(at, Code::BadValue, format!("`{key}` {} is not {wanted}", shown(&text)));
        }
        value
    }

    pub(super) fn day(&mut self, part: &Part, key: &str) -> Option<Date> {
        self.read(part, key, "a day such as 2026-08-31", |text| parse_iso(text).ok())
    }

    /// One of several words.
    pub(super) fn word<T>(
        &mut self,
        part: &Part,
        key: &str,
        known: &[&str],
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(part, key)?;
        let word = read(&text);
        if word.is_none() {
            let at = part.table.get(key).map_or(part.at, |value| self.place(value));
            self.found.add_unknown(at, Code::UnknownWord, (key, &text), known);
        }
        word
    }

    fn scale(&mut self, part: &Part) -> Option<GradingScale> {
        self.known_keys(part, SCALE);
        let before = self.found.is_empty();
        let name = self.needed(part, "name");
        let grades = self.grades(part);
        let scale = GradingScale {
            version: 0,
            pass: self.text(part, "pass"),
            valid_from: self.day(part, "valid_from"),
            citation: self.text(part, "citation").unwrap_or_default(),
            verified: self.flag(part, "verified"),
            name: name?,
            grades: grades?,
        };
        if before && let Some((code, what)) = scale_fault(&scale) {
            let key = if code == Code::ScalePass { "pass" } else { "grades" };
            let at = part.table.get(key).map_or(part.at, |value| self.place(value));
            self.found.add(at, code, what);
        }
        Some(scale)
    }

    fn grades(&mut self, part: &Part) -> Option<Grades> {
        let list = part.table.get("grades");
        let number = |reader: &mut Self, key| reader.read(part, key, "a number", Mark::parse);
        let [best, worst, step] = ["best", "worst", "step"].map(|key| number(self, key));
        let is_numeric = self.flag(part, "numeric");
        if is_numeric == list.is_some() {
            let what = if is_numeric {
                "the scale has both `grades` and `numeric = true`"
            } else {
                "the scale has no grades"
            };
            self.found.add(part.at, Code::ScaleGrades, what);
            return None;
        }
        let has = |key: &&&str| part.table.get(**key).is_some();
        if is_numeric {
            let bounds = best.zip(worst).map(|(best, worst)| Bounds { best, worst });
            if part.table.get("best").is_some() != part.table.get("worst").is_some() {
                self.found.add(part.at, Code::ScaleBounds, "the scale has only one of `best` and `worst`");
            }
            return Some(Grades::Numbers { bounds, step });
        }
        if let Some(key) = ["best", "worst", "step"].iter().find(|key| has(key)) {
            self.found.add(
                part.at,
                Code::Misplaced,
                format!("`{key}` is for scales of numbers, this one lists its grades"),
            );
        }
        let items = self.items(list, "grades", "a list from worst to best");
        let grades = items.into_iter().filter_map(|item| self.text_of(item, "grades")).collect();
        Some(Grades::Listed(grades))
    }

    fn conversion(&mut self, part: &Part) -> Option<(Conversion, Vec<Place>)> {
        let name = self.needed(part, "name");
        let (from, to) = (self.needed(part, "from"), self.needed(part, "to"));
        let (method, parts) = self.method(part);
        let (valid_from, valid_to) = (self.day(part, "valid_from"), self.day(part, "valid_to"));
        if valid_from.zip(valid_to).is_some_and(|(from, to)| to < from) {
            self.found.add(part.at, Code::BadValue, "`valid_to` lies before `valid_from`");
        }
        let conversion = Conversion {
            version: 0,
            institution: self.text(part, "institution"),
            citation: self.text(part, "citation").unwrap_or_default(),
            verified: self.flag(part, "verified"),
            valid_from,
            valid_to,
            name: name?,
            from: from?,
            to: to?,
            method: method?,
        };
        Some((conversion, parts))
    }

    fn table(&mut self, part: &Part) -> Option<(GradingTable, Vec<Place>)> {
        self.known_keys(part, TABLE);
        let (institution, scale) = (self.needed(part, "institution"), self.needed(part, "scale"));
        let field = self.read(part, "field", "two to four digits of ISCED-F", |text| {
            is_field(text).then(|| text.to_owned())
        });
        let cycle = self.word(part, "cycle", Cycle::WORDS, Cycle::from_word);
        let years = ["first_year", "last_year"].map(|key| {
            if part.table.get(key).is_none() {
                self.found.add(part.at, Code::Missing, format!("`{key}` is missing"));
            }
            self.read(part, key, "a year such as 2024", year)
        });
        let (counts, parts) = self.counts(part);
        let table = GradingTable {
            institution: institution?,
            scale: scale?,
            field: field.unwrap_or_default(),
            cycle,
            years: (years[0]?, years[1]?),
            version: 0,
            counts,
            source: self.text(part, "source").unwrap_or_default(),
        };
        Some((table, parts))
    }

    fn counts(&mut self, part: &Part) -> (Vec<(String, i64)>, Vec<Place>) {
        let (mut counts, mut places) = (Vec::new(), Vec::new());
        let table = match part.table.get("counts").map(|value| (value, value.get_ref())) {
            Some((_, DeValue::Table(table))) => table,
            Some((value, _)) => {
                self.wrong_sort(value, "counts", "grades and their numbers: { \"1.0\" = 12, \"1.3\" = 30 }");
                return (counts, places);
            }
            None => {
                self.found.add(part.at, Code::Missing, "`counts` is missing");
                return (counts, places);
            }
        };
        for (grade, number) in table {
            let at = self.lines.place(grade.span().start);
            let written = self.text_of(number, "counts").unwrap_or_default();
            let Some(number) = count(&written) else {
                let what = format!(
                    "the number of grade {} is {}, not a whole number",
                    shown(grade.get_ref()),
                    shown(&written)
                );
                self.found.add(at, Code::BadValue, what);
                continue;
            };
            match proper(grade.get_ref()) {
                Ok(Some(grade)) => {
                    counts.push((grade, number));
                    places.push(at);
                }
                Ok(None) => self.found.add(at, Code::Missing, "a grade has no name"),
                Err(why) => self.found.add(at, Code::BadText, format!("a grade {why}")),
            }
        }
        (counts, places)
    }
}

fn is_blank(value: &Value) -> bool {
    matches!(value.get_ref(), DeValue::String(text) if text.trim().is_empty())
}
