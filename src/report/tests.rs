//! Reports over a bank kept in memory.
