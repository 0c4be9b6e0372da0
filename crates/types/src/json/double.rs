//! Doubles from and to decimal text, exactly and in little code.
//!
//! The standard library does the same much faster, but its tables and its four algorithms weigh
//! 21 KB in a browser, compressed: as much as everything else. So a browser gets these, and tests
//! hold them to the standard library's results. Most numbers need no more than the approximation
//! in [`scaled`]; the few that it leaves in doubt are settled by [`Natural`] numbers of any size.

use std::cmp::Ordering;

use super::natural::Natural;
use crate::text::decimal;

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
/// So many digits always fit 64 bits.
const WORD_DIGITS: usize = 19;

fn exact_read(text: &str) -> f64 {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let sign = u64::from(unsigned.len() < text.len()) << 63;
    f64::from_bits(sign | Decimal::of(unsigned).to_double().to_bits())
}

/// A decimal number: what its text says.
struct Decimal<'a> {
    /// The significant digits, a point among them.
    digits: &'a [u8],
    /// Up to 19 of the digits.
    word: u64,
    /// The power of ten that the word counts.
    exponent: i64,
    /// The power of ten that all digits count.
    whole_exponent: i64,
    /// How many digits the word leaves out.
    rest: usize,
}

impl<'a> Decimal<'a> {
    fn of(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        let is_mark = |byte: &u8| matches!(byte, b'e' | b'E');
        let end = bytes.iter().position(is_mark).unwrap_or(bytes.len());
        let (digits, mark) = bytes.split_at_checked(end).unwrap_or_default();
        let is_zero = |byte: &u8| matches!(byte, b'0' | b'.');
        let start = digits.iter().position(|byte| !is_zero(byte)).unwrap_or(end);
        let point = digits.iter().position(|byte| *byte == b'.').unwrap_or(end);
        let mut decimal = Self {
            digits: digits.get(start..).unwrap_or_default(),
            word: 0,
            exponent: 0,
            whole_exponent: power(mark.get(1..).unwrap_or_default())
                .saturating_sub(signed(end.saturating_sub(point + 1))),
            rest: 0,
        };
        for (count, digit) in significant(decimal.digits).enumerate() {
            if count < WORD_DIGITS {
                decimal.word = decimal.word * 10 + u64::from(digit);
            } else {
                decimal.rest += 1;
            }
        }
        decimal.exponent = decimal.whole_exponent.saturating_add(signed(decimal.rest));
        decimal
    }

    /// The double nearest to it, ties to even.
    fn to_double(&self) -> f64 {
        // Beyond both ends, so that what follows need not care for exponents of any size.
        if self.word == 0 || self.exponent < -350 {
            return 0.0;
        }
        if self.exponent > 310 {
            return f64::INFINITY;
        }
        if self.rest == 0
            && let Some(value) = small(self.word, self.exponent)
        {
            return value;
        }
        let (word, exponent) = scaled(self.word, self.exponent);
        // The value is the word, with its highest bit set, times 2^exponent. A double that is not
        // among the smallest keeps 53 bits of it.
        let binade = exponent + 63 - (LEAST_EXPONENT + i64::from(FRACTION_BITS));
        let Ok(dropped @ 1..=64) = u32::try_from(11 + (-binade).max(0)) else {
            let is_near = binade == -54 && word > u64::MAX - DOUBT;
            return if is_near && self.exceeds(0, exponent + 65) {
                f64::from_bits(1)
            } else {
                0.0
            };
        };
        let kept = word.checked_shr(dropped).unwrap_or(0);
        let half = 1 << (dropped - 1);
        let rest = word & (half | (half - 1));
        let rounds_up = if rest.abs_diff(half) <= DOUBT {
            self.exceeds(kept, exponent + i64::from(dropped))
        } else {
            rest > half
        };
        // The bits above the fraction count on from the smallest exponent; a fraction that
        // overflows counts one on, up to infinity.
        let binade = u64::try_from(binade).unwrap_or(0);
        let bits = (binade << FRACTION_BITS) + kept + u64::from(rounds_up);
        f64::from_bits(bits.min(f64::INFINITY.to_bits()))
    }

    /// Whether it is above the midpoint between `kept` and the next number, both times 2^exponent,
    /// or on it and `kept` is odd.
    fn exceeds(&self, kept: u64, exponent: i64) -> bool {
        let mut own = Natural::default();
        let (mut scale, mut part) = (1, 0);
        for digit in significant(self.digits).take(MOST_DIGITS) {
            (scale, part) = (scale * 10, part * 10 + u32::from(digit));
            if scale == 1_000_000_000 {
                own.multiply_add(scale, part);
                (scale, part) = (1, 0);
            }
        }
        own.multiply_add(scale, part);
        let others = significant(self.digits).skip(MOST_DIGITS);
        let has_more = others.clone().any(|digit| digit != 0);
        let power = self.whole_exponent.saturating_add(signed(others.count()));
        let mut midpoint = Natural::from(2 * kept + 1);
        let scaled = if power < 0 { &mut midpoint } else { &mut own };
        scaled.multiply_by_power_of_five(power.unsigned_abs());
        let shift = power - (exponent - 1);
        let shifted = if shift < 0 { &mut midpoint } else { &mut own };
        shifted.shift_left(shift.unsigned_abs());
        match own.cmp(&midpoint) {
            Ordering::Less => false,
            Ordering::Equal => has_more || kept & 1 == 1,
            Ordering::Greater => true,
        }
    }
}

/// The values of the digits.
fn significant(digits: &[u8]) -> impl Iterator<Item = u8> + Clone {
    let digits = digits.iter().filter(|byte| **byte != b'.');
    digits.map(|byte| byte.wrapping_sub(b'0'))
}

/// The value of an exponent, cut where it no longer matters.
fn power(text: &[u8]) -> i64 {
    let digits = match text {
        [b'+' | b'-', digits @ ..] | digits => digits,
    };
    let value = digits.iter().fold(0_i64, |value, byte| {
        (value * 10 + i64::from(byte.wrapping_sub(b'0'))).min(1 << 40)
    });
    if text.first() == Some(&b'-') {
        -value
    } else {
        value
    }
}

/// What most numbers are: so few digits and so small a power of ten that both are doubles exactly,
/// and that one multiplication or division rounds once.
fn small(word: u64, exponent: i64) -> Option<f64> {
    if word > 1 << 53 || exponent.abs() > 22 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "at most 2^53")]
    let value = word as f64;
    let power = (0..exponent.abs()).fold(1.0, |power, _| power * 10.0);
    Some(if exponent < 0 {
        value / power
    } else {
        value * power
    })
}

/// 10^1, 10^2, 10^4, … 10^256 and then 10^-1, 10^-2, 10^-4, … 10^-256: their highest 64 bits.
const POWERS: [u64; 18] = [
    0xa000_0000_0000_0000,
    0xc800_0000_0000_0000,
    0x9c40_0000_0000_0000,
    0xbebc_2000_0000_0000,
    0x8e1b_c9bf_0400_0000,
    0x9dc5_ada8_2b70_b59e,
    0xc278_1f49_ffcf_a6d5,
    0x93ba_47c9_80e9_8ce0,
    0xaa7e_ebfb_9df9_de8e,
    0xcccc_cccc_cccc_cccd,
    0xa3d7_0a3d_70a3_d70a,
    0xd1b7_1758_e219_652c,
    0xabcc_7711_8461_cefd,
    0xe695_94be_c44d_e15b,
    0xcfb1_1ead_4539_94ba,
    0xa87f_ea27_a539_e9a5,
    0xddd0_467c_64bc_e4a1,
    0xc031_4325_637a_193a,
];

/// How far off, in units of its last bit, [`scaled`] may be: each of nine multiplications adds at
/// most five units, digits that a word leaves out at most nineteen.
const DOUBT: u64 = 64;

/// A number times a power of ten up to 10^511 either way, as 64 bits of which the highest is set,
/// and the power of two that they count.
fn scaled(word: u64, exponent: i64) -> (u64, i64) {
    let shift = word.leading_zeros();
    let (mut word, mut power_of_two) = (word.unbounded_shl(shift), -i64::from(shift));
    let powers = if exponent < 0 { &POWERS[9..] } else { &POWERS };
    let mut rest = exponent.unsigned_abs();
    let mut power_of_ten = exponent.signum();
    for power in powers.iter().take(9) {
        if rest & 1 == 1 {
            let product = u128::from(word) * u128::from(*power);
            // The power is its bits times 2^(log2 - 63), where log2(10) is 217,706 / 65,536.
            power_of_two += ((power_of_ten * 217_706) >> 16) + 1;
            let is_short = u32::from(product >> 127 == 0);
            word = u64::try_from((product << is_short) >> 64).unwrap_or(u64::MAX);
            power_of_two -= i64::from(is_short);
        }
        rest >>= 1;
        power_of_ten *= 2;
    }
    (word, power_of_two)
}

fn exact_write(value: f64) -> String {
    let (digits, point) = if value == 0.0 {
        ("0".to_owned(), 1)
    } else {
        short(value.abs()).unwrap_or_else(|| shortest(value.abs()))
    };
    let mut text = String::from(if value.is_sign_negative() { "-" } else { "" });
    let push_zeros = |text: &mut String, count: i64| (0..count).for_each(|_| text.push('0'));
    // The value is 0.digits times 10^point; plain digits serve from 1e-4 to 1e16.
    if (-3..=0).contains(&point) {
        text.push_str("0.");
        push_zeros(&mut text, -point);
        text.push_str(&digits);
        return text;
    }
    let is_plain = (1..=16).contains(&point);
    let whole = usize::try_from(if is_plain { point } else { 1 }).unwrap_or(0);
    let (whole, fraction) = digits.split_at_checked(whole).unwrap_or((&digits, ""));
    text.push_str(whole);
    if is_plain {
        push_zeros(&mut text, point - signed(digits.len()));
    }
    if is_plain || !fraction.is_empty() {
        text.push('.');
        text.push_str(if fraction.is_empty() { "0" } else { fraction });
    }
    if !is_plain {
        text.push_str(if point < 1 { "e-" } else { "e" });
        text.push_str(&decimal((point - 1).unsigned_abs()));
    }
    text
}

/// Of the digits that a double always keeps, as many as are needed, and the power of ten of the
/// point before them. `None` where more are needed.
fn short(value: f64) -> Option<(String, i64)> {
    /// Two numbers of so many digits are never read as one double, unless it is among the smallest.
    const KEPT_DIGITS: i64 = 15;
    let bits = value.to_bits();
    let binade = i64::try_from(bits >> FRACTION_BITS).unwrap_or(0);
    if binade == 0 {
        return None;
    }
    let mantissa = (bits & ((1 << FRACTION_BITS) - 1)) | 1 << FRACTION_BITS;
    // log10(2) is 0.30103: the power of ten of the point is this or one more.
    let point = ((binade - 1_023) * 30_103).div_euclid(100_000) + 1;
    // The digits as one integer, rounded.
    let rounded = |point: i64| {
        let (word, power_of_two) = scaled(mantissa, KEPT_DIGITS - point);
        let power_of_two = power_of_two + binade - 1 + LEAST_EXPONENT;
        let shift = u32::try_from(-power_of_two - 1).unwrap_or(0);
        (word.unbounded_shr(shift) + 1) >> 1
    };
    let (mut digits, mut point) = (rounded(point), point);
    if digits >= 10_u64.pow(15) {
        point += 1;
        digits = rounded(point);
    }
    let mut exponent = point - KEPT_DIGITS;
    while digits.is_multiple_of(10) && digits > 0 {
        digits /= 10;
        exponent += 1;
    }
    let text = decimal(digits);
    let read = Decimal {
        digits: text.as_bytes(),
        word: digits,
        exponent,
        whole_exponent: exponent,
        rest: 0,
    };
    #[expect(clippy::float_cmp, reason = "just that double is wanted")]
    let is_same = read.to_double() == value;
    is_same.then_some((text, point))
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

#[cfg(test)]
#[path = "double_tests.rs"]
mod tests;
