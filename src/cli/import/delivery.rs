//! What is said of a delivery beforehand.

use crate::cli::output::usage;
use crate::domain::credits::{Credits, DecimalMark};
use crate::domain::fault::Result;
use crate::domain::text::visible;
use crate::ops::import::standard::Expected;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What is said of a delivery beforehand
#[derive(Debug, Clone, clap::Args)]
pub struct DeliveryArgs {
    /// The files are rightly smaller than those of the batch before: fewer rows, less credit
    #[arg(long)]
    expect_smaller: bool,
    /// The files are rightly larger than those of the batch before
    #[arg(long)]
    expect_larger: bool,
    /// Control total: how many rows the files hold together
    #[arg(long, value_name = "N")]
    rows: Option<u64>,
    /// Control total: credits in one system, such as CN=25.5; once for each system of the files
    #[arg(long, value_name = "SYSTEM=AMOUNT")]
    credits: Vec<String>,
    /// Manifest of a file: rows, credits, SHA-256; in the order of the files [default: FILE.manifest.toml or
    /// .json beside it]
    #[arg(long, value_name = "FILE")]
    manifest: Vec<PathBuf>,
}

impl DeliveryArgs {
    /// The manifests that were named.
    pub fn manifests(&self) -> &[PathBuf] {
        &self.manifest
    }

    /// What was said.
    pub fn expected(&self) -> Result<Expected> {
        let mut credits = BTreeMap::new();
        for text in &self.credits {
            let (system, amount) = total(text)?;
            if credits.insert(system, amount).is_some() {
                let what = format!("--credits names the system of `{}` twice", visible(text));
                return Err(usage("C111", what, "give one control total for each system"));
            }
        }
        let credits = (!credits.is_empty()).then_some(credits);
        let (smaller, larger) = (self.expect_smaller, self.expect_larger);
        Ok(Expected::new(smaller, larger, self.rows, credits, self.manifest.clone()))
    }
}

fn total(text: &str) -> Result<(String, Credits)> {
    let read = text.split_once('=').and_then(|(system, amount)| {
        Some((system.trim().to_owned(), Credits::parse_sum(amount.trim(), DecimalMark::Point).ok()?))
    });
    read.ok_or_else(|| {
        let what = format!("`{}` is no control total of credits", visible(text));
        usage("C111", what, "write the system, = and the amount: CN=25.5")
    })
}
