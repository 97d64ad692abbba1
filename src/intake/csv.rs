//! Records of a delimited file, as a stream: bounded, with the line on which each starts.
//!
//! A line without a quote is split in place; everything else, a record that crosses the end of the
//! buffer included, goes through csv-core's automaton.

use super::decode::{Malformed, read_some};
use super::fault::IntakeError;
use super::rules::Rule;
use crate::domain::entry::RowPlace;
use csv_core::ReadRecordResult;
use memchr::{memchr, memchr_iter, memchr2_iter, memchr3};
use std::borrow::Cow;
use std::io::{self, Read};

/// Longest record, in bytes.
pub const MAX_RECORD: usize = 1 << 20;
/// Largest number of columns.
pub const MAX_COLUMNS: usize = 4_096;

const BUFFER: usize = 64 * 1024;
const QUOTE: u8 = b'"';

/// One record; kept by the caller and filled again and again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    text: String,
    /// Where each field ends in `text`.
    ends: Vec<usize>,
    /// Bytes between two fields in `text`: one where the delimiters still stand there.
    gap: usize,
    line: u64,
    doubts: Vec<Doubt>,
    /// Which group of a row of several results it is, from 1; 0 for a whole row.
    part: u16,
    fault: Option<Box<Doubt>>,
}

/// The index that stands for all fields of a row.
const WHOLE_ROW: usize = usize::MAX;

/// A value that cannot be trusted, whatever it is used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// The field, counted from 0.
    pub index: usize,
    /// The rule that it breaks.
    pub rule: Rule,
    /// Why.
    pub reason: String,
}

impl Record {
    /// An empty record, to be filled.
    pub fn new() -> Record {
        Record::default()
    }

    /// The value of a field, counted from 0.
    pub fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = if index == 0 { 0 } else { self.ends[index - 1] + self.gap };
        self.text.get(start..end)
    }

    /// The values of all fields, unquoted and otherwise untouched.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// Number of fields.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True before it is filled.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// True where no field holds anything but blanks, as in the lines that spreadsheets append.
    pub fn is_blank(&self) -> bool {
        let begins_with_text = self.text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
        !begins_with_text && self.fields().all(|field| field.trim().is_empty())
    }

    /// The physical line of the file on which the record starts, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Values that cannot be trusted; none in delimited text.
    pub fn doubts(&self) -> &[Doubt] {
        &self.doubts
    }

    /// Where it stands in the file.
    pub fn place(&self) -> RowPlace {
        RowPlace { line: self.line, part: self.part }
    }

    /// Which group of a row of several results it is, from 1; 0 for a whole row.
    pub fn part(&self) -> u16 {
        self.part
    }

    /// Why the row as a whole cannot be taken.
    pub fn fault(&self) -> Option<&Doubt> {
        self.fault.as_deref()
    }

    /// Marks a row that cannot be taken as a whole, with the column that shows it.
    pub fn refuse_at(&mut self, fault: Doubt) {
        self.fault = Some(Box::new(fault));
    }

    /// Makes it one group of the row on its line.
    pub fn set_part(&mut self, part: u16) {
        self.part = part;
    }

    /// Begins a new row that stands on that line.
    pub fn begin(&mut self, line: u64) {
        self.clear(line);
        self.gap = 0;
        self.doubts.clear();
    }

    /// Adds a field.
    pub fn push(&mut self, value: &str) {
        self.text.push_str(value);
        self.ends.push(self.text.len());
    }

    /// Bytes of its text and of its fields' places.
    pub fn size(&self) -> usize {
        self.text.len() + self.ends.len() * size_of::<usize>()
    }

    /// Moves the row to another line.
    pub fn stand_on(&mut self, line: u64) {
        self.line = line;
    }

    /// Adds empty fields up to a number of them.
    pub fn pad(&mut self, width: usize) {
        while self.len() < width {
            self.push("");
        }
    }

    /// Marks the field that was pushed last as one that cannot be trusted.
    pub fn doubt(&mut self, rule: Rule, reason: impl Into<String>) {
        let index = self.len().saturating_sub(1);
        self.doubts.push(Doubt { index, rule, reason: reason.into() });
    }

    /// Marks the whole row as one that cannot be taken, whatever a profile reads of it.
    pub fn refuse(&mut self, rule: Rule, reason: impl Into<String>) {
        self.doubts.push(Doubt { index: WHOLE_ROW, rule, reason: reason.into() });
    }

    /// Why the whole row cannot be taken, if it cannot.
    pub fn refused(&self) -> Option<&Doubt> {
        self.doubts.iter().find(|doubt| doubt.index == WHOLE_ROW)
    }

    fn clear(&mut self, line: u64) {
        self.text.clear();
        self.ends.clear();
        self.line = line;
        (self.part, self.fault) = (0, None);
    }
}

/// The records of a delimited file in UTF-8.
pub struct Records<R> {
    inner: R,
    core: csv_core::Reader,
    delimiter: u8,
    buffer: Box<[u8]>,
    at: usize,
    end: usize,
    ended: bool,
    /// Bytes before the buffer's first.
    before: u64,
    /// Line of the next byte.
    line: u64,
    /// True where the last byte was a carriage return, whose line feed may follow.
    after_return: bool,
    unquoted: Vec<u8>,
    ends: Vec<usize>,
}

impl<R: Read> Records<R> {
    /// Reads records whose fields are divided by `delimiter`.
    pub fn new(inner: R, delimiter: u8) -> Records<R> {
        let mut core = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
        // The automaton cuts a byte order mark off its first input: that is not always the file's start.
        core.read_record(b"x\n", &mut [0; 8], &mut [0; 8]);
        Records {
            inner,
            core,
            delimiter,
            buffer: vec![0; BUFFER].into(),
            at: 0,
            end: 0,
            ended: false,
            before: 0,
            line: 1,
            after_return: false,
            unquoted: vec![0; 4_096],
            ends: vec![0; 64],
        }
    }

    /// What it reads from.
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// Gives the inner reader back.
    pub fn into_inner(self) -> R {
        self.inner
    }

    /// Reads the next record that is not a blank line; `false` at the end of the file.
    ///
    /// # Errors
    /// Says what makes the rest of the file unreadable.
    pub fn next(&mut self, record: &mut Record) -> Result<bool, IntakeError> {
        if !self.skip_line_breaks()? {
            return Ok(false);
        }
        record.clear(self.line);
        let start = self.before + self.at as u64;
        match self.plain_line() {
            Some(length) => self.take_plain(length, start, record).map(|()| true),
            None => self.take_any(start, record),
        }
    }

    /// Moves to the first byte of a record; `false` at the end of the file.
    fn skip_line_breaks(&mut self) -> Result<bool, IntakeError> {
        loop {
            while self.at < self.end {
                match self.buffer[self.at] {
                    b'\r' | b'\n' => self.advance(1),
                    _ => return Ok(true),
                }
            }
            self.fill()?;
            if self.ended {
                return Ok(false);
            }
        }
    }

    /// The length of the next line, if it ends within the buffer and holds no quote.
    fn plain_line(&self) -> Option<usize> {
        let rest = &self.buffer[self.at..self.end];
        memchr3(b'\n', b'\r', QUOTE, rest).filter(|&length| rest[length] != QUOTE)
    }

    fn take_plain(&mut self, length: usize, start: u64, record: &mut Record) -> Result<(), IntakeError> {
        let line = &self.buffer[self.at..self.at + length];
        let text = utf8(line).ok_or_else(|| not_utf8(start, record))?;
        record.text.push_str(&text);
        record.ends.extend(memchr_iter(self.delimiter, line));
        record.ends.push(length);
        record.gap = 1;
        if record.len() > MAX_COLUMNS {
            return Err(IntakeError::TooManyColumns { line: record.line });
        }
        // The line and its break, which is one byte of the two in CRLF.
        self.after_return = self.buffer[self.at + length] == b'\r';
        self.line += 1;
        self.at += length + 1;
        Ok(())
    }

    fn take_any(&mut self, start: u64, record: &mut Record) -> Result<bool, IntakeError> {
        let (mut written, mut columns) = (0, 0);
        loop {
            if self.at == self.end && !self.ended {
                self.fill()?;
            }
            // A line break ends the last record just as the file's end does, except within quotes.
            let input = if self.ended { b"\n" } else { &self.buffer[self.at..self.end] };
            let (result, read, bytes, ends) =
                self.core.read_record(input, &mut self.unquoted[written..], &mut self.ends[columns..]);
            (written, columns) = (written + bytes, columns + ends);
            if !self.ended {
                self.advance(read);
            }
            match result {
                ReadRecordResult::InputEmpty if self.ended => {
                    return Err(self.open_quote(written, columns, record.line));
                }
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if self.unquoted.len() < MAX_RECORD => {
                    self.unquoted.resize(self.unquoted.len() * 2, 0);
                }
                ReadRecordResult::OutputFull if self.inside_quotes() => {
                    return Err(self.open_quote(written, columns, record.line));
                }
                ReadRecordResult::OutputFull => {
                    return Err(IntakeError::RecordTooLong { line: record.line });
                }
                ReadRecordResult::OutputEndsFull if self.ends.len() < MAX_COLUMNS => {
                    self.ends.resize(self.ends.len() * 2, 0);
                }
                ReadRecordResult::OutputEndsFull => {
                    return Err(IntakeError::TooManyColumns { line: record.line });
                }
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return Ok(false),
            }
        }
        let text = utf8(&self.unquoted[..written]).ok_or_else(|| not_utf8(start, record))?;
        record.text.push_str(&text);
        record.ends.extend_from_slice(&self.ends[..columns]);
        record.gap = 0;
        Ok(true)
    }

    /// Whether a line break would now be part of a value; the record is given up for that.
    fn inside_quotes(&mut self) -> bool {
        let (result, ..) = self.core.read_record(b"\n", &mut [0; 8], &mut [0; 8]);
        result == ReadRecordResult::InputEmpty
    }

    fn open_quote(&self, written: usize, columns: usize, start: u64) -> IntakeError {
        let complete = columns.checked_sub(1).map_or(0, |last| self.ends[last]).min(written);
        let (breaks, _) = count_line_breaks(&self.unquoted[..complete], false);
        IntakeError::QuoteOpen { line: start + breaks }
    }

    /// Moves past bytes of the buffer, counting their line breaks.
    fn advance(&mut self, bytes: usize) {
        let (breaks, after_return) =
            count_line_breaks(&self.buffer[self.at..self.at + bytes], self.after_return);
        (self.line, self.after_return) = (self.line + breaks, after_return);
        self.at += bytes;
    }

    /// Reads the next piece of the file into the buffer, all of which has been used.
    fn fill(&mut self) -> Result<(), IntakeError> {
        let first = self.before == 0 && self.end == 0;
        self.before += self.end as u64;
        (self.at, self.end) = (0, 0);
        let wanted = if first { 3 } else { 1 };
        while self.end < wanted && !self.ended {
            let size = read_some(&mut self.inner, &mut self.buffer[self.end..])
                .map_err(|error| read_fault(error, self.line))?;
            self.end += size;
            self.ended = size == 0;
        }
        // A file shorter than a byte order mark ends with the next attempt to read it.
        self.ended &= self.end == 0;
        if first && self.buffer[..self.end].starts_with(b"\xef\xbb\xbf") {
            self.at = 3;
        }
        match memchr(0, &self.buffer[..self.end]) {
            None => Ok(()),
            Some(at) => {
                let (breaks, _) = count_line_breaks(&self.buffer[..at], self.after_return);
                Err(IntakeError::NulByte { line: self.line + breaks })
            }
        }
    }
}

/// Text in place, if it is UTF-8; encoding_rs checks it twice as fast as the standard library.
fn utf8(bytes: &[u8]) -> Option<Cow<'_, str>> {
    encoding_rs::UTF_8.decode_without_bom_handling_and_without_replacement(bytes)
}

/// Only for input that no decoder checked before: it places the record, not the byte.
fn not_utf8(offset: u64, record: &Record) -> IntakeError {
    IntakeError::Encoding { line: record.line, offset, encoding: "UTF-8" }
}

/// Counts line breaks (LF, CR or CRLF), given and telling whether the last byte was a CR.
fn count_line_breaks(bytes: &[u8], after_return: bool) -> (u64, bool) {
    let Some(last) = bytes.last() else { return (0, after_return) };
    let breaks = memchr2_iter(b'\n', b'\r', bytes).filter(|&at| {
        let follows_return = if at == 0 { after_return } else { bytes[at - 1] == b'\r' };
        bytes[at] == b'\r' || !follows_return
    });
    (breaks.count() as u64, *last == b'\r')
}

fn read_fault(error: io::Error, line: u64) -> IntakeError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Malformed>()) {
        Some(fault) => IntakeError::Encoding { line, offset: fault.offset, encoding: fault.encoding },
        None => IntakeError::Unreadable(error),
    }
}

#[cfg(test)]
#[path = "csv_tests.rs"]
mod tests;
