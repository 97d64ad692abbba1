use super::*;
use crate::domain::credits::Credits;
use crate::domain::rule::{Rule, To, Worth};
use crate::intake::agreements::Sides;
use crate::intake::rulebook::parse_toml;

/// A profile as another registry publishes it, for courses of a fictitious college.
const OTHERS: &str = r#"{"@context": "https://credreg.net/ctdl/schema/context/json", "@graph": [
 {"@id": "https://registry.example/o", "@type": "ceterms:CredentialOrganization", "ceterms:name": {"en-US": "Grove College"}},
 {"@id": "https://registry.example/c", "@type": "ceterms:Course", "ceterms:name": {"en-US": "Calculus"},
  "ceterms:codedNotation": "MATH 1A", "ceterms:ownedBy": ["https://registry.example/o"]},
 {"@id": "https://registry.example/t", "@type": "ceterms:TransferValueProfile", "ceterms:ctid": "ce-0f6ee0a0-8d4b-4f3f-9f4e-000000000001",
  "ceterms:name": {"en-US": "Calculus at Grove"}, "ceterms:startDate": "2024-09-01", "ceterms:endDate": "2029-08-31",
  "ceterms:transferValue": [{"@type": "ceterms:ValueProfile", "schema:value": 4.5, "ceterms:creditUnitType": [
   {"@type": "ceterms:CredentialAlignmentObject", "ceterms:targetNode": "creditUnit:QuarterHour"}]}],
  "ceterms:transferValueFrom": ["https://registry.example/c", {"@type": "ceterms:Course", "ceterms:name": {"en-US": "Workshop"}}],
  "ceterms:transferValueFor": [{"@type": "ceterms:Course", "ceterms:codedNotation": "CALC 1"}]}]}"#;

fn sides() -> Sides {
    Sides { from: "GROVE".into(), to: "STATE".into(), system: "US-SEM".into() }
}

/// The rules of a book that the profiles of it are read as.
fn rules(book: &str) -> Vec<Rule> {
    let mut rules = Vec::new();
    let book = parse_toml(&format!("book = \"b\"\n{book}"), "b.toml").unwrap();
    book.each(&mut |rule| {
        rules.push(rule.value.clone());
        true
    })
    .unwrap();
    rules
}

fn written(rules: &[Rule]) -> Written {
    let catalogue = Catalogue {
        namespace: "bank.example".into(),
        institution: &|code| (code == "STATE").then(|| "State University".to_owned()),
        outcome: &|_, code| (code == "CALC 1").then(|| Resource { title: "微积分 I".into(), kind: None }),
    };
    write("b@1", rules, &catalogue).unwrap()
}

#[test]
fn a_profile_of_others_is_a_rule() {
    let read = read(OTHERS, "t.jsonld", &sides()).unwrap();
    let [rule] = read.rules.as_slice() else { panic!("{read:?}") };
    let said = crate::intake::rulebook::to_toml("b", None, [], [], [rule]);
    for part in [
        r#"id = "calculus-at-grove""#,
        r#"from = { institution = "GROVE", outcome = "MATH 1A & Workshop" }"#,
        r#"to = { institution = "STATE", outcome = "CALC 1", system = "US-QTR" }"#,
        r#"credits = "4.5""#,
        r#"valid_from = "2024-09-01""#,
        r#"valid_to = "2029-08-31""#,
        r#"reference = "Calculus at Grove""#,
    ] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
}

#[test]
fn what_no_rule_can_hold_is_told() {
    let value = r#""ceterms:transferValue": [{"schema:value": 3, "ceterms:creditUnitType": ["creditUnit:SemesterHour"]}]"#;
    let from = r#""ceterms:transferValueFrom": [{"ceterms:codedNotation": "A"}]"#;
    let cases = [
        (
            format!("{value}, {from}, \"ceterms:requires\": [{{}}]"),
            "it sets conditions (`ceterms:requires`) in words",
        ),
        (
            format!("{value}, {from}, \"ceterms:lifeCycleStatusType\": [\"lifeCycle:Ceased\"]"),
            "its status is lifeCycle:Ceased",
        ),
        (value.to_owned(), "it does not say what the value comes from"),
        (from.to_owned(), "it says no value, and a rule gives one amount"),
        (
            format!("{from}, \"ceterms:transferValue\": [{{\"schema:minValue\": 2}}]"),
            "its value is neither an amount nor a range",
        ),
    ];
    for (members, why) in cases {
        let text =
            format!("{{\"@type\": \"ceterms:TransferValueProfile\", \"ceterms:name\": \"X\", {members}}}");
        let read = read(&text, "t.jsonld", &sides()).unwrap();
        assert_eq!((read.rules.len(), read.left_out), (0, vec![("X".to_owned(), why.to_owned())]), "{text}");
    }
}

#[test]
fn what_is_no_profile_is_a_fault_with_its_line() {
    let broken = |text: &str| read(text, "t.jsonld", &sides()).unwrap_err().to_string();
    let cases = [
        ("{", "t.jsonld:1:1: the file is not JSON"),
        ("{\"@graph\": []}", "it has no `ceterms:TransferValueProfile`"),
        (
            "{\"@type\": \"ceterms:TransferValueProfile\",\n\"ceterms:transferValue\": {\"schema:value\": \"much\"}}",
            "t.jsonld:2:1: a value is no amount",
        ),
        (
            "{\"@type\": \"ceterms:TransferValueProfile\", \"ceterms:transferValue\": {\"schema:value\": 3},\n\
             \"ceterms:transferValueFrom\": \"https://registry.example/x\"}",
            "t.jsonld:2:1: a resource of `ceterms:transferValueFrom` is neither in the file nor has a name",
        ),
        (
            "{\"@type\": \"ceterms:TransferValueProfile\", \"ceterms:transferValue\": {\"schema:value\": 3}, \
             \"ceterms:transferValueFrom\": {\"ceterms:name\": \"A\"},\n\"ceterms:startDate\": \"soon\"}",
            "t.jsonld:2:1: a date is none",
        ),
        (
            "{\"@type\": \"ceterms:TransferValueProfile\", \"ceterms:transferValue\": {\"schema:value\": 3}, \
             \"ceterms:transferValueFrom\": [{\"ceterms:name\": \"A\", \"ceterms:ownedBy\": {\"ceterms:name\": \"One\"}},\n\
             {\"ceterms:name\": \"B\", \"ceterms:ownedBy\": {\"ceterms:name\": \"Two\"}}]}",
            "t.jsonld:2:1: the sending resources belong to several institutions: One, Two; one code is given for all",
        ),
    ];
    for (text, part) in cases {
        assert!(broken(text).contains(part), "{part} is not in {}", broken(text));
    }
}

#[test]
fn what_was_written_is_read_as_the_same_rules() {
    let rules = rules(
        r#"
[[rule]]
id = "one"
from = { institution = "GROVE", outcome = "MATH 1A & MATH 1B & CALC@OTHER" }
to = { institution = "STATE", outcome = "CALC 1 & CALC 2", system = "US-QTR" }
credits = "2.667"
valid_from = "2024-09-01"
valid_to = "2029-08-31"
reference = "Guide 2024, page 3"
[[rule]]
id = "two"
from = { institution = "GROVE", outcome = "WORK 9" }
to = { institution = "STATE", category = "elective", system = "ECTS" }
credits = "4"
credits_low = "3"
credits_high = "5"
"#,
    );
    let once = written(&rules);
    assert_eq!((once.rules, once.left_out.as_slice()), (2, [].as_slice()));
    assert!(once.text.contains("\"schema:value\":2.667") && once.text.contains("微积分 I"), "{}", once.text);
    let other = Sides { from: "X".into(), to: "STATE".into(), system: "X".into() };
    assert_eq!(
        read(&once.text, "b.jsonld", &other).unwrap(),
        Profiles { rules: rules.clone(), left_out: Vec::new() }
    );
    assert_eq!(written(&rules).text, once.text);
}

#[test]
fn rules_that_no_profile_can_say_are_named_with_the_reason() {
    let outcome = |from: &str, to: &str, rest: &str| {
        format!(
            "[[rule]]\nid = \"r\"\nfrom = {{ institution = \"GROVE\", outcome = \"{from}\" }}\n\
             to = {{ institution = \"STATE\", {to}, system = \"ECTS\" }}\n{rest}"
        )
    };
    let cases = [
        (outcome("A | B", "outcome = \"X\"", "credits = \"3\""), "it has alternatives"),
        (outcome("2 of (A, B)", "outcome = \"X\"", "credits = \"3\""), "it leaves a choice of outcomes"),
        (
            outcome("A*", "outcome = \"X\"", "credits = \"3\""),
            "it asks for outcomes by a pattern or a number",
        ),
        (
            outcome("A", "outcome = \"X = 1 & Y = 2\"", "credits = \"3\""),
            "it divides the amount over several outcomes",
        ),
        (
            outcome("A", "outcome = \"X\"", "ratio = \"1/2\""),
            "it multiplies what was awarded, and a profile has a fixed value",
        ),
        (outcome("A", "outcome = \"X\"", "deny = \"no\""), "it denies, and a profile has a value"),
        (outcome("A", "outcome = \"X\"", "credits = \"3\"\nmin_score = \"4\""), "it asks for a score"),
        (outcome("A", "category = \"e\"", "credits = \"3\"\nmost = \"4\""), "it is limited by a cap"),
        (
            "[[rule]]\nid = \"r\"\nfrom = { system = \"UK\" }\nto = { system = \"ECTS\" }\nratio = \"1/2\""
                .to_owned(),
            "it converts credit of a system, and a profile names resources",
        ),
    ];
    for (book, why) in cases {
        let written = written(&rules(&book));
        assert_eq!(written.left_out, [("r".to_owned(), why.to_owned())], "{book}");
    }
    let Rule { to, worth, .. } = &rules(&outcome("A", "outcome = \"X = 3\"", "credits = \"3\""))[0];
    assert!(matches!(to, To::Outcomes { .. }) && *worth == Worth::Credits(Credits(3_000)));
}
