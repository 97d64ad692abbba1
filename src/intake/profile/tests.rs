//! Profiles, sound and faulty.

use super::*;

const SOUND: &str = r#"name = "sample"
target = "achievements"
[columns]
learner = "id"
outcome = "course"
period = "term"
status = "result"
credits = "load"
[constants]
institution = "OU"
level = 4
repeatable = true
[values.status]
Pass = "passed"
[attributes]
zone = "z"
area = "a"
"#;

/// The message for the sample with one part replaced.
fn fault(from: &str, to: &str) -> String {
    assert!(SOUND.contains(from), "{from}");
    Profile::parse(&SOUND.replacen(from, to, 1), "p.toml").unwrap_err().to_string()
}

#[test]
fn a_sound_profile_keeps_its_text_and_its_order() {
    let profile = Profile::parse(SOUND, "p.toml").unwrap();
    assert_eq!(profile.source, SOUND);
    assert_eq!(profile.sha256.len(), 64);
    assert_eq!(profile.deposit, [Status::Passed]);
    assert_eq!(profile.attributes[0], ("zone".into(), Column::Name("z".into())));
    assert_eq!(profile.constants[1], (Field::Level, "4".into()));
    assert_eq!(profile.columns[0], (Field::Learner, Column::Name("id".into())));
    assert_eq!((profile.file.encoding, profile.file.delimiter), (None, None));
    assert_eq!(profile.learner.unknown, Unknown::Refuse);
    assert_eq!(profile.dates, [DateFormat::Fields("YYYY-MM-DD".into())]);
}

#[test]
fn every_fault_has_its_place_reason_and_remedy() {
    let cases = [
        ("\"sample\"", "\"Sample!\"", "p.toml:1:8: bad profile name `Sample!`"),
        ("\"achievements\"", "\"results\"", "p.toml:2:10: not a profile: unknown variant `results`"),
        ("learner =", "lerner =", "p.toml:4:1: unknown field `lerner`"),
        ("lea", "x.lea", "p.toml:4:1: "),
        ("learner = \"id\"\n", "", "p.toml:2:10: field `learner` is missing: achievements need it"),
        ("\"id\"", "3", "p.toml:4:11: column 3 is given as a number: the file has a header"),
        ("\"id\"", "2.5", "p.toml:4:11: not a profile: expected a column's name"),
        ("learner =", "valid_to = \"x\"\nlearner =", "p.toml:4:1: field `valid_to` has no place here"),
        ("level = 4", "status = \"passed\"", "p.toml:11:10: field `status` is given twice"),
        ("level = 4", "kind = \"form\"", "p.toml:11:8: unknown kind `form`: it is none of formal"),
        ("level = 4", "level = \" \"", "p.toml:11:9: field `level` is constantly empty"),
        ("\"passed\"", "\"pased\"", "p.toml:14:8: unknown status `pased`"),
        ("[values.status]", "[values.colour]", "p.toml:13:9: unknown field or attribute `colour`"),
        ("zone =", "\"Zone 1\" =", "p.toml:16:1: bad attribute `Zone 1`"),
        ("[attributes]", "[dates]\nformats = [\"MM-DD\"]\n[attributes]", "p.toml:16:12: bad date format"),
        ("[columns]", "[file]\ndelimiter = \"#\"\n[columns]", "p.toml:4:13: bad delimiter `#`"),
        ("[columns]", "[file]\nencoding = \"utf8mb4\"\n[columns]", "p.toml:4:12: unknown encoding"),
        ("[columns]", "[file]\nheadr = true\n[columns]", "p.toml:4:1: not a profile: unknown field `headr`"),
        ("[columns]", "[file]\nheader = false\n[columns]", "p.toml:6:11: column `id` is given by name"),
        ("[columns]", "[group]\nby = [\"lerner\"]\n[columns]", "p.toml:4:7: unknown field `lerner`"),
        (
            "[columns]",
            "[group]\nby = [\"learner\"]\nmixed = \"split\"\n[columns]",
            "p.toml:5:9: not a profile",
        ),
        ("[columns]", "[deposit]\nstatuses = [\"ok\"]\n[columns]", "p.toml:4:13: unknown status `ok`"),
        ("[columns]", "[columns", "p.toml:3:9: not a profile"),
        ("load\"", "load", "p.toml:8:16: not a profile"),
    ];
    for (from, to, expected) in cases {
        let message = fault(from, to);
        assert!(
            message.lines().any(|line| line.starts_with(expected)),
            "{from} → {to}\n{message}\nexpected {expected}"
        );
    }
}

#[test]
fn all_faults_are_told_at_once_with_what_was_meant() {
    let message = fault("learner = \"id\"\noutcome", "lerner = \"id\"\noutcom");
    assert_eq!(message.lines().count(), 4, "{message}");
    assert!(message.contains("did you mean `learner`?"), "{message}");
    assert!(Profile::parse("", "p.toml").unwrap_err().to_string().contains("add it"));
}

#[test]
fn calendars_and_institutions_are_checked() {
    let with = |days: &str| {
        let institution =
            "[[institutions]]\ncode = \"OU\"\nname = \"Open\"\n[[institutions.calendar.term]]\n";
        Profile::parse(&format!("{SOUND}{institution}{days}"), "p.toml")
    };
    let days = "written = \"{year}J\"\nfirst = \"10-01\"\nlast = ";
    assert_eq!(with(&format!("{days}\"07-31\"")).unwrap().institutions[0].calendar.terms.len(), 1);
    let message = with(&format!("{days}\"13-31\"")).unwrap_err().to_string();
    assert!(message.contains("bad calendar of `OU`") && message.starts_with("p.toml:18:"), "{message}");
}

#[test]
fn the_example_profiles_are_sound() {
    for name in ["workload/profile", "open-university/profile", "open-university/outcomes"] {
        let path = format!("{}/examples/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap();
        Profile::parse(&text, &path).unwrap_or_else(|error| panic!("{error}"));
    }
}
