//! `extends`: a profile that builds on one of the program's own.
//!
//! The text of such a profile is its own text, a mark, and the text that it builds on. So the bank keeps
//! everything that gave the rows their meaning, and a later program reads it the same way.

use super::builtin;
use super::error::Faults;
use super::source::Source;
use serde::Deserialize;
use std::borrow::Cow;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, Error};

/// What stands between the two texts.
const MARK: &str = "\n# ==== the built-in profile that the one above extends ====\n";

/// Tables whose entries are columns; an empty name takes the entry out.
const COLUMNS: [&str; 3] = ["columns", "attributes", "identifiers"];

/// A profile's text with what it extends.
pub(super) struct Text<'a> {
    /// Both texts, or the only one.
    pub whole: Cow<'a, str>,
    /// Where the built-in text begins, if there is one.
    base: Option<usize>,
}

impl<'a> Text<'a> {
    /// The text with the built-in one that it names; one that was put together before is left alone.
    pub(super) fn new(text: &'a str, faults: &mut Faults<'_>) -> Text<'a> {
        if let Some(at) = text.find(MARK) {
            return Text { whole: Cow::Borrowed(text), base: Some(at + MARK.len()) };
        }
        let alone = Text { whole: Cow::Borrowed(text), base: None };
        let Some((name, at)) = extended(text) else { return alone };
        let Some(known) = builtin::find(&name) else {
            let names: Vec<&str> = builtin::ALL.iter().map(|known| known.name).collect();
            faults.add_unknown(at, "built-in profile", &name, &names);
            return alone;
        };
        let own = format!("{text}{MARK}");
        let base = own.len();
        faults.tell_from(base, at.start);
        Text { whole: Cow::Owned(own + known.text), base: Some(base) }
    }

    /// The profile as one source. Places in it are places in the whole text.
    pub(super) fn source(&self) -> Result<Source, Error> {
        let Some(at) = self.base else { return toml::from_str(&self.whole) };
        let mut own = DeTable::parse(&self.whole[..at])?;
        // Blanks in front give the second text the places that it has behind the first.
        let padded = format!("{:at$}{}", "", &self.whole[at..]);
        let base = DeTable::parse(&padded)?.into_inner();
        merge(own.get_mut(), base);
        Source::deserialize(Deserializer::from(own))
    }
}

/// The built-in profile that a text names, and where.
fn extended(text: &str) -> Option<(String, Range<usize>)> {
    let table = DeTable::parse(text).ok()?;
    let name = table.get_ref().get("extends")?;
    Some((name.get_ref().as_str()?.to_owned(), name.span()))
}

/// Lays a profile over the one that it extends: tables key by key, everything else as a whole.
fn merge<'i>(own: &mut DeTable<'i>, mut base: DeTable<'i>) {
    give_way(own, &mut base, "columns", "constants");
    give_way(own, &mut base, "constants", "columns");
    overlay(own, base);
    for table in COLUMNS {
        drop_empty(own, table);
    }
}

/// A field that the profile gives in one table is not taken from the other table of its base.
fn give_way(own: &DeTable<'_>, base: &mut DeTable<'_>, given: &str, other: &str) {
    let Some(given) = own.get(given).and_then(|table| table.get_ref().as_table()) else { return };
    let Some(other) = base.get_mut(other).and_then(table_of) else { return };
    for name in given.keys() {
        other.remove(name.get_ref().as_ref());
    }
}

fn overlay<'i>(own: &mut DeTable<'i>, base: DeTable<'i>) {
    for (key, value) in base {
        match own.get_mut(key.get_ref().as_ref()) {
            None => drop(own.insert(key, value)),
            Some(mine) => {
                if let (DeValue::Table(mine), DeValue::Table(base)) = (mine.get_mut(), value.into_inner()) {
                    overlay(mine, base);
                }
            }
        }
    }
}

/// Takes out the columns without a name, and what was said of their words.
fn drop_empty(profile: &mut DeTable<'_>, table: &str) {
    let Some(columns) = profile.get_mut(table).and_then(table_of) else { return };
    let empty = columns.iter().filter(|(_, column)| column.get_ref().as_str() == Some(""));
    let gone: Vec<String> = empty.map(|(name, _)| name.get_ref().clone().into_owned()).collect();
    for name in &gone {
        columns.remove(name.as_str());
    }
    if let Some(values) = profile.get_mut("values").and_then(table_of) {
        for name in &gone {
            values.remove(name.as_str());
        }
    }
}

fn table_of<'t, 'i>(value: &'t mut Spanned<DeValue<'i>>) -> Option<&'t mut DeTable<'i>> {
    match value.get_mut() {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::intake::profile::{Column, Field, Profile};

    const OWN: &str = "name = \"mine\"\nextends = \"cn-course-results\"\n[constants]\ninstitution = \"LJU\"\nsystem = \"CN\"\n";

    fn parse(text: &str) -> Result<Profile, String> {
        Profile::parse(text, "p.toml").map_err(|error| error.to_string())
    }

    #[test]
    fn the_profile_is_laid_over_the_built_in_one() {
        let own = format!(
            "{OWN}framework = \"EQF\"\n[columns]\nhours = \"\"\ntitle = \"名称\"\n[attributes]\nseason = \"\"\nclass = \"班级\"\n"
        );
        let profile = parse(&own).unwrap();
        assert_eq!(profile.name, "mine");
        assert_eq!(profile.extends.as_deref(), Some("cn-course-results"));
        let column =
            |field| profile.columns.iter().find(|(known, _)| *known == field).map(|(_, column)| column);
        assert_eq!(column(Field::Title), Some(&Column::Name("名称".into())));
        assert_eq!(column(Field::Hours), None);
        assert_eq!(column(Field::Credits), Some(&Column::Name("学分".into())));
        assert!(profile.attributes.iter().all(|(name, _)| name != "season"));
        assert_eq!(profile.attributes[0].0, "class");
        assert!(profile.values.iter().all(|map| map.name != "season"));
        assert!(profile.constants.contains(&(Field::Institution, "LJU".into())));
    }

    #[test]
    fn the_text_carries_what_it_extends_and_reads_the_same_again() {
        let profile = parse(OWN).unwrap();
        assert!(profile.source.starts_with(OWN) && profile.source.contains("name = \"cn-course-results\""));
        assert_eq!(parse(&profile.source).unwrap(), profile);
        let other = profile.source.replace("\"课程名称\"", "\"名称\"");
        assert_ne!(parse(&other).unwrap().columns, profile.columns);
    }

    #[test]
    fn faults_stand_where_the_partner_can_mend_them() {
        let cases = [
            (
                OWN.replace("cn-course-results", "cn-curse-results"),
                "p.toml:2:11: unknown built-in profile `cn-curse-results`",
            ),
            (OWN.replace("institution = \"LJU\"\n", ""), "p.toml:2:11: field `institution` is left open"),
            (format!("{OWN}[file]\nheader = false\n"), "p.toml:2:11: column `身份证号` is given by name"),
            (OWN.replace("system", "sistem"), "p.toml:5:1: unknown field `sistem`"),
            (format!("{OWN}[learner]\nunknown = 3\n"), "p.toml:7:11: not a profile"),
        ];
        for (text, expected) in cases {
            let message = parse(&text).unwrap_err();
            assert!(message.lines().any(|line| line.starts_with(expected)), "{message}\nexpected {expected}");
        }
    }
}
