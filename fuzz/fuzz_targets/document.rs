//! Transcripts in XML and credentials in JSON, under the built-in profiles.
#![no_main]

mod common;

use creditbank::intake::profile::Profile;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

fn own(extends: &str) -> Profile {
    let text = format!("name = 'own'\nextends = '{extends}'\n");
    Profile::parse(&text, "profile.toml").expect("a profile")
}

static XML: LazyLock<Profile> = LazyLock::new(|| own("elmo"));
static JSON: LazyLock<Profile> = LazyLock::new(|| own("open-badges"));

fuzz_target!(|bytes: &[u8]| {
    let begins = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    match begins {
        Some(b'{' | b'[' | b'"') => common::checked(&JSON, common::file("credential.json", bytes)),
        _ => common::checked(&XML, common::file("transcript.xml", bytes)),
    };
});
