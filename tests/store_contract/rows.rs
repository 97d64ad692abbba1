//! Rows to be written, of every sort.

use super::*;

pub fn at(seq: u64) -> EntryId {
    EntryId::new(0, seq)
}

pub fn leaf(log: i64, seq: u64) -> Hash {
    leaf_hash(format!("{log}:{seq}").as_bytes())
}

pub fn head(log: i64, size: u64) -> Head {
    let frontier: Frontier = (0..size).map(|seq| leaf(log, seq)).collect();
    Head { log, origin: format!("bank.example/{log}"), size, root: frontier.root(), frontier }
}

pub fn act(entry: EntryId, kind: EntryKind, learner: Option<i64>) -> Act {
    Act { entry, kind, learner, payload: format!(r#"{{"why":"登记 {entry}"}}"#) }
}

pub fn achievement(entry: EntryId, key: [i64; 5]) -> Achievement {
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

pub fn movement(entry: EntryId, learner: i64, lot: EntryId, decision: EntryId) -> Movement {
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

pub fn refusal(entry: EntryId, ord: i64) -> Refusal {
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

pub fn identity(learner: i64, nth: i64, value: &str, entry: EntryId, ord: i64) -> Identity {
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

pub fn batch(entry: EntryId, no: i64, size: i64) -> BatchRow {
    BatchRow { entry, no, size, payload: format!(r#"{{"id":"{no:032x}"}}"#) }
}

pub fn decision(entry: EntryId) -> DecisionRow {
    let verb = "convert".to_owned();
    DecisionRow { entry, learner: Some(1), verb, target: Some("ECTS".to_owned()), rule: Some(3), about: None }
}

pub fn link(entry: EntryId, account: i64, ended: Option<EntryId>) -> Link {
    let day = jiff::civil::date(2025, 2, 28);
    Link { entry, account, person: 1, since: day, ended: ended.map(|entry| (entry, day)) }
}

pub fn pair(entry: EntryId, account: i64, apart: Option<EntryId>) -> Pair {
    Pair { entry, account, other: 1, score: 90, why: "the same name".to_owned(), apart }
}

pub fn described(learner: i64, name: &str) -> Description {
    Description { birth: "2001-05-06".to_owned(), name: name.to_owned(), learner }
}

pub fn summary_key(institution: i64, level: &str) -> SummaryKey {
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

pub fn sums(achievements: i64, deposited: i64) -> SummarySums {
    SummarySums { achievements, deposited, placed: 0, converted: 0 }
}

pub fn institution(id: i64, code: &str, country: Option<&str>) -> Institution {
    let name = format!("{code} 大学（虚构）");
    let country = country.map(str::to_owned);
    Institution { id, code: code.to_owned(), name, country, region: None, sector: None, calendar: None }
}

pub fn tile(level: u8, index: u64, width: u64) -> Tile {
    Tile { level, index, hashes: (0..width).map(|seq| leaf(i64::from(level), seq)).collect() }
}
