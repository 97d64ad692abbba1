//! How an import comes to be committed, and what it comes to in figures.

use super::Outcome;
use crate::domain::fault::Result;
use crate::intake::profile::Manifest;
use crate::ops::batch::{Figures, hex};
use crate::store::Tx;
use sha2::{Digest, Sha256};

/// How an import comes to be committed: at once, as a trial, or as the approval of a staged batch.
pub struct Way<'a> {
    /// The staged batch that it approves, such as `B7`.
    pub approves: Option<String>,
    /// The manifests of the files, where they do not stand beside them.
    pub manifests: Option<Vec<Option<Manifest>>>,
    /// Whether a digest of what becomes of every row is wanted.
    pub counted: bool,
    /// Looks at the result, inside the transaction, and may refuse it.
    pub accept: &'a (dyn Fn(&dyn Tx, &Outcome) -> Result<()> + Sync),
}

impl Way<'_> {
    /// At once, whatever the result.
    pub fn plain() -> Way<'static> {
        Way { approves: None, manifests: None, counted: false, accept: &|_, _| Ok(()) }
    }

    /// To see what would come of it.
    pub fn trial() -> Way<'static> {
        Way { counted: true, ..Way::plain() }
    }
}

/// A digest of what becomes of the rows of an import, whatever order they are judged in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fingerprint(u128);

impl Fingerprint {
    /// Adds a row: its file, its line, what becomes of it, and an amount.
    pub fn add(&mut self, file: i64, line: i64, what: &str, amount: i64) {
        let mut hash = Sha256::new();
        for number in [file, line, amount] {
            hash.update(number.to_be_bytes());
        }
        hash.update(what);
        let hash: [u8; 32] = hash.finalize().into();
        let (half, _) = hash.as_chunks::<16>();
        self.0 = self.0.wrapping_add(half.iter().take(1).fold(0, |_, bytes| u128::from_be_bytes(*bytes)));
    }

    /// Adds what another gathered.
    pub fn merge(&mut self, other: Fingerprint) {
        self.0 = self.0.wrapping_add(other.0);
    }
}

impl Outcome {
    /// The result in figures.
    pub fn in_figures(&self) -> Figures {
        let mut expected = Figures {
            rows: self.rows,
            deposited: self.deposited,
            recorded: self.recorded,
            already: self.already,
            corrected: self.corrected,
            registered: self.registered,
            refused: self.refused,
            learners: self.learners,
            credits: self.credits.clone(),
            result: String::new(),
        };
        let figures = serde_json::to_string(&expected).unwrap_or_default();
        let digest = Sha256::new().chain_update(self.fingerprint.0.to_be_bytes()).chain_update(figures);
        expected.result = hex(&digest.finalize()[..6]);
        expected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_rows_have_the_same_fingerprint_in_any_order() {
        let rows = [(0, 2, "new", 3_000), (0, 3, "refused", 0), (1, 2, "new", 3_000)];
        let print = |order: &[usize]| {
            let mut print = Fingerprint::default();
            for at in order {
                let (file, line, what, amount) = rows[*at];
                print.add(file, line, what, amount);
            }
            print
        };
        assert_eq!(print(&[0, 1, 2]), print(&[2, 0, 1]));
        assert_ne!(print(&[0, 1]), print(&[0, 2]));
        assert_ne!(print(&[0]), print(&[0, 0]));
        let result = |fingerprint, deposited| {
            Outcome { fingerprint, deposited, ..Outcome::default() }.in_figures().result
        };
        assert_eq!(result(print(&[0]), 1), result(print(&[0]), 1));
        assert_ne!(result(print(&[0]), 1), result(print(&[2]), 1));
        assert_ne!(result(print(&[0]), 1), result(print(&[0]), 2));
    }
}
