//! Checks a rule's texts against each other and brings them into their final form.

use super::raw::{Cell, Key, Raw};
use super::{BookFile, Check, Collector, Place, Placed, ScaleDef, is_book_name, shown};
use crate::domain::credits::{Credits, DecimalMark, RATIO_LIMIT, Ratio, RoundingMode};
use crate::domain::date;
use crate::domain::outcome::Kind;
use crate::domain::requirement::{Received, Requirement};
use crate::domain::rule::{Age, Cap, From, Rule, To, Worth, finest};
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use jiff::civil::Date;

/// The largest step: a thousand credits.
const MAX_STEP: Credits = Credits(1_000_000);

/// Collects the rules of one book.
pub(super) struct Checker {
    /// What was found wrong.
    pub(super) faults: Collector,
    /// The scales that the file defines.
    pub(super) scales: Vec<Placed<ScaleDef>>,
    /// The caps that the file defines.
    pub(super) caps: Vec<Placed<Cap>>,
    /// Rules that nobody took yet.
    pub(super) rules: Vec<Placed<Rule>>,
    count: usize,
    asks_catalogue: bool,
    /// Caps that rules name, where each stands first, and in which rule.
    wanted: HashMap<String, (Place, Option<String>)>,
    lines: HashMap<String, u64>,
    /// The ids were looked at before.
    pub(super) knows_ids: bool,
    seen: bool,
}

impl Checker {
    /// A book without rules, of whose file something may be known to be wrong.
    pub(super) fn new(faults: Collector) -> Checker {
        Checker {
            faults,
            scales: Vec::new(),
            caps: Vec::new(),
            rules: Vec::new(),
            count: 0,
            asks_catalogue: false,
            wanted: HashMap::new(),
            lines: HashMap::new(),
            knows_ids: false,
            seen: false,
        }
    }

    /// Checks one rule and keeps it.
    pub(super) fn rule(&mut self, raw: &Raw<'_>) {
        self.seen = true;
        self.note_id(raw);
        for cell in &raw.caps {
            let place = || (cell.at, raw.id().map(str::to_owned));
            self.wanted.entry(cell.text.to_string()).or_insert_with(place);
        }
        let rule = One { raw, scales: &self.scales, faults: &mut self.faults }.rule();
        match rule {
            Some(rule) if self.faults.is_empty() => {
                self.count += 1;
                self.asks_catalogue |= rule.system.is_empty();
                self.rules.push(Placed { value: rule, at: raw.at });
            }
            // Nothing of a file with a fault is taken.
            _ => self.rules = Vec::new(),
        }
    }

    /// Knows of rules that were not looked at.
    pub(super) fn pass_over(&mut self) {
        self.seen = true;
    }

    /// Every cap that a rule names is defined.
    fn check_caps(&mut self) {
        let defined = |name: &str| self.caps.iter().any(|cap| cap.value.name == name);
        let mut missing: Vec<(Place, Option<String>, String)> = self
            .wanted
            .drain()
            .filter(|(name, _)| !defined(name))
            .map(|(name, (at, rule))| (at, rule, name))
            .collect();
        missing.sort_by_key(|(at, ..)| (at.line, at.column));
        let known: Vec<&str> = self.caps.iter().map(|cap| cap.value.name.as_str()).collect();
        for (at, rule, name) in missing {
            self.faults.add_unknown(at, rule.as_deref(), Check::CapUnknown, ("cap", &name), &known);
        }
    }

    fn note_id(&mut self, raw: &Raw<'_>) {
        if self.knows_ids {
            return;
        }
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
        self.check_caps();
        self.faults.finish(file)?;
        Ok(BookFile {
            file: file.to_owned(),
            book: name.to_owned(),
            title,
            scales: self.scales,
            caps: self.caps,
            rules: self.rules,
            count: self.count,
            asks_catalogue: self.asks_catalogue,
            stays_in: None,
            sha256,
            bytes,
        })
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
        let (from, to) = (self.from(), self.to());
        let system = self.sides(from.as_ref(), to.as_ref());
        let worth = self.worth(from.as_ref(), to.as_ref());
        let (rounding, step) = (self.rounding(), self.step());
        let [min_score, max_score] = self.scores();
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
            priority: self.priority(),
            most: self.amount(Key::Most),
            caps: self.raw.caps.iter().map(|cell| cell.text.to_string()).collect(),
            min_grade: self.text(Key::MinGrade),
            scale: self.text(Key::Scale),
            min_score,
            max_score,
            framework: self.text(Key::Framework),
            min_level: self.text(Key::MinLevel),
            min_hours: self.amount(Key::MinHours),
            kinds,
            max_age: self.age(),
            accredited: self.flag(Key::Accredited),
            attributes: self.attributes(),
            valid_from,
            valid_to,
            taken_from,
            taken_to,
            authority: self.text(Key::Authority).unwrap_or_default(),
            reference: self.text(Key::Reference).unwrap_or_default(),
            sender_approval: self.text(Key::SenderApproval).unwrap_or_default(),
            receiver_approval: self.text(Key::ReceiverApproval).unwrap_or_default(),
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

    fn from(&mut self) -> Option<From> {
        let raw = self.raw;
        let cells = [Key::FromSystem, Key::FromInstitution, Key::FromOutcome].map(|key| raw.get(key));
        if let [Some(system), None, None] = cells {
            return Some(From::System { system: system.text.to_string() });
        }
        let (institution, outcome) = self.outcomes("from", cells)?;
        match outcome.text.parse::<Requirement>() {
            Ok(required) => Some(From::Outcomes { institution: institution.text.to_string(), required }),
            Err(misread) => {
                self.bad(Key::FromOutcome, Check::RequirementUnread, misread.to_string());
                None
            }
        }
    }

    fn to(&mut self) -> Option<To> {
        let raw = self.raw;
        let [system, institution, outcome, category] =
            [Key::ToSystem, Key::ToInstitution, Key::ToOutcome, Key::ToCategory].map(|key| raw.get(key));
        if let (Some(system), None, None, None) = (system, institution, outcome, category) {
            return Some(To::System { system: system.text.to_string() });
        }
        if let (None, Some(institution), None, Some(category)) = (system, institution, outcome, category) {
            let (institution, category) = (institution.text.to_string(), category.text.to_string());
            return Some(To::Category { institution, category });
        }
        if let Some(category) = category.filter(|_| system.is_some() || outcome.is_some()) {
            let what = format!("`to` names category {} beside something else", shown(&category.text));
            let why = "credit counts for an outcome or for a category";
            self.fault(category.at, Check::SideMixed, what, why);
            return None;
        }
        let (institution, outcome) = self.outcomes("to", [system, institution, outcome.or(category)])?;
        match outcome.text.parse::<Received>() {
            Ok(received) => Some(To::Outcomes { institution: institution.text.to_string(), received }),
            Err(misread) => {
                self.bad(Key::ToOutcome, Check::ReceivedUnread, misread.to_string());
                None
            }
        }
    }

    /// The institution and the outcomes of a side that is no system.
    fn outcomes<'r>(
        &mut self,
        word: &str,
        cells: [Option<&'r Cell<'a>>; 3],
    ) -> Option<(&'r Cell<'a>, &'r Cell<'a>)> {
        match cells {
            [None, Some(institution), Some(outcome)] => return Some((institution, outcome)),
            [None, None, None] => {
                let what = format!("the rule has no `{word}`");
                self.fault(self.raw.at, Check::SideMissing, what, "a rule converts one thing into another");
            }
            [None, Some(half), None] | [None, None, Some(half)] => {
                let what = format!("`{word}` names {} alone", shown(&half.text));
                let why = "an outcome is known by its institution and its code";
                self.fault(half.at, Check::SideIncomplete, what, why);
            }
            [Some(system), ..] => {
                let what = format!("`{word}` names system {} beside an outcome", shown(&system.text));
                self.fault(system.at, Check::SideMixed, what, "a side is a system or an outcome");
            }
        }
        None
    }

    /// What the sides together amount to: the resulting system, empty where the catalogue knows it.
    fn sides(&mut self, from: Option<&From>, to: Option<&To>) -> Option<String> {
        let given = self.raw.get(Key::System);
        let at = self.raw.get(Key::ToSystem).map_or(self.raw.at, |cell| cell.at);
        match (from?, to?) {
            (From::System { .. }, To::Outcomes { .. }) => {
                let why = "credit of a system is no outcome in particular";
                self.fault(self.raw.at, Check::SidesDiffer, "`from` and `to` do not go together", why);
                None
            }
            (From::System { system: from }, To::System { system: to }) if from == to => {
                let what = format!("both sides are {}", shown(to));
                self.fault(at, Check::SameSystem, what, "credit of a system needs no rule to stay in it");
                None
            }
            (_, To::System { system: to }) => {
                if let Some(given) = given.filter(|given| given.text != to.as_str()) {
                    let what = format!("the resulting system is {}", shown(&given.text));
                    let why = format!("the rule converts to {}", shown(to));
                    self.fault(given.at, Check::SystemTwice, what, why);
                }
                Some(to.clone())
            }
            _ => Some(given.map(|cell| cell.text.to_string()).unwrap_or_default()),
        }
    }

    fn worth(&mut self, from: Option<&From>, to: Option<&To>) -> Option<Worth> {
        let raw = self.raw;
        let parts = match to {
            Some(To::Outcomes { received, .. }) => received.credits(),
            _ => None,
        };
        let ways = [Key::Ratio, Key::Credits, Key::Deny].map(|key| raw.get(key));
        if let Some(second) = ways.iter().flatten().nth(1) {
            self.fault(
                second.at,
                Check::WorthTwice,
                "the rule says in two ways what results",
                "they may differ",
            );
            return None;
        }
        match ways {
            [Some(ratio), ..] if ratio.text == "original" => Some(Worth::Original),
            [Some(ratio), ..] => {
                let parsed = Ratio::parse(&ratio.text);
                if parsed.is_none() {
                    self.bad(Key::Ratio, Check::BadRatio, ratio_why(&ratio.text));
                }
                parsed.map(Worth::Ratio)
            }
            [_, Some(credits), _] => {
                if matches!(from, Some(From::System { .. })) {
                    let what = format!("credits {} for a system", shown(&credits.text));
                    let why = "a fixed amount stands for outcomes";
                    self.fault(credits.at, Check::CreditsForSystem, what, why);
                }
                let chosen = self.amount(Key::Credits)?;
                if let Some(parts) = parts.filter(|parts| *parts != chosen) {
                    self.bad(Key::Credits, Check::PartsDiffer, format!("the parts add up to {parts}"));
                }
                self.range(chosen)
            }
            [_, _, Some(deny)] => Some(Worth::Denied { reason: deny.text.to_string() }),
            [None, None, None] => {
                if parts.is_none() {
                    let what = "the rule does not say what results";
                    self.fault(raw.at, Check::WorthMissing, what, "it has no ratio, no credits and no deny");
                }
                parts.map(Worth::Credits)
            }
        }
    }

    /// A fixed amount, with the range that it was chosen from where there is one.
    fn range(&mut self, chosen: Credits) -> Option<Worth> {
        let [low, high] = [Key::CreditsLow, Key::CreditsHigh].map(|key| self.raw.get(key).is_some());
        if !low && !high {
            return Some(Worth::Credits(chosen));
        }
        let [low, high] = [Key::CreditsLow, Key::CreditsHigh].map(|key| self.amount(key));
        match (low, high) {
            (Some(low), Some(high)) if low <= chosen && chosen <= high => {
                Some(Worth::Range { low, high, chosen })
            }
            _ => {
                self.bad(Key::Credits, Check::BadRange, "it must lie between credits_low and credits_high");
                None
            }
        }
    }

    fn priority(&mut self) -> u16 {
        let Some(cell) = self.raw.get(Key::Priority) else { return 0 };
        match cell.text.parse() {
            Ok(priority @ 0..=999) => priority,
            _ => {
                self.bad(Key::Priority, Check::BadPriority, "it is no whole number from 0 to 999");
                0
            }
        }
    }

    fn scores(&mut self) -> [Option<Credits>; 2] {
        let scores = [Key::MinScore, Key::MaxScore].map(|key| self.amount(key));
        if let [Some(min), Some(max)] = scores
            && min > max
        {
            self.bad(Key::MinScore, Check::ScoresReversed, format!("the highest is {max}"));
        }
        scores
    }

    fn age(&mut self) -> Option<Age> {
        let cell = self.raw.get(Key::MaxAge)?;
        let (number, unit) = cell.text.split_once(' ').unwrap_or((&cell.text, ""));
        match (number.parse::<u16>(), unit.trim()) {
            (Ok(number @ 1..=999), "year" | "years") => Some(Age::Years(number)),
            (Ok(number @ 1..=999), "month" | "months") => Some(Age::Months(number)),
            _ => {
                self.bad(Key::MaxAge, Check::BadAge, "it is a number from 1 to 999 and a word");
                None
            }
        }
    }

    fn flag(&mut self, key: Key) -> bool {
        match self.raw.get(key).map(|cell| cell.text.as_ref()) {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                self.bad(key, Check::BadFlag, "it is another word");
                false
            }
        }
    }

    fn attributes(&mut self) -> Vec<(String, Vec<String>)> {
        let Some(cell) = self.raw.get(Key::Attributes) else { return Vec::new() };
        let condition = |text: &str| {
            let (name, values) = text.split_once('=')?;
            let values: Vec<String> = values.split('|').map(|value| value.trim().to_owned()).collect();
            let name = name.trim().to_owned();
            (!name.is_empty() && values.iter().all(|value| !value.is_empty())).then_some((name, values))
        };
        let conditions: Option<Vec<_>> = cell.text.split(';').map(condition).collect();
        let mut names: Vec<&str> = conditions.iter().flatten().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        if conditions.is_none() || names.windows(2).any(|pair| pair[0] == pair[1]) {
            let why = "each condition is a name, =, and values divided by |";
            self.bad(Key::Attributes, Check::BadAttributes, why);
        }
        conditions.unwrap_or_default()
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
            (None, Some(_)) if raw.get(Key::MinScore).or(raw.get(Key::MaxScore)).is_none() => {
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
