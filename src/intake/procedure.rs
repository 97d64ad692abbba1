//! Procedures: within which spans requests and appeals are answered, what silence decides, how many officers it
//! takes. A procedure is a TOML text; every span names its source, and whether it was read there.

pub mod builtin;

use super::hash::sha256_hex;
use super::place::{Lines, Place, toml_message};
use crate::domain::date::parse_iso;
use crate::domain::deadline::Term;
use crate::domain::decision::{Silence, Terms};
use jiff::civil::Date;
use serde::Deserialize;
use std::fmt;
use toml::Spanned;

/// A procedure as its text has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Procedure {
    /// Its name: `[a-z0-9-]{1,40}`.
    pub name: String,
    /// Its title for people.
    pub title: Option<String>,
    /// First day on which requests may follow it.
    pub valid_from: Option<Date>,
    /// Last day on which requests may follow it.
    pub valid_to: Option<Date>,
    /// From the receipt of a request to the answer.
    pub decide: Option<Figure<Term>>,
    /// From the decision to the appeal.
    pub file: Option<Figure<Term>>,
    /// From the appeal to the answer.
    pub answer: Option<Figure<Term>>,
    /// What silence on a request and on an appeal decides.
    pub silence: Option<Figure<[Silence; 2]>>,
    /// 2 where somebody else answers an appeal than who decided.
    pub officers: u8,
    /// How often a decision may be appealed.
    pub levels: u8,
    /// Days that are no working days.
    pub holidays: Vec<Date>,
    /// The text.
    pub source: String,
    /// SHA-256 of the text, hexadecimal.
    pub sha256: String,
}

/// What a procedure says, and where that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure<T> {
    /// What it says.
    pub value: T,
    /// The law, the rule or the page.
    pub citation: String,
    /// Whether it was read at its source.
    pub verified: bool,
}

/// Why a text is not a procedure: every fault that was found, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcedureError(Vec<String>);

impl fmt::Display for ProcedureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    name: Spanned<String>,
    title: Option<String>,
    valid_from: Option<Spanned<String>>,
    valid_to: Option<Spanned<String>>,
    #[serde(default = "one")]
    officers: Spanned<i64>,
    #[serde(default = "one")]
    levels: Spanned<i64>,
    #[serde(default)]
    holidays: Vec<Spanned<String>>,
    decide: Option<SpanSource>,
    file: Option<SpanSource>,
    answer: Option<SpanSource>,
    silence: Option<SilenceSource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SpanSource {
    within: Spanned<String>,
    citation: Spanned<String>,
    #[serde(default)]
    verified: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SilenceSource {
    #[serde(default)]
    request: Silence,
    #[serde(default)]
    appeal: Silence,
    citation: Spanned<String>,
    #[serde(default)]
    verified: bool,
}

fn one() -> Spanned<i64> {
    Spanned::new(0..0, 1)
}

/// Collects what is wrong.
struct Faults<'a> {
    lines: Lines<'a>,
    file: &'a str,
    found: Vec<(usize, String)>,
}

impl Faults<'_> {
    fn add(&mut self, at: usize, what: &str, why: &str, remedy: &str) {
        let Place { line, column } = self.lines.place(at);
        self.found.push((at, format!("{}:{line}:{column}: {what}: {why} — {remedy}", self.file)));
    }

    fn day(&mut self, text: &Spanned<String>) -> Option<Date> {
        let day = parse_iso(text.get_ref());
        if let Err(error) = &day {
            let what = format!("`{}` is no day", text.get_ref());
            self.add(text.span().start, &what, &error.to_string(), "write it as 2026-08-31");
        }
        day.ok()
    }

    fn number(&mut self, number: &Spanned<i64>, what: &str, most: i64) -> u8 {
        if (1..=most).contains(number.get_ref()) {
            return *number.get_ref() as u8;
        }
        let said = format!("{} {what}", number.get_ref());
        self.add(number.span().start, &said, "that is too few or too many", &format!("write 1 to {most}"));
        1
    }

    fn citation(&mut self, citation: &Spanned<String>) -> String {
        if citation.get_ref().trim().is_empty() {
            let why = "a deadline that nobody can look up binds nobody";
            self.add(
                citation.span().start,
                "the citation is empty",
                why,
                "name the law, the rule or the page",
            );
        }
        citation.get_ref().clone()
    }

    fn span(&mut self, source: Option<SpanSource>) -> Option<Figure<Term>> {
        let SpanSource { within, citation, verified } = source?;
        let citation = self.citation(&citation);
        match Term::parse(within.get_ref()) {
            Ok(value) => Some(Figure { value, citation, verified }),
            Err(why) => {
                let what = format!("`{}` is no span", within.get_ref());
                self.add(within.span().start, &what, why, "correct it");
                None
            }
        }
    }
}

impl Procedure {
    /// Reads a procedure; `file` is for the messages.
    ///
    /// # Errors
    /// Names every fault with its line and column, the reason and the remedy.
    pub fn parse(text: &str, file: &str) -> Result<Procedure, ProcedureError> {
        let mut faults = Faults { lines: Lines::new(text), file, found: Vec::new() };
        let source: Source = match toml::from_str(text) {
            Ok(source) => source,
            Err(error) => {
                let (message, remedy) = toml_message(&error);
                faults.add(error.span().map_or(0, |span| span.start), "not a procedure", &message, remedy);
                return Err(faults.error());
            }
        };
        let procedure = faults.procedure(source, text);
        if faults.found.is_empty() { Ok(procedure) } else { Err(faults.error()) }
    }

    /// Whether a request of that day may follow it.
    pub fn is_valid_on(&self, day: Date) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| day <= to)
    }

    /// What a decision records of it.
    pub fn terms(&self, version: i64) -> Terms {
        let [request, appeal] = self.silence.as_ref().map(|silence| silence.value).unwrap_or_default();
        let span = |figure: &Option<Figure<Term>>| figure.as_ref().map(|figure| figure.value);
        Terms {
            name: self.name.clone(),
            version,
            sha256: self.sha256.clone(),
            decide: span(&self.decide),
            silence: request,
            file: span(&self.file),
            answer: span(&self.answer),
            appeal_silence: appeal,
            officers: self.officers,
            levels: self.levels,
            holidays: self.holidays.clone(),
        }
    }
}

impl Faults<'_> {
    fn procedure(&mut self, source: Source, text: &str) -> Procedure {
        let name = source.name.get_ref().clone();
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > 40 || !name.chars().all(fits) {
            let what = format!("`{name}` is no name of a procedure");
            let why = "a name has 1 to 40 small letters, digits and hyphens";
            self.add(source.name.span().start, &what, why, "write one such as `state-rules`");
        }
        let valid_from = source.valid_from.as_ref().and_then(|day| self.day(day));
        let valid_to = source.valid_to.as_ref().and_then(|day| self.day(day));
        if let (Some(from), Some(to), Some(at)) = (valid_from, valid_to, &source.valid_to)
            && to < from
        {
            let why = format!("its first day is {from}");
            self.add(at.span().start, "the last day is before the first", &why, "correct one of them");
        }
        let silence = source.silence.map(|silence| {
            let citation = self.citation(&silence.citation);
            Figure { value: [silence.request, silence.appeal], citation, verified: silence.verified }
        });
        Procedure {
            name,
            title: source.title,
            valid_from,
            valid_to,
            decide: self.span(source.decide),
            file: self.span(source.file),
            answer: self.span(source.answer),
            silence,
            officers: self.number(&source.officers, "officers", 2),
            levels: self.number(&source.levels, "levels", 9),
            holidays: source.holidays.iter().filter_map(|day| self.day(day)).collect(),
            source: text.to_owned(),
            sha256: sha256_hex(text),
        }
    }

    fn error(mut self) -> ProcedureError {
        self.found.sort_by_key(|(at, _)| *at);
        ProcedureError(self.found.into_iter().map(|(_, text)| text).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "name = \"p\"\nofficers = 2\n[decide]\nwithin = \"4 months\"\ncitation = \"c\"\n";

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        Procedure::parse(SOUND, "p.toml").unwrap();
        let cases = [
            ("", "p.toml:1:1: not a procedure: missing field `name`"),
            ("name = \"P 1\"", "p.toml:1:8: `P 1` is no name of a procedure"),
            ("name = \"p\"\nofficers = 3", "p.toml:2:12: 3 officers"),
            ("name = \"p\"\nlevels = 0", "p.toml:2:10: 0 levels"),
            ("name = \"p\"\nvalid_from = \"2026-02-30\"", "p.toml:2:14: `2026-02-30` is no day"),
            (
                "name = \"p\"\nvalid_from = \"2026-02-02\"\nvalid_to = \"2026-02-01\"",
                "p.toml:3:12: the last day is before the first",
            ),
            ("name = \"p\"\n[file]\nwithin = \"15 days\"\n", "missing field `citation`"),
            (
                "name = \"p\"\n[file]\nwithin = \"15 days\"\ncitation = \" \"",
                "p.toml:4:12: the citation is empty",
            ),
            ("name = \"p\"\n[file]\nwithin = \"soon\"\ncitation = \"c\"", "p.toml:3:10: `soon` is no span"),
            ("name = \"p\"\n[answers]\n", "unknown field `answers`"),
            ("name = \"p\"\n[silence]\nappeal = \"student\"\ncitation = \"c\"", "unknown variant `student`"),
        ];
        for (text, expected) in cases {
            let error = Procedure::parse(text, "p.toml").unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
        let both = "name = \"p\"\n[file]\nwithin = \"soon\"\ncitation = \"\"";
        assert_eq!(Procedure::parse(both, "p.toml").unwrap_err().to_string().lines().count(), 2);
    }
}
