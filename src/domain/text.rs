//! Text as people write it: one Unicode form, no stray blanks, no control characters.

use std::borrow::Cow;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Brings a value into Unicode NFC and cuts blanks at its ends (the ideographic one included).
pub fn clean(text: &str) -> Cow<'_, str> {
    let trimmed = text.trim();
    if trimmed.is_ascii() || is_nfc_quick(trimmed.chars()) == IsNormalized::Yes {
        return Cow::Borrowed(trimmed);
    }
    Cow::Owned(trimmed.nfc().collect())
}

/// A key under which names that people hold for equal are equal: NFC, lower case, single blanks.
pub fn fold(text: &str) -> String {
    let words: Vec<String> =
        text.nfc().collect::<String>().split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

/// Shows control characters (and the bidirectional overrides) as visible escapes, so that no value
/// from a file can move the cursor, change the colours of a terminal or hide a line.
pub fn visible(text: &str) -> Cow<'_, str> {
    // Most texts are plain ASCII, which is looked at fastest byte by byte.
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) || !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_hidden(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// As [`visible`], but leaves line breaks: for messages of several lines.
pub fn visible_lines(text: &str) -> String {
    text.split('\n').map(visible).collect::<Vec<_>>().join("\n")
}

/// Cuts a text to `limit` characters for a message, marking the cut.
pub fn shorten(text: &str, limit: usize) -> String {
    let shown = visible(text);
    match shown.char_indices().nth(limit) {
        None => shown.into_owned(),
        Some((at, _)) => format!("{}…", &shown[..at]),
    }
}

/// The first of some names, and how many more there are: `A and 2 more`.
pub fn first_of<N: AsRef<str>>(names: &[N]) -> String {
    match names {
        [] => String::new(),
        [name] => name.as_ref().to_owned(),
        [name, others @ ..] => format!("{} and {} more", name.as_ref(), others.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_brought_into_one_form() {
        assert_eq!(clean("  Ann\u{e9} "), "Anné");
        assert_eq!(clean("Anne\u{301}"), "Anné");
        assert_eq!(clean("\u{3000}王小明\u{3000}"), "王小明");
        assert_eq!(fold("  MÜLLER   Jürgen"), fold("Müller Ju\u{308}rgen"));
    }

    #[test]
    fn nothing_from_a_file_commands_the_terminal() {
        assert_eq!(visible("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(visible("safe 文字"), "safe 文字");
        assert_eq!(shorten(&"x".repeat(50), 5), "xxxxx…");
    }
}
