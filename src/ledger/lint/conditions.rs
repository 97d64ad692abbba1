//! The conditions of a rule as a box: one side of an achievement after the other, each an interval or a set.

use super::said::Said;
use crate::domain::credits::Credits;
use crate::domain::rule::Age;
use crate::ledger::convert::Orders;
use jiff::civil::Date;
use std::cmp::Ordering;

/// A place on a scale or in a framework.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Place {
    /// From the lowest.
    Ranked(usize),
    /// One that nobody ranks.
    Named(String),
}

/// A lowest place, with its scale or framework.
type Least = Option<(String, Place)>;

/// What an achievement must be, and when a rule is used.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Conditions {
    pub(super) valid: (Option<Date>, Option<Date>),
    pub(super) taken: (Option<Date>, Option<Date>),
    pub(super) score: (Option<Credits>, Option<Credits>),
    grade: Least,
    level: Least,
    hours: Option<Credits>,
    /// A bit a kind; all where nothing is said.
    kinds: u8,
    months: Option<u32>,
    accredited: bool,
    /// Names with their values, sorted.
    attributes: Vec<(String, Vec<String>)>,
}

/// An age in months.
pub(super) fn months(age: Age) -> u32 {
    match age {
        Age::Years(years) => u32::from(years) * 12,
        Age::Months(months) => u32::from(months),
    }
}

impl Conditions {
    /// Those of a rule.
    pub(super) fn of(rule: &Said, orders: &impl Orders) -> Conditions {
        let least = |of: &Option<super::said::Text>, least: &Option<super::said::Text>, level: bool| {
            let least = least.as_ref()?.as_ref();
            let of = of.as_ref().map_or("", |of| of.as_ref());
            let rank = if level { orders.level(of, least) } else { orders.grade(of, least) };
            Some((of.to_owned(), rank.map_or_else(|| Place::Named(least.to_owned()), Place::Ranked)))
        };
        let mut attributes = rule.attributes.clone();
        attributes.iter_mut().for_each(|(_, values)| values.sort_unstable());
        attributes.sort_unstable();
        let bits = rule.kinds.iter().fold(0, |bits, kind| bits | 1 << *kind as u8);
        Conditions {
            valid: (rule.valid_from, rule.valid_to),
            taken: (rule.taken_from, rule.taken_to),
            score: (rule.min_score, rule.max_score),
            grade: least(&rule.scale, &rule.min_grade, false),
            level: least(&rule.framework, &rule.min_level, true),
            hours: rule.min_hours,
            kinds: if bits == 0 { 0b111 } else { bits },
            months: rule.max_age.map(months),
            accredited: rule.accredited,
            attributes,
        }
    }

    /// Whether whatever meets the other's meets these.
    pub(super) fn contain(&self, other: &Conditions) -> bool {
        holds_interval(self.valid, other.valid)
            && holds_interval(self.taken, other.taken)
            && holds_interval(self.score, other.score)
            && holds_least(&self.grade, &other.grade)
            && holds_least(&self.level, &other.level)
            && self.hours.is_none_or(|least| other.hours.is_some_and(|other| least <= other))
            && self.kinds & other.kinds == other.kinds
            && self.months.is_none_or(|most| other.months.is_some_and(|other| other <= most))
            && (!self.accredited || other.accredited)
            && self.attributes.iter().all(|(name, values)| {
                let same = other.attributes.iter().find(|(other, _)| other == name);
                same.is_some_and(|(_, others)| others.iter().all(|value| values.contains(value)))
            })
    }

    /// Whether something may meet both. A grade is on one scale, and a level of one framework.
    pub(super) fn meet(&self, other: &Conditions) -> bool {
        let one_scale = |one: &Least, other: &Least| match (one, other) {
            (Some((scale, _)), Some((other, _))) => scale == other,
            _ => true,
        };
        meets_interval(self.valid, other.valid)
            && meets_interval(self.taken, other.taken)
            && meets_interval(self.score, other.score)
            && one_scale(&self.grade, &other.grade)
            && one_scale(&self.level, &other.level)
            && self.kinds & other.kinds != 0
            && self.attributes.iter().all(|(name, values)| {
                let same = other.attributes.iter().find(|(other, _)| other == name);
                same.is_none_or(|(_, others)| others.iter().any(|value| values.contains(value)))
            })
    }

    /// The same with any score.
    pub(super) fn of_any_score(&self) -> Conditions {
        Conditions { score: (None, None), ..self.clone() }
    }
}

fn holds_interval<T: Ord + Copy>(one: (Option<T>, Option<T>), other: (Option<T>, Option<T>)) -> bool {
    one.0.is_none_or(|from| other.0.is_some_and(|other| from <= other))
        && one.1.is_none_or(|to| other.1.is_some_and(|other| other <= to))
}

fn meets_interval<T: Ord + Copy>(one: (Option<T>, Option<T>), other: (Option<T>, Option<T>)) -> bool {
    let begins = |from: Option<T>, to: Option<T>| match (from, to) {
        (Some(from), Some(to)) => from.cmp(&to) != Ordering::Greater,
        _ => true,
    };
    begins(one.0, other.1) && begins(other.0, one.1)
}

fn holds_least(one: &Least, other: &Least) -> bool {
    match (one, other) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some((of, Place::Ranked(least))), Some((also, Place::Ranked(other)))) => {
            of == also && least <= other
        }
        (Some(one), Some(other)) => one == other,
    }
}
