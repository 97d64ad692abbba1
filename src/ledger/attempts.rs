//! Which of several results in one outcome counts: credit for the same learning is given once.

use crate::domain::entry::EntryId;
use crate::domain::outcome::Attempts;
use jiff::civil::Date;
use std::cmp::Ordering;

/// A grade, as it is compared with others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Its scale.
    pub scale: String,
    /// As it is written.
    pub written: String,
    /// Its place on the scale, where the bank knows that.
    pub place: Option<usize>,
}

impl std::fmt::Display for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Mark { scale, written, place } = self;
        match (scale.as_str(), place) {
            ("", _) => write!(f, "grade {written} of no scale"),
            (_, Some(_)) => write!(f, "grade {written} of scale {scale}"),
            (_, None) => write!(f, "grade {written} of scale {scale} (no order known)"),
        }
    }
}

/// A result that earned credit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its lot.
    pub lot: EntryId,
    /// First and last day of its period.
    pub days: (Date, Date),
    /// Its number.
    pub attempt: i64,
    /// Its grade, where it has one and somebody asks.
    pub mark: Option<Mark>,
    /// It counts so far.
    pub counts: bool,
}

impl Attempt {
    fn when(&self) -> (Date, Date, i64, EntryId) {
        (self.days.0, self.days.1, self.attempt, self.lot)
    }
}

/// Which of them counts; none where there are none. The order in which they are given makes no difference.
pub fn winner(policy: Attempts, attempts: &[Attempt]) -> Option<EntryId> {
    let mut sorted: Vec<&Attempt> = attempts.iter().collect();
    sorted.sort_by_key(|attempt| attempt.when());
    let first = sorted.first()?;
    let chosen = match policy {
        Attempts::First => sorted.iter().find(|attempt| attempt.counts).unwrap_or(first),
        Attempts::Latest => sorted.last().unwrap_or(first),
        Attempts::Best => sorted.iter().fold(first, |best, next| {
            let better = compare(next, best) == Some(Ordering::Greater);
            if better { next } else { best }
        }),
    };
    Some(chosen.lot)
}

/// Whether it can be said which of two results has the better grade, or that neither has.
pub fn comparable(one: &Attempt, other: &Attempt) -> bool {
    compare(one, other).is_some()
}

/// How two grades compare; none where they are not of one scale whose order the bank knows.
fn compare(one: &Attempt, other: &Attempt) -> Option<Ordering> {
    let (one, other) = (one.mark.as_ref()?, other.mark.as_ref()?);
    if one.scale != other.scale {
        return None;
    }
    if one.written == other.written {
        return Some(Ordering::Equal);
    }
    Some(one.place?.cmp(&other.place?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn attempt(lot: u64, year: i16, grade: Option<usize>, counts: bool) -> Attempt {
        let day = date(year, 6, 30);
        let mark = grade.map(|place| mark("marks", Some(place)));
        Attempt { lot: EntryId::new(0, lot), days: (day, day), attempt: 1, mark, counts }
    }

    fn mark(scale: &str, place: Option<usize>) -> Mark {
        let written = place.map_or("good".to_owned(), |place| place.to_string());
        Mark { scale: scale.to_owned(), written, place }
    }

    #[test]
    fn the_policy_says_which_attempt_counts() {
        let all = [
            attempt(9, 2022, Some(60), false),
            attempt(7, 2023, Some(80), true),
            attempt(8, 2024, Some(80), false),
            attempt(6, 2025, None, false),
        ];
        for (policy, lot) in [(Attempts::First, 7), (Attempts::Best, 7), (Attempts::Latest, 6)] {
            assert_eq!(winner(policy, &all), Some(EntryId::new(0, lot)), "{policy:?}");
            let back: Vec<Attempt> = all.iter().rev().cloned().collect();
            assert_eq!(winner(policy, &back), Some(EntryId::new(0, lot)), "{policy:?}");
        }
        let none_counts = all.clone().map(|attempt| Attempt { counts: false, ..attempt });
        assert_eq!(winner(Attempts::First, &none_counts), Some(EntryId::new(0, 9)));
        assert_eq!(winner(Attempts::Best, &[]), None);
    }

    #[test]
    fn grades_compare_on_one_scale_with_an_order() {
        let of =
            |scale: &str, place| Attempt { mark: Some(mark(scale, place)), ..attempt(2, 2024, None, false) };
        let one = attempt(1, 2023, Some(1), false);
        for (other, expected) in [
            (of("marks", Some(9)), Some(Ordering::Less)),
            (of("marks", Some(1)), Some(Ordering::Equal)),
            (of("marks", None), None),
            (of("letters", Some(1)), None),
            (attempt(2, 2024, None, false), None),
        ] {
            assert_eq!(compare(&one, &other), expected, "{other:?}");
            let best = winner(Attempts::Best, &[one.clone(), other.clone()]);
            assert_eq!(best == Some(other.lot), expected == Some(Ordering::Less), "{other:?}");
        }
        // The same words of one scale are no better than each other, whatever its order.
        assert!(comparable(&of("marks", None), &of("marks", None)));
    }
}
