//! What the ELMO 1.x schema allows where, as a table.
//!
//! Source: schema.xsd of <https://github.com/emrex-eu/elmo-schemas>, namespace `…/tree/v1`, as at commit
//! db1a231c7f71, with the Europass list of countries that it imports. Contents of `extension`, `Signature`,
//! `currentAddress` and of a supplement's `introduction` are open here: nothing is read from them.

/// The namespace of ELMO 1.x.
pub const ELMO: &str = "https://github.com/emrex-eu/elmo-schemas/tree/v1";
/// The namespace of XML signatures.
pub const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";

/// What the text of an element, or the value of an attribute, may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// None: elements only.
    None,
    /// Any text; its blanks matter.
    Any,
    /// Any text; blanks at its ends and repeated ones do not matter.
    Token,
    /// `xs:date`.
    Date,
    /// `xs:dateTime`.
    Moment,
    /// `xs:decimal`.
    Decimal,
    /// `xs:nonNegativeInteger`.
    Count,
    /// A language tag, or nothing.
    Language,
    /// Digits and points.
    Section,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Anything at all, elements too, which are not read. True where they may not be ELMO's.
    Open(bool),
}

/// An attribute that an element may have.
#[derive(Debug)]
pub struct Attribute {
    /// Its name; `lang` is that of XML.
    pub name: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// Its value.
    pub value: Text,
}

/// An element that may stand in another, in the order of the list.
#[derive(Debug)]
pub struct Child {
    /// Its name.
    pub name: &'static str,
    /// How often at least.
    pub min: u32,
    /// How often at most.
    pub max: u32,
    /// What it is.
    pub of: &'static Type,
}

/// What an element is.
#[derive(Debug)]
pub struct Type {
    /// Its text.
    pub text: Text,
    /// Its attributes.
    pub attributes: &'static [Attribute],
    /// Its elements, in order.
    pub children: &'static [Child],
    /// Whether what it holds is read further.
    pub kept: bool,
}

const MANY: u32 = u32::MAX;

const fn child(name: &'static str, min: u32, max: u32, of: &'static Type) -> Child {
    Child { name, min, max, of }
}
const fn one(name: &'static str, of: &'static Type) -> Child {
    child(name, 1, 1, of)
}
const fn opt(name: &'static str, of: &'static Type) -> Child {
    child(name, 0, 1, of)
}
const fn any(name: &'static str, of: &'static Type) -> Child {
    child(name, 0, MANY, of)
}
const fn some(name: &'static str, of: &'static Type) -> Child {
    child(name, 1, MANY, of)
}
const fn simple(text: Text) -> Type {
    Type { text, attributes: &[], children: &[], kept: true }
}
const fn of(children: &'static [Child]) -> Type {
    Type { text: Text::None, attributes: &[], children, kept: true }
}
const fn attribute(name: &'static str, required: bool, value: Text) -> Attribute {
    Attribute { name, required, value }
}
const fn with(text: Text, attributes: &'static [Attribute]) -> Type {
    Type { text, attributes, children: &[], kept: true }
}
const fn unread(of: Type) -> Type {
    Type { kept: false, ..of }
}

/// Europass's countries.
const COUNTRIES: &[&str] = &[
    "AD", "AE", "AF", "AG", "AL", "AM", "AO", "AR", "AT", "AU", "AZ", "BA", "BB", "BD", "BE", "BF", "BG",
    "BH", "BI", "BJ", "BN", "BO", "BR", "BS", "BT", "BW", "BY", "BZ", "CA", "CD", "CF", "CG", "CH", "CI",
    "CL", "CM", "CN", "CO", "CR", "CU", "CV", "CY", "CZ", "DE", "DJ", "DK", "DM", "DO", "DZ", "EC", "EE",
    "EG", "ER", "ES", "ET", "FI", "FJ", "FM", "FR", "GA", "GB", "GD", "GE", "GH", "GL", "GM", "GN", "GQ",
    "GR", "GT", "GW", "GY", "HN", "HR", "HT", "HU", "ID", "IE", "IL", "IN", "IQ", "IR", "IS", "IT", "JM",
    "JO", "JP", "KE", "KG", "KH", "KI", "KM", "KN", "KP", "KR", "KW", "KZ", "LA", "LB", "LC", "LI", "LK",
    "LR", "LS", "LT", "LU", "LV", "LY", "MA", "MC", "MD", "ME", "MG", "MH", "MK", "ML", "MM", "MN", "MR",
    "MT", "MU", "MV", "MW", "MX", "MY", "MZ", "NA", "NE", "NG", "NI", "NL", "NO", "NP", "NR", "NU", "NZ",
    "OM", "PA", "PE", "PG", "PH", "PK", "PL", "PR", "PS", "PT", "PW", "PY", "QA", "RO", "RS", "RU", "RW",
    "SA", "SB", "SC", "SD", "SE", "SG", "SI", "SK", "SL", "SM", "SN", "SO", "SR", "ST", "SV", "SY", "SZ",
    "TD", "TG", "TH", "TJ", "TL", "TM", "TN", "TO", "TR", "TT", "TV", "TZ", "UA", "UG", "US", "UY", "UZ",
    "VA", "VC", "VE", "VN", "VU", "WS", "YE", "ZA", "ZM", "ZW",
];

static TOKEN: Type = simple(Text::Token);
static DATE: Type = simple(Text::Date);
static MOMENT: Type = simple(Text::Moment);
static DECIMAL: Type = simple(Text::Decimal);
static COUNTRY: Type = simple(Text::Word(COUNTRIES));
static STRING: Type = simple(Text::Any);
static TITLE: Type = with(Text::Token, &[attribute("lang", false, Text::Language)]);
static PLAIN: Type = with(Text::Any, &[attribute("lang", false, Text::Language)]);
static LONG: Type = unread(with(Text::Any, &[attribute("lang", false, Text::Language)]));
static IDENTIFIER: Type = with(Text::Token, &[attribute("type", true, Text::Token)]);
static EXTENSION: Type = unread(simple(Text::Open(true)));
static OPEN: Type = unread(simple(Text::Open(false)));

static GENDER: Type = simple(Text::Word(&["0", "1", "2", "9"]));
static LEARNER: Type = of(&[
    opt("citizenship", &COUNTRY),
    any("identifier", &IDENTIFIER),
    one("givenNames", &TOKEN),
    one("familyName", &TOKEN),
    opt("bday", &DATE),
    opt("placeOfBirth", &TOKEN),
    opt("birthName", &TOKEN),
    opt("currentAddress", &OPEN),
    opt("gender", &GENDER),
]);

static ISSUER: Type = of(&[
    opt("country", &COUNTRY),
    some("identifier", &IDENTIFIER),
    some("title", &TITLE),
    one("url", &TOKEN),
]);

static TERM: Type = of(&[some("title", &TITLE), one("start", &DATE), one("end", &DATE)]);
static STATUS: Type = simple(Text::Word(&["passed", "failed", "in-progress"]));
static SHORTENED: Type = of(&[
    one("percentageLower", &DECIMAL),
    one("percentageEqual", &DECIMAL),
    one("percentageHigher", &DECIMAL),
]);
static CATEGORY: Type =
    with(Text::None, &[attribute("label", true, Text::Token), attribute("count", true, Text::Count)]);
static DISTRIBUTION: Type = of(&[some("category", &CATEGORY), any("description", &LONG)]);
static CREDIT_LEVEL: Type = simple(Text::Word(&["Bachelor", "Master", "PhD"]));
static CREDIT: Type = of(&[one("scheme", &TOKEN), opt("level", &CREDIT_LEVEL), opt("value", &DECIMAL)]);
static LEVEL: Type = of(&[one("type", &TOKEN), opt("description", &LONG), opt("value", &TOKEN)]);
static REFERENCES: Type = of(&[any("ref", &STRING)]);
static GROUPING: Type =
    with(Text::Any, &[attribute("typeref", false, Text::Any), attribute("idref", false, Text::Any)]);

static SECTION_CONTENT: Type = unread(with(Text::Any, &[attribute("type", false, Text::Token)]));
static SECTION: Type = unread(Type {
    text: Text::None,
    attributes: &[attribute("number", true, Text::Section)],
    children: &[
        one("title", &TOKEN),
        opt("content", &SECTION_CONTENT),
        any("additionalInformation", &STRING),
        any("attachment", &ATTACHMENT),
        any("section", &SECTION),
    ],
    kept: false,
});
static SUPPLEMENT: Type = Type {
    text: Text::None,
    attributes: &[attribute("lang", false, Text::Language)],
    children: &[
        one("version", &TOKEN),
        one("issueDate", &DATE),
        one("introduction", &OPEN),
        some("section", &SECTION),
        opt("Signature", &OPEN),
    ],
    kept: false,
};

static INSTANCE: Type = of(&[
    any("identifier", &IDENTIFIER),
    opt("start", &DATE),
    opt("date", &DATE),
    opt("academicTerm", &TERM),
    opt("status", &STATUS),
    opt("gradingSchemeLocalId", &TOKEN),
    opt("resultLabel", &TOKEN),
    opt("shortenedGrading", &SHORTENED),
    opt("resultDistribution", &DISTRIBUTION),
    any("credit", &CREDIT),
    any("level", &LEVEL),
    opt("languageOfInstruction", &TOKEN),
    opt("engagementHours", &DECIMAL),
    opt("attachments", &REFERENCES),
    opt("grouping", &GROUPING),
    opt("extension", &EXTENSION),
    opt("diplomaSupplement", &SUPPLEMENT),
]);
static SPECIFIES: Type = of(&[one("learningOpportunityInstance", &INSTANCE), opt("extension", &EXTENSION)]);
static HAS_PART: Type = of(&[one("learningOpportunitySpecification", &SPECIFICATION)]);
static SPECIFICATION: Type = of(&[
    any("identifier", &IDENTIFIER),
    some("title", &TITLE),
    // Its words may grow: readers take a new one like none.
    opt("type", &TOKEN),
    opt("subjectArea", &TOKEN),
    opt("iscedCode", &TOKEN),
    opt("url", &TOKEN),
    any("description", &LONG),
    any("descriptionHtml", &LONG),
    one("specifies", &SPECIFIES),
    any("hasPart", &HAS_PART),
    opt("extension", &EXTENSION),
]);

static ATTACHMENT: Type = unread(of(&[
    any("identifier", &IDENTIFIER),
    any("title", &TITLE),
    // Its words may grow too.
    opt("type", &TOKEN),
    any("description", &LONG),
    any("content", &LONG),
    opt("extension", &EXTENSION),
]));
static GRADING_SCHEME: Type = Type {
    text: Text::None,
    attributes: &[attribute("localId", true, Text::Token)],
    children: &[any("description", &PLAIN)],
    kept: true,
};
static REPORT: Type = of(&[
    one("issuer", &ISSUER),
    any("learningOpportunitySpecification", &SPECIFICATION),
    one("issueDate", &MOMENT),
    any("gradingScheme", &GRADING_SCHEME),
    any("attachment", &ATTACHMENT),
]);

static GROUP: Type = Type {
    text: Text::None,
    attributes: &[attribute("id", false, Text::Any), attribute("sortingKey", false, Text::Any)],
    children: &[some("title", &TITLE)],
    kept: true,
};
static GROUP_TYPE: Type = Type {
    text: Text::None,
    attributes: &[attribute("id", false, Text::Any)],
    children: &[some("title", &TITLE), any("group", &GROUP)],
    kept: true,
};
static GROUPS: Type = of(&[any("groupType", &GROUP_TYPE)]);

/// The root: one learner's results.
pub static ROOT: Type = of(&[
    one("generatedDate", &MOMENT),
    one("learner", &LEARNER),
    some("report", &REPORT),
    any("attachment", &ATTACHMENT),
    opt("groups", &GROUPS),
    opt("extension", &EXTENSION),
    opt("Signature", &OPEN),
]);
