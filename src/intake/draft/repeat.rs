//! Rows of several results: groups of columns that repeat, such as `SUB1`, `SUB1_CREDIT`, `SUB2`, …
//!
//! Each group of such a row is read as a row of its own in the same layout: with its values in the
//! columns of the first group, and nothing in the others'. So everything that follows knows rows of one
//! result only, and a refused result goes back to the supplier as a row that can be sent again.

use crate::domain::credits::{Credits, DecimalMark};
use crate::intake::csv::{Doubt, Record};
use crate::intake::rules::Rule;
use std::collections::VecDeque;

/// Where the groups of a file stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Groups {
    /// The columns of each group, in the same order.
    pub(super) columns: Vec<Vec<usize>>,
    /// Place of the outcome in a group's columns.
    pub(super) outcome: usize,
    /// Place of the credits in a group's columns.
    pub(super) credits: Option<usize>,
    /// The column with the sum of the credits.
    pub(super) total: Option<usize>,
    /// Number of columns of the file.
    pub(super) width: usize,
    /// The decimal mark of amounts.
    pub(super) mark: DecimalMark,
}

impl Groups {
    /// The column of the file from which a column of the first group was filled.
    pub(super) fn origin(&self, column: usize, part: u16) -> usize {
        let place = self.columns[0].iter().position(|first| *first == column);
        let group = usize::from(part).checked_sub(1).and_then(|part| self.columns.get(part));
        place.zip(group).map_or(column, |(place, group)| group[place])
    }

    /// True where a group says nothing: no outcome, and neither a text nor an amount.
    fn is_empty(&self, group: &[usize], row: &Record) -> bool {
        let value = |column: &usize| row.get(*column).unwrap_or_default().trim();
        let nothing = |text: &str| text.bytes().all(|byte| matches!(byte, b'0' | b'.' | b','));
        value(&group[self.outcome]).is_empty() && group.iter().all(|column| nothing(value(column)))
    }

    /// Why a row as a whole cannot be taken: its control total and its results differ.
    fn fault(&self, row: &Record, filled: &VecDeque<u16>) -> Option<Doubt> {
        let (total, credits) = (self.total?, self.credits?);
        let written = row.get(total).unwrap_or_default().trim();
        if written.is_empty() {
            return None;
        }
        let fault = |index, reason| Some(Doubt { index, rule: Rule::RowTotal, reason });
        let Ok(expected) = Credits::parse(written, self.mark) else {
            return fault(total, "the control total is no amount".to_owned());
        };
        let mut sum = Some(Credits::ZERO);
        for part in filled {
            let column = self.columns[usize::from(*part) - 1][credits];
            let Ok(amount) = Credits::parse(row.get(column).unwrap_or_default().trim(), self.mark) else {
                return fault(column, format!("the control total is {expected}, and this is no amount"));
            };
            sum = sum.and_then(|sum| sum.0.checked_add(amount.0).map(Credits));
        }
        match sum {
            Some(sum) if sum == expected => None,
            Some(sum) => {
                let results = if filled.len() == 1 { "result has" } else { "results have" };
                fault(
                    total,
                    format!(
                        "the control total is {expected}, and the row's {} {results} {sum}",
                        filled.len()
                    ),
                )
            }
            None => fault(
                total,
                format!("the control total is {expected}, and the row's results have more than any total"),
            ),
        }
    }
}

/// Takes rows apart, one group after the other.
#[derive(Debug, Default)]
pub(super) struct Apart {
    groups: Groups,
    row: Record,
    left: VecDeque<u16>,
}

impl Apart {
    pub(super) fn new(groups: Groups) -> Apart {
        Apart { groups, row: Record::new(), left: VecDeque::new() }
    }

    /// The next group of the row at hand; `false` where it has no more.
    pub(super) fn next(&mut self, record: &mut Record) -> bool {
        let Some(part) = self.left.pop_front() else { return false };
        self.write(part, record);
        true
    }

    /// Takes a row and gives its first group; the row itself where it cannot be taken as a whole.
    pub(super) fn take(&mut self, record: &mut Record) {
        // A row of another width is refused for that, as a whole.
        if record.len() != self.groups.width {
            return;
        }
        let filled: VecDeque<u16> = (1..)
            .zip(&self.groups.columns)
            .filter(|(_, group)| !self.groups.is_empty(group, record))
            .map(|(part, _)| part)
            .collect();
        if let Some(fault) = self.groups.fault(record, &filled) {
            record.refuse_at(fault);
            return;
        }
        std::mem::swap(&mut self.row, record);
        self.left = filled;
        // A row without any result is given as it is: it will be missed, not passed over.
        let part = self.left.pop_front().unwrap_or(1);
        self.write(part, record);
    }

    fn write(&self, part: u16, record: &mut Record) {
        let group = &self.groups.columns[usize::from(part) - 1];
        let first = &self.groups.columns[0];
        record.begin(self.row.line());
        record.set_part(part);
        for index in 0..self.row.len() {
            let source = match first.iter().position(|column| *column == index) {
                Some(place) => Some(group[place]),
                None if self.groups.columns.iter().any(|group| group.contains(&index)) => None,
                None if self.groups.total == Some(index) => None,
                None => Some(index),
            };
            record.push(source.and_then(|source| self.row.get(source)).unwrap_or_default());
            for doubt in self.row.doubts().iter().filter(|doubt| Some(doubt.index) == source) {
                record.doubt(doubt.rule, doubt.reason.as_str());
            }
        }
    }
}
