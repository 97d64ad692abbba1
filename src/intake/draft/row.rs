//! One row: every value read and checked, every fault of the row noted.

use super::Draft;
use super::mapping::{Mapping, Origin, Slot};
use crate::domain::credits::{AmountError, Credits};
use crate::domain::date::{Calendar, Period, parse_iso};
use crate::domain::identifier::IdentifierError;
use crate::domain::outcome::{Kind, Status};
use crate::domain::scheme::{self, Scheme};
use crate::domain::text::{clean, visible};
use crate::intake::csv::Record;
use crate::intake::profile::Field;
use crate::intake::rules::{Problem, Rule};
use std::borrow::Cow;

/// Longest value, in characters.
const MAX_VALUE: usize = 500;
/// Longest attribute, in characters: a distribution of grades is one.
const MAX_ATTRIBUTE: usize = 4_000;

impl<'p> Mapping<'p> {
    /// Reads one row. All faults of the row are pushed to `problems`; with an error there is no draft.
    pub fn draft<'a>(&'a self, record: &'a Record, problems: &mut Vec<Problem>) -> Option<Draft<'a>> {
        if record.len() != self.width() {
            let reason = format!("expected {} fields, got {}", self.width(), record.len());
            problems.push(Problem::new(Rule::RowShape, record.line(), None, "", reason));
            return None;
        }
        self.part.set(record.part());
        if let Some(doubt) = record.refused() {
            problems.push(Problem::new(doubt.rule, record.line(), None, "", doubt.reason.as_str()));
            return None;
        }
        if let Some(fault) = record.fault() {
            let (value, column) = (record.get(fault.index).unwrap_or_default(), self.column_at(fault.index));
            problems.push(Problem::new(
                fault.rule,
                record.line(),
                Some(column),
                value,
                fault.reason.as_str(),
            ));
            return None;
        }
        let before = problems.len();
        let mut row = Row { mapping: self, record, problems };
        let mut draft = Draft::default();
        row.result(&mut draft);
        row.describe(&mut draft);
        (!problems[before..].iter().any(Problem::is_error)).then_some(draft)
    }

    /// Reads a row whose [description](Mapping::description) was met before, without reading that again, into a
    /// draft that describes nothing; false where anything is to be told of the row.
    pub fn draft_result<'a>(
        &'a self,
        record: &'a Record,
        problems: &mut Vec<Problem>,
        draft: &mut Draft<'a>,
    ) -> bool {
        let before = problems.len();
        Row { mapping: self, record, problems }.result(draft);
        problems.len() == before
    }
}

struct Row<'a, 'q> {
    mapping: &'a Mapping<'a>,
    record: &'a Record,
    problems: &'q mut Vec<Problem>,
}

impl<'a> Row<'a, '_> {
    /// What the row says of its result; of the outcome nothing yet. A draft is wide, so that it is filled where it
    /// stands, and nothing is written into what no column fills.
    fn result(&mut self, draft: &mut Draft<'a>) {
        draft.line = self.record.line();
        draft.part = self.record.part();
        draft.learner = self.learner();
        draft.period = self.text(Field::Period).unwrap_or_default();
        if self.fills(Field::Record) {
            draft.record = self.identifier(Field::Record);
        }
        draft.counted = self.flag(Field::Counted).unwrap_or(true);
        self.fill(Field::PartOf, &mut draft.part_of);
        draft.status = self.status();
        self.fill(Field::Grade, &mut draft.grade);
        self.fill(Field::Scale, &mut draft.scale);
        draft.attempt = self.attempt();
        self.fill(Field::Name, &mut draft.name);
        self.fill(Field::FormerName, &mut draft.former_name);
        self.fill_date(Field::BirthDate, &mut draft.birth_date);
        self.fill(Field::Sex, &mut draft.sex);
        self.fill(Field::Region, &mut draft.region);
        self.fill(Field::Sector, &mut draft.sector);
        self.fill_date(Field::ValidFrom, &mut draft.valid_from);
        self.fill_date(Field::ValidTo, &mut draft.valid_to);
        self.fill_date(Field::AccreditedFrom, &mut draft.accredited_from);
        self.fill_date(Field::AccreditedTo, &mut draft.accredited_to);
        self.fill(Field::Offering, &mut draft.offering);
        if !self.mapping.attributes.is_empty() {
            draft.attributes = self.attributes();
        }
        if !self.mapping.identifiers.is_empty() {
            draft.identifiers = self.identifiers();
        }
    }

    /// Whether a column or a constant fills a field.
    fn fills(&self, field: Field) -> bool {
        !matches!(self.mapping.slot(field).origin, Origin::Nothing)
    }

    #[inline(always)]
    fn fill(&mut self, field: Field, place: &mut Option<Cow<'a, str>>) {
        if self.fills(field) {
            *place = self.text(field);
        }
    }

    #[inline(always)]
    fn fill_date(&mut self, field: Field, place: &mut Option<Period>) {
        if self.fills(field) {
            *place = self.date(field);
        }
    }

    /// What the row says of its outcome and its credit, and whose identifier the learner's is.
    fn describe(&mut self, draft: &mut Draft<'a>) {
        draft.institution = self.identifier(Field::Institution).unwrap_or_default();
        draft.institution_name = self.text(Field::InstitutionName);
        draft.institution_country = self.text(Field::InstitutionCountry);
        draft.scheme = self.text(Field::Scheme);
        draft.issuer = self.text(Field::Issuer);
        draft.outcome = self.identifier(Field::Outcome).unwrap_or_default();
        draft.title = self.text(Field::Title);
        draft.kind = self.kind();
        draft.level = self.text(Field::Level);
        draft.framework = self.text(Field::Framework);
        draft.field = self.field_code();
        draft.hours = self.amount(Field::Hours);
        draft.credits = self.amount(Field::Credits);
        draft.system = self.text(Field::System);
        draft.repeatable = self.flag(Field::Repeatable);
        draft.country = self.text(Field::Country);
    }

    /// The value of a field; `None` and, where the field is required, a problem if it is empty.
    #[inline(always)]
    fn text(&mut self, field: Field) -> Option<Cow<'a, str>> {
        let slot = self.mapping.slot(field);
        if matches!(slot.origin, Origin::Nothing) { None } else { self.filled(field, slot) }
    }

    fn filled(&mut self, field: Field, slot: Slot<'a>) -> Option<Cow<'a, str>> {
        let value = self.value(slot)?;
        if value.is_empty() {
            if self.mapping.profile.requires(field) {
                self.fault(slot, Rule::ValueMissing, "", format!("`{}` is empty", field.name()));
            }
            return None;
        }
        Some(value)
    }

    /// The cleaned and mended value of a slot that is filled at all.
    #[inline]
    fn value(&mut self, slot: Slot<'a>) -> Option<Cow<'a, str>> {
        self.value_up_to(slot, MAX_VALUE)
    }

    #[inline]
    fn value_up_to(&mut self, slot: Slot<'a>, most: usize) -> Option<Cow<'a, str>> {
        let index = match slot.origin {
            Origin::Nothing => return None,
            Origin::Constant(value) => return Some(Cow::Borrowed(value)),
            Origin::Column(index) => index,
        };
        let value = tidy(self.record.get(index).unwrap_or_default());
        if value.len() > most && value.chars().count() > most {
            let reason = format!("it has {} characters", value.chars().count());
            self.fault(slot, Rule::ValueTooLong, &value, reason);
        }
        if !self.record.doubts().is_empty() {
            self.doubt(slot, index);
        }
        let meant = slot.map.and_then(|map| self.mapping.words[map].meant(&value));
        if value.starts_with('#') && meant.is_none() {
            self.error_word(slot, index, &value);
        }
        Some(meant.map_or(value, Cow::Borrowed))
    }

    fn identifier(&mut self, field: Field) -> Option<Cow<'a, str>> {
        let value = self.text(field)?;
        self.check_identifier(self.mapping.slot(field), &value);
        Some(value)
    }

    fn learner(&mut self) -> Cow<'a, str> {
        let Some(value) = self.identifier(Field::Learner) else { return Cow::Borrowed("") };
        let scheme = match self.text(Field::Scheme) {
            None => self.mapping.schemes.learner,
            Some(own) => scheme::find(&own),
        };
        match scheme {
            None => value,
            Some(scheme) => self.of_scheme(scheme, self.mapping.slot(Field::Learner), value),
        }
    }

    /// A value in the form of its scheme; what is wrong or doubtful about it is noted.
    fn of_scheme(&mut self, scheme: &'static Scheme, slot: Slot<'a>, value: Cow<'a, str>) -> Cow<'a, str> {
        self.mapping.schemes.saw(scheme, &value);
        let own = match scheme.read(&value) {
            Ok(own) => own,
            Err(error) => {
                let (rule, why) = match error {
                    IdentifierError::Check { .. } => (Rule::IdentifierCheck, error.to_string()),
                    _ => (Rule::IdentifierForm, format!("it is no `{}`: {error}", scheme.name)),
                };
                self.fault(slot, rule, &value, why);
                return value;
            }
        };
        if let Some(doubt) = scheme.doubt(&own) {
            self.fault(slot, Rule::RegionUnknown, &value, doubt);
        }
        if own == *value {
            return value;
        }
        self.fault(slot, Rule::IdentifierRewritten, &value, format!("it is kept as {}", scheme.shown(&own)));
        Cow::Owned(own)
    }

    fn check_identifier(&mut self, slot: Slot<'a>, value: &str) {
        if value.as_bytes().contains(&b'+') && looks_like_exponent(value) {
            let reason = "a spreadsheet turned it into a number in exponent notation";
            self.fault(slot, Rule::IdentifierDamaged, value, reason);
        }
        let hidden = if value.is_ascii() {
            value.bytes().any(|byte| byte < b' ' || byte == 0x7f)
        } else {
            matches!(visible(value), Cow::Owned(_))
        };
        if hidden {
            self.fault(slot, Rule::ControlCharacter, value, "it contains a control or invisible character");
        }
    }

    fn amount(&mut self, field: Field) -> Option<Credits> {
        let text = self.text(field)?;
        let error = match Credits::parse(&text, self.mapping.profile.file.decimal_mark) {
            Ok(amount) => return Some(amount),
            Err(error) => error,
        };
        let rule = match error {
            AmountError::Empty => Rule::ValueMissing,
            AmountError::Negative => Rule::AmountNegative,
            AmountError::Exponent => Rule::AmountExponent,
            AmountError::OtherMark => Rule::AmountOtherMark,
            AmountError::NotANumber => Rule::AmountNotANumber,
            AmountError::TooFine => Rule::AmountTooFine,
            AmountError::TooLarge => Rule::AmountTooLarge,
        };
        self.fault(self.mapping.slot(field), rule, &text, error.to_string());
        None
    }

    fn status(&mut self) -> Status {
        let Some(word) = self.text(Field::Status) else {
            let pass = self.mapping.profile.pass.as_ref();
            let grade = pass.and_then(|_| self.text(Field::Grade));
            let mark = self.mapping.profile.file.decimal_mark;
            let Some(pass) = pass else { return Status::Passed };
            let grade = grade.unwrap_or_default();
            return pass.status(&grade, mark).unwrap_or_else(|| {
                let listed = pass.passed.iter().chain(&pass.failed).map(String::as_str);
                let listed = visible(&listed.collect::<Vec<_>>().join(", ")).into_owned();
                let reason = format!("whether it passes is not said: the words known are {listed}");
                self.fault(self.mapping.slot(Field::Grade), Rule::StatusUnknown, &grade, reason);
                Status::Passed
            });
        };
        Status::from_name(&word).unwrap_or_else(|| {
            self.unknown_word(Field::Status, Rule::StatusUnknown, &word, &Status::ALL.map(Status::name));
            Status::Passed
        })
    }

    fn kind(&mut self) -> Option<Kind> {
        let word = self.text(Field::Kind)?;
        let kind = Kind::from_name(&word);
        if kind.is_none() {
            self.unknown_word(Field::Kind, Rule::KindUnknown, &word, &Kind::ALL.map(Kind::name));
        }
        kind
    }

    fn unknown_word(&mut self, field: Field, rule: Rule, word: &str, names: &[&str]) {
        let slot = self.mapping.slot(field);
        let mapped = slot.map.map(|map| &self.mapping.words[map]);
        let known: Vec<&str> =
            mapped.into_iter().flat_map(|words| words.known()).chain(names.iter().copied()).collect();
        self.fault(slot, rule, word, format!("the words known are {}", visible(&known.join(", "))));
    }

    fn field_code(&mut self) -> Option<Cow<'a, str>> {
        let code = self.text(Field::Field)?;
        if !(2..=4).contains(&code.len()) || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            self.fault(
                self.mapping.slot(Field::Field),
                Rule::FieldCode,
                &code,
                "it is not two to four digits",
            );
            // Where the profile is lenient, the row is taken without it.
            return None;
        }
        Some(code)
    }

    fn attempt(&mut self) -> u32 {
        let Some(text) = self.text(Field::Attempt) else { return 1 };
        match text.parse() {
            Ok(attempt @ 1..=99) if text.bytes().all(|byte| byte.is_ascii_digit()) => attempt,
            _ => {
                let slot = self.mapping.slot(Field::Attempt);
                self.fault(slot, Rule::AttemptRange, &text, "it is not a whole number from 1 to 99");
                1
            }
        }
    }

    fn flag(&mut self, field: Field) -> Option<bool> {
        let word = self.text(field)?;
        match word.to_ascii_lowercase().as_str() {
            "yes" | "y" | "true" | "1" => Some(true),
            "no" | "n" | "false" | "0" => Some(false),
            _ => {
                self.fault(self.mapping.slot(field), Rule::FlagUnknown, &word, "it is neither yes nor no");
                None
            }
        }
    }

    /// A date that no calendar is needed for; ISO 8601 is always understood.
    fn date(&mut self, field: Field) -> Option<Period> {
        let text = self.text(field)?;
        let fault = match self.mapping.read_period(&text, &Calendar::default()) {
            Ok(period) => return Some(period),
            Err(fault) => fault,
        };
        if let Ok(date) = parse_iso(&text) {
            return Some(Period::day(date));
        }
        self.fault(self.mapping.slot(field), fault.rule, &text, fault.reason);
        None
    }

    fn attributes(&mut self) -> Vec<(&'a str, Cow<'a, str>)> {
        let mapping = self.mapping;
        let value =
            |(name, slot): &(&'a str, Slot<'a>)| Some((*name, self.value_up_to(*slot, MAX_ATTRIBUTE)?));
        let values = mapping.attributes.iter().filter_map(value);
        values.filter(|(_, value)| !value.is_empty()).collect()
    }

    fn identifiers(&mut self) -> Vec<(&'a str, Cow<'a, str>)> {
        let mut found = Vec::new();
        for (scheme, slot) in &self.mapping.identifiers {
            let Some(value) = self.value(*slot).filter(|value| !value.is_empty()) else { continue };
            self.check_identifier(*slot, &value);
            let value = match scheme::find(scheme) {
                None => value,
                Some(scheme) => self.of_scheme(scheme, *slot, value),
            };
            found.push((*scheme, value));
        }
        found
    }

    /// Refuses a value that its reader did not trust, once although two fields may read it.
    #[cold]
    fn doubt(&mut self, slot: Slot<'a>, index: usize) {
        let record = self.record;
        for doubt in record.doubts().iter().filter(|doubt| doubt.index == index) {
            let told = |problem: &Problem| {
                problem.rule == doubt.rule
                    && problem.column.as_ref().is_some_and(|column| column.number == index + 1)
            };
            if !self.problems.iter().any(told) {
                let value = record.get(index).unwrap_or_default();
                self.fault(slot, doubt.rule, value, doubt.reason.as_str());
            }
        }
    }

    /// Refuses what a formula came to, written as a text, once although two fields may read it.
    #[cold]
    fn error_word(&mut self, slot: Slot<'a>, index: usize, value: &str) {
        let told = |problem: &Problem| {
            problem.rule == Rule::CellError
                && problem.column.as_ref().is_some_and(|column| column.number == index + 1)
        };
        if ERRORS.contains(&value) && !self.problems.iter().any(told) {
            self.fault(slot, Rule::CellError, value, "a spreadsheet writes this for an error, not a value");
        }
    }

    #[cold]
    fn fault(&mut self, slot: Slot<'a>, rule: Rule, value: &str, reason: impl Into<String>) {
        self.problems.push(self.mapping.judged(rule, self.record.line(), slot, value, reason));
    }
}

/// What spreadsheets write for formulas that came to nothing.
const ERRORS: [&str; 9] =
    ["#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"];

/// `4.40981E+17`: a long number after a spreadsheet has shown it.
fn looks_like_exponent(value: &str) -> bool {
    let Some((mantissa, exponent)) = value.split_once(['E', 'e']) else { return false };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, decimals) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    exponent.strip_prefix('+').is_some_and(digits) && digits(whole) && digits(decimals)
}

/// [`clean`], at once where the text consists of characters that NFC leaves alone.
pub(super) fn tidy(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let bounded = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_graphic);
    if bounded(bytes.first()) && bounded(bytes.last()) && text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let trimmed = text.trim();
    if trimmed.chars().all(is_settled) { Cow::Borrowed(trimmed) } else { clean(trimmed) }
}

/// Characters common in names and titles that are in NFC whatever stands beside them.
fn is_settled(c: char) -> bool {
    let common = c < '\u{300}' || ('\u{4e00}'..='\u{9fff}').contains(&c);
    common
        || matches!(c, '\u{2010}'..='\u{2027}' | '\u{3001}'..='\u{3029}' | '\u{3041}'..='\u{3096}'
            | '\u{30a1}'..='\u{30fa}' | '\u{30fc}' | '\u{3400}'..='\u{4dbf}' | '\u{ac00}'..='\u{d7a3}'
            | '\u{ff01}'..='\u{ff5e}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_normalization::{IsNormalized, is_nfc_quick};

    #[test]
    fn settled_characters_are_in_normal_form_everywhere() {
        for c in ('\0'..=char::MAX).filter(|c| is_settled(*c)) {
            // Neither the same character before it nor an overlay, of the lowest combining class, matters.
            assert_eq!(is_nfc_quick([c, c].into_iter()), IsNormalized::Yes, "{c:?}");
            assert_eq!(is_nfc_quick(['\u{334}', c].into_iter()), IsNormalized::Yes, "{c:?}");
        }
        for text in ["", " a ", "学分 ", "\u{3000}か\u{3099}", "e\u{301}", " é", "\u{212b}", "x\u{a0}"] {
            assert_eq!(tidy(text), clean(text), "{text:?}");
        }
    }

    #[test]
    fn numbers_that_a_spreadsheet_damaged_are_known_by_their_exponent() {
        for damaged in ["4.40981E+17", "4,40981E+17", "4E+17", "4.40981e+17"] {
            assert!(looks_like_exponent(damaged), "{damaged}");
        }
        for sound in ["4409810000", "1E5", "E+17", "4.E+17", "CE+1", "", "4.4E-17", "4.1E+"] {
            assert!(!looks_like_exponent(sound), "{sound}");
        }
    }
}
