//! `creditbank rule diff`.

use super::list::{conditions, from, to, worth};
use super::parse;
use crate::cli::Done;
use crate::cli::context::Context;
use crate::cli::output::{Output, meta};
use crate::domain::fault::Result;
use crate::domain::rule::Rule;
use crate::report::Column;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// What `rule diff` is asked.
#[derive(Debug, clap::Args)]
pub struct Diff {
    /// A rule book
    one: PathBuf,
    /// Another
    other: PathBuf,
    #[command(flatten)]
    output: Output,
}

impl Diff {
    pub fn run(&self, context: &Context) -> Result<Done> {
        let (one, other) = (rules(&self.one)?, rules(&self.other)?);
        let columns = [
            Column::text("only_in", "Only in"),
            Column::text("rule", "Rule"),
            Column::text("from", "From"),
            Column::text("to", "To"),
            Column::text("worth", "Worth"),
            Column::text("conditions", "Conditions"),
        ];
        self.output.write(|sink| {
            sink.begin(&meta("rule-diff", context))?;
            sink.section("rules", "What only one of the books says", &columns)?;
            let mut told = 0;
            for (path, own, others) in [(&self.one, &one, &other), (&self.other, &other, &one)] {
                for rule in missing(own, others) {
                    told += 1;
                    sink.row(&[
                        path.display().to_string().into(),
                        rule.id.as_str().into(),
                        from(&rule.from).into(),
                        to(&rule.to).into(),
                        worth(rule).into(),
                        conditions(rule).into(),
                    ])?;
                }
            }
            let both = one.len() + other.len() - told;
            sink.note(&format!("{told} rules stand in one book only, {} in both", both / 2))?;
            sink.end()
        })?;
        Ok(Done::Well)
    }
}

fn rules(path: &Path) -> Result<Vec<Rule>> {
    let mut rules = Vec::new();
    parse(path, Some("book"))?.each(&mut |rule| {
        rules.push(rule.value.clone());
        true
    })?;
    Ok(rules)
}

/// The rules of one book that the other does not have, each as often as it stands more there.
fn missing<'r>(own: &'r [Rule], others: &[Rule]) -> Vec<&'r Rule> {
    let said = |rule: &Rule| format!("{:?}", Rule { id: String::new(), ..rule.clone() });
    let mut there: HashMap<String, usize> = HashMap::new();
    for rule in others {
        *there.entry(said(rule)).or_default() += 1;
    }
    let is_missing = |rule: &&Rule| match there.get_mut(&said(rule)) {
        Some(left) if *left > 0 => {
            *left -= 1;
            false
        }
        _ => true,
    };
    own.iter().filter(is_missing).collect()
}
