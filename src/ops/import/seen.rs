//! Results that files hold twice, found without a bank: by 64 bits of each row's key, and 64 of the rest.

use crate::domain::entry::RowPlace;
use hashbrown::HashTable;

/// A row that came before, without its texts.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    key: u64,
    rest: u64,
    line: u32,
    file: u16,
    /// Which result of its row it is, and in the lowest bit whether it has a record number of its own.
    part: u16,
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

/// What an earlier row of the same key is to a new one.
#[derive(Debug, Clone, Copy)]
pub enum Met {
    /// There is none.
    New,
    /// It says the same.
    Same,
    /// It says something else.
    Other(Row),
}

/// A row as it is met: hashes of its key, of its own record number where it has one, and of all else that it says.
#[derive(Debug, Clone, Copy)]
pub struct Said {
    pub key: u64,
    pub record: Option<u64>,
    pub rest: u64,
}

/// The rows met so far.
#[derive(Default)]
pub struct Rows {
    rows: Vec<Row>,
    /// Positions of rows by their keys.
    by_key: HashTable<u32>,
    /// Positions of rows by their record numbers.
    by_record: HashTable<(u64, u32)>,
}

impl Rows {
    /// Makes room for about that many rows.
    pub fn expect(&mut self, rows: usize) {
        let Rows { rows: known, by_key, .. } = self;
        by_key.reserve(rows, |at| known[*at as usize].key);
    }

    /// Meets a row. As in a bank, two rows with numbers of their own are two results, whatever else they share.
    pub fn meet(&mut self, said: Said, file: u16, place: RowPlace) -> Met {
        let Said { key, record, rest } = said;
        let recorded = u16::from(record.is_some());
        let row = Row { key, rest, line: place.line as u32, file, part: place.part << 1 | recorded };
        let rows = &self.rows;
        let by_record = record
            .and_then(|record| self.by_record.find(record, |known| known.0 == record))
            .map(|known| known.1);
        let same_key = |at: &&u32| {
            let other = rows[**at as usize];
            other.key == key && !(other.is_recorded() && row.is_recorded())
        };
        let known = by_record.or_else(|| self.by_key.iter_hash(key).filter(same_key).min().copied());
        if let Some(known) = known.map(|at| rows[at as usize]) {
            return if known.rest == rest { Met::Same } else { Met::Other(known) };
        }
        let at = self.rows.len() as u32;
        self.rows.push(row);
        let rows = &self.rows;
        self.by_key.insert_unique(key, at, |at| rows[*at as usize].key);
        if let Some(record) = record {
            self.by_record.insert_unique(record, (record, at), |known| known.0);
        }
        Met::New
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_meet_by_key_or_by_their_own_number() {
        let mut rows = Rows::default();
        let mut meet = |key, record, rest, line| {
            let said = Said { key, record, rest };
            rows.meet(said, 0, RowPlace { line, part: 3 })
        };
        assert!(matches!(meet(1, None, 5, 2), Met::New));
        assert!(matches!(meet(1, None, 5, 3), Met::Same));
        let Met::Other(row) = meet(1, None, 6, 4) else { panic!("it differs") };
        assert_eq!(row.place(), (0, RowPlace { line: 2, part: 3 }));
        assert!(matches!(meet(2, Some(70), 5, 5), Met::New));
        assert!(matches!(meet(2, Some(71), 5, 6), Met::New));
        assert!(matches!(meet(3, Some(70), 5, 7), Met::Same));
        let Met::Other(row) = meet(2, None, 9, 8) else { panic!("it differs") };
        assert_eq!(row.place().1.line, 5, "of several, the first");
    }
}
