//! Profiles of published layouts, built into the program.
//!
//! They leave open what only the bank knows, such as the institution's code. A partner's own profile
//! names the built-in one in `extends` and fills that in.

use super::{Profile, ProfileError};

/// A profile that the program brings with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Builtin {
    /// Its name.
    pub name: &'static str,
    /// Its TOML text.
    pub text: &'static str,
}

macro_rules! builtin {
    ($($name:literal),* $(,)?) => {
        /// The built-in profiles, by name.
        pub const ALL: &[Builtin] = &[
            $(Builtin { name: $name, text: include_str!(concat!("builtin/", $name, ".toml")) }),*
        ];
    };
}

builtin! {
    "cn-certificate-conversions",
    "cn-course-results",
    "cn-external-courses",
    "elmo",
    "in-abc-marksheets",
    "in-abc-subjects",
    "open-badges",
}

/// The built-in profile of that name.
pub fn find(name: &str) -> Option<&'static Builtin> {
    ALL.iter().find(|known| known.name == name)
}

impl Builtin {
    /// What it says, with fields left open.
    ///
    /// # Errors
    /// Never, unless the text is not a profile: the tests read them all.
    pub fn profile(&self) -> Result<Profile, ProfileError> {
        Profile::parse_open(self.text, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::profile::Field;

    #[test]
    fn every_built_in_profile_is_sound_but_for_what_it_leaves_open() {
        assert!(ALL.is_sorted_by(|a, b| a.name < b.name));
        for known in ALL {
            let profile = known.profile().unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(profile.name, known.name);
            assert!(profile.title.is_some() && profile.extends.is_none(), "{}", known.name);
            let alone = Profile::parse(known.text, known.name);
            assert_eq!(alone.is_ok(), profile.open.is_empty(), "{}", known.name);
            let value = |field: &Field| format!("{} = \"formal\"\n", field.name());
            let filled: String = profile.open.iter().map(value).collect();
            let own = format!("name = \"own\"\nextends = \"{}\"\n[constants]\n{filled}", known.name);
            Profile::parse(&own, "own.toml").unwrap_or_else(|error| panic!("{error}"));
        }
    }
}
