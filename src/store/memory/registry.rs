//! The registries as the schema has them: which table, which columns are unique, how a row fits.

use crate::domain::fault::{Fault, Result};
use crate::domain::registry::{
    Attrs, AuthorityRow, Bank, Book, CapRow, Closure, FrameworkRow, Grade, GradeConversionRow,
    GradingTableRow, Institution, Offering, Outcome, OutcomeVersion, PeriodRow, ProcedureRow, ProfileRow,
    ReleaseRow, Row, RuleRow, RuleSourceRow, Scale, Scheme, SystemRow,
};
use crate::store::Object;
use serde_json::Value;
use std::collections::BTreeMap;

/// One registry.
pub(super) struct Registry {
    /// Its table.
    pub(super) table: &'static str,
    /// The columns that are unique together, beside the id; none where only the id is.
    unique: &'static [&'static str],
    /// Reads a row's JSON into all of the table's columns.
    fit: fn(&str) -> Result<(i64, Object)>,
}

const REGISTRIES: &[Registry] = &[
    registry::<Bank>(&[]),
    registry::<SystemRow>(&["code"]),
    registry::<FrameworkRow>(&["code"]),
    registry::<Scale>(&["name", "version"]),
    registry::<GradeConversionRow>(&["name", "version"]),
    registry::<GradingTableRow>(&[
        "institution",
        "scale",
        "field",
        "cycle",
        "first_year",
        "last_year",
        "version",
    ]),
    registry::<Institution>(&["code"]),
    registry::<Outcome>(&["institution", "code"]),
    registry::<OutcomeVersion>(&["outcome", "version"]),
    registry::<Offering>(&["outcome", "period"]),
    registry::<PeriodRow>(&["written", "precision", "first", "last"]),
    registry::<Grade>(&["scale", "written"]),
    registry::<Attrs>(&["json"]),
    registry::<Scheme>(&["name", "issuer"]),
    registry::<ProfileRow>(&["name", "version"]),
    registry::<Book>(&["name", "version"]),
    registry::<RuleSourceRow>(&[]),
    registry::<CapRow>(&["book", "name"]),
    registry::<RuleRow>(&["book", "code"]),
    registry::<ReleaseRow>(&["name"]),
    registry::<ProcedureRow>(&["name", "version"]),
    registry::<AuthorityRow>(&["code", "version"]),
    registry::<Closure>(&[]),
];

const fn registry<T: Row>(unique: &'static [&'static str]) -> Registry {
    Registry { table: T::TABLE, unique, fit: fit::<T> }
}

fn fit<T: Row>(text: &str) -> Result<(i64, Object)> {
    let written: Object = serde_json::from_str(text).map_err(|error| {
        Fault::new("S906", format!("a row of `{}` is not a JSON object: {error}", T::TABLE))
    })?;
    let misfit = |error| Fault::new("S501", format!("a row does not fit table `{}`: {error}", T::TABLE));
    let row: T = serde_json::from_value(Value::Object(written)).map_err(misfit)?;
    let columns = serde_json::to_value(&row).and_then(serde_json::from_value).map_err(misfit)?;
    Ok((row.id(), columns))
}

/// The registry kept in that table.
///
/// # Errors
/// `S905` where there is none.
pub(super) fn named(table: &str) -> Result<&'static Registry> {
    let found = REGISTRIES.iter().find(|registry| registry.table == table);
    found.ok_or_else(|| Fault::new("S905", format!("there is no registry `{table}`")))
}

impl Registry {
    /// What a row has in a column.
    ///
    /// # Errors
    /// `S905` where the registry has no such column.
    pub(super) fn column<'a>(&self, row: &'a Object, column: &str) -> Result<&'a Value> {
        let missing = || Fault::new("S905", format!("registry `{}` has no column `{column}`", self.table));
        row.get(column).ok_or_else(missing)
    }

    /// Keeps a row, or replaces the one with the same id.
    ///
    /// # Errors
    /// `S906` where the text is no JSON object; `S501` where it lacks a column or another row has the
    /// same unique values.
    pub(super) fn keep(&self, rows: &mut BTreeMap<i64, Object>, text: &str) -> Result<()> {
        let (id, row) = (self.fit)(text)?;
        let same = |other: &Object| self.unique.iter().all(|column| other.get(*column) == row.get(*column));
        if !self.unique.is_empty() && rows.iter().any(|(other_id, other)| *other_id != id && same(other)) {
            return Err(super::write::taken(self.table, &self.unique.join(", ")));
        }
        rows.insert(id, row);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::registry::TABLES;

    /// The `UNIQUE` columns of a table, read from its line in the schema.
    fn unique_in_schema(table: &str) -> Vec<String> {
        let schema = include_str!("../../../schema.sql");
        let head = format!("CREATE TABLE {table} (");
        let line = schema.lines().find_map(|line| line.strip_prefix(&head)).unwrap();
        match line.split_once("UNIQUE (") {
            Some((_, rest)) => rest.split_once(')').unwrap().0.split(", ").map(str::to_owned).collect(),
            None => {
                let columns = line.split(", ").filter(|column| column.contains("UNIQUE"));
                columns.map(|column| column.split(' ').next().unwrap().to_owned()).collect()
            }
        }
    }

    #[test]
    fn registries_are_those_of_the_domain_and_unique_as_in_the_schema() {
        let tables: Vec<&str> = REGISTRIES.iter().map(|registry| registry.table).collect();
        assert_eq!(tables, TABLES);
        for registry in REGISTRIES {
            assert_eq!(registry.unique, unique_in_schema(registry.table), "{}", registry.table);
        }
    }

    #[test]
    fn a_row_is_kept_with_all_its_columns() {
        let (id, row) = fit::<Scale>(
            r#"{"id":4,"name":"五级制","version":1,"numeric":0,"grades":"[]","citation":"","verified":0}"#,
        )
        .unwrap();
        assert_eq!(id, 4);
        assert_eq!(row.get("pass"), Some(&Value::Null));
        for bad in [r#"{"id":4}"#, r#"{"id":"four","through":"2025-01-01"}"#] {
            assert_eq!(fit::<Closure>(bad).unwrap_err().code, "S501", "{bad}");
        }
        for bad in ["", "{", "[4]"] {
            assert_eq!(fit::<Closure>(bad).unwrap_err().code, "S906", "{bad}");
        }
    }
}
