//! Stories of a ledger, told through the program: what is deposited, converted, released, reversed,
//! closed, looked back at, copied and explained, with the figures that a user must see. After every
//! step the ledger verifies, against every root that was seen before. All learners are fictitious.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

#[path = "ledger_story/bank.rs"]
mod bank;
#[path = "ledger_story/books.rs"]
mod books;
mod common;
#[path = "ledger_story/conversion.rs"]
mod conversion;
#[path = "ledger_story/holds.rs"]
mod holds;
#[path = "ledger_story/intake.rs"]
mod intake;
#[path = "ledger_story/proof.rs"]
mod proof;
#[path = "ledger_story/releases.rs"]
mod releases;
#[path = "ledger_story/undoing.rs"]
mod undoing;
