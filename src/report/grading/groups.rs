//! Which grading tables stand for a group of grades: field by field, widened on both sides alike until
//! enough grades are counted.

use super::answer::Ask;
use crate::domain::fault::Result;
use crate::domain::grading::{Cycle, GradingTable, years_text};
use crate::domain::registry::{GradingTableRow, Scale};
use crate::domain::scale::GradingScale;
use crate::ledger::grades::{Band, Counted, Silence, Silent, bands};
use crate::store::{self, Read};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Digits of ISCED-F that a group may have: detailed, narrow and broad field, all fields.
const WIDTHS: [usize; 4] = [4, 3, 2, 0];

/// Grading tables, read institution by institution.
pub struct Tables<'a> {
    read: &'a dyn Read,
    known: RefCell<BTreeMap<String, Rc<Vec<GradingTable>>>>,
}

/// Both sides' counts.
type Groups = (Counted, Counted);

impl<'a> Tables<'a> {
    /// No table is read yet.
    pub fn new(read: &'a dyn Read) -> Tables<'a> {
        Tables { read, known: RefCell::default() }
    }

    /// The newest version of each table of an institution.
    fn of(&self, institution: &str) -> Result<Rc<Vec<GradingTable>>> {
        if let Some(known) = self.known.borrow().get(institution) {
            return Ok(Rc::clone(known));
        }
        let mut newest = BTreeMap::new();
        for row in store::find::<GradingTableRow>(self.read, "institution", institution)? {
            let table = GradingTable::from_row(row)?;
            let cycle = table.cycle.map(Cycle::word);
            newest.insert((table.scale.clone(), table.field.clone(), cycle, table.years), table);
        }
        let tables = Rc::new(newest.into_values().collect::<Vec<_>>());
        self.known.borrow_mut().insert(institution.to_owned(), Rc::clone(&tables));
        Ok(tables)
    }

    /// The institutions that have tables on a scale.
    pub fn institutions_with(&self, scale: &str) -> Result<Vec<String>> {
        let rows = store::find::<GradingTableRow>(self.read, "scale", scale)?;
        let codes: BTreeSet<String> = rows.into_iter().map(|row| row.institution).collect();
        Ok(codes.into_iter().collect())
    }

    /// The narrowest pair of groups of the same width, of which both are large enough.
    pub fn parallel(
        &self,
        (institution, from): (&str, &GradingScale),
        (to_institution, to): (&str, &GradingScale),
        ask: &Ask,
        years: i64,
        minimum: i64,
    ) -> Result<std::result::Result<Groups, Silent>> {
        let (own, other) = (self.of(institution)?, self.of(to_institution)?);
        let mut best: Option<Groups> = None;
        for (field, cycle) in widenings(ask) {
            let source = group(&own, (institution, from), (&field, cycle), years);
            let target = group(&other, (to_institution, to), (&field, cycle), years);
            let smaller = |groups: &Groups| groups.0.total().min(groups.1.total());
            let groups = (source, target);
            if smaller(&groups) >= minimum.max(1) {
                return Ok(Ok(groups));
            }
            if best.as_ref().is_none_or(|best| smaller(best) < smaller(&groups)) {
                best = Some(groups);
            }
        }
        let Some((source, target)) = best else { return Ok(Err(no_table(institution, &from.name))) };
        Ok(Err(match (source.total(), target.total()) {
            (0, _) => no_table(institution, &from.name),
            (_, 0) => no_table(to_institution, &to.name),
            (here, there) => {
                let (small, total) = if here <= there { (&source, here) } else { (&target, there) };
                let what = format!("{} has {total} grades, fewer than {minimum}", small.group);
                Silent::new(Silence::TooFew, what)
            }
        }))
    }
}

fn no_table(institution: &str, scale: &str) -> Silent {
    let what = format!("there is no grading table of {institution} on {scale} that fits");
    Silent::new(Silence::NoTable, what)
}

/// Field and cycle of the groups to try, the narrowest first: the field is given up before the cycle.
fn widenings(ask: &Ask) -> Vec<(String, Option<Cycle>)> {
    let field = ask.field.as_deref().unwrap_or_default();
    let fields: Vec<&str> = WIDTHS
        .iter()
        .filter(|width| **width <= field.len())
        .filter_map(|width| field.get(..*width))
        .collect();
    let cycles = if ask.cycle.is_some() { vec![ask.cycle, None] } else { vec![None] };
    let pairs =
        cycles.into_iter().flat_map(|cycle| fields.iter().map(move |field| ((*field).to_owned(), cycle)));
    pairs.collect()
}

/// The bands of one table, the worst grade first.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn table_bands(read: &dyn Read, table: &GradingTable) -> Result<Vec<Band>> {
    let versions = store::find::<Scale>(read, "name", table.scale.as_str())?;
    let mut counted = Counted::new(table.group_text());
    if let Some(newest) = versions.iter().max_by_key(|row| row.version) {
        counted.add(&GradingScale::from_row(newest)?, &table.counts);
    }
    Ok(bands(&counted))
}

/// The counts of a group of an institution's grades, over the newest years that it has tables of.
fn group(
    tables: &[GradingTable],
    (institution, scale): (&str, &GradingScale),
    (field, cycle): (&str, Option<Cycle>),
    years: i64,
) -> Counted {
    let fits: Vec<&GradingTable> =
        tables.iter().filter(|table| table.scale == scale.name && table.cycle == cycle).collect();
    let newest = fits.iter().map(|table| table.years.1).max().unwrap_or_default();
    let recent: Vec<&GradingTable> =
        fits.into_iter().filter(|table| table.years.1 > newest - years).collect();
    let taken = taken(&recent, field);
    let span = taken.iter().fold(None, |span: Option<(i64, i64)>, table| {
        let (first, last) = span.unwrap_or(table.years);
        Some((first.min(table.years.0), last.max(table.years.1)))
    });
    let name = |part: &str, all: &str| if part.is_empty() { all.to_owned() } else { part.to_owned() };
    let mut text = format!(
        "{institution} {}, {}",
        name(field, "all fields"),
        cycle.map_or_else(|| "all cycles".to_owned(), |cycle| format!("{} cycle", cycle.word())),
    );
    if let Some(span) = span {
        text.push_str(&format!(", {}", years_text(span)));
        if span.0 == span.1 {
            // The ECTS Users' Guide 2015 asks for two years at least.
            text.push_str(" alone");
        }
    }
    let mut counted = Counted::new(text);
    for table in taken {
        counted.add(scale, &table.counts);
    }
    counted
}

/// The tables that make up a field: its own, else those of the fields within it, so that nothing is counted
/// twice where both are there.
fn taken<'t>(tables: &[&'t GradingTable], field: &str) -> Vec<&'t GradingTable> {
    let own: Vec<&GradingTable> = tables.iter().copied().filter(|table| table.field == field).collect();
    if !own.is_empty() {
        return own;
    }
    let next = if field.is_empty() { 2 } else { field.len() + 1 };
    let within: BTreeSet<&str> = tables
        .iter()
        .filter(|table| table.field.len() > field.len() && table.field.starts_with(field))
        .filter_map(|table| table.field.get(..next.min(table.field.len())))
        .collect();
    within.into_iter().flat_map(|narrower| taken(tables, narrower)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::scale::Grades;

    fn scale() -> GradingScale {
        GradingScale {
            name: "s".into(),
            version: 1,
            grades: Grades::Listed(vec!["F".into(), "P".into()]),
            pass: Some("P".into()),
            valid_from: None,
            citation: String::new(),
            verified: false,
        }
    }

    fn table(field: &str, cycle: Option<Cycle>, years: (i64, i64), count: i64) -> GradingTable {
        GradingTable {
            institution: "I".into(),
            scale: "s".into(),
            field: field.into(),
            cycle,
            years,
            version: 1,
            counts: vec![("P".into(), count)],
            source: String::new(),
        }
    }

    #[test]
    fn a_field_is_its_own_tables_or_those_within_it_and_nothing_counts_twice() {
        let years = (2022, 2024);
        let first = Some(Cycle::First);
        let tables = [
            table("0611", first, years, 1),
            table("0613", first, years, 10),
            table("061", first, years, 100),
            table("0710", first, years, 1_000),
            table("0613", Some(Cycle::Second), years, 10_000),
            table("", None, years, 100_000),
            table("0613", first, (2019, 2021), 1_000_000),
        ];
        let total = |field, cycle| group(&tables, ("I", &scale()), (field, cycle), 3).total();
        let cases = [
            ("0613", first, 10),
            ("061", first, 100),
            // 061 is published whole: its parts are within it.
            ("06", first, 100),
            ("", first, 1_100),
            ("07", first, 1_000),
            ("08", first, 0),
            ("", None, 100_000),
            ("0613", Some(Cycle::Second), 10_000),
        ];
        for (field, cycle, expected) in cases {
            assert_eq!(total(field, cycle), expected, "{field:?} {cycle:?}");
        }
        assert_eq!(group(&tables, ("I", &scale()), ("0613", first), 6).total(), 1_000_010);
        let text = group(&tables, ("I", &scale()), ("", first), 3).group;
        assert_eq!(text, "I all fields, first cycle, 2022–2024");
    }

    #[test]
    fn the_field_is_given_up_before_the_cycle() {
        let ask = |field: &str, cycle| Ask { field: Some(field.into()), cycle, ..Ask::default() };
        let text = |ask: &Ask| {
            let parts = widenings(ask)
                .into_iter()
                .map(|(field, cycle)| format!("{field}/{}", cycle.map_or("", Cycle::word)));
            parts.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            text(&ask("0613", Some(Cycle::First))),
            "0613/first 061/first 06/first /first 0613/ 061/ 06/ /"
        );
        assert_eq!(text(&ask("06", None)), "06/ /");
        assert_eq!(text(&ask("", None)), "/");
    }
}
