//! Reads how a conversion converts.

use super::fault::{Code, shown};
use super::from_toml::{Part, Reader};
use crate::domain::grading::{Choice, Ends, GradeRounding, MINIMUM, Method, Source, TableRow, YEARS};
use crate::intake::place::Place;

/// The keys of every conversion.
const COMMON: &[&str] =
    &["name", "from", "to", "method", "institution", "valid_from", "valid_to", "citation", "verified"];
const BY_TABLE: &[&str] = &["row"];
const LINEAR: &[&str] = &["rounding", "equal_steps", "from_best", "from_pass", "to_best", "to_pass"];
const DISTRIBUTION: &[&str] = &["choose", "minimum", "years", "to_institution"];
const ROW: &[&str] = &["grade", "at_least", "low", "suggested", "high"];

/// The keys of a method.
fn own_keys(method: &str) -> &'static [&'static str] {
    match method {
        "table" => BY_TABLE,
        "linear" => LINEAR,
        _ => DISTRIBUTION,
    }
}

impl Reader<'_> {
    /// The method, and where its rows stand.
    pub(super) fn method(&mut self, part: &Part) -> (Option<Method>, Vec<Place>) {
        let known: Vec<&str> = [COMMON, BY_TABLE, LINEAR, DISTRIBUTION].concat();
        self.known_keys(part, &known);
        if part.table.get("method").is_none() {
            self.found.add(part.at, Code::Missing, "`method` is missing");
        }
        let word = self.word(part, "method", Method::WORDS, |text| {
            Method::WORDS.iter().find(|word| **word == text).copied()
        });
        let Some(word) = word else { return (None, Vec::new()) };
        for other in Method::WORDS.iter().filter(|other| **other != word) {
            for key in own_keys(other).iter().filter(|key| part.table.get(**key).is_some()) {
                let what = format!("`{key}` belongs to the method `{other}`, this conversion is by `{word}`");
                self.found.add(part.at, Code::Misplaced, what);
            }
        }
        match word {
            "table" => self.rows(part),
            "linear" => (self.linear(part), Vec::new()),
            _ => (self.distribution(part), Vec::new()),
        }
    }

    fn rows(&mut self, part: &Part) -> (Option<Method>, Vec<Place>) {
        let (mut rows, mut places) = (Vec::new(), Vec::new());
        for row in self.parts(part.table.get("row"), "conversion.row") {
            if let Some(read) = self.row(&row) {
                rows.push(read);
                places.push(row.at);
            }
        }
        if part.table.get("row").is_none() {
            self.found.add(part.at, Code::Missing, "the conversion has no rows; write [[conversion.row]]");
        }
        (Some(Method::Table { rows }), places)
    }

    fn row(&mut self, row: &Part) -> Option<TableRow> {
        self.known_keys(row, ROW);
        let (grade, at_least) = (self.text(row, "grade"), self.text(row, "at_least"));
        let suggested = self.needed(row, "suggested")?;
        let from = match (grade, at_least) {
            (Some(grade), None) => Source::Grade(grade),
            (None, Some(grade)) => Source::AtLeast(grade),
            (None, None) => {
                self.found.add(row.at, Code::Missing, "the row has neither `grade` nor `at_least`");
                return None;
            }
            (Some(grade), Some(other)) => {
                let what =
                    format!("the row has both `grade` {} and `at_least` {}", shown(&grade), shown(&other));
                self.found.add(row.at, Code::Twice, what);
                return None;
            }
        };
        let low = self.text(row, "low").unwrap_or_else(|| suggested.clone());
        let high = self.text(row, "high").unwrap_or_else(|| suggested.clone());
        Some(TableRow { from, low, suggested, high })
    }

    fn linear(&mut self, part: &Part) -> Option<Method> {
        let rounding = self.word(part, "rounding", GradeRounding::WORDS, GradeRounding::from_word);
        if part.table.get("rounding").is_none() {
            let what = format!("`rounding` is missing: one of {}", GradeRounding::WORDS.join(", "));
            self.found.add(part.at, Code::Missing, what);
        }
        let equal_steps = self.flag(part, "equal_steps");
        let ends = Ends {
            from_best: self.text(part, "from_best"),
            from_pass: self.text(part, "from_pass"),
            to_best: self.text(part, "to_best"),
            to_pass: self.text(part, "to_pass"),
        };
        Some(Method::Linear { rounding: rounding?, equal_steps, ends })
    }

    fn distribution(&mut self, part: &Part) -> Option<Method> {
        let above = |text: &str| super::value::count(text).filter(|number| *number > 0);
        let choose = match part.table.get("choose") {
            None => Some(Choice::Largest),
            Some(_) => self.word(part, "choose", Choice::WORDS, Choice::from_word),
        };
        let number = |reader: &mut Self, key, default| match part.table.get(key) {
            None => Some(default),
            Some(_) => reader.read(part, key, "a whole number above 0", above),
        };
        let (minimum, years) = (number(self, "minimum", MINIMUM), number(self, "years", YEARS));
        let to_institution = self.text(part, "to_institution");
        Some(Method::Distribution { choose: choose?, minimum: minimum?, years: years?, to_institution })
    }
}
