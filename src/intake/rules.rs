//! The catalogue of import rules: what each means, which field it is about, and how to put it right.
//!
//! E… are errors: the row or the file is not taken. W… are warnings: it is taken, and somebody should
//! look. N… are notices. Hundreds say what a rule is about: 0 the whole file, 1 a row's shape, 2 a
//! value, 3 what a value refers to, 4 what the ledger already holds, 5 a delivery as a whole. A number is
//! never given a second meaning. Each rule is one line: name, number, fields, the rule, what becomes of the row where a
//! profile is lenient (empty where none can be), remedy.

use crate::domain::text;
use std::fmt;

/// Longest value that a message shows, in characters.
const SHOWN: usize = 60;

/// What follows from a broken rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The row, or the file, is not taken.
    Error,
    /// It is taken, and somebody should look at it.
    Warning,
    /// It is told, and nobody need do anything.
    Notice,
}

impl Severity {
    /// The word for it.
    pub fn name(self) -> &'static str {
        ["error", "warning", "notice"][self as usize]
    }
}

/// What the catalogue says of a rule.
struct Texts {
    code: &'static str,
    field: &'static str,
    summary: &'static str,
    /// What becomes of the row where a profile is lenient; empty where none can be.
    lenient: &'static str,
    remedy: &'static str,
    /// As `tests/import-rules` raises it.
    message: &'static str,
}

macro_rules! rules {
    ($($name:ident $code:literal $field:literal $summary:literal $lenient:literal $remedy:literal;)*) => {
        /// A numbered rule of imports.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Rule {
            $(#[doc = $summary] $name,)*
        }

        impl Rule {
            /// Every rule, in the order of the codes.
            pub const ALL: &'static [Rule] = &[$(Rule::$name),*];

            /// What is said of each rule, in the order of [`Rule::ALL`].
            const TEXTS: &'static [Texts] = &[$(Texts {
                code: $code,
                field: $field,
                summary: $summary,
                lenient: $lenient,
                remedy: $remedy,
                message: include_str!(concat!("../../tests/import-rules/", $code, "/message")),
            }),*];
        }
    };
}

rules! {
    Unreadable "E001" "file" "the file cannot be read" "" "check that the file exists and may be read";
    EmptyFile "E002" "file" "the file holds no rows" "" "send the file again: it is empty or was cut off";
    HeaderOnly "E003" "file" "the file holds a header and no rows" "" "check the selection from which the file was exported";
    ColumnMissing "E004" "header" "a column that the profile names is not in the header" "" "correct the column's name in the profile, or export the column";
    HeaderRepeated "E005" "header" "the header names a column twice" "" "give each column its own name";
    Encoding "E006" "file" "the file holds bytes that its encoding does not have" "" "where the encoding is right, the file is damaged there: have it sent again; else set `encoding` in the profile's [file] to what it is written in";
    NulByte "E007" "file" "the file holds a NUL byte" "" "the file is probably UTF-16 or not a text file: save it as CSV in UTF-8";
    RecordTooLong "E008" "file" "a record is longer than 1 MiB" "" "check the delimiter and the line endings of the file";
    QuoteOpen "E009" "file" "a quoted value is never closed" "" "close the quote, or double it where it belongs to the value";
    TooManyColumns "E010" "file" "a record has more than 4,096 columns" "" "check the delimiter in the profile, and that the file is a table";
    FormatOther "E011" "file" "the file has another format than the profile's" "" "correct `format` in the profile's [file], or save the file in that format";
    FormatUnread "E012" "file" "the file is in a format that is not read" "" "save it as CSV in UTF-8, as xlsx or as ods";
    SheetMissing "E013" "file" "the workbook has no such sheet" "" "correct `sheet` in the profile's [file]";
    Unpacked "E014" "file" "the file unpacks to more than any table of its size" "" "save the sheet as CSV in UTF-8 and send that";
    Protected "E015" "file" "the workbook is protected by a password" "" "save it without the password";
    Workbook "E016" "file" "the workbook is damaged" "" "open it and save it again, or save the sheet as CSV in UTF-8";
    Packed "E017" "file" "the packed file is cut off or damaged" "" "send it again whole: compare its size and its SHA-256 with those at the sender";
    XmlBroken "E021" "file" "the file is not XML" "" "export it again: it was cut off or edited by hand";
    XmlUnsafe "E022" "file" "the XML holds what is not read: a document type, entities, elements too deep or too long" "" "have it sent as plain XML";
    ElmoInvalid "E023" "file" "the file departs from the ELMO 1.x schema" "" "have the sender validate it against the schema of EMREX";
    JsonBroken "E031" "file" "the file is not JSON" "" "export it again: it was cut off or edited by hand";
    JsonUnsafe "E032" "file" "a JSON document is too deep or too long" "" "send each credential in a document of its own";
    RowShape "E101" "row" "the row has more or fewer fields than the file has columns" "" "look for a missing or a stray delimiter; quote values that contain it";
    RowTotal "E102" "credits" "a row's control total differs from the credits of its results" "" "correct the results or the total at the source: the whole row is refused";
    NoCredential "E131" "row" "a JSON object is no credential about an achievement" "" "send Open Badges 3.0 or CLR 2.0 credentials";
    ValueMissing "E201" "learner, institution, outcome, period, name" "a required value is empty" "" "fill it in, or give it for all rows in the profile's [constants]";
    AmountNotANumber "E202" "credits, hours" "an amount is not a decimal number" "" "write digits and at most one decimal mark";
    AmountOtherMark "E203" "credits, hours" "an amount uses another decimal mark than the profile's" "" "set `decimal_mark` in the profile's [file], or correct the value";
    AmountNegative "E204" "credits, hours" "an amount is negative" "" "reverse the earlier deposit instead";
    AmountExponent "E205" "credits, hours" "an amount is in exponent notation" "" "export the column as plain numbers";
    AmountTooFine "E206" "credits, hours" "an amount has more than three decimals" "" "round it where it was awarded; the ledger rounds no award";
    AmountTooLarge "E207" "credits, hours" "an amount is above 1,000,000" "" "check the decimal mark and the column";
    IdentifierDamaged "E211" "learner, institution, outcome, record, identifiers" "an identifier was turned into a number by a spreadsheet" "" "export the column as text: digits have been lost";
    ControlCharacter "E212" "learner, institution, outcome, record, identifiers" "an identifier contains a control or invisible character" "" "remove the character at the source";
    ValueTooLong "E213" "any" "a value is longer than 500 characters, or an attribute than 4,000" "" "check for a missing quote or delimiter, or shorten the value";
    CellError "E214" "any" "a cell holds an error instead of a value" "" "correct the formula at the source";
    IdentifierForm "E216" "learner, identifiers" "an identifier does not have the form of its scheme" "" "correct it at the source; where the column holds another sort of number, name its scheme in the profile";
    IdentifierCheck "E217" "learner, identifiers" "an identifier fails the check of its scheme" "" "correct it at the source: a digit is wrong or two are swapped";
    StatusUnknown "E221" "status" "a status is none of the words known" "" "correct the value, or add the word to the profile's [values.status]";
    KindUnknown "E222" "kind" "a kind of learning is none of the words known" "" "correct the value, or add the word to the profile's [values.kind]";
    AttemptRange "E223" "attempt" "an attempt is not a number from 1 to 99" "" "count attempts from 1";
    FieldCode "E224" "field" "a field of education is not an ISCED-F code" "the row is taken without the code" "write two to four digits, such as 0613";
    FlagUnknown "E225" "repeatable" "a value is neither yes nor no" "the outcome counts as not repeatable" "write yes or no, or map the word in the profile's [values.repeatable]";
    DateShape "E231" "period, other dates" "a date does not have a form that the profile knows" "" "add the form to `formats` in the profile's [dates] (`serial` where a workbook gives the number of a day), or the term to the institution's calendar";
    DateNoSuchDay "E232" "period, other dates" "a date names a day that does not exist" "" "correct the date at the source";
    DateYearRange "E233" "period, other dates" "a date's year lies outside 1800–2999" "" "correct the year at the source";
    LearnerUnknown "E301" "learner" "the learner is not registered" "" "register the learner first, or set `unknown = \"create\"` in the profile's [learner]";
    InstitutionUnknown "E302" "institution" "the institution is not registered" "" "register the institution first, or set `unknown = \"create\"` in the profile's [institution]";
    OutcomeUnknown "E303" "outcome" "the outcome is not in the institution's catalogue" "" "import the catalogue first, or set `unknown = \"create\"` in the profile's [outcome]";
    PeriodNotOffered "E304" "period" "the outcome was not offered in this period" "the period is taken as it is" "correct the period, or add the offering to the catalogue";
    OutcomeDiffers "E305" "title, level, framework, field, hours, credits" "the row differs from the catalogue" "" "correct the row, or set `differs = \"version\"` in the profile's [outcome] where the outcome changed";
    SystemUnknown "E306" "system" "the credit system is not known" "" "correct the name, or register the credit system";
    LevelUnknown "E307" "level" "the level is not one of its framework" "the row is taken without the level" "correct the level or the framework";
    FrameworkUnknown "E308" "framework" "the framework of levels is not known" "the row is taken without the level" "correct the name, or register the framework";
    CreditsUnknown "E309" "credits" "neither the row nor the catalogue says how many credits" "" "give the credits in the row or in the catalogue";
    GradeUnknown "E311" "grade" "the grade is not on its scale" "the grade is kept as written" "correct the grade or the scale";
    NotAccredited "E312" "period" "the outcome was not accredited at the time" "the period is taken as it is" "correct the date, or the outcome's dates of accreditation";
    InstitutionDiffers "E315" "institution" "the row differs from the institution as registered" "what is registered stands" "correct the row, or change the institution's registration";
    IdentifierTaken "E317" "identifiers" "an identifier belongs to another account" "" "find out whose it is: correct the row; if it is one person, merge the accounts, or record the row's own number with `creditbank learner identify`";
    LearnerLike "E318" "name, birth_date" "somebody of this name and birth date has an account" "" "record the identifier with `creditbank learner identify` where they are one person, or open an account with `creditbank learner add` where they are not";
    IdentifierDiffers "E319" "identifiers" "a person has one identifier of this scheme, and the row's account has another" "" "find out whose the row is: correct it, or record this one too with `creditbank learner identify` where both are the person's";
    BornOtherwise "E320" "birth_date" "the account that the identifier names is known with another birth date" "the row is taken for that account" "find out whose the row is: correct the identifier or the birth date";
    GroupMixed "E401" "credits" "the rows of a group that shares its credits do not share a result" "" "give each row its own credits, or divide the group at the source";
    GroupLoadDiffers "E402" "credits" "the rows of a group do not agree on its credits" "" "correct the credits at the source";
    Conflict "E403" "row" "the ledger holds this achievement with other values" "" "where this row is the right one, reverse the recorded deposit first, or let `differs = \"correct\"` in the profile's [result] correct it";
    ConflictInFile "E404" "row" "the file holds this achievement twice with different values" "" "keep the row that is right";
    GroupBroken "E406" "row" "another row of a group that shares its credits is refused" "" "mend that row and send the whole group again";
    GroupCounted "E407" "credits" "the ledger holds the load of this group already, apportioned over other rows" "" "reverse that batch first and send the whole group again";
    ClosedPeriod "E408" "period" "the date lies in a closed period" "" "give the reason with --reason";
    WholeOnly "E409" "credits" "the credit system counts whole items only" "" "correct the amount, or the credit system";
    CreditInUse "E410" "row" "what the row would replace is placed or on hold" "" "release the placement or lift the hold first, then send the row again";
    Incomparable "E411" "grade" "nobody can say which of two results in one outcome is the better one, and the best counts" "" "give the bank the order of the scale with `scale add`, or let the profile's [attempts] count the first or the latest";
    PartSum "E421" "credits" "the row that stands above others does not hold the sum of their credits" "" "correct the credits, or the profile's [part]";
    PartOfNothing "E422" "part_of" "a row is part of one that the file does not hold" "" "send the whole and its parts in one file, or correct `part_of`";
    PartOfItself "E423" "part_of" "rows are parts of each other in a circle" "" "correct `part_of` at the source";
    PartOfRefused "E424" "part_of" "the row that counts this row's credit is refused" "" "mend that row and send both again";
    TooManyRefused "E501" "file" "more rows are refused than the profile allows" "" "mend the rows, or raise `refused_at_most` in the profile's [standard]";
    FewerRows "E502" "file" "there are far fewer rows than in the batch before" "" "ask whether the file is whole; if it is, say --expect-smaller";
    LessCredit "E503" "credits" "there is far less credit than in the batch before" "" "ask whether the file is whole; if it is, say --expect-smaller";
    MoreRows "E504" "file" "there are far more rows than in the batch before" "" "ask whether the file is the right one; if it is, say --expect-larger";
    MoreCredit "E505" "credits" "there is far more credit than in the batch before" "" "look at the decimal mark and the column; if they are right, say --expect-larger";
    RowsDiffer "E506" "file" "the number of rows is not the control total" "" "ask for the whole file, or correct the control total";
    CreditsDiffer "E507" "credits" "the credits are not the control total" "" "ask for the whole file, or correct the control total";
    HashDiffers "E508" "file" "the file is not the one that its manifest describes" "" "send the file again, or a manifest that is made from it";
    ManifestMissing "E509" "file" "the profile asks for a manifest and there is none" "" "send FILE.manifest.toml or FILE.manifest.json with the file, or name it with --manifest";
    ManifestUnread "E510" "file" "the manifest cannot be read" "" "write rows, sha256 and [credits] in TOML or JSON";
    ManifestTwice "E511" "file" "two manifests stand beside the file" "" "take away the one that is not meant, or name the right one with --manifest";
    Repeated "N101" "row" "the achievement is already recorded" "" "nothing to do";
    FileSeen "N102" "file" "this very file was imported before" "" "nothing to do";
    NotDeposited "N103" "status" "the result creates no credit" "" "nothing to do; `statuses` in the profile's [deposit] decides";
    Mended "N104" "any" "a value was replaced as the profile's `[values]` say" "" "nothing to do; better still, correct it at the source";
    EncodingGuessed "N105" "file" "the encoding was guessed" "" "look at the names; set `encoding` in the profile's [file] to what it is";
    EncodingDiffers "N106" "file" "the file is in another encoding than the profile's" "" "nothing to do";
    DelimiterGuessed "N107" "file" "the delimiter was guessed" "" "set `delimiter` in the profile's [file]";
    SheetChosen "N108" "file" "the workbook has several sheets and the first was read" "" "set `sheet` in the profile's [file]";
    HeaderFound "N109" "header" "the header stands below other rows" "" "nothing to do; `header_row` in the profile's [file] fixes it";
    ColumnRenamed "N111" "header" "a column stands under another name than the layout's" "" "nothing to do; better still, correct the name at the source";
    IdentifierRewritten "N112" "learner, identifiers" "an identifier is written otherwise than its scheme writes it" "" "nothing to do: it is kept in the scheme's form";
    RowGathered "N113" "row" "the row says more of an achievement that another row records" "" "nothing to do: the profile's [gather] joins them";
    Outdated "N114" "row" "the row says what a later import corrected" "" "nothing to do: the correction stands; where the row is right after all, reverse the correction";
    Corrected "N115" "row" "the row corrects what was recorded" "" "nothing to do: what was recorded is reversed, and stays in the statement";
    NotCounted "N116" "row" "another result in the same outcome counts, and gives the credit" "" "nothing to do; an outcome that may be credited again is `repeatable`";
    CountedElsewhere "N121" "credits" "another row counts the credit of this one: it is recorded without credit" "" "nothing to do; see `counted` and [part] of the profile";
    Unverified "N122" "file" "credentials are taken without checking who signed them" "" "ask the issuer where it matters; each achievement keeps the mark";
    NoResults "N123" "file" "a transcript, or a report in it, holds no results" "" "nothing to do, unless some were expected";
    RegionUnknown "W211" "learner, identifiers" "the region in a resident identity number is not known" "" "compare the number with the card; regions are abolished, so it may be right";
    AadhaarLikely "W212" "learner, identifiers" "the column of Academic Bank of Credits accounts probably holds Aadhaar numbers" "" "ask the supplier for the account numbers, and reverse the batch: Aadhaar numbers are not kept here. Messages show the last four digits only; a file of refused rows has what the supplier wrote";
    CreditsZero "W221" "credits" "a result that creates credit has none: its credits are 0" "" "ask the source what it is worth; where it has no credit, count it as an item with `system = \"ITEM\"` and `credits = 1`";
    DateInFuture "W241" "period" "the date lies in the future" "" "check the year: results are recorded when they are known";
    OutcomeTwice "W305" "title, level, field, hours, credits" "a catalogue describes an outcome twice, differently, and the second became a new version" "" "find out which of them is right";
}

impl Rule {
    /// The number under which the rule is known: `E203`.
    pub fn code(self) -> &'static str {
        Rule::TEXTS[self as usize].code
    }

    /// The fields of a profile that it is about; or `row`, `file`, `header`, `any`.
    pub fn field(self) -> &'static str {
        Rule::TEXTS[self as usize].field
    }

    /// What is wrong, in general.
    pub fn summary(self) -> &'static str {
        Rule::TEXTS[self as usize].summary
    }

    /// What puts it right.
    pub fn remedy(self) -> &'static str {
        Rule::TEXTS[self as usize].remedy
    }

    /// What becomes of a row that breaks the rule where the profile is lenient; none where no profile
    /// can be.
    pub fn lenient(self) -> Option<&'static str> {
        Some(Rule::TEXTS[self as usize].lenient).filter(|effect| !effect.is_empty())
    }

    /// As it is told of the smallest example, value included.
    pub fn message(self) -> &'static str {
        Rule::TEXTS[self as usize].message.trim_end()
    }

    /// True where only a bank can tell whether it is broken: by its registries, its journal, its books.
    pub fn needs_bank(self) -> bool {
        use Rule::*;
        const IN_A_BANK: [Rule; 22] = [
            LearnerUnknown,
            InstitutionUnknown,
            OutcomeUnknown,
            PeriodNotOffered,
            SystemUnknown,
            CreditsUnknown,
            GradeUnknown,
            NotAccredited,
            InstitutionDiffers,
            GroupCounted,
            Conflict,
            CreditInUse,
            Incomparable,
            Outdated,
            Corrected,
            NotCounted,
            ClosedPeriod,
            FewerRows,
            LessCredit,
            MoreRows,
            MoreCredit,
            FileSeen,
        ];
        IN_A_BANK.contains(&self)
    }

    /// What follows from it where no profile is lenient.
    pub fn severity(self) -> Severity {
        match self.code().as_bytes()[0] {
            b'E' => Severity::Error,
            b'W' => Severity::Warning,
            _ => Severity::Notice,
        }
    }

    /// The rule of that number, in either case of letters.
    pub fn from_code(code: &str) -> Option<Rule> {
        Rule::ALL.iter().copied().find(|rule| rule.code().eq_ignore_ascii_case(code))
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
    /// What follows: the rule's own severity, or a warning where the profile is lenient.
    pub severity: Severity,
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
        let value = text::shorten(value, SHOWN);
        Problem { rule, severity: rule.severity(), line, column, value, reason: reason.into() }
    }

    /// True where the row is not taken.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is about a whole file has no line.
        if self.line > 0 {
            write!(f, "line {}", self.line)?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column {}", column.number)?;
            if !column.name.is_empty() {
                write!(f, " `{}`", text::shorten(&column.name, SHOWN))?;
            }
        }
        if self.line > 0 {
            f.write_str(": ")?;
        }
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
            assert!(!rule.field().is_empty());
            assert!(rule.lenient().is_none() || rule.severity() == Severity::Error, "{rule}");
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
