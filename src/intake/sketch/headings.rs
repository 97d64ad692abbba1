//! What a column's heading says of the column.

use crate::intake::profile::Field;
use hashbrown::HashMap;
use unicode_normalization::UnicodeNormalization;

/// Heading, sense and languages, divided by tabs.
const TABLE: &str = include_str!("headings.txt");

/// What a heading stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sense {
    /// A field of a profile.
    Is(Field),
    /// An identifier of the learner, by its scheme.
    Id(&'static str),
    /// A term or a year.
    Term,
    /// A person's name.
    Person,
    /// An institution's name.
    InstitutionName,
    /// A name; of what, the target says.
    BareName,
    /// A code; of what, the target says.
    BareCode,
    /// A part of a person's name.
    NamePart,
    /// Something that describes the row and has no field.
    Descriptive,
    /// Data about a person for which a bank has no use.
    Personal(&'static str),
}

impl Sense {
    fn from_name(name: &'static str) -> Option<Sense> {
        if let Some((kind, rest)) = name.split_once(':') {
            return match kind {
                "id" => Some(Sense::Id(rest)),
                "personal" => Some(Sense::Personal(rest)),
                _ => None,
            };
        }
        match name {
            "term" => Some(Sense::Term),
            "person" => Some(Sense::Person),
            "institution-name" => Some(Sense::InstitutionName),
            "bare-name" => Some(Sense::BareName),
            "bare-code" => Some(Sense::BareCode),
            "name-part" => Some(Sense::NamePart),
            "descriptive" => Some(Sense::Descriptive),
            field => Field::from_name(field).map(Sense::Is),
        }
    }
}

/// The headings that the program knows.
pub struct Headings(HashMap<&'static str, Sense>);

/// How a heading was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Understood {
    /// What it stands for.
    pub sense: Sense,
    /// Whether the whole heading is known, not only its end.
    pub whole: bool,
}

impl Headings {
    /// Reads the table.
    pub fn new() -> Headings {
        let rows = TABLE.lines().filter(|line| !line.starts_with('#'));
        let rows = rows.filter_map(|line| {
            let (term, rest) = line.split_once('\t')?;
            let name = rest.split('\t').next()?;
            Some((term, Sense::from_name(name)?))
        });
        let own = Field::ALL.iter().map(|field| (field.name(), Sense::Is(*field)));
        // What a profile calls a field is what it stands for, unless people say it of something else too.
        Headings(own.filter(|(name, _)| *name == folded(name)).chain(rows).collect())
    }

    /// Whether the whole heading is known.
    pub fn knows(&self, heading: &str) -> bool {
        self.0.contains_key(folded(heading).as_str())
    }

    /// What a heading stands for: by the whole of it, without what stands in brackets, or by its end.
    pub fn sense(&self, heading: &str) -> Option<Understood> {
        let whole = |text: &str| self.0.get(folded(text).as_str()).copied();
        let plain = heading.split(['(', '（', '[', '【', '/']).next().unwrap_or_default();
        if let Some(sense) = whole(heading).or_else(|| whole(plain)).or_else(|| whole(&turned(plain))) {
            return Some(Understood { sense, whole: true });
        }
        self.by_end(plain).map(|sense| Understood { sense, whole: false })
    }

    /// `studied_credits` speaks of credits, `考试具体时间` of a time: the head of a compound stands last.
    fn by_end(&self, heading: &str) -> Option<Sense> {
        let words = words(heading);
        let tails = (1..words.len()).map(|from| words[from..].concat());
        let by_words = tails.into_iter().find_map(|tail| self.0.get(folded(&tail).as_str()).copied());
        by_words.or_else(|| {
            let text = folded(heading);
            let starts = text.char_indices().skip(1).filter(|(_, c)| !c.is_ascii());
            let tails = starts.map(|(at, _)| &text[at..]).filter(|tail| tail.chars().count() > 1);
            tails.filter(|tail| !tail.is_ascii()).find_map(|tail| self.0.get(tail).copied())
        })
    }
}

/// The form in which headings are compared: letters and digits alone, in lower case, width folded.
pub fn folded(heading: &str) -> String {
    let wide: String = heading.nfkc().flat_map(char::to_lowercase).collect();
    wide.nfc().filter(|c| c.is_alphanumeric()).collect()
}

/// The words of a heading, divided by marks, blanks or a capital letter.
fn words(heading: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_small = false;
    for c in heading.chars() {
        if !c.is_alphanumeric() || (after_small && c.is_uppercase()) {
            words.push(String::new());
        }
        after_small = c.is_lowercase();
        if c.is_alphanumeric() {
            words.extend(words.is_empty().then(String::new));
            if let Some(last) = words.last_mut() {
                last.push(c);
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// `id_student` as `student id`: databases write the sort of value first.
fn turned(heading: &str) -> String {
    let mut words = words(heading);
    let sorts = ["id", "code", "no", "number", "name", "num", "nr"];
    if words.len() > 1 && sorts.contains(&words[0].to_lowercase().as_str()) {
        words.rotate_left(1);
    }
    words.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_unique_and_in_the_form_in_which_it_is_compared() {
        let mut before = "";
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            let parts: Vec<&str> = line.split('\t').collect();
            assert_eq!(parts.len(), 3, "{line}");
            assert_eq!(folded(parts[0]), parts[0], "{line}");
            assert!(Sense::from_name(parts[1]).is_some(), "{line}");
            assert!(parts[2].starts_with("# "), "{line}");
            assert!(before < parts[0], "{before} stands before {line}");
            before = parts[0];
        }
    }

    #[test]
    fn headings_of_many_languages_are_understood() {
        use Field::{Credits, Grade, Outcome, Period};
        let cases: &[(&str, Option<Sense>, bool)] = &[
            ("学号", Some(Sense::Id("student-number")), true),
            ("Matrikelnummer", Some(Sense::Id("student-number")), true),
            ("ENROLLMENT_NUMBER", Some(Sense::Id("student-number")), true),
            ("id_student", Some(Sense::Id("student-number")), true),
            ("학번", Some(Sense::Id("student-number")), true),
            ("Student ID (SIS)", Some(Sense::Id("student-number")), true),
            ("code_module", Some(Sense::Is(Outcome)), true),
            ("ＥＣＴＳ", Some(Sense::Is(Credits)), true),
            ("単位数", Some(Sense::Is(Credits)), true),
            ("Créditos", Some(Sense::Is(Credits)), true),
            ("studied_credits", Some(Sense::Is(Credits)), false),
            ("Matricule", Some(Sense::Id("student-number")), true),
            ("Número de alumno", Some(Sense::Id("student-number")), true),
            ("Alumno", Some(Sense::Person), true),
            ("證件號", Some(Sense::Id("student-number")), true),
            ("学习账号", Some(Sense::Id("learner-card")), true),
            ("Kursnummer", Some(Sense::Is(Outcome)), true),
            ("考试具体时间", Some(Sense::Is(Period)), false),
            ("成绩（百分制）", Some(Sense::Is(Grade)), true),
            ("awardDate", Some(Sense::Is(Period)), true),
            ("code_presentation", Some(Sense::Term), false),
            ("任课教师", Some(Sense::Personal("a teacher's name")), true),
            ("xyz", None, false),
            ("学分类别描述", None, false),
            ("", None, false),
        ];
        let headings = Headings::new();
        for (heading, sense, whole) in cases {
            let found = headings.sense(heading);
            assert_eq!(found.map(|found| found.sense), *sense, "{heading}");
            assert!(found.is_none_or(|found| found.whole == *whole), "{heading} {found:?}");
        }
    }
}
