//! The numbered faults of rule books. R10x are faults of the file, R11x of a rule's sides, R12x of its
//! arithmetic, R13x of its dates, R14x of its conditions, R15x of grading scales, R16x of tables, R17x of
//! priorities and caps, R2xx of what a rule refers to. A number is never given a second meaning.

macro_rules! checks {
    ($($name:ident $code:literal $summary:literal $remedy:literal;)*) => {
        /// A numbered fault of a rule book.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Check {
            $(#[doc = $summary] $name,)*
        }

        impl Check {
            /// Every check, in the order of the codes.
            pub const ALL: &'static [Check] = &[$(Check::$name),*];

            /// What is said of each check, in the order of [`Check::ALL`].
            const TEXTS: &'static [(&'static str, &'static str, &'static str)] =
                &[$(($code, $summary, $remedy)),*];
        }
    };
}

checks! {
    Toml "R101" "the file is not TOML" "correct it";
    UnknownKey "R102" "a key or a column is not known" "remove it or correct its spelling";
    WrongSort "R103" "a value is of another sort than its key takes" "write it as docs/rule-books.md shows";
    MissingId "R104" "a rule has no id" "give it an id that no other rule of the book has";
    DuplicateId "R105" "two rules have the same id" "give each rule its own id";
    BadText "R106" "a value is too long or holds control characters" "correct the value";
    EmptyBook "R107" "the book has no rules" "add a [[rule]], or a row";
    BadBookName "R108" "the book has no name, or a bad one" "name it with 1 to 40 of a–z, 0–9 and -";
    SideMissing "R111" "a rule lacks a side" "say what it converts from and to: a system, or an institution and its outcome";
    SideMixed "R112" "a side names a system and an outcome" "keep one of them";
    SideIncomplete "R113" "a side names an institution or an outcome alone" "name both the institution and its outcome";
    SidesDiffer "R114" "the sides are of different sorts" "credit of a system converts into a system or a category, outcomes into anything";
    SameSystem "R115" "both sides are the same system" "remove the rule or correct a side";
    SystemTwice "R116" "the resulting system is not the target system" "leave `system` empty";
    RequirementUnread "R117" "what is required cannot be read" "divide codes by & (all of them) and | (one of them), or write 2 of (A, B, C); put a code with such a sign between apostrophes";
    ReceivedUnread "R118" "what is received cannot be read" "divide codes by &, each with its part where it has one: X101 = 3 & X102 = 1";
    WorthMissing "R121" "a rule does not say what results" "give it a ratio such as \"1/2\", credits, parts of credit for its outcomes, or deny";
    WorthTwice "R122" "a rule says in two ways what results" "keep one of ratio, credits and deny";
    BadRatio "R123" "a ratio is not a positive fraction" "write a fraction of whole numbers such as \"2/3\", or original";
    CreditsForSystem "R124" "a rule between systems has fixed credits" "give it a ratio instead";
    BadAmount "R125" "an amount is not a decimal number" "write digits and at most three decimals, such as \"2.5\"";
    BadStep "R126" "a step is not an amount above 0 and up to 1000" "write the step such as \"0.5\"";
    UnknownRounding "R127" "a rounding mode is not known" "write down, half-up, half-even or up";
    BadRange "R128" "a range of credit does not hold what counts" "give credits_low, credits and credits_high in ascending order";
    PartsDiffer "R129" "the parts of the receiving outcomes are not the rule's credits" "correct the parts or the credits";
    BadDate "R131" "a date is not a day of the calendar" "write it as YYYY-MM-DD";
    DatesReversed "R132" "a first day lies after its last day" "exchange or correct them";
    GradeWithoutScale "R141" "a lowest grade has no scale, or a scale no lowest grade" "give both `min_grade` and `scale`";
    GradeNotOnScale "R142" "a lowest grade is not on its scale" "write a grade of the scale";
    LevelWithoutFramework "R143" "a lowest level has no framework, or a framework no lowest level" "give both `min_level` and `framework`";
    UnknownKind "R144" "a kind of learning is not known" "write formal, non-formal or informal";
    ScoresReversed "R145" "a lowest score lies above the highest" "exchange or correct them";
    BadAge "R146" "an age is not a number of years or months" "write it such as \"5 years\" or \"18 months\"";
    BadFlag "R147" "a value is neither true nor false" "write true or false";
    BadAttributes "R148" "conditions on attributes cannot be read" "write them such as \"region = North | South; sector = public\"";
    ScaleUnnamed "R151" "a scale has no name" "give it a name";
    ScaleTwice "R152" "a scale is defined twice" "remove one of them";
    ScaleGrades "R153" "a scale has neither grades nor numeric = true, or both" "list its grades from worst to best, or write numeric = true";
    GradeTwice "R154" "a scale has a grade twice" "remove one of them";
    PassNotOnScale "R155" "a scale's pass is none of its grades" "write a grade of the scale";
    Unreadable "R161" "the file cannot be read as a table" "save it as CSV in UTF-8, divided by commas";
    ColumnMissing "R162" "a column that every book needs is missing" "add it to the header";
    ColumnTwice "R163" "the header names a column twice" "remove one of them";
    RowShape "R164" "a row has more or fewer fields than the header" "look for a missing or a stray comma; quote values that contain it";
    BadPriority "R171" "a priority is not a whole number from 0 to 999" "write 0 for what comes first";
    CapUnnamed "R172" "a cap has no name, or a bad one" "name it with 1 to 40 of a–z, 0–9 and -";
    CapTwice "R173" "a cap is defined twice" "remove one of them";
    CapUnbounded "R174" "a cap lacks its credits or their system" "say how many credits of which system it lets through";
    CapUnknown "R175" "a rule names a cap that the book does not define" "define it with [[cap]], or in a row with its name under `cap`";
    CapStray "R176" "a cap says what only a rule says" "remove the value";
    AgreementShape "R181" "a file of agreements is not of its form" "look at docs/rule-books.md for the forms that are read";
    CourseUnread "R182" "the courses of an agreement cannot be read" "write each as CODE (units), divided by ;";
    SystemUnknown "R201" "a credit system is not in the bank" "correct the code, or add the system first";
    InstitutionUnknown "R202" "an institution is not in the bank" "correct the code, or register the institution first";
    NoSystem "R204" "the receiving outcome's credit system is not known" "give `system` to the rule's `to`";
    FrameworkUnknown "R205" "a framework of levels is not in the bank" "correct the code, or add the framework first";
    LevelUnknown "R206" "a level is not in its framework" "write a level as the framework does";
    ScaleUnknown "R207" "a grading scale is neither in the bank nor in the file" "correct its name, or define it with [[scale]]";
    ScaleDiffers "R208" "a scale is defined otherwise in the bank" "use the bank's scale, or give this one another name";
}

impl Check {
    fn texts(self) -> (&'static str, &'static str, &'static str) {
        Check::TEXTS[self as usize]
    }

    /// The stable code.
    pub fn code(self) -> &'static str {
        self.texts().0
    }

    /// What is wrong, in general.
    pub fn summary(self) -> &'static str {
        self.texts().1
    }

    /// What puts it right.
    pub fn remedy(self) -> &'static str {
        self.texts().2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_ascend() {
        assert!(Check::ALL.windows(2).all(|pair| pair[0].code() < pair[1].code()));
    }
}
