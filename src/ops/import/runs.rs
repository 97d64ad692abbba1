//! Runs: rows prepared to be posted, sorted together, and hashed on their way to the writing side.

use super::Outcome;
use super::people::People;
use super::read::{Intake, Refused, Sound, Taker};
use super::reject_files::RejectFiles;
use super::resolve::Resolver;
use super::sorted::Sorted;
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
use crate::proof::leaf::{BatchId, Key, Many, Ordinal};
use crate::proof::merkle::Hash;
use crate::store::{ActRow, Refusal};
use std::sync::mpsc::Receiver;

/// Rows that are sorted together: the more, the fewer pages of the index are visited twice, and the more memory they
/// take, 64 bytes a row.
const RUN: usize = 1 << 20;

/// The same after the first run, when the learners that were met take memory as well.
const LATER_RUN: usize = 1 << 19;

/// The same where rows of different learners may say the same: of them the one counts that stands first in the files, so
/// the whole run is judged at once.
const JUDGED_TOGETHER: usize = 1 << 17;

/// Rows that go to the writing side at a time.
const PORTION: usize = 1 << 12;

/// Rows that are read before what is new in them goes to the writing side, which has little else to do meanwhile.
const NEWS: u64 = 1 << 16;

/// What goes to the writing side: rows, or what must stand before rows do.
#[derive(Default)]
pub struct Portion {
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

impl Portion {
    /// Without what it held, but with its memory.
    pub fn emptied(mut self) -> Portion {
        self.rows.clear();
        self.leaves.clear();
        Portion { rows: self.rows, leaves: self.leaves, ..Portion::default() }
    }
}

/// Who gets portions, and says whether to go on.
type Send<'s> = &'s mut dyn FnMut(Portion) -> bool;

/// Gathers rows into runs.
pub struct Runs {
    batch_id: BatchId,
    /// The refused rows of each file.
    pub rejects: RejectFiles,
    /// In the order in which they were read.
    rows: Vec<Prepared>,
    /// How many rows end a run.
    run: usize,
    /// Rows of different learners may say the same.
    together: bool,
    refusals: Vec<Refusal>,
    /// Rows that had been read when the writing side was told the news.
    told: u64,
    /// Portions that were written.
    spares: Receiver<Portion>,
    /// Acts so far that enrol learners.
    enrol_acts: u32,
    hashing: Many,
    scratch: Vec<u8>,
}

impl Runs {
    /// Nothing gathered yet, for the learners of a ledger.
    pub fn new(batch_id: BatchId, spares: Receiver<Portion>, people: &People) -> Runs {
        Runs {
            batch_id,
            rejects: RejectFiles::default(),
            rows: Vec::new(),
            run: RUN,
            together: people.has_links(),
            refusals: Vec::new(),
            told: 0,
            spares,
            enrol_acts: 0,
            hashing: Many::default(),
            scratch: Vec::new(),
        }
    }
}

impl Runs {
    /// Whether the run is long enough.
    fn is_full(&self) -> bool {
        self.rows.len() >= if self.together { JUDGED_TOGETHER } else { self.run }
    }
}

impl Taker for Runs {
    fn take(&mut self, resolver: &mut Resolver, _: &mut Outcome, row: Sound) -> Result<()> {
        // Without an error everything was found, or is to be introduced.
        if let Some(located) = row.located {
            let row = resolver.resolve(row.draft, located, row.file, row.share, row.elsewhere)?;
            // The number of a record, and the load of a group, may be met in rows of several learners.
            self.together |= row.rare.is_some();
            self.rows.push(row);
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
        self.refusals.push(refusal(mapping, record, &errors, file)?);
        Ok(())
    }
}

impl Intake<'_, '_, Runs> {
    /// Reads all files and gives what was read to `send`.
    pub fn read_runs(&mut self, send: Send<'_>, progress: &dyn Fn(u64)) -> Result<()> {
        let mut going = true;
        self.read(
            &mut |intake| {
                if intake.outcome.rows >= intake.taker.told + NEWS {
                    going = send(intake.take_news()?);
                }
                if going && intake.taker.is_full() {
                    going = intake.finish_run(send)?;
                }
                Ok(going)
            },
            progress,
        )?;
        if going {
            self.finish_run(send)?;
        }
        Ok(())
    }

    /// What is new in the rows read since the last call.
    fn take_news(&mut self) -> Result<Portion> {
        self.taker.told = self.outcome.rows;
        let mut news = Portion {
            registry: self.resolver.catalogue.take_pending(),
            reviews: self.resolver.people.take_reviews(),
            refusals: std::mem::take(&mut self.taker.refusals),
            ..Portion::default()
        };
        (news.keys, news.facts) = self.resolver.people.take_new();
        self.outcome.reviews += news.reviews.len() as u64;
        self.hash_facts(&mut news)?;
        Ok(news)
    }

    /// Sends the rows gathered, sorted and hashed, after what is new in them.
    fn finish_run(&mut self, send: Send<'_>) -> Result<bool> {
        if !send(self.take_news()?) {
            return Ok(false);
        }
        let at_least = if self.taker.together { usize::MAX } else { PORTION };
        let mut sorted = Sorted::new(std::mem::take(&mut self.taker.rows));
        loop {
            // In the memory of one that was written, if there is one.
            let mut portion = self.taker.spares.try_recv().unwrap_or_default();
            if !sorted.next(at_least, &mut portion.rows) {
                break;
            }
            self.hash_rows(&mut portion)?;
            if !send(portion) {
                return Ok(false);
            }
        }
        self.taker.run = LATER_RUN;
        Ok(true)
    }

    fn hash_rows(&mut self, portion: &mut Portion) -> Result<()> {
        let (taker, people) = (&mut self.taker, &mut self.resolver.people);
        people.expect_salters(portion.rows.iter().map(|row| row.learner))?;
        portion.leaves.reserve_exact(portion.rows.len());
        for rows in portion.rows.chunk_by(|one, next| one.learner == next.learner) {
            let salter = people.salter(rows[0].learner)?;
            for row in rows {
                row.add_to(&mut taker.hashing, &salter, &taker.batch_id, &mut taker.scratch);
            }
        }
        taker.hashing.take(&mut portion.leaves);
        Ok(())
    }

    fn hash_facts(&mut self, news: &mut Portion) -> Result<()> {
        let taker = &mut self.taker;
        for (fact, ord) in news.facts.iter().zip(0..) {
            let salter = self.resolver.people.salter(fact.learner)?;
            let ordinal = Ordinal::Fact { place: taker.enrol_acts, ord };
            fact.add_to(&mut taker.hashing, (&salter, &taker.batch_id, ordinal), &mut taker.scratch);
        }
        taker.hashing.take(&mut news.fact_leaves);
        taker.enrol_acts += u32::from(!news.facts.is_empty());
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
