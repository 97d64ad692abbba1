//! Use cases, free of user interface.

pub mod batch;
pub mod convert;
pub mod import;
pub mod init;
pub mod learners;
pub mod names;
pub mod post;
pub mod registry;
pub mod rules;
pub mod undo;
