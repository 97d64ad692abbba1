//! Faults of a whole file: nothing of it can be taken.

use super::rules::Rule;
use crate::domain::text::visible;
use std::io;

/// Longest list of header columns that a message shows, in characters.
const LISTED: usize = 400;

/// Why a file cannot be taken at all.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The system could not read it.
    #[error("the file cannot be read: {0}")]
    Unreadable(#[source] io::Error),
    /// No bytes, or blank lines only.
    #[error("the file is empty: it has no rows")]
    Empty,
    /// A header and nothing after it.
    #[error("the file has a header and no rows")]
    HeaderOnly,
    /// A column of the profile that the header does not name.
    #[error("column `{}`, which the profile names for `{field}`, is not in the header; {}", visible(.column), hint(.nearest, .header))]
    ColumnMissing {
        /// The field or attribute that the column was to fill.
        field: String,
        /// The column's name in the profile.
        column: String,
        /// The header's columns.
        header: Vec<String>,
        /// The column of the header whose name is nearest.
        nearest: Option<String>,
    },
    /// A profile without header names a column beyond the rows.
    #[error(
        "column {number}, which the profile names for `{field}`, lies beyond the {columns} columns of the first row"
    )]
    ColumnBeyond {
        /// The field or attribute that the column was to fill.
        field: String,
        /// The column's number in the profile.
        number: usize,
        /// How many columns the first row has.
        columns: usize,
    },
    /// The header names a column twice.
    #[error("line {line}: the header names `{}` twice, as columns {first} and {second}", visible(.name))]
    HeaderRepeated {
        /// Line of the header.
        line: u64,
        /// The repeated name.
        name: String,
        /// Its first column, from 1.
        first: usize,
        /// Its second column, from 1.
        second: usize,
    },
    /// A byte sequence that the encoding does not have.
    #[error("line {line}, byte {offset} of the file: this is not {encoding}")]
    Encoding {
        /// Line on which the malformed bytes stand, from 1.
        line: u64,
        /// Where they stand in the file, from 0.
        offset: u64,
        /// The encoding in which the file was read.
        encoding: &'static str,
    },
    /// A NUL byte.
    #[error("line {line}: there is a NUL byte; the file is probably UTF-16, or not a text file")]
    NulByte {
        /// Line on which it stands, from 1.
        line: u64,
    },
    /// A record above the limit.
    #[error("the record that starts on line {line} is longer than 1 MiB")]
    RecordTooLong {
        /// Line on which the record starts.
        line: u64,
    },
    /// A quote without its partner.
    #[error("the quote that opens on line {line} is never closed")]
    QuoteOpen {
        /// Line on which the quoted value starts.
        line: u64,
    },
    /// What a reader of one format finds wrong with the whole file.
    #[error("{}{what}", .line.map(|line| format!("line {line}: ")).unwrap_or_default())]
    Unfit {
        /// The rule that the file breaks.
        rule: Rule,
        /// Where, if it is in one place.
        line: Option<u64>,
        /// What is wrong.
        what: String,
    },
    /// More columns than any table has.
    #[error("the record that starts on line {line} has more than 4,096 columns")]
    TooManyColumns {
        /// Line on which the record starts.
        line: u64,
    },
}

impl IntakeError {
    /// The rule that the file breaks.
    pub fn rule(&self) -> Rule {
        match self {
            IntakeError::Unfit { rule, .. } => *rule,
            IntakeError::Unreadable(_) => Rule::Unreadable,
            IntakeError::Empty => Rule::EmptyFile,
            IntakeError::HeaderOnly => Rule::HeaderOnly,
            IntakeError::ColumnMissing { .. } | IntakeError::ColumnBeyond { .. } => Rule::ColumnMissing,
            IntakeError::HeaderRepeated { .. } => Rule::HeaderRepeated,
            IntakeError::Encoding { .. } => Rule::Encoding,
            IntakeError::NulByte { .. } => Rule::NulByte,
            IntakeError::RecordTooLong { .. } => Rule::RecordTooLong,
            IntakeError::QuoteOpen { .. } => Rule::QuoteOpen,
            IntakeError::TooManyColumns { .. } => Rule::TooManyColumns,
        }
    }

    /// The rule's number.
    pub fn code(&self) -> &'static str {
        self.rule().code()
    }

    /// What puts it right.
    pub fn remedy(&self) -> &'static str {
        self.rule().remedy()
    }
}

fn hint(nearest: &Option<String>, header: &[String]) -> String {
    let columns: Vec<String> = header.iter().map(|name| format!("`{name}`")).collect();
    let listed = crate::domain::text::shorten(&columns.join(", "), LISTED);
    match nearest {
        Some(nearest) => format!("did you mean `{}`? It has {listed}", visible(nearest)),
        None => format!("it has {listed}"),
    }
}

/// The name that is nearest to a wanted one, if one is near enough to be meant.
pub(crate) fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |name: &str| -> Vec<char> {
        name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).take(100).collect()
    };
    let wanted = plain(wanted);
    let (distance, name) =
        names.into_iter().map(|name| (distance(&wanted, &plain(name)), name)).min_by_key(|near| near.0)?;
    (distance <= wanted.len() / 3 + 1 && distance < wanted.len()).then_some(name)
}

/// The number of letters to insert, delete or replace between two words.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_only_if_it_is_near() {
        let names = ["code_module", "id_student", "studied_credits"];
        let cases = [
            ("code module", Some("code_module")),
            ("Id-Student", Some("id_student")),
            ("studied_credit", Some("studied_credits")),
            ("birthday", None),
            ("x", None),
        ];
        for (wanted, expected) in cases {
            assert_eq!(nearest(wanted, names), expected, "{wanted}");
        }
        assert_eq!(nearest("x", []), None);
    }

    #[test]
    fn a_missing_column_lists_what_there_is() {
        let error = IntakeError::ColumnMissing {
            field: "learner".into(),
            column: "id".into(),
            header: vec!["a".into(), "b\u{1b}".into()],
            nearest: Some("a".into()),
        };
        assert_eq!(
            error.to_string(),
            "column `id`, which the profile names for `learner`, is not in the header; \
             did you mean `a`? It has `a`, `b\\u{1b}`"
        );
        assert_eq!(error.code(), "E004");
    }
}
