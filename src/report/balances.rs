//! What each learner has, by credit system and place.

use super::facts::Facts;
use super::{Cell, Column, Query, Section, Sink, meta};
use crate::domain::account::Account;
use crate::domain::credits::Credits;
use crate::domain::entry::{Balance, Place};
use crate::domain::fault::Result;
use crate::ledger::lots;
use crate::store::Read;

const COLUMNS: [Column; 9] = [
    Column::text("account", "Account"),
    Column::text("system", "System"),
    Column::number("held", "Held"),
    Column::number("placed", "Placed"),
    Column::number("converted", "Converted"),
    Column::number("redeemed", "Redeemed"),
    Column::number("expired", "Expired"),
    Column::number("transferred", "Transferred"),
    Column::number("recognised", "Recognised"),
];

/// The places of a learner's own credit, in the order of the columns.
pub(super) const OWN: [Place; 6] =
    [Place::Held, Place::Placed, Place::Converted, Place::Redeemed, Place::Expired, Place::Transferred];

/// Balances of all people, or of one: kept ones without a cut, folded from the journal with one.
///
/// # Errors
/// Where the ledger cannot be read or the report not written.
pub fn balances(read: &dyn Read, query: &Query, sink: &mut dyn Sink) -> Result<()> {
    let section = Section::new("balances", "Balances", &COLUMNS);
    sink.begin(&meta(read, "balances", query, vec![section.clone()])?)?;
    section.open(sink)?;
    let facts = Facts::new(read);
    if query.is_cut() {
        for learner in facts.people(query.learner, &query.cut)? {
            for (system, balance) in lots::balances(&facts.lots(learner, &query.cut)?) {
                row(&facts, sink, learner, system, &balance)?;
            }
        }
    } else {
        let links = facts.links(&query.cut)?;
        let person = query.learner.map(|learner| links.person(learner));
        read.balances(person, &mut |learner, system, balance| row(&facts, sink, learner, system, &balance))?;
    }
    sink.end()
}

fn row(facts: &Facts, sink: &mut dyn Sink, learner: i64, system: i64, balance: &Balance) -> Result<()> {
    let mut cells = vec![Account(learner).to_string().into(), facts.system_code(system)?.into()];
    cells.extend(OWN.map(|place| Cell::Amount(balance.at(place))));
    cells.push(Cell::Amount(recognised(balance)));
    sink.row(&cells)
}

/// The source's balance: minus the sum of all others.
pub(super) fn recognised(balance: &Balance) -> Credits {
    Credits(-OWN.iter().map(|place| balance.at(*place).0).sum::<i64>())
}
