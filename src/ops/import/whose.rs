//! Whose a row is: the account that its identifiers name, and the identifiers that are new to it.

use super::catalogue::Catalogue;
use super::people::People;
use crate::domain::account::Account;
use crate::domain::date::Period;
use crate::domain::fault::Result;
use crate::domain::scheme;
use crate::intake::draft::{Draft, Mapping};
use crate::intake::profile::{Alike, Field, Profile};
use crate::intake::rules::{Problem, Rule};
use crate::ops::people::alike::{Like, Person};
use jiff::civil::Date;
use std::borrow::Cow;

/// The account of a row.
#[derive(Debug, Default)]
pub struct Whose {
    /// The account; none where one is to be opened.
    pub learner: Option<i64>,
    /// Identifiers that the account has not yet, by scheme.
    new: Vec<(i64, String)>,
}

impl Whose {
    /// An account to which the row's identifiers bring nothing new; none where one is to be opened.
    pub fn plain(learner: Option<i64>) -> Whose {
        Whose { learner, new: Vec::new() }
    }

    /// Records the identifiers that are new to an account that was there before.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn record_new(&self, people: &mut People) -> Result<()> {
        let Some(learner) = self.learner else { return Ok(()) };
        for (scheme, value) in &self.new {
            // Another row may have said it since.
            if people.find(*scheme, value)?.is_none() {
                people.identify(learner, *scheme, value)?;
            }
        }
        Ok(())
    }

    /// Whether it brings the account something new.
    pub fn has_new(&self) -> bool {
        self.learner.is_some() && !self.new.is_empty()
    }
}

/// What a row is judged by.
pub struct Asked<'a> {
    pub profile: &'a Profile,
    pub mapping: &'a Mapping<'a>,
    pub draft: &'a Draft<'a>,
    /// The scheme of the field `learner`.
    pub scheme: i64,
    /// Whether an account is opened for a learner whom nobody knows.
    pub opens: bool,
}

/// Finds the account of a row. One that an identifier names is the row's, unless another identifier names
/// another, or the account has another value where the row has one of its own. People have several numbers of one
/// issuer, one after the other: an identifier for life decides whose they are.
pub fn whose(
    asked: &Asked,
    catalogue: &mut Catalogue,
    people: &mut People,
    problems: &mut Vec<Problem>,
) -> Result<Whose> {
    let Asked { profile, mapping, draft, scheme, .. } = asked;
    let own = people.find(*scheme, &draft.learner)?;
    if let Some((account, born)) = own.zip(born_as_said(asked)) {
        let births = people.born_otherwise(catalogue, account, born)?;
        if let Some(known) = births.first() {
            let reason =
                format!("`{}` is {}, who is known to be born on {known}", draft.learner, Account(account));
            problems.push(mapping.problem(
                draft.line,
                Field::BirthDate,
                &born.to_string(),
                Rule::BornOtherwise,
                reason,
            ));
        }
    }
    let mut report = |rule, reason: String| {
        problems.push(mapping.problem(draft.line, Field::Learner, &draft.learner, rule, reason));
    };
    if draft.identifiers.is_empty() {
        if own.is_none()
            && let Some((rule, reason)) = stranger(asked, catalogue, people)?
        {
            report(rule, reason);
        }
        return Ok(Whose::plain(own));
    }
    let mut further = Vec::new();
    for (name, value) in &draft.identifiers {
        let id = catalogue.scheme(name, profile.issuer(name, &draft.institution))?;
        further.push((*name, id, value.as_ref(), people.find(id, value)?));
    }
    let named = || further.iter().filter_map(|(name, .., found)| found.map(|id| (*name, id)));
    let named = named().find(|(name, _)| decides(name)).or_else(|| named().next());
    let own_scheme = draft.scheme.as_deref().unwrap_or(&profile.learner.scheme);
    let learner = match (own, named) {
        (Some(id), _) => Some(id),
        (None, Some((_, id))) if !people.has(id, *scheme)? => Some(id),
        // Another number of the same sort: a renewed one, where what names the person is theirs for life.
        (None, Some((name, id)))
            if decides(name) && !decides(own_scheme) && !born_otherwise(asked, catalogue, people, id)? =>
        {
            Some(id)
        }
        (None, None) => {
            if let Some((rule, reason)) = stranger(asked, catalogue, people)? {
                report(rule, reason);
                return Ok(Whose::default());
            }
            None
        }
        (None, Some(_)) => None,
    };
    let mut new = Vec::new();
    if own.is_none() {
        new.push((*scheme, draft.learner.clone().into_owned()));
    }
    for (name, id, value, found) in further {
        let fault = |rule, reason| mapping.identifier_problem(draft.line, name, value, rule, reason);
        match found {
            None => match learner.filter(|_| scheme::find(name).is_some_and(|known| known.single)) {
                Some(learner) if people.has(learner, id)? => {
                    let reason = format!("account {} has another one", Account(learner));
                    problems.push(fault(Rule::IdentifierDiffers, reason));
                }
                _ => new.push((id, value.to_owned())),
            },
            Some(owner) if learner.is_some_and(|learner| people.same(owner, learner)) => {}
            Some(owner) => {
                let other = match learner {
                    Some(learner) => format!("the row's learner is {}", Account(learner)),
                    None => format!(
                        "that account has another `{own_scheme}` than the row, whose learner would be a new account"
                    ),
                };
                problems.push(fault(
                    Rule::IdentifierTaken,
                    format!("it belongs to account {}, and {other}", Account(owner)),
                ));
            }
        }
    }
    Ok(Whose { learner, new })
}

/// Whether a row says of its learner another birth date than is known of an account.
fn born_otherwise(asked: &Asked, catalogue: &Catalogue, people: &mut People, account: i64) -> Result<bool> {
    match born_as_said(asked) {
        Some(born) => Ok(!people.born_otherwise(catalogue, account, born)?.is_empty()),
        None => Ok(false),
    }
}

/// The birth date by which a row may be compared.
fn born_as_said(asked: &Asked) -> Option<Date> {
    born(asked.draft).filter(|_| asked.profile.learner.alike != Alike::Off)
}

/// Whether an identifier of that scheme names a person whatever other numbers they have.
fn decides(scheme: &str) -> bool {
    scheme::find(scheme).is_some_and(|known| known.decides)
}

/// Why no account may be opened for a learner whom no identifier names; `None` where one may.
fn stranger(asked: &Asked, catalogue: &Catalogue, people: &People) -> Result<Option<(Rule, String)>> {
    let Asked { profile, draft, opens, .. } = asked;
    if *opens && profile.learner.alike != Alike::Refuse {
        return Ok(None);
    }
    let alike = alike(people, catalogue, profile, draft)?;
    let reason = match alike.first() {
        None if *opens => return Ok(None),
        None => "nobody has this identifier".to_owned(),
        Some(like) => format!(
            "nobody has this identifier, but {} is like the row: {} ({} points)",
            Account(like.account),
            like.likeness.why(),
            like.likeness.score()
        ),
    };
    Ok(Some((if *opens { Rule::LearnerLike } else { Rule::LearnerUnknown }, reason)))
}

/// The people whom a row describes, the most like first.
fn alike(people: &People, catalogue: &Catalogue, profile: &Profile, draft: &Draft) -> Result<Vec<Like>> {
    match person(draft).filter(|_| profile.learner.alike != Alike::Off) {
        Some(person) => people.alike(catalogue, &person, profile.learner.line),
        None => Ok(Vec::new()),
    }
}

/// The birth date of a row, where it is known to the day.
fn born(draft: &Draft) -> Option<Date> {
    Some(draft.birth_date.as_ref().filter(|period| period.first == period.last)?.first)
}

/// What a row says of a person, where it gives a name and a birth date known to the day.
fn person<'d>(draft: &'d Draft) -> Option<Person<'d>> {
    let born = born(draft)?;
    let former = draft.former_name.as_deref().map(|name| (name, true));
    let names = [(draft.name.as_deref()?, false)].into_iter().chain(former).collect();
    Some(Person { names, births: vec![born] })
}

/// Opens an account for a row; whoever is like it is noted for somebody to look at.
///
/// # Errors
/// Where the ledger cannot be read, or the system gives no random bytes.
pub fn enrol(
    people: &mut People,
    catalogue: &mut Catalogue,
    profile: &Profile,
    draft: &Draft,
    scheme: i64,
) -> Result<i64> {
    let alike = match profile.learner.alike {
        Alike::Review => alike(people, catalogue, profile, draft)?,
        Alike::Refuse | Alike::Off => Vec::new(),
    };
    let own = (scheme, draft.learner.clone().into_owned());
    let mut further = Vec::new();
    for (name, value) in &draft.identifiers {
        let issuer = profile.issuer(name, &draft.institution);
        let fact = (catalogue.scheme(name, issuer)?, value.clone().into_owned());
        if fact != own && !further.contains(&fact) {
            further.push(fact);
        }
    }
    let others = person_facts(catalogue, draft)?;
    let account = people.enrol(std::iter::once(own).chain(further), others);
    if let Some(person) = person(draft).filter(|_| profile.learner.alike != Alike::Off) {
        people.describe(account, &person);
        people.review(account, &alike);
    }
    Ok(account)
}

/// Facts about the person beside identifiers, by the scheme that names their sort.
fn person_facts(catalogue: &mut Catalogue, draft: &Draft) -> Result<Vec<(i64, String)>> {
    let text = |value: &Option<Cow<str>>| value.as_deref().map(str::to_owned);
    let all = [
        ("name", text(&draft.name)),
        ("former-name", text(&draft.former_name)),
        ("birth-date", draft.birth_date.as_ref().map(birth_date)),
        ("sex", text(&draft.sex)),
        ("region", text(&draft.region)),
        ("sector", text(&draft.sector)),
    ];
    let mut facts = Vec::new();
    for (sort, value) in all {
        if let Some(value) = value {
            facts.push((catalogue.scheme(sort, "")?, value));
        }
    }
    Ok(facts)
}

/// A birth date in one form, so that those of several sources compare: ISO 8601 where the day is known.
fn birth_date(period: &Period) -> String {
    if period.first == period.last { period.first.to_string() } else { period.written.clone() }
}
