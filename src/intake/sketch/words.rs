//! What the words in a column mean: how a result ended, the setting of the learning, the unit of credit,
//! nothing at all. Sorted by code point; the language of each word stands beside it.

use super::headings::folded;
use crate::domain::outcome::{Kind, Status};
use crate::domain::system::builtin;

use Kind::{Formal, Informal, NonFormal};
use Status::{Failed, InProgress, Passed, Withdrawn};

/// Words for how a result ended, in the form of [`folded`].
const STATUSES: &[(&str, Status)] = &[
    ("absolviert", Passed),      // de
    ("accepted", Passed),        // en
    ("admis", Passed),           // fr
    ("ajourné", Failed),         // fr
    ("aprobado", Passed),        // es
    ("bestanden", Passed),       // de
    ("completed", Passed),       // en
    ("credit", Passed),          // en
    ("distinction", Passed),     // en
    ("dropped", Withdrawn),      // en
    ("enrolled", InProgress),    // en
    ("f", Failed),               // en
    ("fail", Failed),            // en
    ("failed", Failed),          // en
    ("failure", Failed),         // en
    ("inprogress", InProgress),  // en
    ("merit", Passed),           // en
    ("mitauszeichnung", Passed), // de
    ("nichtbestanden", Failed),  // de
    ("notable", Passed),         // es
    ("notpassed", Failed),       // en
    ("ongoing", InProgress),     // en
    ("p", Passed),               // en
    ("pass", Passed),            // en
    ("passed", Passed),          // en
    ("reprobado", Failed),       // es
    ("réussi", Passed),          // fr
    ("sobresaliente", Passed),   // es
    ("suspenso", Failed),        // es
    ("w", Withdrawn),            // en
    ("withdrawal", Withdrawn),   // en
    ("withdrawn", Withdrawn),    // en
    ("échec", Failed),           // fr
    ("不及格", Failed),          // zh
    ("不可", Failed),            // ja
    ("不合格", Failed),          // zh ja
    ("不通过", Failed),          // zh
    ("中等", Passed),            // zh
    ("优", Passed),              // zh
    ("优秀", Passed),            // zh
    ("修读中", InProgress),      // zh
    ("優", Passed),              // ja
    ("及格", Passed),            // zh
    ("可", Passed),              // ja
    ("合", Passed),              // ja
    ("合格", Passed),            // zh ja
    ("否", Failed),              // zh ja
    ("在修", InProgress),        // zh
    ("在读", InProgress),        // zh
    ("履修中", InProgress),      // ja
    ("已通过", Passed),          // zh
    ("是", Passed),              // zh
    ("未通过", Failed),          // zh
    ("秀", Passed),              // ja
    ("良", Passed),              // zh ja
    ("良好", Passed),            // zh
    ("退选", Withdrawn),         // zh
    ("通过", Passed),            // zh
    ("미이수", Failed),          // ko
    ("불합격", Failed),          // ko
    ("수강중", InProgress),      // ko
    ("수강철회", Withdrawn),     // ko
    ("수강취소", Withdrawn),     // ko
    ("이수", Passed),            // ko
    ("이수중", InProgress),      // ko
    ("합격", Passed),            // ko
];

/// Words for the setting of the learning, in the form of [`folded`].
const KINDS: &[(&str, Kind)] = &[
    ("degree", Formal),            // en
    ("experience", Informal),      // en
    ("formal", Formal),            // en de es
    ("formel", Formal),            // fr
    ("formell", Formal),           // de
    ("informal", Informal),        // en es
    ("informel", Informal),        // fr
    ("informell", Informal),       // de
    ("mooc", NonFormal),           // en
    ("nichtformal", NonFormal),    // de
    ("noformal", NonFormal),       // es
    ("nonformal", NonFormal),      // en
    ("nonformel", NonFormal),      // fr
    ("onlinecourse", NonFormal),   // en
    ("selfstudy", Informal),       // en
    ("shortcourse", NonFormal),    // en
    ("training", NonFormal),       // en
    ("university", Formal),        // en
    ("volunteering", Informal),    // en
    ("workexperience", Informal),  // en
    ("workplace", Informal),       // en
    ("インフォーマル", Informal),  // ja
    ("ノンフォーマル", NonFormal), // ja
    ("フォーマル", Formal),        // ja
    ("培训", NonFormal),           // zh
    ("学历", Formal),              // zh
    ("学历教育", Formal),          // zh
    ("工作经历", Informal),        // zh
    ("志愿服务", Informal),        // zh
    ("无定式", Informal),          // zh
    ("正式", Formal),              // zh
    ("正规", Formal),              // zh
    ("非学历", NonFormal),         // zh
    ("非学历教育", NonFormal),     // zh
    ("非正式", Informal),          // zh
    ("非正规", NonFormal),         // zh
    ("무형식", Informal),          // ko
    ("비형식", NonFormal),         // ko
    ("형식", Formal),              // ko
];

/// Words for a credit system, met in headings and as units; the second is the program's code. A word for credit points
/// of any kind, such as `Créditos` or `LP`, is none of them.
const SYSTEMS: &[(&str, &str)] = &[
    ("cats", "UK"),              // en
    ("ects", "ECTS"),            // en de fr es
    ("semesterhours", "US-SEM"), // en
    ("単位", "JP"),              // ja
    ("学分", "CN"),              // zh
    ("学点", "CN"),              // zh
    ("학점", "KR"),              // ko
];

/// Words that mean that there is no value.
const NOTHING: &[&str] =
    &["-", "--", "—", "–", "/", "N/A", "n/a", "NA", "NULL", "null", "无", "なし", "없음"];

/// How a result ended, in a word of a partner's.
pub fn status(word: &str) -> Option<Status> {
    look_up(STATUSES, word).or_else(|| Status::from_name(word))
}

/// The setting of the learning, in a word of a partner's.
pub fn kind(word: &str) -> Option<Kind> {
    look_up(KINDS, word).or_else(|| Kind::from_name(word))
}

/// The credit system that a unit names.
pub fn system(word: &str) -> Option<String> {
    let built_in = builtin().into_iter().find(|system| system.code == word);
    built_in.map(|system| system.code).or_else(|| look_up(SYSTEMS, word).map(str::to_owned))
}

/// The credit system of which a heading speaks: `ECTS-Punkte`, `课程学分`.
pub fn system_in(heading: &str) -> Option<&'static str> {
    let text = folded(heading);
    let long_enough = |word: &str| word.chars().count() > 2 || !word.is_ascii();
    SYSTEMS
        .iter()
        .find(|(word, _)| *word == text || (long_enough(word) && text.contains(word)))
        .map(|(_, code)| *code)
}

/// Whether a word means that there is no value.
pub fn is_nothing(word: &str) -> bool {
    NOTHING.contains(&word)
}

fn look_up<T: Copy>(table: &[(&str, T)], word: &str) -> Option<T> {
    let text = folded(word);
    table.iter().find(|(known, _)| *known == text).map(|(_, meaning)| *meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_many_languages_are_understood() {
        for word in ["通过", "及格", "Pass", "합격", "合格", "bestanden", "PASSED", "Distinction"] {
            assert_eq!(status(word), Some(Passed), "{word}");
        }
        for word in ["不及格", "未通过", "FAIL", "불합격", "不合格", "nicht bestanden", "Suspenso"]
        {
            assert_eq!(status(word), Some(Failed), "{word}");
        }
        assert_eq!((status("缓考"), status("withdrawn")), (None, Some(Withdrawn)));
        assert_eq!((kind("Online Course"), kind("volunteering")), (Some(NonFormal), Some(Informal)));
        assert_eq!((kind("非学历教育"), kind("必修")), (Some(NonFormal), None));
        assert_eq!((system("学分").as_deref(), system("US-QTR").as_deref()), (Some("CN"), Some("US-QTR")));
        assert_eq!(
            (system_in("ECTS-Punkte"), system_in("課程单位"), system_in("Credits")),
            (Some("ECTS"), None, None)
        );
        assert_eq!((system_in("課程学分"), system_in("help")), (Some("CN"), None));
        assert_eq!((system_in("Crédits ECTS"), system_in("LP (ECTS)")), (Some("ECTS"), Some("ECTS")));
        for any in ["Crédits", "Créditos", "Kreditpunkte", "Leistungspunkte", "LP", "Studiepunten"] {
            assert_eq!((system_in(any), system(any)), (None, None), "{any}");
        }
    }

    #[test]
    fn the_tables_are_in_the_form_in_which_they_are_compared() {
        let tables = [
            STATUSES.iter().map(|(word, _)| *word).collect::<Vec<_>>(),
            KINDS.iter().map(|(word, _)| *word).collect(),
            SYSTEMS.iter().map(|(word, _)| *word).collect(),
        ];
        for words in tables {
            assert!(words.iter().all(|word| folded(word) == *word), "{words:?}");
            assert!(words.is_sorted_by(|a, b| a < b), "{words:?}");
        }
        assert!(SYSTEMS.iter().all(|(_, code)| system(code).is_some()));
    }
}
