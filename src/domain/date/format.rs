//! How a source writes its dates.

use super::{Calendar, DateError, Period, Precision, date_from, parse_iso};

/// A way in which a source writes its dates.
///
/// A format is a text with the fields `YYYY`, `MM` and `DD` (`2025-01-31` is `YYYY-MM-DD`,
/// `31.01.2025` is `DD.MM.YYYY`); `M` and `D` have one digit or two (`2025/1/31` is `YYYY/M/D`). A time of
/// day, `hh:mm` or `hh:mm:ss`, is checked, and stays in the text as written; the date is that of the day.
/// Without a day it is known by month, without a month by year. `term` stands for the terms and academic
/// years of the institution's own calendar; `interval` for two days as ISO 8601 writes a span of time,
/// `2024-10-01/2025-01-31`; `serial` for the number under which a workbook keeps a day, counted from 1900, and
/// `serial-1904` for one counted from 1904 (ECMA-376-1, 18.17.4.1). Such a number is the program's, not the source's way to
/// write a date, so the period is written as its day in ISO 8601.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DateFormat {
    /// A text with the fields `YYYY`, `MM`, `DD`.
    Fields(String),
    /// The institution's academic calendar.
    Term,
    /// The first and the last day.
    Interval,
    /// The number of a day in a workbook that counts from 1900.
    Serial,
    /// The same in one that counts from 1904.
    Serial1904,
}

/// A field of a format: what it is called, what it means, and the most digits that it has.
struct Part {
    name: &'static str,
    means: Means,
    least: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Means {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

/// Longer names first: `MM` is not twice `M`.
const PARTS: [Part; 8] = [
    Part { name: "YYYY", means: Means::Year, least: 4 },
    Part { name: "MM", means: Means::Month, least: 2 },
    Part { name: "M", means: Means::Month, least: 1 },
    Part { name: "DD", means: Means::Day, least: 2 },
    Part { name: "D", means: Means::Day, least: 1 },
    Part { name: "hh", means: Means::Hour, least: 2 },
    Part { name: "mm", means: Means::Minute, least: 2 },
    Part { name: "ss", means: Means::Second, least: 2 },
];

/// The field that a format begins with.
fn part_of(format: &str) -> Option<&'static Part> {
    PARTS.iter().find(|part| format.starts_with(part.name))
}

impl DateFormat {
    /// Reads a format's own text.
    ///
    /// # Errors
    /// Says what the format lacks or repeats.
    pub fn parse(text: &str) -> Result<DateFormat, String> {
        match text {
            "term" => return Ok(DateFormat::Term),
            "interval" => return Ok(DateFormat::Interval),
            "serial" => return Ok(DateFormat::Serial),
            "serial-1904" => return Ok(DateFormat::Serial1904),
            _ => {}
        }
        let (mut times, mut rest) = ([0; 6], text);
        while let Some(c) = rest.chars().next() {
            let Some(part) = part_of(rest) else {
                rest = &rest[c.len_utf8()..];
                continue;
            };
            times[part.means as usize] += 1;
            rest = &rest[part.name.len()..];
            if part.least == 1 && (part_of(rest).is_some() || rest.starts_with(|c: char| c.is_ascii_digit()))
            {
                let name = part.name;
                return Err(format!(
                    "date format `{text}` has digits at once after {name}; write {name}{name}"
                ));
            }
        }
        let [year, month, day, hour, minute, second] = times;
        if times.iter().any(|&times| times > 1) {
            return Err(format!("date format `{text}` repeats a field"));
        }
        if year == 0 {
            return Err(format!(
                "date format `{text}` has no YYYY; write it as YYYY-MM-DD, DD.MM.YYYY, YYYYMM, YYYY or term"
            ));
        }
        if day > month {
            return Err(format!("date format `{text}` has a day without a month"));
        }
        if hour > day || minute != hour || second > minute {
            return Err(format!("date format `{text}` has a time that is not hh:mm or hh:mm:ss of a day"));
        }
        Ok(DateFormat::Fields(text.to_owned()))
    }

    /// Reads a date of this format, with the institution's calendar for terms.
    ///
    /// # Errors
    /// Says why the text does not fit.
    pub fn read(&self, text: &str, calendar: &Calendar) -> Result<Period, DateError> {
        match self {
            DateFormat::Term => calendar.period(text).ok_or(DateError::Shape),
            DateFormat::Interval => {
                let (first, last) = text.split_once('/').ok_or(DateError::Shape)?;
                let (first, last) = (parse_iso(first)?, parse_iso(last)?);
                if first > last {
                    return Err(DateError::Shape);
                }
                Ok(Period { written: text.to_owned(), precision: Precision::Term, first, last })
            }
            DateFormat::Serial => day_of_serial(text, false),
            DateFormat::Serial1904 => day_of_serial(text, true),
            DateFormat::Fields(format) if format == "YYYY-MM-DD" => {
                let date = parse_iso(text)?;
                Ok(Period { written: text.to_owned(), precision: Precision::Day, first: date, last: date })
            }
            DateFormat::Fields(format) => read_fields(format, text),
        }
    }
}

/// The day that a workbook keeps as a number. Counted from 1900 there is a 29 February 1900, number 60, which never was;
/// a part of a day is a time, which is dropped.
fn day_of_serial(text: &str, from_1904: bool) -> Result<Period, DateError> {
    let (days, time) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(days) || !is_number(time) {
        return Err(DateError::Shape);
    }
    let number: i64 = days.parse().map_err(|_| DateError::Shape)?;
    let zero = match (from_1904, number) {
        (true, _) => jiff::civil::date(1904, 1, 1),
        (false, 0 | 60) => return Err(DateError::NoSuchDay),
        (false, 1..60) => jiff::civil::date(1899, 12, 31),
        (false, _) => jiff::civil::date(1899, 12, 30),
    };
    // The last day of 9999 has the number 2,958,465.
    let span = jiff::Span::new().try_days(number).map_err(|_| DateError::Shape)?;
    let day = zero.checked_add(span).map_err(|_| DateError::Shape)?;
    let written = day.to_string();
    let day = parse_iso(&written)?;
    Ok(Period { written, precision: Precision::Day, first: day, last: day })
}

fn read_fields(format: &str, text: &str) -> Result<Period, DateError> {
    let (mut values, mut format, mut rest) = ([None; 6], format, text);
    while let Some(c) = format.chars().next() {
        let Some(part) = part_of(format) else {
            rest = rest.strip_prefix(c).ok_or(DateError::Shape)?;
            format = &format[c.len_utf8()..];
            continue;
        };
        let most = part.least.max(2);
        let length = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if length < part.least {
            return Err(DateError::Shape);
        }
        values[part.means as usize] = super::digits(&rest.as_bytes()[..length]);
        (format, rest) = (&format[part.name.len()..], &rest[length..]);
    }
    let [year, month, day, hour, minute, second] = values;
    let is_time = hour.is_none_or(|hour| hour < 24)
        && minute.is_none_or(|minute| minute < 60)
        && second.is_none_or(|second| second < 60);
    if !rest.is_empty() || !is_time {
        return Err(DateError::Shape);
    }
    let first = date_from(year, month.or(Some(1)), day.or(Some(1)))?;
    let (precision, last) = match (month, day) {
        (_, Some(_)) => (Precision::Day, first),
        (Some(_), None) => (Precision::Month, first.last_of_month()),
        (None, None) => (Precision::Year, first.last_of_year()),
    };
    Ok(Period { written: text.to_owned(), precision, first, last })
}
