//! What a batch says at its end of what it took and what it did not: the journal's part of a receipt.

use super::Outcome;
use super::standard::{FileTotals, is_zero};
use crate::domain::credits::Credits;
use crate::domain::entry::{EntryId, EntryKind};
use crate::domain::fault::{Fault, Result};
use crate::intake::rules::Severity;
use crate::store::{BatchRow, Read};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Warnings that a receipt lists row by row; all are counted.
const WARNINGS: usize = 1_000;

/// How often a rule was broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// The rule's number.
    pub rule: String,
    /// What followed.
    pub severity: String,
    /// How often.
    pub times: u64,
}

/// A row that was taken with a warning. The act is public, so the value is left in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warned {
    /// The rule's number.
    pub rule: String,
    /// Position of the file in the batch.
    pub file: usize,
    /// Line of the file.
    pub line: u64,
    /// Number and name of the column.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub column: String,
}

/// The payload of a receipt act: sums and counts, nothing about a person.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Account {
    /// Rows read.
    pub rows: u64,
    /// Rows that deposited credit.
    pub deposited: u64,
    /// Rows recorded without credit.
    pub recorded: u64,
    /// Rows of a register that introduced or changed something.
    pub registered: u64,
    /// Rows whose achievement stood already.
    pub already: u64,
    /// Rows that corrected what was recorded.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub corrected: u64,
    /// Rows that say what was corrected since.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub outdated: u64,
    /// Results instead of which another in the same outcome counts.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub superseded: u64,
    /// Rows refused.
    pub refused: u64,
    /// Rows taken or refused with a warning.
    pub warned: u64,
    /// Accounts opened.
    pub learners: u64,
    /// Credit deposited, by system code.
    pub credits: BTreeMap<String, Credits>,
    /// What each file adds up to.
    pub files: Vec<FileTotals>,
    /// What was said beforehand of the delivery: `smaller`, `larger`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expected: Vec<String>,
    /// Refused rows of earlier batches that came again, taken or refused anew.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answered: Vec<String>,
    /// How often each rule was broken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Times>,
    /// The first rows with warnings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warned>,
}

impl Account {
    /// The account of what an import did.
    pub fn new(outcome: &Outcome) -> Account {
        let findings = &outcome.findings;
        let times = |(rule, severity, times): (crate::intake::rules::Rule, Severity, u64)| Times {
            rule: rule.code().to_owned(),
            severity: severity.name().to_owned(),
            times,
        };
        let warned = |finding: &super::findings::Finding| Warned {
            rule: finding.problem.rule.code().to_owned(),
            file: finding.file,
            line: finding.problem.line,
            column: finding
                .problem
                .column
                .as_ref()
                .map(|c| format!("{} {}", c.number, c.name))
                .unwrap_or_default(),
        };
        Account {
            rows: outcome.rows,
            deposited: outcome.deposited,
            recorded: outcome.recorded,
            registered: outcome.registered,
            already: outcome.already,
            corrected: outcome.corrected,
            outdated: outcome.outdated,
            superseded: outcome.superseded,
            refused: outcome.refused,
            warned: findings.warned(),
            learners: outcome.learners,
            credits: outcome.credits.clone(),
            files: outcome.totals.clone(),
            expected: outcome.expected.clone(),
            answered: outcome.answered.clone(),
            rules: findings.counts().map(times).collect(),
            warnings: findings.warnings().iter().take(WARNINGS).map(warned).collect(),
        }
    }

    /// The act's payload.
    ///
    /// # Errors
    /// Only where it cannot be written as JSON, which nothing causes.
    pub fn payload(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| Fault::new("S901", error.to_string()))
    }

    /// The account that a batch keeps; none where it is no import.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn of(read: &dyn Read, batch: &BatchRow) -> Result<Option<Account>> {
        let last = EntryId(batch.entry.0 + batch.size - 1);
        let act = read.act(last)?.filter(|act| act.kind == EntryKind::Receipt);
        let account = act.map(|act| serde_json::from_str(&act.payload)).transpose();
        account.map_err(|error| {
            Fault::new("S917", format!("the receipt of batch B{} cannot be read: {error}", batch.no))
                .remedy("run `creditbank verify`")
        })
    }
}
