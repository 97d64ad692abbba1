//! Articulation agreements of colleges with universities, a row a receiving course: the sending courses stand in
//! groups side by side, of which one is enough; within a group all are needed.

use super::{Sides, anything, misshapen, numbered, received, word};
use crate::domain::credits::{Credits, DecimalMark};
use crate::domain::requirement::{Alternative, Choice, Code, Requirement, Term};
use crate::domain::rule::{From, Rule, To, Worth};
use crate::intake::rulebook::{Check, Collector, Faults, Place};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::Read;

/// The columns before the groups of courses.
const COLUMNS: [&str; 5] = ["UC Name", "Group ID", "Set ID", "Num Required", "Receiving"];

/// How the columns of the groups begin.
const GROUP: &str = "Courses Group ";

/// In place of courses: none is accepted.
const NOT_ARTICULATED: &str = "Not Articulated";

/// What one row says.
struct Row<'r> {
    university: &'r str,
    group: &'r str,
    set: &'r str,
    /// Codes of the receiving courses.
    receiving: Vec<String>,
    /// Groups of sending courses; none where nothing is articulated.
    courses: Vec<Vec<String>>,
}

impl Row<'_> {
    fn rule(&self, sides: &Sides) -> Rule {
        let required = match self.courses.is_empty() {
            true => anything(),
            false => Requirement(self.courses.iter().map(|group| all_of(group)).collect()),
        };
        let worth = match self.courses.is_empty() {
            true => Worth::Denied { reason: NOT_ARTICULATED.to_owned() },
            false => Worth::Original,
        };
        let from = From::Outcomes { institution: sides.from.clone(), required };
        let received = received(self.receiving.iter().cloned());
        let to = To::Outcomes { institution: self.university.to_owned(), received };
        let id = [self.university, self.group, self.set].map(word).join("-");
        let mut rule = Rule::new(&id, from, to, &sides.system, worth);
        rule.reference = format!("{}, set {}", self.group, self.set);
        rule
    }
}

fn all_of(courses: &[String]) -> Alternative {
    let term = |code: &String| {
        let choice = Choice { code: Code::Exact(code.clone()), filters: Vec::new(), institution: None };
        Term { count: 1, of: vec![choice] }
    };
    Alternative(courses.iter().map(term).collect())
}

/// Reads the table of one college.
///
/// # Errors
/// Names every fault with its line and column.
pub fn read_csv(read: impl Read, file: &str, sides: &Sides) -> Result<Vec<Rule>, Faults> {
    let mut table = csv::ReaderBuilder::new().flexible(true).from_reader(read);
    let unreadable = |error: &csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        misshapen(file, line, "the file cannot be read as a table", error.to_string())
    };
    let header = table.headers().map_err(|error| unreadable(&error))?.clone();
    let fits = header.iter().take(COLUMNS.len()).eq(COLUMNS)
        && header.len() > COLUMNS.len()
        && header.iter().skip(COLUMNS.len()).all(|name| name.starts_with(GROUP));
    if !fits {
        let why = format!("its columns are {}, and from there {GROUP}1 and on", COLUMNS.join(", "));
        return Err(misshapen(file, 1, "the header is not that of an articulation table", why));
    }
    let (mut rules, mut faults) = (Vec::new(), Collector::default());
    for record in table.records() {
        let record = record.map_err(|error| unreadable(&error))?;
        let line = record.position().map_or(1, csv::Position::line);
        if record.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        let field = |at: usize| record.get(at).unwrap_or_default().trim();
        let receiving = codes(field(4));
        for (at, name) in COLUMNS.iter().enumerate().filter(|(at, _)| field(*at).is_empty()) {
            let place = Place { line, column: at as u32 + 1 };
            let why = format!("every row has its {name}");
            faults.add(place, None, Check::AgreementShape, format!("{name} is empty"), why);
        }
        let mut courses = Vec::new();
        for at in COLUMNS.len()..record.len() {
            match group(field(at)) {
                Ok(group) => courses.extend(group),
                Err(why) => {
                    let place = Place { line, column: at as u32 + 1 };
                    let what = format!("courses `{}` cannot be read", field(at));
                    faults.add(place, None, Check::CourseUnread, what, why);
                }
            }
        }
        let row = Row { university: field(0), group: field(1), set: field(2), receiving, courses };
        let articulated = (COLUMNS.len()..record.len()).map(field).any(|cell| !cell.is_empty());
        if !articulated {
            let place = Place { line, column: COLUMNS.len() as u32 + 1 };
            let why = format!("where nothing is accepted it says {NOT_ARTICULATED}");
            faults.add(place, None, Check::CourseUnread, "the row has no courses", why);
        }
        rules.push(row.rule(sides));
    }
    faults.finish(file)?;
    Ok(numbered(rules))
}

fn codes(text: &str) -> Vec<String> {
    text.split(';').map(str::trim).filter(|code| !code.is_empty()).map(str::to_owned).collect()
}

/// The courses of a cell; none where it says that nothing is articulated, or nothing.
fn group(cell: &str) -> Result<Option<Vec<String>>, String> {
    if cell.is_empty() || cell == NOT_ARTICULATED {
        return Ok(None);
    }
    cell.split(';').map(|part| course(part.trim())).collect::<Result<Vec<String>, String>>().map(Some)
}

/// The code of `MATH 1A (4.00)`; its units belong to the catalogue.
fn course(text: &str) -> Result<String, String> {
    let parts = text.rsplit_once('(').and_then(|(code, units)| Some((code, units.strip_suffix(')')?)));
    let Some((code, units)) = parts.filter(|(code, _)| !code.trim().is_empty()) else {
        return Err(format!("`{text}` is not a code with its units"));
    };
    match Credits::parse(units.trim(), DecimalMark::Point) {
        Ok(_) => Ok(code.trim().to_owned()),
        Err(why) => Err(format!("`{units}` are no units: {why}")),
    }
}

/// An agreement of the JSON form.
#[derive(Deserialize)]
struct Agreement {
    set_id: String,
    course_groups: Vec<Vec<Course>>,
    receiving_course: Option<String>,
    #[serde(default)]
    receiving_courses: Vec<String>,
}

#[derive(Deserialize)]
struct Course {
    course: String,
}

/// Colleges, universities and groups, each by name.
type Agreements = BTreeMap<String, BTreeMap<String, BTreeMap<String, Agreement>>>;

/// Reads the JSON form, which holds one agreement a university and group.
///
/// # Errors
/// Where it is not of that form.
pub fn read_json(text: &str, file: &str, sides: &Sides) -> Result<Vec<Rule>, Faults> {
    let agreements: Agreements = serde_json::from_str(text).map_err(|error| {
        misshapen(file, error.line() as u64, "the file is no agreement in JSON", error.to_string())
    })?;
    let mut rules = Vec::new();
    for (university, groups) in agreements.values().flatten() {
        for (group, agreement) in groups {
            let receiving = match &agreement.receiving_course {
                Some(course) => codes(course),
                None => agreement.receiving_courses.clone(),
            };
            let courses = |group: &Vec<Course>| group.iter().map(|course| course.course.clone()).collect();
            let courses = agreement.course_groups.iter().map(courses).collect();
            rules.push(Row { university, group, set: &agreement.set_id, receiving, courses }.rule(sides));
        }
    }
    match rules.is_empty() {
        true => Err(misshapen(file, 1, "the file holds no agreement", "it names no group of courses")),
        false => Ok(numbered(rules)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sides() -> Sides {
        Sides { from: "NVC".into(), to: String::new(), system: "US-SEM".into() }
    }

    const TABLE: &str = "UC Name,Group ID,Set ID,Num Required,Receiving,Courses Group 1,Courses Group 2\n\
        UCB,Calc1,A,1,MATH 1A,MATH 181 (4.00),\n\
        UCB,Linear,A,1,MATH 54,MATH 40 (4.00); MATH 42 (3.00),MATH 45 (5.00)\n\
        UCR,Calc,A,3,MATH 9A; MATH 9B,MATH 181 (4.00),\n\
        UCR,Calc,A,3,MATH 9A; MATH 9B,MATH 181 (4.00),\n\
        UCD,Intro,B,1,CSE 11,Not Articulated,\n\
        UCD,Intro,B,1,CSE 12,CS 1 (3.00),\n";

    #[test]
    fn groups_are_alternatives_and_their_courses_stand_together() {
        let rules = read_csv(TABLE.as_bytes(), "nvc.csv", &sides()).unwrap();
        let said: Vec<(String, String, String)> = rules
            .iter()
            .map(|rule| match (&rule.from, &rule.to) {
                (From::Outcomes { required, .. }, To::Outcomes { institution, received }) => {
                    (rule.id.clone(), required.to_string(), format!("{institution}: {received}"))
                }
                _ => panic!("{rule:?}"),
            })
            .collect();
        let expected = [
            ("ucb-calc1-a", "MATH 181", "UCB: MATH 1A"),
            ("ucb-linear-a", "MATH 40 & MATH 42 | MATH 45", "UCB: MATH 54"),
            ("ucr-calc-a", "MATH 181", "UCR: MATH 9A & MATH 9B"),
            ("ucd-intro-b", "*", "UCD: CSE 11"),
            ("ucd-intro-b-2", "CS 1", "UCD: CSE 12"),
        ];
        let expected = expected.map(|(id, from, to)| (id.to_owned(), from.to_owned(), to.to_owned()));
        assert_eq!(said, expected);
        assert_eq!(rules[3].worth, Worth::Denied { reason: NOT_ARTICULATED.into() });
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_place() {
        let cases = [
            ("UC Name", "Name", "n.csv:1:1: the header is not that", "R181"),
            (
                "MATH 181 (4.00),\nUCB",
                "MATH 181,\nUCB",
                "n.csv:2:6: courses `MATH 181` cannot be read",
                "R182",
            ),
            ("MATH 42 (3.00)", "MATH 42 (x)", "n.csv:3:6: courses", "R182"),
            ("UCB,Calc1,A,1,MATH 1A", "UCB,Calc1,A,1,", "n.csv:2:5: Receiving is empty", "R181"),
            ("Not Articulated", "", "n.csv:6:6: the row has no courses", "R182"),
        ];
        for (from, to, start, code) in cases {
            assert!(TABLE.contains(from), "{from}");
            let faults = read_csv(TABLE.replacen(from, to, 1).as_bytes(), "n.csv", &sides()).unwrap_err();
            let message = faults.to_string();
            let told =
                message.lines().any(|line| line.starts_with(start) && line.ends_with(&format!("[{code}]")));
            assert!(told, "{from} → {to}\n{message}");
        }
    }

    #[test]
    fn the_json_form_says_the_same() {
        let text = r#"{"NVC": {"UCB": {"Linear": {"set_id": "A", "num_required": 1, "receiving_course": "MATH 54",
            "course_groups": [[{"course": "MATH 40", "units": 4.0}, {"course": "MATH 42", "units": 3.0}],
            [{"course": "MATH 45", "units": 5.0}]]}}, "UCR": {"Calc": {"set_id": "A", "num_required": 3,
            "receiving_courses": ["MATH 9A", "MATH 9B"], "course_groups": [[{"course": "MATH 181", "units": 4.0}]]}}}}"#;
        let rules = read_json(text, "nvc.json", &sides()).unwrap();
        let table = read_csv(TABLE.as_bytes(), "nvc.csv", &sides()).unwrap();
        assert_eq!(rules, table[1..3]);
        for text in ["", "[]", "{}", r#"{"NVC": {"UCB": {"Linear": {}}}}"#] {
            assert!(
                read_json(text, "nvc.json", &sides()).unwrap_err().to_string().ends_with("[R181]"),
                "{text}"
            );
        }
    }
}
