//! `creditbank period`.

use super::Done;
use super::context::Context;
use super::output::{Output, meta, usage};
use crate::domain::date::parse_iso;
use crate::domain::fault::Result;
use crate::domain::registry::Closure;
use crate::ops::close::close;
use crate::report::{Cell, Column};

/// Close periods of the books
#[derive(Debug, clap::Args)]
pub struct Period {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Close the books through a day: what takes effect up to it then needs a reason
    Close {
        /// The last day that is closed, such as 2025-12-31
        through: String,
        /// Why: recorded for good
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// The closes so far
    List {
        #[command(flatten)]
        output: Output,
    },
}

impl Period {
    pub fn run(&self, context: &Context) -> Result<Done> {
        match &self.verb {
            Verb::Close { through, reason } => {
                let day = parse_iso(through).map_err(|error| {
                    usage("C104", format!("`{through}`: {error}"), "write the day as 2025-12-31")
                })?;
                let mut store = context.open()?;
                let today = context.today(&store)?;
                let sealed = close(&mut store, &context.actor, day, today, reason.clone(), 0)?;
                println!("closed through {day}, posted as batch B{}", sealed.batch.no);
            }
            Verb::List { output } => {
                let store = context.open_read()?;
                let closures: Vec<Closure> = crate::store::all(&store)?;
                output.write(|sink| {
                    sink.begin(&meta("periods", context))?;
                    sink.section("closed", "Closed", &[Column::text("through", "Through")])?;
                    for row in &closures {
                        sink.row(&[Cell::from(row.through.as_str())])?;
                    }
                    sink.end()
                })?;
            }
        }
        Ok(Done::Well)
    }
}
