//! Which kind of learning a type of achievement stands for.
//!
//! Open Badges 3.0 takes its types from the Credential Transparency Description Language (CTDL), which defines
//! them (<https://credreg.net/ctdl/terms>). The kinds are those of the Council Recommendation of 20 December 2012
//! on the validation of non-formal and informal learning (2012/C 398/01), annex. A type stands here only where
//! its definition decides: qualifications of an education or apprenticeship system are formal; what planned
//! learning beside it leads to is non-formal; service to a community is informal. The pairing is ours and is in
//! neither source.

use crate::domain::outcome::Kind;

const FORMAL: &[&str] = &[
    "ApprenticeshipCertificate",
    "AssociateDegree",
    "BachelorDegree",
    "Degree",
    "Diploma",
    "DoctoralDegree",
    "GeneralEducationDevelopment",
    "JourneymanCertificate",
    "MasterCertificate",
    "MasterDegree",
    "ProfessionalDoctorate",
    "ResearchDoctorate",
    "SecondarySchoolDiploma",
];

const NON_FORMAL: &[&str] =
    &["Badge", "CertificateOfCompletion", "Certification", "LearningProgram", "MicroCredential"];

const INFORMAL: &[&str] = &["CommunityService"];

/// The kind of learning, where the type decides it.
pub fn of(achievement_type: &str) -> Option<Kind> {
    let lists = [(FORMAL, Kind::Formal), (NON_FORMAL, Kind::NonFormal), (INFORMAL, Kind::Informal)];
    lists.into_iter().find(|(types, _)| types.contains(&achievement_type)).map(|(_, kind)| kind)
}
