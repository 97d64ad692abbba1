//! The orders of grades and levels that the bank knows.

use crate::domain::entry::{EntryId, EntryKind};
use crate::domain::fault::{Fault, Result};
use crate::domain::registry::{FrameworkRow, Row, Scale};
use crate::domain::scale::GradingScale;
use crate::intake::rulebook::ScaleDef;
use crate::ledger::convert::Orders;
use crate::store::{self, Read};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The registries of scales and frameworks, to compare by.
#[derive(Debug, Clone, Default)]
pub struct BankOrders {
    scales: BTreeMap<String, ScaleDef>,
    /// The same scales, with which of two numbers is better.
    grading: BTreeMap<String, GradingScale>,
    frameworks: BTreeMap<String, Vec<String>>,
}

/// Reads the registries of scales and frameworks.
///
/// # Errors
/// Where the ledger cannot be read; `S913` where a row's list does not fit.
pub fn orders(read: &(impl Read + ?Sized)) -> Result<BankOrders> {
    let mut orders = BankOrders::default();
    for row in store::all::<Scale>(read)? {
        orders.add(row)?;
    }
    for row in store::all::<FrameworkRow>(read)? {
        let levels = list(&row.levels, &row.code)?;
        orders.frameworks.insert(row.code, levels);
    }
    Ok(orders)
}

/// The orders as they stood at the entries of one log, for decisions that are decided again.
pub struct OrdersThen {
    newest: Rc<BankOrders>,
    /// The versions of scales by the act that introduced them, ascending; empty where no scale ever changed.
    introduced: Vec<(EntryId, Scale)>,
    then: BTreeMap<usize, Rc<BankOrders>>,
}

impl OrdersThen {
    /// Reads the registries, and of the journal what says when a scale changed.
    ///
    /// # Errors
    /// Where the ledger cannot be read.
    pub fn read(read: &(impl Read + ?Sized)) -> Result<OrdersThen> {
        let is_changed = store::all::<Scale>(read)?.iter().any(|scale| scale.version > 1);
        let introduced = if is_changed { introduced(read)? } else { Vec::new() };
        Ok(OrdersThen { newest: Rc::new(orders(read)?), introduced, then: BTreeMap::new() })
    }

    /// The orders before an entry. Of other logs all is taken as known.
    ///
    /// # Errors
    /// `S913` where a row's list does not fit.
    pub fn before(&mut self, entry: EntryId) -> Result<Rc<BankOrders>> {
        let is_later = |(at, _): &&(EntryId, Scale)| at.log() == entry.log() && *at > entry;
        let later = self.introduced.iter().filter(is_later).count();
        if later == 0 {
            return Ok(Rc::clone(&self.newest));
        }
        if let Some(orders) = self.then.get(&later) {
            return Ok(Rc::clone(orders));
        }
        let mut orders = BankOrders { frameworks: self.newest.frameworks.clone(), ..BankOrders::default() };
        for (_, row) in self.introduced.iter().filter(|known| !is_later(known)) {
            orders.add(row.clone())?;
        }
        let orders = Rc::new(orders);
        self.then.insert(later, Rc::clone(&orders));
        Ok(orders)
    }
}

/// The versions of scales with the acts that introduced them.
fn introduced(read: &(impl Read + ?Sized)) -> Result<Vec<(EntryId, Scale)>> {
    let mut registers = Vec::new();
    for head in read.heads()? {
        let (from, to) = (EntryId::new(head.log, 0), EntryId::new(head.log, head.size));
        read.acts(from, to, &mut |act, _| {
            if act.kind == EntryKind::Register {
                registers.push(act.entry);
            }
            Ok(())
        })?;
    }
    let damaged = || {
        Fault::new("S913", "a version of a scale cannot be read from its act")
            .remedy("run `creditbank verify` to see what was changed")
    };
    let mut introduced: Vec<(EntryId, Scale)> = Vec::new();
    for entry in registers {
        read.act_rows(entry, &mut |row| {
            if row.table == Scale::TABLE {
                introduced.push((entry, serde_json::from_str(&row.row).map_err(|_| damaged())?));
            }
            Ok(())
        })?;
    }
    Ok(introduced)
}

impl BankOrders {
    /// Adds a scale, or replaces the one of its name.
    ///
    /// # Errors
    /// `S913` where its list of grades does not fit.
    pub fn add(&mut self, row: Scale) -> Result<()> {
        self.grading.insert(row.name.clone(), GradingScale::from_row(&row)?);
        self.scales.insert(row.name.clone(), scale_def(row)?);
        Ok(())
    }

    /// A scale of the bank.
    pub fn scale(&self, name: &str) -> Option<&ScaleDef> {
        self.scales.get(name)
    }

    /// The names of the scales.
    pub fn scale_names(&self) -> impl Iterator<Item = &str> {
        self.scales.keys().map(String::as_str)
    }

    /// The levels of a framework of the bank, ascending.
    pub fn levels(&self, framework: &str) -> Option<&[String]> {
        self.frameworks.get(framework).map(Vec::as_slice)
    }

    /// The codes of the frameworks.
    pub fn framework_codes(&self) -> impl Iterator<Item = &str> {
        self.frameworks.keys().map(String::as_str)
    }
}

impl Orders for BankOrders {
    fn grade(&self, scale: &str, grade: &str) -> Option<usize> {
        usize::try_from(self.grading.get(scale)?.rank(grade)?).ok()
    }

    fn level(&self, framework: &str, level: &str) -> Option<usize> {
        let level = level.trim();
        self.frameworks.get(framework)?.iter().position(|known| known == level)
    }
}

fn scale_def(row: Scale) -> Result<ScaleDef> {
    let grades = list(&row.grades, &row.name)?;
    Ok(ScaleDef { name: row.name, numeric: row.numeric == 1, grades, pass: row.pass })
}

fn list(json: &str, name: &str) -> Result<Vec<String>> {
    serde_json::from_str(json).map_err(|error| {
        Fault::new("S913", format!("the grades or levels of {name} cannot be read: {error}"))
            .remedy("run `creditbank verify` to see what was changed")
    })
}
