//! Random commands on both engines and on a model that knows nothing of either: what the learners have
//! must be the same in all three after every command, and the laws must hold. Learners are fictitious.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

#[path = "ledger_property/banks.rs"]
mod banks;
#[path = "ledger_property/commands.rs"]
mod commands;
#[path = "ledger_property/laws.rs"]
mod laws;

use banks::*;
use commands::*;
use creditbank::domain::credits::Credits;
use creditbank::domain::entry::{Balance, EntryId, EntryKind, Place, accounts};
use creditbank::domain::fault::Fault;
use creditbank::intake::profile::Profile;
use creditbank::intake::rulebook::parse_toml;
use creditbank::ledger::convert::Target;
use creditbank::ledger::lots::{Cut, Lot, balances};
use creditbank::ops::batch::{Actor, BatchPayload};
use creditbank::ops::names::Names;
use creditbank::ops::people::{merge, unmerge};
use creditbank::ops::rebuild::rebuild;
use creditbank::ops::registry::{self, authority};
use creditbank::ops::rules::release::{History, Pinned};
use creditbank::ops::rules::{pin, publish};
use creditbank::ops::undo::{self, Dependents, Selection};
use creditbank::ops::verify::{Options, verify};
use creditbank::ops::{close, convert, decision, hold, import, init, learners, rules};
use creditbank::store::memory::Memory;
use creditbank::store::sqlite::Sqlite;
use creditbank::store::{self, Read, Store};
use jiff::civil::{Date, date};
use laws::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use tempfile::TempDir;

/// The newest movements and achievements come first.
fn entry_from_the_end(read: &dyn Read, back: u8) -> Option<EntryId> {
    let moving = |kind: EntryKind| kind as u8 >= EntryKind::Deposit as u8;
    let entries = journal(read).into_iter().rev().filter(|(_, kind, _)| moving(*kind));
    entries.map(|(entry, ..)| entry).nth(back as usize)
}

/// Asks, answers, contests: the way that the number says.
fn step(banks: &mut Banks, back: u8, which: u8) -> Result<(), &'static str> {
    let mut openers = Vec::new();
    banks
        .one()
        .decisions(&mut |row| {
            let opens = ["request", "convert"].contains(&row.verb.as_str()) || row.verb == "except";
            openers.extend((opens && row.about.is_none()).then_some(row.entry));
            Ok(())
        })
        .unwrap();
    let Some(entry) = openers.into_iter().rev().nth(back as usize) else { return Ok(()) };
    let grant = || Some(a_grant(1_000));
    let answer = match which {
        0 => decision::Answer::Accept,
        1 => decision::Answer::Refuse(vec!["other".into()]),
        2 | 3 => decision::Answer::Appeal(None),
        4 => decision::Answer::Uphold,
        5 => decision::Answer::Overturn(None, Dependents::Refuse),
        6 => decision::Answer::Overturn(grant(), Dependents::Refuse),
        7 => decision::Answer::Withdraw,
        _ => decision::Answer::Precedent,
    };
    banks.step(|store| decision::answer(store, &actor(), entry, &answer, &how()))
}

fn a_grant(credits: i64) -> decision::Grant {
    let system = Some("US-SEM".to_owned());
    decision::Grant { authority: "DEAN".into(), credits: Credits(credits), system, outcomes: Vec::new() }
}

fn how() -> decision::How {
    decision::How { date: TODAY, reason: "test".into(), dry_run: false, log: 0 }
}

fn batches(read: &dyn Read) -> i64 {
    let mut newest = 0;
    read.batches(&mut |batch| {
        newest = batch.no;
        Ok(())
    })
    .unwrap();
    newest
}

fn csv(rows: &[Row]) -> String {
    let mut text = "learner,course,date,credits,system,grade\n".to_owned();
    for (learner, course, day, amount, grade, quarter) in rows {
        let system = if *quarter { "US-QTR" } else { "CN" };
        text.push_str(&format!(
            "L{learner},C{course},2024-06-0{day},{},{system},{grade}\n",
            Credits(*amount)
        ));
    }
    text
}

fn accounts_of(banks: &Banks, learner: Option<u8>) -> Option<Vec<i64>> {
    let number = learner?;
    Some(learners::find(banks.one(), &format!("L{number}")).into_iter().collect())
}

/// Whether a batch merged or unmerged accounts.
fn about_people(read: &dyn Read, no: i64) -> bool {
    let Some(batch) = read.batch(no).unwrap() else { return false };
    let mut found = false;
    read.acts(batch.entry, batch.entry.plus(batch.size as u64), &mut |act, _| {
        found |= matches!(act.kind, EntryKind::Merge | EntryKind::Unmerge);
        Ok(())
    })
    .unwrap();
    found
}

/// Reverses the newest batch; the balances are those before it.
fn take_back(banks: &mut Banks, newest: Selection, before: &Balances) {
    // Only what moved nothing stays, or is on hold; and what a merge or an unmerge moved, which is a part of it.
    let Selection::Batch(no) = newest else { panic!("a batch") };
    let people = about_people(banks.one(), no);
    let stays: &[&str] = match people {
        true => &["U101", "U102", "U106", "U110", "U111", "U112", "U113", "U114"],
        false => &["U106", "U111", "U112"],
    };
    match banks.undo(newest, false, Dependents::Refuse) {
        Ok(_) => assert!(people || kept(banks.one()) == *before),
        Err(code) => assert!(stays.contains(&code), "{code}"),
    }
}

/// Runs a command; `before` are the balances before the newest batch.
fn run(banks: &mut Banks, command: &Command, before: &Balances) {
    let outcome = match command {
        Command::Import(rows, how) => {
            let profile = format!("{PROFILE}{}", HOW[*how as usize]);
            banks.import(&profile, &csv(rows)).map(|_| ())
        }
        Command::Convert(to, who) => {
            let who = accounts_of(banks, *who);
            banks.convert(TARGETS[*to as usize], who).map(|_| ())
        }
        Command::Release(at, who) => {
            let target = at.map(|at| TARGETS[at as usize].to_owned());
            let selection = Selection::Placed { learners: accounts_of(banks, *who), target };
            banks.undo(selection, true, Dependents::Refuse).map(|_| ())
        }
        Command::Reverse(back, how) => {
            let no = batches(banks.one()) - i64::from(*back);
            banks.undo(Selection::Batch(no), false, *how).map(|_| ())
        }
        Command::ReverseEntry(back, how) => match entry_from_the_end(banks.one(), *back) {
            Some(entry) => banks.undo(Selection::Decisions(vec![entry]), false, *how).map(|_| ()),
            None => Ok(()),
        },
        Command::Close(year) => {
            let through = date(2023 + i16::from(*year), 12, 31);
            banks
                .both(|store| close::close(store, &actor(), through, TODAY, None, 0).map(|s| s.batch.no))
                .map(|_| ())
        }
        Command::Hold(back, lift) => {
            let all = lots(banks.one());
            let mut lots: Vec<EntryId> = all.iter().map(|lot| lot.achievement.entry).collect();
            lots.sort();
            match lots.iter().rev().nth(*back as usize) {
                Some(lot) => banks.hold(*lot, *lift),
                None => Ok(()),
            }
        }
        Command::Merge(one, other, reverse) => {
            let accounts = [*one, *other].map(|number| accounts_of(banks, Some(number)).unwrap());
            match (accounts[0].first(), accounts[1].first()) {
                (Some(one), Some(other)) => banks.merge(*one, *other, *reverse),
                _ => Ok(()),
            }
        }
        Command::Unmerge(who) => match accounts_of(banks, Some(*who)).unwrap().first() {
            Some(account) => banks.unmerge(*account),
            None => Ok(()),
        },
        Command::Rules(seeds, publish, better) => banks.rules(seeds, *publish, *better),
        Command::Pin(who, back) => match i64::from(*who) < banks.one().last_learner().unwrap() {
            true => banks.pin(i64::from(*who) + 1, *back),
            false => Ok(()),
        },
        Command::Ask(who, to, by_rules) => match accounts_of(banks, Some(*who)).unwrap().first() {
            Some(learner) => {
                let target = Target::System(TARGETS[*to as usize].to_owned());
                let ask = decision::Ask {
                    learner: *learner,
                    lots: Vec::new(),
                    target,
                    received: TODAY,
                    procedure: None,
                    by_rules: *by_rules,
                    how: how(),
                };
                banks.step(|store| decision::ask(store, &actor(), &ask))
            }
            None => Ok(()),
        },
        Command::Step(back, which) => step(banks, *back, *which),
        Command::Except(who, credits) => match accounts_of(banks, Some(*who)).unwrap().first() {
            Some(learner) => {
                let target = Target::System("US-SEM".to_owned());
                let of = decision::Of::Lots(*learner, Vec::new(), target);
                let (grant, procedure) = (a_grant(*credits), None);
                let exception = decision::Exception { of, grant, procedure, how: how() };
                banks.step(|store| decision::except(store, &actor(), &exception))
            }
            None => Ok(()),
        },
        Command::TakeBack => {
            let newest = Selection::Batch(batches(banks.one()));
            return take_back(banks, newest, before);
        }
    };
    // A refusal is an answer; one that means a damaged ledger is none.
    let known = [
        "U101", "U102", "U105", "U106", "U110", "U111", "U112", "U113", "U114", "P101", "H103", "H104",
        "H105", "L103", "L104", "L106", "L107", "L108", "L109", "R401", "R421", "R422", "D106", "D108",
        "D109", "D113",
    ];
    assert!(outcome.is_ok() || outcome.is_err_and(|code| known.contains(&code)), "{command:?}: {outcome:?}");
}

/// Placed credit is never converted again, wherever to.
fn nothing_is_converted_twice(banks: &mut Banks) {
    for target in TARGETS {
        banks.convert(target, None).unwrap();
        let [decisions, placed, _] = banks.convert(target, None).unwrap();
        assert_eq!((decisions, placed), (0, 0));
    }
    check(banks);
}

/// Decided again, a decision of which any field was changed is not what it says.
fn every_change_of_a_decision_is_found(banks: &Banks) {
    let read = banks.one();
    let mut replay = convert::Replay::new(read).unwrap();
    let end = EntryId::new(0, store::head(read, 0).unwrap().size);
    let mut conversions = Vec::new();
    let mut keep = |act: store::Act, _| {
        conversions.extend(act.payload.starts_with("{\"verb\":\"convert\"").then_some(act));
        Ok(())
    };
    read.acts(EntryId::new(0, 0), end, &mut keep).unwrap();
    for act in conversions {
        let batch = read.batch_of(act.entry).unwrap().unwrap();
        let books = BatchPayload::read(&batch.payload).unwrap().books;
        assert_eq!(replay.decide(&act, &books).unwrap(), convert::Again::Same);
        let payload: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&act.payload).unwrap();
        // What the learner had and which lots were weighed may have made no difference.
        let deciding =
            payload.keys().filter(|key| !["used", "weighed", "weighed_before"].contains(&key.as_str()));
        for field in deciding {
            let mut changed = payload.clone();
            changed[field] = match &payload[field] {
                serde_json::Value::String(text) => format!("{text}0").into(),
                serde_json::Value::Bool(flag) => (!flag).into(),
                serde_json::Value::Number(number) => (number.as_i64().unwrap() + 1).into(),
                _ => serde_json::json!([]),
            };
            let payload = serde_json::to_string(&changed).unwrap();
            let again = replay.decide(&store::Act { payload, ..act.clone() }, &books).unwrap();
            assert_ne!(again, convert::Again::Same, "{field} of {}", act.payload);
        }
    }
}

/// Every hold can be lifted, whatever happened to the lot.
fn every_hold_is_lifted(banks: &mut Banks) {
    for lot in lots(banks.one()).iter().filter(|lot| lot.on_hold.is_some()) {
        banks.hold(lot.achievement.entry, true).unwrap();
    }
    check(banks);
    assert!(lots(banks.one()).iter().all(|lot| lot.on_hold.is_none()));
}

/// Releasing everything brings every standing original back whole; reversing everything leaves nothing.
fn everything_can_be_taken_back(banks: &mut Banks) {
    banks.undo(Selection::Placed { learners: None, target: None }, true, Dependents::Refuse).unwrap();
    check(banks);
    let all = lots(banks.one());
    let mut left = Vec::new();
    for lot in all.iter().filter(|lot| lot.reversed_by.is_none()) {
        let counts = lot.superseded.is_none();
        assert_eq!(lot.held, if counts { lot.achievement.amount } else { Credits::ZERO });
        left.push(lot.achievement.entry);
    }
    banks.undo(Selection::Decisions(left), false, Dependents::Refuse).unwrap();
    check(banks);
    assert!(kept(banks.one()).is_empty());
    assert!(lots(banks.one()).iter().all(|lot| lot.reversed_by.is_some()));
}

fn verified(banks: &Banks) {
    for (name, store) in &banks.engines {
        let options = Options { deep: true, ..Options::default() };
        let verdict = verify(store.as_ref(), &options, &|_, _| ()).unwrap();
        assert!(verdict.is_clean(), "{name}: {:#?}", verdict.findings);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, max_shrink_iters: 200, ..ProptestConfig::default() })]
    #[test]
    fn both_engines_keep_the_laws_whatever_is_asked(
        rules in prop::collection::vec(a_rule(), 0..6),
        commands in prop::collection::vec(a_command(), 1..18),
    ) {
        let mut banks = Banks::open(&a_book(&rules));
        check(&banks);
        let mut before = kept(banks.one());
        let mut then = BTreeMap::new();
        for command in &commands {
            let (newest, now) = (batches(banks.one()), kept(banks.one()));
            run(&mut banks, command, &before);
            check(&banks);
            if batches(banks.one()) > newest {
                before = now;
            }
            then.insert(store::head(banks.one(), 0).unwrap().size, recounted(&banks));
        }
        known_then(&banks, &then);
        rebuilt(&mut banks);
        verified(&banks);
        every_change_of_a_decision_is_found(&banks);
        nothing_is_converted_twice(&mut banks);
        every_hold_is_lifted(&mut banks);
        everything_can_be_taken_back(&mut banks);
        verified(&banks);
    }
}

#[test]
fn a_target_is_a_system_or_else_an_institution() {
    let banks = Banks::open(BOOK);
    let found = TARGETS.map(|code| convert::target(banks.one(), code).unwrap());
    assert_eq!(found[1], Target::System("ECTS".into()));
    assert_eq!(found[2], Target::Institution("STATE".into()));
    assert_eq!(convert::target(banks.one(), "NONE").unwrap_err().code, "K101");
}
