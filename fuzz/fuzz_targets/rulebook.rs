//! Rule books in both forms: what was read and written again reads as the same.
#![no_main]

use creditbank::domain::rule::Rule;
use creditbank::intake::rulebook::{BookFile, ScaleDef, parse_csv, parse_toml, to_toml};
use libfuzzer_sys::fuzz_target;

fn said(book: &BookFile) -> (Vec<&ScaleDef>, Vec<&Rule>) {
    let scales = book.scales.iter().map(|placed| &placed.value).collect();
    (scales, book.rules.iter().map(|placed| &placed.value).collect())
}

fuzz_target!(|text: &str| {
    if let Ok(book) = parse_toml(text, "rules.toml") {
        let (scales, rules) = said(&book);
        let caps = book.caps.iter().map(|cap| &cap.value);
        let written = to_toml(&book.book, book.title.as_deref(), scales.iter().copied(), caps, rules.iter().copied());
        let again = parse_toml(&written, "written.toml").expect("what was written can be read");
        assert_eq!(said(&again), (scales, rules), "{written}");
    }
    let _ = parse_csv(text.as_bytes(), "rules.csv", Some("book"));
});
