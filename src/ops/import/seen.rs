//! Results that files hold twice, found without a bank: by 64 bits of each row's learner and outcome, 64 of its key,
//! and 64 of the rest.
//!
//! Rows are only noted while they are read. At the end their learners and outcomes are sorted, so that equal ones stand side by side:
//! that costs less than a look-up of each row in a table which is larger than the processor's caches.

use crate::domain::entry::RowPlace;
use hashbrown::HashMap;

/// A row, without its texts.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pair: u64,
    key: u64,
    rest: u64,
    line: u32,
    /// The credit that it would deposit.
    pub amount: u32,
    file: u16,
    /// Which result of its row it is, and in the lowest bit whether it has a record number of its own.
    part: u16,
    /// The credit system.
    pub system: u16,
}

impl Row {
    fn is_recorded(self) -> bool {
        self.part & 1 == 1
    }

    /// Its file, and its place there.
    pub fn place(self) -> (u16, RowPlace) {
        (self.file, RowPlace { line: u64::from(self.line), part: self.part >> 1 })
    }
}

/// A row as it is noted: hashes of its learner and outcome, of its key, of its own record number where it has one,
/// and of all else that it says.
#[derive(Debug, Clone, Copy)]
pub struct Said {
    pub pair: u64,
    pub key: u64,
    pub record: Option<u64>,
    pub rest: u64,
    pub amount: u32,
    pub system: u16,
}

/// A row whose achievement an earlier one records already.
#[derive(Debug, Clone, Copy)]
pub struct Again {
    pub row: Row,
    /// The earlier one, where that says something else.
    pub other: Option<Row>,
}

/// What rows say again.
#[derive(Debug, Default)]
pub struct Seen {
    /// The rows whose achievement an earlier row records, in order.
    pub again: Vec<Again>,
    /// The others that earn credit and are of one learner and outcome, where there are several.
    pub repeats: Vec<Vec<Row>>,
}

/// The rows of an import, in order.
#[derive(Default)]
pub struct Rows {
    rows: Vec<Row>,
    /// Record numbers, with the positions of the rows that have them.
    records: Vec<(u64, u32)>,
}

impl Rows {
    /// Notes a row.
    pub fn note(&mut self, said: Said, file: u16, place: RowPlace) {
        let Said { pair, key, record, rest, amount, system } = said;
        let part = place.part << 1 | u16::from(record.is_some());
        if let Some(record) = record {
            self.records.push((record, self.rows.len() as u32));
        }
        self.rows.push(Row { pair, key, rest, line: place.line as u32, amount, file, part, system });
    }

    /// The rows that say again what others say. As in a bank, two rows with numbers of their own are two results,
    /// whatever else they share.
    pub fn again(self) -> Seen {
        let Rows { rows, records } = self;
        let pairs = rows.iter().zip(0..).map(|(row, at)| (row.pair, at)).collect();
        let mut alike = shared(pairs);
        alike.extend(shared(records.clone()));
        alike.sort_unstable();
        alike.dedup();
        let numbers: HashMap<u32, u64> = match alike.is_empty() {
            true => HashMap::new(),
            false => records.into_iter().map(|(record, at)| (at, record)).collect(),
        };
        let mut by_key: HashMap<u64, Vec<u32>> = HashMap::new();
        let mut by_record: HashMap<u64, u32> = HashMap::new();
        let mut by_pair: HashMap<u64, Vec<Row>> = HashMap::new();
        let mut again = Vec::new();
        for at in alike {
            let row = rows[at as usize];
            let record = numbers.get(&at);
            let same_key = by_key.entry(row.key).or_default();
            let mut earlier = same_key.iter().map(|at| (*at, rows[*at as usize]));
            let mut of_key = || earlier.find(|(_, other)| !(other.is_recorded() && row.is_recorded()));
            let known = record.and_then(|record| by_record.get(record)).copied();
            match known.or_else(|| of_key().map(|(at, _)| at)).map(|at| rows[at as usize]) {
                Some(known) => {
                    let differs = (known.key, known.rest) != (row.key, row.rest);
                    again.push(Again { row, other: differs.then_some(known) });
                }
                None => {
                    same_key.push(at);
                    by_record.extend(record.map(|record| (*record, at)));
                    if row.amount > 0 {
                        by_pair.entry(row.pair).or_default().push(row);
                    }
                }
            }
        }
        let mut repeats: Vec<Vec<Row>> = by_pair.into_values().filter(|rows| rows.len() > 1).collect();
        repeats.sort_by_key(|rows| rows[0].place().0);
        Seen { again, repeats }
    }
}

/// The positions of what stands there more than once.
fn shared(mut all: Vec<(u64, u32)>) -> Vec<u32> {
    all.sort_unstable();
    let groups = all.chunk_by(|one, next| one.0 == next.0).filter(|group| group.len() > 1);
    groups.flatten().map(|(_, at)| *at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_meet_by_key_or_by_their_own_number() {
        let rows = [
            (1, None, 5),
            (1, None, 5),
            (1, None, 6),
            (2, Some(70), 5),
            (2, Some(71), 5),
            (3, Some(70), 5),
            (2, None, 9),
            (4, None, 5),
        ];
        let mut noted = Rows::default();
        for ((key, record, rest), line) in rows.into_iter().zip(2..) {
            let said = Said { pair: key % 2, key, record, rest, amount: 3, system: 1 };
            noted.note(said, 0, RowPlace { line, part: 3 });
        }
        let line = |row: Row| row.place().1.line;
        let Seen { again, repeats } = noted.again();
        let again: Vec<_> = again.into_iter().map(|again| (line(again.row), again.other.map(line))).collect();
        // Of several that a row without a number may repeat, the first counts.
        assert_eq!(again, [(3, None), (4, Some(2)), (7, Some(5)), (8, Some(5))]);
        // Two results in one outcome, whose achievements are not the same.
        let mut repeats: Vec<Vec<u64>> =
            repeats.into_iter().map(|rows| rows.into_iter().map(line).collect()).collect();
        repeats.sort();
        assert_eq!(repeats, [[5, 6, 9]]);
    }
}
