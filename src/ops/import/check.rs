//! `import-check` without a bank: the validation of an import, with nothing kept and nothing posted.
//!
//! Rows are read, drafted and looked up by the same code as in an import, in an empty bank's registries: the
//! built-in credit systems and frameworks, and what the profile introduces. What only a real bank knows is
//! counted as unchecked, never judged.

use super::catalogue::Catalogue;
use super::findings::Findings;
use super::identifiers::Identifiers;
use super::people::People;
use super::read::{Intake, Refused, Sound, Taker};
use super::resolve::{Accounts, Resolver, Subject};
use super::seen::{Again, Row, Rows, Said, Seen};
use super::way::Way;
use super::write::Setup;
use super::{Delivered, Outcome, Progress, Request, source_file, standard, with_notices};
use crate::domain::credits::Credits;
use crate::domain::entry::{Achievement, EntryId, RowPlace};
use crate::domain::fault::Result;
use crate::domain::outcome::Attempts;
use crate::intake::incoming::Incoming;
use crate::intake::profile::{Alike, Changed, Field, Manifest, Offered, Profile, Target, Unknown};
use crate::intake::rules::{Problem, Rule};
use crate::ledger::attempts::winner;
use crate::ops::batch::{Actor, BatchPayload, SourceFile};
use crate::ops::init::{Founding, init};
use crate::ops::names::Names;
use crate::ops::post::replace::attempt;
use crate::ops::post::{Poster, Prepared, contradiction};
use crate::ops::rules::orders;
use crate::store::memory::Memory;
use crate::store::{self, Store};
use hashbrown::{DefaultHashBuilder, HashMap};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash};

/// Checks files without a bank.
///
/// # Errors
/// Where a file as a whole cannot be taken.
pub fn check(actor: &Actor, request: &Request, progress: Progress) -> Result<Outcome> {
    let mut store = Memory::new();
    let founding = Founding {
        name: "no bank".to_owned(),
        identifier: "none.invalid".to_owned(),
        home_system: crate::domain::system::builtin().remove(0).code,
        time_zone: "UTC".to_owned(),
    };
    init(&mut store, &founding, actor)?;
    let own = request.profile;
    let relaxed = relaxed(own);
    let request = Request { profile: &relaxed, dry_run: true, ..request.clone() };
    if relaxed.target != Target::Achievements {
        let mut outcome = super::import(&mut store, actor, &request, &mut |_, _, _| Ok(()), progress)?;
        (outcome.batch, outcome.head, outcome.entries) = (None, None, 0);
        return Ok(outcome);
    }
    let delivered = Delivered::open(&request)?;
    check_achievements(&mut store, actor, own, &request, &delivered, progress)
        .map_err(|fault| with_notices(fault, &delivered.files))
}

fn check_achievements(
    store: &mut Memory,
    actor: &Actor,
    own: &Profile,
    request: &Request,
    delivered: &Delivered,
    progress: Progress,
) -> Result<Outcome> {
    let manifests = standard::manifests(request.files, &request.expected)?;
    let described = delivered.files.iter().zip(&manifests);
    let described = described.map(|(file, manifest)| described_by(file, manifest));
    let described = described.collect::<Result<Vec<_>>>()?;
    delivered.sources.get_or_init(|| described);
    let way = Way::plain();
    let setup = Setup {
        request,
        delivered,
        way: &way,
        payload: BatchPayload::new(actor)?,
        profile: None,
        bytes: delivered.files.iter().map(|incoming| incoming.source.size().unwrap_or(0)).sum(),
        fills: false,
        all_seen: false,
        closed: None,
        today: jiff::tz::TimeZone::UTC.to_datetime(actor.now).date(),
        seen: Vec::new(),
        manifests,
        previous: None,
    };
    let (catalogue, people) = (Catalogue::load(store)?, People::new(store.reader()?)?);
    let mut resolver = Resolver::new(catalogue, people, request.profile, None, setup.today)?;
    if own.identifiers.is_empty() {
        resolver.accounts = Accounts::Unasked;
    }
    let mut intake = Intake::new(resolver, &setup, Checker::new(own));
    let told = |bytes| progress(bytes, setup.bytes);
    let mut after = |intake: &mut Intake<Checker>| {
        if intake.resolver.accounts == Accounts::Kept {
            // What would be handed on to be written.
            intake.resolver.people.take_new();
        }
        Ok(true)
    };
    intake.read(&mut after, &told)?;
    tell_conflicts(&mut intake, store)?;
    conclude(intake)
}

/// A file, with its hash where somebody asks for that.
fn described_by(file: &Incoming, manifest: &Option<Manifest>) -> Result<SourceFile> {
    if manifest.as_ref().is_some_and(|manifest| manifest.sha256.is_some()) {
        return source_file(file);
    }
    let (name, sha256) = (file.source.name(), String::new());
    Ok(SourceFile { name, sha256, bytes: 0, read: file.reading.recorded() })
}

/// The profile as a bank would have it that knows nothing and takes everything.
fn relaxed(profile: &Profile) -> Profile {
    let mut relaxed = profile.clone();
    relaxed.learner.unknown = Unknown::Create;
    relaxed.learner.alike = Alike::Off;
    relaxed.institution_unknown = Unknown::Create;
    relaxed.outcome.unknown = Unknown::Create;
    relaxed.offered = Offered::Ignore;
    relaxed
}

/// A row that contradicts an earlier one.
#[derive(Debug, Clone, Copy)]
struct Conflict {
    row: Row,
    earlier: Row,
}

/// Takes rows to compare them with each other.
struct Checker<'p> {
    /// The profile as it is, not as it was relaxed.
    own: &'p Profile,
    /// Outcomes are those of a catalogue that only a bank has.
    catalogued: bool,
    /// Outcomes of a catalogue, by institution and code.
    outcomes: Identifiers,
    met: u32,
    /// Some row says that its outcome gives credit each time.
    repeatable: bool,
    /// Rows that a bank may judge otherwise, by rule.
    unchecked: BTreeMap<Rule, u64>,
    /// Credit that the rows of each file earn, by file and system.
    stated: BTreeMap<(u16, u16), i64>,
    /// Credit that would be deposited, by system.
    deposited: BTreeMap<u16, i64>,
    rows: Rows,
    /// Rows of which only a bank knows all.
    unlocated: Rows,
    /// Rows that a second reading looks for, by file and number of the place.
    wanted: Option<HashMap<(u16, i64), Option<Prepared>>>,
    hasher: DefaultHashBuilder,
}

impl<'p> Checker<'p> {
    fn new(own: &'p Profile) -> Checker<'p> {
        Checker {
            own,
            catalogued: own.outcome.unknown == Unknown::Refuse,
            outcomes: Identifiers::default(),
            met: 0,
            repeatable: false,
            unchecked: BTreeMap::new(),
            stated: BTreeMap::new(),
            deposited: BTreeMap::new(),
            rows: Rows::default(),
            unlocated: Rows::default(),
            wanted: None,
            hasher: DefaultHashBuilder::default(),
        }
    }

    /// The row as an import would post it.
    fn prepare(&mut self, resolver: &mut Resolver, row: Sound) -> Result<Option<Prepared>> {
        let Sound { draft, located, file, share, elsewhere, .. } = row;
        let Some(mut located) = located else { return Ok(None) };
        self.repeatable |= draft.repeatable == Some(true);
        if resolver.accounts == Accounts::Unasked {
            let account = self.hash((located.scheme, &draft.learner));
            located = located.of_account(account as i64);
        }
        if !self.catalogued {
            return resolver.resolve(draft, located, file, share, elsewhere).map(Some);
        }
        let (institution, learner) = resolver.parties(draft, &located)?;
        let outcome = match self.outcomes.get(i64::from(institution), &draft.outcome) {
            Some(known) => known as u32,
            None => {
                self.met += 1;
                self.outcomes.insert(i64::from(institution), &draft.outcome, i64::from(self.met));
                self.met
            }
        };
        let subject = Subject { learner, institution, outcome, version: 1 };
        resolver.prepare(draft, &located, subject, file, share, elsewhere).map(Some)
    }

    fn hash(&self, value: impl Hash) -> u64 {
        self.hasher.hash_one(value)
    }

    /// Counts a row as new, and notes it to be compared with others.
    fn note(&mut self, outcome: &mut Outcome, row: &Prepared) {
        if row.amount > Credits::ZERO {
            *self.stated.entry((row.file, row.system)).or_default() += row.amount.0;
        }
        let load = row.group().map(|group| group.1.0);
        let rest = (row.status as u8, row.kind as u8, row.system, row.amount.0, row.grade, row.attrs);
        let said = Said {
            pair: self.hash((row.learner, row.outcome)),
            key: self.hash(row.key()),
            record: row.record().map(|record| self.hash((row.institution, record))),
            rest: self.hash((rest, load)),
            // No amount of a row is above a million.
            amount: row.amount.0 as u32,
            system: row.system,
        };
        self.rows.note(said, row.file, row.place());
        self.count(outcome, row.amount, row.system, true);
    }

    /// Counts a row as new, or no longer.
    fn count(&mut self, outcome: &mut Outcome, amount: Credits, system: u16, is_new: bool) {
        let by = |count: u64| if is_new { count + 1 } else { count - 1 };
        if amount > Credits::ZERO {
            outcome.deposited = by(outcome.deposited);
            *self.deposited.entry(system).or_default() += if is_new { amount.0 } else { -amount.0 };
        } else {
            outcome.recorded = by(outcome.recorded);
        }
    }

    /// Counts and notes a row of which only a bank knows all.
    fn note_unlocated(&mut self, outcome: &mut Outcome, row: &Sound) {
        let Sound { draft, file, elsewhere, .. } = row;
        let earns = self.own.deposit.contains(&draft.status);
        outcome.totals[*file].unread += u64::from(earns);
        let deposits = earns && elsewhere.is_none() && draft.credits != Some(Credits::ZERO);
        let key = (&draft.learner, &draft.institution, &draft.outcome, &draft.period, draft.attempt);
        let rest = (draft.status as u8, draft.credits.map(|credits| credits.0), &draft.system, &draft.grade);
        let said = Said {
            // Whether they earn credit, and how much, a bank knows.
            pair: self.hash(key),
            key: self.hash(key),
            record: draft.record.as_ref().map(|record| self.hash((&draft.institution, record))),
            rest: self.hash((rest, draft.kind.map(|kind| kind as u8), &draft.attributes)),
            amount: u32::from(deposits),
            system: 0,
        };
        self.unlocated.note(said, *file as u16, RowPlace { line: draft.line, part: draft.part });
        match deposits {
            true => outcome.deposited += 1,
            false => outcome.recorded += 1,
        }
    }

    /// Takes back what was counted of rows that say again what others said, and gives those that contradict them,
    /// and those of one learner and outcome of which it matters which one counts.
    fn compare(&mut self, outcome: &mut Outcome) -> (Vec<Conflict>, Vec<Vec<Row>>) {
        let mut conflicts = Vec::new();
        let Seen { again, mut repeats } = std::mem::take(&mut self.rows).again();
        for Again { row, other } in again {
            self.count(outcome, Credits(i64::from(row.amount)), row.system, false);
            match other {
                None => outcome.already += 1,
                Some(earlier) => conflicts.push(Conflict { row, earlier }),
            }
        }
        repeats.retain(|rows| {
            let alike = rows.iter().all(|row| (row.amount, row.system) == (rows[0].amount, rows[0].system));
            let told = alike && !self.repeatable && self.own.attempts != Attempts::Best;
            if told {
                rows[1..].iter().for_each(|row| self.supersede(outcome, i64::from(row.amount), row.system));
            }
            !told
        });
        for Again { row, other } in std::mem::take(&mut self.unlocated).again().again {
            match row.amount {
                0 => outcome.recorded -= 1,
                _ => outcome.deposited -= 1,
            }
            match other {
                None => outcome.already += 1,
                // To a bank both may say the same: no amount, and the catalogue's.
                Some(_) => *self.unchecked.entry(Rule::ConflictInFile).or_default() += 1,
            }
        }
        (conflicts, repeats)
    }

    /// Takes back the credit of a row instead of which another counts.
    fn supersede(&mut self, outcome: &mut Outcome, amount: i64, system: u16) {
        outcome.superseded += 1;
        *self.deposited.entry(system).or_default() -= amount;
    }
}

impl Taker for Checker<'_> {
    fn sift(&mut self, profile: &Profile, problems: &mut Vec<Problem>) {
        let Checker { unchecked, wanted, .. } = self;
        problems.retain(|problem| {
            let checked = !only_a_bank_knows(profile, problem);
            if !checked && wanted.is_none() {
                *unchecked.entry(problem.rule).or_default() += 1;
            }
            checked
        });
    }

    fn begin(&mut self) {
        if self.wanted.is_none() {
            self.unchecked.clear();
        }
    }

    fn take(&mut self, resolver: &mut Resolver, outcome: &mut Outcome, row: Sound) -> Result<()> {
        if row.located.is_none() {
            if self.wanted.is_none() {
                self.note_unlocated(outcome, &row);
            }
            return Ok(());
        }
        let Some(row) = self.prepare(resolver, row)? else { return Ok(()) };
        match &mut self.wanted {
            None => self.note(outcome, &row),
            Some(wanted) => {
                if let Some(place) = wanted.get_mut(&(row.file, row.place().number())) {
                    *place = Some(row);
                }
            }
        }
        Ok(())
    }

    fn refuse(&mut self, _: &Setup, _: Refused) -> Result<()> {
        Ok(())
    }
}

/// Names systems, and says what contradicts what and what was not checked.
fn conclude(intake: Intake<Checker>) -> Result<Outcome> {
    let Intake { mut outcome, mut taker, resolver, setup, .. } = intake;
    let code = |id: u16| resolver.catalogue.system_code(i64::from(id)).unwrap_or_default().to_owned();
    for ((file, system), amount) in &taker.stated {
        outcome.totals[usize::from(*file)].credits.entry(code(*system)).or_default().0 += amount;
    }
    let deposited = taker.deposited.iter().filter(|(_, sum)| **sum > 0);
    outcome.credits = deposited.map(|(system, sum)| (code(*system), Credits(*sum))).collect();
    for rule in policies(taker.own) {
        taker.unchecked.entry(rule).or_insert(outcome.rows);
    }
    outcome.unchecked = taker.unchecked.into_iter().collect();
    setup.judge(&mut outcome)?;
    Ok(outcome)
}

/// Compares the rows, and reads the files once more for those that contradict others, for these, and for those of
/// which one counts.
fn tell_conflicts(intake: &mut Intake<Checker>, store: &mut Memory) -> Result<()> {
    let (conflicts, repeats) = intake.taker.compare(&mut intake.outcome);
    if conflicts.is_empty() && repeats.is_empty() {
        return Ok(());
    }
    let key = |row: Row| (row.place().0, row.place().1.number());
    let both = conflicts.iter().flat_map(|conflict| [conflict.row, conflict.earlier]);
    let all = both.chain(repeats.iter().flatten().copied());
    intake.taker.wanted = Some(all.map(|row| (key(row), None)).collect());
    let mut outcome = std::mem::take(&mut intake.outcome);
    intake.read_again()?;
    let wanted = intake.taker.wanted.take().unwrap_or_default();
    introduce(store, intake)?;
    let names = Names::default();
    let mut found = Findings::new(intake.setup.request.limit);
    for Conflict { row, earlier } in conflicts {
        let of = |row| wanted.get(&key(row)).and_then(Option::as_ref);
        let (Some(new), Some(old)) = (of(row), of(earlier)) else { continue };
        let (file, place) = row.place();
        match contradiction(store, &names, old, new)? {
            Some((rule, reason)) => {
                outcome.refused += 1;
                found.add(usize::from(file), &[Problem::new(rule, place.line, None, "", reason)]);
            }
            // The hashes agreed by chance.
            None => intake.taker.count(&mut outcome, new.amount, new.system, true),
        }
    }
    outcome.findings.merge(found);
    for rows in repeats {
        let of = |row: &Row| wanted.get(&key(*row)).and_then(Option::as_ref);
        tell_repeats(
            &mut intake.taker,
            &mut outcome,
            store,
            &rows.iter().filter_map(of).collect::<Vec<_>>(),
        )?;
    }
    intake.outcome = outcome;
    Ok(())
}

/// Lets one result of a learner in an outcome count, as a bank without scales of its own would.
fn tell_repeats(
    checker: &mut Checker,
    outcome: &mut Outcome,
    store: &Memory,
    rows: &[&Prepared],
) -> Result<()> {
    let names = Names::default();
    let policy = checker.own.attempts;
    let Some(first) = rows.first() else { return Ok(()) };
    // Of a catalogue that only the bank has, nobody knows better.
    if !checker.catalogued && names.outcome(store, i64::from(first.outcome))?.repeatable != 0 {
        return Ok(());
    }
    let mut rows = rows.to_vec();
    rows.sort_by_key(|row| (row.key(), row.file, row.place()));
    let grades = (policy == Attempts::Best).then(|| orders(store)).transpose()?;
    let mut attempts = Vec::with_capacity(rows.len());
    for (row, seq) in rows.iter().zip(1..) {
        let row = Achievement { entry: EntryId::new(0, seq), ..row.achievement() };
        attempts.push(attempt(store, &names, grades.as_ref(), &row, false)?);
    }
    let counts = winner(policy, &attempts);
    for (row, _) in rows.iter().zip(&attempts).filter(|(_, attempt)| Some(attempt.lot) != counts) {
        checker.supersede(outcome, row.amount.0, row.system);
    }
    Ok(())
}

/// Introduces what the files name into the empty bank, so that it can be called by its name.
fn introduce(store: &mut Memory, intake: &mut Intake<Checker>) -> Result<()> {
    let rows = intake.resolver.catalogue.take_pending();
    let head = store::head(store, intake.setup.request.log)?;
    store.append(head.log, Some(&head), &mut |tx| {
        let mut poster = Poster::open(tx, head.log, &intake.setup.payload)?;
        poster.register(&rows)?;
        poster.seal()?;
        Ok(true)
    })?;
    Ok(())
}

/// True where a bank may know what makes a row right: a catalogue, a calendar, a unit of its own.
fn only_a_bank_knows(profile: &Profile, problem: &Problem) -> bool {
    match problem.rule {
        Rule::SystemUnknown | Rule::CreditsUnknown => true,
        Rule::KindUnknown => problem.value.is_empty(),
        Rule::FrameworkUnknown => !problem.value.is_empty(),
        Rule::DateShape => profile.date_texts.iter().any(|text| text == "term"),
        _ => false,
    }
}

/// The rules that concern every row and that only a bank can apply.
fn policies(profile: &Profile) -> Vec<Rule> {
    let mut rules = vec![Rule::Conflict, Rule::NotCounted, Rule::NotAccredited];
    let gives = |field: Field| {
        let column = profile.columns.iter().any(|(known, _)| *known == field);
        column || profile.constants.iter().any(|(known, _)| *known == field)
    };
    let corrects = profile.changed == Changed::Correct;
    let refuses = [
        (gives(Field::Scale) && gives(Field::Grade), Rule::GradeUnknown),
        (gives(Field::InstitutionName) || gives(Field::InstitutionCountry), Rule::InstitutionDiffers),
        (profile.group.is_some(), Rule::GroupCounted),
        (corrects || profile.attempts != Attempts::First, Rule::CreditInUse),
        (corrects, Rule::Corrected),
        (corrects, Rule::Outdated),
        (profile.learner.unknown == Unknown::Refuse, Rule::LearnerUnknown),
        (profile.learner.alike == Alike::Refuse, Rule::LearnerLike),
        (profile.institution_unknown == Unknown::Refuse, Rule::InstitutionUnknown),
        (profile.outcome.unknown == Unknown::Refuse, Rule::OutcomeUnknown),
        (profile.outcome.unknown == Unknown::Refuse, Rule::OutcomeDiffers),
        (profile.offered == Offered::Check, Rule::PeriodNotOffered),
        (profile.attempts == Attempts::Best, Rule::Incomparable),
    ];
    rules.extend(refuses.into_iter().filter(|(refuses, _)| *refuses).map(|(_, rule)| rule));
    let standard = &profile.standard;
    let compared = [
        (standard.fewer_rows, Rule::FewerRows),
        (standard.more_rows, Rule::MoreRows),
        (standard.less_credit, Rule::LessCredit),
        (standard.more_credit, Rule::MoreCredit),
    ];
    rules.extend(compared.into_iter().filter(|(share, _)| share.is_some()).map(|(_, rule)| rule));
    rules
}
