//! Refused rows, in the file's own columns, to be put right and sent again.

use super::csv::Record;
use super::draft::Mapping;
use super::rules::Problem;
use std::io::{self, Write};

/// The columns that a reject file adds, and that are passed over when it is sent again.
pub const CODE_COLUMNS: [&str; 2] = ["creditbank_code", "creditbank_reason"];

/// Writes refused rows with the file's own header and delimiter, in UTF-8.
///
/// Where the profile's encoding is another, the file starts with a byte order mark, so that the same
/// profile reads it. A row with too few or too many fields keeps their number.
pub struct RejectWriter<W> {
    inner: W,
    delimiter: u8,
    width: usize,
    /// Columns that an earlier reject file added, by position.
    earlier: Vec<usize>,
    rows: u64,
    line: Vec<u8>,
}

impl<W: Write> RejectWriter<W> {
    /// Writes the header, if the file has one.
    ///
    /// # Errors
    /// Hands on what the system says.
    pub fn new(inner: W, mapping: &Mapping<'_>) -> io::Result<RejectWriter<W>> {
        let profile = mapping.profile();
        let is_code = |index: &usize| CODE_COLUMNS.contains(&mapping.header()[*index].as_str());
        let earlier: Vec<usize> = (0..mapping.header().len()).filter(is_code).collect();
        let delimiter = profile.file.delimiter.unwrap_or(b',');
        let width = mapping.width();
        let mut writer = RejectWriter { inner, delimiter, width, earlier, rows: 0, line: Vec::new() };
        if profile.file.encoding.is_some_and(|encoding| encoding != encoding_rs::UTF_8) {
            writer.inner.write_all(b"\xef\xbb\xbf")?;
        }
        if profile.file.header {
            let header = mapping.header().iter().map(String::as_str);
            writer.write_line(header, mapping.header().len(), CODE_COLUMNS)?;
        }
        Ok(writer)
    }

    /// Writes one row and what is wrong with it.
    ///
    /// # Errors
    /// Hands on what the system says.
    pub fn write(&mut self, record: &Record, problems: &[Problem]) -> io::Result<()> {
        let codes: Vec<&str> = problems.iter().map(|problem| problem.rule.code()).collect();
        let reasons: Vec<String> = problems.iter().map(Problem::to_string).collect();
        self.rows += 1;
        self.write_line(record.fields(), record.len(), [&codes.join("; "), &reasons.join("; ")])
    }

    /// Number of rows written so far.
    pub fn rows(&self) -> u64 {
        self.rows
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
        fields: impl Iterator<Item = &'a str>,
        len: usize,
        codes: [&str; 2],
    ) -> io::Result<()> {
        self.line.clear();
        // The codes of an earlier round go; in a row of another width they are taken to stand last.
        let is_old = |index: usize| match len == self.width {
            true => self.earlier.contains(&index),
            false => self.earlier.last() == Some(&(self.width - 1)) && index + self.earlier.len() >= len,
        };
        for (_, field) in fields.enumerate().filter(|(index, _)| !is_old(*index)) {
            push_field(&mut self.line, field, self.delimiter);
            self.line.push(self.delimiter);
        }
        push_field(&mut self.line, codes[0], self.delimiter);
        self.line.push(self.delimiter);
        push_field(&mut self.line, codes[1], self.delimiter);
        self.line.push(b'\n');
        self.inner.write_all(&self.line)
    }
}

fn push_field(line: &mut Vec<u8>, field: &str, delimiter: u8) {
    let special = |byte: u8| byte == delimiter || matches!(byte, b'"' | b'\r' | b'\n');
    if !field.bytes().any(special) {
        return line.extend_from_slice(field.as_bytes());
    }
    line.push(b'"');
    for byte in field.bytes() {
        if byte == b'"' {
            line.push(b'"');
        }
        line.push(byte);
    }
    line.push(b'"');
}
