//! Dates that say how exact they are: a day, a month, a term or a year, as written, with the
//! interval of days that it covers. No day is made up.

mod format;

pub use format::DateFormat;

use jiff::civil::Date;
use std::fmt;

/// How exactly a period is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// One day.
    Day,
    /// One month.
    Month,
    /// A term of an institution's academic calendar.
    Term,
    /// A calendar year, or an academic year of an institution's calendar.
    Year,
}

impl Precision {
    /// All of them, the most exact first.
    pub const ALL: [Precision; 4] = [Precision::Day, Precision::Month, Precision::Term, Precision::Year];

    /// The word for it, as the ledger and reports write it.
    pub fn name(self) -> &'static str {
        match self {
            Precision::Day => "day",
            Precision::Month => "month",
            Precision::Term => "term",
            Precision::Year => "year",
        }
    }

    /// The precision of that name.
    pub fn from_name(name: &str) -> Option<Precision> {
        Precision::ALL.into_iter().find(|precision| precision.name() == name)
    }
}

/// A date as written, and the days that it may mean.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Period {
    /// As the source wrote it: `2013J`, `2024-06`, `2015-01-01`.
    pub written: String,
    /// How exactly it is known.
    pub precision: Precision,
    /// First day that it may mean.
    pub first: Date,
    /// Last day that it may mean; the same as `first` for a day.
    pub last: Date,
}

/// An answer about a boundary that may fall inside a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Within {
    /// Every day of the period lies inside the bounds.
    Yes,
    /// No day of it does.
    No,
    /// Some days do and some do not: undecided, needs the day.
    Undecided,
}

impl Period {
    /// A period of one day, written in ISO 8601.
    pub fn day(date: Date) -> Period {
        Period { written: date.to_string(), precision: Precision::Day, first: date, last: date }
    }

    /// Whether the period lies within the bounds, both days included; `None` is unbounded.
    pub fn within(&self, from: Option<Date>, to: Option<Date>) -> Within {
        let starts_in = from.is_none_or(|from| self.first >= from) && to.is_none_or(|to| self.first <= to);
        let ends_in = from.is_none_or(|from| self.last >= from) && to.is_none_or(|to| self.last <= to);
        let covers = from.is_some_and(|from| self.first < from && self.last >= from)
            || to.is_some_and(|to| self.first <= to && self.last > to);
        match (starts_in, ends_in) {
            (true, true) => Within::Yes,
            _ if starts_in || ends_in || covers => Within::Undecided,
            _ => Within::No,
        }
    }

    /// Whether the period is over by the end of `date`.
    pub fn by(&self, date: Date) -> Within {
        self.within(None, Some(date))
    }

    /// The calendar year, or `2013–2014` where the period spans two.
    pub fn year_label(&self) -> String {
        let (first, last) = (self.first.year(), self.last.year());
        if first == last { first.to_string() } else { format!("{first}–{last}") }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.written)
    }
}

/// Reads `2015-01-01` strictly.
///
/// # Errors
/// Says whether the shape is wrong or the day does not exist.
pub fn parse_iso(text: &str) -> Result<Date, DateError> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return Err(DateError::Shape);
    }
    date_from(digits(&bytes[..4]), digits(&bytes[5..7]), digits(&bytes[8..10]))
}

fn digits(bytes: &[u8]) -> Option<i16> {
    bytes.iter().try_fold(0i16, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i16::from(byte - b'0')))
}

fn date_from(year: Option<i16>, month: Option<i16>, day: Option<i16>) -> Result<Date, DateError> {
    let (Some(year), Some(month), Some(day)) = (year, month, day) else { return Err(DateError::Shape) };
    if !(1800..=2999).contains(&year) {
        return Err(DateError::YearRange);
    }
    Date::new(year, month as i8, day as i8).map_err(|_| DateError::NoSuchDay)
}

/// Why a text is not a date of the expected format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// Another shape than the format's.
    #[error("it does not have the expected shape")]
    Shape,
    /// 30 February and the like.
    #[error("there is no such day in the calendar")]
    NoSuchDay,
    /// Outside 1800–2999: a typing error.
    #[error("the year lies outside 1800–2999")]
    YearRange,
}

/// An institution's academic calendar: how it writes its terms and years, and which days they cover.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// Terms and academic years, the first that fits a text wins.
    #[serde(default, skip_serializing_if = "Vec::is_empty", rename = "term")]
    pub terms: Vec<Term>,
}

/// One recurring or single term of a calendar.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// How it is written: a text with `{year}`, and where needed `{next}` (the year after, four
    /// digits) or `{yy}` (its last two digits), such as `{year}J` or `{year}-{yy}`; a text without
    /// `{year}` is a single term with full dates.
    pub written: String,
    /// First day: `MM-DD` for a recurring term, `YYYY-MM-DD` for a single one.
    pub first: String,
    /// Last day; where `MM-DD` lies before `first`, it is the next year's.
    pub last: String,
    /// True for a whole academic year.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub year: bool,
}

impl Calendar {
    /// The period that a text means in this calendar.
    pub fn period(&self, text: &str) -> Option<Period> {
        self.terms.iter().find_map(|term| term.read(text))
    }

    /// Checks every term's pattern and days.
    ///
    /// # Errors
    /// Names the term and what is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        for term in &self.terms {
            let year = term.written.contains("{year}").then_some(2024);
            if term.interval(year).is_none() {
                return Err(format!(
                    "term `{}` has no valid days `{}` to `{}`: write MM-DD where the text has {{year}}, else YYYY-MM-DD",
                    term.written, term.first, term.last
                ));
            }
        }
        Ok(())
    }
}

impl Term {
    fn read(&self, text: &str) -> Option<Period> {
        let year = match self.written.find("{year}") {
            None => None,
            Some(at) => Some(digits(text.as_bytes().get(at..at + 4)?)?),
        };
        if self.text_of(year) != text {
            return None;
        }
        let (first, last) = self.interval(year)?;
        let precision = if self.year { Precision::Year } else { Precision::Term };
        Some(Period { written: text.to_owned(), precision, first, last })
    }

    fn text_of(&self, year: Option<i16>) -> String {
        let Some(year) = year else { return self.written.clone() };
        let next = year + 1;
        self.written
            .replace("{year}", &format!("{year:04}"))
            .replace("{next}", &format!("{next:04}"))
            .replace("{yy}", &format!("{:02}", next % 100))
    }

    fn interval(&self, year: Option<i16>) -> Option<(Date, Date)> {
        let Some(year) = year else {
            let (first, last) = (parse_iso(&self.first).ok()?, parse_iso(&self.last).ok()?);
            return (first <= last).then_some((first, last));
        };
        let first = parse_iso(&format!("{year:04}-{}", self.first)).ok()?;
        let last = recurring_last(year, &self.last)?;
        if last >= first { Some((first, last)) } else { Some((first, recurring_last(year + 1, &self.last)?)) }
    }
}

/// The last day of a recurring term; `02-29` means the last day of February in every year.
fn recurring_last(year: i16, month_day: &str) -> Option<Date> {
    match parse_iso(&format!("{year:04}-{month_day}")) {
        Ok(date) => Some(date),
        Err(DateError::NoSuchDay) if month_day == "02-29" => Date::new(year, 2, 28).ok(),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn read(format: &str, text: &str) -> Result<(Precision, Date, Date), DateError> {
        let period = DateFormat::parse(format).unwrap().read(text, &open_university())?;
        assert_eq!(period.written, text);
        Ok((period.precision, period.first, period.last))
    }

    #[test]
    fn an_interval_is_two_days_in_order() {
        let days = (Precision::Term, date(2024, 10, 1), date(2025, 1, 31));
        assert_eq!(read("interval", "2024-10-01/2025-01-31"), Ok(days));
        for bad in ["2025-01-31/2024-10-01", "2024-10-01", "2024-10-01/", "2024-10-01/P4M"] {
            assert_eq!(read("interval", bad), Err(DateError::Shape), "{bad}");
        }
        assert_eq!(read("interval", "2024-10-01/2025-02-30"), Err(DateError::NoSuchDay));
    }

    #[test]
    fn the_number_of_a_day_in_a_workbook_is_that_day() {
        let day = |year, month, day| {
            let day = date(year, month, day);
            Ok((Precision::Day, day, day))
        };
        let cases = [
            ("serial", "1", day(1900, 1, 1)),
            ("serial", "59", day(1900, 2, 28)),
            ("serial", "60", Err(DateError::NoSuchDay)),
            ("serial", "61", day(1900, 3, 1)),
            ("serial", "45291", day(2023, 12, 31)),
            ("serial", "45291.75", day(2023, 12, 31)),
            ("serial", "0", Err(DateError::NoSuchDay)),
            ("serial", "-1", Err(DateError::Shape)),
            ("serial", "4.5e4", Err(DateError::Shape)),
            ("serial", "2023-12-31", Err(DateError::Shape)),
            ("serial", "2958465", Err(DateError::YearRange)),
            ("serial", "99999999999999999999", Err(DateError::Shape)),
            ("serial-1904", "0", day(1904, 1, 1)),
            ("serial-1904", "43829", day(2023, 12, 31)),
        ];
        for (format, text, expected) in cases {
            let period = DateFormat::parse(format).unwrap().read(text, &Calendar::default());
            let days = period.clone().map(|period| (period.precision, period.first, period.last));
            assert_eq!(days, expected, "{format} {text}");
            // The number is how a program keeps the day, not how the source writes it.
            assert!(period.is_ok_and(|period| period.written == period.first.to_string()) || days.is_err());
        }
    }

    fn open_university() -> Calendar {
        let term = |written: &str, first: &str, last: &str| Term {
            written: written.into(),
            first: first.into(),
            last: last.into(),
            year: false,
        };
        Calendar {
            terms: vec![
                term("{year}J", "10-01", "07-31"),
                term("{year}B", "02-01", "10-31"),
                term("Summer 2024", "2024-06-01", "2024-08-31"),
                Term { year: true, ..term("{year}-{yy}", "09-01", "08-31") },
            ],
        }
    }

    #[test]
    fn a_date_keeps_its_precision_and_its_interval() {
        use Precision::*;
        let d = date;
        let cases = [
            ("YYYY-MM-DD", "2015-01-31", Ok((Day, d(2015, 1, 31), d(2015, 1, 31)))),
            ("DD.MM.YYYY", "31.01.2015", Ok((Day, d(2015, 1, 31), d(2015, 1, 31)))),
            ("YYYYMM", "202402", Ok((Month, d(2024, 2, 1), d(2024, 2, 29)))),
            ("YYYY年MM月", "2024年06月", Ok((Month, d(2024, 6, 1), d(2024, 6, 30)))),
            ("YYYY", "2014", Ok((Year, d(2014, 1, 1), d(2014, 12, 31)))),
            ("term", "2013J", Ok((Term, d(2013, 10, 1), d(2014, 7, 31)))),
            ("term", "2014B", Ok((Term, d(2014, 2, 1), d(2014, 10, 31)))),
            ("term", "Summer 2024", Ok((Term, d(2024, 6, 1), d(2024, 8, 31)))),
            ("term", "2024-25", Ok((Year, d(2024, 9, 1), d(2025, 8, 31)))),
            ("term", "2024-26", Err(DateError::Shape)),
            ("term", "2013X", Err(DateError::Shape)),
            ("YYYY/M/D", "2024/3/15", Ok((Day, d(2024, 3, 15), d(2024, 3, 15)))),
            ("YYYY/M/D", "2024/12/05", Ok((Day, d(2024, 12, 5), d(2024, 12, 5)))),
            ("YYYY年M月", "2024年6月", Ok((Month, d(2024, 6, 1), d(2024, 6, 30)))),
            ("YYYY-MM-DD hh:mm", "2024-09-28 09:00", Ok((Day, d(2024, 9, 28), d(2024, 9, 28)))),
            ("YYYY-MM-DDThh:mm:ssZ", "2024-09-28T23:59:59Z", Ok((Day, d(2024, 9, 28), d(2024, 9, 28)))),
            ("YYYY-MM-DD hh:mm", "2024-09-28 24:00", Err(DateError::Shape)),
            ("YYYY-MM-DD hh:mm", "2024-09-28", Err(DateError::Shape)),
            ("YYYY/M/D", "2024/3/150", Err(DateError::Shape)),
            ("YYYY/M/D", "2024//1", Err(DateError::Shape)),
            ("YYYY年MM月", "2024年6月", Err(DateError::Shape)),
            ("YYYY-MM-DD", "2025-02-30", Err(DateError::NoSuchDay)),
            ("YYYY-MM-DD", "25-02-2030", Err(DateError::Shape)),
            ("YYYY-MM-DD", "0215-02-03", Err(DateError::YearRange)),
            ("YYYY/MM/DD", "2025-02-03", Err(DateError::Shape)),
        ];
        for (format, text, expected) in cases {
            assert_eq!(read(format, text), expected, "{format} {text}");
        }
    }

    #[test]
    fn a_boundary_inside_a_period_is_undecided() {
        let month = DateFormat::parse("YYYYMM").unwrap().read("202408", &Calendar::default()).unwrap();
        let cases = [
            (None, Some(date(2024, 8, 31)), Within::Yes),
            (None, Some(date(2024, 8, 30)), Within::Undecided),
            (None, Some(date(2024, 8, 1)), Within::Undecided),
            (None, Some(date(2024, 7, 31)), Within::No),
            (Some(date(2024, 8, 1)), None, Within::Yes),
            (Some(date(2024, 8, 2)), None, Within::Undecided),
            (Some(date(2024, 9, 1)), None, Within::No),
            (Some(date(2024, 8, 10)), Some(date(2024, 8, 20)), Within::Undecided),
        ];
        for (from, to, expected) in cases {
            assert_eq!(month.within(from, to), expected, "{from:?} {to:?}");
        }
    }

    #[test]
    fn formats_and_calendars_are_checked_when_they_are_written() {
        for bad in
            ["", "MM-DD", "YYYY-DD", "YYYY-MM-MM", "YYYYMD", "YYYY-M-MM", "YYYY hh:mm", "YYYY-MM-DD mm"]
        {
            assert!(DateFormat::parse(bad).is_err(), "{bad}");
        }
        let mut calendar = open_university();
        assert_eq!(calendar.check(), Ok(()));
        calendar.terms[0].last = "13-01".into();
        assert!(calendar.check().unwrap_err().contains("{year}J"));
    }
}
