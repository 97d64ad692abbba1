//! What may be asked of a bank, at random.

use super::*;

/// A row: learner, course, day, credits in thousandths, grade, system.
pub type Row = (u8, u8, u8, i64, u8, bool);

#[derive(Debug, Clone)]
pub enum Command {
    /// Rows, under one of the profiles.
    Import(Vec<Row>, u8),
    /// To one of the targets, for one learner or all.
    Convert(u8, Option<u8>),
    /// At one of the targets or any, of one learner or all.
    Release(Option<u8>, Option<u8>),
    /// The batch so many before the newest.
    Reverse(u8, Dependents),
    /// The movement or achievement so far from the end.
    ReverseEntry(u8, Dependents),
    Close(u8),
    /// The lot so many before the newest: put on hold, or taken off it.
    Hold(u8, bool),
    /// Two learners, and whether what both have is reversed.
    Merge(u8, u8, bool),
    Unmerge(u8),
    /// Another version of the book, with the same rules for other ratios, and whether it is published at once, and with
    /// which policy for those who are pinned to it.
    Rules(Vec<RuleSeed>, bool, bool),
    /// A learner, and the release so many before the newest; none ends the pin.
    Pin(u8, Option<u8>),
    /// A learner asks for credit at a target, and perhaps has the rules' answer at once.
    Ask(u8, u8, bool),
    /// A step of the decision so many before the newest.
    Step(u8, u8),
    /// Credit for a learner without a rule.
    Except(u8, i64),
    /// The newest batch, at once: nothing may stand in the way, and all must be as it was before it.
    TakeBack,
}

pub const TARGETS: [&str; 3] = ["US-SEM", "ECTS", "STATE"];
pub const LEARNERS: u8 = 3;

pub fn a_row() -> impl Strategy<Value = Row> {
    (0..LEARNERS, 0..3u8, 1..4u8, 0..4_000i64, 40..60u8, any::<bool>())
}

pub fn a_command() -> impl Strategy<Value = Command> {
    let dependents =
        || prop::sample::select(vec![Dependents::Refuse, Dependents::Cascade, Dependents::Unused]);
    prop_oneof![
        5 => (prop::collection::vec(a_row(), 1..5), 0..4u8).prop_map(|(rows, how)| Command::Import(rows, how)),
        4 => (0..3u8, prop::option::of(0..LEARNERS)).prop_map(|(to, who)| Command::Convert(to, who)),
        2 => (prop::option::of(0..3u8), prop::option::of(0..LEARNERS)).prop_map(|(at, who)| Command::Release(at, who)),
        3 => (0..6u8, dependents()).prop_map(|(back, how)| Command::Reverse(back, how)),
        3 => (0..12u8, dependents()).prop_map(|(back, how)| Command::ReverseEntry(back, how)),
        1 => (0..3u8).prop_map(Command::Close),
        3 => (0..6u8, any::<bool>()).prop_map(|(back, lift)| Command::Hold(back, lift)),
        2 => (0..LEARNERS, 0..LEARNERS, any::<bool>()).prop_map(|(a, b, all)| Command::Merge(a, b, all)),
        2 => (0..LEARNERS).prop_map(Command::Unmerge),
        2 => (prop::collection::vec(a_rule(), 0..4), any::<bool>(), any::<bool>())
            .prop_map(|(seeds, publish, better)| Command::Rules(seeds, publish, better)),
        2 => (0..LEARNERS, prop::option::of(0..3u8)).prop_map(|(who, back)| Command::Pin(who, back)),
        2 => (0..LEARNERS, 0..2u8, any::<bool>()).prop_map(|(who, to, at_once)| Command::Ask(who, to, at_once)),
        6 => (0..4u8, 0..9u8).prop_map(|(back, which)| Command::Step(back, which)),
        1 => (0..LEARNERS, 1..5_000i64).prop_map(|(who, credits)| Command::Except(who, credits)),
        2 => Just(Command::TakeBack),
    ]
}

pub const PROFILE: &str = r#"
name = "results"
target = "achievements"
[columns]
learner = "learner"
outcome = "course"
period = "date"
credits = "credits"
system = "system"
grade = "grade"
[constants]
institution = "NVC"
kind = "formal"
[dates]
formats = ["YYYY-MM-DD"]
[learner]
scheme = "student-number"
unknown = "create"
[institution]
unknown = "create"
[outcome]
unknown = "create"
differs = "version"
"#;

/// What a profile says of rows that say otherwise than what is recorded.
pub const HOW: [&str; 4] = [
    "",
    "[result]\ndiffers = \"correct\"\n",
    "[result]\ndiffers = \"correct\"\n[attempts]\ncounts = \"latest\"\n",
    "[attempts]\ncounts = \"best\"\n",
];

pub const CATALOGUE: &str = r#"
name = "catalogue"
target = "outcomes"
[columns]
institution = "institution"
outcome = "course"
[constants]
system = "CN"
kind = "formal"
[institution]
unknown = "create"
[outcome]
unknown = "create"
"#;

pub const BOOK: &str = r#"
book = "b"
[[rule]]
id = "sem"
from = { system = "US-QTR" }
to = { system = "US-SEM" }
ratio = "2/3"
[[rule]]
id = "ects"
from = { system = "CN" }
to = { system = "ECTS" }
ratio = "7/5"
rounding = "half-up"
step = "0.5"
[[rule]]
id = "state"
from = { institution = "NVC", outcome = "C0" }
to = { institution = "STATE", outcome = "S0", system = "ECTS" }
credits = "2"
min_score = "50"
"#;

/// What a random rule says: sides, ratio, rounding, requirement, limit and priority, each by number.
pub type RuleSeed = (u8, u8, u8, u8, u8, u8, u8);

pub fn a_rule() -> impl Strategy<Value = RuleSeed> {
    (0..5u8, 0..5u8, 0..6u8, 0..3u8, 0..6u8, 0..6u8, 0..3u8)
}

/// The fixed rules with random ones beside them: chains and cycles between systems, rules for several outcomes,
/// denials and limits.
pub fn a_book(seeds: &[RuleSeed]) -> String {
    const SYSTEMS: [&str; 4] = ["US-QTR", "US-SEM", "ECTS", "CN"];
    let mut book = format!("{BOOK}[[cap]]\nname = \"all\"\ncredits = \"5\"\nsystem = \"ECTS\"\n");
    for (number, (from, to, ratio, rounding, required, limit, priority)) in seeds.iter().enumerate() {
        let system = SYSTEMS[usize::from(*to) % 4];
        let (from, worth) = match SYSTEMS.get(usize::from(*from)) {
            Some(from) if *from == system => continue,
            Some(from) => (
                format!("{{ system = \"{from}\" }}"),
                format!("ratio = \"{}\"", ["2/3", "3/2", "1", "1/3", "7/5", "2"][usize::from(*ratio)]),
            ),
            None => (
                format!(
                    "{{ institution = \"NVC\", outcome = \"{}\" }}",
                    ["C0", "C0 & C1", "2 of (*)", "C1 | C2", "* & C2", "C*"][usize::from(*required)]
                ),
                [
                    "credits = \"2\"",
                    "credits = \"3.5\"",
                    "ratio = \"1/2\"",
                    "deny = \"no\"",
                    "credits = \"1\"",
                    "ratio = \"3\"",
                ][usize::from(*ratio)]
                .to_owned(),
            ),
        };
        let to = match to {
            4 => format!("{{ institution = \"STATE\", category = \"elective\", system = \"{system}\" }}"),
            _ => format!("{{ system = \"{system}\" }}"),
        };
        let rounding = ["down", "half-up", "up"][usize::from(*rounding)];
        let limit = ["", "", "", "", "most = \"3\"\n", "caps = [\"all\"]\n"][usize::from(*limit)];
        book.push_str(&format!(
            "[[rule]]\nid = \"random-{number}\"\nfrom = {from}\nto = {to}\n{worth}\nrounding = \"{rounding}\"\n{limit}priority = {priority}\n"
        ));
    }
    book
}
