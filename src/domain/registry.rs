//! Registries: the things that entries refer to. Each struct is one row of the table of that name;
//! its fields are the table's columns, and a `register` act carries it as JSON.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// A row of a registry.
pub trait Row: Serialize + DeserializeOwned {
    /// The table's name.
    const TABLE: &'static str;
    /// The number under which entries refer to the row.
    fn id(&self) -> i64;
}

macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident in $table:literal { $($(#[$field_doc:meta])* $field:ident : $type:ty),* $(,)? })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
            pub struct $name {
                /// The number under which entries refer to the row.
                pub id: i64,
                $($(#[$field_doc])* pub $field: $type,)*
            }
            impl Row for $name {
                const TABLE: &'static str = $table;
                fn id(&self) -> i64 { self.id }
            }
        )*
        /// The tables of all registries.
        pub const TABLES: &[&str] = &[$($table),*];
    };
}

rows! {
    /// The bank itself; one row.
    Bank in "bank" {
        /// The bank's name.
        name: String,
        /// Its identifier: a domain name or a registration number.
        identifier: String,
        /// Code of the credit system in which it thinks.
        home_system: String,
        /// IANA time zone in which its days begin and end.
        time_zone: String,
    }
    /// A credit system; amounts are in its unit.
    SystemRow in "system" {
        /// Short code: `ECTS`, `US-SEM`.
        code: String,
        /// English name.
        name: String,
        /// Name in its own language, or empty.
        name_local: String,
        /// ISO 3166-1 alpha-2 code, or empty.
        country: String,
        /// Fewest notional hours per credit, in thousandths of an hour.
        hours_low: Option<i64>,
        /// Most notional hours per credit, in thousandths of an hour.
        hours_high: Option<i64>,
        /// 1 where only whole credits exist.
        indivisible: i64,
        /// The law or standard.
        citation: String,
        /// 1 where the figure was read at its source.
        verified: i64,
    }
    /// A framework of levels.
    FrameworkRow in "framework" {
        /// Short code: `EQF`.
        code: String,
        /// English name.
        name: String,
        /// JSON array of its levels, ascending.
        levels: String,
        /// The law or standard.
        citation: String,
        /// 1 where it was read at its source.
        verified: i64,
    }
    /// A version of a grading scale ([`crate::domain::scale::GradingScale`]).
    Scale in "scale" {
        /// Its name.
        name: String,
        /// From 1; a changed definition is a new version.
        version: i64,
        /// 1 where grades are numbers.
        numeric: i64,
        /// JSON array of the grades from worst to best; empty for a numeric scale.
        grades: String,
        /// The lowest passing grade.
        pass: Option<String>,
        /// The best number; where it is less than the worst, less is better.
        best: Option<String>,
        /// The worst number.
        worst: Option<String>,
        /// Onto multiples of what converted grades are brought.
        step: Option<String>,
        /// First day of the grades that this version reads.
        valid_from: Option<String>,
        /// Where it is written down.
        citation: String,
        /// 1 where it was read there.
        verified: i64,
    }
    /// A version of a conversion of grades ([`crate::domain::grading::Conversion`]).
    GradeConversionRow in "grade_conversion" {
        /// Its name.
        name: String,
        /// From 1; a changed definition is a new version.
        version: i64,
        /// Name of the scale that it converts from.
        from_scale: String,
        /// Name of the scale that it converts to.
        to_scale: String,
        /// The institution whose grades it converts; none for every one's.
        institution: Option<String>,
        /// `table`, `linear` or `distribution`.
        method: String,
        /// What the method works with, as JSON ([`crate::domain::grading::Method`]).
        body: String,
        /// First day on which it may be used.
        valid_from: Option<String>,
        /// Last day on which it may be used.
        valid_to: Option<String>,
        /// Where it is written down.
        citation: String,
        /// 1 where it was read there.
        verified: i64,
    }
    /// How often each passing grade was given ([`crate::domain::grading::GradingTable`]).
    GradingTableRow in "grading_table" {
        /// Code of the institution that gave them.
        institution: String,
        /// Name of the grading scale.
        scale: String,
        /// ISCED-F field of study; empty for all together.
        field: String,
        /// Cycle of higher education; empty for all together.
        cycle: String,
        /// The first year that was counted.
        first_year: i64,
        /// The last year that was counted.
        last_year: i64,
        /// From 1; other counts for the same years are a new version.
        version: i64,
        /// JSON array of grades and their numbers, the worst grade first.
        counts: String,
        /// Who counted them, where they are published.
        source: String,
    }
    /// A body that awards or accepts outcomes.
    Institution in "institution" {
        /// Short code, unique in the bank.
        code: String,
        /// Its name.
        name: String,
        /// ISO 3166-1 alpha-2 code.
        country: Option<String>,
        /// Region, in the bank's own words.
        region: Option<String>,
        /// Sector, in the bank's own words.
        sector: Option<String>,
        /// Academic calendar as JSON ([`crate::domain::date::Calendar`]).
        calendar: Option<String>,
    }
    /// A catalogue item of an institution.
    Outcome in "outcome" {
        /// The institution's id.
        institution: i64,
        /// The institution's own code for it.
        code: String,
        /// 1 where it may be credited more than once.
        repeatable: i64,
    }
    /// What an outcome is from one date to another.
    OutcomeVersion in "outcome_version" {
        /// The outcome's id.
        outcome: i64,
        /// From 1.
        version: i64,
        /// Title.
        title: String,
        /// Code of the kind of learning ([`crate::domain::outcome::Kind`]).
        kind: Option<i64>,
        /// Framework of the level.
        framework: Option<String>,
        /// Level, as the framework writes it.
        level: Option<String>,
        /// ISCED-F field of study.
        field: Option<String>,
        /// Notional hours, in thousandths.
        hours: Option<i64>,
        /// Credits, in thousandths.
        credits: Option<i64>,
        /// Id of the credit system.
        system: Option<i64>,
        /// First day on which this version holds.
        valid_from: Option<String>,
        /// Last day on which this version holds.
        valid_to: Option<String>,
        /// First day of its accreditation.
        accredited_from: Option<String>,
        /// Last day of its accreditation.
        accredited_to: Option<String>,
    }
    /// A period in which an outcome is offered.
    Offering in "offering" {
        /// The outcome's id.
        outcome: i64,
        /// The period's id.
        period: i64,
    }
    /// A date as written, with its precision and interval ([`crate::domain::date::Period`]).
    PeriodRow in "period" {
        /// As written.
        written: String,
        /// `day`, `month`, `term` or `year`.
        precision: String,
        /// First day, ISO 8601.
        first: String,
        /// Last day, ISO 8601.
        last: String,
    }
    /// A grade on its own scale.
    Grade in "grade" {
        /// Name of the scale; empty where the source names none.
        scale: String,
        /// As written.
        written: String,
    }
    /// A set of attributes that an achievement carries.
    Attrs in "attrs" {
        /// JSON object, keys in the profile's order.
        json: String,
    }
    /// A scheme of identifiers or another sort of fact of identity, and its issuer.
    Scheme in "scheme" {
        /// `student-number`, `name`, `birth-date`, …
        name: String,
        /// Who issues values of the scheme; empty for facts nobody issues.
        issuer: String,
    }
    /// A version of an import profile.
    ProfileRow in "profile" {
        /// Name.
        name: String,
        /// From 1; a changed source is a new version.
        version: i64,
        /// SHA-256 of the source, hexadecimal.
        sha256: String,
        /// The TOML text.
        source: String,
    }
    /// A version of a rule book.
    Book in "book" {
        /// Name.
        name: String,
        /// From 1.
        version: i64,
        /// SHA-256 of the file, hexadecimal.
        sha256: String,
    }
    /// An outcome that a rule asks for beside others, or a pattern: how its rule is found.
    RuleSourceRow in "rule_source" {
        /// Id of the rule.
        rule: i64,
        /// Code of the institution; `*` for any, or a pattern.
        institution: String,
        /// Code of the outcome; `*` for a pattern.
        outcome: String,
    }
    /// A limit that rules of a book share.
    CapRow in "rule_cap" {
        /// Id of its book.
        book: i64,
        /// Its name in the book.
        name: String,
        /// What it says, as JSON.
        body: String,
    }
    /// A conversion rule of one version of a book.
    RuleRow in "rule" {
        /// The book version's id.
        book: i64,
        /// The rule's own id within its book.
        code: String,
        /// Code of the credit system that it converts from.
        from_system: Option<String>,
        /// Code of the sending institution.
        from_institution: Option<String>,
        /// Code of the sending outcome.
        from_outcome: Option<String>,
        /// Code of the credit system that it converts to.
        to_system: Option<String>,
        /// Code of the receiving institution.
        to_institution: Option<String>,
        /// Code of the receiving outcome.
        to_outcome: Option<String>,
        /// The whole rule as JSON.
        body: String,
    }
    /// A release of the rules: versions of rule books that count together from a day on.
    ReleaseRow in "rule_release" {
        /// Its name, for good.
        name: String,
        /// First day on which decisions use it, ISO 8601.
        valid_from: String,
        /// Who decided it.
        authority: String,
        /// What counts for a learner who is pinned to it: `own` or `better`.
        pinned: String,
        /// JSON array of its books, each with `book`, `version` and `sha256`.
        books: String,
    }
    /// A version of a procedure: deadlines of requests and appeals.
    ProcedureRow in "procedure" {
        /// Name.
        name: String,
        /// From 1; a changed source is a new version.
        version: i64,
        /// SHA-256 of the source, hexadecimal.
        sha256: String,
        /// The TOML text.
        source: String,
    }
    /// A version of an authority that may place credit without a rule.
    AuthorityRow in "authority" {
        /// Its code.
        code: String,
        /// From 1; what changed is a new version.
        version: i64,
        /// Its name.
        name: String,
        /// JSON array of the codes of the targets that it decides for; empty for all.
        targets: String,
        /// The most that one exception gives, in thousandths; nothing for any amount.
        most: Option<i64>,
        /// Code of the credit system of that.
        system: Option<String>,
        /// JSON array of the system accounts that may act for it; empty for all.
        officers: String,
        /// First day on which it may decide, ISO 8601.
        valid_from: Option<String>,
        /// Last day on which it may decide, ISO 8601.
        valid_to: Option<String>,
        /// The statute or the minute that gives it its remit.
        citation: String,
    }
    /// The close of a period of the books.
    Closure in "closure" {
        /// Last day that is closed, ISO 8601.
        through: String,
    }
}
