//! A first look at a file of any kind: the draft that it gives is a profile, or its faults are told.
#![no_main]

mod common;

use creditbank::intake::profile::Profile;
use creditbank::ops::sketch::{Request, draft, look};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let file = common::file("sent", bytes);
    let request = Request { file: &file, rows: 1_000, target: None, name: None, institution: Some("X") };
    if let Ok(sketch) = look(&request) {
        let _ = Profile::parse(&draft(&sketch), "draft.toml");
    }
});
