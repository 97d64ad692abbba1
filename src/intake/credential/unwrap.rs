//! Finds the credentials in a document: by themselves, in a record, in a presentation, in a service's answer,
//! in a signed token.

use crate::domain::text::shorten;
use crate::intake::json::{Document, JsonFault, Node, Value};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Wrappings within each other.
const MAX_WRAPS: usize = 8;

/// What stands where a credential may stand.
pub enum Found {
    /// A credential about an achievement.
    Credential(Box<Credential>),
    /// Something else, with the line on which it begins, and why it is no credential.
    Other {
        /// The line.
        line: u64,
        /// Why it cannot be read.
        why: String,
    },
}

/// A credential about an achievement, and what it came in.
pub struct Credential {
    /// The credential itself.
    pub node: Node,
    /// The algorithm of the signed token that it came in.
    pub token: Option<String>,
    /// The position of the record that it came in among the document's records.
    pub record: Option<usize>,
}

/// A learner record (CLR) without the credentials in it.
pub struct Record {
    /// Its identifier.
    pub id: String,
    /// Its subject.
    pub subject: Node,
    /// The algorithm of the signed token that it came in.
    pub token: Option<String>,
    /// Whether it carries a proof.
    pub proven: bool,
}

/// What a document holds.
#[derive(Default)]
pub struct Credentials {
    /// What stands where credentials may stand, in the order of the file.
    pub found: Vec<Found>,
    /// The records that some of them came in.
    pub records: Vec<Record>,
}

/// Finds what a document holds.
pub fn credentials(document: &Document) -> Result<Credentials, JsonFault> {
    let mut all = Credentials::default();
    let wrap = Wrap { token: None, record: None, depth: 0 };
    if document.text.starts_with(['{', '[', '"']) {
        all.look(document.read()?, wrap);
    } else if is_token(&document.text) {
        all.token(&document.text, document.place.line, wrap);
    } else {
        // Lets the JSON reader say what is wrong.
        all.look(document.read()?, wrap);
    }
    Ok(all)
}

#[derive(Clone)]
struct Wrap {
    token: Option<String>,
    record: Option<usize>,
    depth: usize,
}

impl Wrap {
    fn deeper(&self) -> Wrap {
        Wrap { depth: self.depth + 1, ..self.clone() }
    }
}

/// Compact JWS: header, payload and signature in base64url, with points between.
fn is_token(text: &str) -> bool {
    let part =
        |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let parts: Vec<&str> = text.split('.').collect();
    matches!(parts[..], [header, payload, signature] if header.starts_with("ey") && !payload.is_empty() && part(header) && part(payload) && part(signature))
}

/// The types of a node.
pub fn types(node: &Node) -> Vec<&str> {
    let member = node.get("type").or_else(|| node.get("@type"));
    member.map_or(&[][..], Node::items).iter().filter_map(Node::text).collect()
}

impl Credentials {
    fn other(&mut self, line: u64, why: impl Into<String>) {
        self.found.push(Found::Other { line, why: why.into() });
    }

    fn look(&mut self, node: Node, wrap: Wrap) {
        if wrap.depth > MAX_WRAPS {
            return self.other(node.line, format!("it is wrapped more than {MAX_WRAPS} times"));
        }
        match &node.value {
            Value::Text(text) if is_token(text) => self.token(text, node.line, wrap),
            Value::List(_) => {
                for item in node.items() {
                    self.look(item.clone(), wrap.deeper());
                }
            }
            Value::Object(_) => self.object(node, wrap),
            _ => self.other(node.line, "it is neither an object nor a signed token"),
        }
    }

    fn object(&mut self, node: Node, wrap: Wrap) {
        let types = types(&node);
        let has = |name: &str| types.contains(&name);
        if has("OpenBadgeCredential") || has("AchievementCredential") {
            let credential = Credential { token: wrap.token, record: wrap.record, node };
            return self.found.push(Found::Credential(Box::new(credential)));
        }
        if has("ClrCredential") {
            return self.record(&node, wrap);
        }
        if has("VerifiablePresentation") {
            return self.members(&node, &["verifiableCredential"], &wrap);
        }
        if has("EnvelopedVerifiableCredential") {
            let token = node.text_of("id").split_once(',').map_or("", |(_, token)| token);
            return match is_token(token) {
                true => self.token(token, node.line, wrap),
                false => self.other(node.line, "its envelope holds no signed token"),
            };
        }
        // The answer of an Open Badges or CLR service.
        let answer = ["credential", "compactJwsString"];
        if types.is_empty() && answer.iter().any(|name| node.get(name).is_some()) {
            return self.members(&node, &answer, &wrap);
        }
        let why = match types.as_slice() {
            [] if node.get("badge").is_some() => {
                "it has no such type: an Open Badges 2 assertion is not read".to_owned()
            }
            [] => "it has no type".to_owned(),
            types => format!(
                "its type is {}, and what is read is OpenBadgeCredential, AchievementCredential or ClrCredential",
                shorten(&types.join(", "), 200)
            ),
        };
        self.other(node.line, why);
    }

    fn members(&mut self, node: &Node, names: &[&str], wrap: &Wrap) {
        let before = self.found.len();
        for item in names.iter().flat_map(|name| node.each(name)) {
            self.look(item.clone(), wrap.deeper());
        }
        if self.found.len() == before {
            self.other(node.line, "it holds no credential");
        }
    }

    fn record(&mut self, node: &Node, wrap: Wrap) {
        if wrap.record.is_some() {
            return self.other(node.line, "it is a learner record within another");
        }
        let subjects = node.each("credentialSubject");
        let [subject] = subjects else {
            return self.other(node.line, "the learner record has no credentialSubject, or several");
        };
        let mut kept = subject.clone();
        if let Value::Object(members) = &mut kept.value {
            members.retain(|(name, _)| name != "verifiableCredential");
        }
        self.records.push(Record {
            id: node.text_of("id").to_owned(),
            subject: kept,
            token: wrap.token.clone(),
            proven: node.get("proof").is_some(),
        });
        let inside = Wrap { record: Some(self.records.len() - 1), token: None, depth: wrap.depth };
        self.members(subject, &["verifiableCredential"], &inside);
    }

    /// Opens a signed token. Its signature is not checked.
    fn token(&mut self, token: &str, line: u64, wrap: Wrap) {
        let part = |at: usize| {
            let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(at)?).ok()?;
            let text = String::from_utf8(bytes).ok()?;
            let place = crate::intake::place::Place { line, column: 1 };
            let mut node = Document { text, place }.read().ok()?;
            all_on(line, &mut node);
            matches!(node.value, Value::Object(_)).then_some(node)
        };
        let (Some(header), Some(payload)) = (part(0), part(1)) else {
            return self.other(line, "its signed token holds no JSON object");
        };
        // The first edition of VC-JWT put the credential beside the claims.
        let node = payload.get("vc").or_else(|| payload.get("vp")).unwrap_or(&payload).clone();
        let token = Some(header.text_of("alg").to_owned());
        self.look(node, Wrap { token, ..wrap.deeper() });
    }
}

/// What a token holds stands on the token's line.
fn all_on(line: u64, node: &mut Node) {
    node.line = line;
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| all_on(line, item)),
        Value::Object(members) => members.iter_mut().for_each(|(_, item)| all_on(line, item)),
        _ => {}
    }
}
