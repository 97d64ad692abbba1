//! Procedures that the program brings with it, each span with its source.

use super::Procedure;

/// Their names and texts, by name.
pub const ALL: &[(&str, &str)] = &[
    ("lisbon-2010", include_str!("builtin/lisbon-2010.toml")),
    ("us-co-community-colleges", include_str!("builtin/us-co-community-colleges.toml")),
    ("us-md-transfer", include_str!("builtin/us-md-transfer.toml")),
];

/// The text of one.
pub fn find(name: &str) -> Option<&'static str> {
    ALL.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// What one says; none where there is no such.
pub fn procedure(name: &str) -> Option<Procedure> {
    Procedure::parse(find(name)?, name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_procedure_is_sound_and_names_its_sources() {
        assert!(ALL.is_sorted());
        for (name, text) in ALL {
            let procedure = Procedure::parse(text, name).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(procedure.name, *name);
            assert!(procedure.title.is_some() && text.contains("citation"), "{name}");
        }
    }
}
