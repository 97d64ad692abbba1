//! Credit figures that are the load of a group of rows: counted once, apportioned over the group.

use crate::domain::credits::{Credits, apportion};
use crate::intake::csv::Record;
use crate::intake::draft::{Draft, Mapping};
use crate::intake::profile::{Field, Profile};
use crate::intake::rules::Rule;
use hashbrown::HashMap;

/// What the rows of one group say together.
#[derive(Debug, Default)]
struct Group {
    file: usize,
    first_line: u64,
    earning: Vec<bool>,
    load: Option<Credits>,
    loads_differ: bool,
    refused_line: Option<u64>,
    /// Rows handed out so far, in file order.
    next: usize,
}

/// The groups of an import, gathered in a first reading.
#[derive(Default)]
pub struct Groups(HashMap<String, Group>);

/// What a row gets of its group's load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// First line of the group.
    pub first_line: u64,
    /// The group's load.
    pub load: Credits,
    /// This row's part of it.
    pub amount: Credits,
}

/// The group of a row: what it says in the fields by which groups are told apart.
fn key(profile: &Profile, said: impl Fn(Field) -> String) -> Option<String> {
    let fields = profile.group.as_ref()?.by.iter();
    Some(fields.map(|field| said(*field) + "\u{1f}").collect())
}

/// What a draft says in a field by which groups are told apart.
fn said(draft: &Draft, field: Field) -> String {
    match field {
        Field::Learner => draft.learner.as_ref(),
        Field::Period => draft.period.as_ref(),
        Field::Institution => draft.institution.as_ref(),
        Field::Outcome => draft.outcome.as_ref(),
        Field::Record => draft.record.as_deref().unwrap_or_default(),
        _ => "",
    }
    .to_owned()
}

impl Groups {
    /// Notes a row of the first reading; without a draft where the row itself cannot be taken.
    pub fn note(&mut self, mapping: &Mapping, record: &Record, draft: Option<&Draft>, file: usize) {
        let profile = mapping.profile();
        // A row of another width has no fields that could be trusted, and so no group.
        let of_row = |field| mapping.written(record, field).into_owned();
        if record.len() != mapping.width() {
            return;
        }
        let Some(key) = key(profile, of_row) else { return };
        let group = self.0.entry(key).or_default();
        let line = record.line();
        if group.first_line == 0 {
            (group.file, group.first_line) = (file, line);
        }
        let Some(draft) = draft else {
            group.refused_line.get_or_insert(line);
            return;
        };
        if group.earning.is_empty() {
            group.load = draft.credits;
        }
        group.loads_differ |= group.load != draft.credits;
        group.earning.push(profile.deposit.contains(&draft.status));
    }

    /// Begins to hand out shares anew.
    pub fn rewind(&mut self) {
        self.0.values_mut().for_each(|group| group.next = 0);
    }

    /// The next row's share of its group, in file order, or why the group is refused.
    pub fn share(&mut self, profile: &Profile, draft: &Draft) -> Result<Share, (Rule, String)> {
        let key = key(profile, |field| said(draft, field));
        let group = key.and_then(|key| self.0.get_mut(&key));
        let Some(group) = group else {
            return Err((Rule::GroupMixed, "the row's group changed while the file was read".to_owned()));
        };
        let at = group.next;
        group.next += 1;
        if group.loads_differ {
            return Err((
                Rule::GroupLoadDiffers,
                format!(
                    "the {} rows of the group that starts on line {} give different loads",
                    group.earning.len(),
                    group.first_line
                ),
            ));
        }
        let earning = group.earning.iter().filter(|earns| **earns).count();
        if earning != 0 && earning != group.earning.len() {
            return Err((
                Rule::GroupMixed,
                format!(
                    "of the {} rows of the group that starts on line {}, {earning} earn credit and {} do not",
                    group.earning.len(),
                    group.first_line,
                    group.earning.len() - earning
                ),
            ));
        }
        if let Some(line) = group.refused_line.filter(|line| *line != draft.line) {
            return Err((Rule::GroupBroken, format!("line {line} of the same group is refused")));
        }
        let load = group.load.unwrap_or_default();
        if earning == 0 {
            return Ok(Share { first_line: group.first_line, load, amount: Credits::ZERO });
        }
        let shares = apportion(load, &vec![1; group.earning.len()]);
        let amount = shares.get(at).copied().unwrap_or_default();
        Ok(Share { first_line: group.first_line, load, amount })
    }
}
