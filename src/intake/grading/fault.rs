//! Faults of a file of grades, each with its place and its code.

use crate::domain::fault::Fault;
use crate::domain::text::shorten;
use crate::intake::place::{Place, unknown_word};
use std::fmt;

/// Faults that are listed; the rest are counted.
const LIMIT: usize = 100;

/// Longest value that a message shows, in characters.
const SHOWN: usize = 60;

macro_rules! codes {
    ($($name:ident $code:literal $meaning:literal $remedy:literal;)*) => {
        /// What can be wrong with a file of grades.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $meaning] $name),* }

        /// Every code, what it means and what puts it right.
        pub const CODES: &[(Code, &str, &str, &str)] = &[$((Code::$name, $code, $meaning, $remedy)),*];

        impl Code {
            /// The code as messages show it.
            pub fn code(self) -> &'static str {
                match self { $(Code::$name => $code),* }
            }

            /// What puts it right.
            pub fn remedy(self) -> &'static str {
                match self { $(Code::$name => $remedy),* }
            }
        }
    };
}

codes! {
    NotToml "G201" "the file is no TOML" "correct it";
    NotTable "G202" "the file cannot be read as a table" "save it as CSV in UTF-8, divided by commas";
    UnknownKey "G203" "a key, section or column is unknown" "correct its spelling, or remove it";
    Missing "G204" "something is missing that must be said" "add it";
    WrongSort "G205" "a value is of another sort" "write it as the page on grades shows";
    BadText "G206" "a text holds control characters or is too long" "write it on one line of at most 500 characters";
    BadValue "G207" "a number, a day or a year cannot be read" "correct it";
    UnknownWord "G208" "a word is none of those known" "use one of these";
    Twice "G209" "the same is said twice" "keep one of them";
    Misplaced "G210" "a key belongs to another sort of definition" "remove it";
    ScaleGrades "G211" "a scale has neither grades nor numbers, both, or too few grades" "list at least two grades from worst to best, or set `numeric = true`";
    ScaleBounds "G212" "the bounds or the step of a scale do not fit" "give a scale of numbers `best` and `worst` that differ, and a `step` that divides what lies between";
    ScalePass "G213" "the passing line is no grade of its scale" "name one of its grades";
    ScaleDay "G214" "a scale's version begins no later than the one before" "give it a later `valid_from`";
    NoScale "G221" "a scale is not known" "register it, or define it in the same file";
    NoInstitution "G222" "an institution is not known" "register it with `creditbank institution add`";
    NotOnScale "G223" "a grade is none of its scale" "write it as the scale does";
    RowOrder "G224" "a row's grades do not rise from low over suggested to high" "put the worse grade first";
    NoLine "G225" "no line can be drawn between two scales" "complete the scales, or say the ends in the conversion";
    Fails "G231" "a grading table counts a grade that fails, or of which nobody can say that it passes" "count passing grades alone, on a scale with a passing line";
    NoCounts "G232" "a grading table counts nothing" "give at least one grade a number above 0";
    Years "G233" "years are out of order, or overlap with those of another table of the same grades" "count each year in one table only; the same years again replace a table";
}

/// One fault of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GradeFault {
    /// Where.
    pub at: Place,
    /// Which sort.
    pub code: Code,
    /// What is wrong, with the value and the reason.
    pub what: String,
    /// What puts it right.
    pub remedy: String,
}

/// Why a file is not taken: its faults in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GradeFaults {
    /// Name of the file.
    pub file: String,
    /// The first faults.
    pub faults: Vec<GradeFault>,
    /// How many more there are.
    pub more: u64,
}

impl fmt::Display for GradeFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, GradeFault { at, code, what, remedy }) in self.faults.iter().enumerate() {
            let separator = if nth == 0 { "" } else { "\n" };
            let Place { line, column } = at;
            write!(f, "{separator}{}:{line}:{column}: {what} — {remedy} [{}]", self.file, code.code())?;
        }
        if self.more > 0 {
            write!(f, "\n… and {} more", self.more)?;
        }
        Ok(())
    }
}

impl From<GradeFaults> for Fault {
    fn from(faults: GradeFaults) -> Fault {
        let count = match faults.faults.len() as u64 + faults.more {
            1 => "1 fault".to_owned(),
            count => format!("{count} faults"),
        };
        let list = faults.to_string().replace('\n', "\n  ");
        Fault::new("G200", format!("nothing was registered: {} has {count}\n  {list}", faults.file))
            .remedy("mend the file and import it again")
    }
}

/// Collects the faults of one file.
#[derive(Debug, Default)]
pub(crate) struct Found {
    faults: Vec<GradeFault>,
    more: u64,
}

impl Found {
    /// True while nothing was found.
    pub(crate) fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    /// Notes a fault with its code's own remedy.
    pub(crate) fn add(&mut self, at: Place, code: Code, what: impl Into<String>) {
        self.push(GradeFault { at, code, what: what.into(), remedy: code.remedy().to_owned() });
    }

    /// Notes a word that is none of those known.
    pub(crate) fn add_unknown(&mut self, at: Place, code: Code, (kind, word): (&str, &str), known: &[&str]) {
        let (why, remedy) = unknown_word(word, known);
        self.push(GradeFault { at, code, what: format!("unknown {kind} {}: {why}", shown(word)), remedy });
    }

    fn push(&mut self, fault: GradeFault) {
        if self.faults.len() == LIMIT {
            self.more += 1;
        } else {
            self.faults.push(fault);
        }
    }

    /// What was found, in the order of the file; nothing where the file is sound.
    pub(crate) fn finish(mut self, file: &str) -> Result<(), GradeFaults> {
        if self.faults.is_empty() {
            return Ok(());
        }
        self.faults.sort_by_key(|fault| fault.at);
        Err(GradeFaults { file: file.to_owned(), faults: self.faults, more: self.more })
    }
}

/// A value as messages show it.
pub(crate) fn shown(value: &str) -> String {
    format!("`{}`", shorten(value, SHOWN))
}
