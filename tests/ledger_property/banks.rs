//! The same bank on both engines.

use super::*;

pub fn actor() -> Actor {
    let now = "2026-09-01T08:00:00Z".parse().unwrap();
    Actor { name: "registrar".into(), site: "test".into(), now, command: "test".into() }
}

pub const TODAY: Date = date(2026, 9, 1);

pub struct Banks {
    pub engines: Vec<(&'static str, Box<dyn Store>)>,
    folder: TempDir,
    files: u32,
    /// Which account was merged into which, as the commands that succeeded say.
    merged: BTreeMap<i64, i64>,
}

impl Banks {
    pub fn open(book: &str) -> Banks {
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
    pub fn both<T: std::fmt::Debug + PartialEq>(
        &mut self,
        mut work: impl FnMut(&mut dyn Store) -> Result<T, Fault>,
    ) -> Result<T, &'static str> {
        let mut answers =
            self.engines.iter_mut().map(|(_, store)| work(store.as_mut()).map_err(|fault| fault.code));
        let (memory, sqlite) = (answers.next().unwrap(), answers.next().unwrap());
        assert_eq!(memory, sqlite);
        memory
    }

    pub fn import(&mut self, profile: &str, text: &str) -> Result<Vec<u64>, &'static str> {
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

    pub fn convert(&mut self, target: &str, learners: Option<Vec<i64>>) -> Result<[u64; 3], &'static str> {
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

    pub fn undo(
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

    pub fn hold(&mut self, lot: EntryId, lift: bool) -> Result<(), &'static str> {
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

    pub fn merge(&mut self, one: i64, other: i64, reverse_duplicates: bool) -> Result<(), &'static str> {
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

    pub fn unmerge(&mut self, account: i64) -> Result<(), &'static str> {
        let reason = "test".to_owned();
        let request = unmerge::Request { account, reason, date: TODAY, dry_run: false, log: 0 };
        self.both(|store| unmerge::unmerge(store, &actor(), &request).map(|done| done.restored))?;
        assert!(self.merged.remove(&account).is_some());
        Ok(())
    }

    pub fn rules(&mut self, seeds: &[RuleSeed], publish: bool, better: bool) -> Result<(), &'static str> {
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

    pub fn pin(&mut self, learner: i64, back: Option<u8>) -> Result<(), &'static str> {
        let releases = History::read(self.one(), None).unwrap().releases;
        let named = |back: u8| releases.iter().rev().nth(usize::from(back)).map(|it| it.name.clone());
        let release = back.map(|back| named(back).unwrap_or_else(|| "none".into()));
        let request =
            pin::Request { learner, release, date: TODAY, reason: "test".into(), dry_run: false, log: 0 };
        self.both(|store| pin::pin(store, &actor(), &request).map(|done| done.decision)).map(drop)
    }

    /// What a step says of its decision, the same in both banks.
    pub fn step(
        &mut self,
        mut work: impl FnMut(&mut dyn Store) -> Result<decision::Done, Fault>,
    ) -> Result<(), &'static str> {
        self.both(|store| work(store).map(|done| (done.case, done.placed, done.released, done.refused)))
            .map(drop)
    }

    /// The account that names the person.
    pub fn person(&self, account: i64) -> i64 {
        self.merged.get(&account).map_or(account, |person| self.person(*person))
    }

    /// One of the banks; they are compared after every command.
    pub fn one(&self) -> &dyn Read {
        self.engines[0].1.as_ref()
    }
}
