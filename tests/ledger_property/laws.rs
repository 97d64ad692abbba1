//! What must hold after every command, counted anew.

use super::*;

pub type Balances = BTreeMap<(i64, i64), [i64; 7]>;

pub fn kept(read: &dyn Read) -> Balances {
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

pub fn lots(read: &dyn Read) -> Vec<Lot> {
    let names = Names::default();
    let links = learners::links(read, &Cut::default()).unwrap();
    let all = (1..=read.last_learner().unwrap()).filter(|learner| links.is_person(*learner));
    all.flat_map(|learner| learners::lots(read, &names, learner, &Cut::default()).unwrap()).collect()
}

/// Kinds and amounts of the journal, in order.
pub fn journal(read: &dyn Read) -> Vec<(EntryId, EntryKind, i64)> {
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
pub fn recounted(banks: &Banks) -> Balances {
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
pub fn recounted_holds(read: &dyn Read) -> BTreeMap<EntryId, EntryId> {
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

pub fn check(banks: &Banks) {
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
pub fn standing_once(banks: &Banks, all: &[Lot]) {
    let mut keys = BTreeSet::new();
    for lot in all.iter().filter(|lot| lot.reversed_by.is_none()) {
        let a = &lot.achievement;
        assert!(keys.insert((banks.person(a.learner), a.outcome, a.period, a.attempt)), "{lot:?}");
    }
}

/// The journal as it stood at each size gives the balances of that time, whatever was merged or parted since.
pub fn known_then(banks: &Banks, then: &BTreeMap<u64, Balances>) {
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
pub fn rebuilt(banks: &mut Banks) {
    let (before, journal_before) = (kept(banks.one()), journal(banks.one()));
    let made = banks.both(|store| rebuild(store).map(|made| (made.links, made.pairs, made.balances)));
    assert_eq!(made.unwrap().2 as usize, before.len());
    assert_eq!((kept(banks.one()), journal(banks.one())), (before, journal_before));
    check(banks);
}

/// Of a person's results in an outcome one gives credit; and one does where any stands.
pub fn credited_once(read: &dyn Read, all: &[Lot]) {
    let links = learners::links(read, &Cut::default()).unwrap();
    let mut counting: BTreeMap<(i64, i64), usize> = BTreeMap::new();
    for lot in all.iter().filter(|lot| lot.stands() && lot.achievement.amount > Credits::ZERO) {
        let a = &lot.achievement;
        *counting.entry((links.person(a.learner), a.outcome)).or_default() += usize::from(lot.counts());
    }
    assert!(counting.values().all(|count| *count == 1), "{counting:?}: {all:#?}");
}

/// What one decision placed stands whole or not at all, and its worth is what the rule gave.
pub fn whole_decisions(read: &dyn Read, all: &[Lot]) {
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
