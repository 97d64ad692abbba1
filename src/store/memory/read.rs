//! What can be asked of the model.

use super::{Kept, registry};
use crate::domain::entry::{Achievement, Balance, EntryId, Movement};
use crate::domain::fault::Result;
use crate::domain::link::{Description, Link, Pair};
use crate::domain::registry::{Row, RuleRow, RuleSourceRow};
use crate::proof::leaf::{Commitment, Key};
use crate::proof::tile::Tile;
use crate::store::{Act, ActRow, BatchRow, DecisionRow, Head, Identity, Object, Read, Refusal, RulesTable};
use crate::store::{Staged, SummaryKey, SummarySums};
use serde_json::Value;
use std::collections::BTreeMap;

/// The rows from one key (included) to another (excluded), in order; none where they are the wrong way
/// round.
fn between<K: Ord + Copy, V>(map: &BTreeMap<K, V>, from: K, to: K) -> impl Iterator<Item = &V> {
    map.range(from..).take_while(move |(key, _)| **key < to).map(|(_, row)| row)
}

/// Copies of the rows that fit.
fn chosen<'a, V: Clone + 'a>(rows: impl Iterator<Item = &'a V>, fits: impl Fn(&V) -> bool) -> Vec<V> {
    rows.filter(|row| fits(row)).cloned().collect()
}

impl<T: Kept> Read for T {
    fn heads(&self) -> Result<Vec<Head>> {
        Ok(self.tables().logs.values().cloned().collect())
    }

    fn tile(&self, log: i64, level: u8, index: u64) -> Result<Option<Tile>> {
        Ok(self.tables().tiles.get(&(log, level, index)).cloned())
    }

    fn tile_count(&self, log: i64) -> Result<u64> {
        Ok(self.tables().tiles.keys().filter(|(of, _, _)| *of == log).count() as u64)
    }

    fn rows(
        &self,
        table: &str,
        by: Option<(&str, Value)>,
        each: &mut dyn FnMut(Object) -> Result<()>,
    ) -> Result<()> {
        let registry = registry::named(table)?;
        let rows = self.tables().registries.get(registry.table).into_iter().flat_map(BTreeMap::values);
        for row in rows {
            let fits = match &by {
                None => true,
                Some((column, value)) => registry.column(row, column)? == value,
            };
            if fits {
                each(row.clone())?;
            }
        }
        Ok(())
    }

    fn rule_texts(&self, book: i64, each: &mut dyn FnMut(&str) -> Result<()>) -> Result<()> {
        let rows = self.tables().registries.get(RuleRow::TABLE).into_iter().flat_map(BTreeMap::values);
        let of_book = rows.filter(|row| row.get("book").and_then(Value::as_i64) == Some(book));
        of_book.filter_map(|row| row.get("body")?.as_str()).try_for_each(each)
    }

    fn act(&self, entry: EntryId) -> Result<Option<Act>> {
        Ok(self.tables().acts.get(&entry).cloned())
    }

    fn acts(
        &self,
        from: EntryId,
        to: EntryId,
        each: &mut dyn FnMut(Act, Option<Commitment>) -> Result<()>,
    ) -> Result<()> {
        between(&self.tables().acts, from, to).cloned().try_for_each(|act| each(act, None))
    }

    fn act_rows(&self, entry: EntryId, each: &mut dyn FnMut(ActRow) -> Result<()>) -> Result<()> {
        let rows = self.tables().act_rows.range((entry, i64::MIN)..=(entry, i64::MAX));
        rows.map(|(_, row)| row.clone()).try_for_each(each)
    }

    fn introduced(&self, what: RulesTable, each: &mut dyn FnMut(EntryId, &str) -> Result<()>) -> Result<()> {
        let rows = self.tables().act_rows.iter().filter(|(_, row)| row.table == what.name());
        rows.map(|((entry, _), row)| (*entry, &row.row)).try_for_each(|(entry, row)| each(entry, row))
    }

    fn achievement(&self, entry: EntryId) -> Result<Option<Achievement>> {
        Ok(self.tables().achievements.get(&entry).cloned())
    }

    fn achievements(
        &self,
        from: EntryId,
        to: EntryId,
        each: &mut dyn FnMut(Achievement, Option<Commitment>) -> Result<()>,
    ) -> Result<()> {
        between(&self.tables().achievements, from, to).cloned().try_for_each(|row| each(row, None))
    }

    fn achievements_of(&self, learner: i64) -> Result<Vec<Achievement>> {
        Ok(chosen(self.tables().achievements.values(), |row| row.learner == learner))
    }

    fn same_key(&self, learner: i64, outcome: i64, period: i64, attempt: i64) -> Result<Vec<Achievement>> {
        let nth = |nth| [learner, outcome, period, attempt, nth];
        let entries = self.tables().by_key.range(nth(i64::MIN)..=nth(i64::MAX));
        Ok(entries.filter_map(|(_, entry)| self.tables().achievements.get(entry)).cloned().collect())
    }

    fn same_outcome(&self, learner: i64, outcome: i64) -> Result<Vec<Achievement>> {
        let key = |end| [learner, outcome, end, end, end];
        let entries = self.tables().by_key.range(key(i64::MIN)..=key(i64::MAX));
        Ok(entries.filter_map(|(_, entry)| self.tables().achievements.get(entry)).cloned().collect())
    }

    fn achieved(&self, each: &mut dyn FnMut(i64, i64) -> Result<()>) -> Result<()> {
        self.tables().by_key.keys().try_for_each(|[learner, outcome, ..]| each(*learner, *outcome))
    }

    fn repeats(&self, each: &mut dyn FnMut(i64, i64) -> Result<()>) -> Result<()> {
        let (mut last, mut told) = (None, None);
        for [learner, outcome, ..] in self.tables().by_key.keys().copied() {
            let pair = Some((learner, outcome));
            if last == pair && told != pair {
                each(learner, outcome)?;
                told = pair;
            }
            last = pair;
        }
        Ok(())
    }

    fn by_record(&self, record: &str) -> Result<Vec<Achievement>> {
        Ok(chosen(self.tables().achievements.values(), |row| row.record.as_deref() == Some(record)))
    }

    fn movement(&self, entry: EntryId) -> Result<Option<Movement>> {
        Ok(self.tables().movements.get(&entry).cloned())
    }

    fn movements(
        &self,
        from: EntryId,
        to: EntryId,
        each: &mut dyn FnMut(Movement, Option<Commitment>) -> Result<()>,
    ) -> Result<()> {
        between(&self.tables().movements, from, to).cloned().try_for_each(|row| each(row, None))
    }

    fn is_any_undone(&self, from: EntryId, to: EntryId) -> Result<bool> {
        let mut undone = self.tables().movements.values().filter_map(|row| row.undoes);
        Ok(undone.any(|entry| (from..to).contains(&entry)))
    }

    fn movements_of(&self, learner: i64) -> Result<Vec<Movement>> {
        Ok(chosen(self.tables().movements.values(), |row| row.learner == learner))
    }

    fn movements_of_lot(&self, learner: i64, lot: EntryId) -> Result<Vec<Movement>> {
        Ok(chosen(self.tables().movements.values(), |row| row.learner == learner && row.lot == lot))
    }

    fn movements_of_decision(&self, decision: EntryId) -> Result<Vec<Movement>> {
        Ok(chosen(self.tables().movements.values(), |row| row.decision == decision))
    }

    fn refusals(
        &self,
        from: EntryId,
        to: EntryId,
        each: &mut dyn FnMut(Refusal) -> Result<()>,
    ) -> Result<()> {
        between(&self.tables().refusals, (from, i64::MIN), (to, i64::MIN)).cloned().try_for_each(each)
    }

    fn staged(&self, entry: EntryId, each: &mut dyn FnMut(Staged) -> Result<()>) -> Result<()> {
        let pieces = self.tables().staged.range((entry, i64::MIN)..=(entry, i64::MAX));
        pieces.map(|(_, piece)| piece.clone()).try_for_each(each)
    }

    fn rules_asking(&self, system: &str, institution: &str, outcome: &str) -> Result<Vec<i64>> {
        let mut found = std::collections::BTreeSet::new();
        for rule in crate::store::all::<RuleRow>(self)? {
            let is_asked = rule.from_institution.as_deref() == Some(institution)
                && rule.from_outcome.as_deref() == Some(outcome);
            if rule.from_system.as_deref() == Some(system) || is_asked {
                found.insert(rule.id);
            }
        }
        let fits = |own: &str, code: &str| own == code || own == "*";
        for source in crate::store::all::<RuleSourceRow>(self)? {
            if fits(&source.institution, institution) && fits(&source.outcome, outcome) {
                found.insert(source.rule);
            }
        }
        Ok(found.into_iter().collect())
    }

    fn last_row(&self, table: &str) -> Result<i64> {
        let rows = self.tables().registries.get(registry::named(table)?.table);
        Ok(rows.and_then(|rows| rows.last_key_value()).map_or(0, |(id, _)| *id))
    }

    fn last_learner(&self) -> Result<i64> {
        Ok(self.tables().keys.last_key_value().map_or(0, |(learner, _)| *learner))
    }

    fn key(&self, learner: i64) -> Result<Option<Key>> {
        Ok(self.tables().keys.get(&learner).copied())
    }

    fn keys_of(&self, learners: &[i64]) -> Result<Vec<(i64, Key)>> {
        let keys = &self.tables().keys;
        Ok(learners.iter().filter_map(|learner| Some((*learner, *keys.get(learner)?))).collect())
    }

    fn keys(&self, each: &mut dyn FnMut(i64, Key) -> Result<()>) -> Result<()> {
        self.tables().keys.iter().try_for_each(|(learner, key)| each(*learner, *key))
    }

    fn values_of_identity(&self, each: &mut dyn FnMut(i64, i64, &str) -> Result<()>) -> Result<()> {
        let mut facts = self.tables().identities.values();
        facts.try_for_each(|fact| each(fact.learner, fact.scheme, &fact.value))
    }

    fn identities_of(&self, learner: i64) -> Result<Vec<Identity>> {
        Ok(chosen(self.tables().identities.values(), |fact| fact.learner == learner))
    }

    fn identities_with(&self, value: &str) -> Result<Vec<Identity>> {
        let mut facts = chosen(self.tables().identities.values(), |fact| fact.value == value);
        facts.sort_by_key(|fact| (fact.scheme, fact.learner, fact.nth));
        Ok(facts)
    }

    fn identities(&self, each: &mut dyn FnMut(Identity) -> Result<()>) -> Result<()> {
        let mut facts: Vec<&Identity> = self.tables().identities.values().collect();
        facts.sort_by_key(|fact| (fact.entry, fact.ord, fact.learner, fact.nth));
        facts.into_iter().cloned().try_for_each(each)
    }

    fn batches(&self, each: &mut dyn FnMut(BatchRow) -> Result<()>) -> Result<()> {
        let mut batches: Vec<&BatchRow> = self.tables().batches.values().collect();
        batches.sort_by_key(|batch| batch.no);
        batches.into_iter().cloned().try_for_each(each)
    }

    fn batch(&self, no: i64) -> Result<Option<BatchRow>> {
        Ok(self.tables().batches.values().find(|batch| batch.no == no).cloned())
    }

    fn batch_of(&self, entry: EntryId) -> Result<Option<BatchRow>> {
        let opened = self.tables().batches.range(..=entry).next_back();
        Ok(opened.map(|(_, batch)| batch).filter(|batch| entry.0 - batch.entry.0 < batch.size).cloned())
    }

    fn decision(&self, entry: EntryId) -> Result<Option<DecisionRow>> {
        Ok(self.tables().decisions.get(&entry).cloned())
    }

    fn decisions_about(&self, entry: EntryId) -> Result<Vec<DecisionRow>> {
        Ok(chosen(self.tables().decisions.values(), |row| row.about == Some(entry)))
    }

    fn pins(&self, learner: i64) -> Result<Vec<DecisionRow>> {
        let is_pin = |row: &DecisionRow| row.verb == "pin" || row.verb == "unpin";
        Ok(chosen(self.tables().decisions.values(), |row| row.learner == Some(learner) && is_pin(row)))
    }

    fn decisions(&self, each: &mut dyn FnMut(DecisionRow) -> Result<()>) -> Result<()> {
        self.tables().decisions.values().cloned().try_for_each(each)
    }

    fn links(&self) -> Result<Vec<Link>> {
        Ok(self.tables().links.values().cloned().collect())
    }

    fn pairs(&self) -> Result<Vec<Pair>> {
        Ok(self.tables().pairs.values().cloned().collect())
    }

    fn described(&self, birth: &str, name: &str) -> Result<Vec<i64>> {
        let rows = self.tables().descriptions.iter();
        Ok(rows.filter(|row| row.birth == birth && row.name == name).map(|row| row.learner).collect())
    }

    fn descriptions(&self, each: &mut dyn FnMut(Description) -> Result<()>) -> Result<()> {
        self.tables().descriptions.iter().cloned().try_for_each(each)
    }

    fn balances(
        &self,
        learner: Option<i64>,
        each: &mut dyn FnMut(i64, i64, Balance) -> Result<()>,
    ) -> Result<()> {
        let rows = self.tables().balances.iter();
        rows.filter(|((of, _), _)| learner.is_none_or(|learner| learner == *of))
            .try_for_each(|((of, system), balance)| each(*of, *system, *balance))
    }

    fn summaries(&self, each: &mut dyn FnMut(SummaryKey, SummarySums) -> Result<()>) -> Result<()> {
        self.tables().summaries.iter().try_for_each(|(key, sums)| each(key.clone(), *sums))
    }
}
