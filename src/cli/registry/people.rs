//! `creditbank learner merge`, `unmerge` and `review`.

use super::{open, page};
use crate::cli::Done;
use crate::cli::context::Context;
use crate::cli::output::{Output, usage};
use crate::domain::account::Account;
use crate::domain::entry::EntryId;
use crate::domain::fault::Result;
use crate::ops::learners::find;
use crate::ops::people::doubled::Doubled;
use crate::ops::people::review::{self, Decided};
use crate::ops::people::{merge, unmerge};
use crate::report::{self, Cell, Column, Query, Section, Sink};

/// What every act about people takes.
#[derive(Debug, Clone, clap::Args)]
struct PeopleArgs {
    /// Why: recorded with the batch, for everybody who reads the journal; name nobody in it
    #[arg(long, value_name = "TEXT", required = true)]
    reason: String,
    /// Show exactly what would be posted, and post nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, clap::Args)]
pub struct Merge {
    /// An account of the person, or an identifier: the number that goes on naming the person
    person: String,
    /// Another account that is found to be the same person's, or an identifier
    account: String,
    /// Where both accounts hold the same achievement, reverse the later entry instead of refusing
    #[arg(long)]
    reverse_duplicates: bool,
    #[command(flatten)]
    args: PeopleArgs,
}

#[derive(Debug, clap::Args)]
pub struct Unmerge {
    /// The account that was merged into another, or an identifier that only it has
    account: String,
    #[command(flatten)]
    args: PeopleArgs,
}

const ENDS: [Column; 3] =
    [Column::text("person", "Person"), Column::text("account", "Account"), Column::text("now", "Now")];

const DOUBLED: [Column; 5] = [
    Column::text("achievement", "Achievement"),
    Column::number("first", "First"),
    Column::text("first_account", "Of"),
    Column::number("later", "Later"),
    Column::text("later_account", "Of"),
];

impl Merge {
    /// Runs the command.
    pub fn run(&self, context: &Context) -> Result<Done> {
        let mut store = context.open()?;
        let request = merge::Request {
            person: find(&store, &self.person)?,
            account: find(&store, &self.account)?,
            reason: self.args.reason.clone(),
            reverse_duplicates: self.reverse_duplicates,
            date: context.today(&store)?,
            dry_run: self.args.dry_run,
            log: 0,
        };
        let done = merge::merge(&mut store, &context.actor_of("learner merge …".to_owned()), &request)?;
        tell_merged(context, &store, &self.args, "learner-merge", &done)
    }
}

/// Says what a merge did.
fn tell_merged(
    context: &Context,
    read: &dyn crate::store::Read,
    args: &PeopleArgs,
    report: &'static str,
    done: &merge::Merged,
) -> Result<Done> {
    let sections =
        [Section::new("merged", "Merged", &ENDS), Section::new("doubled", "Held by both", &DOUBLED)];
    page(read, context, &args.output, (report, None), &sections, |sink| {
        open(sink, &sections[0])?;
        ends(sink, done.person, done.account, "one person's")?;
        if !done.doubled.is_empty() {
            open(sink, &sections[1])?;
            done.doubled.iter().try_for_each(|pair| sink.row(&doubled_cells(pair)))?;
            sink.note(&format!("entries reversed so that nothing counts twice: {}", done.reversed))?;
        }
        if done.superseded > 0 {
            sink.note(&format!(
                "results that do not count any more, because another in the same outcome does: {}",
                done.superseded
            ))?;
        }
        sink.note(&posted(args.dry_run, done.batch, done.entries))
    })?;
    Ok(Done::Well)
}

fn doubled_cells(pair: &Doubled) -> [Cell; 5] {
    let account = |learner| Cell::from(Account(learner).to_string());
    [
        pair.what.as_str().into(),
        pair.first.entry.into(),
        account(pair.first.learner),
        pair.later.entry.into(),
        account(pair.later.learner),
    ]
}

fn ends(sink: &mut dyn Sink, person: Account, account: Account, now: &str) -> Result<()> {
    sink.row(&[person.to_string().into(), account.to_string().into(), now.into()])
}

/// What was posted, in words.
fn posted(dry_run: bool, batch: i64, entries: i64) -> String {
    match dry_run {
        true => format!("dry run: nothing was posted; it would be {entries} entries"),
        false => format!("posted as batch B{batch}, {entries} entries"),
    }
}

impl Unmerge {
    /// Runs the command.
    pub fn run(&self, context: &Context) -> Result<Done> {
        let mut store = context.open()?;
        let request = unmerge::Request {
            account: find(&store, &self.account)?,
            reason: self.args.reason.clone(),
            date: context.today(&store)?,
            dry_run: self.args.dry_run,
            log: 0,
        };
        let done = unmerge::unmerge(&mut store, &context.actor_of("learner unmerge …".to_owned()), &request)?;
        let section = Section::new("unmerged", "Unmerged", &ENDS);
        let asked = ("learner-unmerge", None);
        page(&store, context, &self.args.output, asked, std::slice::from_ref(&section), |sink| {
            open(sink, &section)?;
            ends(sink, done.person, done.account, "two people's")?;
            if done.restored > 0 {
                sink.note(&format!(
                    "entries that the merge had reversed and that stand again: {}",
                    done.restored
                ))?;
            }
            sink.note(&posted(self.args.dry_run, done.batch, done.entries))
        })?;
        Ok(Done::Well)
    }
}

#[derive(Debug, clap::Args)]
pub struct Review {
    #[command(subcommand)]
    verb: ReviewVerb,
}

#[derive(Debug, clap::Subcommand)]
enum ReviewVerb {
    /// The pairs that wait for somebody to look at them
    List {
        /// Those as well that are decided
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Say what a look at a pair has shown
    Decide {
        /// Number of the pair
        pair: String,
        /// One person: their accounts are merged. Two people: that is remembered
        verdict: Verdict,
        /// Where both accounts hold the same achievement, reverse the later entry instead of refusing
        #[arg(long)]
        reverse_duplicates: bool,
        #[command(flatten)]
        args: PeopleArgs,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Verdict {
    Same,
    Different,
}

impl Review {
    /// Runs the command.
    pub fn run(&self, context: &Context) -> Result<Done> {
        match &self.verb {
            ReviewVerb::List { all, output } => {
                let query = Query { moment: context.actor.now.to_string(), ..Query::default() };
                context
                    .open_read()?
                    .at_one_moment(|read| output.write(|sink| report::reviews(read, &query, *all, sink)))?;
                Ok(Done::Well)
            }
            ReviewVerb::Decide { pair, verdict, reverse_duplicates, args } => {
                decide(context, pair, *verdict, *reverse_duplicates, args)
            }
        }
    }
}

fn decide(
    context: &Context,
    pair: &str,
    verdict: Verdict,
    reverse_duplicates: bool,
    args: &PeopleArgs,
) -> Result<Done> {
    let pair = EntryId::parse(pair)
        .ok_or_else(|| usage("U104", format!("`{pair}` is not the number of a pair"), "write it as 123"))?;
    let mut store = context.open()?;
    let request = review::Request {
        pair,
        same: verdict == Verdict::Same,
        reason: args.reason.clone(),
        reverse_duplicates,
        date: context.today(&store)?,
        dry_run: args.dry_run,
        log: 0,
    };
    let actor = context.actor_of("learner review decide …".to_owned());
    match review::decide(&mut store, &actor, &request)? {
        Decided::Same(merged) => tell_merged(context, &store, args, "learner-review-decide", &merged),
        Decided::Different { batch, entries, account, other, .. } => {
            let section = Section::new("decided", "Decided", &ENDS);
            let asked = ("learner-review-decide", None);
            page(&store, context, &args.output, asked, std::slice::from_ref(&section), |sink| {
                open(sink, &section)?;
                ends(sink, other, account, "two people's")?;
                sink.note(&posted(args.dry_run, batch, entries))
            })?;
            Ok(Done::Well)
        }
    }
}
