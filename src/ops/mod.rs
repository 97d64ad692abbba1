//! Use cases, free of user interface.

pub mod approval;
pub mod backup;
pub mod batch;
pub mod close;
pub mod convert;
pub mod decision;
pub mod explain;
pub mod hold;
pub mod import;
pub mod import_rules;
pub mod init;
pub mod learners;
pub mod lint;
pub mod names;
pub mod people;
pub mod post;
pub mod quote;
pub mod rebuild;
pub mod registry;
pub mod rules;
pub mod sketch;
pub mod undo;
pub mod verify;
