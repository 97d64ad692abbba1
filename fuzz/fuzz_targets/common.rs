//! What the targets share: a file as a partner would send it, read under a profile as `import-check` does.
//! No target needs all of it.
#![allow(dead_code)]

use creditbank::intake::profile::Profile;
use creditbank::ops::batch::Actor;
use creditbank::ops::import::check::check;
use creditbank::ops::import::standard::Expected;
use creditbank::ops::import::{Outcome, Request};
use std::path::PathBuf;

/// Keeps the bytes in a file of that name, in a folder of this process.
pub fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("creditbank-fuzz-{}", std::process::id()));
    let _ = std::fs::create_dir(&folder);
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("the folder of temporary files can be written");
    path
}

/// Checks a file as an import would; whatever is in it, this ends, with findings or with a fault that has a
/// code and says what to do.
pub fn checked(profile: &Profile, path: PathBuf) -> Option<Outcome> {
    let actor = Actor {
        name: "fuzz".to_owned(),
        site: "fuzz".to_owned(),
        now: jiff::Timestamp::from_second(1_790_000_000).expect("a moment"),
        command: "import-check".to_owned(),
    };
    let request = Request {
        files: &[path],
        profile,
        keep_going: true,
        dry_run: true,
        reason: None,
        rejects: None,
        expected: Expected::default(),
        verdicts: true,
        limit: 50,
        log: 0,
    };
    match check(&actor, &request, &|_, _| ()) {
        Ok(outcome) => Some(outcome),
        Err(fault) => {
            // S and I9 codes say that the program itself is at fault.
            assert!(!fault.code.starts_with('S') && !fault.code.starts_with("I9"), "{fault:?}");
            None
        }
    }
}
