//! What was found.

use super::check::{Check, Severity};

/// In place of the other rule, where there is none.
pub(super) const NOBODY: u32 = u32::MAX;

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding<'l> {
    /// The book.
    pub book: &'l str,
    /// The rule's id, or `cap` and the cap's name.
    pub rule: String,
    /// Which check.
    pub check: Check,
    /// What, with values.
    pub what: &'l str,
    /// Book and id of the other rule, where there are two.
    pub other: Option<(&'l str, &'l str)>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    /// Rules first, in their order, then caps.
    pub(super) is_cap: bool,
    pub(super) subject: u32,
    pub(super) check: Check,
    pub(super) other: u32,
    pub(super) what: Box<str>,
}

/// What was found in all books.
#[derive(Debug)]
pub struct Lint {
    pub(super) books: Vec<String>,
    pub(super) caps: Vec<(u16, String)>,
    pub(super) codes: String,
    /// Book and end of the id of each rule.
    pub(super) ends: Vec<(u16, u32)>,
    pub(super) found: Vec<Found>,
    /// Groups of rules too large to compare every rule with every other.
    pub large_groups: u64,
}

impl Lint {
    /// How many rules were read.
    pub fn rules(&self) -> usize {
        self.ends.len()
    }

    /// How many findings a check has.
    pub fn count(&self, check: Check) -> u64 {
        self.found.iter().filter(|found| found.check == check).count() as u64
    }

    /// Findings of a severity and above, by book, rule and check; those about caps at the end.
    pub fn findings(&self, least: Severity) -> impl Iterator<Item = Finding<'_>> {
        self.found
            .iter()
            .filter(move |found| found.check.severity() >= least)
            .map(|found| self.finding(found))
    }

    fn finding<'l>(&'l self, found: &'l Found) -> Finding<'l> {
        let at = found.subject as usize;
        let (book, rule) = match found.is_cap {
            true => (self.books[self.caps[at].0 as usize].as_str(), format!("cap {}", self.caps[at].1)),
            false => {
                let (book, code) = self.name(found.subject);
                (book, code.to_owned())
            }
        };
        let other = (found.other != NOBODY).then(|| self.name(found.other));
        Finding { book, rule, check: found.check, what: &found.what, other }
    }

    /// Book and id of a rule.
    fn name(&self, rule: u32) -> (&str, &str) {
        let at = rule as usize;
        let begin = at.checked_sub(1).map_or(0, |before| self.ends[before].1);
        let (book, end) = self.ends[at];
        (&self.books[book as usize], &self.codes[begin as usize..end as usize])
    }
}
