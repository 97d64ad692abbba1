//! `--as-of` and `--known`: from where the ledger is looked at.

use super::context::Context;
use super::output::usage;
use crate::domain::date::parse_iso;
use crate::domain::entry::EntryId;
use crate::domain::fault::Result;
use crate::ledger::lots::Cut;
use crate::ops::batch::BatchPayload;
use crate::report::Query;
use crate::store::Read;
use jiff::Timestamp;

/// From where the ledger is looked at
#[derive(Debug, Clone, clap::Args)]
pub struct CutArgs {
    /// Count what was effective by the end of this day, as known now
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    /// Look at the journal as it then stood: its size, or a moment such as 2026-09-01T08:00:00Z
    #[arg(long, value_name = "SIZE|TIME")]
    known: Option<String>,
}

impl CutArgs {
    /// The query that these options ask.
    pub fn query(&self, context: &Context, read: &dyn Read) -> Result<Query> {
        let as_of = match &self.as_of {
            None => None,
            Some(text) => Some(parse_iso(text).map_err(|error| {
                usage("C104", format!("--as-of `{text}`: {error}"), "write the day as 2026-08-31")
            })?),
        };
        let known = match &self.known {
            None => None,
            Some(text) => Some(known(text, read)?),
        };
        Ok(Query {
            cut: Cut { as_of, known },
            as_of_text: self.as_of.clone(),
            known_text: self.known.clone(),
            moment: context.actor.now.to_string(),
            ..Query::default()
        })
    }
}

fn known(text: &str, read: &dyn Read) -> Result<EntryId> {
    let size = crate::store::head(read, 0)?.size;
    if let Ok(asked) = text.parse::<u64>() {
        if asked > size {
            return Err(usage(
                "C105",
                format!("--known {asked}: the journal has {size} entries"),
                "give a size up to that",
            ));
        }
        return Ok(EntryId::new(0, asked));
    }
    let moment: Timestamp = text.parse().map_err(|_| {
        usage(
            "C106",
            format!("--known `{text}` is neither a size nor a moment"),
            "write a number of entries, or a moment such as 2026-09-01T08:00:00Z",
        )
    })?;
    let mut end = EntryId::new(0, 0);
    read.batches(&mut |batch| {
        let recorded: Option<Timestamp> = BatchPayload::read(&batch.payload)?.recorded.parse().ok();
        if recorded.is_some_and(|recorded| recorded <= moment) {
            end = end.max(batch.entry.plus(batch.size as u64));
        }
        Ok(())
    })?;
    Ok(end)
}
