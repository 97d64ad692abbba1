//! Formats in: bytes to drafts or row errors.
