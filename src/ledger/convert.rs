//! Conversion: which original lots a rule book places at a target, and what they are worth there.
//!
//! The plan is a pure function of its inputs, which a decision records; explaining a decision plans it
//! again and must arrive at the same bytes.

use crate::domain::credits::{self, Credits};
use crate::domain::date::{Period, Within};
use crate::domain::entry::EntryId;
use crate::domain::outcome::Kind;
use crate::domain::rule::{From, Rule, To, Worth};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a rule looks at in a lot, as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The lot.
    pub lot: EntryId,
    /// Code of its credit system.
    pub system: String,
    /// Original credit free to be placed.
    pub held: Credits,
    /// Code of the awarding institution.
    pub institution: String,
    /// The outcome's code.
    pub outcome: String,
    /// The setting of the learning.
    pub kind: Kind,
    /// Framework and level.
    pub level: Option<(String, String)>,
    /// Grading scale (empty where none is named) and grade as written.
    pub grade: Option<(String, String)>,
    /// When it was achieved.
    pub period: Period,
}

/// Orders of grades and levels that minimum conditions need.
pub trait Orders {
    /// Place of a grade on its scale, the worst first.
    fn grade(&self, scale: &str, grade: &str) -> Option<usize>;
    /// Place of a level in its framework, the lowest first.
    fn level(&self, framework: &str, level: &str) -> Option<usize>;
}

/// Where lots are to be placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// A credit system, by code.
    System(String),
    /// The outcomes of an institution, by code.
    Institution(String),
}

impl Target {
    /// The code.
    pub fn code(&self) -> &str {
        match self {
            Target::System(code) | Target::Institution(code) => code,
        }
    }
}

/// One lot in an act of conversion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The lot.
    pub lot: EntryId,
    /// What is taken of it, in its own system.
    pub amount: Credits,
    /// What it is worth at the target.
    pub worth: Credits,
}

/// One act of conversion: lots placed together under one rule, rounded once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Position of the rule among those given.
    pub rule: usize,
    /// The lots, in order of entry.
    pub lots: Vec<Taken>,
    /// The arithmetic, step by step.
    pub arithmetic: String,
    /// What rounding took, in thousandths of a credit, as an exact fraction.
    pub lost: String,
}

impl Act {
    /// Whether anything results where a ratio says what does; all of it may be lost by rounding.
    fn is_worth_something(&self, rule: &Rule) -> bool {
        matches!(rule.worth, Worth::Credits(_) | Worth::Range { .. })
            || self.lots.iter().any(|taken| taken.worth > Credits::ZERO)
    }
}

/// A lot that stays where it is, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// The lot.
    pub lot: EntryId,
    /// Rule considered, by position; none where no rule speaks of the lot.
    #[serde(skip)]
    pub rule: Option<usize>,
    /// The reason.
    pub why: String,
}

/// What a conversion would do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// Acts to post, by rule and lot.
    pub acts: Vec<Act>,
    /// Lots that no rule takes.
    pub refused: Vec<Left>,
    /// Lots for which a boundary falls inside a date that is not known to the day.
    pub undecided: Vec<Left>,
}

/// A rule's answer about one lot.
enum Answer {
    Takes,
    Refuses(String),
    Undecided(String),
}

/// Plans the conversion of lots under rules, on a day. Rules are tried in order; the first that takes
/// a lot has it.
pub fn plan(sources: &[Source], rules: &[Rule], target: &Target, day: Date, orders: &impl Orders) -> Plan {
    let mut plan = Plan::default();
    let mut taken: BTreeMap<(usize, Option<EntryId>), Vec<&Source>> = BTreeMap::new();
    for source in sources.iter().filter(|source| source.held > Credits::ZERO) {
        // What is at the target already has nowhere to go, unless a rule of the target's own says so.
        let there = match target {
            Target::System(code) => *code == source.system,
            Target::Institution(code) => *code == source.institution,
        };
        if there && !rules.iter().any(|rule| speaks_of(rule, source, target)) {
            continue;
        }
        match choose(source, rules, target, day, orders) {
            Ok(rule) => {
                // Credit of a system is converted in one act; an outcome stands for itself.
                let alone = matches!(rules[rule].from, From::Outcomes { .. }).then_some(source.lot);
                taken.entry((rule, alone)).or_default().push(source);
            }
            Err((left, true)) => plan.undecided.push(left),
            Err((left, false)) => plan.refused.push(left),
        }
    }
    for ((rule, _), sources) in taken {
        let refusal = match act(rule, &rules[rule], &sources) {
            Some(act) if act.is_worth_something(&rules[rule]) => {
                plan.acts.push(act);
                continue;
            }
            Some(act) => format!("{} comes to nothing", act.arithmetic),
            None => "the amount is beyond what the ledger counts".to_owned(),
        };
        plan.refused.extend(sources.iter().map(|source| Left {
            lot: source.lot,
            rule: Some(rule),
            why: format!("rule {}: {refusal}", rules[rule].id),
        }));
    }
    plan
}

/// The first rule that takes a lot, or why none does (true: undecided).
fn choose(
    source: &Source,
    rules: &[Rule],
    target: &Target,
    day: Date,
    orders: &impl Orders,
) -> Result<usize, (Left, bool)> {
    let mut refusals = Vec::new();
    let mut undecided = None;
    let mut considered = None;
    for (at, rule) in rules.iter().enumerate().filter(|(_, rule)| speaks_of(rule, source, target)) {
        considered.get_or_insert(at);
        match judge(rule, source, day, orders) {
            Answer::Takes if undecided.is_none() => return Ok(at),
            Answer::Takes => {}
            Answer::Refuses(why) => refusals.push(format!("rule {}: {why}", rule.id)),
            Answer::Undecided(why) => {
                undecided.get_or_insert((at, format!("rule {}: {why}", rule.id)));
            }
        }
    }
    if let Some((at, why)) = undecided {
        return Err((Left { lot: source.lot, rule: Some(at), why }, true));
    }
    let why = match refusals.is_empty() {
        true => format!("no rule converts it to {}", target.code()),
        false => refusals.join("; "),
    };
    Err((Left { lot: source.lot, rule: considered, why }, false))
}

fn speaks_of(rule: &Rule, source: &Source, target: &Target) -> bool {
    let from = match &rule.from {
        From::System { system } => *system == source.system,
        From::Outcomes { institution, required } => {
            *institution == source.institution && required.single() == Some(source.outcome.as_str())
        }
    };
    let to = match (&rule.to, target) {
        (To::System { system }, Target::System(code)) => system == code,
        (to, Target::Institution(code)) => to.institution() == Some(code),
        _ => false,
    };
    from && to
}

fn judge(rule: &Rule, source: &Source, day: Date, orders: &impl Orders) -> Answer {
    if let Some(from) = rule.valid_from.filter(|from| day < *from) {
        return Answer::Refuses(format!("valid only from {from}"));
    }
    if let Some(to) = rule.valid_to.filter(|to| day > *to) {
        return Answer::Refuses(format!("valid only until {to}"));
    }
    if !rule.kinds.is_empty() && !rule.kinds.contains(&source.kind) {
        return Answer::Refuses(format!("{} learning is not accepted", source.kind.name()));
    }
    let refusals = [
        grade_refusal(rule, source, orders),
        score_refusal(rule, source),
        level_refusal(rule, source, orders),
    ];
    if let Some(why) = refusals.into_iter().flatten().next() {
        return Answer::Refuses(why);
    }
    match source.period.within(rule.taken_from, rule.taken_to) {
        Within::Yes => Answer::Takes,
        Within::No => Answer::Refuses(format!("achieved {}, outside {}", source.period, bounds(rule))),
        Within::Undecided => Answer::Undecided(format!(
            "achieved {}, which straddles {}: needs the day",
            source.period,
            bounds(rule)
        )),
    }
}

fn bounds(rule: &Rule) -> String {
    let text = |date: Option<Date>| date.map_or("…".to_owned(), |date| date.to_string());
    format!("{} to {}", text(rule.taken_from), text(rule.taken_to))
}

fn grade_refusal(rule: &Rule, source: &Source, orders: &impl Orders) -> Option<String> {
    let wanted = rule.min_grade.as_deref()?;
    let Some((own_scale, grade)) = &source.grade else {
        return Some(format!("needs grade {wanted}; none is recorded"));
    };
    let scale = rule.scale.as_deref().unwrap_or(own_scale);
    if !own_scale.is_empty() && own_scale != scale {
        return Some(format!("needs grade {wanted} on scale {scale}; the grade is on scale {own_scale}"));
    }
    match (orders.grade(scale, grade), orders.grade(scale, wanted)) {
        (Some(has), Some(needs)) if has >= needs => None,
        (Some(_), Some(_)) => Some(format!("needs grade {wanted}; the grade is {grade}")),
        _ => Some(format!("needs grade {wanted}; grade {grade} is not on scale {scale}")),
    }
}

fn score_refusal(rule: &Rule, source: &Source) -> Option<String> {
    let wanted = rule.min_score?;
    let Some((_, grade)) = &source.grade else {
        return Some(format!("needs a score of {wanted}; none is recorded"));
    };
    match Credits::parse(grade, credits::DecimalMark::Point) {
        Ok(score) if score >= wanted => None,
        Ok(score) => Some(format!("needs a score of {wanted}; the score is {score}")),
        Err(_) => Some(format!("needs a score of {wanted}; grade {grade} is not a number")),
    }
}

fn level_refusal(rule: &Rule, source: &Source, orders: &impl Orders) -> Option<String> {
    let wanted = rule.min_level.as_deref()?;
    let framework = rule.framework.as_deref().unwrap_or_default();
    let Some((own, level)) = &source.level else {
        return Some(format!("needs level {framework} {wanted}; none is recorded"));
    };
    if own != framework {
        return Some(format!("needs level {framework} {wanted}; the level is {own} {level}"));
    }
    match (orders.level(own, level), orders.level(framework, wanted)) {
        (Some(has), Some(needs)) if has >= needs => None,
        _ => Some(format!("needs level {framework} {wanted}; the level is {level}")),
    }
}

/// The arithmetic of one act: multiply exactly, round the sum once, apportion by largest remainder.
fn act(at: usize, rule: &Rule, sources: &[&Source]) -> Option<Act> {
    let sum: Credits = Credits(sources.iter().try_fold(0i64, |sum, source| sum.checked_add(source.held.0))?);
    let (worths, arithmetic, lost) = match &rule.worth {
        Worth::Denied { .. } => return None,
        Worth::Original => {
            let worths = sources.iter().map(|source| source.held).collect();
            (worths, format!("{sum} {} as they are", rule.system), "0".to_owned())
        }
        Worth::Credits(fixed) | Worth::Range { chosen: fixed, .. } => {
            let fixed = *fixed;
            let arithmetic = format!("the outcome as a whole counts {fixed} {}", rule.system);
            (vec![fixed; sources.len()], arithmetic, "0".to_owned())
        }
        Worth::Ratio(ratio) => {
            let rounded = credits::convert(sum, *ratio, rule.rounding, rule.step)?;
            let weights: Vec<i64> = sources.iter().map(|source| source.held.0).collect();
            let arithmetic = format!(
                "{sum} {} × {ratio} = {} {}, rounded {} to a multiple of {}",
                sources[0].system,
                rounded.amount,
                rule.system,
                rule.rounding.name(),
                rule.step
            );
            let lost = match rounded.lost_num {
                0 => "0".to_owned(),
                lost => format!("{lost}/{}", rounded.lost_den),
            };
            (credits::apportion(rounded.amount, &weights), arithmetic, lost)
        }
    };
    let lots = sources
        .iter()
        .zip(worths)
        .map(|(source, worth)| Taken { lot: source.lot, amount: source.held, worth })
        .collect();
    Some(Act { rule: at, lots, arithmetic, lost })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::credits::{Ratio, RoundingMode};
    use crate::domain::requirement::{Received, Requirement};
    use jiff::civil::date;

    struct Letters;
    impl Orders for Letters {
        fn grade(&self, _: &str, grade: &str) -> Option<usize> {
            ["F", "D", "C", "B", "A"].iter().position(|known| *known == grade)
        }
        fn level(&self, _: &str, level: &str) -> Option<usize> {
            level.parse().ok()
        }
    }

    fn source(lot: u64, held: i64) -> Source {
        Source {
            lot: EntryId::new(0, lot),
            system: "US-QTR".into(),
            held: Credits(held),
            institution: "NVC".into(),
            outcome: "MATH1".into(),
            kind: Kind::Formal,
            level: Some(("EQF".into(), "5".into())),
            grade: Some((String::new(), "B".into())),
            period: Period::day(date(2024, 8, 31)),
        }
    }

    fn system_rule(ratio: &str) -> Rule {
        let side = |code: &str| code.to_owned();
        let (from, to) = (From::System { system: side("US-QTR") }, To::System { system: side("US-SEM") });
        Rule::new("q2s", from, to, "US-SEM", Worth::Ratio(Ratio::parse(ratio).unwrap()))
    }

    fn to_semester(sources: &[Source], rule: Rule) -> Plan {
        plan(sources, &[rule], &Target::System("US-SEM".into()), date(2025, 1, 1), &Letters)
    }

    fn worths(plan: &Plan) -> Vec<i64> {
        plan.acts.iter().flat_map(|act| &act.lots).map(|taken| taken.worth.0).collect()
    }

    #[test]
    fn the_sum_of_an_act_is_rounded_once_and_apportioned() {
        let three = [source(1, 1_000), source(2, 1_000), source(3, 1_000)];
        let plan = to_semester(&three, system_rule("2/3"));
        assert_eq!(worths(&plan), [667, 667, 666], "2.000 in all, not 2.001");
        assert_eq!(plan.acts[0].lost, "0");
        let half_up = Rule { rounding: RoundingMode::HalfUp, ..system_rule("2/3") };
        assert_eq!(worths(&to_semester(&[source(1, 4_000)], half_up)), [2_667]);
        let whole = Rule { step: Credits(1_000), ..system_rule("2/3") };
        let plan = to_semester(&[source(1, 1_000)], whole);
        assert!(plan.acts.is_empty(), "0.667 of a whole credit is none: the original stays");
        assert!(plan.refused[0].why.contains("comes to nothing"), "{:?}", plan.refused);
    }

    #[test]
    fn conditions_hold_at_their_boundary_and_fail_below_it() {
        let base = || system_rule("2/3");
        let level =
            |text: &str| Rule { framework: Some("EQF".into()), min_level: Some(text.into()), ..base() };
        let score = |text: &str| Rule {
            min_score: Some(Credits::parse(text, credits::DecimalMark::Point).unwrap()),
            ..base()
        };
        let graded = |grade: &str| Source { grade: Some((String::new(), grade.into())), ..source(1, 1_000) };
        let taken_to = |day| Rule { taken_to: Some(day), ..base() };
        let month = Period { last: date(2024, 8, 31), first: date(2024, 8, 1), ..source(1, 1).period };
        let in_august = Source { period: month, ..source(1, 1_000) };
        // (lot, rule, taken, refused, undecided)
        let cases = [
            (graded("B"), Rule { min_grade: Some("B".into()), ..base() }, (1, 0, 0)),
            (graded("C"), Rule { min_grade: Some("B".into()), ..base() }, (0, 1, 0)),
            (graded("50"), score("50"), (1, 0, 0)),
            (graded("49"), score("50"), (0, 1, 0)),
            (graded("A"), score("50"), (0, 1, 0)),
            (source(1, 1_000), level("5"), (1, 0, 0)),
            (source(1, 1_000), level("6"), (0, 1, 0)),
            (source(1, 1_000), taken_to(date(2024, 8, 31)), (1, 0, 0)),
            (source(1, 1_000), taken_to(date(2024, 8, 30)), (0, 1, 0)),
            (in_august, taken_to(date(2024, 8, 30)), (0, 0, 1)),
            (source(1, 1_000), Rule { valid_from: Some(date(2025, 1, 1)), ..base() }, (1, 0, 0)),
            (source(1, 1_000), Rule { valid_from: Some(date(2025, 1, 2)), ..base() }, (0, 1, 0)),
            (source(1, 1_000), Rule { valid_to: Some(date(2024, 12, 31)), ..base() }, (0, 1, 0)),
            (source(1, 1_000), Rule { kinds: vec![Kind::Informal], ..base() }, (0, 1, 0)),
            (source(1, 0), base(), (0, 0, 0)),
        ];
        for (lot, rule, expected) in cases {
            let shown = format!("{:?} {rule:?}", lot.grade);
            let plan = to_semester(&[lot], rule);
            assert_eq!((plan.acts.len(), plan.refused.len(), plan.undecided.len()), expected, "{shown}");
        }
    }

    #[test]
    fn an_outcome_stands_for_itself_and_the_first_rule_that_takes_it_has_it() {
        let outcome_rule = |id: &str, grade: &str, fixed| Rule {
            id: id.into(),
            from: From::Outcomes { institution: "NVC".into(), required: Requirement::one("MATH1") },
            to: To::Outcomes { institution: "STATE".into(), received: Received::one("M101") },
            worth: Worth::Credits(Credits(fixed)),
            min_grade: Some(grade.into()),
            ..system_rule("1/1")
        };
        let rules = [outcome_rule("best", "A", 4_000), outcome_rule("good", "C", 3_000)];
        let target = Target::Institution("STATE".into());
        let plan = plan(&[source(1, 5_000), source(2, 5_000)], &rules, &target, date(2025, 1, 1), &Letters);
        assert_eq!(worths(&plan), [3_000, 3_000]);
        assert_eq!(plan.acts.len(), 2);
        assert!(plan.acts.iter().all(|act| rules[act.rule].id == "good"));
    }
}
