//! Where the refused rows of each file go: into a file of its own, in its own layout.

use super::write::Setup;
use crate::domain::entry::FILE_DIGITS;
use crate::domain::fault::{Exit, Fault, Result};
use crate::intake::csv::Record;
use crate::intake::draft::Mapping;
use crate::intake::format::Format;
use crate::intake::incoming::Incoming;
use crate::intake::rejects::{RejectSheet, RejectWriter, Rejects};
use crate::intake::rules::Problem;
use crate::intake::source::STDIN;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Refused rows on their way, by file of the delivery.
#[derive(Default)]
pub struct RejectFiles {
    begun: BTreeMap<usize, (PathBuf, Rejects<NamedTempFile>)>,
}

/// Refuses one name for the refused rows of several files: each has columns of its own.
///
/// # Errors
/// `I205` where one was given.
pub fn check_one(rejects: Option<&PathBuf>, files: usize) -> Result<()> {
    if rejects.is_none() || files == 1 {
        return Ok(());
    }
    Err(Fault::new("I205", format!("--rejects names one file, and {files} files are imported"))
        .why("the refused rows of each go back in its own columns and order")
        .remedy("leave --rejects out: they go beside each file; or import the files one by one")
        .exit(Exit::Usage))
}

impl RejectFiles {
    /// Writes a refused row where those of its file go; that file is begun with the first.
    ///
    /// # Errors
    /// `I203` where it cannot be written.
    pub fn write(
        &mut self,
        setup: &Setup,
        mapping: &Mapping,
        record: &Record,
        problems: &[Problem],
        file: usize,
    ) -> Result<()> {
        if !self.begun.contains_key(&file) {
            let begun = self.begin(setup, mapping, file)?;
            self.begun.insert(file, begun);
        }
        match self.begun.get_mut(&file) {
            Some((path, rows)) => {
                let hash = &setup.delivered.sources()?[file].sha256;
                let row = format!("{}:{}", &hash[..FILE_DIGITS.min(hash.len())], record.line());
                rows.write(record, problems, &row).map_err(|error| unwritten(path, &error))
            }
            None => Ok(()),
        }
    }

    fn begin(
        &self,
        setup: &Setup,
        mapping: &Mapping,
        file: usize,
    ) -> Result<(PathBuf, Rejects<NamedTempFile>)> {
        let target = self.path(setup, file);
        let reading = &setup.delivered.files[file].reading;
        let fault = |error: std::io::Error| unwritten(&target, &error);
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        let begun = NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(fault)?;
        let rejects = match is_sheet(setup, file) {
            true => Rejects::Sheet(Box::new(RejectSheet::new(begun, mapping, reading).map_err(fault)?)),
            false => Rejects::Text(RejectWriter::new(begun, mapping, reading).map_err(fault)?),
        };
        Ok((target, rejects))
    }

    /// What was named, or a name beside the file that is no file yet: an earlier one may be half mended.
    fn path(&self, setup: &Setup, file: usize) -> PathBuf {
        if let Some(path) = &setup.request.rejects {
            return path.clone();
        }
        let source = &setup.request.files[file];
        let extension = if is_sheet(setup, file) { "xlsx" } else { "csv" };
        let name = match source.as_os_str() == STDIN {
            true => PathBuf::from("standard-input"),
            false => {
                let packed = source.extension().is_some_and(|extension| extension == "gz");
                let unpacked = if packed { source.with_extension("") } else { source.clone() };
                source.with_file_name(unpacked.file_stem().unwrap_or_default())
            }
        };
        let taken = |path: &PathBuf| path.exists() || self.begun.values().any(|(known, _)| known == path);
        let numbered = |number: u32| {
            let mut path = name.clone().into_os_string();
            let number = if number == 1 { String::new() } else { format!(".{number}") };
            path.push(format!(".refused{number}.{extension}"));
            PathBuf::from(path)
        };
        (1..).map(numbered).find(|path| !taken(path)).unwrap_or_default()
    }

    /// Puts the files in their places, now that the batch stands.
    ///
    /// # Errors
    /// `I203` where one cannot be written.
    pub fn keep(self, setup: &Setup) -> Result<Vec<PathBuf>> {
        let mut kept = Vec::with_capacity(self.begun.len());
        for (target, rejects) in self.begun.into_values() {
            let fault = |error: std::io::Error| {
                Fault::new(
                    "I203",
                    format!(
                        "the batch was committed, but its refused rows cannot be written to {}: {error}",
                        target.display()
                    ),
                )
                .remedy("see them with `creditbank report open-items`")
            };
            let read_as = |file: &NamedTempFile| {
                Some(Incoming::open(file.path(), setup.request.profile).ok()?.reading.encoding)
            };
            let file = rejects.finish(read_as).map_err(fault)?;
            file.persist(&target).map_err(|error| fault(error.error))?;
            kept.push(target);
        }
        Ok(kept)
    }
}

fn unwritten(path: &Path, error: &std::io::Error) -> Fault {
    Fault::new("I203", format!("refused rows cannot be written to {}: {error}", path.display()))
        .remedy("name another file with --rejects")
}

/// Whether the refused rows of a file go into a workbook: where it is one, its profile takes such a one back, and nobody
/// named a file of another sort.
fn is_sheet(setup: &Setup, file: usize) -> bool {
    let is_named = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "xlsx");
    setup.delivered.files[file].reading.format.is_spreadsheet()
        && matches!(setup.request.profile.file.format, None | Some(Format::Xlsx))
        && setup.request.rejects.as_ref().is_none_or(is_named)
}
