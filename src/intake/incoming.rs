//! A file that came in, and how it is read: settled before the first row, told, and recorded.

use super::fault::IntakeError;
use super::format::{self, Format};
use super::profile::Profile;
use super::rules::Rule;
use super::source::Source;
use super::table::Notice;
use encoding_rs::{Encoding, UTF_8};
use std::path::Path;

/// A file with the way in which it is read.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// The file.
    pub source: Source,
    /// The way.
    pub reading: Reading,
}

/// How a file is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// What it is.
    pub format: Format,
    /// The encoding of a text.
    pub encoding: &'static Encoding,
    /// The byte between two fields of a delimited text.
    pub delimiter: u8,
    /// What is to be told of it.
    pub notices: Vec<Notice>,
}

impl Incoming {
    /// Opens a file and settles how it is read.
    ///
    /// # Errors
    /// Where it cannot be read, or is nothing that the profile can read.
    pub fn open(path: &Path, profile: &Profile) -> Result<Incoming, IntakeError> {
        Incoming::of(Source::open(path)?, profile)
    }

    /// Settles how a file is read.
    ///
    /// # Errors
    /// As [`Incoming::open`].
    pub fn of(source: Source, profile: &Profile) -> Result<Incoming, IntakeError> {
        let format = settle_format(&source, profile)?;
        let reading = Reading {
            format,
            encoding: profile.file.encoding.unwrap_or(UTF_8),
            delimiter: profile.file.delimiter.unwrap_or(b','),
            notices: Vec::new(),
        };
        Ok(Incoming { source, reading })
    }
}

/// The content decides; a profile that names a format takes no other, but reads what only looks like markup
/// as text if it says so.
fn settle_format(source: &Source, profile: &Profile) -> Result<Format, IntakeError> {
    let wanted = profile.file.format;
    let found = format::sniff(source)?;
    match wanted {
        Some(wanted) if wanted == found => Ok(found),
        Some(Format::Text) if !found.is_spreadsheet() => Ok(Format::Text),
        Some(wanted) => Err(IntakeError::Unfit {
            rule: Rule::FormatOther,
            line: None,
            what: format!("it is {}, and the profile reads {}", found.described(), wanted.described()),
        }),
        None => Ok(found),
    }
}
