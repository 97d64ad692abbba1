//! Opening a decision: a request, or an exception that nobody asked for in writing.

use super::answer::decide;
use super::judge::{judge, lots};
use super::place::{Grant, account_of, authority_of, fill, movements};
use super::{Done, How, about, expect, payload, post_act, post_step};
use crate::domain::account::Account;
use crate::domain::decision::{State, Step, Verb};
use crate::domain::entry::EntryId;
use crate::domain::fault::{Fault, Result};
use crate::ledger::convert::Target;
use crate::ops::batch::Actor;
use crate::ops::convert::{self, day};
use crate::ops::learners;
use crate::ops::post::Poster;
use crate::ops::registry::procedure;
use crate::report::cases::one;
use crate::store::{self, Store};
use jiff::civil::Date;

/// What a learner asks for.
#[derive(Debug, Clone)]
pub struct Ask {
    /// An account of the learner.
    pub learner: i64,
    /// The lots; all that are free where there are none.
    pub lots: Vec<EntryId>,
    /// Where to.
    pub target: Target,
    /// The day on which all that is needed was received.
    pub received: Date,
    /// The procedure; the bank's only one where nothing is said.
    pub procedure: Option<String>,
    /// Answer at once, by the rules.
    pub by_rules: bool,
    /// How.
    pub how: How,
}

/// Opens a decision with a request.
///
/// # Errors
/// `D108` where the lots are none of the learner's, `D111` where it would be received after today, `D102` and
/// `D103` for the procedure.
pub fn ask(store: &mut dyn Store, actor: &Actor, ask: &Ask) -> Result<Done> {
    store::again(|| ask_once(store, actor, ask))
}

fn ask_once(store: &mut dyn Store, actor: &Actor, ask: &Ask) -> Result<Done> {
    if ask.received > ask.how.date {
        return Err(Fault::new("D111", format!("{} is later than {}", ask.received, ask.how.date))
            .remedy("a request is received before it is recorded"));
    }
    let judged = judge(store, ask.learner, &ask.lots, &ask.target, ask.how.date)?;
    let own = lots(store, ask.learner, &ask.lots)?;
    let person = learners::links(store, &Default::default())?.person(ask.learner);
    let procedure = procedure::of_case(store, ask.procedure.as_deref(), ask.received)?;
    let precedents = judged.precedents(store)?;
    let moves = ask.by_rules && judged.left.len() < judged.lots.len();
    let payload = payload(store, actor, &ask.how, moves, Some(&ask.target))?;
    let head = store::head(store, ask.how.log)?;
    let mut step = Step::new(Verb::Request, Account(account_of(&own, person)), ask.received);
    step.target = Some(ask.target.code().to_owned());
    step.lots = own.iter().map(|lot| lot.achievement.entry).collect();
    step.inputs = Some(judged.inputs.clone());
    step.key = Some(judged.key.clone());
    step.reason.clone_from(&ask.how.reason);
    let mut done = None;
    store.append(ask.how.log, Some(&head), &mut |tx| {
        let mut poster = Poster::open(tx, ask.how.log, &payload)?;
        let mut step = step.clone();
        step.procedure = procedure::keep(&mut poster, procedure.as_ref())?;
        let entry = post_act(&mut poster, &step)?;
        let mut case = one(poster.read(), entry)?;
        let mut answered = (Vec::new(), judged.left.clone());
        if ask.by_rules {
            let codes = Vec::new();
            let (next, placed, left) = decide(poster, actor, &mut case, &judged, codes, &ask.how, !moves)?;
            (poster, answered) = (next, (placed, left));
        }
        let sealed = poster.seal()?;
        let (placed, refused) = answered;
        let (batch, released, precedents) = (sealed.batch.no, Vec::new(), precedents.clone());
        done = Some(Done { batch, case, placed, released, refused, precedents, head: sealed.head });
        Ok(!ask.how.dry_run)
    })?;
    done.ok_or_else(|| Fault::new("S916", "the request was not run"))
}

/// Of what an exception is.
#[derive(Debug, Clone)]
pub enum Of {
    /// Of a decision, with its lots and its target.
    Case(EntryId),
    /// Of some lots of a learner, at a target.
    Lots(i64, Vec<EntryId>, Target),
}

/// Credit that an authority places without a rule.
#[derive(Debug, Clone)]
pub struct Exception {
    /// Of what.
    pub of: Of,
    /// What is given.
    pub grant: Grant,
    /// The procedure for an appeal; the bank's only one where nothing is said.
    pub procedure: Option<String>,
    /// How.
    pub how: How,
}

/// Places credit by exception.
///
/// # Errors
/// `D109` outside the authority's remit, `D112` without a reason; as [`ask`].
pub fn except(store: &mut dyn Store, actor: &Actor, exception: &Exception) -> Result<Done> {
    store::again(|| except_once(store, actor, exception))
}

fn except_once(store: &mut dyn Store, actor: &Actor, exception: &Exception) -> Result<Done> {
    let how = &exception.how;
    if how.reason.trim().is_empty() {
        return Err(Fault::new("D112", "an exception needs a reason").remedy("say why with --reason"));
    }
    let case = match &exception.of {
        Of::Case(entry) => Some(one(store, *entry)?),
        Of::Lots(..) => None,
    };
    let (learner, asked, target) = match (&exception.of, &case) {
        (Of::Lots(learner, lots, target), _) => (*learner, lots.clone(), target.clone()),
        (Of::Case(_), Some(case)) => {
            expect(case, Verb::Except, &[State::Requested, State::Decided, State::Upheld])?;
            (case.learner, case.lots.clone(), convert::target(store, &case.target)?)
        }
        (Of::Case(entry), None) => return Err(Fault::new("S916", format!("decision {entry} was not read"))),
    };
    let own = lots(store, learner, &asked)?;
    let judged = judge(store, learner, &asked, &target, how.date)?;
    let granting = authority_of(store, &exception.grant, (&target, how.date), actor)?;
    let procedure = match case {
        Some(_) => None,
        None => procedure::of_case(store, exception.procedure.as_deref(), how.date)?,
    };
    let person = learners::links(store, &Default::default())?.person(learner);
    let mut step = match &case {
        Some(case) => about(Verb::Except, case, how),
        None => Step::new(Verb::Except, Account(account_of(&own, person)), how.date),
    };
    step.reason.clone_from(&how.reason);
    step.target = Some(target.code().to_owned());
    step.lots = own.iter().map(|lot| lot.achievement.entry).collect();
    (step.inputs, step.key) = (Some(judged.inputs.clone()), Some(judged.key.clone()));
    fill(&mut step, &granting, &exception.grant, &own)?;
    let precedents = judged.precedents(store)?;
    let payload = payload(store, actor, how, true, None)?;
    let head = store::head(store, how.log)?;
    let mut done = None;
    store.append(how.log, Some(&head), &mut |tx| {
        let mut poster = Poster::open(tx, how.log, &payload)?;
        let mut step = step.clone();
        step.procedure = procedure::keep(&mut poster, procedure.as_ref())?;
        let period = day(&mut poster, how.date)?;
        let entry = match case.clone() {
            Some(mut case) => post_step(&mut poster, actor, &mut case, &step)?,
            None => post_act(&mut poster, &step)?,
        };
        movements(&mut poster, entry, &step, (&granting, &own, period))?;
        let case = one(poster.read(), entry)?;
        let sealed = poster.seal()?;
        let (batch, placed, released, refused) = (sealed.batch.no, vec![entry], Vec::new(), Vec::new());
        let precedents = precedents.clone();
        done = Some(Done { batch, case, placed, released, refused, precedents, head: sealed.head });
        Ok(!how.dry_run)
    })?;
    done.ok_or_else(|| Fault::new("S916", "the exception was not run"))
}
