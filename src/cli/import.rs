//! `creditbank import`.

use super::Done;
use super::context::Context;
use crate::domain::fault::{Exit, Fault, Result};
use crate::domain::text::visible;
use crate::intake::profile::Profile;
use crate::ops::import::{Outcome, Request, import};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::path::PathBuf;

/// Import files of achievements, outcomes, institutions or learners
#[derive(Debug, clap::Args)]
pub struct Import {
    /// The files, read as one batch
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The profile that says how to read them: a TOML file, or the name of one kept in the bank
    #[arg(long, short, value_name = "PROFILE")]
    profile: String,
    /// Commit the good rows although others are refused, and exit 3
    #[arg(long)]
    keep_going: bool,
    /// Show exactly what would be posted, and post nothing
    #[arg(long)]
    dry_run: bool,
    /// Why: recorded with the batch, and needed for dates in a closed period
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Where refused rows go [default: FILE with .refused.csv]
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
}

impl Import {
    pub fn run(&self, context: &Context) -> Result<Done> {
        let mut store = context.open()?;
        let profile = load_profile(&self.profile, &store)?;
        let request = Request {
            files: &self.files,
            profile: &profile,
            keep_going: self.keep_going,
            dry_run: self.dry_run,
            reason: self.reason.clone(),
            rejects: self.rejects.clone(),
            log: 0,
        };
        let bar = progress_bar();
        let progress = |done: u64, all: u64| {
            bar.set_length(all);
            bar.set_position(done);
        };
        let mut inspect = |_: &dyn crate::store::Read, _, _| Ok(());
        let result = import(&mut store, &context.actor, &request, &mut inspect, &progress);
        bar.finish_and_clear();
        let outcome = result?;
        tell(&outcome, self.dry_run);
        Ok(if outcome.refused > 0 { Done::But(Exit::Rejected) } else { Done::Well })
    }
}

/// A profile from a file, or from the bank by its name.
pub fn load_profile(name: &str, store: &crate::store::sqlite::Sqlite) -> Result<Profile> {
    let (text, file) = match std::fs::read_to_string(name) {
        Ok(text) => (text, name.to_owned()),
        Err(error) => {
            let mut kept: Vec<crate::domain::registry::ProfileRow> = crate::store::find(store, "name", name)?;
            kept.sort_by_key(|row| row.version);
            match kept.pop() {
                Some(row) => (row.source, format!("profile {name} version {}", row.version)),
                None => {
                    return Err(Fault::new("I101", format!("profile {name}: {error}"))
                        .why("it is neither a file nor the name of a profile kept in the bank")
                        .remedy("name a TOML file; `creditbank profile list` shows the bank's own"));
                }
            }
        }
    };
    Profile::parse(&text, &file)
        .map_err(|error| Fault::new("I102", error.to_string()).remedy("mend the profile; nothing was read"))
}

fn progress_bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {bytes} of {total_bytes}, {eta} left");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn tell(outcome: &Outcome, dry_run: bool) {
    for (file, problem) in &outcome.problems {
        eprintln!("{}: {}", visible(file), problem);
    }
    let hidden: u64 = outcome.by_rule.values().sum::<u64>() - outcome.problems.len() as u64;
    if hidden > 0 {
        eprintln!("… and {hidden} more");
    }
    for (file, batch) in &outcome.seen {
        eprintln!("notice: {} was imported before, in batch B{batch} [N102]", visible(file));
    }
    for word in &outcome.mended {
        eprintln!(
            "notice: {} `{}` read as `{}` in {} rows [N104]",
            word.field,
            visible(&word.from),
            visible(&word.to),
            word.rows
        );
    }
    let verb = if dry_run { "would be " } else { "" };
    match outcome.batch {
        Some(no) if !dry_run => println!("batch      B{no}, {} entries", outcome.entries),
        Some(_) => println!("dry run    {} entries would be posted", outcome.entries),
        None => println!("batch      none: nothing new"),
    }
    println!("rows       {}", outcome.rows);
    for (system, amount) in &outcome.credits {
        println!("deposited  {amount} {system}");
    }
    println!(
        "           {} {verb}deposited, {} {verb}recorded without credit, {} already recorded, {} refused",
        outcome.deposited, outcome.recorded, outcome.already, outcome.refused
    );
    if outcome.registered > 0 {
        println!("           {} {verb}registered", outcome.registered);
    }
    println!("accounts   {} {verb}opened", outcome.learners);
    if let Some(path) = &outcome.rejects {
        println!("refused    written to {}", path.display());
    }
    if let Some(head) = &outcome.head {
        println!("journal    {} entries, root {}", head.size, crate::ops::batch::hex(&head.root));
    }
}
