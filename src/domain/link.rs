//! Whose account is whose: links between accounts of one person, and pairs that may be one person's.

use super::entry::EntryId;
use jiff::civil::Date;

/// A link, made by a merge act and perhaps ended by an unmerge act. The entries of the account stay as
/// they are; whoever asks for the person is answered with both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The merge act.
    pub entry: EntryId,
    /// The account that answers for another from then on.
    pub account: i64,
    /// The account for which it answers.
    pub person: i64,
    /// The day of the merge.
    pub since: Date,
    /// The unmerge act that ended the link, and its day.
    pub ended: Option<(EntryId, Date)>,
}

/// Two accounts that may be one person's: somebody has to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The review act, which names the pair.
    pub entry: EntryId,
    /// The account that was opened although another is like it.
    pub account: i64,
    /// The account that it is like.
    pub other: i64,
    /// How much ([`super::likeness::Likeness::score`]).
    pub score: i64,
    /// What agrees.
    pub why: String,
    /// The act by which somebody said that they are two people's.
    pub apart: Option<EntryId>,
}

/// What a person is looked up by beside identifiers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Description {
    /// A birth date, ISO 8601.
    pub birth: String,
    /// A name (as [`super::likeness::Name::keys`] gives it).
    pub name: String,
    /// The account.
    pub learner: i64,
}
