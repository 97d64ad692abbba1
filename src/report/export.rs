//! The ledger as a double-entry journal for plain-text accounting programs: hledger, Ledger, Beancount.

use super::facts::Facts;
use crate::domain::account::Account;
use crate::domain::credits::Credits;
use crate::domain::entry::{Achievement, EntryId, EntryKind, Movement, Place, accounts};
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::{Bank, Institution, SystemRow};
use crate::ledger::lots::Cut;
use crate::store::{Read, all};
use jiff::civil::Date;
use std::collections::BTreeSet;
use std::io::Write;

mod syntax;

pub use syntax::Dialect;
use syntax::Posting;

/// Entries read at a time.
const WINDOW: u64 = 50_000;

/// Writes the whole ledger as a journal, one transaction for each entry that moves an amount, in order
/// of the log: dates need not ascend. The date is the last day of the effective period.
///
/// # Errors
/// Where the ledger cannot be read or the journal not written.
pub fn export(read: &dyn Read, dialect: Dialect, out: &mut dyn Write) -> Result<()> {
    let facts = Facts::new(read);
    let bank: Option<Bank> = all(read)?.pop();
    let title = bank.map(|bank| format!("{} ({})", bank.name, bank.identifier)).unwrap_or_default();
    dialect.title(out, &title).map_err(failed)?;
    for system in all::<SystemRow>(read)? {
        dialect.commodity(out, &system.code, &system.name).map_err(failed)?;
    }
    for account in accounts_used(&facts, dialect)? {
        dialect.open(out, &account).map_err(failed)?;
    }
    for head in read.heads()? {
        let mut from = 0;
        while from < head.size {
            let to = (from + WINDOW).min(head.size);
            for posting in postings(&facts, EntryId::new(head.log, from), EntryId::new(head.log, to))? {
                posting.write(&facts, dialect, out)?;
            }
            from = to;
        }
    }
    Ok(())
}

fn failed(error: std::io::Error) -> Fault {
    // A reader that has seen enough, such as `head`, is no failure: the code is the renderers' own.
    let code = if error.kind() == std::io::ErrorKind::BrokenPipe { "R202" } else { "R140" };
    Fault::new(code, format!("the journal could not be written: {error}"))
}

/// The accounts that entries move amounts between.
fn accounts_used(facts: &Facts, dialect: Dialect) -> Result<BTreeSet<String>> {
    let links = facts.links(&Cut::default())?;
    let mut holders: BTreeSet<(Place, i64)> = BTreeSet::new();
    for head in facts.read.heads()? {
        let (from, to) = (EntryId::new(head.log, 0), EntryId::new(head.log, head.size));
        facts.read.achievements(from, to, &mut |achievement, _| {
            if achievement.amount != Credits::ZERO {
                holders.insert((Place::Held, links.person(achievement.learner)));
            }
            Ok(())
        })?;
        facts.read.movements(from, to, &mut |movement, _| {
            let person = links.person(movement.learner);
            holders.extend([(Place::Placed, person), (Place::Converted, person)]);
            Ok(())
        })?;
    }
    let mut names: BTreeSet<String> =
        holders.into_iter().map(|(place, learner)| name(dialect, place, learner, "")).collect();
    let institutions: Vec<Institution> = all(facts.read)?;
    names.extend(institutions.iter().map(|row| name(dialect, Place::Recognised, 0, &row.code)));
    Ok(names)
}

/// An account's name: the source is the institution's, every other place a person's.
fn name(dialect: Dialect, place: Place, learner: i64, institution: &str) -> String {
    let owner = match place {
        Place::Recognised => institution.to_owned(),
        _ => Account(learner).to_string(),
    };
    dialect.account(place, &owner)
}

/// An entry that moves an amount.
enum Moved {
    Deposit(Achievement),
    Movement(Movement),
}

impl Moved {
    fn entry(&self) -> EntryId {
        match self {
            Moved::Deposit(achievement) => achievement.entry,
            Moved::Movement(movement) => movement.entry,
        }
    }
}

fn postings(facts: &Facts, from: EntryId, to: EntryId) -> Result<Vec<Moved>> {
    let mut moved = Vec::new();
    facts.read.achievements(from, to, &mut |achievement, _| {
        if achievement.amount != Credits::ZERO {
            moved.push(Moved::Deposit(achievement));
        }
        Ok(())
    })?;
    facts.read.movements(from, to, &mut |movement, _| {
        if movement.amount != Credits::ZERO {
            moved.push(Moved::Movement(movement));
        }
        Ok(())
    })?;
    moved.sort_by_key(Moved::entry);
    Ok(moved)
}

impl Moved {
    fn write(&self, facts: &Facts, dialect: Dialect, out: &mut dyn Write) -> Result<()> {
        match self {
            Moved::Deposit(deposit) => {
                let places = accounts(EntryKind::Deposit);
                transaction(facts, dialect, deposit, self.as_part(deposit), places, out)
            }
            Moved::Movement(movement) => {
                let lot = facts.read.achievement(movement.lot)?.ok_or_else(|| {
                    let what =
                        format!("entry {} moves lot {}, which is missing", movement.entry, movement.lot);
                    Fault::new("R141", what).remedy("run `creditbank verify`")
                })?;
                let places = facts.accounts(movement)?;
                transaction(facts, dialect, &lot, self.as_part(&lot), places, out)
            }
        }
    }

    /// Kind, period, system and amount of the entry.
    fn as_part(&self, lot: &Achievement) -> Part {
        match self {
            Moved::Deposit(_) => Part {
                entry: lot.entry,
                kind: EntryKind::Deposit,
                period: lot.period,
                system: lot.system,
                amount: lot.amount,
            },
            Moved::Movement(m) => {
                Part { entry: m.entry, kind: m.kind, period: m.period, system: m.system, amount: m.amount }
            }
        }
    }
}

struct Part {
    entry: EntryId,
    kind: EntryKind,
    period: i64,
    system: i64,
    amount: Credits,
}

fn transaction(
    facts: &Facts,
    dialect: Dialect,
    lot: &Achievement,
    part: Part,
    places: Option<(Place, Place)>,
    out: &mut dyn Write,
) -> Result<()> {
    let Some((from, to)) = places else { return Ok(()) };
    let institution = facts.awarder(lot.outcome)?;
    let version = facts.version(lot.outcome, lot.version)?;
    let date: Date = facts.period(part.period)?.last;
    let person = facts.links(&Cut::default())?.person(lot.learner);
    let posting = Posting {
        date,
        kind: part.kind.name(),
        title: &version.title,
        entry: part.entry,
        lot: lot.entry,
        batch: &facts.batch_name(part.entry)?,
        from: &name(dialect, from, person, &institution.code),
        to: &name(dialect, to, person, &institution.code),
        commodity: &facts.system_code(part.system)?,
        amount: part.amount,
    };
    dialect.transaction(out, &posting).map_err(failed)
}
