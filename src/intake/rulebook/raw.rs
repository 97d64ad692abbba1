//! A rule as its file has it: texts under keys, whichever form the file has.

use super::{Check, Collector, Place, shown};
use crate::domain::text;
use std::borrow::Cow;

/// Longest value, in characters.
const LONGEST: usize = 500;

macro_rules! keys {
    ($($name:ident $text:literal),* $(,)?) => {
        /// What a rule says something about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Key {
            $($name,)*
        }

        impl Key {
            /// All keys, in the order in which a table has them.
            pub(super) const ALL: &'static [Key] = &[$(Key::$name),*];
            /// Their names.
            pub(super) const NAMES: &'static [&'static str] = &[$($text),*];
        }
    };
}

keys! {
    Id "id", Cap "cap",
    FromSystem "from_system", FromInstitution "from_institution", FromOutcome "from_outcome",
    ToSystem "to_system", ToInstitution "to_institution", ToOutcome "to_outcome", ToCategory "to_category",
    System "system",
    Ratio "ratio", Credits "credits", CreditsLow "credits_low", CreditsHigh "credits_high", Deny "deny",
    Rounding "rounding", Step "step", Priority "priority", Most "most", Caps "caps",
    MinGrade "min_grade", Scale "scale", MinScore "min_score", MaxScore "max_score",
    Framework "framework", MinLevel "min_level", MinHours "min_hours", Kinds "kinds",
    MaxAge "max_age", Accredited "accredited", Attributes "attributes",
    ValidFrom "valid_from", ValidTo "valid_to", TakenFrom "taken_from", TakenTo "taken_to",
    Authority "authority", Reference "reference",
    SenderApproval "sender_approval", ReceiverApproval "receiver_approval",
}

/// How many keys there are.
const KEYS: usize = Key::ALL.len();

impl Key {
    /// The key's name, which is its column's.
    pub(super) fn name(self) -> &'static str {
        Key::NAMES[self as usize]
    }

    /// The key of that name.
    pub(super) fn from_name(name: &str) -> Option<Key> {
        Key::NAMES.iter().position(|known| *known == name).map(|at| Key::ALL[at])
    }
}

/// A value and its place.
#[derive(Debug, Clone)]
pub(super) struct Cell<'a> {
    /// The value, in Unicode NFC and without blanks around it.
    pub(super) text: Cow<'a, str>,
    /// Where it stands.
    pub(super) at: Place,
}

/// A rule's texts.
#[derive(Debug)]
pub(super) struct Raw<'a> {
    /// Where the rule begins.
    pub(super) at: Place,
    cells: [Option<Cell<'a>>; KEYS],
    /// The kinds of learning, one a cell.
    pub(super) kinds: Vec<Cell<'a>>,
    /// The names of caps, one a cell.
    pub(super) caps: Vec<Cell<'a>>,
}

impl<'a> Raw<'a> {
    /// A rule that says nothing yet.
    pub(super) fn new(at: Place) -> Raw<'a> {
        Raw { at, cells: [const { None }; KEYS], kinds: Vec::new(), caps: Vec::new() }
    }

    /// What the rule says under a key.
    pub(super) fn get(&self, key: Key) -> Option<&Cell<'a>> {
        self.cells[key as usize].as_ref()
    }

    /// The keys under which it says something, but lists.
    pub(super) fn said(&self) -> impl Iterator<Item = (Key, &Cell<'a>)> {
        Key::ALL.iter().filter_map(|key| Some((*key, self.get(*key)?)))
    }

    /// The rule's id, where it has one.
    pub(super) fn id(&self) -> Option<&str> {
        self.get(Key::Id).map(|cell| cell.text.as_ref())
    }

    /// Keeps a value under its key; blanks alone are no value.
    pub(super) fn set(&mut self, key: Key, text: Cow<'a, str>, at: Place, faults: &mut Collector) {
        // Most cells of a wide table are empty.
        if text.is_empty() {
            return;
        }
        let Some(text) = proper(text, self.id(), key.name(), at, faults) else { return };
        let cell = Cell { text, at };
        match key {
            Key::Kinds | Key::Caps => {
                let list = if key == Key::Kinds { &mut self.kinds } else { &mut self.caps };
                let words = cell.text.split_whitespace();
                list.extend(words.map(|word| Cell { text: Cow::Owned(word.to_owned()), at }));
            }
            _ => self.cells[key as usize] = Some(cell),
        }
    }
}

/// A value in its one form; nothing where it is blank or unfit, which is a fault.
pub(super) fn proper<'a>(
    text: Cow<'a, str>,
    rule: Option<&str>,
    name: &str,
    at: Place,
    faults: &mut Collector,
) -> Option<Cow<'a, str>> {
    let text = match text {
        Cow::Borrowed(text) => text::clean(text),
        Cow::Owned(text) => Cow::Owned(text::clean(&text).into_owned()),
    };
    if text.is_empty() {
        return None;
    }
    let why = if text::visible(&text) != text {
        "it holds a control or invisible character"
    } else if text.len() > LONGEST && text.chars().count() > LONGEST {
        "it is longer than 500 characters"
    } else {
        return Some(text);
    };
    faults.add(at, rule, Check::BadText, format!("bad {name} {}", shown(&text)), why);
    None
}
