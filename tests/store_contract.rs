//! What any engine must do, told once and run on all of them; then random commands on an engine and on
//! the model, compared after each.
//!
//! What the traits leave open is settled here: where an order is not promised, rows come by primary
//! key; the schema's references are checked when a batch commits, so that its verbs may come in any
//! order; a work hands on the fault of a verb; act rows that stand already, put again to the letter,
//! are only projected again.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

use creditbank::domain::credits::Credits;
use creditbank::domain::entry::{Achievement, Balance, EntryId, EntryKind, Movement};
use creditbank::domain::fault::{Fault, Result};
use creditbank::domain::link::{Description, Link, Pair};
use creditbank::domain::outcome::{Kind, Status};
use creditbank::domain::registry::{
    Grade, GradeConversionRow, GradingTableRow, Institution, Outcome, PeriodRow, RuleRow, RuleSourceRow,
    Scheme, TABLES,
};
use creditbank::proof::merkle::{Frontier, Hash, leaf_hash};
use creditbank::proof::tile::Tile;
use creditbank::store::memory::Memory;
use creditbank::store::sqlite::Sqlite;
use creditbank::store::{
    self, Act, ActRow, BatchRow, DecisionRow, Head, Identity, Object, Read, Refusal, Staged, Store,
    SummaryKey, SummarySums, Tx,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tempfile::TempDir;

// ------------------------------------------------------------------ engines

/// A name, an empty ledger, and the folder that holds it, if any, until the test is over.
type Engine = (&'static str, Box<dyn Store>, Option<TempDir>);

fn engines() -> Vec<Engine> {
    let mut engines: Vec<Engine> = vec![("memory", Box::new(Memory::new()), None)];
    engines.extend(engine_in_a_file());
    engines
}

/// The engine that keeps a file joins all stories by giving itself here, with its folder.
fn engine_in_a_file() -> Option<Engine> {
    let folder = tempfile::tempdir().unwrap();
    let engine = Sqlite::create(&folder.path().join("ledger.db")).unwrap();
    Some(("sqlite", Box::new(engine), Some(folder)))
}

fn on_every_engine(story: fn(&mut dyn Store)) {
    for (name, mut engine, _folder) in engines() {
        println!("engine: {name}");
        story(&mut *engine);
    }
}

// ------------------------------------------------------------------ rows

fn at(seq: u64) -> EntryId {
    EntryId::new(0, seq)
}

fn leaf(log: i64, seq: u64) -> Hash {
    leaf_hash(format!("{log}:{seq}").as_bytes())
}

fn head(log: i64, size: u64) -> Head {
    let frontier: Frontier = (0..size).map(|seq| leaf(log, seq)).collect();
    Head { log, origin: format!("bank.example/{log}"), size, root: frontier.root(), frontier }
}

fn act(entry: EntryId, kind: EntryKind, learner: Option<i64>) -> Act {
    Act { entry, kind, learner, payload: format!(r#"{{"why":"登记 {entry}"}}"#) }
}

fn achievement(entry: EntryId, key: [i64; 5]) -> Achievement {
    let [learner, outcome, period, attempt, nth] = key;
    Achievement {
        entry,
        learner,
        outcome,
        version: 1,
        period,
        attempt,
        nth,
        status: Status::Passed,
        kind: Kind::Formal,
        system: 2,
        amount: Credits(3_000),
        grade: None,
        attrs: None,
        file: 0,
        line: 7,
        group_line: None,
        group_load: None,
        record: None,
    }
}

fn movement(entry: EntryId, learner: i64, lot: EntryId, decision: EntryId) -> Movement {
    Movement {
        entry,
        kind: EntryKind::ConvertOut,
        decision,
        learner,
        lot,
        num: 1,
        den: 3,
        system: 2,
        amount: Credits(1_000),
        period: 1,
        undoes: None,
    }
}

fn refusal(entry: EntryId, ord: i64) -> Refusal {
    Refusal {
        entry,
        ord,
        salt: [entry.seq() as u8; 16],
        file: 1,
        line: 20 + ord,
        code: "I203".to_owned(),
        reason: "credits: \"四\" is not a number".to_owned(),
        row: r#"["A1","四"]"#.to_owned(),
        subject: r#"["NJU","A1"]"#.to_owned(),
    }
}

fn identity(learner: i64, nth: i64, value: &str, entry: EntryId, ord: i64) -> Identity {
    Identity {
        learner,
        nth,
        scheme: 1,
        value: value.to_owned(),
        valid_from: Some("2024-09-01".to_owned()),
        valid_to: None,
        entry,
        ord,
    }
}

fn batch(entry: EntryId, no: i64, size: i64) -> BatchRow {
    BatchRow { entry, no, size, payload: format!(r#"{{"id":"{no:032x}"}}"#) }
}

fn decision(entry: EntryId) -> DecisionRow {
    let verb = "convert".to_owned();
    DecisionRow { entry, learner: Some(1), verb, target: Some("ECTS".to_owned()), rule: Some(3), about: None }
}

fn link(entry: EntryId, account: i64, ended: Option<EntryId>) -> Link {
    let day = jiff::civil::date(2025, 2, 28);
    Link { entry, account, person: 1, since: day, ended: ended.map(|entry| (entry, day)) }
}

fn pair(entry: EntryId, account: i64, apart: Option<EntryId>) -> Pair {
    Pair { entry, account, other: 1, score: 90, why: "the same name".to_owned(), apart }
}

fn described(learner: i64, name: &str) -> Description {
    Description { birth: "2001-05-06".to_owned(), name: name.to_owned(), learner }
}

fn summary_key(institution: i64, level: &str) -> SummaryKey {
    SummaryKey {
        institution,
        system: 2,
        kind: 0,
        framework: String::new(),
        level: level.to_owned(),
        field: "0613".to_owned(),
        year: "2024".to_owned(),
        status: 0,
    }
}

fn sums(achievements: i64, deposited: i64) -> SummarySums {
    SummarySums { achievements, deposited, placed: 0, converted: 0 }
}

fn institution(id: i64, code: &str, country: Option<&str>) -> Institution {
    let name = format!("{code} 大学（虚构）");
    let country = country.map(str::to_owned);
    Institution { id, code: code.to_owned(), name, country, region: None, sector: None, calendar: None }
}

fn tile(level: u8, index: u64, width: u64) -> Tile {
    Tile { level, index, hashes: (0..width).map(|seq| leaf(i64::from(level), seq)).collect() }
}

// ------------------------------------------------------------------ asking and appending

/// What a question that answers row by row gives.
fn gather<T>(ask: impl FnOnce(&mut dyn FnMut(T) -> Result<()>) -> Result<()>) -> Vec<T> {
    let mut rows = Vec::new();
    let mut each = |row| {
        rows.push(row);
        Ok(())
    };
    ask(&mut each).unwrap();
    rows
}

fn acts(read: &dyn Read, from: EntryId, to: EntryId) -> Vec<Act> {
    gather(|each| read.acts(from, to, &mut |act, _| each(act)))
}

fn achievements(read: &dyn Read, from: EntryId, to: EntryId) -> Vec<Achievement> {
    gather(|each| read.achievements(from, to, &mut |row, _| each(row)))
}

fn movements(read: &dyn Read, from: EntryId, to: EntryId) -> Vec<Movement> {
    gather(|each| read.movements(from, to, &mut |row, _| each(row)))
}

fn refusals(read: &dyn Read, from: EntryId, to: EntryId) -> Vec<Refusal> {
    gather(|each| read.refusals(from, to, each))
}

fn balances(read: &dyn Read, learner: Option<i64>) -> Vec<(i64, i64, Balance)> {
    gather(|each| read.balances(learner, &mut |learner, system, sum| each((learner, system, sum))))
}

fn summaries(read: &dyn Read) -> Vec<(SummaryKey, SummarySums)> {
    gather(|each| read.summaries(&mut |key, sums| each((key, sums))))
}

fn rows(read: &dyn Read, table: &str, by: Option<(&str, Value)>) -> Vec<Object> {
    gather(|each| read.rows(table, by, each))
}

fn head_of(read: &dyn Read, log: i64) -> Option<Head> {
    read.heads().unwrap().into_iter().find(|head| head.log == log)
}

/// Appends to log 0, opening it where need be.
fn attempt(store: &mut dyn Store, put: &dyn Fn(&mut dyn Tx) -> Result<()>) -> Result<bool> {
    let expected = head_of(store, 0);
    let opening = expected.is_none();
    store.append(0, expected.as_ref(), &mut |tx| {
        if opening {
            tx.put_head(&head(0, 0))?;
        }
        put(tx).map(|()| true)
    })
}

fn commit(store: &mut dyn Store, put: impl Fn(&mut dyn Tx) -> Result<()>) {
    assert_eq!(attempt(store, &put), Ok(true));
}

fn refuse(store: &mut dyn Store, code: &str, put: impl Fn(&mut dyn Tx) -> Result<()>) {
    let before = everything(store);
    assert_eq!(attempt(store, &put).map_err(|fault| fault.code), Err(code));
    assert_same(&before, &everything(store));
}

/// Every question and its answer, line by line.
fn everything(read: &dyn Read) -> Vec<String> {
    let mut said = vec![format!("heads: {:?}", read.heads().unwrap())];
    say_tiles(read, &mut said);
    let places = say_journal(read, &mut said);
    say_by_place(read, &places, &mut said);
    say_learners(read, &mut said);
    say_registries(read, &mut said);
    said
}

fn say_tiles(read: &dyn Read, said: &mut Vec<String>) {
    for log in 0..3 {
        said.push(format!("tiles of {log}: {}", read.tile_count(log).unwrap()));
        for (level, index) in (0..2).flat_map(|level| (0..3).map(move |index| (level, index))) {
            let tile = read.tile(log, level, index).unwrap();
            said.push(format!("tile {log} {level} {index}: {tile:?}"));
        }
    }
}

/// Says what is listed in ranges, and gives the places worth asking for.
fn say_journal(read: &dyn Read, said: &mut Vec<String>) -> Vec<EntryId> {
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

fn say_by_place(read: &dyn Read, places: &[EntryId], said: &mut Vec<String>) {
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

fn say_learners(read: &dyn Read, said: &mut Vec<String>) {
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

fn say_registries(read: &dyn Read, said: &mut Vec<String>) {
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
fn sorted(rows: &[Object]) -> Vec<Vec<(&String, &Value)>> {
    let columns = |row| {
        let mut columns: Vec<_> = Object::iter(row).collect();
        columns.sort_by_key(|(column, _)| *column);
        columns
    };
    rows.iter().map(columns).collect()
}

/// Equal, or panics with the first line that is not.
fn assert_same(one: &[String], other: &[String]) {
    for (one, other) in one.iter().zip(other) {
        assert_eq!(one, other);
    }
    assert_eq!(one.len(), other.len(), "one says more than the other");
}

// ------------------------------------------------------------------ stories: appending

/// One row of every sort.
fn put_one_of_all(tx: &mut dyn Tx) -> Result<()> {
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

#[test]
fn a_fresh_ledger_is_empty() {
    on_every_engine(|store| {
        assert!(store.heads().unwrap().is_empty());
        assert_eq!(store.last_learner(), Ok(0));
        assert_eq!(store.key(1), Ok(None));
        assert_eq!(store.act(at(0)), Ok(None));
        assert_eq!(store.batch_of(at(0)), Ok(None));
        assert_eq!(store.tile(0, 0, 0), Ok(None));
        assert!(TABLES.iter().all(|table| rows(store, table, None).is_empty()));
        assert_same(&everything(store), &everything(&Memory::new()));
    });
}

#[test]
fn an_append_that_expects_nothing_opens_the_log() {
    on_every_engine(|store| {
        let opened = store.append(0, None, &mut |tx| tx.put_head(&head(0, 3)).map(|()| true));
        assert_eq!(opened, Ok(true));
        let opened = store.append(2, None, &mut |tx| tx.put_head(&head(2, 1)).map(|()| true));
        assert_eq!(opened, Ok(true));
        let heads = store.heads().unwrap();
        assert_eq!(format!("{heads:?}"), format!("{:?}", [head(0, 3), head(2, 1)]));
        let grown = store.append(0, Some(&head(0, 3)), &mut |tx| tx.put_head(&head(0, 4)).map(|()| true));
        assert_eq!(grown, Ok(true));
        assert_eq!(format!("{:?}", head_of(store, 0)), format!("{:?}", Some(head(0, 4))));
    });
}

#[test]
fn an_append_that_expects_another_head_is_refused() {
    on_every_engine(|store| {
        commit(store, put_one_of_all);
        let before = everything(store);
        let other_root = Head { root: [9; 32], ..head(0, 8) };
        let wrong = [(0, None), (0, Some(head(0, 7))), (0, Some(other_root)), (1, Some(head(1, 1)))];
        for (log, expected) in wrong {
            let result = store.append(log, expected.as_ref(), &mut |_| panic!("the work must not begin"));
            assert_eq!(result.map_err(|fault| fault.code), Err("S401"));
            assert_same(&before, &everything(store));
        }
    });
}

#[test]
fn a_work_that_gives_up_leaves_nothing() {
    on_every_engine(|store| {
        let before = everything(store);
        let given_up = store.append(0, None, &mut |tx| {
            tx.put_head(&head(0, 0))?;
            put_one_of_all(tx).map(|()| false)
        });
        assert_eq!(given_up, Ok(false));
        assert_same(&before, &everything(store));
        refuse(store, "T001", |tx| {
            put_one_of_all(tx)?;
            Err(Fault::new("T001", "a work that changes its mind"))
        });
        commit(store, put_one_of_all);
    });
}

#[test]
fn filling_a_ledger_is_appending_to_it() {
    on_every_engine(|store| {
        let before = everything(store);
        let refused = store.fill(0, Some(&head(0, 7)), &mut |_| panic!("the work must not begin"));
        assert_eq!(refused.map_err(|fault| fault.code), Err("S401"));
        let given_up = store.fill(0, None, &mut |tx| put_one_of_all(tx).map(|()| false));
        assert_eq!(given_up, Ok(false));
        assert_same(&before, &everything(store));
        assert_eq!(store.fill(0, None, &mut |tx| put_one_of_all(tx).map(|()| true)), Ok(true));
        let mut model = Memory::new();
        commit(&mut model, put_one_of_all);
        assert_same(&everything(store), &everything(&model));
        commit(store, |tx| tx.put_head(&head(0, 9)));
        assert_same(&everything(store), &everything(&*store.reader().unwrap()));
    });
}

#[test]
fn a_work_reads_what_it_wrote() {
    on_every_engine(|store| {
        commit(store, |tx| {
            put_one_of_all(tx)?;
            assert_eq!(tx.achievements_of(1)?.len(), 1);
            assert_eq!(tx.last_learner(), Ok(1));
            assert_eq!(store::get::<Institution>(&*tx, 1)?.code, "NJU");
            assert_eq!(head_of(&*tx, 0).map(|head| head.size), Some(8));
            Ok(())
        });
        let mut model = Memory::new();
        commit(&mut model, put_one_of_all);
        assert_same(&everything(store), &everything(&model));
    });
}

#[test]
fn a_reader_stays_at_the_moment_of_its_opening() {
    on_every_engine(|store| {
        let (empty, fresh) = (everything(store), store.reader().unwrap());
        commit(store, put_one_of_all);
        let (filled, reader) = (everything(store), store.reader().unwrap());
        commit(store, |tx| {
            tx.put_achievements(&[achievement(at(8), [1, 2, 1, 1, 0])])?;
            tx.add_balances(&[(1, 2, Balance([-5, 5, 0, 0, 0, 0, 0]))])?;
            tx.put_tiles(0, &[tile(0, 0, 9)])?;
            tx.put_head(&head(0, 9))
        });
        assert_same(&empty, &everything(&*fresh));
        let elsewhere = std::thread::spawn(move || everything(&*reader)).join().unwrap();
        assert_same(&filled, &elsewhere);
        assert_same(&everything(store), &everything(&*store.reader().unwrap()));
    });
}

#[test]
fn a_listing_stops_where_its_reader_has_enough() {
    on_every_engine(|store| {
        commit(store, put_one_of_all);
        let mut seen = 0;
        let stopped = store.acts(at(0), at(100), &mut |_, _| {
            seen += 1;
            Err(Fault::new("T002", "enough"))
        });
        assert_eq!((seen, stopped.map_err(|fault| fault.code)), (1, Err("T002")));
    });
}

// ------------------------------------------------------------------ stories: the journal

#[test]
fn the_texts_of_a_books_rules_come_in_order() {
    on_every_engine(|store| {
        let rule = |id: i64, book: i64| RuleRow {
            id,
            book,
            code: format!("r{id}"),
            from_system: None,
            from_institution: None,
            from_outcome: None,
            to_system: None,
            to_institution: None,
            to_outcome: None,
            body: format!("{{\"id\":\"r{id}\"}}"),
        };
        let rows = [rule(3, 1), rule(1, 1), rule(2, 2)];
        let rows: Vec<ActRow> =
            rows.iter().zip(0..).map(|(row, ord)| store::act_row(ord, row).unwrap()).collect();
        commit(store, |tx| {
            tx.put_head(&head(0, 1))?;
            tx.put_act(&act(at(0), EntryKind::Register, None))?;
            tx.put_act_rows(at(0), &rows)
        });
        let texts = |book: i64| {
            gather(|each: &mut dyn FnMut(String) -> Result<()>| {
                store.rule_texts(book, &mut |text| each(text.to_owned()))
            })
        };
        assert_eq!(texts(1), [r#"{"id":"r1"}"#, r#"{"id":"r3"}"#]);
        assert_eq!(texts(2), [r#"{"id":"r2"}"#]);
        assert!(texts(3).is_empty());
    });
}

#[test]
fn acts_come_back_as_written() {
    on_every_engine(|store| {
        let written: Vec<Act> =
            (1..5).map(|seq| act(at(seq), EntryKind::Enrol, (seq % 2 == 0).then_some(3))).collect();
        let elsewhere = act(EntryId::new(1, 0), EntryKind::Genesis, None);
        commit(store, |tx| {
            written.iter().try_for_each(|act| tx.put_act(act))?;
            tx.put_act(&elsewhere)
        });
        assert_eq!(store.act(at(2)), Ok(Some(written[1].clone())));
        assert_eq!(store.act(at(9)), Ok(None));
        assert_eq!(acts(store, at(2), at(4)), written[1..3]);
        assert_eq!(acts(store, at(0), at(9)), written);
        assert_eq!(acts(store, EntryId::new(1, 0), EntryId(i64::MAX)), [elsewhere]);
        assert!(acts(store, at(3), at(3)).is_empty() && acts(store, at(4), at(2)).is_empty());
        let uncommitted = store.acts(at(0), at(9), &mut |_, commitment| {
            assert_eq!(commitment, None);
            Ok(())
        });
        assert_eq!(uncommitted, Ok(()));
        refuse(store, "S501", |tx| tx.put_act(&act(at(2), EntryKind::Close, None)));
    });
}

#[test]
fn achievements_come_back_as_written() {
    on_every_engine(|store| {
        let full = Achievement {
            status: Status::InProgress,
            kind: Kind::Informal,
            amount: Credits::ZERO,
            grade: Some(4),
            attrs: Some(5),
            group_line: Some(2),
            group_load: Some(Credits(7_500)),
            record: Some("R-1".to_owned()),
            ..achievement(at(1), [2, 1, 1, 1, 1])
        };
        let written = [
            full.clone(),
            Achievement { record: full.record.clone(), ..achievement(at(2), [1, 1, 1, 1, 0]) },
            achievement(at(3), [2, 1, 1, 1, 0]),
            achievement(at(5), [2, 1, 1, 2, 0]),
        ];
        commit(store, |tx| tx.put_achievements(&written));
        let expect = |places: &[usize]| Ok(places.iter().map(|place| written[*place].clone()).collect());
        assert_eq!(store.achievement(at(1)), Ok(Some(full)));
        assert_eq!(store.achievement(at(4)), Ok(None));
        assert_eq!(achievements(store, at(0), at(9)), written);
        assert_eq!(achievements(store, at(2), at(5)), written[1..3]);
        assert_eq!(store.achievements_of(2), expect(&[0, 2, 3]));
        assert_eq!(store.same_key(2, 1, 1, 1), expect(&[2, 0]));
        assert_eq!(store.same_key(2, 1, 2, 1), expect(&[]));
        for learner in [1, 2, 9] {
            let mut same = chosen_of(&written, learner, 1);
            same.sort_by_key(|row| (row.period, row.attempt, row.nth));
            assert_eq!(store.same_outcome(learner, 1), Ok(same));
        }
        let mut repeats = Vec::new();
        let told = store.repeats(&mut |learner, outcome| {
            repeats.push((learner, outcome));
            Ok(())
        });
        assert_eq!(told, Ok(()));
        let several = |pair: &(i64, i64)| chosen_of(&written, pair.0, pair.1).len() > 1;
        let mut pairs: Vec<(i64, i64)> = written.iter().map(|row| (row.learner, row.outcome)).collect();
        pairs.sort_unstable();
        pairs.dedup();
        assert_eq!(repeats, pairs.into_iter().filter(several).collect::<Vec<_>>());
        assert_eq!(store.by_record("R-1"), expect(&[0, 1]));
        assert_eq!(store.by_record("r-1"), expect(&[]));
        refuse(store, "S501", |tx| tx.put_achievements(&[achievement(at(3), [3, 1, 1, 1, 0])]));
        refuse(store, "S501", |tx| tx.put_achievements(&[achievement(at(6), [2, 1, 1, 2, 0])]));
        let twice = [achievement(at(6), [4, 1, 1, 1, 0]), achievement(at(7), [4, 1, 1, 1, 0])];
        refuse(store, "S501", |tx| tx.put_achievements(&twice));
    });
}

/// The achievements of a learner in an outcome.
fn chosen_of(rows: &[Achievement], learner: i64, outcome: i64) -> Vec<Achievement> {
    rows.iter().filter(|row| (row.learner, row.outcome) == (learner, outcome)).cloned().collect()
}

#[test]
fn movements_come_back_as_written() {
    on_every_engine(|store| {
        let undo =
            Movement { kind: EntryKind::Release, undoes: Some(at(11)), ..movement(at(21), 1, at(5), at(20)) };
        let written = [
            movement(at(11), 1, at(5), at(10)),
            movement(at(12), 1, at(6), at(10)),
            movement(at(13), 2, at(5), at(10)),
            undo.clone(),
        ];
        commit(store, |tx| tx.put_movements(&written));
        let expect = |places: &[usize]| Ok(places.iter().map(|place| written[*place].clone()).collect());
        assert_eq!(store.movement(at(21)), Ok(Some(undo)));
        assert_eq!(store.movement(at(20)), Ok(None));
        assert_eq!(movements(store, at(12), at(21)), written[1..3]);
        assert_eq!(store.movements_of(1), expect(&[0, 1, 3]));
        assert_eq!(store.movements_of_lot(1, at(5)), expect(&[0, 3]));
        assert_eq!(store.movements_of_decision(at(10)), expect(&[0, 1, 2]));
        refuse(store, "S501", |tx| tx.put_movements(&[movement(at(12), 3, at(5), at(30))]));
    });
}

#[test]
fn staged_files_come_back_piece_by_piece() {
    on_every_engine(|store| {
        let piece = |entry, ord, file| Staged {
            entry,
            ord,
            salt: [ord as u8; 16],
            file,
            bytes: vec![file as u8, 0, 255],
        };
        let written = [piece(at(1), 0, 0), piece(at(1), 1, 1), piece(at(2), 0, 0)];
        let pieces = |store: &dyn Store, entry| gather(|each| store.staged(entry, each));
        commit(store, |tx| {
            (1..3).try_for_each(|seq| tx.put_act(&act(at(seq), EntryKind::Stage, None)))?;
            tx.put_staged(&written)
        });
        assert_eq!(pieces(store, at(1)), written[..2]);
        assert_eq!(pieces(store, at(2)), written[2..]);
        assert_eq!(pieces(store, at(3)), []);
        refuse(store, "S501", |tx| tx.put_staged(&[piece(at(1), 1, 0)]));
        refuse(store, "S501", |tx| tx.put_staged(&[piece(at(9), 0, 0)]));
    });
}

#[test]
fn refused_rows_come_back_as_written() {
    on_every_engine(|store| {
        let written = [refusal(at(1), 0), refusal(at(1), 1), refusal(at(2), 0), refusal(at(3), 0)];
        commit(store, |tx| {
            (1..4).try_for_each(|seq| tx.put_act(&act(at(seq), EntryKind::Refuse, None)))?;
            tx.put_refusals(&written)
        });
        assert_eq!(refusals(store, at(0), at(9)), written);
        assert_eq!(refusals(store, at(1), at(3)), written[..3]);
        refuse(store, "S501", |tx| tx.put_refusals(&[refusal(at(1), 1)]));
        refuse(store, "S501", |tx| tx.put_refusals(&[refusal(at(9), 0)]));
    });
}

#[test]
fn people_come_back_as_written() {
    on_every_engine(|store| {
        let dated = Identity {
            valid_to: Some("2025-01-31".to_owned()),
            valid_from: None,
            ..identity(1, 1, "000123", at(4), 0)
        };
        let [second, first] =
            [identity(1, 0, "王小明（虚构）", at(3), 1), identity(2, 0, "000123", at(3), 0)];
        commit(store, |tx| {
            tx.put_keys(&[(1, [1; 32]), (2, [2; 32]), (7, [7; 32])])?;
            tx.put_identities(&[first.clone(), second.clone(), dated.clone()])
        });
        assert_eq!(store.last_learner(), Ok(7));
        assert_eq!((store.key(2), store.key(3)), (Ok(Some([2; 32])), Ok(None)));
        let keys = gather(|each| store.keys(&mut |learner, key| each((learner, key))));
        assert_eq!(keys, [(1, [1; 32]), (2, [2; 32]), (7, [7; 32])]);
        assert_eq!(store.identities_of(1), Ok(vec![second.clone(), dated.clone()]));
        assert_eq!(store.identities_with("000123"), Ok(vec![dated.clone(), first.clone()]));
        assert_eq!(store.identities_with("123"), Ok(vec![]));
        assert_eq!(gather(|each| store.identities(each)), [first, second, dated]);
        refuse(store, "S501", |tx| tx.put_keys(&[(2, [9; 32])]));
        refuse(store, "S501", |tx| tx.put_identities(&[identity(1, 1, "another", at(9), 0)]));
        refuse(store, "S501", |tx| tx.put_identities(&[identity(5, 0, "nobody's", at(9), 0)]));
    });
}

#[test]
fn tiles_are_kept_and_replaced() {
    on_every_engine(|store| {
        commit(store, |tx| tx.put_tiles(0, &[tile(0, 0, 256), tile(0, 1, 4), tile(1, 0, 1)]));
        commit(store, |tx| tx.put_tiles(0, &[tile(0, 1, 9)]));
        assert_eq!(store.tile_count(0), Ok(3));
        assert_eq!(store.tile_count(1), Ok(0));
        assert_eq!(store.tile(0, 0, 0), Ok(Some(tile(0, 0, 256))));
        assert_eq!(store.tile(0, 0, 1), Ok(Some(tile(0, 1, 9))));
        assert_eq!(store.tile(1, 0, 1), Ok(None));
        refuse(store, "S501", |tx| tx.put_tiles(1, &[tile(0, 0, 1)]));
        commit(store, |tx| {
            tx.put_tiles(1, &[tile(0, 0, 1)])?;
            tx.put_head(&head(1, 1))
        });
    });
}

#[test]
fn a_log_keeps_its_origin_and_no_other_has_it() {
    on_every_engine(|store| {
        commit(store, put_one_of_all);
        commit(store, |tx| tx.put_head(&Head { origin: "another.example".to_owned(), ..head(0, 9) }));
        assert_eq!(store.heads().unwrap()[0].origin, head(0, 9).origin);
        refuse(store, "S501", |tx| tx.put_head(&Head { origin: head(0, 1).origin, ..head(1, 1) }));
    });
}

// ------------------------------------------------------------------ stories: registries

fn register(tx: &mut dyn Tx, seq: u64, rows: &[ActRow]) -> Result<()> {
    tx.put_act(&act(at(seq), EntryKind::Register, None))?;
    tx.put_act_rows(at(seq), rows)
}

fn catalogue() -> Vec<ActRow> {
    vec![
        store::act_row(0, &institution(2, "NJU", Some("CN"))).unwrap(),
        store::act_row(1, &institution(1, "UBX", None)).unwrap(),
        store::act_row(2, &Outcome { id: 1, institution: 1, code: "A".into(), repeatable: 0 }).unwrap(),
        store::act_row(3, &Outcome { id: 2, institution: 2, code: "A".into(), repeatable: 1 }).unwrap(),
    ]
}

#[test]
fn rows_of_an_act_stand_in_their_registries() {
    on_every_engine(|store| {
        commit(store, |tx| register(tx, 1, &catalogue()));
        assert_eq!(gather(|each| store.act_rows(at(1), each)), catalogue());
        assert!(gather(|each| store.act_rows(at(2), each)).is_empty());
        let (ubx, nju) = (institution(1, "UBX", None), institution(2, "NJU", Some("CN")));
        assert_eq!(store::all::<Institution>(store), Ok(vec![ubx.clone(), nju.clone()]));
        assert_eq!(store::find::<Institution>(store, "code", "NJU"), Ok(vec![nju]));
        assert_eq!(store::find::<Institution>(store, "country", Value::Null), Ok(vec![ubx]));
        assert_eq!(store::find::<Institution>(store, "code", "nju"), Ok(vec![]));
        let second = Outcome { id: 2, institution: 2, code: "A".into(), repeatable: 1 };
        assert_eq!(store::find::<Outcome>(store, "institution", 2), Ok(vec![second.clone()]));
        assert_eq!(rows(store, "outcome", Some(("id", json!(2)))).len(), 1);
        assert_eq!(Value::Object(rows(store, "outcome", None).remove(1)), json!(second));
        assert_eq!(store::get::<Outcome>(store, 3).unwrap_err().code, "S903");
        let nonsense = store.rows("outcome", Some(("nonsense", json!(1))), &mut |_| Ok(()));
        assert!(nonsense.is_err(), "a registry without that column");
    });
}

#[test]
fn a_newer_row_replaces_its_elder_and_nothing_else() {
    on_every_engine(|store| {
        commit(store, |tx| register(tx, 1, &catalogue()));
        let renamed = Institution { name: "Nowhere".into(), ..institution(2, "NJU", None) };
        commit(store, |tx| register(tx, 2, &[store::act_row(0, &renamed)?]));
        assert_eq!(store::all::<Institution>(store), Ok(vec![institution(1, "UBX", None), renamed]));
        let taken = [store::act_row(0, &institution(1, "NJU", None)).unwrap()];
        refuse(store, "S501", |tx| register(tx, 3, &taken));
        let taken = Outcome { id: 7, institution: 2, code: "A".into(), repeatable: 0 };
        refuse(store, "S501", |tx| register(tx, 3, &[store::act_row(0, &taken)?]));
        let period = |id| PeriodRow {
            id,
            written: "2024".into(),
            precision: "year".into(),
            first: "2024-01-01".into(),
            last: "2024-12-31".into(),
        };
        commit(store, |tx| register(tx, 3, &[store::act_row(0, &period(1))?]));
        refuse(store, "S501", |tx| register(tx, 4, &[store::act_row(0, &period(2))?]));
        commit(store, |tx| {
            register(tx, 4, &[store::act_row(0, &PeriodRow { first: "2024-02-01".into(), ..period(2) })?])
        });
    });
}

/// A rule that asks for credit of a system, or for one outcome of NJU.
fn rule(id: i64, system: Option<&str>, outcome: Option<&str>) -> ActRow {
    let row = RuleRow {
        id,
        book: 1,
        code: format!("R{id}"),
        from_system: system.map(str::to_owned),
        from_institution: outcome.map(|_| "NJU".to_owned()),
        from_outcome: outcome.map(str::to_owned),
        to_system: Some("ECTS".into()),
        to_institution: None,
        to_outcome: None,
        body: "{}".into(),
    };
    store::act_row(0, &row).unwrap()
}

fn rule_source(id: i64, rule: i64, institution: &str, outcome: &str) -> ActRow {
    let row = RuleSourceRow { id, rule, institution: institution.into(), outcome: outcome.into() };
    store::act_row(0, &row).unwrap()
}

#[test]
fn rules_are_found_by_what_they_may_ask_for() {
    on_every_engine(|store| {
        let rows = [
            rule(1, Some("CN"), None),
            rule(2, None, Some("A")),
            rule(3, None, Some("B")),
            rule(4, None, None),
            rule(5, None, None),
            rule(6, None, None),
            rule_source(1, 4, "NJU", "A"),
            rule_source(2, 4, "NJU", "B"),
            rule_source(3, 5, "*", "A"),
            rule_source(4, 6, "NJU", "*"),
        ];
        let rows: Vec<ActRow> = rows.into_iter().zip(0..).map(|(row, ord)| ActRow { ord, ..row }).collect();
        commit(store, |tx| register(tx, 1, &rows));
        assert_eq!(store.rules_asking("CN", "NJU", "A"), Ok(vec![1, 2, 4, 5, 6]));
        assert_eq!(store.rules_asking("UK", "NJU", "B"), Ok(vec![3, 4, 6]));
        assert_eq!(store.rules_asking("UK", "OU", "A"), Ok(vec![5]));
        assert_eq!(store.rules_asking("UK", "OU", "B"), Ok(vec![]));
    });
}

#[test]
fn rows_that_fit_no_registry_are_refused() {
    on_every_engine(|store| {
        let row = |table: &str, row: &str| ActRow { ord: 0, table: table.into(), row: row.into() };
        let unfit = [
            ("S906", row("outcome", "not JSON")),
            ("S906", row("outcome", "[1]")),
            ("S905", row("nonsense", r#"{"id":1}"#)),
            ("S905", row("act", r#"{"id":1}"#)),
            ("S501", row("closure", r#"{"id":1}"#)),
        ];
        for (code, row) in unfit {
            refuse(store, code, |tx| register(tx, 1, std::slice::from_ref(&row)));
        }
    });
}

#[test]
fn rows_of_an_act_stand_once_and_under_an_act() {
    on_every_engine(|store| {
        commit(store, |tx| register(tx, 1, &catalogue()));
        let other = ActRow { ord: 1, ..catalogue().remove(0) };
        refuse(store, "S501", |tx| tx.put_act_rows(at(1), std::slice::from_ref(&other)));
        refuse(store, "S501", |tx| tx.put_act_rows(at(9), &catalogue()));
    });
}

// ------------------------------------------------------------------ stories: what is derived

#[test]
fn an_entry_knows_its_batch() {
    on_every_engine(|store| {
        let (one, two) = (batch(at(1), 2, 4), batch(at(7), 1, 1));
        commit(store, |tx| {
            tx.put_batch(&batch(at(1), 2, 1))?;
            tx.put_batch(&two)?;
            tx.put_batch(&one)
        });
        assert_eq!(store.batch_of(at(0)), Ok(None));
        assert_eq!(store.batch_of(at(1)), Ok(Some(one.clone())));
        assert_eq!(store.batch_of(at(4)), Ok(Some(one.clone())));
        assert_eq!(store.batch_of(at(5)), Ok(None));
        assert_eq!(store.batch_of(at(7)), Ok(Some(two.clone())));
        assert_eq!(store.batch_of(EntryId::new(1, 0)), Ok(None));
        assert_eq!((store.batch(2), store.batch(3)), (Ok(Some(one.clone())), Ok(None)));
        assert_eq!(gather(|each| store.batches(each)), [two, one]);
        refuse(store, "S501", |tx| tx.put_batch(&batch(at(9), 1, 1)));
    });
}

#[test]
fn decisions_come_back_as_written() {
    on_every_engine(|store| {
        let bare = DecisionRow { learner: None, target: None, rule: None, ..decision(at(2)) };
        let pinned = DecisionRow { verb: "pin".into(), ..decision(at(8)) };
        let unpinned = DecisionRow { verb: "unpin".into(), about: Some(at(8)), ..decision(at(9)) };
        let other = DecisionRow { verb: "pin".into(), learner: Some(77), ..decision(at(10)) };
        let appeal = DecisionRow { verb: "appeal".into(), about: Some(at(2)), ..decision(at(7)) };
        commit(store, |tx| {
            tx.put_decision(&bare)?;
            tx.put_decision(&decision(at(5)))?;
            tx.put_decision(&appeal)?;
            [&other, &unpinned, &pinned].into_iter().try_for_each(|row| tx.put_decision(row))
        });
        let learner = pinned.learner.unwrap();
        assert_eq!(store.pins(learner), Ok(vec![pinned.clone(), unpinned.clone()]));
        assert_eq!((store.pins(77), store.pins(78)), (Ok(vec![other.clone()]), Ok(vec![])));
        assert_eq!(store.decision(at(2)), Ok(Some(bare.clone())));
        assert_eq!(store.decision(at(3)), Ok(None));
        assert_eq!(store.decisions_about(at(2)), Ok(vec![appeal.clone()]));
        assert_eq!(store.decisions_about(at(5)), Ok(vec![]));
        assert_eq!(store.decisions_about(at(8)), Ok(vec![unpinned.clone()]));
        assert_eq!(
            gather(|each| store.decisions(each)),
            [bare, decision(at(5)), appeal, pinned, unpinned, other]
        );
        refuse(store, "S501", |tx| tx.put_decision(&decision(at(5))));
    });
}

#[test]
fn balances_add_up_and_go_with_their_last_credit() {
    on_every_engine(|store| {
        let deposit = Balance([-3_000, 3_000, 0, 0, 0, 0, 0]);
        let all = Balance([-21, 1, 2, 3, 4, 5, 6]);
        commit(store, |tx| tx.add_balances(&[(1, 2, deposit), (1, 3, all), (2, 2, deposit)]));
        let place = Balance([0, -1_000, 1_000, 0, 0, 0, 0]);
        commit(store, |tx| tx.add_balances(&[(1, 2, place), (3, 1, Balance::default())]));
        let placed = Balance([-3_000, 2_000, 1_000, 0, 0, 0, 0]);
        assert_eq!(balances(store, None), [(1, 2, placed), (1, 3, all), (2, 2, deposit)]);
        assert_eq!(balances(store, Some(1)), [(1, 2, placed), (1, 3, all)]);
        commit(store, |tx| tx.add_balances(&[(1, 2, Balance([3_000, -2_000, -1_000, 0, 0, 0, 0]))]));
        assert_eq!(balances(store, None), [(1, 3, all), (2, 2, deposit)]);
        let lone = Balance([0, 5, 0, 0, 0, 0, 0]);
        commit(store, |tx| tx.add_balances(&[(2, 2, lone)]));
        let source_follows = Balance([-3_005, 3_005, 0, 0, 0, 0, 0]);
        assert_eq!(balances(store, Some(2)), [(2, 2, source_follows)]);
    });
}

#[test]
fn summaries_add_up_and_go_with_their_last_row() {
    on_every_engine(|store| {
        let (one, two) = (summary_key(1, "6"), summary_key(1, ""));
        let four = SummarySums { achievements: 1, deposited: 2, placed: 3, converted: 4 };
        commit(store, |tx| tx.add_summaries(&[(one.clone(), sums(2, 5_000)), (two.clone(), four)]));
        commit(store, |tx| tx.add_summaries(&[(one.clone(), sums(-1, -2_000))]));
        assert_eq!(summaries(store), [(two.clone(), four), (one.clone(), sums(1, 3_000))]);
        commit(store, |tx| tx.add_summaries(&[(one.clone(), sums(-1, -3_000))]));
        assert_eq!(summaries(store), [(two, four)]);
    });
}

#[test]
fn what_is_derived_can_be_built_again() {
    on_every_engine(|store| {
        commit(store, put_one_of_all);
        let before = everything(store);
        commit(store, |tx| tx.clear_derived());
        assert!(TABLES.iter().all(|table| rows(store, table, None).is_empty()));
        assert!(gather(|each| store.batches(each)).is_empty() && store.decision(at(5)) == Ok(None));
        assert!(balances(store, None).is_empty() && summaries(store).is_empty());
        assert!(store.links().unwrap().is_empty() && store.pairs().unwrap().is_empty());
        assert_eq!(acts(store, at(0), at(9)).len(), 6, "the journal stays");
        commit(store, |tx| {
            let kept = gather(|each| tx.act_rows(at(2), each));
            tx.project_act_rows(&kept)?;
            tx.put_batch(&batch(at(1), 1, 7))?;
            tx.put_decision(&decision(at(5)))?;
            tx.put_link(&link(at(3), 2, None))?;
            tx.put_pair(&pair(at(3), 2, None))?;
            tx.put_descriptions(&[described(1, "王小明")])?;
            tx.add_balances(&[(1, 2, Balance([-3_000, 2_000, 1_000, 0, 0, 0, 0]))])?;
            tx.add_summaries(&[(summary_key(1, "6"), sums(1, 3_000))])
        });
        assert_same(&before, &everything(store));
    });
}

// ------------------------------------------------------------------ any engine against the model

/// What a random batch does, one verb or two each; the number beside it makes the rows.
#[derive(Debug, Clone, Copy)]
enum Sort {
    Act,
    Register,
    RegisterAgain,
    Misfit,
    Achievements,
    Movements,
    Refusals,
    Keys,
    Identities,
    Batch,
    Decision,
    Link,
    Pair,
    Described,
    Balances,
    Summaries,
    Tiles,
    Clear,
}

/// How a random command relates to the log's head.
#[derive(Debug, Clone, Copy)]
enum Expect {
    Right,
    Nothing,
    Stale,
}

/// How a random work ends.
#[derive(Debug, Clone, Copy)]
enum End {
    Commit,
    GiveUp,
    Fail,
}

#[derive(Debug, Clone)]
struct Command {
    log: i64,
    expect: Expect,
    puts: Vec<(Sort, u64)>,
    end: End,
}

fn command() -> impl Strategy<Value = Command> {
    let log = prop_oneof![4 => Just(0), 1 => Just(1)];
    let expect = prop_oneof![10 => Just(Expect::Right), 1 => Just(Expect::Nothing), 1 => Just(Expect::Stale)];
    let end = prop_oneof![8 => Just(End::Commit), 1 => Just(End::GiveUp), 1 => Just(End::Fail)];
    let puts = prop::collection::vec((sort(), any::<u64>()), 0..6);
    (log, expect, puts, end).prop_map(|(log, expect, puts, end)| Command { log, expect, puts, end })
}

fn sort() -> impl Strategy<Value = Sort> {
    prop_oneof![
        3 => Just(Sort::Act),
        6 => Just(Sort::Register),
        1 => Just(Sort::RegisterAgain),
        1 => Just(Sort::Misfit),
        6 => Just(Sort::Achievements),
        4 => Just(Sort::Movements),
        2 => Just(Sort::Refusals),
        4 => Just(Sort::Keys),
        4 => Just(Sort::Identities),
        3 => Just(Sort::Batch),
        2 => Just(Sort::Decision),
        2 => Just(Sort::Link),
        2 => Just(Sort::Pair),
        2 => Just(Sort::Described),
        4 => Just(Sort::Balances),
        4 => Just(Sort::Summaries),
        2 => Just(Sort::Tiles),
        1 => Just(Sort::Clear),
    ]
}

/// Small choices, cut from one number.
struct Picks(u64);

impl Picks {
    fn below(&mut self, bound: u64) -> i64 {
        let pick = self.0 % bound;
        self.0 /= bound;
        pick as i64
    }

    /// True once in so many times.
    fn once_in(&mut self, times: u64) -> bool {
        self.below(times) as u64 == times - 1
    }

    fn some(&mut self, bound: u64) -> Option<i64> {
        self.below(2).eq(&1).then(|| self.below(bound))
    }

    fn text(&mut self) -> String {
        ["", "A", "a", "000123", "é 王"][self.below(5) as usize].to_owned()
    }
}

/// The next free place of the log; now and then one that is taken.
fn next_place(log: i64, next: &mut u64, picks: &mut Picks) -> EntryId {
    if *next > 0 && picks.once_in(24) {
        return EntryId::new(log, picks.below(*next) as u64);
    }
    *next += 1;
    EntryId::new(log, *next - 1)
}

/// Writes the rows of one sort.
fn put(tx: &mut dyn Tx, log: i64, next: &mut u64, sort: Sort, seed: u64) -> Result<()> {
    let mut picks = Picks(seed);
    let picks = &mut picks;
    let mut place = |picks: &mut Picks| next_place(log, next, picks);
    match sort {
        Sort::Act => tx.put_act(&act(place(picks), EntryKind::Enrol, picks.some(4))),
        Sort::Register => {
            let entry = place(picks);
            tx.put_act(&act(entry, EntryKind::Register, None))?;
            let rows: Vec<ActRow> = (0..=picks.below(3)).map(|ord| random_row(ord, picks)).collect();
            tx.put_act_rows(entry, &rows)
        }
        Sort::RegisterAgain => {
            let entry = EntryId::new(log, picks.below(20) as u64);
            let kept = gather(|each| tx.act_rows(entry, each));
            tx.put_act_rows(entry, &kept)
        }
        Sort::Misfit => {
            let entry = place(picks);
            tx.put_act(&act(entry, EntryKind::Register, None))?;
            let [table, row] = [["grade", "{"], ["nowhere", "{}"], ["grade", "7"]][picks.below(3) as usize];
            tx.put_act_rows(entry, &[ActRow { ord: 0, table: table.to_owned(), row: row.to_owned() }])
        }
        Sort::Refusals => {
            let entry = place(picks);
            if !picks.once_in(8) {
                tx.put_act(&act(entry, EntryKind::Refuse, None))?;
            }
            let rows: Vec<Refusal> = (0..=picks.below(3)).map(|ord| refusal(entry, ord)).collect();
            tx.put_refusals(&rows)
        }
        Sort::Achievements => {
            let rows: Vec<Achievement> =
                (0..=picks.below(3)).map(|_| random_achievement(place(picks), picks)).collect();
            tx.put_achievements(&rows)
        }
        Sort::Movements => {
            let rows: Vec<Movement> =
                (0..=picks.below(3)).map(|_| random_movement(place(picks), picks)).collect();
            tx.put_movements(&rows)
        }
        Sort::Batch => {
            let entry = place(picks);
            let no = if picks.once_in(6) { 1 } else { entry.0 + 1 };
            tx.put_batch(&batch(entry, no, 1 + picks.below(6)))
        }
        Sort::Decision => {
            let (learner, rule) = (picks.some(4), picks.some(9));
            let about = picks.some(9).map(|seq| at(seq as u64));
            tx.put_decision(&DecisionRow { learner, rule, about, ..decision(place(picks)) })
        }
        Sort::Link => {
            let (entry, ended) = (at(picks.below(6) as u64), picks.some(9).map(|seq| at(seq as u64)));
            tx.put_link(&link(entry, picks.below(4), ended))
        }
        Sort::Pair => {
            let (entry, apart) = (at(picks.below(6) as u64), picks.some(9).map(|seq| at(seq as u64)));
            tx.put_pair(&pair(entry, picks.below(4), apart))
        }
        Sort::Described => tx.put_descriptions(&[described(picks.below(4), &picks.text())]),
        Sort::Identities => {
            let entry = place(picks);
            let facts = (0..=picks.below(2))
                .map(|ord| identity(1 + picks.below(3), picks.below(30), &picks.text(), entry, ord));
            let facts: Vec<Identity> = facts.collect();
            tx.put_identities(&facts)
        }
        Sort::Keys | Sort::Balances | Sort::Summaries | Sort::Tiles | Sort::Clear => {
            put_apart(tx, log, sort, picks)
        }
    }
}

/// Writes rows that have no place in the log.
fn put_apart(tx: &mut dyn Tx, log: i64, sort: Sort, picks: &mut Picks) -> Result<()> {
    match sort {
        Sort::Keys => {
            let learner = if picks.once_in(12) { 1 } else { tx.last_learner()? + 1 };
            tx.put_keys(&[(learner, [picks.below(200) as u8; 32])])
        }
        Sort::Balances => {
            let stands = balances(tx, None).into_iter();
            let mut stands: BTreeMap<_, _> = stands.map(|(a, b, balance)| ((a, b), balance)).collect();
            let mut keys: Vec<(i64, i64)> =
                (0..=picks.below(3)).map(|_| (picks.below(3), picks.below(2))).collect();
            keys.sort_unstable();
            let row = |key: (i64, i64)| (key.0, key.1, put_or_take(stands.entry(key).or_default(), picks));
            let rows: Vec<(i64, i64, Balance)> = keys.into_iter().map(row).collect();
            tx.add_balances(&rows)
        }
        Sort::Summaries => {
            let rows: Vec<(SummaryKey, SummarySums)> = (0..=picks.below(3))
                .map(|_| {
                    (summary_key(picks.below(2), &picks.text()), sums(picks.below(3) - 1, picks.below(3) - 1))
                })
                .collect();
            tx.add_summaries(&rows)
        }
        Sort::Tiles => {
            let tiles = (0..=picks.below(2)).map(|_| {
                let (level, index) = (picks.below(2) as u8, picks.below(3) as u64);
                tile(level, index, 1 + picks.below(4) as u64)
            });
            let tiles: Vec<Tile> = tiles.collect();
            tx.put_tiles(log, &tiles)
        }
        _ => tx.clear_derived(),
    }
}

fn grading_table(id: i64, picks: &mut Picks) -> GradingTableRow {
    GradingTableRow {
        id,
        institution: picks.text(),
        scale: picks.text(),
        field: picks.text(),
        cycle: String::new(),
        first_year: 2020 + picks.below(2),
        last_year: 2022,
        version: 1 + picks.below(2),
        counts: "[]".into(),
        source: picks.text(),
    }
}

fn grade_conversion(id: i64, picks: &mut Picks) -> GradeConversionRow {
    GradeConversionRow {
        id,
        name: picks.text(),
        version: 1 + picks.below(2),
        from_scale: picks.text(),
        to_scale: picks.text(),
        institution: picks.some(2).map(|code| code.to_string()),
        method: "table".into(),
        body: "{}".into(),
        valid_from: picks.some(2).map(|_| "2024-01-01".into()),
        valid_to: None,
        citation: picks.text(),
        verified: picks.below(2),
    }
}

fn random_row(ord: i64, picks: &mut Picks) -> ActRow {
    let id = 1 + picks.below(5);
    let row = match picks.below(6) {
        0 => {
            let country = picks.some(2).map(|country| ["CN", "NZ"][country as usize]);
            store::act_row(ord, &institution(id, &format!("{id}{}", picks.text()), country))
        }
        1 => {
            let code = picks.text();
            store::act_row(
                ord,
                &Outcome { id, institution: picks.below(4), code, repeatable: picks.below(2) },
            )
        }
        2 => store::act_row(ord, &Scheme { id, name: picks.text(), issuer: picks.text() }),
        3 => store::act_row(ord, &grading_table(id, picks)),
        4 => store::act_row(ord, &grade_conversion(id, picks)),
        _ => store::act_row(ord, &Grade { id, scale: picks.text(), written: picks.text() }),
    };
    row.unwrap()
}

fn random_achievement(entry: EntryId, picks: &mut Picks) -> Achievement {
    let key = [picks.below(4), picks.below(4), picks.below(3), 1 + picks.below(2), picks.below(2)];
    Achievement {
        status: Status::ALL[picks.below(4) as usize],
        kind: Kind::ALL[picks.below(3) as usize],
        amount: Credits(picks.below(3) * 1_500),
        grade: picks.some(3),
        attrs: picks.some(3),
        group_line: picks.some(3),
        group_load: picks.some(3).map(Credits),
        record: picks.some(2).map(|record| format!("R-{record}")),
        ..achievement(entry, key)
    }
}

fn random_movement(entry: EntryId, picks: &mut Picks) -> Movement {
    let (lot, decision) = (at(picks.below(6) as u64), at(picks.below(6) as u64));
    let kinds = [EntryKind::ConvertOut, EntryKind::ConvertIn, EntryKind::Release, EntryKind::Reverse];
    Movement {
        kind: kinds[picks.below(4) as usize],
        undoes: picks.some(9).map(|seq| at(seq as u64)),
        ..movement(entry, picks.below(4), lot, decision)
    }
}

/// An amount put down or, where there is one, taken back, so that balances often fall to nothing.
fn put_or_take(stands: &mut Balance, picks: &mut Picks) -> Balance {
    let mut balance = Balance::default();
    let (amount, place) = (picks.below(3) - 1, 1 + picks.below(6) as usize);
    if stands.0[place] + amount >= 0 {
        balance.0[0] -= amount;
        balance.0[place] += amount;
    }
    stands.add(&balance);
    balance
}

/// Runs a command and says how it ended and what its work saw last.
fn run(store: &mut dyn Store, command: &Command) -> (std::result::Result<bool, &'static str>, Vec<String>) {
    let found = head_of(store, command.log);
    let size = found.as_ref().map_or(0, |head| head.size);
    let expected = match command.expect {
        Expect::Right => found,
        Expect::Nothing => None,
        Expect::Stale => Some(head(command.log, size + 1)),
    };
    let mut seen = Vec::new();
    let result = store.append(command.log, expected.as_ref(), &mut |tx| {
        let mut next = size;
        for (sort, seed) in &command.puts {
            put(tx, command.log, &mut next, *sort, *seed)?;
        }
        tx.put_head(&head(command.log, next))?;
        seen = everything(&*tx);
        match command.end {
            End::Commit => Ok(true),
            End::GiveUp => Ok(false),
            End::Fail => Err(Fault::new("T001", "a work that changes its mind")),
        }
    });
    (result.map_err(|fault| fault.code), seen)
}

/// Drives two engines with the same commands; they must agree on every answer, at every moment.
fn agree(one: &mut dyn Store, other: &mut dyn Store, commands: &[Command]) {
    for command in commands {
        let (before, reader) = (everything(one), other.reader().unwrap());
        let ((result, seen), (other_result, other_seen)) = (run(one, command), run(other, command));
        assert_eq!(result, other_result);
        assert_same(&seen, &other_seen);
        let after = everything(one);
        assert_same(&after, &everything(other));
        assert_same(&before, &everything(&*reader));
        if result != Ok(true) {
            assert_same(&before, &after);
        }
    }
}

#[test]
#[should_panic(expected = "last learner: 1")]
fn an_engine_that_differs_is_told_apart() {
    let mut ahead = Memory::new();
    commit(&mut ahead, |tx| tx.put_keys(&[(1, [0; 32])]));
    let mut behind = Memory::new();
    commit(&mut behind, |_| Ok(()));
    let puts = vec![(Sort::Act, 0)];
    agree(&mut ahead, &mut behind, &[Command { log: 0, expect: Expect::Right, puts, end: End::Commit }]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_engine_agrees_with_the_model(commands in prop::collection::vec(command(), 1..16)) {
        for (name, mut engine, _folder) in engines() {
            println!("engine: {name}");
            agree(&mut Memory::new(), &mut *engine, &commands);
        }
    }
}
