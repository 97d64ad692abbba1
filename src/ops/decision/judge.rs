//! What the rules say of some lots, without placing any: the reasons for each, and what the case is compared by.

use crate::domain::account::Account;
use crate::domain::credits::Credits;
use crate::domain::decision::{Inputs, Refused};
use crate::domain::entry::EntryId;
use crate::domain::fault::{Fault, Result};
use crate::ledger::cases::{compared, key};
use crate::ledger::convert::{Source, Target};
use crate::ledger::lots::{Cut, Lot};
use crate::ops::convert::{Decided, Editions, source, weigh};
use crate::ops::names::Names;
use crate::ops::{learners, rules};
use crate::report::cases::{Offered, bands, precedents};
use crate::report::holds::why;
use crate::store::Read;
use jiff::civil::Date;
use std::collections::BTreeSet;

/// What the rules say of some lots.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The lots, with what rules look at and the whole of what was awarded.
    pub lots: Vec<(Source, Credits)>,
    /// Those that the rules leave, and why.
    pub left: Vec<Refused>,
    /// What the case is compared by.
    pub inputs: Inputs,
    /// Its key.
    pub key: String,
}

impl Judged {
    /// The precedents of equal inputs: of the whole case, and of each of its lots by itself.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn precedents(&self, read: &dyn Read) -> Result<Vec<Offered>> {
        let mut keys: BTreeSet<String> = BTreeSet::from([self.key.clone()]);
        for lot in &self.inputs.lots {
            keys.insert(key(&Inputs { target: self.inputs.target.clone(), lots: vec![lot.clone()] }));
        }
        Ok(precedents(read)?.into_iter().filter(|offered| keys.contains(&offered.key)).collect())
    }
}

/// The lots of a person that stand, those asked for or all that are free.
///
/// # Errors
/// `D108` where one asked for is none of the learner's that stands, or none is free.
pub fn lots(read: &(impl Read + ?Sized), learner: i64, asked: &[EntryId]) -> Result<Vec<Lot>> {
    let links = learners::links(read, &Cut::default())?;
    let accounts = links.accounts(links.person(learner));
    let mut all = learners::lots_of(read, &Names::default(), &accounts, &Cut::default())?;
    all.retain(|lot| lot.counts() && lot.achievement.amount > Credits::ZERO);
    let remedy = "`creditbank report statement LEARNER` shows the lots by their entries";
    if let Some(lot) = asked.iter().find(|lot| all.iter().all(|own| own.achievement.entry != **lot)) {
        return Err(Fault::new(
            "D108",
            format!("lot {lot} is no credit of {} that stands", Account(learner)),
        )
        .remedy(remedy));
    }
    match asked.is_empty() {
        true => all.retain(|lot| lot.held > Credits::ZERO && lot.on_hold.is_none()),
        false => all.retain(|lot| asked.contains(&lot.achievement.entry)),
    }
    if all.is_empty() {
        return Err(Fault::new("D108", format!("{} has no free credit", Account(learner))).remedy(remedy));
    }
    Ok(all)
}

/// Asks the rules about some lots of a learner.
///
/// # Errors
/// `D108` where a lot is none of the learner's that stands; `K101` for an unknown target; where the ledger cannot be read.
pub fn judge(
    read: &dyn Read,
    learner: i64,
    asked: &[EntryId],
    target: &Target,
    date: Date,
) -> Result<Judged> {
    let names = Names::default();
    let found = lots(read, learner, asked)?;
    let editions = Editions::open_any(read, target, date)?;
    let links = learners::links(read, &Cut::default())?;
    let accounts = links.accounts(links.person(learner));
    let every = learners::lots_of(read, &names, &accounts, &Cut::default())?;
    let (mut sources, mut lots, mut left) = (Vec::new(), Vec::new(), Vec::new());
    for lot in &found {
        let source = source(read, &names, &lot.achievement, lot.held)?;
        let refused = |code: &str, why: String| Refused {
            lot: lot.achievement.entry,
            codes: vec![code.to_owned()],
            why,
        };
        match (lot.on_hold, lot.held > Credits::ZERO) {
            (Some(decision), _) => left.push(refused("on-hold", why(read, decision)?)),
            (None, false) => {
                let by = lot.placements.iter().map(|placement| placement.decision.to_string());
                let by: Vec<String> = by.collect();
                left.push(refused("placed", format!("placed by decision {}", by.join(", "))));
            }
            (None, true) => sources.push(source.clone()),
        }
        lots.push((source, lot.achievement.amount));
    }
    let orders = rules::orders(read)?;
    let Decided { ruling, plan, .. } =
        weigh(read, &editions, &accounts, (&every, &sources), (&orders, date))?;
    for lot in plan.refused.iter().chain(&plan.undecided) {
        let codes = lot.codes().into_iter().map(str::to_owned).collect();
        left.push(Refused { lot: lot.lot, codes, why: lot.why(&ruling.set) });
    }
    left.sort_by_key(|refused| refused.lot);
    let codes = |lot: EntryId| {
        left.iter()
            .find(|refused| refused.lot == lot)
            .map(|refused| refused.codes.clone())
            .unwrap_or_default()
    };
    let all = lots.iter().map(|(source, amount)| (source, *amount, codes(source.lot)));
    let inputs = compared(target.code(), all, &bands(read)?);
    let key = key(&inputs);
    Ok(Judged { lots, left, inputs, key })
}

/// The lots of a learner in outcomes written as `INSTITUTION/OUTCOME`.
///
/// # Errors
/// `D108` where the learner has no credit in one; where the ledger cannot be read.
pub fn in_outcomes(read: &(impl Read + ?Sized), learner: i64, asked: &[String]) -> Result<Vec<EntryId>> {
    let names = Names::default();
    let links = learners::links(read, &Cut::default())?;
    let accounts = links.accounts(links.person(learner));
    let all = learners::lots_of(read, &names, &accounts, &Cut::default())?;
    let mut found = Vec::new();
    for text in asked {
        let before = found.len();
        for lot in all.iter().filter(|lot| lot.counts() && lot.achievement.amount > Credits::ZERO) {
            let outcome = names.outcome(read, lot.achievement.outcome)?;
            let institution = names.institution(read, outcome.institution)?;
            if format!("{}/{}", institution.code, outcome.code) == *text {
                found.push(lot.achievement.entry);
            }
        }
        if found.len() == before {
            return Err(Fault::new("D108", format!("{} has no credit in {text}", Account(learner))).remedy(
                "write it as INSTITUTION/OUTCOME, as `creditbank report statement LEARNER` has both",
            ));
        }
    }
    Ok(found)
}
