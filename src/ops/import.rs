//! `import`: files of achievements into the ledger, exactly once, all or nothing.
//!
//! One thread reads, checks, looks up and hashes; the other decides what is new and writes. A million rows at a time are
//! sorted between them by learner, outcome and date, so that the index grows from end to end.

mod again;
pub mod catalogue;
pub mod check;
mod checks;
mod delivery;
pub mod findings;
mod gather;
mod groups;
mod identifiers;
mod parts;
pub mod people;
mod read;
mod recall;
pub mod receipt;
mod registers;
mod reject_files;
pub mod resolve;
mod runs;
mod seen;
mod sorted;
pub mod standard;
pub mod verdict;
mod way;
mod whose;
mod write;

use crate::domain::credits::Credits;
use crate::domain::entry::EntryId;
use crate::domain::fault::{Exit, Fault, Result};
use crate::domain::registry::ProfileRow;
use crate::intake::csv::Record;
use crate::intake::draft::{Mapping, Reader};
use crate::intake::fault::IntakeError;
use crate::intake::hash::HashingRead;
use crate::intake::incoming::Incoming;
use crate::intake::profile::{Leniency, Profile, Target};
use crate::intake::rules::{Rule, Severity};
use crate::intake::table::Notice;
use crate::ops::approval;
use crate::ops::batch::{Actor, Approval, BatchPayload, InForce, Lenient, SourceFile};
use crate::store::memory::Memory;
use crate::store::{self, Head, Read, Store, Tx};
use catalogue::Catalogue;
use findings::Findings;
use jiff::civil::Date;
use people::People;
pub use read::{check_unchanged, file_fault};
use standard::{Expected, FileTotals, Said};
use std::collections::BTreeMap;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use verdict::Verdicts;
use way::{Fingerprint, Way};

/// Fields whose words are only translated, so that nobody needs to be told.
const TRANSLATED: [&str; 3] = ["status", "kind", "repeatable"];

/// Bytes of a first delivery, or of a rule book, that are worth having the ledger alone for: what is gained grows with them, and
/// letting others in again costs a few writes to the disk.
pub const FILLING: u64 = 4 << 20;

/// Problems that the refusal of a whole import names.
const SAID: usize = 20;

/// Bytes of a file that are read at once to be hashed.
const READ: usize = 1 << 17;

/// What to import, and how.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Source files, in order.
    pub files: &'a [PathBuf],
    /// The profile that reads them.
    pub profile: &'a Profile,
    /// Commit the good rows although others are refused.
    pub keep_going: bool,
    /// Show what would be posted and leave everything as it was.
    pub dry_run: bool,
    /// Why, where the books are closed or an officer says so.
    pub reason: Option<String>,
    /// Where the refused rows of the only file go; beside each file where nothing is said.
    pub rejects: Option<PathBuf>,
    /// What was said of the delivery beforehand.
    pub expected: Expected,
    /// Say of every row what became of it.
    pub verdicts: bool,
    /// How many findings of each severity are listed; the rest are counted.
    pub limit: usize,
    /// Log to append to.
    pub log: i64,
}

/// A word of the file that the profile replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mending {
    /// Field or attribute.
    pub field: String,
    /// Word in the file.
    pub from: String,
    /// Word meant.
    pub to: String,
    /// How many rows.
    pub rows: u64,
}

/// What an import did, or would do.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Number of the batch; none where nothing was posted.
    pub batch: Option<i64>,
    /// Entries that the batch posted.
    pub entries: i64,
    /// Rows read.
    pub rows: u64,
    /// Rows that deposited credit.
    pub deposited: u64,
    /// Credit deposited, by system code.
    pub credits: BTreeMap<String, Credits>,
    /// Rows recorded without credit.
    pub recorded: u64,
    /// Rows whose achievement stood already.
    pub already: u64,
    /// Rows that corrected what was recorded.
    pub corrected: u64,
    /// Rows that say what was corrected since.
    pub outdated: u64,
    /// Results instead of which another in the same outcome counts.
    pub superseded: u64,
    /// How many of these an earlier batch recorded.
    pub replaced: u64,
    /// Rows of a register that introduced or changed something.
    pub registered: u64,
    /// Rows that say more of an achievement which another row records.
    pub gathered: u64,
    /// Rows refused.
    pub refused: u64,
    /// What became of the rows.
    pub verdicts: Verdicts,
    /// Names of the files, in order.
    pub files: Vec<String>,
    /// What was found.
    pub findings: Findings,
    /// The rules that the profile is lenient about.
    pub lenient: Vec<Leniency>,
    /// What each file adds up to.
    pub totals: Vec<FileTotals>,
    /// What was said of the delivery beforehand: `smaller`, `larger`.
    pub expected: Vec<String>,
    /// The delivery as a whole does not meet its profile's standard.
    pub substandard: bool,
    /// Why nothing was imported although it was not a dry run.
    pub withheld: Option<Box<Fault>>,
    /// Rules that only a bank can apply, and how many rows they may concern; without a bank.
    pub unchecked: Vec<(Rule, u64)>,
    /// Accounts opened.
    pub learners: u64,
    /// Pairs of accounts for somebody to look at.
    pub reviews: u64,
    /// Words replaced by the profile.
    pub mended: Vec<Mending>,
    /// Refused rows of earlier batches that came again, taken or refused anew: the beginning of the file's hash, and the line.
    pub answered: Vec<String>,
    /// What is to be told of the files, by name.
    pub notices: Vec<(String, Notice)>,
    /// Files that an earlier batch read already: name and batch number.
    pub seen: Vec<(String, i64)>,
    /// The files of refused rows, in the order of the files from which they come.
    pub rejects: Vec<PathBuf>,
    /// The profile's version.
    pub profile_version: i64,
    /// A digest of what becomes of every row, where one is wanted.
    pub fingerprint: Fingerprint,
    /// The result in one word, where the batch has to do with a second officer.
    pub result: Option<String>,
    /// Whether the batch only stages: it waits for a second officer.
    pub staged: bool,
    /// The log after the batch.
    pub head: Option<Head>,
}

impl Outcome {
    /// The same, of which nothing is imported, and why.
    fn withhold(self, why: Fault) -> Outcome {
        Outcome { batch: None, withheld: Some(Box::new(why)), ..self }
    }

    /// Why nothing was imported, or would be: rows are refused and the good ones alone were not asked for, or the delivery
    /// does not meet its profile's standard.
    pub fn refusal(&self) -> Option<Fault> {
        let withheld = self.withheld.as_deref().cloned();
        withheld.or_else(|| self.substandard.then(|| substandard(self)))
    }

    /// All rows say what is recorded already.
    fn brings_nothing(&self) -> bool {
        let new = self.deposited + self.recorded + self.corrected + self.registered + self.refused;
        self.rows > 0 && new == 0
    }

    /// Notes which refused rows of earlier batches some rows are, where their file says that.
    fn answer(&mut self, mapping: &Mapping, records: &[Record]) {
        if mapping.is_of_refused_rows() {
            let rows = records.iter().filter_map(|record| mapping.refused_row(record));
            self.answered.extend(rows.map(str::to_owned));
        }
    }

    /// Keeps what is to be told of a file that was read to its end.
    fn told(&mut self, incoming: &Incoming, reader: &Reader) {
        let notices: Vec<Notice> = incoming.reading.notices.iter().cloned().chain(reader.notices()).collect();
        for notice in &notices {
            self.findings.count(notice.rule, 1);
        }
        let notices = notices.into_iter();
        self.notices.extend(notices.map(|notice| (incoming.source.name(), notice)));
    }
}

/// Shows the entries of a dry run before they are undone: reader, first entry, end.
pub type Inspect<'a> = &'a mut dyn FnMut(&dyn Read, EntryId, EntryId) -> Result<()>;

/// How far the reading is: bytes read, bytes in all.
pub type Progress<'a> = &'a (dyn Fn(u64, u64) + Sync);

/// Imports files.
///
/// # Errors
/// Where a file as a whole cannot be taken; where rows are refused and `keep_going` was not asked
/// for (`I201`); where a date lies in the closed books and no reason is given (`E408`); where the profile
/// wants two officers (`A101`).
pub fn import(
    store: &mut dyn Store,
    actor: &Actor,
    request: &Request,
    inspect: Inspect,
    progress: Progress,
) -> Result<Outcome> {
    let delivered = Delivered::open(request)?;
    store::again(|| {
        if !request.dry_run {
            approval::check_officers(store, request.profile)?;
        }
        import_once(store, actor, request, &delivered, &Way::plain(), inspect, progress)
    })
    .map_err(|fault| with_notices(fault, &delivered.files))
}

/// Stages files: what importing them would do is found out, and they wait for a second officer.
///
/// # Errors
/// As [`import`]; `A106` where the same files wait already.
pub fn stage(store: &mut dyn Store, actor: &Actor, request: &Request, progress: Progress) -> Result<Outcome> {
    let delivered = Delivered::open(request)?;
    let trial = Request { dry_run: true, ..request.clone() };
    store::again(|| {
        let head = store::head(store, request.log)?;
        let unseen: Inspect = &mut |_, _, _| Ok(());
        let mut outcome = import_once(store, actor, &trial, &delivered, &Way::trial(), unseen, progress)?;
        if outcome.refused > 0 && !request.keep_going {
            let why = refused(&outcome);
            return Ok(outcome.withhold(why));
        }
        if outcome.substandard {
            let why = substandard(&outcome);
            return Ok(outcome.withhold(why));
        }
        if outcome.batch.is_none() {
            return Ok(outcome);
        }
        let staging = approval::Staging {
            files: &delivered.files,
            sources: delivered.sources()?.to_vec(),
            profile: profile_version(store, request.profile)?,
            keep_going: request.keep_going,
            reason: request.reason.clone(),
            said: Said::of(request.files, &request.expected)?,
            expected: outcome.in_figures(),
        };
        let sealed = approval::post(store, actor, request.log, &head, staging)?;
        outcome.staged = true;
        outcome.batch = sealed.as_ref().map(|sealed| sealed.batch.no);
        outcome.entries = sealed.as_ref().map_or(0, |sealed| sealed.batch.size);
        outcome.head = sealed.map(|sealed| sealed.head);
        Ok(outcome)
    })
    .map_err(|fault| with_notices(fault, &delivered.files))
}

/// Approves a staged batch: its files are imported as they were staged.
///
/// # Errors
/// As [`import`], [`approval::waiting`], [`approval::check_other`] and [`approval::check_result`].
pub fn approve(
    store: &mut dyn Store,
    actor: &Actor,
    approved: &approval::Request,
    inspect: Inspect,
    progress: Progress,
) -> Result<Outcome> {
    store::again(|| {
        let staged = approval::waiting(store, approved.batch)?;
        if !approved.dry_run {
            approval::check_other(&staged, actor)?;
        }
        let profile = approval::profile(store, &staged)?;
        let delivered = Delivered {
            files: approval::files(store, &staged, &profile)?,
            sources: OnceLock::from(staged.asked.files.clone()),
        };
        reject_files::check_one(approved.rejects.as_ref(), staged.asked.files.len())?;
        // What was refused is written here, in whatever folder the files once were.
        let name = |file: &SourceFile| PathBuf::from(Path::new(&file.name).file_name().unwrap_or_default());
        let names: Vec<PathBuf> = staged.asked.files.iter().map(name).collect();
        let why = Some(staged.payload.why.clone()).filter(|why| !why.is_empty());
        let request = Request {
            files: &names,
            profile: &profile,
            keep_going: staged.asked.keep_going,
            dry_run: approved.dry_run,
            reason: approved.reason.clone().or(why),
            rejects: approved.rejects.clone(),
            expected: staged.asked.said.expected(),
            verdicts: approved.verdicts,
            limit: approved.limit,
            log: approved.log,
        };
        let accept = |tx: &dyn Tx, outcome: &Outcome| approved.accept(tx, actor, outcome);
        let way = Way {
            approves: Some(format!("B{}", approved.batch)),
            manifests: Some(staged.asked.said.manifests.clone()),
            counted: true,
            accept: &accept,
        };
        import_once(store, actor, &request, &delivered, &way, inspect, progress)
    })
}

fn import_once(
    store: &mut dyn Store,
    actor: &Actor,
    request: &Request,
    delivered: &Delivered,
    way: &Way,
    inspect: Inspect,
    progress: Progress,
) -> Result<Outcome> {
    let files = &delivered.files;
    let reader = store.reader()?;
    let seen = delivered.seen_before(reader.as_ref())?;
    let all_seen = seen.len() == files.len();
    if all_seen
        && way.approves.is_none()
        && !request.verdicts
        && let Some(outcome) = again::taken_before(reader.as_ref(), request, files, delivered.sources()?)?
    {
        return Ok(Outcome { seen, ..outcome });
    }
    let (profile_row, is_new) = profile_version(reader.as_ref(), request.profile)?;
    let mut payload = BatchPayload::new(actor)?;
    payload.why = request.reason.clone().unwrap_or_default();
    payload.profile = Some(InForce {
        name: profile_row.name.clone(),
        version: profile_row.version,
        sha256: profile_row.sha256.clone(),
    });
    let lenient = request.profile.lenient.iter();
    payload.lenient = lenient
        .map(|leniency| Lenient { rule: leniency.rule.code().to_owned(), reason: leniency.reason.clone() })
        .collect();
    payload.approval = way.approves.clone().map(Approval::Given);
    let closed = closed_through(reader.as_ref())?;
    // The batch act comes before its rows: it says which closed books the reason reaches into.
    payload.closed_period = closed.filter(|_| request.reason.is_some()).map(|closed| closed.to_string());
    let mut setup = write::Setup {
        request,
        delivered,
        way,
        payload,
        profile: is_new.then_some(profile_row.clone()),
        bytes: files.iter().map(|incoming| incoming.source.size().unwrap_or(0)).sum(),
        fills: false,
        all_seen,
        closed,
        today: today(reader.as_ref(), actor)?,
        seen,
        manifests: match &way.manifests {
            Some(manifests) => manifests.clone(),
            None => standard::manifests(request.files, &request.expected)?,
        },
        previous: standard::previous(reader.as_ref(), &request.profile.name)?,
    };
    setup.fills = !request.dry_run && setup.bytes >= FILLING && reader.last_learner()? == 0;
    let head = store::head(reader.as_ref(), request.log)?;
    let catalogue = Catalogue::load(reader.as_ref())?;
    let people = People::new(if setup.fills { nobody(reader) } else { reader })?;
    let mut outcome = match request.profile.target {
        Target::Achievements => write::run(store, &head, setup, catalogue, people, inspect, progress)?,
        _ => registers::run(store, &head, setup, catalogue, people, inspect)?,
    };
    outcome.result = way.counted.then(|| outcome.in_figures().result);
    outcome.profile_version = profile_row.version;
    Ok(outcome)
}

/// A ledger that knows no learner, in place of one that knows none yet and is to be let go.
fn nobody(reader: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
    drop(reader);
    Box::new(Memory::new())
}

/// The files of a batch, open, and what it says of each: hashed once, however often they are read, and not before
/// somebody asks for it.
struct Delivered {
    files: Vec<Incoming>,
    sources: OnceLock<Vec<SourceFile>>,
}

impl Delivered {
    fn open(request: &Request) -> Result<Delivered> {
        reject_files::check_one(request.rejects.as_ref(), request.files.len())?;
        Ok(Delivered { files: open(request)?, sources: OnceLock::new() })
    }

    /// What a batch says of each file.
    fn sources(&self) -> Result<&[SourceFile]> {
        if let Some(known) = self.sources.get() {
            return Ok(known);
        }
        let sources = self.files.iter().map(source_file).collect::<Result<Vec<_>>>()?;
        Ok(self.sources.get_or_init(|| sources))
    }

    /// The files that an earlier batch read already: name and batch number. Files of other sizes are not hashed for it.
    fn seen_before(&self, read: &dyn Read) -> Result<Vec<(String, i64)>> {
        let sizes = self.files.iter().map(|file| file.source.sent_size());
        let sizes: Vec<u64> = sizes.collect::<std::io::Result<_>>().unwrap_or_default();
        // Where a size cannot be known, any file may have been read before.
        let mut may_be = sizes.len() < self.files.len();
        read.batches(&mut |batch| {
            let known = BatchPayload::read(&batch.payload)?.files;
            may_be = may_be || known.iter().any(|file| sizes.contains(&file.bytes));
            Ok(())
        })?;
        if may_be { seen_before(read, self.sources()?) } else { Ok(Vec::new()) }
    }
}

/// Opens the files and settles how each is read.
fn open(request: &Request) -> Result<Vec<Incoming>> {
    let each =
        |path: &PathBuf| Incoming::open(path, request.profile).map_err(|error| file_fault(path, &error));
    let mut files: Vec<Incoming> = request.files.iter().map(each).collect::<Result<_>>()?;
    for (at, name) in delivery::told_apart(request.files) {
        files[at].source.call(name);
    }
    Ok(files)
}

/// Says how the files were read where the import is refused, because a guess may be the reason.
fn with_notices(mut fault: Fault, files: &[Incoming]) -> Fault {
    for incoming in files {
        for notice in &incoming.reading.notices {
            let gap = if fault.why.is_empty() { "" } else { "; " };
            fault.why.push_str(&format!("{gap}{}: {notice}", incoming.source.name()));
        }
    }
    fault
}

/// A file as its batch names it.
///
/// # Errors
/// Where it cannot be read.
pub fn source_file(incoming: &Incoming) -> Result<SourceFile> {
    let source = &incoming.source;
    let mut hashing = HashingRead::new(source.sent());
    std::io::copy(&mut BufReader::with_capacity(READ, &mut hashing), &mut std::io::sink())
        .map_err(|error| file_fault(source.path(), &IntakeError::Unreadable(error)))?;
    Ok(SourceFile {
        name: source.name(),
        sha256: hashing.sha256_hex(),
        bytes: hashing.size(),
        read: incoming.reading.recorded(),
    })
}

fn seen_before(read: &dyn Read, sources: &[SourceFile]) -> Result<Vec<(String, i64)>> {
    let mut seen: BTreeMap<usize, (String, i64)> = BTreeMap::new();
    read.batches(&mut |batch| {
        let payload = BatchPayload::read(&batch.payload)?;
        for (at, source) in sources.iter().enumerate() {
            if payload.files.iter().any(|file| file.sha256 == source.sha256) {
                seen.entry(at).or_insert((source.name.clone(), batch.no));
            }
        }
        Ok(())
    })?;
    Ok(seen.into_values().collect())
}

/// The version of the profile in the bank; true where this text is a new one.
fn profile_version(read: &dyn Read, profile: &Profile) -> Result<(ProfileRow, bool)> {
    let mut versions: Vec<ProfileRow> = store::find(read, "name", profile.name.as_str())?;
    versions.sort_by_key(|row| row.version);
    if let Some(same) = versions.iter().rposition(|row| row.sha256 == profile.sha256) {
        return Ok((versions.swap_remove(same), false));
    }
    let row = ProfileRow {
        id: store::next_id::<ProfileRow>(read)?,
        name: profile.name.clone(),
        version: versions.last().map_or(1, |row| row.version + 1),
        sha256: profile.sha256.clone(),
        source: profile.source.clone(),
    };
    Ok((row, true))
}

/// The last day of the closed books.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn closed_through(read: &(impl Read + ?Sized)) -> Result<Option<Date>> {
    let closures: Vec<crate::domain::registry::Closure> = store::all(read)?;
    Ok(closures.iter().filter_map(|row| crate::domain::date::parse_iso(&row.through).ok()).max())
}

/// Today in the bank's time zone.
fn today(read: &dyn Read, actor: &Actor) -> Result<Date> {
    let bank: crate::domain::registry::Bank = store::get(read, 1)?;
    let zone = jiff::tz::TimeZone::get(&bank.time_zone)
        .map_err(|error| Fault::new("C108", format!("the bank's time zone {}: {error}", bank.time_zone)))?;
    Ok(zone.to_datetime(actor.now).date())
}

impl Outcome {
    /// Adds words that a file's reading replaced.
    fn keep_mended(&mut self, mended: &[crate::intake::draft::Mended]) {
        for word in mended {
            let same = |known: &&mut Mending| {
                known.field == word.field && known.from == word.from && known.to == word.to
            };
            match self.mended.iter_mut().find(same) {
                Some(known) => known.rows += word.rows,
                None => self.mended.push(Mending {
                    field: word.field.to_owned(),
                    from: word.from.to_owned(),
                    to: word.to.to_owned(),
                    rows: word.rows,
                }),
            }
        }
    }

    /// The replaced words of which somebody should know: those that are not only translated.
    pub fn repaired(&self) -> impl Iterator<Item = &Mending> {
        self.mended.iter().filter(|word| !TRANSLATED.contains(&word.field.as_str()))
    }

    fn file_prefix(&self, file: usize) -> String {
        self.files.get(file).map(|name| format!("{name}: ")).unwrap_or_default()
    }

    /// Counts the notices that concern rows taken.
    fn count_notices(&mut self) {
        let repaired = self.repaired().map(|word| word.rows).sum();
        self.findings.count(Rule::Repeated, self.already);
        self.findings.count(Rule::Corrected, self.corrected);
        self.findings.count(Rule::Outdated, self.outdated);
        self.findings.count(Rule::NotCounted, self.superseded);
        self.findings.count(Rule::FileSeen, self.seen.len() as u64);
        self.findings.count(Rule::NotDeposited, self.recorded);
        self.findings.count(Rule::Mended, repaired);
    }
}

/// Why a delivery that breaks its profile's standard is refused.
fn substandard(outcome: &Outcome) -> Fault {
    let mut what = "nothing was imported: the delivery does not meet its profile's standard".to_owned();
    for finding in outcome.findings.errors().iter().filter(|finding| finding.problem.line == 0) {
        what.push_str(&format!("\n  {}{}", outcome.file_prefix(finding.file), finding.problem));
    }
    Fault::new("I204", what).remedy("ask the sender; mend the delivery, or the profile's [standard]")
}

/// The refusal of an all-or-nothing import.
fn refused(outcome: &Outcome) -> Fault {
    let rows = if outcome.refused == 1 { "1 row was" } else { &format!("{} rows were", outcome.refused) };
    let mut what = format!("nothing was imported: {rows} refused");
    let errors = outcome.findings.errors();
    for finding in errors.iter().take(SAID) {
        what.push_str(&format!("\n  {}{}", outcome.file_prefix(finding.file), finding.problem));
    }
    let listed = errors.len().min(SAID) as u64;
    let all = outcome.findings.total(Severity::Error);
    if all > listed {
        what.push_str(&format!("\n  … and {} more", all - listed));
    }
    Fault::new("I201", what)
        .remedy("mend the rows and import the file again, or commit the good rows with --keep-going")
        .exit(Exit::Refused)
}
