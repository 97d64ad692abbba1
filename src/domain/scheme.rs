//! Schemes of identifiers whose form or check is published. A scheme that is not listed here is taken
//! as it comes: no check is invented for it.

use super::account::check_character;
use super::date::parse_iso;
use super::identifier::IdentifierError;

/// A published scheme of identifiers of people.
#[derive(Debug)]
pub struct Scheme {
    /// Its name in profiles and commands.
    pub name: &'static str,
    /// What it is.
    pub title: &'static str,
    /// The form of its values, for people.
    pub form: &'static str,
    /// What is checked beyond the form; empty where nothing is.
    pub checked: &'static str,
    /// True where the whole world has one issuer for it, so that none is recorded.
    pub one_issuer: bool,
    /// True where it names a person wherever they go, so that it decides whose a row is although other numbers differ.
    pub decides: bool,
    /// True where a person has one of it, for life.
    pub single: bool,
    /// True where messages show the last four characters only.
    pub masked: bool,
    /// Where form and check are published.
    pub citation: &'static str,
    /// True where that was read at the source.
    pub verified: bool,
    /// Brings a value into the scheme's own form, or says why it cannot be one.
    read: fn(&str) -> Result<String, IdentifierError>,
    /// What makes a value doubtful that passes the check.
    doubt: fn(&str) -> Option<String>,
}

/// The schemes, by name.
pub const ALL: &[Scheme] = &[
    Scheme {
        name: "cn-resident-id",
        title: "Chinese resident identity number, 居民身份证号码",
        form: "17 digits and a digit or X; or 15 digits, issued before 1999",
        checked: "birth date; check character by ISO 7064 MOD 11-2. A region that is not known is a warning",
        one_issuer: true,
        decides: true,
        single: true,
        masked: false,
        citation: "GB 11643-1999; region codes of provinces: GB/T 2260",
        verified: false,
        read: cn_resident_id,
        doubt: cn_region,
    },
    Scheme {
        name: "in-abc-id",
        title: "Indian Academic Bank of Credits account (APAAR) number",
        form: "12 digits",
        checked: "",
        one_issuer: true,
        decides: true,
        single: true,
        masked: true,
        citation: "no official text was seen; public exporters write 12 digits, and no check digit is known",
        verified: false,
        read: |value| digits(value, 12, "it should have 12 digits"),
        doubt: |_| None,
    },
    Scheme {
        name: "isni",
        title: "International Standard Name Identifier",
        form: "15 digits and a digit or X, written without spaces",
        checked: "check character by ISO 7064 MOD 11-2",
        one_issuer: true,
        decides: true,
        single: false,
        masked: false,
        citation: "ISO 27729",
        verified: false,
        read: sixteen,
        doubt: |_| None,
    },
    Scheme {
        name: "national-identifier",
        title: "A country's number of a person, as ELMO transcripts give it",
        form: "as it comes; from ELMO with the country of citizenship, such as AT/0000-010199",
        checked: "nothing",
        one_issuer: false,
        decides: true,
        single: false,
        masked: false,
        citation: "EMREX ELMO 1.x schema, `nationalIdentifier` of a learner. Who has two citizenships may have two",
        verified: true,
        read: |value| Ok(value.to_owned()),
        doubt: |_| None,
    },
    Scheme {
        name: "orcid",
        title: "Open Researcher and Contributor ID",
        form: "15 digits and a digit or X, in groups of four",
        checked: "check character by ISO 7064 MOD 11-2",
        one_issuer: true,
        decides: true,
        single: false,
        masked: false,
        citation: "ORCID, Structure of the ORCID Identifier",
        verified: false,
        read: |value| sixteen(value).map(|plain| grouped(&plain, '-')),
        doubt: |_| None,
    },
    Scheme {
        name: "uk-husid",
        title: "HESA unique student identifier",
        form: "13 digits",
        checked: "",
        one_issuer: true,
        decides: true,
        single: false,
        masked: false,
        citation: "HESA, Combined student/module record 06/07, field 004: length 13. A check digit is spoken of \
                   there; its weights could not be read, so it is not checked",
        verified: true,
        read: |value| digits(value, 13, "it should have 13 digits"),
        doubt: |_| None,
    },
    Scheme {
        name: "uk-uln",
        title: "Unique Learner Number of the Learning Records Service",
        form: "10 digits",
        checked: "last digit: 10 less the remainder by 11 of the first nine, weighted 10 to 2",
        one_issuer: true,
        decides: true,
        single: true,
        masked: false,
        citation: "Learning Records Service, ULN Validation, version 3 (WSLP02), as quoted by programs that cite it",
        verified: false,
        read: uln,
        doubt: |_| None,
    },
];

/// Schemes of identifiers that must not be kept, and why.
pub const FORBIDDEN: &[(&str, &str)] = &[
    ("aadhaar", FORBIDDEN_AADHAAR),
    ("in-aadhaar", FORBIDDEN_AADHAAR),
    ("aadhaar-number", FORBIDDEN_AADHAAR),
];

const FORBIDDEN_AADHAAR: &str = "India's Aadhaar numbers are not kept in a credit bank: use the in-abc-id";

/// The scheme of that name.
pub fn find(name: &str) -> Option<&'static Scheme> {
    ALL.iter().find(|scheme| scheme.name == name)
}

impl Scheme {
    /// Brings a value into the scheme's own form.
    ///
    /// # Errors
    /// Says why it cannot be a value of the scheme.
    pub fn read(&self, value: &str) -> Result<String, IdentifierError> {
        (self.read)(value)
    }

    /// What makes a value doubtful that passes the check.
    pub fn doubt(&self, value: &str) -> Option<String> {
        (self.doubt)(value)
    }

    /// A value as messages show it.
    pub fn shown(&self, value: &str) -> String {
        if self.masked { mask(value) } else { value.to_owned() }
    }
}

/// All but the last four characters made unreadable, as masked Aadhaar numbers are printed.
pub fn mask(value: &str) -> String {
    let length = value.chars().count();
    let hidden = length.saturating_sub(4);
    value.chars().enumerate().map(|(at, c)| if at < hidden || length <= 4 { '*' } else { c }).collect()
}

/// GB 11643: region (6), birth date (8), sequence (3), check character by ISO 7064 MOD 11-2; numbers of
/// 15 digits, issued before 1999, have no check character and are taken as they are.
fn cn_resident_id(value: &str) -> Result<String, IdentifierError> {
    let value = value.to_ascii_uppercase();
    if value.len() == 15 && is_digits(&value) {
        return Ok(value);
    }
    let form =
        IdentifierError::Form("it should have 17 digits and a digit or X (or 15 digits, issued before 1999)");
    checked(&value, 18, form)?;
    let (year, month, day) = (&value[6..10], &value[10..12], &value[12..14]);
    let born = format!("{year}-{month}-{day}");
    parse_iso(&born).map_err(|_| IdentifierError::BirthDate(born))?;
    fits(&value)?;
    Ok(value)
}

/// First two digits of region codes: provinces, and 81 to 83 and 91 of residence permits.
const PROVINCES: &[&str] = &[
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42",
    "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82",
    "83", "91",
];

/// Regions are abolished and renamed, so that only the province is looked at, and only a doubt follows.
fn cn_region(value: &str) -> Option<String> {
    let province = value.get(..2)?;
    (!PROVINCES.contains(&province)).then(|| format!("no province has the region code {province}"))
}

/// ORCID and ISNI: 15 digits and a check character by ISO 7064 MOD 11-2, in groups of four.
fn sixteen(value: &str) -> Result<String, IdentifierError> {
    let bare = value.strip_prefix("https://orcid.org/").unwrap_or(value);
    let plain: String = bare.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
    let plain = plain.to_ascii_uppercase();
    let form =
        IdentifierError::Form("it should have 15 digits and a digit or X, such as 0000-0002-1825-0097");
    checked(&plain, 16, form)?;
    fits(&plain)?;
    Ok(plain)
}

fn uln(value: &str) -> Result<String, IdentifierError> {
    let value = digits(value, 10, "it should have 10 digits")?;
    let bytes = value.as_bytes();
    let sum: u32 =
        bytes[..9].iter().zip((2..=10).rev()).map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
    match char::from_digit(10 - sum % 11, 10) {
        None => Err(IdentifierError::Form("no number begins with these nine digits: none has a check digit")),
        Some(expected) if bytes[9] == expected as u8 => Ok(value),
        Some(expected) => Err(IdentifierError::Check { expected }),
    }
}

fn digits(value: &str, length: usize, form: &'static str) -> Result<String, IdentifierError> {
    if value.len() == length && is_digits(value) {
        Ok(value.to_owned())
    } else {
        Err(IdentifierError::Form(form))
    }
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
pub(super) fn grouped(plain: &str, mark: char) -> String {
    let mut text = String::with_capacity(plain.len() + 3);
    for (at, c) in plain.chars().enumerate() {
        if at > 0 && at.is_multiple_of(4) {
            text.push(mark);
        }
        text.push(c);
    }
    text
}

/// Whether a string of digits passes Verhoeff's check (J. Verhoeff, Error detecting decimal codes, 1969):
/// the check of Aadhaar numbers, which a random number passes one time in ten.
pub fn passes_verhoeff(digits: &str) -> bool {
    if digits.is_empty() || !is_digits(digits) {
        return false;
    }
    let check = digits
        .bytes()
        .rev()
        .zip(0..)
        .fold(0, |check, (digit, place)| dihedral(check, permuted(usize::from(digit - b'0'), place % 8)));
    check == 0
}

/// The product of two elements of the dihedral group of order ten.
fn dihedral(a: usize, b: usize) -> usize {
    match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b - 5) % 5,
        (false, true) => 5 + (a - b) % 5,
        (false, false) => (a + 5 - b) % 5,
    }
}

/// A digit after its place's permutation: the powers of one permutation.
fn permuted(digit: usize, place: usize) -> usize {
    const STEP: [usize; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    (0..place).fold(digit, |digit, _| STEP[digit])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(scheme: &str, value: &str) -> Result<String, IdentifierError> {
        find(scheme).unwrap().read(value)
    }

    #[test]
    fn every_scheme_has_a_name_a_form_and_a_citation() {
        assert!(ALL.is_sorted_by(|a, b| a.name < b.name));
        for scheme in ALL {
            assert!(scheme.decides || !scheme.single);
            assert!(!scheme.form.is_empty() && !scheme.citation.is_empty() && !scheme.title.is_empty());
        }
    }

    #[test]
    fn resident_identity_numbers_are_checked() {
        // The two examples printed in GB 11643.
        for good in ["11010519491231002X", "440524188001010014", "110105491231002"] {
            assert_eq!(read("cn-resident-id", good), Ok(good.to_owned()));
        }
        assert_eq!(read("cn-resident-id", "11010519491231002x"), Ok("11010519491231002X".into()));
        let check_fails = |value| matches!(read("cn-resident-id", value), Err(IdentifierError::Check { .. }));
        assert!(check_fails("110105194912310021"));
        assert!(check_fails("101105194912310020"));
        let wrong_day = read("cn-resident-id", "110105194902300026");
        assert_eq!(wrong_day, Err(IdentifierError::BirthDate("1949-02-30".into())));
        for bad in ["1101051949123100", "11010519491231002", "1101051949123100XX", "１１０１０５", "王"]
        {
            assert!(matches!(read("cn-resident-id", bad), Err(IdentifierError::Form(_))), "{bad}");
        }
    }

    #[test]
    fn a_region_that_is_not_known_is_a_doubt_only() {
        let scheme = find("cn-resident-id").unwrap();
        assert_eq!(scheme.doubt("11010519491231002X"), None);
        assert_eq!(scheme.doubt("99010519491231002X").as_deref(), Some("no province has the region code 99"));
    }

    #[test]
    fn orcid_and_isni_are_checked_and_written_one_way() {
        // Published examples of both.
        for text in ["0000-0002-1825-0097", "0000000218250097", "https://orcid.org/0000-0002-1825-0097"] {
            assert_eq!(read("orcid", text), Ok("0000-0002-1825-0097".into()), "{text}");
        }
        assert_eq!(read("isni", "0000 0001 2146 438x"), Ok("000000012146438X".into()));
        assert_eq!(read("orcid", "0000-0002-1825-0098"), Err(IdentifierError::Check { expected: '7' }));
        assert!(matches!(read("orcid", "0000-0002-1825"), Err(IdentifierError::Form(_))));
    }

    #[test]
    fn learner_numbers_of_the_united_kingdom() {
        // Two numbers that other validators give as sound.
        for good in ["1000102504", "0000000042"] {
            assert_eq!(read("uk-uln", good), Ok(good.to_owned()));
        }
        assert_eq!(read("uk-uln", "1000102505"), Err(IdentifierError::Check { expected: '4' }));
        // 10 × 1 + 2 × 6 = 22: the check digit would be ten.
        assert!(matches!(read("uk-uln", "1000000060"), Err(IdentifierError::Form(_))));
        assert!(matches!(read("uk-husid", "123"), Err(IdentifierError::Form(_))));
    }

    #[test]
    fn account_numbers_of_the_academic_bank_have_twelve_digits_and_no_check() {
        assert_eq!(read("in-abc-id", "012345678901"), Ok("012345678901".into()));
        assert!(matches!(read("in-abc-id", "1234-5678-9012"), Err(IdentifierError::Form(_))));
        assert_eq!(find("in-abc-id").unwrap().shown("012345678901"), "********8901");
        assert_eq!((mask("123"), mask("")), ("***".into(), String::new()));
    }

    #[test]
    fn verhoeff_finds_every_wrong_digit_and_every_swap() {
        // The example of most descriptions: 236 with the check digit 3.
        assert!(passes_verhoeff("2363") && !passes_verhoeff("2364") && !passes_verhoeff("3263"));
        assert!(!passes_verhoeff("") && !passes_verhoeff("23a3"));
        let passing = (0..10_000).filter(|number| passes_verhoeff(&format!("{number:012}"))).count();
        assert_eq!(passing, 1_000);
        for at in 0..4 {
            for digit in b'0'..=b'9' {
                let mut text = *b"2363";
                text[at] = digit;
                assert_eq!(passes_verhoeff(std::str::from_utf8(&text).unwrap()), &text == b"2363");
            }
        }
    }
}
