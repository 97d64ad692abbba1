//! Decides every conversion again, from its recorded inputs and under the rule books that its batch names.

use super::audit::{Audit, LogRow, WINDOW};
use crate::domain::entry::{EntryId, EntryKind};
use crate::domain::fault::Result;
use crate::ops::batch::BatchPayload;
use crate::ops::convert::{Again, Replay};
use crate::store::{Act, BatchRow};

impl Audit<'_> {
    /// Decides every conversion again. A decision whose act was found changed is a finding already, but is
    /// decided again all the same: what it says then is no conversion of this ledger.
    pub fn decide_again(&mut self, logs: &[LogRow]) -> Result<()> {
        let mut replay = match Replay::new(self.read) {
            Ok(replay) => replay,
            Err(fault) => {
                self.findings.add("V516", "decisions", format!("none can be decided again: {fault}"));
                return Ok(());
            }
        };
        let mut batch: Option<(BatchRow, BatchPayload)> = None;
        for log in logs {
            let mut from = 0;
            while from < log.size {
                let to = (from + WINDOW).min(log.size);
                let mut decisions: Vec<Act> = Vec::new();
                let read =
                    self.read.acts(EntryId::new(log.id, from), EntryId::new(log.id, to), &mut |act, _| {
                        if act.kind == EntryKind::Decision && is_conversion(&act.payload) {
                            decisions.push(act);
                        }
                        Ok(())
                    });
                // A row that cannot be read is a finding of the walk.
                if read.is_ok() {
                    self.count("decision decided again", decisions.len());
                }
                for act in decisions {
                    self.decide_one(&mut replay, &mut batch, &act);
                }
                from = to;
            }
        }
        Ok(())
    }

    fn decide_one(
        &mut self,
        replay: &mut Replay<'_>,
        batch: &mut Option<(BatchRow, BatchPayload)>,
        act: &Act,
    ) {
        let within =
            |row: &BatchRow| act.entry >= row.entry && act.entry.0 < row.entry.0.saturating_add(row.size);
        if batch.as_ref().is_none_or(|(row, _)| !within(row)) {
            let row = self.read.batch_of(act.entry).unwrap_or_default();
            *batch = row.and_then(|row| BatchPayload::read(&row.payload).ok().map(|payload| (row, payload)));
        }
        let place = format!("decision entry {}", act.entry);
        let Some((_, payload)) = batch else {
            return self.findings.add("V516", place, "the account of its batch cannot be read");
        };
        match replay.decide(act, &payload.books) {
            Ok(Again::Same) => {}
            Ok(Again::Differs { field, recorded, again }) => {
                let what = format!("{field} is recorded as {recorded}, decided again it is {again}");
                self.findings.add("V516", place, what);
            }
            Ok(Again::Impossible(why)) => self.findings.add("V516", place, why),
            Err(fault) => {
                self.findings.add("V516", place, format!("it cannot be decided again: {fault}"));
            }
        }
    }
}

fn is_conversion(payload: &str) -> bool {
    let verb: serde_json::Value = serde_json::from_str(payload).unwrap_or_default();
    matches!(verb["verb"].as_str(), Some("convert" | "undecided"))
}
