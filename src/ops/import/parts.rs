//! Rows that stand above others, such as a degree above its courses: their credit is the same, and counts
//! once.

use crate::domain::credits::Credits;
use crate::intake::draft::Draft;
use crate::intake::profile::{Counts, Field, Part, Profile, Whole};
use crate::intake::rules::Rule;
use hashbrown::{HashMap, HashSet};

/// Where the credit of a row counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the row itself.
    Here,
    /// In the row of that line and name.
    In(u64, Box<str>),
    /// The row cannot be taken.
    Refused(Rule, Box<str>),
}

/// The credit of a row counts elsewhere, or nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// The row that counts it, if one does.
    pub whole: Option<Box<str>>,
    /// Its line, where it is known.
    pub line: Option<u64>,
}

/// A row of the first reading.
#[derive(Debug)]
struct Noted {
    line: u64,
    name: Box<str>,
    /// What its parts call it, and what it calls its whole.
    id: Box<str>,
    whole: Box<str>,
    credits: Credits,
    /// Whether its result creates credit.
    earns: bool,
    refused: bool,
    place: Place,
}

impl Noted {
    fn holds(&self) -> bool {
        self.earns && self.credits > Credits::ZERO
    }
}

/// The rows of an import whose profile has `[part]`, gathered in a first reading.
#[derive(Default)]
pub struct Parts {
    rows: Vec<Noted>,
    /// Positions of the rows that can be each other's parts, in file order.
    groups: HashMap<String, Vec<usize>>,
    settled: bool,
    next: usize,
}

impl Parts {
    /// Notes a row of the first reading; `refused` where the row itself cannot be taken.
    pub fn note(&mut self, profile: &Profile, draft: &Draft, refused: bool) {
        let Some(part) = &profile.part else { return };
        let text = |value: Option<&str>| Box::from(value.unwrap_or_default());
        let id = match part.of {
            Whole::Record => text(draft.record.as_deref()),
            Whole::Outcome => text(Some(draft.outcome.as_ref())),
            Whole::First => text(None),
        };
        self.groups.entry(key(part, draft)).or_default().push(self.rows.len());
        self.rows.push(Noted {
            line: draft.line,
            name: text(Some(draft.title.as_deref().unwrap_or(draft.outcome.as_ref()))),
            id,
            whole: text(draft.part_of.as_deref()),
            credits: draft.credits.unwrap_or_default(),
            earns: draft.counted && profile.deposit.contains(&draft.status),
            refused,
            place: Place::Here,
        });
    }

    /// Where the credit of the next row counts, in file order.
    pub fn place(&mut self, part: &Part) -> Place {
        if !std::mem::replace(&mut self.settled, true) {
            let groups = std::mem::take(&mut self.groups);
            for rows in groups.values() {
                match part.of {
                    Whole::First => self.settle_first(rows, part.count),
                    Whole::Record | Whole::Outcome => self.settle_named(rows, part.count),
                }
            }
        }
        self.next += 1;
        let missing = || Place::Refused(Rule::PartOfNothing, "the file changed while it was read".into());
        self.rows.get(self.next - 1).map_or_else(missing, |row| row.place.clone())
    }

    /// Begins to hand out places anew.
    pub fn rewind(&mut self) {
        self.next = 0;
    }

    fn within(&self, at: usize) -> Place {
        Place::In(self.rows[at].line, self.rows[at].name.clone())
    }

    /// The first row of the group stands above the others.
    fn settle_first(&mut self, group: &[usize], count: Counts) {
        let [first, parts @ ..] = group else { return };
        let whole = &self.rows[*first];
        if parts.is_empty() || !whole.earns {
            return;
        }
        let sum: i64 =
            parts.iter().map(|at| &self.rows[*at]).filter(|row| row.earns).map(|row| row.credits.0).sum();
        if whole.credits.0 != sum {
            let reason = format!(
                "line {} stands above {} rows with {} credits together and gives {}",
                whole.line,
                parts.len(),
                Credits(sum),
                whole.credits
            );
            for at in group {
                self.rows[*at].place = Place::Refused(Rule::PartSum, reason.as_str().into());
            }
            return;
        }
        match count {
            Counts::Whole => {
                let place = self.place_in(*first);
                parts.iter().for_each(|at| self.rows[*at].place = place.clone());
            }
            Counts::Parts => {
                if let Some(part) = parts.iter().find(|at| self.rows[**at].holds()) {
                    self.rows[*first].place = self.within(*part);
                }
            }
        }
    }

    /// What the part of a whole gets.
    fn place_in(&self, whole: usize) -> Place {
        let row = &self.rows[whole];
        match row.refused {
            true => {
                Place::Refused(Rule::PartOfRefused, format!("line {} is refused", row.line).into_boxed_str())
            }
            false => self.within(whole),
        }
    }

    /// Rows name the row above them.
    fn settle_named(&mut self, group: &[usize], count: Counts) {
        let mut named: HashMap<Box<str>, usize> = HashMap::new();
        for at in group {
            let row = &self.rows[*at];
            // Of several attempts, the one that holds credit stands above.
            if !row.id.is_empty() && (row.holds() || !named.contains_key(&row.id)) {
                named.insert(row.id.clone(), *at);
            }
        }
        for at in group {
            match self.above(*at, &named) {
                Err((rule, reason)) => self.rows[*at].place = Place::Refused(rule, reason.into_boxed_str()),
                Ok(above) if count == Counts::Whole => {
                    let refused = above.iter().rev().find(|whole| self.rows[**whole].refused);
                    let holder = above.iter().rev().find(|whole| self.rows[**whole].holds());
                    if let Some(whole) = refused.or(holder) {
                        self.rows[*at].place = self.place_in(*whole);
                    }
                }
                Ok(above) if self.rows[*at].holds() => {
                    let place = self.within(*at);
                    for whole in above {
                        if self.rows[whole].place == Place::Here {
                            self.rows[whole].place = place.clone();
                        }
                    }
                }
                Ok(_) => {}
            }
        }
    }

    /// The rows above a row, the nearest first.
    fn above(&self, at: usize, named: &HashMap<Box<str>, usize>) -> Result<Vec<usize>, (Rule, String)> {
        let (mut above, mut seen, mut here) = (Vec::new(), HashSet::<usize>::from_iter([at]), at);
        while !self.rows[here].whole.is_empty() {
            let whole = &self.rows[here].whole;
            let Some(next) = named.get(whole) else {
                let reason = format!(
                    "no row that can be read is `{whole}`, of which line {} is a part",
                    self.rows[here].line
                );
                return Err((Rule::PartOfNothing, reason));
            };
            if !seen.insert(*next) {
                let reason = format!("line {} is a part of itself", self.rows[*next].line);
                return Err((Rule::PartOfItself, reason));
            }
            above.push(*next);
            here = *next;
        }
        Ok(above)
    }
}

/// What a whole and its parts agree on.
fn key(part: &Part, draft: &Draft) -> String {
    let mut key = String::new();
    for field in &part.by.0 {
        key.push_str(match field {
            Field::Learner => draft.learner.as_ref(),
            Field::Institution => draft.institution.as_ref(),
            Field::Period => draft.period.as_ref(),
            _ => draft.outcome.as_ref(),
        });
        key.push('\u{1f}');
    }
    for name in &part.by.1 {
        let value = draft.attributes.iter().find(|(known, _)| known == name);
        key.push_str(value.map_or("", |(_, value)| value.as_ref()));
        key.push('\u{1f}');
    }
    key
}
