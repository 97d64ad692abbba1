//! Grading scales: which grade is better, and which is a pass; and what changed of it, from which day.

use super::{Act, Draft, Fields, Posted, known_already, not_known, usage};
use crate::domain::fault::Result;
use crate::domain::registry::Scale;
use crate::domain::scale::{Bounds, Grades, GradingScale, Mark};
use crate::domain::text::clean;
use crate::intake::grading::scale_fault;
use crate::store::{self, Read, Store};

/// All versions of the scale of that name, in order.
///
/// # Errors
/// `G104` where there is none.
pub fn versions(read: &dyn Read, name: &str) -> Result<Vec<GradingScale>> {
    let name = clean(name);
    let found = known(read, &name)?;
    if found.is_empty() { Err(not_known("scale", &name)) } else { Ok(found) }
}

/// All versions of all scales in order of their registration.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn all(read: &dyn Read) -> Result<Vec<GradingScale>> {
    store::all::<Scale>(read)?.iter().map(GradingScale::from_row).collect()
}

/// All versions of the scale of that name, in order; none where it is not registered.
pub(super) fn known(read: &dyn Read, name: &str) -> Result<Vec<GradingScale>> {
    let mut rows: Vec<Scale> = store::find(read, "name", name)?;
    rows.sort_by_key(|row| row.version);
    rows.iter().map(GradingScale::from_row).collect()
}

/// Reads a list of grades, from worst to best.
///
/// # Errors
/// `G130` where a grade is empty.
pub fn read_grades(text: &str) -> Result<Grades> {
    let grades: Vec<String> = text.split([',', '，', '、']).map(|grade| clean(grade).into_owned()).collect();
    if let Some(at) = grades.iter().position(String::is_empty) {
        let remedy = "list the grades from worst to best with commas: \"Fail,Pass,Distinction\"";
        return Err(usage("G130", format!("grade {} is empty", at + 1), remedy));
    }
    Ok(Grades::Listed(grades))
}

/// Reads what a scale of numbers is given by.
///
/// # Errors
/// `G130` where a value is no number, or only one bound is given.
pub fn read_numbers(best: Option<&str>, worst: Option<&str>, step: Option<&str>) -> Result<Grades> {
    let number = |option: &str, text: Option<&str>| {
        let bad = |text: &str| usage("G130", format!("{option} `{text}` is not a number"), "write it as 4.0");
        text.map(|text| Mark::parse(text.trim()).ok_or_else(|| bad(text))).transpose()
    };
    let (best, worst, step) = (number("--best", best)?, number("--worst", worst)?, number("--step", step)?);
    if best.is_some() != worst.is_some() {
        let remedy = "give both --best and --worst, or neither";
        return Err(usage("G130", "a scale of numbers has two bounds", remedy));
    }
    let bounds = best.zip(worst).map(|(best, worst)| Bounds { best, worst });
    Ok(Grades::Numbers { bounds, step })
}

/// Registers a scale, or the next version of one: where it has a first day, or corrects the newest.
///
/// # Errors
/// `G103` where its name is taken, `G130` where its parts do not fit, `G131` where its first day is not
/// after the newest version's.
pub fn add(store: &mut dyn Store, act: &Act, scale: GradingScale, correct: bool) -> Result<Posted> {
    if let Some((code, what)) = scale_fault(&scale) {
        return Err(usage("G130", what, code.remedy()));
    }
    let mut draft = Draft::open(store, act.log)?;
    let known = known(store, &scale.name)?;
    match place(&known, &scale, correct) {
        Place::Stands => {}
        Place::Next(version) => put(&mut draft, store, &known, GradingScale { version, ..scale })?,
        Place::Differs => {
            let remedy = "give --valid-from DATE for the version that holds from then on, --correct where the registered one was wrong, or another name";
            return Err(known_already("scale", &scale.name, remedy));
        }
        Place::TooEarly(newest) => {
            let what = format!("scale `{}` has a version that begins on {newest}", scale.name);
            return Err(usage("G131", what, "give the new version a later --valid-from"));
        }
    }
    draft.post(store, act)
}

/// Where a definition belongs among the versions that are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// The newest says the same.
    Stands,
    /// It is the version of this number.
    Next(i64),
    /// It differs from the newest and says neither from which day nor that it corrects.
    Differs,
    /// It begins before the newest, on that day, or together with it.
    TooEarly(String),
}

/// Places a definition among the versions that are known.
pub(super) fn place(known: &[GradingScale], scale: &GradingScale, correct: bool) -> Place {
    let Some(newest) = known.last() else { return Place::Next(1) };
    let is_same_day = scale.valid_from.is_none() || scale.valid_from == newest.valid_from;
    match (is_same_day, correct) {
        (true, _) if newest.says_the_same(scale) => Place::Stands,
        (true, true) => Place::Next(newest.version + 1),
        (true, false) if scale.valid_from.is_none() => Place::Differs,
        (false, _) if scale.valid_from > newest.valid_from => Place::Next(newest.version + 1),
        _ => Place::TooEarly(newest.valid_from.map_or_else(|| "no day".to_owned(), |day| day.to_string())),
    }
}

/// Introduces a version. One that corrects the newest begins when that does.
pub(super) fn put(
    draft: &mut Draft,
    read: &dyn Read,
    known: &[GradingScale],
    mut scale: GradingScale,
) -> Result<()> {
    let before = known.last();
    scale.valid_from = scale.valid_from.or(before.and_then(|newest| newest.valid_from));
    let id = draft.fresh::<Scale>(read)?;
    draft.put(&scale.to_row(id)?)?;
    draft.note("scale", &scale.name, &before.map(fields).unwrap_or_default(), fields(&scale));
    Ok(())
}

fn fields(scale: &GradingScale) -> Fields {
    let step = match &scale.grades {
        Grades::Numbers { step: Some(step), .. } => step.to_string(),
        _ => String::new(),
    };
    vec![
        ("version", scale.version.to_string()),
        ("grades", scale.grades_text()),
        ("step", step),
        ("pass", scale.pass.clone().unwrap_or_default()),
        ("valid_from", scale.valid_from.map(|day| day.to_string()).unwrap_or_default()),
        ("citation", scale.citation.clone()),
        ("verified", if scale.verified { "yes".to_owned() } else { String::new() }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_definition_says_from_when_it_holds_or_that_it_corrects() {
        let day = |year| Some(jiff::civil::date(year, 9, 1));
        let scale = |pass: &str, valid_from| GradingScale {
            name: "s".into(),
            version: 1,
            grades: Grades::Numbers { bounds: None, step: None },
            pass: Some(pass.into()),
            valid_from,
            citation: String::new(),
            verified: false,
        };
        let first = [scale("60", None)];
        let dated = [scale("60", None), GradingScale { version: 2, ..scale("50", day(2020)) }];
        let cases = [
            (&first[..0], scale("60", None), false, Place::Next(1)),
            (&first, scale("60", None), false, Place::Stands),
            (&first, scale("50", None), false, Place::Differs),
            (&first, scale("50", None), true, Place::Next(2)),
            (&first, scale("50", day(2020)), false, Place::Next(2)),
            (&dated, scale("50", None), false, Place::Stands),
            (&dated, scale("55", day(2020)), false, Place::TooEarly("2020-09-01".into())),
            (&dated, scale("55", day(2020)), true, Place::Next(3)),
            (&dated, scale("55", day(2019)), true, Place::TooEarly("2020-09-01".into())),
            (&dated, scale("55", day(2021)), false, Place::Next(3)),
        ];
        for (known, scale, correct, expected) in cases {
            assert_eq!(place(known, &scale, correct), expected, "{known:?} {scale:?} {correct}");
        }
    }
}
