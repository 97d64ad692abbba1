//! What command sessions share: a folder, a bank in it, the real program.
#![allow(dead_code, clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A folder of its own with the program in it.
pub struct Session {
    pub folder: TempDir,
}

/// What a command answered.
pub struct Answer {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Answer {
    /// Asserts the exit code and hands the answer on.
    #[track_caller]
    pub fn exits(self, code: i32) -> Answer {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// Asserts that standard error names something.
    #[track_caller]
    pub fn says(self, part: &str) -> Answer {
        assert!(self.err.contains(part), "`{part}` is not in:\n{}", self.err);
        self
    }

    /// Asserts that standard output does not show something.
    #[track_caller]
    pub fn hides(self, part: &str) -> Answer {
        assert!(!self.out.contains(part), "`{part}` is in:\n{}", self.out);
        self
    }

    /// Asserts that standard output shows something.
    #[track_caller]
    pub fn shows(self, part: &str) -> Answer {
        assert!(self.out.contains(part), "`{part}` is not in:\n{}", self.out);
        self
    }
}

/// The program, in a folder, at a fixed moment.
pub fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_creditbank"));
    command
        .current_dir(folder)
        .env_remove("CREDITBANK_LEDGER")
        .env_remove("COLUMNS")
        .env("CREDITBANK_NOW", "2026-09-01T08:00:00Z");
    command
}

impl Session {
    /// An empty folder.
    pub fn empty() -> Session {
        Session { folder: tempfile::tempdir().unwrap() }
    }

    /// A folder with a bank in it.
    pub fn bank() -> Session {
        let session = Session::empty();
        let founding = ["--name", "Test Bank", "--identifier", "bank.example", "--home-system", "CN"];
        let zone = ["--time-zone", "Asia/Shanghai"];
        session.run(&[&["init"][..], &founding, &zone].concat()).exits(0);
        session
    }

    /// The program, in the folder, at a fixed moment.
    pub fn command(&self) -> Command {
        program(self.folder.path())
    }

    /// Runs the program.
    pub fn run(&self, arguments: &[&str]) -> Answer {
        answer(self.command().args(arguments).output().unwrap())
    }

    /// A file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the folder.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        std::fs::write(self.path(name), content).unwrap();
        self.path(name)
    }

    /// The size and root of the journal.
    pub fn head(&self) -> String {
        let answer = self.run(&["batch", "list", "--format", "json"]).exits(0);
        let report: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
        report["journal"].to_string()
    }
}

pub fn answer(output: Output) -> Answer {
    Answer {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A file of the project.
pub fn project(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path).to_string_lossy().into_owned()
}
