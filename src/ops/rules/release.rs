//! Which versions of the rule books count together: the releases of the rules, and what counted when.
//!
//! Each version of a book and each release stands in a register act, so the journal says since when it is known.
//! The day from which a release counts is another matter: both are asked for together.

use crate::domain::date::parse_iso;
use crate::domain::entry::EntryId;
use crate::domain::fault::{Exit, Fault, Result};
use crate::domain::registry::{Book, ReleaseRow};
use crate::store::{Read, RulesTable};
use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// In place of a release's name: the newest loaded versions, published or not.
pub const DRAFT: &str = "draft";

/// What counts for a learner who is pinned to a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pinned {
    /// That release alone.
    Own,
    /// The better for the learner of it and the one in force.
    Better,
}

impl Pinned {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Pinned::Own => "own",
            Pinned::Better => "better",
        }
    }

    fn read(name: &str) -> Option<Pinned> {
        [Pinned::Own, Pinned::Better].into_iter().find(|pinned| pinned.name() == name)
    }
}

/// A book of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The book's name.
    pub book: String,
    /// Its version.
    pub version: i64,
    /// SHA-256 of its file, hexadecimal.
    pub sha256: String,
}

/// A published release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its name.
    pub name: String,
    /// First day on which decisions use it.
    pub from: Date,
    /// Who decided it.
    pub authority: String,
    /// What counts for a learner who is pinned to it.
    pub pinned: Pinned,
    /// Its books, by name.
    pub books: Vec<Member>,
    /// The act that published it.
    pub entry: EntryId,
}

impl Release {
    fn read(entry: EntryId, row: ReleaseRow) -> Result<Release> {
        let misfit = |what: String| {
            Fault::new("S916", format!("release {} of the rules cannot be read: {what}", row.name))
                .remedy("run `creditbank verify` to see what was changed")
        };
        let from = parse_iso(&row.valid_from).map_err(|error| misfit(error.to_string()))?;
        let books = serde_json::from_str(&row.books).map_err(|error| misfit(error.to_string()))?;
        let pinned = Pinned::read(&row.pinned).ok_or_else(|| misfit(format!("`{}`", row.pinned)))?;
        Ok(Release { name: row.name, from, authority: row.authority, pinned, books, entry })
    }
}

/// Versions of rule books that count together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edition {
    /// The release; none where they are the newest versions and nothing is published.
    pub release: Option<Release>,
    /// The versions, by the books' names.
    pub books: Vec<Book>,
}

impl Edition {
    /// The release's name.
    pub fn name(&self) -> Option<&str> {
        self.release.as_ref().map(|release| release.name.as_str())
    }

    /// What it is called where people read it.
    pub fn title(&self) -> &str {
        self.name().unwrap_or("newest versions")
    }
}

/// Every version of every rule book, and every release, as the journal introduced them.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Versions with their register acts, in the order in which they were loaded.
    pub books: Vec<(EntryId, Book)>,
    /// In the order in which they were published.
    pub releases: Vec<Release>,
}

impl History {
    /// Reads what was introduced, before an entry where one is given.
    ///
    /// # Errors
    /// Where the ledger cannot be read; `S916` where a row does not fit.
    pub fn read(read: &(impl Read + ?Sized), known: Option<EntryId>) -> Result<History> {
        let mut history = History::default();
        let is_known = |entry: EntryId| known.is_none_or(|known| entry < known);
        read.introduced(RulesTable::Books, &mut |entry, row| {
            if is_known(entry) {
                history.books.push((entry, typed(row)?));
            }
            Ok(())
        })?;
        read.introduced(RulesTable::Releases, &mut |entry, row| {
            if is_known(entry) {
                history.releases.push(Release::read(entry, typed(row)?)?);
            }
            Ok(())
        })?;
        Ok(history)
    }

    /// The newest loaded version of every book, published or not.
    pub fn newest(&self) -> Edition {
        self.newest_before(None)
    }

    fn newest_before(&self, end: Option<EntryId>) -> Edition {
        let mut newest: BTreeMap<&str, &Book> = BTreeMap::new();
        let loaded = self.books.iter().filter(|(entry, _)| end.is_none_or(|end| *entry < end));
        for (_, book) in loaded {
            newest.insert(&book.name, book);
        }
        Edition { release: None, books: newest.into_values().cloned().collect() }
    }

    /// What counts on a day: of the releases that have begun the one that began last, of several that began on one
    /// day the one published last. Before all of them, and where there are none, the newest versions; once
    /// something is published these are the ones loaded before that, so that a later draft changes nothing.
    ///
    /// # Errors
    /// `R412` where a release names a version that is not there.
    pub fn on(&self, day: Date) -> Result<Edition> {
        match self.begun(day, None) {
            Some(release) => self.edition(release),
            None => Ok(self.newest_before(self.releases.first().map(|first| first.entry))),
        }
    }

    /// The release that counted on a day, as known before an entry.
    pub fn on_known(&self, day: Date, known: EntryId) -> Option<&Release> {
        self.begun(day, Some(known))
    }

    fn begun(&self, day: Date, known: Option<EntryId>) -> Option<&Release> {
        let published =
            self.releases.iter().filter(|release| known.is_none_or(|known| release.entry < known));
        let begun = published.filter(|release| release.from <= day);
        begun.max_by_key(|release| (release.from, release.entry))
    }

    /// A release by its name.
    ///
    /// # Errors
    /// `R401` where there is none of that name.
    pub fn release(&self, name: &str) -> Result<&Release> {
        self.releases.iter().find(|release| release.name == name).ok_or_else(|| {
            Fault::new("R401", format!("there is no release `{name}` of the rules"))
                .remedy("`creditbank rule releases` lists them")
                .exit(Exit::Usage)
        })
    }

    /// A release by its name, or the newest loaded versions as `draft`.
    ///
    /// # Errors
    /// As [`History::release`] and [`History::edition`].
    pub fn named(&self, name: &str) -> Result<Edition> {
        if name == DRAFT {
            return Ok(self.newest());
        }
        self.edition(self.release(name)?)
    }

    /// The versions of a release.
    ///
    /// # Errors
    /// `R412` where it names a version that is not there.
    pub fn edition(&self, release: &Release) -> Result<Edition> {
        let find = |member: &Member| {
            let same = |book: &&Book| book.name == member.book && book.version == member.version;
            self.books.iter().map(|(_, book)| book).find(same).cloned().ok_or_else(|| {
                let what = format!(
                    "release {} names {} version {}, which is not loaded",
                    release.name, member.book, member.version
                );
                Fault::new("R412", what).remedy("run `creditbank verify` to see what was changed")
            })
        };
        let books = release.books.iter().map(find).collect::<Result<_>>()?;
        Ok(Edition { release: Some(release.clone()), books })
    }
}

fn typed<T: DeserializeOwned>(row: &str) -> Result<T> {
    serde_json::from_str(row).map_err(|error| {
        Fault::new("S916", format!("a version or release of the rules cannot be read: {error}"))
            .remedy("run `creditbank verify` to see what was changed")
    })
}
