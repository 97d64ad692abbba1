//! A reversal of a reversal lets achievements stand again: their keys must be free.

use super::person::Person;
use crate::domain::entry::{Achievement, EntryId, Place};
use crate::domain::fault::{Fault, Result};
use crate::ops::names::Names;
use crate::store::Read;

/// Refuses where undoing these entries would let an achievement stand beside one that says the same.
pub fn check(read: &(impl Read + ?Sized), person: &Person, going: &[EntryId]) -> Result<()> {
    let back = person.themselves(going, Place::Recognised, Place::Held);
    if back.is_empty() {
        return Ok(());
    }
    let names = Names::default();
    let leaving = person.themselves(going, Place::Held, Place::Recognised);
    let will_stand = |row: &&Achievement| {
        back.contains(&row.entry) || (person.stands(row.entry) && !leaving.contains(&row.entry))
    };
    let standing: Vec<&Achievement> = person.achievements.values().filter(will_stand).collect();
    for row in back.iter().filter_map(|entry| person.achievements.get(entry)) {
        for other in standing.iter().filter(|other| other.entry != row.entry) {
            if same(read, &names, row, other)? || same_load(read, &names, row, other)? {
                return Err(taken(row, other));
            }
        }
        if let Some(other) = elsewhere(read, &names, person, row)? {
            return Err(taken(row, &other));
        }
    }
    Ok(())
}

fn taken(row: &Achievement, other: &Achievement) -> Fault {
    Fault::new("U102", format!("entry {} cannot stand again", row.entry))
        .why(format!("entry {} records the same achievement, or has its group's load", other.entry))
        .remedy(format!("reverse decision {} first", other.entry))
}

fn institution(read: &(impl Read + ?Sized), names: &Names, row: &Achievement) -> Result<i64> {
    Ok(names.outcome(read, row.outcome)?.institution)
}

/// Whether two achievements of one learner have the same key: an institution's own record id where both
/// have one.
pub fn same(
    read: &(impl Read + ?Sized),
    names: &Names,
    one: &Achievement,
    other: &Achievement,
) -> Result<bool> {
    if one.record.is_some() && other.record.is_some() {
        return Ok(
            one.record == other.record && institution(read, names, one)? == institution(read, names, other)?
        );
    }
    let key = |row: &Achievement| (row.outcome, row.period, row.attempt);
    Ok(key(one) == key(other))
}

/// Whether two achievements of one learner share out the load of one period, each in a batch of its own.
pub fn same_load(
    read: &(impl Read + ?Sized),
    names: &Names,
    one: &Achievement,
    other: &Achievement,
) -> Result<bool> {
    let both = one.group_load.is_some() && other.group_load.is_some() && one.period == other.period;
    if !both || institution(read, names, one)? != institution(read, names, other)? {
        return Ok(false);
    }
    let (batch, other_batch) = (read.batch_of(one.entry)?, read.batch_of(other.entry)?);
    Ok(batch.map(|batch| batch.entry) != other_batch.map(|batch| batch.entry))
}

/// A standing achievement of another person under the same record id.
fn elsewhere(
    read: &(impl Read + ?Sized),
    names: &Names,
    person: &Person,
    row: &Achievement,
) -> Result<Option<Achievement>> {
    let Some(record) = &row.record else { return Ok(None) };
    for other in read.by_record(record)? {
        if !person.achievements.contains_key(&other.entry)
            && institution(read, names, &other)? == institution(read, names, row)?
            && Person::load(read, &[other.learner])?.stands(other.entry)
        {
            return Ok(Some(other));
        }
    }
    Ok(None)
}
