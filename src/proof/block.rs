//! SHA-256 of short messages: the padding laid out by hand around the compression function.
//!
//! A leaf, a node and a commitment are one or two blocks long; the buffers of a general hasher would
//! cost as much as the compression.

use sha2::block_api::compress256;

/// The hash value between two blocks.
pub(super) type State = [u32; 8];

/// What SHA-256 starts from (FIPS 180-4 §5.3.3).
pub(super) const START: State =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// The longest rest of a message that its last block holds beside the padding.
pub(super) const LAST: usize = 64 - 1 - size_of::<u64>();

/// Absorbs one block.
pub(super) fn absorb(mut state: State, block: &[u8; 64]) -> State {
    compress256(&mut state, std::slice::from_ref(block));
    state
}

/// How many blocks are worth laying out side by side: they stay near the processor.
pub(super) const ABREAST: usize = 64;

/// Absorbs one block into each of several states.
///
/// None waits for another, so the processor is at work on more than one at a time: each takes two thirds of the time
/// that [`absorb`] takes where each block waits for the hash before it.
pub(super) fn absorb_each(states: &mut [State], blocks: &[[u8; 64]]) {
    for (state, block) in states.iter_mut().zip(blocks) {
        compress256(state, std::slice::from_ref(block));
    }
}

/// Ends the message in a block that holds the last `length` bytes of it, at most [`LAST`], with zeros behind them.
pub(super) fn pad(block: &mut [u8; 64], absorbed: u64, length: usize) {
    block[length] = 0x80;
    block[64 - 8..].copy_from_slice(&((absorbed * 64 + length as u64) * 8).to_be_bytes());
}

/// The hash that a state stands for.
pub(super) fn hash_of(state: State) -> [u8; 32] {
    let mut hash = [0; 32];
    for (bytes, word) in hash.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    hash
}

/// Ends a message of which `absorbed` blocks are in the state and `length` bytes in the buffer, whose
/// other bytes are zero. Two blocks are enough for 119 bytes.
pub(super) fn finish(mut state: State, absorbed: u64, buffer: &mut [u8; 128], length: usize) -> [u8; 32] {
    let blocks = if length <= LAST { 1 } else { 2 };
    buffer[length] = 0x80;
    let bits = (absorbed * 64 + length as u64) * 8;
    buffer[blocks * 64 - 8..blocks * 64].copy_from_slice(&bits.to_be_bytes());
    compress256(&mut state, &buffer.as_chunks().0[..blocks]);
    hash_of(state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    #[test]
    fn padding_by_hand_gives_sha256() {
        let message: Vec<u8> = (0..119).collect();
        for length in 0..=119 {
            let mut buffer = [0; 128];
            buffer[..length].copy_from_slice(&message[..length]);
            let expected: [u8; 32] = Sha256::digest(&message[..length]).into();
            assert_eq!(finish(START, 0, &mut buffer, length), expected, "{length}");
            let (mut buffer, first) = ([0; 128], [7; 64]);
            buffer[..length].copy_from_slice(&message[..length]);
            let whole: [u8; 32] =
                Sha256::new().chain_update(first).chain_update(&message[..length]).finalize().into();
            assert_eq!(finish(absorb(START, &first), 1, &mut buffer, length), whole, "{length}");
        }
    }
}
