//! The reading side of an import: rows to prepared achievements, in runs.

use super::gather::Gatherer;
use super::groups::{Groups, Share};
use super::parts::{Elsewhere, Parts, Place};
use super::resolve::Resolver;
use super::write::Setup;
use super::{Mending, Outcome};
use crate::domain::fault::{Fault, Result};
use crate::intake::csv::Record;
use crate::intake::draft::{Draft, Mapping, Reader};
use crate::intake::fault::IntakeError;
use crate::intake::profile::Field;
use crate::intake::rejects::RejectWriter;
use crate::intake::rules::{Problem, Rule};
use crate::intake::source::Source;
use crate::ops::batch::random;
use crate::ops::post::{Fact, Prepared};
use crate::proof::leaf::{BatchId, Key, Ordinal, Salter};
use crate::proof::merkle::Hash;
use crate::store::{ActRow, Refusal};
use std::path::Path;
use std::sync::mpsc::Receiver;
use tempfile::NamedTempFile;

/// Rows that are sorted and written together: the more, the fewer pages of the index are visited twice.
const RUN: usize = 1 << 18;

/// Rows of the first run, which the writing side waits for; each next one has twice as many.
const FIRST_RUN: usize = 1 << 15;

/// Rows that are read together, so that what they refer to is looked up together.
const BLOCK: usize = 32;

/// What goes to the writing side.
#[derive(Default)]
pub struct Run {
    pub registry: Vec<ActRow>,
    pub keys: Vec<(i64, Key)>,
    pub facts: Vec<Fact>,
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

/// The reading side's state.
pub struct Intake<'p, 's> {
    pub resolver: Resolver<'p>,
    pub setup: &'s Setup<'p>,
    pub batch_id: BatchId,
    pub outcome: Outcome,
    pub rejects: Option<RejectWriter<NamedTempFile>>,
    run: Run,
    /// Rows after which the run is sent.
    enough: usize,
    /// Runs that were written.
    spares: Receiver<Run>,
    groups: Groups,
    parts: Parts,
    pub(super) gatherer: Gatherer,
    /// Runs so far that enrol learners.
    enrol_acts: u32,
    scratch: Vec<u8>,
}

/// A file that somebody writes to is not what was hashed.
fn check_unchanged(source: &Source) -> Result<()> {
    if !source.was_changed() {
        return Ok(());
    }
    Err(Fault::new("I202", format!("{} changed while it was read", source.path().display()))
        .remedy("import a copy that nobody writes to"))
}

/// Turns a fault of a file into one that names the file.
pub fn file_fault(path: &Path, error: &IntakeError) -> Fault {
    Fault::new(error.code(), format!("{}: {error}", path.display())).remedy(error.remedy())
}

impl<'p, 's> Intake<'p, 's> {
    pub fn new(
        resolver: Resolver<'p>,
        setup: &'s Setup<'p>,
        batch_id: BatchId,
        spares: Receiver<Run>,
    ) -> Intake<'p, 's> {
        Intake {
            resolver,
            setup,
            batch_id,
            outcome: setup.outcome(),
            rejects: None,
            run: Run::default(),
            enough: FIRST_RUN,
            spares,
            groups: Groups::default(),
            parts: Parts::default(),
            gatherer: Gatherer::default(),
            enrol_acts: 0,
            scratch: Vec::new(),
        }
    }

    /// Reads all files and gives full runs to `send`, which says whether to go on.
    pub fn read(&mut self, send: &mut dyn FnMut(Run) -> bool, progress: &dyn Fn(u64)) -> Result<()> {
        let profile = self.setup.request.profile;
        if profile.group.is_some() || profile.part.is_some() {
            self.each_block(
                &mut |intake, mapping, records, file| {
                    records.iter().try_for_each(|record| intake.note(mapping, record, file))?;
                    Ok(true)
                },
                &|_| {},
            )?;
            self.outcome = self.setup.outcome();
        }
        self.gather()?;
        let mut going = true;
        self.each_block(
            &mut |intake, mapping, records, file| {
                intake.take(mapping, records, file)?;
                if intake.run.rows.len() + intake.run.refusals.len() >= intake.enough {
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

    /// Gives the rows of every file, some at a time, to `each`, which says whether to go on.
    #[allow(clippy::type_complexity)]
    pub(super) fn each_block(
        &mut self,
        each: &mut dyn FnMut(&mut Self, &Mapping, &[Record], usize) -> Result<bool>,
        progress: &dyn Fn(u64),
    ) -> Result<()> {
        let request = self.setup.request;
        let mut block = vec![Record::new(); BLOCK];
        let mut before = 0;
        for (file, incoming) in self.setup.files.iter().enumerate() {
            let fault = |error: IntakeError| file_fault(incoming.source.path(), &error);
            let mut reader = Reader::open(request.profile, incoming).map_err(fault)?;
            self.resolver.memory.forget();
            loop {
                let mut filled = 0;
                while filled < BLOCK && reader.next(&mut block[filled]).map_err(fault)? {
                    filled += 1;
                }
                self.outcome.rows += filled as u64;
                if self.outcome.rows.is_multiple_of(4096) {
                    progress(before + reader.bytes_read());
                }
                if !each(self, reader.mapping(), &block[..filled], file)? {
                    return Ok(());
                }
                if filled < BLOCK {
                    break;
                }
            }
            before += reader.bytes_read();
            check_unchanged(&incoming.source)?;
            self.keep_mended(&reader.mended());
            self.outcome.told(incoming, &reader);
            self.outcome.findings.add(file, &reader.findings());
        }
        Ok(())
    }

    /// Notes in a first reading what a row says to the rows that it shares its credit with.
    fn note(&mut self, mapping: &Mapping, record: &Record, file: usize) -> Result<()> {
        let mut problems = Vec::new();
        let mut draft = mapping.draft(record, &mut problems);
        let located = match &mut draft {
            Some(draft) => self.resolver.locate(mapping, draft, &mut problems)?,
            None => None,
        };
        if let Some(draft) = &draft {
            self.parts.note(mapping.profile(), draft, located.is_none());
        }
        let said = draft.as_ref().filter(|_| located.is_some());
        self.groups.note(mapping, record, said, file);
        Ok(())
    }

    fn keep_mended(&mut self, mended: &[crate::intake::draft::Mended]) {
        for word in mended {
            let found =
                self.outcome.mended.iter_mut().find(|known| {
                    known.field == word.field && known.from == word.from && known.to == word.to
                });
            match found {
                Some(known) => known.rows += word.rows,
                None => self.outcome.mended.push(Mending {
                    field: word.field.to_owned(),
                    from: word.from.to_owned(),
                    to: word.to.to_owned(),
                    rows: word.rows,
                }),
            }
        }
    }

    /// Takes rows into the run, or refuses them.
    fn take(&mut self, mapping: &Mapping, records: &[Record], file: usize) -> Result<()> {
        let recalled = self.resolver.recall(mapping, records);
        let mut problems = Vec::new();
        for (record, recalled) in records.iter().zip(recalled) {
            let known = match recalled {
                Some(recalled) => self.resolver.locate_known(mapping, record, recalled, &mut problems)?,
                None => None,
            };
            problems.clear();
            match known {
                Some((draft, located)) => {
                    let row = self.resolver.resolve(&draft, located, file, None, None)?;
                    self.run.rows.push(row);
                }
                None => self.take_unknown(mapping, record, file, &mut problems)?,
            }
            problems.clear();
        }
        Ok(())
    }

    /// Takes a row whose outcome was not described in these words before.
    fn take_unknown(
        &mut self,
        mapping: &Mapping,
        record: &Record,
        file: usize,
        problems: &mut Vec<Problem>,
    ) -> Result<()> {
        let Some(mut draft) = mapping.draft(record, problems) else {
            return self.refuse(mapping, record, problems, file);
        };
        let located = self.resolver.locate(mapping, &mut draft, problems)?;
        if located.is_some() && !self.is_first(mapping, &mut draft, problems, file) {
            return Ok(());
        }
        let share = self.share(mapping, &draft, problems);
        let elsewhere = self.elsewhere(mapping, &draft, problems);
        match located {
            Some(located) if !problems.iter().any(Problem::is_error) => {
                problems.extend(elsewhere.as_ref().and_then(|elsewhere| told(mapping, &draft, elsewhere)));
                if problems.is_empty() {
                    self.resolver.remember(mapping, record, &located);
                } else {
                    self.outcome.findings.add(file, problems);
                }
                let row = self.resolver.resolve(&draft, located, file, share, elsewhere)?;
                self.run.rows.push(row);
                Ok(())
            }
            _ => self.refuse(mapping, record, problems, file),
        }
    }

    /// What a row gets of its group's load, where the profile has groups.
    fn share(&mut self, mapping: &Mapping, draft: &Draft, problems: &mut Vec<Problem>) -> Option<Share> {
        let profile = self.setup.request.profile;
        profile.group.as_ref()?;
        match self.groups.share(profile, draft) {
            Ok(share) => Some(share),
            Err((rule, reason)) => {
                let load = draft.credits.map(|load| load.to_string()).unwrap_or_default();
                problems.push(mapping.problem(draft.line, Field::Credits, &load, rule, reason));
                None
            }
        }
    }

    /// Where the row's credit counts, if not in the row itself.
    fn elsewhere(
        &mut self,
        mapping: &Mapping,
        draft: &Draft,
        problems: &mut Vec<Problem>,
    ) -> Option<Elsewhere> {
        let said = || {
            (!draft.counted).then(|| Elsewhere { whole: draft.part_of.as_deref().map(Box::from), line: None })
        };
        let Some(part) = &self.setup.request.profile.part else { return said() };
        match self.parts.place(part) {
            Place::Here => said(),
            Place::In(line, name) => Some(Elsewhere { whole: Some(name), line: Some(line) }),
            Place::Refused(rule, reason) => {
                let value = draft.part_of.as_deref().unwrap_or_default();
                problems.push(mapping.problem(draft.line, Field::PartOf, value, rule, reason));
                None
            }
        }
    }

    /// Counts a refused row, and keeps it where the good rows are to be committed.
    pub fn refuse(
        &mut self,
        mapping: &Mapping,
        record: &Record,
        problems: &[Problem],
        file: usize,
    ) -> Result<()> {
        let request = self.setup.request;
        self.outcome.refused += 1;
        self.outcome.findings.add(file, problems);
        if !request.keep_going {
            return Ok(());
        }
        let errors: Vec<Problem> = problems.iter().filter(|problem| problem.is_error()).cloned().collect();
        if !request.dry_run {
            self.setup.write_reject(mapping, record, &errors, file, &mut self.rejects)?;
        }
        self.run.refusals.push(refusal(mapping, record, &errors, file)?);
        Ok(())
    }

    /// Sorts and hashes the rows gathered, and takes what was introduced for them.
    fn finish_run(&mut self) -> Result<Run> {
        let mut run = std::mem::replace(&mut self.run, self.spares.try_recv().unwrap_or_default());
        self.enough = RUN.min(self.enough * 2);
        // Rows are wide: their keys are sorted, and each row moves once.
        run.rows.sort_by_cached_key(Prepared::key);
        run.leaves.reserve_exact(run.rows.len());
        let mut salter: Option<(i64, Salter)> = None;
        for row in &run.rows {
            let salter = match &salter {
                Some((learner, salter)) if *learner == row.learner => salter,
                _ => &salter.insert((row.learner, self.resolver.people.salter(row.learner)?)).1,
            };
            run.leaves.push(row.leaf(&row.achievement(), salter, &self.batch_id, &mut self.scratch));
        }
        run.registry = self.resolver.catalogue.take_pending();
        (run.keys, run.facts) = self.resolver.people.take_new();
        self.hash_facts(&mut run)?;
        Ok(run)
    }

    fn hash_facts(&mut self, run: &mut Run) -> Result<()> {
        for (fact, ord) in run.facts.iter().zip(0..) {
            let salter = self.resolver.people.salter(fact.learner)?;
            let ordinal = Ordinal::Fact { place: self.enrol_acts, ord };
            run.fact_leaves.push(fact.leaf(&salter, &self.batch_id, ordinal, &mut self.scratch));
        }
        self.enrol_acts += u32::from(!run.facts.is_empty());
        Ok(())
    }
}

/// What is told of a row whose credit another one counts.
fn told(mapping: &Mapping, draft: &Draft, elsewhere: &Elsewhere) -> Option<Problem> {
    let whole = elsewhere.whole.as_deref()?;
    let reason = match elsewhere.line {
        Some(line) => format!("the credit of `{}` counts in `{whole}` on line {line}", name(draft)),
        None => format!("the credit of `{}` counts in `{whole}`", name(draft)),
    };
    let value = draft.credits.map(|credits| credits.to_string()).unwrap_or_default();
    Some(mapping.problem(draft.line, Field::Credits, &value, Rule::CountedElsewhere, reason))
}

/// What people call the outcome of a row.
fn name<'d>(draft: &'d Draft) -> &'d str {
    draft.title.as_deref().unwrap_or(draft.outcome.as_ref())
}

/// What a refused row is known by when it is mended: the parts of the key, as written.
const SUBJECT: [Field; 5] =
    [Field::Institution, Field::Learner, Field::Outcome, Field::Period, Field::Attempt];

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
