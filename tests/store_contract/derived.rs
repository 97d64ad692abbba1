//! What is derived from the journal.

use super::*;

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
