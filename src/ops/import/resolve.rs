//! From a draft to an achievement: every name in the row is looked up, and introduced where the
//! profile says so.

mod prepare;

use super::catalogue::{Catalogue, KnownSystem, version_at};
use super::checks::{Scales, accreditation_fault};
use super::identifiers::Identifiers;
use super::people::People;
use super::recall::Memory;
use super::whose::{Asked, Whose, whose};
use crate::domain::credits::{Credits, SCALE};
use crate::domain::date::Calendar;
use crate::domain::fault::{Fault, Result};
use crate::domain::outcome::Kind;
use crate::domain::registry::{Institution, OutcomeVersion};
use crate::intake::csv::Record;
use crate::intake::draft::{Draft, Mapping};
use crate::intake::profile::{Differs, Field, Introduced, Offered, Profile, Unknown};
use crate::intake::rules::{Problem, Rule, Severity};
use hashbrown::HashMap;
use jiff::civil::Date;

/// What a row refers to, before anything new is introduced.
pub struct Located {
    pub(super) institution: Option<usize>,
    pub(super) outcome: Option<usize>,
    /// Position among the outcome's versions; none where a new one begins.
    pub(super) version: Option<usize>,
    /// The registries' numbers of institution and outcome, where they are at hand.
    pub(super) numbers: Option<(u32, u32)>,
    pub(super) period: Time,
    pub(super) system: KnownSystem,
    pub(super) kind: Kind,
    pub(super) credits: Credits,
    pub(super) whose: Whose,
    pub(super) scheme: i64,
}

impl Located {
    /// The same row of an account that is not one of the bank's.
    pub fn of_account(self, learner: i64) -> Located {
        Located { whose: Whose::plain(Some(learner)), ..self }
    }
}

/// Who achieved what: the registries' numbers.
#[derive(Debug, Clone, Copy)]
pub struct Subject {
    /// The account.
    pub learner: i64,
    /// The awarding institution.
    pub institution: u32,
    /// The outcome.
    pub outcome: u32,
    /// Its version, from 1.
    pub version: u32,
}

/// As much of a period as a row needs.
#[derive(Debug, Clone, Copy)]
pub struct Time {
    pub(super) id: i64,
    pub(super) first: Date,
    pub(super) last: Date,
}

/// What becomes of the accounts of learners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accounts {
    /// They are looked up, and opened where the profile lets it.
    Kept,
    /// Nobody asks for them.
    Unasked,
}

/// Looks up what rows refer to.
pub struct Resolver<'p> {
    /// The registries.
    pub catalogue: Catalogue,
    /// The learners.
    pub people: People,
    /// Whether learners are looked up.
    pub accounts: Accounts,
    pub(super) profile: &'p Profile,
    /// Last day of the closed books.
    closed: Option<Date>,
    pub(super) today: Date,
    pub(super) scales: Scales,
    /// The profile is lenient about levels or their frameworks.
    lenient_level: bool,
    /// Rows whose date lies in the closed books.
    pub late: u64,
    periods: HashMap<(usize, String), Time>,
    no_calendar: Calendar,
    /// Ids of grades, by the scale's number and as written.
    grades: Identifiers,
    named_scales: Vec<String>,
    /// Schemes of the learners' identifiers by issuer.
    schemes: HashMap<String, i64>,
    /// What rows said of their outcomes.
    pub(super) memory: Memory,
}

/// The position that stands for institutions without a calendar of their own in the cache of periods.
const NO_CALENDAR: usize = usize::MAX;

impl<'p> Resolver<'p> {
    /// A resolver over loaded registries; institutions that the profile introduces are added.
    ///
    /// # Errors
    /// Where a row cannot be written.
    pub fn new(
        mut catalogue: Catalogue,
        mut people: People,
        profile: &'p Profile,
        closed: Option<Date>,
        today: Date,
    ) -> Result<Resolver<'p>> {
        for introduced in &profile.institutions {
            introduce(&mut catalogue, introduced)?;
        }
        if !profile.identifiers.is_empty() {
            people.expect_further();
        }
        Ok(Resolver {
            catalogue,
            people,
            accounts: Accounts::Kept,
            profile,
            closed,
            today,
            scales: Scales::default(),
            lenient_level: [Rule::LevelUnknown, Rule::FrameworkUnknown]
                .iter()
                .any(|rule| profile.severity(*rule) == Severity::Warning),
            late: 0,
            periods: HashMap::new(),
            no_calendar: Calendar::default(),
            grades: Identifiers::default(),
            named_scales: Vec::new(),
            schemes: HashMap::new(),
            memory: Memory::default(),
        })
    }

    /// Looks up everything that a row refers to; all that is wrong goes to `problems`. What the profile
    /// is lenient about is taken out of the draft.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn locate(
        &mut self,
        mapping: &Mapping,
        draft: &mut Draft,
        problems: &mut Vec<Problem>,
    ) -> Result<Option<Located>> {
        if self.lenient_level
            && let Some((field, value, rule, reason)) = self.level_fault(draft)
            && self.profile.severity(rule) == Severity::Warning
        {
            problems.push(mapping.problem(draft.line, field, value, rule, reason));
            (draft.level, draft.framework) = (None, None);
        }
        self.locate_mended(mapping, draft, problems)
    }

    fn locate_mended(
        &mut self,
        mapping: &Mapping,
        draft: &Draft,
        problems: &mut Vec<Problem>,
    ) -> Result<Option<Located>> {
        let before = problems.len();
        let mut report = |field, value: &str, rule, reason: String| {
            problems.push(mapping.problem(draft.line, field, value, rule, reason));
        };
        let institution = self.catalogue.institution(&draft.institution);
        if institution.is_none() && self.profile.institution_unknown == Unknown::Refuse {
            let reason = "no institution of this code is registered".to_owned();
            report(Field::Institution, &draft.institution, Rule::InstitutionUnknown, reason);
        }
        let outcome = institution.and_then(|at| self.catalogue.outcome(at, &draft.outcome));
        let may_have = institution.is_some() || self.profile.institution_unknown == Unknown::Create;
        // What the catalogue has nothing of is one fault: that it does not say what the row leaves out is no other.
        let unknown = may_have && outcome.is_none() && self.profile.outcome.unknown == Unknown::Refuse;
        if unknown {
            let reason = format!("{} has no outcome of this code", draft.institution);
            report(Field::Outcome, &draft.outcome, Rule::OutcomeUnknown, reason);
        }
        let period = match self.period(mapping, draft, institution)? {
            Ok(period) => Some(period),
            Err((rule, reason)) => {
                report(Field::Period, &draft.period, rule, reason);
                None
            }
        };
        if let Some(period) = period.filter(|period| period.first > self.today) {
            let reason = format!("it begins on {}, and today is {}", period.first, self.today);
            report(Field::Period, &draft.period, Rule::DateInFuture, reason);
        }
        if let (Some(period), Some(at)) = (period, outcome) {
            let offered = &self.catalogue.outcomes[at].offered;
            if self.profile.offered == Offered::Check && !offered.is_empty() && !offered.contains(&period.id)
            {
                let reason = format!("{} is not offered in this period", draft.outcome);
                report(Field::Period, &draft.period, Rule::PeriodNotOffered, reason);
            }
        }
        if let Some((field, value, rule, reason)) = self.level_fault(draft) {
            report(field, value, rule, reason);
        }
        let version = match (period, outcome) {
            (Some(period), Some(at)) => match self.version(at, draft, period.first) {
                Ok(version) => version,
                Err((field, value, reason)) => {
                    report(field, &value, Rule::OutcomeDiffers, reason);
                    None
                }
            },
            _ => None,
        };
        let known = outcome.zip(version).map(|(at, version)| &self.catalogue.outcomes[at].versions[version]);
        if let (Some(version), Some(period)) = (known, period)
            && let Some(reason) = accreditation_fault(version, period.first, period.last)
        {
            report(Field::Period, &draft.period, Rule::NotAccredited, reason);
        }
        if let (Some(scale), Some(grade)) = (&draft.scale, &draft.grade)
            && self.profile.deposit.contains(&draft.status)
            && let Some(reason) = self.scales.fault(&self.catalogue, scale, grade)
        {
            report(Field::Grade, grade, Rule::GradeUnknown, reason);
        }
        let system = match unknown && draft.system.is_none() {
            true => None,
            false => self.system(draft, known, &mut report),
        };
        let own = draft.credits.or_else(|| known.and_then(|version| version.credits.map(Credits)));
        // What counts elsewhere, or nowhere, needs no amount.
        let credits = own.or((!draft.counted).then_some(Credits::ZERO));
        if credits.is_none() && !unknown {
            let reason = "the row gives none, and the catalogue has none for the outcome".to_owned();
            report(Field::Credits, "", Rule::CreditsUnknown, reason);
        }
        // What is part of a whole, or gathers what counts, needs no credit of its own.
        let counts = draft.counted || draft.part_of.is_none();
        let earns = counts && self.profile.deposit.contains(&draft.status);
        if credits == Some(Credits::ZERO) && earns && self.profile.group.is_none() {
            let reason = "the result creates no credit, and is recorded without any".to_owned();
            report(Field::Credits, "0", Rule::CreditsZero, reason);
        }
        if let (Some(system), Some(credits)) = (system, credits)
            && system.indivisible
            && credits.0 % SCALE != 0
        {
            report(
                Field::Credits,
                &credits.to_string(),
                Rule::WholeOnly,
                "it is not a whole number".to_owned(),
            );
        }
        let kind = draft.kind.or_else(|| known.and_then(|version| version.kind.and_then(Kind::from_code)));
        if kind.is_none() && !unknown {
            let reason =
                "neither the row, the profile nor the catalogue says whether the learning was formal"
                    .to_owned();
            report(Field::Kind, "", Rule::KindUnknown, reason);
        }
        let scheme = self.scheme(draft)?;
        let asked = Asked {
            profile: self.profile,
            mapping,
            draft,
            scheme,
            opens: self.profile.learner.unknown == Unknown::Create,
        };
        let whose = whose(&asked, &mut self.catalogue, &mut self.people, problems)?;
        match (period, system, credits, kind) {
            (Some(period), Some(system), Some(credits), Some(kind))
                if !problems[before..].iter().any(Problem::is_error) =>
            {
                Ok(Some(Located {
                    institution,
                    outcome,
                    version,
                    numbers: None,
                    period,
                    system,
                    kind,
                    credits,
                    whose,
                    scheme,
                }))
            }
            _ => Ok(None),
        }
    }

    pub(super) fn period(
        &mut self,
        mapping: &Mapping,
        draft: &Draft,
        institution: Option<usize>,
    ) -> Result<std::result::Result<Time, (Rule, String)>> {
        let own = institution.filter(|at| !self.catalogue.known[*at].calendar.terms.is_empty());
        let place = own.unwrap_or(NO_CALENDAR);
        if let Some(known) = self.periods.get(&PlacedText(place, &draft.period)) {
            return Ok(Ok(*known));
        }
        let calendar = own.map_or(&self.no_calendar, |at| &self.catalogue.known[at].calendar);
        match mapping.read_period(&draft.period, calendar) {
            Err(fault) => Ok(Err((fault.rule, fault.reason))),
            Ok(period) => {
                let (first, last) = (period.first, period.last);
                let time = Time { id: self.catalogue.period(period)?.id, first, last };
                self.periods.insert((place, draft.period.clone().into_owned()), time);
                Ok(Ok(time))
            }
        }
    }

    /// What is wrong with the period of a row that is refused for something else, as far as the row has its columns.
    pub fn period_fault(&self, mapping: &Mapping, record: &Record) -> Option<Problem> {
        let whole = record.len() == mapping.width() && record.fault().is_none() && record.doubts().is_empty();
        let text = mapping.written(record, Field::Period);
        if !whole || text.is_empty() {
            return None;
        }
        let institution = self.catalogue.institution(&mapping.written(record, Field::Institution));
        let calendar = institution.map_or(&self.no_calendar, |at| &self.catalogue.known[at].calendar);
        let fault = mapping.read_period(&text, calendar).err()?;
        Some(mapping.problem(record.line(), Field::Period, &text, fault.rule, fault.reason))
    }

    fn level_fault<'d>(&self, draft: &'d Draft) -> Option<(Field, &'d str, Rule, String)> {
        let level = draft.level.as_deref()?;
        let Some(framework) = draft.framework.as_deref() else {
            let reason = "the row gives a level, and neither it nor the profile a framework".to_owned();
            return Some((Field::Framework, "", Rule::FrameworkUnknown, reason));
        };
        match self.catalogue.levels(framework) {
            None => {
                let reason = "no framework of levels has this code".to_owned();
                Some((Field::Framework, framework, Rule::FrameworkUnknown, reason))
            }
            Some(levels) if levels.iter().any(|known| known == level) => None,
            Some(levels) => {
                let reason = format!("{framework} has the levels {}", levels.join(", "));
                Some((Field::Level, level, Rule::LevelUnknown, reason))
            }
        }
    }

    fn system(
        &self,
        draft: &Draft,
        known: Option<&OutcomeVersion>,
        report: &mut impl FnMut(Field, &str, Rule, String),
    ) -> Option<KnownSystem> {
        let Some(code) = draft.system.as_deref() else {
            let system = known.and_then(|version| version.system);
            if system.is_none() {
                let reason = "neither the row, the profile nor the catalogue names one".to_owned();
                report(Field::System, "", Rule::SystemUnknown, reason);
            }
            return system.and_then(|id| self.catalogue.system_by_id(id));
        };
        let system = self.catalogue.system(code);
        if system.is_none() {
            report(Field::System, code, Rule::SystemUnknown, "no credit system has this code".to_owned());
        }
        system
    }

    /// The version that a row speaks of; none where the profile lets a new one begin.
    fn version(
        &self,
        outcome: usize,
        draft: &Draft,
        day: Date,
    ) -> std::result::Result<Option<usize>, (Field, String, String)> {
        let versions = &self.catalogue.outcomes[outcome].versions;
        let at = version_at(versions, day);
        let grouped = !self.tells_credits(draft);
        if let Some(at) = at
            && difference(draft, &versions[at], grouped).is_none()
        {
            return Ok(Some(at));
        }
        if let Some(same) = versions.iter().rposition(|version| difference(draft, version, grouped).is_none())
        {
            return Ok(Some(same));
        }
        if self.profile.outcome.differs == Differs::Version {
            return Ok(None);
        }
        let Some(at) = at else {
            let reason = format!("no version of {} is valid in this period", draft.outcome);
            return Err((Field::Period, draft.period.clone().into_owned(), reason));
        };
        match difference(draft, &versions[at], grouped) {
            None => Ok(Some(at)),
            Some((field, value, recorded)) => {
                let reason = format!("the catalogue has {} for {}", recorded, draft.outcome);
                Err((field, value, reason))
            }
        }
    }

    /// Whether a row's credits are those of its outcome: they are not where they are a group's load, nor
    /// where a source writes 0 because the result earns nothing.
    fn tells_credits(&self, draft: &Draft) -> bool {
        let earns = self.profile.deposit.contains(&draft.status);
        self.profile.group.is_none() && (earns || draft.credits != Some(Credits::ZERO))
    }

    fn scheme(&mut self, draft: &Draft) -> Result<i64> {
        if let Some(scheme) = draft.scheme.as_deref() {
            return self.catalogue.scheme(scheme, draft.issuer.as_deref().unwrap_or_default());
        }
        let issuer = self.profile.issuer(&self.profile.learner.scheme, &draft.institution);
        if let Some(scheme) = self.schemes.get(issuer) {
            return Ok(*scheme);
        }
        let scheme = self.catalogue.scheme(&self.profile.learner.scheme, issuer)?;
        self.schemes.insert(issuer.to_owned(), scheme);
        Ok(scheme)
    }
}

/// A borrowed key of the cache of periods.
#[derive(Hash)]
struct PlacedText<'a>(usize, &'a str);

impl hashbrown::Equivalent<(usize, String)> for PlacedText<'_> {
    fn equivalent(&self, key: &(usize, String)) -> bool {
        self.0 == key.0 && self.1 == key.1
    }
}

/// The first field in which a row and a version differ: the field, the row's value, the version's.
fn difference(draft: &Draft, version: &OutcomeVersion, grouped: bool) -> Option<(Field, String, String)> {
    let text = |field: Field, row: Option<&str>, known: Option<&str>| match (row, known) {
        (Some(row), Some(known)) if row != known => Some((field, row.to_owned(), format!("`{known}`"))),
        (Some(row), None) if field != Field::Framework => Some((field, row.to_owned(), "none".to_owned())),
        _ => None,
    };
    let amount = |field: Field, row: Option<Credits>, known: Option<i64>| match row {
        Some(row) if known != Some(row.0) => {
            let known = known.map_or("none".to_owned(), |known| Credits(known).to_string());
            Some((field, row.to_string(), known))
        }
        _ => None,
    };
    text(Field::Title, draft.title.as_deref(), Some(&version.title))
        .or_else(|| text(Field::Level, draft.level.as_deref(), version.level.as_deref()))
        .or_else(|| text(Field::Framework, draft.framework.as_deref(), version.framework.as_deref()))
        .or_else(|| text(Field::Field, draft.field.as_deref(), version.field.as_deref()))
        .or_else(|| amount(Field::Hours, draft.hours, version.hours))
        .or_else(|| amount(Field::Credits, draft.credits.filter(|_| !grouped), version.credits))
}

/// Adds an institution that a profile introduces, or gives a known one the calendar that it lacks.
pub fn introduce(catalogue: &mut Catalogue, introduced: &Introduced) -> Result<()> {
    let calendar = (!introduced.calendar.terms.is_empty())
        .then(|| serde_json::to_string(&introduced.calendar))
        .transpose()
        .map_err(|error| Fault::new("S901", error.to_string()))?;
    match catalogue.institution(&introduced.code) {
        None => {
            let row = Institution {
                id: 0,
                code: introduced.code.clone(),
                name: introduced.name.clone(),
                country: introduced.country.clone(),
                region: introduced.region.clone(),
                sector: introduced.sector.clone(),
                calendar,
            };
            catalogue.add_institution(row).map(drop)
        }
        Some(at) if catalogue.known[at].row.calendar.is_none() && calendar.is_some() => {
            let row = Institution { calendar, ..catalogue.known[at].row.clone() };
            catalogue.replace_institution(at, row, introduced.calendar.clone())
        }
        Some(_) => Ok(()),
    }
}
