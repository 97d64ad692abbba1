//! The forms in which a rule book is written: the ending of the file says which.

use crate::cli::output::usage;
use crate::domain::fault::{Fault, Result};
use crate::domain::rule::{Cap, Rule};
use crate::intake::rulebook::{to_toml, write_csv};
use std::path::Path;

/// A form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Toml,
    Csv,
    /// Transfer Value Profiles of CTDL.
    JsonLd,
}

impl Form {
    fn ending(self) -> &'static str {
        match self {
            Form::Toml => "toml",
            Form::Csv => "csv",
            Form::JsonLd => "jsonld",
        }
    }

    /// The form of a file, one of several.
    ///
    /// # Errors
    /// `R304` where it ends with none of them.
    pub fn of(path: &Path, forms: &[Form]) -> Result<Form> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        forms.iter().copied().find(|form| Some(form.ending()) == ending.as_deref()).ok_or_else(|| {
            let known: Vec<String> = forms.iter().map(|form| format!(".{}", form.ending())).collect();
            usage(
                "R304",
                format!("{} does not end with {}", path.display(), known.join(" or ")),
                "end the name of the file with the form that it is to have",
            )
        })
    }

    /// A rule book in the form, which is one of its own: TOML or CSV.
    ///
    /// # Errors
    /// `R303` where it cannot be written.
    pub fn book(self, name: &str, caps: &[Cap], rules: &[Rule]) -> Result<Vec<u8>> {
        if self != Form::Csv {
            return Ok(to_toml(name, None, [], caps, rules).into_bytes());
        }
        let mut bytes = Vec::new();
        write_csv(&mut bytes, caps, rules)
            .map_err(|error| Fault::new("R303", format!("book {name} cannot be written: {error}")))?;
        Ok(bytes)
    }
}

/// Writes a file that an option names.
///
/// # Errors
/// `R303` where it cannot be written.
pub fn write_file(path: &Path, option: &str, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).map_err(|error| {
        Fault::new("R303", format!("{} cannot be written: {error}", path.display()))
            .remedy(format!("name another file with {option}"))
    })
}
