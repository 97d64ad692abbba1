//! A first look at a file of which nothing is known: how it is written, which column seems to be what,
//! which words it uses, and what only a person can say. What it finds becomes the draft of a profile.
//!
//! It reads a bounded number of rows, keeps no more of them than counts and a few words, and decides
//! nothing in silence: what it took for granted stands in the draft as a question.

mod assign;
mod column;
mod dates;
mod header;
mod headings;
mod judge;
mod layout;
mod opening;
mod words;
mod write;

pub use assign::{By, Filled};
pub use column::Column;
pub use opening::Written;
pub use write::draft;

use super::csv::Record;
use super::fault::IntakeError;
use super::profile::{Field, MAX_HEADER_ROW, Target};
use super::source::Source;
use crate::domain::credits::DecimalMark;
use crate::domain::text::clean;
use dates::Forms;
use header::Top;
use headings::Headings;

/// Rows that are looked at where nothing is said.
pub const ROWS: u64 = 10_000;
/// Cells of which a hash is kept, so that memory is bounded whatever the file.
const CELLS: usize = 4 << 20;

/// What is known before the file is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Most rows to look at.
    pub rows: u64,
    /// What becomes of the rows, where it is said.
    pub target: Option<Target>,
    /// The profile's name.
    pub name: String,
    /// The institution's code, where all rows are of one.
    pub institution: Option<String>,
    /// The file's name, for the draft's first line.
    pub file: String,
}

/// What was found in the file.
#[derive(Debug, Clone)]
pub struct Sketch {
    /// What was known before.
    pub options: Options,
    /// How the file is written.
    pub written: Written,
    /// Whether its first row, or the first below a title, names the columns.
    pub header: bool,
    /// The row that names them, where others stand above it.
    pub header_row: Option<u64>,
    /// The decimal mark of its amounts.
    pub decimal_mark: DecimalMark,
    /// Rows that were looked at.
    pub rows: u64,
    /// Whether these were all rows.
    pub complete: bool,
    /// What becomes of the rows.
    pub target: Target,
    /// Its columns, in the file's order.
    pub columns: Vec<Column>,
    /// The fields that columns seem to fill.
    pub fields: Vec<Filled>,
    /// Further identifiers of the learner: scheme and position among the columns.
    pub identifiers: Vec<(String, usize)>,
    /// The scheme of the field `learner`.
    pub scheme: Option<&'static str>,
    /// What is the same in all rows.
    pub constants: Vec<(Field, String)>,
    /// The forms of dates; empty where they are open.
    pub dates: Vec<String>,
    /// The patterns of its terms, such as `{year}J`.
    pub terms: Vec<String>,
    /// Columns with data about people that no field takes, by position, and what it is.
    pub personal: Vec<(usize, &'static str)>,
    /// The words of a field, with the word meant (none where nobody knows) and how often each was met.
    pub words: Vec<(Field, Vec<Word>)>,
    /// Whether the amount of credit seems to be a load that rows share.
    pub shared_load: bool,
    /// What a person has to decide or to know.
    pub questions: Vec<Question>,
}

/// A word of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// As the file writes it.
    pub written: String,
    /// What it seems to mean; empty for nothing, none where that is not known.
    pub meant: Option<String>,
    /// How often it was met.
    pub times: u64,
}

/// Where in a profile a question belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// What becomes of the rows.
    Target,
    /// How the file is written.
    File,
    /// A field: its column or its constant.
    Field(Field),
    /// Columns that fill no field.
    Columns,
    /// The forms of dates.
    Dates,
    /// The words of a field.
    Values(Field),
    /// How learners are found.
    Learner,
    /// How outcomes are found.
    Outcome,
    /// Which results create credit.
    Deposit,
    /// A load that rows share.
    Group,
    /// Data about people.
    People,
}

impl About {
    /// The place as a key of the profile.
    pub fn key(self) -> String {
        match self {
            About::Target => "target".into(),
            About::File => "file".into(),
            About::Field(field) => format!("columns.{}", field.name()),
            About::Columns => "columns".into(),
            About::Dates => "dates".into(),
            About::Values(field) => format!("values.{}", field.name()),
            About::Learner => "learner".into(),
            About::Outcome => "outcome".into(),
            About::Deposit => "deposit".into(),
            About::Group => "group".into(),
            About::People => "people".into(),
        }
    }
}

/// Something that a person has to decide, with what was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Where it belongs.
    pub about: About,
    /// The question and its evidence.
    pub text: String,
}

/// The rows that were looked at, as far as rows must be compared with each other.
struct Rows {
    width: usize,
    hashes: Vec<u64>,
    lines: Vec<u64>,
    read: u64,
    complete: bool,
    /// Rows of another width than the first, and the line of the first such row.
    uneven: Option<(u64, u64)>,
}

impl Rows {
    /// The hashes of a column's values, row by row, with the row's line.
    fn column(&self, at: usize) -> impl Iterator<Item = (u64, u64)> {
        self.lines.iter().enumerate().map(move |(row, line)| (self.hashes[row * self.width + at], *line))
    }
}

/// Looks at a file.
///
/// # Errors
/// Says what makes the file unreadable.
pub fn sketch(source: &Source, options: Options) -> Result<Sketch, IntakeError> {
    let headings = Headings::new();
    let forms = Forms::new();
    let (written, mut records) = opening::open(source)?;
    let Top { above, top, below } = header::find(&mut records, &headings)?;
    let width = top.len();
    let mut columns: Vec<Column> = (1..=width).map(Column::new).collect();
    let mut rows =
        Rows { width, hashes: Vec::new(), lines: Vec::new(), read: 0, complete: true, uneven: None };
    let (mut record, mut room, mut below) = (Record::new(), CELLS, below.into_iter());
    while next_below(&mut below, &mut records, &mut record)? {
        if record.is_blank() {
            continue;
        }
        if rows.read == options.rows {
            rows.complete = false;
            break;
        }
        if written.format.is_spreadsheet() {
            record.pad(width);
        }
        rows.read += 1;
        look(&mut rows, &mut columns, &forms, &record, &mut room);
    }
    let header = header::is(&top, &columns, &headings);
    if header {
        for (column, heading) in columns.iter_mut().zip(top.fields()) {
            column.heading = clean(heading).into_owned();
        }
        if rows.read == 0 {
            return Err(IntakeError::HeaderOnly);
        }
    } else {
        rows.read += 1;
        look(&mut rows, &mut columns, &forms, &top, &mut room);
    }
    let mut sketch = Sketch {
        target: options.target.unwrap_or(Target::Achievements),
        options,
        written,
        header,
        header_row: Some(top.line()).filter(|row| header && above && *row <= MAX_HEADER_ROW as u64),
        decimal_mark: DecimalMark::Point,
        rows: rows.read,
        complete: rows.complete,
        columns,
        fields: Vec::new(),
        identifiers: Vec::new(),
        scheme: None,
        constants: Vec::new(),
        dates: Vec::new(),
        terms: Vec::new(),
        personal: Vec::new(),
        words: Vec::new(),
        shared_load: false,
        questions: Vec::new(),
    };
    assign::assign(&mut sketch, &headings);
    judge::judge(&mut sketch, &rows);
    Ok(sketch)
}

fn look(rows: &mut Rows, columns: &mut [Column], forms: &Forms, record: &Record, room: &mut usize) {
    if record.len() != rows.width {
        let (count, first) = rows.uneven.unwrap_or((0, record.line()));
        rows.uneven = Some((count + 1, first));
        return;
    }
    let kept = rows.hashes.len() + rows.width <= CELLS;
    for (column, value) in columns.iter_mut().zip(record.fields()) {
        let hash = column.see(forms, value, record.line(), room);
        if kept {
            rows.hashes.push(hash);
        }
    }
    if kept {
        rows.lines.push(record.line());
    }
}

/// The next row below the header: one that was read in search of it, else of the file.
fn next_below(
    below: &mut impl Iterator<Item = Record>,
    records: &mut opening::Rows,
    record: &mut Record,
) -> Result<bool, IntakeError> {
    match below.next() {
        Some(row) => {
            *record = row;
            Ok(true)
        }
        None => records.next(record),
    }
}

impl Sketch {
    /// The column that fills a field.
    pub fn column_of(&self, field: Field) -> Option<&Column> {
        let filled = self.fields.iter().find(|filled| filled.field == field)?;
        self.columns.get(filled.column)
    }

    fn place_of(&self, field: Field) -> Option<usize> {
        self.fields.iter().find(|filled| filled.field == field).map(|filled| filled.column)
    }

    fn is_constant(&self, field: Field) -> bool {
        self.constants.iter().any(|(constant, _)| *constant == field)
    }

    /// Whether something is read from the column.
    pub fn is_read(&self, column: usize) -> bool {
        self.fields.iter().any(|filled| filled.column == column && filled.kept)
            || self.identifiers.iter().any(|(_, at)| *at == column)
    }

    fn ask(&mut self, about: About, text: impl Into<String>) {
        self.questions.push(Question { about, text: text.into() });
    }
}

#[cfg(test)]
mod tests;
