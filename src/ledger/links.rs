//! Whose account is whose: the links that stand in a cut, followed to the person.

use super::lots::Cut;
use crate::domain::link::Link;
use std::collections::{BTreeMap, BTreeSet};

/// The links that stand. A person is named by the account to which no further link leads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    parents: BTreeMap<i64, i64>,
    children: BTreeMap<i64, BTreeSet<i64>>,
}

impl Links {
    /// The links that stand in a cut: known and effective, and not ended by what is known and effective.
    pub fn at(links: &[Link], cut: &Cut) -> Links {
        let counts = |entry, day| cut.knows(entry) && cut.as_of.is_none_or(|as_of| day <= as_of);
        let mut standing = Links::default();
        for link in links {
            let ended = link.ended.is_some_and(|(entry, day)| counts(entry, day));
            if counts(link.entry, link.since) && !ended {
                standing.join(link.account, link.person);
            }
        }
        standing
    }

    /// Lets an account answer for another.
    pub fn join(&mut self, account: i64, person: i64) {
        self.part(account);
        self.parents.insert(account, person);
        self.children.entry(person).or_default().insert(account);
    }

    /// Ends an account's link to another.
    pub fn part(&mut self, account: i64) {
        let Some(person) = self.parents.remove(&account) else { return };
        if let Some(children) = self.children.get_mut(&person) {
            children.remove(&account);
            if children.is_empty() {
                self.children.remove(&person);
            }
        }
    }

    /// True where no accounts are linked.
    pub fn is_empty(&self) -> bool {
        self.parents.is_empty()
    }

    /// The account to which an account's own link leads.
    pub fn parent(&self, account: i64) -> Option<i64> {
        self.parents.get(&account).copied()
    }

    /// The account that names the person whose account it is.
    pub fn person(&self, account: i64) -> i64 {
        let mut at = account;
        // Links that go in a circle are nothing the program makes; a file may hold them all the same.
        for _ in 0..=self.parents.len() {
            match self.parents.get(&at) {
                Some(parent) => at = *parent,
                None => return at,
            }
        }
        account
    }

    /// Whether an account names a person: it answers for no other.
    pub fn is_person(&self, account: i64) -> bool {
        !self.parents.contains_key(&account)
    }

    /// Whether two accounts are one person's.
    pub fn same(&self, one: i64, other: i64) -> bool {
        one == other || (!self.is_empty() && self.person(one) == self.person(other))
    }

    /// All accounts of the person whose account it is, the one that names the person first.
    pub fn accounts(&self, account: i64) -> Vec<i64> {
        self.answering(self.person(account))
    }

    /// An account and those that answer for it, by their own links or through others.
    pub fn answering(&self, account: i64) -> Vec<i64> {
        let mut all = vec![account];
        let mut seen = BTreeSet::from([account]);
        let mut at = 0;
        while let Some(children) = all.get(at).map(|account| self.children.get(account)) {
            all.extend(children.into_iter().flatten().copied().filter(|child| seen.insert(*child)));
            at += 1;
        }
        all[1..].sort_unstable();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entry::EntryId;
    use jiff::civil::{Date, date};

    fn link(seq: u64, account: i64, person: i64, since: Date, ended: Option<(u64, Date)>) -> Link {
        let at = |seq| EntryId::new(0, seq);
        Link { entry: at(seq), account, person, since, ended: ended.map(|(seq, day)| (at(seq), day)) }
    }

    #[test]
    fn links_are_followed_to_the_person() {
        let day = date(2025, 1, 1);
        let all = [link(5, 2, 1, day, None), link(6, 4, 3, day, None), link(7, 3, 1, day, None)];
        let links = Links::at(&all, &Cut::default());
        assert_eq!(links.accounts(4), [1, 2, 3, 4]);
        assert_eq!((links.person(4), links.person(9)), (1, 9));
        assert!(links.same(2, 4) && !links.same(2, 9));
        assert_eq!(links.answering(3), [3, 4]);
        let mut apart = links.clone();
        apart.part(3);
        assert_eq!((apart.accounts(1), apart.accounts(4)), (vec![1, 2], vec![3, 4]));
    }

    #[test]
    fn a_cut_sees_the_links_as_they_then_were() {
        let all = [link(5, 2, 1, date(2025, 3, 1), Some((9, date(2025, 5, 1))))];
        let joined = |as_of: Option<Date>, known: Option<u64>| {
            let cut = Cut { as_of, known: known.map(|seq| EntryId::new(0, seq)) };
            Links::at(&all, &cut).same(1, 2)
        };
        assert!(!joined(None, None) && !joined(None, Some(10)));
        assert!(joined(None, Some(9)) && joined(None, Some(6)) && !joined(None, Some(5)));
        let (before, between, after) = (date(2025, 2, 28), date(2025, 4, 30), date(2025, 5, 1));
        assert!(!joined(Some(before), None) && joined(Some(between), None) && !joined(Some(after), None));
        assert!(joined(Some(after), Some(9)));
    }

    #[test]
    fn a_circle_of_links_ends() {
        let mut links = Links::default();
        links.join(1, 2);
        links.join(2, 1);
        assert_eq!(links.accounts(1).len(), 2);
    }
}
