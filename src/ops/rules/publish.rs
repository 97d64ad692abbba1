//! `rule publish`: versions of rule books count together from a day on, under a name.

use super::release::{DRAFT, History, Member, Pinned, Release};
use crate::domain::entry::EntryId;
use crate::domain::fault::{Exit, Fault, Result};
use crate::domain::registry::{Book, ReleaseRow};
use crate::ops::batch::{Actor, BatchPayload};
use crate::ops::post::Poster;
use crate::store::{self, Store};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// What to publish.
#[derive(Debug, Clone)]
pub struct Request {
    /// The release's name.
    pub name: String,
    /// Books, each with its version; the newest where none is given.
    pub books: Vec<(String, Option<i64>)>,
    /// Books of the release before it that it leaves out on purpose.
    pub without: Vec<String>,
    /// First day on which decisions use it.
    pub from: Date,
    /// Who decided it.
    pub authority: String,
    /// What counts for a learner who is pinned to it.
    pub pinned: Pinned,
    /// Why.
    pub reason: Option<String>,
    /// Today in the bank's time zone.
    pub today: Date,
    /// Show what would be posted and leave everything as it was.
    pub dry_run: bool,
    /// Log to append to.
    pub log: i64,
}

/// What was published, or would be.
#[derive(Debug, Clone)]
pub struct Published {
    /// The release.
    pub release: Release,
    /// What counted on its first day before it: each book's version, by name.
    pub before: BTreeMap<String, i64>,
    /// Number of the batch.
    pub batch: Option<i64>,
}

/// Publishes a release by an act of the journal.
///
/// # Errors
/// `R402` to `R408` where the name, a book, the day or the authority cannot be taken, `R409` where a book would be
/// left out that nobody said; `S401` where another writer came first.
pub fn publish(store: &mut dyn Store, actor: &Actor, request: &Request) -> Result<Published> {
    store::again(|| publish_once(store, actor, request))
}

fn publish_once(store: &mut dyn Store, actor: &Actor, request: &Request) -> Result<Published> {
    let head = store::head(store, request.log)?;
    let history = History::read(store, None)?;
    check_name(&history, &request.name)?;
    if request.authority.trim().is_empty() {
        return Err(usage("R406", "a release needs its authority", "say with --authority who decided it"));
    }
    let backdated = request.from < request.today;
    if backdated && request.reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) {
        let what = format!("{} is over: what counted since would be another", request.from);
        return Err(usage("R407", what, "give the reason with --reason, or a --from of today or later"));
    }
    let members = members(&history, request)?;
    let before = history.on(request.from)?;
    let before: BTreeMap<String, i64> =
        before.books.into_iter().map(|book| (book.name, book.version)).collect();
    check_left_out(&before, &members, &request.without)?;
    let books = serde_json::to_string(&members).map_err(|error| Fault::new("S901", error.to_string()))?;
    let mut payload = BatchPayload::new(actor)?;
    payload.why = request.reason.clone().unwrap_or_default();
    let row = ReleaseRow {
        id: store::next_id::<ReleaseRow>(store)?,
        name: request.name.clone(),
        valid_from: request.from.to_string(),
        authority: request.authority.clone(),
        pinned: request.pinned.name().to_owned(),
        books,
    };
    let (mut entry, mut batch) = (EntryId(0), None);
    store.append(request.log, Some(&head), &mut |tx| {
        let mut poster = Poster::open(tx, request.log, &payload)?;
        entry = poster.register_one(&row)?;
        batch = Some(poster.seal()?.batch.no);
        Ok(!request.dry_run)
    })?;
    let Request { name, from, authority, pinned, .. } = request.clone();
    Ok(Published { release: Release { name, from, authority, pinned, books: members, entry }, before, batch })
}

fn usage(code: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Fault {
    Fault::new(code, what).remedy(remedy).exit(Exit::Usage)
}

fn check_name(history: &History, name: &str) -> Result<()> {
    let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if name.is_empty() || name.len() > 40 || !name.chars().all(fits) {
        let what = format!("`{name}` cannot name a release");
        return Err(usage("R402", what, "use 1 to 40 of a–z, 0–9 and `-`, such as 2027"));
    }
    if name == DRAFT {
        let what = "`draft` means what is loaded and not published";
        return Err(usage("R402", what, "give the release another name, such as 2027"));
    }
    if let Some(known) = history.releases.iter().find(|release| release.name == name) {
        return Err(Fault::new(
            "R403",
            format!("release {name} was published already, by entry {}", known.entry),
        )
        .why("what a name of a release means is never changed")
        .remedy("publish under another name; of two that begin on one day the later one counts"));
    }
    Ok(())
}

fn members(history: &History, request: &Request) -> Result<Vec<Member>> {
    let mut members: BTreeMap<&str, Member> = BTreeMap::new();
    for (name, version) in &request.books {
        let found = find_book(history, name, *version)?;
        let Book { version, sha256, .. } = found.clone();
        let member = Member { book: name.clone(), version, sha256 };
        if members.insert(name, member).is_some() {
            let what = format!("book {name} is named twice");
            return Err(usage("R405", what, "a release has one version of each book"));
        }
    }
    if members.is_empty() {
        return Err(usage(
            "R405",
            "a release has at least one book",
            "name the books as BOOK or BOOK@VERSION",
        ));
    }
    Ok(members.into_values().collect())
}

/// A version of a book, the newest where none is given.
///
/// # Errors
/// `R404` where there is none.
pub fn find_book<'h>(history: &'h History, name: &str, version: Option<i64>) -> Result<&'h Book> {
    let asked = |book: &&Book| book.name == name && version.is_none_or(|version| version == book.version);
    history.books.iter().map(|(_, book)| book).rfind(asked).ok_or_else(|| {
        let what = match version {
            Some(version) => format!("book {name} has no version {version}"),
            None => format!("there is no rule book `{name}`"),
        };
        Fault::new("R404", what).remedy("`creditbank rule books` lists the books and their versions")
    })
}

/// A book that counted and is in the new release no more is more often forgotten than meant.
fn check_left_out(before: &BTreeMap<String, i64>, members: &[Member], without: &[String]) -> Result<()> {
    let has = |name: &str| members.iter().any(|member| member.book == name);
    let forgotten = before.keys().find(|name| !has(name) && !without.contains(name));
    if let Some(name) = forgotten {
        return Err(Fault::new(
            "R409",
            format!("book {name} counts until then, and the release leaves it out"),
        )
        .why("a release is all that counts: rules of other books give nothing under it")
        .remedy(format!("name {name} as well, or say `--without {name}`")));
    }
    if let Some(name) = without.iter().find(|name| has(name) || !before.contains_key(*name)) {
        let what = format!("--without {name}: the book is named, or does not count until then");
        return Err(usage("R408", what, "leave the option away"));
    }
    Ok(())
}
