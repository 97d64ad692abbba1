//! `convert`: places original lots at a target under the rule books in force.

mod decision;
mod in_force;
mod replay;
mod sources;

pub use decision::{Applied, Compared, Decided, Decision, Passed, Undecided};
pub use in_force::{Because, Counting, Editions, Finder, Ruling, own_release, rules_then, ruling, target};
pub use replay::{Again, Replay};
pub use sources::{source, used};

use crate::domain::account::Account;
use crate::domain::credits::Credits;
use crate::domain::date::Period;
use crate::domain::entry::{EntryId, EntryKind, Place};
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::{PeriodRow, SystemRow};
use crate::ledger::convert::{Act, Left, Orders, RuleSet, Source, Target, Used, plan};
use crate::ledger::lots::{Cut, Lot};
use crate::ops::batch::{Actor, BatchPayload};
use crate::ops::names::period_row;
use crate::ops::post::{NewMovement, Poster};
use crate::ops::{learners, rules};
use crate::report::holds::why;
use crate::store::{self, DecisionRow, Head, Read, Store};
use decision::{Planned, UNDECIDED};
use jiff::civil::Date;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

/// Lots left where they are that an outcome lists; the rest are counted.
const LISTED: usize = 1_000;

/// What to convert.
#[derive(Debug, Clone)]
pub struct Request {
    /// Accounts; all where nothing is said.
    pub learners: Option<Vec<i64>>,
    /// The lots that may be placed; all where nothing is said.
    pub lots: Option<BTreeSet<EntryId>>,
    /// Where to.
    pub target: Target,
    /// Effective date.
    pub date: Date,
    /// The release of the rules to apply; the one in force on the date where nothing is said.
    pub release: Option<String>,
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
    /// The stable words for the reasons.
    pub codes: Vec<&'static str>,
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
    /// The decisions that placed lots, where the lots were named.
    pub placed: Vec<EntryId>,
    /// Decisions of which it is not proven that no other is better.
    pub unproven: u64,
    /// Decisions that placed lots, by the release of the rules that they applied.
    pub releases: BTreeMap<String, u64>,
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

/// Converts.
///
/// # Errors
/// `K101` for an unknown target, `K102` where no rule speaks of it, `I301` for a closed period without
/// a reason; whatever the store refuses with.
pub fn convert(store: &mut dyn Store, actor: &Actor, request: &Request) -> Result<Outcome> {
    store::again(|| convert_once(store, actor, request))
}

fn convert_once(store: &mut dyn Store, actor: &Actor, request: &Request) -> Result<Outcome> {
    let editions = Editions::open(store, &request.target, request.date, request.release.as_deref())?;
    let orders = rules::orders(store)?;
    let closed = super::import::closed_through(store)?;
    let mut payload = BatchPayload::new(actor)?;
    payload.why = request.reason.clone().unwrap_or_default();
    payload.books = editions.in_force();
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
        let poster = Poster::open(tx, request.log, &payload)?;
        let (poster, done) = run(poster, request, &editions, &orders, &mut waiting)?;
        outcome = done;
        if outcome.decisions == 0 {
            return Ok(false);
        }
        let sealed = poster.seal()?;
        (outcome.batch, outcome.head) = (Some(sealed.batch.no), Some(sealed.head));
        Ok(!request.dry_run)
    })?;
    Ok(outcome)
}

/// Converts as a part of another batch, of which the payload names the books in force.
///
/// # Errors
/// As [`convert`].
pub fn within<'t>(
    poster: Poster<'t>,
    request: &Request,
    editions: &Editions,
) -> Result<(Poster<'t>, Outcome)> {
    let orders = rules::orders(poster.read())?;
    let mut waiting = waiting(poster.read())?;
    run(poster, request, editions, &orders, &mut waiting)
}

fn run<'t>(
    mut poster: Poster<'t>,
    request: &Request,
    editions: &Editions,
    orders: &impl Orders,
    waiting: &mut BTreeSet<(EntryId, i64)>,
) -> Result<(Poster<'t>, Outcome)> {
    let period = day(&mut poster, request.date)?;
    let (systems, outcome) = (HashMap::new(), Outcome::default());
    let mut run = Run { poster, request, editions, orders, systems, period, outcome, waiting };
    run.all()?;
    Ok((run.poster, run.outcome))
}

/// Lots and rules that wait for a day already, so that asking again records nothing new.
fn waiting(read: &(impl Read + ?Sized)) -> Result<BTreeSet<(EntryId, i64)>> {
    let mut undecided: Vec<(EntryId, i64)> = Vec::new();
    read.decisions(&mut |decision| {
        if let (Some(rule), UNDECIDED) = (decision.rule, decision.verb.as_str()) {
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

/// What a conversion of a person's free lots would give on a day, under the rules that count for the person.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn weigh(
    read: &dyn Read,
    editions: &Editions,
    accounts: &[i64],
    (lots, sources): (&[Lot], &[Source]),
    by: (&impl Orders, Date),
) -> Result<Decided> {
    let counting = editions.counting(read, accounts)?;
    let counting = editions.settled(read, counting, lots)?;
    // Nothing is recorded, so it does not matter before which entry it was weighed.
    better_of(read, by, &counting, (lots, sources), EntryId(0))
}

/// Plans by the rules that count for a learner; by the better of two where that is the policy.
fn better_of(
    read: &dyn Read,
    (orders, date): (&impl Orders, Date),
    counting: &Counting,
    (lots, sources): (&[Lot], &[Source]),
    before: EntryId,
) -> Result<Decided> {
    let planned = |ruling: &Rc<Ruling>| -> Result<Decided> {
        let used = used(read, &ruling.set, lots)?;
        let plan = plan(sources, &ruling.set, &used, date, orders);
        Ok(Decided { ruling: Rc::clone(ruling), used, plan, applied: None })
    };
    let own = planned(&counting.ruling)?;
    let other = counting.other.as_ref().map(planned).transpose()?;
    let compared = sources.iter().map(|source| source.lot);
    Ok(decision::settle(counting, own, other, compared, before))
}

/// One conversion in progress.
struct Run<'t, 'r, O> {
    poster: Poster<'t>,
    request: &'r Request,
    editions: &'r Editions,
    orders: &'r O,
    /// Registry ids of credit systems, by code.
    systems: HashMap<String, i64>,
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
        let asked = self.request.lots.as_ref();
        let (on_hold, own): (Vec<&Lot>, Vec<&Lot>) = lots
            .iter()
            .filter(|lot| lot.held > Credits::ZERO && lot.achievement.entry.log() == self.request.log)
            .filter(|lot| asked.is_none_or(|lots| lots.contains(&lot.achievement.entry)))
            .partition(|lot| lot.on_hold.is_some());
        let sources = own
            .iter()
            .map(|lot| source(read, &names, &lot.achievement, lot.held))
            .collect::<Result<Vec<Source>>>()?;
        let counting = self.editions.counting(read, &accounts)?;
        let counting = self.editions.settled(read, counting, &lots)?;
        let before = self.poster.next_entry();
        let by = (self.orders, self.request.date);
        let decided = better_of(read, by, &counting, (&lots, &sources), before)?;
        let Decided { ruling, used, plan, applied } = &decided;
        let (set, date) = (&ruling.set, self.request.date);
        let passed_over = self.passed_over(set, &on_hold, used)?;
        let planned = Planned { plan, set, sources: &sources, before, date, applied: applied.as_ref() };
        if let Some(name) = ruling.release.as_ref().filter(|_| !plan.acts.is_empty()) {
            *self.outcome.releases.entry(name.clone()).or_default() += plan.acts.len() as u64;
        }
        for act in &plan.acts {
            self.place(learner, act, &own, &planned)?;
        }
        for (lot, why) in passed_over {
            let codes = vec!["on-hold"];
            self.leave(LeftLot { account: Account(learner), lot, why, codes, undecided: false }, true);
        }
        for left in plan.refused.iter().chain(&plan.undecided) {
            // Of everybody's lots those are listed that a rule speaks of: they need somebody's attention.
            let told = !left.reasons.is_empty() || self.request.learners.is_some();
            let (account, lot, why) = (Account(learner), left.lot, left.why(set));
            let (codes, undecided) = (left.codes(), left.waits_for.is_some());
            self.leave(LeftLot { account, lot, why, codes, undecided }, told);
        }
        for left in &plan.undecided {
            let lot = own.iter().find(|lot| lot.achievement.entry == left.lot);
            self.wait(lot.map_or(learner, |lot| lot.achievement.learner), left, &planned)?;
        }
        Ok(())
    }

    /// Lots on hold that a rule would take, and why each stays.
    fn passed_over(&self, set: &RuleSet, on_hold: &[&Lot], used: &Used) -> Result<Vec<(EntryId, String)>> {
        if on_hold.is_empty() {
            return Ok(Vec::new());
        }
        let (read, names) = (self.poster.read(), self.poster.names());
        let source = |lot: &&Lot| source(read, &names, &lot.achievement, lot.held);
        let sources = on_hold.iter().map(source).collect::<Result<Vec<Source>>>()?;
        let plan = plan(&sources, set, used, self.request.date, self.orders);
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

    fn open(&mut self, decision: &Decision) -> Result<EntryId> {
        self.outcome.decisions += 1;
        let row = DecisionRow {
            entry: EntryId(0),
            learner: Some(decision.learner.0),
            verb: decision.verb.clone(),
            target: Some(decision.target.clone()),
            rule: Some(decision.rule),
            about: None,
        };
        self.poster.decision(row, decision.payload()?)
    }

    fn place(&mut self, learner: i64, act: &Act, lots: &[&Lot], planned: &Planned) -> Result<()> {
        let rule = planned.set.rule(act.rule);
        let system = self.system(&rule.id, &rule.system)?;
        let decision = planned.decision(act, Account(account_of(learner, act, lots)));
        let entry = self.open(&decision)?;
        if self.request.lots.is_some() {
            self.outcome.placed.push(entry);
        }
        let mut movements = Vec::with_capacity(2 * act.lots.len());
        for taken in &act.lots {
            let at = lots.binary_search_by_key(&taken.lot, |lot| lot.achievement.entry);
            let Ok((lot, source)) = at.map(|at| (lots[at], &planned.sources[at])) else { continue };
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
            movements.push(movement(EntryKind::ConvertIn, system, taken.worth, into));
            add(&mut self.outcome.taken, &source.system, taken.amount);
            add(&mut self.outcome.given, &rule.system, taken.worth);
            self.outcome.lots += 1;
        }
        self.outcome.unproven += u64::from(decision.proven == Some(false));
        self.poster.movements(entry, &movements)
    }

    /// Registry id of the credit system that a rule gives.
    fn system(&mut self, rule: &str, code: &str) -> Result<i64> {
        if let Some(id) = self.systems.get(code) {
            return Ok(*id);
        }
        let found = store::find::<SystemRow>(self.poster.read(), "code", code)?.pop();
        let row = found.ok_or_else(|| {
            let what = format!("rule {rule} gives credit of system {code}, which is not registered");
            Fault::new("K103", what)
        })?;
        self.systems.insert(code.to_owned(), row.id);
        Ok(row.id)
    }

    /// Records once that a lot waits for a day.
    fn wait(&mut self, learner: i64, left: &Left, planned: &Planned) -> Result<()> {
        let Some(rule) = left.waits_for else { return Ok(()) };
        if !self.waiting.insert((left.lot, planned.set.in_book(rule).id)) {
            return Ok(());
        }
        self.open(&planned.waiting(left, Account(learner))).map(drop)
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
