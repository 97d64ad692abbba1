//! `learner pin` and `unpin`: a learner's rules are those of a release, from a day on (catalogue rights).
//!
//! Each is a decision about the learner, whose payload only their key opens. The newest that has taken effect counts:
//! by its day, then by its entry.

use super::release::History;
use crate::domain::account::Account;
use crate::domain::date::parse_iso;
use crate::domain::entry::EntryId;
use crate::domain::fault::{Exit, Fault, Result};
use crate::ops::batch::{Actor, BatchPayload};
use crate::ops::learners;
use crate::ops::post::Poster;
use crate::store::{self, DecisionRow, Read, Store};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The verb of a decision that pins a learner.
pub const PIN: &str = "pin";
/// The verb of a decision that ends a pin.
pub const UNPIN: &str = "unpin";

/// What a decision to pin or to unpin records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// `pin` or `unpin`.
    pub verb: String,
    /// The learner.
    pub learner: Account,
    /// The release's name.
    pub target: String,
    /// From this day on.
    pub date: String,
    /// The pin that an unpin ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<EntryId>,
    /// Why.
    pub reason: String,
}

/// A learner's pin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The decision.
    pub decision: EntryId,
    /// The account under which it stands.
    pub account: Account,
    /// The release's name.
    pub release: String,
    /// Since when.
    pub since: Date,
    /// Why.
    pub reason: String,
}

/// The pin that counts for a person on a day, as known before an entry where one is given.
///
/// # Errors
/// Where the ledger cannot be read; `R423` where a decision does not fit.
pub fn pin_of(
    read: &(impl Read + ?Sized),
    accounts: &[i64],
    day: Date,
    known: Option<EntryId>,
) -> Result<Option<Pin>> {
    let mut newest: Option<(Date, EntryId, Decision)> = None;
    for account in accounts {
        for row in read.pins(*account)? {
            if known.is_some_and(|known| row.entry >= known) {
                continue;
            }
            let (since, decision) = decision_of(read, row.entry)?;
            let later = newest.as_ref().is_none_or(|(day, entry, _)| (*day, *entry) < (since, row.entry));
            if since <= day && later {
                newest = Some((since, row.entry, decision));
            }
        }
    }
    let standing = newest.filter(|(_, _, decision)| decision.verb == PIN);
    Ok(standing.map(|(since, entry, decision)| Pin {
        decision: entry,
        account: decision.learner,
        release: decision.target,
        since,
        reason: decision.reason,
    }))
}

fn decision_of(read: &(impl Read + ?Sized), entry: EntryId) -> Result<(Date, Decision)> {
    let misfit = |why: String| {
        Fault::new("R423", format!("decision {entry} cannot be read: {why}"))
            .remedy("run `creditbank verify` to see what was changed")
    };
    let act = read.act(entry)?.ok_or_else(|| misfit("it has no act".to_owned()))?;
    let decision: Decision = serde_json::from_str(&act.payload).map_err(|error| misfit(error.to_string()))?;
    let since = parse_iso(&decision.date).map_err(|error| misfit(error.to_string()))?;
    Ok((since, decision))
}

/// What to record.
#[derive(Debug, Clone)]
pub struct Request {
    /// The learner's account.
    pub learner: i64,
    /// The release; none to end the pin.
    pub release: Option<String>,
    /// From this day on.
    pub date: Date,
    /// Why.
    pub reason: String,
    /// Show what would be posted and leave everything as it was.
    pub dry_run: bool,
    /// Log to append to.
    pub log: i64,
}

/// What was recorded, or would be.
#[derive(Debug, Clone)]
pub struct Pinned {
    /// The learner.
    pub account: Account,
    /// The release before.
    pub before: Option<String>,
    /// The release now.
    pub now: Option<String>,
    /// The decision.
    pub decision: EntryId,
    /// Number of the batch.
    pub batch: i64,
}

/// Pins a learner to a release, or ends the pin.
///
/// # Errors
/// `R401` for an unknown release, `R420` where it begins later, `R421` where the learner is pinned to it already,
/// `R422` where there is no pin to end, `R424` without a reason; `S401` where another writer came first.
pub fn pin(store: &mut dyn Store, actor: &Actor, request: &Request) -> Result<Pinned> {
    store::again(|| pin_once(store, actor, request))
}

fn pin_once(store: &mut dyn Store, actor: &Actor, request: &Request) -> Result<Pinned> {
    if request.reason.trim().is_empty() {
        return Err(Fault::new("R424", "a pin is recorded with its reason")
            .remedy("say why with --reason")
            .exit(Exit::Usage));
    }
    let head = store::head(store, request.log)?;
    let accounts = learners::links(store, &Default::default())?.accounts(request.learner);
    let standing = pin_of(store, &accounts, request.date, None)?;
    let decision = decide(store, request, standing.as_ref())?;
    let json = serde_json::to_string(&decision).map_err(|error| Fault::new("S901", error.to_string()))?;
    let row = DecisionRow {
        entry: EntryId(0),
        learner: Some(request.learner),
        verb: decision.verb.clone(),
        target: Some(decision.target.clone()),
        rule: None,
        about: decision.decision,
    };
    let mut payload = BatchPayload::new(actor)?;
    payload.why = "rules of a release".to_owned();
    let (mut entry, mut batch) = (EntryId(0), 0);
    store.append(request.log, Some(&head), &mut |tx| {
        let mut poster = Poster::open(tx, request.log, &payload)?;
        entry = poster.decision(row.clone(), json.clone())?;
        batch = poster.seal()?.batch.no;
        Ok(!request.dry_run)
    })?;
    Ok(Pinned {
        account: Account(request.learner),
        before: standing.map(|pin| pin.release),
        now: request.release.clone(),
        decision: entry,
        batch,
    })
}

fn decide(read: &(impl Read + ?Sized), request: &Request, standing: Option<&Pin>) -> Result<Decision> {
    let (learner, date) = (Account(request.learner), request.date.to_string());
    let reason = request.reason.clone();
    let Some(name) = &request.release else {
        let pin = standing.ok_or_else(|| {
            Fault::new("R422", format!("{learner} is pinned to no release on {date}"))
                .remedy("`creditbank learner show` tells a learner's pin")
        })?;
        let (verb, decision) = (UNPIN.to_owned(), Some(pin.decision));
        return Ok(Decision { verb, learner, target: pin.release.clone(), date, decision, reason });
    };
    let history = History::read(read, None)?;
    let release = history.release(name)?;
    if request.date < release.from {
        return Err(Fault::new(
            "R420",
            format!("release {name} is in force from {}, not on {date}", release.from),
        )
        .remedy(format!("give --date {} or a later day", release.from)));
    }
    if let Some(pin) = standing.filter(|pin| pin.release == *name) {
        let what =
            format!("{learner} is pinned to release {name} since {} (decision {})", pin.since, pin.decision);
        return Err(Fault::new("R421", what));
    }
    Ok(Decision { verb: PIN.to_owned(), learner, target: name.clone(), date, decision: None, reason })
}
