//! Values as people type them, checked and brought into the form that is kept.

use super::usage;
use crate::domain::credits::{Credits, DecimalMark};
use crate::domain::date::parse_iso;
use crate::domain::fault::Result;
use crate::domain::system::Hours;
use jiff::civil::Date;

/// A text in NFC without blanks at its ends.
///
/// # Errors
/// `G101` where it is empty, `G102` where it holds control characters.
pub fn text(option: &str, text: &str) -> Result<String> {
    let clean = crate::domain::text::clean(text);
    if clean.is_empty() {
        let remedy = format!("give {option} a value, or leave it out");
        return Err(usage("G101", format!("{option} is empty"), remedy));
    }
    if clean.chars().any(char::is_control) {
        let what = format!("{option} `{clean}` holds a control character");
        return Err(usage("G102", what, "write it on one line, without tabs"));
    }
    Ok(clean.into_owned())
}

/// As [`text`], for a value that may be left out.
///
/// # Errors
/// As [`text`].
pub fn optional(option: &str, value: Option<&str>) -> Result<Option<String>> {
    value.map(|value| text(option, value)).transpose()
}

/// A short code that other commands name a thing by.
///
/// # Errors
/// `G102` where it holds a blank or one of `marks`, which separate it from other parts of a name.
pub fn code(option: &str, value: &str, marks: &[char]) -> Result<String> {
    let code = text(option, value)?;
    let bad = |c: char| c.is_whitespace() || marks.contains(&c);
    match code.chars().find(|c| bad(*c)) {
        None => Ok(code),
        Some(mark) => {
            let what = format!("{option} `{code}` holds `{mark}`");
            Err(usage("G102", what, "a code is one word, which other commands can name"))
        }
    }
}

/// An ISO 3166-1 alpha-2 code.
///
/// # Errors
/// `G102` where it is not two letters.
pub fn country(value: Option<&str>) -> Result<Option<String>> {
    let Some(country) = optional("--country", value)? else { return Ok(None) };
    let country = country.to_ascii_uppercase();
    if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
        let remedy = "write the two letters of ISO 3166-1, such as CN or GB";
        return Err(usage("G102", format!("--country `{country}` is not a country's code"), remedy));
    }
    Ok(Some(country))
}

/// A day.
///
/// # Errors
/// `G105` where it is none.
pub fn day(option: &str, value: Option<&str>) -> Result<Option<Date>> {
    let Some(text) = value else { return Ok(None) };
    let fault = |error| usage("G105", format!("{option} `{text}`: {error}"), "write the day as 2026-08-31");
    parse_iso(text.trim()).map(Some).map_err(fault)
}

/// Two days, both included, of which each may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Days {
    /// The first.
    pub from: Option<Date>,
    /// The last.
    pub to: Option<Date>,
}

impl Days {
    /// Reads two options.
    ///
    /// # Errors
    /// `G105` where one is no day, or the last lies before the first.
    pub fn read(options: [&str; 2], from: Option<&str>, to: Option<&str>) -> Result<Days> {
        let days = Days { from: day(options[0], from)?, to: day(options[1], to)? };
        match (days.from, days.to) {
            (Some(from), Some(to)) if to < from => {
                let what = format!("{} {to} lies before {} {from}", options[1], options[0]);
                Err(usage("G105", what, "give the first day first; both days are included"))
            }
            _ => Ok(days),
        }
    }

    /// The first day, as the registries keep it.
    pub fn first(&self) -> Option<String> {
        self.from.map(|day| day.to_string())
    }

    /// The last day, as the registries keep it.
    pub fn last(&self) -> Option<String> {
        self.to.map(|day| day.to_string())
    }
}

/// A number of at most three decimals.
///
/// # Errors
/// `G106` where it is none.
pub fn number(option: &str, value: Option<&str>) -> Result<Option<Credits>> {
    let Some(text) = value else { return Ok(None) };
    let fault = |error| {
        usage(
            "G106",
            format!("{option} `{text}`: {error}"),
            "write it as 3 or 2.5, with at most three decimals",
        )
    };
    Credits::parse(text, DecimalMark::Point).map(Some).map_err(fault)
}

/// Hours of one credit: one figure, or a range such as `25-30`.
///
/// # Errors
/// `G106` where it is neither, is zero or falls.
pub fn hours(value: Option<&str>) -> Result<Option<Hours>> {
    let Some(text) = value else { return Ok(None) };
    let (low, high) = text.split_once(['-', '–']).unwrap_or((text, text));
    let (Some(low), Some(high)) = (number("--hours", Some(low))?, number("--hours", Some(high))?) else {
        return Ok(None);
    };
    if low.0 == 0 || high < low {
        let what = format!("--hours `{text}` is not a range of hours");
        return Err(usage("G106", what, "write one figure such as 10, or the least and the most: 25-30"));
    }
    Ok(Some(Hours { low_milli: low.0, high_milli: high.0 }))
}

/// An ISCED-F field of study.
///
/// # Errors
/// `G102` where it is not two to four digits.
pub fn field(value: Option<&str>) -> Result<Option<String>> {
    let Some(field) = optional("--field", value)? else { return Ok(None) };
    if (2..=4).contains(&field.len()) && field.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Some(field));
    }
    let what = format!("--field `{field}` is not a field of study");
    Err(usage("G102", what, "write two to four digits of ISCED-F, such as 0613"))
}
