//! What other rules would change for one person at one target.
//!
//! Both rules decide from the originals: what stands at the target is taken as if it were free, because it could be
//! released and placed anew. What stands elsewhere stays there, and goes on counting under limits.

use super::changed::Sets;
use super::{Broken, Difference, differences};
use crate::domain::account::Account;
use crate::domain::credits::Credits;
use crate::domain::entry::EntryId;
use crate::domain::fault::Result;
use crate::domain::link::Link;
use crate::ledger::convert::{Plan, RuleSet, Source, Total, plan};
use crate::ledger::links::Links;
use crate::ledger::lots::{Cut, Lot};
use crate::ops::convert::{source, used};
use crate::ops::learners;
use crate::ops::names::Names;
use crate::ops::rules::pin::pin_of;
use crate::ops::rules::release::{History, Pinned};
use crate::ops::rules::{BankOrders, caps_of, rules_of};
use crate::store::Read;
use jiff::civil::Date;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// Credit by the code of its system.
pub type Sums = BTreeMap<String, Credits>;

/// What changes for a person.
pub struct Effect {
    /// The rules of a release to which the person is pinned count, and no others.
    pub pinned: bool,
    /// Where they gain and lose.
    pub differences: Vec<Difference>,
    /// Standing placements that only the rules in question would not give.
    pub broken: Vec<Broken>,
    /// Standing placements that neither rules give.
    pub standing_by_earlier: u64,
}

/// Judges one person after the other, at one target.
pub struct Judge<'r> {
    read: &'r dyn Read,
    names: &'r Names,
    history: &'r History,
    orders: &'r BankOrders,
    sets: &'r Sets,
    day: Date,
    links: Option<Links>,
    /// Rules of releases to which people are pinned.
    pinned: HashMap<String, Rc<RuleSet>>,
    /// Code of the target.
    target: String,
}

/// What stands of a person's credit: the lots without what stands at the target, and as sources with it.
struct Credit {
    lots: Vec<Lot>,
    sources: Vec<Source>,
    /// By decision: its lots, and the worth in all.
    standing: BTreeMap<EntryId, (Vec<EntryId>, Credits, i64)>,
}

impl<'r> Judge<'r> {
    /// A judge for a target.
    pub fn new(
        read: &'r dyn Read,
        names: &'r Names,
        history: &'r History,
        orders: &'r BankOrders,
        sets: &'r Sets,
        day: Date,
    ) -> Judge<'r> {
        let target = sets.target.code().to_owned();
        Judge { read, names, history, orders, sets, day, links: None, pinned: HashMap::new(), target }
    }

    /// What changes for a person; nothing where no rule that differs speaks of their credit.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn person(&mut self, person: i64) -> Result<Option<Effect>> {
        let accounts = match &self.links {
            Some(links) => links.accounts(person),
            None => {
                let rows: Vec<Link> = self.read.links()?;
                self.links.insert(Links::at(&rows, &Cut::default())).accounts(person)
            }
        };
        let credit = self.credit(&accounts)?;
        if !credit.sources.iter().any(|source| self.sets.differing.speaks_of(source)) {
            return Ok(None);
        }
        let own = self.own(&accounts)?;
        if matches!(own, Some((Pinned::Own, _))) {
            return Ok(Some(Effect {
                pinned: true,
                differences: Vec::new(),
                broken: Vec::new(),
                standing_by_earlier: 0,
            }));
        }
        let own = own.map(|(_, set)| set);
        let now = self.best(&credit, &self.sets.now, own.as_deref())?;
        let then = self.best(&credit, &self.sets.then, own.as_deref())?;
        let account = Account(person);
        let differences = differences(account, &self.target, &now.1.gives, &then.1.gives);
        let (broken, standing_by_earlier) = self.broken(account, &credit, &now.0, &then.0)?;
        Ok(Some(Effect { pinned: false, differences, broken, standing_by_earlier }))
    }

    fn credit(&self, accounts: &[i64]) -> Result<Credit> {
        let mut lots = learners::lots_of(self.read, self.names, accounts, &Cut::default())?;
        lots.retain(Lot::counts);
        let mut credit = Credit { lots: Vec::new(), sources: Vec::new(), standing: BTreeMap::new() };
        for mut lot in lots {
            let mut free = if lot.on_hold.is_none() { lot.held } else { Credits::ZERO };
            let mut elsewhere = Vec::new();
            for placement in std::mem::take(&mut lot.placements) {
                let row = self.read.decision(placement.decision)?;
                if row.and_then(|row| row.target).as_deref() != Some(&self.target) {
                    elsewhere.push(placement);
                    continue;
                }
                free.0 += placement.taken.0;
                let of = credit.standing.entry(placement.decision);
                let standing = of.or_insert((Vec::new(), Credits::ZERO, placement.system));
                standing.0.push(lot.achievement.entry);
                standing.1.0 += placement.worth.0;
            }
            lot.placements = elsewhere;
            if free > Credits::ZERO {
                credit.sources.push(source(self.read, self.names, &lot.achievement, free)?);
            }
            credit.lots.push(lot);
        }
        Ok(credit)
    }

    /// The rules of the release to which a person is pinned, and what it says of those.
    fn own(&mut self, accounts: &[i64]) -> Result<Option<(Pinned, Rc<RuleSet>)>> {
        if self.history.releases.is_empty() {
            return Ok(None);
        }
        let Some(pin) = pin_of(self.read, accounts, self.day, None)? else { return Ok(None) };
        let release = self.history.release(&pin.release)?;
        if let Some(known) = self.pinned.get(&release.name) {
            return Ok(Some((release.pinned, Rc::clone(known))));
        }
        let books = self.history.edition(release)?.books;
        let rules = rules_of(self.read, &books, &self.sets.target)?;
        let set = RuleSet::new(self.sets.target.clone(), rules, caps_of(self.read, &books)?);
        let set = Rc::new(set);
        self.pinned.insert(release.name.clone(), Rc::clone(&set));
        Ok(Some((release.pinned, set)))
    }

    /// The plan by some rules, or by a person's own where these are as good.
    fn best(&self, credit: &Credit, set: &RuleSet, own: Option<&RuleSet>) -> Result<(Plan, Total)> {
        let planned = |set: &RuleSet| -> Result<(Plan, Total)> {
            let used = used(self.read, set, &credit.lots)?;
            let plan = plan(&credit.sources, set, &used, self.day, self.orders);
            let total = Total::of(&plan, set);
            Ok((plan, total))
        };
        let by_set = planned(set)?;
        match own.map(planned).transpose()? {
            Some(own) if !by_set.1.compare(&own.1).is_gt() => Ok(own),
            _ => Ok(by_set),
        }
    }

    /// The standing placements that break, and how many neither rules give.
    fn broken(
        &self,
        person: Account,
        credit: &Credit,
        now: &Plan,
        then: &Plan,
    ) -> Result<(Vec<Broken>, u64)> {
        let (now, then) = (worths(now), worths(then));
        let (mut broken, mut neither) = (Vec::new(), 0);
        for (decision, (lots, stands, system)) in &credit.standing {
            let gives = |worths: &HashMap<EntryId, Credits>| {
                let given = lots.iter().filter_map(|lot| worths.get(lot));
                let worth = Credits(given.clone().map(|worth| worth.0).sum());
                (worth, lots.len() - given.count())
            };
            let ((by_now, lost_now), (by_then, lots_lost)) = (gives(&now), gives(&then));
            if lots_lost == 0 && by_then >= *stands {
                continue;
            }
            if lost_now > 0 || by_now < *stands {
                neither += 1;
                continue;
            }
            let system = self.names.system(self.read, *system)?.code.clone();
            let target = self.target.clone();
            let stands = *stands;
            broken.push(Broken {
                decision: *decision,
                person,
                target,
                system,
                stands,
                then: by_then,
                lots_lost,
            });
        }
        Ok((broken, neither))
    }
}

/// What each lot is worth in a plan.
fn worths(plan: &Plan) -> HashMap<EntryId, Credits> {
    let mut worths: HashMap<EntryId, Credits> = HashMap::new();
    for taken in plan.acts.iter().flat_map(|act| &act.lots) {
        worths.entry(taken.lot).or_default().0 += taken.worth.0;
    }
    worths
}
