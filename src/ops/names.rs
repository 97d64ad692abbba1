//! Registry rows by id, read once and kept: what the ids in an entry stand for.

use crate::domain::date::{Period, Precision, parse_iso};
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::{Grade, Institution, Outcome, OutcomeVersion, PeriodRow, SystemRow};
use crate::store::{self, Read};
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;

/// A cache of registry rows. It only ever needs the rows that are asked for.
#[derive(Default)]
pub struct Names {
    periods: RefCell<HashMap<i64, Rc<Period>>>,
    outcomes: RefCell<HashMap<i64, Rc<Outcome>>>,
    versions: RefCell<HashMap<(i64, i64), Rc<OutcomeVersion>>>,
    systems: RefCell<HashMap<i64, Rc<SystemRow>>>,
    institutions: RefCell<HashMap<i64, Rc<Institution>>>,
    grades: RefCell<HashMap<i64, Rc<Grade>>>,
}

fn cached<K: Hash + Eq + Copy, V>(
    cache: &RefCell<HashMap<K, Rc<V>>>,
    key: K,
    load: impl FnOnce() -> Result<V>,
) -> Result<Rc<V>> {
    if let Some(found) = cache.borrow().get(&key) {
        return Ok(Rc::clone(found));
    }
    let value = Rc::new(load()?);
    cache.borrow_mut().insert(key, Rc::clone(&value));
    Ok(value)
}

impl Names {
    /// The period of that id.
    ///
    /// # Errors
    /// Where the ledger has no such period or cannot be read.
    pub fn period(&self, read: &(impl Read + ?Sized), id: i64) -> Result<Rc<Period>> {
        cached(&self.periods, id, || period_of(&store::get::<PeriodRow>(read, id)?))
    }

    /// The outcome of that id.
    ///
    /// # Errors
    /// Where the ledger has no such outcome or cannot be read.
    pub fn outcome(&self, read: &(impl Read + ?Sized), id: i64) -> Result<Rc<Outcome>> {
        cached(&self.outcomes, id, || store::get(read, id))
    }

    /// A version of an outcome.
    ///
    /// # Errors
    /// Where the ledger has no such version or cannot be read.
    pub fn version(
        &self,
        read: &(impl Read + ?Sized),
        outcome: i64,
        version: i64,
    ) -> Result<Rc<OutcomeVersion>> {
        cached(&self.versions, (outcome, version), || {
            let versions: Vec<OutcomeVersion> = store::find(read, "outcome", outcome)?;
            versions.into_iter().find(|row| row.version == version).ok_or_else(|| {
                Fault::new("S903", format!("outcome {outcome} has no version {version}"))
                    .remedy("run `creditbank verify`")
            })
        })
    }

    /// The institution of that id.
    ///
    /// # Errors
    /// Where the ledger has no such institution or cannot be read.
    pub fn institution(&self, read: &(impl Read + ?Sized), id: i64) -> Result<Rc<Institution>> {
        cached(&self.institutions, id, || store::get(read, id))
    }

    /// The grade of that id.
    ///
    /// # Errors
    /// Where the ledger has no such grade or cannot be read.
    pub fn grade(&self, read: &(impl Read + ?Sized), id: i64) -> Result<Rc<Grade>> {
        cached(&self.grades, id, || store::get(read, id))
    }

    /// The credit system of that id.
    ///
    /// # Errors
    /// Where the ledger has no such system or cannot be read.
    pub fn system(&self, read: &(impl Read + ?Sized), id: i64) -> Result<Rc<SystemRow>> {
        cached(&self.systems, id, || store::get(read, id))
    }
}

/// A period as the registry keeps it.
///
/// # Errors
/// Where the row does not hold dates, which only a change from outside causes.
pub fn period_of(row: &PeriodRow) -> Result<Period> {
    let bad =
        || Fault::new("S907", format!("period {} is not a period", row.id)).remedy("run `creditbank verify`");
    Ok(Period {
        written: row.written.clone(),
        precision: Precision::from_name(&row.precision).ok_or_else(bad)?,
        first: parse_iso(&row.first).map_err(|_| bad())?,
        last: parse_iso(&row.last).map_err(|_| bad())?,
    })
}

/// The registry row of a period.
pub fn period_row(id: i64, period: &Period) -> PeriodRow {
    PeriodRow {
        id,
        written: period.written.clone(),
        precision: period.precision.name().to_owned(),
        first: period.first.to_string(),
        last: period.last.to_string(),
    }
}
