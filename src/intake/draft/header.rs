//! Where a table begins: on the row that the profile gives, else on the first that names the profile's columns.

use super::{Mapping, Records};
use crate::intake::csv::Record;
use crate::intake::fault::IntakeError;
use crate::intake::profile::{Column, Profile};
use crate::intake::rejects::CODE_COLUMNS;
use crate::intake::rules::Rule;
use crate::intake::table::Notice;

/// Rows in which a header is looked for: titles and notes above a table are few.
const LOOKED_AT: usize = 50;

/// What was found at the top of a file.
pub(super) struct Top<'p> {
    pub(super) mapping: Mapping<'p>,
    /// The first row, where it is no header.
    pub(super) first: Option<Record>,
    pub(super) notice: Option<Notice>,
}

/// Finds the header, or what the first row is where there is none.
pub(super) fn find<'p>(profile: &'p Profile, records: &mut Records) -> Result<Top<'p>, IntakeError> {
    let mut record = Record::new();
    if !next_filled(records, &mut record)? {
        return Err(IntakeError::Empty);
    }
    if !profile.file.header && !records.names_columns() {
        if records.is_cells() {
            record.pad(last_number(profile));
        }
        let mapping = Mapping::resolve(profile, &record, false)?;
        return Ok(Top { mapping, first: Some(record), notice: None });
    }
    // A reject file begins with its header, whatever stood above that in the file from which its rows come.
    let is_rejects = record.fields().any(|field| field.trim() == CODE_COLUMNS[0]);
    match profile.file.header_row.filter(|_| !is_rejects && !records.names_columns()) {
        Some(row) => given(profile, records, record, row),
        None => looked_for(profile, records, record),
    }
}

fn given<'p>(
    profile: &'p Profile,
    records: &mut Records,
    mut record: Record,
    row: u64,
) -> Result<Top<'p>, IntakeError> {
    while record.line() < row && next_filled(records, &mut record)? {}
    if record.line() != row {
        return Err(IntakeError::Unfit {
            rule: Rule::ColumnMissing,
            line: Some(row),
            what: "the header should stand here, as the profile's `header_row` says, and nothing does".into(),
        });
    }
    Ok(Top { mapping: Mapping::resolve(profile, &record, true)?, first: None, notice: None })
}

fn looked_for<'p>(
    profile: &'p Profile,
    records: &mut Records,
    mut record: Record,
) -> Result<Top<'p>, IntakeError> {
    let first = match Mapping::resolve(profile, &record, true) {
        Ok(mapping) => return Ok(Top { mapping, first: None, notice: None }),
        Err(error) => error,
    };
    for _ in 1..LOOKED_AT {
        // What is wrong further down is not what is wrong with the header.
        if records.names_columns() || !matches!(next_filled(records, &mut record), Ok(true)) {
            break;
        }
        if let Ok(mapping) = Mapping::resolve(profile, &record, true) {
            let text =
                format!("the header is found on row {}; what stands above it is passed over", record.line());
            let notice = Some(Notice::new(Rule::HeaderFound, text));
            return Ok(Top { mapping, first: None, notice });
        }
    }
    Err(first)
}

fn next_filled(records: &mut Records, record: &mut Record) -> Result<bool, IntakeError> {
    while records.next(record)? {
        if !record.is_blank() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The last column that a profile gives by number.
fn last_number(profile: &Profile) -> usize {
    let columns = profile.columns.iter().map(|(_, column)| column);
    let named = profile.attributes.iter().chain(&profile.identifiers).map(|(_, column)| column);
    let number = |column: &Column| match column {
        Column::Number(number) => *number,
        Column::Name(_) | Column::AnyOf { .. } => 0,
    };
    columns.chain(named).map(number).max().unwrap_or(0)
}
