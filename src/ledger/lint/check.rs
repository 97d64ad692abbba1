//! The named checks of rule books. L1xx are about what a rule refers to and whether it is used, L2xx about what
//! it gives, L3xx about rules beside each other, L4xx about rules after each other. A number is never given a
//! second meaning.

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; the book may mean it so.
    Notice,
    /// Probably not what was meant.
    Warning,
    /// Wrong.
    Error,
}

impl Severity {
    /// All, the mildest first.
    pub const ALL: [Severity; 3] = [Severity::Notice, Severity::Warning, Severity::Error];

    /// The word for it.
    pub fn name(self) -> &'static str {
        ["notice", "warning", "error"][self as usize]
    }
}

macro_rules! checks {
    ($($name:ident $code:literal $word:literal $severity:ident $what:literal $remedy:literal;)*) => {
        /// A named check.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Check {
            $(#[doc = $what] $name,)*
        }

        impl Check {
            /// All, by code.
            pub const ALL: &'static [Check] = &[$(Check::$name),*];

            const TEXTS: &'static [(&'static str, &'static str, Severity, &'static str, &'static str)] =
                &[$(($code, $word, Severity::$severity, $what, $remedy)),*];
        }
    };
}

checks! {
    DeadReference "L101" "dead-reference" Error
        "The rule names, by its code, a sending or a receiving outcome that the catalogue does not have; or a pattern that no outcome of the catalogue fits."
        "correct the code, enter the outcome in the catalogue, or close the rule with valid_to";
    InactiveOutcome "L102" "inactive-outcome" Warning
        "Every version of a receiving outcome ended before the day; or every version of a sending outcome did, and the rule has no taken_to. Denials are left out."
        "name the outcome that took its place; for a sending outcome that is over, say with taken_to until when it counts";
    WaitsForApproval "L111" "waits-for-approval" Warning
        "One of sender_approval and receiver_approval is given and the other is not: the rule is not used until both are. Rules that wait are not compared with others."
        "get the other side's approval and write it down, or take the rule out";
    Expired "L112" "expired" Notice
        "The rule's valid_to lies before the day. No other check looks at it."
        "nothing, where it is kept as a record; a later version of the book may leave it out";
    NoCredit "L201" "no-credit" Warning
        "What results is nothing: the fixed amount or `most` is 0; or for every alternative a ratio makes 0 of every amount that the catalogue has for it, after rounding; or the `original` is asked for, and for every alternative the catalogue has no credits, or credits of another system than the rule's."
        "give an amount; where it is meant not to convert, say so with deny";
    RangeAsNumber "L202" "range-as-number" Error
        "The fixed amount is a whole number whose digits, divided in two, are a lower and a higher number (36 as 3 to 6, 1012 as 10 to 12) between which lies what the catalogue gives, in the same credit system, for the sending or the receiving outcomes together; and the amount is more than all that it gives for either."
        "write the range as credits_low and credits_high, and as credits what counts";
    LevelInflation "L203" "level-inflation" Warning
        "For an alternative of which the catalogue knows the level of every outcome, each receiving outcome stands at a higher level of the same framework than the highest of them, by their newest versions."
        "name a receiving outcome of that level, or a category of credit";
    RoundingGain "L204" "rounding-gain" Warning
        "The rule rounds half-up, half-even or up, and some amount gives more than the exact product: of the sending outcome where the catalogue has its amounts, any amount where it does not and for a credit system."
        "round down, or choose a step of which all products are multiples";
    CapNeverBinds "L205" "cap-never-binds" Notice
        "A cap, or a rule's `most`, is not below the most that a learner can get under it: every rule that it counts takes outcomes by their codes, each of which is known to count once, and what these give adds up to no more. A cap that counts no rule is one."
        "lower it, name it in the rules that it is meant for, or take it out";
    Unreachable "L301" "unreachable" Warning
        "No achievement can ever meet the rule's own conditions: of every alternative, some outcome has no version between taken_from and taken_to, or has in every version a level of the framework below min_level, or hours below min_hours; or taken_from lies after valid_to; or what was achieved by taken_to is older than max_age on valid_from."
        "correct the dates or the condition";
    Shadowed "L302" "shadowed" Warning
        "The rule can never be chosen: another rule of an earlier priority at the same receiver, or of the same priority for the same outcomes, takes whatever it takes, under conditions that are met whenever its own are, with no `most` and no cap that does not count it too, and gives at least as much of the same system (of an earlier priority, any fixed amount above 0); or a denial of an earlier priority closes all of it."
        "take the rule out, or give it the earlier priority, or conditions or an amount that set it apart";
    Duplicate "L303" "duplicate" Warning
        "Another rule says the same in everything but its id, authority, reference and approvals. Reported of the later rule."
        "take one of them out";
    Contradiction "L304" "contradiction" Error
        "Two rules of one priority say of the same that it gives different fixed amounts, under the same conditions; or one gives what the other denies, where the denial covers all of it, or the conditions of the two overlap and neither is the narrower. Reported of the later rule."
        "keep the one that was decided, or part their conditions";
    Overlap "L305" "overlap" Notice
        "Two rules of one priority take the same at the same receiver, some achievement meets both, and neither is the stricter: their conditions overlap in part, or are the same and the receiving outcomes are not. The better for the learner is chosen. Reported of the later rule."
        "part their conditions, or give them different priorities, where the choice is not meant to be free";
    TierGap "L306" "tier-gap" Warning
        "Of rules that differ in their scores, receiving outcomes or amounts alone, none takes the scores between one tier and the next: whole numbers where all limits of the tiers are, else steps that divide them all. Reported of the upper tier."
        "close the gap, or deny what lies in it";
    TierOverlap "L307" "tier-overlap" Warning
        "Of rules that differ in their scores, receiving outcomes or amounts alone, and give credit under the same priority, a tier begins at or below the highest score of the one before and ends above it. Reported of the upper tier."
        "let each tier begin above the one before";
    Cycle "L401" "cycle" Notice
        "Two rules in force at the same time lead from an outcome to another and back, or from a credit system to another and back, and what comes back is less than the original, or cannot be compared with it. Reported of the later rule. Where the same comes back, the two are an equivalence."
        "make the two agree, if they are meant to be an equivalence";
    RoundTripGain "L402" "round-trip-gain" Warning
        "If a placement could be placed on, going round by rules in force at the same time would give more than the original: two rules between outcomes, by the newest amounts of the catalogue, or two to five between credit systems, by their ratios, or by rounding for an amount up to 20. The bank never places placed credit; others who use the book may. Reported of the latest rule."
        "make the product of the ratios at most 1 and round down; give for an outcome no more than it has";
}

impl Check {
    fn texts(self) -> (&'static str, &'static str, Severity, &'static str, &'static str) {
        Check::TEXTS[self as usize]
    }

    /// The stable code.
    pub fn code(self) -> &'static str {
        self.texts().0
    }

    /// Its name in words.
    pub fn word(self) -> &'static str {
        self.texts().1
    }

    /// How bad a finding is.
    pub fn severity(self) -> Severity {
        self.texts().2
    }

    /// What it finds, exactly.
    pub fn definition(self) -> &'static str {
        self.texts().3
    }

    /// What puts it right.
    pub fn remedy(self) -> &'static str {
        self.texts().4
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_ascend_and_words_are_unique() {
        assert!(Check::ALL.windows(2).all(|pair| pair[0].code() < pair[1].code()));
        let words: BTreeSet<&str> = Check::ALL.iter().map(|check| check.word()).collect();
        assert_eq!(words.len(), Check::ALL.len());
    }
}
