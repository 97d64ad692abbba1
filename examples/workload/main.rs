//! Makes large files of results, the same for the same arguments, to measure with.
//!
//! ```sh
//! cargo run --release --example workload -- --rows 1000000 --out target/workload.csv
//! ```
//!
//! The columns are those of `profile.toml` beside this file. Every learner is made up.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::process::ExitCode;

const HEADER: &str =
    "learner_id,institution,course_code,title,level,hours,credits,grade,award_date,source_type";

/// Subject in English and Chinese.
const SUBJECTS: [(&str, &str); 24] = [
    ("Accounting", "会计学"),
    ("Bridge construction", "桥梁工程"),
    ("Care for the elderly", "老年护理"),
    ("Database systems", "数据库系统"),
    ("Early education", "学前教育"),
    ("Economic geography", "经济地理"),
    ("Electrical installation", "电气安装"),
    ("English for travellers", "旅游英语"),
    ("Food safety", "食品安全"),
    ("Garden design", "园林设计"),
    ("Harbour logistics", "港口物流"),
    ("History of the river", "江河史"),
    ("Introduction to law", "法学概论"),
    ("Linear algebra", "线性代数"),
    ("Machine tools", "机床操作"),
    ("Museum guiding", "博物馆讲解"),
    ("Music appreciation", "音乐欣赏"),
    ("Network maintenance", "网络维护"),
    ("Organic chemistry", "有机化学"),
    ("Programming", "程序设计"),
    ("Statistics", "统计学"),
    ("Tea culture", "茶文化"),
    ("Vegetable growing", "蔬菜栽培"),
    ("Water engineering", "水利工程"),
];

const STAGES: [(&str, &str); 4] =
    [("basics", "基础"), ("practice", "实践"), ("advanced", "进阶"), ("project", "项目")];
const KINDS: [&str; 3] = ["formal", "nonformal", "informal"];
const GRADES: [&str; 6] = ["A", "B+", "B", "C+", "C", "D"];

/// Credits in halves, and hours for one credit.
const LOADS: [(u64, u64); 5] = [(2, 16), (3, 16), (4, 18), (6, 16), (8, 17)];

/// SplitMix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below a bound; for bounds as small as these the bias does not matter.
    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

struct Arguments {
    rows: u64,
    /// Rows that an earlier file of the same learners has.
    start: u64,
    out: String,
    learners: u64,
    institutions: u64,
    courses: u64,
    seed: u64,
}

impl Arguments {
    fn read() -> Result<Arguments, String> {
        let mut all = Arguments {
            rows: 100_000,
            start: 0,
            out: "target/workload.csv".to_owned(),
            learners: 0,
            institutions: 40,
            courses: 60,
            seed: 1,
        };
        let mut words = std::env::args().skip(1);
        while let Some(name) = words.next() {
            let value = words.next().ok_or(format!("{name} needs a value"))?;
            let number = || value.parse().map_err(|_| format!("{name}: `{value}` is not a number"));
            match name.as_str() {
                "--out" => all.out = value,
                "--rows" => all.rows = number()?,
                "--start" => all.start = number()?,
                "--learners" => all.learners = number()?,
                "--institutions" => all.institutions = number()?,
                "--courses" => all.courses = number()?,
                "--seed" => all.seed = number()?,
                other => return Err(format!("{other} is not known")),
            }
        }
        if all.learners == 0 {
            all.learners = all.rows.div_ceil(12).max(1);
        }
        // A learner has each course once, so that no row repeats another.
        let most = all.learners * all.institutions * all.courses;
        if all.start + all.rows > most {
            return Err(format!("{} learners have at most {most} results", all.learners));
        }
        Ok(all)
    }
}

/// A course, the same whenever its number comes up.
struct Course {
    institution: u64,
    number: u64,
    random: Random,
}

impl Course {
    fn new(seed: u64, courses: u64, at: u64) -> Course {
        let random = Random(seed ^ at.wrapping_mul(0x5851_f42d_4c95_7f2d));
        Course { institution: at / courses + 1, number: at % courses + 1, random }
    }

    /// Institution, code, title, level, hours and credits.
    fn write(mut self, out: &mut impl Write) -> std::io::Result<()> {
        let (english, chinese) = SUBJECTS[self.random.below(SUBJECTS.len() as u64) as usize];
        let (stage, stage_chinese) = STAGES[self.random.below(STAGES.len() as u64) as usize];
        let level = 2 + self.random.below(6);
        let (halves, hours) = LOADS[self.random.below(LOADS.len() as u64) as usize];
        write!(out, "INST{:03},C{:04},", self.institution, self.number)?;
        match self.number % 3 {
            0 => write!(out, "{chinese}{stage_chinese}")?,
            1 => write!(out, "\"{english}, {stage}\"")?,
            _ => write!(out, "{english} {chinese}")?,
        }
        let half = if halves % 2 == 1 { ".5" } else { "" };
        write!(out, ",{level},{},{}{half}", halves * hours / 2, halves / 2)
    }
}

fn main() -> ExitCode {
    let arguments = match Arguments::read() {
        Ok(arguments) => arguments,
        Err(why) => {
            eprintln!("workload: {why}");
            eprintln!(
                "usage: workload [--rows N] [--start N] [--out FILE] [--learners N] [--institutions N] [--courses N] [--seed N]"
            );
            return ExitCode::from(2);
        }
    };
    match write(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("workload: {}: {error}", arguments.out);
            ExitCode::FAILURE
        }
    }
}

fn write(arguments: &Arguments) -> std::io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(&arguments.out)?);
    writeln!(out, "{HEADER}")?;
    let mut random = Random(arguments.seed);
    let all_courses = arguments.institutions * arguments.courses;
    // Rows come in the order of a registrar's year, not of learners: row i is result `i / learners` of a
    // learner, and each learner walks the courses from a place and by a step of their own.
    let step_of = |learner: u64| coprime(1 + learner.wrapping_mul(0x9e37_79b1) % all_courses, all_courses);
    for row in arguments.start..arguments.start + arguments.rows {
        let (learner, nth) = (row.wrapping_mul(7_919) % arguments.learners, row / arguments.learners);
        let learner = if gcd(7_919, arguments.learners) == 1 { learner } else { row % arguments.learners };
        let start = learner.wrapping_mul(0xc2b2_ae35) % all_courses;
        let course = (start + nth % all_courses * step_of(learner)) % all_courses;
        write!(out, "L{learner:08},")?;
        Course::new(arguments.seed, arguments.courses, course).write(&mut out)?;
        let grade = GRADES[random.below(GRADES.len() as u64) as usize];
        let (year, month, day) = (2015 + random.below(10), 1 + random.below(12), 1 + random.below(28));
        let kind = KINDS[(random.below(10) / 4) as usize];
        writeln!(out, ",{grade},{year}-{month:02}-{day:02},{kind}")?;
    }
    out.flush()
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The first number from `from` on that shares no factor with `of`.
fn coprime(from: u64, of: u64) -> u64 {
    (from..).find(|step| gcd(*step, of) == 1).unwrap_or(1)
}
