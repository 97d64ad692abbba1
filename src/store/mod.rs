//! How the ledger is kept: a trait of whole-batch verbs, and two engines.
//!
//! [`sqlite`] keeps it in one file; [`memory`] is the small model that the tests judge it by. A
//! batch is appended inside one transaction that checks the head it expects, so it is committed
//! whole or not at all and may be run again. Nothing here relies on a trigger.

pub mod memory;
pub mod sqlite;

use crate::domain::credits::Credits;
use crate::domain::entry::{Achievement, Balance, EntryId, EntryKind, Movement};
use crate::domain::fault::{Exit, Fault, Result};
use crate::domain::link::{Description, Link, Pair};
use crate::domain::registry::Row;
use crate::proof::leaf::{Commitment, Key};
use crate::proof::merkle::Frontier;
use crate::proof::merkle::Hash;
use crate::proof::tile::Tile;
use serde_json::{Map, Value};

/// A log as of its newest entry.
#[derive(Debug, Clone)]
pub struct Head {
    /// The log.
    pub log: i64,
    /// Public name of the log.
    pub origin: String,
    /// How many entries it has.
    pub size: u64,
    /// RFC 6962 root over them.
    pub root: Hash,
    /// Roots of its complete subtrees.
    pub frontier: Frontier,
}

/// An act of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Its place.
    pub entry: EntryId,
    /// Which act.
    pub kind: EntryKind,
    /// The learner whom it is about.
    pub learner: Option<i64>,
    /// JSON.
    pub payload: String,
}

/// A row of a register act: a JSON object whose keys are the columns of `table`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActRow {
    /// Place in the act, from 0.
    pub ord: i64,
    /// A registry's table.
    pub table: String,
    /// JSON text exactly as hashed.
    pub row: String,
}

/// One fact of identity of a learner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account.
    pub learner: i64,
    /// Place among the learner's facts, from 0.
    pub nth: i64,
    /// The scheme's id.
    pub scheme: i64,
    /// The value, in Unicode NFC.
    pub value: String,
    /// First day on which it holds, ISO 8601.
    pub valid_from: Option<String>,
    /// Last day on which it holds, ISO 8601.
    pub valid_to: Option<String>,
    /// The enrol act.
    pub entry: EntryId,
    /// Place in the act.
    pub ord: i64,
}

/// A row that an import refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The refuse act.
    pub entry: EntryId,
    /// Place in the act.
    pub ord: i64,
    /// Random salt of its commitment.
    pub salt: [u8; 16],
    /// Which file of the batch.
    pub file: i64,
    /// Line in the file.
    pub line: i64,
    /// Codes of the broken import rules.
    pub code: String,
    /// The messages.
    pub reason: String,
    /// The row as a JSON array of its fields.
    pub row: String,
    /// By what a mended row is recognised: JSON array of institution, learner, outcome, period, attempt and record as
    /// written, which would be its key, then its credits with a decimal point and its grade.
    pub subject: String,
}

/// A piece of a file that waits for a second officer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staged {
    /// The stage act.
    pub entry: EntryId,
    /// Place in the act.
    pub ord: i64,
    /// Random salt of its commitment.
    pub salt: [u8; 16],
    /// Which file of the batch.
    pub file: i64,
    /// The piece, deflated.
    pub bytes: Vec<u8>,
}

/// A batch: the entries from its opening act up to the next batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRow {
    /// The opening act.
    pub entry: EntryId,
    /// Number for people, from 1; shown as `B7`.
    pub no: i64,
    /// How many entries, the opening act included.
    pub size: i64,
    /// The opening act's payload.
    pub payload: String,
}

/// A decision, derived from its act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRow {
    /// The act.
    pub entry: EntryId,
    /// The learner, where it is about one.
    pub learner: Option<i64>,
    /// `convert`, `undecided`, `release`, `reverse`, `hold`, `request`, `refuse`, `appeal` …
    pub verb: String,
    /// Code of the target system or institution.
    pub target: Option<String>,
    /// The rule applied.
    pub rule: Option<i64>,
    /// The decision that this one is about: that it ends, or that it answers.
    pub about: Option<EntryId>,
}

/// The dimensions that the summary is kept by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SummaryKey {
    /// Awarding institution's id.
    pub institution: i64,
    /// Credit system's id.
    pub system: i64,
    /// Kind of learning.
    pub kind: i64,
    /// Framework of the level, or empty.
    pub framework: String,
    /// Level, or empty.
    pub level: String,
    /// Field of study, or empty.
    pub field: String,
    /// The period's year or years.
    pub year: String,
    /// Status.
    pub status: i64,
}

/// What the summary adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SummarySums {
    /// Standing achievements.
    pub achievements: i64,
    /// Credit that they deposited.
    pub deposited: i64,
    /// Of it, placed.
    pub placed: i64,
    /// Worth of placements in the target's system.
    pub converted: i64,
}

impl SummarySums {
    /// Adds other sums.
    pub fn add(&mut self, other: &SummarySums) {
        self.achievements += other.achievements;
        self.deposited += other.deposited;
        self.placed += other.placed;
        self.converted += other.converted;
    }

    /// True where nothing is left.
    pub fn is_empty(&self) -> bool {
        *self == SummarySums::default()
    }
}

/// A JSON object: one row of a registry.
pub type Object = Map<String, Value>;

/// A value as an engine keeps it, whether or not it fits its column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A number.
    Int(i64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// What no column of the ledger holds, described: a text that is not Unicode, a real number.
    Odd(String),
}

/// The registries of which it matters when each row was introduced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RulesTable {
    /// Versions of rule books.
    Books,
    /// Releases of the rules.
    Releases,
}

impl RulesTable {
    /// The registry's table.
    pub fn name(self) -> &'static str {
        match self {
            RulesTable::Books => "book",
            RulesTable::Releases => "rule_release",
        }
    }
}

/// What can be asked of a ledger. Everything read through one reader is of one moment.
pub trait Read {
    /// The heads of all logs, by log.
    fn heads(&self) -> Result<Vec<Head>>;
    /// One tile of a log.
    fn tile(&self, log: i64, level: u8, index: u64) -> Result<Option<Tile>>;
    /// How many tiles are kept for a log.
    fn tile_count(&self, log: i64) -> Result<u64>;

    /// Rows of a registry in order of id: all, or those whose column has that value.
    fn rows(
        &self,
        table: &str,
        by: Option<(&str, Value)>,
        each: &mut dyn FnMut(Object) -> Result<()>,
    ) -> Result<()>;

    /// The texts of the rules of a version of a book, in the order of its file. Large books are read in this way:
    /// [`Read::rows`] makes an object of each row.
    fn rule_texts(&self, book: i64, each: &mut dyn FnMut(&str) -> Result<()>) -> Result<()>;

    /// One act.
    fn act(&self, entry: EntryId) -> Result<Option<Act>>;
    /// Acts from one entry (included) to another (excluded), in order.
    fn acts(
        &self,
        from: EntryId,
        to: EntryId,
        each: &mut dyn FnMut(Act, Option<Commitment>) -> Result<()>,
    ) -> Result<()>;
    /// The rows of a register act, in order.
    fn act_rows(&self, entry: EntryId, each: &mut dyn FnMut(ActRow) -> Result<()>) -> Result<()>;
    /// Entry and row of the register acts about versions of rule books or releases of the rules, in order.
    fn introduced(&self, what: RulesTable, each: &mut dyn FnMut(EntryId, &str) -> Result<()>) -> Result<()>;
    /// One achievement.
    fn achievement(&self, entry: EntryId) -> Result<Option<Achievement>>;
    /// Achievements from one entry (included) to another (excluded), in order; with the commitment of
    /// an erased one.
    fn achievements(
        &self,
        from: EntryId,
        to: EntryId,
        each: &mut dyn FnMut(Achievement, Option<Commitment>) -> Result<()>,
    ) -> Result<()>;
    /// All achievements of a learner, by entry.
    fn achievements_of(&self, learner: i64) -> Result<Vec<Achievement>>;
    /// Achievements of one key (learner, outcome, period, attempt), by nth.
    fn same_key(&self, learner: i64, outcome: i64, period: i64, attempt: i64) -> Result<Vec<Achievement>>;
    /// Achievements of a learner in one outcome, by period, attempt and nth.
    fn same_outcome(&self, learner: i64, outcome: i64) -> Result<Vec<Achievement>>;
    /// Learner and outcome of every achievement.
    fn achieved(&self, each: &mut dyn FnMut(i64, i64) -> Result<()>) -> Result<()>;
    /// Learners and outcomes with several achievements, in order.
    fn repeats(&self, each: &mut dyn FnMut(i64, i64) -> Result<()>) -> Result<()>;
    /// Achievements under an institution's own record id.
    fn by_record(&self, record: &str) -> Result<Vec<Achievement>>;
    /// One movement.
    fn movement(&self, entry: EntryId) -> Result<Option<Movement>>;
    /// Movements from one entry (included) to another (excluded), in order.
    fn movements(
        &self,
        from: EntryId,
        to: EntryId,
        each: &mut dyn FnMut(Movement, Option<Commitment>) -> Result<()>,
    ) -> Result<()>;
    /// Whether anything undid an entry from one (included) to another (excluded).
    fn is_any_undone(&self, from: EntryId, to: EntryId) -> Result<bool>;
    /// All movements of a learner, by entry.
    fn movements_of(&self, learner: i64) -> Result<Vec<Movement>>;
    /// All movements about one lot, by entry.
    fn movements_of_lot(&self, learner: i64, lot: EntryId) -> Result<Vec<Movement>>;
    /// All movements of one decision, by entry.
    fn movements_of_decision(&self, decision: EntryId) -> Result<Vec<Movement>>;
    /// Refused rows from one entry (included) to another (excluded), in order.
    fn refusals(&self, from: EntryId, to: EntryId, each: &mut dyn FnMut(Refusal) -> Result<()>)
    -> Result<()>;

    /// The pieces of the files of a stage act, in order.
    fn staged(&self, entry: EntryId, each: &mut dyn FnMut(Staged) -> Result<()>) -> Result<()>;

    /// The rules, of every version of every book, that may speak of credit of a system for an outcome of an
    /// institution, all by code; by id. A pattern may turn out not to fit.
    fn rules_asking(&self, system: &str, institution: &str, outcome: &str) -> Result<Vec<i64>>;
    /// The highest id of a registry; 0 where it is empty.
    ///
    /// # Errors
    /// `S905` where there is no such registry.
    fn last_row(&self, table: &str) -> Result<i64>;
    /// The highest learner id; 0 in an empty bank.
    fn last_learner(&self) -> Result<i64>;
    /// The secret of a learner's account.
    fn key(&self, learner: i64) -> Result<Option<Key>>;
    /// The secrets of some accounts, given in order of id; those that there are, in that order.
    fn keys_of(&self, learners: &[i64]) -> Result<Vec<(i64, Key)>>;
    /// All accounts and their secrets, by id.
    fn keys(&self, each: &mut dyn FnMut(i64, Key) -> Result<()>) -> Result<()>;
    /// The facts of identity of a learner, by nth.
    fn identities_of(&self, learner: i64) -> Result<Vec<Identity>>;
    /// Facts of identity with that value, in any scheme.
    fn identities_with(&self, value: &str) -> Result<Vec<Identity>>;
    /// Learner, scheme and value of all facts of identity, by learner.
    fn values_of_identity(&self, each: &mut dyn FnMut(i64, i64, &str) -> Result<()>) -> Result<()>;
    /// All facts of identity in the order in which they were recorded.
    fn identities(&self, each: &mut dyn FnMut(Identity) -> Result<()>) -> Result<()>;

    /// Batches, by number.
    fn batches(&self, each: &mut dyn FnMut(BatchRow) -> Result<()>) -> Result<()>;
    /// One batch by its number.
    fn batch(&self, no: i64) -> Result<Option<BatchRow>>;
    /// The batch that an entry belongs to.
    fn batch_of(&self, entry: EntryId) -> Result<Option<BatchRow>>;
    /// One decision.
    fn decision(&self, entry: EntryId) -> Result<Option<DecisionRow>>;
    /// The decisions about another one, by entry.
    fn decisions_about(&self, entry: EntryId) -> Result<Vec<DecisionRow>>;
    /// The decisions that pin an account to a release of the rules or end a pin, by entry.
    fn pins(&self, learner: i64) -> Result<Vec<DecisionRow>>;
    /// All decisions, by entry.
    fn decisions(&self, each: &mut dyn FnMut(DecisionRow) -> Result<()>) -> Result<()>;
    /// All links between accounts, standing and ended, by entry.
    fn links(&self) -> Result<Vec<Link>>;
    /// All pairs of accounts that may be or might have been one person's, by entry.
    fn pairs(&self) -> Result<Vec<Pair>>;
    /// The accounts of that birth date and name ([`Description`]), by number.
    fn described(&self, birth: &str, name: &str) -> Result<Vec<i64>>;
    /// All descriptions, by birth date, name and account.
    fn descriptions(&self, each: &mut dyn FnMut(Description) -> Result<()>) -> Result<()>;
    /// Balances: one person's or all, by learner and system id.
    fn balances(
        &self,
        learner: Option<i64>,
        each: &mut dyn FnMut(i64, i64, Balance) -> Result<()>,
    ) -> Result<()>;
    /// The summary.
    fn summaries(&self, each: &mut dyn FnMut(SummaryKey, SummarySums) -> Result<()>) -> Result<()>;

    /// Rows of any table as they are kept, whatever they hold, by the first two of these columns; with
    /// a range, those whose first column is in it, both ends included.
    ///
    /// For `verify`, where a typed verb refuses a row. An engine whose own types rule such rows out has
    /// none to give.
    fn scan(
        &self,
        _table: &str,
        _columns: &[&str],
        _range: Option<(i64, i64)>,
        _each: &mut dyn FnMut(&[Cell]) -> Result<()>,
    ) -> Result<()> {
        Ok(())
    }
}

/// What a batch may write, inside its transaction. Callers give entries in order of the log.
pub trait Tx: Read {
    /// Keeps an act; a learner's act without its own commitment.
    fn put_act(&mut self, act: &Act) -> Result<()>;
    /// Keeps rows of a register act and projects them into their registries.
    fn put_act_rows(&mut self, entry: EntryId, rows: &[ActRow]) -> Result<()>;
    /// Keeps achievements.
    fn put_achievements(&mut self, rows: &[Achievement]) -> Result<()>;
    /// Keeps movements.
    fn put_movements(&mut self, rows: &[Movement]) -> Result<()>;
    /// Keeps refused rows.
    fn put_refusals(&mut self, rows: &[Refusal]) -> Result<()>;
    /// Keeps pieces of staged files.
    fn put_staged(&mut self, rows: &[Staged]) -> Result<()>;
    /// Opens accounts.
    fn put_keys(&mut self, keys: &[(i64, Key)]) -> Result<()>;
    /// Keeps facts of identity.
    fn put_identities(&mut self, rows: &[Identity]) -> Result<()>;
    /// Keeps or replaces a batch's derived row.
    fn put_batch(&mut self, batch: &BatchRow) -> Result<()>;
    /// Keeps a decision's derived row.
    fn put_decision(&mut self, decision: &DecisionRow) -> Result<()>;
    /// Keeps a link, or replaces the one of the same entry.
    fn put_link(&mut self, link: &Link) -> Result<()>;
    /// Keeps a pair, or replaces the one of the same entry.
    fn put_pair(&mut self, pair: &Pair) -> Result<()>;
    /// Keeps descriptions; those that stand already stay.
    fn put_descriptions(&mut self, rows: &[Description]) -> Result<()>;
    /// Adds to balances, in order of learner and system. No more is taken from a place than is there; a balance of
    /// which nothing is left goes.
    fn add_balances(&mut self, rows: &[(i64, i64, Balance)]) -> Result<()>;
    /// Adds to the summary; a row that falls to nothing goes.
    fn add_summaries(&mut self, rows: &[(SummaryKey, SummarySums)]) -> Result<()>;
    /// Empties the derived tables and the registries, to build them again.
    fn clear_derived(&mut self) -> Result<()>;
    /// Projects rows of a register act into their registries once more, without keeping them anew.
    fn project_act_rows(&mut self, rows: &[ActRow]) -> Result<()>;
    /// Keeps or replaces tiles.
    fn put_tiles(&mut self, log: i64, tiles: &[Tile]) -> Result<()>;
    /// Keeps the new head of a log.
    fn put_head(&mut self, head: &Head) -> Result<()>;
}

/// A batch's work inside its transaction: true to commit, false to leave everything as it was.
pub type Work<'a> = &'a mut dyn FnMut(&mut dyn Tx) -> Result<bool>;

/// A ledger that can be written.
pub trait Store: Read {
    /// Appends one batch to a log, or nothing.
    ///
    /// The head must be the expected one (`None` for a log that does not exist yet); the work gets
    /// the transaction, which is committed, synced, if it says so and undone otherwise.
    ///
    /// # Errors
    /// `S401` where another writer came first; whatever the work refuses with.
    fn append(&mut self, log: i64, expected: Option<&Head>, work: Work<'_>) -> Result<bool>;

    /// Appends one batch that is far larger than all that the ledger holds.
    ///
    /// It is [`Store::append`] but for this: while it writes nobody else can read either, where that saves
    /// writing everything twice. So the caller may hold no reader of its own.
    ///
    /// # Errors
    /// As [`Store::append`].
    fn fill(&mut self, log: i64, expected: Option<&Head>, work: Work<'_>) -> Result<bool> {
        self.append(log, expected, work)
    }

    /// Another reader of the last committed state, for use in another thread.
    fn reader(&self) -> Result<Box<dyn Read + Send>>;
}

/// Refuses an append whose expected head is not the log's.
fn check_head(log: i64, found: Option<&Head>, expected: Option<&Head>) -> Result<()> {
    let identity = |head: Option<&Head>| head.map(|head| (head.size, head.root));
    if identity(found) == identity(expected) {
        return Ok(());
    }
    let size = |head: Option<&Head>| head.map_or(0, |head| head.size);
    Err(Fault::new(
        "S401",
        format!(
            "log {log} has {} entries, not the {} that this command started from",
            size(found),
            size(expected)
        ),
    )
    .why("another writer appended in between")
    .remedy("run the command again")
    .exit(Exit::Busy))
}

/// How often a command starts again when another writer came first.
const TRIES: usize = 5;

/// Runs work that appends, again from the start where another writer came first.
///
/// # Errors
/// Whatever the work fails with; `S401` where others kept coming first.
pub fn again<T>(mut work: impl FnMut() -> Result<T>) -> Result<T> {
    for _ in 1..TRIES {
        match work() {
            Err(fault) if fault.code == "S401" => {}
            result => return result,
        }
    }
    work()
}

/// Writes a registry row as the text that a register act hashes.
///
/// # Errors
/// Only where a row cannot be written as JSON, which no row of [`crate::domain::registry`] causes.
pub fn act_row<T: Row>(ord: i64, row: &T) -> Result<ActRow> {
    let json = serde_json::to_string(row).map_err(|error| Fault::new("S901", error.to_string()))?;
    Ok(ActRow { ord, table: T::TABLE.to_owned(), row: json })
}

/// A row of a registry from its JSON object.
///
/// # Errors
/// `S902` where it does not fit.
pub fn typed<T: Row>(object: Object) -> Result<T> {
    serde_json::from_value(Value::Object(object)).map_err(|error| {
        Fault::new("S902", format!("a row of `{}` does not fit its registry: {error}", T::TABLE))
            .remedy("run `creditbank verify` to see what was changed")
    })
}

/// All rows of a registry, by id.
///
/// # Errors
/// Where the ledger cannot be read or a row does not fit.
pub fn all<T: Row>(read: &(impl Read + ?Sized)) -> Result<Vec<T>> {
    let mut rows = Vec::new();
    read.rows(T::TABLE, None, &mut |object| {
        rows.push(typed(object)?);
        Ok(())
    })?;
    Ok(rows)
}

/// The id that the next row of a registry gets.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn next_id<T: Row>(read: &(impl Read + ?Sized)) -> Result<i64> {
    Ok(read.last_row(T::TABLE)? + 1)
}

/// The rows of a registry whose column has that value, by id.
///
/// # Errors
/// Where the ledger cannot be read or a row does not fit.
pub fn find<T: Row>(read: &(impl Read + ?Sized), column: &str, value: impl Into<Value>) -> Result<Vec<T>> {
    let mut rows = Vec::new();
    read.rows(T::TABLE, Some((column, value.into())), &mut |object| {
        rows.push(typed(object)?);
        Ok(())
    })?;
    Ok(rows)
}

/// One row of a registry by its id.
///
/// # Errors
/// `S903` where there is none.
pub fn get<T: Row>(read: &(impl Read + ?Sized), id: i64) -> Result<T> {
    find(read, "id", id)?.pop().ok_or_else(|| {
        Fault::new("S903", format!("registry `{}` has no row {id}", T::TABLE))
            .remedy("run `creditbank verify`")
    })
}

/// The head of one log.
///
/// # Errors
/// `S904` where there is no such log.
pub fn head(read: &(impl Read + ?Sized), log: i64) -> Result<Head> {
    read.heads()?
        .into_iter()
        .find(|head| head.log == log)
        .ok_or_else(|| Fault::new("S904", format!("the ledger has no log {log}")))
}

/// A zero amount where a column is empty.
pub fn credits(value: Option<i64>) -> Credits {
    Credits(value.unwrap_or(0))
}
