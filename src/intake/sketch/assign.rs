//! Which column seems to fill which field.

use super::column::Column;
use super::headings::{Headings, Sense};
use super::words::{kind, status, system, system_in};
use super::{About, Sketch};
use crate::domain::credits::Credits;
use crate::domain::outcome::Status;
use crate::intake::profile::{Field, Target};

/// How a column was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// By what its values look like.
    Values,
    /// By the end of its heading.
    Part,
    /// By its heading.
    Heading,
}

impl By {
    /// The word for it.
    pub fn name(self) -> &'static str {
        ["its values", "a part of its heading", "its heading"][self as usize]
    }
}

/// A field that a column seems to fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filled {
    /// The field.
    pub field: Field,
    /// The column's position, from 0.
    pub column: usize,
    /// How it was recognised.
    pub by: By,
    /// Whether the draft reads it; where not, it proposes to.
    pub kept: bool,
}

/// Schemes of identifiers, the one that fits a bank best first.
const SCHEMES: [&str; 5] = ["learner-card", "student-number", "apaar", "orcid", "cn-resident-id"];

/// Finds the target, then the columns of its fields.
pub fn assign(sketch: &mut Sketch, headings: &Headings) {
    let senses: Vec<Option<(Sense, By)>> =
        sketch.columns.iter().map(|column| sense(column, headings)).collect();
    for (column, sense) in sketch.columns.iter_mut().zip(&senses) {
        if !sense.is_some_and(|(sense, _)| speaks_of_a_day(sense)) {
            column.dates.forget_numbers();
        }
    }
    if sketch.options.target.is_none() {
        sketch.target = target(sketch, &senses);
    }
    identifiers(sketch, &senses);
    by_heading(sketch, &senses);
    by_values(sketch, senses.iter().all(Option::is_none));
    result_words(sketch);
    constants(sketch);
    silent_kind(sketch);
    // Whoever names the institution has said what stands in every row.
    if sketch.is_constant(Field::Institution) {
        sketch.fields.retain(|filled| filled.field != Field::Institution);
    }
    proposals(sketch);
    people(sketch, &senses);
    for (column, sense) in sketch.columns.iter_mut().zip(&senses) {
        column.harmless = matches!(sense, Some((Sense::Descriptive, _)));
    }
    sketch.fields.sort_by_key(|filled| filled.field);
}

fn sense(column: &Column, headings: &Headings) -> Option<(Sense, By)> {
    if column.filled == 0 {
        return None;
    }
    if column.mostly(column.resident) {
        return Some((Sense::Id("cn-resident-id"), By::Values));
    }
    if column.mostly(column.orcid) {
        return Some((Sense::Id("orcid"), By::Values));
    }
    if column.mostly(column.emails) {
        return Some((Sense::Personal("an e-mail address"), By::Values));
    }
    let found = headings.sense(&column.heading)?;
    Some((found.sense, if found.whole { By::Heading } else { By::Part }))
}

/// Whether a heading promises days, so that its numbers may be those under which a workbook keeps days.
fn speaks_of_a_day(sense: Sense) -> bool {
    use Field::{AccreditedFrom, AccreditedTo, BirthDate, Period, ValidFrom, ValidTo};
    let days = [Period, BirthDate, ValidFrom, ValidTo, AccreditedFrom, AccreditedTo];
    matches!(sense, Sense::Is(field) if days.contains(&field))
}

fn target(sketch: &Sketch, senses: &[Option<(Sense, By)>]) -> Target {
    let any = |wanted: &[Sense]| senses.iter().flatten().any(|(sense, _)| wanted.contains(sense));
    let is = |fields: &[Field]| fields.iter().any(|field| any(&[Sense::Is(*field)]));
    let learner = senses.iter().flatten().any(|(sense, _)| matches!(sense, Sense::Id(_)));
    let outcome = is(&[Field::Outcome, Field::Title]);
    let result = is(&[Field::Grade, Field::Status]);
    if learner {
        return if outcome || result { Target::Achievements } else { Target::Learners };
    }
    if result || any(&[Sense::Person]) && outcome {
        return Target::Achievements;
    }
    if outcome || any(&[Sense::BareCode]) && is(&[Field::Credits, Field::Hours]) {
        return Target::Outcomes;
    }
    if is(&[Field::Institution, Field::Sector]) || any(&[Sense::InstitutionName]) {
        return Target::Institutions;
    }
    let first_names_all =
        sketch.columns.first().is_some_and(|first| first.different() == Some(sketch.rows as usize));
    if first_names_all { Target::Outcomes } else { Target::Achievements }
}

fn identifiers(sketch: &mut Sketch, senses: &[Option<(Sense, By)>]) {
    if !matches!(sketch.target, Target::Achievements | Target::Learners) {
        return;
    }
    for scheme in SCHEMES {
        let mut of_scheme = senses.iter().enumerate().filter_map(|(at, sense)| {
            sense.filter(|(sense, _)| *sense == Sense::Id(scheme)).map(|(_, by)| (at, by))
        });
        let Some((at, by)) = of_scheme.next() else { continue };
        if sketch.scheme.is_none() {
            sketch.scheme = Some(scheme);
            sketch.fields.push(Filled { field: Field::Learner, column: at, by, kept: true });
        } else {
            sketch.identifiers.push((scheme.to_owned(), at));
        }
        let others: Vec<usize> = of_scheme.map(|(at, _)| at).collect();
        for (more, at) in others.into_iter().enumerate() {
            sketch.identifiers.push((format!("{scheme}-{}", more + 2), at));
            let text =
                format!("{} is a second {scheme} by its heading: is it one?", named(&sketch.columns[at]));
            sketch.ask(About::Learner, text);
        }
    }
}

/// The field for which a column's heading speaks under the target.
fn claimed(sense: Sense, target: Target, column: &Column) -> Option<Field> {
    let field = match (sense, target) {
        (Sense::Is(Field::Outcome), Target::Achievements | Target::Outcomes)
            if column.blanks * 2 > column.filled =>
        {
            Field::Title
        }
        (Sense::Is(field), _) => field,
        (Sense::Term, Target::Outcomes) => Field::Offering,
        (Sense::Term, Target::Achievements) => Field::Period,
        (Sense::BareName, Target::Outcomes) => Field::Title,
        (Sense::BareName | Sense::Person, Target::Achievements | Target::Learners) => Field::Name,
        (Sense::BareName | Sense::InstitutionName, Target::Institutions) => Field::Name,
        (Sense::BareCode, Target::Institutions) => Field::Institution,
        (Sense::BareCode, Target::Achievements | Target::Outcomes) => Field::Outcome,
        _ => return None,
    };
    target.allows(field).then_some(field)
}

fn by_heading(sketch: &mut Sketch, senses: &[Option<(Sense, By)>]) {
    let mut claims: Vec<(Field, usize, By, bool)> = Vec::new();
    for (at, found) in senses.iter().enumerate() {
        let Some((sense, by)) = *found else { continue };
        let Some(field) = claimed(sense, sketch.target, &sketch.columns[at]) else { continue };
        match misfit(field, &sketch.columns[at]) {
            None => claims.push((field, at, by, sense == Sense::Term)),
            Some(why) => {
                let text = format!(
                    "{} is `{}` by its heading, but {why}: it is not read",
                    named(&sketch.columns[at]),
                    field.name()
                );
                sketch.ask(About::Columns, text);
            }
        }
    }
    for field in Field::ALL {
        let of_field = claims.iter().filter(|(claimed, ..)| claimed == field);
        // Known to the day before known by term; then the whole heading; then the fuller column.
        let best = of_field.clone().max_by_key(|(_, at, by, term)| {
            let column = &sketch.columns[*at];
            (column.dates.has_days(), !term, *by, column.filled, std::cmp::Reverse(*at))
        });
        let Some(&(_, column, by, _)) = best else { continue };
        sketch.fields.push(Filled { field: *field, column, by, kept: true });
        let others: Vec<usize> = of_field.map(|(_, at, ..)| *at).filter(|at| *at != column).collect();
        for at in others {
            let other = named(&sketch.columns[at]);
            let chosen = named(&sketch.columns[column]);
            let text = format!("{other} could be `{}` too: is {chosen} the right one?", field.name());
            sketch.ask(About::Field(*field), text);
        }
    }
}

/// Why a column cannot fill a field, whatever its heading says.
fn misfit(field: Field, column: &Column) -> Option<&'static str> {
    let longest = column.lengths.map_or(0, |(_, most)| most);
    let knows = |known: &dyn Fn(&str) -> bool| {
        column.words().is_some_and(|words| words.iter().any(|(word, _)| known(word)))
    };
    let (fits, why) = match field {
        Field::Credits | Field::Hours => (column.mostly(column.numbers()), "its values are not numbers"),
        Field::Attempt => {
            let counts = column.range.is_some_and(|(least, most)| {
                (Credits(1_000)..=Credits(99_000)).contains(&least) && most <= Credits(99_000)
            });
            (counts && column.integers == column.filled, "it does not count from 1 to 99")
        }
        Field::Period | Field::Offering | Field::BirthDate | Field::ValidFrom | Field::ValidTo => {
            (column.mostly(column.dates.count()), "its values are no dates and no terms with a year")
        }
        Field::AccreditedFrom | Field::AccreditedTo => {
            (column.mostly(column.dates.count()), "its values are no dates")
        }
        Field::Status => (column.words().is_some(), "it has more different values than results end in"),
        Field::Kind => (knows(&|word| kind(word).is_some()), "none of its values is known for a kind"),
        Field::System => (knows(&|word| system(word).is_some()), "none of its values names a credit system"),
        Field::Grade => (
            longest <= 12 || column.numbers() > 0 || knows(&|word| status(word).is_some()),
            "its values are too long for grades",
        ),
        Field::Field => (
            column.mostly(column.digits) && (2..=4).contains(&longest),
            "its values are not two to four digits",
        ),
        Field::Country => (column.lengths == Some((2, 2)), "its values are not two letters"),
        Field::Repeatable => {
            let flags = ["yes", "y", "true", "1", "no", "n", "false", "0"];
            (
                knows(&|word| flags.contains(&word.to_lowercase().as_str())),
                "its values are neither yes nor no",
            )
        }
        _ => (true, ""),
    };
    (!fits).then_some(why)
}

/// What a column must be like to be taken for a field.
type Test<'a> = &'a dyn Fn(&Column) -> bool;

/// What headings did not say, values may: a date for the period; and where no heading says anything, a
/// code, a title and an amount.
fn by_values(sketch: &mut Sketch, no_headings: bool) {
    let free = |sketch: &Sketch, at: usize| {
        !sketch.fields.iter().any(|filled| filled.column == at)
            && !sketch.identifiers.iter().any(|(_, column)| *column == at)
    };
    let found = |sketch: &Sketch, test: Test| {
        (0..sketch.columns.len()).find(|at| free(sketch, *at) && test(&sketch.columns[*at]))
    };
    let rows = sketch.rows;
    let mut guesses: Vec<(Field, Test)> = Vec::new();
    let is_day = |column: &Column| {
        column.dates.has_days() && column.mostly(column.dates.count()) && column.digits < column.filled
    };
    if sketch.target == Target::Achievements {
        guesses.push((Field::Period, &is_day));
    }
    let is_code = |column: &Column| {
        column.filled == rows && column.blanks == 0 && column.different() == Some(rows as usize)
    };
    let is_title = |column: &Column| {
        column.numbers() == 0 && column.filled == rows && column.lengths.is_some_and(|(_, most)| most > 5)
    };
    let is_amount = |column: &Column| {
        column.mostly(column.numbers())
            && (column.points + column.commas) * 2 > column.filled
            && column.range.is_some_and(|(_, most)| most <= Credits(60_000))
    };
    if no_headings && sketch.target == Target::Outcomes {
        guesses.push((Field::Outcome, &is_code));
        guesses.push((Field::Title, &is_title));
        guesses.push((Field::Credits, &is_amount));
    }
    for (field, test) in guesses {
        if sketch.place_of(field).is_some() {
            continue;
        }
        let Some(column) = found(sketch, test) else { continue };
        sketch.fields.push(Filled { field, column, by: By::Values, kept: true });
        let text = format!(
            "{} seems to be `{}` by its values alone: is it?",
            named(&sketch.columns[column]),
            field.name()
        );
        sketch.ask(About::Field(field), text);
    }
}

/// One column may say both how a result ended and with which grade: Pass, Distinction, Fail.
fn result_words(sketch: &mut Sketch) {
    if sketch.target != Target::Achievements {
        return;
    }
    let known = |column: &Column| {
        let words = column.words().unwrap_or_default();
        let statuses: Vec<Status> = words.iter().filter_map(|(word, _)| status(word)).collect();
        (statuses, words.len())
    };
    let both = |sketch: &Sketch, field| sketch.fields.iter().find(|filled| filled.field == field).copied();
    match (both(sketch, Field::Status), both(sketch, Field::Grade)) {
        (Some(filled), None) => {
            let (statuses, _) = known(&sketch.columns[filled.column]);
            if statuses.iter().filter(|status| **status == Status::Passed).count() > 1 {
                sketch.fields.push(Filled { field: Field::Grade, ..filled });
            }
        }
        (None, Some(filled)) => {
            let column = &sketch.columns[filled.column];
            let (statuses, all) = known(column);
            if column.numbers() == 0 && !statuses.is_empty() && statuses.len() * 2 >= all {
                sketch.fields.push(Filled { field: Field::Status, ..filled });
            }
        }
        _ => {}
    }
}

fn constants(sketch: &mut Sketch) {
    if let Some(code) = sketch.options.institution.clone() {
        sketch.constants.push((Field::Institution, code));
    }
    let credits = sketch.column_of(Field::Credits).map(|column| column.heading.clone());
    if let (Some(heading), None) = (credits, sketch.place_of(Field::System))
        && let Some(code) = system_in(&heading)
    {
        sketch.constants.push((Field::System, code.to_owned()));
        if code != "ECTS" {
            let text =
                format!("`{heading}` suggests {code}: is it the unit in which the credits were awarded?");
            sketch.ask(About::Field(Field::System), text);
        }
    }
}

/// Every result needs the setting of the learning, and most files are sent by schools and silent about it.
fn silent_kind(sketch: &mut Sketch) {
    let of_results = matches!(sketch.target, Target::Achievements | Target::Outcomes);
    if of_results && sketch.place_of(Field::Kind).is_none() {
        sketch.constants.push((Field::Kind, "formal".to_owned()));
        let text = "the file does not say in which setting was learned: is all of it formal, towards a \
                    qualification of a school? Else write non-formal or informal";
        sketch.ask(About::Field(Field::Kind), text);
    }
}

/// What a draft proposes and does not read yet: a level of no framework, and what a person is.
fn proposals(sketch: &mut Sketch) {
    let has_framework = sketch.place_of(Field::Framework).is_some();
    let (target, mut needs_framework) = (sketch.target, false);
    for filled in &mut sketch.fields {
        let describes = matches!(filled.field, Field::Sex | Field::Region | Field::BirthDate);
        if describes && target == Target::Achievements {
            filled.kept = false;
        }
        if filled.field == Field::Level && !has_framework {
            filled.kept = false;
            needs_framework = true;
        }
    }
    if needs_framework {
        let text = "levels count within a framework: take the # away here, and name it in [constants], such as \
                    framework = \"EQF\"";
        sketch.ask(About::Field(Field::Level), text);
    }
}

/// Data about people: what a bank has no use for, and names in several parts.
fn people(sketch: &mut Sketch, senses: &[Option<(Sense, By)>]) {
    let mut parts = Vec::new();
    for (at, sense) in senses.iter().enumerate() {
        match sense {
            Some((Sense::Personal(what), _)) => sketch.personal.push((at, what)),
            Some((Sense::NamePart, _)) => {
                sketch.personal.push((at, "a part of a name"));
                parts.push(named(&sketch.columns[at]));
            }
            _ => {}
        }
    }
    if !parts.is_empty() && sketch.place_of(Field::Name).is_none() && sketch.target.allows(Field::Name) {
        let text = format!(
            "the name stands in several columns ({}), and a profile reads one: can the source send it whole?",
            parts.join(", ")
        );
        sketch.ask(About::Field(Field::Name), text);
    }
    let others = sketch.personal.iter().filter(|(_, what)| *what != "a part of a name");
    let list: Vec<String> =
        others.map(|(at, what)| format!("{} ({what})", named(&sketch.columns[*at]))).collect();
    if !list.is_empty() {
        let text = format!(
            "the file says more about people than a bank needs: {}. Can the source leave it out?",
            list.join(", ")
        );
        sketch.ask(About::People, text);
    }
}

/// A column as questions name it.
pub fn named(column: &Column) -> String {
    let heading = crate::domain::text::shorten(&column.heading, 60);
    if heading.is_empty() { format!("column {}", column.number) } else { format!("`{heading}`") }
}
