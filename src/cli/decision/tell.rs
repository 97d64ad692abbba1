//! What a step of a decision did, as people read it; and the reason codes.

use super::ActArgs;
use crate::cli::context::Context;
use crate::cli::output::{Output, meta};
use crate::domain::account::Account;
use crate::domain::decision::{OFFICER_CODES, RULE_CODES};
use crate::domain::entry::EntryId;
use crate::domain::fault::Result;
use crate::ops::decision::Done;
use crate::report::decisions::verdict;
use crate::report::{Cell, Column};

const FACTS: [Column; 2] = [Column::text("what", "What"), Column::text("value", "Value")];
const REFUSED: [Column; 3] =
    [Column::number("lot", "Lot"), Column::text("codes", "Codes"), Column::text("why", "Why")];
const PRECEDENTS: [Column; 4] = [
    Column::number("decision", "Decision"),
    Column::text("verdict", "Verdict"),
    Column::text("since", "Since"),
    Column::text("codes", "Codes"),
];

impl ActArgs {
    pub(super) fn tell(&self, context: &Context, report: &'static str, done: &Done) -> Result<()> {
        let case = &done.case;
        let list =
            |entries: &[EntryId]| entries.iter().map(EntryId::to_string).collect::<Vec<_>>().join(", ");
        let facts: [(&str, Cell); 9] = [
            ("decision", case.entry.into()),
            ("state", case.state.name().into()),
            ("verdict", verdict(case).into()),
            ("account", Account(case.learner).to_string().into()),
            ("target", case.target.as_str().into()),
            ("placed by", list(&done.placed).into()),
            ("released by", list(&done.released).into()),
            ("answer due", case.due().map(|day| day.to_string()).into()),
            ("appeal until", case.appeal_until().map(|day| day.to_string()).into()),
        ];
        self.output.write(|sink| {
            sink.begin(&meta(report, context))?;
            sink.section("decision", "Decision", &FACTS)?;
            for (label, value) in facts.iter().filter(|(_, value)| *value != Cell::Empty) {
                sink.row(&[Cell::from(*label), value.clone()])?;
            }
            if !done.refused.is_empty() {
                sink.section("refused", "Not taken by the rules, or refused", &REFUSED)?;
                for refused in &done.refused {
                    sink.row(&[
                        refused.lot.into(),
                        refused.codes.join(", ").into(),
                        refused.why.as_str().into(),
                    ])?;
                }
            }
            if !done.precedents.is_empty() {
                sink.section("precedents", "Precedents of equal inputs", &PRECEDENTS)?;
                for offered in &done.precedents {
                    sink.row(&[
                        offered.case.into(),
                        offered.verdict.name().into(),
                        offered.since.to_string().into(),
                        offered.codes.join(", ").into(),
                    ])?;
                }
            }
            sink.note(&match self.dry_run {
                true => "dry run: nothing was posted".to_owned(),
                false => format!("posted as batch B{}", done.batch),
            })?;
            sink.end()
        })
    }
}

pub(super) fn codes(context: &Context, output: &Output) -> Result<()> {
    let columns = [
        Column::text("code", "Code"),
        Column::text("meaning", "What it means"),
        Column::text("given_by", "Given by"),
    ];
    output.write(|sink| {
        sink.begin(&meta("decision-codes", context))?;
        sink.section("codes", "Reason codes", &columns)?;
        for (codes, by) in [(RULE_CODES, "rules"), (OFFICER_CODES, "an officer")] {
            for (code, meaning) in codes {
                sink.row(&[Cell::from(*code), Cell::from(*meaning), Cell::from(by)])?;
            }
        }
        sink.end()
    })
}
