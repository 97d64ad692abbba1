//! Why a rule does not take a lot, with the values that it turned on.

use crate::domain::credits::Credits;
use crate::domain::date::Period;
use crate::domain::outcome::Kind;
use crate::domain::rule::Age;
use jiff::civil::Date;
use serde::Serialize;
use std::fmt;

/// Why a rule does not take a lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "reason")]
pub enum Reason {
    /// No rule speaks of the lot.
    NoRule {
        /// Code of the target.
        target: String,
    },
    /// The rule says that it does not convert.
    Denied {
        /// The rule's reason.
        why: String,
    },
    /// Another rule of the same or an earlier priority denies it.
    Barred {
        /// Id of the denying rule.
        by: String,
    },
    /// Another rule of the same or an earlier priority waits for a day.
    Waits {
        /// Id of the rule.
        by: String,
    },
    /// The rule may not be used on the day of the decision.
    NotValid {
        /// Its first day.
        from: Option<Date>,
        /// Its last day.
        to: Option<Date>,
        /// Whether the first day is still to come.
        early: bool,
    },
    /// One side has agreed to the rule, and the other has not yet.
    Approval {
        /// Whose approval it waits for: `sending` or `receiving`.
        side: &'static str,
    },
    /// The grade is too low, missing, or not comparable.
    Grade {
        /// Scale and grade recorded.
        has: Option<(String, String)>,
        /// Scale of the lowest grade accepted; empty where the grade's own is meant.
        scale: String,
        /// The lowest grade accepted.
        needs: String,
        /// Whether the grade stands on the scale at all.
        comparable: bool,
    },
    /// The score is too low, too high, missing, or no number.
    Score {
        /// The grade recorded.
        has: Option<String>,
        /// The lowest score accepted.
        min: Option<Credits>,
        /// The highest score for which the rule is meant.
        max: Option<Credits>,
    },
    /// The level is too low, missing, or of another framework.
    Level {
        /// Framework and level recorded.
        has: Option<(String, String)>,
        /// Framework and lowest level accepted.
        needs: (String, String),
    },
    /// Too few hours of work, or none recorded.
    Hours {
        /// The hours recorded.
        has: Option<Credits>,
        /// The fewest accepted.
        needs: Credits,
    },
    /// The setting of the learning is not accepted.
    Kind {
        /// The kind recorded.
        has: Kind,
        /// The kinds accepted.
        needs: Vec<Kind>,
    },
    /// It was achieved too long ago.
    Age {
        /// When, as written.
        achieved: String,
        /// The greatest age accepted.
        most: AgeText,
        /// Last day on which it was accepted; of the last day that the date may mean.
        until: Date,
        /// Whether it depends on the day.
        undecided: bool,
    },
    /// It was achieved outside the days of which the rule speaks.
    Taken {
        /// When, as written.
        achieved: String,
        /// The first day accepted.
        from: Option<Date>,
        /// The last day accepted.
        to: Option<Date>,
        /// Whether it depends on the day.
        undecided: bool,
    },
    /// The outcome was not accredited when it was achieved.
    NotAccredited {
        /// When it was achieved, as written.
        achieved: String,
        /// First day of the accreditation.
        from: Option<Date>,
        /// Last day of the accreditation.
        to: Option<Date>,
        /// Whether any accreditation is recorded.
        recorded: bool,
        /// Whether it depends on the day.
        undecided: bool,
    },
    /// An attribute is missing, or has another value.
    Attribute {
        /// The attribute.
        name: String,
        /// Its value.
        has: Option<String>,
        /// The values accepted.
        needs: Vec<String>,
    },
    /// Its credit is of another system than what results, where the original amount would count.
    System {
        /// The lot's system.
        has: String,
        /// The system that results.
        needs: String,
    },
    /// Other achievements that the rule asks for together with it are missing.
    RequirementIncomplete {
        /// What is missing, as the rule writes it.
        missing: Vec<String>,
    },
    /// Another application of a rule serves the learner better.
    Better {
        /// Id of the rule that was used.
        by: String,
    },
    /// A limit is reached.
    Cap {
        /// The limit's name.
        limit: String,
        /// What it lets through.
        most: Credits,
    },
    /// What results rounds to nothing.
    ComesToNothing {
        /// The arithmetic.
        arithmetic: String,
    },
    /// What results is beyond what the ledger counts.
    TooLarge,
}

/// An age in words: `5 years`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AgeText(pub String);

impl From<Age> for AgeText {
    fn from(age: Age) -> AgeText {
        let (number, unit) = match age {
            Age::Years(years) => (years, "year"),
            Age::Months(months) => (months, "month"),
        };
        AgeText(format!("{number} {unit}{}", if number == 1 { "" } else { "s" }))
    }
}

impl Reason {
    /// The stable word for it, as decisions record it.
    pub fn code(&self) -> &'static str {
        match self {
            Reason::NoRule { .. } => "no-rule",
            Reason::Denied { .. } => "denied",
            Reason::Barred { .. } => "barred",
            Reason::Waits { .. } => "waits",
            Reason::NotValid { .. } => "not-valid",
            Reason::Approval { .. } => "approval",
            Reason::Grade { .. } => "grade",
            Reason::Score { .. } => "score",
            Reason::Level { .. } => "level",
            Reason::Hours { .. } => "hours",
            Reason::Kind { .. } => "kind",
            Reason::Age { .. } => "age",
            Reason::Taken { .. } => "taken",
            Reason::NotAccredited { .. } => "not-accredited",
            Reason::Attribute { .. } => "attribute",
            Reason::System { .. } => "system",
            Reason::RequirementIncomplete { .. } => "requirement-incomplete",
            Reason::Better { .. } => "better",
            Reason::Cap { .. } => "cap",
            Reason::ComesToNothing { .. } => "comes-to-nothing",
            Reason::TooLarge => "too-large",
        }
    }

    /// Whether the answer waits for a day.
    pub fn is_undecided(&self) -> bool {
        matches!(
            self,
            Reason::Age { undecided: true, .. }
                | Reason::Taken { undecided: true, .. }
                | Reason::NotAccredited { undecided: true, .. }
        )
    }
}

fn days(from: Option<Date>, to: Option<Date>) -> String {
    let text = |date: Option<Date>| date.map_or("…".to_owned(), |date| date.to_string());
    format!("{} to {}", text(from), text(to))
}

/// What a condition on a date says.
fn dated(f: &mut fmt::Formatter<'_>, achieved: &str, bounds: &str, undecided: bool) -> fmt::Result {
    match undecided {
        true => write!(f, "achieved {achieved}, which straddles {bounds}: needs the day"),
        false => write!(f, "achieved {achieved}, outside {bounds}"),
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NoRule { target } => write!(f, "no rule converts it to {target}"),
            Reason::Denied { why } => write!(f, "denied: {why}"),
            Reason::Barred { by } => write!(f, "rule {by} denies it"),
            Reason::Waits { by } => write!(f, "rule {by} comes first, and needs the day"),
            Reason::NotValid { from: Some(from), early: true, .. } => write!(f, "valid only from {from}"),
            Reason::NotValid { to, .. } => write!(f, "valid only until {}", to.unwrap_or(Date::MAX)),
            Reason::Approval { side } => write!(f, "waits for the {side} side's approval"),
            Reason::Grade { has, scale, needs, comparable } => {
                grade(f, has.as_ref(), scale, needs, *comparable)
            }
            Reason::Score { has, min, max } => score(f, has.as_deref(), *min, *max),
            Reason::Level { has, needs: (framework, level) } => {
                write!(f, "needs level {framework} {level}; ")?;
                match has {
                    None => f.write_str("none is recorded"),
                    Some((own, has)) if own == framework => write!(f, "the level is {has}"),
                    Some((own, has)) => write!(f, "the level is {own} {has}"),
                }
            }
            Reason::Hours { has: None, needs } => write!(f, "needs {needs} hours of work; none are recorded"),
            Reason::Hours { has: Some(has), needs } => {
                write!(f, "needs {needs} hours of work; the outcome has {has}")
            }
            Reason::Kind { has, .. } => write!(f, "{} learning is not accepted", has.name()),
            Reason::Age { achieved, most: AgeText(most), until, undecided } => match undecided {
                true => write!(f, "achieved {achieved}, accepted for {most}: needs the day"),
                false => write!(f, "achieved {achieved}, accepted for {most}, until {until}"),
            },
            Reason::Taken { achieved, from, to, undecided } => {
                dated(f, achieved, &days(*from, *to), *undecided)
            }
            Reason::NotAccredited { recorded: false, .. } => {
                f.write_str("needs an accredited outcome; no accreditation is recorded")
            }
            Reason::NotAccredited { achieved, from, to, undecided, .. } => {
                dated(f, achieved, &format!("its accreditation of {}", days(*from, *to)), *undecided)
            }
            Reason::Attribute { name, has, needs } => {
                write!(f, "needs {name} = {}; ", needs.join(" or "))?;
                match has {
                    None => f.write_str("none is recorded"),
                    Some(has) => write!(f, "it is {has}"),
                }
            }
            Reason::System { has, needs } => {
                write!(f, "takes credit of {needs} as it is; this is {has}")
            }
            Reason::RequirementIncomplete { missing } => {
                write!(f, "needs as well: {}", missing.join(" & "))
            }
            Reason::Better { by } => write!(f, "rule {by} serves the learner better"),
            Reason::Cap { limit, most } => write!(f, "limit {limit} of {most} credits is reached"),
            Reason::ComesToNothing { arithmetic } => write!(f, "{arithmetic} comes to nothing"),
            Reason::TooLarge => f.write_str("the amount is beyond what the ledger counts"),
        }
    }
}

fn grade(
    f: &mut fmt::Formatter<'_>,
    has: Option<&(String, String)>,
    scale: &str,
    needs: &str,
    comparable: bool,
) -> fmt::Result {
    match has {
        None => write!(f, "needs grade {needs}; none is recorded"),
        Some((own, _)) if !own.is_empty() && !scale.is_empty() && own != scale => {
            write!(f, "needs grade {needs} on scale {scale}; the grade is on scale {own}")
        }
        Some((_, grade)) if comparable => write!(f, "needs grade {needs}; the grade is {grade}"),
        Some((own, grade)) => {
            let scale = if scale.is_empty() { own } else { scale };
            write!(f, "needs grade {needs}; grade {grade} is not on scale {scale}")
        }
    }
}

fn score(
    f: &mut fmt::Formatter<'_>,
    has: Option<&str>,
    min: Option<Credits>,
    max: Option<Credits>,
) -> fmt::Result {
    match (min, max) {
        (Some(min), Some(max)) if min == max => write!(f, "needs a score of {min}; ")?,
        (Some(min), Some(max)) => write!(f, "needs a score of {min} to {max}; ")?,
        (Some(min), None) => write!(f, "needs a score of {min} or more; ")?,
        (None, max) => write!(f, "is for scores up to {}; ", max.unwrap_or_default())?,
    }
    match has {
        None => f.write_str("none is recorded"),
        Some(text) => match super::judging::score(text) {
            Some(score) => write!(f, "the score is {score}"),
            None => write!(f, "grade {text} is not a number"),
        },
    }
}

/// When something was achieved, as written.
pub(super) fn written(period: &Period) -> String {
    period.written.clone()
}
