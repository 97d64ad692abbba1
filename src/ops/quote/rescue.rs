//! What would make a rule take a lot that it does not take.

use crate::domain::outcome::Kind;
use crate::ledger::convert::{Orders, Reason};

/// What would rescue the credit; none where nothing can.
pub fn rescue(reason: &Reason, orders: &impl Orders) -> Option<String> {
    Some(match reason {
        Reason::NoRule { target } => format!("an agreement with {target}"),
        Reason::Denied { .. } | Reason::Barred { .. } => "an appeal against the denial".to_owned(),
        Reason::Waits { .. } => "the day of the achievement".to_owned(),
        Reason::NotValid { from: Some(from), early: true, .. } => format!("a decision on {from} or later"),
        Reason::NotValid { .. } => "a newer version of the rule".to_owned(),
        Reason::Approval { side } => format!("the approval of the {side} side"),
        Reason::Grade { has, scale, needs, comparable } => {
            let steps = has.as_ref().filter(|_| *comparable).and_then(|(own, grade)| {
                let scale = if scale.is_empty() { own } else { scale };
                let steps = orders.grade(scale, needs)?.checked_sub(orders.grade(scale, grade)?)?;
                // The places of a numeric scale are thousandths.
                (steps > 0 && steps < 1_000).then_some(steps)
            });
            match steps {
                Some(steps) => format!("a grade {needs}, {steps} higher"),
                None => format!("a grade {needs}"),
            }
        }
        Reason::Score { min: Some(min), .. } => format!("a score of {min}"),
        Reason::Level { needs: (framework, level), .. } => format!("an outcome of {framework} level {level}"),
        Reason::Hours { has: Some(has), needs } if has < needs => {
            format!("{} more hours", crate::domain::credits::Credits(needs.0 - has.0))
        }
        Reason::Hours { needs, .. } => format!("evidence of {needs} hours"),
        Reason::Kind { needs, .. } => {
            let kinds: Vec<&str> = needs.iter().copied().map(Kind::name).collect();
            format!("the same, learned in a {} setting", kinds.join(" or "))
        }
        reason if reason.is_undecided() => "the day of the achievement".to_owned(),
        Reason::NotAccredited { recorded: false, .. } => "evidence of the accreditation".to_owned(),
        Reason::Attribute { name, needs, .. } => format!("{name} = {}", needs.join(" or ")),
        Reason::RequirementIncomplete { missing } => missing.join(" & "),
        Reason::ComesToNothing { .. } => "more credit of the same kind".to_owned(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::credits::Credits;

    struct Letters;
    impl Orders for Letters {
        fn grade(&self, _: &str, grade: &str) -> Option<usize> {
            ["F", "D", "C", "B", "A"].iter().position(|known| *known == grade)
        }
        fn level(&self, _: &str, level: &str) -> Option<usize> {
            level.parse().ok()
        }
    }

    #[test]
    fn what_is_missing_is_said_with_its_measure() {
        let text = str::to_owned;
        let grade = |has: Option<&str>, comparable| Reason::Grade {
            has: has.map(|grade| (String::new(), text(grade))),
            scale: text("letters"),
            needs: text("C"),
            comparable,
        };
        let score = |min| Reason::Score { has: Some(text("49")), min, max: Some(Credits(60_000)) };
        let cases = [
            (grade(Some("D"), true), Some("a grade C, 1 higher")),
            (grade(Some("F"), true), Some("a grade C, 2 higher")),
            (grade(None, false), Some("a grade C")),
            (grade(Some("7"), false), Some("a grade C")),
            (score(Some(Credits(50_000))), Some("a score of 50")),
            (score(None), None),
            (Reason::Hours { has: Some(Credits(52_000)), needs: Credits(60_000) }, Some("8 more hours")),
            (Reason::Hours { has: None, needs: Credits(60_000) }, Some("evidence of 60 hours")),
            (Reason::RequirementIncomplete { missing: vec![text("MATH 1B")] }, Some("MATH 1B")),
            (Reason::Cap { limit: text("b/c"), most: Credits(8_000) }, None),
            (Reason::NoRule { target: text("UCB") }, Some("an agreement with UCB")),
        ];
        for (reason, expected) in cases {
            assert_eq!(rescue(&reason, &Letters).as_deref(), expected, "{reason:?}");
        }
    }
}
