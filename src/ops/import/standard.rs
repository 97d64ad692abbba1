//! The standard that a delivery as a whole is held to: judged before anything is committed.

use super::findings::Findings;
use crate::domain::credits::Credits;
use crate::domain::fault::{Fault, Result};
use crate::intake::draft::Draft;
use crate::intake::fault::IntakeError;
use crate::intake::profile::{Control, Manifest, Profile, Share};
use crate::intake::rules::{Problem, Rule, Severity};
use crate::ops::batch::{Approval, BatchPayload, SourceFile};
use crate::ops::import::receipt::Account;
use crate::store::Read;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What one file adds up to, new rows, known ones and, as far as they can be read, refused ones.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FileTotals {
    /// Rows read.
    pub rows: u64,
    /// Credit of all results that earn any, by system code.
    pub credits: BTreeMap<String, Credits>,
    /// Refused rows whose credit cannot be read, and which are therefore not in the sums.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unread: u64,
    /// The file holds refused rows of an earlier one, mended: it is no delivery of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mended: bool,
}

impl FileTotals {
    /// Adds the credit of a refused row as far as it can be read.
    pub fn add_refused(&mut self, profile: &Profile, draft: Option<&Draft>) {
        if draft.is_some_and(|draft| !profile.deposit.contains(&draft.status)) {
            return;
        }
        let said = draft.filter(|_| profile.group.is_none());
        match said.and_then(|draft| Some((draft.system.as_deref()?, draft.credits?))) {
            Some((system, credits)) => self.credits.entry(system.to_owned()).or_default().0 += credits.0,
            None => self.unread += 1,
        }
    }
}

/// For what is left out where there is none.
pub fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What is said beforehand, on the command line and beside the files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expected {
    /// Fewer rows and less credit than in the batch before.
    pub smaller: bool,
    /// More rows and more credit.
    pub larger: bool,
    /// What all files together add up to.
    pub control: Control,
    /// Manifests of the files, in order; where none is named, what stands beside a file is taken.
    pub manifests: Vec<PathBuf>,
}

impl Expected {
    /// What was said: sizes, control totals over all files, manifests in the order of the files.
    pub fn new(
        smaller: bool,
        larger: bool,
        rows: Option<u64>,
        credits: Option<BTreeMap<String, Credits>>,
        manifests: Vec<PathBuf>,
    ) -> Expected {
        Expected { smaller, larger, control: Control { rows, credits }, manifests }
    }
}

/// What was said of a delivery, as a batch that waits keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Said {
    /// Fewer rows and less credit than in the batch before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub smaller: bool,
    /// More rows and more credit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub larger: bool,
    /// What all files together add up to.
    #[serde(default, skip_serializing_if = "Control::is_empty")]
    pub control: Control,
    /// The manifest of each file, where any has one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub manifests: Vec<Option<Manifest>>,
}

impl Said {
    /// What was said of files.
    ///
    /// # Errors
    /// As [`manifests`].
    pub fn of(files: &[PathBuf], expected: &Expected) -> Result<Said> {
        let mut manifests = manifests(files, expected)?;
        if manifests.iter().all(Option::is_none) {
            manifests.clear();
        }
        let Expected { smaller, larger, control, .. } = expected.clone();
        Ok(Said { smaller, larger, control, manifests })
    }

    /// True where nothing was said.
    pub fn is_empty(&self) -> bool {
        *self == Said::default()
    }

    /// The same, to be judged by; the manifests stand in it already.
    pub fn expected(&self) -> Expected {
        let Said { smaller, larger, control, .. } = self.clone();
        Expected { smaller, larger, control, manifests: Vec::new() }
    }
}

/// An earlier batch of the same profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Previous {
    /// Its number.
    pub batch: i64,
    /// What its files added up to.
    pub totals: FileTotals,
}

/// The manifest of each file, where it has one.
///
/// # Errors
/// `E510` where a manifest cannot be read, `E511` where a file has two and none is named.
pub fn manifests(files: &[PathBuf], expected: &Expected) -> Result<Vec<Option<Manifest>>> {
    let named = expected.manifests.iter().map(Some).chain(std::iter::repeat(None));
    files.iter().zip(named).map(|(file, named)| manifest(file, named)).collect()
}

fn manifest(file: &Path, named: Option<&PathBuf>) -> Result<Option<Manifest>> {
    let Some(path) = named.cloned().map_or_else(|| beside(file), |path| Ok(Some(path)))? else {
        return Ok(None);
    };
    let unread = |what: String| {
        Fault::new(Rule::ManifestUnread.code(), format!("manifest {}: {what}", path.display()))
            .remedy(Rule::ManifestUnread.remedy())
    };
    let text = std::fs::read_to_string(&path).map_err(|error| unread(error.to_string()))?;
    let said = |error: IntakeError| unread(error.to_string());
    Manifest::parse(&text).map(Some).map_err(said)
}

/// The manifest that stands beside a file.
fn beside(file: &Path) -> Result<Option<PathBuf>> {
    let paths = ["toml", "json"].map(|kind| {
        let mut name = file.file_name().unwrap_or_default().to_owned();
        name.push(format!(".manifest.{kind}"));
        file.with_file_name(name)
    });
    let mut found = paths.into_iter().filter(|path| path.is_file());
    let (first, second) = (found.next(), found.next());
    match (&first, second) {
        (Some(one), Some(other)) => Err(Fault::new(
            Rule::ManifestTwice.code(),
            format!("{} has two manifests, {} and {}", file.display(), one.display(), other.display()),
        )
        .why("either may be the one that its sender means")
        .remedy(Rule::ManifestTwice.remedy())),
        _ => Ok(first),
    }
}

/// The newest batch under a profile of that name that kept its totals, but for those that only brought mended rows.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn previous(read: &dyn Read, profile: &str) -> Result<Option<Previous>> {
    let mut batches = Vec::new();
    read.batches(&mut |batch| {
        let payload = BatchPayload::read(&batch.payload)?;
        let waits = matches!(payload.approval, Some(Approval::Asked(_)));
        if payload.profile.is_some_and(|used| used.name == profile && !waits) {
            batches.push(batch);
        }
        Ok(())
    })?;
    for batch in batches.into_iter().rev() {
        match Account::of(read, &batch)? {
            Some(account) if is_delivery(&account.files) => {
                return Ok(Some(Previous { batch: batch.no, totals: sum(&account.files) }));
            }
            _ => {}
        }
    }
    Ok(None)
}

/// False where all that came is mended rows of earlier deliveries.
fn is_delivery(files: &[FileTotals]) -> bool {
    files.iter().any(|file| !file.mended)
}

/// What several files add up to together.
pub fn sum(files: &[FileTotals]) -> FileTotals {
    let mut all = FileTotals::default();
    for file in files {
        all.rows += file.rows;
        all.unread += file.unread;
        for (system, amount) in &file.credits {
            all.credits.entry(system.clone()).or_default().0 += amount.0;
        }
    }
    all
}

/// What a delivery is judged by.
pub struct Delivery<'a> {
    /// The profile.
    pub profile: &'a Profile,
    /// What was said beforehand.
    pub expected: &'a Expected,
    /// The files as they came.
    pub sources: &'a [SourceFile],
    /// Their manifests.
    pub manifests: &'a [Option<Manifest>],
    /// The batch before.
    pub previous: Option<&'a Previous>,
    /// What each file adds up to.
    pub files: &'a [FileTotals],
    /// Rows refused.
    pub refused: u64,
}

/// The place of a finding that is about no single file.
pub const ALL_FILES: usize = usize::MAX;

impl Delivery<'_> {
    /// Adds what the delivery as a whole breaks; false where it must not be taken.
    pub fn judge(&self, findings: &mut Findings) -> bool {
        let mut found: Vec<(usize, Problem)> = Vec::new();
        let all = sum(self.files);
        if is_delivery(self.files) {
            self.share_refused(&all, &mut found);
            self.previous_batch(&all, &mut found);
            control_totals(&self.profile.standard.control, &all, ALL_FILES, &mut found);
        }
        for (at, file) in self.files.iter().enumerate() {
            self.manifest(at, file, &mut found);
        }
        control_totals(&self.expected.control, &all, ALL_FILES, &mut found);
        let mut whole = Findings::new(found.len());
        for (file, problem) in &found {
            whole.add(*file, std::slice::from_ref(problem));
        }
        let meets = whole.total(Severity::Error) == 0;
        findings.merge(whole);
        meets
    }

    fn share_refused(&self, all: &FileTotals, found: &mut Vec<(usize, Problem)>) {
        let Some(most) = self.profile.standard.refused_at_most else { return };
        if most.compare(self.refused, all.rows) == Ordering::Greater {
            let reason = format!("{} of {} rows are refused, at most {most} may be", self.refused, all.rows);
            found.push((ALL_FILES, whole(Rule::TooManyRefused, &self.refused.to_string(), reason)));
        }
    }

    fn previous_batch(&self, now: &FileTotals, found: &mut Vec<(usize, Problem)>) {
        let Some(Previous { batch, totals: before }) = self.previous else { return };
        let standard = &self.profile.standard;
        let mut judge = |now: u64,
                         before: u64,
                         shown: [String; 2],
                         what: &str,
                         shares: [Option<Share>; 2],
                         rules: [Rule; 2]| {
            let [less, more] = shares;
            let [now_shown, before_shown] = shown;
            let reaches = |share: Option<Share>, change: u64| {
                share.filter(|share| change > 0 && share.compare(change, before) != Ordering::Less)
            };
            if let Some(share) = reaches(less, before.saturating_sub(now)).filter(|_| !self.expected.smaller)
            {
                let reason = format!(
                    "{now_shown} {what} after {before_shown} in batch B{batch}: smaller by {share} or more"
                );
                found.push((ALL_FILES, whole(rules[0], &now_shown, reason)));
            }
            if let Some(share) = reaches(more, now.saturating_sub(before)).filter(|_| !self.expected.larger) {
                let reason = format!(
                    "{now_shown} {what} after {before_shown} in batch B{batch}: larger by {share} or more"
                );
                found.push((ALL_FILES, whole(rules[1], &now_shown, reason)));
            }
        };
        let shown = [now.rows.to_string(), before.rows.to_string()];
        let (fewer, more) = (standard.fewer_rows, standard.more_rows);
        judge(now.rows, before.rows, shown, "rows", [fewer, more], [Rule::FewerRows, Rule::MoreRows]);
        let systems: std::collections::BTreeSet<&String> =
            now.credits.keys().chain(before.credits.keys()).collect();
        for system in systems {
            let amount = |totals: &FileTotals| totals.credits.get(system).copied().unwrap_or_default();
            let (now, before) = (amount(now), amount(before));
            let shown = [now.to_string(), before.to_string()];
            let number = |amount: Credits| u64::try_from(amount.0).unwrap_or_default();
            let (less, more) = (standard.less_credit, standard.more_credit);
            judge(
                number(now),
                number(before),
                shown,
                system,
                [less, more],
                [Rule::LessCredit, Rule::MoreCredit],
            );
        }
    }

    fn manifest(&self, at: usize, file: &FileTotals, found: &mut Vec<(usize, Problem)>) {
        let Some(manifest) = self.manifests.get(at).and_then(Option::as_ref) else {
            if self.profile.standard.manifest {
                let name = self.sources.get(at).map(|source| source.name.as_str()).unwrap_or_default();
                let reason = format!("there is no {name}.manifest.toml or .json beside it");
                found.push((at, whole(Rule::ManifestMissing, "", reason)));
            }
            return;
        };
        control_totals(&manifest.control, file, at, found);
        let found_hash = self.sources.get(at).map(|source| source.sha256.as_str()).unwrap_or_default();
        if let Some(hash) = manifest.sha256.as_deref().filter(|hash| *hash != found_hash) {
            let reason = format!("the manifest says {hash}");
            found.push((at, whole(Rule::HashDiffers, found_hash, reason)));
        }
    }
}

fn control_totals(control: &Control, totals: &FileTotals, at: usize, found: &mut Vec<(usize, Problem)>) {
    if let Some(rows) = control.rows.filter(|rows| *rows != totals.rows) {
        let reason = format!("there are {} rows, the control total is {rows}", totals.rows);
        found.push((at, whole(Rule::RowsDiffer, &totals.rows.to_string(), reason)));
    }
    let Some(credits) = &control.credits else { return };
    let systems: std::collections::BTreeSet<&String> = credits.keys().chain(totals.credits.keys()).collect();
    for system in systems {
        let is = totals.credits.get(system).copied().unwrap_or_default();
        let said = credits.get(system).copied().unwrap_or_default();
        if is != said {
            let mut reason = format!("the rows add up to {is} {system}, the control total is {said}");
            if totals.unread > 0 {
                reason.push_str(&format!("; {} refused rows are not in the sum", totals.unread));
            }
            found.push((at, whole(Rule::CreditsDiffer, &is.to_string(), reason)));
        }
    }
}

/// A finding about a file or a delivery as a whole.
fn whole(rule: Rule, value: &str, reason: String) -> Problem {
    Problem::new(rule, 0, None, value, reason)
}
