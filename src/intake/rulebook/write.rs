//! Writes rules in both forms, so that reading them gives the same rules.

use super::ScaleDef;
use super::from_csv::is_formula;
use super::raw::Key;
use crate::domain::credits::{Credits, RoundingMode};
use crate::domain::outcome::Kind;
use crate::domain::rule::{Age, Cap, From, Rule, To, Worth, finest};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;

/// A rule book in TOML.
pub fn to_toml<'a>(
    book: &str,
    title: Option<&str>,
    scales: impl IntoIterator<Item = &'a ScaleDef>,
    caps: impl IntoIterator<Item = &'a Cap>,
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
    for cap in caps {
        cap_table(&mut text, cap);
    }
    for rule in rules {
        rule_table(&mut text, rule);
    }
    text
}

fn cap_table(text: &mut String, cap: &Cap) {
    text.push_str("\n[[cap]]\n");
    pair(text, "name", &cap.name);
    pair(text, "credits", &cap.credits.to_string());
    pair(text, "system", &cap.system);
    if !cap.kinds.is_empty() {
        list(text, "kinds", cap.kinds.iter().map(|kind| kind.name()));
    }
    if let Some(target) = &cap.target {
        pair(text, "target", target);
    }
    if !cap.reference.is_empty() {
        pair(text, "reference", &cap.reference);
    }
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
    side(
        text,
        "from",
        &[("system", Key::FromSystem), ("institution", Key::FromInstitution), ("outcome", Key::FromOutcome)],
        rule,
    );
    let to = [
        ("system", Key::ToSystem),
        ("institution", Key::ToInstitution),
        ("outcome", Key::ToOutcome),
        ("category", Key::ToCategory),
        ("system", Key::System),
    ];
    side(text, "to", &to, rule);
    for key in &Key::ALL[Key::Ratio as usize..] {
        match (key, value(rule, *key)) {
            (Key::Kinds, Some(_)) => list(text, key.name(), rule.kinds.iter().map(|kind| kind.name())),
            (Key::Caps, Some(_)) => list(text, key.name(), rule.caps.iter().map(String::as_str)),
            (_, Some(value)) => pair(text, key.name(), &value),
            (_, None) => {}
        }
    }
}

fn side(text: &mut String, name: &str, keys: &[(&str, Key)], rule: &Rule) {
    let part = |(name, key): &(&str, Key)| Some(format!("{name} = {}", quoted(&value(rule, *key)?)));
    let parts: Vec<String> = keys.iter().filter_map(part).collect();
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
pub fn write_csv<'a>(
    out: impl io::Write,
    caps: impl IntoIterator<Item = &'a Cap>,
    rules: impl IntoIterator<Item = &'a Rule>,
) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(Key::NAMES)?;
    for cap in caps {
        row(&mut table, |key| cap_value(cap, key))?;
    }
    for rule in rules {
        row(&mut table, |key| value(rule, key))?;
    }
    table.flush()
}

fn row<'a>(
    table: &mut csv::Writer<impl io::Write>,
    value: impl Fn(Key) -> Option<Cow<'a, str>>,
) -> io::Result<()> {
    for key in Key::ALL {
        let value = value(*key).unwrap_or_default();
        let escape = if is_formula(&value) { "'" } else { "" };
        table.write_field(format!("{escape}{value}"))?;
    }
    Ok(table.write_record(None::<&[u8]>)?)
}

fn cap_value(cap: &Cap, key: Key) -> Option<Cow<'_, str>> {
    match key {
        Key::Cap => Some(Cow::Borrowed(&cap.name)),
        Key::Credits => Some(cap.credits.to_string().into()),
        Key::System => Some(Cow::Borrowed(&cap.system)),
        Key::ToInstitution => cap.target.as_deref().map(Cow::Borrowed),
        Key::Kinds => kinds(&cap.kinds),
        Key::Reference => filled(&cap.reference),
        _ => None,
    }
}

fn kinds(kinds: &[Kind]) -> Option<Cow<'static, str>> {
    let names: Vec<&str> = kinds.iter().copied().map(Kind::name).collect();
    (!names.is_empty()).then(|| names.join(" ").into())
}

fn filled(text: &str) -> Option<Cow<'_, str>> {
    Some(Cow::Borrowed(text)).filter(|text| !text.is_empty())
}

/// What a rule says under a key; nothing where it is silent, or says what silence says.
fn value(rule: &Rule, key: Key) -> Option<Cow<'_, str>> {
    fn text(text: &Option<String>) -> Option<Cow<'_, str>> {
        text.as_deref().map(Cow::Borrowed)
    }
    let date = |date: Option<jiff::civil::Date>| date.map(|date| Cow::Owned(date.to_string()));
    let amount = |amount: Option<Credits>| amount.map(|amount| Cow::Owned(amount.to_string()));
    match key {
        Key::Id => Some(Cow::Borrowed(&rule.id)),
        Key::Cap => None,
        Key::FromSystem | Key::FromInstitution | Key::FromOutcome => from(&rule.from, key),
        Key::ToSystem | Key::ToInstitution | Key::ToOutcome | Key::ToCategory => to(&rule.to, key),
        Key::System => filled(&rule.system).filter(|_| !matches!(rule.to, To::System { .. })),
        Key::Ratio | Key::Credits | Key::CreditsLow | Key::CreditsHigh | Key::Deny => worth(&rule.worth, key),
        Key::Rounding => {
            Some(rule.rounding.name().into()).filter(|_| rule.rounding != RoundingMode::default())
        }
        Key::Step => amount(Some(rule.step).filter(|step| *step != finest())),
        Key::Priority => (rule.priority > 0).then(|| rule.priority.to_string().into()),
        Key::Most => amount(rule.most),
        Key::Caps => (!rule.caps.is_empty()).then(|| rule.caps.join(" ").into()),
        Key::MinGrade => text(&rule.min_grade),
        Key::Scale => text(&rule.scale),
        Key::MinScore => amount(rule.min_score),
        Key::MaxScore => amount(rule.max_score),
        Key::Framework => text(&rule.framework),
        Key::MinLevel => text(&rule.min_level),
        Key::MinHours => amount(rule.min_hours),
        Key::Kinds => kinds(&rule.kinds),
        Key::MaxAge => rule.max_age.map(|age| match age {
            Age::Years(years) => format!("{years} years").into(),
            Age::Months(months) => format!("{months} months").into(),
        }),
        Key::Accredited => rule.accredited.then_some("true".into()),
        Key::Attributes => (!rule.attributes.is_empty()).then(|| {
            let condition =
                |(name, values): &(String, Vec<String>)| format!("{name} = {}", values.join(" | "));
            rule.attributes.iter().map(condition).collect::<Vec<_>>().join("; ").into()
        }),
        Key::ValidFrom => date(rule.valid_from),
        Key::ValidTo => date(rule.valid_to),
        Key::TakenFrom => date(rule.taken_from),
        Key::TakenTo => date(rule.taken_to),
        Key::Authority => filled(&rule.authority),
        Key::Reference => filled(&rule.reference),
        Key::SenderApproval => filled(&rule.sender_approval),
        Key::ReceiverApproval => filled(&rule.receiver_approval),
    }
}

fn from(from: &From, key: Key) -> Option<Cow<'_, str>> {
    match (from, key) {
        (From::System { system }, Key::FromSystem) => Some(Cow::Borrowed(system)),
        (From::Outcomes { institution, .. }, Key::FromInstitution) => Some(Cow::Borrowed(institution)),
        (From::Outcomes { required, .. }, Key::FromOutcome) => Some(required.to_string().into()),
        _ => None,
    }
}

fn to(to: &To, key: Key) -> Option<Cow<'_, str>> {
    match (to, key) {
        (To::System { system }, Key::ToSystem) => Some(Cow::Borrowed(system)),
        (To::Outcomes { institution, .. } | To::Category { institution, .. }, Key::ToInstitution) => {
            Some(Cow::Borrowed(institution))
        }
        (To::Outcomes { received, .. }, Key::ToOutcome) => Some(received.to_string().into()),
        (To::Category { category, .. }, Key::ToCategory) => Some(Cow::Borrowed(category)),
        _ => None,
    }
}

fn worth(worth: &Worth, key: Key) -> Option<Cow<'_, str>> {
    match (worth, key) {
        (Worth::Ratio(ratio), Key::Ratio) => Some(ratio.to_string().into()),
        (Worth::Original, Key::Ratio) => Some("original".into()),
        (Worth::Credits(credits) | Worth::Range { chosen: credits, .. }, Key::Credits) => {
            Some(credits.to_string().into())
        }
        (Worth::Range { low, .. }, Key::CreditsLow) => Some(low.to_string().into()),
        (Worth::Range { high, .. }, Key::CreditsHigh) => Some(high.to_string().into()),
        (Worth::Denied { reason }, Key::Deny) => Some(Cow::Borrowed(reason)),
        _ => None,
    }
}
