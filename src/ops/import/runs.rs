//! Runs: rows prepared to be posted, sorted and hashed, on their way to the writing side.

use super::Outcome;
use super::read::{Intake, Refused, Sound, Taker};
use super::reject_files::RejectFiles;
use super::resolve::Resolver;
use super::write::Setup;
use crate::domain::credits::Credits;
use crate::domain::fault::Result;
use crate::intake::csv::Record;
use crate::intake::draft::Mapping;
use crate::intake::profile::Field;
use crate::intake::rules::Problem;
use crate::ops::batch::random;
use crate::ops::people::ReviewAct;
use crate::ops::post::{Fact, Prepared};
use crate::proof::leaf::{BatchId, Key, Ordinal, Salter};
use crate::proof::merkle::Hash;
use crate::store::{ActRow, Refusal};
use std::sync::mpsc::Receiver;

/// Most rows that are sorted and written together: the more, the fewer pages of the index are visited twice,
/// and the more memory they take.
const RUN: u64 = 1 << 17;

/// The same where the ledger has many entries already: each run then writes nearly every page of the index, and pages are
/// written twice, into the log and from there.
const LONG_RUN: u64 = 1 << 19;

/// Entries that make an index too large for SQLite's own memory.
const MANY: u64 = 1 << 21;

/// Rows of the shortest run: the writing side waits for the first one, and is alone with the last.
const SHORT_RUN: u64 = 1 << 14;

/// A run has one row for so many in the index.
const RUNS: u64 = 8;

/// Facts about new learners that end a run, because of the memory that they take.
const FACTS: usize = 3 << 14;

/// What goes to the writing side.
#[derive(Default)]
pub struct Run {
    pub registry: Vec<ActRow>,
    pub keys: Vec<(i64, Key)>,
    pub facts: Vec<Fact>,
    /// Accounts that somebody is to look at.
    pub reviews: Vec<ReviewAct>,
    /// The leaf of each fact.
    pub fact_leaves: Vec<Hash>,
    pub rows: Vec<Prepared>,
    /// The leaf of each row.
    pub leaves: Vec<Hash>,
    pub refusals: Vec<Refusal>,
}

impl Run {
    /// The run without what it held, but with its memory.
    pub fn emptied(mut self) -> Run {
        self.rows.clear();
        self.leaves.clear();
        Run { rows: self.rows, leaves: self.leaves, ..Run::default() }
    }
}

/// Gathers rows into runs.
pub struct Runs {
    batch_id: BatchId,
    /// The refused rows of each file.
    pub rejects: RejectFiles,
    run: Run,
    /// Entries that the ledger had before.
    entries: u64,
    /// Runs that were written.
    spares: Receiver<Run>,
    /// Runs so far that enrol learners.
    enrol_acts: u32,
    scratch: Vec<u8>,
}

impl Runs {
    /// Nothing gathered yet, for a ledger with that many entries.
    pub fn new(batch_id: BatchId, spares: Receiver<Run>, entries: u64) -> Runs {
        Runs {
            batch_id,
            rejects: RejectFiles::default(),
            run: Run::default(),
            entries,
            spares,
            enrol_acts: 0,
            scratch: Vec::new(),
        }
    }
}

impl Runs {
    /// Begins a run in the memory of one that was written. Only with its first row: while the one before waits to be
    /// taken, another comes free.
    fn use_spare(&mut self) {
        if self.run.rows.capacity() == 0
            && let Ok(spare) = self.spares.try_recv()
        {
            (self.run.rows, self.run.leaves) = (spare.rows, spare.leaves);
        }
    }
}

impl Taker for Runs {
    fn take(&mut self, resolver: &mut Resolver, _: &mut Outcome, row: Sound) -> Result<()> {
        // Without an error everything was found, or is to be introduced.
        if let Some(located) = row.located {
            self.use_spare();
            let row = resolver.resolve(row.draft, located, row.file, row.share, row.elsewhere)?;
            self.run.rows.push(row);
        }
        Ok(())
    }

    /// Keeps a row where the good ones are to be committed.
    fn refuse(&mut self, setup: &Setup, row: Refused) -> Result<()> {
        if !setup.request.keep_going {
            return Ok(());
        }
        let Refused { mapping, record, errors, file } = row;
        if !setup.request.dry_run {
            self.rejects.write(setup, mapping, record, &errors, file)?;
        }
        self.run.refusals.push(refusal(mapping, record, &errors, file)?);
        Ok(())
    }
}

impl Intake<'_, '_, Runs> {
    /// Reads all files and gives full runs to `send`, which says whether to go on.
    pub fn read_runs(&mut self, send: &mut dyn FnMut(Run) -> bool, progress: &dyn Fn(u64)) -> Result<()> {
        let mut going = true;
        self.read(
            &mut |intake| {
                if intake.is_enough() {
                    let run = intake.finish_run()?;
                    going = send(run);
                }
                Ok(going)
            },
            progress,
        )?;
        if going {
            let run = self.finish_run()?;
            send(run);
        }
        Ok(())
    }

    /// Whether the run is long enough. Each run visits the pages of the index once more, so runs grow with it;
    /// they shrink as the end comes near, when the writing side is alone with the last one.
    fn is_enough(&self) -> bool {
        if self.resolver.people.waiting() >= FACTS {
            return true;
        }
        let (rows, read) = (self.taker.run.rows.len() + self.taker.run.refusals.len(), self.outcome.rows);
        let left = self.setup.bytes.saturating_sub(self.bytes) * read / self.bytes.max(1);
        let entries = self.taker.entries;
        let longest = if entries < MANY { RUN } else { LONG_RUN };
        rows as u64 >= ((entries + read) / RUNS).min(left.max(entries / RUNS)).clamp(SHORT_RUN, longest)
    }

    /// Sorts and hashes the rows gathered, and takes what was introduced for them.
    fn finish_run(&mut self) -> Result<Run> {
        let taker = &mut self.taker;
        let mut run = std::mem::take(&mut taker.run);
        // Rows are wide: their keys are sorted, and each row moves once.
        run.rows.sort_by_cached_key(Prepared::key);
        run.leaves.reserve_exact(run.rows.len());
        self.resolver.people.expect_salters(run.rows.iter().map(|row| row.learner))?;
        let mut salter: Option<(i64, Salter)> = None;
        for row in &run.rows {
            let salter = match &salter {
                Some((learner, salter)) if *learner == row.learner => salter,
                _ => &salter.insert((row.learner, self.resolver.people.salter(row.learner)?)).1,
            };
            run.leaves.push(row.leaf(&row.achievement(), salter, &taker.batch_id, &mut taker.scratch));
        }
        run.registry = self.resolver.catalogue.take_pending();
        (run.keys, run.facts) = self.resolver.people.take_new();
        run.reviews = self.resolver.people.take_reviews();
        self.outcome.reviews += run.reviews.len() as u64;
        self.hash_facts(&mut run)?;
        Ok(run)
    }

    fn hash_facts(&mut self, run: &mut Run) -> Result<()> {
        let taker = &mut self.taker;
        for (fact, ord) in run.facts.iter().zip(0..) {
            let salter = self.resolver.people.salter(fact.learner)?;
            let ordinal = Ordinal::Fact { place: taker.enrol_acts, ord };
            run.fact_leaves.push(fact.leaf(&salter, &taker.batch_id, ordinal, &mut taker.scratch));
        }
        taker.enrol_acts += u32::from(!run.facts.is_empty());
        Ok(())
    }
}

/// What a refused row is known by when it is mended: the parts of the key, as written, and what tells that it is the
/// same row although its date was a fault.
const SUBJECT: [Field; 8] = [
    Field::Institution,
    Field::Learner,
    Field::Outcome,
    Field::Period,
    Field::Attempt,
    Field::Record,
    Field::Credits,
    Field::Grade,
];

/// A refused row as the ledger keeps it.
pub fn refusal(mapping: &Mapping, record: &Record, problems: &[Problem], file: usize) -> Result<Refusal> {
    let codes: Vec<&str> = problems.iter().map(|problem| problem.rule.code()).collect();
    let reasons: Vec<String> = problems.iter().map(Problem::to_string).collect();
    let fields: Vec<&str> = record.fields().collect();
    let subject = match record.len() == mapping.width() {
        true => {
            let mut key: Vec<_> =
                SUBJECT.iter().map(|field| mapping.written(record, *field).into_owned()).collect();
            if key[4].is_empty() {
                key[4] = "1".to_owned();
            }
            // Without the file's decimal mark: whoever reads it later does not know the profile.
            if let Ok(credits) = Credits::parse(&key[6], mapping.profile().file.decimal_mark) {
                key[6] = credits.to_string();
            }
            key
        }
        // A row of another width has no fields that could be trusted: it stands for itself.
        false => Vec::new(),
    };
    Ok(Refusal {
        entry: crate::domain::entry::EntryId(0),
        ord: 0,
        salt: random()?,
        file: file as i64,
        line: record.line() as i64,
        code: codes.join("; "),
        reason: reasons.join("; "),
        row: serde_json::json!(fields).to_string(),
        subject: serde_json::json!(subject).to_string(),
    })
}
