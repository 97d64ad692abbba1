//! Registries by hand: institutions, outcomes, learners, credit systems, scales and profiles, one at a
//! time. Each command posts one batch: what it introduces or replaces, and nothing else.

pub mod authority;
pub mod grades;
pub mod institution;
pub mod learner;
pub mod outcome;
pub mod procedure;
pub mod profile;
pub mod scale;
pub mod search;
pub mod system;
pub mod values;

use crate::domain::fault::{Exit, Fault, Result};
use crate::domain::registry::{Row, Scheme};
use crate::ops::batch::{Actor, BatchPayload};
use crate::ops::people::ReviewAct;
use crate::ops::post::{Fact, Poster};
use crate::proof::leaf::Key;
use crate::store::{self, ActRow, Head, Read, Store, act_row};
use std::collections::HashMap;

/// Who writes, why, and whether in earnest.
#[derive(Debug, Clone)]
pub struct Act<'a> {
    /// Who acts, where and when.
    pub actor: &'a Actor,
    /// The reason given.
    pub reason: Option<String>,
    /// Show what would be posted and leave everything as it was.
    pub dry_run: bool,
    /// Log to append to.
    pub log: i64,
}

/// One value that a command set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The sort of thing: `institution`, `outcome version`.
    pub what: &'static str,
    /// Which of them, by its code or number.
    pub which: String,
    /// The field.
    pub field: String,
    /// Its value before; empty where it had none.
    pub before: String,
    /// Its value now.
    pub after: String,
}

/// What a command posted, or would post.
#[derive(Debug, Clone, Default)]
pub struct Posted {
    /// Number of the batch; none where everything stood already.
    pub batch: Option<i64>,
    /// Entries that the batch posted.
    pub entries: i64,
    /// What it set.
    pub changes: Vec<Change>,
}

/// The fields of a row as people read them; empty where there is no value.
type Fields = Vec<(&'static str, String)>;

/// A batch in the making. It remembers the journal's head from before anything was looked up, so that
/// no other writer can come in between.
struct Draft {
    head: Head,
    rows: Vec<ActRow>,
    keys: Vec<(i64, Key)>,
    facts: Vec<Fact>,
    /// Accounts for somebody to look at.
    reviews: Vec<ReviewAct>,
    ids: HashMap<&'static str, i64>,
    schemes: HashMap<(String, String), i64>,
    changes: Vec<Change>,
}

impl Draft {
    fn open(read: &dyn Read, log: i64) -> Result<Draft> {
        Ok(Draft {
            head: store::head(read, log)?,
            rows: Vec::new(),
            keys: Vec::new(),
            facts: Vec::new(),
            reviews: Vec::new(),
            ids: HashMap::new(),
            schemes: HashMap::new(),
            changes: Vec::new(),
        })
    }

    /// The id of the next new row of a registry.
    fn fresh<T: Row>(&mut self, read: &dyn Read) -> Result<i64> {
        let id = match self.ids.get(T::TABLE) {
            Some(last) => last + 1,
            None => store::next_id::<T>(read)?,
        };
        self.ids.insert(T::TABLE, id);
        Ok(id)
    }

    /// Introduces a row, or replaces the one of the same id.
    fn put<T: Row>(&mut self, row: &T) -> Result<()> {
        self.rows.push(act_row(0, row)?);
        Ok(())
    }

    /// The id of a scheme of identity, introduced where it is new.
    fn scheme(&mut self, read: &dyn Read, name: &str, issuer: &str) -> Result<i64> {
        let key = (name.to_owned(), issuer.to_owned());
        if let Some(id) = self.schemes.get(&key) {
            return Ok(*id);
        }
        let known: Vec<Scheme> = store::find(read, "name", name)?;
        let id = match known.into_iter().find(|row| row.issuer == issuer) {
            Some(row) => row.id,
            None => {
                let id = self.fresh::<Scheme>(read)?;
                self.put(&Scheme { id, name: key.0.clone(), issuer: key.1.clone() })?;
                id
            }
        };
        self.schemes.insert(key, id);
        Ok(id)
    }

    /// The id of a scheme of identity without an issuer that the batch names.
    fn known_scheme(&self, name: &str) -> Option<i64> {
        self.schemes.get(&(name.to_owned(), String::new())).copied()
    }

    /// Notes every field in which a thing differs from what it was.
    fn note(&mut self, what: &'static str, which: &str, before: &Fields, after: Fields) {
        for (field, after) in after {
            let was = before.iter().find(|(name, _)| *name == field).map(|(_, value)| value.as_str());
            let before = was.unwrap_or_default().to_owned();
            if before != after {
                let field = field.to_owned();
                self.changes.push(Change { what, which: which.to_owned(), field, before, after });
            }
        }
    }

    /// Posts it as one batch; nothing where there is nothing to say.
    fn post(self, store: &mut dyn Store, act: &Act) -> Result<Posted> {
        let Draft { head, rows, keys, facts, reviews, changes, .. } = self;
        let mut posted = Posted { changes, ..Posted::default() };
        if rows.is_empty() && facts.is_empty() {
            return Ok(posted);
        }
        let mut payload = BatchPayload::new(act.actor)?;
        payload.why = act.reason.clone().unwrap_or_default();
        store.append(act.log, Some(&head), &mut |tx| {
            let mut poster = Poster::open(tx, act.log, &payload)?;
            if !rows.is_empty() {
                poster.register(&rows)?;
            }
            if !facts.is_empty() {
                poster.enrol(&keys, facts.clone())?;
            }
            poster.reviews(&reviews)?;
            let sealed = poster.seal()?;
            (posted.batch, posted.entries) = (Some(sealed.batch.no), sealed.batch.size);
            Ok(!act.dry_run)
        })?;
        Ok(posted)
    }
}

/// A value of the command line that cannot be taken.
fn usage(code: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Fault {
    Fault::new(code, what).remedy(remedy).exit(Exit::Usage)
}

/// Something of that name stands already.
fn known_already(what: &str, name: &str, remedy: impl Into<String>) -> Fault {
    Fault::new("G103", format!("{what} `{name}` is registered already")).remedy(remedy)
}

/// Nothing of that name is registered.
fn not_known(noun: &str, name: &str) -> Fault {
    Fault::new("G104", format!("there is no {noun} `{name}`")).remedy(format!(
        "`creditbank {noun} list` shows all; another is registered with `creditbank {noun} add`"
    ))
}
