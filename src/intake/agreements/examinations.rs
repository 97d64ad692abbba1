//! Tables of examinations: for each the scores, and the courses for which each score counts. A score counts up to
//! the next one of its examination.

use super::{Sides, misshapen, numbered, word};
use crate::domain::credits::{Credits, DecimalMark};
use crate::domain::requirement::{Item, Received, Requirement};
use crate::domain::rule::{From, Rule, To, Worth};
use crate::intake::rulebook::Faults;
use serde::Deserialize;

/// An entry of the table.
#[derive(Deserialize)]
struct Entry {
    exam: String,
    #[serde(rename = "minScore")]
    score: serde_json::Number,
    courses: Vec<Course>,
    /// The requirement of general education that it meets.
    requirement: Option<String>,
}

#[derive(Deserialize)]
struct Course {
    code: String,
    credits: serde_json::Number,
}

/// Reads a table in JSON. The examinations are outcomes of the sending side.
///
/// # Errors
/// Where the file is not of that form, or an entry gives nothing.
pub fn read(text: &str, file: &str, sides: &Sides) -> Result<Vec<Rule>, Faults> {
    let shape = |line: u64, why: String| misshapen(file, line, "the file is no table of examinations", why);
    let entries: Vec<Entry> =
        serde_json::from_str(text).map_err(|error| shape(error.line() as u64, error.to_string()))?;
    if entries.is_empty() {
        return Err(shape(1, "it is empty".to_owned()));
    }
    let amount = |number: &serde_json::Number, of: &str| {
        Credits::parse(&number.to_string(), DecimalMark::Point)
            .map_err(|why| shape(1, format!("{of}: {number} is no amount: {why}")))
    };
    let mut scored = Vec::with_capacity(entries.len());
    for entry in &entries {
        if entry.courses.is_empty() {
            return Err(shape(1, format!("{} gives no course for {}", entry.exam, entry.score)));
        }
        scored.push((amount(&entry.score, &entry.exam)?, entry));
    }
    let mut rules = Vec::with_capacity(scored.len());
    for (score, entry) in &scored {
        let next = scored.iter().filter(|(other, of)| of.exam == entry.exam && other > score);
        // Scores are whole numbers.
        let max = next.map(|(other, _)| *other).min().map(|next| Credits(next.0 - 1_000));
        let items = entry.courses.iter().map(|course| {
            Ok(Item { outcome: course.code.clone(), credits: Some(amount(&course.credits, &course.code)?) })
        });
        let received = Received(items.collect::<Result<Vec<Item>, Faults>>()?);
        let Some(credits) = received.credits() else { continue };
        let from =
            From::Outcomes { institution: sides.from.clone(), required: Requirement::one(&entry.exam) };
        let to = To::Outcomes { institution: sides.to.clone(), received };
        let id = format!("{}-{score}", word(&entry.exam));
        let mut rule = Rule::new(&id, from, to, &sides.system, Worth::Credits(credits));
        rule.min_score = Some(*score);
        rule.max_score = max;
        rule.reference = entry.requirement.clone().unwrap_or_default();
        rules.push(rule);
    }
    Ok(numbered(rules))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_counts_up_to_the_next() {
        let text = r#"[
            {"exam": "Arabic", "minScore": 3, "courses": [{"code": "ARAB 201", "name": "I", "credits": 5}]},
            {"exam": "Arabic", "minScore": 5, "requirement": "VLPA", "courses": [
                {"code": "ARAB 201", "name": "I", "credits": 5}, {"code": "ARAB 202", "name": "II", "credits": 2.5}]}]"#;
        let sides = Sides { from: "AP".into(), to: "UW".into(), system: "US-QTR".into() };
        let rules = read(text, "uw.json", &sides).unwrap();
        let said: Vec<_> = rules
            .iter()
            .map(|rule| (rule.id.as_str(), rule.min_score, rule.max_score, rule.worth.clone()))
            .collect();
        let fixed = |amount| Worth::Credits(Credits(amount));
        assert_eq!(
            said,
            [
                ("arabic-3", Some(Credits(3_000)), Some(Credits(4_000)), fixed(5_000)),
                ("arabic-5", Some(Credits(5_000)), None, fixed(7_500)),
            ]
        );
        for text in ["[]", "{}", r#"[{"exam": "A", "minScore": 3, "courses": []}]"#] {
            assert!(read(text, "uw.json", &sides).unwrap_err().to_string().ends_with("[R181]"), "{text}");
        }
    }
}
