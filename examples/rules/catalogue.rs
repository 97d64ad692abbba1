//! The colleges and their courses.

use std::io::Write;

/// The last day of the courses that are over.
pub const LAST_DAY: &str = "2018-06-30";

/// Beginnings of codes.
const SUBJECTS: [&str; 20] = [
    "ACCT", "ANTH", "ARTS", "BIOL", "BUSN", "CHEM", "CMPT", "ECON", "EDUC", "ENGL", "FREN", "GEOG", "HIST",
    "MATH", "MUSC", "NURS", "PHIL", "PHYS", "PSYC", "SOCI",
];

/// All courses, by number: those of a college one after the other.
pub struct Catalogue {
    pub colleges: usize,
    pub per_college: usize,
    seed: u64,
}

/// Three numbers to one in which nothing of them is to be seen (SplitMix64).
pub fn mix(one: u64, two: u64, three: u64) -> u64 {
    let mut z = one
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(two.wrapping_mul(0xc2b2_ae3d_27d4_eb4f))
        .wrapping_add(three.wrapping_mul(0x1656_67b1_9e37_79f9));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The first number from `from` on that shares no factor with `of`.
pub fn coprime(from: usize, of: usize) -> usize {
    (from..).find(|step| gcd(*step, of) == 1).unwrap_or(1)
}

impl Catalogue {
    pub fn new(colleges: usize, per_college: usize, seed: u64) -> Catalogue {
        Catalogue { colleges, per_college, seed }
    }

    pub fn courses(&self) -> usize {
        self.colleges * self.per_college
    }

    pub fn college(&self, course: usize) -> usize {
        course / self.per_college
    }

    fn chance(&self, course: usize, of: u64) -> u64 {
        mix(course as u64, self.seed, of)
    }

    /// Whether a course is not offered any more.
    pub fn is_over(&self, course: usize) -> bool {
        course % self.per_college % 50 == 7
    }

    pub fn credits(&self, course: usize) -> u64 {
        [3, 3, 3, 3, 4, 4, 2, 1, 5][(self.chance(course, 1) % 9) as usize]
    }

    /// Its level of the EQF.
    pub fn level(&self, course: usize) -> u64 {
        5 + u64::from(self.chance(course, 2).is_multiple_of(3))
    }

    /// Codes of its college and its own.
    pub fn name(&self, course: usize) -> (String, String) {
        let number = course % self.per_college;
        let subject = SUBJECTS[number % SUBJECTS.len()];
        (format!("C{:02}", self.college(course) + 1), format!("{subject} {}", 101 + number / SUBJECTS.len()))
    }

    /// A course of a college, by chance, that fits.
    pub fn pick(&self, course: usize, college: usize, nth: u64, fits: impl Fn(usize) -> bool) -> usize {
        let first = college * self.per_college;
        let place = |turn: u64| (mix(course as u64, nth, self.seed) + turn) as usize % self.per_college;
        let fitting = (0..self.per_college as u64).map(|turn| first + place(turn)).find(|other| fits(*other));
        fitting.unwrap_or(first)
    }

    /// What a course counts as at a college in some edition of the rules: no other edition names the same.
    pub fn receiver(&self, course: usize, college: usize, edition: u64) -> usize {
        let fits = |other| !self.is_over(other) && self.level(other) <= self.level(course);
        let nth = mix(college as u64, edition, 3);
        self.pick(course, college, nth, fits)
    }

    pub fn write_institutions(&self, out: &mut impl Write) -> std::io::Result<()> {
        writeln!(out, "college,name")?;
        (0..self.colleges).try_for_each(|at| writeln!(out, "C{:02},College {}", at + 1, at + 1))?;
        out.flush()
    }

    pub fn write_courses(&self, out: &mut impl Write) -> std::io::Result<()> {
        writeln!(out, "college,course,title,credits,level,first_day,last_day")?;
        for course in 0..self.courses() {
            let (college, code) = self.name(course);
            let last = if self.is_over(course) { LAST_DAY } else { "" };
            let (credits, level) = (self.credits(course), self.level(course));
            writeln!(out, "{college},{code},Course {code},{credits},{level},2000-09-01,{last}")?;
        }
        out.flush()
    }
}
