//! `learner merge`: two accounts are one person's.

use super::doubled::{self, Doubled, doubled};
use super::{MergeAct, check_reason};
use crate::domain::account::Account;
use crate::domain::fault::{Fault, Result};
use crate::ledger::links::Links;
use crate::ledger::lots::Cut;
use crate::ops::batch::Actor;
use crate::ops::learners::links;
use crate::ops::names::Names;
use crate::ops::post::{Poster, key_of};
use crate::ops::undo;
use crate::store::{self, Head, Read, Store};
use jiff::civil::Date;

/// Doubled achievements that a refusal names.
const NAMED: usize = 20;

/// What to merge.
#[derive(Debug, Clone)]
pub struct Request {
    /// An account of the person; the account that names the person goes on doing so.
    pub person: i64,
    /// An account that is found to be the same person's.
    pub account: i64,
    /// Why.
    pub reason: String,
    /// Reverse the later of two entries of the same achievement, instead of refusing.
    pub reverse_duplicates: bool,
    /// The day of the merge, in the bank's time zone.
    pub date: Date,
    /// Show what would be posted and leave everything as it was.
    pub dry_run: bool,
    /// The log.
    pub log: i64,
}

/// What a merge did, or would do.
#[derive(Debug, Clone)]
pub struct Merged {
    /// Number of the batch.
    pub batch: i64,
    /// Entries that the batch posted.
    pub entries: i64,
    /// The account that names the person.
    pub person: Account,
    /// The account that answers for it now.
    pub account: Account,
    /// What stood under both.
    pub doubled: Vec<Doubled>,
    /// Entries reversed, with what stands and falls with them.
    pub reversed: u64,
    /// Results instead of which one of the other account counts.
    pub superseded: u64,
    /// The log after the batch.
    pub head: Head,
}

/// Merges two accounts, with all that answer for them already.
///
/// # Errors
/// `L103` where they are one person's already, `L113` where others of their accounts were found to be two people's, `L104` where an achievement stands under both and nothing
/// was said of it, `L105` without a reason, `L108` where what would be reversed is in use, `L109` where two results
/// in one outcome are.
pub fn merge(store: &mut dyn Store, actor: &Actor, request: &Request) -> Result<Merged> {
    check_reason(&request.reason)?;
    store::again(|| merge_once(store, actor, request))
}

fn merge_once(store: &mut dyn Store, actor: &Actor, request: &Request) -> Result<Merged> {
    let head = store::head(store, request.log)?;
    let links = links(store, &Cut::default())?;
    let (person, account) = ends(store, &links, request)?;
    apart(store, &links, request)?;
    let found = doubled(store, &Names::default(), &links.accounts(person), &links.accounts(account))?;
    if !found.is_empty() && !request.reverse_duplicates {
        return Err(counted_twice(person, account, &found));
    }
    let Request { date, dry_run, log, .. } = *request;
    let undoing = undo::Request::reversal(doubled::later(&found), &request.reason, date, dry_run, log);
    let payload = undo::payload(store, actor, &undoing)?;
    let mut merged = None;
    store.append(request.log, Some(&head), &mut |tx| {
        let poster = Poster::open(tx, request.log, &payload)?;
        let (mut poster, undone) = undo::within(poster, &undoing).map_err(|fault| in_use(fault, &found))?;
        poster.merge(&MergeAct {
            person: Account(person),
            account: Account(account),
            date: request.date,
            reason: request.reason.clone(),
            reversed: undone.decisions,
        })?;
        // Credit for the same learning is given to the person once.
        poster.recount(&poster.links().accounts(person))?;
        let superseded = poster.take_replaced().superseded.len() as u64;
        let sealed = poster.seal()?;
        merged = Some(Merged {
            batch: sealed.batch.no,
            entries: sealed.batch.size,
            person: Account(person),
            account: Account(account),
            doubled: found.clone(),
            reversed: undone.undone,
            superseded,
            head: sealed.head,
        });
        Ok(!request.dry_run)
    })?;
    merged.ok_or_else(|| Fault::new("S916", "the merge was not run"))
}

/// The accounts that name the two people, who must be two.
fn ends(read: &(impl Read + ?Sized), links: &Links, request: &Request) -> Result<(i64, i64)> {
    let (person, account) = (links.person(request.person), links.person(request.account));
    if person == account {
        let what =
            format!("{} and {} are one person's already", Account(request.person), Account(request.account));
        return Err(Fault::new("L103", what).remedy("`creditbank learner show` lists a person's accounts"));
    }
    key_of(read, person)?;
    key_of(read, account)?;
    Ok((person, account))
}

/// Refuses what would make one person of two accounts of which somebody found that they are two people's, unless it is
/// those two that are named: whoever names them overrules that.
fn apart(read: &(impl Read + ?Sized), links: &Links, request: &Request) -> Result<()> {
    let named = (request.person.min(request.account), request.person.max(request.account));
    let joins = |one: i64, other: i64| {
        links.same(one, request.person) && links.same(other, request.account)
            || links.same(other, request.person) && links.same(one, request.account)
    };
    for pair in read.pairs()? {
        let (one, other) = (pair.account.min(pair.other), pair.account.max(pair.other));
        let Some(entry) = pair.apart.filter(|_| (one, other) != named && joins(one, other)) else { continue };
        let (one, other) = (Account(one), Account(other));
        let what = format!("nothing was merged: {one} and {other} would become one person's");
        return Err(Fault::new("L113", what)
            .why(format!("entry {entry} says that they are two people's"))
            .remedy(format!(
                "find out which of the accounts is whose; where that entry is wrong, run `creditbank learner merge {one} \
                 {other}` first"
            )));
    }
    Ok(())
}

fn counted_twice(person: i64, account: i64, found: &[Doubled]) -> Fault {
    let mut what = format!(
        "nothing was merged: {} and {} both hold {}, which would count twice",
        Account(person),
        Account(account),
        if found.len() == 1 { "an achievement".to_owned() } else { format!("{} achievements", found.len()) },
    );
    for pair in found.iter().take(NAMED) {
        let load = if pair.load { "the load of a period, with " } else { "" };
        what.push_str(&format!(
            "\n  {load}{}: entry {} of {}, and entry {} of {}",
            pair.what,
            pair.first.entry,
            Account(pair.first.learner),
            pair.later.entry,
            Account(pair.later.learner)
        ));
    }
    if found.len() > NAMED {
        what.push_str(&format!("\n  … and {} more", found.len() - NAMED));
    }
    Fault::new("L104", what).remedy(
        "reverse the wrong ones with `creditbank reverse ENTRY`, or the later ones with --reverse-duplicates",
    )
}

/// Says of a reversal that is refused what it was for.
fn in_use(fault: Fault, found: &[Doubled]) -> Fault {
    // Used by another decision, or on hold.
    if !["U101", "U111"].contains(&fault.code) {
        return fault;
    }
    let used = fault.what.split_once('\n').map_or("", |(_, used)| used);
    Fault::new("L108", format!("nothing was merged: what would be reversed is in use\n{used}"))
        .why(format!("{} entries say what an earlier one says", doubled::later(found).len()))
        .remedy("release those decisions with `creditbank release`, or lift the holds, then merge, then convert again")
}
