//! What can be achieved and how a learner did: kinds of learning and statuses of a result.

/// The setting of the learning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// In an institution of education, towards its awards.
    Formal,
    /// Organised, outside formal education: courses at work, on a learning platform.
    NonFormal,
    /// Not organised: experience, reading, a museum.
    Informal,
}

impl Kind {
    /// All kinds; the position is the code kept in the ledger.
    pub const ALL: [Kind; 3] = [Kind::Formal, Kind::NonFormal, Kind::Informal];

    /// The word for it.
    pub fn name(self) -> &'static str {
        ["formal", "non-formal", "informal"][self as usize]
    }

    /// The kind of that name (`nonformal` is met and accepted).
    pub fn from_name(name: &str) -> Option<Kind> {
        match name {
            "nonformal" | "non_formal" => Some(Kind::NonFormal),
            _ => Kind::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name)),
        }
    }

    /// The kind kept under that code.
    pub fn from_code(code: i64) -> Option<Kind> {
        Kind::ALL.get(usize::try_from(code).ok()?).copied()
    }
}

/// Which of several results in one outcome counts, where the outcome is not repeatable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attempts {
    /// The one that the bank recorded first goes on counting.
    #[default]
    First,
    /// The one with the best grade; the earliest where grades cannot be compared.
    Best,
    /// The latest.
    Latest,
}

impl Attempts {
    /// The word for it.
    pub fn name(self) -> &'static str {
        ["first", "best", "latest"][self as usize]
    }
}

/// How a learner's attempt at an outcome ended.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Achieved.
    #[default]
    Passed,
    /// Not achieved.
    Failed,
    /// Given up before the end.
    Withdrawn,
    /// Not yet ended.
    InProgress,
}

impl Status {
    /// All statuses; the position is the code kept in the ledger.
    pub const ALL: [Status; 4] = [Status::Passed, Status::Failed, Status::Withdrawn, Status::InProgress];

    /// The word for it.
    pub fn name(self) -> &'static str {
        ["passed", "failed", "withdrawn", "in-progress"][self as usize]
    }

    /// The status of that name.
    pub fn from_name(name: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.name().eq_ignore_ascii_case(name))
    }

    /// The status kept under that code.
    pub fn from_code(code: i64) -> Option<Status> {
        Status::ALL.get(usize::try_from(code).ok()?).copied()
    }
}
