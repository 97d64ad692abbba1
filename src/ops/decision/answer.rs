//! The steps of a decision that stands: answers, appeals, what silence decides, precedents.

use super::judge::{Judged, judge, lots};
use super::place::{Grant, Granting, authority_of, by_rules, fill, movements, release};
use super::{Done, How, about, cannot, expect, payload, post_step};
use crate::domain::decision::{OFFICER_CODES, RULE_CODES, Refused, Silence, State, Step, Verb};
use crate::domain::entry::EntryId;
use crate::domain::fault::{Exit, Fault, Result};
use crate::ledger::cases::{Case, Verdict};
use crate::ledger::convert::Target;
use crate::ledger::lots::Lot;
use crate::ops::batch::Actor;
use crate::ops::convert::{day, target};
use crate::ops::post::Poster;
use crate::ops::registry::procedure;
use crate::ops::undo::Dependents;
use crate::report::cases::{Offered, one};
use crate::store::{self, Read, Store};

/// A step of a decision.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Convert by the rules.
    Accept,
    /// Refuse, for these reasons; for those of the rules where there are none.
    Refuse(Vec<String>),
    /// Contest it; the procedure is for a decision that has none yet.
    Appeal(Option<String>),
    /// Leave it as it is.
    Uphold,
    /// Turn it round: release what it placed, or place what it refused, by the rules or by exception.
    Overturn(Option<Grant>, Dependents),
    /// Post what silence decided; an exception where the rules place nothing.
    Lapse(Option<Grant>, Dependents),
    /// Take the request or the appeal back.
    Withdraw,
    /// Offer it to equal later cases.
    Precedent,
    /// Offer it no more.
    Unprecedent,
}

impl Answer {
    fn verb(&self) -> Verb {
        match self {
            Answer::Accept => Verb::Accept,
            Answer::Refuse(_) => Verb::Refuse,
            Answer::Appeal(_) => Verb::Appeal,
            Answer::Uphold => Verb::Uphold,
            Answer::Overturn(..) => Verb::Overturn,
            Answer::Lapse(..) => Verb::Lapse,
            Answer::Withdraw => Verb::Withdraw,
            Answer::Precedent => Verb::Precedent,
            Answer::Unprecedent => Verb::Unprecedent,
        }
    }

    /// The states in which it may be given.
    fn states(&self) -> &'static [State] {
        match self {
            Answer::Accept | Answer::Refuse(_) => &[State::Requested],
            Answer::Uphold | Answer::Overturn(..) => &[State::Appealed],
            Answer::Lapse(..) | Answer::Withdraw => &[State::Requested, State::Appealed],
            _ => &State::ALL,
        }
    }
}

/// What a step gives, before it is posted.
struct Given {
    /// Whether credit is taken away.
    takes: bool,
    /// Whether credit is placed.
    places: bool,
    target: Target,
    judged: Option<Judged>,
    own: Vec<Lot>,
    granting: Option<(Granting, Grant)>,
    precedents: Vec<Offered>,
}

/// Takes a step of a decision.
///
/// # Errors
/// `D105` where there is no such decision, `D106` where it cannot take the step, `D107` where another officer must,
/// `D112` without a reason, `D113` where the rules place nothing, `D114` to `D116` for the reasons of a refusal.
pub fn answer(
    store: &mut dyn Store,
    actor: &Actor,
    entry: EntryId,
    answer: &Answer,
    how: &How,
) -> Result<Done> {
    store::again(|| answer_once(store, actor, entry, answer, how))
}

fn answer_once(
    store: &mut dyn Store,
    actor: &Actor,
    entry: EntryId,
    answer: &Answer,
    how: &How,
) -> Result<Done> {
    let case = one(store, entry)?;
    expect(&case, answer.verb(), answer.states())?;
    check_reason(answer, how)?;
    if matches!(answer, Answer::Lapse(..)) {
        case.check_silence(how.date).map_err(|why| cannot(case.entry, Verb::Lapse, why))?;
    }
    if matches!(answer, Answer::Uphold | Answer::Overturn(..)) {
        case.check_officer(&actor.name).map_err(|why| {
            Fault::new(
                "D107",
                format!("{} cannot answer the appeal against decision {}", actor.name, case.entry),
            )
            .why(why)
            .remedy("it takes another officer, on a system account of their own")
        })?;
    }
    let given = given(store, actor, &case, answer, how)?;
    let procedure = match answer {
        Answer::Appeal(name) if case.terms.is_none() => {
            let decided = case.decided.unwrap_or(how.date);
            procedure::of_case(store, name.as_deref(), decided)?
        }
        _ => None,
    };
    let moves = given.takes || given.places;
    let payload = payload(store, actor, how, moves, given.places.then_some(&given.target))?;
    let head = store::head(store, how.log)?;
    let mut done = None;
    store.append(how.log, Some(&head), &mut |tx| {
        let mut poster = Poster::open(tx, how.log, &payload)?;
        let mut case = case.clone();
        let mut step = about(answer.verb(), &case, how);
        step.procedure = procedure::keep(&mut poster, procedure.as_ref())?;
        step.due = if step.verb == Verb::Lapse { case.due() } else { None };
        let (poster, step) = run(poster, actor, (&mut case, answer, how), step, &given)?;
        let sealed = poster.seal()?;
        let (batch, precedents) = (sealed.batch.no, given.precedents.clone());
        let (placed, released, refused) = (step.placed, step.released, step.refused);
        done = Some(Done { batch, case, placed, released, refused, precedents, head: sealed.head });
        Ok(!how.dry_run)
    })?;
    done.ok_or_else(|| Fault::new("S916", "the step was not run"))
}

fn check_reason(answer: &Answer, how: &How) -> Result<()> {
    let needs = !matches!(answer, Answer::Accept | Answer::Refuse(_) | Answer::Lapse(..));
    if !needs || !how.reason.trim().is_empty() {
        return Ok(());
    }
    let verb = answer.verb().name();
    let remedy = if verb == "appeal" { "name the ground with --ground" } else { "say why with --reason" };
    Err(Fault::new("D112", format!("a step `{verb}` needs a reason")).remedy(remedy).exit(Exit::Usage))
}

/// What a step will give, by what the case is and what silence decides.
fn given(store: &dyn Read, actor: &Actor, case: &Case, answer: &Answer, how: &How) -> Result<Given> {
    let (turns, grant) = match answer {
        Answer::Overturn(grant, _) => (true, grant.clone()),
        Answer::Lapse(grant, _) => (case.silence() == Silence::Learner, grant.clone()),
        _ => (false, None),
    };
    let takes = turns && case.state == State::Appealed && case.is_granted();
    let places = matches!(answer, Answer::Accept) || (turns && !takes);
    let target = target(store, &case.target)?;
    let judges = places || matches!(answer, Answer::Refuse(_));
    let wanted = wanted(case);
    let judged = match judges {
        true => Some(judge(store, case.learner, &wanted, &target, how.date)?),
        false => None,
    };
    let own = if places { lots(store, case.learner, &wanted)? } else { Vec::new() };
    let granting = match grant.filter(|_| places) {
        Some(grant) => Some((authority_of(store, &grant, (&target, how.date), actor)?, grant)),
        None => None,
    };
    let precedents = judged.as_ref().map(|judged| judged.precedents(store)).transpose()?.unwrap_or_default();
    Ok(Given { takes, places, target, judged, own, granting, precedents })
}

/// The lots that an answer is about: those that were refused, where there are any.
fn wanted(case: &Case) -> Vec<EntryId> {
    match case.refused.is_empty() {
        true => case.lots.clone(),
        false => case.refused.iter().map(|refused| refused.lot).collect(),
    }
}

fn run<'t>(
    mut poster: Poster<'t>,
    actor: &Actor,
    (case, answer, how): (&mut Case, &Answer, &How),
    mut step: Step,
    given: &Given,
) -> Result<(Poster<'t>, Step)> {
    let when = (how.date, how.log);
    if let Answer::Refuse(codes) = answer {
        let Some(judged) = &given.judged else { return Err(Fault::new("S916", "nothing was judged")) };
        let (poster, _, refused) = decide(poster, actor, case, judged, codes.clone(), how, true)?;
        step.refused = refused;
        return Ok((poster, step));
    }
    if given.takes
        && let Answer::Overturn(_, dependents) | Answer::Lapse(_, dependents) = answer
    {
        let released;
        (poster, released) = release(poster, case, when, *dependents)?;
        step.released = released;
        step.codes = vec![step.verb.name().to_owned()];
    }
    if given.places {
        if let Some(judged) = &given.judged {
            (step.inputs, step.key) = (Some(judged.inputs.clone()), Some(judged.key.clone()));
            check_precedents(&given.precedents, Verdict::Accepted, how, &mut step)?;
        }
        match &given.granting {
            Some((granting, grant)) => {
                fill(&mut step, granting, grant, &given.own)?;
                step.target = Some(given.target.code().to_owned());
                let period = day(&mut poster, how.date)?;
                let entry = post_step(&mut poster, actor, case, &step)?;
                movements(&mut poster, entry, &step, (granting, &given.own, period))?;
                step.placed = vec![entry];
                return Ok((poster, step));
            }
            None => {
                let (placed, left);
                (poster, placed, left) = by_rules(poster, case.learner, &wanted(case), &given.target, when)?;
                if placed.is_empty() {
                    return Err(nothing(case, given.judged.as_ref()));
                }
                (step.placed, step.refused) = (placed, left);
            }
        }
    } else if step.verb == Verb::Lapse && case.state == State::Requested {
        step.codes = vec!["silence".to_owned()];
        let why = "nobody answered in time".to_owned();
        let refused = |lot: &EntryId| Refused { lot: *lot, codes: step.codes.clone(), why: why.clone() };
        step.refused = case.lots.iter().map(refused).collect();
    }
    post_step(&mut poster, actor, case, &step)?;
    Ok((poster, step))
}

fn nothing(case: &Case, judged: Option<&Judged>) -> Fault {
    let left = judged.map(|judged| judged.left.as_slice()).unwrap_or_default();
    let why: Vec<String> = left.iter().map(|left| format!("lot {}: {}", left.lot, left.why)).collect();
    Fault::new("D113", format!("the rules place nothing of decision {}", case.entry))
        .why(why.join("; "))
        .remedy("refuse it, or let a named authority place it with --by and --credits, or `creditbank decision except`")
}

/// Answers a request: accepts by the rules, or refuses.
pub fn decide<'t>(
    mut poster: Poster<'t>,
    actor: &Actor,
    case: &mut Case,
    judged: &Judged,
    codes: Vec<String>,
    how: &How,
    refuses: bool,
) -> Result<(Poster<'t>, Vec<EntryId>, Vec<Refused>)> {
    let mut step = about(if refuses { Verb::Refuse } else { Verb::Accept }, case, how);
    (step.inputs, step.key) = (Some(judged.inputs.clone()), Some(judged.key.clone()));
    let verdict = if refuses { Verdict::Refused } else { Verdict::Accepted };
    check_precedents(&judged.precedents(poster.read())?, verdict, how, &mut step)?;
    if refuses {
        (step.codes, step.refused) = refusal(case, judged, codes, how)?;
    } else {
        let target = target(poster.read(), &case.target)?;
        let (placed, left);
        (poster, placed, left) = by_rules(poster, case.learner, &case.lots, &target, (how.date, how.log))?;
        if placed.is_empty() {
            return Err(nothing(case, Some(judged)));
        }
        (step.placed, step.refused) = (placed, left);
    }
    post_step(&mut poster, actor, case, &step)?;
    Ok((poster, step.placed, step.refused))
}

/// Records the precedents that were offered; who departs from one says why.
fn check_precedents(offered: &[Offered], verdict: Verdict, how: &How, step: &mut Step) -> Result<()> {
    let refuses = verdict == Verdict::Refused;
    let other = offered.iter().find(|offered| (offered.verdict == Verdict::Refused) != refuses);
    if let Some(other) = other.filter(|_| how.reason.trim().is_empty()) {
        let what =
            format!("decision {}, a precedent of equal inputs, was {}", other.case, other.verdict.name());
        return Err(
            Fault::new("D116", what).remedy("decide alike, or say with --reason why this case is another")
        );
    }
    step.precedents = offered.iter().map(|offered| offered.case).collect();
    Ok(())
}

/// The codes of a refusal, and those of each lot.
fn refusal(
    case: &Case,
    judged: &Judged,
    given: Vec<String>,
    how: &How,
) -> Result<(Vec<String>, Vec<Refused>)> {
    let found = |code: &str| judged.left.iter().any(|left| left.codes.iter().any(|known| known == code));
    let is_of = |list: &[(&str, &str)], code: &str| list.iter().any(|(known, _)| *known == code);
    for code in &given {
        let rule = is_of(RULE_CODES, code);
        if !rule && (!is_of(OFFICER_CODES, code) || code == "silence") {
            return Err(Fault::new("D115", format!("`{code}` is no reason code"))
                .remedy("`creditbank decision codes` lists them")
                .exit(Exit::Usage));
        }
        if rule && !found(code) {
            let why: Vec<String> = judged.left.iter().map(|left| left.why.clone()).collect();
            let why = if why.is_empty() { "they convert all of it".to_owned() } else { why.join("; ") };
            return Err(Fault::new(
                "D114",
                format!("the rules do not give `{code}` for decision {}", case.entry),
            )
            .why(why)
            .remedy("give the reason that holds, or one of an officer's own"));
        }
        if code == "other" && how.reason.trim().is_empty() {
            return Err(Fault::new("D112", "the code `other` needs a reason").remedy("say why with --reason"));
        }
    }
    let own: Vec<String> = given.iter().filter(|code| is_of(OFFICER_CODES, code)).cloned().collect();
    let taken = judged.lots.iter().map(|(source, _)| source.lot);
    let taken: Vec<EntryId> = taken.filter(|lot| judged.left.iter().all(|left| left.lot != *lot)).collect();
    if let Some(lot) = taken.first().filter(|_| own.is_empty()) {
        return Err(Fault::new("D114", format!("the rules convert lot {lot} of decision {}", case.entry))
            .remedy("accept it, or refuse it with a code of an officer's own"));
    }
    let mut refused = judged.left.clone();
    let why = if how.reason.is_empty() { own.join(", ") } else { how.reason.clone() };
    refused.extend(taken.into_iter().map(|lot| Refused { lot, codes: own.clone(), why: why.clone() }));
    refused.sort_by_key(|refused| refused.lot);
    let mut codes = given;
    if codes.is_empty() {
        codes.extend(refused.iter().flat_map(|refused| refused.codes.clone()));
    }
    codes.sort();
    codes.dedup();
    Ok((codes, refused))
}
