//! The catalogue of import rules: the contract with whoever sends files.

use crate::domain::fault::{Exit, Fault, Result};
use crate::domain::text::visible;
use crate::intake::rules::Rule;
use crate::report::{Cell, Column, Meta, Section, Sink};

const COLUMNS: [Column; 8] = [
    Column::text("rule", "Rule"),
    Column::text("severity", "Severity"),
    Column::text("field", "Field"),
    Column::text("summary", "What is wrong"),
    Column::text("message", "As it is told"),
    Column::text("remedy", "What puts it right"),
    Column::text("lenient", "Where a profile is lenient"),
    Column::text("checked", "Checked"),
];

/// Writes the rules of those numbers, or all.
///
/// # Errors
/// `C110` for a number that no rule has; where the report cannot be written.
pub fn import_rules(codes: &[String], mut meta: Meta, sink: &mut dyn Sink) -> Result<()> {
    let rules = match codes {
        [] => Rule::ALL.to_vec(),
        codes => codes.iter().map(|code| rule(code)).collect::<Result<Vec<Rule>>>()?,
    };
    let section = Section::new("rules", "Import rules", &COLUMNS);
    meta.sections = vec![section.clone()];
    sink.begin(&meta)?;
    sink.section(section.key, &section.title, &section.columns)?;
    for rule in rules {
        let checked = if rule.needs_bank() { "in a bank" } else { "anywhere" };
        sink.row(&[
            rule.code().into(),
            rule.severity().name().into(),
            rule.field().into(),
            rule.summary().into(),
            rule.message().into(),
            rule.remedy().into(),
            Cell::from(rule.lenient()),
            checked.into(),
        ])?;
    }
    sink.end()
}

fn rule(code: &str) -> Result<Rule> {
    Rule::from_code(code).ok_or_else(|| {
        Fault::new("C110", format!("there is no import rule `{}`", visible(code)))
            .remedy("`creditbank import-rules` lists them all")
            .exit(Exit::Usage)
    })
}
