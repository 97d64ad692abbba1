//! How much two descriptions of a person are alike: names and birth dates, compared and scored in whole
//! points. Nothing is guessed: 王小明 and Wang Xiaoming are two names.

use super::date::parse_iso;
use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization;

/// The score from which two people are worth a look, where a profile says nothing else.
pub const LINE: u32 = 70;

/// Points for the same name.
const SAME: u32 = 60;
/// Points for the parts of a name in another order.
const REORDERED: u32 = 50;
/// So many points less where accents differ, and so many where one name is a former one.
const LESS: u32 = 5;
/// Points for the same birth date.
const BORN: u32 = 40;
/// Points where day and month are exchanged.
const EXCHANGED: u32 = 20;
/// Points where one of the two has no birth date.
const UNDATED: u32 = 5;

/// What separates the parts of a name, beside blanks.
const BETWEEN: [char; 6] = [',', '，', '、', '·', '・', ';'];

/// What stands within a part of a name and is often left out.
const WITHIN: [char; 7] = ['-', '‐', '‑', '\'', '’', 'ʼ', '.'];

/// How two names agree, beside their accents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    /// The same parts in another order.
    Reordered,
    /// The same, but for case, blanks and hyphens.
    Same,
}

/// How two names agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spelt {
    /// Whether their parts stand in one order.
    pub named: Named,
    /// Whether their accents are the same.
    pub accents: bool,
}

/// A name, ready to be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    written: Letters,
    /// Without accents; and as passports write it, where that is something else.
    plain: Vec<Letters>,
}

/// The letters of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Letters {
    /// All of them, in their order.
    all: String,
    /// All of them, begun where that comes first among all places to begin: the same whether the family's
    /// name stands first or last.
    turned: String,
    /// The parts in one order, where there are more than two.
    parts: Option<String>,
}

impl Letters {
    fn new(parts: &[String]) -> Letters {
        let all = parts.concat();
        let mut sorted: Vec<&str> = parts.iter().map(String::as_str).collect();
        sorted.sort_unstable();
        let parts = (sorted.len() > 2).then(|| sorted.join(" "));
        Letters { turned: turned(&all), all, parts }
    }

    fn keys(&self) -> impl Iterator<Item = &str> {
        [self.turned.as_str()].into_iter().chain(self.parts.as_deref())
    }

    fn reordered(&self, other: &Letters) -> bool {
        self.turned == other.turned || (self.parts.is_some() && self.parts == other.parts)
    }
}

/// A text begun where that comes first among all places to begin.
fn turned(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let from = |start: usize| letters[start..].iter().chain(&letters[..start]);
    let start = (0..letters.len()).min_by(|one, other| from(*one).cmp(from(*other)));
    start.map(|start| from(start).collect()).unwrap_or_default()
}

impl Name {
    /// Takes a name apart.
    pub fn new(name: &str) -> Name {
        let lower = name.nfkc().collect::<String>().to_lowercase();
        let kept = |part: &str| part.chars().filter(|letter| !WITHIN.contains(letter)).collect::<String>();
        let parts: Vec<String> = lower
            .split(|letter: char| letter.is_whitespace() || BETWEEN.contains(&letter))
            .map(kept)
            .filter(|part| !part.is_empty())
            .collect();
        let spelt = |spell: fn(&str) -> String| {
            Letters::new(&parts.iter().map(|part| spell(part)).collect::<Vec<String>>())
        };
        let mut plain = vec![spelt(bare)];
        if lower.contains(DIGRAPHS.map(|(letter, _)| letter)) {
            plain.push(spelt(|part| bare(&digraphs(part))));
        }
        Name { written: Letters::new(&parts), plain }
    }

    /// What names are looked up by that may agree with this one; none for a name without letters.
    pub fn keys(&self) -> Vec<String> {
        let keys = self.plain.iter().flat_map(Letters::keys).filter(|key| !key.is_empty());
        let mut keys: Vec<String> = keys.map(str::to_owned).collect();
        keys.sort();
        keys.dedup();
        keys
    }

    /// How two names agree; `None` where they do not.
    pub fn compare(&self, other: &Name) -> Option<Spelt> {
        let any = |agree: fn(&Letters, &Letters) -> bool| {
            self.plain.iter().any(|one| other.plain.iter().any(|another| agree(one, another)))
        };
        if self.written.all.is_empty() {
            return None;
        }
        if any(|one, other| one.all == other.all) {
            return Some(Spelt { named: Named::Same, accents: self.written.all == other.written.all });
        }
        let accents = self.written.reordered(&other.written);
        any(Letters::reordered).then_some(Spelt { named: Named::Reordered, accents })
    }
}

/// Letters that passports write as two (ICAO Doc 9303, part 3; not verified at the source).
const DIGRAPHS: [(char, &str); 5] = [('ä', "ae"), ('ö', "oe"), ('ü', "ue"), ('ø', "oe"), ('å', "aa")];

/// Letters that are no letter with an accent to Unicode, and what is written for them.
const PLAIN: [(char, &str); 9] = [
    ('ß', "ss"),
    ('ø', "o"),
    ('ł', "l"),
    ('đ', "d"),
    ('ð', "d"),
    ('þ', "th"),
    ('æ', "ae"),
    ('œ', "oe"),
    ('ı', "i"),
];

fn replaced(text: &str, table: &[(char, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match table.iter().find(|(from, _)| *from == letter) {
            Some((_, to)) => out.push_str(to),
            None => out.push(letter),
        }
    }
    out
}

fn digraphs(part: &str) -> String {
    replaced(part, &DIGRAPHS)
}

/// Without the accents of Latin, Greek and Cyrillic letters; marks of other scripts are no accents.
fn bare(part: &str) -> String {
    if part.is_ascii() {
        return part.to_owned();
    }
    let accent = |letter: &char| ('\u{300}'..='\u{36f}').contains(letter);
    replaced(&part.nfd().filter(|letter| !accent(letter)).nfc().collect::<String>(), &PLAIN)
}

/// How two birth dates agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Born {
    /// One of the two has none.
    Unknown,
    /// Day and month are exchanged.
    Exchanged,
    /// The same day.
    Same,
}

/// How two descriptions agree, best part by best part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Likeness {
    /// The names.
    pub spelt: Spelt,
    /// Whether one of the names is a former one.
    pub former: bool,
    /// The birth dates.
    pub born: Born,
}

impl Likeness {
    /// The most that agrees where one has no birth date.
    pub const UNDATED: Likeness =
        Likeness { spelt: Spelt { named: Named::Same, accents: true }, former: false, born: Born::Unknown };

    /// The score, in points.
    pub fn score(self) -> u32 {
        let named = if self.spelt.named == Named::Same { SAME } else { REORDERED };
        let less = LESS * (u32::from(!self.spelt.accents) + u32::from(self.former));
        let born = match self.born {
            Born::Same => BORN,
            Born::Exchanged => EXCHANGED,
            Born::Unknown => UNDATED,
        };
        named - less + born
    }

    /// What agrees, in words that name nobody.
    pub fn why(self) -> String {
        let former = if self.former { "former " } else { "" };
        let accents = if self.spelt.accents { "" } else { " but for its accents" };
        let named = match self.spelt.named {
            Named::Same => format!("the same {former}name{accents}"),
            Named::Reordered => format!("the parts of the {former}name in another order{accents}"),
        };
        let born = match self.born {
            Born::Same => "the same birth date",
            Born::Exchanged => "day and month of the birth date exchanged",
            Born::Unknown => "no birth date to compare",
        };
        format!("{named}, {born}")
    }
}

/// A date with day and month exchanged, where that is another date.
pub fn exchanged(date: Date) -> Option<Date> {
    let other = Date::new(date.year(), date.day(), date.month()).ok()?;
    (other != date).then_some(other)
}

/// How birth dates agree with one; `None` where they do not.
pub fn compare_births(born: Date, others: &[Date]) -> Option<Born> {
    if others.is_empty() {
        return Some(Born::Unknown);
    }
    if others.contains(&born) {
        return Some(Born::Same);
    }
    exchanged(born).is_some_and(|other| others.contains(&other)).then_some(Born::Exchanged)
}

/// What a person is looked up by: every birth date known to the day, with every name.
pub fn keys(names: &[&str], births: &[&str]) -> Vec<(String, String)> {
    let mut keys = Vec::new();
    for birth in births.iter().filter_map(|birth| parse_iso(birth).ok()) {
        for name in names.iter().flat_map(|name| Name::new(name).keys()) {
            keys.push((birth.to_string(), name));
        }
    }
    keys.sort();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn names_agree_whatever_their_case_blanks_accents_and_order() {
        let same = Some((Named::Same, true));
        let reordered = Some((Named::Reordered, true));
        let accents = Some((Named::Same, false));
        let both = Some((Named::Reordered, false));
        let cases = [
            ("王小明", "王小明", same),
            ("王 小明", "王小明", same),
            ("小明 王", "王小明", reordered),
            ("欧阳修文", "修文欧阳", reordered),
            ("김 민준", "민준김", reordered),
            ("Jürgen  MÜLLER", "ju\u{308}rgen Müller", same),
            ("ＷＡＮＧ Xiao-Ming", "Wang Xiaoming", same),
            ("Xiao Ming Wang", "Wang Xiaoming", reordered),
            ("Müller, Jürgen", "Jürgen Müller", reordered),
            ("Anna Maria Li", "Li, Maria Anna", reordered),
            ("阿依古丽·买买提", "买买提 阿依古丽", reordered),
            ("Jürgen Müller", "Jurgen Muller", accents),
            ("Jürgen Müller", "Juergen Mueller", accents),
            ("Søren Strauß", "Soren Strauss", accents),
            ("Łukasz Đặng", "Lukasz Dang", accents),
            ("MÜLLER Jürgen", "Juergen Mueller", both),
            ("O’Brien, José", "jose obrien", both),
            ("がく", "かく", None),
            ("王小明", "Wang Xiaoming", None),
            ("王小明", "王明小", None),
            ("Anna Müller", "Anna Maria Müller", None),
            ("Muller", "Mueller", None),
            (",", "·", None),
        ];
        for (one, other, expected) in cases {
            let (a, b) = (Name::new(one), Name::new(other));
            let expected = expected.map(|(named, accents)| Spelt { named, accents });
            assert_eq!(a.compare(&b), expected, "{one} {other}");
            assert_eq!(b.compare(&a), expected, "{other} {one}");
            let meet = a.keys().iter().any(|key| b.keys().contains(key));
            assert_eq!(meet, expected.is_some(), "{one} {other}: {:?} {:?}", a.keys(), b.keys());
        }
    }

    #[test]
    fn birth_dates_agree_to_the_day_or_exchanged() {
        let born = date(2001, 5, 6);
        let cases = [
            (vec![], Some(Born::Unknown)),
            (vec![date(2001, 5, 6)], Some(Born::Same)),
            (vec![date(2001, 6, 5)], Some(Born::Exchanged)),
            (vec![date(2001, 6, 5), born], Some(Born::Same)),
            (vec![date(2001, 5, 7)], None),
        ];
        for (others, expected) in cases {
            assert_eq!(compare_births(born, &others), expected, "{others:?}");
        }
        assert_eq!(exchanged(date(2001, 5, 13)), None);
        assert_eq!(exchanged(date(2001, 5, 5)), None);
    }

    #[test]
    fn scores_are_as_documented() {
        let page = include_str!("../../docs/people.md");
        let rows = [
            ("the same name", format!("{SAME}")),
            ("its parts in another order", format!("{REORDERED}")),
            ("other accents", format!("−{LESS}")),
            ("one of the two is a former name", format!("−{LESS}")),
            ("the same birth date", format!("{BORN}")),
            ("day and month exchanged", format!("{EXCHANGED}")),
            ("one has no birth date", format!("{UNDATED}")),
        ];
        for (what, points) in rows {
            let row = format!("| {what} | {points} |");
            assert!(page.contains(&row), "docs/people.md lacks {row}");
        }
        assert!(page.contains(&format!("`{LINE}`")));
        let all = Likeness {
            spelt: Spelt { named: Named::Reordered, accents: false },
            former: true,
            born: Born::Exchanged,
        };
        assert_eq!(all.score(), 60);
        let why = "the parts of the former name in another order but for its accents, day and month of the birth date exchanged";
        assert_eq!(all.why(), why);
    }

    #[test]
    fn keys_are_made_of_days_and_names() {
        let found = keys(&["Anna Li", "Li, Anna", "李安娜"], &["2001-05-06", "2001"]);
        let key = |name: &str| ("2001-05-06".to_owned(), name.to_owned());
        assert_eq!(found, [key("aliann"), key("娜李安")]);
        assert!(keys(&["Anna"], &[]).is_empty());
    }
}
