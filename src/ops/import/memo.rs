//! What a row says of its outcome, remembered: most rows say what the last one of the outcome said, and
//! need not be compared with the catalogue again.

use crate::domain::credits::Credits;
use crate::intake::draft::Draft;

/// A description of an outcome that was found right, and the version that it is of.
pub struct Memo {
    description: Box<[u8]>,
    version: usize,
    /// The only period of which that is known, where the version depends on it.
    period: Option<i64>,
}

impl Memo {
    /// Remembers a description.
    pub fn new(description: &[u8], version: usize, period: Option<i64>) -> Memo {
        Memo { description: description.into(), version, period }
    }

    /// The version, where the description is the one remembered.
    pub fn version(&self, description: &[u8], period: i64) -> Option<usize> {
        let same = *self.description == *description && self.period.is_none_or(|known| known == period);
        same.then_some(self.version)
    }
}

/// No text holds this byte: it is in no UTF-8.
const END: u8 = 0xff;

/// Writes everything that a row says of its outcome; no two descriptions have the same bytes.
pub fn describe(draft: &Draft, into: &mut Vec<u8>) {
    into.clear();
    for text in [&draft.title, &draft.level, &draft.framework, &draft.field] {
        if let Some(text) = text {
            into.extend_from_slice(text.as_bytes());
            into.push(END);
        }
        into.push(END);
    }
    for amount in [draft.hours, draft.credits] {
        into.push(u8::from(amount.is_some()));
        into.extend_from_slice(&amount.unwrap_or(Credits::ZERO).0.to_le_bytes());
    }
}
