//! A first look at a partner's file, from which a profile is begun. No bank is needed.

pub use crate::intake::profile::Target;
pub use crate::intake::sketch::{ROWS, Sketch, draft};

use crate::domain::fault::{Exit, Fault, Result};
use crate::intake::fault::IntakeError;
use crate::intake::sketch::{Options, sketch};
use crate::intake::source::Source;
use std::path::Path;

/// Longest name of a profile.
const NAME: usize = 40;

/// What is asked of a first look.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The file, or `-` for standard input.
    pub file: &'a Path,
    /// Most rows to look at.
    pub rows: u64,
    /// What becomes of the rows: a target's name.
    pub target: Option<&'a str>,
    /// The profile's name; made from the file's where there is none.
    pub name: Option<&'a str>,
    /// The institution's code.
    pub institution: Option<&'a str>,
}

/// Looks at a file.
///
/// # Errors
/// `I111` or `I112` for a name that no profile can have and a target that does not exist; the code of the rule
/// that a file breaks which cannot be read.
pub fn look(request: &Request) -> Result<Sketch> {
    let fault = |error: IntakeError| {
        Fault::new(error.code(), format!("{}: {error}", request.file.display())).remedy(error.remedy())
    };
    let options = Options {
        rows: request.rows.max(1),
        target: request.target.map(target).transpose()?,
        name: name(request)?,
        institution: request.institution.map(str::trim).filter(|code| !code.is_empty()).map(str::to_owned),
        file: String::new(),
    };
    let source = Source::open(request.file).map_err(fault)?;
    sketch(&source, Options { file: source.name(), ..options }).map_err(fault)
}

fn target(name: &str) -> Result<Target> {
    let all = [Target::Achievements, Target::Outcomes, Target::Institutions, Target::Learners];
    all.into_iter().find(|target| target.name() == name).ok_or_else(|| {
        Fault::new("I112", format!("`{name}` is not a target"))
            .remedy("write achievements, outcomes, institutions or learners")
            .exit(Exit::Usage)
    })
}

fn name(request: &Request) -> Result<String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if let Some(name) = request.name {
        return match (1..=NAME).contains(&name.len()) && name.chars().all(fits) {
            true => Ok(name.to_owned()),
            false => Err(Fault::new("I111", format!("`{name}` cannot be a profile's name"))
                .remedy("choose 1 to 40 of a–z, 0–9 and -")
                .exit(Exit::Usage)),
        };
    }
    let stem = request.file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let stems = [stem.as_str(), request.institution.unwrap_or_default()];
    let plain = stems.map(|stem| {
        let words = stem.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let text = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
        text.chars().take(NAME).collect::<String>().trim_end_matches('-').to_owned()
    });
    Ok(plain.into_iter().find(|name| !name.is_empty()).unwrap_or_else(|| "draft".to_owned()))
}
