//! Faults of a profile, each with its place.

use crate::intake::place::{Lines, Place, toml_message, unknown_word};
use std::fmt;
use std::ops::Range;

/// One fault of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileFault {
    /// Line of the profile, from 1.
    pub line: usize,
    /// Column of the profile in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub what: String,
    /// Why it is wrong.
    pub why: String,
    /// What puts it right.
    pub remedy: String,
}

/// Why a text is not a profile: every fault that was found, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileError {
    /// Name of the profile's file.
    pub file: String,
    /// At least one fault.
    pub faults: Vec<ProfileFault>,
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in self.faults.iter().enumerate() {
            let ProfileFault { line, column, what, why, remedy } = fault;
            let separator = if at == 0 { "" } else { "\n" };
            write!(f, "{separator}{}:{line}:{column}: {what}: {why} — {remedy}", self.file)?;
        }
        Ok(())
    }
}

impl std::error::Error for ProfileError {}

/// Collects the faults of one profile.
pub(super) struct Faults<'a> {
    lines: Lines<'a>,
    /// From where on places are told as another one: those of a text that the reader did not write.
    elsewhere: Option<(usize, usize)>,
    found: Vec<(usize, ProfileFault)>,
}

impl<'a> Faults<'a> {
    pub(super) fn new(source: &'a str) -> Faults<'a> {
        Faults { lines: Lines::new(source), elsewhere: None, found: Vec::new() }
    }

    /// Tells faults from a place on at another place.
    pub(super) fn tell_from(&mut self, from: usize, at: usize) {
        self.elsewhere = Some((from, at));
    }

    /// Notes a fault at a place of the source.
    pub(super) fn add(
        &mut self,
        at: Range<usize>,
        what: impl Into<String>,
        why: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let start = match self.elsewhere {
            Some((from, told)) if at.start >= from => told,
            _ => at.start,
        };
        let Place { line, column } = self.lines.place(start);
        let (line, column) = (line as usize, column as usize);
        let (what, why, remedy) = (what.into(), why.into(), remedy.into());
        self.found.push((start, ProfileFault { line, column, what, why, remedy }));
    }

    /// Notes what the TOML reader found.
    pub(super) fn add_toml(&mut self, error: &toml::de::Error) {
        let (message, remedy) = toml_message(error);
        self.add(error.span().unwrap_or(0..0), "not a profile", message, remedy);
    }

    /// Notes a word that is none of those known.
    pub(super) fn add_unknown(&mut self, at: Range<usize>, kind: &str, word: &str, known: &[&str]) {
        let (why, remedy) = unknown_word(word, known);
        self.add(at, format!("unknown {kind} `{word}`"), why, remedy);
    }

    /// The error, if anything was found.
    pub(super) fn into_error(mut self, file: &str) -> Option<ProfileError> {
        self.found.sort_by_key(|(at, _)| *at);
        let faults: Vec<ProfileFault> = self.found.into_iter().map(|(_, fault)| fault).collect();
        (!faults.is_empty()).then(|| ProfileError { file: file.to_owned(), faults })
    }
}
