//! creditbank keeps a learning-credit ledger in one SQLite file.
//!
//! The rooms and the arrows between them are described in ARCHITECTURE.md.

pub mod cli;
pub mod domain;
pub mod intake;
pub mod ledger;
pub mod ops;
pub mod proof;
pub mod render;
pub mod report;
pub mod store;
