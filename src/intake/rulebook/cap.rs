//! Checks the caps of a book: limits that several of its rules share.

use super::check::Checker;
use super::raw::{Key, Raw};
use super::{Check, Placed, is_book_name, shown};
use crate::domain::credits::{Credits, DecimalMark};
use crate::domain::outcome::Kind;
use crate::domain::rule::Cap;

/// What a cap says something about.
const KEYS: &[Key] = &[Key::Cap, Key::Credits, Key::System, Key::ToInstitution, Key::Kinds, Key::Reference];

impl Checker {
    /// Checks one cap and keeps it.
    pub(super) fn cap(&mut self, raw: &Raw<'_>) {
        let Some(name) = raw.get(Key::Cap).filter(|name| is_book_name(&name.text)) else {
            let why = "rules ask for it by its name";
            return self.faults.add(raw.at, None, Check::CapUnnamed, "bad name of a cap", why);
        };
        if let Some(first) = self.caps.iter().find(|known| known.value.name == name.text) {
            let why = format!("line {} defines it", first.at.line);
            let what = format!("cap {} is defined again", shown(&name.text));
            self.faults.add(name.at, None, Check::CapTwice, what, why);
        }
        for (key, cell) in raw.said().filter(|(key, _)| !KEYS.contains(key)) {
            let what = format!("cap {} has {}", shown(&name.text), key.name());
            self.faults.add(cell.at, None, Check::CapStray, what, "it is no rule");
        }
        let text = |key: Key| raw.get(key).map(|cell| cell.text.to_string());
        let credits =
            raw.get(Key::Credits).and_then(|cell| Credits::parse(&cell.text, DecimalMark::Point).ok());
        let (Some(credits), Some(system)) = (credits, text(Key::System)) else {
            let what = format!("cap {} has no limit", shown(&name.text));
            let why = "it needs an amount and its credit system";
            return self.faults.add(raw.at, None, Check::CapUnbounded, what, why);
        };
        let mut kinds = Vec::new();
        for cell in &raw.kinds {
            match Kind::from_name(&cell.text) {
                Some(kind) => kinds.push(kind),
                None => {
                    let known = Kind::ALL.map(Kind::name);
                    self.faults.add_unknown(cell.at, None, Check::UnknownKind, ("kind", &cell.text), &known);
                }
            }
        }
        let target = text(Key::ToInstitution);
        let reference = text(Key::Reference).unwrap_or_default();
        let cap = Cap { name: name.text.to_string(), credits, system, kinds, target, reference };
        self.caps.push(Placed { value: cap, at: raw.at });
    }
}
