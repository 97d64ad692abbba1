//! Decisions on what learners ask for: their states, their steps, and what the acts of each step record.

use super::account::Account;
use super::credits::Credits;
use super::deadline::Term;
use super::entry::EntryId;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Where a decision is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Somebody asks, and nobody has answered.
    Requested,
    /// The answer is given and moves nothing: a refusal.
    Decided,
    /// The answer stands in the accounts: a conversion or an exception.
    Posted,
    /// The learner contests it.
    Appealed,
    /// It was contested and stays.
    Upheld,
    /// It was contested and does not stay.
    Overturned,
    /// The learner does not ask any more.
    Withdrawn,
}

impl State {
    /// All of them.
    pub const ALL: [State; 7] = [
        State::Requested,
        State::Decided,
        State::Posted,
        State::Appealed,
        State::Upheld,
        State::Overturned,
        State::Withdrawn,
    ];

    /// The word for it.
    pub fn name(self) -> &'static str {
        ["requested", "decided", "posted", "appealed", "upheld", "overturned", "withdrawn"][self as usize]
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// What silence means once a deadline has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Silence {
    /// Nothing: somebody still has to answer.
    #[default]
    Nothing,
    /// What the learner asks for.
    Learner,
    /// That it stays as it is: the request is refused, or the decision upheld.
    Institution,
}

impl Silence {
    /// The word for it.
    pub fn name(self) -> &'static str {
        ["nothing", "learner", "institution"][self as usize]
    }
}

/// What a procedure says of deadlines and officers, as a decision records it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Name of the procedure.
    pub name: String,
    /// Its version in the bank.
    pub version: i64,
    /// SHA-256 of its text, hexadecimal.
    pub sha256: String,
    /// From the receipt of all that is needed to the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decide: Option<Term>,
    /// What silence decides then.
    #[serde(default)]
    pub silence: Silence,
    /// From the decision to the appeal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Term>,
    /// From the appeal to the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Term>,
    /// What silence on an appeal decides.
    #[serde(default)]
    pub appeal_silence: Silence,
    /// 2 where somebody else answers the appeal than who decided.
    pub officers: u8,
    /// How often a decision may be appealed.
    pub levels: u8,
    /// Days that are no working days.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holidays: Vec<Date>,
}

impl Terms {
    /// The last day of one of its spans after an event.
    pub fn last_day(&self, span: Option<Term>, event: Date) -> Option<Date> {
        span.map(|span| span.last_day(event, &self.holidays))
    }
}

/// A lot, as two cases are compared by it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Input {
    /// Code of the awarding institution.
    pub institution: String,
    /// The outcome's code.
    pub outcome: String,
    /// Code of the credit system.
    pub system: String,
    /// The whole of what was awarded.
    pub amount: Credits,
    /// Band of the grade: `passed` or `below` the scale's passing line, else the grade as written.
    pub band: String,
    /// The reasons for which the rules do not take it; none where they do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<String>,
}

/// What two decisions are compared by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs {
    /// Code of the target.
    pub target: String,
    /// The lots, sorted.
    pub lots: Vec<Input>,
}

/// A lot that is refused, or that the rules leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The lot.
    pub lot: EntryId,
    /// Stable words for the reasons.
    pub codes: Vec<String>,
    /// The reasons in words.
    pub why: String,
}

/// A lot that an exception places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// The lot.
    pub lot: EntryId,
    /// What is taken of it, in its own system.
    pub amount: Credits,
    /// What it is worth at the target.
    pub worth: Credits,
}

/// An outcome of the target that an exception gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receives {
    /// Its code.
    pub outcome: String,
}

/// An authority as an exception names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// Its code.
    pub code: String,
    /// The version of its row.
    pub version: i64,
}

/// What a step of a decision does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// A learner asks for credit at a target.
    Request,
    /// The request is answered by conversion.
    Accept,
    /// The request is refused.
    Refuse,
    /// Credit is placed without a rule, by an authority.
    Except,
    /// The decision is contested.
    Appeal,
    /// It stays.
    Uphold,
    /// It does not stay.
    Overturn,
    /// The request or the appeal is taken back.
    Withdraw,
    /// Silence decided.
    Lapse,
    /// Equal later cases are offered it.
    Precedent,
    /// They are not offered it any more.
    Unprecedent,
}

impl Verb {
    /// All of them.
    pub const ALL: [Verb; 11] = [
        Verb::Request,
        Verb::Accept,
        Verb::Refuse,
        Verb::Except,
        Verb::Appeal,
        Verb::Uphold,
        Verb::Overturn,
        Verb::Withdraw,
        Verb::Lapse,
        Verb::Precedent,
        Verb::Unprecedent,
    ];

    /// The word for it, as the decision's row has it.
    pub fn name(self) -> &'static str {
        [
            "request",
            "accept",
            "refuse",
            "except",
            "appeal",
            "uphold",
            "overturn",
            "withdraw",
            "lapse",
            "precedent",
            "unprecedent",
        ][self as usize]
    }

    /// The verb of that name.
    pub fn from_name(name: &str) -> Option<Verb> {
        Verb::ALL.into_iter().find(|verb| verb.name() == name)
    }
}

/// What the act of a step records. Which parts there are depends on the verb.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What it does.
    pub verb: Verb,
    /// The account.
    pub learner: Account,
    /// The decision that it is about; none where it opens one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<EntryId>,
    /// Code of the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The day that counts: of the receipt, the decision, the appeal.
    pub date: Date,
    /// The lots asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lots: Vec<EntryId>,
    /// The procedure that the decision follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub procedure: Option<Terms>,
    /// Stable words for the reasons.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<String>,
    /// The lots that are refused, or that the rules leave.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refused>,
    /// The conversions and exceptions of the same batch that the answer consists of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub placed: Vec<EntryId>,
    /// The releases of the same batch that end what was placed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub released: Vec<EntryId>,
    /// The authority by which credit is placed without a rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<By>,
    /// What it places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub granted: Vec<Granted>,
    /// Code of the credit system of the worth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// The outcomes of the target that it counts for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub received: Vec<Receives>,
    /// What the case is compared by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Inputs>,
    /// SHA-256 of that, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Precedents that were offered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub precedents: Vec<EntryId>,
    /// The last day of the span that passed in silence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
    /// Why, or on what ground.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

impl Step {
    /// A step of which only the first parts are filled in.
    pub fn new(verb: Verb, learner: Account, date: Date) -> Step {
        Step {
            verb,
            learner,
            decision: None,
            target: None,
            date,
            lots: Vec::new(),
            procedure: None,
            codes: Vec::new(),
            refused: Vec::new(),
            placed: Vec::new(),
            released: Vec::new(),
            authority: None,
            granted: Vec::new(),
            system: None,
            received: Vec::new(),
            inputs: None,
            key: None,
            precedents: Vec::new(),
            due: None,
            reason: String::new(),
        }
    }
}

/// A reason code, with what it means.
pub type Code = (&'static str, &'static str);

/// The codes that the rules give, as `quote` has them.
pub const RULE_CODES: &[Code] = &[
    ("no-rule", "no rule converts it to the target: not articulated"),
    ("denied", "a rule says that it does not convert: not articulated"),
    ("barred", "another rule denies it"),
    ("waits", "a rule that comes first needs the day"),
    ("not-valid", "the rule is not valid on the day"),
    ("approval", "the rule waits for a side's approval"),
    ("grade", "the grade is below, missing or not comparable"),
    ("score", "the score is outside, missing or no number"),
    ("level", "the level is below, missing or of another framework"),
    ("hours", "too few hours of work, or none recorded"),
    ("kind", "the setting of the learning is not accepted"),
    ("age", "it was achieved too long ago: expired"),
    ("taken", "it was achieved outside the days of the rule"),
    ("not-accredited", "the outcome was not accredited when it was achieved"),
    ("attribute", "an attribute is missing or has another value"),
    ("system", "its credit is of another system"),
    ("requirement-incomplete", "what the rule asks for beside it is missing"),
    ("better", "another rule serves the learner better"),
    ("cap", "a limit is reached"),
    ("comes-to-nothing", "what results rounds to nothing"),
    ("too-large", "what results is beyond what is counted"),
    ("placed", "the credit is placed already"),
    ("on-hold", "the credit is on hold"),
];

/// The codes that only an officer can give.
pub const OFFICER_CODES: &[Code] = &[
    (
        "substantial-difference",
        "the outcomes differ substantially (Lisbon Recognition Convention, IV.1 and V.1)",
    ),
    ("documents", "documents are missing, or could not be verified"),
    ("not-applicable", "it does not apply to the learner's programme"),
    ("duplicate", "the learner has credit for the same learning at the target"),
    ("silence", "nobody answered in time, and the procedure takes that for a refusal"),
    ("other", "another reason, which is stated"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_that_are_written() {
        for verb in Verb::ALL {
            assert_eq!(serde_json::to_value(verb).unwrap(), verb.name());
            assert_eq!(Verb::from_name(verb.name()), Some(verb));
        }
        for state in State::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.name());
            assert_eq!(State::from_name(state.name()), Some(state));
        }
        for silence in [Silence::Nothing, Silence::Learner, Silence::Institution] {
            assert_eq!(serde_json::to_value(silence).unwrap(), silence.name());
        }
    }

    #[test]
    fn a_step_says_only_what_it_has() {
        let mut step = Step::new(Verb::Appeal, Account(1), jiff::civil::date(2026, 2, 28));
        step.decision = Some(EntryId(7));
        let text = serde_json::to_string(&step).unwrap();
        assert_eq!(text, r#"{"verb":"appeal","learner":"CB00000001X","decision":"7","date":"2026-02-28"}"#);
        assert_eq!(serde_json::from_str::<Step>(&text).unwrap(), step);
    }
}
