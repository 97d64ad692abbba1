//! Reads a rule book in TOML, keeping the place of every value.

use super::check::Checker;
use super::raw::{Key, Raw, proper};
use super::{BookFile, Check, Collector, Faults, Place, Placed, ScaleDef, shown};
use crate::domain::text::visible;
use crate::intake::hash::sha256_hex;
use crate::intake::place::{Lines, toml_message};
use std::borrow::Cow;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

type Value<'a> = Spanned<DeValue<'a>>;
type Table<'a> = Spanned<DeTable<'a>>;

const TOP: &[&str] = &["book", "title", "scale", "cap", "rule"];
const SCALE: &[&str] = &["name", "grades", "numeric", "pass"];
const FROM: &[&str] = &["system", "institution", "outcome"];
const TO: &[&str] = &["system", "institution", "outcome", "category"];
/// The keys of a `[[cap]]`, as they are in TOML and as a rule's cells have them.
const CAP: &[(&str, Key)] = &[
    ("name", Key::Cap),
    ("credits", Key::Credits),
    ("system", Key::System),
    ("kinds", Key::Kinds),
    ("target", Key::ToInstitution),
    ("reference", Key::Reference),
];
/// The keys of a side, which are a table of their own in TOML.
const SIDES: [Key; 8] = [
    Key::FromSystem,
    Key::FromInstitution,
    Key::FromOutcome,
    Key::ToSystem,
    Key::ToInstitution,
    Key::ToOutcome,
    Key::ToCategory,
    Key::System,
];

/// The keys of a `[[rule]]` that hold one value or a list.
fn flat() -> impl Iterator<Item = Key> {
    Key::ALL.iter().copied().filter(|key| !SIDES.contains(key) && *key != Key::Cap)
}

/// Reads a rule book in TOML; `file_name` is for the messages.
///
/// # Errors
/// Names every fault with its line and column, the rule, the reason and the remedy. Where the text is
/// not TOML, only what is wrong with that.
pub fn parse_toml(text: &str, file_name: &str) -> Result<BookFile, Faults> {
    let lines = Lines::new(text);
    let mut faults = Collector::default();
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let (message, remedy) = toml_message(error);
        let at = lines.place(error.span().map_or(0, |span| span.start));
        faults.push(at, None, Check::Toml, "not TOML".into(), message, remedy.into());
    }
    faults.finish(file_name)?;
    let mut book = Book { lines, checker: Checker::new(Collector::default()) };
    book.known_keys(&table, None, TOP);
    let title = book.one_text(table.get_ref().get("title"), "title", None);
    let name = table.get_ref().get("book");
    let name_at = name.map_or(Place { line: 1, column: 1 }, |name| book.place(name.span().start));
    let name = book.one_text(name, "book", None).unwrap_or_default();
    for scale in book.tables(table.get_ref().get("scale"), "scale", None) {
        book.scale(&scale);
    }
    for cap in book.tables(table.get_ref().get("cap"), "cap", None) {
        book.cap(&cap);
    }
    for rule in book.tables(table.get_ref().get("rule"), "rule", None) {
        book.rule(&rule);
    }
    let hash = (sha256_hex(text), text.len() as u64);
    book.checker.finish(file_name, (&name, name_at), title, hash)
}

/// A book being read.
struct Book<'a> {
    lines: Lines<'a>,
    checker: Checker,
}

impl<'a> Book<'a> {
    fn place(&self, offset: usize) -> Place {
        self.lines.place(offset)
    }

    fn faults(&mut self) -> &mut Collector {
        &mut self.checker.faults
    }

    fn known_keys(&mut self, table: &Table<'a>, rule: Option<&str>, known: &[&str]) {
        for key in table.get_ref().keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let at = self.place(key.span().start);
            self.faults().add_unknown(at, rule, Check::UnknownKey, ("key", key.get_ref()), known);
        }
    }

    fn wrong_sort(&mut self, value: &Value<'a>, rule: Option<&str>, name: &str, wanted: &str) {
        let at = self.place(value.span().start);
        let what = format!("`{}` is written as {}", visible(name), sort(value.get_ref()));
        self.faults().add(at, rule, Check::WrongSort, what, format!("it takes {wanted}"));
    }

    /// The text of a value. Numbers and dates may stand without quotes: their text is exact.
    fn text(&mut self, value: &Value<'a>, rule: Option<&str>, name: &str) -> Option<Cow<'a, str>> {
        match value.get_ref() {
            DeValue::String(text) => Some(text.clone()),
            DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned().into()),
            DeValue::Float(number) => Some(number.as_str().to_owned().into()),
            DeValue::Datetime(date) => Some(date.to_string().into()),
            _ => {
                self.wrong_sort(value, rule, name, "a text in quotes");
                None
            }
        }
    }

    /// A value that stands outside of rules.
    fn one_text(&mut self, value: Option<&Value<'a>>, name: &str, rule: Option<&str>) -> Option<String> {
        let value = value?;
        let text = self.text(value, rule, name)?;
        let at = self.place(value.span().start);
        proper(text, rule, name, at, self.faults()).map(Cow::into_owned)
    }

    fn list<'v>(
        &mut self,
        value: Option<&'v Value<'a>>,
        name: &str,
        rule: Option<&str>,
        wanted: &str,
    ) -> Vec<&'v Value<'a>> {
        match value.map(|value| (value, value.get_ref())) {
            None => Vec::new(),
            Some((_, DeValue::Array(items))) => items.iter().collect(),
            Some((value, _)) => {
                self.wrong_sort(value, rule, name, wanted);
                Vec::new()
            }
        }
    }

    fn tables(&mut self, value: Option<&Value<'a>>, name: &str, rule: Option<&str>) -> Vec<Table<'a>> {
        let wanted = format!("a table; write [[{name}]]");
        let items = self.list(value, name, rule, &wanted);
        items.into_iter().filter_map(|item| self.table(item, name, rule)).collect()
    }

    fn table(&mut self, value: &Value<'a>, name: &str, rule: Option<&str>) -> Option<Table<'a>> {
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong_sort(value, rule, name, "a table");
            return None;
        };
        Some(Spanned::new(value.span(), table.clone()))
    }

    fn rule(&mut self, table: &Table<'a>) {
        let get = |key: &str| table.get_ref().get(key);
        let mut raw = Raw::new(self.place(table.span().start));
        self.set(&mut raw, Key::Id, get("id"));
        let id = raw.id().map(str::to_owned);
        let known: Vec<&str> = flat().map(Key::name).chain(["from", "to"]).collect();
        self.known_keys(table, id.as_deref(), &known);
        let from = [Key::FromSystem, Key::FromInstitution, Key::FromOutcome];
        self.side(&mut raw, get("from"), ("from", FROM), from);
        let to = [Key::ToSystem, Key::ToInstitution, Key::ToOutcome];
        self.side(&mut raw, get("to"), ("to", TO), to);
        for key in flat().filter(|key| *key != Key::Id) {
            self.set_any(&mut raw, key, get(key.name()));
        }
        self.checker.rule(&raw);
    }

    fn cap(&mut self, table: &Table<'a>) {
        let mut raw = Raw::new(self.place(table.span().start));
        let known: Vec<&str> = CAP.iter().map(|(name, _)| *name).collect();
        self.known_keys(table, None, &known);
        for (name, key) in CAP {
            self.set_any(&mut raw, *key, table.get_ref().get(*name));
        }
        self.checker.cap(&raw);
    }

    /// Keeps a value, or each of a list under a key that takes one.
    fn set_any(&mut self, raw: &mut Raw<'a>, key: Key, value: Option<&Value<'a>>) {
        let is_list = matches!(key, Key::Kinds | Key::Caps);
        if !is_list || matches!(value.map(|value| value.get_ref()), Some(DeValue::String(_))) {
            return self.set(raw, key, value);
        }
        let id = raw.id().map(str::to_owned);
        for item in self.list(value, key.name(), id.as_deref(), "a list of texts, such as [\"formal\"]") {
            self.set(raw, key, Some(item));
        }
    }

    fn set(&mut self, raw: &mut Raw<'a>, key: Key, value: Option<&Value<'a>>) {
        let Some(value) = value else { return };
        let at = self.place(value.span().start);
        if let (Key::Accredited, DeValue::Boolean(flag)) = (key, value.get_ref()) {
            return raw.set(key, Cow::Borrowed(if *flag { "true" } else { "false" }), at, self.faults());
        }
        let Some(text) = self.text(value, raw.id(), key.name()) else { return };
        raw.set(key, text, at, self.faults());
    }

    /// One side; beside an outcome, `system` is the system of what results.
    fn side(
        &mut self,
        raw: &mut Raw<'a>,
        value: Option<&Value<'a>>,
        (name, known): (&str, &[&str]),
        keys: [Key; 3],
    ) {
        let id = raw.id().map(str::to_owned);
        let Some(table) = value.and_then(|value| self.table(value, name, id.as_deref())) else { return };
        self.known_keys(&table, id.as_deref(), known);
        let get = |key: &str| table.get_ref().get(key);
        let [system, institution, outcome] = keys;
        let is_outcome = get("institution").or(get("outcome")).or(get("category")).is_some();
        let system = if name == "to" && is_outcome { Key::System } else { system };
        self.set(raw, system, get("system"));
        self.set(raw, institution, get("institution"));
        self.set(raw, outcome, get("outcome"));
        self.set(raw, Key::ToCategory, get("category").filter(|_| name == "to"));
    }

    fn scale(&mut self, table: &Table<'a>) {
        self.known_keys(table, None, SCALE);
        let get = |key: &str| table.get_ref().get(key);
        let at = self.place(table.span().start);
        let name = self.one_text(get("name"), "name", None);
        let pass = self.one_text(get("pass"), "pass", None);
        let numeric = match get("numeric").map(|value| (value, value.get_ref())) {
            None => false,
            Some((_, DeValue::Boolean(flag))) => *flag,
            Some((value, _)) => {
                self.wrong_sort(value, None, "numeric", "true or false");
                true
            }
        };
        let grades = self.grades(get("grades"));
        let Some(name) = name else {
            let why = "rules and grades name it by its name";
            return self.faults().add(at, None, Check::ScaleUnnamed, "the scale has no name", why);
        };
        let scale = ScaleDef { name, numeric, grades, pass };
        self.check_scale(&scale, at);
        self.checker.scales.push(Placed { value: scale, at });
    }

    fn grades(&mut self, list: Option<&Value<'a>>) -> Vec<String> {
        let mut grades = Vec::new();
        for value in self.list(list, "grades", None, "a list from worst to best") {
            let Some(grade) = self.one_text(Some(value), "grade", None) else { continue };
            if grades.contains(&grade) {
                let at = self.place(value.span().start);
                let what = format!("grade {} stands twice", shown(&grade));
                self.faults().add(at, None, Check::GradeTwice, what, "each grade has one place on its scale");
            }
            grades.push(grade);
        }
        grades
    }

    fn check_scale(&mut self, scale: &ScaleDef, at: Place) {
        let name = shown(&scale.name);
        if let Some(first) = self.checker.scales.iter().find(|known| known.value.name == scale.name) {
            let why = format!("line {} defines it", first.at.line);
            self.faults().add(at, None, Check::ScaleTwice, format!("scale {name} is defined again"), why);
        }
        if scale.numeric != scale.grades.is_empty() {
            let why =
                if scale.numeric { "it has both grades and numeric = true" } else { "it has no grades" };
            self.faults().add(at, None, Check::ScaleGrades, format!("bad scale {name}"), why);
        } else if let Some(pass) = scale.pass.as_ref().filter(|pass| scale.rank(pass).is_none()) {
            let why = format!("scale {name} has {}", scale.grades_text());
            self.faults().add(at, None, Check::PassNotOnScale, format!("bad pass {}", shown(pass)), why);
        }
    }
}

/// What sort of value it is, in a registrar's words.
fn sort(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
