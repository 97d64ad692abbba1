//! What a rule gives by itself, beside the catalogue's credits.

use super::alone::Alone;
use super::catalogue::Known;
use super::sides::Alternative;
use crate::domain::credits::{self, Credits, Ratio, RoundingMode, SCALE};
use crate::domain::rule::Worth;
use crate::ledger::convert::Orders;

/// What the catalogue has of an alternative's credit.
enum Load {
    /// It does not say, or says it in several systems.
    Unknown,
    /// No version of any of its outcomes has credit.
    Nothing,
    /// So much of a system: one amount a version of a single outcome, the sum of the newest of several.
    Known(String, Vec<Credits>),
}

impl<O: Orders> Alone<'_, O> {
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

    pub(super) fn no_credit(&self) -> Option<String> {
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

    pub(super) fn range(&self) -> Option<String> {
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

    pub(super) fn rounding(&self) -> Option<String> {
        let rule = self.rule;
        let Worth::Ratio(ratio) = rule.worth else { return None };
        if rule.rounding == RoundingMode::Down {
            return None;
        }
        let gain = |amount: Credits| {
            let rounded = credits::convert(amount, ratio, rule.rounding, rule.step)?;
            let mode = rule.rounding.name();
            (rounded.lost_num < 0).then(|| {
                let gives = rounded.amount;
                format!("{amount} × {ratio}, rounded {mode} to a multiple of {}, gives {gives}", rule.step)
            })
        };
        let any = || {
            let example = || (1..=UP_TO).map(Credits).find_map(gain);
            some_gain(ratio, rule.step).then(|| example().unwrap_or_else(|| "large amounts gain".to_owned()))
        };
        if self.source.alternatives.is_empty() {
            return any();
        }
        self.loads().find_map(|load| match load {
            Load::Known(_, amounts) => amounts.into_iter().find_map(gain),
            Load::Unknown | Load::Nothing => any(),
        })
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
