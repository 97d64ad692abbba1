//! Verbs, pure: what stands, and what a command would post.

pub mod attempts;
pub mod cases;
pub mod convert;
pub mod grades;
pub mod links;
pub mod lint;
pub mod lots;
