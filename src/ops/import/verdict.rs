//! What became of each row of an import, for whoever sent it.

use crate::domain::entry::{EntryId, RowPlace};
use crate::domain::fault::Result;
use crate::intake::rules::{Problem, Rule};
use crate::ops::post::Standing;
use crate::ops::post::origin::Origins;
use crate::report::{Cell, Column, Sink};
use crate::store::Read;
use std::collections::{BTreeMap, BTreeSet};

/// Rows that are not new and that are named where nobody asked for all.
const FEW: usize = 10;

/// The columns of a verdict.
pub const COLUMNS: [Column; 10] = [
    Column::text("file", "File"),
    Column::number("line", "Line"),
    Column::number("result", "Result"),
    Column::text("verdict", "Verdict"),
    Column::number("entry", "Entry"),
    Column::text("batch", "Batch"),
    Column::text("of_file", "In file"),
    Column::number("of_line", "Of line"),
    Column::text("rule", "Rule"),
    Column::text("reason", "Reason"),
];

/// Which of the verdicts a report has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// The first of those about which nothing else is said.
    Few,
    /// All that were kept.
    Whole,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Became {
    /// It is new and was taken.
    New,
    /// It is new, and another result in its outcome gives the credit.
    NotCounted,
    /// It is new, and took the credit from a result that was recorded before.
    Replaces,
    /// It is new, and stands instead of what it corrects.
    Corrected,
    /// The same stands already.
    Already,
    /// It says what was corrected since.
    Outdated,
    /// It says more of an achievement that another row records.
    Joined,
    /// What stands contradicts it.
    Conflict,
    /// It cannot be taken.
    Refused,
}

impl Became {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Became::New => "new",
            Became::NotCounted => "not counted",
            Became::Replaces => "counts instead",
            Became::Corrected => "corrected",
            Became::Already => "already recorded",
            Became::Outdated => "corrected since",
            Became::Joined => "joined",
            Became::Conflict => "conflict",
            Became::Refused => "refused",
        }
    }

    /// Neither taken nor among the findings, so that it is named in any case.
    fn is_silent(self) -> bool {
        !matches!(self, Became::New | Became::Conflict | Became::Refused)
    }
}

/// Why a row became what it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Why {
    /// What stands in its place, and the batch of that; none of this import's own.
    of: Option<(Standing, Option<i64>)>,
    rules: String,
    reason: String,
}

/// The verdict on a row.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    file: u32,
    became: Became,
    /// Number of its place in the file.
    place: i64,
    entry: Option<EntryId>,
    why: Option<Box<Why>>,
}

/// The verdicts on the rows of an import: all where they are asked for, else the first of those about
/// which nothing else is said.
#[derive(Debug, Clone, Default)]
pub struct Verdicts {
    all: bool,
    rows: Vec<Row>,
    /// Rows that would have been named as well.
    more: u64,
    /// Rows that what stands contradicts.
    conflicts: u64,
    /// Names of the files of earlier batches.
    sources: BTreeMap<i64, Vec<String>>,
}

impl Verdicts {
    /// An empty list, of all rows or of a few.
    pub fn new(all: bool) -> Verdicts {
        Verdicts { all, ..Verdicts::default() }
    }

    fn add(&mut self, row: Row) {
        match self.all || (row.became.is_silent() && self.rows.len() < FEW) {
            true => self.rows.push(row),
            false => self.more += u64::from(row.became.is_silent()),
        }
    }

    /// A row that was taken, as this entry where it has one of its own.
    pub fn new_row(&mut self, file: i64, place: i64, entry: Option<EntryId>) {
        if self.all {
            self.add(Row { file: file as u32, became: Became::New, place, entry, why: None });
        }
    }

    /// A row of which the same stands; with the place where that was recorded, where it has one.
    pub fn already(&mut self, file: i64, place: i64, standing: Option<Standing>) {
        self.instead(Became::Already, file, place, standing);
    }

    /// A row of which something stands, or stood: what is recorded, where it has a place.
    pub fn instead(&mut self, became: Became, file: i64, place: i64, standing: Option<Standing>) {
        if !self.all && self.rows.len() >= FEW {
            self.more += 1;
            return;
        }
        let why = standing.map(|standing| Box::new(Why { of: Some((standing, None)), ..Why::default() }));
        let entry = standing.map(|standing| standing.entry);
        self.add(Row { file: file as u32, became, place, entry, why });
    }

    /// A row that was taken as this entry and corrects what stood, and how they differ.
    pub fn corrected(&mut self, file: i64, place: i64, entry: EntryId, old: Standing, how: &str) {
        let why = Why { of: Some((old, None)), reason: how.to_owned(), ..Why::default() };
        let (file, became) = (file as u32, Became::Corrected);
        self.add(Row { file, became, place, entry: Some(entry), why: Some(Box::new(why)) });
    }

    /// New rows instead of which others count: each with that one, by entry.
    pub fn not_counted(&mut self, rows: &BTreeMap<EntryId, (Standing, Standing)>) {
        let why = |by: Standing| {
            let reason = format!("entry {} counts", by.entry);
            Some(Box::new(Why { of: Some((by, None)), reason, ..Why::default() }))
        };
        if !self.all {
            for (own, by) in rows.values() {
                let (file, place, entry) = (own.file as u32, own.line, Some(own.entry));
                self.add(Row { file, became: Became::NotCounted, place, entry, why: why(*by) });
            }
            return;
        }
        for row in self.rows.iter_mut().filter(|row| row.became == Became::New) {
            if let Some((_, by)) = row.entry.and_then(|entry| rows.get(&entry)) {
                (row.became, row.why) = (Became::NotCounted, why(*by));
            }
        }
    }

    /// New rows that count instead of what earlier batches recorded: by the entry of that, that and the row.
    pub fn replaces(&mut self, rows: &BTreeMap<EntryId, (Standing, Standing)>) {
        let why = |old: Standing| {
            let reason = format!("entry {} no longer counts", old.entry);
            Some(Box::new(Why { of: Some((old, None)), reason, ..Why::default() }))
        };
        if !self.all {
            let corrections: BTreeSet<_> = self.rows.iter().filter_map(|row| row.entry).collect();
            for (old, by) in rows.values().filter(|(_, by)| !corrections.contains(&by.entry)) {
                let (file, place, entry) = (by.file as u32, by.line, Some(by.entry));
                self.add(Row { file, became: Became::Replaces, place, entry, why: why(*old) });
            }
            return;
        }
        let olds: BTreeMap<EntryId, Standing> = rows.values().map(|(old, by)| (by.entry, *old)).collect();
        for row in self.rows.iter_mut().filter(|row| row.became == Became::New) {
            if let Some(old) = row.entry.and_then(|entry| olds.get(&entry)) {
                (row.became, row.why) = (Became::Replaces, why(*old));
            }
        }
    }

    /// A row that says more of the one at that place.
    pub fn joined(&mut self, file: i64, place: i64, of: &str) {
        let why = Why { reason: format!("says more of {of}"), ..Why::default() };
        let why = Some(Box::new(why));
        self.add(Row { file: file as u32, became: Became::Joined, place, entry: None, why });
    }

    /// A row that was not taken, for these reasons.
    pub fn refused(&mut self, file: i64, place: i64, problems: &[Problem]) {
        let errors = || problems.iter().filter(|problem| problem.is_error());
        let contradicts = |rule: Rule| {
            matches!(rule, Rule::Conflict | Rule::ConflictInFile | Rule::CreditInUse | Rule::GroupCounted)
        };
        let became = match errors().all(|problem| contradicts(problem.rule)) {
            true => Became::Conflict,
            false => Became::Refused,
        };
        self.conflicts += u64::from(became == Became::Conflict);
        if !self.all {
            return;
        }
        let rules: Vec<&str> = errors().map(|problem| problem.rule.code()).collect();
        let reasons: Vec<String> = errors().map(Problem::to_string).collect();
        let why = Why { of: None, rules: rules.join("; "), reason: reasons.join("; ") };
        self.add(Row { file: file as u32, became, place, entry: None, why: Some(Box::new(why)) });
    }

    /// Adds those of another part of the import.
    pub fn merge(&mut self, other: Verdicts) {
        self.more += other.more;
        self.conflicts += other.conflicts;
        other.rows.into_iter().for_each(|row| self.add(row));
    }

    /// Puts them into the order of the files, and finds the batches of what stood before.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn settle(&mut self, read: &(impl Read + ?Sized), batch: EntryId) -> Result<()> {
        self.rows.sort_by_key(|row| (row.file, RowPlace::of(row.place)));
        let mut origins = Origins::default();
        for why in self.rows.iter_mut().filter_map(|row| row.why.as_deref_mut()) {
            let Some((standing, known)) = &mut why.of else { continue };
            if standing.entry >= batch {
                continue;
            }
            if let Some(origin) = origins.of(read, standing.entry)? {
                *known = Some(origin.batch);
                self.sources.entry(origin.batch).or_insert_with(|| origin.files.clone());
            }
        }
        Ok(())
    }

    /// How many rows what stands contradicts.
    pub fn conflicts(&self) -> u64 {
        self.conflicts
    }

    /// True where no row is named.
    pub fn is_empty(&self, extent: Extent) -> bool {
        self.of(extent).next().is_none()
    }

    fn of(&self, extent: Extent) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| extent == Extent::Whole || row.became.is_silent())
    }

    /// Writes them, given the names of the import's files.
    ///
    /// # Errors
    /// Where the report cannot be written.
    pub fn tell(&self, files: &[String], extent: Extent, sink: &mut dyn Sink) -> Result<()> {
        let mut more = self.more;
        for (at, row) in self.of(extent).enumerate() {
            match extent == Extent::Few && at >= FEW {
                true => more += 1,
                false => sink.row(&self.cells(row, files))?,
            }
        }
        match more {
            0 => Ok(()),
            more => sink.note(&format!("{more} more rows are not new; --verdicts FILE lists every row")),
        }
    }

    fn cells(&self, row: &Row, files: &[String]) -> Vec<Cell> {
        let place = RowPlace::of(row.place);
        let result = (place.part > 0).then_some(i64::from(place.part));
        let name = |at: usize, names: &[String]| Cell::from(names.get(at).map(String::as_str));
        let why = row.why.as_deref().cloned().unwrap_or_default();
        let [batch, of_file, of_line] = match why.of {
            None => [Cell::Empty, Cell::Empty, Cell::Empty],
            Some((standing, batch)) => {
                let names = batch.map_or(Some(files), |no| self.sources.get(&no).map(Vec::as_slice));
                let line = RowPlace::of(standing.line).line as i64;
                let batch = batch.map_or("this import".to_owned(), |no| format!("B{no}"));
                let of_file = name(standing.file as usize, names.unwrap_or_default());
                [batch.into(), of_file, if line == 0 { Cell::Empty } else { Cell::Int(line) }]
            }
        };
        vec![
            name(row.file as usize, files),
            Cell::Int(place.line as i64),
            result.map_or(Cell::Empty, Cell::Int),
            row.became.name().into(),
            row.entry.into(),
            batch,
            of_file,
            of_line,
            Cell::from(Some(why.rules).filter(|text| !text.is_empty())),
            Cell::from(Some(why.reason).filter(|text| !text.is_empty())),
        ]
    }
}
