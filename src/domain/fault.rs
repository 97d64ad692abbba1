//! What goes wrong, said so that it can be mended: what, why, what to do, a stable code, an exit code.

use std::fmt;

/// The program's exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Refused or failed; nothing was changed.
    Refused = 1,
    /// Wrong usage of the command line.
    Usage = 2,
    /// Done, but rows were rejected.
    Rejected = 3,
    /// A checker found something.
    Found = 4,
    /// The ledger is busy or locked.
    Busy = 5,
}

/// A failure, as the user reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Stable code: a letter for the room and three digits.
    pub code: &'static str,
    /// What failed, with the place and the value.
    pub what: String,
    /// Why, where `what` does not say it.
    pub why: String,
    /// What to do about it.
    pub remedy: String,
    /// The exit code that it leads to.
    pub exit: Exit,
}

/// A result whose error a user can read.
pub type Result<T> = std::result::Result<T, Fault>;

impl Fault {
    /// A refusal: `what`, with a stable code.
    pub fn new(code: &'static str, what: impl Into<String>) -> Fault {
        Fault { code, what: what.into(), why: String::new(), remedy: String::new(), exit: Exit::Refused }
    }

    /// Adds the reason.
    pub fn why(mut self, why: impl Into<String>) -> Fault {
        self.why = why.into();
        self
    }

    /// Adds what to do about it.
    pub fn remedy(mut self, remedy: impl Into<String>) -> Fault {
        self.remedy = remedy.into();
        self
    }

    /// Sets the exit code.
    pub fn exit(mut self, exit: Exit) -> Fault {
        self.exit = exit;
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.what, self.code)?;
        if !self.why.is_empty() {
            write!(f, "\n  why: {}", self.why)?;
        }
        if !self.remedy.is_empty() {
            write!(f, "\n  do:  {}", self.remedy)?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}
