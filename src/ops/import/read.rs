//! The reading side of an import: rows to prepared achievements, in runs.

use super::groups::Groups;
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
use crate::proof::leaf::{BatchId, Key, Salter};
use crate::proof::merkle::Hash;
use crate::store::{ActRow, Refusal};
use std::path::Path;
use tempfile::NamedTempFile;

/// Rows that are sorted and written together.
pub const RUN: usize = 1 << 17;

/// What goes to the writing side.
#[derive(Default)]
pub struct Run {
    pub registry: Vec<ActRow>,
    pub keys: Vec<(i64, Key)>,
    pub facts: Vec<Fact>,
    pub rows: Vec<Prepared>,
    /// The leaf of each row.
    pub leaves: Vec<Hash>,
    pub refusals: Vec<Refusal>,
}

/// The reading side's state.
pub struct Intake<'p, 's> {
    pub resolver: Resolver<'p>,
    pub setup: &'s Setup<'p>,
    pub batch_id: BatchId,
    pub outcome: Outcome,
    pub rejects: Option<RejectWriter<NamedTempFile>>,
    run: Run,
    groups: Groups,
    parts: Parts,
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
    pub fn new(resolver: Resolver<'p>, setup: &'s Setup<'p>, batch_id: BatchId) -> Intake<'p, 's> {
        Intake {
            resolver,
            setup,
            batch_id,
            outcome: setup.outcome(),
            rejects: None,
            run: Run::default(),
            groups: Groups::default(),
            parts: Parts::default(),
            scratch: Vec::new(),
        }
    }

    /// Reads all files and gives full runs to `send`, which says whether to go on.
    pub fn read(&mut self, send: &mut dyn FnMut(Run) -> bool, progress: &dyn Fn(u64)) -> Result<()> {
        if self.setup.request.profile.group.is_some() || self.setup.request.profile.part.is_some() {
            self.each_row(
                &mut |intake, mapping, _, draft, problems, file| {
                    let refused = intake.resolver.locate(mapping, draft, problems)?.is_none();
                    intake.groups.note(intake.setup.request.profile, draft, file, refused);
                    intake.parts.note(intake.setup.request.profile, draft, refused);
                    Ok(true)
                },
                &|_| {},
            )?;
            self.outcome = self.setup.outcome();
        }
        let mut going = true;
        self.each_row(
            &mut |intake, mapping, record, draft, problems, file| {
                intake.take(mapping, record, draft, problems, file)?;
                if intake.run.rows.len() + intake.run.refusals.len() >= RUN {
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

    /// Gives every row that can be drafted to `each`; refuses the others itself.
    #[allow(clippy::type_complexity)]
    fn each_row(
        &mut self,
        each: &mut dyn FnMut(
            &mut Self,
            &Mapping,
            &Record,
            &mut Draft,
            &mut Vec<Problem>,
            usize,
        ) -> Result<bool>,
        progress: &dyn Fn(u64),
    ) -> Result<()> {
        let request = self.setup.request;
        let mut before = 0;
        for (file, incoming) in self.setup.files.iter().enumerate() {
            let fault = |error: IntakeError| file_fault(incoming.source.path(), &error);
            let mut reader = Reader::open(request.profile, incoming).map_err(fault)?;
            let (mut record, mut problems) = (Record::new(), Vec::new());
            while reader.next(&mut record).map_err(fault)? {
                self.outcome.rows += 1;
                if self.outcome.rows.is_multiple_of(4096) {
                    progress(before + reader.bytes_read());
                }
                problems.clear();
                let mapping = reader.mapping();
                match &mut mapping.draft(&record, &mut problems) {
                    None => self.refuse(mapping, &record, &problems, file)?,
                    Some(draft) => {
                        if !each(self, mapping, &record, draft, &mut problems, file)? {
                            return Ok(());
                        }
                    }
                }
            }
            before += reader.bytes_read();
            check_unchanged(&incoming.source)?;
            self.keep_mended(&reader.mended());
            self.outcome.told(incoming, &reader);
        }
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

    fn take(
        &mut self,
        mapping: &Mapping,
        record: &Record,
        draft: &mut Draft,
        problems: &mut Vec<Problem>,
        file: usize,
    ) -> Result<()> {
        let profile = self.setup.request.profile;
        let located = self.resolver.locate(mapping, draft, problems)?;
        let share = match profile.group {
            None => None,
            Some(_) => match self.groups.share(profile, draft) {
                Ok(share) => Some(share),
                Err((rule, reason)) => {
                    let load = draft.credits.map(|load| load.to_string()).unwrap_or_default();
                    let field = Field::Credits;
                    problems.push(mapping.problem(draft.line, field, &load, rule, reason));
                    None
                }
            },
        };
        let elsewhere = self.elsewhere(mapping, draft, problems);
        match located {
            Some(located) if !problems.iter().any(Problem::is_error) => {
                problems.extend(elsewhere.as_ref().and_then(|elsewhere| told(mapping, draft, elsewhere)));
                if !problems.is_empty() {
                    self.outcome.findings.add(file, problems);
                }
                let row = self.resolver.resolve(draft, located, file, share, elsewhere)?;
                self.run.rows.push(row);
                Ok(())
            }
            _ => self.refuse(mapping, record, problems, file),
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
            self.setup.write_reject(mapping, record, &errors, &mut self.rejects)?;
        }
        self.run.refusals.push(refusal(mapping, record, &errors, file)?);
        Ok(())
    }

    /// Sorts and hashes the rows gathered, and takes what was introduced for them.
    fn finish_run(&mut self) -> Result<Run> {
        let mut run = std::mem::take(&mut self.run);
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
        Ok(run)
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
