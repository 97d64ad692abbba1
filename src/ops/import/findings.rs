//! What an import finds: listed up to a limit, and counted in full.

use crate::intake::rules::{Problem, Rule, Severity};
use std::collections::BTreeMap;

/// Findings of each severity that are listed where nothing else is asked for.
pub const LISTED: usize = 100;

/// A finding and the file in which it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Position of the file in the import.
    pub file: usize,
    /// What was found.
    pub problem: Problem,
}

/// Findings by file and line. Each severity has its own limit, so that no crowd of warnings hides an
/// error; what lies beyond the limit is counted all the same.
#[derive(Debug, Clone)]
pub struct Findings {
    limit: usize,
    lists: [Vec<Finding>; 3],
    counts: BTreeMap<(Rule, Severity), u64>,
    warned: u64,
}

impl Default for Findings {
    fn default() -> Findings {
        Findings::new(LISTED)
    }
}

impl Findings {
    /// No findings; at most `limit` of each severity will be listed.
    pub fn new(limit: usize) -> Findings {
        Findings { limit, lists: Default::default(), counts: BTreeMap::new(), warned: 0 }
    }

    /// Adds what was found about one row.
    pub fn add(&mut self, file: usize, problems: &[Problem]) {
        for problem in problems {
            *self.counts.entry((problem.rule, problem.severity)).or_default() += 1;
            let list = &mut self.lists[problem.severity as usize];
            if list.len() < self.limit {
                list.push(Finding { file, problem: problem.clone() });
            }
        }
        self.warned += u64::from(problems.iter().any(|problem| problem.severity == Severity::Warning));
    }

    /// Adds findings of another reading of the same files.
    pub fn merge(&mut self, other: Findings) {
        for (mine, theirs) in self.lists.iter_mut().zip(other.lists) {
            mine.extend(theirs);
            mine.sort_by_key(Finding::place);
            mine.truncate(self.limit.max(other.limit));
        }
        for (rule, times) in other.counts {
            *self.counts.entry(rule).or_default() += times;
        }
        self.warned += other.warned;
    }

    /// What is listed, by file and line.
    pub fn listed(&self) -> Vec<&Finding> {
        let mut all: Vec<&Finding> = self.lists.iter().flatten().collect();
        all.sort_by_key(|finding| finding.place());
        all
    }

    /// The errors listed, by file and line.
    pub fn errors(&self) -> &[Finding] {
        &self.lists[Severity::Error as usize]
    }

    /// The warnings listed, by file and line.
    pub fn warnings(&self) -> &[Finding] {
        &self.lists[Severity::Warning as usize]
    }

    /// Counts what is told of many rows at once, and listed of none.
    pub fn count(&mut self, rule: Rule, times: u64) {
        if times > 0 {
            *self.counts.entry((rule, rule.severity())).or_default() += times;
        }
    }

    /// How often each rule was broken, by the rule's number, and with what severity.
    pub fn counts(&self) -> impl Iterator<Item = (Rule, Severity, u64)> {
        self.counts.iter().map(|((rule, severity), times)| (*rule, *severity, *times))
    }

    /// How many findings of a severity there are, listed or not.
    pub fn total(&self, severity: Severity) -> u64 {
        self.counts().filter(|count| count.1 == severity).map(|count| count.2).sum()
    }

    /// How many errors and warnings are not listed.
    pub fn hidden(&self) -> u64 {
        let listed = (self.errors().len() + self.warnings().len()) as u64;
        self.total(Severity::Error) + self.total(Severity::Warning) - listed
    }

    /// Rows with a warning.
    pub fn warned(&self) -> u64 {
        self.warned
    }
}

impl Finding {
    fn place(&self) -> (usize, u64) {
        (self.file, self.problem.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(rule: Rule, line: u64) -> Problem {
        Problem::new(rule, line, None, "", "")
    }

    #[test]
    fn findings_are_sorted_and_limited_by_severity_and_counted_in_full() {
        let mut findings = Findings::new(2);
        for line in [2, 3, 9] {
            findings.add(0, &[problem(Rule::DateInFuture, line), problem(Rule::RowShape, line)]);
        }
        let mut later = Findings::new(2);
        later.add(0, &[problem(Rule::Conflict, 1)]);
        later.add(1, &[problem(Rule::Conflict, 1)]);
        findings.merge(later);
        let listed: Vec<_> =
            findings.listed().iter().map(|f| (f.file, f.problem.line, f.problem.rule.code())).collect();
        assert_eq!(listed, [(0, 1, "E403"), (0, 2, "E101"), (0, 2, "W241"), (0, 3, "W241")]);
        assert_eq!(findings.total(Severity::Error), 5);
        assert_eq!((findings.total(Severity::Warning), findings.warned(), findings.hidden()), (3, 3, 4));
        let counts: Vec<_> = findings.counts().map(|(rule, _, times)| (rule.code(), times)).collect();
        assert_eq!(counts, [("E101", 3), ("E403", 2), ("W241", 3)]);
    }
}
