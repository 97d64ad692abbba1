//! Checks of a file of grades against the bank: scales, institutions, grades, years.

use super::super::scale::{Place, place};
use crate::domain::fault::Result;
use crate::domain::grading::{Conversion, GradingTable, Method, Source, TableRow, years_text};
use crate::domain::registry::{GradeConversionRow, GradingTableRow, Institution, Scale};
use crate::domain::scale::GradingScale;
use crate::intake::grading::{Code, Found, GradeFile, Sited};
use crate::intake::place::Place as SitePlace;
use crate::ledger::grades::line;
use crate::store::{self, Read};
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What the bank knows that a file may name.
pub struct Known {
    scales: BTreeMap<String, Vec<GradingScale>>,
    institutions: HashSet<String>,
    conversions: HashMap<String, Conversion>,
    tables: HashMap<String, Vec<GradingTable>>,
}

impl Known {
    /// Reads the registries.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn load(read: &dyn Read) -> Result<Known> {
        let mut known = Known {
            scales: BTreeMap::new(),
            institutions: HashSet::new(),
            conversions: HashMap::new(),
            tables: HashMap::new(),
        };
        for row in store::all::<Scale>(read)? {
            known.scales.entry(row.name.clone()).or_default().push(GradingScale::from_row(&row)?);
        }
        known.institutions.extend(store::all::<Institution>(read)?.into_iter().map(|row| row.code));
        for row in store::all::<GradeConversionRow>(read)? {
            known.conversions.insert(row.name.clone(), Conversion::from_row(&row)?);
        }
        for row in store::all::<GradingTableRow>(read)? {
            let table = GradingTable::from_row(row)?;
            let group = known.tables.entry(table.institution.clone()).or_default();
            match group.iter_mut().find(|known| known.is_same_group(&table) && known.years == table.years) {
                Some(known) => *known = table,
                None => group.push(table),
            }
        }
        Ok(known)
    }

    /// The newest version of a conversion.
    pub fn conversion(&self, name: &str) -> Option<&Conversion> {
        self.conversions.get(name)
    }

    /// The newest version of the table of the same grades and years.
    pub fn table(&self, table: &GradingTable) -> Option<&GradingTable> {
        let group = self.tables.get(&table.institution)?;
        group.iter().find(|known| known.is_same_group(table) && known.years == table.years)
    }

    /// A scale as the file defines it, else the bank's newest.
    fn scale<'k>(&'k self, file: &'k GradeFile, name: &str) -> Option<&'k GradingScale> {
        let defined = file.scales.iter().find(|scale| scale.value.name == name);
        defined.map(|scale| &scale.value).or_else(|| self.scales.get(name)?.last())
    }

    /// A table with its grades in the order of their scale.
    pub fn sorted(&self, file: &GradeFile, table: &GradingTable) -> GradingTable {
        let mut table = table.clone();
        if let Some(scale) = self.scale(file, &table.scale) {
            table.counts.sort_by_key(|(grade, _)| scale.rank(grade));
        }
        table
    }

    /// Checks every reference of a file.
    ///
    /// # Errors
    /// `G200` with every fault.
    pub fn check(&self, file: &GradeFile, correct: bool) -> Result<()> {
        let mut checker = Checker { known: self, file, found: Found::default() };
        for scale in &file.scales {
            checker.scale(scale, correct);
        }
        for conversion in &file.conversions {
            checker.conversion(conversion);
        }
        for (nth, table) in file.tables.iter().enumerate() {
            checker.table(nth, table);
        }
        Ok(checker.found.finish(&file.file)?)
    }
}

struct Checker<'c> {
    known: &'c Known,
    file: &'c GradeFile,
    found: Found,
}

impl<'c> Checker<'c> {
    fn scale(&mut self, scale: &Sited<GradingScale>, correct: bool) {
        let name = &scale.value.name;
        let versions = self.known.scales.get(name).map(Vec::as_slice).unwrap_or_default();
        match place(versions, &scale.value, correct) {
            Place::Stands | Place::Next(_) => {}
            Place::Differs => {
                let what = format!(
                    "scale `{name}` is registered otherwise; say with `valid_from` from which day the new version \
                     holds, or import with --correct where the registered one was wrong"
                );
                self.found.add(scale.at, Code::ScaleDay, what);
            }
            Place::TooEarly(newest) => {
                self.found.add(
                    scale.at,
                    Code::ScaleDay,
                    format!("scale `{name}` has a version that begins on {newest}"),
                );
            }
        }
    }

    fn known_scale(&mut self, name: &str, at: SitePlace) -> Option<&'c GradingScale> {
        let found = self.known.scale(self.file, name);
        if found.is_none() {
            let names: Vec<&str> = self.known.scales.keys().map(String::as_str).collect();
            self.found.add_unknown(at, Code::NoScale, ("scale", name), &names);
        }
        found
    }

    fn institution(&mut self, code: &str, at: SitePlace) {
        if !self.known.institutions.contains(code) {
            self.found.add(at, Code::NoInstitution, format!("there is no institution `{code}`"));
        }
    }

    fn conversion(&mut self, sited: &Sited<Conversion>) {
        let Sited { value: conversion, at, parts } = sited;
        let scales = [&conversion.from, &conversion.to].map(|name| self.known_scale(name, *at));
        if let Some(code) = &conversion.institution {
            self.institution(code, *at);
        }
        if let Method::Distribution { to_institution: Some(code), .. } = &conversion.method {
            self.institution(code, *at);
        }
        let [Some(from), Some(to)] = scales else { return };
        match &conversion.method {
            Method::Table { rows } => {
                for (nth, row) in rows.iter().enumerate() {
                    self.row((from, to), row, &rows[..nth], parts.get(nth).copied().unwrap_or(*at));
                }
            }
            Method::Linear { rounding, equal_steps, ends } => {
                if let Err(why) = line(from, to, *rounding, *equal_steps, ends) {
                    self.found.add(*at, Code::NoLine, format!("conversion `{}`: {why}", conversion.name));
                }
            }
            Method::Distribution { .. } => {
                for scale in [from, to].into_iter().filter(|scale| scale.pass.is_none()) {
                    self.found.add(*at, Code::Fails, format!("scale `{}` says no lowest pass", scale.name));
                }
            }
        }
    }

    fn row(
        &mut self,
        (from, to): (&GradingScale, &GradingScale),
        row: &TableRow,
        before: &[TableRow],
        at: SitePlace,
    ) {
        let (Source::Grade(source) | Source::AtLeast(source)) = &row.from;
        let targets = [&row.low, &row.suggested, &row.high];
        let off = from.fault(source).map(|why| (source, why));
        let off = off.into_iter().chain(targets.iter().filter_map(|grade| Some((*grade, to.fault(grade)?))));
        let off: Vec<_> = off.collect();
        if !off.is_empty() {
            for (grade, why) in off {
                self.found.add(at, Code::NotOnScale, format!("grade `{grade}`: {why}"));
            }
            return;
        }
        let is_same = |known: &&TableRow| match (&known.from, &row.from) {
            (Source::Grade(one), Source::Grade(other)) | (Source::AtLeast(one), Source::AtLeast(other)) => {
                from.rank(one) == from.rank(other)
            }
            _ => false,
        };
        if before.iter().any(|known| is_same(&known)) {
            self.found.add(at, Code::Twice, format!("the table has two rows for `{source}`"));
        }
        let rises = |one: &str, other: &str| to.compare(one, other) != Some(Ordering::Greater);
        if !rises(&row.low, &row.suggested) || !rises(&row.suggested, &row.high) {
            let what = format!(
                "`{}`, `{}`, `{}`: on {} that does not rise",
                row.low, row.suggested, row.high, to.name
            );
            self.found.add(at, Code::RowOrder, what);
        }
    }

    fn table(&mut self, nth: usize, sited: &Sited<GradingTable>) {
        let Sited { value: table, at, parts } = sited;
        self.institution(&table.institution, *at);
        if let Some(scale) = self.known_scale(&table.scale, *at) {
            self.counts(scale, table, parts, *at);
        }
        if table.total() == 0 {
            self.found.add(
                *at,
                Code::NoCounts,
                format!("the table of {} counts nothing", table.group_text()),
            );
        }
        let (first, last) = table.years;
        if last < first {
            return self.found.add(*at, Code::Years, format!("{last} lies before {first}"));
        }
        let in_file = self.file.tables[..nth].iter().map(|other| &other.value);
        let in_bank = self.known.tables.get(&table.institution).into_iter().flatten();
        let is_same_file = |other: &&GradingTable| other.is_same_group(table) && other.years == table.years;
        if in_file.clone().any(|other| is_same_file(&other)) {
            return self.found.add(*at, Code::Twice, format!("{} stands twice", table.group_text()));
        }
        let overlaps = |other: &&GradingTable| {
            other.is_same_group(table)
                && other.years != table.years
                && other.years.0 <= last
                && first <= other.years.1
        };
        if let Some(other) = in_file.chain(in_bank).find(overlaps) {
            let what =
                format!("{} overlaps with the table of {}", table.group_text(), years_text(other.years));
            self.found.add(*at, Code::Years, what);
        }
    }

    fn counts(&mut self, scale: &GradingScale, table: &GradingTable, parts: &[SitePlace], at: SitePlace) {
        let mut ranks = HashSet::new();
        for (nth, (grade, _)) in table.counts.iter().enumerate() {
            let at = parts.get(nth).copied().unwrap_or(at);
            if let Some(why) = scale.fault(grade) {
                self.found.add(at, Code::NotOnScale, format!("grade `{grade}`: {why}"));
            } else if scale.passes(grade) != Some(true) {
                let what = match &scale.pass {
                    Some(pass) => {
                        format!("grade `{grade}` fails: the lowest pass of {} is {pass}", scale.name)
                    }
                    None => format!("scale {} says no lowest pass", scale.name),
                };
                self.found.add(at, Code::Fails, what);
            } else if !ranks.insert(scale.rank(grade)) {
                self.found.add(at, Code::Twice, format!("grade `{grade}` is counted twice"));
            }
        }
    }
}
