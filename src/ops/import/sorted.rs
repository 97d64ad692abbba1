//! The order of the journal: rows that came in a file's order, given on in the order of their keys.

use crate::ops::post::Prepared;

/// Bits of a position among the rows that are sorted together.
const PLACE: u32 = 24;

/// Rows that are sorted together.
pub struct Sorted {
    rows: Vec<Prepared>,
    /// The account of each row, counted from the first one, and behind it the row's position.
    order: Vec<u64>,
    /// How many were given on.
    given: usize,
}

impl Sorted {
    /// Sorts rows by account, which is all that it takes to find those of one account together: they are few.
    ///
    /// # Panics
    /// With more than 2^24 rows, or accounts that are further apart than 2^40.
    pub fn new(rows: Vec<Prepared>) -> Sorted {
        let least = rows.iter().map(|row| row.learner).min().unwrap_or_default();
        let most = rows.iter().map(|row| row.learner).max().unwrap_or_default();
        assert!(rows.len() <= 1 << PLACE && (most - least) >> (u64::BITS - PLACE) == 0);
        // Small numbers are sorted without a mistaken guess of the processor.
        let key = |(row, at): (&Prepared, u64)| ((row.learner - least) as u64) << PLACE | at;
        let mut order: Vec<u64> = rows.iter().zip(0..).map(key).collect();
        order.sort_unstable();
        Sorted { rows, order, given: 0 }
    }

    /// Adds at least so many of the next rows to others, in the order of their keys, and all of the last one's account;
    /// rows with the same key stay as they came. False where there were none left.
    pub fn next(&mut self, at_least: usize, into: &mut Vec<Prepared>) -> bool {
        let mut end = self.order.len().min(self.given.saturating_add(at_least));
        let account = |key: &u64| key >> PLACE;
        if let Some(last) = self.order[..end].last().map(account) {
            end += self.order[end..].iter().take_while(|key| account(key) == last).count();
        }
        let start = into.len();
        // Each is far from the one before in memory: with nothing else between, the processor waits for several at once.
        into.extend(self.order[self.given..end].iter().map(|key| {
            let row = &mut self.rows[(key & ((1 << PLACE) - 1)) as usize];
            Prepared { rare: row.rare.take(), ..*row }
        }));
        self.given = end;
        for of_account in into[start..].chunk_by_mut(|one, next| one.learner == next.learner) {
            of_account.sort_by_key(Prepared::key);
        }
        into.len() > start
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::credits::Credits;
    use crate::domain::outcome::{Kind, Status};
    use proptest::prelude::*;

    fn row(learner: i64, outcome: u32, attempt: u8, line: u32) -> Prepared {
        Prepared {
            learner,
            amount: Credits(1),
            rare: None,
            line,
            outcome,
            version: 1,
            period: 1,
            institution: 1,
            grade: None,
            attrs: None,
            years: (2020, 2020),
            system: 1,
            file: 0,
            attempt,
            status: Status::Passed,
            kind: Kind::Formal,
        }
    }

    proptest! {
        #[test]
        fn rows_leave_in_the_order_of_a_stable_sort_and_accounts_stay_together(
            first in 0..3_000_000_000_i64,
            keys in prop::collection::vec((1..40_i64, 1..4_u32, 1..3_u8), 0..400),
            at_least in 1..100_usize,
        ) {
            let rows: Vec<_> =
                keys.iter().zip(1..).map(|((a, o, n), line)| row(first + *a * 97, *o, *n, line)).collect();
            let mut expected = rows.clone();
            expected.sort_by_key(Prepared::key);
            let mut sorted = Sorted::new(rows);
            let (mut all, mut portion) = (Vec::new(), Vec::new());
            while sorted.next(at_least, &mut portion) {
                let last = all.last().map(|row: &Prepared| row.learner);
                prop_assert_ne!(last, Some(portion[0].learner));
                prop_assert!(portion.len() >= at_least || all.len() + portion.len() == expected.len());
                all.append(&mut portion);
            }
            let lines = |rows: &[Prepared]| rows.iter().map(|row| row.line).collect::<Vec<_>>();
            prop_assert_eq!(lines(&all), lines(&expected));
        }
    }
}
