//! Values of a file of grades, checked by themselves.

use super::fault::{Code, shown};
use crate::domain::grading::LARGEST;
use crate::domain::scale::{Bounds, Grades, GradingScale, Mark};
use crate::domain::text;

/// Longest text, in characters.
const LONGEST: usize = 500;

/// A text in its one form; nothing where it is blank.
pub(super) fn proper(text: &str) -> Result<Option<String>, String> {
    let clean = text::clean(text);
    if text::visible(&clean) != clean {
        return Err(format!("{} holds a control or invisible character", shown(&clean)));
    }
    if clean.chars().count() > LONGEST {
        return Err(format!("{} is longer than {LONGEST} characters", shown(&clean)));
    }
    Ok((!clean.is_empty()).then(|| clean.into_owned()))
}

/// A whole number from 0.
pub(super) fn count(text: &str) -> Option<i64> {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits.then(|| text.parse().ok()).flatten().filter(|count| *count <= LARGEST)
}

/// A year.
pub(super) fn year(text: &str) -> Option<i64> {
    count(text).filter(|year| (1900..=2200).contains(year))
}

/// An ISCED-F field of study.
pub(super) fn is_field(text: &str) -> bool {
    (2..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What is wrong with a scale by itself.
pub(crate) fn scale_fault(scale: &GradingScale) -> Option<(Code, String)> {
    let name = shown(&scale.name);
    let found = match &scale.grades {
        Grades::Listed(grades) if grades.len() < 2 => {
            Some((Code::ScaleGrades, format!("scale {name} has fewer than two grades")))
        }
        Grades::Listed(grades) => {
            let repeated = (1..grades.len()).find(|at| grades[..*at].contains(&grades[*at]));
            repeated
                .map(|at| (Code::Twice, format!("grade {} of scale {name} stands twice", shown(&grades[at]))))
        }
        Grades::Numbers { bounds, step } => {
            numbers_fault(*bounds, *step).map(|why| (Code::ScaleBounds, format!("scale {name}: {why}")))
        }
    };
    let off = || {
        let pass = scale.pass.as_ref().filter(|pass| scale.rank(pass).is_none())?;
        Some((Code::ScalePass, format!("pass {}: {}", shown(pass), scale.fault(pass).unwrap_or_default())))
    };
    found.or_else(off)
}

fn numbers_fault(bounds: Option<Bounds>, step: Option<Mark>) -> Option<String> {
    match (bounds, step) {
        (Some(Bounds { best, worst }), _) if best == worst => Some(format!("best and worst are both {best}")),
        (_, Some(step)) if step.0 < 1 => Some(format!("step {step} is not above 0")),
        (Some(Bounds { best, worst }), Some(step)) if (best.0 - worst.0) % step.0 != 0 => {
            Some(format!("step {step} does not lead from {worst} to {best}"))
        }
        _ => None,
    }
}
