//! Grading scales: which grade is better, and which is a pass.

use super::{Act, Draft, Fields, Posted, known_already, not_known, usage};
use crate::domain::credits::{Credits, DecimalMark};
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::Scale;
use crate::domain::text::clean;
use crate::store::{self, Read, Store};

/// The scale of that name.
///
/// # Errors
/// `G104` where there is none.
pub fn get(read: &dyn Read, name: &str) -> Result<Scale> {
    let name = clean(name);
    store::find(read, "name", name.as_ref())?.pop().ok_or_else(|| not_known("scale", &name))
}

/// All scales in order of their registration.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn all(read: &dyn Read) -> Result<Vec<Scale>> {
    store::all(read)
}

/// The grades of a scale from worst to best; none where it is numeric.
///
/// # Errors
/// `S913` where they cannot be read, which only a change from outside causes.
pub fn grades(row: &Scale) -> Result<Vec<String>> {
    if row.numeric == 1 {
        return Ok(Vec::new());
    }
    serde_json::from_str(&row.grades).map_err(|error| {
        Fault::new("S913", format!("the grades of scale {} cannot be read: {error}", row.name))
            .remedy("run `creditbank verify`")
    })
}

/// Reads a list of grades, from worst to best; none is a numeric scale.
///
/// # Errors
/// `G130` where a grade is empty or there twice, or there are less than two.
pub fn read_grades(text: &str) -> Result<Vec<String>> {
    let grades: Vec<String> = text.split([',', '，', '、']).map(|grade| clean(grade).into_owned()).collect();
    let fault = |what: String| {
        Err(usage("G130", what, "list the grades from worst to best with commas: \"Fail,Pass,Distinction\""))
    };
    if grades.len() < 2 {
        return fault("a scale has at least two grades".to_owned());
    }
    for (at, grade) in grades.iter().enumerate() {
        if grade.is_empty() {
            return fault(format!("grade {} is empty", at + 1));
        }
        if grades[..at].contains(grade) {
            return fault(format!("grade `{grade}` is there twice"));
        }
    }
    Ok(grades)
}

/// Registers a scale; without grades it is numeric, and more is better.
///
/// # Errors
/// `G103` where its name is taken, `G130` where the pass is no grade of it.
pub fn add(
    store: &mut dyn Store,
    act: &Act,
    name: &str,
    grades: &[String],
    pass: Option<String>,
) -> Result<Posted> {
    check_pass(grades, pass.as_deref())?;
    let mut draft = Draft::open(store, act.log)?;
    let known: Vec<Scale> = store::find(store, "name", name)?;
    if !known.is_empty() {
        return Err(known_already("scale", name, "choose another name; grades keep the scale they have"));
    }
    let row = Scale {
        id: draft.fresh::<Scale>(store)?,
        name: name.to_owned(),
        numeric: i64::from(grades.is_empty()),
        grades: serde_json::to_string(grades).map_err(|error| Fault::new("S901", error.to_string()))?,
        pass,
    };
    draft.put(&row)?;
    let sort = if row.numeric == 1 { "numeric".to_owned() } else { grades.join(", ") };
    let fields = vec![("grades", sort), ("pass", row.pass.clone().unwrap_or_default())];
    draft.note("scale", name, &Fields::new(), fields);
    draft.post(store, act)
}

fn check_pass(grades: &[String], pass: Option<&str>) -> Result<()> {
    let Some(pass) = pass else { return Ok(()) };
    if grades.is_empty() {
        return match Credits::parse(pass, DecimalMark::Point) {
            Ok(_) => Ok(()),
            Err(error) => Err(usage(
                "G130",
                format!("--pass `{pass}`: {error}"),
                "give the lowest passing number, such as 60",
            )),
        };
    }
    if grades.iter().any(|grade| grade == pass) {
        return Ok(());
    }
    let remedy = format!("name one of {}", grades.join(", "));
    Err(usage("G130", format!("--pass `{pass}` is no grade of the scale"), remedy))
}
