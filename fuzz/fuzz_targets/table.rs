//! Tables as text, packed or not, under profiles of every shape; the first byte picks the profile.
#![no_main]

mod common;

use creditbank::intake::profile::Profile;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

const TEXTS: &[&str] = &[
    include_str!("../../examples/workload/profile.toml"),
    include_str!("../../examples/riverside/lanjiang/profile.toml"),
    include_str!("../../examples/riverside/silbersee/profile.toml"),
    include_str!("../../examples/riverside/beyond-school/profile.toml"),
    include_str!("../../examples/riverside/catalogue.toml"),
    include_str!("../../examples/open-university/profile.toml"),
    include_str!("../../examples/open-university/outcomes.toml"),
    include_str!("../../examples/formats/china/courses.toml"),
    include_str!("../../examples/formats/china/certificates.toml"),
    include_str!("../../examples/formats/china/external.toml"),
    include_str!("../../examples/formats/india/marksheets.toml"),
    include_str!("../../examples/formats/india/catalogue.toml"),
    // What is not said is found in the file, and rows may stand above others.
    "name = 'found'\ntarget = 'achievements'\n[columns]\nlearner = 'l'\noutcome = 'o'\nperiod = 'p'\ncredits = 'c'\n\
     part_of = 'w'\n[constants]\ninstitution = 'I'\nsystem = 'ECTS'\nkind = 'formal'\n[part]\nof = 'outcome'\n\
     by = ['learner']\n[dates]\nformats = ['YYYY-MM-DD', 'D.M.YYYY', 'YYYYMM']\n[learner]\nunknown = 'create'\n\
     [outcome]\nunknown = 'create'\n[institution]\nunknown = 'create'\n",
];

static PROFILES: LazyLock<Vec<Profile>> = LazyLock::new(|| {
    TEXTS.iter().map(|text| Profile::parse(text, "profile.toml").expect("a profile")).collect()
});

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let profile = &PROFILES[usize::from(*first) % PROFILES.len()];
    common::checked(profile, common::file("table.csv", rest));
});
