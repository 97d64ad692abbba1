//! From a learner's tree of results to rows.

use super::read::Element;
use super::value;
use crate::domain::credits::{Credits, DecimalMark};
use crate::domain::text::first_of;

macro_rules! columns {
    ($($variant:ident $name:literal;)*) => {
        /// A column of the table that a file becomes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Column {
            $(#[doc = $name] $variant,)*
        }

        /// The names of the columns.
        pub const COLUMNS: &[&str] = &[$($name),*];
    };
}

columns! {
    Learner "learner";
    LearnerScheme "learner scheme";
    LearnerIssuer "learner issuer";
    Esi "esi";
    NationalIdentifier "national identifier";
    Name "name";
    BirthDate "birth date";
    Gender "gender";
    Citizenship "citizenship";
    Institution "institution";
    InstitutionName "institution name";
    InstitutionCountry "institution country";
    InstitutionIdentifiers "institution identifiers";
    Issued "report issued";
    Node "node";
    Outcome "outcome";
    Local "local identifier";
    Identifiers "identifiers";
    Title "title";
    OtherTitles "other titles";
    Type "type";
    Isced "isced";
    SubjectArea "subject area";
    Record "record";
    Period "period";
    DatedBy "dated by";
    Start "start";
    Term "term";
    Status "status";
    Grade "grade";
    Scale "scale";
    Shortened "shortened grading";
    Distribution "result distribution";
    Credits "credits";
    System "system";
    CreditLevel "credit level";
    OtherCredits "other credits";
    Counted "counted";
    PartOf "part of";
    Level "level";
    Framework "framework";
    OtherLevels "other levels";
    Language "language";
    Hours "engagement hours";
    Group "group";
}

/// A row: one result, or one node above or below results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The line on which the node begins.
    pub line: u64,
    /// A value for each of [`COLUMNS`].
    pub values: Vec<String>,
}

impl Row {
    fn set(&mut self, column: Column, value: impl Into<String>) {
        self.values[column as usize] = value.into();
    }

    fn get(&self, column: Column) -> &str {
        &self.values[column as usize]
    }
}

/// The rows of one learner, and how many of their reports hold none.
pub fn rows(elmo: &Element) -> (Vec<Row>, u64) {
    let (mut rows, mut empty) = (Vec::new(), 0);
    let nobody = Element::default();
    let learner = elmo.first("learner").unwrap_or(&nobody);
    for report in elmo.all("report") {
        let mut template = Row { line: 0, values: vec![String::new(); COLUMNS.len()] };
        let issuer = report.first("issuer").unwrap_or(&nobody);
        fill_issuer(&mut template, issuer);
        fill_learner(&mut template, learner);
        template.set(Column::Issued, value::moment(report.text_of("issueDate")).unwrap_or_default());
        let walk = Walk { report, groups: elmo.first("groups"), template };
        let before = rows.len();
        for (nth, node) in (1..).zip(report.all("learningOpportunitySpecification")) {
            walk.node(node, &nth.to_string(), Above::default(), &mut rows);
        }
        empty += u64::from(rows.len() == before);
    }
    (rows, empty)
}

/// A value of one of several types: the first type that is there, else the first value.
fn preferred<'e>(element: &'e Element, types: &[&str]) -> Option<(&'e str, &'e str)> {
    let of = |wanted: &str| {
        element.all("identifier").find(|known| known.attribute("type").eq_ignore_ascii_case(wanted))
    };
    let found = types.iter().find_map(|wanted| of(wanted)).or_else(|| element.first("identifier"))?;
    Some((found.attribute("type"), &found.text))
}

/// All identifiers of an element, as `type value`.
fn identifiers(element: &Element) -> String {
    joined(element.all("identifier").map(|known| format!("{} {}", known.attribute("type"), known.text)))
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join("; ")
}

/// The text in English, or the first there is.
fn in_english<'e>(element: &'e Element, name: &'e str) -> Option<&'e Element> {
    let is_english = |known: &&Element| {
        known.attribute("lang").split('-').next().is_some_and(|lang| lang.eq_ignore_ascii_case("en"))
    };
    element.all(name).find(is_english).or_else(|| element.first(name))
}

fn text<'e>(element: &'e Element, name: &'e str) -> &'e str {
    in_english(element, name).map_or("", |known| &known.text)
}

fn fill_issuer(row: &mut Row, issuer: &Element) {
    let code = preferred(issuer, &["schac", "erasmus", "pic"]).map_or("", |(_, code)| code);
    row.set(Column::Institution, code);
    row.set(Column::InstitutionName, text(issuer, "title"));
    row.set(Column::InstitutionCountry, issuer.text_of("country"));
    // An address is kept as one of the issuer's identifiers; it is none.
    let codes = issuer.all("identifier").filter(|known| known.attribute("type") != "address");
    row.set(
        Column::InstitutionIdentifiers,
        joined(codes.map(|known| format!("{} {}", known.attribute("type"), known.text))),
    );
}

fn fill_learner(row: &mut Row, learner: &Element) {
    let of = |wanted: &str| learner.all("identifier").find(|known| known.attribute("type") == wanted);
    let value = |wanted: &str| of(wanted).map_or("", |known| known.text.as_str());
    row.set(Column::Esi, value("esi"));
    // A number of a country's is one of that country's.
    let national = match (value("nationalIdentifier"), learner.text_of("citizenship")) {
        ("", _) => String::new(),
        (number, "") => number.to_owned(),
        (number, country) => format!("{country}/{number}"),
    };
    row.set(Column::NationalIdentifier, national.clone());
    let name = [learner.text_of("givenNames"), learner.text_of("familyName")];
    row.set(Column::Name, name.join(" ").trim());
    row.set(Column::BirthDate, value::day(learner.text_of("bday")).unwrap_or_default());
    row.set(Column::Gender, learner.text_of("gender"));
    row.set(Column::Citizenship, learner.text_of("citizenship"));
    let Some((sort, code)) = preferred(learner, &["esi", "nationalIdentifier"]) else { return };
    let (scheme, code, issuer) = match sort {
        "esi" => ("esi".to_owned(), code.to_owned(), String::new()),
        "nationalIdentifier" => ("national-identifier".to_owned(), national, String::new()),
        // What a custom type means, the institution alone knows.
        other => (scheme_name(other), code.to_owned(), row.get(Column::Institution).to_owned()),
    };
    row.set(Column::Learner, code);
    row.set(Column::LearnerScheme, scheme);
    row.set(Column::LearnerIssuer, issuer);
}

/// A custom type of identifier as the name of a scheme.
fn scheme_name(sort: &str) -> String {
    let mut name = String::from("elmo");
    let mut before_lower = false;
    name.push('-');
    for c in sort.chars() {
        let apart = c.is_ascii_uppercase() && before_lower;
        if apart || !c.is_ascii_alphanumeric() && !name.ends_with('-') {
            name.push('-');
        }
        if c.is_ascii_alphanumeric() {
            name.push(c.to_ascii_lowercase());
        }
        before_lower = c.is_ascii_lowercase();
    }
    name.truncate(40);
    name.trim_end_matches('-').to_owned()
}

/// What the nodes of one report share.
struct Walk<'e> {
    report: &'e Element,
    groups: Option<&'e Element>,
    template: Row,
}

/// What a node tells those below it.
#[derive(Clone, Copy, Default)]
struct Above<'a> {
    /// Its time, and what that is taken from.
    time: Option<(&'a str, &'a str)>,
    /// The topmost node up there that holds credit, and in which system.
    holder: Option<(&'a str, &'a str)>,
}

impl Walk<'_> {
    /// Writes the row of a node, and those of the nodes below it.
    fn node(&self, node: &Element, path: &str, above: Above, rows: &mut Vec<Row>) {
        let nothing = Element::default();
        let result =
            node.first("specifies").and_then(|specifies| specifies.first("learningOpportunityInstance"));
        let result = result.unwrap_or(&nothing);
        let mut row = self.template.clone();
        row.line = node.line;
        row.set(Column::Node, path);
        fill_outcome(&mut row, node);
        fill_time(&mut row, result, above.time);
        self.fill_result(&mut row, result);
        fill_credit(&mut row, result);
        fill_levels(&mut row, result);
        fill_record(&mut row, result);
        match above.holder {
            Some(holder) => count_in(&mut row, holder),
            None if row.get(Column::Credits).is_empty() => row.set(Column::Counted, "no"),
            None => {}
        }
        let (name, at) = (name_of(&row), rows.len());
        rows.push(row.clone());
        let own = holds_credit(&row).then_some((name.as_str(), row.get(Column::System)));
        let time = Some((row.get(Column::Period), row.get(Column::DatedBy)));
        let below = Above { time, holder: above.holder.or(own) };
        let parts = node.all("hasPart").filter_map(|part| part.first("learningOpportunitySpecification"));
        for (nth, part) in (1..).zip(parts) {
            self.node(part, &format!("{path}.{nth}"), below, rows);
        }
        if below.holder.is_none() && row.get(Column::Credits).is_empty() {
            // It only gathers what is below it, which counts.
            let counted = rows[at..].iter().filter(|part| holds_credit(part));
            let counted: Vec<String> =
                counted.filter(|part| part.get(Column::Counted).is_empty()).map(name_of).collect();
            rows[at].set(Column::PartOf, first_of(&counted));
        }
    }

    fn fill_result(&self, row: &mut Row, result: &Element) {
        // Without a status, clients are told to assume that it is passed.
        let status = Some(result.text_of("status")).filter(|status| !status.is_empty()).unwrap_or("passed");
        row.set(Column::Status, status);
        row.set(Column::Grade, result.text_of("resultLabel"));
        row.set(Column::Scale, self.scale(result.text_of("gradingSchemeLocalId")));
        row.set(Column::Language, result.text_of("languageOfInstruction"));
        row.set(Column::Hours, result.text_of("engagementHours"));
        row.set(Column::Group, self.group(result));
        if let Some(shares) = result.first("shortenedGrading") {
            let shares = ["Lower", "Equal", "Higher"]
                .map(|part| (part, shares.text_of(&format!("percentage{part}")).to_owned()));
            row.set(
                Column::Shortened,
                joined(shares.into_iter().map(|(part, share)| format!("{} {share} %", part.to_lowercase()))),
            );
        }
        if let Some(distribution) = result.first("resultDistribution") {
            let counts = distribution
                .all("category")
                .map(|known| format!("{}: {}", known.attribute("label"), known.attribute("count")));
            row.set(Column::Distribution, joined(counts));
        }
    }

    /// What a grading scheme is called. Its local identifier means something in this file only.
    fn scale(&self, local: &str) -> String {
        if local.is_empty() {
            return String::new();
        }
        let scheme = self
            .report
            .all("gradingScheme")
            .find(|known| value::tidy(super::schema::Text::Token, known.attribute("localId")) == local);
        let described = scheme.map_or("", |known| text(known, "description"));
        let described = value::tidy(super::schema::Text::Token, described);
        if described.is_empty() { local.to_owned() } else { described }
    }

    /// The group that a result belongs to, with the kind of groups.
    fn group(&self, result: &Element) -> String {
        let (Some(grouping), Some(groups)) = (result.first("grouping"), self.groups) else {
            return String::new();
        };
        let kind = groups.all("groupType").find(|kind| kind.attribute("id") == grouping.attribute("typeref"));
        let group = kind.and_then(|kind| {
            kind.all("group").find(|group| group.attribute("id") == grouping.attribute("idref"))
        });
        match (kind, group) {
            (Some(kind), Some(group)) => format!("{}: {}", text(kind, "title"), text(group, "title")),
            _ => String::new(),
        }
    }
}

/// The outcome's code. A local identifier is unique together with the node's type; a course's stands alone,
/// because it is what others name it by.
fn fill_outcome(row: &mut Row, node: &Element) {
    let title = text(node, "title");
    let sort = node.text_of("type");
    let local = node
        .all("identifier")
        .find(|known| known.attribute("type") == "local")
        .map(|known| known.text.as_str());
    let code = match (local, preferred(node, &["ewp-los-id"])) {
        (Some(local), _) if matches!(sort, "" | "Course") => local.to_owned(),
        (Some(local), _) => format!("{sort}/{local}"),
        (None, Some((kind, code))) => format!("{kind}/{code}"),
        (None, None) => title.to_owned(),
    };
    row.set(Column::Outcome, code);
    row.set(Column::Local, local.unwrap_or_default());
    row.set(Column::Identifiers, identifiers(node));
    row.set(Column::Title, title);
    let others = node.all("title").filter(|other| other.text != title);
    row.set(Column::OtherTitles, joined(others.map(|other| other.text.clone())));
    row.set(Column::Type, sort);
    row.set(Column::Isced, node.text_of("iscedCode"));
    row.set(Column::SubjectArea, node.text_of("subjectArea"));
}

/// The day of the result; else its term; else the time of what it is a part of; else the day on which it was
/// begun; else the report's day, by which it was known.
fn fill_time(row: &mut Row, result: &Element, above: Option<(&str, &str)>) {
    let day =
        |element: &Element, name: &str| value::day(element.text_of(name)).unwrap_or_default().to_owned();
    let (date, start) = (day(result, "date"), day(result, "start"));
    let term = result.first("academicTerm").map(|term| (day(term, "start"), day(term, "end")));
    row.set(Column::Start, start.as_str());
    row.set(Column::Term, result.first("academicTerm").map_or("", |term| text(term, "title")));
    let term = term.filter(|(first, last)| first <= last);
    let (period, dated_by) = match (term, above) {
        _ if !date.is_empty() => (date, "date"),
        (Some((first, last)), _) => (format!("{first}/{last}"), "term"),
        (None, Some((period, "date" | "term" | "part of"))) => (period.to_owned(), "part of"),
        _ if !start.is_empty() => (start, "start"),
        _ => (row.get(Column::Issued).to_owned(), "report"),
    };
    row.set(Column::Period, period);
    row.set(Column::DatedBy, dated_by);
}

/// The credit: ECTS where there is any, else the first scheme's.
fn fill_credit(row: &mut Row, result: &Element) {
    let credits: Vec<(&str, &Element)> =
        result.all("credit").map(|credit| (scheme(credit), credit)).collect();
    let given = |(_, credit): &&(&str, &Element)| !credit.text_of("value").is_empty();
    let chosen = credits
        .iter()
        .filter(given)
        .find(|(scheme, _)| *scheme == "ECTS")
        .or_else(|| credits.iter().find(given));
    let Some((scheme, credit)) = chosen else {
        row.set(Column::System, "ECTS");
        return;
    };
    row.set(Column::Credits, plain(credit.text_of("value")));
    row.set(Column::System, *scheme);
    row.set(Column::CreditLevel, credit.text_of("level"));
    let others = credits.iter().filter(|(_, other)| !std::ptr::eq(*other, *credit));
    row.set(
        Column::OtherCredits,
        joined(others.map(|(scheme, other)| format!("{scheme} {}", other.text_of("value")))),
    );
}

/// Says that the credit of a row counts in a node above it. Credit of a scheme that is neither that node's nor ECTS is
/// told of only: no bank need know the scheme.
fn count_in(row: &mut Row, (holder, system): (&str, &str)) {
    row.set(Column::Counted, "no");
    row.set(Column::PartOf, holder);
    let own = row.get(Column::System).to_owned();
    if own != system && own != "ECTS" {
        let others = row.get(Column::OtherCredits).to_owned();
        let other = format!("{own} {}", row.get(Column::Credits));
        row.set(Column::OtherCredits, joined([other, others].into_iter().filter(|part| !part.is_empty())));
        row.set(Column::Credits, "");
        row.set(Column::System, system);
    }
}

/// The name of a scheme; `ects` is one however it is written.
fn scheme(credit: &Element) -> &str {
    let name = credit.text_of("scheme");
    if name.eq_ignore_ascii_case("ects") { "ECTS" } else { name }
}

/// A decimal without the plus, the bare point and the final noughts that XML Schema lets it have.
fn plain(decimal: &str) -> String {
    let decimal = decimal.strip_prefix('+').unwrap_or(decimal);
    let (whole, part) = decimal.split_once('.').unwrap_or((decimal, ""));
    let whole = if whole.is_empty() || whole == "-" { format!("{whole}0") } else { whole.to_owned() };
    match part.trim_end_matches('0') {
        "" => whole,
        part => format!("{whole}.{part}"),
    }
}

/// The level of the European Qualifications Framework; others are kept as they are.
fn fill_levels(row: &mut Row, result: &Element) {
    let is_eqf = |level: &&Element| {
        level.text_of("type").eq_ignore_ascii_case("EQF") && !level.text_of("value").is_empty()
    };
    let eqf = result.all("level").find(is_eqf);
    if let Some(level) = eqf {
        row.set(Column::Level, level.text_of("value"));
        row.set(Column::Framework, "EQF");
    }
    let others = result.all("level").filter(|level| eqf.is_none_or(|eqf| !std::ptr::eq(*level, eqf)));
    row.set(
        Column::OtherLevels,
        joined(others.map(|level| format!("{} {}", level.text_of("type"), level.text_of("value")))),
    );
}

/// The record: the identifier of this very result, if it has one. A result without a date is known by its
/// learner and outcome, because the day of the report changes with every copy.
fn fill_record(row: &mut Row, result: &Element) {
    let record = match preferred(result, &["ewp-loi-id"]) {
        Some((sort, code)) => format!("{sort}/{code}"),
        None if row.get(Column::DatedBy) == "report" => {
            format!("{}/{}", row.get(Column::Learner), row.get(Column::Outcome))
        }
        None => return,
    };
    row.set(Column::Record, record);
}

fn name_of(row: &Row) -> String {
    let (title, code) = (row.get(Column::Title), row.get(Column::Outcome));
    if title == code { title.to_owned() } else { format!("{title} ({code})") }
}

fn holds_credit(row: &Row) -> bool {
    let amount = Credits::parse(row.get(Column::Credits), DecimalMark::Point);
    row.get(Column::Status) == "passed" && amount.is_ok_and(|amount| amount > Credits::ZERO)
}
