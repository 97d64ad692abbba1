//! The writing side of an import: what is new goes into the journal, once.

use super::catalogue::Catalogue;
use super::findings::Findings;
use super::people::People;
use super::read::{Intake, file_fault};
use super::receipt::Account;
use super::reject_files::RejectFiles;
use super::resolve::Resolver;
use super::runs::{Portion, Runs, refusal};
use super::standard::{Delivery, FileTotals, Previous};
use super::verdict::{Became, Verdicts};
use super::way::{Fingerprint, Way};
use super::{Delivered, Inspect, Outcome, Progress, Request, refused, substandard};
use crate::domain::credits::Credits;
use crate::domain::entry::EntryId;
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::{ProfileRow, SystemRow};
use crate::intake::csv::Record;
use crate::intake::draft::Reader;
use crate::intake::fault::IntakeError;
use crate::intake::profile::{Manifest, Profile};
use crate::intake::rules::{Problem, Rule};
use crate::ops::batch::BatchPayload;
use crate::ops::post::replace::{Policy, Replaced};
use crate::ops::post::{Poster, Prepared, Verdict};
use crate::store::{self, Head, Store, Tx};
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Portions that may wait between the two sides: a run is written while the next is read.
const IN_FLIGHT: usize = 4;

/// A row takes about that many bytes of a file; shorter ones only fill the filter of keys more.
const BYTES_A_ROW: u64 = 64;

/// What an import starts from.
pub struct Setup<'p> {
    pub request: &'p Request<'p>,
    /// The files as they came, in order, with their hashes.
    pub delivered: &'p Delivered,
    /// How the batch comes to be committed.
    pub way: &'p Way<'p>,
    /// What the batch says of itself, but for its files.
    pub payload: BatchPayload,
    /// The profile's registry row where this version is new.
    pub profile: Option<ProfileRow>,
    pub bytes: u64,
    /// A large delivery to a ledger that knows no learner yet.
    pub fills: bool,
    /// Every file was read by an earlier batch.
    pub all_seen: bool,
    pub closed: Option<Date>,
    /// Today in the bank's time zone.
    pub today: Date,
    /// Files that an earlier batch read already: name and batch number.
    pub seen: Vec<(String, i64)>,
    /// The manifest of each file, where it has one.
    pub manifests: Vec<Option<Manifest>>,
    /// The batch before of the same profile.
    pub previous: Option<Previous>,
}

impl Setup<'_> {
    /// What an import has done before it reads its first row.
    pub fn outcome(&self) -> Outcome {
        let files = self.delivered.files.iter().map(|file| file.source.name()).collect();
        let expected = &self.request.expected;
        let said = [(expected.smaller, "smaller"), (expected.larger, "larger")];
        Outcome {
            files,
            lenient: self.request.profile.lenient.clone(),
            findings: Findings::new(self.request.limit),
            verdicts: Verdicts::new(self.request.verdicts),
            totals: vec![FileTotals::default(); self.delivered.files.len()],
            expected: said.iter().filter(|(said, _)| *said).map(|(_, word)| (*word).to_owned()).collect(),
            seen: self.seen.clone(),
            ..Outcome::default()
        }
    }

    /// What the batch says of itself.
    ///
    /// # Errors
    /// Where a file cannot be read.
    pub fn whole_payload(&self) -> Result<BatchPayload> {
        Ok(BatchPayload { files: self.delivered.sources()?.to_vec(), ..self.payload.clone() })
    }

    /// Judges the delivery as a whole, and adds what it breaks.
    ///
    /// # Errors
    /// Where a file cannot be read.
    pub fn judge(&self, outcome: &mut Outcome) -> Result<()> {
        // What was taken before is no delivery to be compared with the one that came after it.
        if outcome.brings_nothing() {
            outcome.count_notices();
            return Ok(());
        }
        let delivery = Delivery {
            profile: self.request.profile,
            expected: &self.request.expected,
            sources: self.delivered.sources()?,
            manifests: &self.manifests,
            previous: self.previous.as_ref(),
            files: &outcome.totals.clone(),
            refused: outcome.refused,
        };
        outcome.substandard = !delivery.judge(&mut outcome.findings);
        outcome.count_notices();
        Ok(())
    }
}

/// What the reading side found, when it is done.
struct Read {
    outcome: Outcome,
    late: u64,
    rejects: RejectFiles,
}

/// A row that what stands already contradicts.
struct Conflict {
    file: i64,
    line: i64,
    rule: Rule,
    reason: String,
}

/// What the writing side counts.
#[derive(Default)]
struct Counts {
    deposited: u64,
    recorded: u64,
    already: u64,
    /// Rows that say what was corrected since.
    outdated: u64,
    credits: BTreeMap<i64, i64>,
    /// Credit that the rows of each file earn, by file and system.
    stated: BTreeMap<(u16, u16), i64>,
    conflicts: Vec<Conflict>,
    refusals: u64,
    registry: u64,
    /// Facts about learners, those who were known before included.
    facts: u64,
    /// Whether a digest of what becomes of every row is wanted.
    counted: bool,
    fingerprint: Fingerprint,
    verdicts: Verdicts,
}

/// Imports achievements.
pub fn run(
    store: &mut dyn Store,
    head: &Head,
    setup: Setup,
    catalogue: Catalogue,
    people: People,
    inspect: Inspect,
    progress: Progress,
) -> Result<Outcome> {
    let (sender, receiver) = sync_channel::<Portion>(IN_FLIGHT);
    // Portions go back when they are written, so that their memory serves again.
    let (giver, spares) = sync_channel::<Portion>(IN_FLIGHT);
    let batch_id = setup.payload.id_bytes();
    let setup = &setup;
    std::thread::scope(|scope| {
        let reading = scope.spawn(move || -> Result<Read> {
            let mut people = people;
            people.load(&catalogue.schemes_of(setup.request.profile), setup.bytes / BYTES_A_ROW)?;
            let runs = Runs::new(batch_id, spares, &people);
            let resolver =
                Resolver::new(catalogue, people, setup.request.profile, setup.closed, setup.today)?;
            let mut intake = Intake::new(resolver, setup, runs);
            let told = |bytes| progress(bytes, setup.bytes);
            intake.read_runs(&mut |portion| sender.send(portion).is_ok(), &told)?;
            intake.outcome.learners = intake.resolver.people.opened();
            Ok(Read { late: intake.resolver.late, outcome: intake.outcome, rejects: intake.taker.rejects })
        });
        let mut reading = Some(reading);
        // The files are hashed while the other side reads its first rows.
        let payload = setup.whole_payload()?;
        let mut done: Option<(Outcome, RejectFiles)> = None;
        let work = &mut |tx: &mut dyn Tx| {
            let mut poster = Poster::open(tx, setup.request.log, &payload)?;
            let counts = post(&mut poster, setup, &receiver, &giver)?;
            let read = match reading.take().map(std::thread::ScopedJoinHandle::join) {
                Some(Ok(read)) => read?,
                _ => return Err(Fault::new("I901", "the reading side of the import stopped unexpectedly")),
            };
            let (first, end) = (poster.batch_entry(), poster.next_entry());
            let (outcome, rejects) = conclude(poster, setup, counts, read)?;
            let posts = outcome.batch.is_some();
            let whole = setup.request.keep_going || outcome.refused == 0;
            if posts && whole && setup.request.dry_run {
                inspect(tx, first, end)?;
            }
            done = Some((outcome, rejects));
            Ok(posts && !setup.request.dry_run)
        };
        match setup.fills {
            true => store.fill(setup.request.log, Some(head), work)?,
            false => store.append(setup.request.log, Some(head), work)?,
        };
        // Should the append have been refused, the reading side ends when its channel closes.
        drop(receiver);
        let (mut outcome, rejects) = done.unwrap_or_default();
        if !setup.request.dry_run {
            outcome.rejects = rejects.keep(setup)?;
        }
        Ok(outcome)
    })
}

fn post(
    poster: &mut Poster,
    setup: &Setup,
    receiver: &Receiver<Portion>,
    giver: &SyncSender<Portion>,
) -> Result<Counts> {
    let mut counts = Counts {
        counted: setup.way.counted,
        verdicts: Verdicts::new(setup.request.verdicts),
        ..Counts::default()
    };
    poster.expect(setup.bytes / BYTES_A_ROW);
    let Profile { changed, attempts, .. } = setup.request.profile;
    poster.set_policy(Policy { changed: *changed, attempts: *attempts });
    if let Some(profile) = &setup.profile {
        poster.register_one(profile)?;
        counts.registry += 1;
    }
    for mut portion in receiver {
        if !portion.registry.is_empty() {
            counts.registry += portion.registry.len() as u64;
            poster.register(&portion.registry)?;
        }
        if !portion.facts.is_empty() {
            counts.facts += portion.facts.len() as u64;
            poster.enrol_hashed(&portion.keys, std::mem::take(&mut portion.facts), &portion.fact_leaves)?;
        }
        poster.reviews(&portion.reviews)?;
        poster.achievements(&portion.rows, &portion.leaves, &mut |row, verdict| counts.add(row, verdict))?;
        if !portion.refusals.is_empty() {
            counts.refusals += portion.refusals.len() as u64;
            poster.refusals(std::mem::take(&mut portion.refusals))?;
        }
        if portion.rows.capacity() > 0 {
            // Nobody takes it where the reading is done.
            let _ = giver.try_send(portion.emptied());
        }
    }
    Ok(counts)
}

impl Counts {
    fn add(&mut self, row: &Prepared, verdict: Verdict) {
        if row.amount > Credits::ZERO {
            *self.stated.entry((row.file, row.system)).or_default() += row.amount.0;
        }
        if self.counted {
            let what = match verdict {
                Verdict::Posted(_) => "new",
                Verdict::Corrected(..) => "corrects",
                _ => "not new",
            };
            self.fingerprint.add(i64::from(row.file), row.place().number(), what, row.amount.0);
        }
        let (file, place) = (i64::from(row.file), row.place().number());
        match &verdict {
            Verdict::Posted(entry) => self.verdicts.new_row(file, place, Some(*entry)),
            Verdict::Already(standing) => self.verdicts.already(file, place, Some(*standing)),
            Verdict::Corrected(entry, old, why) => {
                self.verdicts.corrected(file, place, *entry, *old, why);
            }
            Verdict::Outdated(now) => self.verdicts.instead(Became::Outdated, file, place, Some(*now)),
            // Told with the row in hand.
            Verdict::Conflict { .. } => {}
        }
        match verdict {
            Verdict::Posted(_) | Verdict::Corrected(..) if row.amount > Credits::ZERO => {
                self.deposited += 1;
                *self.credits.entry(i64::from(row.system)).or_default() += row.amount.0;
            }
            Verdict::Posted(_) | Verdict::Corrected(..) => self.recorded += 1,
            Verdict::Already(_) => self.already += 1,
            Verdict::Outdated(_) => self.outdated += 1,
            Verdict::Conflict { rule, reason } => {
                self.conflicts.push(Conflict {
                    file: i64::from(row.file),
                    line: row.place().number(),
                    rule,
                    reason,
                });
            }
        }
    }
}

/// Counts and names the results instead of which others count; of those that the batch did not post itself, the rows
/// that took their places are named.
fn tell_superseded(outcome: &mut Outcome, replaced: &mut Replaced, counted: bool, batch: EntryId) {
    outcome.superseded = replaced.superseded.len() as u64;
    if counted {
        for (own, by) in replaced.superseded.values() {
            outcome.fingerprint.add(own.file, own.line, "not counted", by.line);
        }
    }
    let new = replaced.superseded.split_off(&batch);
    outcome.verdicts.not_counted(&new);
    outcome.replaced = replaced.superseded.len() as u64;
    replaced.superseded.retain(|_, (_, by)| by.entry >= batch);
    outcome.verdicts.replaces(&replaced.superseded);
}

/// Seals the batch, or leaves it unsealed, without a number, where there is nothing to say.
fn conclude(mut poster: Poster, setup: &Setup, counts: Counts, read: Read) -> Result<(Outcome, RejectFiles)> {
    let request = setup.request;
    let Read { mut outcome, late, mut rejects } = read;
    add_conflicts(&mut poster, setup, &counts, &mut outcome, &mut rejects)?;
    let mut replaced = poster.take_replaced();
    outcome.verdicts.merge(counts.verdicts);
    tell_superseded(&mut outcome, &mut replaced, setup.way.counted, poster.batch_entry());
    outcome.verdicts.settle(poster.read(), poster.batch_entry())?;
    (outcome.deposited, outcome.recorded, outcome.already, outcome.outdated) =
        (counts.deposited, counts.recorded, counts.already, counts.outdated);
    outcome.corrected = replaced.corrected;
    outcome.fingerprint.merge(counts.fingerprint);
    for (system, amount) in counts.credits.iter().chain(&replaced.credits) {
        let code = store::get::<SystemRow>(poster.read(), *system)?.code;
        outcome.credits.entry(code).or_default().0 += amount;
    }
    for ((file, system), amount) in &counts.stated {
        let code = store::get::<SystemRow>(poster.read(), i64::from(*system))?.code;
        outcome.totals[usize::from(*file)].credits.entry(code).or_default().0 += amount;
    }
    setup.judge(&mut outcome)?;
    if outcome.refused > 0 && !request.keep_going && !request.dry_run {
        let why = refused(&outcome);
        return Ok((outcome.withhold(why), RejectFiles::default()));
    }
    if outcome.substandard && !request.dry_run {
        let why = substandard(&outcome);
        return Ok((outcome.withhold(why), RejectFiles::default()));
    }
    if let (true, None, Some(closed)) = (late > 0, &request.reason, setup.closed) {
        return Err(Fault::new(
            Rule::ClosedPeriod.code(),
            format!("{late} rows have a date in the books that are closed through {closed}"),
        )
        .why("a closed period takes late entries only with a reason, which is recorded")
        .remedy("give the reason with --reason"));
    }
    (setup.way.accept)(poster.read(), &outcome)?;
    let posted = counts.deposited + counts.recorded;
    // An approval is recorded, even where all of it stands by now.
    let nothing = setup.way.approves.is_none()
        && posted == 0
        && counts.facts == 0
        && (outcome.answered.is_empty() || setup.all_seen)
        && (counts.refusals == 0 || setup.all_seen)
        && (counts.registry == 0 || setup.all_seen);
    if nothing {
        return Ok((outcome, rejects));
    }
    poster.receipt(Account::new(&outcome).payload()?)?;
    let sealed = poster.seal()?;
    outcome.batch = Some(sealed.batch.no);
    outcome.entries = sealed.batch.size;
    outcome.head = Some(sealed.head);
    Ok((outcome, rejects))
}

/// Reads the files once more for the rows that contradict the ledger: they are refused like others.
fn add_conflicts(
    poster: &mut Poster,
    setup: &Setup,
    counts: &Counts,
    outcome: &mut Outcome,
    rejects: &mut RejectFiles,
) -> Result<()> {
    let mut kept = Vec::new();
    let mut found = Findings::new(setup.request.limit);
    for (file, incoming) in setup.delivered.files.iter().enumerate() {
        let lines: BTreeMap<i64, &Conflict> = counts
            .conflicts
            .iter()
            .filter(|conflict| conflict.file == file as i64)
            .map(|conflict| (conflict.line, conflict))
            .collect();
        if lines.is_empty() {
            continue;
        }
        let fault = |error: IntakeError| file_fault(incoming.source.path(), &error);
        let mut reader = Reader::open(setup.request.profile, incoming).map_err(fault)?;
        let mut record = Record::new();
        while reader.next(&mut record).map_err(fault)? {
            let Some(conflict) = lines.get(&record.place().number()) else { continue };
            let mapping = reader.mapping();
            let problem = Problem::new(conflict.rule, record.line(), None, "", conflict.reason.as_str());
            outcome.refused += 1;
            outcome.verdicts.refused(file as i64, conflict.line, std::slice::from_ref(&problem));
            outcome.fingerprint.add(file as i64, conflict.line, conflict.rule.code(), 0);
            let problems = [problem];
            kept.push(refusal(mapping, &record, &problems, file)?);
            if !setup.request.dry_run && setup.request.keep_going {
                rejects.write(setup, mapping, &record, &problems, file)?;
            }
            found.add(file, &problems);
        }
    }
    outcome.findings.merge(found);
    if kept.is_empty() || !setup.request.keep_going { Ok(()) } else { poster.refusals(kept) }
}
