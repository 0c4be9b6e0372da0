//! Natural numbers of any size, for the doubles that cannot be told otherwise.

use std::cmp::Ordering;

/// A natural number of any size: digits of 32 bits, the lowest first, without zeros at the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Natural(Vec<u32>);

impl Natural {
    /// Times a factor, plus a number.
    pub(super) fn multiply_add(&mut self, factor: u32, addend: u32) {
        let mut carry = addend;
        for digit in &mut self.0 {
            let product = u64::from(*digit) * u64::from(factor) + u64::from(carry);
            [*digit, carry] = halves(product);
        }
        if carry > 0 {
            self.0.push(carry);
        }
    }

    pub(super) fn multiply_by_power_of_five(&mut self, exponent: u64) {
        for _ in 0..exponent / 13 {
            // 5^13
            self.multiply_add(1_220_703_125, 0);
        }
        for _ in 0..exponent % 13 {
            self.multiply_add(5, 0);
        }
    }

    pub(super) fn multiply_by_power_of_ten(&mut self, exponent: u64) {
        self.multiply_by_power_of_five(exponent);
        self.shift_left(exponent);
    }

    pub(super) fn shift_left(&mut self, bits: u64) {
        self.multiply_add(1 << (bits % 32), 0);
        if !self.0.is_empty() {
            let whole = usize::try_from(bits / 32).unwrap_or(0);
            self.0 = [vec![0; whole], std::mem::take(&mut self.0)].concat();
        }
    }

    /// The sum.
    pub(super) fn plus(&self, other: &Self) -> Self {
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
    pub(super) fn subtract(&mut self, other: &Self) {
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
