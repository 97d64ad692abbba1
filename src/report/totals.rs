//! Sums over all learners by any dimensions: institution, system, kind, level, attribute and so on.

use super::facts::{Facts, level_text};
use super::{Cell, Column, Query, Section, Sink, meta};
use crate::domain::credits::Credits;
use crate::domain::date::Within;
use crate::domain::fault::{Fault, Result};
use crate::domain::outcome::{Kind, Status};
use crate::ledger::lots::Lot;
use crate::store::{Read, SummaryKey, SummarySums};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The dimensions that are not attributes of a learner.
pub const DIMENSIONS: [&str; 8] =
    ["institution", "system", "kind", "level", "field", "year", "sector", "status"];

/// Attributes of a learner that are dimensions by their own names.
pub const ATTRIBUTES: [&str; 4] = ["region", "age-band", "age_band", "sex"];

#[derive(Debug, Clone, PartialEq, Eq)]
enum Dimension {
    Institution,
    System,
    Kind,
    Level,
    Field,
    Year,
    Sector,
    Status,
    Attribute(String),
}

impl Dimension {
    fn parse(text: &str) -> Result<Dimension> {
        Ok(match text {
            "institution" => Dimension::Institution,
            "system" => Dimension::System,
            "kind" => Dimension::Kind,
            "level" => Dimension::Level,
            "field" => Dimension::Field,
            "year" => Dimension::Year,
            "sector" => Dimension::Sector,
            "status" => Dimension::Status,
            name if ATTRIBUTES.contains(&name) => Dimension::Attribute(name.to_owned()),
            other => match other.strip_prefix("attribute:") {
                Some(name) if !name.is_empty() => Dimension::Attribute(name.to_owned()),
                _ => return Err(unknown(other)),
            },
        })
    }

    fn column(&self, asked: &str) -> Column {
        let name = asked.strip_prefix("attribute:").unwrap_or(asked);
        let mut title = name.to_owned();
        if let Some(first) = title.get_mut(0..1) {
            first.make_ascii_uppercase();
        }
        // An attribute may bear the name of a sum or of another dimension.
        let key = if DIMENSIONS.contains(&name) || SUMS.iter().any(|sum| sum.key == name) {
            asked.to_owned()
        } else {
            name.replace('-', "_")
        };
        Column { key: Cow::Owned(key), title: Cow::Owned(title), right: false }
    }
}

fn unknown(name: &str) -> Fault {
    Fault::new("R120", format!("totals are not kept by `{name}`")).remedy(format!(
        "use {}, {} or attribute:NAME for any other attribute of the import",
        DIMENSIONS.join(", "),
        ATTRIBUTES.join(", ")
    ))
}

const SUMS: [Column; 6] = [
    Column::number("achievements", "Achievements"),
    Column::number("deposited", "Deposited"),
    Column::number("held", "Held"),
    Column::number("placed", "Placed"),
    Column::number("converted", "Converted"),
    Column::number("undecided", "Undecided"),
];

#[derive(Default)]
struct Totals {
    rows: BTreeMap<Vec<String>, (SummarySums, i64)>,
    undecided: usize,
}

/// Sums by the dimensions asked for, in that order; the credit system is added as the last one where
/// it was not asked for, because amounts of different systems do not add up.
///
/// The worth of placements counts under the target's system. Without a cut the kept summary serves
/// where it has all dimensions; otherwise the journal is folded learner by learner.
///
/// # Errors
/// Where a dimension is unknown, the ledger cannot be read or the report not written.
pub fn totals(read: &dyn Read, query: &Query, sink: &mut dyn Sink) -> Result<()> {
    let mut asked: Vec<String> = Vec::new();
    for name in query.by.iter().map(String::as_str).chain(["system"]) {
        if !asked.iter().any(|known| known == name) {
            asked.push(name.to_owned());
        }
    }
    let by: Vec<Dimension> = asked.iter().map(|name| Dimension::parse(name)).collect::<Result<_>>()?;
    let sums = if query.is_cut() { &SUMS[..] } else { &SUMS[..5] };
    let mut columns: Vec<Column> =
        by.iter().zip(&asked).map(|(dimension, name)| dimension.column(name)).collect();
    columns.extend_from_slice(sums);
    let section = Section::new("totals", "Totals", &columns);
    sink.begin(&meta(read, "totals", query, vec![section.clone()])?)?;
    section.open(sink)?;
    let facts = Facts::new(read);
    let in_summary = !by.iter().any(|dimension| matches!(dimension, Dimension::Attribute(_)));
    let totals = if in_summary && !query.is_cut() && query.learner.is_none() {
        summed(&facts, &by)?
    } else {
        folded(&facts, &by, query)?
    };
    write(&totals, query.is_cut(), sink)
}

fn write(totals: &Totals, with_undecided: bool, sink: &mut dyn Sink) -> Result<()> {
    for (key, (sums, undecided)) in &totals.rows {
        let mut cells: Vec<Cell> = key.iter().map(|part| part.as_str().into()).collect();
        cells.push(Cell::Int(sums.achievements));
        let held = sums.deposited - sums.placed;
        let amounts = [sums.deposited, held, sums.placed, sums.converted];
        cells.extend(amounts.map(|amount| Cell::Amount(Credits(amount))));
        if with_undecided {
            cells.push(Credits(*undecided).into());
        }
        sink.row(&cells)?;
    }
    if totals.undecided > 0 {
        sink.note(&format!(
            "{} achievements are undecided: the day asked for falls inside their period; their credit stands in the column `undecided` alone",
            totals.undecided
        ))?;
    }
    sink.end()
}

/// From the kept summary.
fn summed(facts: &Facts, by: &[Dimension]) -> Result<Totals> {
    let mut totals = Totals::default();
    facts.read.summaries(&mut |key, sums| {
        let parts = by.iter().map(|dimension| kept_part(facts, &key, dimension)).collect::<Result<_>>()?;
        totals.rows.entry(parts).or_default().0.add(&sums);
        Ok(())
    })?;
    Ok(totals)
}

fn kept_part(facts: &Facts, key: &SummaryKey, dimension: &Dimension) -> Result<String> {
    Ok(match dimension {
        Dimension::Institution => facts.institution(key.institution)?.code.clone(),
        Dimension::Sector => facts.institution(key.institution)?.sector.clone().unwrap_or_default(),
        Dimension::System => facts.system_code(key.system)?,
        Dimension::Kind => Kind::from_code(key.kind).map_or("", Kind::name).to_owned(),
        Dimension::Level => level_text(&key.framework, &key.level),
        Dimension::Field => key.field.clone(),
        Dimension::Year => key.year.clone(),
        Dimension::Status => Status::from_code(key.status).map_or("", Status::name).to_owned(),
        Dimension::Attribute(_) => String::new(),
    })
}

/// From the journal, learner by learner.
fn folded(facts: &Facts, by: &[Dimension], query: &Query) -> Result<Totals> {
    let mut totals = Totals::default();
    for learner in facts.people(query.learner, &query.cut)? {
        for lot in facts.lots(learner, &query.cut)? {
            add_lot(&mut totals, facts, by, &lot)?;
        }
    }
    Ok(totals)
}

fn add_lot(totals: &mut Totals, facts: &Facts, by: &[Dimension], lot: &Lot) -> Result<()> {
    if lot.reversed_by.is_some() || lot.superseded.is_some() || lot.effective == Within::No {
        return Ok(());
    }
    let amount = lot.achievement.amount.0;
    let own = totals.rows.entry(parts(facts, by, lot, lot.achievement.system)?).or_default();
    if lot.effective == Within::Undecided {
        own.1 += amount;
        totals.undecided += 1;
        return Ok(());
    }
    let placed = lot.placed().0;
    own.0.add(&SummarySums { achievements: 1, deposited: amount, placed, converted: 0 });
    for placement in &lot.placements {
        let there = totals.rows.entry(parts(facts, by, lot, placement.system)?).or_default();
        there.0.converted += placement.worth.0;
    }
    Ok(())
}

/// The key of a lot's amounts in a system.
fn parts(facts: &Facts, by: &[Dimension], lot: &Lot, system: i64) -> Result<Vec<String>> {
    by.iter().map(|dimension| part(facts, lot, system, dimension)).collect()
}

fn part(facts: &Facts, lot: &Lot, system: i64, dimension: &Dimension) -> Result<String> {
    let a = &lot.achievement;
    let version = || facts.version(a.outcome, a.version);
    Ok(match dimension {
        Dimension::Institution => facts.awarder(a.outcome)?.code.clone(),
        Dimension::Sector => facts.awarder(a.outcome)?.sector.clone().unwrap_or_default(),
        Dimension::System => facts.system_code(system)?,
        Dimension::Kind => a.kind.name().to_owned(),
        Dimension::Level => {
            let version = version()?;
            let of = |text: &Option<String>| text.clone().unwrap_or_default();
            level_text(&of(&version.framework), &of(&version.level))
        }
        Dimension::Field => version()?.field.clone().unwrap_or_default(),
        Dimension::Year => facts.period(a.period)?.year_label(),
        Dimension::Status => a.status.name().to_owned(),
        Dimension::Attribute(name) => facts.attribute(a.attrs, name)?.unwrap_or_default(),
    })
}
