//! What the register acts have said so far, read along the journal: which ids exist, what leaves and
//! sums need of them, and a digest of the newest row of each, to compare the registries with.

use crate::domain::date::parse_iso;
use crate::domain::registry::TABLES;
use crate::ops::rules::release::Member;
use crate::store::Object;
use serde_json::Value;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

/// The newest act_row about a registry's row.
#[derive(Debug, Clone, Copy)]
pub struct Newest {
    /// The register act.
    pub entry: i64,
    /// Its row.
    pub ord: i64,
    /// Keyed digest of its columns.
    pub digest: u64,
    /// Whether the registry has a row of that id.
    pub seen: bool,
}

/// What the summary needs of an outcome's version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Framework of the level, or empty.
    pub framework: String,
    /// Level, or empty.
    pub level: String,
    /// Field of study, or empty.
    pub field: String,
}

/// Values with the entry from which each holds.
type History<T> = Vec<(i64, T)>;

/// The registries as the journal's acts make them, up to some entry.
pub struct Registers {
    tables: Vec<hashbrown::HashMap<i64, Newest>>,
    institutions: hashbrown::HashMap<i64, History<i64>>,
    versions: hashbrown::HashMap<(i64, i64), History<Version>>,
    periods: hashbrown::HashMap<i64, (i16, i16)>,
    /// The hashes of the files of the versions of rule books.
    books: hashbrown::HashMap<(String, i64), String>,
    /// The names of the releases of the rules.
    releases: hashbrown::HashSet<String>,
    hasher: RandomState,
}

/// The place of a registry among [`TABLES`].
pub fn slot(table: &str) -> Option<usize> {
    TABLES.iter().position(|known| *known == table)
}

fn text(object: &Object, column: &str) -> String {
    object.get(column).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn number(object: &Object, column: &str) -> Option<i64> {
    object.get(column).and_then(Value::as_i64)
}

/// The value that held at an entry: the last one from before it.
fn at<T>(history: &History<T>, entry: i64) -> Option<(usize, &T)> {
    let later = history.partition_point(|(from, _)| *from < entry);
    let place = later.saturating_sub(1);
    history.get(place).map(|(_, value)| (place, value))
}

fn extend<T: PartialEq>(history: &mut History<T>, entry: i64, value: T) {
    if history.last().is_none_or(|(_, last)| *last != value) {
        history.push((entry, value));
    }
}

impl Registers {
    /// Before the first act.
    pub fn new() -> Registers {
        Registers {
            tables: TABLES.iter().map(|_| hashbrown::HashMap::new()).collect(),
            institutions: hashbrown::HashMap::new(),
            versions: hashbrown::HashMap::new(),
            periods: hashbrown::HashMap::new(),
            books: hashbrown::HashMap::new(),
            releases: hashbrown::HashSet::new(),
            hasher: RandomState::new(),
        }
    }

    /// Takes in a row of a register act; an error says why it is none.
    pub fn apply(&mut self, entry: i64, ord: i64, table: &str, row: &str) -> Result<(), String> {
        let slot = slot(table).ok_or_else(|| format!("there is no registry {table:?}"))?;
        let object: Object =
            serde_json::from_str(row).map_err(|error| format!("it is not a JSON object: {error}"))?;
        let id = number(&object, "id").ok_or("it has no id")?;
        let again = self.tables[slot].contains_key(&id);
        let newest = Newest { entry, ord, digest: self.digest(&object), seen: false };
        self.tables[slot].insert(id, newest);
        match table {
            "outcome" => {
                let institution = number(&object, "institution").ok_or("it names no institution")?;
                extend(self.institutions.entry(id).or_default(), entry, institution);
            }
            "outcome_version" => {
                let key = number(&object, "outcome").zip(number(&object, "version"));
                let [framework, level, field] =
                    ["framework", "level", "field"].map(|column| text(&object, column));
                let version = Version { framework, level, field };
                extend(
                    self.versions.entry(key.ok_or("it names no outcome and version")?).or_default(),
                    entry,
                    version,
                );
            }
            "period" => {
                let year = |column| parse_iso(&text(&object, column)).map(|day| day.year());
                let years = year("first").and_then(|first| Ok((first, year("last")?)));
                self.periods.insert(id, years.map_err(|_| "its days are no dates")?);
            }
            "book" | "rule_release" if again => return Err(format!("{table} {id} stands already, for good")),
            "book" => {
                let version = number(&object, "version").ok_or("it has no version")?;
                self.books.insert((text(&object, "name"), version), text(&object, "sha256"));
            }
            "rule_release" => {
                self.releases.insert(text(&object, "name"));
                self.check_release(&object)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// A release names versions of books that were loaded before it, by the hashes of their files.
    fn check_release(&self, row: &Object) -> Result<(), String> {
        parse_iso(&text(row, "valid_from")).map_err(|_| "its first day is no date".to_owned())?;
        let books: Vec<Member> = serde_json::from_str(&text(row, "books"))
            .map_err(|error| format!("its books cannot be read: {error}"))?;
        let loaded = |member: &Member| {
            self.books.get(&(member.book.clone(), member.version)).is_some_and(|sha| *sha == member.sha256)
        };
        match books.iter().find(|member| !loaded(member)) {
            Some(Member { book, version, .. }) => {
                Err(format!("no act before it loaded {book} version {version} from a file of that hash"))
            }
            None => Ok(()),
        }
    }

    /// A digest of a row's columns, whatever their order; empty columns count as missing ones.
    pub fn digest(&self, object: &Object) -> u64 {
        let filled = object.iter().filter(|(_, value)| !value.is_null());
        filled.fold(0, |sum: u64, (column, value)| {
            let one = match value {
                Value::String(text) => self.hasher.hash_one((column, text)),
                Value::Bool(flag) => self.hasher.hash_one((column, i64::from(*flag))),
                Value::Number(number) => self.hasher.hash_one((column, number.as_i64().unwrap_or(0))),
                other => self.hasher.hash_one((column, other.to_string())),
            };
            sum.wrapping_add(one)
        })
    }

    /// A keyed digest of anything.
    pub fn digest_of(&self, value: impl std::hash::Hash) -> u64 {
        self.hasher.hash_one(value)
    }

    /// Whether a registry, by its [`slot`], has that row.
    pub fn has(&self, slot: usize, id: i64) -> bool {
        self.tables[slot].contains_key(&id)
    }

    /// Whether a release of the rules has that name.
    pub fn has_release(&self, name: &str) -> bool {
        self.releases.contains(name)
    }

    /// Whether an outcome has that version.
    pub fn has_version(&self, outcome: i64, version: i64) -> bool {
        self.versions.contains_key(&(outcome, version))
    }

    /// Ids of a registry.
    pub fn ids(&self, table: &str) -> Vec<i64> {
        let mut ids: Vec<i64> =
            slot(table).map_or_else(Vec::new, |slot| self.tables[slot].keys().copied().collect());
        ids.sort_unstable();
        ids
    }

    /// Takes the newest rows of a registry, by its [`slot`].
    pub fn take(&mut self, slot: usize) -> hashbrown::HashMap<i64, Newest> {
        std::mem::take(&mut self.tables[slot])
    }

    /// The awarding institution of an outcome, as known at an entry.
    pub fn institution(&self, outcome: i64, entry: i64) -> Option<i64> {
        at(self.institutions.get(&outcome)?, entry).map(|(_, institution)| *institution)
    }

    /// First and last year of a period.
    pub fn years(&self, period: i64) -> Option<(i16, i16)> {
        self.periods.get(&period).copied()
    }

    /// Which of the states of an outcome's version held at an entry.
    pub fn state(&self, outcome: i64, version: i64, entry: i64) -> Option<usize> {
        at(self.versions.get(&(outcome, version))?, entry).map(|(place, _)| place)
    }

    /// A state of an outcome's version.
    pub fn version(&self, outcome: i64, version: i64, state: usize) -> Option<&Version> {
        self.versions.get(&(outcome, version))?.get(state).map(|(_, version)| version)
    }
}
