//! The small model: everything in memory, as plain as can be.
