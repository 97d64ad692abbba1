//! Holding a lot to the conditions of a rule.

use super::reason::{Reason, written};
use super::{Orders, Source};
use crate::domain::credits::{Credits, DecimalMark};
use crate::domain::date::Within;
use crate::domain::rule::{Age, Rule, Worth};
use jiff::ToSpan;
use jiff::civil::Date;

/// A rule's answer about one lot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// It meets every condition.
    Accepts,
    /// It does not meet one.
    Refuses(Reason),
    /// It depends on a day that is not known.
    Undecided(Reason),
}

/// Why a rule is not in force on a day, if so.
pub(super) fn not_in_force(rule: &Rule, day: Date) -> Option<Reason> {
    let (from, to) = (rule.valid_from, rule.valid_to);
    let early = from.is_some_and(|from| day < from);
    if early || to.is_some_and(|to| day > to) {
        return Some(Reason::NotValid { from, to, early });
    }
    match (rule.sender_approval.is_empty(), rule.receiver_approval.is_empty()) {
        (true, false) => Some(Reason::Approval { side: "sending" }),
        (false, true) => Some(Reason::Approval { side: "receiving" }),
        _ => None,
    }
}

/// Whether a lot meets the conditions of a rule, on the day of a decision. What is certain is said before what
/// depends on a day.
pub(super) fn judge(rule: &Rule, source: &Source, day: Date, orders: &impl Orders) -> Answer {
    let refusals = [
        kind(rule, source),
        grade(rule, source, orders),
        score_refusal(rule, source),
        level(rule, source, orders),
        hours(rule, source),
        attribute(rule, source),
        system(rule, source),
    ];
    if let Some(why) = refusals.into_iter().flatten().next() {
        return Answer::Refuses(why);
    }
    let mut undecided = None;
    for reason in [taken(rule, source), age(rule, source, day), accreditation(rule, source)] {
        match reason {
            Some(reason) if reason.is_undecided() => undecided = undecided.or(Some(reason)),
            Some(reason) => return Answer::Refuses(reason),
            None => {}
        }
    }
    undecided.map_or(Answer::Accepts, Answer::Undecided)
}

fn kind(rule: &Rule, source: &Source) -> Option<Reason> {
    let accepted = rule.kinds.is_empty() || rule.kinds.contains(&source.kind);
    (!accepted).then(|| Reason::Kind { has: source.kind, needs: rule.kinds.clone() })
}

fn grade(rule: &Rule, source: &Source, orders: &impl Orders) -> Option<Reason> {
    let needs = rule.min_grade.as_deref()?;
    let scale = rule.scale.as_deref();
    let refusal = |comparable| Reason::Grade {
        has: source.grade.clone(),
        scale: scale.unwrap_or_default().to_owned(),
        needs: needs.to_owned(),
        comparable,
    };
    let Some((own, grade)) = &source.grade else { return Some(refusal(false)) };
    let scale = scale.unwrap_or(own);
    if !own.is_empty() && own != scale {
        return Some(refusal(false));
    }
    match (orders.grade(scale, grade), orders.grade(scale, needs)) {
        (Some(has), Some(needs)) if has >= needs => None,
        (has, needs) => Some(refusal(has.is_some() && needs.is_some())),
    }
}

/// A grade as a number.
pub(super) fn score(grade: &str) -> Option<Credits> {
    Credits::parse(grade, DecimalMark::Point).ok()
}

fn score_refusal(rule: &Rule, source: &Source) -> Option<Reason> {
    let (min, max) = (rule.min_score, rule.max_score);
    if min.is_none() && max.is_none() {
        return None;
    }
    let has = source.grade.as_ref().map(|(_, grade)| grade.clone());
    let within = has
        .as_deref()
        .and_then(score)
        .is_some_and(|score| min.is_none_or(|min| score >= min) && max.is_none_or(|max| score <= max));
    (!within).then_some(Reason::Score { has, min, max })
}

fn level(rule: &Rule, source: &Source, orders: &impl Orders) -> Option<Reason> {
    let needs = rule.min_level.as_deref()?;
    let framework = rule.framework.as_deref().unwrap_or_default();
    let reached = source.level.as_ref().is_some_and(|(own, level)| {
        let places = (orders.level(own, level), orders.level(framework, needs));
        own == framework && matches!(places, (Some(has), Some(needs)) if has >= needs)
    });
    let needs = (framework.to_owned(), needs.to_owned());
    (!reached).then(|| Reason::Level { has: source.level.clone(), needs })
}

fn hours(rule: &Rule, source: &Source) -> Option<Reason> {
    let needs = rule.min_hours?;
    let enough = source.hours.is_some_and(|hours| hours >= needs);
    (!enough).then_some(Reason::Hours { has: source.hours, needs })
}

fn attribute(rule: &Rule, source: &Source) -> Option<Reason> {
    let has = |name: &str| source.attributes.iter().find(|(own, _)| own == name).map(|(_, value)| value);
    let unmet =
        rule.attributes.iter().find(|(name, values)| has(name).is_none_or(|value| !values.contains(value)));
    unmet.map(|(name, values)| Reason::Attribute {
        name: name.clone(),
        has: has(name).cloned(),
        needs: values.clone(),
    })
}

fn system(rule: &Rule, source: &Source) -> Option<Reason> {
    let differs = rule.worth == Worth::Original && source.system != rule.system;
    differs.then(|| Reason::System { has: source.system.clone(), needs: rule.system.clone() })
}

fn taken(rule: &Rule, source: &Source) -> Option<Reason> {
    let (from, to) = (rule.taken_from, rule.taken_to);
    let within = source.period.within(from, to);
    (within != Within::Yes).then(|| Reason::Taken {
        achieved: written(&source.period),
        from,
        to,
        undecided: within == Within::Undecided,
    })
}

/// Last day on which something achieved on a day is accepted: the same day of the month so many years or
/// months later, or the last of that month where it has no such day.
fn accepted_until(achieved: Date, most: Age) -> Date {
    let span = match most {
        Age::Years(years) => i64::from(years).years(),
        Age::Months(months) => i64::from(months).months(),
    };
    achieved.checked_add(span).unwrap_or(Date::MAX)
}

fn age(rule: &Rule, source: &Source, day: Date) -> Option<Reason> {
    let most = rule.max_age?;
    let [first, last] = [source.period.first, source.period.last].map(|day| accepted_until(day, most));
    (first < day).then(|| Reason::Age {
        achieved: written(&source.period),
        most: most.into(),
        until: last,
        undecided: last >= day,
    })
}

fn accreditation(rule: &Rule, source: &Source) -> Option<Reason> {
    if !rule.accredited {
        return None;
    }
    let (from, to) = source.accredited.unwrap_or_default();
    let within = match source.accredited {
        None => Within::No,
        Some(_) => source.period.within(from, to),
    };
    (within != Within::Yes).then(|| Reason::NotAccredited {
        achieved: written(&source.period),
        from,
        to,
        recorded: source.accredited.is_some(),
        undecided: within == Within::Undecided,
    })
}
