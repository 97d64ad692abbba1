//! What any engine must do, told once and run on all of them; then random commands on an engine and on
//! the model, compared after each.
//!
//! What the traits leave open is settled here: where an order is not promised, rows come by primary
//! key; the schema's references are checked when a batch commits, so that its verbs may come in any
//! order; a work hands on the fault of a verb; act rows that stand already, put again to the letter,
//! are only projected again.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

#[path = "store_contract/appending.rs"]
mod appending;
#[path = "store_contract/asking.rs"]
mod asking;
#[path = "store_contract/derived.rs"]
mod derived;
#[path = "store_contract/journal.rs"]
mod journal;
#[path = "store_contract/random.rs"]
mod random;
#[path = "store_contract/registries.rs"]
mod registries;
#[path = "store_contract/rows.rs"]
mod rows;

use asking::*;
use creditbank::domain::credits::Credits;
use creditbank::domain::entry::{Achievement, Balance, EntryId, EntryKind, Movement};
use creditbank::domain::fault::{Fault, Result};
use creditbank::domain::link::{Description, Link, Pair};
use creditbank::domain::outcome::{Kind, Status};
use creditbank::domain::registry::{
    Grade, GradeConversionRow, GradingTableRow, Institution, Outcome, PeriodRow, RuleRow, RuleSourceRow,
    Scheme, TABLES,
};
use creditbank::proof::merkle::{Frontier, Hash, leaf_hash};
use creditbank::proof::tile::Tile;
use creditbank::store::memory::Memory;
use creditbank::store::sqlite::Sqlite;
use creditbank::store::{
    self, Act, ActRow, BatchRow, DecisionRow, Head, Identity, Object, Read, Refusal, Staged, Store,
    SummaryKey, SummarySums, Tx,
};
use proptest::prelude::*;
use rows::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tempfile::TempDir;

/// A name, an empty ledger, and the folder that holds it, if any, until the test is over.
type Engine = (&'static str, Box<dyn Store>, Option<TempDir>);

fn engines() -> Vec<Engine> {
    let mut engines: Vec<Engine> = vec![("memory", Box::new(Memory::new()), None)];
    engines.extend(engine_in_a_file());
    engines
}

/// The engine that keeps a file joins all stories by giving itself here, with its folder.
fn engine_in_a_file() -> Option<Engine> {
    let folder = tempfile::tempdir().unwrap();
    let engine = Sqlite::create(&folder.path().join("ledger.db")).unwrap();
    Some(("sqlite", Box::new(engine), Some(folder)))
}

fn on_every_engine(story: fn(&mut dyn Store)) {
    for (name, mut engine, _folder) in engines() {
        println!("engine: {name}");
        story(&mut *engine);
    }
}
