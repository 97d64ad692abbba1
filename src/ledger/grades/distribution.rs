//! By distribution: which share of all passing grades is worse, here and there.
//!
//! Sources: ECTS Users' Guide 2015, pp. 39–41 (read in the excerpts of Egracons' introduction to grading tables): tables of
//! passing grades by field of study, of at least two years; where ranges overlap, whoever receives decides
//! beforehand for the lowest, the middle or the highest grade (read on the Commission's page "Grade conversion"). That the grade
//! with the largest overlap is suggested, and the better of two equals, is this program's own convention.

use super::share::Share;
use super::{Answer, Reading, Silence, Silent};
use crate::domain::grading::Choice;
use crate::domain::scale::GradingScale;
use std::collections::BTreeMap;

/// The passing grades of a group, the worst first, and how often each was given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counted {
    /// What was counted, for the basis: `HSS 0613 first 2022–2024`.
    pub group: String,
    /// By the grade's rank on its scale: as written, and its number.
    grades: BTreeMap<i64, (String, i64)>,
}

impl Counted {
    /// Nothing yet.
    pub fn new(group: impl Into<String>) -> Counted {
        Counted { group: group.into(), grades: BTreeMap::new() }
    }

    /// Adds the numbers of one grading table; what fails or is none of the scale is left out.
    pub fn add(&mut self, scale: &GradingScale, counts: &[(String, i64)]) {
        for (grade, count) in counts {
            let (Some(rank), Some(true)) = (scale.rank(grade), scale.passes(grade)) else { continue };
            let entry = self.grades.entry(rank).or_insert_with(|| (grade.clone(), 0));
            entry.1 += count;
        }
    }

    /// How many grades there are.
    pub fn total(&self) -> i64 {
        self.grades.values().map(|(_, count)| count).sum()
    }
}

/// The part of all passing grades that one grade takes, counted from the worst.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Band {
    /// The grade.
    pub grade: String,
    /// Its number.
    pub count: i64,
    /// The share of grades that are worse.
    pub from: Share,
    /// That share and its own.
    pub to: Share,
}

/// The bands of all grades, the worst first.
pub fn bands(counted: &Counted) -> Vec<Band> {
    let total = i128::from(counted.total());
    let mut worse = 0;
    let band = |(grade, count): &(String, i64)| {
        let from = Share::new(worse, total);
        worse += i128::from(*count);
        Band { grade: grade.clone(), count: *count, from, to: Share::new(worse, total) }
    };
    counted.grades.values().map(band).collect()
}

/// The band of a grade; one that nobody got is a point.
fn band_of(counted: &Counted, scale: &GradingScale, grade: &str) -> Band {
    let rank = scale.rank(grade).unwrap_or_default();
    let total = i128::from(counted.total());
    let worse: i64 = counted.grades.range(..rank).map(|(_, (_, count))| count).sum();
    let own = counted.grades.get(&rank).map_or(0, |(_, count)| *count);
    let (from, to) = (Share::new(worse.into(), total), Share::new((worse + own).into(), total));
    Band { grade: grade.to_owned(), count: own, from, to }
}

/// A target grade and what it shares with the source's band.
type Overlap<'b> = (&'b Band, Share);

/// What the two distributions say of a grade.
///
/// # Errors
/// `Failing` where it does not pass; `TooFew` where either side has fewer than `minimum` grades.
pub fn distribution(
    (source, from): (&Counted, &GradingScale),
    (target, _to): (&Counted, &GradingScale),
    grade: &str,
    (choice, minimum): (Choice, i64),
) -> Answer {
    if from.passes(grade) != Some(true) {
        let what = format!("{grade} does not pass on {}, and only passing grades are counted", from.name);
        return Err(Silent::new(Silence::Failing, what));
    }
    for side in [source, target] {
        if side.total() < minimum.max(1) {
            let what = format!("{} has {} grades, fewer than {minimum}", side.group, side.total());
            return Err(Silent::new(Silence::TooFew, what));
        }
    }
    let own = band_of(source, from, grade);
    let all: Vec<Band> = bands(target).into_iter().filter(|band| band.count > 0).collect();
    let overlaps = overlapping(&own, &all);
    let (Some((low, _)), Some((high, _))) = (overlaps.first(), overlaps.last()) else {
        return Err(Silent::new(Silence::NoTable, format!("{} has no grades", target.group)));
    };
    let suggested = choose(choice, &own, &overlaps).unwrap_or(high);
    Ok(Reading {
        low: low.grade.clone(),
        suggested: suggested.grade.clone(),
        high: high.grade.clone(),
        basis: basis(source, target, &own, &overlaps, choice),
    })
}

/// The grades whose bands share something with a band, or touch a point; the worst first.
fn overlapping<'b>(own: &Band, all: &'b [Band]) -> Vec<Overlap<'b>> {
    let shared = |band: &'b Band| (band, own.to.min(band.to).minus(own.from.max(band.from)));
    let is_point = own.from == own.to;
    let nothing = Share::whole(0);
    let touches = |(_, shared): &Overlap| *shared > nothing || is_point && *shared == nothing;
    all.iter().map(shared).filter(touches).collect()
}

fn choose<'b>(choice: Choice, own: &Band, overlaps: &[Overlap<'b>]) -> Option<&'b Band> {
    let bands = || overlaps.iter().map(|(band, _)| *band);
    match choice {
        Choice::Lowest => bands().next(),
        Choice::Highest => bands().next_back(),
        // The last of equals is the better.
        Choice::Largest => overlaps.iter().max_by_key(|(_, shared)| *shared).map(|(band, _)| *band),
        Choice::Middle => {
            let middle = own.from.plus(own.to).half();
            bands().rfind(|band| band.from <= middle && middle <= band.to)
        }
    }
}

fn basis(source: &Counted, target: &Counted, own: &Band, overlaps: &[Overlap], choice: Choice) -> String {
    let whole = own.to.minus(own.from);
    let part = |(band, shared): &Overlap| match whole.num() {
        0 => band.grade.clone(),
        _ => format!(
            "{} {}",
            band.grade,
            Share::new(shared.num() * whole.den(), shared.den() * whole.num()).percent()
        ),
    };
    let parts: Vec<String> = overlaps.iter().map(part).collect();
    format!(
        "{} takes {} to {} of {} grades ({}); there in {} grades ({}): {}; {}",
        own.grade,
        own.from.percent(),
        own.to.percent(),
        source.total(),
        source.group,
        target.total(),
        target.group,
        parts.join(", "),
        match choice {
            Choice::Largest => "the largest share",
            Choice::Lowest => "the lowest",
            Choice::Middle => "the middle",
            Choice::Highest => "the highest",
        }
    )
}

#[cfg(test)]
mod tests {
    use super::super::linear::tests::{listed, numbers};
    use super::*;
    use proptest::prelude::*;

    fn counted(scale: &GradingScale, counts: &[(&str, i64)]) -> Counted {
        let mut counted = Counted::new("group");
        let counts: Vec<(String, i64)> =
            counts.iter().map(|(grade, count)| ((*grade).to_owned(), *count)).collect();
        counted.add(scale, &counts);
        counted
    }

    #[test]
    fn bands_are_laid_over_bands() {
        use Choice::*;
        let here = listed("here", &["F", "E", "D", "C", "B", "A"], "E");
        let there = listed("there", &["fail", "pass", "good", "excellent"], "pass");
        let source = counted(&here, &[("E", 10), ("D", 20), ("C", 40), ("B", 20), ("A", 10), ("F", 99)]);
        // Bands there: pass 0–30, good 30–80, excellent 80–100.
        let target = counted(&there, &[("pass", 30), ("good", 50), ("excellent", 20)]);
        assert_eq!((source.total(), target.total()), (100, 100));
        let cases = [
            ("E", Largest, Ok("pass pass pass")),
            ("D", Largest, Ok("pass pass pass")),
            ("C", Largest, Ok("good good good")),
            // B is 70–90: half of it in either.
            ("B", Largest, Ok("good excellent excellent")),
            ("B", Lowest, Ok("good good excellent")),
            ("B", Highest, Ok("good excellent excellent")),
            ("B", Middle, Ok("good excellent excellent")),
            ("A", Largest, Ok("excellent excellent excellent")),
            ("F", Largest, Err(Silence::Failing)),
            ("X", Largest, Err(Silence::Failing)),
        ];
        for (grade, choice, expected) in cases {
            let answer = distribution((&source, &here), (&target, &there), grade, (choice, 100));
            let said = answer.map(|r| format!("{} {} {}", r.low, r.suggested, r.high)).map_err(|s| s.why);
            assert_eq!(said.as_deref().map_err(|why| *why), expected, "{grade} {choice:?}");
        }
        let few = distribution((&source, &here), (&target, &there), "B", (Largest, 101)).unwrap_err();
        assert_eq!((few.why, few.what.as_str()), (Silence::TooFew, "group has 100 grades, fewer than 101"));
        let basis = distribution((&source, &here), (&target, &there), "B", (Lowest, 1)).unwrap().basis;
        assert_eq!(
            basis,
            "B takes 70 % to 90 % of 100 grades (group); there in 100 grades (group): good 50 %, excellent 50 %; \
             the lowest"
        );
    }

    #[test]
    fn a_grade_that_nobody_got_is_a_point() {
        let here = numbers("10", "0", "5", "1");
        let there = listed("there", &["fail", "pass", "good"], "pass");
        let source = counted(&here, &[("5", 50), ("8", 50)]);
        let halves = counted(&there, &[("pass", 50), ("good", 50)]);
        let reading = distribution((&source, &here), (&halves, &there), "7", (Choice::Largest, 1)).unwrap();
        assert_eq!((reading.low.as_str(), reading.suggested.as_str()), ("pass", "good"));
        let uneven = counted(&there, &[("pass", 60), ("good", 40)]);
        let reading = distribution((&source, &here), (&uneven, &there), "7", (Choice::Largest, 1)).unwrap();
        assert_eq!((reading.low.as_str(), reading.high.as_str()), ("pass", "pass"));
        // What nobody got there is no grade to suggest.
        let gap = counted(&there, &[("pass", 0), ("good", 40)]);
        let reading = distribution((&source, &here), (&gap, &there), "5", (Choice::Lowest, 1)).unwrap();
        assert_eq!(reading.low, "good");
    }

    proptest! {
        #[test]
        fn shares_add_up_and_order_is_kept(
            here in prop::collection::vec(0i64..500, 5),
            there in prop::collection::vec(0i64..500, 5),
        ) {
            use Choice::*;
            prop_assume!(here.iter().sum::<i64>() > 0 && there.iter().sum::<i64>() > 0);
            let names = ["1", "2", "3", "4", "5"];
            let scale = listed("s", &names, "1");
            let pairs = |counts: &[i64]| names.iter().copied().zip(counts.iter().copied()).collect::<Vec<_>>();
            let (source, target) = (counted(&scale, &pairs(&here)), counted(&scale, &pairs(&there)));
            let all: Vec<Band> = bands(&target).into_iter().filter(|band| band.count > 0).collect();
            for band in bands(&source).iter().filter(|band| band.count > 0) {
                let sum = overlapping(band, &all).iter().fold(Share::whole(0), |sum, (_, shared)| sum.plus(*shared));
                prop_assert_eq!(sum, band.to.minus(band.from));
            }
            for choice in [Largest, Lowest, Middle, Highest] {
                let mut before: Option<Reading> = None;
                for grade in names {
                    let reading =
                        distribution((&source, &scale), (&target, &scale), grade, (choice, 1)).unwrap();
                    let rank = |grade: &str| scale.rank(grade).unwrap();
                    prop_assert!(rank(&reading.low) <= rank(&reading.suggested));
                    prop_assert!(rank(&reading.suggested) <= rank(&reading.high));
                    if let Some(before) = &before {
                        prop_assert!(rank(&before.low) <= rank(&reading.low));
                        prop_assert!(rank(&before.high) <= rank(&reading.high));
                    }
                    before = Some(reading);
                }
            }
        }

        #[test]
        fn against_itself_a_grade_stays_what_it_is(counts in prop::collection::vec(1i64..500, 5)) {
            let names = ["1", "2", "3", "4", "5"];
            let scale = listed("s", &names, "1");
            let pairs: Vec<(&str, i64)> = names.iter().copied().zip(counts).collect();
            let counted = counted(&scale, &pairs);
            for grade in names {
                let reading = distribution((&counted, &scale), (&counted, &scale), grade, (Choice::Largest, 1)).unwrap();
                prop_assert_eq!((reading.low.as_str(), reading.high.as_str()), (grade, grade));
            }
        }
    }
}
