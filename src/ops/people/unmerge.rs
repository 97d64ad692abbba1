//! `learner unmerge`: a merge is taken back.

use super::{MergeAct, UnmergeAct, check_reason};
use crate::domain::account::Account;
use crate::domain::entry::{EntryId, EntryKind};
use crate::domain::fault::{Fault, Result};
use crate::domain::link::Link;
use crate::ledger::links::Links;
use crate::ledger::lots::Cut;
use crate::ops::batch::Actor;
use crate::ops::learners::{links, lots_of};
use crate::ops::names::Names;
use crate::ops::post::Poster;
use crate::ops::undo;
use crate::store::{self, Head, Read, Store};
use jiff::civil::Date;
use std::collections::BTreeSet;

/// What to take back.
#[derive(Debug, Clone)]
pub struct Request {
    /// The account that was merged into another.
    pub account: i64,
    /// Why.
    pub reason: String,
    /// The day, in the bank's time zone.
    pub date: Date,
    /// Show what would be posted and leave everything as it was.
    pub dry_run: bool,
    /// The log.
    pub log: i64,
}

/// What an unmerge did, or would do.
#[derive(Debug, Clone)]
pub struct Unmerged {
    /// Number of the batch.
    pub batch: i64,
    /// Entries that the batch posted.
    pub entries: i64,
    /// The account to which the link led.
    pub person: Account,
    /// The account that is its own person's again.
    pub account: Account,
    /// Entries that the merge had reversed and that stand again.
    pub restored: u64,
    /// The log after the batch.
    pub head: Head,
}

/// Takes a merge back: what the merge reversed stands again, and each account has its own.
///
/// # Errors
/// `L105` without a reason, `L106` where the account is merged into no other, `L107` where decisions use
/// lots of both; as [`undo::undo`] where what was reversed cannot stand again.
pub fn unmerge(store: &mut dyn Store, actor: &Actor, request: &Request) -> Result<Unmerged> {
    check_reason(&request.reason)?;
    store::again(|| unmerge_once(store, actor, request))
}

fn unmerge_once(store: &mut dyn Store, actor: &Actor, request: &Request) -> Result<Unmerged> {
    let head = store::head(store, request.log)?;
    let links = links(store, &Cut::default())?;
    let link = link_of(store, &links, request.account)?;
    check_apart(store, &links, &link)?;
    let Request { date, dry_run, log, .. } = *request;
    let undoing = undo::Request::reversal(reversed_by(store, &link)?, &request.reason, date, dry_run, log);
    let payload = undo::payload(store, actor, &undoing)?;
    let mut unmerged = None;
    store.append(request.log, Some(&head), &mut |tx| {
        let mut poster = Poster::open(tx, request.log, &payload)?;
        let act = UnmergeAct {
            person: Account(link.person),
            account: Account(link.account),
            merge: link.entry,
            date: request.date,
            reason: request.reason.clone(),
        };
        poster.unmerge(&link, &act)?;
        let (mut poster, undone) = undo::within(poster, &undoing)?;
        // What did not count because of a result of the other's counts again.
        for one in [link.account, link.person] {
            poster.recount(&poster.links().accounts(one))?;
        }
        let sealed = poster.seal()?;
        unmerged = Some(Unmerged {
            batch: sealed.batch.no,
            entries: sealed.batch.size,
            person: act.person,
            account: act.account,
            restored: undone.undone,
            head: sealed.head,
        });
        Ok(!request.dry_run)
    })?;
    unmerged.ok_or_else(|| Fault::new("S916", "the unmerge was not run"))
}

/// The standing link of an account to another.
fn link_of(read: &(impl Read + ?Sized), links: &Links, account: i64) -> Result<Link> {
    let found = read.links()?.into_iter().find(|link| link.account == account && link.ended.is_none());
    found.ok_or_else(|| {
        let merged: Vec<String> =
            links.accounts(account)[1..].iter().map(|account| Account(*account).to_string()).collect();
        let fault = Fault::new("L106", format!("{} is merged into no other account", Account(account)));
        if merged.is_empty() {
            return fault.remedy("`creditbank learner show` lists a person's accounts");
        }
        fault.remedy(format!("name the account that was merged into it: {}", merged.join(", ")))
    })
}

/// Refuses while a decision uses lots of both.
fn check_apart(read: &(impl Read + ?Sized), links: &Links, link: &Link) -> Result<()> {
    let going = links.answering(link.account);
    let staying: Vec<i64> =
        links.accounts(link.account).into_iter().filter(|account| !going.contains(account)).collect();
    let users = |accounts: &[i64]| -> Result<BTreeSet<EntryId>> {
        let lots = lots_of(read, &Names::default(), accounts, &Cut::default())?;
        Ok(lots.iter().flat_map(|lot| &lot.placements).map(|placement| placement.decision).collect())
    };
    let both: Vec<String> =
        users(&going)?.intersection(&users(&staying)?).map(|decision| decision.to_string()).collect();
    if both.is_empty() {
        return Ok(());
    }
    let what = format!(
        "{} cannot be parted from {}: lots of both are used by decision {}",
        Account(link.account),
        Account(link.person),
        both.join(", ")
    );
    Err(Fault::new("L107", what)
        .why("a decision stands or falls as a whole, and is about one person")
        .remedy(format!("release it first: `creditbank release {}`, or reverse it", both[0])))
}

/// The decisions by which the merge reversed what both accounts had.
fn reversed_by(read: &(impl Read + ?Sized), link: &Link) -> Result<Vec<EntryId>> {
    let act = read.act(link.entry)?.filter(|act| act.kind == EntryKind::Merge);
    let payload: Option<MergeAct> = act.and_then(|act| serde_json::from_str(&act.payload).ok());
    payload.map(|payload| payload.reversed).ok_or_else(|| {
        Fault::new("S908", format!("merge act {} cannot be read", link.entry))
            .remedy("run `creditbank verify`")
    })
}
