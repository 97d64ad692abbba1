//! The laws: references, lots and their movements, what undoes what, what stands once.

use super::audit::Audit;
use super::columns::account;
use super::recount::{Recount, accounts_in_order};
use super::registers::{Registers, slot};
use crate::domain::date::Period;
use crate::domain::entry::{Achievement, EntryId, EntryKind, Movement, Place};
use crate::domain::fault::Result;
use crate::domain::registry::Outcome;
use crate::ledger::lots::{Cut, fold};
use crate::store::Read;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// One learner's entries.
#[derive(Default)]
pub struct Entries {
    /// Achievements by entry.
    pub lots: HashMap<EntryId, Achievement>,
    /// Movements in order.
    pub movements: Vec<Movement>,
}

impl Entries {
    /// Reads a learner's entries.
    pub fn of(read: &(impl Read + ?Sized), learner: i64) -> Result<Entries> {
        let lots = read.achievements_of(learner)?.into_iter().map(|lot| (lot.entry, lot)).collect();
        Ok(Entries { lots, movements: read.movements_of(learner)? })
    }

    /// Adds what the movements moved.
    pub fn recount(&self, recount: &mut Recount, registers: &Registers) {
        let accounts = accounts_in_order(&self.lots, &self.movements);
        for (movement, accounts) in self.movements.iter().zip(accounts) {
            if let (Some(accounts), Some(lot)) = (accounts, self.lots.get(&movement.lot)) {
                recount.movement(movement, lot, accounts, registers);
            }
        }
    }
}

impl Audit<'_> {
    /// Takes in an achievement: what it deposits, and what it refers to.
    pub fn take_achievement(&mut self, row: &Achievement) {
        let place = || format!("achievement entry {}", row.entry);
        self.refer(&place, "outcome", "outcome", Some(row.outcome));
        self.refer(&place, "period", "period", Some(row.period));
        self.refer(&place, "system", "system", Some(row.system));
        self.refer(&place, "grade", "grade", row.grade);
        self.refer(&place, "attrs", "attrs", row.attrs);
        if !self.registers.has_version(row.outcome, row.version) {
            let what = format!("outcome {} has no version {}", row.outcome, row.version);
            self.findings.add("V509", format!("{}, column version", place()), what);
        }
        self.refer_learner(&place, row.learner);
        if row.amount.0 < 0 {
            self.findings.add("V502", format!("{}, column amount", place()), "it is below zero");
        }
        if row.nth > 0 {
            self.doubtful.push((row.learner, row.entry.0));
        }
        if let Some(record) = &row.record {
            let institution = self.registers.institution(row.outcome, row.entry.0);
            let digest = self.registers.digest_of((institution, record));
            if !self.records.insert(digest) {
                self.doubtful.push((row.learner, row.entry.0));
            }
        }
        self.recount.achievement(row, &self.registers);
    }

    /// Takes in a movement: what it refers to; its effect waits until its learner's are all known.
    pub fn take_movement(&mut self, row: &Movement) {
        let place = || format!("movement entry {}", row.entry);
        self.refer(&place, "system", "system", Some(row.system));
        self.refer(&place, "period", "period", Some(row.period));
        self.refer_learner(&place, row.learner);
        let decided = self.decisions.binary_search_by_key(&row.decision.0, |(entry, _)| *entry).is_ok();
        if !decided || row.decision.log() != row.entry.log() {
            let what = format!("no decision before it has entry {}", row.decision);
            self.findings.add("V508", format!("{}, column decision", place()), what);
        }
        if row.num <= 0 || row.num > row.den {
            let what = format!("{}/{} is no share", row.num, row.den);
            self.findings.add("V502", format!("{}, columns num and den", place()), what);
        }
        self.recount.movers.insert(row.learner);
        self.take_decided(row);
    }

    fn refer(&mut self, place: &dyn Fn() -> String, column: &str, table: &str, id: Option<i64>) {
        let (Some(slot), Some(id)) = (slot(table), id) else { return };
        if !self.registers.has(slot, id) {
            let what = format!("no act before it introduced {table} {id}");
            self.findings.add("V509", format!("{}, column {column}", place()), what);
        }
    }

    pub(super) fn refer_learner(&mut self, place: &dyn Fn() -> String, learner: i64) {
        if !self.leaves.has_key(learner) && !self.facts.knows(learner) {
            let what = format!("there is no account {learner}");
            self.findings.add("V509", format!("{}, column learner", place()), what);
        }
    }

    /// Judges the movements of every learner who has any, and adds what they moved.
    pub fn judge_movers(&mut self) -> Result<()> {
        for learner in std::mem::take(&mut self.recount.movers) {
            let Ok(entries) = Entries::of(self.read, learner) else {
                // Some row of theirs does not decode, which is a finding already.
                self.tainted.insert(learner);
                continue;
            };
            let entries = self.as_recorded(learner, entries);
            entries.recount(&mut self.recount, &self.registers);
            self.judge(&entries);
        }
        self.judge_repeats()?;
        self.judge_doubtful()
    }

    /// Credit for the same learning is given once: of a person's results in an outcome one counts, unless the
    /// outcome is repeatable.
    fn judge_repeats(&mut self) -> Result<()> {
        let links = self.people.acts.standing();
        let mut repeats: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
        self.read.repeats(&mut |learner, outcome| {
            repeats.entry(links.person(learner)).or_default().insert(outcome);
            Ok(())
        })?;
        let linked = self.people.acts.links().map(|link| links.person(link.account));
        let linked: BTreeSet<i64> = linked.filter(|person| links.accounts(*person).len() > 1).collect();
        for person in &linked {
            repeats.entry(*person).or_default();
        }
        for (person, mut outcomes) in repeats {
            let mut entries = Entries::default();
            for account in links.accounts(person) {
                // Some row of theirs does not decode, which is a finding already.
                let Ok(own) = Entries::of(self.read, account) else { continue };
                let own = self.as_recorded(account, own);
                entries.lots.extend(own.lots);
                entries.movements.extend(own.movements);
            }
            entries.movements.sort_by_key(|movement| movement.entry);
            if linked.contains(&person) {
                outcomes.extend(entries.lots.values().map(|lot| lot.outcome));
            }
            for outcome in outcomes {
                self.judge_repeated(&entries, outcome);
            }
        }
        Ok(())
    }

    fn judge_repeated(&mut self, entries: &Entries, outcome: i64) {
        let kept = crate::store::get::<Outcome>(self.read, outcome);
        if kept.map_or(true, |row| row.repeatable != 0) {
            return;
        }
        let rows = entries.lots.values().filter(|row| row.outcome == outcome && row.amount.0 > 0);
        let never_asked = |_| Period::day(jiff::civil::Date::ZERO);
        let lots = fold(rows.cloned().collect(), &entries.movements, &Cut::default(), &never_asked);
        let mut counting: Vec<EntryId> =
            lots.iter().filter(|lot| lot.counts()).map(|lot| lot.achievement.entry).collect();
        counting.sort();
        if let [first, .., last] = counting[..] {
            let what = format!("its outcome gives credit by entry {first} as well, and is not repeatable");
            self.findings.add("V515", format!("achievement entry {last}"), what);
        }
    }

    fn as_recorded(&self, learner: i64, mut entries: Entries) -> Entries {
        entries.lots.retain(|entry, _| !self.achievements.contains_key(&entry.0));
        let lots = self.achievements.values().filter(|lot| lot.learner == learner);
        entries.lots.extend(lots.map(|lot| (lot.entry, lot.clone())));
        entries.movements.retain(|movement| !self.movements.contains_key(&movement.entry.0));
        entries.movements.extend(self.movements.values().filter(|it| it.learner == learner).cloned());
        entries.movements.sort_by_key(|movement| movement.entry);
        entries
    }

    fn judge(&mut self, entries: &Entries) {
        let known: HashMap<EntryId, &Movement> =
            entries.movements.iter().map(|movement| (movement.entry, movement)).collect();
        let undone = self.judge_undoing(entries, &known);
        self.judge_holds(entries);
        let mut pairs: BTreeMap<(EntryId, EntryId), (Vec<&Movement>, i64)> = BTreeMap::new();
        let mut taken: BTreeMap<EntryId, i128> = BTreeMap::new();
        for movement in &entries.movements {
            let stands = !undone.contains_key(&movement.entry);
            match movement.kind {
                EntryKind::ConvertOut => {
                    self.judge_source(movement, entries.lots.get(&movement.lot));
                    if stands {
                        *taken.entry(movement.lot).or_default() += i128::from(movement.amount.0);
                    }
                    let pair = pairs.entry((movement.decision, movement.lot)).or_default();
                    pair.0.push(movement);
                    pair.1 += 1;
                }
                EntryKind::Supersede => {
                    self.judge_source(movement, entries.lots.get(&movement.lot));
                    if (movement.num, movement.den) != (1, 1) {
                        let what = "another result counts instead of a whole lot";
                        let place = format!("movement entry {}, columns num and den", movement.entry);
                        self.findings.add("V502", place, what);
                    }
                    if stands {
                        *taken.entry(movement.lot).or_default() += i128::from(movement.amount.0);
                    }
                }
                EntryKind::ConvertIn => {
                    let pair = pairs.entry((movement.decision, movement.lot)).or_default();
                    pair.0.push(movement);
                    pair.1 -= 1;
                }
                _ => {}
            }
        }
        for (legs, difference) in pairs.values() {
            if *difference != 0 {
                let what = format!(
                    "decision {} has another number of convert-out than of convert-in for lot {}",
                    legs[0].decision, legs[0].lot
                );
                self.findings.add("V503", format!("movement entry {}", legs[0].entry), what);
            }
        }
        for (lot, taken) in taken {
            let Some(row) = entries.lots.get(&lot) else { continue };
            let holds = if undone.contains_key(&lot) { 0 } else { row.amount.0 };
            if taken > i128::from(holds) {
                let what = format!("{taken} thousandths are taken of a lot that holds {holds}");
                self.findings.add("V501", format!("achievement entry {lot}"), what);
            }
        }
    }

    fn judge_source(&mut self, movement: &Movement, lot: Option<&Achievement>) {
        let place = format!("movement entry {}", movement.entry);
        let Some(lot) = lot.filter(|lot| lot.amount.0 > 0 && lot.entry < movement.entry) else {
            let what = format!("entry {} is no deposit of this learner before it", movement.lot);
            return self.findings.add("V502", format!("{place}, column lot"), what);
        };
        if lot.system != movement.system {
            let what = format!("it is {}, the lot's system is {}", movement.system, lot.system);
            self.findings.add("V502", format!("{place}, column system"), what);
        }
        let share = i128::from(lot.amount.0) * i128::from(movement.num);
        if share != i128::from(movement.amount.0) * i128::from(movement.den) {
            let what = format!(
                "it is {}, which is not {}/{} of the lot's {}",
                movement.amount.0, movement.num, movement.den, lot.amount.0
            );
            self.findings.add("V502", format!("{place}, column amount"), what);
        }
    }

    /// What stands undone, by what; the newest are judged first, because undoing an undoing counts.
    fn judge_undoing(
        &mut self,
        entries: &Entries,
        known: &HashMap<EntryId, &Movement>,
    ) -> HashMap<EntryId, EntryId> {
        let mut undone: HashMap<EntryId, EntryId> = HashMap::new();
        for movement in entries.movements.iter().rev() {
            let undoes = matches!(movement.kind, EntryKind::Release | EntryKind::Reverse | EntryKind::Unhold);
            let place = format!("movement entry {}, column undoes", movement.entry);
            if undoes != movement.undoes.is_some() {
                let what = format!(
                    "a {} {}",
                    movement.kind.name(),
                    if undoes { "undoes an entry" } else { "undoes none" }
                );
                self.findings.add("V504", &place, what);
            }
            let Some(target) = movement.undoes else { continue };
            let of = match (entries.lots.get(&target), known.get(&target)) {
                (Some(lot), _) => Some((lot.entry, lot.system, lot.amount)),
                (_, Some(other)) => Some((other.lot, other.system, other.amount)),
                _ => None,
            };
            let Some((lot, system, amount)) = of.filter(|_| target < movement.entry) else {
                self.findings.add(
                    "V504",
                    &place,
                    format!("entry {target} is none of this learner before it"),
                );
                continue;
            };
            // A hold is lifted, never reversed, and a lifted one stays lifted.
            let other = known.get(&target).map(|other| other.kind);
            let hold = other == Some(EntryKind::Hold);
            if other == Some(EntryKind::Unhold) || hold != (movement.kind == EntryKind::Unhold) {
                let what = format!("a {} cannot undo entry {target}", movement.kind.name());
                self.findings.add("V504", &place, what);
            }
            if lot != movement.lot {
                self.findings.add("V504", &place, format!("entry {target} is about lot {lot}"));
            }
            if (system, amount) != (movement.system, movement.amount) {
                let what = format!(
                    "it moves {} thousandths in system {}, the entry that it undoes {} in {system}",
                    movement.amount.0, movement.system, amount.0
                );
                self.findings.add("V505", format!("movement entry {}", movement.entry), what);
            }
            if undone.contains_key(&movement.entry) {
                continue;
            }
            if let Some(other) = undone.insert(target, movement.entry) {
                self.findings.add(
                    "V504",
                    &place,
                    format!("entry {target} is undone by entry {other} as well"),
                );
            }
        }
        undone
    }

    /// What is on hold stays where it is: from a hold to its end nothing takes the lot from where it is
    /// held, and no hold moves anything.
    fn judge_holds(&mut self, entries: &Entries) {
        if !entries.movements.iter().any(|movement| movement.kind == EntryKind::Hold) {
            return;
        }
        let accounts = accounts_in_order(&entries.lots, &entries.movements);
        let mut on_hold: BTreeMap<EntryId, EntryId> = BTreeMap::new();
        for (movement, accounts) in entries.movements.iter().zip(accounts) {
            let place = format!("movement entry {}", movement.entry);
            let takes = accounts.is_some_and(|(from, to)| from == Place::Held && to != Place::Held);
            if movement.kind == EntryKind::Unhold {
                on_hold.remove(&movement.lot);
                continue;
            }
            if let Some(hold) =
                on_hold.get(&movement.lot).filter(|_| takes || movement.kind == EntryKind::Hold)
            {
                let what = format!("lot {} was on hold by entry {hold}", movement.lot);
                self.findings.add("V511", &place, what);
            }
            if movement.kind != EntryKind::Hold {
                continue;
            }
            self.judge_hold(movement, entries.lots.get(&movement.lot), &place);
            on_hold.insert(movement.lot, movement.entry);
        }
    }

    fn judge_hold(&mut self, hold: &Movement, lot: Option<&Achievement>, place: &str) {
        if hold.amount.0 != 0 || (hold.num, hold.den) != (1, 1) {
            let what = "a hold is of a whole lot, and moves nothing";
            self.findings.add("V502", format!("{place}, columns amount, num and den"), what);
        }
        if lot.is_none_or(|lot| lot.amount.0 <= 0 || lot.entry > hold.entry) {
            let what = format!("entry {} is no deposit of this learner before it", hold.lot);
            self.findings.add("V502", format!("{place}, column lot"), what);
        }
    }

    fn judge_doubtful(&mut self) -> Result<()> {
        for (_, entry) in std::mem::take(&mut self.doubtful) {
            let found = match self.achievements.get(&entry) {
                Some(row) => Some(row.clone()),
                None => self.read.achievement(EntryId(entry)).unwrap_or_default(),
            };
            let Some(row) = found.filter(|row| !self.is_undone(row)) else { continue };
            let same = self.read.same_key(row.learner, row.outcome, row.period, row.attempt);
            let others = same
                .unwrap_or_default()
                .into_iter()
                .filter(|other| other.entry < row.entry && (other.record.is_none() || row.record.is_none()));
            let institution = self.registers.institution(row.outcome, entry);
            let recorded = row
                .record
                .as_deref()
                .map_or_else(Vec::new, |record| self.read.by_record(record).unwrap_or_default());
            let twins = recorded.into_iter().filter(|other| {
                other.entry < row.entry
                    && self.registers.institution(other.outcome, other.entry.0) == institution
            });
            let twice = others.chain(twins).find(|other| !self.is_undone(other));
            if let Some(other) = twice {
                let what = format!(
                    "entry {} of account {} says the same and stands as well",
                    other.entry,
                    account(other.learner)
                );
                self.findings.add("V507", format!("achievement entry {}", row.entry), what);
            }
        }
        Ok(())
    }

    pub(super) fn is_undone(&self, row: &Achievement) -> bool {
        let movements = self.read.movements_of_lot(row.learner, row.entry).unwrap_or_default();
        let mut undone: Vec<EntryId> = Vec::new();
        for movement in movements.iter().rev() {
            if !undone.contains(&movement.entry) {
                undone.extend(movement.undoes);
            }
        }
        undone.contains(&row.entry)
    }
}
