//! One SQLite file: opened with the guards that a ledger needs, written one batch a transaction.

mod fault;
mod project;
mod read;
mod rows;
mod write;

use super::{Head, Read, Store, Work, check_head};
use crate::domain::fault::{Fault, Result};
use fault::fault;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The newest schema, which a new ledger starts with.
const SCHEMA: &str = include_str!("../../../schema.sql");
/// `PRAGMA application_id` of a ledger: `CREK`.
const APPLICATION_ID: i64 = 1_129_465_163;
/// `PRAGMA user_version` that this program reads and writes.
pub const SCHEMA_VERSION: i64 = 1;
/// Pages that a connection keeps, in KiB: bounded, and enough for the index of a million rows.
const CACHE_KIB: i64 = 40 * 1024;
/// Bytes of a page of a new ledger: measured, half as many calls of the system as with the usual 4096,
/// and hardly more room.
const PAGE_SIZE: u64 = 8192;

/// A ledger in a SQLite file.
pub struct Sqlite {
    conn: Connection,
    path: PathBuf,
    /// True inside `append`; writing verbs refuse to run elsewhere.
    open_batch: Cell<bool>,
    /// Size and time of a file that is read without a lock.
    unlocked: Option<(u64, SystemTime)>,
}

/// How long a command waits for another writer.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

impl Sqlite {
    /// Creates a ledger file with mode 0600; an existing file is never touched.
    ///
    /// # Errors
    /// `S101` where something of that name exists, `S106` where the folder cannot be written.
    pub fn create(path: &Path) -> Result<Sqlite> {
        create_private(path)?;
        Self::create_in(path).inspect_err(|_| remove_ledger(path))
    }

    fn create_in(path: &Path) -> Result<Sqlite> {
        let conn = Connection::open(path).map_err(fault(path))?;
        conn.pragma_update(None, "page_size", PAGE_SIZE as i64).map_err(fault(path))?;
        conn.pragma_update(None, "journal_mode", "WAL").map_err(fault(path))?;
        let ledger = Self::with(conn, path)?;
        ledger.conn.execute_batch(&format!("BEGIN IMMEDIATE;\n{SCHEMA}\nCOMMIT;")).map_err(fault(path))?;
        Ok(ledger)
    }

    /// Opens a ledger to read and write.
    ///
    /// # Errors
    /// `S102` where the file is no ledger, `S103` where a newer program wrote it, `S104` where there is
    /// none, `S106` where it cannot be written.
    pub fn open(path: &Path) -> Result<Sqlite> {
        check_exists(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(path, flags).map_err(fault(path))?;
        let ledger = Self::with(conn, path)?;
        // A `fill` that was killed leaves the file without its write-ahead log.
        ledger.set_journal("WAL").map_err(fault(path))?;
        if ledger.conn.is_readonly("main").map_err(fault(path))? {
            return Err(Fault::new("S106", format!("{} cannot be written", path.display())).remedy(
                "check the permissions of the file and of its folder; reports and `verify` only read",
            ));
        }
        Ok(ledger)
    }

    /// Opens a ledger to read it; works on a file and in a folder that may not be written.
    ///
    /// # Errors
    /// As [`Sqlite::open`]; `S108` where changes wait in a WAL that cannot be read without writing.
    pub fn open_read(path: &Path) -> Result<Sqlite> {
        check_exists(path)?;
        if writable(path) {
            let ledger = Self::open(path)?;
            ledger.conn.pragma_update(None, "query_only", true).map_err(fault(path))?;
            return Ok(ledger);
        }
        let waiting = |end| beside(path, end).metadata().is_ok_and(|file| file.len() > 0);
        if waiting("-wal") || waiting("-journal") {
            return Err(Fault::new("S108", format!("{} has changes waiting in a file beside it", path.display()))
                .why("reading them needs to write beside the ledger, and this folder cannot be written")
                .remedy("let the program that writes the ledger end, or copy the ledger with `creditbank backup` from an account that may write it"));
        }
        let flags =
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let before = state_of(path);
        let conn = Connection::open_with_flags(immutable_uri(path), flags).map_err(fault(path))?;
        let mut ledger = Self::with(conn, path)?;
        ledger.unlocked = before;
        Ok(ledger)
    }

    fn with(conn: Connection, path: &Path) -> Result<Sqlite> {
        let ledger = Sqlite { conn, path: path.to_owned(), open_batch: Cell::new(false), unlocked: None };
        ledger.prepare().map_err(fault(path))?;
        ledger.check_schema()?;
        Ok(ledger)
    }

    fn prepare(&self) -> rusqlite::Result<()> {
        // Without it SQLite plans every query anew for each value bound, at ten times the cost.
        self.conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        self.conn.busy_timeout(BUSY_TIMEOUT)?;
        self.conn.pragma_update(None, "synchronous", "FULL")?;
        self.conn.pragma_update(None, "foreign_keys", true)?;
        self.conn.pragma_update(None, "secure_delete", true)?;
        self.conn.pragma_update(None, "cache_size", -CACHE_KIB)?;
        self.conn.pragma_update(None, "trusted_schema", false)?;
        self.conn.set_prepared_statement_cache_capacity(64);
        Ok(())
    }

    /// An empty database is one that `create` is about to fill.
    fn check_schema(&self) -> Result<()> {
        let number = |pragma: &str| {
            self.conn
                .query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, i64>(0))
                .map_err(fault(&self.path))
        };
        let (application, version) = (number("application_id")?, number("user_version")?);
        if application == 0 && version == 0 && number("schema_version")? == 0 && self.is_new() {
            return Ok(());
        }
        if application != APPLICATION_ID {
            return Err(Fault::new("S102", format!("{} is not a creditbank ledger", self.path.display()))
                .why("it is an SQLite database of another program")
                .remedy("name the ledger with --ledger or CREDITBANK_LEDGER"));
        }
        if version > SCHEMA_VERSION {
            return Err(Fault::new("S103", format!("{} has schema version {version}", self.path.display()))
                .why(format!(
                    "this program knows versions up to {SCHEMA_VERSION}: a newer creditbank wrote the ledger"
                ))
                .remedy("use the newer program"));
        }
        Ok(())
    }

    /// Right after `create_private` the file is empty but for what WAL mode wrote.
    fn is_new(&self) -> bool {
        let tables =
            self.conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0));
        tables.is_ok_and(|tables| tables == 0)
            && self.path.metadata().is_ok_and(|file| file.len() <= PAGE_SIZE)
    }

    /// The ledger's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Copies the last committed state into a new file, page by page, while others may write.
    ///
    /// # Errors
    /// As [`Sqlite::create`] for the new file.
    pub fn copy_to(&self, target: &Path) -> Result<()> {
        create_private(target)?;
        let copy = || -> rusqlite::Result<()> {
            let mut into = Connection::open(target)?;
            rusqlite::backup::Backup::new(&self.conn, &mut into)?.run_to_completion(
                1024,
                Duration::ZERO,
                None,
            )?;
            into.pragma_update(None, "journal_mode", "WAL")?;
            into.close().map_err(|(_, error)| error)
        };
        copy().map_err(fault(target)).inspect_err(|_| remove_ledger(target))
    }

    /// Sets how changes are kept safe until they are committed, and says how they now are.
    fn set_journal(&self, mode: &str) -> rusqlite::Result<String> {
        self.conn.pragma_update_and_check(None, "journal_mode", mode, |row| row.get(0))
    }

    /// Gives the write-ahead log up for a while; false where somebody else has the ledger open.
    fn leave_wal(&self) -> rusqlite::Result<bool> {
        self.conn.busy_timeout(Duration::ZERO)?;
        let mode = self.set_journal("DELETE");
        self.conn.busy_timeout(BUSY_TIMEOUT)?;
        let left = mode.is_ok_and(|mode| mode == "delete");
        if left {
            // The commit is the removal of a file, which is to last as well.
            self.conn.pragma_update(None, "synchronous", "EXTRA")?;
        }
        Ok(left)
    }

    /// Takes the write-ahead log up again. Where a reader came between, the next who opens the ledger does.
    fn enter_wal(&self) -> rusqlite::Result<()> {
        self.conn.pragma_update(None, "synchronous", "FULL")?;
        let _ = self.set_journal("WAL");
        Ok(())
    }

    /// Refuses what was read from a file that could not be locked, if somebody wrote to it meanwhile.
    ///
    /// # Errors
    /// `S110` where the file changed.
    pub fn check_unchanged(&self) -> Result<()> {
        match &self.unlocked {
            Some(before) if state_of(&self.path) != Some(*before) => {
                Err(Fault::new("S110", format!("{} changed while it was read", self.path.display()))
                    .why("it may not be written from here, so it could not be locked either")
                    .remedy("run the command again"))
            }
            _ => Ok(()),
        }
    }

    /// Puts another file in this ledger's place, while nobody else can write to it.
    ///
    /// `check` may refuse; `make` writes the new file beside the old one, which it then replaces at once.
    ///
    /// # Errors
    /// Whatever `check` and `make` refuse with; `S105` where another program holds the ledger.
    pub fn replace_with(
        &mut self,
        path: &Path,
        check: impl FnOnce(&Sqlite) -> Result<()>,
        make: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<()> {
        self.conn.execute_batch("BEGIN EXCLUSIVE").map_err(fault(path))?;
        let mut fresh = path.as_os_str().to_owned();
        fresh.push(".restoring");
        let fresh = PathBuf::from(fresh);
        let result = check(self).and_then(|()| make(&fresh)).and_then(|()| {
            remove_beside(path);
            std::fs::rename(&fresh, path).map_err(|error| {
                Fault::new("S106", format!("{} cannot be replaced: {error}", path.display()))
            })
        });
        self.conn.execute_batch("ROLLBACK").map_err(fault(path))?;
        result
    }

    /// Runs a reader's work inside one read transaction, so that all of it sees one moment.
    ///
    /// # Errors
    /// Whatever the work fails with.
    pub fn at_one_moment<T>(&self, work: impl FnOnce(&Sqlite) -> Result<T>) -> Result<T> {
        self.conn.execute_batch("BEGIN").map_err(fault(&self.path))?;
        let result = work(self);
        self.conn.execute_batch("COMMIT").map_err(fault(&self.path))?;
        result
    }
}

impl Store for Sqlite {
    fn append(&mut self, log: i64, expected: Option<&Head>, work: Work<'_>) -> Result<bool> {
        self.conn
            .execute_batch("BEGIN IMMEDIATE; PRAGMA defer_foreign_keys = ON")
            .map_err(fault(&self.path))?;
        self.open_batch.set(true);
        let found = self
            .heads()
            .and_then(|heads| check_head(log, heads.iter().find(|head| head.log == log), expected));
        let result = found.and_then(|()| work(self));
        self.open_batch.set(false);
        let end = if matches!(result, Ok(true)) { "COMMIT" } else { "ROLLBACK" };
        let ended = self.conn.execute_batch(end).map_err(fault(&self.path));
        if ended.is_err() && !self.conn.is_autocommit() {
            // A commit that failed (a full disk) leaves the transaction open: nothing of it may stay.
            let _ = self.conn.execute_batch("ROLLBACK");
        }
        let committed = result?;
        ended?;
        Ok(committed)
    }

    /// With a write-ahead log each page is written to the log and then to the file. A rollback journal keeps
    /// what pages held before, and a page that is new held nothing.
    fn fill(&mut self, log: i64, expected: Option<&Head>, work: Work<'_>) -> Result<bool> {
        if !self.leave_wal().map_err(fault(&self.path))? {
            return self.append(log, expected, work);
        }
        let filled = self.append(log, expected, work);
        self.enter_wal().map_err(fault(&self.path))?;
        filled
    }

    fn reader(&self) -> Result<Box<dyn Read + Send>> {
        let reader = Sqlite::open_read(&self.path)?;
        reader.conn.execute_batch("BEGIN").map_err(fault(&self.path))?;
        reader.heads()?;
        Ok(Box::new(reader))
    }
}

/// What SQLite keeps beside a file: `-wal`, `-shm` or `-journal`.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// Size and time of a ledger's file; another WAL beside it counts as a change.
fn state_of(path: &Path) -> Option<(u64, SystemTime)> {
    let wal = beside(path, "-wal").metadata().map_or(0, |wal| wal.len());
    let file = path.metadata().ok()?;
    Some((file.len() + wal, file.modified().ok()?))
}

fn check_exists(path: &Path) -> Result<()> {
    let missing = |what: &str| {
        Fault::new("S104", format!("{} {what}", path.display())).remedy(
            "start a bank with `creditbank init`, or name the ledger with --ledger or CREDITBANK_LEDGER",
        )
    };
    match path.metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(missing("does not exist")),
        Err(error) => Err(Fault::new("S106", format!("{} cannot be read: {error}", path.display()))),
        Ok(file) if file.is_dir() => Err(missing("is a folder, not a ledger")),
        Ok(file) if file.len() == 0 => {
            Err(Fault::new("S102", format!("{} is empty, not a ledger", path.display()))
                .remedy("name the ledger with --ledger or CREDITBANK_LEDGER"))
        }
        Ok(_) => Ok(()),
    }
}

/// True where the file may be written and files can be made beside it.
///
/// The file is not opened for that: closing it again would end the locks that this process holds on it, and whoever closes the
/// ledger next would take the write-ahead log away (<https://www.sqlite.org/howtocorrupt.html>, 2.2).
fn writable(path: &Path) -> bool {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok() && tempfile::tempfile_in(folder).is_ok()
}

fn create_private(path: &Path) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(Fault::new("S101", format!("{} exists already and was not touched", path.display()))
                .remedy("choose another name, or remove the file yourself"))
        }
        Err(error) => Err(Fault::new("S106", format!("{} cannot be created: {error}", path.display()))
            .remedy("choose a folder that exists and can be written")),
    }
}

fn remove_ledger(path: &Path) {
    let _ = std::fs::remove_file(path);
    remove_beside(path);
}

/// Removes what SQLite keeps beside a file of that name.
fn remove_beside(path: &Path) {
    for end in ["-wal", "-shm", "-journal"] {
        let _ = std::fs::remove_file(beside(path, end));
    }
}

fn immutable_uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'?' | b'#' | b'%' => uri.push_str(&format!("%{byte:02x}")),
            _ if byte.is_ascii() => uri.push(char::from(*byte)),
            _ => uri.push_str(&format!("%{byte:02x}")),
        }
    }
    uri.push_str("?immutable=1");
    uri
}
