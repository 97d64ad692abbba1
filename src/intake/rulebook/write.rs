//! Writes rules in both forms, so that reading them gives the same rules.

use super::ScaleDef;
use super::from_csv::is_formula;
use super::raw::Key;
use crate::domain::outcome::Kind;
use crate::domain::rule::{Rule, Side, Worth};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;

/// A rule book in TOML.
pub fn to_toml<'a>(
    book: &str,
    title: Option<&str>,
    scales: impl IntoIterator<Item = &'a ScaleDef>,
    rules: impl IntoIterator<Item = &'a Rule>,
) -> String {
    let mut text = String::new();
    pair(&mut text, "book", book);
    if let Some(title) = title {
        pair(&mut text, "title", title);
    }
    for scale in scales {
        scale_table(&mut text, scale);
    }
    for rule in rules {
        rule_table(&mut text, rule);
    }
    text
}

fn scale_table(text: &mut String, scale: &ScaleDef) {
    text.push_str("\n[[scale]]\n");
    pair(text, "name", &scale.name);
    if scale.numeric {
        text.push_str("numeric = true\n");
    } else {
        list(text, "grades", scale.grades.iter().map(String::as_str));
    }
    if let Some(pass) = &scale.pass {
        pair(text, "pass", pass);
    }
}

fn rule_table(text: &mut String, rule: &Rule) {
    text.push_str("\n[[rule]]\n");
    pair(text, "id", &rule.id);
    let system = Some(rule.system.as_str()).filter(|_| matches!(rule.to, Side::Outcome { .. }));
    side(text, "from", &rule.from, None);
    side(text, "to", &rule.to, system.filter(|system| !system.is_empty()));
    for key in &Key::ALL[Key::Ratio as usize..] {
        match (key, value(rule, *key)) {
            (Key::Kinds, Some(_)) => list(text, key.name(), rule.kinds.iter().map(|kind| kind.name())),
            (_, Some(value)) => pair(text, key.name(), &value),
            (_, None) => {}
        }
    }
}

fn side(text: &mut String, name: &str, side: &Side, system: Option<&str>) {
    let parts = match side {
        Side::System { system } => vec![("system", system.as_str())],
        Side::Outcome { institution, outcome } => {
            let parts = [("institution", institution.as_str()), ("outcome", outcome.as_str())];
            parts.into_iter().chain(system.map(|system| ("system", system))).collect()
        }
    };
    let parts: Vec<String> = parts.iter().map(|(key, value)| format!("{key} = {}", quoted(value))).collect();
    // Writing into a text cannot fail.
    let _ = writeln!(text, "{name} = {{ {} }}", parts.join(", "));
}

fn pair(text: &mut String, key: &str, value: &str) {
    let _ = writeln!(text, "{key} = {}", quoted(value));
}

fn list<'a>(text: &mut String, key: &str, values: impl Iterator<Item = &'a str>) {
    let _ = writeln!(text, "{key} = [{}]", values.map(quoted).collect::<Vec<_>>().join(", "));
}

fn quoted(value: &str) -> String {
    toml::Value::String(value.to_owned()).to_string()
}

/// Writes rules as a table. The scales that they name are not part of it.
///
/// # Errors
/// Hands on what the system says.
pub fn write_csv<'a>(out: impl io::Write, rules: impl IntoIterator<Item = &'a Rule>) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(Key::NAMES)?;
    for rule in rules {
        for key in Key::ALL {
            let value = value(rule, *key).unwrap_or_default();
            let escape = if is_formula(&value) { "'" } else { "" };
            table.write_field(format!("{escape}{value}"))?;
        }
        table.write_record(None::<&[u8]>)?;
    }
    table.flush()
}

/// What a rule says under a key; nothing where it is silent, or says what silence says.
fn value(rule: &Rule, key: Key) -> Option<Cow<'_, str>> {
    let text = |text: &'_ Option<String>| text.clone().map(Cow::Owned);
    let date = |date: Option<jiff::civil::Date>| date.map(|date| Cow::Owned(date.to_string()));
    match key {
        Key::Id => Some(Cow::Borrowed(&rule.id)),
        Key::FromSystem | Key::FromInstitution | Key::FromOutcome => of_side(&rule.from, key as usize - 1),
        Key::ToSystem | Key::ToInstitution | Key::ToOutcome => of_side(&rule.to, key as usize - 4),
        Key::System => match &rule.to {
            Side::Outcome { .. } if !rule.system.is_empty() => Some(Cow::Borrowed(&rule.system)),
            _ => None,
        },
        Key::Ratio => match rule.worth {
            Worth::Ratio(ratio) => Some(ratio.to_string().into()),
            Worth::Credits(_) => None,
        },
        Key::Credits => match rule.worth {
            Worth::Credits(credits) => Some(credits.to_string().into()),
            Worth::Ratio(_) => None,
        },
        Key::Rounding => Some(rule.rounding.name().into()),
        Key::Step => Some(rule.step.to_string().into()),
        Key::MinGrade => text(&rule.min_grade),
        Key::Scale => text(&rule.scale),
        Key::MinScore => rule.min_score.map(|score| score.to_string().into()),
        Key::Framework => text(&rule.framework),
        Key::MinLevel => text(&rule.min_level),
        Key::Kinds => {
            let kinds: Vec<&str> = rule.kinds.iter().copied().map(Kind::name).collect();
            (!kinds.is_empty()).then(|| kinds.join(" ").into())
        }
        Key::ValidFrom => date(rule.valid_from),
        Key::ValidTo => date(rule.valid_to),
        Key::TakenFrom => date(rule.taken_from),
        Key::TakenTo => date(rule.taken_to),
        Key::Authority => Some(Cow::Borrowed(rule.authority.as_str())).filter(|text| !text.is_empty()),
        Key::Reference => Some(Cow::Borrowed(rule.reference.as_str())).filter(|text| !text.is_empty()),
    }
}

/// The system, the institution or the outcome of a side.
fn of_side(side: &Side, nth: usize) -> Option<Cow<'_, str>> {
    match (side, nth) {
        (Side::System { system }, 0) => Some(Cow::Borrowed(system)),
        (Side::Outcome { institution, .. }, 1) => Some(Cow::Borrowed(institution)),
        (Side::Outcome { outcome, .. }, 2) => Some(Cow::Borrowed(outcome)),
        _ => None,
    }
}
