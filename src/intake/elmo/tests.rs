#![allow(clippy::unwrap_used)]

use super::rows::Column;
use super::*;

const OPEN: &str = "<elmo xmlns='https://github.com/emrex-eu/elmo-schemas/tree/v1'>";
const HEAD: &str = "<generatedDate>2025-10-01T09:00:00Z</generatedDate><learner><identifier type='esi'>e1</identifier>\
    <givenNames>A</givenNames><familyName>B</familyName></learner><report><issuer><identifier type='schac'>u.example</identifier>\
    <title>U</title><url>u</url></issuer>";
const TAIL: &str = "<issueDate>2025-09-30T12:00:00Z</issueDate></report>";

/// A file about one learner with these nodes.
fn file(nodes: &str) -> String {
    format!("{OPEN}{HEAD}\n{nodes}\n{TAIL}</elmo>")
}

/// A node of a title: what its result says, and the nodes in it.
fn node(title: &str, result: &str, parts: &[String]) -> String {
    let parts: String = parts.iter().map(|part| format!("<hasPart>{part}</hasPart>")).collect();
    format!(
        "<learningOpportunitySpecification><title>{title}</title><specifies><learningOpportunityInstance>{result}\
         </learningOpportunityInstance></specifies>{parts}</learningOpportunitySpecification>"
    )
}

fn credit(scheme: &str, value: &str) -> String {
    format!("<credit><scheme>{scheme}</scheme><value>{value}</value></credit>")
}

fn read(text: &str) -> Result<Vec<Row>, Unfit> {
    let mut elmo = Elmo::new(text.as_bytes());
    let mut rows = Vec::new();
    while let Some(row) = elmo.next_row()? {
        rows.push(row);
    }
    Ok(rows)
}

fn values(rows: &[Row], columns: &[Column]) -> Vec<String> {
    rows.iter()
        .map(|row| {
            columns.iter().map(|column| row.values[*column as usize].as_str()).collect::<Vec<_>>().join("|")
        })
        .collect()
}

#[test]
fn credit_on_a_branch_counts_at_its_top() {
    let (passed, failed) = ("<status>passed</status>", "<status>failed</status>");
    let ects = |value: &str| credit("ects", value);
    let course =
        |title: &str, status: &str, value: &str| node(title, &format!("{status}{}", ects(value)), &[]);
    let both = [course("a", "", "5"), course("b", failed, "6")];
    let module = node("m", &format!("{passed}{}", ects("10")), &both);
    let cases = [
        // title|credits|counted|part of, from the top down
        (
            node("d", &ects("60"), std::slice::from_ref(&module)),
            vec!["d|60||", "m|10|no|d", "a|5|no|d", "b|6|no|d"],
        ),
        (node("d", "", std::slice::from_ref(&module)), vec!["d||no|m", "m|10||", "a|5|no|m", "b|6|no|m"]),
        // What only gathers says where the credit counts; what gathers none has none.
        (
            node("d", "", &[course("a", "", "5"), node("n", "", &[]), course("c", "", "4")]),
            vec!["d||no|a and 1 more", "a|5||", "n||no|", "c|4||"],
        ),
        (node("d", &ects("9"), &[node("n", "", &[])]), vec!["d|9||", "n||no|d"]),
        // What is not passed holds nothing for what is below it.
        (
            node("d", &format!("<status>in-progress</status>{}", ects("60")), &both),
            vec!["d|60||", "a|5||", "b|6||"],
        ),
        (node("d", &ects("0"), &both), vec!["d|0||", "a|5||", "b|6||"]),
        // Credit of whatever scheme is the same learning.
        (node("d", &credit("X", "2"), &both[..1]), vec!["d|2||", "a|5|no|d"]),
        // Of a scheme that the whole does not have no bank need know.
        (node("d", &ects("9"), &[node("a", &credit("X", "5"), &[])]), vec!["d|9||", "a||no|d"]),
    ];
    for (nodes, expected) in cases {
        let rows = read(&file(&nodes)).unwrap();
        let columns = [Column::Title, Column::Credits, Column::Counted, Column::PartOf];
        assert_eq!(values(&rows, &columns), expected);
    }
}

#[test]
fn schemes_amounts_and_statuses_are_read_as_the_schema_says() {
    let cases = [
        (credit("ects", "6"), "6|ECTS||passed"),
        (credit("Ects", "+7.50"), "7.5|ECTS||passed"),
        (credit("ECTS", ".5"), "0.5|ECTS||passed"),
        (format!("{}{}", credit("sp", "4"), credit("ECTS", "6.")), "6|ECTS|sp 4|passed"),
        (format!("<status>failed</status>{}", credit("sp", "4")), "4|sp||failed"),
        ("<credit><scheme>ects</scheme></credit>".to_owned(), "|ECTS||passed"),
        ("<status> in-progress </status>".to_owned(), "|ECTS||in-progress"),
        (credit("ects", "-1"), "-1|ECTS||passed"),
    ];
    for (result, expected) in cases {
        let rows = read(&file(&node("a", &result, &[]))).unwrap();
        assert_eq!(
            values(&rows, &[Column::Credits, Column::System, Column::OtherCredits, Column::Status]),
            [expected]
        );
    }
}

#[test]
fn the_time_is_the_results_or_its_terms_or_that_of_the_whole() {
    let term = "<academicTerm><title>T</title><start>2024-10-01Z</start><end>2025-01-31</end></academicTerm>";
    let day = "<date>2025-01-20+01:00</date>";
    let cases = [
        (node("a", &format!("{day}{term}"), &[]), vec!["2025-01-20|date|"]),
        (
            node("a", term, &[node("b", "", &[])]),
            vec!["2024-10-01/2025-01-31|term|", "2024-10-01/2025-01-31|part of|"],
        ),
        (
            node("a", "<start>2024-10-01</start>", &[node("b", "", &[])]),
            vec!["2024-10-01|start|", "2025-09-30|report|e1/b"],
        ),
        // Without any date, the record does not depend on when the report was made.
        (node("a", "", &[node("b", "", &[])]), vec!["2025-09-30|report|e1/a", "2025-09-30|report|e1/b"]),
        (
            node("a", &format!("<identifier type='ewp-loi-id'>7</identifier>{day}"), &[]),
            vec!["2025-01-20|date|ewp-loi-id/7"],
        ),
    ];
    for (nodes, expected) in cases {
        let rows = read(&file(&nodes)).unwrap();
        assert_eq!(values(&rows, &[Column::Period, Column::DatedBy, Column::Record]), expected);
    }
}

#[test]
fn learners_and_outcomes_are_known_by_their_best_identifier() {
    let esi = "<identifier type='esi'>e1</identifier>";
    let cases = [
        (esi.to_owned(), "esi||e1"),
        ("<identifier type='nationalIdentifier'>9</identifier>".to_owned() + esi, "esi||e1"),
        ("<identifier type='nationalIdentifier'>9</identifier>".to_owned(), "national-identifier||9"),
        (
            "<identifier type='localStudentNo'>000123</identifier>".to_owned(),
            "elmo-local-student-no|u.example|000123",
        ),
        (String::new(), "||"),
    ];
    for (identifiers, expected) in cases {
        let rows = read(&file(&node("a", "", &[])).replace(esi, &identifiers)).unwrap();
        assert_eq!(
            values(&rows, &[Column::LearnerScheme, Column::LearnerIssuer, Column::Learner]),
            [expected]
        );
    }
    let local = "<identifier type='local'>7</identifier>";
    let cases = [
        (local, "", "7"),
        (local, "<type>Course</type>", "7"),
        (local, "<type>Class</type>", "Class/7"),
        (
            "<identifier type='nus'>8</identifier><identifier type='ewp-los-id'>9</identifier>",
            "",
            "ewp-los-id/9",
        ),
        ("", "", "a"),
    ];
    for (identifiers, sort, expected) in cases {
        let nodes =
            node("a", "", &[]).replace("<title>a</title>", &format!("{identifiers}<title>a</title>{sort}"));
        assert_eq!(values(&read(&file(&nodes)).unwrap(), &[Column::Outcome]), [expected]);
    }
}

#[test]
fn a_file_may_hold_several_learners_within_another_kind_of_file() {
    let one = file(&node("a", "", &[]));
    let two = one.replace(">e1<", ">e2<");
    let rows = read(&format!("<envelope>\n{one}\n<other xmlns='urn:x'>{two}</other></envelope>")).unwrap();
    assert_eq!(values(&rows, &[Column::Learner]), ["e1", "e2"]);
    assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [3, 6]);
}

#[test]
fn credit_that_counts_above_keeps_its_scheme() {
    let both = format!("{}{}", credit("X", "5"), credit("Y", "7"));
    let rows = read(&file(&node("d", &credit("ects", "9"), &[node("a", &both, &[])]))).unwrap();
    let columns = [Column::Credits, Column::System, Column::OtherCredits];
    assert_eq!(values(&rows, &columns), ["9|ECTS|", "|ECTS|X 5; Y 7"]);
}

#[test]
fn files_of_other_kinds_and_versions_are_refused_by_name() {
    let cases = [
        ("<elmo/>".to_owned(), "no namespace"),
        (file("").replace("/v1", "/v2"), "tree/v2"),
        ("<transcript xmlns='urn:x'/>".to_owned(), "its root is `transcript`"),
        ("<a><elmo xmlns='http://purl.org/net/elmo'/></a>".to_owned(), "http://purl.org/net/elmo"),
    ];
    for (text, part) in cases {
        let unfit = read(&text).unwrap_err();
        assert!(unfit.rule == Rule::ElmoInvalid && unfit.departures[0].what.contains(part), "{unfit:?}");
    }
}

#[test]
fn all_departures_are_named_at_once_with_their_places() {
    let text = file(&node("a", "\n<staus>failed</staus>\n<date>2025-02-30</date>", &[]));
    let unfit = read(&text).unwrap_err();
    let told: Vec<String> = unfit.departures.iter().map(Departure::to_string).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].starts_with("line 3, column 1: `staus` has no place")
            && told[0].ends_with("did you mean `status`?"),
        "{told:?}"
    );
    assert!(
        told[1].starts_with("line 4, column 1: `date` is `2025-02-30`: there is no such day"),
        "{told:?}"
    );
    let many = read(&file(&node("a", &"<x/>".repeat(1_000), &[]))).unwrap_err();
    assert_eq!(many.departures.len(), 51);
}

#[test]
fn depth_is_bounded() {
    let mut nodes = node("a", "", &[]);
    for _ in 0..200 {
        nodes = node("a", "", &[nodes]);
    }
    assert_eq!(read(&file(&nodes)).unwrap_err().rule, Rule::XmlUnsafe);
}
