//! How grades of one scale read on another: conversions and grading tables.

use super::date::parse_iso;
use super::fault::{Fault, Result};
use super::registry::{GradeConversionRow, GradingTableRow};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Fewest passing grades that a distribution must rest on where its conversion says nothing: then no
/// cumulative share is off by more than 5 percentage points (one standard error, √(¼ ÷ 100)). The figure is
/// this program's own; the ECTS Users' Guide 2015 asks for groups "of reliable size" and names none.
pub const MINIMUM: i64 = 100;

/// Years that are counted where a conversion says nothing. The ECTS Users' Guide 2015 asks for the last two
/// at least, Egracons for the last two or three.
pub const YEARS: i64 = 3;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$each])* $variant),* }

        impl $name {
            /// All words, as files and options write them.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// What a word means.
            pub fn from_word(word: &str) -> Option<$name> {
                match word { $($word => Some($name::$variant),)* _ => None }
            }

            /// Its word.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word),* }
            }
        }
    };
}

words! {
    /// How the exact result of a linear conversion is brought onto a grade of the target.
    GradeRounding {
        /// The number is cut towards zero: what the German ministers' agreement means by "not rounded".
        Truncate "truncate",
        /// To the better of the two grades beside it.
        Better "better",
        /// To the worse of them.
        Worse "worse",
        /// To the nearer one; in the middle to the better.
        HalfBetter "half-better",
        /// To the nearer one; in the middle to the worse.
        HalfWorse "half-worse",
    }
}

words! {
    /// Which of the grades whose bands overlap is suggested.
    Choice {
        /// The one that shares most with the source grade's band; of two equals the better.
        Largest "largest",
        /// The worst of them.
        Lowest "lowest",
        /// The one in whose band the middle of the source grade's lies; on a border the better.
        Middle "middle",
        /// The best of them.
        Highest "highest",
    }
}

words! {
    /// Cycles of the Qualifications Framework of the European Higher Education Area.
    Cycle {
        /// Short cycle within or linked to the first, EQF level 5.
        Short "short",
        /// First cycle, bachelor, EQF level 6.
        First "first",
        /// Second cycle, master, EQF level 7.
        Second "second",
        /// Third cycle, doctorate, EQF level 8.
        Third "third",
    }
}

impl Cycle {
    /// The cycle of a level; only the EQF's are said to answer to cycles here.
    pub fn of_level(framework: &str, level: &str) -> Option<Cycle> {
        match (framework, level.trim()) {
            ("EQF", "5") => Some(Cycle::Short),
            ("EQF", "6") => Some(Cycle::First),
            ("EQF", "7") => Some(Cycle::Second),
            ("EQF", "8") => Some(Cycle::Third),
            _ => None,
        }
    }
}

/// Which grades of the source scale a row of a table is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// This one.
    Grade(String),
    /// This one and every better one, up to the next row.
    AtLeast(String),
}

/// A row of a conversion by table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRow {
    /// The source.
    #[serde(flatten)]
    pub from: Source,
    /// The worst target grade.
    pub low: String,
    /// The one that is suggested.
    pub suggested: String,
    /// The best.
    pub high: String,
}

/// The ends of a linear conversion, where they are not those of the scales.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ends {
    /// The best source grade that counts; better ones are taken for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_best: Option<String>,
    /// The lowest passing source grade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_pass: Option<String>,
    /// The best target grade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_best: Option<String>,
    /// The lowest passing target grade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_pass: Option<String>,
}

/// How grades are converted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Row by row, as somebody agreed.
    Table {
        /// The rows, in the order of the file.
        rows: Vec<TableRow>,
    },
    /// Best to best, pass to pass, and in proportion between them: the modified Bavarian formula where the
    /// target is German.
    Linear {
        /// How the result is brought onto a grade.
        rounding: GradeRounding,
        /// Grades that are no numbers stand at equal distances.
        #[serde(default)]
        equal_steps: bool,
        /// The ends.
        #[serde(flatten)]
        ends: Ends,
    },
    /// Which share of all passing grades is worse, here and there.
    Distribution {
        /// Which of the overlapping grades is suggested.
        choose: Choice,
        /// Fewest passing grades on either side.
        minimum: i64,
        /// How many years are counted, back from the newest.
        years: i64,
        /// The institution whose grading table the target's is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to_institution: Option<String>,
    },
}

impl Method {
    /// The words of the three.
    pub const WORDS: &'static [&'static str] = &["table", "linear", "distribution"];

    /// Its word.
    pub fn word(&self) -> &'static str {
        match self {
            Method::Table { .. } => "table",
            Method::Linear { .. } => "linear",
            Method::Distribution { .. } => "distribution",
        }
    }
}

/// One version of a conversion of grades.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    /// Its name.
    pub name: String,
    /// From 1.
    pub version: i64,
    /// The scale that it converts from.
    pub from: String,
    /// The scale that it converts to.
    pub to: String,
    /// The institution whose grades it converts; none for every one's.
    pub institution: Option<String>,
    /// How.
    pub method: Method,
    /// First day on which it may be used.
    pub valid_from: Option<Date>,
    /// Last day on which it may be used.
    pub valid_to: Option<Date>,
    /// Where it is written down.
    pub citation: String,
    /// Whether it was read there.
    pub verified: bool,
}

impl Conversion {
    /// Reads a registry's row.
    ///
    /// # Errors
    /// `S913` where a value cannot be read, which only a change from outside causes.
    pub fn from_row(row: &GradeConversionRow) -> Result<Conversion> {
        let damaged = || damaged(&format!("grade conversion {}", row.name));
        let day = |text: &Option<String>| text.as_deref().map(parse_iso).transpose().map_err(|_| damaged());
        Ok(Conversion {
            name: row.name.clone(),
            version: row.version,
            from: row.from_scale.clone(),
            to: row.to_scale.clone(),
            institution: row.institution.clone(),
            method: serde_json::from_str(&row.body).map_err(|_| damaged())?,
            valid_from: day(&row.valid_from)?,
            valid_to: day(&row.valid_to)?,
            citation: row.citation.clone(),
            verified: row.verified == 1,
        })
    }

    /// The registry's row of that id.
    ///
    /// # Errors
    /// `S901` where the method cannot be written.
    pub fn to_row(&self, id: i64) -> Result<GradeConversionRow> {
        let body = serde_json::to_string(&self.method);
        Ok(GradeConversionRow {
            id,
            name: self.name.clone(),
            version: self.version,
            from_scale: self.from.clone(),
            to_scale: self.to.clone(),
            institution: self.institution.clone(),
            method: self.method.word().to_owned(),
            body: body.map_err(|error| Fault::new("S901", error.to_string()))?,
            valid_from: self.valid_from.map(|day| day.to_string()),
            valid_to: self.valid_to.map(|day| day.to_string()),
            citation: self.citation.clone(),
            verified: i64::from(self.verified),
        })
    }

    /// Whether it may be used on a day.
    pub fn is_in_force(&self, day: Date) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| to >= day)
    }
}

/// One version of a grading table: how often an institution gave each passing grade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GradingTable {
    /// Code of the institution.
    pub institution: String,
    /// Name of the scale.
    pub scale: String,
    /// ISCED-F field of study; empty for all together.
    pub field: String,
    /// Cycle; none for all together.
    pub cycle: Option<Cycle>,
    /// The years that were counted, the last included.
    pub years: (i64, i64),
    /// From 1.
    pub version: i64,
    /// Grades and their numbers, the worst first.
    pub counts: Vec<(String, i64)>,
    /// Who counted them, where they are published.
    pub source: String,
}

impl GradingTable {
    /// Reads a registry's row.
    ///
    /// # Errors
    /// `S913` where a value cannot be read, which only a change from outside causes.
    pub fn from_row(row: GradingTableRow) -> Result<GradingTable> {
        let damaged = || damaged(&format!("grading table {} of {}", row.id, row.institution));
        let cycle = match row.cycle.as_str() {
            "" => None,
            word => Some(Cycle::from_word(word).ok_or_else(damaged)?),
        };
        let counts: Vec<(String, i64)> = serde_json::from_str(&row.counts).map_err(|_| damaged())?;
        if counts.iter().any(|(_, count)| !(0..=LARGEST).contains(count)) {
            return Err(damaged());
        }
        Ok(GradingTable {
            counts,
            cycle,
            institution: row.institution,
            scale: row.scale,
            field: row.field,
            years: (row.first_year, row.last_year),
            version: row.version,
            source: row.source,
        })
    }

    /// The registry's row of that id.
    ///
    /// # Errors
    /// `S901` where the counts cannot be written.
    pub fn to_row(&self, id: i64) -> Result<GradingTableRow> {
        let counts = serde_json::to_string(&self.counts);
        Ok(GradingTableRow {
            id,
            institution: self.institution.clone(),
            scale: self.scale.clone(),
            field: self.field.clone(),
            cycle: self.cycle.map_or_else(String::new, |cycle| cycle.word().to_owned()),
            first_year: self.years.0,
            last_year: self.years.1,
            version: self.version,
            counts: counts.map_err(|error| Fault::new("S901", error.to_string()))?,
            source: self.source.clone(),
        })
    }

    /// How many grades it counts.
    pub fn total(&self) -> i64 {
        self.counts.iter().map(|(_, count)| count).sum()
    }

    /// Whether two count the same grades: all but years, version, counts and source.
    pub fn is_same_group(&self, other: &GradingTable) -> bool {
        let group = |table: &GradingTable| {
            (table.institution.clone(), table.scale.clone(), table.field.clone(), table.cycle)
        };
        group(self) == group(other)
    }

    /// Its name in messages: `HSS 0613 first 2022–2024`.
    pub fn group_text(&self) -> String {
        let field = if self.field.is_empty() { "all fields" } else { &self.field };
        let cycle = self.cycle.map_or("all cycles", Cycle::word);
        format!("{} {field} {cycle} {}", self.institution, years_text(self.years))
    }
}

/// `2024`, `2022–2024`.
pub fn years_text((first, last): (i64, i64)) -> String {
    if first == last { first.to_string() } else { format!("{first}–{last}") }
}

/// The largest number of one grade in a table.
pub const LARGEST: i64 = 1_000_000_000;

fn damaged(what: &str) -> Fault {
    Fault::new("S913", format!("{what} cannot be read"))
        .remedy("run `creditbank verify` to see what was changed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_were() {
        let text = |text: &str| Some(text.to_owned());
        let row = |from| TableRow { from, low: "B".into(), suggested: "B".into(), high: "A".into() };
        let rows = vec![row(Source::Grade("1".into())), row(Source::AtLeast("2".into()))];
        let ends = Ends { from_best: text("80"), ..Ends::default() };
        let methods = [
            Method::Table { rows },
            Method::Linear { rounding: GradeRounding::HalfBetter, equal_steps: true, ends },
            Method::Distribution {
                choose: Choice::Middle,
                minimum: 50,
                years: 2,
                to_institution: text("LJU"),
            },
        ];
        for method in methods {
            let conversion = Conversion {
                name: "c".into(),
                version: 2,
                from: "a".into(),
                to: "b".into(),
                institution: None,
                method,
                valid_from: Some(jiff::civil::date(2024, 9, 1)),
                valid_to: None,
                citation: String::new(),
                verified: true,
            };
            let row = conversion.to_row(7).unwrap();
            assert_eq!(Conversion::from_row(&row).unwrap(), conversion, "{}", row.body);
        }
        let table = GradingTable {
            institution: "HSS".into(),
            scale: "s".into(),
            field: "0613".into(),
            cycle: Some(Cycle::First),
            years: (2022, 2024),
            version: 1,
            counts: vec![("4.0".into(), 3), ("1.0".into(), 9)],
            source: "registry".into(),
        };
        assert_eq!(GradingTable::from_row(table.to_row(1).unwrap()).unwrap(), table);
        assert_eq!((table.total(), table.group_text()), (12, "HSS 0613 first 2022–2024".into()));
    }

    #[test]
    fn only_levels_of_the_eqf_answer_to_cycles() {
        assert_eq!(Cycle::of_level("EQF", "6"), Some(Cycle::First));
        assert_eq!(Cycle::of_level("EQF", "4"), None);
        assert_eq!(Cycle::of_level("RQF", "6"), None);
    }
}
