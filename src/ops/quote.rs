//! `quote`: what a learner's credit would convert into, at every target asked for, and what would be lost and
//! why. Nothing is posted.

mod asked;
mod later;
mod rescue;

use crate::domain::account::Account;
use crate::domain::credits::Credits;
use crate::domain::entry::EntryId;
use crate::domain::fault::{Fault, Result};
use crate::domain::rule::{From, To, Worth};
use crate::ledger::cases::{Bands, compared, key};
pub use crate::ledger::convert::Total;
use crate::ledger::convert::{Act, InBook, Left, Orders, Part, Reason, Receiver, RuleSet, Source, Target};
use crate::ledger::lots::{Cut, Lot};
use crate::ops::convert::{Decided, Editions, Finder, own_release, source, weigh};
use crate::ops::names::Names;
use crate::ops::rules::BankOrders;
use crate::ops::rules::release::{Edition, History, Pinned, Release};
use crate::ops::{learners, rules};
use crate::report::cases::{self, Offered};
use crate::report::holds::why;
use crate::store::Read;
use asked::Asked;
use jiff::civil::Date;
use later::Later;
use rescue::rescue;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Request {
    /// The learner's account.
    pub learner: i64,
    /// Where to; everywhere that a rule leads to where nothing is said.
    pub targets: Vec<Target>,
    /// The day for which it is asked: rules hold as of then.
    pub date: Date,
    /// The release of the rules to try, or `draft`; the one in force on the day where nothing is said.
    pub release: Option<String>,
}

/// A lot as the quote names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credit {
    /// The lot.
    pub lot: EntryId,
    /// Code of the awarding institution.
    pub institution: String,
    /// Code of the outcome.
    pub outcome: String,
    /// What would be taken or lost, in its own system.
    pub amount: Credits,
    /// Code of that system.
    pub system: String,
}

/// A lot that would convert.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The lot.
    pub credit: Credit,
    /// `book/code, version n`.
    pub rule: String,
    /// What would receive it.
    pub into: String,
    /// What it would be worth.
    pub worth: Credits,
    /// Code of the system of the worth.
    pub worth_system: String,
    /// The arithmetic of its act.
    pub arithmetic: String,
    /// False where the choice is the best found, and not proven the best there is.
    pub proven: bool,
}

/// A lot that would stay, under one rule or under none.
#[derive(Debug, Clone)]
pub struct Lost {
    /// The lot.
    pub credit: Credit,
    /// The rule that does not take it.
    pub rule: Option<String>,
    /// Why.
    pub why: String,
    /// The stable word for it.
    pub code: &'static str,
    /// What would rescue it.
    pub rescue: Option<String>,
    /// True where only a day is missing.
    pub waits: bool,
}

impl Lost {
    /// Adds what else would rescue it.
    fn rescued_by(&mut self, other: Option<&String>) {
        let Some(other) = other else { return };
        self.rescue = Some(match self.rescue.take() {
            Some(first) => format!("{first}, or {other}"),
            None => other.clone(),
        });
    }
}

/// Credit that is placed already, so that no rule can take it as it is.
#[derive(Debug, Clone)]
pub struct Placed {
    /// What is placed.
    pub credit: Credit,
    /// Where.
    pub target: String,
    /// The decision that placed it.
    pub decision: EntryId,
}

/// The answer: what is placed already, and what each target makes of the rest.
#[derive(Debug, Clone)]
pub struct Quote {
    /// What is placed already, at the targets asked for or elsewhere.
    pub placed: Vec<Placed>,
    /// The targets, those that keep the most lots first.
    pub targets: Vec<Quoted>,
}

/// What one target makes of the learner's free credit.
#[derive(Debug, Clone)]
pub struct Quoted {
    /// The target.
    pub target: Target,
    /// What would convert.
    pub kept: Vec<Kept>,
    /// What would not; a lot stands once for each rule that speaks of it.
    pub lost: Vec<Lost>,
    /// Precedents of what would not convert: the lot, and the decision that equal cases are offered.
    pub precedents: Vec<(Credit, Offered)>,
    /// What the target denies for whatever was learned at the learner's institutions.
    pub denied: Vec<Denied>,
    /// The release of the rules; none where the newest versions are taken.
    pub release: Option<String>,
    /// The release that the learner's policy compares it with, and what that would give.
    pub other: Option<(Option<String>, Total)>,
}

/// A receiving outcome or category for which nothing of an institution counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// The institution whose outcomes do not count.
    pub from: String,
    /// What they do not count for.
    pub into: String,
    /// Why.
    pub why: String,
    /// `book/code, version n`.
    pub rule: String,
}

/// Credit of one original system at one target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Share {
    /// What would convert, and in how many lots.
    pub kept: (Credits, usize),
    /// What would be lost.
    pub lost: (Credits, usize),
    /// What waits for a day.
    pub waits: (Credits, usize),
    /// What it would be worth, by the target's systems.
    pub worth: BTreeMap<String, Credits>,
}

impl Quoted {
    /// What sort of target it is: `system` or `institution`.
    pub fn sort(&self) -> &'static str {
        match self.target {
            Target::System(_) => "system",
            Target::Institution(_) => "institution",
        }
    }

    /// What is kept and lost, by original system.
    pub fn shares(&self) -> BTreeMap<&str, Share> {
        let mut shares: BTreeMap<&str, Share> = BTreeMap::new();
        for kept in &self.kept {
            let share = shares.entry(&kept.credit.system).or_default();
            share.kept.0.0 += kept.credit.amount.0;
            share.kept.1 += 1;
            share.worth.entry(kept.worth_system.clone()).or_default().0 += kept.worth.0;
        }
        let mut counted = BTreeSet::new();
        for lost in self.lost.iter().filter(|lost| counted.insert(lost.credit.lot)) {
            let share = shares.entry(&lost.credit.system).or_default();
            let waits = self.lost.iter().any(|other| other.credit.lot == lost.credit.lot && other.waits);
            let part = if waits { &mut share.waits } else { &mut share.lost };
            part.0.0 += lost.credit.amount.0;
            part.1 += 1;
        }
        shares
    }
}

/// Quotes: one answer a target.
///
/// # Errors
/// `Q101` where no rule leads anywhere from what the learner has and no target is named; where the ledger cannot
/// be read.
pub fn quote(read: &dyn Read, request: &Request) -> Result<Quote> {
    let names = Names::default();
    let links = learners::links(read, &Cut::default())?;
    let accounts = links.accounts(links.person(request.learner));
    let lots = learners::lots_of(read, &names, &accounts, &Cut::default())?;
    let lots: Vec<Lot> = lots.into_iter().filter(|lot| lot.stands()).collect();
    let sources = lots
        .iter()
        .map(|lot| source(read, &names, &lot.achievement, lot.held))
        .collect::<Result<Vec<Source>>>()?;
    let placed = placed(read, &lots, &sources)?;
    let quoting = Quoting::open(read, request, accounts, lots, &sources)?;
    let mut quoted = Vec::new();
    for target in quoting.targets()? {
        quoted.push(quoting.at(target)?);
    }
    // Where targets keep as much, the order of their codes stands.
    quoted.sort_by_key(|quoted: &Quoted| std::cmp::Reverse(quoted.kept.len()));
    Ok(Quote { placed, targets: quoted })
}

/// What is the same for every target.
struct Quoting<'r> {
    read: &'r dyn Read,
    request: &'r Request,
    /// Those of the learner.
    accounts: Vec<i64>,
    /// What stands of them.
    lots: Vec<Lot>,
    /// What is free.
    free: Vec<Source>,
    /// What is on hold.
    bound: Vec<Lost>,
    asked: Rc<Asked>,
    history: Rc<History>,
    /// The rules that are chosen, or in force.
    edition: Edition,
    later: Later,
    orders: BankOrders,
    /// Precedents.
    known: Vec<Offered>,
    bands: Bands,
}

impl<'r> Quoting<'r> {
    fn open(
        read: &'r dyn Read,
        request: &'r Request,
        accounts: Vec<i64>,
        lots: Vec<Lot>,
        sources: &[Source],
    ) -> Result<Quoting<'r>> {
        let history = Rc::new(History::read(read, None)?);
        let edition = match &request.release {
            Some(name) => history.named(name)?,
            None => history.on(request.date)?,
        };
        let free = sources.iter().zip(&lots);
        let free = free.filter(|(source, lot)| source.held > Credits::ZERO && lot.on_hold.is_none());
        Ok(Quoting {
            read,
            request,
            free: free.map(|(source, _)| source.clone()).collect(),
            bound: on_hold(read, &lots, sources)?,
            asked: Rc::new(Asked::find(read, sources)?),
            later: Later::find(request, &history, own(read, request, &history, &accounts)?)?,
            orders: rules::orders(read)?,
            known: cases::precedents(read)?,
            bands: cases::bands(read)?,
            accounts,
            lots,
            history,
            edition,
        })
    }

    /// The targets asked for, or wherever a rule that counts for the learner leads from what the learner has.
    fn targets(&self) -> Result<Vec<Target>> {
        if !self.request.targets.is_empty() {
            return Ok(self.request.targets.clone());
        }
        let own = own(self.read, self.request, &self.history, &self.accounts)?;
        let mut targets = BTreeSet::new();
        if let Some(own) = own {
            targets.extend(self.asked.targets(self.read, &self.history.edition(own)?)?);
        }
        if own.is_none_or(|own| own.pinned == Pinned::Better) {
            targets.extend(self.asked.targets(self.read, &self.edition)?);
        }
        if targets.is_empty() {
            let what = format!("no rule speaks of anything that {} has", Account(self.request.learner));
            return Err(Fault::new("Q101", what).remedy("load a rule book with `creditbank rule load FILE`"));
        }
        Ok(targets.into_iter().collect())
    }

    fn at(&self, target: Target) -> Result<Quoted> {
        let Quoting { read, request, free, lots, orders, .. } = self;
        let finder: Rc<dyn Finder> = Rc::clone(&self.asked) as _;
        let named = (&self.edition, request.release.is_some());
        let editions = Editions::found(*read, finder, &self.history, &target, request.date, named)?;
        let Decided { ruling, plan, applied, .. } =
            weigh(*read, &editions, &self.accounts, (lots, free), (orders, request.date))?;
        let set = &ruling.set;
        let mut kept = Vec::new();
        for act in &plan.acts {
            kept.extend(kept_by(act, set, free, plan.choices[act.choice].proven));
        }
        kept.sort_by_key(|kept: &Kept| kept.credit.lot);
        let (mut lost, mut precedents) = (self.bound.clone(), Vec::new());
        for left in plan.refused.iter().chain(&plan.undecided) {
            lost.extend(lost_for(left, set, free, orders));
            if !self.known.is_empty() {
                precedents.extend(precedents_of(*read, left, set, free, (&self.known, &self.bands))?);
            }
        }
        if !lost.is_empty() {
            let taken = self.later.takes(*read, (&self.asked, &target), (lots, free), orders)?;
            lost.iter_mut().for_each(|lost| lost.rescued_by(taken.get(&lost.credit.lot)));
        }
        lost.sort_by_key(|lost| lost.credit.lot);
        let denied = (0..set.len()).filter_map(|at| denial(set.in_book(at))).collect();
        let release = ruling.release.clone();
        let compared = applied.and_then(|applied| applied.compared);
        let other = compared.map(|compared| compared.other_than(&release));
        Ok(Quoted { target, kept, lost, precedents, denied, release, other })
    }
}

/// The release to which the learner is pinned, where none is chosen.
fn own<'h>(
    read: &dyn Read,
    request: &Request,
    history: &'h History,
    accounts: &[i64],
) -> Result<Option<&'h Release>> {
    if request.release.is_some() {
        return Ok(None);
    }
    Ok(own_release(read, history, accounts, request.date)?.map(|(release, _)| release))
}

fn credit(source: &Source, amount: Credits) -> Credit {
    Credit {
        lot: source.lot,
        institution: source.institution.clone(),
        outcome: source.outcome.clone(),
        amount,
        system: source.system.clone(),
    }
}

/// What is placed of some lots.
fn placed(read: &dyn Read, lots: &[Lot], sources: &[Source]) -> Result<Vec<Placed>> {
    let mut placed = Vec::new();
    for (lot, source) in lots.iter().zip(sources) {
        for placement in &lot.placements {
            let decision = placement.decision;
            let target = read.decision(decision)?.and_then(|row| row.target).unwrap_or_default();
            placed.push(Placed { credit: credit(source, placement.taken), target, decision });
        }
    }
    Ok(placed)
}

/// Lots that no rule can take before their hold ends.
fn on_hold(read: &dyn Read, lots: &[Lot], sources: &[Source]) -> Result<Vec<Lost>> {
    let held = lots.iter().zip(sources).filter_map(|(lot, source)| Some((source, lot.on_hold?)));
    held.map(|(source, decision)| {
        Ok(Lost {
            credit: credit(source, source.held),
            rule: None,
            why: why(read, decision)?,
            code: "on-hold",
            rescue: Some("the end of the hold".to_owned()),
            waits: false,
        })
    })
    .collect()
}

fn kept_by<'a>(
    act: &'a Act,
    set: &'a RuleSet,
    sources: &'a [Source],
    proven: bool,
) -> impl Iterator<Item = Kept> + 'a {
    let rule = set.in_book(act.rule);
    act.lots.iter().filter_map(move |taken| {
        let source = sources.iter().find(|source| source.lot == taken.lot)?;
        Some(Kept {
            credit: credit(source, taken.amount),
            rule: rule.name.clone(),
            into: into(&act.received, set.target()),
            worth: taken.worth,
            worth_system: rule.rule.system.clone(),
            arithmetic: act.arithmetic.clone(),
            proven,
        })
    })
}

/// What receives credit, in words.
fn into(received: &[Part], target: &Target) -> String {
    if received.is_empty() {
        return target.code().to_owned();
    }
    let part = |part: &Part| match (&part.to, part.credits) {
        (Receiver::Outcome(code), Some(credits)) => format!("{code} = {credits}"),
        (Receiver::Outcome(code), None) => code.clone(),
        (Receiver::Category(category), _) => format!("category {category}"),
    };
    received.iter().map(part).collect::<Vec<String>>().join(" & ")
}

fn lost_for(left: &Left, set: &RuleSet, sources: &[Source], orders: &impl Orders) -> Vec<Lost> {
    let Some(source) = sources.iter().find(|source| source.lot == left.lot) else { return Vec::new() };
    let lost = |rule: Option<usize>, reason: &Reason| Lost {
        credit: credit(source, source.held),
        rule: rule.map(|rule| set.in_book(rule).name.clone()),
        why: reason.to_string(),
        code: reason.code(),
        rescue: rescue(reason, orders),
        waits: rule.is_some() && rule == left.waits_for,
    };
    // What is denied for everything is told once, not for every lot.
    let own = left.reasons.iter().filter(|(rule, _)| denial(set.in_book(*rule)).is_none());
    let found: Vec<Lost> = own.map(|(rule, reason)| lost(Some(*rule), reason)).collect();
    match found.is_empty() {
        true => vec![lost(None, &Reason::NoRule { target: set.target().code().to_owned() })],
        false => found,
    }
}

/// The precedents of a lot that stays.
fn precedents_of(
    read: &dyn Read,
    left: &Left,
    set: &RuleSet,
    sources: &[Source],
    (known, bands): (&[Offered], &Bands),
) -> Result<Vec<(Credit, Offered)>> {
    let Some(source) = sources.iter().find(|source| source.lot == left.lot) else { return Ok(Vec::new()) };
    let amount = read.achievement(left.lot)?.map_or(source.held, |row| row.amount);
    let codes = left.codes().into_iter().map(str::to_owned).collect();
    let own = key(&compared(set.target().code(), std::iter::once((source, amount, codes)), bands));
    let equal = known.iter().filter(|offered| offered.key == own);
    Ok(equal.map(|offered| (credit(source, source.held), offered.clone())).collect())
}

/// What a rule denies, where it asks for any outcome of an institution.
fn denial(rule: &InBook) -> Option<Denied> {
    let (From::Outcomes { institution, required }, Worth::Denied { reason }) =
        (&rule.rule.from, &rule.rule.worth)
    else {
        return None;
    };
    let into = match &rule.rule.to {
        To::System { system } => system.clone(),
        To::Outcomes { received, .. } => received.to_string(),
        To::Category { category, .. } => format!("category {category}"),
    };
    let why = reason.clone();
    let asks_for_any = required.to_string() == "*";
    asks_for_any.then(|| Denied { from: institution.clone(), into, why, rule: rule.name.clone() })
}
