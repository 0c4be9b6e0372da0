//! Numbers: exact where 64 bits hold them, else the nearest double.

use super::{ReadErrorKind, Reader};
use crate::json::{Number, double};

impl Reader<'_> {
    pub(super) fn number(&mut self) -> Option<Number> {
        let start = self.at;
        let is_negative = self.take(b'-');
        let leading_zero = self.peek() == Some(b'0');
        let (digits, magnitude) = self.integer();
        if digits == 0 || (leading_zero && digits > 1) {
            return self.fail_at(start, ReadErrorKind::InvalidNumber);
        }
        let mut is_integer = true;
        if self.take(b'.') {
            is_integer = false;
            if self.integer().0 == 0 {
                return self.fail_at(start, ReadErrorKind::InvalidNumber);
            }
        }
        if self.take(b'e') || self.take(b'E') {
            is_integer = false;
            if !self.take(b'+') {
                self.take(b'-');
            }
            if self.integer().0 == 0 {
                return self.fail_at(start, ReadErrorKind::InvalidNumber);
            }
        }
        // `-0` is no integer: it would lose its sign.
        let exact = magnitude.filter(|_| is_integer).and_then(|magnitude| {
            if !is_negative {
                return Some(i64::try_from(magnitude).map_or(Number::U64(magnitude), Number::I64));
            }
            0_i64
                .checked_sub_unsigned(magnitude)
                .filter(|value| *value != 0)
                .map(Number::I64)
        });
        if let Some(number) = exact {
            return Some(number);
        }
        let value = double::read(self.text.get(start..self.at).unwrap_or_default());
        if value.is_finite() {
            Some(Number::F64(value))
        } else {
            self.fail_at(start, ReadErrorKind::NumberOutOfRange)
        }
    }

    /// Reads digits: how many, and their value where 64 bits hold it.
    fn integer(&mut self) -> (usize, Option<u64>) {
        let start = self.at;
        let mut value = Some(0_u64);
        while let Some(byte @ b'0'..=b'9') = self.peek() {
            value = value
                .and_then(|value| value.checked_mul(10))
                .and_then(|value| value.checked_add(u64::from(byte - b'0')));
            self.at += 1;
        }
        (self.at - start, value)
    }
}
