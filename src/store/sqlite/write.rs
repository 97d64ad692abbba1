//! What a batch writes into the file.

use super::Sqlite;
use super::fault::fault;
use crate::domain::entry::{Achievement, Balance, EntryId, Movement, Place};
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::TABLES;
use crate::proof::leaf::Key;
use crate::proof::tile::Tile;
use crate::store::{
    Act, ActRow, BatchRow, DecisionRow, Head, Identity, Object, Refusal, SummaryKey, SummarySums, Tx,
};
use rusqlite::types::Value as SqlValue;
use rusqlite::{Params, Statement};
use serde_json::Value;

/// Rows that one INSERT carries: measured, more gains nothing.
const ROWS_AT_ONCE: usize = 16;

/// The columns of an achievement that are rarely all empty; those that are stay out of the statement.
const ACHIEVEMENT: &[&str] = &[
    "entry", "learner", "outcome", "version", "period", "attempt", "nth", "status", "kind", "system",
    "amount", "file", "line", "grade",
];
const BALANCE: &[&str] =
    &["learner", "system", "held", "placed", "converted", "redeemed", "expired", "transferred"];
const MOVEMENT: &[&str] =
    &["entry", "kind", "decision", "learner", "lot", "num", "den", "system", "amount", "period", "undoes"];

/// A JSON value as SQLite keeps it; the registries hold numbers and texts only.
pub fn sql_value(value: &Value) -> SqlValue {
    match value {
        Value::Null => SqlValue::Null,
        Value::Bool(flag) => SqlValue::Integer(i64::from(*flag)),
        Value::Number(number) => SqlValue::Integer(number.as_i64().unwrap_or(0)),
        Value::String(text) => SqlValue::Text(text.clone()),
        other => SqlValue::Text(other.to_string()),
    }
}

fn insert_sql(table: &str, columns: &[&str], rows: usize) -> String {
    let group = format!("({})", vec!["?"; columns.len()].join(","));
    format!("INSERT OR FAIL INTO {table} ({}) VALUES {}", columns.join(","), vec![group; rows].join(","))
}

impl Sqlite {
    fn run(&self, sql: &str, params: impl Params) -> Result<()> {
        assert!(self.open_batch.get(), "the ledger is written inside `append` only");
        let mut statement = self.conn.prepare_cached(sql).map_err(fault(self.path()))?;
        statement.execute(params).map(drop).map_err(fault(self.path()))
    }

    /// Runs a statement that returns one flag.
    fn run_returning(&self, sql: &str, params: impl Params) -> Result<bool> {
        assert!(self.open_batch.get(), "the ledger is written inside `append` only");
        let mut statement = self.conn.prepare_cached(sql).map_err(fault(self.path()))?;
        statement.query_row(params, |row| row.get(0)).map_err(fault(self.path()))
    }

    /// Inserts many rows, several a statement; `bind` sets a row's parameters from the given one on.
    fn insert_many<T>(
        &self,
        table: &str,
        columns: &[&str],
        rows: &[T],
        bind: impl Fn(&mut Statement, usize, &T) -> rusqlite::Result<()>,
    ) -> Result<()> {
        assert!(self.open_batch.get(), "the ledger is written inside `append` only");
        let insert = |rows: &[T], at_once: usize| -> rusqlite::Result<()> {
            if rows.is_empty() {
                return Ok(());
            }
            let mut statement = self.conn.prepare_cached(&insert_sql(table, columns, at_once))?;
            for chunk in rows.chunks_exact(at_once) {
                for (at, row) in chunk.iter().enumerate() {
                    bind(&mut statement, at * columns.len() + 1, row)?;
                }
                statement.raw_execute()?;
            }
            Ok(())
        };
        let (whole, rest) = rows.split_at(rows.len() - rows.len() % ROWS_AT_ONCE);
        insert(whole, ROWS_AT_ONCE).and_then(|()| insert(rest, 1)).map_err(fault(self.path()))
    }

    /// The highest account that has a balance; 0 before the first.
    fn last_balance(&self) -> Result<i64> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT ifnull(max(learner), 0) FROM balance")
            .map_err(fault(self.path()))?;
        statement.query_row([], |row| row.get(0)).map_err(fault(self.path()))
    }

    /// Inserts or replaces one row of a registry, as a register act says it.
    fn project(&self, table: &str, row: &str) -> Result<()> {
        if !TABLES.contains(&table) {
            return Err(Fault::new("S905", format!("there is no registry `{table}`")));
        }
        let object: Object = serde_json::from_str(row).map_err(|error| {
            Fault::new("S906", format!("a row of `{table}` is not a JSON object: {error}"))
        })?;
        if !object.get("id").is_some_and(Value::is_i64) {
            return Err(Fault::new("S501", format!("a row of `{table}` has no id")));
        }
        let columns: Vec<String> = object.keys().map(|column| format!("\"{column}\"")).collect();
        let updates: Vec<String> =
            columns.iter().map(|column| format!("{column} = excluded.{column}")).collect();
        let sql = format!(
            "INSERT INTO \"{table}\" ({}) VALUES ({}) ON CONFLICT (id) DO UPDATE SET {}",
            columns.join(","),
            vec!["?"; columns.len()].join(","),
            updates.join(",")
        );
        self.run(&sql, rusqlite::params_from_iter(object.values().map(sql_value)))
    }
}

/// Which of an achievement's columns that may be empty are filled somewhere in these rows.
fn filled(rows: &[Achievement]) -> [bool; 3] {
    let any = |has: fn(&Achievement) -> bool| rows.iter().any(has);
    [
        any(|a| a.attrs.is_some()),
        any(|a| a.group_line.is_some() || a.group_load.is_some()),
        any(|a| a.record.is_some()),
    ]
}

fn bind_achievement(
    s: &mut Statement,
    at: usize,
    a: &Achievement,
    [attrs, group, record]: [bool; 3],
) -> rusqlite::Result<()> {
    let numbers = [
        a.entry.0,
        a.learner,
        a.outcome,
        a.version,
        a.period,
        a.attempt,
        a.nth,
        a.status as i64,
        a.kind as i64,
        a.system,
        a.amount.0,
        a.file,
        a.line,
    ];
    for (offset, number) in numbers.into_iter().enumerate() {
        s.raw_bind_parameter(at + offset, number)?;
    }
    let mut next = at + numbers.len();
    let mut place = || {
        next += 1;
        next - 1
    };
    s.raw_bind_parameter(place(), a.grade)?;
    if attrs {
        s.raw_bind_parameter(place(), a.attrs)?;
    }
    if group {
        s.raw_bind_parameter(place(), a.group_line)?;
        s.raw_bind_parameter(place(), a.group_load.map(|load| load.0))?;
    }
    if record {
        s.raw_bind_parameter(place(), a.record.as_deref())?;
    }
    Ok(())
}

fn bind_movement(s: &mut Statement, at: usize, m: &Movement) -> rusqlite::Result<()> {
    let numbers = [
        m.entry.0,
        m.kind as i64,
        m.decision.0,
        m.learner,
        m.lot.0,
        m.num,
        m.den,
        m.system,
        m.amount.0,
        m.period,
    ];
    for (offset, number) in numbers.into_iter().enumerate() {
        s.raw_bind_parameter(at + offset, number)?;
    }
    s.raw_bind_parameter(at + 10, m.undoes.map(|entry| entry.0))
}

impl Tx for Sqlite {
    fn put_act(&mut self, act: &Act) -> Result<()> {
        let sql = "INSERT INTO act (entry, kind, learner, payload) VALUES (?, ?, ?, ?)";
        self.run(sql, (act.entry.0, act.kind as i64, act.learner, &act.payload))
    }

    fn put_act_rows(&mut self, entry: EntryId, rows: &[ActRow]) -> Result<()> {
        for row in rows {
            // A row that stands already is only projected again: that is how registries are rebuilt.
            let sql = "INSERT INTO act_row (entry, ord, tbl, row) SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS \
                       (SELECT 1 FROM act_row WHERE entry = ?1 AND ord = ?2 AND tbl = ?3 AND row = ?4)";
            self.run(sql, (entry.0, row.ord, &row.table, &row.row))?;
            self.project(&row.table, &row.row)?;
        }
        Ok(())
    }

    fn put_achievements(&mut self, rows: &[Achievement]) -> Result<()> {
        let filled = filled(rows);
        let [attrs, group, record] = filled;
        let mut columns = ACHIEVEMENT.to_vec();
        columns.extend(attrs.then_some("attrs"));
        columns.extend(["group_line", "group_load"].into_iter().filter(|_| group));
        columns.extend(record.then_some("record"));
        self.insert_many("achievement", &columns, rows, |s, at, a| bind_achievement(s, at, a, filled))
    }

    fn put_movements(&mut self, rows: &[Movement]) -> Result<()> {
        self.insert_many("movement", MOVEMENT, rows, bind_movement)
    }

    fn put_refusals(&mut self, rows: &[Refusal]) -> Result<()> {
        for r in rows {
            let sql = "INSERT INTO refusal (entry, ord, salt, file, line, code, reason, row, subject) \
                       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
            self.run(
                sql,
                (r.entry.0, r.ord, r.salt, r.file, r.line, &r.code, &r.reason, &r.row, &r.subject),
            )?;
        }
        Ok(())
    }

    fn put_keys(&mut self, keys: &[(i64, Key)]) -> Result<()> {
        self.insert_many("learner", &["id", "key"], keys, |s, at, (id, key)| {
            s.raw_bind_parameter(at, id)?;
            s.raw_bind_parameter(at + 1, key)
        })
    }

    fn put_identities(&mut self, rows: &[Identity]) -> Result<()> {
        let columns = ["learner", "nth", "scheme", "value", "valid_from", "valid_to", "entry", "ord"];
        self.insert_many("identity", &columns, rows, |s, at, row| {
            for (offset, number) in [row.learner, row.nth, row.scheme].into_iter().enumerate() {
                s.raw_bind_parameter(at + offset, number)?;
            }
            s.raw_bind_parameter(at + 3, &row.value)?;
            s.raw_bind_parameter(at + 4, row.valid_from.as_deref())?;
            s.raw_bind_parameter(at + 5, row.valid_to.as_deref())?;
            s.raw_bind_parameter(at + 6, row.entry.0)?;
            s.raw_bind_parameter(at + 7, row.ord)
        })
    }

    fn put_batch(&mut self, batch: &BatchRow) -> Result<()> {
        let sql = "INSERT INTO batch (entry, no, size, payload) VALUES (?, ?, ?, ?) \
                   ON CONFLICT (entry) DO UPDATE SET no = excluded.no, size = excluded.size, payload = excluded.payload";
        self.run(sql, (batch.entry.0, batch.no, batch.size, &batch.payload))
    }

    fn put_decision(&mut self, d: &DecisionRow) -> Result<()> {
        let sql = "INSERT INTO decision (entry, learner, verb, target, rule) VALUES (?, ?, ?, ?, ?)";
        self.run(sql, (d.entry.0, d.learner, &d.verb, &d.target, d.rule))
    }

    fn add_balances(&mut self, rows: &[(i64, i64, Balance)]) -> Result<()> {
        let sql = "INSERT INTO balance (learner, system, held, placed, converted, redeemed, expired, transferred) \
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (learner, system) DO UPDATE SET \
                   held = held + excluded.held, placed = placed + excluded.placed, \
                   converted = converted + excluded.converted, redeemed = redeemed + excluded.redeemed, \
                   expired = expired + excluded.expired, transferred = transferred + excluded.transferred \
                   RETURNING held = 0 AND placed = 0 AND converted = 0 AND redeemed = 0 AND expired = 0 \
                   AND transferred = 0";
        // Accounts without a balance yet come last, and need no look-up; keys out of order all get one.
        let ascending = rows.is_sorted_by(|a, b| (a.0, a.1) < (b.0, b.1));
        let last = if ascending { self.last_balance()? } else { i64::MAX };
        let (known, new) = rows.split_at(rows.partition_point(|(learner, _, _)| *learner <= last));
        let filled: Vec<_> = new.iter().filter(|(_, _, balance)| !balance.is_empty()).collect();
        self.insert_many("balance", BALANCE, &filled, |s, at, (learner, system, balance)| {
            let amounts = Place::ALL[1..].iter().map(|place| balance.at(*place).0);
            let mut numbers = [*learner, *system].into_iter().chain(amounts).zip(at..);
            numbers.try_for_each(|(number, at)| s.raw_bind_parameter(at, number))
        })?;
        for (learner, system, balance) in known {
            let mut amounts = vec![*learner, *system];
            amounts.extend(Place::ALL[1..].iter().map(|place| balance.at(*place).0));
            if self.run_returning(sql, rusqlite::params_from_iter(amounts))? {
                self.run("DELETE FROM balance WHERE learner = ? AND system = ?", (learner, system))?;
            }
        }
        Ok(())
    }

    fn add_summaries(&mut self, rows: &[(SummaryKey, SummarySums)]) -> Result<()> {
        let sql = "INSERT INTO summary VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
                   ON CONFLICT DO UPDATE SET achievements = achievements + excluded.achievements, \
                   deposited = deposited + excluded.deposited, placed = placed + excluded.placed, \
                   converted = converted + excluded.converted";
        for (k, sums) in rows {
            self.run(
                sql,
                rusqlite::params![
                    k.institution,
                    k.system,
                    k.kind,
                    k.framework,
                    k.level,
                    k.field,
                    k.year,
                    k.status,
                    sums.achievements,
                    sums.deposited,
                    sums.placed,
                    sums.converted
                ],
            )?;
        }
        let empty =
            "DELETE FROM summary WHERE achievements = 0 AND deposited = 0 AND placed = 0 AND converted = 0";
        self.run(empty, [])
    }

    fn clear_derived(&mut self) -> Result<()> {
        for table in TABLES.iter().chain(&["batch", "decision", "balance", "summary"]) {
            self.run(&format!("DELETE FROM \"{table}\""), [])?;
        }
        Ok(())
    }

    fn project_act_rows(&mut self, rows: &[ActRow]) -> Result<()> {
        rows.iter().try_for_each(|row| self.project(&row.table, &row.row))
    }

    fn put_tiles(&mut self, log: i64, tiles: &[Tile]) -> Result<()> {
        for tile in tiles {
            let sql = "INSERT INTO tile (log, level, idx, hashes) VALUES (?, ?, ?, ?) \
                       ON CONFLICT (log, level, idx) DO UPDATE SET hashes = excluded.hashes";
            self.run(sql, (log, tile.level, tile.index as i64, tile.to_bytes()))?;
        }
        Ok(())
    }

    fn put_head(&mut self, head: &Head) -> Result<()> {
        let sql = "INSERT INTO log (id, origin, size, root, frontier) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) \
                   DO UPDATE SET size = excluded.size, root = excluded.root, frontier = excluded.frontier";
        self.run(sql, (head.log, &head.origin, head.size as i64, head.root, head.frontier.to_bytes()))
    }
}
