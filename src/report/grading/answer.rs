//! Finds the conversion that speaks of a grade, and what it says.

use super::groups::Tables;
use crate::domain::fault::{Exit, Fault, Result};
use crate::domain::grading::{Choice, Conversion, Cycle, Method};
use crate::domain::registry::{GradeConversionRow, Scale};
use crate::domain::scale::{GradingScale, version_at};
use crate::ledger::grades::{Answer, Reading, Silence, Silent, distribution, line, linear, table};
use crate::store::{self, Read};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// A grade, and what is known of it.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// As written.
    pub grade: String,
    /// Name of its scale.
    pub scale: String,
    /// The institution that gave it.
    pub institution: Option<String>,
    /// ISCED-F field of study.
    pub field: Option<String>,
    /// Cycle of higher education.
    pub cycle: Option<Cycle>,
    /// First and last day on which it may have been given; none for today.
    pub given: Option<(Date, Date)>,
}

/// What is said of a grade.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The reading, or why there is none.
    pub answer: Answer,
    /// The conversion that says so.
    pub by: Option<Conversion>,
    /// Conversions that came before and could not say anything: name and why.
    pub passed_over: Vec<(String, String)>,
}

/// Answers what grades read as on one scale.
pub struct Grader<'a> {
    read: &'a dyn Read,
    scales: BTreeMap<String, Vec<GradingScale>>,
    conversions: Vec<Conversion>,
    tables: Tables<'a>,
    /// Name of the scale that grades are read on.
    pub to: String,
    to_institution: Option<String>,
    /// The day of the question.
    pub day: Date,
}

impl<'a> Grader<'a> {
    /// Reads what leads to a scale. `by` names the only conversion that is wanted.
    ///
    /// # Errors
    /// `G301` where there is no such scale, `G302` where there is no such conversion to it.
    pub fn open(
        read: &'a dyn Read,
        to: &str,
        to_institution: Option<&str>,
        by: Option<&str>,
        day: Date,
    ) -> Result<Grader<'a>> {
        let mut scales: BTreeMap<String, Vec<GradingScale>> = BTreeMap::new();
        for row in store::all::<Scale>(read)? {
            scales.entry(row.name.clone()).or_default().push(GradingScale::from_row(&row)?);
        }
        let to = crate::domain::text::clean(to).into_owned();
        if !scales.contains_key(&to) {
            return Err(unknown_scale(&to));
        }
        let conversions = in_force(read, &to, by, day)?;
        let to_institution = to_institution.map(|code| crate::domain::text::clean(code).into_owned());
        Ok(Grader { read, scales, conversions, tables: Tables::new(read), to, to_institution, day })
    }

    /// Refuses a scale that is not registered.
    ///
    /// # Errors
    /// `G301` where it is not.
    pub fn know(&self, scale: &str) -> Result<()> {
        if self.scales.contains_key(scale) { Ok(()) } else { Err(unknown_scale(scale)) }
    }

    /// What a grade reads as.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn ask(&self, ask: &Ask) -> Result<Answered> {
        let silent = |why, what: String| Answered {
            answer: Err(Silent::new(why, what)),
            by: None,
            passed_over: Vec::new(),
        };
        if ask.scale == self.to {
            let (grade, basis) = (ask.grade.clone(), "it is on that scale".to_owned());
            let reading = Reading { low: grade.clone(), suggested: grade.clone(), high: grade, basis };
            return Ok(Answered { answer: Ok(reading), by: None, passed_over: Vec::new() });
        }
        let Some(versions) = self.scales.get(&ask.scale) else {
            let name = if ask.scale.is_empty() {
                "no scale is named".to_owned()
            } else {
                format!("scale {} is not registered", ask.scale)
            };
            return Ok(silent(Silence::NoConversion, name));
        };
        let from = match version_at(versions, ask.given.unwrap_or((self.day, self.day))) {
            Ok(Some(from)) => from,
            Ok(None) => {
                return Ok(silent(Silence::NoConversion, format!("scale {} has no version", ask.scale)));
            }
            Err((early, late)) => {
                let what = format!(
                    "scale {} changed between versions {} and {}: the day is needed",
                    ask.scale, early.version, late.version
                );
                return Ok(silent(Silence::Undecided, what));
            }
        };
        if let Some(why) = from.fault(&ask.grade) {
            return Ok(silent(Silence::NotOnScale, why));
        }
        self.first_answer(ask, from)
    }

    /// The first conversion that can say something: one for the institution before one for all, an agreed
    /// table before distributions, distributions before a line.
    fn first_answer(&self, ask: &Ask, from: &GradingScale) -> Result<Answered> {
        let mut passed_over = Vec::new();
        let mut last = None;
        for conversion in self.conversions.iter().filter(|conversion| speaks_of(conversion, ask)) {
            let answer = self.by(conversion, ask, from)?;
            match answer {
                Ok(_) => return Ok(Answered { answer, by: Some(conversion.clone()), passed_over }),
                Err(silent) => {
                    passed_over.push((conversion.name.clone(), silent.what.clone()));
                    last.get_or_insert((silent, conversion.clone()));
                }
            }
        }
        Ok(match last {
            // The first that was asked is the answer; the others stand beside it.
            Some((silent, conversion)) => {
                passed_over.remove(0);
                Answered { answer: Err(silent), by: Some(conversion), passed_over }
            }
            None => {
                let what = format!("no conversion leads from {} to {} on {}", ask.scale, self.to, self.day);
                Answered { answer: Err(Silent::new(Silence::NoConversion, what)), by: None, passed_over }
            }
        })
    }

    fn by(&self, conversion: &Conversion, ask: &Ask, from: &GradingScale) -> Result<Answer> {
        let Some(to) = self.target() else {
            return Ok(Err(Silent::new(Silence::NoConversion, format!("scale {} has no version", self.to))));
        };
        Ok(match &conversion.method {
            Method::Table { rows } => table(rows, from, &ask.grade).and_then(|reading| on_scale(to, reading)),
            Method::Linear { rounding, equal_steps, ends } => {
                match line(from, to, *rounding, *equal_steps, ends) {
                    Ok(line) => linear(&line, &ask.grade),
                    Err(why) => Err(Silent::new(Silence::NoConversion, why)),
                }
            }
            Method::Distribution { choose, minimum, years, to_institution } => {
                let to_institution = self.to_institution.as_deref().or(to_institution.as_deref());
                let rule = Rule { choose: *choose, minimum: *minimum, years: *years };
                self.by_distribution(ask, (from, to), to_institution, rule)?
            }
        })
    }

    /// The target scale as it stands on the day of the question.
    fn target(&self) -> Option<&GradingScale> {
        version_at(self.scales.get(&self.to)?, (self.day, self.day)).ok().flatten()
    }

    fn by_distribution(
        &self,
        ask: &Ask,
        (from, to): (&GradingScale, &GradingScale),
        to_institution: Option<&str>,
        rule: Rule,
    ) -> Result<Answer> {
        if from.passes(&ask.grade) != Some(true) {
            let what =
                format!("{} does not pass on {}, and only passing grades are counted", ask.grade, from.name);
            return Ok(Err(Silent::new(Silence::Failing, what)));
        }
        let Some(institution) = ask.institution.as_deref() else {
            let what = "which institution gave the grade is not known";
            return Ok(Err(Silent::new(Silence::Undecided, what)));
        };
        let sole;
        let to_institution = match to_institution {
            Some(code) => code,
            None => match self.tables.institutions_with(&to.name)?.as_slice() {
                [one] => {
                    sole = one.clone();
                    &sole
                }
                [] => {
                    let what = format!("there is no grading table on {}", to.name);
                    return Ok(Err(Silent::new(Silence::NoTable, what)));
                }
                several => {
                    let what = format!(
                        "grading tables on {} are those of {}: say whose",
                        to.name,
                        several.join(", ")
                    );
                    return Ok(Err(Silent::new(Silence::Undecided, what)));
                }
            },
        };
        let groups =
            self.tables.parallel((institution, from), (to_institution, to), ask, rule.years, rule.minimum)?;
        Ok(groups.and_then(|(source, target)| {
            distribution((&source, from), (&target, to), &ask.grade, (rule.choose, rule.minimum))
        }))
    }

    /// The snapshot.
    pub(super) fn read(&self) -> &'a dyn Read {
        self.read
    }
}

/// What a conversion by distribution asks of its tables.
#[derive(Debug, Clone, Copy)]
struct Rule {
    choose: Choice,
    minimum: i64,
    years: i64,
}

fn unknown_scale(name: &str) -> Fault {
    Fault::new("G301", format!("there is no scale `{name}`"))
        .remedy("`creditbank scale list` shows all; another is registered with `creditbank scale add`")
}

/// A reading whose grades a changed target scale still has.
fn on_scale(to: &GradingScale, reading: Reading) -> Answer {
    let off = [&reading.low, &reading.suggested, &reading.high].into_iter().find_map(|grade| to.fault(grade));
    match off {
        None => Ok(reading),
        Some(why) => {
            Err(Silent::new(Silence::NoRow, format!("the row names a grade that is no more: {why}")))
        }
    }
}

/// Whether a conversion is about the grades of that scale and institution.
fn speaks_of(conversion: &Conversion, ask: &Ask) -> bool {
    conversion.from == ask.scale
        && conversion.institution.as_ref().is_none_or(|code| ask.institution.as_ref() == Some(code))
}

/// The conversions to a scale that are in force on a day, in the order in which they are asked.
fn in_force(read: &dyn Read, to: &str, by: Option<&str>, day: Date) -> Result<Vec<Conversion>> {
    let mut newest: BTreeMap<String, Conversion> = BTreeMap::new();
    for row in store::find::<GradeConversionRow>(read, "to_scale", to)? {
        let conversion = Conversion::from_row(&row)?;
        let has_begun = conversion.valid_from.is_none_or(|from| from <= day);
        let is_newer = newest.get(&row.name).is_none_or(|known| known.version < conversion.version);
        if has_begun && is_newer {
            newest.insert(row.name, conversion);
        }
    }
    if let Some(name) = by
        && !newest.contains_key(name)
    {
        let what = format!("there is no grade conversion `{name}` to {to} on {day}");
        let remedy = "`creditbank grade list` shows all conversions";
        return Err(Fault::new("G302", what).remedy(remedy).exit(Exit::Usage));
    }
    let wanted = |conversion: &Conversion| {
        by.is_none_or(|name| conversion.name == name) && conversion.is_in_force(day)
    };
    let mut conversions: Vec<Conversion> = newest.into_values().filter(wanted).collect();
    conversions.sort_by_key(|conversion| (conversion.institution.is_none(), rank(&conversion.method)));
    Ok(conversions)
}

fn rank(method: &Method) -> u8 {
    match method {
        Method::Table { .. } => 0,
        Method::Distribution { .. } => 1,
        Method::Linear { .. } => 2,
    }
}
