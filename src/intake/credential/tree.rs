//! Credentials of one learner record that are parts of each other: their credit counts once.

use super::rows::{Column, Row, refused, row};
use super::unwrap::{Credentials, Found, Record};
use crate::domain::text::first_of;
use std::collections::{HashMap, HashSet};

/// The rows of a document.
pub fn rows(all: &Credentials) -> Vec<Row> {
    let mut rows = Vec::new();
    for found in &all.found {
        rows.push(match found {
            Found::Other { line, why } => refused(*line, why),
            Found::Credential(credential) => {
                row(credential, credential.record.and_then(|at| all.records.get(at)))
            }
        });
    }
    for at in 0..all.records.len() {
        count_once(all, at, &mut rows);
    }
    rows
}

/// Levels of parts that are looked at.
const MAX_LEVELS: usize = 64;

/// Which achievements each achievement is a part of, as the record's associations say.
struct Wholes<'r>(HashMap<&'r str, Vec<&'r str>>);

impl<'r> Wholes<'r> {
    fn of(record: &'r Record) -> Wholes<'r> {
        let mut wholes: HashMap<&str, Vec<&str>> = HashMap::new();
        for association in record.subject.each("association") {
            let (source, target) = (association.text_of("sourceId"), association.text_of("targetId"));
            match association.text_of("associationType") {
                "isChildOf" | "isPartOf" => wholes.entry(source).or_default().push(target),
                "isParentOf" => wholes.entry(target).or_default().push(source),
                _ => {}
            }
        }
        Wholes(wholes)
    }

    /// The achievements above one, the nearest first; itself too where they stand in a circle.
    fn above(&self, part: &str) -> Vec<&'r str> {
        let (mut above, mut met, mut level) = (Vec::new(), HashSet::new(), self.next(part));
        for _ in 0..MAX_LEVELS {
            level.retain(|whole| met.insert(*whole));
            above.extend_from_slice(&level);
            level = level.iter().flat_map(|whole| self.next(whole)).collect();
        }
        above
    }

    fn next(&self, part: &str) -> Vec<&'r str> {
        self.0.get(part).cloned().unwrap_or_default()
    }
}

fn count_once(all: &Credentials, record: usize, rows: &mut [Row]) {
    let wholes = Wholes::of(&all.records[record]);
    let of_record =
        |at: &usize| matches!(&all.found[*at], Found::Credential(known) if known.record == Some(record));
    let members: Vec<usize> = (0..rows.len()).filter(of_record).collect();
    let holding = members.iter().filter(|at| rows[**at].holds_credit());
    let holders: HashMap<String, String> =
        holding.map(|at| (rows[*at].get(Column::Outcome).to_owned(), rows[*at].name())).collect();
    // The parts that hold credit, by whole.
    let mut parts: HashMap<&str, Vec<String>> = HashMap::new();
    for at in members.iter().filter(|at| rows[**at].holds_credit()) {
        for whole in wholes.above(rows[*at].get(Column::Outcome)) {
            parts.entry(whole).or_default().push(rows[*at].name());
        }
    }
    for at in members {
        let row = &mut rows[at];
        let own = row.get(Column::Outcome).to_owned();
        let above = wholes.above(&own);
        // The topmost that holds credit counts it; a whole without credit of its own is no more than its parts.
        let holder = above.iter().rev().find_map(|outcome| holders.get(*outcome)).cloned();
        let below = parts.get(own.as_str()).filter(|_| !row.has_own_credit()).map(|names| first_of(names));
        if above.contains(&own.as_str()) {
            row.refused = Some(format!("the record's associations make `{own}` a part of itself"));
        } else if let Some(elsewhere) = holder.or(below) {
            row.set(Column::Counted, "no");
            row.set(Column::PartOf, elsewhere);
        }
    }
}
