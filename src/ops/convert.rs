//! `convert`: places original lots at a target under the rule books in force.

use crate::domain::account::Account;
use crate::domain::credits::Credits;
use crate::domain::date::Period;
use crate::domain::entry::{Achievement, EntryId, EntryKind, Place};
use crate::domain::fault::{Fault, Result};
use crate::domain::outcome::Kind;
use crate::domain::registry::{Book, PeriodRow, RuleRow, SystemRow};
use crate::domain::rule::Rule;
use crate::ledger::convert::{Act, Orders, Plan, Source, Taken, Target, plan};
use crate::ledger::lots::{Cut, Lot};
use crate::ops::batch::{Actor, BatchPayload, InForce};
use crate::ops::names::{Names, period_row};
use crate::ops::post::{NewMovement, Poster};
use crate::ops::{learners, rules};
use crate::report::holds::why;
use crate::store::{self, DecisionRow, Head, Read, Store};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Lots left where they are that an outcome lists; the rest are counted.
const LISTED: usize = 1_000;

/// What to convert.
#[derive(Debug, Clone)]
pub struct Request {
    /// Accounts; all where nothing is said.
    pub learners: Option<Vec<i64>>,
    /// Where to.
    pub target: Target,
    /// Effective date.
    pub date: Date,
    /// Why, where the books are closed or an officer says so.
    pub reason: Option<String>,
    /// Show what would be posted and leave everything as it was.
    pub dry_run: bool,
    /// The log.
    pub log: i64,
}

/// A lot that was left where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftLot {
    /// The account.
    pub account: Account,
    /// The lot.
    pub lot: EntryId,
    /// Why.
    pub why: String,
    /// True where a date must be known to the day first.
    pub undecided: bool,
}

/// What a conversion did, or would do.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Number of the batch; none where nothing was posted.
    pub batch: Option<i64>,
    /// Learners looked at.
    pub learners: u64,
    /// Decisions taken.
    pub decisions: u64,
    /// Lots placed.
    pub lots: u64,
    /// What was placed, by original system.
    pub taken: BTreeMap<String, Credits>,
    /// What it is worth, by the target's system.
    pub given: BTreeMap<String, Credits>,
    /// Lots left, the first thousand.
    pub left: Vec<LeftLot>,
    /// How many were left in all.
    pub left_in_all: u64,
    /// The log after the batch.
    pub head: Option<Head>,
}

/// What a decision to convert records: all that it was decided from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// `convert`, or `undecided` where a date must be known to the day first.
    pub verb: String,
    /// The learner.
    pub learner: Account,
    /// Code of the target.
    pub target: String,
    /// The target, by sort.
    pub to: Target,
    /// Effective date.
    pub date: Date,
    /// Registry id of the rule.
    pub rule: i64,
    /// The rule's own id, with its book and version.
    pub rule_name: String,
    /// The lots, what is taken of each and what it is worth.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lots: Vec<Taken>,
    /// Code of the credit system of the worth.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub system: String,
    /// The arithmetic.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub arithmetic: String,
    /// What rounding took, in thousandths of a credit.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub lost: String,
    /// Lots that wait for a day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undecided: Vec<Undecided>,
}

/// A lot that waits for a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undecided {
    /// The lot.
    pub lot: EntryId,
    /// The rule's name.
    pub rule: String,
    /// Why.
    pub why: String,
}

/// A rule as it is in force: its registry row, what it says, its book.
pub struct InBook {
    /// Registry id.
    pub id: i64,
    /// `book/code, version n`.
    pub name: String,
}

/// Converts.
///
/// # Errors
/// `K101` for an unknown target, `K102` where no rule speaks of it, `I301` for a closed period without
/// a reason; whatever the store refuses with.
pub fn convert(store: &mut dyn Store, actor: &Actor, request: &Request) -> Result<Outcome> {
    store::again(|| convert_once(store, actor, request))
}

fn convert_once(store: &mut dyn Store, actor: &Actor, request: &Request) -> Result<Outcome> {
    let (rules, books, in_force) = rules_for(store, &request.target)?;
    let orders = rules::orders(store)?;
    let closed = super::import::closed_through(store)?;
    let mut payload = BatchPayload::new(actor)?;
    payload.why = request.reason.clone().unwrap_or_default();
    payload.books = in_force;
    if let Some(closed) = closed.filter(|closed| request.date <= *closed) {
        if !super::undo::is_reason(request.reason.as_deref()) {
            return Err(Fault::new(
                "I301",
                format!("{} lies in the books that are closed through {closed}", request.date),
            )
            .remedy("give the reason with --reason, or another --date"));
        }
        payload.closed_period = Some(closed.to_string());
    }
    let head = store::head(store, request.log)?;
    let mut waiting = waiting(store)?;
    let mut outcome = Outcome::default();
    store.append(request.log, Some(&head), &mut |tx| {
        let mut poster = Poster::open(tx, request.log, &payload)?;
        let period = day(&mut poster, request.date)?;
        let mut run = Run {
            poster,
            request,
            rules: &rules,
            books: &books,
            orders: &orders,
            period,
            outcome: Outcome::default(),
            waiting: &mut waiting,
        };
        run.all()?;
        outcome = std::mem::take(&mut run.outcome);
        if outcome.decisions == 0 {
            return Ok(false);
        }
        let sealed = run.poster.seal()?;
        (outcome.batch, outcome.head) = (Some(sealed.batch.no), Some(sealed.head));
        Ok(!request.dry_run)
    })?;
    Ok(outcome)
}

type RulesInForce = (Vec<Rule>, Vec<InBook>, Vec<InForce>);

fn rules_for(read: &dyn Read, target: &Target) -> Result<RulesInForce> {
    check_target(read, target)?;
    let current: Vec<(RuleRow, Rule, Book)> = rules::current_rules(read, target)?;
    if current.is_empty() {
        return Err(Fault::new("K102", format!("no rule converts anything to {}", target.code()))
            .remedy("load a rule book with `creditbank rule load FILE`"));
    }
    let mut in_force: Vec<InForce> = Vec::new();
    for (_, _, book) in &current {
        if !in_force.iter().any(|known| known.name == book.name) {
            let Book { name, version, sha256, .. } = book.clone();
            in_force.push(InForce { name, version, sha256 });
        }
    }
    let books = current
        .iter()
        .map(|(row, rule, book)| InBook { id: row.id, name: rule_name(&rule.id, book) })
        .collect();
    Ok((current.into_iter().map(|(_, rule, _)| rule).collect(), books, in_force))
}

/// How a decision names a rule.
pub fn rule_name(code: &str, book: &Book) -> String {
    format!("{}/{code}, version {}", book.name, book.version)
}

fn check_target(read: &(impl Read + ?Sized), target: &Target) -> Result<()> {
    let known = match target {
        Target::System(code) => !store::find::<SystemRow>(read, "code", code.as_str())?.is_empty(),
        Target::Institution(code) => {
            !store::find::<crate::domain::registry::Institution>(read, "code", code.as_str())?.is_empty()
        }
    };
    if known {
        return Ok(());
    }
    Err(Fault::new("K101", format!("`{}` is neither a credit system nor an institution", target.code()))
        .remedy("`creditbank system list` and `creditbank institution list` show the codes"))
}

/// A target by its code: a credit system, or else an institution.
///
/// # Errors
/// `K101` where it is neither.
pub fn target(read: &(impl Read + ?Sized), code: &str) -> Result<Target> {
    let system = Target::System(code.to_owned());
    if check_target(read, &system).is_ok() {
        return Ok(system);
    }
    let institution = Target::Institution(code.to_owned());
    check_target(read, &institution).map(|()| institution)
}

/// Lots and rules that wait for a day already, so that asking again records nothing new.
fn waiting(read: &(impl Read + ?Sized)) -> Result<BTreeSet<(EntryId, i64)>> {
    let mut undecided: Vec<(EntryId, i64)> = Vec::new();
    read.decisions(&mut |decision| {
        if let (Some(rule), "undecided") = (decision.rule, decision.verb.as_str()) {
            undecided.push((decision.entry, rule));
        }
        Ok(())
    })?;
    let mut waiting = BTreeSet::new();
    for (entry, rule) in undecided {
        let Some(act) = read.act(entry)? else { continue };
        // A payload that cannot be read is for `verify` to find; the lot is then recorded once more.
        let lots = serde_json::from_str::<Decision>(&act.payload).map(|decision| decision.undecided);
        waiting.extend(lots.unwrap_or_default().into_iter().map(|left| (left.lot, rule)));
    }
    Ok(waiting)
}

/// The registry id of a day, introduced where it is new.
///
/// # Errors
/// Where the ledger cannot be read or written.
pub fn day(poster: &mut Poster, date: Date) -> Result<i64> {
    let written = date.to_string();
    let known: Vec<PeriodRow> = store::find(poster.read(), "written", written.as_str())?;
    if let Some(row) = known.iter().find(|row| row.precision == "day" && row.first == written) {
        return Ok(row.id);
    }
    let id = store::next_id::<PeriodRow>(poster.read())?;
    poster.register_one(&period_row(id, &Period::day(date)))?;
    Ok(id)
}

/// What the rules look at in a lot.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn source(
    read: &(impl Read + ?Sized),
    names: &Names,
    row: &Achievement,
    held: Credits,
) -> Result<Source> {
    let outcome = names.outcome(read, row.outcome)?;
    let version = names.version(read, row.outcome, row.version)?;
    let grade = match row.grade {
        None => None,
        Some(id) => {
            let grade = names.grade(read, id)?;
            Some((grade.scale.clone(), grade.written.clone()))
        }
    };
    Ok(Source {
        lot: row.entry,
        system: names.system(read, row.system)?.code.clone(),
        held,
        institution: names.institution(read, outcome.institution)?.code.clone(),
        outcome: outcome.code.clone(),
        kind: Kind::from_code(row.kind as i64).unwrap_or(Kind::Formal),
        level: version.framework.clone().zip(version.level.clone()),
        grade,
        period: (*names.period(read, row.period)?).clone(),
    })
}

/// One conversion in progress.
struct Run<'t, 'r, O> {
    poster: Poster<'t>,
    request: &'r Request,
    rules: &'r [Rule],
    books: &'r [InBook],
    orders: &'r O,
    /// Registry id of the effective date.
    period: i64,
    outcome: Outcome,
    /// Lots and rules of which it is recorded that they wait for a day.
    waiting: &'r mut BTreeSet<(EntryId, i64)>,
}

impl<O: Orders> Run<'_, '_, O> {
    fn all(&mut self) -> Result<()> {
        match &self.request.learners {
            Some(learners) => {
                let links = self.poster.links();
                let once: BTreeSet<i64> = learners.iter().map(|learner| links.person(*learner)).collect();
                once.into_iter().try_for_each(|learner| self.learner(learner))
            }
            None => (1..=self.poster.read().last_learner()?).try_for_each(|learner| {
                if self.poster.links().is_person(learner) { self.learner(learner) } else { Ok(()) }
            }),
        }
    }

    fn learner(&mut self, learner: i64) -> Result<()> {
        self.outcome.learners += 1;
        let names = self.poster.names();
        let read = self.poster.read();
        let accounts = self.poster.links().accounts(learner);
        let lots = learners::lots_of(read, &names, &accounts, &Cut::default())?;
        let (on_hold, own): (Vec<&Lot>, Vec<&Lot>) = lots
            .iter()
            .filter(|lot| lot.held > Credits::ZERO && lot.achievement.entry.log() == self.request.log)
            .partition(|lot| lot.on_hold.is_some());
        let sources = own
            .iter()
            .map(|lot| source(read, &names, &lot.achievement, lot.held))
            .collect::<Result<Vec<Source>>>()?;
        let Plan { acts, refused, undecided } =
            plan(&sources, self.rules, &self.request.target, self.request.date, self.orders);
        let passed_over = self.passed_over(&on_hold)?;
        for act in &acts {
            self.place(learner, act, &own, &sources)?;
        }
        for (lot, why) in passed_over {
            self.leave(LeftLot { account: Account(learner), lot, why, undecided: false }, true);
        }
        for (left, is_undecided) in
            refused.iter().map(|l| (l, false)).chain(undecided.iter().map(|l| (l, true)))
        {
            // Of everybody's lots those are listed that a rule speaks of: they need somebody's attention.
            let told = left.rule.is_some() || self.request.learners.is_some();
            let (account, lot, why) = (Account(learner), left.lot, left.why.clone());
            self.leave(LeftLot { account, lot, why, undecided: is_undecided }, told);
        }
        for left in &undecided {
            let lot = own.iter().find(|lot| lot.achievement.entry == left.lot);
            self.wait(lot.map_or(learner, |lot| lot.achievement.learner), left)?;
        }
        Ok(())
    }

    /// Lots on hold that a rule would take, and why each stays.
    fn passed_over(&self, on_hold: &[&Lot]) -> Result<Vec<(EntryId, String)>> {
        let (read, names) = (self.poster.read(), self.poster.names());
        let source = |lot: &&Lot| source(read, &names, &lot.achievement, lot.held);
        let sources = on_hold.iter().map(source).collect::<Result<Vec<Source>>>()?;
        let plan = plan(&sources, self.rules, &self.request.target, self.request.date, self.orders);
        let taken: BTreeSet<EntryId> =
            plan.acts.iter().flat_map(|act| &act.lots).map(|taken| taken.lot).collect();
        let passed = on_hold.iter().filter(|lot| taken.contains(&lot.achievement.entry));
        let passed = passed.filter_map(|lot| Some((lot.achievement.entry, lot.on_hold?)));
        passed.map(|(lot, decision)| Ok((lot, why(read, decision)?))).collect()
    }

    fn leave(&mut self, left: LeftLot, told: bool) {
        self.outcome.left_in_all += 1;
        if told && self.outcome.left.len() < LISTED {
            self.outcome.left.push(left);
        }
    }

    fn decision(&self, learner: i64, rule: usize) -> Decision {
        Decision {
            verb: "convert".to_owned(),
            learner: Account(learner),
            target: self.request.target.code().to_owned(),
            to: self.request.target.clone(),
            date: self.request.date,
            rule: self.books[rule].id,
            rule_name: self.books[rule].name.clone(),
            lots: Vec::new(),
            system: String::new(),
            arithmetic: String::new(),
            lost: String::new(),
            undecided: Vec::new(),
        }
    }

    fn open(&mut self, learner: i64, decision: &Decision) -> Result<EntryId> {
        self.outcome.decisions += 1;
        let json = serde_json::to_string(decision).map_err(|error| Fault::new("S901", error.to_string()))?;
        let row = DecisionRow {
            entry: EntryId(0),
            learner: Some(learner),
            verb: decision.verb.clone(),
            target: Some(decision.target.clone()),
            rule: Some(decision.rule),
        };
        self.poster.decision(row, json)
    }

    fn place(&mut self, learner: i64, act: &Act, lots: &[&Lot], sources: &[Source]) -> Result<()> {
        let rule = &self.rules[act.rule];
        let system = store::find::<SystemRow>(self.poster.read(), "code", rule.system.as_str())?
            .pop()
            .ok_or_else(|| {
                Fault::new(
                    "K103",
                    format!(
                        "rule {} gives credit of system {}, which is not registered",
                        rule.id, rule.system
                    ),
                )
            })?;
        let account = account_of(learner, act, lots);
        let decision = Decision {
            lots: act.lots.clone(),
            system: rule.system.clone(),
            arithmetic: act.arithmetic.clone(),
            lost: act.lost.clone(),
            ..self.decision(account, act.rule)
        };
        let entry = self.open(account, &decision)?;
        let mut movements = Vec::with_capacity(2 * act.lots.len());
        for taken in &act.lots {
            let at = lots.iter().position(|lot| lot.achievement.entry == taken.lot);
            let Some((lot, source)) = at.map(|at| (lots[at], &sources[at])) else { continue };
            let share = share_of(taken.amount, lot.achievement.amount);
            let movement = |kind, system, amount, accounts| NewMovement {
                kind,
                lot: &lot.achievement,
                share,
                system,
                amount,
                period: self.period,
                undoes: None,
                accounts,
            };
            let out = (Place::Held, Place::Placed);
            movements.push(movement(EntryKind::ConvertOut, lot.achievement.system, taken.amount, out));
            let into = (Place::Recognised, Place::Converted);
            movements.push(movement(EntryKind::ConvertIn, system.id, taken.worth, into));
            add(&mut self.outcome.taken, &source.system, taken.amount);
            add(&mut self.outcome.given, &rule.system, taken.worth);
            self.outcome.lots += 1;
        }
        self.poster.movements(entry, &movements)
    }

    /// Records once that a lot waits for a day.
    fn wait(&mut self, learner: i64, left: &crate::ledger::convert::Left) -> Result<()> {
        let Some(rule) = left.rule else { return Ok(()) };
        if !self.waiting.insert((left.lot, self.books[rule].id)) {
            return Ok(());
        }
        let name = self.books[rule].name.clone();
        let undecided = vec![Undecided { lot: left.lot, rule: name, why: left.why.clone() }];
        let decision = Decision { verb: "undecided".to_owned(), undecided, ..self.decision(learner, rule) };
        self.open(learner, &decision).map(drop)
    }
}

/// The account whose lots an act takes: the person's where it takes lots of several.
fn account_of(person: i64, act: &Act, lots: &[&Lot]) -> i64 {
    let taken = |lot: &&&Lot| act.lots.iter().any(|taken| taken.lot == lot.achievement.entry);
    let accounts: BTreeSet<i64> = lots.iter().filter(taken).map(|lot| lot.achievement.learner).collect();
    match accounts.first() {
        Some(account) if accounts.len() == 1 => *account,
        _ => person,
    }
}

fn add(sums: &mut BTreeMap<String, Credits>, system: &str, amount: Credits) {
    sums.entry(system.to_owned()).or_default().0 += amount.0;
}

/// The exact share that an amount is of a lot.
fn share_of(amount: Credits, of: Credits) -> (i64, i64) {
    match crate::domain::credits::Ratio::new(amount.0, of.0) {
        Some(ratio) => (ratio.num(), ratio.den()),
        None => (1, 1),
    }
}
