//! Deciding again: from the recorded inputs, under the rules that were in force, to the same bytes.

use super::decision::{CONVERT, Decision, Planned, UNDECIDED};
use super::in_force::rules_then;
use super::sources::source;
use crate::domain::credits::Credits;
use crate::domain::entry::{EntryId, EntryKind};
use crate::domain::fault::Result;
use crate::ledger::convert::{RuleSet, Source, Target, plan};
use crate::ledger::lots::{Cut, fold};
use crate::ops::batch::InForce;
use crate::ops::names::Names;
use crate::ops::rules::OrdersThen;
use crate::store::{Act, Read};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// What a decision, decided again, comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Again {
    /// The same bytes.
    Same,
    /// Other bytes: a field that differs, what is recorded and what it comes to now.
    Differs {
        /// The field of the payload.
        field: String,
        /// As recorded.
        recorded: String,
        /// As decided again.
        again: String,
    },
    /// It cannot be decided again.
    Impossible(String),
}

/// Decides conversions again. Rules are read once for each target and state of the rule books.
pub struct Replay<'r> {
    read: &'r dyn Read,
    names: Names,
    orders: OrdersThen,
    sets: HashMap<State, Rc<RuleSet>>,
}

/// A target, and the books with their versions that were in force for it.
type State = (Target, Vec<(String, i64)>);

impl<'r> Replay<'r> {
    /// Reads what all decisions need.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn new(read: &'r dyn Read) -> Result<Replay<'r>> {
        let orders = OrdersThen::read(read)?;
        Ok(Replay { read, names: Names::default(), orders, sets: HashMap::new() })
    }

    /// Decides one again, under the rule books that its batch names.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn decide(&mut self, act: &Act, books: &[InForce]) -> Result<Again> {
        let recorded = match Decision::read(&act.payload, act.entry) {
            Ok(recorded) => recorded,
            Err(fault) => return Ok(Again::Impossible(fault.to_string())),
        };
        if act.learner != Some(recorded.learner.0) {
            return Ok(Again::Impossible(format!("it is not about account {}", recorded.learner)));
        }
        if let Some(why) = self.not_moved(&recorded, act.entry)? {
            return Ok(Again::Impossible(why));
        }
        let set = self.rules(&recorded.to, books)?;
        let sources = match self.sources(&recorded, act.entry)? {
            Ok(sources) => sources,
            Err(why) => return Ok(Again::Impossible(why)),
        };
        let before = recorded.weighed_before.unwrap_or(act.entry);
        let orders = self.orders.before(before)?;
        let plan = plan(&sources, &set, &recorded.used, recorded.date, orders.as_ref());
        let planned = Planned { plan: &plan, set: &set, sources: &sources, before, date: recorded.date };
        let again = match recorded.verb.as_str() {
            CONVERT => {
                let lots: Vec<EntryId> = recorded.lots.iter().map(|taken| taken.lot).collect();
                let same = |act: &&crate::ledger::convert::Act| {
                    act.lots.iter().map(|taken| taken.lot).eq(lots.iter().copied())
                };
                plan.acts.iter().find(same).map(|act| planned.decision(act, recorded.learner))
            }
            UNDECIDED => recorded.undecided.first().and_then(|waiting| {
                let left = plan.undecided.iter().find(|left| left.lot == waiting.lot)?;
                Some(planned.waiting(left, recorded.learner))
            }),
            other => return Ok(Again::Impossible(format!("{other} is no conversion"))),
        };
        match again {
            None => Ok(Again::Differs {
                field: "lots".to_owned(),
                recorded: format!("{} placed or waiting", list(&recorded)),
                again: "they are not".to_owned(),
            }),
            Some(again) => compare(&act.payload, &again.payload()?),
        }
    }

    /// What of a decision its movements do not say: each lot as taken, what it is worth, and the day.
    fn not_moved(&self, recorded: &Decision, entry: EntryId) -> Result<Option<String>> {
        let movements = self.read.movements_of_decision(entry)?;
        let mut moved: BTreeMap<EntryId, [Option<Credits>; 2]> = BTreeMap::new();
        for movement in &movements {
            let side = usize::from(movement.kind == EntryKind::ConvertIn);
            moved.entry(movement.lot).or_default()[side] = Some(movement.amount);
            if self.names.period(self.read, movement.period)?.first != recorded.date {
                return Ok(Some(format!("entry {} takes effect on another day", movement.entry)));
            }
        }
        let said = recorded.lots.iter().map(|it| (it.lot, [Some(it.amount), Some(it.worth)])).collect();
        Ok((moved != said)
            .then(|| "its movements are not of the lots and amounts that it records".to_owned()))
    }

    fn rules(&mut self, target: &Target, books: &[InForce]) -> Result<Rc<RuleSet>> {
        let key = (target.clone(), books.iter().map(|book| (book.name.clone(), book.version)).collect());
        if let Some(set) = self.sets.get(&key) {
            return Ok(Rc::clone(set));
        }
        let set = Rc::new(rules_then(self.read, target, books)?);
        self.sets.insert(key, Rc::clone(&set));
        Ok(set)
    }

    /// The lots that were weighed: the decision's own as it records them, if that is what the journal says of
    /// them, and the others as they stood.
    fn sources(
        &self,
        recorded: &Decision,
        entry: EntryId,
    ) -> Result<std::result::Result<Vec<Source>, String>> {
        let mut sources = recorded.sources.clone();
        let before = recorded.weighed_before.unwrap_or(entry);
        for own in &recorded.sources {
            match self.source(own.lot, before)? {
                Some(journal) if journal == *own => {}
                _ => {
                    return Ok(Err(format!(
                        "what it records of lot {} is not what the journal says",
                        own.lot
                    )));
                }
            }
        }
        for lot in &recorded.weighed {
            match self.source(*lot, before)? {
                Some(source) => sources.push(source),
                None => return Ok(Err(format!("it weighed lot {lot}, which the journal does not have"))),
            }
        }
        sources.sort_by_key(|source| source.lot);
        Ok(Ok(sources))
    }

    /// A lot as it stood before an entry.
    fn source(&self, lot: EntryId, before: EntryId) -> Result<Option<Source>> {
        let Some(row) = self.read.achievement(lot)? else { return Ok(None) };
        let movements = self.read.movements_of_lot(row.learner, lot)?;
        let cut = Cut { as_of: None, known: Some(before) };
        let no_date = |_| crate::domain::date::Period::day(jiff::civil::Date::ZERO);
        let folded = fold(vec![row], &movements, &cut, &no_date).pop();
        let Some(stood) = folded.filter(|stood| stood.held > Credits::ZERO) else { return Ok(None) };
        source(self.read, &self.names, &stood.achievement, stood.held).map(Some)
    }
}

fn list(decision: &Decision) -> String {
    let lots = decision.lots.iter().map(|taken| taken.lot);
    let waiting = decision.undecided.iter().map(|waiting| waiting.lot);
    let all: Vec<String> = lots.chain(waiting).map(|lot| lot.to_string()).collect();
    format!("lots {}", all.join(", "))
}

/// Compares two payloads byte by byte, and names the first field that differs.
fn compare(recorded: &str, again: &str) -> Result<Again> {
    if recorded == again {
        return Ok(Again::Same);
    }
    let fields = |text: &str| -> serde_json::Map<String, serde_json::Value> {
        serde_json::from_str(text).unwrap_or_default()
    };
    let (old, new) = (fields(recorded), fields(again));
    let text = |map: &serde_json::Map<String, serde_json::Value>, field: &str| {
        map.get(field).map_or("nothing".to_owned(), serde_json::Value::to_string)
    };
    let names = old.keys().chain(new.keys()).find(|name| old.get(*name) != new.get(*name));
    let field = names.cloned().unwrap_or_else(|| "its writing".to_owned());
    Ok(Again::Differs { recorded: text(&old, &field), again: text(&new, &field), field })
}
