//! Where a command's data goes, and in which shape.

use crate::domain::fault::{Exit, Fault, Result};
use crate::domain::text::visible_lines;
use crate::render::{self, Format};
use crate::report::{Meta, Sink};
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::io::{ErrorKind, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

/// Columns of a table where neither a terminal nor `COLUMNS` says how wide it may be.
const WIDTH: u16 = 120;

/// Shape and place of the data
#[derive(Debug, Clone, clap::Args)]
pub struct Output {
    /// Shape of the data: table, csv, json, ndjson or markdown [default: by the name of --output, else table]
    #[arg(long, short, value_name = "FORMAT")]
    format: Option<String>,
    /// Write the data to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Whether an existing file is left alone and the command refused.
    #[arg(skip)]
    only_new: bool,
}

impl Output {
    /// Output that a command asks for in its own words.
    pub fn new(format: Option<&str>, output: Option<PathBuf>, only_new: bool) -> Output {
        Output { format: format.map(str::to_owned), output, only_new }
    }

    /// True where the name of the file says in which shape the data is wanted.
    pub fn is_named_by_file(&self) -> bool {
        self.output.as_ref().is_some_and(|path| Format::of_file(&path.to_string_lossy()).is_some())
    }

    fn format(&self) -> Result<Format> {
        if let Some(name) = &self.format {
            return name.parse();
        }
        let by_name = self.output.as_ref().and_then(|path| Format::of_file(&path.to_string_lossy()));
        Ok(by_name.unwrap_or(Format::Table))
    }

    /// The file that was named.
    pub fn path(&self) -> Option<&Path> {
        self.output.as_deref()
    }

    /// True where people read the data.
    pub fn is_table(&self) -> Result<bool> {
        Ok(self.format()? == Format::Table)
    }

    /// True where a program reads the data: json or ndjson.
    pub fn is_json(&self) -> Result<bool> {
        Ok(matches!(self.format()?, Format::Json | Format::Ndjson))
    }

    /// Where the data goes: the file asked for, or standard output.
    pub fn writer(&self) -> Result<Box<dyn Write>> {
        match &self.output {
            None => Ok(Box::new(std::io::stdout().lock())),
            Some(path) if path.as_os_str() == "-" => Ok(Box::new(std::io::stdout().lock())),
            Some(path) => {
                check_no_database(path)?;
                let file = match self.only_new {
                    true => File::create_new(path),
                    false => File::create(path),
                };
                let file = file.map_err(|error| {
                    let remedy = match error.kind() {
                        ErrorKind::AlreadyExists => "name another file, or move this one away",
                        _ => "name a file in a folder that can be written",
                    };
                    Fault::new("C103", format!("{} cannot be written: {error}", path.display()))
                        .remedy(remedy)
                })?;
                Ok(Box::new(file))
            }
        }
    }

    /// Lets a report write itself, and shows on standard error what its shape has no room for.
    pub fn write(&self, report: impl FnOnce(&mut dyn Sink) -> Result<()>) -> Result<()> {
        let mut sink = render::sink(self.format()?, self.writer()?, width());
        match report(sink.as_mut()) {
            Err(fault) if fault.code == render::READER_GONE => Ok(()),
            Err(fault) => Err(fault),
            Ok(()) => {
                for line in sink.unsaid() {
                    eprintln!("{}", visible_lines(&line));
                }
                Ok(())
            }
        }
    }
}

/// The width of tables.
fn width() -> Option<u16> {
    let set = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    // Some shells say 0 where they do not know.
    let set = set.filter(|columns| *columns > 0);
    if set.is_some() {
        return set;
    }
    if std::io::stdout().is_terminal() {
        return console_width().or(Some(WIDTH));
    }
    None
}

fn console_width() -> Option<u16> {
    let (_, columns) = console::Term::stdout().size_checked()?;
    (columns > 0).then_some(columns)
}

/// What begins every SQLite database.
const DATABASE: &[u8] = b"SQLite format 3\0";

/// A report never replaces a database: it may be somebody's ledger.
fn check_no_database(path: &Path) -> Result<()> {
    // A pipe or a terminal is no file to look into: reading it would wait, or take what is another's.
    if !path.is_file() {
        return Ok(());
    }
    let mut start = [0; DATABASE.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    match read.is_ok() && start == DATABASE {
        true => Err(usage(
            "C112",
            format!("{} is a database, and would be replaced", path.display()),
            "name another file",
        )),
        false => Ok(()),
    }
}

/// Refuses files to write, each with its option, that are also read, that two options name, or that cannot be written,
/// before anything is done.
///
/// # Errors
/// `C112` where one would replace what is read, or another of them; `C103` where one cannot be written.
pub fn check_outputs(outputs: &[(&str, Option<&Path>)], inputs: &[(&str, &Path)]) -> Result<()> {
    let real = |path: &Path| -> Option<PathBuf> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        path.canonicalize().ok().or_else(|| Some(folder.canonicalize().ok()?.join(path.file_name()?)))
    };
    let mut named: Vec<(&str, PathBuf)> =
        inputs.iter().filter_map(|(what, path)| Some((*what, real(path)?))).collect();
    for (option, path) in outputs {
        let Some(path) = path.filter(|path| path.as_os_str() != "-") else { continue };
        check_no_database(path)?;
        let fault = |error: std::io::Error| {
            Fault::new("C103", format!("{} cannot be written: {error}", path.display()))
                .remedy(format!("name a file in a folder that can be written with {option}"))
        };
        let existed = path.exists();
        if existed && !path.is_file() && !path.is_dir() {
            continue;
        }
        std::fs::OpenOptions::new().append(true).create(true).open(path).map_err(fault)?;
        let own = real(path);
        if !existed {
            let _ = std::fs::remove_file(path);
        }
        let Some(own) = own else { continue };
        if let Some((what, _)) = named.iter().find(|(_, known)| *known == own) {
            return Err(usage(
                "C112",
                format!("{option} names {}, which is {what}", path.display()),
                "name another file",
            ));
        }
        named.push((option, own));
    }
    Ok(())
}

/// What a command says of itself where it is no report over the ledger.
pub fn meta(report: &'static str, context: &super::context::Context) -> Meta {
    Meta { report, moment: context.actor.now.to_string(), ..Meta::default() }
}

/// A usage fault of a value on the command line.
pub fn usage(code: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Fault {
    Fault::new(code, what).remedy(remedy).exit(Exit::Usage)
}

/// A progress bar on a terminal, and nothing elsewhere.
pub fn progress(template: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(template);
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
