//! A small bank kept in memory: two learners, one conversion, one reversal, three refused rows.

use crate::domain::credits::Credits;
use crate::domain::entry::{Achievement, Balance, EntryId, EntryKind, Movement};
use crate::domain::fault::Result;
use crate::domain::outcome::{Kind, Status};
use crate::proof::merkle::leaf_hash;
use crate::proof::tile::TileWriter;
use crate::store::memory::Memory;
use crate::store::{
    Act, ActRow, BatchRow, DecisionRow, Head, Identity, Refusal, Store, SummaryKey, SummarySums, Tx,
};
use serde_json::{Value, json};

/// Entries of the bank's only log.
pub const SIZE: u64 = 19;

/// An entry of that log.
pub fn at(seq: u64) -> EntryId {
    EntryId::new(0, seq)
}

fn registries() -> Vec<(&'static str, Value)> {
    let system = |id, code| {
        json!({"id": id, "code": code, "name": code, "name_local": "", "country": "", "hours_low": null,
            "hours_high": null, "indivisible": 0, "citation": "", "verified": 0})
    };
    let outcome = |id, code| json!({"id": id, "institution": 1, "code": code, "repeatable": 0});
    let version = |id, title: &str, level: Value| {
        json!({"id": id, "outcome": id, "version": 1, "title": title, "kind": 0, "framework": "EQF",
            "level": level, "field": "0613", "hours": 48_000, "credits": 3_000, "system": 1, "valid_from": null,
            "valid_to": null, "accredited_from": null, "accredited_to": null})
    };
    let period = |id, written, precision, first, last| json!({"id": id, "written": written, "precision": precision, "first": first, "last": last});
    vec![
        (
            "bank",
            json!({"id": 1, "name": "Test bank", "identifier": "bank.example", "home_system": "ECTS", "time_zone": "UTC"}),
        ),
        ("system", system(1, "US-SEM")),
        ("system", system(2, "ECTS")),
        (
            "institution",
            json!({"id": 1, "code": "开大.1", "name": "开放大学", "country": "CN", "region": null, "sector": "open", "calendar": null}),
        ),
        ("outcome", outcome(1, "CS1")),
        ("outcome", outcome(2, "CS2")),
        ("outcome_version", version(1, "数据结构; \"x\"", json!("6"))),
        ("outcome_version", version(2, "Databases", Value::Null)),
        ("period", period(1, "2024-06-01", "day", "2024-06-01", "2024-06-01")),
        ("period", period(2, "2024", "year", "2024-01-01", "2024-12-31")),
        ("period", period(3, "2025-01-10", "day", "2025-01-10", "2025-01-10")),
        ("grade", json!({"id": 1, "scale": "100", "written": "91"})),
        ("attrs", json!({"id": 1, "json": "{\"region\":\"Scotland\",\"age_band\":\"0-35\"}"})),
        ("scheme", json!({"id": 1, "name": "student-number", "issuer": "开大.1"})),
        ("book", json!({"id": 1, "name": "national", "version": 2, "sha256": "00"})),
        (
            "rule",
            json!({"id": 1, "book": 1, "code": "R7", "from_system": "US-SEM", "from_institution": null,
            "from_outcome": null, "to_system": "ECTS", "to_institution": null, "to_outcome": null, "body": "{}"}),
        ),
    ]
}

fn achievement(seq: u64, learner: i64, outcome: i64, period: i64, amount: i64) -> Achievement {
    Achievement {
        entry: at(seq),
        learner,
        outcome,
        version: 1,
        period,
        attempt: 1,
        nth: 0,
        status: if amount > 0 { Status::Passed } else { Status::Failed },
        kind: Kind::Formal,
        system: 1,
        amount: Credits(amount),
        grade: Some(1),
        attrs: (learner == 1).then_some(1),
        file: 0,
        line: 2,
        group_line: None,
        group_load: None,
        record: None,
    }
}

fn movement(
    seq: u64,
    kind: EntryKind,
    (decision, lot): (u64, u64),
    amount: i64,
    undoes: Option<u64>,
) -> Movement {
    Movement {
        entry: at(seq),
        kind,
        decision: at(decision),
        learner: 1,
        lot: at(lot),
        num: 1,
        den: 1,
        system: if kind == EntryKind::ConvertIn { 2 } else { 1 },
        amount: Credits(amount),
        period: 3,
        undoes: undoes.map(at),
    }
}

/// Entries 0–10 are batch B1, 11–14 B2 (lot 6 is converted), 15–18 B3 (lot 7 is reversed).
fn put_journal(tx: &mut dyn Tx) -> Result<()> {
    let acts = [
        (0, EntryKind::Genesis, None, "{\"name\":\"Test bank\"}"),
        (1, EntryKind::Batch, None, "{}"),
        (2, EntryKind::Register, None, "{}"),
        (3, EntryKind::Enrol, Some(1), "{}"),
        (4, EntryKind::Enrol, Some(2), "{}"),
        (5, EntryKind::Refuse, None, "{}"),
        (10, EntryKind::Close, None, "{\"through\":\"2023-12-31\"}"),
        (11, EntryKind::Batch, None, "{}"),
        (12, EntryKind::Decision, Some(1), "{\"verb\":\"convert\",\"target\":\"ECTS\"}"),
        (15, EntryKind::Batch, None, "{}"),
        (16, EntryKind::Decision, Some(1), "{\"verb\":\"reverse\",\"why\":\"wrong\"}"),
        (
            18,
            EntryKind::Decision,
            Some(2),
            "{\"undecided\":[{\"lot\":\"8\",\"rule\":\"national/R7\",\"why\":\"needs the day\"},{\"lot\":\"6\",\"why\":\"x\"}]}",
        ),
    ];
    for (seq, kind, learner, payload) in acts {
        tx.put_act(&Act { entry: at(seq), kind, learner, payload: payload.to_owned() })?;
    }
    let rows = registries();
    let rows = rows.iter().enumerate().map(|(ord, (table, row))| ActRow {
        ord: ord as i64,
        table: (*table).to_owned(),
        row: row.to_string(),
    });
    tx.put_act_rows(at(2), &rows.collect::<Vec<_>>())?;
    tx.put_keys(&[(1, [1; 32]), (2, [2; 32])])?;
    let identity = |learner, value: &str, seq| Identity {
        learner,
        nth: 0,
        scheme: 1,
        value: value.to_owned(),
        valid_from: None,
        valid_to: None,
        entry: at(seq),
        ord: 0,
    };
    tx.put_identities(&[identity(1, "001", 3), identity(2, "002", 4)])?;
    tx.put_refusals(&[
        refusal(0, "001", "CS1", "2024-06-01"),
        refusal(1, "002", "CS2", "2023"),
        refusal(2, "002", "CS2", "2023"),
    ])?;
    tx.put_achievements(&[
        achievement(6, 1, 1, 1, 3_000),
        achievement(7, 1, 2, 1, 5_000),
        achievement(8, 2, 1, 2, 2_500),
        achievement(9, 2, 2, 1, 0),
    ])?;
    tx.put_movements(&[
        movement(13, EntryKind::ConvertOut, (12, 6), 3_000, None),
        movement(14, EntryKind::ConvertIn, (12, 6), 6_000, None),
        movement(17, EntryKind::Reverse, (16, 7), 5_000, Some(7)),
    ])
}

fn refusal(ord: i64, learner: &str, outcome: &str, period: &str) -> Refusal {
    Refusal {
        entry: at(5),
        ord,
        salt: [0; 16],
        file: 0,
        line: ord + 2,
        code: "I301".into(),
        reason: "no such day".into(),
        row: "[\"a\"]".into(),
        subject: json!(["开大.1", learner, outcome, period, 1]).to_string(),
    }
}

fn put_derived(tx: &mut dyn Tx) -> Result<()> {
    let payload = json!({"id": "ab", "actor": "registrar", "recorded": "2025-01-01T00:00:00Z", "command": "import",
        "files": [{"name": "a.csv", "sha256": "ff", "bytes": 7}], "profile": {"name": "moocs", "version": 2}});
    for (no, first, size) in [(1, 0, 11), (2, 11, 4), (3, 15, 4)] {
        tx.put_batch(&BatchRow { entry: at(first), no, size, payload: payload.to_string() })?;
    }
    let decision = |seq, verb: &str, target: Option<&str>, rule| DecisionRow {
        entry: at(seq),
        learner: Some(1),
        verb: verb.into(),
        target: target.map(str::to_owned),
        rule,
        about: None,
    };
    tx.put_decision(&decision(12, "convert", Some("ECTS"), Some(1)))?;
    tx.put_decision(&decision(16, "reverse", None, None))?;
    let balance =
        |recognised, held, placed, converted| Balance([recognised, held, placed, converted, 0, 0, 0]);
    tx.add_balances(&[
        (1, 1, balance(-3_000, 0, 3_000, 0)),
        (1, 2, balance(-6_000, 0, 0, 6_000)),
        (2, 1, balance(-2_500, 2_500, 0, 0)),
    ])?;
    let key = |system, level: &str, status| SummaryKey {
        institution: 1,
        system,
        kind: 0,
        framework: "EQF".into(),
        level: level.into(),
        field: "0613".into(),
        year: "2024".into(),
        status,
    };
    let sums = |achievements, deposited, placed, converted| SummarySums {
        achievements,
        deposited,
        placed,
        converted,
    };
    tx.add_summaries(&[
        (key(1, "6", 0), sums(2, 5_500, 3_000, 0)),
        (key(1, "", 1), sums(1, 0, 0, 0)),
        (key(2, "6", 0), sums(0, 0, 0, 6_000)),
    ])
}

/// The bank.
pub fn bank() -> Memory {
    let mut memory = Memory::new();
    let mut tree = TileWriter::empty();
    (0..SIZE).for_each(|leaf| tree.push(leaf_hash(&leaf.to_be_bytes())));
    let (root, frontier) = (tree.root(), tree.frontier().clone());
    let head = Head { log: 0, origin: "bank.example/x".into(), size: SIZE, root, frontier };
    let mut work = |tx: &mut dyn Tx| {
        tx.put_head(&head)?;
        tx.put_tiles(0, &tree.take_full())?;
        tx.put_tiles(0, &tree.partials())?;
        put_journal(tx)?;
        put_derived(tx)?;
        Ok(true)
    };
    memory.append(0, None, &mut work).unwrap();
    memory
}
