//! The orders of grades and levels that the bank knows.

use crate::domain::fault::{Fault, Result};
use crate::domain::registry::{FrameworkRow, Scale};
use crate::domain::scale::GradingScale;
use crate::intake::rulebook::ScaleDef;
use crate::ledger::convert::Orders;
use crate::store::{self, Read};
use std::collections::BTreeMap;

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
        orders.grading.insert(row.name.clone(), GradingScale::from_row(&row)?);
        orders.scales.insert(row.name.clone(), scale_def(row)?);
    }
    for row in store::all::<FrameworkRow>(read)? {
        let levels = list(&row.levels, &row.code)?;
        orders.frameworks.insert(row.code, levels);
    }
    Ok(orders)
}

impl BankOrders {
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
