//! What a column can mean, and where it may stand.

/// What a profile makes of the rows of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// Results of learners.
    Achievements,
    /// A catalogue of outcomes.
    Outcomes,
    /// A register of institutions.
    Institutions,
    /// A register of learners.
    Learners,
}

impl Target {
    /// The word for it.
    pub fn name(self) -> &'static str {
        ["achievements", "outcomes", "institutions", "learners"][self as usize]
    }

    /// The fields that every row must fill.
    pub fn required(self) -> &'static [Field] {
        match self {
            Target::Achievements => &[Field::Learner, Field::Institution, Field::Outcome, Field::Period],
            Target::Outcomes => &[Field::Institution, Field::Outcome],
            Target::Institutions => &[Field::Institution, Field::Name],
            Target::Learners => &[Field::Learner],
        }
    }

    /// Whether rows of this target may fill the field.
    pub fn allows(self, field: Field) -> bool {
        let letter = ['A', 'O', 'I', 'L'][self as usize];
        field.text().1.contains(letter)
    }
}

macro_rules! fields {
    ($($variant:ident $name:literal $targets:literal $meaning:literal;)*) => {
        /// What a column or a constant can mean.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Field {
            $(#[doc = $meaning] $variant,)*
        }

        impl Field {
            /// All fields.
            pub const ALL: &'static [Field] = &[$(Field::$variant),*];
            /// How many there are.
            pub const COUNT: usize = Field::ALL.len();
            /// Name, targets (by first letter) and meaning, in the order of [`Field::ALL`].
            const TEXTS: [(&'static str, &'static str, &'static str); Field::COUNT] =
                [$(($name, $targets, $meaning)),*];
        }
    };
}

fields! {
    Learner "learner" "AL" "the learner's identifier";
    Scheme "scheme" "A" "the scheme of the learner's identifier, where it differs from row to row";
    Issuer "issuer" "A" "who issued the identifier, beside `scheme`; nobody in particular where it is empty";
    Institution "institution" "AOIL" "the institution's code";
    InstitutionName "institution_name" "A" "the name of an institution that the row introduces";
    InstitutionCountry "institution_country" "A" "its country, as two letters";
    Outcome "outcome" "AO" "the outcome's code at its institution";
    Record "record" "A" "the institution's own number of the record";
    Title "title" "AO" "the outcome's title";
    Kind "kind" "AO" "formal, non-formal or informal";
    Level "level" "AO" "the outcome's level";
    Framework "framework" "AO" "the framework of the level, such as EQF";
    Field "field" "AO" "the ISCED-F code of the field of education, two to four digits";
    Hours "hours" "AO" "hours of study";
    Credits "credits" "AO" "the amount of credit, or the load of a group";
    Counted "counted" "A" "no where another row counts this row's credit";
    PartOf "part_of" "A" "the row of which this one is a part, or which counts its credit";
    System "system" "AO" "the credit system in which the amount counts";
    Status "status" "A" "passed, failed, withdrawn or in-progress";
    Grade "grade" "A" "the grade as awarded";
    Scale "scale" "A" "the name of the grading scale";
    Period "period" "A" "the date, or the term or year, of the result";
    Attempt "attempt" "A" "the number of the attempt, from 1";
    Name "name" "AIL" "the person's or the institution's name";
    FormerName "former_name" "AL" "a former name of the person";
    BirthDate "birth_date" "AL" "the person's day of birth";
    Sex "sex" "AL" "the person's sex as the source writes it";
    Region "region" "AIL" "the region";
    Sector "sector" "I" "the institution's sector";
    Repeatable "repeatable" "AO" "whether the outcome can be achieved again";
    ValidFrom "valid_from" "O" "the first day of this version of the outcome";
    ValidTo "valid_to" "O" "the last day of this version of the outcome";
    AccreditedFrom "accredited_from" "O" "the first day of accreditation";
    AccreditedTo "accredited_to" "O" "the last day of accreditation";
    Offering "offering" "O" "a period in which the outcome is offered";
    Country "country" "IL" "the country, as two letters";
}

impl Field {
    /// The name that profiles use.
    pub fn name(self) -> &'static str {
        self.text().0
    }

    /// What it means, for people.
    pub fn meaning(self) -> &'static str {
        self.text().2
    }

    /// The field of that name.
    pub fn from_name(name: &str) -> Option<Field> {
        Field::ALL.iter().copied().find(|field| field.name() == name)
    }

    fn text(self) -> (&'static str, &'static str, &'static str) {
        Field::TEXTS[self as usize]
    }
}
