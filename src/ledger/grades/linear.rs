//! By a line: the best grade there is the best here, the lowest pass there the lowest pass here, and in
//! proportion between them.
//!
//! With a target from 1 to 4 this is the *modified Bavarian formula*, x = 1 + 3 (Nmax − Nd) / (Nmax − Nmin).
//! Source: agreement of the German ministers of education (KMK), "Vereinbarung über die Festsetzung der
//! Gesamtnote bei ausländischen Hochschulzugangszeugnissen" of 15.03.1991 as amended on 12.09.2013. The formula was
//! read on the pages of Humboldt-Universität zu Berlin and others, which cite it; that the result is taken to one decimal and
//! not rounded was read in an older copy of the agreement; the text in force was not read.

use super::share::Share;
use super::{Answer, Reading, Silence, Silent};
use crate::domain::grading::{Ends, GradeRounding};
use crate::domain::scale::{Grades, GradingScale, Mark};

/// A scale's grades as points of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Axis<'a> {
    scale: &'a GradingScale,
    /// Grades that are no numbers stand at equal distances.
    equal_steps: bool,
    best: i64,
    pass: i64,
}

/// A linear conversion between two scales, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'a> {
    from: Axis<'a>,
    to: Axis<'a>,
    rounding: GradeRounding,
    is_capped: bool,
}

/// The point of a grade: its number, or its place where grades stand at equal distances.
fn point(scale: &GradingScale, grade: &str, equal_steps: bool) -> Option<i64> {
    match (&scale.grades, equal_steps) {
        (Grades::Listed(listed), true) => {
            listed.iter().position(|known| known == grade).map(|at| at as i64 * 1_000_000)
        }
        (Grades::Listed(listed), false) if !listed.iter().any(|known| known == grade) => None,
        _ => Mark::parse(grade).map(|mark| mark.0),
    }
}

impl<'a> Axis<'a> {
    fn new(
        scale: &'a GradingScale,
        equal_steps: bool,
        best: Option<&str>,
        pass: Option<&str>,
    ) -> Result<Axis<'a>, String> {
        let name = &scale.name;
        let own_best = match &scale.grades {
            Grades::Listed(listed) => listed.last().cloned(),
            Grades::Numbers { bounds, .. } => bounds.map(|bounds| bounds.best.to_string()),
        };
        let equal_steps = equal_steps && !scale.listed().iter().all(|grade| Mark::parse(grade).is_some());
        let best = best.map(str::to_owned).or(own_best).ok_or(format!("scale {name} says no best grade"))?;
        let pass = pass.map(str::to_owned).or_else(|| scale.pass.clone());
        let pass = pass.ok_or(format!("scale {name} says no lowest pass"))?;
        let at = |grade: &str| {
            if let Some(fault) = scale.fault(grade) {
                return Err(fault);
            }
            let why = format!("grade {grade} of {name} is no number, and `equal_steps` is not set");
            point(scale, grade, equal_steps).ok_or(why)
        };
        let axis = Axis { scale, equal_steps, best: at(&best)?, pass: at(&pass)? };
        if scale.compare(&best, &pass) != Some(std::cmp::Ordering::Greater) {
            return Err(format!("on {name} the best grade {best} is not better than the lowest pass {pass}"));
        }
        if axis.best == axis.pass {
            return Err(format!("on {name} the best grade and the lowest pass are one"));
        }
        Ok(axis)
    }

    /// The grades beside an exact point between the lowest pass and the best: worse and better, each with
    /// its point.
    fn beside(&self, exact: Share) -> ((i64, String), (i64, String)) {
        let (less, more) = match &self.scale.grades {
            Grades::Listed(listed) => self.listed_beside(listed, exact),
            Grades::Numbers { bounds, step } => {
                let anchor = bounds.map_or(0, |bounds| bounds.worst.0);
                self.numbers_beside(anchor, step.map_or(1, |step| step.0.max(1)), exact)
            }
        };
        if self.best > self.pass { (less, more) } else { (more, less) }
    }

    /// The listed grades with the nearest points below and above.
    fn listed_beside(&self, listed: &[String], exact: Share) -> ((i64, String), (i64, String)) {
        let (low, high) = (self.best.min(self.pass), self.best.max(self.pass));
        let mut grid: Vec<(i64, String)> = listed
            .iter()
            .filter_map(|grade| Some((point(self.scale, grade, self.equal_steps)?, grade.clone())))
            .filter(|(point, _)| (low..=high).contains(point))
            .collect();
        grid.sort_by_key(|(point, _)| *point);
        let at = |point: &(i64, String)| Share::whole(point.0.into());
        let less = grid.iter().rfind(|point| at(point) <= exact).cloned();
        let more = grid.iter().find(|point| at(point) >= exact).cloned();
        // Both ends are grades, and what is exact lies between them.
        let either = less.clone().or(more.clone()).unwrap_or_default();
        (less.unwrap_or(either.clone()), more.unwrap_or(either))
    }

    /// The multiples of a step, counted from an anchor, below and above.
    fn numbers_beside(&self, anchor: i64, step: i64, exact: Share) -> ((i64, String), (i64, String)) {
        let (low, high) = (self.best.min(self.pass), self.best.max(self.pass));
        let steps = exact.minus(Share::whole(anchor.into()));
        let steps = Share::new(steps.num(), steps.den() * i128::from(step));
        let down = steps.num().div_euclid(steps.den());
        let up = if steps.den() == 1 { down } else { down + 1 };
        let decimals = Mark(step).decimals();
        let grade = |steps: i128| {
            let point = i128::from(anchor) + steps * i128::from(step);
            let point = i64::try_from(point).unwrap_or(high).clamp(low, high);
            (point, Mark(point).with_decimals(decimals))
        };
        (grade(down), grade(up))
    }

    /// A point as people write it.
    fn written(&self, exact: Share) -> String {
        let (num, den) = (exact.num(), exact.den() * 1_000_000);
        let exact = Share::new(num, den);
        let decimal = Share::whole(1_000_000).times(exact);
        if decimal.den() == 1 {
            let mark = i64::try_from(decimal.num()).map(Mark);
            return mark.map_or_else(|_| exact.to_string(), |mark| mark.to_string());
        }
        exact.to_string()
    }
}

/// Checks that a line can be drawn.
///
/// # Errors
/// Says what is missing: a best grade, a lowest pass, numbers, a step of the target.
pub fn line<'a>(
    from: &'a GradingScale,
    to: &'a GradingScale,
    rounding: GradeRounding,
    equal_steps: bool,
    ends: &Ends,
) -> Result<Line<'a>, String> {
    let is_capped = ends.from_best.is_some();
    let from = Axis::new(from, equal_steps, ends.from_best.as_deref(), ends.from_pass.as_deref())?;
    let to = Axis::new(to, equal_steps, ends.to_best.as_deref(), ends.to_pass.as_deref())?;
    if let Grades::Numbers { step: None, .. } = &to.scale.grades {
        let name = &to.scale.name;
        return Err(format!("scale {name} says no step, onto whose multiples results are brought"));
    }
    Ok(Line { from, to, rounding, is_capped })
}

/// What the line says of a grade.
///
/// # Errors
/// Where the grade fails, is none of its scale or is better than the best.
pub fn linear(line: &Line, grade: &str) -> Answer {
    let Line { from, to, rounding, is_capped } = line;
    let point = point(from.scale, grade, from.equal_steps).ok_or_else(|| {
        Silent::new(
            Silence::NotOnScale,
            from.scale.fault(grade).unwrap_or_else(|| format!("{grade} is no number")),
        )
    })?;
    let up = (from.best - from.pass).signum();
    if (point - from.pass) * up < 0 {
        let what = format!("{grade} is below the lowest pass, and the formula is for passing grades");
        return Err(Silent::new(Silence::Failing, what));
    }
    let is_beyond = (point - from.best) * up > 0;
    if is_beyond && !is_capped {
        return Err(Silent::new(
            Silence::NotOnScale,
            format!("{grade} is better than the best of its scale"),
        ));
    }
    let point = if is_beyond { from.best } else { point };
    let whole = |number: i64| Share::whole(number.into());
    let part = Share::new((from.best - point).into(), (from.best - from.pass).into());
    let exact = whole(to.best).plus(whole(to.pass - to.best).times(part));
    let (worse, better) = to.beside(exact);
    let suggested = choose(*rounding, exact, &worse, &better).1.clone();
    let [best, pass, own] = [from.best, from.pass, point].map(|number| from.written(whole(number)));
    let capped = if is_beyond { format!("{grade} counts as {best}; ") } else { String::new() };
    let basis = format!(
        "{capped}{} {} {} × ({best} − {own}) / ({best} − {pass}) = {}, {} {suggested}",
        to.written(whole(to.best)),
        if to.pass < to.best { "−" } else { "+" },
        to.written(whole((to.pass - to.best).abs())),
        to.written(exact),
        rounded(*rounding, worse.0 == better.0),
    );
    Ok(Reading { low: worse.1, suggested, high: better.1, basis })
}

fn rounded(rounding: GradeRounding, is_exact: bool) -> &'static str {
    match rounding {
        _ if is_exact => "which is",
        GradeRounding::Truncate => "cut to",
        GradeRounding::Better => "brought to the better",
        GradeRounding::Worse => "brought to the worse",
        GradeRounding::HalfBetter => "brought to the nearest (the better in the middle)",
        GradeRounding::HalfWorse => "brought to the nearest (the worse in the middle)",
    }
}

fn choose<'p>(
    rounding: GradeRounding,
    exact: Share,
    worse: &'p (i64, String),
    better: &'p (i64, String),
) -> &'p (i64, String) {
    let middle = Share::whole(i128::from(worse.0) + i128::from(better.0)).half();
    let is_less_better = better.0 < worse.0;
    let towards_better = |is_tie: bool| match exact.cmp(&middle) {
        std::cmp::Ordering::Equal => is_tie,
        order => (order == std::cmp::Ordering::Greater) != is_less_better,
    };
    let is_better = match rounding {
        GradeRounding::Better => true,
        GradeRounding::Worse => false,
        GradeRounding::HalfBetter => towards_better(true),
        GradeRounding::HalfWorse => towards_better(false),
        GradeRounding::Truncate => is_less_better != (exact < Share::whole(0)),
    };
    if is_better { better } else { worse }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::domain::scale::Bounds;
    use proptest::prelude::*;

    pub fn numbers(best: &str, worst: &str, pass: &str, step: &str) -> GradingScale {
        let [best, worst] = [best, worst].map(|text| Mark::parse(text).unwrap());
        GradingScale {
            name: format!("{worst}–{best}"),
            version: 1,
            grades: Grades::Numbers { bounds: Some(Bounds { best, worst }), step: Mark::parse(step) },
            pass: Some(pass.into()),
            valid_from: None,
            citation: String::new(),
            verified: false,
        }
    }

    pub fn listed(name: &str, grades: &[&str], pass: &str) -> GradingScale {
        GradingScale {
            name: name.into(),
            grades: Grades::Listed(grades.iter().map(|grade| (*grade).to_owned()).collect()),
            ..numbers("1", "0", pass, "1")
        }
    }

    fn said(from: &GradingScale, to: &GradingScale, rounding: GradeRounding, grade: &str) -> String {
        let line = line(from, to, rounding, true, &Ends::default()).unwrap();
        match linear(&line, grade) {
            Ok(reading) => format!("{} {} {}", reading.low, reading.suggested, reading.high),
            Err(silent) => silent.why.word().to_owned(),
        }
    }

    #[test]
    fn the_bavarian_formula_is_cut_to_one_decimal() {
        let german = numbers("1.0", "5.0", "4.0", "0.1");
        // Serbia, 10 to 6: the example of Humboldt-Universität has the same ends.
        let serbian = numbers("10", "5", "6", "1");
        let italian = numbers("30", "0", "18", "1");
        let cases = [
            (&serbian, "10", "1.0 1.0 1.0"),
            (&serbian, "9", "1.8 1.7 1.7"),
            (&serbian, "8", "2.5 2.5 2.5"),
            (&serbian, "6", "4.0 4.0 4.0"),
            (&serbian, "5", "fails"),
            (&serbian, "11", "not on its scale"),
            (&serbian, "A", "not on its scale"),
            (&italian, "27", "1.8 1.7 1.7"),
            (&italian, "28", "1.5 1.5 1.5"),
            (&italian, "29", "1.3 1.2 1.2"),
        ];
        for (from, grade, expected) in cases {
            assert_eq!(said(from, &german, GradeRounding::Truncate, grade), expected, "{grade}");
        }
        let reading =
            linear(&line(&italian, &german, GradeRounding::Truncate, false, &Ends::default()).unwrap(), "27");
        assert_eq!(reading.unwrap().basis, "1 + 3 × (30 − 27) / (30 − 18) = 1.75, cut to 1.7");
    }

    #[test]
    fn each_rounding_takes_its_side_on_both_directions() {
        use GradeRounding::*;
        let german = listed(
            "German",
            &["5.0", "4.0", "3.7", "3.3", "3.0", "2.7", "2.3", "2.0", "1.7", "1.3", "1.0"],
            "4.0",
        );
        let percent = numbers("100", "0", "50", "1");
        let hundred = numbers("100", "0", "60", "1");
        // 70 of 100 is 2.8: between 3.0 and 2.7. 75 is 2.5, in the middle of 2.7 and 2.3.
        let cases = [
            (Truncate, "70", "3.0 2.7 2.7"),
            (Better, "70", "3.0 2.7 2.7"),
            (Worse, "70", "3.0 3.0 2.7"),
            (HalfBetter, "70", "3.0 2.7 2.7"),
            (HalfBetter, "75", "2.7 2.3 2.3"),
            (HalfWorse, "75", "2.7 2.7 2.3"),
            (HalfWorse, "100", "1.0 1.0 1.0"),
        ];
        for (rounding, grade, expected) in cases {
            assert_eq!(said(&percent, &german, rounding, grade), expected, "{rounding:?} {grade}");
        }
        // 2.5 halves 1.0 and 4.0; 100 − 40 × 0.4333… = 82.666…
        for (rounding, expected) in
            [(Truncate, "82 82 83"), (HalfWorse, "82 83 83"), (Worse, "82 82 83"), (Better, "82 83 83")]
        {
            assert_eq!(said(&german, &hundred, rounding, "2.3"), expected, "{rounding:?}");
        }
    }

    #[test]
    fn words_stand_at_equal_distances_only_where_that_is_said() {
        let words = listed("words", &["fail", "pass", "good", "excellent"], "pass");
        let german = numbers("1.0", "5.0", "4.0", "0.1");
        assert_eq!(said(&words, &german, GradeRounding::Truncate, "good"), "2.5 2.5 2.5");
        let refused = line(&words, &german, GradeRounding::Truncate, false, &Ends::default());
        assert!(refused.unwrap_err().contains("equal_steps"));
    }

    #[test]
    fn a_lower_best_caps_what_lies_above_it() {
        let german = numbers("1.0", "5.0", "4.0", "0.1");
        let percent = numbers("100", "0", "40", "1");
        let ends = Ends { from_best: Some("80".into()), ..Ends::default() };
        let line = line(&percent, &german, GradeRounding::HalfBetter, false, &ends).unwrap();
        let reading = linear(&line, "90").unwrap();
        assert_eq!(reading.suggested, "1.0");
        assert!(reading.basis.starts_with("90 counts as 80; "), "{}", reading.basis);
        assert_eq!(linear(&line, "60").unwrap().suggested, "2.5");
    }

    #[test]
    fn what_no_line_can_be_drawn_through_is_said() {
        let german = numbers("1.0", "5.0", "4.0", "0.1");
        let open = GradingScale { grades: Grades::Numbers { bounds: None, step: None }, ..german.clone() };
        let no_pass = GradingScale { pass: None, ..german.clone() };
        let no_step = GradingScale {
            grades: Grades::Numbers {
                bounds: Some(Bounds { best: Mark(1_000_000), worst: Mark(5_000_000) }),
                step: None,
            },
            ..german.clone()
        };
        let same = numbers("1.0", "5.0", "1.0", "0.1");
        for (from, to, part) in [
            (&open, &german, "no best grade"),
            (&no_pass, &german, "no lowest pass"),
            (&german, &no_step, "no step"),
            (&german, &same, "not better"),
        ] {
            let refused = line(from, to, GradeRounding::Worse, false, &Ends::default()).unwrap_err();
            assert!(refused.contains(part), "{refused}");
        }
    }

    proptest! {
        #[test]
        fn a_better_grade_never_reads_worse(grades in (0i64..=400, 0i64..=400), less in any::<bool>()) {
            use GradeRounding::*;
            let from = if less { numbers("1.0", "6.0", "5.0", "0.01") } else { numbers("5.0", "0.0", "1.0", "0.01") };
            let to = numbers("1.0", "5.0", "4.0", "0.1");
            let point = |steps: i64| if less { 500 - steps } else { 100 + steps };
            let grade = |steps: i64| Mark(point(steps) * 10_000).to_string();
            let (low, high) = (grades.0.min(grades.1), grades.0.max(grades.1));
            for rounding in [Truncate, Better, Worse, HalfBetter, HalfWorse] {
                let line = line(&from, &to, rounding, false, &Ends::default()).unwrap();
                let [worse, better] = [low, high].map(|steps| linear(&line, &grade(steps)).unwrap());
                for (one, other) in [(&worse.suggested, &better.suggested), (&worse.low, &better.low), (&worse.high, &better.high)] {
                    prop_assert!(to.compare(one, other).unwrap() != std::cmp::Ordering::Greater);
                }
                let order = to.compare(&worse.low, &worse.suggested).unwrap();
                prop_assert!(order != std::cmp::Ordering::Greater);
                prop_assert!(to.compare(&worse.suggested, &worse.high).unwrap() != std::cmp::Ordering::Greater);
            }
        }
    }
}
