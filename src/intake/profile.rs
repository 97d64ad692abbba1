//! A profile: what the columns of one source's files mean, written once in TOML.

pub mod builtin;
mod check;
pub mod diff;
mod error;
mod extend;
mod field;
mod source;
mod standard;

pub(in crate::intake) use check::MAX_HEADER_ROW;
pub use error::{ProfileError, ProfileFault};
pub use field::{Field, Target};
pub use standard::{Control, Manifest, Share, Standard};

use super::format::Format;
use super::rules::{Rule, Severity};
use crate::domain::credits::{Credits, DecimalMark};
use crate::domain::date::{Calendar, DateFormat};
use crate::domain::outcome::{Attempts, Status};
use crate::domain::scheme;
use encoding_rs::Encoding;
use serde::Deserialize;

/// What to do with a learner, an outcome or an institution that is not registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unknown {
    /// Refuse the row.
    #[default]
    Refuse,
    /// Register it from the row.
    Create,
}

/// What to do with a row that says something else about an outcome than the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Differs {
    /// Refuse the row.
    #[default]
    Refuse,
    /// Begin a new version of the outcome.
    Version,
}

/// What to do with a row that says something else than what is recorded of the same achievement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Changed {
    /// Refuse the row.
    #[default]
    Refuse,
    /// Reverse what is recorded, and record the row instead.
    Correct,
}

/// Whether a period must be one in which the outcome is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Offered {
    /// Any period will do.
    #[default]
    Ignore,
    /// It must be an offering of the outcome.
    Check,
}

/// What to do with a group whose rows do not share a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mixed {
    /// Refuse the rows of the group.
    #[default]
    Refuse,
}

/// What to do with a new learner whose name and birth date are somebody's who has an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Alike {
    /// Open an account and let somebody look at the two.
    #[default]
    Review,
    /// Refuse the row.
    Refuse,
    /// Open an account and do not look.
    Off,
}

/// How the file is written; what is not given is found in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileShape {
    /// Its format.
    pub format: Option<Format>,
    /// The sheet of a workbook.
    pub sheet: Option<Sheet>,
    /// Its encoding, unless the file is in Unicode.
    pub encoding: Option<&'static Encoding>,
    /// The byte between two fields.
    pub delimiter: Option<u8>,
    /// The line or row that names the columns, from 1.
    pub header_row: Option<u64>,
    /// Whether the first record names the columns.
    pub header: bool,
    /// The decimal mark of its amounts.
    pub decimal_mark: DecimalMark,
}

/// A sheet of a workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sheet {
    /// By its name.
    Name(String),
    /// By its position, from 1.
    Number(usize),
}

/// A column of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// By its name in the header.
    Name(String),
    /// By the first of several names that is there.
    AnyOf {
        /// The layout's own name first.
        names: Vec<String>,
        /// Whether a file without any of them is taken.
        optional: bool,
    },
    /// By its position, from 1, where there is no header.
    Number(usize),
}

/// What stands for a group's number in the name of a column that repeats.
pub const REPEATED: &str = "{n}";

impl Column {
    /// The names that it may have, the layout's own first.
    pub fn names(&self) -> &[String] {
        match self {
            Column::Name(name) => std::slice::from_ref(name),
            Column::AnyOf { names, .. } => names,
            Column::Number(_) => &[],
        }
    }

    /// Whether a file without it is taken.
    pub fn is_optional(&self) -> bool {
        matches!(self, Column::AnyOf { optional: true, .. })
    }

    /// Whether it stands in the header once for each result of a row.
    pub fn repeats(&self) -> bool {
        self.names().iter().any(|name| name.contains(REPEATED))
    }
}

/// Which grades pass, where no column says how a result ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// The lowest number that passes; every number does where nothing is said.
    pub mark: Option<Credits>,
    /// Words that pass; where none are listed, all do that are not listed as failing.
    pub passed: Vec<String>,
    /// Words that do not pass.
    pub failed: Vec<String>,
}

impl Pass {
    /// How a result of that grade ended; none where the words that pass are listed, and it is none of them, none that
    /// fails, and no number to be compared with a mark.
    pub fn status(&self, grade: &str, decimal: DecimalMark) -> Option<Status> {
        if self.failed.iter().any(|word| word == grade) {
            return Some(Status::Failed);
        }
        match Credits::parse(grade, decimal) {
            Ok(number) if self.mark.is_some_and(|mark| number < mark) => Some(Status::Failed),
            Ok(_) => Some(Status::Passed),
            Err(_) => {
                let passed = self.passed.is_empty() || self.passed.iter().any(|word| word == grade);
                passed.then_some(Status::Passed)
            }
        }
    }
}

/// Rows of several results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeat {
    /// The highest number of a group.
    pub to: u16,
    /// The column with the sum of the groups' credits.
    pub total: Option<Column>,
}

/// How learners are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LearnerRule {
    /// Scheme of the identifier in the field `learner`.
    pub scheme: String,
    /// Who issued the identifiers; the row's institution where nothing is said.
    pub issuer: Option<String>,
    /// What to do with an unknown one.
    pub unknown: Unknown,
    /// What to do with an unknown one who is like somebody known.
    pub alike: Alike,
    /// The score from which two people are alike.
    pub line: u32,
}

/// How outcomes are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutcomeRule {
    /// What to do with an unknown one.
    pub unknown: Unknown,
    /// What to do where the row and the catalogue differ.
    pub differs: Differs,
}

/// Rows that share one amount of credit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The fields that the rows of a group agree on.
    pub by: Vec<Field>,
    /// What to do with a group of several results.
    pub mixed: Mixed,
}

/// Which row stands above others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whole {
    /// The one whose record number `part_of` gives.
    Record,
    /// The one whose outcome `part_of` gives.
    Outcome,
    /// The first of its group, whose credits are the sum of the others'.
    First,
}

/// Which rows count the credit of a whole and its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counts {
    /// The one that stands above the others.
    #[default]
    Whole,
    /// Those that stand below.
    Parts,
}

/// Rows that stand above others, whose credit is the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Which row stands above.
    pub of: Whole,
    /// The fields, and then the attributes, that a whole and its parts agree on.
    pub by: (Vec<Field>, Vec<String>),
    /// Which of them count.
    pub count: Counts,
}

/// Words of the file and the words meant, for one field, attribute or identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueMap {
    /// Name of the field, attribute or identifier scheme.
    pub name: String,
    /// Word in the file, word meant; in the profile's order.
    pub words: Vec<(String, String)>,
}

/// A rule whose breach is a warning under this profile, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leniency {
    /// The rule.
    pub rule: Rule,
    /// Why, recorded with each batch.
    pub reason: String,
}

/// An institution that a profile introduces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Introduced {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its country, as two letters.
    pub country: Option<String>,
    /// Its sector.
    pub sector: Option<String>,
    /// Its region.
    pub region: Option<String>,
    /// Its terms and academic years.
    pub calendar: Calendar,
}

/// What the columns of one source's files mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Its name: `[a-z0-9-]{1,40}`.
    pub name: String,
    /// Its title for people.
    pub title: Option<String>,
    /// The built-in profile on which it builds.
    pub extends: Option<String>,
    /// The fields that a profile that extends it must fill.
    pub open: Vec<Field>,
    /// What becomes of the rows.
    pub target: Target,
    /// How the file is written.
    pub file: FileShape,
    /// The fields that columns fill.
    pub columns: Vec<(Field, Column)>,
    /// The fields that are the same in all rows.
    pub constants: Vec<(Field, String)>,
    /// The forms of dates, tried in order.
    pub dates: Vec<DateFormat>,
    /// The same as the profile writes them.
    pub date_texts: Vec<String>,
    /// Words and what they mean.
    pub values: Vec<ValueMap>,
    /// How learners are found.
    pub learner: LearnerRule,
    /// How outcomes are found.
    pub outcome: OutcomeRule,
    /// What to do with an unknown institution.
    pub institution_unknown: Unknown,
    /// Whether the period must be an offering.
    pub offered: Offered,
    /// The statuses that create credit.
    pub deposit: Vec<Status>,
    /// What its files are held to as a whole.
    pub standard: Standard,
    /// What to do with a row that says something else than what is recorded.
    pub changed: Changed,
    /// Which of several results in one outcome counts.
    pub attempts: Attempts,
    /// How many officers it takes to import under it: with two, one stages and another approves.
    pub officers: u8,
    /// The rules whose breach is only a warning.
    pub lenient: Vec<Leniency>,
    /// Rows that share one amount of credit.
    pub group: Option<Group>,
    /// Rows that stand above others.
    pub part: Option<Part>,
    /// What is kept with the achievement as of then, in the profile's order.
    pub attributes: Vec<(String, Column)>,
    /// Further identifiers of the learner, by scheme, in the profile's order.
    pub identifiers: Vec<(String, Column)>,
    /// Who issued them, by scheme, where the profile says it.
    pub issuers: Vec<(String, String)>,
    /// The fields that every row must fill beside those that its target needs.
    pub required: Vec<Field>,
    /// Rows of several results.
    pub repeat: Option<Repeat>,
    /// Which grades pass, where no column says how a result ended.
    pub pass: Option<Pass>,
    /// The attributes in which rows of one achievement may differ: it keeps what all of them say.
    pub gather: Vec<String>,
    /// The institutions that it introduces.
    pub institutions: Vec<Introduced>,
    /// The profile's text, followed by that of the built-in profile on which it builds.
    pub source: String,
    /// SHA-256 of the text, in hexadecimal.
    pub sha256: String,
}

impl Profile {
    /// What follows from a broken rule under this profile.
    pub fn severity(&self, rule: Rule) -> Severity {
        match self.lenient.iter().any(|leniency| leniency.rule == rule) {
            true => Severity::Warning,
            false => rule.severity(),
        }
    }

    /// Reads a profile; `file_name` is for the messages.
    ///
    /// # Errors
    /// Names every fault with its line and column, the reason and the remedy.
    pub fn parse(text: &str, file_name: &str) -> Result<Profile, ProfileError> {
        Profile::read(text, file_name, false)
    }

    /// Who issued an identifier of the learner: as the profile says, else nobody in particular where the
    /// scheme has one issuer, else the row's institution.
    pub fn issuer<'a>(&'a self, scheme: &str, institution: &'a str) -> &'a str {
        let given = match self.learner.scheme == scheme {
            true => self.learner.issuer.as_deref(),
            false => {
                self.issuers.iter().find(|(known, _)| known == scheme).map(|(_, issuer)| issuer.as_str())
            }
        };
        given.unwrap_or(match scheme::find(scheme) {
            Some(known) if known.one_issuer => "",
            _ => institution,
        })
    }

    /// Whether every row must fill a field.
    pub fn requires(&self, field: Field) -> bool {
        self.target.required().contains(&field) || self.required.contains(&field)
    }

    /// Reads a profile whose open fields nobody has filled yet.
    fn parse_open(text: &str, file_name: &str) -> Result<Profile, ProfileError> {
        Profile::read(text, file_name, true)
    }

    fn read(text: &str, file_name: &str, open: bool) -> Result<Profile, ProfileError> {
        let mut faults = error::Faults::new(text);
        let text = extend::Text::new(text, &mut faults);
        let profile = match text.source() {
            Ok(source) => Some(check::profile(source, &text.whole, open, &mut faults)),
            Err(error) => {
                faults.add_toml(&error);
                None
            }
        };
        match (profile, faults.into_error(file_name)) {
            (Some(profile), None) => Ok(profile),
            (_, Some(error)) => Err(error),
            (None, None) => Err(ProfileError { file: file_name.to_owned(), faults: Vec::new() }),
        }
    }
}

#[cfg(test)]
mod tests;
