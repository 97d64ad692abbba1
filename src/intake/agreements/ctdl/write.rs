//! Writes rules as profiles.

use super::{CONTEXT, INSTITUTION, RULE, UNITS};
use crate::domain::credits::Credits;
use crate::domain::outcome::Kind;
use crate::domain::requirement::{Code, Requirement};
use crate::domain::rule::{From, Rule, To, Worth, finest};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What is known of an outcome.
#[derive(Debug, Clone)]
pub struct Resource {
    /// Its title.
    pub title: String,
    /// The setting of the learning, where the catalogue says it.
    pub kind: Option<Kind>,
}

/// What is known of institutions and outcomes beside their codes.
pub struct Catalogue<'c> {
    /// The identifier of the bank, from which CTIDs are derived.
    pub namespace: String,
    /// The name of an institution.
    pub institution: &'c dyn Fn(&str) -> Option<String>,
    /// An outcome of an institution.
    pub outcome: &'c dyn Fn(&str, &str) -> Option<Resource>,
}

/// What was written.
#[derive(Debug, Clone, Default)]
pub struct Written {
    /// The document.
    pub text: String,
    /// How many rules are in it.
    pub rules: usize,
    /// The rules that no profile can stand for, each with the reason.
    pub left_out: Vec<(String, String)>,
}

/// Writes the rules of a book, named with its version, that profiles can stand for. The same rules give the same bytes.
///
/// # Errors
/// Where an amount cannot be written, which does not happen.
pub fn write(book: &str, rules: &[Rule], catalogue: &Catalogue) -> Result<Written, serde_json::Error> {
    let mut graph = Graph { catalogue, institutions: BTreeMap::new(), resources: BTreeMap::new() };
    let (mut profiles, mut written) = (Vec::new(), Written::default());
    for rule in rules {
        match unsaid(rule) {
            Some(why) => written.left_out.push((rule.id.clone(), why.to_owned())),
            None => profiles.push(graph.profile(book, rule)?),
        }
    }
    written.rules = profiles.len();
    let Graph { institutions, resources, .. } = graph;
    let nodes: Vec<Box<RawValue>> =
        institutions.into_values().chain(resources.into_values()).chain(profiles).collect();
    let document = Document { context: CONTEXT, graph: nodes };
    written.text = serde_json::to_string_pretty(&document)? + "\n";
    Ok(written)
}

#[derive(serde::Serialize)]
struct Document {
    #[serde(rename = "@context")]
    context: &'static str,
    #[serde(rename = "@graph")]
    graph: Vec<Box<RawValue>>,
}

/// What of a rule no profile can say; none where one can stand for it.
fn unsaid(rule: &Rule) -> Option<&'static str> {
    let From::Outcomes { required, .. } = &rule.from else {
        return Some("it converts credit of a system, and a profile names resources");
    };
    let plain = plain(required);
    let To::Outcomes { received, .. } = &rule.to else {
        return match &rule.to {
            To::System { .. } => Some("it gives credit of a system, and a profile needs a receiver"),
            _ => plain.err().or_else(|| worth(rule)).or_else(|| condition(rule)),
        };
    };
    let has_parts = received.0.len() > 1 && received.0.iter().any(|item| item.credits.is_some());
    let parts = has_parts.then_some("it divides the amount over several outcomes");
    plain.err().or(parts).or_else(|| worth(rule)).or_else(|| condition(rule))
}

/// The outcomes that are required, all of them, each with its institution where that is not the rule's.
fn plain(required: &Requirement) -> Result<Vec<(Option<&str>, &str)>, &'static str> {
    let [only] = required.0.as_slice() else { return Err("it has alternatives") };
    let mut codes = Vec::with_capacity(only.0.len());
    for term in &only.0 {
        let [choice] = term.of.as_slice() else { return Err("it leaves a choice of outcomes") };
        let institution = match &choice.institution {
            None => None,
            Some(Code::Exact(code)) => Some(code.as_str()),
            Some(Code::Pattern(_)) => return Err("it asks for outcomes by a pattern"),
        };
        match &choice.code {
            Code::Exact(code) if term.count == 1 && choice.filters.is_empty() => {
                codes.push((institution, code.as_str()))
            }
            Code::Exact(_) if term.count == 1 => return Err("it sets conditions on the outcome"),
            _ => return Err("it asks for outcomes by a pattern or a number"),
        }
    }
    Ok(codes)
}

fn worth(rule: &Rule) -> Option<&'static str> {
    match rule.worth {
        Worth::Credits(_) | Worth::Range { .. } => None,
        Worth::Ratio(_) | Worth::Original => {
            Some("it multiplies what was awarded, and a profile has a fixed value")
        }
        Worth::Denied { .. } => Some("it denies, and a profile has a value"),
    }
}

fn condition(rule: &Rule) -> Option<&'static str> {
    let said = [
        (rule.min_grade.is_some(), "it asks for a grade"),
        (rule.min_score.is_some() || rule.max_score.is_some(), "it asks for a score"),
        (rule.min_level.is_some(), "it asks for a level"),
        (rule.min_hours.is_some(), "it asks for hours"),
        (!rule.kinds.is_empty(), "it asks for a kind of learning"),
        (rule.max_age.is_some(), "it limits the age of the achievement"),
        (rule.taken_from.is_some() || rule.taken_to.is_some(), "it limits when the outcome was achieved"),
        (rule.accredited, "it asks for accreditation"),
        (!rule.attributes.is_empty(), "it asks for attributes"),
        (rule.most.is_some() || !rule.caps.is_empty(), "it is limited by a cap"),
        (rule.priority != 0, "it has a priority"),
        (rule.step != finest(), "it rounds to a step"),
        (
            rule.sender_approval.is_empty() != rule.receiver_approval.is_empty(),
            "one side has not approved it",
        ),
    ];
    said.into_iter().find(|(is_set, _)| *is_set).map(|(_, why)| why)
}

struct Graph<'g> {
    catalogue: &'g Catalogue<'g>,
    institutions: BTreeMap<String, Box<RawValue>>,
    resources: BTreeMap<(String, String), Box<RawValue>>,
}

impl Graph<'_> {
    /// A name for good: the same thing of the same bank has the same CTID. CTIDs have the form of UUIDs of version 4
    /// (<https://credreg.net/ctdl/ctid>); these are cut from a hash, not drawn.
    fn uuid(&self, kind: &str, key: &[&str]) -> String {
        let mut hash = Sha256::new();
        for part in [self.catalogue.namespace.as_str(), kind].iter().chain(key) {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        let mut bytes: [u8; 16] = hash.finalize()[..16].try_into().unwrap_or_default();
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    }

    fn institution(&mut self, code: &str) -> Result<String, serde_json::Error> {
        let uuid = self.uuid("institution", &[code]);
        let id = format!("urn:uuid:{uuid}");
        if !self.institutions.contains_key(code) {
            let name = (self.catalogue.institution)(code).unwrap_or_else(|| code.to_owned());
            let node = json!({
                "@id": id,
                "@type": "ceterms:Organization",
                "ceterms:ctid": format!("ce-{uuid}"),
                "ceterms:name": text(&name),
                "ceterms:identifier": [identifier(INSTITUTION, code)],
            });
            self.institutions.insert(code.to_owned(), raw(&node)?);
        }
        Ok(id)
    }

    fn resource(&mut self, institution: &str, code: &str) -> Result<String, serde_json::Error> {
        let owner = self.institution(institution)?;
        let uuid = self.uuid("outcome", &[institution, code]);
        let id = format!("urn:uuid:{uuid}");
        let key = (institution.to_owned(), code.to_owned());
        if !self.resources.contains_key(&key) {
            let known = (self.catalogue.outcome)(institution, code);
            let is_course = known.as_ref().is_some_and(|known| known.kind == Some(Kind::Formal));
            let name = known.map_or_else(|| code.to_owned(), |known| known.title);
            let node = json!({
                "@id": id,
                "@type": if is_course { "ceterms:Course" } else { "ceterms:LearningOpportunityProfile" },
                "ceterms:ctid": format!("ce-{uuid}"),
                "ceterms:name": text(&name),
                "ceterms:codedNotation": code,
                "ceterms:ownedBy": [owner],
            });
            self.resources.insert(key, raw(&node)?);
        }
        Ok(id)
    }

    fn profile(&mut self, book: &str, rule: &Rule) -> Result<Box<RawValue>, serde_json::Error> {
        let uuid = self.uuid("rule", &[book, &rule.id]);
        let From::Outcomes { institution, required } = &rule.from else { return raw(&Value::Null) };
        let mut sent = Vec::new();
        for (other, code) in plain(required).unwrap_or_default() {
            sent.push(self.resource(other.unwrap_or(institution), code)?);
        }
        let mut received = Vec::new();
        let (receiver, category, gives) = match &rule.to {
            To::Outcomes { institution, received: outcomes } => {
                for item in &outcomes.0 {
                    received.push(self.resource(institution, &item.outcome)?);
                }
                (institution.as_str(), None, outcomes.to_string())
            }
            To::Category { institution, category } => {
                (institution.as_str(), Some(category), category.clone())
            }
            To::System { system } => (system.as_str(), None, system.clone()),
        };
        let owner = self.institution(receiver)?;
        let profile = Profile {
            id: format!("urn:uuid:{uuid}"),
            class: "ceterms:TransferValueProfile",
            ctid: format!("ce-{uuid}"),
            name: text(&format!("{institution} {required} → {receiver} {gives}")),
            description: (!rule.reference.is_empty()).then(|| text(&rule.reference)),
            identifier: [identifier(RULE, &rule.id)],
            owned_by: [owner],
            start: rule.valid_from.map(|day| day.to_string()),
            end: rule.valid_to.map(|day| day.to_string()),
            value: [value(rule)?],
            from: sent,
            applies_to: received,
            applicability: category.map(|category| {
                [json!({"@type": "ceterms:CredentialAlignmentObject", "ceterms:targetNodeName": text(category)})]
            }),
        };
        serde_json::value::to_raw_value(&profile)
    }
}

#[derive(serde::Serialize)]
struct Profile {
    #[serde(rename = "@id")]
    id: String,
    #[serde(rename = "@type")]
    class: &'static str,
    #[serde(rename = "ceterms:ctid")]
    ctid: String,
    #[serde(rename = "ceterms:name")]
    name: Value,
    #[serde(rename = "ceterms:description", skip_serializing_if = "Option::is_none")]
    description: Option<Value>,
    #[serde(rename = "ceterms:identifier")]
    identifier: [Value; 1],
    #[serde(rename = "ceterms:ownedBy")]
    owned_by: [String; 1],
    #[serde(rename = "ceterms:startDate", skip_serializing_if = "Option::is_none")]
    start: Option<String>,
    #[serde(rename = "ceterms:endDate", skip_serializing_if = "Option::is_none")]
    end: Option<String>,
    #[serde(rename = "ceterms:transferValue")]
    value: [ValueProfile; 1],
    #[serde(rename = "ceterms:transferValueFrom")]
    from: Vec<String>,
    #[serde(rename = "ceterms:transferValueFor", skip_serializing_if = "Vec::is_empty")]
    applies_to: Vec<String>,
    #[serde(rename = "ceterms:applicability", skip_serializing_if = "Option::is_none")]
    applicability: Option<[Value; 1]>,
}

/// Amounts are written digit by digit.
#[derive(serde::Serialize)]
struct ValueProfile {
    #[serde(rename = "@type")]
    class: &'static str,
    #[serde(rename = "schema:value")]
    value: Box<RawValue>,
    #[serde(rename = "schema:minValue", skip_serializing_if = "Option::is_none")]
    low: Option<Box<RawValue>>,
    #[serde(rename = "schema:maxValue", skip_serializing_if = "Option::is_none")]
    high: Option<Box<RawValue>>,
    #[serde(rename = "ceterms:creditUnitType", skip_serializing_if = "Option::is_none")]
    unit: Option<[&'static str; 1]>,
    /// The code of the credit system.
    #[serde(rename = "schema:description")]
    system: Value,
}

fn value(rule: &Rule) -> Result<ValueProfile, serde_json::Error> {
    let number = |amount: Credits| RawValue::from_string(amount.to_string());
    let (fixed, range) = match &rule.worth {
        Worth::Range { low, high, chosen } => (*chosen, Some((*low, *high))),
        Worth::Credits(fixed) => (*fixed, None),
        _ => (Credits::ZERO, None),
    };
    let unit = UNITS.iter().find(|(_, system)| *system == rule.system);
    Ok(ValueProfile {
        class: "ceterms:ValueProfile",
        value: number(fixed)?,
        low: range.map(|(low, _)| number(low)).transpose()?,
        high: range.map(|(_, high)| number(high)).transpose()?,
        unit: unit.map(|(unit, _)| [*unit]),
        system: text(&rule.system),
    })
}

/// A text whose language nobody said (BCP 47: `und`).
fn text(text: &str) -> Value {
    json!({"und": text})
}

fn identifier(kind: &str, code: &str) -> Value {
    json!({
        "@type": "ceterms:IdentifierValue",
        "ceterms:identifierTypeName": text(kind),
        "ceterms:identifierValueCode": code,
    })
}

fn raw(node: &Value) -> Result<Box<RawValue>, serde_json::Error> {
    serde_json::value::to_raw_value(node)
}
