//! Doubles from and to decimal text, exactly and in little code.
//!
//! The standard library does the same much faster, but its tables and its four algorithms weigh
//! 21 KB in a browser, compressed: a quarter of everything. So a browser, where a request has few
//! such numbers and with more harms only itself, gets these, and tests hold them to the standard
//! library's results.

use std::cmp::Ordering;

/// The double nearest to a number that keeps JSON's grammar; infinite beyond the largest.
pub(super) fn read(text: &str) -> f64 {
    if cfg!(target_arch = "wasm32") {
        exact_read(text)
    } else {
        text.parse().unwrap_or(f64::INFINITY)
    }
}

/// The shortest text that reads back as the same finite double, with an exponent where plain digits
/// would be long, and `1.0` apart from `1`.
pub(super) fn write(value: f64) -> String {
    if cfg!(target_arch = "wasm32") {
        exact_write(value)
    } else {
        format!("{value:?}")
    }
}

/// Bits of a double's fraction.
const FRACTION_BITS: u32 = 52;
/// The exponent of the smallest doubles: all doubles are multiples of 2^-1074.
const LEAST_EXPONENT: i64 = -1_074;
/// Two neighbours' midpoint has fewer significant digits; of more only matters that there are more.
const MOST_DIGITS: usize = 770;

fn exact_read(text: &str) -> f64 {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (digits, exponent) = decimal(unsigned);
    let sign = u64::from(unsigned.len() < text.len()) << 63;
    f64::from_bits(sign | magnitude(&digits, exponent).to_bits())
}

/// Significant digits without leading zeros, and the power of ten that they count.
fn decimal(text: &str) -> (Vec<u8>, i64) {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let far = if exponent.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    };
    let exponent = exponent.parse().unwrap_or(far);
    let zeros_are_leading = |digit: &u8| *digit == b'0';
    let significant = whole
        .bytes()
        .chain(fraction.bytes())
        .skip_while(zeros_are_leading);
    let mut digits: Vec<u8> = significant.map(|digit| digit - b'0').collect();
    let mut dropped = 0;
    if digits.len() > MOST_DIGITS {
        let has_more = digits[MOST_DIGITS..].iter().any(|digit| *digit != 0);
        dropped = digits.len() - MOST_DIGITS;
        digits.truncate(MOST_DIGITS);
        digits[MOST_DIGITS - 1] |= u8::from(has_more);
    }
    (
        digits,
        exponent
            .saturating_add(signed(dropped))
            .saturating_sub(signed(fraction.len())),
    )
}

/// The double nearest to digits times a power of ten, ties to even.
fn magnitude(digits: &[u8], exponent: i64) -> f64 {
    // The value lies between 10^(top - 1) and 10^top.
    let top = exponent.saturating_add(signed(digits.len()));
    if digits.is_empty() || top < -330 {
        return 0.0;
    }
    if top > 310 {
        return f64::INFINITY;
    }
    if let Some(value) = small(digits, exponent) {
        return value;
    }
    let mut numerator = Natural::default();
    for part in digits.chunks(9) {
        let value = part
            .iter()
            .fold(0, |value, digit| value * 10 + u32::from(*digit));
        numerator.multiply_add(part.iter().fold(1, |power, _| power * 10), value);
    }
    let mut denominator = Natural::from(1);
    let scaled = if exponent < 0 {
        &mut denominator
    } else {
        &mut numerator
    };
    scaled.multiply_by_power_of_ten(exponent.unsigned_abs());
    ratio(numerator, denominator)
}

/// What most numbers are: so few digits and so small a power of ten that both are doubles exactly,
/// and that one multiplication or division rounds once.
fn small(digits: &[u8], exponent: i64) -> Option<f64> {
    if digits.len() > 15 || exponent.abs() > 22 {
        return None;
    }
    let value = digits
        .iter()
        .fold(0.0, |value, digit| value * 10.0 + f64::from(*digit));
    let power = (0..exponent.abs()).fold(1.0, |power, _| power * 10.0);
    Some(if exponent < 0 {
        value / power
    } else {
        value * power
    })
}

/// The double nearest to the quotient of two natural numbers, ties to even.
fn ratio(mut numerator: Natural, mut denominator: Natural) -> f64 {
    let shift = signed(numerator.bits()) - signed(denominator.bits());
    let shifted = if shift < 0 {
        &mut numerator
    } else {
        &mut denominator
    };
    shifted.shift_left(shift.unsigned_abs());
    // Now both are of one length, so the quotient has its highest bit in one of two places.
    let mut quotient = 0_u64;
    for _ in 0..u64::BITS {
        quotient <<= 1;
        if numerator >= denominator {
            numerator.subtract(&denominator);
            quotient |= 1;
        }
        numerator.shift_left(1);
    }
    // The value is the quotient times 2^(shift - 63), and something less than one unit of it.
    let has_rest = numerator > Natural::default();
    let unused = i64::from(quotient.leading_zeros());
    let exponent = shift - unused;
    // Of a double that is not among the smallest, 53 bits are kept.
    let dropped = (11 - unused).max(LEAST_EXPONENT - shift + 63);
    let Ok(dropped @ 1..=64) = u32::try_from(dropped) else {
        return 0.0;
    };
    let kept = quotient.checked_shr(dropped).unwrap_or(0);
    let half = 1 << (dropped - 1);
    let rest = quotient & (half | (half - 1));
    let rounds_up = match rest.cmp(&half) {
        Ordering::Less => false,
        Ordering::Equal => has_rest || kept & 1 == 1,
        Ordering::Greater => true,
    };
    // The bits above the fraction count on from the smallest exponent; a fraction that overflows
    // counts one on, up to infinity.
    let binade = u64::try_from(exponent - LEAST_EXPONENT - i64::from(FRACTION_BITS)).unwrap_or(0);
    let bits = (binade << FRACTION_BITS) + kept + u64::from(rounds_up);
    f64::from_bits(bits.min(f64::INFINITY.to_bits()))
}

fn exact_write(value: f64) -> String {
    let (digits, point) = if value == 0.0 {
        ("0".to_owned(), 1)
    } else {
        shortest(value.abs())
    };
    let sign = if value.is_sign_negative() { "-" } else { "" };
    // The value is 0.digits times 10^point; plain digits serve from 1e-4 to 1e16.
    let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or(0));
    match point {
        -3..=0 => format!("{sign}0.{}{digits}", zeros(-point)),
        1..=16 => match usize::try_from(point)
            .ok()
            .and_then(|at| digits.split_at_checked(at))
        {
            Some((whole, fraction)) if !fraction.is_empty() => format!("{sign}{whole}.{fraction}"),
            _ => format!("{sign}{digits}{}.0", zeros(point - signed(digits.len()))),
        },
        _ => match digits.split_at_checked(1) {
            Some((first, rest)) if !rest.is_empty() => {
                format!("{sign}{first}.{rest}e{}", point - 1)
            }
            _ => format!("{sign}{digits}e{}", point - 1),
        },
    }
}

/// The fewest digits that no other double is nearer to, the nearest of those, and the power of ten
/// of the point before them: the free-format algorithm of Steele, White, Burger and Dybvig.
fn shortest(value: f64) -> (String, i64) {
    let bits = value.to_bits();
    let fraction = bits & ((1 << FRACTION_BITS) - 1);
    let (mantissa, binade) = match bits >> FRACTION_BITS {
        0 => (fraction, 0),
        biased => (fraction | 1 << FRACTION_BITS, biased - 1),
    };
    // At a power of two the double below is only half as far away as the one above.
    let is_near_below = fraction == 0 && binade > 0;
    // In quarters of the distance between doubles: the value, and how far it reaches both ways.
    let mut rest = Natural::from(mantissa);
    rest.shift_left(2);
    let mut above = Natural::from(2);
    let mut below = Natural::from(if is_near_below { 1 } else { 2 });
    let mut one = Natural::from(4);
    let exponent = LEAST_EXPONENT + i64::try_from(binade).unwrap_or(0);
    let power = exponent.unsigned_abs();
    if exponent < 0 {
        one.shift_left(power);
    } else {
        for number in [&mut rest, &mut above, &mut below] {
            number.shift_left(power);
        }
    }
    // Both ends belong to this double if it is even, as ties are read.
    let is_even = mantissa & 1 == 0;
    let reaches = |number: &Natural, limit: &Natural| match number.cmp(limit) {
        Ordering::Less => false,
        Ordering::Equal => is_even,
        Ordering::Greater => true,
    };
    // log10(2) is 0.30103: the value's logarithm, rounded down, is this or one more.
    let log2 = exponent + i64::from(mantissa.ilog2());
    let mut point = (log2 * 30_103).div_euclid(100_000) + 1;
    let power = point.unsigned_abs();
    if point < 0 {
        for number in [&mut rest, &mut above, &mut below] {
            number.multiply_by_power_of_ten(power);
        }
    } else {
        one.multiply_by_power_of_ten(power);
    }
    while reaches(&rest.plus(&above), &one) {
        one.multiply_add(10, 0);
        point += 1;
    }
    let mut digits = String::new();
    loop {
        for number in [&mut rest, &mut above, &mut below] {
            number.multiply_add(10, 0);
        }
        let mut digit = b'0';
        while rest >= one {
            rest.subtract(&one);
            digit += 1;
        }
        let may_stop = reaches(&below, &rest);
        let may_round_up = reaches(&rest.plus(&above), &one);
        let rounds_up = may_round_up && (!may_stop || rest.plus(&rest) >= one);
        digits.push(char::from(digit + u8::from(rounds_up)));
        if may_stop || may_round_up {
            return (digits, point);
        }
    }
}

/// A length as a signed number.
fn signed(length: impl TryInto<i64>) -> i64 {
    length.try_into().unwrap_or(i64::MAX)
}

/// A natural number of any size: digits of 32 bits, the lowest first, without zeros at the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Natural(Vec<u32>);

impl Natural {
    fn multiply_add(&mut self, factor: u32, addend: u32) {
        let mut carry = addend;
        for digit in &mut self.0 {
            let product = u64::from(*digit) * u64::from(factor) + u64::from(carry);
            [*digit, carry] = halves(product);
        }
        if carry > 0 {
            self.0.push(carry);
        }
    }

    fn multiply_by_power_of_ten(&mut self, exponent: u64) {
        for _ in 0..exponent / 9 {
            self.multiply_add(1_000_000_000, 0);
        }
        for _ in 0..exponent % 9 {
            self.multiply_add(10, 0);
        }
    }

    fn shift_left(&mut self, bits: u64) {
        for _ in 0..bits % 32 {
            self.multiply_add(2, 0);
        }
        let whole = (0..bits / 32).map(|_| 0);
        if !self.0.is_empty() {
            self.0.splice(0..0, whole);
        }
    }

    /// The sum.
    fn plus(&self, other: &Self) -> Self {
        let mut sum = Vec::new();
        let mut carry = 0;
        for place in 0..self.0.len().max(other.0.len()) {
            let digit = |number: &Self| u64::from(number.0.get(place).copied().unwrap_or(0));
            let [low, high] = halves(digit(self) + digit(other) + u64::from(carry));
            sum.push(low);
            carry = high;
        }
        if carry > 0 {
            sum.push(carry);
        }
        Self(sum)
    }

    /// Takes away a number that is not larger.
    fn subtract(&mut self, other: &Self) {
        let mut borrow = false;
        for (place, digit) in self.0.iter_mut().enumerate() {
            let subtrahend = other.0.get(place).copied().unwrap_or(0);
            let (difference, under) = digit.overflowing_sub(subtrahend);
            let (difference, under_borrow) = difference.overflowing_sub(u32::from(borrow));
            *digit = difference;
            borrow = under || under_borrow;
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    /// Digits of two, without leading zeros.
    fn bits(&self) -> u64 {
        let highest = self.0.last().map_or(0, |digit| 32 - digit.leading_zeros());
        self.0.len().saturating_sub(1) as u64 * 32 + u64::from(highest)
    }
}

impl From<u64> for Natural {
    fn from(number: u64) -> Self {
        let mut digits = halves(number).to_vec();
        while digits.last() == Some(&0) {
            digits.pop();
        }
        Self(digits)
    }
}

impl Ord for Natural {
    fn cmp(&self, other: &Self) -> Ordering {
        let lengths = self.0.len().cmp(&other.0.len());
        lengths.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

impl PartialOrd for Natural {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The lower and the higher 32 bits.
fn halves(number: u64) -> [u32; 2] {
    let half = |shift: u32| u32::try_from((number >> shift) & u64::from(u32::MAX)).unwrap_or(0);
    [half(0), half(32)]
}

#[cfg(test)]
#[path = "double_tests.rs"]
mod tests;
