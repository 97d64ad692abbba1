//! Renamed courses of one institution: the old code counts as the new one.

use super::{Sides, misshapen, numbered, received, word};
use crate::domain::requirement::Requirement;
use crate::domain::rule::{From, Rule, To, Worth};
use crate::intake::rulebook::{Check, Collector, Faults, Place};
use std::io::Read;

const COLUMNS: [&str; 2] = ["old_code", "new_code"];

/// Reads a table of old and new codes.
///
/// # Errors
/// Names every fault with its line.
pub fn read(read: impl Read, file: &str, sides: &Sides) -> Result<Vec<Rule>, Faults> {
    let mut table = csv::ReaderBuilder::new().from_reader(read);
    let unreadable = |error: &csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        misshapen(file, line, "the file cannot be read as a table", error.to_string())
    };
    if !table.headers().map_err(|error| unreadable(&error))?.iter().eq(COLUMNS) {
        let why = format!("its columns are {}", COLUMNS.join(" and "));
        return Err(misshapen(file, 1, "the header is not that of a table of renamed courses", why));
    }
    let (mut rules, mut faults) = (Vec::new(), Collector::default());
    for record in table.records() {
        let record = record.map_err(|error| unreadable(&error))?;
        let line = record.position().map_or(1, csv::Position::line);
        let [old, new] = [0, 1].map(|at| record.get(at).unwrap_or_default().trim());
        if old.is_empty() || new.is_empty() || old == new {
            let what = format!("`{old}` renamed to `{new}`");
            let at = Place { line, column: 1 };
            faults.add(at, None, Check::AgreementShape, what, "it names one code twice, or one is missing");
            continue;
        }
        let from = From::Outcomes { institution: sides.from.clone(), required: Requirement::one(old) };
        let to = To::Outcomes { institution: sides.from.clone(), received: received([new.to_owned()]) };
        rules.push(Rule::new(&word(old), from, to, &sides.system, Worth::Original));
    }
    faults.finish(file)?;
    match rules.is_empty() {
        true => Err(misshapen(file, 1, "the table is empty", "it renames nothing")),
        false => Ok(numbered(rules)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_code_counts_as_the_new_one() {
        let sides = Sides { from: "SJTU".into(), to: String::new(), system: "CN".into() };
        // Without a newline at its end.
        let rules =
            read("old_code,new_code\nIN100,LIS1200\nIN100,LIS1201".as_bytes(), "a.csv", &sides).unwrap();
        let ids: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
        assert_eq!(ids, ["in100", "in100-2"]);
        for (text, line) in
            [("old,new\nA,B", 1), ("old_code,new_code\nA,A\n", 2), ("old_code,new_code\nA,\n", 2)]
        {
            let message = read(text.as_bytes(), "a.csv", &sides).unwrap_err().to_string();
            assert!(message.starts_with(&format!("a.csv:{line}:")), "{message}");
        }
    }
}
