//! The reading of files for an import or a check: rows are drafted, looked up, and given to who takes them.

use super::Outcome;
use super::gather::Gatherer;
use super::groups::{Groups, Share};
use super::parts::{Elsewhere, Parts, Place};
use super::recall::Recalled;
use super::resolve::{Located, Resolver};
use super::write::Setup;
use crate::domain::fault::{Fault, Result};
use crate::intake::csv::Record;
use crate::intake::draft::{Draft, Mapping, Reader};
use crate::intake::fault::IntakeError;
use crate::intake::profile::{Field, Profile};
use crate::intake::rules::{Problem, Rule};
use crate::intake::source::Source;
use std::path::Path;

/// Rows that are read together, so that what they refer to is looked up together.
const BLOCK: usize = 32;

/// A row in which no error was found.
pub struct Sound<'a> {
    pub draft: &'a Draft<'a>,
    /// What it refers to; an import has it of every sound row.
    pub located: Option<Located>,
    pub file: usize,
    pub share: Option<Share>,
    pub elsewhere: Option<Elsewhere>,
}

/// A row that is not taken.
pub struct Refused<'a> {
    pub mapping: &'a Mapping<'a>,
    pub record: &'a Record,
    pub errors: Vec<Problem>,
    pub file: usize,
}

/// Who takes the rows that were read.
pub trait Taker: Sized {
    /// Takes what cannot be judged here out of the problems of a row.
    fn sift(&mut self, _profile: &Profile, _problems: &mut Vec<Problem>) {}

    /// Forgets what a first reading left behind.
    fn begin(&mut self) {}

    /// Takes a sound row.
    fn take(&mut self, resolver: &mut Resolver, outcome: &mut Outcome, row: Sound) -> Result<()>;

    /// Keeps a refused row, which is counted already.
    fn refuse(&mut self, setup: &Setup, row: Refused) -> Result<()>;
}

/// The reading side's state.
pub struct Intake<'p, 's, T> {
    pub resolver: Resolver<'p>,
    pub setup: &'s Setup<'p>,
    pub outcome: Outcome,
    pub taker: T,
    /// Bytes of the files that were read.
    pub bytes: u64,
    /// What the rows at hand say as earlier ones said it.
    recalled: Vec<Option<Recalled>>,
    groups: Groups,
    parts: Parts,
    pub(super) gatherer: Gatherer,
}

/// A file that somebody writes to is not what was hashed.
///
/// # Errors
/// `I202` where it was written to since it was opened.
pub fn check_unchanged(source: &Source) -> Result<()> {
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

impl<'p, 's, T: Taker> Intake<'p, 's, T> {
    pub fn new(resolver: Resolver<'p>, setup: &'s Setup<'p>, taker: T) -> Intake<'p, 's, T> {
        Intake {
            resolver,
            setup,
            outcome: setup.outcome(),
            taker,
            bytes: 0,
            recalled: Vec::new(),
            groups: Groups::default(),
            parts: Parts::default(),
            gatherer: Gatherer::default(),
        }
    }

    /// Reads all files; `after` each block of rows says whether to go on.
    pub fn read(
        &mut self,
        after: &mut dyn FnMut(&mut Self) -> Result<bool>,
        progress: &dyn Fn(u64),
    ) -> Result<()> {
        let profile = self.setup.request.profile;
        if profile.group.is_some() || profile.part.is_some() {
            self.each_block(
                &mut |intake, mapping, records, file| {
                    records.iter().try_for_each(|record| intake.note(mapping, record, file))?;
                    Ok(true)
                },
                &|_| {},
            )?;
        }
        self.gather()?;
        self.read_on(after, progress)
    }

    /// Reads all files, given what first readings noted.
    fn read_on(
        &mut self,
        after: &mut dyn FnMut(&mut Self) -> Result<bool>,
        progress: &dyn Fn(u64),
    ) -> Result<()> {
        self.outcome = self.setup.outcome();
        self.taker.begin();
        self.each_block(
            &mut |intake, mapping, records, file| {
                intake.take(mapping, records, file)?;
                after(intake)
            },
            progress,
        )
    }

    /// Reads all files once more, for the same rows with the same shares.
    pub fn read_again(&mut self) -> Result<()> {
        self.groups.rewind();
        self.parts.rewind();
        self.read_on(&mut |_| Ok(true), &|_| {})
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
        for (file, incoming) in self.setup.delivered.files.iter().enumerate() {
            let fault = |error: IntakeError| file_fault(incoming.source.path(), &error);
            let mut reader = Reader::open(request.profile, incoming).map_err(fault)?;
            self.resolver.memory.forget();
            self.outcome.totals[file].mended = reader.mapping().is_of_refused_rows();
            loop {
                let mut filled = 0;
                while filled < BLOCK && reader.next(&mut block[filled]).map_err(fault)? {
                    filled += 1;
                }
                self.outcome.rows += filled as u64;
                self.outcome.totals[file].rows += filled as u64;
                self.bytes = before + reader.bytes_read();
                if self.outcome.rows.is_multiple_of(4096) {
                    progress(self.bytes);
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
            self.outcome.keep_mended(&reader.mended());
            self.outcome.told(incoming, &reader);
            self.outcome.findings.add(file, &reader.findings());
        }
        Ok(())
    }

    /// Looks a row up; false where it cannot be taken.
    pub(super) fn locate(
        &mut self,
        mapping: &Mapping,
        draft: &mut Draft,
        problems: &mut Vec<Problem>,
    ) -> Result<(bool, Option<Located>)> {
        let located = self.resolver.locate(mapping, draft, problems)?;
        if !problems.is_empty() {
            self.taker.sift(mapping.profile(), problems);
        }
        Ok((!problems.iter().any(Problem::is_error), located))
    }

    /// Notes in a first reading what a row says to the rows that it shares its credit with.
    fn note(&mut self, mapping: &Mapping, record: &Record, file: usize) -> Result<()> {
        let mut problems = Vec::new();
        let mut draft = mapping.draft(record, &mut problems);
        let sound = match &mut draft {
            Some(draft) => self.locate(mapping, draft, &mut problems)?.0,
            None => false,
        };
        if let Some(draft) = &draft {
            self.parts.note(mapping.profile(), draft, !sound);
        }
        let said = draft.as_ref().filter(|_| sound);
        self.groups.note(mapping, record, said, file);
        Ok(())
    }

    /// Takes rows, or refuses them.
    fn take(&mut self, mapping: &Mapping, records: &[Record], file: usize) -> Result<()> {
        self.outcome.answer(mapping, records);
        let mut recalled = std::mem::take(&mut self.recalled);
        self.resolver.recall(mapping, records, &mut recalled);
        let (mut problems, mut draft) = (Vec::new(), Draft::default());
        for (record, recalled) in records.iter().zip(recalled.drain(..)) {
            let located = match recalled {
                Some(recalled) => {
                    self.resolver.locate_known(mapping, record, recalled, &mut problems, &mut draft)?
                }
                None => None,
            };
            problems.clear();
            match located {
                Some(located) => {
                    let (located, share, elsewhere) = (Some(located), None, None);
                    let row = Sound { draft: &draft, located, file, share, elsewhere };
                    self.taker.take(&mut self.resolver, &mut self.outcome, row)?;
                }
                None => self.take_unknown(mapping, record, file, &mut problems)?,
            }
            problems.clear();
        }
        self.recalled = recalled;
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
            // Whoever mends the row is to know all of it.
            problems.extend(self.resolver.period_fault(mapping, record));
            return self.refuse(mapping, record, None, problems, file);
        };
        let (sound, located) = self.locate(mapping, &mut draft, problems)?;
        if sound && !self.is_first(mapping, &mut draft, problems, file) {
            return Ok(());
        }
        let share = self.share(mapping, &draft, problems);
        let elsewhere = self.elsewhere(mapping, &draft, problems);
        if problems.iter().any(Problem::is_error) {
            return self.refuse(mapping, record, Some(&draft), problems, file);
        }
        problems.extend(elsewhere.as_ref().and_then(|elsewhere| told(mapping, &draft, elsewhere)));
        match &located {
            Some(located) if problems.is_empty() => self.resolver.remember(mapping, record, located),
            _ => self.outcome.findings.add(file, problems),
        }
        let row = Sound { draft: &draft, located, file, share, elsewhere };
        self.taker.take(&mut self.resolver, &mut self.outcome, row)
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

    /// Counts a refused row, and gives it to who keeps it.
    fn refuse(
        &mut self,
        mapping: &Mapping,
        record: &Record,
        draft: Option<&Draft>,
        problems: &[Problem],
        file: usize,
    ) -> Result<()> {
        self.outcome.refused += 1;
        self.outcome.totals[file].add_refused(self.setup.request.profile, draft);
        self.outcome.findings.add(file, problems);
        self.outcome.verdicts.refused(file as i64, record.place().number(), problems);
        let codes: Vec<&str> = problems.iter().map(|problem| problem.rule.code()).collect();
        self.outcome.fingerprint.add(file as i64, record.place().number(), &codes.join(" "), 0);
        let errors = problems.iter().filter(|problem| problem.is_error()).cloned().collect();
        self.taker.refuse(self.setup, Refused { mapping, record, errors, file })
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
