//! Decisions on what learners ask for: every step follows the one before, exceptions stay within their authority's
//! remit and move what they say, and a case's key is that of its inputs.

use super::audit::Audit;
use crate::domain::credits::Credits;
use crate::domain::decision::{Step, Verb};
use crate::domain::entry::{EntryId, EntryKind};
use crate::domain::fault::Result;
use crate::domain::registry::{AuthorityRow, ProcedureRow};
use crate::intake::procedure::Procedure;
use crate::ledger::cases::{Cases, Event, key};
use crate::ops::registry::authority::outside;
use crate::report::cases::{actor, conversion};
use crate::store;
use std::collections::BTreeMap;

impl Audit<'_> {
    /// Judges the steps of all decisions. What cannot be read has been found along the log.
    pub fn check_cases(&mut self) -> Result<()> {
        let mut steps: Vec<EntryId> = Vec::new();
        let typed = self.read.decisions(&mut |row| {
            if Verb::from_name(&row.verb).is_some() {
                steps.push(row.entry);
            }
            Ok(())
        });
        if typed.is_err() {
            return Ok(());
        }
        let mut cases = Cases::default();
        for entry in steps {
            let act = self.read.act(entry).unwrap_or_default();
            let Some(act) = act.filter(|act| act.kind == EntryKind::Decision) else { continue };
            let place = format!("act entry {entry}, column payload");
            let step: Step = match serde_json::from_str(&act.payload) {
                Ok(step) => step,
                Err(error) => {
                    self.findings.add("V518", place, format!("it is no step of a decision: {error}"));
                    continue;
                }
            };
            let actor = actor(self.read, entry).unwrap_or_default();
            let event = Event { entry, learner: act.learner, actor, step };
            let read = self.read;
            let taken: std::result::Result<(), String> =
                cases.take(&event, |about| conversion(read, about).map_err(|fault| fault.to_string()));
            let wrong = taken.err().or_else(|| self.untrue(&event));
            if let Some(why) = wrong {
                self.findings.add("V518", &place, why);
            }
            if let Some(why) = self.beyond_remit(&event) {
                self.findings.add("V519", place, why);
            }
        }
        Ok(())
    }

    /// What a step says of other entries that they do not say.
    fn untrue(&self, event: &Event) -> Option<String> {
        let step = &event.step;
        if step.key != step.inputs.as_ref().map(key) {
            return Some("its key is not that of its inputs".to_owned());
        }
        let batch = self.read.batch_of(event.entry).ok().flatten()?;
        let inside = |entry: EntryId| entry > batch.entry && entry < event.entry;
        let verb = |entry: EntryId| self.read.decision(entry).ok().flatten().map(|row| row.verb);
        for (entries, word) in [(&step.placed, "convert"), (&step.released, "release")] {
            if let Some(entry) =
                entries.iter().find(|it| !inside(**it) || verb(**it).as_deref() != Some(word))
            {
                return Some(format!("entry {entry} is no decision `{word}` of its batch before it"));
            }
        }
        self.other_terms(step).or_else(|| self.other_movements(event))
    }

    /// The terms that a step records are those of the procedure that the bank keeps.
    fn other_terms(&self, step: &Step) -> Option<String> {
        let terms = step.procedure.as_ref()?;
        let rows: Vec<ProcedureRow> = store::find(self.read, "name", terms.name.as_str()).ok()?;
        let row = rows.into_iter().find(|row| row.version == terms.version);
        let kept = row.and_then(|row| Procedure::parse(&row.source, &row.name).ok());
        match kept.map(|kept| kept.terms(terms.version)) {
            Some(kept) if kept == *terms => None,
            _ => {
                Some(format!("its terms are not those of procedure {} version {}", terms.name, terms.version))
            }
        }
    }

    /// An exception moves what it grants, and no other step moves anything.
    fn other_movements(&self, event: &Event) -> Option<String> {
        let mut moved: BTreeMap<EntryId, [Credits; 2]> = BTreeMap::new();
        for row in self.read.movements_of_decision(event.entry).ok()? {
            moved.entry(row.lot).or_default()[usize::from(row.kind == EntryKind::ConvertIn)].0 +=
                row.amount.0;
        }
        let granted = &event.step.granted;
        let said: BTreeMap<EntryId, [Credits; 2]> =
            granted.iter().map(|granted| (granted.lot, [granted.amount, granted.worth])).collect();
        (moved != said).then(|| "its movements are not of the lots and amounts that it grants".to_owned())
    }

    /// Why an exception lies outside its authority's remit.
    fn beyond_remit(&self, event: &Event) -> Option<String> {
        let step = &event.step;
        if step.granted.is_empty() {
            return None;
        }
        let Some(by) = &step.authority else { return Some("credit is granted by no authority".to_owned()) };
        let rows: Vec<AuthorityRow> = store::find(self.read, "code", by.code.as_str()).unwrap_or_default();
        let Some(row) = rows.into_iter().find(|row| row.version == by.version) else {
            return Some(format!("there is no authority {} version {}", by.code, by.version));
        };
        let worth = Credits(step.granted.iter().map(|granted| granted.worth.0).sum());
        let (target, system) = (step.target.as_deref()?, step.system.as_deref()?);
        outside(&row, (target, step.date), &event.actor, (worth, system))
    }
}
