//! Deciding again: from the recorded inputs, under the rules that were in force, to the same bytes.

use super::decision::{
    Applied, CONVERT, Compared, Decided, Decision, Planned, UNDECIDED, settle, standing_choice,
};
use super::in_force::{Because, Counting, Ruling, rules_in, rules_then};
use super::sources::{source, used};
use crate::domain::credits::Credits;
use crate::domain::entry::{EntryId, EntryKind};
use crate::domain::fault::Result;
use crate::domain::link::Link;
use crate::ledger::convert::{Source, Target, plan};
use crate::ledger::links::Links;
use crate::ledger::lots::{Cut, fold};
use crate::ops::batch::InForce;
use crate::ops::learners;
use crate::ops::names::Names;
use crate::ops::rules::OrdersThen;
use crate::ops::rules::pin::pin_of;
use crate::ops::rules::release::{History, Pinned};
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
    history: History,
    links: Vec<Link>,
    sets: HashMap<State, Rc<Ruling>>,
    releases: HashMap<(Target, String), Rc<Ruling>>,
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
        let (history, links) = (History::read(read, None)?, read.links()?);
        let (sets, releases) = (HashMap::new(), HashMap::new());
        Ok(Replay { read, names: Names::default(), orders, history, links, sets, releases })
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
        let ruling = match self.ruling(&recorded, act.entry, books)? {
            Ok(ruling) => ruling,
            Err(why) => return Ok(Again::Impossible(why)),
        };
        let set = &ruling.set;
        let sources = match self.sources(&recorded, act.entry)? {
            Ok(sources) => sources,
            Err(why) => return Ok(Again::Impossible(why)),
        };
        let before = recorded.weighed_before.unwrap_or(act.entry);
        let orders = self.orders.before(before)?;
        let plan = plan(&sources, set, &recorded.used, recorded.date, orders.as_ref());
        let applied = self.applied(&recorded, act.entry, books)?;
        let (date, applied) = (recorded.date, applied.as_ref());
        let planned = Planned { plan: &plan, set, sources: &sources, before, date, applied };
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

    /// The rules that a decision applied: those of its release, or of the books that its batch names.
    fn ruling(
        &mut self,
        recorded: &Decision,
        entry: EntryId,
        books: &[InForce],
    ) -> Result<std::result::Result<Rc<Ruling>, String>> {
        match recorded.release.as_ref().and_then(|applied| applied.name.as_ref()) {
            None => self.rules(&recorded.to, books).map(Ok),
            Some(name) => self.release(&recorded.to, name, entry),
        }
    }

    fn rules(&mut self, target: &Target, books: &[InForce]) -> Result<Rc<Ruling>> {
        let key = (target.clone(), books.iter().map(|book| (book.name.clone(), book.version)).collect());
        if let Some(known) = self.sets.get(&key) {
            return Ok(Rc::clone(known));
        }
        let ruling = Rc::new(rules_then(self.read, target, books)?);
        self.sets.insert(key, Rc::clone(&ruling));
        Ok(ruling)
    }

    /// The rules of a release that was published before the decision.
    fn release(
        &mut self,
        target: &Target,
        name: &str,
        entry: EntryId,
    ) -> Result<std::result::Result<Rc<Ruling>, String>> {
        if self.history.releases.iter().all(|release| release.name != name || release.entry >= entry) {
            return Ok(Err(format!("no release {name} of the rules was published before it")));
        }
        let key = (target.clone(), name.to_owned());
        if let Some(known) = self.releases.get(&key) {
            return Ok(Ok(Rc::clone(known)));
        }
        let ruling = Rc::new(rules_in(self.read, target, &self.history, name)?);
        self.releases.insert(key, Rc::clone(&ruling));
        Ok(Ok(ruling))
    }

    /// Which release counted and why, found again: from what was published and pinned before, and where the better
    /// counted from what both give with the lots that were free.
    fn applied(&mut self, recorded: &Decision, entry: EntryId, books: &[InForce]) -> Result<Option<Applied>> {
        let Some(said) = &recorded.release else { return Ok(None) };
        let before = said.compared.as_ref().map_or(entry, |compared| compared.before);
        let in_force = self.history.on_known(recorded.date, before);
        let in_force = in_force.map(|release| release.name.clone());
        if said.because == Because::Chosen {
            return Ok(Some(Applied { pin: None, compared: None, ..said.clone() }));
        }
        let links = Links::at(&self.links, &Cut { as_of: None, known: Some(before) });
        let accounts = links.accounts(links.person(recorded.learner.0));
        let pin = pin_of(self.read, &accounts, recorded.date, Some(before))?;
        let Some(pin) = pin else {
            let (name, because) = (in_force, Because::InForce);
            return Ok(Some(Applied { name, because, pin: None, compared: None }));
        };
        let (own, policy) = match self.release(&recorded.to, &pin.release, before)? {
            Ok(own) => (own, self.history.release(&pin.release)?.pinned),
            Err(_) => return Ok(None),
        };
        let better = policy == Pinned::Better && in_force.as_ref() != Some(&pin.release);
        let (because, pin) = (Because::Pinned, Some(pin.decision));
        if better && let Some(entry) = pin {
            let cut = Cut { as_of: None, known: Some(before) };
            let lots = learners::lots_of(self.read, &self.names, &accounts, &cut)?;
            if let Some(name) = standing_choice(self.read, &lots, &recorded.target, entry)? {
                return Ok(Some(Applied { name, because: Because::Stands, pin, compared: None }));
            }
        }
        let Some(compared) = said.compared.as_ref().filter(|_| better) else {
            return Ok(Some(Applied { name: own.release.clone(), because, pin, compared: None }));
        };
        let other = match in_force {
            None => self.rules(&recorded.to, books)?,
            Some(name) => match self.release(&recorded.to, &name, before)? {
                Ok(other) => other,
                Err(_) => return Ok(None),
            },
        };
        let counting = Counting { ruling: own, because, pin, other: Some(other) };
        Ok(self.compare(recorded, &counting, compared, &accounts)?.applied)
    }

    /// Both plans of a learner of whom the better counts, made again.
    fn compare(
        &mut self,
        recorded: &Decision,
        counting: &Counting,
        compared: &Compared,
        accounts: &[i64],
    ) -> Result<Decided> {
        let known = Some(compared.before);
        let orders = self.orders.before(compared.before)?;
        let lots = learners::lots_of(self.read, &self.names, accounts, &Cut { as_of: None, known })?;
        let mut sources = Vec::with_capacity(compared.lots.len());
        for lot in &compared.lots {
            sources.extend(self.source(*lot, compared.before)?);
        }
        let planned = |ruling: &Rc<Ruling>| -> Result<Decided> {
            let used = used(self.read, &ruling.set, &lots)?;
            let plan = plan(&sources, &ruling.set, &used, recorded.date, orders.as_ref());
            Ok(Decided { ruling: Rc::clone(ruling), used, plan, applied: None })
        };
        let own = planned(&counting.ruling)?;
        let other = counting.other.as_ref().map(planned).transpose()?;
        let lots = sources.iter().map(|source| source.lot);
        Ok(settle(counting, own, other, lots, compared.before))
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
