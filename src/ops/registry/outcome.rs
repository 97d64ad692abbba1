//! Learning outcomes: what an institution's learners can achieve, in dated versions.

use super::search::Needle;
use super::values::Days;
use super::{Act, Draft, Fields, Posted, institution, not_known, system, usage};
use crate::domain::credits::{Credits, SCALE};
use crate::domain::date::{DateFormat, Period, parse_iso};
use crate::domain::fault::{Fault, Result};
use crate::domain::outcome::Kind;
use crate::domain::registry::{
    FrameworkRow, Institution, Offering, Outcome, OutcomeVersion, PeriodRow, Row, SystemRow,
};
use crate::ops::names::{period_of, period_row};
use crate::store::{self, Read, Store};
use jiff::civil::Date;
use serde_json::Value;

/// What an outcome is, from one date to another.
#[derive(Debug, Clone, Default)]
pub struct Description {
    /// Title.
    pub title: String,
    /// The setting of the learning.
    pub kind: Option<Kind>,
    /// Framework and level.
    pub level: Option<(String, String)>,
    /// ISCED-F field of study.
    pub field: Option<String>,
    /// Notional hours.
    pub hours: Option<Credits>,
    /// Credits, and the code of their system.
    pub credits: Option<(Credits, String)>,
    /// It may be credited more than once.
    pub repeatable: bool,
    /// When this description holds.
    pub valid: Days,
    /// When it is accredited.
    pub accredited: Days,
    /// Periods in which it is offered, as the institution writes them.
    pub offered: Vec<String>,
}

/// The institution and the outcome's code that `INSTITUTION/CODE` names; the outcome may be new.
///
/// # Errors
/// `G102` where there is no slash or no code, `G104` where there is no such institution.
pub fn split(read: &dyn Read, name: &str) -> Result<(Institution, String)> {
    let mut places = name.match_indices('/').map(|(at, _)| at).peekable();
    let Some(&first) = places.peek() else {
        let what = format!("`{name}` is not the name of an outcome");
        return Err(usage("G102", what, "write INSTITUTION/CODE, such as OU/AAA"));
    };
    for at in places {
        let known: Vec<Institution> = store::find(read, "code", name[..at].trim())?;
        if let Some(institution) = known.into_iter().next() {
            return Ok((institution, super::values::text("the outcome's code", &name[at + 1..])?));
        }
    }
    Err(not_known("institution", &name[..first]))
}

/// The outcome that `INSTITUTION/CODE` names.
///
/// # Errors
/// As [`split`]; `G104` where the institution has no such outcome.
pub fn get(read: &dyn Read, name: &str) -> Result<(Institution, Outcome)> {
    let (institution, code) = split(read, name)?;
    match of_code(read, institution.id, &code)? {
        Some(outcome) => Ok((institution, outcome)),
        None => Err(not_known("outcome", &format!("{}/{code}", institution.code))),
    }
}

fn of_code(read: &dyn Read, institution: i64, code: &str) -> Result<Option<Outcome>> {
    let known: Vec<Outcome> = store::find(read, "code", code)?;
    Ok(known.into_iter().find(|row| row.institution == institution))
}

/// All versions of an outcome, the oldest first.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn versions(read: &dyn Read, outcome: i64) -> Result<Vec<OutcomeVersion>> {
    let mut rows: Vec<OutcomeVersion> = store::find(read, "outcome", outcome)?;
    rows.sort_by_key(|row| row.version);
    Ok(rows)
}

/// The periods in which an outcome is offered, in order of their first day.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn offerings(read: &dyn Read, outcome: i64) -> Result<Vec<Period>> {
    let mut periods = Vec::new();
    for offering in store::find::<Offering>(read, "outcome", outcome)? {
        periods.push(period_of(&store::get::<PeriodRow>(read, offering.period)?)?);
    }
    periods.sort_by_key(|period| (period.first, period.last));
    Ok(periods)
}

/// An outcome in a list.
pub type Listed<'a> = (&'a Institution, &'a Outcome, &'a [OutcomeVersion]);

/// All outcomes in order of their registration: of one institution, or those whose code or title is
/// searched for.
///
/// # Errors
/// Where the ledger cannot be read, or `each` fails.
pub fn each(
    read: &dyn Read,
    of: Option<&Institution>,
    needle: Option<&Needle>,
    each: &mut dyn FnMut(Listed) -> Result<()>,
) -> Result<()> {
    let names = crate::ops::names::Names::default();
    let by = of.map(|institution| ("institution", Value::from(institution.id)));
    read.rows(Outcome::TABLE, by, &mut |object| {
        let row: Outcome = serde_json::from_value(Value::Object(object))
            .map_err(|error| Fault::new("S902", error.to_string()).remedy("run `creditbank verify`"))?;
        let versions = versions(read, row.id)?;
        let institution = names.institution(read, row.institution)?;
        let meant = needle.is_none_or(|needle| {
            needle.within(&row.code)
                || needle.is(&format!("{}/{}", institution.code, row.code))
                || versions.iter().any(|version| needle.within(&version.title))
        });
        if meant { each((&institution, &row, &versions)) } else { Ok(()) }
    })
}

/// Registers an outcome, or a new version of one that stands.
///
/// # Errors
/// `G104` for an unknown institution or system, `G107` for an unknown level, `G111` where the new
/// version's first day is missing or does not lie after the others', `G112` for an unknown period.
pub fn add(store: &mut dyn Store, act: &Act, name: &str, new: &Description) -> Result<Posted> {
    let mut draft = Draft::open(store, act.log)?;
    let (institution, code) = split(store, name)?;
    let full = format!("{}/{code}", institution.code);
    let mut version = version_row(store, new)?;
    match of_code(store, institution.id, &code)? {
        None => {
            let repeatable = i64::from(new.repeatable);
            let id = draft.fresh::<Outcome>(store)?;
            version.outcome = id;
            draft.put(&Outcome { id, institution: institution.id, code, repeatable })?;
        }
        Some(outcome) => {
            version.outcome = outcome.id;
            let known = versions(store, outcome.id)?;
            version.version = known.last().map_or(1, |row| row.version + 1);
            supersede(&mut draft, &full, &known, new.valid.from)?;
            if new.repeatable && outcome.repeatable == 0 {
                draft.put(&Outcome { repeatable: 1, ..outcome })?;
            }
        }
    }
    version.id = draft.fresh::<OutcomeVersion>(store)?;
    draft.put(&version)?;
    let mut said = fields(store, &version)?;
    said.push(("repeatable", if new.repeatable { "yes".to_owned() } else { String::new() }));
    draft.note("outcome", &full, &Fields::new(), said);
    offer_in(&mut draft, store, &institution, (version.outcome, &full), &new.offered)?;
    draft.post(store, act)
}

/// Says in which further periods an outcome is offered.
///
/// # Errors
/// `G104` for an unknown outcome, `G112` for an unknown period.
pub fn offer(store: &mut dyn Store, act: &Act, name: &str, periods: &[String]) -> Result<Posted> {
    let mut draft = Draft::open(store, act.log)?;
    let (institution, outcome) = get(store, name)?;
    let full = format!("{}/{}", institution.code, outcome.code);
    offer_in(&mut draft, store, &institution, (outcome.id, &full), periods)?;
    draft.post(store, act)
}

/// Ends the versions before a new one: they hold up to the day before.
fn supersede(draft: &mut Draft, name: &str, known: &[OutcomeVersion], from: Option<Date>) -> Result<()> {
    let fault = |what: String, remedy: &str| Err(usage("G111", what, remedy));
    let Some(from) = from else {
        let what = format!("{name} is registered already: this is its next version, from which day on?");
        return fault(what, "give --valid-from; the version before it then ends the day before");
    };
    for row in known {
        let starts = row.valid_from.as_deref().and_then(|day| parse_iso(day).ok());
        if starts.is_some_and(|starts| starts >= from) {
            let day = row.valid_from.clone().unwrap_or_default();
            let what =
                format!("version {} of {name} holds from {day}, and the new one from {from}", row.version);
            return fault(what, "a new version begins after those that stand: give a later --valid-from");
        }
        let ends = row.valid_to.as_deref().and_then(|day| parse_iso(day).ok());
        if ends.is_some_and(|ends| ends < from) {
            continue;
        }
        let eve = from.yesterday().map_err(|error| Fault::new("G111", error.to_string()))?.to_string();
        let which = format!("{name} version {}", row.version);
        let before = vec![("valid_to", row.valid_to.clone().unwrap_or_default())];
        draft.note("outcome", &which, &before, vec![("valid_to", eve.clone())]);
        draft.put(&OutcomeVersion { valid_to: Some(eve), ..row.clone() })?;
    }
    Ok(())
}

fn version_row(read: &dyn Read, new: &Description) -> Result<OutcomeVersion> {
    let credits = match &new.credits {
        None => None,
        Some((amount, code)) => {
            let system = system::get(read, code)?;
            if system.indivisible == 1 && amount.0 % SCALE != 0 {
                let what = format!("--credits {amount}: {code} has whole credits only");
                return Err(usage("G106", what, "give a whole number, or another --system"));
            }
            Some((amount.0, system.id))
        }
    };
    if let Some((framework, level)) = &new.level {
        check_level(read, framework, level)?;
    }
    let (framework, level) = new.level.clone().unzip();
    Ok(OutcomeVersion {
        id: 0,
        outcome: 0,
        version: 1,
        title: new.title.clone(),
        kind: new.kind.map(|kind| kind as i64),
        framework,
        level,
        field: new.field.clone(),
        hours: new.hours.map(|hours| hours.0),
        credits: credits.map(|(amount, _)| amount),
        system: credits.map(|(_, system)| system),
        valid_from: new.valid.first(),
        valid_to: new.valid.last(),
        accredited_from: new.accredited.first(),
        accredited_to: new.accredited.last(),
    })
}

fn check_level(read: &dyn Read, framework: &str, level: &str) -> Result<()> {
    let known: Vec<FrameworkRow> = store::all(read)?;
    let Some(row) = known.iter().find(|row| row.code == framework) else {
        let codes: Vec<&str> = known.iter().map(|row| row.code.as_str()).collect();
        let what = format!("there is no framework of levels `{framework}`");
        return Err(usage("G107", what, format!("choose one of {}", codes.join(", "))));
    };
    let levels: Vec<String> = serde_json::from_str(&row.levels).unwrap_or_default();
    if levels.iter().any(|known| known == level) {
        return Ok(());
    }
    let what = format!("{framework} has no level `{level}`");
    Err(usage("G107", what, format!("its levels are {}", levels.join(", "))))
}

/// Adds offerings that are new.
fn offer_in(
    draft: &mut Draft,
    read: &dyn Read,
    institution: &Institution,
    outcome: (i64, &str),
    texts: &[String],
) -> Result<()> {
    let (id, name) = outcome;
    let mut offered = offerings(read, id)?;
    for text in texts {
        let period = period(institution, text)?;
        if offered.contains(&period) {
            continue;
        }
        let row = Offering {
            id: draft.fresh::<Offering>(read)?,
            outcome: id,
            period: period_id(draft, read, &period)?,
        };
        draft.put(&row)?;
        draft.note("outcome", name, &Fields::new(), vec![("offered", period.written.clone())]);
        offered.push(period);
    }
    Ok(())
}

/// A period as the institution writes it, or an ISO day, month or year.
fn period(institution: &Institution, text: &str) -> Result<Period> {
    let calendar = institution::calendar(institution)?;
    let text = super::values::text("--offered", text)?;
    let iso = ["YYYY-MM-DD", "YYYY-MM", "YYYY"].map(|format| DateFormat::Fields(format.to_owned()));
    for format in [DateFormat::Term].into_iter().chain(iso) {
        if let Ok(period) = format.read(&text, &calendar) {
            return Ok(period);
        }
    }
    let terms: Vec<&str> = calendar.terms.iter().map(|term| term.written.as_str()).collect();
    let remedy = match terms.is_empty() {
        true => "write a day, a month or a year: 2026-09-01, 2026-09, 2026".to_owned(),
        false => format!("its calendar has {}; a day, a month or a year will do too", terms.join(", ")),
    };
    Err(usage("G112", format!("`{text}` is no period of {}", institution.code), remedy))
}

fn period_id(draft: &mut Draft, read: &dyn Read, period: &Period) -> Result<i64> {
    for row in store::find::<PeriodRow>(read, "written", period.written.as_str())? {
        if period_of(&row)? == *period {
            return Ok(row.id);
        }
    }
    let id = draft.fresh::<PeriodRow>(read)?;
    draft.put(&period_row(id, period))?;
    Ok(id)
}

fn fields(read: &dyn Read, row: &OutcomeVersion) -> Result<Fields> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let number = |value: Option<i64>| value.map(|value| Credits(value).to_string()).unwrap_or_default();
    let system = row.system.map(|id| store::get::<SystemRow>(read, id)).transpose()?;
    Ok(vec![
        ("version", row.version.to_string()),
        ("title", row.title.clone()),
        ("kind", row.kind.and_then(Kind::from_code).map(Kind::name).unwrap_or_default().to_owned()),
        ("level", level(row)),
        ("field", text(&row.field)),
        ("hours", number(row.hours)),
        ("credits", number(row.credits)),
        ("system", system.map(|row| row.code).unwrap_or_default()),
        ("valid_from", text(&row.valid_from)),
        ("valid_to", text(&row.valid_to)),
        ("accredited_from", text(&row.accredited_from)),
        ("accredited_to", text(&row.accredited_to)),
    ])
}

/// A version's level with its framework: `EQF 5`.
pub fn level(row: &OutcomeVersion) -> String {
    [row.framework.as_deref(), row.level.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ")
}
