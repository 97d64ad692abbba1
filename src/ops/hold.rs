//! `lot hold` and `lot unhold`: a lot in dispute, or without a document, that nobody may place.
//!
//! A hold moves nothing. The lot stays where it is and counts in every report; until the hold is lifted
//! it is neither placed nor redeemed nor reversed.

use crate::domain::account::Account;
use crate::domain::credits::Credits;
use crate::domain::entry::{Achievement, EntryId, EntryKind, Movement, Place};
use crate::domain::fault::{Fault, Result};
use crate::ledger::lots::{Cut, Lot, fold};
use crate::ops::batch::{Actor, BatchPayload};
use crate::ops::convert::day;
use crate::ops::post::{NewMovement, Poster};
use crate::report::holds::why;
use crate::store::{self, DecisionRow, Head, Read, Store};
use jiff::civil::Date;
use serde::Serialize;

/// What to put on hold, or to take off it.
#[derive(Debug, Clone)]
pub struct Request {
    /// The lots.
    pub lots: Vec<EntryId>,
    /// Take them off hold rather than put them on it.
    pub lift: bool,
    /// Why.
    pub reason: String,
    /// Effective date.
    pub date: Date,
    /// Show what would be posted and leave everything as it was.
    pub dry_run: bool,
    /// The log.
    pub log: i64,
}

/// What a decision to hold records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// `hold` or `unhold`.
    pub verb: String,
    /// The learner.
    pub learner: Account,
    /// The lot.
    pub lot: EntryId,
    /// Effective date.
    pub date: Date,
    /// Why.
    pub reason: String,
}

/// A lot that was put on hold or taken off it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The learner.
    pub account: Account,
    /// The lot.
    pub lot: EntryId,
    /// The decision.
    pub decision: EntryId,
}

/// What was done, or would be.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Number of the batch.
    pub batch: Option<i64>,
    /// The lots.
    pub lots: Vec<Done>,
    /// The log after the batch.
    pub head: Option<Head>,
}

/// Puts lots on hold, or takes them off it: all of them or none.
///
/// # Errors
/// `H101` where there is no such lot, `H103` where it carries no credit or is reversed, `H104` where it
/// is on hold already, `H105` where it is not.
pub fn hold(store: &mut dyn Store, actor: &Actor, request: &Request) -> Result<Outcome> {
    store::again(|| hold_once(store, actor, request))
}

fn hold_once(store: &mut dyn Store, actor: &Actor, request: &Request) -> Result<Outcome> {
    let mut lots = request.lots.clone();
    lots.sort_unstable();
    lots.dedup();
    let closed = super::import::closed_through(store)?;
    let mut payload = BatchPayload::new(actor)?;
    payload.closed_period = closed.filter(|closed| request.date <= *closed).map(|closed| closed.to_string());
    let head = store::head(store, request.log)?;
    let mut outcome = Outcome::default();
    store.append(request.log, Some(&head), &mut |tx| {
        let mut poster = Poster::open(tx, request.log, &payload)?;
        let period = day(&mut poster, request.date)?;
        outcome = Outcome::default();
        for lot in &lots {
            outcome.lots.push(one(&mut poster, request, *lot, period)?);
        }
        let sealed = poster.seal()?;
        (outcome.batch, outcome.head) = (Some(sealed.batch.no), Some(sealed.head));
        Ok(!request.dry_run)
    })?;
    Ok(outcome)
}

fn one(poster: &mut Poster, request: &Request, entry: EntryId, period: i64) -> Result<Done> {
    let (lot, movements) = lot(poster.read(), entry)?;
    let undoes = match (request.lift, lot.on_hold) {
        (false, None) => None,
        (false, Some(decision)) => return Err(held_already(poster.read(), entry, decision)?),
        (true, None) => {
            return Err(Fault::new("H105", format!("lot {entry} is not on hold"))
                .remedy("`creditbank report open-items` lists the lots that are"));
        }
        (true, Some(decision)) => movements
            .iter()
            .find(|row| row.kind == EntryKind::Hold && row.decision == decision)
            .map(|row| row.entry),
    };
    let kind = if request.lift { EntryKind::Unhold } else { EntryKind::Hold };
    let learner = lot.achievement.learner;
    let decision = Decision {
        verb: kind.name().to_owned(),
        learner: Account(learner),
        lot: entry,
        date: request.date,
        reason: request.reason.clone(),
    };
    let json = serde_json::to_string(&decision).map_err(|error| Fault::new("S901", error.to_string()))?;
    let row = DecisionRow {
        entry: EntryId(0),
        learner: Some(learner),
        verb: decision.verb,
        target: None,
        rule: None,
        about: None,
    };
    let decision = poster.decision(row, json)?;
    let movement = NewMovement {
        kind,
        lot: &lot.achievement,
        share: (1, 1),
        system: lot.achievement.system,
        amount: Credits::ZERO,
        period,
        undoes,
        accounts: (Place::Held, Place::Held),
    };
    poster.movements(decision, &[movement])?;
    Ok(Done { account: Account(learner), lot: entry, decision })
}

/// A lot that a hold may be about, with its movements.
fn lot(read: &(impl Read + ?Sized), entry: EntryId) -> Result<(Lot, Vec<Movement>)> {
    let unknown = || {
        Fault::new("H101", format!("there is no lot {entry}"))
            .remedy("`creditbank report statement LEARNER` shows a learner's lots by their entries")
    };
    let row: Achievement = read.achievement(entry)?.ok_or_else(unknown)?;
    let movements = read.movements_of_lot(row.learner, entry)?;
    let never_asked = |_| crate::domain::date::Period::day(Date::ZERO);
    let lot = fold(vec![row], &movements, &Cut::default(), &never_asked).pop().ok_or_else(unknown)?;
    let refused = |what: String| Fault::new("H103", what).why("only credit that stands can be put on hold");
    if let Some(reversal) = lot.reversed_by {
        return Err(refused(format!("lot {entry} was reversed by {reversal}")));
    }
    if let Some(entry) = lot.superseded {
        return Err(refused(format!("lot {entry} does not count: another result in the outcome does")));
    }
    if lot.achievement.amount == Credits::ZERO {
        return Err(refused(format!("entry {entry} records a result without credit")));
    }
    Ok((lot, movements))
}

fn held_already(read: &(impl Read + ?Sized), lot: EntryId, decision: EntryId) -> Result<Fault> {
    Ok(Fault::new("H104", format!("lot {lot} is on hold already"))
        .why(why(read, decision)?)
        .remedy(format!("lift that hold first with `creditbank lot unhold {lot}`")))
}
