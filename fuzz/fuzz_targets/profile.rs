//! Import profiles.
#![no_main]

use creditbank::intake::profile::Profile;
use creditbank::intake::profile::diff::differences;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(profile) = Profile::parse(text, "profile.toml") {
        let again = Profile::parse(text, "profile.toml").expect("it was read before");
        assert!(differences(&profile, &again).is_empty());
    }
});
