//! A file as it was sent: opened once, read as often as it takes, never changed.

use super::fault::IntakeError;
use super::rules::Rule;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// The name that stands for standard input.
pub const STDIN: &str = "-";

/// Unpacked bytes that are always taken, whatever the ratio.
const FREE: u64 = 64 << 20;
/// Largest ratio of unpacked to packed bytes. Tables of text reach 10 to 50; deflate ends at 1,032.
const MAX_RATIO: u64 = 250;

/// A file as it was sent.
#[derive(Debug, Clone)]
pub struct Source {
    path: PathBuf,
    /// What it is called beside others of its name.
    told_apart: Option<String>,
    sent: Bytes,
    content: Bytes,
    modified: Option<SystemTime>,
}

/// Bytes that can be read by several readers, each with its own place.
#[derive(Debug, Clone)]
enum Bytes {
    File(Arc<File>),
    Memory(Arc<[u8]>),
}

/// A reader of a source, with a place of its own.
#[derive(Debug, Clone)]
pub struct Content {
    bytes: Bytes,
    at: u64,
}

impl Source {
    /// Opens a file; `-` is standard input, which is kept in a private temporary file because it is read
    /// more than once. What is packed by gzip is unpacked into another.
    ///
    /// # Errors
    /// Where it cannot be read, is a folder, is packed and cut off or damaged, or unpacks to more than any table.
    pub fn open(path: &Path) -> Result<Source, IntakeError> {
        let file = if path.as_os_str() == STDIN {
            spool(io::stdin().lock(), u64::MAX)?.0
        } else {
            File::open(path).map_err(IntakeError::Unreadable)?
        };
        let about = file.metadata().map_err(IntakeError::Unreadable)?;
        if about.is_dir() {
            return Err(IntakeError::Unreadable(io::Error::other("it is a folder, not a file")));
        }
        // A pipe or a device has no end that could be read twice.
        let file = if about.is_file() { file } else { spool(file, u64::MAX)?.0 };
        let modified = file.metadata().and_then(|file| file.modified()).ok();
        Source { path: path.to_owned(), modified, ..Source::from(Bytes::File(Arc::new(file))) }.unpacked()
    }

    /// A file that was sent before, under the name that it had, out of a file that is open to read.
    ///
    /// # Errors
    /// As [`Source::open`].
    pub fn kept(name: &Path, file: File) -> Result<Source, IntakeError> {
        let modified = file.metadata().and_then(|file| file.modified()).ok();
        let told_apart = Some(name.to_string_lossy().into_owned());
        let bytes = Bytes::File(Arc::new(file));
        Source { path: name.to_owned(), told_apart, modified, ..Source::from(bytes) }.unpacked()
    }

    /// The path as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Calls it otherwise than by its name.
    pub fn call(&mut self, name: String) {
        self.told_apart = Some(name);
    }

    /// The file's name, without its folder where that is not needed to tell it from others.
    pub fn name(&self) -> String {
        if let Some(name) = &self.told_apart {
            return name.clone();
        }
        if self.path.as_os_str() == STDIN {
            return "standard input".to_owned();
        }
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// The bytes as they were sent, from the first: what is hashed.
    pub fn sent(&self) -> Content {
        Content { bytes: self.sent.clone(), at: 0 }
    }

    /// The bytes that are read, from the first: unpacked where they came packed.
    pub fn content(&self) -> Content {
        Content { bytes: self.content.clone(), at: 0 }
    }

    /// Number of bytes of the content.
    ///
    /// # Errors
    /// Hands on what the system says.
    pub fn size(&self) -> Result<u64, IntakeError> {
        self.content().bytes.size().map_err(IntakeError::Unreadable)
    }

    /// Number of bytes as they were sent.
    ///
    /// # Errors
    /// What the system says.
    pub fn sent_size(&self) -> io::Result<u64> {
        self.sent().bytes.size()
    }

    /// Whether it came packed.
    pub fn is_packed(&self) -> bool {
        !self.content.is(&self.sent)
    }

    /// Whether somebody wrote to the file since it was opened.
    pub fn was_changed(&self) -> bool {
        match &self.sent {
            Bytes::File(file) => file.metadata().and_then(|file| file.modified()).ok() != self.modified,
            Bytes::Memory(_) => false,
        }
    }

    fn unpacked(mut self) -> Result<Source, IntakeError> {
        let mut magic = Vec::new();
        self.sent().take(2).read_to_end(&mut magic).map_err(IntakeError::Unreadable)?;
        if magic == [0x1f, 0x8b] {
            let sent = self.sent.size().map_err(IntakeError::Unreadable)?;
            let limit = FREE.max(sent.saturating_mul(MAX_RATIO));
            let unpacked = spool(MultiGzDecoder::new(BufReader::new(self.sent())), limit);
            let (file, size) = unpacked.map_err(|error| broken(error, sent))?;
            if size > limit {
                return Err(IntakeError::Unfit {
                    rule: Rule::Unpacked,
                    line: None,
                    what: format!("its {sent} bytes unpack to more than {limit}"),
                });
            }
            self.content = Bytes::File(Arc::new(file));
        }
        Ok(self)
    }
}

/// Says of a packed file what is wrong with it, rather than with reading it.
fn broken(error: IntakeError, size: u64) -> IntakeError {
    let kind = match &error {
        IntakeError::Unreadable(error) => error.kind(),
        _ => return error,
    };
    let what = match kind {
        io::ErrorKind::UnexpectedEof => {
            format!("it is packed by gzip, and cut off: its {size} bytes end before the packed content does")
        }
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            format!("it is packed by gzip, and damaged: its {size} bytes cannot be unpacked ({error})")
        }
        _ => return error,
    };
    IntakeError::Unfit { rule: Rule::Packed, line: None, what }
}

impl From<Bytes> for Source {
    fn from(bytes: Bytes) -> Source {
        Source { path: PathBuf::new(), told_apart: None, sent: bytes.clone(), content: bytes, modified: None }
    }
}

impl From<&[u8]> for Source {
    fn from(bytes: &[u8]) -> Source {
        Source::from(Bytes::Memory(bytes.into()))
    }
}

/// Copies what a reader gives, up to a byte more than `limit`, into a file that nobody else can open and
/// that is gone when it is closed.
fn spool(read: impl Read, limit: u64) -> Result<(File, u64), IntakeError> {
    let mut file = tempfile::tempfile().map_err(IntakeError::Unreadable)?;
    let size =
        io::copy(&mut read.take(limit.saturating_add(1)), &mut file).map_err(IntakeError::Unreadable)?;
    Ok((file, size))
}

impl Bytes {
    fn size(&self) -> io::Result<u64> {
        match self {
            Bytes::File(file) => Ok(file.metadata()?.len()),
            Bytes::Memory(bytes) => Ok(bytes.len() as u64),
        }
    }

    fn is(&self, other: &Bytes) -> bool {
        match (self, other) {
            (Bytes::File(one), Bytes::File(other)) => Arc::ptr_eq(one, other),
            (Bytes::Memory(one), Bytes::Memory(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl Content {
    /// Where the next byte is read: how much was read of a file that is read from its start to its end.
    pub fn position(&self) -> u64 {
        self.at
    }

    /// Reads on from a byte of the file.
    pub fn skip_to(&mut self, at: u64) {
        self.at = at;
    }
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = match &self.bytes {
            Bytes::File(file) => read_at(file, buffer, self.at)?,
            Bytes::Memory(bytes) => {
                let rest = usize::try_from(self.at).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
                let size = rest.len().min(buffer.len());
                buffer[..size].copy_from_slice(&rest[..size]);
                size
            }
        };
        self.at += size as u64;
        Ok(size)
    }
}

impl Seek for Content {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.bytes.size()?.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = place.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no such place"))?;
        Ok(self.at)
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn text(mut read: impl Read) -> String {
        let mut text = String::new();
        read.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn what_is_packed_is_unpacked_and_hashed_as_sent() {
        let gz = [packed(b"one,"), packed(b"two")].concat();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, &gz).unwrap();
        let source = Source::open(&path).unwrap();
        assert!(source.is_packed() && !source.was_changed());
        assert_eq!(source.name(), "a.csv");
        let (first, second) = (source.content(), source.content());
        assert_eq!((text(first), text(second)), ("one,two".into(), "one,two".into()));
        let mut sent = Vec::new();
        source.sent().read_to_end(&mut sent).unwrap();
        assert_eq!(sent, gz);
        std::fs::write(&path, "other").unwrap();
        assert!(source.was_changed());
    }

    #[test]
    fn a_packed_file_that_is_cut_off_or_damaged_is_told_as_such() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv.gz");
        let whole = packed(b"learner,course\n1,A\n2,B\n");
        let mut damaged = whole.clone();
        damaged[12] ^= 0xff;
        let cut = &whole[..whole.len() - 9];
        for (bytes, said) in [(cut, "cut off"), (&whole[..5], "cut off"), (&damaged, "damaged")] {
            std::fs::write(&path, bytes).unwrap();
            let error = Source::open(&path).unwrap_err();
            assert!(error.to_string().contains(&format!("{said}: its {} bytes", bytes.len())), "{error}");
            assert!(error.code() == "E017" && error.remedy().contains("SHA-256"), "{}", error.remedy());
        }
        std::fs::write(&path, whole).unwrap();
        assert!(Source::open(&path).is_ok());
    }

    #[test]
    fn a_bomb_is_refused_before_it_fills_the_disk() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        for _ in 0..100 {
            encoder.write_all(&vec![0; 1 << 20]).unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bomb.gz");
        std::fs::write(&path, encoder.finish().unwrap()).unwrap();
        assert_eq!(Source::open(&path).unwrap_err().code(), "E014");
        assert_eq!(Source::open(folder.path()).unwrap_err().code(), "E001");
    }
}
