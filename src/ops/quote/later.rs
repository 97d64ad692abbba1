//! What releases that are published and have not begun would take.

use super::{Offer, Offers, Request};
use crate::domain::entry::EntryId;
use crate::domain::fault::Result;
use crate::ledger::convert::{Orders, RuleSet, Source, Target, plan};
use crate::ledger::lots::Lot;
use crate::ops::convert::used;
use crate::ops::rules::release::Pinned;
use crate::store::Read;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// The releases that begin after the day of a quote, the first first.
pub struct Later {
    offers: Vec<(Date, Offer)>,
}

impl Later {
    /// None where a release is chosen, or where the learner has rules of their own for good.
    pub fn find(read: &dyn Read, request: &Request, offers: &Offers, sources: &[Source]) -> Result<Later> {
        let history = &offers.history;
        let own = offers.pinned.as_deref().map(|own| history.release(own)).transpose()?;
        let has_own = own.is_some_and(|own| own.pinned == Pinned::Own);
        let mut later = Vec::new();
        if request.release.is_none() && !has_own {
            let mut begins: Vec<_> = history.releases.iter().filter(|one| one.from > request.date).collect();
            begins.sort_by_key(|release| (release.from, release.entry));
            for release in begins {
                later.push((release.from, Offer::of(read, &history.edition(release)?, sources)?));
            }
        }
        Ok(Later { offers: later })
    }

    /// The lots that the first of them takes which takes them, on its first day, and how that is said.
    pub fn takes(
        &mut self,
        read: &dyn Read,
        target: &Target,
        (lots, free): (&[Lot], &[Source]),
        orders: &impl Orders,
    ) -> Result<BTreeMap<EntryId, String>> {
        let mut taken = BTreeMap::new();
        for (from, offer) in &mut self.offers {
            let (release, rules, caps) = offer.take(target);
            let set = RuleSet::new(target.clone(), rules, caps);
            let plan = plan(free, &set, &used(read, &set, lots)?, *from, orders);
            let how = format!("release {}, in force from {from}", release.unwrap_or_default());
            for lot in plan.acts.iter().flat_map(|act| &act.lots) {
                taken.entry(lot.lot).or_insert_with(|| how.clone());
            }
        }
        Ok(taken)
    }
}
