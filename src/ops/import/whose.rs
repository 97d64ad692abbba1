//! Whose a row is: the account that its identifiers name, and the identifiers that are new to it.

use super::catalogue::Catalogue;
use super::people::{Found, People};
use crate::domain::account::Account;
use crate::domain::fault::Result;
use crate::intake::draft::{Draft, Mapping};
use crate::intake::profile::{Field, Profile};
use crate::intake::rules::{Problem, Rule};

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
            if people.find(*scheme, value)? == Found::Nobody {
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

/// Finds the account of a row. One that an identifier names is the row's, unless another identifier
/// names another, or the account has another value where the row has one of its own.
pub fn whose(
    asked: &Asked,
    catalogue: &mut Catalogue,
    people: &mut People,
    problems: &mut Vec<Problem>,
) -> Result<Whose> {
    let Asked { profile, mapping, draft, scheme, opens } = asked;
    let mut report = |rule, reason: String| {
        problems.push(mapping.problem(draft.line, Field::Learner, &draft.learner, rule, reason));
    };
    let own = people.find(*scheme, &draft.learner)?;
    if draft.identifiers.is_empty() {
        let learner = match own {
            Found::One(id) => Some(id),
            Found::Several => {
                report(Rule::LearnerAmbiguous, "several accounts have it".to_owned());
                None
            }
            Found::Nobody => {
                if !opens {
                    report(Rule::LearnerUnknown, "nobody has this identifier".to_owned());
                }
                None
            }
        };
        return Ok(Whose::plain(learner));
    }
    let mut further = Vec::new();
    for (name, value) in &draft.identifiers {
        let id = catalogue.scheme(name, profile.issuer(name, &draft.institution))?;
        further.push((*name, id, value.as_ref(), people.find(id, value)?));
    }
    let named =
        further.iter().find_map(|(.., found)| if let Found::One(id) = found { Some(*id) } else { None });
    let learner = match (own, named) {
        (Found::One(id), _) => Some(id),
        (Found::Several, _) => {
            report(Rule::LearnerAmbiguous, "several accounts have it".to_owned());
            return Ok(Whose::default());
        }
        (Found::Nobody, Some(id)) if !people.has(id, *scheme)? => Some(id),
        (Found::Nobody, None) if !opens => {
            report(Rule::LearnerUnknown, "nobody has this identifier".to_owned());
            return Ok(Whose::default());
        }
        (Found::Nobody, _) => None,
    };
    let mut new = Vec::new();
    if own == Found::Nobody {
        new.push((*scheme, draft.learner.clone().into_owned()));
    }
    for (name, id, value, found) in further {
        let fault = |rule, reason| mapping.identifier_problem(draft.line, name, value, rule, reason);
        match found {
            Found::Nobody => new.push((id, value.to_owned())),
            Found::One(owner) if Some(owner) == learner => {}
            Found::One(owner) => {
                let other = match learner {
                    Some(learner) => format!("the row's learner is {}", Account(learner)),
                    None => format!(
                        "that account has another `{}` than the row, whose learner would be a new account",
                        profile.learner.scheme
                    ),
                };
                problems.push(fault(
                    Rule::IdentifierTaken,
                    format!("it belongs to account {}, and {other}", Account(owner)),
                ));
            }
            Found::Several => {
                problems.push(fault(Rule::LearnerAmbiguous, "several accounts have it".to_owned()));
            }
        }
    }
    Ok(Whose { learner, new })
}
