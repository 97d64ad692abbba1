//! Tiers: rules that differ in their scores, what they give and to which outcome.

use super::check::Check;
use crate::domain::credits::{Credits, SCALE};

/// One tier.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tier {
    /// The receiver, what is taken, and the conditions without the score.
    pub(super) family: (u32, u32, u32),
    pub(super) min: Option<Credits>,
    pub(super) max: Option<Credits>,
    pub(super) rule: u32,
    pub(super) priority: u16,
    pub(super) denies: bool,
}

/// Goes through all families. The tiers are sorted here.
pub(super) fn check(tiers: &mut [Tier], mut found: impl FnMut(u32, Check, u32, String)) {
    tiers.sort_unstable();
    for family in tiers.chunk_by(|one, other| one.family == other.family) {
        gaps(family, &mut found);
        overlaps(family, &mut found);
    }
}

/// What divides a whole and all limits of the tiers.
fn unit(family: &[Tier]) -> i64 {
    family.iter().flat_map(|tier| [tier.min, tier.max]).flatten().fold(SCALE, |unit, end| gcd(unit, end.0))
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn gaps(family: &[Tier], found: &mut impl FnMut(u32, Check, u32, String)) {
    let unit = unit(family);
    let Some((first, rest)) = family.split_first() else { return };
    let mut highest = first;
    for tier in rest {
        let Some(reached) = highest.max else { return };
        if let Some(min) = tier.min.filter(|min| min.0 - reached.0 > unit) {
            let what = format!("no tier takes scores above {reached} and below {min}");
            found(tier.rule, Check::TierGap, highest.rule, what);
        }
        if tier.max.is_none_or(|max| max > reached) {
            highest = tier;
        }
    }
}

fn overlaps(family: &[Tier], found: &mut impl FnMut(u32, Check, u32, String)) {
    for (at, tier) in family.iter().enumerate().filter(|(_, tier)| !tier.denies) {
        let Some(min) = tier.min else { continue };
        let earlier =
            family[..at].iter().rev().filter(|other| !other.denies && other.priority == tier.priority);
        let below = earlier.filter(|other| other.min.is_none_or(|other| other < min));
        let Some((other, max)) = below
            .filter_map(|other| Some((other, other.max?)))
            .find(|(_, max)| *max >= min && tier.max.is_none_or(|own| own > *max))
        else {
            continue;
        };
        let what = format!("it takes scores from {min}, another tier takes scores up to {max}");
        found(tier.rule, Check::TierOverlap, other.rule, what);
    }
}
