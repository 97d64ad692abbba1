//! Evidence: canonical bytes, the Merkle tree and its tiles.

mod block;
pub mod leaf;
pub mod merkle;
pub mod tile;
