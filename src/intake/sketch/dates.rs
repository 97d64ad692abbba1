//! Which forms of dates the values of a column fit: all of them are tried against every form.

use crate::domain::date::{Calendar, DateFormat};
use std::collections::BTreeMap;

/// The forms that are tried. The stricter ones stand first: among those that fit all values, the first is
/// proposed.
const FORMS: [&str; 32] = [
    "YYYY-MM-DD",
    "YYYY/MM/DD",
    "YYYY.MM.DD",
    "YYYYMMDD",
    "YYYY年MM月DD日",
    "DD.MM.YYYY",
    "DD/MM/YYYY",
    "MM/DD/YYYY",
    "DD-MM-YYYY",
    "MM-DD-YYYY",
    "YYYY-MM-DD hh:mm",
    "YYYY-MM-DD hh:mm:ss",
    "YYYY-MM-DDThh:mm:ss",
    "YYYY-MM-DDThh:mm:ssZ",
    "YYYY/MM/DD hh:mm",
    "YYYY-MM",
    "YYYY/MM",
    "YYYY.MM",
    "YYYYMM",
    "MM/YYYY",
    "MM.YYYY",
    "YYYY年MM月",
    "YYYY",
    "YYYY-M-D",
    "YYYY/M/D",
    "YYYY/M/D hh:mm",
    "YYYY年M月D日",
    "YYYY년 M월 D일",
    "D.M.YYYY",
    "D/M/YYYY",
    "M/D/YYYY",
    "YYYY年M月",
];

/// Pairs of forms that the same text can fit, the day before the month and after it.
const PAIRS: [(&str, &str); 3] =
    [("DD/MM/YYYY", "MM/DD/YYYY"), ("DD-MM-YYYY", "MM-DD-YYYY"), ("D/M/YYYY", "M/D/YYYY")];

/// The numbers under which a workbook that counts from 1900 keeps the days from 1956 to 2064: those that results and birth
/// dates may have. Codes of terms such as 20231 are smaller.
const DAYS: std::ops::RangeInclusive<u32> = 20_500..=60_000;

/// Most patterns of terms that are told apart.
const PATTERNS: usize = 16;

/// The forms, read once.
pub struct Forms(Vec<DateFormat>);

impl Forms {
    /// All forms.
    pub fn new() -> Forms {
        Forms(FORMS.iter().map(|form| DateFormat::Fields((*form).to_owned())).collect())
    }
}

/// How many values of a column fit each form.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    fits: [u64; FORMS.len()],
    /// The first line with a value that fits the form and not its pair.
    only: [Option<u64>; FORMS.len()],
    /// Values that are a date in some form.
    dates: u64,
    /// Values that fit no form and are a term, by pattern.
    terms: BTreeMap<String, u64>,
    /// Values that fit no form and may be the number of a day in a workbook; the least and the greatest.
    numbered: u64,
    numbers: Option<(u32, u32)>,
}

/// What the dates of a column are written like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dates {
    /// In these forms, tried in order.
    Forms(Vec<&'static str>),
    /// Either way round: nothing decides.
    Either(&'static str, &'static str),
    /// Both ways round, with a line of each.
    Both(&'static str, u64, &'static str, u64),
    /// As terms of a calendar, by pattern.
    Terms(Vec<String>),
}

impl Tally {
    /// Takes a value into account; `value` is clean and not empty.
    pub fn see(&mut self, forms: &Forms, value: &str, line: u64) {
        if value.len() > 40 || !value.bytes().any(|byte| byte.is_ascii_digit()) {
            return;
        }
        let calendar = Calendar::default();
        let fit: Vec<usize> =
            (0..FORMS.len()).filter(|at| forms.0[*at].read(value, &calendar).is_ok()).collect();
        for at in &fit {
            self.fits[*at] += 1;
        }
        for (one, other) in PAIRS.iter().map(|(one, other)| (place(one), place(other))) {
            match (fit.contains(&one), fit.contains(&other)) {
                (true, false) => _ = self.only[one].get_or_insert(line),
                (false, true) => _ = self.only[other].get_or_insert(line),
                _ => {}
            }
        }
        self.dates += u64::from(!fit.is_empty());
        if !fit.is_empty() {
            return;
        }
        if let Some(number) = number_of_day(value) {
            let (least, most) = self.numbers.unwrap_or((number, number));
            (self.numbered, self.numbers) = (self.numbered + 1, Some((least.min(number), most.max(number))));
        }
        if let Some(pattern) = term_pattern(value)
            && (self.terms.len() < PATTERNS || self.terms.contains_key(&pattern))
        {
            *self.terms.entry(pattern).or_default() += 1;
        }
    }

    /// How many values are dates or terms.
    pub fn count(&self) -> u64 {
        self.dates + self.numbered + self.terms.values().sum::<u64>()
    }

    /// The least and the greatest number of a day in a workbook, where there are such, and how many there are.
    pub fn numbered(&self) -> Option<(u32, u32, u64)> {
        self.numbers.map(|(least, most)| (least, most, self.numbered))
    }

    /// Takes numbers for numbers, where nothing speaks of days.
    pub fn forget_numbers(&mut self) {
        (self.numbered, self.numbers) = (0, None);
    }

    /// Whether most of them are terms.
    pub fn has_terms(&self) -> bool {
        self.terms.values().sum::<u64>() > self.dates
    }

    /// Whether a day is part of most of the dates.
    pub fn has_days(&self) -> bool {
        let days = (0..FORMS.len()).filter(|at| FORMS[*at].contains('D')).map(|at| self.fits[at]).max();
        (days.unwrap_or(0) + self.numbered) * 2 > self.dates + self.numbered
    }

    /// How the dates are written.
    pub fn dates(&self) -> Option<Dates> {
        if self.has_terms() {
            return Some(Dates::Terms(self.terms.keys().cloned().collect()));
        }
        if self.dates == 0 {
            return None;
        }
        for (one, other) in PAIRS {
            if self.fits[place(one)].max(self.fits[place(other)]) * 2 <= self.dates {
                continue;
            }
            return Some(match (self.only[place(one)], self.only[place(other)]) {
                (None, None) => Dates::Either(one, other),
                (Some(line), Some(against)) => Dates::Both(one, line, other, against),
                (Some(_), None) => Dates::Forms(vec![one]),
                (None, Some(_)) => Dates::Forms(vec![other]),
            });
        }
        Some(Dates::Forms(self.fewest()))
    }

    /// The form that most values fit, then those for the rest, until all are read.
    fn fewest(&self) -> Vec<&'static str> {
        let mut chosen: Vec<usize> = Vec::new();
        let (mut left, mut fits) = (self.dates, self.fits);
        while left > 0 {
            let best = (0..FORMS.len()).rev().max_by_key(|at| fits[*at]).filter(|at| fits[*at] > 0);
            let Some(best) = best else { break };
            chosen.push(best);
            left = left.saturating_sub(fits[best]);
            fits[best] = 0;
            // Its looser and stricter kin read the same values.
            for (at, fit) in fits.iter_mut().enumerate() {
                if loose(FORMS[at]) == loose(FORMS[best]) {
                    *fit = 0;
                }
            }
        }
        chosen.into_iter().map(|at| FORMS[at]).collect()
    }
}

/// The number under which a workbook keeps a day; a part of a day, its time, may follow.
fn number_of_day(value: &str) -> Option<u32> {
    let number = value.split('.').next()?.parse().ok().filter(|number| DAYS.contains(number))?;
    DateFormat::Serial.read(value, &Calendar::default()).ok().map(|_| number)
}

fn place(form: &str) -> usize {
    FORMS.iter().position(|known| *known == form).unwrap_or_default()
}

fn loose(form: &str) -> String {
    form.replace("MM", "M").replace("DD", "D")
}

/// `2013J` as `{year}J`, `2023-24` as `{year}-{yy}`: the way in which a calendar writes its terms.
pub fn term_pattern(value: &str) -> Option<String> {
    let bytes = value.as_bytes();
    let is_year = |at: &usize| {
        let year = bytes.get(*at..at + 4);
        let alone = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_none_or(|b| !b.is_ascii_digit());
        year.is_some_and(|year| year.iter().all(u8::is_ascii_digit) && matches!(year[0], b'1' | b'2'))
            && alone(at.checked_sub(1))
            && alone(Some(at + 4))
    };
    let at = (0..bytes.len()).find(is_year)?;
    let year: u16 = value[at..at + 4].parse().ok().filter(|year| (1900..=2100).contains(year))?;
    let (before, after) = (&value[..at], &value[at + 4..]);
    let next = (year + 1).to_string();
    let after = match after.find(&next) {
        Some(_) => after.replacen(&next, "{next}", 1),
        None => match after.strip_prefix(['-', '/', '–']).filter(|rest| rest.starts_with(&next[2..])) {
            Some(rest) if !rest[2..].starts_with(|c: char| c.is_ascii_digit()) => {
                let mark = &after[..after.len() - rest.len()];
                format!("{mark}{{yy}}{}", &rest[2..])
            }
            _ => after.to_owned(),
        },
    };
    let pattern = format!("{before}{{year}}{after}");
    (pattern.chars().count() <= 40).then_some(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(values: &[&str]) -> Option<Dates> {
        let mut tally = Tally::default();
        for (at, value) in values.iter().enumerate() {
            tally.see(&Forms::new(), value, at as u64 + 2);
        }
        tally.dates()
    }

    #[test]
    fn the_form_that_reads_all_values_is_found() {
        let one = |form| Some(Dates::Forms(vec![form]));
        let cases: &[(&[&str], Option<Dates>)] = &[
            (&["2024-01-31", "2024-02-01"], one("YYYY-MM-DD")),
            (&["20240131", "20240201"], one("YYYYMMDD")),
            (&["202401", "202406"], one("YYYYMM")),
            (&["2024"], one("YYYY")),
            (&["14.02.2024"], one("DD.MM.YYYY")),
            (&["2024/3/5", "2024/12/25"], one("YYYY/M/D")),
            (&["2024/03/05", "2024/12/25"], one("YYYY/MM/DD")),
            (&["2024-09-28 09:00"], one("YYYY-MM-DD hh:mm")),
            (&["2024年6月", "2024年12月"], one("YYYY年M月")),
            (&["2024-05-20", "2024-05-21", "2024-08"], Some(Dates::Forms(vec!["YYYY-MM-DD", "YYYY-MM"]))),
            (&["01/02/2024", "25/02/2024"], one("DD/MM/YYYY")),
            (&["01/02/2024", "02/25/2024"], one("MM/DD/YYYY")),
            (&["01/02/2024", "12/11/2024"], Some(Dates::Either("DD/MM/YYYY", "MM/DD/YYYY"))),
            (
                &["01/02/2024", "25/02/2024", "02/25/2024"],
                Some(Dates::Both("DD/MM/YYYY", 3, "MM/DD/YYYY", 4)),
            ),
            (&["5/2/2024", "12/25/2024"], one("M/D/YYYY")),
            (&["abc", "12"], None),
        ];
        for (values, expected) in cases {
            assert_eq!(dates(values), *expected, "{values:?}");
        }
    }

    #[test]
    fn terms_are_told_by_their_pattern() {
        let cases = [
            ("2013J", Some("{year}J")),
            ("2023-24", Some("{year}-{yy}")),
            ("2023-2024-1", Some("{year}-{next}-1")),
            ("WS 2023/24", Some("WS {year}/{yy}")),
            ("2023-2024学年第一学期", Some("{year}-{next}学年第一学期")),
            ("2024년 1학기", Some("{year}년 1학기")),
            ("Fall 2024", Some("Fall {year}")),
            ("2023/2025", Some("{year}/2025")),
            ("120134", None),
            ("1学期", None),
        ];
        for (value, pattern) in cases {
            assert_eq!(term_pattern(value).as_deref(), pattern, "{value}");
        }
        let terms = dates(&["2013J", "2014B", "2014J"]);
        assert_eq!(terms, Some(Dates::Terms(vec!["{year}B".into(), "{year}J".into()])));
    }
}
