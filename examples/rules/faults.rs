//! What is broken by construction: each fault has courses of its own, and shows nothing but itself.

use super::{Book, Row};
use std::io::Write;

/// Editions of the rules that there may be for a course.
const EDITIONS: u64 = 4;

/// The faults, by the names of their checks.
const KINDS: [&str; 18] = [
    "dead-reference",
    "inactive-outcome",
    "waits-for-approval",
    "expired",
    "no-credit",
    "range-as-number",
    "level-inflation",
    "rounding-gain",
    "cap-never-binds",
    "unreachable",
    "shadowed",
    "duplicate",
    "contradiction",
    "overlap",
    "tier-gap",
    "tier-overlap",
    "cycle",
    "round-trip-gain",
];

/// Caps that a book has at most: it names each, so there are few.
const CAPS: u64 = 10;

type Written<T> = std::io::Result<T>;

impl Book {
    /// Breaks the next rule; how many rules are broken.
    pub fn fault(&mut self, nth: u64, course: usize, college: usize) -> Written<u64> {
        let (kind, variant) = (KINDS[(nth % KINDS.len() as u64) as usize], nth / KINDS.len() as u64);
        let to = self.unlinked(course, college, |_| true);
        let good = self.row(course, to);
        let broken = match kind {
            "dead-reference" => self.dead(&good, variant)?,
            "inactive-outcome" => self.inactive(course, college, &good, variant)?,
            "waits-for-approval" => match variant % 2 {
                0 => self.put(&Row { sender_approval: "Senate 2026", ..good })?,
                _ => self.put(&Row { receiver_approval: "Board 2026", ..good })?,
            },
            "expired" => self.put(&Row { valid: ("", "2015-06-30"), ..good })?,
            "no-credit" => match variant % 2 {
                0 => self.put(&Row { credits: "0".to_owned(), ..good })?,
                _ => self.put(&Row { ratio: "1/2", step: "10", ..good })?,
            },
            "range-as-number" => {
                let own = self.catalogue.credits(to);
                self.put(&Row { credits: format!("{own}{}", own + 2), ..good })?
            }
            "level-inflation" => match self.higher(course, college) {
                Some(higher) => self.put(&self.row(course, higher))?,
                None => return self.editions(course, college).map(|()| 0),
            },
            "rounding-gain" => {
                let ratio = if self.catalogue.credits(course) == 3 { "1/2" } else { "2/3" };
                self.put(&Row { ratio, rounding: "up", step: "1", ..good })?
            }
            "cap-never-binds" => self.idle(&good, to, variant)?,
            "unreachable" => match variant % 3 {
                0 => self.put(&Row { taken: ("", "1999-12-31"), ..good })?,
                1 => self.put(&Row { min_level: "8", ..good })?,
                _ => self.put(&Row { valid: ("", "2030-12-31"), taken: ("2031-01-01", ""), ..good })?,
            },
            "cycle" | "round-trip-gain" => match self.back(course, college, kind)? {
                Some(broken) => broken,
                None => return self.editions(course, college).map(|()| 0),
            },
            _ => self.beside(course, college, &good, kind, variant)?,
        };
        self.plant(&broken, kind)?;
        Ok(1)
    }

    /// A receiving course from which no rule leads back.
    fn unlinked(&self, course: usize, college: usize, fits: impl Fn(usize) -> bool) -> usize {
        let all = &self.catalogue;
        let own = all.college(course);
        all.pick(course, college, 11, |other| {
            let back = (0..EDITIONS).any(|edition| all.receiver(other, own, edition) == course);
            !all.is_over(other) && all.level(other) <= all.level(course) && !back && fits(other)
        })
    }

    fn dead(&mut self, good: &Row, variant: u64) -> Written<String> {
        let mut row = good.clone();
        let nowhere = format!("ZZZZ {}", self.count + 1);
        match variant % 3 {
            0 => row.to.1 = nowhere,
            1 => row.from.1 = nowhere,
            _ => row.from.1.push_str(&format!(" | {nowhere}")),
        }
        self.put(&row)
    }

    /// A receiving course that is over; or a sending one, with no day until which it counts.
    fn inactive(&mut self, course: usize, college: usize, good: &Row, variant: u64) -> Written<String> {
        let per = self.catalogue.per_college;
        let over = |of: usize| (of * per..(of + 1) * per).filter(|one| self.catalogue.is_over(*one));
        let own = self.catalogue.college(course);
        let free = over(own).find(|one| variant % 2 == 1 && self.is_free(*one, college));
        match free {
            Some(sending) => {
                self.take(sending, college);
                let to = self.unlinked(sending, college, |_| true);
                self.put(&self.row(sending, to))
            }
            None => {
                let low = |one: &usize| self.catalogue.level(*one) <= self.catalogue.level(course);
                let to =
                    over(college).filter(low).nth(variant as usize % 5).or_else(|| over(college).find(low));
                let to = to.map_or_else(|| good.to.clone(), |to| self.catalogue.name(to));
                self.put(&Row { to, ..good.clone() })
            }
        }
    }

    /// A receiving course of a higher level.
    fn higher(&self, course: usize, college: usize) -> Option<usize> {
        let all = &self.catalogue;
        let own = all.college(course);
        let fits = |other: usize| {
            let back = (0..EDITIONS).any(|edition| all.receiver(other, own, edition) == course);
            !all.is_over(other) && all.level(other) > all.level(course) && !back
        };
        Some(all.pick(course, college, 12, fits)).filter(|other| fits(*other))
    }

    /// A limit above all that can come: the rule's own, or a cap that counts no rule.
    fn idle(&mut self, good: &Row, to: usize, variant: u64) -> Written<String> {
        if variant % 7 == 3 && variant / 7 < CAPS {
            self.put(good)?;
            let name = format!("cap-{variant}");
            let columns = super::HEADER.split(',').map(|column| match column {
                "credits" => "9",
                "system" => "US-SEM",
                "cap" => &name,
                _ => "",
            });
            writeln!(self.rules, "{}", columns.collect::<Vec<_>>().join(","))?;
            return Ok(format!("cap {name}"));
        }
        self.put(&Row { most: (self.catalogue.credits(to) + variant % 3).to_string(), ..good.clone() })
    }

    /// A rule that leads back, for less than was brought or for more; nothing where the place is taken.
    fn back(&mut self, course: usize, college: usize, kind: &str) -> Written<Option<String>> {
        let own = self.catalogue.college(course);
        let fits = |other: usize| {
            self.catalogue.level(other) == self.catalogue.level(course) && self.is_free(other, own)
        };
        let to = self.unlinked(course, college, fits);
        let has = self.catalogue.credits(course);
        if !fits(to) || has < 2 {
            return Ok(None);
        }
        self.take(to, own);
        self.put(&self.row(course, to))?;
        let credits = if kind == "cycle" { has - 1 } else { has + 1 };
        self.put(&Row { credits: credits.to_string(), ..self.row(to, course) }).map(Some)
    }

    /// A rule that is fine alone and not beside another.
    fn beside(
        &mut self,
        course: usize,
        college: usize,
        good: &Row,
        kind: &str,
        variant: u64,
    ) -> Written<String> {
        let other = self.unlinked(course, college, |other| self.catalogue.name(other) != good.to);
        let elsewhere = self.row(course, other);
        let (first, second) = match (kind, variant % 2) {
            ("shadowed", 0) => (good.clone(), Row { min_grade: "B", ..good.clone() }),
            ("shadowed", _) => (good.clone(), Row { priority: "1", ..elsewhere }),
            ("duplicate", _) => (good.clone(), good.clone()),
            ("contradiction", 0) => (good.clone(), Row { deny: "no comparable course", ..good.clone() }),
            ("contradiction", _) => {
                let more = good.credits.parse::<u64>().unwrap_or_default() + 1;
                (good.clone(), Row { credits: more.to_string(), ..good.clone() })
            }
            ("overlap", 0) => (
                Row { taken: ("", "2016-12-31"), ..good.clone() },
                Row { taken: ("2016-01-01", ""), ..good.clone() },
            ),
            ("overlap", _) => (good.clone(), elsewhere),
            ("tier-gap", _) => {
                (Row { score: ("50", "59"), ..good.clone() }, Row { score: ("65", "100"), ..elsewhere })
            }
            _ => (Row { score: ("50", "60"), ..good.clone() }, Row { score: ("60", "100"), ..good.clone() }),
        };
        self.put(&first)?;
        self.put(&second)
    }
}
