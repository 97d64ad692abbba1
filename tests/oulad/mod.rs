//! The Open University's results, where they lie beside the project, in a bank.
#![allow(dead_code)]

use crate::common::{Answer, Session, project};
use std::io::Write;
use std::path::PathBuf;

/// The folder of the data set; none where it is absent.
fn folder() -> Option<PathBuf> {
    let shared = std::env::var_os("CREDITBANK_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let folder = shared.join("data/oulad");
    folder.is_dir().then_some(folder)
}

/// Says so past the test harness, which keeps to itself what a passing test prints.
pub fn skipped(test: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {why}");
}

/// The bank and the paths of its two files.
pub struct OpenUniversity {
    pub session: Session,
    courses: String,
    results: String,
}

impl OpenUniversity {
    /// An empty bank beside the files, or a word about why there is none.
    pub fn found(test: &str) -> Option<OpenUniversity> {
        let Some(folder) = folder() else {
            skipped(test, "../shared is absent");
            return None;
        };
        let file = |name: &str| folder.join(name).to_string_lossy().into_owned();
        let (courses, results) = (file("courses.csv"), file("studentInfo-sixth.csv"));
        Some(OpenUniversity { session: Session::bank(), courses, results })
    }

    /// Imports the modules and their presentations.
    pub fn courses(&self) -> Answer {
        self.import(&self.courses, "outcomes.toml", &[])
    }

    /// Imports the results, the good rows although others are refused.
    pub fn results(&self, options: &[&str]) -> Answer {
        let rejects = ["--keep-going", "--rejects", "refused.csv"];
        self.import(&self.results, "profile.toml", &[&rejects, options].concat())
    }

    fn import(&self, file: &str, profile: &str, options: &[&str]) -> Answer {
        let profile = project(&format!("examples/open-university/{profile}"));
        self.session.run(&[&["import", file, "--profile", &profile], options].concat())
    }

    /// Halves all credit into ECTS.
    pub fn convert(&self) -> Answer {
        let rules = project("examples/open-university/rules.toml");
        self.session.run(&["rule", "load", &rules]).exits(0);
        self.session.run(&["convert", "--all", "--to", "ECTS"])
    }
}
