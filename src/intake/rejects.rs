//! Refused rows, in the file's own columns, to be put right and sent again.

mod sheet;

use super::csv::Record;
use super::decode::Decode;
use super::draft::Mapping;
use super::format::Format;
use super::incoming::{Guessed, Reading};
use super::rules::{Problem, Rule};
use encoding_rs::{Encoding, GB18030, GBK, UTF_8};
pub use sheet::RejectSheet;
use std::borrow::Cow;
use std::io::{self, Read, Seek, Write};

/// The columns that a reject file adds, and that are passed over when it is sent again: the codes of the rules, the
/// reasons, and which refused row of the bank it is.
pub const CODE_COLUMNS: [&str; 3] = ["creditbank_code", "creditbank_reason", "creditbank_row"];

const MARK: &[u8] = b"\xef\xbb\xbf";

/// Writes refused rows with the file's own header, delimiter, line ends and encoding.
///
/// Where the encoding cannot be written without loss, and for what is no text, that is UTF-8 with a byte order mark,
/// which every profile reads. A row with too few or too many fields keeps their number.
pub struct RejectWriter<W> {
    inner: W,
    encoding: &'static Encoding,
    delimiter: char,
    line_break: &'static str,
    earlier: Earlier,
    rows: u64,
    /// The encoding was guessed.
    is_guess: bool,
}

impl<W: Read + Write + Seek> RejectWriter<W> {
    /// Writes the header, if the file has one.
    ///
    /// # Errors
    /// Hands on what the system says.
    pub fn new(inner: W, mapping: &Mapping<'_>, reading: &Reading) -> io::Result<RejectWriter<W>> {
        let header = mapping.header();
        let encoding = encoding_of(reading);
        let stated = mapping.profile().file.encoding;
        let mut writer = RejectWriter {
            inner,
            encoding,
            delimiter: char::from(reading.delimiter),
            line_break: reading.line_break,
            earlier: Earlier::of(mapping),
            rows: 0,
            is_guess: reading.guessed.contains(&Guessed::Encoding),
        };
        let plain = reading.encoding == UTF_8 && !reading.mark && stated.is_none_or(|stated| stated == UTF_8);
        if encoding == UTF_8 && !(plain && reading.format == Format::Text) {
            writer.inner.write_all(MARK)?;
        }
        if !header.is_empty() {
            writer.write_line(header.iter().map(Cow::from), header.len(), CODE_COLUMNS)?;
        }
        Ok(writer)
    }

    /// Writes one row, what is wrong with it, and which refused row of the bank it is.
    ///
    /// # Errors
    /// Hands on what the system says.
    pub fn write(&mut self, record: &Record, problems: &[Problem], row: &str) -> io::Result<()> {
        let [codes, reasons] = said(problems);
        self.rows += 1;
        self.write_line(fields(record), record.len(), [&codes, &reasons, row])
    }

    /// Number of rows written so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Sees to it that the rows are read in the encoding in which they were written: where that was a guess about the
    /// whole file, these few could be guessed otherwise, and become UTF-8 with a mark. `read_as` says how what was
    /// written would be read.
    ///
    /// # Errors
    /// Hands on what the system says.
    pub fn settle_guess(&mut self, read_as: impl FnOnce(&W) -> Option<&'static Encoding>) -> io::Result<()> {
        if !self.is_guess || self.encoding == UTF_8 {
            return Ok(());
        }
        self.inner.flush()?;
        if read_as(&self.inner) != Some(self.encoding) {
            self.become_utf8()?;
        }
        Ok(())
    }

    /// Writes out what is buffered and gives the inner writer back.
    ///
    /// # Errors
    /// Hands on what the system says.
    pub fn finish(mut self) -> io::Result<W> {
        self.inner.flush()?;
        Ok(self.inner)
    }

    fn write_line<'a>(
        &mut self,
        fields: impl Iterator<Item = Cow<'a, str>>,
        len: usize,
        codes: [&str; 3],
    ) -> io::Result<()> {
        let mut line = String::new();
        for field in self.earlier.without(fields, len) {
            push_field(&mut line, &field, self.delimiter);
            line.push(self.delimiter);
        }
        if self.encoding != UTF_8 && self.encoding.encode(&line).2 {
            self.become_utf8()?;
        }
        for (at, code) in codes.into_iter().enumerate() {
            if at > 0 {
                line.push(self.delimiter);
            }
            push_field(&mut line, &self.own(code), self.delimiter);
        }
        line.push_str(self.line_break);
        self.inner.write_all(&self.encoding.encode(&line).0)
    }

    /// The program's own words in the file's encoding: what that lacks is only a sign in an explanation.
    fn own(&self, text: &str) -> String {
        if !self.encoding.encode(text).2 {
            return text.to_owned();
        }
        let fitting = |c: char| match c {
            c if !self.encoding.encode(c.encode_utf8(&mut [0; 4])).2 => c,
            '—' | '–' => '-',
            _ => '?',
        };
        text.chars().map(fitting).collect()
    }

    /// Writes again what was written so far, because the encoding lacks a character that the row has.
    fn become_utf8(&mut self) -> io::Result<()> {
        self.inner.rewind()?;
        let mut text = tempfile::tempfile()?;
        io::copy(&mut Decode::new(&mut self.inner, self.encoding), &mut text)?;
        text.rewind()?;
        self.inner.rewind()?;
        self.inner.write_all(MARK)?;
        io::copy(&mut text, &mut self.inner)?;
        self.encoding = UTF_8;
        Ok(())
    }
}

/// The columns that an earlier reject file added: what they said goes when the row is refused again.
struct Earlier {
    /// By position.
    columns: Vec<usize>,
    /// How many columns the file has.
    width: usize,
}

impl Earlier {
    fn of(mapping: &Mapping<'_>) -> Earlier {
        let header = mapping.header();
        let is_code = |index: &usize| CODE_COLUMNS.contains(&header[*index].as_str());
        Earlier { columns: (0..header.len()).filter(is_code).collect(), width: mapping.width() }
    }

    /// The fields of a row without theirs; in a row of another width they are taken to stand last.
    fn without<T>(&self, fields: impl Iterator<Item = T>, len: usize) -> impl Iterator<Item = T> {
        let is_old = move |index: usize| match len == self.width {
            true => self.columns.contains(&index),
            false => self.columns.last() == Some(&(self.width - 1)) && index + self.columns.len() >= len,
        };
        fields.enumerate().filter(move |(index, _)| !is_old(*index)).map(|(_, field)| field)
    }
}

/// The fields of a refused row as they go back. A number of which its cell lost digits goes back as a spreadsheet shows it:
/// as a text of all digits nobody would know it for what it is, and it would be taken.
fn fields(record: &Record) -> impl Iterator<Item = Cow<'_, str>> {
    let is_damaged =
        |at| record.doubts().iter().any(|doubt| doubt.index == at && doubt.rule == Rule::IdentifierDamaged);
    record.fields().enumerate().map(move |(at, field)| match is_damaged(at) {
        true => Cow::Owned(exponent(field)),
        false => Cow::Borrowed(field),
    })
}

/// `440981199001011300` as `4.409811990010113E+17`.
fn exponent(number: &str) -> String {
    let whole = number.split('.').next().unwrap_or_default();
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let (first, rest) = digits.split_at(digits.len().min(1));
    let rest = rest.trim_end_matches('0');
    let point = if rest.is_empty() { "" } else { "." };
    format!("{sign}{first}{point}{rest}E+{}", digits.len().saturating_sub(1))
}

/// Codes and reasons of a refused row.
fn said(problems: &[Problem]) -> [String; 2] {
    let codes: Vec<&str> = problems.iter().map(|problem| problem.rule.code()).collect();
    let reasons: Vec<String> = problems.iter().map(Problem::to_string).collect();
    [codes.join("; "), reasons.join("; ")]
}

/// Refused rows, as the supplier sends theirs.
pub enum Rejects<W> {
    /// A delimited text.
    Text(RejectWriter<W>),
    /// A workbook.
    Sheet(Box<RejectSheet<W>>),
}

impl<W: Read + Write + Seek + Send> Rejects<W> {
    /// Writes one row, what is wrong with it, and which refused row of the bank it is.
    ///
    /// # Errors
    /// Hands on what the system says.
    pub fn write(&mut self, record: &Record, problems: &[Problem], row: &str) -> io::Result<()> {
        match self {
            Rejects::Text(writer) => writer.write(record, problems, row),
            Rejects::Sheet(sheet) => sheet.write(record, problems, row),
        }
    }

    /// Writes out what is left to write and gives the inner writer back; [`RejectWriter::settle_guess`] says what `read_as`
    /// is for.
    ///
    /// # Errors
    /// Hands on what the system says.
    pub fn finish(self, read_as: impl FnOnce(&W) -> Option<&'static Encoding>) -> io::Result<W> {
        match self {
            Rejects::Text(mut writer) => {
                writer.settle_guess(read_as)?;
                writer.finish()
            }
            Rejects::Sheet(sheet) => sheet.finish(),
        }
    }
}

/// The encoding in which the rows go back. GB18030 has every character of GBK, in the same bytes, and all others too.
fn encoding_of(reading: &Reading) -> &'static Encoding {
    if reading.format != Format::Text {
        return UTF_8;
    }
    match reading.encoding.output_encoding() {
        encoding if encoding == GBK => GB18030,
        encoding => encoding,
    }
}

fn push_field(line: &mut String, field: &str, delimiter: char) {
    if !field.contains([delimiter, '"', '\r', '\n']) {
        return line.push_str(field);
    }
    line.push('"');
    line.push_str(&field.replace('"', "\"\""));
    line.push('"');
}
