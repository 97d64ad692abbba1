//! Placing what a decision gives: by the rules, or without one by a named authority.

use crate::domain::credits::{Credits, Ratio, apportion};
use crate::domain::decision::{By, Granted, Receives, Refused, Step};
use crate::domain::entry::{EntryId, EntryKind, Place};
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::{AuthorityRow, SystemRow};
use crate::ledger::cases::Case;
use crate::ledger::convert::Target;
use crate::ledger::lots::Lot;
use crate::ops::batch::Actor;
use crate::ops::convert::{self, Editions};
use crate::ops::post::{NewMovement, Poster};
use crate::ops::registry::authority;
use crate::store::{self, Read};
use jiff::civil::Date;

/// What an authority gives without a rule.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Code of the authority.
    pub authority: String,
    /// What the lots are worth together.
    pub credits: Credits,
    /// Code of the credit system of that; the target's own where nothing is said.
    pub system: Option<String>,
    /// Codes of the target's outcomes that it counts for.
    pub outcomes: Vec<String>,
}

/// Places lots under the rules in force, and says which they leave and why.
pub fn by_rules<'t>(
    poster: Poster<'t>,
    learner: i64,
    lots: &[EntryId],
    target: &Target,
    (date, log): (Date, i64),
) -> Result<(Poster<'t>, Vec<EntryId>, Vec<Refused>)> {
    let editions = Editions::open_any(poster.read(), target, date)?;
    let request = convert::Request {
        learners: Some(vec![learner]),
        lots: Some(lots.iter().copied().collect()),
        target: target.clone(),
        date,
        release: None,
        reason: None,
        dry_run: false,
        log,
    };
    let (poster, done) = convert::within(poster, &request, &editions)?;
    let left = done.left.into_iter().map(|left| Refused {
        lot: left.lot,
        codes: left.codes.into_iter().map(str::to_owned).collect(),
        why: left.why,
    });
    Ok((poster, done.placed, left.collect()))
}

/// An authority with its remit, and the system in which it gives.
pub struct Granting {
    row: AuthorityRow,
    system: SystemRow,
}

/// The authority of a grant, refused where the grant lies outside its remit.
///
/// # Errors
/// `D109` where it does; `D110` where no system is said; `G104`, `K103` for what is not registered.
pub fn authority_of(
    read: &(impl Read + ?Sized),
    grant: &Grant,
    (target, date): (&Target, Date),
    actor: &Actor,
) -> Result<Granting> {
    let row = authority::newest(read, &grant.authority)?;
    let code = match (&grant.system, target) {
        (Some(system), _) | (None, Target::System(system)) => system.clone(),
        (None, Target::Institution(_)) => {
            return Err(Fault::new(
                "D110",
                "an exception for an institution says in which credit system it gives",
            )
            .remedy("name it with --system"));
        }
    };
    if grant.credits <= Credits::ZERO {
        return Err(
            Fault::new("D110", "an exception gives more than nothing").remedy("say how much with --credits")
        );
    }
    if let Target::System(target) = target
        && *target != code
    {
        return Err(Fault::new(
            "D110",
            format!("credit placed at {target} is credit of {target}, not of {code}"),
        )
        .remedy("leave --system out"));
    }
    let outside = authority::outside(&row, (target.code(), date), &actor.name, (grant.credits, &code));
    if let Some(why) = outside {
        return Err(Fault::new("D109", format!("the exception lies outside the remit of {}", row.name))
            .why(why)
            .remedy("`creditbank authority list` shows who may decide what"));
    }
    let system = store::find::<SystemRow>(read, "code", code.as_str())?.pop().ok_or_else(|| {
        Fault::new("K103", format!("credit system {code} is not registered"))
            .remedy("`creditbank system list` shows the codes")
    })?;
    Ok(Granting { row, system })
}

/// Fills in what a step of an exception records: each free lot whole, its worth by largest remainder.
///
/// # Errors
/// `D108` where a lot is not free.
pub fn fill(step: &mut Step, granting: &Granting, grant: &Grant, lots: &[Lot]) -> Result<()> {
    if let Some(lot) = lots.iter().find(|lot| lot.held == Credits::ZERO || lot.on_hold.is_some()) {
        let how = if lot.on_hold.is_some() { "on hold" } else { "placed already" };
        return Err(Fault::new("D108", format!("lot {} is {how}", lot.achievement.entry))
            .remedy("release it or lift the hold first"));
    }
    let amounts: Vec<i64> = lots.iter().map(|lot| lot.held.0).collect();
    let worths = apportion(grant.credits, &amounts);
    let granted = lots.iter().zip(worths).map(|(lot, worth)| Granted {
        lot: lot.achievement.entry,
        amount: lot.held,
        worth,
    });
    step.granted = granted.collect();
    step.authority = Some(By { code: granting.row.code.clone(), version: granting.row.version });
    step.system = Some(granting.system.code.clone());
    step.received = grant.outcomes.iter().map(|outcome| Receives { outcome: outcome.clone() }).collect();
    Ok(())
}

/// Posts what the exception of a decision moves.
///
/// # Errors
/// Where the ledger cannot be written.
pub fn movements(
    poster: &mut Poster,
    decision: EntryId,
    step: &Step,
    (granting, lots, period): (&Granting, &[Lot], i64),
) -> Result<()> {
    let mut rows = Vec::with_capacity(2 * lots.len());
    for (lot, granted) in lots.iter().zip(&step.granted) {
        let share = Ratio::new(granted.amount.0, lot.achievement.amount.0);
        let movement = |kind, system, amount, accounts| NewMovement {
            kind,
            lot: &lot.achievement,
            share: share.map_or((1, 1), |share| (share.num(), share.den())),
            system,
            amount,
            period,
            undoes: None,
            accounts,
        };
        let out = (Place::Held, Place::Placed);
        rows.push(movement(EntryKind::ConvertOut, lot.achievement.system, granted.amount, out));
        let into = (Place::Recognised, Place::Converted);
        rows.push(movement(EntryKind::ConvertIn, granting.system.id, granted.worth, into));
    }
    poster.movements(decision, &rows)
}

/// The account that a decision is kept under: that of its lots, or the person's where they are of several.
pub fn account_of(lots: &[Lot], person: i64) -> i64 {
    let first = lots.first().map(|lot| lot.achievement.learner);
    match first {
        Some(account) if lots.iter().all(|lot| lot.achievement.learner == account) => account,
        _ => person,
    }
}

/// Ends what a decision placed, as far as it stands.
///
/// # Errors
/// As [`crate::ops::undo::undo`].
pub fn release<'t>(
    poster: Poster<'t>,
    case: &Case,
    (date, log): (Date, i64),
    dependents: crate::ops::undo::Dependents,
) -> Result<(Poster<'t>, Vec<EntryId>)> {
    let request = crate::ops::undo::Request {
        selection: crate::ops::undo::Selection::Decisions(case.placed.clone()),
        release: true,
        dependents,
        reason: Some(format!("decision {} was overturned", case.entry)),
        date,
        dry_run: false,
        log,
    };
    let (poster, done) = crate::ops::undo::within(poster, &request)?;
    Ok((poster, done.decisions))
}
