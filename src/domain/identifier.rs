//! A learner's identifiers: scheme, issuer and value. What is published of a scheme is in
//! [`super::scheme`].

use crate::domain::scheme::{self, FORBIDDEN, grouped};
use crate::domain::text::clean;
use std::fmt;

/// The schemes of facts that describe a person and identify nobody.
pub const DESCRIPTIONS: [&str; 6] = ["name", "former-name", "birth-date", "sex", "region", "sector"];

/// An identifier of a person.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identifier {
    /// Sort of identifier: `student-number`, `cn-resident-id`, `orcid`.
    pub scheme: String,
    /// Who issued it; empty where the scheme has one issuer.
    pub issuer: String,
    /// The value, in the form in which the scheme writes it.
    pub value: String,
}

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// Not `SCHEME:VALUE` or `SCHEME@ISSUER:VALUE`.
    #[error("an identifier is written SCHEME:VALUE or SCHEME@ISSUER:VALUE")]
    Shape,
    /// A scheme's name of other characters.
    #[error("the scheme `{0}` is not 1 to 40 of a–z, 0–9, - and _")]
    Scheme(String),
    /// A fact that describes and does not identify.
    #[error("`{0}` describes a person and identifies nobody")]
    Description(String),
    /// A number that must not be kept.
    #[error("{0}")]
    Forbidden(&'static str),
    /// Another shape than the scheme's.
    #[error("{0}")]
    Form(&'static str),
    /// The birth date in it does not exist.
    #[error("digits 7 to 14 are the birth date, and `{0}` is no day of the calendar")]
    BirthDate(String),
    /// The check character does not fit: a typing error.
    #[error("its check character should be {expected}: a digit is wrong or two are swapped")]
    Check {
        /// The character that would fit.
        expected: char,
    },
}

impl Identifier {
    /// Reads `SCHEME:VALUE` or `SCHEME@ISSUER:VALUE`, and checks the value.
    ///
    /// # Errors
    /// Says what is wrong with the shape, the scheme or the value.
    pub fn parse(text: &str) -> Result<Identifier, IdentifierError> {
        let (sort, value) = text.split_once(':').ok_or(IdentifierError::Shape)?;
        let (scheme, issuer) = match sort.split_once('@') {
            None => (sort, None),
            Some((scheme, issuer)) => (scheme, Some(clean(issuer))),
        };
        let (scheme, value) = (scheme.trim(), clean(value));
        if value.is_empty() || scheme.is_empty() || issuer.as_ref().is_some_and(|issuer| issuer.is_empty()) {
            return Err(IdentifierError::Shape);
        }
        if DESCRIPTIONS.contains(&scheme) {
            return Err(IdentifierError::Description(scheme.to_owned()));
        }
        if let Some((_, why)) = FORBIDDEN.iter().find(|(name, _)| *name == scheme) {
            return Err(IdentifierError::Forbidden(why));
        }
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        if scheme.len() > 40 || !scheme.bytes().all(fits) {
            return Err(IdentifierError::Scheme(scheme.to_owned()));
        }
        let issuer = issuer.map(std::borrow::Cow::into_owned).unwrap_or_default();
        Ok(Identifier { scheme: scheme.to_owned(), issuer, value: check(scheme, &value)? })
    }

    /// The forms in which sources write the same value, the scheme's own first.
    pub fn spellings(&self) -> Vec<String> {
        let own = self.value.clone();
        let mut all = match self.scheme.as_str() {
            "cn-resident-id" => vec![own.clone(), own.to_ascii_lowercase()],
            "orcid" | "isni" => {
                let plain: String = own.chars().filter(|c| *c != '-').collect();
                vec![own.clone(), grouped(&plain, '-'), grouped(&plain, ' '), plain]
            }
            _ => vec![own],
        };
        all.dedup();
        all
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}:{}", sort(&self.scheme, &self.issuer), self.value))
    }
}

/// A scheme with its issuer, as people write it: `student-number@OU`.
pub fn sort(scheme: &str, issuer: &str) -> String {
    if issuer.is_empty() { scheme.to_owned() } else { format!("{scheme}@{issuer}") }
}

/// Checks a value by its scheme and brings it into the form in which the scheme writes it.
///
/// # Errors
/// Says why it cannot be a value of the scheme.
pub fn check(scheme: &str, value: &str) -> Result<String, IdentifierError> {
    match scheme::find(scheme) {
        Some(known) => known.read(value),
        None => Ok(value.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_has_a_scheme_perhaps_an_issuer_and_a_value() {
        let id = Identifier::parse("student-number@OU:00:12 ").unwrap();
        assert_eq!(
            (id.scheme.as_str(), id.issuer.as_str(), id.value.as_str()),
            ("student-number", "OU", "00:12")
        );
        assert_eq!(id.to_string(), "student-number@OU:00:12");
        assert_eq!(Identifier::parse("学号@北大:1"), Err(IdentifierError::Scheme("学号".into())));
        assert_eq!(Identifier::parse("student-number@北大:１").unwrap().issuer, "北大");
        for bad in ["", "12", "a:", "a: ", ":1", "a@:1"] {
            assert_eq!(Identifier::parse(bad), Err(IdentifierError::Shape), "{bad}");
        }
        assert_eq!(Identifier::parse("name:Ann"), Err(IdentifierError::Description("name".into())));
    }

    #[test]
    fn a_value_is_found_however_a_source_writes_it() {
        let orcid = Identifier::parse("orcid:0000000218250097").unwrap();
        assert!(orcid.spellings().contains(&"0000000218250097".to_owned()));
        let resident = Identifier::parse("cn-resident-id:11010519491231002x").unwrap();
        assert_eq!(resident.spellings(), ["11010519491231002X", "11010519491231002x"]);
    }

    #[test]
    fn numbers_that_must_not_be_kept_are_refused() {
        let refused = Identifier::parse("aadhaar:234123412346");
        assert!(matches!(refused, Err(IdentifierError::Forbidden(_))), "{refused:?}");
    }

    #[test]
    fn other_schemes_are_taken_as_they_are() {
        assert_eq!(check("student-number", "000x"), Ok("000x".into()));
    }
}
