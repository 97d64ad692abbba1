//! Whose account runs the program: two officers are told apart by nothing else.

use crate::domain::fault::{Fault, Result};
use crate::ops::batch::Actor;

/// Where Linux says for which accounts outside a user namespace those inside it stand: lines of the first account inside,
/// the first outside, and how many.
const MAP: &str = "/proc/self/uid_map";

/// Refuses to stage or settle a batch under a name that the officer can have chosen.
///
/// # Errors
/// `A110` where the program runs as an account that a user namespace maps alone, or not at all.
pub fn check_own_name(actor: &Actor) -> Result<()> {
    // Other systems have no such namespaces, and no such file.
    let chosen = std::fs::read_to_string(MAP).is_ok_and(|map| may_be_chosen(&map, acting()));
    if !chosen {
        return Ok(());
    }
    Err(Fault::new("A110", format!("nobody can tell whose account `{}` is", actor.name))
        .why(
            "the program runs in a user namespace that has this account to itself, and whoever makes one chooses \
             what its accounts are called",
        )
        .remedy(
            "run it from your own account of the system, outside of `unshare`, of a sandbox and of a container that \
             needs no administrator",
        ))
}

/// Whether an account may have been given its number, and so its name, by the one who uses it.
///
/// Without an administrator, the kernel lets a process put one account into a namespace: its own, alone on a line, under
/// any number. The helper `newuidmap` adds accounts that are nobody's, on lines of their own, and leaves that one alone.
/// So the line of the acting account tells: the map of a whole system, and that of a container which an administrator set
/// up, have the account among many on it. Even the same number inside and outside is no proof, because the list of names
/// can be exchanged in there.
fn may_be_chosen(map: &str, account: u64) -> bool {
    let of_account = map.lines().find_map(|line| {
        let mut numbers = line.split_whitespace().map(str::parse::<u64>);
        let (Some(Ok(first)), Some(Ok(_)), Some(Ok(many))) = (numbers.next(), numbers.next(), numbers.next())
        else {
            return None;
        };
        (first..first.saturating_add(many)).contains(&account).then_some(many)
    });
    of_account.is_none_or(|many| many == 1)
}

/// The account as which the program runs.
#[cfg(unix)]
fn acting() -> u64 {
    rustix::process::geteuid().as_raw().into()
}

/// The account as which the program runs.
#[cfg(not(unix))]
fn acting() -> u64 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_among_many_has_its_name_from_the_system() {
        let cases = [
            ("a whole system", "         0          0 4294967295\n", 1000, false),
            ("a container of an administrator's", "0 100000 65536\n", 1000, false),
            ("unshare -r -U", "0 1000 1\n", 0, true),
            ("unshare -U --map-current-user", "1000 1000 1\n", 1000, true),
            ("unshare -U", "", 65_534, true),
            ("a container of one's own", "0 1000 1\n1 100000 65536\n", 0, true),
            ("one's own container, as an account that is nobody's", "0 1000 1\n1 100000 65536\n", 5, false),
        ];
        for (what, map, account, chosen) in cases {
            assert_eq!(may_be_chosen(map, account), chosen, "{what}");
        }
    }
}
