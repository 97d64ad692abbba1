//! Credit systems: the units in which amounts are counted, with the hours that one unit stands for.
//!
//! Notional hours describe a unit; they never convert by themselves (docs/credit-systems.md).

use std::fmt;

/// Notional learning hours that one credit stands for; low == high where the source gives one figure.
///
/// Unit: thousandths of an hour, so that every published figure is exact. Source: `System::citation`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Hours {
    /// Lower bound, in thousandths of an hour.
    pub low_milli: i64,
    /// Upper bound, in thousandths of an hour; equal to the lower bound for a single figure.
    pub high_milli: i64,
}

impl fmt::Display for Hours {
    /// Hours as decimal text: `10`, `22.5`, or a range with an en dash, `25–30`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_milli(f, self.low_milli)?;
        if self.low_milli != self.high_milli {
            f.write_str("–")?;
            write_milli(f, self.high_milli)?;
        }
        Ok(())
    }
}

fn write_milli(f: &mut fmt::Formatter<'_>, milli: i64) -> fmt::Result {
    let sign = if milli < 0 { "-" } else { "" };
    let size = milli.unsigned_abs();
    write!(f, "{sign}{}", size / 1000)?;
    match size % 1000 {
        0 => Ok(()),
        part => f.write_str(format!(".{part:03}").trim_end_matches('0')),
    }
}

/// A credit system: what one unit of an amount is, and where that is written.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct System {
    /// Short code that follows an amount; its form is checked by [`check_code`].
    pub code: String,
    /// English name.
    pub name: String,
    /// Name in the system's own language, or empty.
    pub name_local: String,
    /// ISO 3166-1 alpha-2 code of the country where the system is national, else empty.
    pub country: String,
    /// Notional hours of one unit; `None` where no figure could be cited, and for whole items.
    pub hours: Option<Hours>,
    /// True where amounts are whole items and never fractions.
    pub indivisible: bool,
    /// Law or standard, section, year and address, and what kind of text was actually read.
    pub citation: String,
    /// True where the figure was read in the text or on the site of the body that answers for it.
    pub verified: bool,
}

/// Shortest and longest code, in characters.
const CODE_LENGTH: std::ops::RangeInclusive<usize> = 2..=12;

/// Checks the form of a code, and says why it is bad.
///
/// A code has 2 to 12 characters from A–Z, 0–9 and `-`, begins with a letter and ends with a
/// letter or digit. Every such code is also a valid commodity name in a Beancount file.
pub fn check_code(code: &str) -> Result<(), String> {
    let length = code.chars().count();
    if !CODE_LENGTH.contains(&length) {
        return Err(format!(
            "a code has {} to {} characters, this one has {length}",
            CODE_LENGTH.start(),
            CODE_LENGTH.end()
        ));
    }
    let allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-';
    if let Some((at, c)) = code.chars().enumerate().find(|&(_, c)| !allowed(c)) {
        let place = at + 1;
        return Err(format!("character {place} is {c:?}; a code is made of A–Z, 0–9 and '-'"));
    }
    if !code.starts_with(|c: char| c.is_ascii_uppercase()) {
        return Err("a code begins with a letter A–Z".to_owned());
    }
    if code.ends_with('-') {
        return Err("a code ends with a letter or a digit".to_owned());
    }
    Ok(())
}

/// The systems that the program knows out of the box, in the order of docs/credit-systems.md.
pub fn builtin() -> Vec<System> {
    BUILTIN.iter().map(Row::system).collect()
}

/// One system as written in this file; hours are whole here, `None` where no figure is citable.
struct Row {
    code: &'static str,
    name: &'static str,
    name_local: &'static str,
    country: &'static str,
    hours: Option<(i64, i64)>,
    verified: bool,
    citation: &'static str,
}

impl Row {
    fn system(&self) -> System {
        System {
            code: self.code.to_owned(),
            name: self.name.to_owned(),
            name_local: self.name_local.to_owned(),
            country: self.country.to_owned(),
            hours: self.hours.map(|(low, high)| Hours { low_milli: low * 1000, high_milli: high * 1000 }),
            indivisible: self.code == ITEM,
            citation: self.citation.to_owned(),
            verified: self.verified,
        }
    }
}

/// Code of the unit for outcomes without credit: whole items only, no hours.
pub const ITEM: &str = "ITEM";

const BUILTIN: &[Row] = &[
    Row {
        code: "ECTS",
        name: "European Credit Transfer and Accumulation System",
        name_local: "",
        country: "",
        hours: Some((25, 30)),
        verified: false,
        citation: "European Commission, ECTS Users' Guide, 2015: not read itself, only quoted in \
                   its own words by others (secondary). Read with the same figure, 25 to 30 \
                   working hours: the ENIC-NARIC networks' page on ECTS, \
                   https://www.enic-naric.net/ects---european-credit-transfer-and-accumulation-system.aspx",
    },
    Row {
        code: "UK",
        name: "UK credit (CATS: England, Wales, Northern Ireland)",
        name_local: "",
        country: "GB",
        hours: Some((10, 10)),
        verified: false,
        citation: "QAA, Higher Education Credit Framework for England, second edition, May 2021: \
                   its figure was read in a report about it only (secondary), \
                   https://wonkhe.com/blogs/credit-frameworks-in-a-lattice-of-learning/. For \
                   Wales read on the government's own site: one credit for every 10 hours, \
                   https://businesswales.gov.wales/topics-and-guidance/employing-people-and-improving-skills/recruit-and-train/credit-and-qualifications-framework-wales",
    },
    Row {
        code: "SCQF",
        name: "Scottish Credit and Qualifications Framework credit point",
        name_local: "",
        country: "GB",
        hours: Some((10, 10)),
        verified: true,
        citation: "SCQF Partnership, About the Framework (official site): one point is 10 hours \
                   on average, https://scqf.org.uk/the-framework/about-the-framework/; the same \
                   in Scottish Government, Lifelong Partners, 2005, annex D, \
                   http://www.gov.scot/Publications/2005/05/12141846/19080",
    },
    Row {
        code: "US-SEM",
        name: "US semester credit hour",
        name_local: "",
        country: "US",
        hours: Some((45, 45)),
        verified: false,
        citation: "34 CFR 600.2, Credit hour, as amended 2020 (85 FR 54742): law text, read as \
                   quoted word for word by universities and others (secondary), \
                   http://nmu.edu/compliance/160, https://interact123.com/credit-hour-definition. \
                   Computed from it: (1 hour of class + 2 hours outside) × about 15 weeks; the \
                   law states a minimum",
    },
    Row {
        code: "US-QTR",
        name: "US quarter credit hour",
        name_local: "",
        country: "US",
        hours: Some((30, 36)),
        verified: false,
        citation: "34 CFR 600.2, Credit hour, as amended 2020 (85 FR 54742): law text, read as \
                   quoted word for word by universities and others (secondary), \
                   http://nmu.edu/compliance/160, https://interact123.com/credit-hour-definition. \
                   Computed from it: (1 hour of class + 2 hours outside) × 10 to 12 weeks; the \
                   law states a minimum",
    },
    Row {
        code: "CN",
        name: "Chinese credit",
        name_local: "学分",
        country: "CN",
        hours: None,
        verified: false,
        citation: "No figure. 16 to 18 class hours are commonly named, but no official text \
                   with them could be read; of the nearest one, Ministry of Education notice \
                   教职成〔2019〕13号, only the opening was at hand. Class hours are not notional \
                   hours in any case",
    },
    Row {
        code: "KR",
        name: "Korean academic credit (Academic Credit Bank System)",
        name_local: "학점",
        country: "KR",
        hours: None,
        verified: false,
        citation: "No figure. 15 class hours are commonly named, but neither the Act on \
                   Recognition of Credits (2015 text) nor the credit bank's own site, \
                   https://www.cb.or.kr/creditbank/info/nInfo7_3.do, showed one in what could be \
                   read. Class hours are not notional hours in any case",
    },
    Row {
        code: "JP",
        name: "Japanese university credit",
        name_local: "単位",
        country: "JP",
        hours: Some((45, 45)),
        verified: true,
        citation: "大学設置基準 (Standards for Establishment of Universities), art. 21(2): \
                   45 hours is the standard for one credit; read on the ministry's own site, \
                   MEXT, questions and answers on the 2022 revision, Q41 and Q42, \
                   https://www.mext.go.jp/mext_02036.html",
    },
    Row {
        code: "IN",
        name: "Indian credit (National Credit Framework)",
        name_local: "",
        country: "IN",
        hours: Some((30, 30)),
        verified: false,
        citation: "National Credit Framework, report of the High-Level Committee, UGC, April \
                   2023: not read; the chairman of UGC names 30 hours in The Hindu, 12 April \
                   2023 (secondary), \
                   https://www.thehindu.com/news/national/credit-system-to-integrate-general-and-vocational-education-says-ugc-chairman/article66729994.ece. \
                   UGC's older norm for distance courses has the same ratio: 60 hours for 2 \
                   credits, Compendium of UGC Regulations 1957-2023, p. 477",
    },
    Row {
        code: "HK",
        name: "Hong Kong QF credit",
        name_local: "資歷學分",
        country: "HK",
        hours: Some((10, 10)),
        verified: true,
        citation: "Hong Kong Qualifications Framework (in force since 2008), QF Credit (official \
                   site): 10 notional learning hours, \
                   https://www.hkqf.gov.hk/en/KeyFeatures/credit/index.html",
    },
    Row {
        code: "MY",
        name: "Malaysian credit (student learning time)",
        name_local: "Kredit",
        country: "MY",
        hours: Some((40, 40)),
        verified: false,
        citation: "MQA, Malaysian Qualifications Framework, second edition, 2017, section on the \
                   credit system: not read; 40 notional hours read in copies of training slides \
                   on the framework (secondary), \
                   https://www.scribd.com/document/246087288/lo-n-slt-by-mqa-pdf",
    },
    Row {
        code: "NZ",
        name: "New Zealand credit",
        name_local: "",
        country: "NZ",
        hours: Some((10, 10)),
        verified: true,
        citation: "NZQF Qualification Listing and Operational Rules 2021, rule 3, credit value \
                   (rules text on NZQA's own site): ten notional learning hours, \
                   https://www.nzqa.govt.nz/about-us/our-role/legislation/nzqa-rules/nzqf-related-rules/nzqf-qualification-listing-and-operational-rules/3/",
    },
    Row {
        code: "ZA",
        name: "South African NQF credit",
        name_local: "",
        country: "ZA",
        hours: Some((10, 10)),
        verified: false,
        citation: "SAQA, Policy and Criteria for Credit Accumulation and Transfer within the \
                   NQF, as amended 2021, para. 24: ten notional hours; policy text, read in an \
                   unofficial copy only, not at SAQA or in the Gazette. The publisher's set \
                   of the Act: http://acts.co.za/national-qualifications-framework-act-2008/n321_preamble.php",
    },
    Row {
        code: "KE",
        name: "Kenyan KNQF credit",
        name_local: "",
        country: "KE",
        hours: Some((10, 10)),
        verified: true,
        citation: "KNQA, Kenya National Qualifications Framework (Act No. 22 of 2014), Volume \
                   of Learning (official site): 10 notional hours, \
                   https://knqa.go.ke/qualifications-framework/",
    },
    Row {
        code: ITEM,
        name: "Whole item: an outcome without credit",
        name_local: "",
        country: "",
        hours: None,
        verified: true,
        citation: "Defined by this program: one certificate, examination or other outcome that \
                   carries no credit",
    },
];

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The page that the tables of this module and of `level` are held against.
    pub const PAGE: &str = include_str!("../../docs/credit-systems.md");

    /// Body rows of the first table below a heading of the page.
    pub fn table_rows(heading: &str) -> Vec<String> {
        PAGE.lines()
            .skip_while(|line| *line != heading)
            .skip_while(|line| !line.starts_with('|'))
            .take_while(|line| line.starts_with('|'))
            .skip(2)
            .map(str::to_owned)
            .collect()
    }

    /// True if a word outside of any address holds a year from 1900 to 2099.
    pub fn names_a_year(citation: &str) -> bool {
        citation
            .split_whitespace()
            .filter(|word| !word.starts_with("http"))
            .flat_map(|word| word.split(|c: char| !c.is_ascii_digit()))
            .any(|digits| digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20")))
    }

    fn find(code: &str) -> System {
        let mut all = builtin();
        let at = all.iter().position(|s| s.code == code).unwrap();
        all.swap_remove(at)
    }

    fn page_row(s: &System) -> String {
        let hours = s.hours.as_ref().map_or("none".to_owned(), ToString::to_string);
        let verified = if s.verified { "yes" } else { "not verified at the source" };
        let name = match s.name_local.as_str() {
            "" => s.name.clone(),
            local => format!("{}, {local}", s.name),
        };
        format!("| {} | {name} | {} | {hours} | {verified} | {} |", s.code, s.country, s.citation)
    }

    #[test]
    fn the_page_holds_exactly_the_systems_of_the_code() {
        let expected: Vec<String> = builtin().iter().map(page_row).collect();
        assert_eq!(
            table_rows("## Credit systems"),
            expected,
            "the table should read:\n{}",
            expected.join("\n")
        );
    }

    #[test]
    fn codes_are_unique_and_well_formed() {
        let all = builtin();
        for s in &all {
            assert_eq!(check_code(&s.code), Ok(()), "{}", s.code);
        }
        let codes: BTreeSet<_> = all.iter().map(|s| &s.code).collect();
        assert_eq!(codes.len(), all.len());
    }

    #[test]
    fn figures_are_positive_ordered_and_cited() {
        for s in builtin() {
            assert!(!s.name.is_empty() && !s.citation.is_empty(), "{}", s.code);
            assert!(!s.citation.contains(['|', '\n']), "{}", s.code);
            if let Some(h) = &s.hours {
                assert!(0 < h.low_milli && h.low_milli <= h.high_milli, "{}", s.code);
                assert!(names_a_year(&s.citation), "{}", s.code);
                assert!(s.citation.contains("http"), "{}", s.code);
            }
            if s.code != ITEM {
                assert!(!s.verified || s.hours.is_some(), "{}", s.code);
            }
        }
    }

    #[test]
    fn an_unverified_citation_says_what_it_is() {
        for s in builtin().iter().filter(|s| !s.verified) {
            assert!(
                ["secondary", "unofficial", "No figure"].iter().any(|word| s.citation.contains(word)),
                "{}",
                s.code
            );
        }
    }

    #[test]
    fn only_the_item_is_indivisible() {
        for s in builtin() {
            assert_eq!(s.indivisible, s.code == ITEM, "{}", s.code);
        }
        assert_eq!(find(ITEM).hours, None);
    }

    #[test]
    fn countries_are_alpha_2_or_empty() {
        for s in builtin() {
            let letters = s.country.chars().all(|c| c.is_ascii_uppercase());
            assert!(letters && [0, 2].contains(&s.country.len()), "{}", s.code);
        }
    }

    #[test]
    fn hours_read_as_decimal_text() {
        let cases = [("ECTS", "25–30"), ("JP", "45"), ("US-QTR", "30–36"), ("NZ", "10")];
        for (code, text) in cases {
            assert_eq!(find(code).hours.unwrap().to_string(), text);
        }
        let part = |low_milli, high_milli| Hours { low_milli, high_milli };
        assert_eq!(part(22_500, 22_500).to_string(), "22.5");
        assert_eq!(part(5, 1_050).to_string(), "0.005–1.05");
    }

    #[test]
    fn a_bad_code_gets_its_reason() {
        for good in ["AB", "US-SEM", "A1", "ABCDEFGHIJ-1", "A--B"] {
            assert_eq!(check_code(good), Ok(()), "{good}");
        }
        let cases = [
            ("", "this one has 0"),
            ("A", "this one has 1"),
            ("ABCDEFGHIJKLM", "this one has 13"),
            ("Ects", "character 2 is 'c'"),
            ("学分", "character 1 is '学'"),
            ("A B", "character 2 is ' '"),
            ("A_B", "character 2 is '_'"),
            ("1A", "begins with a letter"),
            ("-A", "begins with a letter"),
            ("AB-", "ends with a letter or a digit"),
        ];
        for (bad, reason) in cases {
            let said = check_code(bad).unwrap_err();
            assert!(said.contains(reason), "{bad}: {said}");
        }
    }

    #[test]
    fn systems_survive_json() {
        for s in builtin() {
            let text = serde_json::to_string(&s).unwrap();
            assert_eq!(serde_json::from_str::<System>(&text).unwrap(), s);
        }
    }
}
