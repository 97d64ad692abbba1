//! New rows in whose outcome a person has other results: which of them counts, and whether it may.

use super::{Claim, Claims, Standing};
use crate::domain::credits::Credits;
use crate::domain::entry::{Achievement, EntryId};
use crate::domain::fault::Result;
use crate::domain::outcome::Attempts;
use crate::intake::rules::Rule;
use crate::ledger::attempts::{Attempt, comparable, winner};
use crate::ops::post::replace::{attempt, in_use, lot_of};
use crate::ops::rules::orders;
use crate::store::Tx;

/// A new row's place while it has none: after all others.
const NEW: EntryId = EntryId(i64::MAX);

impl Claims {
    /// Notes a new row in whose outcome the person has other results that earned credit, here given; a claim
    /// where it cannot be said which of them counts, or where the one that counts so far is in use.
    pub(super) fn repeated<'k>(
        &mut self,
        tx: &dyn Tx,
        new: &Achievement,
        others: impl IntoIterator<Item = &'k Achievement>,
        mates: &[(usize, Achievement)],
    ) -> Result<Option<Claim>> {
        let earns = |row: &Achievement| row.amount > Credits::ZERO;
        let others: Vec<&Achievement> = others.into_iter().filter(|row| earns(row)).collect();
        let mates: Vec<&Achievement> = mates.iter().map(|(_, row)| row).filter(|row| earns(row)).collect();
        let repeats = earns(new) && !(others.is_empty() && mates.is_empty());
        if !repeats || self.names.outcome(tx, new.outcome)?.repeatable != 0 {
            return Ok(None);
        }
        self.repeats.insert((self.links.person(new.learner), new.outcome));
        if self.policy.attempts == Attempts::First {
            return Ok(None);
        }
        for old in others {
            let lot = lot_of(tx, old)?;
            if !lot.stands() || self.corrected.contains(&old.entry) {
                continue;
            }
            let both = self.both(tx, new, old)?;
            if let Some(reason) = self.incomparable(&both) {
                let place = self.origins.place(tx, old)?;
                return Ok(Some(Claim::Contradicted(
                    Rule::Incomparable,
                    format!("{reason}, recorded {place}"),
                )));
            }
            let in_use = in_use(&lot).filter(|_| lot.counts());
            if let Some(use_) = in_use.filter(|_| winner(self.policy.attempts, &both) == Some(NEW)) {
                let place = self.origins.place(tx, old)?;
                let reason = format!("it counts instead of the result recorded {place}; {use_}");
                return Ok(Some(Claim::Contradicted(Rule::CreditInUse, reason)));
            }
        }
        for old in mates {
            let both = self.both(tx, new, old)?;
            if let Some(reason) = self.incomparable(&both) {
                let reason = format!("{reason}, {}", Standing::of(old).in_import(new.file));
                return Ok(Some(Claim::Contradicted(Rule::Incomparable, reason)));
            }
        }
        Ok(None)
    }

    /// A new result and one that counts so far, as two attempts.
    fn both(&mut self, tx: &dyn Tx, new: &Achievement, old: &Achievement) -> Result<[Attempt; 2]> {
        if self.grades.is_none() {
            self.grades = Some(orders(tx)?);
        }
        let new = Achievement { entry: NEW, ..new.clone() };
        Ok([
            attempt(tx, &self.names, self.grades.as_ref(), &new, false)?,
            attempt(tx, &self.names, self.grades.as_ref(), old, true)?,
        ])
    }

    /// Why nobody can say which of two results is the better one, where the better one counts.
    fn incomparable(&self, both: &[Attempt; 2]) -> Option<String> {
        let [new, old] = both;
        if self.policy.attempts != Attempts::Best || comparable(new, old) {
            return None;
        }
        let of = |attempt: &Attempt| attempt.mark.as_ref().map_or("no grade".to_owned(), ToString::to_string);
        Some(format!("{} cannot be compared with {}", of(new), of(old)))
    }
}
