//! Any engine against the model, at random.

use super::*;

/// What a random batch does, one verb or two each; the number beside it makes the rows.
#[derive(Debug, Clone, Copy)]
pub enum Sort {
    Act,
    Register,
    RegisterAgain,
    Misfit,
    Achievements,
    Movements,
    Refusals,
    Keys,
    Identities,
    Batch,
    Decision,
    Link,
    Pair,
    Described,
    Balances,
    Summaries,
    Tiles,
    Clear,
}

/// How a random command relates to the log's head.
#[derive(Debug, Clone, Copy)]
pub enum Expect {
    Right,
    Nothing,
    Stale,
}

/// How a random work ends.
#[derive(Debug, Clone, Copy)]
pub enum End {
    Commit,
    GiveUp,
    Fail,
}

#[derive(Debug, Clone)]
pub struct Command {
    log: i64,
    expect: Expect,
    puts: Vec<(Sort, u64)>,
    end: End,
}

pub fn command() -> impl Strategy<Value = Command> {
    let log = prop_oneof![4 => Just(0), 1 => Just(1)];
    let expect = prop_oneof![10 => Just(Expect::Right), 1 => Just(Expect::Nothing), 1 => Just(Expect::Stale)];
    let end = prop_oneof![8 => Just(End::Commit), 1 => Just(End::GiveUp), 1 => Just(End::Fail)];
    let puts = prop::collection::vec((sort(), any::<u64>()), 0..6);
    (log, expect, puts, end).prop_map(|(log, expect, puts, end)| Command { log, expect, puts, end })
}

pub fn sort() -> impl Strategy<Value = Sort> {
    prop_oneof![
        3 => Just(Sort::Act),
        6 => Just(Sort::Register),
        1 => Just(Sort::RegisterAgain),
        1 => Just(Sort::Misfit),
        6 => Just(Sort::Achievements),
        4 => Just(Sort::Movements),
        2 => Just(Sort::Refusals),
        4 => Just(Sort::Keys),
        4 => Just(Sort::Identities),
        3 => Just(Sort::Batch),
        2 => Just(Sort::Decision),
        2 => Just(Sort::Link),
        2 => Just(Sort::Pair),
        2 => Just(Sort::Described),
        4 => Just(Sort::Balances),
        4 => Just(Sort::Summaries),
        2 => Just(Sort::Tiles),
        1 => Just(Sort::Clear),
    ]
}

/// Small choices, cut from one number.
pub struct Picks(u64);

impl Picks {
    pub fn below(&mut self, bound: u64) -> i64 {
        let pick = self.0 % bound;
        self.0 /= bound;
        pick as i64
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.below(times) as u64 == times - 1
    }

    pub fn some(&mut self, bound: u64) -> Option<i64> {
        self.below(2).eq(&1).then(|| self.below(bound))
    }

    pub fn text(&mut self) -> String {
        ["", "A", "a", "000123", "é 王"][self.below(5) as usize].to_owned()
    }
}

/// The next free place of the log; now and then one that is taken.
pub fn next_place(log: i64, next: &mut u64, picks: &mut Picks) -> EntryId {
    if *next > 0 && picks.once_in(24) {
        return EntryId::new(log, picks.below(*next) as u64);
    }
    *next += 1;
    EntryId::new(log, *next - 1)
}

/// Writes the rows of one sort.
pub fn put(tx: &mut dyn Tx, log: i64, next: &mut u64, sort: Sort, seed: u64) -> Result<()> {
    let mut picks = Picks(seed);
    let picks = &mut picks;
    let mut place = |picks: &mut Picks| next_place(log, next, picks);
    match sort {
        Sort::Act => tx.put_act(&act(place(picks), EntryKind::Enrol, picks.some(4))),
        Sort::Register => {
            let entry = place(picks);
            tx.put_act(&act(entry, EntryKind::Register, None))?;
            let rows: Vec<ActRow> = (0..=picks.below(3)).map(|ord| random_row(ord, picks)).collect();
            tx.put_act_rows(entry, &rows)
        }
        Sort::RegisterAgain => {
            let entry = EntryId::new(log, picks.below(20) as u64);
            let kept = gather(|each| tx.act_rows(entry, each));
            tx.put_act_rows(entry, &kept)
        }
        Sort::Misfit => {
            let entry = place(picks);
            tx.put_act(&act(entry, EntryKind::Register, None))?;
            let [table, row] = [["grade", "{"], ["nowhere", "{}"], ["grade", "7"]][picks.below(3) as usize];
            tx.put_act_rows(entry, &[ActRow { ord: 0, table: table.to_owned(), row: row.to_owned() }])
        }
        Sort::Refusals => {
            let entry = place(picks);
            if !picks.once_in(8) {
                tx.put_act(&act(entry, EntryKind::Refuse, None))?;
            }
            let rows: Vec<Refusal> = (0..=picks.below(3)).map(|ord| refusal(entry, ord)).collect();
            tx.put_refusals(&rows)
        }
        Sort::Achievements => {
            let rows: Vec<Achievement> =
                (0..=picks.below(3)).map(|_| random_achievement(place(picks), picks)).collect();
            tx.put_achievements(&rows)
        }
        Sort::Movements => {
            let rows: Vec<Movement> =
                (0..=picks.below(3)).map(|_| random_movement(place(picks), picks)).collect();
            tx.put_movements(&rows)
        }
        Sort::Batch => {
            let entry = place(picks);
            let no = if picks.once_in(6) { 1 } else { entry.0 + 1 };
            tx.put_batch(&batch(entry, no, 1 + picks.below(6)))
        }
        Sort::Decision => {
            let (learner, rule) = (picks.some(4), picks.some(9));
            let about = picks.some(9).map(|seq| at(seq as u64));
            tx.put_decision(&DecisionRow { learner, rule, about, ..decision(place(picks)) })
        }
        Sort::Link => {
            let (entry, ended) = (at(picks.below(6) as u64), picks.some(9).map(|seq| at(seq as u64)));
            tx.put_link(&link(entry, picks.below(4), ended))
        }
        Sort::Pair => {
            let (entry, apart) = (at(picks.below(6) as u64), picks.some(9).map(|seq| at(seq as u64)));
            tx.put_pair(&pair(entry, picks.below(4), apart))
        }
        Sort::Described => tx.put_descriptions(&[described(picks.below(4), &picks.text())]),
        Sort::Identities => {
            let entry = place(picks);
            let facts = (0..=picks.below(2))
                .map(|ord| identity(1 + picks.below(3), picks.below(30), &picks.text(), entry, ord));
            let facts: Vec<Identity> = facts.collect();
            tx.put_identities(&facts)
        }
        Sort::Keys | Sort::Balances | Sort::Summaries | Sort::Tiles | Sort::Clear => {
            put_apart(tx, log, sort, picks)
        }
    }
}

/// Writes rows that have no place in the log.
pub fn put_apart(tx: &mut dyn Tx, log: i64, sort: Sort, picks: &mut Picks) -> Result<()> {
    match sort {
        Sort::Keys => {
            let learner = if picks.once_in(12) { 1 } else { tx.last_learner()? + 1 };
            tx.put_keys(&[(learner, [picks.below(200) as u8; 32])])
        }
        Sort::Balances => {
            let stands = balances(tx, None).into_iter();
            let mut stands: BTreeMap<_, _> = stands.map(|(a, b, balance)| ((a, b), balance)).collect();
            let mut keys: Vec<(i64, i64)> =
                (0..=picks.below(3)).map(|_| (picks.below(3), picks.below(2))).collect();
            keys.sort_unstable();
            let row = |key: (i64, i64)| (key.0, key.1, put_or_take(stands.entry(key).or_default(), picks));
            let rows: Vec<(i64, i64, Balance)> = keys.into_iter().map(row).collect();
            tx.add_balances(&rows)
        }
        Sort::Summaries => {
            let rows: Vec<(SummaryKey, SummarySums)> = (0..=picks.below(3))
                .map(|_| {
                    (summary_key(picks.below(2), &picks.text()), sums(picks.below(3) - 1, picks.below(3) - 1))
                })
                .collect();
            tx.add_summaries(&rows)
        }
        Sort::Tiles => {
            let tiles = (0..=picks.below(2)).map(|_| {
                let (level, index) = (picks.below(2) as u8, picks.below(3) as u64);
                tile(level, index, 1 + picks.below(4) as u64)
            });
            let tiles: Vec<Tile> = tiles.collect();
            tx.put_tiles(log, &tiles)
        }
        _ => tx.clear_derived(),
    }
}

pub fn grading_table(id: i64, picks: &mut Picks) -> GradingTableRow {
    GradingTableRow {
        id,
        institution: picks.text(),
        scale: picks.text(),
        field: picks.text(),
        cycle: String::new(),
        first_year: 2020 + picks.below(2),
        last_year: 2022,
        version: 1 + picks.below(2),
        counts: "[]".into(),
        source: picks.text(),
    }
}

pub fn grade_conversion(id: i64, picks: &mut Picks) -> GradeConversionRow {
    GradeConversionRow {
        id,
        name: picks.text(),
        version: 1 + picks.below(2),
        from_scale: picks.text(),
        to_scale: picks.text(),
        institution: picks.some(2).map(|code| code.to_string()),
        method: "table".into(),
        body: "{}".into(),
        valid_from: picks.some(2).map(|_| "2024-01-01".into()),
        valid_to: None,
        citation: picks.text(),
        verified: picks.below(2),
    }
}

pub fn random_row(ord: i64, picks: &mut Picks) -> ActRow {
    let id = 1 + picks.below(5);
    let row = match picks.below(6) {
        0 => {
            let country = picks.some(2).map(|country| ["CN", "NZ"][country as usize]);
            store::act_row(ord, &institution(id, &format!("{id}{}", picks.text()), country))
        }
        1 => {
            let code = picks.text();
            store::act_row(
                ord,
                &Outcome { id, institution: picks.below(4), code, repeatable: picks.below(2) },
            )
        }
        2 => store::act_row(ord, &Scheme { id, name: picks.text(), issuer: picks.text() }),
        3 => store::act_row(ord, &grading_table(id, picks)),
        4 => store::act_row(ord, &grade_conversion(id, picks)),
        _ => store::act_row(ord, &Grade { id, scale: picks.text(), written: picks.text() }),
    };
    row.unwrap()
}

pub fn random_achievement(entry: EntryId, picks: &mut Picks) -> Achievement {
    let key = [picks.below(4), picks.below(4), picks.below(3), 1 + picks.below(2), picks.below(2)];
    Achievement {
        status: Status::ALL[picks.below(4) as usize],
        kind: Kind::ALL[picks.below(3) as usize],
        amount: Credits(picks.below(3) * 1_500),
        grade: picks.some(3),
        attrs: picks.some(3),
        group_line: picks.some(3),
        group_load: picks.some(3).map(Credits),
        record: picks.some(2).map(|record| format!("R-{record}")),
        ..achievement(entry, key)
    }
}

pub fn random_movement(entry: EntryId, picks: &mut Picks) -> Movement {
    let (lot, decision) = (at(picks.below(6) as u64), at(picks.below(6) as u64));
    let kinds = [EntryKind::ConvertOut, EntryKind::ConvertIn, EntryKind::Release, EntryKind::Reverse];
    Movement {
        kind: kinds[picks.below(4) as usize],
        undoes: picks.some(9).map(|seq| at(seq as u64)),
        ..movement(entry, picks.below(4), lot, decision)
    }
}

/// An amount put down or, where there is one, taken back, so that balances often fall to nothing.
pub fn put_or_take(stands: &mut Balance, picks: &mut Picks) -> Balance {
    let mut balance = Balance::default();
    let (amount, place) = (picks.below(3) - 1, 1 + picks.below(6) as usize);
    if stands.0[place] + amount >= 0 {
        balance.0[0] -= amount;
        balance.0[place] += amount;
    }
    stands.add(&balance);
    balance
}

/// Runs a command and says how it ended and what its work saw last.
pub fn run(
    store: &mut dyn Store,
    command: &Command,
) -> (std::result::Result<bool, &'static str>, Vec<String>) {
    let found = head_of(store, command.log);
    let size = found.as_ref().map_or(0, |head| head.size);
    let expected = match command.expect {
        Expect::Right => found,
        Expect::Nothing => None,
        Expect::Stale => Some(head(command.log, size + 1)),
    };
    let mut seen = Vec::new();
    let result = store.append(command.log, expected.as_ref(), &mut |tx| {
        let mut next = size;
        for (sort, seed) in &command.puts {
            put(tx, command.log, &mut next, *sort, *seed)?;
        }
        tx.put_head(&head(command.log, next))?;
        seen = everything(&*tx);
        match command.end {
            End::Commit => Ok(true),
            End::GiveUp => Ok(false),
            End::Fail => Err(Fault::new("T001", "a work that changes its mind")),
        }
    });
    (result.map_err(|fault| fault.code), seen)
}

/// Drives two engines with the same commands; they must agree on every answer, at every moment.
pub fn agree(one: &mut dyn Store, other: &mut dyn Store, commands: &[Command]) {
    for command in commands {
        let (before, reader) = (everything(one), other.reader().unwrap());
        let ((result, seen), (other_result, other_seen)) = (run(one, command), run(other, command));
        assert_eq!(result, other_result);
        assert_same(&seen, &other_seen);
        let after = everything(one);
        assert_same(&after, &everything(other));
        assert_same(&before, &everything(&*reader));
        if result != Ok(true) {
            assert_same(&before, &after);
        }
    }
}

#[test]
#[should_panic(expected = "last learner: 1")]
pub fn an_engine_that_differs_is_told_apart() {
    let mut ahead = Memory::new();
    commit(&mut ahead, |tx| tx.put_keys(&[(1, [0; 32])]));
    let mut behind = Memory::new();
    commit(&mut behind, |_| Ok(()));
    let puts = vec![(Sort::Act, 0)];
    agree(&mut ahead, &mut behind, &[Command { log: 0, expect: Expect::Right, puts, end: End::Commit }]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_engine_agrees_with_the_model(commands in prop::collection::vec(command(), 1..16)) {
        for (name, mut engine, _folder) in engines() {
            println!("engine: {name}");
            agree(&mut Memory::new(), &mut *engine, &commands);
        }
    }
}
