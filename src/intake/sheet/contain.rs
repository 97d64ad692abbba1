//! A reader that others wrote may stop short over a malformed file: then the file is at fault, not the program.

use super::xml::damaged;
use crate::intake::fault::IntakeError;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a reader; one that panics has met a damaged file, and nothing of it is printed.
pub(super) fn contained<T>(read: impl FnOnce() -> Result<T, IntakeError>) -> Result<T, IntakeError> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if !CONTAINED.get() {
                before(panic);
            }
        }));
    });
    CONTAINED.set(true);
    // What the reader held is dropped with it.
    let result = catch_unwind(AssertUnwindSafe(read));
    CONTAINED.set(false);
    result.unwrap_or_else(|_| Err(damaged(&"what it holds contradicts itself")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_panics_has_met_a_damaged_file() {
        let lengths: Vec<usize> = vec![];
        let error = contained(|| Ok(lengths[7])).unwrap_err();
        assert!(error.to_string().contains("contradicts itself"), "{error}");
        assert_eq!(contained(|| Ok(7)).unwrap(), 7);
    }
}
