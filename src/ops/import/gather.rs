//! Rows that say more of one achievement: a certificate that replaced three courses stands on three rows
//! and is one achievement, whose attributes gather what the rows say.

use super::read::{Intake, Taker};
use crate::domain::entry::RowPlace;
use crate::domain::fault::Result;
use crate::intake::csv::Record;
use crate::intake::draft::{Draft, Mapping};
use crate::intake::profile::{Field, Profile};
use crate::intake::rules::{Problem, Rule};
use hashbrown::HashMap;
use std::borrow::Cow;

/// Between what two rows say.
const BETWEEN: &str = "; ";

/// The rows of one achievement.
#[derive(Debug)]
struct Rows {
    file: usize,
    first: RowPlace,
    /// What the first row says beside the gathered attributes.
    said: String,
    /// The gathered attributes of each row, in file order.
    gathered: Vec<Vec<String>>,
}

/// What becomes of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gathered {
    /// It is the first of its achievement and speaks for all.
    First,
    /// It says more of an achievement that the row at that place records.
    More(String),
    /// It contradicts the row at that place.
    Differs(String),
}

/// The achievements of an import, gathered in a first reading.
#[derive(Default)]
pub struct Gatherer(HashMap<String, Rows>);

fn key(draft: &Draft) -> String {
    let parts = [&draft.institution, &draft.learner, &draft.outcome, &draft.period];
    let record = draft.record.as_deref().unwrap_or_default();
    format!("{}\u{1f}{}\u{1f}{record}", parts.map(|part| part.as_ref()).join("\u{1f}"), draft.attempt)
}

/// What a row says beside the gathered attributes.
fn said(profile: &Profile, draft: &Draft) -> String {
    let kept: Vec<_> = draft.attributes.iter().filter(|(name, _)| !is_gathered(profile, name)).collect();
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {kept:?}",
        draft.credits, draft.hours, draft.status, draft.grade, draft.title, draft.system
    )
}

fn is_gathered(profile: &Profile, name: &str) -> bool {
    profile.gather.iter().any(|gathered| gathered == name)
}

impl Gatherer {
    /// Notes a sound row of the first reading.
    pub fn note(&mut self, profile: &Profile, draft: &Draft, file: usize) {
        let said = said(profile, draft);
        let values: Vec<String> = profile
            .gather
            .iter()
            .map(|name| {
                let found = draft.attributes.iter().find(|(known, _)| known == name);
                found.map(|(_, value)| value.clone().into_owned()).unwrap_or_default()
            })
            .collect();
        let first = RowPlace { line: draft.line, part: draft.part };
        let rows = self.0.entry(key(draft)).or_insert_with(|| Rows {
            file,
            first,
            said: said.clone(),
            gathered: Vec::new(),
        });
        if rows.said == said && !rows.gathered.contains(&values) {
            rows.gathered.push(values);
        }
    }

    /// What becomes of a sound row of the second reading; the first one of an achievement is given what
    /// all of them say.
    pub fn take(&self, profile: &Profile, draft: &mut Draft, file: usize) -> Gathered {
        let Some(rows) = self.0.get(&key(draft)) else { return Gathered::First };
        if (rows.file, rows.first) != (file, RowPlace { line: draft.line, part: draft.part }) {
            let place = match rows.file == file {
                true => rows.first.to_string(),
                false => format!("{} of file {} of the import", rows.first, rows.file + 1),
            };
            return if rows.said == said(profile, draft) {
                Gathered::More(place)
            } else {
                Gathered::Differs(place)
            };
        }
        for (at, name) in profile.gather.iter().enumerate() {
            let values: Vec<&str> = rows.gathered.iter().map(|row| row[at].as_str()).collect();
            if values.iter().all(|value| value.is_empty()) {
                continue;
            }
            let joined = Cow::Owned(values.join(BETWEEN));
            match draft.attributes.iter_mut().find(|(known, _)| known == name) {
                Some((_, value)) => *value = joined,
                None => {
                    let known = profile.attributes.iter().find(|(known, _)| known == name);
                    debug_assert!(known.is_some(), "gathered attributes are attributes");
                }
            }
        }
        Gathered::First
    }
}

impl<T: Taker> Intake<'_, '_, T> {
    /// Reads the files once for the rows that are of one achievement, where the profile joins such rows.
    ///
    /// # Errors
    /// Where a file or the ledger cannot be read.
    pub fn gather(&mut self) -> Result<()> {
        if self.setup.request.profile.gather.is_empty() {
            return Ok(());
        }
        self.each_block(
            &mut |intake, mapping, records, file| {
                records.iter().try_for_each(|record| intake.note_gathered(mapping, record, file))?;
                Ok(true)
            },
            &|_| {},
        )
    }

    fn note_gathered(&mut self, mapping: &Mapping, record: &Record, file: usize) -> Result<()> {
        let mut problems = Vec::new();
        let Some(mut draft) = mapping.draft(record, &mut problems) else { return Ok(()) };
        if self.locate(mapping, &mut draft, &mut problems)?.0 {
            self.gatherer.note(mapping.profile(), &draft, file);
        }
        Ok(())
    }

    /// Whether a row is taken, given what other rows say of the same achievement.
    pub fn is_first(
        &mut self,
        mapping: &Mapping,
        draft: &mut Draft,
        problems: &mut Vec<Problem>,
        file: usize,
    ) -> bool {
        let profile = self.setup.request.profile;
        match self.gatherer.take(profile, draft, file) {
            Gathered::First => true,
            Gathered::More(place) => {
                self.outcome.gathered += 1;
                let outcome = draft.outcome.as_ref();
                let reason = format!("{place} records it");
                problems.push(mapping.problem(
                    draft.line,
                    Field::Outcome,
                    outcome,
                    Rule::RowGathered,
                    reason,
                ));
                self.outcome.findings.add(file, problems);
                let row = RowPlace { line: draft.line, part: draft.part };
                self.outcome.verdicts.joined(file as i64, row.number(), &place);
                false
            }
            Gathered::Differs(place) => {
                let outcome = draft.outcome.as_ref();
                let reason = format!("{place} gives it otherwise");
                problems.push(mapping.problem(
                    draft.line,
                    Field::Outcome,
                    outcome,
                    Rule::ConflictInFile,
                    reason,
                ));
                true
            }
        }
    }
}
