//! What an act is worth: multiplied exactly, rounded once, apportioned by largest remainder, and cut to what
//! the limits leave.

use super::{Part, Receiver, Source};
use crate::domain::credits::{self, Credits};
use crate::domain::rule::{Rule, To, Worth};

/// The worth of lots taken together under a rule, before any limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Counted {
    /// What results.
    pub amount: Credits,
    /// Step by step.
    pub arithmetic: String,
    /// What rounding took, in thousandths, as an exact fraction.
    pub lost: String,
}

/// The original amounts together.
pub(super) fn sum<'s>(sources: impl IntoIterator<Item = &'s Source>) -> Option<Credits> {
    sources.into_iter().try_fold(Credits::ZERO, |sum, source| sum.checked_add(source.held))
}

/// What so much is worth; nothing where it is beyond what the ledger counts. A denial gives nothing.
pub(super) fn amount(rule: &Rule, sum: Credits) -> Option<Credits> {
    match &rule.worth {
        Worth::Denied { .. } => None,
        Worth::Original => Some(sum),
        Worth::Credits(fixed) | Worth::Range { chosen: fixed, .. } => Some(*fixed),
        Worth::Ratio(ratio) => {
            credits::convert(sum, *ratio, rule.rounding, rule.step).map(|rounded| rounded.amount)
        }
    }
}

/// What so much of a system is worth, with the arithmetic.
pub(super) fn count(rule: &Rule, system: &str, sum: Credits, lots: usize) -> Option<Counted> {
    let system_there = &rule.system;
    let whole = if lots == 1 { "the outcome as a whole counts" } else { "the outcomes together count" };
    let exact = |amount, arithmetic| Some(Counted { amount, arithmetic, lost: "0".to_owned() });
    match &rule.worth {
        Worth::Denied { .. } => None,
        Worth::Original => exact(sum, format!("{sum} {system_there} as they are")),
        Worth::Credits(fixed) => exact(*fixed, format!("{whole} {fixed} {system_there}")),
        Worth::Range { low, high, chosen } => exact(
            *chosen,
            format!("{whole} {chosen} {system_there}, chosen from the range of {low} to {high}"),
        ),
        Worth::Ratio(ratio) => {
            let rounded = credits::convert(sum, *ratio, rule.rounding, rule.step)?;
            let arithmetic = format!(
                "{sum} {system} × {ratio} = {} {system_there}, rounded {} to a multiple of {}",
                rounded.amount,
                rule.rounding.name(),
                rule.step
            );
            let lost = match rounded.lost_num {
                0 => "0".to_owned(),
                lost => format!("{lost}/{}", rounded.lost_den),
            };
            Some(Counted { amount: rounded.amount, arithmetic, lost })
        }
    }
}

/// An amount, divided over lots by their original credits.
pub(super) fn over(amount: Credits, held: &[i64]) -> Vec<i64> {
    credits::apportion(amount, held).into_iter().map(|part| part.0).collect()
}

/// Cuts the parts that a limit counts down to what it leaves; what it took.
pub(super) fn cut(parts: &mut [i64], counted: &[bool], left: i64) -> i64 {
    let weight = |(part, counted): (&i64, &bool)| if *counted { *part } else { 0 };
    let weights: Vec<i64> = parts.iter().zip(counted).map(weight).collect();
    let sum: i64 = weights.iter().sum();
    let took = sum - left.max(0);
    if took <= 0 {
        return 0;
    }
    let less = credits::apportion(Credits(left.max(0)), &weights);
    for ((part, less), counted) in parts.iter_mut().zip(less).zip(counted) {
        if *counted {
            *part = less.0;
        }
    }
    took
}

/// What receives an amount at an institution, with the parts that the rule says or that follow from it.
pub(super) fn received(rule: &Rule, amount: Credits) -> Vec<Part> {
    match &rule.to {
        To::System { .. } => Vec::new(),
        To::Category { category, .. } => {
            vec![Part { to: Receiver::Category(category.clone()), credits: Some(amount) }]
        }
        To::Outcomes { received, .. } => {
            let items = &received.0;
            let weights: Option<Vec<i64>> = match items.len() {
                1 => Some(vec![1]),
                _ => items.iter().map(|item| item.credits.map(|credits| credits.0)).collect(),
            };
            let parts = weights.map(|weights| credits::apportion(amount, &weights)).unwrap_or_default();
            let part = |at: usize| Part {
                to: Receiver::Outcome(items[at].outcome.clone()),
                credits: parts.get(at).copied(),
            };
            (0..items.len()).map(part).collect()
        }
    }
}
