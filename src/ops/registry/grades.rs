//! Conversions of grades and grading tables: taken from files, whole or not at all.

mod check;

use super::scale::{self, Place};
use super::{Act, Draft, Fields, Posted, not_known, usage};
use crate::domain::fault::Result;
use crate::domain::grading::{Conversion, Cycle, GradingTable, Method, Source};
use crate::domain::registry::{GradeConversionRow, GradingTableRow};
use crate::domain::scale::GradingScale;
use crate::domain::text::clean;
use crate::intake::grading::{GradeFile, parse_csv, parse_toml};
use crate::store::{self, Read, Store};
use std::collections::BTreeMap;

/// Reads scales, conversions and grading tables in TOML; `name` is for the messages.
///
/// # Errors
/// `G200` with every fault.
pub fn read_toml(text: &str, name: &str) -> Result<GradeFile> {
    Ok(parse_toml(text, name)?)
}

/// Reads grading tables in CSV.
///
/// # Errors
/// `G200` with every fault.
pub fn read_csv(read: impl std::io::Read, name: &str) -> Result<GradeFile> {
    Ok(parse_csv(read, name)?)
}

/// Reads a file in TOML that defines grading scales and nothing else.
///
/// # Errors
/// `G200` with every fault, `G132` where something else is defined.
pub fn read_scales(text: &str, name: &str) -> Result<GradeFile> {
    let file = read_toml(text, name)?;
    let other = match (file.conversions.first(), file.tables.first()) {
        (Some(conversion), _) => Some((conversion.at, "conversion")),
        (_, Some(table)) => Some((table.at, "table")),
        _ => None,
    };
    match other {
        None => Ok(file),
        Some((at, sort)) => {
            let what = format!("{name}:{}:{}: [[{sort}]] is no grading scale", at.line, at.column);
            Err(usage("G132", what, "import the whole file with `creditbank grade import`"))
        }
    }
}

/// Registers what a file defines: what is new, and what says otherwise than before as its next version. What
/// stands already is left alone. `correct` lets a scale without a new first day replace the newest.
///
/// # Errors
/// `G200` with every fault.
pub fn import(store: &mut dyn Store, act: &Act, file: &GradeFile, correct: bool) -> Result<Posted> {
    let mut draft = Draft::open(store, act.log)?;
    let known = check::Known::load(store)?;
    known.check(file, correct)?;
    for scale in &file.scales {
        let versions = scale::known(store, &scale.value.name)?;
        if let Place::Next(version) = scale::place(&versions, &scale.value, correct) {
            scale::put(&mut draft, store, &versions, GradingScale { version, ..scale.value.clone() })?;
        }
    }
    for conversion in &file.conversions {
        put_conversion(&mut draft, store, known.conversion(&conversion.value.name), &conversion.value)?;
    }
    for table in &file.tables {
        let table = known.sorted(file, &table.value);
        put_table(&mut draft, store, known.table(&table), table)?;
    }
    draft.post(store, act)
}

fn put_conversion(
    draft: &mut Draft,
    read: &dyn Read,
    newest: Option<&Conversion>,
    conversion: &Conversion,
) -> Result<()> {
    let next = Conversion { version: newest.map_or(1, |newest| newest.version + 1), ..conversion.clone() };
    if newest.is_some_and(|newest| Conversion { version: next.version, ..newest.clone() } == next) {
        return Ok(());
    }
    let id = draft.fresh::<GradeConversionRow>(read)?;
    draft.put(&next.to_row(id)?)?;
    let before = newest.map(conversion_fields).unwrap_or_default();
    draft.note("grade conversion", &next.name, &before, conversion_fields(&next));
    Ok(())
}

fn put_table(
    draft: &mut Draft,
    read: &dyn Read,
    newest: Option<&GradingTable>,
    table: GradingTable,
) -> Result<()> {
    let next = GradingTable { version: newest.map_or(1, |newest| newest.version + 1), ..table };
    if newest.is_some_and(|newest| GradingTable { version: next.version, ..newest.clone() } == next) {
        return Ok(());
    }
    let id = draft.fresh::<GradingTableRow>(read)?;
    draft.put(&next.to_row(id)?)?;
    let before = newest.map(table_fields).unwrap_or_default();
    draft.note("grading table", &next.group_text(), &before, table_fields(&next));
    Ok(())
}

fn conversion_fields(conversion: &Conversion) -> Fields {
    let day = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string()).unwrap_or_default();
    vec![
        ("version", conversion.version.to_string()),
        ("from", conversion.from.clone()),
        ("to", conversion.to.clone()),
        ("institution", conversion.institution.clone().unwrap_or_default()),
        ("method", method_text(&conversion.method)),
        ("valid_from", day(conversion.valid_from)),
        ("valid_to", day(conversion.valid_to)),
        ("citation", conversion.citation.clone()),
        ("verified", if conversion.verified { "yes".to_owned() } else { String::new() }),
    ]
}

fn table_fields(table: &GradingTable) -> Fields {
    let counts: Vec<String> = table.counts.iter().map(|(grade, count)| format!("{grade}: {count}")).collect();
    vec![
        ("version", table.version.to_string()),
        ("scale", table.scale.clone()),
        ("counts", counts.join("; ")),
        ("total", table.total().to_string()),
        ("source", table.source.clone()),
    ]
}

/// What a method works with, in a line.
pub fn method_text(method: &Method) -> String {
    match method {
        Method::Table { rows } => {
            let row = |row: &crate::domain::grading::TableRow| {
                let from = match &row.from {
                    Source::Grade(grade) => grade.clone(),
                    Source::AtLeast(grade) => format!("{grade} and better"),
                };
                match row.low == row.high {
                    true => format!("{from} → {}", row.suggested),
                    false => format!("{from} → {} ({} to {})", row.suggested, row.low, row.high),
                }
            };
            format!("table: {}", rows.iter().map(row).collect::<Vec<_>>().join("; "))
        }
        Method::Linear { rounding, equal_steps, ends } => {
            let end = |name: &str, end: &Option<String>| end.as_ref().map(|end| format!("{name} {end}"));
            let mut parts = vec![format!("linear, rounding {}", rounding.word())];
            parts.extend(equal_steps.then(|| "grades at equal distances".to_owned()));
            parts.extend(end("best", &ends.from_best));
            parts.extend(end("pass", &ends.from_pass));
            parts.extend(end("target best", &ends.to_best));
            parts.extend(end("target pass", &ends.to_pass));
            parts.join(", ")
        }
        Method::Distribution { choose, minimum, years, to_institution } => {
            let to = to_institution.as_ref().map(|to| format!(", to the grades of {to}"));
            format!(
                "distribution, choosing the {} share, at least {minimum} grades, of {years} years{}",
                choose.word(),
                to.unwrap_or_default()
            )
            .replace("the lowest share", "the lowest")
            .replace("the middle share", "the middle")
            .replace("the highest share", "the highest")
        }
    }
}

/// All versions of all conversions, in order of their registration.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn conversions(read: &dyn Read) -> Result<Vec<Conversion>> {
    store::all::<GradeConversionRow>(read)?.iter().map(Conversion::from_row).collect()
}

/// All versions of one conversion.
///
/// # Errors
/// `G104` where there is none.
pub fn conversion(read: &dyn Read, name: &str) -> Result<Vec<Conversion>> {
    let name = clean(name);
    let found: Vec<GradeConversionRow> = store::find(read, "name", name.as_ref())?;
    if found.is_empty() {
        return Err(not_known("grade", &name).remedy(
            "`creditbank grade list` shows all conversions; another is registered with `creditbank grade import`",
        ));
    }
    found.iter().map(Conversion::from_row).collect()
}

/// Which grading tables are asked for.
#[derive(Debug, Clone, Default)]
pub struct TableFilter {
    /// Of this institution.
    pub institution: Option<String>,
    /// On this scale.
    pub scale: Option<String>,
    /// Of this field, or of a narrower one.
    pub field: Option<String>,
    /// Of this cycle.
    pub cycle: Option<Cycle>,
}

impl TableFilter {
    fn takes(&self, table: &GradingTable) -> bool {
        let same = |wanted: &Option<String>, own: &str| wanted.as_ref().is_none_or(|wanted| wanted == own);
        same(&self.institution, &table.institution)
            && same(&self.scale, &table.scale)
            && self.field.as_ref().is_none_or(|field| table.field.starts_with(field.as_str()))
            && self.cycle.is_none_or(|cycle| table.cycle == Some(cycle))
    }
}

/// The newest version of each grading table that is asked for: by institution, scale, field, cycle and years.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn tables(read: &dyn Read, filter: &TableFilter) -> Result<Vec<GradingTable>> {
    let rows = match &filter.institution {
        Some(code) => store::find::<GradingTableRow>(read, "institution", code.as_str())?,
        None => store::all::<GradingTableRow>(read)?,
    };
    let mut newest = BTreeMap::new();
    for row in rows {
        let table = GradingTable::from_row(row)?;
        if filter.takes(&table) {
            let cycle = table.cycle.map(Cycle::word);
            let group = (table.institution.clone(), table.scale.clone(), table.field.clone());
            newest.insert((group, cycle, table.years), table);
        }
    }
    Ok(newest.into_values().collect())
}
