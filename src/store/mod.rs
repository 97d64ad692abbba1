//! How the ledger is kept.
