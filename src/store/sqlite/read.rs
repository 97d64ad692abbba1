//! What can be asked of the ledger in the file.

use super::fault::fault;
use super::{Sqlite, rows};
use crate::domain::entry::{Achievement, Balance, EntryId, Movement};
use crate::domain::fault::{Fault, Result};
use crate::domain::link::{Description, Link, Pair};
use crate::domain::registry::TABLES;
use crate::proof::leaf::{Commitment, Key};
use crate::proof::merkle::{Frontier, Hash};
use crate::proof::tile::Tile;
use crate::store::{
    Act, ActRow, BatchRow, Cell, DecisionRow, Head, Identity, Object, Read, Refusal, RulesTable, Staged,
    SummaryKey, SummarySums,
};
use rusqlite::{OptionalExtension, Params, Row, ToSql};
use serde_json::Value;

impl Sqlite {
    /// Gives each row of a query to `each`, which may stop with a fault of its own.
    fn each<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl Fn(&Row) -> rusqlite::Result<T>,
        mut each: impl FnMut(T) -> Result<()>,
    ) -> Result<()> {
        let fault = fault(self.path());
        let mut statement = self.conn.prepare_cached(sql).map_err(&fault)?;
        let mut found = statement.query(params).map_err(&fault)?;
        while let Some(row) = found.next().map_err(&fault)? {
            each(read(row).map_err(&fault)?)?;
        }
        Ok(())
    }

    fn list<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl Fn(&Row) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let mut list = Vec::new();
        self.each(sql, params, read, |row| {
            list.push(row);
            Ok(())
        })?;
        Ok(list)
    }

    fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl Fn(&Row) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        let mut statement = self.conn.prepare_cached(sql).map_err(fault(self.path()))?;
        statement.query_row(params, |row| read(row)).optional().map_err(fault(self.path()))
    }

    fn damaged(&self, what: &str) -> Fault {
        Fault::new("S109", format!("{}: {what}", self.path().display())).remedy("run `creditbank verify`")
    }
}

struct LogRow {
    log: i64,
    origin: String,
    size: i64,
    root: Vec<u8>,
    frontier: Vec<u8>,
}

fn log_row(row: &Row) -> rusqlite::Result<LogRow> {
    Ok(LogRow {
        log: row.get(0)?,
        origin: row.get(1)?,
        size: row.get(2)?,
        root: row.get(3)?,
        frontier: row.get(4)?,
    })
}

/// Accounts for one whose secret is wanted, up to which all are read.
const CLOSE: i64 = 3;

/// Secrets that one statement looks up.
const KEYS_AT_ONCE: usize = 64;

impl Read for Sqlite {
    fn heads(&self) -> Result<Vec<Head>> {
        let rows = self.list("SELECT id, origin, size, root, frontier FROM log ORDER BY id", [], log_row)?;
        let head = |row: LogRow| {
            let LogRow { log, origin, size, root, frontier } = row;
            let size = u64::try_from(size).map_err(|_| self.damaged("a log has a negative size"))?;
            let root: Hash = root.try_into().map_err(|_| self.damaged("a root is not 32 bytes long"))?;
            let frontier = Frontier::from_bytes(size, &frontier)
                .ok_or_else(|| self.damaged("a frontier does not fit its log's size"))?;
            Ok(Head { log, origin, size, root, frontier })
        };
        rows.into_iter().map(head).collect()
    }

    fn tile(&self, log: i64, level: u8, index: u64) -> Result<Option<Tile>> {
        let sql = "SELECT hashes FROM tile WHERE log = ? AND level = ? AND idx = ?";
        let bytes: Option<Vec<u8>> = self.one(sql, (log, level, index as i64), |row| row.get(0))?;
        Ok(bytes.and_then(|bytes| Tile::from_bytes(level, index, &bytes)))
    }

    fn tile_count(&self, log: i64) -> Result<u64> {
        let count: Option<i64> =
            self.one("SELECT count(*) FROM tile WHERE log = ?", [log], |row| row.get(0))?;
        Ok(count.unwrap_or(0) as u64)
    }

    fn rows(
        &self,
        table: &str,
        by: Option<(&str, Value)>,
        each: &mut dyn FnMut(Object) -> Result<()>,
    ) -> Result<()> {
        if !TABLES.contains(&table) {
            return Err(Fault::new("S905", format!("there is no registry `{table}`")));
        }
        let fault = fault(self.path());
        let condition = by.as_ref().map_or(String::new(), |(column, _)| format!(" WHERE [{column}] IS ?"));
        let sql = format!("SELECT * FROM \"{table}\"{condition} ORDER BY id");
        let mut statement = self.conn.prepare_cached(&sql).map_err(&fault)?;
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let value = by.map(|(_, value)| super::write::sql_value(&value));
        let params: Vec<&dyn ToSql> = value.iter().map(|value| value as &dyn ToSql).collect();
        let mut found = statement.query(params.as_slice()).map_err(&fault)?;
        while let Some(row) = found.next().map_err(&fault)? {
            each(rows::object(row, &columns).map_err(&fault)?)?;
        }
        Ok(())
    }

    fn rule_texts(&self, book: i64, each: &mut dyn FnMut(&str) -> Result<()>) -> Result<()> {
        let fault = fault(self.path());
        let sql = "SELECT body FROM rule WHERE book = ? ORDER BY id";
        let mut statement = self.conn.prepare_cached(sql).map_err(&fault)?;
        let mut found = statement.query([book]).map_err(&fault)?;
        while let Some(row) = found.next().map_err(&fault)? {
            let text = row.get_ref(0).map_err(&fault)?;
            each(text.as_str().map_err(|_| self.damaged("the text of a rule cannot be read"))?)?;
        }
        Ok(())
    }

    fn act(&self, entry: EntryId) -> Result<Option<Act>> {
        let found = self.one(&format!("{} WHERE entry = ?", rows::ACT), [entry.0], rows::act)?;
        Ok(found.map(|(act, _)| act))
    }

    fn acts(
        &self,
        from: EntryId,
        to: EntryId,
        each: &mut dyn FnMut(Act, Option<Commitment>) -> Result<()>,
    ) -> Result<()> {
        let sql = format!("{} WHERE entry >= ? AND entry < ? ORDER BY entry", rows::ACT);
        self.each(&sql, [from.0, to.0], rows::act, |(act, commitment)| each(act, commitment))
    }

    fn act_rows(&self, entry: EntryId, each: &mut dyn FnMut(ActRow) -> Result<()>) -> Result<()> {
        let read = |row: &Row| Ok(ActRow { ord: row.get(0)?, table: row.get(1)?, row: row.get(2)? });
        self.each("SELECT ord, tbl, row FROM act_row WHERE entry = ? ORDER BY ord", [entry.0], read, each)
    }

    fn introduced(&self, what: RulesTable, each: &mut dyn FnMut(EntryId, &str) -> Result<()>) -> Result<()> {
        // The table's name stands in the text, or the partial index would not serve.
        let sql = format!("SELECT entry, row FROM act_row WHERE tbl = '{}' ORDER BY entry, ord", what.name());
        let read = |row: &Row| Ok((EntryId(row.get(0)?), row.get::<_, String>(1)?));
        self.each(&sql, [], read, |(entry, row)| each(entry, &row))
    }

    fn achievement(&self, entry: EntryId) -> Result<Option<Achievement>> {
        let found =
            self.one(&format!("{} WHERE entry = ?", rows::ACHIEVEMENT), [entry.0], rows::achievement)?;
        Ok(found.map(|(achievement, _)| achievement))
    }

    fn achievements(
        &self,
        from: EntryId,
        to: EntryId,
        each: &mut dyn FnMut(Achievement, Option<Commitment>) -> Result<()>,
    ) -> Result<()> {
        let sql = format!("{} WHERE entry >= ? AND entry < ? ORDER BY entry", rows::ACHIEVEMENT);
        self.each(&sql, [from.0, to.0], rows::achievement, |(row, commitment)| each(row, commitment))
    }

    fn achievements_of(&self, learner: i64) -> Result<Vec<Achievement>> {
        let sql = format!("{} WHERE learner = ? ORDER BY entry", rows::ACHIEVEMENT);
        self.list(&sql, [learner], |row| rows::achievement(row).map(|found| found.0))
    }

    fn same_key(&self, learner: i64, outcome: i64, period: i64, attempt: i64) -> Result<Vec<Achievement>> {
        let sql = format!(
            "{} WHERE learner = ? AND outcome = ? AND period = ? AND attempt = ? ORDER BY nth",
            rows::ACHIEVEMENT
        );
        self.list(&sql, [learner, outcome, period, attempt], |row| {
            rows::achievement(row).map(|found| found.0)
        })
    }

    fn same_outcome(&self, learner: i64, outcome: i64) -> Result<Vec<Achievement>> {
        let sql =
            format!("{} WHERE learner = ? AND outcome = ? ORDER BY period, attempt, nth", rows::ACHIEVEMENT);
        self.list(&sql, [learner, outcome], |row| rows::achievement(row).map(|found| found.0))
    }

    fn achieved(&self, each: &mut dyn FnMut(i64, i64) -> Result<()>) -> Result<()> {
        // The index alone says it, in far fewer pages than the table.
        let sql = "SELECT learner, outcome FROM achievement INDEXED BY achievement_key";
        self.each(sql, [], |row| Ok((row.get(0)?, row.get(1)?)), |(learner, outcome)| each(learner, outcome))
    }

    fn repeats(&self, each: &mut dyn FnMut(i64, i64) -> Result<()>) -> Result<()> {
        let sql = "SELECT learner, outcome FROM achievement GROUP BY learner, outcome HAVING count(*) > 1";
        self.each(sql, [], |row| Ok((row.get(0)?, row.get(1)?)), |(learner, outcome)| each(learner, outcome))
    }

    fn by_record(&self, record: &str) -> Result<Vec<Achievement>> {
        let sql = format!("{} WHERE record = ? ORDER BY entry", rows::ACHIEVEMENT);
        self.list(&sql, [record], |row| rows::achievement(row).map(|found| found.0))
    }

    fn movement(&self, entry: EntryId) -> Result<Option<Movement>> {
        let found = self.one(&format!("{} WHERE entry = ?", rows::MOVEMENT), [entry.0], rows::movement)?;
        Ok(found.map(|(movement, _)| movement))
    }

    fn movements(
        &self,
        from: EntryId,
        to: EntryId,
        each: &mut dyn FnMut(Movement, Option<Commitment>) -> Result<()>,
    ) -> Result<()> {
        let sql = format!("{} WHERE entry >= ? AND entry < ? ORDER BY entry", rows::MOVEMENT);
        self.each(&sql, [from.0, to.0], rows::movement, |(row, commitment)| each(row, commitment))
    }

    fn is_any_undone(&self, from: EntryId, to: EntryId) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM movement WHERE undoes >= ? AND undoes < ?)";
        let found: Vec<bool> = self.list(sql, [from.0, to.0], |row| row.get(0))?;
        Ok(found == [true])
    }

    fn movements_of(&self, learner: i64) -> Result<Vec<Movement>> {
        let sql = format!("{} WHERE learner = ? ORDER BY entry", rows::MOVEMENT);
        self.list(&sql, [learner], |row| rows::movement(row).map(|found| found.0))
    }

    fn movements_of_lot(&self, learner: i64, lot: EntryId) -> Result<Vec<Movement>> {
        let sql = format!("{} WHERE learner = ? AND lot = ? ORDER BY entry", rows::MOVEMENT);
        self.list(&sql, [learner, lot.0], |row| rows::movement(row).map(|found| found.0))
    }

    fn movements_of_decision(&self, decision: EntryId) -> Result<Vec<Movement>> {
        let sql = format!("{} WHERE decision = ? ORDER BY entry", rows::MOVEMENT);
        self.list(&sql, [decision.0], |row| rows::movement(row).map(|found| found.0))
    }

    fn refusals(
        &self,
        from: EntryId,
        to: EntryId,
        each: &mut dyn FnMut(Refusal) -> Result<()>,
    ) -> Result<()> {
        let sql = format!("{} WHERE entry >= ? AND entry < ? ORDER BY entry, ord", rows::REFUSAL);
        self.each(&sql, [from.0, to.0], rows::refusal, each)
    }

    fn staged(&self, entry: EntryId, each: &mut dyn FnMut(Staged) -> Result<()>) -> Result<()> {
        self.each(&format!("{} WHERE entry = ? ORDER BY ord", rows::STAGED), [entry.0], rows::staged, each)
    }

    fn rules_asking(&self, system: &str, institution: &str, outcome: &str) -> Result<Vec<i64>> {
        let sql = "SELECT id FROM rule WHERE from_system = ?1 \
                   UNION SELECT id FROM rule WHERE from_institution = ?2 AND from_outcome = ?3 \
                   UNION SELECT rule FROM rule_source WHERE institution IN (?2, '*') AND outcome IN (?3, '*') \
                   ORDER BY 1";
        self.list(sql, [system, institution, outcome], |row| row.get(0))
    }

    fn last_row(&self, table: &str) -> Result<i64> {
        if !TABLES.contains(&table) {
            return Err(Fault::new("S905", format!("there is no registry `{table}`")));
        }
        let sql = format!("SELECT max(id) FROM \"{table}\"");
        Ok(self.one(&sql, [], |row| row.get::<_, Option<i64>>(0))?.flatten().unwrap_or(0))
    }

    fn last_learner(&self) -> Result<i64> {
        Ok(self
            .one("SELECT max(id) FROM learner", [], |row| row.get::<_, Option<i64>>(0))?
            .flatten()
            .unwrap_or(0))
    }

    fn key(&self, learner: i64) -> Result<Option<Key>> {
        self.one("SELECT key FROM learner WHERE id = ?", [learner], |row| row.get(0))
    }

    fn keys_of(&self, learners: &[i64]) -> Result<Vec<(i64, Key)>> {
        let mut found = Vec::with_capacity(learners.len());
        // Where most are wanted it takes less to pass by the others than to look each up.
        if let [first, .., last] = learners
            && (last - first) / CLOSE < learners.len() as i64
        {
            let sql = "SELECT id, key FROM learner WHERE id BETWEEN ? AND ? ORDER BY id";
            let mut wanted = learners.iter().copied().peekable();
            let read = |row: &Row| Ok((row.get(0)?, row.get(1)?));
            self.each(sql, [first, last], read, |(id, key)| {
                while wanted.next_if(|wanted| *wanted < id).is_some() {}
                found.extend(wanted.next_if_eq(&id).map(|_| (id, key)));
                Ok(())
            })?;
            return Ok(found);
        }
        let chunks = learners.chunks_exact(KEYS_AT_ONCE);
        let rest = chunks.remainder();
        let sql = format!("SELECT id, key FROM learner WHERE id IN (?{})", ",?".repeat(KEYS_AT_ONCE - 1));
        for chunk in chunks {
            let read = |row: &Row| Ok((row.get(0)?, row.get(1)?));
            found.extend(self.list(&sql, rusqlite::params_from_iter(chunk), read)?);
        }
        for learner in rest {
            found.extend(self.key(*learner)?.map(|key| (*learner, key)));
        }
        Ok(found)
    }

    fn keys(&self, each: &mut dyn FnMut(i64, Key) -> Result<()>) -> Result<()> {
        let read = |row: &Row| Ok((row.get(0)?, row.get(1)?));
        self.each("SELECT id, key FROM learner ORDER BY id", [], read, |(id, key)| each(id, key))
    }

    fn values_of_identity(&self, each: &mut dyn FnMut(i64, i64, &str) -> Result<()>) -> Result<()> {
        let mut statement = self
            .conn
            .prepare_cached("SELECT learner, scheme, value FROM identity")
            .map_err(fault(self.path()))?;
        let mut rows = statement.query([]).map_err(fault(self.path()))?;
        while let Some(row) = rows.next().map_err(fault(self.path()))? {
            let value = row.get_ref(2).map_err(fault(self.path()))?;
            let value = value.as_str().map_err(|error| fault(self.path())(error.into()))?;
            let number = |at| row.get(at).map_err(fault(self.path()));
            each(number(0)?, number(1)?, value)?;
        }
        Ok(())
    }

    fn identities_of(&self, learner: i64) -> Result<Vec<Identity>> {
        self.list(&format!("{} WHERE learner = ? ORDER BY nth", rows::IDENTITY), [learner], rows::identity)
    }

    fn identities_with(&self, value: &str) -> Result<Vec<Identity>> {
        let sql = format!("{} WHERE value = ? ORDER BY scheme, learner, nth", rows::IDENTITY);
        self.list(&sql, [value], rows::identity)
    }

    fn identities(&self, each: &mut dyn FnMut(Identity) -> Result<()>) -> Result<()> {
        self.each(&format!("{} ORDER BY entry, ord, learner, nth", rows::IDENTITY), [], rows::identity, each)
    }

    fn batches(&self, each: &mut dyn FnMut(BatchRow) -> Result<()>) -> Result<()> {
        self.each(&format!("{} ORDER BY no", rows::BATCH), [], rows::batch, each)
    }

    fn batch(&self, no: i64) -> Result<Option<BatchRow>> {
        self.one(&format!("{} WHERE no = ?", rows::BATCH), [no], rows::batch)
    }

    fn batch_of(&self, entry: EntryId) -> Result<Option<BatchRow>> {
        let sql = format!("{} WHERE entry <= ? ORDER BY entry DESC LIMIT 1", rows::BATCH);
        let found = self.one(&sql, [entry.0], rows::batch)?;
        Ok(found.filter(|batch| batch.entry.log() == entry.log() && entry.0 - batch.entry.0 < batch.size))
    }

    fn decision(&self, entry: EntryId) -> Result<Option<DecisionRow>> {
        self.one(&format!("{} WHERE entry = ?", rows::DECISION), [entry.0], rows::decision)
    }

    fn decisions_about(&self, entry: EntryId) -> Result<Vec<DecisionRow>> {
        let sql = format!("{} WHERE about = ? ORDER BY entry", rows::DECISION);
        self.list(&sql, [entry.0], rows::decision)
    }

    fn pins(&self, learner: i64) -> Result<Vec<DecisionRow>> {
        // As the partial index has it.
        let sql = format!(
            "{} WHERE learner = ? AND (verb = 'pin' OR verb = 'unpin') ORDER BY entry",
            rows::DECISION
        );
        self.list(&sql, [learner], rows::decision)
    }

    fn decisions(&self, each: &mut dyn FnMut(DecisionRow) -> Result<()>) -> Result<()> {
        self.each(&format!("{} ORDER BY entry", rows::DECISION), [], rows::decision, each)
    }

    fn links(&self) -> Result<Vec<Link>> {
        self.list(&format!("{} ORDER BY entry", rows::LINK), [], rows::link)
    }

    fn pairs(&self) -> Result<Vec<Pair>> {
        self.list(&format!("{} ORDER BY entry", rows::PAIR), [], rows::pair)
    }

    fn described(&self, birth: &str, name: &str) -> Result<Vec<i64>> {
        let sql = "SELECT learner FROM described WHERE birth = ? AND name = ? ORDER BY learner";
        self.list(sql, [birth, name], |row| row.get(0))
    }

    fn descriptions(&self, each: &mut dyn FnMut(Description) -> Result<()>) -> Result<()> {
        let sql = "SELECT birth, name, learner FROM described ORDER BY birth, name, learner";
        let read =
            |row: &Row| Ok(Description { birth: row.get(0)?, name: row.get(1)?, learner: row.get(2)? });
        self.each(sql, [], read, each)
    }

    fn balances(
        &self,
        learner: Option<i64>,
        each: &mut dyn FnMut(i64, i64, Balance) -> Result<()>,
    ) -> Result<()> {
        let condition = if learner.is_some() { "WHERE learner = ?" } else { "" };
        let sql = format!(
            "SELECT learner, system, held, placed, converted, redeemed, expired, transferred FROM balance \
             {condition} ORDER BY learner, system"
        );
        let params = rusqlite::params_from_iter(learner);
        self.each(&sql, params, rows::balance, |(learner, system, balance)| each(learner, system, balance))
    }

    fn summaries(&self, each: &mut dyn FnMut(SummaryKey, SummarySums) -> Result<()>) -> Result<()> {
        let sql =
            "SELECT * FROM summary ORDER BY institution, system, kind, framework, level, field, year, status";
        self.each(sql, [], rows::summary, |(key, sums)| each(key, sums))
    }

    fn scan(
        &self,
        table: &str,
        columns: &[&str],
        range: Option<(i64, i64)>,
        each: &mut dyn FnMut(&[Cell]) -> Result<()>,
    ) -> Result<()> {
        let fault = fault(self.path());
        let first = columns[0];
        let condition =
            range.map_or(String::new(), |(from, to)| format!("WHERE \"{first}\" BETWEEN {from} AND {to}"));
        let names: Vec<String> = columns.iter().map(|column| format!("\"{column}\"")).collect();
        let order = names[..names.len().min(2)].join(", ");
        let sql = format!("SELECT {} FROM \"{table}\" {condition} ORDER BY {order}", names.join(", "));
        let mut statement = self.conn.prepare_cached(&sql).map_err(&fault)?;
        let mut found = statement.query([]).map_err(&fault)?;
        while let Some(row) = found.next().map_err(&fault)? {
            let cells: Vec<Cell> = (0..columns.len())
                .map(|at| rows::cell(row, at))
                .collect::<rusqlite::Result<_>>()
                .map_err(&fault)?;
            each(&cells)?;
        }
        Ok(())
    }
}
