//! Spans within which something must be done, and the day on which one ends.
//!
//! The convention: the day of the event is not counted, and the last day is included, to its end in the bank's
//! time zone. A month ends on the day of the same number, or on its last day where it has no such day: four months
//! from 31 October end on 28 February. Working days are Mondays to Fridays without the holidays that are listed. A
//! last day that is a holiday or a weekend is not moved.

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest span, in its unit.
pub const MOST: u16 = 3_660;

/// A number of days, working days or months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Term {
    /// Calendar days.
    Days(u16),
    /// Mondays to Fridays that are no holidays.
    WorkingDays(u16),
    /// Months of the calendar.
    Months(u16),
}

impl Term {
    /// Reads `15 days`, `20 working days`, `4 months`; one of each is written without the last letter.
    ///
    /// # Errors
    /// Says how a span is written.
    pub fn parse(text: &str) -> Result<Term, &'static str> {
        const SHAPE: &str = "a span is written as `15 days`, `20 working days` or `4 months`, up to 3660";
        let (number, unit) = text.trim().split_once(' ').ok_or(SHAPE)?;
        let number: u16 = number.parse().map_err(|_| SHAPE)?;
        if number == 0 || number > MOST {
            return Err(SHAPE);
        }
        match unit.trim() {
            "day" | "days" => Ok(Term::Days(number)),
            "working day" | "working days" => Ok(Term::WorkingDays(number)),
            "month" | "months" => Ok(Term::Months(number)),
            _ => Err(SHAPE),
        }
    }

    /// The last day of the span after an event; the end of the calendar where it lies beyond.
    pub fn last_day(self, event: Date, holidays: &[Date]) -> Date {
        let after = |span: Span| event.checked_add(span).unwrap_or(Date::MAX);
        match self {
            Term::Days(days) => after(i64::from(days).days()),
            Term::Months(months) => after(i64::from(months).months()),
            Term::WorkingDays(days) => {
                let works = |day: &Date| {
                    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !holidays.contains(day)
                };
                let later = event.series(1.day()).skip(1);
                later.filter(works).nth(usize::from(days) - 1).unwrap_or(Date::MAX)
            }
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = match self {
            Term::Days(days) => (days, "day"),
            Term::WorkingDays(days) => (days, "working day"),
            Term::Months(months) => (months, "month"),
        };
        f.pad(&format!("{number} {unit}{}", if *number == 1 { "" } else { "s" }))
    }
}

impl From<Term> for String {
    fn from(term: Term) -> String {
        term.to_string()
    }
}

impl TryFrom<String> for Term {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Term, &'static str> {
        Term::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_day_of_the_event_is_not_counted_and_the_last_day_is() {
        let holidays = [date(2026, 12, 25), date(2027, 1, 1)];
        let cases = [
            // A month without the day ends on its last one.
            ("4 months", date(2026, 10, 31), date(2027, 2, 28)),
            ("4 months", date(2027, 10, 31), date(2028, 2, 29)),
            ("4 months", date(2026, 10, 1), date(2027, 2, 1)),
            ("1 month", date(2026, 1, 30), date(2026, 2, 28)),
            ("1 month", date(2026, 2, 28), date(2026, 3, 28)),
            ("15 days", date(2026, 2, 20), date(2026, 3, 7)),
            ("1 day", date(2026, 12, 31), date(2027, 1, 1)),
            // From a Friday, a Saturday and a Sunday the first working day is the Monday.
            ("1 working day", date(2026, 11, 27), date(2026, 11, 30)),
            ("1 working day", date(2026, 11, 28), date(2026, 11, 30)),
            ("1 working day", date(2026, 11, 29), date(2026, 11, 30)),
            ("5 working days", date(2026, 11, 30), date(2026, 12, 7)),
            // 25 December and 1 January are holidays.
            ("1 working day", date(2026, 12, 24), date(2026, 12, 28)),
            ("10 working days", date(2026, 12, 18), date(2027, 1, 5)),
        ];
        for (term, event, last) in cases {
            let term = Term::parse(term).unwrap();
            assert_eq!(term.last_day(event, &holidays), last, "{term} from {event}");
        }
        assert_eq!(Term::Days(3_000).last_day(Date::MAX, &[]), Date::MAX);
        assert_eq!(Term::WorkingDays(1).last_day(Date::MAX, &[]), Date::MAX);
    }

    #[test]
    fn a_span_is_read_as_it_is_written() {
        for text in ["15 days", "1 day", "20 working days", "1 working day", "4 months", "1 month"] {
            assert_eq!(Term::parse(text).unwrap().to_string(), text);
        }
        for bad in ["", "15", "days", "0 days", "-1 days", "1.5 months", "4 years", "3661 days", "15days"] {
            assert!(Term::parse(bad).is_err(), "{bad}");
        }
    }
}
