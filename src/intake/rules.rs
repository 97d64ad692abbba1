//! The numbered faults of incoming files: what each means and how to put it right.
//!
//! E0xx are faults of the whole file, E1xx of a row's shape, E2xx of a value, E3xx of what a value
//! refers to, E4xx of what the ledger already holds; N… are notices that stop nothing. A number is
//! never given a second meaning.

use crate::domain::text;
use std::fmt;

/// Longest value that a message shows, in characters.
const SHOWN: usize = 60;

macro_rules! rules {
    ($($name:ident $code:literal $summary:literal $remedy:literal;)*) => {
        /// A numbered fault or notice.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Rule {
            $(#[doc = $summary] $name,)*
        }

        impl Rule {
            /// Every rule, in the order of the codes.
            pub const ALL: &'static [Rule] = &[$(Rule::$name),*];

            /// What is said of each rule, in the order of [`Rule::ALL`].
            const TEXTS: &'static [(&'static str, &'static str, &'static str)] =
                &[$(($code, $summary, $remedy)),*];
        }
    };
}

rules! {
    Unreadable "E001" "the file cannot be read" "check that the file exists and may be read";
    EmptyFile "E002" "the file holds no rows" "send the file again: it is empty or was cut off";
    HeaderOnly "E003" "the file holds a header and no rows" "check the selection from which the file was exported";
    ColumnMissing "E004" "a column that the profile names is not in the header" "correct the column's name in the profile, or export the column";
    HeaderRepeated "E005" "the header names a column twice" "give each column its own name";
    Encoding "E006" "the file is not in the profile's encoding" "set `encoding` in the profile's [file] to what the file is written in";
    NulByte "E007" "the file holds a NUL byte" "the file is probably UTF-16 or not a text file: save it as CSV in UTF-8";
    RecordTooLong "E008" "a record is longer than 1 MiB" "check the delimiter and the line endings of the file";
    QuoteOpen "E009" "a quoted value is never closed" "close the quote, or double it where it belongs to the value";
    TooManyColumns "E010" "a record has more than 4,096 columns" "check the delimiter in the profile, and that the file is a table";
    FormatOther "E011" "the file has another format than the profile's" "correct `format` in the profile's [file], or save the file in that format";
    FormatUnread "E012" "the file is in a format that is not read" "save it as CSV in UTF-8, as xlsx or as ods";
    SheetMissing "E013" "the workbook has no such sheet" "correct `sheet` in the profile's [file]";
    Unpacked "E014" "the file unpacks to more than any table of its size" "save the sheet as CSV in UTF-8 and send that";
    Protected "E015" "the workbook is protected by a password" "save it without the password";
    Workbook "E016" "the workbook is damaged" "open it and save it again, or save the sheet as CSV in UTF-8";
    RowShape "E101" "the row has more or fewer fields than the file has columns" "look for a missing or a stray delimiter; quote values that contain it";
    ValueMissing "E201" "a required value is empty" "fill it in, or give it for all rows in the profile's [constants]";
    AmountNotANumber "E202" "an amount is not a decimal number" "write digits and at most one decimal mark";
    AmountOtherMark "E203" "an amount uses another decimal mark than the profile's" "set `decimal_mark` in the profile's [file], or correct the value";
    AmountNegative "E204" "an amount is negative" "reverse the earlier deposit instead";
    AmountExponent "E205" "an amount is in exponent notation" "export the column as plain numbers";
    AmountTooFine "E206" "an amount has more than three decimals" "round it where it was awarded; the ledger rounds no award";
    AmountTooLarge "E207" "an amount is above 1,000,000" "check the decimal mark and the column";
    IdentifierDamaged "E211" "an identifier was turned into a number by a spreadsheet" "export the column as text: digits have been lost";
    ControlCharacter "E212" "an identifier contains a control or invisible character" "remove the character at the source";
    ValueTooLong "E213" "a value is longer than 500 characters" "check for a missing quote or delimiter, or shorten the value";
    CellError "E214" "a cell holds an error instead of a value" "correct the formula at the source";
    StatusUnknown "E221" "a status is none of the words known" "correct the value, or add the word to the profile's [values.status]";
    KindUnknown "E222" "a kind of learning is none of the words known" "correct the value, or add the word to the profile's [values.kind]";
    AttemptRange "E223" "an attempt is not a number from 1 to 99" "count attempts from 1";
    FieldCode "E224" "a field of education is not an ISCED-F code" "write two to four digits, such as 0613";
    FlagUnknown "E225" "a value is neither yes nor no" "write yes or no, or map the word in the profile's [values.repeatable]";
    DateShape "E231" "a date does not have a form that the profile knows" "add the form to `formats` in the profile's [dates], or the term to the institution's calendar";
    DateNoSuchDay "E232" "a date names a day that does not exist" "correct the date at the source";
    DateYearRange "E233" "a date's year lies outside 1800–2999" "correct the year at the source";
    LearnerUnknown "E301" "the learner is not registered" "register the learner first, or set `unknown = \"create\"` in the profile's [learner]";
    InstitutionUnknown "E302" "the institution is not registered" "register the institution first, or set `unknown = \"create\"` in the profile's [institution]";
    OutcomeUnknown "E303" "the outcome is not in the institution's catalogue" "import the catalogue first, or set `unknown = \"create\"` in the profile's [outcome]";
    PeriodNotOffered "E304" "the outcome was not offered in this period" "correct the period, or add the offering to the catalogue";
    OutcomeDiffers "E305" "the row differs from the catalogue" "correct the row, or set `differs = \"version\"` in the profile's [outcome] where the outcome changed";
    SystemUnknown "E306" "the credit system is not known" "correct the name, or register the credit system";
    LevelUnknown "E307" "the level is not one of its framework" "correct the level or the framework";
    FrameworkUnknown "E308" "the framework of levels is not known" "correct the name, or register the framework";
    CreditsUnknown "E309" "neither the row nor the catalogue says how many credits" "give the credits in the row or in the catalogue";
    ScaleUnknown "E310" "the grading scale is not known" "correct the name, or register the scale";
    GradeUnknown "E311" "the grade is not on its scale" "correct the grade or the scale";
    NotAccredited "E312" "the outcome was not accredited at the time" "correct the date, or the outcome's dates of accreditation";
    LearnerAmbiguous "E313" "the identifier belongs to several people" "merge their accounts, or use another identifier";
    AccountRestricted "E314" "the learner's account is restricted" "lift the restriction first";
    InstitutionDiffers "E315" "the row differs from the institution as registered" "correct the row, or change the institution's registration";
    LearnerDiffers "E316" "the row differs from the learner as registered" "correct the row, or the learner's registration";
    GroupMixed "E401" "the rows of a group that shares its credits do not share a result" "give each row its own credits, or divide the group at the source";
    GroupLoadDiffers "E402" "the rows of a group do not agree on its credits" "correct the credits at the source";
    Conflict "E403" "the ledger holds this achievement with other values" "reverse the recorded deposit first, if this row is the right one";
    ConflictInFile "E404" "the file holds this achievement twice with different values" "keep the row that is right";
    Erased "E405" "the learner's data was erased and must not be recorded again" "take the learner out of the file at the source";
    GroupBroken "E406" "another row of a group that shares its credits is refused" "mend that row and send the whole group again";
    GroupCounted "E407" "the ledger holds the load of this group already, apportioned over other rows" "reverse that batch first and send the whole group again";
    ClosedPeriod "E408" "the date lies in a closed period" "give the reason with --reason";
    WholeOnly "E409" "the credit system counts whole items only" "correct the amount, or the credit system";
    Repeated "N101" "the achievement is already recorded" "nothing to do";
    FileSeen "N102" "this very file was imported before" "nothing to do";
    NotDeposited "N103" "the result creates no credit" "nothing to do; `statuses` in the profile's [deposit] decides";
    Mended "N104" "a value was replaced as the profile's `[values]` say" "nothing to do; better still, correct it at the source";
    EncodingGuessed "N105" "the encoding was guessed" "look at the names; set `encoding` in the profile's [file] to what it is";
    EncodingDiffers "N106" "the file is in another encoding than the profile's" "nothing to do";
    DelimiterGuessed "N107" "the delimiter was guessed" "set `delimiter` in the profile's [file]";
    SheetChosen "N108" "the workbook has several sheets and the first was read" "set `sheet` in the profile's [file]";
    HeaderFound "N109" "the header stands below other rows" "nothing to do; `header_row` in the profile's [file] fixes it";
}

impl Rule {
    /// The number under which the rule is known: `E203`.
    pub fn code(self) -> &'static str {
        Rule::TEXTS[self as usize].0
    }

    /// What is wrong, in general.
    pub fn summary(self) -> &'static str {
        Rule::TEXTS[self as usize].1
    }

    /// What puts it right.
    pub fn remedy(self) -> &'static str {
        Rule::TEXTS[self as usize].2
    }

    /// The rule of that number, in either case of letters.
    pub fn from_code(code: &str) -> Option<Rule> {
        Rule::ALL.iter().copied().find(|rule| rule.code().eq_ignore_ascii_case(code))
    }

    /// True for what is told and stops nothing.
    pub fn is_notice(self) -> bool {
        self.code().starts_with('N')
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// The column of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnRef {
    /// Position in the file, from 1.
    pub number: usize,
    /// Name in the header; empty where the file has none.
    pub name: String,
}

/// What is wrong with one row: where, which value, why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The rule that it breaks.
    pub rule: Rule,
    /// Physical line on which the row starts, from 1.
    pub line: u64,
    /// The value's column, if it is about one value of the file.
    pub column: Option<ColumnRef>,
    /// The value, shortened, with control characters made visible.
    pub value: String,
    /// Why this value breaks the rule.
    pub reason: String,
}

impl Problem {
    /// A problem with a value.
    pub fn new(
        rule: Rule,
        line: u64,
        column: Option<ColumnRef>,
        value: &str,
        reason: impl Into<String>,
    ) -> Problem {
        Problem { rule, line, column, value: text::shorten(value, SHOWN), reason: reason.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(column) = &self.column {
            write!(f, ", column {}", column.number)?;
            if !column.name.is_empty() {
                write!(f, " `{}`", text::shorten(&column.name, SHOWN))?;
            }
        }
        f.write_str(": ")?;
        if !self.value.is_empty() {
            write!(f, "`{}`: ", self.value)?;
        }
        write!(f, "{} — {} [{}]", self.reason, self.rule.remedy(), self.rule.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_given_once_and_in_order() {
        let codes: Vec<&str> = Rule::ALL.iter().map(|rule| rule.code()).collect();
        assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
        for rule in Rule::ALL {
            assert_eq!(Rule::from_code(&rule.code().to_lowercase()), Some(*rule));
            assert!(!rule.summary().is_empty() && !rule.remedy().is_empty());
            assert_eq!(rule.is_notice(), rule.code().starts_with('N'));
        }
    }

    #[test]
    fn a_problem_says_where_what_why_and_what_to_do() {
        let column = ColumnRef { number: 3, name: "credits".into() };
        let problem = Problem::new(Rule::AmountOtherMark, 7, Some(column), "2,5", "it has a comma");
        assert_eq!(
            problem.to_string(),
            "line 7, column 3 `credits`: `2,5`: it has a comma — set `decimal_mark` in the profile's [file], \
             or correct the value [E203]"
        );
        let problem = Problem::new(Rule::RowShape, 9, None, "", "expected 3 fields, got 4");
        assert!(problem.to_string().starts_with("line 9: expected 3"), "{problem}");
        let long = Problem::new(Rule::ValueTooLong, 1, None, &"\u{1b}x".repeat(400), "");
        assert!(long.value.chars().count() <= 61 && !long.value.contains('\u{1b}'));
    }
}
