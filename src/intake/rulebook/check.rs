//! Checks a rule's texts against each other and brings them into their final form.

use super::raw::{Cell, Key, Raw};
use super::{BookFile, Check, Collector, Place, Placed, ScaleDef, is_book_name, shown};
use crate::domain::credits::{Credits, DecimalMark, RATIO_LIMIT, Ratio, RoundingMode};
use crate::domain::date;
use crate::domain::outcome::Kind;
use crate::domain::rule::{Rule, Side, Worth, finest};
use jiff::civil::Date;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// The largest step: a thousand credits.
const MAX_STEP: Credits = Credits(1_000_000);

/// Collects the rules of one book.
pub(super) struct Checker {
    /// What was found wrong.
    pub(super) faults: Collector,
    /// The scales that the file defines.
    pub(super) scales: Vec<Placed<ScaleDef>>,
    rules: Vec<Placed<Rule>>,
    lines: HashMap<String, u64>,
    seen: bool,
}

impl Checker {
    /// A book without rules, of whose file something may be known to be wrong.
    pub(super) fn new(faults: Collector) -> Checker {
        Checker { faults, scales: Vec::new(), rules: Vec::new(), lines: HashMap::new(), seen: false }
    }

    /// Checks one rule and keeps it.
    pub(super) fn rule(&mut self, raw: &Raw<'_>) {
        self.seen = true;
        self.note_id(raw);
        let rule = One { raw, scales: &self.scales, faults: &mut self.faults }.rule();
        match rule {
            Some(rule) if self.faults.is_empty() => self.rules.push(Placed { value: rule, at: raw.at }),
            // Nothing of a file with a fault is taken.
            _ => self.rules = Vec::new(),
        }
    }

    /// Knows of rules that were not looked at.
    pub(super) fn pass_over(&mut self) {
        self.seen = true;
    }

    fn note_id(&mut self, raw: &Raw<'_>) {
        let Some(cell) = raw.get(Key::Id) else {
            return self.faults.add(
                raw.at,
                None,
                Check::MissingId,
                "the rule has no id",
                "decisions name it by its id",
            );
        };
        match self.lines.entry(cell.text.to_string()) {
            Entry::Vacant(free) => {
                free.insert(raw.at.line);
            }
            Entry::Occupied(first) => {
                let what = format!("id {} stands a second time", shown(&cell.text));
                let why = format!("the rule of line {} has it", first.get());
                self.faults.add(cell.at, raw.id(), Check::DuplicateId, what, why);
            }
        }
    }

    /// The book, if it is sound; `name` is looked at last, with its place.
    pub(super) fn finish(
        mut self,
        file: &str,
        (name, at): (&str, Place),
        title: Option<String>,
        (sha256, bytes): (String, u64),
    ) -> Result<BookFile, super::Faults> {
        if !is_book_name(name) {
            let what = format!("bad book name {}", shown(name));
            self.faults.add(at, None, Check::BadBookName, what, "a name is 1 to 40 of a–z, 0–9 and -");
        }
        if !self.seen {
            let end = Place { line: 1, column: 1 };
            self.faults.add(end, None, Check::EmptyBook, "the book is empty", "it has no rules");
        }
        self.faults.finish(file)?;
        let (book, file) = (name.to_owned(), file.to_owned());
        Ok(BookFile { file, book, title, scales: self.scales, rules: self.rules, sha256, bytes })
    }
}

/// One rule being checked.
struct One<'c, 'a> {
    raw: &'c Raw<'a>,
    scales: &'c [Placed<ScaleDef>],
    faults: &'c mut Collector,
}

impl<'a> One<'_, 'a> {
    fn rule(&mut self) -> Option<Rule> {
        let from = self.side([Key::FromSystem, Key::FromInstitution, Key::FromOutcome]);
        let to = self.side([Key::ToSystem, Key::ToInstitution, Key::ToOutcome]);
        let system = self.sides(from.as_ref(), to.as_ref());
        let worth = self.worth(from.as_ref().or(to.as_ref()));
        let (rounding, step) = (self.rounding(), self.step());
        let min_score = self.amount(Key::MinScore);
        self.grade();
        self.level();
        let kinds = self.kinds();
        let [valid_from, valid_to] = self.dates(Key::ValidFrom, Key::ValidTo);
        let [taken_from, taken_to] = self.dates(Key::TakenFrom, Key::TakenTo);
        Some(Rule {
            id: self.text(Key::Id)?,
            from: from?,
            to: to?,
            system: system?,
            worth: worth?,
            rounding,
            step,
            min_grade: self.text(Key::MinGrade),
            scale: self.text(Key::Scale),
            min_score,
            framework: self.text(Key::Framework),
            min_level: self.text(Key::MinLevel),
            kinds,
            valid_from,
            valid_to,
            taken_from,
            taken_to,
            authority: self.text(Key::Authority).unwrap_or_default(),
            reference: self.text(Key::Reference).unwrap_or_default(),
        })
    }

    fn text(&self, key: Key) -> Option<String> {
        self.raw.get(key).map(|cell| cell.text.as_ref().to_owned())
    }

    fn fault(&mut self, at: Place, check: Check, what: impl Into<String>, why: impl Into<String>) {
        self.faults.add(at, self.raw.id(), check, what, why);
    }

    /// A fault about one value.
    fn bad(&mut self, key: Key, check: Check, why: impl Into<String>) {
        let Some(cell) = self.raw.get(key) else { return };
        self.fault(cell.at, check, format!("bad {} {}", key.name(), shown(&cell.text)), why);
    }

    fn side(&mut self, [system, institution, outcome]: [Key; 3]) -> Option<Side> {
        let raw = self.raw;
        let word = system.name().split('_').next().unwrap_or_default();
        match (raw.get(system), raw.get(institution), raw.get(outcome)) {
            (Some(system), None, None) => Some(Side::System { system: system.text.to_string() }),
            (None, Some(institution), Some(outcome)) => Some(Side::Outcome {
                institution: institution.text.to_string(),
                outcome: outcome.text.to_string(),
            }),
            (None, None, None) => {
                let what = format!("the rule has no `{word}`");
                self.fault(raw.at, Check::SideMissing, what, "a rule converts one thing into another");
                None
            }
            (None, Some(half), None) | (None, None, Some(half)) => {
                let what = format!("`{word}` names {} alone", shown(&half.text));
                self.fault(
                    half.at,
                    Check::SideIncomplete,
                    what,
                    "an outcome is known by its institution and its code",
                );
                None
            }
            (Some(system), ..) => {
                let what = format!("`{word}` names system {} beside an outcome", shown(&system.text));
                self.fault(system.at, Check::SideMixed, what, "a side is a system or an outcome");
                None
            }
        }
    }

    /// What the sides together amount to: the resulting system, empty where the catalogue knows it.
    fn sides(&mut self, from: Option<&Side>, to: Option<&Side>) -> Option<String> {
        let given = self.raw.get(Key::System);
        let at = self.raw.get(Key::ToSystem).map_or(self.raw.at, |cell| cell.at);
        match (from?, to?) {
            (Side::System { system: from }, Side::System { system: to }) => {
                if from == to {
                    let what = format!("both sides are {}", shown(to));
                    self.fault(at, Check::SameSystem, what, "credit of a system needs no rule to stay in it");
                }
                if let Some(given) = given.filter(|given| given.text != to.as_str()) {
                    let what = format!("the resulting system is {}", shown(&given.text));
                    self.fault(
                        given.at,
                        Check::SystemTwice,
                        what,
                        format!("the rule converts to {}", shown(to)),
                    );
                }
                Some(to.clone())
            }
            (Side::Outcome { .. }, Side::Outcome { .. }) => {
                Some(given.map(|cell| cell.text.to_string()).unwrap_or_default())
            }
            _ => {
                let why = "one is a system and the other an outcome";
                self.fault(self.raw.at, Check::SidesDiffer, "`from` and `to` do not go together", why);
                None
            }
        }
    }

    fn worth(&mut self, side: Option<&Side>) -> Option<Worth> {
        match (self.raw.get(Key::Ratio), self.raw.get(Key::Credits)) {
            (None, None) => {
                let what = "the rule has neither ratio nor credits";
                self.fault(self.raw.at, Check::WorthMissing, what, "it does not say what results");
                None
            }
            (Some(_), Some(credits)) => {
                let what = "the rule has both ratio and credits";
                self.fault(credits.at, Check::WorthTwice, what, "they may differ");
                None
            }
            (Some(ratio), None) => match Ratio::parse(&ratio.text) {
                Some(ratio) => Some(Worth::Ratio(ratio)),
                None => {
                    self.bad(Key::Ratio, Check::BadRatio, ratio_why(&ratio.text));
                    None
                }
            },
            (None, Some(credits)) => {
                if matches!(side, Some(Side::System { .. })) {
                    let what = format!("credits {} between systems", shown(&credits.text));
                    self.fault(
                        credits.at,
                        Check::CreditsForSystem,
                        what,
                        "a fixed amount stands for one outcome",
                    );
                }
                self.amount(Key::Credits).map(Worth::Credits)
            }
        }
    }

    fn amount(&mut self, key: Key) -> Option<Credits> {
        match Credits::parse(&self.raw.get(key)?.text, DecimalMark::Point) {
            Ok(amount) => Some(amount),
            Err(why) => {
                self.bad(key, Check::BadAmount, why.to_string());
                None
            }
        }
    }

    fn step(&mut self) -> Credits {
        let Some(cell) = self.raw.get(Key::Step) else { return finest() };
        match Credits::parse(&cell.text, DecimalMark::Point) {
            Ok(step) if (finest()..=MAX_STEP).contains(&step) => return step,
            Ok(Credits::ZERO) => self.bad(Key::Step, Check::BadStep, "nothing is a multiple of 0"),
            Ok(_) => self.bad(Key::Step, Check::BadStep, "it is more than 1000"),
            Err(why) => self.bad(Key::Step, Check::BadStep, why.to_string()),
        }
        finest()
    }

    fn rounding(&mut self) -> RoundingMode {
        use RoundingMode::{Down, HalfEven, HalfUp, Up};
        let Some(cell) = self.raw.get(Key::Rounding) else { return Down };
        let modes = [Down, HalfUp, HalfEven, Up];
        let found = modes.into_iter().find(|mode| mode.name() == cell.text);
        found.unwrap_or_else(|| {
            self.unknown(cell, Check::UnknownRounding, "rounding", &modes.map(RoundingMode::name));
            Down
        })
    }

    fn unknown(&mut self, cell: &Cell<'a>, check: Check, kind: &str, known: &[&str]) {
        self.faults.add_unknown(cell.at, self.raw.id(), check, (kind, &cell.text), known);
    }

    fn kinds(&mut self) -> Vec<Kind> {
        let mut found = Vec::new();
        for cell in &self.raw.kinds {
            match Kind::from_name(&cell.text) {
                Some(kind) => found.push(kind),
                None => self.unknown(cell, Check::UnknownKind, "kind", &Kind::ALL.map(Kind::name)),
            }
        }
        found
    }

    fn grade(&mut self) {
        let raw = self.raw;
        match (raw.get(Key::MinGrade), raw.get(Key::Scale)) {
            (Some(_), None) => {
                self.bad(Key::MinGrade, Check::GradeWithoutScale, "no scale says which grades are better");
            }
            (None, Some(_)) if raw.get(Key::MinScore).is_none() => {
                self.bad(Key::Scale, Check::GradeWithoutScale, "the rule asks for no grade on it");
            }
            (Some(grade), Some(scale)) => {
                let defined = self.scales.iter().find(|known| known.value.name == scale.text);
                let off = defined.filter(|known| known.value.rank(&grade.text).is_none());
                if let Some(known) = off {
                    let why = format!("scale {} has {}", shown(&scale.text), known.value.grades_text());
                    self.bad(Key::MinGrade, Check::GradeNotOnScale, why);
                }
            }
            _ => {}
        }
    }

    fn level(&mut self) {
        match (self.raw.get(Key::MinLevel), self.raw.get(Key::Framework)) {
            (Some(_), None) => {
                self.bad(
                    Key::MinLevel,
                    Check::LevelWithoutFramework,
                    "levels of different frameworks do not compare",
                );
            }
            (None, Some(_)) => {
                self.bad(Key::Framework, Check::LevelWithoutFramework, "the rule asks for no level of it");
            }
            _ => {}
        }
    }

    fn dates(&mut self, first: Key, last: Key) -> [Option<Date>; 2] {
        let dates = [first, last].map(|key| self.date(key));
        if let [Some(from), Some(to)] = dates
            && from > to
        {
            self.bad(first, Check::DatesReversed, format!("{} is {to}", last.name()));
        }
        dates
    }

    fn date(&mut self, key: Key) -> Option<Date> {
        match date::parse_iso(&self.raw.get(key)?.text) {
            Ok(date) => Some(date),
            Err(why) => {
                self.bad(key, Check::BadDate, why.to_string());
                None
            }
        }
    }
}

/// Why a text is no ratio.
fn ratio_why(text: &str) -> &'static str {
    let parts = || text.split(['/', ':']).map(str::trim);
    let number = |part: &str| part.parse::<i128>().ok();
    if text.contains(['-', '−']) {
        "it is negative"
    } else if parts().any(|part| Credits::parse(part, DecimalMark::Point) == Ok(Credits::ZERO)) {
        "it is zero, or divides by zero"
    } else if parts().filter_map(number).any(|part| part > i128::from(RATIO_LIMIT)) {
        "its numbers go to 1,000,000,000"
    } else {
        "it is not a fraction"
    }
}
