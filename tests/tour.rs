//! The README's tour, typed in and compared.
#![allow(clippy::unwrap_used)]

use std::path::Path;

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &target) } else { std::fs::copy(&path, target).map(drop).unwrap() }
    }
}

#[test]
fn the_tour_shows_what_the_program_says() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    // `README.in` is the folder in which the tour's commands run, one after the other.
    copy(&project.join("examples/riverside"), &folder.path().join("README.in/examples/riverside"));
    let page = folder.path().join("README.md");
    std::fs::copy(project.join("README.md"), &page).unwrap();
    let cases = trycmd::TestCases::new();
    cases
        .register_bin("creditbank", Path::new(env!("CARGO_BIN_EXE_creditbank")))
        .env("CREDITBANK_NOW", "2025-01-15T02:00:00Z")
        .env("COLUMNS", "100")
        .case(&page);
    cases.run();
}
