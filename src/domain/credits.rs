//! Amounts of credit: exact integers, thousandths of a credit, and the arithmetic on them.
//!
//! Floating point never touches a credit. Ratios are exact fractions; a conversion multiplies
//! exactly, rounds the sum of its act once and apportions what results by largest remainder.

use std::fmt;

/// Thousandths in one credit: the fixed scale of every amount.
pub const SCALE: i64 = 1_000;

/// The largest amount that one entry may move: a million credits.
///
/// It is far above any award, and a million such entries still sum within `i64`.
pub const MAX: Credits = Credits(1_000_000 * SCALE);

/// An amount of one credit system, in thousandths of a credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Credits(pub i64);

/// The character between whole credits and their decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub enum DecimalMark {
    /// `2.5`
    #[default]
    #[serde(rename = ".")]
    Point,
    /// `2,5`
    #[serde(rename = ",")]
    Comma,
}

impl DecimalMark {
    /// The byte that stands for the mark.
    pub fn byte(self) -> u8 {
        match self {
            DecimalMark::Point => b'.',
            DecimalMark::Comma => b',',
        }
    }
}

/// Why a text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Nothing but blanks.
    #[error("it is empty")]
    Empty,
    /// A minus sign.
    #[error("it is negative; a correction is a reversal, never a negative amount")]
    Negative,
    /// `1e3`, `4.4E+17`.
    #[error("it is in exponent notation, as spreadsheets write it")]
    Exponent,
    /// The other decimal mark than the profile's.
    #[error("it uses a decimal mark other than the profile's")]
    OtherMark,
    /// Letters, several marks, nothing between them.
    #[error("it is not a decimal number")]
    NotANumber,
    /// More than three decimals that are not zero.
    #[error("it has more than three decimals; the ledger counts thousandths of a credit")]
    TooFine,
    /// Above [`MAX`].
    #[error("it is more than 1,000,000")]
    TooLarge,
}

impl Credits {
    /// No credit.
    pub const ZERO: Credits = Credits(0);

    /// Reads a decimal number such as `3`, `2.5` or `0,125`, exactly.
    ///
    /// # Errors
    /// Says why the text is not an amount between 0 and [`MAX`].
    pub fn parse(text: &str, mark: DecimalMark) -> Result<Credits, AmountError> {
        Credits::parse_sum(text, mark).and_then(|amount| match amount <= MAX {
            true => Ok(amount),
            false => Err(AmountError::TooLarge),
        })
    }

    /// Reads a sum of amounts in the same way, which may be more than [`MAX`].
    ///
    /// # Errors
    /// Says why the text is no amount, or more than the ledger's integers hold.
    pub fn parse_sum(text: &str, mark: DecimalMark) -> Result<Credits, AmountError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(AmountError::Empty);
        }
        let (whole, decimals) = split_number(text, mark)?;
        let whole: i64 = whole.parse().map_err(|_| AmountError::TooLarge)?;
        let decimals = decimals.trim_end_matches('0');
        if decimals.len() > 3 {
            return Err(AmountError::TooFine);
        }
        let fraction = decimals
            .bytes()
            .chain(std::iter::repeat(b'0'))
            .take(3)
            .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        let amount = whole.checked_mul(SCALE).and_then(|thousandths| thousandths.checked_add(fraction));
        amount.map(Credits).ok_or(AmountError::TooLarge)
    }

    /// The sum, or `None` past the range of the ledger's integers.
    pub fn checked_add(self, other: Credits) -> Option<Credits> {
        self.0.checked_add(other.0).map(Credits)
    }
}

/// Splits `12.50` into its whole digits and its decimals, refusing everything else.
fn split_number(text: &str, mark: DecimalMark) -> Result<(&str, &str), AmountError> {
    if text.starts_with(['-', '−', '–']) {
        return Err(AmountError::Negative);
    }
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mark_char = char::from(mark.byte());
    let (whole, decimals) = text.split_once(mark_char).unwrap_or((text, "0"));
    if is_digits(whole) && is_digits(decimals) {
        return Ok((whole, decimals));
    }
    let number_like = text.bytes().all(|b| b.is_ascii_digit() || b"eE+-.,".contains(&b));
    let starts_with_digit = text.as_bytes()[0].is_ascii_digit();
    if number_like && starts_with_digit && text.contains(['e', 'E']) {
        return Err(AmountError::Exponent);
    }
    let other = if mark == DecimalMark::Point { ',' } else { '.' };
    if number_like && text.contains(other) && !text.contains(mark_char) {
        return Err(AmountError::OtherMark);
    }
    Err(AmountError::NotANumber)
}

impl fmt::Display for Credits {
    /// Writes the shortest exact decimal: `3`, `2.5`, `91447.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, fraction) = (self.0.unsigned_abs() / 1_000, self.0.unsigned_abs() % 1_000);
        if fraction == 0 {
            return f.pad(&format!("{sign}{whole}"));
        }
        let decimals = format!("{fraction:03}");
        f.pad(&format!("{sign}{whole}.{}", decimals.trim_end_matches('0')))
    }
}

impl serde::Serialize for Credits {
    /// A decimal string, so that no reader's floating point can touch it.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Credits {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Credits, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.as_ref()),
        };
        let amount = Credits::parse_sum(digits, DecimalMark::Point).map_err(serde::de::Error::custom)?;
        Ok(if negative { Credits(-amount.0) } else { amount })
    }
}

/// An exact, positive fraction in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ratio {
    num: i64,
    den: i64,
}

/// Largest numerator or denominator of a [`Ratio`]: keeps every product within `i128`.
pub const RATIO_LIMIT: i64 = 1_000_000_000;

impl Ratio {
    /// The fraction `num/den`, or `None` unless both lie in 1..=[`RATIO_LIMIT`].
    pub fn new(num: i64, den: i64) -> Option<Ratio> {
        let within = |n: i64| (1..=RATIO_LIMIT).contains(&n);
        if !within(num) || !within(den) {
            return None;
        }
        let divisor = gcd(num, den);
        Some(Ratio { num: num / divisor, den: den / divisor })
    }

    /// Reads `1/2`, `3 : 2`, `2` or `0.5`.
    pub fn parse(text: &str) -> Option<Ratio> {
        let text = text.trim();
        if let Some((num, den)) = text.split_once(['/', ':']) {
            return Ratio::new(num.trim().parse().ok()?, den.trim().parse().ok()?);
        }
        let amount = Credits::parse(text, DecimalMark::Point).ok()?;
        Ratio::new(amount.0, SCALE)
    }

    /// Numerator in lowest terms.
    pub fn num(self) -> i64 {
        self.num
    }

    /// Denominator in lowest terms.
    pub fn den(self) -> i64 {
        self.den
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.num, self.den)
    }
}

impl serde::Serialize for Ratio {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Ratio {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Ratio, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Ratio::parse(&text).ok_or_else(|| serde::de::Error::custom("not a positive fraction such as 1/2"))
    }
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// How the sum of a conversion act is brought onto its step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoundingMode {
    /// Towards zero: the default, because no chain of conversions can then gain.
    #[default]
    Down,
    /// To the nearest step, ties upwards.
    HalfUp,
    /// To the nearest step, ties to the even step.
    HalfEven,
    /// Away from zero.
    Up,
}

impl RoundingMode {
    /// The mode's name, as rules and reports write it.
    pub fn name(self) -> &'static str {
        match self {
            RoundingMode::Down => "down",
            RoundingMode::HalfUp => "half-up",
            RoundingMode::HalfEven => "half-even",
            RoundingMode::Up => "up",
        }
    }
}

/// A conversion's arithmetic: multiply exactly, round once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rounded {
    /// The rounded result.
    pub amount: Credits,
    /// What rounding took away (negative where it added), as `num / den` thousandths of a credit.
    pub lost_num: i128,
    /// Denominator of [`Rounded::lost_num`].
    pub lost_den: i128,
}

/// Multiplies `amount` by `ratio` exactly and rounds the product once onto a multiple of `step`.
///
/// Returns `None` past the range of the ledger's integers, or for a step or an amount below zero.
pub fn convert(amount: Credits, ratio: Ratio, mode: RoundingMode, step: Credits) -> Option<Rounded> {
    if amount.0 < 0 || step.0 < 1 {
        return None;
    }
    let exact = i128::from(amount.0) * i128::from(ratio.num);
    let unit = i128::from(ratio.den) * i128::from(step.0);
    let (steps, rest) = (exact / unit, exact % unit);
    let up = match mode {
        RoundingMode::Down => false,
        RoundingMode::Up => rest > 0,
        RoundingMode::HalfUp => rest * 2 >= unit,
        RoundingMode::HalfEven => rest * 2 > unit || (rest * 2 == unit && steps % 2 == 1),
    };
    let rounded = (steps + i128::from(up)) * i128::from(step.0);
    Some(Rounded {
        amount: Credits(i64::try_from(rounded).ok()?),
        lost_num: exact - rounded * i128::from(ratio.den),
        lost_den: i128::from(ratio.den),
    })
}

/// Divides `total` over `weights` by largest remainder; ties go to the earlier share.
///
/// The shares always sum to `total`. Returns an empty list when the weights sum to nothing.
pub fn apportion(total: Credits, weights: &[i64]) -> Vec<Credits> {
    let sum: i128 = weights.iter().map(|&weight| i128::from(weight.max(0))).sum();
    if sum == 0 {
        return Vec::new();
    }
    let exact = |weight: i64| i128::from(total.0) * i128::from(weight.max(0));
    let mut shares: Vec<i64> = weights.iter().map(|&weight| (exact(weight) / sum) as i64).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(exact(weights[i]) % sum), i));
    let left = total.0 - shares.iter().sum::<i64>();
    for &index in order.iter().take(left.max(0) as usize) {
        shares[index] += 1;
    }
    shares.into_iter().map(Credits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_read_exactly_or_refused_with_a_reason() {
        use AmountError::*;
        let point: &[(&str, Result<i64, AmountError>)] = &[
            ("3", Ok(3_000)),
            (" 2.5 ", Ok(2_500)),
            ("0.125", Ok(125)),
            ("1.2340", Ok(1_234)),
            ("1000000", Ok(1_000_000_000)),
            ("1000000.001", Err(TooLarge)),
            ("", Err(Empty)),
            ("2,5", Err(OtherMark)),
            ("-3", Err(Negative)),
            ("1e3", Err(Exponent)),
            ("4.40981E+17", Err(Exponent)),
            ("NaN", Err(NotANumber)),
            ("1.2345", Err(TooFine)),
            ("99999999999999999999", Err(TooLarge)),
            (".5", Err(NotANumber)),
            ("5.", Err(NotANumber)),
            ("1.2.3", Err(NotANumber)),
            ("３", Err(NotANumber)),
            ("+3", Err(NotANumber)),
        ];
        for (text, expected) in point {
            assert_eq!(Credits::parse(text, DecimalMark::Point).map(|c| c.0), *expected, "{text:?}");
        }
        assert_eq!(Credits::parse("2,5", DecimalMark::Comma), Ok(Credits(2_500)));
        assert_eq!(Credits::parse("2.5", DecimalMark::Comma), Err(OtherMark));
    }

    #[test]
    fn amounts_are_written_as_the_shortest_decimal() {
        for (thousandths, text) in
            [(0, "0"), (91_447_500, "91447.5"), (-250, "-0.25"), (1, "0.001"), (60_000, "60")]
        {
            assert_eq!(Credits(thousandths).to_string(), text);
        }
        assert_eq!(format!("{:>6}", Credits(2_500)), "   2.5");
    }

    #[test]
    fn a_conversion_rounds_once_onto_its_step() {
        let ratio = |text| Ratio::parse(text).unwrap();
        // (amount, ratio, mode, step, result)
        let cases = [
            (4_000, "2/3", RoundingMode::HalfUp, 1, 2_667),
            (4_000, "2/3", RoundingMode::Down, 1, 2_666),
            (3_000, "2/3", RoundingMode::Down, 1, 2_000),
            (5_000, "1/2", RoundingMode::Down, 500, 2_500),
            (5_000, "1/2", RoundingMode::Down, 1_000, 2_000),
            (5_000, "1/2", RoundingMode::HalfUp, 1_000, 3_000),
            (5_000, "1/2", RoundingMode::HalfEven, 1_000, 2_000),
            (7_000, "1/2", RoundingMode::HalfEven, 1_000, 4_000),
            (5_000, "1/3", RoundingMode::Up, 1_000, 2_000),
            (182_895_000, "1:2", RoundingMode::Down, 1, 91_447_500),
        ];
        for (amount, by, mode, step, result) in cases {
            let rounded = convert(Credits(amount), ratio(by), mode, Credits(step)).unwrap();
            assert_eq!(rounded.amount, Credits(result), "{amount} × {by} {mode:?} {step}");
        }
        let lost = convert(Credits(4_000), ratio("2/3"), RoundingMode::Down, Credits(1)).unwrap();
        assert_eq!((lost.lost_num, lost.lost_den), (2, 3));
    }

    #[test]
    fn sums_beyond_the_largest_amount_come_back_as_written() {
        for amount in [MAX.0 + 1, -5_460_913_500, i64::MAX] {
            let text = serde_json::to_string(&Credits(amount)).unwrap();
            assert_eq!(serde_json::from_str::<Credits>(&text).unwrap(), Credits(amount), "{text}");
        }
        assert!(serde_json::from_str::<Credits>("\"9223372036854775.808\"").is_err());
    }

    #[test]
    fn ratios_are_exact_fractions_in_lowest_terms() {
        for (text, shown) in [("2:4", "1/2"), ("0.5", "1/2"), ("3 / 2", "3/2"), ("2", "2/1")] {
            assert_eq!(Ratio::parse(text).unwrap().to_string(), shown);
        }
        for text in ["0/1", "1/0", "-1/2", "a/b", "", "1/9999999999"] {
            assert_eq!(Ratio::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn largest_remainder_favours_the_earlier_share() {
        let shares = |total, weights: &[i64]| {
            apportion(Credits(total), weights).iter().map(|c| c.0).collect::<Vec<_>>()
        };
        assert_eq!(shares(100_000, &[1, 1, 1]), [33_334, 33_333, 33_333]);
        assert_eq!(shares(120_000, &[1, 1]), [60_000, 60_000]);
        assert_eq!(shares(1, &[1, 2]), [0, 1]);
        assert_eq!(shares(10, &[]), [0; 0]);
    }

    proptest! {
        #[test]
        fn shares_always_sum_to_the_total(total in 0..MAX.0, weights in prop::collection::vec(0..1_000_000i64, 1..20)) {
            let shares = apportion(Credits(total), &weights);
            if weights.iter().any(|&w| w > 0) {
                prop_assert_eq!(shares.iter().map(|c| c.0).sum::<i64>(), total);
            }
        }

        #[test]
        fn rounding_down_there_and_back_never_gains(amount in 0..MAX.0, num in 1..1000i64, den in 1..1000i64) {
            let there = convert(Credits(amount), Ratio::new(num, den).unwrap(), RoundingMode::Down, Credits(1)).unwrap();
            let back = convert(there.amount, Ratio::new(den, num).unwrap(), RoundingMode::Down, Credits(1)).unwrap();
            prop_assert!(back.amount.0 <= amount);
        }

        #[test]
        fn what_is_written_is_read_back(amount in 0..=MAX.0) {
            let text = Credits(amount).to_string();
            prop_assert_eq!(Credits::parse(&text, DecimalMark::Point), Ok(Credits(amount)));
        }
    }
}
