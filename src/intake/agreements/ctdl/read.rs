//! Reads profiles as rules.

use super::super::{Sides, misshapen, numbered, word};
use super::{INSTITUTION, Profiles, RULE, UNITS};
use crate::domain::credits::{Credits, DecimalMark};
use crate::domain::date;
use crate::domain::requirement::{Alternative, Choice, Code, Requirement, Term};
use crate::domain::rule::{From, Rule, To, Worth};
use crate::domain::text::shorten;
use crate::intake::json::{Document, JsonFault, Node, Value};
use crate::intake::place::Place;
use crate::intake::rulebook::Faults;
use jiff::civil::Date;
use std::collections::{BTreeSet, HashMap};

/// Most characters of a reference: a profile's name or description may be a page.
const REFERENCE: usize = 300;

/// A category of a profile that says for no resource and no applicability what it gives.
const GENERAL: &str = "transfer credit";

/// Reads the profiles of a file: a document with a graph, a list, or one profile.
///
/// # Errors
/// Where the file is not JSON, has no profile, or a value of one is none; where it names several institutions for
/// one side, whose codes it does not say.
pub fn read(text: &str, file: &str, sides: &Sides) -> Result<Profiles, Faults> {
    let document = Document { text: text.to_owned(), place: Place { line: 1, column: 1 } };
    let broken = |fault: JsonFault| misshapen(file, fault.place.line, "the file is not JSON", fault.what);
    let root = document.read().map_err(broken)?;
    let nodes = match root.get("@graph") {
        Some(graph) => graph.items(),
        None => root.items(),
    };
    let by_id = nodes.iter().filter_map(|node| Some((node.get("@id")?.text()?, node))).collect();
    let mut reading = Reading { file, sides, by_id, owners: Default::default() };
    let (mut rules, mut left_out, mut met) = (Vec::new(), Vec::new(), false);
    for node in nodes.iter().filter(|node| is_a(node, "TransferValueProfile")) {
        met = true;
        match reading.profile(node)? {
            Ok(rule) => rules.push(rule),
            Err(why) => left_out.push((name_of(node).to_owned(), why)),
        }
    }
    if !met {
        let why = "it has no `ceterms:TransferValueProfile`";
        return Err(misshapen(file, 1, "the file holds no Transfer Value Profile", why));
    }
    Ok(Profiles { rules: numbered(rules), left_out })
}

/// Whether a node is of a class of CTDL.
fn is_a(node: &Node, class: &str) -> bool {
    let is = |name: &Node| name.text().is_some_and(|name| name.trim_start_matches("ceterms:") == class);
    node.each("@type").iter().any(is)
}

/// How a resource or profile is called: by its name, else by its CTID.
fn name_of(node: &Node) -> &str {
    match node.text_of("ceterms:name") {
        "" => node.text_of("ceterms:ctid"),
        name => name,
    }
}

/// The code that the program wrote itself into an identifier of that kind.
fn own_code<'n>(node: &'n Node, kind: &str) -> Option<&'n str> {
    let identifiers = node.each("ceterms:identifier").iter();
    let own = identifiers.filter(|one| one.text_of("ceterms:identifierTypeName") == kind);
    own.filter_map(|one| one.get("ceterms:identifierValueCode")?.text()).next()
}

struct Reading<'r> {
    file: &'r str,
    sides: &'r Sides,
    by_id: HashMap<&'r str, &'r Node>,
    /// Owners without a code of ours, of the sending and of the receiving side.
    owners: [BTreeSet<String>; 2],
}

/// A rule, or why a profile is none.
type Told = Result<Rule, String>;

impl<'r> Reading<'r> {
    fn fault(&self, node: &Node, what: &str, why: impl Into<String>) -> Faults {
        misshapen(self.file, node.line, what, why)
    }

    fn profile(&mut self, node: &'r Node) -> Result<Told, Faults> {
        if let Some(why) = beyond(node) {
            return Ok(Err(why));
        }
        let (worth, system) = match self.value(node)? {
            Ok(value) => value,
            Err(why) => return Ok(Err(why)),
        };
        let senders = self.resources(node, "ceterms:transferValueFrom", 0)?;
        let receivers = self.resources(node, "ceterms:transferValueFor", 1)?;
        let Some((sender, _)) = senders.first() else {
            return Ok(Err("it does not say what the value comes from".to_owned()));
        };
        let choice = |(institution, code): &(String, String)| Choice {
            code: Code::Exact(code.clone()),
            filters: Vec::new(),
            institution: (institution != sender).then(|| Code::Exact(institution.clone())),
        };
        let terms = senders.iter().map(|sent| Term { count: 1, of: vec![choice(sent)] }).collect();
        let from =
            From::Outcomes { institution: sender.clone(), required: Requirement(vec![Alternative(terms)]) };
        let to = match receivers.first() {
            None => To::Category { institution: self.sides.to.clone(), category: applied(node) },
            Some((receiver, _)) if receivers.iter().all(|(other, _)| other == receiver) => To::Outcomes {
                institution: receiver.clone(),
                received: super::super::received(receivers.iter().map(|(_, code)| code.clone())),
            },
            Some(_) => return Ok(Err("it gives outcomes of several institutions".to_owned())),
        };
        let own = own_code(node, RULE);
        let id = own.map_or_else(|| word(name_of(node)), str::to_owned);
        let mut rule = Rule::new(&id, from, to, &system, worth);
        rule.valid_from = self.day(node, "ceterms:startDate")?;
        rule.valid_to = self.day(node, "ceterms:endDate")?;
        let said = match (own, node.text_of("ceterms:description")) {
            (Some(_), said) => said,
            (None, "") => name_of(node),
            (None, said) => said,
        };
        rule.reference = shorten(said, REFERENCE);
        Ok(Ok(rule))
    }

    /// The resources that a profile names, by institution and code.
    fn resources(&mut self, node: &'r Node, side: &str, at: usize) -> Result<Vec<(String, String)>, Faults> {
        let mut found = Vec::new();
        for named in node.each(side) {
            let resource = self.resolved(named);
            let code = match resource.text_of("ceterms:codedNotation") {
                "" => name_of(resource),
                code => code,
            };
            if code.is_empty() {
                let what = format!("a resource of `{side}` is neither in the file nor has a name");
                return Err(self.fault(
                    named,
                    &what,
                    named.text().unwrap_or("it is an object without a name"),
                ));
            }
            found.push((self.institution(resource, at)?, code.to_owned()));
        }
        Ok(found)
    }

    /// The node that a reference means, where the file has it.
    fn resolved(&self, node: &'r Node) -> &'r Node {
        let id = match &node.value {
            Value::Text(id) => Some(id.as_str()),
            _ => node.get("@id").and_then(Node::text),
        };
        id.and_then(|id| self.by_id.get(id)).copied().unwrap_or(node)
    }

    /// The code of the institution to which a resource belongs: the one that stands in the file, or the one that the
    /// person says who translates it.
    fn institution(&mut self, resource: &'r Node, at: usize) -> Result<String, Faults> {
        let owned = ["ceterms:ownedBy", "ceterms:offeredBy"].iter().find_map(|by| resource.each(by).first());
        let owner = owned.map(|owner| self.resolved(owner));
        if let Some(code) = owner.and_then(|owner| own_code(owner, INSTITUTION)) {
            return Ok(code.to_owned());
        }
        let name = owner.map(|owner| match name_of(owner) {
            "" => owner.text().unwrap_or_default(),
            name => name,
        });
        self.owners[at].extend(name.filter(|name| !name.is_empty()).map(str::to_owned));
        if self.owners[at].len() > 1 {
            let what =
                format!("the {} resources belong to several institutions", ["sending", "receiving"][at]);
            let names: Vec<&str> = self.owners[at].iter().map(String::as_str).collect();
            let why = format!("{}; one code is given for all", names.join(", "));
            return Err(self.fault(resource, &what, why));
        }
        Ok([&self.sides.from, &self.sides.to][at].clone())
    }

    /// What it is worth, and in which credit system.
    fn value(&self, node: &Node) -> Result<Result<(Worth, String), String>, Faults> {
        let values = node.each("ceterms:transferValue");
        let [value] = values else {
            let how = if values.is_empty() { "says no value" } else { "has several values" };
            return Ok(Err(format!("it {how}, and a rule gives one amount")));
        };
        let amount = |name: &str| match value.get(name) {
            None => Ok(None),
            Some(node) => {
                let text = node.text().unwrap_or_default();
                let read = Credits::parse(text, DecimalMark::Point);
                read.map(Some)
                    .map_err(|why| self.fault(node, "a value is no amount", format!("{text}: {why}")))
            }
        };
        let (low, high, fixed) =
            (amount("schema:minValue")?, amount("schema:maxValue")?, amount("schema:value")?);
        let worth = match (low, high, fixed) {
            (None, None, Some(fixed)) => Worth::Credits(fixed),
            // Of a range without a choice the least is certain.
            (Some(low), Some(high), chosen) => Worth::Range { low, high, chosen: chosen.unwrap_or(low) },
            _ => return Ok(Err("its value is neither an amount nor a range".to_owned())),
        };
        Ok(self.system(value).map(|system| (worth, system)))
    }

    /// The credit system of a value: by its unit, by the code that the program wrote itself, else as the person says.
    fn system(&self, value: &Node) -> Result<String, String> {
        let own = value.text_of("schema:description");
        let unit =
            value.each("ceterms:creditUnitType").first().map(|unit| match unit.get("ceterms:targetNode") {
                Some(target) => target.text().unwrap_or_default(),
                None => unit.text().or_else(|| unit.get("@id")?.text()).unwrap_or_default(),
            });
        let unit = unit.unwrap_or_default();
        let is_code = |text: &str| {
            !text.is_empty()
                && text.len() <= 20
                && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-')
        };
        if is_code(own) {
            return Ok(own.to_owned());
        }
        let short = format!("creditUnit:{}", unit.rsplit(['/', ':']).next().unwrap_or_default());
        if let Some((_, system)) = UNITS.iter().find(|(known, _)| *known == short) {
            return Ok((*system).to_owned());
        }
        match (self.sides.system.as_str(), unit) {
            ("", "") => Err("its value has no unit, and no credit system is said".to_owned()),
            ("", unit) => Err(format!("its unit {unit} is no credit system, and none is said")),
            (system, _) => Ok(system.to_owned()),
        }
    }

    fn day(&self, node: &Node, name: &str) -> Result<Option<Date>, Faults> {
        let Some(said) = node.get(name) else { return Ok(None) };
        let text = said.text().unwrap_or_default();
        // Some write a time of day, which is no part of it.
        let day = text.get(..10).unwrap_or(text);
        let read = date::parse_iso(day);
        read.map(Some).map_err(|why| self.fault(said, "a date is none", format!("{name} {text}: {why}")))
    }
}

/// What it is applied to, where it names no resource.
fn applied(node: &Node) -> String {
    let names = node.each("ceterms:applicability").iter().map(|one| one.text_of("ceterms:targetNodeName"));
    names.filter(|name| !name.is_empty()).map(str::to_owned).next().unwrap_or_else(|| GENERAL.to_owned())
}

/// What a profile sets that no rule can hold; none where a rule can stand for it.
fn beyond(node: &Node) -> Option<String> {
    for set in ["ceterms:requires", "ceterms:commonConditions"] {
        if node.get(set).is_some() {
            return Some(format!("it sets conditions (`{set}`) in words"));
        }
    }
    let states = node.each("ceterms:lifeCycleStatusType").iter();
    let mut states =
        states.map(|state| state.get("ceterms:targetNode").unwrap_or(state).text().unwrap_or_default());
    let ended = states.find(|state| !state.is_empty() && !state.ends_with("Active"));
    ended.map(|state| format!("its status is {state}"))
}
