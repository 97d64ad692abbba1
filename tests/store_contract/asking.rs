//! Everything that an engine can be asked, and appends.

use super::*;

/// What a question that answers row by row gives.
pub fn gather<T>(ask: impl FnOnce(&mut dyn FnMut(T) -> Result<()>) -> Result<()>) -> Vec<T> {
    let mut rows = Vec::new();
    let mut each = |row| {
        rows.push(row);
        Ok(())
    };
    ask(&mut each).unwrap();
    rows
}

pub fn acts(read: &dyn Read, from: EntryId, to: EntryId) -> Vec<Act> {
    gather(|each| read.acts(from, to, &mut |act, _| each(act)))
}

pub fn achievements(read: &dyn Read, from: EntryId, to: EntryId) -> Vec<Achievement> {
    gather(|each| read.achievements(from, to, &mut |row, _| each(row)))
}

pub fn movements(read: &dyn Read, from: EntryId, to: EntryId) -> Vec<Movement> {
    gather(|each| read.movements(from, to, &mut |row, _| each(row)))
}

pub fn refusals(read: &dyn Read, from: EntryId, to: EntryId) -> Vec<Refusal> {
    gather(|each| read.refusals(from, to, each))
}

pub fn balances(read: &dyn Read, learner: Option<i64>) -> Vec<(i64, i64, Balance)> {
    gather(|each| read.balances(learner, &mut |learner, system, sum| each((learner, system, sum))))
}

pub fn summaries(read: &dyn Read) -> Vec<(SummaryKey, SummarySums)> {
    gather(|each| read.summaries(&mut |key, sums| each((key, sums))))
}

pub fn rows(read: &dyn Read, table: &str, by: Option<(&str, Value)>) -> Vec<Object> {
    gather(|each| read.rows(table, by, each))
}

pub fn head_of(read: &dyn Read, log: i64) -> Option<Head> {
    read.heads().unwrap().into_iter().find(|head| head.log == log)
}

/// Appends to log 0, opening it where need be.
pub fn attempt(store: &mut dyn Store, put: &dyn Fn(&mut dyn Tx) -> Result<()>) -> Result<bool> {
    let expected = head_of(store, 0);
    let opening = expected.is_none();
    store.append(0, expected.as_ref(), &mut |tx| {
        if opening {
            tx.put_head(&head(0, 0))?;
        }
        put(tx).map(|()| true)
    })
}

pub fn commit(store: &mut dyn Store, put: impl Fn(&mut dyn Tx) -> Result<()>) {
    assert_eq!(attempt(store, &put), Ok(true));
}

pub fn refuse(store: &mut dyn Store, code: &str, put: impl Fn(&mut dyn Tx) -> Result<()>) {
    let before = everything(store);
    assert_eq!(attempt(store, &put).map_err(|fault| fault.code), Err(code));
    assert_same(&before, &everything(store));
}

/// Every question and its answer, line by line.
pub fn everything(read: &dyn Read) -> Vec<String> {
    let mut said = vec![format!("heads: {:?}", read.heads().unwrap())];
    say_tiles(read, &mut said);
    let places = say_journal(read, &mut said);
    say_by_place(read, &places, &mut said);
    say_learners(read, &mut said);
    say_registries(read, &mut said);
    said
}

pub fn say_tiles(read: &dyn Read, said: &mut Vec<String>) {
    for log in 0..3 {
        said.push(format!("tiles of {log}: {}", read.tile_count(log).unwrap()));
        for (level, index) in (0..2).flat_map(|level| (0..3).map(move |index| (level, index))) {
            let tile = read.tile(log, level, index).unwrap();
            said.push(format!("tile {log} {level} {index}: {tile:?}"));
        }
    }
}

/// Says what is listed in ranges, and gives the places worth asking for.
pub fn say_journal(read: &dyn Read, said: &mut Vec<String>) -> Vec<EntryId> {
    let (first, last) = (at(0), EntryId(i64::MAX));
    let (acts, achievements) = (acts(read, first, last), achievements(read, first, last));
    let (movements, refusals) = (movements(read, first, last), refusals(read, first, last));
    for act in &acts {
        said.extend(gather(|each| read.staged(act.entry, &mut |piece| each(format!("{piece:?}")))));
    }
    let batches = gather(|each| read.batches(each));
    let decisions = gather(|each| read.decisions(each));
    said.extend(acts.iter().map(|row| format!("{row:?}")));
    said.extend(achievements.iter().map(|row| format!("{row:?}")));
    said.extend(movements.iter().map(|row| format!("{row:?}")));
    said.extend(refusals.iter().map(|row| format!("{row:?}")));
    said.extend(batches.iter().map(|row| format!("{row:?} {:?}", read.batch(row.no).unwrap())));
    said.extend(decisions.iter().map(|row| format!("{row:?}")));
    said.extend(balances(read, None).iter().map(|row| format!("{row:?}")));
    said.extend(summaries(read).iter().map(|row| format!("{row:?}")));
    for row in &achievements {
        let same = read.same_key(row.learner, row.outcome, row.period, row.attempt).unwrap();
        said.push(format!("same key as {}: {same:?}", row.entry));
        if let Some(record) = &row.record {
            said.push(format!("record {record}: {:?}", read.by_record(record).unwrap()));
        }
    }
    for row in &movements {
        let of_lot = read.movements_of_lot(row.learner, row.lot).unwrap();
        let of_decision = read.movements_of_decision(row.decision).unwrap();
        if let Some(undone) = row.undoes {
            assert!(read.is_any_undone(undone, undone.plus(1)).unwrap());
        }
        assert!(!read.is_any_undone(row.entry, row.entry).unwrap());
        said.push(format!("with movement {}: {of_lot:?} {of_decision:?}", row.entry));
    }
    let mut places: Vec<EntryId> = acts.iter().map(|row| row.entry).collect();
    places.extend(achievements.iter().map(|row| row.entry));
    places.extend(movements.iter().map(|row| row.entry));
    places.extend(batches.iter().flat_map(|row| [row.entry, row.entry.plus(row.size as u64)]));
    places.extend(decisions.iter().map(|row| row.entry));
    places
}

pub fn say_by_place(read: &dyn Read, places: &[EntryId], said: &mut Vec<String>) {
    for &place in places {
        said.push(format!(
            "at {place}: {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            read.act(place).unwrap(),
            read.achievement(place).unwrap(),
            read.movement(place).unwrap(),
            read.batch_of(place).unwrap(),
            read.decision(place).unwrap(),
            read.decisions_about(place).unwrap(),
            gather(|each| read.act_rows(place, each)),
        ));
    }
    if let (Some(from), Some(to)) = (places.first(), places.get(places.len() / 2)) {
        said.push(format!(
            "from {from} to {to}: {:?} {:?} {:?} {:?}",
            acts(read, *from, *to),
            achievements(read, *from, *to),
            movements(read, *from, *to),
            refusals(read, *from, *to),
        ));
    }
}

pub fn say_learners(read: &dyn Read, said: &mut Vec<String>) {
    let keys = gather(|each| read.keys(&mut |learner, key| each((learner, key))));
    let identities = gather(|each| read.identities(each));
    for table in TABLES {
        let (mut last, rows) = (0, read.last_row(table).unwrap());
        read.rows(table, None, &mut |row| {
            last = row["id"].as_i64().unwrap().max(last);
            Ok(())
        })
        .unwrap();
        assert_eq!(rows, last, "{table}");
    }
    said.push(format!("last learner: {} of {keys:?}", read.last_learner().unwrap()));
    said.push(format!("links: {:?} pairs: {:?}", read.links().unwrap(), read.pairs().unwrap()));
    let descriptions = gather(|each| read.descriptions(each));
    said.push(format!("descriptions: {descriptions:?}"));
    for name in ["", "A", "a", "王小明"] {
        said.push(format!("{name} is described: {:?}", read.described("2001-05-06", name).unwrap()));
    }
    said.push(format!("identities: {identities:?}"));
    for fact in &identities {
        said.push(format!("{:?} is {:?}", fact.value, read.identities_with(&fact.value).unwrap()));
    }
    for learner in 0..8 {
        said.push(format!(
            "learner {learner}: {:?} {:?} {:?} {:?} {:?}",
            read.key(learner).unwrap(),
            read.identities_of(learner).unwrap(),
            read.achievements_of(learner).unwrap(),
            read.movements_of(learner).unwrap(),
            balances(read, Some(learner)),
        ));
    }
}

pub fn say_registries(read: &dyn Read, said: &mut Vec<String>) {
    for table in TABLES {
        let all = rows(read, table, None);
        for (column, value) in all.last().into_iter().flatten() {
            let found = rows(read, table, Some((column, value.clone())));
            said.push(format!("{table} where {column} = {value}: {:?}", sorted(&found)));
        }
        said.push(format!("{table}: {:?}", sorted(&all)));
    }
}

/// Rows with their columns in one order, whatever the engine's.
pub fn sorted(rows: &[Object]) -> Vec<Vec<(&String, &Value)>> {
    let columns = |row| {
        let mut columns: Vec<_> = Object::iter(row).collect();
        columns.sort_by_key(|(column, _)| *column);
        columns
    };
    rows.iter().map(columns).collect()
}

/// Equal, or panics with the first line that is not.
pub fn assert_same(one: &[String], other: &[String]) {
    for (one, other) in one.iter().zip(other) {
        assert_eq!(one, other);
    }
    assert_eq!(one.len(), other.len(), "one says more than the other");
}

/// One row of every sort.
pub fn put_one_of_all(tx: &mut dyn Tx) -> Result<()> {
    tx.put_keys(&[(1, [1; 32])])?;
    tx.put_act(&act(at(0), EntryKind::Genesis, None))?;
    tx.put_act(&act(at(1), EntryKind::Batch, None))?;
    tx.put_act(&act(at(2), EntryKind::Register, None))?;
    tx.put_act_rows(at(2), &[store::act_row(0, &institution(1, "NJU", None))?])?;
    tx.put_act(&act(at(3), EntryKind::Enrol, Some(1)))?;
    tx.put_identities(&[identity(1, 0, "000123", at(3), 0)])?;
    tx.put_achievements(&[achievement(at(4), [1, 1, 1, 1, 0])])?;
    tx.put_act(&act(at(5), EntryKind::Decision, Some(1)))?;
    tx.put_decision(&decision(at(5)))?;
    tx.put_movements(&[movement(at(6), 1, at(4), at(5))])?;
    tx.put_act(&act(at(7), EntryKind::Refuse, None))?;
    tx.put_refusals(&[refusal(at(7), 0)])?;
    tx.put_batch(&batch(at(1), 1, 7))?;
    tx.put_link(&link(at(3), 2, None))?;
    tx.put_pair(&pair(at(3), 2, None))?;
    tx.put_descriptions(&[described(1, "王小明")])?;
    tx.add_balances(&[(1, 2, Balance([-3_000, 2_000, 1_000, 0, 0, 0, 0]))])?;
    tx.add_summaries(&[(summary_key(1, "6"), sums(1, 3_000))])?;
    tx.put_head(&head(0, 8))?;
    tx.put_tiles(0, &[tile(0, 0, 8)])
}
