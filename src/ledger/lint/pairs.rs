//! Rules beside each other: two of the same receiver that speak of the same.

use super::check::Check;
use super::conditions::Conditions;
use super::cover::{Cover, closes, covers, same_target, share};
use super::record::{Gives, Limits, Record};
use super::sides::{Source, Target};

/// Two rules, the earlier of the book first.
pub(super) struct Pair<'l> {
    pub(super) records: [&'l Record; 2],
    pub(super) sources: [&'l Source; 2],
    pub(super) targets: [&'l Target; 2],
    pub(super) conditions: [&'l Conditions; 2],
    pub(super) gives: [&'l Gives; 2],
    pub(super) limits: [&'l Limits; 2],
}

/// Which of the two a finding is about.
pub(super) const EARLIER: usize = 0;
/// Which of the two a finding is about.
pub(super) const LATER: usize = 1;

/// What two rules are to each other: the one that a finding is about, and the check.
type Said = Option<(usize, Check)>;

impl Pair<'_> {
    /// What is to be said of them.
    pub(super) fn judge(&self) -> Said {
        match self.records.map(|record| record.denies) {
            [true, true] => self.is_duplicate().then_some((LATER, Check::Duplicate)),
            [true, false] => self.denial(EARLIER, LATER),
            [false, true] => self.denial(LATER, EARLIER),
            [false, false] if self.priority(EARLIER) == self.priority(LATER) => self.side_by_side(),
            [false, false] if self.priority(EARLIER) < self.priority(LATER) => self.first(EARLIER, LATER),
            [false, false] => self.first(LATER, EARLIER),
        }
    }

    fn priority(&self, at: usize) -> u16 {
        self.records[at].priority
    }

    fn covers(&self, one: usize, other: usize) -> Cover {
        match self.records[0].source == self.records[1].source {
            true => Cover::Term,
            false => covers(self.sources[one], self.sources[other]),
        }
    }

    fn is_same_source(&self) -> bool {
        self.covers(EARLIER, LATER) == Cover::Term && self.covers(LATER, EARLIER) == Cover::Term
    }

    fn is_same_target(&self) -> bool {
        self.records[0].target == self.records[1].target || same_target(self.targets[0], self.targets[1])
    }

    fn are_same_conditions(&self) -> bool {
        self.records[0].conditions == self.records[1].conditions
    }

    fn contains(&self, one: usize, other: usize) -> bool {
        self.are_same_conditions() || self.conditions[one].contain(self.conditions[other])
    }

    /// Whether their conditions overlap, and neither is the stricter.
    fn cross(&self) -> bool {
        self.conditions[0].meet(self.conditions[1])
            && !self.contains(EARLIER, LATER)
            && !self.contains(LATER, EARLIER)
    }

    fn is_duplicate(&self) -> bool {
        self.priority(0) == self.priority(1)
            && self.are_same_conditions()
            && self.records[0].target == self.records[1].target
            && self.gives[0] == self.gives[1]
            && self.records[0].limits == self.records[1].limits
            && self.is_same_source()
    }

    /// A denial, and a rule that gives.
    fn denial(&self, denial: usize, gives: usize) -> Said {
        if self.priority(denial) > self.priority(gives) || !closes(self.targets[denial], self.targets[gives])
        {
            return None;
        }
        let all = self.covers(denial, gives) != Cover::Not && self.contains(denial, gives);
        match self.priority(denial) == self.priority(gives) {
            true if all || (self.is_same_source() && self.cross()) => Some((LATER, Check::Contradiction)),
            false if all => Some((gives, Check::Shadowed)),
            _ => None,
        }
    }

    /// A rule of an earlier priority and one of a later.
    fn first(&self, first: usize, other: usize) -> Said {
        let takes_all = self.contains(first, other)
            && self.limits[first].within(self.limits[other])
            && match self.covers(first, other) {
                Cover::Not => false,
                Cover::Wider => self.gives[first].is_something(),
                Cover::Term => {
                    self.gives[first].is_something() || self.gives[first].at_least(self.gives[other])
                }
            };
        takes_all.then_some((other, Check::Shadowed))
    }

    /// Two that give under one priority.
    fn side_by_side(&self) -> Said {
        if self.is_duplicate() {
            return Some((LATER, Check::Duplicate));
        }
        if self.is_same_target() {
            let fixed = self.gives.map(Gives::fixed);
            let differ = fixed[0].is_some() && fixed[1].is_some() && fixed[0] != fixed[1];
            let same_system = self.gives[0].system == self.gives[1].system;
            if differ && same_system && self.are_same_conditions() && self.is_same_source() {
                return Some((LATER, Check::Contradiction));
            }
            for (one, other) in [(EARLIER, LATER), (LATER, EARLIER)] {
                if self.outdoes(one, other) {
                    return Some((other, Check::Shadowed));
                }
            }
        }
        let apart = !self.is_same_target() && self.are_same_conditions();
        let free = (apart || self.cross()) && !self.are_tiers();
        (free && self.shares()).then_some((LATER, Check::Overlap))
    }

    fn shares(&self) -> bool {
        self.records[0].source == self.records[1].source || share(self.sources[0], self.sources[1])
    }

    /// Whether the one is always at least as good as the other.
    fn outdoes(&self, one: usize, other: usize) -> bool {
        self.contains(one, other)
            && self.limits[one].within(self.limits[other])
            && self.gives[one].at_least(self.gives[other])
            && match self.covers(one, other) {
                Cover::Not => false,
                Cover::Wider => self.gives[one].is_something(),
                Cover::Term => true,
            }
    }

    /// Whether they differ in their scores, in which case they are looked at as tiers.
    fn are_tiers(&self) -> bool {
        let scored = |conditions: &Conditions| conditions.score != (None, None);
        let [one, other] = self.conditions;
        self.records[0].source == self.records[1].source
            && scored(one)
            && scored(other)
            && one.score != other.score
            && one.of_any_score() == other.of_any_score()
    }
}
