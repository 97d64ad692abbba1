//! What a rule asks for and what it gives, as registrars write it: `MATH 1A & MATH 1B | MATH 1H`.
//!
//! ```text
//! requirement = alternative { "|" alternative }          one of them is met
//! alternative = term { "&" term }                        all of them are met
//! term        = choice | number "of" "(" choice { "," choice } ")"
//! choice      = code [ "[" filter { "," filter } "]" ] [ "@" institution ]
//! filter      = "kind" word | "field" digits | "level" framework value
//! received    = item { "&" item }
//! item        = code [ "=" credits ]
//! ```
//!
//! A `*` in a code stands for any text. A code that holds one of `| & ( ) , [ ] @ = * '` stands between
//! apostrophes, in which an apostrophe is written twice.

use super::credits::{Credits, DecimalMark};
use super::outcome::Kind;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Most alternatives of a requirement, terms of an alternative, and choices of a term.
pub const MOST: usize = 100;

/// Characters that mean something outside apostrophes.
const MARKS: &[char] = &['|', '&', '(', ')', ',', '[', ']', '@', '=', '\''];

/// What a rule asks for: one of the alternatives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Requirement(pub Vec<Alternative>);

/// Terms that are all met, each by achievements of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative(pub Vec<Term>);

/// So many different achievements, each of which one of the choices fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// How many.
    pub count: u16,
    /// Of which.
    pub of: Vec<Choice>,
}

/// Outcomes, by their code, their institution and what the catalogue says of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The code.
    pub code: Code,
    /// Conditions on the outcome, all of which hold.
    pub filters: Vec<Filter>,
    /// Code of the institution; the rule's where nothing is said, any for `*`.
    pub institution: Option<Code>,
}

/// A code, or a pattern of codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Code {
    /// This one.
    Exact(String),
    /// Every one that has these pieces in this order, with any text between them.
    Pattern(Vec<String>),
}

/// A condition on an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// The setting of the learning.
    Kind(Kind),
    /// A field of ISCED-F, with those under it.
    Field(String),
    /// A level of a framework.
    Level(String, String),
}

/// What a rule gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Received(pub Vec<Item>);

/// A receiving outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its code.
    pub outcome: String,
    /// Its part of the credit, where the rule says it.
    pub credits: Option<Credits>,
}

/// Why a text is none, and at which of its characters, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misread {
    /// The reason.
    pub why: String,
    /// The character.
    pub column: usize,
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (character {})", self.why, self.column)
    }
}

impl Requirement {
    /// One outcome, by its code.
    pub fn one(code: &str) -> Requirement {
        let choice = Choice { code: Code::Exact(code.to_owned()), filters: Vec::new(), institution: None };
        Requirement(vec![Alternative(vec![Term { count: 1, of: vec![choice] }])])
    }

    /// The code, where it asks for one outcome of the rule's institution and nothing else.
    pub fn single(&self) -> Option<&str> {
        let [Alternative(terms)] = self.0.as_slice() else { return None };
        let [Term { count: 1, of }] = terms.as_slice() else { return None };
        match of.as_slice() {
            [Choice { code: Code::Exact(code), filters, institution: None }] if filters.is_empty() => {
                Some(code)
            }
            _ => None,
        }
    }

    /// All its choices.
    pub fn choices(&self) -> impl Iterator<Item = &Choice> {
        self.0.iter().flat_map(|alternative| &alternative.0).flat_map(|term| &term.of)
    }
}

impl Code {
    /// Whether a code is this one, or fits the pattern.
    pub fn fits(&self, code: &str) -> bool {
        match self {
            Code::Exact(own) => own == code,
            Code::Pattern(pieces) => fits(pieces, code),
        }
    }

    fn read(text: &str, literal: bool) -> Code {
        if literal || !text.contains('*') {
            return Code::Exact(text.to_owned());
        }
        Code::Pattern(text.split('*').map(str::to_owned).collect())
    }
}

/// Whether a text is the pieces with anything between them.
fn fits(pieces: &[String], text: &str) -> bool {
    let [first, middle @ .., last] = pieces else { return false };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
    for piece in middle {
        match rest.find(piece.as_str()) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last.as_str())
}

impl Received {
    /// One outcome, which gets all of it.
    pub fn one(code: &str) -> Received {
        Received(vec![Item { outcome: code.to_owned(), credits: None }])
    }

    /// The parts together, where every outcome has one.
    pub fn credits(&self) -> Option<Credits> {
        let parts = self.0.iter().map(|item| item.credits);
        parts.into_iter().try_fold(0i64, |sum, part| sum.checked_add(part?.0)).map(Credits)
    }
}

fn quoted(code: &str) -> String {
    let needs =
        code.contains(MARKS) || code.contains('*') || code.trim() != code || code.is_empty() || counts(code);
    match needs {
        true => format!("'{}'", code.replace('\'', "''")),
        false => code.to_owned(),
    }
}

/// Whether a code alone would be read as the beginning of `2 of (…)`.
fn counts(code: &str) -> bool {
    code.strip_suffix(" of").is_some_and(|number| number.trim().parse::<u16>().is_ok())
}

fn joined<T: fmt::Display>(f: &mut fmt::Formatter<'_>, parts: &[T], between: &str) -> fmt::Result {
    for (at, part) in parts.iter().enumerate() {
        write!(f, "{}{part}", if at > 0 { between } else { "" })?;
    }
    Ok(())
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        joined(f, &self.0, " | ")
    }
}

impl fmt::Display for Alternative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        joined(f, &self.0, " & ")
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (1, [only]) = (self.count, self.of.as_slice()) {
            return write!(f, "{only}");
        }
        write!(f, "{} of (", self.count)?;
        joined(f, &self.of, ", ")?;
        f.write_str(")")
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if !self.filters.is_empty() {
            f.write_str(" [")?;
            joined(f, &self.filters, ", ")?;
            f.write_str("]")?;
        }
        match &self.institution {
            Some(institution) => write!(f, " @ {institution}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Code::Exact(code) => f.write_str(&quoted(code)),
            Code::Pattern(pieces) => f.write_str(&pieces.join("*")),
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Filter::Kind(kind) => write!(f, "kind {}", kind.name()),
            Filter::Field(field) => write!(f, "field {field}"),
            Filter::Level(framework, level) => write!(f, "level {framework} {level}"),
        }
    }
}

impl fmt::Display for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        joined(f, &self.0, " & ")
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quoted(&self.outcome))?;
        match self.credits {
            Some(credits) => write!(f, " = {credits}"),
            None => Ok(()),
        }
    }
}

impl From<Requirement> for String {
    fn from(requirement: Requirement) -> String {
        requirement.to_string()
    }
}

impl From<Received> for String {
    fn from(received: Received) -> String {
        received.to_string()
    }
}

impl TryFrom<String> for Requirement {
    type Error = String;
    fn try_from(text: String) -> Result<Requirement, String> {
        text.parse().map_err(|misread: Misread| misread.to_string())
    }
}

impl TryFrom<String> for Received {
    type Error = String;
    fn try_from(text: String) -> Result<Received, String> {
        text.parse().map_err(|misread: Misread| misread.to_string())
    }
}

impl FromStr for Requirement {
    type Err = Misread;

    fn from_str(text: &str) -> Result<Requirement, Misread> {
        let mut reader = Reader { text, at: 0 };
        let alternatives = reader.list('|', |reader| Ok(Alternative(reader.list('&', Reader::term)?)))?;
        reader.end()?;
        Ok(Requirement(alternatives))
    }
}

impl FromStr for Received {
    type Err = Misread;

    fn from_str(text: &str) -> Result<Received, Misread> {
        let mut reader = Reader { text, at: 0 };
        let items = reader.list('&', Reader::item)?;
        reader.end()?;
        for (at, item) in items.iter().enumerate() {
            if items[..at].iter().any(|earlier| earlier.outcome == item.outcome) {
                return Err(Misread { why: format!("{} stands twice", item.outcome), column: 1 });
            }
        }
        Ok(Received(items))
    }
}

/// Reads from left to right.
struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn misread(&self, why: impl Into<String>) -> Misread {
        Misread { why: why.into(), column: self.text[..self.at].chars().count() + 1 }
    }

    /// Takes a mark, if it comes next.
    fn takes(&mut self, mark: char) -> bool {
        self.blanks();
        let comes = self.rest().starts_with(mark);
        self.at += if comes { mark.len_utf8() } else { 0 };
        comes
    }

    fn expect(&mut self, mark: char) -> Result<(), Misread> {
        match self.takes(mark) {
            true => Ok(()),
            false => Err(self.misread(format!("`{mark}` is missing"))),
        }
    }

    fn end(&mut self) -> Result<(), Misread> {
        self.blanks();
        match self.rest().chars().next() {
            None => Ok(()),
            Some(mark) => Err(self.misread(format!("`{mark}` does not fit here"))),
        }
    }

    /// Parts divided by a mark.
    fn list<T>(
        &mut self,
        between: char,
        mut part: impl FnMut(&mut Self) -> Result<T, Misread>,
    ) -> Result<Vec<T>, Misread> {
        let mut parts = vec![part(self)?];
        while self.takes(between) {
            if parts.len() == MOST {
                return Err(self.misread(format!("more than {MOST} stand side by side")));
            }
            parts.push(part(self)?);
        }
        Ok(parts)
    }

    /// A code as it stands, and whether it stood between apostrophes.
    fn code(&mut self) -> Result<(String, bool), Misread> {
        self.blanks();
        if self.rest().starts_with('\'') {
            return Ok((self.between_apostrophes()?, true));
        }
        let end = self.rest().find(MARKS).unwrap_or(self.rest().len());
        let code = self.rest()[..end].trim();
        if code.is_empty() {
            return Err(self.misread("a code is missing"));
        }
        self.at += end;
        Ok((code.to_owned(), false))
    }

    fn between_apostrophes(&mut self) -> Result<String, Misread> {
        let begin = self.at;
        let mut code = String::new();
        loop {
            self.at += 1;
            let Some(end) = self.rest().find('\'') else {
                self.at = begin;
                return Err(self.misread("the apostrophe is not closed"));
            };
            code.push_str(&self.rest()[..end]);
            self.at += end + 1;
            if !self.rest().starts_with('\'') {
                break;
            }
            code.push('\'');
        }
        match code.is_empty() {
            true => Err(self.misread("a code is missing")),
            false => Ok(code),
        }
    }

    fn term(&mut self) -> Result<Term, Misread> {
        self.blanks();
        let Some(count) = self.count() else {
            return Ok(Term { count: 1, of: vec![self.choice()?] });
        };
        self.expect('(')?;
        let of = self.list(',', Reader::choice)?;
        self.expect(')')?;
        if count == 0 {
            return Err(self.misread("0 of them ask for nothing"));
        }
        Ok(Term { count, of })
    }

    /// The number of `2 of (`, up to the bracket.
    fn count(&mut self) -> Option<u16> {
        let head = &self.rest()[..self.rest().find('(')?];
        let count = head.trim_end().strip_suffix("of")?.trim().parse().ok()?;
        self.at += head.len();
        Some(count)
    }

    fn choice(&mut self) -> Result<Choice, Misread> {
        let (code, literal) = self.code()?;
        let filters = match self.takes('[') {
            true => {
                let filters = self.list(',', Reader::filter)?;
                self.expect(']')?;
                filters
            }
            false => Vec::new(),
        };
        let institution = match self.takes('@') {
            true => Some(self.code()?).map(|(code, literal)| Code::read(&code, literal)),
            false => None,
        };
        Ok(Choice { code: Code::read(&code, literal), filters, institution })
    }

    fn filter(&mut self) -> Result<Filter, Misread> {
        let (text, _) = self.code()?;
        let (word, value) = text.split_once(char::is_whitespace).unwrap_or((&text, ""));
        let value = value.trim();
        let known = || Kind::ALL.map(Kind::name).join(", ");
        match word {
            "kind" => {
                let kind = Kind::from_name(value);
                kind.map(Filter::Kind).ok_or_else(|| self.misread(format!("a kind is one of {}", known())))
            }
            "field" if !value.is_empty() && value.chars().all(|digit| digit.is_ascii_digit()) => {
                Ok(Filter::Field(value.to_owned()))
            }
            "field" => Err(self.misread("a field is a number of ISCED-F")),
            "level" => match value.rsplit_once(char::is_whitespace) {
                Some((framework, level)) => Ok(Filter::Level(framework.trim().to_owned(), level.to_owned())),
                None => Err(self.misread("a level has a framework before it: `level EQF 5`")),
            },
            _ => Err(self.misread("a filter begins with kind, field or level")),
        }
    }

    fn item(&mut self) -> Result<Item, Misread> {
        let (outcome, literal) = self.code()?;
        if !literal && outcome.contains('*') {
            return Err(self.misread("a receiving outcome is one outcome, not a pattern"));
        }
        if !self.takes('=') {
            return Ok(Item { outcome, credits: None });
        }
        let (amount, _) = self.code()?;
        match Credits::parse(&amount, DecimalMark::Point) {
            Ok(credits) => Ok(Item { outcome, credits: Some(credits) }),
            Err(why) => Err(self.misread(why.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_read_is_written_the_same() {
        for text in [
            "MATH 1A",
            "MATH 1A & MATH 1B | MATH 1H",
            "2 of (A, B, C @ OU) & D",
            "MATH *",
            "* [kind formal, field 0541, level EQF 5]",
            "*1A* @ *",
            "'A & B' | 'it''s' @ 'C, D'",
            "'2 of'",
            "微积分（上） | 高等数学",
        ] {
            assert_eq!(text.parse::<Requirement>().unwrap().to_string(), text);
        }
        for text in ["MATH 3A", "MATH 3A = 4 & MATH 3B = 4.5", "'A = 1'"] {
            assert_eq!(text.parse::<Received>().unwrap().to_string(), text);
        }
        assert_eq!(" A&B|C ".parse::<Requirement>().unwrap().to_string(), "A & B | C");
        assert_eq!("1 of (A)".parse::<Requirement>().unwrap().to_string(), "A");
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_place() {
        for (text, why, column) in [
            ("", "a code is missing", 1),
            ("A &", "a code is missing", 4),
            ("A | | B", "a code is missing", 5),
            ("2 of (A, B", "`)` is missing", 11),
            ("0 of (A)", "0 of them ask for nothing", 9),
            ("A ) B", "`)` does not fit here", 3),
            ("学 'B", "`'` does not fit here", 3),
            ("'B", "the apostrophe is not closed", 1),
            ("A [colour red]", "a filter begins with kind, field or level", 14),
            ("A [field law]", "a field is a number of ISCED-F", 13),
            ("A [level 5]", "a level has a framework before it: `level EQF 5`", 11),
        ] {
            let misread = text.parse::<Requirement>().unwrap_err();
            assert_eq!((misread.why.as_str(), misread.column), (why, column), "{text}");
        }
        for text in ["A = x", "A*", "A & A", "A = 1.2345", "A ="] {
            assert!(text.parse::<Received>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_pattern_fits_any_text_between_its_pieces() {
        let fits = |pattern: &str, code: &str| Code::read(pattern, false).fits(code);
        for (pattern, code, fit) in [
            ("*", "", true),
            ("*", "X", true),
            ("MATH *", "MATH 1A", true),
            ("MATH *", "MATH1A", false),
            ("*A", "1A", true),
            ("*A", "AB", false),
            ("a*b*c", "abc", true),
            ("a*b*c", "acb", false),
            ("ab*ba", "aba", false),
            ("学*", "学分", true),
        ] {
            assert_eq!(fits(pattern, code), fit, "{pattern} {code}");
        }
    }

    fn code() -> impl Strategy<Value = Code> {
        prop_oneof![
            "[A-Za-z0-9 '|&(),\\[\\]@=*学]{1,6}"
                .prop_filter("blank", |code| !code.trim().is_empty())
                .prop_map(Code::Exact),
            "[A-Z]{0,2}\\*[A-Z]{0,2}".prop_map(|text| Code::read(&text, false)),
        ]
    }

    fn choice() -> impl Strategy<Value = Choice> {
        let filter = prop_oneof![
            (0usize..3).prop_map(|at| Filter::Kind(Kind::ALL[at])),
            "[0-9]{1,4}".prop_map(Filter::Field),
            ("[A-Z]{1,4}", "[0-9]{1,2}").prop_map(|(framework, level)| Filter::Level(framework, level)),
        ];
        (code(), proptest::collection::vec(filter, 0..3), proptest::option::of(code()))
            .prop_map(|(code, filters, institution)| Choice { code, filters, institution })
    }

    proptest! {
        #[test]
        fn every_requirement_survives_its_text(
            requirement in proptest::collection::vec(
                proptest::collection::vec(
                    (1u16..4, proptest::collection::vec(choice(), 1..4)).prop_map(|(count, of)| Term { count, of }),
                    1..4,
                ).prop_map(Alternative),
                1..4,
            ).prop_map(Requirement)
        ) {
            let text = requirement.to_string();
            prop_assert_eq!(text.parse::<Requirement>(), Ok(requirement), "{}", text);
        }
    }
}
