//! Canonical bytes of a journal entry: what a leaf of the log commits to.
//!
//! Every leaf begins with the version of this encoding, the algorithm and the entry's kind. What is
//! about a learner enters as a commitment, `SHA-256(tag || salt || payload)` with
//! `salt = HMAC-SHA256(learner's key, batch id || ordinal)`, so that the leaf of an erased entry can
//! stay when its payload and key are destroyed. The anonymous remainder (system, institution, year,
//! amount) stays beside the commitment; such a leaf has 51 bytes and costs one SHA-256 block.
//!
//! Ids in a payload are those that a hashed `register` act gave to a row, so they cannot be swapped.

mod many;

pub use many::Many;

use crate::domain::credits::Credits;
use crate::domain::entry::{Achievement, EntryKind, Movement};
use crate::proof::block::{self, State};
use crate::proof::merkle::{Hash, leaf_hash};
use sha2::{Digest, Sha256};

/// Version of the canonical encoding.
pub const VERSION: u8 = 1;
/// SHA-256 for leaves, HMAC-SHA256 for salts.
pub const ALGORITHM: u8 = 1;

const TAG: &[u8; 4] = b"cb1:";

/// The secret of one learner's account, from which every salt is derived.
pub type Key = [u8; 32];
/// The random id of a batch.
pub type BatchId = [u8; 16];
/// `SHA-256(tag || salt || payload)`.
pub type Commitment = [u8; 32];

/// What an entry's salt is derived from beside the batch: no two entries of one learner in one batch
/// share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ordinal {
    /// A row of a source file.
    Row {
        /// File of the batch, from 0.
        file: u32,
        /// Line, from 1.
        line: u64,
    },
    /// Place of an entry in its batch.
    Place(u64),
    /// Place of a fact of identity in its enrol act, and of that act in its batch.
    Fact {
        /// The enrol act.
        place: u32,
        /// The fact.
        ord: u64,
    },
}

impl Ordinal {
    fn bytes(self) -> [u8; 13] {
        let (tag, high, low) = match self {
            Ordinal::Row { file, line } => (b'R', file, line),
            Ordinal::Place(place) => (b'P', 0, place),
            Ordinal::Fact { place, ord } => (b'F', place, ord),
        };
        let mut bytes = [0; 13];
        bytes[0] = tag;
        bytes[1..5].copy_from_slice(&high.to_be_bytes());
        bytes[5..].copy_from_slice(&low.to_be_bytes());
        bytes
    }
}

/// What tells a derived key from a salt.
const LABEL: &[u8] = b"creditbank key of an account";

/// HMAC-SHA256 with one learner's key, its padded blocks already absorbed.
#[derive(Clone)]
pub struct Salter {
    inner: State,
    outer: State,
}

/// What a key is padded with before the message, and before the hash of that (RFC 2104 §2).
const INNER: u8 = 0x36;
const OUTER: u8 = 0x5c;

/// A key as HMAC absorbs it.
fn padded(key: &Key, pad: u8) -> [u8; 64] {
    let mut bytes = [pad; 64];
    bytes.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
    bytes
}

/// Bytes of a batch and a place in it.
const PLACE: usize = 29;

/// What the salt of an entry is the code of.
fn placed(batch: &BatchId, ordinal: Ordinal) -> [u8; PLACE] {
    let mut bytes = [0; PLACE];
    bytes[..16].copy_from_slice(batch);
    bytes[16..].copy_from_slice(&ordinal.bytes());
    bytes
}

/// What a derived key is the code of.
fn derived(number: u64) -> [u8; LABEL.len() + 8] {
    let mut bytes = [0; LABEL.len() + 8];
    bytes[..LABEL.len()].copy_from_slice(LABEL);
    bytes[LABEL.len()..].copy_from_slice(&number.to_be_bytes());
    bytes
}

/// The longest payload whose commitment ends in its second block.
const SHORT: usize = 64 + block::LAST - TAG.len() - size_of::<Hash>();

impl Salter {
    /// Prepares a learner's key.
    pub fn new(key: &Key) -> Salter {
        let absorbed = |pad| block::absorb(block::START, &padded(key, pad));
        Salter { inner: absorbed(INNER), outer: absorbed(OUTER) }
    }

    /// One of many keys that a secret gives: who does not know it can tell none of them from random bytes.
    pub fn derive(&self, number: u64) -> Key {
        self.keyed(&derived(number))
    }

    /// HMAC-SHA256 of a batch and a place in it.
    fn salt(&self, batch: &BatchId, ordinal: Ordinal) -> [u8; 32] {
        self.keyed(&placed(batch, ordinal))
    }

    /// HMAC-SHA256 of a short message.
    fn keyed(&self, message: &[u8]) -> [u8; 32] {
        let mut buffer = [0; 128];
        buffer[..message.len()].copy_from_slice(message);
        let inner = block::finish(self.inner, 1, &mut buffer, message.len());
        let mut buffer = [0; 128];
        buffer[..32].copy_from_slice(&inner);
        block::finish(self.outer, 1, &mut buffer, 32)
    }

    /// The commitment to a payload.
    pub fn commit(&self, batch: &BatchId, ordinal: Ordinal, payload: &[u8]) -> Commitment {
        commitment(&self.salt(batch, ordinal), payload)
    }
}

/// The commitment to a payload under a salt.
fn commitment(salt: &[u8; 32], payload: &[u8]) -> Commitment {
    if payload.len() > SHORT {
        return Sha256::new().chain_update(TAG).chain_update(salt).chain_update(payload).finalize().into();
    }
    let mut buffer = [0; 128];
    buffer[..4].copy_from_slice(TAG);
    buffer[4..36].copy_from_slice(salt);
    buffer[36..36 + payload.len()].copy_from_slice(payload);
    block::finish(block::START, 0, &mut buffer, 36 + payload.len())
}

/// What stays of an entry about a learner when the learner is forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remainder {
    /// Credit system.
    pub system: i64,
    /// Awarding institution.
    pub institution: i64,
    /// First year of the period.
    pub year: i16,
    /// Amount moved.
    pub amount: Credits,
}

/// The leaf hash of an achievement or a movement.
pub fn moved(kind: EntryKind, remainder: &Remainder, commitment: &Commitment) -> Hash {
    let mut leaf = [0; MOVED + 32];
    leaf[..MOVED].copy_from_slice(&before_commitment(kind, remainder));
    leaf[MOVED..].copy_from_slice(commitment);
    leaf_hash(&leaf)
}

/// Bytes before the commitment in the leaf of an achievement or a movement.
const MOVED: usize = 19;

fn before_commitment(kind: EntryKind, remainder: &Remainder) -> [u8; MOVED] {
    let mut bytes = [0; MOVED];
    bytes[..3].copy_from_slice(&[VERSION, ALGORITHM, kind as u8]);
    bytes[3..5].copy_from_slice(&(remainder.system as u16).to_be_bytes());
    bytes[5..9].copy_from_slice(&(remainder.institution as u32).to_be_bytes());
    bytes[9..11].copy_from_slice(&remainder.year.to_be_bytes());
    bytes[11..].copy_from_slice(&remainder.amount.0.to_be_bytes());
    bytes
}

/// The leaf hash of an act about one learner, of one fact of identity or of one refused row.
pub fn committed(kind: EntryKind, commitment: &Commitment) -> Hash {
    let mut leaf = [0; 35];
    leaf[..3].copy_from_slice(&[VERSION, ALGORITHM, kind as u8]);
    leaf[3..].copy_from_slice(commitment);
    leaf_hash(&leaf)
}

/// The leaf hash of an act that is public: its payload, and the Merkle root over its rows.
pub fn act(kind: EntryKind, payload: &str, rows: u64, root: &Hash) -> Hash {
    let mut leaf = Vec::with_capacity(75);
    leaf.extend([VERSION, ALGORITHM, kind as u8]);
    leaf.extend(Sha256::digest(payload.as_bytes()));
    leaf.extend(rows.to_be_bytes());
    leaf.extend(root);
    leaf_hash(&leaf)
}

/// The hash of one row of a register act.
pub fn act_row(table: &str, row: &str) -> Hash {
    let mut bytes = Vec::with_capacity(table.len() + row.len() + 8);
    Canon(&mut bytes).text(table).text(row);
    leaf_hash(&bytes)
}

/// Writes canonical payloads: integers as LEB128 varints (signed ones zig-zag), texts with their
/// length, options with a flag. No two payloads have the same bytes.
pub struct Canon<'a>(pub &'a mut Vec<u8>);

impl Canon<'_> {
    /// A signed integer.
    pub fn int(&mut self, value: i64) -> &mut Self {
        let mut rest = ((value << 1) ^ (value >> 63)) as u64;
        while rest >= 0x80 {
            self.0.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.0.push(rest as u8);
        self
    }

    /// An optional integer.
    pub fn opt(&mut self, value: Option<i64>) -> &mut Self {
        match value {
            None => self.0.push(0),
            Some(value) => {
                self.0.push(1);
                self.int(value);
            }
        }
        self
    }

    /// A text.
    pub fn text(&mut self, value: &str) -> &mut Self {
        self.int(value.len() as i64);
        self.0.extend_from_slice(value.as_bytes());
        self
    }

    /// An optional text.
    pub fn opt_text(&mut self, value: Option<&str>) -> &mut Self {
        match value {
            None => self.0.push(0),
            Some(value) => {
                self.0.push(1);
                self.text(value);
            }
        }
        self
    }
}

/// The payload of an achievement: every column but its place in the journal.
///
/// Most columns of most rows hold what is usual, and what is unusual is short. So a mask comes first,
/// whose bit `i` says that value `i` is not its usual one, then those values. A common row takes 18 bytes,
/// which with tag and salt fit one block of SHA-256.
pub fn achievement_payload(a: &Achievement, into: &mut Vec<u8>) {
    let usual = |value: i64, usual: i64| (value, value != usual);
    let missing = |value: Option<i64>| (value.unwrap_or_default(), value.is_some());
    // Each with whether it is written.
    let values: [(i64, bool); 16] = [
        usual(a.learner, 0),
        usual(a.outcome, 0),
        usual(a.period, 0),
        usual(a.system, 0),
        usual(a.amount.0, 0),
        usual(a.line, 0),
        missing(a.grade),
        usual(a.kind as i64, 0),
        usual(a.status as i64, 0),
        usual(a.attempt, 1),
        usual(a.version, 1),
        missing(a.attrs),
        usual(a.file, 0),
        usual(a.nth, 0),
        missing(a.group_line),
        missing(a.group_load.map(|load| load.0)),
    ];
    into.clear();
    let mut canon = Canon(into);
    let mask = values.iter().zip(0..).fold(0, |mask, ((_, written), bit)| mask | i64::from(*written) << bit);
    canon.int(mask | i64::from(a.record.is_some()) << values.len());
    for (value, _) in values.iter().filter(|(_, written)| *written) {
        canon.int(*value);
    }
    if let Some(record) = &a.record {
        canon.text(record);
    }
}

/// The payload of a movement: every column but its place in the journal.
pub fn movement_payload(m: &Movement, into: &mut Vec<u8>) {
    into.clear();
    Canon(into)
        .int(m.decision.0)
        .int(m.learner)
        .int(m.lot.0)
        .int(m.num)
        .int(m.den)
        .int(m.system)
        .int(m.amount.0)
        .int(m.period)
        .opt(m.undoes.map(|entry| entry.0));
}

/// The payload of a fact of identity.
pub fn identity_payload(
    learner: i64,
    nth: i64,
    scheme: i64,
    value: &str,
    from: Option<&str>,
    to: Option<&str>,
    into: &mut Vec<u8>,
) {
    into.clear();
    Canon(into).int(learner).int(nth).int(scheme).text(value).opt_text(from).opt_text(to);
}

/// The commitment to a refused row under the row's own random salt.
pub fn refusal_commitment(
    salt: &[u8],
    file: i64,
    line: i64,
    texts: [&str; 4],
    into: &mut Vec<u8>,
) -> Commitment {
    into.clear();
    let mut canon = Canon(into);
    canon.int(file).int(line);
    for text in texts {
        canon.text(text);
    }
    Sha256::new().chain_update(TAG).chain_update(salt).chain_update(&into[..]).finalize().into()
}

/// The hash of a piece of a staged file, committed to under the piece's own random salt.
pub fn staged_piece(salt: &[u8], file: i64, bytes: &[u8], into: &mut Vec<u8>) -> Hash {
    into.clear();
    Canon(into).int(file).int(bytes.len() as i64);
    let hash = Sha256::new().chain_update(TAG).chain_update(salt).chain_update(&into[..]).chain_update(bytes);
    committed(EntryKind::Stage, &hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::entry::EntryId;
    use crate::domain::outcome::{Kind, Status};

    #[test]
    fn a_commitment_is_sha256_over_a_salt_of_hmac_sha256() {
        use hmac::{Hmac, KeyInit, Mac};
        let (key, batch) = (std::array::from_fn(|at| at as u8 * 7), [9; 16]);
        let salter = Salter::new(&key);
        for (line, payload) in (0..300).map(|length| vec![length as u8; length]).enumerate() {
            let ordinal = Ordinal::Row { file: 3, line: line as u64 };
            let mut mac: Hmac<Sha256> = Hmac::new_from_slice(&key).unwrap();
            mac.update(&batch);
            mac.update(&ordinal.bytes());
            let salt = mac.finalize().into_bytes();
            assert_eq!(salter.salt(&batch, ordinal), salt[..]);
            let expected = Sha256::new().chain_update(TAG).chain_update(salt).chain_update(&payload);
            assert_eq!(salter.commit(&batch, ordinal, &payload), expected.finalize()[..], "{line}");
        }
    }

    #[test]
    fn a_common_row_is_committed_to_in_one_block() {
        let common = Achievement {
            entry: EntryId(0),
            learner: 1_000_000,
            outcome: 8_000,
            version: 1,
            period: 8_000,
            attempt: 1,
            nth: 0,
            status: Status::Passed,
            kind: Kind::Informal,
            system: 60,
            amount: Credits(8_000),
            grade: Some(8_000),
            attrs: None,
            file: 0,
            line: 1_000_000,
            group_line: None,
            group_load: None,
            record: None,
        };
        let mut payload = Vec::new();
        achievement_payload(&common, &mut payload);
        assert_eq!(payload.len(), 18);
        assert!(TAG.len() + 32 + payload.len() <= block::LAST);
    }

    #[test]
    fn ordinals_of_different_sorts_never_meet() {
        let all = [
            Ordinal::Row { file: 0, line: 1 },
            Ordinal::Place(1),
            Ordinal::Fact { place: 0, ord: 1 },
            Ordinal::Row { file: 1, line: 1 },
        ];
        for (i, a) in all.iter().enumerate() {
            for b in &all[i + 1..] {
                assert_ne!(a.bytes(), b.bytes());
            }
        }
    }

    #[test]
    fn canonical_integers_are_short_and_distinct() {
        let encode = |value| {
            let mut bytes = Vec::new();
            Canon(&mut bytes).int(value);
            bytes
        };
        assert_eq!(encode(0), [0]);
        assert_eq!(encode(-1), [1]);
        assert_eq!(encode(63), [126]);
        assert_eq!(encode(64), [128, 1]);
        assert_eq!(encode(i64::MIN).len(), 10);
    }
}
