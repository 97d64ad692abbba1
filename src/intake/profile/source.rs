//! The shape of a profile as it is written, with the place of each part.

use super::field::Target;
use crate::domain::credits::DecimalMark;
use crate::domain::date::Calendar;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// A table whose keys and values know their place.
pub(super) type Table<V> = BTreeMap<Spanned<String>, Spanned<V>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    pub name: Spanned<String>,
    pub title: Option<String>,
    pub extends: Option<String>,
    #[serde(default)]
    pub open: Vec<Spanned<String>>,
    pub target: Spanned<Target>,
    #[serde(default)]
    pub file: File,
    pub columns: Option<Table<ColumnName>>,
    pub constants: Option<Table<Constant>>,
    pub dates: Option<Dates>,
    pub values: Option<Table<Table<String>>>,
    #[serde(default)]
    pub learner: Learner,
    #[serde(default)]
    pub outcome: Outcome,
    #[serde(default)]
    pub institution: Institution,
    #[serde(default)]
    pub period: Period,
    #[serde(default)]
    pub result: ResultRule,
    #[serde(default)]
    pub attempts: Attempts,
    #[serde(default)]
    pub approval: Approval,
    pub deposit: Option<Deposit>,
    pub lenient: Option<Table<String>>,
    #[serde(default)]
    pub standard: Standard,
    pub group: Option<Spanned<Group>>,
    pub part: Option<Spanned<Part>>,
    pub attributes: Option<Table<ColumnName>>,
    pub identifiers: Option<Table<IdentifierColumn>>,
    #[serde(default)]
    pub required: Vec<Spanned<String>>,
    pub repeat: Option<Spanned<Repeat>>,
    pub pass: Option<Spanned<Pass>>,
    pub gather: Option<Gather>,
    pub institutions: Option<Vec<Spanned<Introduced>>>,
}

#[derive(Deserialize, Clone)]
#[serde(untagged, expecting = "expected a column's name in quotes, several in brackets, or its number")]
pub(super) enum ColumnName {
    Number(i64),
    Name(String),
    Names(Vec<String>),
}

#[derive(Deserialize, Clone)]
#[serde(untagged, expecting = "expected a column's name in quotes, or { column = …, issuer = … }")]
pub(super) enum IdentifierColumn {
    Column(ColumnName),
    Issued(Issued),
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub(super) struct Issued {
    pub column: ColumnName,
    pub issuer: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pass {
    pub mark: Option<Spanned<Constant>>,
    #[serde(default)]
    pub passed: Vec<String>,
    #[serde(default)]
    pub failed: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Gather {
    pub attributes: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Repeat {
    pub to: Spanned<u16>,
    pub total: Option<Spanned<ColumnName>>,
}

#[derive(Deserialize, Clone)]
#[serde(untagged, expecting = "expected a sheet's name in quotes, or its number")]
pub(super) enum SheetName {
    Number(i64),
    Name(String),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a text in quotes, a whole number, true or false")]
pub(super) enum Constant {
    Number(i64),
    Flag(bool),
    Text(String),
}

impl Constant {
    pub(super) fn text(&self) -> String {
        match self {
            Constant::Number(number) => number.to_string(),
            Constant::Flag(flag) => flag.to_string(),
            Constant::Text(text) => text.clone(),
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub format: Option<crate::intake::format::Format>,
    pub sheet: Option<Spanned<SheetName>>,
    pub header_row: Option<Spanned<i64>>,
    pub encoding: Option<Spanned<String>>,
    pub delimiter: Option<Spanned<String>>,
    pub header: Option<bool>,
    #[serde(default)]
    pub decimal_mark: DecimalMark,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dates {
    pub formats: Vec<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Learner {
    pub scheme: Option<Spanned<String>>,
    pub issuer: Option<String>,
    #[serde(default)]
    pub unknown: super::Unknown,
    #[serde(default, rename = "match")]
    pub alike: super::Alike,
    pub line: Option<Spanned<u32>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Outcome {
    #[serde(default)]
    pub unknown: super::Unknown,
    #[serde(default)]
    pub differs: super::Differs,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Institution {
    #[serde(default)]
    pub unknown: super::Unknown,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Period {
    #[serde(default)]
    pub offered: super::Offered,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct ResultRule {
    #[serde(default)]
    pub differs: super::Changed,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Attempts {
    #[serde(default)]
    pub counts: crate::domain::outcome::Attempts,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Approval {
    pub officers: Option<Spanned<i64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Deposit {
    pub statuses: Vec<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Standard {
    pub refused_at_most: Option<Spanned<String>>,
    pub fewer_rows: Option<Spanned<String>>,
    pub more_rows: Option<Spanned<String>>,
    pub less_credit: Option<Spanned<String>>,
    pub more_credit: Option<Spanned<String>>,
    pub manifest: Option<ManifestWanted>,
    pub rows: Option<u64>,
    pub credits: Option<Table<super::standard::Amount>>,
}

/// Whether each file needs a manifest.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ManifestWanted {
    Required,
    Optional,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    pub by: Vec<Spanned<String>>,
    #[serde(default)]
    pub mixed: super::Mixed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    pub of: super::Whole,
    pub by: Vec<Spanned<String>>,
    #[serde(default)]
    pub count: super::Counts,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Introduced {
    pub code: String,
    pub name: String,
    pub country: Option<String>,
    pub sector: Option<String>,
    pub region: Option<String>,
    #[serde(default)]
    pub calendar: Calendar,
}
