//! Rows of SQLite, read into the ledger's types.

use crate::domain::credits::Credits;
use crate::domain::entry::{Achievement, Balance, EntryId, EntryKind, Movement};
use crate::domain::link::{Link, Pair};
use crate::domain::outcome::{Kind, Status};
use crate::proof::leaf::Commitment;
use crate::store::{
    Act, BatchRow, Cell, DecisionRow, Identity, Object, Refusal, Staged, SummaryKey, SummarySums,
};
use jiff::civil::Date;
use rusqlite::types::{FromSqlError, Type, ValueRef};
use rusqlite::{Error, Result, Row};
use serde_json::Value;

pub const ACT: &str = "SELECT entry, kind, learner, payload, commitment FROM act";
pub const ACHIEVEMENT: &str = "SELECT entry, learner, outcome, version, period, attempt, nth, status, kind, system, \
     amount, grade, attrs, file, line, group_line, group_load, record, commitment FROM achievement";
pub const MOVEMENT: &str = "SELECT entry, kind, decision, learner, lot, num, den, system, amount, period, undoes, \
     commitment FROM movement";
pub const REFUSAL: &str = "SELECT entry, ord, salt, file, line, code, reason, row, subject FROM refusal";
pub const STAGED: &str = "SELECT entry, ord, salt, file, bytes FROM staged";
pub const IDENTITY: &str =
    "SELECT learner, nth, scheme, value, valid_from, valid_to, entry, ord FROM identity";
pub const BATCH: &str = "SELECT entry, no, size, payload FROM batch";
pub const DECISION: &str = "SELECT entry, learner, verb, target, rule, about FROM decision";
pub const LINK: &str = "SELECT entry, account, person, since, ended, until FROM link";
pub const PAIR: &str = "SELECT entry, account, other, score, why, apart FROM pair";

fn bad(column: usize, what: &str) -> Error {
    Error::FromSqlConversionFailure(column, Type::Integer, Box::new(FromSqlError::Other(what.into())))
}

fn entry(row: &Row, column: usize) -> Result<EntryId> {
    row.get(column).map(EntryId)
}

fn entry_kind(row: &Row, column: usize) -> Result<EntryKind> {
    EntryKind::from_code(row.get(column)?).ok_or_else(|| bad(column, "no such kind of entry"))
}

fn commitment(row: &Row, column: usize) -> Result<Option<Commitment>> {
    row.get(column)
}

pub fn act(row: &Row) -> Result<(Act, Option<Commitment>)> {
    let payload: Option<String> = row.get(3)?;
    let act = Act {
        entry: entry(row, 0)?,
        kind: entry_kind(row, 1)?,
        learner: row.get(2)?,
        payload: payload.unwrap_or_default(),
    };
    Ok((act, commitment(row, 4)?))
}

pub fn achievement(row: &Row) -> Result<(Achievement, Option<Commitment>)> {
    let achievement = Achievement {
        entry: entry(row, 0)?,
        learner: row.get(1)?,
        outcome: row.get(2)?,
        version: row.get(3)?,
        period: row.get(4)?,
        attempt: row.get(5)?,
        nth: row.get(6)?,
        status: Status::from_code(row.get(7)?).ok_or_else(|| bad(7, "no such status"))?,
        kind: Kind::from_code(row.get(8)?).ok_or_else(|| bad(8, "no such kind of learning"))?,
        system: row.get(9)?,
        amount: Credits(row.get(10)?),
        grade: row.get(11)?,
        attrs: row.get(12)?,
        file: row.get(13)?,
        line: row.get(14)?,
        group_line: row.get(15)?,
        group_load: row.get::<_, Option<i64>>(16)?.map(Credits),
        record: row.get(17)?,
    };
    Ok((achievement, commitment(row, 18)?))
}

pub fn movement(row: &Row) -> Result<(Movement, Option<Commitment>)> {
    let movement = Movement {
        entry: entry(row, 0)?,
        kind: entry_kind(row, 1)?,
        decision: entry(row, 2)?,
        learner: row.get(3)?,
        lot: entry(row, 4)?,
        num: row.get(5)?,
        den: row.get(6)?,
        system: row.get(7)?,
        amount: Credits(row.get(8)?),
        period: row.get(9)?,
        undoes: row.get::<_, Option<i64>>(10)?.map(EntryId),
    };
    Ok((movement, commitment(row, 11)?))
}

pub fn staged(row: &Row) -> Result<Staged> {
    Ok(Staged {
        entry: entry(row, 0)?,
        ord: row.get(1)?,
        salt: row.get(2)?,
        file: row.get(3)?,
        bytes: row.get(4)?,
    })
}

pub fn refusal(row: &Row) -> Result<Refusal> {
    Ok(Refusal {
        entry: entry(row, 0)?,
        ord: row.get(1)?,
        salt: row.get(2)?,
        file: row.get(3)?,
        line: row.get(4)?,
        code: row.get(5)?,
        reason: row.get(6)?,
        row: row.get(7)?,
        subject: row.get(8)?,
    })
}

pub fn identity(row: &Row) -> Result<Identity> {
    Ok(Identity {
        learner: row.get(0)?,
        nth: row.get(1)?,
        scheme: row.get(2)?,
        value: row.get(3)?,
        valid_from: row.get(4)?,
        valid_to: row.get(5)?,
        entry: entry(row, 6)?,
        ord: row.get(7)?,
    })
}

fn day(column: usize, text: &str) -> Result<Date> {
    crate::domain::date::parse_iso(text).map_err(|_| bad(column, "not a day"))
}

pub fn link(row: &Row) -> Result<Link> {
    let (ended, until): (Option<i64>, Option<String>) = (row.get(4)?, row.get(5)?);
    if ended.is_some() != until.is_some() {
        return Err(bad(5, "a link ends by an entry and on a day, or by neither"));
    }
    let until = until.map(|text| day(5, &text)).transpose()?;
    Ok(Link {
        entry: entry(row, 0)?,
        account: row.get(1)?,
        person: row.get(2)?,
        since: day(3, &row.get::<_, String>(3)?)?,
        ended: ended.map(EntryId).zip(until),
    })
}

pub fn pair(row: &Row) -> Result<Pair> {
    Ok(Pair {
        entry: entry(row, 0)?,
        account: row.get(1)?,
        other: row.get(2)?,
        score: row.get(3)?,
        why: row.get(4)?,
        apart: row.get::<_, Option<i64>>(5)?.map(EntryId),
    })
}

pub fn batch(row: &Row) -> Result<BatchRow> {
    Ok(BatchRow { entry: entry(row, 0)?, no: row.get(1)?, size: row.get(2)?, payload: row.get(3)? })
}

pub fn decision(row: &Row) -> Result<DecisionRow> {
    Ok(DecisionRow {
        entry: entry(row, 0)?,
        learner: row.get(1)?,
        verb: row.get(2)?,
        target: row.get(3)?,
        rule: row.get(4)?,
        about: row.get::<_, Option<i64>>(5)?.map(EntryId),
    })
}

/// Columns: learner, system, held, placed, converted, redeemed, expired, transferred.
pub fn balance(row: &Row) -> Result<(i64, i64, Balance)> {
    let mut amounts = [0; 7];
    for (place, amount) in amounts.iter_mut().enumerate().skip(1) {
        *amount = row.get(place + 1)?;
    }
    // Wrapping, because a changed row may hold any number.
    amounts[0] = amounts[1..].iter().fold(0, |sum: i64, amount| sum.wrapping_sub(*amount));
    Ok((row.get(0)?, row.get(1)?, Balance(amounts)))
}

pub fn summary(row: &Row) -> Result<(SummaryKey, SummarySums)> {
    let key = SummaryKey {
        institution: row.get(0)?,
        system: row.get(1)?,
        kind: row.get(2)?,
        framework: row.get(3)?,
        level: row.get(4)?,
        field: row.get(5)?,
        year: row.get(6)?,
        status: row.get(7)?,
    };
    let sums = SummarySums {
        achievements: row.get(8)?,
        deposited: row.get(9)?,
        placed: row.get(10)?,
        converted: row.get(11)?,
    };
    Ok((key, sums))
}

/// Any row as a JSON object of its columns.
pub fn object(row: &Row, columns: &[String]) -> Result<Object> {
    let mut object = Object::new();
    for (at, column) in columns.iter().enumerate() {
        let value = match row.get_ref(at)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::from(number),
            ValueRef::Text(text) => {
                Value::from(std::str::from_utf8(text).map_err(|_| bad(at, "not Unicode"))?.to_owned())
            }
            ValueRef::Real(_) | ValueRef::Blob(_) => return Err(bad(at, "neither a number nor a text")),
        };
        object.insert(column.clone(), value);
    }
    Ok(object)
}

/// Any value as it is kept.
pub fn cell(row: &Row, column: usize) -> Result<Cell> {
    Ok(match row.get_ref(column)? {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Int(number),
        ValueRef::Real(_) => Cell::Odd("a real number".to_owned()),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Cell::Text(text.to_owned()),
            Err(_) => Cell::Odd("a text that is not Unicode".to_owned()),
        },
    })
}
