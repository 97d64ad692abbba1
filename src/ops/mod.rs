//! Use cases, free of user interface.

pub mod batch;
pub mod names;
pub mod post;
pub mod rebuild;
pub mod verify;
