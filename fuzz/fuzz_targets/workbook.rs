//! Workbooks: xlsx, xls and ods, by what they begin with.
#![no_main]

mod common;

use creditbank::intake::profile::Profile;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static PROFILE: LazyLock<Profile> = LazyLock::new(|| {
    let text = include_str!("../../examples/riverside/lanjiang/profile.toml");
    let text: String = text.lines().filter(|line| !line.starts_with("encoding")).map(|line| format!("{line}\n")).collect();
    Profile::parse(&text, "profile.toml").expect("a profile")
});

fuzz_target!(|bytes: &[u8]| {
    let name = match bytes {
        [b'P', b'K', ..] if bytes.windows(8).any(|part| part == b"mimetype") => "book.ods",
        [b'P', b'K', ..] => "book.xlsx",
        _ => "book.xls",
    };
    common::checked(&PROFILE, common::file(name, bytes));
});
