//! Appends: what they expect, and what others see of them.

use super::*;

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
