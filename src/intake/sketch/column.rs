//! What the values of one column look like.

use super::dates::{Forms, Tally};
use super::words::is_nothing;
use crate::domain::credits::{Credits, DecimalMark};
use crate::domain::identifier;
use crate::domain::text::clean;
use hashbrown::{HashMap, HashSet};

/// Most different values whose words are kept.
const WORDS: usize = 40;
/// Longest value that is kept, in characters.
const LONG: usize = 60;

/// One column, and what was seen in it.
#[derive(Debug, Clone, Default)]
pub struct Column {
    /// Its position in the file, from 1.
    pub number: usize,
    /// Its heading; empty where the file has none.
    pub heading: String,
    /// Values that are not empty.
    pub filled: u64,
    /// Empty values.
    pub empty: u64,
    /// The values with how often each was met, while they are few.
    words: HashMap<String, u64>,
    many: bool,
    hashes: HashSet<u64>,
    /// Whether all different values were counted.
    counted: bool,
    /// Whole numbers, without a sign.
    pub integers: u64,
    /// Numbers with a decimal point.
    pub points: u64,
    /// Numbers with a decimal comma.
    pub commas: u64,
    /// The least and the greatest number.
    pub range: Option<(Credits, Credits)>,
    /// Words for "no value", such as `-`.
    pub nothing: u64,
    /// Values of digits that begin with a zero and are longer than one digit.
    pub leading_zeros: u64,
    /// Numbers in exponent notation, and the line of the first.
    pub exponents: Option<(u64, u64)>,
    /// Length of the shortest and the longest value in characters.
    pub lengths: Option<(usize, usize)>,
    /// Values of digits alone.
    pub digits: u64,
    /// Values with a blank inside.
    pub blanks: u64,
    /// Chinese resident identity numbers whose check character fits.
    pub resident: u64,
    /// ORCID identifiers whose check character fits.
    pub orcid: u64,
    /// E-mail addresses.
    pub emails: u64,
    /// Its dates.
    pub dates: Tally,
    /// Whether its heading says that it describes rows and names nobody.
    pub harmless: bool,
}

impl Column {
    /// A column of which nothing was seen yet.
    pub fn new(number: usize) -> Column {
        Column { number, counted: true, ..Column::default() }
    }

    /// Takes a value into account; gives its hash. `room` is how many hashes may still be kept.
    pub fn see(&mut self, forms: &Forms, value: &str, line: u64, room: &mut usize) -> u64 {
        let value = clean(value);
        let hash = std::hash::BuildHasher::hash_one(self.hashes.hasher(), value.as_ref());
        if value.is_empty() {
            self.empty += 1;
            return hash;
        }
        self.filled += 1;
        self.count(&value, hash, room);
        let length = value.chars().count();
        let (least, most) = self.lengths.unwrap_or((length, length));
        self.lengths = Some((least.min(length), most.max(length)));
        self.blanks += u64::from(value.contains(char::is_whitespace));
        self.nothing += u64::from(is_nothing(&value));
        self.number(&value, line);
        self.identifier(&value);
        self.dates.see(forms, &value, line);
        hash
    }

    fn count(&mut self, value: &str, hash: u64, room: &mut usize) {
        if let Some(times) = self.words.get_mut(value) {
            *times += 1;
        } else if self.words.len() < WORDS && value.chars().count() <= LONG {
            self.words.insert(value.to_owned(), 1);
        } else {
            self.many = true;
        }
        if *room == 0 {
            self.counted = self.counted && self.hashes.contains(&hash);
        } else if self.hashes.insert(hash) {
            *room -= 1;
        }
    }

    fn number(&mut self, value: &str, line: u64) {
        if value.bytes().all(|byte| byte.is_ascii_digit()) {
            self.digits += 1;
            self.leading_zeros += u64::from(value.len() > 1 && value.starts_with('0'));
        }
        if exponent(value) {
            let (times, first) = self.exponents.unwrap_or((0, line));
            self.exponents = Some((times + 1, first));
        }
        let mark = if value.contains(',') { DecimalMark::Comma } else { DecimalMark::Point };
        let Ok(amount) = Credits::parse(value, mark) else { return };
        match (value.contains('.'), value.contains(',')) {
            (true, _) => self.points += 1,
            (_, true) => self.commas += 1,
            _ => self.integers += 1,
        }
        let (least, most) = self.range.unwrap_or((amount, amount));
        self.range = Some((least.min(amount), most.max(amount)));
    }

    fn identifier(&mut self, value: &str) {
        let passes = |scheme: &str| u64::from(identifier::check(scheme, value).is_ok());
        if value.len() == 18 {
            self.resident += passes("cn-resident-id");
        }
        if value.is_ascii() && value.len() >= 16 && value.contains('-') {
            self.orcid += passes("orcid");
        }
        let parts = value.split_once('@');
        self.emails += u64::from(parts.is_some_and(|(name, host)| {
            !name.is_empty() && host.contains('.') && !value.contains(char::is_whitespace)
        }));
    }

    /// What its values are hashed with.
    pub fn hasher(&self) -> &impl std::hash::BuildHasher {
        self.hashes.hasher()
    }

    /// How many different values there are; `None` where they are more than were counted.
    pub fn different(&self) -> Option<usize> {
        self.counted.then_some(self.hashes.len())
    }

    /// The values with how often each was met, the commonest first; `None` where they are many or long.
    pub fn words(&self) -> Option<Vec<(&str, u64)>> {
        (!self.many).then(|| {
            let mut words: Vec<_> = self.words.iter().map(|(word, times)| (word.as_str(), *times)).collect();
            words.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
            words
        })
    }

    /// Whether its values may be shown in a draft, which goes from hand to hand: few values that name
    /// nobody, because the heading says so, because they are short numbers, or because they come back in so
    /// many rows.
    pub fn may_be_shown(&self) -> bool {
        let different = self.words.len() as u64;
        let short_numbers = self.mostly(self.numbers()) && self.lengths.is_some_and(|(_, most)| most <= 6);
        let repeated = different > 1 && self.filled >= 20 * different;
        let few = !self.many && different <= 12 && self.filled >= 2 * different;
        few && (self.harmless || short_numbers || repeated)
    }

    /// How many values are numbers.
    pub fn numbers(&self) -> u64 {
        self.integers + self.points + self.commas
    }

    /// Whether at least nine in ten of its values are so.
    pub fn mostly(&self, count: u64) -> bool {
        self.filled > 0 && (count + self.nothing) * 10 >= self.filled * 9 && count > 0
    }

    /// What its values look like, without showing any that could name a person.
    pub fn shape(&self) -> String {
        if self.filled == 0 {
            return "always empty".to_owned();
        }
        let mut parts = Vec::new();
        let lengths = match self.lengths.unwrap_or_default() {
            (least, most) if least == most => format!("{least}"),
            (least, most) => format!("{least} to {most}"),
        };
        match self.different() {
            Some(1) => parts.push("one value".to_owned()),
            Some(count) if count as u64 == self.filled => parts.push("all values different".to_owned()),
            Some(count) => parts.push(format!("{count} different values")),
            None => parts.push("many different values".to_owned()),
        }
        if self.mostly(self.dates.count()) && self.dates.count() >= self.digits {
            parts.push(if self.dates.has_terms() { "terms" } else { "dates" }.to_owned());
        } else if self.mostly(self.digits) && self.lengths.is_some_and(|(_, most)| most > 6) {
            parts.push(format!("{lengths} digits"));
        } else if self.mostly(self.numbers()) {
            parts.push("numbers".to_owned());
        } else {
            let plural = if lengths == "1" { "" } else { "s" };
            parts.push(format!("texts of {lengths} character{plural}"));
        }
        if self.leading_zeros > 0 {
            parts.push(format!("{} with leading zeros", self.leading_zeros));
        }
        if self.empty > 0 {
            parts.push(format!("{} empty", self.empty));
        }
        parts.join(", ")
    }
}

/// `4.40981E+17`: what a spreadsheet makes of a long number.
fn exponent(value: &str) -> bool {
    let Some((digits, exponent)) = value.split_once(['E', 'e']) else { return false };
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    exponent.strip_prefix('+').is_some_and(number)
        && digits.split(['.', ',']).all(number)
        && digits.split(['.', ',']).count() <= 2
}
