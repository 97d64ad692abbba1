//! How wide the columns of a table are, and whether it fits a terminal at all.

use unicode_width::UnicodeWidthStr;

/// Blanks between two columns.
pub const GAP: usize = 2;

/// What a column of text keeps even where the terminal is narrow.
const LEAST: usize = 10;

/// What is known of a column when its table is laid out.
#[derive(Debug, Clone)]
pub struct Measure {
    /// Width of the widest cell.
    pub cells: usize,
    /// Width of the heading.
    pub heading: usize,
    /// Width of the heading's longest word.
    pub word: usize,
    /// Numbers: never broken.
    pub right: bool,
}

impl Measure {
    /// A column of that heading and those cells.
    pub fn new<'a>(heading: &str, right: bool, cells: impl Iterator<Item = &'a str>) -> Measure {
        Measure {
            cells: cells.map(UnicodeWidthStr::width).max().unwrap_or(0),
            heading: heading.width(),
            word: heading.split(' ').map(UnicodeWidthStr::width).max().unwrap_or(0),
            right,
        }
    }

    /// The least width at which the column can be read.
    fn least(&self) -> usize {
        let cells = if self.right { self.cells } else { self.cells.min(LEAST) };
        cells.max(self.word).max(1)
    }
}

/// The widths of the columns within a terminal's width, or `None` where the table does not fit: first
/// headings wrap, then the widest texts.
pub fn widths(columns: &[Measure], within: Option<u16>) -> Option<Vec<usize>> {
    let gaps = GAP * columns.len().saturating_sub(1);
    let mut widths: Vec<usize> =
        columns.iter().map(|column| column.cells.max(column.heading).max(1)).collect();
    let Some(room) = within else { return Some(widths) };
    let room = usize::from(room).checked_sub(gaps)?;
    if columns.iter().map(Measure::least).sum::<usize>() > room {
        return None;
    }
    while widths.iter().sum::<usize>() > room {
        let widest = (0..columns.len())
            .filter(|&at| widths[at] > columns[at].least())
            .max_by_key(|&at| (widths[at] > columns[at].cells, widths[at]))?;
        widths[widest] -= 1;
    }
    Some(widths)
}
