//! Evidence: canonical bytes, the Merkle tree and its tiles.

pub mod leaf;
pub mod merkle;
pub mod tile;
