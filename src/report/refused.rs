//! Refused rows that nobody has mended yet.

use super::facts::Facts;
use super::meta::known_size;
use super::{Cell, Column, Query, Sink};
use crate::domain::entry::EntryId;
use crate::domain::fault::Result;
use crate::domain::registry::{Institution, Outcome, PeriodRow};
use crate::domain::text::clean;
use crate::ledger::lots::Cut;
use crate::store::{Refusal, find};
use serde_json::Value;
use std::collections::HashMap;

/// The columns of a refused row.
pub const COLUMNS: [Column; 11] = [
    Column::text("batch", "Batch"),
    Column::number("file", "File"),
    Column::number("line", "Line"),
    Column::text("institution", "Institution"),
    Column::text("learner", "Learner"),
    Column::text("outcome", "Outcome"),
    Column::text("period", "Period"),
    Column::number("attempt", "Attempt"),
    Column::text("code", "Rule"),
    Column::text("reason", "Reason"),
    Column::text("row", "Row"),
];

/// Writes the latest refusal of every subject under whose key no achievement stands.
///
/// # Errors
/// Where the ledger cannot be read or the report not written.
pub fn refused(facts: &Facts, query: &Query, sink: &mut dyn Sink) -> Result<()> {
    let known = Cut { as_of: None, known: query.cut.known };
    let mut catalogues = Catalogues::default();
    for refusal in latest(facts, query)? {
        let subject = subject(&refusal.subject);
        if mended(facts, &mut catalogues, &subject, &known)? {
            continue;
        }
        let part = |at: usize| Cell::from(subject.get(at).cloned());
        sink.row(&[
            facts.batch_name(refusal.entry)?.into(),
            Cell::Int(refusal.file),
            Cell::Int(refusal.line),
            part(0),
            part(1),
            part(2),
            part(3),
            part(4),
            refusal.code.into(),
            refusal.reason.into(),
            refusal.row.into(),
        ])?;
    }
    Ok(())
}

/// The newest refusal of every subject, in order; a row without a subject is its own.
fn latest(facts: &Facts, query: &Query) -> Result<Vec<Refusal>> {
    let mut newest: HashMap<String, Refusal> = HashMap::new();
    for head in facts.read.heads()? {
        let from = EntryId::new(head.log, 0);
        let to = EntryId::new(head.log, known_size(&head, query.cut.known));
        facts.read.refusals(from, to, &mut |refusal| {
            let key = if subject(&refusal.subject).iter().all(String::is_empty) {
                format!("{} {}", refusal.entry, refusal.ord)
            } else {
                refusal.subject.clone()
            };
            newest.insert(key, refusal);
            Ok(())
        })?;
    }
    let mut rows: Vec<Refusal> = newest.into_values().collect();
    rows.sort_by_key(|refusal| (refusal.entry, refusal.ord));
    Ok(rows)
}

/// Institution, learner, outcome, period and attempt as written.
fn subject(json: &str) -> Vec<String> {
    let parts: Vec<Value> = serde_json::from_str(json).unwrap_or_default();
    parts.iter().map(super::batches::scalar).collect()
}

/// Whether an achievement with the subject's key stands.
fn mended(facts: &Facts, catalogues: &mut Catalogues, subject: &[String], cut: &Cut) -> Result<bool> {
    let [institution, learner, outcome, period, attempt] = subject else { return Ok(false) };
    let Ok(attempt) = attempt.trim().parse::<i64>() else { return Ok(false) };
    let Some(outcome) = catalogues.outcome(facts, institution, outcome)? else { return Ok(false) };
    let periods: Vec<PeriodRow> = find(facts.read, "written", clean(period).as_ref())?;
    let links = facts.links(cut)?;
    let named = facts.read.identities_with(clean(learner).as_ref())?;
    let accounts: Vec<i64> = named.iter().flat_map(|fact| links.accounts(fact.learner)).collect();
    for (account, period) in accounts.iter().flat_map(|a| periods.iter().map(move |p| (*a, p.id))) {
        for achievement in facts.read.same_key(account, outcome, period, attempt)? {
            if facts.lot(achievement, cut)?.is_some_and(|lot| lot.stands()) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The outcomes of the institutions that refused rows name, by code; each catalogue is read once.
#[derive(Default)]
struct Catalogues(HashMap<String, HashMap<String, i64>>);

impl Catalogues {
    fn outcome(&mut self, facts: &Facts, institution: &str, code: &str) -> Result<Option<i64>> {
        if !self.0.contains_key(institution) {
            let named: Vec<Institution> = find(facts.read, "code", clean(institution).as_ref())?;
            let outcomes: Vec<Outcome> = match named.first() {
                Some(institution) => find(facts.read, "institution", institution.id)?,
                None => Vec::new(),
            };
            let by_code = outcomes.into_iter().map(|outcome| (outcome.code, outcome.id)).collect();
            self.0.insert(institution.to_owned(), by_code);
        }
        Ok(self.0.get(institution).and_then(|outcomes| outcomes.get(clean(code).as_ref())).copied())
    }
}
