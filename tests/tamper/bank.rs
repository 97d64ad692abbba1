//! A small bank with a row in every table. All learners are fictitious.

use creditbank::domain::account::Account;
use creditbank::domain::credits::Credits;
use creditbank::domain::date::parse_iso;
use creditbank::domain::decision::{Step, Verb};
use creditbank::domain::entry::{Achievement, EntryId, EntryKind, Place};
use creditbank::domain::fault::Result;
use creditbank::domain::outcome::{Kind, Status};
use creditbank::domain::registry::*;
use creditbank::ledger::lots::{Cut, Lot};
use creditbank::ops::batch::{Actor, Approval, Asked, BatchPayload, Figures, SourceFile};
use creditbank::ops::learners::lots;
use creditbank::ops::names::Names;
use creditbank::ops::people::{DistinctAct, MergeAct, ReviewAct, UnmergeAct};
use creditbank::ops::post::{Fact, NewMovement, Poster, Prepared, Rare, empty_head};
use creditbank::proof::leaf::{Key, Salter};
use creditbank::proof::merkle::Hash;
use creditbank::store::sqlite::Sqlite;
use creditbank::store::{self, ActRow, DecisionRow, Refusal, Store, Tx, act_row};
use std::num::NonZeroU32;
use std::path::Path;

pub const LEARNERS: i64 = 6;

fn key(learner: i64) -> Key {
    let mut key = [7; 32];
    key[..8].copy_from_slice(&learner.to_be_bytes());
    key
}

fn payload(second: i64) -> BatchPayload {
    let actor = Actor {
        name: "registrar".into(),
        site: "office".into(),
        now: jiff::Timestamp::from_second(1_700_000_000 + second).unwrap(),
        command: "test".into(),
    };
    BatchPayload { why: "a test".into(), ..BatchPayload::new(&actor).unwrap() }
}

fn text(value: &str) -> String {
    value.to_owned()
}

fn some(value: &str) -> Option<String> {
    Some(value.to_owned())
}

fn institution(id: i64, code: &str, name: &str) -> ActRow {
    let row = Institution {
        id,
        code: text(code),
        name: text(name),
        country: some("CN"),
        region: None,
        sector: some("public"),
        calendar: None,
    };
    act_row(0, &row).unwrap()
}

fn system(id: i64, code: &str) -> ActRow {
    let row = SystemRow {
        id,
        code: text(code),
        name: format!("The system {code}"),
        name_local: text(""),
        country: text(""),
        hours_low: Some(25_000),
        hours_high: None,
        indivisible: 0,
        citation: text("none"),
        verified: 0,
    };
    act_row(0, &row).unwrap()
}

fn version(id: i64, outcome: i64, level: Option<&str>) -> ActRow {
    let row = OutcomeVersion {
        id,
        outcome,
        version: 1,
        title: format!("Course {outcome}"),
        kind: Some(0),
        framework: level.map(|_| text("EQF")),
        level: level.map(text),
        field: some("0541"),
        hours: None,
        credits: Some(3_000),
        system: Some(1),
        valid_from: some("2020-01-01"),
        valid_to: None,
        accredited_from: None,
        accredited_to: None,
    };
    act_row(0, &row).unwrap()
}

fn period(id: i64, written: &str, first: &str, last: &str) -> ActRow {
    let precision = text(if first == last { "day" } else { "term" });
    act_row(0, &PeriodRow { id, written: text(written), precision, first: text(first), last: text(last) })
        .unwrap()
}

fn rule(id: i64, body: &str) -> ActRow {
    let row = RuleRow {
        id,
        book: 1,
        code: format!("R{id}"),
        from_system: some("ECTS"),
        from_institution: None,
        from_outcome: None,
        to_system: some("US-SEM"),
        to_institution: None,
        to_outcome: None,
        body: text(body),
    };
    act_row(0, &row).unwrap()
}

fn authority(version: i64) -> AuthorityRow {
    AuthorityRow {
        id: version,
        code: text("DEAN"),
        version,
        name: text("The dean"),
        targets: text("[]"),
        most: Some(6_000),
        system: some("US-SEM"),
        officers: text("[\"registrar\"]"),
        valid_from: some("2020-01-01"),
        valid_to: None,
        citation: text("statutes 7"),
    }
}

fn registries() -> Vec<Vec<ActRow>> {
    let row = |table: &str, json: &str| ActRow { ord: 0, table: text(table), row: text(json) };
    let bank = Bank {
        id: 1,
        name: text("测试银行"),
        identifier: text("bank.example"),
        home_system: text("ECTS"),
        time_zone: text("UTC"),
    };
    let framework = FrameworkRow {
        id: 1,
        code: text("EQF"),
        name: text("EQF"),
        levels: text("[\"1\"]"),
        citation: text("x"),
        verified: 1,
    };
    let scale = |id, version, numeric, grades, pass, ends: [Option<&str>; 3]| {
        let [best, worst, step] = ends.map(|end| end.and_then(some));
        let row = Scale {
            id,
            name: text(if numeric == 1 { "marks" } else { "letters" }),
            version,
            numeric,
            grades: text(grades),
            pass: some(pass),
            best,
            worst,
            step,
            valid_from: if version > 1 { some("2024-09-01") } else { None },
            citation: text("a rule"),
            verified: 0,
        };
        act_row(0, &row).unwrap()
    };
    let conversion = GradeConversionRow {
        id: 1,
        name: text("letters-marks"),
        version: 1,
        from_scale: text("letters"),
        to_scale: text("marks"),
        institution: some("ALPHA"),
        method: text("table"),
        body: text("{\"table\":{\"rows\":[]}}"),
        valid_from: some("2024-01-01"),
        valid_to: None,
        citation: text("an agreement"),
        verified: 1,
    };
    let table = GradingTableRow {
        id: 1,
        institution: text("ALPHA"),
        scale: text("letters"),
        field: text("0613"),
        cycle: text("first"),
        first_year: 2022,
        last_year: 2024,
        version: 1,
        counts: text("[[\"A\",120]]"),
        source: text("registry"),
    };
    let profile =
        ProfileRow { id: 1, name: text("p"), version: 1, sha256: text("00"), source: text("name = 'p'") };
    let outcome = |id, institution| {
        act_row(0, &Outcome { id, institution, code: format!("C{id}"), repeatable: 0 }).unwrap()
    };
    vec![
        vec![act_row(0, &bank).unwrap()],
        vec![system(1, "ECTS"), system(2, "US-SEM")],
        vec![act_row(0, &framework).unwrap(), scale(1, 1, 0, "[\"F\",\"A\"]", "A", [None; 3])],
        vec![
            scale(2, 1, 1, "[]", "4", [Some("1"), Some("5"), Some("0.1")]),
            scale(3, 2, 0, "[\"F\",\"E\",\"A\"]", "E", [None; 3]),
            act_row(0, &conversion).unwrap(),
            act_row(0, &table).unwrap(),
        ],
        vec![
            institution(1, "ALPHA", "Alpha College"),
            institution(2, "BETA", "Beta College"),
            institution(3, "GAMMA", "G"),
        ],
        vec![outcome(1, 1), outcome(2, 2), version(1, 1, Some("6")), version(2, 2, None)],
        vec![
            period(1, "2024J", "2024-02-01", "2024-06-30"),
            period(2, "2024-09-01", "2024-09-01", "2024-09-01"),
        ],
        vec![period(3, "2013/14", "2013-09-01", "2014-06-30")],
        vec![row("offering", "{\"id\":1,\"outcome\":1,\"period\":1}")],
        vec![
            row("grade", "{\"id\":1,\"scale\":\"letters\",\"written\":\"A\"}"),
            row("grade", "{\"id\":2,\"scale\":\"letters\",\"written\":\"F\"}"),
        ],
        vec![
            row("attrs", "{\"id\":1,\"json\":\"{}\"}"),
            row("attrs", "{\"id\":2,\"json\":\"{\\\"sex\\\":\\\"F\\\"}\"}"),
        ],
        vec![
            row("scheme", "{\"id\":1,\"name\":\"name\",\"issuer\":\"\"}"),
            row("scheme", "{\"id\":2,\"name\":\"student-number\",\"issuer\":\"ALPHA\"}"),
            row("scheme", "{\"id\":3,\"name\":\"birth-date\",\"issuer\":\"\"}"),
        ],
        vec![act_row(0, &profile).unwrap()],
        vec![
            act_row(0, &Book { id: 1, name: text("b"), version: 1, sha256: text("00") }).unwrap(),
            rule(1, "{\"ratio\":\"1/2\"}"),
            rule(2, "{\"ratio\":\"2/3\"}"),
            row("rule_source", "{\"id\":1,\"rule\":1,\"institution\":\"ALPHA\",\"outcome\":\"C1\"}"),
            row("rule_source", "{\"id\":2,\"rule\":2,\"institution\":\"*\",\"outcome\":\"C2\"}"),
            row("rule_cap", "{\"id\":1,\"book\":1,\"name\":\"calculus\",\"body\":\"{}\"}"),
            row("rule_cap", "{\"id\":2,\"book\":1,\"name\":\"physics\",\"body\":\"{ }\"}"),
        ],
        vec![release(1, "2025", "2025-01-01", "own"), release(2, "2026", "2026-01-01", "better")],
        vec![
            row(
                "procedure",
                "{\"id\":1,\"name\":\"p\",\"version\":1,\"sha256\":\"00\",\"source\":\"name = 'p'\"}",
            ),
            act_row(0, &authority(1)).unwrap(),
            act_row(0, &authority(2)).unwrap(),
        ],
        vec![row("closure", "{\"id\":1,\"through\":\"2023-12-31\"}")],
        // Alpha is renamed: the newest row is the one that stands.
        vec![institution(1, "ALPHA", "Alpha University")],
    ]
}

fn release(id: i64, name: &str, from: &str, pinned: &str) -> ActRow {
    let books = "[{\"book\":\"b\",\"version\":1,\"sha256\":\"00\"}]".to_owned();
    let (name, valid_from, pinned) = (text(name), text(from), text(pinned));
    act_row(0, &ReleaseRow { id, name, valid_from, authority: format!("Senate {id}"), pinned, books })
        .unwrap()
}

fn fact(learner: i64, nth: i64, scheme: i64, value: String) -> Fact {
    let valid_from = (nth == 1).then(|| text("2020-09-01"));
    Fact { learner, nth, scheme, value, valid_from, valid_to: None }
}

fn enrol(poster: &mut Poster) -> Result<()> {
    let keys: Vec<(i64, Key)> = (1..=4).map(|learner| (learner, key(learner))).collect();
    let facts = (1..=4).flat_map(|learner| {
        [
            fact(learner, 0, 1, format!("Fictitious Learner {learner}")),
            fact(learner, 1, 2, format!("000{learner}")),
        ]
    });
    poster.enrol(&keys, facts.collect())?;
    poster.enrol(&[(5, key(5))], vec![fact(5, 0, 1, text("虚构学生"))])?;
    let born = fact(6, 1, 3, text("2001-05-06"));
    poster.enrol(&[(6, key(6))], vec![fact(6, 0, 1, text("Nobody Real")), born])?;
    // Of an account that stands already, only a birth date comes.
    poster.enrol(&[], vec![fact(5, 1, 3, text("2001-05-06"))])?;
    Ok(())
}

/// The achievements: learner by learner, with and without credit, grade, attributes, record, group.
fn achievements() -> Vec<(Achievement, i64, (i16, i16))> {
    let mut rows = Vec::new();
    for learner in 1..=LEARNERS {
        for (outcome, period, years) in [(1, 1, (2024, 2024)), (2, 3, (2013, 2014))] {
            let line = rows.len() as i64 + 2;
            let with = |yes: bool| yes.then_some(1 + learner % 2);
            let achievement = Achievement {
                entry: EntryId(0),
                learner,
                outcome,
                version: 1,
                period,
                attempt: 1,
                nth: 0,
                status: if outcome == 2 && learner == 3 { Status::Failed } else { Status::Passed },
                kind: if learner == 4 { Kind::NonFormal } else { Kind::Formal },
                system: 1,
                amount: Credits(if outcome == 2 && learner % 3 == 0 { 0 } else { 3_000 * outcome }),
                grade: with(outcome == 1),
                attrs: with(learner < 4),
                file: 0,
                line,
                group_line: (learner == 2).then_some(4),
                group_load: (learner == 2).then_some(Credits(9_000)),
                record: (outcome == 1 && learner > 3).then(|| format!("REC-{learner}")),
            };
            rows.push((achievement, outcome, years));
        }
    }
    rows
}

fn prepare((row, institution, years): (Achievement, i64, (i16, i16))) -> Prepared {
    let small = |id: i64| u32::try_from(id).unwrap();
    let id = |id: i64| NonZeroU32::new(small(id)).unwrap();
    Prepared {
        learner: row.learner,
        amount: row.amount,
        line: small(row.line),
        rare: Rare {
            record: row.record.map(String::into_boxed_str),
            group: row.group_line.zip(row.group_load),
            part: 0,
        }
        .boxed(),
        outcome: small(row.outcome),
        version: small(row.version),
        period: small(row.period),
        attempt: row.attempt.try_into().unwrap(),
        system: row.system.try_into().unwrap(),
        institution: small(institution),
        grade: row.grade.map(id),
        attrs: row.attrs.map(id),
        file: row.file.try_into().unwrap(),
        years,
        status: row.status,
        kind: row.kind,
    }
}

fn leaf_of(row: &Prepared, batch: &[u8; 16]) -> Hash {
    row.leaf(&row.achievement(), &Salter::new(&key(row.learner)), batch, &mut Vec::new())
}

fn decide(poster: &mut Poster, verb: &str, learner: Option<i64>, moves: &[NewMovement]) -> Result<EntryId> {
    let row = DecisionRow {
        entry: EntryId(0),
        learner,
        verb: text(verb),
        target: match verb {
            "convert" => Some(text("US-SEM")),
            "pin" => Some(text("2025")),
            _ => None,
        },
        rule: (verb == "convert").then_some(1),
        about: None,
    };
    let mut payload = serde_json::json!({ "verb": verb, "why": "a test" });
    if verb == "pin" {
        payload["target"] = "2025".into();
    }
    if verb == "convert" {
        payload["target"] = "US-SEM".into();
        payload["rule"] = 1.into();
    }
    let entry = poster.decision(row, payload.to_string())?;
    poster.movements(entry, moves)?;
    Ok(entry)
}

fn moves(
    lot: &Achievement,
    kind: EntryKind,
    amount: i64,
    accounts: (Place, Place),
    undoes: Option<EntryId>,
) -> NewMovement<'_> {
    let system = if accounts.0 == Place::Converted || accounts.1 == Place::Converted { 2 } else { 1 };
    let share = if undoes.is_some() { (1, 1) } else { (2, 3) };
    NewMovement { kind, lot, share, system, amount: Credits(amount), period: 2, undoes, accounts }
}

fn convert(poster: &mut Poster, lot: &Achievement) -> Result<EntryId> {
    let out = moves(lot, EntryKind::ConvertOut, 2_000, (Place::Held, Place::Placed), None);
    let into = moves(lot, EntryKind::ConvertIn, 1_000, (Place::Recognised, Place::Converted), None);
    decide(poster, "convert", Some(lot.learner), &[out, into])
}

fn import(poster: &mut Poster) -> Result<()> {
    let batch = poster.batch_id();
    let rows: Vec<Prepared> = achievements().into_iter().map(prepare).collect();
    let leaves: Vec<Hash> = rows.iter().map(|row| leaf_of(row, &batch)).collect();
    poster.achievements(&rows, &leaves, &mut |_, _| {})?;
    let refusal = |line, code: &str| Refusal {
        entry: EntryId(0),
        ord: 0,
        salt: [line as u8; 16],
        file: 0,
        line,
        code: text(code),
        reason: text("there is no such outcome"),
        row: text("[\"a\",\"b\"]"),
        subject: text("[\"ALPHA\",\"7\"]"),
    };
    poster.refusals(vec![refusal(20, "I101"), refusal(21, "I102"), refusal(22, "I103")])?;
    let pieces = [(0, b"first".to_vec()), (0, b"second".to_vec()), (1, b"third".to_vec())];
    poster.stage(&mut pieces.into_iter().map(Ok))?;
    poster.close("{\"through\":\"2023-12-31\"}".to_owned())?;
    Ok(())
}

fn decisions(poster: &mut Poster) -> Result<()> {
    let lot = |tx: &dyn Tx, learner| -> Result<Achievement> {
        Ok(tx.achievements_of(learner)?.into_iter().next().unwrap())
    };
    let lots = [lot(poster.read(), 1)?, lot(poster.read(), 2)?, lot(poster.read(), 5)?];
    let placed = convert(poster, &lots[0])?;
    convert(poster, &lots[1])?;
    let (out, into) = (placed.plus(1), placed.plus(2));
    let back = [
        moves(&lots[0], EntryKind::Release, 2_000, (Place::Placed, Place::Held), Some(out)),
        moves(&lots[0], EntryKind::Release, 1_000, (Place::Converted, Place::Recognised), Some(into)),
    ];
    decide(poster, "release", Some(1), &back)?;
    let reverse =
        moves(&lots[2], EntryKind::Reverse, 3_000, (Place::Held, Place::Recognised), Some(lots[2].entry));
    decide(poster, "reverse", None, &[reverse])?;
    let disputed = lot(poster.read(), 4)?;
    let still = |kind, undoes| NewMovement {
        share: (1, 1),
        ..moves(&disputed, kind, 0, (Place::Held, Place::Held), undoes)
    };
    let held = decide(poster, "hold", Some(4), &[still(EntryKind::Hold, None)])?;
    decide(poster, "unhold", Some(4), &[still(EntryKind::Unhold, Some(held.plus(1)))])?;
    decide(poster, "pin", Some(3), &[])?;
    let day = parse_iso("2024-10-01").unwrap();
    let mut asked = Step::new(Verb::Request, Account(4), day);
    asked.target = some("US-SEM");
    asked.lots = vec![disputed.entry];
    let request = post_step(poster, &asked)?;
    let mut withdrawn = Step::new(Verb::Withdraw, Account(4), day);
    withdrawn.decision = Some(request);
    withdrawn.reason = text("a test");
    post_step(poster, &withdrawn)?;
    Ok(())
}

fn post_step(poster: &mut Poster, step: &Step) -> Result<EntryId> {
    let row = DecisionRow {
        entry: EntryId(0),
        learner: Some(step.learner.0),
        verb: step.verb.name().to_owned(),
        target: step.target.clone(),
        rule: None,
        about: step.decision,
    };
    poster.decision(row, serde_json::to_string(step).unwrap())
}

/// Two accounts become one person's and stay it, two do not.
fn people(poster: &mut Poster) -> Result<()> {
    let day = parse_iso("2024-10-01").unwrap();
    let merge = |person, account| MergeAct {
        person: Account(person),
        account: Account(account),
        date: day,
        reason: text("a test"),
        reversed: Vec::new(),
    };
    // What 3 has as well is not to count twice.
    let twice = poster.read().achievements_of(6)?;
    let (from, to) = (Place::Held, Place::Recognised);
    let mut back = Vec::new();
    for lot in &twice {
        back.push(moves(lot, EntryKind::Reverse, lot.amount.0, (from, to), Some(lot.entry)));
    }
    decide(poster, "reverse", Some(6), &back)?;
    poster.merge(&merge(3, 6))?;
    poster.merge(&merge(4, 5))?;
    let link = poster.read().links()?.pop().unwrap();
    let (person, account, reason) = (Account(4), Account(5), text("not one"));
    poster.unmerge(&link, &UnmergeAct { person, account, merge: link.entry, date: day, reason })?;
    let review = |account, other, score| ReviewAct {
        account: Account(account),
        other: Account(other),
        score,
        why: text("the same name"),
    };
    poster.reviews(&[review(6, 5, 90), review(2, 1, 70)])?;
    let pair = poster.read().pairs()?.pop().unwrap();
    let (account, other, reason) = (Account(2), Account(1), text("two"));
    poster.distinct(&pair, &DistinctAct { review: pair.entry, account, other, reason })?;
    assert!(poster.links().same(3, 6) && !poster.links().same(4, 5));
    Ok(())
}

fn write(ledger: &mut Sqlite, second: i64, work: &mut dyn FnMut(&mut Poster) -> Result<()>) {
    let head = store::head(ledger, 0).unwrap();
    let written = ledger.append(0, Some(&head), &mut |tx| {
        let mut poster = Poster::open(tx, 0, &payload(second))?;
        work(&mut poster)?;
        poster.seal()?;
        Ok(true)
    });
    assert!(written.unwrap());
}

/// What a faulty program might do with a lot on hold; the entries are well-formed, and against the law.
#[derive(Debug, Clone, Copy)]
pub enum Wrong {
    Placed,
    HeldTwice,
    HoldReversed,
    HoldOfNothing,
}

/// A lot that nothing took: one of credit, or a result without.
fn free(poster: &Poster, credit: bool) -> Result<Achievement> {
    let (read, mut found) = (poster.read(), None);
    for learner in 1..=read.last_learner()? {
        let lots = lots(read, &Names::default(), learner, &Cut::default())?;
        let free = |lot: &Lot| {
            lot.reversed_by.is_none() && lot.placements.is_empty() && (lot.held > Credits::ZERO) == credit
        };
        found = found.or(lots.into_iter().find(free));
    }
    Ok(found.unwrap().achievement)
}

/// Puts a lot on hold, and then does with it what may not be done.
pub fn write_wrong(path: &Path, wrong: Wrong) {
    write(&mut Sqlite::open(path).unwrap(), 4, &mut |poster| {
        let lot = &free(poster, !matches!(wrong, Wrong::HoldOfNothing))?;
        let learner = Some(lot.learner);
        let still = |kind, undoes| NewMovement {
            share: (1, 1),
            ..moves(lot, kind, 0, (Place::Held, Place::Held), undoes)
        };
        let held = decide(poster, "hold", learner, &[still(EntryKind::Hold, None)])?;
        match wrong {
            Wrong::Placed => convert(poster, lot).map(drop),
            Wrong::HeldTwice => decide(poster, "hold", learner, &[still(EntryKind::Hold, None)]).map(drop),
            Wrong::HoldReversed => {
                let back = still(EntryKind::Reverse, Some(held.plus(1)));
                decide(poster, "reverse", learner, &[back]).map(drop)
            }
            Wrong::HoldOfNothing => Ok(()),
        }
    });
}

/// What a faulty program might do with results of which one counts.
#[derive(Debug, Clone, Copy)]
pub enum Counted {
    Twice,
    SupersededTwice,
    InPart,
}

/// Records another result in an outcome of which one counts already, and then does what may not be done.
pub fn count_wrong(path: &Path, wrong: Counted) {
    write(&mut Sqlite::open(path).unwrap(), 3, &mut |poster| {
        let all = poster.read().achievements_of(6)?;
        let first = all.into_iter().find(|row| row.outcome == 1).unwrap();
        let later = Achievement { attempt: 2, record: None, ..first.clone() };
        let row = prepare((later, 1, (2024, 2024)));
        let leaf = leaf_of(&row, &poster.batch_id());
        poster.achievements(&[row], &[leaf], &mut |_, _| {})?;
        let all = poster.read().achievements_of(6)?;
        let another = all.iter().find(|row| row.attempt == 2).unwrap();
        let amount = another.amount.0;
        let superseded = poster.read().movements_of_lot(6, another.entry)?[0].entry;
        let (held, gone) = (Place::Held, Place::Recognised);
        let again = moves(another, EntryKind::Reverse, amount, (gone, held), Some(superseded));
        let supersede = |amount| moves(another, EntryKind::Supersede, amount, (held, gone), None);
        let wrong = match wrong {
            Counted::Twice => vec![again],
            Counted::SupersededTwice => vec![NewMovement { share: (1, 1), ..supersede(amount) }],
            Counted::InPart => vec![again, NewMovement { share: (1, 2), ..supersede(amount / 2) }],
        };
        decide(poster, "count", Some(6), &wrong).map(drop)
    });
}

/// What a faulty program might do with a staged batch.
#[derive(Debug, Clone, Copy)]
pub enum Settled {
    BySelf,
    Twice,
    NeverStaged,
    OtherFiles,
}

/// Stages a batch, and then does with it what may not be done.
pub fn settle_wrong(path: &Path, wrong: Settled) {
    let file = |sha256: &str| SourceFile { name: text("a.csv"), sha256: text(sha256), bytes: 1, read: None };
    let asked = Asked {
        files: vec![file("00")],
        keep_going: false,
        said: Default::default(),
        expected: Figures::default(),
    };
    let (by, name) = match wrong {
        Settled::BySelf => ("registrar", "B5"),
        Settled::NeverStaged => ("second", "B3"),
        _ => ("second", "B5"),
    };
    let given = Approval::Given(text(name));
    let files = vec![file(if matches!(wrong, Settled::OtherFiles) { "01" } else { "00" })];
    let mut acts = vec![
        BatchPayload { approval: Some(Approval::Asked(Box::new(asked))), ..payload(4) },
        BatchPayload { approval: Some(given), files, actor: text(by), ..payload(5) },
    ];
    if matches!(wrong, Settled::Twice) {
        acts.push(BatchPayload { approval: Some(Approval::Refused(text("B5"))), ..payload(6) });
    }
    let mut ledger = Sqlite::open(path).unwrap();
    for payload in acts {
        let head = store::head(&ledger, 0).unwrap();
        let written = ledger.append(0, Some(&head), &mut |tx| {
            Poster::open(tx, 0, &payload)?.seal()?;
            Ok(true)
        });
        assert!(written.unwrap());
    }
}

/// Founds the bank in a new file.
pub fn found(path: &Path) {
    assert_eq!(parse_iso("2024-02-01").unwrap().year(), 2024);
    let mut ledger = Sqlite::create(path).unwrap();
    let origin = "bank.example/log/0/abc";
    let head = empty_head(0, origin);
    assert_eq!(head.size, 0);
    let genesis = serde_json::json!({ "origin": origin }).to_string();
    let founded = ledger.append(0, None, &mut |tx| {
        let mut poster = Poster::found(tx, 0, origin, &genesis, &payload(0))?;
        for rows in registries() {
            poster.register(&rows)?;
        }
        enrol(&mut poster)?;
        poster.seal()?;
        Ok(true)
    });
    assert!(founded.unwrap());
    write(&mut ledger, 1, &mut import);
    write(&mut ledger, 2, &mut decisions);
    write(&mut ledger, 3, &mut people);
}
