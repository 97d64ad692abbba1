//! What a rule shows by itself, beside the catalogue.

use super::catalogue::{Catalogue, Known};
use super::check::Check;
use super::conditions::months;
use super::said::Said;
use super::sides::{Alternative, Source, Target};
use crate::domain::credits::{self, Credits, Ratio, RoundingMode, SCALE};
use crate::domain::rule::{Age, Worth};
use crate::ledger::convert::Orders;
use jiff::ToSpan;
use jiff::civil::Date;

/// What the catalogue has of an alternative's credit.
enum Load {
    /// It does not say, or says it in several systems.
    Unknown,
    /// No version of any of its outcomes has credit.
    Nothing,
    /// So much of a system: one amount a version of a single outcome, the sum of the newest of several.
    Known(String, Vec<Credits>),
}

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

    fn outcomes<'a>(&'a self, alternative: &'a Alternative) -> impl Iterator<Item = &'a Known> {
        alternative.outcomes.iter().map(|at| self.catalogue.get(*at))
    }

    fn load(&self, alternative: &Alternative) -> Load {
        if !alternative.whole {
            return Load::Unknown;
        }
        let versions: Vec<_> = match alternative.outcomes.as_slice() {
            [one] => self.catalogue.get(*one).versions.iter().collect(),
            _ => self.outcomes(alternative).filter_map(Known::newest).collect(),
        };
        let amounts: Vec<_> = versions.iter().filter_map(|version| version.credits.as_ref()).collect();
        let Some((_, system)) = amounts.first() else {
            return if versions.is_empty() { Load::Unknown } else { Load::Nothing };
        };
        if amounts.len() < versions.len() || amounts.iter().any(|(_, other)| other != system) {
            return Load::Unknown;
        }
        let amounts = amounts.iter().map(|(amount, _)| *amount);
        let several = alternative.outcomes.len() > 1;
        let amounts = match several {
            true => vec![Credits(amounts.map(|amount| amount.0).sum())],
            false => amounts.collect(),
        };
        Load::Known(system.clone(), amounts)
    }

    fn loads(&self) -> impl Iterator<Item = Load> {
        self.source.alternatives.iter().map(|alternative| self.load(alternative))
    }

    /// What an amount gives under the rule's arithmetic.
    fn gives(&self, ratio: Ratio, amount: Credits) -> Credits {
        let rule = self.rule;
        let rounded = credits::convert(amount, ratio, rule.rounding, rule.step);
        rounded.map_or(Credits(i64::MAX), |rounded| rounded.amount)
    }

    fn no_credit(&self) -> Option<String> {
        let rule = self.rule;
        if rule.most == Some(Credits::ZERO) {
            return Some("at most 0 credits result".to_owned());
        }
        if let Some(fixed) = rule.fixed() {
            return (fixed == Credits::ZERO).then(|| format!("it gives 0 {}", rule.system.0));
        }
        // A credit system brings any amount.
        if self.source.alternatives.is_empty() {
            return None;
        }
        let mut why = None;
        for load in self.loads() {
            let (system, amounts) = match load {
                Load::Nothing if rule.worth == Worth::Original => {
                    why = Some("the catalogue has no credits for what it takes".to_owned());
                    continue;
                }
                // What has no credits counts as one item, of which a ratio makes something.
                Load::Unknown | Load::Nothing => return None,
                Load::Known(system, amounts) => (system, amounts),
            };
            match rule.worth {
                Worth::Original if system == rule.system.0 => return None,
                Worth::Original => {
                    why = Some(format!("what it takes has credits of {system}, not of {}", rule.system.0));
                }
                Worth::Ratio(ratio) => {
                    if amounts.iter().any(|amount| self.gives(ratio, *amount) > Credits::ZERO) {
                        return None;
                    }
                    let most = amounts.iter().max().copied().unwrap_or_default();
                    let mode = rule.rounding.name();
                    why = Some(format!(
                        "{most} × {ratio}, rounded {mode} to a multiple of {}, is 0",
                        rule.step
                    ));
                }
                _ => return None,
            }
        }
        why
    }

    /// What the catalogue gives for the receiving outcomes together, in the rule's system.
    fn received(&self) -> Option<Credits> {
        let own = |outcome: &Option<u32>| {
            let (amount, system) = self.catalogue.get((*outcome)?).newest()?.credits.as_ref()?;
            (*system == self.rule.system.0).then_some(amount.0)
        };
        let items = &self.target.items;
        let sum = items.iter().try_fold(0i64, |sum, (_, outcome)| sum.checked_add(own(outcome)?));
        sum.filter(|_| !items.is_empty()).map(Credits)
    }

    fn range(&self) -> Option<String> {
        let fixed = self.rule.fixed()?;
        if fixed.0 % SCALE != 0 || fixed < Credits(10 * SCALE) || fixed >= Credits(10_000 * SCALE) {
            return None;
        }
        let mut known: Vec<Credits> = self.received().into_iter().collect();
        for load in self.loads() {
            match load {
                Load::Known(system, amounts) if system == self.rule.system.0 => known.extend(amounts),
                _ => {}
            }
        }
        if known.is_empty() || known.iter().any(|amount| *amount >= fixed) {
            return None;
        }
        let (low, high) = split(fixed.0 / SCALE).find(|(low, high)| {
            known.iter().any(|amount| (low * SCALE..=high * SCALE).contains(&amount.0))
        })?;
        let (least, most) = (known.iter().min()?, known.iter().max()?);
        let span = if least == most { least.to_string() } else { format!("{least} to {most}") };
        Some(format!("it gives {fixed}, where the catalogue has {span}: {low} to {high} was probably meant"))
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

    fn rounding(&self) -> Option<String> {
        let rule = self.rule;
        let Worth::Ratio(ratio) = rule.worth else { return None };
        if rule.rounding == RoundingMode::Down {
            return None;
        }
        let said = |amount: Credits, gives: Credits| {
            let mode = rule.rounding.name();
            format!("{amount} × {ratio}, rounded {mode} to a multiple of {}, gives {gives}", rule.step)
        };
        let gain = |amount: Credits| {
            let rounded = credits::convert(amount, ratio, rule.rounding, rule.step)?;
            (rounded.lost_num < 0).then_some((amount, rounded.amount))
        };
        for load in self.loads() {
            let gained = match load {
                Load::Known(_, amounts) => amounts.into_iter().find_map(gain),
                Load::Nothing => None,
                Load::Unknown => {
                    some_gain(ratio, rule.step).then(|| (1..=UP_TO).map(Credits).find_map(gain)).flatten()
                }
            };
            if let Some((amount, gives)) = gained {
                return Some(said(amount, gives));
            }
        }
        let any = self.source.alternatives.is_empty() && some_gain(ratio, rule.step);
        let example = any.then(|| (1..=UP_TO).map(Credits).find_map(gain));
        example.map(|example| example.map_or_else(|| "some amounts gain".to_owned(), |(a, b)| said(a, b)))
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

    /// The most that a learner can get by the rule, where that is known.
    pub(super) fn bound(&self) -> Option<Credits> {
        let free = self.free_bound()?;
        Some(self.rule.most.map_or(free, |most| most.min(free)))
    }

    /// The same without its own limit.
    fn free_bound(&self) -> Option<Credits> {
        if self.rule.denies() {
            return Some(Credits::ZERO);
        }
        if self.source.alternatives.is_empty() {
            return None;
        }
        let mut sum = Credits::ZERO;
        for alternative in &self.source.alternatives {
            let once = alternative.whole && self.outcomes(alternative).all(|known| !known.repeatable);
            let most = match &self.rule.worth {
                _ if !once => return None,
                Worth::Ratio(ratio) => {
                    self.amounts(alternative)?.map(|amount| self.gives(*ratio, amount)).max()?
                }
                Worth::Original => self.amounts(alternative)?.max()?,
                _ => self.rule.fixed()?,
            };
            sum = sum.checked_add(most)?;
        }
        Some(sum)
    }

    fn amounts(&self, alternative: &Alternative) -> Option<std::vec::IntoIter<Credits>> {
        match self.load(alternative) {
            Load::Known(_, amounts) => Some(amounts.into_iter()),
            _ => None,
        }
    }

    /// The rule's own limit, if it never binds.
    pub(super) fn idle_limit(&self) -> Option<String> {
        let most = self.rule.most.filter(|most| *most > Credits::ZERO && !self.rule.denies())?;
        let bound = self.free_bound()?;
        (most >= bound).then(|| format!("at most {most} result, and never more than {bound} can"))
    }
}

/// Amounts that are tried, in thousandths.
pub(super) const UP_TO: i64 = 20 * SCALE;

/// Whether some amount leaves a remainder that a mode other than down rounds up.
fn some_gain(ratio: Ratio, step: Credits) -> bool {
    i128::from(ratio.num()) % (i128::from(ratio.den()) * i128::from(step.0)) != 0
}

/// The last day on which what was achieved on a day is not too old.
fn oldest(day: Date, age: Age) -> Option<Date> {
    day.checked_add((months(age) as i32).months()).ok()
}

/// A number divided in two, the lower first.
fn split(number: i64) -> impl Iterator<Item = (i64, i64)> {
    [10, 100, 1_000].into_iter().map(move |at| (number / at, number % at, at)).filter_map(
        |(low, high, at)| {
            let leads = high >= at / 10;
            (0 < low && low < high && leads).then_some((low, high))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_number_is_divided_where_two_numbers_were_run_together() {
        for (number, expected) in [
            (36, vec![(3, 6)]),
            (63, vec![]),
            (33, vec![]),
            (30, vec![]),
            (612, vec![(6, 12)]),
            (1012, vec![(10, 12)]),
            (1234, vec![(12, 34), (1, 234)]),
            (305, vec![]),
        ] {
            assert_eq!(split(number).collect::<Vec<_>>(), expected, "{number}");
        }
    }
}
