//! Rules beside others: finding those that speak of the same, and comparing them.

use super::check::Check;
use super::found::{Found, NOBODY};
use super::pairs::Pair;
use super::record::Record;
use super::{CapUse, Linter};
use crate::domain::credits::Credits;
use crate::domain::rule::Worth;
use crate::ledger::convert::Orders;
use jiff::civil::Date;
use std::collections::HashMap;

/// Rules after a rule in its group that it is compared with; groups are rarely larger than ten.
const WINDOW: usize = 1_000;

/// Comparisons of rules that name patterns with all others of their receiver.
const PATTERN_BUDGET: usize = 20_000_000;

impl<O: Orders> Linter<'_, O> {
    fn pair(&self, one: u32, other: u32) -> Option<(u32, Check, u32)> {
        let places = [one.min(other), one.max(other)];
        let records = places.map(|at| &self.records[at as usize]);
        let pair = Pair {
            records,
            sources: records.map(|record| &self.sides.sources[record.source as usize]),
            targets: records.map(|record| &self.sides.targets[record.target as usize]),
            conditions: records.map(|record| self.conditions.get(record.conditions)),
            gives: records.map(|record| &self.gives[record.gives as usize]),
            limits: records.map(|record| self.limits.get(record.limits)),
        };
        let (about, check) = pair.judge()?;
        Some((places[about], check, places[1 - about]))
    }

    /// Compares the rules that speak of the same; how many groups were too large.
    pub(super) fn compare(&mut self) -> u64 {
        let mut places = std::mem::take(&mut self.places);
        places.sort_unstable();
        let mut pairs = Vec::new();
        let mut large = 0;
        for group in places.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
            large += u64::from(group.len() > WINDOW);
            for (at, (_, _, one)) in group.iter().enumerate() {
                let others = group[at + 1..].iter().take(WINDOW);
                pairs.extend(others.filter_map(|(_, _, other)| self.pair(*one, *other)));
            }
        }
        large += u64::from(!self.compare_patterns(&mut pairs));
        for (rule, check, other) in pairs {
            let what = self.shown(check, rule, other);
            self.add(rule, check, other, what);
        }
        large
    }

    /// Compares rules with patterns with all others of their receiver; false where there are too many.
    fn compare_patterns(&self, pairs: &mut Vec<(u32, Check, u32)>) -> bool {
        let mut by_receiver: HashMap<u32, Vec<u32>> = HashMap::new();
        for at in &self.vague {
            by_receiver.entry(self.records[*at as usize].receiver).or_default().push(*at);
        }
        let mut budget = PATTERN_BUDGET;
        for (at, record) in self.records.iter().enumerate() {
            let Some(vague) = by_receiver.get(&record.receiver) else { continue };
            let others = vague.iter().filter(|other| **other != at as u32);
            for other in others {
                // Two rules with patterns meet once.
                let twice = *other < at as u32 && self.sides.sources[record.source as usize].vague;
                if twice || !record.stands {
                    continue;
                }
                budget = budget.saturating_sub(1);
                if budget == 0 {
                    return false;
                }
                pairs.extend(self.pair(at as u32, *other));
            }
        }
        true
    }

    /// What two rules are to each other, in words.
    fn shown(&self, check: Check, rule: u32, other: u32) -> String {
        let [one, two] = [rule, other].map(|at| &self.records[at as usize]);
        let amount = |record: &Record| {
            let gives = &self.gives[record.gives as usize];
            match &gives.worth {
                Worth::Denied { reason } => format!("denied ({reason})"),
                Worth::Ratio(ratio) => format!("× {ratio} {}", gives.system),
                Worth::Original => format!("as it is, {}", gives.system),
                Worth::Credits(fixed) | Worth::Range { chosen: fixed, .. } => {
                    format!("{fixed} {}", gives.system)
                }
            }
        };
        match check {
            Check::Shadowed if two.denies => format!("priority {} denies it all", two.priority),
            Check::Shadowed if two.priority < one.priority => {
                format!("priority {} comes before {} and takes the same", two.priority, one.priority)
            }
            Check::Shadowed => format!("it gives {}, the other {} for no more", amount(one), amount(two)),
            Check::Duplicate => format!("both say {}", amount(one)),
            Check::Contradiction => format!("here {}, there {}", amount(one), amount(two)),
            _ => format!("here {}, there {}, and some achievement meets both", amount(one), amount(two)),
        }
    }

    /// Whether two rules are in force on some day together.
    pub(super) fn together(&self, one: u32, other: u32) -> bool {
        let valid = |at: u32| self.conditions.get(self.records[at as usize].conditions).valid;
        let ((from, to), (other_from, other_to)) = (valid(one), valid(other));
        let begins =
            |from: Option<Date>, to: Option<Date>| from.is_none_or(|from| to.is_none_or(|to| from <= to));
        begins(from, other_to) && begins(other_from, to)
    }

    pub(super) fn idle_caps(&self) -> Vec<Found> {
        let idle = |(at, used): (usize, &CapUse)| {
            let bound = used.bound.filter(|bound| used.cap.credits >= *bound)?;
            let CapUse { cap, .. } = used;
            let what = match bound {
                Credits::ZERO => format!("it lets {} {} through and counts no rule", cap.credits, cap.system),
                _ => format!(
                    "it lets {} {} through, and never more than {bound} can result",
                    cap.credits, cap.system
                ),
            };
            let (subject, check) = (at as u32, Check::CapNeverBinds);
            Some(Found { is_cap: true, subject, check, other: NOBODY, what: what.into() })
        };
        self.caps.iter().enumerate().filter_map(idle).collect()
    }
}
