//! A learner's identifiers: scheme, issuer and value, with the check of every scheme whose checksum
//! is published. No other scheme is checked: none is invented.

use crate::domain::account::check_character;
use crate::domain::date::parse_iso;
use crate::domain::text::clean;
use std::fmt;

/// The schemes of facts that describe a person and identify nobody.
pub const DESCRIPTIONS: [&str; 5] = ["name", "birth-date", "sex", "region", "sector"];

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
    match scheme {
        "cn-resident-id" => cn_resident_id(value),
        "orcid" => sixteen(value).map(|plain| grouped(&plain, '-')),
        "isni" => sixteen(value),
        _ => Ok(value.to_owned()),
    }
}

/// GB 11643: region (6), birth date (8), sequence (3), check character by ISO 7064 MOD 11-2; numbers of
/// 15 digits, issued before 1999, have no check character and are taken as they are.
fn cn_resident_id(value: &str) -> Result<String, IdentifierError> {
    let value = value.to_ascii_uppercase();
    if value.len() == 15 && is_digits(&value) {
        return Ok(value);
    }
    let form = IdentifierError::Form(
        "a resident identity number has 17 digits and a digit or X (or 15 digits, issued before 1999)",
    );
    checked(&value, 18, form)?;
    let (year, month, day) = (&value[6..10], &value[10..12], &value[12..14]);
    let born = format!("{year}-{month}-{day}");
    parse_iso(&born).map_err(|_| IdentifierError::BirthDate(born))?;
    fits(&value)?;
    Ok(value)
}

/// ORCID and ISNI: 15 digits and a check character by ISO 7064 MOD 11-2, in groups of four.
fn sixteen(value: &str) -> Result<String, IdentifierError> {
    let bare = value.strip_prefix("https://orcid.org/").unwrap_or(value);
    let plain: String = bare.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
    let plain = plain.to_ascii_uppercase();
    let form = IdentifierError::Form("it has 15 digits and a digit or X, such as 0000-0002-1825-0097");
    checked(&plain, 16, form)?;
    fits(&plain)?;
    Ok(plain)
}

/// Whether a text is digits up to its last character, which is a digit or X.
fn checked(value: &str, length: usize, fault: IdentifierError) -> Result<(), IdentifierError> {
    let good = value.is_ascii()
        && value.len() == length
        && is_digits(&value[..length - 1])
        && value.ends_with(|c: char| c.is_ascii_digit() || c == 'X');
    if good { Ok(()) } else { Err(fault) }
}

fn fits(value: &str) -> Result<(), IdentifierError> {
    let (digits, check) = value.split_at(value.len() - 1);
    let expected = check_character(digits);
    if check.starts_with(expected) { Ok(()) } else { Err(IdentifierError::Check { expected }) }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Groups of four characters.
fn grouped(plain: &str, mark: char) -> String {
    let mut text = String::with_capacity(plain.len() + 3);
    for (at, c) in plain.chars().enumerate() {
        if at > 0 && at.is_multiple_of(4) {
            text.push(mark);
        }
        text.push(c);
    }
    text
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
    fn resident_identity_numbers_are_checked() {
        // The two examples printed in GB 11643.
        for good in ["11010519491231002X", "440524188001010014", "110105491231002"] {
            assert_eq!(check("cn-resident-id", good), Ok(good.to_owned()));
        }
        assert_eq!(check("cn-resident-id", "11010519491231002x"), Ok("11010519491231002X".into()));
        let check_fails =
            |value| matches!(check("cn-resident-id", value), Err(IdentifierError::Check { .. }));
        assert!(check_fails("110105194912310021"));
        assert!(check_fails("101105194912310020"));
        let wrong_day = check("cn-resident-id", "110105194902300026");
        assert_eq!(wrong_day, Err(IdentifierError::BirthDate("1949-02-30".into())));
        for bad in ["1101051949123100", "11010519491231002", "1101051949123100XX", "１１０１０５", "王"]
        {
            assert!(matches!(check("cn-resident-id", bad), Err(IdentifierError::Form(_))), "{bad}");
        }
    }

    #[test]
    fn orcid_and_isni_are_checked_and_written_one_way() {
        // Published examples of both.
        for text in ["0000-0002-1825-0097", "0000000218250097", "https://orcid.org/0000-0002-1825-0097"] {
            assert_eq!(check("orcid", text), Ok("0000-0002-1825-0097".into()), "{text}");
        }
        assert_eq!(check("isni", "0000 0001 2146 438x"), Ok("000000012146438X".into()));
        assert_eq!(check("orcid", "0000-0002-1825-0098"), Err(IdentifierError::Check { expected: '7' }));
        assert!(matches!(check("orcid", "0000-0002-1825"), Err(IdentifierError::Form(_))));
        let orcid = Identifier::parse("orcid:0000000218250097").unwrap();
        assert!(orcid.spellings().contains(&"0000000218250097".to_owned()));
    }

    #[test]
    fn other_schemes_are_taken_as_they_are() {
        assert_eq!(check("student-number", "000x"), Ok("000x".into()));
    }
}
