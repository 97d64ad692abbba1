//! What a rule shows by itself, beside the catalogue: what it refers to, its levels and its dates.

use super::catalogue::{Catalogue, Known};
use super::check::Check;
use super::conditions::months;
use super::said::Said;
use super::sides::{Alternative, Source, Target};
use crate::domain::rule::Age;
use crate::ledger::convert::Orders;
use jiff::ToSpan;
use jiff::civil::Date;

/// A rule beside what it speaks of.
pub(super) struct Alone<'r, O> {
    pub(super) rule: &'r Said<'r>,
    pub(super) source: &'r Source,
    pub(super) target: &'r Target,
    pub(super) catalogue: &'r Catalogue,
    pub(super) orders: &'r O,
    pub(super) day: Date,
}

impl<O: Orders> Alone<'_, O> {
    /// Says what it finds.
    pub(super) fn check(&self, mut found: impl FnMut(Check, String)) {
        if let Some(dead) = &self.source.dead {
            found(Check::DeadReference, format!("sending outcome {dead} is not in the catalogue"));
        } else if let Some(dead) = &self.target.dead {
            found(Check::DeadReference, format!("receiving outcome {dead} is not in the catalogue"));
        }
        let checks = [
            (Check::InactiveOutcome, self.inactive()),
            (Check::WaitsForApproval, self.waits()),
            (Check::Unreachable, self.unreachable()),
        ];
        let of_credit = [
            (Check::NoCredit, self.no_credit()),
            (Check::RangeAsNumber, self.range()),
            (Check::LevelInflation, self.inflation()),
            (Check::RoundingGain, self.rounding()),
        ];
        let of_credit = of_credit.into_iter().filter(|_| !self.rule.denies());
        for (check, what) in checks.into_iter().chain(of_credit) {
            if let Some(what) = what {
                found(check, what);
            }
        }
    }

    fn inactive(&self) -> Option<String> {
        let (rule, day) = (self.rule, self.day);
        if rule.denies() {
            return None;
        }
        let over = |ended: &Option<(String, Date)>| ended.clone().filter(|(_, last)| *last < day);
        if let Some((outcome, last)) = over(&self.target.ended) {
            return Some(format!("receiving outcome {outcome} ended on {last}"));
        }
        let (outcome, last) = over(&self.source.ended).filter(|_| rule.taken_to.is_none())?;
        Some(format!("sending outcome {outcome} ended on {last}, and the rule has no taken_to"))
    }

    fn waits(&self) -> Option<String> {
        let side = if self.rule.sender_approval.0.is_empty() { "sending" } else { "receiving" };
        self.rule.waits().then(|| format!("the {side} side has not approved it"))
    }

    pub(super) fn outcomes<'a>(&'a self, alternative: &'a Alternative) -> impl Iterator<Item = &'a Known> {
        alternative.outcomes.iter().map(|at| self.catalogue.get(*at))
    }

    fn inflation(&self) -> Option<String> {
        let level = |known: &Known| {
            let (framework, level) = known.newest()?.level.clone()?;
            Some((self.orders.level(&framework, &level)?, framework, level))
        };
        if self.target.items.is_empty() {
            return None;
        }
        let received: Option<Vec<_>> =
            self.target.items.iter().map(|(_, at)| level(self.catalogue.get((*at)?))).collect();
        let (least, framework, shown) = received?.into_iter().min()?;
        self.source.alternatives.iter().filter(|alternative| alternative.whole).find_map(|alternative| {
            let sent: Option<Vec<_>> = self.outcomes(alternative).map(level).collect();
            let sent = sent.filter(|sent| sent.iter().all(|(_, other, _)| *other == framework))?;
            let (most, _, has) = sent.into_iter().max()?;
            let what = format!("what it takes is of {framework} {has}, what it gives of {framework} {shown}");
            (most < least).then_some(what)
        })
    }

    fn unreachable(&self) -> Option<String> {
        let rule = self.rule;
        if let (Some(from), Some(to)) = (rule.taken_from, rule.valid_to)
            && from > to
        {
            return Some(format!("it counts what is achieved from {from}, and is valid until {to}"));
        }
        if let (Some(from), Some(to), Some(age)) = (rule.valid_from, rule.taken_to, rule.max_age)
            && oldest(to, age).is_some_and(|last| last < from)
        {
            let months = months(age);
            return Some(format!("what was achieved by {to} is older than {months} months from {from} on"));
        }
        let mut why = None;
        for alternative in &self.source.alternatives {
            why = Some(self.outcomes(alternative).find_map(|known| self.never(known))?);
        }
        why
    }

    /// Why no version of an outcome meets the conditions.
    fn never(&self, known: &Known) -> Option<String> {
        let rule = self.rule;
        if !known.lives(rule.taken_from, rule.taken_to) {
            let bound = |day: Option<Date>| day.map_or("…".to_owned(), |day| day.to_string());
            let (from, to) = (bound(rule.taken_from), bound(rule.taken_to));
            return Some(format!("{} was not offered from {from} to {to}", known.code));
        }
        if known.versions.is_empty() {
            return None;
        }
        if let (Some(framework), Some(least)) = (&rule.framework, &rule.min_level) {
            let needs = self.orders.level(framework.as_ref(), least.as_ref())?;
            let below = |level: &(String, String)| {
                level.0 == framework.0 && self.orders.level(&level.0, &level.1).is_some_and(|has| has < needs)
            };
            if known.versions.iter().all(|version| version.level.as_ref().is_some_and(below)) {
                return Some(format!("{} is below level {} {}", known.code, framework.0, least.0));
            }
        }
        let least = rule.min_hours?;
        let below = known.versions.iter().all(|version| version.hours.is_some_and(|hours| hours < least));
        below.then(|| format!("{} has fewer than {least} hours", known.code))
    }
}

/// The last day on which what was achieved on a day is not too old.
fn oldest(day: Date, age: Age) -> Option<Date> {
    day.checked_add((months(age) as i32).months()).ok()
}
