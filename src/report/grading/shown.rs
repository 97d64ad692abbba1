//! Converted grades as reports: the original first, then the range, the suggestion, and what they rest on.

use super::super::facts::Facts;
use super::super::{Cell, Column, Meta, Query, Section, Sink, meta};
use super::answer::{Answered, Ask, Grader};
use crate::domain::fault::Result;
use crate::domain::grading::Cycle;
use crate::ledger::lots::Lot;

/// What is said in place of what the ledger says, or where it says nothing.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Institution that gave the grades.
    pub institution: Option<String>,
    /// ISCED-F field of study.
    pub field: Option<String>,
    /// Cycle.
    pub cycle: Option<Cycle>,
}

const ORIGINAL: [Column; 5] = [
    Column::text("institution", "Institution"),
    Column::text("field", "Field"),
    Column::text("cycle", "Cycle"),
    Column::text("grade", "Grade"),
    Column::text("scale", "Scale"),
];

const RESULT: [Column; 12] = [
    Column::text("answer", "Answer"),
    Column::text("suggested", "Reads as"),
    Column::text("low", "Lowest"),
    Column::text("high", "Highest"),
    Column::text("to_scale", "On scale"),
    Column::text("method", "Method"),
    Column::text("conversion", "Conversion"),
    Column::number("version", "Version"),
    Column::text("basis", "Because"),
    Column::text("citation", "Source"),
    Column::text("verified", "Verified there"),
    Column::text("passed_over", "Passed over"),
];

const OUTCOME: [Column; 4] = [
    Column::number("entry", "Entry"),
    Column::text("outcome", "Outcome"),
    Column::text("title", "Title"),
    Column::text("period", "Period"),
];

fn original(ask: &Ask) -> Vec<Cell> {
    vec![
        ask.institution.as_deref().into(),
        ask.field.as_deref().into(),
        ask.cycle.map(Cycle::word).into(),
        ask.grade.as_str().into(),
        ask.scale.as_str().into(),
    ]
}

fn result(answered: &Answered, to: &str) -> Vec<Cell> {
    let (word, grades, basis) = match &answered.answer {
        Ok(reading) => {
            let word = if answered.by.is_some() { "converted" } else { "same scale" };
            let grades = [&reading.suggested, &reading.low, &reading.high].map(|grade| grade.as_str().into());
            (word, grades, reading.basis.as_str())
        }
        Err(silent) => (silent.why.word(), [const { Cell::Empty }; 3], silent.what.as_str()),
    };
    let over = answered.passed_over.iter().map(|(name, why)| format!("{name}: {why}"));
    let by = answered.by.as_ref();
    let mut cells = vec![Cell::from(word)];
    cells.extend(grades);
    cells.extend([
        to.into(),
        by.map(|by| by.method.word()).into(),
        by.map(|by| by.name.as_str()).into(),
        by.map_or(Cell::Empty, |by| Cell::Int(by.version)),
        basis.into(),
        by.map(|by| by.citation.as_str()).into(),
        by.map_or(Cell::Empty, |by| Cell::Flag(by.verified)),
        over.collect::<Vec<_>>().join("; ").into(),
    ]);
    cells
}

fn begin(grader: &Grader, query: &Query, section: &Section, sink: &mut dyn Sink) -> Result<()> {
    let mut about: Meta = meta(grader.read(), "grade-convert", query, vec![section.clone()])?;
    about.filter.push(("to-scale".to_owned(), grader.to.clone()));
    about.filter.push(("on".to_owned(), grader.day.to_string()));
    sink.begin(&about)?;
    section.open(sink)
}

/// What one grade reads as.
///
/// # Errors
/// `G301` where its scale is not registered; where the ledger cannot be read.
pub fn grade_conversion(grader: &Grader, ask: &Ask, query: &Query, sink: &mut dyn Sink) -> Result<()> {
    grader.know(&ask.scale)?;
    let columns = [ORIGINAL.as_slice(), &RESULT].concat();
    let section = Section::new("grades", "Grade", &columns);
    begin(grader, query, &section, sink)?;
    let mut cells = original(ask);
    cells.extend(result(&grader.ask(ask)?, &grader.to));
    sink.row(&cells)?;
    sink.end()
}

/// What all grades of a learner's standing results read as.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn learner_grades(
    grader: &Grader,
    learner: i64,
    options: &Options,
    query: &Query,
    sink: &mut dyn Sink,
) -> Result<()> {
    let columns = [OUTCOME.as_slice(), &ORIGINAL, &RESULT].concat();
    let section = Section::new("grades", "Grades", &columns);
    begin(grader, query, &section, sink)?;
    let facts = Facts::new(grader.read());
    let (mut graded, mut converted) = (0, 0);
    for lot in facts.lots(learner, &query.cut)?.iter().filter(|lot| lot.reversed_by.is_none()) {
        let Some(ask) = achievement_ask(&facts, lot, options)? else { continue };
        let answered = grader.ask(&ask)?;
        graded += 1;
        converted += i64::from(answered.answer.is_ok());
        let achievement = &lot.achievement;
        let mut cells = vec![
            achievement.entry.into(),
            facts.outcome(achievement.outcome)?.code.as_str().into(),
            facts.version(achievement.outcome, achievement.version)?.title.as_str().into(),
            facts.period(achievement.period)?.written.as_str().into(),
        ];
        cells.extend(original(&ask));
        cells.extend(result(&answered, &grader.to));
        sink.row(&cells)?;
    }
    sink.note(&format!("{graded} graded results, {converted} of them read on {}", grader.to))?;
    sink.note("what is suggested is no decision: the grade as awarded stands")?;
    sink.end()
}

/// The grade of a result, with what the ledger knows of it; none where it has no grade.
pub fn achievement_ask(facts: &Facts, lot: &Lot, options: &Options) -> Result<Option<Ask>> {
    let achievement = &lot.achievement;
    let Some(grade) = achievement.grade else { return Ok(None) };
    let grade = facts.grade(grade)?;
    let version = facts.version(achievement.outcome, achievement.version)?;
    let period = facts.period(achievement.period)?;
    let level = version.framework.as_deref().zip(version.level.as_deref());
    let own = facts.awarder(achievement.outcome)?.code.clone();
    Ok(Some(Ask {
        grade: grade.written.clone(),
        scale: grade.scale.clone(),
        institution: options.institution.clone().or(Some(own)),
        field: options.field.clone().or_else(|| version.field.clone()),
        cycle: options
            .cycle
            .or_else(|| level.and_then(|(framework, level)| Cycle::of_level(framework, level))),
        given: Some((period.first, period.last)),
    }))
}
