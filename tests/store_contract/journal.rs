//! What the journal keeps comes back as it was written.

use super::*;

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
pub fn chosen_of(rows: &[Achievement], learner: i64, outcome: i64) -> Vec<Achievement> {
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
        let asked: [(&[i64], &[i64]); 6] = [
            (&[], &[]),
            (&[2], &[2]),
            (&[3], &[]),
            (&[1, 2, 3], &[1, 2]),
            (&[2, 7], &[2, 7]),
            (&[0, 900], &[]),
        ];
        for (wanted, found) in asked {
            let found: Vec<_> = found.iter().map(|learner| (*learner, [*learner as u8; 32])).collect();
            assert_eq!(store.keys_of(wanted), Ok(found), "{wanted:?}");
        }
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
