//! Which of two plans under different rules is better for the learner.

use super::{Plan, RuleSet};
use crate::domain::credits::Credits;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// What a plan comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    /// What it gives, by the code of the credit system.
    pub gives: BTreeMap<String, Credits>,
    /// How many achievements it places.
    pub lots: usize,
}

impl Total {
    /// What a plan comes to under its rules.
    pub fn of(plan: &Plan, set: &RuleSet) -> Total {
        let mut total = Total::default();
        for act in &plan.acts {
            total.gives.entry(set.rule(act.rule).system.clone()).or_default().0 += act.worth().0;
            total.lots += act.lots.len();
        }
        total
    }

    /// Orders by what is better for the learner: more credit, by system in the order of the codes, as worths of
    /// different systems are not added; where that is the same, fewer achievements placed. Priorities of different
    /// rule books say nothing about each other.
    pub fn compare(&self, other: &Total) -> Ordering {
        let systems: std::collections::BTreeSet<&String> =
            self.gives.keys().chain(other.gives.keys()).collect();
        let at = |total: &Total, system: &String| total.gives.get(system).copied().unwrap_or_default();
        let more = systems.into_iter().map(|system| at(self, system).cmp(&at(other, system)));
        more.fold(Ordering::Equal, Ordering::then).then(other.lots.cmp(&self.lots))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(gives: &[(&str, i64)], lots: usize) -> Total {
        let gives = gives.iter().map(|(system, amount)| ((*system).to_owned(), Credits(*amount))).collect();
        Total { gives, lots }
    }

    #[test]
    fn more_credit_is_better_then_fewer_lots() {
        let cases = [
            (total(&[("CN", 2)], 1), total(&[("CN", 1)], 1), Ordering::Greater),
            (total(&[("CN", 2)], 2), total(&[("CN", 2)], 1), Ordering::Less),
            (total(&[("CN", 2)], 1), total(&[("CN", 2)], 1), Ordering::Equal),
            // System by system, in the order of the codes; what is missing is nothing.
            (total(&[("CN", 1), ("UK", 9)], 1), total(&[("CN", 2)], 1), Ordering::Less),
            (total(&[("CN", 2), ("UK", 1)], 9), total(&[("CN", 2)], 1), Ordering::Greater),
            (total(&[], 0), total(&[("CN", 1)], 1), Ordering::Less),
        ];
        for (one, other, expected) in cases {
            assert_eq!(one.compare(&other), expected, "{one:?} {other:?}");
            assert_eq!(other.compare(&one), expected.reverse(), "{other:?} {one:?}");
        }
    }
}
