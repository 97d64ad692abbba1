//! Rows of registries, as the journal's JSON has them.

use super::Sqlite;
use super::fault::fault;
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::TABLES;
use crate::store::ActRow;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, params_from_iter};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

/// A statement that writes rows of one table with these columns.
struct Prepared<'r, 's> {
    table: &'r str,
    columns: Vec<Cow<'r, str>>,
    statement: CachedStatement<'s>,
}

impl Sqlite {
    /// Inserts or replaces rows of registries, as a register act says them.
    pub(super) fn project(&self, rows: &[ActRow]) -> Result<()> {
        assert!(self.open_batch.get(), "the ledger is written inside `append` only");
        let mut all: Vec<Prepared> = Vec::new();
        for row in rows {
            let Columns(names, cells) = registry_row(row)?;
            let known = all.iter().position(|one| one.table == row.table && one.columns == names);
            let at = match known {
                Some(at) => at,
                None => {
                    let sql = project_sql(&row.table, &names);
                    let statement = self.conn.prepare_cached(&sql).map_err(fault(self.path()))?;
                    all.push(Prepared { table: &row.table, columns: names, statement });
                    all.len() - 1
                }
            };
            all[at].statement.execute(params_from_iter(cells)).map_err(fault(self.path()))?;
        }
        Ok(())
    }
}

/// A row of a register act, if it is one of a registry.
fn registry_row(row: &ActRow) -> Result<Columns<'_>> {
    let ActRow { table, row, .. } = row;
    if !TABLES.contains(&table.as_str()) {
        return Err(Fault::new("S905", format!("there is no registry `{table}`")));
    }
    let columns: Columns = serde_json::from_str(row)
        .map_err(|error| Fault::new("S906", format!("a row of `{table}` is not a JSON object: {error}")))?;
    let is_id = |(name, cell): (&Cow<str>, &Cell)| name == "id" && matches!(cell, Cell::Number(_));
    if !columns.0.iter().zip(&columns.1).any(is_id) {
        return Err(Fault::new("S501", format!("a row of `{table}` has no id")));
    }
    Ok(columns)
}

/// Inserts a registry's row, or replaces the one of its id.
fn project_sql(table: &str, columns: &[Cow<str>]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| format!("\"{column}\"")).collect();
    let updates: Vec<String> = columns.iter().map(|column| format!("{column} = excluded.{column}")).collect();
    format!(
        "INSERT INTO \"{table}\" ({}) VALUES ({}) ON CONFLICT (id) DO UPDATE SET {}",
        columns.join(","),
        vec!["?"; columns.len()].join(","),
        updates.join(",")
    )
}

/// The names of a JSON object and their values, in its order. Texts stay where they are: a book may bring a
/// million rows.
struct Columns<'j>(Vec<Cow<'j, str>>, Vec<Cell<'j>>);

/// A JSON value as SQLite keeps it; the registries hold numbers and texts only.
enum Cell<'j> {
    Null,
    Number(i64),
    Text(Cow<'j, str>),
}

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Cell::Null => ValueRef::Null,
            Cell::Number(number) => ValueRef::Integer(*number),
            Cell::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

impl<'de> Deserialize<'de> for Columns<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Columns<'de>, D::Error> {
        from.deserialize_map(Object)
    }
}

struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Columns<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Columns<'de>, A::Error> {
        let mut columns = Columns(Vec::with_capacity(12), Vec::with_capacity(12));
        while let Some(name) = map.next_key::<Cell>()? {
            let Cell::Text(name) = name else { return Err(Error::custom("a name is no text")) };
            columns.0.push(name);
            columns.1.push(map.next_value()?);
        }
        Ok(columns)
    }
}

impl<'de> Deserialize<'de> for Cell<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Cell<'de>, D::Error> {
        from.deserialize_any(Scalar)
    }
}

struct Scalar;

impl Scalar {
    /// What no registry holds as its own kind is kept as JSON.
    fn json<E: Error>(value: std::result::Result<Value, E>) -> std::result::Result<Cell<'static>, E> {
        Ok(Cell::Text(Cow::Owned(value?.to_string())))
    }
}

impl<'de> Visitor<'de> for Scalar {
    type Value = Cell<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> std::result::Result<Cell<'de>, E> {
        Ok(Cell::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> std::result::Result<Cell<'de>, E> {
        Ok(Cell::Number(i64::from(flag)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> std::result::Result<Cell<'de>, E> {
        Ok(Cell::Number(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> std::result::Result<Cell<'de>, E> {
        Ok(Cell::Number(i64::try_from(number).unwrap_or(0)))
    }

    fn visit_f64<E: Error>(self, _: f64) -> std::result::Result<Cell<'de>, E> {
        Ok(Cell::Number(0))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> std::result::Result<Cell<'de>, E> {
        Ok(Cell::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> std::result::Result<Cell<'de>, E> {
        Ok(Cell::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> std::result::Result<Cell<'de>, A::Error> {
        Scalar::json(Value::deserialize(SeqAccessDeserializer::new(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<Cell<'de>, A::Error> {
        Scalar::json(Value::deserialize(MapAccessDeserializer::new(map)))
    }
}
