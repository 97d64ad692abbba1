//! Agreements as others keep them, read as rules: articulation tables, examination tables, renamed courses, Transfer Value
//! Profiles.
//!
//! What is read becomes a rule book in its own form, which a person looks through before it is loaded.

mod aliases;
mod articulation;
pub mod ctdl;
mod examinations;

pub use aliases::read as aliases;
pub use articulation::{read_csv as articulation_csv, read_json as articulation_json};
pub use examinations::read as examinations;

use crate::domain::requirement::{Code, Item, Received, Requirement};
use crate::domain::rule::Rule;
use crate::intake::rulebook::{Check, Collector, Faults, Place};
use std::collections::HashMap;

/// What a file leaves open.
#[derive(Debug, Clone, Default)]
pub struct Sides {
    /// Code of the sending institution.
    pub from: String,
    /// Code of the receiving institution, where the file names none.
    pub to: String,
    /// Code of the credit system of what results.
    pub system: String,
}

/// The fault of a file that is not of its form.
fn misshapen(file: &str, line: u64, what: &str, why: impl Into<String>) -> Faults {
    let mut faults = Collector::default();
    faults.add(Place { line, column: 1 }, None, Check::AgreementShape, what, why);
    // One was added.
    faults.finish(file).err().unwrap_or(Faults { file: file.to_owned(), faults: Vec::new(), more: 0 })
}

/// Numbers rules that would have the same id, and leaves out those that say the same again.
fn numbered(rules: Vec<Rule>) -> Vec<Rule> {
    let mut kept: Vec<Rule> = Vec::with_capacity(rules.len());
    let mut of_id: HashMap<String, Vec<usize>> = HashMap::new();
    for rule in rules {
        let same_id = of_id.entry(rule.id.clone()).or_default();
        let same = |at: &usize| Rule { id: rule.id.clone(), ..kept[*at].clone() } == rule;
        if same_id.iter().any(same) {
            continue;
        }
        let id = match same_id.len() {
            0 => rule.id.clone(),
            others => format!("{}-{}", rule.id, others + 1),
        };
        same_id.push(kept.len());
        kept.push(Rule { id, ..rule });
    }
    kept
}

/// A word for an id: lower case, with `-` for what is neither letter nor digit.
fn word(text: &str) -> String {
    let letter = |letter: char| if letter.is_alphanumeric() { letter } else { '-' };
    text.to_lowercase().chars().map(letter).collect::<String>().trim_matches('-').to_owned()
}

/// The outcomes that receive, each without a part.
fn received(codes: impl IntoIterator<Item = String>) -> Received {
    Received(codes.into_iter().map(|outcome| Item { outcome, credits: None }).collect())
}

/// Any outcome.
fn anything() -> Requirement {
    let mut any = Requirement::one("");
    any.0[0].0[0].of[0].code = Code::Pattern(vec![String::new(), String::new()]);
    any
}
