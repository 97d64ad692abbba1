//! `creditbank learner`.

use super::people::{Merge, Review, Unmerge};
use super::{Asked, WriteArgs, count, open, page};
use crate::cli::Done;
use crate::cli::context::Context;
use crate::cli::output::{Output, usage};
use crate::domain::account::Account;
use crate::domain::fault::{Fault, Result};
use crate::domain::identifier::{Identifier, IdentifierError};
use crate::ledger::lots::Cut;
use crate::ops::learners::{find, links};
use crate::ops::registry::learner::{self, Description, Listed, Person, Schemes};
use crate::ops::registry::values::{self, Days};
use crate::ops::rules::pin::{Pin, pin_of};
use crate::report::{Cell, Column, Section};
use crate::store::{Identity, Read};

/// Open accounts, and record and find the facts that identify and describe learners
#[derive(Debug, clap::Args)]
pub struct Learner {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Open an account
    ///
    /// The schemes cn-resident-id, orcid and isni are checked by their published checksums. The
    /// journal records that the command was run, and none of its values; --reason is public, so name
    /// nobody in it. Many learners at once come from a CSV file: `creditbank import` with a profile
    /// whose target is `learners`.
    Add(Box<Add>),
    /// Record a further identifier of a learner
    Identify(Box<Identify>),
    /// Record a further name of a learner, or another fact about them; earlier ones stay
    Describe(Box<Describe>),
    /// Record that two accounts are one person's: the second answers for the first from then on
    ///
    /// Entries stay under the account for which they were made; reports, conversions and imports take
    /// both accounts for one person's. Where both hold the same achievement nothing is merged, unless the
    /// later entry is reversed. `learner unmerge` takes it back.
    Merge(Box<Merge>),
    /// Let the rules of a release count for a learner, from a day on (catalogue rights)
    ///
    /// Conversions and quotes then use that release whatever is in force, or the better of both where the release says
    /// so. The newest pin or unpin that has taken effect counts.
    Pin(Box<super::pin::Pin>),
    /// End a learner's pin: the release in force counts again
    Unpin(Box<super::pin::Unpin>),
    /// Take a merge back: the two accounts are two people's after all
    ///
    /// What the merge reversed stands again. Refused while a decision uses lots of both.
    Unmerge(Box<Unmerge>),
    /// List and decide the pairs of accounts that may be one person's
    ///
    /// An import whose profile maps name and birth date notes a new account that is like another one. It
    /// never merges by itself.
    Review(Box<Review>),
    /// All learners
    List {
        #[command(flatten)]
        output: Output,
    },
    /// One learner: every fact, with its days and the entry that recorded it
    Show {
        /// Account number or identifier
        learner: String,
        #[command(flatten)]
        output: Output,
    },
    /// Learners by account number, by an identifier or by part of a name, in any script
    Find {
        /// A whole identifier, or words of a name in any order
        text: String,
        #[command(flatten)]
        output: Output,
    },
}

#[derive(Debug, clap::Args)]
struct Add {
    /// Identifiers of the person, such as student-number@OU:0012 or cn-resident-id:…
    #[arg(long = "identifier", required = true, num_args = 1.., value_name = "SCHEME[@ISSUER]:VALUE")]
    identifiers: Vec<String>,
    #[command(flatten)]
    facts: Facts,
    /// First day on which the identifiers hold
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// Last day on which the identifiers hold
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    #[command(flatten)]
    write: WriteArgs,
}

#[derive(Debug, clap::Args)]
struct Facts {
    /// Name, in any script
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// A name that the person had before; with --to the day until when
    #[arg(long, value_name = "NAME")]
    former_name: Option<String>,
    /// Birth date
    #[arg(long, value_name = "DATE")]
    birth_date: Option<String>,
    /// Sex, in the bank's own words
    #[arg(long, value_name = "TEXT")]
    sex: Option<String>,
    /// Region, in the bank's own words
    #[arg(long, value_name = "TEXT")]
    region: Option<String>,
    /// Sector, in the bank's own words
    #[arg(long, value_name = "TEXT")]
    sector: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Identify {
    /// Account number or identifier
    account: String,
    /// The further identifier
    #[arg(value_name = "SCHEME[@ISSUER]:VALUE")]
    identifier: String,
    /// First day on which it holds
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// Last day on which it holds
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    #[command(flatten)]
    write: WriteArgs,
}

#[derive(Debug, clap::Args)]
struct Describe {
    /// Account number or identifier
    account: String,
    #[command(flatten)]
    facts: Facts,
    /// First day on which the facts hold
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// Last day on which the facts hold
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    #[command(flatten)]
    write: WriteArgs,
}

impl Facts {
    fn read(&self) -> Result<Vec<Description>> {
        let born = values::day("--birth-date", self.birth_date.as_deref())?.map(|day| day.to_string());
        let all = [
            ("name", values::optional("--name", self.name.as_deref())?),
            ("former-name", values::optional("--former-name", self.former_name.as_deref())?),
            ("birth-date", born),
            ("sex", values::optional("--sex", self.sex.as_deref())?),
            ("region", values::optional("--region", self.region.as_deref())?),
            ("sector", values::optional("--sector", self.sector.as_deref())?),
        ];
        Ok(all.into_iter().filter_map(|(scheme, value)| Some((scheme, value?))).collect())
    }
}

fn days(from: Option<&String>, to: Option<&String>) -> Result<Days> {
    Days::read(["--from", "--to"], from.map(String::as_str), to.map(String::as_str))
}

fn identifier(text: &str) -> Result<Identifier> {
    Identifier::parse(text).map_err(|error| match error {
        IdentifierError::Shape | IdentifierError::Scheme(_) => {
            let remedy = "write it as student-number@OU:0012, or as orcid:0000-0002-1825-0097";
            usage("G120", format!("`{text}`: {error}"), remedy)
        }
        IdentifierError::Description(ref scheme) => {
            usage("G120", format!("`{text}`: {error}"), format!("give it as --{scheme}"))
        }
        _ => Fault::new("G121", format!("`{text}`: {error}")).remedy("check it against the document"),
    })
}

impl Add {
    fn run(&self, context: &Context) -> Result<Done> {
        let person = Person {
            identifiers: self.identifiers.iter().map(|text| identifier(text)).collect::<Result<_>>()?,
            days: days(self.from.as_ref(), self.to.as_ref())?,
            descriptions: self.facts.read()?,
        };
        let mut store = context.open()?;
        let (_, posted) = learner::add(&mut store, &self.write.act(context)?, &person)?;
        self.write.tell(&store, context, "learner-add", &posted)
    }
}

impl Identify {
    fn run(&self, context: &Context) -> Result<Done> {
        let identifier = identifier(&self.identifier)?;
        let days = days(self.from.as_ref(), self.to.as_ref())?;
        let mut store = context.open()?;
        let account = find(&store, &self.account)?;
        let posted = learner::identify(&mut store, &self.write.act(context)?, account, &identifier, days)?;
        self.write.tell(&store, context, "learner-identify", &posted)
    }
}

impl Describe {
    fn run(&self, context: &Context) -> Result<Done> {
        let facts = self.facts.read()?;
        if facts.is_empty() {
            let remedy = "give --name, --former-name, --birth-date, --sex, --region or --sector";
            return Err(usage("G110", "there is nothing to record", remedy));
        }
        let days = days(self.from.as_ref(), self.to.as_ref())?;
        let mut store = context.open()?;
        let account = find(&store, &self.account)?;
        let posted = learner::describe(&mut store, &self.write.act(context)?, account, &facts, days)?;
        self.write.tell(&store, context, "learner-describe", &posted)
    }
}

impl Learner {
    /// Runs the command.
    pub fn run(&self, context: &Context) -> Result<Done> {
        match &self.verb {
            Verb::Add(args) => return args.run(context),
            Verb::Identify(args) => return args.run(context),
            Verb::Describe(args) => return args.run(context),
            Verb::Merge(args) => return args.run(context),
            Verb::Pin(args) => return args.run(context),
            Verb::Unpin(args) => return args.run(context),
            Verb::Unmerge(args) => return args.run(context),
            Verb::Review(args) => return args.run(context),
            Verb::List { output } => list(context, output, ("learner-list", None), None)?,
            Verb::Show { learner, output } => show(context, output, learner)?,
            Verb::Find { text, output } => {
                values::text("the text", text)?;
                list(context, output, ("learner-find", Some(text)), Some(text))?;
            }
        }
        Ok(Done::Well)
    }
}

fn list(context: &Context, output: &Output, asked: Asked, text: Option<&str>) -> Result<()> {
    let columns = [
        Column::text("account", "Account"),
        Column::text("name", "Name"),
        Column::text("identifiers", "Identifiers"),
        Column::text("person", "Merged into"),
    ];
    context.open_read()?.at_one_moment(|read| {
        let section = Section::new("learners", "Learners", &columns);
        page(read, context, output, asked, std::slice::from_ref(&section), |sink| {
            open(sink, &section)?;
            let mut number = 0;
            learner::each(read, text, &mut |Listed { account, names, identifiers, person }| {
                number += 1;
                let (names, identifiers) = (names.join("; "), identifiers.join("; "));
                let person = person.map(|person| person.to_string());
                sink.row(&[account.to_string().into(), names.into(), identifiers.into(), person.into()])
            })?;
            sink.note(&count(number, "learner"))
        })
    })
}

fn show(context: &Context, output: &Output, text: &str) -> Result<()> {
    let columns = [
        Column::text("account", "Account"),
        Column::text("scheme", "Scheme"),
        Column::text("issuer", "Issuer"),
        Column::text("value", "Value"),
        Column::text("valid_from", "From"),
        Column::text("valid_to", "To"),
        Column::number("entry", "Entry"),
        Column::text("batch", "Batch"),
    ];
    context.open_read()?.at_one_moment(|read| {
        let learner = find(read, text)?;
        let schemes = Schemes::read(read)?;
        let links = links(read, &Cut::default())?;
        let person = Account(links.person(learner)).to_string();
        let section = Section::new("facts", person.as_str(), &columns);
        page(read, context, output, ("learner-show", None), std::slice::from_ref(&section), |sink| {
            open(sink, &section)?;
            let accounts = links.accounts(learner);
            for account in &accounts {
                for fact in read.identities_of(*account)? {
                    sink.row(&cells(read, &Account(*account).to_string(), &schemes, &fact)?)?;
                }
            }
            for account in &accounts[1..] {
                sink.note(&format!("{} was merged into {person}", Account(*account)))?;
            }
            if let Some(Pin { release, since, decision, reason, .. }) =
                pin_of(read, &accounts, context.today(read)?, None)?
            {
                sink.note(&format!(
                    "pinned to release {release} of the rules since {since} (decision {decision}): {reason}"
                ))?;
            }
            Ok(())
        })
    })
}

fn cells(read: &dyn Read, account: &str, schemes: &Schemes, fact: &Identity) -> Result<[Cell; 8]> {
    let batch = read.batch_of(fact.entry)?.map(|batch| format!("B{}", batch.no));
    let (scheme, issuer) = schemes.of(fact);
    Ok([
        account.into(),
        scheme.into(),
        issuer.into(),
        fact.value.as_str().into(),
        fact.valid_from.as_deref().into(),
        fact.valid_to.as_deref().into(),
        fact.entry.into(),
        batch.into(),
    ])
}
