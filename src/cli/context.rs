//! What every command starts from: the ledger, who acts, and when.

use crate::domain::fault::{Exit, Fault, Result};
use crate::ops::batch::Actor;
use crate::store::Read;
use crate::store::sqlite::Sqlite;
use std::path::{Path, PathBuf};

/// The surroundings of a command.
pub struct Context {
    /// The ledger file.
    pub ledger: PathBuf,
    /// Who acts, where and when.
    pub actor: Actor,
}

/// What an account is called that has no name on the system.
#[cfg(unix)]
fn nameless() -> String {
    format!("uid {}", rustix::process::geteuid().as_raw())
}

/// What an account is called that has no name on the system.
#[cfg(not(unix))]
fn nameless() -> String {
    Actor::UNKNOWN.to_owned()
}

impl Context {
    /// Looks around. `CREDITBANK_NOW` sets the moment, so that runs can be repeated.
    pub fn new(ledger: &Path) -> Result<Context> {
        let now = match std::env::var("CREDITBANK_NOW") {
            Err(_) => jiff::Timestamp::now(),
            Ok(text) => text.parse().map_err(|_| {
                Fault::new("C102", format!("CREDITBANK_NOW is `{text}`, which is not a moment"))
                    .remedy("write it as 2026-09-01T08:00:00Z, or unset it")
                    .exit(Exit::Usage)
            })?,
        };
        let now = now.round(jiff::Unit::Second).unwrap_or(now);
        let command = std::env::args_os()
            .skip(1)
            .map(|word| word.to_string_lossy().into_owned())
            .collect::<Vec<_>>()
            .join(" ");
        let name = whoami::username().unwrap_or_else(|_| nameless());
        let site = whoami::hostname().unwrap_or_else(|_| "unknown".to_owned());
        Ok(Context { ledger: ledger.to_owned(), actor: Actor { name, site, now, command } })
    }

    /// The actor of a command whose arguments name learners: a batch's account of itself is public and
    /// stays when a learner is forgotten, so it names none.
    pub fn actor_of(&self, command: String) -> Actor {
        Actor { command, ..self.actor.clone() }
    }

    /// Today in the bank's time zone.
    pub fn today(&self, read: &dyn Read) -> Result<jiff::civil::Date> {
        let bank: crate::domain::registry::Bank = crate::store::get(read, 1)?;
        let zone = jiff::tz::TimeZone::get(&bank.time_zone).map_err(|error| {
            Fault::new("C108", format!("the bank's time zone {}: {error}", bank.time_zone))
        })?;
        Ok(zone.to_datetime(self.actor.now).date())
    }

    /// The ledger, to write.
    pub fn open(&self) -> Result<Sqlite> {
        Sqlite::open(&self.ledger)
    }

    /// The ledger, to read.
    pub fn open_read(&self) -> Result<Sqlite> {
        Sqlite::open_read(&self.ledger)
    }
}
