//! Replacing what stands: a correction reverses it and records the row instead; of several results in one
//! outcome one counts.

use super::{NewMovement, Poster, Standing};
use crate::domain::account::Account;
use crate::domain::credits::Credits;
use crate::domain::date::Period;
use crate::domain::entry::{Achievement, EntryId, EntryKind, Movement, Place};
use crate::domain::fault::{Fault, Result};
use crate::domain::outcome::Attempts;
use crate::intake::profile::Changed;
use crate::ledger::attempts::{Attempt, Mark, winner};
use crate::ledger::convert::Orders;
use crate::ledger::lots::{Cut, Lot, fold};
use crate::ops::learners::lots_of;
use crate::ops::names::Names;
use crate::ops::rules::{BankOrders, orders};
use crate::store::{DecisionRow, Read};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The verb of a decision that corrects.
pub const CORRECT: &str = "correct";

/// The verb of a decision on which of several results counts.
pub const COUNT: &str = "count";

/// What to do with rows that say otherwise than what is recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Policy {
    /// Of the same achievement.
    pub changed: Changed,
    /// Of another attempt at the same outcome.
    pub attempts: Attempts,
}

/// What a correction records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// `correct`.
    pub verb: String,
    /// The learner.
    pub learner: Account,
    /// The achievement that is reversed.
    pub lot: EntryId,
    /// The one that is recorded instead.
    pub by: EntryId,
    /// How they differ, and where the first was recorded.
    pub why: String,
}

/// What a decision on which of several results counts records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// `count`.
    pub verb: String,
    /// The learner.
    pub learner: Account,
    /// The one that counts.
    pub lot: EntryId,
    /// Which one it has to be.
    pub policy: Attempts,
}

/// What a batch replaced so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replaced {
    /// Achievements that were corrected.
    pub corrected: u64,
    /// Lots instead of which another result counts, with that one.
    pub superseded: BTreeMap<EntryId, (Standing, Standing)>,
    /// What that added to and took from the credit that is deposited, in thousandths, by system.
    pub credits: BTreeMap<i64, i64>,
}

/// An achievement and where its credit is.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn lot_of(read: &(impl Read + ?Sized), row: &Achievement) -> Result<Lot> {
    let movements = read.movements_of_lot(row.learner, row.entry)?;
    let never_asked = |_| Period::day(jiff::civil::Date::ZERO);
    fold(vec![row.clone()], &movements, &Cut::default(), &never_asked)
        .pop()
        .ok_or_else(|| Fault::new("S915", format!("entry {} has no lot", row.entry)))
}

/// An achievement as one of several attempts.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn attempt(
    read: &(impl Read + ?Sized),
    names: &Names,
    grades: Option<&BankOrders>,
    row: &Achievement,
    counts: bool,
) -> Result<Attempt> {
    let period = names.period(read, row.period)?;
    let mark = match (grades, row.grade) {
        (Some(grades), Some(id)) => {
            let grade = names.grade(read, id)?;
            let (scale, written) = (grade.scale.clone(), grade.written.clone());
            let place = grades.grade(&scale, &written);
            Some(Mark { scale, written, place })
        }
        _ => None,
    };
    Ok(Attempt { lot: row.entry, days: (period.first, period.last), attempt: row.attempt, mark, counts })
}

/// What keeps a lot from being replaced.
pub fn in_use(lot: &Lot) -> Option<String> {
    let entry = lot.achievement.entry;
    if let Some(placement) = lot.placements.first() {
        return Some(format!("lot {entry} is placed by decision {}", placement.decision));
    }
    lot.on_hold.map(|decision| format!("lot {entry} is on hold by decision {decision}"))
}

/// By which policy it was decided that another result counts.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn policy_of(read: &(impl Read + ?Sized), superseded: &Movement) -> Result<Attempts> {
    let act = read.act(superseded.decision)?;
    let recorded = act.and_then(|act| serde_json::from_str::<Count>(&act.payload).ok());
    Ok(recorded.map(|recorded| recorded.policy).unwrap_or_default())
}

/// The later of two dates on which something takes effect.
fn later(read: &(impl Read + ?Sized), names: &Names, one: i64, other: i64) -> Result<i64> {
    let day = |id: i64| -> Result<_> {
        let period = names.period(read, id)?;
        Ok((period.last, period.first))
    };
    Ok(if day(one)? >= day(other)? { one } else { other })
}

impl Poster<'_> {
    /// Says what to do with rows that say otherwise than what is recorded.
    pub fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
        self.claims.set_policy(policy);
    }

    /// Reverses an achievement in whose place another was just recorded.
    pub(super) fn correct(&mut self, old: &Achievement, by: EntryId, why: String) -> Result<()> {
        let learner = Account(old.learner);
        let recorded = Correction { verb: CORRECT.to_owned(), learner, lot: old.entry, by, why };
        let superseded = lot_of(self.tx, old)?.superseded;
        let decision = self.private_decision(old.learner, CORRECT, &recorded)?;
        let mut movements = Vec::new();
        movements.extend(superseded.map(|entry| self.counted_again(old, entry)).transpose()?);
        movements.push(NewMovement {
            kind: EntryKind::Reverse,
            lot: old,
            share: (1, 1),
            system: old.system,
            amount: old.amount,
            period: old.period,
            undoes: Some(old.entry),
            accounts: (Place::Held, Place::Recognised),
        });
        self.replaced.corrected += 1;
        self.replaced.superseded.remove(&old.entry);
        self.post_replacing(decision, &movements)
    }

    /// Lets one of a person's results in an outcome count, and no other.
    pub(super) fn count_one(&mut self, (person, outcome): (i64, i64)) -> Result<()> {
        let names = self.names();
        if names.outcome(self.tx, outcome)?.repeatable != 0 {
            return Ok(());
        }
        let mut lots = Vec::new();
        for account in self.links.accounts(person) {
            for row in self.tx.same_outcome(account, outcome)? {
                if row.amount > Credits::ZERO {
                    lots.push(lot_of(self.tx, &row)?);
                }
            }
        }
        lots.retain(Lot::stands);
        if lots.len() < 2 && lots.iter().all(Lot::counts) {
            return Ok(());
        }
        let policy = self.policy.attempts;
        // What is placed or on hold goes on counting, whatever another policy would have chosen.
        let in_use: Vec<EntryId> = lots
            .iter()
            .filter(|lot| lot.counts() && in_use(lot).is_some())
            .map(|lot| lot.achievement.entry)
            .collect();
        match in_use[..] {
            [] => {}
            [used] => return self.let_count(&lots, used, policy),
            _ => return Ok(()),
        }
        // What the batch itself recorded does not count yet.
        let is_old = |lot: &Lot| lot.achievement.entry < self.batch.entry;
        let one_counted = lots.iter().any(|lot| lot.counts() && is_old(lot));
        let counts = |lot: &Lot| lot.counts() && (!one_counted || is_old(lot));
        match self.chosen(&names, &lots, policy, &counts)? {
            Some(chosen) => self.let_count(&lots, chosen, policy),
            None => Ok(()),
        }
    }

    /// Lets one result in each outcome count of those under these accounts, which have become or are no longer
    /// one person's, and no other.
    ///
    /// # Errors
    /// `L109` where several that count are in use.
    pub fn recount(&mut self, accounts: &[i64]) -> Result<()> {
        let names = self.names();
        let mut by_outcome: BTreeMap<i64, Vec<Lot>> = BTreeMap::new();
        for lot in lots_of(self.tx, &names, accounts, &Cut::default())? {
            if lot.stands() && lot.achievement.amount > Credits::ZERO {
                by_outcome.entry(lot.achievement.outcome).or_default().push(lot);
            }
        }
        for (outcome, lots) in by_outcome {
            let counting: Vec<&Lot> = lots.iter().filter(|lot| lot.counts()).collect();
            let once = names.outcome(self.tx, outcome)?.repeatable == 0;
            if !once || counting.len() == 1 {
                continue;
            }
            let in_use: Vec<&&Lot> = counting.iter().filter(|lot| in_use(lot).is_some()).collect();
            let (policy, chosen) = match in_use[..] {
                [] if counting.is_empty() => {
                    let policy = self.policy_of_newest(&lots)?;
                    (policy, self.chosen(&names, &lots, policy, &|_| false)?)
                }
                [] => (Attempts::First, self.chosen(&names, &lots, Attempts::First, &Lot::counts)?),
                [lot] => (Attempts::First, Some(lot.achievement.entry)),
                [one, other, ..] => return Err(self.both_in_use(&names, one, other)?),
            };
            if let Some(chosen) = chosen {
                self.let_count(&lots, chosen, policy)?;
            }
        }
        Ok(())
    }

    /// The policy by which it was last decided that others count than these.
    fn policy_of_newest(&self, lots: &[Lot]) -> Result<Attempts> {
        let Some(newest) = lots.iter().filter_map(|lot| lot.superseded).max() else {
            return Ok(Attempts::First);
        };
        let movement = self.tx.movement(newest)?;
        movement.map_or(Ok(Attempts::First), |row| policy_of(self.tx, &row))
    }

    fn both_in_use(&self, names: &Names, one: &Lot, other: &Lot) -> Result<Fault> {
        let outcome = names.outcome(self.tx, one.achievement.outcome)?;
        let institution = names.institution(self.tx, outcome.institution)?;
        let uses = [one, other].map(|lot| in_use(lot).unwrap_or_default());
        Ok(Fault::new(
            "L109",
            format!("nothing was merged: {}/{} would give credit twice", institution.code, outcome.code),
        )
        .why(uses.join(", and "))
        .remedy("release one of the placements, or lift the hold, and then merge"))
    }

    /// Which of some results counts.
    fn chosen(
        &self,
        names: &Names,
        lots: &[Lot],
        policy: Attempts,
        counts: &dyn Fn(&Lot) -> bool,
    ) -> Result<Option<EntryId>> {
        let grades = (policy == Attempts::Best).then(|| orders(self.tx)).transpose()?;
        let mut attempts = Vec::with_capacity(lots.len());
        for lot in lots {
            attempts.push(attempt(self.tx, names, grades.as_ref(), &lot.achievement, counts(lot))?);
        }
        Ok(winner(policy, &attempts))
    }

    /// Lets one of these results count and no other, by a decision about each account of which that is new.
    fn let_count(&mut self, lots: &[Lot], chosen: EntryId, policy: Attempts) -> Result<()> {
        let names = self.names();
        let Some(counting) = lots.iter().map(|lot| &lot.achievement).find(|row| row.entry == chosen) else {
            return Ok(());
        };
        let mut accounts: BTreeMap<i64, Vec<&Lot>> = BTreeMap::new();
        for lot in lots.iter().filter(|lot| lot.counts() != (lot.achievement.entry == chosen)) {
            accounts.entry(lot.achievement.learner).or_default().push(lot);
        }
        for (account, lots) in accounts {
            let learner = Account(account);
            let recorded = Count { verb: COUNT.to_owned(), learner, lot: chosen, policy };
            let decision = self.private_decision(account, COUNT, &recorded)?;
            let mut movements = Vec::new();
            for lot in lots {
                let row = &lot.achievement;
                if let Some(entry) = lot.superseded {
                    self.replaced.superseded.remove(&row.entry);
                    movements.push(self.counted_again(row, entry)?);
                    continue;
                }
                self.replaced.superseded.insert(row.entry, (Standing::of(row), Standing::of(counting)));
                movements.push(NewMovement {
                    kind: EntryKind::Supersede,
                    lot: row,
                    share: (1, 1),
                    system: row.system,
                    amount: row.amount,
                    period: later(self.tx, &names, row.period, counting.period)?,
                    undoes: None,
                    accounts: (Place::Held, Place::Recognised),
                });
            }
            self.post_replacing(decision, &movements)?;
        }
        Ok(())
    }

    /// What lets a superseded lot count again.
    fn counted_again<'a>(&self, lot: &'a Achievement, superseded: EntryId) -> Result<NewMovement<'a>> {
        let period = self.tx.movement(superseded)?.map_or(lot.period, |row| row.period);
        Ok(NewMovement {
            kind: EntryKind::Reverse,
            lot,
            share: (1, 1),
            system: lot.system,
            amount: lot.amount,
            period,
            undoes: Some(superseded),
            accounts: (Place::Recognised, Place::Held),
        })
    }

    fn private_decision(&mut self, learner: i64, verb: &str, recorded: &impl Serialize) -> Result<EntryId> {
        let json = serde_json::to_string(recorded).map_err(|error| Fault::new("S901", error.to_string()))?;
        let row = DecisionRow {
            entry: EntryId(0),
            learner: Some(learner),
            verb: verb.to_owned(),
            target: None,
            rule: None,
            about: None,
        };
        self.decision(row, json)
    }

    fn post_replacing(&mut self, decision: EntryId, movements: &[NewMovement]) -> Result<()> {
        for movement in movements {
            let sign = if movement.accounts.1 == Place::Held { 1 } else { -1 };
            *self.replaced.credits.entry(movement.system).or_default() += sign * movement.amount.0;
        }
        self.movements(decision, movements)
    }
}
