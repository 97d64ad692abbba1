//! The catalogue of outcomes, as far as rules are compared with it.

use crate::domain::credits::Credits;
use crate::domain::outcome::Kind;
use crate::domain::requirement::{Choice, Code, Filter};
use jiff::civil::Date;
use std::collections::HashMap;

/// In place of an institution's code: all of them.
pub(super) const ANY: &str = "*";

/// What an outcome is from one date to another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Version {
    /// From 1.
    pub number: i64,
    /// First day.
    pub first: Option<Date>,
    /// Last day.
    pub last: Option<Date>,
    /// Amount and code of its credit system, where it has both.
    pub credits: Option<(Credits, String)>,
    /// Framework and level.
    pub level: Option<(String, String)>,
    /// Hours of work.
    pub hours: Option<Credits>,
    /// The setting of the learning.
    pub kind: Option<Kind>,
    /// Field of ISCED-F.
    pub field: Option<String>,
}

/// An outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its code.
    pub code: String,
    /// Whether it may be credited more than once.
    pub repeatable: bool,
    /// Its versions, the newest last.
    pub versions: Vec<Version>,
}

/// All outcomes.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    outcomes: Vec<Known>,
    by_institution: HashMap<String, HashMap<String, u32>>,
}

impl Catalogue {
    /// Adds an outcome of an institution.
    pub fn add(&mut self, institution: &str, mut outcome: Known) {
        outcome.versions.sort_by_key(|version| version.number);
        let at = u32::try_from(self.outcomes.len()).unwrap_or(u32::MAX);
        if !self.by_institution.contains_key(institution) {
            self.by_institution.insert(institution.to_owned(), HashMap::new());
        }
        if let Some(codes) = self.by_institution.get_mut(institution) {
            codes.insert(outcome.code.clone(), at);
        }
        self.outcomes.push(outcome);
    }

    /// The outcome of an institution that has a code.
    pub(super) fn find(&self, institution: &str, code: &str) -> Option<u32> {
        self.by_institution.get(institution)?.get(code).copied()
    }

    /// The credit system of outcomes, as their newest versions have it, where they agree.
    pub fn system<'n>(&self, institution: &str, codes: impl Iterator<Item = &'n str>) -> Option<&str> {
        let of =
            |code: &str| Some(self.get(self.find(institution, code)?).newest()?.credits.as_ref()?.1.as_str());
        let systems: Option<Vec<&str>> = codes.map(of).collect();
        let systems = systems?;
        systems.iter().all(|system| *system == systems[0]).then(|| systems.first().copied())?
    }

    /// An outcome.
    pub(super) fn get(&self, at: u32) -> &Known {
        &self.outcomes[at as usize]
    }

    /// The one outcome that a choice names, where it names one.
    pub(super) fn one(&self, own: &str, choice: &Choice) -> Option<u32> {
        let institution = match &choice.institution {
            None => own,
            Some(Code::Exact(code)) => code,
            Some(Code::Pattern(_)) => ANY,
        };
        match &choice.code {
            Code::Exact(code) if institution != ANY => self.find(institution, code),
            _ => None,
        }
    }

    /// Whether any outcome fits a choice.
    pub(super) fn has(&self, own: &str, choice: &Choice) -> bool {
        let fits_institution = |institution: &str| match &choice.institution {
            None => own == ANY || own == institution,
            Some(code) => code.fits(institution),
        };
        let among = |codes: &HashMap<String, u32>| match &choice.code {
            Code::Exact(code) => codes.get(code).is_some_and(|at| self.get(*at).fits(&choice.filters)),
            Code::Pattern(_) => {
                let mut codes = codes.iter().filter(|(code, _)| choice.code.fits(code));
                codes.any(|(_, at)| self.get(*at).fits(&choice.filters))
            }
        };
        self.by_institution.iter().any(|(institution, codes)| fits_institution(institution) && among(codes))
    }
}

impl Known {
    /// Whether filters hold of one of its versions. What a version does not say an achievement may.
    fn fits(&self, filters: &[Filter]) -> bool {
        let holds = |version: &Version, filter: &Filter| match filter {
            Filter::Kind(kind) => version.kind.is_none_or(|own| own == *kind),
            Filter::Field(field) => version.field.as_ref().is_none_or(|own| own.starts_with(field.as_str())),
            Filter::Level(framework, level) => {
                version.level.as_ref().is_none_or(|(own, has)| own == framework && has == level)
            }
        };
        filters.is_empty()
            || self.versions.is_empty()
            || self.versions.iter().any(|version| filters.iter().all(|filter| holds(version, filter)))
    }

    /// The day on which its last version ended, where all did.
    pub(super) fn ended(&self) -> Option<Date> {
        self.versions.iter().map(|version| version.last).max_by_key(|last| last.unwrap_or(Date::MAX))?
    }

    /// Whether some version of it holds on some day of an interval.
    pub(super) fn lives(&self, from: Option<Date>, to: Option<Date>) -> bool {
        let meets = |version: &Version| {
            let starts = version.first.is_none_or(|first| to.is_none_or(|to| first <= to));
            starts && version.last.is_none_or(|last| from.is_none_or(|from| last >= from))
        };
        self.versions.is_empty() || self.versions.iter().any(meets)
    }

    /// What it is now, or was at the end.
    pub(super) fn newest(&self) -> Option<&Version> {
        self.versions.last()
    }
}
