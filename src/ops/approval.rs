//! Two officers: one stages an import, which then waits; another approves or rejects it.
//!
//! A staged batch is an act in the journal that keeps the files, and says who staged them, under which
//! profile, and what came of the trial. Nothing of it takes effect. To approve it, the same files are
//! read again by the same text of the profile; if that has another result than the one staged, because
//! the ledger changed in between, the approver must say that they have seen it.

use crate::domain::entry::{EntryId, EntryKind};
use crate::domain::fault::{Exit, Fault, Result};
use crate::domain::registry::ProfileRow;
use crate::intake::incoming::Incoming;
use crate::intake::profile::Profile;
use crate::intake::source::Source;
use crate::ops::batch::{Actor, Approval, Asked, BatchPayload, Figures, InForce, SourceFile};
use crate::ops::import::standard::Said;
use crate::ops::import::{Outcome, check_unchanged, file_fault};
use crate::ops::post::{Poster, Sealed};
use crate::store::{self, BatchRow, Head, Read, Store};
use flate2::Compression;
use flate2::read::{ZlibDecoder, ZlibEncoder};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Write};
use std::path::Path;

/// Bytes of a file that one piece keeps.
const PIECE: u64 = 1 << 20;

/// What became of a staged batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It waits.
    Waiting,
    /// It was approved by this batch.
    Approved(i64),
    /// It was rejected by this batch.
    Rejected(i64),
}

/// A staged batch.
#[derive(Debug, Clone)]
pub struct Staged {
    /// The batch.
    pub batch: BatchRow,
    /// Its account of itself.
    pub payload: BatchPayload,
    /// What waits.
    pub asked: Asked,
    /// What became of it.
    pub state: State,
}

/// The staged batches, by number.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn staged(read: &(impl Read + ?Sized)) -> Result<BTreeMap<i64, Staged>> {
    let mut found: BTreeMap<i64, Staged> = BTreeMap::new();
    read.batches(&mut |batch| {
        let payload = BatchPayload::read(&batch.payload)?;
        match payload.approval.clone() {
            None => {}
            Some(Approval::Asked(asked)) => {
                let no = batch.no;
                found.insert(no, Staged { batch, payload, asked: *asked, state: State::Waiting });
            }
            Some(Approval::Given(name)) => settle(&mut found, &name, State::Approved(batch.no)),
            Some(Approval::Refused(name)) => settle(&mut found, &name, State::Rejected(batch.no)),
        }
        Ok(())
    })?;
    Ok(found)
}

fn settle(found: &mut BTreeMap<i64, Staged>, name: &str, state: State) {
    let no = name.strip_prefix('B').and_then(|no| no.parse::<i64>().ok());
    if let Some(staged) = no.and_then(|no| found.get_mut(&no)) {
        staged.state = state;
    }
}

/// A batch that waits.
///
/// # Errors
/// `A102` where the batch is none that was staged, `A103` where it is settled.
pub fn waiting(read: &(impl Read + ?Sized), no: i64) -> Result<Staged> {
    let listed = "`creditbank batch list --waiting` shows what waits";
    let staged = staged(read)?
        .remove(&no)
        .ok_or_else(|| Fault::new("A102", format!("B{no} is no batch that was staged")).remedy(listed))?;
    let settled = |what: &str, by: i64| {
        Fault::new("A103", format!("B{no} was {what} by batch B{by}"))
            .why("a staged batch is settled once")
            .remedy("stage the files again with `creditbank import --stage`")
    };
    match staged.state {
        State::Waiting => Ok(staged),
        State::Approved(by) => Err(settled("approved", by)),
        State::Rejected(by) => Err(settled("rejected", by)),
    }
}

/// Refuses to import at once under a profile that wants two officers.
///
/// A later version of a profile cannot want fewer than an earlier one that the bank keeps: else whoever
/// may stage could write one.
///
/// # Errors
/// `A101` where two officers are wanted.
pub fn check_officers(read: &dyn Read, profile: &Profile) -> Result<()> {
    let kept: Vec<ProfileRow> = store::find(read, "name", profile.name.as_str())?;
    let wanted = |row: &ProfileRow| Profile::parse(&row.source, &row.name).map_or(1, |kept| kept.officers);
    let why = match kept.iter().find(|row| wanted(row) > 1) {
        _ if profile.officers > 1 => "the profile says `[approval] officers = 2`".to_owned(),
        Some(row) => format!(
            "version {} of the profile, which the bank keeps, says `[approval] officers = 2`",
            row.version
        ),
        None => return Ok(()),
    };
    Err(Fault::new("A101", format!("under profile {} two officers import", profile.name)).why(why).remedy(
        "stage the files with `creditbank import --stage`; somebody else then approves them with `creditbank batch approve`",
    ))
}

/// Refuses the approval of one's own batch.
///
/// # Errors
/// `A104` where the officer staged it, `A109` where the system does not say who acts.
pub fn check_other(staged: &Staged, actor: &Actor) -> Result<()> {
    let name = format!("B{}", staged.batch.no);
    if actor.name == Actor::UNKNOWN {
        return Err(Fault::new("A109", format!("{name} cannot be approved by nobody"))
            .why("the system does not say whose account this is"));
    }
    if staged.payload.actor == actor.name {
        return Err(Fault::new(
            "A104",
            format!("{name} was staged by {}, who cannot approve it", actor.name),
        )
        .why("it takes a second officer, on a system account of their own")
        .remedy("ask somebody else to approve it, or take it back with `creditbank batch reject`"));
    }
    Ok(())
}

/// Refuses a result that is neither the one staged nor the one that the approver says they have seen.
///
/// # Errors
/// `A105`, with what differs.
pub fn check_result(staged: &Staged, now: &Figures, seen: Option<&str>) -> Result<()> {
    let then = &staged.asked.expected;
    if now.result == seen.unwrap_or(&then.result) {
        return Ok(());
    }
    let no = staged.batch.no;
    Err(Fault::new(
        "A105",
        format!("B{no} would now do something else than when it was staged: {}", difference(then, now)),
    )
    .why("the ledger changed in between")
    .remedy(format!(
        "look at it with `creditbank batch approve B{no} --dry-run`, and approve it with --result {}",
        now.result
    )))
}

/// What differs between two results, in words.
fn difference(then: &Figures, now: &Figures) -> String {
    let counts = [
        ("rows read", then.rows, now.rows),
        ("deposited", then.deposited, now.deposited),
        ("recorded without credit", then.recorded, now.recorded),
        ("recorded before", then.already, now.already),
        ("corrected", then.corrected, now.corrected),
        ("registered", then.registered, now.registered),
        ("refused", then.refused, now.refused),
        ("accounts opened", then.learners, now.learners),
    ];
    let mut words: Vec<String> = counts
        .iter()
        .filter(|(_, then, now)| then != now)
        .map(|(what, then, now)| format!("{what} {then} → {now}"))
        .collect();
    for system in then.credits.keys().chain(now.credits.keys().filter(|key| !then.credits.contains_key(*key)))
    {
        let [then, now] = [then, now].map(|side| side.credits.get(system).copied().unwrap_or_default());
        if then != now {
            words.push(format!("{then} → {now} {system}"));
        }
    }
    match words.is_empty() {
        true => "the figures are the same, but not the rows behind them".to_owned(),
        false => words.join(", "),
    }
}

/// What is staged.
pub struct Staging<'a> {
    /// The files as they were opened.
    pub files: &'a [Incoming],
    /// The same, as the batch names them.
    pub sources: Vec<SourceFile>,
    /// The profile in force, to be registered where this version is new.
    pub profile: (ProfileRow, bool),
    /// Commit the good rows although others are refused.
    pub keep_going: bool,
    /// Why.
    pub reason: Option<String>,
    /// What was said of the delivery beforehand.
    pub said: Said,
    /// What the trial came to.
    pub expected: Figures,
}

/// Keeps files that wait for a second officer.
///
/// # Errors
/// `A106` where the same files wait already; where the ledger cannot be written.
pub fn post(
    store: &mut dyn Store,
    actor: &Actor,
    log: i64,
    head: &Head,
    staging: Staging,
) -> Result<Option<Sealed>> {
    let Staging { files, sources, profile: (profile, is_new), keep_going, reason, said, expected } = staging;
    check_not_twice(store, &sources)?;
    let mut payload = BatchPayload::new(actor)?;
    payload.why = reason.unwrap_or_default();
    let ProfileRow { name, version, sha256, .. } = profile.clone();
    payload.profile = Some(InForce { name, version, sha256 });
    payload.approval = Some(Approval::Asked(Box::new(Asked { files: sources, keep_going, said, expected })));
    let mut sealed = None;
    store.append(log, Some(head), &mut |tx| {
        let mut poster = Poster::open(tx, log, &payload)?;
        if is_new {
            poster.register_one(&profile)?;
        }
        poster.stage(&mut files.iter().zip(0..).flat_map(|(file, at)| pieces(file, at)))?;
        files.iter().try_for_each(|file| check_unchanged(&file.source))?;
        sealed = Some(poster.seal()?);
        Ok(true)
    })?;
    Ok(sealed)
}

fn check_not_twice(read: &(impl Read + ?Sized), sources: &[SourceFile]) -> Result<()> {
    let hashes = |files: &[SourceFile]| files.iter().map(|file| file.sha256.clone()).collect::<Vec<_>>();
    let same = staged(read)?
        .into_values()
        .find(|staged| staged.state == State::Waiting && hashes(&staged.asked.files) == hashes(sources));
    match same {
        None => Ok(()),
        Some(staged) => {
            let no = staged.batch.no;
            Err(Fault::new("A106", format!("the same files wait already, as B{no}"))
                .remedy(format!("approve or reject B{no} first")))
        }
    }
}

/// The pieces of a file, deflated.
fn pieces(file: &Incoming, at: i64) -> impl Iterator<Item = Result<(i64, Vec<u8>)>> {
    let mut reader = file.source.sent();
    let path = file.source.path().to_owned();
    std::iter::from_fn(move || {
        let before = reader.position();
        let mut bytes = Vec::new();
        let read =
            ZlibEncoder::new((&mut reader).take(PIECE), Compression::default()).read_to_end(&mut bytes);
        match read {
            Err(error) => {
                Some(Err(Fault::new("E001", format!("{} cannot be read: {error}", path.display()))))
            }
            Ok(_) if reader.position() == before => None,
            Ok(_) => Some(Ok((at, bytes))),
        }
    })
}

/// The files of a staged batch, as they were sent, in files that nobody else can open.
///
/// # Errors
/// `A108` where a piece is damaged or the whole is not what was staged.
pub fn files(read: &dyn Read, staged: &Staged, profile: &Profile) -> Result<Vec<Incoming>> {
    let no = staged.batch.no;
    let damaged = |why: String| {
        Fault::new("A108", format!("the files of B{no} are not as they were staged"))
            .why(why)
            .remedy("run `creditbank verify`")
    };
    let failed = |error: std::io::Error| damaged(error.to_string());
    let mut kept: Vec<File> = Vec::new();
    for _ in &staged.asked.files {
        kept.push(tempfile::tempfile().map_err(failed)?);
    }
    read.staged(stage_act(read, staged)?, &mut |piece| {
        let file = usize::try_from(piece.file).ok().and_then(|at| kept.get_mut(at));
        let file = file.ok_or_else(|| damaged(format!("piece {} is of no file", piece.ord)))?;
        let mut bytes = Vec::new();
        ZlibDecoder::new(piece.bytes.as_slice()).take(PIECE).read_to_end(&mut bytes).map_err(failed)?;
        file.write_all(&bytes).map_err(failed)
    })?;
    let mut files = Vec::new();
    for (file, said) in kept.into_iter().zip(&staged.asked.files) {
        let name = Path::new(&said.name);
        let source = Source::kept(name, file).map_err(|error| file_fault(name, &error))?;
        let incoming = Incoming::of(source, profile).map_err(|error| file_fault(name, &error))?;
        if crate::ops::import::source_file(&incoming)? != *said {
            return Err(damaged(format!("{} has another SHA-256", said.name)));
        }
        files.push(incoming);
    }
    Ok(files)
}

fn stage_act(read: &dyn Read, staged: &Staged) -> Result<EntryId> {
    let BatchRow { entry, size, no, .. } = staged.batch;
    let mut found = None;
    read.acts(entry, entry.plus(size as u64), &mut |act, _| {
        if act.kind == EntryKind::Stage {
            found = Some(act.entry);
        }
        Ok(())
    })?;
    found.ok_or_else(|| {
        Fault::new("A108", format!("batch B{no} has no stage act")).remedy("run `creditbank verify`")
    })
}

/// The profile by which a staged batch is read, in the text that it was staged with.
///
/// # Errors
/// Where the bank does not keep it, or this program cannot read it.
pub fn profile(read: &dyn Read, staged: &Staged) -> Result<Profile> {
    let no = staged.batch.no;
    let lost =
        || Fault::new("A108", format!("the profile of B{no} is not kept")).remedy("run `creditbank verify`");
    let named = staged.payload.profile.as_ref().ok_or_else(lost)?;
    let rows: Vec<ProfileRow> = store::find(read, "name", named.name.as_str())?;
    let row = rows.into_iter().find(|row| row.sha256 == named.sha256).ok_or_else(lost)?;
    Profile::parse(&row.source, &format!("profile {} version {}", row.name, row.version)).map_err(|error| {
        Fault::new("I102", error.to_string()).remedy("use the program that staged the batch")
    })
}

/// Rejects a batch that waits; whoever staged it may take it back.
///
/// # Errors
/// `A107` without a reason; as [`waiting`].
pub fn reject(
    store: &mut dyn Store,
    actor: &Actor,
    no: i64,
    reason: &str,
    dry_run: bool,
    log: i64,
) -> Result<Sealed> {
    if reason.trim().is_empty() {
        let fault = Fault::new("A107", "a rejection needs a reason").remedy("say why with --reason");
        return Err(fault.exit(Exit::Usage));
    }
    store::again(|| {
        let head = store::head(store, log)?;
        let mut payload = BatchPayload::new(actor)?;
        payload.why = reason.to_owned();
        payload.approval = Some(Approval::Refused(format!("B{no}")));
        let mut sealed = None;
        store.append(log, Some(&head), &mut |tx| {
            waiting(tx, no)?;
            sealed = Some(Poster::open(tx, log, &payload)?.seal()?);
            Ok(!dry_run)
        })?;
        sealed.ok_or_else(|| Fault::new("S901", "the rejection was not recorded"))
    })
}

/// What an officer approves.
#[derive(Debug, Clone)]
pub struct Request {
    /// The staged batch, by number.
    pub batch: i64,
    /// The result that they have seen, where it is another than the one staged.
    pub result: Option<String>,
    /// Why; where nothing is said, the reason that it was staged with.
    pub reason: Option<String>,
    /// Where the refused rows of the only file go; each file's name with `.refused.csv` or `.refused.xlsx` where nothing is
    /// said.
    pub rejects: Option<std::path::PathBuf>,
    /// Show what would be posted and leave everything as it was.
    pub dry_run: bool,
    /// Say of every row what became of it.
    pub verdicts: bool,
    /// How many findings of each severity are listed.
    pub limit: usize,
    /// Log to append to.
    pub log: i64,
}

impl Request {
    /// Judges a result inside the transaction that would commit it: the batch must still wait, for
    /// somebody else's approval.
    pub fn accept(&self, read: &(impl Read + ?Sized), actor: &Actor, outcome: &Outcome) -> Result<()> {
        let staged = waiting(read, self.batch)?;
        if self.dry_run {
            return Ok(());
        }
        check_other(&staged, actor)?;
        check_result(&staged, &outcome.in_figures(), self.result.as_deref())
    }
}
