//! Journal entries: what one leaf of the log says.

use super::credits::Credits;
use super::outcome::{Kind, Status};
use std::fmt;

/// Bits of an [`EntryId`] that count within a log.
const SEQ_BITS: u32 = 40;

/// The place of an entry: its log and its sequence number, in one integer (`log · 2^40 + seq`).
///
/// Written `seq` in log 0 and `log:seq` elsewhere. A lot is named by the entry that deposited it, a
/// decision by the entry that opened it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub i64);

impl EntryId {
    /// The entry with that sequence number in that log.
    pub fn new(log: i64, seq: u64) -> EntryId {
        EntryId((log << SEQ_BITS) | seq as i64)
    }

    /// The log.
    pub fn log(self) -> i64 {
        self.0 >> SEQ_BITS
    }

    /// The leaf index in the log, from 0.
    pub fn seq(self) -> u64 {
        (self.0 & ((1 << SEQ_BITS) - 1)) as u64
    }

    /// The entry that many places later in the same log.
    pub fn plus(self, places: u64) -> EntryId {
        EntryId(self.0 + places as i64)
    }

    /// Reads `123` or `1:123`, with a `#` in front forgiven.
    pub fn parse(text: &str) -> Option<EntryId> {
        let text = text.trim().trim_start_matches('#');
        let (log, seq) = text.split_once(':').unwrap_or(("0", text));
        let (log, seq): (i64, u64) = (log.parse().ok()?, seq.parse().ok()?);
        ((0..1 << 22).contains(&log) && seq < 1 << SEQ_BITS).then(|| EntryId::new(log, seq))
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.log() {
            0 => f.pad(&self.seq().to_string()),
            log => f.pad(&format!("{log}:{}", self.seq())),
        }
    }
}

impl serde::Serialize for EntryId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for EntryId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<EntryId, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        EntryId::parse(&text).ok_or_else(|| serde::de::Error::custom("not an entry number"))
    }
}

/// What a leaf is. The number is kept in the ledger and hashed into the leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum EntryKind {
    /// The bank is founded.
    Genesis = 1,
    /// A batch begins: who, where, when, why, from which file.
    Batch = 2,
    /// Registry rows are introduced or replaced.
    Register = 3,
    /// Facts of identity are recorded.
    Enrol = 4,
    /// A decision about lots, with its reasons.
    Decision = 5,
    /// Rows that an import refused.
    Refuse = 6,
    /// A period is closed.
    Close = 7,
    /// A batch of an import ends: what it took, what it did not, and what its files add up to.
    Receipt = 8,
    /// Two accounts are found to be one person's.
    Merge = 9,
    /// A merge is taken back: they are two people's after all.
    Unmerge = 10,
    /// Two accounts may be one person's: somebody has to look.
    Review = 11,
    /// Somebody looked: the two accounts are two people's.
    Distinct = 12,
    /// Files are kept that wait for a second officer.
    Stage = 13,
    /// An achievement deposits credit: recognised → held.
    Deposit = 32,
    /// An achievement is recorded without credit.
    Record = 33,
    /// An original lot is placed at a target: held → placed.
    ConvertOut = 34,
    /// Its worth at the target: recognised → converted.
    ConvertIn = 35,
    /// A placement is undone, without loss.
    Release = 36,
    /// A lot is put on hold: it stays where it is, and is placed or redeemed by nobody.
    Hold = 37,
    /// A hold is lifted.
    Unhold = 38,
    /// Another attempt at the same outcome counts instead of a lot: held → recognised.
    Supersede = 39,
    /// An entry is reversed, with a reason.
    Reverse = 40,
}

impl EntryKind {
    /// All kinds.
    pub const ALL: [EntryKind; 22] = [
        EntryKind::Genesis,
        EntryKind::Batch,
        EntryKind::Register,
        EntryKind::Enrol,
        EntryKind::Decision,
        EntryKind::Refuse,
        EntryKind::Close,
        EntryKind::Receipt,
        EntryKind::Merge,
        EntryKind::Unmerge,
        EntryKind::Review,
        EntryKind::Distinct,
        EntryKind::Stage,
        EntryKind::Deposit,
        EntryKind::Record,
        EntryKind::ConvertOut,
        EntryKind::ConvertIn,
        EntryKind::Release,
        EntryKind::Hold,
        EntryKind::Unhold,
        EntryKind::Supersede,
        EntryKind::Reverse,
    ];

    /// The kind kept under that number.
    pub fn from_code(code: i64) -> Option<EntryKind> {
        EntryKind::ALL.into_iter().find(|kind| *kind as i64 == code)
    }

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            EntryKind::Genesis => "genesis",
            EntryKind::Batch => "batch",
            EntryKind::Register => "register",
            EntryKind::Enrol => "enrol",
            EntryKind::Decision => "decision",
            EntryKind::Refuse => "refuse",
            EntryKind::Close => "close",
            EntryKind::Receipt => "receipt",
            EntryKind::Merge => "merge",
            EntryKind::Unmerge => "unmerge",
            EntryKind::Review => "review",
            EntryKind::Distinct => "distinct",
            EntryKind::Stage => "stage",
            EntryKind::Deposit => "deposit",
            EntryKind::Record => "record",
            EntryKind::ConvertOut => "convert-out",
            EntryKind::ConvertIn => "convert-in",
            EntryKind::Release => "release",
            EntryKind::Hold => "hold",
            EntryKind::Unhold => "unhold",
            EntryKind::Supersede => "supersede",
            EntryKind::Reverse => "reverse",
        }
    }
}

/// Where an amount stands. Recognised is the source of all credit; its balance is minus the others'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// The source: credit that institutions recognised.
    Recognised,
    /// Original credit, free to be placed.
    Held,
    /// Original credit placed at a target.
    Placed,
    /// The worth of placed originals in the target's own system.
    Converted,
    /// Spent on an award.
    Redeemed,
    /// Past its shelf life.
    Expired,
    /// Moved to another log.
    Transferred,
}

impl Place {
    /// All places, the source first; the position indexes [`Balance`].
    pub const ALL: [Place; 7] = [
        Place::Recognised,
        Place::Held,
        Place::Placed,
        Place::Converted,
        Place::Redeemed,
        Place::Expired,
        Place::Transferred,
    ];

    /// The word for it.
    pub fn name(self) -> &'static str {
        ["recognised", "held", "placed", "converted", "redeemed", "expired", "transferred"][self as usize]
    }
}

/// What one learner has in one credit system, by place, in thousandths of a credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Balance(pub [i64; 7]);

impl Balance {
    /// The amount at a place.
    pub fn at(&self, place: Place) -> Credits {
        Credits(self.0[place as usize])
    }

    /// Moves an amount; the sum over all places stays zero.
    pub fn shift(&mut self, from: Place, to: Place, amount: Credits) {
        self.0[from as usize] -= amount.0;
        self.0[to as usize] += amount.0;
    }

    /// Adds another balance, place by place.
    pub fn add(&mut self, other: &Balance) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }

    /// The same amounts, taken away.
    pub fn negated(&self) -> Balance {
        Balance(self.0.map(i64::wrapping_neg))
    }

    /// True where nothing stands anywhere.
    pub fn is_empty(&self) -> bool {
        self.0 == [0; 7]
    }
}

/// One learner's result in one outcome, as the journal keeps it. Ids are those of the registries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Achievement {
    /// Its place in the journal; also the name of the lot that it creates.
    pub entry: EntryId,
    /// Account of the learner.
    pub learner: i64,
    /// Catalogue item.
    pub outcome: i64,
    /// Which dated version of it, from 1.
    pub version: i64,
    /// When it was achieved.
    pub period: i64,
    /// Which attempt, from 1.
    pub attempt: i64,
    /// How many rows of the same key came before.
    pub nth: i64,
    /// How the attempt ended.
    pub status: Status,
    /// The setting of the learning.
    pub kind: Kind,
    /// Credit system of the amount.
    pub system: i64,
    /// Credit deposited; zero where the achievement carries none.
    pub amount: Credits,
    /// Grade on its own scale.
    pub grade: Option<i64>,
    /// Attributes of the learner as of then.
    pub attrs: Option<i64>,
    /// Which file of the batch, from 0.
    pub file: i64,
    /// Line in that file, from 1; 0 for an entry typed in.
    pub line: i64,
    /// First line of the group whose load was apportioned.
    pub group_line: Option<i64>,
    /// The load that was apportioned.
    pub group_load: Option<Credits>,
    /// The institution's own record id.
    pub record: Option<String>,
}

impl Achievement {
    /// Deposit where it carries credit, else record.
    pub fn entry_kind(&self) -> EntryKind {
        if self.amount == Credits::ZERO { EntryKind::Record } else { EntryKind::Deposit }
    }
}

/// An amount that moves, as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// Its place in the journal.
    pub entry: EntryId,
    /// Convert-out, convert-in, release, hold, unhold, supersede or reverse.
    pub kind: EntryKind,
    /// The act that opened its decision.
    pub decision: EntryId,
    /// Account of the learner.
    pub learner: i64,
    /// The lot that it is about.
    pub lot: EntryId,
    /// Numerator of the share of the lot.
    pub num: i64,
    /// Denominator of the share of the lot.
    pub den: i64,
    /// Credit system of the amount.
    pub system: i64,
    /// The amount moved.
    pub amount: Credits,
    /// The date on which it takes effect.
    pub period: i64,
    /// The entry that it undoes.
    pub undoes: Option<EntryId>,
}

/// Digits of a file's hash that name it in the refused rows that go back.
pub const FILE_DIGITS: usize = 16;

/// A row's place in its file: the line on which it starts and, where a row has several results, which of
/// them. The ledger keeps both as one number, `result · 2^40 + line`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowPlace {
    /// Line, from 1.
    pub line: u64,
    /// Result of the row, from 1; 0 where the row is one result.
    pub part: u16,
}

impl RowPlace {
    const LINE: u64 = (1 << 40) - 1;

    /// The number under which the ledger keeps it.
    pub fn number(self) -> i64 {
        (u64::from(self.part) << 40 | self.line & RowPlace::LINE) as i64
    }

    /// The place of that number.
    pub fn of(number: i64) -> RowPlace {
        let number = number as u64;
        RowPlace { line: number & RowPlace::LINE, part: (number >> 40) as u16 }
    }
}

impl fmt::Display for RowPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part {
            0 => write!(f, "line {}", self.line),
            part => write!(f, "line {}, result {part}", self.line),
        }
    }
}

/// The accounts of a movement kind that stands by itself; `None` for kinds that undo another entry.
pub fn accounts(kind: EntryKind) -> Option<(Place, Place)> {
    match kind {
        EntryKind::Deposit => Some((Place::Recognised, Place::Held)),
        EntryKind::ConvertOut => Some((Place::Held, Place::Placed)),
        EntryKind::ConvertIn => Some((Place::Recognised, Place::Converted)),
        // A hold moves nothing: the lot stays where it is.
        EntryKind::Hold => Some((Place::Held, Place::Held)),
        EntryKind::Supersede => Some((Place::Held, Place::Recognised)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_named_by_its_place() {
        assert_eq!(EntryId::new(0, 123).to_string(), "123");
        assert_eq!(EntryId::new(3, 5).to_string(), "3:5");
        for text in ["123", "3:5", "#7"] {
            let entry = EntryId::parse(text).unwrap();
            assert_eq!(EntryId::parse(&entry.to_string()), Some(entry));
        }
        for bad in ["", "-1", "x", "1:2:3", "0:1099511627776"] {
            assert_eq!(EntryId::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_row_and_each_of_its_results_have_their_place() {
        let row = RowPlace { line: 7, part: 0 };
        assert_eq!((row.number(), row.to_string()), (7, "line 7".into()));
        let result = RowPlace { line: 7, part: 3 };
        assert_eq!((result.number(), result.to_string()), (3 * (1 << 40) + 7, "line 7, result 3".into()));
        assert_eq!(RowPlace::of(result.number()), result);
    }

    #[test]
    fn whatever_moves_the_accounts_sum_to_zero() {
        let mut balance = Balance::default();
        balance.shift(Place::Recognised, Place::Held, Credits(3_000));
        balance.shift(Place::Held, Place::Placed, Credits(1_000));
        assert_eq!(balance.0.iter().sum::<i64>(), 0);
        assert_eq!((balance.at(Place::Held), balance.at(Place::Placed)), (Credits(2_000), Credits(1_000)));
    }
}
