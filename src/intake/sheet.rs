//! Sheets of workbooks as tables.

mod cell;
mod contain;
mod ods;
mod xls;
mod xlsx;
mod xml;

use super::csv::Record;
use super::fault::IntakeError;
use super::format::Format;
use super::incoming::Incoming;
use super::profile::{Profile, Sheet};
use super::rules::Rule;
use super::source::Source;
use super::table::Table;
use crate::domain::credits::DecimalMark;
use calamine::ExcelDateTime;
use cell::Cell;
use contain::contained;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Bytes of rows that are handed over together.
const BATCH: usize = 256 * 1024;
/// Batches that may wait.
const WAITING: usize = 2;

/// A sheet by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    name: String,
    is_shown: bool,
}

/// The sheet that is read, and the sheets from which it was chosen where nobody chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) name: String,
    /// All sheets that are shown, where the profile names none and there are several.
    pub(super) of: Vec<String>,
}

/// Looks through a workbook and chooses the sheet that the profile names, else the first that is shown.
pub(super) fn choose(source: &Source, format: Format, profile: &Profile) -> Result<Chosen, IntakeError> {
    let sheets = match format {
        Format::Xls => xls::survey(source)?,
        Format::Ods => ods::survey(source)?,
        _ => xlsx::survey(source)?,
    };
    let names = |sheets: &[Named]| sheets.iter().map(|sheet| sheet.name.clone()).collect::<Vec<_>>();
    let missing = |wanted: String| IntakeError::Unfit {
        rule: Rule::SheetMissing,
        line: None,
        what: format!("the workbook has no sheet {wanted}; it has {}", names(&sheets).join(", ")),
    };
    let chosen = match &profile.file.sheet {
        Some(Sheet::Number(number)) => {
            sheets.get(number - 1).ok_or_else(|| missing(format!("number {number}")))?
        }
        Some(Sheet::Name(name)) => sheets
            .iter()
            .find(|sheet| sheet.name.trim() == name)
            .ok_or_else(|| missing(format!("`{name}`")))?,
        None => {
            let shown: Vec<Named> = sheets.iter().filter(|sheet| sheet.is_shown).cloned().collect();
            let first = shown.first().or(sheets.first()).ok_or_else(|| missing("at all".into()))?;
            let of = if shown.len() > 1 { names(&shown) } else { Vec::new() };
            return Ok(Chosen { name: first.name.clone(), of });
        }
    };
    Ok(Chosen { name: chosen.name.clone(), of: Vec::new() })
}

/// Opens the chosen sheet.
///
/// What reads cells borrows from the workbook, so that both live in a thread of their own, a few batches of rows ahead.
pub(super) fn open(incoming: &Incoming, profile: &Profile) -> Result<Box<dyn Table>, IntakeError> {
    let (source, format) = (incoming.source.clone(), incoming.reading.format);
    let sheet = incoming.reading.sheet.clone().unwrap_or_default();
    let mark = profile.file.decimal_mark;
    let (sender, receiver) = sync_channel(WAITING);
    let work = move || {
        let mut rows = Rows { sender, batch: Vec::new(), size: 0 };
        let result = match format {
            Format::Xls => xls::read(&source, &sheet, mark, &mut rows),
            Format::Ods => ods::read(&source, &sheet, mark, &mut rows),
            _ => contained(|| xlsx::read(&source, &sheet, mark, &mut rows)),
        };
        rows.finish(result);
    };
    std::thread::Builder::new().name("sheet".into()).spawn(work).map_err(IntakeError::Unreadable)?;
    Ok(Box::new(SheetTable { receiver, batch: Vec::new().into_iter(), ended: false }))
}

/// Rows; none at the end.
type Batch = Result<Option<Vec<Record>>, IntakeError>;

/// Takes rows from a reader of cells.
struct Rows {
    sender: SyncSender<Batch>,
    batch: Vec<Record>,
    size: usize,
}

impl Rows {
    /// Takes a row and leaves an empty one; `false` where nobody wants more.
    fn give(&mut self, record: &mut Record) -> bool {
        if record.is_empty() {
            return true;
        }
        self.size += record.size();
        self.batch.push(std::mem::take(record));
        if self.size < BATCH {
            return true;
        }
        self.size = 0;
        self.sender.send(Ok(Some(std::mem::take(&mut self.batch)))).is_ok()
    }

    fn finish(self, result: Result<(), IntakeError>) {
        // Should nobody listen any more, there is nobody to tell.
        let _ = self.sender.send(Ok(Some(self.batch)));
        let _ = self.sender.send(result.map(|()| None));
    }
}

struct SheetTable {
    receiver: Receiver<Batch>,
    batch: std::vec::IntoIter<Record>,
    ended: bool,
}

impl Table for SheetTable {
    fn next(&mut self, record: &mut Record) -> Result<bool, IntakeError> {
        loop {
            if let Some(row) = self.batch.next() {
                *record = row;
                return Ok(true);
            }
            if self.ended {
                return Ok(false);
            }
            match self.receiver.recv() {
                Ok(batch) => match batch? {
                    Some(rows) => self.batch = rows.into_iter(),
                    None => self.ended = true,
                },
                Err(_) => return Err(xml::damaged(&"its reader stopped before the end")),
            }
        }
    }
}

/// A serial number that is shown as a date: its ISO day, and its time where it has one.
fn date_cell(date: &ExcelDateTime, mark: DecimalMark) -> Cell {
    let serial = Cell::number(date.as_f64(), 0, mark);
    if date.is_duration() {
        return serial;
    }
    // Day 1 of the one calendar is 1900-01-01; day 0 of the other is 1904-01-01; both end with 9999.
    let (year, month, day, hour, minute, second, milli) = date.to_ymd_hms_milli();
    if !(1.0..2_958_466.0).contains(&date.as_f64()) {
        let why = "the cell is formatted as a date, and its number is no day";
        return Cell::doubtful(serial.text, Rule::DateShape, why);
    }
    let day = format!("{year:04}-{month:02}-{day:02}");
    // A time of a second and less is what is left of a computation.
    if (hour, minute, second) == (0, 0, 0) && milli < 500 {
        return Cell::text(day);
    }
    Cell::text(format!("{day} {hour:02}:{minute:02}:{second:02}"))
}

#[cfg(test)]
mod tests;
