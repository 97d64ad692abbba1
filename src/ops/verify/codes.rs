//! What `verify` can find: stable codes, their meaning, what to do; and the list that it fills.

use std::fmt::Display;

/// A sort of finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// Stable code.
    pub code: &'static str,
    /// One line on what it means.
    pub meaning: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

const RESTORE: &str = "compare with a backup or a copy that somebody else holds, find out who wrote to the file, and restore the backup";
const REBUILD: &str =
    "run `creditbank rebuild`, which makes the derived tables again from the journal, then verify again";
const REPORT: &str = "the leaves are intact, so a program wrote this: reverse the decision concerned and please report the fault";
const OUTSIDE: &str = "ask the holder of the outside checkpoint for their copy, and treat this ledger as replaced until it is explained";

macro_rules! codes {
    ($($code:literal $meaning:literal $remedy:ident;)*) => {
        /// All codes, by number: 1 the journal, 2 the Merkle log, 3 registries, 4 derived tables, 5 the laws.
        pub const CODES: &[Code] = &[$(Code { code: $code, meaning: $meaning, remedy: $remedy }),*];
    };
}

codes! {
    "V101" "an entry of the log has no row" RESTORE;
    "V102" "two tables claim the same entry" RESTORE;
    "V103" "a row stands outside its log or its act" RESTORE;
    "V104" "one column of an entry was changed, and the recorded value is known" RESTORE;
    "V105" "an entry does not fit its leaf: a text, or several columns were changed" RESTORE;
    "V106" "a row holds a value that its column cannot hold" RESTORE;
    "V107" "an entry is marked as erased, and no erase act covers it" RESTORE;
    "V108" "rows were exchanged or moved to another entry" RESTORE;
    "V109" "the account of a batch was changed, so that its private entries cannot be checked" RESTORE;
    "V110" "rows of an act are missing, added or out of order" RESTORE;
    "V111" "an account's key was changed, lost or added" RESTORE;
    "V201" "a leaf hash kept in a tile was changed" RESTORE;
    "V202" "a hash kept in an upper tile was changed" RESTORE;
    "V203" "a tile is missing, too many, or not whole hashes" RESTORE;
    "V204" "a log's own row was changed" RESTORE;
    "V205" "the log is not the one that an outside checkpoint saw" OUTSIDE;
    "V206" "the log was cut or rolled back: an outside checkpoint saw more entries" OUTSIDE;
    "V301" "a registry's row is not what the newest act says" REBUILD;
    "V302" "a registry lacks a row that an act introduced" REBUILD;
    "V303" "a registry has a row that no act introduced" REBUILD;
    "V304" "a row of a register act is no row of its registry" RESTORE;
    "V401" "the list of batches is not what the journal says" REBUILD;
    "V402" "the list of decisions is not what the journal says" REBUILD;
    "V403" "a balance is not what the journal says" REBUILD;
    "V404" "the summary is not what the journal says" REBUILD;
    "V405" "the list of links between accounts is not what the journal says" REBUILD;
    "V406" "the list of pairs to review is not what the journal says" REBUILD;
    "V407" "what people are looked up by is not what their facts of identity say" REBUILD;
    "V501" "more of a lot is placed than it holds" REPORT;
    "V502" "a conversion does not start from an original lot, or takes another amount than its share" REPORT;
    "V503" "the two legs of a conversion are not a pair" REPORT;
    "V504" "an entry undoes what it cannot undo" REPORT;
    "V505" "an entry undoes another amount than was moved" REPORT;
    "V506" "amounts add up to more than the ledger can count, or not to zero" REPORT;
    "V507" "the same achievement stands twice" REPORT;
    "V508" "a movement belongs to no decision before it" REPORT;
    "V509" "an entry refers to something that does not exist" REPORT;
    "V510" "a batch says that it was recorded before the one that it follows" REPORT;
    "V511" "a lot was placed, reversed or put on hold again while it was on hold" REPORT;
    "V512" "a staged batch was settled twice, or approved by whoever staged it" REPORT;
    "V513" "an act about whose account is whose cannot be: it links what is linked, or parts what is not" REPORT;
    "V514" "a decision uses lots of accounts that were not one person's" REPORT;
    "V515" "two results in one outcome give credit, and it is not repeatable" REPORT;
    "V516" "a conversion, decided again from what it records, is not what it says" REPORT;
    "V517" "an identifier belongs to two accounts" REPORT;
    "V518" "a step of a decision does not follow the one before, or is not what it says" REPORT;
    "V519" "an exception lies outside the remit of its authority" REPORT;
}

/// One thing that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// Stable code, one of [`CODES`].
    pub code: &'static str,
    /// Where: the table, the row and, where it can be told, the column.
    pub place: String,
    /// What stands there and what was recorded, where known.
    pub what: String,
    /// What to do about it.
    pub remedy: &'static str,
}

/// The findings so far: listed up to a limit, then counted.
#[derive(Debug, Default)]
pub struct Findings {
    /// The first ones.
    pub list: Vec<Finding>,
    /// How many more.
    pub more: u64,
    /// What is odd, but breaks nothing.
    pub warnings: Vec<Finding>,
    limit: usize,
}

impl Findings {
    /// An empty list that keeps up to `limit` findings.
    pub fn new(limit: usize) -> Findings {
        Findings { limit, ..Findings::default() }
    }

    /// Adds a finding.
    pub fn add(&mut self, code: &'static str, place: impl Display, what: impl Display) {
        if self.list.len() < self.limit {
            self.list.push(finding(code, place, what));
        } else {
            self.more += 1;
        }
    }

    /// Adds a warning.
    pub fn warn(&mut self, code: &'static str, place: impl Display, what: impl Display) {
        if self.warnings.len() < self.limit {
            self.warnings.push(finding(code, place, what));
        }
    }
}

fn finding(code: &'static str, place: impl Display, what: impl Display) -> Finding {
    let remedy = CODES.iter().find(|known| known.code == code).map_or("", |known| known.remedy);
    debug_assert!(!remedy.is_empty(), "code {code} is not listed");
    Finding { code, place: place.to_string(), what: what.to_string(), remedy }
}
