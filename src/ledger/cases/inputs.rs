//! When two cases are equal: the same outcomes with the same credit, in the same band of grades, judged alike by
//! the rules, for the same target.

use crate::domain::credits::{Credits, DecimalMark};
use crate::domain::decision::{Input, Inputs};
use crate::domain::registry::Scale;
use crate::ledger::convert::Source;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The grading scales that have a passing line, by name.
#[derive(Debug, Clone, Default)]
pub struct Bands(BTreeMap<String, Scale>);

impl Bands {
    /// Bands of those scales.
    pub fn new(scales: Vec<Scale>) -> Bands {
        Bands(scales.into_iter().map(|scale| (scale.name.clone(), scale)).collect())
    }

    /// The band of a grade: `passed` or `below` the passing line of its scale; as written where the scale has no
    /// line or does not know the grade; `none` where there is no grade.
    pub fn band(&self, grade: Option<&(String, String)>) -> String {
        let Some((scale, written)) = grade else { return "none".to_owned() };
        let passes = self.0.get(scale).and_then(|scale| passes(scale, written));
        match passes {
            Some(true) => "passed".to_owned(),
            Some(false) => "below".to_owned(),
            None => written.clone(),
        }
    }
}

fn passes(scale: &Scale, written: &str) -> Option<bool> {
    let line = scale.pass.as_deref()?;
    if scale.numeric == 1 {
        let number = |text: &str| Credits::parse(text, DecimalMark::Point).ok();
        return Some(number(written)? >= number(line)?);
    }
    let grades: Vec<String> = serde_json::from_str(&scale.grades).ok()?;
    let place = |grade: &str| grades.iter().position(|known| known == grade);
    Some(place(written)? >= place(line)?)
}

/// What a case is compared by: its target, and its lots with the reasons for which the rules leave each.
pub fn compared<'s>(
    target: &str,
    lots: impl Iterator<Item = (&'s Source, Credits, Vec<String>)>,
    bands: &Bands,
) -> Inputs {
    let input = |(source, amount, codes): (&Source, Credits, Vec<String>)| Input {
        institution: source.institution.clone(),
        outcome: source.outcome.clone(),
        system: source.system.clone(),
        amount,
        band: bands.band(source.grade.as_ref()),
        codes,
    };
    let mut lots: Vec<Input> = lots.map(input).collect();
    lots.sort();
    Inputs { target: target.to_owned(), lots }
}

/// The key of inputs: SHA-256 of their JSON, hexadecimal.
pub fn key(inputs: &Inputs) -> String {
    // Texts and numbers alone: this never fails.
    let json = serde_json::to_string(inputs).unwrap_or_default();
    Sha256::digest(json).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
