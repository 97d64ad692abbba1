//! Placeholder until the rule books are merged.
use crate::domain::fault::Result;
use crate::domain::registry::{Book, RuleRow};
use crate::domain::rule::Rule;
use crate::ledger::convert::{Orders, Target};
use crate::store::Read;
pub fn current_rules(_: &(impl Read + ?Sized), _: &Target) -> Result<Vec<(RuleRow, Rule, Book)>> {
    Ok(vec![])
}
pub struct No;
impl Orders for No {
    fn grade(&self, _: &str, _: &str) -> Option<usize> {
        None
    }
    fn level(&self, _: &str, _: &str) -> Option<usize> {
        None
    }
}
pub fn orders(_: &(impl Read + ?Sized)) -> Result<No> {
    Ok(No)
}
