//! `creditbank decision`.

mod tell;

use super::Done;
use super::context::Context;
use super::cut::CutArgs;
use super::output::{Output, usage};
use crate::domain::credits::{Credits, DecimalMark};
use crate::domain::date::parse_iso;
use crate::domain::decision::State;
use crate::domain::entry::EntryId;
use crate::domain::fault::Result;
use crate::ops::batch::Actor;
use crate::ops::decision::{Answer, Ask, Exception, Grant, How, Of, answer, ask, except, in_outcomes};
use crate::ops::undo::Dependents;
use crate::ops::{convert, learners};
use crate::report::decisions::{Filter, decision, decisions};
use crate::store::Read;
use crate::store::sqlite::Sqlite;
use jiff::civil::Date;

/// Requests for credit, their answers, appeals, exceptions and precedents
#[derive(Debug, clap::Args)]
pub struct Decision {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Record that a learner asks for credit at a target
    Request(Request),
    /// Answer a request: convert by the rules, or refuse with reason codes
    Decide(Decide),
    /// Record that a learner contests a decision: a refusal, a conversion, an exception
    Appeal(Appeal),
    /// Answer an appeal: the decision stays
    Uphold(Plain),
    /// Answer an appeal: release what was placed, or place what was refused
    Overturn(Turn),
    /// Post what silence decided, once the last day for the answer has passed
    Lapse(Turn),
    /// Take a request or an appeal back
    Withdraw(Plain),
    /// Place credit without a rule, by a named authority within its remit
    Except(Except),
    /// Offer a settled decision to equal later cases
    Precedent {
        #[command(flatten)]
        plain: Plain,
        /// Offer it no more
        #[arg(long)]
        withdraw: bool,
    },
    /// The decisions, with their states and deadlines
    List(List),
    /// One decision: its lots, its steps, and the precedents of equal inputs
    Show {
        /// The entry that opened it, or any of its steps
        #[arg(value_name = "DECISION")]
        decision: String,
        /// The day for which deadlines are told [default: today in the bank's time zone]
        #[arg(long, value_name = "DATE")]
        on: Option<String>,
        #[command(flatten)]
        output: Output,
    },
    /// The reason codes of refusals, and what they mean
    Codes {
        #[command(flatten)]
        output: Output,
    },
}

#[derive(Debug, clap::Args)]
struct ActArgs {
    /// Show exactly what would be posted, and post nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, clap::Args)]
struct Lots {
    /// Lots, by the number of the entry that deposited each
    #[arg(long = "lot", value_name = "LOT")]
    lots: Vec<String>,
    /// The learner's credit in these outcomes
    #[arg(long = "outcome", value_name = "INSTITUTION/OUTCOME")]
    outcomes: Vec<String>,
}

impl Lots {
    fn entries(&self, read: &Sqlite, learner: i64) -> Result<Vec<EntryId>> {
        let mut lots = self.lots.iter().map(|text| entry(text)).collect::<Result<Vec<EntryId>>>()?;
        lots.extend(in_outcomes(read, learner, &self.outcomes)?);
        lots.sort();
        lots.dedup();
        Ok(lots)
    }
}

#[derive(Debug, clap::Args)]
struct GrantArgs {
    /// The authority by which credit is placed without a rule
    #[arg(long, value_name = "AUTHORITY")]
    by: Option<String>,
    /// What the lots are worth together, where an authority places them
    #[arg(long, value_name = "CREDITS", requires = "by")]
    credits: Option<String>,
    /// The credit system of that [default: the target]
    #[arg(long, value_name = "SYSTEM", requires = "by")]
    system: Option<String>,
    /// The target's outcomes that it counts for
    #[arg(long = "for", value_name = "OUTCOME", requires = "by")]
    counts_for: Vec<String>,
}

impl GrantArgs {
    fn grant(&self) -> Result<Option<Grant>> {
        let Some(authority) = self.by.clone() else { return Ok(None) };
        let text = self.credits.as_deref().ok_or_else(|| {
            usage("D110", "an exception says how much credit it gives", "say it with --credits")
        })?;
        let credits = credits(text)?;
        Ok(Some(Grant { authority, credits, system: self.system.clone(), outcomes: self.counts_for.clone() }))
    }
}

/// An amount of credit as it is written.
pub fn credits(text: &str) -> Result<Credits> {
    Credits::parse(text, DecimalMark::Point).map_err(|error| {
        usage("D110", format!("`{text}` is no amount of credit: {error}"), "write it as 3 or 4.5")
    })
}

#[derive(Debug, clap::Args)]
struct Request {
    /// Account number or identifier
    learner: String,
    /// Code of a credit system or of an institution
    #[arg(long, value_name = "SYSTEM|INSTITUTION")]
    to: String,
    #[command(flatten)]
    lots: Lots,
    /// The day on which all that is needed was received [default: today in the bank's time zone]
    #[arg(long, value_name = "DATE")]
    received: Option<String>,
    /// The procedure that it follows [default: the bank's only one]
    #[arg(long, value_name = "NAME")]
    procedure: Option<String>,
    /// What the learner says; kept among what is private to them
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// Answer at once: what the rules take is converted, what they refuse is recorded with their reasons
    #[arg(long)]
    by_rules: bool,
    #[command(flatten)]
    act: ActArgs,
}

#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("answer").required(true).args(["accept", "refuse"])))]
struct Decide {
    /// The request, by the number of its entry
    decision: String,
    /// Convert by the rules
    #[arg(long)]
    accept: bool,
    /// Refuse
    #[arg(long)]
    refuse: bool,
    /// Why it is refused; the rules' own reasons where nothing is said [see: decision codes]
    #[arg(long = "reason-code", value_name = "CODE", requires = "refuse")]
    codes: Vec<String>,
    /// The reason in words
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// The day of the decision [default: today in the bank's time zone]
    #[arg(long, value_name = "DATE")]
    date: Option<String>,
    #[command(flatten)]
    act: ActArgs,
}

#[derive(Debug, clap::Args)]
struct Appeal {
    /// The decision, by its number
    decision: String,
    /// On what ground
    #[arg(long, value_name = "TEXT")]
    ground: String,
    /// The day on which the appeal was filed [default: today in the bank's time zone]
    #[arg(long, value_name = "DATE")]
    filed: Option<String>,
    /// The procedure that it follows, where the decision has none [default: the bank's only one]
    #[arg(long, value_name = "NAME")]
    procedure: Option<String>,
    #[command(flatten)]
    act: ActArgs,
}

#[derive(Debug, clap::Args)]
struct Plain {
    /// The decision, by its number
    decision: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The day that counts [default: today in the bank's time zone]
    #[arg(long, value_name = "DATE")]
    date: Option<String>,
    #[command(flatten)]
    act: ActArgs,
}

#[derive(Debug, clap::Args)]
struct Turn {
    /// The decision, by its number
    decision: String,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// The day that counts [default: today in the bank's time zone]
    #[arg(long, value_name = "DATE")]
    date: Option<String>,
    #[command(flatten)]
    grant: GrantArgs,
    /// Undo what depends on a placement too, newest first
    #[arg(long)]
    cascade: bool,
    #[command(flatten)]
    act: ActArgs,
}

#[derive(Debug, clap::Args)]
struct Except {
    /// Account number or identifier
    #[arg(required_unless_present = "decision", conflicts_with = "decision")]
    learner: Option<String>,
    /// A decision that it answers, instead of a learner
    #[arg(long, value_name = "DECISION", conflicts_with_all = ["to", "lots", "outcomes"])]
    decision: Option<String>,
    /// Code of a credit system or of an institution
    #[arg(long, value_name = "SYSTEM|INSTITUTION", required_unless_present = "decision")]
    to: Option<String>,
    #[command(flatten)]
    lots: LotArgs,
    #[command(flatten)]
    grant: GrantArgs,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The day of the decision [default: today in the bank's time zone]
    #[arg(long, value_name = "DATE")]
    date: Option<String>,
    /// The procedure for an appeal [default: the bank's only one]
    #[arg(long, value_name = "NAME")]
    procedure: Option<String>,
    #[command(flatten)]
    act: ActArgs,
}

type LotArgs = Lots;

#[derive(Debug, clap::Args)]
struct List {
    /// Only those in this state
    #[arg(long, value_name = "STATE")]
    state: Vec<String>,
    /// Only this learner's
    #[arg(long)]
    learner: Option<String>,
    /// Only those for this target
    #[arg(long, value_name = "SYSTEM|INSTITUTION")]
    to: Option<String>,
    /// Only those whose answer is late
    #[arg(long)]
    overdue: bool,
    /// Only precedents
    #[arg(long)]
    precedents: bool,
    /// Conversions that nothing happened to as well
    #[arg(long)]
    all: bool,
    /// The day for which lateness is told [default: --as-of, or today in the bank's time zone]
    #[arg(long, value_name = "DATE")]
    on: Option<String>,
    #[command(flatten)]
    cut: CutArgs,
    #[command(flatten)]
    output: Output,
}

fn entry(text: &str) -> Result<EntryId> {
    EntryId::parse(text).ok_or_else(|| {
        let remedy = "write it as 123; `creditbank decision list` shows the numbers of decisions";
        usage("D105", format!("`{text}` is not the number of an entry"), remedy)
    })
}

fn day(context: &Context, read: &Sqlite, option: &str, text: Option<&String>) -> Result<Date> {
    let Some(text) = text else { return context.today(read) };
    parse_iso(text)
        .map_err(|error| usage("C104", format!("{option} `{text}`: {error}"), "write the day as 2026-08-31"))
}

/// A day that counts for a step: not after today.
fn past(context: &Context, read: &Sqlite, option: &str, text: Option<&String>) -> Result<Date> {
    let (date, today) = (day(context, read, option, text)?, context.today(read)?);
    if date > today {
        let what = format!("{option} {date} is after today, {today}");
        return Err(usage("D111", what, "record a step on its day or later"));
    }
    Ok(date)
}

/// Who acts: a batch's account of itself is public, so it names the decision and nobody.
fn actor(context: &Context, verb: &str, decision: &str) -> Actor {
    context.actor_of(format!("decision {verb} {decision}").trim_end().to_owned())
}

impl Decision {
    pub fn run(&self, context: &Context) -> Result<Done> {
        match &self.verb {
            Verb::Request(verb) => verb.run(context)?,
            Verb::Decide(verb) => verb.run(context)?,
            Verb::Appeal(verb) => verb.run(context)?,
            Verb::Uphold(verb) => verb.run(context, "uphold", "decision-uphold", &Answer::Uphold)?,
            Verb::Withdraw(verb) => verb.run(context, "withdraw", "decision-withdraw", &Answer::Withdraw)?,
            Verb::Precedent { plain, withdraw: false } => {
                plain.run(context, "precedent", "decision-precedent", &Answer::Precedent)?;
            }
            Verb::Precedent { plain, withdraw: true } => {
                plain.run(context, "precedent --withdraw", "decision-precedent", &Answer::Unprecedent)?;
            }
            Verb::Overturn(verb) => {
                verb.run(context, "overturn", "decision-overturn", Answer::Overturn)?;
            }
            Verb::Lapse(verb) => verb.run(context, "lapse", "decision-lapse", Answer::Lapse)?,
            Verb::Except(verb) => verb.run(context)?,
            Verb::List(verb) => verb.run(context)?,
            Verb::Show { decision: number, on, output } => context.open_read()?.at_one_moment(|read| {
                let query =
                    crate::report::Query { moment: context.actor.now.to_string(), ..Default::default() };
                let (entry, day) = (entry(number)?, day(context, read, "--on", on.as_ref())?);
                output.write(|sink| decision(read, &query, entry, day, sink))
            })?,
            Verb::Codes { output } => tell::codes(context, output)?,
        }
        Ok(Done::Well)
    }
}

impl Request {
    fn run(&self, context: &Context) -> Result<()> {
        let mut store = context.open()?;
        let learner = learners::find(&store, &self.learner)?;
        let how = How {
            date: context.today(&store)?,
            reason: self.reason.clone(),
            dry_run: self.act.dry_run,
            log: 0,
        };
        let request = Ask {
            learner,
            lots: self.lots.entries(&store, learner)?,
            target: convert::target(&store, &self.to)?,
            received: past(context, &store, "--received", self.received.as_ref())?,
            procedure: self.procedure.clone(),
            by_rules: self.by_rules,
            how,
        };
        let done = ask(&mut store, &actor(context, "request", &format!("--to {}", self.to)), &request)?;
        self.act.tell(context, "decision-request", &done)
    }
}

impl Decide {
    fn run(&self, context: &Context) -> Result<()> {
        let mut store = context.open()?;
        let date = past(context, &store, "--date", self.date.as_ref())?;
        let how = How { date, reason: self.reason.clone(), dry_run: self.act.dry_run, log: 0 };
        let given = if self.accept { Answer::Accept } else { Answer::Refuse(self.codes.clone()) };
        let actor = actor(context, "decide", &self.decision);
        let done = answer(&mut store, &actor, entry(&self.decision)?, &given, &how)?;
        self.act.tell(context, "decision-decide", &done)
    }
}

impl Appeal {
    fn run(&self, context: &Context) -> Result<()> {
        let mut store = context.open()?;
        let date = past(context, &store, "--filed", self.filed.as_ref())?;
        let how = How { date, reason: self.ground.clone(), dry_run: self.act.dry_run, log: 0 };
        let given = Answer::Appeal(self.procedure.clone());
        let actor = actor(context, "appeal", &self.decision);
        let done = answer(&mut store, &actor, entry(&self.decision)?, &given, &how)?;
        self.act.tell(context, "decision-appeal", &done)
    }
}

impl Plain {
    fn run(&self, context: &Context, verb: &str, report: &'static str, given: &Answer) -> Result<()> {
        let mut store = context.open()?;
        let date = past(context, &store, "--date", self.date.as_ref())?;
        let how = How { date, reason: self.reason.clone(), dry_run: self.act.dry_run, log: 0 };
        let actor = actor(context, verb, &self.decision);
        let done = answer(&mut store, &actor, entry(&self.decision)?, given, &how)?;
        self.act.tell(context, report, &done)
    }
}

impl Turn {
    fn run(
        &self,
        context: &Context,
        verb: &str,
        report: &'static str,
        given: impl Fn(Option<Grant>, Dependents) -> Answer,
    ) -> Result<()> {
        let mut store = context.open()?;
        let date = past(context, &store, "--date", self.date.as_ref())?;
        let how = How { date, reason: self.reason.clone(), dry_run: self.act.dry_run, log: 0 };
        let dependents = if self.cascade { Dependents::Cascade } else { Dependents::Refuse };
        let given = given(self.grant.grant()?, dependents);
        let actor = actor(context, verb, &self.decision);
        let done = answer(&mut store, &actor, entry(&self.decision)?, &given, &how)?;
        self.act.tell(context, report, &done)
    }
}

impl Except {
    fn run(&self, context: &Context) -> Result<()> {
        let mut store = context.open()?;
        let date = past(context, &store, "--date", self.date.as_ref())?;
        let grant = self.grant.grant()?.ok_or_else(|| {
            usage(
                "D110",
                "an exception names its authority",
                "name it with --by; `creditbank authority list` lists them",
            )
        })?;
        let of = match (&self.decision, &self.learner, &self.to) {
            (Some(number), ..) => Of::Case(entry(number)?),
            (None, Some(learner), Some(to)) => {
                let learner = learners::find(&store, learner)?;
                Of::Lots(learner, self.lots.entries(&store, learner)?, convert::target(&store, to)?)
            }
            _ => return Err(usage("D110", "an exception is of a learner or of a decision", "name one")),
        };
        let how = How { date, reason: self.reason.clone(), dry_run: self.act.dry_run, log: 0 };
        let actor = actor(context, "except", self.decision.as_deref().unwrap_or_default());
        let exception = Exception { of, grant, procedure: self.procedure.clone(), how };
        let done = except(&mut store, &actor, &exception)?;
        self.act.tell(context, "decision-except", &done)
    }
}

impl List {
    fn run(&self, context: &Context) -> Result<()> {
        let states = self.state.iter().map(|text| state(text)).collect::<Result<Vec<State>>>()?;
        context.open_read()?.at_one_moment(|read| {
            let mut query = self.cut.query(context, read)?;
            let learner = self.learner.as_ref();
            query.learner = learner.map(|text| learners::find_person(read, text, &query.cut)).transpose()?;
            let day = match (&self.on, query.cut.as_of) {
                (None, Some(as_of)) => as_of,
                (on, _) => day(context, read, "--on", on.as_ref())?,
            };
            let filter = Filter {
                states: states.clone(),
                target: self.to.clone(),
                overdue: self.overdue,
                precedents: self.precedents,
                all: self.all,
                day,
            };
            self.output.write(|sink| decisions(read as &dyn Read, &query, &filter, sink))
        })
    }
}

fn state(text: &str) -> Result<State> {
    State::from_name(text).ok_or_else(|| {
        let all: Vec<&str> = State::ALL.iter().map(|state| state.name()).collect();
        usage("D117", format!("`{text}` is no state"), format!("use one of {}", all.join(", ")))
    })
}
