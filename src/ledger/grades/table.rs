//! By table: the row that names the grade, else the nearest row that it reaches.

use super::{Answer, Reading, Silence, Silent};
use crate::domain::grading::{Source, TableRow};
use crate::domain::scale::GradingScale;

/// What the table says of a grade.
///
/// # Errors
/// Where no row is about it: `Failing` for a grade that fails, `NoRow` for another.
pub fn table(rows: &[TableRow], from: &GradingScale, grade: &str) -> Answer {
    let rank = from.rank(grade);
    let same = |row: &&TableRow| matches!(&row.from, Source::Grade(own) if from.rank(own) == rank);
    let reached = |row: &&TableRow| matches!(&row.from, Source::AtLeast(own) if from.rank(own) <= rank);
    let height = |row: &&TableRow| match &row.from {
        Source::Grade(own) | Source::AtLeast(own) => from.rank(own),
    };
    let found = rows.iter().find(same).or_else(|| rows.iter().filter(reached).max_by_key(height));
    let Some(row) = found else {
        return Err(match from.passes(grade) {
            Some(false) => Silent::new(
                Silence::Failing,
                format!("{grade} fails on {}, and the table has no row for it", from.name),
            ),
            _ => Silent::new(Silence::NoRow, format!("the table has no row for {grade}")),
        });
    };
    let basis = match &row.from {
        Source::Grade(own) => format!("the row of {own}"),
        Source::AtLeast(own) => format!("the row of {own} and better"),
    };
    let TableRow { low, suggested, high, .. } = row.clone();
    Ok(Reading { low, suggested, high, basis })
}

#[cfg(test)]
mod tests {
    use super::super::linear::tests::numbers;
    use super::*;

    #[test]
    fn a_row_of_its_own_comes_before_the_nearest_that_is_reached() {
        let row = |from, grade: &str| TableRow {
            from,
            low: grade.into(),
            suggested: grade.into(),
            high: grade.into(),
        };
        let percent = numbers("100", "0", "40", "1");
        let rows = [
            row(Source::AtLeast("70".into()), "First"),
            row(Source::AtLeast("40".into()), "Third"),
            row(Source::AtLeast("60".into()), "Upper Second"),
            row(Source::Grade("69".into()), "Border"),
        ];
        let cases = [
            ("100", Ok("First")),
            ("70", Ok("First")),
            ("69.9", Ok("Upper Second")),
            ("69", Ok("Border")),
            ("69,0", Ok("Border")),
            ("60", Ok("Upper Second")),
            ("59", Ok("Third")),
            ("40", Ok("Third")),
            ("39", Err(Silence::Failing)),
        ];
        for (grade, expected) in cases {
            let answer = table(&rows, &percent, grade);
            let said = answer.as_ref().map(|reading| reading.suggested.as_str()).map_err(|silent| silent.why);
            assert_eq!(said, expected, "{grade}");
        }
        assert_eq!(table(&rows[..1], &percent, "50").unwrap_err().why, Silence::NoRow);
        let german = numbers("1.0", "5.0", "4.0", "0.1");
        let rows = [row(Source::AtLeast("1.5".into()), "A"), row(Source::AtLeast("4.0".into()), "B")];
        for (grade, expected) in [("1.0", "A"), ("1.5", "A"), ("1.6", "B"), ("4.0", "B")] {
            assert_eq!(table(&rows, &german, grade).unwrap().suggested, expected, "{grade}");
        }
    }
}
