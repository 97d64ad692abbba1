//! The achievement of a row that was located, and whatever is new in it.

use super::super::catalogue::KnownSystem;
use super::super::groups::Share;
use super::super::parts::Elsewhere;
use super::super::whose::enrol;
use super::{Located, Resolver, Subject};
use crate::domain::credits::Credits;
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::{Institution, OutcomeVersion};
use crate::intake::draft::Draft;
use crate::intake::profile::{Field, Profile};
use crate::ops::post::{Prepared, Rare};
use std::num::NonZeroU32;

/// The attribute that names the row in which the credit of another one counts.
const COUNTED_IN: &str = "counted_in";

impl Resolver<'_> {
    /// Turns a located row into an achievement, introducing what is new.
    ///
    /// # Errors
    /// Where something new cannot be written.
    pub fn resolve(
        &mut self,
        draft: &Draft,
        located: Located,
        file: usize,
        share: Option<Share>,
        elsewhere: Option<Elsewhere>,
    ) -> Result<Prepared> {
        let institution = self.institution_of(draft, &located)?;
        let outcome = self.outcome_of(draft, &located)?;
        let version = match located.version {
            Some(at) => at,
            None => self.new_version(outcome, draft, located.system)?,
        };
        let learner = self.learner_of(draft, &located)?;
        if self.closed.is_some_and(|closed| located.period.first <= closed) {
            self.late += 1;
        }
        let (institution, outcome) = match located.numbers {
            Some(numbers) => numbers,
            None => (
                small(self.catalogue.known[institution].row.id)?,
                small(self.catalogue.outcomes[outcome].row.id)?,
            ),
        };
        let subject = Subject { learner, institution, outcome, version: version as u32 + 1 };
        self.prepare(draft, &located, subject, file, share, elsewhere)
    }

    /// The achievement of a row whose subject is known.
    ///
    /// # Errors
    /// Where something new cannot be written.
    pub fn prepare(
        &mut self,
        draft: &Draft,
        located: &Located,
        subject: Subject,
        file: usize,
        share: Option<Share>,
        elsewhere: Option<Elsewhere>,
    ) -> Result<Prepared> {
        let earns = self.profile.deposit.contains(&draft.status);
        let amount = match share {
            Some(share) => share.amount,
            None if earns && elsewhere.is_none() => located.credits,
            None => Credits::ZERO,
        };
        let share = share.filter(|share| share.amount != Credits::ZERO);
        Ok(Prepared {
            learner: subject.learner,
            amount,
            rare: Rare {
                record: draft.record.as_deref().map(Box::from),
                group: share.map(|share| (share.first_line as i64, share.load)),
                part: draft.part,
            }
            .boxed(),
            line: small(draft.line)?,
            outcome: subject.outcome,
            version: subject.version,
            period: small(located.period.id)?,
            attempt: small(draft.attempt)?,
            system: small(located.system.id)?,
            institution: subject.institution,
            grade: some_small(self.grade(draft)?)?,
            attrs: some_small(self.attrs(draft, elsewhere)?)?,
            file: small(file)?,
            years: (located.period.first.year(), located.period.last.year()),
            status: draft.status,
            kind: located.kind,
        })
    }

    /// The institution's number and the learner's, both introduced where they are new.
    ///
    /// # Errors
    /// Where something new cannot be written.
    pub fn parties(&mut self, draft: &Draft, located: &Located) -> Result<(u32, i64)> {
        let institution = self.institution_of(draft, located)?;
        let learner = self.learner_of(draft, located)?;
        Ok((small(self.catalogue.known[institution].row.id)?, learner))
    }

    fn learner_of(&mut self, draft: &Draft, located: &Located) -> Result<i64> {
        match located.whose.learner {
            Some(id) => {
                located.whose.record_new(&mut self.people)?;
                Ok(id)
            }
            None => enrol(&mut self.people, &mut self.catalogue, self.profile, draft, located.scheme),
        }
    }

    /// The row's outcome, introduced with its institution where they are new.
    fn outcome_of(&mut self, draft: &Draft, located: &Located) -> Result<usize> {
        let institution = self.institution_of(draft, located)?;
        match located.outcome {
            Some(at) => Ok(at),
            None => {
                self.catalogue.add_outcome(institution, &draft.outcome, draft.repeatable.unwrap_or(false))
            }
        }
    }

    fn institution_of(&mut self, draft: &Draft, located: &Located) -> Result<usize> {
        match located.institution.or_else(|| self.catalogue.institution(&draft.institution)) {
            Some(at) => Ok(at),
            None => self.catalogue.add_institution(institution_row(draft)),
        }
    }

    fn new_version(&mut self, outcome: usize, draft: &Draft, system: KnownSystem) -> Result<usize> {
        let grouped = !self.tells_credits(draft);
        let text = |value: &Option<std::borrow::Cow<str>>| value.as_deref().map(str::to_owned);
        let row = OutcomeVersion {
            id: 0,
            outcome: 0,
            version: 0,
            title: text(&draft.title).unwrap_or_else(|| draft.outcome.clone().into_owned()),
            // A kind that a column gives belongs to the achievement: the same course is met in several.
            kind: draft.kind.filter(|_| constant(self.profile, Field::Kind)).map(|kind| kind as i64),
            framework: text(&draft.framework).filter(|_| draft.level.is_some()),
            level: text(&draft.level),
            field: text(&draft.field),
            hours: draft.hours.map(|hours| hours.0),
            credits: draft.credits.filter(|_| !grouped).map(|credits| credits.0),
            system: Some(system.id),
            valid_from: None,
            valid_to: None,
            accredited_from: None,
            accredited_to: None,
        };
        self.catalogue.add_version(outcome, row)?;
        if self.catalogue.outcomes[outcome].versions.len() > 1 {
            // What was remembered of older versions may now be said of this one.
            self.memory.forget();
        }
        Ok(self.catalogue.outcomes[outcome].versions.len() - 1)
    }

    fn grade(&mut self, draft: &Draft) -> Result<Option<i64>> {
        let Some(written) = draft.grade.as_deref() else { return Ok(None) };
        let scale = draft.scale.as_deref().unwrap_or_default();
        let number = self.scale_number(scale);
        if let Some(id) = self.grades.get(number, written) {
            return Ok(Some(id));
        }
        let id = self.catalogue.grade(scale, written)?;
        self.grades.insert(number, written, id);
        Ok(Some(id))
    }

    /// The place of a scale's name, counted from 1; 0 for none.
    fn scale_number(&mut self, scale: &str) -> i64 {
        // Comparing two empty texts costs some processors as much as the rest of a row.
        if scale.is_empty() {
            return 0;
        }
        let known = self.named_scales.iter().position(|known| known == scale);
        let at = known.unwrap_or_else(|| {
            self.named_scales.push(scale.to_owned());
            self.named_scales.len() - 1
        });
        at as i64 + 1
    }

    fn attrs(&mut self, draft: &Draft, elsewhere: Option<Elsewhere>) -> Result<Option<i64>> {
        let whole = elsewhere.and_then(|elsewhere| elsewhere.whole);
        if draft.attributes.is_empty() && whole.is_none() {
            return Ok(None);
        }
        let mut object: crate::store::Object = draft
            .attributes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), serde_json::Value::from(value.as_ref())))
            .collect();
        if let Some(whole) = whole {
            object.insert(COUNTED_IN.to_owned(), serde_json::Value::from(whole.as_ref()));
        }
        self.catalogue.attrs(&serde_json::Value::Object(object).to_string()).map(Some)
    }
}

/// A number as small as a prepared row holds it.
fn small<N: Copy + std::fmt::Display, T: TryFrom<N>>(number: N) -> Result<T> {
    T::try_from(number).map_err(|_| {
        Fault::new("S915", format!("the number {number} of a registry or a row is out of range"))
    })
}

/// The id of a registry row that may be missing; ids start from 1.
fn some_small(id: Option<i64>) -> Result<Option<NonZeroU32>> {
    id.map(|id| small(id).map(NonZeroU32::new)).transpose().map(Option::flatten)
}

fn constant(profile: &Profile, field: Field) -> bool {
    profile.constants.iter().any(|(constant, _)| *constant == field)
}

fn institution_row(draft: &Draft) -> Institution {
    Institution {
        id: 0,
        code: draft.institution.clone().into_owned(),
        name: draft.institution_name.as_ref().unwrap_or(&draft.institution).clone().into_owned(),
        country: draft.institution_country.as_deref().map(str::to_owned),
        region: None,
        sector: None,
        calendar: None,
    }
}
