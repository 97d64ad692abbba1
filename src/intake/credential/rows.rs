//! From a credential about an achievement to a row.

use super::kind;
use super::unwrap::{Credential, Record, types};
use crate::domain::credits::{Credits, DecimalMark};
use crate::domain::outcome::Status;
use crate::domain::system::ITEM;
use crate::intake::elmo::moment;
use crate::intake::json::{Node, Value};

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
    Credential "credential";
    CredentialName "credential name";
    LearnerRecord "learner record";
    Learner "learner";
    LearnerScheme "learner scheme";
    LearnerIssuer "learner issuer";
    Name "name";
    Email "email";
    Hashes "identity hashes";
    Institution "institution";
    InstitutionName "institution name";
    InstitutionCountry "institution country";
    InstitutionIdentifiers "institution identifiers";
    Outcome "outcome";
    Title "title";
    Type "achievement type";
    Kind "kind";
    HumanCode "human code";
    Identifiers "identifiers";
    FieldOfStudy "field of study";
    Specialization "specialization";
    Version "version";
    Language "language";
    Period "period";
    DatedBy "dated by";
    Started "activity start";
    Ended "activity end";
    Term "term";
    ValidFrom "valid from";
    ValidUntil "valid until";
    Status "status";
    Grade "grade";
    Scale "scale";
    OtherResults "other results";
    Credits "credits";
    System "system";
    CreditsFrom "credits from";
    OtherCredits "other credits";
    Hours "hours";
    HoursFrom "hours from";
    Counted "counted";
    PartOf "part of";
    Level "level";
    Framework "framework";
    Alignments "alignments";
    Participation "participation";
    Assessment "assessment";
    Supervision "supervision";
    IdentityChecked "identity checked";
    Programme "education programme";
    Evidence "evidence";
    Verified "verified";
    Proof "proof";
}

/// What stands for a system where a credential gives credit hours without saying whose.
const CREDIT_HOURS: &str = "credit-hours";

/// A row: one credential about an achievement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The line on which the credential begins.
    pub line: u64,
    /// A value for each of [`COLUMNS`].
    pub values: Vec<String>,
    /// Why it cannot be taken.
    pub refused: Option<String>,
}

impl Row {
    pub(super) fn set(&mut self, column: Column, value: impl Into<String>) {
        self.values[column as usize] = value.into();
    }

    pub(super) fn get(&self, column: Column) -> &str {
        &self.values[column as usize]
    }

    /// Whether it carries neither proof nor signature.
    pub(super) fn is_bare(&self) -> bool {
        self.get(Column::Proof) == NO_PROOF
    }

    /// Whether the credential itself gives an amount of credit.
    pub(super) fn has_own_credit(&self) -> bool {
        !self.get(Column::Credits).is_empty() && self.get(Column::System) != ITEM
    }

    /// Whether its own amount of credit creates credit.
    pub(super) fn holds_credit(&self) -> bool {
        let amount = Credits::parse(self.get(Column::Credits), DecimalMark::Point);
        self.has_own_credit()
            && self.get(Column::Status) == Status::Passed.name()
            && amount.is_ok_and(|amount| amount > Credits::ZERO)
    }

    /// What other rows call it.
    pub(super) fn name(&self) -> String {
        let (title, code) = (self.get(Column::Title), self.get(Column::Outcome));
        if title == code || code.is_empty() { title.to_owned() } else { format!("{title} ({code})") }
    }
}

const NO_PROOF: &str = "none";

/// A row that cannot be taken.
pub fn refused(line: u64, why: &str) -> Row {
    let mut row = Row { line, values: vec![String::new(); COLUMNS.len()], refused: Some(why.to_owned()) };
    row.set(Column::Proof, NO_PROOF);
    row
}

/// The row of a credential, which may have come in a learner record.
pub fn row(credential: &Credential, record: Option<&Record>) -> Row {
    let node = &credential.node;
    let mut row = Row { line: node.line, values: vec![String::new(); COLUMNS.len()], refused: None };
    let subjects = node.each("credentialSubject");
    let subject = match subjects {
        [subject] if matches!(subject.value, Value::Object(_)) => subject,
        [] => return refused(node.line, "it has no credentialSubject"),
        [_] => return refused(node.line, "its credentialSubject is no object"),
        several => {
            return refused(
                node.line,
                &format!("it has {} credentialSubjects, and one is read", several.len()),
            );
        }
    };
    let subject_types = types(subject);
    if !subject_types.is_empty() && !subject_types.contains(&"AchievementSubject") {
        return refused(
            node.line,
            &format!("its credentialSubject is {}, not AchievementSubject", subject_types.join(", ")),
        );
    }
    let achievement = match subject.each("achievement") {
        [] => None,
        [one] => Some(resolve(one, record)),
        several => {
            return refused(
                node.line,
                &format!("it is about {} achievements, and one is read", several.len()),
            );
        }
    };
    row.set(Column::Credential, node.text_of("id"));
    row.set(Column::CredentialName, node.text_of("name"));
    row.set(Column::LearnerRecord, record.map_or("", |record| record.id.as_str()));
    fill_issuer(&mut row, node.get("issuer"));
    fill_learner(&mut row, subject, record);
    fill_time(&mut row, node, subject);
    let nothing = Node { line: node.line, value: Value::Null };
    let achievement = achievement.unwrap_or(&nothing);
    fill_outcome(&mut row, node, achievement);
    fill_results(&mut row, subject, achievement);
    fill_credit(&mut row, subject, achievement);
    fill_alignments(&mut row, achievement);
    fill_extensions(&mut row, achievement);
    fill_evidence(&mut row, credential, record);
    row
}

/// An achievement that is only named stands in the learner record.
fn resolve<'n>(achievement: &'n Node, record: Option<&'n Record>) -> &'n Node {
    let Value::Text(id) = &achievement.value else { return achievement };
    let known = record
        .and_then(|record| record.subject.each("achievement").iter().find(|known| known.text_of("id") == id));
    known.unwrap_or(achievement)
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join("; ")
}

fn fill_issuer(row: &mut Row, issuer: Option<&Node>) {
    let Some(issuer) = issuer else { return };
    if let Value::Text(id) = &issuer.value {
        return row.set(Column::Institution, id.as_str());
    }
    row.set(Column::Institution, issuer.text_of("id"));
    row.set(Column::InstitutionName, issuer.text_of("name"));
    let country = issuer.get("address").map_or("", |address| address.text_of("addressCountryCode"));
    row.set(Column::InstitutionCountry, country);
    row.set(Column::InstitutionIdentifiers, entries(issuer));
}

/// Other identifiers, as `type value`.
fn entries(node: &Node) -> String {
    let entries = node.each("otherIdentifier").iter();
    joined(
        entries.map(|entry| format!("{} {}", entry.text_of("identifierType"), entry.text_of("identifier"))),
    )
}

/// Sorts of identifiers that one body issues for all, and how the ledger names them.
const GLOBAL: &[(&str, &str)] =
    &[("nationalIdentityNumber", "national-identifier"), ("emailAddress", "email")];
/// Sorts that the issuer alone understands, the most exact first.
const LOCAL: &[&str] = &[
    "sisSourcedId",
    "oneRosterSourcedId",
    "lisSourcedId",
    "sourcedId",
    "accountId",
    "systemId",
    "userName",
    "ltiUserId",
    "identifier",
];

/// Who the learner is: the subject's own identifier, else one that it lists. What is hashed is kept, and
/// identifies nobody here.
fn fill_learner(row: &mut Row, subject: &Node, record: Option<&Record>) {
    let own = subject.each("identifier").iter();
    let all: Vec<&Node> =
        own.chain(record.map_or(&[][..], |record| record.subject.each("identifier"))).collect();
    let is_hashed = |known: &Node| known.get("hashed").is_some_and(|flag| flag.value == Value::Flag(true));
    let plain = |sort: &str| {
        let of_sort = |known: &&&Node| known.text_of("identityType") == sort && !is_hashed(known);
        all.iter().find(of_sort).map_or("", |known| known.text_of("identityHash"))
    };
    row.set(Column::Name, plain("name"));
    row.set(Column::Email, plain("emailAddress"));
    let hashed = all.iter().filter(|known| is_hashed(known));
    row.set(
        Column::Hashes,
        joined(hashed.map(|known| {
            [known.text_of("identityType"), known.text_of("identityHash"), known.text_of("salt")]
                .join(" ")
                .trim()
                .to_owned()
        })),
    );
    let id = Some(subject.text_of("id")).filter(|id| !id.is_empty());
    let id = id.unwrap_or_else(|| record.map_or("", |record| record.subject.text_of("id")));
    let (scheme, value, issuer) = if let Some(address) = id.strip_prefix("mailto:") {
        ("email".to_owned(), address, "")
    } else if !id.is_empty() {
        (if id.starts_with("did:") { "did" } else { "uri" }.to_owned(), id, "")
    } else if let Some((sort, scheme)) = GLOBAL[..1].iter().find(|(sort, _)| !plain(sort).is_empty()) {
        ((*scheme).to_owned(), plain(sort), "")
    } else if let Some(sort) = LOCAL.iter().find(|sort| !plain(sort).is_empty()) {
        (kebab(sort), plain(sort), row.get(Column::Institution))
    } else {
        (GLOBAL[1].1.to_owned(), plain(GLOBAL[1].0), "")
    };
    let (value, issuer) = (value.to_owned(), issuer.to_owned());
    row.set(Column::LearnerScheme, scheme);
    row.set(Column::LearnerIssuer, issuer);
    row.set(Column::Learner, value);
}

fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            kebab.push('-');
        }
        kebab.push(c.to_ascii_lowercase());
    }
    kebab
}

/// The day as its own time zone has it; a text that is no moment stays as it is, to be refused by name.
fn day(text: &str) -> &str {
    moment(text).unwrap_or(text)
}

/// The day of the award; else the end of the activity; else the start of validity, which moves when a
/// credential is issued anew.
fn fill_time(row: &mut Row, node: &Node, subject: &Node) {
    let dates = [
        ("awarded", node.text_of("awardedDate")),
        ("activity end", subject.text_of("activityEndDate")),
        ("valid from", node.text_of("validFrom")),
        ("issued", node.text_of("issuanceDate")),
    ];
    if let Some((by, text)) = dates.into_iter().find(|(_, text)| !text.is_empty()) {
        row.set(Column::Period, day(text));
        row.set(Column::DatedBy, by);
    }
    row.set(Column::Started, day(subject.text_of("activityStartDate")));
    row.set(Column::Ended, day(subject.text_of("activityEndDate")));
    row.set(Column::Term, subject.text_of("term"));
    row.set(Column::ValidFrom, day(node.text_of("validFrom")));
    row.set(Column::ValidUntil, day(node.text_of("validUntil")));
}

/// What was achieved; where no achievement is named, what the credential calls itself.
fn fill_outcome(row: &mut Row, node: &Node, achievement: &Node) {
    let id = achievement.text().filter(|_| matches!(achievement.value, Value::Text(_)));
    let id = id.unwrap_or_else(|| achievement.text_of("id"));
    let title = Some(achievement.text_of("name"))
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| node.text_of("name"));
    row.set(Column::Outcome, if id.is_empty() { title } else { id });
    row.set(Column::Title, title);
    let sort = achievement.text_of("achievementType");
    row.set(Column::Type, sort);
    row.set(Column::Kind, kind::of(sort).map_or("", |kind| kind.name()));
    for (column, name) in [
        (Column::HumanCode, "humanCode"),
        (Column::FieldOfStudy, "fieldOfStudy"),
        (Column::Specialization, "specialization"),
        (Column::Version, "version"),
        (Column::Language, "inLanguage"),
    ] {
        row.set(column, achievement.text_of(name));
    }
    row.set(Column::Identifiers, entries(achievement));
}

/// A result's status as the ledger's; a provisional one is not yet final.
fn status(word: &str) -> &str {
    match word {
        "Completed" => Status::Passed.name(),
        "Failed" => Status::Failed.name(),
        "Withdrew" => Status::Withdrawn.name(),
        "Enrolled" | "InProgress" | "OnHold" | "Provisional" => Status::InProgress.name(),
        other => other,
    }
}

/// The status, which is passed where none is given: a credential attests an achievement. The first value is the
/// grade, others are kept beside it.
fn fill_results(row: &mut Row, subject: &Node, achievement: &Node) {
    let results = subject.each("result");
    let statuses = results.iter().map(|result| result.text_of("status")).filter(|word| !word.is_empty());
    // The least favourable counts, should there be several.
    let order = |word: &&str| {
        ["Completed", "Provisional", "OnHold", "InProgress", "Enrolled", "Withdrew", "Failed"]
            .iter()
            .position(|known| known == word)
            .unwrap_or(usize::MAX)
    };
    row.set(Column::Status, statuses.max_by_key(order).map_or(Status::Passed.name(), status));
    let mut values = Vec::new();
    for result in results {
        let described = achievement
            .each("resultDescription")
            .iter()
            .find(|known| known.text_of("id") == result.text_of("resultDescription"));
        let level = described.and_then(|described| {
            described
                .each("rubricCriterionLevel")
                .iter()
                .find(|level| level.text_of("id") == result.text_of("achievedLevel"))
        });
        let value = Some(result.text_of("value")).filter(|value| !value.is_empty());
        let value = value.or_else(|| level.map(|level| level.text_of("name")));
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            values.push((value, described.map_or(String::new(), scale)));
        }
    }
    let mut values = values.into_iter();
    if let Some((value, scale)) = values.next() {
        row.set(Column::Grade, value);
        row.set(Column::Scale, scale);
    }
    row.set(
        Column::OtherResults,
        joined(values.map(|(value, scale)| format!("{scale} {value}").trim().to_owned())),
    );
}

/// The name of a scale: the type of result and its bounds.
fn scale(described: &Node) -> String {
    let sort = described.text_of("resultType").trim_start_matches("ext:");
    match (described.text_of("valueMin"), described.text_of("valueMax")) {
        ("", "") => sort.to_owned(),
        (min, max) => format!("{sort} {min}–{max}"),
    }
}

/// The credit: ECTS where the Dutch extension gives it; else credit hours as earned, or as the achievement is
/// worth. A credential without credit counts as one item: a certificate is one thing.
fn fill_credit(row: &mut Row, subject: &Node, achievement: &Node) {
    let given = [
        ("ECTS", "ECTS", achievement.text_of("ECTS")),
        ("creditsEarned", CREDIT_HOURS, subject.text_of("creditsEarned")),
        ("creditsAvailable", CREDIT_HOURS, achievement.text_of("creditsAvailable")),
    ];
    let mut given = given.into_iter().filter(|(.., amount)| !amount.is_empty());
    let (from, system, amount) = given.next().unwrap_or(("", ITEM, "1"));
    row.set(Column::Credits, plain(amount));
    row.set(Column::System, system);
    row.set(Column::CreditsFrom, from);
    row.set(Column::OtherCredits, joined(given.map(|(from, _, amount)| format!("{from} {amount}"))));
    let hours =
        [("SBU", achievement.text_of("SBU")), ("timeInvestment", achievement.text_of("timeInvestment"))];
    if let Some((from, amount)) = hours.into_iter().find(|(_, amount)| !amount.is_empty()) {
        row.set(Column::Hours, plain(amount));
        row.set(Column::HoursFrom, from);
    }
}

/// A number without the final noughts behind its point.
fn plain(number: &str) -> &str {
    match number.split_once('.') {
        Some((whole, part)) if part.bytes().all(|byte| byte == b'0') => whole,
        Some((_, part)) if part.bytes().all(|byte| byte.is_ascii_digit()) => number.trim_end_matches('0'),
        _ => number,
    }
}

/// The level of the European Qualifications Framework, if the alignments agree on one; the others are kept.
fn fill_alignments(row: &mut Row, achievement: &Node) {
    let alignments = achievement.each("alignment");
    let is_eqf = |alignment: &&Node| alignment.text_of("targetType") == "ext:EQF";
    let mut levels: Vec<&str> =
        alignments.iter().filter(is_eqf).map(|known| known.text_of("targetCode")).collect();
    levels.sort_unstable();
    levels.dedup();
    let level = if let [level] = levels[..] { level } else { "" };
    if !level.is_empty() {
        row.set(Column::Level, level);
        row.set(Column::Framework, "EQF");
    }
    let others = alignments.iter().filter(|known| level.is_empty() || !is_eqf(known));
    row.set(
        Column::Alignments,
        joined(others.map(|known| {
            let sort = known.text_of("targetType").trim_start_matches("ext:");
            let sort = if sort.is_empty() { known.text_of("targetFramework") } else { sort };
            [sort, known.text_of("targetCode"), known.text_of("targetName")].join(" ").trim().to_owned()
        })),
    );
}

/// What the Dutch extension says of how it was learned.
fn fill_extensions(row: &mut Row, achievement: &Node) {
    for (column, name) in [
        (Column::Participation, "participationType"),
        (Column::Assessment, "assessmentType"),
        (Column::Supervision, "supervisionType"),
        (Column::IdentityChecked, "identityChecked"),
        (Column::Programme, "educationProgramIdentifier"),
    ] {
        row.set(column, achievement.text_of(name));
    }
}

/// What would show who issued it. Nothing of it is checked.
fn fill_evidence(row: &mut Row, credential: &Credential, record: Option<&Record>) {
    let evidence = credential.node.each("evidence").iter();
    row.set(Column::Evidence, joined(evidence.map(|known| known.text_of("id").to_owned())));
    row.set(Column::Verified, "no");
    let proofs = credential.node.each("proof").iter();
    let own = joined(proofs.map(|proof| {
        format!("{} {}", proof.text_of("type"), proof.text_of("cryptosuite")).trim().to_owned()
    }));
    let proof = match (&credential.token, own.as_str(), record) {
        (Some(algorithm), ..) => format!("JWS {algorithm}"),
        (None, "", Some(Record { token: Some(algorithm), .. })) => {
            format!("JWS {algorithm} of the learner record")
        }
        (None, "", Some(Record { proven: true, .. })) => "of the learner record".to_owned(),
        (None, "", _) => NO_PROOF.to_owned(),
        (None, own, _) => own.to_owned(),
    };
    row.set(Column::Proof, proof);
}
