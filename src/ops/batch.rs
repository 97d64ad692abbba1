//! A batch's own account of itself: who, where, when, why, from what.

use crate::domain::credits::Credits;
use crate::domain::fault::{Fault, Result};
use crate::intake::incoming::ReadAs;
use crate::ops::import::standard::Said;
use crate::proof::leaf::BatchId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who acts, where and when: taken from the system, never from the data.
#[derive(Debug, Clone)]
pub struct Actor {
    /// Account name on the system.
    pub name: String,
    /// The site: host name.
    pub site: String,
    /// The moment, UTC, to the second.
    pub now: jiff::Timestamp,
    /// The command as typed, without its values' files' contents.
    pub command: String,
}

/// A source file of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// File name without its folder.
    pub name: String,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// Size in bytes.
    pub bytes: u64,
    /// How it was read, where the profile does not say all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<ReadAs>,
}

/// A profile or rule book in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InForce {
    /// Name.
    pub name: String,
    /// Version.
    pub version: i64,
    /// SHA-256 of its source, hexadecimal.
    pub sha256: String,
}

/// A rule whose breach was only a warning, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lenient {
    /// The rule's number.
    pub rule: String,
    /// The reason that the profile gives.
    pub reason: String,
}

/// What a batch has to do with the approval of a second officer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Approval {
    /// It keeps files that wait for somebody else's approval.
    Asked(Box<Asked>),
    /// It approves a batch that waited, such as `B7`.
    Given(String),
    /// It rejects a batch that waited.
    Refused(String),
}

/// What waits for approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The files, which the stage act keeps.
    pub files: Vec<SourceFile>,
    /// Commit the good rows although others are refused.
    pub keep_going: bool,
    /// What was said of the delivery beforehand.
    #[serde(default, skip_serializing_if = "Said::is_empty")]
    pub said: Said,
    /// What approving it would have done when it was staged.
    pub expected: Figures,
}

/// What an import does, in figures.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Rows read.
    pub rows: u64,
    /// Rows that deposit credit.
    pub deposited: u64,
    /// Rows recorded without credit.
    pub recorded: u64,
    /// Rows whose achievement stands already.
    pub already: u64,
    /// Rows that correct what is recorded.
    #[serde(default)]
    pub corrected: u64,
    /// Rows of a register that introduce or change something.
    pub registered: u64,
    /// Rows refused.
    pub refused: u64,
    /// Accounts opened.
    pub learners: u64,
    /// Credit deposited, by system code.
    pub credits: BTreeMap<String, Credits>,
    /// A digest of all of that and of what becomes of every row, hexadecimal.
    pub result: String,
}

/// The payload of a batch act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchPayload {
    /// 128 random bits, hexadecimal: what salts are derived from.
    pub id: String,
    /// Account name of who acted.
    pub actor: String,
    /// Host on which.
    pub site: String,
    /// When, UTC, RFC 3339.
    pub recorded: String,
    /// The command.
    pub command: String,
    /// The program's version.
    pub program: String,
    /// The reason given.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// Source files in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<SourceFile>,
    /// The profile that read them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<InForce>,
    /// The rules that the profile is lenient about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lenient: Vec<Lenient>,
    /// The rule books in force.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub books: Vec<InForce>,
    /// The closed period that the batch's reason (`why`) lets it post into, by its last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_period: Option<String>,
    /// What it has to do with a second officer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
}

impl Actor {
    /// The name where the system gives none.
    pub const UNKNOWN: &'static str = "unknown";
}

impl BatchPayload {
    /// A batch of this actor, with a fresh random id.
    ///
    /// # Errors
    /// Where the system gives no random bytes.
    pub fn new(actor: &Actor) -> Result<BatchPayload> {
        Ok(BatchPayload {
            id: hex(&random::<16>()?),
            actor: actor.name.clone(),
            site: actor.site.clone(),
            recorded: actor.now.to_string(),
            command: actor.command.clone(),
            program: concat!("creditbank ", env!("CARGO_PKG_VERSION")).to_owned(),
            why: String::new(),
            files: Vec::new(),
            profile: None,
            lenient: Vec::new(),
            books: Vec::new(),
            closed_period: None,
            approval: None,
        })
    }

    /// Reads a batch act's payload.
    ///
    /// # Errors
    /// `S908` where it is not one.
    pub fn read(json: &str) -> Result<BatchPayload> {
        serde_json::from_str(json).map_err(|error| {
            Fault::new("S908", format!("a batch's payload cannot be read: {error}"))
                .remedy("run `creditbank verify`")
        })
    }

    /// The random id as bytes; zeros where it is damaged, so that no commitment fits.
    pub fn id_bytes(&self) -> BatchId {
        unhex(&self.id).unwrap_or_default()
    }
}

/// Random bytes from the system.
///
/// # Errors
/// Where the system gives none.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| Fault::new("S909", format!("the system gives no random bytes: {error}")))?;
    Ok(bytes)
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes from hexadecimal of exactly that length.
pub fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; N];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}
