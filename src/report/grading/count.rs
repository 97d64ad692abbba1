//! Counts passing grades into grading tables: from the bank's own achievements, or from the distributions that
//! transcripts carried. Nothing is registered by it: whoever answers for the figures looks at them first.

use super::super::facts::Facts;
use super::super::{Cell, Column, Query, Section, Sink, meta};
use crate::domain::entry::{Achievement, EntryId, EntryKind};
use crate::domain::fault::{Fault, Result};
use crate::domain::grading::Cycle;
use crate::domain::outcome::Status;
use crate::domain::registry::Scale;
use crate::domain::scale::{GradingScale, version_at};
use crate::store::{self, Read};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What the numbers are counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The grades of the achievements that the bank holds.
    Achievements,
    /// The distributions that came with them, each once for an outcome and period.
    Distributions,
}

/// What is counted.
#[derive(Debug, Clone)]
pub struct Counting {
    /// Code of the institution.
    pub institution: String,
    /// Name of the scale.
    pub scale: String,
    /// First and last year; a result belongs to the year in which its period ends.
    pub years: (i64, i64),
    /// Only this field and those within it.
    pub field: Option<String>,
    /// From what.
    pub origin: Origin,
    /// What the tables say of their source.
    pub source: String,
}

/// Columns of the table: those that `grade import` takes.
const COLUMNS: [Column; 9] = [
    Column::text("institution", "Institution"),
    Column::text("scale", "Scale"),
    Column::text("field", "Field"),
    Column::text("cycle", "Cycle"),
    Column::number("first_year", "First year"),
    Column::number("last_year", "Last year"),
    Column::text("grade", "Grade"),
    Column::number("count", "Count"),
    Column::text("source", "Source"),
];

/// Field and cycle.
type Group = (String, Option<&'static str>);

#[derive(Default)]
struct Counts {
    groups: BTreeMap<Group, BTreeMap<i64, (String, i64)>>,
    failing: u64,
    off_scale: u64,
    undecided: u64,
}

impl Counts {
    fn add(&mut self, group: Group, scale: &GradingScale, grade: &str, count: i64) {
        let (Some(rank), Some(passes)) = (scale.rank(grade), scale.passes(grade)) else {
            self.off_scale += 1;
            return;
        };
        if !passes {
            self.failing += 1;
            return;
        }
        let grades = self.groups.entry(group).or_default();
        grades.entry(rank).or_insert_with(|| (grade.to_owned(), 0)).1 += count;
    }
}

/// Writes the grading tables that the ledger's contents make, in the form that `grade import` takes.
///
/// # Errors
/// `G303` where the scale says no lowest pass or is not registered; where the ledger cannot be read.
pub fn grade_counts(read: &dyn Read, counting: &Counting, query: &Query, sink: &mut dyn Sink) -> Result<()> {
    let mut versions: Vec<GradingScale> = Vec::new();
    for row in store::find::<Scale>(read, "name", counting.scale.as_str())? {
        versions.push(GradingScale::from_row(&row)?);
    }
    if versions.last().is_none_or(|newest| newest.pass.is_none()) {
        let what = format!("scale `{}` is not registered with a lowest pass", counting.scale);
        return Err(Fault::new("G303", what).remedy("register it with `creditbank scale add … --pass GRADE`"));
    }
    let facts = Facts::new(read);
    let counts = walk(&facts, counting, &versions)?;
    let section = Section::new("counts", "Passing grades", &COLUMNS);
    sink.begin(&meta(read, "grade-count", query, vec![section.clone()])?)?;
    section.open(sink)?;
    for ((field, cycle), grades) in &counts.groups {
        for (grade, count) in grades.values() {
            sink.row(&[
                counting.institution.as_str().into(),
                counting.scale.as_str().into(),
                field.as_str().into(),
                (*cycle).into(),
                Cell::Int(counting.years.0),
                Cell::Int(counting.years.1),
                grade.as_str().into(),
                Cell::Int(*count),
                counting.source.as_str().into(),
            ])?;
        }
    }
    notes(&counts, sink)?;
    sink.end()
}

fn notes(counts: &Counts, sink: &mut dyn Sink) -> Result<()> {
    if counts.groups.is_empty() {
        sink.note("nothing is there to count")?;
    }
    for (number, what) in [
        (counts.failing, "failing: a grading table holds passing grades alone"),
        (counts.off_scale, "on no place of the scale"),
        (counts.undecided, "undecided: the scale changed within their period"),
    ] {
        if number > 0 {
            sink.note(&format!("not counted: {number} {what}"))?;
        }
    }
    Ok(())
}

/// The results that count, and what was undone of all others: reversed, or superseded by another attempt.
fn standing(facts: &Facts, counting: &Counting) -> Result<Vec<Achievement>> {
    let mut wanted: Vec<Achievement> = Vec::new();
    let mut undone: HashSet<EntryId> = HashSet::new();
    let mut superseded: Vec<(EntryId, EntryId)> = Vec::new();
    for head in facts.read.heads()? {
        let (from, to) = (EntryId::new(head.log, 0), EntryId::new(head.log, head.size));
        facts.read.achievements(from, to, &mut |row, erased| {
            if erased.is_none() && is_wanted(facts, counting, &row)? {
                wanted.push(row);
            }
            Ok(())
        })?;
        facts.read.movements(from, to, &mut |row, _| {
            undone.extend(row.undoes);
            if row.kind == EntryKind::Supersede {
                superseded.push((row.lot, row.entry));
            }
            Ok(())
        })?;
    }
    superseded.retain(|(_, entry)| !undone.contains(entry));
    undone.extend(superseded.into_iter().map(|(lot, _)| lot));
    wanted.retain(|row| !undone.contains(&row.entry));
    Ok(wanted)
}

fn walk(facts: &Facts, counting: &Counting, versions: &[GradingScale]) -> Result<Counts> {
    let mut counts = Counts::default();
    let mut seen: HashMap<(i64, i64), HashSet<String>> = HashMap::new();
    for row in &standing(facts, counting)? {
        let period = facts.period(row.period)?;
        let Ok(Some(scale)) = version_at(versions, (period.first, period.last)) else {
            counts.undecided += 1;
            continue;
        };
        let group = group_of(facts, row)?;
        match counting.origin {
            Origin::Achievements => {
                let Some(grade) = row.grade else { continue };
                counts.add(group, scale, &facts.grade(grade)?.written, 1);
            }
            Origin::Distributions => {
                let text = facts.attribute(row.attrs, "result-distribution")?.unwrap_or_default();
                if seen.entry((row.outcome, row.period)).or_default().insert(text.clone()) {
                    for (grade, count) in categories(&text) {
                        counts.add(group.clone(), scale, grade, count);
                    }
                }
            }
        }
    }
    Ok(counts)
}

fn is_wanted(facts: &Facts, counting: &Counting, row: &Achievement) -> Result<bool> {
    let Some(grade) = row.grade else { return Ok(false) };
    // A result that failed or is not finished has no passing grade, whatever is written.
    if counting.origin == Origin::Achievements && row.status != Status::Passed {
        return Ok(false);
    }
    if facts.grade(grade)?.scale != counting.scale || facts.awarder(row.outcome)?.code != counting.institution
    {
        return Ok(false);
    }
    let year = i64::from(facts.period(row.period)?.last.year());
    let field = facts.version(row.outcome, row.version)?.field.clone().unwrap_or_default();
    Ok((counting.years.0..=counting.years.1).contains(&year)
        && counting.field.as_ref().is_none_or(|wanted| field.starts_with(wanted.as_str())))
}

fn group_of(facts: &Facts, row: &Achievement) -> Result<Group> {
    let version = facts.version(row.outcome, row.version)?;
    let (framework, level) = (version.framework.as_deref(), version.level.as_deref());
    let cycle = framework.zip(level).and_then(|(framework, level)| Cycle::of_level(framework, level));
    let field = version.field.clone().unwrap_or_default();
    // A table's field has two to four digits; others are counted with all fields.
    let is_field = (2..=4).contains(&field.len()) && field.bytes().all(|byte| byte.is_ascii_digit());
    Ok((if is_field { field } else { String::new() }, cycle.map(Cycle::word)))
}

/// The categories of a distribution as an import keeps it: `1: 7; 2: 19`.
fn categories(text: &str) -> impl Iterator<Item = (&str, i64)> {
    text.split("; ").filter_map(|part| {
        let (grade, count) = part.rsplit_once(": ")?;
        Some((
            grade,
            count
                .trim()
                .parse()
                .ok()
                .filter(|count| (0..=crate::domain::grading::LARGEST).contains(count))?,
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_is_read_as_an_import_keeps_it() {
        let read = |text: &'static str| categories(text).collect::<Vec<_>>();
        assert_eq!(read("1: 7; 2: 19"), [("1", 7), ("2", 19)]);
        assert_eq!(read("A: good: 3; B: x"), [("A: good", 3)]);
        assert_eq!(read(""), []);
    }
}
