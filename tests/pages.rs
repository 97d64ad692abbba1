//! Tables in the pages that are made from the program's own lists.
//!
//! `UPDATE_PAGES=1 cargo test --test pages` writes them anew.
#![allow(clippy::unwrap_used)]

use creditbank::intake::profile::{Field, Target};
use creditbank::ops::import_rules::import_rules;
use creditbank::ops::lint;
use creditbank::ops::verify::CODES;
use creditbank::render::MarkdownSink;
use creditbank::report::Meta;
use std::fmt::Write;
use std::path::Path;

/// Compares what stands in a page between its two marks with what the program has.
#[track_caller]
fn compare(page: &str, mark: &str, table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    let text = std::fs::read_to_string(&path).unwrap();
    let begin = text.find(&format!("<!-- {mark}:")).expect("the page has the first mark");
    let begin = begin + text[begin..].find("-->\n").unwrap() + "-->\n".len();
    let end = text.find(&format!("<!-- end of {mark} -->")).expect("the page has the last mark");
    if text[begin..end] == *table {
        return;
    }
    assert!(
        std::env::var_os("UPDATE_PAGES").is_some(),
        "{page} is behind the program: run UPDATE_PAGES=1 cargo test --test pages"
    );
    std::fs::write(&path, format!("{}{table}{}", &text[..begin], &text[end..])).unwrap();
}

#[test]
fn the_pages_on_formats_list_every_column() {
    let list = |columns: &[&str]| {
        let columns: Vec<String> = columns.iter().map(|column| format!("`{column}`")).collect();
        columns.chunks(6).map(|line| line.join(", ")).collect::<Vec<_>>().join(",\n") + "\n"
    };
    compare("docs/formats/elmo.md", "elmo columns", &list(creditbank::intake::elmo::COLUMNS));
    compare(
        "docs/formats/open-badges.md",
        "open-badges columns",
        &list(creditbank::intake::credential::COLUMNS),
    );
}

/// A text as a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[test]
fn import_rules_is_what_the_command_prints() {
    let mut page = Vec::new();
    import_rules(&[], Meta::default(), &mut MarkdownSink::new(&mut page)).unwrap();
    let page = String::from_utf8(page).unwrap();
    let table = &page[page.find("| Rule |").unwrap()..];
    compare("docs/import-rules.md", "import rules", table);
}

#[test]
fn rule_lint_is_what_the_command_prints() {
    let mut page = Vec::new();
    lint::checks(Meta::default(), &mut MarkdownSink::new(&mut page)).unwrap();
    let page = String::from_utf8(page).unwrap();
    compare("docs/rule-lint.md", "checks", &page[page.find("| Code |").unwrap()..]);
}

#[test]
fn profiles_lists_every_field() {
    let targets = [Target::Achievements, Target::Outcomes, Target::Institutions, Target::Learners];
    let mut table = String::from("| field | what it is |");
    for target in targets {
        write!(table, " {} |", target.name()).unwrap();
    }
    table.push_str("\n|---|---|---|---|---|---|\n");
    for field in Field::ALL {
        write!(table, "| `{}` | {} |", field.name(), cell(field.meaning())).unwrap();
        for target in targets {
            let word = match (target.required().contains(field), target.allows(*field)) {
                (true, _) => "required",
                (_, true) => "yes",
                _ => "",
            };
            write!(table, " {word} |").unwrap();
        }
        table.push('\n');
    }
    compare("docs/profiles.md", "fields", &table);
}

#[test]
fn profiles_lists_every_scheme_of_identifiers() {
    let mut table = String::from(
        "| scheme | what it is | form | checked | a person has | source | read there |\n|---|---|---|---|---|---|---|\n",
    );
    for scheme in creditbank::domain::scheme::ALL {
        let verified = if scheme.verified { "yes" } else { "not verified at the source" };
        let checked = if scheme.checked.is_empty() { "the form only" } else { scheme.checked };
        let has = if scheme.single { "one, for life" } else { "perhaps several, for life" };
        writeln!(
            table,
            "| `{}` | {} | {} | {checked} | {has} | {} | {verified} |",
            scheme.name, scheme.title, scheme.form, scheme.citation
        )
        .unwrap();
    }
    compare("docs/profiles.md", "schemes", &table);
}

#[test]
fn the_page_on_grades_lists_every_fault() {
    let mut table = String::from("| code | what is wrong | what to do |\n|---|---|---|\n");
    for (_, code, meaning, remedy) in creditbank::intake::grading::CODES {
        writeln!(table, "| {code} | {} | {} |", cell(meaning), cell(remedy)).unwrap();
    }
    compare("docs/grades.md", "grade faults", &table);
}

#[test]
fn the_page_on_errors_lists_what_verify_finds() {
    let mut table = String::from("| code | what it means | what to do |\n|---|---|---|\n");
    for code in CODES {
        writeln!(table, "| {} | {} | {} |", code.code, cell(code.meaning), cell(code.remedy)).unwrap();
    }
    compare("docs/exit-codes-and-errors.md", "verify codes", &table);
}
