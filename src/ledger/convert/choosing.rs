//! The best choice among applications of rules of which one excludes another.
//!
//! What is best: most worth of the rules of priority 0, then most of priority 1 given that, and so on; within a
//! priority, system by system in the order of their codes. Among choices of equal worth, fewer lots placed (not
//! counting those that a rule from a system without a limit takes in any case); then the one with the earliest
//! application that another lacks, by priority, rule and lots.
//!
//! A branch-and-bound search over the applications in that order. The bound gives every lot its best share of
//! what can still be applied, within what the limits leave, and rounds down onto the grid on which all sums lie.

use super::arithmetic;
use crate::domain::credits::Credits;
use crate::domain::rule::{Rule, Worth};
use std::cmp::Ordering;

/// Steps of one search: past it the best choice found is taken, and counts as not proven.
pub const NODES: u32 = 50_000;

/// Parts of a thousandth in which shares are bounded.
const FINE: i128 = 1_000_000_000_000;

/// Most applications for which a first guess is made one by one.
const GUESSED: usize = 300;

/// An application of a rule to lots.
#[derive(Debug, Clone)]
pub(super) struct Candidate<'r> {
    /// The rule.
    pub rule: &'r Rule,
    /// Its position.
    pub at: usize,
    /// The place of its worth among the worths that are compared.
    pub rank: usize,
    /// Its lots, ascending.
    pub lots: Vec<usize>,
    /// What is held of them.
    pub held: i64,
    /// What it is worth without a limit; of a pool, what its lot is worth alone.
    pub worth: i64,
    /// Whether the lots of all chosen applications of the rule are one act.
    pub pooled: bool,
    /// Limits that count it, in the order in which they cut.
    pub limits: Vec<usize>,
}

/// A limit, as the choice finds it.
#[derive(Debug, Clone)]
pub(super) struct Room {
    /// What it leaves.
    pub left: i64,
    /// The lots that it counts.
    pub counted: Vec<bool>,
}

impl Room {
    fn counts_all(&self) -> bool {
        self.counted.iter().all(|counted| *counted)
    }
}

/// What is to be chosen from.
#[derive(Debug, Clone, Default)]
pub(super) struct Problem<'r> {
    /// What is held of each lot.
    pub held: Vec<i64>,
    /// Applications by priority, rule and lots.
    pub candidates: Vec<Candidate<'r>>,
    /// The limits.
    pub rooms: Vec<Room>,
    /// How many worths are compared.
    pub ranks: usize,
}

/// A choice: applications, ascending, and whether no other is better.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chosen {
    /// Positions of the applications.
    pub candidates: Vec<usize>,
    /// Whether no other choice is better.
    pub proven: bool,
}

/// What an act gives after the limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Given {
    /// The worth of each lot, in the order of the act.
    pub parts: Vec<i64>,
    /// What each limit took.
    pub cut: Vec<(usize, i64)>,
}

/// What a choice is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Value {
    worth: Vec<i64>,
    cost: usize,
}

impl Value {
    fn compare(&self, other: &Value) -> Ordering {
        self.worth.cmp(&other.worth).then(other.cost.cmp(&self.cost))
    }
}

/// A choice in the making.
#[derive(Debug, Clone)]
struct State {
    value: Value,
    taken: Vec<bool>,
    left: Vec<i64>,
    chosen: Vec<usize>,
    /// Applications of the pool that is being filled.
    pool: Vec<usize>,
}

impl<'r> Problem<'r> {
    /// Cuts an amount to what the limits leave; nothing where nothing is left of it.
    pub fn give(&self, amount: i64, lots: &[usize], limits: &[usize], left: &mut [i64]) -> Option<Given> {
        let held: Vec<i64> = lots.iter().map(|lot| self.held[*lot]).collect();
        let mut parts = arithmetic::over(Credits(amount), &held);
        let mut cut = Vec::new();
        let counted =
            |limit: usize| -> Vec<bool> { lots.iter().map(|lot| self.rooms[limit].counted[*lot]).collect() };
        for &limit in limits {
            let took = arithmetic::cut(&mut parts, &counted(limit), left[limit]);
            if took > 0 {
                cut.push((limit, took));
            }
        }
        if parts.iter().all(|part| *part == 0) {
            return None;
        }
        for &limit in limits {
            let used = parts.iter().zip(counted(limit)).filter(|(_, counted)| *counted);
            left[limit] -= used.map(|(part, _)| *part).sum::<i64>();
        }
        Some(Given { parts, cut })
    }

    /// What the limits leave at first.
    pub fn left(&self) -> Vec<i64> {
        self.rooms.iter().map(|room| room.left).collect()
    }

    /// The best choice.
    pub fn choose(&self) -> Chosen {
        let bounds = Bounds::of(self);
        let start = State {
            value: Value { worth: vec![0; self.ranks], cost: 0 },
            taken: vec![false; self.held.len()],
            left: self.left(),
            chosen: Vec::new(),
            pool: Vec::new(),
        };
        let guess = self.guess(&bounds, &start);
        let mut search =
            Search { of: self, bounds: &bounds, best: guess, first: false, nodes: NODES, done: false };
        search.from(0, start.clone());
        let proven = search.nodes > 0;
        // The first one as good, in order: a guess need not be.
        let mut again = Search { first: true, nodes: NODES, done: false, ..search };
        again.from(0, start);
        Chosen { candidates: again.best.chosen, proven }
    }

    /// A good choice to begin with: applications by what each lot gives, as far as each is a gain.
    fn guess(&self, bounds: &Bounds, start: &State) -> State {
        let mut order: Vec<usize> = (0..self.candidates.len()).collect();
        order.sort_by_key(|at| {
            let candidate = &self.candidates[*at];
            (candidate.rank, std::cmp::Reverse(Bounds::share(candidate)), *at)
        });
        let mut picked: Vec<usize> = Vec::new();
        let mut taken = vec![false; self.held.len()];
        let mut best = start.clone();
        let one_by_one = order.len() <= GUESSED;
        for at in order {
            let lots = &self.candidates[at].lots;
            if lots.iter().any(|lot| taken[*lot]) {
                continue;
            }
            picked.push(at);
            lots.iter().for_each(|lot| taken[*lot] = true);
            if !one_by_one {
                continue;
            }
            let tried = self.evaluate(bounds, start, &picked);
            if tried.value.compare(&best.value) == Ordering::Greater {
                best = tried;
            } else {
                picked.pop();
                lots.iter().for_each(|lot| taken[*lot] = false);
            }
        }
        let whole = self.evaluate(bounds, start, &picked);
        if whole.value.compare(&best.value) == Ordering::Greater { whole } else { best }
    }

    /// What some applications are worth; those that come to nothing are left out.
    fn evaluate(&self, bounds: &Bounds, start: &State, picked: &[usize]) -> State {
        let mut sorted = picked.to_vec();
        sorted.sort_unstable();
        let mut state = start.clone();
        for at in sorted {
            if let Some(closed) = self.closed_before(at, &state) {
                state = closed;
            } else {
                state.pool.clear();
            }
            if let Some(next) = self.with(bounds, at, &state) {
                state = next;
            }
        }
        match self.closed(&state) {
            Some(closed) => closed,
            None => State { pool: Vec::new(), ..state },
        }
    }

    /// The state with the pool closed, if an application is not of it.
    fn closed_before(&self, at: usize, state: &State) -> Option<State> {
        match state.pool.first() {
            Some(first) if self.candidates[*first].at != self.candidates[at].at => self.closed(state),
            _ => Some(state.clone()),
        }
    }

    /// The state with an application; nothing where it comes to nothing.
    fn with(&self, bounds: &Bounds, at: usize, state: &State) -> Option<State> {
        let candidate = &self.candidates[at];
        let mut next = state.clone();
        if candidate.pooled {
            next.pool.push(at);
        } else {
            let given = self.give(candidate.worth, &candidate.lots, &candidate.limits, &mut next.left)?;
            next.value.worth[candidate.rank] += given.parts.iter().sum::<i64>();
            next.chosen.push(at);
        }
        for lot in &candidate.lots {
            next.taken[*lot] = true;
            next.value.cost += usize::from(bounds.costly[*lot]);
        }
        Some(next)
    }

    /// The state with its pool counted; nothing where that comes to nothing.
    fn closed(&self, state: &State) -> Option<State> {
        let Some(first) = state.pool.first() else { return Some(state.clone()) };
        let candidate = &self.candidates[*first];
        let lots: Vec<usize> = state.pool.iter().flat_map(|at| self.candidates[*at].lots.clone()).collect();
        let amount = arithmetic::amount(candidate.rule, Credits(self.sum(&lots)?))?;
        let mut next = state.clone();
        let given = self.give(amount.0, &lots, &candidate.limits, &mut next.left)?;
        next.value.worth[candidate.rank] += given.parts.iter().sum::<i64>();
        next.chosen.append(&mut next.pool);
        Some(next)
    }

    fn sum(&self, lots: &[usize]) -> Option<i64> {
        lots.iter().try_fold(0i64, |sum, lot| sum.checked_add(self.held[*lot]))
    }
}

/// What bounds a choice from above.
struct Bounds {
    /// Of each lot, the applications that take it, each with the best share of it from there on, by rank.
    tails: Vec<Vec<(usize, Vec<i128>)>>,
    /// Of each lot and rank, a limit that counts all that it can give there.
    under: Vec<Vec<Option<usize>>>,
    /// What all sums of a rank are multiples of.
    grid: Vec<i64>,
    /// Whether placing a lot is to be avoided where it gains nothing.
    costly: Vec<bool>,
    /// Pools: the last application, the rank, and what rounding can add.
    pools: Vec<(usize, usize, i128)>,
}

impl Bounds {
    fn of(problem: &Problem) -> Bounds {
        let lots = problem.held.len();
        let mut bounds = Bounds {
            tails: vec![Vec::new(); lots],
            under: vec![vec![None; problem.ranks]; lots],
            grid: vec![0; problem.ranks],
            costly: vec![true; lots],
            pools: Vec::new(),
        };
        for (at, candidate) in problem.candidates.iter().enumerate() {
            bounds.add_grid(problem, candidate);
            if !candidate.pooled {
                continue;
            }
            for lot in candidate.lots.iter().filter(|_| candidate.limits.is_empty()) {
                bounds.costly[*lot] = false;
            }
            match bounds.pools.last_mut() {
                Some((last, ..)) if problem.candidates[*last].at == candidate.at => *last = at,
                _ => bounds.pools.push((at, candidate.rank, rounding_slack(candidate.rule))),
            }
        }
        bounds.share_grids(problem);
        for lot in 0..lots {
            bounds.add_tail(problem, lot);
        }
        bounds
    }

    /// What a limit leaves for one rank lies on the grid of every other that it counts.
    fn share_grids(&mut self, problem: &Problem) {
        for _ in 0..problem.ranks {
            for limit in 0..problem.rooms.len() {
                let counted = problem.candidates.iter().filter(|it| it.limits.contains(&limit));
                let ranks: std::collections::BTreeSet<usize> = counted.map(|it| it.rank).collect();
                let common = ranks.iter().fold(0, |all, rank| gcd(all, self.grid[*rank]));
                ranks.into_iter().for_each(|rank| self.grid[rank] = common);
            }
        }
    }

    fn add_grid(&mut self, problem: &Problem, candidate: &Candidate) {
        let step = match (&candidate.rule.worth, candidate.pooled) {
            (Worth::Ratio(_), true) => candidate.rule.step.0,
            (_, true) => candidate.held,
            _ => candidate.worth,
        };
        let grid = &mut self.grid[candidate.rank];
        *grid = gcd(*grid, step);
        for limit in &candidate.limits {
            let room = &problem.rooms[*limit];
            *grid = if room.counts_all() { gcd(*grid, room.left.max(0)) } else { 1 };
        }
    }

    fn add_tail(&mut self, problem: &Problem, lot: usize) {
        let taking: Vec<usize> = (0..problem.candidates.len())
            .filter(|at| problem.candidates[*at].lots.binary_search(&lot).is_ok())
            .collect();
        let mut best = vec![0i128; problem.ranks];
        let mut common: Vec<Option<Vec<usize>>> = vec![None; problem.ranks];
        for at in taking.into_iter().rev() {
            let candidate = &problem.candidates[at];
            let share = Self::share(candidate);
            best[candidate.rank] = best[candidate.rank].max(share);
            self.tails[lot].push((at, best.clone()));
            // A limit on some kinds of learning bounds only acts of one lot: in others, apportioning may move a
            // thousandth to a lot that it does not count.
            let alone = candidate.lots.len() == 1 && !candidate.pooled;
            let bounding = candidate.limits.iter().copied().filter(|limit| {
                let room = &problem.rooms[*limit];
                room.counted[lot] && (alone || room.counts_all())
            });
            let bounding: Vec<usize> = bounding.collect();
            let common = &mut common[candidate.rank];
            match common {
                None => *common = Some(bounding),
                Some(known) => known.retain(|limit| bounding.contains(limit)),
            }
        }
        self.tails[lot].reverse();
        for (rank, common) in common.into_iter().enumerate() {
            self.under[lot][rank] = common.and_then(|limits| limits.first().copied());
        }
    }

    /// What each lot of an application gives of it, rounded up.
    fn share(candidate: &Candidate) -> i128 {
        match (&candidate.rule.worth, candidate.pooled) {
            (Worth::Ratio(ratio), true) => {
                // The worth of a lot alone is rounded; its share of a pool is not.
                let exact = i128::from(candidate.held) * FINE * i128::from(ratio.num());
                divide_up(exact, i128::from(ratio.den()))
            }
            _ => divide_up(i128::from(candidate.worth) * FINE, candidate.lots.len() as i128),
        }
    }

    /// The best shares of a lot from an application on.
    fn tail(&self, lot: usize, from: usize) -> Option<&[i128]> {
        let list = &self.tails[lot];
        let at = list.partition_point(|(at, _)| *at < from);
        list.get(at).map(|(_, best)| best.as_slice())
    }
}

/// What can still be had, at most.
struct Ahead {
    /// The worths, at most.
    worth: Vec<i64>,
    /// By rank, what comes without placing a lot that it is better not to place.
    free: Vec<i128>,
    /// By rank, what each of the other lots gives at most.
    costly: Vec<Vec<i128>>,
}

impl Ahead {
    fn of(problem: &Problem, bounds: &Bounds, from: usize, state: &State) -> Ahead {
        let ranks = problem.ranks;
        let mut ahead = Ahead { worth: Vec::new(), free: vec![0; ranks], costly: vec![Vec::new(); ranks] };
        let mut open = vec![0i128; ranks];
        let mut under = vec![0i128; ranks * problem.rooms.len()];
        let mut add = |rank: usize, limit: Option<usize>, share: i128| match limit {
            Some(limit) => under[rank * problem.rooms.len() + limit] += share,
            None => open[rank] += share,
        };
        let pool = state.pool.first().map(|first| &problem.candidates[*first]);
        if let Some(pool) = pool {
            let shares = state.pool.iter().map(|at| Bounds::share(&problem.candidates[*at])).sum();
            let limit = pool.limits.iter().find(|limit| problem.rooms[**limit].counts_all());
            add(pool.rank, limit.copied(), shares);
            ahead.free[pool.rank] += shares;
        }
        for (last, rank, slack) in &bounds.pools {
            let is_open = pool.is_some_and(|pool| pool.at == problem.candidates[*last].at);
            if *last >= from || is_open {
                add(*rank, None, *slack);
                ahead.free[*rank] += slack;
            }
        }
        for lot in (0..problem.held.len()).filter(|lot| !state.taken[*lot]) {
            let Some(best) = bounds.tail(lot, from) else { continue };
            for (rank, share) in best.iter().enumerate().filter(|(_, share)| **share > 0) {
                add(rank, bounds.under[lot][rank], *share);
                match bounds.costly[lot] {
                    true => ahead.costly[rank].push(*share),
                    false => ahead.free[rank] += share,
                }
            }
        }
        for rank in 0..ranks {
            let mut sum = open[rank];
            for (limit, left) in state.left.iter().enumerate() {
                sum += under[rank * problem.rooms.len() + limit].min(i128::from((*left).max(0)) * FINE);
            }
            let grid = i128::from(bounds.grid[rank].max(1));
            let whole = i64::try_from(sum / FINE / grid * grid).unwrap_or(i64::MAX);
            ahead.worth.push(state.value.worth[rank].saturating_add(whole));
        }
        ahead
    }

    /// Fewest further lots that are placed for a worth; nothing where they do not suffice.
    fn cost_of(mut self, state: &State, worth: &[i64]) -> Option<usize> {
        let mut lots = 0;
        for (rank, wanted) in worth.iter().enumerate() {
            let gap = i128::from(wanted - state.value.worth[rank]) * FINE;
            let mut gap = gap - self.free[rank];
            let shares = &mut self.costly[rank];
            shares.sort_unstable();
            while gap > 0 {
                gap -= shares.pop()?;
                lots += 1;
            }
        }
        Some(lots)
    }
}

/// A search through the choices, in order.
struct Search<'p, 'r> {
    of: &'p Problem<'r>,
    bounds: &'p Bounds,
    best: State,
    /// Whether the first choice as good as the best known is looked for, or a better one.
    first: bool,
    nodes: u32,
    done: bool,
}

impl Search<'_, '_> {
    fn from(&mut self, mut at: usize, mut state: State) {
        loop {
            if self.done || self.nodes == 0 {
                return;
            }
            self.nodes -= 1;
            if !self.is_promising(at, &state) {
                return;
            }
            let blocked = |at: usize| self.of.candidates[at].lots.iter().any(|lot| state.taken[*lot]);
            while at < self.of.candidates.len() && blocked(at) {
                at += 1;
            }
            if at == self.of.candidates.len() {
                if let Some(whole) = self.of.closed(&state) {
                    self.compare(whole);
                }
                return;
            }
            // A pool that comes to nothing is the choice without it, which is met elsewhere.
            let Some(closed) = self.of.closed_before(at, &state) else { return };
            state = closed;
            if let Some(next) = self.of.with(self.bounds, at, &state) {
                self.from(at + 1, next);
            }
            at += 1;
        }
    }

    fn compare(&mut self, whole: State) {
        let order = whole.value.compare(&self.best.value);
        if order == Ordering::Greater || (self.first && order == Ordering::Equal) {
            self.best = whole;
            self.done = self.first;
        }
    }

    fn is_promising(&self, at: usize, state: &State) -> bool {
        let ahead = Ahead::of(self.of, self.bounds, at, state);
        let best = &self.best.value;
        match ahead.worth.cmp(&best.worth) {
            Ordering::Greater => return true,
            Ordering::Less => return false,
            Ordering::Equal => {}
        }
        let Some(lots) = ahead.cost_of(state, &best.worth) else { return false };
        let cost = state.value.cost + lots;
        cost < best.cost || (self.first && cost == best.cost)
    }
}

/// What rounding can add to a pool.
fn rounding_slack(rule: &Rule) -> i128 {
    use crate::domain::credits::RoundingMode::{Down, HalfEven, HalfUp, Up};
    let step = i128::from(rule.step.0) * FINE;
    match (&rule.worth, rule.rounding) {
        (Worth::Ratio(_), Up) => step,
        (Worth::Ratio(_), HalfUp | HalfEven) => divide_up(step, 2),
        (_, Down) | (_, Up | HalfUp | HalfEven) => 0,
    }
}

fn divide_up(value: i128, by: i128) -> i128 {
    (value + by - 1) / by
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
