//! What a batch writes into the file.

use super::Sqlite;
use super::fault::fault;
use crate::domain::credits::Credits;
use crate::domain::entry::{Achievement, Balance, EntryId, Movement, Place};
use crate::domain::fault::{Fault, Result};
use crate::domain::link::{Description, Link, Pair};
use crate::domain::registry::TABLES;
use crate::proof::leaf::Key;
use crate::proof::tile::Tile;
use crate::store::{
    Act, ActRow, BatchRow, DecisionRow, Head, Identity, Refusal, Staged, SummaryKey, SummarySums, Tx,
};
use rusqlite::types::Value as SqlValue;
use rusqlite::{Params, Statement};
use serde_json::Value;

/// Rows that one INSERT carries: measured, more gains nothing.
const ROWS_AT_ONCE: usize = 16;

/// The columns of an achievement that every statement brings.
const ACHIEVEMENT: &[&str] =
    &["entry", "learner", "outcome", "period", "kind", "system", "amount", "line", "grade"];
/// Those that hold the same in most rows, with that value, which is the schema's DEFAULT: where they hold it in all
/// rows of a statement, the statement leaves them out.
const USUAL: &[(&str, i64)] = &[("version", 1), ("attempt", 1), ("nth", 0), ("status", 0), ("file", 0)];
const BALANCE: &[&str] =
    &["learner", "system", "held", "placed", "converted", "redeemed", "expired", "transferred"];
const MOVEMENT: &[&str] =
    &["entry", "kind", "decision", "learner", "lot", "num", "den", "system", "amount", "period", "undoes"];

/// Adds to a balance that is there. A statement that could also begin one, or answer, would keep a copy of each page that
/// it changes.
const ADD_BALANCE: &str = "UPDATE balance SET held = held + ?3, placed = placed + ?4, converted = converted + ?5, \
    redeemed = redeemed + ?6, expired = expired + ?7, transferred = transferred + ?8 WHERE learner = ?1 AND system = ?2";
/// Takes a balance away in which nothing is left.
const END_BALANCE: &str = "DELETE FROM balance WHERE learner = ? AND system = ? AND held = 0 AND placed = 0 \
    AND converted = 0 AND redeemed = 0 AND expired = 0 AND transferred = 0";

const SUMMARY: &[&str] = &[
    "institution",
    "system",
    "kind",
    "framework",
    "level",
    "field",
    "year",
    "status",
    "achievements",
    "deposited",
    "placed",
    "converted",
];
/// Adds to a row of the summary, which may not be there yet.
const ADD_SUMMARY: &str = "INSERT INTO summary VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET \
    achievements = achievements + excluded.achievements, deposited = deposited + excluded.deposited, \
    placed = placed + excluded.placed, converted = converted + excluded.converted";

fn bind_summary(
    s: &mut Statement,
    at: usize,
    (key, sums): &(SummaryKey, SummarySums),
) -> rusqlite::Result<()> {
    for (offset, number) in [(0, key.institution), (1, key.system), (2, key.kind), (7, key.status)] {
        s.raw_bind_parameter(at + offset, number)?;
    }
    for (offset, text) in (3..).zip([&key.framework, &key.level, &key.field, &key.year]) {
        s.raw_bind_parameter(at + offset, text)?;
    }
    for (offset, sum) in (8..).zip([sums.achievements, sums.deposited, sums.placed, sums.converted]) {
        s.raw_bind_parameter(at + offset, sum)?;
    }
    Ok(())
}

fn bind_balance(
    statement: &mut Statement,
    at: usize,
    (learner, system, balance): &(i64, i64, Balance),
) -> rusqlite::Result<()> {
    let amounts = Place::ALL[1..].iter().map(|place| balance.at(*place).0);
    let mut numbers = [*learner, *system].into_iter().chain(amounts).zip(at..);
    numbers.try_for_each(|(number, at)| statement.raw_bind_parameter(at, number))
}

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

    /// Inserts rows of a table whose first column is its INTEGER PRIMARY KEY.
    ///
    /// A statement of several rows that brings keys of its own keeps a copy of every page that it
    /// changes, which costs more than the rows. So rows that continue the table's highest key leave
    /// theirs out, and SQLite counts on; any other row has a statement of its own.
    fn insert_keyed<T>(
        &self,
        table: &str,
        columns: &[&str],
        rows: &[T],
        key: impl Fn(&T) -> i64,
        bind: impl Fn(&mut Statement, usize, &T) -> rusqlite::Result<()>,
    ) -> Result<()> {
        let mut highest = self.highest(table, columns[0])?;
        let with_key = |s: &mut Statement, at: usize, row: &T| {
            s.raw_bind_parameter(at, key(row))?;
            bind(s, at + 1, row)
        };
        for run in rows.chunk_by(|a, b| key(a).checked_add(1) == Some(key(b))) {
            let counted_on = if key(&run[0]) == highest.saturating_add(1) { 0 } else { 1 };
            let own = if key(&run[0]) > highest { counted_on } else { run.len() };
            let (own, counted) = run.split_at(own);
            for row in own {
                self.insert_many(table, columns, std::slice::from_ref(row), with_key)?;
            }
            self.insert_many(table, &columns[1..], counted, &bind)?;
            let last = key(&run[run.len() - 1]);
            if !counted.is_empty() && self.conn.last_insert_rowid() != last {
                return Err(Fault::new("S917", format!("{table} gave a row another key than {last}")));
            }
            highest = highest.max(last);
        }
        Ok(())
    }

    fn is_empty(&self, table: &str) -> Result<bool> {
        let sql = format!("SELECT NOT EXISTS (SELECT 1 FROM {table})");
        self.conn.query_row(&sql, [], |row| row.get(0)).map_err(fault(self.path()))
    }

    /// The highest key of a table; 0 where it is empty.
    fn highest(&self, table: &str, key: &str) -> Result<i64> {
        let sql = format!("SELECT ifnull(max({key}), 0) FROM {table}");
        let mut statement = self.conn.prepare_cached(&sql).map_err(fault(self.path()))?;
        statement.query_row([], |row| row.get(0)).map_err(fault(self.path()))
    }
}

/// Which columns of an achievement the rows need parameters for.
struct Filled {
    usual: [bool; USUAL.len()],
    attrs: bool,
    group: bool,
    record: bool,
}

/// What [`USUAL`] names, of one row.
fn usual(a: &Achievement) -> [i64; USUAL.len()] {
    [a.version, a.attempt, a.nth, a.status as i64, a.file]
}

impl Filled {
    fn of(rows: &[Achievement]) -> Filled {
        let mut filled = Filled { usual: [true; USUAL.len()], attrs: false, group: false, record: false };
        for row in rows {
            for ((all, value), (_, usual)) in filled.usual.iter_mut().zip(usual(row)).zip(USUAL) {
                *all &= value == *usual;
            }
            filled.attrs |= row.attrs.is_some();
            filled.group |= row.group_line.is_some() || row.group_load.is_some();
            filled.record |= row.record.is_some();
        }
        filled
    }

    fn columns(&self) -> Vec<&'static str> {
        let unusual = USUAL.iter().zip(self.usual).filter(|(_, usual)| !usual);
        let optional = [("attrs", self.attrs), ("group_line", self.group), ("group_load", self.group)];
        let optional = optional.into_iter().chain([("record", self.record)]).filter(|(_, filled)| *filled);
        let always = ACHIEVEMENT.iter().copied();
        always
            .chain(unusual.map(|((column, _), _)| *column))
            .chain(optional.map(|(column, _)| column))
            .collect()
    }

    /// Binds what [`Filled::columns`] has parameters for, but the entry.
    fn bind(&self, s: &mut Statement, at: usize, a: &Achievement) -> rusqlite::Result<()> {
        let always = [a.learner, a.outcome, a.period, a.kind as i64, a.system, a.amount.0, a.line];
        let mut places = at..;
        let mut place = || places.next().unwrap_or_default();
        for number in always {
            s.raw_bind_parameter(place(), number)?;
        }
        s.raw_bind_parameter(place(), a.grade)?;
        for (number, _) in usual(a).into_iter().zip(self.usual).filter(|(_, usual)| !usual) {
            s.raw_bind_parameter(place(), number)?;
        }
        if self.attrs {
            s.raw_bind_parameter(place(), a.attrs)?;
        }
        if self.group {
            s.raw_bind_parameter(place(), a.group_line)?;
            s.raw_bind_parameter(place(), a.group_load.map(|load| load.0))?;
        }
        if self.record {
            s.raw_bind_parameter(place(), a.record.as_deref())?;
        }
        Ok(())
    }
}

fn bind_movement(s: &mut Statement, at: usize, m: &Movement) -> rusqlite::Result<()> {
    let numbers =
        [m.kind as i64, m.decision.0, m.learner, m.lot.0, m.num, m.den, m.system, m.amount.0, m.period];
    for (offset, number) in numbers.into_iter().enumerate() {
        s.raw_bind_parameter(at + offset, number)?;
    }
    s.raw_bind_parameter(at + numbers.len(), m.undoes.map(|entry| entry.0))
}

impl Tx for Sqlite {
    fn put_act(&mut self, act: &Act) -> Result<()> {
        let sql = "INSERT INTO act (entry, kind, learner, payload) VALUES (?, ?, ?, ?)";
        self.run(sql, (act.entry.0, act.kind as i64, act.learner, &act.payload))
    }

    fn put_act_rows(&mut self, entry: EntryId, rows: &[ActRow]) -> Result<()> {
        self.insert_many("act_row", &["entry", "ord", "tbl", "row"], rows, |s, at, row| {
            s.raw_bind_parameter(at, entry.0)?;
            s.raw_bind_parameter(at + 1, row.ord)?;
            s.raw_bind_parameter(at + 2, &row.table)?;
            s.raw_bind_parameter(at + 3, &row.row)
        })?;
        self.project(rows)
    }

    fn put_achievements(&mut self, rows: &[Achievement]) -> Result<()> {
        let filled = Filled::of(rows);
        let bind = |s: &mut Statement, at: usize, a: &Achievement| filled.bind(s, at, a);
        self.insert_keyed("achievement", &filled.columns(), rows, |a| a.entry.0, bind)
    }

    fn put_movements(&mut self, rows: &[Movement]) -> Result<()> {
        self.insert_keyed("movement", MOVEMENT, rows, |m| m.entry.0, bind_movement)
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

    fn put_staged(&mut self, rows: &[Staged]) -> Result<()> {
        for r in rows {
            let sql = "INSERT INTO staged (entry, ord, salt, file, bytes) VALUES (?, ?, ?, ?, ?)";
            self.run(sql, (r.entry.0, r.ord, r.salt, r.file, &r.bytes))?;
        }
        Ok(())
    }

    fn put_keys(&mut self, keys: &[(i64, Key)]) -> Result<()> {
        self.insert_keyed(
            "learner",
            &["id", "key"],
            keys,
            |(id, _)| *id,
            |s, at, (_, key)| s.raw_bind_parameter(at, key),
        )
    }

    fn put_identities(&mut self, rows: &[Identity]) -> Result<()> {
        let dated = rows.iter().any(|row| row.valid_from.is_some() || row.valid_to.is_some());
        let columns = ["learner", "nth", "scheme", "value", "entry", "ord", "valid_from", "valid_to"];
        let columns = if dated { &columns[..] } else { &columns[..6] };
        self.insert_many("identity", columns, rows, |s, at, row| {
            for (offset, number) in [row.learner, row.nth, row.scheme].into_iter().enumerate() {
                s.raw_bind_parameter(at + offset, number)?;
            }
            s.raw_bind_parameter(at + 3, &row.value)?;
            s.raw_bind_parameter(at + 4, row.entry.0)?;
            s.raw_bind_parameter(at + 5, row.ord)?;
            if dated {
                s.raw_bind_parameter(at + 6, row.valid_from.as_deref())?;
                s.raw_bind_parameter(at + 7, row.valid_to.as_deref())?;
            }
            Ok(())
        })
    }

    fn put_batch(&mut self, batch: &BatchRow) -> Result<()> {
        let sql = "INSERT INTO batch (entry, no, size, payload) VALUES (?, ?, ?, ?) \
                   ON CONFLICT (entry) DO UPDATE SET no = excluded.no, size = excluded.size, payload = excluded.payload";
        self.run(sql, (batch.entry.0, batch.no, batch.size, &batch.payload))
    }

    fn put_decision(&mut self, d: &DecisionRow) -> Result<()> {
        let sql =
            "INSERT INTO decision (entry, learner, verb, target, rule, about) VALUES (?, ?, ?, ?, ?, ?)";
        let about = d.about.map(|entry| entry.0);
        self.run(sql, (d.entry.0, d.learner, &d.verb, &d.target, d.rule, about))
    }

    fn put_link(&mut self, link: &Link) -> Result<()> {
        let sql = "INSERT INTO link (entry, account, person, since, ended, until) VALUES (?, ?, ?, ?, ?, ?) \
                   ON CONFLICT (entry) DO UPDATE SET account = excluded.account, person = excluded.person, \
                   since = excluded.since, ended = excluded.ended, until = excluded.until";
        let (ended, until) = link.ended.map(|(entry, day)| (entry.0, day.to_string())).unzip();
        self.run(sql, (link.entry.0, link.account, link.person, link.since.to_string(), ended, until))
    }

    fn put_pair(&mut self, p: &Pair) -> Result<()> {
        let sql = "INSERT INTO pair (entry, account, other, score, why, apart) VALUES (?, ?, ?, ?, ?, ?) \
                   ON CONFLICT (entry) DO UPDATE SET account = excluded.account, other = excluded.other, \
                   score = excluded.score, why = excluded.why, apart = excluded.apart";
        self.run(sql, (p.entry.0, p.account, p.other, p.score, &p.why, p.apart.map(|entry| entry.0)))
    }

    fn put_descriptions(&mut self, rows: &[Description]) -> Result<()> {
        let sql = "INSERT OR IGNORE INTO described (birth, name, learner) VALUES (?, ?, ?)";
        rows.iter().try_for_each(|row| self.run(sql, (&row.birth, &row.name, row.learner)))
    }

    fn add_balances(&mut self, rows: &[(i64, i64, Balance)]) -> Result<()> {
        // Accounts without a balance yet come last, and need no look-up; keys out of order all get one.
        let ascending = rows.is_sorted_by(|a, b| (a.0, a.1) < (b.0, b.1));
        let last = if ascending { self.highest("balance", "learner")? } else { i64::MAX };
        let (known, new) = rows.split_at(rows.partition_point(|(learner, _, _)| *learner <= last));
        let filled: Vec<_> = new.iter().filter(|(_, _, balance)| !balance.is_empty()).collect();
        self.insert_many("balance", BALANCE, &filled, |s, at, row| bind_balance(s, at, row))?;
        let mut add = self.conn.prepare_cached(ADD_BALANCE).map_err(fault(self.path()))?;
        for row in known {
            bind_balance(&mut add, 1, row).map_err(fault(self.path()))?;
            let (learner, system, balance) = row;
            let takes = Place::ALL[1..].iter().any(|place| balance.at(*place) < Credits::ZERO);
            match add.raw_execute().map_err(fault(self.path()))? {
                0 if !balance.is_empty() => {
                    let one = std::slice::from_ref(row);
                    self.insert_many("balance", BALANCE, one, bind_balance)?;
                }
                // Where nothing was taken, something is left.
                1 if takes => self.run(END_BALANCE, (learner, system))?,
                _ => {}
            }
        }
        Ok(())
    }

    fn add_summaries(&mut self, rows: &[(SummaryKey, SummarySums)]) -> Result<()> {
        // In order no two of them are one row.
        if rows.is_sorted_by(|a, b| a.0 < b.0) && self.is_empty("summary")? {
            let filled: Vec<_> = rows.iter().filter(|(_, sums)| !sums.is_empty()).collect();
            return self.insert_many("summary", SUMMARY, &filled, |s, at, row| bind_summary(s, at, row));
        }
        let mut add = self.conn.prepare_cached(ADD_SUMMARY).map_err(fault(self.path()))?;
        for row in rows {
            bind_summary(&mut add, 1, row).and_then(|()| add.raw_execute()).map_err(fault(self.path()))?;
        }
        let empty =
            "DELETE FROM summary WHERE achievements = 0 AND deposited = 0 AND placed = 0 AND converted = 0";
        self.run(empty, [])
    }

    fn clear_derived(&mut self) -> Result<()> {
        for table in
            TABLES.iter().chain(&["batch", "decision", "link", "pair", "described", "balance", "summary"])
        {
            self.run(&format!("DELETE FROM \"{table}\""), [])?;
        }
        Ok(())
    }

    fn project_act_rows(&mut self, rows: &[ActRow]) -> Result<()> {
        self.project(rows)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_statement_leaves_out_is_what_the_schema_fills_in() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Sqlite::create(&folder.path().join("bank.db")).unwrap();
        let mut statement = ledger
            .conn
            .prepare(
                "SELECT name, dflt_value FROM pragma_table_info('achievement') WHERE dflt_value IS NOT NULL",
            )
            .unwrap();
        let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
        let defaults: Vec<(String, String)> = rows.unwrap().collect::<rusqlite::Result<_>>().unwrap();
        let usual: Vec<_> =
            USUAL.iter().map(|(column, value)| ((*column).to_owned(), value.to_string())).collect();
        assert_eq!(defaults, usual);
    }
}
