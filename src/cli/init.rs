//! `creditbank init`.

use super::Done;
use super::context::Context;
use crate::domain::fault::Result;
use crate::ops::init::{Founding, check, init};
use crate::store::sqlite::Sqlite;

/// Start a bank in a new ledger file
#[derive(Debug, clap::Args)]
pub struct Init {
    /// The bank's name
    #[arg(long)]
    name: String,
    /// The bank's identifier: a domain name or a registration number
    #[arg(long)]
    identifier: String,
    /// The credit system in which the bank thinks, by code (`creditbank help systems` lists them)
    #[arg(long, value_name = "SYSTEM")]
    home_system: String,
    /// The time zone in which the bank's days begin and end, by IANA name
    #[arg(long, value_name = "ZONE")]
    time_zone: String,
}

impl Init {
    pub fn run(&self, context: &Context) -> Result<Done> {
        let founding = Founding {
            name: crate::domain::text::clean(&self.name).into_owned(),
            identifier: crate::domain::text::clean(&self.identifier).into_owned(),
            home_system: self.home_system.clone(),
            time_zone: self.time_zone.clone(),
        };
        check(&founding)?;
        let mut store = Sqlite::create(&context.ledger)?;
        let head = init(&mut store, &founding, &context.actor)?;
        eprintln!("{}: bank `{}` started", context.ledger.display(), founding.name);
        eprintln!("log 0 `{}` has {} entries", head.origin, head.size);
        Ok(Done::Well)
    }
}
