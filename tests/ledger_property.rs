//! Random commands on both engines and on a model that knows nothing of either: what the learners have
//! must be the same in all three after every command, and the laws must hold. Learners are fictitious.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

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
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use tempfile::TempDir;

// ------------------------------------------------------------------ commands

/// A row: learner, course, day, credits in thousandths, grade, system.
type Row = (u8, u8, u8, i64, u8, bool);

#[derive(Debug, Clone)]
enum Command {
    /// Rows, under one of the profiles.
    Import(Vec<Row>, u8),
    /// To one of the targets, for one learner or all.
    Convert(u8, Option<u8>),
    /// At one of the targets or any, of one learner or all.
    Release(Option<u8>, Option<u8>),
    /// The batch so many before the newest.
    Reverse(u8, Dependents),
    /// The movement or achievement so far from the end.
    ReverseEntry(u8, Dependents),
    Close(u8),
    /// The lot so many before the newest: put on hold, or taken off it.
    Hold(u8, bool),
    /// Two learners, and whether what both have is reversed.
    Merge(u8, u8, bool),
    Unmerge(u8),
    /// Another version of the book, with the same rules for other ratios, and whether it is published at once, and with
    /// which policy for those who are pinned to it.
    Rules(Vec<RuleSeed>, bool, bool),
    /// A learner, and the release so many before the newest; none ends the pin.
    Pin(u8, Option<u8>),
    /// A learner asks for credit at a target, and perhaps has the rules' answer at once.
    Ask(u8, u8, bool),
    /// A step of the decision so many before the newest.
    Step(u8, u8),
    /// Credit for a learner without a rule.
    Except(u8, i64),
    /// The newest batch, at once: nothing may stand in the way, and all must be as it was before it.
    TakeBack,
}

const TARGETS: [&str; 3] = ["US-SEM", "ECTS", "STATE"];
const LEARNERS: u8 = 3;

fn a_row() -> impl Strategy<Value = Row> {
    (0..LEARNERS, 0..3u8, 1..4u8, 0..4_000i64, 40..60u8, any::<bool>())
}

fn a_command() -> impl Strategy<Value = Command> {
    let dependents =
        || prop::sample::select(vec![Dependents::Refuse, Dependents::Cascade, Dependents::Unused]);
    prop_oneof![
        5 => (prop::collection::vec(a_row(), 1..5), 0..4u8).prop_map(|(rows, how)| Command::Import(rows, how)),
        4 => (0..3u8, prop::option::of(0..LEARNERS)).prop_map(|(to, who)| Command::Convert(to, who)),
        2 => (prop::option::of(0..3u8), prop::option::of(0..LEARNERS)).prop_map(|(at, who)| Command::Release(at, who)),
        3 => (0..6u8, dependents()).prop_map(|(back, how)| Command::Reverse(back, how)),
        3 => (0..12u8, dependents()).prop_map(|(back, how)| Command::ReverseEntry(back, how)),
        1 => (0..3u8).prop_map(Command::Close),
        3 => (0..6u8, any::<bool>()).prop_map(|(back, lift)| Command::Hold(back, lift)),
        2 => (0..LEARNERS, 0..LEARNERS, any::<bool>()).prop_map(|(a, b, all)| Command::Merge(a, b, all)),
        2 => (0..LEARNERS).prop_map(Command::Unmerge),
        2 => (prop::collection::vec(a_rule(), 0..4), any::<bool>(), any::<bool>())
            .prop_map(|(seeds, publish, better)| Command::Rules(seeds, publish, better)),
        2 => (0..LEARNERS, prop::option::of(0..3u8)).prop_map(|(who, back)| Command::Pin(who, back)),
        2 => (0..LEARNERS, 0..2u8, any::<bool>()).prop_map(|(who, to, at_once)| Command::Ask(who, to, at_once)),
        6 => (0..4u8, 0..9u8).prop_map(|(back, which)| Command::Step(back, which)),
        1 => (0..LEARNERS, 1..5_000i64).prop_map(|(who, credits)| Command::Except(who, credits)),
        2 => Just(Command::TakeBack),
    ]
}

const PROFILE: &str = r#"
name = "results"
target = "achievements"
[columns]
learner = "learner"
outcome = "course"
period = "date"
credits = "credits"
system = "system"
grade = "grade"
[constants]
institution = "NVC"
kind = "formal"
[dates]
formats = ["YYYY-MM-DD"]
[learner]
scheme = "student-number"
unknown = "create"
[institution]
unknown = "create"
[outcome]
unknown = "create"
differs = "version"
"#;

/// What a profile says of rows that say otherwise than what is recorded.
const HOW: [&str; 4] = [
    "",
    "[result]\ndiffers = \"correct\"\n",
    "[result]\ndiffers = \"correct\"\n[attempts]\ncounts = \"latest\"\n",
    "[attempts]\ncounts = \"best\"\n",
];

const CATALOGUE: &str = r#"
name = "catalogue"
target = "outcomes"
[columns]
institution = "institution"
outcome = "course"
[constants]
system = "CN"
kind = "formal"
[institution]
unknown = "create"
[outcome]
unknown = "create"
"#;

const BOOK: &str = r#"
book = "b"
[[rule]]
id = "sem"
from = { system = "US-QTR" }
to = { system = "US-SEM" }
ratio = "2/3"
[[rule]]
id = "ects"
from = { system = "CN" }
to = { system = "ECTS" }
ratio = "7/5"
rounding = "half-up"
step = "0.5"
[[rule]]
id = "state"
from = { institution = "NVC", outcome = "C0" }
to = { institution = "STATE", outcome = "S0", system = "ECTS" }
credits = "2"
min_score = "50"
"#;

/// What a random rule says: sides, ratio, rounding, requirement, limit and priority, each by number.
type RuleSeed = (u8, u8, u8, u8, u8, u8, u8);

fn a_rule() -> impl Strategy<Value = RuleSeed> {
    (0..5u8, 0..5u8, 0..6u8, 0..3u8, 0..6u8, 0..6u8, 0..3u8)
}

/// The fixed rules with random ones beside them: chains and cycles between systems, rules for several outcomes,
/// denials and limits.
fn a_book(seeds: &[RuleSeed]) -> String {
    const SYSTEMS: [&str; 4] = ["US-QTR", "US-SEM", "ECTS", "CN"];
    let mut book = format!("{BOOK}[[cap]]\nname = \"all\"\ncredits = \"5\"\nsystem = \"ECTS\"\n");
    for (number, (from, to, ratio, rounding, required, limit, priority)) in seeds.iter().enumerate() {
        let system = SYSTEMS[usize::from(*to) % 4];
        let (from, worth) = match SYSTEMS.get(usize::from(*from)) {
            Some(from) if *from == system => continue,
            Some(from) => (
                format!("{{ system = \"{from}\" }}"),
                format!("ratio = \"{}\"", ["2/3", "3/2", "1", "1/3", "7/5", "2"][usize::from(*ratio)]),
            ),
            None => (
                format!(
                    "{{ institution = \"NVC\", outcome = \"{}\" }}",
                    ["C0", "C0 & C1", "2 of (*)", "C1 | C2", "* & C2", "C*"][usize::from(*required)]
                ),
                [
                    "credits = \"2\"",
                    "credits = \"3.5\"",
                    "ratio = \"1/2\"",
                    "deny = \"no\"",
                    "credits = \"1\"",
                    "ratio = \"3\"",
                ][usize::from(*ratio)]
                .to_owned(),
            ),
        };
        let to = match to {
            4 => format!("{{ institution = \"STATE\", category = \"elective\", system = \"{system}\" }}"),
            _ => format!("{{ system = \"{system}\" }}"),
        };
        let rounding = ["down", "half-up", "up"][usize::from(*rounding)];
        let limit = ["", "", "", "", "most = \"3\"\n", "caps = [\"all\"]\n"][usize::from(*limit)];
        book.push_str(&format!(
            "[[rule]]\nid = \"random-{number}\"\nfrom = {from}\nto = {to}\n{worth}\nrounding = \"{rounding}\"\n{limit}priority = {priority}\n"
        ));
    }
    book
}

// ------------------------------------------------------------------ banks

fn actor() -> Actor {
    let now = "2026-09-01T08:00:00Z".parse().unwrap();
    Actor { name: "registrar".into(), site: "test".into(), now, command: "test".into() }
}

const TODAY: Date = date(2026, 9, 1);

struct Banks {
    engines: Vec<(&'static str, Box<dyn Store>)>,
    folder: TempDir,
    files: u32,
    /// Which account was merged into which, as the commands that succeeded say.
    merged: BTreeMap<i64, i64>,
}

impl Banks {
    fn open(book: &str) -> Banks {
        let folder = tempfile::tempdir().unwrap();
        let sqlite = Sqlite::create(&folder.path().join("ledger.db")).unwrap();
        let engines: Vec<(&str, Box<dyn Store>)> =
            vec![("memory", Box::new(Memory::new())), ("sqlite", Box::new(sqlite))];
        let mut banks = Banks { engines, folder, files: 0, merged: BTreeMap::new() };
        let founding = init::Founding {
            name: "Bank".into(),
            identifier: "bank.example".into(),
            home_system: "CN".into(),
            time_zone: "UTC".into(),
        };
        banks.both(|store| init::init(store, &founding, &actor()).map(|head| head.size)).unwrap();
        banks.import(CATALOGUE, "institution,course\nSTATE,S0\nNVC,C0\n").unwrap();
        let book = parse_toml(book, "b.toml").unwrap();
        banks
            .both(|store| rules::load(store, &actor(), &book, &Default::default()).map(|l| l.version))
            .unwrap();
        let dean = authority::New {
            code: "DEAN".into(),
            name: "The dean".into(),
            targets: Vec::new(),
            most: Some((Credits(4_000), "US-SEM".into())),
            officers: Vec::new(),
            valid_from: None,
            valid_to: None,
            citation: "a test".into(),
        };
        let by = actor();
        let act = registry::Act { actor: &by, reason: None, dry_run: false, log: 0 };
        banks.both(|store| authority::add(store, &act, &dean).map(|posted| posted.batch)).unwrap();
        banks
    }

    /// Does the same in both banks; the answers must be equal, refusals by their code.
    fn both<T: std::fmt::Debug + PartialEq>(
        &mut self,
        mut work: impl FnMut(&mut dyn Store) -> Result<T, Fault>,
    ) -> Result<T, &'static str> {
        let mut answers =
            self.engines.iter_mut().map(|(_, store)| work(store.as_mut()).map_err(|fault| fault.code));
        let (memory, sqlite) = (answers.next().unwrap(), answers.next().unwrap());
        assert_eq!(memory, sqlite);
        memory
    }

    fn import(&mut self, profile: &str, text: &str) -> Result<Vec<u64>, &'static str> {
        self.files += 1;
        let files = [self.folder.path().join(format!("{}.csv", self.files))];
        std::fs::write(&files[0], text).unwrap();
        let rejects: PathBuf = self.folder.path().join("refused.csv");
        let profile = Profile::parse(profile, "p.toml").unwrap();
        let request = import::Request {
            files: &files,
            profile: &profile,
            keep_going: true,
            dry_run: false,
            reason: Some("test".into()),
            rejects: Some(rejects),
            expected: import::standard::Expected::default(),
            verdicts: false,
            limit: import::findings::LISTED,
            log: 0,
        };
        self.both(|store| {
            let done = import::import(store, &actor(), &request, &mut |_, _, _| Ok(()), &|_, _| ())?;
            Ok(vec![done.deposited, done.recorded, done.already, done.refused, done.entries as u64])
        })
    }

    fn convert(&mut self, target: &str, learners: Option<Vec<i64>>) -> Result<[u64; 3], &'static str> {
        self.both(|store| {
            let target = convert::target(store, target)?;
            let request = convert::Request {
                learners: learners.clone(),
                lots: None,
                target,
                date: TODAY,
                release: None,
                reason: None,
                dry_run: false,
                log: 0,
            };
            convert::convert(store, &actor(), &request)
                .map(|done| [done.decisions, done.lots, done.left_in_all])
        })
    }

    fn undo(
        &mut self,
        selection: Selection,
        release: bool,
        dependents: Dependents,
    ) -> Result<u64, &'static str> {
        let request = undo::Request {
            selection,
            release,
            dependents,
            reason: Some("test".into()),
            date: TODAY,
            dry_run: false,
            log: 0,
        };
        self.both(|store| {
            let done = undo::undo(store, &actor(), &request)?;
            Ok((done.undone, done.before, done.stays, done.cascaded))
        })
        .map(|(undone, ..)| undone)
    }

    fn hold(&mut self, lot: EntryId, lift: bool) -> Result<(), &'static str> {
        let request = hold::Request {
            lots: vec![lot],
            lift,
            reason: "test".into(),
            date: TODAY,
            dry_run: false,
            log: 0,
        };
        self.both(|store| hold::hold(store, &actor(), &request).map(|done| done.lots)).map(drop)
    }

    fn merge(&mut self, one: i64, other: i64, reverse_duplicates: bool) -> Result<(), &'static str> {
        let request = merge::Request {
            person: one,
            account: other,
            reason: "test".into(),
            reverse_duplicates,
            date: TODAY,
            dry_run: false,
            log: 0,
        };
        let (person, account) = self.both(|store| {
            let done = merge::merge(store, &actor(), &request)?;
            Ok((done.person.0, done.account.0))
        })?;
        assert_eq!((person, account), (self.person(one), self.person(other)));
        self.merged.insert(account, person);
        Ok(())
    }

    fn unmerge(&mut self, account: i64) -> Result<(), &'static str> {
        let reason = "test".to_owned();
        let request = unmerge::Request { account, reason, date: TODAY, dry_run: false, log: 0 };
        self.both(|store| unmerge::unmerge(store, &actor(), &request).map(|done| done.restored))?;
        assert!(self.merged.remove(&account).is_some());
        Ok(())
    }

    fn rules(&mut self, seeds: &[RuleSeed], publish: bool, better: bool) -> Result<(), &'static str> {
        let book = parse_toml(&a_book(seeds), "b.toml").unwrap();
        self.both(|store| rules::load(store, &actor(), &book, &Default::default()).map(|done| done.version))?;
        if !publish {
            return Ok(());
        }
        let count = History::read(self.one(), None).unwrap().releases.len();
        let request = publish::Request {
            name: format!("r{count}"),
            books: vec![("b".into(), None)],
            without: Vec::new(),
            from: TODAY,
            authority: "Senate".into(),
            pinned: if better { Pinned::Better } else { Pinned::Own },
            reason: None,
            today: TODAY,
            dry_run: false,
            log: 0,
        };
        self.both(|store| publish::publish(store, &actor(), &request).map(|done| done.batch)).map(drop)
    }

    fn pin(&mut self, learner: i64, back: Option<u8>) -> Result<(), &'static str> {
        let releases = History::read(self.one(), None).unwrap().releases;
        let named = |back: u8| releases.iter().rev().nth(usize::from(back)).map(|it| it.name.clone());
        let release = back.map(|back| named(back).unwrap_or_else(|| "none".into()));
        let request =
            pin::Request { learner, release, date: TODAY, reason: "test".into(), dry_run: false, log: 0 };
        self.both(|store| pin::pin(store, &actor(), &request).map(|done| done.decision)).map(drop)
    }

    /// What a step says of its decision, the same in both banks.
    fn step(
        &mut self,
        mut work: impl FnMut(&mut dyn Store) -> Result<decision::Done, Fault>,
    ) -> Result<(), &'static str> {
        self.both(|store| work(store).map(|done| (done.case, done.placed, done.released, done.refused)))
            .map(drop)
    }

    /// The account that names the person.
    fn person(&self, account: i64) -> i64 {
        self.merged.get(&account).map_or(account, |person| self.person(*person))
    }

    /// One of the banks; they are compared after every command.
    fn one(&self) -> &dyn Read {
        self.engines[0].1.as_ref()
    }
}

// ------------------------------------------------------------------ what is there

type Balances = BTreeMap<(i64, i64), [i64; 7]>;

fn kept(read: &dyn Read) -> Balances {
    let mut kept = BTreeMap::new();
    read.balances(None, &mut |learner, system, balance| {
        // The source is what all other places have, with the sign turned round.
        let mut places = balance.0;
        places[0] = -places[1..].iter().sum::<i64>();
        kept.insert((learner, system), places);
        Ok(())
    })
    .unwrap();
    kept
}

fn lots(read: &dyn Read) -> Vec<Lot> {
    let names = Names::default();
    let links = learners::links(read, &Cut::default()).unwrap();
    let all = (1..=read.last_learner().unwrap()).filter(|learner| links.is_person(*learner));
    all.flat_map(|learner| learners::lots(read, &names, learner, &Cut::default()).unwrap()).collect()
}

/// Kinds and amounts of the journal, in order.
fn journal(read: &dyn Read) -> Vec<(EntryId, EntryKind, i64)> {
    let end = EntryId::new(0, store::head(read, 0).unwrap().size);
    let (start, mut all) = (EntryId::new(0, 0), Vec::new());
    read.acts(start, end, &mut |act, _| {
        all.push((act.entry, act.kind, 0));
        Ok(())
    })
    .unwrap();
    read.achievements(start, end, &mut |row, _| {
        all.push((row.entry, row.entry_kind(), row.amount.0));
        Ok(())
    })
    .unwrap();
    read.movements(start, end, &mut |row, _| {
        all.push((row.entry, row.kind, row.amount.0));
        Ok(())
    })
    .unwrap();
    all.sort();
    all
}

/// The balances counted anew from the entries by a model of its own: an undoing takes back, entry by
/// entry, whatever the undone entry did.
fn recounted(banks: &Banks) -> Balances {
    let read = banks.one();
    let end = EntryId::new(0, store::head(read, 0).unwrap().size);
    let start = EntryId::new(0, 0);
    let mut moved: BTreeMap<EntryId, (i64, i64, Place, Place, i64)> = BTreeMap::new();
    read.achievements(start, end, &mut |row, _| {
        let way = (row.learner, row.system, Place::Recognised, Place::Held, row.amount.0);
        moved.insert(row.entry, way);
        Ok(())
    })
    .unwrap();
    read.movements(start, end, &mut |row, _| {
        let way = match row.undoes {
            None => {
                let (from, to) = accounts(row.kind).unwrap();
                (row.learner, row.system, from, to, row.amount.0)
            }
            Some(undone) => {
                let (learner, system, from, to, amount) = moved[&undone];
                assert_eq!((learner, system, amount), (row.learner, row.system, row.amount.0));
                (learner, system, to, from, amount)
            }
        };
        moved.insert(row.entry, way);
        Ok(())
    })
    .unwrap();
    let mut balances: BTreeMap<(i64, i64), Balance> = BTreeMap::new();
    for (learner, system, from, to, amount) in moved.into_values() {
        balances.entry((banks.person(learner), system)).or_default().shift(from, to, Credits(amount));
    }
    balances.retain(|_, balance| !balance.is_empty());
    balances.into_iter().map(|(key, balance)| (key, balance.0)).collect()
}

/// The lots on hold, counted anew from the entries, and that nothing took them meanwhile.
fn recounted_holds(read: &dyn Read) -> BTreeMap<EntryId, EntryId> {
    let end = EntryId::new(0, store::head(read, 0).unwrap().size);
    let mut holds = BTreeMap::new();
    let mut moved: BTreeMap<EntryId, (Place, Place)> = BTreeMap::new();
    read.achievements(EntryId::new(0, 0), end, &mut |row, _| {
        moved.insert(row.entry, (Place::Recognised, Place::Held));
        Ok(())
    })
    .unwrap();
    read.movements(EntryId::new(0, 0), end, &mut |row, _| {
        let (from, to) = match row.undoes {
            None => accounts(row.kind).unwrap(),
            Some(undone) => (moved[&undone].1, moved[&undone].0),
        };
        moved.insert(row.entry, (from, to));
        match row.kind {
            EntryKind::Hold => assert_eq!(holds.insert(row.lot, row.decision), None),
            EntryKind::Unhold => assert!(holds.remove(&row.lot).is_some()),
            _ => assert!(from != Place::Held || !holds.contains_key(&row.lot), "{row:?}"),
        }
        Ok(())
    })
    .unwrap();
    holds
}

// ------------------------------------------------------------------ laws

fn check(banks: &Banks) {
    let [(_, memory), (_, sqlite)] = &banks.engines[..] else { panic!("two engines") };
    let (memory, sqlite): (&dyn Read, &dyn Read) = (memory.as_ref(), sqlite.as_ref());
    let size = |read: &dyn Read| store::head(read, 0).unwrap().size;
    assert_eq!(size(memory), size(sqlite));
    assert_eq!(journal(memory), journal(sqlite));
    let (all, balances) = (lots(memory), kept(memory));
    assert_eq!(all, lots(sqlite));
    assert_eq!(balances, kept(sqlite));
    assert_eq!(balances, recounted(banks));
    let mut sums: BTreeMap<i64, i64> = BTreeMap::new();
    for ((_, system), places) in &balances {
        assert!(places[1..].iter().all(|amount| *amount >= 0), "{places:?}");
        *sums.entry(*system).or_default() += places.iter().sum::<i64>();
    }
    assert!(sums.values().all(|sum| *sum == 0), "{sums:?}");
    for lot in &all {
        // Whole lots are placed, so a lot stands at one place; its shares never exceed it.
        let gone = lot.reversed_by.is_some() || lot.superseded.is_some();
        let free = if gone { 0 } else { lot.achievement.amount.0 };
        assert!(lot.held >= Credits::ZERO, "{lot:?}");
        assert_eq!(lot.held.0 + lot.placed().0, free, "{lot:?}");
        assert!(lot.placements.len() <= 1, "{lot:?}");
        assert!(lot.on_hold.is_none() || lot.reversed_by.is_none(), "{lot:?}");
    }
    let holds: BTreeMap<EntryId, EntryId> =
        all.iter().filter_map(|lot| Some((lot.achievement.entry, lot.on_hold?))).collect();
    assert_eq!(holds, recounted_holds(memory));
    standing_once(banks, &all);
    credited_once(memory, &all);
    whole_decisions(memory, &all);
}

/// No two standing achievements of a person have one key.
fn standing_once(banks: &Banks, all: &[Lot]) {
    let mut keys = BTreeSet::new();
    for lot in all.iter().filter(|lot| lot.reversed_by.is_none()) {
        let a = &lot.achievement;
        assert!(keys.insert((banks.person(a.learner), a.outcome, a.period, a.attempt)), "{lot:?}");
    }
}

/// The journal as it stood at each size gives the balances of that time, whatever was merged or parted since.
fn known_then(banks: &Banks, then: &BTreeMap<u64, Balances>) {
    let (read, names) = (banks.one(), Names::default());
    for (size, due) in then {
        let cut = Cut { as_of: None, known: Some(EntryId::new(0, *size)) };
        let links = learners::links(read, &cut).unwrap();
        let mut found = Balances::new();
        for person in (1..=read.last_learner().unwrap()).filter(|learner| links.is_person(*learner)) {
            let all = learners::lots(read, &names, person, &cut).unwrap();
            let own = balances(&all).into_iter().filter(|(_, balance)| !balance.is_empty());
            found.extend(own.map(|(system, balance)| ((person, system), balance.0)));
        }
        assert_eq!(&found, due, "at size {size}");
    }
}

/// What is derived is made again as it was, links and balances included.
fn rebuilt(banks: &mut Banks) {
    let (before, journal_before) = (kept(banks.one()), journal(banks.one()));
    let made = banks.both(|store| rebuild(store).map(|made| (made.links, made.pairs, made.balances)));
    assert_eq!(made.unwrap().2 as usize, before.len());
    assert_eq!((kept(banks.one()), journal(banks.one())), (before, journal_before));
    check(banks);
}

/// Of a person's results in an outcome one gives credit; and one does where any stands.
fn credited_once(read: &dyn Read, all: &[Lot]) {
    let links = learners::links(read, &Cut::default()).unwrap();
    let mut counting: BTreeMap<(i64, i64), usize> = BTreeMap::new();
    for lot in all.iter().filter(|lot| lot.stands() && lot.achievement.amount > Credits::ZERO) {
        let a = &lot.achievement;
        *counting.entry((links.person(a.learner), a.outcome)).or_default() += usize::from(lot.counts());
    }
    assert!(counting.values().all(|count| *count == 1), "{counting:?}: {all:#?}");
}

/// What one decision placed stands whole or not at all, and its worth is what the rule gave.
fn whole_decisions(read: &dyn Read, all: &[Lot]) {
    let mut standing: BTreeMap<EntryId, (usize, i64)> = BTreeMap::new();
    for placement in all.iter().flat_map(|lot| &lot.placements) {
        let (count, worth) = standing.entry(placement.decision).or_default();
        *count += 1;
        *worth += placement.worth.0;
    }
    for (decision, (count, worth)) in standing {
        let payload: serde_json::Value =
            serde_json::from_str(&read.act(decision).unwrap().unwrap().payload).unwrap();
        let by_rules = payload["verb"] == "convert";
        let lots = payload[if by_rules { "lots" } else { "granted" }].as_array().unwrap();
        assert_eq!(lots.len(), count, "decision {decision}");
        let milli = |value: &serde_json::Value| {
            Credits::parse(value.as_str().unwrap(), creditbank::domain::credits::DecimalMark::Point)
                .unwrap()
                .0
        };
        assert_eq!(lots.iter().map(|lot| milli(&lot["worth"])).sum::<i64>(), worth);
        if !by_rules {
            continue;
        }
        // What random rules give is held against brute force where conversions are planned.
        if payload["rule_name"].as_str().unwrap().starts_with("b/random-") {
            continue;
        }
        let taken: i64 = lots.iter().map(|lot| milli(&lot["amount"])).sum();
        let expected = match payload["target"].as_str().unwrap() {
            "US-SEM" => taken * 2 / 3,
            "ECTS" => (taken * 7 * 2 + 5 * 500) / (5 * 2 * 500) * 500,
            _ => 2_000,
        };
        assert_eq!(worth, expected, "{payload}");
    }
}

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
