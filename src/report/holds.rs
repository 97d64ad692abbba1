//! Lots on hold: a dispute, a missing document.

use super::batches::scalar;
use super::facts::Facts;
use super::{Cell, Column, Query, Sink};
use crate::domain::account::Account;
use crate::domain::entry::EntryId;
use crate::domain::fault::Result;
use crate::ledger::lots::Cut;
use crate::store::Read;
use serde_json::Value;

/// The columns of a lot on hold.
pub const COLUMNS: [Column; 10] = [
    Column::number("lot", "Lot"),
    Column::text("account", "Account"),
    Column::text("institution", "Institution"),
    Column::text("outcome", "Outcome"),
    Column::text("period", "Period"),
    Column::number("amount", "Credits"),
    Column::text("system", "System"),
    Column::text("since", "Since"),
    Column::number("decision", "Decision"),
    Column::text("reason", "Reason"),
];

/// Since when a lot is on hold and why, as the decision says.
fn said(read: &(impl Read + ?Sized), decision: EntryId) -> Result<(String, String)> {
    let act = read.act(decision)?;
    let payload: Value = act.and_then(|act| serde_json::from_str(&act.payload).ok()).unwrap_or_default();
    Ok((scalar(&payload["date"]), scalar(&payload["reason"])))
}

/// Why a lot is on hold, in words: since when, the reason, the decision.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn why(read: &(impl Read + ?Sized), decision: EntryId) -> Result<String> {
    let (since, reason) = said(read, decision)?;
    Ok(format!("on hold since {since}: {reason} (decision {decision})"))
}

/// Writes the lots that are on hold, in order of the decisions that put them there.
///
/// # Errors
/// Where the ledger cannot be read or the report not written.
pub fn holds(facts: &Facts, query: &Query, sink: &mut dyn Sink) -> Result<()> {
    let mut decisions = Vec::new();
    facts.read.decisions(&mut |decision| {
        let asked = query.learner.is_none() || query.learner == decision.learner;
        if decision.verb == "hold" && asked && query.cut.knows(decision.entry) {
            decisions.push(decision.entry);
        }
        Ok(())
    })?;
    let known = Cut { as_of: None, known: query.cut.known };
    for decision in decisions {
        for hold in facts.read.movements_of_decision(decision)? {
            let Some(row) = facts.read.achievement(hold.lot)? else { continue };
            let standing = facts.lot(row, &known)?.filter(|lot| lot.on_hold == Some(decision));
            let Some(lot) = standing else { continue };
            let a = &lot.achievement;
            let (since, reason) = said(facts.read, decision)?;
            sink.row(&[
                a.entry.into(),
                Account(a.learner).to_string().into(),
                facts.awarder(a.outcome)?.code.as_str().into(),
                facts.outcome(a.outcome)?.code.as_str().into(),
                facts.period(a.period)?.written.as_str().into(),
                Cell::from(a.amount),
                facts.system_code(a.system)?.into(),
                since.into(),
                decision.into(),
                reason.into(),
            ])?;
        }
    }
    Ok(())
}
