//! `learner review`: accounts that may be one person's, and what somebody finds who looks at them.

use super::merge::{self, Merged};
use super::{DistinctAct, check_reason};
use crate::domain::account::Account;
use crate::domain::entry::EntryId;
use crate::domain::fault::{Fault, Result};
use crate::domain::link::Pair;
use crate::ledger::lots::Cut;
use crate::ops::batch::{Actor, BatchPayload};
use crate::ops::learners::links;
use crate::ops::post::Poster;
use crate::store::{self, Head, Read, Store};
use jiff::civil::Date;

/// What somebody found.
#[derive(Debug, Clone)]
pub struct Request {
    /// The review act, which names the pair.
    pub pair: EntryId,
    /// Whether they are one person.
    pub same: bool,
    /// Why.
    pub reason: String,
    /// As in a merge.
    pub reverse_duplicates: bool,
    /// The day, in the bank's time zone.
    pub date: Date,
    /// Show what would be posted and leave everything as it was.
    pub dry_run: bool,
    /// The log.
    pub log: i64,
}

/// What a decision about a pair did, or would do.
#[derive(Debug, Clone)]
pub enum Decided {
    /// They are one person: the accounts were merged.
    Same(Box<Merged>),
    /// They are two people, which is remembered.
    Different {
        /// Number of the batch.
        batch: i64,
        /// Entries that the batch posted.
        entries: i64,
        /// The account that was opened.
        account: Account,
        /// The account that it is like.
        other: Account,
        /// The log after the batch.
        head: Head,
    },
}

/// Decides a pair.
///
/// # Errors
/// `L109` where there is no such pair, `L110` where it is decided already; as [`merge::merge`].
pub fn decide(store: &mut dyn Store, actor: &Actor, request: &Request) -> Result<Decided> {
    check_reason(&request.reason)?;
    store::again(|| decide_once(store, actor, request))
}

fn decide_once(store: &mut dyn Store, actor: &Actor, request: &Request) -> Result<Decided> {
    let head = store::head(store, request.log)?;
    let pair = open_pair(store, request.pair)?;
    let (account, other) = (Account(pair.account), Account(pair.other));
    if request.same {
        let merging = merge::Request {
            person: pair.other,
            account: pair.account,
            reason: request.reason.clone(),
            reverse_duplicates: request.reverse_duplicates,
            date: request.date,
            dry_run: request.dry_run,
            log: request.log,
        };
        return merge::merge(store, actor, &merging).map(|merged| Decided::Same(Box::new(merged)));
    }
    let mut payload = BatchPayload::new(actor)?;
    payload.why = request.reason.clone();
    let mut decided = None;
    store.append(request.log, Some(&head), &mut |tx| {
        let mut poster = Poster::open(tx, request.log, &payload)?;
        let reason = request.reason.clone();
        poster.distinct(&pair, &DistinctAct { review: pair.entry, account, other, reason })?;
        let sealed = poster.seal()?;
        let (batch, entries) = (sealed.batch.no, sealed.batch.size);
        decided = Some(Decided::Different { batch, entries, account, other, head: sealed.head });
        Ok(!request.dry_run)
    })?;
    decided.ok_or_else(|| Fault::new("S916", "the decision was not run"))
}

/// A pair that waits for somebody.
fn open_pair(read: &(impl Read + ?Sized), entry: EntryId) -> Result<Pair> {
    let list = "`creditbank learner review list` shows the pairs that wait";
    let pair = read.pairs()?.into_iter().find(|pair| pair.entry == entry);
    let pair = pair.ok_or_else(|| {
        Fault::new("L109", format!("entry {entry} names no pair of accounts to review")).remedy(list)
    })?;
    if let Some(apart) = pair.apart {
        return Err(Fault::new("L110", format!("pair {entry} is decided already: they are two people"))
            .why(format!("entry {apart} says so"))
            .remedy("merge them with `creditbank learner merge` where that was wrong"));
    }
    if links(read, &Cut::default())?.same(pair.account, pair.other) {
        return Err(Fault::new("L110", format!("pair {entry} is decided already: they are one person"))
            .remedy("part them with `creditbank learner unmerge` where that was wrong"));
    }
    Ok(pair)
}
