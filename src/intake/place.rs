//! Places in a text, and what faults of every TOML file have in common.

use super::fault::nearest;

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Place {
    /// Line, from 1.
    pub line: u64,
    /// Column from 1: the character in a text, the field in a table.
    pub column: u32,
}

/// Where the lines of a text start.
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(text: &'a str) -> Lines<'a> {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Lines { text, starts: std::iter::once(0).chain(breaks).collect() }
    }

    /// The place of a byte of the text.
    pub(crate) fn place(&self, offset: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let before = self.text.get(self.starts[line - 1]..offset).unwrap_or_default();
        Place { line: line as u64, column: before.chars().count() as u32 + 1 }
    }
}

/// What the TOML reader says, on one line, and what puts it right.
pub(crate) fn toml_message(error: &toml::de::Error) -> (String, &'static str) {
    let message = error.message().replace('\n', ", ");
    let remedy = match message.split('`').next().unwrap_or_default().trim() {
        "unknown field" => "remove it or correct its spelling",
        "unknown variant" => "use one of these words",
        "missing field" => "add it",
        _ => "correct it",
    };
    (message, remedy)
}

/// Why a word is unknown, and the known word that was probably meant.
pub(crate) fn unknown_word(word: &str, known: &[&str]) -> (String, String) {
    let why = format!("it is none of {}", known.join(", "));
    let remedy = match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "use one of these".into(),
    };
    (why, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let lines = Lines::new("学分\nab\r\n\n");
        let cases =
            [(0, (1, 1)), (3, (1, 2)), (7, (2, 1)), (9, (2, 3)), (11, (3, 1)), (12, (4, 1)), (99, (4, 1))];
        for (offset, (line, column)) in cases {
            assert_eq!(lines.place(offset), Place { line, column }, "{offset}");
        }
        assert_eq!(Lines::new("").place(0), Place { line: 1, column: 1 });
    }
}
