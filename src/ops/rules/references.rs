//! What the rules of a book refer to, checked against the registries.

use super::id_in;
use super::orders::{BankOrders, orders};
use crate::domain::fault::Result;
use crate::domain::registry::{Institution, Outcome, OutcomeVersion, Row, Scale, SystemRow};
use crate::domain::requirement::{Choice, Code, Filter};
use crate::domain::rule::{From, Rule, To};
use crate::domain::scale::{Grades, GradingScale};
use crate::intake::fault::nearest;
use crate::intake::rulebook::{BookFile, Check, Collector, Place, Placed, ScaleDef, shown};
use crate::store::{self, Read};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// In place of an institution's code: all of them.
const ANY: &str = "*";

/// The registries, as far as a book needs them.
pub(super) struct References {
    /// Codes of the systems by id.
    systems: BTreeMap<i64, String>,
    institutions: BTreeMap<String, i64>,
    /// Ids of the outcomes, by institution and code.
    outcomes: HashMap<i64, HashMap<String, i64>>,
    /// System of the newest version of each outcome, where a rule leaves its system to it.
    own: HashMap<i64, (i64, Option<i64>)>,
    orders: BankOrders,
    last_scale: i64,
}

impl References {
    /// Reads what the book may refer to.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub(super) fn load(read: &dyn Read, book: &BookFile) -> Result<References> {
        let systems = store::all::<SystemRow>(read)?.into_iter().map(|row| (row.id, row.code)).collect();
        let institutions =
            store::all::<Institution>(read)?.into_iter().map(|row| (row.code, row.id)).collect();
        let mut references = References {
            systems,
            institutions,
            outcomes: HashMap::new(),
            own: HashMap::new(),
            orders: orders(read)?,
            last_scale: store::next_id::<Scale>(read)? - 1,
        };
        // The catalogue is asked only for what rules leave to it.
        if book.asks_catalogue {
            for row in store::all::<Outcome>(read)? {
                references.outcomes.entry(row.institution).or_default().insert(row.code, row.id);
            }
            references.load_own(read)?;
        }
        Ok(references)
    }

    fn load_own(&mut self, read: &dyn Read) -> Result<()> {
        read.rows(OutcomeVersion::TABLE, None, &mut |row| {
            let (outcome, version) = (id_in(&row, "outcome"), id_in(&row, "version"));
            let system = row.get("system").and_then(Value::as_i64);
            let known = self.own.entry(outcome).or_insert((version, system));
            if known.0 < version {
                *known = (version, system);
            }
            Ok(())
        })
    }

    fn outcome(&self, institution: &str, outcome: &str) -> Option<i64> {
        self.outcomes.get(self.institutions.get(institution)?)?.get(outcome).copied()
    }

    /// The credit system of the receiving outcomes, as the newest versions of the catalogue have it: they must
    /// agree.
    pub(super) fn own_system(&self, rule: &Rule) -> Option<&str> {
        let To::Outcomes { institution, received } = &rule.to else { return None };
        let of = |outcome: &str| {
            let (_, system) = self.own.get(&self.outcome(institution, outcome)?)?;
            self.systems.get(system.as_ref()?).map(String::as_str)
        };
        let first = of(&received.0.first()?.outcome)?;
        received.0.iter().all(|item| of(&item.outcome) == Some(first)).then_some(first)
    }

    /// Checks a rule's references.
    pub(super) fn check(&self, book: &BookFile, rule: &Placed<Rule>, faults: &mut Collector) {
        Checked { known: self, book, rule: &rule.value, at: rule.at, faults }.check();
    }

    /// Checks what the caps of a book refer to; the scales that it introduces.
    ///
    /// # Errors
    /// Where a list cannot be written.
    pub(super) fn head(&self, book: &BookFile, faults: &mut Collector) -> Result<Vec<Scale>> {
        let scales = self.new_scales(book, faults);
        for Placed { value: cap, at } in &book.caps {
            if !self.systems.values().any(|known| *known == cap.system) {
                let what = format!("cap {} counts unknown credit system {}", cap.name, shown(&cap.system));
                faults.add(*at, None, Check::SystemUnknown, what, "no credit system has this code");
            }
            let is_target = |code: &String| {
                self.institutions.contains_key(code) || self.systems.values().any(|known| known == code)
            };
            if let Some(target) = cap.target.as_ref().filter(|target| !is_target(target)) {
                let what = format!("cap {} has unknown target {}", cap.name, shown(target));
                let why = "no institution and no credit system has this code";
                faults.add(*at, None, Check::InstitutionUnknown, what, why);
            }
        }
        scales.into_iter().zip(self.last_scale + 1..).map(|(scale, id)| scale_row(id, scale)).collect()
    }

    fn new_scales<'b>(&self, book: &'b BookFile, faults: &mut Collector) -> Vec<&'b ScaleDef> {
        let mut new = Vec::new();
        for Placed { value: scale, at } in &book.scales {
            match self.orders.scale(&scale.name) {
                None => new.push(scale),
                Some(known) if known == scale => {}
                Some(known) => {
                    let what = format!("scale {} is not the bank's", shown(&scale.name));
                    let pass = known.pass.as_deref().map(|pass| format!(" and pass {}", shown(pass)));
                    let why = format!("there it has {}{}", known.grades_text(), pass.unwrap_or_default());
                    faults.add(*at, None, Check::ScaleDiffers, what, why);
                }
            }
        }
        new
    }
}

fn scale_row(id: i64, scale: &ScaleDef) -> Result<Scale> {
    let grades = match scale.numeric {
        true => Grades::Numbers { bounds: None, step: None },
        false => Grades::Listed(scale.grades.clone()),
    };
    let scale = GradingScale {
        name: scale.name.clone(),
        version: 1,
        grades,
        pass: scale.pass.clone(),
        valid_from: None,
        citation: String::new(),
        verified: false,
    };
    scale.to_row(id)
}

/// One rule being checked.
struct Checked<'c> {
    known: &'c References,
    book: &'c BookFile,
    rule: &'c Rule,
    at: Place,
    faults: &'c mut Collector,
}

impl<'c> Checked<'c> {
    fn check(&mut self) {
        let rule = self.rule;
        self.from();
        let is_known = self.to();
        if let To::Outcomes { institution, .. } | To::Category { institution, .. } = &rule.to {
            if !rule.system.is_empty() {
                self.system(&rule.system);
            } else if is_known && self.known.own_system(rule).is_none() {
                let what = format!("no system for what {} gives", shown(institution));
                let why = "neither the rule nor the catalogue's newest versions of the outcomes name one";
                self.faults.add(self.at, Some(&rule.id), Check::NoSystem, what, why);
            }
        }
        self.grade();
        self.level();
    }

    /// A value that the bank does not know, with the one that was probably meant.
    fn unknown<'n>(
        &mut self,
        check: Check,
        what: &str,
        value: &str,
        why: &str,
        names: impl IntoIterator<Item = &'n str>,
    ) {
        // Looking for the nearest is slow, and a full list shows no more.
        let near = if self.faults.is_full() { None } else { nearest(value, names) };
        let remedy = match near {
            Some(near) => format!("did you mean `{near}`? Otherwise {}", check.remedy()),
            None => check.remedy().to_owned(),
        };
        let what = format!("unknown {what} {}", shown(value));
        self.faults.push(self.at, Some(&self.rule.id), check, what, why.to_owned(), remedy);
    }

    fn from(&mut self) {
        let rule = self.rule;
        match &rule.from {
            From::System { system } => drop(self.system(system)),
            From::Outcomes { institution, required } => {
                if institution != ANY {
                    self.institution(institution);
                }
                required.choices().for_each(|choice| self.choice(choice));
            }
        }
    }

    /// An institution that a choice names by its code must be there. Outcomes need not: catalogues change, and
    /// what names none any more is for `rule lint` to tell.
    fn choice(&mut self, choice: &'c Choice) {
        if let Some(Code::Exact(institution)) = &choice.institution {
            self.institution(institution);
        }
        for filter in &choice.filters {
            if let Filter::Level(framework, level) = filter {
                self.level_of(framework, level);
            }
        }
    }

    fn to(&mut self) -> bool {
        match &self.rule.to {
            To::System { system } => self.system(system),
            To::Outcomes { institution, .. } | To::Category { institution, .. } => {
                self.institution(institution)
            }
        }
    }

    fn institution(&mut self, code: &str) -> bool {
        let known = self.known;
        let is_known = known.institutions.contains_key(code);
        if !is_known {
            let names = known.institutions.keys().map(String::as_str);
            let why = "no institution of this code is registered";
            self.unknown(Check::InstitutionUnknown, "institution", code, why, names);
        }
        is_known
    }

    fn system(&mut self, code: &str) -> bool {
        let systems = &self.known.systems;
        let is_known = systems.values().any(|known| known == code);
        if !is_known {
            let why = "no credit system has this code";
            self.unknown(
                Check::SystemUnknown,
                "credit system",
                code,
                why,
                systems.values().map(String::as_str),
            );
        }
        is_known
    }

    fn grade(&mut self) {
        let rule = self.rule;
        let Some(name) = &rule.scale else { return };
        if self.book.scales.iter().any(|scale| scale.value.name == *name) {
            return;
        }
        let orders = &self.known.orders;
        let Some(scale) = orders.scale(name) else {
            let why = "no scale has this name";
            return self.unknown(Check::ScaleUnknown, "grading scale", name, why, orders.scale_names());
        };
        if let Some(grade) = rule.min_grade.as_ref().filter(|grade| scale.rank(grade).is_none()) {
            let why = format!("scale {} has {}", shown(name), scale.grades_text());
            let what = format!("bad min_grade {}", shown(grade));
            self.faults.add(self.at, Some(&rule.id), Check::GradeNotOnScale, what, why);
        }
    }

    fn level(&mut self) {
        let rule = self.rule;
        if let (Some(framework), Some(level)) = (&rule.framework, &rule.min_level) {
            self.level_of(framework, level);
        }
    }

    fn level_of(&mut self, code: &'c str, level: &'c str) {
        let orders = &self.known.orders;
        let Some(levels) = orders.levels(code) else {
            let why = "no framework has this code";
            return self.unknown(Check::FrameworkUnknown, "framework", code, why, orders.framework_codes());
        };
        if !levels.iter().any(|known| known == level) {
            let what = format!("unknown level {}", shown(level));
            let why = format!("{code} has the levels {}", levels.join(", "));
            self.faults.add(self.at, Some(&self.rule.id), Check::LevelUnknown, what, why);
        }
    }
}
