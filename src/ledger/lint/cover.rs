//! Whether one source takes whatever another does.

use super::catalogue::ANY;
use super::sides::{Source, Target};
use crate::domain::requirement::{Alternative, Choice, Code, Filter, Term};

/// A category whose denial closes the whole institution.
const EVERY_CATEGORY: &str = "*";

/// How one source covers another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cover {
    /// Something may meet the other alone.
    Not,
    /// What meets the other meets it, and may have something to spare.
    Wider,
    /// Term by term they ask for the same number of achievements.
    Term,
}

/// Whether whatever meets the other source meets this one.
pub(super) fn covers(one: &Source, other: &Source) -> Cover {
    if one.system.is_some() || other.system.is_some() {
        return if one.system == other.system { Cover::Term } else { Cover::Not };
    }
    let of = |alternative: &Alternative| {
        let ways = one.required.0.iter().map(|wide| alternative_covers(one, wide, other, alternative));
        ways.max().unwrap_or(Cover::Not)
    };
    other.required.0.iter().map(of).min().unwrap_or(Cover::Not)
}

/// Whether some alternative of the one is also one of the other.
pub(super) fn share(one: &Source, other: &Source) -> bool {
    if one.system.is_some() || other.system.is_some() {
        return one.system == other.system;
    }
    let both = |left: &Alternative, right: &Alternative| {
        alternative_covers(one, left, other, right) == Cover::Term
            && alternative_covers(other, right, one, left) == Cover::Term
    };
    one.required.0.iter().any(|left| other.required.0.iter().any(|right| both(left, right)))
}

/// Each term of the wide alternative finds another term of the narrow one that implies it.
fn alternative_covers(one: &Source, wide: &Alternative, other: &Source, narrow: &Alternative) -> Cover {
    if wide.0.len() > narrow.0.len() {
        return Cover::Not;
    }
    let mut partner = vec![None; narrow.0.len()];
    for at in 0..wide.0.len() {
        let mut seen = vec![false; narrow.0.len()];
        if !find(one, wide, other, narrow, at, &mut seen, &mut partner) {
            return Cover::Not;
        }
    }
    let equal = wide.0.len() == narrow.0.len()
        && partner
            .iter()
            .zip(&narrow.0)
            .all(|(at, term)| at.is_some_and(|at| wide.0[at].count == term.count));
    if equal { Cover::Term } else { Cover::Wider }
}

/// Finds a term for one of the wide alternative, moving others where need be.
fn find(
    one: &Source,
    wide: &Alternative,
    other: &Source,
    narrow: &Alternative,
    at: usize,
    seen: &mut [bool],
    partner: &mut [Option<usize>],
) -> bool {
    for place in 0..narrow.0.len() {
        if seen[place] || !term_covers(one, &wide.0[at], other, &narrow.0[place]) {
            continue;
        }
        seen[place] = true;
        if partner[place].is_none_or(|held| find(one, wide, other, narrow, held, seen, partner)) {
            partner[place] = Some(at);
            return true;
        }
    }
    false
}

fn term_covers(one: &Source, wide: &Term, other: &Source, narrow: &Term) -> bool {
    let covered = |choice: &Choice| wide.of.iter().any(|wide| choice_covers(one, wide, other, choice));
    wide.count <= narrow.count && narrow.of.iter().all(covered)
}

fn choice_covers(one: &Source, wide: &Choice, other: &Source, narrow: &Choice) -> bool {
    let any = Code::Pattern(vec![String::new(), String::new()]);
    let institution = |source: &Source, choice: &Choice| match &choice.institution {
        Some(code) => code.clone(),
        None if source.institution == ANY => any.clone(),
        None => Code::Exact(source.institution.clone()),
    };
    code_covers(&wide.code, &narrow.code)
        && code_covers(&institution(one, wide), &institution(other, narrow))
        && wide.filters.iter().all(|filter| narrow.filters.iter().any(|own| filter_covers(filter, own)))
}

fn filter_covers(wide: &Filter, narrow: &Filter) -> bool {
    match (wide, narrow) {
        (Filter::Field(wide), Filter::Field(narrow)) => narrow.starts_with(wide.as_str()),
        (wide, narrow) => wide == narrow,
    }
}

/// Whether whatever fits the narrow code fits the wide one, as far as that is plain.
fn code_covers(wide: &Code, narrow: &Code) -> bool {
    match (wide, narrow) {
        (wide, Code::Exact(code)) => wide.fits(code),
        (Code::Exact(_), Code::Pattern(_)) => false,
        (Code::Pattern(wide), Code::Pattern(narrow)) => {
            let begins = |wide: &str| narrow.first().is_some_and(|first| first.starts_with(wide));
            wide == narrow || matches!(wide.as_slice(), [first, last] if last.is_empty() && begins(first))
        }
    }
}

/// Whether a denial of one target closes another: all outcomes that it names, its category, or its system. A
/// denial of the category `*` closes the institution.
pub(super) fn closes(denied: &Target, given: &Target) -> bool {
    if denied.receiver != given.receiver {
        return false;
    }
    match (&denied.category, &given.category) {
        (Some(category), _) if category == EVERY_CATEGORY => true,
        (None, None) => {
            let named = |code: &str| given.items.iter().any(|(other, _)| other == code);
            denied.items.iter().all(|(code, _)| named(code))
        }
        (category, other) => category == other,
    }
}

/// Whether two targets are the same, however their parts are divided.
pub(super) fn same_target(one: &Target, other: &Target) -> bool {
    one.receiver == other.receiver
        && one.category == other.category
        && one.items.iter().map(|(code, _)| code).eq(other.items.iter().map(|(code, _)| code))
}
