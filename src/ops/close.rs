//! `period close`: from then on, what takes effect in the closed period needs a reason.

use crate::domain::fault::{Fault, Result};
use crate::domain::registry::Closure;
use crate::ops::batch::{Actor, BatchPayload};
use crate::ops::post::{Poster, Sealed};
use crate::store::{self, Store};
use jiff::civil::Date;

/// Closes the books through a day, by an act of their own.
///
/// # Errors
/// `P101` where they are closed through that day or a later one already, `P102` for a day to come.
pub fn close(
    store: &mut dyn Store,
    actor: &Actor,
    through: Date,
    today: Date,
    reason: Option<String>,
    log: i64,
) -> Result<Sealed> {
    store::again(|| close_once(store, actor, through, today, reason.clone(), log))
}

fn close_once(
    store: &mut dyn Store,
    actor: &Actor,
    through: Date,
    today: Date,
    reason: Option<String>,
    log: i64,
) -> Result<Sealed> {
    if through >= today {
        return Err(Fault::new("P102", format!("{through} is not over yet"))
            .remedy("close through yesterday at the latest"));
    }
    if let Some(closed) = super::import::closed_through(store)?.filter(|closed| *closed >= through) {
        return Err(Fault::new("P101", format!("the books are closed through {closed} already"))
            .why("a period that is closed stays closed"));
    }
    let mut payload = BatchPayload::new(actor)?;
    payload.why = reason.unwrap_or_default();
    let head = store::head(store, log)?;
    let row = Closure { id: store::next_id::<Closure>(store)?, through: through.to_string() };
    let mut sealed = None;
    store.append(log, Some(&head), &mut |tx| {
        let mut poster = Poster::open(tx, log, &payload)?;
        poster.close(serde_json::json!({ "through": row.through }).to_string())?;
        poster.register_one(&row)?;
        sealed = Some(poster.seal()?);
        Ok(true)
    })?;
    sealed.ok_or_else(|| Fault::new("P103", "the period was not closed"))
}
