//! What a profile says, key by key, and where two of them differ: by meaning, so that comments, order,
//! layout and settings that say what would hold anyway make no difference.

use super::{
    Alike, Changed, Column, Control, Counts, Differs, FileShape, Group, Introduced, LearnerRule, Leniency,
    Mixed, Offered, OutcomeRule, Part, Pass, Profile, Repeat, Sheet, Standard, Unknown, ValueMap, Whole,
};
use hashbrown::HashMap;

/// A key that two profiles hold differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The key, as a profile writes it: `columns.learner`.
    pub key: String,
    /// What the first profile says; none where it says nothing.
    pub before: Option<String>,
    /// What the second says.
    pub after: Option<String>,
}

/// Where two profiles differ, in the order of a profile.
pub fn differences(before: &Profile, after: &Profile) -> Vec<Difference> {
    let (ours, theirs) = (facts(before), facts(after));
    let index = |facts: &Facts| facts.iter().cloned().collect::<HashMap<String, String>>();
    let (by_key, others) = (index(&ours), index(&theirs));
    let mut found = Vec::new();
    for (key, value) in ours {
        let after = others.get(&key).cloned();
        if after.as_ref() != Some(&value) {
            found.push(Difference { key, before: Some(value), after });
        }
    }
    let new = theirs.into_iter().filter(|(key, _)| !by_key.contains_key(key));
    found.extend(new.map(|(key, value)| Difference { key, before: None, after: Some(value) }));
    found
}

type Facts = Vec<(String, String)>;

/// All that a profile says. Every part of it is named here, so that a new one is compared as well.
fn facts(profile: &Profile) -> Facts {
    let Profile {
        name,
        title,
        extends,
        open,
        target,
        file,
        columns,
        constants,
        dates: _,
        date_texts,
        values,
        learner,
        outcome,
        institution_unknown,
        offered,
        deposit,
        group,
        attributes,
        identifiers,
        issuers,
        required,
        repeat,
        pass,
        gather,
        institutions,
        lenient,
        part,
        standard,
        changed,
        attempts,
        officers,
        source: _,
        sha256: _,
    } = profile;
    let mut facts = Facts::new();
    say(&mut facts, "name", name);
    say_some(&mut facts, "title", title.as_deref());
    say_some(&mut facts, "extends", extends.as_deref());
    say_list(&mut facts, "open", open.iter().map(|field| field.name()));
    say(&mut facts, "target", target.name());
    file_facts(&mut facts, file);
    for (field, column) in columns {
        say(&mut facts, format!("columns.{}", field.name()), shown(column));
    }
    for (field, value) in constants {
        say(&mut facts, format!("constants.{}", field.name()), value);
    }
    say(&mut facts, "dates.formats", date_texts.join(", "));
    for ValueMap { name, words } in values {
        for (word, meant) in words {
            say(&mut facts, format!("values.{name}.{word}"), meant);
        }
    }
    who_and_what(&mut facts, learner, *outcome, *institution_unknown, *offered);
    let mut statuses: Vec<&str> = deposit.iter().map(|status| status.name()).collect();
    statuses.sort_unstable();
    statuses.dedup();
    say(&mut facts, "deposit.statuses", statuses.join(", "));
    if let Some(Group { by, mixed }) = group {
        say_list(&mut facts, "group.by", by.iter().map(|field| field.name()));
        let Mixed::Refuse = mixed;
        say(&mut facts, "group.mixed", "refuse");
    }
    say_list(&mut facts, "required", required.iter().map(|field| field.name()));
    rows_of_one(&mut facts, repeat.as_ref(), pass.as_ref(), gather, part.as_ref());
    for (name, column) in attributes {
        say(&mut facts, format!("attributes.{name}"), shown(column));
    }
    for (scheme, column) in identifiers {
        say(&mut facts, format!("identifiers.{scheme}"), shown(column));
    }
    for (scheme, issuer) in issuers {
        say(&mut facts, format!("identifiers.{scheme}.issuer"), issuer);
    }
    let changed = match changed {
        Changed::Refuse => "refuse",
        Changed::Correct => "correct",
    };
    say(&mut facts, "result.differs", changed);
    say(&mut facts, "attempts.counts", attempts.name());
    say(&mut facts, "approval.officers", officers.to_string());
    for Leniency { rule, reason } in lenient {
        say(&mut facts, format!("lenient.{}", rule.code()), reason);
    }
    standard_facts(&mut facts, standard);
    for institution in institutions {
        introduced(&mut facts, institution);
    }
    facts
}

fn say(facts: &mut Facts, key: impl Into<String>, value: impl Into<String>) {
    facts.push((key.into(), value.into()));
}

fn say_some(facts: &mut Facts, key: impl Into<String>, value: Option<impl Into<String>>) {
    facts.extend(value.map(|value| (key.into(), value.into())));
}

fn say_list<'a>(facts: &mut Facts, key: &str, values: impl Iterator<Item = &'a str>) {
    let values: Vec<&str> = values.collect();
    say_some(facts, key, (!values.is_empty()).then(|| values.join(", ")));
}

fn shown(column: &Column) -> String {
    match column {
        Column::Name(name) => name.clone(),
        Column::AnyOf { names, optional } => {
            format!("{}{}", names.join(" or "), if *optional { ", if it is there" } else { "" })
        }
        Column::Number(number) => number.to_string(),
    }
}

/// How rows and results stand to each other.
fn rows_of_one(
    facts: &mut Facts,
    repeat: Option<&Repeat>,
    pass: Option<&Pass>,
    gather: &[String],
    part: Option<&Part>,
) {
    if let Some(Repeat { to, total }) = repeat {
        say(facts, "repeat.to", to.to_string());
        say_some(facts, "repeat.total", total.as_ref().map(shown));
    }
    if let Some(Pass { mark, passed, failed }) = pass {
        say_some(facts, "pass.mark", mark.map(|mark| mark.to_string()));
        say_list(facts, "pass.passed", passed.iter().map(String::as_str));
        say_list(facts, "pass.failed", failed.iter().map(String::as_str));
    }
    say_list(facts, "gather.attributes", gather.iter().map(String::as_str));
    if let Some(Part { of, by: (fields, attributes), count }) = part {
        let of = match of {
            Whole::Record => "record",
            Whole::Outcome => "outcome",
            Whole::First => "first",
        };
        let count = match count {
            Counts::Whole => "whole",
            Counts::Parts => "parts",
        };
        say(facts, "part.of", of);
        let by = fields.iter().map(|field| field.name()).chain(attributes.iter().map(String::as_str));
        say_list(facts, "part.by", by);
        say(facts, "part.count", count);
    }
}

fn standard_facts(facts: &mut Facts, standard: &Standard) {
    let Standard { refused_at_most, fewer_rows, more_rows, less_credit, more_credit, manifest, control } =
        standard;
    let shares = [
        ("refused_at_most", refused_at_most),
        ("fewer_rows", fewer_rows),
        ("more_rows", more_rows),
        ("less_credit", less_credit),
        ("more_credit", more_credit),
    ];
    for (key, share) in shares {
        say_some(facts, format!("standard.{key}"), share.map(|share| share.to_string()));
    }
    say_some(facts, "standard.manifest", manifest.then_some("required"));
    let Control { rows, credits } = control;
    say_some(facts, "standard.rows", rows.map(|rows| rows.to_string()));
    for (system, amount) in credits.iter().flatten() {
        say(facts, format!("standard.credits.{system}"), amount.to_string());
    }
}

fn file_facts(facts: &mut Facts, file: &FileShape) {
    let FileShape { format, sheet, encoding, delimiter, header_row, header, decimal_mark } = file;
    say_some(facts, "file.format", format.map(|format| format.name()));
    let sheet = sheet.as_ref().map(|sheet| match sheet {
        Sheet::Name(name) => name.clone(),
        Sheet::Number(number) => number.to_string(),
    });
    say_some(facts, "file.sheet", sheet);
    say_some(facts, "file.encoding", encoding.map(|encoding| encoding.name().to_ascii_lowercase()));
    let delimiter =
        delimiter.map(|byte| if byte == b'\t' { "tab".into() } else { char::from(byte).to_string() });
    say_some(facts, "file.delimiter", delimiter);
    say_some(facts, "file.header_row", header_row.map(|row| row.to_string()));
    say(facts, "file.header", header.to_string());
    say(facts, "file.decimal_mark", char::from(decimal_mark.byte()));
}

fn who_and_what(
    facts: &mut Facts,
    learner: &LearnerRule,
    outcome: OutcomeRule,
    institution_unknown: Unknown,
    offered: Offered,
) {
    let LearnerRule { scheme, issuer, unknown, alike, line } = learner;
    say(facts, "learner.scheme", scheme);
    say_some(facts, "learner.issuer", issuer.as_deref());
    say(facts, "learner.unknown", refuse_or_create(*unknown));
    let alike = match alike {
        Alike::Review => "review",
        Alike::Refuse => "refuse",
        Alike::Off => "off",
    };
    say(facts, "learner.match", alike);
    say(facts, "learner.line", line.to_string());
    say(facts, "institution.unknown", refuse_or_create(institution_unknown));
    let OutcomeRule { unknown, differs } = outcome;
    say(facts, "outcome.unknown", refuse_or_create(unknown));
    let differs = match differs {
        Differs::Refuse => "refuse",
        Differs::Version => "version",
    };
    say(facts, "outcome.differs", differs);
    let offered = match offered {
        Offered::Ignore => "ignore",
        Offered::Check => "check",
    };
    say(facts, "period.offered", offered);
}

fn refuse_or_create(unknown: Unknown) -> &'static str {
    match unknown {
        Unknown::Refuse => "refuse",
        Unknown::Create => "create",
    }
}

fn introduced(facts: &mut Facts, institution: &Introduced) {
    let Introduced { code, name, country, sector, region, calendar } = institution;
    let key = |part: &str| format!("institutions.{code}.{part}");
    say(facts, key("name"), name);
    say_some(facts, key("country"), country.as_deref());
    say_some(facts, key("sector"), sector.as_deref());
    say_some(facts, key("region"), region.as_deref());
    for term in &calendar.terms {
        let days = format!("{} to {}{}", term.first, term.last, if term.year { ", a year" } else { "" });
        say(facts, key(&format!("calendar.{}", term.written)), days);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "name = \"a\"\ntarget = \"achievements\"\n[columns]\nlearner = \"学号\"\noutcome = \"课程代码\"\n\
        period = \"取得年月\"\n[constants]\ninstitution = \"LJU\"\n[dates]\nformats = [\"YYYYMM\"]\n\
        [values.status]\n\"通过\" = \"passed\"\n";

    fn differing(one: &str, other: &str) -> Vec<(String, Option<String>, Option<String>)> {
        let parse = |text: &str| Profile::parse(text, "a.toml").unwrap();
        let found = differences(&parse(one), &parse(other));
        found.into_iter().map(|found| (found.key, found.before, found.after)).collect()
    }

    #[test]
    fn what_means_the_same_is_no_difference() {
        let same = [
            ONE.replace("[columns]", "# a remark\n\n[columns]"),
            ONE.replace(
                "learner = \"学号\"\noutcome = \"课程代码\"",
                "outcome = \"课程代码\"\nlearner = \"学号\"",
            ),
            format!("{ONE}[learner]\nunknown = \"refuse\"\n[deposit]\nstatuses = [\"passed\"]\n"),
            ONE.replace("[columns]", "[file]\nheader = true\ndecimal_mark = \".\"\n[columns]"),
        ];
        for other in same {
            assert_eq!(differing(ONE, &other), [], "{other}");
        }
    }

    #[test]
    fn each_key_that_differs_is_told_once() {
        let text = |text: &str| Some(text.to_owned());
        let other = ONE
            .replace("学号", "学习卡号")
            .replace("\"passed\"", "\"failed\"")
            .replace("[\"YYYYMM\"]", "[\"YYYY\", \"YYYYMM\"]")
            .replace("[columns]", "[columns]\ncredits = \"学分\"");
        let expected = [
            ("columns.learner".to_owned(), text("学号"), text("学习卡号")),
            ("dates.formats".to_owned(), text("YYYYMM"), text("YYYY, YYYYMM")),
            ("values.status.通过".to_owned(), text("passed"), text("failed")),
            ("columns.credits".to_owned(), None, text("学分")),
        ];
        assert_eq!(differing(ONE, &other), expected);
        let back = differing(&other, ONE);
        assert_eq!(back.len(), 4);
        assert!(back.contains(&("columns.credits".to_owned(), text("学分"), None)));
    }

    #[test]
    fn institutions_and_their_terms_are_compared() {
        let with = format!(
            "{ONE}[[institutions]]\ncode = \"LJU\"\nname = \"澜江大学\"\n[[institutions.calendar.term]]\n\
             written = \"{{year}}春\"\nfirst = \"02-01\"\nlast = \"07-15\"\n"
        );
        let keys: Vec<String> = differing(ONE, &with).into_iter().map(|(key, ..)| key).collect();
        assert_eq!(keys, ["institutions.LJU.name", "institutions.LJU.calendar.{year}春"]);
        assert_eq!(differing(&with, &with.replace("07-15", "07-31")).len(), 1);
    }
}
