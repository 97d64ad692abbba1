//! Makes a large rule book, its catalogue, and the list of what is wrong with it, the same for the same arguments.
//!
//! ```sh
//! cargo run --release --example rules -- --rules 1300000 --out target/rules
//! ```
//!
//! Its shape is that of a university of many colleges: every course of each may be offered to every other, under
//! different rules at different times; 5 % of the rules ask for several courses, 10 % for one of several; and 4 %
//! are broken by construction, in every way that `rule lint` names. `planted.csv` says which, and how.

mod catalogue;
mod faults;

use catalogue::{Catalogue, mix};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

const HEADER: &str = "id,from_institution,from_outcome,to_institution,to_outcome,system,ratio,credits,deny,rounding,\
    step,priority,most,min_grade,scale,min_score,max_score,framework,min_level,valid_from,valid_to,taken_from,taken_to,\
    reference,sender_approval,receiver_approval,cap";

/// Days on which a new edition of a rule begins, and the days before them.
const EDITIONS: [&[(&str, &str)]; 3] = [
    &[("2015-08-31", "2015-09-01")],
    &[("2010-08-31", "2010-09-01"), ("2018-08-31", "2018-09-01")],
    &[("2008-08-31", "2008-09-01"), ("2013-08-31", "2013-09-01"), ("2019-08-31", "2019-09-01")],
];

/// A row of the table; what is empty is not said.
#[derive(Default, Clone)]
struct Row {
    from: (String, String),
    to: (String, String),
    ratio: &'static str,
    credits: String,
    deny: &'static str,
    rounding: &'static str,
    step: &'static str,
    priority: &'static str,
    most: String,
    min_grade: &'static str,
    score: (&'static str, &'static str),
    min_level: &'static str,
    valid: (&'static str, &'static str),
    taken: (&'static str, &'static str),
    sender_approval: &'static str,
    receiver_approval: &'static str,
}

/// The book in the making.
struct Book {
    catalogue: Catalogue,
    /// Courses that are already offered to a college.
    used: Vec<bool>,
    rules: BufWriter<File>,
    planted: BufWriter<File>,
    count: u64,
    wanted: u64,
}

impl Book {
    /// Where a course is offered to a college.
    fn slot(&self, course: usize, college: usize) -> usize {
        course * self.catalogue.colleges + college
    }

    fn is_free(&self, course: usize, college: usize) -> bool {
        college != self.catalogue.college(course) && !self.used[self.slot(course, college)]
    }

    fn take(&mut self, course: usize, college: usize) {
        let slot = self.slot(course, college);
        self.used[slot] = true;
    }

    /// A rule from a course to another, as honest as can be.
    fn row(&self, from: usize, to: usize) -> Row {
        let all = &self.catalogue;
        Row { from: all.name(from), to: all.name(to), credits: all.credits(to).to_string(), ..Row::default() }
    }

    /// Writes a rule; its id.
    fn put(&mut self, row: &Row) -> std::io::Result<String> {
        self.count += 1;
        let id = format!("R{:07}", self.count);
        let Row { from, to, ratio, credits, deny, rounding, step, priority, most, min_grade, .. } = row;
        let scale = if min_grade.is_empty() { "" } else { "College letters" };
        let framework = if row.min_level.is_empty() { "" } else { "EQF" };
        let credits = if ratio.is_empty() && deny.is_empty() { credits } else { "" };
        let page = self.count % 997 + 1;
        let ((valid_from, valid_to), (taken_from, taken_to)) = (row.valid, row.taken);
        writeln!(
            self.rules,
            "{id},{},{},{},{},US-SEM,{ratio},{credits},{deny},{rounding},{step},{priority},{most},{min_grade},{scale},\
             {},{},{framework},{},{valid_from},{valid_to},{taken_from},{taken_to},Transfer guide page {page},{},{},",
            from.0,
            from.1,
            to.0,
            to.1,
            row.score.0,
            row.score.1,
            row.min_level,
            row.sender_approval,
            row.receiver_approval
        )?;
        Ok(id)
    }

    fn plant(&mut self, rule: &str, check: &str) -> std::io::Result<()> {
        writeln!(self.planted, "{rule},{check}")
    }

    /// Different rules for one course at different times.
    fn editions(&mut self, course: usize, college: usize) -> std::io::Result<()> {
        let chance = mix(course as u64, college as u64, 77);
        if self.catalogue.is_over(course) {
            let to = self.catalogue.receiver(course, college, 0);
            let row = Row { taken: ("", catalogue::LAST_DAY), ..self.row(course, to) };
            return self.put(&row).map(drop);
        }
        let ends =
            EDITIONS[[0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2][(chance % 20) as usize]];
        for edition in 0..=ends.len().min((self.wanted - self.count - 1) as usize) {
            let to = self.catalogue.receiver(course, college, edition as u64);
            let from_day = edition.checked_sub(1).map_or("", |before| ends[before].1);
            let taken = (from_day, ends.get(edition).map_or("", |(last, _)| *last));
            let min_grade = if (chance >> 8) & 1 == 0 { "C" } else { "" };
            self.put(&Row { taken, min_grade, ..self.row(course, to) })?;
        }
        Ok(())
    }

    /// Other courses of the same college that are not yet offered there.
    fn others(&self, course: usize, college: usize, count: usize) -> Vec<usize> {
        let per = self.catalogue.per_college;
        let first = self.catalogue.college(course) * per;
        let later = (1..per.min(400)).map(|ahead| first + (course - first + ahead) % per);
        later
            .filter(|other| self.is_free(*other, college) && !self.catalogue.is_over(*other))
            .take(count)
            .collect()
    }

    /// One of several courses, or all of them, or both in one; false where there are none left.
    fn several(&mut self, course: usize, college: usize, all: bool) -> std::io::Result<bool> {
        let chance = mix(course as u64, college as u64, 78);
        let (pattern, wanted): (&[&str], usize) = match (all, chance % 5) {
            (true, 0) => (&[" & ", " | "], 2),
            (true, _) => (&[" & "], 1),
            (false, 0) => (&[" | ", " | "], 2),
            (false, _) => (&[" | "], 1),
        };
        let others = self.others(course, college, wanted);
        if others.len() < wanted || self.catalogue.is_over(course) {
            return Ok(false);
        }
        let lowest = others.iter().copied().chain([course]).min_by_key(|one| self.catalogue.level(*one));
        let to = self.catalogue.receiver(lowest.unwrap_or(course), college, 5);
        let mut row = self.row(course, to);
        for (mark, other) in pattern.iter().zip(&others) {
            row.from.1.push_str(mark);
            row.from.1.push_str(&self.catalogue.name(*other).1);
        }
        others.iter().for_each(|other| self.take(*other, college));
        self.put(&row)?;
        Ok(true)
    }

    /// Goes through what may be offered, in an order that looks like none.
    fn fill(&mut self) -> std::io::Result<bool> {
        let slots = self.used.len();
        let step = catalogue::coprime(slots * 5 / 8 + 3, slots);
        let (mut ands, mut ors, mut faults) = (0u64, 0u64, 0u64);
        for at in (0..slots).map(|at| at * step % slots) {
            let (course, college) = (at / self.catalogue.colleges, at % self.catalogue.colleges);
            if self.count >= self.wanted {
                return Ok(true);
            }
            if !self.is_free(course, college) {
                continue;
            }
            self.take(course, college);
            let count = self.count;
            let due = |share: u64, done: u64| done * 100 < count * share;
            let is_over = self.catalogue.is_over(course);
            if due(4, faults) && !is_over && self.count + 2 <= self.wanted {
                faults += self.fault(faults, course, college)?;
            } else if due(5, ands) && self.several(course, college, true)? {
                ands += 1;
            } else if due(10, ors) && self.several(course, college, false)? {
                ors += 1;
            } else {
                self.editions(course, college)?;
            }
        }
        Ok(self.count >= self.wanted)
    }
}

/// Arguments: rules, colleges, courses, seed and folder.
fn arguments() -> Result<(u64, usize, usize, u64, String), String> {
    let (mut rules, mut colleges, mut courses, mut seed) = (13_000, 20, 2_000, 1);
    let mut out = "target/rules".to_owned();
    let mut words = std::env::args().skip(1);
    while let Some(name) = words.next() {
        let value = words.next().ok_or(format!("{name} needs a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{name}: `{value}` is not a number"));
        match name.as_str() {
            "--out" => out = value,
            "--rules" => rules = number()?,
            "--colleges" => colleges = number()? as usize,
            "--courses" => courses = number()? as usize,
            "--seed" => seed = number()?,
            other => return Err(format!("{other} is not known")),
        }
    }
    if colleges < 2 || courses / colleges < 60 {
        return Err("there are at least 2 colleges, of at least 60 courses each".to_owned());
    }
    Ok((rules, colleges, courses, seed, out))
}

fn main() -> ExitCode {
    let (rules, colleges, courses, seed, out) = match arguments() {
        Ok(arguments) => arguments,
        Err(why) => {
            eprintln!("rules: {why}");
            eprintln!("usage: rules [--rules N] [--colleges N] [--courses N] [--seed N] [--out FOLDER]");
            return ExitCode::from(2);
        }
    };
    match write(rules, Catalogue::new(colleges, courses / colleges, seed), Path::new(&out)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("rules: {courses} courses have room for fewer than {rules} rules");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("rules: {out}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write(rules: u64, catalogue: Catalogue, out: &Path) -> std::io::Result<bool> {
    std::fs::create_dir_all(out)?;
    let file = |name: &str| {
        Ok::<_, std::io::Error>(BufWriter::with_capacity(1 << 20, File::create(out.join(name))?))
    };
    catalogue.write_institutions(&mut file("institutions.csv")?)?;
    catalogue.write_courses(&mut file("catalogue.csv")?)?;
    let used = vec![false; catalogue.courses() * catalogue.colleges];
    let (wanted, count) = (rules, 0);
    let mut book =
        Book { catalogue, used, rules: file("rules.csv")?, planted: file("planted.csv")?, count, wanted };
    writeln!(book.rules, "{HEADER}")?;
    writeln!(book.planted, "rule,check")?;
    let is_full = book.fill()?;
    book.rules.flush()?;
    book.planted.flush()?;
    Ok(is_full)
}
