//! SQLite's errors, said in the ledger's words.

use crate::domain::fault::{Exit, Fault};
use rusqlite::{Error, ErrorCode};
use std::path::Path;

/// Turns an error of SQLite about a file into what the user reads.
pub fn fault(path: &Path) -> impl Fn(Error) -> Fault + '_ {
    move |error| {
        let place = path.display();
        let code = error.sqlite_error_code();
        match code {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Fault::new("S105", format!("{place} is busy: another program is writing to it"))
                    .remedy("run the command again when the other one has ended")
                    .exit(Exit::Busy)
            }
            Some(ErrorCode::NotADatabase) => {
                Fault::new("S102", format!("{place} is not a creditbank ledger"))
                    .why("it is not an SQLite database")
                    .remedy("name the ledger with --ledger or CREDITBANK_LEDGER")
            }
            Some(ErrorCode::DiskFull) => Fault::new("S107", format!("no room left on the disk of {place}"))
                .why("the batch was undone; the ledger stands as before")
                .remedy("make room and run the command again"),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                Fault::new("S106", format!("{place} cannot be opened or written: {error}"))
                    .remedy("check the permissions of the file and of its folder")
            }
            Some(ErrorCode::ConstraintViolation) => Fault::new("S501", format!("{place}: {error}"))
                .why("two entries may not have the same key")
                .remedy("run `creditbank verify`; if it finds nothing, please report this"),
            Some(ErrorCode::DatabaseCorrupt) => Fault::new("S109", format!("{place} is damaged: {error}"))
                .remedy("restore a backup with `creditbank restore`"),
            _ => Fault::new("S100", format!("{place}: {error}")),
        }
    }
}
