//! `creditbank completions` and `creditbank manual`: help for shells and for `man`.

use super::{Cli, Done};
use crate::domain::fault::{Fault, Result};
use clap::CommandFactory;
use clap_complete::Shell;
use std::path::PathBuf;

/// Write the completions of a shell to standard output
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub fn run(&self) -> Result<Done> {
        clap_complete::generate(self.shell, &mut Cli::command(), "creditbank", &mut std::io::stdout());
        Ok(Done::Well)
    }
}

/// Write the manual pages into a folder
#[derive(Debug, clap::Args)]
pub struct Manual {
    /// The folder
    folder: PathBuf,
}

impl Manual {
    pub fn run(&self) -> Result<Done> {
        let fault = |error: std::io::Error| {
            Fault::new("C103", format!("the manual cannot be written to {}: {error}", self.folder.display()))
        };
        std::fs::create_dir_all(&self.folder).map_err(fault)?;
        clap_mangen::generate_to(Cli::command(), &self.folder).map_err(fault)?;
        eprintln!("the manual is in {}", self.folder.display());
        Ok(Done::Well)
    }
}
