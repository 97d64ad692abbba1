//! `quote`: what a learner's credit would convert into, at every target asked for, and what would be lost and
//! why. Nothing is posted.

mod later;
mod rescue;

use crate::domain::account::Account;
use crate::domain::credits::Credits;
use crate::domain::entry::EntryId;
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::{Book, RuleRow};
use crate::domain::rule::{Cap, From, To, Worth};
use crate::ledger::cases::{Bands, compared, key};
pub use crate::ledger::convert::Total;
use crate::ledger::convert::{
    Act, InBook, Left, Orders, Part, Reason, Receiver, RuleSet, Source, Target, plan,
};
use crate::ledger::lots::{Cut, Lot};
use crate::ops::convert::{source, standing_choice, used};
use crate::ops::names::Names;
use crate::ops::rules::pin::pin_of;
use crate::ops::rules::release::{Edition, History, Pinned};
use crate::ops::{learners, rules};
use crate::report::cases::{self, Offered};
use crate::report::holds::why;
use crate::store::{self, Read};
use jiff::civil::Date;
use later::Later;
use rescue::rescue;
use std::collections::{BTreeMap, BTreeSet};

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
    let person = links.person(request.learner);
    let lots = learners::lots_of(read, &names, &links.accounts(person), &Cut::default())?;
    let lots: Vec<Lot> = lots.into_iter().filter(|lot| lot.stands()).collect();
    let everything = lots
        .iter()
        .map(|lot| source(read, &names, &lot.achievement, lot.held))
        .collect::<Result<Vec<Source>>>()?;
    let mut offers = Offers::find(read, request, &links.accounts(person), &everything)?;
    let targets: Vec<Target> = match request.targets.is_empty() {
        true => offers
            .offers
            .iter()
            .flat_map(|offer| offer.rules.keys())
            .cloned()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        false => request.targets.clone(),
    };
    if targets.is_empty() {
        let what = format!("no rule speaks of anything that {} has", Account(request.learner));
        return Err(Fault::new("Q101", what).remedy("load a rule book with `creditbank rule load FILE`"));
    }
    let orders = rules::orders(read)?;
    let free: Vec<Source> = everything
        .iter()
        .zip(&lots)
        .filter(|(source, lot)| source.held > Credits::ZERO && lot.on_hold.is_none())
        .map(|(source, _)| source.clone())
        .collect();
    let mut later = Later::find(read, request, &offers, &everything)?;
    let bound = on_hold(read, &lots, &everything)?;
    let (known, bands) = (cases::precedents(read)?, cases::bands(read)?);
    let mut quoted = Vec::with_capacity(targets.len());
    for target in targets {
        let mut planned = Vec::with_capacity(offers.offers.len());
        for (release, rules, caps) in offers.of_target(read, &target, &lots, &everything)? {
            let set = RuleSet::new(target.clone(), rules, caps);
            let used = used(read, &set, &lots)?;
            let plan = plan(&free, &set, &used, request.date, &orders);
            planned.push((release, Total::of(&plan, &set), set, plan));
        }
        // As a conversion chooses: the learner's own release where both are as good.
        let better = planned.iter().skip(1).any(|(_, total, ..)| total.compare(&planned[0].1).is_gt());
        let (release, _, set, plan) = planned.swap_remove(usize::from(better));
        let other = planned.pop().map(|(release, total, ..)| (release, total));
        let mut kept = Vec::new();
        for act in &plan.acts {
            kept.extend(kept_by(act, &set, &free, plan.choices[act.choice].proven));
        }
        kept.sort_by_key(|kept: &Kept| kept.credit.lot);
        let mut lost: Vec<Lost> = bound.clone();
        for left in plan.refused.iter().chain(&plan.undecided) {
            lost.extend(lost_for(left, &set, &free, &orders));
        }
        if !lost.is_empty() {
            let taken = later.takes(read, set.target(), (&lots, &free), &orders)?;
            lost.iter_mut().for_each(|lost| lost.rescued_by(taken.get(&lost.credit.lot)));
        }
        lost.sort_by_key(|lost| lost.credit.lot);
        let mut offered = Vec::new();
        if !known.is_empty() {
            for left in plan.refused.iter().chain(&plan.undecided) {
                offered.extend(precedents_of(read, left, &set, &free, (&known, &bands))?);
            }
        }
        let denied = (0..set.len()).filter_map(|at| denial(set.in_book(at))).collect();
        let target = set.target().clone();
        quoted.push(Quoted { target, kept, lost, precedents: offered, denied, release, other });
    }
    // Where targets keep as much, the order of their codes stands.
    quoted.sort_by_key(|quoted| std::cmp::Reverse(quoted.kept.len()));
    Ok(Quote { placed: placed(read, &lots, &everything)?, targets: quoted })
}

/// The rules of one release that may speak of a learner's lots.
pub(super) struct Offer {
    release: Option<String>,
    rules: BTreeMap<Target, Vec<InBook>>,
    caps: Vec<(String, Cap)>,
}

impl Offer {
    fn of(read: &dyn Read, edition: &Edition, sources: &[Source]) -> Result<Offer> {
        let rules = rules_for(read, &edition.books, sources)?;
        let caps = rules::caps_of(read, &edition.books)?;
        Ok(Offer { release: edition.name().map(str::to_owned), rules, caps })
    }

    fn take(&mut self, target: &Target) -> Rules {
        let rules = self.rules.remove(target).unwrap_or_default();
        (self.release.clone(), rules, self.caps.clone())
    }
}

/// A release, its rules for a target, and the caps of its books.
type Rules = (Option<String>, Vec<InBook>, Vec<(String, Cap)>);

/// The rules that count for a learner.
pub(super) struct Offers {
    history: History,
    /// The learner's own first; a second one where the better of both counts.
    offers: Vec<Offer>,
    /// The release to which the learner is pinned.
    pinned: Option<String>,
    /// The decision that says so, where another one is in force.
    pin: Option<EntryId>,
}

impl Offers {
    /// The rules of the release that is asked for, else of the one to which the learner is pinned, with the one in
    /// force where the better of both counts, else of the one in force.
    fn find(read: &dyn Read, request: &Request, accounts: &[i64], sources: &[Source]) -> Result<Offers> {
        let history = History::read(read, None)?;
        let mut editions = match &request.release {
            Some(name) => vec![history.named(name)?],
            None => vec![history.on(request.date)?],
        };
        let pin = match request.release.is_none() && !history.releases.is_empty() {
            true => pin_of(read, accounts, request.date, None)?,
            false => None,
        };
        let pinned = pin.as_ref().map(|pin| pin.release.clone());
        let pin = pin.filter(|pin| editions[0].name() != Some(&pin.release));
        if let Some(pin) = &pin {
            let own = history.release(&pin.release)?;
            if own.pinned == Pinned::Own {
                editions.clear();
            }
            editions.insert(0, history.edition(own)?);
        }
        let offers =
            editions.iter().map(|edition| Offer::of(read, edition, sources)).collect::<Result<_>>()?;
        Ok(Offers { history, offers, pinned, pin: pin.map(|pin| pin.decision) })
    }

    /// The rules for one target; those of one release where it is settled by what stands there.
    fn of_target(
        &mut self,
        read: &dyn Read,
        target: &Target,
        lots: &[Lot],
        sources: &[Source],
    ) -> Result<Vec<Rules>> {
        if let (Some(pin), true) = (self.pin, self.offers.len() > 1)
            && let Some(name) = standing_choice(read, lots, target.code(), pin)?
        {
            if let Some(offer) = self.offers.iter_mut().find(|offer| offer.release == name) {
                return Ok(vec![offer.take(target)]);
            }
            if let Some(name) = name {
                let edition = self.history.named(&name)?;
                return Ok(vec![Offer::of(read, &edition, sources)?.take(target)]);
            }
        }
        Ok(self.offers.iter_mut().map(|offer| offer.take(target)).collect())
    }
}

/// The rules in force that may speak of some lots, by target and in the order of books and rules.
fn rules_for(read: &dyn Read, books: &[Book], sources: &[Source]) -> Result<BTreeMap<Target, Vec<InBook>>> {
    let asked: BTreeSet<(&str, &str, &str)> = sources
        .iter()
        .map(|source| (source.system.as_str(), source.institution.as_str(), source.outcome.as_str()))
        .collect();
    let mut ids = BTreeSet::new();
    for (system, institution, outcome) in asked {
        ids.extend(read.rules_asking(system, institution, outcome)?);
    }
    let mut found: BTreeMap<Target, Vec<InBook>> = BTreeMap::new();
    for id in ids {
        let row: RuleRow = store::get(read, id)?;
        let Some(book) = books.iter().find(|book| book.id == row.book) else { continue };
        let target = match (&row.to_system, &row.to_institution) {
            (Some(system), _) => Target::System(system.clone()),
            (None, institution) => Target::Institution(institution.clone().unwrap_or_default()),
        };
        found.entry(target).or_default().push(rules::in_book(row, book)?);
    }
    for rules in found.values_mut() {
        rules.sort_by(|one, other| one.book.cmp(&other.book).then(one.id.cmp(&other.id)));
    }
    Ok(found)
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
