//! ELMO transcripts through the program: the example, the standard's own example, and files that its schema
//! refuses.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Answer, Session, project};
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The published schema, where it lies beside the project and xmllint is there to use it.
struct Schema {
    folder: PathBuf,
}

fn skipped(test: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {why}");
}

impl Schema {
    fn found(test: &str) -> Option<Schema> {
        let shared =
            std::env::var_os("CREDITBANK_SHARED").map_or_else(|| project("../shared").into(), PathBuf::from);
        let folder = shared.join("standards");
        if !folder.join("elmo/schema.xsd").is_file() {
            skipped(test, "../shared is absent");
            return None;
        }
        if Command::new("xmllint").arg("--version").output().is_err() {
            skipped(test, "xmllint is absent");
            return None;
        }
        Some(Schema { folder })
    }

    /// Whether the schema takes a file.
    fn takes(&self, file: &Path) -> (bool, String) {
        let mut command = Command::new("xmllint");
        command.args(["--nonet", "--noout", "--schema", "elmo/schema.xsd"]).arg(file);
        command.current_dir(&self.folder).env("XML_CATALOG_FILES", "elmo-catalog.xml");
        let output = command.output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

fn import(session: &Session, file: &str) -> Answer {
    session.run(&["import", file, "--profile", "elmo", "--format", "json"])
}

/// The sum that an import deposited in a system.
fn deposited(answer: &Answer, system: &str) -> String {
    let import: Value = serde_json::from_str(&answer.out).unwrap();
    let rows = import["deposited"].as_array().cloned().unwrap_or_default();
    let row = rows.iter().find(|row| row["system"] == system);
    row.map_or("0".to_owned(), |row| row["deposited"].as_str().unwrap().to_owned())
}

fn example() -> String {
    std::fs::read_to_string(project("examples/formats/transcript.elmo.xml")).unwrap()
}

#[test]
fn the_example_is_what_the_page_says_it_is() {
    let session = Session::bank();
    let file = session.write("transcript.xml", example());
    let answer = import(&session, "transcript.xml").exits(0);
    // 10 of the module, which holds the 5 and 5 of its courses, and 2.5 of the other university.
    assert_eq!(deposited(&answer, "ECTS"), "12.5");
    let answer = answer
        .shows("the credit of `Supply chains` counts in `Foundations of logistics (Module/M1)`")
        .shows("N121");
    answer.shows("the credit of `Warehousing` counts in");
    let statement = session.run(&["report", "statement", "CB00000001X", "--format", "json"]).exits(0);
    let statement: Value = serde_json::from_str(&statement.out).unwrap();
    let lots = statement["lots"].as_array().unwrap();
    let of = |outcome: &str| lots.iter().find(|lot| lot["outcome"] == outcome).unwrap();
    let course = of("LOG101");
    assert_eq!(
        (&course["amount"], &course["period"], &course["precision"]),
        (&"0".into(), &"2024-10-01/2025-01-31".into(), &"term".into())
    );
    assert_eq!((&course["grade"], &course["level"]), (&"2".into(), &"EQF 6".into()));
    assert_eq!(course["scale"], "Austrian grades, 1 (very good) to 5 (failed)");
    assert_eq!((&of("STAT1")["status"], &of("STAT1")["amount"]), (&"failed".into(), &"0".into()));
    assert_eq!(of("Degree Programme/BA-LOG")["status"], "in-progress");
    assert_eq!(
        (&of("FLE2")["status"], &of("FLE2")["amount"], &of("FLE2")["institution"]),
        (&"passed".into(), &"2.5".into(), &"montbleu.example".into())
    );
    assert_eq!(lots.len(), 7);
    let facts = statement["learner"].to_string();
    for fact in ["Mira (fictitious) Beispiel", "1999-01-01", "urn:schac:personalUniqueCode", "AT/0000-010199"]
    {
        assert!(facts.contains(fact), "{fact}: {facts}");
    }
    let entry = course["entry"].as_str().unwrap();
    session.run(&["explain", entry]).exits(0).shows("1: 7; 2: 19; 3: 11; 4: 8; 5: 3").shows("counted_in");
    session
        .run(&["institution", "show", "silbersee.example"])
        .exits(0)
        .shows("Silbersee University of Applied Sciences")
        .shows("AT");
    // Whom the other university knows under its own number is the person with that national identifier.
    let enrolled = example().replace("int:esi:silbersee.example:000123", "int:esi:montbleu.example:77");
    session.write("enrolled.xml", enrolled.replace("2025-10-01T", "2025-11-01T"));
    assert_eq!(deposited(&import(&session, "enrolled.xml").exits(0), "ECTS"), "0");
    let shown = session.run(&["learner", "show", "CB00000001X"]).exits(0);
    shown.shows("silbersee.example:000123").shows("montbleu.example:77");
    // The same transcript in a later report is the same results.
    let later = example().replace("2025-09-30T", "2025-12-24T");
    session.write("later.xml", later.replace("2025-10-01T", "2025-12-24T"));
    let again = import(&session, "later.xml").exits(0);
    assert_eq!(deposited(&again, "ECTS"), "0");
    session.run(&["verify"]).exits(0);
    if let Some(schema) = Schema::found("the_example_is_what_the_page_says_it_is") {
        let (taken, why) = schema.takes(&file);
        assert!(taken, "{why}");
    }
}

#[test]
fn the_standards_own_example_gives_126_and_not_141() {
    let Some(schema) = Schema::found("the_standards_own_example_gives_126_and_not_141") else { return };
    let session = Session::bank();
    let file = schema.folder.join("elmo/example.xml");
    let answer = import(&session, &file.to_string_lossy()).exits(0);
    assert_eq!(deposited(&answer, "ECTS"), "126");
    answer.shows("counts in `Master of Science in Biology (Degree Programme/MNM2-BIO)`");
    session.run(&["verify"]).exits(0);
    let learner = session.run(&["learner", "show", "CB00000001X"]).exits(0);
    learner.shows("Wojciech Łukasz Rygielski").shows("PL/83041200000").shows("1983-04-12");
}

/// Changes that make the example no ELMO file: what is replaced, what it becomes, and what is said.
const DEPARTURES: &[(&str, &str, &str)] = &[
    ("<generatedDate>2025-10-01T09:00:00+02:00</generatedDate>", "", "no `generatedDate`"),
    ("2025-10-01T09:00:00+02:00", "2025-10-01", "it is not a date and a time"),
    ("<givenNames>Mira (fictitious)</givenNames>", "", "no `givenNames`"),
    ("<citizenship>AT", "<citizenship>ÖS", "not on the schema's list"),
    ("<bday>1999-01-01", "<bday>01.01.1999", "it is not a date"),
    ("<gender>0", "<gender>f", "it is none of 0, 1, 2, 9"),
    ("<identifier type=\"esi\">", "<identifier>", "no attribute `type`"),
    ("<url>https://silbersee.example/</url>", "", "`issuer` has no `url`"),
    ("<title xml:lang=\"fr\">Université de Montbleu</title>", "", "`issuer` has no `title`"),
    ("<status>passed</status>", "<status>Passed</status>", "it is none of passed, failed, in-progress"),
    ("<status>failed</status>", "<staus>failed</staus>", "did you mean `status`?"),
    ("<value>2.5</value>", "<value>2,5</value>", "it is not a decimal number"),
    ("<scheme>Ects</scheme>", "", "`credit` has no `scheme`"),
    ("<date>2024-07-19</date>", "<date>2024-07-32</date>", "there is no such day"),
    (
        "<date>2025-02-14</date>\n              <status>failed</status>",
        "<status>failed</status>\n<date>2025-02-14</date>",
        "belongs before it",
    ),
    ("<start>2024-10-01</start>\n                    <end>", "<end>", "`academicTerm` has no `start`"),
    ("count=\"7\"", "count=\"-7\"", "it is not a whole number"),
    ("label=\"1\" ", "", "no attribute `label`"),
    ("<issueDate>2025-09-30T12:00:00+02:00</issueDate>", "", "`report` has no `issueDate`"),
    ("<status>passed</status>", "<status>passed</status><status>failed</status>", "a second `status`"),
    ("<learner>", "<learner>Mira", "holds elements and no text"),
    ("<type>Module</type>", "<type a=\"b\">Module</type>", "has an attribute `a`"),
    ("xml:lang=\"fr\"", "xml:lang=\"langue française\"", "not a language tag"),
    ("</elmo>", "", "cut off"),
    ("tree/v1", "tree/v0", "what is read is ELMO 1.x"),
];

#[test]
fn what_the_schema_refuses_is_refused_by_line() {
    let schema = Schema::found("what_the_schema_refuses_is_refused_by_line: against the schema");
    let session = Session::bank();
    let before = session.head();
    for (from, to, part) in DEPARTURES {
        assert!(example().contains(from), "{from}");
        let file = session.write("bad.xml", example().replacen(from, to, 1));
        let answer = import(&session, "bad.xml").exits(1);
        assert!(answer.err.contains(part), "{to}: `{part}` is not in:\n{}", answer.err);
        assert!(answer.err.contains("bad.xml: line "), "{to}: {}", answer.err);
        if let Some((taken, _)) = schema.as_ref().map(|schema| schema.takes(&file)) {
            assert!(!taken, "the schema takes {to}");
        }
    }
    assert_eq!(session.head(), before);
}

#[test]
fn what_the_schema_lets_grow_is_taken() {
    let session = Session::bank();
    // Its own text lets types of nodes grow; blanks around tokens do not matter.
    let grown = example()
        .replace("<type>Module</type>", "<type>Micro Credential</type>")
        .replace("<status>failed", "<status>\n failed ");
    session.write("grown.xml", grown);
    assert_eq!(deposited(&import(&session, "grown.xml").exits(0), "ECTS"), "12.5");
    let empty = example();
    let (head, rest) = empty.split_once("    <!-- The programme").unwrap();
    let (_, tail) = rest.split_once("    <issueDate>").unwrap();
    let (first, second) = tail.split_once("  <report>").unwrap();
    session.write(
        "empty.xml",
        format!("{head}    <issueDate>{first}</elmo>").replace("</elmo></elmo>", "</elmo>"),
    );
    assert!(second.contains("montbleu"));
    import(&session, "empty.xml").exits(0).shows("nothing new");
    session.write("utf16.xml", {
        let text = example()
            .replace("UTF-8", "UTF-16")
            .replace("esi:silbersee", "esi:other")
            .replace("loi:77", "loi:78")
            .replace("0000-010199", "0000-020298");
        let mut bytes = vec![0xff, 0xfe];
        bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        bytes
    });
    assert_eq!(deposited(&import(&session, "utf16.xml").exits(0), "ECTS"), "12.5");
}

#[test]
fn bombs_and_other_files_are_refused() {
    let session = Session::bank();
    let bomb = format!(
        "<!DOCTYPE elmo [<!ENTITY a \"x\"><!ENTITY b \"&a;&a;\">]>{}",
        example().replace("<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "")
    );
    let deep = "<hasPart><learningOpportunitySpecification><title>x</title>".repeat(300);
    let cases: [(&str, String, &str); 5] = [
        ("bomb.xml", bomb, "E022"),
        (
            "deep.xml",
            example().replacen(
                "<learningOpportunitySpecification>",
                &format!("<learningOpportunitySpecification>{deep}"),
                1,
            ),
            "E02",
        ),
        (
            "other.xml",
            "<?xml version=\"1.0\"?><catalog xmlns=\"urn:x\"/>".to_owned(),
            "its root is `catalog`",
        ),
        ("page.html", "<html><body>sign in</body></html>".to_owned(), "E0"),
        ("table.csv", "a,b\n1,2\n".to_owned(), "E011"),
    ];
    for (name, text, part) in cases {
        session.write(name, text);
        import(&session, name).exits(1).says(part).says(name);
    }
}
