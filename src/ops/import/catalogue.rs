//! The registries as an import sees them: what is known, and what it introduces.

use crate::domain::credits::Credits;
use crate::domain::date::{Calendar, Period};
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::{
    Attrs, FrameworkRow, Grade, Institution, Offering, Outcome, OutcomeVersion, PeriodRow, Row, Scale,
    Scheme, SystemRow,
};
use crate::domain::scale::GradingScale;
use crate::intake::profile::Profile;
use crate::ops::names::period_row;
use crate::store::{self, ActRow, Read, act_row};
use hashbrown::{HashMap, HashSet};
use jiff::civil::Date;

/// An institution and its outcomes.
pub struct KnownInstitution {
    /// The registry row.
    pub row: Institution,
    /// Its academic calendar.
    pub calendar: Calendar,
    /// Positions of its outcomes in [`Catalogue::outcomes`], by code.
    pub outcomes: HashMap<String, usize>,
}

/// An outcome, its versions and its offerings.
pub struct KnownOutcome {
    /// The registry row.
    pub row: Outcome,
    /// Its versions, from the first.
    pub versions: Vec<OutcomeVersion>,
    /// Ids of the periods in which it is offered.
    pub offered: HashSet<i64>,
}

/// A period with its id.
#[derive(Debug, Clone)]
pub struct KnownPeriod {
    /// The registry's id.
    pub id: i64,
    /// The period.
    pub period: Period,
}

/// A credit system as rows name it.
#[derive(Debug, Clone, Copy)]
pub struct KnownSystem {
    /// The registry's id.
    pub id: i64,
    /// Whether only whole credits exist.
    pub indivisible: bool,
}

/// Ids that the next new row of each registry gets.
#[derive(Debug, Default)]
struct NextIds(HashMap<&'static str, i64>);

impl NextIds {
    fn saw(&mut self, table: &'static str, id: i64) {
        let next = self.0.entry(table).or_insert(1);
        *next = (*next).max(id + 1);
    }

    fn take(&mut self, table: &'static str) -> i64 {
        let next = self.0.entry(table).or_insert(1);
        *next += 1;
        *next - 1
    }
}

/// Everything that rows may refer to, and the rows that the import adds.
#[derive(Default)]
pub struct Catalogue {
    institutions: HashMap<String, usize>,
    /// Institutions by position.
    pub known: Vec<KnownInstitution>,
    /// Outcomes by position.
    pub outcomes: Vec<KnownOutcome>,
    systems: HashMap<String, KnownSystem>,
    frameworks: HashMap<String, Vec<String>>,
    scales: HashMap<String, Vec<GradingScale>>,
    periods: HashMap<(String, String, String), KnownPeriod>,
    grades: HashMap<String, HashMap<String, i64>>,
    attrs: HashMap<String, i64>,
    schemes: HashMap<(String, String), i64>,
    next: NextIds,
    pending: Vec<ActRow>,
}

impl Catalogue {
    /// Loads the registries.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn load(read: &(impl Read + ?Sized)) -> Result<Catalogue> {
        let mut catalogue = Catalogue::default();
        catalogue.load_outcomes(read)?;
        for row in store::all::<SystemRow>(read)? {
            let system = KnownSystem { id: row.id, indivisible: row.indivisible == 1 };
            catalogue.systems.insert(row.code, system);
        }
        for row in store::all::<FrameworkRow>(read)? {
            let levels = serde_json::from_str(&row.levels).unwrap_or_default();
            catalogue.frameworks.insert(row.code, levels);
        }
        for row in store::all::<Scale>(read)? {
            catalogue.next.saw(Scale::TABLE, row.id);
            let scale = GradingScale::from_row(&row)?;
            catalogue.scales.entry(row.name).or_default().push(scale);
        }
        for row in store::all::<PeriodRow>(read)? {
            let period = crate::ops::names::period_of(&row)?;
            catalogue.next.saw(PeriodRow::TABLE, row.id);
            catalogue.periods.insert(period_key(&period), KnownPeriod { id: row.id, period });
        }
        for row in store::all::<Grade>(read)? {
            catalogue.next.saw(Grade::TABLE, row.id);
            catalogue.grades.entry(row.scale).or_default().insert(row.written, row.id);
        }
        for row in store::all::<Attrs>(read)? {
            catalogue.next.saw(Attrs::TABLE, row.id);
            catalogue.attrs.insert(row.json, row.id);
        }
        for row in store::all::<Scheme>(read)? {
            catalogue.next.saw(Scheme::TABLE, row.id);
            catalogue.schemes.insert((row.name, row.issuer), row.id);
        }
        Ok(catalogue)
    }

    fn load_outcomes(&mut self, read: &(impl Read + ?Sized)) -> Result<()> {
        let mut institution_at: HashMap<i64, usize> = HashMap::new();
        for row in store::all::<Institution>(read)? {
            institution_at.insert(row.id, self.known.len());
            self.next.saw(Institution::TABLE, row.id);
            self.keep_institution(row)?;
        }
        let mut outcome_at: HashMap<i64, usize> = HashMap::new();
        for row in store::all::<Outcome>(read)? {
            self.next.saw(Outcome::TABLE, row.id);
            outcome_at.insert(row.id, self.outcomes.len());
            if let Some(&at) = institution_at.get(&row.institution) {
                self.known[at].outcomes.insert(row.code.clone(), self.outcomes.len());
            }
            self.outcomes.push(KnownOutcome { row, versions: Vec::new(), offered: HashSet::new() });
        }
        for row in store::all::<OutcomeVersion>(read)? {
            self.next.saw(OutcomeVersion::TABLE, row.id);
            if let Some(&at) = outcome_at.get(&row.outcome) {
                self.outcomes[at].versions.push(row);
            }
        }
        for row in store::all::<Offering>(read)? {
            self.next.saw(Offering::TABLE, row.id);
            if let Some(&at) = outcome_at.get(&row.outcome) {
                self.outcomes[at].offered.insert(row.period);
            }
        }
        Ok(())
    }

    fn keep_institution(&mut self, row: Institution) -> Result<usize> {
        let calendar = match &row.calendar {
            None => Calendar::default(),
            Some(json) => serde_json::from_str(json).map_err(|error| {
                Fault::new(
                    "S911",
                    format!("the calendar of institution {} cannot be read: {error}", row.code),
                )
                .remedy("run `creditbank verify`")
            })?,
        };
        let at = self.known.len();
        self.institutions.insert(row.code.clone(), at);
        self.known.push(KnownInstitution { row, calendar, outcomes: HashMap::new() });
        Ok(at)
    }

    fn introduce<T: Row>(&mut self, row: &T) -> Result<()> {
        self.pending.push(act_row(0, row)?);
        Ok(())
    }

    /// Registry rows introduced since the last call.
    pub fn take_pending(&mut self) -> Vec<ActRow> {
        std::mem::take(&mut self.pending)
    }

    /// Position of an institution by its code.
    pub fn institution(&self, code: &str) -> Option<usize> {
        self.institutions.get(code).copied()
    }

    /// Introduces an institution.
    ///
    /// # Errors
    /// Where its calendar cannot be read.
    pub fn add_institution(&mut self, mut row: Institution) -> Result<usize> {
        row.id = self.next.take(Institution::TABLE);
        self.introduce(&row)?;
        self.keep_institution(row)
    }

    /// Replaces an institution's row by a newer one of the same id.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn replace_institution(&mut self, at: usize, row: Institution, calendar: Calendar) -> Result<()> {
        self.introduce(&row)?;
        self.known[at].row = row;
        self.known[at].calendar = calendar;
        Ok(())
    }

    /// A credit system by its code.
    pub fn system(&self, code: &str) -> Option<KnownSystem> {
        self.systems.get(code).copied()
    }

    /// The code of a credit system.
    pub fn system_code(&self, id: i64) -> Option<&str> {
        self.systems.iter().find(|(_, system)| system.id == id).map(|(code, _)| code.as_str())
    }

    /// A credit system by its id.
    pub fn system_by_id(&self, id: i64) -> Option<KnownSystem> {
        self.systems.values().find(|system| system.id == id).copied()
    }

    /// The levels of a framework, ascending.
    pub fn levels(&self, framework: &str) -> Option<&[String]> {
        self.frameworks.get(framework).map(Vec::as_slice)
    }

    /// The versions of a grading scale by its name; none where it is not registered.
    pub fn scale(&self, name: &str) -> &[GradingScale] {
        self.scales.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Position of an institution's outcome by its code.
    pub fn outcome(&self, institution: usize, code: &str) -> Option<usize> {
        self.known[institution].outcomes.get(code).copied()
    }

    /// Introduces an outcome, without a version yet.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn add_outcome(&mut self, institution: usize, code: &str, repeatable: bool) -> Result<usize> {
        let row = Outcome {
            id: self.next.take(Outcome::TABLE),
            institution: self.known[institution].row.id,
            code: code.to_owned(),
            repeatable: i64::from(repeatable),
        };
        self.introduce(&row)?;
        let at = self.outcomes.len();
        self.known[institution].outcomes.insert(code.to_owned(), at);
        self.outcomes.push(KnownOutcome { row, versions: Vec::new(), offered: HashSet::new() });
        Ok(at)
    }

    /// Introduces the next version of an outcome.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn add_version(&mut self, outcome: usize, mut row: OutcomeVersion) -> Result<()> {
        row.id = self.next.take(OutcomeVersion::TABLE);
        row.outcome = self.outcomes[outcome].row.id;
        row.version = self.outcomes[outcome].versions.len() as i64 + 1;
        self.introduce(&row)?;
        self.outcomes[outcome].versions.push(row);
        Ok(())
    }

    /// Introduces a period in which an outcome is offered; false where it is known already.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn add_offering(&mut self, outcome: usize, period: i64) -> Result<bool> {
        if !self.outcomes[outcome].offered.insert(period) {
            return Ok(false);
        }
        let id = self.next.take(Offering::TABLE);
        self.introduce(&Offering { id, outcome: self.outcomes[outcome].row.id, period })?;
        Ok(true)
    }

    /// The id of a period, introduced where it is new.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn period(&mut self, period: Period) -> Result<KnownPeriod> {
        let key = period_key(&period);
        if let Some(known) = self.periods.get(&key) {
            return Ok(known.clone());
        }
        let known = KnownPeriod { id: self.next.take(PeriodRow::TABLE), period };
        self.introduce(&period_row(known.id, &known.period))?;
        self.periods.insert(key, known.clone());
        Ok(known)
    }

    /// The id of a grade, introduced where it is new.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn grade(&mut self, scale: &str, written: &str) -> Result<i64> {
        if let Some(id) = self.grades.get(scale).and_then(|grades| grades.get(written)) {
            return Ok(*id);
        }
        let row =
            Grade { id: self.next.take(Grade::TABLE), scale: scale.to_owned(), written: written.to_owned() };
        self.introduce(&row)?;
        self.grades.entry(row.scale).or_default().insert(row.written, row.id);
        Ok(row.id)
    }

    /// The id of a set of attributes, introduced where it is new.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn attrs(&mut self, json: &str) -> Result<i64> {
        if let Some(id) = self.attrs.get(json) {
            return Ok(*id);
        }
        let row = Attrs { id: self.next.take(Attrs::TABLE), json: json.to_owned() };
        self.introduce(&row)?;
        self.attrs.insert(row.json, row.id);
        Ok(row.id)
    }

    /// The known schemes under which a profile identifies learners, whoever issues them.
    pub fn schemes_of(&self, profile: &Profile) -> Vec<i64> {
        let names = || profile.identifiers.iter().map(|(name, _)| name).chain([&profile.learner.scheme]);
        let known = self.schemes.iter().filter(|((name, _), _)| names().any(|asked| asked == name));
        known.map(|(_, id)| *id).collect()
    }

    /// The id of a scheme of identity, introduced where it is new.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn scheme(&mut self, name: &str, issuer: &str) -> Result<i64> {
        let key = (name.to_owned(), issuer.to_owned());
        if let Some(id) = self.schemes.get(&key) {
            return Ok(*id);
        }
        let id = self.next.take(Scheme::TABLE);
        self.introduce(&Scheme { id, name: name.to_owned(), issuer: issuer.to_owned() })?;
        self.schemes.insert(key, id);
        Ok(id)
    }
}

impl Catalogue {
    /// The id of a scheme of identity, where it is known.
    pub fn known_scheme(&self, name: &str, issuer: &str) -> Option<i64> {
        self.schemes.get(&(name.to_owned(), issuer.to_owned())).copied()
    }
}

fn period_key(period: &Period) -> (String, String, String) {
    (period.written.clone(), format!("{} {}", period.precision.name(), period.first), period.last.to_string())
}

/// The version of an outcome that holds on a day: the newest whose validity covers it.
pub fn version_at(versions: &[OutcomeVersion], day: Date) -> Option<usize> {
    let day = std::cell::LazyCell::new(|| day.to_string());
    let covers = |version: &OutcomeVersion| {
        version.valid_from.as_deref().is_none_or(|from| from <= day.as_str())
            && version.valid_to.as_deref().is_none_or(|to| to >= day.as_str())
    };
    versions.iter().rposition(covers)
}

/// A version's credits.
pub fn credits_of(version: &OutcomeVersion) -> Option<Credits> {
    version.credits.map(Credits)
}
