//! Values as XML Schema writes them.

use super::schema::Text;
use crate::domain::date::{DateError, parse_iso};

/// A text without the blanks that do not matter in its type.
pub fn tidy(of: Text, text: &str) -> String {
    match of {
        Text::Any => text.to_owned(),
        Text::None | Text::Open(_) => String::new(),
        _ => {
            text.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
        }
    }
}

/// Checks a tidied text.
pub fn check(of: Text, text: &str) -> Result<(), String> {
    let fits = match of {
        Text::None | Text::Open(_) | Text::Any | Text::Token => return Ok(()),
        Text::Date => return day(text).map(drop),
        Text::Moment => return moment(text).map(drop),
        Text::Word(words) if words.contains(&text) => return Ok(()),
        Text::Word(words) if words.len() > 20 => return Err("it is not on the schema's list".to_owned()),
        Text::Word(words) => return Err(format!("it is none of {}", words.join(", "))),
        Text::Decimal => is_decimal(text),
        Text::Count => is_digits(text.strip_prefix('+').unwrap_or(text)),
        Text::Language => {
            text.is_empty() || text.split('-').enumerate().all(|(at, part)| is_subtag(at, part))
        }
        Text::Section => !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'),
    };
    let what = match of {
        Text::Decimal => "it is not a decimal number",
        Text::Count => "it is not a whole number",
        Text::Language => "it is not a language tag",
        _ => "it is not of digits and points",
    };
    if fits { Ok(()) } else { Err(what.to_owned()) }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_decimal(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && digits(part) && whole.len() + part.len() > 0
}

/// The parts of a language tag: letters first, then letters and digits, up to eight.
fn is_subtag(at: usize, part: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphabetic() || at > 0 && byte.is_ascii_digit();
    (1..=8).contains(&part.len()) && part.bytes().all(fits)
}

/// The day of a date, without its time zone.
pub fn day(text: &str) -> Result<&str, String> {
    let (day, zone) = text.split_at_checked(10).ok_or_else(|| not("a date"))?;
    if !is_zone(zone) {
        return Err(not("a date"));
    }
    match parse_iso(day) {
        Ok(_) => Ok(day),
        Err(DateError::Shape) => Err(not("a date")),
        Err(error) => Err(error.to_string()),
    }
}

/// The day of a moment, without its time of day.
pub fn moment(text: &str) -> Result<&str, String> {
    let (date, time) = text.split_once('T').ok_or_else(|| not("a date and a time"))?;
    let time = time.split_at_checked(8).filter(|(clock, rest)| is_clock(clock, rest));
    time.ok_or_else(|| not("a date and a time"))?;
    if date.len() != 10 { Err(not("a date and a time")) } else { day(date) }
}

fn not(what: &str) -> String {
    let form = if what == "a date" { "YYYY-MM-DD" } else { "YYYY-MM-DDThh:mm:ss" };
    format!("it is not {what}, which is written {form} with or without a time zone")
}

/// Hours, minutes and seconds, and what may follow them: decimals of a second, a time zone.
fn is_clock(clock: &str, rest: &str) -> bool {
    let parts: Vec<&str> = clock.split(':').collect();
    let [hours, minutes, seconds] = parts[..] else { return false };
    let below = |part: &str, limit: u8| {
        part.len() == 2 && is_digits(part) && part.parse().is_ok_and(|part: u8| part < limit)
    };
    let zone = match rest.strip_prefix('.') {
        None => rest,
        Some(decimals) => {
            let zone = decimals.trim_start_matches(|c: char| c.is_ascii_digit());
            if zone.len() == decimals.len() {
                return false;
            }
            zone
        }
    };
    (clock == "24:00:00" || below(hours, 24) && below(minutes, 60) && below(seconds, 60)) && is_zone(zone)
}

fn is_zone(zone: &str) -> bool {
    let Some(clock) = zone.strip_prefix(['+', '-']) else { return zone.is_empty() || zone == "Z" };
    let Some((hours, minutes)) = clock.split_once(':') else { return false };
    let two = |part: &str| part.len() == 2 && is_digits(part);
    two(hours) && two(minutes) && (hours < "14" && minutes < "60" || clock == "14:00")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_xml_schema() {
        let good = [
            (Text::Date, "2015-03-17"),
            (Text::Date, "2015-03-17Z"),
            (Text::Date, "2015-03-17+14:00"),
            (Text::Moment, "2015-10-31T12:00:00+02:00"),
            (Text::Moment, "2015-10-31T24:00:00"),
            (Text::Moment, "2015-10-31T07:00:59.125Z"),
            (Text::Decimal, "-.5"),
            (Text::Decimal, "+7."),
            (Text::Count, "+43"),
            (Text::Language, "zh-Hans-CN"),
            (Text::Language, ""),
            (Text::Section, "4.2"),
        ];
        for (of, text) in good {
            assert_eq!(check(of, text), Ok(()), "{text}");
        }
        let bad = [
            (Text::Date, "2015-02-29"),
            (Text::Date, "17.03.2015"),
            (Text::Date, "2015-03-17T00:00:00"),
            (Text::Date, "2015-03-17+15:00"),
            (Text::Date, "2015-03-1学"),
            (Text::Moment, "2015-10-31"),
            (Text::Moment, "2015-10-31T25:00:00"),
            (Text::Moment, "2015-10-31T12:00"),
            (Text::Moment, "2015-10-31T12:00:00.Z"),
            (Text::Decimal, "6,0"),
            (Text::Decimal, "."),
            (Text::Decimal, "1e3"),
            (Text::Decimal, ""),
            (Text::Count, "-1"),
            (Text::Language, "norwegian"),
            (Text::Section, "4.2a"),
            (Text::Word(&["passed"]), "Passed"),
        ];
        for (of, text) in bad {
            assert!(check(of, text).is_err(), "{text}");
        }
        assert_eq!(moment("2015-10-31T07:00:00+02:00"), Ok("2015-10-31"));
        assert_eq!(tidy(Text::Token, " a\n  b "), "a b");
    }
}
