//! Searching names: case, width and blanks make no difference, in any script.

use super::usage;
use crate::domain::fault::Result;
use crate::domain::text::fold;
use unicode_normalization::UnicodeNormalization;

/// What is searched for.
#[derive(Debug, Clone)]
pub struct Needle {
    whole: String,
    words: Vec<String>,
}

/// A key under which texts are equal that people hold for equal; the full-width forms of Chinese and
/// Japanese typing are those of ASCII.
fn key(text: &str) -> String {
    fold(&text.nfkc().collect::<String>())
}

impl Needle {
    /// What a text asks for.
    ///
    /// # Errors
    /// `G101` where it is empty.
    pub fn new(text: &str) -> Result<Needle> {
        let whole = key(text);
        if whole.is_empty() {
            return Err(usage("G101", "there is nothing to find", "give a name, a code or part of one"));
        }
        let words = whole.split(' ').map(str::to_owned).collect();
        Ok(Needle { whole, words })
    }

    /// Whether every word of it, in any order, is part of the text.
    pub fn within(&self, text: &str) -> bool {
        let text = key(text);
        self.words.iter().all(|word| text.contains(word.as_str()))
    }

    /// Whether it is the whole text.
    pub fn is(&self, text: &str) -> bool {
        key(text) == self.whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_width_and_order_make_no_difference() {
        let cases = [
            ("open uni", "The Open University", true),
            ("university open", "The Open University", true),
            ("ＯＰＥＮ", "The Open University", true),
            ("开放大学", "国家开放大学", true),
            ("王 Anna", "Anna 王小明", true),
            ("mu\u{308}ller", "MÜLLER", true),
            ("ｸﾞ", "グ", true),
            ("北大", "北京大学", false),
        ];
        for (needle, text, expected) in cases {
            assert_eq!(Needle::new(needle).unwrap().within(text), expected, "{needle} in {text}");
        }
        assert!(Needle::new("０００１２３").unwrap().is("000123"));
        assert!(!Needle::new("123").unwrap().is("000123"));
        assert!(Needle::new("　 ").is_err());
    }
}
