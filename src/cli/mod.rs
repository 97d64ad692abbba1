//! The command line. Only this room prints: data on standard output, all else on standard error.

mod backup;
mod batch;
mod context;
mod convert;
mod cut;
mod decision;
mod explain;
mod grade;
mod import;
mod import_rules;
mod init;
mod lint;
mod lot;
mod officer;
mod output;
mod period;
mod quote;
mod receipt;
mod registry;
mod report;
mod rule;
mod shell;
mod verify;

use crate::domain::fault::{Exit, Result};
use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// A learning-credit bank (学分银行): what people learned, what it is worth, where, why, and proof of it.
#[derive(Debug, Parser)]
#[command(name = "creditbank", version, max_term_width = 100, arg_required_else_help = true)]
pub struct Cli {
    /// The ledger file [default: creditbank.db; import-check: no bank]
    #[arg(
        long,
        global = true,
        env = "CREDITBANK_LEDGER",
        default_value = "creditbank.db",
        hide_default_value = true,
        value_name = "FILE"
    )]
    ledger: PathBuf,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Init(init::Init),
    Import(import::Import),
    ImportCheck(import::check::ImportCheck),
    ImportRules(import_rules::ImportRules),
    Receipt(receipt::Receipt),
    Batch(batch::Batch),
    Quote(quote::Quote),
    Convert(convert::Convert),
    Release(convert::Release),
    Reverse(convert::Reverse),
    Lot(lot::Lot),
    Decision(Box<decision::Decision>),
    Report(report::Report),
    Export(report::Export),
    Explain(explain::Explain),
    Period(period::Period),
    Backup(backup::Backup),
    Restore(backup::Restore),
    Verify(verify::Verify),
    Rebuild(verify::Rebuild),
    Rule(rule::RuleCommand),
    Completions(shell::Completions),
    Manual(shell::Manual),
    Institution(registry::institution::Institution),
    Outcome(registry::outcome::Outcome),
    Learner(registry::learner::Learner),
    System(registry::system::System),
    Scale(registry::scale::Scale),
    Grade(grade::Grade),
    Profile(registry::profile::Profile),
    Procedure(registry::procedure::Procedure),
    Authority(registry::authority::Authority),
}

/// What a command ended with, beside its faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// All of it.
    Well,
    /// Done, and the exit code says what is to be looked at.
    But(Exit),
}

/// Runs the program.
pub fn main() -> ExitCode {
    let matches = Cli::command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let names_bank = matches.value_source("ledger").is_some_and(|source| source != ValueSource::DefaultValue);
    match run(&cli, names_bank) {
        Ok(Done::Well) => ExitCode::SUCCESS,
        Ok(Done::But(exit)) => ExitCode::from(exit as u8),
        // Whoever read the output has seen enough.
        Err(fault) if fault.code == crate::render::READER_GONE => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("creditbank: {}", crate::domain::text::visible_lines(&fault.to_string()));
            ExitCode::from(fault.exit as u8)
        }
    }
}

/// `names_bank`: somebody named the ledger, on the command line or in the environment.
fn run(cli: &Cli, names_bank: bool) -> Result<Done> {
    let context = context::Context::new(&cli.ledger)?;
    match &cli.verb {
        Verb::Init(verb) => verb.run(&context),
        Verb::Import(verb) => verb.run(&context),
        Verb::ImportCheck(verb) => verb.run(&context, names_bank),
        Verb::ImportRules(verb) => verb.run(&context),
        Verb::Receipt(verb) => verb.run(&context),
        Verb::Batch(noun) => noun.run(&context),
        Verb::Quote(verb) => verb.run(&context),
        Verb::Convert(verb) => verb.run(&context),
        Verb::Release(verb) => verb.run(&context),
        Verb::Reverse(verb) => verb.run(&context),
        Verb::Lot(noun) => noun.run(&context),
        Verb::Decision(noun) => noun.run(&context),
        Verb::Report(verb) => verb.run(&context),
        Verb::Export(verb) => verb.run(&context),
        Verb::Explain(verb) => verb.run(&context),
        Verb::Period(verb) => verb.run(&context),
        Verb::Backup(verb) => verb.run(&context),
        Verb::Restore(verb) => verb.run(&context),
        Verb::Verify(verb) => verb.run(&context),
        Verb::Rebuild(verb) => verb.run(&context),
        Verb::Rule(verb) => verb.run(&context),
        Verb::Completions(verb) => verb.run(),
        Verb::Manual(verb) => verb.run(),
        Verb::Institution(noun) => noun.run(&context),
        Verb::Outcome(noun) => noun.run(&context),
        Verb::Learner(noun) => noun.run(&context),
        Verb::System(noun) => noun.run(&context),
        Verb::Scale(noun) => noun.run(&context),
        Verb::Grade(noun) => noun.run(&context),
        Verb::Profile(noun) => noun.run(&context),
        Verb::Procedure(noun) => noun.run(&context),
        Verb::Authority(noun) => noun.run(&context),
    }
}
