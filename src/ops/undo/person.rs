//! One person's entries as an undoing sees them: what stands, what uses what, what goes together.

use super::Dependent;
use crate::domain::account::Account;
use crate::domain::credits::Credits;
use crate::domain::date::Period;
use crate::domain::entry::{Achievement, EntryId, EntryKind, Movement, Place};
use crate::domain::fault::Result;
use crate::ledger::lots::{Cut, accounts_of, standing};
use crate::ops::learners::entries_of;
use crate::store::Read;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The entries of one person, and what of them stands.
pub struct Person {
    /// The account that names the person.
    pub learner: i64,
    /// Achievements by entry.
    pub achievements: HashMap<EntryId, Achievement>,
    /// Movements by entry.
    pub movements: HashMap<EntryId, Movement>,
    /// Entries that are undone, and by what.
    pub undone: BTreeMap<EntryId, EntryId>,
}

/// What stands and falls together: the entries of a decision, or the rows that share a load, which are
/// named by their batch, their file and the first line.
pub type Unit = (EntryId, Option<(i64, i64)>);

/// An entry that cannot be undone, because it would place a lot again that is not there.
pub struct Unplaceable {
    /// The entry.
    pub entry: EntryId,
    /// The lot.
    pub lot: EntryId,
    /// What stands in the way.
    pub obstacle: EntryId,
    /// How it does, in words before its number.
    pub how: &'static str,
}

impl Person {
    /// The entries of all accounts of a person, of which the first names them.
    pub fn load(read: &(impl Read + ?Sized), accounts: &[i64]) -> Result<Person> {
        let (achievements, movements) = entries_of(read, accounts)?;
        let no_date = |_| Period::day(Date::ZERO);
        let (_, undone) = standing(&movements, &Cut::default(), &no_date);
        Ok(Person {
            learner: accounts.first().copied().unwrap_or_default(),
            achievements: achievements.into_iter().map(|row| (row.entry, row)).collect(),
            movements: movements.into_iter().map(|row| (row.entry, row)).collect(),
            undone,
        })
    }

    /// Whether nothing undid an entry. One that let another stand again is as good as undone where that
    /// other was undone anew: it would be undone twice.
    pub fn stands(&self, entry: EntryId) -> bool {
        let undoes = |entry: EntryId| self.movements.get(&entry).and_then(|row| row.undoes);
        let revived = undoes(entry).and_then(undoes);
        !self.undone.contains_key(&entry) && revived.is_none_or(|revived| self.stands(revived))
    }

    /// Those of some entries that stand, newest first; of those that stand and fall together the newest.
    pub fn standing(&self, entries: &BTreeSet<EntryId>) -> Vec<EntryId> {
        let mut roots = BTreeSet::new();
        let newest_first = entries.iter().rev().copied();
        newest_first.filter(|entry| self.stands(*entry) && roots.insert(self.root(*entry))).collect()
    }

    fn kind_of(&self, entry: EntryId) -> Option<(EntryKind, Option<EntryId>)> {
        match self.achievements.get(&entry) {
            Some(row) => Some((row.entry_kind(), None)),
            None => self.movements.get(&entry).map(|row| (row.kind, row.undoes)),
        }
    }

    /// Between which accounts undoing an entry moves its amount.
    pub fn accounts_of_undoing(&self, entry: EntryId) -> Option<(Place, Place)> {
        accounts_of(EntryKind::Reverse, Some(entry), &|entry| self.kind_of(entry))
    }

    pub fn lot_of(&self, entry: EntryId) -> Option<EntryId> {
        if self.achievements.contains_key(&entry) {
            Some(entry)
        } else {
            self.movements.get(&entry).map(|row| row.lot)
        }
    }

    /// The account whose lots some entries are about: the person's where there are several.
    pub fn account_of(&self, entries: &[EntryId]) -> i64 {
        let lots = entries.iter().filter_map(|entry| self.achievements.get(&self.lot_of(*entry)?));
        let accounts: BTreeSet<i64> = lots.map(|lot| lot.learner).collect();
        match accounts.first() {
            Some(account) if accounts.len() == 1 => *account,
            _ => self.learner,
        }
    }

    /// Registry id of the date on which an entry takes effect.
    pub fn period_of(&self, entry: EntryId) -> Option<i64> {
        let own = self.achievements.get(&entry).map(|row| row.period);
        own.or_else(|| self.movements.get(&entry).map(|row| row.period))
    }

    /// Lots that undoing some entries moves between these accounts.
    pub fn moved(&self, going: &[EntryId], from: Place, to: Place) -> BTreeSet<EntryId> {
        let moves = |entry: &&EntryId| self.accounts_of_undoing(**entry) == Some((from, to));
        going.iter().filter(moves).filter_map(|entry| self.lot_of(*entry)).collect()
    }

    /// Achievements that undoing some entries takes between these accounts, other than by letting them count or not.
    pub fn themselves(&self, going: &[EntryId], from: Place, to: Place) -> BTreeSet<EntryId> {
        let own: Vec<EntryId> = going
            .iter()
            .copied()
            .filter(|entry| self.achievements.contains_key(&self.root(*entry)))
            .collect();
        self.moved(&own, from, to)
    }

    /// The entry that stands or falls with this one: what it undoes, and what that undoes in turn.
    pub fn root(&self, entry: EntryId) -> EntryId {
        let undone = self.movements.get(&entry).and_then(|row| row.undoes);
        undone.map_or(entry, |undone| self.root(undone))
    }

    /// Decisions whose standing placements use a lot, other than placements that end as well.
    fn users(&self, lot: EntryId, ending: &BTreeSet<EntryId>) -> BTreeSet<EntryId> {
        self.movements
            .values()
            .filter(|row| row.lot == lot && row.kind == EntryKind::ConvertOut)
            .filter(|row| self.stands(row.entry) && !ending.contains(&row.entry))
            .map(|row| row.decision)
            .collect()
    }

    /// The standing entries of a decision, newest first.
    pub fn entries_of(&self, decision: EntryId) -> Vec<EntryId> {
        let own = self.movements.values().filter(|row| row.decision == decision).map(|row| row.entry);
        self.standing(&own.collect())
    }

    /// Placements that must go before these entries can: undoing them takes a lot from held.
    pub fn dependents(&self, going: &[EntryId]) -> Vec<Dependent> {
        let ends = |entry: &&EntryId| self.accounts_of_undoing(**entry) == Some((Place::Placed, Place::Held));
        let ending = going.iter().filter(ends).map(|entry| self.root(*entry)).collect();
        let mut needed = self.moved(going, Place::Held, Place::Recognised);
        needed.extend(self.moved(going, Place::Held, Place::Placed));
        let mut found = Vec::new();
        for lot in needed {
            for decision in self.users(lot, &ending) {
                found.push(Dependent { account: Account(self.learner), lot, decision });
            }
        }
        found
    }

    /// Lots on hold that undoing these entries would reverse or place, and the decisions to hold them.
    pub fn on_hold(&self, going: &[EntryId]) -> Vec<Dependent> {
        let mut taken = self.moved(going, Place::Held, Place::Recognised);
        taken.extend(self.moved(going, Place::Held, Place::Placed));
        let mut holds: Vec<&Movement> = self
            .movements
            .values()
            .filter(|row| row.kind == EntryKind::Hold && taken.contains(&row.lot) && self.stands(row.entry))
            .collect();
        holds.sort_by_key(|hold| hold.lot);
        let account = Account(self.learner);
        holds.into_iter().map(|hold| Dependent { account, lot: hold.lot, decision: hold.decision }).collect()
    }

    /// The standing entry by which another result counts instead of a lot.
    pub fn superseded(&self, lot: EntryId) -> Option<&Movement> {
        let of_lot = |row: &&Movement| row.kind == EntryKind::Supersede && row.lot == lot;
        let standing = self.movements.values().filter(of_lot).filter(|row| self.stands(row.entry));
        standing.max_by_key(|row| row.entry)
    }

    /// The result in the outcome of a lot that counts although the lot does not, unless undoing some entries lets the lot
    /// count again.
    fn counting_instead(&self, lot: EntryId, going: &[EntryId]) -> Option<EntryId> {
        let by = self.superseded(lot)?.entry;
        let back = Some((Place::Recognised, Place::Held));
        if going.iter().any(|entry| self.root(*entry) == by && self.accounts_of_undoing(*entry) == back) {
            return None;
        }
        let outcome = self.achievements.get(&lot)?.outcome;
        let rivals = self.achievements.values().filter(|row| row.outcome == outcome && row.entry != lot);
        let counting = rivals.filter(|row| row.amount > Credits::ZERO && self.stands(row.entry));
        let counting = counting.map(|row| row.entry).filter(|rival| self.superseded(*rival).is_none());
        counting.max().or(Some(by))
    }

    /// Entries that place a lot again where they are undone, although it is reversed, another result counts instead of
    /// it, or another of them places it too.
    pub fn without_lot(&self, going: &[EntryId]) -> Vec<Unplaceable> {
        let back = self.themselves(going, Place::Recognised, Place::Held);
        let mut placing: BTreeMap<EntryId, EntryId> = BTreeMap::new();
        let mut found = Vec::new();
        for entry in going {
            if !matches!(self.accounts_of_undoing(*entry), Some((Place::Held, Place::Placed))) {
                continue;
            }
            let Some(lot) = self.lot_of(*entry) else { continue };
            let reversal = self.undone.get(&lot).filter(|_| !back.contains(&lot));
            let (obstacle, how) = if let Some(reversal) = reversal {
                (*reversal, "but is reversed by")
            } else if let Some(rival) = self.counting_instead(lot, going) {
                (rival, "but what counts instead of it is")
            } else if let Some(other) = placing.insert(lot, *entry) {
                (other, "and as well by")
            } else {
                continue;
            };
            found.push(Unplaceable { entry: *entry, lot, obstacle, how });
        }
        found
    }

    /// Decisions that undoing some entries lets place lots again.
    pub fn placing_again(&self, going: &[EntryId]) -> BTreeSet<EntryId> {
        let places =
            |entry: &&EntryId| self.accounts_of_undoing(**entry) == Some((Place::Held, Place::Placed));
        let roots = going.iter().filter(places).map(|entry| self.root(*entry));
        roots.filter_map(|root| self.movements.get(&root)).map(|row| row.decision).collect()
    }

    /// What an entry stands and falls with.
    pub fn unit(&self, read: &(impl Read + ?Sized), entry: EntryId) -> Result<Unit> {
        let root = self.root(entry);
        if let Some(row) = self.movements.get(&root) {
            return Ok((row.decision, None));
        }
        let row = self.achievements.get(&root);
        match row.and_then(|row| Some((row.file, row.group_line?))) {
            Some(group) => Ok((read.batch_of(root)?.map_or(root, |batch| batch.entry), Some(group))),
            None => Ok((root, None)),
        }
    }
}
