#![allow(clippy::unwrap_used)]

use super::rows::Column;
use super::*;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A credential with more members of the credential, its subject and its achievement.
fn badge(credential: &str, subject: &str, achievement: &str) -> String {
    format!(
        "{{\"id\":\"urn:c1\",\"type\":[\"VerifiableCredential\",\"OpenBadgeCredential\"],\"issuer\":{{\"id\":\"urn:i\",\"name\":\"I\"}},\
         \"validFrom\":\"2025-01-31T23:30:00-05:00\"{credential},\"credentialSubject\":{{\"type\":[\"AchievementSubject\"]{subject},\
         \"achievement\":{{\"id\":\"urn:a1\",\"type\":[\"Achievement\"],\"name\":\"A\",\"description\":\"\",\"criteria\":{{}}{achievement}}}}}}}"
    )
}

fn read(text: &str) -> Result<Vec<Row>, JsonFault> {
    let mut credentials = Credentials::new(text.as_bytes());
    let mut rows = Vec::new();
    while let Some(row) = credentials.next_row()? {
        rows.push(row);
    }
    Ok(rows)
}

fn values(rows: &[Row], columns: &[Column]) -> Vec<String> {
    rows.iter()
        .map(|row| columns.iter().map(|column| row.get(*column)).collect::<Vec<_>>().join("|"))
        .collect()
}

#[test]
fn credit_is_ects_or_hours_or_one_item() {
    let columns = [
        Column::Credits,
        Column::System,
        Column::CreditsFrom,
        Column::OtherCredits,
        Column::Hours,
        Column::HoursFrom,
    ];
    let cases = [
        ("", "", "1|ITEM||||"),
        ("", ",\"ECTS\":3.0,\"SBU\":84", "3|ECTS|ECTS||84|SBU"),
        ("", ",\"ECTS\":4.50", "4.5|ECTS|ECTS|||"),
        ("", ",\"ECTS\":0.1", "0.1|ECTS|ECTS|||"),
        ("", ",\"timeInvestment\":13", "1|ITEM|||13|timeInvestment"),
        ("", ",\"creditsAvailable\":3", "3|credit-hours|creditsAvailable|||"),
        (
            ",\"creditsEarned\":2",
            ",\"creditsAvailable\":3",
            "2|credit-hours|creditsEarned|creditsAvailable 3||",
        ),
        (",\"creditsEarned\":2", ",\"ECTS\":\"1e3\"", "1e3|ECTS|ECTS|creditsEarned 2||"),
        (",\"creditsEarned\":0", "", "0|credit-hours|creditsEarned|||"),
        ("", ",\"ECTS\":12345678901234567890.125", "12345678901234567890.125|ECTS|ECTS|||"),
    ];
    for (subject, achievement, expected) in cases {
        assert_eq!(values(&read(&badge("", subject, achievement)).unwrap(), &columns), [expected]);
    }
}

#[test]
fn the_day_is_that_of_its_own_time_zone() {
    let ended = ",\"activityEndDate\":\"2024-12-20T00:00:00Z\"";
    let cases = [
        ("", "", "2025-01-31|valid from"),
        ("", ended, "2024-12-20|activity end"),
        (",\"awardedDate\":\"2025-01-15T08:00:00Z\"", ended, "2025-01-15|awarded"),
        (",\"awardedDate\":\"15.01.2025\"", ended, "15.01.2025|awarded"),
    ];
    for (credential, subject, expected) in cases {
        let rows = read(&badge(credential, subject, "")).unwrap();
        assert_eq!(values(&rows, &[Column::Period, Column::DatedBy]), [expected]);
    }
}

#[test]
fn learners_are_known_by_what_is_not_hashed() {
    let identity = |sort: &str, value: &str, hashed: bool| {
        format!(
            "{{\"type\":\"IdentityObject\",\"identityType\":\"{sort}\",\"identityHash\":\"{value}\",\"hashed\":{hashed},\"salt\":\"s\"}}"
        )
    };
    let list = |items: &[String]| format!(",\"identifier\":[{}]", items.join(","));
    let columns = [
        Column::LearnerScheme,
        Column::LearnerIssuer,
        Column::Learner,
        Column::Name,
        Column::Email,
        Column::Hashes,
    ];
    let cases = [
        (",\"id\":\"did:example:1\"".to_owned(), "did||did:example:1|||"),
        (",\"id\":\"https://x.example/1\"".to_owned(), "uri||https://x.example/1|||"),
        (",\"id\":\"mailto:a@x.example\"".to_owned(), "email||a@x.example|||"),
        (
            list(&[identity("name", "A B", false), identity("emailAddress", "a@x.example", false)]),
            "email||a@x.example|A B|a@x.example|",
        ),
        (list(&[identity("sisSourcedId", "000123", false)]), "sis-sourced-id|urn:i|000123|||"),
        (list(&[identity("emailAddress", "sha256$00", true)]), "email|||||emailAddress sha256$00 s"),
        (list(&[identity("nationalIdentityNumber", "7", false)]), "national-identifier||7|||"),
    ];
    for (subject, expected) in cases {
        assert_eq!(values(&read(&badge("", &subject, "")).unwrap(), &columns), [expected], "{subject}");
    }
}

#[test]
fn results_levels_and_kinds() {
    let described = ",\"resultDescription\":[{\"id\":\"r1\",\"name\":\"n\",\"resultType\":\"ext:ECTSGradeScore\",\"valueMin\":\"1\",\"valueMax\":\"10\"},\
                     {\"id\":\"r2\",\"name\":\"n\",\"resultType\":\"Status\"}]";
    let results = ",\"result\":[{\"resultDescription\":\"r2\",\"status\":\"Provisional\"},{\"resultDescription\":\"r1\",\"value\":\"8.50\"},{\"value\":\"B\"}]";
    let rows = read(&badge("", results, described)).unwrap();
    let columns = [Column::Status, Column::Grade, Column::Scale, Column::OtherResults];
    assert_eq!(values(&rows, &columns), ["in-progress|8.50|ECTSGradeScore 1–10|B"]);

    let eqf = |level: &str| {
        format!(
            "{{\"targetType\":\"ext:EQF\",\"targetCode\":\"{level}\",\"targetName\":\"EQF level {level}\"}}"
        )
    };
    let cases = [
        (format!(",\"alignment\":{}", eqf("6")), "EQF|6|"),
        (
            format!(
                ",\"alignment\":[{},{{\"targetType\":\"CFItem\",\"targetCode\":\"x\",\"targetName\":\"X\"}}]",
                eqf("6")
            ),
            "EQF|6|CFItem x X",
        ),
        (format!(",\"alignment\":[{},{}]", eqf("6"), eqf("7")), "||EQF 6 EQF level 6; EQF 7 EQF level 7"),
    ];
    for (achievement, expected) in cases {
        let rows = read(&badge("", "", &achievement)).unwrap();
        assert_eq!(values(&rows, &[Column::Framework, Column::Level, Column::Alignments]), [expected]);
    }
    for (sort, kind) in [
        ("MasterDegree", "formal"),
        ("MicroCredential", "non-formal"),
        ("CommunityService", "informal"),
        ("Course", ""),
        ("ext:Own", ""),
    ] {
        let rows = read(&badge("", "", &format!(",\"achievementType\":\"{sort}\""))).unwrap();
        assert_eq!(values(&rows, &[Column::Kind]), [kind], "{sort}");
    }
}

#[test]
fn credentials_come_alone_in_lists_in_rows_and_wrapped() {
    let one = badge("", "", "");
    let token = |payload: &str| {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.{}", part("{\"alg\":\"RS256\"}"), part(payload), part("signature"))
    };
    let presentation = format!(
        "{{\"type\":\"VerifiablePresentation\",\"verifiableCredential\":[{one},\"{}\"]}}",
        token(&one)
    );
    let envelope = format!(
        "{{\"type\":\"EnvelopedVerifiableCredential\",\"id\":\"data:application/vc+jwt,{}\"}}",
        token(&one)
    );
    let cases = [
        (one.clone(), vec!["none"]),
        (format!("[{one},\n{one}]"), vec!["none", "none"]),
        (format!("{one}\n{one}\n"), vec!["none", "none"]),
        (format!("{}\n{}", token(&one), token(&one)), vec!["JWS RS256", "JWS RS256"]),
        (token(&format!("{{\"iss\":\"x\",\"vc\":{one}}}")), vec!["JWS RS256"]),
        (presentation, vec!["none", "JWS RS256"]),
        (envelope, vec!["JWS RS256"]),
        (
            format!("{{\"credential\":[{one}],\"compactJwsString\":[\"{}\"]}}", token(&one)),
            vec!["none", "JWS RS256"],
        ),
        (
            badge(",\"proof\":{\"type\":\"DataIntegrityProof\",\"cryptosuite\":\"eddsa-rdfc-2022\"}", "", ""),
            vec!["DataIntegrityProof eddsa-rdfc-2022"],
        ),
    ];
    for (text, expected) in cases {
        let rows = read(&text).unwrap();
        assert_eq!(values(&rows, &[Column::Proof]), expected, "{text}");
        assert!(rows.iter().all(|row| row.refused.is_none()
            && row.get(Column::Outcome) == "urn:a1"
            && row.get(Column::Verified) == "no"));
    }
}

#[test]
fn what_is_no_credential_is_refused_with_the_reason_and_the_others_stay() {
    let one = badge("", "", "");
    let cases = [
        (
            one.replace("OpenBadgeCredential", "OtherCredential"),
            "its type is VerifiableCredential, OtherCredential",
        ),
        (one.replace("AchievementSubject", "ClrSubject"), "ClrSubject, not AchievementSubject"),
        (one.replace("\"credentialSubject\":{", "\"x\":{"), "no credentialSubject"),
        ("{\"type\":\"Assertion\",\"badge\":{}}".to_owned(), "its type is Assertion"),
        ("{\"badge\":{}}".to_owned(), "Open Badges 2"),
        ("{}".to_owned(), "it has no type"),
        ("7".to_owned(), "neither an object nor"),
        ("\"a.b.c\"".to_owned(), "neither an object nor"),
        ("{\"type\":\"ClrCredential\"}".to_owned(), "no credentialSubject"),
        ("{\"type\":\"VerifiablePresentation\"}".to_owned(), "holds no credential"),
    ];
    for (text, part) in cases {
        let rows = read(&format!("[{one},\n{text}]")).unwrap();
        assert_eq!(rows.len(), 2, "{text}");
        assert!(rows[0].refused.is_none());
        let why = rows[1].refused.as_deref().unwrap_or_default();
        assert!(why.contains(part) && rows[1].line == 2, "{text}: {why}");
    }
    assert!(read("{\"type\": ").is_err());
}

#[test]
fn parts_of_a_record_count_in_their_whole() {
    let part = |nr: u32, ects: &str, status: &str| {
        let result = format!(",\"result\":{{\"status\":\"{status}\"}}");
        badge("", &result, &format!(",\"ECTS\":{ects}"))
            .replace("urn:a1", &format!("urn:a{nr}"))
            .replace("urn:c1", &format!("urn:c{nr}"))
    };
    let association = |sort: &str, from: u32, to: u32| {
        format!(
            "{{\"type\":\"Association\",\"associationType\":\"{sort}\",\"sourceId\":\"urn:a{from}\",\"targetId\":\"urn:a{to}\"}}"
        )
    };
    let record = |credentials: &[String], associations: &[String]| {
        format!(
            "{{\"id\":\"urn:r\",\"type\":[\"ClrCredential\"],\"credentialSubject\":{{\"id\":\"did:x\",\"verifiableCredential\":[{}],\"association\":[{}]}}}}",
            credentials.join(","),
            associations.join(",")
        )
    };
    let three = |status: &str| [part(1, "6", status), part(2, "3", "Completed"), part(3, "1", "Completed")];
    let down = [association("isParentOf", 1, 2), association("isPartOf", 3, 2)];
    let cases = [
        (
            record(&three("Completed"), &down),
            vec!["urn:a1||", "urn:a2|no|A (urn:a1)", "urn:a3|no|A (urn:a1)"],
        ),
        (record(&three("InProgress"), &down), vec!["urn:a1||", "urn:a2||", "urn:a3|no|A (urn:a2)"]),
        (
            record(&three("Completed"), &[association("isRelatedTo", 1, 2)]),
            vec!["urn:a1||", "urn:a2||", "urn:a3||"],
        ),
    ];
    for (text, expected) in cases {
        let rows = read(&text).unwrap();
        assert_eq!(values(&rows, &[Column::Outcome, Column::Counted, Column::PartOf]), expected);
        assert!(
            rows.iter()
                .all(|row| row.get(Column::LearnerRecord) == "urn:r" && row.get(Column::Learner) == "did:x")
        );
    }
    // A degree without credit is its courses; so is a badge without credit within a course.
    let without = |nr: u32| part(nr, "", "Completed").replace(",\"ECTS\":", "");
    let degree = [without(1), part(2, "3", "Completed"), part(3, "2", "Completed"), without(4)];
    let within =
        [association("isPartOf", 2, 1), association("isPartOf", 3, 1), association("isPartOf", 4, 3)];
    let rows = read(&record(&degree, &within)).unwrap();
    let columns = [Column::Credits, Column::System, Column::Counted, Column::PartOf];
    assert_eq!(
        values(&rows, &columns),
        ["1|ITEM|no|A (urn:a2) and 1 more", "3|ECTS||", "2|ECTS||", "1|ITEM|no|A (urn:a3)"]
    );
    let circle = [association("isChildOf", 1, 2), association("isChildOf", 2, 1)];
    let rows = read(&record(&three("Completed"), &circle)).unwrap();
    let refused: Vec<bool> = rows.iter().map(|row| row.refused.is_some()).collect();
    assert_eq!(refused, [true, true, false]);
}
