//! Decisions on what learners ask for: requests, answers, appeals, exceptions, what silence decides, precedents.
//!
//! Every step is an act of the journal, private to the learner; what it places or releases is posted in the same
//! batch as ordinary conversions, exceptions and releases.

mod answer;
mod judge;
mod place;
mod request;

pub use answer::{Answer, answer};
pub use judge::{Judged, in_outcomes, judge};
pub use place::Grant;
pub use request::{Ask, Exception, Of, ask, except};

use crate::domain::account::Account;
use crate::domain::decision::{Refused, State, Step, Verb};
use crate::domain::entry::EntryId;
use crate::domain::fault::{Fault, Result};
use crate::ledger::cases::{Case, Event};
use crate::ledger::convert::Target;
use crate::ops::batch::{Actor, BatchPayload};
use crate::ops::convert::Editions;
use crate::ops::post::Poster;
use crate::report::cases::Offered;
use crate::store::{DecisionRow, Head, Read};
use jiff::civil::Date;

/// What every step needs.
#[derive(Debug, Clone)]
pub struct How {
    /// The day that counts.
    pub date: Date,
    /// Why; kept among what is private to the learner.
    pub reason: String,
    /// Show what would be posted and leave everything as it was.
    pub dry_run: bool,
    /// The log.
    pub log: i64,
}

/// What a step did, or would do.
#[derive(Debug, Clone)]
pub struct Done {
    /// Number of the batch.
    pub batch: i64,
    /// The decision as it is then.
    pub case: Case,
    /// What the step placed.
    pub placed: Vec<EntryId>,
    /// What it released.
    pub released: Vec<EntryId>,
    /// The lots that are refused or left, and why.
    pub refused: Vec<Refused>,
    /// Precedents of equal inputs.
    pub precedents: Vec<Offered>,
    /// The log after the batch.
    pub head: Head,
}

/// Why a step cannot be.
fn cannot(case: EntryId, verb: Verb, why: String) -> Fault {
    let fault = Fault::new("D106", format!("decision {case} takes no step `{}`: {why}", verb.name()));
    match verb {
        Verb::Appeal => fault.remedy("`creditbank decision show` says how far it is; a named authority may place credit with `creditbank decision except`"),
        _ => fault.remedy(format!("`creditbank decision show {case}` says how far it is")),
    }
}

/// Refuses a step where a decision is in none of these states.
fn expect(case: &Case, verb: Verb, states: &[State]) -> Result<()> {
    match states.contains(&case.state) {
        true => Ok(()),
        false => Err(cannot(case.entry, verb, format!("it is {}", case.state.name()))),
    }
}

/// Takes a step and posts its act; the step must be one that the case can take.
fn post_step(poster: &mut Poster, actor: &Actor, case: &mut Case, step: &Step) -> Result<EntryId> {
    let entry = poster.next_entry();
    let event = Event { entry, learner: Some(case.learner), actor: actor.name.clone(), step: step.clone() };
    case.take(&event).map_err(|why| cannot(case.entry, step.verb, why))?;
    post_act(poster, step)
}

/// Posts the act of a step.
fn post_act(poster: &mut Poster, step: &Step) -> Result<EntryId> {
    let row = DecisionRow {
        entry: EntryId(0),
        learner: Some(step.learner.0),
        verb: step.verb.name().to_owned(),
        target: step.target.clone(),
        rule: None,
        about: step.decision,
    };
    let json = serde_json::to_string(step).map_err(|error| Fault::new("S901", error.to_string()))?;
    poster.decision(row, json)
}

/// What the batch of a step begins with. Its reason is private to the learner, so the batch does not repeat it.
fn payload(
    read: &dyn Read,
    actor: &Actor,
    how: &How,
    moves: bool,
    target: Option<&Target>,
) -> Result<BatchPayload> {
    let mut payload = BatchPayload::new(actor)?;
    if let Some(target) = target {
        payload.books = Editions::open_any(read, target, how.date)?.in_force();
    }
    let closed = super::import::closed_through(read)?.filter(|closed| how.date <= *closed);
    if let Some(closed) = closed.filter(|_| moves) {
        if how.reason.trim().is_empty() {
            let what = format!("{} lies in the books that are closed through {closed}", how.date);
            return Err(Fault::new("I301", what).remedy("give the reason with --reason, or another --date"));
        }
        payload.closed_period = Some(closed.to_string());
        payload.why = "a decision on what a learner asked for, whose reason is kept with it".to_owned();
    }
    Ok(payload)
}

/// A step about a case.
fn about(verb: Verb, case: &Case, how: &How) -> Step {
    let mut step = Step::new(verb, Account(case.learner), how.date);
    step.decision = Some(case.entry);
    step.reason.clone_from(&how.reason);
    step
}
