//! The learner's bank account number: a serial number with a check character.
//!
//! The check character follows ISO/IEC 7064, MOD 11-2 (the system that ISNI and the Chinese
//! resident identity card use): it finds every single wrong digit and every swap of two digits.

use std::fmt;

/// A learner's account in this bank.
///
/// Written `CB`, at least eight digits of the serial number, and the check character: the letters
/// keep a spreadsheet from turning it into a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Account(pub i64);

/// Why a text is not an account number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// Not `CB`, eight or more digits and a check character.
    #[error("an account number is CB, eight or more digits and a check character")]
    Shape,
    /// The check character does not fit the digits: a typing error.
    #[error("the check character should be {expected}: a digit is wrong or two are swapped")]
    Check {
        /// The character that would fit.
        expected: char,
    },
}

impl Account {
    /// Reads an account number; blanks, hyphens and lower case are forgiven.
    ///
    /// # Errors
    /// Says whether the shape or the check character is wrong.
    pub fn parse(text: &str) -> Result<Account, AccountError> {
        let plain: String =
            text.chars().filter(|c| !matches!(c, ' ' | '-')).collect::<String>().to_ascii_uppercase();
        let body = plain.strip_prefix("CB").ok_or(AccountError::Shape)?;
        if !body.is_ascii() || body.len() < 9 || body.len() > 18 {
            return Err(AccountError::Shape);
        }
        let (digits, check) = body.split_at(body.len() - 1);
        let serial: i64 = match digits.bytes().all(|b| b.is_ascii_digit()) {
            true => digits.parse().map_err(|_| AccountError::Shape)?,
            false => return Err(AccountError::Shape),
        };
        let expected = check_character(digits);
        if check.starts_with(expected) { Ok(Account(serial)) } else { Err(AccountError::Check { expected }) }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A negative number is no account; a ledger that was tampered with may hold one all the same.
        let digits = format!("{:08}", self.0.unsigned_abs());
        f.pad(&format!("CB{digits}{}", check_character(&digits)))
    }
}

impl From<Account> for String {
    fn from(account: Account) -> String {
        account.to_string()
    }
}

impl TryFrom<String> for Account {
    type Error = AccountError;
    fn try_from(text: String) -> Result<Account, AccountError> {
        Account::parse(&text)
    }
}

/// The ISO/IEC 7064 MOD 11-2 check character of a string of digits.
pub fn check_character(digits: &str) -> char {
    let sum = digits.bytes().fold(0u32, |sum, digit| (sum + u32::from(digit - b'0')) * 2 % 11);
    match (12 - sum) % 11 {
        10 => 'X',
        value => char::from(b'0' + value as u8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_characters_agree_with_published_ones() {
        // The example of ISO/IEC 7064 and a published ISNI.
        assert_eq!(check_character("0794"), '0');
        assert_eq!(check_character("000000012146438"), 'X');
    }

    #[test]
    fn an_account_number_survives_the_telephone() {
        let account = Account(42);
        let text = account.to_string();
        assert!(text.starts_with("CB00000042"), "{text}");
        assert_eq!(Account::parse(&text), Ok(account));
        assert_eq!(Account::parse(&text.to_lowercase()), Ok(account));
        assert_eq!(Account::parse("CB0000004"), Err(AccountError::Shape));
        assert_eq!(Account::parse("L000000001"), Err(AccountError::Shape));
    }

    #[test]
    fn every_single_wrong_digit_and_every_swap_is_found() {
        let text = Account(1_928_374).to_string();
        for at in 2..10 {
            for digit in b'0'..=b'9' {
                let mut wrong = text.clone().into_bytes();
                wrong[at] = digit;
                let wrong = String::from_utf8(wrong).unwrap();
                assert_eq!(Account::parse(&wrong).is_ok(), wrong == text, "{wrong}");
            }
            let mut swapped = text.clone().into_bytes();
            swapped.swap(at - 1, at);
            let swapped = String::from_utf8(swapped).unwrap();
            assert!(swapped == text || Account::parse(&swapped).is_err(), "{swapped}");
        }
    }
}
