//! Decisions on what learners ask for, folded from their steps: where each is, and which steps it may take.
//!
//! A case is opened by a request, by an exception, or by a conversion, and is named by the entry that opened it.
//! A step that the case cannot take is an error that says why: commands refuse with it, and `verify` finds it.

mod inputs;

pub use inputs::{Bands, compared, key};

use crate::domain::account::Account;
use crate::domain::decision::{Refused, Silence, State, Step, Terms, Verb};
use crate::domain::entry::EntryId;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// How a decision ends for the learner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// Credit is placed under the rules.
    Accepted,
    /// Nothing is placed.
    Refused,
    /// Credit is placed without a rule.
    Exception,
}

impl Verdict {
    /// The word for it.
    pub fn name(self) -> &'static str {
        ["accepted", "refused", "exception"][self as usize]
    }
}

/// An act that is a step of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The act.
    pub entry: EntryId,
    /// Under whose account it is kept.
    pub learner: Option<i64>,
    /// Who posted its batch.
    pub actor: String,
    /// What it records.
    pub step: Step,
}

/// A conversion, as far as it is a decision that may be appealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    /// The decision.
    pub entry: EntryId,
    /// The account.
    pub learner: i64,
    /// Code of the target.
    pub target: String,
    /// The day on which it takes effect.
    pub date: Date,
    /// Who posted it.
    pub actor: String,
    /// Its lots.
    pub lots: Vec<EntryId>,
}

/// A decision with all that happened to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The entry that opened it.
    pub entry: EntryId,
    /// The account.
    pub learner: i64,
    /// Code of the target.
    pub target: String,
    /// The lots that it is about.
    pub lots: Vec<EntryId>,
    /// Where it is.
    pub state: State,
    /// The day on which all that is needed was received; none of a decision without a request.
    pub received: Option<Date>,
    /// The day of the newest step.
    pub since: Date,
    /// The day of the decision.
    pub decided: Option<Date>,
    /// The day of the newest appeal.
    pub appealed: Option<Date>,
    /// How often it was appealed.
    pub appeals: u8,
    /// How it ends for the learner as it stands.
    pub verdict: Option<Verdict>,
    /// Stable words for the reasons of a refusal.
    pub codes: Vec<String>,
    /// The lots that were refused or left, and why.
    pub refused: Vec<Refused>,
    /// The conversions and exceptions that it consists of.
    pub placed: Vec<EntryId>,
    /// The procedure that it follows.
    pub terms: Option<Terms>,
    /// Its key, where a step records it.
    pub key: Option<String>,
    /// Since when it is a precedent.
    pub precedent: Option<EntryId>,
    /// The reason that was given last.
    pub reason: String,
    /// Who decided or answered an appeal.
    pub deciders: Vec<String>,
    /// Its steps, the one that opened it first.
    pub steps: Vec<EntryId>,
    /// Where it was before the appeal.
    before: State,
}

impl Case {
    /// A conversion as a decision: posted, and nothing has happened to it since.
    pub fn of_conversion(conversion: Conversion) -> Case {
        let Conversion { entry, learner, target, date, actor, lots } = conversion;
        Case {
            entry,
            learner,
            target,
            lots,
            state: State::Posted,
            received: None,
            since: date,
            decided: Some(date),
            appealed: None,
            appeals: 0,
            verdict: Some(Verdict::Accepted),
            codes: Vec::new(),
            refused: Vec::new(),
            placed: vec![entry],
            terms: None,
            key: None,
            precedent: None,
            reason: String::new(),
            deciders: vec![actor],
            steps: vec![entry],
            before: State::Posted,
        }
    }

    fn opened(event: &Event, learner: i64) -> Case {
        let step = &event.step;
        Case {
            entry: event.entry,
            learner,
            target: step.target.clone().unwrap_or_default(),
            lots: step.lots.clone(),
            state: State::Requested,
            received: (step.verb == Verb::Request).then_some(step.date),
            since: step.date,
            decided: None,
            appealed: None,
            appeals: 0,
            verdict: None,
            codes: Vec::new(),
            refused: Vec::new(),
            placed: Vec::new(),
            terms: step.procedure.clone(),
            key: step.key.clone(),
            precedent: None,
            reason: step.reason.clone(),
            deciders: Vec::new(),
            steps: vec![event.entry],
            before: State::Requested,
        }
    }

    /// The last day for the answer that the decision waits for.
    pub fn due(&self) -> Option<Date> {
        let terms = self.terms.as_ref()?;
        match self.state {
            State::Requested => terms.last_day(terms.decide, self.received?),
            State::Appealed => terms.last_day(terms.answer, self.appealed?),
            _ => None,
        }
    }

    /// The last day on which it may be appealed, where it may be and there is one.
    pub fn appeal_until(&self) -> Option<Date> {
        let terms = self.terms.as_ref()?;
        let may = self.may_be_appealed().is_ok();
        may.then(|| terms.last_day(terms.file, self.answered()?)).flatten()
    }

    /// The day of the newest answer.
    fn answered(&self) -> Option<Date> {
        matches!(self.state, State::Decided | State::Posted | State::Upheld | State::Overturned)
            .then_some(if self.appeals > 0 { self.since } else { self.decided? })
    }

    /// Whether the answer that it waits for is late by the end of a day.
    pub fn is_overdue(&self, day: Date) -> bool {
        self.due().is_some_and(|due| due < day)
    }

    /// What silence decides where an answer is late.
    pub fn silence(&self) -> Silence {
        let terms = self.terms.as_ref();
        match self.state {
            State::Requested => terms.map_or(Silence::Nothing, |terms| terms.silence),
            State::Appealed => terms.map_or(Silence::Nothing, |terms| terms.appeal_silence),
            _ => Silence::Nothing,
        }
    }

    /// Whether it is settled, so that equal cases may look to it.
    pub fn is_settled(&self) -> bool {
        matches!(self.state, State::Decided | State::Posted | State::Upheld | State::Overturned)
    }

    fn may_be_appealed(&self) -> Result<(), String> {
        let levels = self.terms.as_ref().map_or(1, |terms| terms.levels);
        match self.state {
            State::Decided | State::Posted | State::Upheld | State::Overturned if self.appeals < levels => {
                Ok(())
            }
            State::Upheld | State::Overturned => Err(format!(
                "it is {} and was appealed {} of {levels} times",
                self.state.name(),
                self.appeals
            )),
            state => Err(format!("it is {}", state.name())),
        }
    }

    /// Takes a step.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn take(&mut self, event: &Event) -> Result<(), String> {
        let step = &event.step;
        if event.learner != Some(self.learner) || step.learner != Account(self.learner) {
            return Err(format!(
                "it is about {}, the decision is about {}",
                step.learner,
                Account(self.learner)
            ));
        }
        if matches!(step.verb, Verb::Precedent | Verb::Unprecedent) {
            return self.mark(event);
        }
        if step.date < self.since {
            return Err(format!("{} is before {}, the day of the step before", step.date, self.since));
        }
        let state = self.next(event)?;
        let (appealed, was_open) = (self.state == State::Appealed, self.state == State::Requested);
        if step.verb == Verb::Appeal {
            self.before = self.state;
            self.appeals = self.appeals.saturating_add(1);
            self.appealed = Some(step.date);
            self.terms = self.terms.take().or_else(|| step.procedure.clone());
        }
        if matches!(step.verb, Verb::Accept | Verb::Refuse | Verb::Except | Verb::Uphold | Verb::Overturn) {
            self.deciders.push(event.actor.clone());
        }
        if state != State::Appealed && !matches!(step.verb, Verb::Withdraw | Verb::Uphold) {
            self.settle(event, state);
        }
        if (was_open || step.verb == Verb::Except) && self.verdict.is_some() {
            self.decided = Some(step.date);
        }
        if appealed && step.verb == Verb::Withdraw {
            self.appeals = self.appeals.saturating_sub(1);
        }
        (self.state, self.since) = (state, step.date);
        if !step.reason.is_empty() {
            self.reason.clone_from(&step.reason);
        }
        self.steps.push(event.entry);
        Ok(())
    }

    /// Whether overturning it takes credit away: nothing of it was refused.
    pub fn is_granted(&self) -> bool {
        self.verdict.is_some_and(|verdict| verdict != Verdict::Refused) && self.refused.is_empty()
    }

    /// What an answer makes of the credit.
    fn settle(&mut self, event: &Event, state: State) {
        let step = &event.step;
        if state == State::Upheld {
            return;
        }
        let takes = state == State::Overturned && self.is_granted();
        self.codes.clone_from(&step.codes);
        self.refused.clone_from(&step.refused);
        if step.key.is_some() {
            self.key.clone_from(&step.key);
        }
        if takes {
            self.placed.clear();
            self.verdict = Some(Verdict::Refused);
            return;
        }
        self.placed.extend(&step.placed);
        if !step.granted.is_empty() {
            self.placed.push(event.entry);
        }
        self.verdict = Some(match (self.placed.is_empty(), step.authority.is_some()) {
            (true, _) => Verdict::Refused,
            (false, true) => Verdict::Exception,
            (false, false) => Verdict::Accepted,
        });
    }

    fn mark(&mut self, event: &Event) -> Result<(), String> {
        let sets = event.step.verb == Verb::Precedent;
        if sets && !self.is_settled() {
            return Err(format!("it is {}: only a settled decision is a precedent", self.state.name()));
        }
        match (sets, self.precedent) {
            (true, Some(entry)) => return Err(format!("it is a precedent already, by entry {entry}")),
            (false, None) => return Err("it is no precedent".to_owned()),
            _ => {}
        }
        self.precedent = sets.then_some(event.entry);
        self.steps.push(event.entry);
        Ok(())
    }

    /// The state to which a step leads.
    fn next(&self, event: &Event) -> Result<State, String> {
        let step = &event.step;
        let from = |states: &[State], to: State| match states.contains(&self.state) {
            true => Ok(to),
            false => Err(format!("it is {}", self.state.name())),
        };
        match step.verb {
            Verb::Request => Err("a request opens a decision".to_owned()),
            Verb::Accept if step.placed.is_empty() => Err("nothing was placed".to_owned()),
            Verb::Accept => from(&[State::Requested], State::Posted),
            Verb::Refuse if step.codes.is_empty() => Err("it has no reason code".to_owned()),
            Verb::Refuse => from(&[State::Requested], State::Decided),
            Verb::Except => from(&[State::Requested, State::Decided, State::Upheld], State::Posted),
            Verb::Appeal => {
                self.may_be_appealed()?;
                match self.filing_until(step) {
                    Some(until) if until < step.date => {
                        Err(format!("it could be appealed until {until}, and {} is later", step.date))
                    }
                    _ => Ok(State::Appealed),
                }
            }
            Verb::Uphold => {
                self.check_officer(&event.actor)?;
                from(&[State::Appealed], State::Upheld)
            }
            Verb::Overturn => {
                self.check_officer(&event.actor)?;
                self.check_turned(step)?;
                from(&[State::Appealed], State::Overturned)
            }
            Verb::Withdraw => match self.state {
                State::Requested => Ok(State::Withdrawn),
                State::Appealed => Ok(self.before),
                state => Err(format!("it is {}", state.name())),
            },
            Verb::Lapse => self.lapsed(step),
            Verb::Precedent | Verb::Unprecedent => Ok(self.state),
        }
    }

    /// Until when it may be appealed, by its own procedure or the one that the appeal names.
    fn filing_until(&self, step: &Step) -> Option<Date> {
        let terms = self.terms.as_ref().or(step.procedure.as_ref())?;
        terms.last_day(terms.file, self.answered()?)
    }

    /// Refuses an answer to an appeal by somebody who decided, where the procedure wants another officer.
    ///
    /// # Errors
    /// Who decided.
    pub fn check_officer(&self, actor: &str) -> Result<(), String> {
        let two = self.terms.as_ref().is_some_and(|terms| terms.officers > 1);
        match two && self.deciders.iter().any(|decider| decider == actor) {
            true => Err(format!("{actor} decided, and the procedure wants another officer for the appeal")),
            false => Ok(()),
        }
    }

    /// What is overturned is given where it was refused, and taken where it was given.
    fn check_turned(&self, step: &Step) -> Result<(), String> {
        let gives = !step.placed.is_empty() || !step.granted.is_empty();
        match (self.is_granted(), gives) {
            (true, true) => Err("it places credit, and the decision gave all that was asked for".to_owned()),
            (false, false) => Err("nothing was placed".to_owned()),
            _ => Ok(()),
        }
    }

    /// Refuses what silence would decide before the day after the last one, or where it decides nothing.
    ///
    /// # Errors
    /// Why it decides nothing.
    pub fn check_silence(&self, day: Date) -> Result<Date, String> {
        let waits = format!("it is {}, and waits for no answer that has a last day", self.state.name());
        let due = self.due().ok_or(waits)?;
        if day <= due {
            return Err(format!("it may be answered until {due}"));
        }
        match self.silence() {
            Silence::Nothing => Err("silence decides nothing under its procedure".to_owned()),
            _ => Ok(due),
        }
    }

    fn lapsed(&self, step: &Step) -> Result<State, String> {
        let due = self.check_silence(step.date)?;
        if step.due != Some(due) {
            return Err(format!("its last day is {due}"));
        }
        match (self.state, self.silence()) {
            (State::Requested, Silence::Learner) if step.placed.is_empty() && step.granted.is_empty() => {
                Err("nothing was placed".to_owned())
            }
            (State::Requested, Silence::Learner) => Ok(State::Posted),
            (State::Requested, Silence::Institution) => Ok(State::Decided),
            (_, Silence::Learner) => self.check_turned(step).map(|()| State::Overturned),
            _ => Ok(State::Upheld),
        }
    }
}

/// Decisions, gathered along the journal.
#[derive(Debug, Default)]
pub struct Cases {
    cases: BTreeMap<EntryId, Case>,
    /// To which case a conversion or an exception belongs that did not open it.
    parts: BTreeMap<EntryId, EntryId>,
}

impl Cases {
    /// Takes in a step; `conversion` gives a conversion by its entry.
    ///
    /// # Errors
    /// Why it cannot be.
    pub fn take<E: From<String>>(
        &mut self,
        event: &Event,
        conversion: impl FnOnce(EntryId) -> Result<Option<Conversion>, E>,
    ) -> Result<(), E> {
        let step = &event.step;
        let about = match step.decision {
            Some(about) => about,
            None => return self.open(event).map_err(E::from),
        };
        if let Some(case) = self.parts.get(&about) {
            return Err(format!("decision {about} is a part of decision {case}").into());
        }
        let case = match self.cases.entry(about) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let found = conversion(about)?.filter(|found| found.entry < event.entry);
                let none = || format!("entry {about} is no decision that can be {}", done(step.verb));
                place.insert(Case::of_conversion(found.ok_or_else(none)?))
            }
        };
        case.take(event)?;
        let parts = case.placed.iter().filter(|part| **part != about);
        self.parts.extend(parts.map(|part| (*part, about)));
        Ok(())
    }

    fn open(&mut self, event: &Event) -> Result<(), String> {
        let step = &event.step;
        let learner = event.learner.filter(|learner| Account(*learner) == step.learner);
        let learner = learner.ok_or_else(|| format!("it is not kept as an act about {}", step.learner))?;
        if step.lots.is_empty() || step.target.as_ref().is_none_or(String::is_empty) {
            return Err("it names no lots or no target".to_owned());
        }
        let mut case = Case::opened(event, learner);
        match step.verb {
            Verb::Request => {}
            Verb::Except => {
                case.settle(event, State::Posted);
                (case.state, case.decided) = (State::Posted, Some(step.date));
                case.deciders.push(event.actor.clone());
            }
            verb => return Err(format!("a step `{}` needs a decision", verb.name())),
        }
        self.cases.insert(event.entry, case);
        Ok(())
    }

    /// One of them.
    pub fn get(&self, entry: EntryId) -> Option<&Case> {
        self.cases.get(&entry)
    }

    /// The case to which a conversion or an exception belongs that did not open it.
    pub fn whole(&self, part: EntryId) -> Option<EntryId> {
        self.parts.get(&part).copied()
    }

    /// All that were opened or that something happened to, by entry.
    pub fn all(&self) -> impl Iterator<Item = &Case> {
        self.cases.values()
    }
}

fn done(verb: Verb) -> &'static str {
    match verb {
        Verb::Appeal => "appealed",
        Verb::Precedent | Verb::Unprecedent => "a precedent",
        _ => "answered",
    }
}

#[cfg(test)]
mod tests;
