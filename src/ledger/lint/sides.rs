//! What rules take and what they give, each kept once, with what the catalogue says of it.

use super::catalogue::{ANY, Catalogue};
use super::said::{Side, Text};
use crate::domain::requirement::{Choice, Code, Received, Requirement};
use jiff::civil::Date;
use std::collections::HashMap;

/// What rules take.
#[derive(Debug)]
pub(super) struct Source {
    /// The credit system, where it is credit of one.
    pub(super) system: Option<String>,
    /// The institution where a choice names no other.
    pub(super) institution: String,
    /// What is required of outcomes.
    pub(super) required: Requirement,
    /// What the catalogue has of each alternative.
    pub(super) alternatives: Vec<Alternative>,
    /// Names of the outcomes and systems that it speaks of by their codes, to find rules of the same.
    pub(super) keys: Vec<u32>,
    /// Whether it speaks of outcomes by a pattern.
    pub(super) vague: bool,
    /// What of it the catalogue does not have.
    pub(super) dead: Option<String>,
    /// An outcome that is over, and its last day.
    pub(super) ended: Option<(String, Date)>,
}

/// An alternative, as the catalogue has it.
#[derive(Debug)]
pub(super) struct Alternative {
    /// The outcomes that it asks for one by one, by their place in the catalogue.
    pub(super) outcomes: Vec<u32>,
    /// Whether those are all.
    pub(super) whole: bool,
}

/// What rules convert into.
#[derive(Debug)]
pub(super) struct Target {
    /// The credit system, where it is one.
    pub(super) system: Option<String>,
    /// The institution.
    pub(super) institution: String,
    /// The category of credit.
    pub(super) category: Option<String>,
    /// The outcomes, by code.
    pub(super) items: Vec<(String, Option<u32>)>,
    /// Where placements go: the system or the institution.
    pub(super) receiver: u32,
    /// What of it the catalogue does not have.
    pub(super) dead: Option<String>,
    /// An outcome that is over, and its last day.
    pub(super) ended: Option<(String, Date)>,
}

impl Source {
    /// The one outcome, where it asks for one.
    pub(super) fn single(&self) -> Option<u32> {
        match self.alternatives.as_slice() {
            [Alternative { outcomes, whole: true }] if outcomes.len() == 1 => Some(outcomes[0]),
            _ => None,
        }
    }
}

impl Target {
    /// The one outcome, where it gives one.
    pub(super) fn single(&self) -> Option<u32> {
        match self.items.as_slice() {
            [(_, outcome)] => *outcome,
            _ => None,
        }
    }
}

/// Numbers for texts.
#[derive(Debug, Default)]
pub(super) struct Names {
    numbers: HashMap<Box<str>, u32>,
}

impl Names {
    /// The number of a text, and whether it is new.
    pub(super) fn number(&mut self, text: &str) -> (u32, bool) {
        if let Some(known) = self.numbers.get(text) {
            return (*known, false);
        }
        let number = self.numbers.len() as u32;
        self.numbers.insert(text.into(), number);
        (number, true)
    }
}

/// All sides of the rules so far.
#[derive(Debug, Default)]
pub(super) struct Sides {
    pub(super) sources: Vec<Source>,
    pub(super) targets: Vec<Target>,
    source_names: Names,
    target_names: Names,
    keys: Names,
    receivers: Names,
    buffer: String,
}

fn text<'t>(value: &'t Option<Text<'_>>) -> &'t str {
    value.as_ref().map_or("", |text| text.as_ref())
}

impl Sides {
    /// The name of a side, in which no code can be taken for another.
    fn name(&mut self, side: &Side) {
        self.buffer.clear();
        for part in [&side.system, &side.institution, &side.outcome, &side.category] {
            self.buffer.push_str(text(part));
            self.buffer.push('\0');
        }
    }

    /// The place of what a rule takes.
    ///
    /// # Errors
    /// Says why what is required cannot be read.
    pub(super) fn source(&mut self, side: &Side, catalogue: &Catalogue) -> Result<u32, String> {
        self.name(side);
        let (number, is_new) = self.source_names.number(&self.buffer);
        if is_new {
            let source = self.new_source(side, catalogue)?;
            self.sources.push(source);
        }
        Ok(number)
    }

    fn new_source(&mut self, side: &Side, catalogue: &Catalogue) -> Result<Source, String> {
        let required = match &side.outcome {
            None => Requirement(Vec::new()),
            Some(outcome) => outcome.0.parse().map_err(|misread| format!("{misread}"))?,
        };
        let mut source = Source {
            system: side.system.as_ref().map(|system| system.0.to_string()),
            institution: text(&side.institution).to_owned(),
            required,
            alternatives: Vec::new(),
            keys: Vec::new(),
            vague: false,
            dead: None,
            ended: None,
        };
        if let Some(system) = &source.system {
            source.keys.push(self.keys.number(system).0);
        }
        for choice in source.required.choices() {
            let own = &source.institution;
            let institution = match &choice.institution {
                None => own.as_str(),
                Some(Code::Exact(code)) => code,
                Some(Code::Pattern(_)) => ANY,
            };
            match &choice.code {
                Code::Exact(code) if institution != ANY => {
                    let key = self.keys.number(&format!("{institution}\0{code}")).0;
                    if !source.keys.contains(&key) {
                        source.keys.push(key);
                    }
                }
                _ => source.vague = true,
            }
            look_up(own, choice, catalogue, &mut source.dead, &mut source.ended);
        }
        source.alternatives = alternatives(&source.institution, &source.required, catalogue);
        Ok(source)
    }

    /// The place of what a rule converts into.
    ///
    /// # Errors
    /// Says why what is received cannot be read.
    pub(super) fn target(&mut self, side: &Side, catalogue: &Catalogue) -> Result<u32, String> {
        self.name(side);
        let (number, is_new) = self.target_names.number(&self.buffer);
        if is_new {
            let target = self.new_target(side, catalogue)?;
            self.targets.push(target);
        }
        Ok(number)
    }

    fn new_target(&mut self, side: &Side, catalogue: &Catalogue) -> Result<Target, String> {
        let received = match &side.outcome {
            None => Received(Vec::new()),
            Some(outcome) => outcome.0.parse().map_err(|misread| format!("{misread}"))?,
        };
        let institution = text(&side.institution);
        let receiver = match &side.system {
            Some(system) => self.receivers.number(&format!("\0{}", system.0)).0,
            None => self.receivers.number(institution).0,
        };
        let mut target = Target {
            system: side.system.as_ref().map(|system| system.0.to_string()),
            institution: institution.to_owned(),
            category: side.category.as_ref().map(|category| category.0.to_string()),
            items: Vec::new(),
            receiver,
            dead: None,
            ended: None,
        };
        for item in received.0 {
            let outcome = catalogue.find(institution, &item.outcome);
            match outcome.map(|at| catalogue.get(at).ended()) {
                None if target.dead.is_none() => {
                    target.dead = Some(format!("{institution}/{}", item.outcome));
                }
                Some(Some(day)) => earlier(&mut target.ended, institution, &item.outcome, day),
                _ => {}
            }
            target.items.push((item.outcome, outcome));
        }
        target.items.sort_unstable();
        Ok(target)
    }
}

fn earlier(known: &mut Option<(String, Date)>, institution: &str, code: &str, day: Date) {
    if known.as_ref().is_none_or(|(_, other)| day < *other) {
        *known = Some((format!("{institution}/{code}"), day));
    }
}

/// Notes what the catalogue does not have of a choice, and what of it is over.
fn look_up(
    own: &str,
    choice: &Choice,
    catalogue: &Catalogue,
    dead: &mut Option<String>,
    ended: &mut Option<(String, Date)>,
) {
    let one = catalogue.one(own, choice);
    let named = matches!((&choice.code, &choice.institution), (Code::Exact(_), None | Some(Code::Exact(_))));
    if let (Some(day), Code::Exact(code)) = (one.and_then(|at| catalogue.get(at).ended()), &choice.code) {
        let institution = choice.institution.as_ref().map_or(own.to_owned(), Code::to_string);
        earlier(ended, &institution, code, day);
    }
    let is_there = match named && own != ANY && choice.filters.is_empty() {
        true => one.is_some(),
        false => catalogue.has(own, choice),
    };
    if !is_there && dead.is_none() {
        *dead = Some(match choice.institution {
            None => format!("{own}/{choice}"),
            Some(_) => choice.to_string(),
        });
    }
}

fn alternatives(own: &str, required: &Requirement, catalogue: &Catalogue) -> Vec<Alternative> {
    let read = |alternative: &crate::domain::requirement::Alternative| {
        let one = |term: &crate::domain::requirement::Term| match (term.count, term.of.as_slice()) {
            (1, [choice]) => catalogue.one(own, choice),
            _ => None,
        };
        let outcomes: Vec<u32> = alternative.0.iter().filter_map(one).collect();
        Alternative { whole: outcomes.len() == alternative.0.len(), outcomes }
    };
    required.0.iter().map(read).collect()
}
