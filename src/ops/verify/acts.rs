//! Acts: their leaves, over their payload and their rows, and what is wrong where one does not fit.

use super::audit::Audit;
use super::columns::{Kept, number, shown};
use super::facts::root_of;
use super::keep::{self, Checked};
use super::tiles::Nodes;
use crate::domain::entry::{EntryId, EntryKind};
use crate::domain::fault::Result;
use crate::ops::rules::pin::PIN;
use crate::ops::verify::derived::decision_of;
use crate::proof::leaf;
use crate::proof::merkle::{self, Hash};
use crate::store::{Act, ActRow, Cell, Refusal};

/// The rows that an act commits to.
pub enum Rows {
    /// None.
    None,
    /// Of a register act.
    Register(Vec<ActRow>),
    /// Facts of identity, folded; `None` where one could not be hashed.
    Enrol(u64, Option<Hash>),
    /// Refused rows.
    Refuse(Vec<Refusal>),
    /// Pieces of staged files, hashed.
    Stage(Vec<Hash>),
}

impl Rows {
    /// The table they stand in.
    pub fn table(&self) -> &'static str {
        match self {
            Rows::None => "act",
            Rows::Register(_) => "act_row",
            Rows::Enrol(..) => "identity",
            Rows::Refuse(_) => "refusal",
            Rows::Stage(_) => "staged",
        }
    }
}

impl Audit<'_> {
    /// The leaf of an enrol act as it stands.
    pub fn enrol_leaf(&mut self, act: &Act) -> Option<Hash> {
        let folded = self.facts.of(act.entry.0);
        self.leaves.act(act, folded.count, &root_of(&folded)?)
    }

    /// Gathers the rows of an act.
    pub fn rows_of(&mut self, act: &Act, refused: Vec<Checked<Refusal>>) -> Result<Rows> {
        let place = |table: &str| format!("{table} of entry {}", act.entry);
        if act.kind != EntryKind::Refuse {
            for (row, _) in &refused {
                let what = format!("entry {} refuses no rows", act.entry);
                self.findings.add(
                    "V103",
                    format!("refusal entry {}, ord {}, column entry", row.entry, row.ord),
                    what,
                );
            }
        }
        Ok(match act.kind {
            EntryKind::Register => {
                let rows = self.act_rows(act.entry)?;
                self.check_ords(&place("act_row"), rows.iter().map(|row| row.ord));
                self.count("act_row", rows.len());
                Rows::Register(rows)
            }
            EntryKind::Enrol => {
                let folded = self.facts.of(act.entry.0);
                Rows::Enrol(folded.count, root_of(&folded))
            }
            EntryKind::Refuse => {
                self.check_ords(&place("refusal"), refused.iter().map(|(row, _)| row.ord));
                self.count("refusal", refused.len());
                for (row, bad) in &refused {
                    for (column, what) in bad {
                        let place = format!("refusal entry {}, ord {}, column {column}", row.entry, row.ord);
                        self.findings.add("V106", place, format!("it is {what}"));
                    }
                }
                Rows::Refuse(refused.into_iter().map(|(row, _)| row).collect())
            }
            EntryKind::Stage => Rows::Stage(self.pieces(act.entry)?),
            _ => Rows::None,
        })
    }

    /// The hashes of the pieces of an act's staged files.
    fn pieces(&mut self, entry: EntryId) -> Result<Vec<Hash>> {
        let (mut ords, mut hashes, mut scratch) = (Vec::new(), Vec::new(), Vec::new());
        let findings = &mut self.findings;
        keep::staged(self.read, entry, &mut |(piece, bad)| {
            for (column, what) in bad {
                let place = format!("staged entry {entry}, ord {}, column {column}", piece.ord);
                findings.add("V106", place, format!("it is {what}"));
            }
            ords.push(piece.ord);
            hashes.push(leaf::staged_piece(&piece.salt, piece.file, &piece.bytes, &mut scratch));
        })?;
        self.check_ords(&format!("staged of entry {entry}"), ords.into_iter());
        self.count("staged", hashes.len());
        Ok(hashes)
    }

    fn act_rows(&mut self, entry: EntryId) -> Result<Vec<ActRow>> {
        let mut rows = Vec::new();
        let typed = self.read.act_rows(entry, &mut |row| {
            rows.push(row);
            Ok(())
        });
        if typed.is_ok() {
            return Ok(rows);
        }
        rows.clear();
        let findings = &mut self.findings;
        let range = Some((entry.0, entry.0));
        self.read.scan("act_row", &["entry", "ord", "tbl", "row"], range, &mut |cells| {
            let ord = if let Cell::Int(ord) = cells[1] { ord } else { -1 };
            let mut text = |at: usize, column: &str| match &cells[at] {
                Cell::Text(text) => text.clone(),
                other => {
                    let place = format!("act_row entry {entry}, ord {ord}, column {column}");
                    findings.add("V106", place, format!("it is {}", shown(other)));
                    String::new()
                }
            };
            rows.push(ActRow { ord, table: text(2, "tbl"), row: text(3, "row") });
            Ok(())
        })?;
        Ok(rows)
    }

    fn check_ords(&mut self, place: &str, ords: impl Iterator<Item = i64>) {
        for (due, ord) in (0..).zip(ords) {
            if ord != due {
                let what = format!("row {ord} stands where row {due} is due");
                return self.findings.add("V110", format!("{place}, ord {ord}, column ord"), what);
            }
        }
    }

    /// The leaf of an act over these rows.
    pub fn act_leaf(&mut self, act: &Act, rows: &Rows) -> Option<Hash> {
        let (count, root) = match rows {
            Rows::None => (0, merkle::EMPTY_ROOT),
            Rows::Register(rows) => {
                let hashes = rows.iter().map(|row| leaf::act_row(&row.table, &row.row));
                (rows.len() as u64, merkle::root_of(hashes))
            }
            Rows::Enrol(count, root) => (*count, (*root)?),
            Rows::Refuse(rows) => {
                (rows.len() as u64, merkle::root_of(rows.iter().map(|row| self.leaves.refusal(row))))
            }
            Rows::Stage(hashes) => (hashes.len() as u64, merkle::root_of(hashes.iter().copied())),
        };
        self.leaves.act(act, count, &root)
    }

    /// Says what is wrong with an act that does not fit its leaf; gives it as recorded, where known.
    pub fn blame_act(
        &mut self,
        kept: Kept<Act>,
        rows: &mut Rows,
        leaf: Option<Hash>,
        want: Hash,
    ) -> Result<Act> {
        let Kept { row: act, bad, .. } = kept;
        let place = format!("act entry {}", act.entry);
        for (column, what) in bad.iter().filter(|(column, _)| *column != "kind") {
            self.findings.add("V106", format!("{place}, column {column}"), format!("it is {what}"));
        }
        if let Some(recorded) = self.acts.get(&act.entry.0).cloned() {
            self.say_recorded(&place, &act, &recorded);
            return Ok(recorded);
        }
        if self.searches > 0 {
            self.searches -= 1;
            if let Some(other) = self.moved(act.entry, leaf)? {
                let what = format!("this act was recorded as entry {other}: rows were exchanged or moved");
                self.findings.add("V108", format!("{place}, column entry"), what);
                return Ok(act);
            }
            if let Some(recorded) = self.other_kind_or_learner(&act, rows, want)? {
                self.say_recorded(&place, &act, &recorded);
                return Ok(recorded);
            }
            if let Some(recorded) = self.other_payload(&act, rows, want) {
                self.say_recorded(&place, &act, &recorded);
                return Ok(recorded);
            }
            if self.blame_rows(&act, rows, want)? {
                return Ok(act);
            }
        }
        self.say_unknown_act(&place, &act, rows, &bad)?;
        Ok(act)
    }

    fn say_recorded(&mut self, place: &str, act: &Act, recorded: &Act) {
        let mut say = |column: &str, is: String, was: String| {
            let what = format!("it is {is}, recorded was {was}");
            self.findings.add("V104", format!("{place}, column {column}"), what);
        };
        if act.kind != recorded.kind {
            say("kind", (act.kind as i64).to_string(), (recorded.kind as i64).to_string());
        }
        if act.learner != recorded.learner {
            say("learner", number(act.learner), number(recorded.learner));
        }
        if act.payload != recorded.payload {
            say("payload", act.payload.clone(), recorded.payload.clone());
        }
    }

    fn other_kind_or_learner(&mut self, act: &Act, rows: &mut Rows, want: Hash) -> Result<Option<Act>> {
        for kind in EntryKind::ALL {
            let trial = Act { kind, ..act.clone() };
            if kind == EntryKind::Enrol && self.facts.place(act.entry.0).is_none() {
                self.place_enrol(act)?;
            }
            let others = if kind == act.kind {
                None
            } else {
                let refused = keep::refusals(self.read, act.entry.0, act.entry.0 + 1)?;
                let refused = if kind == EntryKind::Refuse { refused } else { Vec::new() };
                Some(self.rows_of(&trial, refused)?)
            };
            let learnerless = Act { learner: None, ..trial.clone() };
            for trial in [trial, learnerless] {
                if self.act_leaf(&trial, others.as_ref().unwrap_or(rows)) == Some(want) {
                    if let Some(others) = others {
                        *rows = others;
                    }
                    return Ok(Some(trial));
                }
            }
        }
        let learners: Vec<i64> = self.leaves.keys.iter().map(|(id, _)| *id).collect();
        for learner in learners {
            let trial = Act { learner: Some(learner), ..act.clone() };
            if self.act_leaf(&trial, rows) == Some(want) {
                return Ok(Some(trial));
            }
        }
        Ok(None)
    }

    /// An enrol act whose kind was changed: its facts were not hashed, for want of its place.
    fn place_enrol(&mut self, act: &Act) -> Result<()> {
        let facts = keep::identities_of_act(self.read, act.entry.0)?;
        if facts.is_empty() {
            return Ok(());
        }
        self.facts.expect(act, 0);
        let place = self.facts.place(act.entry.0).unwrap_or(0);
        let hashes: Vec<Option<Hash>> = facts.iter().map(|(fact, _)| self.leaves.fact(fact, place)).collect();
        self.facts.refold(act.entry.0, &hashes);
        Ok(())
    }

    /// The payloads that acts with rows have.
    fn other_payload(&mut self, act: &Act, rows: &mut Rows, want: Hash) -> Option<Act> {
        let trial = |payload: String| Act { payload, ..act.clone() };
        match rows {
            Rows::None => None,
            Rows::Enrol(..) => {
                let facts = keep::identities_of_act(self.read, act.entry.0).ok()?;
                for place in 0..200 {
                    let hashes: Option<Vec<Hash>> =
                        facts.iter().map(|(fact, _)| self.leaves.fact(fact, place)).collect();
                    let count = facts.len() as u64;
                    let trial = trial(format!("{{\"act\":{place}}}"));
                    if self.leaves.act(&trial, count, &merkle::root_of(hashes?)) == Some(want) {
                        self.facts.set_place(act.entry.0, place);
                        return Some(trial);
                    }
                }
                None
            }
            Rows::Register(_) | Rows::Refuse(_) | Rows::Stage(_) => {
                let trial = trial("{}".to_owned());
                (self.act_leaf(&trial, rows) == Some(want)).then_some(trial)
            }
        }
    }

    fn say_unknown_act(
        &mut self,
        place: &str,
        act: &Act,
        rows: &Rows,
        bad: &[(&'static str, String)],
    ) -> Result<()> {
        if let Some((_, what)) = bad.iter().find(|(column, _)| *column == "kind") {
            self.findings.add("V106", format!("{place}, column kind"), format!("it is {what}"));
            return Ok(());
        }
        if let Some(learner) = act.learner {
            self.tainted.insert(learner);
            if let Some(batch) = self.leaves.batch_of(act.entry).filter(|batch| !batch.sound) {
                *self.uncheckable.entry(batch.entry).or_default() += 1;
                return Ok(());
            }
            if self.key_is_wrong(learner)? {
                *self.keyless.entry(learner).or_default() += 1;
                return Ok(());
            }
        }
        let count = match rows {
            Rows::None => {
                let what = "the text is not the recorded one";
                self.findings.add("V105", format!("{place}, column payload"), what);
                return Ok(());
            }
            Rows::Register(rows) => rows.len() as u64,
            Rows::Enrol(count, _) => *count,
            Rows::Refuse(rows) => rows.len() as u64,
            Rows::Stage(hashes) => hashes.len() as u64,
        };
        let which =
            if count == 1 { ", ord 0, its texts".to_owned() } else { format!(", one of its {count} rows") };
        let what = "the rows are not the recorded ones: a text was changed, or a row is missing or was added";
        self.findings.add("V105", format!("{} of entry {}{which}", rows.table(), act.entry), what);
        Ok(())
    }

    /// A learner is pinned to a release that was published before.
    fn check_pin(&mut self, act: &Act) {
        let row = decision_of(act);
        let named = row.target.unwrap_or_default();
        if row.verb == PIN && !self.registers.has_release(&named) {
            let what = format!("no release of the rules was published before it as {named:?}");
            self.findings.add("V509", format!("act entry {}, column payload", act.entry), what);
        }
    }

    /// Keeps what later checks need of an act.
    pub fn take_act(&mut self, act: &Act, rows: &Rows) {
        if act.kind == EntryKind::Decision {
            let digest = self.registers.digest_of(super::derived::key_of(&decision_of(act)));
            self.decisions.push((act.entry.0, digest));
            self.check_pin(act);
        }
        if act.kind == EntryKind::Stage {
            self.staged.push(act.entry.0);
        }
        self.take_person_act(act);
        let Rows::Register(rows) = rows else { return };
        self.registered.push(act.entry.0);
        for row in rows {
            let recorded = self.act_rows.get(&(act.entry.0, row.ord));
            let (table, text) =
                recorded.map_or((row.table.as_str(), row.row.as_str()), |(table, row)| (table, row));
            if let Err(why) = self.registers.apply(act.entry.0, row.ord, table, text) {
                let place = format!("act_row entry {}, ord {}", act.entry, row.ord);
                self.findings.add("V304", place, why);
            }
        }
    }

    /// Nodes over the rows of an act, and their hashes.
    pub fn nodes(&mut self, rows: &Rows) -> Option<Nodes> {
        let hashes = match rows {
            Rows::Register(rows) => rows.iter().map(|row| leaf::act_row(&row.table, &row.row)).collect(),
            Rows::Refuse(rows) => rows.iter().map(|row| self.leaves.refusal(row)).collect(),
            Rows::Stage(hashes) => hashes.clone(),
            Rows::None | Rows::Enrol(..) => return None,
        };
        Some(Nodes::over(hashes))
    }
}
