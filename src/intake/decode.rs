//! Any encoding to UTF-8, as a stream. Nothing is replaced: malformed bytes are a fault with a place.

use encoding_rs::{Decoder, DecoderResult, Encoding};
use std::io::{self, Read};

const CHUNK: usize = 64 * 1024;

/// Bytes that the encoding does not have; carried inside an [`io::Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("byte {offset} is not {encoding}")]
pub struct Malformed {
    /// Where the malformed bytes stand in the file, from 0.
    pub offset: u64,
    /// The encoding in which the file was read.
    pub encoding: &'static str,
}

/// The encoding of a WHATWG label such as `utf-8`, `gb18030`, `shift_jis` or `windows-1252`; `cp932`,
/// `cp936`, `cp950` and `cp1252` and its like, which the standard does not list, are understood too.
pub fn encoding(label: &str) -> Option<&'static Encoding> {
    let plain = label.trim().to_ascii_lowercase();
    let label = match plain.as_str() {
        "cp932" => "shift_jis",
        "cp936" => "gbk",
        "cp949" => "euc-kr",
        "cp950" => "big5",
        other => other,
    };
    Encoding::for_label_no_replacement(label.as_bytes())
}

/// How far a text is UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scan {
    /// Where the first bytes stand that are not UTF-8, from 0.
    pub broken: Option<u64>,
    /// Whether there is anything beyond ASCII before them.
    pub beyond_ascii: bool,
}

/// Looks through a text for the first bytes that are not UTF-8.
///
/// # Errors
/// Hands on what the system says.
pub fn scan_utf8(mut read: impl Read) -> io::Result<Scan> {
    let mut buffer = vec![0; CHUNK];
    let (mut before, mut kept, mut beyond_ascii) = (0, 0, false);
    loop {
        let size = read_some(&mut read, &mut buffer[kept..])?;
        let end = kept + size;
        let valid = Encoding::utf8_valid_up_to(&buffer[..end]);
        beyond_ascii |= Encoding::ascii_valid_up_to(&buffer[..valid]) < valid;
        let rest = end - valid;
        // A character may go on in the next piece; the longest has four bytes.
        let broken = rest > 0
            && (size == 0
                || std::str::from_utf8(&buffer[valid..end]).is_err_and(|error| error.error_len().is_some()));
        if broken {
            return Ok(Scan { broken: Some(before + valid as u64), beyond_ascii });
        }
        if size == 0 {
            return Ok(Scan { broken: None, beyond_ascii });
        }
        buffer.copy_within(valid..end, 0);
        (before, kept) = (before + valid as u64, rest);
    }
}

/// A reader that turns a file's encoding into checked UTF-8.
///
/// A byte order mark is cut off and decides the encoding, whatever the profile says.
pub struct Decode<R> {
    inner: R,
    decoder: Decoder,
    input: Box<[u8]>,
    input_at: usize,
    input_end: usize,
    output: Box<[u8]>,
    output_at: usize,
    output_end: usize,
    /// Bytes of the file handed to the decoder.
    consumed: u64,
    ended: bool,
    fault: Option<Malformed>,
}

impl<R: Read> Decode<R> {
    /// Decodes what `inner` reads.
    pub fn new(inner: R, encoding: &'static Encoding) -> Decode<R> {
        Decode {
            inner,
            decoder: encoding.new_decoder(),
            input: vec![0; CHUNK].into(),
            input_at: 0,
            input_end: 0,
            output: vec![0; CHUNK].into(),
            output_at: 0,
            output_end: 0,
            consumed: 0,
            ended: false,
            fault: None,
        }
    }

    /// What it reads from.
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// Gives the inner reader back.
    pub fn into_inner(self) -> R {
        self.inner
    }

    /// Decodes the next piece; leaves the output empty only at the end of the file.
    fn refill(&mut self) -> io::Result<()> {
        (self.output_at, self.output_end) = (0, 0);
        while self.output_end == 0 && self.fault.is_none() {
            if self.input_at == self.input_end {
                if self.ended {
                    return Ok(());
                }
                (self.input_at, self.input_end) = (0, read_some(&mut self.inner, &mut self.input)?);
                self.ended = self.input_end == 0;
            }
            self.decode_piece();
        }
        Ok(())
    }

    fn decode_piece(&mut self) {
        let input = &self.input[self.input_at..self.input_end];
        let (result, read, written) =
            self.decoder.decode_to_utf8_without_replacement(input, &mut self.output, self.ended);
        self.input_at += read;
        self.output_end = written;
        self.consumed += read as u64;
        match result {
            DecoderResult::InputEmpty | DecoderResult::OutputFull => {}
            DecoderResult::Malformed(length, after) => {
                let back = u64::from(length) + u64::from(after);
                self.fault = Some(Malformed {
                    offset: self.consumed.saturating_sub(back),
                    encoding: self.decoder.encoding().name(),
                });
            }
        }
    }
}

impl<R: Read> Read for Decode<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.output_at == self.output_end {
            if self.fault.is_none() {
                self.refill()?;
            }
            if let (Some(fault), true) = (self.fault, self.output_at == self.output_end) {
                return Err(io::Error::new(io::ErrorKind::InvalidData, fault));
            }
        }
        let size = buffer.len().min(self.output_end - self.output_at);
        buffer[..size].copy_from_slice(&self.output[self.output_at..self.output_at + size]);
        self.output_at += size;
        Ok(size)
    }
}

/// Reads once, again where a signal interrupted it.
pub(crate) fn read_some(read: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match read.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(label: &str, bytes: &[u8]) -> Result<String, Malformed> {
        let mut text = String::new();
        match Decode::new(bytes, encoding(label).unwrap()).read_to_string(&mut text) {
            Ok(_) => Ok(text),
            Err(error) => Err(*error.into_inner().unwrap().downcast::<Malformed>().unwrap()),
        }
    }

    #[test]
    fn labels_of_the_standard_and_of_windows_are_known() {
        let names = [("utf8", "UTF-8"), ("GB2312", "GBK"), ("gb18030", "gb18030"), ("cp932", "Shift_JIS")];
        for (label, name) in names {
            assert_eq!(encoding(label).unwrap().name(), name);
        }
        assert!(encoding("replacement").is_none() && encoding("klingon").is_none());
    }

    #[test]
    fn every_encoding_becomes_the_same_text() {
        let cases: [(&str, &[u8], &str); 6] = [
            ("utf-8", "é学".as_bytes(), "é学"),
            ("gb18030", b"\xd1\xa7\xb7\xd6", "学分"),
            ("cp932", b"\x92P\x88\xca", "単位"),
            ("cp1252", b"\xe9\x80", "é€"),
            ("gb18030", "\u{feff}学".as_bytes(), "学"),
            ("utf-8", b"\xff\xfea\0\x66\x5b", "a学"),
        ];
        for (label, bytes, expected) in cases {
            assert_eq!(decode(label, bytes).as_deref(), Ok(expected), "{label}");
        }
    }

    #[test]
    fn the_first_bytes_that_are_not_utf_8_are_found() {
        let long = "é".repeat(CHUNK);
        let cases: [(Vec<u8>, Option<u64>, bool); 7] = [
            (b"abc".to_vec(), None, false),
            (Vec::new(), None, false),
            (long.clone().into_bytes(), None, true),
            ([b"a", long.as_bytes()].concat(), None, true),
            ([long.as_bytes(), b"\xe9"].concat(), Some(2 * CHUNK as u64), true),
            (b"ab\xd1\xa7".to_vec(), None, true),
            (b"ab\xd1\xa7\xb7\xd6".to_vec(), Some(4), true),
        ];
        for (bytes, broken, beyond_ascii) in cases {
            let start = &bytes[..bytes.len().min(8)];
            assert_eq!(scan_utf8(&bytes[..]).unwrap(), Scan { broken, beyond_ascii }, "{start:?}");
        }
    }

    #[test]
    fn malformed_bytes_are_placed_and_never_replaced() {
        let mut far = "é".repeat(100_000).into_bytes();
        far.extend(b"\xff rest");
        let cases: [(&str, &[u8], u64); 5] = [
            ("utf-8", b"ab\xe9,c", 2),
            ("utf-8", b"ab\xe5\xad", 2),
            ("utf-8", &far, 200_000),
            ("gb18030", b"abc\xd1\x20", 3),
            ("shift_jis", b"a\x92", 1),
        ];
        for (label, bytes, offset) in cases {
            let fault = decode(label, bytes).unwrap_err();
            assert_eq!(fault.offset, offset, "{label} {:?}", &bytes[..bytes.len().min(10)]);
        }
    }
}
