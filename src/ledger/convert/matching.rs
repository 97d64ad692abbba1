//! Which sets of lots meet a requirement: every term by as many lots as it asks for, no lot in two terms.

use crate::domain::requirement::Alternative;
use std::collections::HashSet;

/// Most sets that are looked at for one rule; past it the choice counts as not proven.
pub(super) const MOST_SETS: usize = 1_000;

/// Sets that are met twice in the search, for each that is kept.
const REPEATS: usize = 20;

/// An alternative of a requirement, with the lots that fit each of its terms.
#[derive(Debug, Clone)]
pub(super) struct Fitting<'r> {
    /// What it asks for.
    pub alternative: &'r Alternative,
    /// The lots that fit each term, ascending.
    pub lots: Vec<Vec<usize>>,
}

impl<'r> Fitting<'r> {
    /// Sorts lots by the terms that they fit.
    pub fn new(
        alternative: &'r Alternative,
        lots: &[usize],
        fits: impl Fn(usize, usize) -> bool,
    ) -> Fitting<'r> {
        let of_term = |term| lots.iter().copied().filter(|lot| fits(term, *lot)).collect();
        Fitting { alternative, lots: (0..alternative.0.len()).map(of_term).collect() }
    }

    /// Whether one lot alone meets it.
    pub fn is_single(&self) -> bool {
        matches!(self.alternative.0.as_slice(), [term] if term.count == 1)
    }

    /// How many lots of each term are missing, if a lot is taken for the one that suits best; nothing where
    /// the lot fits no term.
    pub fn missing_with(&self, lot: usize) -> Option<Vec<usize>> {
        let of = |term: usize| self.lots[term].contains(&lot).then(|| self.missing(term, lot));
        (0..self.lots.len()).filter_map(of).min_by_key(|missing| missing.iter().sum::<usize>())
    }

    /// How many lots of each term are missing where a lot is taken for one of them.
    fn missing(&self, forced: usize, lot: usize) -> Vec<usize> {
        let wanted = |term: usize| usize::from(self.alternative.0[term].count) - usize::from(term == forced);
        let mut slots: Vec<usize> = Vec::new();
        for term in 0..self.lots.len() {
            // No more slots than lots: the rest are missing in any case.
            slots.extend(std::iter::repeat_n(term, wanted(term).min(self.lots[term].len())));
        }
        let mut holder: std::collections::HashMap<usize, usize> = std::collections::HashMap::new();
        let mut missing: Vec<usize> =
            (0..self.lots.len()).map(|term| wanted(term) - wanted(term).min(self.lots[term].len())).collect();
        for slot in 0..slots.len() {
            if !self.seat(slot, &slots, lot, &mut holder, &mut HashSet::new()) {
                missing[slots[slot]] += 1;
            }
        }
        missing
    }

    /// Finds a lot for a slot, moving others where that helps: an augmenting path.
    fn seat(
        &self,
        slot: usize,
        slots: &[usize],
        taken: usize,
        holder: &mut std::collections::HashMap<usize, usize>,
        seen: &mut HashSet<usize>,
    ) -> bool {
        for &lot in &self.lots[slots[slot]] {
            if lot == taken || !seen.insert(lot) {
                continue;
            }
            let free = match holder.get(&lot).copied() {
                None => true,
                Some(other) => self.seat(other, slots, taken, holder, seen),
            };
            if free {
                holder.insert(lot, slot);
                return true;
            }
        }
        false
    }

    /// Whether a set that meets it has this lot.
    pub fn completes(&self, lot: usize) -> bool {
        self.missing_with(lot).is_some_and(|missing| missing.iter().all(|number| *number == 0))
    }

    /// The sets that meet it, ascending each, by their first lots; and whether these are all.
    pub fn sets(&self) -> (Vec<Vec<usize>>, bool) {
        let mut search =
            Search { of: self, chosen: Vec::new(), seen: HashSet::new(), steps: MOST_SETS * REPEATS };
        let complete = search.term(0);
        let mut sets: Vec<Vec<usize>> = search.seen.into_iter().collect();
        sets.sort();
        (sets, complete)
    }

    /// Sets that share no lot, the lots of most weight first: enough to go on with where there are too many.
    pub fn apart(&self, weight: impl Fn(usize) -> i64) -> Vec<Vec<usize>> {
        let mut rest = self.clone();
        for lots in &mut rest.lots {
            lots.sort_by_key(|lot| (std::cmp::Reverse(weight(*lot)), *lot));
        }
        let mut sets = Vec::new();
        loop {
            let mut search = Search { of: &rest, chosen: Vec::new(), seen: HashSet::new(), steps: 1 };
            search.term(0);
            let Some(set) = search.seen.into_iter().next() else { return sets };
            rest.lots.iter_mut().for_each(|lots| lots.retain(|lot| !set.contains(lot)));
            sets.push(set);
        }
    }
}

/// The search for sets, term by term.
struct Search<'f, 'r> {
    of: &'f Fitting<'r>,
    chosen: Vec<usize>,
    seen: HashSet<Vec<usize>>,
    /// Sets that may still be met.
    steps: usize,
}

impl Search<'_, '_> {
    /// Goes on with a term; false where there are more sets than may be met.
    fn term(&mut self, term: usize) -> bool {
        if term == self.of.lots.len() {
            if self.steps == 0 || self.seen.len() == MOST_SETS {
                return false;
            }
            self.steps -= 1;
            let mut set = self.chosen.clone();
            set.sort_unstable();
            self.seen.insert(set);
            return true;
        }
        self.lots(term, 0, usize::from(self.of.alternative.0[term].count))
    }

    /// Chooses so many further lots of a term, from a place in its list on.
    fn lots(&mut self, term: usize, from: usize, wanted: usize) -> bool {
        if wanted == 0 {
            return self.term(term + 1);
        }
        let of = self.of;
        let lots = &of.lots[term];
        let mut complete = true;
        let until = (lots.len() + 1).saturating_sub(wanted);
        for (at, lot) in lots.iter().enumerate().take(until).skip(from) {
            if self.chosen.contains(lot) {
                continue;
            }
            self.chosen.push(*lot);
            complete = self.lots(term, at + 1, wanted - 1);
            self.chosen.pop();
            if !complete {
                break;
            }
        }
        complete
    }
}
