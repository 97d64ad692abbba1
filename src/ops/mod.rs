//! Use cases, free of user interface.

pub mod batch;
pub mod import;
pub mod init;
pub mod names;
pub mod post;
pub mod rules;
