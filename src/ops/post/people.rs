//! Posting about people: links between accounts, and the balances that follow them.

use super::Poster;
use super::sums::{BalanceRows, Sums};
use crate::domain::entry::{Balance, EntryId, EntryKind};
use crate::domain::fault::{Fault, Result};
use crate::domain::link::Link;
use crate::domain::link::Pair;
use crate::ledger::links::Links;
use crate::ledger::lots::{Cut, balances};
use crate::ops::learners::lots_of;
use crate::ops::people::{DistinctAct, MergeAct, ReviewAct, UnmergeAct, describing, descriptions};
use crate::proof::leaf::Key;
use crate::store::{Identity, Tx};
use std::collections::BTreeMap;

impl Poster<'_> {
    /// Whose account is whose, as this batch sees it.
    pub fn links(&self) -> &Links {
        &self.links
    }

    /// Links an account to the person whose it is; its balances become the person's.
    ///
    /// # Errors
    /// Where the ledger cannot be read or written.
    pub fn merge(&mut self, act: &MergeAct) -> Result<EntryId> {
        let (account, person) = (act.account.0, act.person.0);
        let entry = self.private_act(EntryKind::Merge, person, json(act)?)?;
        self.tx.put_link(&Link { entry, account, person, since: act.date, ended: None })?;
        let mut kept = Vec::new();
        self.tx.balances(Some(account), &mut |_, system, balance| {
            kept.push((system, balance));
            Ok(())
        })?;
        self.shift_balances(account, person, kept)?;
        self.links.join(account, person);
        Ok(entry)
    }

    /// Ends a link; the balances of the account, and of those that answer for it, are its own again.
    ///
    /// # Errors
    /// Where the ledger cannot be read or written.
    pub fn unmerge(&mut self, link: &Link, act: &UnmergeAct) -> Result<EntryId> {
        let entry = self.private_act(EntryKind::Unmerge, act.person.0, json(act)?)?;
        self.tx.put_link(&Link { ended: Some((entry, act.date)), ..link.clone() })?;
        let person = self.links.person(link.account);
        self.links.part(link.account);
        let accounts = self.links.answering(link.account);
        let lots = lots_of(self.tx, &self.names, &accounts, &Cut::default())?;
        self.shift_balances(person, link.account, balances(&lots))?;
        Ok(entry)
    }

    /// Notes accounts that somebody is to look at.
    ///
    /// # Errors
    /// Where the ledger cannot be written.
    pub fn reviews(&mut self, acts: &[ReviewAct]) -> Result<()> {
        for act in acts {
            let entry = self.private_act(EntryKind::Review, act.account.0, json(act)?)?;
            let (account, other) = (act.account.0, act.other.0);
            let (score, why) = (i64::from(act.score), act.why.clone());
            self.tx.put_pair(&Pair { entry, account, other, score, why, apart: None })?;
        }
        Ok(())
    }

    /// Records that the accounts of a pair are two people's.
    ///
    /// # Errors
    /// Where the ledger cannot be written.
    pub fn distinct(&mut self, pair: &Pair, act: &DistinctAct) -> Result<EntryId> {
        let entry = self.private_act(EntryKind::Distinct, act.account.0, json(act)?)?;
        self.tx.put_pair(&Pair { apart: Some(entry), ..pair.clone() })?;
        Ok(entry)
    }

    /// Keeps what people are looked up by, as new facts of identity say it. `keys` are those of accounts
    /// that the facts open: what is known of others stands in the ledger.
    pub(super) fn keep_descriptions(&mut self, keys: &[(i64, Key)], facts: &[Identity]) -> Result<()> {
        let schemes = describing(self.tx)?;
        let (names, Some(births)) = schemes else { return Ok(()) };
        let opened = keys.first().map_or(i64::MAX, |(first, _)| *first);
        let says = |fact: &&Identity| fact.scheme == births || names.contains(&Some(fact.scheme));
        let mut said: Vec<&Identity> = facts.iter().filter(says).collect();
        said.sort_by_key(|fact| fact.learner);
        let mut rows = Vec::new();
        for own in said.chunk_by(|one, next| one.learner == next.learner) {
            let learner = own[0].learner;
            let kept = if learner < opened { self.tx.identities_of(learner)? } else { Vec::new() };
            let all: Vec<&Identity> = own.iter().copied().chain(&kept).collect();
            rows.extend(descriptions(learner, &all, schemes));
        }
        rows.sort();
        self.tx.put_descriptions(&rows)
    }

    fn shift_balances(
        &mut self,
        from: i64,
        to: i64,
        amounts: impl IntoIterator<Item = (i64, Balance)>,
    ) -> Result<()> {
        let mut rows = BalanceRows::new();
        for (system, balance) in amounts {
            rows.push((from, system, balance.negated()));
            rows.push((to, system, balance));
        }
        rows.sort_by_key(|(learner, system, _)| (*learner, *system));
        self.tx.add_balances(&rows)
    }
}

fn json<T: serde::Serialize>(payload: &T) -> Result<String> {
    serde_json::to_string(payload).map_err(|error| Fault::new("S901", error.to_string()))
}

/// Adds what a batch did to balances, each under the account that names the person.
///
/// # Errors
/// Where the ledger cannot be written.
pub fn add_balances(tx: &mut dyn Tx, links: &Links, sums: Sums) -> Result<()> {
    if links.is_empty() {
        return sums.balance_rows(&mut |rows| tx.add_balances(rows));
    }
    let mut others: BTreeMap<(i64, i64), Balance> = BTreeMap::new();
    sums.balance_rows(&mut |rows| {
        let mut own = BalanceRows::with_capacity(rows.len());
        for (learner, system, balance) in rows {
            match links.person(*learner) {
                person if person == *learner => own.push((*learner, *system, *balance)),
                person => others.entry((person, *system)).or_default().add(balance),
            }
        }
        tx.add_balances(&own)
    })?;
    others.retain(|_, balance| !balance.is_empty());
    let others = others.into_iter().map(|((person, system), balance)| (person, system, balance));
    tx.add_balances(&others.collect::<BalanceRows>())
}
