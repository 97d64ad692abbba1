//! Exact fractions, as wide as products of counts and grades need.

use std::cmp::Ordering;
use std::fmt;

/// A fraction with a positive denominator, in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Share {
    num: i128,
    den: i128,
}

impl Share {
    /// `num / den`; a denominator of 0 counts as 1, so that no caller divides by it.
    pub fn new(num: i128, den: i128) -> Share {
        let (num, den) = if den < 0 { (-num, -den) } else { (num, den.max(1)) };
        let divisor = gcd(num.abs(), den).max(1);
        Share { num: num / divisor, den: den / divisor }
    }

    /// A whole number.
    pub fn whole(num: i128) -> Share {
        Share { num, den: 1 }
    }

    /// Numerator.
    pub fn num(self) -> i128 {
        self.num
    }

    /// Denominator.
    pub fn den(self) -> i128 {
        self.den
    }

    /// The sum.
    pub fn plus(self, other: Share) -> Share {
        Share::new(self.num * other.den + other.num * self.den, self.den * other.den)
    }

    /// The difference.
    pub fn minus(self, other: Share) -> Share {
        self.plus(Share { num: -other.num, den: other.den })
    }

    /// The product.
    pub fn times(self, other: Share) -> Share {
        Share::new(self.num * other.num, self.den * other.den)
    }

    /// Half of it.
    pub fn half(self) -> Share {
        Share::new(self.num, self.den * 2)
    }

    /// As a percentage to one decimal, half up: for people; nothing is computed from it.
    pub fn percent(self) -> String {
        let tenths = (self.num * 2_000 + self.den).div_euclid(self.den * 2);
        match tenths % 10 {
            0 => format!("{} %", tenths / 10),
            _ => format!("{}.{} %", tenths / 10, tenths % 10),
        }
    }
}

impl PartialOrd for Share {
    fn partial_cmp(&self, other: &Share) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Share {
    fn cmp(&self, other: &Share) -> Ordering {
        (self.num * other.den).cmp(&(other.num * self.den))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.den == 1 { write!(f, "{}", self.num) } else { write!(f, "{}/{}", self.num, self.den) }
    }
}

fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_exact_and_in_lowest_terms() {
        let third = Share::new(2, 6);
        assert_eq!(third.to_string(), "1/3");
        assert_eq!(Share::new(3, -6).to_string(), "-1/2");
        assert_eq!(third.plus(third).plus(third), Share::whole(1));
        assert_eq!(third.minus(Share::new(1, 2)), Share::new(-1, 6));
        assert_eq!(third.half().times(Share::whole(6)), Share::whole(1));
        assert!(Share::new(333_333_333, 1_000_000_000) < third);
        for (share, percent) in [
            (third, "33.3 %"),
            (Share::new(1, 8), "12.5 %"),
            (Share::new(1, 1), "100 %"),
            (Share::new(1, 2_000), "0.1 %"),
        ] {
            assert_eq!(share.percent(), percent);
        }
    }
}
