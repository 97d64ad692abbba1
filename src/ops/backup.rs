//! `backup` and `restore`: copies of a ledger whose root is checked.

use crate::domain::fault::{Fault, Result};
use crate::ops::batch::hex;
use crate::proof::merkle::{Frontier, Hash, root_at};
use crate::proof::tile::{TileSource, WIDTH};
use crate::store::sqlite::Sqlite;
use crate::store::{Head, Read};
use std::path::Path;

/// Copies the last committed state into a new file while others may write, and checks the copy.
///
/// # Errors
/// Where the file exists or cannot be written; `K201` where the copy's root is not its log's.
pub fn backup(source: &Sqlite, target: &Path) -> Result<Vec<Head>> {
    source.copy_to(target)?;
    let copy = Sqlite::open(target)?;
    check_roots(&copy, target)
}

/// Recomputes the root of every log from the leaf hashes in its tiles.
fn check_roots(ledger: &Sqlite, path: &Path) -> Result<Vec<Head>> {
    let heads = ledger.heads()?;
    for head in &heads {
        let root = root_of(ledger, head)?;
        if root != Some(head.root) {
            return Err(Fault::new(
                "K201",
                format!("{}: log {} does not have the root that it states", path.display(), head.log),
            )
            .why(format!(
                "stated {}, computed {}",
                hex(&head.root),
                root.map_or("nothing".into(), |root| hex(&root))
            ))
            .remedy("run `creditbank verify` on it; do not rely on this copy"));
        }
    }
    Ok(heads)
}

fn root_of(ledger: &Sqlite, head: &Head) -> Result<Option<Hash>> {
    let mut frontier = Frontier::new();
    let width = WIDTH as u64;
    for index in 0..head.size.div_ceil(width) {
        let Some(tile) = ledger.tile(head.log, 0, index)? else { return Ok(None) };
        for hash in tile.hashes {
            frontier.push(hash);
        }
    }
    Ok((frontier.size() == head.size).then(|| frontier.root()))
}

/// Puts a backup in the place of a ledger that is missing, or is an earlier state of the same logs.
///
/// # Errors
/// `K202` where the ledger has a longer log, `K203` where its log is not a beginning of the backup's.
pub fn restore(backup: &Path, target: &Path) -> Result<Vec<Head>> {
    let source = Sqlite::open_read(backup)?;
    let heads = check_roots(&source, backup)?;
    if target.exists() {
        let mut present = Sqlite::open(target)?;
        return present
            .replace_with(
                target,
                |present| check_continues(present, &source, target),
                |fresh| source.copy_to(fresh),
            )
            .map(|()| heads);
    }
    source.copy_to(target)?;
    Ok(heads)
}

/// Refuses unless every log of the present ledger is a beginning of the backup's.
fn check_continues(present: &Sqlite, backup: &Sqlite, target: &Path) -> Result<()> {
    let theirs = backup.heads()?;
    for mine in present.heads()? {
        let place = format!("{}: log {} `{}`", target.display(), mine.log, mine.origin);
        let Some(head) = theirs.iter().find(|head| head.log == mine.log && head.origin == mine.origin) else {
            return Err(Fault::new("K203", format!("{place} is not in the backup"))
                .why("the backup is of another bank")
                .remedy("restore to another file name"));
        };
        if mine.size > head.size {
            return Err(Fault::new(
                "K202",
                format!("{place} has {} entries, the backup {}", mine.size, head.size),
            )
            .why("restoring would lose the newest entries")
            .remedy("restore to another file name, and compare"));
        }
        let tiles = TileSource::new(|level, index| backup.tile(head.log, level, index).ok().flatten());
        if root_at(&tiles, mine.size) != Some(mine.root) {
            return Err(Fault::new("K203", format!("{place} is not a beginning of the backup's log"))
                .why("the two went different ways, or one was changed")
                .remedy("run `creditbank verify` on both; restore to another file name"));
        }
    }
    Ok(())
}
