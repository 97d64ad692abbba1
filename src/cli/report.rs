//! `creditbank report` and `creditbank export`.

use super::Done;
use super::batch::number;
use super::context::Context;
use super::cut::CutArgs;
use super::output::Output;
use crate::domain::fault::{Fault, Result};
use crate::ops::learners;
use crate::report::{self, Dialect, GradesOn, Query, Sink};
use crate::store::Read;
use std::io::Write;

/// Show what the ledger says
#[derive(Debug, clap::Args)]
pub struct Report {
    #[command(subcommand)]
    which: Which,
}

#[derive(Debug, clap::Subcommand)]
enum Which {
    /// One learner: every lot, original beside converted, where it is now, and balances
    Statement {
        /// Account number, or an identifier such as a student number
        learner: String,
        /// Show what each grade reads as on this scale, beside the original
        #[arg(long, value_name = "SCALE")]
        grades_on: Option<String>,
        /// Institution whose grading table is the target's
        #[arg(long, value_name = "CODE", requires = "grades_on")]
        grades_of: Option<String>,
        #[command(flatten)]
        shape: Shape,
    },
    /// What every learner, or one, has in each credit system
    Balances {
        /// Account number or identifier [default: everybody]
        learner: Option<String>,
        #[command(flatten)]
        shape: Shape,
    },
    /// Sums by institution, system, kind, level, field, year, region, age-band, sector, status or attribute:NAME
    Totals {
        /// What to sum by, separated by commas
        #[arg(long, value_name = "DIMENSION,…", value_delimiter = ',', default_value = "institution")]
        by: Vec<String>,
        #[command(flatten)]
        shape: Shape,
    },
    /// Every account of every credit system, recounted from the journal; each system sums to zero
    TrialBalance {
        #[command(flatten)]
        shape: Shape,
    },
    /// Every entry of the journal, in order
    Journal {
        /// Only this learner's
        #[arg(long)]
        learner: Option<String>,
        /// Only this batch's, such as B7
        #[arg(long)]
        batch: Option<String>,
        #[command(flatten)]
        shape: Shape,
    },
    /// What waits for somebody: staged batches, refused rows not yet mended, dates that must be known to the day,
    /// holds, people who may have two accounts
    OpenItems {
        #[command(flatten)]
        shape: Shape,
    },
    /// Decisions of equal inputs that ended differently
    Consistency {
        #[command(flatten)]
        shape: Shape,
    },
}

#[derive(Debug, Clone, clap::Args)]
struct Shape {
    #[command(flatten)]
    cut: CutArgs,
    #[command(flatten)]
    output: Output,
}

impl Which {
    fn shape(&self) -> &Shape {
        match self {
            Which::Statement { shape, .. }
            | Which::Balances { shape, .. }
            | Which::Totals { shape, .. }
            | Which::TrialBalance { shape }
            | Which::Journal { shape, .. }
            | Which::OpenItems { shape }
            | Which::Consistency { shape } => shape,
        }
    }

    fn fill(&self, query: &mut Query, context: &Context, read: &dyn Read) -> Result<()> {
        let learner = match self {
            Which::Statement { learner, .. } => Some(learner),
            Which::Balances { learner, .. } | Which::Journal { learner, .. } => learner.as_ref(),
            _ => None,
        };
        query.learner = learner.map(|text| learners::find_person(read, text, &query.cut)).transpose()?;
        if let Which::Statement { grades_on: Some(scale), grades_of, .. } = self {
            if let Some(code) = grades_of {
                crate::ops::registry::institution::get(read, code)?;
            }
            let day = match query.cut.as_of {
                Some(day) => day,
                None => context.today(read)?,
            };
            query.grades_on = Some(GradesOn { scale: scale.clone(), institution: grades_of.clone(), day });
        }
        if let Which::Totals { by, .. } = self {
            query.by.clone_from(by);
        }
        if let Which::Journal { batch: Some(text), .. } = self {
            query.batch = Some(number(text)?);
        }
        Ok(())
    }

    fn write(&self, read: &dyn Read, query: &Query, sink: &mut dyn Sink) -> Result<()> {
        match self {
            Which::Statement { .. } => report::statement(read, query, sink),
            Which::Balances { .. } => report::balances(read, query, sink),
            Which::Totals { .. } => report::totals(read, query, sink),
            Which::TrialBalance { .. } => report::trial_balance(read, query, sink),
            Which::Journal { .. } => report::journal(read, query, sink),
            Which::OpenItems { .. } => report::open_items(read, query, sink),
            Which::Consistency { .. } => report::decisions::consistency(read, query, sink).map(drop),
        }
    }
}

impl Report {
    pub fn run(&self, context: &Context) -> Result<Done> {
        context.open_read()?.at_one_moment(|read| {
            let shape = self.which.shape();
            let mut query = shape.cut.query(context, read)?;
            self.which.fill(&mut query, context, read)?;
            shape.output.write(|sink| self.which.write(read, &query, sink))
        })?;
        Ok(Done::Well)
    }
}

/// Write the whole ledger as a double-entry journal for another program
#[derive(Debug, clap::Args)]
pub struct Export {
    /// hledger, ledger or beancount
    #[arg(long, short)]
    format: String,
    /// Write to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<std::path::PathBuf>,
}

impl Export {
    pub fn run(&self, context: &Context) -> Result<Done> {
        let dialect: Dialect = self.format.parse()?;
        let fault =
            |error: std::io::Error| Fault::new("C103", format!("the export cannot be written: {error}"));
        let mut writer: Box<dyn Write> = match &self.output {
            None => Box::new(std::io::BufWriter::new(std::io::stdout().lock())),
            Some(path) => Box::new(std::io::BufWriter::new(std::fs::File::create(path).map_err(fault)?)),
        };
        context.open_read()?.at_one_moment(|read| report::export(read, dialect, &mut writer))?;
        writer.flush().map_err(fault)?;
        Ok(Done::Well)
    }
}
