//! Links and pairs of accounts as the journal's acts make them, and why an act may make none.

use super::{DistinctAct, MergeAct, ReviewAct, UnmergeAct};
use crate::domain::account::Account;
use crate::domain::entry::{EntryId, EntryKind};
use crate::domain::link::{Link, Pair};
use crate::ledger::links::Links;
use crate::ledger::lots::Cut;
use crate::store::Act;
use std::collections::BTreeMap;

/// Links and pairs, gathered along the journal.
#[derive(Debug, Default)]
pub struct PeopleActs {
    links: BTreeMap<EntryId, Link>,
    pairs: BTreeMap<EntryId, Pair>,
    standing: Links,
}

impl PeopleActs {
    /// Takes in an act about people, or another one, which says nothing here; an error says why it is none.
    ///
    /// # Errors
    /// Where its payload is another act's, or it links what is linked or parts what is not.
    pub fn take(&mut self, act: &Act) -> Result<(), String> {
        match act.kind {
            EntryKind::Merge => {
                let payload: MergeAct = read(act)?;
                check_learner(act, payload.person)?;
                self.merge(act.entry, &payload)
            }
            EntryKind::Unmerge => {
                let payload: UnmergeAct = read(act)?;
                check_learner(act, payload.person)?;
                self.unmerge(act.entry, &payload)
            }
            EntryKind::Review => {
                let payload: ReviewAct = read(act)?;
                check_learner(act, payload.account)?;
                let ReviewAct { account, other, score, why } = payload;
                let (account, other, score) = (account.0, other.0, i64::from(score));
                self.pairs
                    .insert(act.entry, Pair { entry: act.entry, account, other, score, why, apart: None });
                Ok(())
            }
            EntryKind::Distinct => {
                let payload: DistinctAct = read(act)?;
                check_learner(act, payload.account)?;
                let pair = self.pairs.get_mut(&payload.review).filter(|pair| pair.apart.is_none());
                let pair = pair.ok_or_else(|| format!("no pair {} waits", payload.review))?;
                pair.apart = Some(act.entry);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn merge(&mut self, entry: EntryId, act: &MergeAct) -> Result<(), String> {
        let (account, person) = (act.account.0, act.person.0);
        for one in [account, person] {
            if !self.standing.is_person(one) {
                return Err(format!("{} answers for another account already", Account(one)));
            }
        }
        if account == person {
            return Err(format!("it links {} to itself", act.account));
        }
        self.standing.join(account, person);
        self.links.insert(entry, Link { entry, account, person, since: act.date, ended: None });
        Ok(())
    }

    fn unmerge(&mut self, entry: EntryId, act: &UnmergeAct) -> Result<(), String> {
        let stands = |link: &&mut Link| {
            (link.account, link.person) == (act.account.0, act.person.0) && link.ended.is_none()
        };
        let link = self.links.get_mut(&act.merge).filter(stands).ok_or_else(|| {
            format!("no link of {} to {} by entry {} stands", act.account, act.person, act.merge)
        })?;
        link.ended = Some((entry, act.date));
        self.standing.part(act.account.0);
        Ok(())
    }

    /// All links, by entry.
    pub fn links(&self) -> impl Iterator<Item = &Link> {
        self.links.values()
    }

    /// All pairs, by entry.
    pub fn pairs(&self) -> impl Iterator<Item = &Pair> {
        self.pairs.values()
    }

    /// The links that stand now.
    pub fn standing(&self) -> Links {
        self.standing.clone()
    }

    /// The links that stood before an entry.
    pub fn before(&self, entry: EntryId) -> Links {
        let links: Vec<Link> = self.links.values().cloned().collect();
        Links::at(&links, &Cut { as_of: None, known: Some(entry) })
    }
}

fn read<T: serde::de::DeserializeOwned>(act: &Act) -> Result<T, String> {
    serde_json::from_str(&act.payload)
        .map_err(|error| format!("its payload is no {}'s: {error}", act.kind.name()))
}

fn check_learner(act: &Act, person: Account) -> Result<(), String> {
    match act.learner {
        Some(learner) if learner == person.0 => Ok(()),
        _ => Err(format!("it is not kept as an act about {person}")),
    }
}
