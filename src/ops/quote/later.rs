//! What releases that are published and have not begun would take.

use super::Request;
use super::asked::Asked;
use crate::domain::entry::EntryId;
use crate::domain::fault::Result;
use crate::ledger::convert::{Orders, Source, Target, plan};
use crate::ledger::lots::Lot;
use crate::ops::convert::{ruling, used};
use crate::ops::rules::release::{Edition, History, Pinned, Release};
use crate::store::Read;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// The releases that begin after the day of a quote, the first first.
pub struct Later {
    begin: Vec<(Date, Edition)>,
}

impl Later {
    /// None where a release is chosen, or where the learner has rules of their own for good.
    pub fn find(request: &Request, history: &History, own: Option<&Release>) -> Result<Later> {
        let has_own = own.is_some_and(|own| own.pinned == Pinned::Own);
        if request.release.is_some() || has_own {
            return Ok(Later { begin: Vec::new() });
        }
        let mut begins: Vec<_> = history.releases.iter().filter(|one| one.from > request.date).collect();
        begins.sort_by_key(|release| (release.from, release.entry));
        let edition = |release: &Release| Ok((release.from, history.edition(release)?));
        Ok(Later { begin: begins.into_iter().map(edition).collect::<Result<_>>()? })
    }

    /// The lots that the first of them takes which takes them, on its first day, and how that is said.
    pub fn takes(
        &self,
        read: &dyn Read,
        (asked, target): (&Asked, &Target),
        (lots, free): (&[Lot], &[Source]),
        orders: &impl Orders,
    ) -> Result<BTreeMap<EntryId, String>> {
        let mut taken = BTreeMap::new();
        for (from, edition) in &self.begin {
            let set = ruling(read, asked, target, edition)?.0.set;
            let plan = plan(free, &set, &used(read, &set, lots)?, *from, orders);
            let how = format!("release {}, in force from {from}", edition.title());
            for lot in plan.acts.iter().flat_map(|act| &act.lots) {
                taken.entry(lot.lot).or_insert_with(|| how.clone());
            }
        }
        Ok(taken)
    }
}
