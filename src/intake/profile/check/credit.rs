//! How rows share the credit that they state: rows gathered, repeated, grouped, or parts of a whole.

use super::super::error::Faults;
use super::super::source::{self};
use super::super::{Column, Field, FileShape, Group, Part, Pass, Repeat, Target, Whole};
use super::{column, is_given};
use crate::domain::credits::{Credits, DecimalMark};
use toml::Spanned;

/// The attributes that are gathered.
pub(super) fn gathered(
    gather: Option<source::Gather>,
    attributes: &[(String, Column)],
    target: Target,
    grouped: bool,
    faults: &mut Faults<'_>,
) -> Vec<String> {
    let known: Vec<&str> = attributes.iter().map(|(name, _)| name.as_str()).collect();
    let mut names = Vec::new();
    for name in gather.map(|gather| gather.attributes).unwrap_or_default() {
        if target != Target::Achievements || grouped {
            let why = "it joins rows that are one achievement, each with its own credits";
            faults.add(name.span(), "[gather] has no place here", why, "remove it");
        } else if known.contains(&name.as_ref().as_str()) {
            names.push(name.into_inner());
        } else {
            faults.add_unknown(name.span(), "attribute", name.as_ref(), &known);
        }
    }
    names
}

pub(super) fn pass_of(
    pass: Spanned<source::Pass>,
    columns: &[(Field, Column)],
    constants: &[(Field, Spanned<source::Constant>)],
    faults: &mut Faults<'_>,
) -> Pass {
    let at = pass.span();
    let source::Pass { mark, passed, failed } = pass.into_inner();
    if is_given(columns, constants, Field::Status) {
        let why = "`status` says how a result ended";
        faults.add(at.clone(), "[pass] beside a status", why, "keep one of them");
    }
    if !is_given(columns, constants, Field::Grade) {
        faults.add(at, "[pass] without a grade", "it looks at the grade", "give `grade` a column");
    }
    let mark = mark.and_then(|mark| {
        let parsed = Credits::parse(&mark.as_ref().text(), DecimalMark::Point);
        if let Err(error) = &parsed {
            faults.add(mark.span(), "bad lowest mark", error.to_string(), "write a number, such as 60");
        }
        parsed.ok()
    });
    Pass { mark, passed, failed }
}

/// Highest number of a group of columns.
const MOST_GROUPS: u16 = 999;

pub(super) fn repeat_of(
    repeat: Option<Spanned<source::Repeat>>,
    columns: &[(Field, Column)],
    attributes: &[(String, Column)],
    grouped: bool,
    file: &FileShape,
    faults: &mut Faults<'_>,
) -> Option<Repeat> {
    let of = |field: Field| columns.iter().find(|(known, _)| *known == field).map(|(_, column)| column);
    let Some(repeat) = repeat else {
        let repeated = columns.iter().map(|(field, column)| (field.name(), column));
        let repeated = repeated.chain(attributes.iter().map(|(name, column)| (name.as_str(), column)));
        for (name, _) in repeated.filter(|(_, column)| column.repeats()) {
            let what = format!("the column of `{name}` repeats");
            faults.add(0..0, what, "there is no [repeat]", "add [repeat] with to = the highest number");
        }
        return None;
    };
    let at = repeat.span();
    let source::Repeat { to, total } = repeat.into_inner();
    if !file.header {
        faults.add(at.clone(), "[repeat] has no place here", "the file has no header", "remove it");
    }
    if grouped {
        let why = "a group is of rows, and here a row has several results";
        faults.add(at.clone(), "[repeat] beside [group]", why, "keep one of them");
    }
    if !of(Field::Outcome).is_some_and(Column::repeats) {
        let why = "a row with several results has several outcomes";
        faults.add(
            at,
            "[repeat] without a column of outcomes",
            why,
            "write outcome = \"SUB{n}\" in [columns]",
        );
    }
    if !(1..=MOST_GROUPS).contains(to.as_ref()) {
        let why = format!("it is not from 1 to {MOST_GROUPS}");
        faults.add(to.span(), format!("bad highest number {}", to.as_ref()), why, "correct it");
    }
    let total = total.map(|total| {
        if !of(Field::Credits).is_some_and(Column::repeats) {
            let why = "it is the sum of the results' credits";
            faults.add(
                total.span(),
                "a total without a column of credits",
                why,
                "give `credits` a column with {n}",
            );
        }
        column(&total, file.header, faults)
    });
    Some(Repeat { to: to.into_inner(), total })
}

pub(super) fn group_of(
    group: Spanned<source::Group>,
    columns: &[(Field, Column)],
    target: Target,
    faults: &mut Faults<'_>,
) -> Group {
    let at = group.span();
    let has_credits = columns.iter().any(|(field, _)| *field == Field::Credits);
    if target != Target::Achievements || !has_credits {
        let why = "a group shares the credits of achievements";
        faults.add(
            at.clone(),
            "[group] has no place here",
            why,
            "give `credits` a column, or remove [group]",
        );
    }
    let group = group.into_inner();
    if group.by.is_empty() {
        faults.add(
            at,
            "[group] is by nothing",
            "rows are grouped by fields",
            "write by = [\"learner\", \"period\"]",
        );
    }
    let mut by = Vec::new();
    for name in &group.by {
        match Field::from_name(name.as_ref()) {
            Some(field) if target.allows(field) => by.push(field),
            _ => {
                let known: Vec<&str> = Field::ALL
                    .iter()
                    .filter(|field| target.allows(**field))
                    .map(|field| field.name())
                    .collect();
                faults.add_unknown(name.span(), "field", name.as_ref(), &known);
            }
        }
    }
    Group { by, mixed: group.mixed }
}

/// Fields on which a whole and its parts can agree.
const AGREED: [Field; 4] = [Field::Learner, Field::Institution, Field::Period, Field::Outcome];

pub(super) fn part_of(
    part: Spanned<source::Part>,
    columns: &[(Field, Column)],
    attributes: &[(String, Column)],
    target: Target,
    grouped: bool,
    faults: &mut Faults<'_>,
) -> Part {
    let at = part.span();
    let source::Part { of, by, count } = part.into_inner();
    if target != Target::Achievements {
        let why = "it is about the credit of achievements";
        faults.add(at.clone(), "[part] has no place here", why, "remove it");
    }
    if grouped {
        let why = "[group] divides the credit that [part] counts once";
        faults.add(at.clone(), "[part] beside [group]", why, "keep one of them");
    }
    let mut need = |field: Field| {
        if columns.iter().all(|(column, _)| *column != field) {
            let what = format!("[part] without a column for `{}`", field.name());
            faults.add(at.clone(), what, "it looks there", "add it to [columns], or remove [part]");
        }
    };
    need(Field::Credits);
    match of {
        Whole::Record => [Field::PartOf, Field::Record].map(need).len(),
        Whole::Outcome => [Field::PartOf, Field::Outcome].map(need).len(),
        Whole::First => 0,
    };
    if by.is_empty() {
        let why = "rows of different learners are no parts of each other";
        faults.add(at, "[part] is by nothing", why, "write by = [\"learner\"]");
    }
    let mut agreed = (Vec::new(), Vec::new());
    for name in by {
        match AGREED.into_iter().find(|field| field.name() == name.as_ref()) {
            Some(field) => agreed.0.push(field),
            None if attributes.iter().any(|(known, _)| known == name.as_ref()) => {
                agreed.1.push(name.into_inner());
            }
            None => {
                let fields = AGREED.iter().map(|field| field.name());
                let known: Vec<&str> =
                    fields.chain(attributes.iter().map(|(name, _)| name.as_str())).collect();
                faults.add_unknown(name.span(), "field or attribute", name.as_ref(), &known);
            }
        }
    }
    Part { of, by: agreed, count }
}
