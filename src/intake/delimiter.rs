//! The byte between two fields, found in a text whose profile names none.

use super::csv::{Record, Records};
use super::profile::{Column, Profile};
use std::collections::BTreeMap;

/// Records that are looked at.
const LOOKED_AT: usize = 50;

/// The delimiters that are looked for; the first of equals wins.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The delimiter under which the beginning of a text names most of the profile's columns, else under which its
/// records are most alike; a comma where it has one column.
pub fn guess(text: &str, profile: &Profile) -> u8 {
    let wanted: Vec<&str> = profile
        .columns
        .iter()
        .map(|(_, column)| column)
        .chain(profile.attributes.iter().chain(&profile.identifiers).map(|(_, column)| column))
        .flat_map(Column::names)
        .map(|name| name.trim())
        .collect();
    let score = |delimiter: &u8| score(text, *delimiter, &wanted);
    DELIMITERS.into_iter().rev().max_by_key(score).unwrap_or(b',')
}

/// Columns of the profile that one record names; records of the commonest width, if it is more than one.
fn score(text: &str, delimiter: u8, wanted: &[&str]) -> (usize, usize) {
    let mut records = Records::new(text.as_bytes(), delimiter);
    let mut record = Record::new();
    let (mut named, mut widths) = (0, BTreeMap::new());
    for _ in 0..LOOKED_AT {
        // The text may be cut off within a quoted value.
        if !records.next(&mut record).unwrap_or(false) {
            break;
        }
        let fields: Vec<&str> = record.fields().map(str::trim).collect();
        named = named.max(wanted.iter().filter(|name| fields.contains(name)).count());
        *widths.entry(record.len()).or_insert(0) += 1;
    }
    let alike = widths.into_iter().filter(|(width, _)| *width > 1).map(|(_, times)| times).max();
    (named, alike.unwrap_or(0))
}

/// What ends the lines of a text, by its first.
pub fn line_break(text: &str) -> &'static str {
    match text.find(['\r', '\n']).map(|at| &text[at..]) {
        Some(rest) if rest.starts_with("\r\n") => "\r\n",
        Some(rest) if rest.starts_with('\r') => "\r",
        _ => "\n",
    }
}

/// A delimiter for people.
pub fn name(delimiter: u8) -> &'static str {
    match delimiter {
        b';' => "a semicolon",
        b'\t' => "a tab",
        b'|' => "a vertical bar",
        _ => "a comma",
    }
}
