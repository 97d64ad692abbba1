//! `creditbank backup` and `creditbank restore`.

use super::Done;
use super::context::Context;
use crate::domain::fault::Result;
use crate::ops::backup::{backup, restore};
use crate::ops::batch::hex;
use crate::store::Head;
use std::path::PathBuf;

/// Copy the ledger into a new file while others may write, and check the copy's root
#[derive(Debug, clap::Args)]
pub struct Backup {
    /// The new file
    file: PathBuf,
}

/// Put a backup in the place of a ledger that is missing or older
#[derive(Debug, clap::Args)]
pub struct Restore {
    /// The backup
    file: PathBuf,
}

fn tell(heads: &[Head]) {
    for head in heads {
        println!("log {} `{}`: {} entries, root {}", head.log, head.origin, head.size, hex(&head.root));
    }
}

impl Backup {
    pub fn run(&self, context: &Context) -> Result<Done> {
        let heads = backup(&context.open_read()?, &self.file)?;
        println!("{} holds the ledger; its root was recomputed", self.file.display());
        tell(&heads);
        Ok(Done::Well)
    }
}

impl Restore {
    pub fn run(&self, context: &Context) -> Result<Done> {
        let heads = restore(&self.file, &context.ledger)?;
        println!("{} restored from {}", context.ledger.display(), self.file.display());
        tell(&heads);
        Ok(Done::Well)
    }
}
