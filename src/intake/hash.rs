//! The hash of a file, taken while it is read.

use sha2::{Digest, Sha256};
use std::io::{self, Read};

/// A reader that takes the SHA-256 and the size of everything read through it.
#[derive(Debug)]
pub struct HashingRead<R> {
    inner: R,
    hash: Sha256,
    bytes: u64,
}

impl<R: Read> HashingRead<R> {
    /// Reads from `inner`.
    pub fn new(inner: R) -> HashingRead<R> {
        HashingRead { inner, hash: Sha256::new(), bytes: 0 }
    }

    /// Number of bytes read so far.
    pub fn size(&self) -> u64 {
        self.bytes
    }

    /// The SHA-256 of everything read so far.
    pub fn sha256(&self) -> [u8; 32] {
        self.hash.clone().finalize().into()
    }

    /// The same in hexadecimal.
    pub fn sha256_hex(&self) -> String {
        hex(&self.sha256())
    }
}

impl<R: Read> Read for HashingRead<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.inner.read(buffer)?;
        self.hash.update(&buffer[..size]);
        self.bytes += size as u64;
        Ok(size)
    }
}

/// The SHA-256 of a text, in hexadecimal.
pub(crate) fn sha256_hex(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_what_was_read() {
        let mut read = HashingRead::new(&b"abc"[..]);
        assert_eq!(io::copy(&mut read, &mut io::sink()).unwrap(), 3);
        assert_eq!(read.size(), 3);
        let published = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(read.sha256_hex(), published);
        assert_eq!(sha256_hex("abc"), published);
    }
}
