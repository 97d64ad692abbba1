//! Rows of register acts stand in their registries.

use super::*;

pub fn register(tx: &mut dyn Tx, seq: u64, rows: &[ActRow]) -> Result<()> {
    tx.put_act(&act(at(seq), EntryKind::Register, None))?;
    tx.put_act_rows(at(seq), rows)
}

pub fn catalogue() -> Vec<ActRow> {
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
pub fn rule(id: i64, system: Option<&str>, outcome: Option<&str>) -> ActRow {
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

pub fn rule_source(id: i64, rule: i64, institution: &str, outcome: &str) -> ActRow {
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
