//! Whose account is whose, as sessions at a terminal: merging, unmerging, and what reports, imports and
//! conversions make of it. All learners are fictitious.

#![allow(clippy::unwrap_used)]

mod common;

use serde_json::Value;
use std::path::Path;
use std::process::Output;
use tempfile::TempDir;

/// Arguments, exit code, and texts that standard output and standard error hold together.
type Step<'a> = (&'a str, i32, &'a [&'a str]);

const PROFILE: &str = r#"
name = "results"
target = "achievements"
[columns]
learner = "learner"
outcome = "course"
period = "date"
credits = "credits"
[constants]
institution = "NVC"
kind = "formal"
system = "CN"
[learner]
scheme = "student-number"
unknown = "create"
[institution]
unknown = "create"
[outcome]
unknown = "create"
differs = "version"
"#;

const BOOK: &str = r#"
book = "b"
[[rule]]
id = "ects"
from = { system = "CN" }
to = { system = "ECTS" }
ratio = "2"
"#;

const A: &str = "CB00000001X";
const B: &str = "CB000000028";

/// A folder with a bank in which 1001 and 2002 both hold C2.
fn bank() -> TempDir {
    let folder = TempDir::new().unwrap();
    let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    put("p.toml", PROFILE);
    put("b.toml", BOOK);
    let head = "learner,course,date,credits\n";
    put(
        "1.csv",
        &format!(
            "{head}1001,C1,2024-06-01,3\n1001,C2,2024-06-01,2\n2002,C2,2024-06-01,2\n2002,C3,2024-06-02,4\n"
        ),
    );
    put(
        "2.csv",
        &format!(
            "{head}2002,C1,2024-06-01,3\n1001,C4,2024-06-01,3\n2002,C4,2024-06-01,3\n2002,C5,2024-06-01,1\n"
        ),
    );
    put("3.csv", &format!("{head}2002,C1,2024-06-01,3.5\n"));
    session(
        folder.path(),
        &[
            ("init --name 学分银行 --identifier bank.example --home-system CN --time-zone UTC", 0, &[]),
            ("import 1.csv --profile p.toml", 0, &[]),
            ("rule load b.toml", 0, &[]),
        ],
    );
    folder
}

fn run(folder: &Path, args: &str) -> Output {
    common::program(folder).args(args.split(' ')).output().unwrap()
}

/// Runs a session; a failure's text belongs on standard error, with nothing on standard output.
fn session(folder: &Path, steps: &[Step]) {
    for (args, code, parts) in steps {
        let output = run(folder, args);
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(*code), "{args}\n{said}");
        for part in *parts {
            assert!(said.contains(part), "{args} does not say {part:?}:\n{said}");
        }
        if *code == 1 || *code == 2 {
            assert!(output.stdout.is_empty(), "{args}\n{said}");
        }
    }
}

fn json(folder: &Path, args: &str) -> Value {
    let output = run(folder, &format!("{args} --format json"));
    assert!(output.status.success(), "{args}\n{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Account, system, held, placed and converted of every balance.
fn balances(folder: &Path, options: &str) -> Vec<[String; 5]> {
    let report = json(folder, &format!("report balances{options}"));
    let row = |row: &Value| {
        ["account", "system", "held", "placed", "converted"].map(|key| row[key].as_str().unwrap().to_owned())
    };
    report["balances"].as_array().unwrap().iter().map(row).collect()
}

fn expect(folder: &Path, options: &str, rows: &[[&str; 5]]) {
    assert_eq!(balances(folder, options), rows, "balances{options}");
}

#[test]
fn two_accounts_become_one_persons_and_two_peoples_again() {
    let folder = bank();
    let folder = folder.path();
    let steps: &[Step] = &[
        ("learner merge 1001 2002", 2, &["--reason"]),
        ("learner merge 1001 2002 --reason same", 1, &["L104", "NVC/C2", A, B, "--reverse-duplicates"]),
        ("learner merge 1001 1001 --reason same", 1, &["L103"]),
        ("learner merge 1001 nobody --reason same", 1, &["L101"]),
        ("learner unmerge 2002 --reason x", 1, &["L106"]),
        (
            "learner merge 1001 2002 --reason same --reverse-duplicates --dry-run",
            0,
            &["dry run", "4 entries"],
        ),
    ];
    session(folder, steps);
    expect(folder, "", &[[A, "CN", "5", "0", "0"], [B, "CN", "6", "0", "0"]]);
    let merge = "learner merge 1001 2002 --reason same --reverse-duplicates";
    session(folder, &[(merge, 0, &["one person's", "NVC/C2", "reversed so that nothing counts twice: 1"])]);
    expect(folder, "", &[[A, "CN", "9", "0", "0"]]);
    expect(folder, " 2002", &[[A, "CN", "9", "0", "0"]]);
    expect(folder, " --as-of 2026-08-31", &[[A, "CN", "5", "0", "0"], [B, "CN", "4", "0", "0"]]);
    expect(folder, " --as-of 2026-09-01", &[[A, "CN", "9", "0", "0"]]);
    expect(folder, " --known 13", &[[A, "CN", "5", "0", "0"], [B, "CN", "6", "0", "0"]]);
    let statement = json(folder, "report statement 2002");
    assert_eq!(statement["lots"].as_array().unwrap().len(), 4);
    assert_eq!(statement["lots"][3]["account"], B);
    assert_eq!(statement["balances"][0]["held"], "9");
    assert_eq!(json(folder, "report journal --learner 1001")["entries"].as_array().unwrap().len(), 7);
    session(
        folder,
        &[
            ("verify", 0, &["clean"]),
            ("learner show 2002", 0, &[A, B, "was merged into"]),
            ("learner list", 0, &["Merged into", B]),
            // What stands under one account binds the other, in one file and across files.
            (
                "import 2.csv --profile p.toml",
                0,
                &["rows deposited                2", "rows recorded before          2"],
            ),
            ("import 3.csv --profile p.toml", 1, &["E403", "credits"]),
            ("convert 2002 --to ECTS", 0, &["1 decisions, 5 lots"]),
            ("learner unmerge 2002 --reason x", 1, &["L107", "decision"]),
            ("verify", 0, &["clean"]),
        ],
    );
    expect(folder, "", &[[A, "ECTS", "0", "0", "26"], [A, "CN", "0", "13", "0"]]);
    let decision = json(folder, "report statement 1001")["lots"][0]["decision"].as_str().unwrap().to_owned();
    session(folder, &[(&format!("explain {decision}"), 0, &["decided again to the same bytes  yes"])]);
    let released: &[Step] = &[
        (&format!("release --learner {A}"), 0, &[]),
        ("learner unmerge 2002 --reason other --dry-run", 0, &["dry run", "two people's"]),
        ("learner unmerge 2002 --reason other", 0, &["two people's", "stand again: 1"]),
        ("verify", 0, &["clean"]),
    ];
    session(folder, released);
    // What came under each account's own number stays with it.
    expect(folder, "", &[[A, "CN", "8", "0", "0"], [B, "CN", "7", "0", "0"]]);
    session(folder, &[("rebuild", 0, &["1 links"]), ("verify", 0, &["clean"])]);
    expect(folder, "", &[[A, "CN", "8", "0", "0"], [B, "CN", "7", "0", "0"]]);
}

#[test]
fn a_decision_over_both_does_not_stand_again_over_two_people() {
    let folder = bank();
    let folder = folder.path();
    session(
        folder,
        &[
            ("learner merge 1001 2002 --reason same --reverse-duplicates", 0, &[]),
            ("convert 1001 --to ECTS", 0, &["1 decisions, 3 lots"]),
            (&format!("release --learner {A}"), 0, &[]),
            ("learner unmerge 2002 --reason other", 0, &[]),
            // The release's decision reversed would place lots of both again.
            ("reverse B6 --reason x", 1, &["U113", A, B]),
            ("convert 1001 --to ECTS", 0, &["2 lots"]),
            ("convert 2002 --to ECTS", 0, &["2 lots"]),
            // What is in use is not reversed by a merge.
            ("learner merge 1001 2002 --reason same --reverse-duplicates", 1, &["L108", "release"]),
            ("verify", 0, &["clean"]),
        ],
    );
}

#[test]
fn a_person_may_have_several_accounts_and_each_goes_its_own_way() {
    let folder = bank();
    let folder = folder.path();
    std::fs::write(folder.join("4.csv"), "learner,course,date,credits\n3003,C9,2024-06-01,7\n").unwrap();
    // A day that the bank has not met yet.
    let text = "learner,course,date,credits\n1001,C7,2025-03-03,1\n3003,C7,2025-03-03,1\n";
    std::fs::write(folder.join("5.csv"), text).unwrap();
    let c = "CB000000036";
    session(
        folder,
        &[
            ("import 4.csv --profile p.toml", 0, &[]),
            ("learner merge 2002 3003 --reason same", 0, &[]),
            ("learner merge 1001 3003 --reason same --reverse-duplicates", 0, &[A, B]),
        ],
    );
    expect(folder, "", &[[A, "CN", "16", "0", "0"]]);
    let once = ["rows deposited                1", "rows recorded before          1"];
    session(folder, &[("import 5.csv --profile p.toml", 0, &once), ("verify", 0, &["clean"])]);
    expect(folder, "", &[[A, "CN", "17", "0", "0"]]);
    session(
        folder,
        &[("learner unmerge 2002 --reason x", 0, &["stand again: 1"]), ("verify", 0, &["clean"])],
    );
    expect(folder, "", &[[A, "CN", "6", "0", "0"], [B, "CN", "13", "0", "0"]]);
    session(folder, &[("learner unmerge 3003 --reason x", 0, &[]), ("verify", 0, &["clean"])]);
    expect(folder, "", &[[A, "CN", "6", "0", "0"], [B, "CN", "6", "0", "0"], [c, "CN", "7", "0", "0"]]);
}

/// A profile with names and birth dates, and what else its table `[learner]` says.
fn with_people(policy: &str) -> String {
    let columns = "name = \"name\"\nformer_name = \"former\"\nbirth_date = \"born\"\n";
    let profile = PROFILE.replace("[constants]", &format!("{columns}[constants]"));
    let identifiers = "[identifiers]\ncn-resident-id = \"id\"\n";
    let dates = "[dates]\nformats = [\"YYYY-MM-DD\", \"DD.MM.YYYY\"]\n";
    profile.replace(
        "unknown = \"create\"\n[institution]",
        &format!("unknown = \"create\"\n{policy}[institution]"),
    ) + identifiers
        + dates
}

/// A bank that knows Anna, Jürgen and 王小明, and files that speak of others or of them.
fn bank_of_people(policy: &str) -> TempDir {
    let folder = bank();
    let put = |name: &str, text: &str| {
        let head = "learner,name,former,born,id,course,date,credits\n";
        std::fs::write(folder.path().join(name), format!("{head}{text}")).unwrap();
    };
    let profile = with_people(policy).replace("results", "people");
    std::fs::write(folder.path().join("q.toml"), &profile).unwrap();
    std::fs::write(folder.path().join("other.toml"), profile.replace("NVC", "LJU")).unwrap();
    put(
        "known.csv",
        "01,Anna Li,,2001-05-06,,C1,2024-06-01,3\n02,Jürgen Müller,,1999-02-03,,C1,2024-06-01,3\n\
         03,王小明,,2000-11-30,11010519491231002X,C1,2024-06-01,3\n",
    );
    put(
        "new.csv",
        "11,\"LI, anna\",,06.05.2001,,C2,2024-06-02,2\n12,JÜRGEN MÜLLER,,1999-03-02,,C2,2024-06-02,2\n\
         13,王小明,,2000-11-29,,C2,2024-06-02,2\n14,Anna Meier,Anna Li,2001-05-06,,C2,2024-06-02,2\n\
         15,Wang Xiaoming,,2000-11-30,,C2,2024-06-02,2\n",
    );
    put("same.csv", "23,Somebody Else,,1990-01-01,11010519491231002X,C3,2024-06-03,1\n");
    put("two.csv", "01,Anna Li,,2001-05-06,11010519491231002X,C3,2024-06-03,1\n");
    put("twins.csv", "31,Lu Ye,,2003-03-03,,C1,2024-06-01,3\n32,lu ye,,2003-03-03,,C1,2024-06-01,3\n");
    folder
}

#[test]
fn a_new_learner_who_is_like_another_is_for_somebody_to_look_at() {
    let folder = bank_of_people("");
    let folder = folder.path();
    session(
        folder,
        &[
            ("import known.csv --profile q.toml", 0, &["accounts opened               3"]),
            ("import new.csv --profile q.toml --dry-run", 0, &["people to review              4"]),
            ("learner review list", 0, &["no pair waits"]),
            ("import new.csv --profile q.toml", 0, &["accounts opened               5", "people to review"]),
            ("import new.csv --profile q.toml", 0, &["nothing"]),
        ],
    );
    let pairs = json(folder, "learner review list");
    let row = |row: &Value| {
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        (text("name"), text("other_name"), row["score"].as_i64().unwrap(), text("why"))
    };
    let found: Vec<_> = pairs["people"].as_array().unwrap().iter().map(row).collect();
    let expected = [
        ("LI, anna", "Anna Li", 90, "the parts of the name in another order, the same birth date"),
        ("JÜRGEN MÜLLER", "Jürgen Müller", 80, "the same name, day and month of the birth date exchanged"),
        ("Anna Meier; Anna Li", "Anna Li", 95, "the same former name, the same birth date"),
    ];
    let expected = expected.map(|(a, b, score, why)| (a.to_owned(), b.to_owned(), score, why.to_owned()));
    assert_eq!(found.len(), 4, "{found:#?}");
    for one in &expected {
        assert!(found.contains(one), "{one:?} is not in {found:#?}");
    }
    assert_eq!(json(folder, "report open-items")["people"].as_array().unwrap().len(), 4);
    let number = |at: usize| pairs["people"][at]["pair"].as_str().unwrap().to_owned();
    let decide =
        |at: usize, verdict: &str| format!("learner review decide {} {verdict} --reason seen", number(at));
    session(
        folder,
        &[
            ("learner review decide 1 same --reason x", 1, &["L109"]),
            ("learner review decide x same --reason x", 2, &["U104"]),
            (&decide(0, "same"), 0, &["one person's"]),
            (&decide(0, "same"), 1, &["L110", "one person"]),
            (&decide(1, "different"), 0, &["two people's"]),
            (&decide(1, "same"), 1, &["L110", "two people"]),
            // Whoever is like two accounts of one person is asked about once.
            ("learner review list", 0, &["1 pair waits"]),
            ("learner review list --all", 0, &["one person", "two people"]),
            ("verify", 0, &["clean"]),
            ("rebuild", 0, &["4 pairs"]),
            ("verify", 0, &["clean"]),
            // Twins of one file are like each other, and no one else.
            ("import twins.csv --profile q.toml", 0, &["people to review              1"]),
            ("verify", 0, &["clean"]),
        ],
    );
}

/// Anna Meier was Anna Li is said of two people; a third account is not to make one of them.
#[test]
fn two_people_do_not_become_one_through_a_third_account() {
    let folder = bank_of_people("");
    let folder = folder.path();
    let steps: &[Step] = &[
        ("import known.csv --profile q.toml", 0, &[]),
        ("import twins.csv --profile q.toml", 0, &["people to review              1"]),
    ];
    session(folder, steps);
    let pairs = json(folder, "learner review list");
    let pair = &pairs["people"][0];
    let [number, one, other] = ["pair", "account", "other"].map(|key| pair[key].as_str().unwrap());
    let third = A;
    let merge =
        |one: &str, other: &str| format!("learner merge {one} {other} --reason seen --reverse-duplicates");
    let different = format!("learner review decide {number} different --reason seen");
    session(
        folder,
        &[
            (&different, 0, &["two people's"]),
            (&merge(third, one), 0, &[]),
            (&merge(third, other), 1, &["L113", one, other, "says that they are two people's"]),
            (&merge(other, third), 1, &["L113"]),
            // Whoever names the two overrules it.
            (&merge(one, other), 0, &[]),
            ("verify", 0, &["clean"]),
        ],
    );
}

/// A number that was typed wrong names somebody else.
#[test]
fn a_known_number_with_another_birth_date_is_refused_unless_the_profile_is_lenient() {
    let folder = bank_of_people("");
    let folder = folder.path();
    let head = "learner,name,former,born,id,course,date,credits\n";
    let put = |name: &str, text: &str| std::fs::write(folder.join(name), format!("{head}{text}")).unwrap();
    put("wrong.csv", "01,Jürgen Müller,,1999-02-03,,C9,2024-06-03,1\n");
    put("right.csv", "01,A. Li,,2001-05-06,,C3,2024-06-03,1\n02,Jürgen Müller,,,,C3,2024-06-03,1\n");
    put("within.csv", "51,Lu Ye,,2003-03-03,,C1,2024-06-01,3\n51,Lu Ye,,2003-03-04,,C2,2024-06-01,3\n");
    let lenient = std::fs::read_to_string(folder.join("q.toml")).unwrap()
        + "[lenient]\nE320 = \"birth dates of this school are copied by hand\"\n";
    std::fs::write(folder.join("lenient.toml"), lenient).unwrap();
    session(
        folder,
        &[
            ("import known.csv --profile q.toml", 0, &[]),
            ("import wrong.csv --profile q.toml", 1, &["E320", "1999-02-03", "CB000000036", "2001-05-06"]),
            ("import within.csv --profile q.toml", 1, &["E320", "2003-03-04"]),
            ("import right.csv --profile q.toml", 0, &["rows deposited                2"]),
            (
                "import wrong.csv --profile lenient.toml",
                0,
                &["rows deposited                1", "rows with warnings            1"],
            ),
            ("verify", 0, &["clean"]),
        ],
    );
}

#[test]
fn a_profile_may_refuse_those_who_are_like_another_or_not_look() {
    let folder = bank_of_people("match = \"refuse\"\n");
    session(
        folder.path(),
        &[
            ("import known.csv --profile q.toml", 0, &[]),
            ("import new.csv --profile q.toml", 1, &["E318", "90 points", "3 rows were refused"]),
        ],
    );
    let folder = bank_of_people("match = \"off\"\n");
    session(
        folder.path(),
        &[
            ("import known.csv --profile q.toml", 0, &[]),
            ("import new.csv --profile q.toml", 0, &[]),
            ("learner review list", 0, &["no pair waits"]),
        ],
    );
    let folder = bank_of_people("line = 95\n");
    session(
        folder.path(),
        &[
            ("import known.csv --profile q.toml", 0, &[]),
            ("import new.csv --profile q.toml", 0, &["review              1"]),
        ],
    );
}

#[test]
fn an_identifier_finds_the_person_and_is_never_two_peoples() {
    let folder = bank_of_people("");
    let folder = folder.path();
    session(
        folder,
        &[
            ("import known.csv --profile q.toml", 0, &[]),
            ("import two.csv --profile q.toml", 1, &["E317", "CB000000036", "CB000000052"]),
            // The college knows the person under another number, and born on another day.
            ("import same.csv --profile q.toml", 1, &["E317", "CB000000052"]),
            (
                "import same.csv --profile other.toml",
                0,
                &["accounts opened               0", "rows deposited                1"],
            ),
            ("import same.csv --profile other.toml", 0, &["nothing"]),
            ("learner show 23", 0, &["CB000000052", "student-number", "王小明"]),
            ("verify", 0, &["clean"]),
            ("learner add --identifier student-number@NVC:03 --name Double", 1, &["G122", "CB000000052"]),
            ("learner merge 01 03 --reason same --reverse-duplicates", 0, &[]),
            ("learner identify 01 student-number@NVC:03", 1, &["G123", "CB000000052", "CB000000036"]),
            ("import two.csv --profile q.toml", 0, &["rows deposited                1"]),
            ("import two.csv --profile q.toml", 0, &["nothing"]),
            ("learner identify 02 student-number@NVC:03", 1, &["G122", "CB000000052", "CB000000044"]),
            ("learner describe 02 --former-name Gerhard --to 2010-01-01", 0, &["former-name"]),
            ("verify", 0, &["clean"]),
        ],
    );
}

#[test]
fn a_person_has_several_numbers_of_one_college_one_after_the_other() {
    let folder = bank_of_people("");
    let folder = folder.path();
    let put = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    let head = "learner,name,former,born,id,course,date,credits\n";
    put("second.csv", &format!("{head}77,王小明,,2000-11-30,11010519491231002X,C4,2025-06-03,1\n"));
    put("later.csv", "learner,course,date,credits\n77,C5,2025-06-03,1\n03,C6,2025-06-03,1\n");
    put("typo.csv", &format!("{head}03,王小明,,2000-11-30,440524188001010014,C7,2025-06-03,1\n"));
    // A card is issued anew as a student number is: neither says for certain whose the other is.
    put("card.toml", &with_people("").replace("results", "cards").replace("cn-resident-id", "card"));
    put("card.csv", &format!("{head}41,Kim Ha,,2001-01-01,K1,C1,2024-06-01,3\n"));
    put("cards.csv", &format!("{head}41,Kim Ha,,2001-01-01,K2,C2,2024-06-01,3\n"));
    put("both.csv", &format!("{head}42,Kim Ha,,2001-01-01,K1,C3,2024-06-01,3\n"));
    let one = ["accounts opened               0", "rows deposited                1"];
    session(
        folder,
        &[
            ("import known.csv --profile q.toml", 0, &[]),
            ("import second.csv --profile q.toml", 0, &one),
            ("learner show 77", 0, &["CB000000052", "03", "11010519491231002X"]),
            (
                "import later.csv --profile p.toml",
                0,
                &["accounts opened               0", "rows deposited                2"],
            ),
            ("import typo.csv --profile q.toml", 1, &["E319", "440524188001010014", "CB000000052"]),
            ("learner identify 03 cn-resident-id:440524188001010014", 0, &[]),
            ("import typo.csv --profile q.toml", 0, &one),
            ("import card.csv --profile card.toml", 0, &["rows deposited                1"]),
            ("import cards.csv --profile card.toml", 0, &one),
            ("import both.csv --profile card.toml", 1, &["E317", "learner identify"]),
            ("learner identify 41 student-number@NVC:42 --from 2024-09-01", 0, &[]),
            ("import both.csv --profile card.toml", 0, &one),
            ("verify", 0, &["clean"]),
        ],
    );
}

#[test]
fn whoever_is_entered_by_hand_is_compared_too() {
    let folder = bank_of_people("");
    let folder = folder.path();
    let add =
        |number: u32, rest: &str| format!("learner add --identifier student-number@LJU:{number} {rest}");
    session(
        folder,
        &[
            ("import known.csv --profile q.toml", 0, &[]),
            (
                &format!("{} --dry-run", add(501, "--name Muller,Jurgen --birth-date 1999-02-03")),
                0,
                &["to review", "85 points: the parts of the name in another order but for its accents"],
            ),
            ("learner review list", 0, &["no pair waits"]),
            (
                &add(501, "--name Muller,Jurgen --birth-date 1999-02-03"),
                0,
                &["to review", "like CB000000044"],
            ),
            (&add(502, "--name 小明王 --birth-date 2000-11-30"), 0, &["to review", "90 points"]),
            (&add(503, "--name Anna --birth-date 2001-05-06"), 0, &[]),
            ("report open-items", 0, &["小明王", "王小明", "Muller,Jurgen", "Jürgen Müller"]),
            ("learner review list", 0, &["2 pairs wait"]),
            // A name that becomes known later is compared when it does; who was noted is not noted again.
            ("learner describe student-number@LJU:503 --former-name Li --to 2020-01-01", 0, &["former-name"]),
            ("learner review list", 0, &["2 pairs wait"]),
            (
                "learner describe student-number@LJU:503 --former-name Li,Anna",
                0,
                &["to review", "85 points: the parts of the former name in another order"],
            ),
            ("learner describe student-number@LJU:503 --former-name AnnaLi", 0, &["former-name"]),
            ("learner review list", 0, &["3 pairs wait"]),
            ("verify", 0, &["clean"]),
            ("rebuild", 0, &["3 pairs"]),
            ("verify", 0, &["clean"]),
        ],
    );
}
