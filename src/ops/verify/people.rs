//! Whose account is whose: the acts that say it, the tables derived from them, and the laws that hold
//! over the accounts of one person.

use super::audit::Audit;
use super::columns::{account, shown};
use super::laws::Entries;
use crate::domain::entry::{Achievement, EntryId, EntryKind, Movement};
use crate::domain::fault::Result;
use crate::domain::identifier::DESCRIPTIONS;
use crate::domain::link::{Description, Link, Pair};
use crate::domain::registry::Scheme;
use crate::ops::people::acts::PeopleActs;
use crate::ops::people::{describing, descriptions};
use crate::store::{self, Act, Cell};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What the journal says about whose account is whose.
#[derive(Default)]
pub struct People {
    /// Links as the acts make them.
    pub acts: PeopleActs,
    /// The private decision act met last, its learner, and whether movements of others are judged.
    decision: Option<(EntryId, i64)>,
}

impl Audit<'_> {
    /// Takes in an act about people.
    pub fn take_person_act(&mut self, act: &Act) {
        if act.kind == EntryKind::Decision {
            self.people.decision = act.learner.map(|learner| (act.entry, learner));
        } else if let Err(why) = self.people.acts.take(act) {
            self.findings.add("V513", format!("act entry {}, column payload", act.entry), why);
        }
    }

    /// A decision about a person uses that person's lots, under whichever account they stand.
    pub fn take_decided(&mut self, row: &Movement) {
        let Some((entry, learner)) = self.people.decision.filter(|(entry, _)| *entry == row.decision) else {
            return;
        };
        if learner != row.learner && !self.people.acts.before(row.entry).same(learner, row.learner) {
            let what = format!(
                "decision {entry} is about account {}, the lot is of account {}",
                account(learner),
                account(row.learner)
            );
            self.findings.add("V514", format!("movement entry {}, column learner", row.entry), what);
        }
    }

    /// Judges what holds over all accounts of a person: nothing stands twice, no decision is parted.
    pub fn judge_people(&mut self) -> Result<()> {
        let links = self.people.acts.standing();
        let linked: Vec<Link> = self.people.acts.links().cloned().collect();
        for link in &linked {
            let place = || format!("act entry {}", link.entry);
            self.refer_learner(&place, link.account);
            self.refer_learner(&place, link.person);
        }
        let people: BTreeSet<i64> = linked.iter().flat_map(|link| [link.account, link.person]).collect();
        let mut users: BTreeMap<EntryId, i64> = BTreeMap::new();
        for person in people.into_iter().filter(|account| links.is_person(*account)) {
            let mut standing: HashMap<(i64, i64, i64), Vec<Achievement>> = HashMap::new();
            for account in links.accounts(person) {
                let Ok(entries) = Entries::of(self.read, account) else { continue };
                self.judge_parted(person, &entries, &mut users);
                let mut lots: Vec<Achievement> = entries.lots.into_values().collect();
                lots.sort_by_key(|lot| lot.entry);
                for lot in lots {
                    if self.is_undone(&lot) {
                        continue;
                    }
                    let same = standing.entry((lot.outcome, lot.period, lot.attempt)).or_default();
                    self.judge_twin(&lot, same);
                    same.push(lot);
                }
            }
        }
        Ok(())
    }

    fn judge_twin(&mut self, lot: &Achievement, same: &[Achievement]) {
        let twin = same
            .iter()
            .find(|other| other.learner != lot.learner && (other.record.is_none() || lot.record.is_none()));
        if let Some(other) = twin {
            let what = format!(
                "entry {} of account {}, which is the same person's, says the same and stands as well",
                other.entry,
                account(other.learner)
            );
            self.findings.add("V507", format!("achievement entry {}", lot.entry), what);
        }
    }

    /// A standing decision uses the lots of one person.
    fn judge_parted(&mut self, person: i64, entries: &Entries, users: &mut BTreeMap<EntryId, i64>) {
        let mut undone: BTreeSet<EntryId> = BTreeSet::new();
        for movement in entries.movements.iter().rev() {
            if undone.contains(&movement.entry) {
                continue;
            }
            undone.extend(movement.undoes);
            let placed = matches!(movement.kind, EntryKind::ConvertOut | EntryKind::ConvertIn);
            if !placed {
                continue;
            }
            let user = *users.entry(movement.decision).or_insert(person);
            if user != person {
                let what = format!(
                    "decision {} uses lots of {} and of {}, who are two people",
                    movement.decision,
                    account(user),
                    account(person)
                );
                self.findings.add("V514", format!("movement entry {}", movement.entry), what);
            }
        }
    }

    /// An identifier belongs to one account: another one would get results that are not its own.
    pub fn judge_identifiers(&mut self) -> Result<()> {
        // A registry or a fact that does not decode is a finding already.
        let schemes: Vec<Scheme> = store::all(self.read).unwrap_or_default();
        let describing: Vec<i64> = schemes
            .iter()
            .filter(|scheme| DESCRIPTIONS.contains(&scheme.name.as_str()))
            .map(|scheme| scheme.id)
            .collect();
        let registers = &self.registers;
        let mut owners: hashbrown::HashMap<u64, i64> = hashbrown::HashMap::new();
        let mut doubtful: BTreeSet<(i64, String)> = BTreeSet::new();
        let _ = self.read.values_of_identity(&mut |learner, scheme, value| {
            if describing.contains(&scheme) {
                return Ok(());
            }
            let owner = *owners.entry(registers.digest_of((scheme, value))).or_insert(learner);
            if owner != learner {
                doubtful.insert((scheme, value.to_owned()));
            }
            Ok(())
        });
        for (scheme, value) in doubtful {
            let facts = self.read.identities_with(&value).unwrap_or_default();
            let owners: BTreeSet<i64> =
                facts.iter().filter(|fact| fact.scheme == scheme).map(|fact| fact.learner).collect();
            let mut owners = owners.into_iter();
            let first = owners.next().unwrap_or_default();
            for other in owners {
                let what = format!("an identifier of it is {}'s", account(first));
                self.findings.add("V517", format!("identity of {}, column value", account(other)), what);
            }
        }
        Ok(())
    }

    /// Compares the list of links.
    pub fn check_links(&mut self) -> Result<()> {
        let kept = self.read.links().map(|all| all.iter().map(|link| (link.entry.0, said(link))).collect());
        let due = self.people.acts.links().map(|link| (link.entry.0, said(link))).collect();
        self.compare(("link", "V405", "no merge act has this entry"), LINK, kept, due)
    }

    /// Compares the list of pairs.
    pub fn check_pairs(&mut self) -> Result<()> {
        let kept = self.read.pairs().map(|all| all.iter().map(|pair| (pair.entry.0, paired(pair))).collect());
        let due = self.people.acts.pairs().map(|pair| (pair.entry.0, paired(pair))).collect();
        self.compare(("pair", "V406", "no review act has this entry"), PAIR, kept, due)
    }

    /// Compares a table of acts' entries, column by column.
    fn compare(
        &mut self,
        (table, code, none): (&'static str, &'static str, &str),
        columns: [&'static str; 6],
        typed: Result<Vec<Said>>,
        mut due: BTreeMap<i64, [String; 5]>,
    ) -> Result<()> {
        let mut rows: Vec<Said> = Vec::new();
        match typed {
            Ok(kept) => rows = kept,
            // Some row does not decode: the table once more, cell by cell.
            Err(_) => self.read.scan(table, &columns, None, &mut |cells| {
                let entry = if let Cell::Int(entry) = cells[0] { entry } else { -1 };
                rows.push((entry, std::array::from_fn(|at| raw(columns[at + 1], &cells[at + 1]))));
                Ok(())
            })?,
        }
        self.count(table, rows.len());
        for (entry, row) in rows {
            let place = format!("{table} entry {}", EntryId(entry));
            let Some(was) = due.remove(&entry) else {
                self.findings.add(code, format!("{place}, column entry"), none);
                continue;
            };
            let both = columns[1..].iter().zip(row.into_iter().zip(was));
            for (column, (is, was)) in both.filter(|(_, (is, was))| is != was) {
                let what = format!("it is {is}, the journal says {was}");
                self.findings.add(code, format!("{place}, column {column}"), what);
            }
        }
        for entry in due.keys() {
            self.findings.add(code, format!("{table} entry {}", EntryId(*entry)), "it is missing");
        }
        Ok(())
    }

    /// Compares what people are looked up by: first by a sum of digests, and row by row where it differs.
    pub fn check_descriptions(&mut self) -> Result<()> {
        let mut rows = 0;
        let mut kept: u64 = 0;
        let registers = &self.registers;
        let digest = |row: &Description| registers.digest_of((&row.birth, &row.name, row.learner));
        let typed = self.read.descriptions(&mut |row| {
            rows += 1;
            kept = kept.wrapping_add(digest(&row));
            Ok(())
        });
        let mut due: u64 = 0;
        // A registry or a fact that does not decode is a finding already.
        let schemes = describing(self.read).unwrap_or_default();
        let ids: Vec<i64> = match schemes.1 {
            Some(_) => self.leaves.keys.iter().map(|(id, _)| *id).collect(),
            None => Vec::new(),
        };
        let described = |id: i64| {
            let facts = self.read.identities_of(id).unwrap_or_default();
            descriptions(id, &facts.iter().collect::<Vec<_>>(), schemes)
        };
        for id in &ids {
            due = described(*id).iter().fold(due, |sum, row| sum.wrapping_add(digest(row)));
        }
        if typed.is_err() {
            self.findings.add("V407", "described, columns birth, name and learner", "a row cannot be read");
        } else if kept != due {
            let mut missing: BTreeSet<Description> = ids.iter().flat_map(|id| described(*id)).collect();
            let mut extra = Vec::new();
            self.read.descriptions(&mut |row| {
                if !missing.remove(&row) {
                    extra.push(row);
                }
                Ok(())
            })?;
            for row in extra {
                let place = format!("described of {}, born {}", account(row.learner), row.birth);
                self.findings.add("V407", place, "no facts of identity make this row");
            }
            for row in missing {
                let place = format!("described of {}, born {}", account(row.learner), row.birth);
                self.findings.add("V407", place, "it is missing");
            }
        }
        self.count("described", rows);
        Ok(())
    }
}

/// A row's entry, and what its other columns hold, as findings say it.
type Said = (i64, [String; 5]);

const PAIR: [&str; 6] = ["entry", "account", "other", "score", "why", "apart"];

fn paired(pair: &Pair) -> [String; 5] {
    let apart = pair.apart.map_or_else(|| "empty".to_owned(), |entry| entry.to_string());
    [account(pair.account), account(pair.other), pair.score.to_string(), pair.why.clone(), apart]
}

const LINK: [&str; 6] = ["entry", "account", "person", "since", "ended", "until"];

/// What the columns of a link hold, as findings say it.
fn said(link: &Link) -> [String; 5] {
    let empty = || "empty".to_owned();
    let (ended, until) = link.ended.map(|(entry, day)| (entry.to_string(), day.to_string())).unzip();
    [
        account(link.account),
        account(link.person),
        link.since.to_string(),
        ended.unwrap_or_else(empty),
        until.unwrap_or_else(empty),
    ]
}

/// The same of a cell as it is kept.
fn raw(column: &str, cell: &Cell) -> String {
    match (column, cell) {
        ("account" | "person" | "other", Cell::Int(number)) => account(*number),
        ("ended" | "apart", Cell::Int(entry)) => EntryId(*entry).to_string(),
        (_, Cell::Text(text)) => text.clone(),
        (_, other) => shown(other),
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::registry::Scheme;
    use crate::ops::batch::{Actor, BatchPayload};
    use crate::ops::init::{Founding, init};
    use crate::ops::post::{Fact, Poster};
    use crate::ops::verify::{Options, verify};
    use crate::store::Store;
    use crate::store::memory::Memory;

    fn fact(learner: i64, nth: i64, scheme: i64, value: &str) -> Fact {
        Fact { learner, nth, scheme, value: value.into(), valid_from: None, valid_to: None }
    }

    #[test]
    fn an_identifier_of_two_accounts_is_found_though_every_leaf_is_intact() {
        let mut store = Memory::new();
        let actor = Actor {
            name: "registrar".into(),
            site: "desk".into(),
            now: "2026-01-02T03:04:05Z".parse().unwrap(),
            command: "test".into(),
        };
        let founding = Founding {
            name: "Test bank".into(),
            identifier: "bank.example".into(),
            home_system: "ECTS".into(),
            time_zone: "UTC".into(),
        };
        let head = init(&mut store, &founding, &actor).unwrap();
        store
            .append(0, Some(&head), &mut |tx| {
                let mut poster = Poster::open(tx, 0, &BatchPayload::new(&actor)?)?;
                for (id, name) in [(1, "student-number"), (2, "name"), (3, "card")] {
                    poster.register_one(&Scheme { id, name: name.into(), issuer: String::new() })?;
                }
                // Two people may have one name, and one text may be a number of two sorts.
                let facts = vec![
                    fact(1, 0, 1, "S-1"),
                    fact(1, 1, 2, "Ann Example"),
                    fact(2, 0, 1, "S-2"),
                    fact(2, 1, 2, "Ann Example"),
                    fact(2, 2, 3, "S-1"),
                    fact(3, 0, 1, "S-2"),
                ];
                poster.enrol(&[(1, [1; 32]), (2, [2; 32]), (3, [3; 32])], facts)?;
                poster.seal()?;
                Ok(true)
            })
            .unwrap();
        let verdict = verify(&store, &Options::default(), &|_, _| {}).unwrap();
        let found: Vec<_> = verdict.findings.iter().map(|found| (found.code, found.place.as_str())).collect();
        assert_eq!(found, [("V517", "identity of CB000000036, column value")], "{:?}", verdict.findings);
    }
}
