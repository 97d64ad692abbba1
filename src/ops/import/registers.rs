//! Bulk registers: catalogues of outcomes, institutions and learners from files.

use super::catalogue::Catalogue;
use super::people::People;
use super::read::file_fault;
use super::receipt::Account;
use super::resolve::introduce;
use super::whose::{Asked, enrol, whose};
use super::write::Setup;
use super::{Inspect, Outcome, refused, substandard};
use crate::domain::credits::Credits;
use crate::domain::fault::Result;
use crate::domain::registry::{Institution, OutcomeVersion};
use crate::intake::csv::Record;
use crate::intake::draft::{Draft, Mapping, Reader};
use crate::intake::fault::IntakeError;
use crate::intake::profile::{Differs, Field, Target, Unknown};
use crate::intake::rules::{Problem, Rule};
use crate::ops::post::Poster;
use crate::store::{Head, Store};
use hashbrown::HashMap;
use std::borrow::Cow;

/// A register being read.
struct Register<'s> {
    setup: &'s Setup<'s>,
    catalogue: Catalogue,
    people: People,
    outcome: Outcome,
    /// The file and the line that described an outcome first.
    described: HashMap<usize, String>,
}

/// Imports a register.
pub fn run(
    store: &mut dyn Store,
    head: &Head,
    setup: Setup,
    catalogue: Catalogue,
    people: People,
    inspect: Inspect,
) -> Result<Outcome> {
    let mut register =
        Register { setup: &setup, catalogue, people, outcome: setup.outcome(), described: HashMap::new() };
    for introduced in &setup.request.profile.institutions {
        introduce(&mut register.catalogue, introduced)?;
    }
    if !setup.request.profile.identifiers.is_empty() {
        register.people.expect_further();
    }
    register.read()?;
    let request = setup.request;
    setup.judge(&mut register.outcome)?;
    if register.outcome.refused > 0 && !request.keep_going && !request.dry_run {
        let why = refused(&register.outcome);
        return Ok(register.outcome.withhold(why));
    }
    if register.outcome.substandard && !request.dry_run {
        let why = substandard(&register.outcome);
        return Ok(register.outcome.withhold(why));
    }
    let rows = register.catalogue.take_pending();
    let (keys, facts) = register.people.take_new();
    let reviews = register.people.take_reviews();
    let mut outcome = register.outcome;
    outcome.learners = keys.len() as u64;
    outcome.reviews = reviews.len() as u64;
    if rows.is_empty() && facts.is_empty() && setup.way.approves.is_none() {
        return Ok(outcome);
    }
    let payload = setup.whole_payload()?;
    store.append(request.log, Some(head), &mut |tx| {
        (setup.way.accept)(tx, &outcome)?;
        let mut poster = Poster::open(tx, request.log, &payload)?;
        if let Some(profile) = &setup.profile {
            poster.register_one(profile)?;
        }
        if !rows.is_empty() {
            poster.register(&rows)?;
        }
        if !facts.is_empty() {
            poster.enrol(&keys, facts.clone())?;
        }
        poster.reviews(&reviews)?;
        let (first, end) = (poster.batch_entry(), poster.next_entry());
        poster.receipt(Account::new(&outcome).payload()?)?;
        let sealed = poster.seal()?;
        outcome.batch = Some(sealed.batch.no);
        outcome.entries = sealed.batch.size;
        outcome.head = Some(sealed.head);
        if request.dry_run {
            inspect(tx, first, end)?;
        }
        Ok(!request.dry_run)
    })?;
    Ok(outcome)
}

impl Register<'_> {
    fn read(&mut self) -> Result<()> {
        let request = self.setup.request;
        for (file, incoming) in self.setup.delivered.files.iter().enumerate() {
            let fault = |error: IntakeError| file_fault(incoming.source.path(), &error);
            let mut reader = Reader::open(request.profile, incoming).map_err(fault)?;
            self.outcome.totals[file].mended = reader.mapping().is_of_refused_rows();
            let mut record = Record::new();
            while reader.next(&mut record).map_err(fault)? {
                self.outcome.rows += 1;
                self.outcome.totals[file].rows += 1;
                let mut problems = Vec::new();
                let mapping = reader.mapping();
                self.outcome.answer(mapping, std::slice::from_ref(&record));
                if let Some(draft) = mapping.draft(&record, &mut problems) {
                    let changed = match request.profile.target {
                        Target::Outcomes => {
                            let name = incoming.source.name();
                            self.outcome_row(mapping, &draft, &name, &mut problems)?
                        }
                        Target::Institutions => self.institution_row(mapping, &draft, &mut problems)?,
                        _ => self.learner_row(mapping, &draft, &mut problems)?,
                    };
                    let (at, place) = (file as i64, record.place().number());
                    match changed {
                        true => {
                            self.outcome.registered += 1;
                            self.outcome.verdicts.new_row(at, place, None);
                        }
                        false if !problems.iter().any(Problem::is_error) => {
                            self.outcome.already += 1;
                            self.outcome.verdicts.already(at, place, None);
                        }
                        false => {}
                    }
                }
                let codes: Vec<&str> = problems.iter().map(|problem| problem.rule.code()).collect();
                let so_far = self.outcome.registered as i64 - self.outcome.already as i64;
                self.outcome.fingerprint.add(file as i64, record.line() as i64, &codes.join(" "), so_far);
                if problems.iter().any(Problem::is_error) {
                    self.outcome.refused += 1;
                    self.outcome.verdicts.refused(file as i64, record.place().number(), &problems);
                }
                self.outcome.findings.add(file, &problems);
            }
            self.outcome.told(incoming, &reader);
            self.outcome.findings.add(file, &reader.findings());
        }
        Ok(())
    }

    fn outcome_row(
        &mut self,
        mapping: &Mapping,
        draft: &Draft,
        file: &str,
        problems: &mut Vec<Problem>,
    ) -> Result<bool> {
        let profile = self.setup.request.profile;
        let mut report = |field, value: &str, rule, reason: &str| {
            problems.push(mapping.problem(draft.line, field, value, rule, reason));
        };
        let institution = match self.catalogue.institution(&draft.institution) {
            Some(at) => at,
            None if profile.institution_unknown == Unknown::Create => {
                self.catalogue.add_institution(named(draft))?
            }
            None => {
                let reason = "no institution of this code is registered";
                report(Field::Institution, &draft.institution, Rule::InstitutionUnknown, reason);
                return Ok(false);
            }
        };
        let Some(version) = self.version_row(draft, &mut report) else { return Ok(false) };
        let period = match &draft.offering {
            None => None,
            Some(text) => match mapping.read_period(text, &self.catalogue.known[institution].calendar) {
                Ok(period) => Some(period),
                Err(fault) => {
                    report(Field::Offering, text, fault.rule, &fault.reason);
                    return Ok(false);
                }
            },
        };
        let mut changed = false;
        let outcome = match self.catalogue.outcome(institution, &draft.outcome) {
            Some(at) => at,
            None => {
                changed = true;
                self.catalogue.add_outcome(institution, &draft.outcome, draft.repeatable.unwrap_or(false))?
            }
        };
        let newest = self.catalogue.outcomes[outcome].versions.last();
        if newest.is_none_or(|newest| !same_version(newest, &version)) {
            let earlier = self.described.get(&outcome);
            if let Some(newest) = newest {
                let reason = difference(newest, &version, earlier.map(String::as_str));
                if profile.outcome.differs == Differs::Refuse {
                    report(Field::Outcome, &draft.outcome, Rule::OutcomeDiffers, &reason);
                    return Ok(false);
                }
                if earlier.is_some() {
                    report(Field::Outcome, &draft.outcome, Rule::OutcomeTwice, &reason);
                }
            }
            self.catalogue.add_version(outcome, version)?;
            changed = true;
        }
        self.described.entry(outcome).or_insert_with(|| format!("{file}, line {}", draft.line));
        if let Some(period) = period {
            let id = self.catalogue.period(period)?.id;
            changed |= self.catalogue.add_offering(outcome, id)?;
        }
        Ok(changed)
    }

    fn version_row(
        &self,
        draft: &Draft,
        report: &mut impl FnMut(Field, &str, Rule, &str),
    ) -> Option<OutcomeVersion> {
        let system = match draft.system.as_deref() {
            None => None,
            Some(code) => match self.catalogue.system(code) {
                Some(system) => Some(system.id),
                None => {
                    report(Field::System, code, Rule::SystemUnknown, "no credit system has this code");
                    return None;
                }
            },
        };
        if let Some(level) = draft.level.as_deref() {
            let framework = draft.framework.as_deref().unwrap_or_default();
            match self.catalogue.levels(framework) {
                None => {
                    report(
                        Field::Framework,
                        framework,
                        Rule::FrameworkUnknown,
                        "no framework of levels has this code",
                    );
                    return None;
                }
                Some(levels) if !levels.iter().any(|known| known == level) => {
                    let reason = format!("{framework} has the levels {}", levels.join(", "));
                    report(Field::Level, level, Rule::LevelUnknown, &reason);
                    return None;
                }
                Some(_) => {}
            }
        }
        let text = |value: &Option<Cow<str>>| value.as_deref().map(str::to_owned);
        let first = |period: &Option<crate::domain::date::Period>| {
            period.as_ref().map(|period| period.first.to_string())
        };
        let last = |period: &Option<crate::domain::date::Period>| {
            period.as_ref().map(|period| period.last.to_string())
        };
        Some(OutcomeVersion {
            id: 0,
            outcome: 0,
            version: 0,
            title: text(&draft.title).unwrap_or_else(|| draft.outcome.clone().into_owned()),
            kind: draft.kind.map(|kind| kind as i64),
            framework: text(&draft.framework).filter(|_| draft.level.is_some()),
            level: text(&draft.level),
            field: text(&draft.field),
            hours: draft.hours.map(|hours| hours.0),
            credits: draft.credits.map(|credits| credits.0),
            system,
            valid_from: first(&draft.valid_from),
            valid_to: last(&draft.valid_to),
            accredited_from: first(&draft.accredited_from),
            accredited_to: last(&draft.accredited_to),
        })
    }

    fn institution_row(
        &mut self,
        mapping: &Mapping,
        draft: &Draft,
        problems: &mut Vec<Problem>,
    ) -> Result<bool> {
        let row = named(draft);
        let Some(at) = self.catalogue.institution(&draft.institution) else {
            self.catalogue.add_institution(row)?;
            return Ok(true);
        };
        let known = &self.catalogue.known[at].row;
        let same = Institution { id: known.id, calendar: known.calendar.clone(), ..row } == *known;
        if !same {
            let reason = "it is registered with another name, country, region or sector";
            problems.push(mapping.problem(
                draft.line,
                Field::Institution,
                &draft.institution,
                Rule::InstitutionDiffers,
                reason,
            ));
        }
        Ok(false)
    }

    fn learner_row(&mut self, mapping: &Mapping, draft: &Draft, problems: &mut Vec<Problem>) -> Result<bool> {
        let profile = self.setup.request.profile;
        let issuer = profile.issuer(&profile.learner.scheme, &draft.institution);
        let scheme = self.catalogue.scheme(&profile.learner.scheme, issuer)?;
        let asked = Asked { profile, mapping, draft, scheme, opens: true };
        let whose = whose(&asked, &mut self.catalogue, &mut self.people, problems)?;
        if problems.iter().any(Problem::is_error) {
            return Ok(false);
        }
        if whose.learner.is_some() {
            whose.record_new(&mut self.people)?;
            return Ok(whose.has_new());
        }
        enrol(&mut self.people, &mut self.catalogue, profile, draft, scheme)?;
        Ok(true)
    }
}

/// An institution as a row describes it.
fn named(draft: &Draft) -> Institution {
    let text = |value: &Option<Cow<str>>| value.as_deref().map(str::to_owned);
    Institution {
        id: 0,
        code: draft.institution.clone().into_owned(),
        name: text(&draft.name).unwrap_or_else(|| draft.institution.clone().into_owned()),
        country: text(&draft.country),
        region: text(&draft.region),
        sector: text(&draft.sector),
        calendar: None,
    }
}

/// In what a row differs from the newest version of its outcome, and where that stands.
fn difference(newest: &OutcomeVersion, row: &OutcomeVersion, earlier: Option<&str>) -> String {
    let amount = |amount: Option<i64>| amount.map_or("none".to_owned(), |amount| Credits(amount).to_string());
    let text = |text: &Option<String>| text.as_deref().map_or("none".to_owned(), |text| format!("`{text}`"));
    let parts = [
        ("title", format!("`{}`", newest.title), format!("`{}`", row.title)),
        ("credits", amount(newest.credits), amount(row.credits)),
        ("hours", amount(newest.hours), amount(row.hours)),
        ("level", text(&newest.level), text(&row.level)),
        ("field", text(&newest.field), text(&row.field)),
    ];
    let different = parts.into_iter().filter(|(_, known, said)| known != said);
    let list: Vec<String> =
        different.map(|(name, known, said)| format!("{name} {known} and here {said}")).collect();
    let place = earlier.map_or("in the catalogue".to_owned(), |earlier| format!("in {earlier}"));
    match list.is_empty() {
        true => format!("{place} it has another kind, system, validity or accreditation"),
        false => format!("{place} it has {}", list.join(", ")),
    }
}

/// Whether two versions say the same, whatever their numbers.
fn same_version(known: &OutcomeVersion, new: &OutcomeVersion) -> bool {
    let numbered =
        OutcomeVersion { id: known.id, outcome: known.outcome, version: known.version, ..new.clone() };
    *known == numbered
}
