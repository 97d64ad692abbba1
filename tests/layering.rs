//! The rooms of the house and the doors between them, as ARCHITECTURE.md has them.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

/// Each room, and the rooms that its code may name. Tests inside a room may name more.
const DOORS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("proof", &["domain"]),
    ("ledger", &["domain"]),
    ("store", &["domain", "proof"]),
    ("intake", &["domain"]),
    ("report", &["domain", "ledger", "proof", "store"]),
    ("render", &["domain", "report"]),
    ("ops", &["domain", "intake", "ledger", "proof", "report", "store"]),
    ("cli", &["domain", "ops", "render", "report", "store"]),
];

/// Names that a room may use of another although no door leads there: the types of a command's own
/// arguments, and the readers of files that are no import.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("cli", "intake::profile::Profile"),
    ("cli", "intake::rulebook"),
    ("cli", "ledger::lots::Cut"),
    ("cli", "proof::merkle::Hash"),
];

struct Source {
    room: String,
    path: PathBuf,
    text: String,
}

impl Source {
    /// The lines of code, without comments and without tests at the end of the file.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let tests = self.text.find("#[cfg(test)]\nmod tests {").unwrap_or(self.text.len());
        let code = self.text[..tests].lines().enumerate();
        code.map(|(at, line)| (at + 1, line)).filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

/// All of src, by room; files of tests and the two roots left out.
fn sources() -> Vec<Source> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![src.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let inside = path.strip_prefix(&src).unwrap();
            let room = inside.components().next().unwrap().as_os_str().to_string_lossy();
            let is_test = path.components().any(|part| part.as_os_str() == "tests")
                || path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("tests"));
            if inside.components().count() < 2 && matches!(&*room, "lib.rs" | "main.rs") || is_test {
                continue;
            }
            let room = room.trim_end_matches(".rs").to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            sources.push(Source { room, path, text });
        }
    }
    assert!(sources.len() > 50);
    sources
}

/// The paths under `crate::` that a line names: `store::find`, and each of `use crate::{a, b}`.
fn named(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in line.split("crate::").skip(1) {
        let inner = part.strip_prefix('{').map_or(vec![part], |list| list.split(',').collect());
        for path in inner {
            let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
            let path = path.trim().chars().take_while(|c| is_path(*c)).collect::<String>();
            found.push(path.trim_end_matches(':').to_owned());
        }
    }
    found
}

#[test]
fn every_room_keeps_to_its_doors() {
    let mut faults = Vec::new();
    for source in sources() {
        let Some((_, doors)) = DOORS.iter().find(|(room, _)| *room == source.room) else {
            faults.push(format!("{}: room `{}` is not in the plan", source.path.display(), source.room));
            continue;
        };
        for (line, text) in source.code() {
            for path in named(text) {
                let room = path.split("::").next().unwrap_or_default();
                let excepted = EXCEPTIONS.iter().any(|(room, name)| {
                    let rest = path.strip_prefix(name).filter(|_| source.room == *room);
                    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
                });
                if room != source.room && !doors.contains(&room) && !excepted {
                    faults.push(format!("{}:{line}: {} names {path}", source.path.display(), source.room));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn only_the_command_line_prints() {
    let prints =
        |line: &str| ["println!", "print!(", "io::stdout", "io::stderr"].iter().any(|p| line.contains(p));
    let faults: Vec<String> = sources()
        .iter()
        .filter(|source| source.room != "cli")
        .flat_map(|source| {
            let lines = source.code().filter(|(_, line)| prints(line));
            lines.map(|(at, line)| format!("{}:{at}: {line}", source.path.display())).collect::<Vec<_>>()
        })
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn only_one_room_knows_the_database() {
    for source in sources() {
        let inside = source.path.components().any(|part| part.as_os_str() == "sqlite");
        let line = source.code().find(|(_, line)| line.contains("rusqlite"));
        assert!(inside || line.is_none(), "{}: {line:?}", source.path.display());
    }
}
