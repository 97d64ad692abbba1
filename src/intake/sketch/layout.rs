//! Whether a file is of a published layout that a built-in profile reads.

use super::column::Column;
use super::{About, Sketch};
use crate::intake::profile::builtin::{self, Builtin};
use crate::intake::profile::{self, Profile, REPEATED};

/// A file with fewer columns of a layout than this says little.
const ENOUGH: usize = 5;

/// Asks whether the draft is needed, where a built-in profile finds all its columns in the file.
pub(super) fn published(sketch: &mut Sketch) {
    if !sketch.header {
        return;
    }
    let fits = builtin::ALL.iter().filter_map(|known| fit(known, &sketch.columns));
    let Some((count, profile)) = fits.max_by_key(|(count, _)| *count) else { return };
    let open: Vec<&str> = profile.open.iter().map(|field| field.name()).collect();
    let fill = match open.is_empty() {
        true => String::new(),
        false => format!(" and gives {} in [constants]", open.join(" and ")),
    };
    let name = &profile.name;
    let text = format!(
        "the built-in profile `{name}` finds all its {count} columns in this file: a profile that says \
         extends = \"{name}\"{fill} reads it as its publisher means it. Is this draft needed?"
    );
    sketch.ask(About::File, text);
}

/// How many columns a built-in profile reads, where the file has all that may not be missing.
fn fit(known: &Builtin, columns: &[Column]) -> Option<(usize, Profile)> {
    let profile = known.profile().ok()?;
    let wanted = profile.columns.iter().map(|(_, column)| column);
    let wanted = wanted.chain(profile.attributes.iter().map(|(_, column)| column));
    let wanted = wanted.chain(profile.identifiers.iter().map(|(_, column)| column));
    let mut headings: Vec<String> = Vec::new();
    for column in wanted.filter(|column| !column.is_optional()) {
        headings.push(found(column, columns)?);
    }
    headings.sort_unstable();
    headings.dedup();
    (headings.len() >= ENOUGH).then_some((headings.len(), profile))
}

/// The heading in the file by which a profile's column is found.
fn found(wanted: &profile::Column, columns: &[Column]) -> Option<String> {
    let mut names = wanted.names().iter().map(|name| name.replace(REPEATED, "1"));
    names.find(|name| columns.iter().any(|column| column.heading == *name))
}
