//! A file that came in, and how it is read: settled before the first row, told, and recorded.

use super::decode;
use super::fault::IntakeError;
use super::format::{self, Format};
use super::profile::Profile;
use super::rejects::CODE_COLUMNS;
use super::rules::Rule;
use super::source::Source;
use super::table::Notice;
use super::{delimiter, guess, sheet};
use encoding_rs::{Encoding, UTF_8};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::Read;
use std::path::Path;

/// Bytes that are looked at for a guess: the file's beginning and the surroundings of its first word beyond ASCII.
const SAMPLE: usize = 64 * 1024;

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
    /// Whether a byte order mark begins it.
    pub mark: bool,
    /// The byte between two fields of a delimited text.
    pub delimiter: u8,
    /// What ends its lines.
    pub line_break: &'static str,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
    /// What was guessed.
    pub guessed: Vec<Guessed>,
    /// What is to be told of it.
    pub notices: Vec<Notice>,
}

/// What no profile gave and no mark said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Guessed {
    /// The encoding.
    Encoding,
    /// The delimiter.
    Delimiter,
    /// The sheet.
    Sheet,
}

/// How a file was read, as its batch keeps it: so that it is read the same in later years.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadAs {
    /// What it is.
    pub format: String,
    /// The encoding of a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// The delimiter of a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    /// The sheet of a workbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// What of it was guessed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guessed: Vec<Guessed>,
}

impl fmt::Display for ReadAs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let guessed = |what| if self.guessed.contains(&what) { " (guessed)" } else { "" };
        f.write_str(&self.format)?;
        if let Some(encoding) = &self.encoding {
            write!(f, ", encoding {encoding}{}", guessed(Guessed::Encoding))?;
        }
        if let Some([delimiter]) = self.delimiter.as_deref().map(str::as_bytes) {
            write!(f, ", divided by {}{}", delimiter::name(*delimiter), guessed(Guessed::Delimiter))?;
        }
        if let Some(sheet) = &self.sheet {
            write!(f, ", sheet {sheet}{}", guessed(Guessed::Sheet))?;
        }
        Ok(())
    }
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
        let mut reading = Reading {
            format,
            encoding: UTF_8,
            mark: false,
            delimiter: profile.file.delimiter.unwrap_or(b','),
            line_break: "\n",
            sheet: None,
            guessed: Vec::new(),
            notices: Vec::new(),
        };
        if format == Format::Text {
            reading.settle_encoding(&source, profile)?;
            reading.settle_delimiter(&source, profile)?;
        }
        if format.is_spreadsheet() {
            reading.settle_sheet(&source, profile)?;
        }
        Ok(Incoming { source, reading })
    }

    /// Reads a file as its batch says that it was read.
    pub fn as_recorded(mut self, recorded: &ReadAs) -> Incoming {
        if let Some(encoding) = recorded.encoding.as_deref().and_then(decode::encoding) {
            self.reading.encoding = encoding;
        }
        if let Some([delimiter]) = recorded.delimiter.as_deref().map(str::as_bytes) {
            self.reading.delimiter = *delimiter;
        }
        if recorded.sheet.is_some() {
            self.reading.sheet.clone_from(&recorded.sheet);
        }
        self
    }
}

impl Reading {
    /// What a batch keeps of it; nothing where the profile gave all of it.
    pub fn recorded(&self) -> Option<ReadAs> {
        let is_text = self.format == Format::Text;
        if is_text && self.guessed.is_empty() && self.notices.is_empty() {
            return None;
        }
        Some(ReadAs {
            format: self.format.name().to_owned(),
            encoding: is_text.then(|| self.encoding.name().to_ascii_lowercase()),
            delimiter: is_text.then(|| char::from(self.delimiter).to_string()),
            sheet: self.sheet.clone(),
            guessed: self.guessed.clone(),
        })
    }

    /// In this order: a byte order mark, strict UTF-8, the profile's encoding, a guess.
    fn settle_encoding(&mut self, source: &Source, profile: &Profile) -> Result<(), IntakeError> {
        let start = beginning(source)?;
        if let Some((encoding, _)) = Encoding::for_bom(&start) {
            (self.encoding, self.mark) = (encoding, true);
            return Ok(());
        }
        let stated = profile.file.encoding;
        if stated == Some(UTF_8) {
            return Ok(());
        }
        let found = decode::scan_utf8(source.content()).map_err(IntakeError::Unreadable)?;
        self.encoding = match (found.broken, stated) {
            (None, None) if start.contains(&0) => self.guess_encoding(source, &start, 0)?,
            (None, None) => UTF_8,
            (None, Some(stated)) if !found.beyond_ascii => stated,
            (None, Some(stated)) => {
                let name = stated.name();
                let text = format!("it is UTF-8 and read as that, although the profile says {name}");
                self.notices.push(Notice::new(Rule::EncodingDiffers, text));
                UTF_8
            }
            (Some(_), Some(stated)) => stated,
            (Some(at), None) => self.guess_encoding(source, &start, at)?,
        };
        Ok(())
    }

    fn guess_encoding(
        &mut self,
        source: &Source,
        start: &[u8],
        at: u64,
    ) -> Result<&'static Encoding, IntakeError> {
        let size = source.size()?;
        let mut sample = start.to_vec();
        let mut whole = sample.len() as u64 == size;
        if at + 256 > sample.len() as u64 {
            // ASCII up to here, so that a character begins where UTF-8 ended.
            let mut content = source.content();
            content.skip_to(at);
            sample.clear();
            content.take(SAMPLE as u64).read_to_end(&mut sample).map_err(IntakeError::Unreadable)?;
            whole = at + sample.len() as u64 == size;
        }
        // What the file holds further down may contradict it: that is a fault with line and byte.
        let Some(encoding) = guess::encoding(&sample, whole) else { return Ok(UTF_8) };
        self.guessed.push(Guessed::Encoding);
        let text = format!("it is not UTF-8; the encoding is guessed to be {}", encoding.name());
        self.notices.push(Notice::new(Rule::EncodingGuessed, text));
        Ok(encoding)
    }

    fn settle_delimiter(&mut self, source: &Source, profile: &Profile) -> Result<(), IntakeError> {
        let start = beginning(source)?;
        let (text, _) = self.encoding.decode_with_bom_removal(&start);
        self.line_break = delimiter::line_break(&text);
        if profile.file.delimiter.is_some() {
            return Ok(());
        }
        self.delimiter = delimiter::guess(&text, profile);
        if self.delimiter != b',' {
            self.guessed.push(Guessed::Delimiter);
            let name = delimiter::name(self.delimiter);
            self.notices
                .push(Notice::new(Rule::DelimiterGuessed, format!("the delimiter is found to be {name}")));
        }
        Ok(())
    }

    fn settle_sheet(&mut self, source: &Source, profile: &Profile) -> Result<(), IntakeError> {
        let chosen = sheet::choose(source, self.format, profile)?;
        if !chosen.of.is_empty() {
            self.guessed.push(Guessed::Sheet);
            let text = format!("sheet `{}` is read, the first of {}", chosen.name, chosen.of.join(", "));
            self.notices.push(Notice::new(Rule::SheetChosen, text));
        }
        self.sheet = Some(chosen.name);
        Ok(())
    }
}

fn beginning(source: &Source) -> Result<Vec<u8>, IntakeError> {
    let mut start = Vec::new();
    source.content().take(SAMPLE as u64).read_to_end(&mut start).map_err(IntakeError::Unreadable)?;
    Ok(start)
}

/// The content decides; a profile that names a format takes no other, but reads what only looks like markup as text if
/// it says so, and takes the reject file of a workbook, which is text.
fn settle_format(source: &Source, profile: &Profile) -> Result<Format, IntakeError> {
    let wanted = profile.file.format;
    let found = format::sniff(source)?;
    match wanted {
        Some(wanted) if wanted == found => Ok(found),
        Some(Format::Text) if !found.is_spreadsheet() => Ok(Format::Text),
        Some(wanted) if wanted.is_spreadsheet() && found == Format::Text && is_reject_file(source)? => {
            Ok(Format::Text)
        }
        Some(wanted) => Err(IntakeError::Unfit {
            rule: Rule::FormatOther,
            line: None,
            what: format!("it is {}, and the profile reads {}", found.described(), wanted.described()),
        }),
        None => Ok(found),
    }
}

fn is_reject_file(source: &Source) -> Result<bool, IntakeError> {
    let start = beginning(source)?;
    let first = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok(memchr::memmem::find(first, CODE_COLUMNS[0].as_bytes()).is_some())
}

#[cfg(test)]
#[path = "incoming_tests.rs"]
mod tests;
