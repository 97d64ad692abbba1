//! Files of grades: what is read, and every fault with its place.

use super::*;
use crate::domain::grading::{Choice, Cycle, GradeRounding, MINIMUM, Method, Source, YEARS};
use crate::domain::scale::Grades;
use std::collections::BTreeSet;

const GOOD: &str = r#"
[[scale]]
name = "German"
numeric = true
best = 1.0
worst = "5.0"
pass = "4.0"
step = 0.1
valid_from = 2024-09-01
citation = "examination rules, § 8"
verified = true

[[scale]]
name = "五级制"
grades = ["不及格", "及格", "中", "良", "优"]
pass = "及格"

[[conversion]]
name = "agreed"
from = "五级制"
to = "German"
method = "table"
institution = "LJU"

[[conversion.row]]
grade = "优"
low = "1.5"
suggested = "1.3"
high = "1.0"

[[conversion.row]]
at_least = "及格"
suggested = "4.0"

[[conversion]]
name = "line"
from = "五级制"
to = "German"
method = "linear"
rounding = "truncate"
equal_steps = true
from_best = "良"

[[conversion]]
name = "shares"
from = "五级制"
to = "German"
method = "distribution"

[[table]]
institution = "LJU"
scale = "五级制"
field = "0613"
cycle = "first"
first_year = 2022
last_year = "2024"
counts = { "优" = 30, "良" = 60, "及格" = 30 }
source = "student records"
"#;

#[test]
fn scales_conversions_and_tables_are_read() {
    let file = parse_toml(GOOD, "g.toml").unwrap();
    let german = &file.scales[0].value;
    assert!(german.is_less_better());
    assert_eq!(german.passes("4.0"), Some(true));
    assert!(matches!(&file.scales[1].value.grades, Grades::Listed(grades) if grades.len() == 5));
    let methods: Vec<&Method> = file.conversions.iter().map(|sited| &sited.value.method).collect();
    let Method::Table { rows } = methods[0] else { panic!() };
    assert_eq!(rows[0].from, Source::Grade("优".into()));
    assert_eq!((rows[1].low.as_str(), rows[1].high.as_str()), ("4.0", "4.0"));
    let Method::Linear { rounding, equal_steps, ends } = methods[1] else { panic!() };
    assert_eq!(
        (*rounding, *equal_steps, ends.from_best.as_deref()),
        (GradeRounding::Truncate, true, Some("良"))
    );
    let defaults = Method::Distribution {
        choose: Choice::Largest,
        minimum: MINIMUM,
        years: YEARS,
        to_institution: None,
    };
    assert_eq!(methods[2], &defaults);
    let table = &file.tables[0].value;
    assert_eq!((table.cycle, table.years, table.total()), (Some(Cycle::First), (2022, 2024), 120));
    assert_eq!(file.conversions[0].parts.len(), 2);
    assert_eq!(file.tables[0].parts[0].line, 57);
}

#[test]
fn every_fault_of_a_file_is_told_with_its_place() {
    // What is replaced, by what, and the message.
    let cases = [
        ("name = \"German\"", "name = ", "g.toml:3:8: "),
        (
            "[[table]]",
            "[[tables]]",
            "g.toml:50:3: unknown key `tables`: it is none of scale, conversion, table — did you mean `table`? [G203]",
        ),
        ("worst =", "wurst =", "unknown key `wurst`"),
        ("name = \"German\"\n", "", "g.toml:2:1: `name` is missing — add it [G204]"),
        ("name = \"German\"", "name = \" \"", "g.toml:2:1: `name` is missing"),
        ("name = \"German\"", "name = [\"German\"]", "g.toml:3:8: `name` takes a text in quotes"),
        ("numeric = true", "numeric = \"yes\"", "g.toml:4:11: `numeric` takes true or false"),
        ("name = \"German\"", "name = \"Ger\\u0007man\"", "holds a control or invisible character"),
        ("best = 1.0", "best = \"one\"", "g.toml:5:8: `best` `one` is not a number — correct it [G207]"),
        ("2024-09-01", "\"September\"", "`valid_from` `September` is not a day such as 2026-08-31"),
        ("best = 1.0\n", "", "the scale has only one of `best` and `worst`"),
        ("step = 0.1", "step = 0.3", "step 0.3 does not lead from 5 to 1"),
        ("step = 0.1", "step = 0", "step 0 is not above 0"),
        ("best = 1.0", "best = 5.0", "best and worst are both 5"),
        (
            "pass = \"4.0\"",
            "pass = \"6.0\"",
            "g.toml:7:8: pass `6.0`: the grades of German are numbers from 5.0, the worst, to 1.0, the best — name one of its grades [G213]",
        ),
        ("pass = \"及格\"", "pass = \"及\"", "pass `及`: 五级制 has the grades 不及格, 及格, 中, 良, 优"),
        ("numeric = true", "numeric = false", "the scale has no grades"),
        ("numeric = true", "grades = [\"a\", \"b\"]", "`best` is for scales of numbers"),
        (
            "\"不及格\", \"及格\", \"中\", \"良\", \"优\"",
            "\"及格\"",
            "scale `五级制` has fewer than two grades",
        ),
        ("\"中\", \"良\"", "\"中\", \"中\"", "grade `中` of scale `五级制` stands twice"),
        ("name = \"五级制\"", "name = \"German\"", "scale `German` is defined again, line 2 defines it"),
        ("name = \"line\"", "name = \"agreed\"", "conversion `agreed` is defined again"),
        (
            "\"distribution\"",
            "\"percentile\"",
            "g.toml:48:10: unknown method `percentile`: it is none of table, linear, distribution",
        ),
        ("method = \"distribution\"\n", "", "`method` is missing"),
        (
            "rounding = \"truncate\"\n",
            "",
            "`rounding` is missing: one of truncate, better, worse, half-better, half-worse",
        ),
        ("\"truncate\"", "\"down\"", "unknown rounding `down`"),
        (
            "equal_steps = true",
            "choose = \"middle\"",
            "`choose` belongs to the method `distribution`, this conversion is by `linear`",
        ),
        ("grade = \"优\"\n", "", "the row has neither `grade` nor `at_least`"),
        (
            "grade = \"优\"\n",
            "grade = \"优\"\nat_least = \"良\"\n",
            "the row has both `grade` `优` and `at_least` `良`",
        ),
        ("suggested = \"1.3\"\n", "", "g.toml:25:1: `suggested` is missing"),
        ("field = \"0613\"", "field = \"CS\"", "`field` `CS` is not two to four digits of ISCED-F"),
        (
            "cycle = \"first\"",
            "cycle = \"bachelor\"",
            "unknown cycle `bachelor`: it is none of short, first, second, third",
        ),
        ("first_year = 2022\n", "", "`first_year` is missing"),
        ("first_year = 2022", "first_year = 22", "`first_year` `22` is not a year such as 2024"),
        ("\"优\" = 30", "\"优\" = -3", "g.toml:57:12: the number of grade `优` is `-3`, not a whole number"),
        ("\"优\" = 30", "\"优\" = 3.5", "the number of grade `优` is `3.5`"),
        ("counts = {", "counts = 7 # {", "`counts` takes grades and their numbers"),
    ];
    for (old, new, expected) in cases {
        assert!(GOOD.contains(old), "{old}");
        let faults = parse_toml(&GOOD.replacen(old, new, 1), "g.toml").unwrap_err().to_string();
        assert!(faults.contains(expected), "{old} → {new}: {expected} is not in\n{faults}");
    }
    let both = GOOD.replacen("best = 1.0", "best = x", 1);
    assert!(parse_toml(&both, "g.toml").unwrap_err().to_string().contains("[G201]"));
}

const TABLE: &str = "institution,scale,field,cycle,first_year,last_year,grade,count,source\n\
    LJU,s,0613,first,2022,2024,A,30,records\n\
    LJU,s,0613,,2022,2024,A,7,\n\
    LJU,s,0613,first,2022,2024,B,70,records\n";

#[test]
fn a_table_in_csv_is_gathered_from_its_rows() {
    let file = parse_csv(TABLE.as_bytes(), "t.csv").unwrap();
    let totals: Vec<_> = file.tables.iter().map(|sited| (sited.value.cycle, sited.value.total())).collect();
    assert_eq!(totals, [(Some(Cycle::First), 100), (None, 7)]);
    assert_eq!(
        file.tables[0].parts.iter().map(|at| (at.line, at.column)).collect::<Vec<_>>(),
        [(2, 7), (4, 7)]
    );
    let few = "last_year,grade,first_year,count,institution,scale\n2024,A,2022,3,LJU,s\n";
    assert_eq!(parse_csv(few.as_bytes(), "t.csv").unwrap().tables[0].value.field, "");
    let cases = [
        ("grade,count", "mark,count", "t.csv:1:7: unknown column `mark`"),
        ("grade,count", "grade,grade", "t.csv:1:8: column `grade` stands twice"),
        ("scale,field", "x,field", "t.csv:1:1: column `scale` is missing"),
        ("A,30", ",30", "t.csv:2:7: `grade` is empty — add it [G204]"),
        ("A,30", "A,thirty", "t.csv:2:8: `count` `thirty` is not a whole number from 0 — correct it [G207]"),
        ("first,2022,2024,A,30", "first,1822,2024,A,30", "t.csv:2:5: `first_year` `1822` is not a year"),
        (
            "0613,first,2022,2024,A",
            "613x,first,2022,2024,A",
            "t.csv:2:3: `field` `613x` is not two to four digits",
        ),
        ("first,2022,2024,A", "BA,2022,2024,A", "t.csv:2:4: unknown cycle `BA`"),
        ("B,70,records", "B,70,others", "t.csv:4:7: the source is `others`, above it is `records`"),
    ];
    for (old, new, expected) in cases {
        assert!(TABLE.contains(old), "{old}");
        let faults = parse_csv(TABLE.replacen(old, new, 1).as_bytes(), "t.csv").unwrap_err().to_string();
        assert!(faults.contains(expected), "{old} → {new}: {expected} is not in\n{faults}");
    }
    for empty in ["", "\n\n", "institution,scale,first_year,last_year,grade,count\n"] {
        assert!(
            parse_csv(empty.as_bytes(), "t.csv").unwrap_err().to_string().contains("[G202]"),
            "{empty:?}"
        );
    }
}

#[test]
fn codes_are_unique() {
    let codes: BTreeSet<&str> = CODES.iter().map(|(code, ..)| code.code()).collect();
    assert_eq!(codes.len(), CODES.len());
}
