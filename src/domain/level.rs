//! Level frameworks: ordered lists of the levels at which outcomes are placed.
//!
//! A level is compared only with levels of its own framework; nothing here maps one to another.

/// A qualifications framework: its levels in ascending order, and where that is written.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Framework {
    /// Short code, of the same form as the code of a credit system.
    pub code: String,
    /// English name.
    pub name: String,
    /// Levels in ascending order, spelled as the source does: `1`, `4.5`, `Entry 1`.
    pub levels: Vec<String>,
    /// Law or standard, section, year and address, and what kind of text was actually read.
    pub citation: String,
    /// True where the levels were read in the text or on the site of the body that answers for them.
    pub verified: bool,
}

/// The frameworks that the program knows out of the box, in the order of docs/credit-systems.md.
pub fn builtin() -> Vec<Framework> {
    BUILTIN.iter().map(Row::framework).collect()
}

/// Position of a level in its framework, from 0; `None` if there is no such level.
///
/// Blanks around the level are ignored; any other difference, case and `05` for `5` included, is not.
pub fn rank(framework: &Framework, level: &str) -> Option<usize> {
    let level = level.trim();
    framework.levels.iter().position(|known| known == level)
}

/// One framework as written in this file; the levels are separated by commas.
struct Row {
    code: &'static str,
    name: &'static str,
    levels: &'static str,
    verified: bool,
    citation: &'static str,
}

impl Row {
    fn framework(&self) -> Framework {
        Framework {
            code: self.code.to_owned(),
            name: self.name.to_owned(),
            levels: self.levels.split(',').map(str::to_owned).collect(),
            citation: self.citation.to_owned(),
            verified: self.verified,
        }
    }
}

const BUILTIN: &[Row] = &[
    Row {
        code: "EQF",
        name: "European Qualifications Framework",
        levels: "1,2,3,4,5,6,7,8",
        verified: true,
        citation: "Council Recommendation of 22 May 2017, 2017/C 189/03: its eight levels read \
                   in recital 3 of a copy of the Official Journal, the original is at \
                   http://eur-lex.europa.eu/legal-content/AUTO/?uri=CELEX:32017H0615(01); eight \
                   levels also on the site of the EU's agency Cedefop (official), \
                   https://www.cedefop.europa.eu/pl/news-and-press/news/frequently-asked-questions-why-does-eu-need-european-qualifications-framework",
    },
    Row {
        code: "ISCED",
        name: "International Standard Classification of Education 2011",
        levels: "0,1,2,3,4,5,6,7,8",
        verified: false,
        citation: "UNESCO Institute for Statistics, ISCED 2011: not read itself; levels read on \
                   Eurostat's classification server (official, but not the custodian's), \
                   http://ec.europa.eu/eurostat/ramon/nomenclatures/index.cfm?TargetUrl=LST_NOM_DTL&StrNom=CL_ISCED11&StrLanguageCode=EN. \
                   Its code 9, not elsewhere classified, is no level",
    },
    Row {
        code: "RQF",
        name: "Regulated Qualifications Framework (England, Northern Ireland)",
        levels: "Entry 1,Entry 2,Entry 3,1,2,3,4,5,6,7,8",
        verified: false,
        citation: "Ofqual, register of qualification levels (2016): read in a copy of the \
                   register (secondary), https://registers.app/register/11:161. Entry level and \
                   eight more on the Northern Ireland government's site, without the three \
                   entry steps, https://www.nidirect.gov.uk/articles/qualifications-what-different-levels-mean",
    },
    Row {
        code: "SCQF",
        name: "Scottish Credit and Qualifications Framework",
        levels: "1,2,3,4,5,6,7,8,9,10,11,12",
        verified: true,
        citation: "SCQF Partnership, About the Framework (official site), \
                   https://scqf.org.uk/the-framework/about-the-framework/; the same in Scottish \
                   Government, Lifelong Partners, 2005, annex D, \
                   http://www.gov.scot/Publications/2005/05/12141846/19080",
    },
    Row {
        code: "NFQ-IE",
        name: "Irish National Framework of Qualifications",
        levels: "1,2,3,4,5,6,7,8,9,10",
        verified: false,
        citation: "National Qualifications Authority of Ireland, Determinations for the Outline \
                   National Framework of Qualifications, October 2003, addendum 1: the ten-level \
                   grid is named in the contents, read in an unofficial copy, \
                   https://www.scribd.com/document/510104556/12",
    },
    Row {
        code: "NCRF",
        name: "Indian National Credit Framework",
        levels: "1,2,3,4,4.5,5,5.5,6,6.5,7,8",
        verified: false,
        citation: "National Credit Framework, UGC, April 2023: not read; 4.5 to 8 partly in a \
                   page of its draft, https://scribd.com/document/657057144/NCF-honors-BBA, and \
                   the full list in reports on it (secondary), \
                   https://careereducationsuccessnow.blogspot.com/2023/04/national-credit-framework-2023.html",
    },
    Row {
        code: "HKQF",
        name: "Hong Kong Qualifications Framework",
        levels: "1,2,3,4,5,6,7",
        verified: true,
        citation: "Hong Kong Qualifications Register (in force since 2008), QF Level (official \
                   site), https://www.hkqr.gov.hk/HKQR/qrLevelExplanation.jsp?enable_credit_ind=Y",
    },
    Row {
        code: "MQF",
        name: "Malaysian Qualifications Framework",
        levels: "1,2,3,4,5,6,7,8",
        verified: true,
        citation: "Malaysian Qualifications Agency, Eight Levels of MQF Qualifications, 2011 \
                   (official site), http://www2.mqa.gov.my/mobile/mqf.html",
    },
    Row {
        code: "AQF",
        name: "Australian Qualifications Framework",
        levels: "1,2,3,4,5,6,7,8,9,10",
        verified: true,
        citation: "TEQSA, Australian Qualifications Framework (site of the regulator, names the \
                   Threshold Standards 2015), https://www.teqsa.gov.au/australian-qualifications-framework",
    },
    Row {
        code: "NZQCF",
        name: "New Zealand Qualifications and Credentials Framework",
        levels: "1,2,3,4,5,6,7,8,9,10",
        verified: true,
        citation: "NZQF Qualification Listing and Operational Rules 2021, rule 3, level (rules \
                   text on NZQA's own site), \
                   https://www.nzqa.govt.nz/about-us/our-role/legislation/nzqa-rules/nzqf-related-rules/nzqf-qualification-listing-and-operational-rules/3/; \
                   the 2022 rules say the same of the NZQCF",
    },
    Row {
        code: "NQF-ZA",
        name: "South African National Qualifications Framework",
        levels: "1,2,3,4,5,6,7,8,9,10",
        verified: false,
        citation: "National Qualifications Framework Act, 2008 (Act 67 of 2008), s. 6(1): law \
                   text, read with a private publisher (unofficial copy), \
                   https://source.acts.co.za/national-qualifications-framework-act-2008/6_framework_levels.php",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::system::check_code;
    use crate::domain::system::tests::{names_a_year, table_rows};
    use std::collections::BTreeSet;

    fn find(code: &str) -> Framework {
        let mut all = builtin();
        let at = all.iter().position(|f| f.code == code).unwrap();
        all.swap_remove(at)
    }

    fn page_row(f: &Framework) -> String {
        let verified = if f.verified { "yes" } else { "not verified at the source" };
        format!("| {} | {} | {} | {verified} | {} |", f.code, f.name, f.levels.join(", "), f.citation)
    }

    #[test]
    fn the_page_holds_exactly_the_frameworks_of_the_code() {
        let expected: Vec<String> = builtin().iter().map(page_row).collect();
        assert_eq!(
            table_rows("## Level frameworks"),
            expected,
            "the table should read:\n{}",
            expected.join("\n")
        );
    }

    #[test]
    fn codes_are_unique_and_well_formed() {
        let all = builtin();
        for f in &all {
            assert_eq!(check_code(&f.code), Ok(()), "{}", f.code);
        }
        let codes: BTreeSet<_> = all.iter().map(|f| &f.code).collect();
        assert_eq!(codes.len(), all.len());
    }

    #[test]
    fn every_framework_is_cited_with_a_year_and_an_address() {
        for f in builtin() {
            assert!(names_a_year(&f.citation), "{}", f.code);
            assert!(f.citation.contains("http"), "{}", f.code);
            assert!(!f.citation.contains(['|', '\n']), "{}", f.code);
        }
    }

    #[test]
    fn a_framework_names_each_level_once() {
        for f in builtin() {
            let levels: BTreeSet<_> = f.levels.iter().collect();
            assert_eq!(levels.len(), f.levels.len(), "{}", f.code);
            for (at, level) in f.levels.iter().enumerate() {
                assert_eq!(level.trim(), level, "{}", f.code);
                assert_eq!(rank(&f, level), Some(at), "{}", f.code);
            }
        }
    }

    /// A numeric level in tenths, so that 4 < 4.5 < 5 is checked without a float.
    fn tenths(level: &str) -> Option<u32> {
        let (whole, part) = level.split_once('.').unwrap_or((level, "0"));
        Some(whole.parse::<u32>().ok()? * 10 + part.parse::<u32>().ok()?)
    }

    #[test]
    fn numeric_levels_ascend() {
        for f in builtin() {
            let numbers: Vec<u32> = f.levels.iter().filter_map(|l| tenths(l)).collect();
            assert!(numbers.is_sorted(), "{}", f.code);
        }
    }

    #[test]
    fn ranks_by_example() {
        let cases = [
            ("EQF", "1", Some(0)),
            ("EQF", " 8\t", Some(7)),
            ("EQF", "9", None),
            ("EQF", "08", None),
            ("EQF", "Level 6", None),
            ("EQF", "", None),
            ("ISCED", "0", Some(0)),
            ("ISCED", "8", Some(8)),
            ("ISCED", "9", None),
            ("RQF", "Entry 3", Some(2)),
            ("RQF", "entry 3", None),
            ("RQF", "1", Some(3)),
            ("SCQF", "10", Some(9)),
            ("SCQF", "12", Some(11)),
            ("NCRF", "4", Some(3)),
            ("NCRF", "4.5", Some(4)),
            ("NCRF", "5", Some(5)),
            ("NCRF", "4,5", None),
            ("NCRF", "6.5", Some(8)),
            ("NCRF", "8", Some(10)),
            ("HKQF", "8", None),
        ];
        for (code, level, expected) in cases {
            assert_eq!(rank(&find(code), level), expected, "{code} {level:?}");
        }
    }

    #[test]
    fn the_number_of_levels_is_the_cited_one() {
        let cases = [
            ("EQF", 8),
            ("ISCED", 9),
            ("RQF", 11),
            ("SCQF", 12),
            ("NFQ-IE", 10),
            ("NCRF", 11),
            ("HKQF", 7),
            ("MQF", 8),
            ("AQF", 10),
            ("NZQCF", 10),
            ("NQF-ZA", 10),
        ];
        assert_eq!(cases.len(), builtin().len());
        for (code, count) in cases {
            assert_eq!(find(code).levels.len(), count, "{code}");
        }
    }
}
