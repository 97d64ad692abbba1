//! Refused rows that nobody has mended yet.

use super::facts::Facts;
use super::meta::known_size;
use super::{Cell, Column, Query, Sink};
use crate::domain::credits::{Credits, DecimalMark};
use crate::domain::entry::{Achievement, EntryId, EntryKind, FILE_DIGITS};
use crate::domain::fault::Result;
use crate::domain::registry::{Institution, Outcome, PeriodRow};
use crate::domain::text::clean;
use crate::ledger::lots::Cut;
use crate::store::{Refusal, find};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// The columns of a refused row.
pub const COLUMNS: [Column; 11] = [
    Column::text("batch", "Batch"),
    Column::text("file", "File"),
    Column::number("line", "Line"),
    Column::text("institution", "Institution"),
    Column::text("learner", "Learner"),
    Column::text("outcome", "Outcome"),
    Column::text("period", "Period"),
    Column::number("attempt", "Attempt"),
    Column::text("code", "Rule"),
    Column::text("reason", "Reason"),
    Column::text("row", "Row"),
];

/// Rules about the date of a result. A row that broke one of them comes again with another date, so that its key is
/// another one.
const ABOUT_DATE: [&str; 5] = ["E231", "E232", "E233", "E304", "E312"];

/// A required value is missing; it may be the date.
const MISSING: &str = "E201";

/// Writes the latest refusal of every subject that nobody mended.
///
/// A row is mended where an achievement stands under its key, or under its institution's record number, whatever the
/// fault was; or where it came again in the file that was written to be mended. Where the date was the fault, a later batch's achievement that agrees with the row in all else will do;
/// each mends one row.
///
/// # Errors
/// Where the ledger cannot be read or the report not written.
pub fn refused(facts: &Facts, query: &Query, sink: &mut dyn Sink) -> Result<()> {
    let mut standing =
        Standing { facts, known: Cut { as_of: None, known: query.cut.known }, catalogues: HashMap::new() };
    let mut open = Vec::new();
    let mut mending: HashSet<EntryId> = HashSet::new();
    let mut files = Files::default();
    let refused = latest(facts, query)?;
    let answered = if refused.is_empty() { HashSet::new() } else { answered(facts, query)? };
    for row in refused {
        let Refusal { entry, file, line, .. } = row.refusal;
        let batch = facts.batch(entry)?.map_or(entry, |batch| batch.entry);
        if answered.contains(&(batch, file, line)) {
            continue;
        }
        match standing.mended(&row.subject)? {
            Some(entry) => drop(mending.insert(entry)),
            None => open.push(row),
        }
    }
    for Refused { refusal, subject } in without_repeated(facts, open)? {
        if is_about_date(&refusal, &subject)
            && let Some(entry) = standing.mended_later(&refusal, &subject, &mending)?
        {
            mending.insert(entry);
            continue;
        }
        let is_known = subject.key().is_some();
        let file = files.name(facts, &refusal)?;
        let part = |text: String| Cell::from(Some(text).filter(|_| is_known));
        sink.row(&[
            facts.batch_name(refusal.entry)?.into(),
            file.into(),
            Cell::Int(refusal.line),
            part(subject.institution),
            part(subject.learner),
            part(subject.outcome),
            part(subject.period),
            part(subject.attempt),
            refusal.code.into(),
            refusal.reason.into(),
            refusal.row.into(),
        ])?;
    }
    Ok(())
}

/// A refused row and what it is known by.
struct Refused {
    refusal: Refusal,
    subject: Subject,
}

/// The batch that refused a row, its file there and its line.
type Place = (EntryId, i64, i64);

/// What a batch says of its files.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Told {
    files: Vec<Hashed>,
}

/// What a receipt says of the refused rows that came again.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Answered {
    answered: Vec<String>,
}

/// A file of a batch.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Hashed {
    name: String,
    sha256: String,
}

/// The names of the files of batches, each batch read once.
#[derive(Default)]
struct Files(HashMap<EntryId, Vec<String>>);

impl Files {
    /// The name of the file that held a refused row.
    fn name(&mut self, facts: &Facts, refusal: &Refusal) -> Result<Option<&str>> {
        let Some(batch) = facts.batch(refusal.entry)? else { return Ok(None) };
        let names = self.0.entry(batch.entry).or_insert_with(|| {
            let told: Told = serde_json::from_str(&batch.payload).unwrap_or_default();
            told.files.into_iter().map(|file| file.name).collect()
        });
        let at = usize::try_from(refusal.file).unwrap_or(usize::MAX);
        Ok(names.get(at).map(String::as_str))
    }
}

/// Refused rows that came again, as the file that was written to be mended names them, by the beginning of their file's
/// hash and their line: taken, or refused anew. What was refused anew waits in its own place.
fn answered(facts: &Facts, query: &Query) -> Result<HashSet<Place>> {
    let (mut files, mut ends) = (Vec::new(), Vec::new());
    facts.read.batches(&mut |batch| {
        if query.cut.knows(batch.entry) {
            let told: Told = serde_json::from_str(&batch.payload).unwrap_or_default();
            files.extend(told.files.into_iter().zip(0..).map(|(file, at)| (file.sha256, batch.entry, at)));
            ends.push(batch.entry.plus(batch.size.unsigned_abs().saturating_sub(1)));
        }
        Ok(())
    })?;
    files.sort();
    let mut places = HashSet::new();
    for end in ends {
        let Some(receipt) = facts.read.act(end)?.filter(|act| act.kind == EntryKind::Receipt) else {
            continue;
        };
        let rows = serde_json::from_str::<Answered>(&receipt.payload).unwrap_or_default().answered;
        for row in rows {
            let Some((hash, line)) = row.split_once(':') else { continue };
            let Ok(line) = line.parse() else { continue };
            if hash.len() < FILE_DIGITS {
                continue;
            }
            let first = files.partition_point(|(known, ..)| known.as_str() < hash);
            let same = files[first..].iter().take_while(|(known, ..)| known.starts_with(hash));
            places.extend(same.map(|(_, batch, file)| (*batch, *file, line)));
        }
    }
    Ok(places)
}

/// What a refused row is known by, as written; nothing where its fields could not be trusted.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
struct Subject {
    institution: String,
    learner: String,
    outcome: String,
    period: String,
    attempt: String,
    record: String,
    credits: String,
    grade: String,
}

impl Subject {
    fn read(json: &str) -> Subject {
        let parts: Vec<Value> = serde_json::from_str(json).unwrap_or_default();
        let mut parts = parts.iter().map(super::batches::scalar);
        let mut next = || parts.next().unwrap_or_default();
        Subject {
            institution: next(),
            learner: next(),
            outcome: next(),
            period: next(),
            attempt: next(),
            record: next(),
            credits: next(),
            grade: next(),
        }
    }

    /// The key of an achievement, as far as a row gives one; none for a row that is only itself.
    fn key(&self) -> Option<Subject> {
        let key = Subject { credits: String::new(), grade: String::new(), ..self.clone() };
        let is_empty = Subject { attempt: String::new(), ..key.clone() } == Subject::default();
        (!is_empty).then_some(key)
    }
}

/// The newest refusal of every subject, in order; a row without a subject is its own.
fn latest(facts: &Facts, query: &Query) -> Result<Vec<Refused>> {
    let mut newest: HashMap<Subject, Refused> = HashMap::new();
    let mut rows = Vec::new();
    for head in facts.read.heads()? {
        let from = EntryId::new(head.log, 0);
        let to = EntryId::new(head.log, known_size(&head, query.cut.known));
        facts.read.refusals(from, to, &mut |refusal| {
            let subject = Subject::read(&refusal.subject);
            match subject.key() {
                Some(key) => drop(newest.insert(key, Refused { refusal, subject })),
                None => rows.push(Refused { refusal, subject }),
            }
            Ok(())
        })?;
    }
    rows.extend(newest.into_values());
    rows.sort_by_key(|row| (row.refusal.entry, row.refusal.ord));
    Ok(rows)
}

/// Whether the date of a refused row was a fault.
fn is_about_date(refusal: &Refusal, subject: &Subject) -> bool {
    let broken = |rule: &str| refusal.code.split("; ").any(|code| code == rule);
    ABOUT_DATE.iter().any(|rule| broken(rule)) || subject.period.is_empty() && broken(MISSING)
}

/// The rows without those that came again in a later batch, were refused again, and differ in the date alone, which was
/// the fault.
fn without_repeated(facts: &Facts, rows: Vec<Refused>) -> Result<Vec<Refused>> {
    let mut dated: HashMap<Subject, Vec<(usize, String)>> = HashMap::new();
    let mut repeated: HashSet<usize> = HashSet::new();
    for (at, row) in rows.iter().enumerate() {
        let batch = facts.batch_name(row.refusal.entry)?;
        let alike = dated.entry(Subject { period: String::new(), ..row.subject.clone() }).or_default();
        if let Some(before) = alike.iter().position(|(_, earlier)| *earlier != batch) {
            repeated.insert(alike.remove(before).0);
        }
        if is_about_date(&row.refusal, &row.subject) && row.subject.key().is_some() {
            alike.push((at, batch));
        }
    }
    let kept = rows.into_iter().enumerate().filter(|(at, _)| !repeated.contains(at));
    Ok(kept.map(|(_, row)| row).collect())
}

/// What stands at a cut, and the catalogues that refused rows name: outcomes by code, each read once.
struct Standing<'a> {
    facts: &'a Facts<'a>,
    known: Cut,
    catalogues: HashMap<String, Catalogue>,
}

/// An institution's id and the ids of its outcomes, by code.
#[derive(Default)]
struct Catalogue {
    institution: Option<i64>,
    outcomes: HashMap<String, i64>,
}

impl Standing<'_> {
    fn catalogue(&mut self, institution: &str) -> Result<&Catalogue> {
        if !self.catalogues.contains_key(institution) {
            let named: Vec<Institution> = find(self.facts.read, "code", clean(institution).as_ref())?;
            let mut catalogue = Catalogue::default();
            if let Some(institution) = named.first() {
                let outcomes: Vec<Outcome> = find(self.facts.read, "institution", institution.id)?;
                catalogue.institution = Some(institution.id);
                catalogue.outcomes = outcomes.into_iter().map(|row| (row.code, row.id)).collect();
            }
            self.catalogues.insert(institution.to_owned(), catalogue);
        }
        Ok(&self.catalogues[institution])
    }

    fn outcome(&mut self, subject: &Subject) -> Result<Option<i64>> {
        let code = clean(&subject.outcome);
        Ok(self.catalogue(&subject.institution)?.outcomes.get(code.as_ref()).copied())
    }

    /// The accounts of whoever has an identifier.
    fn accounts(&self, learner: &str) -> Result<Vec<i64>> {
        let links = self.facts.links(&self.known)?;
        let named = self.facts.read.identities_with(clean(learner).as_ref())?;
        Ok(named.iter().flat_map(|fact| links.accounts(fact.learner)).collect())
    }

    fn stands(&self, achievement: Achievement) -> Result<bool> {
        Ok(self.facts.lot(achievement, &self.known)?.is_some_and(|lot| lot.stands()))
    }

    /// What stands under the key or the record number of a row.
    fn mended(&mut self, subject: &Subject) -> Result<Option<EntryId>> {
        if !subject.record.is_empty()
            && let Some(institution) = self.catalogue(&subject.institution)?.institution
        {
            for achievement in self.facts.read.by_record(clean(&subject.record).as_ref())? {
                let entry = achievement.entry;
                let own = self.facts.outcome(achievement.outcome)?.institution == institution;
                if own && self.stands(achievement)? {
                    return Ok(Some(entry));
                }
            }
        }
        let Ok(attempt) = subject.attempt.trim().parse::<i64>() else { return Ok(None) };
        let Some(outcome) = self.outcome(subject)? else { return Ok(None) };
        let periods: Vec<PeriodRow> = find(self.facts.read, "written", clean(&subject.period).as_ref())?;
        let accounts = self.accounts(&subject.learner)?;
        for (account, period) in accounts.iter().flat_map(|a| periods.iter().map(move |p| (*a, p.id))) {
            for achievement in self.facts.read.same_key(account, outcome, period, attempt)? {
                let entry = achievement.entry;
                if self.stands(achievement)? {
                    return Ok(Some(entry));
                }
            }
        }
        Ok(None)
    }

    /// What a later batch recorded of the learner and outcome of a row, under any date, where all else agrees.
    fn mended_later(
        &mut self,
        refusal: &Refusal,
        subject: &Subject,
        mending: &HashSet<EntryId>,
    ) -> Result<Option<EntryId>> {
        let Ok(attempt) = subject.attempt.trim().parse::<i64>() else { return Ok(None) };
        let Some(outcome) = self.outcome(subject)? else { return Ok(None) };
        let batch = self.facts.batch(refusal.entry)?;
        let later = batch.map_or(refusal.entry.0, |batch| batch.entry.0 + batch.size);
        for account in self.accounts(&subject.learner)? {
            for achievement in self.facts.read.achievements_of(account)? {
                let entry = achievement.entry;
                let fits = achievement.outcome == outcome
                    && achievement.attempt == attempt
                    && entry.0 >= later
                    && !mending.contains(&entry);
                if fits && self.agrees(subject, &achievement)? && self.stands(achievement)? {
                    return Ok(Some(entry));
                }
            }
        }
        Ok(None)
    }

    /// Whether an achievement has the record number, the credits and the grade of a row. What creates no credit, or a
    /// share of a load, says nothing of the credits that its row had.
    fn agrees(&self, subject: &Subject, achievement: &Achievement) -> Result<bool> {
        let other_amount = Credits::parse(&subject.credits, DecimalMark::Point)
            .is_ok_and(|credits| achievement.amount > Credits::ZERO && credits != achievement.amount);
        let grade = match achievement.grade {
            Some(id) => self.facts.grade(id)?.written.clone(),
            None => String::new(),
        };
        let record = achievement.record.as_deref().unwrap_or_default();
        Ok((!other_amount || achievement.group_load.is_some())
            && grade == clean(&subject.grade)
            && record == clean(&subject.record))
    }
}
