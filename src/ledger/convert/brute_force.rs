//! The planner against a judge that tries everything: small random rules and lots, every way to apply the ones
//! to the others, compared by what the manual says is best. The judge shares no code with the planner but the
//! arithmetic of credits.

use super::tests::{DAY, Letters, lot, outcomes, set_of};
use super::*;
use crate::domain::credits::{self, Ratio, RoundingMode};
use crate::domain::requirement::Alternative;
use crate::domain::rule::{Cap, From, Rule, To, Worth};
use jiff::civil::date;
use proptest::prelude::*;
use std::cmp::Ordering;
use std::collections::BTreeMap;

const CODES: [&str; 3] = ["A", "B", "C"];

// ------------------------------------------------------------------ random cases

struct Dice(u64);

impl Dice {
    /// A number below `sides` (splitmix64).
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len())].clone()
    }

    fn one_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }
}

struct Case {
    lots: Vec<Source>,
    rules: Vec<Rule>,
    caps: Vec<Cap>,
    used: Used,
}

impl Case {
    /// For whoever looks into a failure.
    fn shown(&self) -> String {
        let mut text = String::new();
        for Source { lot, outcome, held, system, kind, period, .. } in &self.lots {
            text +=
                &format!("lot {lot}: {outcome}, {held} {system}, {}, from {}\n", kind.name(), period.first);
        }
        for rule in &self.rules {
            text += &format!("{}\n", serde_json::to_string(rule).unwrap());
        }
        text + &format!("{:?}\n{:?}\n", self.caps, self.used)
    }
}

fn case(seed: u64) -> Case {
    let dice = &mut Dice(seed);
    let lots = (1..=1 + dice.roll(4) as u64).map(|number| a_lot(dice, number)).collect();
    let rules: Vec<Rule> = (0..1 + dice.roll(4)).map(|number| a_rule(dice, number)).collect();
    let caps: Vec<Cap> = (0..dice.roll(3)).map(|number| a_cap(dice, number)).collect();
    let mut used = Used::new();
    for name in ["b/cap0", "b/cap1", "b/rule r0"] {
        if dice.one_in(4) {
            used.insert(name.to_owned(), Credits(dice.pick(&[500, 1_000, 2_000])));
        }
    }
    Case { lots, rules, caps, used }
}

fn a_lot(dice: &mut Dice, number: u64) -> Source {
    let plain = lot(number, dice.pick(&CODES), dice.pick(&["1", "1.5", "2", "0.001", "3"]));
    let vague = Period { first: date(2020, 8, 1), last: date(2020, 8, 31), ..plain.period.clone() };
    Source {
        kind: dice.pick(&[Kind::Formal, Kind::Formal, Kind::Informal]),
        system: dice.pick(&["US-QTR", "US-QTR", "ECTS"]).to_owned(),
        period: if dice.one_in(6) { vague } else { plain.period.clone() },
        ..plain
    }
}

fn a_rule(dice: &mut Dice, number: usize) -> Rule {
    let required = [
        "A",
        "B",
        "*",
        "A | B",
        "A & B",
        "A & B | C",
        "2 of (A, B, C)",
        "2 of (*)",
        "A & *",
        "2 of (A, B) | A",
    ];
    let received = ["S1", "S2", "S1 & S2"];
    let worth = dice.pick(&["1", "2", "2.5", "3"]);
    let id = format!("r{number}");
    let mut rule = outcomes(&id, dice.pick(&required), dice.pick(&received), worth);
    let ratio = Worth::Ratio(Ratio::parse(dice.pick(&["2/3", "1/2", "1", "3/2", "2/5"])).unwrap());
    if dice.one_in(4) {
        rule.from = From::System { system: dice.pick(&["US-QTR", "US-QTR", "ECTS"]).to_owned() };
        rule.to = To::Category { institution: "STATE".into(), category: "elective".into() };
        rule.worth = ratio;
    } else if dice.one_in(3) {
        rule.worth = ratio;
    } else if dice.one_in(8) {
        rule.worth = Worth::Denied { reason: "no".into() };
    }
    rule.rounding =
        dice.pick(&[RoundingMode::Down, RoundingMode::Down, RoundingMode::HalfUp, RoundingMode::Up]);
    rule.step = dice.pick(&[Credits(1), Credits(1), Credits(500), Credits(1_000)]);
    rule.priority = dice.pick(&[0, 0, 0, 1, 2]);
    rule.system = dice.pick(&["US-SEM", "US-SEM", "US-SEM", "CN"]).to_owned();
    rule.most = dice.one_in(4).then(|| dice.pick(&[Credits(1_000), Credits(3_000), Credits(4_000)]));
    rule.caps = ["cap0", "cap1"].iter().filter(|_| dice.one_in(3)).map(|cap| (*cap).to_owned()).collect();
    if dice.one_in(6) {
        rule.kinds = vec![dice.pick(&[Kind::Formal, Kind::Informal])];
    }
    rule.taken_to = dice.one_in(6).then(|| dice.pick(&[date(2020, 8, 15), date(2020, 7, 1)]));
    rule
}

fn a_cap(dice: &mut Dice, number: usize) -> Cap {
    Cap {
        name: format!("cap{number}"),
        credits: dice.pick(&[Credits(1_000), Credits(2_500), Credits(4_000), Credits(6_000)]),
        system: "US-SEM".into(),
        kinds: if dice.one_in(3) { vec![dice.pick(&[Kind::Formal, Kind::Informal])] } else { Vec::new() },
        target: dice.one_in(3).then(|| "STATE".to_owned()),
        reference: String::new(),
    }
}

// ------------------------------------------------------------------ the judge

/// An application: priority, rule and lots, by which it is ordered.
type Applied = (u16, usize, Vec<usize>);

/// A rule, the lots that it takes, and what each is worth.
type Placed = (usize, Vec<usize>, Vec<i64>);

/// Worth by priority and system, lots placed, and the applications that give it.
type Best = (BTreeMap<(u16, String), i64>, usize, Vec<Applied>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Says {
    Yes,
    No,
    NeedsTheDay,
}

struct Judge<'c> {
    case: &'c Case,
    best: Option<Best>,
    acts: Vec<Placed>,
}

impl Judge<'_> {
    fn says(&self, rule: &Rule, lot: usize) -> Says {
        let source = &self.case.lots[lot];
        if !rule.kinds.is_empty() && !rule.kinds.contains(&source.kind) {
            return Says::No;
        }
        match rule.taken_to {
            Some(to) if source.period.first > to => Says::No,
            Some(to) if source.period.last > to => Says::NeedsTheDay,
            _ => Says::Yes,
        }
    }

    /// Whether lots, in any order, fill the places of an alternative exactly.
    fn fills(&self, alternative: &Alternative, lots: &[usize]) -> bool {
        let Alternative(terms) = alternative;
        let mut places = Vec::new();
        for (at, term) in terms.iter().enumerate() {
            places.extend(std::iter::repeat_n(at, usize::from(term.count)));
        }
        places.len() == lots.len() && self.seats(alternative, &places, lots)
    }

    fn seats(&self, alternative: &Alternative, places: &[usize], lots: &[usize]) -> bool {
        let Some((place, rest)) = places.split_last() else { return true };
        lots.iter().enumerate().any(|(at, lot)| {
            let others: Vec<usize> = [&lots[..at], &lots[at + 1..]].concat();
            let outcome = &self.case.lots[*lot].outcome;
            alternative.0[*place].of.iter().any(|choice| choice.code.fits(outcome))
                && self.seats(alternative, rest, &others)
        })
    }

    fn meets(&self, rule: &Rule, lots: &[usize]) -> bool {
        match &rule.from {
            From::System { system } => lots.len() == 1 && self.case.lots[lots[0]].system == *system,
            From::Outcomes { required, .. } => {
                required.0.iter().any(|alternative| self.fills(alternative, lots))
            }
        }
    }

    fn subsets(&self) -> impl Iterator<Item = Vec<usize>> {
        let lots = self.case.lots.len();
        (1..1usize << lots).map(move |bits| (0..lots).filter(|lot| bits >> lot & 1 == 1).collect())
    }

    /// Whether something keeps a lot from a rule.
    fn barred(&self, rule: &Rule, lot: usize) -> bool {
        self.case.rules.iter().filter(|other| other.priority <= rule.priority).any(|other| {
            let denies = matches!(other.worth, Worth::Denied { .. });
            if denies && !closes(other, rule) {
                return false;
            }
            let own = self.says(other, lot);
            if own == Says::No || (own == Says::Yes && !denies) {
                return false;
            }
            self.subsets().any(|lots| {
                let possible = |other_lot: &usize| match self.says(other, *other_lot) {
                    Says::Yes => true,
                    Says::NeedsTheDay => own == Says::NeedsTheDay,
                    Says::No => false,
                };
                lots.contains(&lot) && lots.iter().all(possible) && self.meets(other, &lots)
            })
        })
    }

    /// Every application that may be made.
    fn applications(&self) -> Vec<Applied> {
        let mut all = Vec::new();
        for (at, rule) in self.case.rules.iter().enumerate() {
            if matches!(rule.worth, Worth::Denied { .. }) {
                continue;
            }
            for lots in self.subsets() {
                let one_system =
                    lots.iter().all(|lot| self.case.lots[*lot].system == self.case.lots[lots[0]].system);
                let may =
                    lots.iter().all(|lot| self.says(rule, *lot) == Says::Yes && !self.barred(rule, *lot));
                let adds = matches!(rule.worth, Worth::Ratio(_));
                if may && (one_system || !adds) && self.meets(rule, &lots) {
                    all.push((rule.priority, at, lots));
                }
            }
        }
        all.sort();
        all
    }

    fn try_all(&mut self, applications: &[Applied], chosen: &mut Vec<Applied>, taken: u32) {
        let Some((first, rest)) = applications.split_first() else { return self.compare(chosen) };
        let bits = first.2.iter().fold(0, |bits, lot| bits | 1 << lot);
        if taken & bits == 0 {
            chosen.push(first.clone());
            self.try_all(rest, chosen, taken | bits);
            chosen.pop();
        }
        self.try_all(rest, chosen, taken);
    }

    fn compare(&mut self, chosen: &[Applied]) {
        let mut acts: Vec<(usize, Vec<usize>)> = Vec::new();
        for (_, rule, lots) in chosen {
            let pooled = matches!(self.case.rules[*rule].from, From::System { .. });
            match acts.last_mut() {
                Some((last, all)) if pooled && last == rule => all.extend(lots),
                _ => acts.push((*rule, lots.clone())),
            }
        }
        let mut left: BTreeMap<String, i64> = BTreeMap::new();
        let mut worth: BTreeMap<(u16, String), i64> = BTreeMap::new();
        let mut given = Vec::new();
        for (at, lots) in acts {
            let Some(parts) = self.parts(at, &lots, &mut left) else { return };
            let rule = &self.case.rules[at];
            *worth.entry((rule.priority, rule.system.clone())).or_default() += parts.iter().sum::<i64>();
            given.push((at, lots, parts));
        }
        let cost = given.iter().flat_map(|(_, lots, _)| lots).filter(|lot| self.costs(**lot)).count();
        let better = match &self.best {
            None => true,
            Some((best, most, others)) => {
                let order = compare_worth(&worth, best).then(most.cmp(&cost));
                order.then_with(|| earlier(chosen, others)) == Ordering::Greater
            }
        };
        if better {
            (self.best, self.acts) = (Some((worth, cost, chosen.to_vec())), given);
        }
    }

    /// Whether placing a lot is to be avoided: no rule from a system takes it in any case.
    fn costs(&self, lot: usize) -> bool {
        !self.case.rules.iter().any(|rule| {
            matches!(rule.from, From::System { .. })
                && !matches!(rule.worth, Worth::Denied { .. })
                && self.limits(rule).is_empty()
                && self.meets(rule, &[lot])
                && self.says(rule, lot) == Says::Yes
                && !self.barred(rule, lot)
        })
    }

    /// The limits of a rule: name, most, and the kinds that it counts.
    fn limits(&self, rule: &Rule) -> Vec<(String, i64, Vec<Kind>)> {
        let mut limits = Vec::new();
        limits.extend(rule.most.map(|most| (format!("b/rule {}", rule.id), most.0, Vec::new())));
        for cap in &self.case.caps {
            let all = !cap.kinds.is_empty() || cap.target.is_some();
            if rule.system == cap.system && (all || rule.caps.contains(&cap.name)) {
                limits.push((format!("b/{}", cap.name), cap.credits.0, cap.kinds.clone()));
            }
        }
        limits
    }

    /// The worth of each lot of an act, cut to what the limits leave; nothing where it comes to nothing.
    fn parts(&self, at: usize, lots: &[usize], left: &mut BTreeMap<String, i64>) -> Option<Vec<i64>> {
        let rule = &self.case.rules[at];
        let held: Vec<i64> = lots.iter().map(|lot| self.case.lots[*lot].held.0).collect();
        let amount = match &rule.worth {
            Worth::Ratio(ratio) => {
                credits::convert(Credits(held.iter().sum()), *ratio, rule.rounding, rule.step)?.amount
            }
            Worth::Credits(fixed) => *fixed,
            _ => return None,
        };
        let mut parts: Vec<i64> = credits::apportion(amount, &held).iter().map(|part| part.0).collect();
        for (name, most, kinds) in self.limits(rule) {
            let had = self.case.used.get(&name).map_or(0, |had| had.0);
            let room = *left.entry(name).or_insert((most - had).max(0));
            let counted = self.counted(lots, &kinds);
            let weights: Vec<i64> =
                counted.iter().zip(&parts).map(|(it, part)| if *it { *part } else { 0 }).collect();
            if weights.iter().sum::<i64>() > room {
                let cut = credits::apportion(Credits(room), &weights);
                (0..parts.len()).filter(|lot| counted[*lot]).for_each(|lot| parts[lot] = cut[lot].0);
            }
        }
        for (name, _, kinds) in self.limits(rule) {
            let counted = self.counted(lots, &kinds);
            let used: i64 = counted.iter().zip(&parts).filter(|(it, _)| **it).map(|(_, part)| part).sum();
            *left.get_mut(&name)? -= used;
        }
        (parts.iter().sum::<i64>() > 0).then_some(parts)
    }

    fn counted(&self, lots: &[usize], kinds: &[Kind]) -> Vec<bool> {
        lots.iter().map(|lot| kinds.is_empty() || kinds.contains(&self.case.lots[*lot].kind)).collect()
    }
}

fn closes(denial: &Rule, rule: &Rule) -> bool {
    match (&denial.to, &rule.to) {
        (To::Outcomes { received: denied, .. }, To::Outcomes { received: given, .. }) => {
            denied.0.iter().all(|item| given.0.iter().any(|other| other.outcome == item.outcome))
        }
        (To::Category { category: denied, .. }, To::Category { category, .. }) => denied == category,
        _ => false,
    }
}

/// By priority, then by system; what is missing is nothing.
fn compare_worth(one: &BTreeMap<(u16, String), i64>, other: &BTreeMap<(u16, String), i64>) -> Ordering {
    let keys: std::collections::BTreeSet<_> = one.keys().chain(other.keys()).collect();
    let of = |map: &BTreeMap<(u16, String), i64>, key| map.get(key).copied().unwrap_or_default();
    keys.into_iter()
        .map(|key| of(one, key).cmp(&of(other, key)))
        .find(|it| it.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// Which of two choices has the earliest application that the other lacks.
fn earlier(one: &[Applied], other: &[Applied]) -> Ordering {
    let differ = one.iter().zip(other).map(|(mine, theirs)| theirs.cmp(mine)).find(|order| order.is_ne());
    differ.unwrap_or_else(|| one.len().cmp(&other.len()))
}

fn judged(case: &Case) -> Vec<(usize, Vec<usize>, Vec<i64>)> {
    let mut judge = Judge { case, best: None, acts: Vec::new() };
    let applications = judge.applications();
    judge.try_all(&applications, &mut Vec::new(), 0);
    let mut acts = judge.acts;
    acts.sort();
    acts
}

fn planned(case: &Case) -> (Vec<Placed>, Plan) {
    let set = set_of(&Target::Institution("STATE".into()), &case.rules, &case.caps);
    let plan = plan(&case.lots, &set, &case.used, DAY, &Letters);
    let act = |act: &Act| {
        let lots = act.lots.iter().map(|taken| taken.lot.seq() as usize - 1).collect();
        (act.rule, lots, act.lots.iter().map(|taken| taken.worth.0).collect())
    };
    let mut acts: Vec<_> = plan.acts.iter().map(act).collect();
    acts.sort();
    (acts, plan)
}

/// What holds of every plan, whatever is best.
fn lawful(case: &Case, plan: &Plan) {
    let mut seen: Vec<EntryId> = plan.acts.iter().flat_map(|act| &act.lots).map(|taken| taken.lot).collect();
    seen.extend(plan.refused.iter().chain(&plan.undecided).map(|left| left.lot));
    seen.sort_unstable();
    let all: Vec<EntryId> = case.lots.iter().map(|source| source.lot).collect();
    assert_eq!(seen, all, "every lot is placed once or stays for a reason");
    for act in &plan.acts {
        assert!(act.worth() > Credits::ZERO);
        let parts: Option<i64> = act.received.iter().map(|part| part.credits.map(|credits| credits.0)).sum();
        assert!(parts.is_none_or(|parts| parts == act.worth().0), "{act:?}");
    }
    assert!(plan.choices.iter().all(|choice| choice.proven));
}

/// Each choice, planned again from its own lots alone, is the same.
fn replayed(case: &Case, plan: &Plan) {
    let set = set_of(&Target::Institution("STATE".into()), &case.rules, &case.caps);
    for act in &plan.acts {
        let choice = &plan.choices[act.choice];
        let lots: Vec<Source> = choice.sources.iter().map(|at| case.lots[*at].clone()).collect();
        let again = super::plan(&lots, &set, &choice.used, DAY, &Letters);
        let found = again.acts.iter().find(|other| other.lots == act.lots);
        assert_eq!(found.map(|found| Act { choice: act.choice, ..found.clone() }).as_ref(), Some(act));
    }
    for left in &plan.undecided {
        let lots: Vec<Source> = left.together.iter().map(|at| case.lots[*at].clone()).collect();
        let again = super::plan(&lots, &set, &left.used, DAY, &Letters);
        let found = again.undecided.iter().find(|other| other.lot == left.lot);
        assert_eq!(found.map(|found| found.why(&set)), Some(left.why(&set)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, max_shrink_iters: 0, ..ProptestConfig::default() })]
    #[test]
    fn no_other_choice_is_better(seed in any::<u64>()) {
        let case = case(seed);
        let (acts, plan) = planned(&case);
        prop_assert_eq!(acts, judged(&case), "{}", case.shown());
        lawful(&case, &plan);
        replayed(&case, &plan);
    }
}
